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

// parameter is one query parameter of an operation. Values that change nothing of what is decided are the backend's to judge: it knows
// S3's errors for them.
type parameter struct {
	name     string
	required bool
	check    func(name, value string) error
}

// uploadID selects the operations on a multipart upload; partNumber tells the part.
var (
	uploadID   = required(parameter{name: "uploadId", check: checkFilled})
	partNumber = number("partNumber")
	versionID  = text("versionId") // never empty
)

func required(p parameter) parameter { p.required = true; return p }

func flag(name string) parameter { return fixed(name, "") }

func text(name string) parameter { return parameter{name: name, check: checkText} }

// number is for the backend to read: no policy does.
func number(name string) parameter { return text(name) }

// limit is a number that is a condition key. negative is what is told of one below zero.
func limit(name string, negative func(value string) *Error) parameter {
	return parameter{name: name, check: func(name, value string) error { return checkLimit(name, value, negative) }}
}

// negativeKeys and negativeVersions are what Amazon S3 was recorded to say, each of its listings in words of its own (github.com/jchristn/S3Server,
// CHANGELOG.md, 8.0.0).
func negativeKeys(value string) *Error {
	return &Error{Code: "InvalidArgument", Message: "Argument maxKeys must be an integer between 0 and 2147483647",
		Told: []Told{{"ArgumentName", "maxKeys"}, {"ArgumentValue", value}}}
}

func negativeVersions(string) *Error {
	return &Error{Code: "InvalidArgument", Message: "max-keys cannot be negative", Told: []Told{{"ArgumentName", "max-keys"}}}
}

// negativeResults is our own sentence: S3's is not known.
func negativeResults(value string) *Error { return badParameter("max-annotation-results", value) }

// answerHeader is a parameter whose value becomes a header of the answer.
func answerHeader(name string) parameter { return parameter{name: name, check: checkAnswerHeader} }

func fixed(name, want string) parameter {
	return parameter{name: name, check: func(name, value string) error {
		if value != want {
			return badParameter(name, value)
		}
		return nil
	}}
}

func badParameter(name, value string) *Error {
	return notUnderstood("InvalidArgument", "the value %s of the query parameter %s", quote(value), quote(name))
}

func checkText(name, value string) error {
	if !isText(value) {
		return badParameter(name, value)
	}
	return nil
}

func checkFilled(name, value string) error {
	if value == "" || !isText(value) {
		return badParameter(name, value)
	}
	return nil
}

// checkLimit accepts canonical decimals only, so that no policy reads "+5" or "05" otherwise than a server. A negative number would pass "at most",
// and some servers take it for their own default.
func checkLimit(name, value string, negative func(value string) *Error) error {
	if n, err := strconv.ParseInt(value, 10, 32); err != nil || strconv.FormatInt(n, 10) != value {
		return &Error{Code: "InvalidArgument", Message: "Provided " + name + " not an integer or within integer range",
			Told: []Told{{"ArgumentName", name}, {"ArgumentValue", value}}}
	}
	if value[0] == '-' {
		return negative(value)
	}
	return nil
}

func checkAnswerHeader(name, value string) error {
	if !isText(value) || hasControl(value) {
		return badParameter(name, value)
	}
	return nil
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

// parameters is a query, parted.
type parameters struct {
	own     map[string]string // the operation's, decoded
	hoisted map[string]string // headers that the signer of a presigned URL moved here, under lower-case names; nil: none
	id      string            // x-id, in which SDKs repeat the operation's name
	named   bool              // x-id was sent
	version bool              // versionId was sent, maybe empty
	signed  [8]bool           // which of signatureParameters were sent
}

// parseQuery splits a query into the operation's parameters and, on a presigned URL, the headers that the signer moved into it.
func parseQuery(raw string) (parameters, error) {
	p := parameters{own: map[string]string{}}
	if raw == "" {
		return p, nil
	}
	if len(raw) > maxQuery {
		return p, notUnderstood("InvalidURI", "the query is longer than %d bytes", maxQuery)
	}
	for pair := range strings.SplitSeq(raw, "&") {
		encodedName, encodedValue, _ := strings.Cut(pair, "=")
		name, nameErr := unescapeQuery(encodedName)
		value, valueErr := unescapeQuery(encodedValue)
		if nameErr != nil || valueErr != nil || name == "" {
			return p, notUnderstood("InvalidURI", "the query parameter %s is not percent-encoded UTF-8", quote(encodedName))
		}
		if err := p.add(name, value); err != nil {
			return p, err
		}
	}
	if p.hoisted != nil && !p.signed[slices.Index(signatureParameters, "X-Amz-Signature")] {
		return p, notUnderstood("InvalidRequest", "query parameters that begin with x-amz- belong to presigned URLs only")
	}
	return p, nil
}

func (p *parameters) add(name, value string) error {
	lower := strings.ToLower(name)
	i := slices.Index(signatureParameters, name)
	switch {
	case has(p.own, name) || has(p.hoisted, lower) || i >= 0 && p.signed[i] || name == "x-id" && p.named || name == "versionId" && p.version:
		return notUnderstood("InvalidArgument", "the query parameter %s is given more than once", quote(name))
	case lower == payloadHeader && value != "UNSIGNED-PAYLOAD": // S3 signs no presigned URL's payload
		return notUnderstood("InvalidArgument", "the value %s of the query parameter %s", quote(value), quote(name))
	case i >= 0:
		p.signed[i] = true
	case name == "x-id":
		p.id, p.named = value, true
	case name == "versionId" && value == "": // as if it were not there, for the decision and for the backend: some SDKs send it so
		p.version = true
	case strings.HasPrefix(lower, "x-amz-"):
		if p.hoisted == nil {
			p.hoisted = map[string]string{}
		}
		p.hoisted[lower] = value
	default:
		p.own[name] = value
		p.version = p.version || name == "versionId"
	}
	return nil
}

// unescapeQuery decodes once. "+" is a space, as in forms and to those who verify signatures; what is sent on has %20, on which no decoders disagree.
// SDKs that do not sign write it so.
func unescapeQuery(encoded string) (string, error) {
	if strings.Contains(encoded, ";") {
		return "", errEncoding
	}
	return unescape(strings.ReplaceAll(encoded, "+", "%20"))
}

// checkQuery holds the parameters against the operation's.
func (s *shape) checkQuery(query map[string]string) error {
	if len(query) > 0 {
		for _, name := range slices.Sorted(maps.Keys(query)) {
			i := slices.IndexFunc(s.query, func(p parameter) bool { return p.name == name })
			if i < 0 {
				return s.unknownParameter(name)
			}
			if err := s.query[i].check(name, query[name]); err != nil {
				return err
			}
		}
	}
	for _, p := range s.query {
		if p.required && !has(query, p.name) {
			return s.missingParameter(p.name)
		}
	}
	return nil
}

// unknownParameter refuses a parameter that the operation does not have, in S3's words where it has some.
func (s *shape) unknownParameter(name string) *Error {
	const invalid = "InvalidRequest"
	switch {
	case s.method == "GET" && s.level == objectLevel && name == "uploads":
		return &Error{Code: invalid, Message: "Key is not expected for the GET method ?uploads subresource"}
	case s.method == "GET" && s.level == objectLevel && name == "versions":
		return &Error{Code: invalid, Message: "There is no such thing as the ?versions sub-resource for a key"}
	case s.name == "PutObject" && name == "partNumber":
		return invalidArgument("partNumber", "partNumber", "This operation does not accept partNumber without uploadId")
	}
	return notUnderstood(invalid, "the query parameter %s of %s", quote(name), s.name)
}

// missingParameter refuses an operation without a parameter that it must have. What is put to an upload is a part, or nothing that S3 knows.
func (s *shape) missingParameter(name string) *Error {
	if s.method == "PUT" && s.with == "uploadId" {
		return &Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
			Detail: s.name + " without the query parameter " + quote(name), Told: []Told{{"Method", s.method}, {"ResourceType", "UPLOAD"}}}
	}
	return notUnderstood("InvalidArgument", "%s without the query parameter %s", s.name, quote(name))
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
