package policy

import (
	"slices"
	"strings"
)

// index finds the statements of one effect that may apply to a request, without looking at the others: first by action,
// then, where many statements share an action, by how their resources begin. What it yields is a superset as far as
// resources go; they and the other elements are compared afterwards. An index's size is linear in its document's.
type index struct {
	exact    map[uint64]*actionEntry   // by hash of service:name
	patterns map[uint64][]*actionEntry // by hash of service: names with wildcards
	every    candidates                // "*"
	negated  candidates                // NotAction
	empty    bool                      // no statements
}

// actionEntry is one action and the statements that list it.
type actionEntry struct {
	pattern    *actionPattern // of the first of them
	candidates candidates
	first      [1]*statement // the memory of candidates.statements while there is one, as mostly
	next       *actionEntry  // another one with the same hash
}

// candidates are statements in the order of the document.
type candidates struct {
	statements []*statement
	resources  resourceIndex // nil where there are too few statements to make it worth while
}

func newIndex(statements []statement, deny bool) index {
	x := index{empty: true}
	known := map[string]*actionEntry{}
	var entries []*actionEntry // in the document's order, so that the budget is spent the same way every time
	budget := 64
	for i := range statements {
		s := &statements[i]
		if s.deny != deny {
			continue
		}
		x.empty = false
		budget += 4 * (1 + len(s.actions) + len(s.resources))
		if s.notActions {
			x.negated.add(s)
			continue
		}
		for j := range s.actions {
			pattern := &s.actions[j]
			if pattern.every {
				x.every.add(s)
				continue
			}
			entry := known[pattern.lowered]
			if entry == nil {
				entry = &actionEntry{pattern: pattern}
				entry.candidates.statements = entry.first[:0]
				known[pattern.lowered] = entry
				entries = append(entries, entry)
			}
			entry.candidates.add(s)
		}
	}
	x.every.build(&budget)
	x.negated.build(&budget)
	for _, entry := range entries {
		entry.candidates.build(&budget)
	}
	x.file(entries)
	return x
}

// file puts the entries where visit looks for them.
func (x *index) file(entries []*actionEntry) {
	x.exact, x.patterns = make(map[uint64]*actionEntry, len(entries)), map[uint64][]*actionEntry{}
	for _, entry := range entries {
		if entry.pattern.glob == nil {
			key := hash(entry.pattern.lowered)
			entry.next, x.exact[key] = x.exact[key], entry
			continue
		}
		key := hash(entry.pattern.service)
		x.patterns[key] = append(x.patterns[key], entry)
	}
}

// add appends s, which comes in the order of the document, unless an action before has just added it.
func (c *candidates) add(s *statement) {
	if n := len(c.statements); n == 0 || c.statements[n-1] != s {
		c.statements = append(c.statements, s)
	}
}

// visit shows look every statement that may apply, list by list; some come more than once, though not many times. In a list they come in
// the order of the document, and look ends it by returning false.
func (x *index) visit(e *evaluation, look func(*statement) bool) {
	a := &e.action
	if a.text == "" {
		return
	}
	var before visited
	for entry := x.exact[a.hash]; entry != nil; entry = entry.next {
		if equalFold(a.text, entry.pattern.lowered) {
			entry.candidates.visit(e, &before, look)
		}
	}
	for _, entry := range x.patterns[a.prefix] {
		if entry.pattern.match(a, &e.left) {
			entry.candidates.visit(e, &before, look)
		}
	}
	x.every.visit(e, &before, look)
	x.negated.visit(e, &before, look)
}

func (c *candidates) visit(e *evaluation, before *visited, look func(*statement) bool) {
	if c.resources == nil || e.explaining || e.covered != nil {
		before.each(c.statements, look)
		return
	}
	for i := c.resources.find(e.target.text); i >= 0; i = c.resources[i].parent {
		before.each(c.resources[i].statements, look)
	}
}

// resourceIndex holds the literal beginnings of resource patterns, sorted, each with the statements that have such a
// pattern and the longest other beginning that it begins with itself. A pattern that begins with a wildcard, NotResource,
// and a missing Resource are filed under the empty beginning.
type resourceIndex []resourceEntry

type resourceEntry struct {
	prefix     string
	parent     int32 // -1: none
	statements []*statement
}

// fewCandidates is up to where looking at each statement is as fast as searching, measured.
const fewCandidates = 2

// build sorts c by resource if that pays, and if budget, which bounds the entries of the whole index, allows it.
func (c *candidates) build(budget *int) {
	count := 0
	for _, s := range c.statements {
		count += max(1, len(s.resources))
	}
	if len(c.statements) <= fewCandidates || count > *budget {
		return
	}
	*budget -= count
	byPrefix := map[string][]*statement{}
	for _, s := range c.statements {
		for _, prefix := range s.prefixes() {
			byPrefix[prefix] = append(byPrefix[prefix], s)
		}
	}
	for prefix, statements := range byPrefix {
		c.resources = append(c.resources, resourceEntry{prefix: prefix, statements: slices.Compact(statements)})
	}
	slices.SortFunc(c.resources, func(a, b resourceEntry) int { return strings.Compare(a.prefix, b.prefix) })
	for i := range c.resources {
		parent := int32(i) - 1
		for parent >= 0 && !strings.HasPrefix(c.resources[i].prefix, c.resources[parent].prefix) {
			parent = c.resources[parent].parent
		}
		c.resources[i].parent = parent
	}
}

// prefixes are the literal beginnings of what the statement's resources match.
func (s *statement) prefixes() []string {
	if len(s.resources) == 0 || s.notAny {
		return []string{""}
	}
	prefixes := make([]string, len(s.resources))
	for i := range s.resources {
		prefixes[i] = s.resources[i].prefix
	}
	return prefixes
}

// find is the longest entry that the resource begins with, or -1; its parents are all the others.
func (x resourceIndex) find(resource string) int32 {
	low, high := 0, len(x)
	for low < high {
		if middle := int(uint(low+high) / 2); x[middle].prefix <= resource {
			low = middle + 1
		} else {
			high = middle
		}
	}
	// Whatever sorts between the entry that is sought and the resource begins with that entry, so it is among the parents.
	i := int32(low) - 1
	for i >= 0 && !strings.HasPrefix(resource, x[i].prefix) {
		i = x[i].parent
	}
	return i
}
