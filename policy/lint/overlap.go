package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// arnParts is an ARN pattern cut at its first five colons. With fewer than six parts the last one ends in *, which stands for the rest.
func arnParts(pattern string) []string { return strings.SplitN(pattern, ":", 6) }

// arnForm is the form of a resource type's ARNs, each ${…} in it replaced by *.
type arnForm struct{ parts []string }

// newForm reads a form such as arn:${Partition}:s3:::${BucketName}. A placeholder may stand for anything, but for the name of a bucket, which
// has no slash: that tells buckets from objects.
func newForm(form string) arnForm {
	var b strings.Builder
	for {
		start := strings.Index(form, "${")
		end := -1
		if start >= 0 {
			end = strings.IndexByte(form[start:], '}')
		}
		if end < 0 {
			b.WriteString(form)
			return arnForm{filled(arnParts(b.String()))}
		}
		b.WriteString(form[:start])
		if strings.EqualFold(form[start:start+end], "${BucketName") {
			b.WriteByte(noSlash)
		} else {
			b.WriteByte('*')
		}
		form = form[start+end+1:]
	}
}

// ownedByAWS are services with resources that AWS provides, whose ARNs have no account: arn:aws:ssm:us-east-1::document/AWS-RunShellScript.
var ownedByAWS = []string{"ssm", "resource-explorer-2"}

// filled asks for a region and an account where the form has a placeholder for them.
func filled(parts []string) []string {
	for i := 3; i < min(5, len(parts)); i++ {
		if parts[i] == "*" && !(i == 4 && slices.Contains(ownedByAWS, parts[2])) {
			parts[i] = "?*"
		}
	}
	return parts
}

// noSlash stands in a pattern for any run of characters without a slash.
const noSlash = '\x00'

// meets tells whether some ARN is of the form and matched by the pattern, both cut into parts. Where the budget ends it says yes, so that nothing is
// found that may not be there.
func (c *checker) meets(pattern []string, form arnForm) bool {
	for i, part := range form.parts {
		switch {
		case i >= len(pattern):
			return true // the * at the end of a short pattern
		case i == len(pattern)-1 && i < 5:
			part = strings.Join(form.parts[i:], ":")
		}
		if !c.overlap(pattern[i], part) {
			return false
		}
	}
	return true
}

// longestPattern is how long a pattern may be that is compared with patterns. IAM's longest ARNs are shorter.
const longestPattern = 2048

// overlap tells whether some text is matched by both patterns.
func (c *checker) overlap(a, b string) bool {
	if a == "*" || b == "*" || a == b || len(a) > longestPattern || !c.spendMatch(a, b) {
		return true
	}
	a = withoutVariables(a)
	if !strings.ContainsAny(a, "*?") && !strings.ContainsAny(b, "*?\x00") {
		return a == b
	}
	return overlapping(a, b)
}

// overlapping walks both patterns at once. reach[j] tells whether what was read of a can be matched together with b[:j].
func overlapping(a, b string) bool {
	reach := make([]bool, len(b)+1)
	reach[0] = true
	for j := 0; j < len(b) && isRun(b[j]); j++ {
		reach[j+1] = true
	}
	for i := range len(a) {
		diagonal := reach[0]
		reach[0] = reach[0] && isRun(a[i])
		for j := 1; j <= len(b); j++ {
			left, up := reach[j-1], reach[j]
			switch x, y := a[i], b[j-1]; {
			case x == '*' && isRun(y):
				reach[j] = left || up || diagonal
			case x == '*':
				reach[j] = up || left // nothing, or one more character of b
			case y == '*':
				reach[j] = left || up
			case y == noSlash:
				reach[j] = left || up && x != '/'
			default:
				reach[j] = diagonal && (x == '?' || y == '?' || x == y)
			}
			diagonal = up
		}
	}
	return reach[len(b)]
}

func isRun(c byte) bool { return c == '*' || c == noSlash }

// withoutVariables puts a * for every variable, and for whatever follows a malformed one.
func withoutVariables(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	parts, ok := policy.CutVariables(text)
	var b strings.Builder
	for _, part := range parts {
		if part.Variable != "" || !part.Wild {
			b.WriteByte('*')
		} else {
			b.WriteString(part.Text)
		}
	}
	if !ok {
		b.WriteByte('*')
	}
	return b.String()
}

// covers tells whether everything that narrow matches is matched by wide too. Where that cannot be told by reading both it says no. arn: both are
// ARNs, whose parts are matched one by one.
func covers(wide, narrow string, arn bool) bool {
	switch {
	case wide == narrow || wide == "*":
		return true
	case narrow == "*" || !strings.ContainsAny(wide, "*?") || strings.Contains(wide, "${"):
		return false
	}
	if !arn {
		return coversText(wide, narrow)
	}
	w, n := arnParts(wide), arnParts(narrow)
	if len(w) != 6 || len(n) != 6 {
		return false
	}
	for i := range w {
		if w[i] != n[i] && !coversText(w[i], n[i]) {
			return false
		}
	}
	return true
}

// coversText reads narrow as text: a * of wide takes its wildcards too, but a ? of wide must not take a * or a variable.
func coversText(wide, narrow string) bool {
	if strings.Contains(wide, "?") && (strings.Contains(narrow, "*") || strings.Contains(narrow, "${")) {
		return false
	}
	return policy.MatchGlob(wide, narrow)
}
