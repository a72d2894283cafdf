package policy

import "strings"

// Policy variables (IAM User Guide, "IAM policy elements: Variables and tags"): ${key}, ${key, 'default'} and, for the
// characters that mean something else, ${*}, ${?} and ${$}. A value, a default and an escaped character are literal
// text: a * in a user's name is no wildcard.

// parseGlob cuts a pattern. wild: * and ? are wildcards. variables: ${…} is a variable, which documents of version
// 2008-10-17 do not have. The message is why the pattern is malformed, or empty.
func parseGlob(pattern string, wild, variables bool) (g glob, malformed string) {
	return appendGlob(nil, pattern, wild, variables)
}

// appendGlob is parseGlob into the memory of g, which is empty.
func appendGlob(g glob, pattern string, wild, variables bool) (_ glob, malformed string) {
	for variables {
		start := strings.Index(pattern, "${")
		if start < 0 {
			break
		}
		g = g.appendText(pattern[:start], wild)
		p, length, malformed := parseVariable(pattern[start:])
		if malformed != "" {
			return nil, malformed
		}
		g = append(g, p)
		pattern = pattern[start+length:]
	}
	return g.appendText(pattern, wild), ""
}

// TextPart is a stretch of a text that has variables: a variable, or literal text.
type TextPart struct {
	Variable   string // the key, as written; empty: literal text
	HasDefault bool
	Text       string // the literal text; of a variable its default
	Wild       bool   // * and ? in Text are wildcards, where the text's element has any: ${*} and defaults are not
}

// CutVariables takes apart a text of a document of version 2012-10-17. Where a variable is malformed, which Compile refuses, it is not ok, and the parts
// are those before.
func CutVariables(text string) (parts []TextPart, ok bool) {
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			return append(parts, TextPart{Text: text, Wild: true}), true
		}
		parts = append(parts, TextPart{Text: text[:start], Wild: true})
		p, length, malformed := parseVariable(text[start:])
		if malformed != "" {
			return parts, false
		}
		part := TextPart{Text: p.text}
		if p.kind == variable {
			part = TextPart{Variable: p.text}
			if p.fallback != nil {
				part.HasDefault, part.Text = true, *p.fallback
			}
		}
		parts, text = append(parts, part), text[start+length:]
	}
}

// parseVariable reads the variable that text begins with.
func parseVariable(text string) (p piece, length int, malformed string) {
	inner := text[len("${"):]
	end := strings.IndexAny(inner, "},")
	if end < 0 {
		return piece{}, 0, "variable without its closing brace: " + shorten(text)
	}
	name := inner[:end]
	length = len("${") + end + 1
	if inner[end] == ',' {
		rest, ok := strings.CutPrefix(inner[end:], ", '")
		close := strings.IndexByte(rest, '\'')
		if !ok || close < 0 || !strings.HasPrefix(rest[close:], "'}") {
			return piece{}, 0, "a variable's default is written ${key, 'text'}: " + shorten(text)
		}
		fallback := rest[:close]
		p.fallback = &fallback
		length += len(" '") + close + len("'}")
	}
	switch {
	case p.fallback == nil && (name == "*" || name == "?" || name == "$"):
		return piece{kind: literal, text: name}, length, ""
	case name == "" || strings.ContainsAny(name, "${*?'\"") || name != strings.TrimSpace(name):
		return piece{}, 0, "not the name of a condition key in a variable: " + shorten(text[:length])
	}
	p.kind, p.text, p.key = variable, name, newContextKey(name)
	return p, length, ""
}

// shorten keeps messages readable where a document is not.
func shorten(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
