package policy

// An implicit denial is explained by the Allow statement that came nearest. A statement is the nearer, the more of its
// elements match in this order of weight: Action, or at least its service; Principal; Resource; and then the fewer of its
// conditions fail. The first element that fails, in the same order, is the one to report.

// What Reason.Failed says, beside NotAction and NotResource, which fail by listing what was asked for.
const (
	failedAction    = "Action"
	failedPrincipal = "Principal"
	failedResource  = "Resource"
	failedCondition = "Condition"
)

// explain is the reason of a layer whose policies, together called name, do not allow.
func (e *evaluation) explain(l layer, name string, policies []*Policy) Reason {
	var nearest *statement
	best := -1
	look := func(s *statement) bool {
		if score := e.nearness(s); score > best {
			nearest, best = s, score
		}
		return true
	}
	e.explaining = true
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
	e.explaining = false
	if nearest == nil {
		return Reason{Layer: l.String(), Policy: name, Statement: -1}
	}
	return e.failure(l, nearest)
}

// nearness is high for a statement that fails late.
func (e *evaluation) nearness(s *statement) int {
	score := 0
	if !e.left.spend(1 + len(s.actions)) {
		return score
	}
	if s.listsAction(e) != s.notActions {
		score += 16000
	} else if s.sharesService(e) {
		score += 8000
	}
	if s.principals == nil || s.principals.match(e) != notNamed {
		score += 4000
	}
	if s.matchResource(e) {
		score += 2000
	}
	failed := 0
	for i := range s.conditions {
		if !s.holds(&s.conditions[i], e) {
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
	switch {
	case s.listsAction(e) == s.notActions:
		e.fail(&r, s, s.element.actions.name, s.element.actions.offset, e.nearActions(s), []string{e.request.Action})
	case s.principals != nil && s.principals.match(e) == notNamed:
		var names []text
		for _, list := range s.element.principal.types {
			names = append(names, list.texts...)
		}
		e.fail(&r, s, failedPrincipal, s.element.principal.offset, names, []string{e.request.Principal.name()})
	case !s.matchResource(e):
		e.fail(&r, s, s.element.resources.name, s.element.resources.offset, s.element.resources.texts, []string{e.target.text})
	default:
		for i := range s.conditions {
			if c := &s.conditions[i]; !s.holds(c, e) {
				r.Operator, r.Key = c.operator.name, c.element.key.value
				e.fail(&r, s, failedCondition, c.element.offset, c.element.values, e.lookup(c.key).all())
				return r
			}
		}
	}
	return r
}

// fail completes r: the element, where it stands, what it lists and what the request has.
func (e *evaluation) fail(r *Reason, s *statement, element string, offset int32, wanted []text, got []string) {
	position := s.policy.place.position(offset)
	r.Failed, r.Line, r.Column = element, position.Line, position.Column
	values := make([]string, len(wanted))
	for i := range wanted {
		values[i] = wanted[i].value
		if i < maxReasonValues && s.policy.variables {
			values[i] = e.resolved(values[i])
		}
	}
	r.Wanted, r.Got = bound(values), bound(got)
}

// nearActions are the actions that s lists of the request's service, or all of them if there are none of it.
func (e *evaluation) nearActions(s *statement) []text {
	var near []text
	for i := range s.actions {
		if equalFold(e.action.service, s.actions[i].service) {
			near = append(near, s.element.actions.texts[i])
		}
	}
	if near == nil {
		return s.element.actions.texts
	}
	return near
}

// resolved is a text with its variables replaced, if they all have values: what the request was really compared with.
func (e *evaluation) resolved(text string) string {
	g, malformed := parseGlob(text, false, true)
	if malformed != "" || !g.hasVariables() {
		return text
	}
	if g, ok := g.resolve(nil, e); ok {
		if value, ok := g.joined(maxReasonText); ok {
			return value
		}
	}
	return text
}

// name is how a principal is shown.
func (p *Principal) name() string {
	if p.ARN != "" {
		return p.ARN
	}
	return string(p.Type)
}

// all are the values that were found.
func (f found) all() []string {
	if f.ok && !f.list {
		return []string{f.value}
	}
	return f.values
}
