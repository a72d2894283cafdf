// Package sigv4 STUB: API agreed between packages. The owner replaces every body and comment.
package sigv4

import "time"

// Request is what a signature covers, without net/http.
type Request struct {
	Method string
	// Path is the path as it came on the wire: percent-encoded, before any cleaning, without the query.
	Path string
	// RawQuery is the query as it came on the wire, without "?".
	RawQuery string
	Host     string
	// Header holds the other headers, names in any case.
	Header map[string][]string
	// PayloadHash is the lower-case hex SHA-256 of the body, or the literal of x-amz-content-sha256
	// (UNSIGNED-PAYLOAD) where the service accepts that; the caller has decided.
	PayloadHash string
}

// Scope is a credential scope.
type Scope struct{ Date, Region, Service string }

// Authorization is what a request claims about itself: parsed, not verified.
type Authorization struct {
	AccessKeyID   string
	Scope         Scope
	SignedHeaders []string
	Signature     string
	Time          time.Time
	Expires       time.Duration // presigned only
	SessionToken  string
	Presigned     bool
}

// ErrUnsigned: the request carries no signature at all.
var ErrUnsigned error

// Parse reads the Authorization header or the presigned query. Errors carry AWS's code and message (*Error).
func Parse(r *Request) (*Authorization, error) { return nil, nil }

// Error is a refusal with the code and sentence that AWS uses.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return "" }

// Verify checks r's signature with the secret access key, its date against now (15 minutes; presigned: Expires),
// that host and every x-amz-* header is signed. Errors are *Error.
func Verify(r *Request, a *Authorization, secretAccessKey string, now time.Time) error { return nil }

// Credentials sign requests.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Sign adds X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization to r.Header.
func Sign(r *Request, c Credentials, region, service string, at time.Time) error { return nil }

// Presign returns r's query with the signature added.
func Presign(r *Request, c Credentials, region, service string, at time.Time, expires time.Duration) (string, error) {
	return "", nil
}
