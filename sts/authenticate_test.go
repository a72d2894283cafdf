package sts_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

const invalidToken = "The security token included in the request is invalid."

func TestAuthenticateSession(t *testing.T) {
	p, good, role := shop(t)
	p.must(p.directory.TagIdentity(t.Context(), p.root(accountA), iam.TagIdentityInput{IdentityName: iam.OfRole("app"), Tags: []iam.Tag{{Key: "Cost", Value: "7"}}}))
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims().with("amr", []string{"pod", "projected"}))))
	p.must(err)
	p.advance(time.Minute)
	caller, err := p.authenticate(out.Credentials)
	p.must(err)
	want := policy.Principal{Type: policy.AssumedRole, ARN: out.AssumedRoleUser.Arn, Account: accountA, RoleARN: role.ARN, ID: role.ID, Session: "session-1"}
	if caller.Principal != want {
		t.Errorf("principal = %+v, want %+v", caller.Principal, want)
	}
	if caller.AccessKeyID != out.Credentials.AccessKeyId || !caller.Issued.Equal(start) || !caller.Expires.Equal(out.Credentials.Expiration) || caller.ChainDepth != 1 {
		t.Errorf("caller = %+v", caller)
	}
	for key, want := range map[string]string{
		"aws:CurrentTime":                   "[2026-03-04T05:07:07Z]",
		"aws:TokenIssueTime":                "[2026-03-04T05:06:07Z]",
		"aws:SecureTransport":               "[false]",
		"aws:RequestedRegion":               "[eu-central-1]",
		"aws:UserAgent":                     "[test/1]",
		"aws:ViaAWSService":                 "[false]",
		"aws:PrincipalTag/Cost":             "[7]",
		"aws:FederatedProvider":             "[arn:aws:iam::111122223333:oidc-provider/oidc.example.com:8443/id/0123]",
		"oidc.example.com:8443/id/0123:sub": "[system:serviceaccount:shop:app]",
		"oidc.example.com:8443/id/0123:aud": "[sts.amazonaws.com]",
		"oidc.example.com:8443/id/0123:amr": "[pod projected]",
		"oidc.example.com:8443/id/0123:azp": "[]",
		"sts:RoleSessionName":               "[]",
		"aws:SourceIdentity":                "[]",
		"aws:MultiFactorAuthPresent":        "[]",
	} {
		if got, _ := caller.Context.Get(key); fmt.Sprint(got) != want {
			t.Errorf("%s = %s, want %s", key, got, want)
		}
	}
}

func TestAuthenticateRoot(t *testing.T) {
	p := newPlane(t)
	key, err := p.directory.Bootstrap(t.Context(), accountA)
	p.must(err)
	caller, err := p.authenticate(sts.Credentials{AccessKeyId: key.ID, SecretAccessKey: key.Secret})
	p.must(err)
	if caller.Principal.Type != policy.Root || caller.Principal.ARN != "arn:aws:iam::111122223333:root" || caller.ChainDepth != 0 || !caller.Issued.IsZero() {
		t.Errorf("caller = %+v", caller)
	}
	if !iam.Authorize(caller, "s3:GetObject", "arn:aws:s3:::bucket/key", nil).Allowed() {
		t.Error("root may not do everything")
	}
	if _, ok := caller.Context.Get("aws:TokenIssueTime"); ok {
		t.Error("a long-term key has an issue time")
	}
}

// TestAnonymous: an unsigned request has the keys that say where it came from, and none that come with credentials (IAM User Guide, "AWS global condition
// context keys": aws:PrincipalIsAWSService, aws:PrincipalAccount and aws:PrincipalType of anonymous requests).
func TestAnonymous(t *testing.T) {
	p := newPlane(t)
	caller := p.service.Anonymous(trail.Origin{SourceIP: "192.0.2.7", UserAgent: "test", Region: "eu-central-1", SecureTransport: true})
	for key, want := range map[string]string{"aws:SourceIp": "192.0.2.7", "aws:SecureTransport": "true", "aws:RequestedRegion": "eu-central-1", "aws:ViaAWSService": "false"} {
		if got, _ := caller.Context.Get(key); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %s", key, got, want)
		}
	}
	if _, ok := caller.Context.Get("aws:PrincipalIsAWSService"); ok {
		t.Error("an unsigned request has aws:PrincipalIsAWSService")
	}
	const source = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*",
		"Condition":{"StringEquals":{"aws:PrincipalType":"Anonymous","aws:PrincipalAccount":"anonymous"},"Bool":{"aws:SecureTransport":"true"},"Null":{"aws:PrincipalIsAWSService":"true"}}}]}`
	document, err := policy.Parse([]byte(source))
	p.must(err)
	open, err := policy.Compile("bucket policy", document, policy.Options{Kind: policy.Resource})
	p.must(err)
	access := iam.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/key", Policy: open}
	if got := caller.Decide(access); !got.Allowed() {
		t.Errorf("a public object: %s", got)
	}
	access.Policy = nil
	if got := caller.Decide(access); got.Allowed() {
		t.Errorf("an object that no policy opens: %s", got)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	p, good, role := shop(t)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	other, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	root, err := p.directory.Bootstrap(t.Context(), accountA)
	p.must(err)
	session := out.Credentials
	for _, test := range []struct {
		name          string
		change        func(*sts.Credentials)
		code, message string
		cause         error
	}{
		{"no session token", func(c *sts.Credentials) { c.SessionToken = "" }, "InvalidClientTokenId", invalidToken, sts.ErrUnknownAccessKey},
		{"garbage for a session token", func(c *sts.Credentials) { c.SessionToken = "garbage" }, "InvalidClientTokenId", invalidToken, sts.ErrInvalidSessionToken},
		{"another session's token", func(c *sts.Credentials) { c.SessionToken = other.Credentials.SessionToken }, "InvalidClientTokenId", invalidToken, sts.ErrInvalidSessionToken},
		{"another session's key id", func(c *sts.Credentials) { c.AccessKeyId = other.Credentials.AccessKeyId }, "InvalidClientTokenId", invalidToken, sts.ErrInvalidSessionToken},
		{"another session's secret", func(c *sts.Credentials) { c.SecretAccessKey = other.Credentials.SecretAccessKey }, "SignatureDoesNotMatch", "", nil},
		{"unknown long-term key", func(c *sts.Credentials) {
			*c = sts.Credentials{AccessKeyId: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}
		}, "InvalidClientTokenId", invalidToken, sts.ErrUnknownAccessKey},
		{"unknown key with our token", func(c *sts.Credentials) { c.AccessKeyId = "AKIAIOSFODNN7EXAMPLE" }, "InvalidClientTokenId", invalidToken, sts.ErrUnknownAccessKey},
		{"neither prefix", func(c *sts.Credentials) { c.AccessKeyId = "test" }, "", "", nil},
		{"root with a wrong secret", func(c *sts.Credentials) { *c = sts.Credentials{AccessKeyId: root.ID, SecretAccessKey: "x"} }, "SignatureDoesNotMatch", "", nil},
		{"root with a session token", func(c *sts.Credentials) {
			*c = sts.Credentials{AccessKeyId: root.ID, SecretAccessKey: root.Secret, SessionToken: session.SessionToken}
		}, "InvalidClientTokenId", invalidToken, sts.ErrInvalidSessionToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			credentials := session
			test.change(&credentials)
			request, origin := p.signed(credentials), p.origin()
			caller, err := p.service.Authenticate(t.Context(), request, origin)
			if err == nil {
				t.Fatalf("authenticated as %+v", caller.Principal)
			}
			if test.code != "" {
				wantError(t, err, test.code, test.message)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("cause = %v, want %v", errors.Unwrap(err), test.cause)
			}
			event := p.event(origin)
			if text := fmt.Sprintf("%+v", event); event.ErrorCode == "" || event.UserIdentity.Type != "Unknown" || credentials.SessionToken != "" && strings.Contains(text, credentials.SessionToken) {
				t.Errorf("event = %s", text)
			}
		})
	}
	unsigned := &sigv4.Request{Method: "GET", Path: "/", Host: "127.0.0.1:4566", Header: map[string][]string{}}
	_, err = p.service.Authenticate(t.Context(), unsigned, p.origin())
	if wantError(t, err, "MissingAuthenticationToken", "Request is missing Authentication Token"); !errors.Is(err, sigv4.ErrUnsigned) {
		t.Errorf("cause = %v", errors.Unwrap(err))
	}
	elsewhere := p.serviceWith(func(c *sts.Config) { c.Regions = []string{"eu-west-1"} })
	_, err = elsewhere.Authenticate(t.Context(), p.signed(session), p.origin())
	if wantError(t, err, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "); !errors.Is(err, sts.ErrRegionNotActive) {
		t.Errorf("cause = %v", errors.Unwrap(err))
	}
}

func TestPresigned(t *testing.T) {
	p, good, role := shop(t)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	c := out.Credentials
	request := &sigv4.Request{Method: "GET", Path: "/", Host: "127.0.0.1:4566", Header: map[string][]string{}, RawQuery: "Action=GetCallerIdentity&Version=2011-06-15",
		PayloadHash: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	request.RawQuery, err = sigv4.Presign(request, sigv4.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, "eu-central-1", "sts", p.clock(), time.Minute)
	p.must(err)
	caller, err := p.service.Authenticate(t.Context(), request, p.origin())
	if err != nil || caller.Principal.ARN != out.AssumedRoleUser.Arn {
		t.Errorf("principal = %+v, %v", caller.Principal, err)
	}
	p.advance(15 * time.Minute) // STS ignores X-Amz-Expires
	if _, err := p.service.Authenticate(t.Context(), request, p.origin()); err != nil {
		t.Errorf("a presigned call is refused after 15 minutes: %v", err)
	}
	p.advance(time.Second)
	if _, err := p.service.Authenticate(t.Context(), request, p.origin()); err == nil {
		t.Error("a presigned call outlives 15 minutes")
	}
}

// TestSessionsEnd looks at every session twice before and once after its end, so that what is remembered of it is looked at too.
func TestSessionsEnd(t *testing.T) {
	p, good, role := shop(t)
	session := func() sts.Credentials {
		t.Helper()
		out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
		p.must(err)
		for range 2 {
			_, err := p.authenticate(out.Credentials)
			p.must(err)
		}
		return out.Credentials
	}

	expiring := session()
	p.advance(time.Hour - time.Second)
	_, err := p.authenticate(expiring)
	p.must(err)
	p.advance(time.Second)
	_, err = p.authenticate(expiring)
	if wantError(t, err, "ExpiredToken", "The security token included in the request is expired"); !errors.Is(err, sts.ErrExpiredSessionToken) {
		t.Errorf("cause = %v", errors.Unwrap(err))
	}

	before := session()
	p.must(p.directory.DeleteRole(t.Context(), p.root(accountA), iam.IdentityInput{IdentityName: iam.OfRole("app")}))
	_, err = p.authenticate(before)
	wantError(t, err, "InvalidClientTokenId", invalidToken)
	recreated := p.role(accountA, "app", trustFor(accountA, subject))
	if recreated.ARN != role.ARN || recreated.ID == role.ID {
		t.Fatalf("role = %+v", recreated)
	}
	_, err = p.authenticate(before)
	wantError(t, err, "InvalidClientTokenId", invalidToken)
	session()
}

// TestRingBelongsToThePlane opens the ring of one store twice, as two replicas do, and the ring of another.
func TestRingBelongsToThePlane(t *testing.T) {
	p, good, role := shop(t)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	again, err := sts.OpenRing(t.Context(), p.store, rand.Reader)
	p.must(err)
	p.service = p.serviceWith(func(c *sts.Config) { c.Ring = again })
	if _, err := p.authenticate(out.Credentials); err != nil {
		t.Errorf("a replica: %v", err)
	}
	p.service = p.serviceWith(func(c *sts.Config) { c.Ring = newPlane(t).config.Ring })
	_, err = p.authenticate(out.Credentials)
	wantError(t, err, "InvalidClientTokenId", invalidToken)

	if _, err := p.store.Get(t.Context(), "sealed/plane/session-keys"); err != nil {
		t.Errorf("the ring is not under its documented key: %v", err)
	}
}

// TestRingIsMadeOnce lets many planes open one new store at a time.
func TestRingIsMadeOnce(t *testing.T) {
	p, good, role := shop(t)
	fresh, err := store.Open(store.Config{Path: filepath.Join(t.TempDir(), "irsa.db"), MasterKey: make([]byte, 32)})
	p.must(err)
	t.Cleanup(func() { fresh.Close() })
	rings := make([]*sts.Ring, 8)
	var wait sync.WaitGroup
	for i := range rings {
		wait.Go(func() {
			var err error
			if rings[i], err = sts.OpenRing(t.Context(), fresh, rand.Reader); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	p.service = p.serviceWith(func(c *sts.Config) { c.Ring = rings[0] })
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	for i, ring := range rings {
		p.service = p.serviceWith(func(c *sts.Config) { c.Ring = ring })
		if _, err := p.authenticate(out.Credentials); err != nil {
			t.Errorf("plane %d: %v", i, err)
		}
	}
}

func TestOpenRingRefuses(t *testing.T) {
	p := newPlane(t)
	const key = "sealed/plane/session-keys"
	_, err := p.store.Apply(t.Context(), nil, []iam.Operation{{Key: key, Value: []byte(`{"version":1,"keys":[{"id":"c2VjcmV0","key":"c2VjcmV0"}]}`)}})
	p.must(err)
	if _, err := sts.OpenRing(t.Context(), p.store, rand.Reader); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("a broken ring: %v", err)
	}
	_, err = p.store.Apply(t.Context(), nil, []iam.Operation{{Key: key}})
	p.must(err)
	if _, err := sts.OpenRing(t.Context(), p.store, strings.NewReader("too short")); err == nil {
		t.Error("a ring was made without randomness")
	}
	if _, err := p.store.Get(t.Context(), key); !errors.Is(err, iam.ErrNotFound) {
		t.Errorf("what is left: %v", err)
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	p := newPlane(t)
	for _, without := range []func(*sts.Config){
		func(c *sts.Config) { c.Directory = nil }, func(c *sts.Config) { c.Verifier = nil }, func(c *sts.Config) { c.Ring = nil }, func(c *sts.Config) { c.Trail = nil },
	} {
		config := p.config
		without(&config)
		if _, err := sts.New(config); err == nil {
			t.Error("a service without one of its parts")
		}
	}
}

// BenchmarkExchange is the whole exchange in process, with the trail on disk.
func BenchmarkExchange(b *testing.B) {
	run := func(b *testing.B, distinct int) {
		p, good, role := shop(b)
		inputs := make([]sts.WebIdentityInput, distinct)
		for i := range inputs {
			inputs[i] = input(role.ARN, good.sign(p.goodClaims().with("jti", fmt.Sprint(i))))
		}
		origin := p.origin()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := p.service.AssumeRoleWithWebIdentity(b.Context(), origin, inputs[i%distinct]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("one token", func(b *testing.B) { run(b, 1) })
	b.Run("1000 distinct", func(b *testing.B) { run(b, 1000) })
}

// BenchmarkAuthenticate is what every signed request of a session costs before anything is decided.
func BenchmarkAuthenticate(b *testing.B) {
	p, good, role := shop(b)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	request, origin := p.signed(out.Credentials), p.origin()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.service.Authenticate(b.Context(), request, origin); err != nil {
			b.Fatal(err)
		}
	}
}
