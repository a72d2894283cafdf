package iam

import (
	"slices"
	"strings"
)

// maxTags of one resource (IAM quotas).
const maxTags = 50

// sameKey compares two tag keys. Those of roles and users differ without case, those of everything else with it (IAM User Guide, "Rules for
// tagging in IAM and AWS STS").
type sameKey func(a, b string) bool

func foldedKeys(a, b string) bool { return strings.EqualFold(a, b) }
func exactKeys(a, b string) bool  { return a == b }

// merge adds tags to those that there are; a later tag replaces an earlier one, spelling and all.
func merge(tags, added []Tag, same sameKey) ([]Tag, error) {
	merged := slices.Clone(tags)
	for _, tag := range added {
		if i := slices.IndexFunc(merged, func(t Tag) bool { return same(t.Key, tag.Key) }); i >= 0 {
			merged[i] = tag
		} else {
			merged = append(merged, tag)
		}
	}
	if len(merged) > maxTags {
		return nil, refusef("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return merged, nil
}

// without takes tags out by their keys.
func without(tags []Tag, keys []string, same sameKey) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return same(key, t.Key) })
	})
}

// requestTags are the condition keys of tags that a request brings.
func requestTags(tags []Tag) conditions {
	if len(tags) == 0 {
		return nil
	}
	keys := conditions{}
	for _, tag := range tags {
		keys["aws:RequestTag/"+tag.Key] = []string{tag.Value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], tag.Key)
	}
	return keys
}

// tagKeys is the condition key of tags that a request takes away.
func tagKeys(keys []string) conditions {
	if len(keys) == 0 {
		return nil
	}
	return conditions{"aws:TagKeys": keys}
}

// resourceTags are the condition keys of the tags that a resource has.
func resourceTags(tags []Tag) conditions {
	keys := conditions{}
	for _, tag := range tags {
		keys["aws:ResourceTag/"+tag.Key] = []string{tag.Value}
		keys["iam:ResourceTag/"+tag.Key] = []string{tag.Value}
	}
	return keys
}

// tagKey is what tags are listed by.
func tagKey(tag Tag) string { return tag.Key }
