package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

// TestShapeOf: a client is answered in the protocol that it speaks, before its request is understood.
func TestShapeOf(t *testing.T) {
	services := map[string]*awsmodel.Service{
		"ec2":        {Protocols: []awsmodel.Protocol{awsmodel.EC2}},
		"sqs":        {Protocols: []awsmodel.Protocol{awsmodel.JSON, awsmodel.Query}},
		"monitoring": {Protocols: []awsmodel.Protocol{awsmodel.Query, awsmodel.JSON, awsmodel.CBOR}},
		"lambda":     {Protocols: []awsmodel.Protocol{awsmodel.RESTJSON}},
		"route53":    {Protocols: []awsmodel.Protocol{awsmodel.RESTXML}},
	}
	for _, c := range []struct {
		service, target, header string
		want                    awsmodel.Protocol
	}{
		{"ec2", "/", "Content-Type: application/x-www-form-urlencoded; charset=utf-8", awsmodel.EC2},
		{"ec2", "/", "X-Amz-Target: a.b", awsmodel.EC2},
		{"sqs", "/", "X-Amz-Target: AmazonSQS.SendMessage", awsmodel.JSON},
		{"sqs", "/", "Content-Type: application/x-www-form-urlencoded", awsmodel.Query},
		{"sqs", "/?Action=SendMessage", "", awsmodel.Query},
		{"sqs", "/", "Smithy-Protocol: rpc-v2-cbor", awsmodel.JSON},
		{"monitoring", "/", "Smithy-Protocol: rpc-v2-cbor", awsmodel.CBOR},
		{"monitoring", "/", "X-Amz-Target: a.b", awsmodel.JSON},
		{"monitoring", "/", "", awsmodel.Query},
		{"lambda", "/2015-03-31/functions", "", awsmodel.RESTJSON},
		{"lambda", "/?Action=a%zz", "Content-Type: application/x-www-form-urlencoded", awsmodel.RESTJSON},
		{"route53", "/", "", awsmodel.RESTXML},
	} {
		r := httptest.NewRequest("POST", strings.ReplaceAll(c.target, "%zz", ""), nil)
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			r.Header.Set(name, value)
		}
		if got := shapeOf(r, []*awsmodel.Service{services[c.service]}).protocol; got != c.want {
			t.Errorf("%s %s %s: %s, want %s", c.service, c.target, c.header, got, c.want)
		}
	}
}

// TestRefusalsByProtocol holds codes, statuses and bodies against the protocols' documents and "Common Errors" of the API references.
func TestRefusalsByProtocol(t *testing.T) {
	denied := &iam.Error{Code: "AccessDenied", Message: "User: u is not authorized"}
	for _, c := range []struct {
		shape  shape
		err    error
		status int
		header string
		body   string
	}{
		{shape{protocol: awsmodel.Query, namespace: "https://sns.amazonaws.com/doc/2010-03-31/"}, denied, 403, "Content-Type: text/xml",
			`<ErrorResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: u is not authorized</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		{shape{protocol: awsmodel.RESTXML}, denied, 403, "Content-Type: text/xml",
			`<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: u is not authorized</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		{shape{protocol: awsmodel.JSON, contentType: "application/x-amz-json-1.0"}, denied, 400, "Content-Type: application/x-amz-json-1.0",
			`{"__type":"AccessDeniedException","message":"User: u is not authorized"}`},
		{shape{protocol: awsmodel.RESTJSON}, denied, 403, "X-Amzn-Errortype: AccessDeniedException", `{"message":"User: u is not authorized"}`},
		// {"__type": "AccessDeniedException", "message": "User: u is not authorized"} in CBOR, as Python's cbor2 writes it.
		{shape{protocol: awsmodel.CBOR}, denied, 400, "Smithy-Protocol: rpc-v2-cbor",
			"\xa2f__typeuAccessDeniedExceptiongmessagex\x19User: u is not authorized"},
		{shape{protocol: awsmodel.JSON, contentType: "application/x-amz-json-1.0", queryErrors: true}, denied, 400, "X-Amzn-Query-Error: AccessDenied;Sender", ""},
		{shape{protocol: awsmodel.EC2}, refusal("DryRunOperation", "m"), 412, "", "<Response><Errors><Error><Code>DryRunOperation</Code><Message>m</Message></Error></Errors><RequestID>id</RequestID></Response>"},
		{shape{protocol: awsmodel.EC2}, refusal("SignatureDoesNotMatch", "m"), 401, "", "<Code>AuthFailure</Code><Message>AWS was not able to validate the provided access credentials</Message>"},
		{shape{protocol: awsmodel.EC2}, refusal("InvalidClientTokenId", "m"), 401, "", "<Code>AuthFailure</Code>"},
		{shape{protocol: awsmodel.EC2}, refusal("ExpiredToken", "m"), 400, "", "<Code>RequestExpired</Code><Message>Request has expired.</Message>"},
		{shape{protocol: awsmodel.EC2}, refusal("UnknownParameter", "m"), 400, "", "<Code>UnknownParameter</Code>"},
		{shape{protocol: awsmodel.EC2}, errors.New("secret"), 500, "", "<Code>InternalError</Code><Message>" + internalSentence + "</Message>"},
		{shape{protocol: awsmodel.Query}, refusal("UnknownParameter", "m"), 400, "", "<Code>ValidationError</Code>"},
		{shape{protocol: awsmodel.Query}, refusal("SignatureDoesNotMatch", "m"), 403, "", "<Code>SignatureDoesNotMatch</Code>"},
		{shape{protocol: awsmodel.Query}, refusal("ServiceUnavailable", "m"), 503, "", "<Type>Receiver</Type><Code>ServiceUnavailable</Code>"},
		{shape{protocol: awsmodel.JSON}, refusal("SignatureDoesNotMatch", "m"), 400, "", `"InvalidSignatureException"`},
		{shape{protocol: awsmodel.JSON}, refusal("InvalidClientTokenId", "m"), 400, "", `"UnrecognizedClientException"`},
		{shape{protocol: awsmodel.JSON}, refusal("ExpiredToken", "m"), 400, "", `"ExpiredTokenException"`},
		{shape{protocol: awsmodel.JSON}, refusal("InvalidAction", "m"), 400, "", `"UnknownOperationException"`},
		{shape{protocol: awsmodel.JSON}, refusal("MalformedQueryString", "m"), 400, "", `"SerializationException"`},
		{shape{protocol: awsmodel.JSON}, refusal("RequestEntityTooLarge", "m"), 413, "", `"RequestEntityTooLargeException"`},
		{shape{protocol: awsmodel.JSON}, refusal("NotImplemented", "m"), 501, "", `"NotImplementedException"`},
		{shape{protocol: awsmodel.JSON}, &iam.Error{Code: "ServiceFailure", Message: "secret"}, 500, "", `{"__type":"InternalFailure","message":"` + internalSentence + `"}`},
		{shape{protocol: awsmodel.JSON}, refusal("MalformedPolicyDocumentException", "m"), 400, "", `"MalformedPolicyDocumentException"`},
		{shape{protocol: awsmodel.RESTJSON}, refusal("InvalidAction", "m"), 404, "X-Amzn-Errortype: UnknownOperationException", ""},
		{shape{protocol: awsmodel.RESTJSON}, refusal("InvalidClientTokenId", "m"), 403, "X-Amzn-Errortype: UnrecognizedClientException", ""},
		{shape{protocol: awsmodel.JSON, queryErrors: true}, refusal("SignatureDoesNotMatch", "m"), 400, "X-Amzn-Query-Error: SignatureDoesNotMatch;Sender", ""},
	} {
		told := c.shape.words(c.err)
		header := http.Header{}
		document, err := c.shape.document(header, told, "id")
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(c.header, ": ")
		if told.status != c.status || header.Get(name) != value || !strings.HasSuffix(string(document), c.body) && !strings.Contains(string(document), c.body) ||
			strings.Contains(string(document), "secret") {
			t.Errorf("%s %v: %d %v %q, want %d %s %q", c.shape.protocol, c.err, told.status, header, document, c.status, c.header, c.body)
		}
	}
}

// TestTextInCBOR holds lengths against RFC 8949, appendix A, and its rule for the shortest form.
func TestTextInCBOR(t *testing.T) {
	for n, want := range map[int]string{0: "\x60", 4: "\x64", 23: "\x77", 24: "\x78\x18", 255: "\x78\xff", 256: "\x79\x01\x00", 65536: "\x7a\x00\x01\x00\x00"} {
		if got := string(appendText(nil, strings.Repeat("a", n))); got[:len(want)] != want || len(got) != len(want)+n {
			t.Errorf("%d bytes begin with %q", n, got[:len(want)])
		}
	}
}

// TestShownParameters: the trail learns names, and nothing that may be a secret.
func TestShownParameters(t *testing.T) {
	input := map[string]any{
		"SecretId": "s", "InstanceIds": []any{"i-1", "i-2"}, "FunctionName": "f", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:t", "QueueUrl": "q", "name": "n",
		"KeyId": strings.Repeat("k", 2000), "SecretString": "secret", "SecretBinary": []byte("secret"), "Plaintext": []byte("secret"), "CiphertextBlob": []byte("secret"),
		"ClientRequestToken": "secret", "MasterUserPassword": "secret", "PasswordId": "secret", "TokenId": "secret", "MessageBody": "secret", "AccessTokenName": "secret",
		"Environment": map[string]any{"Name": "secret"}, "Tags": []any{map[string]any{"Key": "secret"}}, "DryRun": true, "Policy": "secret", "PrivateKeyName": "secret",
	}
	shown := shownParameters(input)
	text, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret\"") || len(shown) != 7 {
		t.Errorf("the trail would keep %s", text)
	}
	if shown["secretId"] != "s" || shown["topicArn"] == nil || len(shown["keyId"].(string)) > maxShownText+3 {
		t.Errorf("the trail would keep %s", text)
	}
	if event := (trail.Event{RequestParameters: shown}); event.RequestParameters["name"] != "n" {
		t.Error("name is missing")
	}
}

func TestErrorCodeOfBackend(t *testing.T) {
	for _, c := range []struct {
		protocol   awsmodel.Protocol
		body, want string
	}{
		{awsmodel.JSON, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"m"}`, "ResourceNotFoundException"},
		{awsmodel.RESTJSON, `{"code":"NotFound"}`, "NotFound"},
		{awsmodel.Query, "<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>", "NotFound"},
		{awsmodel.EC2, "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code></Error></Errors></Response>", "InvalidInstanceID.NotFound"},
		{awsmodel.JSON, `{"__type":"a b"}`, ""}, {awsmodel.JSON, "page not found", ""}, {awsmodel.CBOR, "\xa1", ""},
		{awsmodel.CBOR, "\xa2\x66__type\x69com.a#Bad\x67message\x61m", "Bad"},
		{awsmodel.JSON, `{"__type":"` + strings.Repeat("a", 200) + `"}`, ""},
	} {
		if got := errorCode(c.protocol, []byte(c.body)); got != c.want {
			t.Errorf("%s %s: %q", c.protocol, c.body, got)
		}
	}
}
