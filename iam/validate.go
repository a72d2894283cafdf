package iam

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// validator collects what is wrong with an input, in the words of AWS's validation. Limits and patterns are those of the IAM service model,
// version 2010-05-08.
type validator struct {
	problems []string
	refusal  *Error // a rule with an answer of its own
}

// What a message repeats of a bad request: bytes of a value, and problems.
const (
	maxShown    = 256
	maxProblems = 20
)

// shorten bounds what a message repeats of a value.
func shorten(value string) string {
	if len(value) <= maxShown {
		return value
	}
	return strings.ToValidUTF8(value[:maxShown], "") + "…"
}

// err is nil, or an *Error with everything that is wrong.
func (v *validator) err() error {
	switch n := len(v.problems); {
	case n == 1:
		return refusef("ValidationError", "1 validation error detected: %s", v.problems[0])
	case n > 1:
		return refusef("ValidationError", "%d validation errors detected: %s", n, strings.Join(v.problems, "; "))
	case v.refusal != nil:
		return v.refusal
	}
	return nil
}

// fail notes that member's value breaks a constraint. IAM does not repeat the value, but of enumerations.
func (v *validator) fail(member, constraint string) {
	v.note("Value at '" + member + "' failed to satisfy constraint: " + constraint)
}

func (v *validator) note(problem string) {
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, problem)
	}
}

// refuse notes a rule that has an answer of its own; the first one counts.
func (v *validator) refuse(code, format string, arguments ...any) {
	if v.refusal == nil {
		v.refusal = refusef(code, format, arguments...)
	}
}

// required reports whether value is there.
func (v *validator) required(member, value string) bool {
	if value == "" {
		v.fail(member, "Member must not be null")
	}
	return value != ""
}

// length checks the number of characters.
func (v *validator) length(member, value string, shortest, longest int) {
	switch n := utf8.RuneCountInString(value); {
	case n > longest:
		v.fail(member, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	case n < shortest:
		v.fail(member, fmt.Sprintf("Member must have length greater than or equal to %d", shortest))
	}
}

// lengths checks the numbers of characters of a list's members, of which AWS says both bounds at once and not which one it was.
func (v *validator) lengths(member string, values []string, shortest, longest int) {
	if slices.ContainsFunc(values, func(value string) bool {
		n := utf8.RuneCountInString(value)
		return n < shortest || n > longest
	}) {
		v.fail(member, fmt.Sprintf("Member must satisfy constraint: [Member must have length less than or equal to %d, "+
			"Member must have length greater than or equal to %d]", longest, shortest))
	}
}

// pattern checks every character; expression is how AWS writes the rule. Text that is not UTF-8 satisfies none.
func (v *validator) pattern(member, value, expression string, allowed func(rune) bool) {
	if !utf8.ValidString(value) || strings.IndexFunc(value, func(r rune) bool { return !allowed(r) }) >= 0 {
		v.fail(member, "Member must satisfy regular expression pattern: "+expression)
	}
}

// oneOf checks an enumeration; "" is the default.
func (v *validator) oneOf(member, value string, values ...string) {
	if value != "" && !slices.Contains(values, value) {
		v.note(fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			shorten(value), member, strings.Join(values, ", ")))
	}
}

// between checks a number; nil is the default.
func (v *validator) between(member string, value *int, lowest, highest int) {
	switch {
	case value == nil:
	case *value < lowest:
		v.fail(member, fmt.Sprintf("Member must have value greater than or equal to %d", lowest))
	case *value > highest:
		v.fail(member, fmt.Sprintf("Member must have value less than or equal to %d", highest))
	}
}

func (v *validator) policyName(name string) { v.name("policyName", name, 128) }

// name checks the name of an entity.
func (v *validator) name(member, name string, longest int) {
	if v.required(member, name) {
		v.optionalName(member, name, longest)
	}
}

func (v *validator) optionalName(member, name string, longest int) {
	v.length(member, name, 0, longest)
	if !utf8.ValidString(name) || name == "" || strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) }) >= 0 {
		v.refuse("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	}
}

func isNameRune(r rune) bool { return isWord(r) || strings.ContainsRune("+=,.@-", r) }

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

// path is "" or "/", or printable ASCII between two of them. A policy's is names between slashes, see policyPath.
func (v *validator) path(member, path string) {
	if path == "" {
		return
	}
	v.length(member, path, 1, 512)
	if path == "//" || !isPath(path, func(r rune) bool { return '!' <= r && r <= '~' }) {
		v.badPath(member)
	}
}

func (v *validator) badPath(member string) {
	v.refuse("ValidationError", "The specified value for %s is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", member)
}

// policyPath is "" or "/", or names between slashes.
func (v *validator) policyPath(member, path string) {
	if path == "" {
		return
	}
	v.length(member, path, 1, 512)
	named := func(r rune) bool { return isWord(r) || strings.ContainsRune("/.,+@=-", r) }
	if !isPath(path, named) || strings.Contains(path, "//") {
		v.badPath(member)
	}
}

func isPath(path string, allowed func(rune) bool) bool {
	return path[0] == '/' && path[len(path)-1] == '/' && strings.IndexFunc(path, func(r rune) bool { return !allowed(r) }) < 0
}

// pathPrefix is "" or begins with "/". AWS answers a prefix that is too long as any other that is wrong.
func (v *validator) pathPrefix(prefix string) {
	if prefix != "" && (len(prefix) > 512 || prefix[0] != '/' || strings.IndexFunc(prefix, func(r rune) bool { return r < '!' || r > '\x7f' }) >= 0) {
		v.refuse("ValidationError", "The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.")
	}
}

// document is what its kind of policy is parsed from; the characters are those of the model, which AWS's sentence simplifies.
func (v *validator) document(member, document string) {
	if !v.required(member, document) {
		return
	}
	v.length(member, document, 1, 131072)
	if !utf8.ValidString(document) || strings.IndexFunc(document, func(r rune) bool {
		return r != '\t' && r != '\n' && r != '\r' && (r < ' ' || r > '\u00ff')
	}) >= 0 {
		v.refuse("ValidationError", "The specified value for %s is invalid. It must contain only printable ASCII characters.", member)
	}
}

func (v *validator) roleDescription(description string) {
	v.length("description", description, 0, 1000)
	v.pattern("description", description, `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= '~' || '\u00a1' <= r && r <= '\u00ff'
	})
}

func (v *validator) arn(member, arn string) {
	if v.required(member, arn) {
		v.length(member, arn, 20, 2048)
		v.pattern(member, arn, `[\u0020-\u007E]+`, func(r rune) bool { return ' ' <= r && r <= '~' })
	}
}

// policyARN is a managed policy's ARN, of whatever account. AWS was recorded in 2026 to answer ValidationError for what is no ARN at all, and
// InvalidInput for the ARN of something else.
func (v *validator) policyARN(member, arn string) {
	v.arn(member, arn)
	switch _, err := policy.ParseARN(arn); {
	case err != nil:
		v.refuse("ValidationError", "ARN %s is not valid.", shorten(arn))
	case resourceOf(arn, "policy/") == "":
		v.refuse("InvalidInput", "ARN %s is not valid.", shorten(arn))
	}
}

func (v *validator) providerARN(arn string) {
	v.arn("openIDConnectProviderArn", arn)
	if resourceOf(arn, "oidc-provider/") == "" {
		v.refuse("ValidationError", "Invalid resource type in ARN")
	}
}

// resourceOf is what follows prefix in the resource of an IAM ARN; "" if it is no such ARN.
func resourceOf(arn, prefix string) string {
	part := strings.SplitN(arn, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "iam" || part[3] != "" || !strings.HasPrefix(part[5], prefix) {
		return ""
	}
	return part[5][len(prefix):]
}

func (v *validator) versionID(id string) {
	if !v.required("versionId", id) {
		return
	}
	digits := strings.TrimPrefix(id, "v")
	if digits == id || digits == "" || digits[0] == '0' || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		v.fail("versionId", `Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
}

// requiredTags is tags for the calls that are about nothing else.
func (v *validator) requiredTags(tags []Tag, same sameKey) {
	if tags == nil {
		v.fail("tags", "Member must not be null")
	}
	v.tags(tags, same)
}

// tags checks a list of tags (IAM User Guide, "Rules for tagging in IAM and AWS STS").
func (v *validator) tags(tags []Tag, same sameKey) {
	if len(tags) > maxTags {
		v.fail("tags", fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
		return
	}
	for i, tag := range tags {
		key, value := fmt.Sprintf("tags.%d.member.key", i+1), fmt.Sprintf("tags.%d.member.value", i+1)
		v.length(key, tag.Key, 1, 128)
		if tag.Key != "" {
			v.pattern(key, tag.Key, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, isTagRune)
		}
		v.length(value, tag.Value, 0, 256)
		v.pattern(value, tag.Value, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, isTagRune)
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			v.refuse("InvalidInput", "Tag keys that begin with aws: are reserved.")
		}
		if slices.ContainsFunc(tags[:i], func(t Tag) bool { return same(t.Key, tag.Key) }) {
			v.refuse("InvalidInput", "Duplicate tag keys found.%s", map[bool]string{true: " Please note that Tag keys are case insensitive."}[same("a", "A")])
		}
	}
}

// tagKeys checks a list of tag keys, about each of which AWS says all rules at once.
func (v *validator) tagKeys(keys []string) {
	switch {
	case keys == nil:
		v.fail("tagKeys", "Member must not be null")
	case len(keys) > maxTags:
		v.fail("tagKeys", fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
	case slices.ContainsFunc(keys, func(key string) bool {
		return key == "" || utf8.RuneCountInString(key) > 128 || !utf8.ValidString(key) || strings.IndexFunc(key, func(r rune) bool { return !isTagRune(r) }) >= 0
	}):
		v.fail("tagKeys", `Member must satisfy constraint: [Member must have length less than or equal to 128, `+
			`Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: `+
			`[\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`)
	}
}

func isTagRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
}
