package webhook

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// maxDepth bounds nesting. A pod nests about twenty deep, field ownership included.
const maxDepth = 256

// A SyntaxError says where a JSON text is not what was asked for.
type SyntaxError struct {
	Line, Column int // from 1, the column in characters
	Message      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// scanner reads JSON (RFC 8259) once, in place, and stricter than it must: what is skipped is checked too.
// encoding/json would decode the whole pod to find the few members that count, which costs more than everything else
// that an admission does.
type scanner struct {
	data  []byte
	at    int
	key   int // where the key begins whose member is being called
	depth int
}

func (s *scanner) fail(format string, arguments ...any) error {
	return s.failAt(s.at, format, arguments...)
}

func (s *scanner) failAt(at int, format string, arguments ...any) error {
	e := &SyntaxError{Line: 1, Message: fmt.Sprintf(format, arguments...)}
	start := 0
	for i, c := range s.data[:min(at, len(s.data))] {
		if c == '\n' {
			e.Line++
			start = i + 1
		}
	}
	e.Column = 1 + utf8.RuneCount(s.data[start:min(at, len(s.data))])
	return e
}

// next skips white space and returns the byte that follows without taking it, or 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.data) {
		c := s.data[s.at]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.at++
	}
	return 0
}

// end asks for the end of the text.
func (s *scanner) end() error {
	if s.next(); s.at < len(s.data) {
		return s.fail("text after the end of the value")
	}
	return nil
}

// null takes a null if there is one.
func (s *scanner) null() bool {
	if s.next() == 'n' && s.literal("null") {
		return true
	}
	return false
}

func (s *scanner) literal(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// object takes an object and calls member with each key, after which member must have taken the value. The key is
// valid until then only.
func (s *scanner) object(member func(key []byte) error) error {
	if s.next() != '{' {
		return s.fail("an object was expected")
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.next() == '}' {
		s.close()
		return nil
	}
	for {
		s.next()
		at := s.at
		key, err := s.bytes()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.fail("a colon was expected")
		}
		s.at++
		s.key = at
		if err := member(key); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.close()
			return nil
		default:
			return s.fail("a comma or the end of the object was expected")
		}
	}
}

// array takes an array and calls element before each value, which element must take.
func (s *scanner) array(element func(index int) error) error {
	if s.next() != '[' {
		return s.fail("an array was expected")
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.next() == ']' {
		s.close()
		return nil
	}
	for index := 0; ; index++ {
		if err := element(index); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case ']':
			s.close()
			return nil
		default:
			return s.fail("a comma or the end of the array was expected")
		}
	}
}

func (s *scanner) open() error {
	if s.depth == maxDepth {
		return s.fail("nested deeper than %d", maxDepth)
	}
	s.depth++
	s.at++
	return nil
}

func (s *scanner) close() {
	s.depth--
	s.at++
}

// bytes takes a string and returns what it says: a part of the text where nothing in it is escaped.
func (s *scanner) bytes() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.fail("a string was expected")
	}
	start := s.at
	escaped, err := s.quoted()
	if err != nil {
		return nil, err
	}
	if !escaped {
		return s.data[start+1 : s.at-1], nil
	}
	var text string
	if err := json.Unmarshal(s.data[start:s.at], &text); err != nil {
		return nil, s.failAt(start, "%v", err)
	}
	return []byte(text), nil
}

// text takes a string; a null is empty, as Go's decoders of Kubernetes' types have it.
func (s *scanner) text() (string, error) {
	if s.null() {
		return "", nil
	}
	b, err := s.bytes()
	return string(b), err
}

// quoted takes a string from its first quote and tells whether anything in it is escaped.
func (s *scanner) quoted() (escaped bool, err error) {
	data, i := s.data, s.at+1 // in registers: most of a pod's bytes are passed here
	for i < len(data) {
		if len(data)-i >= 8 {
			found := special(binary.LittleEndian.Uint64(data[i:]))
			if found == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(found) / 8
		}
		switch c := data[i]; {
		case c == '"':
			s.at = i + 1
			return escaped, nil
		case c == '\\':
			escaped = true
			s.at = i
			if err := s.escape(); err != nil {
				return false, err
			}
			i = s.at
		case c < 0x20:
			s.at = i
			return false, s.fail("a control character in a string")
		default:
			i++
		}
	}
	s.at = i
	return false, s.fail("the text ends within a string")
}

// special finds, among eight bytes at once, those that end or interrupt a string: a quote, a backslash or a control character. The highest bit of the
// first such byte is set; bits of bytes behind it may be set wrongly, by a borrow.
func special(eight uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := eight^(ones*'"'), eight^(ones*'\\')
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (eight-ones*0x20)&^eight) & highs
}

func (s *scanner) escape() error {
	s.at++
	if s.at == len(s.data) {
		return s.fail("the text ends within a string")
	}
	switch s.data[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		s.at++
		for range 4 {
			if s.at == len(s.data) || !isHex(s.data[s.at]) {
				return s.fail("four hexadecimal digits were expected")
			}
			s.at++
		}
		return nil
	}
	return s.fail("no such escape")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// skip takes any value. It is object and array over again, without the calls: most of a pod is skipped.
func (s *scanner) skip() error {
	switch c := s.next(); {
	case c == '"':
		_, err := s.quoted()
		return err
	case c == '{':
		return s.skipMembers('}')
	case c == '[':
		return s.skipMembers(']')
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case s.literal("true"), s.literal("false"), s.literal("null"):
		return nil
	case s.at == len(s.data):
		return s.fail("the text ends where a value was expected")
	}
	return s.fail("a value was expected")
}

// skipMembers takes an object or an array, which ends with last.
func (s *scanner) skipMembers(last byte) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.next() == last {
		s.close()
		return nil
	}
	for {
		if last == '}' {
			if s.next() != '"' {
				return s.fail("a string was expected")
			}
			if _, err := s.quoted(); err != nil {
				return err
			}
			if s.next() != ':' {
				return s.fail("a colon was expected")
			}
			s.at++
		}
		if err := s.skip(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case last:
			s.close()
			return nil
		default:
			return s.fail("a comma or the end was expected")
		}
	}
}

// number takes a number (RFC 8259, section 6).
func (s *scanner) number() error {
	if s.data[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.data) && s.data[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return s.fail("a digit was expected")
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		s.at++
		if !s.digits() {
			return s.fail("a digit was expected")
		}
	}
	if s.at < len(s.data) && s.data[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return s.fail("a digit was expected")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

// raw takes any value and returns its text.
func (s *scanner) raw() ([]byte, error) {
	s.next()
	start := s.at
	if err := s.skip(); err != nil {
		return nil, err
	}
	return s.data[start:s.at], nil
}

// once marks the bit of a member and refuses it the second time: decoders differ in which of two members counts, and
// a pod must not mean one thing here and another to the API server.
func (s *scanner) once(seen *uint32, bit uint32, key []byte) error {
	if *seen&bit != 0 {
		return s.failAt(s.key, "the member %q appears twice", key)
	}
	*seen |= bit
	return nil
}

// nullable takes a member that counts, by read unless it is null, which is as good as absent.
func (s *scanner) nullable(seen *uint32, bit uint32, key []byte, read func() error) error {
	if err := s.once(seen, bit, key); err != nil || s.null() {
		return err
	}
	return read()
}

// string takes a member that is a string.
func (s *scanner) string(seen *uint32, bit uint32, key []byte, into *string) error {
	if err := s.once(seen, bit, key); err != nil {
		return err
	}
	text, err := s.text()
	*into = text
	return err
}

// name takes a member that names an object. It reaches logs and Events, and the API server looks at its length only after
// its webhooks: one that is too long is refused here as there.
func (s *scanner) name(seen *uint32, bit uint32, key []byte, into *string) error {
	if err := s.string(seen, bit, key, into); err != nil || len(*into) <= maxName {
		return err
	}
	return s.failAt(s.key, "the member %q has %d bytes, of at most %d", key, len(*into), maxName)
}
