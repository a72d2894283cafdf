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

	"github.com/openirsa/openirsa/bench/load"
	"github.com/openirsa/openirsa/bench/servers"
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
	signer, err := servers.NewSigner()
	if err != nil {
		return err
	}
	compared, err := start(ctx, o, folder, signer)
	defer func() {
		for _, server := range compared {
			err = errors.Join(err, server.Stop())
		}
	}()
	if err != nil {
		return err
	}
	r := newReport(compared)
	for _, w := range workloads {
		if err := compare(ctx, w, compared, signer, o, r); err != nil {
			return err
		}
	}
	r.print(os.Stdout, o)
	if worst, ok := r.worstRatio(); ok && worst < o.atLeast {
		return fmt.Errorf("irsa answers %.1f times what the peer answers; at least %.1f is the goal", worst, o.atLeast)
	}
	return nil
}

// warmUp is how many exchanges go before a run with one token. A run with more begins cold: there the first use of a token is
// what is measured.
const warmUp = 64

// compare runs one workload on every server in turns, with the same tokens.
func compare(ctx context.Context, w workload, compared []*servers.Server, signer *servers.Signer, o options, r *report) error {
	for range o.rounds {
		tokens, err := signer.Tokens(min(w.tokens, o.requests))
		if err != nil {
			return err
		}
		l := load.Load{Clients: o.clients, Requests: o.requests, Limit: o.limit, Want: load.Want{Length: -1, Contains: []byte("<SessionToken>")}}
		if w.once {
			l.Requests = len(tokens)
		}
		if w.tokens == 1 {
			l.WarmUp = warmUp
		}
		for _, server := range compared {
			m, err := load.Measure(ctx, server, requests(server, tokens), l)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", server.Name, w.name, err)
			}
			r.add(w, server, m)
		}
	}
	return nil
}

// requests are whole HTTP requests, each for the exchange of one token.
func requests(s *servers.Server, tokens []string) []load.Request {
	made := make([]load.Request, len(tokens))
	for i, token := range tokens {
		form := s.Form(token)
		made[i] = load.Request{fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nUser-Agent: irsa-bench\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", s.Address, len(form), form)}
	}
	return made
}

// start returns the servers that run, also when it fails: they are to be stopped.
func start(ctx context.Context, o options, folder string, signer *servers.Signer) ([]*servers.Server, error) {
	ours, err := servers.IRSA{Name: "irsa", Binary: o.irsa, Folder: filepath.Join(folder, "irsa"), Actions: []string{"s3:GetObject"}}.Start(ctx, signer)
	if err != nil {
		return nil, fmt.Errorf("starting irsa: %w", err)
	}
	running := []*servers.Server{ours}
	if _, err := os.Stat(o.minio); err != nil {
		fmt.Fprintln(os.Stderr, "no peer to compare with: run bench/peers first")
		return running, nil
	}
	peer, err := servers.StartMinIO(ctx, o.minio, filepath.Join(folder, "minio"), signer)
	if err != nil {
		return running, fmt.Errorf("starting the peer: %w", err)
	}
	return append(running, peer), nil
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
