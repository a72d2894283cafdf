package policy

// What the Service Authorization Reference says of actions, as far as documents can be checked against it. The values come from whoever has the
// reference; this package has none.

// ActionEntry is one action of the Service Authorization Reference.
type ActionEntry struct {
	Name          string // service:Name, as AWS spells it
	AccessLevel   string // List, Read, Write, Tagging or Permissions management
	ResourceTypes []ResourceUse
	Keys          []string // the condition keys that requests of it may have, those of its resource types left out; tag keys as aws:RequestTag/${TagKey}
	Dependent     []string // actions that the caller must be allowed as well; empty where a reference does not say
}

// WildcardOnly tells whether the action has no resource-level permissions: its requests are about "*".
func (a ActionEntry) WildcardOnly() bool { return len(a.ResourceTypes) == 0 }

// ResourceUse is a resource type that an action is about.
type ResourceUse struct {
	Type     ResourceType
	Required bool // every request of the action names one
}

// ResourceType is one resource type of the Service Authorization Reference.
type ResourceType struct {
	Name string
	ARNs []string // its forms, such as arn:${Partition}:s3:::${BucketName}; mostly one
	Keys []string // the condition keys that come with it
}

// KeyEntry is one condition key, service's or global, of the Service Authorization Reference.
type KeyEntry struct {
	Name string // as AWS spells it; with a part to fill in, such as aws:ResourceTag/${TagKey}
	Type string // String, ARN, Numeric, Date, Bool, IPAddress, Binary; of each value
	List bool   // a request may have several values of it
}
