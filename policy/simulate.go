package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

// MaxLineSize bounds one line of a simulation.
const MaxLineSize = 1 << 20

// Actions is what a simulation asks of an action table.
type Actions interface {
	// WildcardOnly tells whether the action (service:Name, in any case) has no resource-level permissions. Of an action
	// that the table does not know it is false.
	WildcardOnly(action string) bool
}

// Simulator answers the cases of `irsa simulate`, one line of JSON each: a request and all the policies that apply to it.
// It is safe for concurrent use.
type Simulator struct {
	actions Actions
	root    *Policy
}

// NewSimulator makes a Simulator. actions answers for cases that do not say whether their action has resource-level
// permissions; nil: all have.
func NewSimulator(actions Actions) *Simulator {
	const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	document, err := Parse([]byte(everything))
	if err != nil {
		panic(err) // a constant
	}
	root, err := Compile("root", document, Options{Kind: Identity})
	if err != nil {
		panic(err)
	}
	return &Simulator{actions: actions, root: root}
}

// resultJSON is an answer that is not a decision.
type resultJSON struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// Line answers one case, without a newline at the end. readable is false if the line is not a case at all (no JSON, a
// member missing or of the wrong type); a case whose documents do not compile, or that has a kind of policy that is not
// evaluated yet, is readable, and its result has an error in place of a decision.
func (s *Simulator) Line(line []byte) (result []byte, readable bool) {
	c := s.simulation(line)
	decision, err := c.run()
	if err != nil {
		result, _ = json.Marshal(resultJSON{c.id, err.Error()}) // two strings always marshal
		_, unreadable := err.(*caseError)
		return result, !unreadable
	}
	result, _ = json.Marshal(struct {
		ID string `json:"id"`
		decisionJSON
	}{c.id, decision.wire()})
	return result, true
}

// Text answers one case for a reader: its id, and the decision with an excerpt for each reason. readable is as of Line.
func (s *Simulator) Text(line []byte) (text string, readable bool) {
	c := s.simulation(line)
	c.sources = map[string]*node{}
	decision, err := c.run()
	if err != nil {
		_, unreadable := err.(*caseError)
		return printable(c.id+": error: "+err.Error()) + "\n", !unreadable
	}
	return printable(c.id) + ": " + decision.Text(func(policy string) []byte {
		if n := c.sources[policy]; n != nil {
			return []byte(c.text[n.start:n.end])
		}
		return nil
	}), true
}

// simulation is of as much of line as shows that it is too long.
func (s *Simulator) simulation(line []byte) simulation {
	return simulation{simulator: s, text: string(line[:min(len(line), MaxLineSize+1)])}
}

// caseError is a line that is not a case.
type caseError struct{ message string }

func (e *caseError) Error() string { return e.message }

// simulation is one case on its way.
type simulation struct {
	simulator  *Simulator
	text       string
	place      place
	duplicates []int32
	id         string
	request    Request
	policies   Policies
	sources    map[string]*node // the documents by the policies' names, where they will be shown
}

// run reads the case and decides it. The id is read first, so that every other complaint can carry it.
func (c *simulation) run() (Decision, error) {
	root, duplicates, bad := readJSON(c.text, MaxLineSize)
	if bad != nil {
		c.place = newPlace(c.text, 0, int32(min(len(c.text), MaxLineSize)))
		return Decision{}, c.errorf(int32(bad.offset), "%s", bad.message)
	}
	c.place, c.duplicates = newPlace(c.text, 0, int32(len(c.text))), duplicates
	if err := c.want(&root, jsonObject, "a case"); err != nil {
		return Decision{}, err
	}
	if id := root.member("id"); id != nil {
		if err := c.want(id, jsonString, "id"); err != nil {
			return Decision{}, err
		}
		c.id = id.text
	}
	request, policies := root.member("request"), root.member("policies")
	if err := c.checkNames(policies); err != nil {
		return Decision{}, err
	}
	if request == nil {
		return Decision{}, c.errorf(root.start, "missing member request")
	}
	if err := c.readRequest(request); err != nil {
		return Decision{}, err
	}
	if err := c.readPolicies(policies); err != nil {
		return Decision{}, err
	}
	decision := c.policies.Decide(&c.request)
	if decision.Undecided() {
		return Decision{}, fmt.Errorf("policies: comparing the request with them takes more than %d steps", MaxWork)
	}
	return decision, nil
}

// errorf complains about the line at offset.
func (c *simulation) errorf(offset int32, format string, arguments ...any) error {
	return &caseError{fmt.Sprintf("%s: %s", c.place.position(offset), fmt.Sprintf(format, arguments...))}
}

func (c *simulation) want(n *node, kind jsonKind, member string) error {
	if n.kind != kind {
		return c.errorf(n.start, "%s must be %s, not %s", member, kind, n.kind)
	}
	return nil
}

// checkNames refuses a name that occurs twice outside the policies; within a policy it is the document that does not compile.
func (c *simulation) checkNames(policies *node) error {
	for _, offset := range c.duplicates {
		if policies == nil || offset < policies.start || offset >= policies.end {
			return c.errorf(offset, "this name occurs a second time in the object")
		}
	}
	return nil
}

func (c *simulation) readRequest(n *node) error {
	if err := c.want(n, jsonObject, "request"); err != nil {
		return err
	}
	wildcardOnly := false
	var principal *node
	for i := 0; i < len(n.items); i += 2 {
		name, value := &n.items[i], &n.items[i+1]
		var err error
		switch name.text {
		case "principal":
			principal = value
		case "action":
			c.request.Action, err = c.string(value, "action")
		case "resource":
			c.request.Resource, err = c.string(value, "resource")
		case "resourceAccount":
			c.request.ResourceAccount, err = c.string(value, "resourceAccount")
		case "context":
			err = c.readContext(value)
		case "wildcardOnlyAction":
			if value.kind != jsonNull {
				wildcardOnly = true
				c.request.WildcardOnly = value.text == "true"
				err = c.want(value, jsonBool, "wildcardOnlyAction")
			}
		case "anyResource":
			c.request.AnyResource = value.text == "true"
			err = c.want(value, jsonBool, "anyResource")
		default:
			err = c.errorf(name.start, "unknown member %q of request", name.text)
		}
		if err != nil {
			return err
		}
	}
	if !wildcardOnly && c.simulator.actions != nil {
		c.request.WildcardOnly = c.simulator.actions.WildcardOnly(c.request.Action)
	}
	if principal == nil {
		return c.errorf(n.start, "missing member principal of request")
	}
	if err := c.readPrincipal(principal); err != nil {
		return err
	}
	return c.checkRequest(n)
}

// string reads a string, or null for none.
func (c *simulation) string(value *node, member string) (string, error) {
	if value.kind == jsonNull {
		return "", nil
	}
	return value.text, c.want(value, jsonString, member)
}

func (c *simulation) checkRequest(n *node) error {
	r := &c.request
	var a action
	if a.read(r.Action); a.text == "" {
		return c.errorf(n.start, "action %q is not of the form service:Name", r.Action)
	}
	if r.ResourceAccount != "" && !IsAccountID(r.ResourceAccount) {
		return c.errorf(n.start, "resourceAccount %q is not an account id", r.ResourceAccount)
	}
	if _, isARN := splitARN(r.Resource); !isARN && r.Resource != "*" && !(r.WildcardOnly && r.Resource == "") {
		return c.errorf(n.start, `resource %q is neither an ARN nor "*"`, r.Resource)
	}
	return nil
}

// readPrincipal takes a string or {"type": "Anonymous"}.
func (c *simulation) readPrincipal(value *node) error {
	if value.kind == jsonObject {
		kind := value.member("type")
		if len(value.items) != 2 || kind == nil || kind.text != string(Anonymous) {
			return c.errorf(value.start, `principal must be a string or {"type": "Anonymous"}`)
		}
		c.request.Principal = Principal{Type: Anonymous}
		return nil
	}
	if err := c.want(value, jsonString, "principal"); err != nil {
		return err
	}
	var err error
	if c.request.Principal, err = ParsePrincipal(value.text); err != nil {
		return c.errorf(value.start, "%v", err)
	}
	return nil
}

func (c *simulation) readContext(n *node) error {
	if n.kind == jsonNull {
		return nil
	}
	if err := c.want(n, jsonObject, "context"); err != nil {
		return err
	}
	keys := &Context{}
	for i := 0; i < len(n.items); i += 2 {
		name, value := &n.items[i], &n.items[i+1]
		if _, known := keys.Get(name.text); known {
			return c.errorf(name.start, "context key %q occurs a second time in another case", name.text)
		}
		switch value.kind {
		case jsonString:
			keys.Set(name.text, value.text)
		case jsonArray:
			values := make([]string, len(value.items))
			for j := range value.items {
				if err := c.want(&value.items[j], jsonString, "a value of context key "+name.text); err != nil {
					return err
				}
				values[j] = value.items[j].text
			}
			keys.SetList(name.text, values...)
		default:
			return c.errorf(value.start, "context key %q must have a string or a list of strings, not %s", name.text, value.kind)
		}
	}
	c.request.Context = keys
	return nil
}

// readPolicies compiles every kind that there is.
func (c *simulation) readPolicies(n *node) error {
	if n == nil || n.kind == jsonNull {
		n = &node{kind: jsonObject}
	}
	if err := c.want(n, jsonObject, "policies"); err != nil {
		return err
	}
	for i := 0; i < len(n.items); i += 2 {
		name, value := &n.items[i], &n.items[i+1]
		if slices.Contains(c.duplicates, name.start) {
			return c.errorf(name.start, "this name occurs a second time in the object")
		}
		if value.kind == jsonNull {
			continue
		}
		var err error
		switch name.text {
		case "identity":
			c.policies.Identity, err = c.union("identity", value, Identity)
		case "permissionBoundary":
			c.policies.Boundary, err = c.union("permissionBoundary", value, Identity)
		case "session":
			c.policies.Session, err = c.union("session", value, Identity)
		case "resource":
			err = c.readResourcePolicy(value)
		case "scp":
			c.policies.SCP, err = c.levels("scp", value, SCP)
		case "rcp":
			c.policies.RCP, err = c.levels("rcp", value, RCP)
		case "vpcEndpoint":
			c.policies.Endpoint, err = c.union("vpcEndpoint", value, Endpoint)
		default:
			err = fmt.Errorf("%s: this kind of policy is not evaluated", name.text)
		}
		if err != nil {
			return err
		}
	}
	if c.request.Principal.Type == Root {
		// No policy can be attached to an account's root user, which may do everything in its account.
		c.policies.Identity = append(c.policies.Identity, c.simulator.root)
	}
	return nil
}

// union compiles one document or a list of them. An empty list is a union of nothing, which allows nothing.
func (c *simulation) union(name string, value *node, kind Kind) ([]*Policy, error) {
	if value.kind != jsonArray {
		p, err := c.compile(name, value, kind)
		return []*Policy{p}, err
	}
	policies := make([]*Policy, len(value.items))
	for i := range value.items {
		var err error
		if policies[i], err = c.compile(fmt.Sprintf("%s[%d]", name, i), &value.items[i], kind); err != nil {
			return nil, err
		}
	}
	return policies, nil
}

func (c *simulation) compile(name string, value *node, kind Kind) (*Policy, error) {
	c.remember(name, value)
	document, bad := newDocument(c.text, value.start, value, c.duplicates)
	if bad != nil {
		return nil, fmt.Errorf("%s:%w", name, bad)
	}
	return compileNamed(name, document, kind)
}

func (c *simulation) remember(name string, value *node) {
	if c.sources != nil {
		c.sources[name] = value
	}
}

func compileNamed(name string, document *Document, kind Kind) (*Policy, error) {
	p, err := Compile(name, document, Options{Kind: kind})
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return p, nil
}

// levels reads an organization's levels, from its root down. An empty list means no organization.
func (c *simulation) levels(name string, value *node, kind Kind) ([]Level, error) {
	if err := c.want(value, jsonArray, name); err != nil {
		return nil, err
	}
	var levels []Level
	for i := range value.items {
		item := &value.items[i]
		if err := c.want(item, jsonObject, name); err != nil {
			return nil, err
		}
		level := Level{Name: fmt.Sprintf("%s[%d]", name, i)}
		for j := 0; j < len(item.items); j += 2 {
			member, value := &item.items[j], &item.items[j+1]
			var err error
			switch member.text {
			case "level":
				err = c.want(value, jsonString, "level")
			case "policies":
				if err = c.want(value, jsonArray, "policies"); err == nil {
					level.Policies, err = c.union(level.Name+".policies", value, kind)
				}
			default:
				err = c.errorf(member.start, "unknown member %q of a level", member.text)
			}
			if err != nil {
				return nil, err
			}
		}
		levels = append(levels, level)
	}
	return levels, nil
}

// readResourcePolicy takes a document without Resource elements as a role's trust policy. One without statements says nothing, whichever it is.
func (c *simulation) readResourcePolicy(value *node) error {
	const name = "resource"
	c.remember(name, value)
	document, bad := newDocument(c.text, value.start, value, c.duplicates)
	if bad != nil {
		return fmt.Errorf("%s:%w", name, bad)
	}
	var err error
	switch {
	case document.Len() == 0:
	case slices.ContainsFunc(document.statements, func(s statementElement) bool { return s.hasResource }):
		c.policies.Resource, err = compileNamed(name, document, Resource)
	default:
		c.policies.Trust, err = compileNamed(name, document, Trust)
	}
	return err
}
