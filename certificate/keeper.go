package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Source yields the certificate that a server shows from now on: Files, Own and Shared are Sources. It is called by one goroutine at a time, every few
// seconds, and does nothing costly where nothing is due. Without a certificate, which is always an error, the one shown stays; a certificate beside an
// error is taken, and the error told.
type Source interface {
	Certificate(ctx context.Context) (*tls.Certificate, error)
}

// Config says what a Keeper shows.
type Config struct {
	Source Source
	Every  time.Duration // between two looks at the source; 10 seconds where zero
	Log    *slog.Logger  // of certificates taken and of errors; nil discards
}

// Keeper holds the certificate that a server shows and replaces it without a restart. It is safe for concurrent use.
type Keeper struct {
	config Config
	held   atomic.Pointer[tls.Certificate]

	mu   sync.Mutex // one Refresh at a time
	told string     // the last error in the log, so that one that stays is told once
}

// New makes a Keeper that holds nothing yet: Refresh or Run begins.
func New(c Config) *Keeper {
	if c.Every == 0 {
		c.Every = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{config: c}
}

// Refresh asks the source once. A server that cannot do without a certificate calls it before it listens.
func (k *Keeper) Refresh(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := k.config.Source.Certificate(ctx)
	if next != nil {
		k.take(next)
	}
	switch {
	case err == nil:
		k.told = ""
	case err.Error() != k.told && ctx.Err() == nil:
		k.config.Log.Error("the serving certificate could not be kept up", "error", err, "holds", k.held.Load() != nil)
		k.told = err.Error()
	}
	return err
}

func (k *Keeper) take(next *tls.Certificate) {
	if held := k.held.Load(); held != nil && bytes.Equal(held.Certificate[0], next.Certificate[0]) {
		return
	}
	k.held.Store(next)
	k.config.Log.Info("a serving certificate was taken", "serial", next.Leaf.SerialNumber.Text(16), "issuer", next.Leaf.Issuer.String(),
		"expires", next.Leaf.NotAfter.UTC().Format(time.RFC3339))
}

// Run refreshes until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	ticker := time.NewTicker(k.config.Every)
	defer ticker.Stop()
	for {
		_ = k.Refresh(ctx) // logged there
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Leaf returns the certificate that is shown, nil while there is none.
func (k *Keeper) Leaf() *x509.Certificate {
	if held := k.held.Load(); held != nil {
		return held.Leaf
	}
	return nil
}

// TLS returns a configuration for a server: TLS 1.2 or later, which the caller may narrow, and whatever certificate is held at each handshake.
// While none is held a handshake fails.
func (k *Keeper) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if held := k.held.Load(); held != nil {
				return held, nil
			}
			return nil, errors.New("there is no serving certificate yet")
		},
	}
}
