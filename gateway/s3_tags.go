package gateway

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// tagSet is the document of S3's tags, and the part of a new bucket's configuration that has them.
type tagSet struct {
	Tags []struct{ Key, Value string } `xml:"TagSet>Tag"`
	New  []struct{ Key, Value string } `xml:"Tags>Tag"`
}

func readTags(document []byte) (map[string]string, error) {
	var set tagSet
	if len(document) == 0 {
		return nil, nil
	}
	if err := xml.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("reading tags: %w", err)
	}
	tags := map[string]string{}
	for _, tag := range append(set.Tags, set.New...) {
		tags[tag.Key] = tag.Value
	}
	return tags, nil
}

// objectTags are the tags of the object that a call is about, where a policy asks for any. The server is asked: they are its to keep.
func (x *exchange) objectTags(call awsmodel.Call, owner string) (map[string]string, error) {
	bucketPolicy, err := x.c.Directory.ResourcePolicy(x.r.Context(), owner, x.bucketARN(call.Bucket))
	if err != nil {
		return nil, err
	}
	if bucketPolicy != nil && bucketPolicy.AsksFor(objectTagKeys) || asksFor(x.caller.Policies, objectTagKeys) {
		return x.fetchTags(call)
	}
	return nil, nil
}

// copiesTags tells whether the source of a copy has tags.
func (x *exchange) copiesTags() (bool, error) {
	tags, err := x.fetchTags(x.operation.Calls[0])
	if err != nil {
		return false, internalError(err)
	}
	return len(tags) > 0, nil
}

// fetchTags asks the server for an object's tags. An object that is not there has none, nor has any where the server keeps none.
func (x *exchange) fetchTags(call awsmodel.Call) (map[string]string, error) {
	path, query := url.URL{Path: "/" + call.Bucket + "/" + call.Key}, "tagging"
	if version := call.Keys["s3:VersionId"]; len(version) == 1 {
		query += "&versionId=" + strings.ReplaceAll(url.QueryEscape(version[0]), "+", "%20")
	}
	operation, err := awsmodel.ClassifyS3(awsmodel.Request{Method: http.MethodGet, Path: path.EscapedPath(), RawQuery: query}, x.s3Options())
	if err != nil {
		return nil, fmt.Errorf("asking for an object's tags: %w", err)
	}
	done, err := x.ask(operation, nil)
	if err != nil {
		return nil, err
	}
	switch done.status {
	case http.StatusOK:
		return readTags(done.body.Bytes())
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return nil, nil
	}
	return nil, fmt.Errorf("asking for an object's tags: the backend answered %d", done.status)
}

// forgetEarlier has a bucket that is about to be made begin without a policy and tags: those of an earlier one of its name may still be kept, where
// the plane ended between its deletion and that.
func (x *exchange) forgetEarlier() error {
	if x.operation.Name != "CreateBucket" {
		return nil
	}
	there, err := x.exists(x.operation.Bucket)
	if x.remade = there; err != nil || there {
		return err
	}
	err = x.c.Directory.ForgetResource(context.WithoutCancel(x.r.Context()), x.caller.Principal.Account, x.bucketARN(x.operation.Bucket))
	if err != nil {
		return internalError(err)
	}
	return nil
}

// learn keeps what a success makes known of the bucket, before the client learns of it.
func (a *answer) learn() {
	ctx, arn := context.WithoutCancel(a.r.Context()), a.bucketARN(a.operation.Bucket)
	owner, _ := a.ownerOf(a.operation.Bucket)
	var err error
	switch a.operation.Name {
	case "DeleteBucket":
		err = a.c.Directory.ForgetResource(ctx, owner, arn)
	case "CreateBucket":
		if !a.remade { // servers differ in whether that is a success; the bucket stays as it is
			err = a.replaceTags(ctx, owner, arn, a.operation.Document)
		}
	case "PutBucketTagging":
		err = a.replaceTags(ctx, owner, arn, a.operation.Document)
	case "DeleteBucketTagging":
		err = a.replaceTags(ctx, owner, arn, nil)
	}
	if err != nil {
		a.event.Explanation = "what the request made known of the bucket could not be kept"
		a.log("keeping what is known of a bucket", err)
	}
}

// replaceTags gives a bucket the tags of a document, and no others.
func (x *exchange) replaceTags(ctx context.Context, account, arn string, document []byte) error {
	tags, err := readTags(document)
	if err != nil {
		return err
	}
	var known map[string]string
	if x.c.Attributes != nil {
		if known, err = x.c.Attributes.Tags(ctx, account, arn); err != nil {
			return err
		}
	}
	var gone []string
	for key := range known {
		if _, stays := tags[key]; !stays {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		err = x.c.Directory.RemoveResourceTags(ctx, account, arn, gone)
	}
	if len(tags) > 0 && !maps.Equal(tags, known) {
		err = errors.Join(err, x.c.Directory.SetResourceTags(ctx, account, arn, tags))
	}
	return err
}
