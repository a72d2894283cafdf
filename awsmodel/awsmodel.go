// Package awsmodel knows what AWS requests mean: which operation a request is, and which actions, resources and condition keys must be
// decided before it may run.
//
// It owns the classification of Amazon S3's REST API in path style (other services follow) and the inverse, the canonical request
// of an operation, from which a gateway builds what it forwards: a backend never reads anything that was not classified.
// It also owns the Service Authorization Reference as a table (Reference): every service's actions, resource types and condition keys.
//
// What is not modelled is an error, never skipped: an unknown sub-resource, query parameter or x-amz-* header could change a request's
// meaning, and what it means could then not be decided.
//
// It does not authenticate, decide, or read bodies from a network. Everything is a value in and a value out.
package awsmodel

import "maps"

// Request is an AWS REST request as it came on the wire, without net/http.
type Request struct {
	Method string
	// Path is the percent-encoded path: before any decoding or cleaning, without the query.
	Path string
	// RawQuery is the query as it came, without "?".
	RawQuery string
	// Header holds the headers, names in any case.
	Header map[string][]string
}

// Body says what a request's body is to its operation.
type Body int

const (
	// NoBody: the operation has none, and a request that brings one is not understood.
	NoBody Body = iota
	// StreamBody is content for the backend, of at most MaxBody bytes; it does not change what must be decided.
	StreamBody
	// DocumentBody is XML that is a part of the operation's meaning: read it (at most MaxBody bytes), then call WithDocument.
	DocumentBody
)

// Call is one action on one resource that must be allowed before an operation may run.
type Call struct {
	Action   string // s3:GetObject
	Resource string // an ARN; with "*" for the name when WildcardOnly
	// WildcardOnly: the action has no resource-level permissions, and sentences name no resource.
	WildcardOnly bool
	// Bucket and Key name the resource again, unencoded; empty where the call has none.
	Bucket, Key string
	// ExpectedOwner is the account that the client wants the bucket to belong to; empty: any.
	ExpectedOwner string
	// Keys are the condition keys that the request itself gives this call.
	Keys map[string][]string
}

// Operation is a classified request.
type Operation struct {
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

// Error says what in a request is not understood or not acceptable, with the code that S3 has for it
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Message }

// Request returns the canonical request of the operation: classifying it again gives the same operation.
func (o Operation) Request() Request {
	header := map[string][]string{}
	for name, value := range o.Header {
		header[name] = []string{value}
	}
	return Request{Method: o.Method, Path: o.path(), RawQuery: o.rawQuery(), Header: header}
}

// clone copies what the With… methods change.
func (o Operation) clone() Operation {
	o.Header = maps.Clone(o.Header)
	return o
}
