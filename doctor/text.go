package doctor

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// maxSlip is how many letters a misspelling changes: ids of clusters differ in far more.
const maxSlip = 3

// maxCompared bounds the texts whose distance is computed, in bytes: what issuers and subjects have.
const maxCompared = 512

// nearest is the candidate that takes the fewest changes of a letter to become text, the first of equals; "" if there is none.
func nearest(text string, candidates []string) (near string, distance int) {
	for _, candidate := range candidates {
		if d := editDistance(cut(text), cut(candidate)); near == "" || d < distance {
			near, distance = candidate, d
		}
	}
	return near, distance
}

func cut(text string) string { return text[:min(len(text), maxCompared)] }

// editDistance is Levenshtein's, by bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// suffix is what tools append to names that they generate: hexadecimal digits, with a digit among them.
var suffix = regexp.MustCompile(`^(.+)-([0-9a-f]{5,64})$`)

// generated tells whether two names differ in nothing but a generated suffix.
func generated(a, b string) bool {
	x, y := suffix.FindStringSubmatch(a), suffix.FindStringSubmatch(b)
	return x != nil && y != nil && x[1] == y[1] && strings.ContainsAny(x[2], "0123456789") && strings.ContainsAny(y[2], "0123456789")
}

func itoa(n int) string         { return strconv.Itoa(n) }
func quoted(text string) string { return strconv.Quote(text) }
func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// middleCut keeps the ends of a text, which is where names and ARNs differ, and nothing that a terminal would take for more than text.
func middleCut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= most {
		return text
	}
	half := max(1, (most-3)/2)
	return strings.ToValidUTF8(text[:half], "") + "..." + strings.ToValidUTF8(text[len(text)-half:], "")
}
