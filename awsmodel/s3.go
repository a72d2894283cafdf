package awsmodel

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// S3Options say how requests of S3 are read.
type S3Options struct {
	// Partition is that of the resources' ARNs; empty: aws.
	Partition string
	// Domains are the host names under which a bucket may be the first labels of a request's host: "s3.localhost" makes
	// bucket.s3.localhost virtual-hosted. In lower case, without ports. A host under none of them is read in path style.
	Domains []string
	// Now is the time of the request, for s3:object-lock-remaining-retention-days. Where it is zero, requests that would give that key are refused.
	Now time.Time
	// PlainKeys refuses keys, and prefixes of listings, that begin with a slash or hold an empty, "." or ".." segment, ids of versions and uploads that
	// are no plain file names, and buckets of which serversOwn tells. On S3 they are names like any other; a server that keeps objects in a file system,
	// or cleans paths as web servers do, takes them for the names of others.
	PlainKeys bool
}

// S3Operation is a classified request of S3, whose bodies stream.
type S3Operation struct {
	Service  string // s3
	Name     string // as in the API reference and CloudTrail: ListObjectsV2
	ReadOnly bool
	Method   string
	Bucket   string
	Key      string // decoded; empty: an operation on a bucket or on the service
	// Query holds the operation's own parameters, decoded; those of a presigned signature and x-id are not in it.
	Query map[string]string
	// Header holds the headers that mean something to the operation, under lower-case names.
	Header map[string]string
	// Calls must all be allowed. It is empty until WithDocument where Body is DocumentBody. The first call of a copy reads its source.
	Calls   []Call
	Body    Body
	MaxBody int64 // bytes
	// Document is the canonical body after WithDocument.
	Document []byte
	// Delete is what a DeleteObjects document asks for.
	Delete Delete
	// Framing is how this request's body is wrapped, and is no part of the canonical request.
	Framing Framing
	// Preflight: a browser asks which origins may use the bucket. It needs no permission and has no Calls, and its signature,
	// if any, is not its own: the bucket's CORS configuration is the whole answer.
	Preflight bool

	options S3Options
	shape   *shape
}

// Framing is how a body is sent in aws-chunked form (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html). The operation's
// content is what the chunks hold; neither the form nor its headers are passed on.
type Framing struct {
	// Payload is the form, x-amz-content-sha256 as it was sent: STREAMING-AWS4-HMAC-SHA256-PAYLOAD. Empty: the body is not in chunks.
	Payload       string
	DecodedLength string // x-amz-decoded-content-length as it was sent, unread
	Trailer       string // x-amz-trailer as it was sent, unread
}

// Request returns the canonical request of the operation, in path style: classifying it again gives the same operation, but for the Framing.
func (o S3Operation) Request() Request {
	header := map[string][]string{}
	for name, value := range o.Header {
		header[name] = []string{value}
	}
	return Request{Method: o.Method, Path: o.path(), RawQuery: o.rawQuery(), Header: header}
}

// clone copies what the With… methods change.
func (o S3Operation) clone() S3Operation {
	o.Header = maps.Clone(o.Header)
	return o
}

// ClassifyS3 finds out which S3 operation r is. Errors are *Error.
func ClassifyS3(r Request, options S3Options) (S3Operation, error) {
	bucket, key, err := locate(r.Host, r.Path, options.Domains)
	if err != nil {
		return S3Operation{}, err
	}
	at := levelOf(bucket, key)
	if r.Method == "OPTIONS" {
		return classifyPreflight(at, bucket, key, r.Header, options)
	}
	query, err := parseQuery(r.RawQuery)
	if err != nil {
		return S3Operation{}, err
	}
	headers, framing, err := lowerHeaders(r.Header, query.hoisted)
	if err != nil {
		return S3Operation{}, err
	}
	copies := has(headers, "x-amz-copy-source")
	s := find(r.Method, at, query.own, copies)
	switch {
	case s == nil && copies:
		return S3Operation{}, &Error{Code: "InvalidArgument", Message: "You can only specify a copy source header for copy requests."}
	case s == nil:
		return S3Operation{}, unknownOperation(r.Method, at)
	case s.refused != "":
		return S3Operation{}, &Error{Code: "NotImplemented", Message: "A header or query parameter you provided implies functionality that is not implemented.",
			Detail: s.name + ": " + s.refused}
	case query.named && query.id != s.name:
		return S3Operation{}, notUnderstood("InvalidRequest", "the query parameter x-id says %s, but the request is %s", quote(query.id), s.name)
	}
	o, err := s.operation(bucket, key, query.own, headers, options)
	if err != nil {
		return S3Operation{}, err
	}
	return o.framed(framing)
}

func levelOf(bucket, key string) level {
	switch {
	case bucket == "":
		return serviceLevel
	case key == "":
		return bucketLevel
	}
	return objectLevel
}

func (s *shape) operation(bucket, key string, query, headers map[string]string, options S3Options) (S3Operation, error) {
	if err := s.checkQuery(query); err != nil {
		return S3Operation{}, err
	}
	taken, err := s.takeHeaders(headers)
	if err != nil {
		return S3Operation{}, err
	}
	if options.Partition == "" {
		options.Partition = "aws"
	}
	o := S3Operation{Service: "s3", Name: s.name, ReadOnly: s.readOnly, Method: s.method, Bucket: bucket, Key: key,
		Query: query, Header: taken, Body: s.body, MaxBody: s.maxBody, options: options, shape: s}
	if err := o.canonicalHeaders(); err != nil {
		return S3Operation{}, err
	}
	if err := o.checkPlain(); err != nil {
		return S3Operation{}, err
	}
	if s.calls != nil {
		o.Calls = s.calls(&o)
	}
	return o, nil
}

// classifyPreflight reads a CORS preflight (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html). The query is the announced
// request's, and means nothing to this one.
func classifyPreflight(at level, bucket, key string, header map[string][]string, options S3Options) (S3Operation, error) {
	s := find("OPTIONS", at, nil, false)
	if s == nil {
		return S3Operation{}, unknownOperation("OPTIONS", at)
	}
	headers, _, err := lowerHeaders(header, nil)
	if err != nil {
		return S3Operation{}, err
	}
	kept := map[string]string{}
	for _, name := range s.headers {
		if value, ok := headers[name]; ok {
			kept[name] = value
		}
	}
	o, err := s.operation(bucket, key, map[string]string{}, kept, options)
	o.Preflight = err == nil
	return o, err
}

// framed notes how the body is wrapped, where the operation has a body that may be.
func (o S3Operation) framed(f Framing) (S3Operation, error) {
	if f == (Framing{}) {
		return o, nil
	}
	if o.Body != StreamBody {
		return S3Operation{}, notUnderstood("InvalidRequest", "%s has no body that could be sent in chunks", o.Name)
	}
	o.Framing = f
	return o, nil
}

// notUnderstood makes the refusal of what is not modelled.
func notUnderstood(code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: "The request is not understood: " + fmt.Sprintf(format, arguments...) + "."}
}

func unknownOperation(method string, at level) *Error {
	on := map[level]string{serviceLevel: "the service", bucketLevel: "a bucket", objectLevel: "an object"}[at]
	return &Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
		Detail: fmt.Sprintf("%s on %s with these parameters", quote(method), on)}
}

// quote makes text from a request fit for a message: printable, and no longer than a line.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most]
	}
	return strconv.QuoteToASCII(s)
}

// locate finds the bucket and key in a request's host and path
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
func locate(host, path string, domains []string) (bucket, key string, err error) {
	bucket = hostedBucket(host, domains)
	if bucket == "" {
		return parsePath(path)
	}
	if err := checkBucket(bucket); err != nil {
		return "", "", err
	}
	key, err = parseKey(path)
	return bucket, key, err
}

// hostedBucket is what stands before the longest of domains that the host is under; empty where there is nothing.
func hostedBucket(host string, domains []string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	bucket, longest := "", 0
	for _, domain := range domains {
		switch {
		case len(domain) <= longest:
		case host == domain:
			bucket, longest = "", len(domain)
		case strings.HasSuffix(host, "."+domain):
			bucket, longest = host[:len(host)-len(domain)-1], len(domain)
		}
	}
	return bucket
}
