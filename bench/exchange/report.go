package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// report collects the measurements of every workload and server.
type report struct {
	servers []*server
	runs    map[cell][]measurement
}

type cell struct{ workload, server string }

func newReport(servers []*server) *report {
	return &report{servers: servers, runs: map[cell][]measurement{}}
}

func (r *report) add(w workload, s *server, m measurement) {
	c := cell{w.name, s.name}
	r.runs[c] = append(r.runs[c], m)
}

// median is the run of median rate; the slower of the middle two.
func median(runs []measurement) measurement {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b measurement) int { return cmp.Compare(a.rate(), b.rate()) })
	return sorted[(len(sorted)-1)/2]
}

// ratio is how many times the second server's rate the first one's is.
func (r *report) ratio(w workload) (float64, bool) {
	if len(r.servers) < 2 {
		return 0, false
	}
	ours, theirs := r.runs[cell{w.name, r.servers[0].name}], r.runs[cell{w.name, r.servers[1].name}]
	return median(ours).rate() / median(theirs).rate(), true
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
		for i, s := range r.servers {
			runs := r.runs[cell{w.name, s.name}]
			m := median(runs)
			rates := make([]float64, len(runs))
			for i, run := range runs {
				rates[i] = run.rate()
			}
			ratio := ""
			if value, ok := r.ratio(w); ok && i == 0 {
				ratio = fmt.Sprintf("**%.1f**", value)
			}
			fmt.Fprintf(out, "| %s | %s | %.0f | %.0f – %.0f | %s | %s | %s | %s | %s |\n", w.name, s.name, m.rate(), slices.Min(rates), slices.Max(rates),
				milliseconds(m.median), milliseconds(m.p99), perRequest(m), share(m), ratio)
		}
	}
	fmt.Fprintln(out)
	for _, s := range r.servers {
		fmt.Fprintf(out, "%s was ready %s after its start on an empty folder.\n", s.name, milliseconds(s.ready))
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func perRequest(m measurement) string {
	if m.serverCPU == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d µs", (m.serverCPU / time.Duration(m.requests)).Microseconds())
}

// share is the load generator's part of what both used.
func share(m measurement) string {
	if m.serverCPU == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %%", 100*m.ownCPU.Seconds()/(m.ownCPU+m.serverCPU).Seconds())
}
