package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// checkLists finds entries that another entry of the same list covers.
func (c *checker) checkLists(s *statement) {
	c.checkList("redundant-action", s.Action, plain(s.Action, true), false)
	c.checkList("redundant-resource", s.Resource, plain(s.Resource, false), true)
}

func (c *checker) checkList(id string, list policy.List, values []string, arn bool) {
	first := make(map[string]bool, len(values))
	wide := map[string][]int{} // patterns by service; only "*" covers entries of another
	for i, value := range values {
		if !first[value] && strings.ContainsAny(value, "*?") {
			service := serviceOf(value, arn)
			wide[service] = append(wide[service], i)
		}
		if first[value] {
			c.report(id, list.Values[i].Position, "", "%s is listed twice", shown(list.Values[i].Value))
		}
		first[value] = true
	}
	for i, value := range values {
		j := c.coveredBy(values, i, wide["*"], arn)
		if j < 0 {
			j = c.coveredBy(values, i, wide[serviceOf(value, arn)], arn)
		}
		if j >= 0 {
			c.report(id, list.Values[i].Position, "", "%s has it already", shown(list.Values[j].Value))
		}
	}
}

// coveredBy finds a pattern among candidates that covers value i, or is -1.
func (c *checker) coveredBy(values []string, i int, candidates []int, arn bool) int {
	for _, j := range candidates {
		if c.exhausted() {
			return -1
		}
		if values[j] != values[i] && c.spendMatch(values[j], values[i]) && covers(values[j], values[i], arn) {
			return j
		}
	}
	return -1
}

// serviceOf is what an action or an ARN must have literally: its service. Of "*" it is "*".
func serviceOf(value string, arn bool) string {
	if !arn {
		service, _, _ := strings.Cut(value, ":")
		return service
	}
	if parts := arnParts(value); len(parts) > 2 {
		return parts[2]
	}
	return value
}

// checkStatements compares statements with each other.
func (c *checker) checkStatements() {
	for i, s := range c.statements {
		c.at = s
		for j, other := range c.statements {
			if c.exhausted() {
				break
			}
			if i == j || !c.comparable(s, other) {
				continue
			}
			if s.Denies() == other.Denies() && c.contains(other, s) && (j < i || !c.contains(s, other)) {
				c.report("redundant-statement", s.Position, "", "statement %d%s has everything of it", other.index, named(other))
				break
			}
			if s.allows() && other.Denies() && c.contains(other, s) {
				c.report("overridden-allow", s.Position, "", "statement %d%s denies everything that it allows", other.index, named(other))
				break
			}
		}
	}
	c.at = nil
}

// comparable is a cheap look before contains, and pays for it.
func (c *checker) comparable(s, other *statement) bool {
	if !c.spend(1) || len(other.Conditions) > len(s.Conditions) || s.allows() != other.allows() && s.Denies() {
		return false
	}
	return (s.Principal == nil) == (other.Principal == nil) && (s.Resource.Name == "") == (other.Resource.Name == "")
}

func named(s *statement) string {
	if s.SID.Value == "" {
		return ""
	}
	return " (" + shown(s.SID.Value) + ")"
}

// contains tells whether every request that inner applies to is one that outer applies to. It may say no where that is so.
func (c *checker) contains(outer, inner *statement) bool {
	return c.conditionsImply(inner.Conditions, outer.Conditions) && samePrincipals(outer.Principal, inner.Principal) &&
		c.listCovers(outer.Action, inner.Action, false) && c.listCovers(outer.Resource, inner.Resource, true)
}

// conditionsImply tells whether each of outer's conditions is one of inner's too.
func (c *checker) conditionsImply(inner, outer []policy.ConditionEntry) bool {
	for _, wanted := range outer {
		if !slices.ContainsFunc(inner, func(has policy.ConditionEntry) bool {
			return c.spend(1+len(has.Values)) && sameCondition(has, wanted)
		}) {
			return false
		}
	}
	return true
}

func sameCondition(a, b policy.ConditionEntry) bool {
	return a.Operator == b.Operator && strings.EqualFold(a.Key.Value, b.Key.Value) && slices.EqualFunc(a.Values, b.Values,
		func(x, y policy.Text) bool { return x.Value == y.Value })
}

func samePrincipals(outer, inner *policy.PrincipalElement) bool {
	if outer == nil || inner == nil || outer.Not || inner.Not {
		return outer == inner
	}
	if isEverybody(outer) {
		return true
	}
	for _, list := range inner.Types {
		for _, text := range list.Values {
			if !names(outer, list.Type, text.Value) {
				return false
			}
		}
	}
	return true
}

func names(element *policy.PrincipalElement, kind, value string) bool {
	for _, list := range element.Types {
		if list.Type == kind && slices.ContainsFunc(list.Values, func(t policy.Text) bool { return t.Value == value }) {
			return true
		}
	}
	return false
}

// listCovers compares two Action or Resource elements.
func (c *checker) listCovers(outer, inner policy.List, arn bool) bool {
	if outer.Not && !inner.Not {
		return false // would need to know that none of inner is excepted
	}
	if inner.Not && !outer.Not {
		return slices.ContainsFunc(outer.Values, func(t policy.Text) bool { return t.Value == "*" })
	}
	if outer.Not {
		outer, inner = inner, outer // what outer excepts, inner must except too
	}
	if !c.spend(1 + (len(outer.Values)+len(inner.Values))/4) {
		return false
	}
	wide, narrow := plain(outer, !arn), plain(inner, !arn)
	for _, value := range narrow {
		if !slices.ContainsFunc(wide, func(w string) bool { return c.spendMatch(w, value) && covers(w, value, arn) }) {
			return false
		}
	}
	return true
}
