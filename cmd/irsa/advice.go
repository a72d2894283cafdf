package main

import (
	"context"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/doctor"
)

// advisor answers openirsa:Preflight by the doctor. Of roles in other accounts than the caller's nothing is told.
type advisor struct{ doctor *doctor.Doctor }

// Advise implements awsapi.Advisor.
func (a advisor) Advise(ctx context.Context, q awsapi.PreflightQuestion) ([]awsapi.PreflightWarning, error) {
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
