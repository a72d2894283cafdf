package gateway

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"strings"
)

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	streamingPrefix = "STREAMING-"
)

// errIncomplete: the client sent less than it announced.
var errIncomplete = refusal("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")

// check is one digest that a body must have.
type check struct {
	hash.Hash
	want          []byte
	code, message string // of the refusal otherwise
}

// verifiedBody passes a body of known length on and releases its last bytes only when every digest is right, so that who reads it never
// sees the end of a body that is not the signed one. It is also the record of what went wrong, after its reader has failed.
type verifiedBody struct {
	source    io.Reader
	length    int64
	remaining int64
	checks    []check
	err       error
}

// newVerifiedBody wants the hash that was signed, unless that is UNSIGNED-PAYLOAD, and the checksums of the headers. The digests of an
// empty body are checked at once: nobody may ever read it.
func newVerifiedBody(source io.Reader, length int64, payloadHash string, header map[string]string) (*verifiedBody, error) {
	b := &verifiedBody{source: source, length: length, remaining: length}
	if payloadHash != unsignedPayload {
		want, err := hex.DecodeString(payloadHash)
		if err != nil {
			return nil, err
		}
		b.checks = append(b.checks, check{sha256.New(), want, "XAmzContentSHA256Mismatch",
			"The provided 'x-amz-content-sha256' header does not match what was computed."})
	}
	if text, ok := header["content-md5"]; ok {
		want, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(want) != md5.Size {
			return nil, refusal("InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
		b.checks = append(b.checks, check{md5.New(), want, "BadDigest", "The Content-MD5 you specified did not match what we received."})
	}
	for name, text := range header {
		algorithm, ok := strings.CutPrefix(name, "x-amz-checksum-")
		sum := newChecksum(algorithm)
		if !ok || sum == nil {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(want) != sum.Size() {
			return nil, refusal("InvalidRequest", "Value for "+name+" header is invalid.")
		}
		b.checks = append(b.checks, check{sum, want, "BadDigest",
			"The " + strings.ToUpper(algorithm) + " you specified did not match the calculated checksum."})
	}
	if length == 0 {
		b.verify()
	}
	return b, b.err
}

// plainBody is a body that the gateway made itself.
func plainBody(content []byte) *verifiedBody {
	return &verifiedBody{source: bytes.NewReader(content), length: int64(len(content)), remaining: int64(len(content))}
}

// newChecksum makes one of S3's checksums (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html), or nil.
func newChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}

// Read implements io.Reader. After an error it only repeats it.
func (b *verifiedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.remaining == 0 {
		return 0, io.EOF
	}
	n, err := b.source.Read(p[:min(int64(len(p)), b.remaining)])
	for _, c := range b.checks {
		c.Write(p[:n]) // a hash never fails
	}
	b.remaining -= int64(n)
	if b.remaining == 0 {
		b.verify()
		if b.err != nil {
			return 0, b.err
		}
		return n, nil
	}
	if err != nil {
		b.err = errIncomplete
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			b.err = &brokenBody{err}
		}
	}
	return n, b.err
}

// Close implements io.Closer; the server closes the connection's body itself.
func (b *verifiedBody) Close() error { return nil }

func (b *verifiedBody) verify() {
	for _, c := range b.checks {
		if subtle.ConstantTimeCompare(c.Sum(nil), c.want) != 1 {
			b.err = refusal(c.code, c.message)
			return
		}
	}
}

// brokenBody is a connection that failed while the body was read: nobody is there to be answered, and it is not the plane's fault.
type brokenBody struct{ err error }

func (e *brokenBody) Error() string { return "reading the request's body: " + e.err.Error() }
func (e *brokenBody) Unwrap() error { return e.err }

func isHexSHA256(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
