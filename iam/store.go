package iam

import (
	"context"
	"errors"
)

// Record is one stored value.
type Record struct {
	Key   string
	Value []byte
	// Revision of the store at which this record was last written. Revisions grow by one with each applied batch, over all keys, from 1.
	Revision int64
}

// Condition must hold for a batch to be applied: Key's record has exactly this Revision; 0 means that there is none.
type Condition struct {
	Key      string
	Revision int64
}

// Operation writes Value under Key, or deletes Key when Value is nil.
type Operation struct {
	Key   string
	Value []byte
}

// Change is what Watch reports: one record written, or deleted (Value nil), at Revision.
type Change = Record

// SealedPrefix: values of keys that begin with it are kept encrypted under the store's master key.
const SealedPrefix = "sealed/"

// Store errors.
var (
	ErrNotFound = errors.New("no such record")
	ErrConflict = errors.New("a condition does not hold")
	// ErrCompacted: the revision that Watch was to go on from is no longer kept; list again.
	ErrCompacted = errors.New("revision is no longer kept")
)

// Store STUB prose: keeps records. All methods are safe for concurrent use. Get and List read a consistent state
// that includes every batch whose Apply has returned. Keys sort bytewise. An Apply that returned nil survives kill -9 and power loss.
type Store interface {
	// Get returns the record under key, or ErrNotFound.
	Get(ctx context.Context, key string) (Record, error)
	// List returns up to limit (0: all) records whose key begins with prefix and sorts after `after`, in key order, and the
	// revision of the state they were read from.
	List(ctx context.Context, prefix, after string, limit int) ([]Record, int64, error)
	// Apply does all operations or none, in one revision, if every condition holds; else ErrConflict. Returns the new revision.
	Apply(ctx context.Context, conditions []Condition, operations []Operation) (int64, error)
	// Watch calls changed for every change under prefix after revision `from`, in order, until ctx ends or changed returns an
	// error, and returns that error (ctx.Err() for the former).
	Watch(ctx context.Context, prefix string, from int64, changed func(Change) error) error
}
