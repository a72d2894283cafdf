package oidc

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of what the verifier keeps and does on its own.
const (
	maxProviders      = 10000 // provider records whose keys are kept; beyond that the longest unused is forgotten
	maxBackgroundWork = 16    // refreshes at once
)

// providerKey names one provider record at one revision. Keys belong to it alone: two accounts that register the same issuer share neither
// keys nor verified tokens, since each may have registered keys of its own making.
type providerKey struct {
	account, issuer string
	revision        int64
}

// keySet is an immutable set of keys.
type keySet struct {
	source     []byte // the document that it was read from
	keys       publicKeys
	generation uint64    // unique in a Verifier; another document means another generation
	fetched    time.Time // when the fetch began; zero for keys that are not fetched
}

// find returns the key that t's header names, if it is for t's algorithm.
func (s *keySet) find(t *token) (crypto.PublicKey, error) {
	if key, ok := s.keys[keyName{t.keyID, t.algorithm}]; ok {
		return key, nil
	}
	if s.keys.named(t.keyID) {
		return nil, refuse(BadSignature, "key %s is not for %s", quote(t.keyID), t.algorithm)
	}
	return nil, refuse(KeyUnavailable, "the issuer has no key %s", quote(t.keyID))
}

// providerKeys is what is known of one provider's keys.
type providerKeys struct {
	key  providerKey
	set  atomic.Pointer[keySet] // nil until there is one
	used atomic.Int64           // Unix time of the last token

	mu        sync.Mutex    // guards what follows; never held across a fetch
	running   chan struct{} // closed when the fetch under way ends; nil if there is none
	attempted time.Time     // when the last fetch ended; zero if there was none
	failure   error         // how it ended
}

// providerKeys finds p's record, or begins one. There is one for each account and issuer; another revision begins anew.
func (v *Verifier) providerKeys(p Provider, now time.Time) *providerKeys {
	name := [2]string{p.Account, p.Issuer}
	v.mu.RLock()
	k := v.providers[name]
	v.mu.RUnlock()
	if k == nil || k.key.revision != p.Revision {
		v.mu.Lock()
		defer v.mu.Unlock()
		if k = v.providers[name]; k == nil || k.key.revision != p.Revision {
			k = &providerKeys{key: providerKey{p.Account, p.Issuer, p.Revision}}
			v.providers[name] = k
			k.used.Store(now.Unix())
			v.forgetSurplus()
		}
	}
	if k.used.Load() != now.Unix() {
		k.used.Store(now.Unix())
	}
	return k
}

// forgetSurplus keeps the number of providers bounded. The caller holds v.mu.
func (v *Verifier) forgetSurplus() {
	if len(v.providers) <= maxProviders {
		return
	}
	var oldest [2]string
	used := int64(-1)
	for name, k := range v.providers {
		if last := k.used.Load(); used < 0 || last < used {
			oldest, used = name, last
		}
	}
	delete(v.providers, oldest)
}

// knownSet returns the key set that can be used without asking the issuer; nil if there is none or it is older than MaxStale.
func (v *Verifier) knownSet(p Provider, k *providerKeys, now time.Time) (*keySet, error) {
	if p.JWKS != nil {
		return v.givenSet(k, p.JWKS)
	}
	if embedded, ok := v.config.Embedded[p.Issuer]; ok {
		return v.givenSet(k, embedded())
	}
	set := k.set.Load()
	if set == nil || set.fetched.IsZero() || now.Sub(set.fetched) >= v.config.MaxStale {
		return nil, nil
	}
	return set, nil
}

// givenSet reads keys that need no fetch. The document itself is compared, so that a changed one counts even under an unchanged revision.
func (v *Verifier) givenSet(k *providerKeys, document []byte) (*keySet, error) {
	if set := k.set.Load(); set != nil && set.fetched.IsZero() && bytes.Equal(set.source, document) {
		return set, nil
	}
	keys, _, err := parseJWKS(document)
	if err != nil {
		return nil, err
	}
	set := &keySet{source: bytes.Clone(document), keys: keys, generation: v.generation.Add(1)}
	k.set.Store(set)
	return set, nil
}

// refresh asks the issuer for its keys, or joins whoever is doing so, and waits. Within the cool-down of the last attempt it asks nobody.
// It returns how the last attempt ended.
func (v *Verifier) refresh(ctx context.Context, k *providerKeys) error {
	if done := v.startFetch(k); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return errors.Join(errUnreachable, ctx.Err())
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failure
}

// startFetch returns a channel that is closed when the fetch ends, nil if none was due.
func (v *Verifier) startFetch(k *providerKeys) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running != nil {
		return k.running
	}
	now := v.config.Now()
	if !k.attempted.IsZero() && now.Sub(k.attempted) < v.config.CoolDown {
		return nil
	}
	done := make(chan struct{})
	if !v.spawn(func() { v.fetch(k, now, done) }) {
		k.failure = errors.Join(errUnreachable, errClosed)
		return nil
	}
	k.running = done
	return done
}

// fetch replaces k's key set if the issuer answers with one. Otherwise the old one goes on serving, until MaxStale.
func (v *Verifier) fetch(k *providerKeys, began time.Time, done chan<- struct{}) {
	document, err := v.fetcher.jwks(v.ctx, k.key.issuer)
	if err == nil {
		err = v.install(k, document, began)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running, k.attempted, k.failure = nil, v.config.Now(), err
	close(done)
}

// install makes document k's key set. An unchanged document keeps its generation, so that verified tokens stay verified; any change
// begins a new one. A well-formed set without usable keys counts: the issuer has withdrawn them. So does one that publishes a secret,
// since tokens of its keys prove nothing any more.
func (v *Verifier) install(k *providerKeys, document []byte, began time.Time) error {
	old := k.set.Load()
	if old != nil && !old.fetched.IsZero() && bytes.Equal(old.source, document) {
		renewed := *old
		renewed.fetched = began
		k.set.Store(&renewed)
		return nil
	}
	keys, _, err := parseJWKS(document)
	if err != nil && !errors.Is(err, errPrivateKey) {
		return err
	}
	k.set.Store(&keySet{source: document, keys: keys, generation: v.generation.Add(1), fetched: began})
	return err
}

// refreshLoop keeps fetched keys fresh, independently of the tokens that come in.
func (v *Verifier) refreshLoop(tick time.Duration) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-v.ctx.Done():
			return
		case <-ticker.C:
			v.refreshDue()
		}
	}
}

// refreshDue fetches every set that is older than RefreshInterval and forgets providers that no token has come for within MaxStale.
func (v *Verifier) refreshDue() {
	now := v.config.Now()
	var group errgroup.Group
	group.SetLimit(maxBackgroundWork)
	for _, k := range v.dueProviders(now) {
		group.Go(func() error {
			_ = v.refresh(v.ctx, k) // kept in k.failure; the set that is known goes on serving
			return nil
		})
	}
	_ = group.Wait()
}

func (v *Verifier) dueProviders(now time.Time) []*providerKeys {
	v.mu.Lock()
	defer v.mu.Unlock()
	var due []*providerKeys
	for name, k := range v.providers {
		set := k.set.Load()
		switch {
		case now.Sub(time.Unix(k.used.Load(), 0)) > v.config.MaxStale:
			delete(v.providers, name)
		case set != nil && !set.fetched.IsZero() && now.Sub(set.fetched) >= v.config.RefreshInterval:
			due = append(due, k)
		}
	}
	return due
}
