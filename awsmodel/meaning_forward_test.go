package awsmodel

import (
	"slices"
	"strings"
	"testing"
)

const (
	forwardKeyID  = "1234abcd-12ab-34cd-56ef-1234567890ab"
	forwardSecret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"
	forwardKey    = "arn:aws:kms:us-east-1:111122223333:key/" + forwardKeyID
)

// What services do with the caller's permissions, as their guides list the permissions that callers need: the calls beside the operation's own, each with
// "?" behind it where it is on whatever the pattern covers.
var forwardTests = []struct{ service, operation, input, want string }{
	{"Lambda", "CreateFunction", `{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/app","Code":{"S3Bucket":"code","S3Key":"f.zip"}}`,
		"s3:GetObject arn:aws:s3:::code/f.zip"},
	{"Lambda", "UpdateFunctionCode", `{"FunctionName":"f","S3Bucket":"code","S3Key":"f.zip","S3ObjectVersion":"v1"}`, "s3:GetObjectVersion arn:aws:s3:::code/f.zip"},
	{"Lambda", "PublishLayerVersion", `{"LayerName":"l","Content":{"S3Bucket":"code","S3Key":"l.zip"}}`, "s3:GetObject arn:aws:s3:::code/l.zip"},
	{"Lambda", "UpdateFunctionCode", `{"FunctionName":"f","ImageUri":"444455556666.dkr.ecr.us-east-1.amazonaws.com/team/shop:1"}`,
		"ecr:BatchGetImage arn:aws:ecr:us-east-1:444455556666:repository/team/shop|ecr:GetDownloadUrlForLayer arn:aws:ecr:us-east-1:444455556666:repository/team/shop"},
	{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","KMSKeyArn":"` + forwardKey + `"}`, "kms:CreateGrant " + forwardKey + "|kms:Encrypt " + forwardKey},
	{"Secrets Manager", "CreateSecret", `{"Name":"s","SecretString":"x","KmsKeyId":"` + forwardKeyID + `"}`, "kms:Decrypt " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"Secrets Manager", "CreateSecret", `{"Name":"s","SecretString":"x","KmsKeyId":"alias/aws/secretsmanager"}`, ""},
	{"Secrets Manager", "CreateSecret", `{"Name":"s","SecretString":"x","KmsKeyId":"alias/shop"}`,
		"kms:Decrypt arn:aws:kms:us-east-1:111122223333:key/*?|kms:GenerateDataKey arn:aws:kms:us-east-1:111122223333:key/*?"},
	{"Secrets Manager", "ReplicateSecretToRegions", `{"SecretId":"s","AddReplicaRegions":[{"Region":"eu-west-1","KmsKeyId":"k"}]}`,
		"kms:Encrypt arn:aws:kms:eu-west-1:111122223333:key/k|kms:GenerateDataKey arn:aws:kms:eu-west-1:111122223333:key/k"},
	{"SSM", "PutParameter", `{"Name":"p","Value":"x","Type":"SecureString","KeyId":"` + forwardKeyID + `"}`, "kms:Encrypt " + forwardKey},
	{"SSM", "PutParameter", `{"Name":"p","Value":"x","Type":"SecureString","Tier":"Advanced","KeyId":"` + forwardKeyID + `"}`,
		"kms:Decrypt " + forwardKey + "|kms:Encrypt " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"SSM", "SendCommand", `{"DocumentName":"d","OutputS3BucketName":"logs"}`, ""},
	{"EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","KmsKeyId":"` + forwardKey + `"}`, forwardVolume},
	{"EC2", "CopySnapshot", `{"SourceSnapshotId":"snap-1","SourceRegion":"us-east-1","KmsKeyId":"` + forwardKey + `"}`, forwardVolume},
	{"EC2", "RunInstances", `{"ImageId":"ami-1","MinCount":1,"MaxCount":1,"BlockDeviceMappings":[{"Ebs":{"KmsKeyId":"` + forwardKey + `"}}]}`, forwardVolume},
	{"EC2", "ImportSnapshot", `{"DiskContainer":{"UserBucket":{"S3Bucket":"disks","S3Key":"d.vmdk"}}}`, "s3:GetObject arn:aws:s3:::disks/d.vmdk"},
	{"EC2", "CreateFlowLogs", `{"ResourceIds":["vpc-1"],"ResourceType":"VPC","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::flow/x"}`,
		"logs:CreateLogDelivery *|s3:GetBucketPolicy arn:aws:s3:::flow|s3:PutBucketPolicy arn:aws:s3:::flow"},
	{"CloudFormation", "ValidateTemplate", `{"TemplateURL":"https://s3.us-east-1.amazonaws.com/templates/a/b.yaml"}`, "s3:GetObject arn:aws:s3:::templates/a/b.yaml"},
	{"CloudFormation", "ValidateTemplate", `{"TemplateURL":"https://templates.s3.amazonaws.com/b.yaml"}`, "s3:GetObject arn:aws:s3:::templates/b.yaml"},
	{"CloudFormation", "ValidateTemplate", `{"TemplateURL":"https://files.example/b.yaml"}`, "s3:GetObject arn:aws:s3:::*/*?"},
	{"CloudFormation", "ValidateTemplate", `{"TemplateURL":"https://ap-111122223333.s3-accesspoint.us-east-1.amazonaws.com/b"}`, "s3:GetObject arn:aws:s3:::*/*?"},
	{"CloudFormation", "ValidateTemplate", `{"TemplateURL":"https://s3.amazonaws.com/templates/a/../b.yaml"}`, "s3:GetObject arn:aws:s3:::templates/*?"},
	{"Transcribe", "CreateVocabulary", `{"VocabularyName":"v","LanguageCode":"en-US","VocabularyFileUri":"S3://in/a%zz?b"}`, "s3:GetObject arn:aws:s3:::in/*?"},
	{"Rekognition", "DetectLabels", `{"Image":{"S3Object":{"Bucket":"photos","Name":"a.jpg"}}}`, "s3:GetObject arn:aws:s3:::photos/a.jpg"},
	{"Rekognition", "DetectLabels", `{"Image":{"S3Object":{"Bucket":"photos","Name":"a.jpg","Version":"7"}}}`, "s3:GetObjectVersion arn:aws:s3:::photos/a.jpg"},
	{"Textract", "StartDocumentAnalysis", `{"DocumentLocation":{"S3Object":{"Bucket":"in","Name":"a.pdf"}},"OutputConfig":{"S3Bucket":"out"}}`,
		"s3:GetObject arn:aws:s3:::in/a.pdf|s3:PutObject arn:aws:s3:::out/*?"},
	{"Transcribe", "StartTranscriptionJob", `{"TranscriptionJobName":"j","Media":{"MediaFileUri":"s3://in/a.mp3"},"OutputBucketName":"out"}`,
		"s3:GetObject arn:aws:s3:::in/a.mp3|s3:PutObject arn:aws:s3:::out/*?"},
	{"Comprehend", "StartSentimentDetectionJob", `{"DataAccessRoleArn":"arn:aws:iam::111122223333:role/app","InputDataConfig":{"S3Uri":"s3://in/a"}}`, ""},
	{"DynamoDB", "ImportTable", `{"S3BucketSource":{"S3Bucket":"in","S3KeyPrefix":"t/"},"TableCreationParameters":{"TableName":"t"}}`, "s3:GetObject arn:aws:s3:::in/*?"},
	{"DynamoDB", "ExportTableToPointInTime", `{"TableArn":"arn:aws:dynamodb:us-east-1:111122223333:table/t","S3Bucket":"out"}`,
		"s3:AbortMultipartUpload arn:aws:s3:::out/*?|s3:PutObject arn:aws:s3:::out/*?|s3:PutObjectAcl arn:aws:s3:::out/*?"},
	{"RDS", "CreateDBInstance", `{"DBInstanceIdentifier":"d","Engine":"mysql","DBInstanceClass":"db.t3.micro","KmsKeyId":"` + forwardKeyID + `"}`,
		"kms:CreateGrant " + forwardKey + "|kms:DescribeKey " + forwardKey},
	{"EFS", "CreateFileSystem", `{"CreationToken":"t","KmsKeyId":"` + forwardKeyID + `"}`, "kms:CreateGrant " + forwardKey + "|kms:DescribeKey " + forwardKey},
	{"SQS", "CreateQueue", `{"QueueName":"q","Attributes":{"KmsMasterKeyId":"` + forwardKeyID + `"}}`, "kms:Decrypt " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"SNS", "SetTopicAttributes", `{"TopicArn":"arn:aws:sns:us-east-1:111122223333:t","AttributeName":"KmsMasterKeyId","AttributeValue":"` + forwardKeyID + `"}`,
		"kms:Decrypt " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"RDS Data", "ExecuteStatement", `{"resourceArn":"arn:aws:rds:us-east-1:111122223333:cluster:c","sql":"select 1","secretArn":"` + forwardSecret + `"}`,
		"secretsmanager:GetSecretValue " + forwardSecret},
	{"RDS Data", "ExecuteStatement", `{"resourceArn":"arn:aws:rds:us-east-1:111122223333:cluster:c","sql":"select 1","secretArn":"db"}`,
		"secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:*?"},
	{"Redshift Data", "ListDatabases", `{"WorkgroupName":"w","Database":"d","SecretArn":"` + forwardSecret + `"}`, "secretsmanager:GetSecretValue " + forwardSecret},
	{"Secrets Manager", "RotateSecret", `{"SecretId":"s","RotationLambdaARN":"arn:aws:lambda:us-east-1:111122223333:function:rotate"}`,
		"lambda:InvokeFunction arn:aws:lambda:us-east-1:111122223333:function:rotate"},
	{"Secrets Manager", "GetSecretValue", `{"SecretId":"` + forwardSecret + `"}`, ""},
	{"Service Catalog", "CreateProvisioningArtifact", `{"ProductId":"p","IdempotencyToken":"t","Parameters":{"Info":{"LoadTemplateFromURL":` +
		`"https://s3.amazonaws.com/templates/a.yaml"}}}`, "s3:GetObject arn:aws:s3:::templates/a.yaml*?"},
	{"CloudFront", "CreateKeyValueStore", `{"Name":"k","ImportSource":{"SourceType":"S3","SourceARN":"arn:aws:s3:::in/keys.json"}}`, "s3:GetObject arn:aws:s3:::in/keys.json*?"},
	{"CloudFront", "CreateStreamingDistribution", `{"StreamingDistributionConfig":{"Logging":{"Enabled":true,"Bucket":"logs.s3.amazonaws.com","Prefix":""}}}`,
		"s3:GetBucketAcl arn:aws:s3:::logs|s3:PutBucketAcl arn:aws:s3:::logs"},
	{"EC2", "CreateSpotDatafeedSubscription", `{"Bucket":"feed"}`, "s3:GetBucketAcl arn:aws:s3:::feed|s3:PutBucketAcl arn:aws:s3:::feed"},
	{"Macie2", "GetSensitiveDataOccurrences", `{"findingId":"f"}`, "s3:GetObject arn:aws:s3:::*/*?"},
	{"SES", "CreateReceiptRule", `{"RuleSetName":"r","Rule":{"Name":"n","Actions":[{"S3Action":{"BucketName":"mail","KmsKeyArn":"` + forwardKey + `"}}]}}`, ""},
	{"SageMaker", "CreateFeatureGroup", `{"FeatureGroupName":"g","RecordIdentifierFeatureName":"r","EventTimeFeatureName":"e","FeatureDefinitions":[],` +
		`"RoleArn":"arn:aws:iam::111122223333:role/app","OnlineStoreConfig":{"SecurityConfig":{"KmsKeyId":"` + forwardKey + `"}}}`,
		"kms:CreateGrant " + forwardKey + "|kms:Decrypt " + forwardKey + "|kms:DescribeKey " + forwardKey + "|kms:Encrypt " + forwardKey + "|kms:GenerateDataKey " +
			forwardKey + "|kms:ReEncryptFrom " + forwardKey + "|kms:ReEncryptTo " + forwardKey + "|kms:RetireGrant " + forwardKey},
	{"CloudFormation", "RegisterType", `{"TypeName":"A::B::C","SchemaHandlerPackage":"s3://types/b.zip"}`, "s3:GetObject arn:aws:s3:::types/b.zip"},
	// The reference's dependent actions of the operations' own.
	{"SSO Admin", "UpdateInstance", `{"InstanceArn":"arn:aws:sso:::instance/ssoins-1234567890abcdef","EncryptionConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY",` +
		`"KmsKeyArn":"` + forwardKey + `"}}`, "identitystore:UpdateIdentityStore arn:aws:identitystore::111122223333:identitystore/*?|kms:Decrypt " + forwardKey +
		"|kms:DescribeKey " + forwardKey + "|kms:Encrypt " + forwardKey + "|kms:GenerateDataKeyWithoutPlaintext " + forwardKey},
	{"CloudWatch Logs", "CreateExportTask", `{"logGroupName":"g","from":0,"to":1,"destination":"out","destinationPrefix":"p"}`, "s3:PutObject arn:aws:s3:::out/*?"},
	{"CloudFormation", "TestType", `{"TypeName":"A::B::C","Type":"RESOURCE","LogDeliveryBucket":"logs"}`, "s3:GetObject arn:aws:s3:::logs/*?|s3:PutObject arn:aws:s3:::logs/*?"},
	{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","Layers":["arn:aws:lambda:us-east-1:111122223333:layer:l:1"]}`,
		"lambda:GetLayerVersion arn:aws:lambda:us-east-1:111122223333:layer:l:1"},
	{"CloudTrail", "CreateEventDataStore", `{"Name":"e","KmsKeyId":"` + forwardKey + `"}`, "kms:Decrypt " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"CloudTrail", "CreateTrail", `{"Name":"t","S3BucketName":"trail","KmsKeyId":"` + forwardKey + `"}`, ""},
	{"WorkSpaces Web", "CreatePortal", `{"customerManagedKey":"` + forwardKey + `"}`,
		"kms:CreateGrant " + forwardKey + "|kms:Decrypt " + forwardKey + "|kms:DescribeKey " + forwardKey + "|kms:GenerateDataKey " + forwardKey},
	{"Athena", "GetQueryResults", `{"QueryExecutionId":"q"}`, "s3:GetObject arn:aws:s3:::*/*?"},
	{"CloudWatch Logs", "CreateLogGroup", `{"logGroupName":"g","kmsKeyId":"` + forwardKey + `"}`, ""},
	{"SSM", "PutParameter", `{"Name":"p","Value":"s3://code/f.zip","Type":"String"}`, ""},
	{"Lambda", "UpdateFunctionConfiguration", `{"FunctionName":"f","Environment":{"Variables":{"S3_BUCKET":"code","KMS_KEY_ID":"k","URL":"s3://code/f"}}}`, ""},
	{"DynamoDB", "PutItem", `{"TableName":"t","Item":{"source":{"S":"s3://code/f.zip"}}}`, ""},
	{"DynamoDB", "PutItem", `{"TableName":"t","Item":{"bucket":{"S":"x"},"KmsKeyId":{"S":"k"}}}`, ""},
}

// forwardVolume is what the Amazon EBS User Guide lists under "Permissions for users".
const forwardVolume = "kms:CreateGrant " + forwardKey + "|kms:Decrypt " + forwardKey + "|kms:DescribeKey " + forwardKey +
	"|kms:GenerateDataKeyWithoutPlaintext " + forwardKey + "|kms:ReEncryptFrom " + forwardKey + "|kms:ReEncryptTo " + forwardKey

func TestForwards(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, test := range forwardTests {
		calls, err := c.calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}, samplePlace())
		if err != nil {
			t.Errorf("%s %s: %v", test.service, test.operation, err)
			continue
		}
		var got []string
		for _, call := range calls {
			if !call.Forwarded {
				continue
			}
			text := call.Action + " " + call.Resource
			if call.AnyResource {
				text += "?"
			}
			got = append(got, text)
			if call.Keys["aws:ViaAWSService"][0] != "true" {
				t.Errorf("%s: %s does not say that a service makes it", test.operation, text)
			}
		}
		slices.Sort(got)
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s %s %s:\n got %s\nwant %s", test.service, test.operation, test.input, strings.Join(got, "|"), test.want)
		}
	}
}

// The AWS KMS Developer Guide's condition keys for requests that services make: kms:ViaService, kms:CallerAccount, kms:GrantIsForAWSResource and
// kms:RequestAlias.
func TestForwardedKeysSayWhoAsks(t *testing.T) {
	models, reference := openBoth(t)
	input := map[string]any{"AvailabilityZone": "us-east-1a", "KmsKeyId": "alias/shop"}
	calls, err := NewClassifier(models, reference).calls(&Operation{Service: serviceOf(t, models, "EC2"), Name: "CreateVolume", Input: input}, samplePlace())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(calls, func(c Call) bool { return c.Action == "kms:CreateGrant" })
	if i < 0 {
		t.Fatal("there is no kms:CreateGrant in ", calls)
	}
	for key, want := range map[string]string{"kms:ViaService": "ec2.us-east-1.amazonaws.com", "kms:CallerAccount": "111122223333",
		"kms:GrantIsForAWSResource": "true", "kms:RequestAlias": "alias/shop"} {
		if got := calls[i].Keys[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %v, want %s", key, got, want)
		}
	}
}
