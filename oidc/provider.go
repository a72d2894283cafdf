package oidc

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Provider is a registered provider as the verifier needs it.
type Provider struct {
	Account   string // 12 digits
	Issuer    string // exact issuer string, "https://…"
	Revision  int64  // of the provider's record: a change invalidates its keys and verified tokens
	ClientIDs []string
	// JWKS holds the provider's keys (RFC 7517 JSON) when they were registered with it. Nil: they are resolved in process if the
	// verifier's configuration has the issuer, else fetched.
	JWKS []byte
}

const (
	scheme         = "https://"
	maxIssuerBytes = 255 // IAM's CreateOpenIDConnectProvider, member Url
)

// ProviderHostPath is issuer without "https://": the prefix of its condition keys ("<host and path>:sub") and the resource part of the
// provider's ARN ("oidc-provider/<host and path>").
func ProviderHostPath(issuer string) string { return strings.TrimPrefix(issuer, scheme) }

// ValidateIssuerURL says whether issuer may be registered, as IAM's CreateOpenIDConnectProvider does: at most 255 characters, https, a
// host, possibly a port and a path; no user, query or fragment (OpenID Connect Discovery 1.0, section 4.1). Characters that would mean
// something in an ARN pattern or a policy variable (* ? { }) are refused, as are dot segments, which URL readers disagree about.
func ValidateIssuerURL(issuer string) error {
	switch {
	case len(issuer) > maxIssuerBytes:
		return fmt.Errorf("issuer URL has %d characters; at most %d are allowed", len(issuer), maxIssuerBytes)
	case !strings.HasPrefix(issuer, scheme):
		return errors.New("issuer URL does not begin with https://")
	case strings.ContainsAny(issuer, "?#"):
		return errors.New("issuer URL has a query or a fragment")
	}
	for i, c := range []byte(issuer) {
		if !isIssuerByte(c) {
			return fmt.Errorf("issuer URL has a character that is not allowed at position %d", i+1)
		}
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return errors.New("issuer URL cannot be parsed")
	}
	return validateIssuerParts(u)
}

func validateIssuerParts(u *url.URL) error {
	if u.User != nil {
		return errors.New("issuer URL holds a user")
	}
	if u.Hostname() == "" || strings.HasPrefix(u.Host, ".") {
		return errors.New("issuer URL has no host")
	}
	if strings.HasSuffix(u.Host, ":") {
		return errors.New("issuer URL has an empty port")
	}
	if port := u.Port(); port != "" {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			return errors.New("issuer URL's port is not between 1 and 65535")
		}
	}
	segments := strings.Split(u.Path, "/")
	if slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return errors.New("issuer URL's path has a dot segment")
	}
	return nil
}

// isIssuerByte admits the characters that RFC 3986 lets a URL have, except those that are refused above.
func isIssuerByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/:@%+=[]!$&'(),;", c) >= 0
}
