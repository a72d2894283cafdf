package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

var errEnough = errors.New("enough")

// collect watches until it has n changes.
func collect(t *testing.T, s iam.Store, prefix string, from int64, n int) []iam.Change {
	t.Helper()
	var changes []iam.Change
	err := s.Watch(t.Context(), prefix, from, func(c iam.Change) error {
		if changes = append(changes, c); len(changes) == n {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("watching %q from %d: %v", prefix, from, err)
	}
	return changes
}

func testWatch(t *testing.T, s iam.Store) {
	apply(t, s, put("b/1", "1"), put("a/1", "1"), put("sealed/k", "secret"))
	apply(t, s, del("absent"))
	_, _ = s.Apply(t.Context(), []iam.Condition{{Key: "a/1"}}, []iam.Operation{put("a/1", "never")})
	apply(t, s, put("a/1", "2"), put("a/2", ""))
	apply(t, s, del("a/1"), del("absent"))
	apply(t, s, put("b/1", "4"))

	wantTexts(t, texts(collect(t, s, "", 0, 7)),
		"b/1=1@1", "a/1=1@1", "sealed/k=secret@1", "a/1=2@2", "a/2=@2", "a/1 deleted@3", "b/1=4@4")
	wantTexts(t, texts(collect(t, s, "", 1, 4)), "a/1=2@2", "a/2=@2", "a/1 deleted@3", "b/1=4@4")
	wantTexts(t, texts(collect(t, s, "a/", 0, 4)), "a/1=1@1", "a/1=2@2", "a/2=@2", "a/1 deleted@3")
	wantTexts(t, texts(collect(t, s, "b/", 1, 1)), "b/1=4@4")
}

func testWatchLive(t *testing.T, s iam.Store) {
	const watchers, batches = 4, 300
	var group sync.WaitGroup
	defer group.Wait()
	for w := range watchers {
		group.Go(func() {
			next := 0
			err := s.Watch(t.Context(), "a/", 0, func(c iam.Change) error {
				if want := fmt.Sprintf("a/%d=%d@%d", next%7, next, next+1); texts([]iam.Change{c})[0] != want {
					return fmt.Errorf("change %d is %v, want %s", next, texts([]iam.Change{c}), want)
				}
				if next++; next == batches {
					return errEnough
				}
				return nil
			})
			if !errors.Is(err, errEnough) {
				t.Errorf("watcher %d: %v", w, err)
			}
		})
	}
	for i := range batches {
		apply(t, s, put(fmt.Sprintf("a/%d", i%7), fmt.Sprint(i)))
	}
}

func testWatchEnds(t *testing.T, s iam.Store) {
	apply(t, s, put("a", "1"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- s.Watch(ctx, "", 0, func(iam.Change) error { cancel(); return nil })
	}()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("Watch returned %v, want context.Canceled", err)
	}
	mine := errors.New("mine")
	if err := s.Watch(t.Context(), "", 0, func(iam.Change) error { return mine }); err != mine {
		t.Fatalf("Watch returned %v, want changed's error itself", err)
	}
}

func testSlowWatcher(t *testing.T, s iam.Store, compact func(*testing.T, iam.Store)) {
	apply(t, s, put("a", "1"), put("b", "1"))
	seen := make(chan string)
	ended := make(chan error)
	go func() {
		ended <- s.Watch(t.Context(), "", 0, func(c iam.Change) error { seen <- c.Key; return nil })
	}()
	<-seen
	compact(t, s) // the watcher hangs in changed: writers must get through
	var err error
	for err == nil {
		select {
		case <-seen:
		case err = <-ended:
		}
	}
	if !errors.Is(err, iam.ErrCompacted) {
		t.Fatalf("a watcher that fell behind got %v, want ErrCompacted", err)
	}
}

func testCompaction(t *testing.T, s iam.Store, compact func(*testing.T, iam.Store)) {
	first := apply(t, s, put("a", "1"))
	compact(t, s)
	_, revision, err := s.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	never := func(c iam.Change) error { return fmt.Errorf("called with %v", c) }
	for _, from := range []int64{0, first, revision + 1, -1} {
		if err := s.Watch(t.Context(), "", from, never); !errors.Is(err, iam.ErrCompacted) {
			t.Errorf("Watch from %d at %d: %v, want ErrCompacted", from, revision, err)
		}
	}
	next := apply(t, s, put("b", "2"))
	wantTexts(t, texts(collect(t, s, "", revision, 1)), fmt.Sprintf("b=2@%d", next))
}
