package e2e

import (
	"slices"
	"strings"
)

// class is a kind of case that the two implementations read differently. spell rewrites a case so that what is read differently stands there
// in words that both read alike, as AWS's documents have it, and tells whether it found anything to rewrite. A disagreement is explained by a class if
// both, given the rewritten case, say what ours says of the original one.
type class struct {
	name  string
	spell func(s *simulation) bool
}

// differentialClasses are in the order of docs/differential.md, which explains each.
func differentialClasses() []class {
	return []class{
		{"root-user", spellRoot},
		{"federated-user", spellFederatedUser},
		{"role-without-trust-policy", spellTrust},
		{"everybody", spellGranted(func(n *named, c caller) bool { return n.all || slices.Contains(n.AWS, "*") })},
		{"session-by-name", spellGranted(func(n *named, c caller) bool { return slices.Contains(n.AWS, string(c)) })},
		{"not-principal-companion", spellNotPrincipal},
		{"resource-type-wildcard", spellResourceTypes},
		{"star-beyond-colon", spellRunningStars},
		{"short-resource", spellShortResources},
		{"variable-in-2008", spellOldVersion},
		{"variable-in-arn", eachCondition(spellARNVariables)},
		{"variable-without-value", spellVariables},
		{"empty-set", eachCondition(spellEmptySets)},
		{"epoch-date", spellDates},
		{"zero-prefix", eachCondition(spellZeroPrefix)},
		{"address-families", eachCondition(spellFamilies)},
	}
}

// truth is what a class knows of a condition.
type truth int

const (
	unchanged truth = iota
	rewritten       // the operands are to be these
	holds
	fails
)

// condition is one key under one operator, with what the request has for it.
type condition struct {
	version  string
	operator string // without quantifier and IfExists
	set      string // ForAllValues, ForAnyValue or nothing
	ifExists bool
	key      string
	operands []string
	values   []string // of the request
	list     bool
	request  *simulatedRequest
}

func newCondition(s *simulation, version, operator, key string, operands []string) condition {
	c := condition{version: version, operator: operator, key: key, operands: operands, request: &s.Request}
	if set, rest, ok := strings.Cut(operator, ":"); ok {
		c.set, c.operator = set, rest
	}
	c.operator, c.ifExists = strings.CutSuffix(c.operator, "IfExists")
	c.values, c.list = s.Request.lookup(key)
	return c
}

func (c condition) negated() bool { return strings.Contains(c.operator, "Not") }

// nothingMatches is the condition's truth when no operand matches any value.
func (c condition) nothingMatches() truth {
	switch {
	case len(c.values) == 0 && c.set == "ForAnyValue", !c.negated() && len(c.values) > 0:
		return fails
	case c.negated() || c.ifExists || c.set == "ForAllValues":
		return holds
	}
	return fails
}

// lookup is what the request has for a key.
func (r *simulatedRequest) lookup(key string) (values []string, list bool) {
	for _, keys := range []map[string]any{r.Context, r.derived()} {
		for name, value := range keys {
			if strings.EqualFold(name, key) {
				if text, ok := value.(string); ok {
					return []string{text}, false
				}
				return value.([]string), true
			}
		}
	}
	return nil, false
}

// eachCondition makes a class out of what it knows of single conditions: one that holds is left out, one that fails takes its statement along.
func eachCondition(know func(c condition) (truth, []string)) func(s *simulation) bool {
	return func(s *simulation) bool {
		found := false
		for _, d := range s.documents() {
			for i := range d.Statement {
				found = settle(s, d.Version, &d.Statement[i], know) || found
			}
		}
		return found
	}
}

func settle(s *simulation, version string, st *statement, know func(c condition) (truth, []string)) (found bool) {
	for operator, keys := range st.Condition {
		for key, operands := range keys {
			result, operands := know(newCondition(s, version, operator, key, operands))
			switch result {
			case unchanged:
				continue
			case rewritten:
				keys[key] = operands
			case holds:
				delete(keys, key)
			case fails:
				st.disable()
				return true
			}
			found = true
		}
		if len(keys) == 0 {
			delete(st.Condition, operator)
		}
	}
	return found
}

// disable makes a statement one about an action that no case has. A document without statements would be another matter.
func (st *statement) disable() {
	st.Action, st.NotAction, st.Condition = []string{"s3:GetObjectTorrent"}, nil, nil
	if st.Resource == nil && st.NotResource == nil { // of a trust policy
		st.Action = []string{"sts:AssumeRoleWithSAML"}
	}
}

// without leaves out operands that match nothing.
func (c condition) without(nothing func(operand string) bool) (truth, []string) {
	left := slices.DeleteFunc(slices.Clone(c.operands), nothing)
	switch len(left) {
	case len(c.operands):
		return unchanged, nil
	case 0:
		return c.nothingMatches(), nil
	}
	return rewritten, left
}

// matchesARN compares part by part; only in the last one does * reach across colons.
func matchesARN(pattern, arn string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(patterns) != 6 || len(parts) != 6 {
		return false
	}
	for i := range parts {
		if !matchesText(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// matchesText is the plain definition of * and ?.
func matchesText(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return matchesText(pattern[1:], text) || text != "" && matchesText(pattern, text[1:])
	}
	return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && matchesText(pattern[1:], text[1:])
}

// matchesBeyond is matchesARN with a * before a colon reaching across colons. done counts the pattern's colons so far.
func matchesBeyond(pattern, arn string, done int) bool {
	switch {
	case pattern == "" || arn == "" && pattern[0] != '*':
		return pattern == arn
	case pattern[0] == '*':
		far := done >= 5 || strings.HasPrefix(pattern[1:], ":")
		return matchesBeyond(pattern[1:], arn, done) || arn != "" && (far || arn[0] != ':') && matchesBeyond(pattern, arn[1:], done)
	case pattern[0] == ':':
		return arn[0] == ':' && matchesBeyond(pattern[1:], arn[1:], done+1)
	}
	same := pattern[0] == arn[0] || pattern[0] == '?' && (done >= 5 || arn[0] != ':')
	return same && matchesBeyond(pattern[1:], arn[1:], done)
}
