package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/openirsa/openirsa/certificate"
	"github.com/openirsa/openirsa/iam"
)

// authorityRecordKey is the sealed record of the authority that signs the plane's certificates.
const authorityRecordKey = iam.SealedPrefix + "plane/authority"

// authorityRecord holds the authority that signs and, from two thirds of its life on, the one that follows it, which clients are told of beforehand.
type authorityRecord struct {
	Schema  int           `json:"schema"`
	Current authorityPEM  `json:"current"`
	Next    *authorityPEM `json:"next,omitempty"`
}

// authorityPEM is a certificate and its private key.
type authorityPEM struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// keptAuthority is a certificate.Source whose authority is a record of the store: every replica on it signs with the same one, and a restart changes
// nothing for clients. An authority is followed by another one in time: at two thirds of its life the next is made and published beside it, at five sixths
// the next signs. Clients have a sixth of its life to take the new bundle.
type keptAuthority struct {
	records  iam.Store
	lifetime time.Duration // of an authority
	own      certificate.Own
	publish  func(bundle []byte) error // PEM

	revision      int64
	current, next *certificate.Authority
}

// Certificate looks at the record, turns it where that is due, and issues.
func (k *keptAuthority) Certificate(ctx context.Context) (*tls.Certificate, error) {
	if err := k.look(ctx); err != nil {
		return nil, fmt.Errorf("keeping the authority: %w", err)
	}
	return k.own.Certificate(ctx)
}

// look follows the record, and replaces it if that is due. Of several replicas that do so, one wins and the others take what it wrote.
func (k *keptAuthority) look(ctx context.Context) error {
	const attempts = 4 // a loser finds the winner's record, with which nothing is due
	for range attempts {
		if err := k.read(ctx); err != nil {
			return err
		}
		record, due, err := k.turn()
		if err != nil || !due {
			return err
		}
		encoded, err := json.Marshal(record)
		if err != nil {
			return err
		}
		_, err = k.records.Apply(ctx, []iam.Condition{{Key: authorityRecordKey, Revision: k.revision}}, []iam.Operation{{Key: authorityRecordKey, Value: encoded}})
		if err != nil && !errors.Is(err, iam.ErrConflict) {
			return err
		}
	}
	return errors.New("its record changes all the time")
}

// read takes the record as it is, if it is another than before, and publishes its certificates.
func (k *keptAuthority) read(ctx context.Context) error {
	found, err := k.records.Get(ctx, authorityRecordKey)
	if errors.Is(err, iam.ErrNotFound) || err == nil && found.Revision == k.revision {
		return nil
	}
	if err != nil {
		return err
	}
	var record authorityRecord
	if err := json.Unmarshal(found.Value, &record); err != nil {
		return errors.New("its record cannot be read") // the cause might quote the key
	}
	if record.Schema != 1 {
		return fmt.Errorf("its record has schema %d, this binary knows 1", record.Schema)
	}
	current, err := record.Current.parse()
	if err != nil {
		return err
	}
	var next *certificate.Authority
	bundle := current.Bundle()
	if record.Next != nil {
		if next, err = record.Next.parse(); err != nil {
			return err
		}
		bundle = append(bundle, next.Bundle()...)
	}
	if err := k.publish(bundle); err != nil {
		return fmt.Errorf("publishing its certificate: %w", err)
	}
	k.revision, k.current, k.next = found.Revision, current, next
	k.own.Authority = current
	return nil
}

// turn is the record that has to follow, if one has to.
func (k *keptAuthority) turn() (authorityRecord, bool, error) {
	now := k.own.Now()
	switch {
	case k.current == nil || !now.Before(k.current.Expires()) && k.next == nil:
		made, err := k.make(now)
		return authorityRecord{Schema: 1, Current: made}, true, err
	case k.next != nil && !now.Before(k.at(k.current, 5)):
		following, err := encodeAuthority(k.next)
		return authorityRecord{Schema: 1, Current: following}, true, err
	case k.next == nil && !now.Before(k.at(k.current, 4)):
		current, err := encodeAuthority(k.current)
		if err != nil {
			return authorityRecord{}, false, err
		}
		next, err := k.make(now)
		return authorityRecord{Schema: 1, Current: current, Next: &next}, true, err
	}
	return authorityRecord{}, false, nil
}

// at is the moment at which that many sixths of an authority's life are over.
func (k *keptAuthority) at(a *certificate.Authority, sixths int) time.Time {
	return a.Expires().Add(-k.lifetime / 6 * time.Duration(6-sixths))
}

func (k *keptAuthority) make(now time.Time) (authorityPEM, error) {
	made, err := certificate.NewAuthority(now, k.lifetime)
	if err != nil {
		return authorityPEM{}, err
	}
	return encodeAuthority(made)
}

func encodeAuthority(a *certificate.Authority) (authorityPEM, error) {
	cert, key, err := a.PEM()
	return authorityPEM{string(cert), string(key)}, err
}

func (p authorityPEM) parse() (*certificate.Authority, error) {
	return certificate.ParseAuthority([]byte(p.Certificate), []byte(p.Key))
}
