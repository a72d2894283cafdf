package policy

// An implicit denial is explained by the Allow statement that came nearest. A statement is the nearer, the more of its
// elements match in this order of weight: Action, Principal, Resource, and then the fewer of its conditions fail. The first element
// that fails, in the same order, is the one to report.

// What Reason.Failed says.
const (
	failedAction    = "Action"
	failedPrincipal = "Principal"
	failedResource  = "Resource"
	failedCondition = "Condition"
)

// explain has one reason for each layer that did not allow.
func (e *evaluation) explain(all *[layers][]*Policy, missing [layers]bool) []Reason {
	var reasons []Reason
	for l := range layers {
		if missing[l] {
			reasons = append(reasons, e.explainLayer(l, all[l]))
		}
	}
	return reasons
}

func (e *evaluation) explainLayer(l layer, policies []*Policy) Reason {
	var nearest *statement
	best := -1
	look := func(s *statement) bool {
		if score := e.nearness(s); score > best {
			nearest, best = s, score
		}
		return true
	}
	e.anyResource = true
	for _, p := range policies {
		p.allow.visit(e, look)
	}
	if nearest == nil {
		for _, p := range policies {
			for i := range p.statements {
				if s := &p.statements[i]; !s.deny {
					look(s)
				}
			}
		}
	}
	e.anyResource = false
	if nearest == nil {
		r := Reason{Layer: l.String(), Statement: -1}
		if len(policies) > 0 {
			r.Policy = policies[0].name
		}
		return r
	}
	return e.failure(l, nearest)
}

// nearness is high for a statement that fails late.
func (e *evaluation) nearness(s *statement) int {
	score := 0
	if s.listsAction(e) != s.notActions {
		score += 8000
	} else if s.sharesService(e) {
		score += 500
	}
	if s.principals == nil || s.principals.match(e) != notNamed {
		score += 4000
	}
	if s.matchResource(e) {
		score += 2000
	}
	failed := 0
	for i := range s.conditions {
		if !s.conditions[i].holds(e) {
			failed++
		}
	}
	return score + max(0, 400-failed)
}

func (s *statement) sharesService(e *evaluation) bool {
	for i := range s.actions {
		if equalFold(e.action.service, s.actions[i].service) {
			return true
		}
	}
	return false
}

// failure is the reason of the first element of s that does not match.
func (e *evaluation) failure(l layer, s *statement) Reason {
	r := s.reason(l)
	at := func(offset int32) {
		position := s.policy.place.position(offset)
		r.Line, r.Column = position.Line, position.Column
	}
	switch {
	case s.listsAction(e) == s.notActions:
		r.Failed, r.Got = failedAction, []string{e.request.Action}
		r.Wanted = written(s.element.actions.name, s.element.actions.texts)
		at(s.element.actions.offset)
	case s.principals != nil && s.principals.match(e) == notNamed:
		r.Failed, r.Got = failedPrincipal, []string{e.request.Principal.ARN}
		for _, list := range s.element.principal.types {
			r.Wanted = append(r.Wanted, written(s.element.principal.name, list.texts)...)
		}
		at(s.element.principal.offset)
	case !s.matchResource(e):
		r.Failed, r.Got = failedResource, []string{e.resource.text}
		r.Wanted = written(s.element.resources.name, s.element.resources.texts)
		at(s.element.resources.offset)
	default:
		for i := range s.conditions {
			if c := &s.conditions[i]; !c.holds(e) {
				r.Failed, r.Operator, r.Key = failedCondition, c.operator.name, c.element.key.value
				r.Wanted = written("", c.element.values)
				r.Got = e.lookup(c.key).texts()
				at(c.element.offset)
				return r
			}
		}
	}
	return r
}

// written is what an element lists.
func written(element string, texts []text) []string {
	values := make([]string, len(texts))
	for i := range texts {
		values[i] = texts[i].value
	}
	return values
}

// texts are the values that were found.
func (f found) texts() []string {
	if f.ok && !f.list {
		return []string{f.value}
	}
	return f.values
}
