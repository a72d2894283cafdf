// Package awsmodel knows what AWS requests mean: which operation a request is, and which actions, resources and condition keys must be
// decided before it may run.
//
// It owns the classification of Amazon S3's REST API, in path and virtual-hosted style (ClassifyS3), and of every other service's API
// (Classifier), and the inverse, the canonical request of an operation, from which a gateway builds what it forwards: a backend never reads
// anything that was not classified.
// It also owns the Service Authorization Reference as a table (Reference): every service's actions, resource types and condition keys.
//
// What is not modelled is an error, never skipped: an unknown sub-resource, query parameter or x-amz-* header could change a request's
// meaning, and what it means could then not be decided.
//
// It does not authenticate, decide, or read bodies from a network. Everything is a value in and a value out.
package awsmodel

// Request is an AWS REST request as it came on the wire, without net/http.
type Request struct {
	Method string
	// Host is the Host header, which names the bucket in S3's virtual-hosted style; empty: path style.
	Host string
	// Path is the percent-encoded path: before any decoding or cleaning, without the query.
	Path string
	// RawQuery is the query as it came, without "?".
	RawQuery string
	// Header holds the headers, names in any case.
	Header map[string][]string
	// Body is the whole body where it is a part of the request's meaning: every protocol but S3's. Whoever calls has verified its hash.
	Body []byte
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
	// AnyResource: the request does not say which resource of the kind it is about, or this package cannot tell. Resource is then a pattern that
	// covers all that it may be ("arn:aws:ec2:us-east-1:000000000000:instance/*"): a policy must allow all of them, and a denial of any of them denies.
	AnyResource bool
	// Bucket and Key name the resource again, unencoded; empty where the call has none.
	Bucket, Key string
	// ExpectedOwner is the account that the client wants the bucket to belong to; empty: any.
	ExpectedOwner string
	// Keys are the condition keys that the request itself gives this call.
	Keys map[string][]string
	// TagKeys are the names under which the service tells the tags of this resource, up to the tag's key: "aws:ResourceTag/", "ec2:ResourceTag/".
	TagKeys []string
	// InstanceProfile is set where Action is iam:PassRole and the request names only a profile, by its ARN or its name: what must be allowed is to
	// pass the role that is in it. Resource is then the pattern of every role of the account, for whoever does not know the profile.
	InstanceProfile string
	// RoleName is set where Action is iam:PassRole and the request names the role by its name alone, which leaves its path open. Resource is then the
	// pattern of every role of the account, for whoever does not know the role.
	RoleName string
	// OnlyIfTagged: the call is needed only where the source of the copy has tags, which go with it. Who cannot tell holds it needed.
	OnlyIfTagged bool
	// Forwarded: the service itself makes this call within the request, with the caller's permissions (IAM User Guide, "Forward access sessions").
	Forwarded bool
}

// ErrorKind is what is wrong with a request, for doors that speak a protocol in which the code depends on it.
type ErrorKind int

const (
	// Malformed: the body, query or a header is not in the protocol's form.
	Malformed ErrorKind = iota
	// UnknownOperation: the service has no such operation, or has it not in this protocol or API version.
	UnknownOperation
	// UnknownParameter: a parameter that the operation does not have, is given twice, or has a value of another type.
	UnknownParameter
	// MissingParameter: a required one is not there.
	MissingParameter
	// Undecidable: the operation is known, but not what has to be decided before it may run.
	Undecidable
)

// Error says what in a request is not understood or not acceptable.
type Error struct {
	// Code is S3's (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html); empty where the request is not S3's.
	Code    string
	Kind    ErrorKind // where the request is not S3's
	Message string
	// Detail is what AWS's sentence leaves out: a line, an element. It is for whoever reads the trail.
	Detail string
	// Told are the elements that S3's document has beside its code and sentence; values are the client's own.
	Told []Told
}

// Told is an element of S3's error documents.
type Told struct{ Name, Value string }

func (e *Error) Error() string {
	if e.Detail != "" {
		return e.Message + " (" + e.Detail + ")"
	}
	return e.Message
}
