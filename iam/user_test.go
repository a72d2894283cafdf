package iam_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

func (p *plane) user(name string) iam.User {
	p.t.Helper()
	return must(p.CreateUser(p.t.Context(), p.root, iam.CreateUserInput{UserName: name}))
}

func (p *plane) group(name string) iam.Group {
	p.t.Helper()
	return must(p.CreateGroup(p.t.Context(), p.root, iam.CreateGroupInput{GroupName: name}))
}

func (p *plane) put(n iam.IdentityName, document string) {
	p.t.Helper()
	done(p.t, p.PutPolicy(p.t.Context(), p.root, iam.PutPolicyInput{IdentityName: n, PolicyName: "p", PolicyDocument: document}))
}

// signed is a user as its own key makes it a caller.
func (p *plane) signed(u iam.User) iam.Caller {
	p.t.Helper()
	a := must(p.Account(p.t.Context(), account))
	found, ok := a.UserByID(u.ID)
	if !ok {
		p.t.Fatalf("user %s is gone", u.Name)
	}
	return caller(iam.Caller{
		Principal: policy.Principal{Type: policy.User, ARN: found.ARN, Account: account, ID: found.ID},
		Policies:  must(a.UserPolicies(found)),
	})
}

// TestUserPolicies: a user's own policies, those of its groups and its boundary decide together, as they are now.
func TestUserPolicies(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	p.group("readers")
	decide := func(action string) bool {
		t.Helper()
		d := iam.Authorize(p.signed(alice), action, "arn:aws:s3:::b/k", nil)
		return d.Allowed()
	}
	if decide("s3:GetObject") {
		t.Error("a user without policies may read")
	}
	p.put(iam.OfGroup("readers"), allowGet)
	if decide("s3:GetObject") {
		t.Error("the policy of a group that the user is not in counts")
	}
	membership := iam.MembershipInput{GroupName: "READERS", UserName: "Alice"}
	done(t, p.AddUserToGroup(ctx, p.root, membership))
	if !decide("s3:GetObject") {
		t.Error("the policy of the user's group does not count")
	}
	p.put(iam.OfUser("alice"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}`)
	if decide("s3:GetObject") {
		t.Error("the user's own Deny does not win over the group's Allow")
	}
	p.put(iam.OfUser("alice"), allowPut)
	if !decide("s3:PutObject") || !decide("s3:GetObject") {
		t.Error("own and group policies are not one union")
	}
	boundary := p.policy("OnlyGet").ARN
	done(t, p.PutPermissionsBoundary(ctx, p.root, iam.BoundaryInput{IdentityName: iam.OfUser("alice"), PermissionsBoundary: boundary}))
	if decide("s3:PutObject") || !decide("s3:GetObject") {
		t.Error("the boundary is not a limit")
	}
	done(t, p.RemoveUserFromGroup(ctx, p.root, membership))
	if decide("s3:GetObject") {
		t.Error("the policy of a group that was left still counts")
	}
}

// TestRenamedUser: who is renamed is still the same.
func TestRenamedUser(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	p.group("readers")
	p.put(iam.OfGroup("readers"), allowGet)
	done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "readers", UserName: "alice"}))
	key := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: new("alice")}))
	done(t, p.UpdateUser(ctx, p.root, iam.UpdateUserInput{UserName: "ALICE", NewUserName: "bob", NewPath: "/team/"}))
	done(t, p.UpdateGroup(ctx, p.root, iam.UpdateGroupInput{GroupName: "readers", NewGroupName: "people"}))

	bob := must(p.GetUser(ctx, p.root, iam.UserInput{UserName: new("bob")}))
	if bob.ID != alice.ID || bob.ARN != "arn:aws:iam::"+account+":user/team/bob" || !bob.Created.Equal(alice.Created) {
		t.Errorf("bob is %+v, was %+v", bob, alice)
	}
	expect(t, second(p.GetUser(ctx, p.root, iam.UserInput{UserName: new("alice")})), "NoSuchEntity", "The user with name alice cannot be found.")
	found, ok, err := p.AccessKey(ctx, key.ID)
	if err != nil || !ok || found.UserID != bob.ID {
		t.Errorf("the key is %+v %v %v", found, ok, err)
	}
	if !iam.Authorize(p.signed(bob), "s3:GetObject", "arn:aws:s3:::b/k", nil).Allowed() {
		t.Error("the group's policy does not count any more")
	}
	groups := must(p.ListGroupsForUser(ctx, p.root, iam.ListByIdentityInput{IdentityName: iam.OfUser("bob")})).Items
	if len(groups) != 1 || groups[0].Name != "people" {
		t.Errorf("bob's groups are %+v", groups)
	}
	// To other case is a rename as well, and takes nobody's name.
	done(t, p.UpdateUser(ctx, p.root, iam.UpdateUserInput{UserName: "bob", NewUserName: "Bob"}))
	if again := must(p.GetUser(ctx, p.root, iam.UserInput{UserName: new("bob")})); again.Name != "Bob" || again.ID != bob.ID {
		t.Errorf("Bob is %+v", again)
	}
	p.user("carol")
	expect(t, p.UpdateUser(ctx, p.root, iam.UpdateUserInput{UserName: "bob", NewUserName: "CAROL"}), "EntityAlreadyExists", "User with name CAROL already exists.")
}

// TestUserDeletion: what a user still has must go first, in AWS's words.
func TestUserDeletion(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.user("alice")
	p.group("readers")
	key := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: new("alice")}))
	done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "readers", UserName: "alice"}))
	arn := p.policy("P").ARN
	attachment := iam.AttachmentInput{IdentityName: iam.OfUser("alice"), PolicyARN: arn}
	done(t, p.AttachPolicy(ctx, p.root, attachment))
	p.put(iam.OfUser("alice"), allowGet)
	remove := func() error {
		return p.DeleteUser(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfUser("alice")})
	}
	expect(t, p.DeleteGroup(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfGroup("readers")}), "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	expect(t, remove(), "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	done(t, p.DeleteAccessKey(ctx, p.root, iam.AccessKeyInput{UserName: "alice", AccessKeyID: key.ID}))
	expect(t, remove(), "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	done(t, p.RemoveUserFromGroup(ctx, p.root, iam.MembershipInput{GroupName: "readers", UserName: "alice"}))
	expect(t, remove(), "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	done(t, p.DetachPolicy(ctx, p.root, attachment))
	expect(t, remove(), "DeleteConflict", "Cannot delete entity, must delete policies first.")
	done(t, p.DeleteInlinePolicy(ctx, p.root, iam.InlinePolicyInput{IdentityName: iam.OfUser("alice"), PolicyName: "p"}))
	done(t, remove())
	done(t, p.DeleteGroup(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfGroup("readers")}))
	if _, ok, err := p.AccessKey(ctx, key.ID); ok || err != nil {
		t.Errorf("the deleted key is there: %v", err)
	}
}

// TestAccessKeys: two a user, whose secrets are told once and written nowhere in clear.
func TestAccessKeys(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	p.user("bob")
	p.put(iam.OfUser("alice"), allow(`"Action": "iam:*", "Resource": "arn:aws:iam::`+account+`:user/${aws:username}"`))
	self := p.signed(alice)
	first := must(p.CreateAccessKey(ctx, self, iam.UserInput{}))
	if first.UserName != "alice" || first.UserID != alice.ID || len(first.ID) != 20 || len(first.Secret) != 40 {
		t.Errorf("the key is %+v", first)
	}
	must(p.CreateAccessKey(ctx, self, iam.UserInput{UserName: new("alice")}))
	expect(t, second(p.CreateAccessKey(ctx, self, iam.UserInput{})), "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	refused(t, second(p.CreateAccessKey(ctx, self, iam.UserInput{UserName: new("bob")})), "AccessDenied")
	session := self // of a role, which has no keys
	session.Principal.Type, session.Principal.ID = policy.AssumedRole, "AROAEXAMPLE"
	session.Policies = p.root.Policies
	expect(t, second(p.CreateAccessKey(ctx, session, iam.UserInput{})), "ValidationError", "Must specify userName when calling with non-User credentials")

	others := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: new("bob")}))
	// Another user's key is as absent as one that never was. The sentence is AWS's recorded answer to UpdateAccessKey.
	expect(t, p.DeleteAccessKey(ctx, self, iam.AccessKeyInput{AccessKeyID: others.ID}), "NoSuchEntity", "The Access Key with id "+others.ID+" cannot be found.")
	done(t, p.UpdateAccessKey(ctx, self, iam.AccessKeyInput{AccessKeyID: first.ID, Status: "Inactive"}))
	if found, ok, err := p.AccessKey(ctx, first.ID); err != nil || !ok || !found.Inactive || found.Secret != first.Secret {
		t.Errorf("the inactive key is %v %v %v", found.Inactive, ok, err)
	}
	listed := must(p.ListAccessKeys(ctx, self, iam.ListByUserInput{})).Items
	if len(listed) != 2 || listed[0].Secret+listed[1].Secret != "" {
		t.Errorf("listed %+v", listed)
	}
	p.close()
	for _, secret := range []string{first.Secret, others.Secret} {
		done(t, filepath.WalkDir(p.dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if content, err := os.ReadFile(path); err != nil || bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret access key (%v)", filepath.Base(path), err)
			}
			return nil
		}))
	}
	p.open()
}

// TestLastUse is kept over a restart.
func TestLastUse(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	role, user := p.role("R"), p.user("alice")
	key := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: &user.Name}))
	lastUse := func() (iam.LastUse, iam.LastUse) {
		t.Helper()
		return must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")})).LastUsed,
			must(p.GetAccessKeyLastUsed(ctx, p.root, iam.AccessKeyInput{AccessKeyID: key.ID})).LastUsed
	}
	if ofRole, ofKey := lastUse(); !ofRole.Time.IsZero() || !ofKey.Time.IsZero() {
		t.Errorf("before any use: %v %v", ofRole, ofKey)
	}
	at := role.Created.Add(1000)
	p.Used(role.ID, "s3", "eu-west-1", at)
	p.Used(key.ID, "iam", "us-east-1", at)
	want := func() {
		t.Helper()
		ofRole, ofKey := lastUse()
		if !ofRole.Time.Equal(role.Created) || ofRole.Service != "s3" || ofRole.Region != "eu-west-1" || ofKey.Service != "iam" {
			t.Errorf("last used: role %v, key %v", ofRole, ofKey)
		}
	}
	want()
	p.close()
	p.open()
	want()
	// What is recreated under the name was never used.
	done(t, p.DeleteRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")}))
	p.role("R")
	if ofRole, _ := lastUse(); !ofRole.Time.IsZero() {
		t.Errorf("the new role was used %v", ofRole)
	}
	if _, err := p.store.Get(ctx, "used/"+role.ID); !errors.Is(err, iam.ErrNotFound) {
		t.Errorf("the use of a role that is gone is kept: %v", err)
	}
}

// TestUserAuthorization: the resources and condition keys that calls on users, groups and instance profiles are decided by.
func TestUserAuthorization(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	must(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: "bounded", PermissionsBoundary: arn, Tags: []iam.Tag{{Key: "team", Value: "blue"}}}))
	p.user("plain")
	p.group("people")
	p.role("R")
	must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "nodes"}))
	resource := func(name string) string { return `"Resource": "arn:aws:iam::` + account + ":" + name + `"` }
	attach := func(user string) func(c iam.Caller) error {
		return func(c iam.Caller) error {
			return p.AttachPolicy(ctx, c, iam.AttachmentInput{IdentityName: iam.OfUser(user), PolicyARN: arn})
		}
	}
	rename := func(c iam.Caller) error {
		return p.UpdateUser(ctx, c, iam.UpdateUserInput{UserName: "plain", NewPath: "/other/"})
	}
	add := func(c iam.Caller) error {
		return p.AddRoleToInstanceProfile(ctx, c, iam.InstanceProfileRoleInput{InstanceProfileName: "nodes", RoleName: "R"})
	}
	const nodes = `"arn:aws:iam::` + account + `:instance-profile/nodes"`
	cases := []struct {
		name, document string
		call           func(c iam.Caller) error
		allowed        bool
	}{
		{"boundary of the user", allow(`"Action": "iam:AttachUserPolicy", "Resource": "*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "` + arn + `"}}`), attach("bounded"), true},
		{"no boundary", allow(`"Action": "iam:AttachUserPolicy", "Resource": "*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "` + arn + `"}}`), attach("plain"), false},
		{"the role's action is not the user's", allow(`"Action": "iam:AttachRolePolicy", "Resource": "*"`), attach("plain"), false},
		{"tag of the user", allow(`"Action": "iam:GetUser", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}`),
			func(c iam.Caller) error { return second(p.GetUser(ctx, c, iam.UserInput{UserName: new("bounded")})) }, true},
		{"membership is the group's", allow(`"Action": "iam:AddUserToGroup", ` + resource("group/people")), func(c iam.Caller) error {
			return p.AddUserToGroup(ctx, c, iam.MembershipInput{GroupName: "people", UserName: "plain"})
		}, true},
		{"move from here only", allow(`"Action": "iam:UpdateUser", ` + resource("user/plain")), rename, false},
		{"move there only", allow(`"Action": "iam:UpdateUser", ` + resource("user/other/plain")), rename, false},
		{"move from here to there", allow(`"Action": "iam:UpdateUser", ` + resource("user/*plain")), rename, true},
		{"profile without PassRole", allow(`"Action": "iam:AddRoleToInstanceProfile", "Resource": ` + nodes), add, false},
		{"profile with PassRole to another service", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": ` + nodes + `},
			{"Effect": "Allow", "Action": "iam:PassRole", ` + resource("role/R") + `, "Condition": {"StringEquals": {"iam:PassedToService": "eks.amazonaws.com"}}}]}`, add, false},
		{"profile with PassRole", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": ` + nodes + `},
			{"Effect": "Allow", "Action": "iam:PassRole", ` + resource("role/R") + `, "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}]}`, add, true},
		{"summary takes everything", allow(`"Action": "iam:GetAccountSummary", "Resource": "*"`), func(c iam.Caller) error { return second(p.GetAccountSummary(ctx, c)) }, true},
		{"service-linked role by service", allow(`"Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}`),
			func(c iam.Caller) error {
				return second(p.CreateServiceLinkedRole(ctx, c, iam.CreateServiceLinkedRoleInput{AWSServiceName: "elasticloadbalancing.amazonaws.com"}))
			}, true},
		{"service-linked role of another service", allow(`"Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}`),
			func(c iam.Caller) error {
				return second(p.CreateServiceLinkedRole(ctx, c, iam.CreateServiceLinkedRoleInput{AWSServiceName: "eks.amazonaws.com"}))
			}, false},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
			err := c.call(limited(t, id, c.document))
			if c.allowed {
				done(t, err)
				return
			}
			refusal := refused(t, err, "AccessDenied")
			if e := p.event(id); e.ErrorCode != "AccessDenied" || e.Decision == nil || !slices.ContainsFunc(e.Decision.Reasons(), func(r policy.Reason) bool { return r.Policy == "dev" }) {
				t.Errorf("event = %+v, refusal %v", e, refusal)
			}
		})
	}
}

// TestDenialTellsNothing: whether a name is taken is not told to those who may not ask.
func TestDenialTellsNothing(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: "taken", Path: "/secret/"}))
	c := limited(t, "r1", allow(`"Action": "s3:*", "Resource": "*"`))
	sentence := func(name string) string {
		return strings.Replace(second(p.GetUser(ctx, c, iam.UserInput{UserName: &name})).Error(), name, "NAME", 1)
	}
	if taken, free := sentence("taken"), sentence("none"); taken != free || strings.Contains(taken, "secret") {
		t.Errorf("told\n  %s\n  %s", taken, free)
	}
	lastUsed := func(id string) string {
		return strings.Replace(second(p.GetAccessKeyLastUsed(ctx, c, iam.AccessKeyInput{AccessKeyID: id})).Error(), id, "ID", 1)
	}
	key := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: new("taken")})).ID
	if taken, free := lastUsed(key), lastUsed("AKIAIOSFODNN7EXAMPLE"); taken != free || strings.Contains(taken, "taken") {
		t.Errorf("told\n  %s\n  %s", taken, free)
	}
}
