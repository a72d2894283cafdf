package policy

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

// naive is the policy language once more, as slowly and plainly as its documents read: over decoded JSON, with regular
// expressions and big numbers, without an index, sharing no code with the engine. Tests hold one against the other.
type naive struct {
	action, resource string
	wildcardOnly     bool
	keys             map[string]any // lower-case names; a string or a []string
	caller           map[string]string
	version2012      bool
}

// naiveDecide is "Policy evaluation logic" for one caller with credentials in the account of the resource; trust may be nil.
func (n naive) decide(identity, boundary, session []any, trust any) string {
	allowed := map[string]bool{}
	named := ""
	for name, documents := range map[string][]any{"identity": identity, "boundary": boundary, "session": session, "trust": {trust}} {
		for _, document := range documents {
			if document == nil {
				continue
			}
			d := document.(map[string]any)
			n.version2012 = d["Version"] == "2012-10-17"
			for _, s := range asList(d["Statement"]) {
				statement := s.(map[string]any)
				how := "itself"
				if name == "trust" {
					how = n.named(statement["Principal"])
				}
				if how == "" || !n.applies(statement, name == "trust") {
					continue
				}
				if statement["Effect"] == "Deny" {
					return "ExplicitlyDenied"
				}
				allowed[name] = true
				if rank := []string{"", "account", "role", "itself"}; slices.Index(rank, how) > slices.Index(rank, named) && name == "trust" {
					named = how
				}
			}
		}
	}
	own := allowed["identity"]
	limits := (boundary == nil || allowed["boundary"]) && (session == nil || allowed["session"])
	verdict := own && limits
	if trust != nil {
		verdict = named == "itself" || named == "role" && limits || named == "account" && own && limits
	}
	if verdict {
		return "Allowed"
	}
	return "ImplicitlyDenied"
}

// named tells how a Principal element names the caller, a role session.
func (n naive) named(element any) string {
	if element == "*" {
		return "itself"
	}
	best := ""
	for _, p := range asList(element.(map[string]any)["AWS"]) {
		switch p {
		case "*", n.caller["session"]:
			return "itself"
		case n.caller["role"]:
			best = "role"
		case n.caller["account"], "arn:aws:iam::" + n.caller["account"] + ":root":
			if best == "" {
				best = "account"
			}
		}
	}
	return best
}

func asList(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

func (n naive) applies(statement map[string]any, trust bool) bool {
	if actions, ok := statement["Action"]; ok && !n.lists(actions, n.matchesAction) {
		return false
	}
	if actions, ok := statement["NotAction"]; ok && n.lists(actions, n.matchesAction) {
		return false
	}
	if resources, ok := statement["Resource"]; ok && !n.lists(resources, n.matchesResource) {
		return false
	}
	if resources, ok := statement["NotResource"]; ok && n.lists(resources, n.matchesResource) {
		return false
	}
	block, _ := statement["Condition"].(map[string]any)
	for operator, keys := range block {
		for key, operands := range keys.(map[string]any) {
			if !n.holds(operator, key, asList(operands)) {
				return false
			}
		}
	}
	return true
}

func (n naive) lists(patterns any, matches func(string) bool) bool {
	return slices.ContainsFunc(asList(patterns), func(p any) bool { return matches(p.(string)) })
}

func (n naive) matchesAction(pattern string) bool {
	return regexp.MustCompile("(?is)^" + wild(pattern) + "$").MatchString(n.action)
}

func wild(pattern string) string {
	return strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
}

func (n naive) matchesResource(pattern string) bool {
	if pattern == "*" {
		return true
	}
	if n.wildcardOnly {
		return false
	}
	expression, ok := n.expand(pattern, true)
	return ok && matchesARN(expression, n.resource)
}

var naiveVariable = regexp.MustCompile(`\$\{([^}',]+)(, '([^']*)')?\}`)

// expand turns a pattern into regular expressions for its text, variables put in.
func (n naive) expand(pattern string, wildcards bool) (string, bool) {
	quote := regexp.QuoteMeta
	if wildcards {
		quote = wild
	}
	if !n.version2012 {
		return quote(pattern), true
	}
	ok, expression, last := true, "", 0
	for _, at := range naiveVariable.FindAllStringSubmatchIndex(pattern, -1) {
		expression += quote(pattern[last:at[0]])
		name := pattern[at[2]:at[3]]
		value, isString := n.lookup(name).(string)
		switch {
		case name == "*" || name == "?" || name == "$":
			value = name
		case isString:
		case at[4] >= 0:
			value = pattern[at[6]:at[7]]
		default:
			ok = false
		}
		expression += regexp.QuoteMeta(value)
		last = at[1]
	}
	return expression + quote(pattern[last:]), ok
}

// matchesARN compares part by part. The expression's own colons are the ones that part it: none are in its wildcards.
func matchesARN(expression, arn string) bool {
	patterns, parts := strings.SplitN(expression, ":", 6), strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return false
	}
	if short := len(patterns); short < 6 {
		parts = append(parts[:short-1:short-1], strings.Join(parts[short-1:], ":"))
	}
	for i := range patterns {
		if !regexp.MustCompile("(?s)^" + patterns[i] + "$").MatchString(parts[i]) {
			return false
		}
	}
	return true
}

func (n naive) lookup(key string) any {
	key = strings.ToLower(key)
	if value, ok := n.keys[key]; ok {
		if list, isList := value.([]string); isList && len(list) == 0 {
			return nil
		}
		return value
	}
	switch key {
	case "aws:principalarn":
		return n.caller["role"]
	case "aws:principalaccount":
		return n.caller["account"]
	}
	return nil
}

func (n naive) holds(operator, key string, operands []any) bool {
	value := n.lookup(key)
	if operator == "Null" {
		return slices.ContainsFunc(operands, func(o any) bool { return (naiveText(o) == "true") == (value == nil) })
	}
	base, all := strings.CutPrefix(operator, "ForAllValues:")
	base, some := strings.CutPrefix(base, "ForAnyValue:")
	base, ifExists := strings.CutSuffix(base, "IfExists")
	negated := strings.Contains(base, "Not")
	list, isList := value.([]string)
	if single, ok := value.(string); ok && (all || some) {
		list = []string{single}
	}
	one := func(v string) bool { return n.compare(strings.Replace(base, "Not", "", 1), v, operands, negated) }
	switch empty := strings.Join(list, "") == ""; {
	case all:
		return empty || !slices.ContainsFunc(list, func(v string) bool { return !one(v) })
	case some:
		return !empty && slices.ContainsFunc(list, one)
	case value == nil:
		return negated || ifExists
	case isList:
		return false
	}
	return one(value.(string))
}

// naiveText is an operand as a string.
func naiveText(operand any) string {
	switch operand := operand.(type) {
	case string:
		return operand
	case json.Number:
		return operand.String()
	}
	return map[any]string{true: "true", false: "false"}[operand]
}

func (n naive) compare(base, value string, operands []any, negated bool) bool {
	if !readable(base, value) {
		return false
	}
	return negated != slices.ContainsFunc(operands, func(o any) bool { return n.matches(base, value, naiveText(o)) })
}

func readable(base, value string) (ok bool) {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		_, ok = naiveNumber(value)
	case strings.HasPrefix(base, "Date"):
		_, ok = naiveDate(value)
	case base == "IpAddress":
		ok = net.ParseIP(value) != nil
	case strings.HasPrefix(base, "Arn"):
		ok = strings.HasPrefix(value, "arn:") && strings.Count(value, ":") >= 5
	default:
		ok = true
	}
	return ok
}

func naiveNumber(text string) (*big.Rat, bool) {
	if !regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]+)?$`).MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// naiveDate is seconds since 1970.
func naiveDate(text string) (*big.Rat, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if at, err := time.Parse(layout, text); err == nil {
			return big.NewRat(at.UnixNano(), 1e9), true
		}
	}
	return naiveNumber(text)
}

func (n naive) matches(base, value, operand string) bool {
	switch base {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike":
		expression, ok := n.expand(operand, base == "StringLike")
		flags := map[bool]string{true: "(?is)", false: "(?s)"}[base == "StringEqualsIgnoreCase"]
		return ok && regexp.MustCompile(flags+"^"+expression+"$").MatchString(value)
	case "ArnEquals", "ArnLike":
		expression, ok := n.expand(operand, true)
		return ok && matchesARN(expression, value)
	case "Bool":
		return strings.EqualFold(value, operand)
	case "BinaryEquals":
		a, err := base64.StdEncoding.DecodeString(value)
		b, _ := base64.StdEncoding.DecodeString(operand)
		return err == nil && string(a) == string(b)
	case "IpAddress":
		if !strings.Contains(operand, "/") {
			return net.ParseIP(operand).Equal(net.ParseIP(value))
		}
		_, network, _ := net.ParseCIDR(operand)
		return network.Contains(net.ParseIP(value))
	}
	var order int
	if relation, ok := strings.CutPrefix(base, "Numeric"); ok {
		a, _ := naiveNumber(value)
		b, _ := naiveNumber(operand)
		base, order = relation, a.Cmp(b)
	} else {
		a, _ := naiveDate(value)
		b, _ := naiveDate(operand)
		base, order = strings.TrimPrefix(base, "Date"), a.Cmp(b)
	}
	return map[string]bool{"Equals": order == 0, "LessThan": order < 0, "LessThanEquals": order <= 0, "GreaterThan": order > 0, "GreaterThanEquals": order >= 0}[base]
}
