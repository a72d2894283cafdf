package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAnyResource: one Allow and one Deny statement with these elements, and what they do to a request that may be about any resource of a pattern.
// An Allow has to allow them all; that a Deny of one denies is what makes a plan safe that names none.
func TestAnyResource(t *testing.T) {
	const (
		instances = "arn:aws:ec2:us-east-1:111122223333:instance/*"
		objects   = "arn:aws:s3:::bucket/*"
		logs      = "arn:aws:logs:us-east-1:111122223333:log-group:*"
	)
	cases := []struct {
		elements, pattern string
		allows, denies    bool
	}{
		{`"Resource":"*"`, instances, true, true},
		{`"Resource":"` + instances + `"`, instances, true, true},
		{`"Resource":"arn:aws:ec2:*:*:instance/*"`, instances, true, true},
		{`"Resource":"arn:aws:ec2:*:instance/*"`, instances, true, true}, // the * runs on
		{`"Resource":"arn:aws:ec2:us-?ast-1:*:*"`, instances, true, true},
		{`"Resource":"arn:aws:ec2:*"`, instances, true, true},
		{`"Resource":"arn:*:ec2:*:1111*:inst*"`, instances, true, true},
		{`"Resource":"arn:aws:ec2:*:*:instance/i-*"`, instances, false, true},
		{`"Resource":"arn:aws:ec2:*:*:instance/i-1"`, instances, false, true},
		{`"Resource":"arn:aws:ec2:*:*:instance/?"`, instances, false, true},
		{`"Resource":"arn:aws:ec2:*:*:volume/*"`, instances, false, false},
		{`"Resource":"arn:aws:ec2:eu-*:*:instance/*"`, instances, false, false},
		{`"Resource":"arn:aws:ec2:*:444455556666:instance/*"`, instances, false, false},
		{`"Resource":"arn:aws:s3:::*"`, instances, false, false},
		{`"Resource":["arn:aws:ec2:*:*:volume/*","arn:aws:ec2:*:*:instance/*"]`, instances, true, true},
		// Together they match all, but none does for sure: not told, and so not allowed.
		{`"Resource":["arn:aws:ec2:*:*:instance/i-*","arn:aws:ec2:*:*:instance/m-*"]`, instances, false, true},

		{`"NotResource":"arn:aws:ec2:*:*:volume/*"`, instances, true, true},
		{`"NotResource":"arn:aws:ec2:*:*:instance/i-1"`, instances, false, true},
		{`"NotResource":"arn:aws:ec2:*:*:instance/*"`, instances, false, false},
		{`"NotResource":["arn:aws:ec2:*:*:instance/i-*","arn:aws:ec2:*:*:instance/m-*"]`, instances, false, true},
		{`"NotResource":"*"`, instances, false, false},

		{`"Resource":"arn:aws:s3:::bucket/*"`, objects, true, true},
		{`"Resource":"arn:aws:s3:::bucket*"`, objects, true, true},
		{`"Resource":"arn:aws:s3:::bucket"`, objects, false, false},
		{`"Resource":"arn:aws:s3:::*/secret"`, objects, false, true},
		{`"Resource":"arn:aws:s3:::other/*"`, objects, false, false},
		{`"Resource":"arn:aws:s3:::bucket/*:x"`, objects, false, true}, // a key has colons
		{`"Resource":"arn:aws:s3:::bucket/?*"`, "arn:aws:s3:::bucket/*?", true, true},
		{`"Resource":"arn:aws:s3:::bucket/a*b?c"`, "arn:aws:s3:::bucket/a?*b1c", true, true},
		{`"Resource":"arn:aws:s3:::bucket/*b*"`, "arn:aws:s3:::bucket/a*b*c", true, true},
		{`"Resource":"arn:aws:s3:::bucket/*ab*"`, "arn:aws:s3:::bucket/*a*b*", false, true},
		{`"Resource":"arn:aws:s3:::bucket/é?"`, "arn:aws:s3:::bucket/?", false, false},
		{`"Resource":"arn:aws:s3:::bucket/?"`, "arn:aws:s3:::bucket/é", true, true}, // characters, not bytes
		{`"Resource":"arn:aws:s3:::bucket/${*}"`, objects, false, true},             // the key * is one of the keys
		{`"Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, "arn:aws:s3:::bucket/alice/*", true, true},
		{`"Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, "arn:aws:s3:::bucket/bob/*", false, false},
		{`"Resource":"arn:aws:s3:::bucket/${aws:PrincipalTag/star}"`, objects, false, true}, // its value is *, as a text
		{`"Resource":"arn:aws:s3:::bucket/${aws:PrincipalTag/none}*"`, objects, false, false},
		{`"NotResource":"arn:aws:s3:::bucket/${aws:PrincipalTag/none}*"`, objects, true, true},

		{`"Resource":"arn:aws:logs:*:*:log-group:*"`, logs, true, true},
		{`"Resource":"arn:aws:logs:*:*:log-group:app:*"`, logs, false, true}, // the group's streams, which the pattern covers
		{`"Resource":"arn:aws:logs:*:log-group:*:log-stream:?"`, logs + ":log-stream:x", true, true},
		{`"Resource":"arn:aws:logs:*:log-group:a*b:log-stream:x"`, logs + ":log-stream:x", false, true},

		// A * of the pattern may stand for a colon, at which log*x ends and log* runs on.
		{`"Resource":"arn:aws:logs:*:log*x:log-stream:y"`, "arn:aws:logs:us-east-1:111122223333:log*x:log-stream:y", false, true},

		// What is no ARN with its service written out may be anything.
		{`"Resource":"*"`, "*", true, true},
		{`"Resource":"` + instances + `"`, "*", false, true},
		{`"NotResource":"` + instances + `"`, "*", false, true},
		{`"Resource":"arn:aws:ec2:*"`, "arn:aws:*:us-east-1:111122223333:x", false, true},
	}
	caller := Principal{Type: User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333", ID: "AIDAEXAMPLE"}
	for _, c := range cases {
		allow := compiled(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+c.elements+`}}`, Identity)
		deny := compiled(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*",`+c.elements+`}]}`, Identity)
		request := &Request{Principal: caller, Action: "x:Y", Resource: c.pattern, AnyResource: true, Context: contextOf("aws:PrincipalTag/star=*")}
		if got := (Policies{Identity: []*Policy{allow}}).Decide(request); got.Allowed() != c.allows {
			t.Errorf("an Allow with %s, of %s: %s", c.elements, c.pattern, got)
		}
		if got := (Policies{Identity: []*Policy{deny}}).Decide(request); got.Allowed() == c.denies {
			t.Errorf("a Deny with %s, of %s: %s", c.elements, c.pattern, got)
		}
	}
}

// TestAnyResourceIsBounded: hostile patterns take MaxWork steps at most, and deny where that is not enough.
func TestAnyResourceIsBounded(t *testing.T) {
	stars := strings.Repeat("*a", 5000)
	p := compiled(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/`+stars+`b"}}`, Identity)
	caller := Principal{Type: User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333", ID: "AIDAEXAMPLE"}
	decision := Policies{Identity: []*Policy{p}}.Decide(&Request{Principal: caller, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/" + stars, AnyResource: true})
	if decision.Allowed() || !decision.Undecided() {
		t.Errorf("%s", decision)
	}
}

// TestAnyResourceIsTold: who reads the decision learns that the resource is a pattern.
func TestAnyResourceIsTold(t *testing.T) {
	const pattern = "arn:aws:ec2:us-east-1:111122223333:instance/*"
	caller := Principal{Type: User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333", ID: "AIDAEXAMPLE"}
	decide := func(source string) Decision {
		p := compiled(t, source, Identity)
		return Policies{Identity: []*Policy{p}}.Decide(&Request{Principal: caller, Action: "ec2:StopInstances", Resource: pattern, AnyResource: true})
	}
	for source, want := range map[string]string{
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*:*:instance/i-1"}}`: "ImplicitlyDenied: policy statement 0 at 1:56: Resource: wanted arn:aws:ec2:*:*:instance/i-1, got any of " + pattern,
		`{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:ec2:*:*:instance/i-1"}}`:  "ExplicitlyDenied: policy statement 0 at 1:14: Deny may apply to one of the resources that the request may be about",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`:                            "Allowed: policy statement 0 at 1:14: Allow applies to all resources that the request may be about",
	} {
		decision := decide(source)
		if decision.String() != want {
			t.Errorf("%s\nwant %s", decision, want)
		}
		encoded, err := json.Marshal(decision)
		if err != nil || !strings.Contains(string(encoded), `"anyResource":true`) {
			t.Errorf("%s, %v", encoded, err)
		}
		var read Decision
		if err := json.Unmarshal(encoded, &read); err != nil || read.String() != want {
			t.Errorf("read as %s, %v", read, err)
		}
		if hidden := decision.Hiding(func(string) bool { return false }); hidden.String() != want {
			t.Errorf("hiding nothing, %s", hidden)
		}
	}
}
