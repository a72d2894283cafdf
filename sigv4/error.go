package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal with the code and sentence that AWS uses. S3 answers the same faults in words of its own.
type Error struct {
	Code, Message     string // of STS, IAM and the other query and JSON services
	S3Code, S3Message string
	// S3Details are what S3's error document has beside those two: the client's own input, and what is calculated of it without a secret.
	S3Details []Detail
}

// Detail is an element of S3's error documents.
type Detail struct{ Name, Value string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrUnsigned is returned, as it is, for a request that carries no signature at all. It is an *Error.
var ErrUnsigned error = &Error{
	Code: missingToken, Message: unsigned,
	S3Code: "AccessDenied", S3Message: "Access Denied",
}

const unsigned = "Request is missing Authentication Token"

// Mistakes of the signing program, not refusals.
var (
	errNoCredentials = errors.New("signing request: access key id or secret access key is empty")
	errNoPayloadHash = errors.New("signing request: payload hash is empty")
)

const (
	missingToken  = "MissingAuthenticationToken"
	incomplete    = "IncompleteSignature"
	doesNotMatch  = "SignatureDoesNotMatch"
	s3Malformed   = "AuthorizationHeaderMalformed"
	s3Query       = "AuthorizationQueryParametersError"
	s3Denied      = "AccessDenied"
	s3Argument    = "InvalidArgument"
	s3HeaderIntro = "The authorization header is malformed; "
	s3Legacy      = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
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

// errPart is for a part of the Authorization header without an equals sign. Like errMissing it shows the header's hash alone: what stands
// there may be somebody's bearer token or password.
func errPart(part, header string) *Error {
	return &Error{
		Code: incomplete, Message: "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed(header) + "'.",
		S3Code: s3Malformed, S3Message: s3HeaderIntro + `the authorization component "` + shown(part) + `" is malformed.`,
	}
}

func errTerminator(presigned bool, got string) *Error {
	e := &Error{Code: doesNotMatch, Message: "Credential should be scoped with a valid terminator: 'aws4_request'."}
	words := `incorrect terminal "` + shown(got) + `". This endpoint uses "aws4_request".`
	e.S3Code, e.S3Message = s3Form(presigned, words, "Error parsing the X-Amz-Credential parameter; "+words)
	return e
}

// errScopeDate is for a scope of another day than the request, which may be no day at all.
func errScopeDate(a *Authorization) *Error {
	e := &Error{Code: doesNotMatch, Message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."}
	words := fmt.Sprintf(`Invalid credential date "%s". This date is not the same as X-Amz-Date: "%s".`, a.Scope.Date, a.Time.Format(dateFormat))
	if isDate(a.Scope.Date) {
		e.S3Code, e.S3Message = s3Form(a.Presigned, words, words)
		return e
	}
	words = `incorrect date format "` + shown(a.Scope.Date) + `". This date in the credential must be in the format "yyyyMMdd".`
	if a.Scope.Service != "s3" { // which S3 tells first
		words = wrongService(a.Scope.Service)
	}
	e.S3Code, e.S3Message = s3Form(a.Presigned, words, "Error parsing the X-Amz-Credential parameter; "+words)
	return e
}

// wrongService is what S3 says of a scope of another service.
func wrongService(service string) string {
	return `incorrect service "` + shown(service) + `". This endpoint belongs to "s3".`
}

// errAlgorithm is for an Authorization header of another scheme. To the query and JSON services only those of AWS are one. Of what follows the
// scheme, which may be a password, S3 repeats all and this package nothing.
func errAlgorithm(algorithm string, more bool) *Error {
	e := &Error{
		Code: missingToken, Message: unsigned, S3Code: s3Argument, S3Message: "Unsupported Authorization Type",
		S3Details: []Detail{{"ArgumentName", "Authorization"}, {"ArgumentValue", shown(algorithm)}},
	}
	switch {
	case !more:
		e.S3Message = "Authorization header is invalid -- one and only one ' ' (space) required."
	case algorithm == "AWS":
		e.Code, e.Message = incomplete, "AWS Signature Version 2 is not supported."
		e.S3Code, e.S3Message, e.S3Details = "InvalidRequest", s3Legacy, nil
	}
	return e
}

// errQueryAlgorithm is errAlgorithm for presigned requests.
func errQueryAlgorithm(algorithm string) *Error {
	if algorithm == "" {
		e := errMissingParameters([]string{"X-Amz-Algorithm"})
		e.Code, e.Message = missingToken, unsigned
		return e
	}
	e := &Error{
		Code: missingToken, Message: "Missing Authentication Token",
		S3Code: s3Query, S3Message: `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`,
	}
	if algorithm == "AWS4-ECDSA-P256-SHA256" { // which S3 takes and this package does not
		e.S3Message = `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`
	}
	return e
}

// errMissing lists absent parts of the Authorization header, one sentence each, as AWS does, and tells the header's hash. S3 names one of them
// where the header has three components, as it must.
func errMissing(names []string, components int, date bool, header string) *Error {
	var text strings.Builder
	for _, name := range names {
		text.WriteString("Authorization header requires '" + name + "' parameter. ")
	}
	if !date {
		text.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	text.WriteString("(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(header))
	e := &Error{Code: incomplete, Message: text.String()}
	if len(names) == 0 {
		e.S3Code, e.S3Message = s3Denied, "AWS authentication requires a valid Date or x-amz-date header"
		return e
	}
	e.S3Code = s3Malformed
	e.S3Message = s3HeaderIntro + "the authorization header requires three components: Credential, SignedHeaders, and Signature."
	if components == 3 {
		e.S3Message = s3HeaderIntro + "missing " + names[0] + "."
	}
	return e
}

func hashed(header string) string {
	hash := sha256.Sum256([]byte(header))
	return base64.StdEncoding.EncodeToString(hash[:])
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

func errDate(presigned bool, got string) *Error {
	e := &Error{
		Code: incomplete, Message: "Date must be in ISO-8601 'basic format'. Got " + quote(got) + ". See http://en.wikipedia.org/wiki/ISO_8601",
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

// errNotSigned is for headers that had to be signed, in the alphabet's order. The first of them is named; to S3's clients all are.
func errNotSigned(names ...string) *Error {
	display := quote(names[0])
	if names[0] == "host" {
		display = "'Host' or ':authority'"
	}
	const most = 16
	return &Error{
		Code: doesNotMatch, Message: display + " must be a 'SignedHeader' in the AWS Authorization.",
		S3Code: s3Denied, S3Message: "There were headers present in the request which were not signed",
		S3Details: []Detail{{"HeadersNotSigned", clean(strings.Join(names[:min(len(names), most)], ", "))}},
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
		e.S3Details = []Detail{{"X-Amz-Expires", strconv.Itoa(int(span / time.Second))}, {"Expires", s3Stamp(a.Time.Add(span))}, {"ServerTime", s3Stamp(now)}}
	} else {
		e.S3Details = skew(a, now)
	}
	return e
}

// skew is what S3 tells of a time too far from its own.
func skew(a *Authorization, now time.Time) []Detail {
	return []Detail{{"RequestTime", stamp(a.Time)}, {"ServerTime", s3Stamp(now)}, {"MaxAllowedSkewMilliseconds", strconv.Itoa(int(MaxSkew / time.Millisecond))}}
}

// s3Stamp is a time as S3's error documents have it.
func s3Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// errNotYet answers a request from further in the future than clocks may differ.
func errNotYet(a *Authorization, now time.Time) *Error {
	e := &Error{
		Code: doesNotMatch, Message: fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
			stamp(a.Time), stamp(now.Add(MaxSkew)), stamp(now), minutes(MaxSkew)),
		S3Code: "RequestTimeTooSkewed", S3Message: "The difference between the request time and the current time is too large.",
	}
	if a.Presigned {
		e.S3Code, e.S3Message = s3Denied, "Request is not yet valid"
	} else {
		e.S3Details = skew(a, now)
	}
	return e
}

// errSignature is errMismatch of a request. S3 sends back the string to sign, which shows a client what it should have signed; the canonical request, as
// AWS sends it too, stays here: it holds the session token.
func errSignature(a *Authorization, stringToSign string) *Error {
	e := errMismatch()
	e.S3Details = []Detail{{"AWSAccessKeyId", shown(a.AccessKeyID)}, {"StringToSign", clean(stringToSign)}, {"SignatureProvided", shown(a.Signature)},
		{"StringToSignBytes", fmt.Sprintf("% x", stringToSign)}}
	return e
}

// errMismatch is for a signature that is not the one that was calculated.
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

// quote shows a client its own input.
func quote(s string) string { return "'" + shown(s) + "'" }

// shown is a client's own input, bounded and without control characters.
func shown(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "..."
	}
	return clean(strings.ReplaceAll(s, "\n", "?"))
}

// clean is text without control characters, but for line feeds.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s)
}
