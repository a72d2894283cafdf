// Package sigv4 signs and verifies AWS Signature Version 4: in the Authorization header, in presigned URLs, in S3's bodies in chunks and in the
// forms by which browsers upload to S3.
//
// It owns the canonical request, the string to sign, the signing key, what a request claims (Parse), whether the claim holds (Verify), the chunks of
// a body and their trailers (ChunkReader), a form's policy (Post), and the sentences with which AWS and S3 refuse them. It does not know whose an
// access key id is, hash bodies that are not in chunks (callers say what the payload's hash is) or talk HTTP: Request is its own value. It is pure:
// callers bring the time.
//
// The rules are those of "AWS Signature Version 4 for API requests" in the IAM User Guide and "Authenticating Requests" in the S3 API
// Reference. Where they leave a choice, this package refuses what is ambiguous: anything given twice, both forms at once, a SignedHeaders
// list out of order. Two spellings of one request (%2f and %2F, a+b and a%20b in a query) have one signature, as on AWS.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"
)

// What Signature Version 4 fixes.
const (
	Algorithm       = "AWS4-HMAC-SHA256"
	UnsignedPayload = "UNSIGNED-PAYLOAD" // the payload hash of presigned S3 requests and of S3 uploads that leave the body to TLS
	TimeFormat      = "20060102T150405Z"

	MaxSkew    = 15 * time.Minute
	MinExpires = 1 * time.Second
	MaxExpires = 604800 * time.Second // seven days

	dateFormat = "20060102"
	terminator = "aws4_request"

	// Longer ones are refused before they are read. A session token takes at most 4 KiB, which percent-encoding can triple.
	maxAuthorization = 16 << 10
	maxQuery         = 64 << 10
)

// Request is what a signature covers, without net/http.
type Request struct {
	Method string
	// Path is the path as it came on the wire: percent-encoded, before any cleaning, without the query. Empty means "/".
	Path string
	// RawQuery is the query as it came on the wire, without "?".
	RawQuery string
	// Host is the Host header, or :authority; an entry of that name in Header is ignored.
	Host string
	// Header holds the other headers, names in any case; one name in two cases is refused.
	Header map[string][]string
	// PayloadHash is the lower-case hex SHA-256 of the body, or the literal of x-amz-content-sha256 (UNSIGNED-PAYLOAD) where the service
	// accepts that; the caller has decided.
	PayloadHash string
}

// Scope is a credential scope without its constant end.
type Scope struct {
	Date    string // YYYYMMDD
	Region  string
	Service string
}

// String is the scope as requests carry it: 20150830/us-east-1/iam/aws4_request.
func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// Authorization is what a request claims about itself: parsed, not verified.
type Authorization struct {
	AccessKeyID   string
	Scope         Scope
	SignedHeaders []string // lower case, ascending, each once
	Signature     string
	Time          time.Time     // UTC, whole seconds
	Expires       time.Duration // presigned only: X-Amz-Expires of S3, MaxSkew of every other service
	SessionToken  string        // empty: none
	Presigned     bool
}

// Credentials sign requests.
type Credentials struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string // empty: none
}

// Key is a signing key: derived from a secret access key for one Scope, of no use outside it.
type Key [sha256.Size]byte

// SigningKey derives the key for scope ("Derive a signing key"). It may be kept for as long as the secret may.
func SigningKey(secretAccessKey string, scope Scope) Key {
	key := sum([]byte("AWS4"+secretAccessKey), scope.Date)
	key = sum(key[:], scope.Region)
	key = sum(key[:], scope.Service)
	return sum(key[:], terminator)
}

func sum(key []byte, data string) Key {
	var out Key
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(data))
	mac.Sum(out[:0])
	return out
}

// rules are where services differ in the canonical request.
type rules struct {
	// pathAsIs: the path is taken as it came and encoded once. S3 keys may hold "..", "//" and "%2F"; every other service removes dot
	// segments and encodes the path that is on the wire once more.
	pathAsIs bool
	// tokenUnsigned: the session token was added after signing, which a few services (AWS IoT) expect and this package does not accept.
	tokenUnsigned bool
	// parametersOnly: what a request asks for stands in its parameters alone, so that of the x-amz-* headers only those that sign (the date,
	// the session token) or that pick an operation (the target) have to be signed. IAM and STS, which speak AWS's Query protocol, are so.
	parametersOnly bool
}

func rulesOf(service string) rules {
	return rules{pathAsIs: service == "s3", parametersOnly: service == "iam" || service == "sts"}
}

// mustSign tells whether a header that is there has to be signed.
func (r rules) mustSign(name string) bool {
	if len(name) <= len("x-amz-") || !strings.EqualFold(name[:len("x-amz-")], "x-amz-") {
		return false
	}
	return !r.parametersOnly || strings.EqualFold(name, "x-amz-date") || strings.EqualFold(name, "x-amz-security-token") || strings.EqualFold(name, "x-amz-target")
}
