package gateway

import "context"

// Attributes knows the tags of resources.
type Attributes interface {
	// Tags are those of a resource of account; what is not known of is absent. An error means that nothing may be allowed. The map is not changed.
	Tags(ctx context.Context, account, arn string) (map[string]string, error)
}

// LearnedTags are the tags that requests through the gateway gave to resources; iam.Directory.ResourceTags is one.
type LearnedTags func(ctx context.Context, account, arn string) (map[string]string, error)

// Tags implements Attributes.
func (f LearnedTags) Tags(ctx context.Context, account, arn string) (map[string]string, error) {
	return f(ctx, account, arn)
}

// ConfiguredTags are the tags of resources by their ARNs, as an operator wrote them down. They are all the tags of those resources; others are asked
// of Otherwise.
type ConfiguredTags struct {
	ByARN     map[string]map[string]string
	Otherwise Attributes // nil: nothing is known of others
}

// Tags implements Attributes.
func (c ConfiguredTags) Tags(ctx context.Context, account, arn string) (map[string]string, error) {
	if tags, ok := c.ByARN[arn]; ok {
		return tags, nil
	}
	if c.Otherwise == nil {
		return nil, nil
	}
	return c.Otherwise.Tags(ctx, account, arn)
}
