package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
)

// conditionsHold: all operators and all keys of each must.
func (n naive) conditionsHold(block any) bool {
	hold := true
	operators, _ := block.(map[string]any)
	for operator, keys := range operators {
		for key, operands := range keys.(map[string]any) {
			holds := n.holds(operator, key, list(operands))
			if n.seen != nil {
				n.seen(operator, holds)
			}
			hold = hold && holds
		}
	}
	return hold
}

// holds is one condition (IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued
// context keys").
func (n naive) holds(operator, key string, operands []any) bool {
	value := n.lookup(key)
	if operator == "Null" { // true: the key does not exist; false: it does, and its value is not null, as an empty string is
		return slices.ContainsFunc(operands, func(o any) bool { return strings.EqualFold(operandText(o), "true") == noData(list(value)) })
	}
	base, forAll := strings.CutPrefix(operator, "ForAllValues:")
	base, forAny := strings.CutPrefix(base, "ForAnyValue:")
	base, ifExists := strings.CutSuffix(base, "IfExists")
	values := list(value)
	one := func(v any) bool { return n.compare(base, v.(string), operands) }
	switch {
	case forAll: // true as well of an absent key and of empty data
		return noData(values) || !slices.ContainsFunc(values, func(v any) bool { return !one(v) })
	case forAny: // and this one false of both
		return !noData(values) && slices.ContainsFunc(values, one)
	case value == nil:
		return ifExists || negated(base)
	}
	single, isSingle := value.(string)
	return isSingle && one(single) // a multivalued key needs a set operator
}

func noData(values []any) bool {
	return !slices.ContainsFunc(values, func(v any) bool { return v != "" })
}

func negated(base string) bool { return strings.Contains(base, "Not") }

// lookup is the request's value of a key: nil, a string, or a list. A list without values is no value. Key names have no case.
func (n naive) lookup(key string) any {
	key = strings.ToLower(key)
	value, given := n.context[key]
	switch values, isList := value.([]any); {
	case isList && len(values) == 0:
		return nil
	case given:
		return value
	}
	if derived := n.derived(key); derived != "" {
		return derived
	}
	return nil
}

// derived are the keys that follow from the request itself (IAM User Guide, "AWS global condition context keys", and the
// table "Principal key values" of "Variables and tags").
func (n naive) derived(key string) string {
	c := n.caller
	switch key {
	case "aws:principalarn":
		switch {
		case c.kind == "session":
			return c.role
		case c.hasAccount():
			return c.arn
		}
	case "aws:principalaccount":
		return c.account + map[string]string{"anonymous": "anonymous"}[c.kind]
	case "aws:federatedprovider":
		if c.kind == "web identity" {
			return c.arn
		}
	case "aws:principaltype":
		return map[string]string{"root": "Account", "user": "User", "session": "AssumedRole", "role": "AssumedRole", "federated user": "FederatedUser", "anonymous": "Anonymous"}[c.kind]
	case "aws:username":
		if c.kind == "user" {
			return c.name
		}
	case "aws:userid":
		return map[string]string{"root": c.account, "federated user": c.account + ":" + c.name, "anonymous": "anonymous"}[c.kind]
	case "aws:principalisawsservice":
		return map[bool]string{true: "true"}[c.kind == "service"] + map[bool]string{true: "false"}[c.hasAccount()]
	case "aws:principalservicename":
		if c.kind == "service" {
			return c.arn
		}
	case "aws:resourceaccount":
		return n.owner()
	}
	return ""
}

// compare is one request value against all operands: any may match, or for a negated operator none. A value that is not of
// the operator's type satisfies neither.
func (n naive) compare(base, value string, operands []any) bool {
	positive := strings.Replace(base, "Not", "", 1)
	if !isOfType(positive, value) {
		return false
	}
	matched := slices.ContainsFunc(operands, func(o any) bool { return n.operandMatches(positive, value, operandText(o)) })
	return matched != negated(base)
}

// operandText is an operand as text; JSON numbers and booleans may stand for their texts.
func operandText(operand any) string {
	switch operand := operand.(type) {
	case bool:
		return map[bool]string{true: "true", false: "false"}[operand]
	case json.Number:
		return operand.String()
	}
	return operand.(string)
}

// operandMatches compares with one operand. base has no Not.
func (n naive) operandMatches(base, value, operand string) bool {
	switch base {
	case "StringEquals", "StringEqualsIgnoreCase", "Bool":
		tokens, ok := n.expand(operand, false)
		if base == "StringEquals" {
			return ok && text(tokens) == value
		}
		return ok && strings.EqualFold(text(tokens), value)
	case "StringLike":
		tokens, ok := n.expand(operand, true)
		return ok && glob(tokens, []rune(value))
	case "ArnEquals", "ArnLike": // they are the same
		tokens, ok := n.expand(operand, true)
		return ok && glob(arnPattern(tokens, false), []rune(value))
	case "BinaryEquals":
		a, _ := decodeBinary(value)
		b, _ := decodeBinary(operand)
		return string(a) == string(b)
	case "IpAddress":
		return inRange(value, operand)
	}
	if relation, ok := strings.CutPrefix(base, "Numeric"); ok {
		a, _ := decodeNumber(value)
		b, _ := decodeNumber(operand)
		return inRelation(relation, a.Cmp(b))
	}
	a, _ := decodeDate(value)
	b, _ := decodeDate(operand)
	return inRelation(strings.TrimPrefix(base, "Date"), a.Cmp(b))
}

func inRelation(relation string, order int) bool {
	switch relation {
	case "Equals":
		return order == 0
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order <= 0
	case "GreaterThan":
		return order > 0
	}
	return order >= 0
}
