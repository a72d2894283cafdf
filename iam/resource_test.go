package iam_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/store/memory"
)

const (
	keyARN    = "arn:aws:kms:eu-central-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
	queueARN  = "arn:aws:sqs:eu-central-1:" + account + ":jobs"
	secretARN = "arn:aws:secretsmanager:eu-central-1:" + account + ":secret:db-AbCdEf"
)

// put is a call that puts a policy on a resource.
func put(action, arn, document string) iam.ResourcePolicyInput {
	return iam.ResourcePolicyInput{Access: iam.Access{Action: action, Resource: arn}, Document: document}
}

// TestBucketLockOut: a policy that denies everybody everything leaves the account's root the three calls that can mend it, and nobody else.
func TestBucketLockOut(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	denial := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["` + bucketARN + `","` + bucketARN + `/*"]}]}`
	admin := limited(t, "admin", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	done(t, p.PutResourcePolicy(ctx, admin, put("s3:PutBucketPolicy", bucketARN, denial)))
	refusal := refused(t, p.PutResourcePolicy(ctx, admin, put("s3:PutBucketPolicy", bucketARN, denial)), "AccessDenied")
	if want := "User: " + admin.Principal.ARN + ` is not authorized to perform: s3:PutBucketPolicy on resource: "` + bucketARN + `" with an explicit deny in a resource-based policy`; refusal.Message != want {
		t.Errorf("told\n  %s\nwant\n  %s", refusal.Message, want)
	}
	wantCode(t, p.DeleteResourcePolicy(ctx, admin, put("s3:DeleteBucketPolicy", bucketARN, "")), "AccessDenied")
	if p.get(p.root, account).Allowed() {
		t.Error("the root may read an object that the bucket's policy denies it")
	}
	done(t, p.PutResourcePolicy(ctx, p.root, put("s3:PutBucketPolicy", bucketARN, denial)))
	if got := must(p.GetResourcePolicy(ctx, p.root, put("s3:GetBucketPolicy", bucketARN, ""))); got.Document != denial {
		t.Errorf("the root reads %+v", got)
	}
	done(t, p.DeleteResourcePolicy(ctx, p.root, put("s3:DeleteBucketPolicy", bucketARN, "")))
	done(t, p.DeleteResourcePolicy(ctx, p.root, put("s3:DeleteBucketPolicy", bucketARN, "")))
	if !p.get(p.root, account).Allowed() {
		t.Error("the policy is gone, and denies")
	}
	_, err := p.GetResourcePolicy(ctx, p.root, put("s3:GetBucketPolicy", bucketARN, ""))
	expect(t, err, "NoSuchBucketPolicy", "The bucket policy does not exist")
}

// TestKeyPolicies: a key without a policy leaves it to the account's own; one with a policy is not to be used past it, nor to be made unmanageable.
func TestKeyPolicies(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	user := func(document string) iam.Caller { return limited(t, "dev", document) }
	decrypt := func(c iam.Caller) bool {
		t.Helper()
		return must(p.Decide(ctx, c, iam.Access{Action: "kms:Decrypt", Resource: keyARN})).Allowed()
	}
	allowed, nothing := user(`{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`), user(allowGet)
	if !decrypt(allowed) || decrypt(nothing) || !decrypt(p.root) {
		t.Error("the default key policy does not leave it to the account's policies")
	}
	alice := p.user("alice")
	only := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + alice.ARN + `"},"Action":"kms:*","Resource":"*"}]}`
	expect(t, p.PutResourcePolicy(ctx, allowed, put("kms:PutKeyPolicy", keyARN, only)), "MalformedPolicyDocumentException",
		"The new key policy will not allow you to update the key policy in the future.")
	in := put("kms:PutKeyPolicy", keyARN, only)
	wantCode(t, p.CheckResourcePolicy(ctx, allowed, in), "MalformedPolicyDocumentException")
	in.BypassLockoutCheck = true
	done(t, p.CheckResourcePolicy(ctx, allowed, in))
	done(t, p.PutResourcePolicy(ctx, allowed, in))
	if decrypt(allowed) || decrypt(p.root) || !decrypt(p.signed(alice)) {
		t.Error("the key's policy is not what decides")
	}
	must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	stranger := caller(iam.Root("aws", otherAccount))
	wantCode(t, p.PutResourcePolicy(ctx, stranger, put("kms:PutKeyPolicy", keyARN, only)), "AccessDenied")
}

// TestPrincipalsByID: a policy grants to the user that it named when it was saved, whatever comes after under the name.
func TestPrincipalsByID(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	p.putBucketPolicy(account, bucketPolicy("Allow", `{"AWS":"`+alice.ARN+`"}`))
	if !p.get(p.signed(alice), account).Allowed() {
		t.Fatal("the policy does not grant")
	}
	done(t, p.UpdateUser(ctx, p.root, iam.UpdateUserInput{UserName: "alice", NewUserName: "alicia"}))
	read := func() string {
		t.Helper()
		return must(p.GetResourcePolicy(ctx, p.root, put("s3:GetBucketPolicy", bucketARN, ""))).Document
	}
	if got := read(); !strings.Contains(got, ":user/alicia") || !p.get(p.signed(alice), account).Allowed() {
		t.Errorf("after alice was renamed: %s", got)
	}
	done(t, p.DeleteUser(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfUser("alicia")}))
	again := p.user("alice")
	if p.get(p.signed(again), account).Allowed() {
		t.Error("a user who got a deleted user's name got the grant as well")
	}
	if got := read(); !strings.Contains(got, `"`+alice.ID+`"`) {
		t.Errorf("after alice was deleted: %s", got)
	}
}

// TestResourcesBelongToAccounts: what one account keeps under an ARN says nothing about another account's resource.
func TestResourcesBelongToAccounts(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	stranger := caller(iam.Root("aws", otherAccount))
	p.putBucketPolicy(account, bucketPolicy("Allow", `"*"`))
	if !p.get(stranger, account).Allowed() {
		t.Error("a bucket that everybody may read is closed to another account")
	}
	anonymous := iam.Anonymous(p.root.Origin)
	if p.get(anonymous, otherAccount).Allowed() || !p.get(anonymous, account).Allowed() {
		t.Error("the policy of a bucket counts for another account's, or not for its own")
	}
	if rules, err := p.ResourcePolicy(ctx, otherAccount, bucketARN); rules != nil || err != nil {
		t.Errorf("another account's bucket: %v, %v", rules, err)
	}
	// An account is not taken at its word where the ARN says otherwise.
	_, err := p.ResourcePolicy(ctx, otherAccount, queueARN)
	wantCode(t, err, "ServiceFailure")
	_, err = p.Decide(ctx, stranger, iam.Access{Action: "sqs:SendMessage", Resource: queueARN, Account: otherAccount})
	wantCode(t, err, "ServiceFailure")
	in := put("sqs:SetQueueAttributes", queueARN, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`)
	in.Account = otherAccount
	wantCode(t, p.PutResourcePolicy(ctx, stranger, in), "ServiceFailure")
	wantCode(t, p.SetResourceTags(ctx, otherAccount, queueARN, map[string]string{"a": "b"}), "ServiceFailure")
	in.Account = ""
	wantCode(t, p.PutResourcePolicy(ctx, stranger, in), "AccessDenied")
	// A bucket's policy may be put by its own account only, whomever it allows.
	open := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"` + bucketARN + `"}]}`
	p.putBucketPolicy(account, open)
	foreign := put("s3:PutBucketPolicy", bucketARN, open)
	foreign.Account = account
	expect(t, p.PutResourcePolicy(ctx, stranger, foreign), "MethodNotAllowed", "The specified method is not allowed against this resource.")
	expect(t, p.PutResourcePolicy(ctx, anonymous, foreign), "MethodNotAllowed", "The specified method is not allowed against this resource.")
	// An account that is not there has nothing, and gives nothing.
	if rules, err := p.ResourcePolicy(ctx, "777788889999", keyARN[:len("arn:aws:kms:eu-central-1:")]+"777788889999:key/k"); rules != nil || err != nil {
		t.Errorf("a key of no account: %v, %v", rules, err)
	}
}

// TestForward: a policy takes effect after its own service has taken it, and not if that fails.
func TestForward(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	broken := errors.New("the backend is away")
	var calls []string
	in := put("s3:PutBucketPolicy", bucketARN, bucketPolicy("Allow", `"*"`))
	anonymous := iam.Anonymous(p.root.Origin)
	in.Forward = func(context.Context) error {
		calls = append(calls, "forwarded")
		if p.get(anonymous, account).Allowed() {
			t.Error("the policy counts before its service has it")
		}
		return broken
	}
	root := p.root
	root.Origin.RequestID = "broken"
	if err := p.PutResourcePolicy(ctx, root, in); !errors.Is(err, broken) {
		t.Errorf("the backend's error came back as %v", err)
	}
	events := must(p.trail.Find(ctx, "broken"))
	if len(events) != 2 || events[0].ErrorCode != "" && events[1].ErrorCode != "" || events[0].ErrorCode+events[1].ErrorCode == "" {
		t.Errorf("a change that failed left %+v", events)
	}
	if p.get(anonymous, account).Allowed() || len(calls) != 1 {
		t.Errorf("it counts though its service has not got it, which was asked %d times", len(calls))
	}
	// What is not allowed, or not accepted, does not get there.
	wantCode(t, p.PutResourcePolicy(ctx, limited(t, "dev", allowGet), in), "AccessDenied")
	wrong := in
	wrong.Document = "{}"
	wantCode(t, p.PutResourcePolicy(ctx, p.root, wrong), "MalformedPolicy")
	if len(calls) != 1 {
		t.Errorf("its service was asked %d times", len(calls))
	}
	// While it is asked, nobody else changes the policy, and everything else of the account goes on.
	in.Forward = func(ctx context.Context) error {
		other := in
		other.Forward = func(context.Context) error { return nil }
		wantCode(t, p.PutResourcePolicy(ctx, p.root, other), "OperationAborted")
		p.user("meanwhile")
		return nil
	}
	done(t, p.PutResourcePolicy(ctx, p.root, in))
	if !p.get(anonymous, account).Allowed() {
		t.Error("the policy does not count")
	}
	in.Action, in.Forward = "s3:DeleteBucketPolicy", func(context.Context) error { return broken }
	if err := p.DeleteResourcePolicy(ctx, p.root, in); !errors.Is(err, broken) || !p.get(anonymous, account).Allowed() {
		t.Errorf("deleted though the backend did not: %v", err)
	}
}

// TestEdit: a policy is made of the one that there is, by as many as want to at once, and what makes none changes none.
func TestEdit(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	in := put("sqs:AddPermission", queueARN, "")
	in.Edit = func(current string) (string, error) {
		statement := `{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}`
		if before, ok := strings.CutSuffix(current, "]}"); ok {
			return before + "," + statement + "]}", nil
		}
		return `{"Statement":[` + statement + `]}`, nil
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := p.PutResourcePolicy(ctx, p.root, in); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got := must(p.GetResourcePolicy(ctx, p.root, put("sqs:GetQueueAttributes", queueARN, "")))
	if n := strings.Count(got.Document, "SendMessage"); n != 8 {
		t.Errorf("8 statements were added, and there are %d", n)
	}
	in.Edit = func(string) (string, error) { return "", &iam.Error{Code: "InvalidParameterValue", Message: "no"} }
	expect(t, p.PutResourcePolicy(ctx, p.root, in), "InvalidParameterValue", "no")
	if again := must(p.GetResourcePolicy(ctx, p.root, put("sqs:GetQueueAttributes", queueARN, ""))); again != got {
		t.Errorf("it became %+v", again)
	}
}

// TestEditAway: an edit that leaves nothing takes the policy away, and none lets in who has the name of somebody who is gone (IAM User Guide, "AWS JSON
// policy elements: Principal": a principal that is deleted stands in a policy by its unique id).
func TestEditAway(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	grant := `{"Effect":"Allow","Principal":{"AWS":"` + alice.ARN + `"},"Action":"sqs:SendMessage","Resource":"*"}`
	done(t, p.PutResourcePolicy(ctx, p.root, put("sqs:SetQueueAttributes", queueARN, `{"Statement":[`+grant+`]}`)))
	done(t, p.DeleteUser(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfUser("alice")}))
	again := p.user("alice")
	in := put("sqs:AddPermission", queueARN, "")
	in.Edit = func(current string) (string, error) {
		if strings.Contains(current, alice.ARN) {
			t.Errorf("the edit sees %s", current)
		}
		return strings.Replace(current, "]}", `,{"Effect":"Allow","Principal":"*","Action":"sqs:ListQueues","Resource":"*"}]}`, 1), nil
	}
	done(t, p.PutResourcePolicy(ctx, p.root, in))
	if must(p.Decide(ctx, p.signed(again), iam.Access{Action: "sqs:SendMessage", Resource: queueARN})).Allowed() {
		t.Error("the next alice has what the first one had")
	}
	in.Edit = func(string) (string, error) { return "", nil }
	done(t, p.PutResourcePolicy(ctx, p.root, in))
	if kept := must(p.Resources(ctx, account, "arn:")); len(kept) != 0 {
		t.Errorf("left is %+v", kept)
	}
	wantCode(t, p.PutResourcePolicy(ctx, iam.Root("aws", otherAccount), in), "AccessDenied")
}

// TestResourceEvents: a change is recorded as its service's own event, and one that cannot be recorded is not made.
func TestResourceEvents(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	in := put("sqs:SetQueueAttributes", queueARN, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`)
	in.Operation = "AddPermission"
	in.Parameters = map[string]any{"queueUrl": "https://sqs.example/jobs"}
	root := p.root
	root.Origin.RequestID = "put"
	done(t, p.PutResourcePolicy(ctx, root, in))
	e := p.event("put")
	if e.Source != "sqs.amazonaws.com" || e.Name != "AddPermission" || e.Action != "sqs:SetQueueAttributes" || e.Resource != queueARN || e.ReadOnly ||
		e.Category != "Management" || e.Decision == nil || !e.Decision.Allowed() || e.RequestParameters["queueUrl"] != "https://sqs.example/jobs" {
		t.Errorf("recorded as %+v", e)
	}
	dev := limited(t, "denied", allowGet)
	wantCode(t, p.PutResourcePolicy(ctx, dev, put("kms:PutKeyPolicy", keyARN, "{}")), "AccessDenied")
	if e := p.event("denied"); e.ErrorCode != "AccessDenied" || e.Decision == nil || e.Decision.Allowed() || e.RequestParameters["resourceArn"] != keyARN {
		t.Errorf("recorded as %+v", e)
	}
	if e := iam.Anonymous(p.root.Origin).Event("s3.amazonaws.com", "GetObject"); e.UserIdentity.Type != "AWSAccount" || e.UserIdentity.PrincipalID != "" || e.UserIdentity.AccountID != "ANONYMOUS_PRINCIPAL" {
		t.Errorf("an anonymous caller is %+v", e.UserIdentity)
	}
	denied := iam.Denied(iam.Anonymous(p.root.Origin), "sqs:SendMessage", queueARN, policy.Decision{})
	if want := "User: anonymous is not authorized to perform: sqs:SendMessage on resource: " + queueARN + " because no identity-based policy allows the sqs:SendMessage action"; denied.Message != want {
		t.Errorf("told %s", denied.Message)
	}
	for _, arn := range []string{"", "*", "arn:aws:sqs", queueARN + "*"} {
		wantCode(t, p.PutResourcePolicy(ctx, p.root, put("sqs:SetQueueAttributes", arn, in.Document)), "ValidationError")
	}
}

// TestResourceTags: tags are what was last set, and what is deleted leaves none to whatever gets its ARN.
func TestResourceTags(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	const volume = "arn:aws:ec2:eu-central-1:" + account + ":volume/vol-1"
	tags := func(d *iam.Directory, want string) {
		t.Helper()
		if got := fmt.Sprint(must(d.ResourceTags(ctx, account, volume))); got != want {
			t.Errorf("tags %s, want %s", got, want)
		}
	}
	tags(p.Directory, "map[]")
	given := map[string]string{"team": "blue", "Team": "red"}
	done(t, p.SetResourceTags(ctx, account, volume, given))
	done(t, p.SetResourceTags(ctx, account, volume, map[string]string{"team": "green", "empty": ""}))
	tags(p.Directory, "map[Team:red empty: team:green]")
	if len(given) != 2 || given["team"] != "blue" {
		t.Errorf("the caller's map became %v", given)
	}
	done(t, p.RemoveResourceTags(ctx, account, volume, []string{"Team", "none"}))
	tags(p.Directory, "map[empty: team:green]")
	replica := p.another()
	defer replica.Close()
	tags(replica, "map[empty: team:green]")
	done(t, p.CreateResource(ctx, account, volume, map[string]string{"new": "x"}, ""))
	tags(p.Directory, "map[new:x]")
	done(t, p.ForgetResource(ctx, account, volume))
	done(t, p.ForgetResource(ctx, account, volume))
	tags(p.Directory, "map[]")
	if all := must(p.Resources(ctx, account, "arn:")); len(all) != 0 {
		t.Errorf("%+v is still kept", all)
	}
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	wantCode(t, p.SetResourceTags(ctx, account, volume, many), "LimitExceeded")
	for _, bad := range []map[string]string{{"": "x"}, {strings.Repeat("k", 129): ""}, {"k": strings.Repeat("v", 257)}, {"k": "\xff"}} {
		wantCode(t, p.SetResourceTags(ctx, account, volume, bad), "InvalidInput")
	}
	wantCode(t, p.SetResourceTags(ctx, account, volume+strings.Repeat("x", 900), map[string]string{"a": ""}), "LimitExceeded")
	wantCode(t, p.SetResourceTags(ctx, account, "vol-1", map[string]string{"a": ""}), "ValidationError")
	wantCode(t, p.SetResourceTags(ctx, "777788889999", bucketARN, map[string]string{"a": ""}), "NoSuchEntity")
}

// TestResourcesAreKept: a record is there after a restart, with its policy, in whichever store.
func TestResourcesAreKept(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	alice := p.user("alice")
	grant := bucketPolicy("Allow", `{"AWS":"`+alice.ARN+`"}`)
	p.putBucketPolicy(account, grant)
	done(t, p.SetResourceTags(ctx, account, bucketARN, map[string]string{"team": "blue"}))
	p.close()
	p.open()
	if !p.get(p.signed(alice), account).Allowed() || must(p.ResourceTags(ctx, account, bucketARN))["team"] != "blue" {
		t.Error("a restart lost the policy or the tags")
	}
	if all := must(p.Resources(ctx, account, "arn:aws:s3:")); len(all) != 1 || all[0].ARN != bucketARN || all[0].Policy != grant || all[0].Account != account || all[0].Revision == 0 || all[0].Updated.IsZero() {
		t.Errorf("kept is %+v", all)
	}
	d := must(iam.New(ctx, iam.Config{Store: memory.New(64), Trail: p.trail, DefaultAccount: account}))
	defer d.Close()
	must(d.Bootstrap(ctx, account))
	done(t, d.CreateResource(ctx, account, queueARN, map[string]string{"a": "b"}, `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`))
	if must(d.Decide(ctx, p.root, iam.Access{Action: "sqs:SendMessage", Resource: queueARN})).Effect != policy.ExplicitlyDenied {
		t.Error("the policy that a queue was made with does not count")
	}
	wantCode(t, d.CreateResource(ctx, account, queueARN, nil, "{}"), "InvalidAttributeValue")
}

// TestDecideAnyOf: a request that may be about any queue is denied by the policy of one of them, and granted by none.
func TestDecideAnyOf(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	any := iam.Access{Action: "sqs:DeleteQueue", Resource: "arn:aws:sqs:eu-central-1:" + account + ":*", AnyResource: true}
	statement := func(effect string) string {
		return `{"Statement":[{"Effect":"` + effect + `","Principal":"*","Action":"sqs:*","Resource":"*"}]}`
	}
	dev := limited(t, "dev", allowGet)
	done(t, p.CreateResource(ctx, account, queueARN, nil, statement("Allow")))
	if got := must(p.Decide(ctx, dev, any)); got.Allowed() {
		t.Errorf("one queue's policy allows all of them: %s", got)
	}
	if got := must(p.Decide(ctx, p.root, any)); !got.Allowed() {
		t.Errorf("the root: %s", got)
	}
	done(t, p.CreateResource(ctx, account, queueARN+"-2", nil, statement("Deny")))
	if got := must(p.Decide(ctx, p.root, any)); got.Effect != policy.ExplicitlyDenied {
		t.Errorf("one queue's policy denies it: %s", got)
	}
	elsewhere := any
	elsewhere.Resource = strings.Replace(any.Resource, "eu-central-1", "us-east-1", 1)
	if got := must(p.Decide(ctx, p.root, elsewhere)); !got.Allowed() {
		t.Errorf("a queue's policy in another region: %s", got)
	}
	keys := iam.Access{Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-central-1:" + account + ":key/*", AnyResource: true}
	if got := must(p.Decide(ctx, p.root, keys)); !got.Allowed() {
		t.Errorf("any key, all with the default policy: %s", got)
	}
	alice := p.user("alice")
	done(t, p.CreateResource(ctx, account, keyARN, nil, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"`+alice.ARN+`"},"Action":"kms:*","Resource":"*"}]}`))
	if got := must(p.Decide(ctx, p.root, keys)); got.Allowed() {
		t.Errorf("any key, one of which is somebody's own: %s", got)
	}
}

// TestPassedRole: a role is found by what requests name it with, with the keys that iam:PassRole is decided by.
func TestPassedRole(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	role := must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: "App", Path: "/team/", AssumeRolePolicyDocument: trustAnyone, Tags: []iam.Tag{{Key: "team", Value: "blue"}}}))
	profile := must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "Nodes", Path: "/x/"}))
	must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "Empty"}))
	done(t, p.AddRoleToInstanceProfile(ctx, p.root, iam.InstanceProfileRoleInput{InstanceProfileName: "Nodes", RoleName: "App"}))
	keys := map[string][]string{"aws:ResourceTag/team": {"blue"}, "iam:ResourceTag/team": {"blue"}}
	for name, find := range map[string]func(context.Context, string, string) (iam.PassedRole, bool, error){"role": p.PassedRole, "profile": p.ProfileRole} {
		names := map[string][2][]string{
			"role":    {{"App", "app", role.ARN}, {"Nobody", "", "arn:aws:iam::" + account + ":role/App", "arn:aws:iam::" + otherAccount + ":role/team/App"}},
			"profile": {{"Nodes", profile.ARN}, {"Empty", "Nobody", "", "arn:aws:iam::" + account + ":instance-profile/Nodes"}},
		}[name]
		for _, n := range names[0] {
			got, ok, err := find(ctx, account, n)
			if err != nil || !ok || got.ARN != role.ARN || fmt.Sprint(got.Keys) != fmt.Sprint(keys) {
				t.Errorf("%s %q: %+v, %v, %v", name, n, got, ok, err)
			}
		}
		for _, n := range names[1] {
			if got, ok, err := find(ctx, account, n); ok || err != nil {
				t.Errorf("%s %q: %+v, %v", name, n, got, err)
			}
		}
		if _, ok, err := find(ctx, otherAccount, names[0][0]); ok || err != nil {
			t.Errorf("%s of an account that is not there: %v, %v", name, ok, err)
		}
	}
}
