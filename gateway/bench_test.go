package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// discard is the client's end of an answer.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// ReadFrom copies with a pooled buffer, as net/http's answer does.
func (d *discard) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// BenchmarkGatewayGet is a session's GetObject of 1 KiB, from the request as net/http hands it over to the answer's last byte: signature, session,
// classification, decision, event, backend. It is without the network. Before the backend that does nothing, it is what the gateway adds.
func BenchmarkGatewayGet(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchmarkGet(b, newPlane(b), nil) })
	b.Run("nothing", func(b *testing.B) {
		content := make([]byte, 1024)
		benchmarkGet(b, newPlane(b), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	})
}

func benchmarkGet(b *testing.B, p *plane, backend http.HandlerFunc) {
	p.fill(b, p.root, "bucket")
	_, err := p.client(p.root).PutObject(b.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("some/key"), Body: strings.NewReader(strings.Repeat("x", 1024))})
	must(b, err)
	credentials := p.session(b, "reader", allow("s3:GetObject", "arn:aws:s3:::bucket/*"), allow("s3:ListBucket", "arn:aws:s3:::bucket"))
	config := gateway.Config{Authenticate: p.sts, Trail: p.events, Origin: origin, Directory: p.directory, Policies: p.directory, S3: p.backend.backend,
		Attributes: gateway.Learned{Records: p.directory}}
	if backend != nil {
		config.S3 = anyBackend{backend}
	}
	door, err := gateway.New(config)
	must(b, err)
	const target = "/bucket/some/key"
	request := httptest.NewRequest("GET", target, nil)
	request.Header.Set("X-Amz-Content-Sha256", emptyHash)
	signed := &sigv4.Request{Method: "GET", Path: target, Host: request.Host, Header: request.Header, PayloadHash: emptyHash}
	must(b, sigv4.Sign(signed, credentials, region, "s3", time.Now()))
	first := httptest.NewRecorder()
	door.ServeHTTP(first, request)
	if first.Code != http.StatusOK {
		b.Fatalf("%d %s", first.Code, first.Body)
	}
	b.ReportAllocs()
	for b.Loop() {
		door.ServeHTTP(&discard{http.Header{}}, request)
	}
}

// BenchmarkGatewayStream is a PutObject of 16 MiB over the network to a server outside, which throws it away: the body's SHA-256 verified, its chunks
// verified, and neither.
func BenchmarkGatewayStream(b *testing.B) {
	const size = 16 << 20
	p, o := newOutsidePlane(b)
	o.become(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	content := make([]byte, size)
	chunked := sigv4.Chunked{Payload: sigv4.StreamingPayload, Length: size}
	for _, payload := range []string{hexOf(string(content)), sigv4.StreamingPayload, sigv4.UnsignedPayload} {
		b.Run(payload[:min(9, len(payload))], func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				request, err := http.NewRequestWithContext(b.Context(), "PUT", p.url+"/bucket/key", bytes.NewReader(content))
				must(b, err)
				if payload == sigv4.StreamingPayload {
					request.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(size))
				}
				signed := &sigv4.Request{Method: "PUT", Path: "/bucket/key", Host: request.URL.Host, Header: request.Header, PayloadHash: payload}
				must(b, sigv4.Sign(signed, p.root, region, "s3", time.Now()))
				if payload == sigv4.StreamingPayload {
					chunked.Authorization, err = sigv4.Parse(signed)
					must(b, err)
					chunked.Key = sigv4.SigningKey(p.root.SecretAccessKey, chunked.Authorization.Scope)
					request.Body = io.NopCloser(sigv4.NewChunkEncoder(bytes.NewReader(content), chunked, nil))
					request.ContentLength = chunked.EncodedLength(0)
				}
				response, err := http.DefaultTransport.RoundTrip(request)
				must(b, err)
				if body := readAll(b, response); response.StatusCode != http.StatusOK {
					b.Fatalf("%d %s", response.StatusCode, body)
				}
			}
		})
	}
}
