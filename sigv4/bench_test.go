package sigv4

import (
	"io"
	"strings"
	"testing"
	"time"
)

// getObject is a small GET of S3 as AWS's SDK for Go v2 sends it.
func getObject() *Request {
	return &Request{
		Method: "GET", Path: "/bucket/some/key", RawQuery: "x-id=GetObject", Host: "localhost:4566",
		Header: map[string][]string{
			"Accept-Encoding": {"identity"}, "Amz-Sdk-Invocation-Id": {"7f1d94a1-6a2e-4b5c-8a9e-0a2b3c4d5e6f"}, "Amz-Sdk-Request": {"attempt=1; max=3"},
			"User-Agent": {"aws-sdk-go-v2/1.41.0 os/linux lang/go#1.26 md/GOOS#linux api/s3#1.90"}, "X-Amz-Checksum-Mode": {"ENABLED"},
		},
		PayloadHash: hashOf(""),
	}
}

func benchmarkVerify(b *testing.B, r *Request, verify func(*Request, *Authorization) error) {
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := verify(r, a); err != nil {
			b.Fatal(err)
		}
	}
}

func signedGet(b *testing.B) *Request {
	r, c := getObject(), credentials
	c.SessionToken = strings.Repeat("t", 700)
	if err := Sign(r, c, "eu-west-1", "s3", noon); err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkVerify derives the signing key each time; BenchmarkVerifier finds it.
func BenchmarkVerify(b *testing.B) {
	benchmarkVerify(b, signedGet(b), func(r *Request, a *Authorization) error { return Verify(r, a, credentials.SecretAccessKey, noon) })
}

func BenchmarkVerifier(b *testing.B) {
	var v Verifier
	benchmarkVerify(b, signedGet(b), func(r *Request, a *Authorization) error {
		_, err := v.Verify(r, a, credentials.SecretAccessKey, noon)
		return err
	})
}

func BenchmarkVerifierPresigned(b *testing.B) {
	var v Verifier
	r := getObject()
	r.PayloadHash = UnsignedPayload
	query, err := Presign(r, credentials, "eu-west-1", "s3", noon, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	r.RawQuery = query
	benchmarkVerify(b, r, func(r *Request, a *Authorization) error {
		_, err := v.Verify(r, a, credentials.SecretAccessKey, noon)
		return err
	})
}

// BenchmarkSign derives the signing key each time; BenchmarkSigner finds it.
func BenchmarkSign(b *testing.B) { benchmarkSign(b, Sign) }

func BenchmarkSigner(b *testing.B) { benchmarkSign(b, new(Signer).Sign) }

func benchmarkSign(b *testing.B, sign func(r *Request, c Credentials, region, service string, at time.Time) error) {
	r := getRequest()
	b.ReportAllocs()
	for b.Loop() {
		if err := sign(r, credentials, "eu-west-1", "s3", noon); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChunked reads 1 MiB in chunks of 64 KiB.
func BenchmarkChunked(b *testing.B) {
	for _, payload := range []string{StreamingPayload, StreamingUnsignedTrailer} {
		b.Run(payload, func(b *testing.B) {
			body, _ := documented(false)
			body.Payload, body.Length = payload, 1<<20
			encoded, err := io.ReadAll(NewChunkEncoder(strings.NewReader(strings.Repeat("a", 1<<20)), body, nil))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewChunkReader(strings.NewReader(string(encoded)), body)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); n != 1<<20 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
