package iam_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/trail"
)

const (
	account      = "111122223333"
	otherAccount = "444455556666"
	region       = "eu-central-1"
)

// plane is a directory on real parts, in a temporary folder.
type plane struct {
	*iam.Directory
	t     testing.TB
	dir   string
	store *store.Bolt
	trail *trail.Trail
	root  iam.Caller
}

func newPlane(t testing.TB) *plane {
	t.Helper()
	p := &plane{t: t, dir: t.TempDir()}
	p.open()
	if _, err := p.Bootstrap(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// open opens what is in p.dir, or begins it.
func (p *plane) open() {
	p.t.Helper()
	key, err := store.LoadOrCreateMasterKey(filepath.Join(p.dir, "master.key"))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.store, err = store.Open(store.Config{Path: filepath.Join(p.dir, "irsa.db"), MasterKey: key}); err != nil {
		p.t.Fatal(err)
	}
	if p.trail, err = trail.Open(trail.Config{Dir: filepath.Join(p.dir, "trail")}); err != nil {
		p.t.Fatal(err)
	}
	p.Directory = p.another()
	p.root = caller(iam.Root("aws", account))
}

// another is one more directory on the same store and trail, as a second replica is.
func (p *plane) another() *iam.Directory {
	p.t.Helper()
	d, err := iam.New(p.t.Context(), iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: account})
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *plane) close() {
	if err := errors.Join(p.Directory.Close(), p.trail.Close(), p.store.Close()); err != nil {
		p.t.Error(err)
	}
}

// caller gives c an origin.
func caller(c iam.Caller) iam.Caller {
	c.Origin = trail.Origin{RequestID: "5b1f0f0e-7b5c-4c43-9d61-0c5b0a3f2a10", SourceIP: "192.0.2.7", UserAgent: "test", Region: region, Time: time.Now()}
	return c
}

// limited is a user-like caller of the account, with this identity policy.
func limited(t testing.TB, requestID, document string) iam.Caller {
	t.Helper()
	c := caller(iam.Caller{
		Principal: policy.Principal{Type: policy.User, ARN: "arn:aws:iam::" + account + ":user/dev", Account: account, ID: "AIDAEXAMPLE"},
		Policies:  policy.Policies{Identity: []*policy.Policy{compiled(t, document)}},
	})
	c.Origin.RequestID = requestID
	return c
}

func compiled(t testing.TB, source string) *policy.Policy {
	t.Helper()
	document, err := policy.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Compile("dev", document, policy.Options{Kind: policy.Identity})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	trustAnyone = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}`
	allowGet    = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`
	allowPut    = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}`
)

// must fails the test at once when a step that is not its subject does.
func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("%v (%v)", err, errors.Unwrap(err)))
	}
	return value
}

func done(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%v)", err, errors.Unwrap(err))
	}
}

func (p *plane) role(name string) iam.Role {
	p.t.Helper()
	return must(p.CreateRole(p.t.Context(), p.root, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trustAnyone}))
}

func (p *plane) policy(name string) iam.ManagedPolicy {
	p.t.Helper()
	return must(p.CreatePolicy(p.t.Context(), p.root, iam.CreatePolicyInput{PolicyName: name, PolicyDocument: allowGet}))
}

func (p *plane) attach(role, arn string) {
	p.t.Helper()
	done(p.t, p.AttachPolicy(p.t.Context(), p.root, iam.AttachmentInput{IdentityName: iam.OfRole(role), PolicyARN: arn}))
}

// expect checks a refusal's code and the sentence that the caller is told.
func expect(t testing.TB, err error, code, message string) {
	t.Helper()
	refusal, ok := errors.AsType[*iam.Error](err)
	if !ok {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if refusal.Code != code || refusal.Message != message {
		t.Errorf("refused with\n  %s: %s\nwant\n  %s: %s", refusal.Code, refusal.Message, code, message)
	}
}

// padded is an identity policy of exactly size characters besides white space.
func padded(size int) string {
	const head, tail = `{"Version":"2012-10-17","Statement":[{"Sid":"`, `","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	return head + strings.Repeat("a", size-len(head)-len(tail)) + tail
}

func names(roles []iam.Role) (out []string) {
	for _, r := range roles {
		out = append(out, r.Name)
	}
	return out
}

func TestNew(t *testing.T) {
	if _, err := iam.New(context.Background(), iam.Config{DefaultAccount: account}); err == nil {
		t.Error("a directory without a store and a trail was opened")
	}
	p := newPlane(t)
	if _, err := iam.New(t.Context(), iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: "12"}); err == nil {
		t.Error("a directory with default account 12 was opened")
	}
}

// refused checks a refusal's code alone.
func refused(t testing.TB, err error, code string) *iam.Error {
	t.Helper()
	refusal, ok := errors.AsType[*iam.Error](err)
	if !ok || refusal.Code != code {
		t.Fatalf("error = %v, want %s", err, code)
	}
	return refusal
}

// testJWKS is a key set that verifies something.
func testJWKS(t testing.TB) []byte {
	t.Helper()
	key := must(oidc.GenerateKey("ES256"))
	return must(oidc.NewIssuer("https://oidc.example.com", []*oidc.Key{key})).JWKS()
}
