package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const trustSource = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "App",
      "Effect": "Allow",
      "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example"},
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {"issuer.example:aud": "sts.amazonaws.com",
          "issuer.example:sub": "system:serviceaccount:shop:orders"}
      }
    }
  ]
}
`

func TestExcerpt(t *testing.T) {
	caller, err := ParsePrincipal("arn:aws:iam::111122223333:oidc-provider/issuer.example")
	if err != nil {
		t.Fatal(err)
	}
	request := &Request{Principal: caller, Action: "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:iam::111122223333:role/r",
		Context: contextOf("issuer.example:aud=sts.amazonaws.com issuer.example:sub=system:serviceaccount:shop:payments")}
	decision := Policies{Trust: compiled(t, trustSource, Trust)}.Decide(request)
	reason := decision.Reasons()[0]
	const excerpt = `11 |           "issuer.example:sub": "system:serviceaccount:shop:orders"}
   |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |                              got system:serviceaccount:shop:payments
`
	if got := reason.Excerpt([]byte(trustSource)); got != excerpt {
		t.Errorf("excerpt\n%swant\n%s", got, excerpt)
	}
	const line = "policy statement 0 (App) at 11:33: StringEquals issuer.example:sub: wanted system:serviceaccount:shop:orders, got system:serviceaccount:shop:payments"
	if reason.String() != line || decision.String() != "ImplicitlyDenied: "+line {
		t.Errorf("%s\n%s", reason, decision)
	}
}

// TestExcerptOfStatement: what decided as a whole is shown with its first lines.
func TestExcerptOfStatement(t *testing.T) {
	source := strings.Replace(trustSource, "Allow", "Deny", 1)
	caller, err := ParsePrincipal("arn:aws:iam::111122223333:oidc-provider/issuer.example")
	if err != nil {
		t.Fatal(err)
	}
	request := &Request{Principal: caller, Action: "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:iam::111122223333:role/r",
		Context: contextOf("issuer.example:aud=sts.amazonaws.com issuer.example:sub=system:serviceaccount:shop:orders")}
	decision := Policies{Trust: compiled(t, source, Trust)}.Decide(request)
	const excerpt = `4 |     {
  |     ^
5 |       "Sid": "App",
6 |       "Effect": "Deny",
7 |       "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example"},
`
	if got := decision.Reasons()[0].Excerpt([]byte(source)); got != excerpt || decision.Effect != ExplicitlyDenied {
		t.Errorf("%s\n%swant\n%s", decision, got, excerpt)
	}
	if got := (Reason{Statement: -1}).Excerpt([]byte(source)); got != "" {
		t.Errorf("a reason without a place shows %q", got)
	}
	if decision.Because(request.Action) != "with an explicit deny in the role trust policy" {
		t.Error(decision.Because(request.Action))
	}
}

// TestExcerptOfOneLine: a document without line breaks is shown around the clause, at any width of the clause.
func TestExcerptOfOneLine(t *testing.T) {
	for _, length := range []int{0, 5, 60, 90, 500} {
		for _, before := range []int{0, 10, 300} {
			source := fmt.Sprintf(`{%s"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::%s"},"Id":"é%s"}`, strings.Repeat(" ", before), strings.Repeat("é", length), strings.Repeat("x", 200))
			policy := compiled(t, source, Identity)
			reason := Policies{Identity: []*Policy{policy}}.Decide(&Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::z"}).Reasons()[0]
			checkExcerpt(t, reason, []byte(source))
			lines := strings.Split(reason.Excerpt([]byte(source)), "\n")
			above, under := []rune(lines[0]), lines[1]
			if at := strings.IndexByte(under, '^'); at < 0 || !strings.HasPrefix(string(above[at:]), "arn:aws:s3:::") {
				t.Errorf("length %d after %d:\n%s", length, before, strings.Join(lines, "\n"))
			}
		}
	}
}

// TestNearest has two Allow statements or more, and which the denial must show with what.
func TestNearest(t *testing.T) {
	statement := func(elements string) string { return `{"Effect":"Allow",` + elements + `}` }
	read := statement(`"Action":["s3:GetObject","s3:ListBucket","ec2:Describe*"],"Resource":"arn:aws:s3:::b/${aws:username}/*"`)
	cases := []struct {
		name       string
		statements []string
		action     string
		statement  int
		detail     string
	}{
		{"action", []string{read}, "s3:PutObject", 0, "Action: wanted s3:GetObject or s3:ListBucket, got s3:PutObject"},
		{"another service", []string{read}, "iam:GetRole", 0, "Action: wanted s3:GetObject or s3:ListBucket or ec2:Describe*, got iam:GetRole"},
		{"the same service is nearer", []string{statement(`"Action":"iam:*","Resource":"*"`), read}, "s3:PutObject", 1, "Action: wanted s3:GetObject or s3:ListBucket, got s3:PutObject"},
		{"the action is nearer than the resource", []string{statement(`"Action":"iam:*","Resource":"*"`), read}, "s3:GetObject", 1, "Resource: wanted arn:aws:s3:::b/alice/*, got arn:aws:s3:::b/bob/k"},
		{"NotAction", []string{statement(`"NotAction":"s3:*","Resource":"*"`)}, "s3:GetObject", 0, "NotAction: wanted anything but s3:*, got s3:GetObject"},
		{"NotResource", []string{statement(`"Action":"*","NotResource":"arn:aws:s3:::b/*"`)}, "s3:GetObject", 0, "NotResource: wanted anything but arn:aws:s3:::b/*, got arn:aws:s3:::b/bob/k"},
		{"fewer conditions", []string{
			statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:b":"true"},"NumericLessThanEquals":{"aws:n":5}}`),
			statement(`"Action":"*","Resource":"*","Condition":{"NumericLessThanEquals":{"aws:n":5},"StringEquals":{"aws:x":"${aws:username}"}}`),
		}, "s3:GetObject", 1, "NumericLessThanEquals aws:n: wanted at most 5, got 7"},
		{"negated", []string{statement(`"Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:x":["${aws:username}","b"]}}`)}, "s3:GetObject", 0, "StringNotEquals aws:x: wanted anything but alice or b, got alice"},
		{"absent", []string{statement(`"Action":"*","Resource":"*","Condition":{"StringLike":{"aws:y":["${aws:none}"]}}`)}, "s3:GetObject", 0, "StringLike aws:y: wanted ${aws:none}, got nothing"},
		{"Null", []string{statement(`"Action":"*","Resource":"*","Condition":{"Null":{"aws:x":"true"}}`)}, "s3:GetObject", 0, "Null aws:x: wanted the key to be absent, got alice"},
		{"no Allow at all", []string{`{"Effect":"Deny","Action":"iam:*","Resource":"*"}`}, "s3:GetObject", -1, "no statement allows anything"},
	}
	for _, c := range cases {
		policy := compiled(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(c.statements, ",")+`]}`, Identity)
		decision := Policies{Identity: []*Policy{policy}}.Decide(&Request{Principal: alice(), Action: c.action, Resource: "arn:aws:s3:::b/bob/k", Context: contextOf("aws:n=7 aws:x=alice")})
		reasons := decision.Reasons()
		if len(reasons) != 1 || reasons[0].Statement != c.statement || reasons[0].Detail() != c.detail {
			t.Errorf("%s: %s, want statement %d: %s", c.name, decision, c.statement, c.detail)
		}
	}
}

// TestBecause has the sentences of IAM User Guide, "Troubleshoot access denied error messages".
func TestBecause(t *testing.T) {
	deny := `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`
	cases := []struct {
		policies Policies
		want     string
	}{
		{Policies{Identity: union(t, allowAll)}, ""},
		{Policies{}, "because no identity-based policy allows the s3:PutObject action"},
		{Policies{Identity: union(t, allowAll), Boundary: union(t)}, "because no permissions boundary allows the s3:PutObject action"},
		{Policies{Identity: union(t, allowAll), Session: union(t)}, "because no session policy allows the s3:PutObject action"},
		{Policies{Identity: union(t, deny)}, "with an explicit deny in an identity-based policy"},
		{Policies{Boundary: union(t, deny)}, "with an explicit deny in a permissions boundary"},
		{Policies{Session: union(t, deny)}, "with an explicit deny in a session policy"},
	}
	for _, c := range cases {
		decision := c.policies.Decide(&Request{Principal: alice(), Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k"})
		if got := decision.Because("s3:PutObject"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		text, err := json.Marshal(decision)
		var again Decision
		if err != nil || json.Unmarshal(text, &again) != nil || again.Because("s3:PutObject") != c.want || again.Effect != decision.Effect {
			t.Errorf("read again: %s (%v)", again, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"decision":"Maybe"}`), &Decision{}); err == nil {
		t.Error("an unknown decision was read")
	}
}

// TestReasonsAreBounded: neither a large policy nor a large request makes a large denial.
func TestReasonsAreBounded(t *testing.T) {
	actions := `"s3:Get` + strings.Repeat(`Object","s3:Get`, 5000) + `"`
	policy := compiled(t, `{"Statement":{"Effect":"Allow","Action":[`+actions+`],"Resource":"*"}}`, Identity)
	decision := Policies{Identity: []*Policy{policy}}.Decide(&Request{Principal: alice(), Action: "s3:" + strings.Repeat("x", 1<<20), Resource: "arn:aws:s3:::b"})
	if text, _ := json.Marshal(decision); len(text) > 4096 {
		t.Errorf("%d bytes", len(text))
	}
	if reasons := decision.Reasons(); !strings.HasSuffix(reasons[0].Wanted[maxReasonValues], "and 4985 more") {
		t.Errorf("wanted %q", reasons[0].Wanted)
	}
}

// TestExcerptOfPlace: a place without a reason is shown with carets alone, and nothing is shown of a place that is not there.
func TestExcerptOfPlace(t *testing.T) {
	const want = "3 |   \"b\": [\"two\"]\n  |          ^^^\n"
	if got := Excerpt([]byte("{\n  \"a\": 1,\n  \"b\": [\"two\"]\n}"), Position{3, 9}); got != want {
		t.Errorf("excerpt\n%swant\n%s", got, want)
	}
	for _, at := range []Position{{}, {1, 0}, {1, 2}, {2, 1}} {
		if got := Excerpt([]byte("x"), at); got != "" {
			t.Errorf("%v: %q", at, got)
		}
	}
}
