package compare

import (
	"slices"
	"strings"
)

// elementKind tells what an element of a pattern takes from a text.
type elementKind uint8

const (
	character elementKind = iota // one of chars
	one                          // ?: any character
	run                          // *: any number of them
	symbol                       // the value of a variable
	end                          // nothing: the pattern has matched
)

// element is one step of a pattern.
type element struct {
	kind   elementKind
	chars  []rune // more than one where case does not count
	part   bool   // one and run: a part of an ARN, so no colon
	number int    // symbol: which variable; end: which copy
}

// pattern is a compiled glob.
type pattern []element

// exact tells whether the pattern matches one text only.
func (p pattern) exact() bool {
	return !slices.ContainsFunc(p, func(e element) bool { return e.kind != character || len(e.chars) > 1 })
}

// symbolic tells whether the pattern has variables.
func (p pattern) symbolic() bool {
	return slices.ContainsFunc(p, func(e element) bool { return e.kind == symbol })
}

// word is a text in which negative characters are variables: -1 is variable 0.
type word []rune

// substitute puts the variables' values in.
func (w word) substitute(values []string) string {
	var b strings.Builder
	for _, c := range w {
		if c < 0 {
			b.WriteString(values[-1-c])
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// symbolic tells whether the word has variables.
func (w word) symbolic() bool {
	return slices.ContainsFunc(w, func(c rune) bool { return c < 0 })
}

// cell is a set of texts that the same patterns match, with one of them. With variables, must are the patterns that match whatever the variables'
// values are, may those that match for some; without, both are the same.
type cell struct {
	word      word
	must, may []int32
	sole      bool // of a condition key's values: no other text is in the cell
}

func (c *cell) certain(pattern int) bool {
	_, ok := slices.BinarySearch(c.must, int32(pattern))
	return ok
}

func (c *cell) possible(pattern int) bool {
	_, ok := slices.BinarySearch(c.may, int32(pattern))
	return ok
}

// automaton runs patterns side by side. Copy 0 is the universe; copies from 1 are the patterns and, if there are variables, as many again that
// take every variable for a *.
type automaton struct {
	nodes  []element
	last   []int32 // of each node: the end of its copy
	starts []int32 // of each copy
	floor  []int32 // of each node that is a run: what is from there to it is superfluous where it is
	count  int     // of patterns
	loose  int     // the first copy in which variables are *; 0: none
	fixed  bool    // one text is looked at, and not all
	other  rune    // a character that no pattern names
	mark   []int   // scratch of step: which round a node was last added in
	round  int
}

func newAutomaton(universe pattern, patterns []pattern) *automaton {
	a := &automaton{count: len(patterns)}
	a.add(universe, false)
	for _, p := range patterns {
		a.add(p, false)
	}
	if slices.ContainsFunc(patterns, pattern.symbolic) {
		a.loose = len(a.starts)
		for _, p := range patterns {
			a.add(p, true)
		}
	}
	a.mark = make([]int, len(a.nodes))
	a.other = a.filler()
	return a
}

func (a *automaton) add(p pattern, loose bool) {
	start := len(a.nodes)
	a.starts = append(a.starts, int32(start))
	for _, e := range p {
		if loose && e.kind == symbol {
			e = element{kind: run}
		}
		a.nodes = append(a.nodes, e)
	}
	a.nodes = append(a.nodes, element{kind: end, number: len(a.starts) - 1})
	part, symbolic := start, !loose && p.symbolic()
	for i := range len(p) + 1 {
		e := &a.nodes[start+i]
		floor := start
		if e.part {
			if floor = part; symbolic { // the value of a variable before it may take colons
				floor = start + i
			}
		}
		if e.kind == character && e.chars[0] == ':' {
			part = start + i + 1
		}
		a.last, a.floor = append(a.last, int32(len(a.nodes)-1)), append(a.floor, int32(floor))
	}
}

// prune leaves out nodes from which nothing can match that could not from a * behind them in the same pattern, which may take what leads there. So
// of many stars only the latest counts, and sets stay few.
func (a *automaton) prune(set []int32) []int32 {
	kept := len(set)
	from, to := int32(0), int32(0) // superfluous
	for i := len(set) - 1; i >= 0; i-- {
		node := set[i]
		if node >= from && node < to {
			continue
		}
		if a.nodes[node].kind == run {
			from, to = a.floor[node], node
		}
		kept--
		set[kept] = node
	}
	return set[kept:]
}

// fillers are characters for what no pattern names, the most ordinary first.
const fillers = "xyzwvqjku0123456789abcdefghilmnoprstXYZWVQJKUABCDEFGHILMNOPRST_-~"

// filler is a character that no pattern names.
func (a *automaton) filler() rune {
	named := map[rune]bool{':': true}
	for _, e := range a.nodes {
		for _, c := range e.chars {
			named[c] = true
		}
	}
	for _, c := range fillers {
		if !named[c] {
			return c
		}
	}
	c := rune('\u4e00') // letters without case, and far more of them than any document has characters
	for named[c] {
		c++
	}
	return c
}

// enter adds a node to set, and what a * there may skip to.
func (a *automaton) enter(set []int32, node int32) []int32 {
	for a.mark[node] != a.round {
		a.mark[node] = a.round
		set = append(set, node)
		if a.nodes[node].kind != run {
			break
		}
		node++
	}
	return set
}

// start is the set of nodes before any character.
func (a *automaton) start() []int32 {
	a.round++
	var set []int32
	for _, node := range a.starts {
		set = a.enter(set, node)
	}
	slices.Sort(set)
	return a.prune(set)
}

// takesAny tells whether a copy takes a variable for any text: the universe, in which some value may put it, and the copies for that.
func (a *automaton) takesAny(number int) bool { return number == 0 || a.loose > 0 && number >= a.loose }

// step is the set of nodes after one more character or variable.
func (a *automaton) step(set []int32, c rune) []int32 {
	a.round++
	var next []int32
	for _, node := range set {
		e := &a.nodes[node]
		switch {
		case c < 0 && a.takesAny(a.nodes[a.last[node]].number):
			for ; node <= a.last[node] && int(node) < len(a.nodes); node++ { // some value takes it anywhere in the pattern
				next = a.enter(next, node)
				if a.nodes[node].kind == end {
					break
				}
			}
		case e.kind == run && !(e.part && (c == ':' || c < 0)):
			next = a.enter(next, node)
		case e.kind == one && c >= 0 && !(e.part && c == ':'),
			e.kind == symbol && c == rune(-1-e.number),
			e.kind == character && slices.Contains(e.chars, c):
			next = a.enter(next, node+1)
		}
	}
	slices.Sort(next)
	return a.prune(next)
}

// alphabet are the characters that the nodes of set can tell apart.
func (a *automaton) alphabet(set []int32) []rune {
	letters := []rune{a.other}
	for _, node := range set {
		e := &a.nodes[node]
		switch {
		case e.kind == character:
			letters = append(letters, e.chars...)
		case e.kind == symbol:
			letters = append(letters, rune(-1-e.number))
		case e.part:
			letters = append(letters, ':')
		}
	}
	slices.Sort(letters)
	return slices.Compact(letters)
}

// visit is a state on the way: a set of nodes and how it was reached.
type visit struct {
	set      []int32
	from     int
	by       rune
	symbolic bool
}

// cells are all that the universe falls into. It is not ok if the budget ended.
func (a *automaton) cells(b *budget) (cells []cell, ok bool) {
	visits := []visit{{set: a.start(), from: -1}}
	seen := map[string]bool{}
	known := map[string]bool{}
	for i := 0; i < len(visits); i++ {
		v := visits[i]
		if c, accepted := a.accept(v); accepted {
			if key := nodeKey(c.must, false) + "/" + nodeKey(c.may, v.symbolic); !known[key] {
				known[key] = true
				c.word = spell(visits, i)
				cells = append(cells, c)
			}
		}
		for _, c := range a.alphabet(v.set) {
			if !b.spend(len(v.set) + 4) {
				return nil, false
			}
			next := visit{set: a.step(v.set, c), from: i, by: c, symbolic: v.symbolic || c < 0}
			if len(next.set) == 0 || next.set[0] > a.last[0] {
				continue // no longer in the universe
			}
			if key := nodeKey(next.set, next.symbolic); !seen[key] {
				seen[key] = true
				visits = append(visits, next)
			}
		}
	}
	return cells, true
}

// accept reads what has matched. A word with variables must be one that some pattern with variables matches: every other request is found as a
// word without.
func (a *automaton) accept(v visit) (c cell, ok bool) {
	variable := false
	for _, node := range v.set {
		e := &a.nodes[node]
		if e.kind != end {
			continue
		}
		switch {
		case e.number == 0:
			ok = true
		case a.loose > 0 && e.number >= a.loose:
			c.may = append(c.may, int32(e.number-a.loose))
		default:
			c.must = append(c.must, int32(e.number-1))
			variable = variable || pattern(a.nodes[a.starts[e.number]:node]).symbolic()
		}
	}
	if a.loose == 0 || !v.symbolic && !a.fixed {
		c.may = c.must // where a pattern with variables matches, a word with variables is found as well
	}
	return c, ok && (variable || !v.symbolic)
}

// classify finds the cell of one text. Patterns with variables may match it.
func (a *automaton) classify(text string) (c cell, ok bool) {
	a.fixed = true
	v := visit{set: a.start()}
	for _, letter := range text {
		v.set = a.step(v.set, letter)
	}
	c, ok = a.accept(v)
	c.word = word(text)
	return c, ok
}

func spell(visits []visit, i int) word {
	w := word{}
	for ; visits[i].from >= 0; i = visits[i].from {
		w = append(w, visits[i].by)
	}
	slices.Reverse(w)
	return w
}

// nodeKey is a set as a map's key.
func nodeKey(set []int32, flag bool) string {
	key := make([]byte, 0, 3*len(set)+1)
	for _, n := range set {
		key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	if flag {
		key = append(key, 1)
	}
	return string(key)
}

// budget bounds the steps of one comparison, so that a hostile document costs bounded time.
type budget struct{ left int }

func (b *budget) spend(steps int) bool {
	b.left -= steps
	return b.left > 0
}
