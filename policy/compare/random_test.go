package compare

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// generator makes small documents, and requests, from a vocabulary in which most things nearly match.
type generator struct {
	*rand.Rand
	variables bool // documents may have variables
	mixed     bool // a key may be compared as text and as a number
}

func pick[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }

func some[T any](g *generator, most int, choices ...T) []T {
	list := []T{}
	for range 1 + g.IntN(most) {
		list = append(list, pick(g, choices...))
	}
	return list
}

var (
	actionPatterns   = []string{"*", "s3:*", "s3:Get*", "S3:GETOBJECT", "s3:*Object", "ec2:*", "s3:?etObject", "s3:ListBucket", "s3:GetObject", "s3:GetObjectAcl", "sts:AssumeRole", "sts:GetCallerIdentity"}
	actions          = []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "ec2:RunInstances", "s3:getobjectacl", "s3:Get", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:X", "s3:SetObject"}
	resourcePatterns = []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:s3:::b/*", "arn:aws:s3:*", "arn:aws:ec2:*:*:instance/*", "arn:aws:s3:::?/k", "arn:*:s3:::b/*",
		"arn:aws:s3:::*/x", "arn:aws:ec2:us-*:1111*:instance/i-?", "arn:aws:s3:::b/*b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/alice",
		"arn:aws:ec2:us*:instance/*", "arn:aws:ec2:*east*:1*:instance/*"}
	variablePatterns = []string{"arn:aws:s3:::b/${aws:t}/*", "arn:aws:s3:::b/${aws:t}", "arn:aws:s3:::b/${aws:t, 'k'}", "arn:aws:s3:::b/${*}", "arn:aws:s3:::${aws:t}/${aws:u}", "arn:aws:s3:::b/${aws:t}/docs/*"}
	resources        = []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/alice/x", "arn:aws:s3:::b/alice", "arn:aws:s3:::c/k", "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
		"arn:aws:ec2:us-east-1:111122223333:instance/i-12", "arn:aws:ec2:us-east-1:111122223333:x:instance/i-1", "arn:aws:ec2:us:east:1:instance/i-1", "arn:aws:s3:::b/a:b", "arn:aws-cn:s3:::b/x", "arn:aws:s3:us-east-1::b/k", "arn:aws:s3:::", "arn:aws:s3:::b/", "arn:aws:s3:::b/*", "arn:aws:s3:::b/alice/docs/x", "arn:aws:sqs:::q"}
	texts = map[string][]string{
		"String":  {"alice", "ALICE", "a*", "?", "b", "", "*l*e", "true", "10", "k"},
		"Numeric": {"10", "10.00", "-3", "9007199254740992", "0.5", "+10"},
		"Date":    {"2024-01-01T00:00:00Z", "1704067200", "2024", "2024-01", "2023-12-31T23:59:59.5Z", "2024-01-01T01:00+01:00"},
		"Bool":    {"true", "false"},
		"Binary":  {"QQ==", "Qg=="},
		"Ip":      {"10.0.0.0/8", "10.0.0.1", "::1", "::/0", "0.0.0.0/0", "10.1.0.0/16", "10.0.0.0/9", "10.128.0.0/9"},
		"Arn":     {"arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:*:*:*:*", "arn:aws:iam::*:role/*", "arn:*:iam::111122223333:role/app"},
		"Null":    {"true", "false"},
	}
	bases = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan",
		"NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool",
		"BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null"}
	values = []string{"", "alice", "Alice", "a*", "b", "k", "x", "true", "FALSE", "10", "10.0", "-3", "9007199254740993", "0.7", "2024-01-01T00:00:00Z", "1704067200", "2024", "2023-12-31T23:59:59.5Z", "2025-01-01",
		"10.0.0.1", "10.1.2.3", "10.200.0.1", "11.0.0.1", "::1", "::2", "QQ==", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:iam::111122223333:role/app", "arn:aws-cn:iam::111122223333:role/app", "aZe"}
)

func (g *generator) condition() map[string]any {
	block := map[string]any{}
	for range g.IntN(3) {
		base := pick(g, bases...)
		operator := base
		if base != "Null" {
			operator = pick(g, "", "", "ForAllValues:", "ForAnyValue:") + base + pick(g, "", "", "IfExists")
		}
		for family, operands := range texts {
			if !strings.HasPrefix(strings.TrimPrefix(base, "Not"), family) {
				continue
			}
			key := pick(g, "aws:t", "aws:k")
			if !g.mixed {
				key = "aws:" + strings.ToLower(family[:1])
				if base == "Null" {
					key = pick(g, "aws:s", "aws:n", "aws:t")
				}
			}
			if g.variables && family == "String" && g.IntN(3) == 0 {
				key = "aws:t" // a key that is a variable as well
			}
			if g.variables && family == "String" && g.IntN(3) == 0 {
				operands = []string{"${aws:t}", "${aws:u}/*", "${aws:t, 'b'}", "${*}", "home/${aws:t}"}
			}
			block[operator] = map[string]any{key: some(g, 3, operands...)}
		}
	}
	return block
}

func (g *generator) statement() map[string]any {
	s := map[string]any{"Effect": pick(g, "Allow", "Allow", "Allow", "Deny"), "Condition": g.condition()}
	patterns := resourcePatterns
	if g.variables {
		patterns = append(slices.Clone(patterns), variablePatterns...)
	}
	s[pick(g, "Action", "Action", "Action", "NotAction")] = some(g, 3, actionPatterns...)
	s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = some(g, 3, patterns...)
	return s
}

func (g *generator) document() map[string]any {
	statements := []any{}
	for range 1 + g.IntN(3) {
		statements = append(statements, g.statement())
	}
	return map[string]any{"Version": pick(g, "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"), "Statement": statements}
}

// near is the document with one thing changed, so that most of it is the same.
func (g *generator) near(document map[string]any) map[string]any {
	statements := slices.Clone(document["Statement"].([]any))
	switch i := g.IntN(len(statements)); g.IntN(4) {
	case 0:
		statements[i] = g.statement()
	case 1:
		statements = slices.Insert(statements, i, any(g.statement()))
	default:
		changed := map[string]any{}
		other := g.statement()
		for name, element := range statements[i].(map[string]any) {
			changed[name] = element
			if replacement, ok := other[name]; ok && g.IntN(3) == 0 {
				changed[name] = replacement
			}
		}
		statements[i] = changed
	}
	return map[string]any{"Version": document["Version"], "Statement": statements}
}

func (g *generator) request() policy.Request {
	context := &policy.Context{}
	for _, key := range []string{"aws:t", "aws:u", "aws:k", "aws:s", "aws:n", "aws:d", "aws:b", "aws:i", "aws:a"} {
		switch g.IntN(5) {
		case 0, 1, 2:
			context.Set(key, pick(g, values...))
		case 3:
			context.SetList(key, some(g, 3, values...)...)
		}
	}
	who, _ := policy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
	return policy.Request{Principal: who, Action: pick(g, actions...), Resource: pick(g, resources...), Context: context}
}

func compileIdentity(t testing.TB, d *policy.Document) *policy.Policy {
	t.Helper()
	p, err := policy.Compile("p", d, policy.Options{})
	if err != nil {
		t.Fatalf("%v: %s", err, d)
	}
	return p
}

// tally is what a run of random comparisons came to.
type tally struct{ same, different, notProven int }

func (c *tally) add(result *Result) {
	switch {
	case result.Different():
		c.different++
	case len(result.NotProven) > 0:
		c.notProven++
	default:
		c.same++
	}
}

// tryRandom compares random pairs, and holds each answer against random requests.
func tryRandom(t *testing.T, g *generator, pairs, requests int) (count tally) {
	for range pairs {
		first := g.document()
		second := g.near(first)
		var documents [2]*policy.Document
		for i, source := range []map[string]any{first, second} {
			text, _ := json.Marshal(source)
			documents[i] = parse(t, string(text))
		}
		result, err := Diff(documents[0], documents[1], Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkWitnesses(t, result)
		count.add(result)
		a, b := compileIdentity(t, documents[0]), compileIdentity(t, documents[1])
		for range requests {
			request := g.request()
			x, y := alone(a, &request), alone(b, &request)
			if missed(result, x, y) {
				keys := ""
				for key, value := range request.Context.All() {
					keys += fmt.Sprintf(" %s=%q", key, value)
				}
				t.Fatalf("%s %s%s: %v and %v, but the comparison says %+v\n%s\n%s", request.Action, request.Resource, keys, x, y, result, documents[0], documents[1])
			}
		}
	}
	return count
}

// alone decides a request by one document, beside a trust policy that leaves everything to it.
func alone(p *policy.Policy, request *policy.Request) policy.Effect {
	policies := policy.Policies{Identity: []*policy.Policy{p}}
	if strings.HasPrefix(request.Action, "sts:") {
		policies.Trust, _ = compiled(trusting("111122223333"), policy.Trust)
	}
	return policies.Decide(request).Effect
}

// missed tells whether two decisions show a difference that the comparison rules out.
func missed(result *Result, x, y policy.Effect) bool {
	between := func(wanted policy.Effect, removed, added []Grant) bool {
		return x == wanted && y != wanted && len(removed) == 0 || y == wanted && x != wanted && len(added) == 0
	}
	return between(policy.Allowed, result.Removed, result.Added) && len(result.NotProven) == 0 ||
		between(policy.ExplicitlyDenied, result.RemovedDenials, result.AddedDenials) && len(result.DenialsNotProven) == 0
}

// checkWitnesses has simulate confirm every witness.
func checkWitnesses(t testing.TB, result *Result) {
	t.Helper()
	for i, grants := range [][]Grant{result.Removed, result.Added, result.RemovedDenials, result.AddedDenials} {
		wanted := []policy.Effect{policy.Allowed, policy.Allowed, policy.ExplicitlyDenied, policy.ExplicitlyDenied}[i]
		i %= 2
		for _, grant := range grants {
			if len(grant.Actions) == 0 {
				t.Fatalf("statement %d differs in no action", grant.Number)
			}
			for _, action := range grant.Actions {
				var allowed [2]bool
				for j, line := range action.Witness.Cases("a", "b") {
					answer, readable := policy.NewSimulator(nil).Line(line)
					var decision policy.Decision
					if err := json.Unmarshal(answer, &decision); err != nil || !readable {
						t.Fatalf("simulate says %s of %s", answer, line)
					}
					allowed[j] = decision.Effect == wanted
				}
				if !allowed[i] || allowed[1-i] {
					t.Fatalf("simulate does not confirm %s", action.Witness.Line())
				}
			}
		}
	}
}

// someCases is usual, none with -short, or as many as OPENIRSA_CASES asks of each test here: `make full` does.
func someCases(t *testing.T, usual int) int {
	t.Helper()
	value := os.Getenv("OPENIRSA_CASES")
	if value == "" && testing.Short() {
		t.Skip("many comparisons in one goroutine")
	}
	if value == "" {
		return usual
	}
	count, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("OPENIRSA_CASES: %v", err)
	}
	return count
}

// TestRandomPairs holds comparisons of random pairs against what the engine decides of random requests.
func TestRandomPairs(t *testing.T) {
	for _, c := range []struct {
		name      string
		generator generator
		most      int // of a hundred pairs that may be not proven
	}{
		{"without variables", generator{}, 0},
		{"keys compared in several ways", generator{mixed: true}, 5},
		{"with variables", generator{variables: true}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.generator.Rand = rand.New(rand.NewPCG(1, 2))
			pairs := someCases(t, 200)
			count := tryRandom(t, &c.generator, pairs, 300)
			t.Logf("%+v", count)
			if count.notProven*100 > c.most*pairs {
				t.Errorf("%d of %d pairs are not proven", count.notProven, pairs)
			}
			if count.same < pairs/20 || count.different < pairs/20 {
				t.Errorf("the pairs are not worth much: %+v", count)
			}
		})
	}
}
