package compare

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// TestRandomQuestions holds answers against random requests of the subject: none is allowed that may never be, and none refused that always is.
func TestRandomQuestions(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(5, 6)), variables: true}
	verdicts := map[Verdict]int{}
	for range someCases(t, 250) {
		who, _ := policy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
		subject := Subject{Principal: who, Keys: map[string][]string{"aws:t": {pick(g, "alice", "k", "x")}, "aws:s": {}}}
		var p policy.Policies
		add := func() (Named, *policy.Policy) {
			text, _ := json.Marshal(g.document())
			d := parse(t, string(text))
			return Named{"p", d}, compileIdentity(t, d)
		}
		for range 1 + g.IntN(2) {
			named, compiled := add()
			subject.Identity, p.Identity = append(subject.Identity, named), append(p.Identity, compiled)
		}
		if g.IntN(3) == 0 {
			named, compiled := add()
			subject.Boundary, p.Boundary = []Named{named}, []*policy.Policy{compiled}
		}
		p.Trust, _ = compiled(trusting("111122223333"), policy.Trust)
		question := Question{Action: pick(g, append(slices.Clone(actions), "s3:*", "*")...), Resource: pick(g, append(slices.Clone(resources), "", "arn:aws:s3:::b/*")...)}
		answer, err := Can(subject, question, Options{})
		if err != nil {
			t.Fatal(err)
		}
		verdicts[answer.Verdict]++
		for range 300 {
			request := g.request()
			request.Context.Set("aws:t", subject.Keys["aws:t"][0])
			request.Context.SetList("aws:s")
			request.ResourceAccount = "111122223333"
			if !strings.Contains(question.Action, "*") {
				request.Action = question.Action
			}
			if question.Resource != "" && question.Resource != "arn:aws:s3:::b/*" {
				request.Resource = question.Resource
			}
			if !policy.MatchGlob(question.Action, request.Action) || question.Resource == "arn:aws:s3:::b/*" && !strings.HasPrefix(request.Resource, "arn:aws:s3:::b/") ||
				strings.EqualFold(request.Action, "sts:GetCallerIdentity") {
				continue
			}
			beside := p
			if !strings.HasPrefix(request.Action, "sts:") {
				beside.Trust = nil
			}
			allowed := beside.Decide(&request).Allowed()
			if allowed && answer.Verdict == Never || !allowed && answer.Verdict == Always {
				t.Fatalf("%s %s: allowed is %v, but the answer to %+v is %v\n%s\n%v", request.Action, request.Resource, allowed, question, answer.Verdict, subject.Identity[0].Document, subject.Boundary)
			}
		}
	}
	t.Logf("%v", verdicts)
	for _, verdict := range []Verdict{Never, Depends, Always} {
		if verdicts[verdict] < 20 {
			t.Errorf("only %d answers are %v", verdicts[verdict], verdict)
		}
	}
	if verdicts[Undecided] > 25 {
		t.Errorf("%d questions are undecided", verdicts[Undecided])
	}
}

// TestCan: what is known of a subject decides, and what is not is told.
func TestCan(t *testing.T) {
	document := parse(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/*"},
		{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"ml","aws:SourceVpc":"vpc-1"}}},
		{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::home/*/secret","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},
		{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}]}`)
	who, err := policy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	subject := Subject{Principal: who, Identity: []Named{{"p", document}}, Keys: map[string][]string{"aws:username": {"alice"}, "aws:PrincipalTag/team": {"ml"}}}
	for _, c := range []struct {
		action, resource string
		want             Verdict
		open             string // the keys of open conditions, and of limits'
	}{
		{"s3:GetObject", "arn:aws:s3:::home/alice/x", Always, ""},
		{"s3:GetObject", "arn:aws:s3:::home/bob/x", Never, ""},
		{"s3:GetObject", "arn:aws:s3:::home/alice/secret", Depends, " limit 2 aws:MultiFactorAuthPresent"},
		{"s3:PutObject", "arn:aws:s3:::b/x", Depends, "aws:SourceVpc"},
		{"s3:PutObject", "arn:aws:s3:::other/x", Never, ""},
		{"s3:PutObject", "*", Depends, "aws:SourceVpc"},
		{"s3:GetObject", "*", Never, ""},
		{"ec2:RunInstances", "", Never, ""},
		{"*", "", Depends, "aws:SourceVpc limit 2 aws:MultiFactorAuthPresent limit 3 limit 2 aws:MultiFactorAuthPresent"},
	} {
		answer, err := Can(subject, Question{c.action, c.resource}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var open strings.Builder
		for i := len(answer.Permissions) - 1; i >= 0; i-- {
			p := answer.Permissions[i]
			for _, condition := range p.Conditions {
				open.WriteString(condition.Key.Value)
			}
			for _, limit := range p.Limits {
				open.WriteString(" limit " + string(rune('0'+limit.Number)))
				for _, condition := range limit.Conditions {
					open.WriteString(" " + condition.Key.Value)
				}
			}
		}
		if answer.Verdict != c.want || open.String() != c.open || len(answer.NotProven) > 0 {
			t.Errorf("%s %s: %v, open %q, not proven %q", c.action, c.resource, answer.Verdict, open.String(), answer.NotProven)
		}
	}
}
