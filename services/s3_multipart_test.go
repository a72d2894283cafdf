package services

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func uploadPart(t *testing.T, c *s3.Client, key, id string, number int32, content []byte) types.CompletedPart {
	t.Helper()
	out, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("data"), Key: &key, UploadId: &id, PartNumber: &number, Body: bytes.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
	if out.ChecksumCRC32 == nil {
		t.Error("the part's checksum was not confirmed")
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
}

// TestMultipart uploads three parts, one of them twice, with a restart in the middle.
func TestMultipart(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket, key := aws.String("data"), aws.String("big/../file")
	random := rand.New(rand.NewSource(2))
	content := make([]byte, 2*minPartSize+1234)
	random.Read(content)
	created, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ContentType: aws.String("text/x"), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	id := *created.UploadId
	last := uploadPart(t, c, *key, id, 9, content[2*minPartSize:])
	uploadPart(t, c, *key, id, 2, []byte("to be replaced"))
	second := uploadPart(t, c, *key, id, 2, content[minPartSize:2*minPartSize])
	s.restart()
	c = s.client(account)
	first := uploadPart(t, c, *key, id, 1, content[:minPartSize])

	uploads, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil || len(uploads.Uploads) != 1 || *uploads.Uploads[0].UploadId != id || *uploads.Uploads[0].Key != *key || !uploads.Uploads[0].Initiated.Equal(s.now) {
		t.Errorf("uploads: %+v, %v", uploads, err)
	}
	pages := s3.NewListPartsPaginator(c, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: &id, MaxParts: aws.Int32(2)})
	var numbers []int32
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Parts {
			numbers = append(numbers, *p.PartNumber)
		}
	}
	if !slices.Equal(numbers, []int32{1, 2, 9}) {
		t.Errorf("parts %v", numbers)
	}

	complete := func(parts ...types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
		return c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	}
	wrong := types.CompletedPart{PartNumber: first.PartNumber, ETag: second.ETag}
	_, err = complete(second, first)
	wantError(t, err, 400, "InvalidPartOrder")
	_, err = complete(wrong, second)
	wantError(t, err, 400, "InvalidPart")
	_, err = complete(first, types.CompletedPart{PartNumber: aws.Int32(3), ETag: second.ETag})
	wantError(t, err, 400, "InvalidPart")
	_, err = complete()
	wantError(t, err, 400, "MalformedXML")
	done, err := complete(first, second, last)
	if err != nil {
		t.Fatal(err)
	}
	sums := md5.New()
	for _, part := range [][]byte{content[:minPartSize], content[minPartSize : 2*minPartSize], content[2*minPartSize:]} {
		sum := md5.Sum(part)
		sums.Write(sum[:])
	}
	etag := `"` + hex.EncodeToString(sums.Sum(nil)) + `-3"`
	if *done.ETag != etag {
		t.Errorf("ETag %s, want %s", *done.ETag, etag)
	}
	if again, err := complete(first, second, last); err != nil || *again.ETag != etag {
		t.Errorf("completing again: %+v, %v", again, err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
	if err != nil || *head.ETag != etag || *head.ContentLength != int64(len(content)) || head.Metadata["a"] != "b" || *head.ContentType != "text/x" {
		t.Errorf("head: %+v, %v", head, err)
	}
	attributes, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
		Bucket: bucket, Key: key, ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag, types.ObjectAttributesObjectParts},
	})
	if err != nil || `"`+*attributes.ETag+`"` != etag || *attributes.ObjectParts.TotalPartsCount != 3 {
		t.Errorf("attributes: %+v, %v", attributes, err)
	}
	list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
	if err != nil || *list.Contents[0].ETag != etag {
		t.Errorf("list: %+v, %v", list, err)
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfNoneMatch: &etag})
	wantError(t, err, 304, "NotModified")
	if _, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfMatch: &etag, PartNumber: aws.Int32(3)}); err != nil {
		t.Errorf("part 3 of a matching object: %v", err)
	}
	if got := read(t, c, "data", *key); got != string(content) {
		t.Error("the object is not its parts")
	}
	if n := s.blobCount(); n != 1 {
		t.Errorf("%d blobs are left for one object", n)
	}
}

func TestMultipartRefusals(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket, key := aws.String("data"), aws.String("k")
	begin := func() string {
		t.Helper()
		out, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return *out.UploadId
	}
	id := begin()
	small, next := uploadPart(t, c, *key, id, 1, []byte("small")), uploadPart(t, c, *key, id, 2, []byte("small"))
	_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{small, next}}})
	wantError(t, err, 400, "EntityTooSmall")
	_, err = c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: &id, PartNumber: aws.Int32(3), Body: strings.NewReader("x"), ChecksumCRC32: aws.String("AAAAAA==")})
	wantError(t, err, 400, "BadDigest")
	_, err = c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("other"), UploadId: &id, PartNumber: aws.Int32(3), Body: strings.NewReader("x")})
	wantError(t, err, 404, "NoSuchUpload")
	if _, err = c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: &id}); err != nil {
		t.Fatal(err)
	}
	_, err = c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: &id, PartNumber: aws.Int32(3), Body: strings.NewReader("x")})
	wantError(t, err, 404, "NoSuchUpload")
	if n := s.blobCount(); n != 0 {
		t.Errorf("%d blobs are left after the abort", n)
	}

	id = begin()
	uploadPart(t, c, *key, id, 1, []byte("x"))
	if _, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	s.bucket("data")
	_, err = c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: &id, PartNumber: aws.Int32(3), Body: strings.NewReader("x")})
	wantError(t, err, 404, "NoSuchUpload")
	if n := s.blobCount(); n != 0 {
		t.Errorf("%d blobs are left after the bucket", n)
	}
}

func TestListUploads(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	empty, err := c.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("data")})
	if err != nil || len(empty.Uploads) != 0 {
		t.Errorf("no uploads: %+v, %v", empty, err)
	}
	var want []string
	for i := range 9 {
		s.now = s.now.Add(time.Second)
		key := fmt.Sprintf("d%d/k%d", i%3, i/6)
		out, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("data"), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, key+fmt.Sprintf(" %02d ", i)+*out.UploadId)
	}
	slices.Sort(want)
	var got []string
	pages := s3.NewListMultipartUploadsPaginator(c, &s3.ListMultipartUploadsInput{Bucket: aws.String("data"), MaxUploads: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Uploads {
			got = append(got, *u.Key+" "+*u.UploadId)
		}
	}
	for i := range want {
		key, rest, _ := strings.Cut(want[i], " ")
		want[i] = key + " " + rest[3:]
	}
	if !slices.Equal(got, want) {
		t.Errorf("uploads\n%q, want\n%q", got, want)
	}
	groups, err := c.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("data"), Delimiter: aws.String("/"), MaxUploads: aws.Int32(2)})
	if err != nil || len(groups.CommonPrefixes) != 2 || !*groups.IsTruncated || *groups.NextKeyMarker != "d1/" {
		t.Errorf("groups: %+v, %v", groups, err)
	}
}

// TestUploadPartCopy makes an object of ranges of another.
func TestUploadPartCopy(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	store(t, c, "data", "source", "0123456789")
	created, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("data"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{
		Bucket: aws.String("data"), Key: aws.String("k"), UploadId: created.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String("data/source"), CopySourceRange: aws.String("bytes=2-5"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String("data"), Key: aws.String("k"), UploadId: created.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: out.CopyPartResult.ETag}}},
	}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, "data", "k"); got != "2345" {
		t.Errorf("the object is %q", got)
	}
}
