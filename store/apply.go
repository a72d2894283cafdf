package store

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/openirsa/openirsa/iam"
)

// batch is one call of Apply on its way to the disk.
type batch struct {
	conditions []iam.Condition
	operations []operation

	// The outcome, written under Bolt.writeMu by whoever commits the batch.
	done     bool
	revision int64
	err      error
}

type operation struct {
	key    string
	value  []byte // our copy, for watchers; nil: delete
	stored []byte // as encode makes it
}

// errNothingWritten ends a transaction that need not cost an fsync.
var errNothingWritten = errors.New("nothing written")

// Apply implements iam.Store. Callers that arrive while a commit is on its way to the disk are committed together
// by the first of them that finds the disk free, with one fsync. Each batch is still its own revision, with its
// conditions checked after the batches before it.
func (b *Bolt) Apply(ctx context.Context, conditions []iam.Condition, operations []iam.Operation) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := validate(conditions, operations); err != nil {
		return 0, fmt.Errorf("applying a batch: %w", err)
	}
	mine := &batch{conditions: conditions}
	for _, o := range operations {
		op := operation{key: o.Key}
		if o.Value != nil {
			op.value, op.stored = append([]byte{}, o.Value...), b.encode(o.Key, o.Value)
		}
		mine.operations = append(mine.operations, op)
	}

	b.queueMu.Lock()
	b.queue = append(b.queue, mine)
	b.queueMu.Unlock()

	b.writeMu.Lock()
	defer b.writeMu.Unlock()
	if !mine.done {
		b.queueMu.Lock()
		group := b.queue
		b.queue = nil
		b.queueMu.Unlock()
		b.commit(group)
	}
	return mine.revision, wrap("applying a batch", mine.err)
}

func validate(conditions []iam.Condition, operations []iam.Operation) error {
	if len(conditions) > iam.MaxConditions || len(operations) > iam.MaxOperations {
		return fmt.Errorf("%w: %d conditions and %d operations, of at most %d and %d", iam.ErrInvalid,
			len(conditions), len(operations), iam.MaxConditions, iam.MaxOperations)
	}
	for _, c := range conditions {
		if err := validateKey(c.Key); err != nil {
			return err
		}
	}
	size := 0
	seen := make(map[string]bool, len(operations))
	for _, o := range operations {
		if err := validateKey(o.Key); err != nil {
			return err
		}
		if seen[o.Key] {
			return fmt.Errorf("%w: two operations on %q", iam.ErrInvalid, o.Key)
		}
		seen[o.Key] = true
		size += len(o.Key) + len(o.Value)
	}
	if size > iam.MaxBatchSize {
		return fmt.Errorf("%w: %d bytes, of at most %d", iam.ErrInvalid, size, iam.MaxBatchSize)
	}
	return nil
}

func validateKey(key string) error {
	if key == "" || len(key) > iam.MaxKeySize {
		return fmt.Errorf("%w: a key of %d bytes, not 1 to %d", iam.ErrInvalid, len(key), iam.MaxKeySize)
	}
	return nil
}

// commit does the batches of group, in order, in one transaction, and then tells the watchers. A failure of the disk
// is every batch's failure: even a conflict may have been with a batch that was lost.
func (b *Bolt) commit(group []*batch) {
	var before, after int64
	var changes []iam.Change
	err := b.db.Update(func(tx *bolt.Tx) error {
		meta, records := tx.Bucket(bucketMeta), tx.Bucket(bucketRecords)
		before = readNumber(meta, metaRevision)
		after = before
		for _, batch := range group {
			if batch.err = check(records, batch.conditions); batch.err != nil {
				continue
			}
			made, err := write(records, batch.operations, after+1)
			if err != nil {
				return err
			}
			if len(made) > 0 {
				after++
			}
			batch.revision = after
			changes = append(changes, made...)
		}
		if after == before {
			return errNothingWritten
		}
		return writeNumber(meta, metaRevision, after)
	})
	for _, batch := range group {
		batch.done = true
		if err != nil && !errors.Is(err, errNothingWritten) {
			batch.revision, batch.err = 0, err
		}
	}
	if err == nil {
		b.history.append(before, after, changes)
	}
}

func check(records *bolt.Bucket, conditions []iam.Condition) error {
	for _, c := range conditions {
		if found := storedRevision(records.Get([]byte(c.Key))); found != c.Revision {
			return fmt.Errorf("%w: %q is at revision %d, not %d", iam.ErrConflict, c.Key, found, c.Revision)
		}
	}
	return nil
}

// write does the operations and returns what they changed.
func write(records *bolt.Bucket, operations []operation, revision int64) ([]iam.Change, error) {
	changes := make([]iam.Change, 0, len(operations))
	for _, o := range operations {
		key := []byte(o.key)
		if o.stored == nil {
			if records.Get(key) == nil {
				continue
			}
			if err := records.Delete(key); err != nil {
				return nil, err
			}
		} else {
			setRevision(o.stored, revision)
			if err := records.Put(key, o.stored); err != nil {
				return nil, err
			}
		}
		changes = append(changes, iam.Change{Key: o.key, Value: o.value, Revision: revision})
	}
	return changes, nil
}
