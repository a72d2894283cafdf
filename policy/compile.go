package policy

// Kind tells which grammar a document must follow.
type Kind int

const (
	Identity Kind = iota // identity policies, permission boundaries, session policies: Resource, no Principal
	Trust                // role trust policies: Principal, no Resource
)

// Options for Compile.
type Options struct {
	Kind Kind
	// PrincipalIDs maps each user or role ARN that a trust policy names to the unique id it had when the policy
	// was saved (AIDA…, AROA…); such an ARN then matches by unique id only, and one that is absent here matches
	// nobody. Nil: principals are compared by ARN (irsa simulate).
	PrincipalIDs map[string]string
}

// Policy is a compiled, immutable document, safe for concurrent use.
type Policy struct {
	name       string
	place      place
	variables  bool // version 2012-10-17
	statements []statement
	allow      index
	deny       index
}

// statement is a compiled statement. A nil principals means that the element is absent: the policy is the caller's own.
type statement struct {
	policy     *Policy
	number     int // in the document, from 0
	element    *statementElement
	deny       bool
	principals *principalSet
	actions    []actionPattern
	notActions bool
	resources  []resourcePattern // none: the policy is the resource's own
	notAny     bool              // NotResource
	conditions []condition
}

// Compile makes a document ready for decisions. name is what reasons call it. Errors are *Error: what the kind of policy
// does not allow, and whatever in actions, resources, principals and condition values cannot be understood.
func Compile(name string, document *Document, options Options) (*Policy, error) {
	p := &Policy{name: name, place: document.place, variables: document.variables, statements: make([]statement, len(document.statements))}
	c := compiler{policy: p, options: options}
	for i := range document.statements {
		if err := c.statement(i, &document.statements[i]); err != nil {
			return nil, err
		}
	}
	p.allow, p.deny = newIndex(p.statements, false), newIndex(p.statements, true)
	return p, nil
}

// Name is the name given to Compile.
func (p *Policy) Name() string { return p.name }

type compiler struct {
	policy  *Policy
	options Options
}

func (c *compiler) statement(number int, element *statementElement) *Error {
	s := &c.policy.statements[number]
	*s = statement{policy: c.policy, number: number, element: element, deny: element.deny,
		notActions: element.actions.not, notAny: element.resources.not}
	if err := c.checkKind(element); err != nil {
		return err
	}
	place := c.policy.place
	for _, text := range element.actions.texts {
		pattern, err := compileAction(place, text)
		if err != nil {
			return err
		}
		if c.options.Kind == Trust && pattern.service != "sts" {
			return place.errorf(text.offset, notSTS, "action %q: a trust policy is about actions of sts only", text.value)
		}
		s.actions = append(s.actions, pattern)
	}
	for _, text := range element.resources.texts {
		pattern, err := compileResource(place, text, c.policy.variables)
		if err != nil {
			return err
		}
		s.resources = append(s.resources, pattern)
	}
	if element.principal != nil {
		principals, err := compilePrincipals(place, element.principal, c.options.PrincipalIDs)
		if err != nil {
			return err
		}
		s.principals = principals
	}
	for i := range element.conditions {
		condition, err := compileCondition(place, &element.conditions[i], c.policy.variables)
		if err != nil {
			return err
		}
		s.conditions = append(s.conditions, condition)
	}
	return nil
}

// checkKind refuses elements that the kind of policy may not have, and asks for those that it must have.
func (c *compiler) checkKind(element *statementElement) *Error {
	place := c.policy.place
	principal := element.principal
	if c.options.Kind == Identity {
		switch {
		case principal != nil:
			return place.errorf(principal.offset, hasPrincipal, "%s in a policy that belongs to a principal", principal.name)
		case !element.hasResource:
			return place.errorf(element.offset, noResource, "missing element Resource or NotResource")
		}
		return nil
	}
	switch {
	case element.hasResource && element.resources.not:
		return place.errorf(element.resources.offset, hasNotResource, "NotResource in a trust policy, whose resource is the role that has it")
	case element.hasResource:
		return place.errorf(element.resources.offset, hasResource, "Resource in a trust policy, whose resource is the role that has it")
	case principal == nil:
		return place.errorf(element.offset, noPrincipal, "missing element Principal")
	case principal.not && !element.deny:
		return place.errorf(principal.offset, allowsAllBut, "NotPrincipal may stand with Deny only: with Allow it would grant to everybody else")
	}
	return nil
}
