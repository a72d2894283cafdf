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

// keysOf are the condition keys of one call beside the caller's: those that the request gives, and those of the resource. Whose the resource is stands
// in the caller's context, which saves a copy of it for the many calls that give no key.
func (x *exchange) keysOf(call awsmodel.Call, owner string, owned bool) (map[string][]string, error) {
	if !owned || owner == "" {
		return call.Keys, nil
	}
	x.caller.Context.Set("s3:ResourceAccount", owner)
	if call.Bucket == "" {
		return call.Keys, nil
	}
	ofBucket, ofObject, err := x.tagsOf(call, owner)
	if err != nil || len(ofBucket)+len(ofObject) == 0 {
		return call.Keys, err
	}
	keys := make(map[string][]string, len(call.Keys)+2*len(ofBucket)+len(ofObject))
	maps.Copy(keys, call.Keys)
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

// tagsOf are the tags that are condition keys of a call: its bucket's, and its object's.
func (x *exchange) tagsOf(call awsmodel.Call, owner string) (ofBucket, ofObject map[string]string, err error) {
	if x.c.Attributes != nil && slices.ContainsFunc(call.TagKeys, func(prefix string) bool { return prefix != objectTagKeys }) {
		if ofBucket, err = x.c.Attributes.Tags(x.r.Context(), owner, x.bucketARN(call.Bucket)); err != nil {
			return nil, nil, err
		}
	}
	if slices.Contains(call.TagKeys, objectTagKeys) {
		ofObject, err = x.objectTags(call, owner)
	}
	return ofBucket, ofObject, err
}
