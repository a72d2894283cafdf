package sts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// A session token is, in base64url, one byte of version, the ring key's id and a random session id in clear, then the session's record
// (DER) sealed with AES-256-GCM. The clear part is the associated data. Both the sealing key and the secret access key come from
// HKDF-SHA256 (RFC 5869) over the ring key with the session id as salt, under different labels: no key ever seals twice, so the nonce is
// constant, and knowing one session's secret says nothing about another's.
const (
	tokenVersion   = 2
	sessionIDSize  = 24 // 192 bits
	clearSize      = 1 + ringIDSize + sessionIDSize
	sealOverhead   = 16 // GCM's tag
	maxRecordSize  = MaxSessionToken/4*3 - clearSize - sealOverhead
	labelSeal      = "openirsa session token"
	labelSecret    = "openirsa secret access key"
	secretSize     = 30 // 40 characters of base64, as AWS's secret access keys
	sealingKeySize = 32
	sessionPrefix  = "ASIA"
)

// MaxSessionToken is how long a session token may be, in bytes of its text.
const MaxSessionToken = 4096

// recordSize is the length of the shortest record whose token has size bytes of text, or more.
func recordSize(size int) int { return (3*size-3)/4 + 1 - clearSize - sealOverhead }

// tokenEncoding is strict, so that one session has exactly one token text.
var tokenEncoding = base64.RawURLEncoding.Strict()

var (
	errTokenMalformed = errors.New("the session token is not one of ours")
	errTokenRing      = errors.New("the session token names a ring key that is not there")
	errTokenTampered  = errors.New("the session token was altered, or sealed by another plane")
	errTokenTooLarge  = errors.New("the session's record exceeds the session token")
)

type sessionID [sessionIDSize]byte

// session is the record inside a session token. DER is compact, canonical, and parsed strictly by the standard library; a change of these fields needs
// a new tokenVersion.
type session struct {
	Kind           int // roleSession, ownSession or federatedSession
	Account        string
	PrincipalID    string // AROA… of the role, AIDA… of the user: a recreated one does not revive its predecessor's sessions; empty: the account's root
	Name           string // of a role session or a federated user
	Issuer         string // the web identity's, and the next three; empty for a session from AssumeRole
	Subject        string
	Audience       string
	AMR            []string
	Tags           []sessionTag
	SourceIdentity string
	Policy         string // inline session policy as it was passed; empty: none
	PolicyARNs     []string
	ChainDepth     int
	Issued         int64 // seconds since 1970, and Expires
	Expires        int64
}

type sessionTag struct {
	Key, Value string
	Transitive bool
}

// The kinds of sessions. Zero is none, so that a record that lacks its kind opens nothing.
const (
	roleSession      = iota + 1 // of a role: AssumeRole, AssumeRoleWithWebIdentity
	ownSession                  // of the user or root that asked for it: GetSessionToken
	federatedSession            // of a federated user, with the permissions of the user or root that named it: GetFederationToken
)

// expired tells whether the session has ended at now.
func (r *session) expired(now time.Time) bool { return now.Unix() >= r.Expires }

// sealed is what a holder gets, or, without the token text, what opening a token brings back.
type sealed struct {
	token, accessKeyID, secretAccessKey string
	record                              session
}

// seal makes a session's token and keys, with a session id read from rand. The token has at least minimum bytes of text: zeros behind the record fill it
// up. The error is errTokenTooLarge when the token would exceed MaxSessionToken.
func (r *Ring) seal(record session, minimum int, rand io.Reader) (*sealed, error) {
	plain, err := asn1.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encoding a session: %w", err)
	}
	if missing := recordSize(minimum) - len(plain); missing > 0 {
		plain = append(plain, make([]byte, missing)...)
	}
	if len(plain) > maxRecordSize {
		return nil, errTokenTooLarge
	}
	var id sessionID
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return nil, fmt.Errorf("choosing a session id: %w", err)
	}
	aead, secret, err := derive(r.keys[r.newest], id)
	if err != nil {
		return nil, err
	}
	token := make([]byte, 0, clearSize+len(plain)+sealOverhead)
	token = append(token, tokenVersion)
	token = append(token, r.newest[:]...)
	token = append(token, id[:]...)
	token = aead.Seal(token, make([]byte, aead.NonceSize()), plain, token)
	return &sealed{
		token:           tokenEncoding.EncodeToString(token),
		accessKeyID:     iam.AccessKeyID(sessionPrefix, record.Account, id[:]),
		secretAccessKey: secret,
		record:          record,
	}, nil
}

// open reads a token that this ring sealed. It does not look at the expiry. Errors do not hold the token.
func (r *Ring) open(text string) (*sealed, error) {
	if len(text) > MaxSessionToken {
		return nil, errTokenMalformed
	}
	token, err := tokenEncoding.DecodeString(text)
	if err != nil || len(token) < clearSize+sealOverhead || token[0] != tokenVersion {
		return nil, errTokenMalformed
	}
	if tokenEncoding.EncodedLen(len(token)) != len(text) { // the decoder skips line ends
		return nil, errTokenMalformed
	}
	key, ok := r.keys[ringID(token[1:])]
	if !ok {
		return nil, errTokenRing
	}
	id := sessionID(token[1+ringIDSize:])
	aead, secret, err := derive(key, id)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), token[clearSize:], token[:clearSize])
	if err != nil {
		return nil, errTokenTampered
	}
	opened := &sealed{secretAccessKey: secret}
	if filling, err := asn1.Unmarshal(plain, &opened.record); err != nil || len(bytes.TrimLeft(filling, "\x00")) > 0 {
		return nil, errTokenMalformed
	}
	opened.accessKeyID = iam.AccessKeyID(sessionPrefix, opened.record.Account, id[:])
	return opened, nil
}

// derive makes the two keys of one session.
func derive(ringKey []byte, id sessionID) (aead cipher.AEAD, secretAccessKey string, err error) {
	pseudorandom, err := hkdf.Extract(sha256.New, ringKey, id[:])
	if err != nil {
		return nil, "", fmt.Errorf("deriving session keys: %w", err)
	}
	sealing, err := hkdf.Expand(sha256.New, pseudorandom, labelSeal, sealingKeySize)
	if err != nil {
		return nil, "", fmt.Errorf("deriving the sealing key: %w", err)
	}
	secret, err := hkdf.Expand(sha256.New, pseudorandom, labelSecret, secretSize)
	if err != nil {
		return nil, "", fmt.Errorf("deriving the secret access key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, "", fmt.Errorf("making the session's cipher: %w", err)
	}
	aead, err = cipher.NewGCM(block)
	return aead, base64.StdEncoding.EncodeToString(secret), err
}

// packedSize is the share of the token that record's session policies and tags take, in percent of what its other fields leave them, rounded up;
// more than 100 does not fit. AWS's own packing is not documented; what it means to a caller is (PackedPolicySize).
func packedSize(record session) (percent int, err error) {
	full, err := asn1.Marshal(record)
	if err != nil {
		return 0, fmt.Errorf("encoding a session: %w", err)
	}
	record.Policy, record.PolicyARNs, record.Tags = "", nil, nil
	bare, err := asn1.Marshal(record)
	if err != nil {
		return 0, fmt.Errorf("encoding a session: %w", err)
	}
	room := maxRecordSize - len(bare)
	if room <= 0 {
		return 0, errTokenTooLarge
	}
	return (100*(len(full)-len(bare)) + room - 1) / room, nil
}
