package sigv4

import (
	"strings"
	"sync"
	"time"
)

// keyGeneration is how many signing keys each half of a Verifier's cache holds.
const keyGeneration = 1024

// Verifier verifies as Verify does and keeps the signing keys that held, since deriving one costs as much as all the rest. The zero value is ready.
// It is safe for concurrent use, and bounded: two generations, of which the older is dropped when the younger is full.
type Verifier struct {
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

func (v *Verifier) key(secretAccessKey string, scope Scope) (key Key, kept bool) {
	of := secretScope{secretAccessKey, scope}
	v.mu.RLock()
	key, kept = v.younger[of]
	if !kept {
		if key, kept = v.older[of]; kept {
			defer v.keep(secretAccessKey, scope, key)
		}
	}
	v.mu.RUnlock()
	if !kept {
		key = SigningKey(secretAccessKey, scope)
	}
	return key, kept
}

func (v *Verifier) keep(secretAccessKey string, scope Scope, key Key) {
	// The scope's texts are parts of a request's header, which must not live as long as the key does.
	scope = Scope{Date: strings.Clone(scope.Date), Region: strings.Clone(scope.Region), Service: strings.Clone(scope.Service)}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.younger == nil || len(v.younger) >= keyGeneration {
		v.older, v.younger = v.younger, make(map[secretScope]Key)
	}
	v.younger[secretScope{strings.Clone(secretAccessKey), scope}] = key
}
