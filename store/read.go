package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/openirsa/openirsa/iam"
)

// revisionSize is the length of the revision that precedes each value.
const revisionSize = 8

// Get implements iam.Store.
func (b *Bolt) Get(ctx context.Context, key string) (iam.Record, error) {
	if err := ctx.Err(); err != nil {
		return iam.Record{}, err
	}
	var record iam.Record
	err := b.db.View(func(tx *bolt.Tx) error {
		stored := tx.Bucket(bucketRecords).Get([]byte(key))
		if stored == nil {
			return iam.ErrNotFound
		}
		var err error
		record, err = b.decode(key, stored)
		return err
	})
	return record, wrap(fmt.Sprintf("reading record %q", key), err)
}

// List implements iam.Store.
func (b *Bolt) List(ctx context.Context, prefix, after string, limit int) ([]iam.Record, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	var records []iam.Record
	var revision int64
	err := b.db.View(func(tx *bolt.Tx) error {
		revision = readNumber(tx.Bucket(bucketMeta), metaRevision)
		cursor := tx.Bucket(bucketRecords).Cursor()
		key, stored := cursor.Seek([]byte(max(prefix, after)))
		if after != "" && string(key) == after {
			key, stored = cursor.Next()
		}
		for ; key != nil && bytes.HasPrefix(key, []byte(prefix)); key, stored = cursor.Next() {
			if limit > 0 && len(records) == limit {
				break
			}
			record, err := b.decode(string(key), stored)
			if err != nil {
				return fmt.Errorf("record %q: %w", key, err)
			}
			records = append(records, record)
		}
		return nil
	})
	if err != nil {
		return nil, 0, wrap(fmt.Sprintf("listing records under %q", prefix), err)
	}
	return records, revision, nil
}

// encode makes what is stored for a value, with room for the revision that setRevision fills in.
func (b *Bolt) encode(key string, value []byte) []byte {
	stored := make([]byte, revisionSize, revisionSize+len(value)+b.sealer.aead.Overhead())
	if strings.HasPrefix(key, iam.SealedPrefix) {
		return b.sealer.seal(stored, key, value)
	}
	return append(stored, value...)
}

func setRevision(stored []byte, revision int64) {
	binary.BigEndian.PutUint64(stored, uint64(revision))
}

// decode copies: what bbolt returns is gone with its transaction.
func (b *Bolt) decode(key string, stored []byte) (iam.Record, error) {
	if len(stored) < revisionSize {
		return iam.Record{}, ErrDamaged
	}
	record := iam.Record{Key: key, Revision: storedRevision(stored)}
	if !strings.HasPrefix(key, iam.SealedPrefix) {
		record.Value = append([]byte{}, stored[revisionSize:]...)
		return record, nil
	}
	var err error
	record.Value, err = b.sealer.open(key, stored[revisionSize:])
	return record, err
}

// storedRevision is 0, the revision of no record, for nil.
func storedRevision(stored []byte) int64 {
	if len(stored) < revisionSize {
		return 0
	}
	return int64(binary.BigEndian.Uint64(stored))
}
