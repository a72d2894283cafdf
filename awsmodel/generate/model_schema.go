package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The numbers of schemas (@smithy/types: shapes, schema, traits): what a list begins with, what a scalar is, modifiers of it, and bits of traits.
const (
	schemaList      = 1
	schemaMap       = 2
	schemaStructure = 3
	schemaUnion     = 4
	schemaOperation = 9

	schemaListOf = 64
	schemaMapOf  = 128

	traitLabel       = 1
	traitToken       = 4
	traitPayload     = 16
	traitQueryParams = 64
	traitsIgnored    = 2 | 8 | 32 // idempotent, sensitive, response code
)

// schemaScalar is the letter of a scalar, with the letter of its format.
func schemaScalar(number int) (letter byte, format string, known bool) {
	switch number {
	case 0:
		return 's', "", true
	case 1, 17, 19: // a number, an integer or a decimal of any size
		return 'n', "", true
	case 2:
		return 'b', "", true
	case 4:
		return 't', "", true
	case 5:
		return 't', "D", true
	case 6:
		return 't', "H", true
	case 7:
		return 't', "E", true
	case 15:
		return 'y', "", true
	case 21, 42:
		return 'x', "", true
	}
	return 0, "", false
}

// schemaReader makes a service's operations of the schemas of a package.
type schemaReader struct {
	script  script
	letter  byte // of the protocol of the service's model; those of JSON ignore the names of Query and XML
	output  bool // what is read is of answers: EC2 spells members otherwise there
	shapes  map[string]*shape
	scalars scalars
	rest    bool // the service's protocols have members outside of the body; the others ignore that too
}

// readSchemas returns the operations that a package's schemas describe, ascending by name.
// protocols are the letters of the service's.
func readSchemas(text, protocols string) ([]*operation, error) {
	values, err := readScript(text)
	if err != nil {
		return nil, err
	}
	r := &schemaReader{script: values, letter: protocols[0], shapes: map[string]*shape{}, scalars: scalars{}, rest: strings.ContainsAny(protocols, "rx")}
	if r.letter == 'x' {
		return nil, errors.New("the schemas of REST-XML are not read: nobody has looked at their namespaces and attributes")
	}
	var operations []*operation
	for name, value := range values {
		list, isList := value.([]any)
		if !isList || len(list) == 0 || list[0] != schemaOperation {
			continue
		}
		o, err := r.operation(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		operations = append(operations, o)
	}
	slices.SortFunc(operations, func(a, b *operation) int { return strings.Compare(a.name, b.name) })
	return operations, nil
}

// text resolves a name to the text that it stands for.
func (r *schemaReader) text(value any) string {
	if name, named := value.(scriptName); named {
		value = r.script[string(name)]
	}
	text, _ := value.(string)
	return text
}

// operation reads [9, namespace, name, traits, input, output].
func (r *schemaReader) operation(list []any) (*operation, error) {
	if len(list) != 6 {
		return nil, fmt.Errorf("an operation of %d parts", len(list))
	}
	o := &operation{name: r.text(list[2]), method: "POST", uri: "/"}
	traits, err := r.traits(list[3])
	if err != nil {
		return nil, err
	}
	for name, value := range traits.named {
		switch name {
		case "http":
			parts, isList := value.([]any)
			if !isList || len(parts) != 3 {
				return nil, errors.New("a malformed trait http")
			}
			o.method, o.uri = r.text(parts[0]), r.text(parts[1])
		case "endpoint":
			parts, isList := value.([]any)
			if !isList || len(parts) != 1 {
				return nil, errors.New("a malformed trait endpoint")
			}
			o.host = r.text(parts[0])
		default:
			return nil, fmt.Errorf("the trait %s", name)
		}
	}
	if o.input, err = r.inOut(list[4]); err != nil {
		return nil, err
	}
	o.eventStream = slices.ContainsFunc(o.input.members, func(m member) bool { return m.shape.kind == 'e' })
	if makes(o.name) {
		answers := &schemaReader{script: r.script, letter: r.letter, output: true, shapes: map[string]*shape{}, scalars: r.scalars, rest: r.rest}
		output, err := answers.inOut(list[5])
		if err != nil {
			return nil, err
		}
		o.output = output.trim(outputDepth)
	}
	return o, nil
}

// inOut reads an operation's input or output.
func (r *schemaReader) inOut(value any) (*shape, error) {
	if value == scriptName("__Unit") {
		return &shape{kind: 'S'}, nil
	}
	s, _, err := r.shape(value)
	if err == nil && s.kind != 'S' {
		err = errors.New("an input or output that is not a structure")
	}
	return s, err
}

// schemaTraits are what a schema says beside its type.
type schemaTraits struct {
	bits  int
	named map[string]any
}

func (r *schemaReader) traits(value any) (schemaTraits, error) {
	switch value := value.(type) {
	case int:
		return schemaTraits{bits: value}, nil
	case map[string]any:
		return schemaTraits{named: value}, nil
	}
	return schemaTraits{}, fmt.Errorf("traits that are a %T", value)
}

// shape reads a type; for a timestamp it returns the format.
func (r *schemaReader) shape(value any) (*shape, string, error) {
	switch value := value.(type) {
	case int:
		return r.number(value)
	case scriptName:
		if s, known := r.shapes[string(value)]; known {
			return s, "", nil
		}
		to, present := r.script[string(value)]
		if !present {
			return nil, "", fmt.Errorf("no schema %s", value)
		}
		list, isList := to.([]any)
		if !isList || len(list) < 5 || list[0] == 0 {
			return r.shape(to)
		}
		s := &shape{}
		r.shapes[string(value)] = s // now: it may contain itself
		if err := r.aggregate(s, list); err != nil {
			return nil, "", fmt.Errorf("%s: %w", value, err)
		}
		return s, "", nil
	case []any:
		if len(value) == 5 && value[0] == 0 { // a named scalar: [0, namespace, name, traits, type]
			return r.shape(value[4])
		}
		s := &shape{}
		return s, "", r.aggregate(s, value)
	}
	return nil, "", fmt.Errorf("a type that is a %T", value)
}

// number reads a scalar, or a list or map of one.
func (r *schemaReader) number(number int) (*shape, string, error) {
	modifier := number & (schemaListOf | schemaMapOf)
	letter, format, known := schemaScalar(number &^ modifier)
	if !known || modifier == schemaListOf|schemaMapOf {
		return nil, "", fmt.Errorf("the type %d", number)
	}
	element := member{shape: r.scalars.of(letter), flags: format}
	switch modifier {
	case schemaListOf:
		return &shape{kind: 'L', members: []member{element}}, "", nil
	case schemaMapOf:
		return &shape{kind: 'M', members: []member{{shape: r.scalars.of('s')}, element}}, "", nil
	}
	return element.shape, format, nil
}

// aggregate reads [1, namespace, name, traits, element], [2, namespace, name, traits, key, value] and
// [3 or 4, namespace, name, traits, names, types, required].
func (r *schemaReader) aggregate(s *shape, list []any) error {
	traits, err := r.traits(list[3])
	if err != nil {
		return err
	}
	if traits.named["streaming"] != nil && list[0] == schemaUnion {
		s.kind = 'e'
		return nil
	}
	for name := range traits.named {
		if name != "sparse" && (r.letter == 'q' || r.letter == 'e' || !isXML(name)) {
			return fmt.Errorf("the trait %s", name)
		}
	}
	parts := list[4:]
	switch {
	case list[0] == schemaList && len(parts) == 1:
		s.kind = 'L'
	case list[0] == schemaMap && len(parts) == 2:
		s.kind = 'M'
	case (list[0] == schemaStructure || list[0] == schemaUnion) && (len(parts) == 2 || len(parts) == 3):
		s.kind = 'S'
		if list[0] == schemaUnion {
			s.kind = 'U'
		}
		return r.structure(s, parts)
	default:
		return fmt.Errorf("a schema that begins with %v and has %d parts", list[0], len(list))
	}
	for _, part := range parts {
		m, _, err := r.member("", part)
		if err != nil {
			return err
		}
		if r.letter != 'q' {
			m.wire = "" // elements have names in Query only; EC2 numbers them
		}
		s.members = append(s.members, m)
	}
	return nil
}

func (r *schemaReader) structure(s *shape, parts []any) error {
	names, isNames := parts[0].([]any)
	types, isTypes := parts[1].([]any)
	if !isNames || !isTypes || len(names) != len(types) {
		return errors.New("a structure with other names than types")
	}
	required := 0
	if len(parts) == 3 {
		required, _ = parts[2].(int)
	}
	for i := range names {
		m, traits, err := r.member(r.text(names[i]), types[i])
		if err != nil {
			return fmt.Errorf("member %s: %w", r.text(names[i]), err)
		}
		if i < required {
			m.flags += "!"
		}
		if r.rest && traits.bits&traitPayload != 0 {
			s.payload = m.name
		}
		s.members = append(s.members, m)
	}
	s.sortMembers()
	return nil
}

// member reads a member's schema: a type, or [type, traits].
func (r *schemaReader) member(name string, value any) (member, schemaTraits, error) {
	m := member{name: name, wire: name}
	var traits schemaTraits
	if pair, isList := value.([]any); isList && len(pair) == 2 {
		var err error
		if traits, err = r.traits(pair[1]); err != nil {
			return m, traits, err
		}
		value = pair[0]
	}
	var err error
	var format string
	if m.shape, format, err = r.shape(value); err != nil {
		return m, traits, err
	}
	m.flags += format
	for name, value := range traits.named {
		if err := r.trait(&m, &traits, name, value); err != nil {
			return m, traits, err
		}
	}
	for bit, flag := range map[int]string{traitLabel: "/", traitToken: "~", traitQueryParams: "?"} {
		if traits.bits&bit != 0 && (r.rest || bit == traitToken) {
			m.flags += flag
		}
	}
	r.xmlNames(&m, traits)
	if left := traits.bits &^ (traitLabel | traitToken | traitQueryParams | traitPayload | traitsIgnored); left != 0 {
		return m, traits, fmt.Errorf("the traits %d", left)
	}
	return m, traits, nil
}

// trait applies a trait that has a name.
func (r *schemaReader) trait(m *member, traits *schemaTraits, name string, value any) error {
	if !r.rest && strings.HasPrefix(name, "http") {
		return nil
	}
	switch name {
	case "httpQuery":
		m.flags, m.wire = m.flags+"?", r.text(value)
	case "httpHeader":
		m.flags, m.wire = m.flags+".", r.text(value)
	case "httpPrefixHeaders":
		m.flags, m.wire = m.flags+"+", r.text(value)
	case "jsonName":
		m.wire = r.text(value)
	case "httpLabel":
		traits.bits |= traitLabel
	case "idempotencyToken":
		traits.bits |= traitToken
	case "httpPayload":
		traits.bits |= traitPayload
	case "hostLabel":
		m.flags += "&"
	case "mediaType":
		if r.text(value) == "application/json" && m.shape.kind == 's' {
			m.flags += "%"
		}
	case "sensitive", "httpResponseCode", "streaming", "eventPayload", "requiresLength", "clientOptional":
	default:
		if !isXML(name) || name != "xmlName" && name != "ec2QueryName" && (r.letter == 'q' || r.letter == 'e') {
			return fmt.Errorf("the trait %s", name)
		}
	}
	return nil
}

// xmlNames gives a member its name in Query. EC2's requests have another than its answers
// (https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution).
func (r *schemaReader) xmlNames(m *member, traits schemaTraits) {
	if r.letter != 'q' && r.letter != 'e' {
		return
	}
	if name := r.text(traits.named["xmlName"]); name != "" {
		m.wire = name
	}
	if r.letter == 'q' || r.output || m.wire == "" {
		return
	}
	m.wire = strings.ToUpper(m.wire[:1]) + m.wire[1:]
	if name := r.text(traits.named["ec2QueryName"]); name != "" {
		m.wire = name
	}
}

// isXML tells whether a trait is about XML or Query, whose names it gives.
func isXML(trait string) bool {
	return trait == "xmlName" || trait == "xmlFlattened" || trait == "xmlNamespace" || trait == "ec2QueryName"
}
