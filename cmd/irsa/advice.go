package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/doctor"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/webhook"
)

// The one answer of the doctor's, asked by three: by the door for a caller, by the webhook in the plane's own process, and by the webhook in a cluster
// through the door.
var (
	_ awsapi.Advisor  = callerAdvisor{}
	_ webhook.Advisor = clusterAdvisor{}
	_ webhook.Advisor = remoteAdvisor{}
	_ webhook.Advisor = (*issuerAdvisor)(nil)
)

// issuerAdvisor is a webhook's: it asks the cluster for its issuer once, when there is a first question.
type issuerAdvisor struct {
	issuer func(context.Context) (string, error)
	of     func(issuer string) webhook.Advisor

	mu    sync.Mutex
	known webhook.Advisor
}

// Advise implements webhook.Advisor.
func (a *issuerAdvisor) Advise(ctx context.Context, q webhook.Question) ([]webhook.Warning, error) {
	a.mu.Lock()
	known := a.known
	a.mu.Unlock()
	if known == nil {
		issuer, err := a.issuer(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for the cluster's issuer: %w", err)
		}
		known = a.of(issuer)
		a.mu.Lock()
		a.known = known
		a.mu.Unlock()
	}
	return known.Advise(ctx, q)
}

// callerAdvisor answers openirsa:Preflight. Of roles in other accounts than the caller's nothing is told.
type callerAdvisor struct{ doctor *doctor.Doctor }

// Advise implements awsapi.Advisor.
func (a callerAdvisor) Advise(ctx context.Context, q awsapi.PreflightQuestion) ([]awsapi.PreflightWarning, error) {
	found, err := a.doctor.Advise(ctx, doctor.Question{
		RoleARN: q.RoleARN, Issuer: q.Issuer, Namespace: q.Namespace, ServiceAccount: q.ServiceAccount, Audience: q.Audience,
		Bound: func(_ context.Context, account string) (bool, error) { return account == q.Account, nil },
	})
	if err != nil {
		return nil, err
	}
	warnings := make([]awsapi.PreflightWarning, 0, len(found))
	for _, w := range found {
		warnings = append(warnings, awsapi.PreflightWarning{Id: w.ID, Text: w.Text})
	}
	return warnings, nil
}

// clusterAdvisor answers a webhook in the plane's own process, of one cluster. Of roles in accounts that have not registered it nothing is told.
type clusterAdvisor struct {
	doctor    *doctor.Doctor
	directory *iam.Directory
	issuer    string // the cluster's
}

// Advise implements webhook.Advisor.
func (a clusterAdvisor) Advise(ctx context.Context, q webhook.Question) ([]webhook.Warning, error) {
	found, err := a.doctor.Advise(ctx, doctor.Question{
		RoleARN: q.RoleARN, Issuer: a.issuer, Namespace: q.Namespace, ServiceAccount: q.ServiceAccount, Audience: q.Audience, Bound: a.bound,
	})
	return warnings(found), err
}

// bound tells whether the account has registered the cluster.
func (a clusterAdvisor) bound(ctx context.Context, account string) (bool, error) {
	found, err := a.directory.Account(ctx, account)
	if refused, ok := errors.AsType[*iam.Error](err); ok && refused.Code == "NoSuchEntity" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, ok := found.ClusterOf(a.issuer)
	return ok, nil
}

// remoteAdvisor answers a webhook in a cluster by asking the plane, as whoever its credentials are: about roles of that account.
type remoteAdvisor struct {
	client *cloud.Client
	issuer string // the cluster's
}

// Advise implements webhook.Advisor.
func (a remoteAdvisor) Advise(ctx context.Context, q webhook.Question) ([]webhook.Warning, error) {
	found, err := a.client.Preflight(ctx, cloud.Question{RoleArn: q.RoleARN, Issuer: a.issuer, Namespace: q.Namespace, ServiceAccount: q.ServiceAccount,
		Audience: q.Audience})
	return warnings(found), err
}

// warnings are the doctor's findings in the webhook's words.
func warnings[Found ~struct{ ID, Text string }](found []Found) []webhook.Warning {
	out := make([]webhook.Warning, 0, len(found))
	for _, f := range found {
		out = append(out, webhook.Warning(f))
	}
	return out
}
