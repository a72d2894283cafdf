package policy

// Foresight is what can be said of a request some of whose condition keys are not known yet.
type Foresight struct {
	// Best is the decision where every condition on a key that is not known turns out for the caller, Worst where each turns out against. The engine
	// looks at conditions one by one: that two of them cannot both turn out so is not seen, so Best may be too good and Worst too bad.
	Best, Worst Decision
}

// Allowed reports that the request is allowed whatever the keys will be.
func (f Foresight) Allowed() bool { return f.Worst.Allowed() }

// Denied reports that the request is denied whatever the keys will be. Best says why.
func (f Foresight) Denied() bool { return !f.Best.Allowed() }

// Foresee decides a request of which the keys that unknown names are not known yet, and are not in its Context. unknown gets names in lower case.
func (p Policies) Foresee(request *Request, unknown func(key string) bool) Foresight {
	return Foresight{Best: p.decideAs(request, &guess{unknown, true}), Worst: p.decideAs(request, &guess{unknown, false})}
}

// guess is how conditions on keys that are not known are taken to turn out.
type guess struct {
	unknown   func(key string) bool
	forCaller bool
}

// about tells whether the condition is one that nothing can be said about: by its key, or by a variable in an operand.
func (g *guess) about(c *condition) bool {
	if g.unknown(c.key.lower) {
		return true
	}
	for _, operand := range c.strings {
		if g.within(operand) {
			return true
		}
	}
	for i := range c.arns {
		if g.within(c.arns[i].glob) {
			return true
		}
	}
	for i := range c.flags {
		if g.within(c.flags[i].glob) {
			return true
		}
	}
	return false
}

func (g *guess) within(operand glob) bool {
	for i := range operand {
		if key := operand[i].key; key != nil && g.unknown(key.lower) {
			return true
		}
	}
	return false
}

// holds tells whether a condition of s is true of the request, or taken to be.
func (s *statement) holds(c *condition, e *evaluation) bool {
	if e.guess != nil && e.guess.about(c) {
		return e.guess.forCaller != s.deny
	}
	return c.holds(e)
}
