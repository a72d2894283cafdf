package sigv4

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error is a refusal with the code and sentence that AWS uses. S3 answers the same faults in words of its own.
type Error struct {
	Code, Message     string // of STS, IAM and the other query and JSON services
	S3Code, S3Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrUnsigned is returned, as it is, for a request that carries no signature at all. It is an *Error.
var ErrUnsigned error = &Error{
	Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token",
	S3Code: "AccessDenied", S3Message: "Access Denied",
}

// Mistakes of the signing program, not refusals.
var (
	errNoCredentials = errors.New("signing request: access key id or secret access key is empty")
	errNoPayloadHash = errors.New("signing request: payload hash is empty")
)

const (
	incomplete    = "IncompleteSignature"
	doesNotMatch  = "SignatureDoesNotMatch"
	s3Malformed   = "AuthorizationHeaderMalformed"
	s3Query       = "AuthorizationQueryParametersError"
	s3Denied      = "AccessDenied"
	s3Argument    = "InvalidArgument"
	s3HeaderIntro = "The authorization header is malformed; "
)

// s3Form picks S3's words for one fault in either form of signature.
func s3Form(presigned bool, header, query string) (code, message string) {
	if presigned {
		return s3Query, query
	}
	return s3Malformed, s3HeaderIntro + header
}

// malformed is for whatever cannot be read. message is a whole sentence.
func malformed(presigned bool, message string) *Error {
	e := &Error{Code: incomplete, Message: message}
	e.S3Code, e.S3Message = s3Form(presigned, message, message)
	return e
}

func errCredential(presigned bool, credential string) *Error {
	e := &Error{Code: incomplete, Message: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got " + quote(credential)}
	expecting := `expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`
	e.S3Code, e.S3Message = s3Form(presigned,
		"the Credential is mal-formed; "+expecting,
		"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "+expecting)
	return e
}

func errTerminator(presigned bool, got string) *Error {
	e := &Error{Code: doesNotMatch, Message: "Credential should be scoped with a valid terminator: 'aws4_request', not " + quote(got) + "."}
	words := "incorrect terminal " + quote(got) + `. This endpoint uses "aws4_request".`
	e.S3Code, e.S3Message = s3Form(presigned, words, "Error parsing the X-Amz-Credential parameter; "+words)
	return e
}

func errScopeDate(a *Authorization) *Error {
	at := a.Time.Format(TimeFormat)
	e := &Error{Code: doesNotMatch, Message: fmt.Sprintf(
		"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
		a.Scope.Date, a.Time.Format(dateFormat), at)}
	words := fmt.Sprintf(`Invalid credential date "%s". This date is not the same as X-Amz-Date: "%s".`, a.Scope.Date, at[:len("20060102")])
	e.S3Code, e.S3Message = s3Form(a.Presigned, words, words)
	return e
}

func errAlgorithm(presigned bool, algorithm string) *Error {
	e := &Error{
		Code: incomplete, Message: "Unsupported AWS 'algorithm': " + quote(algorithm) + ".",
		S3Code: "InvalidRequest", S3Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
	}
	if presigned {
		e.S3Code, e.S3Message = s3Query, `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`
	}
	return e
}

// errMissing lists absent parts of the Authorization header, one sentence each, as AWS does.
func errMissing(names []string, date bool) *Error {
	var sentences []string
	for _, name := range names {
		sentences = append(sentences, "Authorization header requires '"+name+"' parameter.")
	}
	if !date {
		sentences = append(sentences, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	e := &Error{Code: incomplete, Message: strings.Join(sentences, " ")}
	if len(names) == 0 {
		e.S3Code, e.S3Message = s3Denied, "AWS authentication requires a valid Date or x-amz-date header"
		return e
	}
	e.S3Code = s3Malformed
	e.S3Message = s3HeaderIntro + "the authorization header requires three components: Credential, SignedHeaders, and Signature."
	return e
}

// errMissingParameters is errMissing for presigned requests.
func errMissingParameters(names []string) *Error {
	var text strings.Builder
	for _, name := range names {
		text.WriteString("AWS query-string parameters must include '" + name + "'. ")
	}
	text.WriteString("Re-examine the query-string parameters.")
	return &Error{
		Code: incomplete, Message: text.String(), S3Code: s3Query,
		S3Message: "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
	}
}

func errDate(presigned bool) *Error {
	e := &Error{
		Code: incomplete, Message: "Date must be in ISO-8601 'basic format'.",
		S3Code: s3Denied, S3Message: "AWS authentication requires a valid Date or x-amz-date header",
	}
	if presigned {
		e.S3Code, e.S3Message = s3Query, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`
	}
	return e
}

func errExpires(message string) *Error {
	return &Error{Code: incomplete, Message: message, S3Code: s3Query, S3Message: message}
}

// errBothForms: a request is signed once.
func errBothForms() *Error {
	return &Error{
		Code: incomplete, Message: "Only one of the Authorization header and the X-Amz-* query-string parameters may sign a request.",
		S3Code: s3Argument, S3Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
	}
}

// errTwice: two values for what has one; which of them counts must not depend on who reads.
func errTwice(name string) *Error {
	message := quote(name) + " must be given only once."
	return &Error{Code: incomplete, Message: message, S3Code: s3Argument, S3Message: message}
}

func errMisspelled(name, spelling string) *Error {
	message := quote(name) + " must be spelled " + spelling + "."
	return &Error{Code: incomplete, Message: message, S3Code: s3Argument, S3Message: message}
}

func errTooLong(what string) *Error {
	message := "The " + what + " is too long."
	return &Error{Code: incomplete, Message: message, S3Code: "RequestHeaderSectionTooLarge", S3Message: message}
}

func errNotSigned(name string) *Error {
	display := quote(name)
	if name == "host" {
		display = "'Host' or ':authority'"
	}
	return &Error{
		Code: doesNotMatch, Message: display + " must be a 'SignedHeader' in the AWS Authorization.",
		S3Code: s3Denied, S3Message: "There were headers present in the request which were not signed",
	}
}

// errExpired answers a request whose time plus span lies before now.
func errExpired(a *Authorization, now time.Time, span time.Duration) *Error {
	e := &Error{
		Code: doesNotMatch, Message: fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)",
			stamp(a.Time), stamp(now.Add(-span)), stamp(now), minutes(span)),
		S3Code: "RequestTimeTooSkewed", S3Message: "The difference between the request time and the current time is too large.",
	}
	if a.Presigned {
		e.S3Code, e.S3Message = s3Denied, "Request has expired"
	}
	return e
}

// errNotYet answers a request from further in the future than clocks may differ.
func errNotYet(a *Authorization, now time.Time) *Error {
	e := &Error{
		Code: doesNotMatch, Message: fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
			stamp(a.Time), stamp(now.Add(MaxSkew)), stamp(now), minutes(MaxSkew)),
		S3Code: "RequestTimeTooSkewed", S3Message: "The difference between the request time and the current time is too large.",
	}
	if a.Presigned {
		e.S3Code, e.S3Message = s3Denied, "Request is not yet valid"
	}
	return e
}

// errMismatch does not send back the canonical request, as AWS does: it holds the session token.
func errMismatch() *Error {
	return &Error{
		Code: doesNotMatch, Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		S3Code: doesNotMatch, S3Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
	}
}

func stamp(t time.Time) string { return t.UTC().Format(TimeFormat) }

func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d sec", d/time.Second)
}

// quote shows a client its own input: bounded, and without control characters.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "..."
	}
	return "'" + strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s) + "'"
}
