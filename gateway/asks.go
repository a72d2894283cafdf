package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// asksFor tells whether one of a caller's own policies asks for a condition key that begins so.
func asksFor(own policy.Policies, key string) bool {
	asks := func(p *policy.Policy) bool { return p.AsksFor(key) }
	return slices.ContainsFunc(own.Identity, asks) || slices.ContainsFunc(own.Boundary, asks) || slices.ContainsFunc(own.Session, asks)
}

var errAmbiguous = refusal("AccessDenied", "Two tags of the resource have keys that differ in nothing but case, and a policy asks for one of them.")

// checkKeys refuses to decide by one of two condition keys that differ in nothing but case, such as those of a resource's tags class and CLASS. Their
// names have none: a condition matches "either TagKey1 or tagkey1, but not both" (AWS global condition context keys, aws:ResourceTag), so that whoever
// may add a tag would choose which one counts. Where no policy asks for either, both may stand. account is of what holds the resource's policy.
func (g *Gateway) checkKeys(ctx context.Context, caller iam.Caller, account, holder string, keys map[string][]string) error {
	seen := make(map[string]bool, len(keys))
	for name := range keys {
		name = strings.ToLower(name)
		if !seen[name] {
			seen[name] = true
			continue
		}
		own, err := g.c.Directory.ResourcePolicy(ctx, account, holder)
		if err != nil {
			return err
		}
		if own != nil && own.AsksFor(name) || asksFor(caller.Policies, name) {
			return errAmbiguous
		}
	}
	return nil
}
