package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// The controller's policy, compiled, has a goal of its own.
const (
	controllerPolicy = "aws-load-balancer-controller/iam_policy.json"
	controllerName   = "the AWS Load Balancer Controller's policy"
	ours, minioPkg   = "ours", "minio/pkg"
)

// compiledSizes leave 10,000 out, with which one of the peers takes a third of a minute.
var compiledSizes = []int{5, 100, 1000}

// cell names one measurement.
type cell struct {
	what   string // a workload's name, "compile"
	count  int    // statements; 0: a document of its own
	engine string
}

// figures are what was measured of a cell, round by round.
type figures struct {
	nanoseconds []float64 // of CPU time, one for each round
	elapsed     []float64 // nanoseconds by the clock, likewise
	bytes       int64     // allocated for one operation
	allocations int64
}

func (f *figures) median() float64 {
	sorted := slices.Sorted(slices.Values(f.nanoseconds))
	return sorted[(len(sorted)-1)/2]
}

// fastest is the run that was disturbed least, by the clock.
func (f *figures) fastest() float64 { return slices.Min(f.elapsed) }

// report collects all measurements.
type report struct {
	rounds  int
	time    time.Duration // of one run, at least
	figures map[cell]*figures
	sizes   map[cell]uint64 // bytes that a compiled policy keeps
}

// measure runs everything, round by round, one engine after the other in each, so that what else the machine does hits all.
func measure(o options) (*report, error) {
	r := &report{rounds: o.rounds, time: o.time, figures: map[cell]*figures{}, sizes: map[cell]uint64{}}
	for _, w := range workloads {
		for _, count := range w.sizes {
			if err := r.decisions(w, count); err != nil {
				return nil, err
			}
		}
	}
	for _, count := range compiledSizes {
		for range o.rounds {
			for _, e := range engines {
				r.add(cell{"compile", count, e.name}, compilation(e, e.document(plain(count))))
			}
		}
		for _, e := range engines {
			size, err := compiledSize(e, e.document(plain(count)), 10_000/count)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			r.sizes[cell{"compile", count, e.name}] = size
		}
	}
	return r, r.controller(o)
}

// decisions measures one workload of one size, after all engines have given the expected answer.
func (r *report) decisions(w workload, count int) error {
	deciders := make([]func() bool, len(engines))
	for i, e := range engines {
		var err error
		if deciders[i], err = e.decider(w.rules(count), newRequest(w.bucket(count))); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if deciders[i]() != w.allowed {
			return fmt.Errorf("%s does not give the expected answer: %s, %d statements", e.name, w.name, count)
		}
	}
	for range r.rounds {
		for i, e := range engines {
			r.add(cell{w.name, count, e.name}, func() { deciders[i]() })
		}
	}
	return nil
}

// controller compiles the upstream policy, which no peer reads: MinIO's has other services' actions and keys, Cedar is another language.
func (r *report) controller(o options) error {
	if o.policies == "" {
		fmt.Fprintln(os.Stderr, "no upstream policies: set OPENIRSA_TESTDATA or -policies to measure the compilation of "+controllerName)
		return nil
	}
	document, err := os.ReadFile(filepath.Join(o.policies, controllerPolicy))
	if err != nil {
		return fmt.Errorf("reading %s: %w", controllerName, err)
	}
	if _, err := compileOurs(string(document)); err != nil {
		return fmt.Errorf("compiling %s: %w", controllerName, err)
	}
	for range r.rounds {
		r.add(cell{controllerName, 0, ours}, compilation(engines[0], string(document)))
	}
	r.sizes[cell{controllerName, 0, ours}], err = compiledSize(engines[0], string(document), 100)
	return err
}

func (r *report) add(c cell, operation func()) {
	f := r.figures[c]
	if f == nil {
		f = &figures{}
		r.figures[c] = f
	}
	cost := measureCost(operation, r.time)
	f.nanoseconds, f.elapsed = append(f.nanoseconds, cost.nanoseconds), append(f.elapsed, cost.elapsed)
	f.bytes, f.allocations = cost.bytes, cost.allocations
}

// cost is what one operation takes.
type cost struct {
	nanoseconds        float64 // of CPU time
	elapsed            float64 // nanoseconds
	bytes, allocations int64
}

// measureCost repeats an operation until it has taken atLeast, and returns the mean.
func measureCost(operation func(), atLeast time.Duration) cost {
	runtime.GC() // what was left before is not this operation's
	for count := 1; ; count *= 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start, began := cpuTime(), time.Now()
		for range count {
			operation()
		}
		taken, elapsed := cpuTime()-start, time.Since(began)
		runtime.ReadMemStats(&after)
		if taken >= atLeast {
			return cost{
				nanoseconds: float64(taken.Nanoseconds()) / float64(count),
				elapsed:     float64(elapsed.Nanoseconds()) / float64(count),
				bytes:       int64(after.TotalAlloc-before.TotalAlloc) / int64(count),
				allocations: int64(after.Mallocs-before.Mallocs) / int64(count),
			}
		}
	}
}

// cpuTime is what the process has taken so far, all its threads.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it has no other reason than a wrong argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// compilation compiles a document that was compiled before.
func compilation(e engine, document string) func() {
	return func() {
		if _, err := e.compile(document); err != nil {
			panic(err)
		}
	}
}

// compiledSize is how much the heap keeps for one compiled policy, the mean of some. The document's text counts where the
// engine keeps parts of it, as ours does.
func compiledSize(e engine, document string, copies int) (uint64, error) {
	kept := make([]any, copies)
	before := heap()
	for i := range kept {
		var err error
		if kept[i], err = e.compile(document); err != nil {
			return 0, err
		}
	}
	after := heap()
	runtime.KeepAlive(kept)
	if after < before {
		return 0, errors.New("the heap shrank while policies were compiled")
	}
	return (after - before) / uint64(copies), nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first one only marked for finalizers and pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// print writes Markdown tables, which docs/performance.md takes as they are.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "One goroutine, %d cores (%s/%s, %s), CPU time, median of %d runs in turns. In brackets: bytes and allocations for one decision.\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), r.rounds)
	fmt.Fprintln(out, "| decision | statements | ours | minio/pkg | cedar-go | minio/pkg ÷ ours | cedar-go ÷ ours |")
	fmt.Fprintln(out, "|---|--:|--:|--:|--:|--:|--:|")
	for _, w := range workloads {
		for _, count := range w.sizes {
			r.row(out, w.name, count)
		}
	}
	fmt.Fprintln(out, "\n| compilation | statements | ours | minio/pkg | cedar-go | minio/pkg ÷ ours | cedar-go ÷ ours |")
	fmt.Fprintln(out, "|---|--:|--:|--:|--:|--:|--:|")
	for _, count := range compiledSizes {
		r.row(out, "compile", count)
	}
	for _, count := range compiledSizes {
		fmt.Fprintf(out, "| compiled size, KB | %d |", count)
		for _, e := range engines {
			fmt.Fprintf(out, " %.1f |", float64(r.sizes[cell{"compile", count, e.name}])/1000)
		}
		fmt.Fprintf(out, " %s | %s |\n", r.sizeRatio(count, 1), r.sizeRatio(count, 2))
	}
	if f := r.figures[cell{controllerName, 0, ours}]; f != nil {
		fmt.Fprintf(out, "\nCompiling %s: %s, %d bytes in %d allocations; compiled it keeps %.1f KB.\n", controllerName,
			duration(f.median()), f.bytes, f.allocations, float64(r.sizes[cell{controllerName, 0, ours}])/1000)
	}
}

func (r *report) row(out io.Writer, what string, count int) {
	fmt.Fprintf(out, "| %s | %d |", what, count)
	var medians []float64
	for _, e := range engines {
		f := r.figures[cell{what, count, e.name}]
		medians = append(medians, f.median())
		fmt.Fprintf(out, " %s (%d, %d) |", duration(f.median()), f.bytes, f.allocations)
	}
	fmt.Fprintf(out, " **%s** | **%s** |\n", ratio(medians[1]/medians[0]), ratio(medians[2]/medians[0]))
}

func (r *report) sizeRatio(count, peer int) string {
	return ratio(float64(r.sizes[cell{"compile", count, engines[peer].name}]) / float64(r.sizes[cell{"compile", count, ours}]))
}

func ratio(value float64) string {
	if value < 20 {
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}

func duration(nanoseconds float64) string {
	switch {
	case nanoseconds < 1000:
		return fmt.Sprintf("%.0f ns", nanoseconds)
	case nanoseconds < 1e6:
		return fmt.Sprintf("%.1f µs", nanoseconds/1000)
	}
	return fmt.Sprintf("%.1f ms", nanoseconds/1e6)
}

// printGoals says of each goal what was measured, and returns how many are missed.
func (r *report) printGoals(out io.Writer) (missed int) {
	allow := workloads[0].name
	at := func(count int, engine string) float64 { return r.figures[cell{allow, count, engine}].median() }
	fastest := func(count int) string { return duration(r.figures[cell{allow, count, ours}].fastest()) }
	goal := func(met bool, format string, arguments ...any) {
		verdict := "met"
		if !met {
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(out, "- %s: %s\n", fmt.Sprintf(format, arguments...), verdict)
	}
	fmt.Fprintln(out)
	goal(at(5, ours) <= 150, "allowed, 5 statements: %s of 150 ns (the fastest run by the clock: %s)", duration(at(5, ours)), fastest(5))
	goal(at(100, ours) <= 300, "allowed, 100 statements: %s of 300 ns (the fastest run by the clock: %s)", duration(at(100, ours)), fastest(100))
	allocations := int64(0)
	for _, w := range workloads {
		for _, count := range w.sizes {
			if w.allowed {
				allocations += r.figures[cell{w.name, count, ours}].allocations
			}
		}
	}
	goal(allocations == 0, "allocations where the answer is yes: %d of 0", allocations)
	goal(at(10_000, ours) <= 3*at(5, ours), "10,000 statements cost %.1f times what 5 cost, of 3", at(10_000, ours)/at(5, ours))
	goal(at(5, minioPkg) >= 7*at(5, ours), "minio/pkg at 5 statements: %.1f times ours, of at least 7", at(5, minioPkg)/at(5, ours))
	goal(at(100, minioPkg) >= 40*at(100, ours), "minio/pkg at 100 statements: %.1f times ours, of at least 40", at(100, minioPkg)/at(100, ours))
	if f := r.figures[cell{controllerName, 0, ours}]; f != nil {
		goal(f.median() <= 150_000, "%s: %s of 150 µs (the fastest run by the clock: %s)", controllerName, duration(f.median()), duration(f.fastest()))
	}
	return missed
}
