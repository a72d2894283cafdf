package policy

// Applied is a statement that applies to a request: its elements all match. Whether it decided depends on the others.
type Applied struct {
	Layer      string // as Reason.Layer
	Policy     *Policy
	Statement  int // index
	Denies     bool
	Start, End int // the bytes of the text given to Parse that the statement spans: [Start, End)
}

// Applying are all the statements of p that apply to request, policy by policy, each policy's Allow statements before its Deny statements. Decide
// looks no further than it must; this is for those who show everything that a decision could rest on, as AWS's policy simulator does. ok is false where
// that needs more than MaxWork steps.
func (p Policies) Applying(request *Request) (all []Applied, ok bool) {
	var e evaluation
	e.prepare(&p, request)
	for l, levels := range e.levels {
		for i := range levels {
			all = e.addApplying(all, layer(l), levels[i].Policies)
		}
	}
	for l, policies := range e.unions {
		all = e.addApplying(all, layer(l), policies)
	}
	return all, e.left >= 0
}

func (e *evaluation) addApplying(all []Applied, l layer, policies []*Policy) []Applied {
	for _, policy := range policies {
		for _, x := range []*index{&policy.allow, &policy.deny} {
			for _, s := range e.applying(x) {
				all = append(all, s.applied(l))
			}
		}
	}
	return all
}

func (s *statement) applied(l layer) Applied {
	return Applied{
		Layer: l.String(), Policy: s.policy, Statement: s.number, Denies: s.deny,
		Start: int(s.element.offset), End: int(s.element.end),
	}
}

// ContextKeys are the condition keys that the document asks for, in its Condition elements and in variables, each once and as it is written there:
// statement by statement, those of variables in Resource first.
func (d *Document) ContextKeys() []string {
	found := keySet{known: map[string]bool{}}
	for i := range d.statements {
		s := &d.statements[i]
		if d.variables {
			found.addVariables(s.resources.texts)
		}
		for j := range s.conditions {
			c := &s.conditions[j]
			found.add(c.key.value)
			if d.variables && c.operator.family.takesVariables() {
				found.addVariables(c.values)
			}
		}
	}
	return found.names
}

// takesVariables tells whether operands of the family may have variables (IAM User Guide, "IAM policy elements: Variables and tags").
func (f family) takesVariables() bool {
	return f == familyString || f == familyARN || f == familyBool
}

// keySet collects names in the order in which they come.
type keySet struct {
	names []string
	known map[string]bool
}

func (k *keySet) add(name string) {
	if !k.known[name] {
		k.known[name] = true
		k.names = append(k.names, name)
	}
}

// addVariables adds the keys of the variables in texts. A malformed one has none; Compile refuses it.
func (k *keySet) addVariables(texts []text) {
	for _, t := range texts {
		g, _ := parseGlob(t.value, false, true)
		for i := range g {
			if g[i].kind == variable {
				k.add(g[i].text)
			}
		}
	}
}
