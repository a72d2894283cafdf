package awsmodel

import "strings"

// tag is one tag of a bucket or an object.
type tag struct{ key, value string }

// tagSet is the tags of a request, in its order, no two of which have one condition key: condition keys know no case, so keys that differ in
// nothing else are refused. Which keys and values a tag may have is the backend's to judge.
type tagSet []tag

// maxS3Tags is more than S3 lets an object (10) or a bucket (50) have
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html).
const maxS3Tags = 100

// add appends a tag; it is false where its condition key is taken. Keys are folded as policy.Context folds them.
func (s *tagSet) add(t tag) bool {
	folded := strings.ToLower(t.key)
	for _, other := range *s {
		if taken := strings.ToLower(other.key); taken == folded {
			return false
		}
	}
	*s = append(*s, t)
	return len(*s) <= maxS3Tags
}

// parseTagging reads x-amz-tagging, tags in the form of a query
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#API_PutObject_RequestSyntax).
func parseTagging(value string) (tagSet, error) {
	var tags tagSet
	for pair := range strings.SplitSeq(value, "&") {
		if pair == "" {
			continue
		}
		encodedKey, encodedValue, _ := strings.Cut(pair, "=")
		key, keyErr := decode(strings.ReplaceAll(encodedKey, "+", " "), true)
		value, valueErr := decode(strings.ReplaceAll(encodedValue, "+", " "), true)
		if keyErr != nil || valueErr != nil || key == "" || strings.Contains(key+value, "\x00") || !tags.add(tag{key, value}) {
			return nil, &Error{Code: "InvalidArgument", Detail: "tag " + quote(pair), Message: "The header 'x-amz-tagging' shall be encoded as UTF-8 " +
				"then URLEncoded URL query parameters without tag name duplicates."}
		}
	}
	return tags, nil
}

// String is the set in the one canonical form of x-amz-tagging.
func (s tagSet) String() string {
	var b strings.Builder
	for i, t := range s {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(t.key, false))
		b.WriteByte('=')
		b.WriteString(escape(t.value, false))
	}
	return b.String()
}

// setKeys adds the set's condition keys: prefix and each tag's key, and under all the list of the keys.
func (s tagSet) setKeys(keys map[string][]string, prefix, all string) {
	var names []string
	for _, t := range s {
		keys[prefix+t.key] = []string{t.value}
		names = append(names, t.key)
	}
	if len(names) > 0 {
		keys[all] = names
	}
}

// readTagging reads a Tagging document.
func readTagging(root *element) (tagSet, error) {
	set, err := root.only("TagSet")
	if err != nil {
		return nil, err
	}
	if root.name != "Tagging" || set == nil || len(root.children) != 1 {
		return nil, malformedXML("Tagging holds one TagSet")
	}
	return readTags(set)
}

// readTags reads the Tag elements in e, a TagSet or Tags.
func readTags(e *element) (tagSet, error) {
	var tags tagSet
	for _, child := range e.children {
		if child.name != "Tag" {
			return nil, malformedXML("element %s in %s", quote(child.name), e.name)
		}
		fields, err := child.leaves("Key", "Value")
		if err != nil {
			return nil, err
		}
		if !has(fields, "Key") || len(tags) == maxS3Tags {
			return nil, malformedXML("a tag without a key, or more than %d tags", maxS3Tags)
		}
		for name, text := range fields {
			if strings.TrimSpace(text) != text { // which some servers drop: the tag would be another than the one that was decided
				return nil, &Error{Code: "InvalidTag", Message: "The Tag" + name + " you have provided is invalid", Detail: "space around " + quote(text)}
			}
		}
		if !tags.add(tag{fields["Key"], fields["Value"]}) {
			return nil, &Error{Code: "InvalidTag", Message: "Cannot provide multiple Tags with the same key"}
		}
	}
	return tags, nil
}
