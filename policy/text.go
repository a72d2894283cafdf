package policy

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// String is the decision on one line, every reason in it.
func (d Decision) String() string {
	var line strings.Builder
	line.WriteString(d.Effect.String())
	for i, reason := range d.Reasons() {
		line.WriteString([...]string{": ", "; "}[min(i, 1)])
		line.WriteString(reason.String())
	}
	return line.String()
}

// Text is the decision for a terminal: a line for the effect and one for each reason, each with its excerpt of the document that source has for its
// policy's name. source may return nil for what it does not have. Of many reasons it shows the first: what a reader reads, and what hostile documents
// cannot make long.
func (d Decision) Text(source func(policy string) []byte) string {
	var text strings.Builder
	text.WriteString(d.Effect.String() + "\n")
	reasons := d.Reasons()
	for i, reason := range reasons {
		if i == maxShownReasons {
			fmt.Fprintf(&text, "  … and %d more\n", len(reasons)-i)
			break
		}
		text.WriteString("  " + printable(reason.String()) + "\n")
		for line := range strings.Lines(reason.Excerpt(source(reason.Policy))) {
			text.WriteString("    " + line)
		}
	}
	return text.String()
}

// String is the reason on one line: where, and what.
func (r Reason) String() string {
	if r.Statement < 0 {
		return strings.TrimSpace(r.Layer+" "+r.Policy) + ": " + r.Detail()
	}
	where := fmt.Sprintf("%s statement %d", r.Policy, r.Statement)
	if r.SID != "" {
		where += fmt.Sprintf(" (%s)", r.SID)
	}
	return fmt.Sprintf("%s at %d:%d: %s", where, r.Line, r.Column, r.Detail())
}

// Detail is what the reason says of the statement, such as "StringEquals issuer:sub: wanted X, got Y".
func (r Reason) Detail() string {
	switch {
	case r.Statement < 0:
		switch r.Policy {
		case hiddenPolicy:
			return hiddenPolicy
		case undecidedPolicy:
			return "comparing the request with the policies takes too many steps"
		}
		return "no statement allows anything"
	case r.Failed == "" && r.AnyResource:
		return r.Effect + map[bool]string{true: " may apply to one of the resources that the request may be about", false: " applies to all resources that the request may be about"}[r.Effect == "Deny"]
	case r.Failed == "":
		return r.Effect + " applies"
	}
	what := r.Failed
	if r.Failed == failedCondition {
		what = r.Operator + " " + r.Key
	}
	return what + ": wanted " + r.wanted() + ", got " + r.got()
}

func (r Reason) wanted() string {
	values := strings.Join(r.Wanted, " or ")
	operator, _ := parseOperator(r.Operator)
	switch {
	case r.Operator == "Null":
		return map[bool]string{true: "the key to be absent", false: "the key to be present"}[strings.EqualFold(values, "true")]
	case len(r.Wanted) == 0:
		return "one of no values"
	case operator.negated || strings.HasPrefix(r.Failed, "Not"):
		return "anything but " + values
	}
	return [...]string{lessThan: "less than ", lessThanEquals: "at most ", greaterThan: "more than ", greaterThanEquals: "at least "}[operator.relation] + values
}

func (r Reason) got() string {
	if len(r.Got) == 0 {
		return "nothing"
	}
	if r.AnyResource && strings.HasSuffix(r.Failed, failedResource) {
		return "any of " + strings.Join(r.Got, " and ")
	}
	return strings.Join(r.Got, " and ")
}

// A reason must stay readable, and small enough to be recorded with every denial, whatever document or request it is about.
const (
	maxReasonValues = 16
	maxReasonText   = 1024
)

// bound keeps the first values, cut where they are very long.
func bound(values []string) []string {
	bounded := make([]string, 0, min(len(values), maxReasonValues+1))
	for i, value := range values {
		if i == maxReasonValues {
			return append(bounded, fmt.Sprintf("… and %d more", len(values)-i))
		}
		if len(value) > maxReasonText {
			value = strings.ToValidUTF8(value[:maxReasonText], "") + "…"
		}
		bounded = append(bounded, value)
	}
	return bounded
}

// maxShownReasons is how many reasons Text shows.
const maxShownReasons = 16

// An excerpt fits a terminal of excerptColumns; of a statement it shows contextLines more.
const (
	excerptColumns = 100
	contextLines   = 3
)

// Excerpt shows the reason's place in the document that source is: its line, carets under the clause and, where one
// failed, what the request had there. It is plain text of at most 100 columns a line, each ended by a newline; it is empty
// for a reason without a place in source.
//
//	3 |   "StringEquals": {"issuer:sub": "system:serviceaccount:a:app"}
//	  |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^
//	  |                               got system:serviceaccount:b:app
func (r Reason) Excerpt(source []byte) string {
	var note string
	if r.Failed != "" {
		note = "got " + r.got()
	}
	return excerpt(source, Position{r.Line, r.Column}, note)
}

// Excerpt shows a place in a document: its line with carets under the text that begins there, in the form of Reason.Excerpt. It is empty for a place
// that is not in source.
func Excerpt(source []byte, at Position) string { return excerpt(source, at, "") }

// excerpt puts note under the carets. Without a note, a brace alone on its line is shown with the lines that follow.
func excerpt(source []byte, at Position, note string) string {
	lines := bytes.Split(source, []byte("\n"))
	if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1]) {
		return ""
	}
	line := string(lines[at.Line-1])
	start, length := clause(line, at.Column-1)
	text := []rune(printable(line))
	column := utf8.RuneCountInString(line[:start])
	carets := utf8.RuneCountInString(line[start : start+length])

	number := fmt.Sprintf("%*d", len(fmt.Sprint(min(at.Line+contextLines, len(lines)))), at.Line)
	room := excerptColumns - len(number) - len(" | ")
	text, column = window(text, column, carets, room)
	carets = min(carets, room-column)
	var out strings.Builder
	put := func(number, text string) {
		out.WriteString(strings.TrimRight(number+" | "+text, " ") + "\n")
	}
	put(number, string(text))
	gutter := strings.Repeat(" ", len(number))
	put(gutter, strings.Repeat(" ", column)+strings.Repeat("^", carets))
	if note == "" { // a statement mostly begins with a brace alone on its line
		for i := at.Line; i < min(at.Line+contextLines, len(lines)) && strings.TrimSpace(string(text)) == "{"; i++ {
			next, _ := window([]rune(printable(string(lines[i]))), 0, 0, room)
			put(fmt.Sprintf("%*d", len(number), i+1), string(next))
		}
		return out.String()
	}
	got := []rune(printable(note))
	if len(got) > room {
		got = append(got[:room-1], '…')
	}
	indent := min(max(0, column-len("got ")), room-len(got))
	put(gutter, strings.Repeat(" ", indent)+string(got))
	return out.String()
}

// clause is what to underline: the text of the string that begins at offset, or the one character there.
func clause(line string, offset int) (start, length int) {
	if line[offset] != '"' {
		_, size := utf8.DecodeRuneInString(line[offset:])
		return offset, size
	}
	start = offset + 1
	for end := start; end < len(line); end++ {
		switch line[end] {
		case '\\':
			end++
		case '"':
			if end > start {
				return start, end - start
			}
			return offset, 2
		}
	}
	return offset, len(line) - offset
}

// printable keeps every character of text one column wide, as far as that can be told without tables.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
}

// window cuts text to room characters around those that begin at column, marking the cuts.
func window(text []rune, column, length, room int) ([]rune, int) {
	if len(text) <= room {
		return text, column
	}
	start := max(0, min(column-room/2, len(text)-room))
	if column+length > start+room {
		start = min(column-2, column+length-room+2) // show the end of the clause, but never lose its beginning
		start = max(0, min(start, len(text)-room))
	}
	cut := append([]rune(nil), text[start:start+room]...)
	if start > 0 {
		cut[0] = '…'
	}
	if start+room < len(text) {
		cut[room-1] = '…'
	}
	return cut, column - start
}
