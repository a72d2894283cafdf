package awsmodel

import (
	"errors"
	"fmt"
	"strings"
)

// A service's part of the table is lines of text. Fields are separated by tabs.
//
//	<shapes> <operations>                         how many lines of each follow
//	S <payload>	<member>	<member>…              a structure; U is a union
//	L	<member>                                  a list with its element; L* is flattened
//	M	<key>	<value>                            a map; M* is flattened
//	<operation>	<method>	<URI>	<input>	<output>	<flags>	<host>	<root>
//
// Shapes are numbered from 0, and refer to each other in any order. A member is <name>=<wire> <type><flags>, without =<wire> where the two
// are the same. A type is the number of a shape or a letter of scalarOf; after t may follow the letter of its format: D, H or E. The flags of
// members are ! Required, ~ IdempotencyToken, / InURI, ? InQuery, . InHeader, + InHeaders, % JSONValue and & HostLabel; those of operations
// e EventStream, z GzipBody, c Checksum and u Unsigned. Operations have - for no output.
type serviceModel struct {
	operations []*OperationModel // ascending by name
	routes     []route           // of REST protocols
}

// decode returns the service's operations, decoded on first use.
func (s *Service) decode() (*serviceModel, error) {
	s.once.Do(func() {
		text, err := s.models.chapters[s.part.chapter].open()
		if err != nil {
			s.err = fmt.Errorf("reading the model of %s: %w", s.ID, err)
			return
		}
		if s.model, s.err = readModel(text[s.part.from:s.part.to]); s.err != nil {
			s.err = fmt.Errorf("reading the model of %s: %w", s.ID, s.err)
			return
		}
		if s.speaks(RESTJSON) || s.speaks(RESTXML) {
			if s.model.routes, err = newRoutes(s.model.operations); err != nil {
				s.err = fmt.Errorf("reading the model of %s: %w", s.ID, err)
			}
		}
	})
	if s.err != nil {
		return nil, s.err
	}
	return s.model, nil
}

// modelReader reads one service's part.
type modelReader struct {
	rest    string
	line    int
	shapes  []Shape
	scalars [EventStream + 1]Shape // shared by all members
	model   serviceModel
}

func readModel(text string) (*serviceModel, error) {
	r := &modelReader{rest: text}
	for kind := range r.scalars {
		r.scalars[kind].Kind = Kind(kind)
	}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("line %d: %w", r.line, err)
	}
	return &r.model, nil
}

func (r *modelReader) read() error {
	head, err := r.next()
	if err != nil {
		return err
	}
	first, second, _ := strings.Cut(head, " ")
	shapes, err := decimal(first, len(r.rest))
	if err != nil {
		return err
	}
	operations, err := decimal(second, len(r.rest))
	if err != nil {
		return err
	}
	r.shapes = make([]Shape, shapes)
	for i := range r.shapes {
		line, err := r.next()
		if err != nil {
			return err
		}
		if err := r.readShape(&r.shapes[i], line); err != nil {
			return err
		}
	}
	for range operations {
		line, err := r.next()
		if err != nil {
			return err
		}
		if err := r.readOperation(line); err != nil {
			return err
		}
	}
	if r.rest != "" {
		return errors.New("text follows the last operation")
	}
	return nil
}

func (r *modelReader) next() (string, error) {
	line, rest, ended := strings.Cut(r.rest, "\n")
	r.line++
	if !ended {
		return "", errors.New("the part ends within or before this line")
	}
	r.rest = rest
	return line, nil
}

func (r *modelReader) readShape(s *Shape, line string) error {
	columns := strings.Split(line, "\t")
	head, payload, _ := strings.Cut(columns[0], " ")
	s.Payload = payload
	columns = columns[1:]
	members := make([]Member, len(columns))
	for i, column := range columns {
		if err := r.readMember(&members[i], column); err != nil {
			return err
		}
	}
	switch head {
	case "S", "U":
		if head == "U" {
			s.Kind = Union
		}
		for i := range members {
			if members[i].Name == "" || i > 0 && members[i-1].Name >= members[i].Name {
				return fmt.Errorf("member %q is out of order", members[i].Name)
			}
		}
		s.Members = members
		if _, found := s.Member(payload); payload != "" && !found {
			return fmt.Errorf("the payload %q is no member", payload)
		}
		return nil
	case "L", "L*":
		if len(members) == 1 && members[0].Name == "" && payload == "" {
			s.Kind, s.Flattened, s.Element = List, head == "L*", &members[0]
			return nil
		}
	case "M", "M*":
		if len(members) == 2 && members[0].Name == "" && members[1].Name == "" && members[0].Shape.Kind == String && payload == "" {
			s.Kind, s.Flattened, s.Key, s.Element = Map, head == "M*", &members[0], &members[1]
			return nil
		}
	}
	return fmt.Errorf("a shape %q with %d members", head, len(members))
}

func (r *modelReader) readMember(m *Member, text string) error {
	names, rest, _ := strings.Cut(text, " ")
	name, wire, other := strings.Cut(names, "=")
	m.Name, m.Wire = name, wire
	if !other {
		m.Wire = name
	}
	digits := 0
	for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	switch {
	case digits > 0:
		index, err := decimal(rest[:digits], len(r.shapes)-1)
		if err != nil {
			return err
		}
		m.Shape, rest = &r.shapes[index], rest[digits:]
	case rest == "":
		return fmt.Errorf("member %q has no type", name)
	default:
		kind, known := scalarOf(rest[0])
		if !known {
			return fmt.Errorf("member %q has the type %q", name, rest[0])
		}
		m.Shape, rest = &r.scalars[kind], rest[1:]
	}
	for _, flag := range []byte(rest) {
		if !m.set(flag) {
			return fmt.Errorf("member %q has the flag %q", name, flag)
		}
	}
	return nil
}

// set sets what a flag stands for, and tells whether it stands for something.
func (m *Member) set(flag byte) bool {
	switch flag {
	case 'D':
		m.Timestamp = DateTime
	case 'H':
		m.Timestamp = HTTPDate
	case 'E':
		m.Timestamp = EpochSeconds
	case '!':
		m.Required = true
	case '~':
		m.IdempotencyToken = true
	case '/':
		m.Location = InURI
	case '?':
		m.Location = InQuery
	case '.':
		m.Location = InHeader
	case '+':
		m.Location = InHeaders
	case '%':
		m.JSONValue = true
	case '&':
		m.HostLabel = true
	default:
		return false
	}
	return true
}

func (r *modelReader) readOperation(line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) != 8 {
		return fmt.Errorf("an operation has %d fields", len(columns))
	}
	o := &OperationModel{Name: columns[0], Method: columns[1], URI: columns[2], Host: columns[6], RootName: columns[7]}
	n := len(r.model.operations)
	if n > 0 && r.model.operations[n-1].Name >= o.Name || !printable(o.Name) {
		return fmt.Errorf("operation %q is out of order", o.Name)
	}
	var err error
	if o.Input, err = r.structure(columns[3]); err != nil {
		return fmt.Errorf("operation %s: %w", o.Name, err)
	}
	if columns[4] != "-" {
		if o.Output, err = r.structure(columns[4]); err != nil {
			return fmt.Errorf("operation %s: %w", o.Name, err)
		}
	}
	for _, flag := range []byte(columns[5]) {
		switch flag {
		case 'e':
			o.EventStream = true
		case 'z':
			o.GzipBody = true
		case 'c':
			o.Checksum = true
		case 'u':
			o.Unsigned = true
		default:
			return fmt.Errorf("operation %s has the flag %q", o.Name, flag)
		}
	}
	r.model.operations = append(r.model.operations, o)
	return nil
}

func (r *modelReader) structure(index string) (*Shape, error) {
	i, err := decimal(index, len(r.shapes)-1)
	if err != nil {
		return nil, err
	}
	if kind := r.shapes[i].Kind; kind != Structure {
		return nil, fmt.Errorf("shape %d is not a structure", i)
	}
	return &r.shapes[i], nil
}

// scalarOf is the kind of scalar that a letter stands for.
func scalarOf(letter byte) (Kind, bool) {
	switch letter {
	case 's':
		return String, true
	case 'b':
		return Boolean, true
	case 'i':
		return Integer, true
	case 'l':
		return Long, true
	case 'f':
		return Float, true
	case 'd':
		return Double, true
	case 'n':
		return Number, true
	case 't':
		return Timestamp, true
	case 'x':
		return Blob, true
	case 'y':
		return Document, true
	case 'e':
		return EventStream, true
	}
	return 0, false
}
