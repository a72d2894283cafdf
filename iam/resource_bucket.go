package iam

import (
	"errors"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// bucketRules: Amazon S3 API Reference, PutBucketPolicy; sentences as S3 servers that are tested against Amazon S3 have them.
func bucketRules() policyRules {
	return policyRules{
		size: 20 << 10, tooLarge: limit("MalformedPolicy", "Policy exceeds the maximum allowed document size."),
		malformed: "MalformedPolicy", sentence: bucketSentence,
		missing: none("NoSuchBucketPolicy", "The bucket policy does not exist"),
		foreign: func(Caller, ResourcePolicyInput) *Error {
			return refusef("MethodNotAllowed", "The specified method is not allowed against this resource.")
		},
		begins: func(source string) *Error {
			if strings.HasPrefix(source, "{") {
				return nil
			}
			return refusef("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
		},
		elements: checkBucketPolicy,
	}
}

func bucketSentence(err error) string {
	if namesNobody(err) {
		return "Invalid principal in policy"
	}
	complaint, ok := errors.AsType[*policy.Error](err)
	if ok && complaint.Sentence(policy.Resource) == "Policy statement must contain resources." {
		return "Missing required field Resource"
	}
	return sentenceOf(err)
}

// checkBucketPolicy asks that resources are the bucket or in it, and that each action is one of S3 that is about one of its statement's resources.
func checkBucketPolicy(tx *draft, arn string, document *policy.Document) *Error {
	known := tx.directory.actionsOf("s3")
	for i := range document.Len() {
		s := document.Statement(i)
		if s.Resource.Name == "" {
			continue // which does not compile
		}
		bucket, object := false, false
		for _, r := range s.Resource.Values {
			inside, ok := strings.CutPrefix(r.Value, arn)
			if !ok || inside != "" && !strings.ContainsRune("/*?", rune(inside[0])) {
				return refusef("MalformedPolicy", "Policy has invalid resource")
			}
			bucket = bucket || !strings.Contains(inside, "/")
			object = object || inside != ""
		}
		for _, action := range s.Action.Values {
			if refusal := checkBucketAction(known, action.Value, bucket || s.Resource.Not, object || s.Resource.Not, s.Action.Not); refusal != nil {
				return refusal
			}
		}
	}
	return nil
}

func checkBucketAction(known []policy.ActionEntry, pattern string, bucket, object, not bool) *Error {
	if pattern == "*" || pattern == "*:*" {
		return nil
	}
	pattern = strings.ToLower(pattern)
	if name, ok := strings.CutPrefix(pattern, "s3:"); !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789*?") != "" {
		return refusef("MalformedPolicy", "Policy has invalid action")
	}
	found, applies := known == nil, known == nil || not
	for _, entry := range known {
		if !policy.MatchGlob(pattern, strings.ToLower(entry.Name)) {
			continue
		}
		found = true
		for _, use := range entry.ResourceTypes {
			applies = applies || bucket && use.Type.Name == "bucket" || object && use.Type.Name == "object"
		}
	}
	switch {
	case !found:
		return refusef("MalformedPolicy", "Policy has invalid action")
	case !applies:
		return refusef("MalformedPolicy", "Action does not apply to any resource(s) in statement")
	}
	return nil
}
