package gateway

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxShownText     = 1024 // bytes of a parameter in the trail
	maxShownElements = 100
)

// shownParameters are the members of an input that the trail keeps: those that name things, under the names that CloudTrail gives them, which begin
// in lower case. All others stay out, since a plaintext, a password or a token may be in any of them.
func shownParameters(input map[string]any) map[string]any {
	shown := map[string]any{}
	for name, value := range input {
		if !namesThings(name) {
			continue
		}
		if value, ok := shownValue(value); ok {
			first, size := utf8.DecodeRuneInString(name)
			shown[string(unicode.ToLower(first))+name[size:]] = value
		}
	}
	return shown
}

// namesThings tells whether a member holds ids, names or ARNs by what it is called.
func namesThings(member string) bool {
	lower := strings.ToLower(strings.TrimSuffix(member, "s"))
	for _, not := range [...]string{"token", "password", "plaintext", "secretstring", "secretbinary", "privatekey", "credential", "authorization"} {
		if strings.Contains(lower, not) {
			return false
		}
	}
	for _, ending := range [...]string{"Id", "ID", "Name", "Arn", "ARN", "QueueUrl"} {
		if strings.HasSuffix(strings.TrimSuffix(member, "s"), ending) {
			return true
		}
	}
	return lower == "id" || lower == "name" || lower == "arn"
}

// shownValue is a text or number, or a list of them, cut off.
func shownValue(value any) (any, bool) {
	switch value := value.(type) {
	case string:
		if len(value) > maxShownText {
			return strings.ToValidUTF8(value[:maxShownText], "") + "…", true
		}
		return value, true
	case json.Number:
		return value, true
	case []any:
		var list []any
		for _, element := range value[:min(len(value), maxShownElements)] {
			if text, ok := element.(string); ok {
				shown, _ := shownValue(text)
				list = append(list, shown)
			}
		}
		return list, len(list) > 0
	}
	return nil, false
}
