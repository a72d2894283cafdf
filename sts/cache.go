package sts

import (
	"crypto/sha256"
	"sync"
)

// generation is how many sessions each half of the cache holds.
const generation = 2048

// sessionCache keeps sessions that were opened lately, by the hash of their token. Only tokens that open get in, the ring never changes while a Service
// lives, and expiry and role are looked at on every request: an entry can save work but never allow anything. It is two generations, of which the
// older is dropped when the younger is full, so that it stays bounded without bookkeeping per use.
type sessionCache struct {
	mu             sync.Mutex
	younger, older map[[sha256.Size]byte]*heldSession
}

func (c *sessionCache) get(hash [sha256.Size]byte) (*heldSession, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, ok := c.younger[hash]; ok {
		return held, true
	}
	held, ok := c.older[hash]
	if ok {
		c.add(hash, held)
	}
	return held, ok
}

func (c *sessionCache) put(hash [sha256.Size]byte, held *heldSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(hash, held)
}

func (c *sessionCache) add(hash [sha256.Size]byte, held *heldSession) {
	if c.younger == nil || len(c.younger) >= generation {
		c.older, c.younger = c.younger, make(map[[sha256.Size]byte]*heldSession)
	}
	c.younger[hash] = held
}
