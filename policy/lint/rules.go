package lint

import "slices"

// rules is the table that docs/lint.md repeats; a test holds the two together. The names on the right are issue codes of IAM Access Analyzer (IAM
// User Guide, "IAM policy validation check reference").
var rules = slices.Concat(statementRules, conditionRules)

// statementRules are those about documents, actions, resources and principals.
var statementRules = []Rule{
	// The document.
	{"grammar", Error, "the document does not parse or compile", []string{
		"DATA_TYPE_MISMATCH", "EMPTY_ARRAY_ACTION", "EMPTY_ARRAY_PRINCIPAL", "EMPTY_ARRAY_RESOURCE", "EMPTY_OBJECT_PRINCIPAL", "EMPTY_VARIABLE",
		"INVALID_ARN_PREFIX", "INVALID_CONDITION_KEY_FORMAT", "INVALID_CONDITION_OPERATOR", "INVALID_EFFECT", "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
		"INVALID_PARTITION", "INVALID_POLICY_ELEMENT", "INVALID_PRINCIPAL_FORMAT", "INVALID_PRINCIPAL_KEY", "INVALID_VARIABLE_FOR_OPERATOR", "INVALID_VERSION",
		"JSON_SYNTAX_ERROR", "MISSING_ACTION", "MISSING_ARN_FIELD", "MISSING_BRACE_IN_VARIABLE", "MISSING_EFFECT", "MISSING_PRINCIPAL", "MISSING_QUOTE_IN_VARIABLE",
		"MISSING_RESOURCE", "MISSING_STATEMENT", "NULL_WITH_IF_EXISTS", "NULL_WITH_QUALIFIER", "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "TYPE_MISMATCH_BOOLEAN",
		"TYPE_MISMATCH_DATE", "TYPE_MISMATCH_IP_RANGE", "TYPE_MISMATCH_NUMBER", "TYPE_MISMATCH_STRING", "UNSUPPORTED_ELEMENT_COMBINATION", "UNSUPPORTED_PRINCIPAL",
		"UNSUPPORTED_SPACE_IN_VARIABLE", "UNSUPPORTED_SYMBOL_IN_VARIABLE", "UNSUPPORTED_WILDCARD_IN_PRINCIPAL", "VARIABLE_UNSUPPORTED_IN_ELEMENT",
		"WILDCARD_IN_SERVICE_NAME"}},
	{"not-checked", Suggestion, "some rules were left out: no reference was given, or the document is too large to compare everything with everything", nil},
	{"missing-version", Warning, "no Version element: the document is of 2008-10-17, which has no variables", []string{"MISSING_VERSION"}},
	{"variable-in-old-version", Error, "a variable in a document of version 2008-10-17, where it is literal text", []string{"VARIABLE_UNSUPPORTED_IN_VERSION"}},
	{"duplicate-sid", Error, "two statements have the same Sid", []string{"UNIQUE_SIDS_RECOMMENDED", "UNIQUE_SIDS_REQUIRED"}},
	{"invalid-sid", Error, "a Sid with other characters than letters and digits", []string{"UNSUPPORTED_SID"}},
	{"empty-sid", Suggestion, "a Sid without text", []string{"EMPTY_SID_VALUE"}},
	{"no-statements", Warning, "the document has no statement, so that it allows nothing and denies nothing", nil},
	{"policy-size", Error, "longer than the quota of its kind", []string{"POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", "POLICY_SIZE_EXCEEDS_RCP_QUOTA", "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
		"POLICY_SIZE_EXCEEDS_SCP_QUOTA"}},
	{"T25", Warning, "a trust policy longer than the default quota", []string{"POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"}},
	{"size-left", Suggestion, "more than nine tenths of the quota of its kind are used", nil},
	{"placeholder", Warning, "a text that was meant to be replaced, such as <ACCOUNT_ID>", nil},

	// Actions and resources.
	{"unknown-service", Error, "no service has this prefix", []string{"INVALID_SERVICE_IN_ACTION"}},
	{"unknown-action", Error, "the service has no such action, or none that the pattern matches", []string{"INVALID_ACTION"}},
	{"redundant-action", Suggestion, "another entry of the same list has every action of this one", []string{"REDUNDANT_ACTION"}},
	{"redundant-resource", Suggestion, "another entry of the same list has every resource of this one", []string{"REDUNDANT_RESOURCE"}},
	{"action-without-resource", Warning, "no resource of the statement can be a resource of this action", nil},
	{"resource-without-action", Warning, "no action of the statement can have this resource", nil},
	{"unknown-arn-service", Error, "no service has this name in its ARNs", []string{"INVALID_SERVICE"}},
	{"arn-service-case", Error, "the service of an ARN is written with capitals", []string{"INVALID_ARN_SERVICE_CASE"}},
	{"invalid-arn-account", Error, "the account of an ARN is not 12 digits", []string{"INVALID_ARN_ACCOUNT"}},
	{"invalid-arn-region", Error, "the region of an ARN is none of its partition", []string{"INVALID_ARN_REGION"}},
	{"arn-account-not-allowed", Error, "the service's ARNs have no account", []string{"ARN_ACCOUNT_NOT_ALLOWED"}},
	{"arn-region-not-allowed", Error, "the service's ARNs have no region", []string{"ARN_REGION_NOT_ALLOWED"}},
	{"missing-arn-account", Error, "the service's ARNs have an account", []string{"MISSING_ARN_ACCOUNT"}},
	{"missing-arn-region", Error, "the service's ARNs have a region", []string{"MISSING_ARN_REGION"}},
	{"missing-arn-field", Error, "an ARN of fewer than six parts that ends in *: it matches more than it seems to, or nothing", []string{"MISSING_ARN_FIELD"}},
	{"invalid-arn-resource", Error, "no resource type of the service has an ARN of this form", []string{"INVALID_ARN_RESOURCE"}},

	// Statements.
	{"redundant-statement", Suggestion, "another statement has everything that this one has", []string{"REDUNDANT_STATEMENT"}},
	{"overridden-allow", Warning, "a Deny of the document takes away everything that this Allow grants", nil},
	{"allow-not-action", Warning, "Allow with NotAction: everything else is allowed, new actions included", nil},
	{"allow-not-resource", Warning, "Allow with NotResource: everything else is allowed, new resources included", nil},
	{"allow-not-principal", SecurityWarning, "Allow with NotPrincipal: everybody else is allowed, anonymous callers included", []string{"ALLOW_WITH_NOT_PRINCIPAL"}},
	{"pass-role-wildcard", SecurityWarning, "iam:PassRole of any role to any service", []string{
		"PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE", "PASS_ROLE_WITH_NOT_RESOURCE", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
		"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", "PASS_ROLE_WITH_STAR_IN_RESOURCE", "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"}},
	{"create-slr-wildcard", Warning, "iam:CreateServiceLinkedRole for any service", []string{
		"CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE", "CREATE_SLR_WITH_NOT_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
		"CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", "CREATE_SLR_WITH_STAR_IN_RESOURCE", "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"}},

	// Principals.
	{"public-principal", SecurityWarning, "Allow for everybody, without a condition", nil},
	{"trust-wildcard-principal", Error, "a trust policy that allows every principal", []string{"ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"}},
	{"trust-not-principal", Error, "NotPrincipal in a trust policy", []string{"ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL"}},
	{"D09", Warning, "a principal by its unique id, which AWS shows in place of one that was deleted", []string{"INVALID_ROLE_REFERENCE", "INVALID_USER_REFERENCE"}},
	{"redundant-principal", Suggestion, "a role's session beside the role itself", []string{"REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY"}},
	{"federated-principal", Error, "a Federated principal outside a trust policy", []string{"FEDERATED_PRINCIPAL_NOT_SUPPORTED"}},
	{"service-principal-format", Error, "not the name of a service principal", []string{"INVALID_SERVICE_PRINCIPAL_FORMAT"}},
	{"service-principal-source", SecurityWarning, "a service may use this resource for anybody's sake (confused deputy)", []string{"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"}},
	{"service-principal-key", Suggestion, "a service principal is restricted by other keys than those of its source", []string{"RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL"}},
	{"roles-anywhere-actions", Error, "IAM Roles Anywhere without one of the three actions that it needs", []string{"MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY"}},
	{"missing-action-for-key", Error, "a session tag or source identity is asked for, and the action that sets it is not allowed", []string{"MISSING_ACTION_FOR_CONDITION_KEY"}},
	{"saml-action", Error, "a SAML provider and sts:AssumeRoleWithSAML stand together only", []string{"MISMATCHED_ACTION_FOR_PRINCIPAL"}},

	// Policies of an organization.
	{"scp-principal", Error, "a principal in a service control policy", []string{"SCP_SYNTAX_ERROR_PRINCIPAL"}},
	{"rcp-principal", Error, `a principal other than "*" in a resource control policy`, []string{"RCP_SYNTAX_ERROR_PRINCIPAL"}},
	{"rcp-allow", Error, "Allow in a resource control policy", []string{"RCP_SYNTAX_ERROR_ALLOW"}},
	{"rcp-not-action", Error, "NotAction in a resource control policy", []string{"RCP_SYNTAX_ERROR_NOTACTION"}},
	{"rcp-service-callers", Warning, "a resource control policy about its callers that does not say what of AWS's own services", []string{
		"RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY", "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK"}},
}
