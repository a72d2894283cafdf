package awsmodel

// Reasons why operations are Undecidable.
const (
	bearer   = "the service takes a token of its own instead of a signature, and has no action for it"
	ended    = "AWS ended this API, and the Service Authorization Reference no longer has its actions"
	noAction = "the Service Authorization Reference has no action for it"
	// A service that acts with the permissions of whoever called it (forward access sessions) would act with the gateway's key behind this gateway.
	onBehalf = "the service would act with the caller's permissions, and here with those of the gateway's key"
	vended   = "it hands out credentials with the permissions of its caller, which to the backend is the gateway's key"
)

// unfit are the operations that are known and must not be decided, with the reason.
var unfit = map[string]string{
	"cloudwatch:AssociateDatasetKmsKey":                          noAction,
	"cloudwatch:CreateResourceMetricsConfiguration":              noAction,
	"cloudwatch:DeleteResourceMetricsConfiguration":              noAction,
	"cloudwatch:DescribeAlarmContributors":                       noAction,
	"cloudwatch:DisassociateDatasetKmsKey":                       noAction,
	"cloudwatch:GetResourceMetricsConfiguration":                 noAction,
	"cloudwatch:UpdateOTelEnrichment":                            noAction,
	"cloudwatch:UpdateResourceMetricsConfiguration":              noAction,
	"ec2:AssociateNetworkingFlexCostAllocationPolicy":            noAction,
	"ec2:CreateCapacityReservationDateChangeQuote":               noAction,
	"ec2:CreateMetricCategory":                                   noAction,
	"ec2:CreateNetworkingFlexCostAllocationPolicy":               noAction,
	"ec2:DeleteClientVpnEndpointAuthorizationPolicy":             noAction,
	"ec2:DeleteMetricCategory":                                   noAction,
	"ec2:DeleteNetworkingFlexCostAllocationPolicies":             noAction,
	"ec2:DescribeCapacityReservationDateChangeQuotes":            noAction,
	"ec2:DescribeMetricCategories":                               noAction,
	"ec2:DescribeNetworkingFlexCostAllocationPolicies":           noAction,
	"ec2:DescribeNetworkingFlexCostAllocationPolicyAssociations": noAction,
	"ec2:DisassociateNetworkingFlexCostAllocationPolicy":         noAction,
	"ec2:GetCapacityManagerSupportabilityScores":                 noAction,
	"ec2:GetClientVpnEndpointAuthorizationPolicy":                noAction,
	"ec2:GetImageFindings":                                       noAction,
	"ec2:GetNetworkingFlexCostAllocationPolicyVersions":          noAction,
	"ec2:GetTransitGatewayAttachmentNatConfiguration":            noAction,
	"ec2:ModifyClientVpnEndpointAuthorizationPolicy":             noAction,
	"ec2:ModifyMetricCategory":                                   noAction,
	"ec2:ModifyNetworkingFlexCostAllocationPolicy":               noAction,
	"ec2:ModifyTransitGatewayAttachmentNatConfiguration":         noAction,
	"kms:Decapsulate":                                            noAction,
	"kms:Encapsulate":                                            noAction,
	"comprehendmedical:DetectEntities":                           noAction,
	"lakeformation:AssumeDecoratedRoleWithSAML":                  "it is decided by the trust policy of a role",
	"aws-marketplace:BatchDescribeEntities":                      noAction,

	// Amazon Connect API Reference, "Amazon Connect Participant Service": it does not use Signature Version 4 authentication.
	"execute-api:CompleteAttachmentUpload":    bearer,
	"execute-api:CreateParticipantConnection": bearer,
	"execute-api:DescribeView":                bearer,
	"execute-api:DisconnectParticipant":       bearer,
	"execute-api:GetAttachment":               bearer,
	"execute-api:GetTranscript":               bearer,
	"execute-api:SendEvent":                   bearer,
	"execute-api:SendMessage":                 bearer,
	"execute-api:StartAttachmentUpload":       bearer,
	// IAM Identity Center Portal and OIDC API References.
	"sso:GetRoleCredentials":             bearer,
	"sso:ListAccountRoles":               bearer,
	"sso:ListAccounts":                   bearer,
	"sso:Logout":                         bearer,
	"sso-oauth:CreateToken":              bearer,
	"sso-oauth:RegisterClient":           bearer,
	"sso-oauth:StartDeviceAuthorization": bearer,

	// AWS Cloud Control API User Guide, "Identity-based policies": it calls the handlers of resource types with the caller's credentials.
	"cloudformation:CreateResource": onBehalf,
	"cloudformation:DeleteResource": onBehalf,
	"cloudformation:GetResource":    onBehalf,
	"cloudformation:ListResources":  onBehalf,
	"cloudformation:UpdateResource": onBehalf,
	// AWS Service Catalog Administrator Guide: without a launch constraint a product is launched with the permissions of its user.
	"servicecatalog:ProvisionProduct":            onBehalf,
	"servicecatalog:UpdateProvisionedProduct":    onBehalf,
	"servicecatalog:TerminateProvisionedProduct": onBehalf,
	// AWS Elastic Beanstalk Developer Guide, "Managing Elastic Beanstalk user policies": its stacks are made with the user's permissions.
	"elasticbeanstalk:CreateEnvironment":    onBehalf,
	"elasticbeanstalk:UpdateEnvironment":    onBehalf,
	"elasticbeanstalk:TerminateEnvironment": onBehalf,
	"elasticbeanstalk:RebuildEnvironment":   onBehalf,

	// AWS CloudHSM Classic has ended; the reference has CloudHSM's second API under the same prefix.
	"cloudhsm:AddTagsToResource":      ended,
	"cloudhsm:CreateHapg":             ended,
	"cloudhsm:CreateLunaClient":       ended,
	"cloudhsm:DeleteHapg":             ended,
	"cloudhsm:DeleteLunaClient":       ended,
	"cloudhsm:DescribeHapg":           ended,
	"cloudhsm:DescribeHsm":            ended,
	"cloudhsm:DescribeLunaClient":     ended,
	"cloudhsm:GetConfig":              ended,
	"cloudhsm:ListAvailableZones":     ended,
	"cloudhsm:ListHapgs":              ended,
	"cloudhsm:ListHsms":               ended,
	"cloudhsm:ListLunaClients":        ended,
	"cloudhsm:ListTagsForResource":    ended,
	"cloudhsm:ModifyHapg":             ended,
	"cloudhsm:ModifyHsm":              ended,
	"cloudhsm:ModifyLunaClient":       ended,
	"cloudhsm:RemoveTagsFromResource": ended,
	// FinSpace's data API has ended.
	"finspace-api:AssociateUserToPermissionGroup":      ended,
	"finspace-api:CreateChangeset":                     ended,
	"finspace-api:CreateDataView":                      ended,
	"finspace-api:CreateDataset":                       ended,
	"finspace-api:CreatePermissionGroup":               ended,
	"finspace-api:CreateUser":                          ended,
	"finspace-api:DeleteDataset":                       ended,
	"finspace-api:DeletePermissionGroup":               ended,
	"finspace-api:DisableUser":                         ended,
	"finspace-api:DisassociateUserFromPermissionGroup": ended,
	"finspace-api:EnableUser":                          ended,
	"finspace-api:GetChangeset":                        ended,
	"finspace-api:GetDataView":                         ended,
	"finspace-api:GetDataset":                          ended,
	"finspace-api:GetExternalDataViewAccessDetails":    ended,
	"finspace-api:GetPermissionGroup":                  ended,
	"finspace-api:GetUser":                             ended,
	"finspace-api:GetWorkingLocation":                  ended,
	"finspace-api:ListChangesets":                      ended,
	"finspace-api:ListDataViews":                       ended,
	"finspace-api:ListDatasets":                        ended,
	"finspace-api:ListPermissionGroups":                ended,
	"finspace-api:ListPermissionGroupsByUser":          ended,
	"finspace-api:ListUsers":                           ended,
	"finspace-api:ListUsersByPermissionGroup":          ended,
	"finspace-api:ResetUserPassword":                   ended,
	"finspace-api:UpdateChangeset":                     ended,
	"finspace-api:UpdateDataset":                       ended,
	"finspace-api:UpdatePermissionGroup":               ended,
	"finspace-api:UpdateUser":                          ended,

	// AWS Systems Manager User Guide, "Running automations": an automation without a role acts with its user's permissions, and which role it has is in
	// its document or its parameters.
	"ssm:StartAutomationExecution":    onBehalf,
	"ssm:StartChangeRequestExecution": onBehalf,
	// AWS CodeArtifact User Guide, "Authentication and tokens"; AWS Lake Formation Developer Guide, "Credential vending API operations"; Amazon Redshift
	// API Reference, GetClusterCredentialsWithIAM ("the database user is mapped 1:1 to the source IAM identity"), and likewise Redshift Serverless.
	"codeartifact:GetAuthorizationToken":                 vended,
	"lakeformation:GetTemporaryGluePartitionCredentials": vended,
	"lakeformation:GetTemporaryGlueTableCredentials":     vended,
	"redshift:GetClusterCredentialsWithIAM":              vended,
	"redshift-serverless:GetCredentials":                 vended,
	// Resource Groups Tagging API Reference, TagResources: each resource's own service must allow its own action as well.
	"tag:TagResources":   onBehalf,
	"tag:UntagResources": onBehalf,
}

// asCaller is why a request cannot be decided that has a service log in as whoever makes it; "" for all others. Amazon Redshift Management Guide,
// "Authorizing access to the Amazon Redshift Data API": without a secret and a database's user it is temporary credentials of the caller's identity.
func (r *reader) asCaller() string {
	if r.prefix == "redshift-data" && r.text("SecretArn") == "" && r.text("DbUser") == "" && r.text("ClusterIdentifier")+r.text("WorkgroupName") != "" {
		return vended
	}
	return ""
}
