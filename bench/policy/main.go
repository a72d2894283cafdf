// Command policy measures decisions: the product's policy engine beside MinIO's (github.com/minio/pkg/v3/policy) and Cedar's
// (github.com/cedar-policy/cedar-go), in one process, in turns, on the same rules.
//
// It owns the rules, in each engine's language, and the comparison. Before anything is measured every engine must give the
// expected answer to every request; the test asks further ones. What the three do beside answering differs: ours and Cedar's say which
// statements decided, and ours explains a denial; MinIO's answers yes or no.
//
// The peers are imported here only, in a module of its own that nothing is distributed of: MinIO's package is under the AGPL.
//
// What is measured is CPU time, the garbage collector's included, so that other work on the machine disturbs it less.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// options of one measurement.
type options struct {
	rounds   int           // runs of everything, in turns
	time     time.Duration // of one run, at least
	policies string        // the folder with upstream policies; "": their compilation is not measured
	strict   bool
}

func main() {
	o := options{policies: os.Getenv("OPENIRSA_TESTDATA")}
	if o.policies != "" {
		o.policies = filepath.Join(o.policies, "policies")
	}
	flag.IntVar(&o.rounds, "rounds", 5, "runs of each measurement; the median is reported")
	flag.DurationVar(&o.time, "time", 50*time.Millisecond, "CPU time of one run, at least")
	flag.StringVar(&o.policies, "policies", o.policies, "folder with the upstream policies, which a part of the compilation needs")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 if a goal is missed")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.rounds < 1 {
		return fmt.Errorf("-rounds must be positive")
	}
	r, err := measure(o)
	if err != nil {
		return err
	}
	r.print(os.Stdout)
	if missed := r.printGoals(os.Stdout); missed > 0 && o.strict {
		return fmt.Errorf("%d goals are missed", missed)
	}
	return nil
}
