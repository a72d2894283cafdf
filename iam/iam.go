// Package iam STUB bodies; the signatures are final.
package iam

import (
	"context"
	"io"
	"time"

	"github.com/openirsa/openirsa/trail"
)

// Recorder is what the directory asks of the trail.
type Recorder interface {
	Record(ctx context.Context, e trail.Event) error
	Enqueue(e trail.Event)
}

// Config of a Directory.
type Config struct {
	Store          Store
	Trail          Recorder
	Now            func() time.Time // nil: time.Now
	Rand           io.Reader        // nil: crypto/rand
	DefaultAccount string           // the account that may create others
	Partition      string           // "": "aws"
}

// Directory is IAM's state.
type Directory struct{}

// New opens the directory in c.Store. Close ends it.
func New(ctx context.Context, c Config) (*Directory, error) { return nil, errStub }

// Close stops following the store.
func (d *Directory) Close() error { return nil }

// Bootstrap makes the account with its root access key if it is not there, and returns that key. It is for the
// plane's start, not for requests; it changes nothing when the account exists.
func (d *Directory) Bootstrap(ctx context.Context, account string) (AccessKey, error) {
	return AccessKey{}, errStub
}
