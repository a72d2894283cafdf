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
	selector string // the query parameter that tells the operation from others with the same method and level
	copies   bool   // x-amz-copy-source tells it
	readOnly bool
	query    []parameter
	headers  []string
	metadata bool // x-amz-meta-*
	body     Body
	maxBody  int64
	calls    func(*S3Operation) []Call
}

// Limits of request bodies in bytes. 5 GiB is S3's limit for one upload; the documents' limits hold what S3 allows in them (1,000 keys of
// 1,024 bytes, escaped; 10,000 parts) with room for indentation.
const (
	maxUpload           = 5 << 30
	maxDeleteDocument   = 8 << 20
	maxCompleteDocument = 8 << 20
	maxBucketDocument   = 16 << 10
)

// Groups of headers that several operations share.
var (
	ownerHeader    = []string{"x-amz-expected-bucket-owner"}
	checksumHeader = []string{"content-md5", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
		"x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256"}
	contentHeader = []string{"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires",
		"x-amz-storage-class", "x-amz-acl"}
	readHeader = []string{"range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "x-amz-checksum-mode"}
	copyHeader = []string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
		"x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since", "x-amz-source-expected-bucket-owner"}
)

var (
	readQuery = []parameter{number("partNumber", 1, 10000), answerHeader("response-cache-control"),
		answerHeader("response-content-disposition"), answerHeader("response-content-encoding"), answerHeader("response-content-language"),
		answerHeader("response-content-type"), answerHeader("response-expires")}
	listQuery = []parameter{text("prefix"), text("delimiter"), number("max-keys", 0, 1<<31-1), fixed("encoding-type", "url")}
)

// shapes lists the operations, those with a selector before the one without for the same method and level.
// Names, methods and parameters are those of https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html;
// the actions are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.
var shapes = []shape{
	{name: "ListBuckets", method: "GET", level: serviceLevel, readOnly: true, calls: listBucketsCalls,
		query: []parameter{number("max-buckets", 1, 10000), text("prefix"), text("continuation-token")}},

	{name: "CreateBucket", method: "PUT", level: bucketLevel, body: DocumentBody, maxBody: maxBucketDocument,
		headers: checksumHeader},
	{name: "DeleteBucket", method: "DELETE", level: bucketLevel, headers: ownerHeader, calls: onBucket("s3:DeleteBucket")},
	{name: "HeadBucket", method: "HEAD", level: bucketLevel, readOnly: true, headers: ownerHeader, calls: onBucket("s3:ListBucket")},
	{name: "GetBucketLocation", method: "GET", level: bucketLevel, selector: "location", readOnly: true, headers: ownerHeader,
		query: []parameter{flag("location")}, calls: onBucket("s3:GetBucketLocation")},
	{name: "ListMultipartUploads", method: "GET", level: bucketLevel, selector: "uploads", readOnly: true, headers: ownerHeader,
		query: []parameter{flag("uploads"), text("prefix"), text("delimiter"), text("key-marker"), text("upload-id-marker"),
			number("max-uploads", 1, 1<<31-1), fixed("encoding-type", "url")},
		calls: onBucket("s3:ListBucketMultipartUploads")},
	{name: "ListObjectsV2", method: "GET", level: bucketLevel, selector: "list-type", readOnly: true, headers: ownerHeader,
		query: slices.Concat(listQuery, []parameter{required(fixed("list-type", "2")), text("continuation-token"), text("start-after"),
			fixed("fetch-owner", "true", "false")}),
		calls: listCalls},
	{name: "ListObjects", method: "GET", level: bucketLevel, readOnly: true, headers: ownerHeader,
		query: slices.Concat(listQuery, []parameter{text("marker")}), calls: listCalls},
	{name: "DeleteObjects", method: "POST", level: bucketLevel, selector: "delete", body: DocumentBody, maxBody: maxDeleteDocument,
		headers: slices.Concat(ownerHeader, checksumHeader), query: []parameter{flag("delete")}},

	{name: "ListParts", method: "GET", level: objectLevel, selector: "uploadId", readOnly: true, headers: ownerHeader,
		query: []parameter{uploadID, number("max-parts", 1, 1<<31-1), number("part-number-marker", 0, 1<<31-1)},
		calls: onObject("s3:ListMultipartUploadParts")},
	{name: "GetObject", method: "GET", level: objectLevel, readOnly: true, headers: slices.Concat(ownerHeader, readHeader),
		query: readQuery, calls: onObject("s3:GetObject")},
	{name: "HeadObject", method: "HEAD", level: objectLevel, readOnly: true, headers: slices.Concat(ownerHeader, readHeader),
		query: readQuery, calls: onObject("s3:GetObject")},
	{name: "UploadPartCopy", method: "PUT", level: objectLevel, selector: "uploadId", copies: true,
		headers: slices.Concat(ownerHeader, copyHeader, []string{"x-amz-copy-source-range"}),
		query:   []parameter{uploadID, partNumber}, calls: writeCalls},
	{name: "UploadPart", method: "PUT", level: objectLevel, selector: "uploadId", headers: slices.Concat(ownerHeader, checksumHeader),
		query: []parameter{uploadID, partNumber}, body: StreamBody, maxBody: maxUpload, calls: writeCalls},
	{name: "CopyObject", method: "PUT", level: objectLevel, copies: true, metadata: true,
		headers: slices.Concat(ownerHeader, copyHeader, contentHeader, []string{"x-amz-metadata-directive", "x-amz-checksum-algorithm"}),
		calls:   writeCalls},
	{name: "PutObject", method: "PUT", level: objectLevel, metadata: true, body: StreamBody, maxBody: maxUpload,
		headers: slices.Concat(ownerHeader, contentHeader, checksumHeader, []string{"if-match", "if-none-match"}), calls: writeCalls},
	{name: "AbortMultipartUpload", method: "DELETE", level: objectLevel, selector: "uploadId", headers: ownerHeader,
		query: []parameter{uploadID}, calls: onObject("s3:AbortMultipartUpload")},
	{name: "DeleteObject", method: "DELETE", level: objectLevel, headers: ownerHeader, calls: onObject("s3:DeleteObject")},
	{name: "CreateMultipartUpload", method: "POST", level: objectLevel, selector: "uploads", metadata: true,
		headers: slices.Concat(ownerHeader, contentHeader, []string{"x-amz-checksum-algorithm", "x-amz-checksum-type"}),
		query:   []parameter{flag("uploads")}, calls: writeCalls},
	{name: "CompleteMultipartUpload", method: "POST", level: objectLevel, selector: "uploadId",
		headers: slices.Concat(ownerHeader, []string{"content-md5", "if-match", "if-none-match"}),
		query:   []parameter{uploadID}, body: StreamBody, maxBody: maxCompleteDocument, calls: writeCalls},
}

// find returns the shape of a request, or nil.
func find(method string, at level, query map[string]string, copies bool) *shape {
	for i := range shapes {
		s := &shapes[i]
		_, selected := query[s.selector]
		if s.method == method && s.level == at && s.copies == copies && (s.selector == "" || selected) {
			return s
		}
	}
	return nil
}
