package gateway

import (
	"crypto/tls"
	"maps"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
)

const objectTagKeys = "s3:ExistingObjectTag/"

// setRequestKeys adds the condition keys that every S3 request has
// (https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html). The caller's context is this request's own.
func (x *exchange) setRequestKeys() {
	if x.caller.Context == nil {
		x.caller.Context = new(policy.Context)
	}
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

// keysOf are the condition keys of one call: those that the request gives, and those of the resource.
func (x *exchange) keysOf(call awsmodel.Call, owner string, owned bool) (map[string][]string, error) {
	if !owned {
		return call.Keys, nil
	}
	keys := make(map[string][]string, len(call.Keys)+2)
	maps.Copy(keys, call.Keys)
	if owner != "" {
		account := []string{owner}
		keys["aws:ResourceAccount"], keys["s3:ResourceAccount"] = account, account
	}
	for _, prefix := range call.TagKeys {
		tags, err := x.tagsUnder(prefix, call, owner)
		if err != nil {
			return nil, err
		}
		for key, value := range tags {
			keys[prefix+key] = []string{value}
		}
	}
	return keys, nil
}

// tagsUnder are the tags that are condition keys under a prefix: the bucket's, or the object's.
func (x *exchange) tagsUnder(prefix string, call awsmodel.Call, owner string) (map[string]string, error) {
	switch {
	case call.Bucket == "":
		return nil, nil
	case prefix == objectTagKeys:
		return x.objectTags(call, owner)
	case x.c.Attributes == nil:
		return nil, nil
	}
	return x.c.Attributes.Tags(x.r.Context(), owner, x.bucketARN(call.Bucket))
}
