package policy

import (
	"slices"
	"testing"
)

// TestApplying: every statement that applies is told, not only the one that decides, each with the text that it spans.
func TestApplying(t *testing.T) {
	const identity = ` {"Version":"2012-10-17","Statement":[
{"Sid":"A","Effect":"Allow","Action":"s3:Get*","Resource":"*"}, {"Sid":"B","Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/*"},
{"Sid":"C","Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Sid":"D","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`
	const bucket = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}}`
	identities, resource := compiled(t, identity, Identity), compiled(t, bucket, Resource)
	policies := Policies{Identity: []*Policy{identities}, Resource: resource}
	sources := map[*Policy]string{identities: identity, resource: bucket}
	want := []struct {
		layer, text string
		statement   int
		denies      bool
	}{
		{"identity", `{"Sid":"A","Effect":"Allow","Action":"s3:Get*","Resource":"*"}`, 0, false},
		{"identity", `{"Sid":"C","Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, 2, false},
		{"identity", `{"Sid":"B","Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/*"}`, 1, true},
		{"resource", bucket[len(`{"Statement":`) : len(bucket)-1], 0, false},
	}
	got, complete := policies.Applying(&Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"})
	if len(got) != len(want) || !complete {
		t.Fatalf("%d statements apply, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if text := sources[g.Policy][g.Start:g.End]; g.Layer != w.layer || g.Statement != w.statement || g.Denies != w.denies || text != w.text {
			t.Errorf("statement %d is %s %d %t %s, want %+v", i, g.Layer, g.Statement, g.Denies, text, w)
		}
	}
	if got, complete := policies.Applying(&Request{Principal: alice(), Action: "iam:GetUser", Resource: "*", WildcardOnly: true}); got != nil || !complete {
		t.Errorf("%+v apply to another action", got)
	}
}

// TestContextKeys: the first two cases are the example of the AWS CLI reference, get-context-keys-for-custom-policy, and AWS's answer as recorded in
// 2026 about keys that differ in case only, of which it names both.
func TestContextKeys(t *testing.T) {
	for source, want := range map[string][]string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",` +
			`"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}`: {"aws:username", "aws:CurrentTime"},
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"STACK:missing":"yes"}}},` +
			`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"stack:missing":"yes"}}}]}`: {"STACK:missing", "stack:missing"},
		// In a document of the older version ${…} is text.
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}}`: nil,
		// Escaped characters are no variables; a key counts once, wherever it stands.
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/${*}${?}${$}${aws:userid, 'none'}",` +
			`"Condition":{"StringLike":{"aws:userid":["${saml:sub}","${saml:sub}x"]},"Null":{"s3:prefix":"${x:y}"}}}}`: {"aws:userid", "saml:sub", "s3:prefix"},
	} {
		document, err := Parse([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if got := document.ContextKeys(); !slices.Equal(got, want) {
			t.Errorf("keys of %s are %q, want %q", source, got, want)
		}
	}
}

// TestValidValue: what the engine can compare with an operand is a value of the type (IAM User Guide, "Condition operators").
func TestValidValue(t *testing.T) {
	for _, c := range []struct {
		kind      OperatorType
		good, bad string
	}{
		{NumericOperator, "-01.50", "0x10"}, {DateOperator, "2015-08-16T12:00:00Z", "tomorrow"}, {BoolOperator, "TRUE", "yes"},
		{BinaryOperator, "QmluYXJ5", "!base64"}, {IPOperator, "2001:db8::1", "999.0.0.1"},
	} {
		if !ValidValue(c.kind, c.good) || ValidValue(c.kind, c.bad) {
			t.Errorf("%s: %q is %t, %q is %t", c.kind, c.good, ValidValue(c.kind, c.good), c.bad, ValidValue(c.kind, c.bad))
		}
	}
	if !ValidValue(StringOperator, "") || !ValidValue(ARNOperator, "x") {
		t.Error("a text is not a String or an ARN")
	}
}
