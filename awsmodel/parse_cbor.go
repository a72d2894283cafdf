package awsmodel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// cborReader reads the input of an operation in Smithy RPC v2 CBOR (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).
type cborReader struct{ cborScanner }

// value reads a value by its model. null is absent.
func (r *cborReader) value(m *Member, path string) (value any, present bool, err error) {
	if r.null() {
		return nil, false, nil
	}
	at := r.at
	switch m.Shape.Kind {
	case Structure, Union:
		value, err = r.structure(m.Shape, path)
	case List:
		value, err = r.elements(m.Shape, path)
	case Map:
		value, err = r.entries(m.Shape, path)
	case String:
		value, err = r.string()
	case Blob:
		var blob []byte
		if blob, err = r.bytes(cborBytes); err == nil {
			value = slices.Clone(blob)
		}
	case Boolean:
		value, err = r.boolean()
	case Timestamp:
		value, err = r.timestamp(path)
	case Integer, Long, Float, Double, Number:
		value, err = r.number(m.Shape.Kind, path)
	default:
		err = wrongValue(path, "CBOR, byte %d: it cannot be written here", at)
	}
	return value, err == nil, err
}

func (r *cborReader) structure(s *Shape, path string) (any, error) {
	values, seen := map[string]any{}, map[string]bool{}
	err := r.each(cborMap, func(int) error {
		name, err := r.string()
		if err != nil {
			return err
		}
		if seen[name] {
			return wrongValue(within(path, name), "CBOR, byte %d: it is there twice", r.at)
		}
		seen[name] = true
		return readMember(r, s, values, name, within(path, name))
	})
	if err != nil {
		return nil, err
	}
	return values, checkMembers(s, values, path)
}

func (r *cborReader) elements(s *Shape, path string) (any, error) {
	values := []any{}
	err := r.each(cborList, func(i int) error {
		at := within(path, strconv.Itoa(i))
		value, present, err := r.value(s.Element, at)
		if err == nil && !present {
			err = wrongValue(at, "CBOR, byte %d: it must not be null", r.at)
		}
		values = append(values, value)
		return err
	})
	return values, err
}

func (r *cborReader) entries(s *Shape, path string) (any, error) {
	values := map[string]any{}
	err := r.each(cborMap, func(int) error {
		name, err := r.string()
		if err != nil {
			return err
		}
		at := within(path, name)
		if _, twice := values[name]; twice {
			return wrongValue(at, "CBOR, byte %d: it is there twice", r.at)
		}
		value, present, err := r.value(s.Element, at)
		if err == nil && !present {
			err = wrongValue(at, "CBOR, byte %d: it must not be null", r.at)
		}
		values[name] = value
		return err
	})
	return values, err
}

func (r *cborReader) boolean() (any, error) {
	major, information, _, err := r.head()
	if err == nil && (major != cborSimple || information != cborTrue && information != cborFalse) {
		err = r.fault("the item before is not a boolean")
	}
	return information == cborTrue, err
}

// timestamp reads seconds since 1970 with tag 1 (RFC 8949, 3.4.2), the only form in the protocol.
func (r *cborReader) timestamp(path string) (any, error) {
	major, _, tag, err := r.head()
	if err != nil {
		return nil, err
	}
	if major != cborTag || tag != 1 {
		return nil, wrongValue(path, "CBOR, byte %d: a timestamp has tag 1", r.at)
	}
	value, err := r.number(Number, path)
	if err != nil {
		return nil, err
	}
	text := string(value.(json.Number))
	return text, checkTimestamp(text, EpochSeconds, path)
}

// number reads an integer or a float. A float keeps a point or an exponent in its text, so that it is written as one again.
func (r *cborReader) number(kind Kind, path string) (any, error) {
	major, information, argument, err := r.head()
	if err != nil {
		return nil, err
	}
	text := ""
	switch major {
	case cborUnsigned:
		text = strconv.FormatUint(argument, 10)
	case cborNegative:
		if argument > math.MaxInt64 {
			return nil, wrongValue(path, "CBOR, byte %d: the number does not fit 64 bits", r.at)
		}
		text = strconv.FormatInt(-1-int64(argument), 10)
	case cborSimple:
		float, known := cborFloat(information, argument)
		if !known {
			return nil, wrongValue(path, "CBOR, byte %d: it is not a number", r.at)
		}
		text = floatText(float)
	default:
		return nil, wrongValue(path, "CBOR, byte %d: it is not a number", r.at)
	}
	return readNumber(kind, text, path)
}

func floatText(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 1):
		return "Infinity"
	case math.IsInf(value, -1):
		return "-Infinity"
	}
	format := byte('f')
	if size := math.Abs(value); size >= 1e21 || size != 0 && size < 1e-6 {
		format = 'e' // as JavaScript writes numbers
	}
	text := strconv.FormatFloat(value, format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// appendCBOR is the inverse of cborReader, in RFC 8949's deterministic encoding (4.2.1) but for floats, which have 64 bits.
func appendCBOR(to []byte, m *Member, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		return appendCBORMap(to, m.Shape, value)
	case []any:
		to = appendCBORHead(to, cborList, uint64(len(value)))
		for _, element := range value {
			to = appendCBOR(to, m.Shape.Element, element)
		}
		return to
	case bool:
		if value {
			return append(to, cborSimple<<5|cborTrue)
		}
		return append(to, cborSimple<<5|cborFalse)
	case []byte:
		return append(appendCBORHead(to, cborBytes, uint64(len(value))), value...)
	case json.Number:
		return appendCBORNumber(to, string(value))
	case string:
		if m.Shape.Kind == Timestamp {
			return appendCBORNumber(appendCBORHead(to, cborTag, 1), value)
		}
		return append(appendCBORHead(to, cborText, uint64(len(value))), value...)
	}
	return append(to, cborSimple<<5|cborNull)
}

func appendCBORMap(to []byte, s *Shape, values map[string]any) []byte {
	members := map[string]*Member{}
	wires := map[string]any{}
	for name, value := range values {
		m := s.Element
		if s.Kind != Map {
			m, _ = s.Member(name)
			name = m.Wire
		}
		members[name], wires[name] = m, value
	}
	keys := sortedKeys(wires)
	slices.SortStableFunc(keys, func(a, b string) int { return len(a) - len(b) })
	to = appendCBORHead(to, cborMap, uint64(len(keys)))
	for _, key := range keys {
		to = append(appendCBORHead(to, cborText, uint64(len(key))), key...)
		to = appendCBOR(to, members[key], wires[key])
	}
	return to
}

func appendCBORNumber(to []byte, text string) []byte {
	if unsigned, err := strconv.ParseUint(text, 10, 64); err == nil {
		return appendCBORHead(to, cborUnsigned, unsigned)
	}
	if signed, err := strconv.ParseInt(text, 10, 64); err == nil {
		return appendCBORHead(to, cborNegative, uint64(-1-signed))
	}
	float, err := strconv.ParseFloat(text, 64) // which knows NaN and Infinity
	if err != nil {
		return append(to, cborSimple<<5|cborNull) // no number that was read is without a value
	}
	return binary.BigEndian.AppendUint64(append(to, cborSimple<<5|cborDouble), math.Float64bits(float))
}

// parseCBOR reads a request in Smithy RPC v2 CBOR: its path names service and operation.
func parseCBOR(services []*Service, r *incoming) (*Operation, error) {
	if protocol := r.header("smithy-protocol"); protocol != "rpc-v2-cbor" {
		return nil, malformed("the protocol %.100q is not known", protocol)
	}
	if r.has("x-amz-target") { // it would name another operation, in a protocol that the service may speak as well
		return nil, malformed("X-Amz-Target has no place in a request in CBOR")
	}
	service, name, _ := strings.Cut(strings.TrimPrefix(r.request.Path, "/service/"), "/operation/")
	if err := r.requirePost("/service/" + service + "/operation/" + name); err != nil {
		return nil, err
	}
	return understand(services, func(s *Service) (*Operation, error) {
		model, found := s.Operation(name)
		if !found || s.TargetPrefix != service || !s.speaks(CBOR) {
			return nil, &Error{Kind: UnknownOperation, Message: fmt.Sprintf("there is no operation at %.200q", r.request.Path)}
		}
		o := &Operation{Service: s, Name: name, Model: model, Protocol: CBOR, Input: map[string]any{}}
		contentType := r.contentType()
		if contentType != "application/cbor" && (contentType != "" || len(r.request.Body) > 0) {
			return nil, malformed("the content type %.100q is not that of RPC v2 CBOR", contentType)
		}
		if err := r.check(model); err != nil {
			return nil, err
		}
		if len(r.request.Body) == 0 {
			return o, checkMembers(model.Input, o.Input, "")
		}
		reader := &cborReader{cborScanner{data: r.request.Body}}
		value, err := reader.structure(model.Input, "")
		if err != nil {
			return nil, err
		}
		if reader.at < len(reader.data) {
			return nil, reader.fault("data follow the input")
		}
		o.Input, _ = value.(map[string]any)
		return o, nil
	})
}

// writeCBOR writes an operation in Smithy RPC v2 CBOR.
func writeCBOR(o *Operation) Request {
	return Request{
		Method: "POST", Path: "/service/" + o.Service.TargetPrefix + "/operation/" + o.Name, Body: appendCBORMap(nil, o.Model.Input, o.Input),
		Header: map[string][]string{"Content-Type": {"application/cbor"}, "Accept": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}},
	}
}
