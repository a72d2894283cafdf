package iam

import (
	"errors"
	"fmt"

	"github.com/openirsa/openirsa/policy"
)

// Error is a refusal in AWS's words. Door packages map Code to an HTTP status.
type Error struct {
	// Code is AccessDenied, ConcurrentModification, DeleteConflict, EntityAlreadyExists, InvalidInput, LimitExceeded,
	// MalformedPolicyDocument, NoSuchEntity, ReportNotPresent, ServiceFailure or ValidationError; sts has more of its own. The calls of EKS also answer
	// InvalidParameterException, InvalidRequestException, ResourceInUseException and ResourceNotFoundException; those on policies of resources the codes
	// of the resource's service.
	Code     string
	Message  string
	Decision *policy.Decision // AccessDenied
	Err      error            // cause, for the operator; never told
}

// Error is the message that the caller is told.
func (e *Error) Error() string { return e.Message }

// Unwrap is the cause that the caller is not told.
func (e *Error) Unwrap() error { return e.Err }

// Denied is AWS's AccessDenied with its sentence about who may not do what, and why. An empty resource leaves it out of the sentence, as
// some services do for actions that have none.
func Denied(caller Caller, action, resource string, decision policy.Decision) *Error {
	who := caller.Principal.ARN
	if caller.Principal.Type == policy.Anonymous {
		who = "anonymous"
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s", who, action)
	if resource != "" {
		message += " on resource: " + resource
	}
	if because := decision.Because(action); because != "" {
		message += " " + because
	}
	return &Error{Code: "AccessDenied", Message: message, Decision: &decision}
}

func refusef(code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// failure hides an internal error behind AWS's sentence for it.
func failure(err error) *Error {
	return &Error{Code: "ServiceFailure", Message: "The request processing has failed because of an unknown error, exception or failure.", Err: err}
}

// asError makes an *Error of err: a refusal as it is, anything else a failure.
func asError(err error) *Error {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal
	}
	return failure(err)
}

// malformed translates the policy package's complaint about a document of that kind: AWS's sentence for the caller, the positioned one for
// the operator.
func malformed(kind policy.Kind, err error) *Error {
	message := "Syntax errors in policy."
	if complaint, ok := errors.AsType[*policy.Error](err); ok {
		message = complaint.Sentence(kind)
	}
	return &Error{Code: "MalformedPolicyDocument", Message: message, Err: err}
}

func noSuchPolicy(arn string) *Error {
	return refusef("NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

func noSuchVersion(arn, version string) *Error {
	return refusef("NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", arn, version)
}

func noSuchAccount(id string) *Error {
	return refusef("NoSuchEntity", "The account %s cannot be found.", id)
}

func quota(name string, limit int) *Error {
	return refusef("LimitExceeded", "Cannot exceed quota for %s: %d", name, limit)
}
