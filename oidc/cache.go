package oidc

import (
	"crypto/sha256"
	"sync"
)

const (
	cacheShards = 16
	// maxCachedToken keeps the cache's memory in proportion to its size: a longer token is verified each time.
	maxCachedToken = 4 << 10
)

// verifiedToken names a successful verification: the provider record, the generation of the key set that it was made with, and the
// token's hash. When any of them changes the entry can no longer be found, which is how it is invalidated.
type verifiedToken struct {
	provider   providerKey
	generation uint64
	hash       [sha256.Size]byte
}

// tokenCache keeps claims of verified tokens. It is bounded and split, so that concurrent exchanges seldom meet at one lock.
type tokenCache struct {
	shards [cacheShards]cacheShard
}

// cacheShard forgets in the order of arrival: tokens are short-lived, and a ring costs nothing on a hit.
type cacheShard struct {
	mu      sync.RWMutex
	entries map[verifiedToken]*Claims
	ring    []verifiedToken // insertion order; next is the oldest once the ring is full
	next    int
	size    int
}

func newTokenCache(size int) *tokenCache {
	c := &tokenCache{}
	for i := range c.shards {
		c.shards[i] = cacheShard{entries: map[verifiedToken]*Claims{}, size: max(1, size/cacheShards)}
	}
	return c
}

func (c *tokenCache) shard(t verifiedToken) *cacheShard { return &c.shards[t.hash[0]%cacheShards] }

func (c *tokenCache) get(t verifiedToken) (*Claims, bool) {
	s := c.shard(t)
	s.mu.RLock()
	defer s.mu.RUnlock()
	claims, ok := s.entries[t]
	return claims, ok
}

func (c *tokenCache) put(t verifiedToken, claims *Claims) {
	s := c.shard(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[t]; ok {
		return
	}
	if len(s.ring) < s.size {
		s.ring = append(s.ring, t)
	} else {
		delete(s.entries, s.ring[s.next])
		s.ring[s.next] = t
		s.next = (s.next + 1) % s.size
	}
	s.entries[t] = claims
}
