package policy

import (
	"slices"
	"strings"
)

// Kind tells which grammar a document must follow.
type Kind int

const (
	Identity Kind = iota // identity policies, permission boundaries, session policies: Resource, no Principal
	Trust                // role trust policies: Principal, no Resource
	Resource             // policies of other resources, KMS keys among them: Principal and Resource
	SCP                  // service control policies: Resource, no Principal
	RCP                  // resource control policies: Principal "*" and Resource
	Endpoint             // policies of VPC endpoints: Principal and Resource
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
	alone      []*Policy // the policy itself, as a union
	keys       []string  // that it asks for: in lower case, ascending
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
// does not allow, and whatever in actions, resources, principals and condition values cannot be understood. Of several, an
// identity policy's is the one that IAM would tell, a trust policy's the first.
func Compile(name string, document *Document, options Options) (*Policy, error) {
	p := &Policy{name: name, place: document.place, variables: document.variables, statements: make([]statement, len(document.statements))}
	c := compiler{policy: p, options: options}
	c.complete(document.statements)
	for i := range document.statements {
		c.statement(i, &document.statements[i])
	}
	if c.err != nil {
		return nil, c.err
	}
	p.allow, p.deny = newIndex(p.statements, false), newIndex(p.statements, true)
	p.alone = []*Policy{p}
	for _, key := range document.ContextKeys() {
		p.keys = append(p.keys, strings.ToLower(key))
	}
	slices.Sort(p.keys)
	return p, nil
}

// Name is the name given to Compile.
func (p *Policy) Name() string { return p.name }

type compiler struct {
	policy  *Policy
	options Options
	err     *Error
}

// note keeps the complaint that is to be told.
func (c *compiler) note(err *Error) {
	if err != nil && (c.err == nil || c.options.Kind == Identity && err.stage < c.err.stage) {
		c.err = err
	}
}

// complete checks what every statement must have, whatever the kind.
func (c *compiler) complete(elements []statementElement) {
	place := c.policy.place
	sids := make(map[string]bool, len(elements))
	for i := range elements {
		s := &elements[i]
		if s.sid.value != "" && sids[s.sid.value] {
			c.note(place.errorf(s.sid.offset, badSID, "another statement has the Sid %q", s.sid.value))
		}
		sids[s.sid.value] = true
		if kind := c.options.Kind; (kind == Identity || kind == SCP) && !isAlphanumeric(s.sid.value) {
			c.note(place.errorf(s.sid.offset, sidCharacters, "Sid %q: letters and digits only", s.sid.value))
		}
		if s.effect.value != "Allow" && s.effect.value != "Deny" {
			c.note(place.errorf(s.effect.offset, badCase, `Effect must be "Allow" or "Deny", in that case`))
		}
		switch {
		case s.actions.name == "":
			c.note(place.errorf(s.offset, noAction, "missing element Action or NotAction"))
		case len(s.actions.texts) == 0:
			c.note(place.errorf(s.actions.offset, noAction, "%s is an empty list", s.actions.name))
		}
		if s.hasResource && len(s.resources.texts) == 0 {
			c.note(place.errorf(s.resources.offset, noResource, "%s is an empty list", s.resources.name))
		}
	}
}

func isAlphanumeric(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

func (c *compiler) statement(number int, element *statementElement) {
	s := &c.policy.statements[number]
	*s = statement{policy: c.policy, number: number, element: element, deny: element.deny,
		notActions: element.actions.not, notAny: element.resources.not}
	c.note(c.checkKind(element))
	place := c.policy.place
	s.actions = make([]actionPattern, 0, len(element.actions.texts))
	for _, text := range element.actions.texts {
		pattern, err := compileAction(place, text)
		if err == nil && c.options.Kind == Trust && !pattern.assumesRole() {
			err = place.errorf(text.offset, notSTS, "action %q: a trust policy is about actions of sts only that make a role's session", text.value)
		}
		c.note(err)
		s.actions = append(s.actions, pattern)
	}
	s.resources = make([]resourcePattern, 0, len(element.resources.texts))
	for _, text := range element.resources.texts {
		pattern, err := compileResource(place, text, c.policy.variables)
		c.note(err)
		s.resources = append(s.resources, pattern)
	}
	if element.principal != nil {
		principals, err := compilePrincipals(place, element, c.options)
		c.note(err)
		s.principals = principals
	}
	s.conditions = make([]condition, 0, len(element.conditions))
	for i := range element.conditions {
		c.note(c.checkKey(element.conditions[i].key))
		condition, err := compileCondition(place, &element.conditions[i], c.policy.variables)
		c.note(err)
		s.conditions = append(s.conditions, condition)
	}
}

// checkKey asks a condition key for its service's prefix. IAM saves an identity policy with a key that has none, and no request has such a key;
// of trust policies that is not known.
func (c *compiler) checkKey(key text) *Error {
	service, name, prefixed := strings.Cut(key.value, ":")
	if prefixed && service != "" && name != "" || !prefixed && service != "" && c.options.Kind == Identity {
		return nil
	}
	return c.policy.place.errorf(key.offset, noVendor, "condition key %q has no prefix, such as aws: or s3:", key.value)
}

// checkKind refuses elements that the kind of policy may not have, and asks for those that it must have.
func (c *compiler) checkKind(element *statementElement) *Error {
	place, kind, principal := c.policy.place, c.options.Kind, element.principal
	if kind == Identity || kind == SCP {
		if principal != nil {
			return place.errorf(principal.offset, hasPrincipal, "%s in a policy that belongs to a principal", principal.name)
		}
		return c.needResource(element)
	}
	switch {
	case kind == Trust && element.resources.not:
		return place.errorf(element.resources.offset, hasNotResource, "NotResource in a trust policy, whose resource is the role that has it")
	case kind == Trust && element.hasResource:
		return place.errorf(element.resources.offset, hasResource, "Resource in a trust policy, whose resource is the role that has it")
	case principal == nil:
		return place.errorf(element.offset, noPrincipal, "missing element Principal")
	case principal.not && !element.deny:
		return place.errorf(principal.offset, allowsAllBut, "NotPrincipal may stand with Deny only: with Allow it would grant to everybody else")
	case kind == RCP && !principal.everybody():
		return place.errorf(principal.offset, onlyEverybody, `%s in a resource control policy, which takes only "Principal": "*"`, principal.name)
	case kind == Trust:
		return nil
	}
	return c.needResource(element)
}

func (c *compiler) needResource(element *statementElement) *Error {
	if element.hasResource || c.options.Kind == Resource && element.isOfRepository() {
		return nil
	}
	return c.policy.place.errorf(element.offset, noResource, "missing element Resource or NotResource")
}

// isOfRepository tells whether a statement has the form of a repository's policy, whose resource is always the repository (Amazon ECR User Guide,
// "Private repository policy examples in Amazon ECR").
func (s *statementElement) isOfRepository() bool {
	for _, action := range s.actions.texts {
		if service, _, _ := strings.Cut(action.value, ":"); !strings.EqualFold(service, "ecr") {
			return false
		}
	}
	return !s.actions.not
}
