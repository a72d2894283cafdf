package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// engine decides a line with the engine.
func engine(t testing.TB, simulator *policy.Simulator, line []byte) string {
	t.Helper()
	var result struct{ Decision, Error string }
	out, readable := simulator.Line(line)
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatal(err)
	}
	if !readable || result.Error != "" {
		t.Fatalf("%s\n%s", result.Error, line)
	}
	return result.Decision
}

// tally counts decisions, and how often each operator was false and true.
type tally struct {
	effects   map[string]int
	operators map[string][2]int
}

func newTally() tally { return tally{map[string]int{}, map[string][2]int{}} }

func (t tally) add(other tally) {
	for effect, count := range other.effects {
		t.effects[effect] += count
	}
	for operator, count := range other.operators {
		sum := t.operators[operator]
		t.operators[operator] = [2]int{sum[0] + count[0], sum[1] + count[1]}
	}
}

// TestDifferential holds the engine against the naive evaluator on generated cases, and the generator against itself: what it makes
// must be decided in every way, and so must every operator. OPENIRSA_CASES=1000000 makes a million, as `make full` does.
func TestDifferential(t *testing.T) {
	const parts = 4 // each from its own seed, side by side
	cases := 20_000
	if value := os.Getenv("OPENIRSA_CASES"); value != "" {
		var err error
		if cases, err = strconv.Atoi(value); err != nil {
			t.Fatal(err)
		}
	}
	tallies := make([]tally, parts)
	t.Run("parts", func(t *testing.T) {
		for i := range parts {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				tallies[i] = compareCases(t, uint64(i), cases/parts)
			})
		}
	})
	all := newTally()
	for _, part := range tallies {
		all.add(part)
	}
	if !t.Failed() {
		checkBalance(t, all, cases)
	}
}

// compareCases decides that many cases both ways, until one differs.
func compareCases(t *testing.T, seed uint64, cases int) tally {
	g, simulator, counts := generator{choices: rand.New(rand.NewPCG(1, seed))}, policy.NewSimulator(nil), newTally()
	for i := range cases {
		text := line(g.next())
		n := newNaive(text, nil)
		n.seen = func(operator string, holds bool) {
			count := counts.operators[operator]
			count[map[bool]int{false: 0, true: 1}[holds]]++
			counts.operators[operator] = count
		}
		want := n.decide()
		if got := engine(t, simulator, text); got != want {
			t.Fatalf("seed %d, case %d: %s, naive %s\n%s", seed, i, got, want, text)
		}
		counts.effects[want]++
	}
	return counts
}

// checkBalance asks that the cases say something.
func checkBalance(t *testing.T, counts tally, cases int) {
	for _, effect := range []string{"Allowed", "ExplicitlyDenied", "ImplicitlyDenied"} {
		if share := 100 * counts.effects[effect] / cases; share < 20 {
			t.Errorf("%d%% of the cases are %s: the generator says little", share, effect)
		}
	}
	for _, operator := range allOperators() {
		if count := counts.operators[operator]; min(count[0], count[1]) == 0 {
			t.Errorf("%s was false %d times and true %d times: the generator says little", operator, count[0], count[1])
		}
	}
	t.Log(counts.effects)
}

// allOperators are those of the language, with each prefix and suffix.
func allOperators() []string {
	names := []string{"Null"}
	for _, prefix := range []string{"", "ForAllValues:", "ForAnyValue:"} {
		for _, base := range operatorNames {
			names = append(names, prefix+base, prefix+base+"IfExists")
		}
	}
	return names
}

// FuzzDifferential lets the fuzzer choose the cases.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed))
	}
	simulator := policy.NewSimulator(nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		text := line(generator{choices: &bytesChoices{data}}.next())
		if got, want := engine(t, simulator, text), newNaive(text, nil).decide(); got != want {
			t.Errorf("%s, naive %s\n%s", got, want, text)
		}
	})
}

func randomBytes(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(random.UintN(256))
	}
	return data
}
