package oidc

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseJWKS(t *testing.T) {
	k := testKeys()
	pub := &k.rsa.PublicKey
	good := jwk("k", pub)
	repeated := func(n int, key string) []byte { return jwks(slices.Repeat([]string{key}, n)...) }
	for name, c := range map[string]struct {
		document []byte
		ids      []string // nil: refused
		says     string
	}{
		"as kube-apiserver writes it":   {jwks(jwk("k", pub, `"use":"sig"`, `"alg":"RS256"`)), []string{"k"}, ""},
		"several":                       {jwks(jwk("c", &k.p521.PublicKey), jwk("a", pub), jwk("b", &k.p384.PublicKey)), []string{"a", "b", "c"}, ""},
		"same kid for RSA and EC":       {jwks(good, jwk("k", &k.p256.PublicKey)), []string{"k"}, ""},
		"same key twice":                {jwks(good, good), []string{"k"}, ""},
		"sloppy certificates":           {jwks(jwk("k", pub, `"x5c":["?"]`, `"x5t":"=="`, `"x5t#S256":7`)), []string{"k"}, ""},
		"operations with verify":        {jwks(jwk("k", pub, `"key_ops":["verify"]`)), []string{"k"}, ""},
		"others beside it":              {jwks(good, jwk("e", pub, `"use":"enc"`), jwk("", pub), `{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"o"}`), []string{"k"}, ""},
		"members nobody knows":          {[]byte(`{"keys":[` + good + `],"more":{"a":[1]}}`), []string{"k"}, ""},
		"no kid":                        {jwks(jwk("", pub)), nil, "keys[0]: it has no kid"},
		"for encryption":                {jwks(jwk("k", pub, `"use":"enc"`)), nil, "not sig"},
		"for signing only":              {jwks(jwk("k", pub, `"key_ops":["sign"]`)), nil, "lack verify"},
		"for PS256":                     {jwks(jwk("k", pub, `"alg":"PS256"`)), nil, `alg "PS256"`},
		"RSA key for ES256":             {jwks(jwk("k", pub, `"alg":"ES256"`)), nil, `alg "ES256"`},
		"alg is a number":               {jwks(jwk("k", pub, `"alg":1`)), nil, "not a string"},
		"RSA with 1024 bits":            {jwks(jwk("k", &mustRSA(1024).PublicKey)), nil, "1024 bits"},
		"RSA without modulus":           {jwks(`{"kty":"RSA","kid":"k","e":"AQAB"}`), nil, "parameters"},
		"RSA exponent 1":                {jwks(jwk("k", &rsa.PublicKey{N: pub.N, E: 1})), nil, "parameters"},
		"point off the curve":           {jwks(`{"kty":"EC","crv":"P-256","kid":"k","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`), nil, "parameters"},
		"P-224":                         {jwks(`{"kty":"EC","crv":"P-224","kid":"k","x":"AAAA","y":"AAAA"}`), nil, "parameters"},
		"Ed25519":                       {jwks(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}`), nil, "neither RSA nor"},
		"private RSA":                   {jwks(jwk("k", pub, `"d":"AQAB"`)), nil, `keys[0] has "d"`},
		"private beside a good one":     {jwks(good, jwk("p", &k.p256.PublicKey, `"d":""`)), nil, `keys[1] has "d"`},
		"symmetric":                     {jwks(`{"kty":"oct","kid":"k","k":"AAAA"}`), nil, `keys[0] has "k"`},
		"same kid, other key":           {jwks(good, jwk("k", &k.otherRSA.PublicKey)), nil, "two different"},
		"duplicate member":              {jwks(jwk("k", pub, `"kid":"j"`)), nil, "duplicate"},
		"100 RSA keys":                  {repeated(100, `{"kty":"RSA","kid":"x"}`), nil, "no key that can verify"},
		"101 RSA keys":                  {repeated(101, `{"kty":"RSA","kid":"x"}`), nil, "more than 100"},
		"101 EC keys":                   {repeated(101, `{"kty":"EC","kid":"x"}`), nil, "more than 100"},
		"empty set":                     {jwks(), nil, "no key that can verify"},
		"no keys member":                {[]byte(`{"Keys":[` + good + `]}`), nil, `no list "keys"`},
		"keys is an object":             {[]byte(`{"keys":{}}`), nil, `no list "keys"`},
		"a key is a string":             {jwks(`"k"`), nil, "keys[0] is not an object"},
		"a single key, not a set":       {[]byte(good), nil, `no list "keys"`},
		"empty":                         {nil, nil, "not a JSON object"},
		"PEM":                           {[]byte("-----BEGIN PUBLIC KEY-----"), nil, "not a JSON object"},
		"something follows":             {append(jwks(good), "{}"...), nil, "follows"},
		"too large":                     {append(jwks(good), strings.Repeat(" ", MaxJWKSSize)...), nil, "at most"},
		"100 RSA keys that can be used": {jwks(manyKeys(100, pub)...), manyIDs(100), ""},
	} {
		t.Run(name, func(t *testing.T) {
			ids, err := ParseJWKS(c.document)
			if c.ids == nil {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("ids %v, error %v, want one that says %q", ids, err, c.says)
				}
				return
			}
			if err != nil || !slices.Equal(ids, c.ids) {
				t.Errorf("ids %v, error %v, want %v", ids, err, c.ids)
			}
		})
	}
	if _, err := ParseJWKS(jwks(jwk("k", pub, `"d":"AQAB"`))); !errors.Is(err, errPrivateKey) {
		t.Errorf("a private key is refused as %v", err)
	}
}

func manyKeys(n int, key *rsa.PublicKey) []string {
	keys := make([]string, n)
	for i, id := range manyIDs(n) {
		keys[i] = jwk(id, key)
	}
	return keys
}

func manyIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("key-%03d", i)
	}
	return ids
}
