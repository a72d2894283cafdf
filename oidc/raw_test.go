package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// This file makes tokens and key sets by hand, from crypto/* alone, so that the tests do not ask our own code what is right.

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// clock is a hand-wound clock.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claimSet is a payload in the making.
type claimSet map[string]any

// serviceAccount is a good token's payload.
func serviceAccount(issuer string, now time.Time) claimSet {
	return claimSet{
		"iss": issuer, "aud": []string{"sts.amazonaws.com"}, "sub": "system:serviceaccount:shop:cart",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// with returns a copy with one claim changed; a nil value removes it.
func (c claimSet) with(name string, value any) claimSet {
	changed := claimSet{}
	for k, v := range c {
		changed[k] = v
	}
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return changed
}

func (c claimSet) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// signature signs a JWS signing input.
type signature func(input []byte) []byte

func compact(header, payload string, sign signature) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(sign([]byte(input)))
}

// token signs with the algorithm that the header names.
func signed(algorithm, kid string, payload fmt.Stringer, sign signature) string {
	return compact(fmt.Sprintf(`{"alg":%q,"kid":%q}`, algorithm, kid), payload.String(), sign)
}

func rs(key *rsa.PrivateKey, hash crypto.Hash) signature {
	return func(input []byte) []byte {
		h := hash.New()
		h.Write(input)
		s, err := rsa.SignPKCS1v15(nil, key, hash, h.Sum(nil))
		if err != nil {
			panic(err)
		}
		return s
	}
}

func ps256(key *rsa.PrivateKey) signature {
	return func(input []byte) []byte {
		digest := sha256.Sum256(input)
		s, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		if err != nil {
			panic(err)
		}
		return s
	}
}

func es(key *ecdsa.PrivateKey, hash crypto.Hash) signature {
	return func(input []byte) []byte {
		h := hash.New()
		h.Write(input)
		r, s, err := ecdsa.Sign(rand.Reader, key, h.Sum(nil))
		if err != nil {
			panic(err)
		}
		size := (key.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
}

func hs256(secret []byte) signature {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

// testKeys are made once: RSA keys are slow to make.
var testKeys = sync.OnceValue(func() (k struct {
	rsa, otherRSA    *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
}) {
	k.rsa, k.otherRSA = mustRSA(2048), mustRSA(2048)
	k.p256, k.p384, k.p521 = mustEC(elliptic.P256()), mustEC(elliptic.P384()), mustEC(elliptic.P521())
	return k
})

func mustRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func mustEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// jwk writes a public key; extra is appended, e.g. `"use":"sig"`.
func jwk(kid string, key crypto.PublicKey, extra ...string) string {
	var members []string
	switch key := key.(type) {
	case *rsa.PublicKey:
		members = []string{`"kty":"RSA"`, fmt.Sprintf(`"n":%q`, b64(key.N.Bytes())), fmt.Sprintf(`"e":%q`, b64(big.NewInt(int64(key.E)).Bytes()))}
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		half := (len(point) - 1) / 2
		members = []string{`"kty":"EC"`, fmt.Sprintf(`"crv":%q`, key.Params().Name),
			fmt.Sprintf(`"x":%q`, b64(point[1:1+half])), fmt.Sprintf(`"y":%q`, b64(point[1+half:]))}
	}
	if kid != "" {
		members = append(members, fmt.Sprintf(`"kid":%q`, kid))
	}
	return "{" + strings.Join(append(members, extra...), ",") + "}"
}

func jwks(keys ...string) []byte { return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`) }

// newVerifier makes one that ends with the test.
func newVerifier(t testing.TB, c VerifierConfig) *Verifier {
	t.Helper()
	v, err := NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}
