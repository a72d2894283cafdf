package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

const arnPrefix = "arn:aws:%s:" + region + ":" + account + ":"

func arnOf(service, resource string) string { return fmt.Sprintf(arnPrefix, service) + resource }

// TestServicesWithoutBackend: with no backend any policy can still be exercised, in every protocol.
func TestServicesWithoutBackend(t *testing.T) {
	p := newServicePlane(t)
	for i, c := range []struct {
		name             string
		request          rawRequest
		action, resource string // what the policy has to allow
		denied           string // code
		status           int
		notServed        string
	}{
		{"EC2 Query", ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa"), "ec2:TerminateInstances", arnOf("ec2", "instance/i-0aaaaaaaaaaaaaaaa"), "UnauthorizedOperation", 403, "NotImplemented"},
		{"EC2 Describe", ec2Call("DescribeInstances"), "ec2:DescribeInstances", "*", "UnauthorizedOperation", 403, "NotImplemented"},
		{"Query", queryCall("sns", "2010-03-31", "DeleteTopic", "TopicArn="+arnOf("sns", "t")), "sns:DeleteTopic", arnOf("sns", "t"), "AccessDenied", 403, "NotImplemented"},
		{"JSON", jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+arnOf("secretsmanager", "secret:a-123456")+`"}`), "secretsmanager:GetSecretValue", arnOf("secretsmanager", "secret:a-123456"), "AccessDeniedException", 400, "NotImplementedException"},
		{"REST JSON", rawRequest{method: "GET", target: "/2015-03-31/functions/f", service: "lambda"}, "lambda:GetFunction", arnOf("lambda", "function:f"), "AccessDeniedException", 403, "NotImplementedException"},
		{"REST XML", rawRequest{method: "GET", target: "/2013-04-01/hostedzone/Z1", service: "route53"}, "route53:GetHostedZone", "arn:aws:route53:::hostedzone/Z1", "AccessDenied", 403, "NotImplemented"},
	} {
		nobody := p.session(t, fmt.Sprint("nobody-", i))
		sentence := "User: arn:aws:sts::" + account + ":assumed-role/nobody-" + fmt.Sprint(i) + "/test is not authorized to perform: " + c.action
		p.call(t, nobody, c.request).wants(t, c.name, c.status, c.denied, sentence, "because no identity-based policy allows the "+c.action+" action")
		somebody := p.session(t, fmt.Sprint("somebody-", i), `{"Sid":"Mine","Effect":"Allow","Action":"`+c.action+`","Resource":"`+c.resource+`"}`)
		allowed := p.call(t, somebody, c.request)
		allowed.wants(t, c.name, 501, c.notServed, "statement 0 (Mine) of", "no backend serves")
		event := p.event(t, allowed.requestID)
		if event.Action != c.action || event.Resource != c.resource || event.Decision == nil || !event.Decision.Allowed() || event.ErrorCode != c.notServed ||
			event.UserIdentity.Type != "AssumedRole" || event.Category != "Data" || fmt.Sprint(event.ResponseElements["status"]) != "501" {
			t.Errorf("%s: the event is %+v", c.name, event)
		}
		if c.resource == "*" {
			continue
		}
		elsewhere := p.session(t, fmt.Sprint("elsewhere-", i), allow(c.action, c.resource+"x"))
		p.call(t, elsewhere, c.request).wants(t, c.name+" of another resource", c.status, c.denied, c.resource)
	}
}

// TestUnauthorizedOperation: EC2 tells why in a message that whoever may can open; the trail has the same.
func TestUnauthorizedOperation(t *testing.T) {
	p := newServicePlane(t)
	denied := p.call(t, p.session(t, "nobody"), ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa"))
	denied.wants(t, "denied", 403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: ", "Encoded authorization failure message: ")
	message := denied.message[strings.LastIndexByte(denied.message, ' ')+1:]
	caller, err := p.sts.Authenticate(t.Context(), signedAs(t, p.root, "sts"), origin(&http.Request{RemoteAddr: "127.0.0.1:1", Host: "h"}))
	must(t, err)
	decoded, err := p.sts.DecodeAuthorizationMessage(t.Context(), caller, &message)
	must(t, err)
	if !strings.Contains(decoded, "ec2:TerminateInstances") || !strings.Contains(decoded, "i-0aaaaaaaaaaaaaaaa") {
		t.Errorf("decoded %s", decoded)
	}
	describe := p.call(t, p.session(t, "nobody-2"), ec2Call("DescribeInstances"))
	if strings.Contains(describe.message, "Encoded") || strings.Contains(describe.message, "on resource") {
		t.Errorf("a Describe call answers %q", describe.message)
	}
}

func signedAs(t *testing.T, c sigv4.Credentials, service string) *sigv4.Request {
	t.Helper()
	r := &sigv4.Request{Method: "POST", Path: "/", Host: "h", Header: map[string][]string{}, PayloadHash: emptyHash}
	must(t, sigv4.Sign(r, c, region, service, time.Now()))
	return r
}

// TestDryRun: EC2 answers what would happen, whether or not somebody would carry it out.
func TestDryRun(t *testing.T) {
	for _, served := range [][]string{nil, {"ec2"}} {
		p := newServicePlane(t, served...)
		request := ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa", "DryRun=true")
		p.call(t, p.session(t, "nobody"), request).wants(t, "denied", 403, "UnauthorizedOperation")
		p.call(t, p.root, request).wants(t, "allowed", 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
		if p.backend.count() != 0 {
			t.Errorf("%v: a dry run reached the backend", served)
		}
	}
}

// TestResourceTags: what is known of a resource's tags decides, and nothing is known of others.
func TestResourceTags(t *testing.T) {
	p := newServicePlane(t)
	tagged := p.session(t, "tagged", `{"Effect":"Allow","Action":"ec2:TerminateInstances","Resource":"*","Condition":{"StringEquals":{"ec2:ResourceTag/env":"prod","aws:ResourceTag/env":"prod"}}}`)
	p.call(t, tagged, ec2Call("TerminateInstances", "InstanceId.1=i-0123456789abcdef0")).wants(t, "a tagged instance", 501, "NotImplemented")
	p.call(t, tagged, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa")).wants(t, "another", 403, "UnauthorizedOperation")
	p.call(t, tagged, ec2Call("TerminateInstances", "InstanceId.1=i-0123456789abcdef0", "InstanceId.2=i-0aaaaaaaaaaaaaaaa")).wants(t, "both", 403, "UnauthorizedOperation")
}

// TestUnknowable: what cannot be known is denied, and not guessed.
func TestUnknowable(t *testing.T) {
	p := newServicePlane(t, "ec2", "cloudformation")
	p.broken.Store(true)
	p.call(t, p.root, ec2Call("TerminateInstances", "InstanceId.1=i-0aaaaaaaaaaaaaaaa")).wants(t, "tags that cannot be read", 500, "InternalError")
	if logged := p.logs.String(); !strings.Contains(logged, "the store is gone") {
		t.Errorf("the operator is told %q", logged)
	}
	p.logs.Reset()
	// The stack's resources would be made with the caller's permissions, as the IAM user guide of CloudFormation says, and they are not in the request.
	stack := p.call(t, p.root, queryCall("cloudformation", "2010-05-15", "CreateStack", "StackName=s", "TemplateURL=https%3A%2F%2Fbucket.s3.amazonaws.com%2Ft"))
	stack.wants(t, "a stack without a role", 403, "AccessDenied")
	if event := p.event(t, stack.requestID); !strings.Contains(event.Explanation, "what the request needs to be allowed is not known") {
		t.Errorf("the event is %q", event.Explanation)
	}
	if p.backend.count() != 0 {
		t.Error("a request reached the backend")
	}
}

// TestForwarded: the backend gets the operation, signed with its own key, and nothing of the caller's.
func TestForwarded(t *testing.T) {
	p := newServicePlane(t, "secretsmanager", "lambda")
	reader := p.session(t, "reader", allow("secretsmanager:GetSecretValue", "*"), allow("lambda:Invoke*", "*"))
	p.backend.answers(200, "application/x-amz-json-1.1", `{"SecretString":"of the backend"}`)
	request := jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+arnOf("secretsmanager", "secret:a-123456")+`", "VersionStage":"AWSCURRENT"}`)
	request.unsigned = []string{"X-Forwarded-For: 10.0.0.1", "Cookie: a=b", "User-Agent: test"}
	got := p.call(t, reader, request)
	got.wants(t, "forwarded", 200, "", "of the backend")
	sent := p.backend.last()
	if !strings.Contains(sent.Header.Get("Authorization"), "Credential=AKIDBACKEND/") || !strings.Contains(sent.Header.Get("Authorization"), "/"+region+"/secretsmanager/aws4_request") {
		t.Errorf("signed %q", sent.Header.Get("Authorization"))
	}
	for _, name := range []string{"X-Amz-Security-Token", "X-Forwarded-For", "Cookie"} {
		if sent.Header.Get(name) != "" {
			t.Errorf("%s reached the backend", name)
		}
	}
	if !strings.Contains(sent.body, "AWSCURRENT") || sent.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
		t.Errorf("sent %v %s", sent.Header, sent.body)
	}
	event := p.event(t, got.requestID)
	if event.Name != "GetSecretValue" || event.Source != "secretsmanager.amazonaws.com" || event.ErrorCode != "" || fmt.Sprint(event.ResponseElements["backendStatus"]) != "200" ||
		event.RequestParameters["secretId"] == nil || strings.Contains(fmt.Sprint(event.RequestParameters), "AWSCURRENT") {
		t.Errorf("the event is %+v", event)
	}
	// The backend's own refusal is the service's word.
	p.backend.answers(400, "application/x-amz-json-1.1", `{"__type":"ResourceNotFoundException","message":"Secrets Manager can't find the specified secret."}`)
	missing := p.call(t, reader, request)
	missing.wants(t, "missing", 400, "ResourceNotFoundException", "can't find")
	if event := p.event(t, missing.requestID); event.ErrorCode != "ResourceNotFoundException" {
		t.Errorf("the event is %+v", event)
	}
}

// TestForeignBackend: a backend belongs to one account, and shows its things to no other.
func TestForeignBackend(t *testing.T) {
	p := newServicePlane(t, "ec2", "sqs")
	p.call(t, p.foreignRoot, ec2Call("DescribeInstances")).wants(t, "a caller of another account", 501, "NotImplemented", "belongs to another account than "+other)
	if p.backend.count() != 0 {
		t.Error("the request reached the backend")
	}
}

// TestPresignedService: a presigned URL of another service than S3 signs an empty body, and holds for a quarter of an hour whatever it says.
func TestPresignedService(t *testing.T) {
	p := newServicePlane(t, "ec2")
	p.backend.answers(200, "text/xml", "<DescribeRegionsResponse/>")
	ask := func(query string) (int, string) {
		response, err := http.Get(p.url + "/?" + query)
		must(t, err)
		return response.StatusCode, string(readAll(t, response))
	}
	sign := func(c sigv4.Credentials, query string, age time.Duration) string {
		r := &sigv4.Request{Method: "GET", Path: "/", RawQuery: query, Host: strings.TrimPrefix(p.url, "http://"), PayloadHash: emptyHash}
		presigned, err := sigv4.Presign(r, c, region, "ec2", time.Now().Add(-age), time.Hour)
		must(t, err)
		return presigned
	}
	const query = "Action=DescribeRegions&Version=2016-11-15"
	if status, body := ask(sign(p.session(t, "presigner", allow("ec2:DescribeRegions", "*")), query, 0)); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	sent := p.backend.last()
	if strings.Contains(sent.URL.RawQuery+sent.body, "X-Amz-") || !strings.Contains(sent.URL.RawQuery+sent.body, "DescribeRegions") {
		t.Errorf("the backend got %s %s", sent.URL, sent.body)
	}
	before := p.backend.count()
	for name, query := range map[string]string{
		"not allowed":          sign(p.session(t, "nobody"), query, 0),
		"too old":              sign(p.root, query, 16*time.Minute),
		"another parameter":    sign(p.root, query, 0) + "&RegionName.1=a",
		"another Action":       strings.Replace(sign(p.root, query, 0), "DescribeRegions", "DescribeVolumes", 1),
		"no signature":         query,
		"a second Action":      sign(p.root, query+"&Action=DescribeVolumes", 0),
		"an unmodelled member": sign(p.root, query+"&Everything=1", 0),
	} {
		if status, body := ask(query); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if p.backend.count() != before {
		t.Error("a refused request reached the backend")
	}
}

// TestCBOR: a client of Smithy RPC v2 CBOR is answered in it.
func TestCBOR(t *testing.T) {
	p := newServicePlane(t)
	request := rawRequest{method: "POST", target: "/service/GraniteServiceVersion20100801/operation/ListMetrics", service: "monitoring", body: "\xa0",
		header: []string{"content-type: application/cbor", "smithy-protocol: rpc-v2-cbor"}}
	for _, c := range []struct {
		credentials sigv4.Credentials
		status      int
		code        string
	}{{p.session(t, "nobody"), 400, "\xa2f__typeuAccessDeniedExceptiong"}, {p.root, 501, "\xa2f__typewNotImplementedExceptiong"}} {
		response, body := p.send(t, c.credentials, request)
		if response.StatusCode != c.status || !strings.HasPrefix(string(body), c.code) || response.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" ||
			response.Header.Get("Content-Type") != "application/cbor" || response.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%d %v %q", response.StatusCode, response.Header, body)
		}
	}
}
