package awsmodel

import (
	"crypto/md5"
	"encoding/base64"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// WithDocument completes an operation whose meaning is partly in its body: the result has its Calls and a canonical Document, to be
// forwarded in place of body. Errors are *Error.
func (o S3Operation) WithDocument(body []byte) (S3Operation, error) {
	if int64(len(body)) > o.MaxBody {
		return S3Operation{}, malformedXML("the document is longer than %d bytes", o.MaxBody)
	}
	if o.Body != DocumentBody {
		return S3Operation{}, malformedXML("%s has no document", o.Name)
	}
	d := o.shape.document
	root := &element{}
	switch {
	case len(body) > 0:
		var err error
		if root, err = parseXML(body); err != nil {
			return S3Operation{}, err
		}
		if root.name != d.root {
			return S3Operation{}, malformedXML("element %s in place of %s", quote(root.name), d.root)
		}
	case !d.optional:
		return S3Operation{}, malformedXML("there is no document")
	}
	o = o.clone()
	if d.root == "Delete" {
		return o.withDeletes(root)
	}
	calls, err := d.read(&o, root)
	if err != nil {
		return S3Operation{}, err
	}
	o.Calls = calls
	if root.name == "" {
		return o.withDocument(nil), nil
	}
	return o.withDocument(root.canonical()), nil
}

// withDeletes reads a document that names the objects to delete.
func (o S3Operation) withDeletes(root *element) (S3Operation, error) {
	parsed, err := readDelete(root)
	if err != nil {
		return S3Operation{}, err
	}
	for _, object := range parsed.Objects {
		if err := o.options.checkPlain(object.Key); err != nil {
			return S3Operation{}, err
		}
		if err := o.options.checkPlainID(object.VersionID); err != nil {
			return S3Operation{}, err
		}
	}
	return o.WithDelete(parsed), nil
}

// withDocument drops the checksums with the body that they were for, and gives the canonical document one that every S3 knows: several of these
// operations are refused without (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html, "Content-MD5 request header").
func (o S3Operation) withDocument(document []byte) S3Operation {
	for _, name := range checksumHeader {
		delete(o.Header, name)
	}
	if len(document) > 0 {
		sum := md5.Sum(document)
		o.Header["content-md5"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	o.Document = document
	return o
}

// document is how an operation's body is read where it decides something. Every other document goes to the backend unread, within a limit.
type document struct {
	root     string
	optional bool // an empty body stands for nothing said
	read     func(o *S3Operation, root *element) ([]Call, error)
}

// readCreateBucket reads a CreateBucketConfiguration: its region and tags are condition keys. What it says of directory buckets is refused with
// those (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html).
func readCreateBucket(o *S3Operation, root *element) ([]Call, error) {
	for _, child := range root.children {
		if child.name != "LocationConstraint" && child.name != "Tags" {
			return nil, malformedXML("element %s", quote(child.name))
		}
	}
	keys := map[string][]string{}
	location, err := root.only("LocationConstraint")
	if err != nil {
		return nil, err
	}
	if location != nil && (len(location.children) > 0 || len(location.text) > 32 || strings.Trim(location.text, "abcdefghijklmnopqrstuvwxyz0123456789-EU") != "") {
		return nil, &Error{Code: "InvalidLocationConstraint", Message: "The specified location-constraint is not valid"}
	}
	if location != nil && location.text != "" {
		keys["s3:locationconstraint"] = []string{location.text}
	}
	var tags tagSet
	set, err := root.only("Tags")
	if err == nil && set != nil {
		tags, err = readTags(set)
	}
	return createBucketCalls(o, keys, tags), err
}

// readBucketTagging reads the tags that a bucket is to have. They are no condition keys of the call, but of later ones.
func readBucketTagging(o *S3Operation, root *element) ([]Call, error) {
	_, err := readTagging(root)
	return []Call{o.bucketCall("s3:PutBucketTagging", nil)}, err
}

// readObjectTagging reads the tags that an object is to have.
func readObjectTagging(o *S3Operation, root *element) ([]Call, error) {
	tags, err := readTagging(root)
	if err != nil {
		return nil, err
	}
	keys := map[string][]string{}
	tags.setKeys(keys, "s3:RequestObjectTag/", "s3:RequestObjectTagKeys")
	return []Call{o.versionCall("s3:PutObjectTagging", "s3:PutObjectVersionTagging", keys)}, nil
}

// readRetention reads until when an object is to be kept; without a mode, a retention is removed
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectLockRetention.html). An event hold is not understood.
func readRetention(o *S3Operation, root *element) ([]Call, error) {
	keys := map[string][]string{}
	for i, child := range root.children {
		if child.name != "Mode" && child.name != "RetainUntilDate" || i > 1 || i == 1 && root.children[0].name == child.name {
			return nil, malformedXML("element %s", quote(child.name))
		}
		value, err := child.word()
		if err != nil {
			return nil, err
		}
		name := map[string]string{"Mode": "x-amz-object-lock-mode", "RetainUntilDate": "x-amz-object-lock-retain-until-date"}[child.name]
		if checkHeader(name, value) != nil {
			return nil, malformedXML("the value of %s", child.name)
		}
		keys["s3:"+strings.TrimPrefix(name, "x-amz-")] = []string{value}
	}
	if has(keys, "s3:object-lock-retain-until-date") && o.options.Now.IsZero() {
		return nil, errNoClock()
	}
	o.addRemainingDays(keys)
	calls := []Call{o.objectCall("s3:PutObjectRetention", keys)}
	return append(calls, bypassCalls(o)...), nil
}

func readLegalHold(o *S3Operation, root *element) ([]Call, error) {
	status, err := root.only("Status")
	if err != nil {
		return nil, err
	}
	if status == nil || len(root.children) != 1 {
		return nil, malformedXML("LegalHold holds one Status")
	}
	value, err := status.word()
	if err != nil || checkSpelling("x-amz-object-lock-legal-hold", value) != nil {
		return nil, malformedXML("the value of Status")
	}
	return []Call{o.objectCall("s3:PutObjectLegalHold", map[string][]string{"s3:object-lock-legal-hold": {value}})}, nil
}

// readReplication finds the role that S3 is to replicate with: whoever configures it passes that role to S3
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html).
func readReplication(o *S3Operation, root *element) ([]Call, error) {
	calls := []Call{o.bucketCall("s3:PutReplicationConfiguration", nil)}
	role, err := root.only("Role")
	if err != nil || role == nil {
		return calls, err
	}
	name, err := role.word()
	if err != nil {
		return nil, err
	}
	prefix := "arn:" + o.options.Partition + ":iam::"
	account, path, _ := strings.Cut(strings.TrimPrefix(name, prefix), ":role/")
	if !strings.HasPrefix(name, prefix) || !policy.IsAccountID(account) || path == "" || strings.ContainsAny(path, "*?: ") {
		return nil, &Error{Code: "InvalidArgument", Message: "Invalid Arn for replication role", Detail: quote(name)}
	}
	return append(calls, Call{Action: "iam:PassRole", Resource: name, Keys: map[string][]string{"iam:PassedToService": {"s3.amazonaws.com"}}}), nil
}

// readInventory finds the fields that a report is to show: what an inventory tells of objects can be limited by them.
func readInventory(o *S3Operation, root *element) ([]Call, error) {
	fields, err := root.only("OptionalFields")
	if err != nil || fields == nil {
		return []Call{o.bucketCall("s3:PutInventoryConfiguration", nil)}, err
	}
	var names []string
	for _, child := range fields.children {
		name, err := child.word()
		if err != nil || child.name != "Field" {
			return nil, malformedXML("element %s in OptionalFields", quote(child.name))
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return []Call{o.bucketCall("s3:PutInventoryConfiguration", nil)}, nil
	}
	return []Call{o.bucketCall("s3:PutInventoryConfiguration", map[string][]string{"s3:InventoryAccessibleOptionalFields": names})}, nil
}

// readRestore refuses what would write the result of a query to a bucket that nobody decided about
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreRequest.html).
func readRestore(o *S3Operation, root *element) ([]Call, error) {
	for _, child := range root.children {
		switch child.name {
		case "Days", "Tier", "Description", "Type", "GlacierJobParameters":
		case "SelectParameters", "OutputLocation":
			return nil, &Error{Code: "NotImplemented", Message: "A header or query parameter you provided implies functionality that is not implemented.",
				Detail: "element " + child.name}
		default:
			return nil, malformedXML("element %s", quote(child.name))
		}
	}
	return []Call{o.objectCall("s3:RestoreObject", nil)}, nil
}

// readObjectEncryption reads the key that an object is to be encrypted with
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html).
func readObjectEncryption(o *S3Operation, root *element) ([]Call, error) {
	kms, err := root.only("SSE-KMS")
	if err != nil {
		return nil, err
	}
	if kms == nil || len(root.children) != 1 {
		return nil, malformedXML("ObjectEncryption holds one SSE-KMS")
	}
	texts, err := kms.leaves("KMSKeyArn", "BucketKeyEnabled")
	if err != nil {
		return nil, err
	}
	key := texts["KMSKeyArn"]
	if key == "" || strings.TrimSpace(key) != key {
		return nil, malformedXML("the value of KMSKeyArn")
	}
	keys := map[string][]string{"s3:x-amz-server-side-encryption": {"aws:kms"}, "s3:x-amz-server-side-encryption-aws-kms-key-id": {key}}
	return []Call{o.objectCall("s3:UpdateObjectEncryption", keys)}, nil
}
