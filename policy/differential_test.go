package policy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// generator makes small policies and requests from a vocabulary in which most things nearly match.
type generator struct{ *rand.Rand }

func pick[T any](g generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// some is one choice, or a list of up to three.
func some[T any](g generator, choices ...T) any {
	if g.IntN(2) == 0 {
		return pick(g, choices...)
	}
	list := []any{}
	for range 1 + g.IntN(3) {
		list = append(list, pick(g, choices...))
	}
	return list
}

var (
	genActions   = []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "ec2:RunInstances", "s3:getobject"}
	genPatterns  = []string{"*", "s3:*", "s3:Get*", "S3:GETOBJECT", "s3:*Object", "ec2:*", "s3:?etObject", "s3:ListBucket", "*:*", "ec2:Run*s"}
	genResources = []string{"arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/alice/x", "arn:aws:s3:::b/*", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", "arn:aws:s3:::b/a:b"}
	genARNs      = []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:t}/*", "arn:aws:s3:::b/${aws:t, 'k'}", "arn:aws:s3:*", "arn:aws:ec2:*:*:instance/*",
		"arn:aws:s3:::b/${*}", "arn:aws:s3:::?/k", "arn:*:s3:::b/*", "arn:aws:s3:::b/${aws:none}", "arn:aws:s3:::*/x", "arn:aws:ec2:us-*:1111*:instance/i-?", "arn:aws:s3:::b/*b", "arn:*:s3:::b/${aws:t}", "arn:aws:s3:*:*:*/${aws:t, 'alice'}/?"}
	genKeys    = []string{"aws:t", "aws:T", "aws:l", "aws:n", "aws:d", "aws:ip", "aws:b", "aws:arn", "aws:k", "aws:none", "aws:PrincipalArn"}
	genValues  = []string{"", "alice", "Alice", "a*", "b", "k", "true", "FALSE", "10", "10.0", "-3", "9007199254740993", "2024-01-01T00:00:00Z", "1704067200", "2024", "10.0.0.1", "::1", "QQ==", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:iam::111122223333:role/app"}
	genOperand = map[string][]any{
		"String":  {"alice", "ALICE", "a*", "?", "b", "", "${aws:t}", "${aws:none}", "${aws:l}", "${aws:none, 'b'}", "${*}", "al${aws:none, 'ice'}", "*l*e", true, json.Number("10")},
		"Numeric": {"10", json.Number("10.00"), "-3", "9007199254740992", "0.5", "+10"},
		"Date":    {"2024-01-01T00:00:00Z", "1704067200", "2024", "2024-01", "2023-12-31T23:59:59.5Z", "2024-01-01T01:00+01:00"},
		"Bool":    {"true", "false", true, false},
		"Binary":  {"QQ==", "Qg=="},
		"Ip":      {"10.0.0.0/8", "10.0.0.1", "::1", "::/0", "0.0.0.0/0", "192.168.0.0/16"},
		"Arn":     {"arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:*:*:*:*", "arn:aws:s3:::${aws:t}", "arn:aws:iam::*:role/*", "arn:aws:s3:::b/${aws:none, 'k'}"},
		"Null":    {"true", "false", true},
	}
)

func (g generator) condition() map[string]any {
	block := map[string]any{}
	for range g.IntN(3) {
		base := pick(g, "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan",
			"NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool",
			"BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null")
		operator := base
		if base != "Null" {
			operator = pick(g, "", "", "ForAllValues:", "ForAnyValue:") + base + pick(g, "", "", "IfExists")
		}
		for family, operands := range genOperand {
			if strings.HasPrefix(strings.TrimPrefix(base, "Not"), family) {
				block[operator] = map[string]any{pick(g, genKeys...): some(g, operands...)}
			}
		}
	}
	return block
}

func (g generator) document(trust bool) map[string]any {
	statements := []any{}
	for range g.IntN(4) {
		s := map[string]any{"Effect": pick(g, "Allow", "Allow", "Allow", "Deny"), "Condition": g.condition()}
		if trust {
			s["Action"] = some(g, "sts:AssumeRole", "sts:*", "sts:TagSession", "sts:Assume*")
			s["Principal"] = pick[any](g, "*", map[string]any{"AWS": some(g, "*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/other",
				"arn:aws:sts::111122223333:assumed-role/app/pod", "arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:user/alice")})
		} else {
			s[pick(g, "Action", "Action", "Action", "NotAction")] = some(g, append(genPatterns, "sts:AssumeRole")...)
			s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = some(g, genARNs...)
		}
		statements = append(statements, s)
	}
	return map[string]any{"Version": pick(g, "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"), "Statement": statements}
}

func (g generator) documents(trust bool) []any {
	documents := []any{}
	for range 1 + g.IntN(2) {
		documents = append(documents, g.document(trust))
	}
	return documents
}

// differential is one case for both engines.
type differential struct {
	identity, boundary, session []any
	trust                       any
	request                     Request
	naive                       naive
}

func (g generator) next() differential {
	caller := Principal{Type: AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/app/pod", Account: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/app", Session: "pod"}
	d := differential{identity: g.documents(false)}
	d.request = Request{Principal: caller, Action: pick(g, genActions...), Resource: pick(g, genResources...), Context: &Context{}}
	if g.IntN(3) == 0 {
		d.boundary = g.documents(false)
	}
	if g.IntN(3) == 0 {
		d.session = g.documents(false)
	}
	switch g.IntN(6) {
	case 0:
		d.trust = g.document(true)
		d.request.Action, d.request.Resource = "sts:AssumeRole", "arn:aws:iam::111122223333:role/target"
	case 1:
		d.request.WildcardOnly, d.request.Resource = true, "*"
	}
	keys := map[string]any{}
	for range g.IntN(6) {
		key := pick(g, genKeys[:9]...)
		if strings.HasSuffix(key, "l") {
			values := []string{}
			for range g.IntN(3) {
				values = append(values, pick(g, genValues...))
			}
			d.request.Context.SetList(key, values...)
			keys[strings.ToLower(key)] = values
		} else {
			value := pick(g, genValues...)
			d.request.Context.Set(key, value)
			keys[strings.ToLower(key)] = value
		}
	}
	d.naive = naive{action: d.request.Action, resource: d.request.Resource, wildcardOnly: d.request.WildcardOnly, keys: keys,
		caller: map[string]string{"session": caller.ARN, "role": caller.RoleARN, "account": caller.Account}}
	return d
}

// run decides with both and tells where they differ.
func (d differential) run(t *testing.T) {
	t.Helper()
	compileAll := func(documents []any, kind Kind) []*Policy {
		if documents == nil {
			return nil
		}
		policies := []*Policy{}
		for _, document := range documents {
			source, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			policies = append(policies, compiled(t, string(source), kind))
		}
		return policies
	}
	policies := Policies{Identity: compileAll(d.identity, Identity), Boundary: compileAll(d.boundary, Identity), Session: compileAll(d.session, Identity)}
	if d.trust != nil {
		policies.Trust = compileAll([]any{d.trust}, Trust)[0]
	}
	decision := policies.Decide(&d.request)
	if want := d.naive.decide(d.identity, d.boundary, d.session, d.trust); decision.Effect.String() != want {
		source, _ := json.Marshal(map[string]any{"identity": d.identity, "boundary": d.boundary, "session": d.session, "trust": d.trust})
		t.Errorf("%s, naive %s\n%s on %s\n%v\n%s", decision, want, d.request.Action, d.request.Resource, d.naive.keys, source)
	}
}

// TestDifferential compares engine and naive evaluator on generated cases.
func TestDifferential(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	cases, effects := 6000, map[string]int{}
	if testing.Short() {
		cases = 1000
	}
	for i := 0; i < cases && !t.Failed(); i++ {
		d := g.next()
		d.run(t)
		effects[d.naive.decide(d.identity, d.boundary, d.session, d.trust)]++
	}
	for _, effect := range effectNames {
		if effects[effect] < cases/20 {
			t.Errorf("only %d of %d cases are %s: the generator says little", effects[effect], cases, effect)
		}
	}
}

// FuzzDifferential lets the fuzzer choose the cases.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed*7)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		generator{rand.New(rand.NewPCG(a, b))}.next().run(t)
	})
}

// TestIndex asks policies that are large enough to be indexed by resource, and compares with the same statements one by one.
func TestIndex(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	prefixes := []string{"b", "b/", "b/a", "b/ab", "b/a/", "c", "b/a/b/c", ""}
	for round := range 60 {
		var statements []string
		for i := range 5 + g.IntN(60) {
			statements = append(statements, fmt.Sprintf(`{"Sid":"S%d","Effect":%q,%q:%q,%q:["arn:aws:s3:::%s%s","arn:aws:s3:::%s"]}`, i, pick(g, "Allow", "Allow", "Allow", "Deny"),
				pick(g, "Action", "Action", "NotAction"), pick(g, "s3:GetObject", "s3:Get*", "s3:PutObject"), pick(g, "Resource", "Resource", "Resource", "NotResource"),
				pick(g, prefixes...), pick(g, "", "*", "?", "${aws:t}"), pick(g, prefixes...)))
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

// TestMonotony: another Deny never allows more, another Allow never denies more.
func TestMonotony(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(5, 6))}
	rank := map[Effect]int{ExplicitlyDenied: 0, ImplicitlyDenied: 1, Allowed: 2}
	for range 3000 {
		d := g.next()
		source, err := json.Marshal(d.identity[0])
		if err != nil {
			t.Fatal(err)
		}
		policies := Policies{Identity: []*Policy{compiled(t, string(source), Identity)}}
		before := policies.Decide(&d.request)
		extra := g.document(false)
		for _, effect := range []string{"Deny", "Allow"} {
			for _, s := range extra["Statement"].([]any) {
				s.(map[string]any)["Effect"] = effect
			}
			source, err := json.Marshal(extra)
			if err != nil {
				t.Fatal(err)
			}
			more := Policies{Identity: append(policies.Identity[:1:1], compiled(t, string(source), Identity))}
			after := more.Decide(&d.request)
			if effect == "Deny" && rank[after.Effect] > rank[before.Effect] || effect == "Allow" && rank[after.Effect] < rank[before.Effect] {
				t.Fatalf("%s, and %s with another %s: %s", before, after, effect, source)
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
