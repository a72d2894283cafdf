package gateway_test

import (
	"fmt"
	"testing"
)

// TestListKeys: a multivalued key is a list even with one value, so that only a set operator can compare it, and a single-valued one is none (IAM User
// Guide, "Multivalued context keys" and "Single-valued vs. multivalued context keys"; dynamodb:LeadingKeys and dynamodb:Attributes are multivalued,
// dynamodb:Select is not).
func TestListKeys(t *testing.T) {
	p := newServicePlane(t)
	get := jsonCall("dynamodb", "DynamoDB_20120810.GetItem", `{"TableName":"t","Key":{"id":{"S":"me"}},"ProjectionExpression":"a"}`)
	query := jsonCall("dynamodb", "DynamoDB_20120810.Query", `{"TableName":"t","Select":"COUNT","KeyConditionExpression":"id = :v","ExpressionAttributeValues":{":v":{"S":"me"}}}`)
	for i, c := range []struct {
		request   rawRequest
		condition string
		allowed   bool
	}{
		{get, `"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["me"]}`, true},
		{get, `"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["me","you"]}`, true},
		{get, `"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["you"]}`, false},
		{get, `"StringEquals":{"dynamodb:LeadingKeys":["me"]}`, false},
		{get, `"Null":{"dynamodb:LeadingKeys":"false"}`, true},
		{query, `"StringEquals":{"dynamodb:Select":"COUNT"}`, true},
		{query, `"StringEquals":{"dynamodb:Select":"ALL"}`, false},
	} {
		caller := p.session(t, fmt.Sprint("lists-", i), `{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{`+c.condition+`}}`)
		if got := p.call(t, caller, c.request); (got.status == 501) != c.allowed || !c.allowed && got.status != 400 {
			t.Errorf("%s: %d %s", c.condition, got.status, got.message)
		}
	}
}

// TestResourceKeys: what is known of a resource decides (Amazon VPC CNI's policy that is scoped to a VPC), and what a request says of itself comes first.
func TestResourceKeys(t *testing.T) {
	p := newServicePlane(t)
	caller := p.session(t, "scoped", allow("ec2:CreateNetworkInterface", arnOf("ec2", "network-interface/*")),
		`{"Effect":"Allow","Action":"ec2:*","Resource":["`+arnOf("ec2", "subnet/*")+`","`+arnOf("ec2", "vpc/*")+`"],"Condition":{"ArnEquals":{"ec2:Vpc":"arn:aws:ec2:*:*:vpc/vpc-0123456789abcdef0"}}}`)
	p.call(t, caller, ec2Call("CreateNetworkInterface", "SubnetId=subnet-0123456789abcdef0")).wants(t, "a subnet of the VPC", 501, "NotImplemented")
	p.call(t, caller, ec2Call("CreateNetworkInterface", "SubnetId=subnet-0aaaaaaaaaaaaaaaa")).wants(t, "a subnet of which nothing is known", 403, "UnauthorizedOperation", "subnet/subnet-0aaaaaaaaaaaaaaaa")
}

// TestNamedByHalf: a resource whose name a request gives without what its service adds to it is decided on where it alone is known.
func TestNamedByHalf(t *testing.T) {
	p := newServicePlane(t)
	secret := func(name string) string { return arnOf("secretsmanager", "secret:"+name) }
	one := p.session(t, "one", allow("secretsmanager:GetSecretValue", secret("known-AbCdEf")), allow("secretsmanager:GetSecretValue", secret("twice-AbCdEf")),
		allow("secretsmanager:GetSecretValue", secret("unknown-AbCdEf")))
	tagged := p.session(t, "tagged", `{"Effect":"Allow","Action":["secretsmanager:*","autoscaling:*"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}`)
	all := p.session(t, "all", allow("secretsmanager:GetSecretValue", secret("twice-??????")))
	get := func(name string) rawRequest {
		return jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"`+name+`"}`)
	}
	p.call(t, one, get("known")).wants(t, "known", 501, "NotImplementedException")
	p.call(t, tagged, get("known")).wants(t, "known by its tag", 501, "NotImplementedException")
	p.call(t, one, get("twice")).wants(t, "two of the name", 400, "AccessDeniedException", secret("twice-??????"))
	p.call(t, tagged, get("twice")).wants(t, "two by their tags", 400, "AccessDeniedException")
	p.call(t, all, get("twice")).wants(t, "any of the name", 501, "NotImplementedException")
	p.call(t, one, get("unknown")).wants(t, "none is known", 400, "AccessDeniedException", secret("unknown-??????"))
	create := jsonCall("secretsmanager", "secretsmanager.CreateSecret", `{"Name":"known","SecretString":"x"}`)
	p.call(t, tagged, create).wants(t, "a new one of a known name has no tags", 400, "AccessDeniedException", secret("known-??????"))
	p.call(t, one, get("know")).wants(t, "another name", 400, "AccessDeniedException")

	group := arnOf("autoscaling", "autoScalingGroup:2b0c8e5d-0000-4000-8000-000000000001:autoScalingGroupName/workers")
	owner := p.session(t, "owner", allow("autoscaling:*", group))
	set := func(name string) rawRequest {
		return queryCall("autoscaling", "2011-01-01", "SetDesiredCapacity", "DesiredCapacity=3", "AutoScalingGroupName="+name)
	}
	stop := func(id string) rawRequest {
		return queryCall("autoscaling", "2011-01-01", "TerminateInstanceInAutoScalingGroup", "ShouldDecrementDesiredCapacity=true", "InstanceId="+id)
	}
	for name, caller := range map[string]rawRequest{"by its name": set("workers"), "by an instance in it": stop("i-0aaaaaaaaaaaaa001")} {
		p.call(t, owner, caller).wants(t, "a group "+name, 501, "NotImplemented")
		p.call(t, tagged, caller).wants(t, "a group "+name+", by its tag", 501, "NotImplemented")
	}
	for name, caller := range map[string]rawRequest{"another name": set("others"), "an instance of which nothing is known": stop("i-0aaaaaaaaaaaaaaaa"), "one of no group": stop("i-0123456789abcdef0")} {
		p.call(t, owner, caller).wants(t, name, 403, "AccessDenied")
		p.call(t, tagged, caller).wants(t, name, 403, "AccessDenied")
	}
	// An attachment says nothing of its instance, even where only some are known.
	p.call(t, p.session(t, "instances", allow("ec2:*", arnOf("ec2", "instance/i-0123456789abcdef0")), allow("ec2:*", arnOf("ec2", "network-interface/*"))),
		ec2Call("DetachNetworkInterface", "AttachmentId=eni-attach-0123456789abcdef0")).wants(t, "an attachment", 403, "UnauthorizedOperation")
	p.broken.Store(true)
	p.call(t, p.root, get("known")).wants(t, "a store that fails", 500, "InternalFailure")
	p.logs.Reset()
}

// TestReservedTags: a request cannot give the tags that only AWS gives, even where a backend takes them (AWS General Reference, "Tagging AWS resources":
// the prefix aws: is reserved).
func TestReservedTags(t *testing.T) {
	p := newServicePlane(t, "ec2")
	p.backend.answers(200, "text/xml", "<R/>")
	p.call(t, p.root, ec2Call("CreateTags", "ResourceId.1=i-0bbbbbbbbbbbbbbbb", "Tag.1.Key=aws:autoscaling:groupName", "Tag.1.Value=workers", "Tag.2.Key=env", "Tag.2.Value=x")).wants(t, "tags", 200, "")
	tags, err := p.directory.ResourceTags(t.Context(), account, arnOf("ec2", "instance/i-0bbbbbbbbbbbbbbbb"))
	must(t, err)
	if fmt.Sprint(tags) != "map[env:x]" {
		t.Errorf("learned %v", tags)
	}
}

// TestHostTellsServices: services of one signing name and one path are told apart by the host that was signed (botocore's models of ivs and
// ivs-realtime: both have GET /tags/{resourceArn}).
func TestHostTellsServices(t *testing.T) {
	p := newServicePlane(t)
	request := rawRequest{method: "GET", target: "/tags/arn%3Aaws%3Aivs%3A" + region + "%3A" + account + "%3Astage%2Fa", service: "ivs"}
	for _, c := range []struct{ host, service string }{{"ivs." + region + ".amazonaws.com", "ivs"}, {"ivsrealtime." + region + ".amazonaws.com", "IVS RealTime"}} {
		request.host = c.host
		p.call(t, p.root, request).wants(t, c.host, 501, "NotImplementedException")
		if got := p.classified.Load().Service.ID; got != c.service {
			t.Errorf("%s is %q", c.host, got)
		}
	}
}
