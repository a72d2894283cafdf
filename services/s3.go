package services

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/rclone/gofakes3"
)

// S3Config of an S3. Dir is required.
type S3Config struct {
	// Dir holds index.db and blobs/. It is made where it does not exist; one process opens it at a time.
	Dir string
	// Now is the time of objects and uploads; nil: time.Now.
	Now func() time.Time
	// Log takes what the operator should know of and no client is told, such as a full disk; nil: nothing.
	Log *slog.Logger
}

// S3 is an embedded S3. An index in one bbolt file maps buckets and keys to metadata and to blobs, which are files named by random ids; so
// any key that S3 allows is fine, and what was acknowledged is on disk. It is safe for concurrent use.
type S3 struct {
	index index
	blobs blobs
	now   func() time.Time
	log   *slog.Logger
	fake  *gofakes3.GoFakeS3
	http  http.Handler

	// finding is held shared from looking up a blob's id until its file is open, and exclusively to unlink: nobody finds an id whose file
	// is gone. An open file outlives its name.
	finding sync.RWMutex
}

// NewS3 opens the S3 in c.Dir and removes what a killed process left unfinished.
func NewS3(c S3Config) (*S3, error) {
	s := &S3{now: c.Now, log: c.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.blobs, err = openBlobs(filepath.Join(c.Dir, "blobs")); err != nil {
		return nil, err
	}
	if s.index, err = openIndex(filepath.Join(c.Dir, "index.db")); err != nil {
		return nil, err
	}
	s.fake = gofakes3.New(backend{s},
		gofakes3.WithTimeSource(clock{s.now}),
		gofakes3.WithTimeSkewLimit(0), // the door in front verified the signature's time
		gofakes3.WithLogger(fakeLog{s.log}))
	s.http = s.fake.Server()
	if err = s.sweep(); err == nil {
		err = s.restoreUploads()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close releases the index. Requests must have ended.
func (s *S3) Close() error { return s.index.close() }

// Owner returns the account that created a bucket; ok is false where there is no such bucket.
func (s *S3) Owner(bucket string) (account string, ok bool) {
	b, err := s.index.bucket(bucket)
	return b.Owner, err == nil
}

// ServeHTTP answers one request, path style.
func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := newAnswer(w, r)
	defer a.finish()
	checked, err := s.check(r)
	if err != nil {
		a.refuse(err)
		return
	}
	a.body = callOf(checked.Context()).body
	if query := checked.URL.Query(); r.Method == http.MethodGet && !query.Has("tagging") {
		bucket, key := splitPath(r.URL.Path)
		switch {
		case query.Has("uploadId") && key != "":
			s.listParts(a, bucket, key, query)
			return
		case query.Has("uploads") && bucket != "" && key == "":
			s.listUploads(a, bucket, query)
			return
		}
	}
	s.http.ServeHTTP(a, checked)
}

// sweep removes blobs that no object and no part points to: a killed process had written but not committed them, or committed their removal
// but not unlinked them.
func (s *S3) sweep() error {
	used, err := s.index.blobsInUse()
	if err != nil {
		return err
	}
	return s.blobs.sweep(used)
}

// restoreUploads tells gofakes3, which remembers uploads in memory only, of those that the index has.
func (s *S3) restoreUploads() error {
	uploads, err := s.index.uploads("")
	if err != nil {
		return err
	}
	for id, u := range uploads {
		ctx := context.WithValue(context.Background(), callKey{}, &call{account: "restore", restoredUpload: id})
		request := (&http.Request{
			Method: http.MethodPost, URL: &url.URL{Path: "/" + u.Bucket + "/" + u.Key, RawQuery: "uploads"}, Header: http.Header{}, Body: http.NoBody,
		}).WithContext(ctx)
		answer := &answer{header: http.Header{}, request: request, w: nowhere{}}
		s.http.ServeHTTP(answer, request)
		answer.finish()
		if answer.status != http.StatusOK {
			return fmt.Errorf("restoring multipart upload %s: status %d", id, answer.status)
		}
	}
	return nil
}

// nowhere is a response that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// clock gives gofakes3 our time.
type clock struct{ now func() time.Time }

func (c clock) Now() time.Time                  { return c.now() }
func (c clock) Since(t time.Time) time.Duration { return c.now().Sub(t) }

// fakeLog passes on gofakes3's errors; the rest tells of every request, which the trail does.
type fakeLog struct{ log *slog.Logger }

func (l fakeLog) Print(level gofakes3.LogLevel, v ...any) {
	if level == gofakes3.LogErr {
		l.log.Error("embedded S3", "error", fmt.Sprint(v...))
	}
}
