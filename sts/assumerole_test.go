package sts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

// session exchanges a good token for a session of role and authenticates it.
func (p *plane) session(role iam.Role, token string) iam.Caller {
	p.t.Helper()
	out, event, err := p.exchange(input(role.ARN, token))
	if err != nil {
		p.t.Fatalf("%v; %s", err, event.Explanation)
	}
	caller, err := p.authenticate(out.Credentials)
	p.must(err)
	return caller
}

// assume is AssumeRole and its one event.
func (p *plane) assume(caller iam.Caller, in sts.AssumeRoleInput) (sts.AssumeRoleOutput, trail.Event, error) {
	p.t.Helper()
	caller.Origin = p.origin()
	out, err := p.service.AssumeRole(p.t.Context(), caller, in)
	return out, p.event(caller.Origin), err
}

func assumeInput(role string) sts.AssumeRoleInput {
	return sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: ref("chained")}
}

func trustPrincipal(principal string, actions string) string {
	return document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%q},"Action":%s}`, principal, actions))
}

func TestAssumeRole(t *testing.T) {
	p, good, first := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:*","Resource":["arn:aws:iam::111122223333:role/team/*","arn:aws:iam::444455556666:role/*"]}`)
	caller := p.session(first, good.sign(p.goodClaims()))

	second := p.role(accountA, "second", trustPrincipal("arn:aws:iam::111122223333:root", `"sts:AssumeRole"`), func(in *iam.CreateRoleInput) { in.Path = "/team/" })
	named := p.role(accountA, "named", trustPrincipal(first.ARN, `"sts:AssumeRole"`))
	closed := p.role(accountA, "closed", trustPrincipal("arn:aws:iam::444455556666:root", `"sts:AssumeRole"`), func(in *iam.CreateRoleInput) { in.Path = "/team/" })
	delegated := p.role(accountA, "delegated", trustPrincipal("arn:aws:iam::111122223333:root", `"sts:AssumeRole"`))
	abroad := p.role(accountB, "abroad", trustPrincipal("111122223333", `"sts:AssumeRole"`))
	external := p.role(accountB, "external", document(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"ticket/7"}}}`))

	out, event, err := p.assume(caller, assumeInput(second.ARN))
	if err != nil {
		t.Fatalf("%v; %s", err, event.Explanation)
	}
	if out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/second/chained" || out.AssumedRoleUser.AssumedRoleId != second.ID+":chained" || out.PackedPolicySize != nil {
		t.Errorf("answer = %+v", out)
	}
	if event.Name != "AssumeRole" || event.UserIdentity.ARN != caller.Principal.ARN || event.Decision == nil || event.Resource != second.ARN {
		t.Errorf("event = %+v", event)
	}
	chained, err := p.authenticate(out.Credentials)
	p.must(err)
	if chained.ChainDepth != 2 || chained.Principal.RoleARN != second.ARN {
		t.Errorf("caller = %+v", chained)
	}
	if _, ok := chained.Context.Get("aws:FederatedProvider"); ok {
		t.Error("the federation keys of the first session reach the second")
	}

	const sentence = "User: arn:aws:sts::111122223333:assumed-role/app/session-1 is not authorized to perform: sts:AssumeRole on resource: "
	for name, c := range map[string]struct {
		role   string
		denied bool
	}{
		"trust policy names the role itself":            {named.ARN, false},
		"account is trusted, no identity policy allows": {delegated.ARN, true},
		"identity policy allows, not trusted":           {closed.ARN, true},
		"across accounts, both allow":                   {abroad.ARN, false},
		"no external id":                                {external.ARN, true},
		"no such role":                                  {"arn:aws:iam::111122223333:role/team/nobody", true},
		"wrong path":                                    {"arn:aws:iam::111122223333:role/second", true},
		"no such account":                               {"arn:aws:iam::999999999999:role/abroad", true},
	} {
		_, event, err := p.assume(caller, assumeInput(c.role))
		if !c.denied {
			if err != nil {
				t.Errorf("%s: %v, %+v", name, err, event.Decision)
			}
			continue
		}
		wantError(t, err, "AccessDenied", sentence+c.role)
		if event.ErrorCode != "AccessDenied" || event.Decision == nil && event.Explanation == "" {
			t.Errorf("%s: event = %+v", name, event)
		}
	}
	in := assumeInput(external.ARN)
	in.ExternalId = ref("ticket/7")
	if _, _, err := p.assume(caller, in); err != nil {
		t.Errorf("with the external id: %v", err)
	}
}

func TestAssumeRoleParameters(t *testing.T) {
	p, good, first := shop(t)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:*","Resource":"*"}`)
	role := p.role(accountA, "long", trustPrincipal("111122223333", `["sts:AssumeRole","sts:TagSession"]`), func(in *iam.CreateRoleInput) { in.MaxSessionDuration = ref(43200) })
	caller := p.session(first, good.sign(p.goodClaims()))
	tag := func(keys ...string) (tags []iam.Tag) {
		for _, key := range keys {
			tags = append(tags, iam.Tag{Key: key, Value: "v"})
		}
		return tags
	}
	for _, test := range []struct {
		name          string
		change        func(*sts.AssumeRoleInput)
		code, message string
	}{
		{"nothing", func(in *sts.AssumeRoleInput) { *in = sts.AssumeRoleInput{} }, "ValidationError",
			"2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"},
		{"two hours of a chain", func(in *sts.AssumeRoleInput) { in.DurationSeconds = ref(7200) }, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		{"external id", func(in *sts.AssumeRoleInput) { in.ExternalId = ref("x") }, "ValidationError", ""},
		{"source identity", func(in *sts.AssumeRoleInput) { in.SourceIdentity = ref("a b") }, "ValidationError", ""},
		{"MFA", func(in *sts.AssumeRoleInput) {
			in.SerialNumber, in.TokenCode = ref("arn:aws:iam::111122223333:mfa/x"), ref("123456")
		}, "AccessDenied",
			"MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."},
		{"tag keys that differ in case", func(in *sts.AssumeRoleInput) { in.Tags = tag("k", "K") }, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"transitive key without a tag", func(in *sts.AssumeRoleInput) { in.Tags, in.TransitiveTagKeys = tag("k"), []string{"x"} }, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
		{"tag key with a strange character", func(in *sts.AssumeRoleInput) { in.Tags = tag("a;b") }, "ValidationError", ""},
		{"empty tag key", func(in *sts.AssumeRoleInput) { in.Tags = tag("") }, "ValidationError", ""},
		{"51 tags", func(in *sts.AssumeRoleInput) { in.Tags = make([]iam.Tag, 51) }, "ValidationError", ""},
		{"an hour", func(in *sts.AssumeRoleInput) { in.DurationSeconds = ref(3600) }, "", ""},
		{"transitive key in another case", func(in *sts.AssumeRoleInput) { in.Tags, in.TransitiveTagKeys = tag("Key"), []string{"key"} }, "", ""},
	} {
		in := assumeInput(role.ARN)
		test.change(&in)
		_, event, err := p.assume(caller, in)
		if test.code == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		wantError(t, err, test.code, test.message)
		if event.ErrorCode != test.code {
			t.Errorf("%s: event = %+v", test.name, event)
		}
	}
	root := p.root(accountA)
	_, _, err := p.assume(root, assumeInput(role.ARN))
	wantError(t, err, "AccessDenied", "Roles may not be assumed by root accounts.")
}

// TestChain follows tags and a source identity through two roles, which both must be allowed to take them on.
func TestChain(t *testing.T) {
	p, good, _ := shop(t)
	all := `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	first := p.role(accountA, "first", trustFor(accountA, subject, "sts:TagSession", "sts:SetSourceIdentity"))
	p.allow(accountA, "first", `{"Effect":"Allow","Action":"sts:*","Resource":"*"}`)
	second := p.role(accountA, "second", trustPrincipal("111122223333", all))
	tagless := p.role(accountA, "tagless", trustPrincipal("111122223333", `["sts:AssumeRole","sts:SetSourceIdentity"]`))
	caller := p.session(first, good.sign(p.goodClaims().
		with("https://aws.amazon.com/tags", map[string]any{"principal_tags": map[string][]string{"Team": {"shop"}, "Stage": {"prod"}}, "transitive_tag_keys": []string{"Team"}}).
		with("https://aws.amazon.com/source_identity", "alice")))

	in := assumeInput(second.ARN)
	in.Tags = []iam.Tag{{Key: "Own", Value: "1"}}
	out, event, err := p.assume(caller, in)
	if err != nil {
		t.Fatalf("%v; %+v", err, event)
	}
	if out.SourceIdentity != "alice" || out.PackedPolicySize == nil {
		t.Errorf("answer = %+v", out)
	}
	chained, err := p.authenticate(out.Credentials)
	p.must(err)
	if fmt.Sprint(chained.SessionTags) != "map[Own:1 Team:shop]" || fmt.Sprint(chained.TransitiveTags) != "[Team]" || chained.SourceIdentity != "alice" {
		t.Errorf("caller = %+v", chained)
	}

	in.Tags = []iam.Tag{{Key: "team", Value: "other"}}
	_, _, err = p.assume(caller, in)
	wantError(t, err, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")

	in = assumeInput(second.ARN)
	in.SourceIdentity = ref("bob")
	_, event, err = p.assume(caller, in)
	wantError(t, err, "AccessDenied", "User: "+caller.Principal.ARN+" is not authorized to perform: sts:SetSourceIdentity on resource: "+second.ARN)
	if !strings.Contains(event.Explanation, "alice") {
		t.Errorf("explanation = %q", event.Explanation)
	}
	in.SourceIdentity = ref("alice")
	if _, _, err = p.assume(caller, in); err != nil {
		t.Errorf("the same source identity: %v", err)
	}

	_, _, err = p.assume(caller, assumeInput(tagless.ARN))
	wantError(t, err, "AccessDenied", "User: "+caller.Principal.ARN+" is not authorized to perform: sts:TagSession on resource: "+tagless.ARN)
}

func TestGetCallerIdentity(t *testing.T) {
	p, good, role := shop(t)
	p.allow(accountA, "app", `{"Effect":"Deny","Action":"*","Resource":"*"}`)
	identity, err := p.service.GetCallerIdentity(t.Context(), p.session(role, good.sign(p.goodClaims())))
	if want := (sts.CallerIdentity{UserId: role.ID + ":session-1", Account: accountA, Arn: "arn:aws:sts::111122223333:assumed-role/app/session-1"}); err != nil || identity != want {
		t.Errorf("identity = %+v, %v, want %+v", identity, err, want)
	}
	identity, err = p.service.GetCallerIdentity(t.Context(), p.root(accountA))
	if want := (sts.CallerIdentity{UserId: accountA, Account: accountA, Arn: "arn:aws:iam::111122223333:root"}); err != nil || identity != want {
		t.Errorf("identity = %+v, %v, want %+v", identity, err, want)
	}
}

func TestSessionPolicies(t *testing.T) {
	p, good, role := shop(t)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
	managed, err := p.directory.CreatePolicy(t.Context(), p.root(accountA), iam.CreatePolicyInput{
		PolicyName: "read", PolicyDocument: document(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`),
	})
	p.must(err)
	inline := document(`{"Effect":"Allow","Action":["s3:PutObject","ec2:RunInstances"],"Resource":"arn:aws:s3:::bucket/*"}`)
	can := func(caller iam.Caller, action string) bool {
		return iam.Authorize(caller, action, "arn:aws:s3:::bucket/key", nil).Allowed()
	}
	session := func(change func(*sts.WebIdentityInput)) (sts.Credentials, iam.Caller) {
		t.Helper()
		in := input(role.ARN, good.sign(p.goodClaims()))
		change(&in)
		out, _, err := p.exchange(in)
		p.must(err)
		if out.PackedPolicySize == nil && (in.Policy != nil || in.PolicyArns != nil) {
			t.Error("no PackedPolicySize")
		}
		caller, err := p.authenticate(out.Credentials)
		p.must(err)
		return out.Credentials, caller
	}

	_, caller := session(func(*sts.WebIdentityInput) {})
	if caller.Policies.Session != nil || !can(caller, "s3:GetObject") || !can(caller, "s3:DeleteObject") {
		t.Error("without session policies, the role's own apply alone")
	}
	_, caller = session(func(in *sts.WebIdentityInput) { in.Policy = &inline })
	if !can(caller, "s3:PutObject") || can(caller, "s3:GetObject") || can(caller, "ec2:RunInstances") {
		t.Error("an inline session policy narrows the role, and never widens it")
	}
	credentials, caller := session(func(in *sts.WebIdentityInput) { in.Policy, in.PolicyArns = &inline, []string{managed.ARN} })
	if !can(caller, "s3:PutObject") || !can(caller, "s3:GetObject") || can(caller, "s3:DeleteObject") {
		t.Error("inline and managed session policies are one union")
	}
	only, _ := session(func(in *sts.WebIdentityInput) { in.PolicyArns = []string{managed.ARN} })

	p.must(p.directory.DeletePolicy(t.Context(), p.root(accountA), iam.PolicyInput{PolicyARN: managed.ARN}))
	caller, err = p.authenticate(credentials)
	p.must(err)
	if !can(caller, "s3:PutObject") || can(caller, "s3:GetObject") {
		t.Error("a managed session policy that is gone still allows")
	}
	caller, err = p.authenticate(only)
	p.must(err)
	if caller.Policies.Session == nil || can(caller, "s3:GetObject") || can(caller, "s3:DeleteObject") {
		t.Error("a session whose only policy is gone may do anything at all")
	}
}
