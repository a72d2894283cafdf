package sigv4

import (
	"strings"
	"sync"
	"time"
)

// Verifier verifies as Verify does and keeps the signing keys that held, since deriving one costs as much as all the rest. The zero value is ready.
// It is safe for concurrent use.
type Verifier struct{ signingKeys }

// keyGeneration is how many signing keys each half of a cache holds.
const keyGeneration = 1024

// signingKeys is a cache, and bounded: two generations, of which the older is dropped when the younger is full.
type signingKeys struct {
	mu             sync.RWMutex
	younger, older map[secretScope]Key
}

// secretScope is what a signing key is derived from. A key can save work but never allow anything: whoever asks has the secret already.
type secretScope struct {
	secretAccessKey string
	scope           Scope
}

// Verify is the package's Verify. It returns the signing key, by which a body in chunks is signed as well.
func (v *Verifier) Verify(r *Request, a *Authorization, secretAccessKey string, now time.Time) (Key, error) {
	values, err := a.check(r, now)
	if err != nil {
		return Key{}, err
	}
	key, kept := v.key(secretAccessKey, a.Scope)
	if err := a.compare(r, values, key, rulesOf(a.Scope.Service)); err != nil {
		return Key{}, err
	}
	if !kept { // only those that held: whoever has no secret can neither fill the cache nor have it keep their texts
		v.keep(secretAccessKey, a.Scope, key)
	}
	return key, nil
}

func (k *signingKeys) key(secretAccessKey string, scope Scope) (key Key, kept bool) {
	of := secretScope{secretAccessKey, scope}
	k.mu.RLock()
	key, kept = k.younger[of]
	if !kept {
		if key, kept = k.older[of]; kept {
			defer k.keep(secretAccessKey, scope, key)
		}
	}
	k.mu.RUnlock()
	if !kept {
		key = SigningKey(secretAccessKey, scope)
	}
	return key, kept
}

func (k *signingKeys) keep(secretAccessKey string, scope Scope, key Key) {
	// The scope's texts are parts of a request's header, which must not live as long as the key does.
	scope = Scope{Date: strings.Clone(scope.Date), Region: strings.Clone(scope.Region), Service: strings.Clone(scope.Service)}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.younger == nil || len(k.younger) >= keyGeneration {
		k.older, k.younger = k.younger, make(map[secretScope]Key)
	}
	k.younger[secretScope{strings.Clone(secretAccessKey), scope}] = key
}
