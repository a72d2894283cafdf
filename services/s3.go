package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
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
	// Logger gets what the operator should know of and no client is told, such as a full disk; nil: nowhere.
	Logger *slog.Logger
}

// S3 is an embedded S3. An index in one bbolt file maps buckets and keys to metadata and to blobs, which are files named by random ids; so
// any key that S3 allows is fine, and what was acknowledged is on disk. It is safe for concurrent use.
type S3 struct {
	index index
	blobs blobs
	now   func() time.Time
	fake  *gofakes3.GoFakeS3
	http  http.Handler

	// finding is held shared from looking up a blob's id until its file is open, and exclusively to unlink: nobody finds an id whose file
	// is gone. An open file outlives its name.
	finding sync.RWMutex
}

// NewS3 opens the S3 in c.Dir and removes what a killed process left unfinished.
func NewS3(c S3Config) (*S3, error) {
	s := &S3{now: c.Now}
	logger := c.Logger
	if s.now == nil {
		s.now = time.Now
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
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
		gofakes3.WithLogger(fakeLog{logger}))
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
	c := callOf(checked.Context())
	a.body = c.body
	bucket, key := splitPath(r.URL.Path)
	query := checked.URL.Query()
	switch get := r.Method == http.MethodGet && !query.Has("tagging"); {
	case get && query.Has("uploadId") && key != "":
		s.listParts(a, bucket, key, query)
		return
	case get && query.Has("uploads") && bucket != "" && key == "":
		s.listUploads(a, bucket, query)
		return
	case get && query.Has("attributes") && key != "":
		a.rewrite = func(p []byte) []byte { return attributesETag.ReplaceAllFunc(p, showAttributesETag) }
	case get && bucket == "":
		a.rewrite = ownedBy(c.account)
	}
	s.http.ServeHTTP(a, checked)
}

// canonicalUser is who owns an account's buckets and objects: a canonical user id has 64 hex digits and says nothing of the account.
func canonicalUser(account string) *gofakes3.UserInfo {
	sum := sha256.Sum256([]byte("openirsa canonical user " + account))
	return &gofakes3.UserInfo{ID: hex.EncodeToString(sum[:]), DisplayName: account}
}

// ownedBy puts the account in place of the owner that gofakes3 gives every bucket list.
func ownedBy(account string) func([]byte) []byte {
	owner := canonicalUser(account)
	replacer := strings.NewReplacer(
		"<ID>fe7272ea58be830e56fe1663b10fafef</ID>", "<ID>"+owner.ID+"</ID>",
		"<DisplayName>GoFakeS3</DisplayName>", "<DisplayName>"+owner.DisplayName+"</DisplayName>")
	return func(p []byte) []byte { return []byte(replacer.Replace(string(p))) }
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
