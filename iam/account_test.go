package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// awsReadOnly is a managed policy of AWS's, as a plane is given it.
func awsReadOnly() iam.AWSPolicy {
	at := time.Date(2023, 8, 10, 0, 0, 0, 0, time.UTC)
	return iam.AWSPolicy{Name: "ReadOnly", Path: "/service-role/", ID: "ANPAEXAMPLEEXAMPLEXYZ", Created: at, Updated: at, DefaultVersionID: "v3", Document: allowGet}
}

// withAWSPolicies opens p's directory again with AWS's policies.
func (p *plane) withAWSPolicies(policies ...iam.AWSPolicy) {
	p.t.Helper()
	done(p.t, p.Directory.Close())
	p.Directory = must(iam.New(p.t.Context(), iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: account, AWSPolicies: policies}))
}

// TestAWSPolicies: everybody can attach them, nobody can change them, and accounts count their own uses.
func TestAWSPolicies(t *testing.T) {
	p := newPlane(t)
	p.withAWSPolicies(awsReadOnly())
	ctx := t.Context()
	const arn = "arn:aws:iam::aws:policy/service-role/ReadOnly"
	p.role("R")
	p.attach("R", arn)
	a := must(p.Account(ctx, account))
	role, _ := a.RoleByName("R")
	d := must(a.Policies(role)).Decide(&policy.Request{
		Principal: policy.Principal{Type: policy.Role, ARN: role.ARN, RoleARN: role.ARN, Account: account, ID: role.ID},
		Action:    "s3:GetObject", Resource: "arn:aws:s3:::b/k",
	})
	if !d.Allowed() {
		t.Errorf("the policy does not count: %v", d)
	}
	got := must(p.GetPolicy(ctx, p.root, iam.PolicyInput{PolicyARN: arn}))
	if got.AttachmentCount != 1 || got.DefaultVersionID != "v3" || got.Account != "aws" {
		t.Errorf("it is shown as %+v", got)
	}
	if v := must(p.GetPolicyVersion(ctx, p.root, iam.PolicyVersionInput{PolicyARN: arn, VersionID: "v3"})); v.Document != allowGet || !v.IsDefault {
		t.Errorf("its version is %+v", v)
	}
	own := p.policy("Own").ARN
	for scope, want := range map[string][]string{"AWS": {arn}, "Local": {own}, "All": {own, arn}, "": {own, arn}} {
		var arns []string
		for _, policy := range must(p.ListPolicies(ctx, p.root, iam.ListPoliciesInput{Scope: scope})).Items {
			arns = append(arns, policy.ARN)
		}
		if !slices.Equal(arns, want) {
			t.Errorf("scope %q lists %v, want %v", scope, arns, want)
		}
	}
	input := iam.PolicyInput{PolicyARN: arn}
	for name, err := range map[string]error{
		"delete":  p.DeletePolicy(ctx, p.root, input),
		"tag":     p.TagPolicy(ctx, p.root, iam.TagPolicyInput{PolicyARN: arn, Tags: []iam.Tag{{Key: "a"}}}),
		"version": second(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: arn, PolicyDocument: allowPut})),
	} {
		refused(t, err, "AccessDenied")
		if !strings.Contains(err.Error(), "policy "+arn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key := must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	other := caller(iam.Root("aws", key.Account))
	if elsewhere := must(p.GetPolicy(ctx, other, input)); elsewhere.AttachmentCount != 0 {
		t.Errorf("another account counts %d uses", elsewhere.AttachmentCount)
	}
	if _, err := iam.New(ctx, iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: account, AWSPolicies: []iam.AWSPolicy{{Name: "X", Path: "/", Document: "{"}}}); err == nil {
		t.Error("a directory was opened with a policy that does not compile")
	}
}

// TestAlias: one an account, and none twice on a plane.
func TestAlias(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	key := must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	other := caller(iam.Root("aws", key.Account))
	alias := func(name string) iam.AccountAliasInput { return iam.AccountAliasInput{AccountAlias: name} }
	of := func(c iam.Caller) []string {
		t.Helper()
		return must(p.ListAccountAliases(ctx, c, iam.ListInput{})).Items
	}
	done(t, p.CreateAccountAlias(ctx, p.root, alias("shop")))
	done(t, p.CreateAccountAlias(ctx, p.root, alias("shop")))
	expect(t, p.CreateAccountAlias(ctx, other, alias("shop")), "EntityAlreadyExists", "The account alias shop already exists.")
	done(t, p.CreateAccountAlias(ctx, p.root, alias("shop-2")))
	if got := of(p.root); !slices.Equal(got, []string{"shop-2"}) {
		t.Errorf("aliases %v", got)
	}
	done(t, p.CreateAccountAlias(ctx, other, alias("shop")))
	expect(t, p.DeleteAccountAlias(ctx, p.root, alias("shop")), "NoSuchEntity", "The account alias shop cannot be found.")
	p.close()
	p.open()
	done(t, p.DeleteAccountAlias(ctx, p.root, alias("shop-2")))
	if got := of(p.root); len(got) != 0 {
		t.Errorf("aliases %v", got)
	}
	for _, bad := range []string{"ab", "-ab", "ab-", "a--b", "Shop", strings.Repeat("a", 64), ""} {
		refused(t, p.CreateAccountAlias(ctx, p.root, alias(bad)), "ValidationError")
	}
}

// TestServiceLinkedRole: AWS's to change, and gone with its deletion.
func TestServiceLinkedRole(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.withAWSPolicies(iam.AWSPolicy{Name: "AmazonEKSServiceRolePolicy", Path: "/aws-service-role/", DefaultVersionID: "v1", Document: allowGet})
	in := iam.CreateServiceLinkedRoleInput{AWSServiceName: "eks.amazonaws.com"}
	role := must(p.CreateServiceLinkedRole(ctx, p.root, in))
	if role.ARN != "arn:aws:iam::"+account+":role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS" ||
		!slices.Equal(role.Attached, []string{"arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy"}) {
		t.Errorf("it is %+v", role)
	}
	expect(t, second(p.CreateServiceLinkedRole(ctx, p.root, in)), "InvalidInput",
		"Service role name AWSServiceRoleForAmazonEKS has been taken in this account, please try a different suffix.")
	name := iam.IdentityInput{IdentityName: iam.OfRole(role.Name)}
	const protected = "Cannot perform the operation on the protected role 'AWSServiceRoleForAmazonEKS' - this role is only modifiable by AWS"
	for _, err := range []error{
		p.DeleteRole(ctx, p.root, name),
		p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: name.IdentityName, PolicyName: "p", PolicyDocument: allowGet}),
		p.DetachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: name.IdentityName, PolicyARN: role.Attached[0]}),
		p.UpdateAssumeRolePolicy(ctx, p.root, iam.UpdateAssumeRolePolicyInput{RoleName: role.Name, PolicyDocument: trustAnyone}),
	} {
		expect(t, err, "UnmodifiableEntity", protected)
	}
	done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: name.IdentityName, Tags: []iam.Tag{{Key: "a", Value: "b"}}}))
	done(t, p.UpdateRole(ctx, p.root, iam.UpdateRoleInput{RoleName: role.Name, Description: new("for the cluster")}))

	p.role("Plain")
	refused(t, second(p.DeleteServiceLinkedRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("Plain")})), "NoSuchEntity")
	task := must(p.DeleteServiceLinkedRole(ctx, p.root, name))
	if status := must(p.GetServiceLinkedRoleDeletionStatus(ctx, p.root, iam.DeletionTaskInput{DeletionTaskID: task})); status != "SUCCEEDED" {
		t.Errorf("the deletion is %s", status)
	}
	refused(t, second(p.GetRole(ctx, p.root, name)), "NoSuchEntity")
	refused(t, second(p.GetServiceLinkedRoleDeletionStatus(ctx, p.root, iam.DeletionTaskInput{DeletionTaskID: "task/nothing"})), "NoSuchEntity")
	refused(t, second(p.CreateServiceLinkedRole(ctx, p.root, iam.CreateServiceLinkedRoleInput{AWSServiceName: "nothing.amazonaws.com"})), "InvalidInput")
}

// TestAuthorizationDetails: pages of any size make the same whole.
func TestAuthorizationDetails(t *testing.T) {
	p := newPlane(t)
	p.withAWSPolicies(awsReadOnly())
	ctx := t.Context()
	p.user("alice")
	p.group("people")
	p.role("R")
	own := p.policy("Own").ARN
	done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "people", UserName: "alice"}))
	done(t, p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfGroup("people"), PolicyARN: own}))
	p.attach("R", "arn:aws:iam::aws:policy/service-role/ReadOnly")
	must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "nodes"}))
	done(t, p.AddRoleToInstanceProfile(ctx, p.root, iam.InstanceProfileRoleInput{InstanceProfileName: "nodes", RoleName: "R"}))
	tell := func(d iam.Detail) string {
		switch {
		case d.User != nil:
			return "user " + d.User.Name + " in " + strings.Join(d.Groups, ",")
		case d.Group != nil:
			return "group " + d.Group.Name + " with " + d.Attached[0].PolicyName
		case d.Role != nil:
			return "role " + d.Role.Name + " with " + d.Attached[0].PolicyName + " in " + d.Profiles[0].Name
		}
		return "policy " + d.Policy.ARN + " " + d.Versions[0].VersionID
	}
	want := []string{
		"user alice in people", "group people with Own", "role R with ReadOnly in nodes", "policy " + own + " v1", "policy arn:aws:iam::aws:policy/service-role/ReadOnly v3",
	}
	for _, size := range []int{1, 2, 5, 100} {
		var got []string
		for marker := ""; ; {
			page := must(p.GetAccountAuthorizationDetails(ctx, p.root, iam.AuthorizationDetailsInput{Paging: iam.Paging{Marker: marker, MaxItems: &size}}))
			for _, d := range page.Items {
				got = append(got, tell(d))
			}
			if marker = page.Marker; !page.IsTruncated {
				break
			}
		}
		slices.Sort(got)
		sorted := slices.Sorted(slices.Values(want))
		if !slices.Equal(got, sorted) {
			t.Errorf("pages of %d: %q, want %q", size, got, sorted)
		}
	}
	filtered := must(p.GetAccountAuthorizationDetails(ctx, p.root, iam.AuthorizationDetailsInput{Filter: []string{"LocalManagedPolicy", "User"}})).Items
	if len(filtered) != 2 || filtered[0].User == nil || filtered[1].Policy == nil {
		t.Errorf("filtered: %+v", filtered)
	}
	summary := must(p.GetAccountSummary(ctx, p.root))
	for key, count := range map[string]int{"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "InstanceProfiles": 1, "Providers": 0, "AccountAccessKeysPresent": 1, "RolesQuota": 1000} {
		if summary[key] != count {
			t.Errorf("%s is %d, want %d", key, summary[key], count)
		}
	}
}

// TestLargePages: white space costs no quota, so pages of large documents end early; together they are still the whole.
func TestLargePages(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	const roles = 50
	document := strings.Repeat(" ", 120_000) + trustAnyone
	for i := range roles {
		must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: fmt.Sprintf("r%02d", i), AssumeRolePolicyDocument: document}))
	}
	for name, list := range map[string]func(iam.Paging) (int, string){
		"ListRoles": func(paging iam.Paging) (int, string) {
			page := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: paging}))
			return len(page.Items), page.Marker
		},
		"GetAccountAuthorizationDetails": func(paging iam.Paging) (int, string) {
			page := must(p.GetAccountAuthorizationDetails(ctx, p.root, iam.AuthorizationDetailsInput{Filter: []string{"Role"}, Paging: paging}))
			return len(page.Items), page.Marker
		},
	} {
		total, pages := 0, 0
		for paging := (iam.Paging{MaxItems: new(1000)}); ; {
			n, marker := list(paging)
			if n*len(document) > 5<<20 {
				t.Errorf("%s: a page has %d documents of %d bytes", name, n, len(document))
			}
			total, pages = total+n, pages+1
			if paging.Marker = marker; marker == "" {
				break
			}
		}
		if total != roles || pages < 2 {
			t.Errorf("%s: %d roles in %d pages, want %d", name, total, pages, roles)
		}
	}
}

// TestLongestMarker: the longest name under the longest path is still where a list can go on.
func TestLongestMarker(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("r")
	path := "/" + strings.Repeat("p", 510) + "/"
	for _, name := range []string{strings.Repeat("a", 128), "b"} {
		made := must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: name, Path: path, PolicyDocument: allowGet}))
		done(t, p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole("r"), PolicyARN: made.ARN}))
	}
	paging := iam.Paging{MaxItems: new(1)}
	paging.Marker = must(p.ListPolicies(ctx, p.root, iam.ListPoliciesInput{Scope: "Local", Paging: paging})).Marker
	if rest := must(p.ListPolicies(ctx, p.root, iam.ListPoliciesInput{Scope: "Local", Paging: paging})).Items; len(rest) != 1 || rest[0].Name != "b" {
		t.Errorf("ListPolicies goes on with %v", rest)
	}
	attached := iam.ListAttachedInput{IdentityName: iam.OfRole("r"), Paging: iam.Paging{MaxItems: new(1)}}
	attached.Paging.Marker = must(p.AttachedPolicies(ctx, p.root, attached)).Marker
	if rest := must(p.AttachedPolicies(ctx, p.root, attached)).Items; len(rest) != 1 || rest[0].PolicyName != "b" {
		t.Errorf("ListAttachedRolePolicies goes on with %v", rest)
	}
}
