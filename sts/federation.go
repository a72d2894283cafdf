package sts

import (
	"context"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// GetFederationToken gives a user, or an account's root, a session for somebody whom AWS does not know: the federated user. It may do what both the
// caller's policies and the session policies allow. It takes a long-term access key whose policies allow sts:GetFederationToken on the federated user,
// and sts:TagSession with tags. Errors are *iam.Error. Each call leaves one event, written before success is answered.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
func (s *Service) GetFederationToken(ctx context.Context, caller iam.Caller, in FederationTokenInput) (FederationTokenOutput, error) {
	e := caller.Event(eventSource, "GetFederationToken")
	e.Action = "sts:GetFederationToken"
	e.RequestParameters = sessionParameters(nil, nil, in.PolicyArns, in.DurationSeconds)
	if in.Name != nil {
		e.RequestParameters["name"] = shorten(*in.Name)
	}
	made, err := s.federate(ctx, caller, in, &e)
	var user FederatedUser
	if err == nil {
		user = FederatedUser{Arn: e.Resource, FederatedUserId: caller.Principal.Account + ":" + *in.Name}
		e.ResponseElements = responseElements(made, "")
		e.ResponseElements["federatedUser"] = map[string]any{"arn": user.Arn, "federatedUserId": user.FederatedUserId}
	}
	if err := s.conclude(ctx, e, err, true); err != nil {
		return FederationTokenOutput{}, err
	}
	if made.packed == nil {
		made.packed = new(0) // AWS was recorded to say so here, where AssumeRole leaves it out
	}
	return FederationTokenOutput{Credentials: made.credentials, FederatedUser: user, PackedPolicySize: made.packed}, nil
}

func (s *Service) federate(ctx context.Context, caller iam.Caller, in FederationTokenInput, e *trail.Event) (issued, error) {
	if err := in.validate(); err != nil {
		return issued{}, err
	}
	if err := needsLongTermKey(caller, "GetFederationToken"); err != nil {
		return issued{}, err
	}
	if err := checkTags(in.Tags, nil, nil); err != nil {
		return issued{}, err
	}
	e.Resource = s.federatedARN(caller.Principal.Account, *in.Name)
	if err := decideFederation(caller, in, e); err != nil {
		return issued{}, err
	}
	account, err := s.directory.Account(ctx, caller.Principal.Account)
	if err != nil {
		return issued{}, internal("reading the caller's account", err)
	}
	return s.issue(account, session{
		Kind: federatedSession, Account: caller.Principal.Account, PrincipalID: ownID(caller), Name: *in.Name,
		Tags: sessionTags(in.Tags, nil, iam.Caller{}), Policy: valueOf(in.Policy), PolicyARNs: in.PolicyArns,
	}, ownDuration(caller, in.DurationSeconds), in.MinimumSessionTokenSize)
}

// decideFederation asks for every action that the call means.
func decideFederation(caller iam.Caller, in FederationTokenInput, e *trail.Event) error {
	e.Context = caller.Context.Extend(requestKeys)
	setTags(e.Context, in.Tags, nil)
	for i, action := range requiredActions("sts:GetFederationToken", len(in.Tags) > 0, false) {
		decision := caller.Policies.Decide(&policy.Request{
			Principal: caller.Principal, Action: action, Resource: e.Resource, Context: e.Context,
		})
		if i == 0 || !decision.Allowed() {
			e.Action, e.Decision = action, &decision
		}
		if !decision.Allowed() {
			return iam.Denied(caller, action, e.Resource, decision)
		}
	}
	return nil
}
