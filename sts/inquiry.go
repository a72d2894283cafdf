package sts

import (
	"context"
	"errors"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

// GetAccessKeyInfo tells which account an access key id belongs to. The id itself holds the account (iam.AccountOfAccessKeyID), so that keys of every
// account, of other planes and of AWS are answered alike, and nothing is learned about whether they exist. Errors are *iam.Error.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
func (s *Service) GetAccessKeyInfo(ctx context.Context, caller iam.Caller, accessKeyID *string) (account string, err error) {
	e := caller.Event(eventSource, "GetAccessKeyInfo")
	if accessKeyID != nil {
		e.RequestParameters = map[string]any{"accessKeyId": shorten(*accessKeyID)}
	}
	var c constraints
	if c.required("accessKeyId", accessKeyID) {
		c.text("accessKeyId", *accessKeyID, 16, 128, wordExpression, wordPattern)
	}
	err = s.inquire(ctx, caller, &e, c.err(), func() error {
		var ok bool
		if account, ok = iam.AccountOfAccessKeyID(*accessKeyID); !ok {
			return refusal("ValidationError", "The access key id "+shorten(*accessKeyID)+" does not hold an account.", nil)
		}
		return nil
	})
	return account, err
}

// DecodeAuthorizationMessage opens the message that the event of a denial holds, for callers of the account that the denied caller belongs to. What does
// not open, for whatever reason, is InvalidAuthorizationMessageException. Errors are *iam.Error.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func (s *Service) DecodeAuthorizationMessage(ctx context.Context, caller iam.Caller, message *string) (decoded string, err error) {
	e := caller.Event(eventSource, "DecodeAuthorizationMessage")
	var c constraints
	if c.required("encodedMessage", message) {
		c.length("", "encodedMessage", len(*message), 1, maxMessageText)
	}
	err = s.inquire(ctx, caller, &e, c.err(), func() error {
		opened, err := s.ring.openMessage(*message, caller.Principal.Account)
		if err != nil {
			return refusal("InvalidAuthorizationMessageException", "Message is not valid", err)
		}
		decoded = string(opened)
		return nil
	})
	return decoded, err
}

// inquire authorizes and records a call that reads: e lacks what was decided, invalid is what is wrong with the parameters. Denials are written before
// they are answered.
func (s *Service) inquire(ctx context.Context, caller iam.Caller, e *trail.Event, invalid error, answer func() error) error {
	e.ReadOnly, e.Action, e.Resource = true, "sts:"+e.Name, "*"
	err := invalid
	if err == nil {
		err = refuseOwnSession(caller, e.Name)
	}
	if err == nil {
		decision := iam.Authorize(caller, e.Action, e.Resource, nil)
		if e.Decision = &decision; !decision.Allowed() {
			return s.conclude(ctx, *e, iam.Denied(caller, e.Action, e.Resource, decision), true)
		}
		err = answer()
	}
	if err != nil {
		describe(e, err)
	}
	s.trail.Enqueue(*e)
	return err
}

var (
	errMessageMalformed = errors.New("the message is not an encoded authorization message of ours")
	errMessageRing      = errors.New("the message names a ring key that is not there")
	errMessageTampered  = errors.New("the message was altered, belongs to another account, or was sealed by another plane")
)
