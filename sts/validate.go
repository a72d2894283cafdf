package sts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// Limits of the STS model (API version 2011-06-15), and its patterns as its sentences quote them.
const (
	namePattern       = `[\w+=,.@-]*`
	externalIDPattern = `[\w+=,.@:\/-]*`
	policyPattern     = `[\u0009\u000A\u000D\u0020-\u00FF]+`
	tagPattern        = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
	tagKeyPattern     = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	serialPattern     = `[\w+=/:,.@-]*`
	codePattern       = `[\d]*`
	wordPattern       = `[\w]*`

	maxPolicyARNs = 10
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256

	minDuration     = 900   // seconds
	maxDuration     = 43200 // seconds
	defaultDuration = 3600  // seconds
	maxChained      = 3600  // seconds, for role chaining

	// Of GetSessionToken and GetFederationToken, in seconds.
	maxOwnDuration     = 129600
	defaultOwnDuration = 43200
	maxRootDuration    = 3600
)

// The same patterns, anchored and in Go's syntax. Java's \w, which the model means, is ASCII, as Go's.
var (
	nameExpression       = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalIDExpression = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	policyExpression     = regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{FF}]+$`)
	tagExpression        = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	serialExpression     = regexp.MustCompile(`^[\w+=/:,.@-]*$`)
	codeExpression       = regexp.MustCompile(`^\d*$`)
	wordExpression       = regexp.MustCompile(`^\w*$`)
)

// refusal makes an error in AWS's words. cause is for the operator: it becomes the event's explanation.
func refusal(code, message string, cause error) *iam.Error {
	return &iam.Error{Code: code, Message: message, Err: cause}
}

// constraints collects what is wrong with a request's parameters, as AWS's front end reports it: all at once, and before anything else.
type constraints struct{ violations []string }

// err is nil, or AWS's sentence: "2 validation errors detected: …; …".
func (c *constraints) err() error {
	switch n := len(c.violations); n {
	case 0:
		return nil
	case 1:
		return refusal("ValidationError", "1 validation error detected: "+c.violations[0], nil)
	default:
		return refusal("ValidationError", fmt.Sprintf("%d validation errors detected: %s", n, strings.Join(c.violations, "; ")), nil)
	}
}

// violated notes one violation. shown is what the sentence says of the value: quoted, null, or nothing for a secret.
func (c *constraints) violated(shown, member, constraint string) {
	if shown != "" {
		shown = " " + shown
	}
	c.violations = append(c.violations, fmt.Sprintf("Value%s at '%s' failed to satisfy constraint: Member must %s", shown, member, constraint))
}

// text checks a string's length in characters, and its pattern where expression is not nil.
func (c *constraints) text(member, value string, minimum, maximum int, expression *regexp.Regexp, pattern string) {
	shown := "'" + value + "'"
	c.length(shown, member, utf8.RuneCountInString(value), minimum, maximum)
	if expression != nil && !(utf8.ValidString(value) && expression.MatchString(value)) {
		c.violated(shown, member, "satisfy regular expression pattern: "+pattern)
	}
}

func (c *constraints) length(shown, member string, length, minimum, maximum int) {
	if length < minimum {
		c.violated(shown, member, "have length greater than or equal to "+strconv.Itoa(minimum))
	}
	if length > maximum {
		c.violated(shown, member, "have length less than or equal to "+strconv.Itoa(maximum))
	}
}

// required reports a missing parameter; the others are only checked when they are there.
func (c *constraints) required(member string, value *string) bool {
	if value == nil {
		c.violated("null", member, "not be null")
	}
	return value != nil
}

// session checks the parameters that every AssumeRole… call has.
func (c *constraints) session(roleARN, name, inline *string, policyARNs []string, duration *int) {
	if c.required("roleArn", roleARN) {
		c.text("roleArn", *roleARN, 20, 2048, nil, "")
	}
	if c.required("roleSessionName", name) {
		c.text("roleSessionName", *name, 2, 64, nameExpression, namePattern)
	}
	c.policies(inline, policyARNs)
	c.duration(duration, maxDuration)
}

// policies checks session policies.
func (c *constraints) policies(inline *string, policyARNs []string) {
	if inline != nil {
		c.text("policy", *inline, 1, 2048, policyExpression, policyPattern)
	}
	if len(policyARNs) > maxPolicyARNs {
		c.length(fmt.Sprintf("'%d policies'", len(policyARNs)), "policyArns", len(policyARNs), 0, maxPolicyARNs)
		policyARNs = nil
	}
	for i, arn := range policyARNs {
		c.text(fmt.Sprintf("policyArns.%d.member.arn", i+1), arn, 20, 2048, nil, "")
	}
}

// duration checks DurationSeconds, and tokenSize MinimumSessionTokenSize.
func (c *constraints) duration(duration *int, longest int) {
	c.between("durationSeconds", duration, minDuration, longest)
}

func (c *constraints) tokenSize(size *int) {
	c.between("minimumSessionTokenSize", size, 0, MaxSessionToken)
}

func (c *constraints) between(member string, value *int, least, most int) {
	if value == nil {
		return
	}
	shown := "'" + strconv.Itoa(*value) + "'"
	if *value < least {
		c.violated(shown, member, "have value greater than or equal to "+strconv.Itoa(least))
	}
	if *value > most {
		c.violated(shown, member, "have value less than or equal to "+strconv.Itoa(most))
	}
}

// device checks the parameters of MFA. The code, a secret for half a minute, is not repeated.
func (c *constraints) device(serialNumber, tokenCode *string) {
	if serialNumber != nil {
		c.text("serialNumber", *serialNumber, 9, 256, serialExpression, serialPattern)
	}
	if tokenCode == nil {
		return
	}
	c.length("", "tokenCode", utf8.RuneCountInString(*tokenCode), 6, 6)
	if !codeExpression.MatchString(*tokenCode) {
		c.violated("", "tokenCode", "satisfy regular expression pattern: "+codePattern)
	}
}

// tags checks session tags against the model's limits.
func (c *constraints) tags(tags []iam.Tag, transitive []string) {
	if len(tags) > maxTags {
		c.length(fmt.Sprintf("'%d tags'", len(tags)), "tags", len(tags), 0, maxTags)
		return
	}
	for i, tag := range tags {
		c.text(fmt.Sprintf("tags.%d.member.key", i+1), tag.Key, 1, maxTagKey, tagExpression, tagKeyPattern)
		c.text(fmt.Sprintf("tags.%d.member.value", i+1), tag.Value, 0, maxTagValue, tagExpression, tagPattern)
	}
	if len(transitive) > maxTags {
		c.length(fmt.Sprintf("'%d keys'", len(transitive)), "transitiveTagKeys", len(transitive), 0, maxTags)
		return
	}
	for i, key := range transitive {
		c.text(fmt.Sprintf("transitiveTagKeys.%d.member", i+1), key, 1, maxTagKey, tagExpression, tagKeyPattern)
	}
}

func (in *WebIdentityInput) validate() error {
	var c constraints
	c.session(in.RoleArn, in.RoleSessionName, in.Policy, in.PolicyArns, in.DurationSeconds)
	if c.required("webIdentityToken", in.WebIdentityToken) {
		c.length("", "webIdentityToken", utf8.RuneCountInString(*in.WebIdentityToken), 4, 20000)
	}
	if in.ProviderId != nil {
		c.text("providerId", *in.ProviderId, 4, 2048, nil, "")
	}
	c.tokenSize(in.MinimumSessionTokenSize)
	return c.err()
}

func (in *AssumeRoleInput) validate() error {
	var c constraints
	c.session(in.RoleArn, in.RoleSessionName, in.Policy, in.PolicyArns, in.DurationSeconds)
	c.tags(in.Tags, in.TransitiveTagKeys)
	if in.ExternalId != nil {
		c.text("externalId", *in.ExternalId, 2, 1224, externalIDExpression, externalIDPattern)
	}
	if in.SourceIdentity != nil {
		c.text("sourceIdentity", *in.SourceIdentity, 2, 64, nameExpression, namePattern)
	}
	c.device(in.SerialNumber, in.TokenCode)
	c.tokenSize(in.MinimumSessionTokenSize)
	return c.err()
}

func (in *SessionTokenInput) validate() error {
	var c constraints
	c.duration(in.DurationSeconds, maxOwnDuration)
	c.device(in.SerialNumber, in.TokenCode)
	c.tokenSize(in.MinimumSessionTokenSize)
	return c.err()
}

func (in *FederationTokenInput) validate() error {
	var c constraints
	if c.required("name", in.Name) {
		c.text("name", *in.Name, 2, 32, nameExpression, namePattern)
	}
	c.policies(in.Policy, in.PolicyArns)
	c.duration(in.DurationSeconds, maxOwnDuration)
	c.tags(in.Tags, nil)
	c.tokenSize(in.MinimumSessionTokenSize)
	return c.err()
}

// parseRoleARN takes RoleArn apart. As on AWS, text that is no ARN is "X is invalid", and an ARN of something else is "Request ARN is invalid".
func parseRoleARN(text string) (policy.ARN, error) {
	arn, err := policy.ParseARN(text)
	if err != nil || arn.Partition == "" || arn.Service == "" || arn.Resource == "" {
		return policy.ARN{}, refusal("ValidationError", text+" is invalid", err)
	}
	name, isRole := strings.CutPrefix(arn.Resource, "role/")
	if !isRole || name == "" || strings.HasSuffix(name, "/") || arn.Service != "iam" || arn.Region != "" || !policy.IsAccountID(arn.Account) {
		return policy.ARN{}, refusal("ValidationError", "Request ARN is invalid", nil)
	}
	return arn, nil
}

// checkTags applies the rules that go beyond a single member's shape: keys are unique without case, transitive keys name tags, and AWS's own prefix is not
// to be had. inherited are the calling session's transitive keys, which cannot be set again.
func checkTags(tags []iam.Tag, transitive, inherited []string) error {
	keys := make(map[string]bool, len(tags))
	for _, tag := range tags {
		key := strings.ToLower(tag.Key)
		if keys[key] {
			return refusal("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", nil)
		}
		if strings.HasPrefix(key, "aws:") {
			return refusal("InvalidParameterValue", "aws: prefixed tag key names are not allowed for external use.", nil)
		}
		keys[key] = true
	}
	for _, key := range inherited {
		if keys[strings.ToLower(key)] {
			return refusal("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.", nil)
		}
	}
	for _, key := range transitive {
		if !keys[strings.ToLower(key)] {
			return refusal("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.", nil)
		}
	}
	return nil
}
