package lint

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// texts are all texts of up to four letters over a small alphabet: enough to decide about short patterns by trying.
func texts() []string {
	all := []string{""}
	for start := 0; len(all[start]) < 4; start++ {
		for _, letter := range []string{"a", "b", "/"} {
			all = append(all, all[start]+letter)
		}
	}
	return all
}

// TestOverlapping compares the walk over both patterns with trying every short text.
func TestOverlapping(t *testing.T) {
	patterns := []string{"", "a", "*", "?", "a*", "*a", "a*b", "?*", "*?", "ab", "a/b", "*/*", "a/*", "**", "a?", "*b*"}
	forms := append([]string{"\x00", "\x00/a", "\x00/*", "a\x00", "\x00\x00"}, patterns...)
	matchesForm := func(form, text string) bool {
		runs := strings.Count(form, "\x00")
		if runs == 0 {
			return policy.MatchGlob(form, text)
		}
		for _, piece := range texts() {
			if !strings.Contains(piece, "/") && policy.MatchGlob(strings.Replace(form, "\x00", piece, 1), text) && runs == 1 {
				return true
			}
		}
		return runs == 2 && !strings.Contains(text, "/")
	}
	for _, a := range patterns {
		for _, b := range forms {
			want := false
			for _, text := range texts() {
				want = want || policy.MatchGlob(a, text) && matchesForm(b, text)
			}
			if got := overlapping(a, b); got != want {
				t.Errorf("overlapping(%q, %q) = %v", a, b, got)
			}
		}
	}
}

// TestCovers tries every short text: what narrow matches, wide must match where covers says so.
func TestCovers(t *testing.T) {
	patterns := []string{"a", "*", "?", "a*", "*a", "a*b", "?*", "ab", "a/b", "a/*", "a?", "*b*", "b"}
	found := 0
	for _, wide := range patterns {
		for _, narrow := range patterns {
			if !covers(wide, narrow, false) {
				continue
			}
			found++
			for _, text := range texts() {
				if policy.MatchGlob(narrow, text) && !policy.MatchGlob(wide, text) {
					t.Errorf("covers(%q, %q), but not of %q", wide, narrow, text)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d pairs are covered", found)
	}
	for _, pair := range [][2]string{{"arn:aws:s3:::*", "arn:aws:s3:::bucket/*"}, {"arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x"}} {
		if !covers(pair[0], pair[1], true) {
			t.Errorf("%s does not cover %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"arn:aws:s3:::*", "*"}, {"arn:*:role/x", "arn:aws:iam::1:role/x"}, {"arn:aws:iam::?:x", "arn:aws:iam::*:x"}} {
		if covers(pair[0], pair[1], true) {
			t.Errorf("%s covers %s", pair[0], pair[1])
		}
	}
}

// TestDistance counts by hand.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "xbc", 1}, {"kitten", "sitting", 3}, {"getobjct", "getobject", 1}, {"a", "bcdefghij", 9}} {
		if got := distance(c.a, c.b, 9); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	if got := distance("abcdef", "uvwxyz", 3); got != 3 {
		t.Errorf("beyond the limit: %d", got)
	}
}
