package awsapi

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestCompatibilityPage compares the tables of calls with those that docs/compatibility.md says are done, service by service, both ways.
func TestCompatibilityPage(t *testing.T) {
	// The tables bind their calls to these, and none is made.
	c := Config{STS: struct{ STS }{}, Inquiries: struct{ Inquiries }{}}
	served := map[string]map[string]bool{}
	add := func(op operation) {
		if served[op.service] == nil {
			served[op.service] = map[string]bool{}
		}
		served[op.service][op.name] = true
	}
	for _, op := range queryOperations(c) {
		add(op)
	}
	for _, op := range jsonOperations(c) {
		add(op)
	}
	for _, r := range eksRoutes(nil) {
		add(r.operation)
	}

	listed := ListedCalls(t)
	for _, service := range slices.Sorted(maps.Keys(served)) {
		for _, name := range slices.Sorted(maps.Keys(served[service])) {
			if listed[service][name] != 1 {
				t.Errorf("%s of %s is served, and stands %d times among the calls of docs/compatibility.md", name, service, listed[service][name])
			}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(listed)) {
		for _, name := range slices.Sorted(maps.Keys(listed[service])) {
			if !served[service][name] {
				t.Errorf("docs/compatibility.md says that %s of %s is done, and it is not served", name, service)
			}
		}
	}
}

// ListedCalls reads the page's table: service → call → how often it stands there. A row is "| service, theme | calls | state |".
func ListedCalls(t testing.TB) map[string]map[string]int {
	t.Helper()
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, begins := strings.Cut(string(page), "\n## Calls\n")
	table, _, ends := strings.Cut(table, "\n## ")
	if !begins || !ends {
		t.Fatal("docs/compatibility.md has no section Calls")
	}
	listed := map[string]map[string]int{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[3]), "done") {
			continue
		}
		service := strings.Trim(strings.FieldsFunc(cells[1], func(r rune) bool { return r == ',' || r == '(' })[0], " ")
		if listed[service] == nil {
			listed[service] = map[string]int{}
		}
		for name := range strings.SplitSeq(cells[2], ",") {
			listed[service][strings.TrimSpace(name)]++
		}
	}
	return listed
}
