package services

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.etcd.io/bbolt"
)

// fill puts keys straight into the index, all pointing to one blob: thousands of objects over HTTP would be thousands of fsyncs.
func (s *server) fill(bucket string, keys []string) {
	s.t.Helper()
	blob, size, sum, err := s.s3.blobs.create(strings.NewReader("x"))
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.s3.index.db.Update(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, bucket)
		for _, key := range keys {
			if err == nil {
				err = put(objects, []byte(key), objectRecord{Blob: blob, Size: size, MD5: sum, Modified: s.now})
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
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
