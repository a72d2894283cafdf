package iam

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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

// fail notes that member's value breaks a constraint.
func (v *validator) fail(member, value, constraint string) {
	if len(value) > maxShown {
		value = strings.ToValidUTF8(value[:maxShown], "") + "…"
	}
	v.note(fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint))
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
		v.note(fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", member))
	}
	return value != ""
}

// length checks the number of characters.
func (v *validator) length(member, value string, shortest, longest int) {
	switch n := utf8.RuneCountInString(value); {
	case n > longest:
		v.fail(member, value, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	case n < shortest:
		v.fail(member, value, fmt.Sprintf("Member must have length greater than or equal to %d", shortest))
	}
}

// pattern checks every character; expression is how AWS writes the rule. Text that is not UTF-8 satisfies none.
func (v *validator) pattern(member, value, expression string, allowed func(rune) bool) {
	if !utf8.ValidString(value) || strings.IndexFunc(value, func(r rune) bool { return !allowed(r) }) >= 0 {
		v.fail(member, value, "Member must satisfy regular expression pattern: "+expression)
	}
}

// oneOf checks an enumeration; "" is the default.
func (v *validator) oneOf(member, value string, values ...string) {
	if value != "" && !slices.Contains(values, value) {
		v.fail(member, value, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
	}
}

// between checks a number; nil is the default.
func (v *validator) between(member string, value *int, lowest, highest int) {
	switch {
	case value == nil:
	case *value < lowest:
		v.fail(member, fmt.Sprint(*value), fmt.Sprintf("Member must have value greater than or equal to %d", lowest))
	case *value > highest:
		v.fail(member, fmt.Sprint(*value), fmt.Sprintf("Member must have value less than or equal to %d", highest))
	}
}

func (v *validator) roleName(name string)   { v.name("roleName", name, 64) }
func (v *validator) policyName(name string) { v.name("policyName", name, 128) }

func (v *validator) name(member, name string, longest int) {
	if v.required(member, name) {
		v.length(member, name, 1, longest)
		v.pattern(member, name, `[\w+=,.@-]+`, func(r rune) bool { return isWord(r) || strings.ContainsRune("+=,.@-", r) })
	}
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

// rolePath is "" or "/", or printable ASCII between two of them.
func (v *validator) rolePath(path string) {
	if path == "" {
		return
	}
	v.length("path", path, 1, 512)
	if path == "//" || !isPath(path, func(r rune) bool { return '!' <= r && r <= '~' }) {
		v.fail("path", path, `Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`)
	}
}

// policyPath is "" or "/", or names between slashes.
func (v *validator) policyPath(member, path string) {
	if path == "" {
		return
	}
	v.length(member, path, 1, 512)
	named := func(r rune) bool { return isWord(r) || strings.ContainsRune("/.,+@=-", r) }
	if !isPath(path, named) || strings.Contains(path, "//") {
		v.fail(member, path, `Member must satisfy regular expression pattern: ((/[A-Za-z0-9\.,\+@=_-]+)*)/`)
	}
}

func isPath(path string, allowed func(rune) bool) bool {
	return path[0] == '/' && path[len(path)-1] == '/' && strings.IndexFunc(path, func(r rune) bool { return !allowed(r) }) < 0
}

// pathPrefix is "" or begins with "/".
func (v *validator) pathPrefix(prefix string) {
	if prefix == "" {
		return
	}
	v.length("pathPrefix", prefix, 1, 512)
	if prefix[0] != '/' || strings.IndexFunc(prefix, func(r rune) bool { return r < '!' || r > '\x7f' }) >= 0 {
		v.fail("pathPrefix", prefix, `Member must satisfy regular expression pattern: \u002F[\u0021-\u007F]*`)
	}
}

func (v *validator) document(member, document string) {
	if v.required(member, document) {
		v.length(member, document, 1, 131072)
		v.pattern(member, document, `[\u0009\u000A\u000D\u0020-\u00FF]+`, func(r rune) bool {
			return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= '\u00ff'
		})
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

// policyARN is a managed policy's ARN, of whatever account.
func (v *validator) policyARN(member, arn string) {
	v.arn(member, arn)
	if part := strings.SplitN(arn, ":", 6); len(part) != 6 || part[0] != "arn" || part[2] != "iam" || part[3] != "" || !strings.HasPrefix(part[5], "policy/") {
		v.refuse("InvalidInput", "ARN %s is not valid.", arn)
	}
}

func (v *validator) providerARN(arn string) {
	const member = "openIDConnectProviderArn"
	v.arn(member, arn)
	if part := strings.SplitN(arn, ":", 6); len(part) != 6 || part[0] != "arn" || part[2] != "iam" || part[3] != "" || !strings.HasPrefix(part[5], "oidc-provider/") {
		v.refuse("InvalidInput", "ARN %s is not valid.", arn)
	}
}

func (v *validator) versionID(id string) {
	if !v.required("versionId", id) {
		return
	}
	digits := strings.TrimPrefix(id, "v")
	if digits == id || digits == "" || digits[0] == '0' || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		v.fail("versionId", id, `Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
}

// tags checks a list of tags (IAM User Guide, "Rules for tagging in IAM and AWS STS").
func (v *validator) tags(tags []Tag) {
	if len(tags) > maxTags {
		v.fail("tags", fmt.Sprintf("%d tags", len(tags)), fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
		return
	}
	for i, tag := range tags {
		v.tagKey(fmt.Sprintf("tags.%d.member.key", i+1), tag.Key)
		value := fmt.Sprintf("tags.%d.member.value", i+1)
		v.length(value, tag.Value, 0, 256)
		v.pattern(value, tag.Value, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, isTagRune)
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			v.refuse("InvalidInput", "Tag keys that begin with aws: are reserved.")
		}
		if slices.ContainsFunc(tags[:i], func(t Tag) bool { return strings.EqualFold(t.Key, tag.Key) }) {
			v.refuse("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
}

func (v *validator) tagKeys(keys []string) {
	if len(keys) > maxTags {
		v.fail("tagKeys", fmt.Sprintf("%d keys", len(keys)), fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
		return
	}
	for i, key := range keys {
		v.tagKey(fmt.Sprintf("tagKeys.%d.member", i+1), key)
	}
}

func (v *validator) tagKey(member, key string) {
	if v.required(member, key) {
		v.length(member, key, 1, 128)
		v.pattern(member, key, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, isTagRune)
	}
}

func isTagRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
}
