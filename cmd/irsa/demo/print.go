package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// The form of the walk: at most 100 columns; a step's number and title, then fields with their labels in one column; a policy has
// its line numbers before a bar, and carets under the clause that is spoken of. Colour only says again what the words say.
const (
	columns = 100
	indent  = "    "
	label   = 10
)

// Escape codes of the colours in use.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// printer writes the walk and keeps the first error of its writer.
type printer struct {
	out   io.Writer
	color bool
	now   func() time.Time
	began time.Time // of the current step
	err   error
}

func (p *printer) line(text string) {
	if _, err := fmt.Fprintln(p.out, strings.TrimRight(text, " ")); err != nil && p.err == nil {
		p.err = fmt.Errorf("writing: %w", err)
	}
}

func (p *printer) paint(code, text string) string {
	if !p.color || text == "" {
		return text
	}
	return code + text + reset
}

func (p *printer) headline(text string) {
	p.elapsed()
	p.line("")
	p.line(p.paint(bold, text))
}

func (p *printer) text(text string) { p.line(text) }

// begin closes the step before with its time and opens the next.
func (p *printer) begin(number int, title string) {
	p.elapsed()
	p.line("")
	p.line(p.paint(bold, fmt.Sprintf("%2d  %s", number, title)))
	p.began = p.now()
}

// elapsed ends a step with the time that it took.
func (p *printer) elapsed() {
	if p.began.IsZero() {
		return
	}
	p.field("took", seconds(p.now().Sub(p.began)))
	p.began = time.Time{}
}

// seconds prints a duration as people read it.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// minutes prints a duration in whole hours and minutes.
func minutes(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "0m")
}

// field prints a labelled text, wrapped under itself.
func (p *printer) field(name, text string) {
	code := map[string]string{"answered": green, "took": dim, "because": yellow}[name]
	if name == "answered" && !strings.HasPrefix(text, "200") {
		code = red
	}
	padding := strings.Repeat(" ", len(indent)+label)
	for i, row := range wrap(text, columns-len(padding)) {
		if i == 0 {
			p.line(indent + p.paint(dim, fmt.Sprintf("%-*s", label, name)) + p.paint(code, row))
		} else {
			p.line(padding + p.paint(code, row))
		}
	}
}

// document prints a policy with its line numbers.
func (p *printer) document(source string) {
	number := 0
	for row := range strings.Lines(source) {
		number++
		p.numbered(number, strings.TrimRight(row, "\n"))
	}
}

func (p *printer) numbered(number int, row string) {
	gutter := fmt.Sprintf("%s%2d | ", indent, number)
	p.line(p.paint(dim, gutter) + clip(row, columns-utf8.RuneCountInString(gutter)))
}

// excerpt shows a reason's place in its policy: the line, carets under the clause and, where one failed, what was there instead.
func (p *printer) excerpt(reason policy.Reason, source string) {
	code := green
	if reason.Failed != "" {
		code = red
	}
	for i, row := range strings.Split(strings.TrimSuffix(reason.Excerpt([]byte(source)), "\n"), "\n") {
		if i > 0 {
			row = p.paint(code, row)
		}
		p.line(indent + row)
	}
}

// command prints something to type, and what it is for.
func (p *printer) command(typed, purpose string) {
	p.line(fmt.Sprintf("%s%s  %s", indent, p.paint(bold, fmt.Sprintf("%-50s", typed)), purpose))
}

// wrap breaks text into rows of at most width columns, at spaces where there are any.
func wrap(text string, width int) []string {
	var rows []string
	row := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			if row != "" {
				rows, row = append(rows, row), ""
			}
			head := []rune(word)[:width]
			rows, word = append(rows, string(head)), word[len(string(head)):]
		}
		switch {
		case row == "":
			row = word
		case utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) <= width:
			row += " " + word
		default:
			rows, row = append(rows, row), word
		}
	}
	return append(rows, row)
}

// clip cuts what does not fit.
func clip(row string, width int) string {
	if utf8.RuneCountInString(row) <= width {
		return row
	}
	return string([]rune(row)[:width-1]) + "…"
}

// policyName says which policy a reason speaks of, as a person would.
func policyName(r policy.Reason) string {
	switch r.Layer {
	case "trust":
		return "role's trust policy"
	case "boundary":
		return "permissions boundary " + r.Policy
	case "session":
		return "session policy " + r.Policy
	}
	return "role's policy " + r.Policy
}

func sid(r policy.Reason) string {
	if r.SID == "" {
		return ""
	}
	return " (" + r.SID + ")"
}

func clause(r policy.Reason) string {
	if r.Failed != "Condition" {
		return r.Failed
	}
	return r.Operator + " on " + r.Key
}

func denial(d *policy.Decision) string {
	if d.Effect == policy.ExplicitlyDenied {
		return "explicitly denied"
	}
	return "not allowed"
}
