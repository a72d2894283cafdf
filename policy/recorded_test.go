package policy

import (
	"errors"
	"testing"
)

// TestRecordedSentences has facts that AWS's own answers to CreatePolicy show, as localstack's tests recorded them in February 2026: the sentence for a
// fault, and of several faults the one that is told, wherever in the document it is.
func TestRecordedSentences(t *testing.T) {
	const legacy = "The policy failed legacy parsing"
	with := func(elements string) string { return `{"Version":"2012-10-17","Statement":{` + elements + `}}` }
	resource := func(resource string) string {
		return with(`"Effect":"Allow","Action":"s3:GetObject","Resource":` + resource)
	}
	cases := []struct{ name, source, want string }{
		{"no JSON at all", `Allow everything.`, "Syntax errors in policy."},
		{"no statement in the list", `{"Version":"2012-10-17"}`, "Syntax errors in policy."},
		{"an operator without an object", with(`"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"DateEquals":{"k":{}}}`), "Syntax errors in policy."},

		{"an effect in another case", with(`"Effect":"DENY","Action":"a:B","Resource":"*"`), legacy},
		{"an effect that is none", with(`"Effect":"Maybe","Action":"a:B","Resource":"*"`), "Syntax errors in policy."},
		{"a month that is none", with(`"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"DateEquals":{"k":"2024-13"}}`), legacy},
		{"an ARN without a service", resource(`"arn:aws::x"`), legacy},
		{"an ARN that is short", resource(`"arn:aws:s3::x"`), legacy},
		{"an ARN of two parts", resource(`"arn:aws"`), "Resource vendor must be fully qualified and cannot contain regexes."},

		{"no ARN", resource(`""`), `Resource  must be in ARN format or "*".`},
		{"no partition of AWS", resource(`"arn:mars:s3:::x"`), `Partition "mars" is not valid for resource "arn:mars:s3:::x".`},
		{"something with a colon", resource(`"x:y"`), `Partition "y" is not valid for resource "arn:y:*:*:*:*".`},
		{"something with two colons", resource(`"x:y:z"`), `Partition "y" is not valid for resource "arn:y:z:*:*:*".`},
		{"an ARN whose beginning is missing", resource(`"aws:s3:::x"`), `Partition "s3" is not valid for resource "arn:s3:::x:*".`},
		{"something with many colons", resource(`"1:2:3:4:5:6:7:8"`), `Partition "2" is not valid for resource "arn:2:3:4:5:6:7:8".`},
		{"nothing that IAM has", resource(`"arn:aws:iam:::x"`), `IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, ` +
			"instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."},
		{"IAM in a region", resource(`"arn:aws:iam:eu-west-1::x"`), "IAM resource arn:aws:iam:eu-west-1::x cannot contain region information."},
		{"a bucket in a region", resource(`"arn:aws:s3:eu-west-1::x"`), "Resource arn:aws:s3:eu-west-1::x can not contain region information."},

		{"a legacy fault before missing actions", with(`"Effect":"allow","Resource":"*"`), legacy},
		{"a date before missing actions", with(`"Effect":"Allow","Condition":{"DateEquals":{"k":"today"}}`), legacy},
		{"a date before a partition", with(`"Effect":"Allow","Action":"a:B","Resource":"arn:mars:s3:::x","Condition":{"DateEquals":{"k":"today"}}`), legacy},
		{"the first of two resources", resource(`["arn:mars:s3:::x","arn:mars:s3::x"]`), `Partition "mars" is not valid for resource "arn:mars:s3:::x".`},
		{"equal Sids before missing actions", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"a:B","Resource":"*"},{"Sid":"a","Effect":"Deny"}]}`,
			"Statement IDs (SID) in a single policy must be unique."},
		{"missing actions before missing resources", with(`"Effect":"Deny"`), "Policy statement must contain actions."},
		{"missing resources before a bad action", with(`"Effect":"Allow","Action":"GetObject"`), "Policy statement must contain resources."},
		{"a bad resource before a bad action", with(`"Effect":"Allow","Action":"s:3:B","Resource":"bucket"`), `Resource bucket must be in ARN format or "*".`},
		{"syntax before everything", `{"Version":"2012-10-17","Statement":[{"Effect":"allow"},"x"]}`, "Syntax errors in policy."},
	}
	for _, c := range cases {
		var complaint *Error
		if err := check(c.source, Identity); !errors.As(err, &complaint) || complaint.Sentence(Identity) != c.want {
			t.Errorf("%s: %v\n%s\nwant the sentence: %s", c.name, err, c.source, c.want)
		}
	}
}

// TestRecordedPolicies: AWS was recorded to take these, unusual as they are.
func TestRecordedPolicies(t *testing.T) {
	for _, source := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a.b-c:D","Resource":["*","arn:aws:nothing:eu-west-1::x"],"Condition":{}}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"StringEqualsIfExists":{"k":"v"},"DateEquals":{"l":[]}}}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"DateLessThan":{"k":"-99999999"},"DateEquals":{}}}}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","NotAction":"a:B","NotResource":"*"},{"Sid":"","Effect":"Deny","Action":"*","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:eu-west-1:111122223333:accesspoint/p","arn:aws:iam:::user/x"]}}`,
	} {
		if err := check(source, Identity); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestRecordedTrust: AWS was recorded to refuse an action of STS that makes no session of a role. Which wildcards it takes is not recorded; those that
// match an action that does are in use.
func TestRecordedTrust(t *testing.T) {
	trust := func(action string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"` + action + `"}}`
	}
	var complaint *Error
	for _, action := range []string{"sts:NoSuchAction", "sts:GetCallerIdentity", "sts:AssumeRoleWith"} {
		if err := check(trust(action), Trust); !errors.As(err, &complaint) || complaint.Sentence(Trust) != "AssumeRole policy may only specify STS AssumeRole actions." {
			t.Errorf("%s: %v", action, err)
		}
	}
	for _, action := range []string{"sts:AssumeRole", "STS:assumerole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity",
		"sts:SetContext", "sts:AssumeRole*", "sts:*"} {
		if err := check(trust(action), Trust); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}
