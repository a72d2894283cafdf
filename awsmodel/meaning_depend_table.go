package awsmodel

// When a dependent action is needed, beside conditions that a request meets.
const (
	always = "always"
	never  = "never"
	whose  = "whose" // a text of the request is an ARN of the action's service, or the service's name
)

// dependentNeeds say in which requests a dependent action is needed, where it is not in all, by the action or its
// service ("s3:*") alone, or behind the prefix or the operation that it is needed for. A condition is a member that
// the request has somewhere, with =value for one value, ~text for a text that the request has in lower case, or
// !Member for one that the input has not. One of those with spaces between them must hold.
var dependentNeeds = map[string]string{
	// The role is its service's own, and is made once in an account's life (IAM User Guide, "Create a service-linked
	// role"); what is done to its policies is done then, and no one but its service may do it later.
	"iam:CreateServiceLinkedRole":                never,
	"app-integrations iam:*":                     never,
	"connect iam:*":                              never,
	"guardduty iam:*":                            never,
	"kafka iam:*":                                never,
	"kafkaconnect iam:*":                         never,
	"lightsail:ExportSnapshot iam:PutRolePolicy": never,
	// Roles, keys and objects in requests are found by passes and forwards; the key that a resource has is not in a
	// request.
	"iam:PassRole":                   never,
	"kms:*":                          never,
	"s3:GetObject":                   never,
	"s3:GetObjectVersion":            never,
	"s3:PutObject":                   never,
	"kms:ReplicateKey kms:CreateKey": always,
	// Roles that an operation hands over without their being in its request, or that are in a document in it (the
	// operations' pages in the services' API references).
	"backup-gateway:StartVirtualMachinesMetadataSync iam:PassRole": always,
	"config:PutConformancePack iam:PassRole":                       always,
	"config:PutOrganizationConfigRule iam:PassRole":                always,
	"config:PutOrganizationConformancePack iam:PassRole":           always,
	"config:StartRemediationExecution iam:PassRole":                always,
	"dms:CreateDataProvider iam:PassRole":                          always,
	"dms:CreateInstanceProfile iam:PassRole":                       always,
	"dms:CreateReplicationInstance iam:PassRole":                   always,
	"drs:StartRecovery iam:PassRole":                               always,
	"ec2:EnableFastLaunch iam:PassRole":                            always,
	"mediastore:StartAccessLogging iam:PassRole":                   always,
	"mgn:StartCutover iam:PassRole":                                always,
	"mgn:StartTest iam:PassRole":                                   always,
	"osis:CreatePipeline iam:PassRole":                             always,
	"osis:UpdatePipeline iam:PassRole":                             always,
	"rolesanywhere:EnableProfile iam:PassRole":                     always,
	"sagemaker:CreateEdgeDeploymentPlan iam:PassRole":              always,
	"sagemaker:CreateEdgeDeploymentStage iam:PassRole":             always,
	"ssm:CreateDocument iam:PassRole": "DocumentType=Automation " +
		"DocumentType=Automation.ChangeTemplate",
	// SDKs ask for endpoints in a request of its own (Amazon Timestream Developer Guide, "The endpoint discovery
	// pattern").
	"timestream timestream:DescribeEndpoints": never,
	// AWS managed policies allow these services as a whole without what the reference says:
	// AmazonElastiCacheFullAccess (of EC2's, endpoints of serverless caches alone), AmazonMemoryDBFullAccess and
	// AWSNetworkManagerFullAccess. Their service-linked roles do it.
	"elasticache ec2:*": never,
	"elasticache:CreateServerlessCache ec2:CreateTags":        always,
	"elasticache:CreateServerlessCache ec2:CreateVpcEndpoint": always,
	"memorydb ec2:*":                     never,
	"networkmanager ec2:DescribeRegions": never,
	// Snapshots go to a bucket where one is named (Amazon ElastiCache and MemoryDB API References, CopySnapshot).
	"elasticache:CopySnapshot s3:*":   "TargetBucket",
	"elasticache:CreateSnapshot s3:*": never,
	"memorydb:CopySnapshot s3:*":      "TargetBucket",
	"memorydb:CreateSnapshot s3:*":    never,
	// Passwords that Secrets Manager keeps (Amazon RDS User Guide and Amazon Redshift Management Guide, "… with AWS
	// Secrets Manager").
	"rds secretsmanager:*": "ManageMasterUserPassword " +
		"MasterUserSecretKmsKeyId RotateMasterUserPassword",
	"redshift secretsmanager:*":                            "ManageMasterPassword MasterPasswordSecretKmsKeyId",
	"redshift-serverless secretsmanager:*":                 "manageAdminPassword adminPasswordSecretKmsKeyId",
	"redshift-serverless:DeleteNamespace secretsmanager:*": always,
	"redshift:ModifyCluster acm:DescribeCertificate":       never, // it is the custom domain's, of which this request says nothing
	"docdb-elastic:CreateCluster secretsmanager:*":         "authType=SECRET_ARN",
	"docdb-elastic:UpdateCluster secretsmanager:*":         "authType=SECRET_ARN",
	// Amazon RDS API Reference: the instances of a Multi-AZ DB cluster, the last snapshot, and the tenant databases
	// of an instance, which go with it; another region's or account's custom engine versions.
	"rds:CreateDBCluster rds:CreateDBInstance":               "DBClusterInstanceClass",
	"rds:ModifyDBCluster rds:ModifyDBInstance":               "DBClusterInstanceClass AllocatedStorage Iops StorageType",
	"rds:RestoreDBClusterFromSnapshot rds:CreateDBInstance":  "DBClusterInstanceClass",
	"rds:RestoreDBClusterToPointInTime rds:CreateDBInstance": "DBClusterInstanceClass",
	"rds:DeleteDBCluster rds:CreateDBClusterSnapshot":        "FinalDBSnapshotIdentifier",
	"rds:DeleteDBInstance rds:CreateDBSnapshot":              "FinalDBSnapshotIdentifier",
	"rds:DeleteTenantDatabase rds:CreateDBSnapshot":          "FinalDBSnapshotIdentifier",
	"rds:StopDBInstance rds:CreateDBSnapshot":                "DBSnapshotIdentifier",
	"rds rds:CreateTenantDatabase":                           "MultiTenant",
	"rds:DeleteDBInstance rds:DeleteTenantDatabase":          never,
	"rds:CopyDBSnapshot rds:CopyCustomDBEngineVersion":       "PreSignedUrl ~arn:",
	// Amazon EC2 User Guide, "Reference AMIs using Systems Manager parameters": resolve:ssm: before a parameter's
	// name. Amazon VPC User Guide, "Flow log records": fields of ECS. AWS PrivateLink Guide: private DNS names, which
	// gateway endpoints have not. CreateRouteServer.
	"ec2 ssm:GetParameters":    "~resolve:ssm: ResolveAlias",
	"ec2:CreateFlowLogs ecs:*": "~ecs-",
	"ec2:CreateVpcEndpoint route53:AssociateVPCWithHostedZone": "PrivateDnsEnabled " +
		"VpcEndpointType=Interface VpcEndpointType=Resource VpcEndpointType=ServiceNetwork",
	"ec2:CreateRouteServer sns:CreateTopic": "SnsNotificationsEnabled",
	// AWS CloudTrail API Reference: trails and event data stores of an organization.
	"cloudtrail organizations:*": "IsOrganizationTrail OrganizationEnabled",
	"cloudtrail iam:GetRole":     "IsOrganizationTrail OrganizationEnabled",
	"cloudtrail:DeregisterOrganizationDelegatedAdmin organizations:*": always,
	"cloudtrail:RegisterOrganizationDelegatedAdmin organizations:*":   always,
	"cloudtrail:RegisterOrganizationDelegatedAdmin iam:GetRole":       always,
	"cloudtrail:EnableFederation iam:GetRole":                         always,
	// AWS Config API Reference.
	"config:PutConfigurationAggregator organizations:*": "OrganizationAggregationSource",
	"config:PutConformancePack ssm:GetDocument":         "TemplateSSMDocumentDetails",
	"config:PutConformancePack s3:ListBucket":           "DeliveryS3Bucket TemplateS3Uri",
	// AWS WAF Developer Guide, AssociateWebACL: the permission for the type of resource that is named.
	// AWSLoadBalancerControllerIAMPolicy associates web ACLs without the actions on their sharing with other
	// accounts. Service Quotas: those of the service whose quotas are read.
	"wafv2:AssociateWebACL amplify:*":                 whose,
	"wafv2:AssociateWebACL apigateway:*":              whose,
	"wafv2:AssociateWebACL apprunner:*":               whose,
	"wafv2:AssociateWebACL appsync:*":                 whose,
	"wafv2:AssociateWebACL cognito-idp:*":             whose,
	"wafv2:AssociateWebACL ec2:*":                     whose,
	"wafv2:AssociateWebACL elasticloadbalancing:*":    whose,
	"wafv2:DisassociateWebACL amplify:*":              whose,
	"wafv2:DisassociateWebACL apigateway:*":           whose,
	"wafv2:DisassociateWebACL apprunner:*":            whose,
	"wafv2:DisassociateWebACL appsync:*":              whose,
	"wafv2:DisassociateWebACL cognito-idp:*":          whose,
	"wafv2:DisassociateWebACL ec2:*":                  whose,
	"wafv2:DisassociateWebACL elasticloadbalancing:*": whose,
	"wafv2:GetWebACLForResource amplify:*":            whose,
	"wafv2:GetWebACLForResource apprunner:*":          whose,
	"wafv2:GetWebACLForResource cognito-idp:*":        whose,
	"wafv2:GetWebACLForResource ec2:*":                whose,
	"wafv2:ListResourcesForWebACL amplify:*":          "ResourceType=AMPLIFY",
	"wafv2:ListResourcesForWebACL apprunner:*":        "ResourceType=APP_RUNNER_SERVICE",
	"wafv2:ListResourcesForWebACL cognito-idp:*":      "ResourceType=COGNITO_USER_POOL",
	"wafv2:ListResourcesForWebACL ec2:*":              "ResourceType=VERIFIED_ACCESS_INSTANCE",
	"wafv2 wafv2:GetPermissionPolicy":                 never,
	"wafv2 wafv2:PutPermissionPolicy":                 never,
	"servicequotas autoscaling:*":                     whose,
	"servicequotas cloudformation:*":                  whose,
	"servicequotas dynamodb:*":                        whose,
	"servicequotas elasticloadbalancing:*":            whose,
	"servicequotas iam:*":                             whose,
	"servicequotas kinesis:*":                         whose,
	"servicequotas rds:*":                             whose,
	"servicequotas route53:*":                         whose,
	// The services' API references: what is needed with a member alone.
	"budgets billing:GetBillingViewData":                                         "BillingViewArn",
	"cloudformation:DescribeStacks cloudformation:ListStacks":                    "!StackName",
	"cloudfront cloudfront:CreateConnectionGroup":                                "ConnectionMode",
	"glue:StartColumnStatisticsTaskRun glue:GetSecurityConfiguration":            "SecurityConfiguration",
	"kafka:CreateClusterV2 ec2:CreateTags":                                       "Serverless",
	"kafka:CreateClusterV2 ec2:CreateVpcEndpoint":                                "Serverless",
	"kafka:CreateClusterV2 ec2:DeleteVpcEndpoints":                               "Serverless",
	"kafkaconnect:CreateConnector firehose:TagDeliveryStream":                    "deliveryStream",
	"kafkaconnect:CreateConnector logs:*":                                        "logDelivery",
	"kafkaconnect:CreateConnector s3:*":                                          "s3",
	"imagebuilder ec2:CreateLaunchTemplateVersion":                               "launchTemplateConfigurations",
	"imagebuilder ec2:DescribeLaunchTemplates":                                   "launchTemplateConfigurations",
	"imagebuilder ec2:ModifyLaunchTemplate":                                      "launchTemplateConfigurations",
	"imagebuilder s3:ListBucket":                                                 "~s3:",
	"imagebuilder sns:Publish":                                                   "snsTopicArn",
	"imagebuilder ssm:GetParameter":                                              "~ssm",
	"lambda:CreateFunction lambda:PassCapacityProvider":                          "CapacityProviderConfig",
	"osis:CreatePipeline logs:*":                                                 "LogPublishingOptions",
	"osis:UpdatePipeline logs:*":                                                 "LogPublishingOptions",
	"resource-groups cloudformation:*":                                           "~cloudformation",
	"resource-groups:ListGroupResources cloudformation:*":                        always,
	"route53:CreateHostedZone ec2:DescribeVpcs":                                  "VPC",
	"states states:PublishStateMachineVersion":                                   "publish",
	"states:TestState states:RevealSecrets":                                      "revealSecrets",
	"verifiedpermissions:GetPolicyStore verifiedpermissions:ListTagsForResource": "tags",
	// Amazon GuardDuty User Guide, "Exporting findings": permissions that whoever sets it up needs.
	"guardduty s3:GetObject": always,
	// The conditions of moreDependents, from the same pages.
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration logs:DescribeLogGroups":        "LogGroup",
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration logs:DescribeResourcePolicies": "LogGroup",
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration logs:PutResourcePolicy":        "LogGroup",
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration firehose:*":                    "DeliveryStream",
	"network-firewall:UpdateLoggingConfiguration s3:*":                                   "LogDestinationType=S3",
	"route53resolver:CreateResolverQueryLogConfig s3:*":                                  "~:s3:::",
	"wafv2:PutLoggingConfiguration s3:*":                                                 "~:s3:::",
	"wafv2:PutLoggingConfiguration logs:*":                                               "~:s3::: ~:logs:",
	"apigateway:CreateVpcLink ec2:*":                                                     "targetArns",
	"batch:CreateComputeEnvironment eks:*":                                               "eksConfiguration",
	"cases connect:DescribeUser":                                                         "userArn",
	"codedeploy:CreateDeployment codedeploy:*":                                           "overrideAlarmConfiguration",
	"glue:CreateDatabase glue:*":                                                         "FederatedDatabase",
	"fsx:DeleteVolume fsx:BypassSnaplockEnterpriseRetention":                             "BypassSnaplockEnterpriseRetention",
	"logs logs:Unmask":                                           "unmask",
	"logs logs:PutDataProtectionPolicy":                          "policyType=DATA_PROTECTION_POLICY",
	"logs logs:PutSubscriptionFilter":                            "policyType=SUBSCRIPTION_FILTER_POLICY",
	"logs logs:DeleteDataProtectionPolicy":                       "policyType=DATA_PROTECTION_POLICY",
	"logs logs:DeleteSubscriptionFilter":                         "policyType=SUBSCRIPTION_FILTER_POLICY",
	"redshift:GetClusterCredentials redshift:CreateClusterUser":  "AutoCreate",
	"redshift:GetClusterCredentials redshift:JoinGroup":          "DbGroups",
	"secretsmanager:CreateSecret secretsmanager:*":               "AddReplicaRegions",
	"secretsmanager:ValidateResourcePolicy secretsmanager:*":     "SecretId",
	"servicecatalog:AssociateResource tag:*":                     "options",
	"wellarchitected:CreateWorkload wellarchitected:*":           "ReviewTemplateArns",
	"rekognition:CreateDataset rekognition:*":                    "DatasetArn",
	"servicecatalog:CreateProduct cloudformation:*":              "ImportFromPhysicalId",
	"servicecatalog:CreateProvisioningArtifact cloudformation:*": "ImportFromPhysicalId",
}

// moreDependents are actions that an operation's page in its service's API reference asks for as well, and the
// Service Authorization Reference does not list.
var moreDependents = map[string]string{
	"fsx:DeleteVolume":     "fsx:BypassSnaplockEnterpriseRetention",
	"logs:FilterLogEvents": "logs:Unmask",
	"logs:GetLogEvents":    "logs:Unmask",
	"logs:GetLogRecord":    "logs:Unmask",
	"apigateway:CreateVpcLink": "ec2:CreateVpcEndpointServiceConfiguration ec2:DeleteVpcEndpointServiceConfigurations " +
		"ec2:DescribeVpcEndpointServiceConfigurations ec2:ModifyVpcEndpointServicePermissions",
	"batch:CreateComputeEnvironment":   "eks:DescribeCluster",
	"ecr-public:GetAuthorizationToken": "sts:GetServiceBearerToken",
	"elasticfilesystem:CreateMountTarget": "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces " +
		"ec2:DescribeSubnets",
	"elasticfilesystem:DeleteMountTarget":                 "ec2:DeleteNetworkInterface",
	"elasticfilesystem:DescribeMountTargetSecurityGroups": "ec2:DescribeNetworkInterfaceAttribute",
	"elasticfilesystem:ModifyMountTargetSecurityGroups":   "ec2:ModifyNetworkInterfaceAttribute",
	"lookoutvision:StartModelPackagingJob": "greengrass:CreateComponentVersion greengrass:DescribeComponent " +
		"s3:GetBucketLocation",
	"panorama:DeletePackage":                "s3:DeleteObject",
	"redshift:GetClusterCredentials":        "redshift:CreateClusterUser redshift:JoinGroup",
	"secretsmanager:CreateSecret":           "secretsmanager:ReplicateSecretToRegions",
	"secretsmanager:ValidateResourcePolicy": "secretsmanager:PutResourcePolicy",
	"servicecatalog:AssociateResource": "cloudformation:UpdateStack resource-groups:AssociateResource " +
		"tag:GetResources tag:TagResources",
	"servicecatalog:DisassociateResource": "cloudformation:DescribeStacks cloudformation:UpdateStack " +
		"resource-groups:DisassociateResource tag:GetResources tag:UntagResources",
	"servicecatalog:EnableAWSOrganizationsAccess": "organizations:EnableAWSServiceAccess",
	"wellarchitected:CreateWorkload": "wellarchitected:GetReviewTemplate wellarchitected:GetReviewTemplateAnswer " +
		"wellarchitected:GetReviewTemplateLensReview wellarchitected:ListReviewTemplateAnswers",
	"cases:CreateCase":            "connect:DescribeUser",
	"cases:CreateRelatedItem":     "connect:DescribeUser",
	"cases:UpdateCase":            "connect:DescribeUser",
	"codedeploy:CreateDeployment": "codedeploy:UpdateDeploymentGroup",
	"glue:CreateDatabase":         "glue:PassConnection",
	// AWS Verified Access User Guide, "Logging permissions".
	"ec2:ModifyVerifiedAccessInstanceLoggingConfiguration": logDelivery + " logs:DescribeLogGroups " +
		"logs:DescribeResourcePolicies logs:PutResourcePolicy firehose:TagDeliveryStream",
	// Amazon CloudWatch Logs User Guide, "Enable logging from AWS services": logging that requires additional
	// permissions.
	"network-firewall:UpdateLoggingConfiguration":  logDelivery + " s3:GetBucketPolicy s3:PutBucketPolicy",
	"route53resolver:CreateResolverQueryLogConfig": logDelivery + " s3:GetBucketPolicy s3:PutBucketPolicy",
	"wafv2:PutLoggingConfiguration":                logDelivery + " s3:GetBucketPolicy s3:PutBucketPolicy",
	"logs:DeleteAccountPolicy":                     "logs:DeleteDataProtectionPolicy logs:DeleteSubscriptionFilter",
	"logs:PutAccountPolicy":                        "logs:PutDataProtectionPolicy logs:PutSubscriptionFilter",
	// Amazon QuickSight Developer Guide, "Permissions" of asset bundles.
	"quicksight:StartAssetBundleExportJob": "quicksight:DescribeAnalysis quicksight:DescribeDashboard quicksight:DescribeDataSet " +
		"quicksight:DescribeDataSource quicksight:DescribeTheme quicksight:DescribeVPCConnection",
	"quicksight:StartAssetBundleImportJob": "quicksight:CreateAnalysis quicksight:UpdateAnalysis quicksight:CreateDashboard " +
		"quicksight:UpdateDashboard quicksight:CreateDataSet quicksight:UpdateDataSet quicksight:CreateDataSource " +
		"quicksight:UpdateDataSource quicksight:CreateTheme quicksight:UpdateTheme quicksight:CreateVPCConnection " +
		"quicksight:UpdateVPCConnection",
	"rekognition:CreateDataset":                 "rekognition:ListDatasetEntries",
	"s3:AssociateAccessGrantsIdentityCenter":    "sso:CreateApplication sso:PutApplicationGrant sso:PutApplicationAuthenticationMethod",
	"s3:DissociateAccessGrantsIdentityCenter":   "sso:DeleteApplication",
	"servicecatalog:CreateProduct":              "cloudformation:GetTemplate",
	"servicecatalog:CreateProvisioningArtifact": "cloudformation:GetTemplate",
	"servicecatalog:ImportAsProvisionedProduct": "cloudformation:DescribeStacks cloudformation:GetTemplate",
	"ssm:UpdateAssociation":                     "ssm:DescribeAssociation",
}

// logDelivery is what setting up the delivery of a service's logs takes.
const logDelivery = "logs:CreateLogDelivery logs:DeleteLogDelivery logs:GetLogDelivery logs:ListLogDeliveries logs:UpdateLogDelivery"

// sameResource are the dependent actions that are about what the operation's own action is about.
var sameResource = map[string]bool{
	"fsx:BypassSnaplockEnterpriseRetention": true, "logs:Unmask": true, "secretsmanager:PutResourcePolicy": true,
	"secretsmanager:ReplicateSecretToRegions": true,
}
