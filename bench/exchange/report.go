package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/openirsa/openirsa/bench/load"
	"github.com/openirsa/openirsa/bench/servers"
)

// report collects the measurements of every workload and server.
type report struct {
	compared []*servers.Server
	runs     map[cell][]load.Measurement
}

type cell struct{ workload, server string }

func newReport(compared []*servers.Server) *report {
	return &report{compared: compared, runs: map[cell][]load.Measurement{}}
}

func (r *report) add(w workload, s *servers.Server, m load.Measurement) {
	c := cell{w.name, s.Name}
	r.runs[c] = append(r.runs[c], m)
}

// median is the run of median rate; the slower of the middle two.
func median(runs []load.Measurement) load.Measurement {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b load.Measurement) int { return cmp.Compare(a.Rate(), b.Rate()) })
	return sorted[(len(sorted)-1)/2]
}

// ratio is how many times the second server's rate the first one's is.
func (r *report) ratio(w workload) (float64, bool) {
	if len(r.compared) < 2 {
		return 0, false
	}
	ours, theirs := r.runs[cell{w.name, r.compared[0].Name}], r.runs[cell{w.name, r.compared[1].Name}]
	return median(ours).Rate() / median(theirs).Rate(), true
}

func (r *report) worstRatio() (worst float64, ok bool) {
	for _, w := range workloads {
		if ratio, known := r.ratio(w); known && (!ok || ratio < worst) {
			worst, ok = ratio, true
		}
	}
	return worst, ok
}

// print writes a Markdown table, which docs/performance.md takes as it is.
func (r *report) print(out io.Writer, o options) {
	fmt.Fprintf(out, "AssumeRoleWithWebIdentity over HTTP/1.1 on loopback, %d connections, %d cores (%s/%s), median of %d runs.\n\n",
		o.clients, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.rounds)
	fmt.Fprintln(out, "| workload | server | exchanges/s | slowest – fastest run | median | p99 | server CPU per exchange | load's share of CPU | ratio |")
	fmt.Fprintln(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|")
	for _, w := range workloads {
		for i, s := range r.compared {
			runs := r.runs[cell{w.name, s.Name}]
			m := median(runs)
			rates := make([]float64, len(runs))
			for i, run := range runs {
				rates[i] = run.Rate()
			}
			ratio := ""
			if value, ok := r.ratio(w); ok && i == 0 {
				ratio = fmt.Sprintf("**%.1f**", value)
			}
			fmt.Fprintf(out, "| %s | %s | %.0f | %.0f – %.0f | %s | %s | %s | %s | %s |\n", w.name, s.Name, m.Rate(), slices.Min(rates), slices.Max(rates),
				milliseconds(m.Median), milliseconds(m.P99), perRequest(m), share(m), ratio)
		}
	}
	fmt.Fprintln(out)
	for _, s := range r.compared {
		fmt.Fprintf(out, "%s was ready %s after its start on an empty folder.\n", s.Name, milliseconds(s.Ready))
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func perRequest(m load.Measurement) string {
	if m.ServerCPU == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d µs", m.CPU().Microseconds())
}

// share is the load generator's part of what both used.
func share(m load.Measurement) string {
	if m.ServerCPU == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %%", 100*m.Share())
}
