// Package gateway stands before the services that a plane serves: a request reaches a backend only when its signature, its meaning and its
// permission are known.
//
// It owns two doors, S3's and that of every other service. Each has awsmodel classify a request, the authenticator say who signed it, and the
// directory decide every call that it means; then it builds a new request from what was classified, so that the backend cannot read the original
// otherwise, and streams the answer back. Refusals have the shape of the protocol that the client speaks. What is allowed and has no backend is
// answered with the statements that allow it. What requests made known of resources, their tags and policies, it has the directory keep. It does not
// keep objects (package services), open sessions (sts), compile policies (policy) or write the trail.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// Authenticator says who signed a request. Its errors are *iam.Error, and it records them; sts.Service is one.
type Authenticator interface {
	Authenticate(ctx context.Context, request *sigv4.Request, origin trail.Origin) (iam.Caller, error)
	// AuthenticateParsed is Authenticate for a request of which sigv4.Parse returned authorization. It also returns the key that signs its chunks.
	AuthenticateParsed(ctx context.Context, request *sigv4.Request, authorization *sigv4.Authorization, origin trail.Origin) (iam.Caller, sigv4.Key, error)
	// AuthenticatePost is Authenticate for a form by which a browser uploads to S3.
	AuthenticatePost(ctx context.Context, post *sigv4.Post, origin trail.Origin) (iam.Caller, error)
	// Anonymous is the caller of a request that is not signed.
	Anonymous(origin trail.Origin) iam.Caller
}

// Trail is what the gateway asks of the trail.
type Trail interface {
	// Enqueue hands over the event of a decided request.
	Enqueue(e trail.Event)
	// Refuse hands over a refusal from before the caller was known.
	Refuse(e trail.Event)
}

// Backend is an S3 server in path style that trusts the gateway: it authenticates nobody, and takes the caller's account from the header
// that Config.AccountHeader names.
type Backend interface {
	http.Handler
	// Owner is the account that a bucket belongs to; ok is false when there is no such bucket.
	Owner(bucket string) (account string, ok bool)
}

// Config of a Gateway. Authenticate, Trail, Origin, Directory, Policies and S3 are required, and with a Classifier Roles and Attributes.
type Config struct {
	Authenticate Authenticator
	Trail        Trail
	// Origin says where a request came from and gives it its id. It is called once per request.
	Origin func(*http.Request) trail.Origin
	// Authorization is what sigv4.Parse returns for the request, where somebody has asked before; nil: nobody has.
	Authorization func(*http.Request) (*sigv4.Authorization, error)
	S3            Backend
	// AccountHeader carries the caller's account to the backend; empty: X-Openirsa-Account. The client's own never gets there.
	AccountHeader string
	Partition     string           // of the resources' ARNs; empty: aws
	Now           func() time.Time // nil: time.Now
	// Logger gets failures that are the plane's own, with the request id; nil: nowhere. Refusals are the trail's.
	Logger *slog.Logger

	// Classifier says what requests to other services than S3 mean; nil: every other service is refused.
	Classifier Classifier
	Directory  Directory
	Policies   ResourcePolicies
	Roles      Roles
	Attributes Attributes
	// Services says by signing name how services are served; one that is not there has no backend. An Upstream of s3 takes the place of S3.
	Services map[string]ServiceConfig
	// BodyMemory bounds the memory in which bodies are held at once, in bytes; 0: 256 MiB: those of requests to other services than S3, and S3's documents.
	// A request that finds none is told to come again.
	BodyMemory int64
	// UploadPatience is how long a client of S3 may take to send the next 8 KiB of a body, once it may send it; 0: 20 seconds.
	UploadPatience time.Duration
	// DownloadPatience is how long a client of S3 may take to receive the next 256 KiB of an answer; 0: 2 minutes.
	DownloadPatience time.Duration
	// S3Domains are the host names under which buckets are virtual-hosted: bucket.s3.localhost for s3.localhost. In lower case, without ports.
	S3Domains []string
	// S3BlockPublicPolicies refuses bucket policies that grant to everybody.
	S3BlockPublicPolicies bool
}

// Gateway is the door of S3 and of every other service, those that nobody knows included. It is safe for concurrent use.
type Gateway struct {
	c      Config
	s3     s3Server
	bodies *bodyMemory
}

// New makes a Gateway.
func New(c Config) (*Gateway, error) {
	s3 := c.Services["s3"].Upstream
	if c.Authenticate == nil || c.Trail == nil || c.Origin == nil || c.Directory == nil || c.Policies == nil || c.S3 == nil && s3 == nil {
		return nil, errors.New("making the gateway: Authenticate, Trail, Origin, Directory, Policies and S3, or an Upstream of s3, are required")
	}
	if c.Classifier != nil && (c.Roles == nil || c.Attributes == nil) {
		return nil, errors.New("making the gateway: a Classifier needs Roles and Attributes")
	}
	if c.AccountHeader == "" {
		c.AccountHeader = "X-Openirsa-Account"
	}
	if c.Partition == "" {
		c.Partition = "aws"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.UploadPatience, c.DownloadPatience = cmp.Or(c.UploadPatience, uploadPatience), cmp.Or(c.DownloadPatience, clientTime)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{c: c, s3: embeddedS3{c.S3, c.AccountHeader}, bodies: &bodyMemory{limit: cmp.Or(c.BodyMemory, defaultBodyMemory)}}
	if s3 != nil {
		g.s3 = upstreamS3{s3}
	}
	return g, nil
}

// ServeHTTP answers requests whose credential scope names S3, and unsigned ones, as S3; others as their service.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := g.c.Origin(r)
	path, query, _ := strings.Cut(r.RequestURI, "?")
	claimed := &sigv4.Request{Method: r.Method, Path: path, RawQuery: query, Host: r.Host, Header: r.Header}
	authorization, parseErr := g.authorization(r, claimed)
	if parseErr == nil && authorization.Scope.Service != "s3" {
		g.serveService(w, r, origin, claimed, authorization)
		return
	}
	g.serveS3(w, r, origin, claimed, authorization, parseErr)
}

func (g *Gateway) authorization(r *http.Request, claimed *sigv4.Request) (*sigv4.Authorization, error) {
	if g.c.Authorization != nil {
		return g.c.Authorization(r)
	}
	return sigv4.Parse(claimed)
}
