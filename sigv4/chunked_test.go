package sigv4

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// documented is the example of the S3 API Reference, "Transferring Payload in Multiple Chunks" (sigv4-streaming), and, with a trailer, of "Including
// Trailing Headers" (sigv4-streaming-trailers): 65 KiB of the letter a, with the signatures printed there. Of the trailer it prints one that does not
// follow from the string to sign beside it; here stands the one that does, and that the tests of AWS's SDK for Rust have (aws-runtime, content_encoding).
func documented(trailer bool) (body Chunked, encoded string) {
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	scope := Scope{Date: "20130524", Region: "us-east-1", Service: "s3"}
	signatures := [4]string{
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	}
	body = Chunked{Payload: StreamingPayload, Length: 66560, Key: SigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope)}
	end := "\r\n"
	if trailer {
		body.Payload, body.Trailers = StreamingPayloadTrailer, []string{"x-amz-checksum-crc32c"}
		signatures = [4]string{
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
			"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
			"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
			"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		}
		end = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
	}
	body.Authorization = &Authorization{Scope: scope, Time: at, Signature: signatures[0]}
	return body, "10000;chunk-signature=" + signatures[1] + "\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=" + signatures[2] + "\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=" + signatures[3] + "\r\n" + end
}

// decodeChunks reads encoded whole.
func decodeChunks(encoded string, body Chunked, wrap func(io.Reader) io.Reader) (content []byte, trailer map[string]string, err error) {
	r, err := NewChunkReader(wrap(strings.NewReader(encoded)), body)
	if err != nil {
		return nil, nil, err
	}
	content, err = io.ReadAll(r)
	return content, r.Trailer(), err
}

func plainly(r io.Reader) io.Reader { return r }

func TestChunkedDocumented(t *testing.T) {
	for _, trailer := range []bool{false, true} {
		body, encoded := documented(trailer)
		for _, wrap := range []func(io.Reader) io.Reader{plainly, iotest.OneByteReader, iotest.DataErrReader} {
			content, trailers, err := decodeChunks(encoded, body, wrap)
			if err != nil || string(content) != strings.Repeat("a", 66560) {
				t.Fatalf("trailer %v: %d bytes, %v", trailer, len(content), err)
			}
			if trailer && !maps.Equal(trailers, map[string]string{"x-amz-checksum-crc32c": "sOO8/Q=="}) {
				t.Errorf("the trailer is %v", trailers)
			}
		}
		encoder := NewChunkEncoder(strings.NewReader(strings.Repeat("a", 66560)), body, func(string) string { return "sOO8/Q==" })
		if again, err := io.ReadAll(encoder); err != nil || string(again) != encoded {
			t.Errorf("trailer %v: encoded as %.90q…, %v", trailer, again, err)
		}
		values := 0
		if trailer {
			values = len("sOO8/Q==")
		}
		if length := body.EncodedLength(values); length != int64(len(encoded)) {
			t.Errorf("trailer %v: the encoded length is %d, want %d", trailer, length, len(encoded))
		}
	}
	if _, encoded := documented(false); len(encoded) != 66824 { // the example's Content-Length
		t.Errorf("the example has %d bytes", len(encoded))
	}
	// Clients that follow the reference to the letter: a line feed after the trailer, then an empty line, then its signature.
	body, encoded := documented(true)
	if _, _, err := decodeChunks(strings.Replace(encoded, "sOO8/Q==\r\n", "sOO8/Q==\n\r\n", 1), body, plainly); err != nil {
		t.Error(err)
	}
}

// TestChunkedSDK reads chunks of many sizes that AWS's SDK for Go signed.
func TestChunkedSDK(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		body, _ := documented(false)
		seed, _ := hex.DecodeString(body.Authorization.Signature)
		signer := v4.NewStreamSigner(aws.Credentials{AccessKeyID: "a", SecretAccessKey: secret}, "s3", "us-east-1", seed)
		var encoded, content bytes.Buffer
		add := func(chunk []byte) {
			signature, err := signer.GetSignature(t.Context(), nil, chunk, body.Authorization.Time)
			if err != nil {
				t.Fatal(err)
			}
			encoded.WriteString(strconv.FormatInt(int64(len(chunk)), 16) + ";chunk-signature=" + hex.EncodeToString(signature) + "\r\n")
			encoded.Write(chunk)
			encoded.WriteString("\r\n")
			content.Write(chunk)
		}
		for range random.IntN(4) {
			add(bytes.Repeat([]byte{byte(random.Uint32())}, minChunk+random.IntN(2*chunkWindow)))
		}
		if random.IntN(2) == 0 {
			add([]byte("a short end"))
		}
		add(nil)
		body.Length = int64(content.Len())
		got, _, err := decodeChunks(encoded.String(), body, plainly)
		if err != nil || !bytes.Equal(got, content.Bytes()) {
			t.Fatalf("%d of %d bytes, %v", len(got), content.Len(), err)
		}
	}
}

func unsignedBody(content string) Chunked {
	return Chunked{Payload: StreamingUnsignedTrailer, Length: int64(len(content)), Trailers: []string{"x-amz-checksum-crc32"}}
}

func TestChunkedUnsigned(t *testing.T) {
	const trailer = "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"
	long := strings.Repeat("b", 9000)
	for _, c := range []struct{ content, encoded string }{
		{"", "0\r\n" + trailer},
		{"hello", "5\r\nhello\r\n0\r\n" + trailer},
		{"hello", "05\r\nhello\r\n00\r\nx-amz-checksum-crc32: AAAAAA== \r\n\r\n"},
		{"hello", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n"},
		{long + "c", "2328\r\n" + long + "\r\n1\r\nc\r\n0\r\n" + trailer},
	} {
		content, trailers, err := decodeChunks(c.encoded, unsignedBody(c.content), plainly)
		if err != nil || string(content) != c.content || trailers["x-amz-checksum-crc32"] != "AAAAAA==" {
			t.Errorf("%.40q: %.20q %v %v", c.encoded, content, trailers, err)
		}
	}
	none := Chunked{Payload: StreamingUnsignedTrailer, Length: 5}
	if content, _, err := decodeChunks("5\r\nhello\r\n0\r\n\r\n", none, plainly); err != nil || string(content) != "hello" {
		t.Errorf("without a trailer: %q, %v", content, err)
	}
}

// TestChunkedRefuses changes a good body in one way each. Whatever the change, the reader must not have given out more of the content than the
// chunks before the change, and none at all of a signed chunk that was changed.
func TestChunkedRefuses(t *testing.T) {
	signed, good := documented(false)
	withTrailer, goodTrailer := documented(true)
	first, rest, _ := strings.Cut(good, "\r\n400;")
	second := "\r\n400;" + strings.Split(rest, "\r\n0;")[0]
	cases := []struct {
		name    string
		body    Chunked
		encoded string
		code    string
		most    int // bytes of content that may come out
	}{
		{"a byte of the first chunk", signed, strings.Replace(good, "aaaa", "aaba", 1), "SignatureDoesNotMatch", 0},
		{"the first chunk's signature", signed, strings.Replace(good, "ad80", "ad81", 1), "SignatureDoesNotMatch", 0},
		{"the second chunk's signature", signed, strings.Replace(good, "0055", "0056", 1), "SignatureDoesNotMatch", 65536},
		{"the last chunk's signature", signed, strings.Replace(good, "b6c6", "b6c7", 1), "SignatureDoesNotMatch", 66560},
		{"a signature in upper case", signed, strings.Replace(good, "ad80c730", "AD80C730", 1), "SignatureDoesNotMatch", 0},
		{"chunks in another order", signed, second[2:] + "\r\n" + first + "\r\n0;" + strings.Split(rest, "\r\n0;")[1], "SignatureDoesNotMatch", 0},
		{"a chunk left out", signed, strings.Replace(good, first+"\r\n", "", 1), "SignatureDoesNotMatch", 0},
		{"a chunk twice", signed, first + "\r\n" + good, "IncompleteBody", 65536},
		{"the end left out", signed, good[:len(good)-4], "IncompleteBody", 66560},
		{"the last chunk left out", signed, strings.Split(good, "0;chunk-signature=b6c6")[0], "IncompleteBody", 66560},
		{"cut in the first chunk", signed, good[:5000], "IncompleteBody", 0},
		{"cut in a header", signed, good[:20], "IncompleteBody", 0},
		{"nothing", signed, "", "IncompleteBody", 0},
		{"a byte after the end", signed, good + "x", "IncompleteBody", 66560},
		{"another body after the end", signed, good + good, "IncompleteBody", 66560},
		{"a trailer that the form does not have", signed, good[:len(good)-2] + "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", "IncompleteBody", 66560},
		{"no signature", signed, strings.Replace(good, ";chunk-signature="+"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", "", 1), "IncompleteBody", 0},
		{"a short signature", signed, strings.Replace(good, "ad80c730", "ad80c73", 1), "IncompleteBody", 0},
		{"a long signature", signed, strings.Replace(good, "ad80c730", "ad80c7300", 1), "IncompleteBody", 0},
		{"another extension", signed, strings.Replace(good, ";chunk-signature=", ";a=b;chunk-signature=", 1), "IncompleteBody", 0},
		{"an extension after the signature", signed, strings.Replace(good, "288648\r", "288648;a=b\r", 1), "IncompleteBody", 0},
		{"a space in the header", signed, strings.Replace(good, "10000;", "10000 ;", 1), "IncompleteBody", 0},
		{"a header without carriage return", signed, strings.Replace(good, "288648\r\n", "288648\n", 1), "IncompleteBody", 0},
		{"a size with a sign", signed, "+" + good, "IncompleteBody", 0},
		{"a size with a prefix", signed, "0x" + good, "IncompleteBody", 0},
		{"no size", signed, good[5:], "IncompleteBody", 0},
		{"a size beyond 64 bits", signed, "ffffffffffff" + good, "IncompleteBody", 0},
		{"a very long header", signed, strings.Repeat("0", 5000) + good, "IncompleteBody", 0},
		{"a smaller size", signed, strings.Replace(good, "10000;", "8000;", 1), "SignatureDoesNotMatch", 0},
		{"a larger size", signed, strings.Replace(good, "10000;", "10001;", 1), "SignatureDoesNotMatch", 0},
		{"a longer content than announced", Chunked{Payload: StreamingPayload, Length: 66559, Authorization: signed.Authorization, Key: signed.Key}, good, "IncompleteBody", 65536},
		{"a shorter content than announced", Chunked{Payload: StreamingPayload, Length: 66561, Authorization: signed.Authorization, Key: signed.Key}, good, "IncompleteBody", 66560},
		{"another key", Chunked{Payload: StreamingPayload, Length: 66560, Authorization: signed.Authorization}, good, "SignatureDoesNotMatch", 0},
		{"another seed", Chunked{Payload: StreamingPayload, Length: 66560, Authorization: withTrailer.Authorization, Key: signed.Key}, good, "SignatureDoesNotMatch", 0},

		{"another checksum", withTrailer, strings.Replace(goodTrailer, "sOO8", "sOO9", 1), "SignatureDoesNotMatch", 66560},
		{"the trailer's signature", withTrailer, strings.Replace(goodTrailer, "d81f", "d82f", 1), "SignatureDoesNotMatch", 66560},
		{"a trailer of another name", withTrailer, strings.Replace(goodTrailer, "checksum-crc32c", "checksum-crc32", 1), "MalformedTrailerError", 66560},
		{"no trailer", withTrailer, strings.Replace(goodTrailer, "x-amz-checksum-crc32c:sOO8/Q==\r\n", "", 1), "SignatureDoesNotMatch", 66560},
		{"no trailer's signature", withTrailer, goodTrailer[:strings.Index(goodTrailer, "x-amz-trailer-s")] + "\r\n", "IncompleteBody", 66560},
		{"a trailer twice", withTrailer, strings.Replace(goodTrailer, "x-amz-checksum", "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-checksum", 1), "MalformedTrailerError", 66560},
		{"a trailer after the signature", withTrailer, goodTrailer[:len(goodTrailer)-2] + "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", "MalformedTrailerError", 66560},
		{"two trailer signatures", withTrailer, goodTrailer[:len(goodTrailer)-2] + "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n", "MalformedTrailerError", 66560},
		{"a trailer that is no header", withTrailer, strings.Replace(goodTrailer, "crc32c:", "crc32c ", 1), "MalformedTrailerError", 66560},
		{"a trailer without end", withTrailer, goodTrailer[:strings.Index(goodTrailer, "x-amz-checksum")] + strings.Repeat("x", 10000), "MalformedTrailerError", 66560},
		{"a trailer cut short", withTrailer, goodTrailer[:len(goodTrailer)-2], "IncompleteBody", 66560},
		{"a byte after the trailer", withTrailer, goodTrailer + "x", "IncompleteBody", 66560},

		{"unsigned: a short chunk before the last", unsignedBody("hello world"), "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "InvalidChunkSizeError", 5},
		{"unsigned: a signature", unsignedBody("hello"), "5;chunk-signature=00\r\nhello\r\n0\r\n\r\n", "IncompleteBody", 0},
		{"unsigned: no trailer", unsignedBody("hello"), "5\r\nhello\r\n0\r\n\r\n", "MalformedTrailerError", 5},
		{"unsigned: another trailer", unsignedBody("hello"), "5\r\nhello\r\n0\r\nx-amz-meta-a:b\r\n\r\n", "MalformedTrailerError", 5},
		{"unsigned: a trailer's signature", unsignedBody("hello"), "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:00\r\n\r\n", "MalformedTrailerError", 5},
		{"unsigned: content beyond the chunk", unsignedBody("hello"), "5\r\nhelloo\r\n0\r\n\r\n", "IncompleteBody", 5},
		{"unsigned: a chunk beyond the content", unsignedBody("hello"), "6\r\nhello!\r\n0\r\n\r\n", "IncompleteBody", 0},
		{"unsigned: a chunk cut short", unsignedBody("hello"), "5\r\nhel", "IncompleteBody", 5},
		{"unsigned: the seven exabytes", unsignedBody("hello"), "7fffffffffffffff\r\nhello\r\n0\r\n\r\n", "IncompleteBody", 0},

		{"an asymmetric signature", Chunked{Payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "", "InvalidRequest", 0},
		{"an asymmetric signature with a trailer", Chunked{Payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"}, "", "InvalidRequest", 0},
		{"a trailer without its form", Chunked{Payload: StreamingPayload, Authorization: signed.Authorization, Trailers: []string{"x-amz-checksum-crc32"}}, "", "InvalidRequest", 0},
		{"a negative length", Chunked{Payload: StreamingUnsignedTrailer, Length: -1}, "", "InvalidArgument", 0},
	}
	for _, c := range cases {
		for _, wrap := range []func(io.Reader) io.Reader{plainly, iotest.OneByteReader} {
			content, _, err := decodeChunks(c.encoded, c.body, wrap)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.S3Code != c.code || refusal.S3Message == "" || len(content) > c.most {
				t.Errorf("%s: %d bytes, %v; want %s after at most %d", c.name, len(content), err, c.code, c.most)
			}
		}
	}
}

// TestChunkedHoldsLongChunks: of a chunk longer than the window, at least the last byte is held back.
func TestChunkedHoldsLongChunks(t *testing.T) {
	body, _ := documented(false)
	body.Length = chunkWindow + 1
	encoded := strconv.FormatInt(body.Length, 16) + ";chunk-signature=" + strings.Repeat("0", 64) + "\r\n" + strings.Repeat("a", int(body.Length)) + "\r\n"
	content, _, err := decodeChunks(encoded, body, plainly)
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.S3Code != "SignatureDoesNotMatch" || int64(len(content)) >= body.Length {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

func TestChunkedBrokenSource(t *testing.T) {
	broken := errors.New("connection reset")
	_, encoded := documented(true)
	for _, cut := range []int{0, 10, 5000, 65700, len(encoded) - 100, len(encoded)} {
		body, _ := documented(true)
		r, err := NewChunkReader(io.MultiReader(strings.NewReader(encoded[:cut]), iotest.ErrReader(broken)), body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, r)
		if _, again := r.Read(make([]byte, 1)); !errors.Is(err, broken) || again != err {
			t.Errorf("cut at %d: %v, then %v", cut, err, again)
		}
	}
}

func TestChunkEncoderShortSource(t *testing.T) {
	body := Chunked{Payload: StreamingUnsignedTrailer, Length: 10}
	if _, err := io.ReadAll(NewChunkEncoder(strings.NewReader("short"), body, nil)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a short source: %v", err)
	}
	if _, err := io.ReadAll(NewChunkEncoder(strings.NewReader("longer than ten"), body, nil)); err == nil {
		t.Error("a long source passes")
	}
	broken := errors.New("the hash is another")
	if _, err := io.ReadAll(NewChunkEncoder(io.MultiReader(strings.NewReader("0123456789"), iotest.ErrReader(broken)), body, nil)); !errors.Is(err, broken) {
		t.Errorf("a source that fails at its end: %v", err)
	}
}

// FuzzChunked: whatever comes, the reader ends in an *Error or has read what its encoder would write again with the same meaning, of the announced
// length, and never more of it than the source can hold.
func FuzzChunked(f *testing.F) {
	for i, trailer := range []bool{false, true} {
		_, encoded := documented(trailer)
		f.Add([]byte(encoded), int64(66560), uint8(i), "x-amz-checksum-crc32c")
	}
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), int64(5), uint8(2), "x-amz-checksum-crc32")
	f.Add([]byte("2328\r\n"+strings.Repeat("b", 9000)+"\r\n1\r\nc\r\n0\r\n\r\n"), int64(9001), uint8(2), "")
	f.Fuzz(func(t *testing.T, encoded []byte, length int64, form uint8, trailer string) {
		body, _ := documented(true)
		body.Payload, body.Length, body.Trailers = [...]string{StreamingPayload, StreamingPayloadTrailer, StreamingUnsignedTrailer}[form%3], length, nil
		if trailer != "" {
			body.Trailers = strings.Split(trailer, ",")
		}
		content, trailers, err := decodeChunks(string(encoded), body, iotest.HalfReader)
		if len(content) > len(encoded) || int64(len(content)) > max(length, 0) {
			t.Fatalf("%d bytes of content from %d, announced as %d", len(content), len(encoded), length)
		}
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.S3Code == "" || refusal.S3Message == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		if int64(len(content)) != length || len(trailers) != len(body.Trailers) {
			t.Fatalf("%d bytes and trailers %v, announced as %d and %q", len(content), trailers, length, body.Trailers)
		}
		values := 0
		for _, value := range trailers {
			values += len(value)
		}
		again, err := io.ReadAll(NewChunkEncoder(bytes.NewReader(content), body, func(name string) string { return trailers[name] }))
		if err != nil || int64(len(again)) != body.EncodedLength(values) {
			t.Fatalf("encoded again as %d bytes, want %d (%v)", len(again), body.EncodedLength(values), err)
		}
		if same, sameTrailers, err := decodeChunks(string(again), body, plainly); err != nil || !bytes.Equal(same, content) || !maps.Equal(sameTrailers, trailers) {
			t.Fatalf("%q was encoded again as %q, which reads as %q %v (%v)", encoded, again, same, sameTrailers, err)
		}
	})
}
