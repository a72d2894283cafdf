// Package demo is the narrated walk along the whole IRSA path: a plane of its own, a real AWS SDK in front of it, and for each step
// what was sent, what was answered, and who decided by which statement. Then it breaks the path in the six ways that are common
// and shows, beside the answer that the SDK saw, the reason that only the plane tells.
//
// It owns the story and its form. It decides nothing and mocks nothing: every line that it prints comes from an answer or from
// the trail, and it fails when an answer is not the one that the story needs.
package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/trail"
)

// Plane is a running plane, as the demo's caller started it.
type Plane struct {
	Endpoint  string
	Account   string
	IssuerURL string
	Root      cloud.Credentials
	// Mint has the embedded issuer sign a service account's token.
	Mint func(context.Context, Token) (string, error)
	// Close drains the plane and releases its folder.
	Close func() error
}

// Token describes a service account's token.
type Token struct {
	Namespace, ServiceAccount string
	Audience                  string
	ExpiresIn                 time.Duration
}

// Config of a walk.
type Config struct {
	Out    io.Writer
	Color  bool   // terminal escape codes
	Folder string // empty and private; the walk keeps the pod's token file there
	// Start starts the plane in the folder.
	Start func(ctx context.Context, folder string) (*Plane, error)
	Now   func() time.Time // nil: time.Now
}

// Names of the story: one service account in one namespace may reach one prefix of one bucket.
const (
	namespace      = "shop"
	serviceAccount = "app"
	roleName       = "shop-app"
	sessionName    = "app-7c9d"
	bucket         = "shop-data"
	audience       = "sts.amazonaws.com"
	region         = "us-east-1"
)

// walk is one run's state, filled in step by step.
type walk struct {
	*printer
	config  Config
	plane   *Plane
	admin   *cloud.Client // the account's root
	nobody  *cloud.Client // for the unsigned exchange
	pod     *cloud.Client // the pod's SDK
	trust   string
	grants  string
	roleARN string
	token   string
	denials int
}

// step is one numbered part of the story.
type step struct {
	title string
	run   func(*walk, context.Context) error
}

// Run walks the path. It returns an error if any step came out otherwise than it must; what it printed until then stands.
func Run(ctx context.Context, c Config) (err error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	began := c.Now()
	w := &walk{printer: &printer{out: c.Out, color: c.Color, now: c.Now}, config: c}
	defer func() {
		if w.plane != nil {
			if closeErr := w.plane.Close(); err == nil && closeErr != nil {
				err = fmt.Errorf("stopping the plane: %w", closeErr)
			}
		}
	}()
	w.headline("OpenIRSA: a pod's token becomes AWS credentials, and every call is decided")
	w.text("Everything below is real: a plane on loopback ports, the AWS SDK for Go, signed tokens and requests.")
	for i, s := range append(path(), breakages()...) {
		if i == len(path()) {
			w.headline("Six ways it commonly breaks")
			w.text("AWS answers a short sentence. The reason under it is OpenIRSA's, for the operator alone.")
		}
		w.begin(i+1, s.title)
		if err := s.run(w, ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s.title, err)
		}
	}
	w.closing(w.config.Now().Sub(began))
	return w.err
}

// connect makes the clients once the plane runs.
func (w *walk) connect(ctx context.Context) (err error) {
	if w.admin, err = cloud.New(ctx, cloud.Config{Endpoint: w.plane.Endpoint, Region: region, Credentials: w.plane.Root, MaxAttempts: 1}); err != nil {
		return err
	}
	w.nobody, err = cloud.New(ctx, cloud.Config{Endpoint: w.plane.Endpoint, Region: region, MaxAttempts: 1})
	return err
}

// podClient is an SDK configured as the admission webhook configures a pod's: a role's ARN and a token file.
func (w *walk) podClient(ctx context.Context, token string) (*cloud.Client, error) {
	file := filepath.Join(w.config.Folder, "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		return nil, fmt.Errorf("writing the pod's token: %w", err)
	}
	return cloud.New(ctx, cloud.Config{Endpoint: w.plane.Endpoint, Region: region, MaxAttempts: 1,
		WebIdentity: cloud.WebIdentity{RoleARN: w.roleARN, TokenFile: file, SessionName: sessionName}})
}

// event finds what the trail holds about a request. The newest event of a request is its outcome.
func (w *walk) event(ctx context.Context, requestID string) (trail.Event, error) {
	events, err := w.admin.Events(ctx, requestID)
	if err != nil {
		return trail.Event{}, fmt.Errorf("asking the trail about request %s: %w", requestID, err)
	}
	if len(events) == 0 {
		return trail.Event{}, fmt.Errorf("the trail has no event of request %s", requestID)
	}
	return events[0], nil
}

// closing says that it went well, and where to go from here.
func (w *walk) closing(elapsed time.Duration) {
	w.headline(fmt.Sprintf("Every step came out as it must: %d steps, %d of them refusals, in %s", len(path())+len(breakages()), w.denials, seconds(elapsed)))
	w.text("What next")
	w.command("irsa up", "keep such a plane for any AWS SDK")
	w.command("irsa token --namespace shop --service-account app", "mint tokens from its issuer")
	w.command("irsa events --request ID", "ask why a request was answered as it was")
	w.command("irsa simulate < cases.ndjson", "the same engine, without a server")
}
