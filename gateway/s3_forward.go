package gateway

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// maxBackendError bounds what is kept of a backend's error.
const maxBackendError = 64 << 10

// forward has the backend answer the operation. The request is made of the operation alone, so that nothing of the client's that was not
// classified can reach the backend: no Authorization, no session token, no forwarding header, no account.
func (x *exchange) forward(w http.ResponseWriter, operation awsmodel.S3Operation, body *verifiedBody) {
	canonical := operation.Request()
	path := "/" + operation.Bucket
	if operation.Key != "" {
		path += "/" + operation.Key
	}
	header := http.Header{}
	for name, values := range canonical.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	header.Set(x.c.AccountHeader, x.caller.Principal.Account)
	if operation.Bucket != "" && operation.Name != "CreateBucket" {
		// The owner that was decided upon, in case the bucket becomes another's before the backend opens it.
		header.Set("X-Amz-Expected-Bucket-Owner", x.caller.Principal.Account)
	}
	if header.Get("X-Amz-Copy-Source") != "" {
		header.Set("X-Amz-Source-Expected-Bucket-Owner", x.caller.Principal.Account)
	}
	forwarded := &http.Request{
		Method:     canonical.Method,
		URL:        &url.URL{Path: path, RawPath: canonical.Path, RawQuery: canonical.RawQuery},
		RequestURI: canonical.Path,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Host:       "s3",
		RemoteAddr: x.r.RemoteAddr,
		Header:     header,
		Body:       http.NoBody,
	}
	if canonical.RawQuery != "" {
		forwarded.RequestURI += "?" + canonical.RawQuery
	}
	if body != nil {
		forwarded.Body, forwarded.ContentLength = body, body.length
		header.Set("Content-Length", strconv.FormatInt(body.length, 10))
	}
	x.c.S3.ServeHTTP(w, forwarded.WithContext(x.r.Context()))
}

// answer is the backend's way to the client. A success streams through; an error is held back, because its shape, its request id and, for
// an object that the caller may not know to be absent, its meaning are the gateway's to give.
type answer struct {
	*exchange
	w      http.ResponseWriter
	body   *verifiedBody // nil: none
	header http.Header
	status int // 0: not answered yet
	held   bool
	kept   bytes.Buffer
}

// Header implements http.ResponseWriter. It is not the client's header before the status is known.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 || status < http.StatusOK {
		return
	}
	a.status = status
	if status >= http.StatusBadRequest || a.body != nil && a.body.err != nil {
		a.held = true
		return
	}
	a.note(status, "", "")
	a.release(status)
}

// release sends the header of a success. What tells of the backend rather than of the object stays here.
func (a *answer) release(status int) {
	header := a.w.Header()
	for name, values := range a.Header() {
		if !strings.HasPrefix(name, "Access-Control-") && name != "Server" {
			header[name] = values
		}
	}
	a.identify(header)
	if header.Get("Content-Type") == "" && status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Type", "application/xml")
		if a.operation.Name == "GetObject" || a.operation.Name == "HeadObject" {
			header.Set("Content-Type", "binary/octet-stream") // S3's default; guessing would let an object become a page
		}
	}
	a.w.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if !a.held {
		return a.w.Write(p)
	}
	if room := maxBackendError - a.kept.Len(); room > 0 {
		a.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// ReadFrom implements io.ReaderFrom, so that an object's file goes to the socket without a copy.
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	a.WriteHeader(http.StatusOK)
	if a.held {
		return io.Copy(struct{ io.Writer }{a}, r)
	}
	return io.Copy(a.w, r)
}

// finish gives the answer that was held back, after the backend has returned.
func (a *answer) finish() {
	if a.body != nil && a.body.err != nil {
		if a.status != 0 && !a.held { // a success was sent before the body's end was seen
			a.note(a.status, bodyError(a.body.err).Code, a.body.err.Error())
			panic(http.ErrAbortHandler)
		}
		a.refuse(bodyError(a.body.err))
		return
	}
	if !a.held {
		a.WriteHeader(http.StatusOK)
		return
	}
	if a.status == http.StatusNotFound && a.hidesAbsence() {
		return
	}
	a.passError(a.status, a.kept.Bytes())
}

// passError gives the client a backend's error in S3's shape. Its own failures are told to the operator only.
func (x *exchange) passError(status int, document []byte) {
	code, message := readError(document, status)
	if status >= http.StatusInternalServerError && code != "NotImplemented" {
		x.log("serving S3", fmt.Errorf("the backend answered %d %s: %s", status, code, message))
		code, message = "InternalError", internalError(nil).Message
	}
	x.note(status, code, message)
	x.writeError(status, code, message)
}

// hidesAbsence denies a caller who may not list the bucket to learn that an object does not exist, as S3 does
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions").
func (a *answer) hidesAbsence() bool {
	switch a.operation.Name {
	case "GetObject", "HeadObject", "CopyObject", "UploadPartCopy":
	default:
		return false
	}
	if code, _ := readError(a.kept.Bytes(), a.status); code != "NoSuchKey" {
		return false
	}
	decided := a.event
	if err := a.mayList(); err != nil {
		a.event.Explanation = "there is no such object, which only a caller who may list the bucket is told"
		a.refuse(err)
		return true
	}
	a.event = decided
	return false
}

// readError finds the code and message in a backend's error, or makes them from the status.
func readError(document []byte, status int) (code, message string) {
	var e errorDocument
	if xml.Unmarshal(document, &e) == nil && e.Code != "" {
		return e.Code, e.Message
	}
	switch {
	case status == http.StatusNotFound:
		return "NoSuchKey", "The specified key does not exist."
	case status >= http.StatusInternalServerError:
		return "InternalError", internalError(nil).Message
	}
	return "InvalidRequest", http.StatusText(status)
}
