package iam

// The inputs of the directory's calls. Members carry AWS's names; the JSON tags are those names as CloudTrail's
// requestParameters and AWS's validation messages spell them.

// Paging is a list call's position: Marker continues where an earlier page ended ("": the beginning), MaxItems is
// the page's size (nil: 100).
type Paging struct {
	Marker   string `json:"marker,omitempty"`
	MaxItems *int   `json:"maxItems,omitempty"`
}

// Page is one page of a listing. Marker is set when IsTruncated is.
type Page[T any] struct {
	Items       []T
	IsTruncated bool
	Marker      string
}

// RoleInput names a role: GetRole, DeleteRole, DeleteRolePermissionsBoundary.
type RoleInput struct {
	RoleName string `json:"roleName"`
}

// CreateRoleInput describes a new role. Path "" means "/", MaxSessionDuration (seconds) nil means 3600.
type CreateRoleInput struct {
	RoleName                 string `json:"roleName"`
	Path                     string `json:"path,omitempty"`
	AssumeRolePolicyDocument string `json:"assumeRolePolicyDocument"`
	Description              string `json:"description,omitempty"`
	MaxSessionDuration       *int   `json:"maxSessionDuration,omitempty"`
	PermissionsBoundary      string `json:"permissionsBoundary,omitempty"`
	Tags                     []Tag  `json:"tags,omitempty"`
}

// ListRolesInput selects roles. PathPrefix "" means "/".
type ListRolesInput struct {
	PathPrefix string `json:"pathPrefix,omitempty"`
	Paging
}

// UpdateRoleInput says what to change: what is nil stays as it is; MaxSessionDuration is in seconds.
type UpdateRoleInput struct {
	RoleName           string  `json:"roleName"`
	Description        *string `json:"description,omitempty"`
	MaxSessionDuration *int    `json:"maxSessionDuration,omitempty"`
}

// UpdateRoleDescriptionInput replaces the description; "" clears it.
type UpdateRoleDescriptionInput struct {
	RoleName    string `json:"roleName"`
	Description string `json:"description"`
}

// UpdateAssumeRolePolicyInput replaces the trust policy.
type UpdateAssumeRolePolicyInput struct {
	RoleName       string `json:"roleName"`
	PolicyDocument string `json:"policyDocument"`
}

// PutRolePermissionsBoundaryInput sets or replaces a boundary; PermissionsBoundary is a managed policy's ARN.
type PutRolePermissionsBoundaryInput struct {
	RoleName            string `json:"roleName"`
	PermissionsBoundary string `json:"permissionsBoundary"`
}

// TagRoleInput adds tags, replacing those with equal keys.
type TagRoleInput struct {
	RoleName string `json:"roleName"`
	Tags     []Tag  `json:"tags"`
}

// UntagRoleInput removes tags; keys that are not there are ignored.
type UntagRoleInput struct {
	RoleName string   `json:"roleName"`
	TagKeys  []string `json:"tagKeys"`
}

// ListByRoleInput lists something of one role: ListRoleTags, ListRolePolicies.
type ListByRoleInput struct {
	RoleName string `json:"roleName"`
	Paging
}

// RolePolicyInput names an inline policy of a role: GetRolePolicy, DeleteRolePolicy.
type RolePolicyInput struct {
	RoleName   string `json:"roleName"`
	PolicyName string `json:"policyName"`
}

// PutRolePolicyInput adds an inline policy, or replaces the one with that name.
type PutRolePolicyInput struct {
	RoleName       string `json:"roleName"`
	PolicyName     string `json:"policyName"`
	PolicyDocument string `json:"policyDocument"`
}

// RoleAttachmentInput names a role and a managed policy: AttachRolePolicy, DetachRolePolicy.
type RoleAttachmentInput struct {
	RoleName  string `json:"roleName"`
	PolicyARN string `json:"policyArn"`
}

// ListAttachedRolePoliciesInput selects a role's managed policies. PathPrefix "" means "/"; it filters by the policies' paths.
type ListAttachedRolePoliciesInput struct {
	RoleName   string `json:"roleName"`
	PathPrefix string `json:"pathPrefix,omitempty"`
	Paging
}

// PolicyInput names a managed policy: GetPolicy, DeletePolicy.
type PolicyInput struct {
	PolicyARN string `json:"policyArn"`
}

// CreatePolicyInput describes a new managed policy. Path "" means "/".
type CreatePolicyInput struct {
	PolicyName     string `json:"policyName"`
	Path           string `json:"path,omitempty"`
	PolicyDocument string `json:"policyDocument"`
	Description    string `json:"description,omitempty"`
	Tags           []Tag  `json:"tags,omitempty"`
}

// ListPoliciesInput selects managed policies. Scope is All (also ""), AWS or Local; PolicyUsageFilter is "", PermissionsPolicy or PermissionsBoundary.
type ListPoliciesInput struct {
	Scope             string `json:"scope,omitempty"`
	OnlyAttached      bool   `json:"onlyAttached,omitempty"`
	PathPrefix        string `json:"pathPrefix,omitempty"`
	PolicyUsageFilter string `json:"policyUsageFilter,omitempty"`
	Paging
}

// CreatePolicyVersionInput adds a version, and makes it the default when SetAsDefault.
type CreatePolicyVersionInput struct {
	PolicyARN      string `json:"policyArn"`
	PolicyDocument string `json:"policyDocument"`
	SetAsDefault   bool   `json:"setAsDefault,omitempty"`
}

// PolicyVersionInput names one version: GetPolicyVersion, SetDefaultPolicyVersion, DeletePolicyVersion.
type PolicyVersionInput struct {
	PolicyARN string `json:"policyArn"`
	VersionID string `json:"versionId"`
}

// ListByPolicyInput lists something of one managed policy: ListPolicyVersions, ListPolicyTags.
type ListByPolicyInput struct {
	PolicyARN string `json:"policyArn"`
	Paging
}

// TagPolicyInput adds tags, replacing those with equal keys.
type TagPolicyInput struct {
	PolicyARN string `json:"policyArn"`
	Tags      []Tag  `json:"tags"`
}

// UntagPolicyInput removes tags; keys that are not there are ignored.
type UntagPolicyInput struct {
	PolicyARN string   `json:"policyArn"`
	TagKeys   []string `json:"tagKeys"`
}

// ListEntitiesForPolicyInput selects who uses a policy. EntityFilter is "" or Role, User, Group, LocalManagedPolicy, AWSManagedPolicy; only
// roles exist so far. PathPrefix filters by the entities' paths.
type ListEntitiesForPolicyInput struct {
	PolicyARN         string `json:"policyArn"`
	EntityFilter      string `json:"entityFilter,omitempty"`
	PathPrefix        string `json:"pathPrefix,omitempty"`
	PolicyUsageFilter string `json:"policyUsageFilter,omitempty"`
	Paging
}

// ProviderInput names an OIDC provider: GetOpenIDConnectProvider, DeleteOpenIDConnectProvider.
type ProviderInput struct {
	OpenIDConnectProviderARN string `json:"openIDConnectProviderArn"`
}

// CreateOpenIDConnectProviderInput registers an issuer. URL is the exact issuer string, "https://…". ThumbprintList may be empty.
type CreateOpenIDConnectProviderInput struct {
	URL            string   `json:"url"`
	ClientIDList   []string `json:"clientIDList,omitempty"`
	ThumbprintList []string `json:"thumbprintList,omitempty"`
	Tags           []Tag    `json:"tags,omitempty"`
}

// ProviderClientIDInput names a provider and an audience: AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider.
type ProviderClientIDInput struct {
	OpenIDConnectProviderARN string `json:"openIDConnectProviderArn"`
	ClientID                 string `json:"clientID"`
}

// UpdateOpenIDConnectProviderThumbprintInput replaces the thumbprints.
type UpdateOpenIDConnectProviderThumbprintInput struct {
	OpenIDConnectProviderARN string   `json:"openIDConnectProviderArn"`
	ThumbprintList           []string `json:"thumbprintList"`
}

// TagOpenIDConnectProviderInput adds tags, replacing those with equal keys.
type TagOpenIDConnectProviderInput struct {
	OpenIDConnectProviderARN string `json:"openIDConnectProviderArn"`
	Tags                     []Tag  `json:"tags"`
}

// UntagOpenIDConnectProviderInput removes tags; keys that are not there are ignored.
type UntagOpenIDConnectProviderInput struct {
	OpenIDConnectProviderARN string   `json:"openIDConnectProviderArn"`
	TagKeys                  []string `json:"tagKeys"`
}

// ListOpenIDConnectProviderTagsInput lists a provider's tags.
type ListOpenIDConnectProviderTagsInput struct {
	OpenIDConnectProviderARN string `json:"openIDConnectProviderArn"`
	Paging
}

// PutOpenIDConnectProviderKeysInput (openirsa) sets a provider's inline keys, a JWKS document; nil removes them, so
// that keys are fetched from the issuer again.
type PutOpenIDConnectProviderKeysInput struct {
	OpenIDConnectProviderARN string `json:"openIDConnectProviderArn"`
	JWKS                     []byte `json:"-"`
}

// CreateAccountInput (openirsa) names a new account; AccountID is 12 digits.
type CreateAccountInput struct {
	AccountID string `json:"accountId"`
}

// ListAccountsInput (openirsa) pages through the accounts.
type ListAccountsInput struct {
	Paging
}
