package policy

import (
	"slices"
	"strings"
)

// A request may be about any of several resources (Request.AnyResource): its own pattern covers them. Statements are then not compared with a text but
// with all the texts that the pattern stands for. It is a path of its own, which allocates; requests about one resource do not come here.

// covering is the pattern of such a request.
type covering struct {
	// any: the pattern is not an ARN of six parts with partition and service written out. Only "*" is sure to match all that it stands for, and
	// everything may match some of it.
	any    bool
	tokens []token
	parts  [6]int   // where each part of the ARN begins in tokens
	pieces [][2]int // of tokens, between the colons that are written out
}

// token is one character of a pattern, or a wildcard.
type token struct {
	kind pieceKind // literal, anyRun or anyOne
	text string    // of a literal: its character
	free bool      // a wildcard that may stand for colons: one in the last part of an ARN
}

var colonToken = token{kind: literal, text: ":"}

// newCovering takes a pattern apart.
func newCovering(text string) *covering {
	parts, ok := splitARN(text)
	if !ok || strings.ContainsAny(parts[1]+parts[2], "*?") {
		return &covering{any: true}
	}
	c := &covering{}
	for i, part := range parts {
		if i > 0 {
			c.tokens = append(c.tokens, colonToken)
		}
		c.parts[i] = len(c.tokens)
		c.tokens = appendTokens(c.tokens, parseWildcards(part), i == len(parts)-1)
	}
	from := 0
	for i := range c.tokens {
		if c.tokens[i] == colonToken {
			c.pieces, from = append(c.pieces, [2]int{from, i}), i+1
		}
	}
	c.pieces = append(c.pieces, [2]int{from, len(c.tokens)})
	return c
}

// appendTokens adds g, which has no variables. Of wildcards side by side those for one character come first, so that equal patterns have equal tokens.
func appendTokens(tokens []token, g glob, free bool) []token {
	for i := range g {
		switch p := &g[i]; p.kind {
		case literal:
			for text := p.text; text != ""; {
				length := characterLength(text)
				tokens = append(tokens, token{kind: literal, text: text[:length]})
				text = text[length:]
			}
		case anyOne:
			at := len(tokens)
			if at > 0 && tokens[at-1].kind == anyRun {
				at--
			}
			tokens = slices.Insert(tokens, at, token{kind: anyOne, free: free})
		case anyRun:
			if at := len(tokens); at == 0 || tokens[at-1].kind != anyRun {
				tokens = append(tokens, token{kind: anyRun, free: free})
			}
		}
	}
	return tokens
}

// part is the ARN's part i, and from there on all.
func (c *covering) part(i int) (part, tail []token) {
	tail = c.tokens[c.parts[i]:]
	if i == len(c.parts)-1 {
		return tail, tail
	}
	return c.tokens[c.parts[i] : c.parts[i+1]-1], tail
}

// relates tells whether p is sure to match every ARN that c stands for (all) or may match some of them. Where all are matched, but not in one way, it
// is not sure.
//
// A * of p that runs on may do so over colons that c has written out, not over such that wildcards of c may stand for: else the volumes of a region
// were among its instances, as arn:aws:ec2:*:*:volume/* matches arn:aws:ec2:us-east-1:111122223333:instance/i:volume/v.
func (p *resourcePattern) relates(c *covering, e *evaluation, all bool) bool {
	if p.every || c.any {
		return p.every || !all
	}
	last := p.parts[p.count-1]
	if p.varied {
		var ok bool
		if last, ok = last.resolve(nil, e); !ok {
			return false // as of one resource
		}
	}
	var parts [6][]token
	for i := range p.count - 1 {
		parts[i] = appendTokens(nil, p.parts[i], false)
	}
	parts[p.count-1] = appendTokens(nil, last, true)
	matched := true
	for i := 0; matched && i < p.count; i++ {
		part, tail := c.part(i)
		if i == p.count-1 {
			part = tail
		}
		matched = relate(parts[i], part, all, &e.left)
	}
	return matched || p.runsOn && p.relatesRunningOn(c, parts[:p.count], all, &e.left)
}

// relatesRunningOn is matchRunningOn for a pattern in place of a text: it looks for pieces of c, between its colons, that the parts match in order, after
// one that ends in * any number of them left out. A wildcard of c that may stand for colons is not within one part for sure.
func (p *resourcePattern) relatesRunningOn(c *covering, parts [][]token, all bool, w *work) bool {
	reached := make([]bool, len(c.pieces)+1) // how many pieces the parts so far may have taken
	reached[0] = true
	for i, part := range parts {
		next := make([]bool, len(reached))
		for k, ok := range reached {
			if !ok || k == len(c.pieces) {
				continue
			}
			from, to := c.pieces[k][0], c.pieces[k][1]
			switch {
			case i == len(parts)-1:
				if relate(part, c.tokens[from:], all, w) {
					return true
				}
			case all && slices.ContainsFunc(c.tokens[from:to], func(t token) bool { return t.free }):
			case relate(part, c.tokens[from:to], all, w):
				next[k+1] = true
				for skipped := k + 2; p.parts[i].endsInRun() && skipped < len(next); skipped++ {
					next[skipped] = true
				}
			}
		}
		reached = next
	}
	return false
}

// relate tells whether p matches all that covered does, or some of it. (A function value would have every evaluation allocated.)
func relate(p, covered []token, all bool, w *work) bool {
	if all {
		return contains(p, covered, w)
	}
	return meets(p, covered, w)
}

// contains tells whether p matches every text that covered does: whether it matches the tokens of covered as if they were characters, of which a
// wildcard is only taken by one that takes as much. It goes as glob.match does.
func contains(p, covered []token, w *work) bool {
	i, at, star, taken := 0, 0, -1, 0
	for w.spend(1) {
		switch {
		case i < len(p) && p[i].kind == anyRun:
			star, taken = i, at
			i++
		case at == len(covered):
			return i == len(p)
		case i < len(p) && p[i].takes(&covered[at]):
			i, at = i+1, at+1
		case star < 0:
			return false
		default:
			taken++
			i, at = star+1, taken
		}
	}
	return false
}

// takes tells whether t, which is no *, matches all that other does.
func (t *token) takes(other *token) bool {
	if t.kind == anyOne {
		return other.kind != anyRun
	}
	return *t == *other
}

// meets tells whether some text matches both p and covered: it fills the table of which beginnings of the one can match what beginnings of the other
// do, row by row.
func meets(p, covered []token, w *work) bool {
	row := make([]bool, len(covered)+1)
	row[0] = true
	for i := 0; ; i++ {
		if !w.spend(len(row)) {
			return true // the decision is over, and denies
		}
		for j := range covered { // along the row: p has matched nothing more
			if row[j] && (covered[j].kind == anyRun || i < len(p) && p[i].kind == anyRun) {
				row[j+1] = true
			}
		}
		if i == len(p) {
			return row[len(covered)]
		}
		next := make([]bool, len(row))
		for j := range row {
			if !row[j] {
				continue
			}
			next[j] = next[j] || p[i].kind == anyRun || j < len(covered) && covered[j].kind == anyRun
			if j < len(covered) && p[i].shares(&covered[j]) {
				next[j+1] = true
			}
		}
		row = next
	}
}

// shares tells whether some character matches both t and other, neither of which is a *.
func (t *token) shares(other *token) bool {
	if t.kind == anyRun || other.kind == anyRun {
		return false
	}
	return t.kind == anyOne || other.kind == anyOne || t.text == other.text
}

// matchCovering is matchResource for a request about any of several resources: an Allow must match them all, and a Deny any.
func (s *statement) matchCovering(e *evaluation) bool {
	if len(s.resources) == 0 {
		return true
	}
	for i := range s.resources {
		e.left.spend(1)
		if s.resources[i].relates(e.covered, e, s.deny == s.notAny) {
			return !s.notAny
		}
	}
	return s.notAny
}

// mayBegin tells whether some resource that c stands for is one of service whose last part begins with prefix.
func (c *covering) mayBegin(service, prefix string) bool {
	if c.any {
		return true
	}
	named, _ := c.part(2)
	last, _ := c.part(5)
	// No decision is spent on this: the texts are short.
	return contains(appendTokens(nil, parseWildcards(service), false), named, unlimited()) &&
		meets(appendTokens(nil, parseWildcards(prefix+"*"), true), last, unlimited())
}
