package e2e

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
	"math/big"
	"strings"
	"testing"
	"time"
)

// These tokens are made by hand from crypto/*, so that what the plane accepts is not measured with its own signer.

// signer is a key pair with an id.
type signer struct {
	id  string
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

func newSigner(t testing.TB, id string) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{id: id, rsa: key}
}

func newECSigner(t testing.TB, id string) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{id: id, ec: key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwks is the public half as an RFC 7517 key set.
func jwks(t testing.TB, signers ...*signer) string {
	t.Helper()
	var keys []map[string]string
	for _, s := range signers {
		if s.rsa != nil {
			keys = append(keys, map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s.id,
				"n": b64(s.rsa.N.Bytes()), "e": b64(big.NewInt(int64(s.rsa.E)).Bytes())})
			continue
		}
		point, err := s.ec.PublicKey.Bytes() // 4 || X || Y
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, map[string]string{"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": s.id, "x": b64(point[1:33]), "y": b64(point[33:])})
	}
	encoded, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// claims of a good Kubernetes token for namespace and service account.
func claims(issuer, namespace, serviceAccount string) map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": issuer, "aud": []string{"sts.amazonaws.com"}, "sub": "system:serviceaccount:" + namespace + ":" + serviceAccount,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "0d6e5d1e-6b5c-4b9f-9e0c-3f1d8f0c2a11",
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]any{"name": serviceAccount, "uid": "4c7a4e2e-9a59-4b53-8f0a-0f3b8c1d2e3f"}},
	}
}

// sign makes a compact JWT. The header's algorithm decides how: RS256, ES256, PS256, HS256 (with secret), none.
func sign(t testing.TB, s *signer, header map[string]any, payload any, secret []byte) string {
	t.Helper()
	head, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	input := b64(head) + "." + b64(body)
	sum := sha256.Sum256([]byte(input))
	var signature []byte
	switch header["alg"] {
	case "RS256":
		signature, err = rsa.SignPKCS1v15(rand.Reader, s.rsa, crypto.SHA256, sum[:])
	case "PS256":
		signature, err = rsa.SignPSS(rand.Reader, s.rsa, crypto.SHA256, sum[:], nil)
	case "ES256":
		var r, v *big.Int
		r, v, err = ecdsa.Sign(rand.Reader, s.ec, sum[:])
		if err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
		}
	case "HS256":
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	case "none":
	default:
		t.Fatalf("no way to sign with %v", header["alg"])
	}
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(signature)
}

// token signs claims with the signer's own algorithm.
func (s *signer) token(t testing.TB, payload any) string {
	t.Helper()
	algorithm := "RS256"
	if s.ec != nil {
		algorithm = "ES256"
	}
	return sign(t, s, map[string]any{"alg": algorithm, "kid": s.id, "typ": "JWT"}, payload, nil)
}

// with returns a copy of claims with changes; a nil value removes the claim.
func with(original map[string]any, changes map[string]any) map[string]any {
	changed := map[string]any{}
	for name, value := range original {
		changed[name] = value
	}
	for name, value := range changes {
		if value == nil {
			delete(changed, name)
		} else {
			changed[name] = value
		}
	}
	return changed
}

// tokenPayload decodes a compact JWT's claims without verifying it.
func tokenPayload(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token has %d parts", len(parts))
	}
	decoded, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var payload map[string]any
	if err := json.Unmarshal(decoded, &payload); err != nil {
		t.Fatal(err)
	}
	return payload
}
