package lint

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// checkActions looks every action up.
func (c *checker) checkActions(s *statement) {
	if c.reference == nil {
		return
	}
	for _, text := range s.Action.Values {
		lowered := strings.ToLower(text.Value)
		service, name, ok := strings.Cut(lowered, ":")
		switch pattern := strings.ContainsAny(lowered, "*?"); {
		case !ok || service == "" || name == "" || strings.ContainsAny(service, "*?"): // "*", or for the grammar to refuse
		case !c.reference.Service(service):
			c.report("unknown-service", text.Position, "", "no service has the prefix %s", shown(service))
		case pattern && len(c.entries(lowered, true)) == 0 && !c.exhausted():
			c.report("unknown-action", text.Position, "", "no action of %s matches %s", service, shown(text.Value))
		case !pattern && len(c.entries(lowered, false)) == 0:
			c.report("unknown-action", text.Position, c.similarAction(service, lowered), "%s has no action %s", service, shown(text.Value[len(service)+1:]))
		}
	}
}

// similarAction names the action of the service whose name is nearest.
func (c *checker) similarAction(service, lowered string) string {
	if c.hints <= 0 {
		return ""
	}
	names := make([]string, 0, 64)
	for _, entry := range c.reference.Actions(service) {
		names = append(names, entry.Name)
	}
	if best := c.nearest(lowered, names); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// nearest is the candidate with the fewest changes of letters to text, if they are few. It compares without case.
func (c *checker) nearest(text string, candidates []string) string {
	const longest = 128
	if c.hints <= 0 || len(text) > longest {
		return ""
	}
	c.hints--
	lowered := strings.ToLower(text)
	best, fewest := "", len(text)/4+1
	for _, candidate := range candidates {
		if d := distance(lowered, strings.ToLower(candidate), fewest); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// distance is the edit distance of two texts (insert, delete or replace a byte, or swap two neighbours), or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, previous, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit {
			return limit
		}
		before, previous, row = previous, row, before
	}
	return min(previous[len(b)], limit)
}

// shown keeps messages short, whatever the document has.
func shown(text string) string {
	const longest = 120
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// plain is a pattern without its case, for comparing actions.
func plain(list policy.List, fold bool) []string {
	values := make([]string, len(list.Values))
	for i, text := range list.Values {
		values[i] = text.Value
		if fold {
			values[i] = strings.ToLower(text.Value)
		}
		if fold && values[i] == "*:*" {
			values[i] = "*"
		}
	}
	return values
}
