package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/openirsa/openirsa/bench/load"
	"github.com/openirsa/openirsa/bench/servers"
)

// chunkSize is that of the example in AWS's description of aws-chunked:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
const chunkSize = 64 << 10

// maker makes one server's requests, signed by the AWS SDK's signer.
type maker struct {
	address     string
	credentials aws.Credentials
	content     pattern
	hash        string // the content's hex SHA-256, where it is signed
	now         time.Time
}

// requests makes n requests that all differ in their signature: in the key, and in the second in which they say that they were signed,
// of which they have few enough in the past.
func (w workload) requests(ctx context.Context, address string, credentials aws.Credentials, content pattern, n int) ([]load.Request, error) {
	m := maker{address: address, credentials: credentials, content: content, now: time.Now()}
	if w.payload == signed {
		sum := sha256.New()
		for _, piece := range content.pieces(w.size, block) {
			sum.Write(piece)
		}
		m.hash = hex.EncodeToString(sum.Sum(nil))
	}
	made := make([]load.Request, n)
	for i := range made {
		var err error
		if made[i], err = m.request(ctx, w, i%keys, m.now.Add(-time.Duration(i/keys)*time.Second)); err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	return made, nil
}

func (m *maker) request(ctx context.Context, w workload, key int, at time.Time) (load.Request, error) {
	r, err := http.NewRequestWithContext(ctx, w.method, "http://"+m.address+path(w.size, key), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "irsa-bench")
	var hash string
	switch w.payload {
	case noPayload:
		sum := sha256.Sum256(nil)
		hash = hex.EncodeToString(sum[:])
	case signed:
		hash, r.ContentLength = m.hash, int64(w.size)
	case unsigned:
		hash, r.ContentLength = string(unsigned), int64(w.size)
	case chunked:
		hash, r.ContentLength = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunkedLength(w.size)
		r.Header.Set("Content-Encoding", "aws-chunked")
		r.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(w.size))
	}
	r.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(ctx, m.credentials, r, hash, "s3", servers.Region, at); err != nil {
		return nil, err
	}
	request := load.Request{head(r)}
	switch w.payload {
	case signed, unsigned:
		request = append(request, m.content.pieces(w.size, block)...)
	case chunked:
		chunks, err := m.chunks(ctx, r, w.size, at)
		if err != nil {
			return nil, err
		}
		request = append(request, chunks...)
	}
	return request, nil
}

// head is a request as HTTP/1.1 has it, up to its body.
func head(r *http.Request) []byte {
	head := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.EscapedPath(), r.Host)
	for name, values := range r.Header {
		head = fmt.Appendf(head, "%s: %s\r\n", name, values[0])
	}
	if r.ContentLength > 0 {
		head = fmt.Appendf(head, "Content-Length: %d\r\n", r.ContentLength)
	}
	return append(head, "\r\n"...)
}

// chunks is the body of aws-chunked: each chunk's signature goes over the one before, the first one's over the header's.
func (m *maker) chunks(ctx context.Context, r *http.Request, size int, at time.Time) ([][]byte, error) {
	_, text, ok := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	seed, err := hex.DecodeString(text)
	if err != nil || !ok {
		return nil, errors.New("the signed request has no signature")
	}
	// Over a chunk without headers the signer of event streams makes the same string to sign.
	signer := v4.NewStreamSigner(m.credentials, "s3", servers.Region, seed)
	var body [][]byte
	for _, chunk := range slices.Concat(m.content.pieces(size, chunkSize), [][]byte{nil}) { // an empty one is the last
		signature, err := signer.GetSignature(ctx, nil, chunk, at)
		if err != nil {
			return nil, err
		}
		body = append(body, []byte(chunkHead(len(chunk), hex.EncodeToString(signature))), chunk, []byte("\r\n"))
	}
	return body, nil
}

func chunkHead(size int, signature string) string {
	return strconv.FormatInt(int64(size), 16) + ";chunk-signature=" + signature + "\r\n"
}

// chunkedLength is that of the body of aws-chunked.
func chunkedLength(size int) int64 {
	signature := strings.Repeat("0", 2*sha256.Size)
	around := func(length int) int { return len(chunkHead(length, signature)) + len("\r\n") }
	length := size + size/chunkSize*around(chunkSize) + around(0)
	if rest := size % chunkSize; rest > 0 {
		length += around(rest)
	}
	return int64(length)
}

// withSignatureOf is a request that has another one's signature.
func withSignatureOf(request, other load.Request) (load.Request, error) {
	signature := func(head []byte) []byte {
		_, rest, _ := bytes.Cut(head, []byte("Signature="))
		return rest[:min(len(rest), 2*sha256.Size)]
	}
	mine, theirs := signature(request[0]), signature(other[0])
	if len(mine) != 2*sha256.Size || len(theirs) != len(mine) || bytes.Equal(mine, theirs) {
		return nil, errors.New("the signed requests have no two signatures")
	}
	return append(load.Request{bytes.Replace(request[0], mine, theirs, 1)}, request[1:]...), nil
}
