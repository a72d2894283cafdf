package iam

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// bucketRules: Amazon S3 API Reference, PutBucketPolicy; sentences as public reports of S3's answers have them, and the
// tests of S3 servers whose authors asked S3.
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
	if complaint, ok := errors.AsType[*policy.Error](err); ok {
		return complaint.BucketSentence()
	}
	return sentenceOf(err)
}

// checkBucketPolicy asks that sessions can be, that resources are the bucket or in it, that condition keys are such as the actions have, and that each
// action is one of S3 that is about one of its statement's resources.
func checkBucketPolicy(tx *draft, arn string, document *policy.Document) *Error {
	known := tx.directory.actionsOf("s3")
	for i := range document.Len() {
		s := document.Statement(i)
		if refusal := tx.checkSessions(s.Principal); refusal != nil {
			return refusal
		}
		if s.Resource.Name == "" {
			continue // which does not compile
		}
		if len(s.Resource.Values) == 0 {
			return refusef("MalformedPolicy", "Policy has invalid resource")
		}
		bucket, object := s.Resource.Not, s.Resource.Not
		for _, r := range s.Resource.Values {
			inside, ok := strings.CutPrefix(r.Value, arn)
			if !ok || inside != "" && !strings.ContainsRune("/*?", rune(inside[0])) {
				return refusef("MalformedPolicy", "Policy has invalid resource")
			}
			bucket = bucket || !strings.Contains(inside, "/")
			object = object || inside != ""
		}
		if refusal := tx.checkBucketConditions(s); refusal != nil {
			return refusal
		}
		if s.Action.Name != "" && len(s.Action.Values) == 0 {
			return refusef("MalformedPolicy", "Policy has invalid action")
		}
		for _, action := range s.Action.Values {
			if refusal := checkBucketAction(known, action.Value, bucket, object, s.Action.Not); refusal != nil {
				return refusal
			}
		}
	}
	return nil
}

// checkSessions asks of principals that are sessions of roles that there is the role, and that a session can have the name (AWS STS API Reference,
// AssumeRole, RoleSessionName): nobody could ever be named by others. Nobody has to be in the session yet.
func (tx *draft) checkSessions(principal *policy.PrincipalElement) *Error {
	if principal == nil {
		return nil // which does not compile
	}
	for _, list := range principal.Types {
		for _, value := range list.Values {
			named, err := policy.ParsePrincipal(value.Value)
			if err != nil || list.Type != "AWS" || named.Type != policy.AssumedRole {
				continue
			}
			role := named.RoleARN[strings.LastIndexByte(named.RoleARN, '/')+1:]
			entry, err := tx.directory.entity(tx.ctx, tx.Account, named.Account, OfRole(role))
			if err != nil {
				return failure(err)
			}
			if n := len(named.Session); entry == nil || entry.identity.Name != role || n < 2 || n > 64 ||
				strings.ContainsFunc(named.Session, func(r rune) bool { return !isNameRune(r) }) {
				return refusef("MalformedPolicy", "Invalid principal in policy")
			}
		}
	}
	return nil
}

// checkBucketConditions refuses keys of S3, and global ones, that there are not, addresses that are none whatever compares them, and keys that one of
// the actions does not have which the statement writes out: S3 does, so that a statement that was meant to bound a grant, or to deny something, is not
// kept without effect (github.com/humanmade/S3-Uploads/issues/239). Of actions by a wildcard S3 asks nothing: s3:prefix may stand with s3:*.
func (tx *draft) checkBucketConditions(s policy.Statement) *Error {
	reference := tx.directory.actions
	for _, c := range s.Conditions {
		prefix, _, _ := strings.Cut(strings.ToLower(c.Key.Value), ":")
		switch {
		case strings.EqualFold(c.Key.Value, "aws:SourceIp") && !areAddresses(c.Values):
			return refusef("MalformedPolicy", "Invalid IP address in Conditions")
		case reference == nil || prefix != "s3" && prefix != "aws": // the keys of identity providers are theirs
			continue
		}
		key, ok := reference.Key(c.Key.Value)
		if !ok {
			return refusef("MalformedPolicy", "Policy has an invalid condition key")
		}
		for _, written := range s.Action.Values {
			action, ok := reference.Action(written.Value)
			if ok && prefix == "s3" && !s.Action.Not && !hasKey(action, key.Name) {
				return refusef("MalformedPolicy", "Conditions do not apply to combination of actions and resources in statement")
			}
		}
	}
	return nil
}

// areAddresses tells whether every value is an address or a range of them.
func areAddresses(values []policy.Text) bool {
	return !slices.ContainsFunc(values, func(value policy.Text) bool {
		_, noAddress := netip.ParseAddr(value.Value)
		_, noRange := netip.ParsePrefix(value.Value)
		return noAddress != nil && noRange != nil
	})
}

// hasKey tells whether requests of an action may have a condition key, of itself or of what they are about.
func hasKey(action policy.ActionEntry, key string) bool {
	is := func(name string) bool { return strings.EqualFold(name, key) }
	return slices.ContainsFunc(action.Keys, is) ||
		slices.ContainsFunc(action.ResourceTypes, func(use policy.ResourceUse) bool { return slices.ContainsFunc(use.Type.Keys, is) })
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
