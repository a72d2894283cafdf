package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/openirsa/openirsa/oidc"
)

// breakages are the six ways.
func breakages() []step {
	return []step{
		{"Wrong namespace: the same service account name, elsewhere", (*walk).wrongNamespace},
		{"Wrong audience: the API server's token instead of the AWS one", (*walk).wrongAudience},
		{"Unregistered issuer: another cluster's token", (*walk).unregisteredIssuer},
		{"Expired token: a copy that nobody rotates", (*walk).expiredToken},
		{"Action not allowed: the role works, the policy does not", (*walk).actionNotAllowed},
		{"Tampered signature: somebody edits the token", (*walk).tamperedSignature},
	}
}

// tryToken exchanges a token that must be refused.
func (w *walk) tryToken(ctx context.Context, token, with string, want refusal) error {
	w.field("sent", "sts:AssumeRoleWithWebIdentity for "+roleName+" with "+with)
	_, err := w.nobody.AssumeRoleWithWebIdentity(ctx, w.roleARN, sessionName, token)
	return w.refused(ctx, err, want)
}

func (w *walk) wrongNamespace(ctx context.Context) error {
	token, err := w.plane.Mint(ctx, Token{Namespace: "staging", ServiceAccount: serviceAccount, Audience: audience, ExpiresIn: time.Hour})
	if err != nil {
		return err
	}
	return w.tryToken(ctx, token, "the token of staging/app", refusal{status: 403, code: "AccessDenied",
		says: "Not authorized to perform sts:AssumeRoleWithWebIdentity", source: w.trust})
}

func (w *walk) wrongAudience(ctx context.Context) error {
	token, err := w.plane.Mint(ctx, Token{Namespace: namespace, ServiceAccount: serviceAccount, Audience: "https://kubernetes.default.svc", ExpiresIn: time.Hour})
	if err != nil {
		return err
	}
	return w.tryToken(ctx, token, "a token for https://kubernetes.default.svc", refusal{status: 400, code: "InvalidIdentityToken", says: "Incorrect token audience"})
}

func (w *walk) unregisteredIssuer(ctx context.Context) error {
	key, err := oidc.GenerateKey("ES256")
	if err != nil {
		return fmt.Errorf("making another cluster's key: %w", err)
	}
	other, err := oidc.NewIssuer("https://oidc.other-cluster.example.com", []*oidc.Key{key})
	if err != nil {
		return fmt.Errorf("making another cluster's issuer: %w", err)
	}
	token, err := other.Sign(other.ServiceAccountClaims(oidc.ServiceAccountToken{
		Namespace: namespace, ServiceAccount: serviceAccount, ServiceAccountUID: "0b7e6f5a-1f0c-4a43-9f5e-6d2f1c3b4a59",
		Audiences: []string{audience}, IssuedAt: w.config.Now(), Lifetime: time.Hour, ID: "5d9c1f5e-7a2b-4a0e-8a39-0f3f5a0b6c7d"}))
	if err != nil {
		return fmt.Errorf("signing another cluster's token: %w", err)
	}
	return w.tryToken(ctx, token, "a token of another issuer", refusal{status: 400, code: "InvalidIdentityToken", says: "No OpenIDConnect provider found in your account for"})
}

func (w *walk) expiredToken(ctx context.Context) error {
	token, err := w.plane.Mint(ctx, Token{Namespace: namespace, ServiceAccount: serviceAccount, Audience: audience, ExpiresIn: -time.Hour})
	if err != nil {
		return err
	}
	return w.tryToken(ctx, token, "a token that expired an hour ago", refusal{status: 400, code: "ExpiredTokenException", says: "Token expired: current date/time"})
}

func (w *walk) actionNotAllowed(ctx context.Context) error {
	w.field("sent", "s3:DeleteObject "+bucket+"/reports/q1.txt, signed by the session")
	err := w.pod.DeleteObject(ctx, bucket, "reports/q1.txt")
	return w.refused(ctx, err, refusal{status: 403, code: "AccessDenied", says: "because no identity-based policy allows the s3:DeleteObject action", source: w.grants})
}

func (w *walk) tamperedSignature(ctx context.Context) error {
	tampered := []byte(w.token)
	last := len(tampered) - 20
	if tampered[last] == 'A' {
		tampered[last] = 'B'
	} else {
		tampered[last] = 'A'
	}
	return w.tryToken(ctx, string(tampered), "one character of its signature changed", refusal{status: 400, code: "InvalidIdentityToken"})
}
