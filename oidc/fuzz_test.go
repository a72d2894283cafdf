package oidc

import (
	"crypto"
	"errors"
	"slices"
	"testing"
)

// FuzzToken: whatever comes in, Peek and Verify answer, and nothing is accepted that the provider's keys did not sign.
func FuzzToken(f *testing.F) {
	k := testKeys()
	p := Provider{Account: account, Issuer: "https://issuer.example", ClientIDs: []string{"sts.amazonaws.com"},
		JWKS: jwks(jwk("rsa", &k.rsa.PublicKey, `"alg":"RS256"`), jwk("p256", &k.p256.PublicKey))}
	good := serviceAccount(p.Issuer, noon)
	valid := []string{signed("RS256", "rsa", good, rs(k.rsa, crypto.SHA256)), signed("ES256", "p256", good, es(k.p256, crypto.SHA256))}
	for _, group := range [][]tokenCase{goodTokens(good), foreignClaims(good), brokenClaims(good), wrongSignatures(good), oddHeaders(good)} {
		for _, c := range group {
			if c.kind != 0 {
				f.Add(c.token)
			}
		}
	}
	for _, token := range valid {
		f.Add(token)
	}
	v := newVerifier(f, VerifierConfig{Now: (&clock{now: noon}).Now})
	f.Fuzz(func(t *testing.T, token string) {
		_, peeked := Peek(token)
		claims, err := v.Verify(t.Context(), p, token)
		var refusal *Error
		switch {
		case err == nil && (claims == nil || !slices.Contains(valid, token)):
			t.Fatalf("accepted %q", token)
		case err == nil && peeked != nil:
			t.Fatalf("Peek refuses what Verify accepts: %v", peeked)
		case err != nil && (!errors.As(err, &refusal) || refusal.Kind < Malformed || refusal.Kind > Unreachable || claims != nil):
			t.Fatalf("error %v with claims %v", err, claims)
		}
	})
}

// FuzzJWKS: a key set that is accepted has named keys, no secrets, and can be used.
func FuzzJWKS(f *testing.F) {
	k := testKeys()
	f.Add(jwks(jwk("a", &k.rsa.PublicKey, `"use":"sig"`, `"alg":"RS256"`), jwk("b", &k.p384.PublicKey)))
	f.Add(jwks(jwk("a", &k.p256.PublicKey, `"d":"AQAB"`)))
	f.Add(jwks(`{"kty":"oct","k":"AAAA","kid":"k"}`, `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`))
	f.Add([]byte(`{"keys":[{}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		ids, err := ParseJWKS(document)
		if err != nil {
			return
		}
		keys, _, err := parseJWKS(document)
		if err != nil || len(ids) == 0 || slices.Contains(ids, "") || !slices.IsSorted(ids) {
			t.Fatalf("ids %q, %v", ids, err)
		}
		for name, key := range keys {
			if !slices.Contains(admittedAlgorithms(key), name.algorithm) || !slices.Contains(ids, name.id) {
				t.Fatalf("key %v is a %T", name, key)
			}
		}
	})
}
