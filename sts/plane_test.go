package sts_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

const (
	accountA = "111122223333"
	accountB = "444455556666"
	issuer   = "https://oidc.example.com:8443/id/0123"
	subject  = "system:serviceaccount:shop:app"
	audience = "sts.amazonaws.com"
)

// start is when every test begins.
var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// plane is the real thing, on a temporary folder and with a clock that stands still.
type plane struct {
	t         testing.TB
	now       atomic.Int64 // nanoseconds
	directory *iam.Directory
	trail     *trail.Trail
	service   *sts.Service
	config    sts.Config
	store     iam.Store
	requests  int
}

func newPlane(t testing.TB, accounts ...string) *plane {
	t.Helper()
	p := &plane{t: t}
	p.now.Store(start.UnixNano())
	dir := t.TempDir()
	bolt, err := store.Open(store.Config{Path: filepath.Join(dir, "irsa.db"), MasterKey: make([]byte, 32)})
	p.must(err)
	t.Cleanup(func() { bolt.Close() })
	p.store = bolt
	p.trail, err = trail.Open(trail.Config{Dir: filepath.Join(dir, "trail"), Now: p.clock})
	p.must(err)
	t.Cleanup(func() { p.trail.Close() })
	p.directory, err = iam.New(t.Context(), iam.Config{Store: bolt, Trail: p.trail, Now: p.clock, DefaultAccount: accountA})
	p.must(err)
	t.Cleanup(func() { p.directory.Close() })
	for _, account := range append([]string{accountA}, accounts...) {
		_, err = p.directory.Bootstrap(t.Context(), account)
		p.must(err)
	}
	verifier, err := oidc.NewVerifier(oidc.VerifierConfig{Now: p.clock, AllowIssuers: []string{"127.0.0.1"}})
	p.must(err)
	t.Cleanup(func() { verifier.Close() })
	ring, err := sts.OpenRing(t.Context(), bolt, rand.Reader)
	p.must(err)
	p.config = sts.Config{Directory: p.directory, Verifier: verifier, Ring: ring, Trail: p.trail, Now: p.clock}
	p.service = p.serviceWith(func(*sts.Config) {})
	return p
}

// serviceWith makes another service of the same plane.
func (p *plane) serviceWith(change func(*sts.Config)) *sts.Service {
	p.t.Helper()
	config := p.config
	change(&config)
	service, err := sts.New(config)
	p.must(err)
	return service
}

func (p *plane) clock() time.Time               { return time.Unix(0, p.now.Load()) }
func (p *plane) advance(d time.Duration)        { p.now.Add(int64(d)) }
func (p *plane) root(account string) iam.Caller { return iam.Root("aws", account) }

func (p *plane) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// origin is a request's of its own: a source sends one, so that none is aggregated with another.
func (p *plane) origin() trail.Origin {
	p.requests++
	return trail.Origin{
		RequestID: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.requests),
		SourceIP:  fmt.Sprintf("10.1.%d.%d", p.requests/256, p.requests%256),
		UserAgent: "test/1",
		Region:    "eu-central-1",
		Time:      p.clock(),
	}
}

func (p *plane) provider(account, issuer string, keys ...key) string {
	p.t.Helper()
	made, err := p.directory.CreateOpenIDConnectProvider(p.t.Context(), p.root(account), iam.CreateOpenIDConnectProviderInput{
		URL: issuer, ClientIDList: []string{audience, "second"},
	})
	p.must(err)
	if len(keys) > 0 {
		p.must(p.directory.PutOpenIDConnectProviderKeys(p.t.Context(), p.root(account), iam.PutOpenIDConnectProviderKeysInput{
			OpenIDConnectProviderARN: made.ARN, JWKS: jwks(keys...),
		}))
	}
	return made.ARN
}

func (p *plane) role(account, name, trust string, change ...func(*iam.CreateRoleInput)) iam.Role {
	p.t.Helper()
	in := iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust}
	for _, c := range change {
		c(&in)
	}
	role, err := p.directory.CreateRole(p.t.Context(), p.root(account), in)
	p.must(err)
	return role
}

func (p *plane) allow(account, role, statement string) {
	p.t.Helper()
	p.must(p.directory.PutPolicy(p.t.Context(), p.root(account), iam.PutPolicyInput{
		IdentityName: iam.OfRole(role), PolicyName: "p", PolicyDocument: document(statement),
	}))
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// trustFor is what `eksctl` and the EKS guide write: one service account of one issuer.
func trustFor(account, subject string, actions ...string) string {
	host := strings.TrimPrefix(issuer, "https://")
	list, _ := json.Marshal(append([]string{"sts:AssumeRoleWithWebIdentity"}, actions...))
	return document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":%s,
		"Condition":{"StringEquals":{"%s:sub":"%s","%s:aud":"sts.amazonaws.com"}}}`, account, host, list, host, subject, host))
}

// exchange asks for a session and returns the call's one event, too.
func (p *plane) exchange(in sts.WebIdentityInput) (sts.WebIdentityOutput, trail.Event, error) {
	p.t.Helper()
	origin := p.origin()
	out, err := p.service.AssumeRoleWithWebIdentity(p.t.Context(), origin, in)
	return out, p.event(origin), err
}

func (p *plane) event(origin trail.Origin) trail.Event {
	p.t.Helper()
	events, err := p.trail.Find(p.t.Context(), origin.RequestID)
	p.must(err)
	// The event of an account is its own: across accounts a call leaves one for each, the role's account's first.
	if len(events) == 2 && events[1].UserIdentity.Type == "AWSAccount" && events[1].Account != events[0].Account {
		events = events[:1]
	}
	if len(events) != 1 {
		p.t.Fatalf("the request left %d events, want 1: %+v", len(events), events)
	}
	return events[0]
}

func input(role, token string) sts.WebIdentityInput {
	name := "session-1"
	return sts.WebIdentityInput{RoleArn: &role, RoleSessionName: &name, WebIdentityToken: &token}
}

// authenticate signs a request with credentials and has it recognised.
func (p *plane) authenticate(c sts.Credentials) (iam.Caller, error) {
	p.t.Helper()
	return p.service.Authenticate(p.t.Context(), p.signed(c), p.origin())
}

func (p *plane) signed(c sts.Credentials) *sigv4.Request {
	p.t.Helper()
	return p.signedFor(c, "eu-central-1", "sts")
}

func (p *plane) signedFor(c sts.Credentials, region, service string) *sigv4.Request {
	p.t.Helper()
	empty := sha256.Sum256(nil)
	request := &sigv4.Request{Method: "GET", Path: "/", Host: "127.0.0.1:4566", Header: map[string][]string{}, PayloadHash: fmt.Sprintf("%x", empty)}
	p.must(sigv4.Sign(request, sigv4.Credentials{
		AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}, region, service, p.clock()))
	return request
}

func wantError(t testing.TB, err error, code, message string) *iam.Error {
	t.Helper()
	var e *iam.Error
	if !errors.As(err, &e) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if e.Code != code || message != "" && e.Message != message {
		t.Errorf("error = %s: %s\n want %s: %s", e.Code, e.Message, code, message)
	}
	return e
}

// key signs tokens by hand, so that what the plane takes for a token is not what its own code makes.
type key struct {
	id  string
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

// newKey is slow, so that tests share keys.
var newKey = func() func(id string) key {
	var mu sync.Mutex
	made := map[string]key{}
	return func(id string) key {
		mu.Lock()
		defer mu.Unlock()
		if k, ok := made[id]; ok {
			return k
		}
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		made[id] = key{id: id, rsa: private}
		return made[id]
	}
}()

func newECKey(id string) key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key{id: id, ec: private}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jwks(keys ...key) []byte {
	var list []map[string]string
	for _, k := range keys {
		if k.ec != nil {
			point, _ := k.ec.PublicKey.Bytes() // 4, x, y
			list = append(list, map[string]string{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": k.id, "x": encode(point[1:33]), "y": encode(point[33:])})
			continue
		}
		list = append(list, map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id, "n": encode(k.rsa.N.Bytes()), "e": encode(big.NewInt(int64(k.rsa.E)).Bytes())})
	}
	b, _ := json.Marshal(map[string]any{"keys": list})
	return b
}

type claims map[string]any

// goodClaims are those of a Kubernetes projected token.
func (p *plane) goodClaims() claims {
	now := p.clock()
	return claims{
		"iss": issuer, "sub": subject, "aud": []string{audience}, "jti": "0b34", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"kubernetes.io": map[string]any{"namespace": "shop", "serviceaccount": map[string]any{"name": "app", "uid": "u"}},
	}
}

func (c claims) with(name string, value any) claims { c[name] = value; return c }
func (c claims) without(name string) claims         { delete(c, name); return c }

func (k key) sign(c claims) string { return k.signAs("RS256", k.id, c) }

// signAs makes a token with any algorithm and key id in its header.
func (k key) signAs(algorithm, id string, c claims) string {
	header := map[string]string{"alg": algorithm, "typ": "JWT"}
	if id != "" {
		header["kid"] = id
	}
	if k.ec != nil {
		header["alg"] = "ES256"
	}
	h, _ := json.Marshal(header)
	payload, _ := json.Marshal(c)
	text := encode(h) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch {
	case k.ec != nil:
		r, s, e := ecdsa.Sign(rand.Reader, k.ec, digest[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), e
	case algorithm == "PS256":
		signature, err = rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, digest[:], nil)
	case algorithm == "HS256":
		mac := hmac.New(sha256.New, nil)
		mac.Write([]byte(text))
		signature = mac.Sum(nil)
	case algorithm == "none":
	default:
		signature, err = rsa.SignPKCS1v15(nil, k.rsa, crypto.SHA256, digest[:])
	}
	if err != nil {
		panic(err)
	}
	return text + "." + encode(signature)
}
