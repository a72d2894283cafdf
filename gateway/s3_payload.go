package gateway

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/sigv4"
)

const streamingPrefix = "STREAMING-"

// payloadHash is what the request says of its payload; presigned URLs and unsigned requests need not say anything.
func payloadHash(r *sigv4.Request) (string, error) {
	hashes := r.Header["X-Amz-Content-Sha256"]
	switch {
	case len(hashes) > 1:
		return "", refusal("InvalidArgument", "x-amz-content-sha256 must be given only once.")
	case len(hashes) == 1:
		return hashes[0], nil
	}
	return sigv4.UnsignedPayload, nil
}

// checkPayloadHash holds x-amz-content-sha256 against the rules of
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html: signed headers need it, a presigned URL signs no payload, and who
// signs nothing cannot sign chunks.
func (x *exchange) checkPayloadHash() error {
	_, given := x.signed.Header["X-Amz-Content-Sha256"]
	hash, presigned := x.signed.PayloadHash, x.authorization != nil && x.authorization.Presigned
	switch {
	case !given && x.authorization != nil && !presigned:
		return refusal("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	case hash == sigv4.UnsignedPayload || hash == sigv4.StreamingUnsignedTrailer && !presigned:
		return nil
	case presigned:
		return refusal("InvalidArgument", "x-amz-content-sha256 of a presigned URL must be UNSIGNED-PAYLOAD.")
	case x.authorization == nil && strings.HasPrefix(hash, streamingPrefix):
		return refusal("InvalidRequest", "Anonymous requests don't support this x-amz-content-sha256 value. "+
			"Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.")
	case hash == sigv4.StreamingPayload || hash == sigv4.StreamingPayloadTrailer || isHexSHA256(hash):
		return nil
	case strings.HasPrefix(hash, streamingPrefix):
		return refusal("InvalidRequest", "Asymmetric signatures (SigV4A) are not supported. x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "+
			"STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
	}
	return withDetails(refusal("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "+
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "+
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value."), "ArgumentName", "x-amz-content-sha256", "ArgumentValue", shown(hash))
}

// body is what the client sends, verified as it is read; nil when the operation has none.
func (x *exchange) body() (*verifiedBody, error) {
	length, framing := x.r.ContentLength, x.operation.Framing
	if framing.Payload != "" {
		var err error
		if length, err = decodedLength(framing.DecodedLength); err != nil {
			return nil, err
		}
	}
	switch {
	case x.operation.Body == awsmodel.NoBody && length != 0:
		return nil, refusal("UnexpectedContent", "This request contains unsupported content.")
	case length < 0:
		return nil, refusal("MissingContentLength", "You must provide the Content-Length HTTP header.")
	case x.operation.Body != awsmodel.NoBody && length > x.operation.MaxBody:
		return nil, refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	payload := x.signed.PayloadHash
	if framing.Payload != "" {
		payload = sigv4.UnsignedPayload
	}
	trailers, err := announced(framing.Trailer)
	if err == nil {
		err = checkAlgorithms(x.operation.Header, trailers)
	}
	if err != nil {
		return nil, err
	}
	body, err := newVerifiedBody(x.sent, length, payload, checksumsOf(x.operation))
	if err != nil {
		return nil, err
	}
	body.sent = x.sent
	if framing.Payload != "" {
		if err := x.unframe(body, framing, trailers, length); err != nil {
			return nil, err
		}
	}
	if err := body.start(); err != nil || x.operation.Body == awsmodel.NoBody {
		return nil, err
	}
	return body, nil
}

// unframe has the body read from its chunks.
func (x *exchange) unframe(body *verifiedBody, framing awsmodel.Framing, trailers []string, length int64) error {
	chunks, err := sigv4.NewChunkReader(x.sent, sigv4.Chunked{
		Payload: framing.Payload, Length: length, Trailers: trailers, Authorization: x.authorization, Key: x.key,
	})
	if err != nil {
		return unreadable(err)
	}
	return body.inChunks(chunks, trailers, x.s3.external())
}

// decodedLength reads x-amz-decoded-content-length.
func decodedLength(text string) (int64, error) {
	if text == "" {
		return 0, refusal("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	length, err := strconv.ParseInt(text, 10, 64)
	if err != nil || length < 0 || strconv.FormatInt(length, 10) != text {
		return 0, refusal("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	return length, nil
}

// announced are the trailers that a request says it has. S3 has none but one checksum.
func announced(header string) ([]string, error) {
	if header == "" {
		return nil, nil
	}
	names := strings.Split(strings.ToLower(header), ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	slices.Sort(names)
	if len(names) > 1 {
		return nil, refusal("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	return names, nil
}

// readWhole reads a body that is a part of the operation's meaning, before anything is decided, and replaces it by its canonical form.
func (x *exchange) readWhole(body *verifiedBody) (*verifiedBody, error) {
	if x.operation.Body != awsmodel.DocumentBody || body == nil {
		return body, nil
	}
	document, err := x.readDocument(body)
	if err != nil {
		return nil, err
	}
	operation, err := x.operation.WithDocument(document)
	if err != nil {
		return nil, x.orNoBucket(x.misread(err))
	}
	x.operation = operation
	return plainBody(x.operation.Document), nil
}

// readDocument reads a body into the memory that there is for such, until the answer is given.
func (x *exchange) readDocument(body *verifiedBody) ([]byte, error) {
	document, taken, err := x.bodies.read(body)
	x.taken += taken
	switch {
	case errors.Is(err, errBusy):
		return nil, refusal("SlowDown", "Please reduce your request rate.")
	case err != nil:
		return nil, bodyError(err)
	}
	return document, nil
}
