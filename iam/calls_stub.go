package iam

import (
	"context"
	"errors"
)

var errStub = errors.New("not there yet")

// ListOpenIDConnectProviders returns the account's providers' ARNs.
func (d *Directory) ListOpenIDConnectProviders(ctx context.Context, caller Caller) ([]string, error) {
	return nil, errStub
}

func (d *Directory) CreateOpenIDConnectProvider(ctx context.Context, caller Caller, in CreateOpenIDConnectProviderInput) (OpenIDConnectProvider, error) {
	var out OpenIDConnectProvider
	return out, errStub
}

func (d *Directory) GetOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderInput) (OpenIDConnectProvider, error) {
	var out OpenIDConnectProvider
	return out, errStub
}

func (d *Directory) DeleteOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderInput) error { return errStub }

func (d *Directory) AddClientIDToOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderClientIDInput) error { return errStub }

func (d *Directory) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderClientIDInput) error { return errStub }

func (d *Directory) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, caller Caller, in UpdateOpenIDConnectProviderThumbprintInput) error { return errStub }

func (d *Directory) TagOpenIDConnectProvider(ctx context.Context, caller Caller, in TagOpenIDConnectProviderInput) error { return errStub }

func (d *Directory) UntagOpenIDConnectProvider(ctx context.Context, caller Caller, in UntagOpenIDConnectProviderInput) error { return errStub }

func (d *Directory) ListOpenIDConnectProviderTags(ctx context.Context, caller Caller, in ListOpenIDConnectProviderTagsInput) (Page[Tag], error) {
	var out Page[Tag]
	return out, errStub
}

func (d *Directory) PutOpenIDConnectProviderKeys(ctx context.Context, caller Caller, in PutOpenIDConnectProviderKeysInput) error { return errStub }

func (d *Directory) CreateRole(ctx context.Context, caller Caller, in CreateRoleInput) (Role, error) {
	var out Role
	return out, errStub
}

func (d *Directory) GetRole(ctx context.Context, caller Caller, in RoleInput) (Role, error) {
	var out Role
	return out, errStub
}

func (d *Directory) ListRoles(ctx context.Context, caller Caller, in ListRolesInput) (Page[Role], error) {
	var out Page[Role]
	return out, errStub
}

func (d *Directory) UpdateRole(ctx context.Context, caller Caller, in UpdateRoleInput) error { return errStub }

func (d *Directory) UpdateRoleDescription(ctx context.Context, caller Caller, in UpdateRoleDescriptionInput) (Role, error) {
	var out Role
	return out, errStub
}

func (d *Directory) UpdateAssumeRolePolicy(ctx context.Context, caller Caller, in UpdateAssumeRolePolicyInput) error { return errStub }

func (d *Directory) DeleteRole(ctx context.Context, caller Caller, in RoleInput) error { return errStub }

func (d *Directory) PutRolePermissionsBoundary(ctx context.Context, caller Caller, in PutRolePermissionsBoundaryInput) error { return errStub }

func (d *Directory) DeleteRolePermissionsBoundary(ctx context.Context, caller Caller, in RoleInput) error { return errStub }

func (d *Directory) TagRole(ctx context.Context, caller Caller, in TagRoleInput) error { return errStub }

func (d *Directory) UntagRole(ctx context.Context, caller Caller, in UntagRoleInput) error { return errStub }

func (d *Directory) ListRoleTags(ctx context.Context, caller Caller, in ListByRoleInput) (Page[Tag], error) {
	var out Page[Tag]
	return out, errStub
}

func (d *Directory) PutRolePolicy(ctx context.Context, caller Caller, in PutRolePolicyInput) error { return errStub }

func (d *Directory) GetRolePolicy(ctx context.Context, caller Caller, in RolePolicyInput) (RolePolicy, error) {
	var out RolePolicy
	return out, errStub
}

func (d *Directory) ListRolePolicies(ctx context.Context, caller Caller, in ListByRoleInput) (Page[string], error) {
	var out Page[string]
	return out, errStub
}

func (d *Directory) DeleteRolePolicy(ctx context.Context, caller Caller, in RolePolicyInput) error { return errStub }

func (d *Directory) AttachRolePolicy(ctx context.Context, caller Caller, in RoleAttachmentInput) error { return errStub }

func (d *Directory) DetachRolePolicy(ctx context.Context, caller Caller, in RoleAttachmentInput) error { return errStub }

func (d *Directory) ListAttachedRolePolicies(ctx context.Context, caller Caller, in ListAttachedRolePoliciesInput) (Page[AttachedPolicy], error) {
	var out Page[AttachedPolicy]
	return out, errStub
}

func (d *Directory) CreatePolicy(ctx context.Context, caller Caller, in CreatePolicyInput) (ManagedPolicy, error) {
	var out ManagedPolicy
	return out, errStub
}

func (d *Directory) GetPolicy(ctx context.Context, caller Caller, in PolicyInput) (ManagedPolicy, error) {
	var out ManagedPolicy
	return out, errStub
}

func (d *Directory) ListPolicies(ctx context.Context, caller Caller, in ListPoliciesInput) (Page[ManagedPolicy], error) {
	var out Page[ManagedPolicy]
	return out, errStub
}

func (d *Directory) DeletePolicy(ctx context.Context, caller Caller, in PolicyInput) error { return errStub }

func (d *Directory) CreatePolicyVersion(ctx context.Context, caller Caller, in CreatePolicyVersionInput) (PolicyVersion, error) {
	var out PolicyVersion
	return out, errStub
}

func (d *Directory) GetPolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) (PolicyVersion, error) {
	var out PolicyVersion
	return out, errStub
}

func (d *Directory) ListPolicyVersions(ctx context.Context, caller Caller, in ListByPolicyInput) (Page[PolicyVersion], error) {
	var out Page[PolicyVersion]
	return out, errStub
}

func (d *Directory) SetDefaultPolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) error { return errStub }

func (d *Directory) DeletePolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) error { return errStub }

func (d *Directory) TagPolicy(ctx context.Context, caller Caller, in TagPolicyInput) error { return errStub }

func (d *Directory) UntagPolicy(ctx context.Context, caller Caller, in UntagPolicyInput) error { return errStub }

func (d *Directory) ListPolicyTags(ctx context.Context, caller Caller, in ListByPolicyInput) (Page[Tag], error) {
	var out Page[Tag]
	return out, errStub
}

func (d *Directory) ListEntitiesForPolicy(ctx context.Context, caller Caller, in ListEntitiesForPolicyInput) (Page[PolicyRole], error) {
	var out Page[PolicyRole]
	return out, errStub
}

func (d *Directory) CreateAccount(ctx context.Context, caller Caller, in CreateAccountInput) (AccessKey, error) {
	var out AccessKey
	return out, errStub
}

func (d *Directory) ListAccounts(ctx context.Context, caller Caller, in ListAccountsInput) (Page[AccountSummary], error) {
	var out Page[AccountSummary]
	return out, errStub
}
