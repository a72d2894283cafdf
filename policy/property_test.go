package policy_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// grantsRank orders decisions by how much they grant.
var grantsRank = map[string]int{"ExplicitlyDenied": 0, "ImplicitlyDenied": 1, "Allowed": 2}

// property is something that holds of every case. It changes the case and tells what is wrong, or "".
type property func(t testing.TB, g generator, simulator *policy.Simulator, c object) string

// anyStatement is a statement as documents of that kind have them.
func (g generator) anyStatement(kind, effect string) object {
	s := g.statement(effect)
	switch kind {
	case "resource", "vpcEndpoint":
		s["Principal"] = g.principal()
	case "rcp":
		s["Principal"] = "*"
	}
	return s
}

// extend adds a statement to one of the case's documents, and tells whether there was one.
func (g generator) extend(c object, effect string) bool {
	policies := c["policies"].(object)
	kinds := []string{}
	for _, kind := range []string{"identity", "permissionBoundary", "session", "vpcEndpoint", "resource"} {
		if policies[kind] != nil && !(kind == "resource" && isTrust(c)) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return false
	}
	kind := pick(g, kinds...)
	document, ok := policies[kind].(object)
	if !ok {
		documents := policies[kind].([]any)
		document = documents[g.IntN(len(documents))].(object)
	}
	g.literal = document["Version"] != "2012-10-17"
	document["Statement"] = append(list(document["Statement"]), g.anyStatement(kind, effect))
	return true
}

// isTrust: the resource's policy is a role's trust policy.
func isTrust(c object) bool { return c["request"].(object)["action"].(string)[:4] == "sts:" }

// permute shuffles the statements of every document.
func (g generator) permute(value any) {
	switch value := value.(type) {
	case object:
		for _, member := range value {
			g.permute(member)
		}
		if statements, ok := value["Statement"].([]any); ok {
			for i := range statements {
				j := g.IntN(i + 1)
				statements[i], statements[j] = statements[j], statements[i]
			}
		}
	case []any:
		for _, element := range value {
			g.permute(element)
		}
	}
}

// covered is an ARN that a request's pattern covers.
func (g generator) covered(pattern string, colons bool) string {
	if pattern == "*" {
		return pick(g, "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/alice/x")
	}
	var arn strings.Builder
	parts := 0
	for _, c := range pattern {
		more := []string{"k", "i", "1", "b", "x", "a"}
		if colons && parts == 5 {
			more = append(more, ":")
		}
		switch c {
		case '*':
			arn.WriteString(pick(g, "", "k", "b", "alice", "alice/", "1", "east-1", "b/alice/x", "i-1", "key/k", "instance/i-1"))
			for range g.IntN(3) {
				arn.WriteString(pick(g, more...))
			}
		case '?':
			arn.WriteString(pick(g, more...))
		default:
			if c == ':' {
				parts++
			}
			arn.WriteRune(c)
		}
	}
	return arn.String()
}

var properties = map[string]property{
	"another Deny never allows more": func(t testing.TB, g generator, simulator *policy.Simulator, c object) string {
		before := engine(t, simulator, line(c))
		if g.extend(c, "Deny") {
			if after := engine(t, simulator, line(c)); grantsRank[after] > grantsRank[before] {
				return before + " became " + after
			}
		}
		return ""
	},
	"another Allow never denies more": func(t testing.TB, g generator, simulator *policy.Simulator, c object) string {
		before := engine(t, simulator, line(c))
		if g.extend(c, "Allow") {
			if after := engine(t, simulator, line(c)); grantsRank[after] < grantsRank[before] {
				return before + " became " + after
			}
		}
		return ""
	},
	"the order of statements decides nothing": func(t testing.TB, g generator, simulator *policy.Simulator, c object) string {
		before := engine(t, simulator, line(c))
		g.permute(c["policies"])
		if after := engine(t, simulator, line(c)); after != before {
			return before + " became " + after
		}
		return ""
	},
	"what is allowed on any resource is on each, and what is denied on one is on any": func(t testing.TB, g generator, simulator *policy.Simulator, c object) string {
		request := c["request"].(object)
		pattern, _ := request["resource"].(string)
		if request["anyResource"] != true {
			return ""
		}
		any := engine(t, simulator, line(c))
		delete(request, "anyResource")
		colons := !strings.Contains(string(line(c)), ":*:") // no * runs on
		for range 8 {
			request["resource"] = g.covered(pattern, colons)
			one := engine(t, simulator, line(c))
			if any == "Allowed" && one != any || one == "ExplicitlyDenied" && one != any {
				return any + " for any of " + pattern + ", but " + one
			}
		}
		return ""
	},
	"compiled equals naive": func(t testing.TB, _ generator, simulator *policy.Simulator, c object) string {
		got, want := engine(t, simulator, line(c)), newNaive(line(c), nil).decide()
		if got != want {
			return got + ", naive " + want
		}
		return ""
	},
}

// TestProperties asks for each property of generated cases.
func TestProperties(t *testing.T) {
	cases := 3000
	if testing.Short() {
		cases = 500
	}
	for name, wrong := range properties {
		t.Run(name, func(t *testing.T) {
			g, simulator := generator{choices: rand.New(rand.NewPCG(3, 4))}, policy.NewSimulator(nil)
			for range cases {
				c := g.next()
				if message := wrong(t, g, simulator, c); message != "" {
					t.Fatalf("%s\n%s", message, line(c))
				}
			}
		})
	}
}

// FuzzProperties lets the fuzzer choose cases and changes.
func FuzzProperties(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed + 100))
	}
	simulator := policy.NewSimulator(nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, wrong := range properties {
			g := generator{choices: &bytesChoices{data}}
			c := g.next()
			if message := wrong(t, g, simulator, c); message != "" {
				t.Errorf("%s: %s\n%s", name, message, line(c))
			}
		}
	})
}
