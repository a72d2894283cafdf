package awsapi

import (
	"errors"
	"net/http"

	"github.com/openirsa/openirsa/iam"
)

const internalFailure = "InternalFailure"

// statuses is the one map from AWS's error codes to HTTP statuses: those of the IAM and STS service models (error shapes'
// httpStatusCode), and the common errors of both API references. Where a reference gives two (IncompleteSignature), what STS
// was seen to answer counts. A code that is missing here is not told to the client.
var statuses = map[string]int{
	// IAM's model.
	"ConcurrentModification":  http.StatusConflict,
	"DeleteConflict":          http.StatusConflict,
	"EntityAlreadyExists":     http.StatusConflict,
	"InvalidInput":            http.StatusBadRequest,
	"LimitExceeded":           http.StatusConflict,
	"MalformedPolicyDocument": http.StatusBadRequest,
	"NoSuchEntity":            http.StatusNotFound,
	"PolicyNotAttachable":     http.StatusBadRequest,
	"ReportNotPresent":        http.StatusGone,
	"ServiceFailure":          http.StatusInternalServerError,
	"UnmodifiableEntity":      http.StatusBadRequest,
	// STS's model.
	"ExpiredTokenException":                http.StatusBadRequest,
	"IDPCommunicationError":                http.StatusBadRequest,
	"IDPRejectedClaim":                     http.StatusForbidden,
	"InvalidIdentityToken":                 http.StatusBadRequest,
	"PackedPolicyTooLarge":                 http.StatusBadRequest,
	"RegionDisabledException":              http.StatusForbidden,
	"InvalidAuthorizationMessageException": http.StatusBadRequest,
	// AWS Organizations' model, for closing accounts.
	"AccountAlreadyClosedException": http.StatusBadRequest,
	"AccountNotFoundException":      http.StatusBadRequest,
	"ConstraintViolationException":  http.StatusBadRequest,
	// EKS's model.
	"ClientException":           http.StatusBadRequest,
	"InvalidParameterException": http.StatusBadRequest,
	"InvalidRequestException":   http.StatusBadRequest,
	"ResourceInUseException":    http.StatusConflict,
	"ResourceNotFoundException": http.StatusNotFound,
	"ServerException":           http.StatusInternalServerError,
	// CloudTrail's model, for LookupEvents.
	"InvalidEventCategoryException":    http.StatusBadRequest,
	"InvalidLookupAttributesException": http.StatusBadRequest,
	"InvalidMaxResultsException":       http.StatusBadRequest,
	"InvalidNextTokenException":        http.StatusBadRequest,
	"InvalidTimeRangeException":        http.StatusBadRequest,
	// The services' common errors, and those of the protocols.
	"AccessDenied":                   http.StatusForbidden,
	"ExpiredToken":                   http.StatusForbidden,
	"IncompleteSignature":            http.StatusBadRequest,
	"InvalidAction":                  http.StatusBadRequest,
	"InvalidClientTokenId":           http.StatusForbidden,
	"InvalidParameterValue":          http.StatusBadRequest,
	"InvalidQueryParameter":          http.StatusBadRequest,
	"MalformedHttpRequestException":  http.StatusBadRequest,
	"MalformedInput":                 http.StatusBadRequest,
	"MethodNotAllowed":               http.StatusMethodNotAllowed,
	"MissingAction":                  http.StatusBadRequest,
	"MissingAuthenticationToken":     http.StatusForbidden,
	"MissingParameter":               http.StatusBadRequest,
	"RequestEntityTooLargeException": http.StatusRequestEntityTooLarge,
	"RequestExpired":                 http.StatusBadRequest,
	"RequestAbortedException":        http.StatusBadRequest,
	"SerializationException":         http.StatusBadRequest,
	"ServiceUnavailable":             http.StatusServiceUnavailable,
	"SignatureDoesNotMatch":          http.StatusForbidden,
	"Throttling":                     http.StatusBadRequest,
	"UnknownOperationException":      http.StatusNotFound,
	"ValidationError":                http.StatusBadRequest,
	internalFailure:                  http.StatusInternalServerError,
}

// exceptions are what services that speak JSON call the common errors, and exceptionsOf what one of them has words of its own for.
var (
	exceptions = map[string]string{
		"AccessDenied":               "AccessDeniedException",
		"ExpiredToken":               "ExpiredTokenException",
		"IncompleteSignature":        "IncompleteSignatureException",
		"InvalidClientTokenId":       "UnrecognizedClientException",
		"InvalidInput":               "ValidationException",
		"MissingAuthenticationToken": "MissingAuthenticationTokenException",
		"RequestExpired":             "InvalidSignatureException",
		"ServiceUnavailable":         "ServiceUnavailableException",
		"SignatureDoesNotMatch":      "InvalidSignatureException",
		"Throttling":                 "ThrottlingException",
		"ValidationError":            "ValidationException",
	}
	exceptionsOf = map[string]map[string]string{
		"eks": {
			"ConcurrentModification": "ResourceInUseException",
			"InvalidInput":           "InvalidParameterException",
			"InvalidQueryParameter":  "InvalidParameterException",
			"LimitExceeded":          "InvalidRequestException",
			"MalformedInput":         "InvalidRequestException",
			"NoSuchEntity":           "ClientException",
			"ServiceFailure":         "ServerException",
			"ValidationError":        "InvalidParameterException",
			internalFailure:          "ServerException",
		},
		"cloudtrail": {},
	}
)

// inWordsOf says a refusal as the service does; one that is not in the table above speaks as the Query services do.
func inWordsOf(service string, refused *iam.Error, status int) (*iam.Error, int) {
	own, speaksJSON := exceptionsOf[service]
	if !speaksJSON {
		return refused, status
	}
	code, renamed := own[refused.Code]
	if !renamed {
		code, renamed = exceptions[refused.Code]
	}
	if !renamed {
		return refused, status
	}
	said := *refused
	said.Code = code
	if own, known := statuses[code]; known {
		status = own
	}
	return &said, status
}

// refusal is what the client is told about err, and its status. Everything that is not an *iam.Error with a code of the map is
// an InternalFailure, whose cause is for the operator only.
func refusal(err error) (told *iam.Error, status int) {
	if errors.As(err, &told) {
		if status, known := statuses[told.Code]; known {
			return told, status
		}
	}
	return &iam.Error{Code: internalFailure, Message: "The request processing has failed because of an unknown error, exception or failure.", Err: err},
		http.StatusInternalServerError
}
