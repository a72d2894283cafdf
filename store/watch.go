package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/openirsa/openirsa/iam"
)

// watchChunk is how many changes a watcher copies out of the history at a time.
const watchChunk = 128

// Watch implements iam.Store.
func (b *Bolt) Watch(ctx context.Context, prefix string, from int64, changed func(iam.Change) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	next, err := b.history.position(from)
	if err != nil {
		return fmt.Errorf("watching from revision %d: %w", from, err)
	}
	for {
		changes, more, err := b.history.from(next)
		if err != nil {
			return fmt.Errorf("watching: %w", err)
		}
		if len(changes) == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-more:
				continue
			}
		}
		next += int64(len(changes))
		for _, c := range changes {
			if !strings.HasPrefix(c.Key, prefix) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			c.Value = bytes.Clone(c.Value) // watchers share the history; what each gets is its own
			if err := changed(c); err != nil {
				return err
			}
		}
	}
}

// history is the past changes that watchers read, each at its own pace. Writers only append; a reader whose place was
// dropped meanwhile learns that and gives up.
type history struct {
	maxCount, maxBytes int

	mu        sync.Mutex
	changes   []iam.Change
	bytes     int           // of all keys and values in changes
	dropped   int64         // how many changes there were before changes[0]: positions count from the first ever
	compacted int64         // the newest revision of which something was dropped
	revision  int64         // the newest
	more      chan struct{} // closed, and replaced, when something is appended
	closed    bool
}

// newHistory knows nothing of what happened up to revision.
func newHistory(maxCount, maxBytes int, revision int64) *history {
	return &history{maxCount: maxCount, maxBytes: maxBytes, compacted: revision, revision: revision, more: make(chan struct{})}
}

// append adds the changes that led from revision before to revision after.
func (h *history) append(before, after int64, changes []iam.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	if before != h.revision {
		// A commit that reported a failure took effect all the same: bbolt's last write can reach the file and
		// its fsync fail. Nobody told the watchers of it, so they must list again.
		h.drop(len(h.changes))
		h.compacted = before
		h.dropped++ // no position that anybody holds is valid any more
	}
	h.revision = after
	h.changes = append(h.changes, changes...)
	for _, c := range changes {
		h.bytes += len(c.Key) + len(c.Value)
	}
	excess := max(0, len(h.changes)-h.maxCount)
	for size := h.bytes - h.size(excess); size > h.maxBytes; excess++ {
		size -= len(h.changes[excess].Key) + len(h.changes[excess].Value)
	}
	h.drop(excess)
	close(h.more)
	h.more = make(chan struct{})
}

// drop forgets the first n changes.
func (h *history) drop(n int) {
	if n == 0 {
		return
	}
	h.bytes -= h.size(n)
	h.compacted = h.changes[n-1].Revision
	h.changes = slices.Delete(h.changes, 0, n)
	h.dropped += int64(n)
}

// size is the bytes of the first n changes.
func (h *history) size(n int) (size int) {
	for _, c := range h.changes[:n] {
		size += len(c.Key) + len(c.Value)
	}
	return size
}

// position finds the first change after revision.
func (h *history) position(revision int64) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if revision < h.compacted || revision > h.revision {
		return 0, iam.ErrCompacted
	}
	i := sort.Search(len(h.changes), func(i int) bool { return h.changes[i].Revision > revision })
	return h.dropped + int64(i), nil
}

// from copies some changes from a position on and, when there are none yet, returns a channel that is closed when there are.
func (h *history) from(position int64) ([]iam.Change, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	if position < h.dropped {
		return nil, nil, iam.ErrCompacted
	}
	rest := h.changes[position-h.dropped:]
	return slices.Clone(rest[:min(len(rest), watchChunk)]), h.more, nil
}

func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.more)
	}
}
