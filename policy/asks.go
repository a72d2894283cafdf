package policy

import (
	"slices"
	"strings"
)

// AsksFor tells whether some condition, or variable, of the policy asks for a condition key that begins with prefix, in any case: what nobody asks for,
// a door need not find out.
func (p *Policy) AsksFor(prefix string) bool {
	prefix = strings.ToLower(prefix)
	i, found := slices.BinarySearch(p.keys, prefix)
	return found || i < len(p.keys) && strings.HasPrefix(p.keys[i], prefix)
}
