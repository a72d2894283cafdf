package iam

import (
	"context"
	"errors"
)

// Limits of one batch and of its records. They are etcd's defaults, rounded down, so that whatever one
// implementation accepts every other one does.
const (
	MaxKeySize    = 1024    // bytes of a key; at least one
	MaxBatchSize  = 1 << 20 // bytes of all keys and values of a batch's operations
	MaxConditions = 128     // of a batch
	MaxOperations = 128     // of a batch
)

// SealedPrefix begins the keys whose values are kept encrypted under the store's master key. Their keys
// are not, so a key must not give away what its value hides.
const SealedPrefix = "sealed/"

// What a Store answers, besides the errors of its disk or network. They arrive wrapped: compare with errors.Is.
var (
	// ErrNotFound: no record has the key.
	ErrNotFound = errors.New("no such record")
	// ErrConflict: a condition of the batch does not hold; nothing was written.
	ErrConflict = errors.New("a condition does not hold")
	// ErrCompacted: the changes after the revision that Watch was to go on from are not kept, or not all of
	// them. The watcher lists again and watches from the revision that List returns.
	ErrCompacted = errors.New("the changes since this revision are no longer kept")
	// ErrInvalid: the batch breaks a rule of Apply, whatever the store holds; nothing was written.
	ErrInvalid = errors.New("invalid batch")
)

// Record is one stored value.
type Record struct {
	Key   string
	Value []byte // never nil, perhaps empty
	// Revision of the store at which this record was last written.
	Revision int64
}

// Condition must hold for a batch to be applied: the record under Key was last written at exactly this
// Revision. Revision 0: there is no such record.
type Condition struct {
	Key      string
	Revision int64
}

// Operation writes Value under Key or, when Value is nil, deletes the record under Key.
// An empty Value that is not nil is written.
type Operation struct {
	Key   string
	Value []byte
}

// Change is what Watch reports: one record as it was written at Revision, or, with a nil Value, its deletion.
type Change = Record

// Store keeps records: small values under keys, in one sequence of revisions. It is all that the directory asks
// of a database; package store satisfies it with one file, and its conformance suite says in tests what is said
// here in prose.
//
// Revisions. The store as a whole has one revision: 0 when new, and one more after each batch that changes
// something. Every record that a batch writes has the batch's revision. Revisions survive a restart and never
// go back.
//
// Consistency. Each method sees the effect of every batch whose Apply has returned, to whichever caller, and
// never a part of a batch. Batches take effect one after the other; there is no other order to observe.
//
// Durability. A batch whose Apply returned nil survives kill -9 and the loss of power. One whose Apply returned
// an error other than those above may or may not be there afterwards, but wholly or not at all.
//
// Keys are compared byte by byte. Slices that a method takes are the caller's again when it returns, and
// slices that it hands out are the receiver's to change. All methods are safe for concurrent use; a context that
// has ended makes them return its error before they begin.
type Store interface {
	// Get returns the record under key, or ErrNotFound.
	Get(ctx context.Context, key string) (Record, error)

	// List returns the records whose key begins with prefix and sorts after the key `after` (empty: from the
	// first), in the order of their keys, at most limit of them (0: all), and the revision of the state that
	// they were read from. A page shorter than limit is the last one; the next one begins after the last key
	// of this one. Pages are read from different states: only a listing in one call is of one revision.
	List(ctx context.Context, prefix, after string, limit int) ([]Record, int64, error)

	// Apply does all operations or none: all of them if every condition holds, else it returns ErrConflict.
	// Conditions are checked in the very state that the operations change, so that what spans keys (a unique
	// name, a quota, "not while something refers to it") is one batch.
	//
	// It returns the revision of the batch. A batch that changes nothing, because it has no operations or only
	// deletes what is not there, checks its conditions, takes no revision and returns the present one.
	// ErrInvalid: a key is empty or given in two operations, or a limit above is exceeded.
	//
	// A batch that has begun is not interrupted when ctx ends, so that a caller always learns the outcome.
	Apply(ctx context.Context, conditions []Condition, operations []Operation) (int64, error)

	// Watch calls changed for every change under prefix after revision from, in the order of revisions and,
	// within one, of the batch's operations; each once, none left out. It does so, one call at a time, until
	// ctx ends (it returns ctx's error), changed returns an error (it returns that one) or the store closes.
	//
	// Writers never wait for a watcher: a store keeps a bounded number of past changes, and a watcher that
	// falls behind them, begins before them, or begins at a revision that the store has not reached (another
	// store's, or one lost with a backup) gets ErrCompacted.
	Watch(ctx context.Context, prefix string, from int64, changed func(Change) error) error
}
