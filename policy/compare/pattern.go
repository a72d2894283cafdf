package compare

import (
	"slices"
	"strings"
	"unicode"

	"github.com/openirsa/openirsa/policy"
)

// folding tells which letters count as the same.
type folding uint8

const (
	exactCase  folding = iota
	asciiCase          // A to Z and a to z, as booleans are compared
	simpleCase         // Unicode's simple folding, as StringEqualsIgnoreCase compares
)

// variables are the values that ${…} has while patterns are compiled: a text that is known, or one of the symbols. A variable in neither has no
// value, and its default applies.
type variables struct {
	known   map[string]string // by name in lower case
	symbols map[string]int
}

// cut takes a text apart at its variables. The document has compiled, so that they are well formed.
func cut(text string, hasVariables bool) []policy.TextPart {
	if !hasVariables {
		return []policy.TextPart{{Text: text, Wild: true}}
	}
	parts, _ := policy.CutVariables(text)
	return parts
}

// variableNames are the keys that a text has as variables, in lower case.
func variableNames(text string, hasVariables bool) []string {
	var names []string
	for _, p := range cut(text, hasVariables) {
		if p.Variable != "" {
			names = append(names, strings.ToLower(p.Variable))
		}
	}
	return names
}

// compileGlob makes a pattern of a text. wild: * and ? are wildcards. It is not ok if a variable has no value: then nothing matches.
func (v variables) compileGlob(text string, wild, hasVariables bool, fold folding) (p pattern, ok bool) {
	for _, piece := range cut(text, hasVariables) {
		literal := piece.Text
		if name := strings.ToLower(piece.Variable); name != "" {
			if value, known := v.known[name]; known {
				literal = value
			} else if number, isSymbol := v.symbols[name]; isSymbol {
				p = append(p, element{kind: symbol, number: number})
				continue
			} else if !piece.HasDefault {
				return nil, false
			}
		}
		for _, c := range literal {
			switch {
			case wild && piece.Wild && c == '*':
				if len(p) == 0 || p[len(p)-1].kind != run {
					p = append(p, element{kind: run})
				}
			case wild && piece.Wild && c == '?':
				p = append(p, element{kind: one})
			default:
				p = append(p, element{kind: character, chars: cases(c, fold)})
			}
		}
	}
	return p, true
}

// cases are the characters that count as c.
func cases(c rune, fold folding) []rune {
	chars := []rune{c}
	switch {
	case fold == asciiCase && c < unicode.MaxASCII && unicode.IsLetter(c):
		chars = []rune{unicode.ToUpper(c), unicode.ToLower(c)}
	case fold == simpleCase:
		for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
			chars = append(chars, other)
		}
	}
	return chars
}

// compileARN makes a pattern of a resource or of an operand of an Arn operator: before the fifth colon a wildcard stays within its part. An ARN
// with fewer parts ends in a * that takes all that is left. runsOn: a * that ends a part does not stay within it, as those of resources do not.
func (v variables) compileARN(text string, hasVariables, runsOn bool) (p pattern, ok bool) {
	p, ok = v.compileGlob(text, true, hasVariables, exactCase)
	colons := 0
	for _, e := range p {
		if e.kind == character && e.chars[0] == ':' {
			colons++
		}
	}
	last := min(colons, 5)
	colons = 0
	for i := range p {
		switch e := &p[i]; e.kind {
		case character:
			if e.chars[0] == ':' {
				colons++
			}
		case one, run:
			ends := e.kind == run && i+1 < len(p) && p[i+1].kind == character && p[i+1].chars[0] == ':'
			e.part = colons < last && !(runsOn && ends)
		}
	}
	return p, ok
}

// movesParts tells whether an operand has a variable before its fifth colon. Colons of the variable's value then make it another pattern, in which
// other wildcards may take colons.
func movesParts(text string) bool {
	before, _, variable := strings.Cut(text, "${")
	return variable && strings.Count(before, ":") < 5
}

// anyARN is every text that counts as an ARN: arn, five colons, and anything in between and behind.
func anyARN() pattern {
	p := literal("arn")
	for range 4 {
		p = append(p, literal(":")...)
		p = append(p, element{kind: run, part: true})
	}
	return append(append(p, literal(":")...), element{kind: run})
}

// anyText is every text, anyName every one without a colon that is not empty.
func anyText() pattern { return pattern{{kind: run}} }
func anyName() pattern { return pattern{{kind: one, part: true}, {kind: run, part: true}} }

func literal(text string) pattern {
	p, _ := variables{}.compileGlob(text, false, false, exactCase)
	return p
}

// sortedUnique sorts a list and drops what it has twice.
func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
