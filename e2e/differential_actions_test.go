package e2e

// conditionKey is a key that requests of an action may have, with values to choose from.
type conditionKey struct {
	name   string
	kind   string // String, ARN, Numeric, Date, Bool, IP, Binary
	list   bool
	values []string
}

// simulatedAction is an action with resources that it takes. {account} stands for the resource's account.
type simulatedAction struct {
	name      string
	resources []string // none: the action has no resource-level permissions
	keys      []conditionKey
	policy    bool // the resource has a policy of its own
	controls  bool // resource control policies apply to the service
}

const (
	homeAccount  = "111122223333"
	otherAccount = "444455556666"
)

func stringKey(name string, values ...string) conditionKey {
	return conditionKey{name: name, kind: "String", values: values}
}

func listKey(name string, values ...string) conditionKey {
	return conditionKey{name: name, kind: "String", list: true, values: values}
}

// globalKeys are the keys of any request, beside those that the request's caller and resource determine.
func globalKeys() []conditionKey {
	const vpc = "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1a2b3c4d"
	return []conditionKey{
		{"aws:SourceIp", "IP", false, []string{"203.0.113.7", "203.0.113.200", "198.51.100.1", "10.0.0.1", "2001:db8::7"}},
		{"aws:VpcSourceIp", "IP", false, []string{"10.0.1.7", "10.0.2.7", "fd00::1"}},
		{"aws:SecureTransport", "Bool", false, []string{"true", "false"}},
		{"aws:MultiFactorAuthPresent", "Bool", false, []string{"true", "false"}},
		{"aws:ViaAWSService", "Bool", false, []string{"true", "false"}},
		{"aws:MultiFactorAuthAge", "Numeric", false, []string{"30", "3600", "86400"}},
		{"aws:CurrentTime", "Date", false, []string{"2026-11-28T10:00:00Z", "2026-06-30T23:59:59Z", "2025-01-01T00:00:00Z"}},
		{"aws:TokenIssueTime", "Date", false, []string{"2026-11-28T09:00:00Z", "2026-11-27T00:00:00Z"}},
		{"aws:EpochTime", "Date", false, []string{"1795860000", "1735689600"}},
		{"aws:SourceArn", "ARN", false, []string{"arn:aws:sns:eu-west-1:111122223333:alerts", "arn:aws:s3:::reports", "arn:aws:lambda:eu-west-1:444455556666:function:worker:live"}},
		{"aws:SourceVpcArn", "ARN", false, []string{vpc}},
		stringKey("aws:PrincipalTag/team", "blue", "red", "Blue"),
		stringKey("aws:PrincipalTag/project", "atlas", "at*las", ""),
		stringKey("aws:PrincipalOrgID", "o-a1b2c3d4e5", "o-other00000"),
		listKey("aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/"),
		stringKey("aws:SourceVpc", "vpc-1a2b3c4d", "vpc-0f0f0f0f"),
		stringKey("aws:SourceVpce", "vpce-1a2b3c4d", "vpce-0f0f0f0f"),
		stringKey("aws:SourceAccount", homeAccount, otherAccount),
		stringKey("aws:RequestedRegion", "eu-west-1", "us-east-1"),
		stringKey("aws:UserAgent", "aws-cli/2.13", "Boto3/1.34", "aws-sdk-go-v2/1.30"),
		stringKey("aws:SourceIdentity", "alice", "Bob"),
		listKey("aws:CalledVia", "athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com"),
		stringKey("aws:FederatedProvider", "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"),
	}
}

// derivedConditionKeys are those that follow from the caller and the resource; the values are operands only.
func derivedConditionKeys() []conditionKey {
	return []conditionKey{
		{"aws:PrincipalArn", "ARN", false, []string{"arn:aws:iam::111122223333:user/Alice", "arn:aws:iam::111122223333:role/App", "arn:aws:iam::444455556666:role/App"}},
		stringKey("aws:PrincipalAccount", homeAccount, otherAccount),
		stringKey("aws:PrincipalType", "User", "AssumedRole", "Account"),
		stringKey("aws:username", "Alice", "Bob"),
		stringKey("aws:userid", "AIDAEXAMPLE", homeAccount),
		stringKey("aws:ResourceAccount", homeAccount, otherAccount),
		{"aws:PrincipalIsAWSService", "Bool", false, []string{"true", "false"}},
		stringKey("aws:PrincipalServiceName", "sns.amazonaws.com", "cloudtrail.amazonaws.com"),
	}
}

func resourceTag() conditionKey { return stringKey("aws:ResourceTag/env", "prod", "test", "Prod") }

// simulatedActions are actions of the Service Authorization Reference with the resource types and condition keys that it lists for them.
func simulatedActions() []simulatedAction {
	objects := []string{"arn:aws:s3:::reports/2026/q1.csv", "arn:aws:s3:::reports/Alice/notes.txt", "arn:aws:s3:::logs/app:1/x"}
	buckets := []string{"arn:aws:s3:::reports", "arn:aws:s3:::logs"}
	queues := []string{"arn:aws:sqs:eu-west-1:{account}:orders", "arn:aws:sqs:us-east-1:{account}:orders-dlq"}
	keys := []string{"arn:aws:kms:eu-west-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
	tables := []string{"arn:aws:dynamodb:eu-west-1:{account}:table/books", "arn:aws:dynamodb:eu-west-1:{account}:table/Alice"}
	instances := []string{"arn:aws:ec2:eu-west-1:{account}:instance/i-1234567890abcdef0"}
	encryption := []conditionKey{listKey("kms:EncryptionContextKeys", "purpose", "owner"),
		stringKey("kms:ViaService", "s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com")}
	return []simulatedAction{
		{"s3:GetObject", objects, []conditionKey{stringKey("s3:ExistingObjectTag/class", "public", "secret"), {"s3:ExistingObjectTag/digest", "Binary", false, []string{"QmluYXJ5", "b3RoZXI="}},
			{"s3:TlsVersion", "Numeric", false, []string{"1.2", "1.3", "1.20"}}}, true, true},
		{"s3:PutObject", objects, []conditionKey{stringKey("s3:x-amz-acl", "private", "public-read"), listKey("s3:RequestObjectTagKeys", "class", "owner"), stringKey("s3:RequestObjectTag/class", "public", "secret"),
			{"s3:object-lock-remaining-retention-days", "Numeric", false, []string{"7", "30", "365"}}}, true, true},
		{"s3:DeleteObject", objects, nil, true, true},
		{"s3:ListBucket", buckets, []conditionKey{stringKey("s3:prefix", "", "Alice/", "2026/"), stringKey("s3:delimiter", "/"), {"s3:max-keys", "Numeric", false, []string{"10", "1000"}}}, true, true},
		{"s3:GetBucketLocation", buckets, nil, true, true},
		{"s3:ListAllMyBuckets", nil, nil, false, false},
		{"sqs:SendMessage", queues, nil, true, true},
		{"sqs:ReceiveMessage", queues, nil, true, true},
		{"sqs:ListQueues", nil, nil, false, false},
		{"sns:Publish", []string{"arn:aws:sns:eu-west-1:{account}:alerts"}, nil, true, false},
		{"sns:Subscribe", []string{"arn:aws:sns:eu-west-1:{account}:alerts"}, []conditionKey{stringKey("sns:Protocol", "https", "email"), stringKey("sns:Endpoint", "https://example.com/hook", "ops@example.com")}, true, false},
		{"kms:Decrypt", keys, encryption, true, true},
		{"kms:CreateGrant", keys, []conditionKey{{"kms:GrantIsForAWSResource", "Bool", false, []string{"true", "false"}}, listKey("kms:GrantOperations", "Decrypt", "Encrypt", "CreateGrant")}, true, true},
		{"kms:ListKeys", nil, nil, false, false},
		{"dynamodb:GetItem", tables, []conditionKey{listKey("dynamodb:LeadingKeys", "Alice", "Bob"), listKey("dynamodb:Attributes", "title", "price"), resourceTag()}, true, true},
		{"dynamodb:Query", tables, []conditionKey{stringKey("dynamodb:Select", "SPECIFIC_ATTRIBUTES", "COUNT"), listKey("dynamodb:Attributes", "title", "price")}, true, true},
		{"ec2:TerminateInstances", instances, []conditionKey{stringKey("ec2:ResourceTag/team", "blue", "red"), stringKey("ec2:InstanceType", "t3.micro", "m5.large"), {"ec2:EbsOptimized", "Bool", false, []string{"true", "false"}}, resourceTag()}, false, false},
		{"ec2:DescribeInstances", nil, nil, false, false},
		{"iam:PassRole", []string{"arn:aws:iam::{account}:role/service/Worker"}, []conditionKey{stringKey("iam:PassedToService", "ec2.amazonaws.com", "lambda.amazonaws.com")}, false, false},
		{"iam:CreateRole", []string{"arn:aws:iam::{account}:role/App"}, []conditionKey{{"iam:PermissionsBoundary", "ARN", false, []string{"arn:aws:iam::111122223333:policy/boundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"}},
			listKey("aws:TagKeys", "team", "env"), stringKey("aws:RequestTag/team", "blue", "red")}, false, false},
		{"iam:GetUser", []string{"arn:aws:iam::{account}:user/Alice", "arn:aws:iam::{account}:user/team/Bob"}, nil, false, false},
		{"sts:AssumeRole", []string{"arn:aws:iam::{account}:role/Deploy", "arn:aws:iam::{account}:role/ops/Audit"}, []conditionKey{stringKey("sts:ExternalId", "12345", "x-1"), stringKey("sts:RoleSessionName", "Alice", "ci"),
			listKey("aws:TagKeys", "team", "env"), stringKey("aws:RequestTag/team", "blue", "red")}, true, true},
		{"sts:TagSession", []string{"arn:aws:iam::{account}:role/Deploy"}, []conditionKey{listKey("aws:TagKeys", "team", "env"), stringKey("aws:RequestTag/team", "blue", "red"), listKey("sts:TransitiveTagKeys", "team", "env")}, true, true},
		{"sts:AssumeRoleWithWebIdentity", []string{"arn:aws:iam::{account}:role/Deploy"}, []conditionKey{stringKey("accounts.google.com:sub", "1234567890", "555"), stringKey("accounts.google.com:aud", "sts.amazonaws.com", "client-1"),
			stringKey("sts:RoleSessionName", "app", "ci")}, true, true},
		{"sts:GetCallerIdentity", nil, nil, false, false},
		{"secretsmanager:GetSecretValue", []string{"arn:aws:secretsmanager:eu-west-1:{account}:secret:db/password-AbCdEf"}, []conditionKey{stringKey("secretsmanager:VersionStage", "AWSCURRENT", "AWSPREVIOUS"), resourceTag()}, true, true},
		{"lambda:InvokeFunction", []string{"arn:aws:lambda:eu-west-1:{account}:function:worker"}, []conditionKey{{"lambda:InvokedViaFunctionUrl", "Bool", false, []string{"true", "false"}}}, true, false},
		{"logs:PutLogEvents", []string{"arn:aws:logs:eu-west-1:{account}:log-group:/app/web:log-stream:one"}, nil, false, false},
		{"ecr:GetAuthorizationToken", nil, nil, false, false},
		{"ecr:BatchGetImage", []string{"arn:aws:ecr:eu-west-1:{account}:repository/shop/web"}, []conditionKey{stringKey("ecr:ResourceTag/team", "blue", "red")}, true, true},
		{"route53:ChangeResourceRecordSets", []string{"arn:aws:route53:::hostedzone/Z0123456789"}, []conditionKey{listKey("route53:ChangeResourceRecordSetsNormalizedRecordNames", "a.example.com", "b.example.com", "*.example.com"),
			listKey("route53:ChangeResourceRecordSetsActions", "UPSERT", "DELETE")}, false, false},
		{"ssm:GetParameter", []string{"arn:aws:ssm:eu-west-1:{account}:parameter/app/db"}, []conditionKey{resourceTag()}, false, false},
		{"states:StartExecution", []string{"arn:aws:states:eu-west-1:{account}:stateMachine:orders"}, nil, false, false},
		{"eks:DescribeCluster", []string{"arn:aws:eks:eu-west-1:{account}:cluster/main"}, []conditionKey{resourceTag()}, false, false},
		{"autoscaling:SetDesiredCapacity", []string{"arn:aws:autoscaling:eu-west-1:{account}:autoScalingGroup:1f2e:autoScalingGroupName/web"}, []conditionKey{resourceTag()}, false, false},
	}
}
