package compare

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/openirsa/openirsa/policy"
)

// Reference is what a comparison asks of a table of AWS's actions, such as the Service Authorization Reference.
type Reference interface {
	Services() []string                          // the prefixes of all services, in lower case
	Actions(service string) []policy.ActionEntry // those of one service
}

// DefaultSteps is the budget of a comparison: a few seconds of one processor.
const DefaultSteps = 10_000_000

// Options for Diff.
type Options struct {
	Kind policy.Kind
	// Steps bounds the work; 0 is DefaultSteps. A comparison that needs more proves nothing.
	Steps int
	// Reference tells which of AWS's actions a pattern stands for. Nil: nobody does.
	Reference Reference
	// KnownActions restricts the requests to those that AWS has: about the actions of Reference, and about "*" where an action has no resource-level
	// permissions. Else every action that can be written counts, about every resource.
	KnownActions bool
}

// Result says whether two documents grant the same.
type Result struct {
	Added   []Grant // what the second allows and the first does not, statement by statement of the second
	Removed []Grant // what the first allows and the second does not
	// NotProven says why the search could not go through everything: with it, a difference that is not listed may exist. Each reason is there once.
	NotProven []string
	// AddedDenials is what the second document denies explicitly and the first does not, statement by statement of the second, RemovedDenials the
	// reverse. They matter where other policies allow. DenialsNotProven is to them what NotProven is to grants.
	AddedDenials, RemovedDenials []Grant
	DenialsNotProven             []string
}

// SameDenials tells whether it is proven that the documents deny the same explicitly.
func (r *Result) SameDenials() bool {
	return len(r.AddedDenials)+len(r.RemovedDenials)+len(r.DenialsNotProven) == 0
}

// Same tells whether it is proven that the documents grant the same.
func (r *Result) Same() bool { return !r.Different() && len(r.NotProven) == 0 }

// Different tells whether there is a request, confirmed by the engine, that one document allows and the other does not.
func (r *Result) Different() bool { return len(r.Added)+len(r.Removed) > 0 }

// Grant is what one statement of one document allows, or denies, beyond the other document.
type Grant struct {
	Number    int // of the statement, from 0
	Statement policy.Statement
	Actions   []Action
	Resources []string // the entries of the statement's Resource, or NotResource, that the requests match; none for statements without the element
}

// Action is a set of actions that the documents cannot tell apart, and a request about one of them that shows the difference.
type Action struct {
	// Name is the action's name as the documents spell it, or the pattern of the statement that lists the actions, some of which
	// may not be part of the difference. With KnownActions it is the action's name as AWS spells it.
	Name    string
	Exact   bool     // Name is one action
	Known   []string // with a reference, of a pattern: AWS's actions that are part of the difference
	Witness Witness
}

// Diff compares what two documents grant. Errors are those of compiling either as a policy of the kind, *policy.Error.
func Diff(a, b *policy.Document, o Options) (*Result, error) {
	if o.Kind != policy.Identity && o.Kind != policy.Trust && o.Kind != policy.Resource {
		return nil, errors.New("only identity policies, trust policies and policies of resources are compared")
	}
	c := &comparison{m: newModel(), b: &budget{o.Steps}, options: o, beside: &beside{map[string]*policy.Policy{}}}
	if o.Steps == 0 {
		c.b.left = DefaultSteps
	}
	for i, d := range []*policy.Document{a, b} {
		var err error
		if c.sides[i], err = newParty(c.m, d, i, o.Kind); err != nil {
			return nil, err
		}
	}
	if a.Version() == b.Version() && a.String() == b.String() {
		return &Result{}, nil // the same document but for its layout
	}
	c.run(&c.sides[0], &c.sides[1])
	return c.finish(), nil
}

// party is one document of a comparison.
type party struct {
	number   int // 0 or 1
	compiled *policy.Policy
	allow    []*statement
	deny     []*statement
	grants   map[*statement]*Grant
	places   map[*statement]map[string]int // of the actions in them, by name
	text     json.RawMessage               // for cases
}

func (p *party) note(s *statement, action string, place int) {
	if p.places[s] == nil {
		p.places[s] = map[string]int{}
	}
	p.places[s][action] = place
}

func newParty(m *model, d *policy.Document, number int, kind policy.Kind) (p party, err error) {
	p = party{number: number, grants: map[*statement]*Grant{}, places: map[*statement]map[string]int{}, text: compact(d.String())}
	if p.compiled, err = policy.Compile("policy", d, policy.Options{Kind: kind}); err != nil {
		return p, err
	}
	p.allow, p.deny, err = m.statements(d, number)
	return p, err
}

// comparison is one comparison on its way.
type comparison struct {
	m       *model
	b       *budget
	options Options
	sides   [2]party
	beside  *beside
	denying bool // it is what is denied that is being compared
	doubts  [2][]string
}

func (c *comparison) doubt(reason string) {
	if list := &c.doubts[truthOf(c.denying)/yes]; !slices.Contains(*list, reason) {
		*list = append(*list, reason)
	}
}

func (c *comparison) finish() *Result {
	a, b := &c.sides[0], &c.sides[1]
	return &Result{Added: b.list(b.allow), Removed: a.list(a.allow), NotProven: c.doubts[0],
		AddedDenials: b.list(b.deny), RemovedDenials: a.list(a.deny), DenialsNotProven: c.doubts[1]}
}

func (p *party) list(statements []*statement) []Grant {
	var grants []Grant
	for _, s := range statements {
		if g := p.grants[s]; g != nil {
			if len(g.Actions) == 0 {
				continue // the budget has ended before
			}
			slices.SortFunc(g.Actions, compareActions)
			grants = append(grants, *g)
		}
	}
	return grants
}

// run compares class by class of actions, caller by caller.
func (c *comparison) run(a, b *party) {
	all := slices.Concat(a.allow, a.deny, b.allow, b.deny)
	space := &actionSpace{b: c.b, statements: all, universe: anyAction(), reference: c.options.Reference,
		knownOnly: c.options.KnownActions && c.options.Reference != nil}
	if c.options.Kind == policy.Trust {
		space.universe = actionPattern{service: "sts", name: "*"}
	}
	classes, ok := space.classes()
	callers := []caller{{}}
	if c.options.Kind != policy.Identity && ok {
		callers = c.callers(all)
	}
	for _, class := range classes {
		if c.b.left > 0 {
			c.compare(class, callers)
		}
	}
	if !ok || c.b.left <= 0 {
		c.doubt(tooLarge)
		c.denying = true
		c.doubt(tooLarge)
	}
}

// compare compares what the documents say of one class of actions: first what they grant, then what they deny.
func (c *comparison) compare(class *class, callers []caller) {
	resource := ""
	if class.wildcardOnly {
		resource = "*"
	}
	regions, problem := c.m.regions(c.b, class.statements, resource)
	a, b := &c.sides[0], &c.sides[1]
	for _, c.denying = range []bool{false, true} {
		for _, who := range callers {
			x, y := a.side(class, who), b.side(class, who)
			if c.denying {
				x, y = x.denials(), y.denials()
			}
			if problem == "" {
				c.exceed(a, x, y, class, regions, who)
				c.exceed(b, y, x, class, regions, who)
			} else if !x.obviously(y) || !y.obviously(x) {
				c.doubt(problem)
			}
		}
		for _, r := range regions {
			if r.problem != "" {
				c.doubt(r.problem)
			}
		}
	}
	c.denying = false
}

// side is what the party's statements about the class say of the caller.
func (p *party) side(class *class, who caller) side {
	x := side{layers: [][]*statement{nil}}
	for _, s := range class.statements {
		switch {
		case s.owner != p.number || !who.named(s):
		case s.view.Denies():
			x.denies = append(x.denies, s)
		default:
			x.layers[0] = append(x.layers[0], s)
		}
	}
	return x
}

// exceed finds what each Allow statement of x allows beyond y.
func (c *comparison) exceed(p *party, x, y side, class *class, regions []*region, who caller) {
	cells := slices.DeleteFunc(slices.Clone(class.cells), func(cell actionCell) bool { return c.undecided(cell, who) })
	if len(cells) == 0 {
		return
	}
	for _, s := range x.layers[0] {
		if covered(s, x, y) {
			continue
		}
		e := &excess{comparison: c, party: p, statement: s, cells: cells, who: who, entries: map[int]bool{}}
		for _, r := range regions {
			for i := range r.cells {
				cell := &r.cells[i]
				if !c.b.spend(1 + len(s.resources)) {
					return
				}
				if s.matchesResource(cell) != no && !e.complete(cell) {
					e.search(r, cell, x, y)
				}
			}
		}
		e.settle()
	}
}

// denials are what the side denies, as if it were what it allows.
func (s side) denials() side { return side{layers: [][]*statement{s.denies}} }

// obviously tells whether x allows nothing beyond y, if that can be seen at once.
func (x side) obviously(y side) bool {
	return !slices.ContainsFunc(x.layers[0], func(s *statement) bool { return !covered(s, x, y) })
}

// covered tells at once what is obvious: nothing of y denies, and a statement of y says the same as s.
func covered(s *statement, x, y side) bool {
	if len(y.denies) > 0 {
		return false
	}
	return slices.ContainsFunc(y.layers[0], func(other *statement) bool {
		return slices.Equal(s.atoms, other.atoms) && slices.Equal(s.resources, other.resources) && s.view.Resource.Not == other.view.Resource.Not
	})
}
