package services

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rclone/gofakes3"
)

// implementedQuery and implementedHeader are what requests may carry, in lower case. gofakes3 leaves much else unread, and what is left unread
// would not have been done: a version that was asked for, an encryption, a lock.
var (
	implementedQuery = []string{"attributes", "continuation-token", "delete", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type",
		"location", "marker", "max-buckets", "max-keys", "max-parts", "max-uploads", "part-number-marker", "partnumber", "prefix",
		"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
		"response-content-type", "response-expires", "start-after", "tagging", "upload-id-marker", "uploadid", "uploads", "x-id"}
	// readQuery is what may be read only: the versions of buckets that have none, and what nobody can have configured, which gofakes3 answers as S3
	// does then.
	readQuery = []string{"cors", "encryption", "lifecycle", "object-lock", "publicaccessblock", "replication", "version-id-marker", "versioning",
		"versions", "website"}
	implementedHeader = []string{"x-amz-acl", "x-amz-api-version", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-copy-source-if-match",
		"x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-unmodified-since",
		"x-amz-copy-source-range", "x-amz-date", "x-amz-decoded-content-length", "x-amz-expected-bucket-owner", "x-amz-max-parts",
		"x-amz-metadata-directive", "x-amz-object-attributes", "x-amz-object-ownership", "x-amz-optional-object-attributes",
		"x-amz-part-number-marker", "x-amz-request-payer", "x-amz-sdk-checksum-algorithm", "x-amz-security-token",
		"x-amz-source-expected-bucket-owner", "x-amz-storage-class", "x-amz-tagging", "x-amz-tagging-directive", "x-amz-trailer", "x-amz-user-agent"}
	implementedChecksums = []string{"algorithm", "crc32", "crc32c", "crc64nvme", "mode", "sha1", "sha256", "type"}
	// immediateClasses are the storage classes whose objects can be read at once; those of an archive would have to be restored first.
	immediateClasses = []string{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"}
)

func notImplemented() error {
	return refusal(http.StatusNotImplemented, "NotImplemented", words["NotImplemented"].message)
}

// checkImplemented refuses what this S3 does not do.
func checkImplemented(r *http.Request, key string) error {
	query := r.URL.Query()
	for name, values := range query {
		lower := strings.ToLower(name)
		nullVersion := lower == "versionid" && len(values) == 1 && values[0] == "null" // what an object has without versioning
		read := slices.Contains(readQuery, lower) && r.Method == http.MethodGet && key == ""
		if !slices.Contains(implementedQuery, lower) && !read && !nullVersion && !strings.HasPrefix(lower, "x-amz-") {
			return notImplemented()
		}
	}
	if query.Has("tagging") && key == "" && r.Method != http.MethodGet {
		return notImplemented()
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		algorithm, checksum := strings.CutPrefix(lower, "x-amz-checksum-")
		known := slices.Contains(implementedHeader, lower) || strings.HasPrefix(lower, "x-amz-meta-") || checksum && slices.Contains(implementedChecksums, algorithm)
		if strings.HasPrefix(lower, "x-amz-") && !known || r.Method == http.MethodDelete && strings.HasPrefix(lower, "if-") {
			return notImplemented()
		}
	}
	return checkValues(r, key)
}

// checkValues refuses values of headers that would ask for more than is done.
func checkValues(r *http.Request, key string) error {
	_, version, versioned := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?")
	acl := r.Header.Get("X-Amz-Acl")
	class := r.Header.Get("X-Amz-Storage-Class")
	switch {
	case versioned && version != "versionId=null":
		return notImplemented()
	case acl != "" && acl != "bucket-owner-full-control" && (acl != "private" || key != ""):
		// What "bucket owner enforced" accepts, the object ownership of every new bucket
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
		return refusal(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	case class != "" && !slices.Contains(immediateClasses, class):
		return refusal(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid")
	}
	if ownership := r.Header.Get("X-Amz-Object-Ownership"); ownership != "" && ownership != "BucketOwnerEnforced" {
		return notImplemented()
	}
	return nil
}

// maxDocument holds a Delete document of a thousand keys.
const maxDocument = 8 << 20

// checkDocument refuses documents that ask for what gofakes3 would leave unread: conditions and versions of objects to delete, tags of a bucket.
func (b *body) checkDocument(r *http.Request, key string) error {
	deletes := r.Method == http.MethodPost && r.URL.Query().Has("delete")
	if key != "" || !deletes && r.Method != http.MethodPut {
		return nil
	}
	document, err := io.ReadAll(io.LimitReader(b, maxDocument+1))
	if err != nil {
		return err
	}
	if len(document) > maxDocument {
		return gofakes3.ErrMalformedXML
	}
	b.ReadCloser = io.NopCloser(bytes.NewReader(document))
	var asked struct {
		Object []struct {
			VersionID              string `xml:"VersionId"`
			ETag, LastModifiedTime string
			Size                   string
		}
		Tags struct{ Tag []struct{} }
	}
	if err := xml.Unmarshal(document, &asked); err != nil {
		return nil // gofakes3 says what is wrong with it
	}
	for _, object := range asked.Object {
		if object.VersionID != "" && object.VersionID != "null" || object.ETag+object.LastModifiedTime+object.Size != "" {
			return notImplemented()
		}
	}
	if len(asked.Tags.Tag) > 0 {
		return notImplemented()
	}
	return nil
}
