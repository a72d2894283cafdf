package awsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
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
	// form is set for the Query protocol, target and body for AWS JSON.
	form   *form
	target string
	body   []byte
}

// readRequest reads the whole body, at most MaxBody bytes. The hash that the signature must cover is always that of the bytes
// that were read: UNSIGNED-PAYLOAD is S3's alone, and a false x-amz-content-sha256 fails with the signature.
func readRequest(w http.ResponseWriter, r *http.Request, origin trail.Origin) (*request, error) {
	if err := checkRequestLine(r); err != nil {
		return nil, err
	}
	for _, name := range []string{"Content-Type", "Content-Encoding", "X-Amz-Target"} {
		if len(r.Header.Values(name)) > 1 {
			return nil, badHTTP("%s is given twice", name)
		}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, badHTTP("Content-Encoding is not supported")
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(body)
	read := &request{origin: origin, signed: &sigv4.Request{
		Method:      r.Method,
		Path:        r.URL.EscapedPath(),
		RawQuery:    r.URL.RawQuery,
		Host:        r.Host,
		Header:      r.Header,
		PayloadHash: hex.EncodeToString(hash[:]),
	}}
	return read, read.decode(r, body)
}

func checkRequestLine(r *http.Request) error {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return &iam.Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource."}
	}
	if r.URL.EscapedPath() != "/" {
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

// decode chooses the protocol by the content type, which only an empty body may lack.
func (q *request) decode(r *http.Request, body []byte) error {
	mediaType, err := contentType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodGet && len(body) > 0:
		return badHTTP("a GET request has no body")
	case mediaType == jsonContentType && r.Method == http.MethodPost:
		if r.URL.RawQuery != "" {
			return badHTTP("a JSON request has no query")
		}
		q.target, q.body = r.Header.Get("X-Amz-Target"), body
		return nil
	case mediaType == formContentType || len(body) == 0:
		q.form, err = parseForm(r.URL.RawQuery, string(body))
		return err
	}
	return badHTTP("the Content-Type of a call is %s", formContentType)
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
