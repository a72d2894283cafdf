package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

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
		request := httptest.NewRequest("PUT", path, failing{strings.NewReader("new"), errors.New("the payload hash does not match")})
		request.ContentLength = 3
		request.Header.Set(AccountHeader, account)
		w := httptest.NewRecorder()
		w.Header().Set("X-Amz-Request-Id", "REQUEST")
		s.s3.ServeHTTP(w, request)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "<Code>IncompleteBody</Code>") || !strings.Contains(w.Body.String(), "<RequestId>REQUEST</RequestId>") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
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
