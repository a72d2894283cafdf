package oidc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const issuerURL = "https://oidc.openirsa.internal/id/0123456789abcdef0123456789abcdef"

func generate(t testing.TB, algorithm string) *Key {
	t.Helper()
	k, err := GenerateKey(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestKeyID computes the id of a P-256 key from DER written by hand: RFC 5480's fixed prefix, then the point.
func TestKeyID(t *testing.T) {
	private := testKeys().p256
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(der)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := hex.DecodeString("3059301306072a8648ce3d020106082a8648ce3d030107034200")
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(append(prefix, point...))
	if want := b64(digest[:]); k.ID() != want {
		t.Errorf("id %s, want %s", k.ID(), want)
	}
}

func TestKeyRoundTrip(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		k := generate(t, algorithm)
		der, err := k.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(der)
		if err != nil {
			t.Fatal(err)
		}
		if again.ID() != k.ID() || again.Algorithm() != algorithm || len(k.ID()) != 43 {
			t.Errorf("%s: id %s and algorithm %s after a round trip, was %s", algorithm, again.ID(), again.Algorithm(), k.ID())
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	for _, algorithm := range []string{"", "none", "HS256", "PS256", "RS384", "rs256"} {
		if _, err := GenerateKey(algorithm); err == nil {
			t.Errorf("a key for %q was made", algorithm)
		}
	}
	small, err := x509.MarshalPKCS8PrivateKey(mustRSA(1024))
	if err != nil {
		t.Fatal(err)
	}
	p384, err := x509.MarshalPKCS8PrivateKey(mustEC(elliptic.P384()))
	if err != nil {
		t.Fatal(err)
	}
	for name, der := range map[string][]byte{"nothing": nil, "garbage": []byte("garbage"), "RSA 1024": small, "P-384": p384} {
		if _, err := ParseKey(der); err == nil {
			t.Errorf("%s was read as a key", name)
		}
	}
}

// TestSign checks signatures with crypto/* alone.
func TestSign(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		k := generate(t, algorithm)
		issuer, err := NewIssuer(issuerURL, []*Key{k})
		if err != nil {
			t.Fatal(err)
		}
		token, err := issuer.Sign(map[string]any{"sub": "a<b"})
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(token, ".")
		header, err := base64.RawURLEncoding.DecodeString(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{"alg":%q,"kid":%q}`, algorithm, k.ID()); string(header) != want {
			t.Errorf("header %s, want %s", header, want)
		}
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		switch public := k.private.Public().(type) {
		case *rsa.PublicKey:
			if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
				t.Error(err)
			}
		case *ecdsa.PublicKey:
			if !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
				t.Error("ES256 signature is wrong")
			}
		}
		if _, err := issuer.Sign(func() {}); err == nil {
			t.Error("a function was signed")
		}
	}
}

// TestServiceAccountClaims compares with what a kube-apiserver of 1.30 and later puts into a projected token.
func TestServiceAccountClaims(t *testing.T) {
	issuer, err := NewIssuer(issuerURL, []*Key{generate(t, "ES256")})
	if err != nil {
		t.Fatal(err)
	}
	token := ServiceAccountToken{
		Namespace: "shop", ServiceAccount: "cart", ServiceAccountUID: "5d0e1a6e-1111-4222-8333-444455556666",
		Audiences: []string{"sts.amazonaws.com"}, IssuedAt: noon.Add(999 * time.Millisecond), Lifetime: time.Hour, ID: "9c5f3f8e-aaaa-4bbb-8ccc-ddddeeeeffff",
	}
	const head = `{"aud":["sts.amazonaws.com"],"exp":1782910800,"iat":1782907200,"iss":"` + issuerURL + `","jti":"9c5f3f8e-aaaa-4bbb-8ccc-ddddeeeeffff","kubernetes.io":{"namespace":"shop",`
	const tail = `"serviceaccount":{"name":"cart","uid":"5d0e1a6e-1111-4222-8333-444455556666"}},"nbf":1782907200,"sub":"system:serviceaccount:shop:cart"}`
	check := func(want string) {
		t.Helper()
		got, err := json.Marshal(issuer.ServiceAccountClaims(token))
		if err != nil || string(got) != want {
			t.Errorf("claims %s, %v\nwant %s", got, err, want)
		}
	}
	check(head + tail)
	token.Pod, token.PodUID = "cart-7d4b9", "0b5a8a0f-7777-4888-8999-000011112222"
	check(head + `"pod":{"name":"cart-7d4b9","uid":"0b5a8a0f-7777-4888-8999-000011112222"},` + tail)
	token.Lifetime = -time.Hour
	check(strings.Replace(head, "1782910800", "1782903600", 1) + `"pod":{"name":"cart-7d4b9","uid":"0b5a8a0f-7777-4888-8999-000011112222"},` + tail)
}

func TestHandler(t *testing.T) {
	k := testKeys()
	first, second := generate(t, "RS256"), &Key{}
	der, err := x509.MarshalPKCS8PrivateKey(k.p256)
	if err != nil {
		t.Fatal(err)
	}
	if second, err = ParseKey(der); err != nil {
		t.Fatal(err)
	}
	issuer, err := NewIssuer(issuerURL, []*Key{first, second})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/id/0123456789abcdef0123456789abcdef"
	discovery := `{"issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/openid/v1/jwks","response_types_supported":["id_token"],` +
		`"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256","RS256"]}`
	for _, c := range []struct {
		method, path string
		status       int
		mediaType    string
		body         string
	}{
		{"GET", path + "/.well-known/openid-configuration", 200, "application/json", discovery},
		{"HEAD", path + "/.well-known/openid-configuration", 200, "application/json", ""},
		{"GET", path + "/openid/v1/jwks", 200, "application/jwk-set+json", string(issuer.JWKS())},
		{"HEAD", path + "/openid/v1/jwks", 200, "application/jwk-set+json", ""},
		{"POST", path + "/openid/v1/jwks", 405, "text/plain; charset=utf-8", "method not allowed\n"},
		{"OPTIONS", path + "/.well-known/openid-configuration", 405, "text/plain; charset=utf-8", "method not allowed\n"},
		{"GET", path + "/openid/v1/jwks/", 404, "text/plain; charset=utf-8", "404 page not found\n"},
		{"GET", "/openid/v1/jwks", 404, "text/plain; charset=utf-8", "404 page not found\n"},
		{"GET", "/", 404, "text/plain; charset=utf-8", "404 page not found\n"},
	} {
		recorder := httptest.NewRecorder()
		issuer.Handler().ServeHTTP(recorder, httptest.NewRequest(c.method, c.path, nil))
		result := recorder.Result()
		body, err := io.ReadAll(result.Body)
		if err != nil {
			t.Fatal(err)
		}
		if result.StatusCode != c.status || result.Header.Get("Content-Type") != c.mediaType || string(body) != c.body {
			t.Errorf("%s %s: %d %s %s", c.method, c.path, result.StatusCode, result.Header.Get("Content-Type"), body)
		}
		if c.status == 405 && result.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, result.Header.Get("Allow"))
		}
		if c.status == 200 && result.Header.Get("Cache-Control") != "public, max-age=3600" {
			t.Errorf("%s %s: Cache-Control is %q", c.method, c.path, result.Header.Get("Cache-Control"))
		}
	}
	want := jwk("", &k.p256.PublicKey)
	for _, member := range []string{`"use":"sig"`, `"kid":"` + second.ID() + `"`, `"alg":"ES256"`, `"crv":"P-256"`, `"e":"AQAB"`} {
		if !bytes.Contains(issuer.JWKS(), []byte(member)) {
			t.Errorf("%s is not in %s", member, issuer.JWKS())
		}
	}
	if x := strings.Split(want, `"x":`)[1]; !bytes.Contains(issuer.JWKS(), []byte(x[:44])) {
		t.Errorf("the point is not in %s", issuer.JWKS())
	}
	if bytes.Contains(issuer.JWKS(), []byte(`"d":`)) {
		t.Error("the key set has a private key")
	}
}

// TestIssuerAndVerifier joins the two halves over TLS: what we publish is what we verify, before and after a rotation.
func TestIssuerAndVerifier(t *testing.T) {
	var issuer *Issuer
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { issuer.Handler().ServeHTTP(w, r) }))
	defer server.Close()
	old, next := generate(t, "RS256"), generate(t, "ES256")
	start := func(keys ...*Key) {
		var err error
		if issuer, err = NewIssuer(server.URL+"/id/7", keys); err != nil {
			t.Fatal(err)
		}
	}
	sign := func() string {
		token, err := issuer.Sign(issuer.ServiceAccountClaims(ServiceAccountToken{
			Namespace: "shop", ServiceAccount: "cart", Audiences: []string{"sts.amazonaws.com"}, IssuedAt: noon, Lifetime: time.Hour,
		}))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	start(old)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	now := &clock{now: noon}
	v := newVerifier(t, VerifierConfig{Now: now.Now, AllowIssuers: []string{"127.0.0.1"}, RootCAs: roots})
	p := Provider{Account: account, Issuer: issuer.URL(), ClientIDs: []string{"sts.amazonaws.com"}}
	before := sign()
	expect(t, v, p, before, 0)
	start(next, old)
	now.Advance(DefaultCoolDown)
	expect(t, v, p, sign(), 0)
	expect(t, v, p, before, 0)
}

func TestIssuersThatAreRefused(t *testing.T) {
	k := generate(t, "ES256")
	if _, err := NewIssuer("http://a.example", []*Key{k}); err == nil {
		t.Error("an issuer without TLS was made")
	}
	if _, err := NewIssuer(issuerURL, nil); err == nil {
		t.Error("an issuer without keys was made")
	}
}
