package oidc

import (
	"crypto"
	"fmt"
	"testing"
)

// benchmarkVerify verifies tokens in turn; with more tokens than the cache holds, each is verified anew.
func benchmarkVerify(b *testing.B, distinct int, algorithm string) {
	k := testKeys()
	p := Provider{Account: account, Issuer: "https://issuer.example", ClientIDs: []string{"sts.amazonaws.com"},
		JWKS: jwks(jwk("RS256", &k.rsa.PublicKey), jwk("ES256", &k.p256.PublicKey))}
	sign := map[string]signature{"RS256": rs(k.rsa, crypto.SHA256), "ES256": es(k.p256, crypto.SHA256)}[algorithm]
	good := serviceAccount(p.Issuer, noon).with("kubernetes.io", map[string]any{
		"namespace": "shop", "pod": map[string]any{"name": "cart-7d4b9", "uid": "0b5a8a0f-7777-4888-8999-000011112222"},
		"serviceaccount": map[string]any{"name": "cart", "uid": "5d0e1a6e-1111-4222-8333-444455556666"},
	})
	tokens := make([]string, distinct)
	for i := range tokens {
		tokens[i] = signed(algorithm, algorithm, good.with("jti", fmt.Sprint(i)), sign)
	}
	v := newVerifier(b, VerifierConfig{Now: (&clock{now: noon}).Now, CacheSize: cacheShards})
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if _, err := v.Verify(b.Context(), p, tokens[i%distinct]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyCached(b *testing.B) { benchmarkVerify(b, 1, "RS256") }
func BenchmarkVerifyRS256(b *testing.B)  { benchmarkVerify(b, 1000, "RS256") }
func BenchmarkVerifyES256(b *testing.B)  { benchmarkVerify(b, 1000, "ES256") }

func BenchmarkSign(b *testing.B) {
	issuer, err := NewIssuer(issuerURL, []*Key{generate(b, "ES256")})
	if err != nil {
		b.Fatal(err)
	}
	claims := issuer.ServiceAccountClaims(ServiceAccountToken{Namespace: "shop", ServiceAccount: "cart", Audiences: []string{"sts.amazonaws.com"}, IssuedAt: noon})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := issuer.Sign(claims); err != nil {
			b.Fatal(err)
		}
	}
}
