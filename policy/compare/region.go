package compare

import (
	"slices"
	"strings"
)

// side is what decides on one side of a comparison: of every layer some statement must allow, and none may deny.
type side struct {
	layers [][]*statement
	denies []*statement
}

// maxVariables bounds the keys that the statements about one action have as variables: each doubles the work.
const maxVariables = 4

// region is a part of the search: the statements about one class of actions, and which of their variables have values.
type region struct {
	m        *model
	b        *budget
	v        variables
	present  map[string]bool // the variables in play: whether each is one value
	cells    []resourceCell
	atoms    map[string][]int // by key
	spaces   map[string]*keySpace
	pieces   []string // texts that may stand for a variable
	universe pattern  // the resources that are asked about, where they are not all
	problem  string   // why the region cannot be searched to its end
}

// regions are the region of the statements once for each way in which their variables have values or not.
func (m *model) regions(b *budget, statements []*statement, resource string) (regions []*region, problem string) {
	var names []string
	for _, s := range statements {
		for _, number := range s.resources {
			if number != everyResource {
				names = append(names, variableNames(m.resources[number].text, m.resources[number].variables)...)
			}
		}
		for _, number := range s.atoms {
			names = append(names, m.atoms[number].names...)
		}
	}
	names = slices.DeleteFunc(sortedUnique(names), func(name string) bool { _, given := m.known[name]; return given })
	if len(names) > maxVariables {
		return nil, "more than four condition keys are variables in the statements about one action: " + strings.Join(m.spell(names), ", ")
	}
	for choice := range 1 << len(names) {
		r := &region{m: m, b: b, v: variables{known: map[string]string{}, symbols: map[string]int{}}, present: map[string]bool{}, spaces: map[string]*keySpace{}}
		for name, k := range m.known {
			if !k.list && k.values[0] != "" {
				r.v.known[name] = k.values[0]
			}
		}
		for i, name := range names {
			if r.present[name] = choice>>i&1 == 0; r.present[name] {
				r.v.symbols[name] = len(r.v.symbols)
			}
		}
		r.collect([]string{resource})
		if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && len(names) > 0 {
			r.pieces = append(r.pieces, strings.NewReplacer("*", "", "?", "x").Replace(parts[5]))
		}
		r.index(statements)
		if problem := r.partition(statements, resource); problem != "" {
			return nil, problem
		}
		regions = append(regions, r)
	}
	return regions, ""
}

// spell gives keys as documents spell them.
func (m *model) spell(keys []string) []string {
	shown := make([]string, len(keys))
	for i, key := range keys {
		if shown[i] = m.spelled[key]; shown[i] == "" {
			shown[i] = key
		}
	}
	return shown
}

// index groups the statements' atoms by key, and collects the texts between their wildcards.
func (r *region) index(statements []*statement) {
	r.atoms = map[string][]int{}
	for _, s := range statements {
		for _, number := range s.atoms {
			a := r.m.atoms[number]
			r.atoms[a.key] = append(r.atoms[a.key], number)
			if len(r.v.symbols) > 0 {
				r.collect(a.operands)
			}
		}
		for _, number := range s.resources {
			if number != everyResource && len(r.v.symbols) > 0 {
				r.collect([]string{r.m.resources[number].text})
			}
		}
	}
	for key, numbers := range r.atoms {
		slices.Sort(numbers)
		r.atoms[key] = slices.Compact(numbers)
	}
}

// maxPieces bounds the texts that are tried for a variable.
const maxPieces = 40

func (r *region) collect(texts []string) {
	for _, text := range texts {
		for _, piece := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("/:*?${}", c) }) {
			if len(r.pieces) < maxPieces && !slices.Contains(r.pieces, piece) {
				r.pieces = append(r.pieces, piece)
			}
		}
	}
}

// partition finds the cells of the resources that the statements' patterns tell apart. resource bounds them: empty for all, else a pattern.
func (r *region) partition(statements []*statement, resource string) string {
	var numbers []int
	for _, s := range statements {
		numbers = append(numbers, s.resources...)
	}
	slices.Sort(numbers)
	numbers = slices.DeleteFunc(slices.Compact(numbers), func(n int) bool { return n == everyResource })
	var back []int32 // the numbers of patterns
	var patterns []pattern
	for _, number := range numbers {
		if p, ok := r.v.compileARN(r.m.resources[number].text, r.m.resources[number].variables, true); ok {
			back, patterns = append(back, int32(number)), append(patterns, p)
		}
	}
	universe := anyARN()
	if resource != "" && resource != "*" {
		universe, _ = variables{}.compileARN(resource, false, true)
		r.universe = universe
	}
	var cells []cell
	a := newAutomaton(universe, patterns)
	if resource != "*" {
		var ok bool
		if universe.exact() {
			var c cell
			if c, ok = a.classify(resource); ok {
				cells = append(cells, c)
			}
		} else if cells, ok = a.cells(r.b); !ok {
			return tooLarge
		}
	}
	if r.universe != nil {
		cover(cells, len(patterns))
	}
	for _, c := range cells {
		r.cells = append(r.cells, resourceCell{cell: cell{word: c.word, must: renumber(c.must, back), may: renumber(c.may, back)}, fixed: a.fixed})
	}
	if resource == "" || resource == "*" {
		r.cells = append(r.cells, resourceCell{cell: cell{word: word("*")}, none: true})
	}
	return ""
}

// asked tells whether a resource is one that is asked about.
func (r *region) asked(resource string) bool {
	if r.universe == nil {
		return true
	}
	_, ok := newAutomaton(r.universe, nil).classify(resource)
	return ok
}

// cover makes patterns that match all that is asked about, as the cells of texts without variables show, match the cells with variables for certain.
func cover(cells []cell, patterns int) {
	for number := range patterns {
		if slices.ContainsFunc(cells, func(c cell) bool { return !c.word.symbolic() && !c.certain(number) }) {
			continue
		}
		for i := range cells {
			if c := &cells[i]; !c.certain(number) {
				c.must = append(slices.Clone(c.must), int32(number))
				slices.Sort(c.must)
			}
		}
	}
}

func renumber(list, names []int32) []int32 {
	renamed := make([]int32, len(list))
	for i, n := range list {
		renamed[i] = names[n]
	}
	slices.Sort(renamed)
	return renamed
}

// space is a key's shapes, found when they are first needed.
func (r *region) space(key string) *keySpace {
	if s := r.spaces[key]; s != nil {
		return s
	}
	present, isVariable := r.present[key]
	s, problem := r.m.asking(r.v, r.b).space(key, r.atoms[key], isVariable, present)
	if problem != "" {
		r.problem, s = problem, &keySpace{key: key}
	}
	r.spaces[key] = s
	return s
}
