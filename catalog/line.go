package catalog

import (
	"fmt"
	"strings"
)

// maxText bounds the bytes of one policy in the notation. IAM's quota on a managed policy is 6,144 characters of JSON, and the
// notation is shorter than that.
const maxText = 64 << 10

// syntaxError is a complaint about a text in the notation. Line and column are 1-based; the text is ASCII up to it.
type syntaxError struct {
	line, column int
	message      string
}

// Error is "LINE:COLUMN: message".
func (e *syntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.line, e.column, e.message) }

// word is a run of characters other than spaces, and where it begins.
type word struct {
	text         string
	line, column int
}

func (w word) errorf(format string, arguments ...any) error {
	return &syntaxError{w.line, w.column, fmt.Sprintf(format, arguments...)}
}

// logicalLine is a line with those that continue it: its words, at least one.
type logicalLine struct {
	element bool // indented, so that it belongs to a statement
	words   []word
}

// readLines cuts a text into logical lines, without comments and blank lines. Errors are *syntaxError.
func readLines(text string) ([]logicalLine, error) {
	if len(text) > maxText {
		return nil, &syntaxError{1, 1, fmt.Sprintf("text is longer than %d bytes", maxText)}
	}
	var lines []logicalLine
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		for i := range len(line) {
			if line[i] < ' ' || line[i] > '~' {
				return nil, &syntaxError{number, i + 1, fmt.Sprintf("byte %#02x is not printable ASCII", line[i])}
			}
		}
		words := readWords(line, number)
		if len(words) == 0 || line[0] == '#' {
			continue
		}
		switch words[0].column {
		case 1:
			lines = append(lines, logicalLine{words: words})
		case 3:
			lines = append(lines, logicalLine{element: true, words: words})
		case 5:
			if len(lines) == 0 || !lines[len(lines)-1].element {
				return nil, words[0].errorf("this line continues nothing: only elements of a statement go on")
			}
			last := &lines[len(lines)-1]
			last.words = append(last.words, words...)
		default:
			return nil, words[0].errorf("a line is indented by 0, 2 or 4 spaces")
		}
	}
	return lines, nil
}

// readWords cuts a line at its spaces.
func readWords(line string, number int) []word {
	var words []word
	for at := 0; at < len(line); {
		if line[at] == ' ' {
			at++
			continue
		}
		end := at
		for end < len(line) && line[end] != ' ' {
			end++
		}
		words = append(words, word{line[at:end], number, at + 1})
		at = end
	}
	return words
}
