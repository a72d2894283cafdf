package services

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const account = "111122223333"

// server is an S3 behind a door that authenticates nobody, which only sets the account.
type server struct {
	t    *testing.T
	dir  string
	s3   *S3
	http *httptest.Server
	now  time.Time
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s.open()
	t.Cleanup(func() {
		s.http.Close()
		s.s3.Close()
	})
	return s
}

func (s *server) open() {
	s.t.Helper()
	var err error
	if s.s3, err = NewS3(S3Config{Dir: s.dir, Now: func() time.Time { return s.now }}); err != nil {
		s.t.Fatal(err)
	}
	s.http = httptest.NewServer(s.s3)
}

// restart closes nothing in order: the index's file is released, as it is when a process is killed, and all else is left as it lies.
func (s *server) restart() {
	s.t.Helper()
	s.http.Close()
	if err := s.s3.index.db.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

func (s *server) client(account string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.http.URL), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:  door{account},
		Retryer:     aws.NopRetryer{},
		// as the SDK's standard configuration has it
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
}

// door sets the account, as the gateway does.
type door struct{ account string }

func (d door) Do(r *http.Request) (*http.Response, error) {
	if d.account != "" {
		r.Header.Set(AccountHeader, d.account)
	}
	return http.DefaultClient.Do(r)
}

func (s *server) bucket(name string) *s3.Client {
	s.t.Helper()
	c := s.client(account)
	if _, err := c.CreateBucket(s.t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func store(t *testing.T, c *s3.Client, bucket, key, content string) {
	t.Helper()
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		t.Fatalf("putting %q: %v", key, err)
	}
}

func read(t *testing.T, c *s3.Client, bucket, key string) string {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("getting %q: %v", key, err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	return string(b)
}

// wantError holds an error against a status and S3's code.
func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var response *smithyhttp.ResponseError
	var api smithy.APIError
	if !errors.As(err, &response) || !errors.As(err, &api) || response.HTTPStatusCode() != status || api.ErrorCode() != code {
		t.Errorf("error %v, want %d %s", err, status, code)
	}
}

// blobCount is how many files lie under blobs.
func (s *server) blobCount() (n int) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.dir, "blobs"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestBuckets(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	mine, others := s.bucket("first"), s.client("444455556666")
	_, err := mine.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("first")})
	wantError(t, err, 409, "BucketAlreadyOwnedByYou")
	_, err = others.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("first")})
	wantError(t, err, 409, "BucketAlreadyExists")
	_, err = mine.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("No_Name")})
	wantError(t, err, 400, "InvalidBucketName")
	if _, err := others.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("second")}); err != nil {
		t.Fatal(err)
	}
	list, err := mine.ListBuckets(ctx, nil)
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "first" || !list.Buckets[0].CreationDate.Equal(s.now) ||
		*list.Owner.DisplayName != account || len(*list.Owner.ID) != 64 {
		t.Errorf("ListBuckets: %+v, %v", list, err)
	}
	if owner, ok := s.s3.Owner("second"); owner != "444455556666" || !ok {
		t.Errorf("Owner(second) = %q, %v", owner, ok)
	}
	if owner, ok := s.s3.Owner("third"); owner != "" || ok {
		t.Errorf("Owner(third) = %q, %v", owner, ok)
	}
	store(t, mine, "first", "a", "x")
	_, err = mine.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("first")})
	wantError(t, err, 409, "BucketNotEmpty")
	if _, err := mine.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("first"), Key: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	if _, err = mine.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("first")}); err != nil {
		t.Fatal(err)
	}
	_, err = mine.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("first")})
	wantError(t, err, 404, "NoSuchBucket")
	_, err = mine.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("first")})
	wantError(t, err, 404, "NotFound")
	_, err = mine.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("first"), Key: aws.String("a")})
	wantError(t, err, 404, "NoSuchBucket")
	_, err = s.client("").ListBuckets(ctx, nil)
	wantError(t, err, 403, "AccessDenied")
	_, err = mine.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("second"), ExpectedBucketOwner: aws.String(account)})
	wantError(t, err, 403, "Forbidden")
}

// object stores one object with metadata and returns its ETag.
func object(t *testing.T, s *server, c *s3.Client) (etag string) {
	t.Helper()
	sum := md5.Sum([]byte("0123456789"))
	etag = `"` + hex.EncodeToString(sum[:]) + `"`
	out, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("data"), Key: aws.String("k"), Body: strings.NewReader("0123456789"), ContentType: aws.String("text/x"),
		CacheControl: aws.String("no-store"), Metadata: map[string]string{"colour": "blue"}, ContentEncoding: aws.String("gzip"),
	})
	if err != nil || *out.ETag != etag || out.ChecksumCRC32 == nil {
		t.Fatalf("put: %+v, %v", out, err)
	}
	return etag
}

// TestOwnerChanges: whoever sends a body slowly enough can delete the bucket meanwhile. It is another account's when the body ends.
func TestOwnerChanges(t *testing.T) {
	const other = "444455556666"
	s := start(t)
	create := &s3.CreateBucketInput{Bucket: aws.String("shop")}
	if _, err := s.client(account).CreateBucket(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	body, pen := io.Pipe()
	request := httptest.NewRequest("PUT", "/shop/planted", body)
	request.ContentLength = 2
	request.Header.Set("Content-Length", "2")
	request.Header.Set(AccountHeader, account)
	request.Header.Set("X-Amz-Expected-Bucket-Owner", account)
	answer := httptest.NewRecorder()
	var sent sync.WaitGroup
	sent.Go(func() { s.s3.ServeHTTP(answer, request) })
	if _, err := pen.Write([]byte("a")); err != nil { // the request is past every check that comes before the body
		t.Fatal(err)
	}
	if _, err := s.client(account).DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: create.Bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client(other).CreateBucket(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	if _, err := pen.Write([]byte("b")); err != nil {
		t.Fatal(err)
	}
	pen.Close()
	sent.Wait()
	if answer.Code != http.StatusForbidden {
		t.Errorf("answered %d", answer.Code)
	}
	list, err := s.client(other).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: create.Bucket})
	if err != nil || len(list.Contents) != 0 {
		t.Errorf("the other account's bucket holds %d objects, %v", len(list.Contents), err)
	}
}

func TestHeadAndRange(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket, key := aws.String("data"), aws.String("k")
	etag := object(t, s, c)
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
	if err != nil || *head.ContentLength != 10 || *head.ETag != etag || *head.ContentType != "text/x" || *head.CacheControl != "no-store" ||
		*head.ContentEncoding != "gzip" || head.Metadata["colour"] != "blue" || !head.LastModified.Equal(s.now) {
		t.Errorf("head: %+v, %v", head, err)
	}
	for _, r := range []struct{ header, want, contentRange string }{
		{"bytes=2-4", "234", "bytes 2-4/10"}, {"bytes=8-", "89", "bytes 8-9/10"}, {"bytes=-3", "789", "bytes 7-9/10"},
		{"bytes=5-99", "56789", "bytes 5-9/10"}, {"bytes=-99", "0123456789", "bytes 0-9/10"},
		{"bytes=0-1,3-4", "0123456789", ""}, {"lines=1-2", "0123456789", ""},
	} {
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: &r.header})
		if err != nil {
			t.Errorf("%s: %v", r.header, err)
			continue
		}
		b, err := io.ReadAll(got.Body)
		if err != nil || string(b) != r.want || aws.ToString(got.ContentRange) != r.contentRange {
			t.Errorf("%s: %q, %q, %v", r.header, b, aws.ToString(got.ContentRange), err)
		}
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String("bytes=10-")})
	wantError(t, err, 416, "InvalidRange")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	wantError(t, err, 404, "NoSuchKey")
	if !strings.Contains(err.Error(), "The specified key does not exist.") {
		t.Errorf("message of %v", err)
	}
	_, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	wantError(t, err, 404, "NotFound")
}

// TestUntyped: net/http must not guess the type of an object from its content.
func TestUntyped(t *testing.T) {
	s := start(t)
	s.bucket("data")
	for _, method := range []string{"PUT", "GET", "HEAD"} {
		request := httptest.NewRequest(method, "/data/k", strings.NewReader("<?xml version='1.0'?><html/>"))
		request.Header.Set(AccountHeader, account)
		w := httptest.NewRecorder()
		s.s3.ServeHTTP(w, request)
		if got := w.Header().Get("Content-Type"); w.Code != 200 || method != "PUT" && got != "binary/octet-stream" {
			t.Errorf("%s: %d, Content-Type %q", method, w.Code, got)
		}
	}
}

func TestConditionsAndDigests(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket, key := aws.String("data"), aws.String("k")
	etag := object(t, s, c)
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfNoneMatch: &etag})
	wantError(t, err, 304, "NotModified")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfMatch: aws.String(`"0"`)})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfUnmodifiedSince: aws.Time(s.now.Add(-time.Hour))})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, IfNoneMatch: aws.String("*")})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), ContentMD5: aws.String("AAAAAAAAAAAAAAAAAAAAAA==")})
	wantError(t, err, 400, "BadDigest")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), ChecksumSHA256: aws.String("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")})
	wantError(t, err, 400, "BadDigest")
	if got := read(t, c, "data", "k"); got != "0123456789" {
		t.Errorf("after refused puts: %q", got)
	}
	if n := s.blobCount(); n != 1 {
		t.Errorf("%d blobs are left for one object", n)
	}
}

// TestWriteOnce: of many writers that each want to be the first, one is.
func TestWriteOnce(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	var won atomic.Int32
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("k"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
			if err == nil {
				won.Add(1)
				return
			}
			wantError(t, err, 412, "PreconditionFailed")
		})
	}
	writers.Wait()
	if won.Load() != 1 || s.blobCount() != 1 {
		t.Errorf("%d writers were first, %d blobs are left", won.Load(), s.blobCount())
	}
}

func TestCopy(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket, key := aws.String("data"), aws.String("k")
	etag := object(t, s, c)
	s.now = s.now.Add(time.Hour)
	copied, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("data/k")})
	if err != nil || *copied.CopyObjectResult.ETag != etag {
		t.Fatalf("copy: %+v, %v", copied, err)
	}
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("data/none")})
	wantError(t, err, 404, "NoSuchKey")
	if _, err = c.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: bucket, Key: key, CopySource: aws.String("data/k"), MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"colour": "red"},
	}); err != nil {
		t.Fatal(err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("copy")})
	if err != nil || head.Metadata["colour"] != "blue" || !head.LastModified.Equal(s.now) {
		t.Errorf("head of the copy: %+v, %v", head, err)
	}
	if head, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key}); err != nil || head.Metadata["colour"] != "red" {
		t.Errorf("head of what was copied onto itself: %+v, %v", head, err)
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, "data", "copy"); got != "0123456789" {
		t.Errorf("the copy of what is gone: %q", got)
	}
	if n := s.blobCount(); n != 1 {
		t.Errorf("%d blobs are left for one object", n)
	}
}

func TestTags(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	store(t, c, "data", "k", "x")
	in := &s3.PutObjectTaggingInput{Bucket: aws.String("data"), Key: aws.String("k"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b c")}}}}
	if _, err := c.PutObjectTagging(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil || len(out.TagSet) != 1 || *out.TagSet[0].Value != "b c" || read(t, c, "data", "k") != "x" {
		t.Errorf("tags: %+v, %v", out, err)
	}
}

// TestKeys: keys that would mean something as file names or in a URL are only names.
func TestKeys(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	keys := []string{
		"..", "../..", "a/../b", ".", "/", "//", "/lead", "trail/", "a//b", "a\\b", "sp ace", "plus+plus", "pct%41", "%2F", "?q", "#f", "a&b=c;d",
		"\u00fc\u20ac\U0001F600", "<xml>&'\"", "tab\there", "new\nline", "ctl\x01", "CON", "~", strings.Repeat("x", 1024), strings.Repeat("y/", 512),
	}
	for _, key := range keys {
		store(t, c, "data", key, "content of "+key)
	}
	for _, key := range keys {
		if got := read(t, c, "data", key); got != "content of "+key {
			t.Errorf("%q holds %q", key, got)
		}
	}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("data"), EncodingType: types.EncodingTypeUrl})
	if err != nil || len(list.Contents) != len(keys) {
		t.Errorf("%d keys listed, %v, want %d", len(list.Contents), err, len(keys))
	}
	_, err = c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String(strings.Repeat("x", 1025))})
	wantError(t, err, 400, "KeyTooLongError")
	for _, path := range []string{"//data/k", "/data/%ff"} {
		request, _ := http.NewRequest("PUT", s.http.URL, strings.NewReader("x"))
		request.URL.Opaque = strings.TrimPrefix(s.http.URL, "http:") + path
		response, err := door{account}.Do(request)
		if err != nil || response.StatusCode != 400 {
			t.Errorf("PUT %s: %v, %v", path, response.Status, err)
		}
	}
}

func TestDeleteObjects(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	in := &s3.DeleteObjectsInput{Bucket: aws.String("data"), Delete: &types.Delete{}}
	for i := range 10 {
		key := fmt.Sprint("k", i)
		if i < 8 {
			store(t, c, "data", key, key)
		}
		in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: &key})
	}
	out, err := c.DeleteObjects(t.Context(), in)
	if err != nil || len(out.Deleted) != 10 || len(out.Errors) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if n := s.blobCount(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}
