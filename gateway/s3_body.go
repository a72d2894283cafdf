package gateway

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// errIncomplete: the client sent less than it announced.
var errIncomplete = refusal("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")

// errStalled: the client sent too little for too long (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
var errStalled = refusal("RequestTimeout",
	"Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.")

// check is one digest that a body must have.
type check struct {
	hash.Hash            // nil: the server verifies it
	size          int    // bytes
	want          []byte // nil: it comes in the trailer of that name
	trailer       string
	code, message string // of the refusal otherwise
}

// verifiedBody passes a body of known length on and releases its last bytes only when every digest is right, so that who reads it never
// sees the end of a body that is not the signed one. It is also the record of what went wrong, after its reader has failed.
type verifiedBody struct {
	source    io.Reader
	sent      *sentBody          // where it comes from; nil: the gateway has it
	chunks    *sigv4.ChunkReader // the source, where it is in chunks; else nil
	length    int64
	remaining int64
	checks    []check
	payload   string   // what of the body is signed: its hex SHA-256, or UNSIGNED-PAYLOAD
	trailers  []string // the checksums that come after the content

	mutex  sync.Mutex // of what follows: a backend may read in a goroutine of its own
	err    error
	waited time.Duration
	whole  bool // read to its end, and right
	closed chan struct{}
}

// newVerifiedBody wants the hash that was signed, unless that is UNSIGNED-PAYLOAD, and the checksums of the headers.
func newVerifiedBody(source io.Reader, length int64, payload string, header map[string]string) (*verifiedBody, error) {
	b := &verifiedBody{source: source, length: length, remaining: length, payload: payload, closed: make(chan struct{})}
	if payload != sigv4.UnsignedPayload && (length > 0 || payload != emptyPayload) {
		want, err := hex.DecodeString(payload)
		if err != nil {
			return nil, err
		}
		b.checks = append(b.checks, check{Hash: sha256.New(), size: sha256.Size, want: want, code: "XAmzContentSHA256Mismatch",
			message: "The provided 'x-amz-content-sha256' header does not match what was computed."})
	}
	if text, ok := header["content-md5"]; ok {
		want, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(want) != md5.Size {
			return nil, withDetails(refusal("InvalidDigest", "The Content-MD5 you specified was invalid."), "Content-MD5", text)
		}
		b.checks = append(b.checks, check{Hash: md5.New(), size: md5.Size, want: want, code: "BadDigest",
			message: "The Content-MD5 you specified did not match what we received."})
	}
	for name, text := range header {
		c, ok := checksumCheck(name)
		if !ok {
			continue
		}
		if c.want = decodeChecksum(c, text); c.want == nil {
			return nil, refusal("InvalidRequest", "Value for "+name+" header is invalid.")
		}
		b.checks = append(b.checks, c)
	}
	return b, nil
}

// inChunks has the body come in aws-chunked encoding, with these checksums as trailers. passOn says that the server verifies those that this package
// cannot.
func (b *verifiedBody) inChunks(chunks *sigv4.ChunkReader, trailers []string, passOn bool) error {
	b.source, b.chunks, b.trailers = chunks, chunks, trailers
	for _, name := range trailers {
		c, ok := checksumCheck(name)
		if !ok && passOn {
			c, ok = unverifiedCheck(name)
		}
		if !ok {
			return refusal("InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
		}
		c.trailer = name
		b.checks = append(b.checks, c)
	}
	return nil
}

// start checks the digests of an empty body at once: nobody may ever read it.
func (b *verifiedBody) start() error {
	if b.length == 0 {
		return b.end()
	}
	return nil
}

// plainBody is a body that the gateway made itself.
func plainBody(content []byte) *verifiedBody {
	return &verifiedBody{source: bytes.NewReader(content), length: int64(len(content)), remaining: int64(len(content)), payload: hexSHA256(content),
		closed: make(chan struct{})}
}

// Read implements io.Reader. After an error it only repeats it.
func (b *verifiedBody) Read(p []byte) (int, error) {
	if err := b.failure(); err != nil {
		return 0, err
	}
	if b.remaining == 0 {
		return 0, io.EOF
	}
	n, err := b.readSource(p[:min(int64(len(p)), b.remaining)])
	for _, c := range b.checks {
		if c.Hash != nil {
			c.Write(p[:n]) // a hash never fails
		}
	}
	b.remaining -= int64(n)
	if b.remaining == 0 {
		if err := b.end(); err != nil {
			return 0, err
		}
		return n, nil
	}
	if err != nil {
		return n, b.fail(unreadable(err))
	}
	return n, nil
}

func (b *verifiedBody) readSource(p []byte) (int, error) {
	began := time.Now()
	n, err := b.source.Read(p)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.waited = max(b.waited, time.Since(began))
	return n, err
}

// verify is called at the content's end, and reads what comes after it.
func (b *verifiedBody) verify() error {
	if b.chunks != nil {
		if _, err := io.ReadFull(b.chunks, make([]byte, 1)); !errors.Is(err, io.EOF) { // it gives no more than it was told to
			return unreadable(err)
		}
	}
	for _, c := range b.checks {
		want := c.want
		if c.trailer != "" {
			if want = decodeChecksum(c, b.chunks.Trailer()[c.trailer]); want == nil {
				return refusal("InvalidRequest", "Value for "+c.trailer+" trailing header is invalid.")
			}
		}
		if c.Hash == nil {
			continue
		}
		if got := c.Sum(nil); subtle.ConstantTimeCompare(got, want) != 1 {
			return c.mismatch(got, want)
		}
	}
	return nil
}

// mismatch is the refusal of a body with another digest, in which S3 tells both of what a header names by its hash.
func (c check) mismatch(got, want []byte) error {
	refused := refusal(c.code, c.message)
	switch {
	case c.code == "XAmzContentSHA256Mismatch":
		return withDetails(refused, "ClientComputedContentSHA256", hex.EncodeToString(want), "S3ComputedContentSHA256", hex.EncodeToString(got))
	case c.size == md5.Size && c.trailer == "":
		return withDetails(refused, "ExpectedDigest", hex.EncodeToString(want), "CalculatedDigest", base64.StdEncoding.EncodeToString(got))
	}
	return refused
}

// trailer is the value of a checksum that came after the content, once that was read to its end.
func (b *verifiedBody) trailer(name string) string { return b.chunks.Trailer()[name] }

// Close implements io.Closer; the server closes the connection's body itself. It tells that nobody reads any more.
func (b *verifiedBody) Close() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}

// end verifies the body that was read to its end.
func (b *verifiedBody) end() error {
	if err := b.verify(); err != nil {
		return b.fail(err)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.whole = true
	return nil
}

func (b *verifiedBody) fail(err error) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.err = err
	return err
}

// failure is what went wrong with the body so far; of no body, nothing. That its rest was not wanted is no failure.
func (b *verifiedBody) failure() error {
	if b == nil {
		return nil
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if errors.Is(b.err, errStopped) {
		return nil
	}
	return b.err
}

// settleTime is far above what the Transport takes to read on, or to notice that a server has hung up.
const settleTime = 200 * time.Millisecond

// isSettled tells whether the body was read to its end and found right, as it was before a server can have had it whole. One that answers sooner gets
// a moment for the rest.
func (b *verifiedBody) isSettled() bool {
	if b == nil || b.sent == nil || b.isWhole() {
		return true
	}
	patience := time.NewTimer(settleTime)
	defer patience.Stop()
	select {
	case <-b.closed:
	case <-patience.C:
	}
	return b.isWhole()
}

func (b *verifiedBody) isWhole() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.whole
}

// release waits until nobody reads the body any more. http.Transport may still do after a server's answer, or its failure: it closes bodies in its own
// time, and of one that the server did not wait for it may be waiting for the client to send the rest. That the client need not do: it gets a moment, and
// then the reading ends, and with the answer the connection. The server's answer has to be closed before, which ends what the Transport sends it.
func (b *verifiedBody) release() {
	if b == nil {
		return
	}
	if !b.isSettled() {
		select {
		case <-b.closed: // net/http may read what is left, and keep the connection
		default:
			b.sent.stop()
		}
	}
	<-b.closed
}

// longestWait is the longest that one reading has taken.
func (b *verifiedBody) longestWait() time.Duration {
	if b == nil {
		return 0
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.waited
}

// unreadable is the refusal of a body that cannot be read on.
func unreadable(err error) error {
	if e, ok := errors.AsType[*sigv4.Error](err); ok {
		return signatureError(e, nil)
	}
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errIncomplete
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errStalled
	}
	return fmt.Errorf("reading the request's body: %w", err) // of a client that has left: nobody is there to be answered
}

// emptyPayload is the SHA-256 of nothing.
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func hexSHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func isHexSHA256(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
