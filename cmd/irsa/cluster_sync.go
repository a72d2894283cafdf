package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/kube"
)

// How cluster sync paces itself.
const (
	minSyncInterval = 5 * time.Second
	repush          = 5 * time.Minute // keys that have not changed are pushed this often, so that the plane knows that somebody looks
	pollPause       = time.Second     // after a poll for reviews that failed
	reviewsAtOnce   = 16
	reviewTime      = 3 * time.Second  // for one TokenReview: the exchange waits little longer
	pollTime        = 30 * time.Second // after which a poll is lost: the plane answers within sts.ReviewPoll, unless its machine is gone
)

func newClusterSyncCommand(o *clusterOptions) *cobra.Command {
	var interval time.Duration
	var once bool
	var ops string
	command := &cobra.Command{
		Use:   "sync NAME",
		Short: "Keep a registered cluster's keys current; runs in the cluster",
		Long: `sync reads the keys that the cluster publishes every interval, and pushes them to the plane when they have changed: while the cluster publishes an
old key beside the new one, so does the plane. While the API server does not answer, the plane keeps what it has. It runs in the cluster, with the pod's
own service account, or elsewhere with a kubeconfig; its credentials are those of the SDK's standard chain, in a pod the role of its service account, which
needs openirsa:SyncCluster on the cluster, and for a cluster with token review openirsa:ReceiveTokenReviews and openirsa:CompleteTokenReviews.

For a cluster that was registered with --token-review it also asks the API server about the tokens that the plane is to exchange.

With --ops, /livez answers on that address, and /readyz once the plane has the cluster's keys.`,
		Example: `  irsa cluster sync prod
  irsa cluster sync prod --once --kubeconfig ~/.kube/prod`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if interval < minSyncInterval {
				return failure("Usage", fmt.Errorf("the interval %s is too short", interval), "at least "+minSyncInterval.String())
			}
			return o.sync(command.Context(), arguments[0], interval, once, ops)
		},
	}
	o.kubeFlags(command)
	o.regionFlag(command)
	command.Flags().DurationVar(&interval, "interval", time.Minute, "how often the cluster's keys are looked at")
	command.Flags().BoolVar(&once, "once", false, "push the keys once and end")
	command.Flags().StringVar(&ops, "ops", "", "address of the health port (default none)")
	return command
}

// syncer is one run of cluster sync.
type syncer struct {
	name   string
	kube   *kube.Client
	cloud  *cloud.Client
	logger *slog.Logger

	pollTime time.Duration

	pushed  []byte // the keys that the plane took last
	version string
	at      time.Time
	synced  atomic.Bool // the plane took keys
	reviews func()      // ends the polls for reviews; nil: none run
	polls   sync.WaitGroup
}

func (o *clusterOptions) sync(ctx context.Context, name string, interval time.Duration, once bool, ops string) error {
	client, err := kube.New(o.kube)
	if err != nil {
		return failure("Kubeconfig", err, "name a kubeconfig with --kubeconfig, or run in a pod")
	}
	plane, err := o.cloud(ctx)
	if err != nil {
		return err
	}
	s := &syncer{name: name, kube: client, cloud: plane, pollTime: pollTime, logger: slog.New(slog.NewTextHandler(o.env.stderr, nil))}
	if *o.output == outputJSON {
		s.logger = slog.New(slog.NewJSONHandler(o.env.stderr, nil))
	}
	if once {
		return o.syncOnce(ctx, plane, name)
	}
	if ops != "" {
		listener, err := listen(ops, "--ops")
		if err != nil {
			return err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		var health sync.WaitGroup
		defer health.Wait()
		defer cancel()
		health.Go(func() {
			defer cancel() // without its health port it would be taken for dead anyway
			if err := serve(ctx, s.logger, drain{}, service{name: "ops", listener: listener, handler: s.health()}); err != nil {
				s.logger.Error("the health port ended", "error", err)
			}
		})
	}
	defer s.stopReviews()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		s.step(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// syncOnce pushes the keys and says so.
func (o *clusterOptions) syncOnce(ctx context.Context, plane *cloud.Client, name string) error {
	_, found, err := o.readCluster(ctx)
	if err != nil {
		return err
	}
	if _, err := plane.SyncCluster(ctx, name, found.UID, found.Version, found.KeySet); err != nil {
		return err
	}
	if *o.output == outputJSON {
		return printJSON(o.env, registeredJSON{Name: name, Issuer: found.Issuer, KeyIDs: found.KeyIDs, UID: found.UID, Version: found.Version})
	}
	fmt.Fprintf(o.env.stdout, "pushed    %d keys of %s\n", len(found.KeyIDs), printable(found.Issuer))
	return nil
}

// health serves whether it runs, and whether the plane has the cluster's keys.
func (s *syncer) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.synced.Load() {
			plain(w, http.StatusServiceUnavailable, "the plane has not taken the cluster's keys yet")
			return
		}
		plain(w, http.StatusOK, "ok")
	})
	return mux
}

// step looks at the cluster's keys once, and pushes them if it is time to.
func (s *syncer) step(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	found, err := s.kube.Cluster(limited)
	if err != nil {
		s.complain(ctx, "the cluster does not answer; the plane keeps the keys that it has", err)
		return
	}
	if bytes.Equal(found.KeySet, s.pushed) && found.Version == s.version && time.Since(s.at) < repush {
		return
	}
	registered, err := s.cloud.SyncCluster(limited, s.name, found.UID, found.Version, found.KeySet)
	if err != nil {
		s.complain(ctx, "the plane did not take the keys", err)
		return
	}
	if !bytes.Equal(found.KeySet, s.pushed) {
		s.logger.Info("pushed keys", "cluster", s.name, "keys", found.KeyIDs)
	}
	if registered.Issuer != "" && registered.Issuer != found.Issuer { // a plane of before does not tell it
		s.logger.Warn("the cluster signs for another issuer than it is registered with, whose tokens are not exchanged: remove and register it",
			"cluster", s.name, "issuer", found.Issuer, "registered", registered.Issuer)
	}
	s.synced.Store(true)
	s.pushed, s.version, s.at = found.KeySet, found.Version, time.Now()
	switch {
	case registered.TokenReview && s.reviews == nil:
		polling, cancel := context.WithCancel(ctx)
		s.reviews = cancel
		s.polls.Go(func() { s.review(polling, found.UID) })
	case !registered.TokenReview:
		s.stopReviews()
	}
}

func (s *syncer) complain(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.logger.Warn(what, "cluster", s.name, "error", err)
	}
}

func (s *syncer) stopReviews() {
	if s.reviews != nil {
		s.reviews()
		s.reviews = nil
		s.polls.Wait()
	}
}

// review holds a poll at the plane, and answers what it brings while the next one waits.
func (s *syncer) review(ctx context.Context, uid string) {
	s.logger.Info("answering token reviews", "cluster", s.name)
	slots := make(chan struct{}, reviewsAtOnce)
	var answers sync.WaitGroup
	defer answers.Wait()
	for ctx.Err() == nil {
		began := time.Now()
		received, err := s.poll(ctx, uid)
		if err != nil {
			s.complain(ctx, "polling for token reviews failed", err)
		}
		if err != nil || len(received) == 0 && time.Since(began) < pollPause { // a plane that is about to end holds no polls
			select {
			case <-ctx.Done():
			case <-time.After(pollPause):
			}
			continue
		}
		for _, one := range received {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			answers.Go(func() {
				defer func() { <-slots }()
				s.answer(ctx, uid, one)
			})
		}
	}
}

// poll waits for tokens to review, and not for a plane whose machine is gone: nothing would say so for minutes.
func (s *syncer) poll(ctx context.Context, uid string) ([]cloud.TokenReview, error) {
	ctx, cancel := context.WithTimeout(ctx, s.pollTime)
	defer cancel()
	return s.cloud.ReceiveTokenReviews(ctx, s.name, uid)
}

// answer asks the API server about one token and tells the plane. Without an answer it says nothing: the plane then refuses, and the pod tries again.
func (s *syncer) answer(ctx context.Context, uid string, one cloud.TokenReview) {
	ctx, cancel := context.WithTimeout(ctx, reviewTime)
	defer cancel()
	good, err := s.kube.ReviewToken(ctx, one.Token, one.Audiences, one.ID)
	if err == nil {
		err = s.cloud.CompleteTokenReviews(ctx, s.name, uid, []cloud.TokenReviewResult{{ID: one.ID, Authenticated: good}})
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		s.logger.Warn("a token review was not answered", "cluster", s.name, "error", err)
	}
}
