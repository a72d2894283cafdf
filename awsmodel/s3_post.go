package awsmodel

import (
	"slices"
	"strings"
)

// FormField is one field of a browser's upload form, but the file.
type FormField struct{ Name, Value string }

// maxFormFields is more than any form needs: every header of an upload, metadata and the signature.
const maxFormFields = 200

// Fields of forms in lower case. Those of the signature and of the answer are their reader's; those of Signature Version 2 are refused.
var (
	formSkips  = []string{"policy", "success_action_redirect", "success_action_status", "redirect", "x-amz-algorithm", "x-amz-credential", "x-amz-signature"}
	formLegacy = []string{"awsaccesskeyid", "signature"}
	formHeader = map[string]string{"acl": "x-amz-acl", "cache-control": "cache-control", "content-type": "content-type", "expires": "expires",
		"content-disposition": "content-disposition", "content-encoding": "content-encoding", "content-language": "content-language",
		"content-md5": "content-md5"}
)

// ClassifyS3Post finds out which PutObject a form that was posted to a bucket means
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html): its fields are the headers, and its file, called filename, is the body.
// Whoever calls has verified the form's policy and signature. Fields that are no header of an upload are for pages, and are left behind.
// Errors are *Error.
func ClassifyS3Post(bucket string, fields []FormField, filename string, options S3Options) (S3Operation, error) {
	if err := checkBucket(bucket); err != nil {
		return S3Operation{}, err
	}
	if len(fields) > maxFormFields {
		return S3Operation{}, malformedPost("more than %d fields", maxFormFields)
	}
	key, header, err := readUploadForm(bucket, fields, filename)
	if err != nil {
		return S3Operation{}, err
	}
	if key == "" {
		return S3Operation{}, &Error{Code: "InvalidArgument", Message: "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."}
	}
	if err := checkKey(key); err != nil {
		return S3Operation{}, err
	}
	headers, framing, err := lowerHeaders(header, nil)
	if err == nil && framing != (Framing{}) {
		err = malformedPost("a file is not sent in chunks")
	}
	if err != nil {
		return S3Operation{}, err
	}
	return find("PUT", objectLevel, nil, false).operation(bucket, key, map[string]string{}, headers, options)
}

// readUploadForm is the key that a form gives its file, and its other fields as headers.
func readUploadForm(bucket string, fields []FormField, filename string) (key string, header map[string][]string, err error) {
	header = map[string][]string{}
	seen := map[string]bool{}
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if seen[name] {
			return "", nil, malformedPost("the field %s is given more than once", quote(f.Name))
		}
		seen[name] = true
		switch {
		case name == "key":
			key = strings.ReplaceAll(f.Value, "${filename}", baseName(filename))
		case name == "bucket" && f.Value != bucket:
			return "", nil, malformedPost("the field bucket says %s", quote(f.Value))
		case name == "tagging":
			tags, err := parseFormTagging(f.Value)
			if err != nil {
				return "", nil, err
			}
			header["x-amz-tagging"] = append(header["x-amz-tagging"], tags.String())
		case slices.Contains(formLegacy, name):
			return "", nil, &Error{Code: "InvalidRequest", Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
		case formHeader[name] != "":
			header[formHeader[name]] = append(header[formHeader[name]], f.Value)
		case strings.HasPrefix(name, "x-amz-") && !slices.Contains(formSkips, name):
			header[name] = append(header[name], f.Value)
		}
	}
	return key, header, nil
}

func malformedPost(format string, arguments ...any) *Error {
	e := notUnderstood("MalformedPOSTRequest", format, arguments...)
	return &Error{Code: e.Code, Message: "The body of your POST request is not well-formed multipart/form-data.", Detail: e.Message}
}

// parseFormTagging reads the tags of a form, which are a document there and a header elsewhere.
func parseFormTagging(value string) (tagSet, error) {
	if len(value) > maxSmallDocument {
		return nil, malformedXML("the document is longer than %d bytes", maxSmallDocument)
	}
	root, err := parseXML([]byte(value))
	if err != nil {
		return nil, err
	}
	return readTagging(root)
}

// baseName is what follows the last slash of either kind: some browsers send the path.
func baseName(filename string) string { return filename[strings.LastIndexAny(filename, `/\`)+1:] }
