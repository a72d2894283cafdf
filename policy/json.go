package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of the JSON reader. A document within them is read in linear time and in memory proportional to its size.
const (
	// MaxDocumentSize bounds the bytes of one document. IAM itself takes at most 131,072 characters and keeps far
	// fewer (its quotas are the directory's to check); the rest is for documents of 10,000 statements in simulations.
	MaxDocumentSize = 2 << 20
	// MaxDepth bounds how deep arrays and objects nest. A policy needs seven levels.
	MaxDepth = 64
	// MaxValues bounds the strings, numbers, arrays and so on in one text, names of members included.
	MaxValues = 1 << 19
)

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// String names the kind with its article, for messages.
func (k jsonKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is one JSON value and the bytes that it spans, [start, end).
type node struct {
	kind       jsonKind
	start, end int32
	text       string // of a string its value, of a number or boolean its literal
	items      []node // of an array its elements; of an object name, value, name, value, …
}

// member finds a value of an object by name, or nil.
func (n *node) member(name string) *node {
	for i := 0; i+1 < len(n.items); i += 2 {
		if n.items[i].text == name {
			return &n.items[i+1]
		}
	}
	return nil
}

// jsonReader reads one JSON text (RFC 8259) into nodes. It is stricter than the RFC asks in two ways: a name may occur
// once in an object (most parsers silently let the last one win, so that two readers of one policy can disagree), and
// an escaped lone surrogate is refused, since no UTF-8 text can hold it.
type jsonReader struct {
	text       string
	at         int
	depth      int
	values     int
	open       []node  // what the arrays and objects that are being read have so far, the innermost last
	duplicates []int32 // where names stand that their object already has, in order; for the caller to judge
}

// jsonError is where and why a text is not JSON.
type jsonError struct {
	offset  int
	message string
}

func (e *jsonError) Error() string { return e.message }

// readJSON reads all of text.
func readJSON(text string, limit int) (node, []int32, *jsonError) {
	if len(text) > limit {
		return node{}, nil, &jsonError{limit, fmt.Sprintf("text is longer than %d bytes", limit)}
	}
	if !utf8.ValidString(text) {
		at := 0
		for {
			r, size := utf8.DecodeRuneInString(text[at:])
			if r == utf8.RuneError && size <= 1 {
				return node{}, nil, &jsonError{at, "invalid UTF-8"}
			}
			at += size
		}
	}
	r := jsonReader{text: text}
	value, err := r.value()
	if err != nil {
		return node{}, nil, err
	}
	if r.space(); r.at < len(r.text) {
		return node{}, nil, r.errorf("unexpected %s after the end of the JSON value", r.peek())
	}
	return value, r.duplicates, nil
}

func (r *jsonReader) errorf(format string, arguments ...any) *jsonError {
	return &jsonError{r.at, fmt.Sprintf(format, arguments...)}
}

// peek describes what stands at the reader's place, for messages.
func (r *jsonReader) peek() string {
	if r.at >= len(r.text) {
		return "end of text"
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at:])
	return strconv.QuoteRune(c)
}

func (r *jsonReader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// skip goes past c if it comes next, and tells whether it did.
func (r *jsonReader) skip(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) value() (node, *jsonError) {
	r.space()
	if r.at >= len(r.text) {
		return node{}, r.errorf("unexpected end of text, wanted a JSON value")
	}
	if r.values++; r.values > MaxValues {
		return node{}, r.errorf("more than %d values", MaxValues)
	}
	n := node{start: int32(r.at)}
	var err *jsonError
	switch c := r.text[r.at]; {
	case c == '{':
		err = r.object(&n)
	case c == '[':
		err = r.array(&n)
	case c == '"':
		n.kind = jsonString
		n.text, err = r.string()
	case c == '-' || '0' <= c && c <= '9':
		n.kind = jsonNumber
		n.text, err = r.number()
	default:
		err = r.word(&n)
	}
	n.end = int32(r.at)
	return n, err
}

func (r *jsonReader) word(n *node) *jsonError {
	for _, word := range [...]struct {
		text string
		kind jsonKind
	}{{"true", jsonBool}, {"false", jsonBool}, {"null", jsonNull}} {
		if strings.HasPrefix(r.text[r.at:], word.text) {
			r.at += len(word.text)
			n.kind, n.text = word.kind, word.text
			return nil
		}
	}
	return r.errorf("unexpected %s, wanted a JSON value", r.peek())
}

// enter counts one level of nesting; the caller leaves it by r.depth--.
func (r *jsonReader) enter() *jsonError {
	if r.depth++; r.depth > MaxDepth {
		return r.errorf("nested deeper than %d levels", MaxDepth)
	}
	r.at++
	r.space()
	return nil
}

func (r *jsonReader) array(n *node) *jsonError {
	n.kind = jsonArray
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	if r.skip(']') {
		return nil
	}
	first := len(r.open)
	for {
		item, err := r.value()
		if err != nil {
			return err
		}
		r.open = append(r.open, item)
		r.space()
		if r.skip(']') {
			n.items = r.close(first)
			return nil
		}
		if !r.skip(',') {
			return r.errorf("unexpected %s, wanted ',' or ']'", r.peek())
		}
	}
}

func (r *jsonReader) object(n *node) *jsonError {
	n.kind = jsonObject
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	if r.skip('}') {
		return nil
	}
	seen := names(nil)
	first := len(r.open)
	for {
		if r.space(); r.at >= len(r.text) || r.text[r.at] != '"' {
			return r.errorf("unexpected %s, wanted a name in double quotes", r.peek())
		}
		name, err := r.value()
		if err != nil {
			return err
		}
		if seen.add(name.text, r.open[first:]) {
			r.duplicates = append(r.duplicates, name.start)
		}
		if r.space(); !r.skip(':') {
			return r.errorf("unexpected %s, wanted ':'", r.peek())
		}
		value, err := r.value()
		if err != nil {
			return err
		}
		r.open = append(r.open, name, value)
		if r.space(); r.skip('}') {
			n.items = r.close(first)
			return nil
		}
		if !r.skip(',') {
			return r.errorf("unexpected %s, wanted ',' or '}'", r.peek())
		}
	}
}

// close takes what one array or object has, from first on, off the others' and keeps it in as much memory as it needs.
func (r *jsonReader) close(first int) []node {
	items := slices.Clone(r.open[first:])
	r.open = r.open[:first]
	return items
}

// names notices names that occur twice. Small objects are searched; a map keeps large ones linear.
type names map[string]struct{}

func (s *names) add(name string, members []node) (known bool) {
	const small = 16
	if len(members) < 2*small {
		for i := 0; i < len(members); i += 2 {
			known = known || members[i].text == name
		}
		return known
	}
	if len(*s) == 0 {
		*s = make(names, 2*small)
		for i := 0; i < len(members); i += 2 {
			(*s)[members[i].text] = struct{}{}
		}
	}
	_, known = (*s)[name]
	(*s)[name] = struct{}{}
	return known
}

func (r *jsonReader) number() (string, *jsonError) {
	start := r.at
	r.skip('-')
	switch {
	case r.skip('0'):
	case r.digits() == 0:
		return "", r.errorf("unexpected %s, wanted a digit", r.peek())
	}
	if r.skip('.') && r.digits() == 0 {
		return "", r.errorf("unexpected %s, wanted a digit", r.peek())
	}
	if r.skip('e') || r.skip('E') {
		if !r.skip('+') {
			r.skip('-')
		}
		if r.digits() == 0 {
			return "", r.errorf("unexpected %s, wanted a digit", r.peek())
		}
	}
	return r.text[start:r.at], nil
}

func (r *jsonReader) digits() (count int) {
	for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		r.at++
		count++
	}
	return count
}

// string reads a string. Without escapes it is a piece of the text; only escapes cost a copy.
func (r *jsonReader) string() (string, *jsonError) {
	r.at++
	start := r.at
	var decoded strings.Builder
	escaped := false
	for {
		if r.at >= len(r.text) {
			return "", r.errorf("unexpected end of text in a string")
		}
		switch c := r.text[r.at]; {
		case c == '"':
			rest := r.text[start:r.at]
			r.at++
			if !escaped {
				return rest, nil
			}
			decoded.WriteString(rest)
			return decoded.String(), nil
		case c == '\\':
			decoded.WriteString(r.text[start:r.at])
			c, err := r.escape()
			if err != nil {
				return "", err
			}
			decoded.WriteRune(c)
			escaped, start = true, r.at
		case c < ' ':
			return "", r.errorf("control character %s in a string", r.peek())
		default:
			r.at++
		}
	}
}

func (r *jsonReader) escape() (rune, *jsonError) {
	if r.at+1 >= len(r.text) {
		return 0, r.errorf("unexpected end of text in a string")
	}
	c := r.text[r.at+1]
	if c == 'u' {
		return r.unicodeEscape()
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(from, c)
	if i < 0 {
		r.at++
		return 0, r.errorf("unknown escape: %s after a backslash", r.peek())
	}
	r.at += 2
	return rune(to[i]), nil
}

// unicodeEscape reads \uXXXX, or two of them that make a surrogate pair.
func (r *jsonReader) unicodeEscape() (rune, *jsonError) {
	first, err := r.hex(r.at)
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(first) {
		r.at += 6
		return first, nil
	}
	if strings.HasPrefix(r.text[r.at+6:], `\u`) {
		second, err := r.hex(r.at + 6)
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			r.at += 12
			return pair, nil
		}
	}
	return 0, r.errorf(`escape %s is half of a surrogate pair`, r.text[r.at:r.at+6])
}

func (r *jsonReader) hex(at int) (rune, *jsonError) {
	if at+6 > len(r.text) {
		return 0, r.errorf("unexpected end of text in a string")
	}
	var value rune
	for _, c := range []byte(r.text[at+2 : at+6]) {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			return 0, r.errorf(`a \u escape needs four hexadecimal digits`)
		}
		value = value<<4 | rune(digit)
	}
	return value, nil
}
