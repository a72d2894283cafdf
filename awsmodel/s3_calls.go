package awsmodel

import "strings"

// bucketARN and objectARN name S3 resources, which have neither region nor account in their ARNs
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies).
func bucketARN(partition, bucket string) string { return "arn:" + partition + ":s3:::" + bucket }

func objectARN(partition, bucket, key string) string { return bucketARN(partition, bucket) + "/" + key }

func (o *S3Operation) bucketCall(action string, keys map[string][]string) Call {
	return Call{Action: action, Resource: bucketARN(o.partition, o.Bucket), Bucket: o.Bucket,
		ExpectedOwner: o.Header["x-amz-expected-bucket-owner"], Keys: keys}
}

func (o *S3Operation) objectCall(action string, keys map[string][]string) Call {
	return Call{Action: action, Resource: objectARN(o.partition, o.Bucket, o.Key), Bucket: o.Bucket, Key: o.Key,
		ExpectedOwner: o.Header["x-amz-expected-bucket-owner"], Keys: keys}
}

// onBucket and onObject make the calls of operations that are one action without condition keys of their own.
func onBucket(action string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call { return []Call{o.bucketCall(action, nil)} }
}

func onObject(action string) func(*S3Operation) []Call {
	return func(o *S3Operation) []Call { return []Call{o.objectCall(action, nil)} }
}

// listBucketsCalls is on all buckets: policies that grant or deny it on arn:aws:s3:::* mean it (S3 User Guide, "Controlling access to a bucket with user
// policies", whose group policy grants it so), though the Service Authorization Reference lists no resource for it.
func listBucketsCalls(o *S3Operation) []Call {
	return []Call{{Action: "s3:ListAllMyBuckets", Resource: bucketARN(o.partition, "*"), WildcardOnly: true}}
}

// listCalls gives s3:ListBucket the keys that a policy can hold a listing to. A parameter that was not sent leaves its key absent, and
// an empty one gives it the empty value: policies tell the two apart.
func listCalls(o *S3Operation) []Call {
	keys := map[string][]string{}
	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if value, sent := o.Query[name]; sent {
			keys["s3:"+name] = []string{value}
		}
	}
	return []Call{o.bucketCall("s3:ListBucket", keys)}
}

// writeCalls are the calls of every operation that makes an object or a part of one.
func writeCalls(o *S3Operation) []Call {
	keys := map[string][]string{}
	for _, name := range []string{"x-amz-acl", "x-amz-storage-class", "x-amz-metadata-directive", "if-match", "if-none-match"} {
		if value, sent := o.Header[name]; sent {
			keys["s3:"+name] = []string{value}
		}
	}
	// Policies that demand If-None-Match exempt the steps of a multipart upload by this key
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
	creates := "true"
	if o.Name == "CreateMultipartUpload" || strings.HasPrefix(o.Name, "UploadPart") {
		creates = "false"
	}
	keys["s3:ObjectCreationOperation"] = []string{creates}

	var calls []Call
	if o.shape.copies {
		bucket, key, _ := strings.Cut(o.Header["x-amz-copy-source"], "/")
		key, _ = unescape(key) // canonical since parseCopySource
		keys["s3:x-amz-copy-source"] = []string{bucket + "/" + key}
		calls = append(calls, Call{Action: "s3:GetObject", Resource: objectARN(o.partition, bucket, key), Bucket: bucket, Key: key,
			ExpectedOwner: o.Header["x-amz-source-expected-bucket-owner"]})
	}
	calls = append(calls, o.objectCall("s3:PutObject", keys))
	if acl, sent := o.Header["x-amz-acl"]; sent {
		calls = append(calls, o.objectCall("s3:PutObjectAcl", map[string][]string{"s3:x-amz-acl": {acl}}))
	}
	if _, sent := o.Header["if-match"]; sent {
		// Comparing the current object's entity tag reads something of it; S3 asks for s3:GetObject too.
		calls = append(calls, o.objectCall("s3:GetObject", nil))
	}
	return calls
}
