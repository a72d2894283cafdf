package gateway

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"

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

// statusOf is the one place where S3's codes become HTTP statuses. What is not listed is the client's mistake.
func statusOf(code string) int {
	switch code {
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed":
		return http.StatusForbidden
	case "NoSuchBucket":
		return http.StatusNotFound
	case "MethodNotAllowed":
		return http.StatusMethodNotAllowed
	case "MissingContentLength":
		return http.StatusLengthRequired
	case "InternalError":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// authenticationError translates what the authenticator says, which speaks as STS and IAM do, into S3's codes.
func authenticationError(err error) *iam.Error {
	var signature *sigv4.Error
	switch {
	case errors.As(err, &signature):
		return &iam.Error{Code: signature.S3Code, Message: signature.S3Message, Err: err}
	case errors.Is(err, sts.ErrUnknownAccessKey):
		return &iam.Error{Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records.", Err: err}
	case errors.Is(err, sts.ErrInvalidSessionToken):
		return &iam.Error{Code: "InvalidToken", Message: "The provided token is malformed or otherwise invalid.", Err: err}
	case errors.Is(err, sts.ErrExpiredSessionToken):
		return &iam.Error{Code: "ExpiredToken", Message: "The provided token has expired.", Err: err}
	case errors.Is(err, sts.ErrRegionNotActive):
		return &iam.Error{Code: "AuthorizationHeaderMalformed", Message: "The authorization header is malformed; the region is wrong.", Err: err}
	}
	return internalError(err)
}

func classificationError(err error) *iam.Error {
	if e, ok := errors.AsType[*awsmodel.Error](err); ok {
		return refusal(e.Code, e.Message)
	}
	return internalError(err)
}

func bodyError(err error) *iam.Error {
	if e, ok := errors.AsType[*iam.Error](err); ok {
		return e
	}
	return &iam.Error{Code: errIncomplete.Code, Message: errIncomplete.Message, Err: err}
}

// refuse answers with err in S3's shape and notes it in the event, if there is one.
func (x *exchange) refuse(err error) {
	e, ok := errors.AsType[*iam.Error](err)
	if !ok {
		e = internalError(err)
	}
	status := statusOf(e.Code)
	if status == http.StatusInternalServerError {
		x.log("serving S3", e.Err)
	}
	x.note(status, e.Code, e.Message)
	if x.event.Decision == nil && x.event.Explanation == "" {
		x.event.Explanation = e.Message
	}
	x.writeError(status, e.Code, e.Message)
}

// refuseUnknown is refuse for a request that cannot be authenticated as it is.
func (x *exchange) refuseUnknown(err error) {
	x.event = anonymousEvent(x.origin, "s3.amazonaws.com")
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
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}

// writeError answers in S3's shape; to HEAD, without a body.
func (x *exchange) writeError(status int, code, message string) {
	header := x.w.Header()
	x.identify(header)
	header.Set("Content-Type", "application/xml")
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return
	}
	document, err := xml.Marshal(errorDocument{Code: code, Message: message, Resource: x.r.URL.Path, RequestID: x.origin.RequestID, HostID: x.origin.RequestID})
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
