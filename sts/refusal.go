package sts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
)

// refuseToken says in AWS's words what oidc found wrong with a token. Oidc's own words, which name the claim and what it should have been, go to the
// operator; clientIDs are the provider's, where one was found.
func refuseToken(err error, clientIDs ...string) *iam.Error {
	var e *oidc.Error
	if !errors.As(err, &e) {
		return internal("verifying a web identity token", err)
	}
	switch e.Kind {
	case oidc.Malformed:
		return refusal("InvalidIdentityToken", notValidJWT, err)
	case oidc.MissingClaim:
		return refusal("InvalidIdentityToken", "Missing a required claim: "+e.Claim, err)
	case oidc.Expired:
		return refusal("ExpiredTokenException",
			fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", e.Now.Unix(), e.At.Unix()), err)
	case oidc.WrongAudience:
		return refusal("InvalidIdentityToken", wrongAudience, fmt.Errorf("%w; they are %q", err, clientIDs))
	case oidc.SeveralAudiences:
		return refusal("InvalidIdentityToken", severalAudiences, err)
	case oidc.KeyUnavailable:
		return refusal("InvalidIdentityToken", noKey, err)
	case oidc.Unreachable:
		return refusal("IDPCommunicationError", noCommunication, err)
	default: // NotYetValid, WrongIssuer, BadSignature, and whatever comes later
		return refusal("InvalidIdentityToken", notValidated, err)
	}
}

// missingRole tells the operator what the caller must not know. other is a role of that name under another ARN, or nil.
func missingRole(arn string, other *iam.Role) error {
	if other == nil {
		return fmt.Errorf("there is no role %s", arn)
	}
	return fmt.Errorf("there is no role %s; a role of that name is %s", arn, other.ARN)
}

func isNoSuchEntity(err error) bool {
	e, ok := errors.AsType[*iam.Error](err)
	return ok && e.Code == "NoSuchEntity"
}

const maxClaimShown = 512 // bytes of what an unverified caller says that go into an event

// shorten bounds what an unauthenticated caller can have written into the trail.
func shorten(text string) string {
	if len(text) > maxClaimShown {
		return strings.ToValidUTF8(text[:maxClaimShown], "") + "…"
	}
	return text
}

func shortenAll(texts []string) []string {
	short := make([]string, 0, min(len(texts), 5))
	for _, text := range texts[:min(len(texts), 5)] {
		short = append(short, shorten(text))
	}
	return short
}
