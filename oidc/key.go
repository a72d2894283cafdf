package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Key is an issuer's signing key: RSA of at least 2048 bits, which signs RS256, or ECDSA on P-256, which signs ES256. As in Kubernetes,
// the key alone says the algorithm.
type Key struct {
	private   crypto.Signer
	algorithm jose.SignatureAlgorithm
	id        string
}

// GenerateKey makes a key for algorithm "RS256" (2048 bits) or "ES256".
func GenerateKey(algorithm string) (*Key, error) {
	var private crypto.Signer
	var err error
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, minRSABits)
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("algorithm %q is neither RS256 nor ES256", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("generating signing key: %w", err)
	}
	return newKey(private)
}

// ParseKey reads what Marshal wrote, or any other unencrypted PKCS #8 private key in DER of the two kinds.
func ParseKey(der []byte) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// The cause is left out: it could describe the secret.
		return nil, errors.New("reading signing key: not a PKCS #8 private key")
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("reading signing key: the key cannot sign")
	}
	return newKey(private)
}

func newKey(private crypto.Signer) (*Key, error) {
	k := &Key{private: private}
	switch private := private.(type) {
	case *rsa.PrivateKey:
		if private.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("signing key has %d bits; at least %d are needed", private.N.BitLen(), minRSABits)
		}
		k.algorithm = jose.RS256
	case *ecdsa.PrivateKey:
		if private.Curve != elliptic.P256() {
			return nil, errors.New("signing key is not on the curve P-256")
		}
		k.algorithm = jose.ES256
	default:
		return nil, errors.New("signing key is neither RSA nor ECDSA")
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("encoding public key: %w", err)
	}
	digest := sha256.Sum256(der)
	k.id = base64.RawURLEncoding.EncodeToString(digest[:])
	return k, nil
}

// Marshal writes the private key as PKCS #8 DER, in the clear: seal it before it is kept.
func (k *Key) Marshal() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.private) }

// ID is Kubernetes' key id: unpadded base64url of the SHA-256 of the public key's PKIX DER.
func (k *Key) ID() string { return k.id }

// Algorithm is "RS256" or "ES256".
func (k *Key) Algorithm() string { return string(k.algorithm) }

// admittedAlgorithms are those that a public key may verify (RFC 7518, sections 3.3 and 3.4): an EC curve has exactly one.
func admittedAlgorithms(key crypto.PublicKey) []jose.SignatureAlgorithm {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}
		case elliptic.P521():
			return []jose.SignatureAlgorithm{jose.ES512}
		}
	}
	return nil
}
