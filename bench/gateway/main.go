// Command gateway measures what it costs to have every request authenticated and authorized: `irsa up` before a plain backend,
// beside Go's httputil.ReverseProxy before the same backend, which only passes on, and the backend alone. Beside them, for small
// objects, the embedded S3 of `irsa up`, and MinIO where bench/peers has built one. All are child processes, and are measured in
// turns, so that what else the machine does hits all.
//
// The requests carry a session's credentials and are signed beforehand, thousands of different ones. The backend and the proxy are sent
// the same, and look at no signature.
//
// It owns the backend, the proxy, the requests and the comparison. It imports nothing of the product.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options of one measurement.
type options struct {
	irsa     string // path of the binary
	minio    string // path of the peer's; absent: nothing beside
	clients  []int  // connections, each with one request in flight
	requests int    // for a small object in one run, at most
	limit    time.Duration
	rounds   int
	only     string // what a workload's name must hold
	strict   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		err = runChild(ctx, os.Args[2:])
	} else {
		err = run(ctx, parseOptions())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func parseOptions() options {
	cache, _ := os.UserCacheDir() // "" finds no peer, which is reported
	o := options{clients: []int{16, 256}}
	flag.StringVar(&o.irsa, "irsa", "../irsa", "path of the irsa binary")
	minio := filepath.Join(cache, "openirsa", "peers", "minio")
	flag.StringVar(&o.minio, "minio", minio, "path of the peer's binary, which bench/peers builds; without it nothing stands beside")
	flag.Func("clients", "connections, each with one request in flight; several with commas (default 16,256)", func(text string) (err error) {
		o.clients, err = parseNumbers(text)
		return err
	})
	flag.IntVar(&o.requests, "requests", 20_000, "requests for a small object in one run, at most; of 1 MiB a tenth as many")
	flag.DurationVar(&o.limit, "limit", 5*time.Second, "time of one run until its last request begins")
	flag.IntVar(&o.rounds, "rounds", 3, "runs of each workload; medians are reported")
	flag.StringVar(&o.only, "only", "", `measure only workloads whose name holds this, as "GET 1 KiB"`)
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 if a goal is missed")
	flag.Parse()
	return o
}

func parseNumbers(text string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(field)
		if err != nil || number < 1 {
			return nil, fmt.Errorf("%q is not a positive number", field)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// run starts the servers, measures every workload on each in turns, and prints the report.
func run(ctx context.Context, o options) (err error) {
	if o.requests < 1 || o.rounds < 1 {
		return errors.New("-requests and -rounds must be positive")
	}
	folder, err := os.MkdirTemp("", "irsa-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(folder)
	content := newPattern()
	field, err := start(ctx, o, folder, content)
	defer func() {
		for _, c := range field {
			err = errors.Join(err, c.Stop())
		}
	}()
	if err != nil {
		return err
	}
	r, err := match{o, field, content}.measure(ctx)
	if err != nil {
		return err
	}
	r.print(os.Stdout, o)
	if missed := r.printGoals(os.Stdout); missed > 0 && o.strict {
		return fmt.Errorf("%d goals are missed", missed)
	}
	return nil
}
