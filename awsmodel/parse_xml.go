package awsmodel

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// xmlReader reads the input of an operation in AWS restXml (https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html). It takes elements of
// the service's namespace or of none, and no attributes, comments, directives or processing instructions.
type xmlReader struct {
	decoder   *xml.Decoder
	namespace string
	depth     int
	elements  int
}

func (r *xmlReader) fault(what string) error {
	return malformed("XML, byte %d: %s", r.decoder.InputOffset(), what)
}

// next returns the next element's start or end, and the text before it.
func (r *xmlReader) next() (xml.Token, string, error) {
	var text []byte
	for {
		token, err := r.decoder.Token()
		if err == io.EOF {
			return nil, string(text), nil
		}
		if err != nil {
			return nil, "", malformed("XML, byte %d: %v", r.decoder.InputOffset(), err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text = append(text, token...)
		case xml.StartElement:
			return token, string(text), r.checkStart(token)
		case xml.EndElement:
			return token, string(text), nil
		case xml.ProcInst:
			if token.Target != "xml" || r.depth > 0 {
				return nil, "", r.fault("a processing instruction")
			}
		default:
			return nil, "", r.fault("a comment or directive")
		}
	}
}

func (r *xmlReader) checkStart(start xml.StartElement) error {
	if start.Name.Space != "" && start.Name.Space != r.namespace {
		return r.fault("the element " + start.Name.Local + " is of another namespace")
	}
	for _, a := range start.Attr {
		if a.Name.Space != "" || a.Name.Local != "xmlns" || a.Value != r.namespace {
			return r.fault("the element " + start.Name.Local + " has an attribute")
		}
	}
	if r.elements++; r.elements > maxValues {
		return r.fault("too many elements")
	}
	if r.depth++; r.depth > maxRequestDepth {
		return r.fault("too deep")
	}
	return nil
}

// children calls child for each element within the current one, and returns the text of one that has none.
func (r *xmlReader) children(child func(name string) error) (string, error) {
	elements := 0
	for {
		token, text, err := r.next()
		if err != nil {
			return "", err
		}
		start, opens := token.(xml.StartElement)
		if !opens {
			r.depth--
			if elements > 0 && strings.TrimSpace(text) != "" {
				return "", r.fault("text is beside elements")
			}
			return text, nil
		}
		if strings.TrimSpace(text) != "" {
			return "", r.fault("text is beside elements")
		}
		elements++
		if err := child(start.Name.Local); err != nil {
			return "", err
		}
	}
}

// value reads the element whose start was taken.
func (r *xmlReader) value(m *Member, path string) (any, error) {
	switch m.Shape.Kind {
	case Structure, Union:
		return r.structure(m.Shape, path)
	case List:
		return r.list(m.Shape, path)
	case Map:
		entries := map[string]any{}
		err := r.only(path, func(name string) error {
			if name != "entry" {
				return unknownParameter(within(path, name))
			}
			return r.entry(m.Shape, entries, within(path, name))
		})
		return entries, err
	}
	text, err := r.children(func(name string) error { return unknownParameter(within(path, name)) })
	if err != nil {
		return nil, err
	}
	if m.Shape.Kind == String && strings.Trim(text, " \t\r\n") != text { // which some readers of XML leave out, and others keep
		return nil, wrongValue(path, "XML, byte %d: it has white space around it", r.decoder.InputOffset())
	}
	return readText(m, text, path, DateTime)
}

// only is children where there is no text.
func (r *xmlReader) only(path string, child func(name string) error) error {
	text, err := r.children(child)
	if err == nil && strings.TrimSpace(text) != "" {
		err = wrongValue(path, "XML, byte %d: it has a text", r.decoder.InputOffset())
	}
	return err
}

func (r *xmlReader) structure(s *Shape, path string) (map[string]any, error) {
	values := map[string]any{}
	err := r.only(path, func(name string) error {
		m := xmlMember(s, name)
		at := within(path, name)
		if m == nil {
			return unknownParameter(at)
		}
		return r.member(m, values, at)
	})
	if err != nil || path == "" {
		return values, err // the whole input may have other parts than the body
	}
	return values, checkMembers(s, values, path)
}

// member reads a member's element; a flattened list or map has several.
func (r *xmlReader) member(m *Member, values map[string]any, path string) error {
	before, present := values[m.Name]
	switch {
	case m.Shape.Kind == List && m.Shape.Flattened:
		value, err := r.value(m.Shape.Element, path)
		list, _ := before.([]any)
		values[m.Name] = append(list, value)
		return err
	case m.Shape.Kind == Map && m.Shape.Flattened:
		entries, _ := before.(map[string]any)
		if entries == nil {
			entries = map[string]any{}
		}
		values[m.Name] = entries
		return r.entry(m.Shape, entries, path)
	case present:
		return wrongValue(path, "XML, byte %d: it is there twice", r.decoder.InputOffset())
	}
	value, err := r.value(m, path)
	values[m.Name] = value
	return err
}

// xmlMember finds the member of a structure that a body calls by name.
func xmlMember(s *Shape, name string) *Member {
	for i := range s.Members {
		if m := &s.Members[i]; m.Location == InBody && xmlName(m) == name {
			return m
		}
	}
	return nil
}

// xmlName is a member's element. A flattened list's elements are called as the list.
func xmlName(m *Member) string { return m.Wire }

func (r *xmlReader) list(s *Shape, path string) (any, error) {
	values := []any{}
	name := wireOr(s.Element, "member")
	err := r.only(path, func(found string) error {
		at := within(path, found)
		if found != name {
			return unknownParameter(at)
		}
		value, err := r.value(s.Element, at)
		values = append(values, value)
		return err
	})
	return values, err
}

func (r *xmlReader) entry(s *Shape, entries map[string]any, path string) error {
	parts := map[string]any{}
	key, value := *s.Key, *s.Element
	key.Wire, key.Name, value.Wire, value.Name = wireOr(s.Key, "key"), "key", wireOr(s.Element, "value"), "value"
	err := r.only(path, func(name string) error {
		switch name {
		case key.Wire:
			return r.member(&key, parts, within(path, name))
		case value.Wire:
			return r.member(&value, parts, within(path, name))
		}
		return unknownParameter(within(path, name))
	})
	if err != nil {
		return err
	}
	name, named := parts["key"].(string)
	_, valued := parts["value"]
	if _, twice := entries[name]; twice || !named || !valued {
		return wrongValue(path, "XML, byte %d: it must have a new key and a value", r.decoder.InputOffset())
	}
	entries[name] = parts["value"]
	return nil
}

// readXMLBody reads the body of an operation.
func readXMLBody(o *Operation, body []byte) error {
	r := &xmlReader{decoder: xml.NewDecoder(bytes.NewReader(body)), namespace: o.Service.XMLNamespace}
	token, text, err := r.next()
	if err != nil {
		return err
	}
	start, opens := token.(xml.StartElement)
	m, root := xmlRoot(o)
	if !opens || strings.TrimSpace(text) != "" || start.Name.Local != root {
		return r.fault("the document must be an element " + root)
	}
	path := ""
	if m.Name != "" {
		path = root
	}
	value, err := r.value(m, path)
	if err != nil {
		return err
	}
	if token, text, err = r.next(); err != nil || token != nil || strings.TrimSpace(text) != "" {
		if err == nil {
			err = r.fault("something follows the document")
		}
		return err
	}
	if m.Name != "" {
		o.Input[m.Name] = value
		return nil
	}
	members, _ := value.(map[string]any)
	for name, v := range members {
		o.Input[name] = v
	}
	return nil
}

// xmlRoot is what the body of an operation is: a member, or the whole input, with the root element's name.
func xmlRoot(o *Operation) (*Member, string) {
	input := o.Model.Input
	if payload, found := input.Member(input.Payload); found {
		return payload, payload.Wire
	}
	return &Member{Shape: input}, o.Model.RootName
}

// appendXMLBody writes the body of an operation: m's value.
func appendXMLBody(to []byte, o *Operation, m *Member, value any) []byte {
	_, root := xmlRoot(o)
	to = append(to, "<"+root...)
	if o.Service.XMLNamespace != "" {
		to = append(to, ` xmlns="`...)
		to = append(appendXMLText(to, o.Service.XMLNamespace), '"')
	}
	to = append(to, '>')
	to = appendXMLContent(to, m, value)
	return append(to, "</"+root+">"...)
}

func appendXMLText(to []byte, text string) []byte {
	var escaped bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(text)); err != nil {
		return to // a bytes.Buffer does not fail
	}
	return append(to, escaped.Bytes()...)
}

func appendXMLElement(to []byte, name string, m *Member, value any) []byte {
	to = append(to, "<"+name+">"...)
	to = appendXMLContent(to, m, value)
	return append(to, "</"+name+">"...)
}

// appendXMLContent writes what is in an element.
func appendXMLContent(to []byte, m *Member, value any) []byte {
	s := m.Shape
	switch value := value.(type) {
	case map[string]any:
		if s.Kind == Map {
			for _, key := range sortedKeys(value) {
				to = appendXMLEntry(to, "entry", s, key, value[key])
			}
			return to
		}
		for i := range s.Members {
			member := &s.Members[i]
			if v, present := value[member.Name]; present && member.Location == InBody {
				to = appendXMLMember(to, member, v)
			}
		}
	case []any:
		for _, v := range value {
			to = appendXMLElement(to, wireOr(s.Element, "member"), s.Element, v)
		}
	default:
		to = appendXMLText(to, writeText(value))
	}
	return to
}

func appendXMLMember(to []byte, m *Member, value any) []byte {
	list, isList := value.([]any)
	entries, isMap := value.(map[string]any)
	switch {
	case isList && m.Shape.Flattened:
		for _, v := range list {
			to = appendXMLElement(to, xmlName(m), m.Shape.Element, v)
		}
		return to
	case isMap && m.Shape.Flattened:
		for _, key := range sortedKeys(entries) {
			to = appendXMLEntry(to, xmlName(m), m.Shape, key, entries[key])
		}
		return to
	}
	return appendXMLElement(to, xmlName(m), m, value)
}

func appendXMLEntry(to []byte, name string, s *Shape, key string, value any) []byte {
	to = append(to, "<"+name+">"...)
	to = appendXMLElement(to, wireOr(s.Key, "key"), s.Key, key)
	to = appendXMLElement(to, wireOr(s.Element, "value"), s.Element, value)
	return append(to, "</"+name+">"...)
}
