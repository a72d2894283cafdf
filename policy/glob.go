package policy

import (
	"strings"
	"unicode/utf8"
)

// glob is a pattern, cut into pieces. It is the one matcher for actions, resources and conditions.
type glob []piece

type pieceKind uint8

const (
	literal  pieceKind = iota // text as it stands
	anyRun                    // *
	anyOne                    // ?
	variable                  // ${text, 'fallback'}; resolved into a literal before matching
)

type piece struct {
	kind     pieceKind
	text     string
	key      *contextKey // of a variable
	fallback *string     // of a variable: its default, if it has one
}

// MatchGlob reports whether text matches pattern, in which * is any run of characters and ? is exactly one (one Unicode
// code point; a byte that is not UTF-8 counts as one). pattern must be valid UTF-8. Time is at most the product of the
// lengths, and in proportion to their sum for patterns with one *; it never grows exponentially.
func MatchGlob(pattern, text string) bool {
	if first := strings.IndexAny(pattern, "*?"); first > 0 && !strings.HasPrefix(text, pattern[:first]) {
		return false // most of many texts, without memory
	}
	return parseWildcards(pattern).match(text, false, unlimited())
}

// parseWildcards cuts a pattern without variables.
func parseWildcards(pattern string) glob {
	var pieces glob
	return pieces.appendText(pattern, true)
}

// appendText adds text, in which * and ? are wildcards if wild.
func (g glob) appendText(text string, wild bool) glob {
	for wild {
		i := strings.IndexAny(text, "*?")
		if i < 0 {
			break
		}
		g = g.appendLiteral(text[:i])
		if text[i] == '?' {
			g = append(g, piece{kind: anyOne})
		} else if len(g) == 0 || g[len(g)-1].kind != anyRun { // ** is *
			g = append(g, piece{kind: anyRun})
		}
		text = text[i+1:]
	}
	return g.appendLiteral(text)
}

func (g glob) appendLiteral(text string) glob {
	if text == "" {
		return g
	}
	return append(g, piece{kind: literal, text: text})
}

// match walks g and text side by side. A * first takes nothing; when what follows it fails, the last * takes one more
// character, and all up to where the text after it stands next, and matching goes on from there. Earlier ones need no second
// look: whatever they left over, the last one can take.
// fold: g is in lower case, and ASCII letters of text count as such. When w is over, it ends with any answer.
func (g glob) match(text string, fold bool, w *work) bool {
	perStep := comparedPerStep
	if fold {
		perStep = readPerStep
	}
	i, at := 0, 0
	star, taken := -1, 0 // the last *, and where the text that it has taken ends
	for w.spend(1) {
		switch {
		case i == len(g):
			if at == len(text) {
				return true
			}
		case g[i].kind == literal:
			if length := len(g[i].text); length <= len(text)-at {
				w.spend(length / perStep)
			}
			if hasPrefix(text[at:], g[i].text, fold) {
				at += len(g[i].text)
				i++
				continue
			}
		case g[i].kind == anyOne:
			if at < len(text) {
				at += characterLength(text[at:])
				i++
				continue
			}
		case g[i].kind == anyRun:
			if tail, ok := g[i+1:].length(); ok { // what follows the last * ends the text, or nothing matches
				if len(text)-at < tail {
					return false
				}
				star, at = -1, len(text)-tail
			} else {
				star, taken = i, at
			}
			i++
			continue
		}
		if star < 0 || taken >= len(text) {
			return false
		}
		taken += characterLength(text[taken:])
		if next := &g[star+1]; next.kind == literal && !fold {
			skip := strings.Index(text[taken:], next.text)
			if skip < 0 {
				w.spend(len(text[taken:]) / readPerStep)
				return false
			}
			w.spend(skip / readPerStep)
			taken += skip
		}
		i, at = star+1, taken
	}
	return false
}

// length is how many bytes g matches, if it is nothing but literal text.
func (g glob) length() (bytes int, ok bool) {
	for i := range g {
		if g[i].kind != literal {
			return 0, false
		}
		bytes += len(g[i].text)
	}
	return bytes, true
}

func characterLength(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	_, length := utf8.DecodeRuneInString(text)
	return length
}

// hasVariables tells whether g must be resolved before it is matched.
func (g glob) hasVariables() bool {
	for i := range g {
		if g[i].kind == variable {
			return true
		}
	}
	return false
}

// isLiteral tells whether g matches one text only, and which.
func (g glob) isLiteral() (string, bool) {
	switch {
	case len(g) == 0:
		return "", true
	case len(g) == 1 && g[0].kind == literal:
		return g[0].text, true
	}
	return "", false
}

// resolve appends g to buffer with its variables replaced by their values, as literal text. It is not ok if one of them
// has no value.
func (g glob) resolve(buffer glob, e *evaluation) (resolved glob, ok bool) {
	if !e.left.spend(len(g)) {
		return nil, false
	}
	for _, p := range g {
		if p.kind == variable {
			value, ok := e.variable(&p)
			if !ok {
				return nil, false
			}
			p = piece{kind: literal, text: value}
		}
		buffer = append(buffer, p)
	}
	return buffer, true
}

// endsInRun tells whether the pattern's last piece is a *.
func (g glob) endsInRun() bool { return len(g) > 0 && g[len(g)-1].kind == anyRun }
