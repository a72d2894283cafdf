// Package memory is an [iam.Store] that keeps nothing: what [iam.Store] says in prose holds for it, but for what it says of durability. It is for
// tests that make more directories than a disk can follow. It passes the conformance suite of package store, as every store does.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/openirsa/openirsa/iam"
)

// Store is an iam.Store in memory. New makes one; nothing needs to be closed.
type Store struct {
	history int // past changes that are kept for watchers

	mu       sync.Mutex
	revision int64
	records  map[string]iam.Record
	changes  []iam.Change
	dropped  int           // how many changes there were before changes[0]
	compact  int64         // the newest revision of which a change was dropped
	more     chan struct{} // closed, and replaced, when something changes
}

var _ iam.Store = (*Store)(nil)

// New makes an empty store that keeps the last history changes for watchers.
func New(history int) *Store {
	return &Store{history: history, records: map[string]iam.Record{}, more: make(chan struct{})}
}

// owned is the record with a value that the receiver may change.
func owned(r iam.Record) iam.Record {
	r.Value = bytes.Clone(r.Value)
	return r
}

// Get implements iam.Store.
func (s *Store) Get(ctx context.Context, key string) (iam.Record, error) {
	if err := ctx.Err(); err != nil {
		return iam.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	record, ok := s.records[key]
	if !ok {
		return iam.Record{}, fmt.Errorf("reading record %q: %w", key, iam.ErrNotFound)
	}
	return owned(record), nil
}

// List implements iam.Store.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]iam.Record, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []iam.Record
	for _, key := range slices.Sorted(maps.Keys(s.records)) {
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if found = append(found, owned(s.records[key])); len(found) == limit {
			break
		}
	}
	return found, s.revision, nil
}

// Apply implements iam.Store.
func (s *Store) Apply(ctx context.Context, conditions []iam.Condition, operations []iam.Operation) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := validate(conditions, operations); err != nil {
		return 0, fmt.Errorf("applying a batch: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range conditions {
		if found := s.records[c.Key].Revision; found != c.Revision {
			return 0, fmt.Errorf("applying a batch: %w: %q is at revision %d, not %d", iam.ErrConflict, c.Key, found, c.Revision)
		}
	}
	next := s.revision + 1
	for _, o := range operations {
		_, exists := s.records[o.Key]
		if o.Value == nil && !exists {
			continue
		}
		record := iam.Record{Key: o.Key, Revision: next}
		if o.Value == nil {
			delete(s.records, o.Key)
		} else {
			record.Value = append([]byte{}, o.Value...)
			s.records[o.Key] = record
		}
		s.revision = next
		s.changes = append(s.changes, record)
	}
	s.forget()
	close(s.more)
	s.more = make(chan struct{})
	return s.revision, nil
}

// forget drops the changes beyond those that are kept.
func (s *Store) forget() {
	if excess := len(s.changes) - s.history; excess > 0 {
		s.compact = s.changes[excess-1].Revision
		s.changes = slices.Delete(s.changes, 0, excess)
		s.dropped += excess
	}
}

// validate checks what makes a batch valid whatever the store holds.
func validate(conditions []iam.Condition, operations []iam.Operation) error {
	if len(conditions) > iam.MaxConditions || len(operations) > iam.MaxOperations {
		return fmt.Errorf("%w: %d conditions and %d operations", iam.ErrInvalid, len(conditions), len(operations))
	}
	keys, size := map[string]bool{}, 0
	for _, o := range operations {
		if keys[o.Key] {
			return fmt.Errorf("%w: two operations on %q", iam.ErrInvalid, o.Key)
		}
		keys[o.Key] = true
		size += len(o.Key) + len(o.Value)
	}
	for _, c := range conditions {
		keys[c.Key] = true
	}
	for key := range keys {
		if key == "" || len(key) > iam.MaxKeySize {
			return fmt.Errorf("%w: a key of %d bytes", iam.ErrInvalid, len(key))
		}
	}
	if size > iam.MaxBatchSize {
		return fmt.Errorf("%w: %d bytes", iam.ErrInvalid, size)
	}
	return nil
}

// Watch implements iam.Store.
func (s *Store) Watch(ctx context.Context, prefix string, from int64, changed func(iam.Change) error) error {
	next, err := s.position(from)
	if err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		change, more, err := s.at(next)
		switch {
		case err != nil:
			return err
		case more != nil:
			select {
			case <-ctx.Done():
			case <-more:
			}
			continue
		}
		next++
		if strings.HasPrefix(change.Key, prefix) {
			if err := changed(change); err != nil {
				return err
			}
		}
	}
}

// position counts the changes, from the first ever, up to a revision.
func (s *Store) position(revision int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision < s.compact || revision > s.revision {
		return 0, fmt.Errorf("watching from revision %d: %w", revision, iam.ErrCompacted)
	}
	later := slices.IndexFunc(s.changes, func(c iam.Change) bool { return c.Revision > revision })
	if later < 0 {
		later = len(s.changes)
	}
	return s.dropped + later, nil
}

// at is the change at a position or, while there is none, a channel that is closed when there may be.
func (s *Store) at(position int) (iam.Change, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch i := position - s.dropped; {
	case i < 0:
		return iam.Change{}, nil, fmt.Errorf("watching: %w", iam.ErrCompacted)
	case i == len(s.changes):
		return iam.Change{}, s.more, nil
	default:
		return owned(s.changes[i]), nil, nil
	}
}
