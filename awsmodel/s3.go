package awsmodel

import (
	"fmt"
	"strconv"
)

// ClassifyS3 finds out which S3 operation r is, in path style. partition is that of the resources' ARNs ("aws"). Errors are *Error.
func ClassifyS3(r Request, partition string) (Operation, error) {
	bucket, key, err := parsePath(r.Path)
	if err != nil {
		return Operation{}, err
	}
	query, hoisted, err := parseQuery(r.RawQuery)
	if err != nil {
		return Operation{}, err
	}
	headers, err := lowerHeaders(r.Header, hoisted)
	if err != nil {
		return Operation{}, err
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
		return Operation{}, unknownOperation(r.Method, at)
	}
	if named && name != s.name {
		return Operation{}, notUnderstood("InvalidRequest", "the query parameter x-id says %s, but the request is %s", quote(name), s.name)
	}
	return s.operation(bucket, key, query, headers, partition)
}

func (s *shape) operation(bucket, key string, query, headers map[string]string, partition string) (Operation, error) {
	if err := s.checkQuery(query); err != nil {
		return Operation{}, err
	}
	taken, err := s.takeHeaders(headers)
	if err != nil {
		return Operation{}, err
	}
	if s.copies {
		if taken["x-amz-copy-source"], err = parseCopySource(taken["x-amz-copy-source"]); err != nil {
			return Operation{}, err
		}
	}
	o := Operation{Service: "s3", Name: s.name, ReadOnly: s.readOnly, Method: s.method, Bucket: bucket, Key: key,
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
