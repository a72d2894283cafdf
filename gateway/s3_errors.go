package gateway

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/sts"
)

// refusal is an error of S3's (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func refusal(code, message string) *iam.Error { return &iam.Error{Code: code, Message: message} }

// internalError hides a failure of the plane behind S3's sentence.
func internalError(err error) *iam.Error {
	return &iam.Error{Code: "InternalError", Message: "We encountered an internal error. Please try again.", Err: err}
}

// unavailable is what a client is told of a server that did not answer. The operator has been told why.
func (x *exchange) unavailable(broken *interruption) *iam.Error {
	switch broken.code {
	case errStalled.Code:
		return errStalled
	case "ServiceUnavailable":
		return refusal("ServiceUnavailable", "Service is unable to handle request.")
	}
	return refusal("InternalError", internalError(nil).Message)
}

// statusOf is the one place where S3's codes become HTTP statuses. What is not listed is the client's mistake.
func statusOf(code string) int {
	switch code {
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "AccessForbidden":
		return http.StatusForbidden
	case "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchKey", "NoSuchUpload":
		return http.StatusNotFound
	case "MethodNotAllowed":
		return http.StatusMethodNotAllowed
	case "OperationAborted":
		return http.StatusConflict
	case "MissingContentLength":
		return http.StatusLengthRequired
	case "PreconditionFailed":
		return http.StatusPreconditionFailed
	case "InternalError":
		return http.StatusInternalServerError
	case "NotImplemented":
		return http.StatusNotImplemented
	case "ServiceUnavailable", "SlowDown":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// detailed is a refusal of which S3's document tells more than the sentence. Details are the client's own input or limits; the trail gets none.
type detailed struct {
	refused *iam.Error
	details []errorDetail
}

func (d *detailed) Error() string { return d.refused.Error() }
func (d *detailed) Unwrap() error { return d.refused }

// withDetails are names and values by turns.
func withDetails(refused *iam.Error, namesAndValues ...string) error {
	d := &detailed{refused: refused}
	for pair := range slices.Chunk(namesAndValues, 2) {
		d.details = append(d.details, errorDetail{XMLName: xml.Name{Local: pair[0]}, Text: pair[1]})
	}
	return d
}

func noSuchBucket(bucket string) error {
	return withDetails(refusal("NoSuchBucket", "The specified bucket does not exist"), "BucketName", bucket)
}

// orNoBucket tells whoever may list the bucket that there is none rather than what is wrong with a document for it, as S3 does.
func (x *exchange) orNoBucket(err error) error {
	bucket, told := x.operation.Bucket, x.event
	if x.anonymous || bucket == "" || x.operation.Name == "CreateBucket" {
		return err
	}
	defer func() { x.event = told }()
	denied := x.decide(awsmodel.Call{Action: "s3:ListBucket", Resource: x.bucketARN(bucket), Bucket: bucket})
	if codeOf(denied) == "NoSuchBucket" {
		return denied
	}
	if denied != nil {
		return err
	}
	if there, asked := x.exists(bucket); asked == nil && !there {
		return noSuchBucket(bucket)
	}
	return err
}

// shown is a client's own input, bounded and without what a document could not hold.
func shown(s string) string {
	const most = 128
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}

// signatureError is S3's side of a refusal by sigv4.
func signatureError(e *sigv4.Error, cause error) error {
	var details []string
	for _, detail := range e.S3Details {
		details = append(details, detail.Name, detail.Value)
	}
	return withDetails(&iam.Error{Code: e.S3Code, Message: e.S3Message, Err: cause}, details...)
}

// authenticationError translates what the authenticator says of the holder of an access key, which speaks as STS and IAM do, into S3's codes.
func authenticationError(err error, accessKeyID string) error {
	var signature *sigv4.Error
	switch {
	case errors.As(err, &signature):
		return signatureError(signature, err)
	case errors.Is(err, sts.ErrUnknownAccessKey):
		return withDetails(&iam.Error{Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records.", Err: err},
			"AWSAccessKeyId", accessKeyID)
	case errors.Is(err, sts.ErrInvalidSessionToken):
		return &iam.Error{Code: "InvalidToken", Message: "The provided token is malformed or otherwise invalid.", Err: err}
	case errors.Is(err, sts.ErrExpiredSessionToken):
		return &iam.Error{Code: "ExpiredToken", Message: "The provided token has expired.", Err: err}
	case errors.Is(err, sts.ErrRegionNotActive):
		return &iam.Error{Code: "AuthorizationHeaderMalformed", Message: "The authorization header is malformed; the region is wrong.", Err: err}
	}
	return internalError(err)
}

func classificationError(err error) error {
	e, ok := errors.AsType[*awsmodel.Error](err)
	if !ok {
		return internalError(err)
	}
	var details []string
	for _, told := range e.Told {
		details = append(details, told.Name, told.Value)
	}
	return withDetails(refusal(e.Code, e.Message), details...)
}

func bodyError(err error) error {
	if _, ok := errors.AsType[*iam.Error](err); ok {
		return err
	}
	return &iam.Error{Code: errIncomplete.Code, Message: errIncomplete.Message, Err: err}
}

// codeOf is the code of a refusal; "" where err is none.
func codeOf(err error) string {
	if e, ok := errors.AsType[*iam.Error](err); ok {
		return e.Code
	}
	return ""
}

// refuse answers with err in S3's shape and notes it in the event, if there is one.
func (x *exchange) refuse(err error) {
	e, ok := errors.AsType[*iam.Error](err)
	if !ok || e.Code == "ServiceFailure" { // the directory's word for a failure of its own
		e = internalError(err)
	}
	status := statusOf(e.Code)
	if status == http.StatusInternalServerError && e.Err != nil {
		x.log("serving S3", e.Err)
	}
	x.note(status, e.Code, e.Message)
	if x.event.Decision == nil && x.event.Explanation == "" {
		x.event.Explanation = e.Message
	}
	document := errorDocument{Code: e.Code, Message: e.Message}
	if d, ok := errors.AsType[*detailed](err); ok && d.refused == e {
		document.Details = d.details
	}
	x.writeError(status, nil, document)
}

// refuseUnknown is refuse for a request that cannot be authenticated as it is.
func (x *exchange) refuseUnknown(err error) {
	x.event = anonymousEvent(x.origin, eventSource)
	x.refuse(err)
	x.c.Trail.Refuse(x.event)
}

// note writes the outcome into the event; code is empty for success.
func (x *exchange) note(status int, code, message string) {
	x.event.ErrorCode, x.event.ErrorMessage = code, message
	x.event.ResponseElements = map[string]any{"status": status}
}

// errorDocument is the body of S3's errors, which has no namespace.
type errorDocument struct {
	XMLName   xml.Name      `xml:"Error"`
	Code      string        `xml:"Code"`
	Message   string        `xml:"Message"`
	Details   []errorDetail `xml:",any"` // what S3 adds to some codes
	Resource  string        `xml:"Resource,omitempty"`
	RequestID string        `xml:"RequestId"`
	HostID    string        `xml:"HostId"`
}

type errorDetail struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// passError gives the client a server's error in S3's shape. Its own failures are told to the operator only.
func (x *exchange) passError(status int, header http.Header, document []byte) {
	told := readError(document, status)
	if isOwnFailure(status, told.Code) {
		x.log("serving S3", fmt.Errorf("the backend answered %d %s: %s", status, told.Code, told.Message))
		x.event.Explanation = "the backend failed"
		status, header, told = max(status, http.StatusInternalServerError), nil, errorDocument{Code: "InternalError", Message: internalError(nil).Message}
	}
	x.note(status, told.Code, told.Message)
	x.writeError(status, header, told)
}

// isOwnFailure tells a server's failures, and refusals of the gateway's own signature, from what its answer to the client is.
func isOwnFailure(status int, code string) bool {
	switch code {
	case "SlowDown", "ServiceUnavailable":
		return false
	case "SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthorizationHeaderMalformed", "RequestTimeTooSkewed", "InvalidToken", "ExpiredToken":
		return true
	}
	// 501 says what the server has not.
	return status < http.StatusBadRequest || status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// readError reads a server's error, or makes one from the status.
func readError(document []byte, status int) errorDocument {
	var e errorDocument
	if xml.Unmarshal(document, &e) == nil && e.Code != "" {
		return e
	}
	switch {
	case status == http.StatusNotFound:
		return errorDocument{Code: "NoSuchKey", Message: "The specified key does not exist."}
	case status >= http.StatusInternalServerError:
		return errorDocument{Code: "InternalError", Message: internalError(nil).Message}
	}
	return errorDocument{Code: "InvalidRequest", Message: http.StatusText(status)}
}

// writeError answers in S3's shape; to HEAD, without a body. header are the server's own, of which those that belong to the answer pass.
func (x *exchange) writeError(status int, header http.Header, e errorDocument) {
	out := x.w.Header()
	for name, values := range header {
		if x.passes(name) && !strings.HasPrefix(name, "Content-") {
			out[name] = values
		}
	}
	x.identify(out)
	out.Set("Content-Type", "application/xml")
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return
	}
	e.XMLName = xml.Name{}
	for i := range e.Details {
		e.Details[i].XMLName.Space = ""
	}
	e.Resource, e.RequestID, e.HostID = x.r.URL.Path, x.origin.RequestID, x.origin.RequestID
	document, err := xml.Marshal(e)
	if err != nil {
		x.log("writing an error", err)
		return
	}
	_, _ = io.WriteString(x.w, xml.Header+string(document)) // the client is gone when this fails
}

// identify gives an answer its request id. x-amz-id-2, which names a host of AWS's, repeats it: clients expect both.
func (x *exchange) identify(header http.Header) {
	header.Set("x-amz-request-id", x.origin.RequestID)
	header.Set("x-amz-id-2", x.origin.RequestID)
}
