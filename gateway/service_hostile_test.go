package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// TestHostileServices sends what no SDK sends to services other than S3, signed by the account's root, which may do everything: only the door's own
// strictness can refuse it. None reaches the backend, and none is the server's fault.
func TestHostileServices(t *testing.T) {
	p := newServicePlane(t, "ec2", "sns", "sqs", "secretsmanager", "lambda", "route53", "monitoring", "dynamodb", "elasticloadbalancing", "iam", "kms")
	wrongSecret := p.root
	wrongSecret.SecretAccessKey = strings.Repeat("A", 40)
	session := p.session(t, "session", allow("*", "*"))
	noToken, otherToken := session, p.root
	noToken.SessionToken, otherToken.SessionToken = "", session.SessionToken

	form := "content-type: application/x-www-form-urlencoded; charset=utf-8"
	describe := ec2Call("DescribeInstances")
	secret := jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"s"}`)
	with := func(r rawRequest, change func(*rawRequest)) rawRequest { change(&r); return r }
	body := func(r rawRequest, text string) rawRequest { r.body = text; return r }
	target := func(r rawRequest, text string) rawRequest { r.target = text; return r }
	header := func(r rawRequest, lines ...string) rawRequest { r.header = lines; return r }
	more := func(r rawRequest, lines ...string) rawRequest { r.unsigned = lines; return r }
	get := func(service, target string) rawRequest {
		return rawRequest{method: "GET", target: target, service: service}
	}

	cases := []struct {
		name        string
		credentials sigv4.Credentials
		request     rawRequest
	}{
		// Who signed, and what.
		{"wrong secret", wrongSecret, describe},
		{"unknown key", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, secret},
		{"no session token", noToken, describe},
		{"another's session token", otherToken, secret},
		{"unsigned target", p.root, more(header(secret, "content-type: application/x-amz-json-1.1"), "x-amz-target: secretsmanager.GetSecretValue")},
		{"a second target", p.root, more(secret, "x-amz-target: secretsmanager.DeleteSecret")},
		{"unsigned x-amz header", p.root, more(describe, "x-amz-anything: a")},
		{"unmodelled x-amz header", p.root, header(describe, form, "x-amz-anything: a")},
		{"a second signature in the query", p.root, target(describe, "/?X-Amz-Signature=a")},
		{"another body than signed", p.root, with(describe, func(r *rawRequest) { r.hash = bodyHash("Action=DescribeInstances") })},
		{"unsigned payload", p.root, with(secret, func(r *rawRequest) {
			r.hash = "UNSIGNED-PAYLOAD"
			r.header = append(r.header, "x-amz-content-sha256: UNSIGNED-PAYLOAD")
		})},
		{"chunked payload", p.root, with(secret, func(r *rawRequest) {
			r.hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
			r.header = append(r.header, "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		})},
		{"hash of another body in the header", p.root, with(secret, func(r *rawRequest) { r.header = append(r.header, "x-amz-content-sha256: "+emptyHash) })},
		{"two hashes", p.root, more(header(secret, "content-type: application/x-amz-json-1.1", "x-amz-target: secretsmanager.GetSecretValue", "x-amz-content-sha256: "+bodyHash(secret.body)), "x-amz-content-sha256: "+emptyHash)},
		{"SigV4A", p.root, more(with(describe, func(r *rawRequest) { r.noSignature = true }), "Authorization: AWS4-ECDSA-P256-SHA256 Credential=a/20260101/ec2/aws4_request, SignedHeaders=host, Signature=0")},

		// Whose request it is: the scope names another service than the body.
		{"EC2's scope, SNS's call", p.root, queryCall("ec2", "2010-03-31", "DeleteTopic", "TopicArn="+arnOf("sns", "t"))},
		{"EC2's scope, IAM's call", p.root, queryCall("ec2", "2010-05-08", "CreateUser", "UserName=u")},
		{"SNS's scope, EC2's call", p.root, queryCall("sns", "2016-11-15", "DescribeInstances")},
		{"SQS's scope, Secrets Manager's target", p.root, with(secret, func(r *rawRequest) { r.service = "sqs" })},
		{"DynamoDB's scope, Secrets Manager's target", p.root, with(secret, func(r *rawRequest) { r.service = "dynamodb" })},
		{"Lambda's scope, a form", p.root, with(describe, func(r *rawRequest) { r.service = "lambda" })},
		{"Route 53's scope, Lambda's path", p.root, get("route53", "/2015-03-31/functions/f")},
		{"a service that is none", p.root, with(describe, func(r *rawRequest) { r.service = "nosuchservice" })},
		{"a scope with a name of the path", p.root, with(describe, func(r *rawRequest) { r.service = "ec2..s3" })},

		// Query.
		{"Action in query and body", p.root, target(describe, "/?Action=TerminateInstances&Version=2016-11-15")},
		{"Action in the query of a form", p.root, target(body(describe, "Version=2016-11-15"), "/?Action=DescribeInstances")},
		{"two Actions", p.root, body(describe, "Action=DescribeInstances&Version=2016-11-15&Action=TerminateInstances")},
		{"two Versions", p.root, body(describe, "Action=DescribeInstances&Version=2016-11-15&Version=2010-05-08")},
		{"another Version", p.root, body(describe, "Action=DescribeInstances&Version=2010-05-08")},
		{"no Version", p.root, body(describe, "Action=DescribeInstances")},
		{"no Action", p.root, body(describe, "Version=2016-11-15")},
		{"Action in lower case", p.root, body(describe, "action=DescribeInstances&Version=2016-11-15")},
		{"an unknown Action", p.root, ec2Call("DescribeEverything")},
		{"an Action in another case", p.root, ec2Call("describeInstances")},
		{"an encoded Action name", p.root, body(describe, "%41ction=DescribeInstances&Action=TerminateInstances&Version=2016-11-15")},
		{"a parameter twice", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa", "InstanceId.1=i-0bbbbbbbbbbbbbbbb")},
		{"a parameter in two spellings", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa", "InstanceId.01=i-0bbbbbbbbbbbbbbbb")},
		{"a list with a gap", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa", "InstanceId.3=i-0bbbbbbbbbbbbbbbb")},
		{"a list from the millionth", p.root, ec2Call("TerminateInstances", "InstanceId.1000000=i-0aaaaaaaaaaaaaaaa")},
		{"a list as a structure", p.root, ec2Call("TerminateInstances", "InstanceId.a=i-0aaaaaaaaaaaaaaaa")},
		{"an unmodelled parameter", p.root, ec2Call("DescribeInstances", "Everything=true")},
		{"no boolean", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa", "DryRun=perhaps")},
		{"an id with a slash", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0/../*")},
		{"an id with a star", p.root, ec2Call("TerminateInstances", "InstanceId.1=*")},
		{"an id with a control character", p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0%00")},
		{"not UTF-8", p.root, ec2Call("DescribeInstances", "NextToken=%ff")},
		{"a broken escape", p.root, ec2Call("DescribeInstances", "NextToken=%zz")},
		{"a semicolon", p.root, body(describe, "Action=DescribeInstances;Action=TerminateInstances&Version=2016-11-15")},
		{"a required parameter missing", p.root, ec2Call("TerminateInstances")},
		{"another path", p.root, target(describe, "/Action/")},
		{"another method", p.root, with(describe, func(r *rawRequest) { r.method = "PUT" })},
		{"a deep parameter", p.root, ec2Call("DescribeInstances", "Filter.1"+strings.Repeat(".Value", 500)+"=a")},
		{"very many parameters", p.root, ec2Call("DescribeInstances", strings.Split(strings.Repeat("A=b ", 20000)+"A=b", " ")...)},

		// Content types.
		{"JSON as a form", p.root, header(secret, form, "x-amz-target: secretsmanager.GetSecretValue")},
		{"a form as JSON", p.root, header(describe, "content-type: application/x-amz-json-1.1", "x-amz-target: AmazonEC2.DescribeInstances")},
		{"a form with a target", p.root, header(describe, form, "x-amz-target: AmazonEC2.DescribeInstances")},
		{"a form as text", p.root, header(describe, "content-type: text/plain")},
		{"a form in parts", p.root, header(describe, "content-type: multipart/form-data; boundary=a")},
		{"another character set", p.root, header(describe, "content-type: application/x-www-form-urlencoded; charset=utf-16")},
		{"JSON as CBOR", p.root, header(secret, "content-type: application/cbor", "smithy-protocol: rpc-v2-cbor")},
		{"CBOR with a target", p.root, with(secret, func(r *rawRequest) { r.header = append(r.header, "smithy-protocol: rpc-v2-cbor") })},
		{"compressed", p.root, with(secret, func(r *rawRequest) { r.header = append(r.header, "content-encoding: gzip") })},
		{"compressed twice", p.root, with(describe, func(r *rawRequest) { r.header = append(r.header, "content-encoding: gzip, gzip") })},
		{"a second content type", p.root, more(secret, "Content-Type: application/x-www-form-urlencoded")},

		// JSON.
		{"a member twice", p.root, body(secret, `{"SecretId":"a","SecretId":"b"}`)},
		{"a member in another case", p.root, body(secret, `{"SecretId":"a","secretId":"b"}`)},
		{"an unmodelled member", p.root, body(secret, `{"SecretId":"a","Everything":true}`)},
		{"a number for a text", p.root, body(secret, `{"SecretId":1}`)},
		{"a list for a structure", p.root, body(secret, `[]`)},
		{"two documents", p.root, body(secret, `{"SecretId":"a"}{"SecretId":"b"}`)},
		{"cut off", p.root, body(secret, `{"SecretId":"a"`)},
		{"no JSON", p.root, body(secret, `SecretId=a`)},
		{"deep", p.root, body(secret, `{"SecretId":`+strings.Repeat("[", 10000)+strings.Repeat("]", 10000)+`}`)},
		{"not UTF-8 in JSON", p.root, body(secret, "{\"SecretId\":\"\xff\"}")},
		{"half a surrogate", p.root, body(secret, `{"SecretId":"\ud800"}`)},
		{"a required member missing", p.root, body(secret, `{}`)},
		{"an unknown target", p.root, jsonCall("secretsmanager", "secretsmanager.GetEverything", "{}")},
		{"a target without a dot", p.root, jsonCall("secretsmanager", "GetSecretValue", `{"SecretId":"s"}`)},
		{"a query with JSON", p.root, target(secret, "/?SecretId=other")},
		{"a path with JSON", p.root, target(secret, "/other")},
		{"a name of another ARN", p.root, body(secret, `{"SecretId":"arn:aws:s3:::bucket"}`)},
		{"a star in a name", p.root, body(secret, `{"SecretId":"*"}`)},

		// REST.
		{"a path that is none", p.root, get("lambda", "/2015-03-31/nothing")},
		{"an encoded slash in a label", p.root, get("lambda", "/2015-03-31/functions/f%2Fpolicy")},
		{"dot segments", p.root, get("lambda", "/2015-03-31/functions/../functions/f")},
		{"encoded dot segments", p.root, get("lambda", "/2015-03-31/functions/%2e%2e/f")},
		{"an empty label", p.root, get("lambda", "/2015-03-31/functions//policy")},
		{"a parameter twice in REST", p.root, get("lambda", "/2015-03-31/functions/f?Qualifier=1&Qualifier=2")},
		{"an unmodelled query parameter", p.root, get("lambda", "/2015-03-31/functions/f?Everything=1")},
		{"a method that is none", p.root, with(get("lambda", "/2015-03-31/functions/f"), func(r *rawRequest) { r.method = "PATCH" })},
		{"NUL in a label", p.root, get("lambda", "/2015-03-31/functions/f%00")},
		{"a star in a label", p.root, get("lambda", "/2015-03-31/functions/*")},
		{"XML with an entity", p.root, rawRequest{method: "POST", target: "/2013-04-01/hostedzone", service: "route53", header: []string{"content-type: application/xml"},
			body: `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>&x;</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>`}},
		{"XML of another root", p.root, rawRequest{method: "POST", target: "/2013-04-01/hostedzone", service: "route53", header: []string{"content-type: application/xml"},
			body: `<DeleteHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>a</Name></DeleteHostedZoneRequest>`}},

		// HTTP.
		{"a proxy's target", p.root, target(describe, "http://h/")},
		{"a large header", p.root, header(describe, form, "x-amz-large: "+strings.Repeat("a", 60<<10))},
	}
	for _, c := range cases {
		got, text := p.send(t, c.credentials, c.request)
		if got.StatusCode < 400 || got.StatusCode >= 500 {
			t.Errorf("%s: %d %.300s", c.name, got.StatusCode, text)
		}
		// What does not say whose service it is for is answered as S3 does.
		if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge && got.Header.Get("X-Amz-Request-Id") == "" {
			read(t, got, text)
		}
	}
	if n := p.backend.count(); n != 0 {
		t.Errorf("%d requests reached the backend, the last %v %s", n, p.backend.last().URL, p.backend.last().body)
	}
}

// TestReplays: a signature holds for one request, for a quarter of an hour.
func TestReplays(t *testing.T) {
	p := newServicePlane(t, "ec2")
	host := strings.TrimPrefix(p.url, "http://")
	payload := "Action=DescribeInstances&Version=2016-11-15"
	type sent struct{ method, target, host, body string }
	now := sent{"POST", "/", host, payload}
	for _, c := range []struct {
		name string
		age  time.Duration
		sent sent
	}{
		{"as it was", 0, now},
		{"too late", 16 * time.Minute, now},
		{"too early", -16 * time.Minute, now},
		{"another method", 0, sent{"PUT", "/", host, payload}},
		{"another path", 0, sent{"POST", "/a", host, payload}},
		{"a query", 0, sent{"POST", "/?a=b", host, payload}},
		{"another host", 0, sent{"POST", "/", "elsewhere", payload}},
		{"another body", 0, sent{"POST", "/", host, "Action=DescribeVolumes&Version=2016-11-15"}},
	} {
		signed := &sigv4.Request{Method: "POST", Path: "/", Host: host, Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, PayloadHash: bodyHash(payload)}
		must(t, sigv4.Sign(signed, p.root, region, "ec2", time.Now().Add(-c.age)))
		request, err := http.NewRequestWithContext(t.Context(), c.sent.method, p.url+c.sent.target, strings.NewReader(c.sent.body))
		must(t, err)
		request.Header, request.Host = signed.Header, c.sent.host
		before := p.backend.count()
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		text := readAll(t, response)
		if same := c.sent == now && c.age == 0; same != (response.StatusCode == 200) || same != (p.backend.count() > before) || response.StatusCode >= 500 {
			t.Errorf("%s: %d %s", c.name, response.StatusCode, text)
		}
	}
}
