package awsmodel

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits in bytes. The query's holds a presigned session token of 4 KiB, percent-encoded, beside every other parameter.
const (
	maxQuery     = 24 << 10
	maxParameter = 2 << 10
)

// parameter is one query parameter of an operation: its name, and which values it may have.
type parameter struct {
	name     string
	required bool
	accepts  func(value string) bool
}

// uploadID selects the operations on a multipart upload; partNumber tells the part.
var (
	uploadID   = required(parameter{name: "uploadId", accepts: func(value string) bool { return value != "" && isText(value) }})
	partNumber = required(number("partNumber", 1, 10000))
)

func required(p parameter) parameter { p.required = true; return p }

func flag(name string) parameter { return fixed(name, "") }

func text(name string) parameter { return parameter{name: name, accepts: isText} }

// answerHeader is a parameter whose value becomes a header of the answer.
func answerHeader(name string) parameter {
	return parameter{name: name, accepts: func(value string) bool { return isText(value) && !hasControl(value) }}
}

func fixed(name string, values ...string) parameter {
	return parameter{name: name, accepts: func(value string) bool { return slices.Contains(values, value) }}
}

// number accepts canonical decimals only, so that nobody reads "+5" or "05" otherwise.
func number(name string, least, most int) parameter {
	return parameter{name: name, accepts: func(value string) bool {
		n, err := strconv.Atoi(value)
		return err == nil && strconv.Itoa(n) == value && n >= least && n <= most
	}}
}

func isText(value string) bool {
	return len(value) <= maxParameter && utf8.ValidString(value) && !strings.Contains(value, "\x00")
}

func hasControl(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// signatureParameters belong to a presigned URL's signature
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
var signatureParameters = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
	"X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}

// parseQuery splits a query into the operation's parameters and, on a presigned URL, the headers that the signer moved into it.
func parseQuery(raw string) (query, hoisted map[string]string, err error) {
	query, hoisted = map[string]string{}, map[string]string{}
	if raw == "" {
		return query, hoisted, nil
	}
	if len(raw) > maxQuery {
		return nil, nil, notUnderstood("InvalidURI", "the query is longer than %d bytes", maxQuery)
	}
	signature := map[string]bool{}
	for pair := range strings.SplitSeq(raw, "&") {
		encodedName, encodedValue, _ := strings.Cut(pair, "=")
		name, nameErr := unescapeQuery(encodedName)
		value, valueErr := unescapeQuery(encodedValue)
		switch lower := strings.ToLower(name); {
		case nameErr != nil || valueErr != nil || name == "":
			return nil, nil, notUnderstood("InvalidURI", "the query parameter %s is not percent-encoded UTF-8", quote(encodedName))
		case has(query, name) || has(hoisted, lower) || signature[name]:
			return nil, nil, notUnderstood("InvalidArgument", "the query parameter %s is given more than once", quote(name))
		case name == "X-Amz-Content-Sha256" && value != "UNSIGNED-PAYLOAD": // S3 signs no presigned URL's payload
			return nil, nil, notUnderstood("InvalidArgument", "the value %s of the query parameter %s", quote(value), quote(name))
		case slices.Contains(signatureParameters, name):
			signature[name] = true
		case strings.HasPrefix(lower, "x-amz-"):
			hoisted[lower] = value
		default:
			query[name] = value
		}
	}
	if len(hoisted) > 0 && !signature["X-Amz-Signature"] {
		return nil, nil, notUnderstood("InvalidRequest", "query parameters that begin with x-amz- belong to presigned URLs only")
	}
	return query, hoisted, nil
}

// unescapeQuery decodes once. "+" is refused because decoders disagree on it: signers write %20 or %2B.
func unescapeQuery(encoded string) (string, error) {
	if strings.ContainsAny(encoded, "+;") {
		return "", errEncoding
	}
	return unescape(encoded)
}

// checkQuery holds the parameters against the operation's.
func (s *shape) checkQuery(query map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		i := slices.IndexFunc(s.query, func(p parameter) bool { return p.name == name })
		if i < 0 {
			return notUnderstood("InvalidRequest", "the query parameter %s of %s", quote(name), s.name)
		}
		if value := query[name]; !s.query[i].accepts(value) {
			return notUnderstood("InvalidArgument", "the value %s of the query parameter %s", quote(value), quote(name))
		}
	}
	for _, p := range s.query {
		if p.required && !has(query, p.name) {
			return notUnderstood("InvalidArgument", "%s without the query parameter %s", s.name, quote(p.name))
		}
	}
	return nil
}

// rawQuery writes the operation's parameters in the one canonical way: sorted, with %20 for a space.
func (o S3Operation) rawQuery() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.Query)) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(name, false))
		b.WriteByte('=')
		b.WriteString(escape(o.Query[name], false))
	}
	return b.String()
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}
