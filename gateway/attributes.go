package gateway

import (
	"context"

	"github.com/openirsa/openirsa/policy"
)

// Attributes knows resources. What it does not know of is absent; an error means that nothing may be allowed. What it returns is not changed.
type Attributes interface {
	// Tags are those of a resource of account.
	Tags(ctx context.Context, account, arn string) (map[string]string, error)
	// Keys are the condition keys of a resource of account, apart from its tags: ec2:Vpc of a subnet.
	Keys(ctx context.Context, account, arn string) (map[string][]string, error)
	// Matching are the resources of account whose ARNs match a pattern.
	Matching(ctx context.Context, account, pattern string) ([]string, error)
}

// ResourceRecords keep what requests made known of resources; *iam.Directory is one.
type ResourceRecords interface {
	ResourceTags(ctx context.Context, account, arn string) (map[string]string, error)
	MatchingResources(ctx context.Context, account, pattern string) ([]string, error)
}

// Learned are the attributes that requests through the gateway gave to resources: their tags.
type Learned struct{ Records ResourceRecords }

// Tags implements Attributes.
func (l Learned) Tags(ctx context.Context, account, arn string) (map[string]string, error) {
	return l.Records.ResourceTags(ctx, account, arn)
}

// Keys implements Attributes: there are none.
func (l Learned) Keys(context.Context, string, string) (map[string][]string, error) { return nil, nil }

// Matching implements Attributes.
func (l Learned) Matching(ctx context.Context, account, pattern string) ([]string, error) {
	return l.Records.MatchingResources(ctx, account, pattern)
}

// Resource is what is known of one resource.
type Resource struct {
	Tags map[string]string
	Keys map[string][]string // condition keys of the resource's service, by name
}

// Configured are resources by their ARNs, as an operator wrote them down. That is all that is known of them; others are asked of Otherwise.
type Configured struct {
	ByARN     map[string]Resource
	Otherwise Attributes // nil: nothing is known of others
}

// Tags implements Attributes.
func (c Configured) Tags(ctx context.Context, account, arn string) (map[string]string, error) {
	if resource, ok := c.ByARN[arn]; ok {
		return resource.Tags, nil
	}
	if c.Otherwise == nil {
		return nil, nil
	}
	return c.Otherwise.Tags(ctx, account, arn)
}

// Keys implements Attributes.
func (c Configured) Keys(ctx context.Context, account, arn string) (map[string][]string, error) {
	if resource, ok := c.ByARN[arn]; ok {
		return resource.Keys, nil
	}
	if c.Otherwise == nil {
		return nil, nil
	}
	return c.Otherwise.Keys(ctx, account, arn)
}

// Matching implements Attributes.
func (c Configured) Matching(ctx context.Context, account, pattern string) ([]string, error) {
	var found []string
	for arn := range c.ByARN {
		if policy.MatchGlob(pattern, arn) {
			found = append(found, arn)
		}
	}
	if c.Otherwise == nil {
		return found, nil
	}
	others, err := c.Otherwise.Matching(ctx, account, pattern)
	if err != nil {
		return nil, err
	}
	for _, arn := range others {
		if _, named := c.ByARN[arn]; !named {
			found = append(found, arn)
		}
	}
	return found, nil
}
