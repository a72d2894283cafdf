package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/openirsa/openirsa/certificate"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/store/memory"
)

func pemOf(t testing.TB, pair *tls.Certificate) (cert, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	check(t, err)
	return certificate.Bundle(pair.Leaf), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// keeper is one replica that shows certificates of the kept authority.
type keeper struct {
	keptAuthority
	t      testing.TB
	bundle string
}

func newKeeper(t testing.TB, records iam.Store, now *time.Time) *keeper {
	k := &keeper{t: t}
	k.keptAuthority = keptAuthority{
		records: records, lifetime: 60 * time.Hour,
		own:     certificate.Own{Names: []string{"openirsa.example"}, Lifetime: 3 * time.Hour, Now: func() time.Time { return *now }},
		publish: func(bundle []byte) error { k.bundle = string(bundle); return nil },
	}
	return k
}

// shows is the certificate of now, which a client that has the bundle must trust.
func (k *keeper) shows(now time.Time, bundles ...string) *x509.Certificate {
	k.t.Helper()
	shown, err := k.Certificate(context.Background())
	check(k.t, err)
	for _, bundle := range append(bundles, k.bundle) {
		if _, err := shown.Leaf.Verify(x509.VerifyOptions{Roots: pool(k.t, bundle), DNSName: "openirsa.example", CurrentTime: now}); err != nil {
			k.t.Errorf("at %s: %v", now, err)
		}
	}
	return shown.Leaf
}

// TestAuthorityTurns: over three lives of an authority, a client that takes the bundle once in a sixth of a life trusts every certificate of every replica.
func TestAuthorityTurns(t *testing.T) {
	records := memory.New(16)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := begin
	one, other := newKeeper(t, records, &now), newKeeper(t, records, &now)
	held, taken := "", begin
	issuers := map[string]bool{}
	for ; now.Before(begin.Add(180 * time.Hour)); now = now.Add(20 * time.Minute) {
		first := one.shows(now)
		if held == "" || now.Sub(taken) > 9*time.Hour {
			held, taken = one.bundle, now
		}
		issuers[one.shows(now, held).Issuer.String()] = true
		if second := other.shows(now, held); second.Issuer.String() != first.Issuer.String() {
			t.Fatalf("at %s one replica shows a certificate of %s, the other of %s", now, first.Issuer, second.Issuer)
		}
		if left := first.NotAfter.Sub(now); left <= 0 {
			t.Fatalf("at %s the certificate has ended", now)
		}
	}
	if len(issuers) < 3 {
		t.Errorf("%d authorities signed in three lives", len(issuers))
	}
}

// TestAuthorityIsKept: a restart goes on with it, and a record that cannot be read is an error that tells nothing of it.
func TestAuthorityIsKept(t *testing.T) {
	records := memory.New(16)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	first := newKeeper(t, records, &now)
	first.shows(now)
	second := newKeeper(t, records, &now)
	second.shows(now, first.bundle)
	if second.bundle != first.bundle {
		t.Error("a restart made another authority")
	}
	record, err := records.Get(t.Context(), authorityRecordKey)
	check(t, err)
	for _, broken := range []string{"{", `{"schema":2}`, `{"schema":1}`} {
		_, err := records.Apply(t.Context(), []iam.Condition{{Key: authorityRecordKey, Revision: record.Revision}}, []iam.Operation{{Key: authorityRecordKey, Value: []byte(broken)}})
		check(t, err)
		if _, err := newKeeper(t, records, &now).Certificate(t.Context()); err == nil {
			t.Errorf("%s is taken for an authority", broken)
		}
		record, err = records.Get(t.Context(), authorityRecordKey)
		check(t, err)
	}
}
