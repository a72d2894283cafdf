// Command exchange measures AssumeRoleWithWebIdentity over HTTP on loopback: the requests per second, the latency and the server's
// CPU time of `irsa up` with its trail on, and of MinIO beside it where bench/peers has built one. Both get the same tokens, from
// the same clients, in turns, so that what else the machine does hits both.
//
// It owns the load and the comparison, and imports nothing of the product: the built binary runs as a child process with the
// settings that it has by default, and so does the peer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options of one measurement.
type options struct {
	irsa     string // path of the binary
	minio    string // path of the peer's; "" or absent: measure ours alone
	clients  int
	requests int           // of one run, at most
	limit    time.Duration // of one run, at most
	rounds   int
	atLeast  float64 // the ratio to the peer under which the exit code is 1; 0: any
}

func main() {
	cache, _ := os.UserCacheDir() // "" finds no peer, which is reported
	var o options
	flag.StringVar(&o.irsa, "irsa", "../irsa", "path of the irsa binary")
	flag.StringVar(&o.minio, "minio", filepath.Join(cache, "openirsa", "peers", "minio"), "path of the peer's binary, which bench/peers builds; without it only irsa is measured")
	flag.IntVar(&o.clients, "clients", 16, "connections, each with one request in flight")
	flag.IntVar(&o.requests, "requests", 10_000, "requests of one run, at most")
	flag.DurationVar(&o.limit, "limit", 10*time.Second, "time of one run, at most")
	flag.IntVar(&o.rounds, "rounds", 3, "runs of each workload; the median is reported")
	flag.Float64Var(&o.atLeast, "at-least", 0, "exit with 1 if any ratio to the peer is below this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run starts the servers, measures every workload on each in turns, and prints the report.
func run(ctx context.Context, o options) (err error) {
	if o.clients < 1 || o.requests < 1 || o.rounds < 1 {
		return errors.New("-clients, -requests and -rounds must be positive")
	}
	folder, err := os.MkdirTemp("", "irsa-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(folder)
	s, err := newSigner()
	if err != nil {
		return err
	}
	servers, err := start(ctx, o, folder, s)
	defer func() {
		for _, server := range servers {
			err = errors.Join(err, server.stop())
		}
	}()
	if err != nil {
		return err
	}
	r := newReport(servers)
	for _, w := range workloads {
		if err := compare(ctx, w, servers, s, o, r); err != nil {
			return err
		}
	}
	r.print(os.Stdout, o)
	if worst, ok := r.worstRatio(); ok && worst < o.atLeast {
		return fmt.Errorf("irsa answers %.1f times what the peer answers; at least %.1f is the goal", worst, o.atLeast)
	}
	return nil
}

// compare runs one workload on every server in turns, with the same tokens.
func compare(ctx context.Context, w workload, servers []*server, s *signer, o options, r *report) error {
	for range o.rounds {
		tokens, err := s.tokens(min(w.tokens, o.requests))
		if err != nil {
			return err
		}
		requests := o.requests
		if w.once {
			requests = len(tokens)
		}
		for _, server := range servers {
			m, err := measure(ctx, server, tokens, load{clients: o.clients, requests: requests, limit: o.limit})
			if err != nil {
				return fmt.Errorf("%s, %s: %w", server.name, w.name, err)
			}
			r.add(w, server, m)
		}
	}
	return nil
}

// start returns the servers that run, also when it fails: they are to be stopped.
func start(ctx context.Context, o options, folder string, s *signer) ([]*server, error) {
	ours, err := startIRSA(ctx, o.irsa, filepath.Join(folder, "irsa"), s)
	if err != nil {
		return nil, fmt.Errorf("starting irsa: %w", err)
	}
	servers := []*server{ours}
	if _, err := os.Stat(o.minio); err != nil {
		fmt.Fprintln(os.Stderr, "no peer to compare with: run bench/peers first")
		return servers, nil
	}
	peer, err := startMinIO(ctx, o.minio, filepath.Join(folder, "minio"), s)
	if err != nil {
		return servers, fmt.Errorf("starting the peer: %w", err)
	}
	return append(servers, peer), nil
}

// workload says how often a token comes back, which decides how much a cache of verified tokens helps.
type workload struct {
	name   string
	tokens int
	once   bool // each token is sent once, instead of in turns until the run ends
}

var workloads = []workload{
	{name: "one token", tokens: 1},
	{name: "1,000 tokens in turn", tokens: 1000},
	{name: "a new token each time", tokens: 5000, once: true},
}
