package gateway_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestCopyOfTags: a copy takes tags along by default, and needs the permissions on tags where there are any, and only there.
func TestCopyOfTags(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "plain")
	put := &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("tagged"), Tagging: aws.String("team=a b")}
	_, err := p.client(p.root).PutObject(t.Context(), put)
	must(t, err)
	bare := p.client(p.session(t, "bare", allow("s3:GetObject s3:PutObject", "arn:aws:s3:::bucket/*")))
	tagger := p.client(p.session(t, "tagger", allow("s3:GetObject s3:PutObject s3:GetObjectTagging s3:PutObjectTagging", "arn:aws:s3:::bucket/*")))
	input := func(source string) *s3.CopyObjectInput {
		return &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("to"), CopySource: aws.String("bucket/" + source)}
	}
	_, err = bare.CopyObject(t.Context(), input("plain"))
	must(t, err)
	_, err = bare.CopyObject(t.Context(), input("tagged"))
	wantError(t, err, "AccessDenied", 403, "s3:GetObjectTagging")
	without := input("tagged")
	without.TaggingDirective = types.TaggingDirectiveReplace
	_, err = bare.CopyObject(t.Context(), without)
	must(t, err)
	_, err = bare.PutObject(t.Context(), put)
	wantError(t, err, "AccessDenied", 403, "s3:PutObjectTagging")
	_, err = tagger.CopyObject(t.Context(), input("tagged"))
	must(t, err)
	tags, err := tagger.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String("bucket"), Key: aws.String("to")})
	if err != nil || len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "a b" {
		t.Errorf("the copy has %+v, %v", tags, err)
	}

	limited := p.client(p.session(t, "limited", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Deny","Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"*","Condition":{"StringNotEqualsIfExists":{"s3:RequestObjectTag/team":"a b"}}}`))
	_, err = limited.PutObject(t.Context(), put)
	must(t, err)
	put.Tagging = aws.String("team=b")
	_, err = limited.PutObject(t.Context(), put)
	wantError(t, err, "AccessDenied", 403, "explicit deny")
	_, err = limited.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: put.Bucket, Key: put.Key,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("b")}}}})
	wantError(t, err, "AccessDenied", 403, "explicit deny")
}
