package iam

import (
	"context"
	"fmt"
	"slices"
)

// GetAccountSummary counts what the account has and names its quotas, under AWS's names (IAM API reference, GetAccountSummary). What a plane
// does not have (MFA devices, certificates, passwords) is counted as none.
func (d *Directory) GetAccountSummary(ctx context.Context, caller Caller) (map[string]int, error) {
	return read(ctx, d, caller, onAccount("GetAccountSummary", nil), func(a *Account) (map[string]int, error) {
		versions := 0
		for _, entry := range a.policies {
			versions += len(entry.versions)
		}
		rootKeys := 0
		if len(a.keysOf("")) > 0 {
			rootKeys = 1
		}
		role, user, group := RoleKind.rules(), UserKind.rules(), GroupKind.rules()
		return map[string]int{
			"Users": len(a.users), "UsersQuota": maxUsers,
			"Groups": len(a.groups), "GroupsQuota": maxGroups, "GroupsPerUserQuota": maxGroupsPerUser,
			"Roles": len(a.roles), "RolesQuota": maxRoles,
			"InstanceProfiles": len(a.profiles), "InstanceProfilesQuota": maxProfiles,
			"Policies": len(a.policies), "PoliciesQuota": maxPolicies, "PolicySizeQuota": maxManagedPolicy,
			"PolicyVersionsInUse": versions, "PolicyVersionsInUseQuota": 10000, "VersionsPerPolicyQuota": maxVersions,
			"UserPolicySizeQuota": user.maxInline, "GroupPolicySizeQuota": group.maxInline, "RolePolicySizeQuota": role.maxInline,
			"AssumeRolePolicySizeQuota":    maxTrustPolicy,
			"AttachedPoliciesPerUserQuota": user.maxAttached, "AttachedPoliciesPerGroupQuota": group.maxAttached, "AttachedPoliciesPerRoleQuota": role.maxAttached,
			"AccessKeysPerUserQuota": maxAccessKeys, "AccountAccessKeysPresent": rootKeys,
			"Providers": len(a.providers), "GlobalEndpointTokenVersion": 1,
			"ServerCertificates": 0, "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "AccountSigningCertificatesPresent": 0,
			"MFADevices": 0, "MFADevicesInUse": 0, "AccountMFAEnabled": 0, "AccountPasswordPresent": 0,
		}, nil
	})
}

// The filters of GetAccountAuthorizationDetails, in the order in which it lists what they select.
const (
	filterUser    = "User"
	filterGroup   = "Group"
	filterRole    = "Role"
	filterLocal   = "LocalManagedPolicy"
	filterManaged = "AWSManagedPolicy"
)

// Detail is one user, group, role or managed policy with what it is related to; the members of the other kinds are nil.
type Detail struct {
	User     *User
	Group    *Group
	Role     *Role
	Policy   *ManagedPolicy
	Attached []AttachedPolicy  // of users, groups and roles
	Groups   []string          // names, of a user
	Profiles []InstanceProfile // of a role
	Versions []PolicyVersion   // of a policy, newest first
}

func (in AuthorizationDetailsInput) validate(v *validator) {
	for i, filter := range in.Filter {
		v.oneOf(fmt.Sprintf("filter.%d.member", i+1), filter, filterUser, filterRole, filterGroup, filterLocal, filterManaged)
	}
	in.Paging.validate(v)
}

// detailed is something that GetAccountAuthorizationDetails lists: what it is sorted by, and how to tell about it.
type detailed struct {
	key  string
	tell func() (Detail, error)
}

// GetAccountAuthorizationDetails tells all about users, groups, roles and policies, page by page. Of AWS's managed policies it tells about those
// that the account uses.
func (d *Directory) GetAccountAuthorizationDetails(ctx context.Context, caller Caller, in AuthorizationDetailsInput) (Page[Detail], error) {
	return read(ctx, d, caller, onAccount("GetAccountAuthorizationDetails", in), func(a *Account) (Page[Detail], error) {
		wanted := func(filter string) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, filter) }
		var all []detailed
		add := func(order, name string, tell func() (Detail, error)) {
			all = append(all, detailed{order + name, tell})
		}
		if wanted(filterUser) {
			for _, e := range a.users {
				add("1", inAnyCase(e.user.Name), func() (Detail, error) { return a.userDetail(e) })
			}
		}
		if wanted(filterGroup) {
			for _, e := range a.groups {
				add("2", inAnyCase(e.group.Name), func() (Detail, error) {
					attached, err := a.attached(e.identity, "")
					return Detail{Group: &e.group, Attached: attached}, err
				})
			}
		}
		if wanted(filterRole) {
			for _, e := range a.roles {
				add("3", inAnyCase(e.role.Name), func() (Detail, error) { return d.roleDetail(ctx, a, e) })
			}
		}
		for _, e := range a.usedPolicies(wanted(filterLocal), wanted(filterManaged)) {
			add("4", e.policy.ARN, func() (Detail, error) {
				described := a.described(e)
				versions := slices.Clone(e.versions)
				slices.Reverse(versions)
				return Detail{Policy: &described, Versions: versions}, nil
			})
		}
		return pageShown(all, func(e detailed) string { return e.key }, in.Paging,
			func(e detailed) (Detail, error) { return e.tell() })
	})
}

func (a *Account) userDetail(e *userEntry) (Detail, error) {
	attached, err := a.attached(e.identity, "")
	out := Detail{User: &e.user, Attached: attached}
	for _, group := range a.groupsOf(&e.user) {
		out.Groups = append(out.Groups, group.Name)
	}
	return out, err
}

func (d *Directory) roleDetail(ctx context.Context, a *Account, e *roleEntry) (Detail, error) {
	role, err := d.shown(ctx, a, e)
	if err != nil {
		return Detail{}, err
	}
	out := Detail{Role: &role}
	if out.Attached, err = a.attached(e.identity, ""); err != nil {
		return Detail{}, err
	}
	for _, entry := range a.profilesOf(role.ID) {
		profile, err := d.shownProfile(ctx, a, entry)
		if err != nil {
			return Detail{}, err
		}
		out.Profiles = append(out.Profiles, profile)
	}
	return out, nil
}

// usedPolicies are the account's managed policies, if local, and those of AWS that the account uses, if managed.
func (a *Account) usedPolicies(local, managed bool) []*policyEntry {
	var found []*policyEntry
	if local {
		for _, e := range a.policies {
			found = append(found, e)
		}
	}
	if managed {
		for arn := range a.usage() {
			if e, ok := a.aws[arn]; ok {
				found = append(found, e)
			}
		}
	}
	return found
}
