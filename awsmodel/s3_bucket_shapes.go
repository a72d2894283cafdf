package awsmodel

import "slices"

// Names, methods and parameters in the tables of shapes are those of
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html; the actions are those of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.

// directoryBuckets is why what only directory buckets have is refused: their sessions and actions (s3express:) are another service's.
const directoryBuckets = "directory buckets are not served"

var serviceShapes = []shape{
	{name: "ListBuckets", method: "GET", level: serviceLevel, headers: []string{}, calls: listBucketsCalls,
		query: []parameter{number("max-buckets"), text("prefix"), text("continuation-token"), text("bucket-region")}},
	{name: "ListDirectoryBuckets", method: "GET", level: serviceLevel, with: "max-directory-buckets", refused: directoryBuckets},
}

var bucketShapes = []shape{
	{name: "CreateBucket", method: "PUT", level: bucketLevel, body: DocumentBody, maxBody: maxSmallDocument,
		headers:  slices.Concat(aclHeader, []string{"x-amz-bucket-object-lock-enabled", "x-amz-object-ownership", "x-amz-bucket-namespace"}),
		document: &document{root: "CreateBucketConfiguration", optional: true, read: readCreateBucket}},
	{name: "DeleteBucket", method: "DELETE", level: bucketLevel, calls: onBucket("s3:DeleteBucket")},
	{name: "HeadBucket", method: "HEAD", level: bucketLevel, calls: onBucket("s3:ListBucket")},
	{name: "GetBucketLocation", method: "GET", level: bucketLevel, selector: "location", calls: onBucket("s3:GetBucketLocation")},
	{name: "ListMultipartUploads", method: "GET", level: bucketLevel, selector: "uploads", headers: payerHeader,
		query: []parameter{text("prefix"), text("delimiter"), text("key-marker"), text("upload-id-marker"), number("max-uploads"), text("encoding-type")},
		calls: onBucket("s3:ListBucketMultipartUploads")},
	{name: "ListObjectsV2", method: "GET", level: bucketLevel, selector: "list-type", headers: slices.Concat(payerHeader, []string{"x-amz-optional-object-attributes"}),
		query: slices.Concat(listQuery, []parameter{required(fixed("list-type", "2")), text("continuation-token"), text("start-after"), text("fetch-owner")}),
		calls: onListing("s3:ListBucket")},
	{name: "ListObjects", method: "GET", level: bucketLevel, headers: slices.Concat(payerHeader, []string{"x-amz-optional-object-attributes"}),
		query: slices.Concat(listQuery, []parameter{text("marker")}), calls: onListing("s3:ListBucket")},
	{name: "ListObjectVersions", method: "GET", level: bucketLevel, selector: "versions",
		headers: slices.Concat(payerHeader, []string{"x-amz-optional-object-attributes"}),
		query:   versionsQuery, calls: onListing("s3:ListBucketVersions")},
	{name: "DeleteObjects", method: "POST", level: bucketLevel, selector: "delete", body: DocumentBody, maxBody: maxDeleteDocument,
		headers: slices.Concat(payerHeader, deleteHeader), document: &document{root: "Delete"}},
	{name: "OptionsBucket", method: "OPTIONS", level: bucketLevel, headers: preflightHeader},
	{name: "CreateSession", method: "GET", level: bucketLevel, selector: "session", refused: directoryBuckets},

	{name: "CreateBucketMetadataConfiguration", method: "POST", level: bucketLevel, selector: "metadataConfiguration", refused: metadataTables},
	{name: "CreateBucketMetadataTableConfiguration", method: "POST", level: bucketLevel, selector: "metadataTable", refused: metadataTables},
	{name: "UpdateBucketMetadataInventoryTableConfiguration", method: "PUT", level: bucketLevel, selector: "metadataInventoryTable", refused: metadataTables},
	{name: "UpdateBucketMetadataJournalTableConfiguration", method: "PUT", level: bucketLevel, selector: "metadataJournalTable", refused: metadataTables},
	{name: "UpdateBucketMetadataAnnotationTableConfiguration", method: "PUT", level: bucketLevel, selector: "metadataAnnotationTable",
		refused: metadataTables},
}

// metadataTables is why their configurations cannot be written: S3 acts on tables (s3tables:, kms:) for the caller, on which nothing was decided
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-permissions.html).
const metadataTables = "it has S3 act on tables for the caller"

// configured is one operation on a configuration of a bucket.
type configured struct{ name, action string }

// configuration is a document that a bucket has, or several told apart by id. Putting one is by default the backend's to judge: its document is
// bounded and not read.
type configuration struct {
	selector         string
	get, put, remove configured
	list             string    // the operation that lists them; empty: there is one
	headers          []string  // of put
	document         *document // of put, where it decides something
}

// configurations are ascending by selector. What is deleted needs the permission to put, with two exceptions.
var configurations = []configuration{
	{selector: "abac", get: configured{"GetBucketAbac", "s3:GetBucketAbac"}, put: configured{"PutBucketAbac", "s3:PutBucketAbac"}},
	{selector: "accelerate", get: configured{"GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"},
		put: configured{"PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration"}},
	{selector: "acl", get: configured{"GetBucketAcl", "s3:GetBucketAcl"}, put: configured{"PutBucketAcl", "s3:PutBucketAcl"}, headers: aclHeader},
	{selector: "analytics", get: configured{"GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration"}, list: "ListBucketAnalyticsConfigurations",
		put:    configured{"PutBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"},
		remove: configured{"DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"}},
	{selector: "cors", get: configured{"GetBucketCors", "s3:GetBucketCORS"}, put: configured{"PutBucketCors", "s3:PutBucketCORS"},
		remove: configured{"DeleteBucketCors", "s3:PutBucketCORS"}},
	{selector: "encryption", get: configured{"GetBucketEncryption", "s3:GetEncryptionConfiguration"},
		put: configured{"PutBucketEncryption", "s3:PutEncryptionConfiguration"}, remove: configured{"DeleteBucketEncryption", "s3:PutEncryptionConfiguration"}},
	{selector: "intelligent-tiering", list: "ListBucketIntelligentTieringConfigurations",
		get:    configured{"GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration"},
		put:    configured{"PutBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"},
		remove: configured{"DeleteBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"}},
	{selector: "inventory", get: configured{"GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration"}, list: "ListBucketInventoryConfigurations",
		put:      configured{"PutBucketInventoryConfiguration", "s3:PutInventoryConfiguration"},
		remove:   configured{"DeleteBucketInventoryConfiguration", "s3:PutInventoryConfiguration"},
		document: &document{root: "InventoryConfiguration", read: readInventory}},
	{selector: "lifecycle", get: configured{"GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"},
		put:     configured{"PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"},
		remove:  configured{"DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"},
		headers: []string{"x-amz-transition-default-minimum-object-size"}},
	{selector: "logging", get: configured{"GetBucketLogging", "s3:GetBucketLogging"}, put: configured{"PutBucketLogging", "s3:PutBucketLogging"}},
	{selector: "metadataConfiguration", get: configured{"GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration"},
		remove: configured{"DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration"}},
	{selector: "metadataTable", get: configured{"GetBucketMetadataTableConfiguration", "s3:GetBucketMetadataTableConfiguration"},
		remove: configured{"DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration"}},
	{selector: "metrics", get: configured{"GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration"}, list: "ListBucketMetricsConfigurations",
		put:    configured{"PutBucketMetricsConfiguration", "s3:PutMetricsConfiguration"},
		remove: configured{"DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration"}},
	{selector: "notification", get: configured{"GetBucketNotificationConfiguration", "s3:GetBucketNotification"},
		put: configured{"PutBucketNotificationConfiguration", "s3:PutBucketNotification"}, headers: []string{"x-amz-skip-destination-validation"}},
	{selector: "object-lock", get: configured{"GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"},
		put:     configured{"PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"},
		headers: []string{"x-amz-bucket-object-lock-token", "x-amz-request-payer"}},
	{selector: "ownershipControls", get: configured{"GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"},
		put:    configured{"PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"},
		remove: configured{"DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"}},
	{selector: "policy", get: configured{"GetBucketPolicy", "s3:GetBucketPolicy"}, put: configured{"PutBucketPolicy", "s3:PutBucketPolicy"},
		remove: configured{"DeleteBucketPolicy", "s3:DeleteBucketPolicy"}, headers: []string{"x-amz-confirm-remove-self-bucket-access"}},
	{selector: "policyStatus", get: configured{"GetBucketPolicyStatus", "s3:GetBucketPolicyStatus"}},
	{selector: "publicAccessBlock", get: configured{"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"},
		put:    configured{"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"},
		remove: configured{"DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"}},
	{selector: "replication", get: configured{"GetBucketReplication", "s3:GetReplicationConfiguration"},
		put:      configured{"PutBucketReplication", "s3:PutReplicationConfiguration"},
		remove:   configured{"DeleteBucketReplication", "s3:PutReplicationConfiguration"},
		headers:  []string{"x-amz-bucket-object-lock-token"},
		document: &document{root: "ReplicationConfiguration", read: readReplication}},
	{selector: "requestPayment", get: configured{"GetBucketRequestPayment", "s3:GetBucketRequestPayment"},
		put: configured{"PutBucketRequestPayment", "s3:PutBucketRequestPayment"}},
	{selector: "tagging", get: configured{"GetBucketTagging", "s3:GetBucketTagging"}, put: configured{"PutBucketTagging", "s3:PutBucketTagging"},
		remove: configured{"DeleteBucketTagging", "s3:PutBucketTagging"}, document: &document{root: "Tagging", read: readBucketTagging}},
	{selector: "versioning", get: configured{"GetBucketVersioning", "s3:GetBucketVersioning"},
		put: configured{"PutBucketVersioning", "s3:PutBucketVersioning"}, headers: []string{"x-amz-mfa"}},
	{selector: "website", get: configured{"GetBucketWebsite", "s3:GetBucketWebsite"}, put: configured{"PutBucketWebsite", "s3:PutBucketWebsite"},
		remove: configured{"DeleteBucketWebsite", "s3:DeleteBucketWebsite"}},
}

// configurationShapes writes the table of configurations out.
func configurationShapes() []shape {
	var table []shape
	for _, c := range configurations {
		var id []parameter
		with := ""
		if c.list != "" {
			id, with = []parameter{required(parameter{name: "id", check: checkFilled})}, "id"
			table = append(table, shape{name: c.list, method: "GET", level: bucketLevel, selector: c.selector, headers: payerHeader,
				query: []parameter{text("continuation-token")}, calls: onBucket(c.get.action)})
		}
		table = append(table, shape{name: c.get.name, method: "GET", level: bucketLevel, selector: c.selector, with: with, query: id,
			headers: payerHeader, calls: onBucket(c.get.action)})
		if c.remove.name != "" {
			table = append(table, shape{name: c.remove.name, method: "DELETE", level: bucketLevel, selector: c.selector, query: id,
				calls: onBucket(c.remove.action)})
		}
		if c.put.name != "" {
			table = append(table, c.putShape(id))
		}
	}
	return table
}

func (c configuration) putShape(id []parameter) shape {
	s := shape{name: c.put.name, method: "PUT", level: bucketLevel, selector: c.selector, query: id, headers: slices.Concat(ownerHeader, c.headers),
		body: StreamBody, maxBody: maxConfiguration, calls: onBucket(c.put.action)}
	if c.selector == "acl" {
		s.calls = aclCalls(bucketACLCall)
	}
	if c.document != nil {
		s.body, s.document, s.calls = DocumentBody, c.document, nil
	}
	return s
}
