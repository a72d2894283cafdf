package sigv4

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strconv"
)

// encodedChunk is the size of the chunks that are made here.
const encodedChunk = 64 << 10

// ChunkEncoder reads content as a body in aws-chunked encoding: the inverse of ChunkReader.
type ChunkEncoder struct {
	body    Chunked
	source  io.Reader
	trailer func(name string) string
	signer  *chunkSigner // nil: the payload is not signed
	content []byte       // of one chunk
	frame   []byte       // what is left of the encoded chunk
	memory  []byte       // of frames
	left    int64
	err     error
}

// NewChunkEncoder encodes source, which has body.Length bytes. trailer gives the values of the trailing headers after source has been read; it is not
// asked where body announces none.
func NewChunkEncoder(source io.Reader, body Chunked, trailer func(name string) string) *ChunkEncoder {
	e := &ChunkEncoder{body: body, source: source, trailer: trailer, left: body.Length, content: make([]byte, min(body.Length, encodedChunk))}
	if body.Payload != StreamingUnsignedTrailer {
		e.signer = newChunkSigner(body.Key, body.Authorization)
	}
	return e
}

// EncodedLength is how long a body is in aws-chunked encoding as ChunkEncoder makes it: its Content-Length. values is the length of all trailing
// headers' values together.
func (c Chunked) EncodedLength(values int) int64 {
	length := c.Length
	frame := func(size int64) int64 {
		header := len(strconv.FormatInt(size, 16)) + len("\r\n")
		if c.Payload != StreamingUnsignedTrailer {
			header += len(";chunk-signature=") + len(hexSignature{})
		}
		return int64(header) + size + int64(len("\r\n"))
	}
	encoded := length / encodedChunk * frame(encodedChunk)
	if rest := length % encodedChunk; rest > 0 {
		encoded += frame(rest)
	}
	encoded += frame(0) + int64(values)
	for _, name := range c.Trailers {
		encoded += int64(len(name) + len(":\r\n"))
	}
	if c.Payload == StreamingPayloadTrailer {
		encoded += int64(len(trailerSignature+":\r\n") + len(hexSignature{}))
	}
	return encoded
}

// Read implements io.Reader. The error of a source that is shorter than it has to be is io.ErrUnexpectedEOF.
func (e *ChunkEncoder) Read(p []byte) (int, error) {
	if len(e.frame) == 0 && e.err == nil {
		e.next()
	}
	if len(e.frame) == 0 {
		return 0, e.err
	}
	n := copy(p, e.frame)
	e.frame = e.frame[n:]
	return n, nil
}

// next encodes the next chunk, or the end.
func (e *ChunkEncoder) next() {
	chunk := e.content[:min(int64(len(e.content)), e.left)]
	if _, err := io.ReadFull(e.source, chunk); err != nil {
		if e.err = err; errors.Is(err, io.EOF) {
			e.err = io.ErrUnexpectedEOF
		}
		return
	}
	e.left -= int64(len(chunk))
	frame := strconv.AppendInt(e.memory[:0], int64(len(chunk)), 16)
	if e.signer != nil {
		e.signer.signChunk(sha256.Sum256(chunk))
		frame = append(append(frame, ";chunk-signature="...), e.signer.previous[:]...)
	}
	frame = append(frame, "\r\n"...)
	if len(chunk) > 0 {
		frame = append(append(frame, chunk...), "\r\n"...)
		e.frame, e.memory = frame, frame
		return
	}
	// The end of the source is read too: one that verifies itself says no more than here that it is whole.
	if n, err := io.ReadFull(e.source, make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		if e.err = err; n > 0 {
			e.err = errors.New("encoding chunks: the content is longer than announced")
		}
		return
	}
	e.frame, e.err = append(e.appendTrailer(frame), "\r\n"...), io.EOF
}

func (e *ChunkEncoder) appendTrailer(frame []byte) []byte {
	if e.body.Payload == StreamingPayload {
		return frame
	}
	var canonical []byte
	for _, name := range slices.Sorted(slices.Values(e.body.Trailers)) {
		line := name + ":" + e.trailer(name)
		canonical = append(append(canonical, line...), '\n')
		frame = append(append(frame, line...), "\r\n"...)
	}
	if e.signer != nil {
		e.signer.signTrailer(canonical)
		frame = append(append(append(frame, trailerSignature+":"...), e.signer.previous[:]...), "\r\n"...)
	}
	return frame
}
