package gateway

import (
	"errors"
	"net/http"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
)

const (
	internalFailure       = "InternalFailure"
	unauthorizedOperation = "UnauthorizedOperation"
	internalSentence      = "The request processing has failed because of an unknown error, exception or failure."
)

// told is a refusal as the client reads it.
type told struct {
	status        int
	code, message string
}

// word is how protocols call one refusal.
type word struct {
	status     int
	query      string // Query and REST XML
	exception  string // JSON, REST JSON and CBOR
	ec2        string // "": as query
	ec2Status  int    // 0: status
	ec2Message string // "": the refusal's own
}

// wordsOf is the one place where the gateway's refusals become the codes and statuses of protocols: the "Common Errors" of the services' API
// references (Query's in that of STS, JSON's in those of KMS and Secrets Manager) and "Error codes for the Amazon EC2 API". EC2 tells nobody
// whether it was the key, the signature or the token. ok is false for a code that belongs to one service: it is told as it is.
func wordsOf(code string) (w word, ok bool) {
	const validated = "AWS was not able to validate the provided access credentials"
	switch code {
	case "AccessDenied":
		return word{status: 403, query: code, exception: "AccessDeniedException", ec2: unauthorizedOperation}, true
	case "DryRunOperation":
		return word{status: 412, query: code, exception: code}, true
	case "ExpiredToken":
		return word{status: 403, query: code, exception: "ExpiredTokenException",
			ec2: "RequestExpired", ec2Status: 400, ec2Message: "Request has expired."}, true
	case "IncompleteSignature":
		return word{status: 400, query: code, exception: "IncompleteSignatureException"}, true
	case "InvalidAction":
		return word{status: 400, query: code, exception: "UnknownOperationException"}, true
	case "InvalidClientTokenId":
		return word{status: 403, query: code, exception: "UnrecognizedClientException", ec2: "AuthFailure", ec2Status: 401, ec2Message: validated}, true
	case "MalformedQueryString":
		return word{status: 400, query: code, exception: "SerializationException"}, true
	case "MissingAuthenticationToken":
		return word{status: 403, query: code, exception: "MissingAuthenticationTokenException"}, true
	case "MissingParameter":
		return word{status: 400, query: code, exception: "ValidationException"}, true
	case "NotImplemented":
		return word{status: 501, query: code, exception: "NotImplementedException"}, true
	case "RequestAborted":
		return word{status: 400, query: code, exception: "RequestAbortedException"}, true
	case "RequestEntityTooLarge":
		return word{status: 413, query: code, exception: "RequestEntityTooLargeException"}, true
	case "RequestTimeout":
		return word{status: 408, query: code, exception: "RequestTimeoutException"}, true
	case "ServiceUnavailable":
		return word{status: 503, query: code, exception: "ServiceUnavailableException"}, true
	case "SignatureDoesNotMatch":
		return word{status: 403, query: code, exception: "InvalidSignatureException", ec2: "AuthFailure", ec2Status: 401, ec2Message: validated}, true
	case "UnknownParameter":
		return word{status: 400, query: "ValidationError", exception: "ValidationException", ec2: code}, true
	case internalFailure, "ServiceFailure":
		return word{status: 500, query: internalFailure, exception: internalFailure, ec2: "InternalError"}, true
	}
	return word{}, false
}

// words says a refusal as the protocol does. What is no refusal is the plane's own failure, of which the client learns nothing.
func (s shape) words(err error) told {
	refused, ok := errors.AsType[*iam.Error](err)
	if !ok {
		refused = &iam.Error{Code: internalFailure}
	}
	w, known := wordsOf(refused.Code)
	if !known {
		return told{s.statusOf(refused.Code), refused.Code, refused.Message}
	}
	t := told{w.status, w.query, refused.Message}
	switch s.protocol {
	case awsmodel.EC2:
		if w.ec2 != "" {
			t.code = w.ec2
		}
		if w.ec2Status != 0 {
			t.status = w.ec2Status
		}
		if w.ec2Message != "" {
			t.message = w.ec2Message
		}
	case awsmodel.JSON, awsmodel.CBOR:
		// These protocols answer every refusal that has no status in its model with 400.
		if t.code = w.exception; t.status < http.StatusInternalServerError && t.status != http.StatusRequestEntityTooLarge {
			t.status = http.StatusBadRequest
		}
	case awsmodel.RESTJSON:
		if t.code = w.exception; t.code == "UnknownOperationException" {
			t.status = http.StatusNotFound
		}
	}
	if w.query == internalFailure {
		t.message = internalSentence
	}
	return t
}

// statusOf is the status of a code that belongs to one service. Those of policies and their statements that are not there, or there already, have it in
// their names (Amazon SNS API Reference, RemovePermission: NotFound is 404; AWS Lambda API Reference, AddPermission: ResourceConflictException is 409);
// the protocols without paths answer 400 whatever it is.
func (s shape) statusOf(code string) int {
	switch {
	case s.protocol == awsmodel.JSON || s.protocol == awsmodel.CBOR || s.protocol == awsmodel.EC2:
	case strings.Contains(code, "NotFound"):
		return http.StatusNotFound
	case strings.Contains(code, "Conflict"):
		return http.StatusConflict
	}
	return http.StatusBadRequest
}

// causeOf is what the operator is told of an error: the cause, where the client is not told it.
func causeOf(err error) error {
	if refused, ok := errors.AsType[*iam.Error](err); ok && refused.Err != nil {
		return refused.Err
	}
	return err
}
