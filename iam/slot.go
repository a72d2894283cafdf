package iam

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// slot is where an account's current snapshot is found. A snapshot is current while no later revision of the account was seen.
type slot struct {
	id      string
	current atomic.Pointer[Account]
	seen    atomic.Int64 // the latest revision at which a change of the account was reported
	closed  atomic.Bool  // this process closed the account, whatever the snapshot still shows
	// mu is held to write the account or to load its snapshot. Who holds it while current is nil waits for no other slot; so no two wait for each other.
	mu sync.Mutex
}

// saw notes a reported change.
func (s *slot) saw(revision int64) {
	for {
		seen := s.seen.Load()
		if revision <= seen || s.seen.CompareAndSwap(seen, revision) {
			return
		}
	}
}

func (s *slot) isCurrent(a *Account) bool { return a != nil && a.revision >= s.seen.Load() }

// Account returns the current snapshot, or an *Error: NoSuchEntity for an unknown or closed account, else ServiceFailure. It shows every write of this
// process that has returned, and those of others as soon as the store reports them. A snapshot is everybody's: who asks for it first and then
// hangs up does not keep it from being loaded.
func (d *Directory) Account(ctx context.Context, id string) (*Account, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := d.slot(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := d.snapshot(ctx, s)
	if err == nil && (s.closed.Load() || !a.record.Closed.IsZero()) {
		return nil, noSuchAccount(id)
	}
	return a, err
}

// snapshot is Account for accounts that may be closed.
func (d *Directory) snapshot(ctx context.Context, s *slot) (*Account, error) {
	a := s.current.Load()
	if s.isCurrent(a) {
		return a, nil
	}
	if a == nil {
		s.mu.Lock()
	} else if !s.mu.TryLock() {
		// A write or a load is under way, and brings a newer snapshot when it is through. This one shows all that was
		// acknowledged here; readers do not wait for a disk.
		return a, nil
	}
	defer s.mu.Unlock()
	return d.refresh(ctx, s)
}

// slot finds an account's slot. Unknown accounts get none, so that questions about them cost no memory.
func (d *Directory) slot(ctx context.Context, id string) (*slot, error) {
	if s, ok := d.slots.Load(id); ok {
		return s.(*slot), nil
	}
	if !policy.IsAccountID(id) {
		return nil, noSuchAccount(id)
	}
	if _, err := d.store.Get(ctx, recordKey(id, kindAccount, "")); errors.Is(err, ErrNotFound) {
		return nil, noSuchAccount(id)
	} else if err != nil {
		return nil, failure(err)
	}
	s, _ := d.slots.LoadOrStore(id, &slot{id: id})
	return s.(*slot), nil
}

// refresh makes the slot's snapshot current. The caller holds s.mu.
func (d *Directory) refresh(ctx context.Context, s *slot) (*Account, error) {
	if a := s.current.Load(); s.isCurrent(a) {
		return a, nil
	}
	return d.load(ctx, s)
}

// latest is refresh for writers: it asks the store whether the snapshot is the latest, so that no change is refused for
// what another process has changed already. The caller holds s.mu.
func (d *Directory) latest(ctx context.Context, s *slot) (*Account, error) {
	own, err := d.store.Get(ctx, recordKey(s.id, kindAccount, ""))
	if err != nil {
		return nil, failure(err)
	}
	if a := s.current.Load(); a != nil && a.generation == own.Revision {
		return a, nil
	}
	return d.load(ctx, s)
}

// load reads the account anew, whether or not the snapshot seems current. The caller holds s.mu.
func (d *Directory) load(ctx context.Context, s *slot) (*Account, error) {
	previous := s.current.Load()
	a := newAccount(d.partition, s.id, d.aws)
	for i, prefix := range []string{recordKey(s.id, "", ""), SealedPrefix + recordKey(s.id, "", "")} {
		records, revision, err := d.store.List(ctx, prefix, "", 0)
		if err != nil {
			return nil, failure(err)
		}
		for _, r := range records {
			if err := a.install(r, previous); err != nil {
				return nil, failure(err)
			}
		}
		// A change between the two readings is later than the first, and will be reported.
		if i == 0 {
			a.revision = revision
		}
	}
	s.current.Store(a)
	return a, nil
}

// follow notes what changes in the store, until ctx ends. While the store cannot be watched, snapshots are served as they are.
func (d *Directory) follow(ctx context.Context, from int64) {
	for {
		err := d.store.Watch(ctx, "", from, func(c Change) error {
			account, _, _ := splitKey(c.Key)
			if s, ok := d.slots.Load(account); ok {
				s.(*slot).saw(c.Revision)
			}
			from = c.Revision - 1 // a batch has one revision: its other changes may not have been reported yet
			return nil
		})
		if errors.Is(err, ErrCompacted) {
			if _, revision, listErr := d.store.List(ctx, accountsPrefix, "", 1); listErr == nil {
				d.slots.Range(func(_, s any) bool { s.(*slot).saw(revision); return true })
				from = revision
				continue
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}
