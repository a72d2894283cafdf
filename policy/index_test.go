package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// TestIndex asks policies that are large enough to be indexed by resource, and compares with the same statements one by one.
func TestIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	prefixes := []string{"b", "b/", "b/a", "b/ab", "b/a/", "c", "b/a/b/c", ""}
	for round := range 60 {
		var statements []string
		for i := range 5 + random.IntN(60) {
			statements = append(statements, fmt.Sprintf(`{"Sid":"S%d","Effect":%q,%q:%q,%q:["arn:aws:s3:::%s%s","arn:aws:s3:::%s"]}`, i, pick("Allow", "Allow", "Allow", "Deny"),
				pick("Action", "Action", "NotAction"), pick("s3:GetObject", "s3:Get*", "s3:PutObject"), pick("Resource", "Resource", "Resource", "NotResource"),
				pick(prefixes...), pick("", "*", "?", "${aws:t}"), pick(prefixes...)))
		}
		policy := compiled(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, Identity)
		for _, suffix := range append(prefixes, "b/a/b", "b/abc", "d") {
			request := &Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::" + suffix, Context: contextOf("aws:t=b")}
			var allow, deny []int
			for i, statement := range statements {
				alone := compiled(t, `{"Version":"2012-10-17","Statement":`+statement+`}`, Identity)
				switch (Policies{Identity: []*Policy{alone}}).Decide(request).Effect {
				case Allowed:
					allow = append(allow, i)
				case ExplicitlyDenied:
					deny = append(deny, i)
				}
			}
			var got []int
			decision := Policies{Identity: []*Policy{policy}}.Decide(request)
			for _, reason := range decision.Reasons() {
				if reason.Failed == "" {
					got = append(got, reason.Statement)
				}
			}
			want := deny
			if deny == nil && allow != nil {
				want = allow[:1]
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("round %d, %s: %s by %v, want %v", round, suffix, decision.Effect, got, want)
			}
		}
	}
}

// TestConcurrentDecisions shares one policy and one Context among goroutines, for the race detector to watch.
func TestConcurrentDecisions(t *testing.T) {
	policies := Policies{Identity: []*Policy{compiled(t, conditionalPolicy, Identity), compiled(t, manyStatements(20), Identity)}}
	request := benchmarkRequest(20)
	denied := *request
	denied.Resource = "arn:aws:s3:::another/k"
	want := policies.Decide(&denied).String()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if got := policies.Decide(&denied).String(); got != want || !policies.Decide(request).Allowed() {
					t.Errorf("%s, want %s", got, want)
				}
			}
		})
	}
	group.Wait()
}
