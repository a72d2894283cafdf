package compare

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// shapeKind is what a request may have for a key.
type shapeKind uint8

const (
	absent shapeKind = iota
	single
	list
)

// shape is what a request has for a key, and what that makes of the conditions on it.
type shape struct {
	kind    shapeKind
	words   []word
	truths  []truth // of the key's atoms, in their order
	phantom bool    // a combination of truths that no value is known to have
}

// keySpace are all the shapes of a key that its atoms can tell apart.
type keySpace struct {
	key    string
	atoms  []int
	shapes []shape
	seen   map[string]bool // the truths of shapes, and whether they are phantoms'
}

// value is one value that a key may have: what each atom's operator, without set operator and IfExists, makes of it.
type value struct {
	word    word
	truths  []truth
	phantom bool
	sole    bool // no other text is in its cell
}

// asking puts questions about single values to the engine.
type asking struct {
	m       *model
	v       variables
	b       *budget
	context *policy.Context
}

func (m *model) asking(v variables, b *budget) *asking {
	q := &asking{m: m, v: v, b: b, context: &policy.Context{}}
	for _, key := range derivedKeys() {
		q.context.SetList(key) // no value, unless one is given
	}
	for key, k := range m.known {
		if k.list {
			q.context.SetList(key, k.values...)
		} else {
			q.context.Set(key, k.values[0])
		}
	}
	return q
}

// truth is what the atom makes of one value.
func (q *asking) truth(a *atom, value string) truth {
	if !q.b.spend(20) {
		return no // the caller looks at the budget
	}
	q.context.Set(a.key, value) // an asking is about one key
	request := policy.Request{Principal: policy.Principal{Type: policy.User, ARN: "arn:aws:iam::111122223333:user/x", Account: "111122223333"},
		Action: "any:Any", Resource: "*", Context: q.context}
	if (policy.Policies{Identity: []*policy.Policy{a.single}}).Decide(&request).Allowed() {
		return yes
	}
	return no
}

// space finds the shapes of a key. isVariable: some pattern has the key as a variable, and present says whether it is one value.
func (q *asking) space(key string, atoms []int, isVariable, present bool) (*keySpace, string) {
	space := &keySpace{key: key, atoms: atoms}
	values, problem := q.values(key, atoms)
	if problem != "" {
		return nil, problem
	}
	if k, isKnown := q.m.known[key]; isKnown {
		space.addKnown(q.m, k, values)
		return space, ""
	}
	// As a variable a key has a value if it has one, and not the empty one.
	stays := func(v value) bool { return !isVariable || present == (len(v.word) > 0) }
	if !isVariable || !present {
		space.add(q.m, shape{kind: absent}, nil)
	}
	for i := range values {
		if stays(values[i]) {
			q.b.spend(len(atoms))
			space.add(q.m, shape{kind: single, words: []word{values[i].word}, phantom: values[i].phantom}, values[i:i+1])
		}
	}
	if !isVariable || !present {
		if problem := space.addLists(q.m, q.b, values); problem != "" {
			return nil, problem
		}
	}
	return space, ""
}

// addKnown adds the one shape of a key whose values are given.
func (s *keySpace) addKnown(m *model, k known, values []value) {
	kind := single
	if k.list {
		kind = list
	}
	has := shape{kind: kind}
	var chosen []value
	for _, text := range k.values {
		has.words = append(has.words, word(text))
		chosen = append(chosen, values[slices.IndexFunc(values, func(v value) bool { return string(v.word) == text })])
	}
	if len(chosen) == 0 {
		has.kind = absent
	}
	s.add(m, has, chosen)
}

// add appends a shape unless there is one that does the same. values are those that the key has.
func (s *keySpace) add(m *model, has shape, values []value) {
	for i, number := range s.atoms {
		has.truths = append(has.truths, m.atoms[number].shaped(has.kind, values, i))
	}
	key := truthKey(has.truths)
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if !s.seen[key] && !(has.phantom && s.seen[key+"?"]) {
		s.seen[key], s.seen[key+"?"] = s.seen[key] || !has.phantom, true
		s.shapes = append(s.shapes, has)
	}
}

// truthKey is a list of truths as a map's key.
func truthKey(truths []truth) string {
	key := make([]byte, len(truths))
	for i, t := range truths {
		key[i] = byte(t)
	}
	return string(key)
}

// shaped is what the atom, number i of its key, makes of what a request has (IAM User Guide, "Condition operators", "Multivalued context keys").
func (a *atom) shaped(kind shapeKind, values []value, i int) truth {
	if a.operator.Type == policy.NullOperator {
		for _, operand := range a.operands {
			if strings.EqualFold(operand, "true") == (kind == absent) {
				return yes
			}
		}
		return no
	}
	null := !slices.ContainsFunc(values, func(v value) bool { return len(v.word) > 0 || v.phantom })
	switch {
	case kind == absent && a.operator.Set == "":
		return truthOf(a.operator.Negated || a.operator.IfExists)
	case null && a.operator.Set != "":
		return truthOf(a.operator.Set == "ForAllValues")
	case kind == single:
		return values[0].truths[i]
	case a.operator.Set == "":
		return no // several values need a set operator
	}
	all, some := yes, no
	for _, v := range values {
		all, some = min(all, v.truths[i]), max(some, v.truths[i])
	}
	if a.operator.Set == "ForAllValues" {
		return all
	}
	return some
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// maxLists bounds the lists of one key. Lists are as many as the combinations of truths that their values have.
const maxLists = 1 << 10

// addLists adds every list that does something that no other does: those of one value, and then the unions of lists with one value more, until
// nothing new comes.
func (s *keySpace) addLists(m *model, b *budget, values []value) string {
	lists := [][]value{}
	seen := map[string]bool{}
	push := func(list []value) {
		key := make([]byte, 0, 2*len(s.atoms)+1)
		for i := range s.atoms {
			all, some := yes, no
			for _, v := range list {
				all, some = min(all, v.truths[i]), max(some, v.truths[i])
			}
			key = append(key, byte(all), byte(some))
		}
		null := !slices.ContainsFunc(list, func(v value) bool { return len(v.word) > 0 || v.phantom })
		phantom := slices.ContainsFunc(list, func(v value) bool { return v.phantom })
		key = append(key, byte(truthOf(null)), byte(truthOf(phantom)))
		if !seen[string(key)] {
			seen[string(key)] = true
			lists = append(lists, list)
		}
	}
	for i := range values {
		push(values[i : i+1])
	}
	quantified := slices.ContainsFunc(s.atoms, func(number int) bool { return m.atoms[number].operator.Set != "" })
	for i := 0; quantified && i < len(lists); i++ {
		for _, v := range values {
			if len(lists) > maxLists || !b.spend(len(s.atoms)+len(lists[i])) {
				return "the lists that " + m.spelled[s.key] + " can have are too many"
			}
			push(append(slices.Clone(lists[i]), v))
		}
	}
	for _, values := range lists {
		has := shape{kind: list}
		for _, v := range values {
			has.words = append(has.words, v.word)
			has.phantom = has.phantom || v.phantom
		}
		s.add(m, has, values)
	}
	return ""
}

// group is one way in which a key's values are compared, with the cells that it tells apart.
type group struct {
	compares func(*atom) bool
	values   []value
}

// values are representatives of all the values that the atoms of a key can tell apart.
func (q *asking) values(key string, atoms []int) ([]value, string) {
	var values []value
	var groups []group
	known := map[string]bool{}
	add := func(compares func(*atom) bool, cells []cell, numbered map[int][]int) {
		g := group{compares: compares}
		for _, c := range cells {
			if !q.b.spend(2 * len(atoms)) {
				return
			}
			v := q.value(atoms, c, numbered)
			g.values = append(g.values, v)
			if text := string(c.word); c.word.symbolic() || !known[text] {
				known[text] = !c.word.symbolic()
				values = append(values, v)
			}
		}
		groups = append(groups, g)
	}
	has := func(compares func(*atom) bool) bool {
		return slices.ContainsFunc(atoms, func(n int) bool { return compares(q.m.atoms[n]) })
	}
	if k, isKnown := q.m.known[key]; isKnown {
		add(nil, plain(k.values), nil)
		return values, ""
	}
	if has((*atom).text) {
		cells, numbered, ok := q.texts(atoms)
		if !ok {
			return nil, tooLarge
		}
		add((*atom).text, cells, numbered)
	}
	for _, kind := range []policy.OperatorType{policy.NumericOperator, policy.DateOperator, policy.IPOperator} {
		compares := func(a *atom) bool { return a.operator.Type == kind }
		if !has(compares) {
			continue
		}
		var operands []string
		for _, number := range atoms {
			if a := q.m.atoms[number]; compares(a) {
				operands = append(operands, a.operands...)
			}
		}
		add(compares, plain(candidates(kind, sortedUnique(operands))), nil)
	}
	if len(groups) == 0 {
		add(nil, plain([]string{"x", ""}), nil)
	}
	combined, ok := q.combine(values, groups, atoms)
	if !ok || q.b.left <= 0 {
		return nil, tooLarge
	}
	slices.SortStableFunc(values, func(a, b value) int { return min(len(b.word), 1) - min(len(a.word), 1) }) // the empty text is the least ordinary
	return append(values, combined...), ""
}

// tooLarge is why a comparison that ran out of steps proves nothing.
const tooLarge = "the documents need more steps than the budget has"

func plain(texts []string) []cell {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i].word = word(text)
	}
	return cells
}

// value asks what every atom makes of a word: the engine where that can tell, else what the automaton knows of the atom's patterns.
func (q *asking) value(atoms []int, c cell, numbered map[int][]int) value {
	v := value{word: c.word, truths: make([]truth, len(atoms)), sole: c.sole}
	for i, number := range atoms {
		a := q.m.atoms[number]
		switch {
		case a.operator.Type == policy.NullOperator:
		case !c.word.symbolic() && !q.hasSymbols(a):
			v.truths[i] = q.truth(a, string(c.word))
		case numbered != nil && a.text():
			v.truths[i] = q.reading(a, c, numbered[number])
		default:
			v.truths[i] = open
		}
	}
	return v
}

func (q *asking) hasSymbols(a *atom) bool {
	return slices.ContainsFunc(a.names, func(name string) bool { _, ok := q.v.symbols[name]; return ok })
}

// reading is what the automaton knows: patterns are the atom's, the first of an Arn operator being any ARN.
func (q *asking) reading(a *atom, c cell, patterns []int) truth {
	matched, understood := no, yes
	if a.operator.Type == policy.BoolOperator {
		return open // which texts a variable's value makes true is not worth knowing
	}
	if a.operator.Type == policy.ARNOperator {
		understood = c.reads(patterns[0])
		patterns = patterns[1:]
	}
	for _, number := range patterns {
		matched = max(matched, c.reads(number))
	}
	if a.operator.Negated {
		matched = matched.not()
	}
	return min(matched, understood)
}

func (c *cell) reads(pattern int) truth {
	switch {
	case c.certain(pattern):
		return yes
	case c.possible(pattern):
		return open
	}
	return no
}

// texts are the cells of the key's texts, and the numbers of each atom's patterns in them.
func (q *asking) texts(atoms []int) (cells []cell, numbered map[int][]int, ok bool) {
	patterns := []pattern{literal("")}
	numbered = map[int][]int{}
	add := func(atom int, p pattern) {
		numbered[atom] = append(numbered[atom], len(patterns))
		patterns = append(patterns, p)
	}
	for _, number := range atoms {
		a := q.m.atoms[number]
		switch {
		case a.operator.Type == policy.ARNOperator:
			add(number, anyARN())
		case a.operator.Type == policy.BoolOperator:
			for _, text := range []string{"true", "false"} {
				p, _ := q.v.compileGlob(text, false, false, asciiCase)
				add(number, p)
			}
		}
		for _, operand := range a.operands {
			if p, ok := q.operand(a, operand); ok {
				add(number, p)
			}
		}
	}
	cells, ok = newAutomaton(anyText(), patterns).cells(q.b)
	for i := range cells {
		cells[i].sole = slices.ContainsFunc(cells[i].must, func(number int32) bool { return patterns[number].exact() })
	}
	return cells, numbered, ok
}

func (q *asking) operand(a *atom, operand string) (pattern, bool) {
	switch a.operator.Type {
	case policy.StringOperator:
		fold := exactCase
		if strings.Contains(a.operator.Base, "IgnoreCase") {
			fold = simpleCase
		}
		return q.v.compileGlob(operand, strings.HasSuffix(a.operator.Base, "Like"), a.variables, fold)
	case policy.ARNOperator:
		return q.v.compileARN(operand, a.variables)
	case policy.BinaryOperator:
		return q.v.compileGlob(canonicalBase64(operand), false, false, exactCase)
	}
	return nil, false
}

// combine finds the combinations of truths that a value might have which is compared in more than one way, and that none of values has.
func (q *asking) combine(values []value, groups []group, atoms []int) (phantoms []value, ok bool) {
	if len(groups) < 2 {
		return nil, true
	}
	seen := map[string]bool{}
	for _, v := range values {
		seen[truthKey(v.truths)] = true
	}
	combined := []value{{word: word("?"), truths: make([]truth, len(atoms)), phantom: true}}
	for _, g := range groups {
		var next []value
		once := map[string]bool{}
		for _, c := range combined {
			for _, v := range g.values {
				if v.sole {
					continue // values has it, with all that is true of it
				}
				if !q.b.spend(len(atoms)) || len(next) > maxLists {
					return nil, false
				}
				truths := slices.Clone(c.truths)
				for i, number := range atoms {
					if g.compares(q.m.atoms[number]) {
						truths[i] = v.truths[i]
					}
				}
				if key := truthKey(truths); !once[key] {
					once[key] = true
					next = append(next, value{word: c.word, truths: truths, phantom: true})
				}
			}
		}
		combined = next
	}
	return slices.DeleteFunc(combined, func(c value) bool { return seen[truthKey(c.truths)] }), true
}
