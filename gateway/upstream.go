package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

const (
	// dialTime bounds a connection's TCP handshake, and its TLS handshake again.
	dialTime = 5 * time.Second
	// defaultSilence is how long a backend may be silent, unless configured.
	defaultSilence = time.Minute
	// idleTime is how long a connection is kept for the next request: less than the servers that close idle connections soonest (Node.js after
	// 5 s), since a request that meets the closing fails, and may not be sent again when it changes something.
	idleTime = 4 * time.Second
	// idleConnections are kept for so many clients at once.
	idleConnections = 256
	maxAnswerHeader = 256 << 10
)

// placeholder signs for backends that verify nothing, because several of them read service and region from the credential scope.
var placeholder = sigv4.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}

// UpstreamConfig is a server that serves a service behind the gateway, over HTTP.
type UpstreamConfig struct {
	// URL is http or https with a host, and nothing else.
	URL string
	// Region that requests are signed for; empty: the one that the client named.
	Region string
	// Account that everything in the server belongs to: 12 digits.
	Account string
	// Credentials are the server's own; zero: a key that proves nothing.
	Credentials sigv4.Credentials
	// Silence is how long the server may neither take nor send a byte while it is its turn; 0: a minute.
	Silence time.Duration
	Now     func() time.Time // nil: time.Now
}

// Upstream sends requests to one server, signed with its own key. It is safe for concurrent use.
type Upstream struct {
	c         UpstreamConfig
	base      *url.URL
	transport *http.Transport
	reads     *reads
	buffers   *buffers
	signer    sigv4.Signer
}

// NewUpstream makes an Upstream. It does not connect.
func NewUpstream(c UpstreamConfig) (*Upstream, error) {
	base, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("reading a backend's URL: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil || strings.Trim(base.Path, "/") != "" ||
		base.RawQuery != "" || base.Fragment != "" || base.Opaque != "" {
		return nil, fmt.Errorf("reading a backend's URL: %q is not http://HOST[:PORT] or https://HOST[:PORT]", base.Redacted())
	}
	if c.Credentials == (sigv4.Credentials{}) {
		c.Credentials = placeholder
	}
	if c.Silence == 0 {
		c.Silence = defaultSilence
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	buffers, dialer := new(buffers), &net.Dialer{Timeout: min(dialTime, c.Silence)}
	return &Upstream{c: c, base: base, transport: newTransport(dialer, c.Silence, buffers), reads: newReads(dialer, base, c.Silence), buffers: buffers}, nil
}

// newTransport connects without the environment's proxies, which would see the backend's key at work, and leaves bodies as they are: a Transport
// follows no redirect, and this one asks for no compression.
func newTransport(dialer *net.Dialer, silence time.Duration, buffers *buffers) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &impatient{Conn: connection, silence: silence, buffers: buffers}, nil
		},
		TLSHandshakeTimeout: dialTime,
		IdleConnTimeout:     idleTime,
		MaxIdleConnsPerHost: idleConnections,
		DisableCompression:  true,

		MaxResponseHeaderBytes: maxAnswerHeader,
	}
}

// payload is what is signed of a request's body.
type payload struct {
	hash string // hex SHA-256, or for S3 the literal in its place
	// chunked has the body sent in aws-chunked encoding, signed with the server's key where the form is a signed one; nil: as it is.
	chunked *sigv4.Chunked
	trailer func(name string) string // of the body, when it has been read
}

// send signs r for service and sends it; r is the Upstream's from then on. Its method, URL path and query, headers, Body and ContentLength count.
// The answer streams: its body fails when the server ends too early or falls silent. The server's own refusals are answers, not errors.
//
// Nothing is sent twice but requests of which the server has seen no byte, and reads without a body that met a connection being closed
// (http.Transport, and reads). Errors that unsent knows came before the server saw the request.
func (u *Upstream) send(ctx context.Context, r *http.Request, service, region string, p payload) (*http.Response, error) {
	r = r.WithContext(ctx)
	target := *r.URL
	target.Scheme, target.Host, target.Opaque = u.base.Scheme, u.base.Host, ""
	r.URL, r.Host, r.RequestURI = &target, u.base.Host, ""
	dropHopByHop(r.Header)
	if r.ContentLength == 0 {
		r.Body = http.NoBody // any other of no length would be of unknown length
	}
	r.Header.Del("Content-Length") // the Transport writes the ContentLength's own
	r.Header.Set("User-Agent", "openirsa")
	if u.c.Region != "" {
		region = u.c.Region
	}
	signed := &sigv4.Request{Method: r.Method, Path: target.EscapedPath(), RawQuery: target.RawQuery, Host: r.Host, Header: r.Header,
		PayloadHash: p.hash}
	if err := u.signer.Sign(signed, u.c.Credentials, region, service, u.c.Now()); err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	if p.chunked != nil {
		if err := u.encode(r, signed, p); err != nil {
			return nil, fmt.Errorf("asking the backend: %w", err)
		}
	}
	roundTrip := u.transport.RoundTrip
	if u.base.Scheme == "http" && r.Body == http.NoBody && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		roundTrip = u.reads.roundTrip
	}
	response, err := roundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		_ = response.Body.Close()
		return nil, errors.New("asking the backend: it speaks another protocol now, which nobody asked it to")
	}
	return response, nil
}

// encode puts the body into chunks. Signed ones follow from the signature of the request itself.
func (u *Upstream) encode(r *http.Request, signed *sigv4.Request, p payload) (err error) {
	if p.chunked.Payload != sigv4.StreamingUnsignedTrailer {
		if p.chunked.Authorization, err = sigv4.Parse(signed); err != nil {
			return err
		}
		p.chunked.Key = sigv4.SigningKey(u.c.Credentials.SecretAccessKey, p.chunked.Authorization.Scope)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{sigv4.NewChunkEncoder(r.Body, *p.chunked, p.trailer), r.Body}
	return nil
}

// Account is whose everything in the server is.
func (u *Upstream) Account() string { return u.c.Account }

// Region is the one that every request is signed for; "": the one that the client named.
func (u *Upstream) Region() string { return u.c.Region }

// Close ends idle connections.
func (u *Upstream) Close() error {
	u.transport.CloseIdleConnections()
	u.reads.close()
	return nil
}

// unsent tells of an error of send that the server never saw the request.
func unsent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// silent tells of an error that the server was waited for long enough.
func silent(err error) bool {
	var failure net.Error
	return errors.As(err, &failure) && failure.Timeout()
}

// leftBefore is told of a client that is not there for the answer.
const leftBefore = "the client left before the backend answered"

// whyUnanswered tells the trail what an error of send means.
func whyUnanswered(err error) string {
	switch {
	case unsent(err):
		return "the backend could not be reached"
	case silent(err):
		return "the backend did not answer in time; it may have carried the request out"
	}
	return "the backend ended the connection without an answer; it may have carried the request out"
}

// dropHopByHop removes the headers that speak of one connection (RFC 9110, 7.6.1), from requests and answers.
func dropHopByHop(header http.Header) {
	for _, list := range header["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			header.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range [...]string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		delete(header, name)
	}
}

// impatient is a connection that fails when nothing moves on it for too long. What is written puts off the end of the read that waits meanwhile:
// a server that takes a long body answers only after it.
type impatient struct {
	net.Conn
	silence time.Duration
	buffers *buffers
}

// Read implements io.Reader.
func (c *impatient) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements io.Writer.
func (c *impatient) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// ReadFrom implements io.ReaderFrom, by which http.Transport sends bodies.
func (c *impatient) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		return c.buffers.copy(c, r, limited.N)
	}
	return c.buffers.copy(c, r, -1)
}
