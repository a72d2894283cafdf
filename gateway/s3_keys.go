package gateway

import (
	"crypto/tls"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/sigv4"
)

const objectTagKeys = "s3:ExistingObjectTag/"

// setRequestKeys adds the condition keys that every S3 request has
// (https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html). The caller's context is this request's own.
func (x *exchange) setRequestKeys() {
	keys := x.caller.Context
	if x.r.TLS != nil {
		if version := tlsVersion(x.r.TLS.Version); version != "" {
			keys.Set("s3:TlsVersion", version)
		}
	}
	if referers := x.r.Header["Referer"]; len(referers) == 1 {
		keys.Set("aws:Referer", referers[0])
	}
	if owner, found := x.ownerOf(x.operation.Bucket); found {
		keys.Set("s3:ResourceAccount", owner)
	}
	if x.anonymous {
		return
	}
	keys.Set("s3:signatureversion", sigv4.Algorithm)
	switch {
	case x.form != nil:
		keys.Set("s3:authType", "POST")
	case x.authorization.Presigned:
		keys.Set("s3:authType", "REST-QUERY-STRING")
		age := x.c.Now().Sub(x.authorization.Time)
		keys.Set("s3:signatureAge", strconv.FormatInt(max(0, age.Milliseconds()), 10))
		keys.Set("s3:x-amz-content-sha256", x.signed.PayloadHash)
	default:
		keys.Set("s3:authType", "REST-HEADER")
		keys.Set("s3:x-amz-content-sha256", x.signed.PayloadHash)
	}
}

// tlsVersion is the number that s3:TlsVersion is compared with; empty where the version is not known.
func tlsVersion(version uint16) string {
	name, found := strings.CutPrefix(tls.VersionName(version), "TLS ")
	if !found {
		return ""
	}
	return name
}

// keysOf are the condition keys of one call beside the caller's: those that the request gives, and those of the resource. The caller's have the
// owner of the operation's own bucket, which saves a copy of them for the many calls that give no key.
func (x *exchange) keysOf(call awsmodel.Call, owner string, found bool) (map[string][]string, error) {
	of, err := x.tagsOf(call, owner, found)
	if err != nil {
		return nil, err
	}
	usual, _ := x.ownerOf(x.operation.Bucket)
	if len(of) == 0 && owner == usual {
		return call.Keys, nil
	}
	keys := make(map[string][]string, len(call.Keys)+len(of)+1)
	maps.Copy(keys, call.Keys)
	maps.Copy(keys, of)
	if owner != usual {
		keys["s3:ResourceAccount"] = nil // absent, where the bucket is
		if found {
			keys["s3:ResourceAccount"] = []string{owner}
		}
	}
	return keys, nil
}

// tagsOf are the tags, of a call's bucket and of its object, as condition keys.
func (x *exchange) tagsOf(call awsmodel.Call, owner string, found bool) (map[string][]string, error) {
	if !found || call.Bucket == "" || len(call.TagKeys) == 0 {
		return nil, nil
	}
	var ofBucket, ofObject map[string]string
	var err error
	if x.c.Attributes != nil {
		if ofBucket, err = x.c.Attributes.Tags(x.r.Context(), owner, x.bucketARN(call.Bucket)); err != nil {
			return nil, err
		}
	}
	if slices.Contains(call.TagKeys, objectTagKeys) {
		if ofObject, err = x.objectTags(call, owner); err != nil {
			return nil, err
		}
	}
	if len(ofBucket)+len(ofObject) == 0 {
		return nil, nil
	}
	keys := make(map[string][]string, 2*len(ofBucket)+len(ofObject))
	for _, prefix := range call.TagKeys {
		tags := ofBucket
		if prefix == objectTagKeys {
			tags = ofObject
		}
		for key, value := range tags {
			keys[prefix+key] = []string{value}
		}
	}
	return keys, nil
}
