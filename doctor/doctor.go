// Package doctor explains: it owns the table of what goes wrong with IAM Roles for Service Accounts, and says which of it is the case.
//
// It decides nothing. What an exchange would come to is package sts's to say (Preflight), what is wrong with a policy document policy/lint's; this
// package puts names to causes, and words that say what to do.
package doctor

import (
	"context"
	"fmt"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sts"
)

// Preflight is what the doctor asks of package sts.
type Preflight interface {
	Preflight(ctx context.Context, in sts.PreflightInput) (sts.PreflightResult, error)
}

// Doctor answers questions. It is safe for concurrent use.
type Doctor struct{ preflight Preflight }

// New makes a Doctor.
func New(p Preflight) *Doctor { return &Doctor{p} }

// Question is about the tokens of one service account and the role that it names.
type Question struct {
	RoleARN, Issuer, Namespace, ServiceAccount, Audience string
	// Bound says whether the account is one whose roles may be spoken of: of a cluster, an account that has registered it. About roles of any other
	// the doctor says one sentence, the same whether they exist or not.
	Bound func(ctx context.Context, account string) (bool, error)
}

// Warning is one thing that will go wrong, or is unwise. With its ID, a colon and a space before it the text has fewer than 256 bytes, which is what
// Kubernetes shows of a warning (k8s.io/api/admission/v1, AdmissionResponse.Warnings: "limit warnings to 120 characters if possible"; above 256 they may
// be cut).
type Warning struct {
	ID   string // of Diagnoses; "" of the sentence about roles that nothing is said of
	Text string
}

// maxWarning is how long a warning with its id may be, in bytes.
const maxWarning = 255

const notBound = "The role's account has not registered this cluster, so whether its pods can assume the role is not checked. Register the cluster there if they should."

// Advise says what will go wrong with the exchange, most important first. None: nothing is known to; what depends on the request alone (a condition on
// its source address, for example) is not warned of.
func (d *Doctor) Advise(ctx context.Context, q Question) ([]Warning, error) {
	arn, err := policy.ParseARN(q.RoleARN)
	if err == nil && policy.IsAccountID(arn.Account) {
		bound, err := q.Bound(ctx, arn.Account)
		if err != nil {
			return nil, fmt.Errorf("finding out whether account %s has the cluster: %w", arn.Account, err)
		}
		if !bound {
			return []Warning{{Text: notBound}}, nil
		}
	}
	in := sts.PreflightInput{RoleARN: q.RoleARN, Issuer: q.Issuer, Subject: subjectOf(q.Namespace, q.ServiceAccount), Audience: q.Audience}
	found, err := d.preflight.Preflight(ctx, in)
	if err != nil {
		return nil, err
	}
	if found.Verdict == sts.Fails {
		return []Warning{explain(in, found)}, nil
	}
	return reaches(in, found), nil
}

func subjectOf(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// say makes a warning. Long values are cut in their middle until the whole fits.
func say(id, format string, values ...string) Warning {
	for most := maxWarning; ; most = most * 3 / 4 {
		shown := make([]any, len(values))
		for i, value := range values {
			shown[i] = middleCut(value, most)
		}
		if text := fmt.Sprintf(format, shown...); len(id)+2+len(text) <= maxWarning || most < 8 {
			return Warning{ID: id, Text: text}
		}
	}
}
