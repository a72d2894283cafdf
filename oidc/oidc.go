// Package oidc STUB: API agreed between packages. The owner replaces every body and comment.
package oidc

import (
	"context"
	"net/http"
	"time"
)

// Provider is a registered provider as the verifier needs it.
type Provider struct {
	Account   string // 12 digits
	Issuer    string // exact issuer string, "https://…"
	Revision  int64  // of the provider's record: a change invalidates cached keys and tokens
	ClientIDs []string
	// JWKS: inline keys (RFC 7517 JSON). Nil: they come from Embedded (by Issuer) or are fetched.
	JWKS []byte
}

// Claims are a verified token's.
type Claims struct {
	Issuer, Subject string
	Audience        []string
	AuthorizedParty string // azp
	ID              string // jti
	IssuedAt        time.Time
	NotBefore       time.Time // zero if absent
	ExpiresAt       time.Time
	AMR             []string
	// Tags and TransitiveTagKeys come from the claim https://aws.amazon.com/tags, SourceIdentity from https://aws.amazon.com/source_identity.
	Tags              map[string]string
	TransitiveTagKeys []string
	SourceIdentity    string
}

// ErrorKind classifies refusals for the door to translate.
type ErrorKind int

const (
	Malformed        ErrorKind = iota + 1 // not a JWT, wrong algorithm, bad claim types
	MissingClaim                          // Claim names it
	Expired                               // Now, At set
	NotYetValid                           // nbf or iat in the future
	WrongAudience                         // aud (azp) not among the client ids
	SeveralAudiences                      // and no azp
	WrongIssuer                           // iss is not the provider's
	BadSignature                          // a key with that kid, but it did not sign this
	KeyUnavailable                        // keys could not be retrieved, or the kid is not among them
	Unreachable                           // issuer unreachable and no keys known
)

// Error says why a token was refused. Its Error() text may be shown to an operator, never to the caller; it never holds the token.
type Error struct {
	Kind  ErrorKind
	Claim string    // MissingClaim
	Now   time.Time // Expired
	At    time.Time // Expired: exp
	Err   error
}

func (e *Error) Error() string { return "" }
func (e *Error) Unwrap() error { return e.Err }

// Peek reads iss, sub and aud without verifying anything: for finding the provider, and for an operator's explanation.
func Peek(token string) (Claims, error) { return Claims{}, nil }

// VerifierConfig configures a Verifier.
type VerifierConfig struct {
	Now func() time.Time // nil: time.Now
	// Embedded: keys resolved in process, by issuer string.
	Embedded map[string]func() []byte
	// AllowIssuers: hosts or CIDRs (beyond public addresses) that issuer documents may come from (--allow-issuer).
	AllowIssuers []string
	MaxStale     time.Duration // 0: 24 h
	CacheSize    int           // verified tokens; 0: a default
	// RootCAs, timeouts, … as the owner sees fit.
}

// Verifier verifies tokens of registered providers and keeps their keys.
type Verifier struct{}

// NewVerifier makes a Verifier; Close stops its background refreshes.
func NewVerifier(c VerifierConfig) (*Verifier, error) { return nil, nil }

// Verify checks token against p. Errors are *Error.
func (v *Verifier) Verify(ctx context.Context, p Provider, token string) (*Claims, error) {
	return nil, nil
}

// Close releases what the verifier holds.
func (v *Verifier) Close() error { return nil }

// Key is a signing key: RSA 2048 (RS256) or ECDSA P-256 (ES256).
type Key struct{}

// GenerateKey makes a key for algorithm "RS256" or "ES256" (…384, 512 for completeness).
func GenerateKey(algorithm string) (*Key, error) { return nil, nil }

// ParseKey reads what Key.Marshal wrote (PKCS #8, DER, with the algorithm).
func ParseKey(b []byte) (*Key, error) { return nil, nil }

// Marshal writes the private key.
func (k *Key) Marshal() ([]byte, error) { return nil, nil }

// ID is Kubernetes' key id: base64url(SHA-256(PKIX DER of the public key)).
func (k *Key) ID() string { return "" }

// Issuer publishes discovery and keys and signs tokens.
type Issuer struct{}

// NewIssuer: url is the issuer string; keys[0] signs, all are published.
func NewIssuer(url string, keys []*Key) (*Issuer, error) { return nil, nil }

// URL is the issuer string.
func (i *Issuer) URL() string { return "" }

// JWKS is the published key set.
func (i *Issuer) JWKS() []byte { return nil }

// Sign signs claims (a JSON-marshalable value) as a compact JWT.
func (i *Issuer) Sign(claims any) (string, error) { return "", nil }

// ServiceAccountToken describes a Kubernetes projected token.
type ServiceAccountToken struct {
	Namespace, ServiceAccount, ServiceAccountUID string
	Pod, PodUID                                  string // optional
	Audiences                                    []string
	IssuedAt                                     time.Time
	Lifetime                                     time.Duration // may be negative
	ID                                           string        // jti
}

// ServiceAccountClaims are the claims that kube-apiserver's TokenRequest would put into such a token.
func (i *Issuer) ServiceAccountClaims(t ServiceAccountToken) any { return nil }

// Handler serves <path of URL>/.well-known/openid-configuration and the JWKS document, GET and HEAD only.
func (i *Issuer) Handler() http.Handler { return nil }
