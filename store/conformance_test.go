package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// implementation is an iam.Store for testConformance.
type implementation struct {
	// open returns a new, empty store that ends with the test.
	open func(t *testing.T) iam.Store
	// compact makes the store forget past changes.
	compact func(t *testing.T, s iam.Store)
}

// testConformance holds a store to the prose of iam.Store. Every implementation runs it.
func testConformance(t *testing.T, i implementation) {
	tests := []struct {
		name string
		test func(t *testing.T, s iam.Store)
	}{
		{"Records", testRecords},
		{"Atomicity", testAtomicity},
		{"Conditions", testConditions},
		{"Revisions", testRevisions},
		{"InvalidBatches", testInvalidBatches},
		{"List", testList},
		{"Ownership", testOwnership},
		{"EndedContext", testEndedContext},
		{"Watch", testWatch},
		{"WatchSeesWritersWhileOpen", testWatchLive},
		{"WatchEnds", testWatchEnds},
		{"SlowWatcher", func(t *testing.T, s iam.Store) { testSlowWatcher(t, s, i.compact) }},
		{"Compaction", func(t *testing.T, s iam.Store) { testCompaction(t, s, i.compact) }},
		{"ConcurrentWriters", testConcurrentWriters},
		{"UniqueNames", testUniqueNames},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, i.open(t)) })
	}
}

func put(key, value string) iam.Operation { return iam.Operation{Key: key, Value: []byte(value)} }

func del(key string) iam.Operation { return iam.Operation{Key: key} }

// apply fails the test unless the batch is applied.
func apply(t *testing.T, s iam.Store, operations ...iam.Operation) int64 {
	t.Helper()
	revision, err := s.Apply(t.Context(), nil, operations)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// dump is the store's whole state, "key=value@revision" for each record.
func dump(t *testing.T, s iam.Store) []string {
	t.Helper()
	records, _, err := s.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return texts(records)
}

func texts(records []iam.Record) []string {
	var out []string
	for _, r := range records {
		if r.Value == nil {
			out = append(out, fmt.Sprintf("%s deleted@%d", r.Key, r.Revision))
		} else {
			out = append(out, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Revision))
		}
	}
	return out
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

func testRecords(t *testing.T, s iam.Store) {
	if _, err := s.Get(t.Context(), "account/1"); !errors.Is(err, iam.ErrNotFound) {
		t.Fatalf("Get of a key never written: %v, want ErrNotFound", err)
	}
	for _, key := range []string{"account/1", "sealed/1"} {
		for _, value := range []string{"a", "", "\x00\xff", strings.Repeat("x", 100_000)} {
			revision := apply(t, s, put(key, value))
			got, err := s.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if got.Key != key || got.Value == nil || string(got.Value) != value || got.Revision != revision {
				t.Fatalf("Get(%q) = %.40q@%d, nil value %t; want %.40q@%d", key, got.Value, got.Revision, got.Value == nil, value, revision)
			}
		}
		apply(t, s, del(key))
		if _, err := s.Get(t.Context(), key); !errors.Is(err, iam.ErrNotFound) {
			t.Fatalf("Get of a deleted key: %v, want ErrNotFound", err)
		}
	}
}

func testAtomicity(t *testing.T, s iam.Store) {
	apply(t, s, put("a", "1"), put("b", "1"))
	_, err := s.Apply(t.Context(), []iam.Condition{{Key: "a", Revision: 1}, {Key: "absent", Revision: 1}},
		[]iam.Operation{put("a", "2"), del("b"), put("c", "2")})
	if !errors.Is(err, iam.ErrConflict) {
		t.Fatalf("Apply with a condition that does not hold: %v, want ErrConflict", err)
	}
	wantTexts(t, dump(t, s), "a=1@1", "b=1@1")
	apply(t, s, put("a", "2"), del("b"), put("c", "2"))
	wantTexts(t, dump(t, s), "a=2@2", "c=2@2")
}

func testConditions(t *testing.T, s iam.Store) {
	apply(t, s, put("a", "1"), put("gone", "1"))
	apply(t, s, put("b", "1"), del("gone"))
	for _, test := range []struct {
		conditions []iam.Condition
		want       error
	}{
		{nil, nil},
		{[]iam.Condition{{Key: "a", Revision: 1}}, nil},
		{[]iam.Condition{{Key: "a", Revision: 1}, {Key: "b", Revision: 2}, {Key: "c"}, {Key: "gone"}}, nil},
		{[]iam.Condition{{Key: "a", Revision: 2}}, iam.ErrConflict}, // the store's revision is not the record's
		{[]iam.Condition{{Key: "a"}}, iam.ErrConflict},
		{[]iam.Condition{{Key: "c", Revision: 1}}, iam.ErrConflict},
		{[]iam.Condition{{Key: "gone", Revision: 1}}, iam.ErrConflict},
		{[]iam.Condition{{Key: "a", Revision: -1}}, iam.ErrConflict},
		{[]iam.Condition{{Key: "b", Revision: 2}, {Key: "a", Revision: 3}}, iam.ErrConflict},
	} {
		// A batch without operations asks only.
		if revision, err := s.Apply(t.Context(), test.conditions, nil); !errors.Is(err, test.want) || err == nil && revision != 2 {
			t.Errorf("Apply(%v) = %d, %v; want revision 2, %v", test.conditions, revision, err, test.want)
		}
	}
	wantTexts(t, dump(t, s), "a=1@1", "b=1@2")
}

func testRevisions(t *testing.T, s iam.Store) {
	if _, revision, err := s.List(t.Context(), "", "", 0); revision != 0 || err != nil {
		t.Fatalf("a new store is at revision %d, %v; want 0", revision, err)
	}
	for i, step := range []struct {
		operations []iam.Operation
		want       int64
	}{
		{[]iam.Operation{put("a", "1"), put("b", "1"), put("c", "1")}, 1},
		{[]iam.Operation{put("z", "2")}, 2},
		{nil, 2},
		{[]iam.Operation{del("absent")}, 2},
		{[]iam.Operation{put("a", "1")}, 3}, // the same value is a change
		{[]iam.Operation{del("a"), del("absent")}, 4},
		{[]iam.Operation{del("a")}, 4},
		{[]iam.Operation{put("a", "5")}, 5},
	} {
		if got := apply(t, s, step.operations...); got != step.want {
			t.Fatalf("step %d: revision %d, want %d", i, got, step.want)
		}
	}
	if _, revision, _ := s.List(t.Context(), "nothing/", "", 0); revision != 5 {
		t.Fatalf("List's revision is %d, want the store's, 5", revision)
	}
	wantTexts(t, dump(t, s), "a=5@5", "b=1@1", "c=1@1", "z=2@2")
}

func testInvalidBatches(t *testing.T, s iam.Store) {
	many := make([]iam.Operation, iam.MaxOperations+1)
	for i := range many {
		many[i] = put(fmt.Sprintf("many/%d", i), "")
	}
	long := strings.Repeat("k", iam.MaxKeySize)
	big := strings.Repeat("v", iam.MaxBatchSize-len("big"))
	for name, operations := range map[string][]iam.Operation{
		"empty key":           {put("ok", ""), put("", "v")},
		"key too long":        {put(long+"k", "v")},
		"key twice":           {put("a", "1"), del("a")},
		"too many operations": many,
		"too big":             {put("big", big+"v")},
		"too big together":    {put("big", big), put("b", "")},
	} {
		if _, err := s.Apply(t.Context(), nil, operations); !errors.Is(err, iam.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if _, err := s.Apply(t.Context(), make([]iam.Condition, 1), nil); !errors.Is(err, iam.ErrInvalid) {
		t.Errorf("a condition without a key: %v, want ErrInvalid", err)
	}
	conditions := make([]iam.Condition, iam.MaxConditions+1)
	for i := range conditions {
		conditions[i].Key = fmt.Sprint(i)
	}
	if _, err := s.Apply(t.Context(), conditions, nil); !errors.Is(err, iam.ErrInvalid) {
		t.Errorf("too many conditions: %v, want ErrInvalid", err)
	}
	if got := dump(t, s); len(got) != 0 {
		t.Fatalf("invalid batches left %v", got)
	}
	// Exactly at the limits is in.
	apply(t, s, put(long, "v"))
	apply(t, s, put("big", big))
	apply(t, s, many[1:]...)
	if _, err := s.Apply(t.Context(), conditions[1:], nil); err != nil {
		t.Error(err)
	}
}

func testList(t *testing.T, s iam.Store) {
	keys := []string{"a", "a/", "a/1", "a/10", "a/2", "a/\xff", "a0", "b/1", "sealed/x"}
	for _, key := range keys {
		apply(t, s, put(key, "v"))
	}
	for _, test := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 0, keys},
		{"a/", "", 0, keys[1:6]},
		{"a/", "a/1", 0, keys[3:6]},
		{"a/", "a/11", 0, keys[4:6]}, // after need not exist
		{"a/", "a", 0, keys[1:6]},
		{"a/", "a/\xff", 0, nil},
		{"a/", "b", 0, nil},
		{"a/1", "", 0, keys[2:4]},
		{"a/", "", 2, keys[1:3]},
		{"a/", "a/1", 2, keys[3:5]},
		{"a/", "a/2", 2, keys[5:6]},
		{"sealed/", "", 1, keys[8:]},
		{"c", "", 0, nil},
		{"", "b/1", 0, keys[8:]},
	} {
		records, revision, err := s.List(t.Context(), test.prefix, test.after, test.limit)
		if err != nil || revision != int64(len(keys)) {
			t.Fatalf("List(%q, %q, %d): revision %d, %v", test.prefix, test.after, test.limit, revision, err)
		}
		var got []string
		for _, r := range records {
			got = append(got, r.Key)
			if string(r.Value) != "v" || r.Revision != int64(slices.Index(keys, r.Key)+1) {
				t.Errorf("List(%q): %q = %q@%d", test.prefix, r.Key, r.Value, r.Revision)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("List(%q, %q, %d) = %q, want %q", test.prefix, test.after, test.limit, got, test.want)
		}
	}
}

func testOwnership(t *testing.T, s iam.Store) {
	for _, key := range []string{"a", "sealed/a"} {
		value := []byte("mine")
		revision := apply(t, s, iam.Operation{Key: key, Value: value})
		copy(value, "XXXX")
		got, err := s.Get(t.Context(), key)
		if err != nil || string(got.Value) != "mine" {
			t.Fatalf("after the caller reused its slice: %q, %v", got.Value, err)
		}
		copy(got.Value, "XXXX")
		for range 2 {
			for _, c := range collect(t, s, "", revision-1, 1) {
				if string(c.Value) != "mine" {
					t.Fatalf("a watcher saw %q", c.Value)
				}
				copy(c.Value, "XXXX")
			}
		}
		if got, _ := s.Get(t.Context(), key); string(got.Value) != "mine" {
			t.Fatalf("after readers changed what they got: %q", got.Value)
		}
	}
}

func testEndedContext(t *testing.T, s iam.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err1 := s.Get(ctx, "a")
	_, _, err2 := s.List(ctx, "", "", 0)
	_, err3 := s.Apply(ctx, nil, []iam.Operation{put("a", "1")})
	err4 := s.Watch(ctx, "", 0, func(iam.Change) error { return errors.New("called") })
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v, want context.Canceled", i+1, err)
		}
	}
	if got := dump(t, s); len(got) != 0 {
		t.Fatalf("wrote %v", got)
	}
}

// testConcurrentWriters has 200 writers count in one record, each by comparing and swapping, beside a record of
// their own. Every increment is there, every revision was given once.
func testConcurrentWriters(t *testing.T, s iam.Store) {
	const writers = 200
	revisions := make(chan int64, writers)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for {
				var count []byte
				record, err := s.Get(t.Context(), "count")
				if err == nil {
					count = record.Value
				} else if !errors.Is(err, iam.ErrNotFound) {
					t.Error(err)
					return
				}
				revision, err := s.Apply(t.Context(), []iam.Condition{{Key: "count", Revision: record.Revision}},
					[]iam.Operation{{Key: "count", Value: append(count, '+')}, put(fmt.Sprintf("writer/%d", w), "done")})
				if err == nil {
					revisions <- revision
					if mine, err := s.Get(t.Context(), fmt.Sprintf("writer/%d", w)); err != nil || mine.Revision != revision {
						t.Errorf("writer %d does not read its own write: %v", w, err)
					}
					return
				}
				if !errors.Is(err, iam.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	close(revisions)
	seen := map[int64]bool{}
	for revision := range revisions {
		seen[revision] = true
	}
	for revision := int64(1); revision <= writers; revision++ {
		if !seen[revision] {
			t.Errorf("revision %d was given to nobody", revision)
		}
	}
	count, err := s.Get(t.Context(), "count")
	if err != nil || !bytes.Equal(count.Value, bytes.Repeat([]byte("+"), writers)) {
		t.Fatalf("counted %d of %d, %v", len(count.Value), writers, err)
	}
	if got := dump(t, s); len(got) != writers+1 {
		t.Fatalf("%d records, want %d", len(got), writers+1)
	}
	for i, c := range collect(t, s, "", 0, 2*writers) {
		if want := int64(i/2 + 1); c.Revision != want || i%2 == 0 && len(c.Value) != i/2+1 {
			t.Fatalf("change %d is %v, want revision %d", i, texts([]iam.Change{c}), want)
		}
	}
}

// testUniqueNames has many callers create one name at a time: exactly one gets it.
func testUniqueNames(t *testing.T, s iam.Store) {
	for round := range 20 {
		var group sync.WaitGroup
		winners := make(chan int, 8)
		name := fmt.Sprintf("role/%d", round)
		for w := range 8 {
			group.Go(func() {
				_, err := s.Apply(t.Context(), []iam.Condition{{Key: name}}, []iam.Operation{put(name, fmt.Sprint(w))})
				if err == nil {
					winners <- w
				} else if !errors.Is(err, iam.ErrConflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(winners) != 1 {
			t.Fatalf("%d callers created %s", len(winners), name)
		}
		record, err := s.Get(t.Context(), name)
		if winner := <-winners; err != nil || string(record.Value) != fmt.Sprint(winner) {
			t.Fatalf("%s belongs to %q, %v; want %d", name, record.Value, err, winner)
		}
	}
}
