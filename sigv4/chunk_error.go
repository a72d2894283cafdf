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

func errChunkSize(number int) *Error {
	return errChunked("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes: chunk "+strconv.Itoa(number)+" has fewer.")
}

func errDecodedLength() *Error {
	return errChunked("IncompleteBody", "The request body does not have the number of bytes specified by the x-amz-decoded-content-length HTTP header")
}

func errTrailer() *Error {
	return errChunked("MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
