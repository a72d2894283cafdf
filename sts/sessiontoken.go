package sts

import (
	"context"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// ownDuration is how long a session of GetSessionToken or GetFederationToken lasts. AWS shortens what a root asks for to an hour, in silence.
func ownDuration(caller iam.Caller, requested *int) time.Duration {
	seconds := defaultOwnDuration
	if requested != nil {
		seconds = *requested
	}
	if caller.Principal.Type == policy.Root {
		seconds = min(seconds, maxRootDuration)
	}
	return time.Duration(seconds) * time.Second
}

// ownID is the PrincipalID of a caller's own session: a user's unique id, and nothing for the root.
func ownID(caller iam.Caller) string {
	if caller.Principal.Type == policy.Root {
		return ""
	}
	return caller.Principal.ID
}

// GetSessionToken gives a user, or an account's root, a session of itself. It takes a long-term access key. No policy is asked: AWS documents that none
// can allow or deny it. Errors are *iam.Error. Each call leaves one event, written before success is answered.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func (s *Service) GetSessionToken(ctx context.Context, caller iam.Caller, in SessionTokenInput) (Credentials, error) {
	e := caller.Event(eventSource, "GetSessionToken")
	e.Action = "sts:GetSessionToken"
	e.RequestParameters = map[string]any{}
	if in.DurationSeconds != nil {
		e.RequestParameters["durationSeconds"] = *in.DurationSeconds
	}
	made, err := s.ownSession(ctx, caller, in)
	if err == nil {
		e.ResponseElements = responseElements(made, "")
	}
	if err := s.conclude(ctx, e, err, true); err != nil {
		return Credentials{}, err
	}
	return made.credentials, nil
}

func (s *Service) ownSession(ctx context.Context, caller iam.Caller, in SessionTokenInput) (issued, error) {
	if err := in.validate(); err != nil {
		return issued{}, err
	}
	if err := needsLongTermKey(caller, "GetSessionToken"); err != nil {
		return issued{}, err
	}
	if err := refuseMFA(in.SerialNumber, in.TokenCode); err != nil {
		return issued{}, err
	}
	account, err := s.directory.Account(ctx, caller.Principal.Account)
	if err != nil {
		return issued{}, internal("reading the caller's account", err)
	}
	return s.issue(account, session{
		Kind: ownSession, Account: caller.Principal.Account, PrincipalID: ownID(caller),
	}, ownDuration(caller, in.DurationSeconds), in.MinimumSessionTokenSize)
}

// refuseMFA: whoever sends a code counts on its being checked; it is not dropped in silence.
func refuseMFA(serialNumber, tokenCode *string) error {
	if serialNumber == nil && tokenCode == nil {
		return nil
	}
	return refusal("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.", nil)
}
