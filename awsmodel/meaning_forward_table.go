package awsmodel

// The general rule for keys is that whoever names a customer's key for a service to use must be allowed kms:GenerateDataKey and kms:Decrypt on it,
// with which most services use keys (AWS KMS Developer Guide, "How AWS services use AWS KMS"). keyUses says what those that make grants need.

// notForwarded are the services, operations and members, by "prefix", "prefix:Operation" or "prefix:member", that name buckets and keys which nobody
// reaches for with the caller's permissions, each with the reason.
var notForwarded = map[string]string{
	"s3":                       aboutItself,
	"access-analyzer":          describes,
	"securityhub":              describes,
	"macie2":                   byPrincipal,
	"cloudtrail:CreateTrail":   byPrincipal,
	"cloudtrail:UpdateTrail":   byPrincipal,
	"cloudtrail:DeliveryS3Uri": byPrincipal,
	// AWS Config API Reference, DeliveryChannel: the bucket's policy lets it in.
	"config:DeliveryS3Bucket": byPrincipal,
	"config:s3BucketName":     byPrincipal,
	"config:s3KmsKeyArn":      byPrincipal,
	"cur":                     byPrincipal,
	"guardduty":               byPrincipal,
	// Amazon Inspector User Guide, "Exporting Amazon Inspector findings reports": the policies of bucket and key let it in.
	"inspector2":        byPrincipal,
	"bcm-data-exports":  byPrincipal,
	"compute-optimizer": byPrincipal,
	// AWS Global Accelerator API Reference, UpdateAcceleratorAttributes: the bucket's policy lets it in.
	"globalaccelerator": byPrincipal,
	"ec2:BucketOwner":   "it is an account",
	// Network Load Balancers, "Enable access logs for your Network Load Balancer": the bucket's policy lets it in.
	"elasticloadbalancing:ModifyLoadBalancerAttributes": byPrincipal,
	// Amazon Redshift API Reference, EnableLogging: InsufficientS3BucketPolicyFault.
	"redshift:EnableLogging": byPrincipal,
	// Amazon SES API Reference, S3Action: the key's and the bucket's policies let SES in.
	"ses:CreateReceiptRule":      byPrincipal,
	"ses:UpdateReceiptRule":      byPrincipal,
	"shield":                     byPrincipal,
	"logs:kmsKeyId":              byPrincipal, // Amazon CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs"
	"logs:AssociateKmsKey":       byPrincipal,
	"timestream-influxdb:bucket": "it is a bucket within the database",
	"ssm:OutputS3BucketName":     byNode,
	"ssm:S3BucketName":           byNode,
	"ssm:CreateResourceDataSync": byPrincipal,
	"backup:S3BucketName":        byPrincipal,
}

// Reasons why nothing is done with the caller's permissions.
const (
	aboutItself = "its operations are about these resources themselves"
	describes   = "it describes resources that there are or may be"
	byNode      = "the managed node writes there with a role of its own"
	byPrincipal = "the service acts as itself, which the policy of the bucket or key allows"
)

// actsByRole are the services that, where a request passes a role, read and write objects with it, and use the keys that these are encrypted with
// (each service's guide, on its service role, execution role or data access role). Keys that keyUses has for a member are asked of the
// caller all the same.
var actsByRole = map[string]bool{
	"airflow": true, "appflow": true, "bedrock": true, "braket": true, "cleanrooms-ml": true, "cloudtrail": true,
	"codebuild": true, "codepipeline": true, "comprehend": true, "comprehendmedical": true, "databrew": true,
	"datasync": true, "dms": true, "ecs": true, "elasticmapreduce": true, "elastictranscoder": true,
	"emr-containers": true, "emr-serverless": true, "entityresolution": true, "firehose": true, "forecast": true,
	"frauddetector": true, "gamelift": true, "glue": true, "healthlake": true, "iot": true, "kendra": true,
	"kinesisanalytics": true, "lookoutequipment": true, "lookoutmetrics": true, "mediaconvert": true,
	"medical-imaging": true, "mobiletargeting": true, "omics": true, "personalize": true, "pipes": true, "qldb": true,
	"rds": true, "sagemaker": true, "sagemaker-geospatial": true, "scheduler": true, "storagegateway": true,
	"timestream": true, "translate": true, "voiceid": true,
}

// otherBuckets are the members that name buckets and do not look so. Amazon CloudWatch Logs API Reference, CreateExportTask: who makes one must be
// allowed to write to the bucket.
var otherBuckets = map[string]bool{"logs:destination": true}

// otherKeys are the members that name keys and do not look so.
var otherKeys = map[string]bool{
	"connect:KeyId": true, "connect-campaigns:keyArn": true, "eks:keyArn": true, "firehose:KeyARN": true, "kinesis:KeyId": true,
	"license-manager:SignKey": true, "network-firewall:KeyId": true, "nimble:keyArn": true, "omics:keyArn": true, "quicksight:KeyArn": true,
	"sagemaker:ResourceKey": true, "ssm:KeyId": true, "workspaces-web:customerManagedKey": true, "xray:KeyId": true,
}

// ownedKeys are words in the place of a key's id that mean a key of the service's own.
var ownedKeys = map[string]bool{"AWS_OWNED_KMS_KEY": true, "AWS_OWNED_KEY": true}

// Uses of keys that several services have.
const (
	// Amazon EBS User Guide, "Requirements for Amazon EBS encryption": permissions for users.
	blockStorage = "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo"
	// Amazon RDS User Guide, "AWS KMS key management": authorizing use of a customer managed key.
	granted = "kms:CreateGrant kms:DescribeKey"
	// Amazon Redshift Management Guide, "Managing Amazon Redshift admin passwords using AWS Secrets Manager", and those whose actions depend on these.
	grantedAndUsed = "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey"
)

// keyUses are what services do with a key that a request names, by "prefix:Operation", "prefix:member" or "prefix", where it is neither the general rule
// nor what the operation's own action depends on (Service Authorization Reference).
var keyUses = map[string]string{
	"ec2":                            blockStorage,
	"ebs":                            blockStorage,
	"ecr":                            granted, // Amazon ECR User Guide, "Encryption at rest"
	"eks":                            granted, // Amazon EKS User Guide, "Encrypt Kubernetes secrets with KMS"
	"elasticache":                    granted,
	"elasticfilesystem":              granted, // Amazon EFS User Guide, "Using AWS KMS keys for Amazon EFS"
	"fsx":                            granted,
	"kafka":                          granted,
	"memorydb":                       granted,
	"rds":                            granted,
	"redshift":                       granted,
	"rds:MasterUserSecretKmsKeyId":   grantedAndUsed,
	"codeartifact":                   granted, // AWS CodeArtifact API Reference, CreateDomain
	"license-manager:SignKey":        "kms:CreateGrant kms:GetPublicKey kms:Sign",
	"rekognition:CopyProjectVersion": grantedAndUsed, // its page in the API Reference
	"snowball":                       grantedAndUsed,
	"wisdom":                         grantedAndUsed, // Amazon Q in Connect API Reference, ServerSideEncryptionConfiguration
	// As the reference has it of an operation, but for one member alone or for the service's other operations as well.
	"imagebuilder:CreateContainerRecipe":    "kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext",
	"redshift-serverless":                   grantedAndUsed,
	"redshift:MasterPasswordSecretKmsKeyId": grantedAndUsed,
	"workspaces-web":                        grantedAndUsed,
	// Amazon RDS API Reference, StartExportTask: what its caller must be authorized for, beside the role's.
	"rds:StartExportTask": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext " +
		"kms:ReEncryptFrom kms:ReEncryptTo kms:RetireGrant",
	// Amazon SageMaker API Reference, OnlineStoreSecurityConfig: the same of its caller's.
	"sagemaker:CreateFeatureGroup": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo " +
		"kms:RetireGrant",
	"sagemaker:ResourceKey": "kms:CreateGrant", // as for other volumes
	// Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest: usage notes", authorizing use of a customer managed key.
	"dynamodb:KMSMasterKeyId":  "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo",
	"cognito-idp":              granted,
	"firehose:KeyARN":          "kms:CreateGrant", // Amazon Data Firehose API Reference, StartDeliveryStreamEncryption
	"sagemaker:VolumeKmsKeyId": "kms:CreateGrant", // Amazon SageMaker AI API permissions: CreateTrainingJob
	"events":                   "kms:DescribeKey", // Amazon EventBridge User Guide, "Encrypting EventBridge event buses": the rest is the service's
	// AWS Lambda Developer Guide, "Securing Lambda environment variables".
	"lambda:KMSKeyArn": "kms:CreateGrant kms:Encrypt",
	// AWS Secrets Manager API Reference, ReplicateSecretToRegions and UpdateSecret.
	"secretsmanager:ReplicateSecretToRegions": "kms:Encrypt kms:GenerateDataKey",
	"secretsmanager:UpdateSecret":             "kms:Decrypt kms:Encrypt kms:GenerateDataKey",
	"ssm:PutParameter":                        "kms:Encrypt", // of standard parameters
}

// advancedParameter is what Parameter Store does with the key of a parameter that is advanced or may become so (AWS Systems Manager User Guide, "AWS
// KMS encryption for AWS Systems Manager Parameter Store SecureString parameters").
const advancedParameter = "kms:Encrypt kms:GenerateDataKey kms:Decrypt"

// objectUses are what services do with objects in the same way, where the names do not tell.
var objectUses = map[string]string{
	// Amazon CloudFront Developer Guide, "Configure standard logging (legacy)", and Amazon EC2 User Guide, "Track your Spot
	// Instance costs using the Spot Instance data feed": the service is entered into the bucket's access control list.
	"cloudfront:Bucket":                  "s3:GetBucketAcl s3:PutBucketAcl",
	"ec2:CreateSpotDatafeedSubscription": "s3:GetBucketAcl s3:PutBucketAcl",
	// AWS Verified Access User Guide, "Logging permissions".
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration": "s3:GetBucketPolicy s3:PutBucketPolicy",
	"cloudformation": "s3:GetObject",
	// AWS CloudFormation API Reference, TestType: what its user needs for the bucket of the logs.
	"cloudformation:LogDeliveryBucket": "s3:GetObject s3:PutObject",
	"codedeploy":                       "s3:GetObject",
	"mgn:StartImport":                  "s3:GetObject s3:PutObject",
	// Amazon DynamoDB Developer Guide, "Requesting a table export": permissions; "Requesting a table import".
	"dynamodb:ExportTableToPointInTime": "s3:AbortMultipartUpload s3:PutObject s3:PutObjectAcl",
	"dynamodb:ImportTable":              "s3:GetObject",
	// Amazon EC2 User Guide, "Store and restore an AMI using S3".
	"ec2:CreateStoreImageTask":   "s3:AbortMultipartUpload s3:GetObject s3:PutObject s3:PutObjectTagging",
	"ec2:CreateRestoreImageTask": "s3:GetObject",
	// Amazon VPC User Guide, "Publish flow logs to Amazon S3": permissions for whoever creates flow logs.
	"ec2:CreateFlowLogs":                 "s3:GetBucketPolicy s3:PutBucketPolicy logs:CreateLogDelivery",
	"elasticloadbalancing":               "s3:GetObject", // User Guide for Application Load Balancers, "Mutual authentication": bundles for trust stores
	"lambda":                             "s3:GetObject",
	"servicecatalog":                     "s3:GetObject", // API Reference, ProvisioningArtifactProperties: LoadTemplateFromURL
	"transcribe:VocabularyFileUri":       "s3:GetObject",
	"transcribe:VocabularyFilterFileUri": "s3:GetObject",
	"transcribe:TuningDataS3Uri":         "s3:GetObject",
	// Amazon Athena User Guide, "Access to Amazon S3": the caller's permissions pass through Athena; "Query results" lists these.
	"athena": "s3:AbortMultipartUpload s3:GetObject s3:PutObject",
}

// readMaps are the services in whose maps keys and locations are named: attributes of queues and topics, templates of products.
var readMaps = map[string]bool{"servicecatalog": true, "sns": true, "sqs": true}

// secretMembers are the members that name a secret by its ARN or its name (Amazon RDS Data Service and Amazon Redshift Data API References).
var secretMembers = map[string]bool{
	"rds-data:secretArn": true, "rds-data:awsSecretStoreArn": true, "redshift-data:SecretArn": true,
}

// wholeKeys are the services in whose requests a key is the name of one object, and not what the names of several begin with.
var wholeKeys = map[string]bool{"cloudformation": true, "codedeploy": true, "ec2": true, "elasticbeanstalk": true, "elasticloadbalancing": true,
	"lambda": true, "rekognition": true, "textract": true, "transcribe": true}

// storageMembers are the members in which any URL leads to S3 (AWS CloudFormation API Reference, CreateStack: TemplateURL).
var storageMembers = map[string]bool{"cloudformation:TemplateURL": true, "cloudformation:SchemaHandlerPackage": true}

// hiddenUse is an action that an operation leads to on something that its request does not name, or only within a text.
type hiddenUse struct{ action, kind, service, resource string }

// hiddenUses are by operation.
var hiddenUses = map[string][]hiddenUse{
	// Amazon Athena API Reference, GetQueryResults: s3:GetObject for the location of the results, which only the execution's record names.
	"athena:GetQueryResults": {{"s3:GetObject", "object", "s3", ""}},
	// Amazon Macie User Guide, "Configuration options for retrieving sensitive data samples": with the caller's credentials, if
	// the account has not configured a role. The object is the finding's.
	"macie2:GetSensitiveDataOccurrences": {{"s3:GetObject", "object", "s3", ""}},
}

// calledVia are the services in aws:CalledVia (IAM User Guide, "AWS global condition context keys") that have a forwarded call here.
var calledVia = map[string]bool{"athena": true, "cloudformation": true, "dynamodb": true}

// viaServices are the services' names in kms:ViaService (AWS KMS Developer Guide, "Services that support the kms:ViaService condition
// key"). Of one that is not here the key is left out, and a policy that asks for it does not allow.
var viaServices = map[string]string{
	"athena": "athena", "cloudformation": "cloudformation", "codebuild": "codebuild", "comprehend": "comprehend", "connect": "connect", "dms": "dms",
	"docdb-elastic": "docdb-elastic", "dynamodb": "dynamodb", "ec2": "ec2", "ebs": "ec2", "ecr": "ecr", "eks": "eks", "elasticache": "elasticache",
	"elasticfilesystem": "elasticfilesystem", "es": "es", "firehose": "firehose", "fsx": "fsx", "glue": "glue", "kafka": "kafka", "kinesis": "kinesis",
	"lambda": "lambda", "rds": "rds", "redshift": "redshift", "sagemaker": "sagemaker", "secretsmanager": "secretsmanager", "sns": "sns", "sqs": "sqs",
	"ssm": "ssm", "workspaces": "workspaces", "xray": "xray",
}
