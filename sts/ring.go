package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/openirsa/openirsa/iam"
)

const (
	ringRecord        = iam.SealedPrefix + "plane/session-keys"
	ringSchemaVersion = 1
	ringIDSize        = 4
	ringKeySize       = 32
)

type ringID [ringIDSize]byte

// Ring holds the keys that seal sessions: the newest seals, every one opens. It is immutable; a plane reads it when it starts. Whoever holds a
// ring key can make sessions of every role, so the store keeps the record under its master key (iam.SealedPrefix).
type Ring struct {
	newest ringID
	keys   map[ringID][]byte
}

// ringDocument is the stored form. Keys are ordered from the oldest to the newest.
type ringDocument struct {
	Version int       `json:"version"`
	Keys    []ringKey `json:"keys"`
}

type ringKey struct {
	ID  []byte `json:"id"`  // public: in clear at the head of every token
	Key []byte `json:"key"` // 256 random bits
}

// OpenRing reads the ring from store, and makes its first key, read from rand, where there is none. Several planes may open one new store at
// once: one of them writes the key and all return it.
func OpenRing(ctx context.Context, store iam.Store, rand io.Reader) (*Ring, error) {
	record, err := store.Get(ctx, ringRecord)
	if errors.Is(err, iam.ErrNotFound) {
		if err := createRing(ctx, store, rand); err != nil {
			return nil, fmt.Errorf("creating the session key ring: %w", err)
		}
		record, err = store.Get(ctx, ringRecord)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the session key ring: %w", err)
	}
	ring, err := parseRing(record.Value)
	if err != nil {
		return nil, fmt.Errorf("reading the session key ring: %w", err)
	}
	return ring, nil
}

func createRing(ctx context.Context, store iam.Store, rand io.Reader) error {
	random := make([]byte, ringIDSize+ringKeySize)
	if _, err := io.ReadFull(rand, random); err != nil {
		return err
	}
	value, err := json.Marshal(ringDocument{
		Version: ringSchemaVersion,
		Keys:    []ringKey{{ID: random[:ringIDSize], Key: random[ringIDSize:]}},
	})
	if err != nil {
		return err
	}
	_, err = store.Apply(ctx, []iam.Condition{{Key: ringRecord}}, []iam.Operation{{Key: ringRecord, Value: value}})
	if errors.Is(err, iam.ErrConflict) { // another plane was faster: its key is the ring
		return nil
	}
	return err
}

// parseRing never quotes the value in an error.
func parseRing(value []byte) (*Ring, error) {
	var document ringDocument
	if err := json.Unmarshal(value, &document); err != nil {
		return nil, errors.New("the record is not a key ring")
	}
	if document.Version != ringSchemaVersion {
		return nil, fmt.Errorf("schema version %d is not known", document.Version)
	}
	if len(document.Keys) == 0 {
		return nil, errors.New("the ring has no key")
	}
	ring := &Ring{keys: make(map[ringID][]byte, len(document.Keys))}
	for i, k := range document.Keys {
		if len(k.ID) != ringIDSize || len(k.Key) != ringKeySize {
			return nil, fmt.Errorf("key %d has the wrong size", i)
		}
		id := ringID(k.ID)
		if _, twice := ring.keys[id]; twice {
			return nil, fmt.Errorf("key %d has the id of an earlier one", i)
		}
		ring.keys[id] = k.Key
		ring.newest = id
	}
	return ring, nil
}
