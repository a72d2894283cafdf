package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// operation reads one operation.
func (r *apiReader) operation(name string, from apiOperation, m *model) (*operation, error) {
	o := &operation{
		name: name, method: from.HTTP.Method, uri: from.HTTP.RequestURI, host: from.Endpoint.HostPrefix,
		gzipBody: slices.Equal(from.RequestCompression.Encodings, []string{"gzip"}),
		checksum: from.HTTPChecksumRequired || checksOf(from.HTTPChecksum), unsigned: from.AuthType == "none" || slices.Contains(from.Auth, "smithy.api#noAuth"),
		input: &shape{kind: 'S'},
	}
	if !o.gzipBody && from.RequestCompression.Encodings != nil {
		return nil, fmt.Errorf("compression by %q", from.RequestCompression.Encodings)
	}
	if from.Input != nil {
		o.root = from.Input.LocationName
		if err := m.setNamespace(from.Input.XMLNamespace.URI); err != nil {
			return nil, err
		}
		var err error
		if o.input, err = r.shape(from.Input.Shape, m); err != nil {
			return nil, err
		}
		o.eventStream = slices.ContainsFunc(o.input.members, func(m member) bool { return m.shape.kind == 'e' })
	}
	if from.Output != nil && makes(name) {
		answers := &apiReader{file: r.file, letter: r.letter, output: true, shapes: map[string]*shape{}, scalars: r.scalars}
		output, err := answers.shape(from.Output.Shape, m)
		if err != nil {
			return nil, err
		}
		o.output = output.trim(outputDepth)
	}
	return o, nil
}

// checksOf tells whether a description of checksums is about requests.
func checksOf(description json.RawMessage) bool {
	return strings.Contains(string(description), "requestChecksumRequired") || strings.Contains(string(description), "requestAlgorithmMember")
}

// setNamespace notes the namespace of an operation's XML documents: it is the same for all of a service.
func (m *model) setNamespace(uri string) error {
	if uri != "" && m.xmlNamespace != "" && uri != m.xmlNamespace {
		return fmt.Errorf("its XML namespaces are %s and %s", uri, m.xmlNamespace)
	}
	if uri != "" {
		m.xmlNamespace = uri
	}
	return nil
}

// shape reads a shape, once: shapes may contain themselves.
func (r *apiReader) shape(name string, m *model) (*shape, error) {
	if s, known := r.shapes[name]; known {
		return s, nil
	}
	from, present := r.file.Shapes[name]
	if !present {
		return nil, fmt.Errorf("no shape %s", name)
	}
	if letter, scalar := scalarLetter(from); scalar {
		r.shapes[name] = r.scalars.of(letter)
		return r.shapes[name], nil
	}
	s := &shape{flattened: from.Flattened, payload: from.Payload}
	r.shapes[name] = s
	err := fmt.Errorf("it is a %q", from.Type)
	switch from.Type {
	case "structure":
		s.kind = 'S'
		if from.Union {
			s.kind = 'U'
		}
		err = r.members(s, from, m)
	case "list":
		s.kind = 'L'
		err = r.parts(s, m, from.Member)
	case "map":
		s.kind = 'M'
		err = r.parts(s, m, from.Key, from.Value)
	}
	if err != nil {
		return nil, fmt.Errorf("shape %s: %w", name, err)
	}
	return s, nil
}

// scalarLetter is the letter of a shape that is not made of others.
func scalarLetter(from apiShape) (byte, bool) {
	letters := map[string]byte{
		"string": 's', "boolean": 'b', "integer": 'i', "long": 'l', "float": 'f', "double": 'd', "timestamp": 't', "blob": 'x',
	}
	if from.EventStream {
		return 'e', true
	}
	if from.Document {
		return 'y', true
	}
	letter, scalar := letters[from.Type]
	return letter, scalar
}

// parts reads the element of a list, or the key and value of a map.
func (r *apiReader) parts(s *shape, m *model, references ...*apiReference) error {
	for _, reference := range references {
		if reference == nil {
			return errors.New("it has no element")
		}
		part, err := r.member("", *reference, m)
		if err != nil {
			return err
		}
		if r.letter != 'q' && r.letter != 'x' {
			part.wire = "" // elements have names in Query and XML only; EC2 numbers them
		}
		s.members = append(s.members, part)
	}
	return nil
}

func (r *apiReader) members(s *shape, from apiShape, m *model) error {
	for name, reference := range from.Members {
		read, err := r.member(name, reference, m)
		if err != nil {
			return fmt.Errorf("member %s: %w", name, err)
		}
		if slices.Contains(from.Required, name) {
			read.flags += "!"
		}
		s.members = append(s.members, read)
	}
	s.sortMembers()
	return nil
}

func (r *apiReader) member(name string, from apiReference, m *model) (member, error) {
	to, err := r.shape(from.Shape, m)
	if err != nil {
		return member{}, err
	}
	if from.Flattened && !to.flattened {
		flattened := *to // only this use is
		flattened.flattened = true
		if len(flattened.members) == 0 {
			return member{}, errors.New("a flattened shape contains itself")
		}
		to = &flattened
	}
	if err := m.setNamespace(from.XMLNamespace.URI); err != nil {
		return member{}, err
	}
	if from.XMLAttribute {
		return member{}, errors.New("it is an XML attribute")
	}
	read := member{name: name, wire: r.wire(name, from), shape: to}
	if to.kind == 't' {
		format := from.TimestampFormat
		if format == "" {
			format = r.file.Shapes[from.Shape].TimestampFormat
		}
		letters := map[string]string{"": "", "iso8601": "D", "rfc822": "H", "unixTimestamp": "E"}
		letter, known := letters[format]
		if !known {
			return member{}, fmt.Errorf("the timestamp format %q", format)
		}
		read.flags += letter
	}
	locations := map[string]string{"": "", "uri": "/", "querystring": "?", "header": ".", "headers": "+", "statusCode": ""}
	location, known := locations[from.Location]
	if !known {
		return member{}, fmt.Errorf("the location %q", from.Location)
	}
	if r.letter == 'r' || r.letter == 'x' {
		read.flags += location // the others have a body only
	}
	for flag, set := range map[string]bool{"~": from.IdempotencyToken, "%": from.JSONValue, "&": from.HostLabel} {
		if set {
			read.flags += flag
		}
	}
	return read, nil
}

// wire is a member's name on the wire. EC2's requests have another than its answers
// (https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution).
func (r *apiReader) wire(name string, from apiReference) string {
	switch {
	case r.letter == 'e' && !r.output && from.QueryName != "":
		return from.QueryName
	case r.letter == 'e' && !r.output && from.LocationName != "":
		runes := []rune(from.LocationName)
		runes[0] = unicode.ToUpper(runes[0])
		return string(runes)
	case from.LocationName != "":
		return from.LocationName
	}
	return name
}
