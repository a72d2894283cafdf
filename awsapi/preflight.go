package awsapi

import (
	"context"

	"github.com/openirsa/openirsa/iam"
)

// Advisor says what will go wrong with exchanges that nobody has tried yet.
type Advisor interface {
	Advise(ctx context.Context, q PreflightQuestion) ([]PreflightWarning, error)
}

// PreflightQuestion is about the tokens of one service account, of the cluster that has the issuer. About roles of other accounts than the caller's the
// answer must be the same whether they exist or not.
type PreflightQuestion struct {
	Account                                              string // the caller's
	RoleARN, Issuer, Namespace, ServiceAccount, Audience string
}

// PreflightWarning is one thing that will go wrong, in a sentence for people. Id is that of the table of misconfigurations; "" of the sentence about roles
// that nothing is said of.
type PreflightWarning struct {
	Id   string `json:",omitempty"`
	Text string
}

// PreflightInput asks whether a service account's tokens would be exchanged for a session of the role. Audience is "sts.amazonaws.com" if it is
// not given.
type PreflightInput struct {
	RoleArn        string
	Issuer         string
	Namespace      string
	ServiceAccount string
	Audience       string `json:",omitempty"`
}

// PreflightOutput has the warnings; none: nothing is known to go wrong.
type PreflightOutput struct{ Warnings []PreflightWarning }

// maxQuestion bounds each text of a question, in bytes: twice what an ARN may have.
const maxQuestion = 4096

// preflight answers openirsa:Preflight, which this package authorizes and records itself, since it is about no one resource.
func preflight(events Trail, advisor Advisor) func(context.Context, iam.Caller, PreflightInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in PreflightInput) (any, error) {
		event, err := mayRead(ctx, events, caller, "openirsa", "Preflight", "*")
		if err != nil {
			return nil, err
		}
		for _, given := range []struct{ name, text string }{
			{"roleArn", in.RoleArn}, {"issuer", in.Issuer}, {"namespace", in.Namespace}, {"serviceAccount", in.ServiceAccount},
		} {
			if given.text == "" {
				return nil, missing(given.name)
			}
			if len(given.text) > maxQuestion || len(in.Audience) > maxQuestion {
				return nil, &iam.Error{Code: "ValidationError", Message: "A text of the question is too long."}
			}
		}
		if in.Audience == "" {
			in.Audience = "sts.amazonaws.com"
		}
		event.RequestParameters = map[string]any{"roleArn": in.RoleArn, "issuer": in.Issuer, "namespace": in.Namespace,
			"serviceAccount": in.ServiceAccount, "audience": in.Audience}
		events.Enqueue(event)
		warnings, err := advisor.Advise(ctx, PreflightQuestion{Account: caller.Principal.Account, RoleARN: in.RoleArn, Issuer: in.Issuer,
			Namespace: in.Namespace, ServiceAccount: in.ServiceAccount, Audience: in.Audience})
		if err != nil {
			return nil, err
		}
		return PreflightOutput{Warnings: append([]PreflightWarning{}, warnings...)}, nil
	}
}
