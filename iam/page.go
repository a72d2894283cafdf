package iam

import (
	"encoding/base64"
	"slices"
	"strings"
)

const (
	defaultPage = 100
	maxMarker   = 1024 // of our own markers, which a tag's key makes longest
)

func (p Paging) validate(v *validator) {
	v.between("maxItems", p.MaxItems, 1, 1000)
	if len(p.Marker) > maxMarker {
		v.fail("marker", "Member must have length less than or equal to 320")
	} else if _, err := base64.RawURLEncoding.DecodeString(p.Marker); err != nil {
		v.refuse("ValidationError", "Invalid Marker.")
	}
}

// page sorts items by their keys and cuts a page out of them. A marker is the key of the last item before it, so that items which come and go
// between two calls move no others. Keys are unique; the paging was validated.
func page[T any](items []T, key func(T) string, paging Paging) Page[T] {
	slices.SortFunc(items, func(x, y T) int { return strings.Compare(key(x), key(y)) })
	if after, err := base64.RawURLEncoding.DecodeString(paging.Marker); err == nil && len(after) > 0 {
		first, found := slices.BinarySearchFunc(items, string(after), func(item T, k string) int { return strings.Compare(key(item), k) })
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
	return Page[T]{Items: items[:size], IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(key(items[size-1])))}
}

// mapPage shows a page's items.
func mapPage[From, To any](p Page[From], show func(From) (To, error)) (Page[To], error) {
	out := Page[To]{IsTruncated: p.IsTruncated, Marker: p.Marker}
	for _, item := range p.Items {
		shown, err := show(item)
		if err != nil {
			return Page[To]{}, err
		}
		out.Items = append(out.Items, shown)
	}
	return out, nil
}

// sameName is the key of names that are their own.
func sameName(name string) string { return name }
