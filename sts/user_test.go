package sts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sts"
)

// user makes a user with one inline policy and a long-term key.
func (p *plane) user(name, statement string) (iam.User, sts.Credentials) {
	p.t.Helper()
	user, err := p.directory.CreateUser(p.t.Context(), p.root(accountA), iam.CreateUserInput{UserName: name, Tags: []iam.Tag{{Key: "Team", Value: "shop"}, {Key: "Cost", Value: "7"}}})
	p.must(err)
	p.must(p.directory.PutPolicy(p.t.Context(), p.root(accountA), iam.PutPolicyInput{IdentityName: iam.OfUser(name), PolicyName: "p", PolicyDocument: document(statement)}))
	key, err := p.directory.CreateAccessKey(p.t.Context(), p.root(accountA), iam.UserInput{UserName: &name})
	p.must(err)
	return user, sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret}
}

func (p *plane) deleteUser(name string, key sts.Credentials) {
	p.t.Helper()
	p.must(p.directory.DeleteAccessKey(p.t.Context(), p.root(accountA), iam.AccessKeyInput{UserName: name, AccessKeyID: key.AccessKeyId}))
	p.must(p.directory.DeleteInlinePolicy(p.t.Context(), p.root(accountA), iam.InlinePolicyInput{IdentityName: iam.OfUser(name), PolicyName: "p"}))
	p.must(p.directory.DeleteUser(p.t.Context(), p.root(accountA), iam.IdentityInput{IdentityName: iam.OfUser(name)}))
}

func TestSessionsOfUsers(t *testing.T) {
	p := newPlane(t)
	// Not even a Deny stops GetSessionToken (IAM User Guide, "Permissions for GetSessionToken").
	user, key := p.user("Alice", `{"Effect":"Allow","NotAction":"sts:GetSessionToken","Resource":"*"},{"Effect":"Deny","Action":"sts:GetSessionToken","Resource":"*"}`)
	alice, err := p.authenticate(key)
	p.must(err)
	for seconds, lasts := range map[int]time.Duration{0: 12 * time.Hour, 900: 15 * time.Minute, 129600: 36 * time.Hour} {
		var in sts.SessionTokenInput
		if seconds > 0 {
			in.DurationSeconds = &seconds
		}
		out, _, err := p.sessionToken(alice, in)
		if err != nil || !out.Expiration.Equal(start.Add(lasts)) {
			t.Errorf("%d: until %s, %v", seconds, out.Expiration, err)
		}
	}
	out, _, err := p.sessionToken(alice, sts.SessionTokenInput{})
	p.must(err)
	caller, err := p.authenticate(out)
	p.must(err)
	if want := (policy.Principal{Type: policy.User, ARN: user.ARN, Account: accountA, ID: user.ID}); caller.Principal != want {
		t.Errorf("caller = %+v", caller.Principal)
	}
	identity, err := p.service.GetCallerIdentity(t.Context(), caller)
	if want := (sts.CallerIdentity{UserId: user.ID, Account: accountA, Arn: user.ARN}); err != nil || identity != want {
		t.Errorf("identity = %+v, %v", identity, err)
	}
	if got, _ := caller.Context.Get("aws:PrincipalTag/Team"); fmt.Sprint(got) != "[shop]" {
		t.Errorf("aws:PrincipalTag/Team = %v", got)
	}

	// Such a session may assume roles, for an hour as in a chain.
	role := p.role(accountA, "r", trustPrincipal("111122223333", `"sts:AssumeRole"`), func(in *iam.CreateRoleInput) { in.MaxSessionDuration = ref(43200) })
	in := assumeInput(role.ARN)
	in.DurationSeconds = ref(43200)
	if _, _, err := p.assume(alice, in); err != nil {
		t.Errorf("with the long-term key: %v", err)
	}
	_, _, err = p.assume(caller, in)
	wantError(t, err, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	in.DurationSeconds = nil
	assumed, _, err := p.assume(caller, in)
	p.must(err)
	if session, err := p.authenticate(assumed.Credentials); err != nil || session.ChainDepth != 1 {
		t.Errorf("session = %+v, %v", session, err)
	}

	// What the user may do changes with the user; a user that is made anew is another one.
	p.must(p.directory.PutPolicy(t.Context(), p.root(accountA), iam.PutPolicyInput{IdentityName: iam.OfUser("Alice"), PolicyName: "p", PolicyDocument: document(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`)}))
	if caller, err = p.authenticate(out); err != nil || !iam.Authorize(caller, "s3:GetObject", "arn:aws:s3:::b/k", nil).Allowed() || iam.Authorize(caller, "s3:PutObject", "arn:aws:s3:::b/k", nil).Allowed() {
		t.Errorf("caller = %+v, %v", caller, err)
	}
	p.deleteUser("Alice", key)
	p.user("Alice", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	_, err = p.authenticate(out)
	wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

// TestFederatedUsersOfUsers: a federated user may do what both its session policies and its user's policies allow; its tags override its user's.
func TestFederatedUsersOfUsers(t *testing.T) {
	p := newPlane(t)
	_, key := p.user("Broker", `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","sts:GetFederationToken","sts:TagSession"],"Resource":"*"}`)
	broker, err := p.authenticate(key)
	p.must(err)
	inline := document(`{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"*"}`)
	out, event, err := p.federation(broker, sts.FederationTokenInput{Name: ref("Bob"), Policy: &inline, DurationSeconds: ref(129600), Tags: []iam.Tag{{Key: "team", Value: "garage"}}})
	if err != nil || !out.Credentials.Expiration.Equal(start.Add(36*time.Hour)) {
		t.Fatalf("until %s, %v, %+v", out.Credentials.Expiration, err, event)
	}
	caller, err := p.authenticate(out.Credentials)
	p.must(err)
	for action, want := range map[string]bool{"s3:GetObject": true, "s3:PutObject": false, "s3:DeleteObject": false} {
		if got := iam.Authorize(caller, action, "arn:aws:s3:::b/k", nil).Allowed(); got != want {
			t.Errorf("%s = %v", action, got)
		}
	}
	for key, want := range map[string]string{"aws:PrincipalTag/Team": "[garage]", "aws:PrincipalTag/Cost": "[7]", "aws:MultiFactorAuthPresent": "[]"} {
		if got, _ := caller.Context.Get(key); fmt.Sprint(got) != want {
			t.Errorf("%s = %v", key, got)
		}
	}
	p.deleteUser("Broker", key)
	_, err = p.authenticate(out.Credentials)
	wantError(t, err, "InvalidClientTokenId", "")
}
