package policy

import "strings"

// family is the type that an operator compares.
type family uint8

const (
	familyNull family = iota
	familyString
	familyNumeric
	familyDate
	familyBool
	familyBinary
	familyIP
	familyARN
)

// relation is how an operator compares; its negated form is told apart by operator.negated.
type relation uint8

const (
	equals relation = iota
	equalsIgnoreCase
	like
	lessThan
	lessThanEquals
	greaterThan
	greaterThanEquals
)

// quantifier is the set operator before an operator's name (IAM User Guide, "Multivalued context keys").
type quantifier uint8

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// operator is a condition operator's name, taken apart.
type operator struct {
	name       string // as written
	base       string // without set operator and IfExists
	family     family
	relation   relation
	negated    bool
	ifExists   bool
	quantifier quantifier
}

// operators are those of IAM User Guide, "IAM JSON policy elements: Condition operators", without prefix and suffix.
var operators = map[string]operator{
	"StringEquals":              {family: familyString, relation: equals},
	"StringNotEquals":           {family: familyString, relation: equals, negated: true},
	"StringEqualsIgnoreCase":    {family: familyString, relation: equalsIgnoreCase},
	"StringNotEqualsIgnoreCase": {family: familyString, relation: equalsIgnoreCase, negated: true},
	"StringLike":                {family: familyString, relation: like},
	"StringNotLike":             {family: familyString, relation: like, negated: true},
	"NumericEquals":             {family: familyNumeric, relation: equals},
	"NumericNotEquals":          {family: familyNumeric, relation: equals, negated: true},
	"NumericLessThan":           {family: familyNumeric, relation: lessThan},
	"NumericLessThanEquals":     {family: familyNumeric, relation: lessThanEquals},
	"NumericGreaterThan":        {family: familyNumeric, relation: greaterThan},
	"NumericGreaterThanEquals":  {family: familyNumeric, relation: greaterThanEquals},
	"DateEquals":                {family: familyDate, relation: equals},
	"DateNotEquals":             {family: familyDate, relation: equals, negated: true},
	"DateLessThan":              {family: familyDate, relation: lessThan},
	"DateLessThanEquals":        {family: familyDate, relation: lessThanEquals},
	"DateGreaterThan":           {family: familyDate, relation: greaterThan},
	"DateGreaterThanEquals":     {family: familyDate, relation: greaterThanEquals},
	"Bool":                      {family: familyBool, relation: equals},
	"BinaryEquals":              {family: familyBinary, relation: equals},
	"IpAddress":                 {family: familyIP, relation: equals},
	"NotIpAddress":              {family: familyIP, relation: equals, negated: true},
	"ArnEquals":                 {family: familyARN, relation: like}, // AWS: behaves as ArnLike
	"ArnLike":                   {family: familyARN, relation: like},
	"ArnNotEquals":              {family: familyARN, relation: like, negated: true},
	"ArnNotLike":                {family: familyARN, relation: like, negated: true},
	"Null":                      {family: familyNull},
}

// parseOperator takes an operator's name apart. Names are case-sensitive. Null takes neither IfExists, which would empty
// it of meaning, nor a set operator, since it asks about the key and not about its values.
func parseOperator(name string) (operator, bool) {
	base, quantifier := name, single
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		base, quantifier = rest, forAllValues
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		base, quantifier = rest, forAnyValue
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	o, ok := operators[base]
	if !ok || o.family == familyNull && (ifExists || quantifier != single) {
		return operator{}, false
	}
	o.name, o.base, o.ifExists, o.quantifier = name, base, ifExists, quantifier
	return o, true
}
