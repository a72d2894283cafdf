package sts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
)

// PreflightInput asks about an exchange before there is a token for it: one as Kubernetes signs them, with one audience, without session tags.
type PreflightInput struct {
	RoleARN  string
	Issuer   string // the exact issuer string, "https://…"
	Subject  string // system:serviceaccount:<namespace>:<name>
	Audience string
}

// Verdict says what an exchange would come to. The zero value is that nothing can be said.
type Verdict string

// The verdicts.
const (
	CannotBeSaid Verdict = ""      // the trust policy asks for what only the request will tell: PreflightResult.DependsOn
	Works        Verdict = "works" // whatever the request tells
	Fails        Verdict = "fails" // likewise, at PreflightResult.Step
)

// Step of an exchange, in the order in which they are taken.
type Step string

// The steps that can fail before there is a token.
const (
	StepARN      Step = "arn"      // the role's ARN is none
	StepProvider Step = "provider" // the role's account, or a provider of the issuer in it
	StepAudience Step = "audience" // the provider's client ids
	StepRole     Step = "role"
	StepTrust    Step = "trust" // the role's trust policy
)

// PreflightResult says what an exchange would come to and, if it fails, why. What later steps would find is empty.
type PreflightResult struct {
	Verdict Verdict
	Step    Step       // that fails; "": none is known to
	Err     *iam.Error // what the exchange would answer; its cause is for operators

	Issuers   []string // of the account's other providers, where it has none of the issuer
	Provider  string   // ARN
	ClientIDs []string // of the provider
	OtherRole string   // the ARN of a role of the same name, where there is none of the ARN asked about

	TrustPolicy string          // of the role
	Decision    policy.Decision // of the trust policy; where it cannot be said, the best that it can be
	DependsOn   []string        // condition keys that the trust policy asks for and only the request will tell
	// Subjects are others that the trust policy names one by one and may admit, of the same issuer and for the same audience. Those that it means by
	// a wildcard are not among them.
	Subjects []string
}

// Preflight says whether AssumeRoleWithWebIdentity would accept a verified token. It takes the steps of the exchange, without the token and what
// follows on it: no session, no event. An error means that the directory could not be read.
func (s *Service) Preflight(ctx context.Context, in PreflightInput) (PreflightResult, error) {
	var out PreflightResult
	x := &exchange{in: WebIdentityInput{RoleArn: &in.RoleARN, RoleSessionName: new(string)}}
	x.claims = &oidc.Claims{Issuer: in.Issuer, Subject: in.Subject, Audience: []string{in.Audience}}
	step, err := s.foresee(ctx, x, &out)
	if err == nil {
		return out, nil
	}
	refused, ok := errors.AsType[*iam.Error](err)
	if !ok || refused.Code == "InternalFailure" || refused.Code == "ServiceFailure" {
		return PreflightResult{}, fmt.Errorf("foreseeing an exchange: %w", err)
	}
	out.Verdict, out.Step, out.Err = Fails, step, refused
	return out, nil
}

func (s *Service) foresee(ctx context.Context, x *exchange, out *PreflightResult) (at Step, err error) {
	if x.arn, err = parseRoleARN(*x.in.RoleArn); err != nil {
		return StepARN, err
	}
	if err := s.findAccount(ctx, x); err != nil {
		return StepProvider, err
	}
	provider, err := x.findProvider(x.claims.Issuer)
	if err != nil {
		if x.account != nil {
			out.Issuers = x.account.Issuers()
		}
		return StepProvider, err
	}
	out.Provider, out.ClientIDs = x.identity.provider, provider.ClientIDs
	if err := x.claims.CheckAudience(provider.ClientIDs); err != nil {
		return StepAudience, refuseToken(err, provider.ClientIDs...)
	}
	if err := x.identify(); err != nil {
		return StepProvider, err
	}
	role, err := x.findRole()
	if err != nil {
		if other, ok := x.account.RoleByName(roleName(x.arn)); ok {
			out.OtherRole = other.ARN
		}
		return StepRole, err
	}
	out.TrustPolicy = role.TrustPolicy
	return StepTrust, s.foreseeTrust(x, role, out)
}

// foreseeTrust has the trust policy decide, and looks at whom else it names.
func (s *Service) foreseeTrust(x *exchange, role *iam.Role, out *PreflightResult) error {
	trust, request, err := s.trustRequest(x, role)
	if err != nil {
		return err
	}
	request.Action = "sts:AssumeRoleWithWebIdentity"
	foresight := policy.Policies{Trust: trust}.Foresee(request, isToldByRequest)
	out.Decision = foresight.Best
	if foresight.Denied() {
		return &iam.Error{Code: "AccessDenied", Message: notAuthorized, Decision: &out.Decision}
	}
	if foresight.Allowed() {
		out.Verdict = Works
	} else {
		for _, key := range toldByRequest {
			if trust.AsksFor(key) {
				out.DependsOn = append(out.DependsOn, key)
			}
		}
	}
	out.Subjects = s.others(x, trust, request, role.TrustPolicy)
	return nil
}

// others are the subjects that the trust policy spells out and may admit in place of the token's.
func (s *Service) others(x *exchange, trust *policy.Policy, request *policy.Request, source string) []string {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return nil // it was compiled: the one that does not parse is not here
	}
	key := oidc.ProviderHostPath(x.identity.issuer) + ":sub"
	named := map[string]bool{}
	for i := range document.Len() {
		for _, c := range document.Statement(i).Conditions {
			if !strings.EqualFold(c.Key.Value, key) || c.Operator.Type != policy.StringOperator || c.Operator.Negated {
				continue
			}
			for _, value := range c.Values {
				if value.Value != x.identity.subject && !strings.ContainsAny(value.Value, "*?$") {
					named[value.Value] = true
				}
			}
		}
	}
	var admitted []string
	for _, subject := range slices.Sorted(maps.Keys(named)) {
		request.Context.Set(key, subject)
		if !(policy.Policies{Trust: trust}).Foresee(request, isToldByRequest).Denied() {
			admitted = append(admitted, subject)
		}
	}
	request.Context.Set(key, x.identity.subject)
	return admitted
}
