package gateway_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// uploadForm is one way to send a body, and how it is answered.
type uploadForm struct {
	name   string
	make   func(t testing.TB, p *plane, request *http.Request, content string) (header http.Header, body string)
	spoil  func(body string) string // after it was signed; nil: not at all
	status int
	code   string // of a refusal
	// early: the answer comes before the body was read, so that a client may see its own sending fail.
	early bool
}

// uploadForms are good ones, bad ones, and some that the server refuses.
func uploadForms() []uploadForm {
	signed := func(t testing.TB, p *plane, r *http.Request, content string) (http.Header, string) {
		return p.sign(t, r, hexOf(content)), content
	}
	unsigned := func(t testing.TB, p *plane, r *http.Request, content string) (http.Header, string) {
		return p.sign(t, r, "UNSIGNED-PAYLOAD"), content
	}
	chunked := func(payload string) func(t testing.TB, p *plane, r *http.Request, content string) (http.Header, string) {
		return func(t testing.TB, p *plane, r *http.Request, content string) (http.Header, string) {
			return p.chunks(t, r, payload, content, "x-amz-checksum-sha256", sha256Of(content))
		}
	}
	last := func(body string) string { return body[:len(body)-1] + "!" }
	middle := func(body string) string { return body[:len(body)/2] + "!" + body[len(body)/2+1:] }
	return []uploadForm{
		{name: "signed", make: signed, status: 200},
		{name: "unsigned", make: unsigned, status: 200},
		{name: "signed-chunks", make: chunked(sigv4.StreamingPayloadTrailer), status: 200},
		{name: "unsigned-chunks", make: chunked(sigv4.StreamingUnsignedTrailer), status: 200},
		{name: "another-body", make: signed, spoil: last, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "a-bad-chunk", make: chunked(sigv4.StreamingPayloadTrailer), spoil: middle, status: 403, code: "SignatureDoesNotMatch", early: true},
		{name: "a-bad-trailer", make: chunked(sigv4.StreamingUnsignedTrailer), spoil: middle, status: 400, code: "BadDigest"},
		{name: "refuse-at-once", make: unsigned, status: 412, code: "PreconditionFailed", early: true},
		{name: "refuse-midway", make: signed, status: 403, code: "QuotaExceeded", early: true},
		{name: "refuse-in-the-end", make: chunked(sigv4.StreamingUnsignedTrailer), status: 409, code: "OperationAborted"},
	}
}

// loadServer answers by the key that is put, with the body's hash as its entity tag.
func loadServer(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>No.</Message></Error>", code)
	}
	form := strings.Split(r.URL.Path, "/")[2]
	switch form {
	case "refuse-at-once":
		answer(412, "PreconditionFailed")
		return
	case "refuse-midway":
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		answer(403, "QuotaExceeded")
		return
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if form == "refuse-in-the-end" {
		answer(409, "OperationAborted")
		return
	}
	if length := r.Header.Get("X-Amz-Decoded-Content-Length"); length != "" {
		var size int64
		fmt.Sscan(length, &size)
		trailers := []string{r.Header.Get("X-Amz-Trailer")}
		chunks, err := sigv4.NewChunkReader(bytes.NewReader(content), sigv4.Chunked{Payload: sigv4.StreamingUnsignedTrailer, Length: size, Trailers: trailers})
		if err == nil {
			content, err = io.ReadAll(chunks)
		}
		if err != nil {
			answer(400, "InvalidRequest")
			return
		}
	}
	w.Header().Set("ETag", `"`+hexOf(string(content))+r.URL.Path+`"`)
}

// TestUploadsUnderLoad has many clients send many bodies on connections that they keep, good ones and bad ones by turns: each gets the answer to its own
// request, and none an error that is the plane's.
func TestUploadsUnderLoad(t *testing.T) {
	p, o := newOutsidePlaneWith(t, 0, func(*gateway.Config) {}) // with time enough for a busy machine
	o.become(loadServer)
	forms := uploadForms()
	sizes := []int{0, 1 << 10, 64 << 10, 1 << 20}
	var sent, kept, lost atomic.Int64
	var group sync.WaitGroup
	for client := range 32 {
		transport := &http.Transport{MaxConnsPerHost: 1}
		t.Cleanup(transport.CloseIdleConnections)
		group.Go(func() {
			for i := range 2 * len(forms) * len(sizes) / 4 {
				n := client + i*7 // which meets every form with every size, in another order in each client
				c := loadCase{form: forms[n%len(forms)], size: sizes[(n/len(forms)+i)%len(sizes)]}
				c.key = fmt.Sprintf("/bucket/%s/%d-%d", c.form.name, client, i)
				reused, err := p.load(t, transport, c)
				sent.Add(1)
				if reused {
					kept.Add(1)
				}
				if err != nil && c.form.early && c.size > 0 && isCut(err) {
					lost.Add(1)
				} else if err != nil {
					t.Errorf("%s of %d bytes: %v", c.form.name, c.size, err)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d requests, %d of them on a connection that was used before, %d cut while they were sent", sent.Load(), kept.Load(), lost.Load())
	if kept.Load() < sent.Load()/2 {
		t.Error("too few connections were kept to prove anything")
	}
}

// isCut tells of an error that the connection ended while the request was written: the answer to a body that nobody reads may be lost so.
func isCut(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed)
}

type loadCase struct {
	form uploadForm
	size int
	key  string
}

// load sends one body; the error is what is wrong with the answer, or that there was none.
func (p *plane) load(t testing.TB, transport *http.Transport, c loadCase) (reused bool, err error) {
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "PUT", p.url+c.key, nil)
	if err != nil {
		return false, err
	}
	content := strings.Repeat("0123456789abcdef", c.size/16)
	header, body := c.form.make(t, p, request, content)
	spoilt := c.form.spoil != nil && c.size > 0
	if spoilt {
		body = c.form.spoil(body)
	}
	request.Header, request.ContentLength, request.Body = header, int64(len(body)), io.NopCloser(strings.NewReader(body))
	if body == "" {
		request.Body = http.NoBody // any other of no length would be of unknown length
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return reused, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return reused, err
	}
	status, code, tag := c.form.status, c.form.code, ""
	if c.form.spoil != nil && !spoilt {
		status, code = 200, ""
	}
	if status == 200 {
		tag = `"` + hexOf(content) + c.key + `"`
	}
	if response.StatusCode != status || response.Header.Get("ETag") != tag || code != "" && !strings.Contains(string(answer), "<Code>"+code+"</Code>") {
		return reused, fmt.Errorf("answered %d %q %s, want %d %q %s", response.StatusCode, response.Header.Get("ETag"), answer, status, tag, code)
	}
	return reused, nil
}
