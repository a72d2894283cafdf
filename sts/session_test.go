package sts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

// rootKey authenticates as an account's root, as its long-term key does.
func (p *plane) rootKey(account string) iam.Caller {
	p.t.Helper()
	key, err := p.directory.Bootstrap(p.t.Context(), account) // returns the key of an account that is there
	p.must(err)
	caller, err := p.authenticate(sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret})
	p.must(err)
	return caller
}

func (p *plane) sessionToken(caller iam.Caller, in sts.SessionTokenInput) (sts.Credentials, trail.Event, error) {
	p.t.Helper()
	caller.Origin = p.origin()
	out, err := p.service.GetSessionToken(p.t.Context(), caller, in)
	return out, p.event(caller.Origin), err
}

func (p *plane) federation(caller iam.Caller, in sts.FederationTokenInput) (sts.FederationTokenOutput, trail.Event, error) {
	p.t.Helper()
	caller.Origin = p.origin()
	out, err := p.service.GetFederationToken(p.t.Context(), caller, in)
	return out, p.event(caller.Origin), err
}

// authenticateFor signs for another service than sts.
func (p *plane) authenticateFor(c sts.Credentials, region, service string) (iam.Caller, error) {
	p.t.Helper()
	return p.service.Authenticate(p.t.Context(), p.signedFor(c, region, service), p.origin())
}

func TestGetSessionTokenOfRoot(t *testing.T) {
	p := newPlane(t)
	root := p.rootKey(accountA)
	out, event, err := p.sessionToken(root, sts.SessionTokenInput{})
	p.must(err)
	if !strings.HasPrefix(out.AccessKeyId, "ASIA") || !out.Expiration.Equal(start.Add(time.Hour)) {
		t.Errorf("credentials = %s, until %s", out.AccessKeyId, out.Expiration)
	}
	if event.Name != "GetSessionToken" || event.ErrorCode != "" || event.ReadOnly || strings.Contains(fmt.Sprint(event), out.SecretAccessKey) || strings.Contains(fmt.Sprint(event), out.SessionToken) {
		t.Errorf("event = %+v", event)
	}
	caller, err := p.authenticate(out)
	p.must(err)
	if caller.Principal != root.Principal || !caller.Expires.Equal(out.Expiration) || caller.AccessKeyID != out.AccessKeyId {
		t.Errorf("caller = %+v", caller)
	}
	if got, _ := caller.Context.Get("aws:MultiFactorAuthPresent"); fmt.Sprint(got) != "[false]" {
		t.Errorf("aws:MultiFactorAuthPresent = %v", got)
	}
	if !iam.Authorize(caller, "s3:GetObject", "arn:aws:s3:::b/k", nil).Allowed() {
		t.Error("a session of the root may not do what the root may")
	}
	identity, err := p.service.GetCallerIdentity(t.Context(), caller)
	if want := (sts.CallerIdentity{UserId: accountA, Account: accountA, Arn: "arn:aws:iam::111122223333:root"}); err != nil || identity != want {
		t.Errorf("identity = %+v, %v", identity, err)
	}
	p.advance(time.Hour)
	_, err = p.authenticate(out)
	wantError(t, err, "ExpiredToken", "The security token included in the request is expired")
}

// TestGetSessionTokenDurations: a root that asks for more gets an hour, in silence (API reference, "DurationSeconds").
func TestGetSessionTokenDurations(t *testing.T) {
	p := newPlane(t)
	for _, test := range []struct {
		seconds *int
		lasts   time.Duration
		message string
	}{
		{nil, time.Hour, ""},
		{ref(900), 15 * time.Minute, ""},
		{ref(3600), time.Hour, ""},
		{ref(129600), time.Hour, ""},
		{ref(899), 0, "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{ref(129601), 0, "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600"},
	} {
		out, _, err := p.sessionToken(p.rootKey(accountA), sts.SessionTokenInput{DurationSeconds: test.seconds})
		if test.message != "" {
			wantError(t, err, "ValidationError", test.message)
		} else if err != nil || !out.Expiration.Equal(start.Add(test.lasts)) {
			t.Errorf("%v: until %s, %v", test.seconds, out.Expiration, err)
		}
	}
}

// TestOwnSessionsAreLimited: what the comparison table of the IAM User Guide says that these credentials cannot call.
func TestOwnSessionsAreLimited(t *testing.T) {
	p, good, role := shop(t)
	p.allow(accountA, "app", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	root := p.rootKey(accountA)
	own, _, err := p.sessionToken(root, sts.SessionTokenInput{})
	p.must(err)
	all := document(`{"Effect":"Allow","Action":"*","Resource":"*"}`)
	federated, _, err := p.federation(root, sts.FederationTokenInput{Name: ref("Bob"), Policy: &all})
	p.must(err)
	ofRole, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)

	for name, c := range map[string]struct {
		credentials sts.Credentials
		own         bool
	}{"own": {own, true}, "federated": {federated.Credentials, true}, "role": {ofRole.Credentials, false}} {
		caller, err := p.authenticate(c.credentials)
		p.must(err)
		_, _, err = p.sessionToken(caller, sts.SessionTokenInput{})
		wantError(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
		_, event, err := p.federation(caller, sts.FederationTokenInput{Name: ref("Bob")})
		wantError(t, err, "AccessDenied", "Cannot call GetFederationToken with session credentials")
		if event.ErrorCode != "AccessDenied" {
			t.Errorf("%s: event = %+v", name, event)
		}
		_, err = p.service.GetAccessKeyInfo(t.Context(), caller, ref("ASIAY34FZKBOKMUTVV7A"))
		_, iamErr := p.authenticateFor(c.credentials, "us-east-1", "iam")
		if !c.own {
			if err != nil || iamErr != nil {
				t.Errorf("%s: %v, %v", name, err, iamErr)
			}
			continue
		}
		wantError(t, err, "AccessDenied", "Cannot call GetAccessKeyInfo with session credentials")
		if wantError(t, iamErr, "InvalidClientTokenId", "The security token included in the request is invalid."); !errors.Is(iamErr, sts.ErrInvalidSessionToken) {
			t.Errorf("%s: %v", name, iamErr)
		}
		if _, err := p.authenticateFor(c.credentials, "us-east-1", "s3"); err != nil {
			t.Errorf("%s: S3: %v", name, err)
		}
		if _, err := p.service.GetCallerIdentity(t.Context(), caller); err != nil {
			t.Errorf("%s: GetCallerIdentity: %v", name, err)
		}
		_, _, err = p.assume(caller, assumeInput(role.ARN))
		if name == "own" {
			wantError(t, err, "AccessDenied", "Roles may not be assumed by root accounts.")
		} else {
			wantError(t, err, "AccessDenied", "User: arn:aws:sts::111122223333:federated-user/Bob is not authorized to perform: sts:AssumeRole on resource: "+role.ARN)
		}
	}
}

func TestMFAIsRefused(t *testing.T) {
	p := newPlane(t)
	_, event, err := p.sessionToken(p.rootKey(accountA), sts.SessionTokenInput{SerialNumber: ref("arn:aws:iam::111122223333:mfa/x"), TokenCode: ref("123456")})
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	if strings.Contains(fmt.Sprint(event), "123456") {
		t.Errorf("the event holds the code: %+v", event)
	}
	_, _, err = p.sessionToken(p.rootKey(accountA), sts.SessionTokenInput{SerialNumber: ref("short"), TokenCode: ref("12345x7")})
	wantError(t, err, "ValidationError", "3 validation errors detected: Value 'short' at 'serialNumber' failed to satisfy constraint: Member must have length greater than or equal to 9; "+
		"Value at 'tokenCode' failed to satisfy constraint: Member must have length less than or equal to 6; "+
		`Value at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*`)
}

func TestGetFederationToken(t *testing.T) {
	p := newPlane(t)
	root := p.rootKey(accountA)
	inline := document(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`)
	managed, err := p.directory.CreatePolicy(t.Context(), root, iam.CreatePolicyInput{PolicyName: "put", PolicyDocument: document(`{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`)})
	p.must(err)
	out, event, err := p.federation(root, sts.FederationTokenInput{
		Name: ref("Bob"), Policy: &inline, PolicyArns: []string{managed.ARN}, DurationSeconds: ref(43200), Tags: []iam.Tag{{Key: "Team", Value: "shop"}},
	})
	if err != nil {
		t.Fatalf("%v; %+v", err, event)
	}
	if want := (sts.FederatedUser{Arn: "arn:aws:sts::111122223333:federated-user/Bob", FederatedUserId: accountA + ":Bob"}); out.FederatedUser != want || out.PackedPolicySize == nil {
		t.Errorf("answer = %+v", out)
	}
	if !out.Credentials.Expiration.Equal(start.Add(time.Hour)) {
		t.Errorf("of a root, the session lasts until %s", out.Credentials.Expiration)
	}
	if event.Resource != out.FederatedUser.Arn || event.Decision == nil || event.Action != "sts:GetFederationToken" || event.RequestParameters["name"] != "Bob" {
		t.Errorf("event = %+v", event)
	}
	caller, err := p.authenticate(out.Credentials)
	p.must(err)
	if caller.Principal.Type != policy.FederatedUser || caller.Event("x", "y").UserIdentity.PrincipalID != accountA+":Bob" {
		t.Errorf("caller = %+v", caller.Principal)
	}
	if got, _ := caller.Context.Get("aws:PrincipalTag/Team"); fmt.Sprint(got) != "[shop]" {
		t.Errorf("aws:PrincipalTag/Team = %v", got)
	}
	for action, want := range map[string]bool{"s3:GetObject": true, "s3:PutObject": true, "s3:DeleteObject": false} {
		if got := iam.Authorize(caller, action, "arn:aws:s3:::bucket/key", nil).Allowed(); got != want {
			t.Errorf("%s = %v", action, got)
		}
	}
	identity, err := p.service.GetCallerIdentity(t.Context(), caller)
	if want := (sts.CallerIdentity{UserId: accountA + ":Bob", Account: accountA, Arn: out.FederatedUser.Arn}); err != nil || identity != want {
		t.Errorf("identity = %+v, %v", identity, err)
	}

	// Without session policies there are no permissions, whoever named the user.
	out, _, err = p.federation(root, sts.FederationTokenInput{Name: ref("Bob")})
	p.must(err)
	if caller, err = p.authenticate(out.Credentials); err != nil || out.PackedPolicySize == nil || *out.PackedPolicySize != 0 { // as recorded of AWS
		t.Fatal(err, out)
	}
	if iam.Authorize(caller, "s3:GetObject", "arn:aws:s3:::bucket/key", nil).Allowed() {
		t.Error("a federated user without session policies may do something")
	}
}

func TestGetFederationTokenRefuses(t *testing.T) {
	p := newPlane(t)
	limited := p.rootKey(accountA)
	limited.Policies = policiesOf(t, `{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"arn:aws:sts::111122223333:federated-user/B*"}`)
	for name, test := range map[string]struct {
		in            sts.FederationTokenInput
		code, message string
	}{
		"no name": {sts.FederationTokenInput{}, "ValidationError", "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"long name": {sts.FederationTokenInput{Name: ref(strings.Repeat("x", 33))}, "ValidationError",
			"1 validation error detected: Value '" + strings.Repeat("x", 33) + "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32"},
		"strange name":   {sts.FederationTokenInput{Name: ref("B/b")}, "ValidationError", `1 validation error detected: Value 'B/b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		"bad policy":     {sts.FederationTokenInput{Name: ref("Bob"), Policy: ref("{}")}, "MalformedPolicyDocument", ""},
		"unknown policy": {sts.FederationTokenInput{Name: ref("Bob"), PolicyArns: []string{"arn:aws:iam::111122223333:policy/none"}}, "MalformedPolicyDocument", ""},
		"twice a tag":    {sts.FederationTokenInput{Name: ref("Bob"), Tags: []iam.Tag{{Key: "k"}, {Key: "K"}}}, "InvalidParameterValue", ""},
		"other name": {sts.FederationTokenInput{Name: ref("Alice")}, "AccessDenied",
			"User: arn:aws:iam::111122223333:root is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/Alice because no identity-based policy allows the sts:GetFederationToken action"},
		"tags": {sts.FederationTokenInput{Name: ref("Bob"), Tags: []iam.Tag{{Key: "k"}}}, "AccessDenied",
			"User: arn:aws:iam::111122223333:root is not authorized to perform: sts:TagSession on resource: arn:aws:sts::111122223333:federated-user/Bob because no identity-based policy allows the sts:TagSession action"},
	} {
		_, event, err := p.federation(limited, test.in)
		wantError(t, err, test.code, test.message)
		if event.ErrorCode != test.code {
			t.Errorf("%s: event = %+v", name, event)
		}
	}
	if _, _, err := p.federation(limited, sts.FederationTokenInput{Name: ref("Bob")}); err != nil {
		t.Error(err)
	}
}

func policiesOf(t *testing.T, statements ...string) policy.Policies {
	t.Helper()
	parsed, err := policy.Parse([]byte(document(statements...)))
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := policy.Compile("test", parsed, policy.Options{Kind: policy.Identity})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Policies{Identity: []*policy.Policy{compiled}}
}

func TestGetAccessKeyInfo(t *testing.T) {
	p := newPlane(t, accountB)
	root := p.rootKey(accountA)
	keyB, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	own, _, err := p.sessionToken(root, sts.SessionTokenInput{})
	p.must(err)
	for id, want := range map[string]string{
		keyB.ID:                accountB,
		own.AccessKeyId:        accountA,
		"ASIAY34FZKBOKMUTVV7A": "609629065308", // trufflesecurity's published example of decoding AWS's own ids
	} {
		account, err := p.service.GetAccessKeyInfo(t.Context(), root, &id)
		if err != nil || account != want {
			t.Errorf("%s: %s, %v; want %s", id, account, err, want)
		}
	}
	for id, message := range map[string]string{
		"AKIASHORT":            "1 validation error detected: Value 'AKIASHORT' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16",
		"AKIA1234567890-XY":    `1 validation error detected: Value 'AKIA1234567890-XY' at 'accessKeyId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w]*`,
		"AKIA1111111111111111": "The access key id AKIA1111111111111111 does not hold an account.",
	} {
		_, err := p.service.GetAccessKeyInfo(t.Context(), root, &id)
		wantError(t, err, "ValidationError", message)
	}
	root.Policies = policiesOf(t, `{"Effect":"Deny","Action":"sts:GetAccessKeyInfo","Resource":"*"}`)
	_, err = p.service.GetAccessKeyInfo(t.Context(), root, &keyB.ID)
	wantError(t, err, "AccessDenied", "User: arn:aws:iam::111122223333:root is not authorized to perform: sts:GetAccessKeyInfo on resource: * with an explicit deny in an identity-based policy")
}

// TestClosedAccount: everything of an account ends the moment that it is closed.
func TestClosedAccount(t *testing.T) {
	p, good, _ := shop(t)
	keyB, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	longTerm := sts.Credentials{AccessKeyId: keyB.ID, SecretAccessKey: keyB.Secret}
	own, _, err := p.sessionToken(p.rootKey(accountB), sts.SessionTokenInput{})
	p.must(err)
	p.provider(accountB, issuer, good)
	role := p.role(accountB, "app", trustFor(accountB, subject))
	token := good.sign(p.goodClaims())
	exchanged, _, err := p.exchange(input(role.ARN, token))
	p.must(err)
	for _, c := range []sts.Credentials{longTerm, own, exchanged.Credentials} {
		if _, err := p.authenticate(c); err != nil {
			t.Fatal(err)
		}
	}
	p.must(p.directory.CloseAccount(t.Context(), p.root(accountA), iam.CloseAccountInput{AccountID: accountB}))
	for name, c := range map[string]sts.Credentials{"root key": longTerm, "session of root": own, "session of a role": exchanged.Credentials} {
		_, err := p.authenticate(c)
		if wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid."); err == nil {
			t.Errorf("%s is still known", name)
		}
	}
	_, _, err = p.exchange(input(role.ARN, token))
	wantError(t, err, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer)
}

// TestDisabledRoot: the root's keys end at once, and what it was given by them lives to its end, an hour at most (IAM User Guide, "Disabling permissions for
// temporary security credentials": one cannot change the permissions of credentials that a root user called for).
func TestDisabledRoot(t *testing.T) {
	p := newPlane(t)
	key, err := p.directory.Bootstrap(t.Context(), accountA)
	p.must(err)
	longTerm := sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret}
	day := 24 * 3600
	own, _, err := p.sessionToken(p.rootKey(accountA), sts.SessionTokenInput{DurationSeconds: &day})
	p.must(err)
	p.must(p.directory.DisableRoot(t.Context(), p.root(accountA)))
	_, err = p.authenticate(longTerm)
	wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
	if _, err := p.authenticate(own); err != nil {
		t.Errorf("a session from before: %v", err)
	}
	p.now.Add(int64(time.Hour))
	_, err = p.authenticate(own)
	wantError(t, err, "ExpiredToken", "The security token included in the request is expired")
}

// TestRegionsOfPartitions: a signature for another partition's region is refused; a region that nobody knows is accepted.
func TestRegionsOfPartitions(t *testing.T) {
	p := newPlane(t)
	key, err := p.directory.Bootstrap(t.Context(), accountA)
	p.must(err)
	credentials := sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret}
	china := p.serviceWith(func(c *sts.Config) { c.Partition = "aws-cn" })
	for region, of := range map[string]string{"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "", "eusc-de-east-1": "", "local": "both", "minio": "both", "aws-global": "aws", "aws-cn-global": "aws-cn"} {
		for partition, service := range map[string]*sts.Service{"aws": p.service, "aws-cn": china} {
			_, err := service.Authenticate(t.Context(), p.signedFor(credentials, region, "sts"), p.origin())
			if of == partition || of == "both" {
				if err != nil {
					t.Errorf("%s in %s: %v", region, partition, err)
				}
				continue
			}
			if wantError(t, err, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "); !errors.Is(err, sts.ErrRegionNotActive) {
				t.Errorf("%s in %s: %v", region, partition, err)
			}
		}
	}
	caller, err := china.Authenticate(t.Context(), p.signedFor(credentials, "cn-north-1", "sts"), p.origin())
	p.must(err)
	identity, err := china.GetCallerIdentity(t.Context(), caller)
	if err != nil || identity.Arn != "arn:aws-cn:iam::111122223333:root" {
		t.Errorf("identity = %+v, %v", identity, err)
	}
	if _, err := sts.New(sts.Config{Directory: p.config.Directory, Verifier: p.config.Verifier, Ring: p.config.Ring, Trail: p.config.Trail, Partition: "aws-moon"}); err == nil {
		t.Error("there is a partition aws-moon")
	}
}
