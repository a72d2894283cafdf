package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// testBucketResources: which objects a resource stands for.
func testBucketResources(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t), t.Context()
	for resource, keys := range map[string]struct{ allowed, denied string }{
		"BUCKET/*":                 {"obj my-obj/nested-obj a/b/c", ""},
		"BUCKET/my-obj/nested-obj": {"my-obj/nested-obj", "my-obj my-obj/nested-obj/x obj"},
		"BUCKET/*/*":               {"bar/quxx foo/bar/baz foo/bar/xyz/quxx", "foo"},
		"BUCKET/m?-obj/*":          {"my-obj/hello mk-obj/foo m--obj/bar", "myy-obj/hello rand/foo my-objj/bar M"},
		"BUCKET/Case/*":            {"Case/a", "case/a"},
	} {
		mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:*", resource, "")))
		for _, key := range strings.Fields(keys.allowed) {
			if err := put(ctx, who.sdk, bucket, key); err != nil {
				t.Errorf("%s: PutObject of %s: %v", resource, key, err)
			}
			if err := get(ctx, who.sdk, bucket, key); err != nil {
				t.Errorf("%s: GetObject of %s: %v", resource, key, err)
			}
		}
		for _, key := range strings.Fields(keys.denied) {
			who.denied(t, put(ctx, who.sdk, bucket, key), "s3:PutObject", "arn:aws:s3:::"+bucket+"/"+key, noneAllows)
		}
		_, err := who.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket}) // objects are not their bucket
		who.denied(t, err, "s3:GetBucketTagging", "arn:aws:s3:::"+bucket, noneAllows)
	}
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:*", "BUCKET", "")))
	_, err := who.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	mustDo(t, err)
	who.denied(t, get(ctx, who.sdk, bucket, "obj"), "s3:GetObject", "arn:aws:s3:::"+bucket+"/obj", noneAllows)
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:PutBucketTagging", "BUCKET", ""))) // one action is no other
	_, err = who.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &bucket,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}})
	mustDo(t, err)
	_, err = who.s3.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: &bucket})
	mustDo(t, err) // which needs the same permission (Amazon S3 API Reference, DeleteBucketTagging)
	_, err = who.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket})
	who.denied(t, err, "s3:GetBucketTagging", "arn:aws:s3:::"+bucket, noneAllows)
}

// testDottedKeys: no way of writing a key reaches an object that the policy does not grant. To S3 public/../private is a key like others, which servers
// on a file system cannot keep.
func testDottedKeys(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t), t.Context()
	mustDo(t, put(ctx, w.admin, bucket, "private.txt"))
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:GetObject s3:PutObject s3:DeleteObject", "BUCKET/public/*", "")))
	for _, dotted := range []string{"public/../private.txt", "public/./../private.txt", "public//../../private.txt"} {
		_, copied := who.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("public/copied"), CopySource: aws.String(bucket + "/" + dotted)})
		_, deleted := who.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &dotted})
		for call, err := range map[string]error{"GetObject": get(ctx, who.sdk, bucket, dotted), "PutObject": put(ctx, who.sdk, bucket, dotted), "CopyObject": copied, "DeleteObject": deleted} {
			if answer := answerOf(err); answer.status < 400 || answer.status > 404 {
				t.Errorf("%s of %s: %+v", call, dotted, answer)
			}
		}
	}
	out, err := w.admin.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private.txt")})
	mustDo(t, err)
	defer out.Body.Close()
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != "private.txt" {
		t.Errorf("the object is %q now, %v", body, err)
	}
	// A slash before a copy's source is no part of the bucket's name.
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:GetObject s3:PutObject", "BUCKET/obj", "")))
	_, err = who.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("obj"), CopySource: aws.String("/" + bucket + "/obj"),
		Metadata: map[string]string{"key1": "val1"}, MetadataDirective: types.MetadataDirectiveReplace})
	mustDo(t, err)
}

// testBucketDenies: a Deny wins over every Allow, and one whose condition does not hold is none.
func testBucketDenies(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, other, ctx, principal := w.bucket(t), w.bucket(t), t.Context(), w.principalOf(who)
	object, all := "arn:aws:s3:::"+bucket+"/", rule("Allow", principal, "s3:*", "BUCKET BUCKET/*", "")

	mustDo(t, w.govern(ctx, bucket, rule("Deny", principal, "s3:DeleteBucket", "BUCKET", ""), all))
	_, err := who.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	mustDo(t, err)
	_, err = who.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
	who.denied(t, err, "s3:DeleteBucket", "arn:aws:s3:::"+bucket, bucketDenies)

	mustDo(t, w.govern(ctx, bucket, all, rule("Deny", principal, "s3:*", "BUCKET/someprefix/*", "")))
	who.denied(t, put(ctx, who.sdk, bucket, "someprefix/hello"), "s3:PutObject", object+"someprefix/hello", bucketDenies)
	mustDo(t, put(ctx, who.sdk, bucket, "otherprefix/hello"))

	mustDo(t, w.govern(ctx, bucket, all, rule("Deny", principal, "s3:PutObject", "BUCKET/*", `{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`)))
	who.denied(t, put(ctx, who.sdk, bucket, "my-obj"), "s3:PutObject", object+"my-obj", bucketDenies)
	mustDo(t, w.govern(ctx, bucket, all, rule("Deny", principal, "s3:PutObject", "BUCKET/*", `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`)))
	mustDo(t, put(ctx, who.sdk, bucket, "my-obj"))

	// A copy needs its source as well, whose bucket has no policy for the caller.
	_, err = who.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("copied"), CopySource: aws.String(other + "/obj")})
	who.denied(t, err, "s3:GetObject", "arn:aws:s3:::"+other+"/obj", noneAllows)
}

// testBucketConfiguration: without a policy a bucket is not the caller's; each of its configurations is granted by an action of its own.
func testBucketConfiguration(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t, func(in *s3.CreateBucketInput) { in.ObjectOwnership = types.ObjectOwnershipBucketOwnerPreferred }), t.Context()
	for action, call := range map[string]func() error{
		"s3:GetBucketLocation": func() error {
			_, err := who.s3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket})
			return err
		},
		"s3:GetBucketVersioning": func() error {
			_, err := who.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket})
			return err
		},
		"s3:PutBucketAcl": func() error {
			_, err := who.s3.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: &bucket, ACL: types.BucketCannedACLPublicRead})
			return err
		},
		"s3:GetBucketAcl": func() error {
			_, err := who.s3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &bucket})
			return err
		},
	} {
		mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:GetBucketTagging", "BUCKET", "")))
		who.denied(t, call(), action, "arn:aws:s3:::"+bucket, noneAllows)
		mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), action, "BUCKET", "")))
		if err := call(); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:ListBucket", "BUCKET", "")))
	_, err := who.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	mustDo(t, err)
	_, err = who.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket + "-new")})
	who.denied(t, err, "s3:CreateBucket", "arn:aws:s3:::"+bucket+"-new", noneAllows)
	_, err = who.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
	want(t, err, 403, "AccessDenied", "is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action")
}

// testBothPolicies: what a caller's own policy and the bucket's come to together.
func testBothPolicies(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t), t.Context()
	for _, c := range []struct{ identity, bucket, why string }{ // why: how the denial is explained; empty: allowed
		{"", "", noneAllows}, {"Allow", "", ""}, {"", "Allow", ""}, {"Allow", "Allow", ""}, {"Deny", "", identityDenies}, {"Deny", "Allow", identityDenies},
		{"", "Deny", bucketDenies}, {"Allow", "Deny", bucketDenies}, {"Deny", "Deny", "with an explicit deny in "},
	} {
		w.own(t, who, bucket, c.identity, "s3:GetObject")
		statements := []string{rule("Allow", w.principalOf(who), "s3:GetObjectAcl", "BUCKET/*", "")}
		if c.bucket != "" {
			statements = append(statements, rule(c.bucket, w.principalOf(who), "s3:GetObject", "BUCKET/*", ""))
		}
		mustDo(t, w.govern(ctx, bucket, statements...))
		switch err := get(ctx, who.sdk, bucket, "obj"); {
		case c.why != "":
			who.denied(t, err, "s3:GetObject", "arn:aws:s3:::"+bucket+"/obj", c.why)
		case err != nil:
			t.Errorf("identity %q, bucket %q: %v", c.identity, c.bucket, err)
		}
	}
	// What a bucket's policy grants is all that it grants.
	w.own(t, who, bucket, "", "")
	mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), "s3:PutObject", "BUCKET/*", "")))
	mustDo(t, put(ctx, who.sdk, bucket, "obj"))
	who.denied(t, get(ctx, who.sdk, bucket, "obj"), "s3:GetObject", "arn:aws:s3:::"+bucket+"/obj", noneAllows)
}

// own gives a caller one policy of its own, about a bucket and every object in it; without an effect one that does not matter.
func (w *sessionWorld) own(t *testing.T, who *webSession, bucket, effect, action string) {
	t.Helper()
	if effect == "" {
		effect, action = "Allow", "s3:GetBucketTagging"
	}
	w.ownDocument(t, who, objects(bucket, effect, action))
}

func (w *sessionWorld) ownDocument(t *testing.T, who *webSession, document string) {
	t.Helper()
	var err error
	if who.role != "" {
		_, err = w.admin.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &who.role, PolicyName: aws.String("own"), PolicyDocument: &document})
	} else {
		user := who.arn[strings.LastIndex(who.arn, "/")+1:]
		_, err = w.admin.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &user, PolicyName: aws.String("own"), PolicyDocument: &document})
	}
	mustDo(t, err)
}

// testDeleteSeveralDenied: of a batch each object is decided for itself, in whatever order they stand and whether they name a version.
func testDeleteSeveralDenied(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx, principal := w.bucket(t), t.Context(), w.principalOf(who)
	w.ownDocument(t, who, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::`+bucket+`/allowed/*"}]}`)
	mustDo(t, w.govern(ctx, bucket, rule("Deny", principal, "s3:DeleteObject s3:DeleteObjectVersion", "BUCKET/protected/*", ""),
		rule("Deny", principal, "s3:DeleteObject", "BUCKET/vault/*", "")))
	for _, batch := range []string{"protected/x secret/z", "protected/x allowed/w", "protected/x vault/y", "secret/z protected/x", "allowed/w protected/x", "vault/y protected/x",
		"protected/x protected/v?1 secret/z other/v?1 allowed/w"} {
		var objects []types.ObjectIdentifier
		for _, entry := range strings.Fields(batch) {
			key, version, versioned := strings.Cut(entry, "?")
			object := types.ObjectIdentifier{Key: &key}
			if versioned {
				object.VersionId = aws.String("some-version-" + version)
			} else {
				mustDo(t, put(ctx, w.admin, bucket, key))
			}
			objects = append(objects, object)
		}
		out, err := who.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: objects}})
		mustDo(t, err)
		var deleted, refused, wanted []string
		for _, d := range out.Deleted {
			deleted = append(deleted, *d.Key)
		}
		for _, e := range out.Errors {
			refused = append(refused, fmt.Sprintf("%s %s", *e.Key, *e.Message))
		}
		for _, o := range objects {
			action, why := "s3:DeleteObject", fmt.Sprintf(noneAllows, "s3:DeleteObject")
			if o.VersionId != nil {
				action, why = "s3:DeleteObjectVersion", fmt.Sprintf(noneAllows, "s3:DeleteObjectVersion")
			}
			if strings.HasPrefix(*o.Key, "protected/") || strings.HasPrefix(*o.Key, "vault/") {
				why = bucketDenies
			}
			if !strings.HasPrefix(*o.Key, "allowed/") {
				wanted = append(wanted, fmt.Sprintf(`%s User: %s is not authorized to perform: %s on resource: "arn:aws:s3:::%s/%s" %s`, *o.Key, who.arn, action, bucket, *o.Key, why))
			}
		}
		if strings.Contains(batch, "allowed/w") != slices.Contains(deleted, "allowed/w") || len(deleted) > 1 || !slices.Equal(refused, wanted) {
			t.Errorf("%s: deleted %q, refused\n%q, want\n%q", batch, deleted, refused, wanted)
		}
	}
}

// lock makes an object that is locked until an hour from now.
func (w *sessionWorld) lock(t *testing.T, bucket, key string, mode types.ObjectLockMode) (version *string) {
	t.Helper()
	out, err := w.admin.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x"), ObjectLockMode: mode,
		ObjectLockRetainUntilDate: aws.Time(time.Now().Add(time.Hour))})
	mustDo(t, err)
	return out.VersionId
}

// testBypassSources: the permission to bypass governance can come from either policy, and either can refuse it.
func testBypassSources(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t, withLock), t.Context()
	for i, c := range []struct{ identity, bucket, why string }{
		{"Allow", "", ""}, {"", "Allow", ""}, {"Allow", "Allow", ""}, {"", "", noneAllows}, {"Deny", "Allow", identityDenies}, {"Allow", "Deny", bucketDenies},
	} {
		key := fmt.Sprintf("locked-%d", i)
		version := w.lock(t, bucket, key, types.ObjectLockModeGovernance)
		w.own(t, who, bucket, c.identity, "s3:BypassGovernanceRetention")
		statements := []string{rule("Allow", w.principalOf(who), "s3:DeleteObjectVersion", "BUCKET/*", "")}
		if c.bucket != "" {
			statements = append(statements, rule(c.bucket, w.principalOf(who), "s3:BypassGovernanceRetention", "BUCKET/*", ""))
		}
		mustDo(t, w.govern(ctx, bucket, statements...))
		_, err := who.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: version})
		want(t, err, 403, "AccessDenied", "") // the object is protected, which its server says
		_, err = who.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: version, BypassGovernanceRetention: aws.Bool(true)})
		switch {
		case c.why != "":
			who.denied(t, err, "s3:BypassGovernanceRetention", "arn:aws:s3:::"+bucket+"/"+key, c.why)
		case err != nil:
			t.Errorf("identity %q, bucket %q: %v", c.identity, c.bucket, err)
		}
	}
}

// testLockedObjects: who may bypass governance may shorten a retention and write over the object; a compliance lock holds against everybody.
func testLockedObjects(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx, principal := w.bucket(t, withLock), t.Context(), w.principalOf(who)
	mustDo(t, w.govern(ctx, bucket, rule("Allow", principal, "s3:GetObject s3:PutObject s3:PutObjectRetention s3:BypassGovernanceRetention", "BUCKET/*", "")))
	shorten := func(key string, mode types.ObjectLockRetentionMode, bypass bool) error {
		_, err := who.s3.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: &bucket, Key: &key, BypassGovernanceRetention: aws.Bool(bypass),
			Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: aws.Time(time.Now().Add(30 * time.Minute))}})
		return err
	}
	w.lock(t, bucket, "governed", types.ObjectLockModeGovernance)
	want(t, shorten("governed", types.ObjectLockRetentionModeGovernance, false), 403, "AccessDenied", "")
	mustDo(t, shorten("governed", types.ObjectLockRetentionModeGovernance, true))
	w.lock(t, bucket, "compliant", types.ObjectLockModeCompliance)
	for _, bypass := range []bool{false, true} {
		want(t, shorten("compliant", types.ObjectLockRetentionModeCompliance, bypass), 403, "AccessDenied", "")
	}
	// A lock is a version's: writing a new one is no bypass.
	mustDo(t, put(ctx, who.sdk, bucket, "governed"))
	_, err := who.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("governed"), CopySource: aws.String(bucket + "/obj")})
	mustDo(t, err)
	upload, err := who.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("governed")})
	mustDo(t, err)
	part, err := who.s3.UploadPart(ctx, &s3.UploadPartInput{Bucket: &bucket, Key: aws.String("governed"), UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
	mustDo(t, err)
	_, err = who.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: aws.String("governed"), UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}}})
	mustDo(t, err)
}

// testRoot: a bucket's policy that denies everybody is for the account's root too, except that it may get, put and delete that policy.
func testRoot(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	mustDo(t, w.govern(ctx, bucket, rule("Deny", "*", "s3:*", "BUCKET BUCKET/*", "")))
	want(t, put(ctx, w.admin, bucket, "obj"), http.StatusForbidden, "AccessDenied", "s3:PutObject on resource: \"arn:aws:s3:::"+bucket+"/obj\" "+bucketDenies)
	_, err := w.admin.s3.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &bucket})
	want(t, err, http.StatusForbidden, "AccessDenied", bucketDenies)
	_, err = w.admin.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	mustDo(t, err)
	mustDo(t, w.govern(ctx, bucket, rule("Deny", "*", "s3:*", "BUCKET", "")))
	_, err = w.admin.s3.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket})
	mustDo(t, err)
	mustDo(t, put(ctx, w.admin, bucket, "obj"))
	// It bypasses governance as any other with the permission.
	locked := w.bucket(t, withLock)
	version := w.lock(t, locked, "locked", types.ObjectLockModeGovernance)
	_, err = w.admin.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &locked, Key: aws.String("locked"), VersionId: version, BypassGovernanceRetention: aws.Bool(true)})
	mustDo(t, err)
}
