package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openirsa/openirsa/iam"
)

const testHistory = 512

func testKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// openAt opens the store in path; it is closed at the test's end, if not before.
func openAt(t testing.TB, path string) *Bolt {
	t.Helper()
	b, err := Open(Config{Path: path, MasterKey: testKey("right"), History: testHistory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func temporaryPath(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

func TestBolt(t *testing.T) {
	testConformance(t, implementation{
		open: func(t *testing.T) iam.Store { return openAt(t, temporaryPath(t)) },
		compact: func(t *testing.T, s iam.Store) {
			for range testHistory/iam.MaxOperations + 1 {
				var operations []iam.Operation
				for i := range iam.MaxOperations {
					operations = append(operations, put(fmt.Sprintf("filler/%d", i), ""))
				}
				apply(t, s, operations...)
			}
		},
	})
}

func TestReopen(t *testing.T) {
	path := temporaryPath(t)
	b := openAt(t, path)
	apply(t, b, put("a", "1"), put("sealed/k", "secret"))
	apply(t, b, put("a", "2"))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = openAt(t, path)
	wantTexts(t, dump(t, b), "a=2@2", "sealed/k=secret@1")
	if got := apply(t, b, put("b", "3")); got != 3 {
		t.Errorf("the first revision after a restart is %d, want 3", got)
	}
	// The history began with the process.
	wantTexts(t, texts(collect(t, b, "", 2, 1)), "b=3@3")
	if err := b.Watch(t.Context(), "", 1, nil); !errors.Is(err, iam.ErrCompacted) {
		t.Errorf("Watch from before the restart: %v, want ErrCompacted", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	created := func(change func(tx *bolt.Tx) error) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			b := openAt(t, path)
			apply(t, b, put("a", "1"))
			if err := b.db.Update(change); err != nil {
				t.Fatal(err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func(*bolt.Tx) error { return nil }
	file := func(content string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(size int64) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			created(nothing)(t, path)
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		key     []byte
		want    error
	}{
		{"wrong master key", created(nothing), testKey("wrong"), ErrMasterKey},
		{"newer format", created(func(tx *bolt.Tx) error { return writeNumber(tx.Bucket(bucketMeta), metaFormat, 2) }), nil, ErrNewerFormat},
		{"no format", created(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(metaFormat) }), nil, ErrDamaged},
		{"no check", created(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(metaCheck) }), nil, ErrMasterKey},
		{"another program's bbolt file", created(func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketRecords) }), nil, ErrDamaged},
		{"text", file("hello"), nil, ErrDamaged},
		{"long text", file(strings.Repeat("hello\n", 10_000)), nil, ErrDamaged},
		{"zeros", file(strings.Repeat("\x00", 1<<16)), nil, ErrDamaged},
		{"cut to a page", cut(4096), nil, ErrDamaged},
		{"cut to three pages", cut(3 * 4096), nil, ErrDamaged},
		{"cut within a page", cut(4*4096 + 100), nil, ErrDamaged},
		{"no folder", func(t *testing.T, path string) { os.Remove(filepath.Dir(path)) }, nil, fs.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := temporaryPath(t)
			test.prepare(t, path)
			before, _ := os.ReadFile(path)
			key := test.key
			if key == nil {
				key = testKey("right")
			}
			b, err := Open(Config{Path: path, MasterKey: key})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if b != nil {
				b.Close()
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := Open(Config{Path: temporaryPath(t), MasterKey: make([]byte, size)}); err == nil {
			t.Errorf("a master key of %d bytes was accepted", size)
		}
	}
}

func TestLocked(t *testing.T) {
	path := temporaryPath(t)
	openAt(t, path)
	start := time.Now()
	_, err := Open(Config{Path: path, MasterKey: testKey("right")})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "irsa up") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want ErrLocked with a hint and the path", err)
	}
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("it took %v", waited)
	}
}

func TestSealedAtRest(t *testing.T) {
	path := temporaryPath(t)
	b := openAt(t, path)
	const secret, clear = "correct horse battery staple", "nothing to hide"
	apply(t, b, put("sealed/one", secret), put("account/one", clear))
	apply(t, b, put("sealed/two", secret))
	apply(t, b, put("sealed/one", secret+"!"), del("sealed/two"))
	var backup bytes.Buffer
	if err := b.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"file": raw, "backup": backup.Bytes()} {
		if !bytes.Contains(content, []byte(clear)) {
			t.Errorf("the %s does not hold an ordinary value: this test sees nothing", name)
		}
		if bytes.Contains(content, []byte(secret)) || bytes.Contains(content, testKey("right")) {
			t.Errorf("the %s holds a secret in clear", name)
		}
	}
	// Who can write the file cannot pass one secret off as another, nor change one.
	apply(t, b, put("sealed/a", "root key"), put("sealed/b", "worthless"))
	if err := b.db.Update(func(tx *bolt.Tx) error {
		records := tx.Bucket(bucketRecords)
		stored := slices.Clone(records.Get([]byte("sealed/one")))
		stored[len(stored)-1] ^= 1
		return errors.Join(records.Put([]byte("sealed/a"), slices.Clone(records.Get([]byte("sealed/b")))),
			records.Put([]byte("sealed/one"), stored), records.Put([]byte("sealed/short"), []byte("short")))
	}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"sealed/a", "sealed/one", "sealed/short"} {
		if r, err := b.Get(t.Context(), key); err == nil {
			t.Errorf("%s opened as %q", key, r.Value)
		}
	}
	if _, _, err := b.List(t.Context(), "sealed/", "", 0); err == nil {
		t.Error("List left out what does not open")
	}
}

func TestBackup(t *testing.T) {
	b := openAt(t, temporaryPath(t))
	apply(t, b, put("a", "1"), put("sealed/k", "secret"))
	path := temporaryPath(t)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	// Writers do not wait for a backup, however slow its reader, and it does not see them.
	slow := writerFunc(func(p []byte) (int, error) {
		apply(t, b, put("a", "2"), put("b", strings.Repeat("x", 100_000)))
		return file.Write(p)
	})
	if err := errors.Join(b.Backup(slow), file.Close()); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, dump(t, openAt(t, path)), "a=1@1", "sealed/k=secret@1")
	full := errors.New("full")
	if err := b.Backup(writerFunc(func([]byte) (int, error) { return 0, full })); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("a backup that could not be written: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestClosed(t *testing.T) {
	b := openAt(t, temporaryPath(t))
	apply(t, b, put("a", "1"))
	watching, ended := make(chan bool), make(chan error)
	go func() {
		ended <- b.Watch(t.Context(), "", 0, func(iam.Change) error { close(watching); return nil })
	}()
	<-watching
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	_, err1 := b.Get(t.Context(), "a")
	_, _, err2 := b.List(t.Context(), "", "", 0)
	_, err3 := b.Apply(t.Context(), nil, []iam.Operation{put("a", "2")})
	for i, err := range []error{err1, err2, err3, b.Backup(&bytes.Buffer{}), <-ended} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d: %v, want ErrClosed", i+1, err)
		}
	}
}

// TestCloseWhileWriting closes under load: every batch is either acknowledged and there, or refused.
func TestCloseWhileWriting(t *testing.T) {
	path := temporaryPath(t)
	b := openAt(t, path)
	var mu sync.Mutex
	var acknowledged []string
	var group sync.WaitGroup
	first := make(chan bool, 8)
	for w := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d/%d", w, i)
				if _, err := b.Apply(context.Background(), nil, []iam.Operation{put(key, "")}); errors.Is(err, ErrClosed) {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, key)
				mu.Unlock()
				if i == 0 {
					first <- true
				}
			}
		})
	}
	<-first
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	b = openAt(t, path)
	for _, key := range acknowledged {
		if _, err := b.Get(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
}

// TestHistoryAfterAnUntoldCommit: when a commit took effect although it reported an error, watchers learn that they
// missed something.
func TestHistoryAfterAnUntoldCommit(t *testing.T) {
	h := newHistory(10, 1000, 5)
	h.append(5, 6, []iam.Change{{Key: "a", Revision: 6}})
	at, err := h.position(6)
	if err != nil {
		t.Fatal(err)
	}
	h.append(7, 8, []iam.Change{{Key: "c", Revision: 8}})
	if _, _, err := h.from(at); !errors.Is(err, iam.ErrCompacted) {
		t.Errorf("a watcher that missed revision 7: %v, want ErrCompacted", err)
	}
	for revision, want := range map[int64]error{5: iam.ErrCompacted, 6: iam.ErrCompacted, 7: nil, 8: nil, 9: iam.ErrCompacted} {
		if _, err := h.position(revision); !errors.Is(err, want) {
			t.Errorf("position(%d): %v, want %v", revision, err, want)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHistory(1000, 5000, 0)
	for revision := int64(1); revision <= 100; revision++ {
		value := make([]byte, 999)
		h.append(revision-1, revision, []iam.Change{{Key: "a", Value: value, Revision: revision}})
	}
	if h.bytes != 5000 || len(h.changes) != 5 || h.compacted != 95 {
		t.Errorf("kept %d bytes in %d changes after revision %d, want 5000, 5, 95", h.bytes, len(h.changes), h.compacted)
	}
	// A batch of which only a part is kept is compacted.
	h = newHistory(3, 5000, 0)
	h.append(0, 1, make([]iam.Change, 0))
	changes := make([]iam.Change, 5)
	for i := range changes {
		changes[i].Revision = 1
	}
	h.append(1, 1, changes)
	if _, err := h.position(0); !errors.Is(err, iam.ErrCompacted) {
		t.Errorf("a batch kept in part: %v, want ErrCompacted", err)
	}
}

// BenchmarkApply: one batch of a record of 1 KiB, alone and by 64 writers at once, who share fsyncs.
func BenchmarkApply(b *testing.B) {
	value := bytes.Repeat([]byte("v"), 1024)
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := openAt(b, temporaryPath(b))
			b.SetParallelism(writers)
			operations := []iam.Operation{{Key: "account/000000000000/role/app", Value: value}}
			if writers == 1 {
				for b.Loop() {
					if _, err := s.Apply(context.Background(), nil, operations); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Apply(context.Background(), nil, operations); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
