package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// differentialCases are made from seed 1; more cases or another seed ask for another look at docs/differential.md.
const differentialCases = 20_000

// verdict is what one of the two says of a case.
type verdict struct {
	Decision, Error string
	Ignored         []string // keys that the peer left out, as it knows none such of the action
}

// TestDifferential decides generated cases with `irsa simulate` and with an independent implementation, @cloud-copilot/iam-simulate, which runs
// as a program of its own. Where they disagree, docs/differential.md explains why with what AWS's documents say: a disagreement that falls in none
// of its classes fails the test, and so does a class in which no disagreement falls.
func TestDifferential(t *testing.T) {
	t.Parallel()
	m := newMaker(1)
	cases := make([]simulation, differentialCases)
	for i := range cases {
		cases[i] = m.simulation()
	}
	ours, theirs := simulate(t, cases), simulateByPeer(t, cases)
	decisions := map[string]int{}
	var differ []int
	for i := range cases {
		decisions[ours[i].Decision]++
		if ours[i].Error != "" || theirs[i].Error != "" || len(theirs[i].Ignored) > 0 {
			t.Errorf("case %s is not evaluated as it stands: ours %+v, theirs %+v\n%s", cases[i].ID, ours[i], theirs[i], lines(t, cases[i:i+1]))
		} else if ours[i].Decision != theirs[i].Decision {
			differ = append(differ, i)
		}
	}
	for _, decision := range []string{"Allowed", "ExplicitlyDenied", "ImplicitlyDenied"} {
		if decisions[decision]*5 < len(cases) {
			t.Errorf("of %d cases only %d are %s", len(cases), decisions[decision], decision)
		}
	}
	explained := explain(t, cases, ours, theirs, differ)
	listed := listedClasses(t)
	for _, c := range differentialClasses() {
		switch at := slices.Index(listed, c.name); {
		case at < 0:
			t.Errorf("docs/differential.md does not explain the class %s", c.name)
		case explained[c.name] == 0:
			t.Errorf("docs/differential.md has the class %s, in which no disagreement falls", c.name)
		default:
			listed = slices.Delete(listed, at, at+1)
		}
	}
	if len(listed) > 0 {
		t.Errorf("docs/differential.md explains classes that the test does not know: %v", listed)
	}
	t.Logf("%d cases (%v), %d disagreements: %v", len(cases), decisions, len(differ), explained)
}

// attempt is a disagreement in which the constructs of some classes are spelt out.
type attempt struct {
	of      int   // the case
	classes []int // more than one where no single one may do
	written simulation
}

// attempts spell out each class alone, and then all of them together.
func attempts(cases []simulation, differ []int) (list []attempt) {
	for _, i := range differ {
		together := attempt{of: i, written: cases[i].clone()}
		for j, c := range differentialClasses() {
			alone := attempt{i, []int{j}, cases[i].clone()}
			if c.spell(&alone.written) {
				list = append(list, alone)
				c.spell(&together.written)
				together.classes = append(together.classes, j)
			}
		}
		if len(together.classes) > 1 {
			list = append(list, together)
		}
	}
	return list
}

// explain counts the disagreements of each class. Spelt out, a case must mean to ours what it meant before, and to the peer the same as to ours.
func explain(t *testing.T, cases []simulation, ours, theirs []verdict, differ []int) map[string]int {
	t.Helper()
	tries := attempts(cases, differ)
	written := make([]simulation, len(tries))
	for i := range tries {
		written[i] = tries[i].written
	}
	still, agreed := simulate(t, written), simulateByPeer(t, written)
	explained, counts := map[int]bool{}, map[string]int{}
	for n, a := range tries {
		want := ours[a.of].Decision
		if explained[a.of] || still[n].Decision != want || agreed[n].Decision != want {
			continue
		}
		explained[a.of] = true
		for _, j := range a.classes {
			counts[differentialClasses()[j].name]++
		}
	}
	unexplained := 0
	for _, i := range differ {
		if !explained[i] {
			if unexplained++; unexplained <= 20 {
				t.Errorf("case %s is %s here and %s there, and no class explains it:\n%s", cases[i].ID, ours[i].Decision, theirs[i].Decision, lines(t, cases[i:i+1]))
			}
		}
	}
	if unexplained > 20 {
		t.Errorf("%d disagreements are not explained", unexplained)
	}
	return counts
}

// lines are values as NDJSON.
func lines[T any](t *testing.T, values []T) []byte {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	return text.Bytes()
}

// simulate is what the binary says of the cases.
func simulate(t *testing.T, cases []simulation) []verdict {
	t.Helper()
	list, err := verdicts(exec.CommandContext(t.Context(), binary(t), "simulate"), lines(t, cases), len(cases))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// simulateByPeer is what the second implementation says of the cases, in two processes at a time, since it takes a millisecond for each. scripts/e2e
// puts simulator/run.js beside the package.
func simulateByPeer(t *testing.T, cases []simulation) []verdict {
	t.Helper()
	folder := os.Getenv("OPENIRSA_SIMULATOR")
	if folder == "" {
		t.Fatal("OPENIRSA_SIMULATOR is not set: run these tests with `make e2e`")
	}
	translated := make([]any, len(cases))
	for i := range cases {
		translated[i] = cases[i].forPeer()
	}
	var halves [2][]verdict
	var errs [2]error
	var group sync.WaitGroup
	for i, half := range [2][]any{translated[:len(cases)/2], translated[len(cases)/2:]} {
		input := lines(t, half)
		group.Go(func() {
			halves[i], errs[i] = verdicts(exec.CommandContext(t.Context(), "node", filepath.Join(folder, "run.js")), input, len(half))
		})
	}
	group.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(halves[0], halves[1])
}

// verdicts runs a program that answers each line of its input with one line.
func verdicts(command *exec.Cmd, input []byte, want int) ([]verdict, error) {
	command.Env = cleanEnvironment()
	command.Stdin = bytes.NewReader(input)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, &errOut)
	}
	var list []verdict
	for line := range strings.Lines(out.String()) {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			return nil, fmt.Errorf("%s answers %q: %w", command, line, err)
		}
		list = append(list, v)
	}
	if len(list) != want {
		return nil, fmt.Errorf("%s: %d answers to %d cases", command, len(list), want)
	}
	return list, nil
}

// listedClasses are the names in the page's table of classes.
func listedClasses(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/differential.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, found := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		names = append(names, found[1])
	}
	return names
}
