package iam

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// simulatedPolicy is a policy with what an answer calls it.
type simulatedPolicy struct {
	id, document string
	lines        []int                    // where lines begin
	inner        []int                    // the bytes that no character begins with
	told         map[int]MatchedStatement // statements that were told before, by index
}

// matched is how an answer tells of a statement.
func (p *simulatedPolicy) matched(a policy.Applied) MatchedStatement {
	told, ok := p.told[a.Statement]
	if !ok {
		told = MatchedStatement{SourcePolicyID: p.id, Start: p.place(p.begin(a.Start)), End: p.place(a.End)}
		p.told[a.Statement] = told
	}
	told.SourcePolicyType = sourceTypes[a.Layer]
	return told
}

// begin is where AWS has a statement begin: after what its parser read before it, which is the bracket of the list or the statement before; after
// the brace of a statement that stands alone (AWS's answers as recorded in 2026).
func (p *simulatedPolicy) begin(start int) int {
	const space = " \t\r\n"
	before := strings.TrimRight(p.document[:start], space)
	if list, ok := strings.CutSuffix(before, ","); ok {
		return len(strings.TrimRight(list, space))
	}
	if strings.HasSuffix(before, "[") {
		return len(before)
	}
	return start + 1
}

// place is the line and column of an offset as AWS counts them, both from 1: columns in characters, and lines that end in CR, LF or both.
func (p *simulatedPolicy) place(offset int) policy.Position {
	line, found := slices.BinarySearch(p.lines, offset)
	if !found {
		line--
	}
	begin := p.lines[line]
	before, _ := slices.BinarySearch(p.inner, begin)
	upTo, _ := slices.BinarySearch(p.inner, offset)
	return policy.Position{Line: line + 1, Column: offset - begin - (upTo - before) + 1}
}

// lay finds where the lines of text begin, and the bytes that no character begins with.
func lay(text string) (lines, inner []int) {
	lines = []int{0}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\n', c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			lines = append(lines, i+1)
		case !utf8.RuneStart(c):
			inner = append(inner, i)
		}
	}
	return lines, inner
}
