package gateway

import "strings"

// policyVerb is what an operation does with a resource's policy.
type policyVerb int

const (
	notPolicy policyVerb = iota
	putsPolicy
	getsPolicy
	deletesPolicy
	editsPolicy // adds or removes single statements
)

// policyOperation is an operation of a service on a resource's policy.
type policyOperation struct {
	verb policyVerb
	// document is the member that has the policy, in the input of one that puts it or in the output of one that gets it.
	document string
	// attribute: the policy is the attribute Policy among others, and document the map of them; of SNS's input, the member that has the value.
	attribute bool
}

// policyService is how a service calls the operations by which policies are put on its resources as whole documents, and the member that has the
// document. An operation is "" where there is none, or where its answer has another form than that member.
type policyService struct {
	service, put, get, remove, document string
}

// policyServices are those whose policies are kept here and decide (the services' API references, by operation). A test holds them against the
// models: that each operation of a model that has a policy in it is either here, among the unenforced or no policy of a resource.
var policyServices = [...]policyService{
	{"acm-pca", "PutPolicy", "GetPolicy", "DeletePolicy", "Policy"},
	{"backup", "PutBackupVaultAccessPolicy", "GetBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy", "Policy"},
	{"cleanrooms-ml", "PutConfiguredAudienceModelPolicy", "GetConfiguredAudienceModelPolicy", "DeleteConfiguredAudienceModelPolicy", "configuredAudienceModelPolicy"},
	{"cloudhsm", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"codeartifact", "PutDomainPermissionsPolicy", "", "DeleteDomainPermissionsPolicy", "policyDocument"},
	{"codeartifact", "PutRepositoryPermissionsPolicy", "", "DeleteRepositoryPermissionsPolicy", "policyDocument"},
	{"codebuild", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "policy"},
	{"comprehend", "PutResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy", "ResourcePolicy"},
	{"dynamodb", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"ecr", "SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy", "policyText"},
	{"ecr-public", "SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy", "policyText"},
	{"elasticfilesystem", "PutFileSystemPolicy", "DescribeFileSystemPolicy", "DeleteFileSystemPolicy", "Policy"},
	{"entityresolution", "PutPolicy", "GetPolicy", "", "policy"},
	{"glue", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "PolicyInJson"},
	{"imagebuilder", "PutComponentPolicy", "GetComponentPolicy", "", "policy"},
	{"imagebuilder", "PutContainerRecipePolicy", "GetContainerRecipePolicy", "", "policy"},
	{"imagebuilder", "PutImagePolicy", "GetImagePolicy", "", "policy"},
	{"imagebuilder", "PutImageRecipePolicy", "GetImageRecipePolicy", "", "policy"},
	{"kafka", "PutClusterPolicy", "GetClusterPolicy", "DeleteClusterPolicy", "Policy"},
	{"kinesis", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"kms", "PutKeyPolicy", "GetKeyPolicy", "", "Policy"},
	{"lambda", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"lex", "CreateResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy", "policy"},
	{"lex", "UpdateResourcePolicy", "", "", "policy"},
	{"logs", "PutDestinationPolicy", "", "", "accessPolicy"},
	{"lookoutequipment", "PutResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy", "ResourcePolicy"},
	{"mediapackagev2", "PutChannelPolicy", "GetChannelPolicy", "DeleteChannelPolicy", "Policy"},
	{"mediapackagev2", "PutOriginEndpointPolicy", "GetOriginEndpointPolicy", "DeleteOriginEndpointPolicy", "Policy"},
	{"mediastore", "PutContainerPolicy", "GetContainerPolicy", "DeleteContainerPolicy", "Policy"},
	{"mediatailor", "PutChannelPolicy", "GetChannelPolicy", "DeleteChannelPolicy", "Policy"},
	{"network-firewall", "PutResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"networkmanager", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "PolicyDocument"},
	{"oam", "PutSinkPolicy", "GetSinkPolicy", "", "Policy"},
	{"redshift", "PutResourcePolicy", "", "DeleteResourcePolicy", "Policy"},
	{"redshift-serverless", "PutResourcePolicy", "", "DeleteResourcePolicy", "policy"},
	{"refactor-spaces", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"route53resolver", "PutFirewallRuleGroupPolicy", "GetFirewallRuleGroupPolicy", "", "FirewallRuleGroupPolicy"},
	{"route53resolver", "PutResolverQueryLogConfigPolicy", "GetResolverQueryLogConfigPolicy", "", "ResolverQueryLogConfigPolicy"},
	{"route53resolver", "PutResolverRulePolicy", "GetResolverRulePolicy", "", "ResolverRulePolicy"},
	{"sagemaker", "PutModelPackageGroupPolicy", "GetModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy", "ResourcePolicy"},
	{"schemas", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "Policy"},
	{"secretsmanager", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "ResourcePolicy"},
	{"ssm-contacts", "PutContactPolicy", "GetContactPolicy", "", "Policy"},
	{"vpc-lattice", "PutAuthPolicy", "GetAuthPolicy", "DeleteAuthPolicy", "policy"},
	{"vpc-lattice", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "policy"},
	{"waf", "PutPermissionPolicy", "GetPermissionPolicy", "DeletePermissionPolicy", "Policy"},
	{"waf-regional", "PutPermissionPolicy", "GetPermissionPolicy", "DeletePermissionPolicy", "Policy"},
	{"wafv2", "PutPermissionPolicy", "GetPermissionPolicy", "DeletePermissionPolicy", "Policy"},
}

// unenforced are operations that put policies which nothing here reads, by service and name, with the member that has the policy; "": every such
// request has one. They are by a name of their own, in another form, of the whole account or of a network: not the one policy of the resource that a
// request is about.
var unenforced = map[string]string{
	"apigateway:CreateRestApi":                       "policy",
	"bedrock:PutResourcePolicy":                      "",
	"aws-marketplace:PutResourcePolicy":              "",
	"cloudsearch:UpdateServiceAccessPolicies":        "AccessPolicies",
	"codeguru-profiler:PutPermission":                "",
	"comprehend:CreateDocumentClassifier":            "ModelPolicy",
	"comprehend:CreateEntityRecognizer":              "ModelPolicy",
	"ec2:CreateVerifiedAccessEndpoint":               "PolicyDocument",
	"ec2:CreateVerifiedAccessGroup":                  "PolicyDocument",
	"ec2:CreateVpcEndpoint":                          "PolicyDocument",
	"ec2:ModifyClientVpnEndpointAuthorizationPolicy": "",
	"ec2:ModifyVerifiedAccessEndpointPolicy":         "PolicyDocument",
	"ec2:ModifyVerifiedAccessGroupPolicy":            "PolicyDocument",
	"ec2:ModifyVpcEndpoint":                          "PolicyDocument",
	"ecr:CreateRepositoryCreationTemplate":           "repositoryPolicy",
	"ecr:PutRegistryPolicy":                          "",
	"ecr:UpdateRepositoryCreationTemplate":           "repositoryPolicy",
	"entityresolution:AddPolicyStatement":            "",
	"es:CreateDomain":                                "AccessPolicies",
	"es:CreateElasticsearchDomain":                   "AccessPolicies",
	"es:UpdateDomainConfig":                          "AccessPolicies",
	"es:UpdateElasticsearchDomainConfig":             "AccessPolicies",
	"glacier:SetVaultAccessPolicy":                   "",
	"glacier:InitiateVaultLock":                      "",
	"kms:ReplicateKey":                               "Policy",
	"lambda:AddLayerVersionPermission":               "",
	"lex:CreateResourcePolicyStatement":              "",
	"logs:PutDeliveryDestinationPolicy":              "",
	"logs:PutResourcePolicy":                         "",
	"organizations:AttachPolicy":                     "",
	"organizations:PutResourcePolicy":                "",
	"rekognition:PutProjectPolicy":                   "",
	"serverlessrepo:PutApplicationPolicy":            "",
	"ses:CreateEmailIdentityPolicy":                  "",
	"ses:PutIdentityPolicy":                          "",
	"ses:UpdateEmailIdentityPolicy":                  "",
	"signer:AddProfilePermission":                    "",
	"ssm:PutResourcePolicy":                          "",
	"ssm-incidents:PutResourcePolicy":                "",
	"xray:PutResourcePolicy":                         "",
	"s3files:PutFileSystemPolicy":                    "",
}

// policyOperationOf finds an operation on a resource's policy.
func policyOperationOf(signingName, operation string) policyOperation {
	switch signingName + ":" + operation {
	case "sqs:SetQueueAttributes":
		return policyOperation{verb: putsPolicy, document: "Attributes", attribute: true}
	case "sqs:GetQueueAttributes", "sns:GetTopicAttributes":
		return policyOperation{verb: getsPolicy, document: "Attributes", attribute: true}
	case "sns:SetTopicAttributes":
		return policyOperation{verb: putsPolicy, document: "AttributeValue", attribute: true}
	case "lambda:GetPolicy":
		return policyOperation{verb: getsPolicy, document: "Policy"}
	}
	if _, edits := edits[signingName+":"+operation]; edits {
		return policyOperation{verb: editsPolicy}
	}
	for _, s := range policyServices {
		switch {
		case s.service != signingName || operation == "":
		case s.put == operation:
			return policyOperation{verb: putsPolicy, document: s.document}
		case s.get == operation:
			return policyOperation{verb: getsPolicy, document: s.document}
		case s.remove == operation:
			return policyOperation{verb: deletesPolicy}
		}
	}
	return policyOperation{}
}

// isUnenforced tells whether an operation puts a policy that nothing here reads. A service that is not in the tables and has a PutResourcePolicy may
// put one.
func isUnenforced(signingName, operation string, input map[string]any) bool {
	member, known := unenforced[signingName+":"+operation]
	switch {
	case known && member == "":
		return true
	case known:
		return input[member] != nil
	}
	return strings.HasPrefix(operation, "PutResourcePolicy") && policyOperationOf(signingName, operation).verb == notPolicy
}

// policyIn finds the policy in an input; ok is false where the operation is about another attribute.
func (o policyOperation) policyIn(input map[string]any) (document string, ok bool) {
	if name, is := input["AttributeName"].(string); is && o.attribute && name != "Policy" {
		return "", false
	}
	if attributes, is := input[o.document].(map[string]any); is {
		document, ok = attributes["Policy"].(string)
		return document, ok
	}
	document, ok = input[o.document].(string)
	return document, ok || !o.attribute
}
