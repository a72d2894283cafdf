package services

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"strings"

	"github.com/rclone/gofakes3"
)

// refused is an error in S3's words, with the status that gofakes3 would not find for its code.
type refused struct {
	gofakes3.ErrorResponse
	status int
}

func refusal(status int, code, message string) *refused {
	return &refused{gofakes3.ErrorResponse{Code: gofakes3.ErrorCode(code), Message: message}, status}
}

var errDenied = refusal(http.StatusForbidden, "AccessDenied", "Access Denied")

// words are S3's sentences for codes that gofakes3 answers without one ("Error responses" in the S3 API Reference), and statuses that it has
// wrong or lacks.
var words = map[string]struct {
	status  int // 0: as it is
	message string
}{
	"BadDigest":               {0, "The Content-MD5 or checksum value that you specified did not match what the server received."},
	"BucketAlreadyExists":     {0, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	"BucketNotEmpty":          {0, "The bucket you tried to delete is not empty"},
	"AccessDenied":            {403, ""},
	"BucketAlreadyOwnedByYou": {409, ""},
	"EntityTooSmall":          {400, ""},
	"IncompleteBody":          {0, "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	"InternalError":           {0, "We encountered an internal error. Please try again."},
	"InvalidArgument":         {0, "Invalid Argument"},
	"InvalidDigest":           {0, "The Content-MD5 you specified was invalid"},
	"InvalidPart":             {0, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."},
	"InvalidPartOrder":        {0, "The list of parts was not in ascending order. Parts must be ordered by part number."},
	"InvalidRange":            {0, "The requested range is not satisfiable"},
	"InvalidToken":            {0, "The continuation token provided is incorrect"},
	"KeyTooLongError":         {0, "Your key is too long"},
	"MalformedXML":            {0, "The XML you provided was not well-formed or did not validate against our published schema"},
	"MetadataTooLarge":        {0, "Your metadata headers exceed the maximum allowed metadata size"},
	"MethodNotAllowed":        {405, "The specified method is not allowed against this resource."},
	"MissingContentLength":    {0, "You must provide the Content-Length HTTP header."},
	"NoSuchBucket":            {0, "The specified bucket does not exist"},
	"NoSuchKey":               {0, "The specified key does not exist."},
	"NoSuchUpload":            {0, "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	"NotImplemented":          {0, "A header you provided implies functionality that is not implemented"},
	"PreconditionFailed":      {0, "At least one of the pre-conditions you specified did not hold"},
}

// errorBody is S3's error document; the fields after Message are those that gofakes3 fills.
type errorBody struct {
	XMLName       xml.Name `xml:"Error"`
	Code          string
	Message       string
	ArgumentName  string `xml:",omitempty"`
	ArgumentValue string `xml:",omitempty"`
	Resource      string
	RequestID     string `xml:"RequestId"`
}

// answer stands between gofakes3 and the client: it lets successes through with S3's headers, and holds errors back until they are put
// into S3's words.
type answer struct {
	w       http.ResponseWriter
	request *http.Request
	body    *body               // nil: none
	rewrite func([]byte) []byte // of a document that fits into one Write, or of its beginning; nil: none
	header  http.Header
	status  int // 0: not yet written
	held    bytes.Buffer
}

func newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	return &answer{w: w, request: r, header: http.Header{}}
}

// Header is gofakes3's own header map: some of what it sets is not for clients.
func (a *answer) Header() http.Header { return a.header }

// failed reports whether the answer is an error with a body, which is held back.
func (a *answer) failed() bool { return a.status >= 400 }

func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if !a.failed() {
		a.copyHeader()
		a.w.WriteHeader(status)
	}
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		if a.header.Get("Content-Type") == "" && bytes.HasPrefix(p, []byte("<?xml")) {
			a.header.Set("Content-Type", "application/xml") // gofakes3 sets it after its first Write
		}
		a.WriteHeader(http.StatusOK)
	}
	switch {
	case a.failed():
		return a.held.Write(p)
	case a.rewrite != nil:
		if _, err := a.w.Write(a.rewrite(p)); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return a.w.Write(p)
}

// ReadFrom lets an object's file go to the connection without a copy.
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	a.WriteHeader(http.StatusOK)
	if a.failed() {
		return io.Copy(&a.held, r)
	}
	return io.Copy(a.w, r)
}

// copyHeader gives the client what gofakes3 set, but for the request ids (the door in front has its own), CORS (nobody configured it) and a
// delete marker that is none.
func (a *answer) copyHeader() {
	to := a.w.Header()
	for name, values := range a.header {
		switch {
		case strings.HasPrefix(name, "Access-Control-") || name == "X-Amz-Id-2" || name == "X-Amz-Delete-Marker" && values[0] == "false":
			continue
		case name == "X-Amz-Request-Id" && to.Get(name) != "":
			continue
		}
		to[name] = values
	}
	if etag := to.Get("ETag"); etag != "" {
		to.Set("ETag", showETag(etag))
	}
	if a.body != nil && a.body.sum != nil && !a.failed() {
		to.Set(a.body.checksum, a.request.Header.Get(a.body.checksum))
	}
}

// explain puts an error into the words of S3.
func explain(err error) (status int, e errorBody) {
	switch err := err.(type) {
	case *refused:
		return err.status, errorBody{Code: string(err.Code), Message: err.Message}
	case *gofakes3.ErrorInvalidArgumentResponse:
		return http.StatusBadRequest, errorBody{Code: string(err.Code), Message: err.Message, ArgumentName: err.ArgumentName, ArgumentValue: err.ArgumentValue}
	case gofakes3.Error:
		return err.ErrorCode().Status(), errorBody{Code: string(err.ErrorCode())}
	}
	return http.StatusInternalServerError, errorBody{Code: "InternalError"}
}

// refuse answers with an error. Nothing may have been written before.
func (a *answer) refuse(err error) {
	status, e := explain(err)
	text, _ := xml.Marshal(e) // strings marshal
	a.WriteHeader(status)
	a.Write(text)
}

// encode answers with an XML document, or with err.
func (a *answer) encode(document any, err error) {
	var text []byte
	if err == nil {
		text, err = xml.Marshal(document)
	}
	if err != nil {
		a.refuse(err)
		return
	}
	a.header.Set("Content-Type", "application/xml")
	a.Write(append([]byte(xml.Header), text...))
}

// finish sends the error that was held back, or the headers of a success that has no body.
func (a *answer) finish() {
	a.WriteHeader(http.StatusOK) // does nothing where there was a status
	if !a.failed() {
		return
	}
	e := a.heldError()
	if known, ok := words[e.Code]; ok {
		if known.status != 0 {
			a.status = known.status
		}
		if e.Message == "" || e.Message == e.Code {
			e.Message = known.message
		}
	}
	a.header.Del("Content-Length")
	a.header.Del("ETag")
	a.copyHeader()
	if a.request.Method == http.MethodHead {
		a.w.WriteHeader(a.status)
		return
	}
	e.Resource, e.RequestID = a.request.URL.Path, a.w.Header().Get("X-Amz-Request-Id")
	text, _ := xml.Marshal(e)
	a.w.Header().Set("Content-Type", "application/xml")
	a.w.WriteHeader(a.status)
	a.w.Write(append([]byte(xml.Header), text...))
}

// heldError is the error to send: what is wrong with the body, if that is why, or what gofakes3 said.
func (a *answer) heldError() (e errorBody) {
	if err := a.body.refusal(); err != nil {
		a.status, e = explain(err)
		return e
	}
	if xml.Unmarshal(a.held.Bytes(), &e) == nil || a.request.Method == http.MethodHead {
		return e
	}
	if a.status < http.StatusInternalServerError { // gofakes3 has no code for it
		a.status = http.StatusBadRequest
		return errorBody{Code: "InvalidRequest", Message: "The request is not valid."}
	}
	return errorBody{Code: "InternalError"}
}
