package policy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// conformanceCase is one line of testdata/conformance: a case of irsa simulate with what AWS's documents say of it.
type conformanceCase struct {
	ID, Rule    string
	Source      string // the page and section of AWS's documents, or "(unverified)": the package documentation
	Want        string // the decision
	WantError   string // or how the error begins
	WantReasons []map[string]any
}

// wildcardOnly is the action table of the cases that leave that question to it.
type wildcardOnly struct{}

func (wildcardOnly) WildcardOnly(action string) bool {
	return slices.Contains([]string{"s3:listallmybuckets", "ec2:describeinstances"}, strings.ToLower(action))
}

// TestConformance decides every case of the corpus. The naive evaluator is asked as well: it must read the documents alike.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	ids, simulator := map[string]bool{}, policy.NewSimulator(wildcardOnly{})
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for scanner := bufio.NewScanner(bytes.NewReader(data)); scanner.Scan(); {
			checkConformance(t, ids, simulator, scanner.Bytes())
		}
	}
	if len(ids) < 600 {
		t.Errorf("only %d cases", len(ids))
	}
}

func checkConformance(t *testing.T, ids map[string]bool, simulator *policy.Simulator, line []byte) {
	t.Helper()
	var c conformanceCase
	if err := json.Unmarshal(line, &c); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if ids[c.ID] || c.ID == "" || c.Rule == "" || c.Source == "" || (c.Want == "") == (c.WantError == "") {
		t.Errorf("%q: an id that is missing or not unique, or no rule, source or expectation", c.ID)
	}
	ids[c.ID] = true
	var got struct {
		ID, Decision, Error string
		Reasons             []map[string]any
	}
	out, readable := simulator.Line(line)
	if err := json.Unmarshal(out, &got); err != nil || !readable || got.ID != c.ID {
		t.Errorf("%s: not an answer: %s (%v)", c.ID, out, err)
	}
	if got.Decision != c.Want || c.WantError == "" && got.Error != "" || !strings.HasPrefix(got.Error, c.WantError) {
		t.Errorf("%s (%s; %s): want %s%s\n%s\n%s", c.ID, c.Rule, c.Source, c.Want, c.WantError, out, line)
	}
	for _, want := range c.WantReasons {
		if !slices.ContainsFunc(got.Reasons, func(reason map[string]any) bool { return contains(reason, want) }) {
			t.Errorf("%s: no reason with %v in %s", c.ID, want, out)
		}
	}
	if c.Want != "" {
		if naive := newNaive(line, wildcardOnly{}.WildcardOnly).decide(); naive != c.Want {
			t.Errorf("%s (%s; %s): want %s, naive %s\n%s", c.ID, c.Rule, c.Source, c.Want, naive, line)
		}
	}
}

// contains tells whether reason has every member of want, with that value.
func contains(reason, want map[string]any) bool {
	for name, value := range want {
		a, _ := json.Marshal(reason[name]) // both came from JSON
		b, _ := json.Marshal(value)
		if !bytes.Equal(a, b) {
			return false
		}
	}
	return true
}
