package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestLearnedTags: tags that requests through the gateway give and take away decide the requests after them.
func TestLearnedTags(t *testing.T) {
	p := newServicePlane(t, "ec2", "elasticloadbalancing")
	const id = "i-0bbbbbbbbbbbbbbbb"
	prod := p.session(t, "prod", `{"Effect":"Allow","Action":"ec2:StopInstances","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"prod"}}}`)
	stop := ec2Call("StopInstances", "InstanceId.1="+id)
	ok := func(name string, r rawRequest, answer string) {
		t.Helper()
		p.backend.answers(200, "text/xml", answer)
		p.call(t, p.root, r).wants(t, name, 200, "")
	}
	wants := func(name string, status int, code string) {
		t.Helper()
		p.backend.answers(200, "text/xml", "<R/>")
		p.call(t, prod, stop).wants(t, name, status, code)
	}
	wants("before", 403, "UnauthorizedOperation")
	ok("run", ec2Call("RunInstances", "ImageId=ami-0123456789abcdef0", "MinCount=1", "MaxCount=1", "TagSpecification.1.ResourceType=instance",
		"TagSpecification.1.Tag.1.Key=env", "TagSpecification.1.Tag.1.Value=prod"),
		"<RunInstancesResponse><instancesSet><item><instanceId>"+id+"</instanceId></item></instancesSet></RunInstancesResponse>")
	wants("made with the tag", 200, "")
	ok("another value", ec2Call("CreateTags", "ResourceId.1="+id, "Tag.1.Key=env", "Tag.1.Value=test"), "<R/>")
	wants("another value", 403, "UnauthorizedOperation")
	ok("back", ec2Call("CreateTags", "ResourceId.1="+id, "Tag.1.Key=env", "Tag.1.Value=prod"), "<R/>")
	wants("back", 200, "")
	ok("delete with another value", ec2Call("DeleteTags", "ResourceId.1="+id, "Tag.1.Key=env", "Tag.1.Value=other"), "<R/>")
	wants("deleted with another value", 200, "")
	ok("delete", ec2Call("DeleteTags", "ResourceId.1="+id, "Tag.1.Key=env"), "<R/>")
	wants("deleted", 403, "UnauthorizedOperation")
	ok("again", ec2Call("CreateTags", "ResourceId.1="+id, "Tag.1.Key=env", "Tag.1.Value=prod"), "<R/>")
	ok("terminate", ec2Call("TerminateInstances", "InstanceId.1="+id), "<R/>")
	wants("terminated", 403, "UnauthorizedOperation")
	// What the backend refuses has not happened.
	p.backend.answers(400, "text/xml", "<Response><Errors><Error><Code>InvalidID</Code></Error></Errors></Response>")
	p.call(t, p.root, ec2Call("CreateTags", "ResourceId.1="+id, "Tag.1.Key=env", "Tag.1.Value=prod")).wants(t, "refused", 400, "InvalidID")
	wants("refused", 403, "UnauthorizedOperation")

	arn := arnOf("elasticloadbalancing", "loadbalancer/app/a/0123456789abcdef")
	ok("a load balancer", queryCall("elasticloadbalancing", "2015-12-01", "CreateLoadBalancer", "Name=a", "Subnets.member.1=subnet-0123456789abcdef0", "Tags.member.1.Key=env", "Tags.member.1.Value=prod"),
		"<R><LoadBalancers><member><LoadBalancerArn>"+arn+"</LoadBalancerArn></member></LoadBalancers></R>")
	tags, err := p.directory.ResourceTags(t.Context(), account, arn)
	must(t, err)
	if tags["env"] != "prod" {
		t.Errorf("the load balancer has %v", tags)
	}
}

// TestTagsByOtherNames: some services have an operation of their own for the tags of a kind of resource (Amazon CloudWatch Logs, Amazon Data Firehose, AWS
// Private CA and Amazon Kinesis Video Streams API References).
func TestTagsByOtherNames(t *testing.T) {
	p := newServicePlane(t, "logs", "firehose", "acm-pca")
	for arn, r := range map[string]rawRequest{
		arnOf("logs", "log-group:g"):          jsonCall("logs", "Logs_20140328.TagLogGroup", `{"logGroupName":"g","tags":{"owner":"me"}}`),
		arnOf("firehose", "deliverystream/d"): jsonCall("firehose", "Firehose_20150804.TagDeliveryStream", `{"DeliveryStreamName":"d","Tags":[{"Key":"owner","Value":"me"}]}`),
		arnOf("acm-pca", "certificate-authority/11111111-2222-3333-4444-555555555555"): jsonCall("acm-pca", "ACMPrivateCA.TagCertificateAuthority",
			`{"CertificateAuthorityArn":"`+arnOf("acm-pca", "certificate-authority/11111111-2222-3333-4444-555555555555")+`","Tags":[{"Key":"owner","Value":"me"}]}`),
	} {
		p.call(t, p.root, r).wants(t, arn, 200, "")
		tags, err := p.directory.ResourceTags(t.Context(), account, arn)
		if must(t, err); tags["owner"] != "me" {
			t.Errorf("%s has %v", arn, tags)
		}
	}
}

// TestResourcePolicies: a policy that is put on a resource through its service's API counts from then on, with a backend and without.
func TestResourcePolicies(t *testing.T) {
	queue, url := arnOf("sqs", "q"), "https://sqs."+region+".amazonaws.com/"+account+"/q"
	key, secret := arnOf("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"), arnOf("secretsmanager", "secret:s-123456")
	quoted := func(text string) string { return strings.ReplaceAll(text, `"`, `\"`) }
	for i, served := range [][]string{nil, {"sqs", "kms", "secretsmanager"}} {
		p := newServicePlane(t, served...)
		somebody := p.session(t, "somebody")
		done := map[bool]int{false: 501, true: 200}[i == 1]
		role := "arn:aws:iam::" + account + ":role/somebody"
		statement := func(action, resource string) string {
			return quoted(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"` + action + `","Resource":"` + resource + `"}]}`)
		}
		send := jsonCall("sqs", "AmazonSQS.SendMessage", `{"QueueUrl":"`+url+`","MessageBody":"b"}`)
		p.call(t, somebody, send).wants(t, "before", 400, "AccessDeniedException")
		p.call(t, somebody, jsonCall("sqs", "AmazonSQS.SetQueueAttributes", `{"QueueUrl":"`+url+`","Attributes":{"Policy":"`+statement("sqs:*", queue)+`"}}`)).
			wants(t, "not allowed to", 400, "AccessDeniedException")
		put := p.call(t, p.root, jsonCall("sqs", "AmazonSQS.SetQueueAttributes", `{"QueueUrl":"`+url+`","Attributes":{"Policy":"`+statement("sqs:SendMessage", queue)+`"}}`))
		put.wants(t, "put", 200, "")
		if event := p.event(t, put.requestID); event.Name != "SetQueueAttributes" || event.Action != "sqs:SetQueueAttributes" || event.ErrorCode != "" {
			t.Errorf("the event is %+v", event)
		}
		p.call(t, somebody, send).wants(t, "after", done, map[int]string{501: "NotImplementedException"}[done])
		p.call(t, p.root, jsonCall("sqs", "AmazonSQS.SetQueueAttributes", `{"QueueUrl":"`+url+`","Attributes":{"Policy":""}}`)).wants(t, "taken away", 200, "")
		p.call(t, somebody, send).wants(t, "taken away", 400, "AccessDeniedException")

		encrypt := jsonCall("kms", "TrentService.Encrypt", `{"KeyId":"`+key+`","Plaintext":"YQ=="}`)
		p.call(t, somebody, encrypt).wants(t, "a key", 400, "AccessDeniedException")
		p.call(t, p.root, encrypt).wants(t, "the root under the default key policy", done, map[int]string{501: "NotImplementedException"}[done])
		before := p.backend.count()
		p.call(t, p.root, jsonCall("kms", "TrentService.PutKeyPolicy", `{"KeyId":"`+key+`","Policy":"{\"Version\":"}`)).wants(t, "no policy", 400, "MalformedPolicyDocumentException")
		if p.backend.count() != before {
			t.Error("a malformed policy reached the backend")
		}
		p.call(t, p.root, jsonCall("secretsmanager", "secretsmanager.PutResourcePolicy", `{"SecretId":"`+secret+`","ResourcePolicy":"`+statement("secretsmanager:GetSecretValue", "*")+`"}`)).wants(t, "a secret's policy", 200, "")
		p.call(t, somebody, jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+secret+`"}`)).wants(t, "a secret", done, map[int]string{501: "NotImplementedException"}[done])
		if served != nil {
			continue
		}
		p.call(t, p.root, jsonCall("secretsmanager", "secretsmanager.GetResourcePolicy", `{"SecretId":"`+secret+`"}`)).wants(t, "get", 200, "", `"Name":"s"`, role)
		p.call(t, p.root, jsonCall("secretsmanager", "secretsmanager.DeleteResourcePolicy", `{"SecretId":"`+secret+`"}`)).wants(t, "delete", 200, "")
		p.call(t, somebody, jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+secret+`"}`)).wants(t, "deleted", 400, "AccessDeniedException")
		p.call(t, p.root, jsonCall("kms", "TrentService.GetKeyPolicy", `{"KeyId":"`+key+`"}`)).wants(t, "the default key policy", 200, "", `"PolicyName":"default"`, "Enable IAM User Permissions")
	}
}

// TestPolicyRefusedByBackend: a policy that the backend does not take is not enforced either.
func TestPolicyRefusedByBackend(t *testing.T) {
	p := newServicePlane(t, "secretsmanager")
	somebody := p.session(t, "somebody")
	secret := arnOf("secretsmanager", "secret:s-123456")
	document := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+account+`:role/somebody"},"Action":"secretsmanager:*","Resource":"*"}]}`, `"`, `\"`)
	put := jsonCall("secretsmanager", "secretsmanager.PutResourcePolicy", `{"SecretId":"`+secret+`","ResourcePolicy":"`+document+`"}`)
	for _, c := range []struct {
		status int
		body   string
		code   string
	}{{400, `{"__type":"ResourceNotFoundException","message":"m"}`, "ResourceNotFoundException"}, {500, "page", "InternalFailure"}} {
		p.backend.answers(c.status, map[int]string{400: "application/x-amz-json-1.1", 500: "text/html"}[c.status], c.body)
		refused := p.call(t, p.root, put)
		refused.wants(t, fmt.Sprint(c.status), c.status, c.code)
		told, err := p.events.Find(t.Context(), refused.requestID)
		must(t, err)
		if len(told) == 0 || told[0].ErrorCode != map[int]string{400: c.code, 500: "ServiceFailure"}[c.status] {
			t.Errorf("the trail says last %+v", told)
		}
		p.backend.answers(200, "application/x-amz-json-1.1", "{}")
		p.call(t, somebody, jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+secret+`"}`)).wants(t, "not enforced", 400, "AccessDeniedException")
	}
	p.logs.Reset()
}

// TestCrossAccount: both accounts have to allow, and only the backend of the resource's account is asked.
func TestCrossAccount(t *testing.T) {
	p := newServicePlane(t, "sqs")
	url := "https://sqs." + region + ".amazonaws.com/" + account + "/q"
	send := jsonCall("sqs", "AmazonSQS.SendMessage", `{"QueueUrl":"`+url+`","MessageBody":"b"}`)
	p.call(t, p.foreignRoot, send).wants(t, "before", 400, "AccessDeniedException", "no resource-based policy allows")
	document := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+other+`"},"Action":"sqs:SendMessage","Resource":"*"}]}`, `"`, `\"`)
	p.call(t, p.root, jsonCall("sqs", "AmazonSQS.SetQueueAttributes", `{"QueueUrl":"`+url+`","Attributes":{"Policy":"`+document+`"}}`)).wants(t, "put", 200, "")
	p.call(t, p.foreignRoot, send).wants(t, "after", 200, "")
}

// TestPassRole: who may not pass a role cannot have a service use it, whatever way the request names it.
func TestPassRole(t *testing.T) {
	p := newServicePlane(t)
	root := iam.Root("aws", account)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	for _, name := range []string{"mine", "theirs"} {
		_, err := p.directory.CreateRole(t.Context(), root, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust})
		must(t, err)
		_, err = p.directory.CreateInstanceProfile(t.Context(), root, iam.CreateInstanceProfileInput{InstanceProfileName: "profile-of-" + name})
		must(t, err)
		must(t, p.directory.AddRoleToInstanceProfile(t.Context(), root, iam.InstanceProfileRoleInput{InstanceProfileName: "profile-of-" + name, RoleName: name}))
	}
	runner := p.session(t, "runner", allow("ec2:RunInstances", "*"), `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::`+account+`:role/mine","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}`)
	run := func(profile string) rawRequest {
		return ec2Call("RunInstances", "ImageId=ami-0123456789abcdef0", "MinCount=1", "MaxCount=1", "IamInstanceProfile.Name="+profile)
	}
	p.call(t, runner, run("profile-of-mine")).wants(t, "its own", 501, "NotImplemented")
	p.call(t, runner, run("profile-of-theirs")).wants(t, "another", 403, "UnauthorizedOperation", "iam:PassRole on resource: arn:aws:iam::"+account+":role/theirs")
	p.call(t, runner, run("no-such-profile")).wants(t, "one that is not there", 403, "UnauthorizedOperation")
}
