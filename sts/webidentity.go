package sts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// AWS's sentences for a refused token. All are told to someone who has proved nothing, so none says more than AWS's.
const (
	notAuthorized    = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	notValidJWT      = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	notValidated     = "The web identity token that was passed could not be validated by Amazon Web Services. Get a new identity token from the identity provider and then retry the request."
	wrongAudience    = "Incorrect token audience"
	severalAudiences = "Token audience contains more than one audience while authorized party is not present"
	noKey            = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	noCommunication  = "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached. This is often a transient error caused by network conditions. Retry the request a limited number of times so that you don't exceed the request rate."
	regionDisabled   = "STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console."
)

// exchange is one AssumeRoleWithWebIdentity on its way; each step adds to what the next ones and the event need.
type exchange struct {
	origin   trail.Origin
	in       WebIdentityInput
	event    trail.Event
	verified bool // the token: from here on an event tells of a known identity

	arn      policy.ARN // RoleArn
	account  *iam.Account
	claims   *oidc.Claims
	identity webIdentity
	tags     []iam.Tag
	role     *iam.Role
}

// AssumeRoleWithWebIdentity exchanges a web identity token for a session of the role. Errors are *iam.Error.
//
// The order of the checks keeps what an unauthenticated caller learns to AWS's own sentences: parameters, provider, token; only then is the role looked
// up, and a role that is not there is answered as one whose trust policy does not allow. What the role's settings refuse (DurationSeconds) is
// told to those only whom it trusts. Each call leaves one event, written before success is answered.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, origin trail.Origin, in WebIdentityInput) (WebIdentityOutput, error) {
	x := &exchange{origin: origin, in: in, event: event(origin, "AssumeRoleWithWebIdentity")}
	x.event.Action = "sts:AssumeRoleWithWebIdentity"
	x.event.UserIdentity.Type = "WebIdentityUser"
	x.event.RequestParameters = sessionParameters(in.RoleArn, in.RoleSessionName, in.PolicyArns, in.DurationSeconds)
	out, err := s.exchange(ctx, x)
	if err = s.conclude(ctx, x.event, err, x.verified); err != nil {
		return WebIdentityOutput{}, err
	}
	return out, nil
}

func (s *Service) exchange(ctx context.Context, x *exchange) (WebIdentityOutput, error) {
	if err := s.checkRequest(x); err != nil {
		return WebIdentityOutput{}, err
	}
	if err := s.believe(ctx, x); err != nil {
		return WebIdentityOutput{}, err
	}
	if err := s.trust(x); err != nil {
		return WebIdentityOutput{}, err
	}
	duration, err := sessionDuration(x.in.DurationSeconds, x.role)
	if err != nil {
		return WebIdentityOutput{}, err
	}
	made, err := s.issueRole(x.account, x.role, session{
		Name:           *x.in.RoleSessionName,
		Issuer:         x.identity.issuer,
		Subject:        x.identity.subject,
		Audience:       x.identity.audience,
		AMR:            x.identity.amr,
		Tags:           sessionTags(x.tags, x.claims.TransitiveTagKeys, iam.Caller{}),
		SourceIdentity: x.claims.SourceIdentity,
		Policy:         valueOf(x.in.Policy),
		PolicyARNs:     x.in.PolicyArns,
		ChainDepth:     1,
	}, duration, x.in.MinimumSessionTokenSize)
	if err != nil {
		return WebIdentityOutput{}, err
	}
	x.event.ResponseElements = responseElements(made, x.claims.SourceIdentity)
	x.event.ResponseElements["subjectFromWebIdentityToken"] = x.identity.subject
	x.event.ResponseElements["audience"] = x.identity.audience
	x.event.ResponseElements["provider"] = x.identity.provider
	return WebIdentityOutput{
		Credentials:                 made.credentials,
		AssumedRoleUser:             made.user,
		SubjectFromWebIdentityToken: x.identity.subject,
		Audience:                    x.identity.audience,
		Provider:                    x.identity.provider,
		SourceIdentity:              x.claims.SourceIdentity,
		PackedPolicySize:            made.packed,
	}, nil
}

// checkRequest looks at the parameters alone.
func (s *Service) checkRequest(x *exchange) (err error) {
	if err := x.in.validate(); err != nil {
		return err
	}
	if x.arn, err = parseRoleARN(*x.in.RoleArn); err != nil {
		return err
	}
	x.event.Resource = *x.in.RoleArn
	if err := checkSessionPolicy(valueOf(x.in.Policy)); err != nil {
		return err
	}
	if !s.activeIn(x.origin.Region) {
		return refusal("RegionDisabledException", fmt.Sprintf(regionDisabled, x.arn.Account), fmt.Errorf("%w %q", ErrRegionNotActive, x.origin.Region))
	}
	if x.in.ProviderId != nil {
		return refusal("InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+*x.in.ProviderId,
			errors.New("ProviderId was given: it is for OAuth 2.0 access tokens, which are not accepted; OpenID Connect tokens go without it"))
	}
	return nil
}

// believe takes the steps after which the token's claims are taken for true.
func (s *Service) believe(ctx context.Context, x *exchange) error {
	if err := s.verify(ctx, x); err != nil {
		return err
	}
	if err := s.review(ctx, x); err != nil {
		return err
	}
	return s.settle(ctx, x)
}

// verify finds the provider of the token's issuer in the role's account, and has the token verified against it.
func (s *Service) verify(ctx context.Context, x *exchange) error {
	if err := s.findAccount(ctx, x); err != nil {
		return err
	}
	token := *x.in.WebIdentityToken
	claimed, err := oidc.Peek(token)
	if err != nil {
		return refuseToken(err)
	}
	x.event.UserIdentity.UserName = shorten(claimed.Subject)
	provider, err := x.findProvider(claimed.Issuer)
	if err != nil {
		return err
	}
	x.event.UserIdentity.Provider = x.identity.provider
	claims, err := s.verifier.Verify(ctx, provider, token)
	if err != nil {
		return refuseToken(err, provider.ClientIDs...)
	}
	x.claims, x.verified = claims, true
	return x.identify()
}

// settle verifies the token anew where the account changed while the issuer was asked for its keys or the cluster for its word. What was withdrawn
// meanwhile is not exchanged: sessions are revoked by when they were issued, and this one would be issued later. An account that changes faster than
// tokens are verified is not waited for.
func (s *Service) settle(ctx context.Context, x *exchange) error {
	for range 4 {
		before := x.account
		x.account = nil
		if err := s.findAccount(ctx, x); err != nil {
			return err
		}
		if x.account == before {
			return nil
		}
		x.tags = nil
		if err := s.verify(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// findAccount looks the role's account up. One that is not there answers as one that has no such provider.
func (s *Service) findAccount(ctx context.Context, x *exchange) error {
	account, err := s.directory.Account(ctx, x.arn.Account)
	if err != nil && !isNoSuchEntity(err) {
		return internal("reading the role's account", err)
	}
	if err == nil { // the event of an account that is not there is nobody's but the plane's operator's
		x.account, x.event.Account = account, x.arn.Account
	}
	return nil
}

// findProvider finds the account's provider for an issuer.
func (x *exchange) findProvider(issuer string) (provider oidc.Provider, err error) {
	found := false
	if x.account != nil {
		provider, x.identity.provider, found = x.account.Provider(issuer)
	}
	if !found {
		return provider, refusal("InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer,
			fmt.Errorf("account %s has no OpenID Connect provider for the issuer that the token claims, %q", x.arn.Account, shorten(issuer)))
	}
	return provider, nil
}

// identify takes from the verified claims what the session will carry.
func (x *exchange) identify() error {
	x.identity.issuer, x.identity.subject, x.identity.amr = x.claims.Issuer, x.claims.Subject, x.claims.AMR
	x.identity.audience = x.claims.AuthorizedParty
	if x.identity.audience == "" && len(x.claims.Audience) > 0 {
		x.identity.audience = x.claims.Audience[0]
	}
	x.event.UserIdentity.UserName = x.claims.Subject
	x.event.UserIdentity.PrincipalID = x.identity.provider + ":" + x.identity.audience + ":" + x.claims.Subject
	for key, value := range x.claims.Tags {
		x.tags = append(x.tags, iam.Tag{Key: key, Value: value})
	}
	// Claims are a map: sorted, one token makes the same record and event each time.
	slices.SortFunc(x.tags, func(a, b iam.Tag) int { return strings.Compare(a.Key, b.Key) })
	var c constraints
	c.tags(x.tags, x.claims.TransitiveTagKeys)
	if x.claims.SourceIdentity != "" {
		c.text("sourceIdentity", x.claims.SourceIdentity, 2, 64, nameExpression, namePattern)
	}
	if err := cmp.Or(c.err(), checkTags(x.tags, x.claims.TransitiveTagKeys, nil)); err != nil {
		return refusal("InvalidIdentityToken", notValidated, fmt.Errorf("reading the token's session tags and source identity: %w", err))
	}
	return nil
}

// findRole finds the role of exactly the ARN that was given.
func (x *exchange) findRole() (*iam.Role, error) {
	role, ok := x.account.RoleByName(roleName(x.arn))
	if !ok || role.ARN != *x.in.RoleArn {
		return nil, refusal("AccessDenied", notAuthorized, missingRole(*x.in.RoleArn, role))
	}
	return role, nil
}

// trustRequest is what the role's trust policy is asked about, but for the action.
func (s *Service) trustRequest(x *exchange, role *iam.Role) (*policy.Policy, *policy.Request, error) {
	trust, err := x.account.Trust(role)
	if err != nil {
		return nil, nil, refusal("AccessDenied", notAuthorized, fmt.Errorf("compiling the role's trust policy: %w", err))
	}
	return trust, &policy.Request{
		Principal: policy.Principal{Type: policy.WebIdentity, ARN: x.identity.provider, Account: role.Account},
		Resource:  role.ARN,
		Context:   s.exchangeContext(x),
	}, nil
}

// trust looks the role up and has its trust policy decide every action that this token means.
func (s *Service) trust(x *exchange) error {
	role, err := x.findRole()
	if err != nil {
		return err
	}
	trust, request, err := s.trustRequest(x, role)
	if err != nil {
		return err
	}
	actions := requiredActions("sts:AssumeRoleWithWebIdentity", len(x.tags) > 0, x.claims.SourceIdentity != "")
	for i, action := range actions {
		request.Action = action
		decision := policy.Policies{Trust: trust}.Decide(request)
		if i == 0 || !decision.Allowed() {
			x.event.Action, x.event.Decision = action, &decision
		}
		if !decision.Allowed() {
			return &iam.Error{Code: "AccessDenied", Message: notAuthorized, Decision: &decision}
		}
	}
	x.role = role
	return nil
}

// requiredActions are what a trust policy must allow for one exchange: with tags sts:TagSession too, with a source identity sts:SetSourceIdentity.
func requiredActions(action string, tags, sourceIdentity bool) []string {
	actions := []string{action}
	if tags {
		actions = append(actions, "sts:TagSession")
	}
	if sourceIdentity {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// exchangeContext makes the condition keys of AssumeRoleWithWebIdentity.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (s *Service) exchangeContext(x *exchange) *policy.Context {
	c := s.requestContext(nil, x.origin, s.now())
	setFederation(c, x.identity)
	// With an authorized party, <issuer>:aud is azp and <issuer>:oaud what the token has as aud (documented for Google's tokens).
	if x.claims.AuthorizedParty != "" {
		prefix := strings.TrimPrefix(x.identity.issuer, "https://")
		c.Set(prefix+":azp", x.claims.AuthorizedParty)
		if len(x.claims.Audience) == 1 {
			c.Set(prefix+":oaud", x.claims.Audience[0])
		} else {
			c.SetList(prefix+":oaud", x.claims.Audience...)
		}
	}
	setTags(c, x.tags, x.claims.TransitiveTagKeys)
	setUnlessEmpty(c, "sts:SourceIdentity", x.claims.SourceIdentity)
	c.Set("sts:RoleSessionName", *x.in.RoleSessionName)
	setDuration(c, x.in.DurationSeconds)
	return c
}
