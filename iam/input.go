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

// IdentityInput names one role, user or group: GetRole, DeleteRole, DeleteUser, GetGroup and so on.
type IdentityInput struct{ IdentityName }

// ListByPathInput selects roles, users, groups or instance profiles. PathPrefix "" means "/".
type ListByPathInput struct {
	PathPrefix string `json:"pathPrefix,omitempty"`
	Paging
}

func (in ListByPathInput) validate(v *validator) {
	v.pathPrefix(in.PathPrefix)
	in.Paging.validate(v)
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

// CreateServiceLinkedRoleInput asks for the role that is linked to a service. AWSServiceName is its principal, such as eks.amazonaws.com.
type CreateServiceLinkedRoleInput struct {
	AWSServiceName string `json:"awsServiceName"`
	Description    string `json:"description,omitempty"`
	CustomSuffix   string `json:"customSuffix,omitempty"`
}

// DeletionTaskInput names the deletion of a service-linked role, by what DeleteServiceLinkedRole answered.
type DeletionTaskInput struct {
	DeletionTaskID string `json:"deletionTaskId"`
}

// CreateUserInput describes a new user. Path "" means "/".
type CreateUserInput struct {
	UserName            string `json:"userName"`
	Path                string `json:"path,omitempty"`
	PermissionsBoundary string `json:"permissionsBoundary,omitempty"`
	Tags                []Tag  `json:"tags,omitempty"`
}

// UpdateUserInput renames or moves a user; what is empty stays as it is.
type UpdateUserInput struct {
	UserName    string `json:"userName"`
	NewUserName string `json:"newUserName,omitempty"`
	NewPath     string `json:"newPath,omitempty"`
}

// CreateGroupInput describes a new group. Path "" means "/".
type CreateGroupInput struct {
	GroupName string `json:"groupName"`
	Path      string `json:"path,omitempty"`
}

// UpdateGroupInput renames or moves a group; what is empty stays as it is.
type UpdateGroupInput struct {
	GroupName    string `json:"groupName"`
	NewGroupName string `json:"newGroupName,omitempty"`
	NewPath      string `json:"newPath,omitempty"`
}

// MembershipInput names a group and a user: AddUserToGroup, RemoveUserFromGroup.
type MembershipInput struct {
	GroupName string `json:"groupName"`
	UserName  string `json:"userName"`
}

// AccessKeyInput names a user's access key: UpdateAccessKey with a Status, DeleteAccessKey without. UserName "" means the caller.
type AccessKeyInput struct {
	UserName    string `json:"userName,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	Status      string `json:"status,omitempty"`
}

// UserInput names a user, by UserName nil the caller: CreateAccessKey, GetUser.
type UserInput struct {
	UserName *string `json:"userName,omitempty"`
}

// ListByUserInput lists something of one user, by UserName nil of the caller: ListAccessKeys.
type ListByUserInput struct {
	UserName *string `json:"userName,omitempty"`
	Paging
}

// InstanceProfileInput names an instance profile: GetInstanceProfile, DeleteInstanceProfile.
type InstanceProfileInput struct {
	InstanceProfileName string `json:"instanceProfileName"`
}

// CreateInstanceProfileInput describes a new instance profile. Path "" means "/".
type CreateInstanceProfileInput struct {
	InstanceProfileName string `json:"instanceProfileName"`
	Path                string `json:"path,omitempty"`
	Tags                []Tag  `json:"tags,omitempty"`
}

// InstanceProfileRoleInput names an instance profile and a role: AddRoleToInstanceProfile, RemoveRoleFromInstanceProfile.
type InstanceProfileRoleInput struct {
	InstanceProfileName string `json:"instanceProfileName"`
	RoleName            string `json:"roleName"`
}

// TagInstanceProfileInput adds tags, replacing those with equal keys.
type TagInstanceProfileInput struct {
	InstanceProfileName string `json:"instanceProfileName"`
	Tags                []Tag  `json:"tags"`
}

// UntagInstanceProfileInput removes tags; keys that are not there are ignored.
type UntagInstanceProfileInput struct {
	InstanceProfileName string   `json:"instanceProfileName"`
	TagKeys             []string `json:"tagKeys"`
}

// ListInstanceProfileTagsInput lists an instance profile's tags.
type ListInstanceProfileTagsInput struct {
	InstanceProfileName string `json:"instanceProfileName"`
	Paging
}

// AccountAliasInput names an alias: CreateAccountAlias, DeleteAccountAlias.
type AccountAliasInput struct {
	AccountAlias string `json:"accountAlias"`
}

// ListInput pages through what an account has: ListAccountAliases.
type ListInput struct{ Paging }

// AuthorizationDetailsInput selects what GetAccountAuthorizationDetails tells about: User, Role, Group, LocalManagedPolicy, AWSManagedPolicy; no
// filter is all of them.
type AuthorizationDetailsInput struct {
	Filter []string `json:"filter,omitempty"`
	Paging
}

// BoundaryInput sets or replaces the boundary of a role or user; PermissionsBoundary is a managed policy's ARN.
type BoundaryInput struct {
	IdentityName
	PermissionsBoundary string `json:"permissionsBoundary"`
}

// TagIdentityInput adds tags to a role or user, replacing those with equal keys.
type TagIdentityInput struct {
	IdentityName
	Tags []Tag `json:"tags"`
}

// UntagIdentityInput removes tags of a role or user; keys that are not there are ignored.
type UntagIdentityInput struct {
	IdentityName
	TagKeys []string `json:"tagKeys"`
}

// ListByIdentityInput lists something of one role, user or group: its tags, inline policies, groups, members.
type ListByIdentityInput struct {
	IdentityName
	Paging
}

// InlinePolicyInput names an inline policy of a role, user or group.
type InlinePolicyInput struct {
	IdentityName
	PolicyName string `json:"policyName"`
}

// PutPolicyInput adds an inline policy, or replaces the one with that name.
type PutPolicyInput struct {
	IdentityName
	PolicyName     string `json:"policyName"`
	PolicyDocument string `json:"policyDocument"`
}

// AttachmentInput names a role, user or group and a managed policy.
type AttachmentInput struct {
	IdentityName
	PolicyARN string `json:"policyArn"`
}

// ListAttachedInput selects managed policies of a role, user or group. PathPrefix "" means "/"; it filters by the policies' paths.
type ListAttachedInput struct {
	IdentityName
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

// ListEntitiesForPolicyInput selects who uses a policy. EntityFilter is "" or Role, User, Group, LocalManagedPolicy, AWSManagedPolicy; the last
// two select nobody. PathPrefix filters by the entities' paths.
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
