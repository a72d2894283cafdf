package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
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
// classification, decision, event, backend. It is without the network.
func BenchmarkGatewayGet(b *testing.B) {
	p := newPlane(b)
	p.fill(b, p.root, "bucket")
	_, err := p.client(p.root).PutObject(b.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("some/key"), Body: strings.NewReader(strings.Repeat("x", 1024))})
	must(b, err)
	credentials := p.session(b, "reader", allow("s3:GetObject", "arn:aws:s3:::bucket/*"), allow("s3:ListBucket", "arn:aws:s3:::bucket"))
	door, err := gateway.New(gateway.Config{Authenticate: p.sts, Trail: p.events, Origin: origin, Directory: p.directory, Policies: p.directory, S3: p.backend.backend})
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
