package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// What a peer's S3 suite checks of the policies of buckets with users whom its administration API makes, or in a form of principals that S3 refuses
// (docs/compatibility.md, "A peer's S3 suite, through the gateway"), is checked here with users of IAM, sessions of roles, and {"AWS": …}.

// user makes a user with an access key and one policy, unless that is empty.
func (w *sessionWorld) user(t *testing.T, path, permissions string) *webSession {
	t.Helper()
	name := aws.String(fmt.Sprintf("user-%d", w.number.Add(1)))
	made, err := w.admin.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name, Path: aws.String(path)})
	mustDo(t, err)
	if permissions != "" {
		_, err = w.admin.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: &permissions})
		mustDo(t, err)
	}
	key, err := w.admin.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	mustDo(t, err)
	id, secret := *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey
	return &webSession{sdk: newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(id, secret, "")), arn: *made.User.Arn, key: id, secret: secret}
}

// principalOf is how a bucket's policy names whoever calls: a user, or a session by its role.
func (w *sessionWorld) principalOf(s *webSession) string {
	if s.role == "" {
		return s.arn
	}
	return w.roleARN(s.role)
}

// rule is a statement of a bucket's policy for some principals; BUCKET stands for the bucket's ARN. Of several actions or resources each is a word.
func rule(effect, principals, actions, resources, condition string) string {
	list := func(words string) string { return `["` + strings.Join(strings.Fields(words), `","`) + `"]` }
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":%s},"Action":%s,"Resource":%s%s}`, effect, list(principals), list(actions), list(resources), condition)
}

// govern puts a policy of these statements on the bucket.
func (w *sessionWorld) govern(ctx context.Context, bucket string, statements ...string) error {
	document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	document = strings.ReplaceAll(document, "BUCKET", "arn:aws:s3:::"+bucket)
	_, err := w.admin.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &document})
	return err
}

func withLock(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(true) }

// TestBucketPoliciesThroughGateway is what the policies of buckets decide for users and for sessions, each in a bucket of its own.
func TestBucketPoliciesThroughGateway(t *testing.T) {
	t.Parallel()
	w := newSessionWorld(t)
	if out, err := w.admin.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil || len(out.Buckets) != 0 {
		t.Errorf("of no buckets %+v are listed, %v", out, err)
	}
	for name, test := range map[string]func(t *testing.T, w *sessionWorld, who *webSession){
		"conditions": testBucketConditions, "own actions of headers": testHeaderActions, "versions": testVersionActions, "resources": testBucketResources,
		"keys with dots": testDottedKeys, "deny": testBucketDenies, "bucket's configuration": testBucketConfiguration, "both policies": testBothPolicies,
		"delete several": testDeleteSeveralDenied, "bypass": testBypassSources, "locked": testLockedObjects,
	} {
		t.Run(name+"/user", func(t *testing.T) { test(t, w, w.user(t, "/", "")) })
		t.Run(name+"/session", func(t *testing.T) { test(t, w, w.session(t, "", "")) })
	}
	t.Run("principals", func(t *testing.T) { testPrincipalForms(t, w) })
	t.Run("whom principals name", func(t *testing.T) { testWhomPrincipalsName(t, w) })
	t.Run("documents", func(t *testing.T) { testPolicyDocuments(t, w) })
	t.Run("root", func(t *testing.T) { testRoot(t, w) })
}

// listing is a condition on s3:ListBucket, and a request that it is asked about.
type listing struct {
	condition string
	prefix    *string
	keys      *int32
	allowed   bool
}

// listings try every family of operators on a key that the request really has (IAM User Guide, "IAM JSON policy elements: Condition operators"). CALLER
// is the principal's ARN.
func listings() []listing {
	photos, videos, inPhotos, inVideos := aws.String("photos/"), aws.String("videos/"), aws.String("photos/vacation"), aws.String("videos/vacation")
	encoded := base64.StdEncoding.EncodeToString([]byte("photos/"))
	past, future := time.Now().Add(-48*time.Hour).UTC().Format(time.RFC3339), time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)
	n := aws.Int32
	return []listing{
		{`{"StringEquals":{"s3:prefix":"photos/"}}`, photos, nil, true}, {`{"StringEquals":{"s3:prefix":"photos/"}}`, videos, nil, false},
		{`{"StringNotEquals":{"s3:prefix":"photos/"}}`, videos, nil, true}, {`{"StringNotEquals":{"s3:prefix":"photos/"}}`, photos, nil, false},
		{`{"StringLike":{"s3:prefix":"photos/*"}}`, inPhotos, nil, true}, {`{"StringLike":{"s3:prefix":"photos/*"}}`, inVideos, nil, false},
		{`{"StringNotLike":{"s3:prefix":"photos/*"}}`, inVideos, nil, true}, {`{"StringNotLike":{"s3:prefix":"photos/*"}}`, inPhotos, nil, false},
		{`{"StringEqualsIgnoreCase":{"s3:prefix":"Photos/"}}`, photos, nil, true},
		{`{"StringNotEqualsIgnoreCase":{"s3:prefix":"Photos/"}}`, photos, nil, false},
		{`{"NumericEquals":{"s3:max-keys":"5"}}`, nil, n(5), true}, {`{"NumericEquals":{"s3:max-keys":"5"}}`, nil, n(6), false},
		{`{"NumericNotEquals":{"s3:max-keys":"5"}}`, nil, n(6), true}, {`{"NumericNotEquals":{"s3:max-keys":"5"}}`, nil, n(5), false},
		{`{"NumericLessThan":{"s3:max-keys":"10"}}`, nil, n(5), true}, {`{"NumericLessThan":{"s3:max-keys":"10"}}`, nil, n(10), false},
		{`{"NumericLessThanEquals":{"s3:max-keys":"10"}}`, nil, n(10), true}, {`{"NumericGreaterThan":{"s3:max-keys":"5"}}`, nil, n(10), true},
		{`{"NumericGreaterThan":{"s3:max-keys":"5"}}`, nil, n(5), false}, {`{"NumericGreaterThanEquals":{"s3:max-keys":"5"}}`, nil, n(5), true},
		{`{"DateLessThan":{"aws:CurrentTime":"` + future + `"}}`, nil, nil, true}, {`{"DateLessThan":{"aws:CurrentTime":"` + past + `"}}`, nil, nil, false},
		{`{"DateLessThanEquals":{"aws:CurrentTime":"` + future + `"}}`, nil, nil, true},
		{`{"DateGreaterThan":{"aws:CurrentTime":"` + past + `"}}`, nil, nil, true},
		{`{"DateGreaterThan":{"aws:CurrentTime":"` + future + `"}}`, nil, nil, false},
		{`{"DateGreaterThanEquals":{"aws:CurrentTime":"` + past + `"}}`, nil, nil, true},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, nil, nil, true}, {`{"Bool":{"aws:SecureTransport":"true"}}`, nil, nil, false},
		{`{"BinaryEquals":{"s3:prefix":"` + encoded + `"}}`, &encoded, nil, true}, {`{"BinaryEquals":{"s3:prefix":"` + encoded + `"}}`, photos, nil, false},
		{`{"Null":{"s3:prefix":"true"}}`, nil, nil, true}, {`{"Null":{"s3:prefix":"true"}}`, photos, nil, false},
		{`{"Null":{"s3:prefix":"false"}}`, photos, nil, true}, {`{"Null":{"s3:prefix":"false"}}`, nil, nil, false},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, nil, nil, true}, {`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, nil, nil, false},
		{`{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, nil, nil, true}, {`{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, nil, nil, false},
		{`{"ArnEquals":{"aws:PrincipalArn":"CALLER"}}`, nil, nil, true}, {`{"ArnNotEquals":{"aws:PrincipalArn":"CALLER"}}`, nil, nil, false},
		{`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:nobody/*"}}`, nil, nil, false},
		{`{"StringEquals":{"s3:prefix":"photos/"},"NumericLessThan":{"s3:max-keys":"10"}}`, photos, n(10), false}, // every condition must hold
		{`{"StringEquals":{"s3:prefix":["videos/","photos/"]}}`, photos, nil, true},                               // one value is enough
	}
}

func testBucketConditions(t *testing.T, w *sessionWorld, who *webSession) {
	bucket := w.bucket(t)
	for _, c := range listings() {
		condition := strings.ReplaceAll(c.condition, "CALLER", w.principalOf(who))
		mustDo(t, w.govern(t.Context(), bucket, rule("Allow", w.principalOf(who), "s3:ListBucket", "BUCKET", condition)))
		_, err := who.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: c.prefix, MaxKeys: c.keys})
		switch {
		case c.allowed && err != nil:
			t.Errorf("%s, prefix %q: %v", condition, aws.ToString(c.prefix), err)
		case !c.allowed && err == nil:
			t.Errorf("%s, prefix %q: allowed", condition, aws.ToString(c.prefix))
		case !c.allowed:
			who.denied(t, err, "s3:ListBucket", "arn:aws:s3:::"+bucket, noneAllows)
		}
	}
}

// testHeaderActions: tags, a legal hold and a retention need actions of their own, with whatever request they come (Amazon S3 User Guide, "Required
// permissions for Amazon S3 API operations").
func testHeaderActions(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t, withLock), t.Context()
	principal, key := w.principalOf(who), aws.String("made")
	tags, until := aws.String("key=value"), aws.Time(time.Now().Add(time.Hour))
	put := func(change func(*s3.PutObjectInput)) error {
		in := &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: strings.NewReader("x")}
		change(in)
		_, err := who.s3.PutObject(ctx, in)
		return err
	}
	copied := func(change func(*s3.CopyObjectInput)) error {
		in := &s3.CopyObjectInput{Bucket: &bucket, Key: key, CopySource: aws.String(bucket + "/obj"), TaggingDirective: types.TaggingDirectiveReplace}
		change(in)
		_, err := who.s3.CopyObject(ctx, in)
		return err
	}
	begin := func(change func(*s3.CreateMultipartUploadInput)) error {
		in := &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: key}
		change(in)
		_, err := who.s3.CreateMultipartUpload(ctx, in)
		return err
	}
	for name, c := range map[string]struct {
		action string
		call   func() error
	}{
		"PutObject, tags": {"s3:PutObjectTagging", func() error { return put(func(in *s3.PutObjectInput) { in.Tagging = tags }) }},
		"PutObject, hold": {"s3:PutObjectLegalHold", func() error {
			return put(func(in *s3.PutObjectInput) { in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn })
		}},
		"PutObject, retention": {"s3:PutObjectRetention", func() error {
			return put(func(in *s3.PutObjectInput) {
				in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, until
			})
		}},
		"CopyObject, tags": {"s3:PutObjectTagging", func() error { return copied(func(in *s3.CopyObjectInput) { in.Tagging = tags }) }},
		"CopyObject, hold": {"s3:PutObjectLegalHold", func() error {
			return copied(func(in *s3.CopyObjectInput) { in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn })
		}},
		"CopyObject, retention": {"s3:PutObjectRetention", func() error {
			return copied(func(in *s3.CopyObjectInput) {
				in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, until
			})
		}},
		"upload, tags": {"s3:PutObjectTagging", func() error { return begin(func(in *s3.CreateMultipartUploadInput) { in.Tagging = tags }) }},
		"upload, hold": {"s3:PutObjectLegalHold", func() error {
			return begin(func(in *s3.CreateMultipartUploadInput) {
				in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn
			})
		}},
		"upload, retention": {"s3:PutObjectRetention", func() error {
			return begin(func(in *s3.CreateMultipartUploadInput) {
				in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, until
			})
		}},
	} {
		source := rule("Allow", principal, "s3:GetObject", "BUCKET/obj", "")
		mustDo(t, w.govern(ctx, bucket, source, rule("Allow", principal, "s3:PutObject", "BUCKET/made", "")))
		who.denied(t, c.call(), c.action, "arn:aws:s3:::"+bucket+"/made", noneAllows)
		mustDo(t, w.govern(ctx, bucket, source, rule("Allow", principal, "s3:PutObject "+c.action, "BUCKET/made", "")))
		if err := c.call(); err != nil {
			t.Errorf("%s, with %s: %v", name, c.action, err)
		}
	}
}

// testVersionActions: a request that names a version needs the action for versions, and that one is for nothing else.
func testVersionActions(t *testing.T, w *sessionWorld, who *webSession) {
	bucket, ctx := w.bucket(t), t.Context()
	_, err := w.admin.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	mustDo(t, err)
	key := aws.String("versioned")
	for name, c := range map[string]struct {
		action, ofVersion string
		call              func(version *string) error
	}{
		"GetObject": {"s3:GetObject", "s3:GetObjectVersion", func(version *string) error {
			out, err := who.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: key, VersionId: version})
			if err == nil {
				out.Body.Close()
			}
			return err
		}},
		"HeadObject": {"s3:GetObject", "s3:GetObjectVersion", func(version *string) error {
			_, err := who.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: key, VersionId: version})
			return err
		}},
		"GetObjectAttributes": {"s3:GetObjectAttributes s3:GetObject", "s3:GetObjectVersionAttributes s3:GetObjectVersion", func(version *string) error {
			_, err := who.s3.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: &bucket, Key: key, VersionId: version,
				ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag}})
			return err
		}},
		"PutObjectTagging": {"s3:PutObjectTagging", "s3:PutObjectVersionTagging", func(version *string) error {
			_, err := who.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &bucket, Key: key, VersionId: version,
				Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}})
			return err
		}},
		"DeleteObject": {"s3:DeleteObject", "s3:DeleteObjectVersion", func(version *string) error {
			_, err := who.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: key, VersionId: version})
			return err
		}},
	} {
		for _, versioned := range []bool{false, true} {
			made, err := w.admin.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: strings.NewReader("x")})
			mustDo(t, err)
			granted, allowed, refused := c.action, (*string)(nil), made.VersionId
			if versioned {
				granted, allowed, refused = c.ofVersion, refused, allowed
			}
			mustDo(t, w.govern(ctx, bucket, rule("Allow", w.principalOf(who), granted, "BUCKET/*", "")))
			if answer := answerOf(c.call(refused)); answer.status != 403 {
				t.Errorf("%s with %s for version %q: %+v", name, granted, aws.ToString(refused), answer)
			}
			if err := c.call(allowed); err != nil {
				t.Errorf("%s with %s for version %q: %v", name, granted, aws.ToString(allowed), err)
			}
		}
	}
}
