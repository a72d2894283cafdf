package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
)

// hexSignature is a signature as requests carry it: 64 lower-case hex digits.
type hexSignature [2 * sha256.Size]byte

// chunkSigner makes the chain of signatures of an aws-chunked body, in which each covers the one before; the request's own is the first.
type chunkSigner struct {
	mac                 hash.Hash
	place               string // the time and the scope, as lines of the strings to sign
	previous, announced hexSignature
	text                []byte // of the last string to sign, for its memory
}

// newChunkSigner begins a chain. a is the verified authorization, key the signing key that verified it.
func newChunkSigner(key Key, a *Authorization) *chunkSigner {
	s := &chunkSigner{mac: hmac.New(sha256.New, key[:]), place: a.Time.UTC().Format(TimeFormat) + "\n" + a.Scope.String() + "\n"}
	copy(s.previous[:], a.Signature)
	return s
}

// announce takes the signature that the next part of the body claims to have.
func (s *chunkSigner) announce(signature string) bool {
	if len(signature) != len(s.announced) {
		return false
	}
	copy(s.announced[:], signature)
	return true
}

// verifyChunk tells whether the announced signature is that of a chunk with this hash, in constant time.
func (s *chunkSigner) verifyChunk(content [sha256.Size]byte) bool {
	s.signChunk(content)
	return subtle.ConstantTimeCompare(s.previous[:], s.announced[:]) == 1
}

// verifyTrailer is verifyChunk for the trailing headers.
func (s *chunkSigner) verifyTrailer(canonical []byte) bool {
	s.signTrailer(canonical)
	return subtle.ConstantTimeCompare(s.previous[:], s.announced[:]) == 1
}

// signChunk makes the next signature. The hash of nothing stands where later versions may have a chunk's own headers.
func (s *chunkSigner) signChunk(content [sha256.Size]byte) {
	const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	s.begin("AWS4-HMAC-SHA256-PAYLOAD\n")
	s.text = append(s.text, ofNothing+"\n"...)
	s.finish(content)
}

// signTrailer makes the last signature; canonical are the trailing headers as lines "name:value\n".
func (s *chunkSigner) signTrailer(canonical []byte) {
	s.begin("AWS4-HMAC-SHA256-TRAILER\n")
	s.finish(sha256.Sum256(canonical))
}

func (s *chunkSigner) begin(algorithm string) {
	s.text = append(append(s.text[:0], algorithm...), s.place...)
	s.text = append(append(s.text, s.previous[:]...), '\n')
}

func (s *chunkSigner) finish(content [sha256.Size]byte) {
	s.text = hex.AppendEncode(s.text, content[:])
	s.mac.Reset()
	s.mac.Write(s.text)
	var sum [sha256.Size]byte
	hex.Encode(s.previous[:], s.mac.Sum(sum[:0]))
}
