package awsmodel

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads JSON (RFC 8259) strictly: what parsers take differently is an error here. It has no separate token type: whoever calls
// looks at the next byte and says what it takes.
type jsonScanner struct {
	text   []byte
	at     int
	depth  int
	values int
}

// maxValues is how many members, elements and entries a body may have, as many as a form has parameters: what is kept of a value is many times as
// long as the shortest.
const maxValues = maxParameters

// peek returns the next byte that is not white space; 0 at the end.
func (s *jsonScanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *jsonScanner) fault(what string) error { return malformed("JSON, byte %d: %s", s.at, what) }

// end makes sure that nothing follows.
func (s *jsonScanner) end() error {
	if s.peek(); s.at < len(s.text) {
		return s.fault("text follows the value")
	}
	return nil
}

// take takes a byte that must be next.
func (s *jsonScanner) take(c byte) error {
	if s.peek() != c || s.at == len(s.text) {
		return s.fault("expected " + strconv.QuoteRune(rune(c)))
	}
	s.at++
	return nil
}

// open begins an object or list.
func (s *jsonScanner) open(c byte) error {
	if err := s.take(c); err != nil {
		return err
	}
	if s.depth++; s.depth > maxRequestDepth {
		return s.fault("too deep")
	}
	return nil
}

// more tells whether another member or element follows; it takes the comma before it, or the end.
func (s *jsonScanner) more(first bool, end byte) (bool, error) {
	switch s.peek() {
	case end:
		s.at++
		s.depth--
		return false, nil
	case ',':
		if s.values++; s.values > maxValues {
			return false, s.fault("too many values")
		}
		if first {
			return false, s.fault("a comma before the first")
		}
		s.at++
		if s.peek() == end {
			return false, s.fault("a comma after the last")
		}
		return true, nil
	}
	if !first {
		return false, s.fault("expected a comma")
	}
	return true, nil
}

// object reads an object, calling member for each name with the scanner before the value. Names are unique once they are decoded.
func (s *jsonScanner) object(member func(name string) error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for first := true; ; first = false {
		another, err := s.more(first, '}')
		if err != nil || !another {
			return err
		}
		name, err := s.string()
		if err != nil {
			return err
		}
		if seen[name] {
			return s.fault("the name " + strconv.Quote(name) + " is there twice")
		}
		seen[name] = true
		if err := s.take(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
}

// list reads a list, calling element for each with the scanner before it.
func (s *jsonScanner) list(element func(index int) error) error {
	if err := s.open('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		another, err := s.more(i == 0, ']')
		if err != nil || !another {
			return err
		}
		if err := element(i); err != nil {
			return err
		}
	}
}

// word takes true, false or null.
func (s *jsonScanner) word(word string) bool {
	if s.peek(); len(s.text)-s.at < len(word) || string(s.text[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// number takes a number and returns it as it is written.
func (s *jsonScanner) number() (string, error) {
	s.peek()
	from := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		s.at++
	}
	text := string(s.text[from:s.at])
	if _, number := numberForm(text); !number {
		s.at = from
		return "", s.fault("expected a number")
	}
	return text, nil
}

// string takes a string and returns what it says.
func (s *jsonScanner) string() (string, error) {
	if err := s.take('"'); err != nil {
		return "", err
	}
	from := s.at
	var decoded []byte // once there is an escape
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			part := s.text[from:s.at]
			if !utf8.Valid(part) {
				return "", s.fault("the string before is not UTF-8")
			}
			s.at++
			return string(append(decoded, part...)), nil
		case c < ' ':
			return "", s.fault("a control character in a string")
		case c == '\\':
			part := s.text[from:s.at]
			if !utf8.Valid(part) {
				return "", s.fault("the string before is not UTF-8")
			}
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			decoded = utf8.AppendRune(append(decoded, part...), r)
			from = s.at
		default:
			s.at++
		}
	}
	return "", s.fault("a string without an end")
}

// escape takes an escape, of two surrogates where it is one character.
func (s *jsonScanner) escape() (rune, error) {
	if s.at+1 >= len(s.text) {
		return 0, s.fault("a string without an end")
	}
	c := s.text[s.at+1]
	switch c {
	case '"', '\\', '/':
		s.at += 2
		return rune(c), nil
	case 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return map[byte]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c], nil
	case 'u':
		first, ok := s.unit()
		if !ok {
			return 0, s.fault("an escape that is not of four hexadecimal digits")
		}
		if !utf16.IsSurrogate(first) {
			return first, nil
		}
		second, ok := s.unit()
		if r := utf16.DecodeRune(first, second); ok && r != utf8.RuneError {
			return r, nil
		}
		return 0, s.fault("a surrogate without the other")
	}
	return 0, s.fault("an unknown escape")
}

// unit takes \uXXXX.
func (s *jsonScanner) unit() (rune, bool) {
	if s.at+6 > len(s.text) || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return 0, false
	}
	unit := rune(0)
	for _, c := range s.text[s.at+2 : s.at+6] {
		digit := hexValue(c)
		if digit < 0 {
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	s.at += 6
	return unit, true
}

// appendJSONString writes a string, with no more escapes than JSON demands.
func appendJSONString(to []byte, text string) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			to = append(to, '\\', c)
		case c < ' ' || c == 0x7f:
			to = append(to, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			to = append(to, c)
		}
	}
	return append(to, '"')
}
