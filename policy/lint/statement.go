package lint

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// statement is a statement with what the reference knows of its actions.
type statement struct {
	policy.Statement
	index int
	named []namedAction // entries of Action, unless every
	every bool          // "*", or a NotAction: no telling which actions
}

// namedAction is one entry of an Action element.
type namedAction struct {
	policy.Text
	lowered string
	pattern bool
	entries []policy.ActionEntry // what the reference has for it
}

func (s *statement) allows() bool { return !s.Denies() }

// lists tells whether the statement is about an action: by name, by a pattern, or by not excepting it. action is in lower case.
func (s *statement) lists(action string) bool {
	for _, text := range s.Action.Values {
		if policy.MatchGlob(strings.ToLower(text.Value), action) {
			return !s.Action.Not
		}
	}
	return s.Action.Not
}

func (c *checker) newStatement(index int) *statement {
	s := &statement{Statement: c.document.Statement(index), index: index}
	s.every = s.Action.Not
	for _, text := range s.Action.Values {
		if text.Value == "*" || text.Value == "*:*" {
			s.every = true
		}
		if s.Action.Not {
			continue
		}
		lowered := strings.ToLower(text.Value)
		action := namedAction{Text: text, lowered: lowered, pattern: strings.ContainsAny(lowered, "*?")}
		action.entries = c.entries(lowered, action.pattern)
		s.named = append(s.named, action)
	}
	return s
}

// entries are the actions that an entry of an Action element stands for, as far as the reference has them. "*" has none: it is not spelled out.
func (c *checker) entries(lowered string, pattern bool) []policy.ActionEntry {
	if c.reference == nil {
		return nil
	}
	if !pattern {
		if entry, known := c.reference.Action(lowered); known {
			return []policy.ActionEntry{entry}
		}
		return nil
	}
	if known, done := c.expanded[lowered]; done {
		return known
	}
	service, _, _ := strings.Cut(lowered, ":")
	var matching []policy.ActionEntry
	for _, entry := range c.reference.Actions(service) {
		if !c.spendMatch(lowered, entry.Name) {
			return nil
		}
		if policy.MatchGlob(lowered, strings.ToLower(entry.Name)) {
			matching = append(matching, entry)
		}
	}
	if c.expanded == nil {
		c.expanded = map[string][]policy.ActionEntry{}
	}
	c.expanded[lowered] = matching
	return matching
}

// condition finds the statement's conditions on a key, in any case.
func (s *statement) conditions(key string) []policy.ConditionEntry {
	var found []policy.ConditionEntry
	for _, entry := range s.Conditions {
		if strings.EqualFold(entry.Key.Value, key) {
			found = append(found, entry)
		}
	}
	return found
}

// asks tells whether the statement has a condition on the key that does not hold where the key is absent.
func (s *statement) asks(key string) bool {
	for _, entry := range s.conditions(key) {
		if needsKey(entry) {
			return true
		}
	}
	return false
}

// asksUnder is asks for any key that begins with prefix.
func (s *statement) asksUnder(prefix string) bool {
	for _, entry := range s.Conditions {
		if hasPrefixFold(entry.Key.Value, prefix) && needsKey(entry) {
			return true
		}
	}
	return false
}

// needsKey tells whether a condition fails where its key is absent (IAM User Guide, "Condition operators").
func needsKey(entry policy.ConditionEntry) bool {
	switch o := entry.Operator; {
	case o.Type == policy.NullOperator:
		return !listsTrue(entry)
	case o.Set == "ForAnyValue":
		return true
	case o.Set == "ForAllValues":
		return false
	default:
		return !o.Negated && !o.IfExists
	}
}

func listsTrue(entry policy.ConditionEntry) bool {
	for _, value := range entry.Values {
		if strings.EqualFold(value.Value, "true") {
			return true
		}
	}
	return false
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}
