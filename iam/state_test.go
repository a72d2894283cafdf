package iam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// TestRestart: everything is there again, and Bootstrap finds the key that it made.
func TestRestart(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	key := must(p.Bootstrap(ctx, account))
	arn := p.policy("P").ARN
	must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{
		RoleName: "R", Path: "/a/", AssumeRolePolicyDocument: trustAnyone, Description: "d", MaxSessionDuration: new(7200),
		PermissionsBoundary: arn, Tags: []iam.Tag{{Key: "k", Value: "v"}},
	}))
	p.attach("R", arn)
	done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "i", PolicyDocument: allowPut}))
	must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com", ClientIDList: []string{"a", "b", "a"}}))
	before := must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")}))

	p.close()
	p.open()
	if again := must(p.Bootstrap(ctx, account)); again != key {
		t.Errorf("Bootstrap returned %s, then %s", key.ID, again.ID)
	}
	if got, ok, err := p.AccessKey(ctx, key.ID); err != nil || !ok || got != key {
		t.Errorf("key is %v, %v", ok, err)
	}
	after := must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("r")}))
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("role was\n%+v\nand is\n%+v", before, after)
	}
	if after.MaxSessionDuration != 2*time.Hour || after.TrustPolicy != trustAnyone || after.BoundaryARN != arn {
		t.Errorf("role = %+v", after)
	}
	provider, providerARN, ok := must(p.Account(ctx, account)).Provider("https://oidc.example.com")
	if !ok || providerARN != "arn:aws:iam::"+account+":oidc-provider/oidc.example.com" || !slices.Equal(provider.ClientIDs, []string{"a", "b"}) || provider.Revision == 0 {
		t.Errorf("provider = %+v %s %v", provider, providerARN, ok)
	}
	if _, _, ok := must(p.Account(ctx, account)).Provider("https://OIDC.example.com"); ok {
		t.Error("an issuer was found under another spelling")
	}
}

// TestUnknownAccessKeys: an id that nobody has, of an account that does or does not exist, or that is none.
func TestUnknownAccessKeys(t *testing.T) {
	p := newPlane(t)
	for _, id := range []string{"", "AKIA", "AKIAIOSFODNN7EXAMPLE", iam.AccessKeyID("AKIA", account, []byte("12345")), iam.AccessKeyID("AKIA", "999999999999", []byte("12345"))} {
		if key, ok, err := p.AccessKey(t.Context(), id); ok || err != nil || key != (iam.AccessKey{}) {
			t.Errorf("%q: %+v %v %v", id, key, ok, err)
		}
	}
}

func TestAccessKeyID(t *testing.T) {
	// A key id of AWS with its account, from Tal Be'ery, "A short note on AWS KEY ID" (2023).
	if got, ok := iam.AccountOfAccessKeyID("ASIAQNZGKIQY56JQ7WML"); !ok || got != "029608264753" {
		t.Errorf("account = %s, %v", got, ok)
	}
	for _, want := range []string{"000000000000", "000000000001", account, "999999999999"} {
		for _, random := range []string{"\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff", "12345"} {
			id := iam.AccessKeyID("ASIA", want, []byte(random))
			if got, ok := iam.AccountOfAccessKeyID(id); len(id) != 20 || !ok || got != want {
				t.Errorf("%s of %s: account %s, %v", id, want, got, ok)
			}
		}
	}
	for _, bad := range []string{iam.AccessKeyID("ASIA", "1", []byte("12345")), iam.AccessKeyID("ASIA", account, nil)} {
		if bad != "" {
			t.Errorf("made %s", bad)
		}
	}
}

// TestRecreatedRole: a grant to a role does not pass to the next role of that name (policy.md, "Saved user/role ARNs become unique ids").
func TestRecreatedRole(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	other := caller(iam.Root("aws", otherAccount))
	for _, owner := range []iam.Caller{p.root, other} {
		first := must(p.CreateRole(ctx, owner, iam.CreateRoleInput{RoleName: "Client", Path: "/apps/", AssumeRolePolicyDocument: trustAnyone}))
		trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`, first.ARN)
		name := "TrustsClientOf" + owner.Principal.Account
		must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust}))
		trusted := func(client iam.Role) bool {
			a := must(p.Account(ctx, account))
			role, _ := a.RoleByName(name)
			decision := policy.Policies{Trust: must(a.Trust(role)), Identity: []*policy.Policy{iam.RootPolicy()}}.Decide(&policy.Request{
				Principal: policy.Principal{
					Type: policy.AssumedRole, ARN: "arn:aws:sts::" + client.Account + ":assumed-role/Client/s", Account: client.Account, RoleARN: client.ARN, ID: client.ID, Session: "s",
				},
				Action: "sts:AssumeRole", Resource: role.ARN,
			})
			return decision.Allowed()
		}
		if !trusted(first) {
			t.Error("the role that the trust policy names is not trusted")
		}
		if got := must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole(name)})).TrustPolicy; got != trust {
			t.Errorf("trust policy is shown as %s", got)
		}
		done(t, p.DeleteRole(ctx, owner, iam.IdentityInput{IdentityName: iam.OfRole("Client")}))
		next := must(p.CreateRole(ctx, owner, iam.CreateRoleInput{RoleName: "Client", Path: "/apps/", AssumeRolePolicyDocument: trustAnyone}))
		if next.ID == first.ID {
			t.Errorf("both roles have id %s", next.ID)
		}
		if trusted(next) {
			t.Error("the recreated role got the old grant")
		}
		want := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`, first.ID)
		if got := must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole(name)})).TrustPolicy; got != want {
			t.Errorf("trust policy is shown as %s, want %s", got, want)
		}
	}
}

// TestPolicies: what a snapshot compiles, that it follows changes, and that it does not compile again what did not change.
func TestPolicies(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	boundary := p.policy("B").ARN
	p.role("R")
	decide := func(action string) policy.Effect {
		a := must(p.Account(ctx, account))
		role, _ := a.RoleByName("R")
		policies := must(a.Policies(role))
		return policies.Decide(&policy.Request{
			Principal: policy.Principal{Type: policy.Role, ARN: role.ARN, Account: account, ID: role.ID}, Action: action, Resource: "arn:aws:s3:::b/k",
		}).Effect
	}
	steps := []struct {
		name     string
		do       func() error
		get, put policy.Effect
	}{
		{"no policies", func() error { return nil }, policy.ImplicitlyDenied, policy.ImplicitlyDenied},
		{"managed", func() error {
			return p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: arn})
		}, policy.Allowed, policy.ImplicitlyDenied},
		{"inline", func() error {
			return p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "i", PolicyDocument: allowPut})
		}, policy.Allowed, policy.Allowed},
		{"boundary", func() error {
			return p.PutPermissionsBoundary(ctx, p.root, iam.BoundaryInput{IdentityName: iam.OfRole("R"), PermissionsBoundary: boundary})
		}, policy.Allowed, policy.ImplicitlyDenied},
		{"new default version", func() error {
			return second(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: boundary, PolicyDocument: allowPut, SetAsDefault: true}))
		}, policy.ImplicitlyDenied, policy.Allowed},
		{"old default version", func() error {
			return p.SetDefaultPolicyVersion(ctx, p.root, iam.PolicyVersionInput{PolicyARN: boundary, VersionID: "v1"})
		}, policy.Allowed, policy.ImplicitlyDenied},
		{"no boundary", func() error {
			return p.DeletePermissionsBoundary(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")})
		}, policy.Allowed, policy.Allowed},
		{"no inline", func() error {
			return p.DeleteInlinePolicy(ctx, p.root, iam.InlinePolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "i"})
		}, policy.Allowed, policy.ImplicitlyDenied},
		{"detached", func() error {
			return p.DetachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: arn})
		}, policy.ImplicitlyDenied, policy.ImplicitlyDenied},
	}
	for _, s := range steps {
		done(t, s.do())
		if get, put := decide("s3:GetObject"), decide("s3:PutObject"); get != s.get || put != s.put {
			t.Errorf("%s: GetObject %v, PutObject %v; want %v, %v", s.name, get, put, s.get, s.put)
		}
	}
}

// TestCarryOver: a write compiles nothing again whose document stays.
func TestCarryOver(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	p.role("R")
	p.attach("R", arn)
	done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "i", PolicyDocument: allowPut}))
	programs := func() []*policy.Policy {
		a := must(p.Account(ctx, account))
		role, _ := a.RoleByName("R")
		return append(must(a.Policies(role)).Identity, must(a.Trust(role)))
	}
	before := programs()
	p.role("Another")
	done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: []iam.Tag{{Key: "a", Value: "b"}}}))
	done(t, p.TagPolicy(ctx, p.root, iam.TagPolicyInput{PolicyARN: arn, Tags: []iam.Tag{{Key: "a", Value: "b"}}}))
	if after := programs(); !slices.Equal(after, before) || len(after) != 3 {
		t.Error("policies were compiled again although their documents are the same")
	}
}

// reporting is a store that says when a change has been reported to the directory.
type reporting struct {
	iam.Store
	reported chan iam.Change
}

func (r reporting) Watch(ctx context.Context, prefix string, from int64, changed func(iam.Change) error) error {
	return r.Store.Watch(ctx, prefix, from, func(c iam.Change) error {
		err := changed(c)
		r.reported <- c
		return err
	})
}

// TestOtherWriters: a directory reads what another one on the same store wrote as soon as that is reported, and compiles nothing
// again that did not change.
func TestOtherWriters(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	p.role("R")
	p.attach("R", arn)
	store := reporting{p.store, make(chan iam.Change, 100)}
	reader := must(iam.New(ctx, iam.Config{Store: store, Trail: p.trail, DefaultAccount: account}))
	defer reader.Close()
	read := func() (iam.Role, *policy.Policy) {
		a := must(reader.Account(ctx, account))
		role, _ := a.RoleByName("R")
		return *role, must(a.Policies(role)).Identity[0]
	}
	_, before := read()
	done(t, p.UpdateRole(ctx, p.root, iam.UpdateRoleInput{RoleName: "R", Description: new("written elsewhere")}))
	for range 2 { // the role and the account
		<-store.reported
	}
	if role, after := read(); role.Description != "written elsewhere" || after != before {
		t.Errorf("role = %+v; the same policy: %v", role, after == before)
	}
	// Writers ask the store: nothing is refused for what another one has changed already.
	late := p.policy("Late").ARN
	done(t, reader.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: late}))
}

// TestPaging: pages of every size together are the whole list, in its order, also when the item that a marker points at goes away.
func TestPaging(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	want := []string{"alpha", "Beta", "beta2", "Delta", "gamma", "Zeta"}
	for _, name := range []string{"gamma", "Zeta", "alpha", "beta2", "Delta", "Beta"} {
		p.role(name)
	}
	for size := 1; size <= 7; size++ {
		var got []string
		paging := iam.Paging{MaxItems: &size}
		for {
			page := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: paging}))
			got = append(got, names(page.Items)...)
			if page.IsTruncated != (page.Marker != "") || len(page.Items) > size {
				t.Fatalf("page = %+v", page)
			}
			if !page.IsTruncated {
				break
			}
			paging.Marker = page.Marker
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", size, got, want)
		}
	}
	page := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: iam.Paging{MaxItems: new(2)}}))
	done(t, p.DeleteRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("Beta")}))
	rest := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: iam.Paging{Marker: page.Marker}}))
	if got := names(rest.Items); !slices.Equal(got, want[2:]) {
		t.Errorf("after %v come %v", names(page.Items), got)
	}

	for i := range 101 {
		must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: fmt.Sprint("many", i), Path: "/many/", AssumeRolePolicyDocument: trustAnyone}))
	}
	if page := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{PathPrefix: "/many/"})); len(page.Items) != 100 || !page.IsTruncated {
		t.Errorf("a page has %d items by default, truncated %v", len(page.Items), page.IsTruncated)
	}
}

// TestLists: the lists other than of roles, and their filters.
func TestLists(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	used := must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "Used", Path: "/a/", PolicyDocument: allowGet, Tags: []iam.Tag{{Key: "k", Value: "v"}}})).ARN
	limit := p.policy("Limit").ARN
	p.policy("Idle")
	must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone, PermissionsBoundary: limit}))
	p.attach("R", used)
	p.attach("R", limit)
	policies := func(in iam.ListPoliciesInput) (out []string) {
		for _, m := range must(p.ListPolicies(ctx, p.root, in)).Items {
			out = append(out, fmt.Sprint(m.Name, m.AttachmentCount, m.PermissionsBoundaryUsageCount))
		}
		return out
	}
	for _, c := range []struct {
		in   iam.ListPoliciesInput
		want []string
	}{
		{iam.ListPoliciesInput{}, []string{"Idle0 0", "Limit1 1", "Used1 0"}},
		{iam.ListPoliciesInput{Scope: "Local", OnlyAttached: true}, []string{"Limit1 1", "Used1 0"}},
		{iam.ListPoliciesInput{Scope: "AWS"}, nil},
		{iam.ListPoliciesInput{PathPrefix: "/a/"}, []string{"Used1 0"}},
		{iam.ListPoliciesInput{PolicyUsageFilter: "PermissionsBoundary"}, []string{"Limit1 1"}},
	} {
		if got := policies(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%+v lists %q, want %q", c.in, got, c.want)
		}
	}
	entities := func(in iam.ListEntitiesForPolicyInput) int {
		return len(must(p.ListEntitiesForPolicy(ctx, p.root, in)).Items)
	}
	if n := entities(iam.ListEntitiesForPolicyInput{PolicyARN: limit}); n != 1 {
		t.Errorf("%d entities, want 1: a role that uses a policy twice is listed once", n)
	}
	if n := entities(iam.ListEntitiesForPolicyInput{PolicyARN: used, PolicyUsageFilter: "PermissionsBoundary"}); n != 0 {
		t.Errorf("%d entities with it as boundary, want 0", n)
	}
	if n := entities(iam.ListEntitiesForPolicyInput{PolicyARN: used, EntityFilter: "User"}); n != 0 {
		t.Errorf("%d users, want 0", n)
	}
	attached := must(p.AttachedPolicies(ctx, p.root, iam.ListAttachedInput{IdentityName: iam.OfRole("R")})).Items
	if want := []iam.AttachedPolicy{{PolicyName: "Limit", PolicyARN: limit}, {PolicyName: "Used", PolicyARN: used}}; !slices.Equal(attached, want) {
		t.Errorf("attached = %+v", attached)
	}
	for i := range 12 { // ten and more: versions are listed by number, the newest first
		must(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: used, PolicyDocument: allowPut}))
		if i > 2 {
			done(t, p.DeletePolicyVersion(ctx, p.root, iam.PolicyVersionInput{PolicyARN: used, VersionID: fmt.Sprint("v", i-1)}))
		}
	}
	var versions []string
	for _, v := range must(p.ListPolicyVersions(ctx, p.root, iam.ListByPolicyInput{PolicyARN: used})).Items {
		versions = append(versions, fmt.Sprint(v.VersionID, v.IsDefault))
	}
	if want := []string{"v13false", "v12false", "v11false", "v1true"}; !slices.Equal(versions, want) {
		t.Errorf("versions = %v, want %v", versions, want)
	}
	tags := must(p.ListPolicyTags(ctx, p.root, iam.ListByPolicyInput{PolicyARN: used})).Items
	if !slices.Equal(tags, []iam.Tag{{Key: "k", Value: "v"}}) {
		t.Errorf("tags = %v", tags)
	}
}

// TestTags: keys of roles are one without case, and the last spelling stays; those of providers differ by case.
func TestTags(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")
	provider := must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com"})).ARN
	done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: []iam.Tag{{Key: "Team", Value: "blue"}, {Key: "cost", Value: "1"}}}))
	done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: []iam.Tag{{Key: "TEAM", Value: "red"}}}))
	done(t, p.UntagIdentity(ctx, p.root, iam.UntagIdentityInput{IdentityName: iam.OfRole("R"), TagKeys: []string{"COST", "none"}}))
	if got := must(p.IdentityTags(ctx, p.root, iam.ListByIdentityInput{IdentityName: iam.OfRole("R")})).Items; !slices.Equal(got, []iam.Tag{{Key: "TEAM", Value: "red"}}) {
		t.Errorf("tags = %v", got)
	}
	done(t, p.TagOpenIDConnectProvider(ctx, p.root, iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderARN: provider, Tags: []iam.Tag{{Key: "a", Value: "b"}, {Key: "A", Value: "c"}}}))
	done(t, p.UntagOpenIDConnectProvider(ctx, p.root, iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderARN: provider, TagKeys: []string{"A"}}))
	if got := must(p.ListOpenIDConnectProviderTags(ctx, p.root, iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderARN: provider})).Items; !slices.Equal(got, []iam.Tag{{Key: "a", Value: "b"}}) {
		t.Errorf("tags = %v", got)
	}
}

// TestInlineKeys: a provider's keys belong to its account's record, and a bad key set changes nothing.
func TestInlineKeys(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	in := iam.PutOpenIDConnectProviderKeysInput{
		OpenIDConnectProviderARN: must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com"})).ARN,
		JWKS:                     testJWKS(t),
	}
	done(t, p.PutOpenIDConnectProviderKeys(ctx, p.root, in))
	provider, _, _ := must(p.Account(ctx, account)).Provider("https://oidc.example.com")
	if string(provider.JWKS) != string(in.JWKS) {
		t.Errorf("keys = %s", provider.JWKS)
	}
	for _, bad := range []string{"", "{}", "null", `{"keys":[]}`} {
		broken := in
		broken.JWKS = []byte(bad)
		refused(t, p.PutOpenIDConnectProviderKeys(ctx, p.root, broken), "InvalidInput")
	}
	dev := limited(t, "r1", allow(`"Action": "iam:*", "Resource": "*"`))
	refused(t, p.PutOpenIDConnectProviderKeys(ctx, dev, in), "AccessDenied") // the action is openirsa's
	revision := provider.Revision
	in.JWKS = nil
	done(t, p.PutOpenIDConnectProviderKeys(ctx, p.root, in))
	if provider, _, _ = must(p.Account(ctx, account)).Provider("https://oidc.example.com"); provider.JWKS != nil || provider.Revision <= revision {
		t.Errorf("provider = %+v, was of revision %d", provider, revision)
	}
}

// TestUnknownSchema: a record of a later version closes its account; it is not guessed at.
func TestUnknownSchema(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")
	record := must(p.store.Get(ctx, "account/"+account+"/role/r"))
	var envelope map[string]any
	done(t, json.Unmarshal(record.Value, &envelope))
	envelope["schema"] = 2
	must(p.store.Apply(ctx, nil, []iam.Operation{{Key: record.Key, Value: must(json.Marshal(envelope))}}))
	p.close()
	p.open()
	_, err := p.Account(ctx, account)
	refused(t, err, "ServiceFailure")
}

// TestCallerHangsUp: a request whose client is gone is answered from the same state as any other, and its change is done whole.
func TestCallerHangsUp(t *testing.T) {
	p := newPlane(t)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	d := p.another() // has loaded nothing yet
	defer d.Close()
	must(d.Account(gone, account))
	_, err := d.Account(gone, "999999999999")
	refused(t, err, "NoSuchEntity")
	must(d.CreateRole(gone, p.root, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone}))
	must(d.GetRole(t.Context(), p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")}))
}
