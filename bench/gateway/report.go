package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/bench/load"
)

// cell names one measurement.
type cell struct {
	workload string
	clients  int
	server   string
}

// report collects the measurements, round by round.
type report struct {
	order []cell
	runs  map[cell][]load.Measurement
}

func newReport() *report { return &report{runs: map[cell][]load.Measurement{}} }

func (r *report) add(c cell, m load.Measurement) {
	if r.runs[c] == nil {
		r.order = append(r.order, c)
	}
	r.runs[c] = append(r.runs[c], m)
}

// median is the middle one, and the lower of the middle two; 0 of none.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	return slices.Sorted(slices.Values(values))[(len(values)-1)/2]
}

// each gives a figure of every run of a cell.
func each[T any](runs []load.Measurement, figure func(load.Measurement) T) []T {
	figures := make([]T, len(runs))
	for i, run := range runs {
		figures[i] = figure(run)
	}
	return figures
}

// pairs gives a figure of every round: of a cell's run and the proxy's of the same round, which met the same machine.
func pairs[T any](r *report, c cell, figure func(run, proxy load.Measurement) T) []T {
	runs, proxy := r.runs[c], r.runs[cell{c.workload, c.clients, proxyName}]
	figures := make([]T, min(len(runs), len(proxy)))
	for i := range figures {
		figures[i] = figure(runs[i], proxy[i])
	}
	return figures
}

// ratio is a cell's rate in proportion to the proxy's.
func (r *report) ratio(c cell) float64 {
	return median(pairs(r, c, func(run, proxy load.Measurement) float64 { return run.Rate() / proxy.Rate() }))
}

// added is the server's processor time for one request beyond the proxy's.
func (r *report) added(c cell) time.Duration {
	return median(pairs(r, c, func(run, proxy load.Measurement) time.Duration { return run.CPU() - proxy.CPU() }))
}

// memory is the peak.
func (r *report) memory(c cell) int64 {
	return median(each(r.runs[c], func(m load.Measurement) int64 { return m.Memory }))
}

// print writes a Markdown table, which docs/performance.md takes as it is.
func (r *report) print(out io.Writer, o options) {
	fmt.Fprintf(out, "HTTP/1.1 on loopback, %d cores (%s/%s, %s), medians of %d runs in turns; ratios and added CPU are of runs of the same round.\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), o.rounds)
	for _, w := range workloads {
		rows := slices.Collect(func(yield func(cell) bool) {
			for _, c := range r.order {
				if c.workload == w.name() && !yield(c) {
					return
				}
			}
		})
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n| %s | clients | %s | slowest – fastest | ratio to the proxy | median | p99 | ", w.name(), w.unit())
		fmt.Fprintln(out, "CPU | added CPU | CPU behind | load's share | peak memory |")
		fmt.Fprintln(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
		for _, c := range rows {
			r.row(out, w, c)
		}
	}
}

func (r *report) row(out io.Writer, w workload, c cell) {
	runs := r.runs[c]
	rates := each(runs, func(m load.Measurement) float64 { return w.rate(m) })
	of := func(figure func(load.Measurement) time.Duration) string { return duration(median(each(runs, figure))) }
	ratio, added := "", ""
	if c.server != proxyName && r.runs[cell{c.workload, c.clients, proxyName}] != nil {
		ratio = fmt.Sprintf("**%.2f**", r.ratio(c))
		if c.server == oursName && median(each(runs, load.Measurement.CPU)) != 0 {
			added = duration(r.added(c))
		}
	}
	fmt.Fprintf(out, "| %s | %d | %s | %s – %s | %s | %s | %s | %s | %s | %s | %.0f %% | %s |\n", c.server, c.clients, grouped(median(rates)),
		grouped(slices.Min(rates)), grouped(slices.Max(rates)), ratio,
		of(func(m load.Measurement) time.Duration { return m.Median }), of(func(m load.Measurement) time.Duration { return m.P99 }),
		of(load.Measurement.CPU), added, of(func(m load.Measurement) time.Duration { return m.BehindCPU / time.Duration(m.Requests) }),
		100*median(each(runs, load.Measurement.Share)), megabytes(r.memory(c)))
}

// unit is what a workload's rate counts.
func (w workload) unit() string {
	if w.size == large {
		return "MB/s"
	}
	return "requests/s"
}

func (w workload) rate(m load.Measurement) float64 {
	if w.size == large {
		return m.Rate() * float64(w.size) / 1e6
	}
	return m.Rate()
}

// duration shows three digits or so, and nothing of what is not known.
func duration(d time.Duration) string {
	switch magnitude := max(d, -d); {
	case magnitude == 0:
		return ""
	case magnitude < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case magnitude < time.Second:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}

// grouped is a whole number with a comma before each three digits.
func grouped(number float64) string {
	digits := fmt.Sprintf("%.0f", number)
	var text strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteRune(digit)
	}
	return text.String()
}
