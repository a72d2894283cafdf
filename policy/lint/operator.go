package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// fitting are the operators for each type of key (IAM User Guide, "Condition operators"). String operators compare ARNs as text, and aws:EpochTime
// is compared as a number too.
var fitting = map[string][]policy.OperatorType{
	"String":    {policy.StringOperator},
	"ARN":       {policy.ARNOperator, policy.StringOperator},
	"Numeric":   {policy.NumericOperator},
	"Date":      {policy.DateOperator, policy.NumericOperator},
	"Bool":      {policy.BoolOperator},
	"IPAddress": {policy.IPOperator},
	"Binary":    {policy.BinaryOperator, policy.StringOperator},
}

// checkOperators asks whether each operator suits its key.
func (c *checker) checkOperators(s *statement) {
	for _, entry := range s.Conditions {
		use := c.keyUse(entry)
		c.checkNegated(s, use)
		if !use.known && !use.claim {
			continue
		}
		c.checkSetOperator(s, use)
		if use.known {
			c.checkType(use)
		}
	}
}

func (c *checker) checkType(use keyUse) {
	o := use.Operator
	operators, known := fitting[use.entry.Type]
	switch {
	case !known || o.Type == policy.NullOperator:
	case o.Type == policy.ARNOperator && strings.Contains(use.entry.Name, "${"): // of a tag or an encryption context, which may well be an ARN
	case !slices.Contains(operators, o.Type):
		c.report("type-mismatch", use.Key.Position, "use an operator of the type "+string(operators[0]), "%s holds values of the type %s, and %s compares %s",
			shown(use.Key.Value), use.entry.Type, o.Name, o.Type)
	case use.entry.Type == "ARN" && strings.HasSuffix(o.Base, "Like") && o.Type == policy.StringOperator:
		c.report("string-like-arn-key", use.Key.Position, "use "+strings.Replace(o.Name, "String", "Arn", 1), "%s holds an ARN, and a * of %s reaches across its colons",
			shown(use.Key.Value), o.Name)
	}
}

// checkSetOperator compares the set operator with the number of values that the key has (IAM User Guide, "Single-valued vs. multivalued context
// keys").
func (c *checker) checkSetOperator(s *statement, use keyUse) {
	o, at, key := use.Operator, use.Key.Position, shown(use.Key.Value)
	list := use.known && use.entry.List
	_, claim, _ := cutLast(use.Key.Value, ":")
	switch {
	case o.Type == policy.NullOperator:
	case list && o.Set == "":
		c.report("missing-set-operator", at, "write ForAnyValue:"+o.Name+" or ForAllValues:"+o.Name, "%s may have several values, of which %s compares none", key, o.Name)
	case !list && o.Set == "ForAllValues" && use.claim:
		if c.kind == Trust && s.allows() {
			c.report("S07", at, "remove ForAllValues:", "where the token has no %s, ForAllValues holds", claim)
		}
	case !list && o.Set == "ForAllValues":
		c.report("for-all-values-single", at, "remove ForAllValues:", "where %s is absent, ForAllValues holds", key)
	case use.claim && o.Set == "ForAnyValue" && claim == "aud":
		c.report("for-any-value-audience", at, "remove ForAnyValue:", "the audience is one value")
	case list && o.Set == "ForAllValues" && s.allows() && !s.impliesKey(use.Key.Value):
		c.report("for-all-values-absent", at, `add "Null": {"`+key+`": "false"}`, "where %s is absent, ForAllValues holds", key)
	}
}

// impliesKey tells whether another condition makes sure that a key is there. A request with a tag to set has aws:TagKeys.
func (s *statement) impliesKey(key string) bool {
	return s.asks(key) || strings.EqualFold(key, "aws:TagKeys") && s.asksUnder("aws:RequestTag/")
}

// alwaysThere are keys that every signed request has (IAM User Guide, "AWS global condition context keys": Availability).
var alwaysThere = []string{
	"aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:requestedregion", "aws:securetransport", "aws:userid",
	"aws:resourceaccount", "aws:viaawsservice", "aws:principalisawsservice",
}

// checkNegated finds negated operators that allow what they were not thought to be about.
func (c *checker) checkNegated(s *statement, use keyUse) {
	if s.Denies() || !use.Operator.Negated || use.Operator.Set != "" || use.claim && c.kind == Trust ||
		slices.Contains(alwaysThere, strings.ToLower(use.Key.Value)) || s.impliesKey(use.Key.Value) {
		return
	}
	c.report("negated-in-allow", use.Key.Position, `add "Null": {"`+shown(use.Key.Value)+`": "false"}, or deny with the operator that is not negated`,
		"where %s is absent, %s holds and allows", shown(use.Key.Value), use.Operator.Name)
}
