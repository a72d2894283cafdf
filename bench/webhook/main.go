// Command webhook measures the admission webhook: reviews per second over one HTTPS connection, their latency, the server's processor time
// and memory, and how long it takes to be ready, with few and with many service accounts, and pods of few and of many containers. The
// cluster's API server is a stub that lists the accounts; no pod is created.
//
// It owns the load and the comparison, and imports nothing of the product: `irsa webhook` runs as a child process. It has the flags of
// amazon-eks-pod-identity-webhook, so that one runs beside it with the same flags where -peer names its binary.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openirsa/openirsa/bench/load"
)

// options of one measurement.
type options struct {
	irsa, peer string // paths of binaries; no peer: ours alone
	clients    int
	requests   int           // of one run, at most
	limit      time.Duration // of one run, at most
	rounds     int
	strict     bool
}

// What is measured: numbers of service accounts, and of containers in a pod.
var (
	accountNumbers   = []int{1_000, 100_000}
	containerNumbers = []int{1, 10, 50}
)

func main() {
	var o options
	flag.StringVar(&o.irsa, "irsa", "../irsa", "path of the irsa binary")
	flag.StringVar(&o.peer, "peer", "", "path of a binary of amazon-eks-pod-identity-webhook; without it the figures that are known of it are judged by")
	flag.IntVar(&o.clients, "clients", 1, "HTTPS connections, each with one review in flight")
	flag.IntVar(&o.requests, "requests", 20_000, "reviews of one run, at most")
	flag.DurationVar(&o.limit, "limit", 5*time.Second, "time of one run, at most")
	flag.IntVar(&o.rounds, "rounds", 3, "runs of each workload; the median is reported")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a goal is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.clients < 1 || o.requests < 1 || o.rounds < 1 {
		return errors.New("-clients, -requests and -rounds must be positive")
	}
	folder, err := os.MkdirTemp("", "irsa-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(folder)
	pair, err := writeCertificate(folder)
	if err != nil {
		return err
	}
	contestants := []contestant{{name: "irsa", binary: o.irsa, arguments: []string{"webhook"}, ours: true}}
	if o.peer != "" {
		contestants = append(contestants, contestant{name: "peer", binary: o.peer})
	}
	r := &report{runs: map[cell][]load.Measurement{}, starts: map[cell][]start{}}
	for _, accounts := range accountNumbers {
		cluster := newAPIServer(accounts)
		for range o.rounds { // in turns, so that what else the machine does falls on all of them
			for _, c := range contestants {
				if err := measure(ctx, c, cluster, pair, o, r); err != nil {
					cluster.Close()
					return err
				}
			}
		}
		cluster.CloseClientConnections() // watches never end by themselves
		cluster.Close()
	}
	r.print(os.Stdout, o)
	if missed := r.judge(os.Stdout, len(contestants) > 1); missed && o.strict {
		return errors.New("a goal is missed")
	}
	return nil
}

// measure starts one contestant on a cluster, where it is alone, and runs every workload on it once.
func measure(ctx context.Context, c contestant, cluster *apiServer, pair certificatePair, o options, r *report) (err error) {
	server, err := c.start(ctx, cluster, pair)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	accounts := len(cluster.accounts)
	began := start{ready: server.Ready, memory: server.Memory()}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pair.certificate)
	for _, containers := range containerNumbers {
		requests, err := reviews(server.Address, min(o.requests, 2_000), accounts, containers)
		if err != nil {
			return err
		}
		m, err := load.Measure(ctx, server, requests, load.Load{
			Clients: o.clients, Requests: o.requests, Limit: o.limit, WarmUp: 200,
			// A patch in base64 is there only if something was injected.
			Want: load.Want{Length: -1, Contains: []byte(`"patch":"`)},
			TLS:  &tls.Config{RootCAs: roots, ServerName: "localhost"},
		})
		if err != nil {
			return fmt.Errorf("%s with %d accounts and %d containers: %w", c.name, accounts, containers, err)
		}
		r.add(cell{c.name, accounts, containers}, m)
	}
	began.after = server.Memory()
	at := cell{c.name, accounts, 0}
	r.starts[at] = append(r.starts[at], began)
	return nil
}
