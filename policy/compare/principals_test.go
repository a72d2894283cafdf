package compare

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

var (
	principalNames = map[string][]string{
		"AWS": {"*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws-cn:iam::111122223333:root", "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/path/app",
			"arn:aws:sts::111122223333:assumed-role/app/pod", "444455556666", "arn:aws:iam::111122223333:user/alice"},
		"Service":   {"ec2.amazonaws.com", "eks.amazonaws.com"},
		"Federated": {"arn:aws:iam::111122223333:oidc-provider/issuer.example"},
	}
	callerNames = []string{"arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/path/app",
		"arn:aws:sts::111122223333:assumed-role/app/pod", "arn:aws:sts::111122223333:assumed-role/app/other", "arn:aws:sts::111122223333:assumed-role/else/pod", "arn:aws-cn:iam::111122223333:user/alice",
		"arn:aws:iam::444455556666:user/alice", "arn:aws:iam::999988887777:user/alice", "ec2.amazonaws.com", "eks.amazonaws.com", "s3.amazonaws.com", "arn:aws:iam::111122223333:oidc-provider/issuer.example",
		"arn:aws:iam::111122223333:oidc-provider/other.example", "arn:aws:sts::111122223333:federated-user/bob"}
)

func (g *generator) principal() map[string]any {
	element := map[string]any{}
	for range 1 + g.IntN(2) {
		kind := pick(g, "AWS", "AWS", "AWS", "Service", "Federated")
		element[kind] = some(g, 2, principalNames[kind]...)
	}
	return element
}

// resourceStatement is one of a policy of a resource, or of a role's trust policy.
func (g *generator) resourceStatement(kind policy.Kind) map[string]any {
	s := g.statement()
	name := "Principal"
	if s["Effect"] == "Deny" {
		name = pick(g, "Principal", "NotPrincipal")
	}
	s[name] = g.principal()
	if kind == policy.Trust {
		delete(s, "Resource")
		delete(s, "NotResource")
		delete(s, "NotAction")
		s["Action"] = some(g, 2, "sts:AssumeRole", "sts:*", "sts:TagSession", "sts:AssumeRole*")
	}
	return s
}

// TestRandomPrincipals holds comparisons of trust policies and of policies of resources against random callers with random policies of their own.
func TestRandomPrincipals(t *testing.T) {
	for _, kind := range []policy.Kind{policy.Trust, policy.Resource} {
		g := &generator{Rand: rand.New(rand.NewPCG(3, uint64(kind)))}
		var count tally
		for range someCases(t, 60) {
			var documents [2]*policy.Document
			var policies [2]*policy.Policy
			statements := []any{g.resourceStatement(kind), g.resourceStatement(kind), g.resourceStatement(kind)}
			for i := range documents {
				text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
				documents[i] = parse(t, string(text))
				var err error
				if policies[i], err = policy.Compile("p", documents[i], policy.Options{Kind: kind}); err != nil {
					t.Fatal(err)
				}
				statements[g.IntN(3)] = g.resourceStatement(kind)
				if g.IntN(2) == 0 {
					statements[0], statements[1] = statements[1], statements[0]
					if g.IntN(2) == 0 { // nothing but their order is changed
						statements = documentStatements(t, documents[0])
						statements[0], statements[2] = statements[2], statements[0]
					}
				}
			}
			result, err := Diff(documents[0], documents[1], Options{Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			checkWitnesses(t, result)
			count.add(result)
			for range 600 {
				request, p := g.resourceRequest(t, kind)
				x, y := underResource(policies[0], p, kind).Decide(&request).Effect, underResource(policies[1], p, kind).Decide(&request).Effect
				if x == policy.ExplicitlyDenied && y == policy.Allowed && p.Identity != nil && len(result.RemovedDenials) > 0 ||
					y == policy.ExplicitlyDenied && x == policy.Allowed && p.Identity != nil && len(result.AddedDenials) > 0 {
					continue // the caller's own policies allow what the resource's deny
				}
				if missed(result, x, y) {
					t.Fatalf("%v %s %s %s %+v: %v and %v, but the comparison says %d %d %d %d %q\n%s\n%s", kind, request.Principal.ARN, request.Action, request.Resource, p, x, y,
						len(result.Removed), len(result.Added), len(result.RemovedDenials), len(result.AddedDenials), result.NotProven, documents[0], documents[1])
				}
			}
		}
		t.Logf("%v: %+v", kind, count)
		if count.notProven > 0 || count.same < 10 || count.different < 20 {
			t.Errorf("%v: %+v", kind, count)
		}
	}
}

func documentStatements(t *testing.T, d *policy.Document) []any {
	t.Helper()
	var whole struct{ Statement []any }
	if err := json.Unmarshal([]byte(d.String()), &whole); err != nil {
		t.Fatal(err)
	}
	return whole.Statement
}

// resourceRequest is a request, and the caller's own policies.
func (g *generator) resourceRequest(t *testing.T, kind policy.Kind) (policy.Request, policy.Policies) {
	request := g.request()
	who, err := policy.ParsePrincipal(pick(g, callerNames...))
	if err != nil {
		t.Fatal(err)
	}
	request.Principal = who
	request.ResourceAccount = pick(g, "111122223333", "111122223333", "444455556666", "999988887777")
	if kind == policy.Trust {
		request.Action, request.Resource = pick(g, "sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity"), "arn:aws:iam::"+request.ResourceAccount+":role/r"
	}
	everything, err := compiled(allowEverything, policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	var p policy.Policies
	if g.IntN(2) == 0 {
		p.Identity = []*policy.Policy{everything}
	}
	switch g.IntN(3) {
	case 0:
		p.Boundary = []*policy.Policy{everything}
	case 1:
		p.Boundary = []*policy.Policy{}
	}
	return request, p
}

func underResource(document *policy.Policy, p policy.Policies, kind policy.Kind) policy.Policies {
	if kind == policy.Trust {
		p.Trust = document
	} else {
		p.Resource = document
	}
	return p
}
