package main

import (
	"fmt"
	"io"
	"time"

	"github.com/openirsa/openirsa/bench/load"
)

// What the gateway may cost.
const (
	maxAdded    = 25 * time.Microsecond // processor time for a small object, beyond the proxy's
	maxMemory   = 1.5                   // times the peak with bodies of 1 MiB, for bodies a hundred times as long
	smallObject = "GET 1 KiB"
)

// goal is one that was judged.
type goal struct {
	text string
	met  bool
}

// goals judges what was measured.
func (r *report) goals() (judged []goal) {
	add := func(met bool, format string, arguments ...any) {
		judged = append(judged, goal{fmt.Sprintf(format, arguments...), met})
	}
	for _, w := range workloads {
		for _, c := range r.order {
			if c.workload != w.name() || c.server != oursName {
				continue
			}
			where := fmt.Sprintf("%s, %d clients", c.workload, c.clients)
			if ratio := r.ratio(c); w.goal > 0 {
				add(ratio >= w.goal, "%s: %.0f %% of the proxy's rate, of at least %.0f %%", where, 100*ratio, 100*w.goal)
			}
			if c.workload == smallObject {
				added, known := r.added(c), median(each(r.runs[c], load.Measurement.CPU)) > 0
				add(known && added <= maxAdded, "%s: %d µs of processor time beyond the proxy's, of at most %d µs",
					where, added.Microseconds(), maxAdded.Microseconds())
			}
			if base := r.memoryOfBlocks(c.clients); w.memory && base > 0 {
				peak := r.memory(c)
				add(float64(peak) <= maxMemory*float64(base), "%s: %s at the most, %.1f times what bodies of 1 MiB take (%s), of at most %.1f times",
					where, megabytes(peak), float64(peak)/float64(base), megabytes(base), maxMemory)
			}
		}
	}
	return judged
}

// memoryOfBlocks is the gateway's peak with bodies of 1 MiB; 0 where it was not measured.
func (r *report) memoryOfBlocks(clients int) (peak int64) {
	for _, w := range workloads {
		if w.size == block {
			peak = max(peak, r.memory(cell{w.name(), clients, oursName}))
		}
	}
	return peak
}

// printGoals says of each goal what was measured, and returns how many are missed.
func (r *report) printGoals(out io.Writer) (missed int) {
	fmt.Fprintln(out)
	for _, g := range r.goals() {
		verdict := "met"
		if !g.met {
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(out, "- %s: %s\n", g.text, verdict)
	}
	return missed
}
