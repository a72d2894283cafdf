package services

import (
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// BenchmarkPut overwrites an object of 64 KiB; three syncs are most of it.
func BenchmarkPut(b *testing.B) {
	s, err := NewS3(S3Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	do(s, "PUT", "/data", "")
	content := strings.Repeat("x", 64<<10)
	for b.Loop() {
		if w := do(s, "PUT", "/data/k", content); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkListFolder lists ten groups of ten thousand keys each, which must cost no more than ten seeks.
func BenchmarkListFolder(b *testing.B) {
	s, err := NewS3(S3Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	do(s, "PUT", "/data", "")
	err = s.index.db.Update(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, "data")
		for i := range 100_000 {
			if err == nil {
				err = put(objects, fmt.Appendf(nil, "folder%d/%06d", i%10, i), objectRecord{Blob: "00", MD5: make([]byte, 16)})
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if w := do(s, "GET", "/data?list-type=2&delimiter=/", ""); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
