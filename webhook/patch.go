package webhook

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Operation is one operation of a JSON Patch (RFC 6902). All of Inject's add.
type Operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"` // a JSON Pointer (RFC 6901), escaped
	Value json.RawMessage `json:"value"`
}

// Patch is a JSON Patch: operations that are applied in order, all or none. A nil Patch changes nothing.
type Patch []Operation

// AppendJSON appends the patch's JSON text to b.
func (p Patch) AppendJSON(b []byte) []byte {
	b = slices.Grow(b, p.size())
	b = append(b, '[')
	for i, o := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"op":`...)
		b = appendString(b, o.Op)
		b = append(b, `,"path":`...)
		b = appendString(b, o.Path)
		b = append(b, `,"value":`...)
		b = append(b, o.Value...)
		b = append(b, '}')
	}
	return append(b, ']')
}

// size is about how long the patch's JSON text is.
func (p Patch) size() int {
	size := 2
	for _, o := range p {
		size += len(o.Path) + len(o.Value) + 40
	}
	return size
}

// MarshalJSON is AppendJSON for encoding/json.
func (p Patch) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil), nil }

// add puts an add operation behind the others.
func (p *Patch) add(path string, value []byte) {
	*p = append(*p, Operation{Op: "add", Path: path, Value: value})
}

// appendTo adds values at the end of the list at path, which it makes where there is none. JSON Patch's add replaces
// a null.
func (p *Patch) appendTo(path string, exists bool, values [][]byte) {
	if len(values) == 0 {
		return
	}
	if !exists {
		p.add(path, list(values...))
		return
	}
	path += "/-"
	for _, value := range values {
		p.add(path, value)
	}
}

// list is the JSON array of values.
func list(values ...[]byte) []byte {
	b := []byte{'['}
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, value...)
	}
	return append(b, ']')
}

// escapePointer makes a name one token of a JSON Pointer (RFC 6901, section 3).
func escapePointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// appendString appends a JSON string. Text without anything to escape, which nearly all is, is copied.
func appendString(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(text) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// member is one member of a JSON object that is written.
type member struct {
	name  string
	value any // string, int64, bool or the JSON text itself
}

// object is the JSON object of members, in their order.
func object(members ...member) []byte {
	b := make([]byte, 1, 128)
	b[0] = '{'
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		switch value := m.value.(type) {
		case string:
			b = appendString(b, value)
		case int64:
			b = strconv.AppendInt(b, value, 10)
		case bool:
			b = strconv.AppendBool(b, value)
		case []byte:
			b = append(b, value...)
		}
	}
	return append(b, '}')
}
