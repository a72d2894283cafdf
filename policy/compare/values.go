package compare

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// group is one way in which a key's values are compared, with the cells that it tells apart.
type group struct {
	compares func(*atom) bool
	values   []value
}

// weighing finds the values of one key.
type weighing struct {
	*asking
	atoms  []int
	values []value
	groups []group
	known  map[string]bool // the texts of values
}

// add puts representatives of one group's cells among the values.
func (w *weighing) add(compares func(*atom) bool, cells []cell, numbered map[int][]int) {
	g := group{compares: compares}
	for _, c := range cells {
		if !w.b.spend(2 * len(w.atoms)) {
			return
		}
		v := w.value(w.atoms, c, numbered)
		g.values = append(g.values, v)
		if text := string(c.word); c.word.symbolic() || !w.known[text] {
			w.known[text] = !c.word.symbolic()
			w.values = append(w.values, v)
		}
	}
	w.groups = append(w.groups, g)
}

// values are representatives of all the values that the atoms of a key can tell apart.
func (q *asking) values(key string, atoms []int) ([]value, string) {
	w := &weighing{asking: q, atoms: atoms, known: map[string]bool{}}
	has := func(compares func(*atom) bool) bool {
		return slices.ContainsFunc(atoms, func(n int) bool { return compares(q.m.atoms[n]) })
	}
	if k, isKnown := q.m.known[key]; isKnown {
		w.add(nil, plain(k.values), nil)
		return w.values, ""
	}
	if has((*atom).text) {
		cells, numbered, ok := q.texts(atoms)
		if !ok {
			return nil, tooLarge
		}
		w.add((*atom).text, cells, numbered)
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
		w.add(compares, plain(candidates(kind, sortedUnique(operands))), nil)
	}
	if len(w.groups) == 0 {
		w.add(nil, plain([]string{"x", ""}), nil)
	}
	combined, ok := w.combine()
	if !ok || q.b.left <= 0 {
		return nil, tooLarge
	}
	slices.SortStableFunc(w.values, func(a, b value) int { return min(len(b.word), 1) - min(len(a.word), 1) }) // the empty text is the least ordinary
	return append(w.values, combined...), ""
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
		if slices.ContainsFunc(a.operands, func(operand string) bool { return a.variables && movesParts(operand) }) {
			return open
		}
		understood = c.reads(patterns[0])
		patterns = patterns[1:]
	}
	for _, number := range patterns {
		matched = max(matched, c.reads(number))
	}
	if strings.HasSuffix(a.operator.Base, "IgnoreCase") {
		matched = max(matched, open) // the value may be the variable's in another case, which no word with the variable is
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
		return q.v.compileARN(operand, a.variables, false)
	case policy.BinaryOperator:
		return q.v.compileGlob(canonicalBase64(operand), false, false, exactCase)
	}
	return nil, false
}

// combine finds the combinations of truths that a value might have which is compared in more than one way, and that none of values has.
func (w *weighing) combine() (phantoms []value, ok bool) {
	if len(w.groups) < 2 {
		return nil, true
	}
	seen := map[string]bool{}
	for _, v := range w.values {
		seen[truthKey(v.truths)] = true
	}
	combined := []value{{word: word("?"), truths: make([]truth, len(w.atoms)), phantom: true}}
	for _, g := range w.groups {
		var next []value
		once := map[string]bool{}
		for _, c := range combined {
			for _, v := range g.values {
				if v.sole {
					continue // values has it, with all that is true of it
				}
				if !w.b.spend(len(w.atoms)) || len(next) > maxLists {
					return nil, false
				}
				truths := slices.Clone(c.truths)
				for i, number := range w.atoms {
					if g.compares(w.m.atoms[number]) {
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
