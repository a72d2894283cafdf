package doctor_test

import (
	"context"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/openirsa/openirsa/doctor"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sts"
)

// asked answers a preflight by the policy engine alone: provider and role are taken to be there.
type asked struct{ trust string }

func (a asked) Preflight(_ context.Context, in sts.PreflightInput) (sts.PreflightResult, error) {
	provider := "arn:aws:iam::" + account + ":oidc-provider/" + host
	out := sts.PreflightResult{Provider: provider, TrustPolicy: a.trust, Issuers: []string{in.Issuer + "x"}, Subjects: []string{in.Subject + "x"}}
	document, err := policy.Parse([]byte(a.trust))
	if err != nil {
		out.Verdict, out.Step = sts.Fails, sts.StepProvider
		return out, nil
	}
	trust, err := policy.Compile("trust", document, policy.Options{Kind: policy.Trust})
	if err != nil {
		out.Verdict, out.Step, out.OtherRole = sts.Fails, sts.StepRole, in.RoleARN
		return out, nil
	}
	request := &policy.Request{Principal: policy.Principal{Type: policy.WebIdentity, ARN: provider, Account: account}, Resource: in.RoleARN,
		Action: "sts:AssumeRoleWithWebIdentity", Context: new(policy.Context)}
	request.Context.Set(host+":sub", in.Subject)
	request.Context.Set(host+":aud", in.Audience)
	if out.Decision = (policy.Policies{Trust: trust}).Decide(request); !out.Decision.Allowed() {
		out.Verdict, out.Step = sts.Fails, sts.StepTrust
	}
	return out, nil
}

// FuzzAdvise: whatever the trust policy and the question, an exchange that fails has one cause, of the table, told in few printable bytes.
func FuzzAdvise(f *testing.F) {
	known := map[string]bool{}
	for _, d := range doctor.Diagnoses() {
		known[d.ID] = true
	}
	for _, condition := range []string{aud + "system:serviceaccount:shop:*" + end, aud + "x" + end, `"StringLike":{"HOST:sub":["a","b*"]},"StringEquals":{"HOST:sub":"c"}`, `"Null":{"HOST:aud":"true"}`, ``} {
		f.Add(`{"Version":"2012-10-17","Statement":[`+statement(condition)+`]}`, "shop", "app", "sts.amazonaws.com", "arn:aws:iam::"+account+":role/app")
	}
	f.Fuzz(func(t *testing.T, trust, namespace, name, audience, role string) {
		a := asked{trust}
		q := doctor.Question{RoleARN: role, Issuer: "https://" + host, Namespace: namespace, ServiceAccount: name, Audience: audience, Bound: bound}
		got, err := doctor.New(a).Advise(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		result, _ := a.Preflight(t.Context(), sts.PreflightInput{RoleARN: role, Issuer: q.Issuer, Subject: "system:serviceaccount:" + namespace + ":" + name, Audience: audience})
		if result.Verdict == sts.Fails && len(got) != 1 {
			t.Errorf("a failure has %d causes: %q", len(got), got)
		}
		for _, w := range got {
			if !known[w.ID] || w.Text == "" || len(w.ID)+2+len(w.Text) >= 256 || !utf8.ValidString(w.Text) {
				t.Errorf("warning %q", w)
			}
			for _, r := range w.Text {
				if !unicode.IsPrint(r) {
					t.Errorf("warning %q has the character %q", w, r)
				}
			}
		}
	})
}
