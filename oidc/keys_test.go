package oidc

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// kindOf is the kind of a refusal, 0 for none.
func kindOf(t *testing.T, err error) ErrorKind {
	t.Helper()
	if err == nil {
		return 0
	}
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("error is %T %v, want an *Error", err, err)
	}
	return refusal.Kind
}

func expect(t *testing.T, v *Verifier, p Provider, token string, want ErrorKind) {
	t.Helper()
	_, err := v.Verify(t.Context(), p, token)
	if got := kindOf(t, err); got != want {
		t.Fatalf("kind %v (%v), want %v", got, err, want)
	}
}

// TestAccountsAreApart: two accounts register one issuer with different inline keys.
func TestAccountsAreApart(t *testing.T) {
	k := testKeys()
	const url = "https://issuer.example"
	one := Provider{Account: "111111111111", Issuer: url, Revision: 1, ClientIDs: []string{"sts.amazonaws.com"}, JWKS: jwks(jwk("k", &k.rsa.PublicKey))}
	two := Provider{Account: "222222222222", Issuer: url, Revision: 1, ClientIDs: []string{"sts.amazonaws.com"}, JWKS: jwks(jwk("k", &k.otherRSA.PublicKey))}
	good := serviceAccount(url, noon)
	ofOne, ofTwo := signed("RS256", "k", good, rs(k.rsa, crypto.SHA256)), signed("RS256", "k", good, rs(k.otherRSA, crypto.SHA256))
	v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now})
	for range 3 { // the second and third round meet the cache
		expect(t, v, one, ofOne, 0)
		expect(t, v, two, ofOne, BadSignature)
		expect(t, v, two, ofTwo, 0)
		expect(t, v, one, ofTwo, BadSignature)
	}
}

// TestIssuersAreApart: a key of one issuer signs a token in the name of another, with and without the other's kid.
func TestIssuersAreApart(t *testing.T) {
	k := testKeys()
	a := Provider{Account: account, Issuer: "https://a.example", ClientIDs: []string{"sts.amazonaws.com"}, JWKS: jwks(jwk("a", &k.rsa.PublicKey))}
	b := Provider{Account: account, Issuer: "https://b.example", ClientIDs: []string{"sts.amazonaws.com"}, JWKS: jwks(jwk("b", &k.otherRSA.PublicKey))}
	v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now})
	sign := rs(k.rsa, crypto.SHA256)
	expect(t, v, a, signed("RS256", "a", serviceAccount(a.Issuer, noon), sign), 0)
	expect(t, v, b, signed("RS256", "a", serviceAccount(b.Issuer, noon), sign), KeyUnavailable)
	expect(t, v, b, signed("RS256", "b", serviceAccount(b.Issuer, noon), sign), BadSignature)
	expect(t, v, b, signed("RS256", "a", serviceAccount(a.Issuer, noon), sign), WrongIssuer)
}

// TestCacheChecksAgain: a verified token is held against clock, client ids and keys of the moment.
func TestCacheChecksAgain(t *testing.T) {
	k := testKeys()
	p := Provider{Account: account, Issuer: "https://issuer.example", Revision: 4, ClientIDs: []string{"x", "sts.amazonaws.com"}, JWKS: jwks(jwk("k", &k.p256.PublicKey))}
	token := signed("ES256", "k", serviceAccount(p.Issuer, noon), es(k.p256, crypto.SHA256))
	now := &clock{now: noon}
	v := newVerifier(t, VerifierConfig{Now: now.Now})
	expect(t, v, p, token, 0)
	expect(t, v, p, token, 0)

	fewer := p
	fewer.ClientIDs = []string{"x"}
	expect(t, v, fewer, token, WrongAudience)
	replaced := p
	replaced.JWKS = jwks(jwk("k", &mustEC(k.p256.Curve).PublicKey))
	expect(t, v, replaced, token, BadSignature)
	replaced.Revision = 5
	expect(t, v, replaced, token, BadSignature)
	emptied := p
	emptied.JWKS = []byte{}
	expect(t, v, emptied, token, KeyUnavailable)

	expect(t, v, p, token, 0)
	now.Advance(time.Hour + Leeway - time.Second)
	expect(t, v, p, token, 0)
	now.Advance(time.Second)
	expect(t, v, p, token, Expired)
	now.Advance(-2*time.Hour - 2*Leeway)
	expect(t, v, p, token, NotYetValid)
}

func TestEmbeddedKeys(t *testing.T) {
	k := testKeys()
	const url = "https://oidc.openirsa.internal/id/0123"
	document := jwks(jwk("k", &k.rsa.PublicKey))
	v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now, Embedded: map[string]func() []byte{url: func() []byte { return document }}})
	p := Provider{Account: account, Issuer: url, ClientIDs: []string{"sts.amazonaws.com"}}
	token := signed("RS256", "k", serviceAccount(url, noon), rs(k.rsa, crypto.SHA256))
	expect(t, v, p, token, 0)
	inline := p
	inline.Account, inline.JWKS = "222222222222", jwks(jwk("k", &k.otherRSA.PublicKey))
	expect(t, v, inline, token, BadSignature)
	document = jwks(jwk("other", &k.otherRSA.PublicKey))
	expect(t, v, p, token, KeyUnavailable)
}

// TestRefusedTokensCostNothing sends floods of each refusable kind and counts what the issuer is asked.
func TestRefusedTokensCostNothing(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	now := &clock{now: noon}
	v, p := issuer.verifier(t, now), issuer.provider(account)
	good := serviceAccount(issuer.url, noon)
	sign := rs(k.rsa, crypto.SHA256)

	for range 50 {
		expect(t, v, p, signed("RS256", "nobody", good.with("exp", 1), sign), Expired)
		expect(t, v, p, signed("RS256", "nobody", good.with("aud", "x"), sign), WrongAudience)
		expect(t, v, p, "garbage", Malformed)
	}
	if n := issuer.requests.Load(); n != 0 {
		t.Fatalf("%d requests to the issuer for tokens that their claims refuse", n)
	}
	flood := func() {
		for i := range 200 {
			expect(t, v, p, signed("RS256", fmt.Sprint("kid", i), good, sign), KeyUnavailable)
			expect(t, v, p, signed("RS256", "k", good, rs(k.otherRSA, crypto.SHA256)), BadSignature)
		}
	}
	expect(t, v, p, signed("RS256", "k", good, sign), 0)
	for round := int32(1); round <= 3; round++ {
		flood()
		if n := issuer.fetches.Load(); n != round {
			t.Fatalf("%d fetches after %d rounds", n, round)
		}
		now.Advance(DefaultCoolDown)
	}
}

// TestSingleFlight: many unknown kids share one fetch, and tokens of known keys do not wait for it.
func TestSingleFlight(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	now := &clock{now: noon}
	v, p := issuer.verifier(t, now), issuer.provider(account)
	good := serviceAccount(issuer.url, noon)
	known := signed("RS256", "k", good, rs(k.rsa, crypto.SHA256))
	expect(t, v, p, known, 0)
	now.Advance(DefaultCoolDown)

	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	issuer.answer(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(arrived) })
		<-release
		issuer.standard(w, r)
	})
	issuer.serve(jwk("k", &k.rsa.PublicKey), jwk("new", &k.p256.PublicKey))
	issuer.fetches.Store(0)
	next := signed("ES256", "new", good, es(k.p256, crypto.SHA256))
	var waiting sync.WaitGroup
	for range 30 {
		waiting.Go(func() {
			if _, err := v.Verify(context.Background(), p, next); err != nil {
				t.Errorf("token of the new key: %v", err)
			}
		})
	}
	<-arrived
	expect(t, v, p, known, 0)
	expect(t, v, p, signed("RS256", "k", good.with("jti", "2"), rs(k.rsa, crypto.SHA256)), 0)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(gone, p, signed("ES256", "other", good, es(k.p256, crypto.SHA256))); kindOf(t, err) != KeyUnavailable {
		t.Errorf("a caller that left: %v", err)
	}
	close(release)
	waiting.Wait()
	if n := issuer.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// TestKeyRemoval: once a fetch no longer has a key, its tokens are refused, cached or not.
func TestKeyRemoval(t *testing.T) {
	k := testKeys()
	old, next := jwk("old", &k.rsa.PublicKey), jwk("next", &k.p256.PublicKey)
	for name, cause := range map[string]func(*testing.T, *Verifier, *clock, Provider, string){
		"noticed by the periodic refresh": func(_ *testing.T, v *Verifier, now *clock, _ Provider, _ string) {
			now.Advance(DefaultRefreshInterval)
			v.refreshDue()
		},
		"noticed with an unknown kid": func(t *testing.T, v *Verifier, now *clock, p Provider, token string) {
			now.Advance(DefaultCoolDown)
			expect(t, v, p, token, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newTestIssuer(t, old)
			now := &clock{now: noon}
			v, p := issuer.verifier(t, now), issuer.provider(account)
			good := serviceAccount(issuer.url, noon)
			cached, fresh := signed("RS256", "old", good, rs(k.rsa, crypto.SHA256)), signed("RS256", "old", good.with("jti", "2"), rs(k.rsa, crypto.SHA256))
			expect(t, v, p, cached, 0)
			issuer.serve(next)
			expect(t, v, p, cached, 0)
			cause(t, v, now, p, signed("ES256", "next", good, es(k.p256, crypto.SHA256)))
			expect(t, v, p, cached, KeyUnavailable)
			expect(t, v, p, fresh, KeyUnavailable)
		})
	}
}

// TestWithdrawal: an empty key set is an answer, and so is one that publishes a secret; an unreadable one is not.
func TestWithdrawal(t *testing.T) {
	k := testKeys()
	for document, want := range map[string]ErrorKind{
		`{"keys":[]}`: KeyUnavailable,
		string(jwks(jwk("k", &k.rsa.PublicKey), `{"kty":"oct","k":"AAAA","kid":"s"}`)): KeyUnavailable,
		"<html>maintenance</html>": 0,
		`{"keys":{}}`:              0,
	} {
		issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
		now := &clock{now: noon}
		v, p := issuer.verifier(t, now), issuer.provider(account)
		token := signed("RS256", "k", serviceAccount(issuer.url, noon), rs(k.rsa, crypto.SHA256))
		expect(t, v, p, token, 0)
		served := []byte(document)
		issuer.keys.Store(&served)
		now.Advance(DefaultRefreshInterval)
		v.refreshDue()
		expect(t, v, p, token, want)
	}
}

// TestPeriodicRefresh: a set is fetched again when it is due, unchanged keys keep verified tokens, and unused providers are let go.
func TestPeriodicRefresh(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	now := &clock{now: noon}
	v, p := issuer.verifier(t, now), issuer.provider(account)
	token := signed("RS256", "k", serviceAccount(issuer.url, noon).with("exp", noon.Unix()+200000), rs(k.rsa, crypto.SHA256))
	expect(t, v, p, token, 0)
	generation := v.generation.Load()
	v.refreshDue()
	now.Advance(DefaultRefreshInterval - time.Second)
	v.refreshDue()
	if n := issuer.fetches.Load(); n != 1 {
		t.Fatalf("%d fetches before the set was due", n)
	}
	now.Advance(time.Second)
	v.refreshDue()
	v.refreshDue()
	if n := issuer.fetches.Load(); n != 2 {
		t.Fatalf("%d fetches when the set was due once", n)
	}
	if v.generation.Load() != generation {
		t.Error("an unchanged key set began a new generation")
	}
	now.Advance(DefaultMaxStale + time.Second)
	v.refreshDue()
	if len(v.providers) != 0 || issuer.fetches.Load() != 2 {
		t.Errorf("%d providers and %d fetches after nobody asked for a day", len(v.providers), issuer.fetches.Load())
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, v, p, token, Unreachable)
}

// TestBackgroundRefresh lets the real ticker do it.
func TestBackgroundRefresh(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	again := make(chan struct{})
	v := newVerifier(t, VerifierConfig{AllowIssuers: []string{"127.0.0.1"}, RootCAs: issuer.roots, RefreshInterval: time.Millisecond, CoolDown: time.Millisecond})
	expect(t, v, issuer.provider(account), signed("RS256", "k", serviceAccount(issuer.url, time.Now()), rs(k.rsa, crypto.SHA256)), 0)
	var once sync.Once
	issuer.answer(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(again) })
		issuer.standard(w, r)
	})
	select {
	case <-again:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was refreshed")
	}
}

// TestStaleKeys: while the issuer is away, keys serve for MaxStale and no longer, cached tokens included.
func TestStaleKeys(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	now := &clock{now: noon}
	v, p := issuer.verifier(t, now), issuer.provider(account)
	long := serviceAccount(issuer.url, noon).with("exp", noon.Add(100*time.Hour).Unix())
	token := signed("RS256", "k", long, rs(k.rsa, crypto.SHA256))
	expect(t, v, p, token, 0)
	issuer.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for range 23 {
		now.Advance(time.Hour)
		v.refreshDue()
		expect(t, v, p, token, 0)
	}
	now.Advance(time.Hour - time.Second)
	expect(t, v, p, token, 0)
	expect(t, v, p, signed("RS256", "k", long.with("jti", "2"), rs(k.rsa, crypto.SHA256)), 0)
	now.Advance(time.Second)
	expect(t, v, p, token, Unreachable)
	issuer.answer(nil)
	expect(t, v, p, token, Unreachable) // still cooling down
	now.Advance(DefaultCoolDown)
	expect(t, v, p, token, 0)
}

// TestIssuerFaults: what the issuer may do wrong, and what the caller is told.
func TestIssuerFaults(t *testing.T) {
	k := testKeys()
	key := jwk("k", &k.rsa.PublicKey)
	discover := func(issuer, uri string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer, uri)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	issuer := newTestIssuer(t, key)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   ErrorKind
		says   string
	}{
		"another issuer's document": {discover("https://elsewhere.example", issuer.url+"/keys"), KeyUnavailable, "elsewhere.example"},
		"issuer with a slash":       {discover(issuer.url+"/", issuer.url+"/keys"), KeyUnavailable, "reading discovery document"},
		"jwks_uri without TLS":      {discover(issuer.url, "http://127.0.0.1/keys"), KeyUnavailable, "not an https URL"},
		"jwks_uri is a file":        {discover(issuer.url, "file:///etc/passwd"), KeyUnavailable, "not an https URL"},
		"no jwks_uri":               {discover(issuer.url, ""), KeyUnavailable, "not an https URL"},
		"jwks_uri with a user":      {discover(issuer.url, "https://a:b@127.0.0.1/keys"), KeyUnavailable, "holds a user"},
		"jwks_uri to metadata":      {discover(issuer.url, "https://169.254.169.254/latest"), KeyUnavailable, "fenced off"},
		"jwks_uri inside":           {discover(issuer.url, "https://10.1.2.3/keys"), KeyUnavailable, "fenced off"},
		"duplicate issuer": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"issuer":"https://a.example","issuer":%q,"jwks_uri":%q}`, issuer.url, issuer.url+"/keys")
		}, KeyUnavailable, "duplicate"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, issuer.url+"/elsewhere", http.StatusFound)
		}, KeyUnavailable, "302"},
		"not found":         {status(404), KeyUnavailable, "404"},
		"server error":      {status(500), Unreachable, "500"},
		"too many requests": {status(429), Unreachable, "429"},
		"too large":         {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", maxDiscoverySize+1)) }, KeyUnavailable, "larger"},
		"no answer":         {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Unreachable, ""},
		"connection cut":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unreachable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			issuer.answer(c.answer)
			v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now, AllowIssuers: []string{"127.0.0.0/8"}, RootCAs: issuer.roots, FetchTimeout: 500 * time.Millisecond})
			_, err := v.Verify(t.Context(), issuer.provider(account), signed("RS256", "k", serviceAccount(issuer.url, noon), rs(k.rsa, crypto.SHA256)))
			if got := kindOf(t, err); got != c.want || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s (%v), want %s that says %q", got, err, c.want, c.says)
			}
		})
	}
}

// TestUntrustedCertificate: an issuer whose certificate leads to no root is not asked.
func TestUntrustedCertificate(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now, AllowIssuers: []string{"127.0.0.0/8"}})
	expect(t, v, issuer.provider(account), signed("RS256", "k", serviceAccount(issuer.url, noon), rs(k.rsa, crypto.SHA256)), KeyUnavailable)
	if n := issuer.requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestBounds: neither the cache nor the list of providers grows without end.
func TestBounds(t *testing.T) {
	k := testKeys()
	now := &clock{now: noon}
	v := newVerifier(t, VerifierConfig{Now: now.Now, CacheSize: 64})
	p := Provider{Account: account, Issuer: "https://issuer.example", ClientIDs: []string{"sts.amazonaws.com"}, JWKS: jwks(jwk("k", &k.p256.PublicKey))}
	good := serviceAccount(p.Issuer, noon)
	for i := range 500 {
		expect(t, v, p, signed("ES256", "k", good.with("jti", fmt.Sprint(i)), es(k.p256, crypto.SHA256)), 0)
	}
	expect(t, v, p, signed("ES256", "k", good.with("long", strings.Repeat("x", maxCachedToken)), es(k.p256, crypto.SHA256)), 0)
	entries := 0
	for i := range v.verified.shards {
		s := &v.verified.shards[i]
		entries += len(s.entries)
		if len(s.entries) != len(s.ring) {
			t.Errorf("shard %d has %d entries and %d in its ring", i, len(s.entries), len(s.ring))
		}
	}
	if entries == 0 || entries > 64 {
		t.Errorf("%d verified tokens are kept", entries)
	}
	for i := range maxProviders + 10 {
		p.Revision, p.Issuer = int64(i), fmt.Sprintf("https://issuer%d.example", i)
		v.providerKeys(p, now.Now())
		now.Advance(time.Second)
	}
	if len(v.providers) != maxProviders {
		t.Errorf("%d providers are kept", len(v.providers))
	}
	if _, ok := v.providers[[2]string{account, p.Issuer}]; !ok {
		t.Error("the newest provider was forgotten")
	}
}

// TestConcurrentRotation verifies, rotates and refreshes at once; the race detector watches.
func TestConcurrentRotation(t *testing.T) {
	k := testKeys()
	a, b := jwk("a", &k.rsa.PublicKey), jwk("b", &k.p256.PublicKey)
	issuer := newTestIssuer(t, a, b)
	now := &clock{now: noon}
	v, p := issuer.verifier(t, now), issuer.provider(account)
	good := serviceAccount(issuer.url, noon).with("exp", noon.Add(1000*time.Hour).Unix())
	always, sometimes := signed("RS256", "a", good, rs(k.rsa, crypto.SHA256)), signed("ES256", "b", good, es(k.p256, crypto.SHA256))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if _, err := v.Verify(context.Background(), p, always); err != nil {
					t.Errorf("key that stays: %v", err)
				}
				_, _ = v.Verify(context.Background(), p, sometimes) // accepted or not, as the keys are at that moment
			}
		})
	}
	group.Go(func() {
		for i := range 20 {
			if i%2 == 0 {
				issuer.serve(a)
			} else {
				issuer.serve(a, b)
			}
			now.Advance(DefaultRefreshInterval)
			v.refreshDue()
		}
	})
	group.Wait()
}
