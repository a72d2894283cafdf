package sts_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// TestDecodeAuthorizationMessage follows the message of a denied AssumeRole from its event to those who may decode it.
func TestDecodeAuthorizationMessage(t *testing.T) {
	p, good, role := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:DecodeAuthorizationMessage","Resource":"*"}`)
	other := p.role(accountA, "other", trustPrincipal("111122223333", `"sts:AssumeRole"`))
	caller := p.session(role, good.sign(p.goodClaims()))
	in := assumeInput(other.ARN)
	in.ExternalId = ref("ticket/7")
	_, event, err := p.assume(caller, in)
	wantError(t, err, "AccessDenied", "")
	message := event.EncodedAuthorizationMessage
	if message == "" || strings.Contains(err.Error(), message) {
		t.Fatalf("event = %+v", event)
	}
	decode := func(caller iam.Caller, text string) (string, error) {
		caller.Origin = p.origin()
		decoded, err := p.service.DecodeAuthorizationMessage(t.Context(), caller, &text)
		if event := p.event(caller.Origin); event.Name != "DecodeAuthorizationMessage" || (err != nil) != (event.ErrorCode != "") || !event.ReadOnly {
			t.Errorf("event = %+v", event)
		}
		return decoded, err
	}
	decoded, err := decode(caller, message)
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Allowed, ExplicitDeny bool
		Context               struct {
			Principal        struct{ ID, ARN string }
			Action, Resource string
			Conditions       struct {
				Items []struct {
					Key    string
					Values struct{ Items []struct{ Value string } }
				}
			}
		}
	}
	p.must(json.Unmarshal([]byte(decoded), &told))
	if told.Allowed || told.ExplicitDeny || told.Context.Principal.ID != role.ID+":session-1" || told.Context.Principal.ARN != caller.Principal.ARN ||
		told.Context.Action != "sts:AssumeRole" || told.Context.Resource != other.ARN {
		t.Errorf("decoded = %s", decoded)
	}
	found := map[string]string{}
	for _, item := range told.Context.Conditions.Items {
		found[item.Key] = item.Values.Items[0].Value
	}
	if found["sts:ExternalId"] != "ticket/7" || found["aws:RequestedRegion"] != "eu-central-1" || found["sts:RoleSessionName"] != "chained" {
		t.Errorf("conditions = %v", found)
	}

	_, err = decode(p.rootKey(accountB), message)
	wantError(t, err, "InvalidAuthorizationMessageException", "Message is not valid")
	_, err = decode(caller, message[:len(message)-1])
	wantError(t, err, "InvalidAuthorizationMessageException", "Message is not valid")
	_, err = decode(caller, strings.Repeat("x", 10241))
	wantError(t, err, "ValidationError", "1 validation error detected: Value at 'encodedMessage' failed to satisfy constraint: Member must have length less than or equal to 10240")
	_, err = decode(caller, "")
	wantError(t, err, "ValidationError", "")

	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:Get*","Resource":"*"}`)
	denied := p.session(role, good.sign(p.goodClaims()))
	denied.Origin = p.origin()
	_, err = p.service.DecodeAuthorizationMessage(t.Context(), denied, &message)
	wantError(t, err, "AccessDenied", "User: "+denied.Principal.ARN+" is not authorized to perform: sts:DecodeAuthorizationMessage on resource: * because no identity-based policy allows the sts:DecodeAuthorizationMessage action")
	if p.event(denied.Origin).EncodedAuthorizationMessage == "" {
		t.Error("the denial of decoding has no message of its own")
	}
}

// TestMessagesOfTheDirectory: denials by package iam have a message too, and what is allowed has none.
func TestMessagesOfTheDirectory(t *testing.T) {
	p, good, role := shop(t)
	caller := p.session(role, good.sign(p.goodClaims()))
	caller.Origin = p.origin()
	_, err := p.directory.CreateRole(t.Context(), caller, iam.CreateRoleInput{RoleName: "x", AssumeRolePolicyDocument: trustPrincipal("111122223333", `"sts:AssumeRole"`), Tags: []iam.Tag{{Key: "Team", Value: "shop"}}})
	wantError(t, err, "AccessDenied", "")
	text := p.event(caller.Origin).EncodedAuthorizationMessage
	decoded, err := p.service.DecodeAuthorizationMessage(t.Context(), p.rootKey(accountA), &text)
	if err != nil || !strings.Contains(decoded, `"action":"iam:CreateRole"`) || !strings.Contains(decoded, `{"key":"aws:RequestTag/Team","values":{"items":[{"value":"shop"}]}}`) {
		t.Errorf("decoded = %s, %v", decoded, err)
	}
	root := p.rootKey(accountA)
	root.Origin = p.origin()
	_, err = p.service.GetSessionToken(t.Context(), root, sts.SessionTokenInput{})
	p.must(err)
	if event := p.event(root.Origin); event.EncodedAuthorizationMessage != "" {
		t.Errorf("event = %+v", event)
	}
	// Who has proved nothing gets none, even where a policy decided.
	in := input(role.ARN, good.sign(p.goodClaims().with("sub", "system:serviceaccount:shop:other")))
	if _, event, err := p.exchange(in); err == nil || event.Decision == nil || event.EncodedAuthorizationMessage != "" {
		t.Errorf("event = %+v, %v", event, err)
	}
}

// TestCrossAccount: both accounts must allow; a root's ARN delegates, and a role's ARN means the role that had it when the policy was saved.
func TestCrossAccount(t *testing.T) {
	p, good, first := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	delegated := p.role(accountB, "delegated", trustPrincipal("arn:aws:iam::111122223333:root", `"sts:AssumeRole"`))
	named := p.role(accountB, "named", trustPrincipal(first.ARN, `"sts:AssumeRole"`))
	foreign := p.role(accountB, "foreign", trustPrincipal("arn:aws-cn:iam::111122223333:root", `"sts:AssumeRole"`))
	denying := p.role(accountB, "denying", document(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`,
		`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Null":{"sts:ExternalId":"true"}}}`))
	try := func(caller iam.Caller, arn string, want bool) {
		t.Helper()
		out, event, err := p.assume(caller, assumeInput(arn))
		if (err == nil) != want {
			t.Fatalf("%s: %v, %+v", arn, err, event.Decision)
		}
		if err != nil {
			wantError(t, err, "AccessDenied", "User: "+caller.Principal.ARN+" is not authorized to perform: sts:AssumeRole on resource: "+arn)
		} else if session, err := p.authenticate(out.Credentials); err != nil || session.Principal.Account != accountB {
			t.Errorf("%s: %+v, %v", arn, session.Principal, err)
		}
	}
	caller := p.session(first, good.sign(p.goodClaims()))
	try(caller, delegated.ARN, false) // nothing of the caller's own allows, even where the role itself is named
	try(caller, named.ARN, false)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":["arn:aws:iam::444455556666:role/*","arn:aws-cn:iam::444455556666:role/*"]}`)
	caller = p.session(first, good.sign(p.goodClaims()))
	try(caller, delegated.ARN, true)
	try(caller, named.ARN, true)
	try(caller, foreign.ARN, false)
	try(caller, denying.ARN, false)
	try(caller, strings.Replace(delegated.ARN, "arn:aws:", "arn:aws-cn:", 1), false)

	p.must(p.directory.DeleteInlinePolicy(t.Context(), p.root(accountA), iam.InlinePolicyInput{IdentityName: iam.OfRole("app"), PolicyName: "p"}))
	p.must(p.directory.DeleteRole(t.Context(), p.root(accountA), iam.IdentityInput{IdentityName: iam.OfRole("app")}))
	second := p.role(accountA, "app", trustFor(accountA, subject))
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::444455556666:role/*"}`)
	caller = p.session(second, good.sign(p.goodClaims()))
	try(caller, delegated.ARN, true)
	try(caller, named.ARN, false)
}

// TestEventsAcrossAccounts: each account learns from the trail what its own policies decided, and nothing of the other's.
func TestEventsAcrossAccounts(t *testing.T) {
	p, good, first := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	role := p.role(accountB, "guarded", document(`{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"their-id"}}}`))
	p.allow(accountA, "app", `{"Sid":"Ours","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::444455556666:role/*"}`)
	caller := p.session(first, good.sign(p.goodClaims()))
	try := func(in sts.AssumeRoleInput, wantTheirs bool, want error) (own, theirs string) {
		t.Helper()
		c := caller
		c.Origin = p.origin()
		_, err := p.service.AssumeRole(t.Context(), c, in)
		if (err == nil) != (want == nil) {
			t.Fatal(err)
		}
		events, err := p.trail.Find(t.Context(), c.Origin.RequestID)
		p.must(err)
		for _, e := range events {
			e.EncodedAuthorizationMessage = ""
			text, err := json.Marshal(e)
			p.must(err)
			switch e.Account {
			case accountA:
				own = string(text)
			case accountB:
				theirs = string(text)
			}
		}
		if (theirs != "") != wantTheirs || own == "" {
			t.Fatalf("events of %s: %v", *in.RoleArn, events)
		}
		return own, theirs
	}
	without := func(text string, secrets ...string) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%q is told in %s", secret, text)
			}
		}
	}
	denied := errors.New("denied")
	own, theirs := try(assumeInput(role.ARN), true, denied)
	without(own, "their-id", "Theirs", "trust policy of")
	without(theirs, caller.Principal.ARN, "Ours", caller.AccessKeyID)
	if !strings.Contains(theirs, "their-id") || !strings.Contains(theirs, `"type":"AWSAccount"`) {
		t.Errorf("the role's account is told %s", theirs)
	}
	in := assumeInput(role.ARN)
	in.ExternalId = new("their-id")
	own, theirs = try(in, true, nil)
	without(own, "Theirs", "trust policy of")
	without(theirs, caller.Principal.ARN, "Ours", caller.AccessKeyID)

	// Whether a role or an account exists is not told either.
	missing, _ := try(assumeInput(strings.Replace(role.ARN, "guarded", "missing", 1)), true, denied)
	nobody, _ := try(assumeInput(strings.Replace(role.ARN, accountB, "777788889999", 1)), false, denied)
	without(missing+nobody, "there is no")
}
