package awsapi

import (
	"net/url"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// The elements of answers, named and ordered as in AWS's service models. encoding/xml does the rest.

// members is a list; unlike a plain slice it writes its element when it is empty, which boto3 relies on.
type members[T any] struct {
	Member []T `xml:"member"`
}

func listOf[From, To any](items []From, convert func(From) To) members[To] {
	list := members[To]{Member: make([]To, 0, len(items))}
	for _, item := range items {
		list.Member = append(list.Member, convert(item))
	}
	return list
}

// optionalTags leaves the element out when there are none, as AWS does in most answers.
func optionalTags(tags []iam.Tag) *members[tagElement] {
	if len(tags) == 0 {
		return nil
	}
	return new(listOf(tags, newTagElement))
}

// pageElement ends every list answer. Marker is there only when IsTruncated is true.
type pageElement struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

func newPage[T any](p iam.Page[T]) pageElement { return pageElement{p.IsTruncated, p.Marker} }

type tagElement struct{ Key, Value string }

func newTagElement(t iam.Tag) tagElement { return tagElement(t) }

func encodeTags(p iam.Page[iam.Tag]) any {
	return struct {
		Tags members[tagElement]
		pageElement
	}{listOf(p.Items, newTagElement), newPage(p)}
}

// timestamp is ISO 8601 in UTC to the second, as the Query services write it.
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// urlEncoded is how IAM returns a policy document (RFC 3986; "URL-encoded compliant with RFC 3986", IAM API reference,
// GetRolePolicy).
func urlEncoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
