package servers

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"runtime"
	"sync"
	"time"
)

// Names that the tokens, the provider and the role share.
const (
	audience = "sts.amazonaws.com"
	subject  = "system:serviceaccount:shop:app"
	keyID    = "bench"
)

// Signer is a cluster's issuer: one RSA key, as kube-apiserver has.
type Signer struct {
	key    *rsa.PrivateKey
	issuer string
	minted int // tokens so far, so that no two are the same
}

// NewSigner makes a cluster with a key of its own.
func NewSigner() (*Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return &Signer{key: key, issuer: "https://oidc.example.com/id/BENCH"}, nil
}

// jwks is the public half as an RFC 7517 key set.
func (s *Signer) jwks() map[string]any {
	return map[string]any{"keys": []map[string]string{{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": encode(s.key.N.Bytes()), "e": encode(big.NewInt(int64(s.key.E)).Bytes())}}}
}

// Tokens mints n tokens of one service account, each of a pod of its own, with the claims that kube-apiserver puts into a
// projected token. They are signed on every core: thousands of RSA signatures take seconds.
func (s *Signer) Tokens(n int) ([]string, error) {
	minted := make([]string, n)
	failures := make([]error, runtime.NumCPU())
	var group sync.WaitGroup
	for worker := range failures {
		group.Go(func() {
			for i := worker; i < n && failures[worker] == nil; i += len(failures) {
				minted[i], failures[worker] = s.token(s.minted + i)
			}
		})
	}
	group.Wait()
	s.minted += n
	for _, err := range failures {
		if err != nil {
			return nil, fmt.Errorf("signing tokens: %w", err)
		}
	}
	return minted, nil
}

func (s *Signer) token(number int) (string, error) {
	now := time.Now().Unix()
	id := func(kind byte) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, number) }
	payload, err := json.Marshal(map[string]any{
		"iss": s.issuer, "aud": []string{audience}, "sub": subject, "iat": now, "nbf": now, "exp": now + 3600, "jti": id(1),
		"kubernetes.io": map[string]any{
			"namespace":      "shop",
			"node":           map[string]string{"name": "node-1", "uid": id(2)},
			"pod":            map[string]string{"name": fmt.Sprintf("app-%d", number), "uid": id(3)},
			"serviceaccount": map[string]string{"name": "app", "uid": "4c7a4e2e-9a59-4b53-8f0a-0f3b8c1d2e3f"},
		},
	})
	if err != nil {
		return "", err
	}
	input := encode([]byte(`{"alg":"RS256","kid":"`+keyID+`"}`)) + "." + encode(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
