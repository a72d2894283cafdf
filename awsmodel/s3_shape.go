package awsmodel

import "slices"

// level is what a request's path names.
type level int

const (
	serviceLevel level = iota
	bucketLevel
	objectLevel
)

// shape is one operation of S3's API reference: how a request is recognised, and all that it may carry.
type shape struct {
	name     string
	method   string
	level    level
	selector string // the query parameter without a value that tells the operation from others with the same method and level
	with     string // a query parameter that does so as well, whatever its value
	copies   bool   // x-amz-copy-source tells it
	readOnly bool
	query    []parameter
	headers  []string // ascending
	metadata bool     // x-amz-meta-*
	body     Body
	maxBody  int64
	document *document // where body is DocumentBody
	calls    func(*S3Operation) []Call
	refused  string // why requests are refused, though they are understood; empty: they are not
}

// Limits of request bodies in bytes. 5 GiB is S3's limit for one upload; the documents' limits hold what S3 allows in them (1,000 keys of
// 1,024 bytes, escaped; 10,000 parts; 1,000 lifecycle rules) with room for indentation.
const (
	maxUpload           = 5 << 30
	maxAnnotation       = 1 << 20
	maxDeleteDocument   = 8 << 20
	maxCompleteDocument = 8 << 20
	maxConfiguration    = 2 << 20
	maxSmallDocument    = 64 << 10
)

// Groups of headers that several operations share.
var (
	ownerHeader    = []string{"x-amz-expected-bucket-owner"}
	payerHeader    = []string{"x-amz-expected-bucket-owner", "x-amz-request-payer"}
	checksumHeader = []string{"content-md5", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
		"x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512", "x-amz-checksum-md5",
		"x-amz-checksum-xxhash3", "x-amz-checksum-xxhash64", "x-amz-checksum-xxhash128"}
	objectACLHeader   = []string{"x-amz-acl", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write-acp"}
	aclHeader         = append([]string{"x-amz-grant-write"}, objectACLHeader...)
	customerKeyHeader = []string{"x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key",
		"x-amz-server-side-encryption-customer-key-md5"}
	writeHeader = slices.Concat(payerHeader, objectACLHeader, customerKeyHeader, []string{"cache-control", "content-disposition", "content-encoding",
		"content-language", "content-type", "expires", "x-amz-storage-class", "x-amz-tagging", "x-amz-website-redirect-location",
		"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-context",
		"x-amz-server-side-encryption-bucket-key-enabled", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date",
		"x-amz-object-lock-legal-hold", "x-amz-object-lock-event-hold", "x-amz-object-lock-event-hold-duration-days"})
	matchHeader = []string{"if-match", "if-none-match"}
	readHeader  = slices.Concat(payerHeader, customerKeyHeader, matchHeader, []string{"range", "if-modified-since", "if-unmodified-since",
		"x-amz-checksum-mode"})
	copyHeader = []string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
		"x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since", "x-amz-source-expected-bucket-owner",
		"x-amz-copy-source-server-side-encryption-customer-algorithm", "x-amz-copy-source-server-side-encryption-customer-key",
		"x-amz-copy-source-server-side-encryption-customer-key-md5"}
	preflightHeader = []string{"access-control-request-headers", "access-control-request-method", "origin"}
	deleteHeader    = []string{"x-amz-bypass-governance-retention", "x-amz-mfa"}
)

var (
	readQuery = []parameter{versionID, partNumber, answerHeader("response-cache-control"), answerHeader("response-content-disposition"),
		answerHeader("response-content-encoding"), answerHeader("response-content-language"), answerHeader("response-content-type"),
		answerHeader("response-expires")}
	listQuery     = []parameter{text("prefix"), text("delimiter"), limit("max-keys", negativeKeys), text("encoding-type")}
	versionsQuery = []parameter{text("prefix"), text("delimiter"), limit("max-keys", negativeVersions), text("encoding-type"),
		text("key-marker"), text("version-id-marker")}
)

// shapeKey is what of a request's shape is known without its query.
type shapeKey struct {
	method string
	level  level
	copies bool
}

// shapes are the operations by method and level, those with a selector before the one without.
var shapes = indexShapes(serviceShapes, bucketShapes, configurationShapes(), objectShapes, objectConfigurationShapes)

func indexShapes(tables ...[]shape) map[shapeKey][]*shape {
	index := map[shapeKey][]*shape{}
	for _, table := range tables {
		for _, s := range table { // a copy: the tables stay as they are written
			s.complete()
			key := shapeKey{s.method, s.level, s.copies}
			index[key] = append(index[key], &s)
		}
	}
	for _, list := range index {
		slices.SortStableFunc(list, func(a, b *shape) int { return b.selectors() - a.selectors() })
	}
	return index
}

// selectors counts what tells the operation from others.
func (s *shape) selectors() int {
	n := 0
	for _, name := range []string{s.selector, s.with} {
		if name != "" {
			n++
		}
	}
	return n
}

// complete adds what follows from the rest.
func (s *shape) complete() {
	if s.selector != "" && !slices.ContainsFunc(s.query, func(p parameter) bool { return p.name == s.selector }) {
		s.query = append([]parameter{flag(s.selector)}, s.query...)
	}
	if s.method == "GET" || s.method == "HEAD" || s.method == "OPTIONS" {
		s.readOnly = true
	}
	if s.headers == nil {
		s.headers = ownerHeader
	}
	if s.body != NoBody && s.maxBody < maxUpload {
		s.headers = slices.Concat(s.headers, checksumHeader)
	}
	s.headers = slices.Compact(slices.Sorted(slices.Values(s.headers)))
}

// find returns the shape of a request, or nil.
func find(method string, at level, query map[string]string, copies bool) *shape {
	for _, s := range shapes[shapeKey{method, at, copies}] {
		if (s.selector == "" || has(query, s.selector)) && (s.with == "" || has(query, s.with)) {
			return s
		}
	}
	return nil
}
