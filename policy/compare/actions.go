package compare

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// actionCell is a set of actions that the same statements list.
type actionCell struct {
	service, name string   // of the action that stands for it, in lower case
	exact         bool     // no other action is in it
	other         bool     // it stands for all services that no pattern names
	entry         string   // with a reference: the action's name as AWS spells it
	wildcardOnly  bool     // with a reference: requests are about "*"
	real          []string // with a reference: AWS's actions in it
}

// class are all action cells that the same statements are about, and so have the same answer.
type class struct {
	cells        []actionCell
	statements   []*statement
	wildcardOnly bool
}

// actionSpace finds the classes of what the statements tell apart.
type actionSpace struct {
	b          *budget
	statements []*statement
	universe   actionPattern // the actions that are asked about
	reference  Reference     // tells AWS's actions; nil: nobody does
	knownOnly  bool          // there are no other actions
}

// assuming are the actions that a role's trust policy decides.
func assuming() []string {
	return []string{"assumerole*", "tagsession", "setsourceidentity", "setcontext"}
}

// undecided tells whether the documents have no say about an action: sts:GetCallerIdentity is allowed to everyone who signs, a role's trust policy
// is about its own actions alone, and of these no other resource's policy grants any.
func (c *comparison) undecided(cell actionCell, who caller) bool {
	assumes := cell.service == "sts" && slices.ContainsFunc(assuming(), func(pattern string) bool { return policy.MatchGlob(pattern, cell.name) })
	identity := cell.service == "sts" && cell.name == "getcalleridentity"
	switch c.options.Kind {
	case policy.Trust:
		return !assumes
	case policy.Resource:
		return identity && signs(who.principal) || assumes && !c.denying && strings.HasPrefix(cell.name, "assumerole")
	}
	return identity
}

// anyAction is the universe without bounds.
func anyAction() actionPattern { return actionPattern{every: true} }

func (s *actionSpace) classes() (classes []*class, ok bool) {
	byKey := map[string]*class{}
	var not []int // statements with NotAction
	for i, st := range s.statements {
		if st.view.Action.Not {
			not = append(not, i)
		}
	}
	for _, service := range s.services() {
		cells, listed, ok := s.cells(service)
		if !ok {
			return nil, false
		}
		for i, c := range cells {
			if !s.b.spend(len(listed[i]) + len(not) + 1) {
				return nil, false
			}
			key := nodeKey(listed[i], c.wildcardOnly)
			if byKey[key] == nil {
				byKey[key] = &class{statements: s.about(listed[i], not), wildcardOnly: c.wildcardOnly}
				classes = append(classes, byKey[key])
			}
			byKey[key].cells = append(byKey[key].cells, c)
		}
	}
	return classes, true
}

// about are the statements about an action that those with the numbers listed list.
func (s *actionSpace) about(listed []int32, not []int) []*statement {
	numbers := slices.Clone(not)
	numbers = slices.DeleteFunc(numbers, func(n int) bool { _, found := slices.BinarySearch(listed, int32(n)); return found })
	for _, n := range listed {
		if !s.statements[n].view.Action.Not {
			numbers = append(numbers, int(n))
		}
	}
	slices.Sort(numbers)
	statements := make([]*statement, len(numbers))
	for i, n := range numbers {
		statements[i] = s.statements[n]
	}
	return statements
}

// otherService begins the name of the service that stands for those that no pattern names. AWS's have no such names.
const otherService = "anyservice"

// services are those that some pattern names, sts for the action that needs no permission, and one more that stands for all others.
func (s *actionSpace) services() []string {
	if !s.universe.every {
		return []string{s.universe.service}
	}
	if s.knownOnly {
		return s.reference.Services()
	}
	services := []string{"sts"}
	for _, st := range s.statements {
		for _, p := range st.actions {
			if !p.every {
				services = append(services, p.service)
			}
		}
	}
	services = sortedUnique(services)
	other := otherService
	for slices.Contains(services, other) {
		other += "x"
	}
	return append(services, other)
}

// listing are one service's action patterns, each with the numbers of the statements that list it.
type listing struct {
	names  []string
	byName map[string][]int32
	always []int32 // statements that list every action
}

func (s *actionSpace) listing(service string) *listing {
	l := &listing{byName: map[string][]int32{}}
	for i, st := range s.statements {
		for _, p := range st.actions {
			switch {
			case p.every:
				l.always = append(l.always, int32(i))
			case p.service == service:
				if l.byName[p.name] == nil {
					l.names = append(l.names, p.name)
				}
				l.byName[p.name] = append(l.byName[p.name], int32(i))
			}
		}
	}
	if service == "sts" {
		for _, name := range append(assuming(), "getcalleridentity") {
			if l.byName[name] == nil {
				l.names = append(l.names, name)
			}
		}
	}
	return l
}

// statements are the numbers of those that list an action which patterns match.
func (l *listing) statements(patterns []string) []int32 {
	numbers := slices.Clone(l.always)
	for _, name := range patterns {
		numbers = append(numbers, l.byName[name]...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// cells are the cells of one service's actions, each with the numbers of the statements that list it.
func (s *actionSpace) cells(service string) (cells []actionCell, listed [][]int32, ok bool) {
	l := s.listing(service)
	add := func(c actionCell, patterns []string) {
		cells, listed = append(cells, c), append(listed, l.statements(patterns))
	}
	if s.knownOnly {
		ok = s.referenced(service, l.names, add)
		return cells, listed, ok
	}
	universe := anyName()
	if !s.universe.every && strings.Trim(s.universe.name, "*") != "" { // else it is any name, of which none is empty
		universe, _ = variables{}.compileGlob(s.universe.name, true, false, exactCase)
	}
	patterns := make([]pattern, len(l.names))
	for i, name := range l.names {
		patterns[i], _ = variables{}.compileGlob(name, true, false, exactCase)
	}
	found, ok := newAutomaton(universe, patterns).cells(s.b)
	for _, c := range found {
		cell := actionCell{service: service, name: string(c.word), exact: universe.exact(), other: s.universe.every && strings.HasPrefix(service, otherService)}
		matching := make([]string, len(c.must))
		for i, number := range c.must {
			matching[i] = l.names[number]
			cell.exact = cell.exact || patterns[number].exact()
		}
		add(cell, matching)
	}
	if s.reference != nil && ok {
		ok = s.name(service, l.names, found, cells)
	}
	return cells, listed, ok
}

// name tells of each cell which of AWS's actions are in it.
func (s *actionSpace) name(service string, names []string, found []cell, cells []actionCell) bool {
	byPatterns := map[string]*actionCell{}
	for i := range found {
		byPatterns[nodeKey(found[i].must, false)] = &cells[i]
	}
	return s.referenced(service, names, func(c actionCell, patterns []string) {
		numbers := make([]int32, len(patterns))
		for i, pattern := range patterns {
			numbers[i] = int32(slices.Index(names, pattern))
		}
		if cell := byPatterns[nodeKey(numbers, false)]; cell != nil {
			cell.real = append(cell.real, c.entry)
		}
	})
}

// referenced are the service's real actions as cells of their own.
func (s *actionSpace) referenced(service string, names []string, add func(actionCell, []string)) bool {
	for _, entry := range s.reference.Actions(service) {
		_, name, _ := strings.Cut(strings.ToLower(entry.Name), ":")
		if !s.b.spend(len(names) + 1) {
			return false
		}
		if !s.universe.every && !policy.MatchGlob(s.universe.name, name) {
			continue
		}
		matching := slices.DeleteFunc(slices.Clone(names), func(pattern string) bool { return !policy.MatchGlob(pattern, name) })
		add(actionCell{service: service, name: name, exact: true, entry: entry.Name, wildcardOnly: entry.WildcardOnly()}, matching)
	}
	return true
}
