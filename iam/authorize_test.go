package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

func allow(statement string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", ` + statement + `}]}`
}

// event is the one event of a request.
func (p *plane) event(requestID string) trail.Event {
	p.t.Helper()
	events := must(p.trail.Find(p.t.Context(), requestID))
	if len(events) != 1 {
		p.t.Fatalf("request %s has %d events, want 1", requestID, len(events))
	}
	return events[0]
}

// TestAuthorize: what a caller with a policy may and may not do, by action, resource and condition keys.
func TestAuthorize(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	p.policy("Q")
	must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{
		RoleName: "Tagged", Path: "/team/", AssumeRolePolicyDocument: trustAnyone, Tags: []iam.Tag{{Key: "team", Value: "blue"}}, PermissionsBoundary: arn,
	}))
	p.role("Plain")
	const anything = `"Resource": "*"`
	condition := func(operator, key, value string) string {
		return fmt.Sprintf(`, "Condition": {"%s": {"%s": "%s"}}`, operator, key, value)
	}
	get := func(name string) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return second(p.GetRole(ctx, c, iam.IdentityInput{IdentityName: iam.OfRole(name)}))
		}
	}
	attach := func(role, policy string) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return p.AttachPolicy(ctx, c, iam.AttachmentInput{IdentityName: iam.OfRole(role), PolicyARN: strings.TrimSuffix(arn, "P") + policy})
		}
	}
	tag := func(key, value string) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return p.TagIdentity(ctx, c, iam.TagIdentityInput{IdentityName: iam.OfRole("Plain"), Tags: []iam.Tag{{Key: key, Value: value}}})
		}
	}
	list := func(c iam.Caller) error { return second(p.ListRoles(ctx, c, iam.ListByPathInput{})) }
	create := func(name, boundary string, tags ...iam.Tag) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return second(p.CreateRole(ctx, c, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trustAnyone, PermissionsBoundary: boundary, Tags: tags}))
		}
	}
	cases := []struct {
		name      string
		statement string
		call      func(c iam.Caller) error
		allowed   bool
	}{
		{"action and resource", `"Action": "iam:GetRole", "Resource": "arn:aws:iam::` + account + `:role/team/*"`, get("Tagged"), true},
		{"name in other case", `"Action": "iam:GetRole", "Resource": "arn:aws:iam::` + account + `:role/team/Tagged"`, get("TAGGED"), true},
		{"other resource", `"Action": "iam:GetRole", "Resource": "arn:aws:iam::` + account + `:role/team/*"`, get("Plain"), false},
		{"other action", `"Action": "iam:ListRoles", ` + anything, get("Plain"), false},
		{"list on everything", `"Action": "iam:ListRoles", ` + anything, list, true},
		{"list on roles: it has no resources", `"Action": "iam:ListRoles", "Resource": "arn:aws:iam::` + account + `:role/*"`, list, false},
		{"policy to attach", `"Action": "iam:AttachRolePolicy", ` + anything + condition("ArnEquals", "iam:PolicyARN", arn), attach("Plain", "P"), true},
		{"other policy to attach", `"Action": "iam:AttachRolePolicy", ` + anything + condition("ArnEquals", "iam:PolicyARN", arn), attach("Plain", "Q"), false},
		{"role's boundary", `"Action": "iam:AttachRolePolicy", ` + anything + condition("StringEquals", "iam:PermissionsBoundary", arn), attach("Tagged", "P"), true},
		{"role without that boundary", `"Action": "iam:AttachRolePolicy", ` + anything + condition("StringEquals", "iam:PermissionsBoundary", arn), attach("Plain", "P"), false},
		{"boundary of a new role", `"Action": "iam:CreateRole", ` + anything + condition("StringEquals", "iam:PermissionsBoundary", arn), create("New1", arn), true},
		{"new role without it", `"Action": "iam:CreateRole", ` + anything + condition("StringEquals", "iam:PermissionsBoundary", arn), create("New2", ""), false},
		{"resource tag", `"Action": "iam:GetRole", ` + anything + condition("StringEquals", "aws:ResourceTag/team", "blue"), get("Tagged"), true},
		{"resource tag, IAM's key", `"Action": "iam:GetRole", ` + anything + condition("StringEquals", "iam:ResourceTag/team", "blue"), get("Tagged"), true},
		{"resource without the tag", `"Action": "iam:GetRole", ` + anything + condition("StringEquals", "aws:ResourceTag/team", "blue"), get("Plain"), false},
		{"request tag", `"Action": "iam:TagRole", ` + anything + condition("StringEquals", "aws:RequestTag/team", "red"), tag("team", "red"), true},
		{"other request tag", `"Action": "iam:TagRole", ` + anything + condition("StringEquals", "aws:RequestTag/team", "red"), tag("team", "green"), false},
		{"request tag with a key like another key's name", `"Action": "iam:TagRole", ` + anything + condition("StringEquals", "aws:RequestTag/aTagKeys", "red"), tag("aTagKeys", "red"), true},
		{"tag keys", `"Action": "iam:TagRole", ` + anything + condition("ForAllValues:StringEquals", "aws:TagKeys", "team"), tag("team", "x"), true},
		{"other tag keys", `"Action": "iam:TagRole", ` + anything + condition("ForAllValues:StringEquals", "aws:TagKeys", "team"), tag("owner", "x"), false},
		{"create with tags takes both", `"Action": ["iam:CreateRole", "iam:TagRole"], ` + anything, create("New3", "", iam.Tag{Key: "a", Value: "b"}), true},
		{"create with tags without TagRole", `"Action": "iam:CreateRole", ` + anything, create("New4", "", iam.Tag{Key: "a", Value: "b"}), false},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
			err := c.call(limited(t, id, allow(c.statement)))
			if c.allowed {
				done(t, err)
				return
			}
			refusal := refused(t, err, "AccessDenied")
			if refusal.Decision == nil || refusal.Decision.Allowed() {
				t.Errorf("decision = %v", refusal.Decision)
			}
			e := p.event(id)
			if e.ErrorCode != "AccessDenied" || e.ErrorMessage != refusal.Message || e.Decision == nil || e.Decision.Allowed() {
				t.Errorf("event = %+v", e)
			}
		})
	}
}

// TestDeniedSentence: AWS's sentence, word for word, as public reports have it.
func TestDeniedSentence(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	dev := limited(t, "r1", allow(`"Action": "s3:*", "Resource": "*"`))
	const user = "User: arn:aws:iam::" + account + ":user/dev is not authorized to perform: "
	_, err := p.ListPolicies(ctx, dev, iam.ListPoliciesInput{})
	expect(t, err, "AccessDenied", user+"iam:ListPolicies on resource: policy path / because no identity-based policy allows the iam:ListPolicies action")
	_, err = p.ListRoles(ctx, dev, iam.ListByPathInput{})
	expect(t, err, "AccessDenied", user+"iam:ListRoles on resource: arn:aws:iam::"+account+":role/ because no identity-based policy allows the iam:ListRoles action")
	deny := limited(t, "r2", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	expect(t, p.DeleteRole(ctx, deny, iam.IdentityInput{IdentityName: iam.OfRole("R")}), "AccessDenied",
		user+"iam:DeleteRole on resource: role R with an explicit deny in an identity-based policy")
}

// TestDenyBeforeExistence: who may not ask learns nothing about what exists.
func TestDenyBeforeExistence(t *testing.T) {
	p := newPlane(t)
	p.role("There")
	dev := limited(t, "r1", allow(`"Action": "s3:*", "Resource": "*"`))
	for _, name := range []string{"There", "Missing"} {
		refused(t, second(p.GetRole(t.Context(), dev, iam.IdentityInput{IdentityName: iam.OfRole(name)})), "AccessDenied")
		refused(t, second(p.CreateRole(t.Context(), dev, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: "{"})), "AccessDenied")
	}
}

// TestEvents: what the trail keeps of a change, a read and a refusal.
func TestEvents(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	c := p.root
	c.AccessKeyID = "AKIAEXAMPLE"
	c.Origin.RequestID = "change"
	long := strings.Replace(trustAnyone, " ", strings.Repeat(" ", 3000), 1)
	must(p.CreateRole(ctx, c, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: long, Tags: []iam.Tag{{Key: "a", Value: "b"}}}))
	e := p.event("change")
	if e.Source != "iam.amazonaws.com" || e.Name != "CreateRole" || e.ReadOnly || e.Category != trail.Management || e.Account != account ||
		e.Action != "iam:CreateRole" || e.Resource != "arn:aws:iam::"+account+":role/R" || e.Region != region || e.SourceIP != "192.0.2.7" || e.ErrorCode != "" {
		t.Errorf("event = %+v", e)
	}
	if id := e.UserIdentity; id.Type != "Root" || id.ARN != "arn:aws:iam::"+account+":root" || id.AccountID != account || id.AccessKeyID != "AKIAEXAMPLE" {
		t.Errorf("identity = %+v", id)
	}
	if e.Decision == nil || !e.Decision.Allowed() {
		t.Errorf("decision = %+v", e.Decision)
	}
	if name := e.RequestParameters["roleName"]; name != "R" {
		t.Errorf("roleName = %v", name)
	}
	if document, _ := e.RequestParameters["assumeRolePolicyDocument"].(string); len(document) < 1000 || len(document) > 1100 {
		t.Errorf("the trail keeps %d bytes of the document", len(document))
	}

	c.Origin.RequestID = "refusal"
	refused(t, second(p.CreateRole(ctx, c, iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trustAnyone})), "EntityAlreadyExists")
	if e := p.event("refusal"); e.ErrorCode != "EntityAlreadyExists" || e.ErrorMessage != "Role with name r already exists." {
		t.Errorf("event = %+v", e)
	}
	c.Origin.RequestID = "many"
	many := iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com"}
	for i := range 5000 {
		many.ClientIDList = append(many.ClientIDList, strings.Repeat("c", 2000)+fmt.Sprint(i))
	}
	refused(t, second(p.CreateOpenIDConnectProvider(ctx, c, many)), "ValidationError")
	if e := p.event("many"); len(fmt.Sprint(e.RequestParameters)) > 120_000 || len(e.ErrorMessage) > 10_000 {
		t.Errorf("the trail keeps %d bytes of parameters and says %d", len(fmt.Sprint(e.RequestParameters)), len(e.ErrorMessage))
	}
	c.Origin.RequestID = "read"
	must(p.GetRole(ctx, c, iam.IdentityInput{IdentityName: iam.OfRole("R")}))
	c.Origin.RequestID = "account"
	key := must(p.CreateAccount(ctx, c, iam.CreateAccountInput{AccountID: otherAccount}))
	if e := p.event("account"); e.Source != "openirsa.amazonaws.com" || e.Action != "openirsa:CreateAccount" || strings.Contains(fmt.Sprint(e), key.Secret) {
		t.Errorf("event = %+v", e)
	}
	// Closing writes what waits.
	p.close()
	p.open()
	if e := p.event("read"); e.Name != "GetRole" || !e.ReadOnly {
		t.Errorf("event = %+v", e)
	}
}

// TestUnrecorded: what cannot be recorded is not done.
func TestUnrecorded(t *testing.T) {
	p := newPlane(t)
	if err := p.trail.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, second(p.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone})), "ServiceFailure")
	if _, ok := must(p.Account(t.Context(), account)).RoleByName("R"); ok {
		t.Error("a change that could not be recorded was made")
	}
}

// TestAccountsApart: callers reach their own account only, whatever ARNs they name and whatever their policies say.
func TestAccountsApart(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	key := must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	if key.Account != otherAccount || key.Secret == "" || !strings.HasPrefix(key.ID, "AKIA") {
		t.Errorf("key = %+v", key)
	}
	if got, ok, err := p.AccessKey(ctx, key.ID); err != nil || !ok || got != key {
		t.Errorf("looked up %+v %v %v", got, ok, err)
	}
	arn := p.policy("P").ARN
	p.role("R")
	issuer := must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com"})).ARN

	other := caller(iam.Root("aws", otherAccount))
	refused(t, second(p.GetRole(ctx, other, iam.IdentityInput{IdentityName: iam.OfRole("R")})), "NoSuchEntity")
	// Across accounts a resource's own policy would have to allow it, and these have none.
	for _, err := range []error{
		second(p.GetPolicy(ctx, other, iam.PolicyInput{PolicyARN: arn})),
		p.DeletePolicy(ctx, other, iam.PolicyInput{PolicyARN: arn}),
		second(p.GetOpenIDConnectProvider(ctx, other, iam.ProviderInput{OpenIDConnectProviderARN: issuer})),
		p.DeleteOpenIDConnectProvider(ctx, other, iam.ProviderInput{OpenIDConnectProviderARN: issuer}),
	} {
		refused(t, err, "AccessDenied")
	}
	must(p.GetOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: issuer}))
	must(p.CreateRole(ctx, other, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone}))
	refused(t, p.AttachPolicy(ctx, other, iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: arn}), "NoSuchEntity")

	// Only the default account's callers see and make accounts, and only with a policy for it.
	refused(t, second(p.CreateAccount(ctx, other, iam.CreateAccountInput{AccountID: "777788889999"})), "AccessDenied")
	refused(t, second(p.ListAccounts(ctx, other, iam.ListAccountsInput{})), "AccessDenied")
	dev := limited(t, "r1", allow(`"Action": "iam:*", "Resource": "*"`))
	refused(t, second(p.CreateAccount(ctx, dev, iam.CreateAccountInput{AccountID: "777788889999"})), "AccessDenied")
	if accounts := must(p.ListAccounts(ctx, p.root, iam.ListAccountsInput{})).Items; len(accounts) != 2 || accounts[0].ID != account || accounts[1].ID != otherAccount {
		t.Errorf("accounts = %+v", accounts)
	}

	// A caller of an account that does not exist reaches nothing.
	ghost := caller(iam.Root("aws", "777788889999"))
	refused(t, second(p.GetRole(ctx, ghost, iam.IdentityInput{IdentityName: iam.OfRole("R")})), "NoSuchEntity")
	refused(t, second(p.CreateRole(ctx, ghost, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone})), "NoSuchEntity")
}

// TestNobody: the zero caller may do nothing.
func TestNobody(t *testing.T) {
	p := newPlane(t)
	refused(t, second(p.ListRoles(t.Context(), iam.Caller{}, iam.ListByPathInput{})), "NoSuchEntity")
	nobody := iam.Caller{Principal: policy.Principal{Account: account}}
	refused(t, second(p.ListRoles(t.Context(), nobody, iam.ListByPathInput{})), "AccessDenied")
}
