package awsmodel

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// transportHeaders begin with x-amz- and concern the signature or the client, not the operation.
var transportHeaders = []string{"x-amz-date", "x-amz-security-token", "x-amz-user-agent"}

// Headers that tell how the body is sent. streamingPayload begins those values of the first that announce chunks.
const (
	payloadHeader       = "x-amz-content-sha256"
	decodedLengthHeader = "x-amz-decoded-content-length"
	trailerHeader       = "x-amz-trailer"
	streamingPayload    = "STREAMING-"
)

// lowerHeaders joins the request's headers with those of a presigned query, under lower-case names, and takes the framing of the body out.
// A header that comes twice is refused if it means anything to S3: which of the two the backend takes would be a guess.
func lowerHeaders(header map[string][]string, hoisted map[string]string) (map[string]string, Framing, error) {
	lower := map[string]string{}
	maps.Copy(lower, hoisted)
	for name, values := range header {
		if !mayBeSignificant(name) || isTransportHeader(name) {
			continue
		}
		name = strings.ToLower(name)
		if len(values) > 1 && isList(name) {
			values = []string{strings.Join(values, ",")}
		}
		if len(values) != 1 || has(lower, name) {
			if isSignificant(name) {
				return nil, Framing{}, notUnderstood("InvalidRequest", "the header %s is given more than once", quote(name))
			}
			continue
		}
		lower[name] = values[0]
	}
	framing, err := takeFraming(lower)
	return lower, framing, err
}

// mayBeSignificant is false for most headers that mean nothing to S3, without a copy of the name.
func mayBeSignificant(name string) bool {
	const preflight = "access-control-"
	if name == "" {
		return false
	}
	switch name[0] | 0x20 {
	case 'x', 'i', 'c', 'r', 'e', 'o':
		return true
	}
	return len(name) > len(preflight) && strings.EqualFold(name[:len(preflight)], preflight)
}

// isTransportHeader tells transportHeaders, in any case.
func isTransportHeader(name string) bool {
	for _, known := range transportHeaders {
		if len(name) == len(known) && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// isList tells headers that may come several times, as one list, and decide nothing
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
func isList(name string) bool {
	return strings.HasPrefix(name, "x-amz-meta-") || name == "x-amz-object-attributes"
}

// takeFraming removes from lower what belongs to the body's form: a backend gets the content, not the chunks.
func takeFraming(lower map[string]string) (Framing, error) {
	f := Framing{Payload: lower[payloadHeader], DecodedLength: lower[decodedLengthHeader], Trailer: lower[trailerHeader]}
	delete(lower, payloadHeader)
	delete(lower, decodedLengthHeader)
	delete(lower, trailerHeader)
	inChunks := strings.HasPrefix(f.Payload, streamingPayload)
	if !inChunks && f.Trailer != "" {
		return Framing{}, notUnderstood("InvalidRequest", "the header %q of a body that is not sent in chunks", trailerHeader)
	}
	if encoding, ok := lower["content-encoding"]; ok {
		rest, chunked := withoutChunked(encoding)
		switch {
		case chunked && !inChunks:
			return Framing{}, notUnderstood("InvalidArgument", "aws-chunked in %q, of a body that is not signed as one in chunks", "content-encoding")
		case chunked && rest == "":
			delete(lower, "content-encoding")
		case chunked:
			lower["content-encoding"] = rest
		}
	}
	if !inChunks {
		return Framing{}, nil
	}
	return f, nil
}

// withoutChunked removes aws-chunked from a list of content codings: it is the form of the transfer and not stored with the object.
func withoutChunked(encoding string) (rest string, found bool) {
	if !strings.Contains(strings.ToLower(encoding), "aws-chunked") {
		return encoding, false
	}
	var kept []string
	for coding := range strings.SplitSeq(encoding, ",") {
		coding = strings.TrimSpace(coding)
		if coding != "" && !strings.EqualFold(coding, "aws-chunked") {
			kept = append(kept, coding)
		}
	}
	return strings.Join(kept, ","), true
}

// isSignificant reports whether a header can change what an S3 request means, or what its answer is.
func isSignificant(name string) bool {
	return strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "if-") || strings.HasPrefix(name, "content-") ||
		name == "range" || name == "cache-control" || name == "expires"
}

// takeHeaders returns the headers that the operation knows. Others are left behind, but not those that could change its meaning.
func (s *shape) takeHeaders(lower map[string]string) (map[string]string, error) {
	taken := map[string]string{}
	unknown := ""
	for name, value := range lower {
		_, known := slices.BinarySearch(s.headers, name)
		switch {
		case known || s.metadata && isMetadata(name):
			taken[name] = value
		case strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "if-") || name == "content-range":
			if unknown == "" || name < unknown {
				unknown = name
			}
		}
	}
	if strings.HasPrefix(unknown, "x-amz-checksum-") && slices.Contains(s.headers, "x-amz-checksum-crc32") {
		return nil, &Error{Code: "InvalidRequest", Message: "The algorithm type you specified in x-amz-checksum- header is invalid.", Detail: quote(unknown)}
	}
	if unknown != "" {
		return nil, notUnderstood("InvalidRequest", "the header %s of %s", quote(unknown), s.name)
	}
	for name, value := range taken {
		if checkHeader(name, value) != nil { // then the first by name, so that the same request is always refused in the same words
			return nil, firstBadHeader(taken)
		}
	}
	return taken, nil
}

// isMetadata tells the headers that are stored with an object. In a presigned query and in a form their names may hold what no header's name can
// (RFC 9110, 5.1).
func isMetadata(name string) bool {
	const token = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"
	own, found := strings.CutPrefix(name, "x-amz-meta-")
	return found && own != "" && strings.Trim(own, token) == ""
}

func firstBadHeader(taken map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		if err := checkHeader(name, taken[name]); err != nil {
			return err
		}
	}
	return nil
}

// spellings are the values of headers and elements that are condition keys. Policies compare them letter by letter, servers not always: one
// that is a known value but for its case would get past a policy. Any other value is the backend's to judge.
var spellings = map[string][]string{
	"x-amz-acl": {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
		"bucket-owner-full-control", "log-delivery-write"},
	"x-amz-storage-class": {"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
		"OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP"},
	"x-amz-metadata-directive":                        {"COPY", "REPLACE"},
	"x-amz-tagging-directive":                         {"COPY", "REPLACE"},
	"x-amz-object-annotation-directive":               {"COPY", "EXCLUDE"},
	"x-amz-server-side-encryption":                    {"AES256", "aws:kms", "aws:kms:dsse", "aws:fsx"},
	"x-amz-server-side-encryption-customer-algorithm": {"AES256"},
	"x-amz-object-lock-mode":                          {"GOVERNANCE", "COMPLIANCE"},
	"x-amz-object-lock-legal-hold":                    {"ON", "OFF"},
	"x-amz-object-lock-event-hold":                    {"ON", "OFF"},
	"x-amz-object-ownership":                          {"BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"},
	"x-amz-bucket-namespace":                          {"global", "account-regional"},
}

func checkSpelling(name, value string) error {
	for _, known := range spellings[name] {
		if value != known && strings.EqualFold(value, known) {
			return badHeader(name, value)
		}
	}
	return nil
}

func badHeader(name, value string) *Error {
	return notUnderstood("InvalidArgument", "the value %s of the header %s", quote(value), quote(name))
}

// mayBeEmpty lists headers whose empty value decides nothing. Any other empty header is refused: it would be a condition key that is there, to a
// server that sees none.
var mayBeEmpty = []string{"access-control-request-headers", "cache-control", "content-disposition", "content-encoding", "content-language", "content-md5", "content-type", "expires",
	"origin", "x-amz-object-attributes", "x-amz-sdk-checksum-algorithm", "x-amz-tagging"}

func isEmptyable(name string) bool {
	return slices.Contains(mayBeEmpty, name) || strings.HasPrefix(name, "x-amz-meta-") || strings.HasPrefix(name, "x-amz-checksum-")
}

// checkHeader holds a value to its form. Space around it would be lost on the way to a backend; values in presigned queries and forms can have some.
// The error does not tell the value, which may be a secret.
func checkHeader(name, value string) error {
	if hasControl(value) || strings.TrimSpace(value) != value || value == "" && !isEmptyable(name) {
		return notUnderstood("InvalidArgument", "an empty value, space around it or a control character in the header %s", quote(name))
	}
	switch name {
	case "x-amz-object-lock-retain-until-date":
		return checkDate(value)
	case "x-amz-object-lock-event-hold-duration-days":
		bad := func(string) *Error { return badHeader(name, value) }
		if checkLimit(name, value, bad) != nil {
			return bad(value)
		}
	}
	return checkSpelling(name, value)
}

// checkDate accepts what a policy's date operators and every server read alike.
func checkDate(value string) error {
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		return invalidArgument("x-amz-object-lock-retain-until-date", value, "The retain until date must be provided in ISO 8601 format")
	}
	return nil
}

// canonicalHeaders rewrites the headers that have a syntax of their own.
func (o *S3Operation) canonicalHeaders() error {
	if value, ok := o.Header["x-amz-copy-source"]; ok {
		source, err := parseCopySource(value)
		if err != nil {
			return err
		}
		if err := o.options.checkPlain(source.key); err != nil {
			return &Error{Code: "InvalidArgument", Message: "Invalid copy source object key", Detail: quote(source.key)}
		}
		if err := o.options.checkPlainID(source.version); err != nil {
			return err
		}
		o.Header["x-amz-copy-source"] = source.String()
	}
	if strings.Contains(o.Header["range"], ",") { // S3 gives one range, or all (API Reference, GetObject); to some servers each costs another read
		delete(o.Header, "range")
	}
	if value, ok := o.Header["x-amz-tagging"]; ok {
		tags, err := parseTagging(value)
		if err != nil {
			return err
		}
		o.Header["x-amz-tagging"] = tags.String()
	}
	if has(o.Header, "x-amz-object-lock-retain-until-date") && o.options.Now.IsZero() {
		return errNoClock()
	}
	return nil
}

// errNoClock: how long an object would be kept could not be decided.
func errNoClock() *Error {
	return &Error{Code: "InternalError", Message: "We encountered an internal error. Please try again.", Detail: "the time of the request is not known"}
}

// copySource is the object that a copy reads.
type copySource struct{ bucket, key, version string }

// String writes bucket/key?versionId=version in the one canonical way.
func (s copySource) String() string {
	text := s.bucket + "/" + escape(s.key, true)
	if s.version != "" {
		text += versionSeparator + escape(s.version, false)
	}
	return text
}

// versionSeparator parts a copy source's key from its version. It is looked for in the decoded text: that is how S3 and servers like it read it,
// so that in a key of that text they would see a version.
const versionSeparator = "?versionId="

// parseCopySource reads bucket/key or /bucket/key, percent-encoded, with ?versionId= or without. An access point's ARN is not understood, nor is
// a raw "+", which some decode to a space, nor any other raw "?".
func parseCopySource(value string) (copySource, error) {
	bucket, encoded, _ := strings.Cut(strings.TrimPrefix(value, "/"), "/")
	_, bucketErr := decode(bucket, true)
	decoded, err := decode(encoded, true)
	key, version, versioned := strings.Cut(decoded, versionSeparator)
	raw := strings.Replace(encoded, versionSeparator, "", 1)
	switch {
	case bucketErr != nil || err != nil || checkKey(key) != nil:
		return copySource{}, invalidArgument("x-amz-copy-source", value, "Invalid copy source encoding")
	case strings.ContainsAny(raw, "+?") || strings.Contains(strings.ToLower(key+"?"+version), "?versionid="):
		return copySource{}, notUnderstood("InvalidArgument", "the copy source %s with a raw \"+\" or \"?\", or two versions", quote(value))
	case checkBucket(bucket) != nil:
		return copySource{}, invalidArgument("x-amz-copy-source", value, "Invalid copy source bucket name")
	case key == "":
		return copySource{}, invalidArgument("x-amz-copy-source", value, "Invalid copy source object key")
	case versioned && (version == "" || hasControl(version)):
		return copySource{}, &Error{Code: "InvalidArgument", Message: "Invalid version id specified"}
	}
	return copySource{bucket: bucket, key: key, version: version}, nil
}
