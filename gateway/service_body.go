package gateway

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

var (
	errTooLarge = refusal("RequestEntityTooLarge", "The request is larger than this service accepts.")
	errSlow     = refusal("RequestTimeout", "The request did not arrive in time.")
	errAborted  = refusal("RequestAborted", "The request ended before its body was complete.")
	errBusy     = refusal("ServiceUnavailable", "The server holds as many requests as it can. Please try again.")
)

const (
	// defaultBodyMemory bounds the bodies that all requests together hold in memory, unless configured.
	defaultBodyMemory = 256 << 20
	// firstRead is how much room a body gets at first. It gets more as it fills what it has, so that nobody takes memory by announcing a length.
	firstRead = 8 << 10
)

// bodyMemory counts the bytes in which bodies are held. Whoever sends them may be anybody: most clients do not say the body's hash, and then it
// takes the body to verify the signature.
type bodyMemory struct {
	limit int64
	held  atomic.Int64
}

// take is false where there is no room for n more bytes of a body that has size then. The larger a body, the more has to be left for others, up to an
// eighth of all: what many large bodies have taken, most of which come slowly or from nobody, keeps no usual request out.
func (m *bodyMemory) take(n, size int64) bool {
	if m.held.Add(n) > m.limit-min(8*size, m.limit/8) {
		m.held.Add(-n)
		return false
	}
	return true
}

// read is io.ReadAll within the memory that there is. What it has taken of that, release gives back; also where it fails.
func (m *bodyMemory) read(from io.Reader) (body []byte, taken int64, err error) {
	for {
		if len(body) == cap(body) {
			grown := max(firstRead, 2*cap(body))
			if !m.take(int64(grown-cap(body)), int64(grown)) {
				return nil, taken, errBusy
			}
			taken = int64(grown)
			body = append(make([]byte, 0, grown), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, taken, nil
		case err != nil:
			return nil, taken, err
		}
	}
}

func (m *bodyMemory) release(taken int64) { m.held.Add(-taken) }

func (x *serviceExchange) maxBody() int64 {
	if x.service.MaxBody > 0 {
		return x.service.MaxBody
	}
	return defaultMaxBody
}

// announcedHash is the hash that the client sends beside the body; "": none. It must be a hash: the literals that stand for none are S3's alone.
func (x *serviceExchange) announcedHash() (string, error) {
	if !strings.HasPrefix(x.signed.Path, "/") { // the forms for proxies and for OPTIONS *
		return "", refusal("InvalidAction", "The request's target is no path.")
	}
	hashes := x.r.Header["X-Amz-Content-Sha256"]
	switch {
	case len(hashes) == 0:
		return "", nil
	case len(hashes) > 1:
		return "", refusal("IncompleteSignature", "'X-Amz-Content-Sha256' must be given only once.")
	case !isHexSHA256(hashes[0]):
		return "", refusal("SignatureDoesNotMatch", "x-amz-content-sha256 must be the SHA-256 of the request's body.")
	}
	return hashes[0], nil
}

// limitReading bounds how long the body may take. It counts even for one that nobody reads: the server reads on before it answers.
func (x *serviceExchange) limitReading() {
	limit := time.Now().Add(cmp.Or(x.service.BodyTime, defaultBodyTime))
	_ = http.NewResponseController(x.w).SetReadDeadline(limit) // a ResponseWriter without deadlines has its own ways
}

// readBody reads the body whole, and returns it with its hash, which must be the announced one where there is that.
func (x *serviceExchange) readBody(announced string) (body []byte, hash string, err error) {
	if x.r.ContentLength > x.maxBody() {
		return nil, "", errTooLarge
	}
	body, x.taken, err = x.bodies.read(io.LimitReader(x.r.Body, x.maxBody()+1))
	switch {
	case errors.Is(err, errBusy):
		return nil, "", err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, "", errSlow
	case err != nil:
		return nil, "", errAborted
	case int64(len(body)) > x.maxBody():
		return nil, "", errTooLarge
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Time{}) // or waiting for a backend would end with it
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	if announced != "" && subtle.ConstantTimeCompare([]byte(announced), []byte(hash)) != 1 {
		return nil, "", refusal("SignatureDoesNotMatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return body, hash, nil
}
