package compare

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Named is a policy with what it is called.
type Named struct {
	Name     string
	Document *policy.Document
}

// Subject is a user or role whose permissions are asked about: its own policies and those of its groups, and its boundary. Policies of resources,
// of sessions and of organizations are not part of it.
type Subject struct {
	Principal policy.Principal
	Keys      map[string][]string // the condition keys of which it is known what requests of the subject have: one value, or none
	Identity  []Named             // one union
	Boundary  []Named             // one union; nil: none
}

// Question is about all requests of a subject for an action and a resource. Either may be a pattern.
type Question struct {
	Action   string // service:Name, or "*"
	Resource string // an ARN, "*" for requests about no resource in particular, or empty for all
}

// Verdict is the answer to a question.
type Verdict int

// The verdicts.
const (
	Never     Verdict = iota // no such request is allowed
	Depends                  // some are and some are not, or it is not proven that all are
	Always                   // all are
	Undecided                // none is known to be allowed, and it is not proven that none is
)

// String is never, depends, always or undecided.
func (v Verdict) String() string {
	return []string{"never", "depends", "always", "undecided"}[v]
}

// Answer says what a subject may do.
type Answer struct {
	Verdict     Verdict
	Permissions []Permission // statement by statement; none for Never
	NotProven   []string     // why the answer is not exact
}

// Permission is what one Allow statement lets a subject do, after Deny statements and the boundary.
type Permission struct {
	Policy     string
	Number     int // of the statement, from 0
	Statement  policy.Statement
	Actions    []Action // without witnesses
	Resources  []string // those entries of the statement's Resource, or NotResource, that allowed requests match
	Conditions []policy.ConditionEntry
	Limits     []Limit // what may deny requests that the statement allows
}

// Limit is a statement of a Deny, or what a boundary allows, that decides beside a permission: the answer depends on its conditions as well.
type Limit struct {
	Policy     string
	Number     int
	Statement  policy.Statement
	Conditions []policy.ConditionEntry // those about keys whose values are not known
}

// Can answers a question about a subject. Errors are those of compiling its policies.
func Can(subject Subject, q Question, o Options) (*Answer, error) {
	o.Kind = policy.Identity
	i := &inquiry{question: q, bounded: subject.Boundary != nil,
		comparison: comparison{m: newModel(), b: &budget{o.Steps}, options: o, beside: &beside{map[string]*policy.Policy{}}}}
	if o.Steps == 0 {
		i.b.left = DefaultSteps
	}
	for key, values := range subject.Keys {
		i.m.known[strings.ToLower(key)] = known{values: values, list: len(values) != 1}
		i.m.spelled[strings.ToLower(key)] = key
	}
	i.who = caller{principal: subject.Principal}
	var err error
	if i.identity, err = i.read(subject.Identity, &i.allow); err != nil {
		return nil, err
	}
	if i.boundary, err = i.read(subject.Boundary, &i.limit); err != nil {
		return nil, err
	}
	return i.answer(), nil
}

// inquiry is one question on its way.
type inquiry struct {
	comparison
	question           Question
	who                caller
	bounded            bool
	names              []string // of documents, by owner
	allow, limit, deny []*statement
	identity, boundary []*policy.Policy
	granted            map[*statement]*Permission
}

func (i *inquiry) read(documents []Named, allow *[]*statement) ([]*policy.Policy, error) {
	policies := []*policy.Policy{}
	for _, d := range documents {
		p, err := policy.Compile(d.Name, d.Document, policy.Options{})
		if err != nil {
			return nil, err
		}
		policies = append(policies, p)
		allowed, denied, err := i.m.statements(d.Document, len(i.names))
		if err != nil {
			return nil, err
		}
		i.names = append(i.names, d.Name)
		*allow, i.deny = append(*allow, allowed...), append(i.deny, denied...)
	}
	return policies, nil
}

func (i *inquiry) answer() *Answer {
	space := &actionSpace{b: i.b, universe: i.m.action(i.question.Action), reference: i.options.Reference,
		knownOnly: i.options.KnownActions && i.options.Reference != nil, statements: slices.Concat(i.allow, i.limit, i.deny)}
	i.granted = map[*statement]*Permission{}
	answer := &Answer{Verdict: Always}
	classes, ok := space.classes()
	unproven := !ok
	for _, class := range classes {
		proven, refused := i.class(class)
		unproven = unproven || !proven
		if refused {
			answer.Verdict = Depends
		}
	}
	if !ok || i.b.left <= 0 {
		i.doubt(tooLarge)
	}
	for _, s := range i.allow {
		if p := i.granted[s]; p != nil {
			slices.SortFunc(p.Actions, compareActions)
			answer.Permissions = append(answer.Permissions, *p)
		}
	}
	answer.NotProven = i.doubts[0]
	switch {
	case i.free(classes):
	case len(answer.Permissions) == 0 && len(answer.NotProven) > 0:
		answer.Verdict = Undecided
	case len(answer.Permissions) == 0:
		answer.Verdict = Never
	case unproven || len(answer.NotProven) > 0:
		answer.Verdict = Depends
	}
	return answer
}

// free tells whether what is asked about needs no permission.
func (i *inquiry) free(classes []*class) bool {
	return len(classes) > 0 && !slices.ContainsFunc(classes, func(c *class) bool {
		return slices.ContainsFunc(c.cells, func(cell actionCell) bool { return !cell.exact || !i.undecided(cell, i.who) })
	})
}

// class looks at one class of actions. refused tells whether some request is not allowed.
func (i *inquiry) class(class *class) (proven, refused bool) {
	cells := slices.DeleteFunc(slices.Clone(class.cells), func(cell actionCell) bool { return i.undecided(cell, i.who) })
	if len(cells) == 0 {
		return true, false
	}
	resource := i.question.Resource
	if class.wildcardOnly {
		resource = "*"
	}
	regions, problem := i.m.regions(i.b, class.statements, resource)
	if problem != "" {
		i.doubt(problem)
		return false, false
	}
	about := func(list []*statement) []*statement {
		return slices.DeleteFunc(slices.Clone(list), func(s *statement) bool { return !slices.Contains(class.statements, s) })
	}
	allow, limit, deny := about(i.allow), about(i.limit), about(i.deny)
	for _, s := range allow {
		i.grant(s, cells, regions, limit, deny)
	}
	refused = i.refusal(cells[0], regions, allow, limit, deny)
	for _, r := range regions {
		if r.problem != "" {
			i.doubt(r.problem)
		}
	}
	return i.b.left > 0, refused
}

// grant finds what one statement lets the subject do.
func (i *inquiry) grant(s *statement, cells []actionCell, regions []*region, limit, deny []*statement) {
	g := &grant{statement: s, action: cells[0], deny: deny, entries: map[int]bool{}, beside: map[*statement]bool{}, limits: [][]*statement{nil}}
	if i.bounded {
		g.limits = nil
		for _, l := range limit {
			g.limits = append(g.limits, []*statement{l})
		}
	}
	for _, r := range regions {
		for n := range r.cells {
			if !i.b.spend(1 + len(s.resources)) {
				return
			}
			if s.matchesResource(&r.cells[n]) != no {
				i.look(g, r, &r.cells[n])
			}
		}
	}
	if g.found {
		i.note(s, cells, g.entries, slices.DeleteFunc(slices.Concat(limit, deny), func(other *statement) bool { return !g.beside[other] }))
		return
	}
	for _, reason := range g.reasons {
		i.doubt(reason)
	}
}

// grant is what is known of one statement for one class of actions.
type grant struct {
	statement *statement
	action    actionCell
	deny      []*statement
	limits    [][]*statement      // one statement of the boundary each, or none at all
	found     bool                // it allows something
	entries   map[int]bool        // its resource patterns of which it allows something
	beside    map[*statement]bool // what may limit it
	reasons   []string            // of solutions that no request confirmed
}

// look looks at one resource cell.
func (i *inquiry) look(g *grant, r *region, cell *resourceCell) {
	for _, by := range g.limits {
		if g.settled(cell) {
			break
		}
		allowed := false
		r.run(append([]*statement{g.statement}, by...), g.deny, cell, func(solution solution) bool {
			if allowed = i.decides(solution, g.action, true); !allowed {
				g.reasons = append(g.reasons, i.reason(solution))
			}
			return allowed || len(g.reasons) > maxFailures
		})
		for _, number := range g.statement.resources {
			g.entries[number] = g.entries[number] || allowed && (cell.matches(number) != no) != g.statement.view.Resource.Not
		}
		g.found = g.found || allowed
		if allowed && by != nil {
			g.beside[by[0]] = true
		}
	}
	for _, d := range g.deny {
		g.beside[d] = g.beside[d] || r.run([]*statement{g.statement, d}, nil, cell, func(solution) bool { return true })
	}
}

// settled tells whether everything is known that the cell could tell of the statement.
func (g *grant) settled(cell *resourceCell) bool {
	return g.found && !slices.ContainsFunc(g.statement.resources, func(number int) bool {
		return !g.entries[number] && (cell.matches(number) != no) != g.statement.view.Resource.Not
	})
}

// refusal looks for a request that is not allowed: that no statement allows, that the boundary does not, or that one denies.
func (i *inquiry) refusal(action actionCell, regions []*region, allow, limit, deny []*statement) bool {
	anything := &statement{resources: []int{everyResource}, view: policy.Statement{Resource: policy.List{Name: "Resource"}}}
	layers := [][]*statement{allow}
	if i.bounded {
		layers = append(layers, limit)
	}
	for _, r := range regions {
		for n := range r.cells {
			refused := false
			found := func(s solution) bool {
				if refused = i.decides(s, action, false); !refused {
					i.doubt(i.reason(s))
				}
				return refused
			}
			for _, layer := range layers {
				if r.run([]*statement{anything}, layer, &r.cells[n], found); refused {
					return true
				}
			}
			for _, s := range deny {
				if r.run([]*statement{anything, s}, nil, &r.cells[n], found); refused {
					return true
				}
			}
		}
	}
	return false
}

// decides makes requests of a solution until the engine decides one as wanted.
func (i *inquiry) decides(s solution, action actionCell, wanted bool) bool {
	for _, a := range i.attempts(s, action, i.who) {
		if !i.b.spend(100) {
			return false
		}
		if s.cell.word.symbolic() && !s.region.asked(a.resource) {
			continue // a value of the variable that leads elsewhere
		}
		p := i.beside.policies(a, nil)
		p.Identity = i.identity
		if i.bounded {
			p.Boundary = i.boundary
		}
		if decision := p.Decide(a.request()); decision.Allowed() == wanted && !decision.Undecided() {
			return true
		}
	}
	return false
}

// note records a permission.
func (i *inquiry) note(s *statement, cells []actionCell, entries map[int]bool, limits []*statement) {
	p := i.granted[s]
	if p == nil {
		p = &Permission{Policy: i.names[s.owner], Number: s.number, Statement: s.view, Conditions: i.open(s)}
		i.granted[s] = p
	}
	for n, text := range s.view.Resource.Values {
		if entries[s.resources[n]] && !slices.Contains(p.Resources, text.Value) {
			p.Resources = append(p.Resources, text.Value)
		}
	}
	for _, cell := range cells {
		action := Action{Name: cell.entry, Exact: cell.exact}
		if action.Name == "" {
			action.Name = (&excess{comparison: &i.comparison, statement: s}).label(cell)
		}
		if !action.Exact {
			action.Known = cell.real
		}
		if n := slices.IndexFunc(p.Actions, func(known Action) bool { return known.Name == action.Name }); n >= 0 {
			p.Actions[n].Known = sortedUnique(append(p.Actions[n].Known, action.Known...))
		} else {
			p.Actions = append(p.Actions, action)
		}
	}
	for _, other := range limits {
		known := func(l Limit) bool { return l.Policy == i.names[other.owner] && l.Number == other.number }
		if !slices.ContainsFunc(p.Limits, known) {
			p.Limits = append(p.Limits, Limit{Policy: i.names[other.owner], Number: other.number, Statement: other.view, Conditions: i.open(other)})
		}
	}
}

// open are the statement's conditions about keys whose values are not known.
func (i *inquiry) open(s *statement) []policy.ConditionEntry {
	return slices.DeleteFunc(slices.Clone(s.view.Conditions), func(c policy.ConditionEntry) bool {
		_, isKnown := i.m.known[strings.ToLower(c.Key.Value)]
		return isKnown
	})
}
