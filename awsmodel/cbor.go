package awsmodel

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// The major types of CBOR (RFC 8949, 3.1).
const (
	cborUnsigned = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple

	cborIndefinite = 31 // additional information: the length is not said, and a break ends it
)

// The simple values (RFC 8949, 3.3), as additional information.
const (
	cborFalse     = 20
	cborTrue      = 21
	cborNull      = 22
	cborUndefined = 23
	cborHalf      = 25
	cborSingle    = 26
	cborDouble    = 27
)

// cborScanner reads CBOR. Like jsonScanner it has no token type.
type cborScanner struct {
	data   []byte
	at     int
	depth  int
	values int
}

func (s *cborScanner) fault(what string) error { return malformed("CBOR, byte %d: %s", s.at, what) }

// peek returns the next item's major type and additional information.
func (s *cborScanner) peek() (major, information byte, err error) {
	if s.at >= len(s.data) {
		return 0, 0, s.fault("the data end early")
	}
	return s.data[s.at] >> 5, s.data[s.at] & 31, nil
}

// head takes an item's first bytes and returns its argument: a number, a length, or the bits of a float.
func (s *cborScanner) head() (major, information byte, argument uint64, err error) {
	if major, information, err = s.peek(); err != nil {
		return 0, 0, 0, err
	}
	size := 0
	switch {
	case information < 24:
		argument = uint64(information)
	case information <= 27:
		size = 1 << (information - 24)
	case information == cborIndefinite && (cborBytes <= major && major <= cborMap):
	default:
		return 0, 0, 0, s.fault("a reserved or misplaced first byte")
	}
	if len(s.data)-s.at-1 < size {
		return 0, 0, 0, s.fault("the data end early")
	}
	for _, b := range s.data[s.at+1 : s.at+1+size] {
		argument = argument<<8 | uint64(b)
	}
	s.at += 1 + size
	return major, information, argument, nil
}

// null takes null or undefined, which Smithy has deserializers treat alike.
func (s *cborScanner) null() bool {
	major, information, err := s.peek()
	if err == nil && major == cborSimple && (information == cborNull || information == cborUndefined) {
		s.at++
		return true
	}
	return false
}

// bytes takes a string of bytes or text, in one piece or in several.
func (s *cborScanner) bytes(want byte) ([]byte, error) {
	major, information, length, err := s.head()
	if err != nil {
		return nil, err
	}
	if major != want {
		return nil, s.fault("an item of another type")
	}
	if information != cborIndefinite {
		return s.piece(length)
	}
	value := []byte{}
	for {
		if s.broke() {
			return value, nil
		}
		major, information, length, err := s.head()
		if err != nil {
			return nil, err
		}
		if major != want || information == cborIndefinite {
			return nil, s.fault("a piece of a string that is not one")
		}
		piece, err := s.piece(length)
		if err != nil {
			return nil, err
		}
		if want == cborText && !utf8.Valid(piece) { // RFC 8949, 3.2.3: each piece is text
			return nil, s.fault("the piece before is not UTF-8")
		}
		value = append(value, piece...)
	}
}

func (s *cborScanner) piece(length uint64) ([]byte, error) {
	if length > uint64(len(s.data)-s.at) {
		return nil, s.fault("a string is longer than the data")
	}
	piece := s.data[s.at : s.at+int(length)]
	s.at += int(length)
	return piece, nil
}

func (s *cborScanner) string() (string, error) {
	value, err := s.bytes(cborText)
	if err == nil && !utf8.Valid(value) {
		err = s.fault("the string before is not UTF-8")
	}
	return string(value), err
}

// broke takes a break.
func (s *cborScanner) broke() bool {
	if s.at < len(s.data) && s.data[s.at] == 0xff {
		s.at++
		return true
	}
	return false
}

// each takes a list or map and calls item before each element or key.
func (s *cborScanner) each(want byte, item func(index int) error) error {
	major, information, length, err := s.head()
	if err != nil {
		return err
	}
	if major != want {
		return s.fault("an item of another type")
	}
	if s.depth++; s.depth > maxRequestDepth {
		return s.fault("too deep")
	}
	defer func() { s.depth-- }()
	if information != cborIndefinite && length > uint64(len(s.data)-s.at) {
		return s.fault("a list or map is longer than the data") // an element has a byte at least
	}
	for i := 0; information == cborIndefinite || uint64(i) < length; i++ {
		if information == cborIndefinite && s.broke() {
			return nil
		}
		if s.values++; s.values > maxValues {
			return s.fault("too many values")
		}
		if err := item(i); err != nil {
			return err
		}
	}
	return nil
}

// float takes the bits of a float for their value.
func cborFloat(information byte, bits uint64) (float64, bool) {
	switch information {
	case cborHalf:
		return halfFloat(uint16(bits)), true
	case cborSingle:
		return float64(math.Float32frombits(uint32(bits))), true
	case cborDouble:
		return math.Float64frombits(bits), true
	}
	return 0, false
}

// halfFloat is the value of a float of 16 bits (RFC 8949, appendix D).
func halfFloat(bits uint16) float64 {
	exponent, mantissa := int(bits>>10&31), float64(bits&1023)
	var value float64
	switch exponent {
	case 0:
		value = math.Ldexp(mantissa, -24)
	case 31:
		if value = math.Inf(1); mantissa != 0 {
			value = math.NaN()
		}
	default:
		value = math.Ldexp(mantissa+1024, exponent-25)
	}
	if bits>>15 == 1 {
		return -value
	}
	return value
}

// appendCBORHead writes an item's first bytes in their shortest form.
func appendCBORHead(to []byte, major byte, argument uint64) []byte {
	major <<= 5
	switch {
	case argument < 24:
		return append(to, major|byte(argument))
	case argument <= math.MaxUint8:
		return append(to, major|24, byte(argument))
	case argument <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, major|25), uint16(argument))
	case argument <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(to, major|26), uint32(argument))
	}
	return binary.BigEndian.AppendUint64(append(to, major|27), argument)
}
