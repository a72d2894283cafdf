package compare

import (
	"slices"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// TestVariablesThatDiffer: each pair differs in requests in which what stands for a variable, and where it stands, is decisive.
func TestVariablesThatDiffer(t *testing.T) {
	const (
		all = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
		one = `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/alice"}`
	)
	for _, c := range []struct{ name, first, second string }{
		{"the text spares a resource from NotResource", one,
			`{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::b/${aws:t}"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/alice"}`},
		{"a list has no value as a variable", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:t":"${aws:t}"}}}`,
			`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:t":"?*"}}}`},
		{"the text in another case", all + `,{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:k":"${aws:t}"}}}`,
			all + `,{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIgnoreCase":{"aws:k":"${aws:t}"}}}`},
		{"the text has colons", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"aws:k":"arn:aws:s3:*:${aws:t}:*:x"}}}`,
			`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"aws:k":"arn:aws:s3:*:${aws:t}:?*:x"}}}`},
	} {
		first := parse(t, `{"Version":"2012-10-17","Statement":[`+c.first+`]}`)
		second := parse(t, `{"Version":"2012-10-17","Statement":[`+c.second+`]}`)
		result, err := Diff(first, second, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if checkWitnesses(t, result); result.Same() {
			t.Errorf("%s: they are said to grant the same", c.name)
		}

	}
}

// TestEmptyOperands: a list of operands that is empty is a condition like any other.
func TestEmptyOperands(t *testing.T) {
	never := parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:k":[]}}}}`)
	nothing := parse(t, `{"Version":"2012-10-17","Statement":[]}`)
	result, err := Diff(never, nothing, Options{})
	if err != nil || !result.Same() {
		t.Errorf("%+v, %v", result, err)
	}
}

// TestQuestionsOfPatterns: what a variable may stand for, and which actions there are, bounds a question's pattern.
func TestQuestionsOfPatterns(t *testing.T) {
	who, err := policy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	const tagged = `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/bucket}/*"}`
	for _, c := range []struct {
		statements, action, resource string
		tag                          []string
		want                         Verdict
	}{
		{tagged, "s3:GetObject", "arn:aws:s3:::b/*", nil, Depends},
		{tagged, "s3:GetObject", "arn:aws:s3:::b*", nil, Depends},
		{tagged, "s3:GetObject", "arn:aws:s3:::b/*", []string{"b"}, Always},
		{tagged, "s3:GetObject", "arn:aws:s3:::b/*", []string{"c"}, Never},
		{tagged + `,{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, "s3:GetObject", "arn:aws:s3:::b/*", nil, Always},
		{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "s3:*", "", nil, Always},
		{`{"Effect":"Deny","Action":"*","Resource":"*"}`, "sts:GetCallerIdentity", "*", nil, Always},
		{`{"Effect":"Deny","Action":"*","Resource":"*"}`, "sts:Get*", "*", nil, Never},
	} {
		subject := Subject{Principal: who, Identity: []Named{{"p", parse(t, `{"Version":"2012-10-17","Statement":[`+c.statements+`]}`)}}, Keys: map[string][]string{}}
		if c.tag != nil {
			subject.Keys["aws:PrincipalTag/bucket"] = slices.Clone(c.tag)
		}
		answer, err := Can(subject, Question{Action: c.action, Resource: c.resource}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Verdict != c.want || len(answer.NotProven) > 0 {
			t.Errorf("%s on %q with tag %q: %v, not proven %q", c.action, c.resource, c.tag, answer.Verdict, answer.NotProven)
		}
	}
}
