package compare

import (
	"maps"
	"math/bits"
	"slices"
)

// solution is where the search has found a difference to be possible: a resource, and what the request has for the keys that matter.
type solution struct {
	region *region
	cell   *resourceCell
	shapes map[string]*shape
	open   bool // it rests on the text of a variable, or on a combination that no value is known to have
}

// choice is one shape of a key as far as a search is concerned.
type choice struct {
	shape *shape
	kills []uint64 // the refuted statements, of those that must not hold, that it makes false
	open  bool
}

// search looks for values of condition keys at one resource.
type search struct {
	region   *region
	cell     *resourceCell
	refuted  []*statement // none of them may hold
	required map[int]bool // atoms that must be true
	choices  map[string][]choice
	assigned map[string]*choice
	open     bool
	found    func(solution) (stop bool)
}

// run shows found every solution for a request at cell of which all of required hold and none of refuted. It stops when found says so, and tells.
func (r *region) run(required, refuted []*statement, cell *resourceCell, found func(solution) bool) (stopped bool) {
	s := &search{region: r, cell: cell, required: map[int]bool{}, choices: map[string][]choice{}, assigned: map[string]*choice{}, found: found}
	// Where none of the required statements matches for certain, a cell without variables shows as much, unless the text of a variable spares the
	// resource from a refuted statement's NotResource.
	certain := cell.fixed || slices.ContainsFunc(refuted, func(st *statement) bool { return st.view.Resource.Not && st.matchesResource(cell) != yes })
	for _, st := range required {
		at := st.matchesResource(cell)
		if at == no {
			return false
		}
		certain, s.open = certain || at == yes, s.open || at == open
		for _, number := range st.atoms {
			s.required[number] = true
		}
	}
	if !certain || !r.b.spend(len(refuted)+1) {
		return false
	}
	for _, st := range refuted {
		switch st.matchesResource(cell) {
		case open:
			s.open = true
		case yes:
			if !slices.ContainsFunc(st.atoms, func(number int) bool { return !s.required[number] }) {
				return false // it holds wherever the required ones do
			}
			s.refuted = append(s.refuted, st)
		}
	}
	if !s.prepare() {
		return false
	}
	return s.cover()
}

// prepare finds the choices of every key that matters. It is false if a required condition cannot be true.
func (s *search) prepare() bool {
	keys := map[string]bool{}
	for number := range s.required {
		keys[s.region.m.atoms[number].key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !s.choose(key) {
			return false
		}
	}
	for _, st := range s.refuted {
		for _, number := range st.atoms {
			if key := s.region.m.atoms[number].key; s.choices[key] == nil && !s.choose(key) {
				return false
			}
		}
	}
	return s.region.b.left > 0
}

// choose fills in the choices of one key, of which those are left out that do nothing that another does not.
func (s *search) choose(key string) bool {
	space := s.region.space(key)
	var choices []choice
	for i := range space.shapes {
		if c, ok := s.choice(space, &space.shapes[i]); ok {
			choices = append(choices, c)
		}
	}
	for i := 0; i < len(choices); i++ {
		c := &choices[i]
		better := func(other choice) bool {
			return !other.open && other.shape != c.shape && subset(c.kills, other.kills) && (c.open || !slices.Equal(c.kills, other.kills))
		}
		same := func(other choice) bool { return !c.open && !other.open && slices.Equal(c.kills, other.kills) }
		if !s.region.b.spend(len(choices)) {
			return false
		}
		if slices.ContainsFunc(choices, better) || slices.ContainsFunc(choices[:i], same) {
			choices = slices.Delete(choices, i, i+1)
			i--
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int { return int(truthOf(a.open)) - int(truthOf(b.open)) })
	s.choices[key] = choices
	return len(choices) > 0
}

// choice tells whether a shape makes the key's required atoms true, and which refuted statements it makes false.
func (s *search) choice(space *keySpace, has *shape) (choice, bool) {
	c := choice{shape: has, kills: make([]uint64, (len(s.refuted)+63)/64), open: has.phantom}
	opened := map[int]bool{}
	falsified := map[int]bool{}
	for i, number := range space.atoms {
		switch t := has.truths[i]; {
		case s.required[number] && t == no:
			return c, false
		case s.required[number]:
			c.open = c.open || t == open
		case t == open:
			opened[number] = true
			fallthrough
		case t == no:
			falsified[number] = true
		}
	}
	for i, st := range s.refuted {
		dead, maybe := false, false
		for _, number := range st.atoms {
			dead = dead || falsified[number] && !opened[number]
			maybe = maybe || opened[number]
		}
		if dead || maybe {
			c.kills[i/64] |= 1 << (i % 64)
			c.open = c.open || !dead
		}
	}
	s.region.b.spend(len(space.atoms) + len(s.refuted))
	return c, true
}

func subset(a, b []uint64) bool {
	for i := range a {
		if a[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

// cover assigns keys until every refuted statement is false.
func (s *search) cover() (stopped bool) {
	if !s.region.b.spend(1 + len(s.assigned)*len(s.refuted)/64) {
		return true
	}
	alive := make([]uint64, (len(s.refuted)+63)/64)
	for i := range s.refuted {
		alive[i/64] |= 1 << (i % 64)
	}
	for _, c := range s.assigned {
		for i := range alive {
			alive[i] &^= c.kills[i]
		}
	}
	for i, rest := range alive {
		if rest == 0 {
			continue
		}
		number := i*64 + bits.TrailingZeros64(rest)
		return s.kill(number)
	}
	return s.complete()
}

// kill tries every way to make a refuted statement false with a key that has no shape yet.
func (s *search) kill(number int) (stopped bool) {
	var keys []string
	for _, atom := range s.refuted[number].atoms {
		keys = append(keys, s.region.m.atoms[atom].key)
	}
	for _, key := range sortedUnique(keys) {
		if s.assigned[key] != nil {
			continue
		}
		for i := range s.choices[key] {
			c := &s.choices[key][i]
			if c.kills[number/64]>>(number%64)&1 == 0 {
				continue
			}
			s.assigned[key] = c
			stopped = s.cover()
			delete(s.assigned, key)
			if stopped {
				return true
			}
		}
	}
	return false
}

// complete gives the keys of required conditions, and the variables, a shape as well.
func (s *search) complete() (stopped bool) {
	result := solution{region: s.region, cell: s.cell, shapes: map[string]*shape{}, open: s.open}
	assigned := maps.Clone(s.assigned)
	for number := range s.required {
		key := s.region.m.atoms[number].key
		if assigned[key] == nil {
			assigned[key] = &s.choices[key][0]
		}
	}
	for key, c := range assigned {
		result.shapes[key] = c.shape
		result.open = result.open || c.open || slices.ContainsFunc(c.shape.words, word.symbolic)
	}
	result.open = result.open || s.cell.word.symbolic()
	for key, present := range s.region.present {
		if result.shapes[key] == nil && len(s.region.atoms[key]) > 0 {
			for i := range s.region.space(key).shapes {
				if has := &s.region.space(key).shapes[i]; !present || has.kind == single && !has.phantom {
					result.shapes[key] = has
					break
				}
			}
		}
	}
	return s.found(result)
}
