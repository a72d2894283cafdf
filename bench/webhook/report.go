package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/openirsa/openirsa/bench/load"
)

// What is known of amazon-eks-pod-identity-webhook, measured over one HTTPS connection against such a stub on a machine of two cores, and
// what ours shall do on the same work. Machines differ: where -peer names a binary, the ratio is to that one in the same run.
const (
	peerRate   = 1_780.0 // reviews/s: 1,700 to 1,860
	wantRatio  = 3.0
	wantP99    = 700 * time.Microsecond
	wantBytes  = 400 // held for one service account
	wantReady  = 3 * time.Second
	plainPod   = 1 // containers of the pod that rate and latency are judged by
	ours, peer = "irsa", "peer"
)

// cell names one measurement; no containers: what concerns the process alone.
type cell struct {
	server               string
	accounts, containers int
}

// start is how a process came up.
type start struct {
	ready         time.Duration
	memory, after int64 // resident when it was ready, and at the end
}

// report collects the measurements.
type report struct {
	order  []cell
	runs   map[cell][]load.Measurement
	starts map[cell][]start
}

func (r *report) add(c cell, m load.Measurement) {
	if r.runs[c] == nil {
		r.order = append(r.order, c)
	}
	r.runs[c] = append(r.runs[c], m)
}

// median is the run of median rate; the slower of the middle two.
func (r *report) median(c cell) load.Measurement {
	sorted := slices.SortedFunc(slices.Values(r.runs[c]), func(a, b load.Measurement) int { return cmp.Compare(a.Rate(), b.Rate()) })
	if len(sorted) == 0 {
		return load.Measurement{}
	}
	return sorted[(len(sorted)-1)/2]
}

// started is the start of median time; the slower of the middle two.
func (r *report) started(server string, accounts int) start {
	sorted := slices.SortedFunc(slices.Values(r.starts[cell{server, accounts, 0}]), func(a, b start) int { return cmp.Compare(a.ready, b.ready) })
	if len(sorted) == 0 {
		return start{}
	}
	return sorted[len(sorted)/2]
}

// print writes a Markdown table, which docs/performance.md takes as it is.
func (r *report) print(out io.Writer, o options) {
	fmt.Fprintf(out, "AdmissionReviews over HTTPS on loopback, %d connection(s), %d cores (%s/%s), median of %d runs.\n\n",
		o.clients, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.rounds)
	fmt.Fprintln(out, "| server | accounts | containers | reviews/s | median | p99 | server CPU per review | ready after | resident when ready | resident at the end |")
	fmt.Fprintln(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, c := range r.order {
		m, s := r.median(c), r.started(c.server, c.accounts)
		fmt.Fprintf(out, "| %s | %d | %d | %.0f | %.2f ms | %.2f ms | %.0f µs | %.2f s | %.0f MB | %.0f MB |\n", c.server, c.accounts, c.containers, m.Rate(),
			milliseconds(m.Median), milliseconds(m.P99), float64(m.CPU().Nanoseconds())/1e3, s.ready.Seconds(), megabytes(s.memory), megabytes(s.after))
	}
	fmt.Fprintln(out)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func megabytes(bytes int64) float64        { return float64(bytes) / 1e6 }

// judge says of each goal whether it is met.
func (r *report) judge(out io.Writer, withPeer bool) (missed bool) {
	say := func(met bool, format string, arguments ...any) {
		word := "met   "
		if !met {
			word, missed = "MISSED", true
		}
		fmt.Fprintf(out, "%s  %s\n", word, fmt.Sprintf(format, arguments...))
	}
	few, many := accountNumbers[0], accountNumbers[len(accountNumbers)-1]
	for _, accounts := range accountNumbers {
		m := r.median(cell{ours, accounts, plainPod})
		rate, whose := peerRate, "the rate that is known of the peer"
		if withPeer {
			rate, whose = r.median(cell{peer, accounts, plainPod}).Rate(), "the peer's rate"
		}
		say(m.Rate() >= wantRatio*rate, "%d accounts: %.1f times %s, of at least %.0f", accounts, m.Rate()/rate, whose, wantRatio)
		say(m.P99 < wantP99, "%d accounts: p99 of %.2f ms, of less than %.1f", accounts, milliseconds(m.P99), milliseconds(wantP99))
	}
	each := (r.started(ours, many).memory - r.started(ours, few).memory) / int64(many-few)
	say(each > 0 && each <= wantBytes, "%d bytes resident for one service account, of at most %d", each, wantBytes)
	ready := r.started(ours, many).ready
	say(ready < wantReady, "ready with %d accounts in %.2f s, of less than %.0f", many, ready.Seconds(), wantReady.Seconds())
	return missed
}
