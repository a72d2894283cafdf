package sts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// An encoded authorization message is, in base64url, one byte of version, the ring key's id and a random message id in clear, then the decoded
// message (JSON) sealed with AES-256-GCM. The clear part and the account that may decode it are the associated data: it opens for no other. The key comes
// from HKDF-SHA256 (RFC 5869) over the ring key with the message id as salt, under a label of its own: none seals twice, so the nonce is constant, and
// none is a session's.
const (
	messageVersion   = 1
	messageIDSize    = 24 // 192 bits
	messageClearSize = 1 + ringIDSize + messageIDSize
	maxMessageText   = 10240 // characters: what STS takes to decode
	maxMessageSize   = maxMessageText/4*3 - messageClearSize - sealOverhead
	labelMessage     = "openirsa authorization message"
)

// messages seals authorization messages.
type messages struct {
	ring *Ring
	rand io.Reader
}

// EncodeAuthorization implements trail.AuthorizationEncoder. It holds nothing but what the event says and the condition keys that were decided by, among
// which there is no secret.
func (m *messages) EncodeAuthorization(e trail.Event) string {
	if e.Account == "" || e.Decision == nil {
		return ""
	}
	plain, ok := fittingMessage(e)
	if !ok {
		return ""
	}
	sealed, err := m.ring.sealMessage(plain, e.Account, m.rand)
	if err != nil {
		return "" // without randomness, nothing is sealed; the event is worth having all the same
	}
	return sealed
}

func (r *Ring) sealMessage(plain []byte, account string, rand io.Reader) (string, error) {
	clear := make([]byte, messageClearSize, messageClearSize+len(plain)+sealOverhead)
	clear[0] = messageVersion
	copy(clear[1:], r.newest[:])
	id := clear[1+ringIDSize:]
	if _, err := io.ReadFull(rand, id); err != nil {
		return "", fmt.Errorf("choosing a message id: %w", err)
	}
	aead, err := messageCipher(r.keys[r.newest], id)
	if err != nil {
		return "", err
	}
	sealed := aead.Seal(clear, make([]byte, aead.NonceSize()), plain, messageData(clear, account))
	return tokenEncoding.EncodeToString(sealed), nil
}

// openMessage reads a message that this ring sealed for account. Errors do not hold the message.
func (r *Ring) openMessage(text, account string) ([]byte, error) {
	if len(text) > maxMessageText {
		return nil, errMessageMalformed
	}
	message, err := tokenEncoding.DecodeString(text)
	if err != nil || len(message) < messageClearSize+sealOverhead || message[0] != messageVersion {
		return nil, errMessageMalformed
	}
	if tokenEncoding.EncodedLen(len(message)) != len(text) { // the decoder skips line ends
		return nil, errMessageMalformed
	}
	key, ok := r.keys[ringID(message[1:])]
	if !ok {
		return nil, errMessageRing
	}
	clear := message[:messageClearSize]
	aead, err := messageCipher(key, clear[1+ringIDSize:])
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), message[messageClearSize:], messageData(clear, account))
	if err != nil {
		return nil, errMessageTampered
	}
	return plain, nil
}

// messageData is the associated data. Both parts have a fixed length.
func messageData(clear []byte, account string) []byte {
	return append(append(make([]byte, 0, messageClearSize+len(account)), clear[:messageClearSize]...), account...)
}

func messageCipher(ringKey, id []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, ringKey, id, labelMessage, sealingKeySize)
	if err != nil {
		return nil, fmt.Errorf("deriving a message's key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the message's cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// fittingMessage is the decoded message of a denial, without what makes it too long.
func fittingMessage(e trail.Event) ([]byte, bool) {
	message := decodedMessage(e)
	for _, leaveOut := range []func(){
		func() {},
		func() { message.Context.Conditions = conditionsOf(nil) },
		func() { message.Decision = nil },
		func() { message.MatchedStatements.Items = []messageStatement{} },
		func() { message.Context.Resource = "" },
	} {
		leaveOut()
		plain, err := encodeMessage(message)
		if err == nil && len(plain) <= maxMessageSize {
			return plain, true
		}
	}
	return nil, false
}

func encodeMessage(message authorizationMessage) ([]byte, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it is for people and jq
	if err := encoder.Encode(message); err != nil {
		return nil, fmt.Errorf("encoding an authorization message: %w", err)
	}
	return []byte(strings.TrimSuffix(text.String(), "\n")), nil
}

// foreign tells whether an event is about another account's resource. What that account's policies say is then not for the denied caller's account.
func foreign(e trail.Event) bool {
	arn, err := policy.ParseARN(e.Resource)
	return err == nil && arn.Account != "" && arn.Account != e.Account
}
