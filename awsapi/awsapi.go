// Package awsapi is the door that the AWS SDKs knock on: the Query protocol for STS (2011-06-15) and IAM (2010-05-08), REST JSON for EKS
// (2017-11-01), and AWS JSON 1.1 for CloudTrail (2013-11-01) and our own openirsa operations. It reads a request once, strictly and within
// bounds; authenticates it; finds the operation in a table; and writes the answer or the refusal in AWS's words, with AWS's status.
//
// It decides nothing but the two calls on the trail, openirsa:GetEvents and cloudtrail:LookupEvents, and openirsa:Preflight: who the caller is, what they may do,
// which values are valid and what is recorded belong to packages sts and iam. What it refuses by itself, before they are asked, it records.
// The shapes of calls and answers are those of AWS's service models; docs/compatibility.md lists the calls and every known difference.
package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

// Config of the door. Every field is required.
type Config struct {
	STS       STS
	Inquiries Inquiries
	Reviews   TokenReviews
	Advisor   Advisor
	Directory *iam.Directory
	Trail     Trail
	// DefaultAccount is the plane's own: its callers may see events that belong to no account.
	DefaultAccount string
	// Origin says where a request came from and gives it its id. It is called once per request.
	Origin func(*http.Request) trail.Origin
	// Logger gets failures that are the plane's own, with the request id. Refusals are the trail's.
	Logger *slog.Logger
}

// STS is what the door asks of package sts. Errors are *iam.Error; refused requests are recorded by the callee.
type STS interface {
	Authenticate(ctx context.Context, request *sigv4.Request, origin trail.Origin) (iam.Caller, error)
	AssumeRoleWithWebIdentity(ctx context.Context, origin trail.Origin, in sts.WebIdentityInput) (sts.WebIdentityOutput, error)
	AssumeRole(ctx context.Context, caller iam.Caller, in sts.AssumeRoleInput) (sts.AssumeRoleOutput, error)
	GetSessionToken(ctx context.Context, caller iam.Caller, in sts.SessionTokenInput) (sts.Credentials, error)
	GetFederationToken(ctx context.Context, caller iam.Caller, in sts.FederationTokenInput) (sts.FederationTokenOutput, error)
}

// Inquiries are STS's calls that give nothing out, and are asked of package sts too. Errors are *iam.Error. A nil text was not sent.
type Inquiries interface {
	GetCallerIdentity(ctx context.Context, caller iam.Caller) (sts.CallerIdentity, error)
	GetAccessKeyInfo(ctx context.Context, caller iam.Caller, accessKeyID *string) (account string, err error)
	DecodeAuthorizationMessage(ctx context.Context, caller iam.Caller, encoded *string) (decoded string, err error)
}

// Trail is what the door asks of the trail.
type Trail interface {
	// Find returns the events of one request, newest first.
	Find(ctx context.Context, requestID string) ([]trail.Event, error)
	// Lookup returns a page of one account's management events, newest first.
	Lookup(ctx context.Context, q trail.LookupQuery) (trail.LookupPage, error)
	// Record writes a decision before the answer leaves.
	Record(ctx context.Context, e trail.Event) error
	// Enqueue takes an event that need not be written before the answer.
	Enqueue(e trail.Event)
	// Refuse takes a request that was refused before anybody was authenticated.
	Refuse(e trail.Event)
}

// New makes the door's handler. It answers on path "/" and, for EKS, below "/clusters", and holds at most MaxBody bytes of a request's body.
func New(c Config) (*Door, error) {
	if c.STS == nil || c.Inquiries == nil || c.Reviews == nil || c.Advisor == nil || c.Directory == nil || c.Trail == nil || c.Origin == nil || c.Logger == nil || c.DefaultAccount == "" {
		return nil, errors.New("awsapi: every field of Config is required")
	}
	return &Door{Config: c, actions: queryOperations(c), targets: jsonOperations(c), routes: eksRoutes(c.Directory)}, nil
}
