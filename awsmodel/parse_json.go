package awsmodel

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func sortedKeys(values map[string]any) []string { return slices.Sorted(maps.Keys(values)) }

// jsonReader reads the input of an operation in the JSON protocols (https://smithy.io/2.0/aws/protocols/aws-json.html, aws-restjson1-protocol.html).
type jsonReader struct{ jsonScanner }

// readJSON reads a body of one value.
func readJSON(m *Member, body []byte, path string) (any, bool, error) {
	r := &jsonReader{jsonScanner{text: body}}
	value, present, err := r.value(m, path)
	if err == nil {
		err = r.end()
	}
	return value, present, err
}

// value reads a value by its model. null is absent.
func (r *jsonReader) value(m *Member, path string) (value any, present bool, err error) {
	if r.word("null") {
		return nil, false, nil
	}
	switch m.Shape.Kind {
	case Structure, Union:
		value, err = r.structure(m.Shape, path)
	case List:
		value, err = r.elements(m.Shape, path)
	case Map:
		value, err = r.entries(m.Shape, path)
	case Document:
		value, err = r.document()
	default:
		value, err = r.scalar(m, path)
	}
	return value, err == nil, err
}

func (r *jsonReader) structure(s *Shape, path string) (any, error) {
	if r.peek() != '{' {
		return nil, wrongValue(path, "JSON, byte %d: it must be an object", r.at)
	}
	values := map[string]any{}
	err := r.object(func(name string) error {
		return readMember(r, s, values, name, within(path, name))
	})
	if err != nil || path == "" {
		return values, err // the whole input may have other parts than the body
	}
	return values, checkMembers(s, values, path)
}

// valueReader reads values of a body that names its members.
type valueReader interface {
	string() (string, error)
	value(m *Member, path string) (value any, present bool, err error)
}

// readMember reads the value of the member that a body calls by name, at path, into values.
func readMember(r valueReader, s *Shape, values map[string]any, name, path string) error {
	m := bodyMember(s, name)
	if m == nil && madeUp(path) {
		_, err := r.string()
		return err
	}
	if m == nil {
		return unknownParameter(path)
	}
	value, present, err := r.value(m, path)
	if present {
		values[m.Name] = value
	}
	return err
}

// bodyMember finds the member of a structure that a body calls by name.
func bodyMember(s *Shape, name string) *Member {
	for i := range s.Members {
		if m := &s.Members[i]; m.Wire == name && m.Location == InBody {
			return m
		}
	}
	return nil
}

func (r *jsonReader) elements(s *Shape, path string) (any, error) {
	if r.peek() != '[' {
		return nil, wrongValue(path, "JSON, byte %d: it must be a list", r.at)
	}
	values := []any{}
	err := r.list(func(i int) error {
		at := within(path, strconv.Itoa(i))
		value, present, err := r.value(s.Element, at)
		if err == nil && !present {
			err = wrongValue(at, "JSON, byte %d: it must not be null", r.at)
		}
		values = append(values, value)
		return err
	})
	return values, err
}

func (r *jsonReader) entries(s *Shape, path string) (any, error) {
	if r.peek() != '{' {
		return nil, wrongValue(path, "JSON, byte %d: it must be an object", r.at)
	}
	values := map[string]any{}
	err := r.object(func(name string) error {
		at := within(path, name)
		value, present, err := r.value(s.Element, at)
		if err == nil && !present {
			err = wrongValue(at, "JSON, byte %d: it must not be null", r.at)
		}
		values[name] = value
		return err
	})
	return values, err
}

// document reads any JSON value; null is nil.
func (r *jsonReader) document() (any, error) {
	switch r.peek() {
	case '{':
		values := map[string]any{}
		err := r.object(func(name string) (err error) {
			values[name], err = r.document()
			return err
		})
		return values, err
	case '[':
		values := []any{}
		err := r.list(func(int) error {
			value, err := r.document()
			values = append(values, value)
			return err
		})
		return values, err
	case '"':
		return r.string()
	}
	switch {
	case r.word("true"):
		return true, nil
	case r.word("false"):
		return false, nil
	case r.word("null"):
		return nil, nil
	}
	number, err := r.number()
	return json.Number(number), err
}

// scalar reads a value that has no parts. Numbers are numbers, and only those that JSON cannot write are strings.
func (r *jsonReader) scalar(m *Member, path string) (any, error) {
	kind := m.Shape.Kind
	if r.peek() == '"' {
		at := r.at
		text, err := r.string()
		if err != nil {
			return nil, err
		}
		switch {
		case kind == String:
			return text, nil
		case kind == Blob:
			return readBase64(text, path)
		case kind == Timestamp && (m.Timestamp == DateTime || m.Timestamp == HTTPDate):
			return text, checkTimestamp(text, m.Timestamp, path)
		case (kind == Float || kind == Double) && (text == "NaN" || text == "Infinity" || text == "-Infinity"):
			return json.Number(text), nil
		}
		return nil, wrongValue(path, "JSON, byte %d: it must not be a string", at)
	}
	at := r.at
	switch {
	case kind == Boolean && r.word("true"):
		return true, nil
	case kind == Boolean && r.word("false"):
		return false, nil
	case kind == Boolean || kind == String || kind == Blob:
		return nil, wrongValue(path, "JSON, byte %d: it has another type", at)
	}
	text, err := r.number()
	if err != nil {
		return nil, err
	}
	if kind == Timestamp {
		if m.Timestamp != DefaultTimestamp && m.Timestamp != EpochSeconds {
			return nil, wrongValue(path, "JSON, byte %d: it must be a string", at)
		}
		return text, nil
	}
	return readNumber(kind, text, path)
}

// appendJSON is the inverse of jsonReader: members ascending by their names on the wire, no white space.
func appendJSON(to []byte, m *Member, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		if s := m.Shape; s.Kind == Structure || s.Kind == Union {
			return appendJSONStructure(to, s, value)
		}
		return appendJSONMap(to, m.Shape, value)
	case []any:
		element := m
		if m.Shape.Kind == List {
			element = m.Shape.Element
		}
		to = append(to, '[')
		for i, v := range value {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendJSON(to, element, v)
		}
		return append(to, ']')
	case bool:
		return strconv.AppendBool(to, value)
	case []byte:
		return appendJSONString(to, base64.StdEncoding.EncodeToString(value))
	case json.Number:
		if _, number := numberForm(value.String()); number {
			return append(to, value...)
		}
		return appendJSONString(to, value.String())
	case string:
		if m.Shape.Kind == Timestamp && m.Timestamp != DateTime && m.Timestamp != HTTPDate {
			return append(to, value...)
		}
		return appendJSONString(to, value)
	}
	return append(to, "null"...)
}

func appendJSONStructure(to []byte, s *Shape, values map[string]any) []byte {
	var members []*Member
	for i := range s.Members {
		if m := &s.Members[i]; m.Location == InBody {
			if _, present := values[m.Name]; present {
				members = append(members, m)
			}
		}
	}
	slices.SortFunc(members, func(a, b *Member) int { return strings.Compare(a.Wire, b.Wire) })
	to = append(to, '{')
	for i, m := range members {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(appendJSONString(to, m.Wire), ':')
		to = appendJSON(to, m, values[m.Name])
	}
	return append(to, '}')
}

// appendJSONMap writes a map, or an object in a document, whose parts are documents too.
func appendJSONMap(to []byte, s *Shape, values map[string]any) []byte {
	element := &Member{Shape: s}
	if s.Kind == Map {
		element = s.Element
	}
	to = append(to, '{')
	for i, key := range sortedKeys(values) {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(appendJSONString(to, key), ':')
		to = appendJSON(to, element, values[key])
	}
	return append(to, '}')
}

// isJSONType tells whether a content type is that of the JSON protocols. The two versions differ in answers only.
func isJSONType(contentType string) bool {
	return contentType == "application/x-amz-json-1.0" || contentType == "application/x-amz-json-1.1"
}

// parseJSON reads a request in AWS JSON: X-Amz-Target names the operation.
func parseJSON(services []*Service, r *incoming) (*Operation, error) {
	if err := r.requirePost("/"); err != nil {
		return nil, err
	}
	prefix, name, _ := cutLast(r.header("x-amz-target"), ".")
	return understand(services, func(s *Service) (*Operation, error) {
		model, found := s.Operation(name)
		if !found || s.TargetPrefix != prefix || !s.speaks(JSON) {
			return nil, &Error{Kind: UnknownOperation, Message: fmt.Sprintf("there is no operation %.200q", r.header("x-amz-target"))}
		}
		if contentType := r.contentType(); !isJSONType(contentType) {
			return nil, malformed("the content type %.100q is not that of AWS JSON", contentType)
		}
		if err := r.check(model); err != nil {
			return nil, err
		}
		o := &Operation{Service: s, Name: name, Model: model, Protocol: JSON, Input: map[string]any{}}
		if len(r.request.Body) == 0 {
			return o, checkMembers(model.Input, o.Input, "")
		}
		value, present, err := readJSON(&Member{Shape: model.Input}, r.request.Body, "")
		if err != nil {
			return nil, err
		}
		if present {
			o.Input, _ = value.(map[string]any)
		}
		return o, checkMembers(model.Input, o.Input, "")
	})
}

// cutLast cuts around the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+len(separator):], true
}

// writeJSON writes an operation in AWS JSON. HTTP locations in the model are of other protocols.
func writeJSON(o *Operation) Request {
	return Request{
		Method: "POST", Path: "/", Body: appendJSONStructure(nil, o.Model.Input, o.Input),
		Header: map[string][]string{
			"Content-Type": {"application/x-amz-json-" + o.Service.JSONVersion}, "X-Amz-Target": {o.Service.TargetPrefix + "." + o.Name},
		},
	}
}
