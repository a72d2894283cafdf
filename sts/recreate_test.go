package sts_test

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// userKey makes a user with an access key, and authenticates with it.
func (p *plane) userKey(account, user string) (sts.Credentials, iam.Caller) {
	p.t.Helper()
	_, err := p.directory.CreateUser(p.t.Context(), p.root(account), iam.CreateUserInput{UserName: user})
	p.must(err)
	key, err := p.directory.CreateAccessKey(p.t.Context(), p.root(account), iam.UserInput{UserName: &user})
	p.must(err)
	credentials := sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret}
	caller, err := p.authenticate(credentials)
	p.must(err)
	return credentials, caller
}

// trustShown is a role's trust policy as GetRole shows it.
func (p *plane) trustShown(account, role string) string {
	p.t.Helper()
	got, err := p.directory.GetRole(p.t.Context(), p.root(account), iam.IdentityInput{IdentityName: iam.OfRole(role)})
	p.must(err)
	return got.TrustPolicy
}

// TestRecreatedRole: a role that is deleted and made again under its name is another one: the sessions of the old one end, also those that are
// remembered, and nobody who trusted the old one trusts the new one, in its own account and in another, until the trust is saved again
// (IAM User Guide, "AWS JSON policy elements: Principal").
func TestRecreatedRole(t *testing.T) {
	p, good, role := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`)
	near := p.role(accountA, "near", trustPrincipal(role.ARN, `"sts:AssumeRole"`))
	far := p.role(accountB, "far", trustPrincipal(role.ARN, `"sts:AssumeRole"`))

	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	old, err := p.authenticate(out.Credentials)
	p.must(err)
	var chained []sts.Credentials
	for _, target := range []iam.Role{near, far} {
		out, event, err := p.assume(old, assumeInput(target.ARN))
		if err != nil {
			t.Fatalf("the role that %s trusts may not assume it: %v; %s", target.ARN, err, event.Explanation)
		}
		_, err = p.authenticate(out.Credentials)
		p.must(err)
		chained = append(chained, out.Credentials)
	}

	root := p.root(accountA)
	p.must(p.directory.DeleteInlinePolicy(t.Context(), root, iam.InlinePolicyInput{IdentityName: iam.OfRole("app"), PolicyName: "p"}))
	p.must(p.directory.DeleteRole(t.Context(), root, iam.IdentityInput{IdentityName: iam.OfRole("app")}))
	dead := func() {
		t.Helper()
		_, err := p.authenticate(out.Credentials)
		wantError(t, err, "InvalidClientTokenId", invalidToken)
	}
	dead()
	next := p.role(accountA, "app", trustFor(accountA, subject))
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`)
	dead()
	p.service = p.serviceWith(func(*sts.Config) {}) // which remembers no session
	dead()

	caller := p.session(next, good.sign(p.goodClaims()))
	for i, target := range []iam.Role{near, far} {
		if _, _, err := p.assume(caller, assumeInput(target.ARN)); err == nil {
			t.Errorf("%s, which trusted the deleted role, trusts the one that was made again", target.ARN)
		}
		account := target.Account
		if shown := p.trustShown(account, target.Name); !strings.Contains(shown, `"`+role.ID+`"`) || strings.Contains(shown, role.ARN) {
			t.Errorf("%s shows its trust as %s", target.ARN, shown)
		}
		if _, err := p.authenticate(chained[i]); err != nil {
			t.Errorf("a session of %s, which is still there, ended with the role that had assumed it: %v", target.ARN, err)
		}
		p.must(p.directory.UpdateAssumeRolePolicy(t.Context(), p.root(account), iam.UpdateAssumeRolePolicyInput{
			RoleName: target.Name, PolicyDocument: trustPrincipal(next.ARN, `"sts:AssumeRole"`),
		}))
		if _, event, err := p.assume(caller, assumeInput(target.ARN)); err != nil {
			t.Errorf("%s trusts the new role now, which may not assume it: %v; %s", target.ARN, err, event.Explanation)
		}
	}
}

// TestRecreatedUser: the keys of a user end with it, and trust in it does not pass to the next user of its name.
func TestRecreatedUser(t *testing.T) {
	p := newPlane(t)
	credentials, caller := p.userKey(accountA, "alice")
	trusting := p.role(accountA, "trusting", trustPrincipal(caller.Principal.ARN, `"sts:AssumeRole"`))
	if _, event, err := p.assume(caller, assumeInput(trusting.ARN)); err != nil {
		t.Fatalf("the user whom the role trusts may not assume it: %v; %s", err, event.Explanation)
	}
	root := p.root(accountA)
	p.must(p.directory.DeleteAccessKey(t.Context(), root, iam.AccessKeyInput{UserName: "alice", AccessKeyID: credentials.AccessKeyId}))
	_, err := p.authenticate(credentials)
	wantError(t, err, "InvalidClientTokenId", invalidToken)
	p.must(p.directory.DeleteUser(t.Context(), root, iam.IdentityInput{IdentityName: iam.OfUser("alice")}))

	_, next := p.userKey(accountA, "alice")
	if next.Principal.ARN != caller.Principal.ARN || next.Principal.ID == caller.Principal.ID {
		t.Fatalf("the user was %+v and is %+v", caller.Principal, next.Principal)
	}
	_, err = p.authenticate(credentials)
	wantError(t, err, "InvalidClientTokenId", invalidToken)
	if _, _, err := p.assume(next, assumeInput(trusting.ARN)); err == nil {
		t.Error("the new user may assume the role that trusted the old one")
	}
	if shown := p.trustShown(accountA, "trusting"); !strings.Contains(shown, `"`+caller.Principal.ID+`"`) {
		t.Errorf("the trust is shown as %s", shown)
	}
}

// TestRenamedUser: trust follows a user to another name, and is not left behind for whoever gets the old one (IAM User Guide, "Rename an IAM user":
// role policies that refer to the user as the principal are updated to use the new name or path).
func TestRenamedUser(t *testing.T) {
	p := newPlane(t)
	credentials, caller := p.userKey(accountA, "alice")
	trusting := p.role(accountA, "trusting", trustPrincipal(caller.Principal.ARN, `"sts:AssumeRole"`))
	p.must(p.directory.UpdateUser(t.Context(), p.root(accountA), iam.UpdateUserInput{UserName: "alice", NewUserName: "alicia", NewPath: "/team/"}))
	renamed, err := p.authenticate(credentials)
	p.must(err)
	const arn = "arn:aws:iam::" + accountA + ":user/team/alicia"
	if renamed.Principal.ARN != arn || renamed.Principal.ID != caller.Principal.ID {
		t.Errorf("principal = %+v", renamed.Principal)
	}
	_, other := p.userKey(accountA, "alice")
	if _, event, err := p.assume(renamed, assumeInput(trusting.ARN)); err != nil {
		t.Errorf("the renamed user is not trusted any more: %v; %s", err, event.Explanation)
	}
	if _, _, err := p.assume(other, assumeInput(trusting.ARN)); err == nil {
		t.Error("another user got the trust with the name")
	}
	if shown := p.trustShown(accountA, "trusting"); shown != trustPrincipal(arn, `"sts:AssumeRole"`) {
		t.Errorf("the trust is shown as %s", shown)
	}
}
