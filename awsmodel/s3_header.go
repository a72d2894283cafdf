package awsmodel

import (
	"maps"
	"slices"
	"strings"
)

// transportHeaders begin with x-amz- and concern the signature or the client, not the operation.
var transportHeaders = []string{"x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent"}

// immediateClasses are the storage classes whose objects can be read at once; those of an archive would have to be restored first.
var immediateClasses = []string{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"}

// lowerHeaders joins the request's headers with those of a presigned query, under lower-case names. A header that comes twice is
// refused if it means anything to S3: which of the two the backend takes would be a guess.
func lowerHeaders(header map[string][]string, hoisted map[string]string) (map[string]string, error) {
	lower := maps.Clone(hoisted)
	for name, values := range header {
		name = strings.ToLower(name)
		if slices.Contains(transportHeaders, name) {
			continue
		}
		if len(values) != 1 || has(lower, name) {
			if isSignificant(name) {
				return nil, notUnderstood("InvalidRequest", "the header %s is given more than once", quote(name))
			}
			continue
		}
		lower[name] = values[0]
	}
	return lower, nil
}

// isSignificant reports whether a header can change what an S3 request means, or what its answer is.
func isSignificant(name string) bool {
	return strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "if-") || strings.HasPrefix(name, "content-") ||
		name == "range" || name == "cache-control" || name == "expires"
}

// takeHeaders returns the headers that the operation knows. Others are left behind, but not those that could change its meaning.
func (s *shape) takeHeaders(lower map[string]string) (map[string]string, error) {
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(lower)) {
		value := lower[name]
		switch {
		case slices.Contains(s.headers, name) || s.metadata && strings.HasPrefix(name, "x-amz-meta-"):
			if err := checkHeader(name, value); err != nil {
				return nil, err
			}
			taken[name] = value
		case strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "if-") || name == "content-range":
			return nil, notUnderstood("InvalidRequest", "the header %s of %s", quote(name), s.name)
		}
	}
	return taken, nil
}

// checkHeader refuses values that would ask for something that is not modelled.
func checkHeader(name, value string) error {
	ok := !hasControl(value) && value != ""
	switch name {
	case "x-amz-acl":
		// What "bucket owner enforced" accepts, the object ownership of every new bucket
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
		if value != "bucket-owner-full-control" {
			return &Error{Code: "AccessControlListNotSupported", Message: "The bucket does not allow ACLs"}
		}
	case "x-amz-storage-class":
		if !slices.Contains(immediateClasses, value) {
			return &Error{Code: "InvalidStorageClass", Message: "The storage class you specified is not valid"}
		}
	case "x-amz-metadata-directive":
		ok = value == "COPY" || value == "REPLACE"
	case "x-amz-checksum-mode":
		ok = value == "ENABLED"
	case "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner":
		ok = len(value) == 12 && strings.Trim(value, "0123456789") == ""
	case "content-encoding":
		ok = ok && !strings.Contains(strings.ToLower(value), "aws-chunked")
	case "cache-control", "content-disposition", "content-language", "content-type", "expires":
		ok = !hasControl(value)
	default:
		ok = ok || strings.HasPrefix(name, "x-amz-meta-") && value == ""
	}
	if !ok {
		return notUnderstood("InvalidArgument", "the value %s of the header %s", quote(value), quote(name))
	}
	return nil
}

// parseCopySource reads bucket/key or /bucket/key, percent-encoded, and returns it in canonical form. A version, an access point's ARN
// and a raw "+" or "?" are not understood.
func parseCopySource(value string) (string, error) {
	bucket, encoded, _ := strings.Cut(strings.TrimPrefix(value, "/"), "/")
	if strings.ContainsAny(encoded, "+?") {
		return "", notUnderstood("InvalidArgument", "the copy source %s: neither a version nor a raw \"+\" or \"?\" can be copied from", quote(value))
	}
	key, err := unescape(encoded)
	if err != nil || key == "" || checkKey(key) != nil || checkBucket(bucket) != nil {
		return "", &Error{Code: "InvalidArgument",
			Message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"}
	}
	return bucket + "/" + escape(key, true), nil
}
