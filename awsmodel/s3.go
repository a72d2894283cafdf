package awsmodel

import (
	"fmt"
	"maps"
	"strconv"
)

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
	// Calls must all be allowed. It is empty until WithDocument where Body is DocumentBody.
	Calls   []Call
	Body    Body
	MaxBody int64 // bytes
	// Document is the canonical body after WithDocument.
	Document []byte
	// Delete is what a DeleteObjects document asks for; Calls[i] is for its Keys[i].
	Delete Delete

	partition string
	shape     *shape
}

// Request returns the canonical request of the operation: classifying it again gives the same operation.
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

// ClassifyS3 finds out which S3 operation r is, in path style. partition is that of the resources' ARNs ("aws"). Errors are *Error.
func ClassifyS3(r Request, partition string) (S3Operation, error) {
	bucket, key, err := parsePath(r.Path)
	if err != nil {
		return S3Operation{}, err
	}
	query, hoisted, err := parseQuery(r.RawQuery)
	if err != nil {
		return S3Operation{}, err
	}
	headers, err := lowerHeaders(r.Header, hoisted)
	if err != nil {
		return S3Operation{}, err
	}
	at := objectLevel
	if key == "" {
		at = bucketLevel
	}
	if bucket == "" {
		at = serviceLevel
	}
	name, named := query["x-id"] // SDKs repeat the operation's name in it
	delete(query, "x-id")
	s := find(r.Method, at, query, has(headers, "x-amz-copy-source"))
	if s == nil {
		return S3Operation{}, unknownOperation(r.Method, at)
	}
	if named && name != s.name {
		return S3Operation{}, notUnderstood("InvalidRequest", "the query parameter x-id says %s, but the request is %s", quote(name), s.name)
	}
	return s.operation(bucket, key, query, headers, partition)
}

func (s *shape) operation(bucket, key string, query, headers map[string]string, partition string) (S3Operation, error) {
	if err := s.checkQuery(query); err != nil {
		return S3Operation{}, err
	}
	taken, err := s.takeHeaders(headers)
	if err != nil {
		return S3Operation{}, err
	}
	if s.copies {
		if taken["x-amz-copy-source"], err = parseCopySource(taken["x-amz-copy-source"]); err != nil {
			return S3Operation{}, err
		}
	}
	o := S3Operation{Service: "s3", Name: s.name, ReadOnly: s.readOnly, Method: s.method, Bucket: bucket, Key: key,
		Query: query, Header: taken, Body: s.body, MaxBody: s.maxBody, partition: partition, shape: s}
	if s.calls != nil {
		o.Calls = s.calls(&o)
	}
	return o, nil
}

// notUnderstood makes the refusal of what is not modelled.
func notUnderstood(code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: "The request is not understood: " + fmt.Sprintf(format, arguments...) + "."}
}

func unknownOperation(method string, at level) *Error {
	on := map[level]string{serviceLevel: "the service", bucketLevel: "a bucket", objectLevel: "an object"}[at]
	return &Error{Code: "MethodNotAllowed", Message: fmt.Sprintf("The request is not understood: %s on %s with these parameters.", quote(method), on)}
}

// quote makes text from a request fit for a message: printable, and no longer than a line.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most]
	}
	return strconv.QuoteToASCII(s)
}
