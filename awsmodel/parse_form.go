package awsmodel

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxParameters bounds the parameters of a query string or form.
const maxParameters = 100_000

// formField is a parameter: a name with its value, decoded.
type formField struct{ name, value string }

// readForm decodes a query string or a form. A "+" is a space in both: RFC 3986 would have it a plus in query strings, the HTML standard a space
// in both, and AWS's services follow the latter; the canonical form has neither. In a form, as SDKs write them, every parameter has a "=".
func readForm(text string, form bool) ([]formField, error) {
	if text == "" {
		return nil, nil
	}
	parameters := make([]formField, 0, min(1+strings.Count(text, "&"), maxParameters))
	at := 0
	for piece := range strings.SplitSeq(text, "&") {
		name, value, assigned := strings.Cut(piece, "=")
		p := formField{}
		var decoded [2]bool
		p.name, decoded[0] = decodePercent(name, true)
		p.value, decoded[1] = decodePercent(value, true)
		switch {
		case !decoded[0] || !decoded[1]:
			return nil, malformed("byte %d: a parameter that is not percent-encoded UTF-8", at)
		case name == "" || form && !assigned:
			return nil, malformed("byte %d: a parameter without a name or without a value", at)
		case len(parameters) == maxParameters:
			return nil, malformed("byte %d: more than %d parameters", at, maxParameters)
		}
		parameters = append(parameters, p)
		at += len(piece) + 1
	}
	return parameters, nil
}

// decodePercent decodes percent-encoding; what it returns is UTF-8.
func decodePercent(text string, plusIsSpace bool) (string, bool) {
	if !strings.ContainsAny(text, "%+") {
		return text, utf8.ValidString(text)
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%':
			if i+2 >= len(text) {
				return "", false
			}
			high, low := hexValue(text[i+1]), hexValue(text[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			decoded = append(decoded, byte(high<<4|low))
			i += 2
		case c == '+' && plusIsSpace:
			decoded = append(decoded, ' ')
		default:
			decoded = append(decoded, c)
		}
	}
	return string(decoded), utf8.Valid(decoded)
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendPercent encodes all but RFC 3986's unreserved characters, and but slashes where they are kept.
func appendPercent(to []byte, text string, keepSlash bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; isUnreserved(c) || c == '/' && keepSlash {
			to = append(to, c)
		} else {
			to = append(to, '%', hex[c>>4], hex[c&15])
		}
	}
	return to
}

// writeForm writes parameters ascending by name; those of the same name stay in their order.
func writeForm(parameters []formField) string {
	slices.SortStableFunc(parameters, func(a, b formField) int { return strings.Compare(a.name, b.name) })
	var to []byte
	for i, p := range parameters {
		if i > 0 {
			to = append(to, '&')
		}
		to = appendPercent(to, p.name, false)
		to = append(to, '=')
		to = appendPercent(to, p.value, false)
	}
	return string(to)
}

// withoutSignature takes the parameters away by which a URL is signed: whoever authenticated the request has read them
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html).
func withoutSignature(parameters []formField) []formField {
	return slices.DeleteFunc(parameters, func(p formField) bool {
		switch p.name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token":
			return true
		}
		return false
	})
}
