package sts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// assumption is one AssumeRole on its way.
type assumption struct {
	caller iam.Caller
	in     AssumeRoleInput
	event  trail.Event

	arn            policy.ARN // RoleArn
	account        *iam.Account
	role           *iam.Role
	sourceIdentity string
	tags           []sessionTag // of the new session: passed ones and inherited ones
}

// AssumeRole gives an authenticated caller a session of a role: its own policies and the role's trust policy decide together, across accounts
// both must allow. A caller that is a role session itself chains: one hour at most, its transitive tags and its source identity go along and cannot
// be set again. Errors are *iam.Error. Each call leaves an event, written before success is answered; across accounts one for each account, with
// what that account's own policies decided.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (s *Service) AssumeRole(ctx context.Context, caller iam.Caller, in AssumeRoleInput) (AssumeRoleOutput, error) {
	x := &assumption{caller: caller, in: in, event: caller.Event(eventSource, "AssumeRole")}
	x.event.Action = "sts:AssumeRole"
	x.event.RequestParameters = sessionParameters(in.RoleArn, in.RoleSessionName, in.PolicyArns, in.DurationSeconds)
	out, err := s.assume(ctx, x)
	if err != nil {
		describe(&x.event, err)
	}
	for _, e := range x.events() {
		if failed := s.trail.Record(ctx, e); failed != nil {
			err = internal("recording in the trail", errors.Join(failed, err))
		}
	}
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	return out, nil
}

// events are what the trail keeps of the call. An account reads its own events, so one account's event tells nothing of the policies, the roles
// and the principals of the other ("Logging IAM and AWS STS API calls with AWS CloudTrail": cross-account events name the caller by its id).
func (x *assumption) events() []trail.Event {
	if x.arn.Account == "" || x.arn.Account == x.caller.Principal.Account {
		return []trail.Event{x.event}
	}
	own := x.event
	own.Explanation = ""
	if x.account == nil {
		own.Decision = hiding(own.Decision, isTrust)
		return []trail.Event{own}
	}
	theirs := x.event
	theirs.Account = x.arn.Account
	theirs.UserIdentity = trail.Identity{Type: "AWSAccount", PrincipalID: theirs.UserIdentity.PrincipalID, AccountID: theirs.UserIdentity.AccountID}
	theirs.Decision = hiding(theirs.Decision, func(layer string) bool { return !isTrust(layer) })
	theirs.ErrorMessage = strings.Replace(theirs.ErrorMessage, x.caller.Principal.ARN, theirs.UserIdentity.PrincipalID, 1)
	theirs.Encoder = nil
	own.Decision = hiding(own.Decision, isTrust)
	return []trail.Event{theirs, own}
}

func isTrust(layer string) bool { return layer == "trust" }

// hiding is a decision without what hidden layers say; nil of nil.
func hiding(d *policy.Decision, hidden func(layer string) bool) *policy.Decision {
	if d == nil {
		return nil
	}
	shown := d.Hiding(hidden)
	return &shown
}

func (s *Service) assume(ctx context.Context, x *assumption) (AssumeRoleOutput, error) {
	if err := x.check(); err != nil {
		return AssumeRoleOutput{}, err
	}
	if err := s.findRole(ctx, x); err != nil {
		return AssumeRoleOutput{}, err
	}
	if err := s.decide(x); err != nil {
		return AssumeRoleOutput{}, err
	}
	duration, err := sessionDuration(x.in.DurationSeconds, x.role)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	made, err := s.issueRole(x.account, x.role, session{
		Name:           *x.in.RoleSessionName,
		Tags:           x.tags,
		SourceIdentity: x.sourceIdentity,
		Policy:         valueOf(x.in.Policy),
		PolicyARNs:     x.in.PolicyArns,
		ChainDepth:     x.caller.ChainDepth + 1,
	}, duration, x.in.MinimumSessionTokenSize)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	x.event.ResponseElements = responseElements(made, x.sourceIdentity)
	return AssumeRoleOutput{
		Credentials:      made.credentials,
		AssumedRoleUser:  made.user,
		SourceIdentity:   x.sourceIdentity,
		PackedPolicySize: made.packed,
	}, nil
}

// check looks at the parameters and at what the caller's own session allows.
func (x *assumption) check() (err error) {
	if err := x.in.validate(); err != nil {
		return err
	}
	if x.arn, err = parseRoleARN(*x.in.RoleArn); err != nil {
		return err
	}
	x.event.Resource = *x.in.RoleArn
	if x.in.SourceIdentity != nil && strings.HasPrefix(strings.ToLower(*x.in.SourceIdentity), "aws:") {
		return refusal("ValidationError", "SourceIdentity cannot begin with aws:.", nil)
	}
	if err := checkTags(x.in.Tags, x.in.TransitiveTagKeys, x.caller.TransitiveTags); err != nil {
		return err
	}
	// No policy is asked: AWS refuses root before any.
	if x.caller.Principal.Type == policy.Root {
		return refusal("AccessDenied", "Roles may not be assumed by root accounts.", nil)
	}
	if x.caller.Principal.Type == policy.FederatedUser {
		return x.denied("sts:AssumeRole", nil, errors.New("of STS a federated user may call GetCallerIdentity alone"))
	}
	if err := refuseMFA(x.in.SerialNumber, x.in.TokenCode); err != nil {
		return err
	}
	// A role assumed from a session of GetSessionToken was seen to be bound as a chained one (coinbase/assume-role, issue 24).
	if isTemporary(x.caller) && x.in.DurationSeconds != nil && *x.in.DurationSeconds > maxChained {
		return refusal("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", nil)
	}
	// A source identity, once set, stays for the whole chain: that is what makes it worth auditing.
	x.sourceIdentity = x.caller.SourceIdentity
	if asked := valueOf(x.in.SourceIdentity); asked != "" {
		if x.sourceIdentity != "" && x.sourceIdentity != asked {
			return x.denied("sts:SetSourceIdentity", nil, fmt.Errorf("the calling session has source identity %q, which cannot change to %q along a chain", x.sourceIdentity, asked))
		}
		x.sourceIdentity = asked
	}
	x.tags = sessionTags(x.in.Tags, x.in.TransitiveTagKeys, x.caller)
	return nil
}

// findRole answers a role or an account that is not there as one that does not trust the caller.
func (s *Service) findRole(ctx context.Context, x *assumption) (err error) {
	x.account, err = s.directory.Account(ctx, x.arn.Account)
	if isNoSuchEntity(err) {
		return x.denied("sts:AssumeRole", nil, fmt.Errorf("there is no account %s", x.arn.Account))
	}
	if err != nil {
		return internal("reading the role's account", err)
	}
	role, ok := x.account.RoleByName(roleName(x.arn))
	if !ok || role.ARN != *x.in.RoleArn {
		return x.denied("sts:AssumeRole", nil, missingRole(*x.in.RoleArn, role))
	}
	x.role = role
	return nil
}

// decide asks for every action that this call means.
func (s *Service) decide(x *assumption) error {
	policies := x.caller.Policies
	var err error
	if policies.Trust, err = x.account.Trust(x.role); err != nil {
		return x.denied("sts:AssumeRole", nil, fmt.Errorf("compiling the role's trust policy: %w", err))
	}
	request := &policy.Request{Principal: x.caller.Principal, Resource: x.role.ARN, Context: x.context()}
	x.event.Context = request.Context
	// Inherited tags count: a role that takes on someone's transitive tags must allow sts:TagSession as for its own.
	for i, action := range requiredActions("sts:AssumeRole", len(x.tags) > 0, x.sourceIdentity != "") {
		request.Action = action
		decision := policies.Decide(request)
		if i == 0 || !decision.Allowed() {
			x.event.Action, x.event.Decision = action, &decision
		}
		if !decision.Allowed() {
			return x.denied(action, &decision, nil)
		}
	}
	return nil
}

// denied is AWS's sentence for AssumeRole, which goes without the reason at its end.
func (x *assumption) denied(action string, decision *policy.Decision, cause error) *iam.Error {
	if decision == nil {
		decision = &policy.Decision{}
	}
	return &iam.Error{
		Code:     "AccessDenied",
		Message:  fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", x.caller.Principal.ARN, action, *x.in.RoleArn),
		Decision: decision,
		Err:      cause,
	}
}

// context adds this call's condition keys to the caller's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-sts
func (x *assumption) context() *policy.Context {
	c := x.caller.Context.Extend(requestKeys)
	setTags(c, x.in.Tags, x.in.TransitiveTagKeys)
	setUnlessEmpty(c, "sts:ExternalId", valueOf(x.in.ExternalId))
	setUnlessEmpty(c, "sts:SourceIdentity", x.sourceIdentity)
	c.Set("sts:RoleSessionName", *x.in.RoleSessionName)
	setDuration(c, x.in.DurationSeconds)
	return c
}

// GetCallerIdentity tells an authenticated caller who it is. No policy can deny it. The error is always nil.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (s *Service) GetCallerIdentity(ctx context.Context, caller iam.Caller) (CallerIdentity, error) {
	e := caller.Event(eventSource, "GetCallerIdentity")
	e.ReadOnly, e.Action = true, "sts:GetCallerIdentity"
	s.trail.Enqueue(e)
	id := caller.Principal.ID
	if caller.Principal.Session != "" {
		id += ":" + caller.Principal.Session
	}
	return CallerIdentity{UserId: id, Account: caller.Principal.Account, Arn: caller.Principal.ARN}, nil
}

// sessionTags joins the tags that a request passes with the transitive ones that the caller's session hands on.
func sessionTags(passed []iam.Tag, transitive []string, caller iam.Caller) []sessionTag {
	var tags []sessionTag
	for _, key := range slices.Sorted(slices.Values(caller.TransitiveTags)) {
		tags = append(tags, sessionTag{Key: key, Value: caller.SessionTags[key], Transitive: true})
	}
	for _, tag := range passed {
		goesOn := slices.ContainsFunc(transitive, func(key string) bool { return strings.EqualFold(key, tag.Key) })
		tags = append(tags, sessionTag{Key: tag.Key, Value: tag.Value, Transitive: goesOn})
	}
	return tags
}

func roleName(arn policy.ARN) string {
	return arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:]
}
