package sts_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// TestPreflight holds what is foreseen against what the exchange then answers to a real token.
func TestPreflight(t *testing.T) {
	p, good, role := shop(t)
	stranger := newKey("stranger") // its issuer is nobody's provider
	host := strings.TrimPrefix(issuer, "https://")
	trust := func(name, condition string) string {
		return p.role(accountA, name, document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},
			"Action":"sts:AssumeRoleWithWebIdentity","Condition":{%s}}`, accountA, host, condition))).ARN
	}
	pathed := p.role(accountA, "pathed", trustFor(accountA, subject), func(in *iam.CreateRoleInput) { in.Path = "/team/" })
	cases := []struct {
		name, role, issuer, subject, audience string
		verdict                               sts.Verdict
		step                                  sts.Step
		exchange                              bool // what the exchange comes to
	}{
		{"it works", role.ARN, "", "", "", sts.Works, "", true},
		{"an ARN that is none", "arn:aws:iam::111122223333:user/app", "", "", "", sts.Fails, sts.StepARN, false},
		{"an account that is not there", "arn:aws:iam::999999999999:role/app", "", "", "", sts.Fails, sts.StepProvider, false},
		{"an issuer that is not registered", role.ARN, "https://stranger.example.com", "", "", sts.Fails, sts.StepProvider, false},
		{"an audience that is no client id", role.ARN, "", "", "sts.amazon.com", sts.Fails, sts.StepAudience, false},
		{"a role that is not there", role.ARN + "x", "", "", "", sts.Fails, sts.StepRole, false},
		{"a role of another path", strings.Replace(pathed.ARN, "team/", "", 1), "", "", "", sts.Fails, sts.StepRole, false},
		{"another subject", role.ARN, "", "system:serviceaccount:shop:other", "", sts.Fails, sts.StepTrust, false},
		{"another registered audience", role.ARN, "", "", "second", sts.Fails, sts.StepTrust, false},
		{"a source address that matches", trust("here", `"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}`), "", "", "", sts.CannotBeSaid, "", true},
		{"a source address that does not", trust("there", `"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), "", "", "", sts.CannotBeSaid, "", false},
		{"a session's name", trust("named", `"StringEquals":{"sts:RoleSessionName":"session-1"}`), "", "", "", sts.CannotBeSaid, "", true},
		{"a duration, and another subject", trust("long", `"NumericLessThan":{"sts:DurationSeconds":"7200"},"StringEquals":{"`+host+`:sub":"x"}`), "", "", "", sts.Fails, sts.StepTrust, false},
		{"a key that no such token brings", trust("external", `"StringEquals":{"sts:ExternalId":"x"}`), "", "", "", sts.Fails, sts.StepTrust, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key, in := good, sts.PreflightInput{RoleARN: c.role, Issuer: issuer, Subject: subject, Audience: audience}
			claims := p.goodClaims()
			if c.issuer != "" {
				key, in.Issuer, claims = stranger, c.issuer, claims.with("iss", c.issuer)
			}
			if c.subject != "" {
				in.Subject, claims = c.subject, claims.with("sub", c.subject)
			}
			if c.audience != "" {
				in.Audience, claims = c.audience, claims.with("aud", []string{c.audience})
			}
			found, err := p.service.Preflight(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if found.Verdict != c.verdict || found.Step != c.step {
				t.Errorf("foreseen: %q at %q, want %q at %q", found.Verdict, found.Step, c.verdict, c.step)
			}
			_, _, err = p.exchange(input(c.role, key.sign(claims)))
			if (err == nil) != c.exchange {
				t.Errorf("the exchange answers %v", err)
			}
			if found.Verdict != sts.Fails {
				return
			}
			var refused *iam.Error
			if !errors.As(err, &refused) || refused.Code != found.Err.Code || refused.Message != found.Err.Message {
				t.Errorf("foreseen: %s %q\nanswered: %v", found.Err.Code, found.Err.Message, err)
			}
		})
	}
}

func TestPreflightTells(t *testing.T) {
	p, _, role := shop(t)
	host := strings.TrimPrefix(issuer, "https://")
	ask := func(arn string) sts.PreflightResult {
		t.Helper()
		found, err := p.service.Preflight(t.Context(), sts.PreflightInput{RoleARN: arn, Issuer: issuer, Subject: subject, Audience: audience})
		p.must(err)
		return found
	}
	pathed := p.role(accountA, "pathed", trustFor(accountA, subject), func(in *iam.CreateRoleInput) { in.Path = "/team/" })
	if found := ask("arn:aws:iam::111122223333:role/pathed"); found.OtherRole != pathed.ARN {
		t.Errorf("other role %q, want %q", found.OtherRole, pathed.ARN)
	}
	shared := p.role(accountA, "shared", document(
		fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringLike":{"%s:sub":["%s","system:serviceaccount:shop:b","system:serviceaccount:shop:a","system:serviceaccount:shop:denied","system:serviceaccount:x:*"]}}}`,
			accountA, host, host, subject),
		fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:sub":"system:serviceaccount:shop:denied"}}}`, host)))
	if got, want := ask(shared.ARN).Subjects, []string{"system:serviceaccount:shop:a", "system:serviceaccount:shop:b"}; !slices.Equal(got, want) {
		t.Errorf("others: %q, want %q", got, want)
	}
	here := p.role(accountA, "here", document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Bool":{"aws:SecureTransport":"true"}}}`, accountA, host)))
	if got, want := ask(here.ARN).DependsOn, []string{"aws:securetransport", "aws:sourceip"}; !slices.Equal(got, want) {
		t.Errorf("depends on %q, want %q", got, want)
	}
	if found := ask(role.ARN); found.Provider != "arn:aws:iam::111122223333:oidc-provider/"+host || len(found.Subjects) > 0 || !found.Decision.Allowed() {
		t.Errorf("found %+v", found)
	}
}
