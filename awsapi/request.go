package awsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

const formContentType = "application/x-www-form-urlencoded"

// request is one HTTP request as this door has read it: bounded and checked, not yet authenticated.
type request struct {
	origin trail.Origin
	// signed is what a signature would cover.
	signed *sigv4.Request
	body   []byte
	// form is set by the protocols that read the query or the body as a form, labels by the one that has parts of paths as parameters.
	form   *form
	labels []string
}

// newRequest takes what stands before the body.
func newRequest(r *http.Request, origin trail.Origin) *request {
	return &request{origin: origin, signed: &sigv4.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header,
	}}
}

// scope is the service that the request says to be signed for; "" without a signature that can be read.
func (q *request) scope() string {
	authorization, err := sigv4.Parse(q.signed)
	if err != nil {
		return ""
	}
	return authorization.Scope.Service
}

func (q *request) header(name string) string { return http.Header(q.signed.Header).Get(name) }

// read reads the whole body, at most MaxBody bytes. The hash that the signature must cover is always that of the bytes that were read:
// UNSIGNED-PAYLOAD is S3's alone, and a false x-amz-content-sha256 fails with the signature.
func (q *request) read(w http.ResponseWriter, r *http.Request) error {
	for _, name := range []string{"Content-Type", "Content-Encoding", "X-Amz-Target"} {
		if len(r.Header.Values(name)) > 1 {
			return badHTTP("%s is given twice", name)
		}
	}
	if encoding := q.header("Content-Encoding"); encoding != "" && encoding != "identity" {
		return badHTTP("Content-Encoding is not supported")
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(body)
	q.body, q.signed.PayloadHash = body, hex.EncodeToString(hash[:])
	return nil
}

// checkLine refuses other methods, and other paths than "/".
func (q *request) checkLine(methods ...string) error {
	if !slices.Contains(methods, q.signed.Method) {
		return &iam.Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource."}
	}
	if q.signed.Path != "/" {
		return &iam.Error{Code: "UnknownOperationException", Message: "There is nothing at this path; calls go to /."}
	}
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var exceeded *http.MaxBytesError
	switch {
	case errors.As(err, &exceeded):
		return nil, tooLarge()
	case err != nil:
		return nil, &iam.Error{Code: "RequestAbortedException", Message: "The request body could not be read.", Err: err}
	}
	return body, nil
}

// mediaType is that of the body.
func (q *request) mediaType() (string, error) {
	return contentType(q.header("Content-Type"))
}

// readForm reads the query and the body of a call of the Query protocol. Only an empty body may lack its content type.
func (q *request) readForm() error {
	if err := q.checkLine(http.MethodPost, http.MethodGet); err != nil {
		return err
	}
	mediaType, err := q.mediaType()
	switch {
	case err != nil:
		return err
	case q.signed.Method == http.MethodGet && len(q.body) > 0:
		return badHTTP("a GET request has no body")
	case mediaType != formContentType && len(q.body) > 0:
		return badHTTP("the Content-Type of a call is %s", formContentType)
	}
	q.form, err = parseForm(q.signed.RawQuery, string(q.body))
	return err
}

// contentType accepts no other character set than UTF-8, because parameters are read as UTF-8.
func contentType(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	mediaType, parameters, err := mime.ParseMediaType(header)
	if err != nil {
		return "", badHTTP("the Content-Type is malformed")
	}
	if charset, given := parameters["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return "", badHTTP("the character set of a call is UTF-8")
	}
	return mediaType, nil
}

func badHTTP(format string, arguments ...any) *iam.Error {
	return &iam.Error{Code: "MalformedHttpRequestException", Message: fmt.Sprintf(format, arguments...)}
}

func tooLarge() *iam.Error {
	return &iam.Error{Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("The request body is larger than %d bytes.", MaxBody)}
}
