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
	q.context.Set(valueKey, value)
	request := policy.Request{Principal: policy.Principal{Type: policy.User, ARN: "arn:aws:iam::111122223333:user/x", Account: "111122223333"},
		Action: "any:Any", Resource: "*", Context: q.context}
	decision := policy.Policies{Identity: []*policy.Policy{a.single}}.Decide(&request)
	if decision.Undecided() {
		q.b.left = 0 // the condition alone takes more than a decision may
	}
	return truthOf(decision.Allowed())
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
	null := !slices.ContainsFunc(values, func(v value) bool { return len(v.word) > 0 || v.phantom })
	if a.operator.Type == policy.NullOperator {
		for _, operand := range a.operands {
			if strings.EqualFold(operand, "true") == null {
				return yes
			}
		}
		return no
	}
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
