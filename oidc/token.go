package oidc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Length of a web identity token in characters (AssumeRoleWithWebIdentity, member WebIdentityToken).
const (
	MinTokenLength = 4
	MaxTokenLength = 20000
)

// algorithms is the whole list that AWS documents for web identity tokens. Never none, never HMAC (a public key is no secret), never PSS.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// token is a parsed JWS whose signature nobody has checked.
type token struct {
	signed    *jose.JSONWebSignature
	algorithm jose.SignatureAlgorithm
	keyID     string // empty if the header has none
	claims    Claims
}

// Peek reads a token's claims without verifying anything: for finding the provider, and for an operator's explanation. It refuses what is
// not a JWT of an admitted algorithm (Malformed) and a token without iss (MissingClaim). No other claim need be there.
func Peek(text string) (Claims, error) {
	t, err := parseToken(text)
	if err != nil {
		return Claims{}, err
	}
	if t.claims.Issuer == "" {
		return t.claims, &Error{Kind: MissingClaim, Claim: "iss"}
	}
	return t.claims, nil
}

// parseToken reads the compact serialization (RFC 7515, section 7.1). Headers that bring keys along (jwk, jku, x5c, x5u) have no meaning
// here: keys come from the provider alone. Errors are *Error of kind Malformed.
func parseToken(text string) (*token, error) {
	if err := checkLength(text); err != nil {
		return nil, err
	}
	header, payload, err := decodeParts(text)
	if err != nil {
		return nil, &Error{Kind: Malformed, Err: err}
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, refuse(Malformed, "reading its header: %s", quote(err.Error()))
	}
	for _, name := range []string{"crit", "b64"} {
		// RFC 7515, section 4.1.11: an extension that is marked critical and not understood refuses the token; none is understood here.
		if _, ok := header[name]; ok {
			return nil, refuse(Malformed, "its header has %s", name)
		}
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, &Error{Kind: Malformed, Err: err}
	}
	protected := signed.Signatures[0].Protected
	return &token{signed: signed, algorithm: jose.SignatureAlgorithm(protected.Algorithm), keyID: protected.KeyID, claims: claims}, nil
}

func checkLength(text string) error {
	if len(text) < MinTokenLength || len(text) > MaxTokenLength {
		return refuse(Malformed, "it has %d characters; %d to %d are allowed", len(text), MinTokenLength, MaxTokenLength)
	}
	return nil
}

// decodeParts reads header and payload, and admits one spelling of a token only. Go's decoder skips line breaks and ignores unused bits at
// the end of a part, so that several texts would carry one signature; each would pass as untampered and take its own place in the cache.
func decodeParts(text string) (header, payload map[string]any, err error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, nil, errors.New("it holds line breaks")
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("it does not have three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || part == "" {
			return nil, nil, fmt.Errorf("its %s is empty or not base64url", [...]string{"header", "payload", "signature"}[i])
		}
	}
	if header, err = decodeObject(decoded[0]); err != nil {
		return nil, nil, fmt.Errorf("reading its header: %w", err)
	}
	if payload, err = decodeObject(decoded[1]); err != nil {
		return nil, nil, fmt.Errorf("reading its payload: %w", err)
	}
	return header, payload, nil
}
