package policy_test

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// token is a character of a pattern, or a wildcard.
type token struct {
	character rune
	wildcard  bool
	within    bool // the wildcard does not match a colon
}

var colon = token{character: ':'}

func (t token) matches(c rune) bool {
	return t.wildcard && !(t.within && c == ':') || !t.wildcard && t.character == c
}

// wildcards takes every * and ? for a wildcard.
func wildcards(pattern string) (tokens []token) {
	for _, c := range pattern {
		tokens = append(tokens, token{character: c, wildcard: c == '*' || c == '?'})
	}
	return tokens
}

func literals(text string) (tokens []token) {
	for _, c := range text {
		tokens = append(tokens, token{character: c})
	}
	return tokens
}

func text(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteRune(t.character)
	}
	return b.String()
}

// glob tries every length for every *.
func glob(pattern []token, value []rune) bool {
	if len(pattern) == 0 {
		return len(value) == 0
	}
	first, one := pattern[0], len(value) > 0 && pattern[0].matches(value[0])
	if first.wildcard && first.character == '*' {
		return glob(pattern[1:], value) || one && glob(pattern, value[1:])
	}
	return one && glob(pattern[1:], value[1:])
}

// arnPattern keeps the wildcards of an ARN's first five segments within theirs (IAM User Guide, "ARN condition operators"). In
// resources (runsOn) a * that ends its segment may reach beyond the colon ("IAM JSON policy elements: Resource").
func arnPattern(tokens []token, runsOn bool) []token {
	pattern, colons := slices.Clone(tokens), 0
	for i, t := range tokens {
		if t == colon {
			colons++
		}
		last := i+1 == len(tokens) || tokens[i+1] == colon
		pattern[i].within = t.wildcard && colons < 5 && !(runsOn && t.character == '*' && last)
	}
	return pattern
}

// expand puts variables' values into a pattern, as literal text (IAM User Guide, "IAM policy elements: Variables and
// tags"). It fails if a variable has no value.
func (n naive) expand(pattern string, wild bool) (tokens []token, ok bool) {
	read := literals
	if wild {
		read = wildcards
	}
	if !n.variables {
		return read(pattern), true
	}
	for {
		before, rest, found := strings.Cut(pattern, "${")
		tokens = append(tokens, read(before)...)
		if !found {
			return tokens, true
		}
		inside, after, _ := strings.Cut(rest, "}")
		value, ok := n.variable(inside)
		if !ok {
			return nil, false
		}
		tokens, pattern = append(tokens, literals(value)...), after
	}
}

// variable is the value of what stands between ${ and }. A multivalued key has none, nor has one that is empty.
func (n naive) variable(inside string) (string, bool) {
	if inside == "*" || inside == "?" || inside == "$" {
		return inside, true
	}
	key, fallback, hasFallback := strings.Cut(inside, ", ")
	if value, ok := n.lookup(key).(string); ok && value != "" {
		return value, true
	}
	return strings.Trim(fallback, "'"), hasFallback
}

// isOfType tells whether a request's value can be compared by the operator at all. base has no Not.
func isOfType(base, value string) (ok bool) {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		_, ok = decodeNumber(value)
	case strings.HasPrefix(base, "Date"):
		_, ok = decodeDate(value)
	case strings.HasPrefix(base, "Arn"):
		ok = strings.HasPrefix(value, "arn:") && strings.Count(value, ":") >= 5
	case base == "IpAddress":
		_, err := netip.ParseAddr(value)
		ok = err == nil
	case base == "BinaryEquals":
		_, ok = decodeBinary(value)
	case base == "Bool":
		ok = strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	default:
		ok = true
	}
	return ok
}

// decodeNumber reads an integer or decimal number.
func decodeNumber(text string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	integer, fraction, point := strings.Cut(digits, ".")
	if integer == "" || point && fraction == "" || strings.Trim(integer+fraction, "0123456789") != "" || len(text)-len(digits) > 1 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// decodeDate reads one of the W3C's formats of ISO 8601, or seconds since 1970.
func decodeDate(text string) (*big.Rat, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return new(big.Rat).Add(big.NewRat(at.Unix(), 1), big.NewRat(int64(at.Nanosecond()), 1e9)), true
		}
	}
	return decodeNumber(text)
}

func decodeBinary(text string) ([]byte, bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	return data, err == nil
}

// inRange tells whether an address is in a range in CIDR notation, or is the one address given. Families never match.
func inRange(value, operand string) bool {
	address := netip.MustParseAddr(value).Unmap()
	if !strings.Contains(operand, "/") {
		return netip.MustParseAddr(operand).Unmap() == address
	}
	return netip.MustParsePrefix(operand).Contains(address)
}
