package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// sealLabel makes the store's key differ from every other key that may be derived from the master key.
const sealLabel = "openirsa store 1 sealed records"

// sealer encrypts values with AES-256-GCM. The associated data is the record's key, so that a value opens only
// under the key that it was written for. Nonces are random: 96 bits, safe for 2^32 values (NIST SP 800-38D,
// section 8.3), many more than a directory's secrets are ever rotated.
type sealer struct{ aead cipher.AEAD }

func newSealer(masterKey []byte) (*sealer, error) {
	if len(masterKey) != MasterKeySize {
		return nil, fmt.Errorf("the master key has %d bytes, not %d", len(masterKey), MasterKeySize)
	}
	key, err := hkdf.Key(sha256.New, masterKey, nil, sealLabel, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the store's key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving the store's key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("deriving the store's key: %w", err)
	}
	return &sealer{aead}, nil
}

// seal appends the sealed value to dst.
func (s *sealer) seal(dst []byte, key string, value []byte) []byte {
	return s.aead.Seal(dst, nil, value, []byte(key))
}

// open returns the value that was sealed for key, never nil.
func (s *sealer) open(key string, sealed []byte) ([]byte, error) {
	value, err := s.aead.Open([]byte{}, nil, sealed, []byte(key))
	if err != nil {
		return nil, errors.New("a sealed value does not open: it was changed, or moved from another key")
	}
	return value, nil
}
