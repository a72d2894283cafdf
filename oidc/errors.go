package oidc

import (
	"fmt"
	"time"
)

// ErrorKind classifies refusals for the door to translate. Comments name the answer of AWS STS that each stands for.
type ErrorKind int

// The kinds of refusal.
const (
	Malformed        ErrorKind = iota + 1 // not a JWT, an algorithm outside the list, a claim of the wrong type: InvalidIdentityToken
	MissingClaim                          // Claim names it: InvalidIdentityToken "Missing a required claim: …"
	Expired                               // Now and At are set: ExpiredTokenException
	NotYetValid                           // Claim is nbf or iat, Now and At are set: InvalidIdentityToken
	WrongAudience                         // aud (or azp) not among the client ids: InvalidIdentityToken "Incorrect token audience"
	SeveralAudiences                      // several values in aud and no azp: InvalidIdentityToken
	WrongIssuer                           // iss is not exactly the provider's: InvalidIdentityToken
	BadSignature                          // the named key did not sign this token: InvalidIdentityToken
	KeyUnavailable                        // keys could not be had, or the named one is not among them: InvalidIdentityToken "Couldn't retrieve verification key…"
	Unreachable                           // the issuer did not answer and no keys are known: IDPCommunicationError
)

// String names the kind as its constant is spelled.
func (k ErrorKind) String() string {
	names := [...]string{"", "Malformed", "MissingClaim", "Expired", "NotYetValid", "WrongAudience", "SeveralAudiences", "WrongIssuer",
		"BadSignature", "KeyUnavailable", "Unreachable"}
	if k <= 0 || int(k) >= len(names) {
		return fmt.Sprintf("ErrorKind(%d)", int(k))
	}
	return names[k]
}

// Error says why a token was refused. Its text is for the operator, never for the caller: it may quote claims (cut short), but never
// holds the token or its signature.
type Error struct {
	Kind  ErrorKind
	Claim string    // MissingClaim, NotYetValid: the claim's name
	Now   time.Time // Expired, NotYetValid: the verifier's clock
	At    time.Time // Expired, NotYetValid: the claim's value
	Err   error     // the cause, if there is more to say
}

// Error is a sentence for the operator.
func (e *Error) Error() string {
	var text string
	switch e.Kind {
	case Malformed:
		text = "token is malformed"
	case MissingClaim:
		return "token lacks the claim " + e.Claim
	case Expired:
		return fmt.Sprintf("token expired at %s, it is now %s", stamp(e.At), stamp(e.Now))
	case NotYetValid:
		return fmt.Sprintf("token's %s is %s, it is now %s", e.Claim, stamp(e.At), stamp(e.Now))
	case WrongAudience:
		text = "token is for another audience"
	case SeveralAudiences:
		text = "token has several audiences and no authorized party (azp)"
	case WrongIssuer:
		text = "token is from another issuer"
	case BadSignature:
		text = "token's signature is wrong"
	case KeyUnavailable:
		text = "verification key is not available"
	case Unreachable:
		text = "issuer is unreachable and none of its keys are known"
	default:
		text = "token refused (" + e.Kind.String() + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// refuse makes an Error with a formatted cause.
func refuse(kind ErrorKind, format string, arguments ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, arguments...)}
}

// quote prints text that a stranger chose: escaped, and short enough for a log line.
func quote(text string) string {
	const most = 120
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
