package gateway

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/sigv4"
)

const (
	// maxFormFields bounds all fields before the file together (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html).
	maxFormFields = 20 << 10
	// maxFormHead bounds them with all that stands around them.
	maxFormHead = 4 * maxFormFields
	// formTime bounds how long they may take to arrive.
	formTime = 30 * time.Second
)

// form is an upload by a browser: its fields, and the file that follows them.
type form struct {
	fields   []sigv4.Field
	filename string
	file     io.Reader
	post     *sigv4.Post // what signs it; nil: nothing
}

// isForm tells whether a request uploads by a form: that signs in its fields.
func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "multipart/form-data"
}

// serveForm answers an upload by a form.
func (x *exchange) serveForm() {
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(formTime))
	form, err := readForm(x.r.Header, x.sent)
	if err != nil {
		x.refuseUnknown(err)
		return
	}
	x.form = form
	form.post, err = sigv4.ParsePost(form.fields)
	switch {
	case errors.Is(err, sigv4.ErrUnsigned):
		x.anonymous = true
		x.caller = x.c.Authenticate.Anonymous(x.origin)
	case err != nil:
		x.refuseUnknown(unreadable(err))
		return
	default:
		x.origin.Region = form.post.Scope.Region
		if x.caller, err = x.c.Authenticate.AuthenticatePost(x.r.Context(), form.post, x.origin); err != nil {
			x.refuse(authenticationError(err, form.post.AccessKeyID))
			return
		}
	}
	x.begin()
	defer x.record()
	if err := x.upload(); err != nil {
		x.refuse(err)
	}
}

// upload decides the form's upload before the file is read, and has the server do it after. Where the form asks for another answer than S3's usual one,
// the client gets that.
func (x *exchange) upload() error {
	bucket, err := x.formBucket()
	if err != nil {
		return err
	}
	fields := make([]awsmodel.FormField, len(x.form.fields))
	for i, field := range x.form.fields {
		fields[i] = awsmodel.FormField(field)
	}
	operation, err := awsmodel.ClassifyS3Post(bucket, fields, x.form.filename, x.s3Options())
	if err != nil {
		return x.misread(err)
	}
	x.describe(operation)
	x.event.Name = "PostObject"
	if x.form.post != nil {
		if err := x.form.post.Check(bucket, x.form.named(operation.Key)); err != nil {
			return unreadable(err)
		}
	}
	x.setRequestKeys()
	if err := x.authorize(); err != nil {
		return err
	}
	x.takeTime()
	file, err := x.spool()
	if err != nil {
		return err
	}
	defer file.Close()
	return x.store(file)
}

// formBucket is the bucket that the request's path, or host, names; forms go to nothing else.
func (x *exchange) formBucket() (string, error) {
	if x.signed.RawQuery != "" {
		return "", refusal("MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	request := awsmodel.Request{Method: http.MethodHead, Host: x.signed.Host, Path: x.signed.Path}
	operation, err := awsmodel.ClassifyS3(request, x.s3Options())
	switch {
	case err != nil:
		return "", x.misread(err)
	case operation.Bucket == "" || operation.Key != "":
		return "", refusal("MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	return operation.Bucket, nil
}

// named are the fields with the key that the upload has, in which the file's name stands for ${filename}.
func (f *form) named(key string) []sigv4.Field {
	fields := make([]sigv4.Field, len(f.fields))
	for i, field := range f.fields {
		if strings.EqualFold(field.Name, "key") {
			field.Value = key
		}
		fields[i] = field
	}
	return fields
}

// field is the value of a field; "" where the form has none.
func (f *form) field(name string) string {
	for _, field := range f.fields {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// spool writes the file to a temporary one, since a form does not say how long its file is. It is unlinked at once.
func (x *exchange) spool() (*os.File, error) {
	least, most := int64(0), x.operation.MaxBody
	if x.form.post != nil {
		from, to := x.form.post.LengthRange()
		least, most = from, min(most, to)
	}
	file, err := os.CreateTemp("", "openirsa-form-")
	if err != nil {
		return nil, internalError(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, internalError(err)
	}
	n, err := io.Copy(file, io.LimitReader(x.form.file, most+1))
	switch {
	case err != nil:
		err = bodyError(formError(err))
	case n > most:
		err = withDetails(refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"), "MaxSizeAllowed", strconv.FormatInt(most, 10))
	case n < least:
		err = withDetails(refusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"),
			"ProposedSize", strconv.FormatInt(n, 10), "MinSizeAllowed", strconv.FormatInt(least, 10))
	default:
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// store has the server keep the file.
func (x *exchange) store(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return internalError(err)
	}
	body, err := verifiedFile(file, info.Size(), x.operation.Header)
	if err != nil {
		return err
	}
	done, err := x.ask(x.operation, body)
	switch {
	case err != nil || body.failure() != nil:
		(&answer{w: x.w, exchange: x, body: body}).finish(err)
	case !isSuccess(done.status):
		x.passError(done.status, done.header, done.body.Bytes())
	default:
		x.answerForm(done.header)
	}
	return nil
}

// verifiedFile is the file as a body, once its checksums are right: it is all here, so that the server need not see it otherwise.
func verifiedFile(file io.ReadSeeker, length int64, header map[string]string) (*verifiedBody, error) {
	body, err := newVerifiedBody(file, length, sigv4.UnsignedPayload, header)
	if err == nil {
		err = body.start()
	}
	if err == nil && len(body.checks) > 0 {
		_, err = io.Copy(io.Discard, body)
	}
	if err != nil {
		return nil, bodyError(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, internalError(err)
	}
	return newVerifiedBody(file, length, sigv4.UnsignedPayload, nil)
}

// postResponse is the answer to a form that asks for 201.
type postResponse struct {
	XMLName                     xml.Name `xml:"PostResponse"`
	Location, Bucket, Key, ETag string
}

// answerForm answers as the form asks: by a redirect, or by one of three statuses
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html, "success_action_redirect" and "success_action_status").
func (x *exchange) answerForm(header http.Header) {
	out := x.w.Header()
	for name, values := range header {
		if strings.HasPrefix(name, "X-Amz-") && name != "X-Amz-Request-Id" && name != "X-Amz-Id-2" || name == "Etag" {
			out[name] = values
		}
	}
	location := x.location()
	out.Set("Location", location)
	status := http.StatusNoContent
	switch x.form.field("success_action_status") {
	case "200":
		status = http.StatusOK
	case "201":
		status = http.StatusCreated
	}
	if target, ok := redirection(x.form); ok {
		query := target.Query()
		query.Set("bucket", x.operation.Bucket)
		query.Set("key", x.operation.Key)
		query.Set("etag", header.Get("Etag"))
		target.RawQuery = query.Encode()
		out.Set("Location", target.String())
		status = http.StatusSeeOther
	}
	x.note(status, "", "")
	if status == http.StatusCreated {
		x.writeDocument(status, postResponse{Location: location, Bucket: x.operation.Bucket, Key: x.operation.Key, ETag: header.Get("Etag")})
		return
	}
	x.identify(out)
	x.w.WriteHeader(status)
}

// location is the address of the operation's object, as the client names the host and the bucket.
func (x *exchange) location() string {
	scheme, path := "http://", x.signed.Path
	if x.origin.SecureTransport {
		scheme = "https://"
	}
	if x.form != nil { // which goes to the bucket
		path = strings.TrimSuffix(path, "/") + (&url.URL{Path: "/" + x.operation.Key}).EscapedPath()
	}
	return scheme + x.r.Host + path
}

// redirection is where a form wants its browser to go. What is no web address is ignored, as on S3.
func redirection(f *form) (*url.URL, bool) {
	text := f.field("success_action_redirect")
	if text == "" {
		text = f.field("redirect")
	}
	target, err := url.Parse(text)
	if text == "" || err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return nil, false
	}
	return target, true
}

// readForm reads the fields up to the file, which has to follow them. What comes after the file means nothing, as on S3.
func readForm(header http.Header, body io.Reader) (*form, error) {
	_, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" || len(header["Content-Type"]) != 1 {
		return nil, errForm
	}
	f, left := &form{}, int64(maxFormFields)
	head := &io.LimitedReader{R: body, N: maxFormHead}
	parts := multipart.NewReader(head, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		switch {
		case err != nil && head.N == 0:
			return nil, errFormHead
		case errors.Is(err, io.EOF):
			return nil, refusal("InvalidArgument", "POST requires exactly one file upload per request.")
		case err != nil:
			return nil, formError(err)
		}
		name := part.FormName()
		if strings.EqualFold(name, "file") {
			f.filename, f.file = part.FileName(), part
			head.N = math.MaxInt64
			return f, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, left+1))
		left -= int64(len(name) + len(value))
		switch {
		case left < 0 || err != nil && head.N == 0:
			return nil, errFormHead
		case err != nil:
			return nil, formError(err)
		case name == "":
			return nil, errForm
		}
		f.fields = append(f.fields, sigv4.Field{Name: name, Value: string(value)})
	}
}

var errFormHead = refusal("MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.")

var errForm = refusal("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")

// formError tells a form that ends too early from one that does not come.
func formError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errStalled
	}
	return errForm
}
