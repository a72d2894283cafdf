package iam

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

const (
	defaultPage = 100
	maxMarker   = 2048 // of our own markers, which the path of a policy makes longest
	// maxPageSize is how many bytes of documents a page holds before it ends early, as AWS documents that pages may. A document's quota does not
	// count white space, so that a page of a thousand could otherwise take all memory.
	maxPageSize = 4 << 20
)

func (p Paging) validate(v *validator) {
	v.between("maxItems", p.MaxItems, 1, 1000)
	if len(p.Marker) > maxMarker {
		v.fail("marker", "Member must have length less than or equal to 320")
	} else if _, err := afterMarker(p.Marker); err != nil {
		v.refuse("ValidationError", "Invalid Marker.")
	}
}

// page sorts items by their keys and cuts a page out of them. A marker is the key of the last item before it, so that items which come and go
// between two calls move no others. Keys are unique; the paging was validated.
func page[T any](items []T, key func(T) string, paging Paging) Page[T] {
	slices.SortFunc(items, func(x, y T) int { return strings.Compare(key(x), key(y)) })
	if after, err := afterMarker(paging.Marker); err == nil && after != "" {
		first, found := slices.BinarySearchFunc(items, after, func(item T, k string) int { return strings.Compare(key(item), k) })
		if found {
			first++
		}
		items = items[first:]
	}
	size := defaultPage
	if paging.MaxItems != nil {
		size = *paging.MaxItems
	}
	if len(items) <= size {
		return Page[T]{Items: items}
	}
	return Page[T]{Items: items[:size], IsTruncated: true, Marker: marker(key(items[size-1]))}
}

// markerMark begins every marker of ours, so that text which merely decodes is none.
const markerMark = "after:"

func marker(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(markerMark + key)) }

// afterMarker is the key that a marker was made of; "" for none.
func afterMarker(marker string) (string, error) {
	if marker == "" {
		return "", nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(marker)
	if err != nil {
		return "", err
	}
	key, ok := strings.CutPrefix(string(decoded), markerMark)
	if !ok || key == "" {
		return "", errors.New("it is no marker of this directory's")
	}
	return key, nil
}

// pageShown is page for items that are shown one by one, and that may hold documents.
func pageShown[From, To any](items []From, key func(From) string, paging Paging, show func(From) (To, error)) (Page[To], error) {
	cut := page(items, key, paging)
	out := Page[To]{IsTruncated: cut.IsTruncated, Marker: cut.Marker}
	size := 0
	for i, item := range cut.Items {
		shown, err := show(item)
		if err != nil {
			return Page[To]{}, err
		}
		out.Items = append(out.Items, shown)
		if size += documentSize(shown); size >= maxPageSize && i+1 < len(cut.Items) {
			out.IsTruncated, out.Marker = true, marker(key(item))
			break
		}
	}
	return out, nil
}

// documentSize is how many bytes of documents an item holds.
func documentSize(item any) (size int) {
	inline := func(documents map[string]string) {
		for _, document := range documents {
			size += len(document)
		}
	}
	switch item := item.(type) {
	case Role:
		return len(item.TrustPolicy)
	case InstanceProfile:
		for _, role := range item.Roles {
			size += len(role.TrustPolicy)
		}
	case Detail:
		switch {
		case item.User != nil:
			inline(item.User.Inline)
		case item.Group != nil:
			inline(item.Group.Inline)
		case item.Role != nil:
			inline(item.Role.Inline)
			size += len(item.Role.TrustPolicy) * (1 + len(item.Profiles))
		}
		for _, version := range item.Versions {
			size += len(version.Document)
		}
	}
	return size
}

// sameName is the key of names that are their own.
func sameName(name string) string { return name }

// inAnyCase is the key of the names of users, groups and roles, of which no two differ in case only: lists go by the letter and not by its case
// (people's output of list-roles has aws-elasticbeanstalk-ec2-role between AmazonSageMaker-… and AWSServiceRoleFor…; ceph's s3-tests, which are run against
// AWS too: test_account_user_list, test_account_group_list, test_account_role_list).
func inAnyCase(name string) string { return strings.ToLower(name) }
