package policy

// Matched is a statement that denied a request, as its document has it: what AWS tells of one in a decoded authorization message.
type Matched struct {
	Layer                    string // as Reason.Layer
	SID                      string
	Actions, NotActions      []string
	Resources, NotResources  []string // none: the resource is what has the policy
	Principals, NotPrincipal []string
	Conditions               []MatchedCondition
}

// MatchedCondition is one key of one operator of a statement's Condition element.
type MatchedCondition struct {
	Operator, Key string
	Values        []string
}

// Matched are the statements that denied explicitly, in the order of the reasons, but for hidden ones. There are none of other decisions, and
// of one that was read from JSON.
func (d Decision) Matched() []Matched {
	matched := make([]Matched, 0, len(d.denied))
	for i, s := range d.denied {
		if s == nil {
			continue
		}
		m := Matched{Layer: d.reasons[i].Layer, SID: s.element.sid.value}
		m.Actions, m.NotActions = s.element.actions.split()
		m.Resources, m.NotResources = s.element.resources.split()
		if p := s.element.principal; p != nil {
			var names []string
			for _, list := range p.types {
				names = append(names, values(list.texts)...)
			}
			if m.Principals = names; p.not {
				m.Principals, m.NotPrincipal = nil, names
			}
		}
		for _, c := range s.element.conditions {
			m.Conditions = append(m.Conditions, MatchedCondition{c.operator.name, c.key.value, values(c.values)})
		}
		matched = append(matched, m)
	}
	return matched
}

// split is the list's values, under its own name or under its Not… name.
func (l list) split() (listed, not []string) {
	if l.not {
		return nil, values(l.texts)
	}
	return values(l.texts), nil
}

func values(texts []text) []string {
	var all []string
	for _, t := range texts {
		all = append(all, t.value)
	}
	return all
}
