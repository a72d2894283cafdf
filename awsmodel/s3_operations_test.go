package awsmodel

import (
	"slices"
	"strings"
	"testing"
)

// meaning is a request and what has to be allowed before it may run.
type meaning struct {
	request  Request
	document string // where the operation's body is one
	name     string
	calls    []string
}

const (
	onB = " arn:aws:s3:::bucket"
	onK = " arn:aws:s3:::bucket/key"
	onV = onK + " s3:VersionId=v"
)

func calls(lines ...string) []string { return lines }

// bucketMeanings and objectMeanings have a row for each operation and for each header, parameter or element that changes what is decided. The
// actions are those of the S3 User Guide, "Required permissions for Amazon S3 API operations"
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html), and of the page of each operation in the S3 API Reference.
var bucketMeanings = []meaning{
	{wire("GET /"), "", "ListBuckets", calls("s3:ListAllMyBuckets arn:aws:s3:::* (wildcard only)")},
	{wire("GET /?bucket-region=us-east-1&prefix=a"), "", "ListBuckets", calls("s3:ListAllMyBuckets arn:aws:s3:::* (wildcard only)")},
	{wire("PUT /bucket"), "", "CreateBucket", calls("s3:CreateBucket" + onB)},
	{wire("PUT /bucket", "x-amz-acl: private"), "", "CreateBucket", calls("s3:CreateBucket" + onB + " s3:x-amz-acl=private")},
	{wire("PUT /bucket", "x-amz-acl: public-read"), "", "CreateBucket",
		calls("s3:CreateBucket"+onB+" s3:x-amz-acl=public-read", "s3:PutBucketAcl"+onB+" s3:x-amz-acl=public-read")},
	{wire("PUT /bucket", "x-amz-acl: private", "x-amz-grant-write: id=1"), "", "CreateBucket",
		calls("s3:CreateBucket"+onB+" s3:x-amz-acl=private s3:x-amz-grant-write=id=1", "s3:PutBucketAcl"+onB+" s3:x-amz-acl=private s3:x-amz-grant-write=id=1")},
	{wire("PUT /bucket", "x-amz-bucket-object-lock-enabled: true"), "", "CreateBucket",
		calls("s3:CreateBucket"+onB, "s3:PutBucketObjectLockConfiguration"+onB, "s3:PutBucketVersioning"+onB)},
	{wire("PUT /bucket", "x-amz-bucket-object-lock-enabled: false"), "", "CreateBucket", calls("s3:CreateBucket" + onB)},
	{wire("PUT /bucket", "x-amz-object-ownership: ObjectWriter", "x-amz-bucket-namespace: global"), "", "CreateBucket",
		calls("s3:CreateBucket"+onB+" s3:x-amz-bucket-namespace=global s3:x-amz-object-ownership=ObjectWriter", "s3:PutBucketOwnershipControls"+onB)},
	{wire("PUT /bucket"), "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint><Tags><Tag><Key>team</Key><Value>a b</Value></Tag></Tags></CreateBucketConfiguration>",
		"CreateBucket", calls("s3:CreateBucket"+onB+" aws:RequestTag/team=a b aws:TagKeys=team s3:locationconstraint=eu-west-1",
			"s3:TagResource"+onB+" aws:RequestTag/team=a b aws:TagKeys=team")},
	{wire("DELETE /bucket"), "", "DeleteBucket", calls("s3:DeleteBucket" + onB)},
	{wire("HEAD /bucket"), "", "HeadBucket", calls("s3:ListBucket" + onB)},
	{wire("GET /bucket?location"), "", "GetBucketLocation", calls("s3:GetBucketLocation" + onB)},
	{wire("GET /bucket?prefix=a&delimiter=/&max-keys=3&marker=m"), "", "ListObjects", calls("s3:ListBucket" + onB + " s3:delimiter=/ s3:max-keys=3 s3:prefix=a")},
	{wire("GET /bucket?list-type=2&prefix=", "x-amz-optional-object-attributes: RestoreStatus"), "", "ListObjectsV2", calls("s3:ListBucket" + onB + " s3:prefix=")},
	{wire("GET /bucket?versions&prefix=a&key-marker=k&version-id-marker=v&max-keys=0"), "", "ListObjectVersions",
		calls("s3:ListBucketVersions" + onB + " s3:max-keys=0 s3:prefix=a")},
	{wire("GET /bucket?uploads"), "", "ListMultipartUploads", calls("s3:ListBucketMultipartUploads" + onB)},

	{wire("POST /bucket?delete"), "<Delete><Object><Key>key</Key></Object><Object><Key>key</Key><VersionId>v</VersionId></Object></Delete>", "DeleteObjects",
		calls("s3:DeleteObject"+onK, "s3:DeleteObjectVersion"+onV)},
	{wire("POST /bucket?delete", "x-amz-bypass-governance-retention: true", "x-amz-mfa: 1 2"), "<Delete><Object><Key>key</Key><VersionId>v</VersionId></Object></Delete>",
		"DeleteObjects", calls("s3:DeleteObjectVersion"+onV, "s3:BypassGovernanceRetention"+onK)},
	{wire("POST /bucket?delete"), `<Delete><Object><Key>key</Key><ETag>"e"</ETag></Object><Object><Key>key</Key><ETag>*</ETag></Object><Object><Key>key</Key><Size>1</Size></Object></Delete>`,
		"DeleteObjects", calls("s3:DeleteObject"+onK+` s3:if-match="e"`, "s3:GetObject"+onK, "s3:DeleteObject"+onK+" s3:if-match=*", "s3:DeleteObject"+onK, "s3:GetObject"+onK)},

	{wire("GET /bucket?abac"), "", "GetBucketAbac", calls("s3:GetBucketAbac" + onB)},
	{wire("PUT /bucket?abac"), "", "PutBucketAbac", calls("s3:PutBucketAbac" + onB)},
	{wire("GET /bucket?accelerate"), "", "GetBucketAccelerateConfiguration", calls("s3:GetAccelerateConfiguration" + onB)},
	{wire("PUT /bucket?accelerate"), "", "PutBucketAccelerateConfiguration", calls("s3:PutAccelerateConfiguration" + onB)},
	{wire("GET /bucket?acl"), "", "GetBucketAcl", calls("s3:GetBucketAcl" + onB)},
	{wire("PUT /bucket?acl"), "", "PutBucketAcl", calls("s3:PutBucketAcl" + onB)},
	{wire("PUT /bucket?acl=", "x-amz-acl: public-read", "x-amz-grant-read-acp: id=2"), "", "PutBucketAcl",
		calls("s3:PutBucketAcl" + onB + " s3:x-amz-acl=public-read s3:x-amz-grant-read-acp=id=2")},
	{wire("GET /bucket?analytics"), "", "ListBucketAnalyticsConfigurations", calls("s3:GetAnalyticsConfiguration" + onB)},
	{wire("GET /bucket?analytics&id=i"), "", "GetBucketAnalyticsConfiguration", calls("s3:GetAnalyticsConfiguration" + onB)},
	{wire("PUT /bucket?analytics&id=i"), "", "PutBucketAnalyticsConfiguration", calls("s3:PutAnalyticsConfiguration" + onB)},
	{wire("DELETE /bucket?analytics&id=i"), "", "DeleteBucketAnalyticsConfiguration", calls("s3:PutAnalyticsConfiguration" + onB)},
	{wire("GET /bucket?cors"), "", "GetBucketCors", calls("s3:GetBucketCORS" + onB)},
	{wire("PUT /bucket?cors"), "", "PutBucketCors", calls("s3:PutBucketCORS" + onB)},
	{wire("DELETE /bucket?cors"), "", "DeleteBucketCors", calls("s3:PutBucketCORS" + onB)},
	{wire("GET /bucket?encryption"), "", "GetBucketEncryption", calls("s3:GetEncryptionConfiguration" + onB)},
	{wire("PUT /bucket?encryption"), "", "PutBucketEncryption", calls("s3:PutEncryptionConfiguration" + onB)},
	{wire("DELETE /bucket?encryption"), "", "DeleteBucketEncryption", calls("s3:PutEncryptionConfiguration" + onB)},
	{wire("GET /bucket?intelligent-tiering"), "", "ListBucketIntelligentTieringConfigurations", calls("s3:GetIntelligentTieringConfiguration" + onB)},
	{wire("GET /bucket?intelligent-tiering&id=i"), "", "GetBucketIntelligentTieringConfiguration", calls("s3:GetIntelligentTieringConfiguration" + onB)},
	{wire("PUT /bucket?intelligent-tiering&id=i"), "", "PutBucketIntelligentTieringConfiguration", calls("s3:PutIntelligentTieringConfiguration" + onB)},
	{wire("DELETE /bucket?intelligent-tiering&id=i"), "", "DeleteBucketIntelligentTieringConfiguration", calls("s3:PutIntelligentTieringConfiguration" + onB)},
	{wire("GET /bucket?inventory&continuation-token=c"), "", "ListBucketInventoryConfigurations", calls("s3:GetInventoryConfiguration" + onB)},
	{wire("GET /bucket?inventory&id=i"), "", "GetBucketInventoryConfiguration", calls("s3:GetInventoryConfiguration" + onB)},
	{wire("PUT /bucket?inventory&id=i"), "<InventoryConfiguration><Id>i</Id></InventoryConfiguration>", "PutBucketInventoryConfiguration",
		calls("s3:PutInventoryConfiguration" + onB)},
	{wire("PUT /bucket?inventory&id=i"), "<InventoryConfiguration><Id>i</Id><OptionalFields><Field>Size</Field><Field>ObjectOwner</Field></OptionalFields></InventoryConfiguration>",
		"PutBucketInventoryConfiguration", calls("s3:PutInventoryConfiguration" + onB + " s3:InventoryAccessibleOptionalFields=Size|ObjectOwner")},
	{wire("DELETE /bucket?inventory&id=i"), "", "DeleteBucketInventoryConfiguration", calls("s3:PutInventoryConfiguration" + onB)},
	{wire("GET /bucket?lifecycle"), "", "GetBucketLifecycleConfiguration", calls("s3:GetLifecycleConfiguration" + onB)},
	{wire("PUT /bucket?lifecycle", "x-amz-transition-default-minimum-object-size: varies_by_storage_class"), "", "PutBucketLifecycleConfiguration",
		calls("s3:PutLifecycleConfiguration" + onB)},
	{wire("DELETE /bucket?lifecycle"), "", "DeleteBucketLifecycle", calls("s3:PutLifecycleConfiguration" + onB)},
	{wire("GET /bucket?logging"), "", "GetBucketLogging", calls("s3:GetBucketLogging" + onB)},
	{wire("PUT /bucket?logging"), "", "PutBucketLogging", calls("s3:PutBucketLogging" + onB)},
	{wire("GET /bucket?metadataConfiguration"), "", "GetBucketMetadataConfiguration", calls("s3:GetBucketMetadataTableConfiguration" + onB)},
	{wire("DELETE /bucket?metadataConfiguration"), "", "DeleteBucketMetadataConfiguration", calls("s3:DeleteBucketMetadataTableConfiguration" + onB)},
	{wire("GET /bucket?metadataTable"), "", "GetBucketMetadataTableConfiguration", calls("s3:GetBucketMetadataTableConfiguration" + onB)},
	{wire("DELETE /bucket?metadataTable"), "", "DeleteBucketMetadataTableConfiguration", calls("s3:DeleteBucketMetadataTableConfiguration" + onB)},
	{wire("GET /bucket?metrics"), "", "ListBucketMetricsConfigurations", calls("s3:GetMetricsConfiguration" + onB)},
	{wire("GET /bucket?metrics&id=i"), "", "GetBucketMetricsConfiguration", calls("s3:GetMetricsConfiguration" + onB)},
	{wire("PUT /bucket?metrics&id=i"), "", "PutBucketMetricsConfiguration", calls("s3:PutMetricsConfiguration" + onB)},
	{wire("DELETE /bucket?metrics&id=i"), "", "DeleteBucketMetricsConfiguration", calls("s3:PutMetricsConfiguration" + onB)},
	{wire("GET /bucket?notification"), "", "GetBucketNotificationConfiguration", calls("s3:GetBucketNotification" + onB)},
	{wire("PUT /bucket?notification", "x-amz-skip-destination-validation: true"), "", "PutBucketNotificationConfiguration", calls("s3:PutBucketNotification" + onB)},
	{wire("GET /bucket?object-lock"), "", "GetObjectLockConfiguration", calls("s3:GetBucketObjectLockConfiguration" + onB)},
	{wire("PUT /bucket?object-lock", "x-amz-bucket-object-lock-token: t"), "", "PutObjectLockConfiguration", calls("s3:PutBucketObjectLockConfiguration" + onB)},
	{wire("GET /bucket?ownershipControls"), "", "GetBucketOwnershipControls", calls("s3:GetBucketOwnershipControls" + onB)},
	{wire("PUT /bucket?ownershipControls"), "", "PutBucketOwnershipControls", calls("s3:PutBucketOwnershipControls" + onB)},
	{wire("DELETE /bucket?ownershipControls"), "", "DeleteBucketOwnershipControls", calls("s3:PutBucketOwnershipControls" + onB)},
	{wire("GET /bucket?policy"), "", "GetBucketPolicy", calls("s3:GetBucketPolicy" + onB)},
	{wire("PUT /bucket?policy", "x-amz-confirm-remove-self-bucket-access: true"), "", "PutBucketPolicy", calls("s3:PutBucketPolicy" + onB)},
	{wire("DELETE /bucket?policy"), "", "DeleteBucketPolicy", calls("s3:DeleteBucketPolicy" + onB)},
	{wire("GET /bucket?policyStatus"), "", "GetBucketPolicyStatus", calls("s3:GetBucketPolicyStatus" + onB)},
	{wire("GET /bucket?publicAccessBlock"), "", "GetPublicAccessBlock", calls("s3:GetBucketPublicAccessBlock" + onB)},
	{wire("PUT /bucket?publicAccessBlock"), "", "PutPublicAccessBlock", calls("s3:PutBucketPublicAccessBlock" + onB)},
	{wire("DELETE /bucket?publicAccessBlock"), "", "DeletePublicAccessBlock", calls("s3:PutBucketPublicAccessBlock" + onB)},
	{wire("GET /bucket?replication"), "", "GetBucketReplication", calls("s3:GetReplicationConfiguration" + onB)},
	{wire("PUT /bucket?replication"), "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/path/replicator</Role><Rule/></ReplicationConfiguration>",
		"PutBucketReplication", calls("s3:PutReplicationConfiguration"+onB, "iam:PassRole arn:aws:iam::111122223333:role/path/replicator iam:PassedToService=s3.amazonaws.com")},
	{wire("DELETE /bucket?replication"), "", "DeleteBucketReplication", calls("s3:PutReplicationConfiguration" + onB)},
	{wire("GET /bucket?requestPayment"), "", "GetBucketRequestPayment", calls("s3:GetBucketRequestPayment" + onB)},
	{wire("PUT /bucket?requestPayment"), "", "PutBucketRequestPayment", calls("s3:PutBucketRequestPayment" + onB)},
	{wire("GET /bucket?tagging"), "", "GetBucketTagging", calls("s3:GetBucketTagging" + onB)},
	{wire("PUT /bucket?tagging"), "<Tagging><TagSet/></Tagging>", "PutBucketTagging", calls("s3:PutBucketTagging" + onB)},
	{wire("DELETE /bucket?tagging"), "", "DeleteBucketTagging", calls("s3:PutBucketTagging" + onB)},
	{wire("GET /bucket?versioning"), "", "GetBucketVersioning", calls("s3:GetBucketVersioning" + onB)},
	{wire("PUT /bucket?versioning", "x-amz-mfa: 1 2"), "", "PutBucketVersioning", calls("s3:PutBucketVersioning" + onB)},
	{wire("GET /bucket?website"), "", "GetBucketWebsite", calls("s3:GetBucketWebsite" + onB)},
	{wire("PUT /bucket?website"), "", "PutBucketWebsite", calls("s3:PutBucketWebsite" + onB)},
	{wire("DELETE /bucket?website"), "", "DeleteBucketWebsite", calls("s3:DeleteBucketWebsite" + onB)},
	{wire("OPTIONS /bucket?list-type=2", "Origin: https://example.org", "Access-Control-Request-Method: GET"), "", "OptionsBucket", nil},
}

// written is s3:PutObject of a whole object, which every row of a write has.
const written = "s3:PutObject" + onK + " s3:ObjectCreationOperation=true"

var objectMeanings = []meaning{
	{wire("GET /bucket/key"), "", "GetObject", calls("s3:GetObject" + onK)},
	{wire("GET /bucket/key?versionId="), "", "GetObject", calls("s3:GetObject" + onK)},
	{wire("GET /bucket/key?versionId=v&response-expires=x"), "", "GetObject", calls("s3:GetObjectVersion" + onV)},
	{wire("HEAD /bucket/key?versionId=v&partNumber=1", "x-amz-server-side-encryption-customer-algorithm: AES256"), "", "HeadObject", calls("s3:GetObjectVersion" + onV)},
	{wire("GET /bucket/key?attributes", "x-amz-object-attributes: ETag", "x-amz-max-parts: 1"), "", "GetObjectAttributes",
		calls("s3:GetObject"+onK, "s3:GetObjectAttributes"+onK)},
	{wire("GET /bucket/key?attributes&versionId=v", "x-amz-object-attributes: ETag"), "", "GetObjectAttributes",
		calls("s3:GetObjectVersion"+onV, "s3:GetObjectVersionAttributes"+onV)},
	{wire("PUT /bucket/key"), "", "PutObject", calls(written)},
	{wire("PUT /bucket/key", "x-amz-meta-a: 1", "x-amz-meta-a: 2", "content-md5: "), "", "PutObject", calls(written)},
	{wire("PUT /bucket/key", "x-amz-acl: public-read", "x-amz-grant-read: id=1"), "", "PutObject",
		calls(written+" s3:x-amz-acl=public-read s3:x-amz-grant-read=id=1", "s3:PutObjectAcl"+onK+" s3:x-amz-acl=public-read s3:x-amz-grant-read=id=1")},
	{wire("PUT /bucket/key", "x-amz-tagging: team=a+b&x=%2F&", "x-amz-storage-class: GLACIER"), "", "PutObject",
		calls(written+" s3:RequestObjectTag/team=a b s3:RequestObjectTag/x=/ s3:RequestObjectTagKeys=team|x s3:x-amz-storage-class=GLACIER",
			"s3:PutObjectTagging"+onK+" s3:RequestObjectTag/team=a b s3:RequestObjectTag/x=/ s3:RequestObjectTagKeys=team|x")},
	{wire("PUT /bucket/key", "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: 2026-01-11T12:00:00Z", "x-amz-object-lock-legal-hold: ON"), "", "PutObject",
		calls(written+" s3:object-lock-legal-hold=ON s3:object-lock-mode=GOVERNANCE s3:object-lock-remaining-retention-days=10 s3:object-lock-retain-until-date=2026-01-11T12:00:00Z",
			"s3:PutObjectRetention"+onK+" s3:object-lock-mode=GOVERNANCE s3:object-lock-remaining-retention-days=10 s3:object-lock-retain-until-date=2026-01-11T12:00:00Z",
			"s3:PutObjectLegalHold"+onK+" s3:object-lock-legal-hold=ON")},
	{wire("PUT /bucket/key", "x-amz-object-lock-retain-until-date: 2026-01-11T12:00:00.001Z", "x-amz-object-lock-mode: no-such-mode"), "", "PutObject",
		calls(written+" s3:object-lock-mode=no-such-mode s3:object-lock-remaining-retention-days=10 s3:object-lock-retain-until-date=2026-01-11T12:00:00.001Z",
			"s3:PutObjectRetention"+onK+" s3:object-lock-mode=no-such-mode s3:object-lock-remaining-retention-days=10 s3:object-lock-retain-until-date=2026-01-11T12:00:00.001Z")},
	{wire("PUT /bucket/key", "x-amz-object-lock-event-hold: ON", "x-amz-object-lock-event-hold-duration-days: 7"), "", "PutObject",
		calls(written+" s3:object-lock-event-hold=ON s3:object-lock-event-hold-duration-days=7",
			"s3:PutObjectRetention"+onK+" s3:object-lock-event-hold=ON s3:object-lock-event-hold-duration-days=7")},
	{wire("PUT /bucket/key", "x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-aws-kms-key-id: k", "x-amz-website-redirect-location: /x"), "", "PutObject",
		calls(written + " s3:x-amz-server-side-encryption=aws:kms s3:x-amz-server-side-encryption-aws-kms-key-id=k s3:x-amz-website-redirect-location=/x")},
	{wire("PUT /bucket/key", "x-amz-server-side-encryption-customer-algorithm: AES256"), "", "PutObject",
		calls(written + " s3:x-amz-server-side-encryption-customer-algorithm=AES256")},
	{wire("PUT /bucket/key", "If-None-Match: *", "If-Match: e"), "", "PutObject", calls(written+" s3:if-match=e s3:if-none-match=*", "s3:GetObject"+onK)},
	{wire("PUT /bucket/key", "x-amz-copy-source: other/k?versionId=v", "x-amz-tagging-directive: REPLACE", "x-amz-tagging: a=1", "x-amz-metadata-directive: COPY"), "", "CopyObject",
		calls("s3:GetObjectVersion arn:aws:s3:::other/k s3:VersionId=v",
			written+" s3:RequestObjectTag/a=1 s3:RequestObjectTagKeys=a s3:x-amz-copy-source=other/k s3:x-amz-metadata-directive=COPY",
			"s3:PutObjectTagging"+onK+" s3:RequestObjectTag/a=1 s3:RequestObjectTagKeys=a")},
	{wire("PUT /bucket/key", "x-amz-copy-source: other/k?versionId=v"), "", "CopyObject",
		calls("s3:GetObjectVersion arn:aws:s3:::other/k s3:VersionId=v", written+" s3:x-amz-copy-source=other/k",
			"s3:GetObjectVersionTagging arn:aws:s3:::other/k (if tagged) s3:VersionId=v", "s3:PutObjectTagging"+onK+" (if tagged)")},
	// An encoded separator parts a version off as well, for S3 as for versitygw ("Versioning_CopyObject_encoded_versionid_separator…").
	{wire("PUT /bucket/key", "x-amz-copy-source: other/k%3FversionId%3D..%2Fv", "x-amz-tagging-directive: REPLACE"), "", "CopyObject",
		calls("s3:GetObjectVersion arn:aws:s3:::other/k s3:VersionId=../v", written+" s3:x-amz-copy-source=other/k")},
	{wire("PUT /bucket/key", "x-amz-copy-source: other/k", "x-amz-tagging-directive: REPLACE", "x-amz-object-annotation-directive: COPY"), "", "CopyObject",
		calls("s3:GetObject arn:aws:s3:::other/k", written+" s3:x-amz-copy-source=other/k s3:x-amz-object-annotation-directive=COPY",
			"s3:GetObjectAnnotation arn:aws:s3:::other/k", "s3:PutObjectAnnotation"+onK)},
	{wire("PUT /bucket/key", "x-amz-copy-source: other/k", "x-amz-tagging-directive: REPLACE", "x-amz-object-annotation-directive: EXCLUDE"), "", "CopyObject",
		calls("s3:GetObject arn:aws:s3:::other/k", written+" s3:x-amz-copy-source=other/k s3:x-amz-object-annotation-directive=EXCLUDE")},
	{wire("DELETE /bucket/key"), "", "DeleteObject", calls("s3:DeleteObject" + onK)},
	{wire("DELETE /bucket/key?versionId=v", "x-amz-bypass-governance-retention: true", "x-amz-mfa: 1 2"), "", "DeleteObject",
		calls("s3:DeleteObjectVersion"+onV, "s3:BypassGovernanceRetention"+onK)},
	{wire("DELETE /bucket/key", "x-amz-bypass-governance-retention: false"), "", "DeleteObject", calls("s3:DeleteObject" + onK)},
	{wire("DELETE /bucket/key", "If-Match: e"), "", "DeleteObject", calls("s3:DeleteObject"+onK+" s3:if-match=e", "s3:GetObject"+onK)},
	{wire("DELETE /bucket/key", "If-Match: *"), "", "DeleteObject", calls("s3:DeleteObject" + onK + " s3:if-match=*")},
	{wire("DELETE /bucket/key", "x-amz-if-match-size: 3"), "", "DeleteObject", calls("s3:DeleteObject"+onK, "s3:GetObject"+onK)},

	{wire("POST /bucket/key?uploads", "x-amz-acl: private", "x-amz-tagging: a=1"), "", "CreateMultipartUpload",
		calls("s3:PutObject"+onK+" s3:ObjectCreationOperation=false s3:RequestObjectTag/a=1 s3:RequestObjectTagKeys=a s3:x-amz-acl=private",
			"s3:PutObjectAcl"+onK+" s3:x-amz-acl=private", "s3:PutObjectTagging"+onK+" s3:RequestObjectTag/a=1 s3:RequestObjectTagKeys=a")},
	{wire("PUT /bucket/key?partNumber=0&uploadId=u", "x-amz-checksum-xxhash3: x"), "", "UploadPart", calls("s3:PutObject" + onK + " s3:ObjectCreationOperation=false")},
	{wire("PUT /bucket/key?partNumber=1&uploadId=u", "x-amz-copy-source: other/k?versionId=v"), "", "UploadPartCopy",
		calls("s3:GetObjectVersion arn:aws:s3:::other/k s3:VersionId=v", "s3:PutObject"+onK+" s3:ObjectCreationOperation=false s3:x-amz-copy-source=other/k")},
	{wire("POST /bucket/key?uploadId=u", "x-amz-mp-object-size: 5", "x-amz-checksum-type: FULL_OBJECT"), "", "CompleteMultipartUpload", calls(written)},
	{wire("DELETE /bucket/key?uploadId=u"), "", "AbortMultipartUpload", calls("s3:AbortMultipartUpload" + onK)},
	{wire("GET /bucket/key?uploadId=u"), "", "ListParts", calls("s3:ListMultipartUploadParts" + onK)},

	{wire("GET /bucket/key?acl"), "", "GetObjectAcl", calls("s3:GetObjectAcl" + onK)},
	{wire("GET /bucket/key?acl&versionId=v"), "", "GetObjectAcl", calls("s3:GetObjectVersionAcl" + onV)},
	{wire("PUT /bucket/key?acl", "x-amz-acl: public-read"), "", "PutObjectAcl", calls("s3:PutObjectAcl" + onK + " s3:x-amz-acl=public-read")},
	{wire("PUT /bucket/key?acl&versionId=v"), "", "PutObjectAcl", calls("s3:PutObjectVersionAcl" + onV)},
	{wire("GET /bucket/key?tagging&versionId=v"), "", "GetObjectTagging", calls("s3:GetObjectVersionTagging" + onV)},
	{wire("GET /bucket/key?tagging"), "", "GetObjectTagging", calls("s3:GetObjectTagging" + onK)},
	{wire("PUT /bucket/key?tagging"), "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>", "PutObjectTagging",
		calls("s3:PutObjectTagging" + onK + " s3:RequestObjectTag/a=1 s3:RequestObjectTag/b= s3:RequestObjectTagKeys=a|b")},
	{wire("PUT /bucket/key?tagging&versionId=v"), "<Tagging><TagSet></TagSet></Tagging>", "PutObjectTagging", calls("s3:PutObjectVersionTagging" + onV)},
	{wire("DELETE /bucket/key?tagging"), "", "DeleteObjectTagging", calls("s3:DeleteObjectTagging" + onK)},
	{wire("DELETE /bucket/key?tagging&versionId=v"), "", "DeleteObjectTagging", calls("s3:DeleteObjectVersionTagging" + onV)},
	{wire("GET /bucket/key?retention&versionId=v"), "", "GetObjectRetention", calls("s3:GetObjectRetention" + onK)},
	{wire("PUT /bucket/key?retention"), "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2027-01-01T12:00:00.000Z</RetainUntilDate></Retention>", "PutObjectRetention",
		calls("s3:PutObjectRetention" + onK + " s3:object-lock-mode=COMPLIANCE s3:object-lock-remaining-retention-days=365 s3:object-lock-retain-until-date=2027-01-01T12:00:00.000Z")},
	{wire("PUT /bucket/key?retention&versionId=v", "x-amz-bypass-governance-retention: true"), "<Retention/>", "PutObjectRetention",
		calls("s3:PutObjectRetention"+onK, "s3:BypassGovernanceRetention"+onK)},
	{wire("GET /bucket/key?legal-hold"), "", "GetObjectLegalHold", calls("s3:GetObjectLegalHold" + onK)},
	{wire("PUT /bucket/key?legal-hold"), "<LegalHold><Status>OFF</Status></LegalHold>", "PutObjectLegalHold",
		calls("s3:PutObjectLegalHold" + onK + " s3:object-lock-legal-hold=OFF")},
	{wire("GET /bucket/key?torrent"), "", "GetObjectTorrent", calls("s3:GetObjectTorrent" + onK)},
	{wire("POST /bucket/key?restore&versionId=v"), "<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters></RestoreRequest>",
		"RestoreObject", calls("s3:RestoreObject" + onK)},
	{wire("POST /bucket/key?select&select-type=2"), "", "SelectObjectContent", calls("s3:GetObject" + onK)},
	{wire("PUT /bucket/key?encryption"), "<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:us-east-1:111122223333:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>", "UpdateObjectEncryption",
		calls("s3:UpdateObjectEncryption" + onK + " s3:x-amz-server-side-encryption=aws:kms s3:x-amz-server-side-encryption-aws-kms-key-id=arn:aws:kms:us-east-1:111122223333:key/k")},
	{wire("GET /bucket/key?annotation&annotation-prefix=a&max-annotation-results=5"), "", "ListObjectAnnotations",
		calls("s3:ListObjectAnnotations" + onK + " s3:annotation-prefix=a s3:max-annotation-results=5")},
	{wire("GET /bucket/key?annotation&versionId=v"), "", "ListObjectAnnotations", calls("s3:ListObjectVersionAnnotations" + onV)},
	{wire("GET /bucket/key?annotation&annotationName=n"), "", "GetObjectAnnotation", calls("s3:GetObjectAnnotation" + onK)},
	{wire("GET /bucket/key?annotation&annotationName=n&versionId=v"), "", "GetObjectAnnotation", calls("s3:GetObjectVersionAnnotation" + onV)},
	{wire("PUT /bucket/key?annotation&annotationName=n", "x-amz-object-if-match: e"), "", "PutObjectAnnotation",
		calls("s3:PutObjectAnnotation" + onK + " s3:x-amz-object-if-match=e")},
	{wire("PUT /bucket/key?annotation&annotationName=n&versionId=v"), "", "PutObjectAnnotation", calls("s3:PutObjectVersionAnnotation" + onV)},
	{wire("DELETE /bucket/key?annotation&annotationName=n"), "", "DeleteObjectAnnotation", calls("s3:DeleteObjectAnnotation" + onK)},
	{wire("DELETE /bucket/key?annotation&annotationName=n&versionId=v"), "", "DeleteObjectAnnotation", calls("s3:DeleteObjectVersionAnnotation" + onV)},
	{wire("OPTIONS /bucket/key?X-Amz-Signature=a&partNumber=1&partNumber=%", "Origin: https://example.org", "Access-Control-Request-Method: PUT"), "", "OptionsObject", nil},
}

// understand classifies a row's request, with its document where it has one.
func (m meaning) understand(t *testing.T) S3Operation {
	t.Helper()
	o, err := ClassifyS3(m.request, testOptions())
	if err != nil {
		t.Fatalf("%s %s?%s %v: %v", m.request.Method, m.request.Path, m.request.RawQuery, m.request.Header, err)
	}
	checkRebuild(t, o)
	if o.Body != DocumentBody {
		return o
	}
	if len(o.Calls) > 0 {
		t.Errorf("%s has calls before its document", o.Name)
	}
	if o, err = o.WithDocument([]byte(m.document)); err != nil {
		t.Fatalf("%s %s: %v", m.name, m.document, err)
	}
	return o
}

// TestS3Meanings holds every row against the classifier, in both styles, and the table against the shapes.
func TestS3Meanings(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range slices.Concat(bucketMeanings, objectMeanings) {
		o := m.understand(t)
		if got := describe(o.Calls); o.Name != m.name || !slices.Equal(got, m.calls) || o.Preflight != (m.calls == nil) {
			t.Errorf("%s %s?%s %v %s\n is %s %q\nwant %s %q", m.request.Method, m.request.Path, m.request.RawQuery, m.request.Header, m.document, o.Name, got, m.name, m.calls)
		}
		seen[m.name] = true
		if o.Bucket == "" {
			continue
		}
		m.request = hosted(m.request, "bucket.s3.localhost:4566")
		m.request.Path = "/" + o.path()[min(len("/bucket/"), len(o.path())):]
		if again := m.understand(t); !slices.Equal(describe(again.Calls), m.calls) || again.Name != m.name {
			t.Errorf("%s in virtual-hosted style is %s %q, want %q", m.name, again.Name, describe(again.Calls), m.calls)
		}
	}
	for _, list := range shapes {
		for _, s := range list {
			if !seen[s.name] && s.refused == "" {
				t.Errorf("no row has %s", s.name)
			}
		}
	}
}

// TestS3Reference holds every action, condition key and tag prefix of the rows against the Service Authorization Reference.
func TestS3Reference(t *testing.T) {
	reference, err := NewReference()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Concat(bucketMeanings, objectMeanings) {
		for _, call := range m.understand(t).Calls {
			action, known := reference.Action(call.Action)
			if !known {
				t.Fatalf("%s: no action %s", m.name, call.Action)
			}
			keys := slices.Clone(action.Keys)
			level := "bucket"
			if call.Key != "" {
				level = "object"
			}
			onLevel := len(action.ResourceTypes) == 0 || strings.HasPrefix(call.Action, "iam:")
			for _, use := range action.ResourceTypes {
				onLevel = onLevel || use.Type.Name == level
				if use.Type.Name == level && !strings.HasPrefix(m.name, "CreateBucket") {
					keys = append(keys, use.Type.Keys...)
				}
			}
			if !onLevel {
				t.Errorf("%s: %s is not on a resource like %s", m.name, call.Action, call.Resource)
			}
			for key := range call.Keys {
				entry, _ := reference.Key(key)
				if !slices.Contains(keys, entry.Name) {
					t.Errorf("%s: %s has no condition key %s", m.name, call.Action, key)
				}
			}
			for _, prefix := range []string{"aws:ResourceTag/", "s3:BucketTag/", "s3:ExistingObjectTag/"} {
				if got, want := slices.Contains(call.TagKeys, prefix), slices.Contains(keys, prefix+"${TagKey}") && !strings.HasPrefix(call.Action, "iam:"); got != want {
					t.Errorf("%s: %s has %s: %v, want %v", m.name, call.Action, prefix, got, want)
				}
			}
		}
	}
}
