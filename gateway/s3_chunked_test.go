package gateway_test

import (
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/openirsa/openirsa/sigv4"
)

// chunkedUpload is a PUT in aws-chunked encoding as it is signed, for tests to spoil.
type chunkedUpload struct {
	credentials sigv4.Credentials
	target      string
	payload     string
	content     string
	length      string   // x-amz-decoded-content-length; empty: the content's
	trailer     string   // "name:value"; empty: none
	header      []string // signed as well
	spoil       func(encoded string) string
	at          time.Time // zero: now
}

// sendChunks signs u and its chunks, and sends it.
func (p *plane) sendChunks(t testing.TB, u chunkedUpload) (*http.Response, []byte) {
	t.Helper()
	if u.at.IsZero() {
		u.at = time.Now()
	}
	if u.length == "" {
		u.length = strconv.Itoa(len(u.content))
	}
	name, value, _ := strings.Cut(u.trailer, ":")
	host := strings.TrimPrefix(p.url, "http://")
	header := map[string][]string{"Content-Encoding": {"aws-chunked"}, "X-Amz-Decoded-Content-Length": {u.length}}
	body := sigv4.Chunked{Payload: u.payload, Length: int64(len(u.content))}
	if name != "" {
		header["X-Amz-Trailer"] = []string{name}
		body.Trailers = []string{name}
	}
	for _, line := range u.header {
		name, value, _ := strings.Cut(line, ": ")
		header[name] = []string{value}
	}
	path, query, _ := strings.Cut(u.target, "?")
	signed := &sigv4.Request{Method: "PUT", Path: path, RawQuery: query, Host: host, Header: header, PayloadHash: u.payload}
	must(t, sigv4.Sign(signed, u.credentials, region, "s3", u.at))
	authorization, err := sigv4.Parse(signed)
	must(t, err)
	body.Authorization, body.Key = authorization, sigv4.SigningKey(u.credentials.SecretAccessKey, authorization.Scope)
	encoded, err := io.ReadAll(sigv4.NewChunkEncoder(strings.NewReader(u.content), body, func(string) string { return value }))
	must(t, err)
	text := string(encoded)
	if u.spoil != nil {
		text = u.spoil(text)
	}
	var request strings.Builder
	request.WriteString("PUT " + u.target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(text)) + "\r\n")
	must(t, http.Header(signed.Header).Write(&request))
	return p.wire(t, "PUT", request.String()+"\r\n"+text)
}

func crc32Of(content string) string {
	sum := crc32.ChecksumIEEE([]byte(content))
	return base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

func sha256Of(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// TestChunked uploads in every form, to the embedded S3 and to one outside, where the checksum has to arrive as a trailer.
func TestChunked(t *testing.T) {
	embedded := newPlane(t)
	away, outside := newOutsidePlane(t)
	for _, content := range []string{"", "hello", strings.Repeat("0123456789abcdef", 20000)} {
		for i, p := range []*plane{embedded, away} {
			if content == "" {
				p.fill(t, p.root, "bucket")
			}
			for _, u := range []chunkedUpload{
				{payload: sigv4.StreamingPayload},
				{payload: sigv4.StreamingPayloadTrailer, trailer: "x-amz-checksum-sha256:" + sha256Of(content)},
				{payload: sigv4.StreamingUnsignedTrailer, trailer: "x-amz-checksum-crc32:" + crc32Of(content), header: []string{"X-Amz-Sdk-Checksum-Algorithm: CRC32"}},
				{payload: sigv4.StreamingUnsignedTrailer},
				{payload: sigv4.StreamingPayload, header: []string{"Content-Encoding: aws-chunked,gzip", "X-Amz-Checksum-Crc32: " + crc32Of(content)}},
			} {
				u.credentials, u.target, u.content = p.root, "/bucket/key", content
				outside.trailers = nil
				response, body := p.sendChunks(t, u)
				if response.StatusCode != 200 {
					t.Errorf("server %d, %s, %d bytes: %d %s", i, u.payload, len(content), response.StatusCode, body)
					continue
				}
				got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
				must(t, err)
				if stored, err := io.ReadAll(got.Body); err != nil || string(stored) != content || strings.Contains(aws.ToString(got.ContentEncoding), "aws-chunked") {
					t.Errorf("server %d, %s: %d of %d bytes stored, encoding %q, %v", i, u.payload, len(stored), len(content), aws.ToString(got.ContentEncoding), err)
				}
				if want := strings.Replace(u.trailer, ":", "=", 1); i == 1 && strings.Join(outside.trailers, " ") != want {
					t.Errorf("%s: the server got the trailers %q, want %q", u.payload, outside.trailers, want)
				}
			}
		}
	}
}

// TestChunkedSDK has the SDK upload what it cannot read twice, which it sends in chunks with a trailer where the connection is private.
func TestChunkedSDK(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	p.serveTLS(t)
	content := strings.Repeat("stream", 50000)
	_, err := p.client(p.root).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"),
		Body: io.MultiReader(strings.NewReader(content)), ContentLength: aws.Int64(int64(len(content))), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c})
	must(t, err)
	got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	must(t, err)
	if stored, err := io.ReadAll(got.Body); err != nil || string(stored) != content {
		t.Errorf("%d of %d bytes stored, %v", len(stored), len(content), err)
	}
}

// TestHostileChunks spoils uploads in chunks. None may be stored, whatever the server had been sent of it.
func TestHostileChunks(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	p.fill(t, p.foreignRoot, "foreign", "key")
	content := strings.Repeat("a", 150000)
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	frames := func(s string) []string { // two chunks of 64 KiB, one shorter, and the end
		var parts []string
		for range 3 {
			i := strings.Index(s[1:], "\r\n10000;")
			if j := strings.Index(s[1:], "\r\n49f0;"); i < 0 || j >= 0 && j < i {
				i = j
			}
			if j := strings.Index(s[1:], "\r\n0;"); i < 0 {
				i = j
			}
			parts, s = append(parts, s[:i+3]), s[i+3:]
		}
		return append(parts, s)
	}
	wrong := p.root
	wrong.SecretAccessKey = strings.Repeat("A", 40)
	crc := "x-amz-checksum-crc32:" + crc32Of(content)
	signed, trailer, unsigned := sigv4.StreamingPayload, sigv4.StreamingPayloadTrailer, sigv4.StreamingUnsignedTrailer
	cases := []struct {
		name   string
		upload chunkedUpload
		code   string
		status int
	}{
		{"a byte changed", chunkedUpload{payload: signed, spoil: replace("aaaaaaaa", "aaaabaaa")}, "SignatureDoesNotMatch", 403},
		{"the last byte changed", chunkedUpload{payload: signed, spoil: replace("a\r\n0;", "b\r\n0;")}, "SignatureDoesNotMatch", 403},
		{"a chunk's signature changed", chunkedUpload{payload: signed, spoil: func(s string) string {
			i := strings.Index(s, "signature=") + len("signature=")
			return s[:i] + strings.Repeat("0", 64) + s[i+64:]
		}}, "SignatureDoesNotMatch", 403},
		{"the end's signature changed", chunkedUpload{payload: signed, spoil: func(s string) string {
			i := strings.LastIndex(s, "signature=") + len("signature=")
			return s[:i] + strings.Repeat("0", 64) + s[i+64:]
		}}, "SignatureDoesNotMatch", 403},
		{"chunks in another order", chunkedUpload{payload: signed, spoil: func(s string) string {
			f := frames(s)
			return f[1] + f[0] + f[2] + f[3]
		}}, "SignatureDoesNotMatch", 403},
		{"a chunk left out", chunkedUpload{payload: signed, spoil: func(s string) string { f := frames(s); return f[0] + f[2] + f[3] }}, "SignatureDoesNotMatch", 403},
		{"a chunk twice", chunkedUpload{payload: signed, spoil: func(s string) string { f := frames(s); return f[0] + f[0] + f[1] + f[2] + f[3] }}, "SignatureDoesNotMatch", 403},
		{"the end first", chunkedUpload{payload: signed, spoil: func(s string) string { f := frames(s); return f[3] + f[0] + f[1] + f[2] }}, "IncompleteBody", 400},
		{"cut in a chunk", chunkedUpload{payload: signed, spoil: func(s string) string { return s[:1000] }}, "IncompleteBody", 400},
		{"cut between chunks", chunkedUpload{payload: signed, spoil: func(s string) string { f := frames(s); return f[0] + f[1] }}, "IncompleteBody", 400},
		{"no end", chunkedUpload{payload: signed, spoil: func(s string) string { f := frames(s); return f[0] + f[1] + f[2] }}, "IncompleteBody", 400},
		{"the end cut short", chunkedUpload{payload: signed, spoil: func(s string) string { return s[:len(s)-2] }}, "IncompleteBody", 400},
		{"bytes after the end", chunkedUpload{payload: signed, spoil: func(s string) string { return s + "GET / HTTP/1.1\r\n\r\n" }}, "IncompleteBody", 400},
		{"a shorter length announced", chunkedUpload{payload: signed, length: "149999"}, "IncompleteBody", 400},
		{"a longer length announced", chunkedUpload{payload: signed, length: "150001"}, "IncompleteBody", 400},
		{"no length announced", chunkedUpload{payload: signed, length: "-1"}, "MissingContentLength", 411},
		{"a length that is no number", chunkedUpload{payload: signed, length: "15e4"}, "MissingContentLength", 411},
		{"a length in octal", chunkedUpload{payload: signed, length: "0150000"}, "MissingContentLength", 411},
		{"a huge length announced", chunkedUpload{payload: signed, length: "9000000000000"}, "EntityTooLarge", 400},
		{"a plain body", chunkedUpload{payload: signed, spoil: func(string) string { return content }}, "IncompleteBody", 400},
		{"chunks without signatures", chunkedUpload{payload: signed, spoil: func(string) string { return "249f0\r\n" + content + "\r\n0\r\n\r\n" }}, "IncompleteBody", 400},
		{"an extension", chunkedUpload{payload: signed, spoil: replace(";chunk", ";x=y;chunk")}, "IncompleteBody", 400},
		{"a header without end", chunkedUpload{payload: signed, spoil: func(s string) string { return strings.Repeat("0", 100000) + s }}, "IncompleteBody", 400},
		{"a trailer in the form without", chunkedUpload{payload: signed, trailer: crc}, "InvalidRequest", 400},
		{"another secret", chunkedUpload{payload: signed, credentials: wrong}, "SignatureDoesNotMatch", 403},
		{"another's bucket", chunkedUpload{payload: signed, target: "/foreign/key"}, "AccessDenied", 403},
		{"an old signature", chunkedUpload{payload: signed, at: time.Now().Add(-16 * time.Minute)}, "RequestTimeTooSkewed", 403},
		{"an asymmetric signature", chunkedUpload{payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "InvalidRequest", 400},
		{"an asymmetric signature with a trailer", chunkedUpload{payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", trailer: crc}, "InvalidRequest", 400},
		{"a form of tomorrow", chunkedUpload{payload: "STREAMING-AWS5-PAYLOAD"}, "InvalidRequest", 400},
		{"chunks for a copy", chunkedUpload{payload: signed, header: []string{"X-Amz-Copy-Source: bucket/key"}}, "InvalidRequest", 400},
		{"an unsigned header's checksum", chunkedUpload{payload: unsigned, header: []string{"X-Amz-Checksum-Crc32: AAAAAA=="}}, "BadDigest", 400},
		{"another MD5", chunkedUpload{payload: signed, header: []string{"Content-Md5: 1B2M2Y8AsgTpgAmY7PhCfg=="}}, "BadDigest", 400},

		{"another trailer's value", chunkedUpload{payload: trailer, trailer: "x-amz-checksum-crc32:AAAAAA=="}, "BadDigest", 400},
		{"a trailer's value changed", chunkedUpload{payload: trailer, trailer: crc, spoil: replace(crc, "x-amz-checksum-crc32:AAAAAA==")}, "SignatureDoesNotMatch", 403},
		{"a trailer swapped", chunkedUpload{payload: trailer, trailer: crc, spoil: replace("checksum-crc32:", "checksum-crc32c:")}, "MalformedTrailerError", 400},
		{"a trailer left out", chunkedUpload{payload: trailer, trailer: crc, spoil: replace(crc+"\r\n", "")}, "SignatureDoesNotMatch", 403},
		{"a trailer's signature left out", chunkedUpload{payload: trailer, trailer: crc, spoil: func(s string) string {
			return s[:strings.Index(s, "x-amz-trailer-signature")] + "\r\n"
		}}, "IncompleteBody", 400},
		{"a trailer that asks for something", chunkedUpload{payload: trailer, trailer: "x-amz-acl:public-read"}, "InvalidRequest", 400},
		{"a trailer that is no checksum", chunkedUpload{payload: unsigned, trailer: "x-amz-checksum-adler:AAAAAA=="}, "InvalidRequest", 400},
		{"unsigned: another value", chunkedUpload{payload: unsigned, trailer: crc, spoil: replace("aaaaaaaa", "aaaabaaa")}, "BadDigest", 400},
		{"unsigned: a value of another length", chunkedUpload{payload: unsigned, trailer: "x-amz-checksum-crc32:AAAA"}, "InvalidRequest", 400},
		{"unsigned: a trailer left out", chunkedUpload{payload: unsigned, trailer: crc, spoil: replace(crc+"\r\n", "")}, "MalformedTrailerError", 400},
		{"unsigned: one trailer more", chunkedUpload{payload: unsigned, trailer: crc, spoil: replace(crc, crc+"\r\nx-amz-meta-a:b")}, "MalformedTrailerError", 400},
		{"unsigned: two announced", chunkedUpload{payload: unsigned, trailer: crc, header: []string{"X-Amz-Trailer: x-amz-checksum-crc32,x-amz-checksum-sha1"}}, "InvalidRequest", 400},
		{"unsigned: small chunks", chunkedUpload{payload: unsigned, spoil: func(string) string {
			return "1\r\na\r\n249ef\r\n" + content[1:] + "\r\n0\r\n\r\n"
		}}, "InvalidChunkSizeError", 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := c.upload
			u.content = content
			if u.credentials == (sigv4.Credentials{}) {
				u.credentials = p.root
			}
			if u.target == "" {
				u.target = "/bucket/key"
			}
			response, body := p.sendChunks(t, u)
			if code, _ := refused(t, response, body); code != c.code || response.StatusCode != c.status {
				t.Errorf("%d %s, want %d %s", response.StatusCode, body, c.status, c.code)
			}
		})
	}
	got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	must(t, err)
	if stored, _ := io.ReadAll(got.Body); string(stored) != "key" {
		t.Errorf("%d bytes were stored", len(stored))
	}
}

// TestMemory streams 256 MiB in and out through the gateway to a server outside: what it holds does not depend on that.
func TestMemory(t *testing.T) {
	p, o := newOutsidePlane(t)
	const size = 256 << 20
	o.become(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.CopyN(w, zeros{}, size)
	})
	highest := watchHeap(t)
	send := func(method, payload string, body io.Reader, length int64) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, p.url+"/bucket/key", body)
		must(t, err)
		request.ContentLength = length
		request.Header = p.sign(t, request, payload)
		response, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		defer response.Body.Close()
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil || response.StatusCode != 200 || method == "GET" && n != size {
			t.Errorf("%s: %d, %d bytes, %v", method, response.StatusCode, n, err)
		}
	}
	send("PUT", sigv4.UnsignedPayload, io.LimitReader(zeros{}, size), size)
	send("GET", emptyHash, http.NoBody, 0)
	body := sigv4.Chunked{Payload: sigv4.StreamingUnsignedTrailer, Length: size}
	request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", sigv4.NewChunkEncoder(io.LimitReader(zeros{}, size), body, nil))
	must(t, err)
	request.ContentLength = body.EncodedLength(0)
	request.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(size))
	signed := &sigv4.Request{Method: "PUT", Path: "/bucket/key", Host: request.URL.Host, Header: request.Header, PayloadHash: body.Payload}
	must(t, sigv4.Sign(signed, p.root, region, "s3", time.Now()))
	response, err := http.DefaultTransport.RoundTrip(request)
	must(t, err)
	if answer := readAll(t, response); response.StatusCode != 200 {
		t.Errorf("chunks: %d %s", response.StatusCode, answer)
	}
	if most := highest(); most > 64<<20 {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// watchHeap looks at the heap while the test runs; highest ends that.
func watchHeap(t *testing.T) (highest func() uint64) {
	t.Helper()
	runtime.GC()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-ticker.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	return func() uint64 { close(stop); return <-done }
}
