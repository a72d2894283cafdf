package services

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "first" || !list.Buckets[0].CreationDate.Equal(s.now) {
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

func TestObject(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	c := s.bucket("data")
	bucket := aws.String("data")
	content := "0123456789"
	sum := md5.Sum([]byte(content))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	out, err := c.PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader(content), ContentType: aws.String("text/x"), CacheControl: aws.String("no-store"),
		Metadata: map[string]string{"colour": "blue"}, ContentEncoding: aws.String("gzip"),
	})
	if err != nil || *out.ETag != etag || out.ChecksumCRC32 == nil {
		t.Fatalf("put: %+v, %v", out, err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")})
	if err != nil || *head.ContentLength != 10 || *head.ETag != etag || *head.ContentType != "text/x" || *head.CacheControl != "no-store" ||
		*head.ContentEncoding != "gzip" || head.Metadata["colour"] != "blue" || !head.LastModified.Equal(s.now) {
		t.Errorf("head: %+v, %v", head, err)
	}
	for _, c2 := range []struct{ header, want, contentRange string }{
		{"bytes=2-4", "234", "bytes 2-4/10"}, {"bytes=8-", "89", "bytes 8-9/10"}, {"bytes=-3", "789", "bytes 7-9/10"},
		{"bytes=5-99", "56789", "bytes 5-9/10"}, {"bytes=-99", content, "bytes 0-9/10"},
		{"bytes=0-1,3-4", content, ""}, {"lines=1-2", content, ""},
	} {
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), Range: &c2.header})
		if err != nil {
			t.Errorf("%s: %v", c2.header, err)
			continue
		}
		b, err := io.ReadAll(got.Body)
		if err != nil || string(b) != c2.want || aws.ToString(got.ContentRange) != c2.contentRange {
			t.Errorf("%s: %q, %q, %v", c2.header, b, aws.ToString(got.ContentRange), err)
		}
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), Range: aws.String("bytes=10-")})
	wantError(t, err, 416, "InvalidRange")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	wantError(t, err, 404, "NoSuchKey")
	if !strings.Contains(err.Error(), "The specified key does not exist.") {
		t.Errorf("message of %v", err)
	}
	_, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	wantError(t, err, 404, "NotFound")

	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfNoneMatch: &etag})
	wantError(t, err, 304, "NotModified")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: aws.String(`"0"`)})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfUnmodifiedSince: aws.Time(s.now.Add(-time.Hour))})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), IfNoneMatch: aws.String("*")})
	wantError(t, err, 412, "PreconditionFailed")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("x"), ContentMD5: aws.String("AAAAAAAAAAAAAAAAAAAAAA==")})
	wantError(t, err, 400, "BadDigest")
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("x"), ChecksumSHA256: aws.String("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")})
	wantError(t, err, 400, "BadDigest")
	if got := read(t, c, "data", "k"); got != content {
		t.Errorf("after refused puts: %q", got)
	}

	s.now = s.now.Add(time.Hour)
	copied, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("data/k")})
	if err != nil || *copied.CopyObjectResult.ETag != etag {
		t.Fatalf("copy: %+v, %v", copied, err)
	}
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("data/none")})
	wantError(t, err, 404, "NoSuchKey")
	if _, err = c.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: bucket, Key: aws.String("k"), CopySource: aws.String("data/k"), MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"colour": "red"},
	}); err != nil {
		t.Fatal(err)
	}
	if head, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("copy")}); err != nil || head.Metadata["colour"] != "blue" || !head.LastModified.Equal(s.now) {
		t.Errorf("head of the copy: %+v, %v", head, err)
	}
	if head, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")}); err != nil || head.Metadata["colour"] != "red" {
		t.Errorf("head of what was copied onto itself: %+v, %v", head, err)
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, "data", "copy"); got != content {
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

// expectedPage lists by the words of the S3 API Reference, slowly.
func expectedPage(keys []string, prefix, delimiter, after string, limit int) (contents, groups []string, truncated bool, next string) {
	seen := map[string]bool{}
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || key <= after {
			continue
		}
		entry, group := key, false
		if before, _, found := strings.Cut(rest, delimiter); found && delimiter != "" {
			entry, group = prefix+before+delimiter, true
		}
		if group && (seen[entry] || entry == after) {
			continue
		}
		if len(contents)+len(groups) == limit {
			return contents, groups, true, next
		}
		seen[entry], next = true, entry
		if group {
			groups = append(groups, entry)
		} else {
			contents = append(contents, entry)
		}
	}
	return contents, groups, false, ""
}

func TestListing(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	random := rand.New(rand.NewSource(1))
	var keys []string
	put := func(key string) { // straight into the index: thousands of fsyncs would take their time
		keys = append(keys, key)
	}
	for i := range 2500 {
		put(fmt.Sprintf("logs/%02d/%04d", i%30, i))
	}
	for range 500 {
		var b strings.Builder
		for range 1 + random.Intn(6) {
			b.WriteByte("ab/-\xc3\xbc"[random.Intn(4)])
		}
		put(b.String())
	}
	put("logs")
	put("logs/")
	put("zz\u00ff/1")
	slices.Sort(keys)
	keys = slices.Compact(keys)
	s.fill("data", keys)
	for _, q := range []struct {
		prefix, delimiter, after string
		limit                    int32
	}{
		{"", "", "", 1000}, {"", "/", "", 1000}, {"logs/", "/", "", 7}, {"logs/0", "/", "", 3}, {"logs", "/", "", 1}, {"a", "/", "", 2}, {"a/", "/", "", 5},
		{"", "b", "", 4}, {"", "//", "", 10}, {"logs/07/", "", "", 13}, {"none", "/", "", 10}, {"", "/", "logs/", 10}, {"", "/", "b", 3}, {"logs/", "/", "a", 9},
		{"a", "", "zz", 10}, {"zz", "/", "", 1},
	} {
		pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{
			Bucket: aws.String("data"), Prefix: &q.prefix, Delimiter: &q.delimiter, MaxKeys: &q.limit, StartAfter: &q.after,
		})
		after := q.after
		for n := 0; pages.HasMorePages(); n++ {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			contents, groups, truncated, next := expectedPage(keys, q.prefix, q.delimiter, after, int(q.limit))
			var gotContents, gotGroups []string
			for _, o := range page.Contents {
				gotContents = append(gotContents, *o.Key)
			}
			for _, p := range page.CommonPrefixes {
				gotGroups = append(gotGroups, *p.Prefix)
			}
			if !slices.Equal(gotContents, contents) || !slices.Equal(gotGroups, groups) || *page.IsTruncated != truncated {
				t.Fatalf("%+v page %d after %q:\n got %q %q %v\nwant %q %q %v", q, n, after, gotContents, gotGroups, *page.IsTruncated, contents, groups, truncated)
			}
			after = next
		}
	}
	// Version 1, whose marker is the caller's to choose.
	one, err := c.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: aws.String("data"), Prefix: aws.String("logs/"), Delimiter: aws.String("/"), Marker: aws.String("logs/03/0033"), MaxKeys: aws.Int32(1)})
	if err != nil || len(one.CommonPrefixes) != 1 || *one.CommonPrefixes[0].Prefix != "logs/03/" || *one.NextMarker != "logs/03/" {
		t.Errorf("version 1: %+v, %v", one, err)
	}
	none, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("data"), MaxKeys: aws.Int32(0)})
	if err != nil || len(none.Contents) != 0 || *none.IsTruncated {
		t.Errorf("max-keys 0: %+v, %v", none, err)
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

// TestConcurrency: whoever reads sees one whole version, while others overwrite and delete it.
func TestConcurrency(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	version := func(i int) string { return strings.Repeat(fmt.Sprintf("%08d", i), 8<<10) }
	store(t, c, "data", "k", version(0))
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		writers.Go(func() {
			for i := range 15 {
				if _, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("k"), Body: strings.NewReader(version(w*100 + i))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				out, err := c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("k")})
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(out.Body)
				out.Body.Close()
				if err != nil || len(b) != 64<<10 || !bytes.Equal(b, bytes.Repeat(b[:8], 8<<10)) {
					t.Errorf("read a mix of versions, or %v", err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if n := s.blobCount(); n != 1 {
		t.Errorf("%d blobs are left for one object", n)
	}
}

// TestReaderOutlivesObject reads on after the object was overwritten and deleted.
func TestReaderOutlivesObject(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	content := strings.Repeat("x", 8<<20) // more than fits into socket buffers
	store(t, c, "data", "k", content)
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	store(t, c, "data", "k", "new")
	if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("data"), Key: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(out.Body)
	if err != nil || string(b) != content {
		t.Errorf("read %d bytes, %v", len(b), err)
	}
}

// mismatch is how a door reports a payload that is not what was signed.
type mismatch struct{}

func (mismatch) Error() string { return "payload hash does not match" }
func (mismatch) S3Error() (int, string, string) {
	return 400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
}

// failing yields content and then, in place of the end, err.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

// TestFailingBody: a body that fails at its very end, after all bytes came, leaves nothing behind.
func TestFailingBody(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	store(t, c, "data", "old", "old")
	upload, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("data"), Key: aws.String("part")})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/data/new", "/data/old", "/data/part?partNumber=1&uploadId=" + *upload.UploadId} {
		for _, cause := range []struct {
			err  error
			code string
		}{{mismatch{}, "XAmzContentSHA256Mismatch"}, {io.ErrUnexpectedEOF, "IncompleteBody"}} {
			request := httptest.NewRequest("PUT", path, failing{strings.NewReader("new"), cause.err})
			request.ContentLength = 3
			request.Header.Set(AccountHeader, account)
			w := httptest.NewRecorder()
			w.Header().Set("X-Amz-Request-Id", "REQUEST")
			s.s3.ServeHTTP(w, request)
			if w.Code != 400 || !strings.Contains(w.Body.String(), "<Code>"+cause.code+"</Code>") || !strings.Contains(w.Body.String(), "<RequestId>REQUEST</RequestId>") {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	}
	_, err = c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("new")})
	wantError(t, err, 404, "NotFound")
	if got := read(t, c, "data", "old"); got != "old" {
		t.Errorf("old holds %q", got)
	}
	if n := s.blobCount(); n != 1 {
		t.Errorf("%d blobs are left for one object", n)
	}
}

// TestRestart: what was acknowledged is there, what was not is swept.
func TestRestart(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	for i := range 20 {
		store(t, c, "data", fmt.Sprint("k", i), fmt.Sprint("content ", i))
	}
	stray, _, _, err := s.s3.blobs.create(strings.NewReader("written, not committed"))
	if err != nil {
		t.Fatal(err)
	}
	s.restart()
	if _, err := s.s3.blobs.open(stray); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stray blob: %v", err)
	}
	c = s.client(account)
	for i := range 20 {
		if got := read(t, c, "data", fmt.Sprint("k", i)); got != fmt.Sprint("content ", i) {
			t.Errorf("k%d holds %q", i, got)
		}
	}
	if _, err := NewS3(S3Config{Dir: s.dir}); err == nil {
		t.Error("a second S3 opened the same folder")
	}
}

// TestRefused: methods and forms that this S3 does not have are told so, without a 5xx but for NotImplemented.
func TestRefused(t *testing.T) {
	s := start(t)
	s.bucket("data")
	for _, c := range []struct {
		method, path string
		header       http.Header
		status       int
		code         string
	}{
		{"POST", "/data", nil, 405, "MethodNotAllowed"},
		{"POST", "/data/k", nil, 405, "MethodNotAllowed"},
		{"PATCH", "/data/k", nil, 405, "MethodNotAllowed"},
		{"DELETE", "/data?location", nil, 405, "MethodNotAllowed"},
		{"PUT", "/", nil, 400, "InvalidRequest"},
		{"GET", "/data?max-keys=x", nil, 400, "InvalidArgument"},
		{"GET", "/data?list-type=2&continuation-token=%25", nil, 400, "InvalidToken"},
		{"GET", "/data/k?versionId=x", nil, 501, "NotImplemented"},
		{"GET", "/data/k?uploadId=x", nil, 404, "NoSuchUpload"},
		{"GET", "/data/k?uploadId=x&part-number-marker=99999", nil, 404, "NoSuchUpload"},
		{"GET", "/data?uploads&max-uploads=-1", nil, 400, "InvalidArgument"},
		{"PUT", "/data/k", http.Header{"X-Amz-Content-Sha256": {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}}, 501, "NotImplemented"},
		{"POST", "/data/k?uploadId=x", nil, 404, "NoSuchUpload"},
		{"POST", "/data?delete", nil, 400, "MalformedXML"},
	} {
		request := httptest.NewRequest(c.method, c.path, strings.NewReader("x"))
		request.Header.Set(AccountHeader, account)
		for name, values := range c.header {
			request.Header[name] = values
		}
		w := httptest.NewRecorder()
		s.s3.ServeHTTP(w, request)
		if w.Code != c.status || !strings.Contains(w.Body.String(), "<Code>"+c.code+"</Code>") {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s: header %s", c.method, c.path, name)
			}
		}
	}
}
