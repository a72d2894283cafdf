package sts

import (
	"context"
	"errors"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

const eventSource = "sts.amazonaws.com"

// event begins the event of a call whose caller is not known yet.
func event(origin trail.Origin, name string) trail.Event {
	return iam.Caller{Origin: origin}.Event(eventSource, name)
}

// conclude writes the one event of a call and returns the call's error. A refusal of someone who has proved nothing may be aggregated with others;
// everything else is written before the answer, and what cannot be written does not happen.
func (s *Service) conclude(ctx context.Context, e trail.Event, err error, identified bool) error {
	if err != nil {
		describe(&e, err)
		if !identified {
			s.trail.Refuse(e)
			return err
		}
	}
	if failed := s.trail.Record(ctx, e); failed != nil {
		return internal("recording in the trail", errors.Join(failed, err))
	}
	return err
}

// describe puts a refusal into the event, and the cause that only the operator is told.
func describe(e *trail.Event, err error) {
	e.ErrorCode, e.ErrorMessage = "InternalFailure", err.Error()
	e.ResponseElements = nil
	var refused *iam.Error
	if !errors.As(err, &refused) {
		return
	}
	e.ErrorCode, e.ErrorMessage = refused.Code, shorten(refused.Message)
	if refused.Decision != nil {
		e.Decision = refused.Decision
	}
	if refused.Err != nil {
		e.Explanation = refused.Err.Error()
	}
}

// sessionParameters are the request's parameters for the event. Tokens and policies' text stay out.
func sessionParameters(roleARN, name *string, policyARNs []string, duration *int) map[string]any {
	parameters := map[string]any{}
	if roleARN != nil {
		parameters["roleArn"] = shorten(*roleARN)
	}
	if name != nil {
		parameters["roleSessionName"] = shorten(*name)
	}
	if duration != nil {
		parameters["durationSeconds"] = *duration
	}
	if len(policyARNs) > 0 {
		parameters["policyArns"] = shortenAll(policyARNs)
	}
	return parameters
}

// responseElements are the answer without its secrets: the access key id is how later events are found that this session causes.
func responseElements(made issued, sourceIdentity string) map[string]any {
	elements := map[string]any{
		"credentials": map[string]any{
			"accessKeyId": made.credentials.AccessKeyId,
			"expiration":  made.credentials.Expiration.Format(time.RFC3339),
		},
	}
	if made.user.Arn != "" {
		elements["assumedRoleUser"] = map[string]any{"arn": made.user.Arn, "assumedRoleId": made.user.AssumedRoleId}
	}
	if sourceIdentity != "" {
		elements["sourceIdentity"] = sourceIdentity
	}
	if made.packed != nil {
		elements["packedPolicySize"] = *made.packed
	}
	return elements
}

func valueOf[T any](parameter *T) T {
	if parameter == nil {
		var none T
		return none
	}
	return *parameter
}
