package awsmodel

// actions are those of operations that have no action of their own name, several separated by spaces: all of them are needed.
// Where nothing else is said, the operation's page in the service's API reference says which permission it asks for.
var actions = map[string]string{
	"access-analyzer:GetFindingV2":   "access-analyzer:GetFinding",
	"access-analyzer:ListFindingsV2": "access-analyzer:ListFindings",

	// Amazon Bedrock API Reference, Converse and ConverseStream: "this operation requires permission for the bedrock:InvokeModel action".
	"bedrock:Converse":       "bedrock:InvokeModel",
	"bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",

	// Service Authorization Reference, "AWS Budget Service": ViewBudget and ModifyBudget stand for all operations on budgets.
	"budgets:CreateBudget":                          "budgets:ModifyBudget",
	"budgets:CreateNotification":                    "budgets:ModifyBudget",
	"budgets:CreateSubscriber":                      "budgets:ModifyBudget",
	"budgets:DeleteBudget":                          "budgets:ModifyBudget",
	"budgets:DeleteNotification":                    "budgets:ModifyBudget",
	"budgets:DeleteSubscriber":                      "budgets:ModifyBudget",
	"budgets:DescribeBudget":                        "budgets:ViewBudget",
	"budgets:DescribeBudgetNotificationsForAccount": "budgets:ViewBudget",
	"budgets:DescribeBudgetPerformanceHistory":      "budgets:ViewBudget",
	"budgets:DescribeBudgets":                       "budgets:ViewBudget",
	"budgets:DescribeNotificationsForBudget":        "budgets:ViewBudget",
	"budgets:DescribeSubscribersForNotification":    "budgets:ViewBudget",
	"budgets:UpdateBudget":                          "budgets:ModifyBudget",
	"budgets:UpdateNotification":                    "budgets:ModifyBudget",
	"budgets:UpdateSubscriber":                      "budgets:ModifyBudget",

	// Amazon Keyspaces Developer Guide, "How Amazon Keyspaces works with IAM": the actions are CQL's statements.
	"cassandra:CreateKeyspace":      "cassandra:Create",
	"cassandra:CreateTable":         "cassandra:Create",
	"cassandra:DeleteKeyspace":      "cassandra:Drop",
	"cassandra:DeleteTable":         "cassandra:Drop",
	"cassandra:GetKeyspace":         "cassandra:Select",
	"cassandra:GetTable":            "cassandra:Select",
	"cassandra:ListKeyspaces":       "cassandra:Select",
	"cassandra:ListTables":          "cassandra:Select",
	"cassandra:ListTagsForResource": "cassandra:Select",
	"cassandra:RestoreTable":        "cassandra:Select cassandra:Restore",
	"cassandra:UpdateTable":         "cassandra:Alter",
	// Its page in the API Reference: it is no action of its own, and these must be allowed.
	"cassandra:GetTableAutoScalingSettings": "application-autoscaling:DescribeScalableTargets application-autoscaling:DescribeScalingPolicies",

	// Amazon CloudFront API Reference, CreateDistributionWithTags.
	"cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution cloudfront:TagResource",
	// Amazon CloudSearch Developer Guide, "Configuring access for Amazon CloudSearch": cloudsearch:document is for the document service.
	"cloudsearch:UploadDocuments": "cloudsearch:document",
	// AWS CloudTrail API Reference, ListInsightsMetricData.
	"cloudtrail:ListInsightsMetricData": "cloudtrail:LookupEvents",
	// Amazon API Gateway Developer Guide, "Control access to a WebSocket API with IAM authorization": one action for @connections.
	"execute-api:DeleteConnection": "execute-api:ManageConnections",
	"execute-api:GetConnection":    "execute-api:ManageConnections",
	"execute-api:PostToConnection": "execute-api:ManageConnections",
	// Service Authorization Reference, "Amazon Detective": the action is in the singular.
	"detective:ListOrganizationAdminAccounts": "detective:ListOrganizationAdminAccount",

	// Service Authorization Reference, "AWS Database Migration Service": its page names the operation that each of these is the action of.
	"dms:DescribeDataProviders":                "dms:ListDataProviders",
	"dms:DescribeExtensionPackAssociations":    "dms:ListExtensionPacks",
	"dms:DescribeInstanceProfiles":             "dms:ListInstanceProfiles",
	"dms:DescribeMetadataModelAssessments":     "dms:ListMetadataModelAssessments",
	"dms:DescribeMetadataModelConversions":     "dms:ListMetadataModelConversions",
	"dms:DescribeMetadataModelExportsAsScript": "dms:ListMetadataModelExports",
	"dms:DescribeMetadataModelExportsToTarget": "dms:ListMetadataModelExports",
	"dms:DescribeMigrationProjects":            "dms:ListMigrationProjects",
	"dms:ModifyConversionConfiguration":        "dms:UpdateConversionConfiguration",
	"dms:ModifyDataProvider":                   "dms:UpdateDataProvider",
	"dms:ModifyInstanceProfile":                "dms:UpdateInstanceProfile",
	"dms:ModifyMigrationProject":               "dms:UpdateMigrationProject",
	"dms:StartExtensionPackAssociation":        "dms:AssociateExtensionPack",
	"dms:StartMetadataModelExportAsScript":     "dms:StartMetadataModelExportAsScripts",

	// AWS Glue API Reference: the batch form of GetDataQualityResult.
	"glue:BatchGetDataQualityResult": "glue:GetDataQualityResult",
	// AWS Glue API Reference: their pages name the public actions for them.
	"glue:GetUnfilteredPartitionMetadata":  "glue:GetPartition",
	"glue:GetUnfilteredPartitionsMetadata": "glue:GetPartitions",
	"glue:GetUnfilteredTableMetadata":      "glue:GetTable",
	// AWS IoT FleetWise API Reference: the batch forms.
	"iotfleetwise:BatchCreateVehicle": "iotfleetwise:CreateVehicle",
	"iotfleetwise:BatchUpdateVehicle": "iotfleetwise:UpdateVehicle",

	// AWS Lambda Developer Guide, "Identity-based IAM policies for Lambda".
	"lambda:GetLayerVersionByArn":     "lambda:GetLayerVersion",
	"lambda:Invoke":                   "lambda:InvokeFunction",
	"lambda:InvokeAsync":              "lambda:InvokeFunction", // its page in the API Reference asks for this
	"lambda:InvokeWithResponseStream": "lambda:InvokeFunction",

	// Amazon Lex V2 API Reference: both ask for ListAggregatedUtterances.
	"lex:ListUtteranceAnalyticsData": "lex:ListAggregatedUtterances",
	"lex:ListUtteranceMetrics":       "lex:ListAggregatedUtterances",

	// Neptune User Guide, "IAM actions for data access in Amazon Neptune". Which of the three a query needs is in its text: all are asked for.
	"neptune-db:CancelGremlinQuery":            "neptune-db:CancelQuery",
	"neptune-db:CancelOpenCypherQuery":         "neptune-db:CancelQuery",
	"neptune-db:DeletePropertygraphStatistics": "neptune-db:DeleteStatistics",
	"neptune-db:DeleteSparqlStatistics":        "neptune-db:DeleteStatistics",
	"neptune-db:ExecuteFastReset":              "neptune-db:ResetDatabase",
	"neptune-db:ExecuteGremlinExplainQuery":    neptuneQuery,
	"neptune-db:ExecuteGremlinProfileQuery":    neptuneQuery,
	"neptune-db:ExecuteGremlinQuery":           neptuneQuery,
	"neptune-db:ExecuteOpenCypherExplainQuery": neptuneQuery,
	"neptune-db:GetGremlinQueryStatus":         "neptune-db:GetQueryStatus",
	"neptune-db:GetMLDataProcessingJob":        "neptune-db:GetMLDataProcessingJobStatus",
	"neptune-db:GetMLEndpoint":                 "neptune-db:GetMLEndpointStatus",
	"neptune-db:GetMLModelTrainingJob":         "neptune-db:GetMLModelTrainingJobStatus",
	"neptune-db:GetMLModelTransformJob":        "neptune-db:GetMLModelTransformJobStatus",
	"neptune-db:GetOpenCypherQueryStatus":      "neptune-db:GetQueryStatus",
	"neptune-db:GetPropertygraphStatistics":    "neptune-db:GetStatisticsStatus",
	"neptune-db:GetPropertygraphSummary":       "neptune-db:GetGraphSummary",
	"neptune-db:GetRDFGraphSummary":            "neptune-db:GetGraphSummary",
	"neptune-db:GetSparqlStatistics":           "neptune-db:GetStatisticsStatus",
	"neptune-db:GetSparqlStream":               "neptune-db:GetStreamRecords",
	"neptune-db:ListGremlinQueries":            "neptune-db:GetQueryStatus",
	"neptune-db:ListOpenCypherQueries":         "neptune-db:GetQueryStatus",
	"neptune-db:ManagePropertygraphStatistics": "neptune-db:ManageStatistics",
	"neptune-db:ManageSparqlStatistics":        "neptune-db:ManageStatistics",

	// Amazon S3 User Guide, "Blocking public access": the account's settings are their own actions, and removing them is to set them.
	"s3:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
	"s3:GetPublicAccessBlock":    "s3:GetAccountPublicAccessBlock",
	"s3:PutPublicAccessBlock":    "s3:PutAccountPublicAccessBlock",
	"s3:ListRegionalBuckets":     "s3-outposts:ListRegionalBuckets",

	// Amazon SageMaker API Reference, InvokeEndpointWithResponseStream: permissions must allow InvokeEndpoint.
	"sagemaker:InvokeEndpointWithResponseStream": "sagemaker:InvokeEndpointWithResponseStream sagemaker:InvokeEndpoint",

	// Amazon SNS and SQS Developer Guides: a batch needs the permission of its entries' action.
	"sns:PublishBatch":                 "sns:Publish",
	"sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
	"sqs:DeleteMessageBatch":           "sqs:DeleteMessage",
	"sqs:SendMessageBatch":             "sqs:SendMessage",

	// Service Authorization Reference, "Amazon Timestream": Select is to run queries. Their tables are in their text: all are asked for.
	"timestream:Query": "timestream:Select",
	// Amazon Verified Permissions API Reference: the batch forms ask for the permission of the single ones.
	"verifiedpermissions:BatchIsAuthorized":          "verifiedpermissions:IsAuthorized",
	"verifiedpermissions:BatchIsAuthorizedWithToken": "verifiedpermissions:IsAuthorizedWithToken",
	// Amazon VPC Lattice API Reference: the batch form of UpdateRule.
	"vpc-lattice:BatchUpdateRule": "vpc-lattice:UpdateRule",

	// Amazon QuickSight API Reference: a definition is a part of what it defines, and the actions that read that are its own.
	"quicksight:DescribeAnalysisDefinition":  "quicksight:DescribeAnalysis",
	"quicksight:DescribeDashboardDefinition": "quicksight:DescribeDashboard",
	"quicksight:DescribeTemplateDefinition":  "quicksight:DescribeTemplate",
}

const neptuneQuery = "neptune-db:ReadDataViaQuery neptune-db:WriteDataViaQuery neptune-db:DeleteDataViaQuery"
