package sigv4

import "strconv"

// errChunked is a fault of a body in chunks, which only S3 takes. The words are S3's where it documents any
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func errChunked(code, message string) *Error {
	return &Error{Code: incomplete, Message: message, S3Code: code, S3Message: message}
}

// errPayloadForm refuses the forms that are signed by an asymmetric key (SigV4A), and whatever else is none.
func errPayloadForm(payload string) *Error {
	return errChunked("InvalidRequest", "The payload form "+quote(payload)+" is not supported. Send the body's SHA-256, "+UnsignedPayload+", "+
		StreamingPayload+", "+StreamingPayloadTrailer+" or "+StreamingUnsignedTrailer+".")
}

// errChunkSize is for a chunk that follows a short one. S3 numbers it by the one that follows (https://github.com/versity/versitygw/issues/1683, which
// quotes S3's document).
func errChunkSize(number int, short int64) *Error {
	e := errChunked("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes")
	e.S3Details = []Detail{{"Chunk", strconv.Itoa(number)}, {"BadChunkSize", strconv.FormatInt(short, 10)}}
	return e
}

func errDecodedLength() *Error {
	e := errChunked("IncompleteBody", "The request body does not have the number of bytes specified by the x-amz-decoded-content-length HTTP header")
	e.S3Message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
	return e
}

// errFrame is for chunks that are not framed as they must be. To S3's clients, they ended too early.
func errFrame(words string) *Error {
	e := errChunked("IncompleteBody", "The request body is not well-formed: "+words+".")
	e.S3Message = terminated
	return e
}

const terminated = "The request body terminated unexpectedly"

func errTrailer() *Error {
	return errChunked("MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
