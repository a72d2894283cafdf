package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/trail"
)

// path is the way that works, up to the first call that the role's policy does not allow.
func path() []step {
	return []step{
		{"Start a plane", (*walk).start},
		{"The cluster's issuer is a provider that IAM trusts", (*walk).showProvider},
		{"A role says who may become it, and what it may do then", (*walk).createRole},
		{"Kubernetes gives the pod a token for its service account", (*walk).mintToken},
		{"STS exchanges the token for temporary credentials", (*walk).exchange},
		{"The pod's SDK does the same by itself, and knows who it is", (*walk).identify},
		{"Allowed: the pod writes and reads under reports/", (*walk).allowed},
		{"Denied: the pod reaches for payroll/", (*walk).denied},
	}
}

func (w *walk) start(ctx context.Context) (err error) {
	if w.plane, err = w.config.Start(ctx, w.config.Folder); err != nil {
		return err
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	w.field("serves", "STS, IAM and S3 at "+w.plane.Endpoint+", account "+w.plane.Account)
	w.field("issuer", w.plane.IssuerURL)
	return nil
}

func (w *walk) showProvider(ctx context.Context) error {
	arn := "arn:aws:iam::" + w.plane.Account + ":oidc-provider/" + oidc.ProviderHostPath(w.plane.IssuerURL)
	w.field("sent", "iam:GetOpenIDConnectProvider, signed by the account's root")
	clientIDs, err := w.admin.ProviderClientIDs(ctx, arn)
	if err != nil {
		return err
	}
	w.field("answered", "200, client ids: "+strings.Join(clientIDs, ", "))
	w.field("provider", arn)
	return nil
}

func (w *walk) createRole(ctx context.Context) (err error) {
	w.trust = trustPolicy(w.plane.Account, oidc.ProviderHostPath(w.plane.IssuerURL))
	w.grants = permissions
	w.field("sent", "iam:CreateRole "+roleName+" with this trust policy:")
	w.document(w.trust)
	if w.roleARN, err = w.admin.CreateRole(ctx, roleName, w.trust); err != nil {
		return err
	}
	w.field("answered", "200, "+w.roleARN)
	w.field("sent", "iam:PutRolePolicy reports-only with these permissions:")
	w.document(w.grants)
	if err := w.admin.PutRolePolicy(ctx, roleName, "reports-only", w.grants); err != nil {
		return err
	}
	w.field("answered", "200")
	w.field("sent", "s3:CreateBucket "+bucket)
	if err := w.admin.CreateBucket(ctx, bucket); err != nil {
		return err
	}
	w.field("answered", "200")
	return nil
}

func (w *walk) mintToken(ctx context.Context) (err error) {
	w.token, err = w.plane.Mint(ctx, Token{Namespace: namespace, ServiceAccount: serviceAccount, Audience: audience, ExpiresIn: time.Hour})
	if err != nil {
		return err
	}
	claims, err := oidc.Peek(w.token)
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	w.field("token", fmt.Sprintf("a signed JWT of %d characters, projected into the pod as a file", len(w.token)))
	w.field("iss", claims.Issuer)
	w.field("sub", claims.Subject)
	w.field("aud", strings.Join(claims.Audience, ", "))
	w.field("exp", "in "+minutes(claims.ExpiresAt.Sub(w.config.Now())))
	return nil
}

func (w *walk) exchange(ctx context.Context) error {
	w.field("sent", "sts:AssumeRoleWithWebIdentity for "+w.roleARN+", unsigned, with the token")
	got, err := w.nobody.AssumeRoleWithWebIdentity(ctx, w.roleARN, sessionName, w.token)
	if err != nil {
		return err
	}
	w.field("answered", fmt.Sprintf("200, %s… and a secret and a session token, for %s", got.Credentials.AccessKeyID[:8], minutes(got.Credentials.Expires.Sub(w.config.Now()))))
	w.field("session", got.RoleARN)
	return w.explainAllowed(ctx, got.RequestID, w.trust)
}

func (w *walk) identify(ctx context.Context) (err error) {
	if w.pod, err = w.podClient(ctx, w.token); err != nil {
		return err
	}
	w.field("given", "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, as the admission webhook sets them")
	w.field("sent", "sts:GetCallerIdentity, signed by the session")
	arn, err := w.pod.CallerIdentity(ctx)
	if err != nil {
		return err
	}
	if want := "arn:aws:sts::" + w.plane.Account + ":assumed-role/" + roleName + "/" + sessionName; arn != want {
		return fmt.Errorf("the pod is %s, want %s", arn, want)
	}
	w.field("answered", "200, "+arn)
	return nil
}

func (w *walk) allowed(ctx context.Context) error {
	const key, content = "reports/q1.txt", "first quarter"
	w.field("sent", "s3:PutObject "+bucket+"/"+key)
	id, err := w.pod.PutObject(ctx, bucket, key, content)
	if err != nil {
		return err
	}
	w.field("answered", "200")
	if err := w.explainAllowed(ctx, id, w.grants); err != nil {
		return err
	}
	w.field("sent", "s3:GetObject "+bucket+"/"+key)
	got, _, err := w.pod.GetObject(ctx, bucket, key)
	if err != nil {
		return err
	}
	if got != content {
		return fmt.Errorf("read %q, wrote %q", got, content)
	}
	w.field("answered", fmt.Sprintf("200, %q", got))
	return nil
}

func (w *walk) denied(ctx context.Context) error {
	w.field("sent", "s3:GetObject "+bucket+"/payroll/salaries.csv")
	_, _, err := w.pod.GetObject(ctx, bucket, "payroll/salaries.csv")
	return w.refused(ctx, err, refusal{status: 403, code: "AccessDenied", says: "because no identity-based policy allows the s3:GetObject action", source: w.grants})
}

// explainAllowed shows the statement by which a request was allowed.
func (w *walk) explainAllowed(ctx context.Context, requestID, source string) error {
	event, err := w.event(ctx, requestID)
	if err != nil {
		return err
	}
	if event.Decision == nil || !event.Decision.Allowed() || len(event.Decision.Reasons()) == 0 {
		return errors.New("the trail names no statement that allowed the request")
	}
	reason := event.Decision.Reasons()[0]
	w.field("decided", fmt.Sprintf("allowed by the %s, statement %d%s, line %d:", policyName(reason), reason.Statement, sid(reason), reason.Line))
	w.excerpt(reason, source)
	return nil
}

// refusal is what a step that must be refused expects.
type refusal struct {
	status     int
	code, says string
	source     string // the policy that decided; empty when the token never got that far
}

// refused checks that err is the refusal that the story needs, and prints the answer and the reason for it.
func (w *walk) refused(ctx context.Context, err error, want refusal) error {
	if err == nil {
		return errors.New("it was allowed")
	}
	var got *cloud.Error
	if !errors.As(err, &got) {
		return err
	}
	if got.Status != want.status || got.Code != want.code || !strings.Contains(got.Message, want.says) {
		return fmt.Errorf("answered %d %s %q, want %d %s %q", got.Status, got.Code, got.Message, want.status, want.code, want.says)
	}
	w.denials++
	w.field("answered", fmt.Sprintf("%d %s: %s", got.Status, got.Code, got.Message))
	event, err := w.event(ctx, got.RequestID)
	if err != nil {
		return err
	}
	return w.explainDenied(event, want)
}

// explainDenied shows the clause that did not hold and what it was compared with, or why the token was refused before any policy.
func (w *walk) explainDenied(event trail.Event, want refusal) error {
	if want.source == "" {
		if event.Explanation == "" {
			return errors.New("the trail does not explain the refusal")
		}
		w.field("decided", "by the token, before any policy")
		w.field("because", event.Explanation)
		return nil
	}
	if event.Decision == nil {
		return errors.New("the trail holds no decision")
	}
	for _, reason := range event.Decision.Reasons() {
		if reason.Failed == "" || reason.Line == 0 {
			continue
		}
		w.field("decided", fmt.Sprintf("%s by the %s; nearest is statement %d%s, whose %s does not match:", denial(event.Decision), policyName(reason), reason.Statement, sid(reason), clause(reason)))
		w.excerpt(reason, want.source)
		return nil
	}
	return errors.New("the decision names no element that failed")
}
