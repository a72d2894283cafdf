package awsmodel

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// maxRequestBody bounds what is read whole, in bytes; doors bound it further.
	maxRequestBody = 64 << 20
	// maxRequestDepth bounds how deep structures, lists and maps nest: no model comes near it, and AWS's own parsers refuse more.
	maxRequestDepth = 32
)

func malformed(format string, arguments ...any) error {
	return &Error{Kind: Malformed, Message: fmt.Sprintf(format, arguments...)}
}

// wrongValue says that a parameter's value is not what the model says.
func wrongValue(path, format string, arguments ...any) error {
	return &Error{Kind: UnknownParameter, Message: fmt.Sprintf("parameter %s: ", path) + fmt.Sprintf(format, arguments...)}
}

func unknownParameter(path string) error {
	return &Error{Kind: UnknownParameter, Message: fmt.Sprintf("the operation has no parameter %s", path)}
}

// madeUp tells whether a parameter that the operation does not have is an idempotency token: newer SDKs make one up for operations that had none
// when our model was written. It says nothing about what the operation does, and is dropped.
func madeUp(path string) bool {
	return path == "clientToken" || path == "ClientToken" || path == "requestId"
}

// maxParameterPath bounds a path in bytes. Paths are made for every value; with the caller's own text in them (the keys of maps), of any length, a
// body of 1 MiB would take minutes.
const maxParameterPath = 256

// within is a path with one more name. Paths are those of the wire: Tags.member.1.Key. A longer one ends where it would be too long.
func within(path, name string) string {
	switch {
	case path == "":
		return excerpt(name)
	case len(path) >= maxParameterPath:
		return path
	}
	return path + "." + excerpt(name)
}

// checkMembers finds what a structure that was read lacks: a required member, or the one of a union.
func checkMembers(s *Shape, values map[string]any, path string) error {
	if s.Kind == Union && len(values) != 1 {
		return wrongValue(within(path, "…"), "exactly one of its members must be set, not %d", len(values))
	}
	for i := range s.Members {
		if m := &s.Members[i]; m.Required {
			if _, present := values[m.Name]; !present {
				return &Error{Kind: MissingParameter, Message: fmt.Sprintf("the parameter %s is required", within(path, m.Wire))}
			}
		}
	}
	return nil
}

// readText reads a scalar from a text: a value in Query, in XML, in a path, a query string or a header. format is the protocol's timestamp
// format there.
func readText(m *Member, text, path string, format TimestampFormat) (any, error) {
	switch m.Shape.Kind {
	case String:
		return text, nil
	case Boolean:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, wrongValue(path, "it must be true or false")
	case Blob:
		return readBase64(text, path)
	case Timestamp:
		if m.Timestamp != DefaultTimestamp {
			format = m.Timestamp
		}
		return text, checkTimestamp(text, format, path)
	case Integer, Long, Float, Double, Number:
		return readNumber(m.Shape.Kind, text, path)
	}
	return nil, wrongValue(path, "it cannot be written here")
}

// writeText is the inverse of readText.
func writeText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case json.Number:
		return value.String()
	}
	return ""
}

// readBase64 is strict: one text for each value, no line ends.
func readBase64(text, path string) (any, error) {
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, wrongValue(path, "it is not base64")
	}
	return value, nil
}

// readNumber checks a number's form and size. It is kept as it was sent.
func readNumber(kind Kind, text, path string) (any, error) {
	integer, number := numberForm(text)
	if kind == Float || kind == Double {
		number = number || text == "NaN" || text == "Infinity" || text == "-Infinity"
	}
	bits := 64
	if kind == Integer {
		bits = 32
	}
	switch kind {
	case Integer, Long:
		if !integer {
			return nil, wrongValue(path, "it is not an integer")
		}
		if _, err := strconv.ParseInt(text, 10, bits); err != nil {
			return nil, wrongValue(path, "it does not fit %d bits", bits)
		}
	default:
		if !number {
			return nil, wrongValue(path, "it is not a number")
		}
	}
	return json.Number(text), nil
}

// numberForm tells whether a text is a number in JSON's form (RFC 8259, 6), and an integer without an exponent.
func numberForm(text string) (integer, number bool) {
	rest := strings.TrimPrefix(text, "-")
	whole := digits(rest)
	if whole == 0 || rest[0] == '0' && whole > 1 {
		return false, false
	}
	if rest = rest[whole:]; rest == "" {
		return true, true
	}
	if after, found := strings.CutPrefix(rest, "."); found {
		fraction := digits(after)
		if fraction == 0 {
			return false, false
		}
		rest = after[fraction:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		exponent := digits(rest)
		return false, exponent > 0 && exponent == len(rest)
	}
	return false, rest == ""
}

// digits counts the decimal digits that a text begins with.
func digits(text string) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}

// httpDate is RFC 7231's preferred form, and the only one that SDKs send.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// checkTimestamp checks a timestamp's form (https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait).
func checkTimestamp(text string, format TimestampFormat, path string) error {
	switch format {
	case DateTime:
		if err := new(time.Time).UnmarshalText([]byte(text)); err == nil { // strictly RFC 3339, unlike time.Parse
			return nil
		}
		return wrongValue(path, "it is not a date and time as in 2006-01-02T15:04:05Z")
	case HTTPDate:
		if _, err := time.Parse(httpDate, text); err == nil {
			return nil
		}
		return wrongValue(path, "it is not a date and time as in %s", httpDate)
	}
	if _, number := numberForm(text); !number || strings.ContainsAny(text, "eE") { // no date in a policy is compared with one that has an exponent
		return wrongValue(path, "it is not a number of seconds")
	}
	return nil
}
