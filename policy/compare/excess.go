package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// excess is what one statement allows, or denies, beyond the other document, for one class of actions and one caller.
type excess struct {
	*comparison
	party     *party
	statement *statement
	cells     []actionCell
	who       caller
	entries   map[int]bool // resource patterns of the statement for which a difference has been found
	witness   *attempt
	reasons   []string // of solutions that no request confirmed
}

// complete tells whether a difference is known for every entry of the statement that matches the cell.
func (e *excess) complete(cell *resourceCell) bool {
	if e.witness == nil {
		return false
	}
	for _, number := range e.statement.resources {
		if !e.entries[number] && (cell.matches(number) != no) != e.statement.view.Resource.Not {
			return false
		}
	}
	return true
}

// maxFailures bounds the solutions of one search that are tried though they rest on something open.
const maxFailures = 24

// search looks at one resource cell: for requests that nothing of y allows, and for those that something of y denies.
func (e *excess) search(r *region, cell *resourceCell, x, y side) {
	failures := 0
	found := func(s solution) (stop bool) {
		if s.open {
			failures++
		}
		if e.confirm(s) {
			return true
		}
		return failures > maxFailures
	}
	required := []*statement{e.statement}
	if r.run(required, slices.Concat(x.denies, y.layers[0]), cell, found) && failures <= maxFailures {
		return
	}
	for _, denying := range y.denies {
		if r.run([]*statement{e.statement, denying}, x.denies, cell, found) && failures <= maxFailures {
			return
		}
	}
}

// confirm makes requests of a solution until the engine agrees with one. If it agrees with none, the solution is a doubt.
func (e *excess) confirm(s solution) bool {
	for _, a := range e.attempts(s, e.cells[0], e.who) {
		if !e.b.spend(100) {
			return true
		}
		if !e.differs(a) {
			continue
		}
		for _, number := range e.statement.resources {
			e.entries[number] = e.entries[number] || (s.cell.matches(number) != no) != e.statement.view.Resource.Not
		}
		if e.witness == nil {
			polished := e.polish(a)
			e.witness = &polished
		}
		return true
	}
	e.reasons = append(e.reasons, e.reason(s))
	return false
}

// reason says what a solution that no request confirms rests on.
func (c *comparison) reason(s solution) string {
	var names []string
	for name := range s.region.v.symbols {
		names = append(names, name)
	}
	for key, has := range s.shapes {
		if has.phantom {
			return "whether a value of " + c.m.spell([]string{key})[0] + ", which is compared in several ways, can satisfy them together"
		}
	}
	if len(names) == 0 {
		return unexpected
	}
	return "what the text is that ${" + strings.Join(c.m.spell(sortedUnique(names)), "} and ${") + "} stands for"
}

// settle records what was found.
func (e *excess) settle() {
	if e.witness == nil {
		for _, reason := range e.reasons {
			e.doubt(reason)
		}
		return
	}
	if e.who.unaskable {
		e.doubt(unnameable)
		return
	}
	g := e.party.grants[e.statement]
	if g == nil {
		g = &Grant{Number: e.statement.number, Statement: e.statement.view}
		e.party.grants[e.statement] = g
	}
	for i, text := range e.statement.view.Resource.Values {
		if e.entries[e.statement.resources[i]] && !slices.Contains(g.Resources, text.Value) {
			g.Resources = append(g.Resources, text.Value)
		}
	}
	for _, cell := range e.cells {
		action := Action{Name: cell.entry, Exact: cell.exact}
		if action.Name == "" {
			action.Name = e.label(cell)
		}
		if !action.Exact {
			action.Known = cell.real
		}
		if i, known := e.party.places[e.statement][action.Name]; known {
			g.Actions[i].Known = sortedUnique(append(g.Actions[i].Known, action.Known...))
			continue
		}
		if !e.b.spend(100) {
			return // run says so
		}
		if a, ok := e.about(cell, action.Name); ok {
			action.Witness = e.witnessOf(a)
			e.party.note(e.statement, action.Name, len(g.Actions))
			g.Actions = append(g.Actions, action)
		} else {
			e.doubt(unexpected)
		}
	}
}

// about is the witness's request about the actions of a cell.
func (e *excess) about(cell actionCell, name string) (a attempt, ok bool) {
	a = *e.witness
	if a.action = name; !cell.exact {
		a.action = cell.service + ":" + cell.name
	}
	if parts := strings.SplitN(a.resource, ":", 6); len(parts) == 6 && parts[2] != cell.service && e.options.Kind != policy.Trust {
		parts[2] = cell.service // the more ordinary, if the statement allows it
		other := a
		if other.resource = strings.Join(parts, ":"); e.differs(other) {
			return other, true
		}
	}
	return a, e.differs(a)
}

// unnameable is why a difference that only a caller like these would show is none that a case can show.
const unnameable = "callers that no case of irsa simulate can name: unique ids, SAML providers, and identity providers without an ARN"

// unexpected is why a solution that rests on nothing open is not a difference: a defect of this package.
const unexpected = "the engine decides a request otherwise than the comparison expected"

// label is how the documents call the actions of a cell: by name, or by the statement's pattern that lists them.
func (e *excess) label(c actionCell) string {
	if name := e.m.spelled[c.service+":"+c.name]; c.exact && name != "" {
		return name
	}
	if e.statement.view.Action.Not {
		return "every action but those listed"
	}
	for _, p := range e.statement.actions {
		if p.matches(c.service, c.name) {
			if p.every && !c.other {
				return c.service + ":*"
			}
			return p.text
		}
	}
	return c.service + ":" + c.name
}

func compareActions(a, b Action) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
}
