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
	"time"
)

var (
	errTooLarge = refusal("RequestEntityTooLarge", "The request is larger than this service accepts.")
	errSlow     = refusal("RequestTimeout", "The request did not arrive in time.")
	errAborted  = refusal("RequestAborted", "The request ended before its body was complete.")
)

func (x *serviceExchange) maxBody() int64 {
	if x.service.MaxBody > 0 {
		return x.service.MaxBody
	}
	return defaultMaxBody
}

// readBody reads the body whole and says its hash to the signature's verification. A hash that the client sends must be the body's: the literals
// that stand for no hash are S3's alone.
func (x *serviceExchange) readBody() ([]byte, error) {
	if !strings.HasPrefix(x.signed.Path, "/") { // the forms for proxies and for OPTIONS *
		return nil, refusal("InvalidAction", "The request's target is no path.")
	}
	hashes := x.r.Header["X-Amz-Content-Sha256"]
	if len(hashes) > 1 {
		return nil, refusal("IncompleteSignature", "'X-Amz-Content-Sha256' must be given only once.")
	}
	if len(hashes) == 1 && !isHexSHA256(hashes[0]) {
		return nil, refusal("SignatureDoesNotMatch", "x-amz-content-sha256 must be the SHA-256 of the request's body.")
	}
	if x.r.ContentLength > x.maxBody() {
		return nil, errTooLarge
	}
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Now().Add(cmp.Or(x.service.BodyTime, defaultBodyTime))) // a ResponseWriter without deadlines has its own ways
	body, err := io.ReadAll(io.LimitReader(x.r.Body, x.maxBody()+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, errAborted
	case int64(len(body)) > x.maxBody():
		return nil, errTooLarge
	}
	_ = controller.SetReadDeadline(time.Time{}) // or waiting for a backend would end with it
	sum := sha256.Sum256(body)
	x.signed.PayloadHash = hex.EncodeToString(sum[:])
	if len(hashes) == 1 && subtle.ConstantTimeCompare([]byte(hashes[0]), []byte(x.signed.PayloadHash)) != 1 {
		return nil, refusal("SignatureDoesNotMatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return body, nil
}
