package servers

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

func TestTokensDifferAndVerify(t *testing.T) {
	s, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 {
		tokens, err := s.Tokens(3)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			last := strings.LastIndexByte(token, '.')
			signature, err := base64.RawURLEncoding.DecodeString(token[last+1:])
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(token[:last]))
			if err := rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil || seen[token] {
				t.Errorf("verified: %v, seen before: %t", err, seen[token])
			}
			seen[token] = true
		}
	}
}
