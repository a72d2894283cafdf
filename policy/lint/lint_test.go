package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
)

// TestFinding looks at everything that a finding says.
func TestFinding(t *testing.T) {
	const source = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"},
    {"Sid": "Write", "Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjct"], "Resource": "arn:aws:s3:::bucket/*"}
  ]
}`
	findings := lint.Source([]byte(source), lint.Options{Reference: reference(t)})
	if len(findings) != 1 {
		t.Fatalf("%+v", findings)
	}
	f := findings[0]
	if f.ID != "unknown-action" || f.Severity != lint.Error || f.Position != (policy.Position{Line: 5, Column: 68}) || f.Statement != 1 || f.SID != "Write" ||
		f.Message != "s3 has no action PutObjct" || f.Hint != "did you mean s3:PutObject?" || len(f.AccessAnalyzer) != 1 || f.AccessAnalyzer[0] != "INVALID_ACTION" {
		t.Errorf("%+v", f)
	}
}

// TestGrammar: what does not parse is a finding like any other, with its place.
func TestGrammar(t *testing.T) {
	for source, want := range map[string]string{
		"":                               "1:1",
		"{\n\"Version\":\"2013-10-17\"}": "2:11",
		document(`"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"`):                               "1:91",
		document(`"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:x":"y"}}`): "1:124",
	} {
		findings := lint.Source([]byte(source), lint.Options{})
		found := false
		for _, f := range findings {
			found = found || f.ID == "grammar" && f.Position.String() == want
		}
		if !found {
			t.Errorf("%s: want grammar at %s, have %+v", source, want, findings)
		}
	}
}

// TestWithoutReference: rules that need one are left out, and a finding says so.
func TestWithoutReference(t *testing.T) {
	if got := ids(lint.Source([]byte(allow(`"s4:GetObjct"`, `"*"`)), lint.Options{})); got != "not-checked" {
		t.Errorf("found %q", got)
	}
	if got := ids(lint.Source([]byte(get(`"StringLike":{"aws:PrincipalTag/a":"*"}`)), lint.Options{})); got != "match-all-pattern not-checked" {
		t.Errorf("found %q", got)
	}
}

// TestGuessKind: without principals identity, with principals and without resources trust, with both resource.
func TestGuessKind(t *testing.T) {
	for source, want := range map[string]lint.Kind{
		allow(`"s3:GetObject"`, `"*"`):            lint.Identity,
		claims(``):                                lint.Trust,
		bucket(`"Principal":"*"`):                 lint.Resource,
		`{"Version":"2012-10-17","Statement":[]}`: lint.Identity,
		deny(`"s3:GetObject"`, "", `"NotPrincipal":{"AWS":"111122223333"}`): lint.Trust,
	} {
		parsed, err := policy.Parse([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if got := lint.GuessKind(parsed); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

// TestNames: kinds and severities are read as they are written.
func TestNames(t *testing.T) {
	for _, kind := range lint.Kinds() {
		if got, err := lint.ParseKind(string(kind)); got != kind || err != nil {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
	}
	for severity := lint.Suggestion; severity <= lint.Error; severity++ {
		if got, err := lint.ParseSeverity(severity.String()); got != severity || err != nil {
			t.Errorf("%v: %v, %v", severity, got, err)
		}
	}
	if _, err := lint.ParseKind(""); err == nil {
		t.Error("no kind is a kind")
	}
	if _, err := lint.ParseSeverity("fatal"); err == nil {
		t.Error("fatal is a severity")
	}
}

// hostile are documents that ask for as much work as they can.
func hostile() map[string]string {
	repeat := func(count int, format string) string {
		items := make([]string, count)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ",")
	}
	statements := make([]string, 8000)
	for i := range statements {
		statements[i] = inner("Allow", fmt.Sprintf(`"s3:Get%d*"`, i), fmt.Sprintf(`"arn:aws:s3:::bucket%d*"`, i))
	}
	return map[string]string{
		"patterns of actions":   allow(repeat(60000, `"ec2:*a*b*c%d*"`), `"*"`),
		"unknown actions":       allow(repeat(60000, `"ec2:DescribeInstance%d"`), `"*"`),
		"patterns of resources": allow(`"s3:GetObject"`, repeat(40000, `"arn:aws:s3:::*a*b*c%d*"`)),
		"known actions":         allow(`"ec2:*","s3:*","iam:*"`, repeat(30000, `"arn:aws:ec2:*:*:*a*/%d*"`)),
		"statements":            document(statements...),
		"conditions":            get(`"StringLike":{` + repeat(20000, `"aws:PrincipalTag/%d":"*a*b*"`) + `}`),
		"values":                get(`"StringLike":{"aws:PrincipalTag/a":[` + repeat(60000, `"*a*b*c%d*"`) + `]}`),
		"two lists of values":   get(`"StringLike":{"aws:PrincipalTag/a":[` + repeat(20000, `"*a*b*c%d*"`) + `]},"StringEquals":{"aws:PrincipalTag/a":[` + repeat(20000, `"ab%d"`) + `]}`),
		"a long pattern":        allow(`"s3:GetObject"`, `"arn:aws:s3:::`+strings.Repeat("*a", 500000)+`"`),
	}
}

// TestBudget: whatever a document asks for, the work ends soon. The bound is generous, for slow machines; quadratic work would take minutes.
func TestBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest documents there may be, checked in one goroutine")
	}
	table := reference(t)
	limited := 0
	for name, source := range hostile() {
		parsed, err := policy.Parse([]byte(source))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		start := time.Now()
		findings := lint.Check(parsed, lint.Options{Reference: table})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v, %d findings", name, took, len(findings))
		}
		if strings.Contains(ids(findings), "not-checked") {
			limited++
		}
	}
	if limited == 0 {
		t.Error("no document was too large to compare everything with everything")
	}
}

// FuzzCheck: no document makes a rule panic, and findings are inside of it.
func FuzzCheck(f *testing.F) {
	for _, c := range ruleCases() {
		f.Add([]byte(c.bad), byte(0))
		f.Add([]byte(c.good), byte(7))
	}
	table := reference(f)
	f.Fuzz(func(t *testing.T, source []byte, kind byte) {
		options := lint.Options{Kind: append(lint.Kinds(), lint.Guess)[int(kind)%(len(lint.Kinds())+1)], Reference: table}
		lines := strings.Split(string(source), "\n")
		parsed, err := policy.Parse(source)
		for _, found := range lint.Source(source, options) {
			at := found.Position
			if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+1 {
				t.Errorf("%s at %v, outside of the document", found.ID, at)
			}
			if err == nil && found.Statement >= parsed.Len() || found.Statement < -1 || found.Message == "" {
				t.Errorf("%+v", found)
			}
		}
	})
}

// TestDocumentedResourcePolicies: what the guides of ECR and CloudFront have put on repositories and buckets is found to be right.
func TestDocumentedResourcePolicies(t *testing.T) {
	for name, source := range map[string]string{
		"a repository's": allow(`"ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"`, "", `"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`),
		"a bucket's":     bucket(`"Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"}`),
	} {
		document, err := policy.Parse([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if kind := lint.GuessKind(document); kind != lint.Resource {
			t.Errorf("%s is guessed to be for %q", name, kind)
		}
		if findings := lint.Check(document, lint.Options{Reference: reference(t)}); len(findings) > 0 {
			t.Errorf("%s: %+v", name, findings)
		}
	}
	if got := ids(lint.Source([]byte(allow(`"sts:AssumeRole"`, "", `"Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"}`)), lint.Options{})); got != "grammar not-checked" {
		t.Errorf("a role for an origin access identity: found %q", got)
	}
	for name, source := range map[string]string{
		"a bucket's policy without Resource":        allow(`"s3:GetObject"`, "", `"Principal":{"AWS":"111122223333"}`),
		"everything but a repository's actions":     document(`"Effect":"Deny","NotAction":["ecr:BatchGetImage"],"Principal":{"AWS":"111122223333"}`),
		"actions of a bucket beside a repository's": allow(`"ecr:BatchGetImage","s3:GetObject"`, "", `"Principal":{"AWS":"111122223333"}`),
		"a user of CloudFront's account":            bucket(`"Principal":{"AWS":"arn:aws:iam::cloudfront:user/other"}`),
	} {
		if got := ids(lint.Source([]byte(source), lint.Options{Kind: lint.Resource, Reference: reference(t)})); got != "grammar" {
			t.Errorf("%s: found %q", name, got)
		}
	}
}
