package sigv4

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The payload forms of S3's uploads in chunks, as x-amz-content-sha256 names them
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
const (
	StreamingPayload         = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingPayloadTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

const (
	trailerSignature = "x-amz-trailer-signature"

	// minChunk is the least size of every chunk but the last.
	minChunk = 8 << 10
	// chunkWindow is the longest signed chunk that is held back whole until its signature is verified. Those of AWS's SDKs have 64 or 128 KiB.
	chunkWindow = 128 << 10
	// maxChunkHeader holds a size of 15 digits, the signature and the line's end, and not much more.
	maxChunkHeader = 128
	// maxTrailer bounds all trailing headers together; the longest checksum takes 88 bytes.
	maxTrailer  = 4 << 10
	maxTrailers = 8
)

// Chunked is what a request says about its body in aws-chunked encoding.
type Chunked struct {
	Payload  string   // one of the streaming forms
	Length   int64    // of the content, without the chunks' frames: x-amz-decoded-content-length
	Trailers []string // the names that x-amz-trailer announces, in lower case
	// Authorization and Key verified the request itself, whose signature seeds those of the chunks. An unsigned payload needs neither.
	Authorization *Authorization
	Key           Key
}

// ChunkReader reads the content of a body in aws-chunked encoding: "Transferring Payload in Multiple Chunks" and "Including Trailing Headers" in
// the S3 API Reference (sigv4-streaming, sigv4-streaming-trailers).
//
// No chunk's end is released before its signature is verified; of chunks up to 128 KiB no byte is. io.EOF means that every signature held, that
// the content has its length, that the trailers are those announced, and that nothing follows. Other errors are *Error, or the source's own.
type ChunkReader struct {
	body    Chunked
	source  *bufio.Reader
	signer  *chunkSigner // nil: the payload is not signed
	content hash.Hash    // of a chunk that is too long for the window; nil between
	number  int          // of the current chunk, from 1
	rest    int64        // of the current chunk
	left    int64        // of the content, after the current chunk
	short   int64        // the size of the current chunk, where it may only be the last; else 0
	trailer map[string]string
	err     error
}

// NewChunkReader reads source, a request's whole body. Errors are *Error.
func NewChunkReader(source io.Reader, body Chunked) (*ChunkReader, error) {
	r := &ChunkReader{body: body, left: body.Length}
	switch body.Payload {
	case StreamingPayload:
		if len(body.Trailers) > 0 {
			return nil, errChunked("InvalidRequest", "A body with trailing headers must be announced by an x-amz-content-sha256 that ends in -TRAILER.")
		}
		fallthrough
	case StreamingPayloadTrailer:
		r.signer = newChunkSigner(body.Key, body.Authorization)
	case StreamingUnsignedTrailer:
	default:
		return nil, errPayloadForm(body.Payload)
	}
	if body.Length < 0 || len(body.Trailers) > maxTrailers {
		return nil, errChunked("InvalidArgument", "The headers x-amz-decoded-content-length and x-amz-trailer do not describe a body.")
	}
	window := int64(maxTrailer)
	if r.signer != nil {
		window = max(window, min(body.Length, chunkWindow)+maxChunkHeader)
	}
	r.source = bufio.NewReaderSize(source, int(window))
	return r, nil
}

// Trailer holds the trailing headers by their lower-case names, once Read has returned io.EOF.
func (r *ChunkReader) Trailer() map[string]string { return r.trailer }

// Read implements io.Reader. After an error it only repeats it.
func (r *ChunkReader) Read(p []byte) (n int, err error) {
	if r.err == nil && len(p) > 0 {
		n, r.err = r.read(p)
	}
	return n, r.err
}

func (r *ChunkReader) read(p []byte) (int, error) {
	if r.rest == 0 {
		if err := r.nextChunk(); err != nil {
			return 0, err
		}
	}
	n, err := r.source.Read(p[:min(int64(len(p)), r.rest)])
	r.rest -= int64(n)
	if r.content != nil {
		r.content.Write(p[:n]) // a hash never fails
		if r.rest == 0 {
			if err := r.verifyChunk([sha256.Size]byte(r.content.Sum(nil))); err != nil {
				return 0, err
			}
			r.content = nil
		}
	}
	if err != nil && r.rest > 0 {
		return n, r.broken(err)
	}
	return n, nil
}

// nextChunk reads on to the next chunk's content, or to the end of the body, which is io.EOF.
func (r *ChunkReader) nextChunk() error {
	if r.number > 0 {
		if line, err := r.line(len("\r\n")); err != nil || line != "" {
			return r.malformed(err, "does not end where its size says")
		}
	}
	r.number++
	header, err := r.line(maxChunkHeader)
	if err != nil {
		return r.malformed(err, "has no valid header")
	}
	size, ok := r.parseHeader(header)
	switch {
	case !ok:
		return r.malformed(nil, "has no valid header")
	case size == 0:
		return r.finish()
	case r.short > 0:
		return errChunkSize(r.number, r.short)
	case size > r.left:
		return r.tooLong(size)
	}
	r.rest, r.left, r.short = size, r.left-size, 0
	if size < minChunk {
		r.short = size
	}
	if r.signer == nil {
		return nil
	}
	if size > chunkWindow {
		r.content = sha256.New()
		return nil
	}
	whole, err := r.source.Peek(int(size))
	if err != nil {
		return r.broken(err)
	}
	return r.verifyChunk(sha256.Sum256(whole))
}

// tooLong is for a chunk that goes beyond the content's length, or only seems to: of one that would fit the window S3 tells first that it does not end
// where its size says.
func (r *ChunkReader) tooLong(size int64) error {
	if size <= chunkWindow {
		if _, err := io.CopyN(io.Discard, r.source, size); err != nil {
			return r.broken(err)
		}
		if line, err := r.line(len("\r\n")); err != nil || line != "" {
			return r.malformed(err, "does not end where its size says")
		}
	}
	return errDecodedLength()
}

// parseHeader reads "10000;chunk-signature=<64 hex digits>", and "10000" where the payload is not signed. There are no other extensions.
func (r *ChunkReader) parseHeader(header string) (size int64, ok bool) {
	digits := header
	if r.signer != nil {
		var signature string
		if digits, signature, ok = strings.Cut(header, ";chunk-signature="); !ok || !r.signer.announce(signature) {
			return 0, false
		}
	}
	if digits == "" || len(digits) > 15 { // which an int64 holds
		return 0, false
	}
	for i := range len(digits) {
		if hexValue(digits[i]) < 0 {
			return 0, false
		}
	}
	size, err := strconv.ParseInt(digits, 16, 64)
	return size, err == nil
}

func (r *ChunkReader) verifyChunk(content [sha256.Size]byte) error {
	if !r.signer.verifyChunk(content) {
		return errMismatch()
	}
	return nil
}

// finish reads what follows the content of the last chunk, which is empty. It returns io.EOF where all is as it must be.
func (r *ChunkReader) finish() error {
	if r.left > 0 {
		return errDecodedLength()
	}
	if r.signer != nil {
		if err := r.verifyChunk(sha256.Sum256(nil)); err != nil {
			return err
		}
	}
	if r.body.Payload == StreamingPayload {
		if line, err := r.line(len("\r\n")); err != nil || line != "" {
			return r.malformed(err, "does not end where its size says")
		}
	} else if err := r.readTrailer(); err != nil {
		return err
	}
	switch _, err := r.source.ReadByte(); {
	case err == nil:
		return r.malformed(nil, "was the last, and the body goes on")
	case !errors.Is(err, io.EOF):
		return err
	}
	return io.EOF
}

// readTrailer reads "name:value" lines up to an empty one. Where they are signed, their signature is the last of them; the reference has the lines
// before it end in a line feed, and so have some clients, which then put an empty line before the signature.
func (r *ChunkReader) readTrailer() error {
	r.trailer = map[string]string{}
	var canonical []byte
	left, signed, spaced := maxTrailer, r.signer == nil, false
	for {
		line, err := r.trailerLine(left)
		if err != nil {
			return err
		}
		left -= len(line) + len("\n")
		if line = strings.TrimSuffix(line, "\r"); strings.Contains(line, "\r") { // a line's end to some readers
			return errTrailer()
		}
		name, value, found := strings.Cut(line, ":")
		switch {
		case line == "" && signed:
			return r.completeTrailer()
		case line == "" && !spaced && len(r.trailer) == len(r.body.Trailers):
			spaced = true // the signature follows
			continue
		case !found || signed && r.signer != nil:
			return errTrailer()
		case name == trailerSignature && r.signer != nil:
			if !r.signer.announce(value) || !r.signer.verifyTrailer(canonical) {
				return errMismatch()
			}
			signed = true
			continue
		}
		value = strings.Trim(value, " \t")
		if _, twice := r.trailer[name]; twice || !slices.Contains(r.body.Trailers, name) {
			return errTrailer()
		}
		r.trailer[name] = value
		canonical = append(append(append(append(canonical, name...), ':'), value...), '\n')
	}
}

func (r *ChunkReader) completeTrailer() error {
	if len(r.trailer) != len(r.body.Trailers) {
		return errTrailer()
	}
	return nil
}

// line reads a line that ends in CRLF, of at most limit bytes with it, and returns it without.
func (r *ChunkReader) line(limit int) (string, error) {
	line, err := r.lineFeed(limit)
	if err != nil {
		return "", err
	}
	line, found := strings.CutSuffix(line, "\r")
	if !found {
		return "", errNoLine
	}
	return line, nil
}

// errNoLine: there is no line end where one has to be. It does not leave this file.
var errNoLine = errors.New("not a line")

func (r *ChunkReader) lineFeed(limit int) (string, error) {
	var line []byte
	for len(line) < limit {
		c, err := r.source.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return string(line), nil
		}
		line = append(line, c)
	}
	return "", errNoLine
}

func (r *ChunkReader) trailerLine(limit int) (string, error) {
	line, err := r.lineFeed(limit)
	switch {
	case errors.Is(err, errNoLine):
		return "", errTrailer()
	case err != nil:
		return "", r.broken(err)
	}
	return line, nil
}

// malformed is for a frame that cannot be read; err is why, where reading failed.
func (r *ChunkReader) malformed(err error, words string) error {
	if err != nil && !errors.Is(err, errNoLine) {
		return r.broken(err)
	}
	return errFrame("chunk " + strconv.Itoa(r.number) + " " + words)
}

// broken is for a source that ended too early; its other failures are its own.
func (r *ChunkReader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errChunked("IncompleteBody", terminated)
	}
	return err
}
