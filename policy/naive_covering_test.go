package policy_test

import "slices"

// A request about any of several resources, once more: patterns are machines that read a text character by character, and what two of them have in common
// is found by running both on every text there is, as far as they can tell texts apart.

// state is where two patterns stand after the same text: the one in one place, the other in all that it can be in.
type state struct {
	covered int
	all     string // the places of the other, as a text, for a map
}

// isAnyResource is isResource for such a request: whether the pattern is sure to match all that the request covers, or may match some of it.
func (n naive) isAnyResource(pattern string, all bool) bool {
	if pattern == "*" {
		return true
	}
	tokens, ok := n.expand(pattern, true)
	switch {
	case n.resource == "*":
		return !all
	case !ok:
		return false
	}
	covered := arnPattern(wildcards(n.resource), false)
	if all {
		return includes(covered, arnPattern(tokens, true))
	}
	// A * that runs on does not do so over colons that a wildcard of the request could stand for.
	bound := slices.Clone(covered)
	for i := range bound {
		bound[i].within = bound[i].wildcard
	}
	return overlaps(covered, arnPattern(tokens, false)) || overlaps(bound, arnPattern(tokens, true))
}

// mayBe tells whether the request may be about something that the pattern matches.
func (n naive) mayBe(pattern string) bool {
	return n.resource == "*" || overlaps(arnPattern(wildcards(n.resource), false), arnPattern(wildcards(pattern), false))
}

// letters are the characters that patterns can tell apart, and one that they do not name.
func letters(patterns ...[]token) []rune {
	found := []rune{':', 'ŧ'}
	for _, p := range patterns {
		for _, t := range p {
			if !t.wildcard && !slices.Contains(found, t.character) {
				found = append(found, t.character)
			}
		}
	}
	return found
}

// after are the places that a pattern can be in, having been in place, when c was read: the number of tokens that are done with.
func after(p []token, place int, c rune) (places []int) {
	for _, at := range skipping(p, place) {
		if at == len(p) || !p[at].matches(c) {
			continue
		}
		if p[at].wildcard && p[at].character == '*' {
			places = append(places, at)
		} else {
			places = append(places, at+1)
		}
	}
	return places
}

// skipping are place and those behind it that are reached without a character.
func skipping(p []token, place int) []int {
	places := []int{place}
	for place < len(p) && p[place].wildcard && p[place].character == '*' {
		place++
		places = append(places, place)
	}
	return places
}

func done(p []token, place int) bool { return slices.Contains(skipping(p, place), len(p)) }

// includes tells whether all that covered matches, p matches.
func includes(covered, p []token) bool {
	alphabet, seen := letters(covered, p), map[state]bool{}
	waiting := []state{{0, string(rune(0))}}
	for len(waiting) > 0 {
		s := waiting[0]
		waiting = waiting[1:]
		if seen[s] {
			continue
		}
		seen[s] = true
		others := []rune(s.all)
		if done(covered, s.covered) && !slices.ContainsFunc(others, func(place rune) bool { return done(p, int(place)) }) {
			return false
		}
		for _, c := range alphabet {
			var next []rune
			for _, place := range others {
				for _, to := range after(p, int(place), c) {
					next = append(next, rune(to))
				}
			}
			slices.Sort(next)
			for _, to := range after(covered, s.covered, c) {
				waiting = append(waiting, state{to, string(slices.Compact(slices.Clone(next)))})
			}
		}
	}
	return true
}

// overlaps tells whether anything that covered matches, p matches.
func overlaps(covered, p []token) bool {
	alphabet, seen := letters(covered, p), map[[2]int]bool{}
	waiting := [][2]int{{0, 0}}
	for len(waiting) > 0 {
		s := waiting[0]
		waiting = waiting[1:]
		if seen[s] {
			continue
		}
		seen[s] = true
		if done(covered, s[0]) && done(p, s[1]) {
			return true
		}
		for _, c := range alphabet {
			for _, one := range after(covered, s[0], c) {
				for _, other := range after(p, s[1], c) {
					waiting = append(waiting, [2]int{one, other})
				}
			}
		}
	}
	return false
}
