package oidc

import (
	"fmt"
	"slices"
	"time"
)

// Leeway is how far the issuer's clock and ours may be apart: a token is taken until exp plus Leeway, and from nbf and iat minus Leeway.
// Five minutes after exp is what AWS was observed to allow; the same distance serves the other two claims.
const Leeway = 5 * time.Minute

// Claims are a token's. Strings, slices and maps of a verified token's claims are shared with the verifier's cache: do not change them.
type Claims struct {
	Issuer, Subject string
	Audience        []string
	// AuthorizedParty is azp. When it is there, AWS compares it where it otherwise compares aud: it is the condition key <issuer>:aud,
	// and Audience becomes <issuer>:oaud.
	AuthorizedParty string
	ID              string // jti
	IssuedAt        time.Time
	NotBefore       time.Time // zero if absent
	ExpiresAt       time.Time
	AMR             []string
	// Tags and TransitiveTagKeys come from the claim https://aws.amazon.com/tags, SourceIdentity from
	// https://aws.amazon.com/source_identity. Their sizes and characters are the exchange's to check.
	Tags              map[string]string
	TransitiveTagKeys []string
	SourceIdentity    string
}

// check holds the claims against the provider and the clock, without keys. Errors are *Error.
func (c *Claims) check(p Provider, now time.Time) error {
	if missing := c.missing(); missing != "" {
		return &Error{Kind: MissingClaim, Claim: missing}
	}
	if c.Issuer != p.Issuer {
		return refuse(WrongIssuer, "iss is %s, the provider's is %s", quote(c.Issuer), quote(p.Issuer))
	}
	if err := c.checkTimes(now); err != nil {
		return err
	}
	return c.CheckAudience(p.ClientIDs)
}

// missing names the first required claim that is absent or empty.
func (c *Claims) missing() string {
	switch {
	case c.Issuer == "":
		return "iss"
	case len(c.Audience) == 0:
		return "aud"
	case c.Subject == "":
		return "sub"
	case c.ExpiresAt.IsZero():
		return "exp"
	case c.IssuedAt.IsZero():
		return "iat"
	}
	return ""
}

// checkTimes is RFC 7519, sections 4.1.4 to 4.1.6: exp is the first instant at which the token is not taken, nbf the first at which it is.
func (c *Claims) checkTimes(now time.Time) error {
	if !now.Before(c.ExpiresAt.Add(Leeway)) {
		return &Error{Kind: Expired, Now: now, At: c.ExpiresAt}
	}
	if now.Before(c.NotBefore.Add(-Leeway)) {
		return &Error{Kind: NotYetValid, Claim: "nbf", Now: now, At: c.NotBefore}
	}
	if now.Before(c.IssuedAt.Add(-Leeway)) {
		return &Error{Kind: NotYetValid, Claim: "iat", Now: now, At: c.IssuedAt}
	}
	return nil
}

// CheckAudience is OpenID Connect Core 1.0, section 3.1.3.7, steps 3 to 5: aud must hold one of our client ids; several audiences need an
// azp; an azp must be a client id of ours too. A registered azp alone is not enough: whoever can choose azp could otherwise spend a token
// that was made for someone else, and no AWS rule lets azp stand in for the aud of a Kubernetes token. Errors are
// *Error.
func (c *Claims) CheckAudience(clientIDs []string) error {
	if len(c.Audience) > 1 && c.AuthorizedParty == "" {
		return refuse(SeveralAudiences, "aud is %s", quote(fmt.Sprint(c.Audience)))
	}
	if c.AuthorizedParty != "" && !slices.Contains(clientIDs, c.AuthorizedParty) {
		return refuse(WrongAudience, "azp %s is not a client id of the provider", quote(c.AuthorizedParty))
	}
	if !slices.ContainsFunc(c.Audience, func(audience string) bool { return slices.Contains(clientIDs, audience) }) {
		return refuse(WrongAudience, "aud %s holds no client id of the provider", quote(fmt.Sprint(c.Audience)))
	}
	return nil
}
