package iam

import "github.com/openirsa/openirsa/policy"

// Error is a refusal in AWS's words. Door packages map Code to an HTTP status.
type Error struct {
	Code     string // NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded, MalformedPolicyDocument, InvalidInput, ValidationError, AccessDenied, ServiceFailure, …
	Message  string
	Decision *policy.Decision // AccessDenied
	Err      error            // cause, for the operator; never told
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Denied is AWS's AccessDenied with its sentence about who may not do what, and why.
func Denied(caller Caller, action, resource string, decision policy.Decision) *Error { return nil }
