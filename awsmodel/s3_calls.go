package awsmodel

import (
	"maps"
	"slices"
	"strings"
)

// Prefixes under which tags are condition keys. Those of the bucket count for calls on its objects too, and only where the bucket's ABAC status is
// enabled (https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html); s3:ExistingObjectTag/ is the object's own.
var (
	bucketTagKeys   = []string{"aws:ResourceTag/", "s3:BucketTag/"}
	existingTagKeys = []string{"aws:ResourceTag/", "s3:BucketTag/", "s3:ExistingObjectTag/"}
)

// existingTagActions are those that s3:ExistingObjectTag/ can be asked of. It cannot of overwriting and deleting
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html).
var existingTagActions = []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:GetObjectAttributes",
	"s3:GetObjectVersionAttributes", "s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl",
	"s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", "s3:GetObjectAnnotation",
	"s3:GetObjectVersionAnnotation", "s3:PutObjectAnnotation", "s3:PutObjectVersionAnnotation", "s3:DeleteObjectAnnotation",
	"s3:DeleteObjectVersionAnnotation", "s3:ListObjectAnnotations", "s3:ListObjectVersionAnnotations", "s3:UpdateObjectEncryption"}

// bucketARN and objectARN name S3 resources, which have neither region nor account in their ARNs
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies).
func bucketARN(partition, bucket string) string { return "arn:" + partition + ":s3:::" + bucket }

func objectARN(partition, bucket, key string) string {
	return "arn:" + partition + ":s3:::" + bucket + "/" + key
}

func (o *S3Operation) bucketCall(action string, keys map[string][]string) Call {
	return Call{Action: action, Resource: bucketARN(o.options.Partition, o.Bucket), Bucket: o.Bucket,
		ExpectedOwner: o.Header["x-amz-expected-bucket-owner"], Keys: keys, TagKeys: bucketTagKeys}
}

func (o *S3Operation) objectCall(action string, keys map[string][]string) Call {
	return objectCall(o.options.Partition, action, o.Bucket, o.Key, o.Header["x-amz-expected-bucket-owner"], keys)
}

func objectCall(partition, action, bucket, key, owner string, keys map[string][]string) Call {
	call := Call{Action: action, Resource: objectARN(partition, bucket, key), Bucket: bucket, Key: key, ExpectedOwner: owner, Keys: keys, TagKeys: bucketTagKeys}
	if slices.Contains(existingTagActions, action) {
		call.TagKeys = existingTagKeys
	}
	return call
}

// versionCall is plain on the current object, or version on the one that versionId names. S3 asks for the latter in place of the former.
func (o *S3Operation) versionCall(plain, version string, keys map[string][]string) Call {
	id, versioned := o.Query["versionId"]
	if !versioned {
		return o.objectCall(plain, keys)
	}
	with := map[string][]string{"s3:VersionId": {id}}
	maps.Copy(with, keys)
	return o.objectCall(version, with)
}

// onBucket, onObject and onVersion make the calls of operations that are one action without condition keys of their own.
func onBucket(action string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call { return []Call{o.bucketCall(action, nil)} }
}

func onObject(action string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call { return []Call{o.objectCall(action, nil)} }
}

func onVersion(plain, version string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call { return []Call{o.versionCall(plain, version, nil)} }
}

// listBucketsCalls is on all buckets: policies that grant or deny it on arn:aws:s3:::* mean it (S3 User Guide, "Controlling access to a bucket with user
// policies", whose group policy grants it so), though the Service Authorization Reference lists no resource for it.
func listBucketsCalls(o *S3Operation) []Call {
	return []Call{{Action: "s3:ListAllMyBuckets", Resource: bucketARN(o.options.Partition, "*"), WildcardOnly: true}}
}

// onListing gives a listing the keys that a policy can hold it to. A parameter that was not sent leaves its key absent, and an empty one gives
// it the empty value: policies tell the two apart.
func onListing(action string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call {
		return []Call{o.bucketCall(action, o.parameterKeys("prefix", "delimiter", "max-keys"))}
	}
}

func (o *S3Operation) parameterKeys(names ...string) map[string][]string {
	keys := map[string][]string{}
	for _, name := range names {
		if value, sent := o.Query[name]; sent {
			keys["s3:"+name] = []string{value}
		}
	}
	return keys
}

// headerKey is a header whose value is a condition key.
type headerKey struct{ header, key string }

var aclKeys = []headerKey{
	{"x-amz-acl", "s3:x-amz-acl"},
	{"x-amz-grant-full-control", "s3:x-amz-grant-full-control"},
	{"x-amz-grant-read", "s3:x-amz-grant-read"},
	{"x-amz-grant-read-acp", "s3:x-amz-grant-read-acp"},
	{"x-amz-grant-write", "s3:x-amz-grant-write"},
	{"x-amz-grant-write-acp", "s3:x-amz-grant-write-acp"},
}

// takeKeys sets the keys whose headers were sent, and says whether any was.
func (o *S3Operation) takeKeys(keys map[string][]string, from []headerKey) bool {
	any := false
	for _, k := range from {
		if value, sent := o.Header[k.header]; sent {
			keys[k.key], any = []string{value}, true
		}
	}
	return any
}

// aclCalls sets an access control list. Grants within a document are no condition keys; the headers are.
func aclCalls(make func(o *S3Operation, keys map[string][]string) Call) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call {
		keys := map[string][]string{}
		o.takeKeys(keys, aclKeys)
		return []Call{make(o, keys)}
	}
}

func bucketACLCall(o *S3Operation, keys map[string][]string) Call {
	return o.bucketCall("s3:PutBucketAcl", keys)
}

func objectACLCall(o *S3Operation, keys map[string][]string) Call {
	return o.versionCall("s3:PutObjectAcl", "s3:PutObjectVersionAcl", keys)
}

// createBucketCalls are those of CreateBucket, whose headers ask for more than the bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html, "Permissions").
func createBucketCalls(o *S3Operation, keys map[string][]string, tags tagSet) []Call {
	lists := map[string][]string{}
	listed := o.takeKeys(lists, aclKeys)
	maps.Copy(keys, lists)
	o.takeKeys(keys, []headerKey{{"x-amz-object-ownership", "s3:x-amz-object-ownership"}, {"x-amz-bucket-namespace", "s3:x-amz-bucket-namespace"}})
	tagged := map[string][]string{}
	tags.setKeys(tagged, "aws:RequestTag/", "aws:TagKeys")
	maps.Copy(keys, tagged)
	calls := []Call{o.bucketCall("s3:CreateBucket", keys)}
	if listed && (len(lists) > 1 || o.Header["x-amz-acl"] != "private") {
		calls = append(calls, o.bucketCall("s3:PutBucketAcl", lists))
	}
	if value, sent := o.Header["x-amz-bucket-object-lock-enabled"]; sent && value != "false" {
		calls = append(calls, o.bucketCall("s3:PutBucketObjectLockConfiguration", nil), o.bucketCall("s3:PutBucketVersioning", nil))
	}
	if has(o.Header, "x-amz-object-ownership") {
		calls = append(calls, o.bucketCall("s3:PutBucketOwnershipControls", nil))
	}
	if len(tags) > 0 {
		calls = append(calls, o.bucketCall("s3:TagResource", tagged))
	}
	for i := range calls {
		calls[i].TagKeys = nil // a bucket that is not yet has no tags
	}
	return calls
}

// getAttributesCalls: GetObjectAttributes needs two permissions (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html).
func getAttributesCalls(o *S3Operation) []Call {
	return []Call{o.versionCall("s3:GetObject", "s3:GetObjectVersion", nil), o.versionCall("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes", nil)}
}

func deleteObjectCalls(o *S3Operation) []Call {
	tag, matched := o.Header["if-match"]
	return deleteCalls(o, tag, matched && tag != "*" || has(o.Header, "x-amz-if-match-last-modified-time") || has(o.Header, "x-amz-if-match-size"))
}

// deleteCalls are those of deleting one object. Comparing it tells something of it, so that S3 asks for s3:GetObject too; "*" does not
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html).
func deleteCalls(o *S3Operation, tag string, compared bool) []Call {
	var keys map[string][]string
	if tag != "" && !has(o.Query, "versionId") {
		keys = map[string][]string{"s3:if-match": {tag}}
	}
	calls := append([]Call{o.versionCall("s3:DeleteObject", "s3:DeleteObjectVersion", keys)}, bypassCalls(o)...)
	if compared {
		calls = append(calls, o.versionCall("s3:GetObject", "s3:GetObjectVersion", nil))
	}
	return calls
}

// bypassCalls are asked for where a retention in governance mode is to be overridden
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html).
func bypassCalls(o *S3Operation) []Call {
	if value, sent := o.Header["x-amz-bypass-governance-retention"]; !sent || value == "false" {
		return nil
	}
	return []Call{o.objectCall("s3:BypassGovernanceRetention", nil)}
}

func annotationCalls(plain, version string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call {
		keys := o.parameterKeys("annotation-prefix", "max-annotation-results")
		o.takeKeys(keys, []headerKey{{"x-amz-object-if-match", "s3:x-amz-object-if-match"}})
		return []Call{o.versionCall(plain, version, keys)}
	}
}

// startsMultipart tells the steps of a multipart upload before the last.
func startsMultipart(name string) bool {
	return name == "CreateMultipartUpload" || strings.HasPrefix(name, "UploadPart")
}
