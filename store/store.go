// Package store STUB: API agreed between packages.
package store

import (
	"context"
	"io"

	"github.com/openirsa/openirsa/iam"
)

// Config of a Bolt store.
type Config struct {
	Path      string // of the file; created 0600
	MasterKey []byte // 32 bytes
	History   int    // changes kept for Watch; 0: 4096
}

// Bolt is iam.Store in one bbolt file.
type Bolt struct{}

var _ iam.Store = (*Bolt)(nil)

// Open opens or creates the file at c.Path.
func Open(c Config) (*Bolt, error) { return nil, nil }

// Get implements iam.Store.
func (b *Bolt) Get(ctx context.Context, key string) (iam.Record, error) { return iam.Record{}, nil }

// List implements iam.Store.
func (b *Bolt) List(ctx context.Context, prefix, after string, limit int) ([]iam.Record, int64, error) {
	return nil, 0, nil
}

// Apply implements iam.Store.
func (b *Bolt) Apply(ctx context.Context, conditions []iam.Condition, operations []iam.Operation) (int64, error) {
	return 0, nil
}

// Watch implements iam.Store.
func (b *Bolt) Watch(ctx context.Context, prefix string, from int64, changed func(iam.Change) error) error {
	return nil
}

// Backup writes a consistent copy of the file to w while the store is in use.
func (b *Bolt) Backup(w io.Writer) error { return nil }

// Close ends every Watch and closes the file.
func (b *Bolt) Close() error { return nil }

// LoadOrCreateMasterKey reads the master key at path, or creates it.
func LoadOrCreateMasterKey(path string) ([]byte, error) { return nil, nil }
