package sigv4

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
)

// appendCanonicalRequest appends r's canonical request with the named headers; values[i] are those of names[i].
func appendCanonicalRequest(dst []byte, r *Request, names []string, values [][]string, presigned bool, rules rules) ([]byte, error) {
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	dst, err := appendPath(dst, r.Path, rules)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '\n')
	if dst, err = appendQuery(dst, r.RawQuery, presigned, rules); err != nil {
		return nil, err
	}
	dst = append(dst, '\n')
	for i, name := range names {
		dst = append(dst, name...)
		dst = append(dst, ':')
		for j, value := range values[i] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendTrimmed(dst, value)
		}
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, name...)
	}
	dst = append(dst, '\n')
	return append(dst, r.PayloadHash...), nil
}

// appendStringToSign appends the string to sign for a canonical request. at is in TimeFormat.
func appendStringToSign(dst []byte, at string, scope Scope, canonicalRequest []byte) []byte {
	dst = append(dst, Algorithm+"\n"...)
	dst = append(dst, at...)
	dst = append(dst, '\n')
	dst = append(dst, scope.Date...)
	dst = append(dst, '/')
	dst = append(dst, scope.Region...)
	dst = append(dst, '/')
	dst = append(dst, scope.Service...)
	dst = append(dst, "/"+terminator+"\n"...)
	hash := sha256.Sum256(canonicalRequest)
	return hex.AppendEncode(dst, hash[:])
}

// appendPath appends the canonical URI.
func appendPath(dst []byte, wire string, rules rules) ([]byte, error) {
	if wire == "" {
		return append(dst, '/'), nil
	}
	if rules.pathAsIs {
		decoded, err := decode(wire, false)
		if err != nil {
			return nil, err
		}
		return appendEncoded(dst, decoded, true), nil
	}
	// path.Clean drops the slash at the end, which the rule keeps (RFC 3986, 5.2.4).
	clean := path.Clean("/" + wire)
	if clean != "/" && (strings.HasSuffix(wire, "/") || strings.HasSuffix(wire, "/.") || strings.HasSuffix(wire, "/..")) {
		clean += "/"
	}
	return appendEncoded(dst, clean, true), nil
}

// parameter is a query parameter in canonical encoding.
type parameter struct{ name, value string }

// appendQuery appends the canonical query string: decoded and encoded again, sorted by name, then by value. A presigned request's signature
// is not part of it.
func appendQuery(dst []byte, rawQuery string, presigned bool, rules rules) ([]byte, error) {
	if rawQuery == "" {
		return dst, nil
	}
	var few [16]parameter
	parameters := few[:0]
	for piece := range strings.SplitSeq(rawQuery, "&") {
		if piece == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(piece, "=")
		name, err := recode(rawName)
		if err != nil {
			return nil, err
		}
		if presigned && (name == "X-Amz-Signature" || rules.tokenUnsigned && name == "X-Amz-Security-Token") {
			continue
		}
		value, err := recode(rawValue)
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, parameter{name, value})
	}
	slices.SortFunc(parameters, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range parameters {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.name...)
		dst = append(dst, '=')
		dst = append(dst, p.value...)
	}
	return dst, nil
}

// recode brings a name or value of a query into canonical encoding; most are in it already.
func recode(s string) (string, error) {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = isUnreserved(s[i])
	}
	if plain {
		return s, nil
	}
	decoded, err := decode(s, true)
	if err != nil {
		return "", err
	}
	return string(appendEncoded(make([]byte, 0, len(s)+len(s)/2), decoded, false)), nil
}

// appendTrimmed appends a header value without white space at its ends and with each run of spaces made one.
func appendTrimmed(dst []byte, value string) []byte {
	value = strings.Trim(value, " \t")
	if !strings.Contains(value, "  ") {
		return append(dst, value...)
	}
	for i := range len(value) {
		if value[i] != ' ' || value[i-1] != ' ' {
			dst = append(dst, value[i])
		}
	}
	return dst
}

// decode undoes percent-encoding; in a query "+" is a space. A "%" without two hex digits is refused, since readers disagree on what it means.
func decode(s string, query bool) (string, error) {
	if !strings.Contains(s, "%") && (!query || !strings.Contains(s, "+")) {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+' && query:
			out = append(out, ' ')
		case c == '%':
			if i+2 >= len(s) || hexValue(s[i+1]) < 0 || hexValue(s[i+2]) < 0 {
				return "", &Error{
					Code: incomplete, Message: "The path or query string holds an invalid percent-encoding.",
					S3Code: "InvalidURI", S3Message: "Couldn't parse the specified URI.",
				}
			}
			out = append(out, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out), nil
}

// appendEncoded percent-encodes all but RFC 3986's unreserved characters, and "/" in a path.
func appendEncoded(dst []byte, s string, path bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; isUnreserved(c) || path && c == '/' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// hexValue is the value of a hex digit, and -1 for any other byte.
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
