package awsmodel

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// readHeaderMember reads a member that is in a header, or in all headers with a prefix.
func (r *incoming) readHeaderMember(m *Member, input map[string]any) error {
	if m.Location == InHeader {
		value, present, err := r.headerValue(m, m.Wire)
		if present {
			input[m.Name] = value
		}
		return err
	}
	entries := map[string]any{}
	for name := range r.headers {
		key, prefixed := strings.CutPrefix(name, lower(m.Wire))
		if !prefixed || key == "" {
			continue
		}
		value, _, err := r.headerValue(m.Shape.Element, name)
		if err != nil {
			return err
		}
		entries[key] = value
	}
	if len(entries) > 0 {
		input[m.Name] = entries
	}
	return nil
}

func (r *incoming) headerValue(m *Member, name string) (any, bool, error) {
	values := r.headers[lower(name)]
	switch {
	case len(values) == 0:
		return nil, false, nil
	case len(values) > 1:
		return nil, false, wrongValue("header "+name, "it is given twice")
	case !utf8.ValidString(values[0]) || strings.ContainsFunc(values[0], func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return nil, false, wrongValue("header "+name, "it is not a text")
	}
	text := strings.Trim(values[0], " \t")
	if m.Shape.Kind == List {
		list, err := readHeaderList(m.Shape.Element, text, "header "+name)
		return list, true, err
	}
	if m.JSONValue {
		decoded, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || !json.Valid(decoded) || !utf8.Valid(decoded) {
			return nil, false, wrongValue("header "+name, "it is not JSON in base64")
		}
		return string(decoded), true, nil
	}
	value, err := readText(m, text, "header "+name, HTTPDate)
	return value, true, err
}

// readHeaderList reads values between commas. One with a comma or quote of its own is in quotes
// (https://smithy.io/2.0/spec/http-bindings.html#httpheader-trait). HTTP dates have a comma each.
func readHeaderList(m *Member, text, path string) (any, error) {
	list := []any{}
	for rest := text; rest != ""; {
		var item string
		var quoted bool
		if item, rest, quoted = cutQuoted(rest); !quoted {
			separator := ","
			if m.Shape.Kind == Timestamp && (m.Timestamp == DefaultTimestamp || m.Timestamp == HTTPDate) {
				if weekday, date, found := strings.Cut(rest, ","); found {
					item = weekday + ","
					rest = date
				}
			}
			before, after, more := strings.Cut(rest, separator)
			item += before
			if rest = after; more && strings.TrimSpace(after) == "" {
				return nil, wrongValue(path, "a comma is at its end")
			}
			item = strings.Trim(item, " \t")
		}
		value, err := readText(m, item, path, HTTPDate)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// cutQuoted takes a value in quotes, with the comma after it, from the beginning of a list.
func cutQuoted(text string) (item, rest string, quoted bool) {
	text = strings.TrimLeft(text, " \t")
	if !strings.HasPrefix(text, `"`) {
		return "", text, false
	}
	var value []byte
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'): // the SDK for Python leaves other backslashes alone
			i++
			value = append(value, text[i])
		case text[i] == '"':
			rest = strings.TrimLeft(text[i+1:], " \t")
			after, comma := strings.CutPrefix(rest, ",")
			if rest != "" && (!comma || strings.Trim(after, " \t") == "") {
				return "", text, false
			}
			return string(value), after, true
		default:
			value = append(value, text[i])
		}
	}
	return "", text, false
}

// writeHeaderMember is the inverse of readHeaderMember.
func writeHeaderMember(to map[string][]string, m *Member, value any) {
	if entries, isMap := value.(map[string]any); isMap {
		for key, v := range entries {
			to[m.Wire+key] = []string{writeText(v)}
		}
		return
	}
	text := writeText(value)
	if list, isList := value.([]any); isList {
		items := make([]string, len(list))
		for i, v := range list {
			items[i] = quoteItem(m.Shape.Element, writeText(v))
		}
		text = strings.Join(items, ",")
	} else if m.JSONValue {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	to[m.Wire] = []string{text}
}

// quoteItem puts a text of a list into quotes where it would be read otherwise without them.
func quoteItem(m *Member, text string) string {
	if m.Shape.Kind != String || text != "" && !strings.ContainsAny(text, "\",\\ \t") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
