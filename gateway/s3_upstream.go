package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/sigv4"
)

// upstreamS3 is a server of its own, which all belongs to one account.
type upstreamS3 struct{ *Upstream }

func (u upstreamS3) owner(string) (string, bool) { return u.Account(), true }
func (u upstreamS3) serves(account string) bool  { return account == u.Account() }
func (u upstreamS3) external() bool              { return true }

// interruption is an answer that did not come, or not whole. cause is for the operator; nil: it is the client's doing.
type interruption struct {
	code, explanation string
	cause             error
}

func (e *interruption) Error() string { return e.explanation }
func (e *interruption) Unwrap() error { return e.cause }

// answer sends the request, signed anew, and streams the answer back. The payload's hash is the client's where it signed one; otherwise the server
// is told that the body is not signed. What came in chunks goes on in chunks: a server knows by its form that such a body was cut off, where some
// keep what they got of a plain one. Checksums that came as trailers go on as trailers.
func (u upstreamS3) answer(ctx context.Context, w http.ResponseWriter, f forwarded) error {
	r, signed := f.request, payload{hash: emptyPayload}
	// The accounts are the plane's. The server has names of its own for its owner.
	r.Header.Del("X-Amz-Expected-Bucket-Owner")
	r.Header.Del("X-Amz-Source-Expected-Bucket-Owner")
	body := f.body
	if body == nil || body.length == 0 && len(body.trailers) == 0 {
		body = nil // nobody reads what is not there
	} else {
		signed = frame(r, body)
	}
	response, err := u.send(ctx, r, "s3", f.region, signed)
	if err != nil {
		broken := u.unanswered(ctx, body, err)
		body.release()
		return broken
	}
	defer func() {
		_ = response.Body.Close()
		body.release() // not sooner: the answer ends where the client's connection is given up
	}()
	if isSuccess(response.StatusCode) && !body.isSettled() {
		return &interruption{"InternalError", "the backend answered before it had the whole request", errors.New(response.Status)}
	}
	dropHopByHop(response.Header)
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	w.WriteHeader(response.StatusCode)
	source := &noticing{Reader: response.Body}
	_, err = u.buffers.copy(w, source, response.ContentLength) // into net/http's own buffer, so that a small answer leaves together with its header
	switch {
	case source.err != nil:
		return &interruption{"InternalError", "the backend's answer broke off; it may have carried the request out", source.err}
	case errors.Is(err, errTooLong):
		return &interruption{"InternalError", "the backend's answer is too long", err}
	case err != nil:
		return &interruption{"InternalError", "the client left before the answer's end", nil}
	}
	return nil
}

// frame prepares the body for r and returns what is signed of it.
func frame(r *http.Request, body *verifiedBody) payload {
	r.Body, r.ContentLength = body, body.length
	if body.chunks == nil {
		return payload{hash: body.payload}
	}
	chunked := &sigv4.Chunked{Payload: sigv4.StreamingPayload, Length: body.length, Trailers: body.trailers}
	values := 0
	if len(body.trailers) > 0 {
		chunked.Payload = sigv4.StreamingUnsignedTrailer
		for _, c := range body.checks {
			if c.trailer != "" {
				values += (c.size + 2) / 3 * 4 // base64
			}
		}
		r.Header.Set("X-Amz-Trailer", strings.Join(body.trailers, ","))
	}
	r.ContentLength = chunked.EncodedLength(values)
	r.Header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(body.length, 10))
	encoding := "aws-chunked"
	if stored := r.Header.Get("Content-Encoding"); stored != "" {
		encoding += "," + stored
	}
	r.Header.Set("Content-Encoding", encoding)
	return payload{chunked.Payload, chunked, body.trailer}
}

// unanswered tells what kept the server from answering.
func (u upstreamS3) unanswered(ctx context.Context, body *verifiedBody, err error) error {
	switch {
	case ctx.Err() != nil:
		return &interruption{"InternalError", leftBefore, nil}
	case unsent(err):
		return &interruption{"ServiceUnavailable", whyUnanswered(err), err}
	case body.longestWait() > u.c.Silence/2: // a turn that was not the server's, and during which its time ran out
		return &interruption{errStalled.Code, "the client sent nothing for as long as the backend is waited for", nil}
	}
	return &interruption{"InternalError", whyUnanswered(err), err}
}

// noticing remembers why its reader ended too early.
type noticing struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (n *noticing) Read(p []byte) (int, error) {
	read, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = fmt.Errorf("reading the backend's answer: %w", err)
	}
	return read, err
}
