package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// statement is a statement of one of the documents, its parts known by number.
type statement struct {
	number    int // in its document
	owner     int // the side whose document it is
	view      policy.Statement
	actions   []actionPattern
	resources []int // numbers of resource patterns; everyResource for "*"
	atoms     []int // numbers of the conditions, all of which must hold
}

// everyResource is the number of the resource pattern "*", which alone matches requests that are about no resource.
const everyResource = -1

// actionPattern is one entry of Action or NotAction.
type actionPattern struct {
	every         bool   // "*" or "*:*"
	service, name string // in lower case
	text          string // as written
}

// resourcePattern is one entry of Resource or NotResource.
type resourcePattern struct {
	text      string
	variables bool // ${…} in it is one
}

// atom is one condition: a key, an operator and its operands. Statements that have the same share it.
type atom struct {
	key       string // in lower case
	operator  policy.Operator
	operands  []string
	variables bool
	names     []string       // of the keys that it has as variables
	single    *policy.Policy // allows if the operator, without set operator and IfExists, is true of the key's one value
}

// model is everything that both documents say, numbered.
type model struct {
	resources []resourcePattern
	atoms     []*atom
	spelled   map[string]string // by name in lower case: condition keys, and actions that are written out
	known     map[string]known  // keys whose values are given, by name in lower case
	byText    map[string]int    // resource patterns
	byAtom    map[string]int
}

// known is a condition key with what every request has for it.
type known struct {
	values []string
	list   bool
}

func newModel() *model {
	return &model{spelled: map[string]string{}, known: map[string]known{}, byText: map[string]int{}, byAtom: map[string]int{}}
}

// statements reads a document's, Allow and Deny apart.
func (m *model) statements(d *policy.Document, owner int) (allow, deny []*statement, err error) {
	for i := range d.Len() {
		s := &statement{number: i, owner: owner, view: d.Statement(i)}
		for _, text := range s.view.Action.Values {
			s.actions = append(s.actions, m.action(text.Value))
		}
		for _, text := range s.view.Resource.Values {
			s.resources = append(s.resources, m.resource(text.Value, d.Variables()))
		}
		for _, entry := range s.view.Conditions {
			number, err := m.atom(entry, d)
			if err != nil {
				return nil, nil, err
			}
			s.atoms = append(s.atoms, number)
		}
		slices.Sort(s.atoms)
		s.atoms = slices.Compact(s.atoms)
		if s.view.Denies() {
			deny = append(deny, s)
		} else {
			allow = append(allow, s)
		}
	}
	return allow, deny, nil
}

func (m *model) action(text string) actionPattern {
	if text == "*" || text == "*:*" {
		return actionPattern{every: true, text: text}
	}
	lowered := strings.ToLower(text)
	service, name, _ := strings.Cut(lowered, ":")
	if !strings.ContainsAny(name, "*?") && m.spelled[lowered] == "" {
		m.spelled[lowered] = text
	}
	return actionPattern{service: service, name: name, text: text}
}

func (m *model) resource(text string, variables bool) int {
	if text == "*" {
		return everyResource
	}
	variables = variables && strings.Contains(text, "${")
	key := fmt.Sprint(variables, text)
	number, ok := m.byText[key]
	if !ok {
		number = len(m.resources)
		m.byText[key] = number
		m.resources = append(m.resources, resourcePattern{text, variables})
	}
	return number
}

func (m *model) atom(entry policy.ConditionEntry, d *policy.Document) (int, error) {
	a := &atom{key: strings.ToLower(entry.Key.Value), operator: entry.Operator}
	if m.spelled[a.key] == "" {
		m.spelled[a.key] = entry.Key.Value
	}
	for _, value := range entry.Values {
		a.operands = append(a.operands, value.Value)
		a.variables = a.variables || d.Variables() && strings.Contains(value.Value, "${")
	}
	a.operands = sortedUnique(a.operands)
	key, err := json.Marshal([]any{a.key, a.operator.Name, a.operands, a.variables})
	if err != nil {
		return 0, err
	}
	if number, ok := m.byAtom[string(key)]; ok {
		return number, nil
	}
	for _, operand := range a.operands {
		a.names = append(a.names, variableNames(operand, a.variables && a.text())...)
	}
	a.names = sortedUnique(a.names)
	if a.single, err = a.compile(d.Version()); err != nil {
		return 0, err
	}
	m.byAtom[string(key)] = len(m.atoms)
	m.atoms = append(m.atoms, a)
	return len(m.atoms) - 1, nil
}

// text tells whether the values that the operator compares are told apart by an automaton.
func (a *atom) text() bool {
	switch a.operator.Type {
	case policy.StringOperator, policy.ARNOperator, policy.BoolOperator, policy.BinaryOperator:
		return true
	}
	return false
}

// valueKey stands for an atom's key where the engine is asked about one value of it, so that the key's own value, as a variable, is another matter.
const valueKey = "openirsa:value"

// compile makes the policy that asks the engine what one value is worth.
func (a *atom) compile(version string) (*policy.Policy, error) {
	source, err := json.Marshal(map[string]any{"Version": version, "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*",
		"Condition": map[string]any{a.operator.Base: map[string]any{valueKey: append([]string{}, a.operands...)}}}})
	if err != nil {
		return nil, err
	}
	document, err := policy.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("reading a condition again: %w", err)
	}
	return policy.Compile("condition", document, policy.Options{})
}

// derivedKeys are the keys that the engine takes from principal and resource where a request does not give them.
func derivedKeys() []string {
	return []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:userid",
		"aws:username", "aws:ResourceAccount", "aws:FederatedProvider"}
}

// matches tells whether the pattern is about the action, whose name is in lower case.
func (p actionPattern) matches(service, name string) bool {
	return p.every || p.service == service && policy.MatchGlob(p.name, name)
}

// matchesResource tells whether the statement is about the resources of a cell. A statement without the element is about whatever has the policy.
func (s *statement) matchesResource(c *resourceCell) truth {
	listed := no
	for _, number := range s.resources {
		listed = max(listed, c.matches(number))
	}
	if s.view.Resource.Not {
		return listed.not()
	}
	if s.view.Resource.Name == "" {
		return yes
	}
	return listed
}

// resourceCell is a set of resources that the same patterns match, or "*", which only the pattern "*" does.
type resourceCell struct {
	cell
	none  bool // "*"
	fixed bool // the one resource that is asked about
}

func (c *resourceCell) matches(number int) truth {
	switch {
	case number == everyResource:
		return yes
	case c.none:
		return no
	case c.certain(number):
		return yes
	case c.possible(number):
		return open
	}
	return no
}

// truth of a condition or a match. What is open depends on the text that stands for a variable, or is not known to be possible.
type truth uint8

const (
	no truth = iota
	open
	yes
)

func (t truth) not() truth { return yes - t }
