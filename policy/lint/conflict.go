package lint

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// checkConflicts looks for conditions of one key that no value satisfies together. All conditions of a statement must hold, and all keys of an
// operator (IAM User Guide, "Conditions with multiple context keys or values").
func (c *checker) checkConflicts(s *statement) {
	byKey := map[string][]policy.ConditionEntry{}
	var order []string
	for _, entry := range s.Conditions {
		key := strings.ToLower(entry.Key.Value)
		if byKey[key] == nil {
			order = append(order, key)
		}
		byKey[key] = append(byKey[key], entry)
	}
	for _, key := range order {
		entries := byKey[key]
		if at, why := c.conflict(entries); why != "" {
			c.report("contradictory-conditions", at, "if either was meant, use one operator with a list, or two statements", "no %s satisfies this: %s", shown(entries[0].Key.Value), why)
		}
		if c.kind == Trust && isClaim(key) && s.allows() {
			c.checkTwoOperators(entries)
		}
	}
}

// checkTwoOperators finds two comparisons of a claim that were most likely meant as alternatives.
func (c *checker) checkTwoOperators(entries []policy.ConditionEntry) {
	first := -1
	for i, entry := range entries {
		if o := entry.Operator; o.Type != policy.StringOperator || o.Negated {
			continue
		}
		if first >= 0 {
			c.report("T12", entry.Key.Position, "use one StringLike with a list, or two statements", "%s and %s must both hold of %s", entries[first].Operator.Name,
				entry.Operator.Name, shown(entry.Key.Value))
			return
		}
		first = i
	}
}

// conflict says where and why conditions on one key exclude each other.
func (c *checker) conflict(entries []policy.ConditionEntry) (at policy.Position, why string) {
	for i, entry := range entries {
		if entry.Operator.Set == "ForAnyValue" && entry.Operator.Negated && strings.HasSuffix(entry.Operator.Base, "Like") && hasAll(entry.Values) {
			return entry.Key.Position, "no value is outside *"
		}
		if !absent(entry) {
			continue
		}
		for j, other := range entries {
			if i != j && needsKey(other) && !takesEmpty(other) {
				return entry.Key.Position, "it must be absent, and " + other.Operator.Name + " needs it"
			}
		}
	}
	single := slices.DeleteFunc(slices.Clone(entries), func(e policy.ConditionEntry) bool { return e.Operator.Set != "" || !needsKey(e) && !e.Operator.Negated })
	if len(single) < 2 || len(single) > 50 {
		return policy.Position{}, ""
	}
	for _, entry := range single {
		if entry.Operator.Negated || len(entry.Values) == 0 {
			continue
		}
		if !slices.ContainsFunc(entry.Values, func(v policy.Text) bool { return c.passes(v.Value, entry, single) }) {
			return entry.Key.Position, "none of the values of " + entry.Operator.Name + " is one that the other operators take"
		}
	}
	return policy.Position{}, ""
}

// absent tells whether a condition only holds where the key is absent.
func absent(entry policy.ConditionEntry) bool {
	return entry.Operator.Type == policy.NullOperator && len(entry.Values) > 0 &&
		!slices.ContainsFunc(entry.Values, func(v policy.Text) bool { return !strings.EqualFold(v.Value, "true") })
}

// takesEmpty tells whether a condition may hold of the empty string, which Null counts as absent.
func takesEmpty(entry policy.ConditionEntry) bool {
	o := entry.Operator
	return o.Set == "" && (o.Type == policy.StringOperator || o.Type == policy.BinaryOperator) && slices.ContainsFunc(entry.Values, func(v policy.Text) bool {
		return v.Value == "" || strings.Contains(v.Value, "${") || strings.HasSuffix(o.Base, "Like") && strings.Trim(v.Value, "*") == ""
	})
}

func hasAll(values []policy.Text) bool {
	return slices.ContainsFunc(values, func(v policy.Text) bool { return v.Value != "" && strings.Trim(v.Value, "*") == "" })
}

// passes tells whether some value that satisfies operand value of entry may satisfy all the other conditions too. What cannot be told is a yes.
func (c *checker) passes(value string, entry policy.ConditionEntry, all []policy.ConditionEntry) bool {
	for _, other := range all {
		if other.Operator == entry.Operator && other.Key == entry.Key || other.Operator.Type != entry.Operator.Type || len(other.Values) == 0 {
			continue
		}
		if c.exhausted() {
			return true
		}
		some := slices.ContainsFunc(other.Values, func(v policy.Text) bool { return c.compatible(value, entry.Operator, v.Value, other.Operator) })
		if !other.Operator.Negated && !some || other.Operator.Negated && c.excluded(value, entry.Operator, other) {
			return false
		}
	}
	return true
}

// compatible tells whether some text satisfies both operands.
func (c *checker) compatible(a string, x policy.Operator, b string, y policy.Operator) bool {
	if !c.spendMatch(a, b) || strings.Contains(a, "${") || strings.Contains(b, "${") {
		return true
	}
	switch x.Type {
	case policy.StringOperator:
		if strings.HasSuffix(x.Base, "IgnoreCase") || strings.HasSuffix(y.Base, "IgnoreCase") {
			a, b = strings.ToLower(a), strings.ToLower(b)
		}
		likeA, likeB := strings.HasSuffix(x.Base, "Like"), strings.HasSuffix(y.Base, "Like")
		switch {
		case likeA && likeB:
			return c.overlap(a, b)
		case likeA:
			return policy.MatchGlob(a, b)
		case likeB:
			return policy.MatchGlob(b, a)
		}
		return a == b
	case policy.BoolOperator:
		return strings.EqualFold(a, b)
	case policy.NumericOperator, policy.DateOperator:
		return rangesMeet(a, x, b, y)
	case policy.IPOperator:
		p, ok := prefixOf(a)
		q, also := prefixOf(b)
		return !ok || !also || p.Overlaps(q)
	}
	return true
}

// excluded tells whether a negated condition takes away all that an operand allows.
func (c *checker) excluded(value string, o policy.Operator, negated policy.ConditionEntry) bool {
	return slices.ContainsFunc(negated.Values, func(v policy.Text) bool {
		if !c.spendMatch(value, v.Value) || strings.Contains(value, "${") || strings.Contains(v.Value, "${") {
			return false
		}
		switch {
		case o.Type == policy.StringOperator && !strings.HasSuffix(o.Base, "Like") && !strings.HasSuffix(o.Base, "IgnoreCase"):
			if strings.HasSuffix(negated.Operator.Base, "Like") {
				return policy.MatchGlob(v.Value, value)
			}
			return value == v.Value || strings.HasSuffix(negated.Operator.Base, "IgnoreCase") && strings.EqualFold(value, v.Value)
		case o.Type == policy.StringOperator && strings.HasSuffix(negated.Operator.Base, "Like"):
			return !strings.HasSuffix(o.Base, "IgnoreCase") && covers(v.Value, value, false)
		case o.Type == policy.IPOperator:
			inner, ok := prefixOf(value)
			outer, also := prefixOf(v.Value)
			return ok && also && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
		}
		return false
	})
}

func prefixOf(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix, true
	}
	address, err := netip.ParseAddr(text)
	return netip.PrefixFrom(address, address.BitLen()), err == nil
}

// bounds is the range of numbers that an operand allows.
type bounds struct {
	low, high         float64
	lowOpen, highOpen bool
}

// rangesMeet compares two numeric or date operands. Numbers are read as floating point: where that cannot tell them apart they meet.
func rangesMeet(a string, x policy.Operator, b string, y policy.Operator) bool {
	first, ok := boundsOf(a, x)
	second, also := boundsOf(b, y)
	if !ok || !also {
		return true
	}
	low, high := max(first.low, second.low), min(first.high, second.high)
	if low != high {
		return low < high
	}
	open := first.low == low && first.lowOpen || second.low == low && second.lowOpen || first.high == high && first.highOpen || second.high == high && second.highOpen
	return a != b || !open
}

func boundsOf(text string, o policy.Operator) (bounds, bool) {
	const infinite = 1e300
	value, err := strconv.ParseFloat(text, 64)
	if o.Type == policy.DateOperator && (err != nil || len(text) == len("2006")) {
		var at time.Time
		for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339} {
			if at, err = time.Parse(layout, text); err == nil {
				break
			}
		}
		value = float64(at.Unix())
	}
	b := bounds{low: value, high: value}
	switch relation := strings.TrimPrefix(strings.TrimPrefix(o.Base, "Numeric"), "Date"); relation {
	case "LessThan", "LessThanEquals":
		b.low, b.highOpen = -infinite, relation == "LessThan"
	case "GreaterThan", "GreaterThanEquals":
		b.high, b.lowOpen = infinite, relation == "GreaterThan"
	}
	return b, err == nil
}
