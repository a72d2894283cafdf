package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// The expectations in this file are recorded answers of AWS, of February 2026, as localstack's tests keep them.

// TestManagedPolicyVersion: a managed policy must be of the newer version of the language. AWS says so after faults of syntax and before all others.
// An inline policy may be of the older one (IAM User Guide, "IAM JSON policy elements: Version").
func TestManagedPolicyVersion(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")
	const tooOld = "Policy document must be version 2012-10-17 or greater."
	create := func(document string) error {
		return second(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "P", PolicyDocument: document}))
	}
	for _, c := range []struct{ document, want string }{
		{`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`, tooOld},
		{`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`, tooOld},
		{`{"Statement":{"Effect":"ALLOW","Action":"GetObject","Resource":"x"}}`, tooOld},
		{`{"Statement":[]}`, "Syntax errors in policy."},
		{`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":{}}}`, "Syntax errors in policy."},
	} {
		expect(t, create(c.document), "MalformedPolicyDocument", c.want)
	}
	done(t, create(allowGet))
	arn := "arn:aws:iam::" + account + ":policy/P"
	const old = `{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`
	_, err := p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: arn, PolicyDocument: old})
	expect(t, err, "MalformedPolicyDocument", tooOld)
	done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "P", PolicyDocument: old}))
}

// TestTagOrder: a policy's tags come back as they were given, and are listed by their keys, the shorter ones first.
func TestTagOrder(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	keys := func(tags []iam.Tag) (keys string) {
		for _, tag := range tags {
			keys += tag.Key + " "
		}
		return keys
	}
	tags := []iam.Tag{{Key: "abc"}, {Key: "b"}, {Key: "z"}, {Key: "a"}, {Key: "A"}}
	created, err := p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "P", PolicyDocument: allowGet, Tags: tags})
	if err != nil || keys(created.Tags) != "abc b z a A " {
		t.Errorf("created with %q, %v", keys(created.Tags), err)
	}
	var listed []iam.Tag
	for next := (iam.Paging{MaxItems: new(2)}); ; {
		page := must(p.ListPolicyTags(ctx, p.root, iam.ListByPolicyInput{PolicyARN: created.ARN, Paging: next}))
		listed = append(listed, page.Items...)
		if next.Marker = page.Marker; !page.IsTruncated {
			break
		}
	}
	if keys(listed) != "A a b z abc " {
		t.Errorf("listed are %q", keys(listed))
	}
}

// TestServiceLinkedRoleNames: a role is called what AWS calls it, and a suffix is allowed where AWS allows it.
func TestServiceLinkedRoleNames(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	create := func(service, suffix string) (iam.Role, error) {
		return p.CreateServiceLinkedRole(ctx, p.root, iam.CreateServiceLinkedRoleInput{AWSServiceName: service, CustomSuffix: suffix})
	}
	for service, name := range map[string]string{
		"batch.amazonaws.com":                       "AWSServiceRoleForBatch",
		"ecs.amazonaws.com":                         "AWSServiceRoleForECS",
		"accountdiscovery.ssm.amazonaws.com":        "AWSServiceRoleForAmazonSSM_AccountDiscovery",
		"ec2.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_EC2SpotFleetRequest",
		"ec2-instance-connect.amazonaws.com":        "AWSServiceRoleForEc2InstanceConnect",
		"docdb-elastic.amazonaws.com":               "AWSServiceRoleForDocDB-Elastic",
	} {
		role, err := create(service, "")
		if err != nil || role.Name != name || role.ARN != fmt.Sprintf("arn:aws:iam::%s:role/aws-service-role/%s/%s", account, service, name) {
			t.Errorf("%s: %+v, %v", service, role, err)
		}
		_, err = create(service, "suffix")
		expect(t, err, "InvalidInput", "Custom suffix is not allowed for "+service)
	}
	for service, name := range map[string]string{
		"autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
		"connect.amazonaws.com":     "AWSServiceRoleForAmazonConnect",
		"lexv2.amazonaws.com":       "AWSServiceRoleForLexV2Bots",
	} {
		if role := must(create(service, "suffix")); role.Name != name+"_suffix" || !strings.HasSuffix(role.ARN, "/"+role.Name) {
			t.Errorf("%s: %+v", service, role)
		}
	}
}
