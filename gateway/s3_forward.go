package gateway

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
)

// maxBackendError bounds what is kept of a backend's error.
const maxBackendError = 64 << 10

// forward has the server answer the operation. The request is made of the operation alone, so that nothing of the client's that was not
// classified can reach the server: no Authorization, no session token, no forwarding header, no account.
func (x *exchange) forward(w http.ResponseWriter, operation awsmodel.S3Operation, body *verifiedBody) error {
	canonical := operation.Request()
	path := "/" + operation.Bucket
	if operation.Key != "" {
		path += "/" + operation.Key
	}
	header := make(http.Header, len(canonical.Header)+4)
	for name, values := range canonical.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if origins := x.r.Header["Origin"]; len(origins) == 1 && x.s3.external() { // which asks for nothing but the answer's CORS headers
		header["Origin"] = origins
	}
	f := forwarded{body: body, region: x.origin.Region, account: x.caller.Principal.Account, request: &http.Request{
		Method:     canonical.Method,
		URL:        &url.URL{Path: path, RawPath: canonical.Path, RawQuery: canonical.RawQuery},
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Host:       "s3",
		RemoteAddr: x.r.RemoteAddr,
		Header:     header,
	}}
	if operation.Bucket != "" && operation.Name != "CreateBucket" {
		f.owner, _ = x.ownerOf(operation.Bucket)
		f.account = f.owner
	}
	if source, ok := operation.Header["x-amz-copy-source"]; ok {
		bucket, _, _ := strings.Cut(source, "/")
		f.sourceOwner, _ = x.ownerOf(bucket)
	}
	return x.s3.answer(x.r.Context(), w, f)
}

// answer is the server's way to the client. A success streams through; an error is held back, because its shape, its request id and, for
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
	if !isSuccess(status) || a.body.failure() != nil || a.endsLate() {
		a.held = true
		return
	}
	a.note(status, "", "")
	a.learn()
	a.release(status)
}

// release sends the header of a success.
func (a *answer) release(status int) {
	a.giveTime() // for a header that nothing follows as well
	header := a.w.Header()
	a.passHeader(header)
	a.identify(header)
	if header.Get("Content-Type") == "" && status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Type", "application/xml")
		if a.operation.Name == "GetObject" || a.operation.Name == "HeadObject" {
			header.Set("Content-Type", "binary/octet-stream") // S3's default; guessing would let an object become a page
		}
	}
	a.w.WriteHeader(status)
}

// isSuccess tells what streams through. A server that sends elsewhere has done nothing; where else it has things is not for clients to know.
func isSuccess(status int) bool {
	return status < http.StatusMultipleChoices || status == http.StatusNotModified
}

// passHeader copies what belongs to the client.
func (a *answer) passHeader(header http.Header) {
	for name, values := range a.Header() {
		name = http.CanonicalHeaderKey(name)
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"):
			header[strings.ToLower(name)] = values // as S3 spells it: boto3 shows the name as it comes
		case a.passes(name):
			header[name] = values
		}
	}
	if a.operation.Name == "CreateBucket" {
		header.Set("Location", "/"+a.operation.Bucket)
	}
}

// passes tells by their canonical names the headers of a server's answer that tell of the object rather than of the server.
func (x *exchange) passes(name string) bool {
	switch name {
	case "X-Amz-Request-Id", "X-Amz-Id-2":
		return false
	case "Accept-Ranges", "Allow", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Range",
		"Content-Type", "Etag", "Expires", "Last-Modified", "Retry-After", "Vary", "X-Content-Type-Options":
		return true
	}
	return strings.HasPrefix(name, "X-Amz-") || strings.HasPrefix(name, "Access-Control-") && x.s3.external()
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if !a.held {
		a.giveTime()
		return a.w.Write(p)
	}
	if room := maxBackendError - a.kept.Len(); room > 0 {
		a.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// ReadFrom implements io.ReaderFrom, so that an object's file goes to the socket without a copy, which for a small one would cost more than the copy:
// its header would leave before it, on its own.
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	a.WriteHeader(http.StatusOK)
	if a.held {
		return io.Copy(struct{ io.Writer }{a}, r)
	}
	a.giveTime()
	whole, ok := r.(*io.LimitedReader)
	if !ok {
		whole = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	if whole.N <= small {
		return io.Copy(struct{ io.Writer }{a.w}, whole)
	}
	var sent int64
	for {
		n, err := io.Copy(a.w, &io.LimitedReader{R: whole.R, N: min(whole.N, answerPart)})
		sent, whole.N = sent+n, whole.N-n
		if err != nil || n < answerPart || whole.N == 0 {
			return sent, err
		}
		a.giveTime()
	}
}

// answerPart is how much of a longer answer is sent at a time.
const answerPart = 256 << 10

// giveTime bounds how long the client may take to receive the next part of the answer.
func (a *answer) giveTime() {
	_ = http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(a.c.DownloadPatience))
}

// finish gives the answer that was held back, after the server has answered, or tells the client that it did not.
func (a *answer) finish(err error) {
	released := a.status != 0 && !a.held
	if !released {
		a.giveTime()
	}
	if failure := a.body.failure(); failure != nil {
		if released { // a success was sent before the body's end was seen
			a.note(a.status, codeOf(bodyError(failure)), failure.Error())
			panic(http.ErrAbortHandler)
		}
		a.refuse(bodyError(failure))
		return
	}
	if broken, ok := errors.AsType[*interruption](err); ok {
		a.interrupted(broken, released)
		return
	}
	a.settle()
	switch {
	case err != nil:
		a.refuse(internalError(err))
	case !a.held:
		a.WriteHeader(http.StatusOK)
	case isSuccess(a.status):
		a.finishLate()
	case a.status == http.StatusNotFound && a.hidesAbsence():
	default:
		a.passError(a.status, a.header, a.kept.Bytes())
	}
}

// interrupted answers for a server that did not. What of its answer is with the client already must not look complete.
func (a *answer) interrupted(broken *interruption, released bool) {
	a.explain(broken)
	if released {
		a.note(a.status, broken.code, broken.explanation)
		panic(http.ErrAbortHandler)
	}
	a.kept.Reset()
	a.refuse(a.unavailable(broken))
}

// explain tells why there was no answer: the trail, and the operator where it is not the client's doing.
func (x *exchange) explain(broken *interruption) {
	x.event.Explanation = broken.explanation
	if broken.cause != nil && x.r.Context().Err() == nil {
		x.log(broken.explanation, broken.cause)
	}
}

// hidesAbsence denies a caller who may not list the bucket to learn that an object does not exist, as S3 does
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions").
func (a *answer) hidesAbsence() bool {
	switch a.operation.Name {
	case "GetObject", "HeadObject", "GetObjectAttributes", "CopyObject", "UploadPartCopy":
	default:
		return false
	}
	if answered := readError(a.kept.Bytes(), a.status); answered.Code != "NoSuchKey" {
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
