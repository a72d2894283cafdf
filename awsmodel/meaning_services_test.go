package awsmodel

import (
	"testing"
)

const here = ":us-east-1:111122223333:"

// AWS KMS Developer Guide, "Key identifiers", "AWS KMS condition keys" and the API Reference.
func TestMeaningOfKMS(t *testing.T) {
	key := "arn:aws:kms" + here + "key/1234abcd-12ab-34cd-56ef-1234567890ab"
	foreign := "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	checkMeanings(t, []meaningCase{
		{"KMS", "Encrypt", `{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","EncryptionContext":{"AppName":"ledger"}}`, []string{
			"kms:Encrypt " + key + " kms:EncryptionContext:AppName=ledger kms:EncryptionContextKeys=AppName"}},
		{"KMS", "Encrypt", `{"KeyId":"` + foreign + `"}`, []string{"kms:Encrypt " + foreign}},
		{"KMS", "Encrypt", `{"KeyId":"alias/app"}`, []string{"kms:Encrypt arn:aws:kms" + here + "key/* any kms:RequestAlias=alias/app"}},
		{"KMS", "Encrypt", `{"KeyId":"arn:aws:kms:eu-west-1:444455556666:alias/app"}`, []string{
			"kms:Encrypt arn:aws:kms:eu-west-1:444455556666:key/* any kms:RequestAlias=alias/app"}},
		{"KMS", "Encrypt", `{"KeyId":"arn:aws:s3:::key/a"}`, []string{"!2 "}},
		{"KMS", "Encrypt", `{"KeyId":"*"}`, []string{"!2 "}},
		{"KMS", "Decrypt", `{}`, []string{"kms:Decrypt arn:aws:kms" + here + "key/* any"}},
		{"KMS", "CreateKey", `{"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY","Tags":[{"TagKey":"team","TagValue":"a"}]}`, []string{
			"kms:CreateKey * wildcard aws:RequestTag/team=a aws:TagKeys=team kms:KeySpec=RSA_2048 kms:KeyUsage=SIGN_VERIFY",
			"kms:TagResource arn:aws:kms" + here + "key/* aws:RequestTag/team=a aws:TagKeys=team kms:KeySpec=RSA_2048 kms:KeyUsage=SIGN_VERIFY"}},
		{"KMS", "GenerateDataKey", `{"KeyId":"` + key + `","KeySpec":"AES_256"}`, []string{"kms:GenerateDataKey " + key}},
		{"KMS", "CreateAlias", `{"AliasName":"alias/app","TargetKeyId":"` + key + `"}`, []string{
			"kms:CreateAlias arn:aws:kms" + here + "alias/app", "kms:CreateAlias " + key}},
		{"KMS", "ReEncrypt", `{"SourceKeyId":"` + foreign + `","DestinationKeyId":"` + key + `","SourceEncryptionContext":{"a":"1"}}`, []string{
			"kms:ReEncryptFrom " + foreign + " kms:EncryptionContext:a=1 kms:EncryptionContextKeys=a", "kms:ReEncryptTo " + key}},
		{"KMS", "CreateGrant", `{"KeyId":"` + key + `","GranteePrincipal":"arn:aws:iam::111122223333:role/a","Operations":["Encrypt","Decrypt"]}`, []string{
			"kms:CreateGrant " + key + " kms:GrantIsForAWSResource=false kms:GrantOperations=Encrypt,Decrypt kms:GranteePrincipal=arn:aws:iam::111122223333:role/a"}},
	})
}

// AWS Secrets Manager User Guide, "Permissions policy examples", and the API Reference.
func TestMeaningOfSecretsManager(t *testing.T) {
	secret := "arn:aws:secretsmanager" + here + "secret:"
	checkMeanings(t, []meaningCase{
		{"Secrets Manager", "GetSecretValue", `{"SecretId":"app/db"}`, []string{
			"secretsmanager:GetSecretValue " + secret + "app/db-?????? any secretsmanager:VersionStage=AWSCURRENT"}},
		{"Secrets Manager", "GetSecretValue", `{"SecretId":"` + secret + `app/db-a1B2c3","VersionStage":"AWSPREVIOUS"}`, []string{
			"secretsmanager:GetSecretValue " + secret + "app/db-a1B2c3 secretsmanager:SecretId=" + secret + "app/db-a1B2c3 secretsmanager:VersionStage=AWSPREVIOUS"}},
		{"Secrets Manager", "DescribeSecret", `{"SecretId":"` + secret + `app"}`, []string{
			"secretsmanager:DescribeSecret " + secret + "app-?????? any secretsmanager:SecretId=" + secret + "app"}},
		{"Secrets Manager", "GetSecretValue", `{"SecretId":"app:secret"}`, []string{"!2 "}},
		{"Secrets Manager", "GetSecretValue", `{"SecretId":"app*"}`, []string{"!2 "}},
		{"Secrets Manager", "CreateSecret", `{"Name":"app","Tags":[{"Key":"team","Value":"a"}]}`, []string{
			"secretsmanager:CreateSecret " + secret + "app-?????? any aws:RequestTag/team=a aws:TagKeys=team secretsmanager:Name=app",
			"secretsmanager:TagResource " + secret + "app-?????? any aws:RequestTag/team=a aws:TagKeys=team"}},
		{"Secrets Manager", "DeleteSecret", `{"SecretId":"app","RecoveryWindowInDays":7}`, []string{
			"secretsmanager:DeleteSecret " + secret + "app-?????? any secretsmanager:RecoveryWindowInDays=7"}},
		{"Secrets Manager", "ListSecrets", `{}`, []string{"secretsmanager:ListSecrets * wildcard"}},
		{"Secrets Manager", "BatchGetSecretValue", `{"SecretIdList":["a","b"]}`, []string{"secretsmanager:BatchGetSecretValue * wildcard",
			"secretsmanager:GetSecretValue " + secret + "a-?????? any secretsmanager:VersionStage=AWSCURRENT",
			"secretsmanager:GetSecretValue " + secret + "b-?????? any secretsmanager:VersionStage=AWSCURRENT"}},
	})
}

// The API References of Amazon SQS and Amazon SNS.
func TestMeaningOfQueuesAndTopics(t *testing.T) {
	checkMeanings(t, []meaningCase{
		{"SQS", "SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/444455556666/jobs"}`, []string{"sqs:SendMessage arn:aws:sqs:us-east-1:444455556666:jobs"}},
		{"SQS", "SendMessageBatch", `{"QueueUrl":"http://localhost:4566/111122223333/jobs"}`, []string{"sqs:SendMessage arn:aws:sqs" + here + "jobs"}},
		{"SQS", "SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/111122223333/a/../jobs"}`, []string{"!2 "}},
		{"SQS", "SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/111122223333/jobs?x"}`, []string{"!2 "}},
		{"SQS", "SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/1/jobs"}`, []string{"!2 "}},
		{"SQS", "GetQueueUrl", `{"QueueName":"jobs","QueueOwnerAWSAccountId":"444455556666"}`, []string{"sqs:GetQueueUrl arn:aws:sqs:us-east-1:444455556666:jobs"}},
		{"SQS", "CreateQueue", `{"QueueName":"jobs","tags":{"team":"a"}}`, []string{"sqs:CreateQueue arn:aws:sqs" + here + "jobs aws:RequestTag/team=a aws:TagKeys=team",
			"sqs:TagQueue arn:aws:sqs" + here + "jobs aws:RequestTag/team=a aws:TagKeys=team"}},
		{"SNS", "Publish", `{"TopicArn":"arn:aws:sns:us-east-1:111122223333:news","Message":"arn:aws:sns:us-east-1:111122223333:other"}`, []string{"sns:Publish arn:aws:sns" + here + "news"}},
		{"SNS", "Publish", `{"PhoneNumber":"+15555550100","Message":"hello"}`, []string{"sns:Publish * any"}},
		{"SNS", "PublishBatch", `{"TopicArn":"arn:aws:sns:us-east-1:111122223333:news"}`, []string{"sns:Publish arn:aws:sns" + here + "news"}},
		{"SNS", "Unsubscribe", `{"SubscriptionArn":"arn:aws:sns:us-east-1:111122223333:news:6b0e71bd-7e97-4d97-80ce-4a0994e55286"}`, []string{"sns:Unsubscribe arn:aws:sns" + here + "news"}},
		{"SNS", "CreateTopic", `{"Name":"news"}`, []string{"sns:CreateTopic arn:aws:sns" + here + "news"}},
		{"SNS", "Subscribe", `{"TopicArn":"arn:aws:sns:us-east-1:111122223333:news","Protocol":"https","Endpoint":"https://example.com"}`, []string{
			"sns:Subscribe arn:aws:sns" + here + "news sns:Endpoint=https://example.com sns:Protocol=https"}},
	})
}

// Amazon DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control", "Using IAM with DynamoDB transactions" and "IAM security
// policies with PartiQL for DynamoDB".
func TestMeaningOfDynamoDB(t *testing.T) {
	table := "arn:aws:dynamodb" + here + "table/"
	checkMeanings(t, []meaningCase{
		{"DynamoDB", "GetItem", `{"TableName":"GameScores","Key":{"UserId":{"S":"u1"}},"ProjectionExpression":"TopScore, #w","ExpressionAttributeNames":{"#w":"Wins"}}`, []string{
			"dynamodb:GetItem " + table + "GameScores dynamodb:Attributes=TopScore,UserId,Wins dynamodb:LeadingKeys=u1 dynamodb:Select=SPECIFIC_ATTRIBUTES"}},
		{"DynamoDB", "Query", `{"TableName":"Books","IndexName":"byTitle","Select":"COUNT"}`, []string{"dynamodb:Query " + table + "Books/index/byTitle dynamodb:Select=COUNT"}},
		{"DynamoDB", "Query", `{"TableName":"` + table + `Books"}`, []string{"dynamodb:Query " + table + "Books"}},
		{"DynamoDB", "Query", `{"TableName":"Books/index/x"}`, []string{"!2 "}},
		{"DynamoDB", "Scan", `{"TableName":"Books","IndexName":"a/b"}`, []string{"!2 "}},
		{"DynamoDB", "CreateTable", `{"TableName":"Books"}`, []string{"dynamodb:CreateTable " + table + "Books"}},
		{"DynamoDB", "ListTables", `{}`, []string{"dynamodb:ListTables * wildcard"}},
		{"DynamoDB", "BatchGetItem", `{"RequestItems":{"A":{"Keys":[{"id":{"S":"1"}}]},"B":{"Keys":[{"id":{"S":"2"}}]}}}`, []string{
			"dynamodb:BatchGetItem " + table + "A dynamodb:Attributes=id dynamodb:LeadingKeys=1", "dynamodb:BatchGetItem " + table + "B dynamodb:Attributes=id dynamodb:LeadingKeys=2"}},
		{"DynamoDB", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"A","Item":{"id":{"S":"1"}}}},{"ConditionCheck":{"TableName":"B","Key":{"id":{"S":"2"}}}}]}`, []string{
			"dynamodb:PutItem " + table + "A dynamodb:Attributes=id dynamodb:EnclosingOperation=TransactWriteItems dynamodb:LeadingKeys=1",
			"dynamodb:ConditionCheckItem " + table + "B dynamodb:Attributes=id dynamodb:EnclosingOperation=TransactWriteItems dynamodb:LeadingKeys=2"}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"SELECT OrderID FROM \"Orders\".\"byDate\" WHERE OrderID = 100"}`, []string{"dynamodb:PartiQLSelect " + table + "Orders/index/byDate dynamodb:Attributes=OrderID dynamodb:FullTableScan=true dynamodb:LeadingKeys=100,"}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"select * from Orders"}`, []string{"dynamodb:PartiQLSelect " + table + "Orders dynamodb:FullTableScan=true dynamodb:LeadingKeys="}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"INSERT INTO \"Orders\" VALUE {'id': 'select'}"}`, []string{"dynamodb:PartiQLInsert " + table + "Orders dynamodb:Attributes=id,select dynamodb:LeadingKeys=id,select"}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"UPDATE Orders SET a = 1 WHERE id = 'x'"}`, []string{"dynamodb:PartiQLUpdate " + table + "Orders dynamodb:Attributes=a,id dynamodb:LeadingKeys=1,x"}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"DELETE FROM Orders WHERE id = 'x'"}`, []string{"dynamodb:PartiQLDelete " + table + "Orders dynamodb:Attributes=id dynamodb:LeadingKeys=x"}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"SELECT * FROM Orders, Other"}`, []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"SELECT * FROM Orders WHERE id IN (SELECT id FROM Other)"}`, []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"SELECT * FROM Orders -- FROM Other"}`, []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"DROP TABLE Orders"}`, []string{"!4 "}},
		{"DynamoDB", "ExecuteStatement", `{"Statement":"SELECT * FROM Orders; DELETE FROM Orders WHERE id = 'x'"}`, []string{"!4 "}},
		{"DynamoDB", "BatchExecuteStatement", `{"Statements":[{"Statement":"SELECT * FROM A WHERE id = 1"},{"Statement":"DELETE FROM B WHERE id = 1"}]}`, []string{
			"dynamodb:PartiQLSelect " + table + "A dynamodb:Attributes=id dynamodb:FullTableScan=true dynamodb:LeadingKeys=1,", "dynamodb:PartiQLDelete " + table + "B dynamodb:Attributes=id dynamodb:LeadingKeys=1"}},
		{"DynamoDB", "ExecuteTransaction", `{"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM A WHERE id = 1)"}]}`, []string{
			"dynamodb:PartiQLSelect " + table + "A dynamodb:Attributes=id dynamodb:EnclosingOperation=ExecuteTransaction dynamodb:LeadingKeys=1"}},
	})
}

// AWS Lambda Developer Guide, "Identity-based IAM policies for Lambda", and the API Reference.
func TestMeaningOfLambda(t *testing.T) {
	function := "arn:aws:lambda" + here + "function:"
	role := "arn:aws:iam::111122223333:role/app"
	checkMeanings(t, []meaningCase{
		{"Lambda", "Invoke", `{"FunctionName":"app"}`, []string{"lambda:InvokeFunction " + function + "app"}},
		{"Lambda", "Invoke", `{"FunctionName":"app","Qualifier":"PROD"}`, []string{"lambda:InvokeFunction " + function + "app:PROD"}},
		{"Lambda", "Invoke", `{"FunctionName":"app:PROD"}`, []string{"lambda:InvokeFunction " + function + "app:PROD"}},
		{"Lambda", "Invoke", `{"FunctionName":"app:PROD","Qualifier":"TEST"}`, []string{"!2 "}},
		{"Lambda", "Invoke", `{"FunctionName":"444455556666:function:app"}`, []string{"lambda:InvokeFunction arn:aws:lambda:us-east-1:444455556666:function:app"}},
		{"Lambda", "Invoke", `{"FunctionName":"` + function + `app:3"}`, []string{"lambda:InvokeFunction " + function + "app:3"}},
		{"Lambda", "Invoke", `{"FunctionName":"a/b"}`, []string{"!2 "}},
		{"Lambda", "CreateFunction", `{"FunctionName":"app","Role":"` + role + `"}`, []string{"lambda:CreateFunction " + function + "app",
			"iam:PassRole " + role + " iam:PassedToService=lambda.amazonaws.com"}},
		{"Lambda", "ListFunctions", `{}`, []string{"lambda:ListFunctions * wildcard"}},
		{"Lambda", "PutProvisionedConcurrencyConfig", `{"FunctionName":"app","Qualifier":"PROD"}`, []string{"lambda:PutProvisionedConcurrencyConfig " + function + "app:PROD"}},
	})
}

// The guides of Amazon CloudWatch Logs ("CloudWatch Logs resources and operations"), ECR, EFS, Auto Scaling, EKS, ECS, Systems Manager, Step
// Functions, EventBridge, CloudFormation, API Gateway and AWS Glue, and the Service Authorization Reference.
func TestMeaningOfOthers(t *testing.T) {
	role := "arn:aws:iam::111122223333:role/app"
	stack := "arn:aws:cloudformation" + here + "stack/web/*"
	checkMeanings(t, []meaningCase{
		{"CloudWatch Logs", "CreateLogStream", `{"logGroupName":"/app/web","logStreamName":"s"}`, []string{"logs:CreateLogStream arn:aws:logs" + here + "log-group:/app/web:log-stream:s"}},
		{"CloudWatch Logs", "PutLogEvents", `{"logGroupName":"/app/web","logStreamName":"s","logEvents":[]}`, []string{"logs:PutLogEvents arn:aws:logs" + here + "log-group:/app/web:log-stream:s"}},
		{"CloudWatch Logs", "TagResource", `{"resourceArn":"arn:aws:logs:us-east-1:111122223333:log-group:/app","tags":{"a":"b"}}`, []string{
			"logs:TagResource arn:aws:logs" + here + "log-group:/app aws:RequestTag/a=b aws:TagKeys=a"}},
		{"CloudWatch Logs", "FilterLogEvents", `{"logGroupIdentifier":"arn:aws:logs:us-east-1:111122223333:log-group:/app:*"}`, []string{"logs:FilterLogEvents arn:aws:logs" + here + "log-group:/app:log-stream:"}},
		{"CloudWatch Logs", "CreateLogGroup", `{"logGroupName":"/app","tags":{"a":"b"}}`, []string{"logs:CreateLogGroup arn:aws:logs" + here + "log-group:/app:log-stream: aws:RequestTag/a=b aws:TagKeys=a",
			"logs:TagResource arn:aws:logs" + here + "log-group:/app aws:RequestTag/a=b aws:TagKeys=a"}},
		{"Bedrock Runtime", "InvokeModel", `{"modelId":"anthropic.claude-3-haiku-20240307-v1:0"}`, []string{"bedrock:InvokeModel arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"}},
		{"IoT Data Plane", "Publish", `{"topic":"a/b"}`, []string{"iot:Publish arn:aws:iot" + here + "topic/a/b"}},
		{"RDS", "CreateDBInstance", `{"DBInstanceIdentifier":"db1","DBInstanceClass":"db.t3.micro","Engine":"mysql","DBSubnetGroupName":"g","VpcSecurityGroupIds":["sg-0123456789abcdef0"]}`, []string{
			"rds:CreateDBInstance arn:aws:rds" + here + "db:db1 rds:DatabaseClass=db.t3.micro rds:DatabaseEngine=mysql", "rds:CreateDBInstance arn:aws:rds" + here + "subgrp:g"}},
		{"SSM", "StartSession", `{"Target":"i-0123456789abcdef0"}`, []string{"ssm:StartSession arn:aws:ec2" + here + "instance/i-0123456789abcdef0"}},
		{"SFN", "DescribeExecution", `{"executionArn":"arn:aws:states:us-east-1:111122223333:execution:app:e1"}`, []string{"states:DescribeExecution arn:aws:states" + here + "execution:app:e1"}},
		{"ECR", "BatchGetImage", `{"repositoryName":"team/app","imageIds":[{"imageTag":"1"}]}`, []string{"ecr:BatchGetImage arn:aws:ecr" + here + "repository/team/app"}},
		{"ECR", "BatchGetImage", `{"registryId":"444455556666","repositoryName":"app"}`, []string{"ecr:BatchGetImage arn:aws:ecr:us-east-1:444455556666:repository/app"}},
		{"ECR", "GetAuthorizationToken", `{}`, []string{"ecr:GetAuthorizationToken * wildcard"}},
		{"EFS", "CreateAccessPoint", `{"FileSystemId":"fs-01234567","Tags":[{"Key":"efs.csi.aws.com/cluster","Value":"true"}]}`, []string{
			"elasticfilesystem:CreateAccessPoint arn:aws:elasticfilesystem" + here + "file-system/fs-01234567 aws:RequestTag/efs.csi.aws.com/cluster=true aws:TagKeys=efs.csi.aws.com/cluster",
			"elasticfilesystem:TagResource arn:aws:elasticfilesystem" + here + "access-point/* aws:RequestTag/efs.csi.aws.com/cluster=true aws:ResourceTag/efs.csi.aws.com/cluster=true aws:TagKeys=efs.csi.aws.com/cluster elasticfilesystem:CreateAction=CreateAccessPoint"}},
		{"EFS", "DeleteAccessPoint", `{"AccessPointId":"fsap-01234567"}`, []string{"elasticfilesystem:DeleteAccessPoint arn:aws:elasticfilesystem" + here + "access-point/fsap-01234567"}},
		{"EFS", "DescribeMountTargets", `{"FileSystemId":"fs-01234567"}`, []string{"elasticfilesystem:DescribeMountTargets arn:aws:elasticfilesystem" + here + "file-system/fs-01234567"}},
		{"EFS", "DescribeFileSystems", `{}`, []string{"elasticfilesystem:DescribeFileSystems * any"}},
		{"Auto Scaling", "SetDesiredCapacity", `{"AutoScalingGroupName":"nodes","DesiredCapacity":2}`, []string{
			"autoscaling:SetDesiredCapacity arn:aws:autoscaling" + here + "autoScalingGroup:*:autoScalingGroupName/nodes any"}},
		{"Auto Scaling", "TerminateInstanceInAutoScalingGroup", `{"InstanceId":"i-0123456789abcdef0","ShouldDecrementDesiredCapacity":true}`, []string{
			"autoscaling:TerminateInstanceInAutoScalingGroup arn:aws:autoscaling" + here + "autoScalingGroup:*:autoScalingGroupName/* any"}},
		{"Auto Scaling", "DescribeAutoScalingGroups", `{"AutoScalingGroupNames":["nodes"]}`, []string{"autoscaling:DescribeAutoScalingGroups * wildcard"}},
		{"EKS", "DescribeCluster", `{"name":"prod"}`, []string{"eks:DescribeCluster arn:aws:eks" + here + "cluster/prod"}},
		{"EKS", "DescribeNodegroup", `{"clusterName":"prod","nodegroupName":"n"}`, []string{"eks:DescribeNodegroup arn:aws:eks" + here + "nodegroup/prod/n/* any"}},
		{"ECS", "StopTask", `{"task":"abc"}`, []string{"ecs:StopTask arn:aws:ecs" + here + "task/default/abc ecs:cluster=arn:aws:ecs" + here + "cluster/default"}},
		{"ECS", "RunTask", `{"cluster":"c","taskDefinition":"app:3"}`, []string{"ecs:RunTask arn:aws:ecs" + here + "task-definition/app:3 ecs:cluster=arn:aws:ecs" + here + "cluster/c"}},
		{"SSM", "GetParameter", `{"Name":"/app/db:3"}`, []string{"ssm:GetParameter arn:aws:ssm" + here + "parameter/app/db"}},
		{"SSM", "GetParameters", `{"Names":["a","/b"]}`, []string{"ssm:GetParameters arn:aws:ssm" + here + "parameter/a", "ssm:GetParameters arn:aws:ssm" + here + "parameter/b"}},
		{"SSM", "GetParametersByPath", `{"Path":"/app/","Recursive":true}`, []string{"ssm:GetParametersByPath arn:aws:ssm" + here + "parameter/app ssm:Recursive=true"}},
		{"SSM", "SendCommand", `{"DocumentName":"AWS-RunShellScript","InstanceIds":["i-0123456789abcdef0"]}`, []string{
			"ssm:SendCommand arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "ssm:SendCommand arn:aws:ec2" + here + "instance/i-0123456789abcdef0"}},
		{"SSM", "StartAutomationExecution", `{"DocumentName":"AWS-RestartEC2Instance"}`, []string{"!4 "}},
		{"SFN", "StartExecution", `{"stateMachineArn":"arn:aws:states:us-east-1:111122223333:stateMachine:app"}`, []string{"states:StartExecution arn:aws:states" + here + "stateMachine:app"}},
		{"SFN", "CreateStateMachine", `{"name":"app","roleArn":"` + role + `","definition":"{}"}`, []string{"states:CreateStateMachine arn:aws:states" + here + "stateMachine:app",
			"iam:PassRole " + role + " iam:PassedToService=states.amazonaws.com"}},
		{"EventBridge", "PutEvents", `{"Entries":[{"Source":"a"},{"EventBusName":"b"}]}`, []string{"events:PutEvents arn:aws:events" + here + "event-bus/default events:source=a", "events:PutEvents arn:aws:events" + here + "event-bus/b"}},
		{"EventBridge", "PutRule", `{"Name":"r","EventBusName":"b"}`, []string{"events:PutRule arn:aws:events" + here + "rule/b/r"}},
		{"EventBridge", "DeleteRule", `{"Name":"r"}`, []string{"events:DeleteRule arn:aws:events" + here + "rule/r"}},
		{"CloudFormation", "CreateStack", `{"StackName":"web","TemplateBody":"{}"}`, []string{"!4 "}},
		{"CloudFormation", "CreateStack", `{"StackName":"web","RoleARN":"` + role + `"}`, []string{"cloudformation:CreateStack " + stack + " cloudformation:RoleArn=" + role,
			"iam:PassRole " + role + " iam:PassedToService=cloudformation.amazonaws.com"}},
		{"API Gateway", "GetRestApi", `{"restApiId":"abc"}`, []string{"apigateway:GET arn:aws:apigateway:us-east-1::/restapis/abc"}},
		{"API Gateway", "DeleteStage", `{"restApiId":"abc","stageName":"prod"}`, []string{"apigateway:DELETE arn:aws:apigateway:us-east-1::/restapis/abc/stages/prod"}},
		{"API Gateway", "GetRestApi", `{"restApiId":"a/b"}`, []string{"!2 "}},
		{"ApiGatewayV2", "GetApi", `{"ApiId":"abc"}`, []string{"apigateway:GET arn:aws:apigateway:us-east-1::/apis/abc"}},
		{"Glue", "GetTable", `{"DatabaseName":"d","Name":"t"}`, []string{"glue:GetTable arn:aws:glue" + here + "catalog", "glue:GetTable arn:aws:glue" + here + "database/d", "glue:GetTable arn:aws:glue" + here + "table/d/t"}},
		{"Glue", "CreateJob", `{"Name":"j","Role":"AWSGlueRole"}`, []string{"glue:CreateJob arn:aws:glue" + here + "job/j", "iam:PassRole " + anyRole + " any role=AWSGlueRole iam:PassedToService=glue.amazonaws.com"}},
		{"CloudWatch", "PutMetricData", `{"Namespace":"app"}`, []string{"cloudwatch:PutMetricData * any cloudwatch:namespace=app"}},
		{"Route 53", "ChangeResourceRecordSets", `{"HostedZoneId":"Z123"}`, []string{"route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z123"}},
		{"IAM", "CreateServiceLinkedRole", `{"AWSServiceName":"elasticloadbalancing.amazonaws.com"}`, []string{"iam:CreateServiceLinkedRole arn:aws:iam::111122223333:role/aws-service-role/elasticloadbalancing.amazonaws.com/* any iam:AWSServiceName=elasticloadbalancing.amazonaws.com"}},
	})
}

// AWS Batch User Guide, "Resource: Restrict to job definition prefix on job submission"; Amazon EFS API Reference, TagResource; Service Authorization
// Reference, "Amazon S3 Files".
func TestMeaningOfFileSystemsAndBatch(t *testing.T) {
	files := "arn:aws:elasticfilesystem" + here
	checkMeanings(t, []meaningCase{
		{"Batch", "SubmitJob", `{"jobName":"one","jobQueue":"nightly","jobDefinition":"arn:aws:batch` + here + `job-definition/report:3"}`, []string{
			"batch:SubmitJob arn:aws:batch" + here + "job-definition/report:3", "batch:SubmitJob arn:aws:batch" + here + "job-queue/nightly"}},
		{"Batch", "SubmitJob", `{"jobName":"one","jobQueue":"nightly","jobDefinition":"report:3"}`, []string{
			"batch:SubmitJob arn:aws:batch" + here + "job-definition/report:3", "batch:SubmitJob arn:aws:batch" + here + "job-queue/nightly"}},
		{"Batch", "SubmitJob", `{"jobName":"one","jobQueue":"nightly","jobDefinition":"report"}`, []string{
			"batch:SubmitJob arn:aws:batch" + here + "job-definition/report:* any", "batch:SubmitJob arn:aws:batch" + here + "job-queue/nightly"}},
		{"EFS", "TagResource", `{"ResourceId":"fsap-01","Tags":[{"Key":"a","Value":"b"}]}`, []string{
			"elasticfilesystem:TagResource " + files + "access-point/fsap-01 aws:RequestTag/a=b aws:TagKeys=a"}},
		{"EFS", "ListTagsForResource", `{"ResourceId":"fs-01"}`, []string{"elasticfilesystem:ListTagsForResource " + files + "file-system/fs-01"}},
		{"EFS", "ListTagsForResource", `{"ResourceId":"` + files + `file-system/fs-01"}`, []string{"elasticfilesystem:ListTagsForResource " + files + "file-system/fs-01"}},
		{"EFS", "ListTagsForResource", `{"ResourceId":"fs-*"}`, []string{"!2 "}},
		{"EC2", "CopyVolumes", `{"SourceVolumeId":"vol-0a1b2c3d4e5f60001","TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"a","Value":"b"}]}]}`, []string{
			"ec2:CopyVolumes arn:aws:ec2" + here + "volume/vol-0a1b2c3d4e5f60001", "ec2:CopyVolumes arn:aws:ec2" + here + "volume/* aws:RequestTag/a=b aws:TagKeys=a",
			"ec2:CreateTags arn:aws:ec2" + here + "volume/* aws:RequestTag/a=b aws:TagKeys=a ec2:CreateAction=CopyVolumes"}},
		{"S3Files", "ListTagsForResource", `{"resourceId":"fsap-01"}`, []string{
			"s3files:ListTagsForResource arn:aws:s3files" + here + "file-system/*/access-point/fsap-01 any"}},
		{"S3Files", "CreateAccessPoint", `{"fileSystemId":"fs-01"}`, []string{"s3files:CreateAccessPoint arn:aws:s3files" + here + "file-system/fs-01"}},
	})
}
