package policy

// Statement is one statement as its document has it, for those who look at documents rather than decide by them. Lists are empty where the
// element is absent (its Name is then empty too) or written as an empty list.
type Statement struct {
	Position   Position
	SID        Text              // empty: none
	Effect     Text              // Allow or Deny, in any case
	Principal  *PrincipalElement // Principal or NotPrincipal; nil: none
	Action     List
	Resource   List
	Conditions []ConditionEntry // all of them must hold
	Empty      []Position       // where a Condition element, or an operator in it, lists nothing
}

// Denies tells whether the effect is Deny.
func (s Statement) Denies() bool { return len(s.Effect.Value) == len("Deny") }

// Text is a string of a document, its escapes resolved, and where its value stands.
type Text struct {
	Value    string
	Position Position
}

// List is an Action or Resource element, or its Not form.
type List struct {
	Name     string // Action, NotAction, Resource or NotResource; empty: no such element
	Not      bool
	Position Position // of the value
	Values   []Text
}

// PrincipalElement is a Principal or NotPrincipal; "*" alone is {"AWS": "*"}, which AWS documents to be the same.
type PrincipalElement struct {
	Name     string
	Not      bool
	Position Position // of the value
	Types    []PrincipalTypeList
}

// PrincipalTypeList are the principals of one type.
type PrincipalTypeList struct {
	Type   string // AWS, Service, Federated or CanonicalUser
	Values []Text
}

// ConditionEntry is one key of one operator of a Condition element.
type ConditionEntry struct {
	Operator Operator
	Key      Text
	Position Position // of the value
	Values   []Text   // numbers and booleans as they are written
}

// Operator is a condition operator, taken apart.
type Operator struct {
	Name     string       // as written, such as ForAnyValue:StringLikeIfExists
	Base     string       // StringLike
	Type     OperatorType // what its operands are
	Set      string       // ForAllValues, ForAnyValue or empty
	Negated  bool         // StringNotLike and its like: it holds where no value matches
	IfExists bool         // it holds where the key is absent
}

// OperatorType is what a condition operator compares.
type OperatorType string

// The types of operators (IAM User Guide, "IAM JSON policy elements: Condition operators").
const (
	StringOperator  OperatorType = "String"
	NumericOperator OperatorType = "Numeric"
	DateOperator    OperatorType = "Date"
	BoolOperator    OperatorType = "Bool"
	BinaryOperator  OperatorType = "Binary"
	IPOperator      OperatorType = "IPAddress"
	ARNOperator     OperatorType = "ARN"
	NullOperator    OperatorType = "Null"
)

// ID is the document's Id element, or "".
func (d *Document) ID() string { return d.id }

// HasVersion tells whether the document has a Version element.
func (d *Document) HasVersion() bool { return d.version != "" }

// Variables tells whether ${…} in the document is a variable: its Version is 2012-10-17.
func (d *Document) Variables() bool { return d.variables }

// Statement is the document's statement i, from 0 to Len()-1.
func (d *Document) Statement(i int) Statement {
	s := &d.statements[i]
	shown := Statement{
		Position: d.place.position(s.offset), SID: d.text(s.sid), Effect: d.text(s.effect),
		Action: d.list(&s.actions), Resource: d.list(&s.resources),
	}
	if s.principal != nil {
		shown.Principal = &PrincipalElement{Name: s.principal.name, Not: s.principal.not, Position: d.place.position(s.principal.offset)}
		for _, list := range s.principal.types {
			shown.Principal.Types = append(shown.Principal.Types, PrincipalTypeList{list.kind, d.texts(list.texts)})
		}
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		shown.Conditions = append(shown.Conditions, ConditionEntry{c.operator.shown(), d.text(c.key), d.place.position(c.offset), d.texts(c.values)})
	}
	for _, offset := range s.empty {
		shown.Empty = append(shown.Empty, d.place.position(offset))
	}
	return shown
}

func (d *Document) text(t text) Text {
	if t == (text{}) {
		return Text{}
	}
	return Text{t.value, d.place.position(t.offset)}
}

func (d *Document) texts(texts []text) []Text {
	shown := make([]Text, len(texts))
	for i, t := range texts {
		shown[i] = d.text(t)
	}
	return shown
}

func (d *Document) list(l *list) List {
	if l.name == "" {
		return List{}
	}
	return List{Name: l.name, Not: l.not, Position: d.place.position(l.offset), Values: d.texts(l.texts)}
}

func (o operator) shown() Operator {
	return Operator{Name: o.name, Base: o.base, Type: operatorTypes[o.family], Negated: o.negated, IfExists: o.ifExists,
		Set: [...]string{single: "", forAllValues: "ForAllValues", forAnyValue: "ForAnyValue"}[o.quantifier]}
}

var operatorTypes = map[family]OperatorType{
	familyString: StringOperator, familyNumeric: NumericOperator, familyDate: DateOperator, familyBool: BoolOperator,
	familyBinary: BinaryOperator, familyIP: IPOperator, familyARN: ARNOperator, familyNull: NullOperator,
}
