package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// TestQueueGrants: SQS's and SNS's AddPermission and RemovePermission change what is enforced, statement by statement, with a backend and without
// (Amazon SQS and Amazon SNS API Reference, AddPermission and RemovePermission).
func TestQueueGrants(t *testing.T) {
	queue, topic := "https://sqs."+region+".amazonaws.com/"+account+"/q", arnOf("sns", "t")
	for i, served := range [][]string{nil, {"sqs", "sns"}} {
		p := newServicePlane(t, served...)
		done := map[bool]int{false: 501, true: 200}[i == 1]
		p.backend.answers(200, "application/x-amz-json-1.0", "{}")
		sqs := func(name, operation, members string) answered {
			return p.call(t, p.root, jsonCall("sqs", "AmazonSQS."+operation, `{"QueueUrl":"`+queue+`"`+members+`}`))
		}
		send := func(name string, status int) {
			t.Helper()
			if got := p.call(t, p.foreignRoot, jsonCall("sqs", "AmazonSQS.SendMessage", `{"QueueUrl":"`+queue+`","MessageBody":"b"}`)); got.status != status {
				t.Errorf("%s: %d %s", name, got.status, got.message)
			}
		}
		add := func(label string) string {
			return `,"Label":"` + label + `","AWSAccountIds":["` + other + `"],"Actions":["SendMessage"]`
		}
		send("before", 400)
		sqs("", "AddPermission", add("one")).wants(t, "add", 200, "")
		send("added", done)
		sqs("", "AddPermission", add("one")).wants(t, "again", 400, "InvalidParameterValue", "Already exists")
		sqs("", "AddPermission", add("two")).wants(t, "another", 200, "")
		sqs("", "RemovePermission", `,"Label":"one"`).wants(t, "remove", 200, "")
		send("one is left", done)
		sqs("", "RemovePermission", `,"Label":"one"`).wants(t, "remove again", 400, "InvalidParameterValue", "can't find label")
		sqs("", "RemovePermission", `,"Label":"two"`).wants(t, "remove the last", 200, "")
		send("none is left", 400)
		if kept, err := p.directory.Resources(t.Context(), account, "arn:aws:sqs:"); err != nil || len(kept) != 0 {
			t.Errorf("left is %+v, %v", kept, err)
		}
		sqs("", "AddPermission", `,"Label":"l","AWSAccountIds":["*"],"Actions":["SendMessage"]`).wants(t, "no account", 400, "InvalidParameterValue")
		p.call(t, p.session(t, "nobody"), jsonCall("sqs", "AmazonSQS.AddPermission", `{"QueueUrl":"`+queue+`"`+add("one")+`}`)).wants(t, "not allowed to", 400, "AccessDeniedException", "sqs:AddPermission")
		p.backend.answers(400, "application/x-amz-json-1.0", `{"__type":"QueueDoesNotExist"}`)
		if served != nil {
			sqs("", "AddPermission", add("one")).wants(t, "refused by the backend", 400, "QueueDoesNotExist")
			p.backend.answers(200, "application/x-amz-json-1.0", "{}")
			send("what the backend refused", 400)
		}

		p.backend.answers(200, "text/xml", "<R/>")
		publish := queryCall("sns", "2010-03-31", "Publish", "TopicArn="+topic, "Message=m")
		sns := func(action string, parameters ...string) answered {
			return p.call(t, p.root, queryCall("sns", "2010-03-31", action, append(parameters, "TopicArn="+topic, "Label=one")...))
		}
		p.call(t, p.foreignRoot, publish).wants(t, "before", 403, "AccessDenied")
		sns("AddPermission", "AWSAccountId.member.1="+other, "ActionName.member.1=Publish").wants(t, "add to a topic", 200, "")
		if got := p.call(t, p.foreignRoot, publish); got.status != done {
			t.Errorf("added to a topic: %d %s", got.status, got.message)
		}
		sns("RemovePermission").wants(t, "remove from a topic", 200, "")
		p.call(t, p.foreignRoot, publish).wants(t, "removed", 403, "AccessDenied")
		sns("RemovePermission").wants(t, "remove from a topic again", 404, "NotFound")
	}
}

// TestFunctionGrants: a function's policy is what AddPermission made of it (AWS Lambda API Reference, AddPermission, RemovePermission and GetPolicy).
func TestFunctionGrants(t *testing.T) {
	p := newServicePlane(t)
	rest := func(c sigv4.Credentials, method, target, body string) answered {
		return p.call(t, c, rawRequest{method: method, target: target, service: "lambda", body: body, header: []string{"content-type: application/json"}})
	}
	const policy = "/2015-03-31/functions/f/policy"
	invoke := func(name string, status int) {
		t.Helper()
		target := "/2015-03-31/functions/arn%3Aaws%3Alambda%3A" + region + "%3A" + account + "%3Afunction%3Af/invocations"
		if got := rest(p.foreignRoot, "POST", target, ""); got.status != status {
			t.Errorf("%s: %d %s", name, got.status, got.message)
		}
	}
	rest(p.root, "GET", policy, "").wants(t, "none", 404, "ResourceNotFoundException")
	invoke("before", 403)
	added := rest(p.root, "POST", policy, `{"StatementId":"one","Action":"lambda:InvokeFunction","Principal":"`+other+`"}`)
	added.wants(t, "add", 201, "", `\"Sid\":\"one\"`, `\"AWS\":\"arn:aws:iam::`+other+`:root\"`, `\"Resource\":\"`+arnOf("lambda", "function:f"))
	invoke("added", 501)
	rest(p.root, "POST", policy, `{"StatementId":"one","Action":"lambda:InvokeFunction","Principal":"s3.amazonaws.com"}`).wants(t, "again", 409, "ResourceConflictException", "The statement id (one)")
	bound := rest(p.root, "POST", policy, `{"StatementId":"two","Action":"lambda:InvokeFunction","Principal":"s3.amazonaws.com","SourceArn":"arn:aws:s3:::b","SourceAccount":"`+account+`"}`)
	bound.wants(t, "of a bucket", 201, "", `\"Service\":\"s3.amazonaws.com\"`, `\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::b\"}`, `\"StringEquals\":{\"AWS:SourceAccount\":\"`+account+`\"}`)
	rest(p.root, "GET", policy, "").wants(t, "get", 200, "", `\"one\"`, `\"two\"`, `"RevisionId":"`)
	rest(p.root, "POST", policy, `{"StatementId":"three","Action":"lambda:InvokeFunction","Principal":"*","RevisionId":"x"}`).wants(t, "of a revision", 501, "NotImplementedException", "RevisionId")
	rest(p.root, "DELETE", policy+"/one", "").wants(t, "remove", 204, "")
	invoke("removed", 403)
	rest(p.root, "DELETE", policy+"/one", "").wants(t, "remove again", 404, "ResourceNotFoundException", "Statement one is not found")
	rest(p.session(t, "nobody"), "DELETE", policy+"/two", "").wants(t, "not allowed to", 403, "AccessDeniedException")
}

// TestForgottenFunction: a function that is deleted leaves no policy to the next one of its name, nor its aliases theirs.
func TestForgottenFunction(t *testing.T) {
	p := newServicePlane(t, "lambda")
	p.backend.answers(201, "application/json", `{}`)
	grant := `{"StatementId":"one","Action":"lambda:InvokeFunction","Principal":"` + other + `"}`
	for _, query := range []string{"", "?Qualifier=live"} {
		request := rawRequest{method: "POST", target: "/2015-03-31/functions/f/policy" + query, service: "lambda", body: grant, header: []string{"content-type: application/json"}}
		p.call(t, p.root, request).wants(t, "grant", 201, "")
	}
	for i, target := range []string{"/2015-03-31/functions/g", "/2015-03-31/functions/f"} {
		p.call(t, p.root, rawRequest{method: "DELETE", target: target, service: "lambda"}).wants(t, target, 201, "")
		kept, err := p.directory.Resources(t.Context(), account, "arn:aws:lambda:")
		if want := 2 - 2*i; err != nil || len(kept) != want {
			t.Errorf("%s leaves %+v, %v", target, kept, err)
		}
	}
}

// TestBusGrants: PutPermission puts statements or a whole policy on a bus of the caller's (Amazon EventBridge API Reference).
func TestBusGrants(t *testing.T) {
	p := newServicePlane(t, "events")
	bus := arnOf("events", "event-bus/orders")
	call := func(operation, members string) answered {
		return p.call(t, p.root, jsonCall("events", "AWSEvents."+operation, `{"EventBusName":"orders",`+members+`}`))
	}
	put := func(name string, status int) {
		t.Helper()
		entry := `{"Entries":[{"EventBusName":"` + bus + `","Source":"a","DetailType":"b","Detail":"{}"}]}`
		if got := p.call(t, p.foreignRoot, jsonCall("events", "AWSEvents.PutEvents", entry)); got.status != status {
			t.Errorf("%s: %d %s", name, got.status, got.message)
		}
	}
	put("before", 400)
	call("PutPermission", `"StatementId":"one","Action":"events:PutEvents","Principal":"`+other+`"`).wants(t, "put", 200, "")
	put("put", 200)
	call("PutPermission", `"StatementId":"one","Action":"events:PutEvents","Principal":"*","Condition":{"Type":"StringEquals","Key":"aws:PrincipalOrgID","Value":"o-1"}`).wants(t, "in its place", 200, "")
	put("an organization's", 400)
	call("RemovePermission", `"StatementId":"two"`).wants(t, "none of that id", 400, "ResourceNotFoundException")
	call("RemovePermission", `"StatementId":"one"`).wants(t, "remove", 200, "")
	document := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":{"Sid":"all","Effect":"Allow","Principal":{"AWS":"`+other+`"},"Action":"events:PutEvents","Resource":"`+bus+`"}}`, `"`, `\"`)
	call("PutPermission", `"Policy":"`+document+`"`).wants(t, "a whole policy", 200, "")
	put("a whole policy", 200)
	call("RemovePermission", `"StatementId":"all"`).wants(t, "its statement", 200, "")
	put("its statement is gone", 400)
	call("PutPermission", `"Policy":"`+document+`"`).wants(t, "a whole policy again", 200, "")
	call("RemovePermission", `"RemoveAllPermissions":true`).wants(t, "all", 200, "")
	put("all are gone", 400)
	call("PutPermission", `"StatementId":"one","Action":"events:PutEvents","Principal":"somebody"`).wants(t, "no account", 400, "ValidationException")
}

// TestUnenforcedPolicies: a policy that decides nothing here does not reach a backend, unless the operator wants that.
func TestUnenforcedPolicies(t *testing.T) {
	logs := jsonCall("logs", "Logs_20140328.PutResourcePolicy", `{"policyName":"p","policyDocument":"{}"}`)
	endpoint := func(more ...string) rawRequest {
		return ec2Call("CreateVpcEndpoint", append(more, "VpcId=vpc-0123456789abcdef0", "ServiceName=com.amazonaws."+region+".s3")...)
	}
	p := newServicePlane(t, "logs", "ec2", "xray")
	p.call(t, p.root, logs).wants(t, "by a name of its own", 501, "NotImplementedException", "allowed by", "decide nothing")
	p.call(t, p.session(t, "nobody"), logs).wants(t, "not allowed", 400, "AccessDeniedException")
	p.backend.answers(200, "text/xml", "<R/>")
	p.call(t, p.root, endpoint("PolicyDocument=%7B%7D")).wants(t, "a network's", 501, "NotImplemented", "decide nothing")
	if p.backend.count() != 0 {
		t.Error("a policy reached the backend")
	}
	p.call(t, p.root, endpoint()).wants(t, "none", 200, "")
	accepting := newServicePlaneOf(t, func(c *gateway.Config) {
		service := c.Services["logs"]
		service.UnenforcedPolicies = true
		c.Services["logs"] = service
	}, "logs")
	accepting.call(t, accepting.root, logs).wants(t, "accepted", 200, "")
}

// TestKeptPolicies: policies under other names are enforced as well, and shown where nobody else does.
func TestKeptPolicies(t *testing.T) {
	p := newServicePlane(t)
	vault := arnOf("backup", "backup-vault:v")
	document := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"backup:DeleteBackupVault","Resource":"`+vault+`"}]}`, `"`, `\"`)
	rest := func(method, target, body string) answered {
		return p.call(t, p.root, rawRequest{method: method, target: target, service: "backup", body: body, header: []string{"content-type: application/json"}})
	}
	rest("DELETE", "/backup-vaults/v", "").wants(t, "before", 501, "NotImplementedException")
	rest("PUT", "/backup-vaults/v/access-policy", `{}`).wants(t, "no policy", 400, "ValidationException", "Policy is missing")
	rest("PUT", "/backup-vaults/v/access-policy", `{"Policy":"`+document+`"}`).wants(t, "put", 200, "")
	rest("DELETE", "/backup-vaults/v", "").wants(t, "denied", 403, "AccessDeniedException", "explicit deny in a resource-based policy")
	rest("GET", "/backup-vaults/v/access-policy", "").wants(t, "get", 200, "", document)
	rest("DELETE", "/backup-vaults/v/access-policy", "").wants(t, "delete", 200, "")
	rest("DELETE", "/backup-vaults/v", "").wants(t, "after", 501, "NotImplementedException")
	for i, c := range []struct{ target, body, read string }{
		{"AmazonEC2ContainerRegistry_V20150921.SetRepositoryPolicy", `{"repositoryName":"r","policyText":"%s"}`, "GetRepositoryPolicy"},
	} {
		grant := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`, `"`, `\"`)
		p.call(t, p.root, jsonCall("ecr", c.target, fmt.Sprintf(c.body, grant))).wants(t, fmt.Sprint("put ", i), 200, "")
		service, _, _ := strings.Cut(c.target, ".")
		p.call(t, p.root, jsonCall("ecr", service+"."+c.read, `{"repositoryName":"r"}`)).wants(t, fmt.Sprint("get ", i), 200, "", grant)
	}
}
