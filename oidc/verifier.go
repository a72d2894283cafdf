package oidc

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of VerifierConfig.
const (
	DefaultMaxStale        = 24 * time.Hour
	DefaultRefreshInterval = 5 * time.Minute
	DefaultCoolDown        = 10 * time.Second
	DefaultFetchTimeout    = 10 * time.Second
	DefaultCacheSize       = 8192
)

var errClosed = errors.New("verifier is closed")

// VerifierConfig configures a Verifier. The zero value works: every issuer's keys are fetched, from public addresses only.
type VerifierConfig struct {
	Now func() time.Time // nil: time.Now

	// Embedded resolves keys in process, by issuer string. Each function returns the current JWKS document; it is asked for every token,
	// so it should be cheap and must be safe for concurrent use.
	Embedded map[string]func() []byte

	// AllowIssuers are host names, addresses and CIDRs beyond the public addresses that issuer documents may come from (--allow-issuer).
	// Link-local, metadata, multicast and unspecified addresses are refused whatever it says.
	AllowIssuers []string

	MaxStale        time.Duration // how long fetched keys serve while the issuer is away; 0: DefaultMaxStale
	RefreshInterval time.Duration // age at which fetched keys are fetched again; 0: DefaultRefreshInterval
	CoolDown        time.Duration // least time between two fetches for one provider record; 0: DefaultCoolDown
	FetchTimeout    time.Duration // for discovery and key set together; 0: DefaultFetchTimeout
	CacheSize       int           // verified tokens that are remembered; 0: DefaultCacheSize

	RootCAs *x509.CertPool // that issuers' certificates must lead to; nil: the system's
}

func (c VerifierConfig) withDefaults() VerifierConfig {
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, field := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.MaxStale, DefaultMaxStale},
		{&c.RefreshInterval, DefaultRefreshInterval},
		{&c.CoolDown, DefaultCoolDown},
		{&c.FetchTimeout, DefaultFetchTimeout},
	} {
		if *field.value <= 0 {
			*field.value = field.standard
		}
	}
	if c.CacheSize <= 0 {
		c.CacheSize = DefaultCacheSize
	}
	return c
}

// Verifier verifies tokens of registered providers and keeps their keys. It is safe for concurrent use.
type Verifier struct {
	config     VerifierConfig // with defaults
	fetcher    *fetcher
	verified   *tokenCache
	generation atomic.Uint64

	ctx    context.Context // ends with Close; fetches belong to the verifier, not to the request that happened to need them
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.RWMutex // guards what follows; never held across a fetch
	providers map[[2]string]*providerKeys
	closed    bool
}

// NewVerifier makes a Verifier; Close stops its background refreshes. It fails if AllowIssuers cannot be read.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	c = c.withDefaults()
	fetcher, err := newFetcher(c)
	if err != nil {
		return nil, err
	}
	v := &Verifier{config: c, fetcher: fetcher, verified: newTokenCache(c.CacheSize), providers: map[[2]string]*providerKeys{}}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	v.spawn(func() { v.refreshLoop(max(c.RefreshInterval/10, time.Second)) })
	return v, nil
}

// spawn runs f in the background, unless the verifier is closed.
func (v *Verifier) spawn(f func()) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.work.Go(f)
	return true
}

// Close stops background refreshes and waits for them. Keys that are known go on serving Verify; nothing is fetched any more.
func (v *Verifier) Close() error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.cancel()
	v.work.Wait()
	v.fetcher.close()
	return nil
}

// Verify checks token against p: that p's issuer signed it, for one of p's client ids, and that it is valid now. Errors are *Error, in the
// order that the package comment gives. A token that was verified before is recognised by its hash; its times and audience are checked
// again, with p as it is now.
func (v *Verifier) Verify(ctx context.Context, p Provider, token string) (*Claims, error) {
	if err := checkLength(token); err != nil {
		return nil, err // before it is hashed
	}
	now := v.config.Now()
	keys := v.providerKeys(p, now)
	entry := verifiedToken{provider: keys.key, hash: sha256.Sum256([]byte(token))}
	if set, err := v.knownSet(p, keys, now); err == nil && set != nil {
		entry.generation = set.generation
		if known, ok := v.verified.get(entry); ok {
			claims := *known
			if err := claims.check(p, now); err != nil {
				return nil, err
			}
			return &claims, nil
		}
	}
	parsed, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	if err := parsed.claims.check(p, now); err != nil {
		return nil, err
	}
	key, set, err := v.findKey(ctx, p, keys, parsed)
	if err != nil {
		return nil, err
	}
	if _, err := parsed.signed.Verify(key); err != nil {
		return nil, refuse(BadSignature, "key %s did not sign it", quote(parsed.keyID))
	}
	if len(token) <= maxCachedToken {
		remembered := parsed.claims
		entry.generation = set.generation
		v.verified.put(entry, &remembered)
	}
	return &parsed.claims, nil
}

// findKey returns the one key that the token's header names, and the set that it is of. It asks the issuer if no keys are known, or not
// this one; it never asks because of what a signature turns out to be.
func (v *Verifier) findKey(ctx context.Context, p Provider, k *providerKeys, t *token) (crypto.PublicKey, *keySet, error) {
	if t.keyID == "" {
		return nil, nil, refuse(KeyUnavailable, "the token's header names no key (kid)")
	}
	set, err := v.knownSet(p, k, v.config.Now())
	if err != nil {
		return nil, nil, &Error{Kind: KeyUnavailable, Err: err}
	}
	if set != nil && (set.fetched.IsZero() || set.keys.named(t.keyID)) {
		key, err := set.find(t)
		return key, set, err
	}
	failure := v.refresh(ctx, k)
	set, _ = v.knownSet(p, k, v.config.Now())
	switch {
	case set != nil && (failure == nil || set.keys.named(t.keyID)):
		key, err := set.find(t)
		return key, set, err
	case set == nil && errors.Is(failure, errUnreachable):
		return nil, nil, &Error{Kind: Unreachable, Err: failure}
	}
	return nil, nil, &Error{Kind: KeyUnavailable, Err: failure}
}
