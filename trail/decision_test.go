package trail

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// decide asks a policy document for s3:PutObject on a bucket that it does not name.
func decide(t *testing.T, source string) policy.Decision {
	t.Helper()
	document, err := policy.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := policy.Compile("app", document, policy.Options{Kind: policy.Identity})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Policies{Identity: []*policy.Policy{compiled}}.Decide(&policy.Request{
		Principal: policy.Principal{Type: policy.Role, ARN: "arn:aws:iam::123456789012:role/app", Account: "123456789012"},
		Action:    "s3:PutObject", Resource: "arn:aws:s3:::private/key",
	})
}

// TestDecisionIsKept: what an operator reads later is the decision as it was made, reasons and all.
func TestDecisionIsKept(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	for name, source := range map[string]string{
		"implicit": `{"Version":"2012-10-17","Statement":[{"Sid":"Public","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::public/*"}]}`,
		"explicit": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`,
	} {
		decision := decide(t, source)
		if decision.Allowed() || len(decision.Reasons()) == 0 {
			t.Fatalf("%s: no denial with reasons to keep: %v", name, decision)
		}
		e := event(name)
		e.Decision = &decision
		if err := tr.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		found := find(t, tr, name)
		if len(found) != 1 || found[0].Decision == nil || found[0].Decision.Effect != decision.Effect ||
			!reflect.DeepEqual(found[0].Decision.Reasons(), decision.Reasons()) {
			t.Errorf("%s: found %+v, want the decision %v", name, found, decision)
		}
	}
}

// TestHugeDecision: the rest of an event survives a decision that is too long for a line, and says so.
func TestHugeDecision(t *testing.T) {
	var statements []string
	for i := range 2000 {
		statements = append(statements, fmt.Sprintf(`{"Sid":"Statement%d%s","Effect":"Deny","Action":"s3:*","Resource":"*"}`, i, strings.Repeat("x", 100)))
	}
	var decision policy.Decision
	// More statements than a document may hold are spread over several policies.
	var policies policy.Policies
	for len(statements) > 0 {
		n := min(len(statements), 50)
		document, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements[:n], ",") + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := policy.Compile("app", document, policy.Options{Kind: policy.Identity})
		if err != nil {
			t.Fatal(err)
		}
		policies.Identity = append(policies.Identity, compiled)
		statements = statements[n:]
	}
	decision = policies.Decide(&policy.Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k"})
	if raw, err := decision.MarshalJSON(); err != nil || len(raw) <= maxEvent {
		t.Fatalf("the decision has only %d bytes, %v", len(raw), err)
	}
	tr := openTrail(t, Config{Dir: folder(t)})
	e := event("huge")
	e.Decision = &decision
	if err := tr.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	found := find(t, tr, "huge")
	if len(found) != 1 || found[0].Decision != nil || !strings.Contains(found[0].Explanation, "too long") {
		t.Errorf("found %+v", found)
	}
	readTrail(t, tr.dir)
}
