package iam_test

import (
	"context"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

func policyCalls() []one {
	return []one{
		{9, func(g *generator) step {
			return createPolicy(iam.CreatePolicyInput{PolicyName: g.policyName(), Path: g.path(), PolicyDocument: g.permissions(), Description: pick(g, "", "d"), Tags: g.tags()})
		}},
		{2, func(g *generator) step { return getPolicy(g.policyARN()) }},
		{3, func(g *generator) step {
			return listPolicies(g.pageSize(), iam.ListPoliciesInput{Scope: pick(g, "", "All", "AWS", "Local"), OnlyAttached: g.IntN(2) == 0,
				PathPrefix: pick(g, "", "/", "/team/"), PolicyUsageFilter: pick(g, "", "", "PermissionsPolicy", "PermissionsBoundary")})
		}},
		{5, func(g *generator) step {
			return change("DeletePolicy", iam.PolicyInput{PolicyARN: g.policyARN()}, (*iam.Directory).DeletePolicy, (*model).deletePolicy)
		}},
		{2, func(g *generator) step {
			return listEntities(g.pageSize(), iam.ListEntitiesForPolicyInput{PolicyARN: g.policyARN(), EntityFilter: pick(g, "", "User", "Role", "Group", "LocalManagedPolicy"),
				PathPrefix: g.prefix(), PolicyUsageFilter: pick(g, "", "PermissionsPolicy", "PermissionsBoundary")})
		}},
		{6, func(g *generator) step {
			return createPolicyVersion(iam.CreatePolicyVersionInput{PolicyARN: g.policyARN(), PolicyDocument: g.permissions(), SetAsDefault: g.IntN(3) == 0})
		}},
		{1, func(g *generator) step { return getPolicyVersion(g.policyARN(), g.versionID()) }},
		{1, func(g *generator) step { return listPolicyVersions(g.pageSize(), g.policyARN()) }},
		{3, func(g *generator) step {
			return change("SetDefaultPolicyVersion", iam.PolicyVersionInput{PolicyARN: g.policyARN(), VersionID: g.versionID()},
				(*iam.Directory).SetDefaultPolicyVersion, (*model).setDefaultPolicyVersion)
		}},
		{4, func(g *generator) step {
			return change("DeletePolicyVersion", iam.PolicyVersionInput{PolicyARN: g.policyARN(), VersionID: g.versionID()},
				(*iam.Directory).DeletePolicyVersion, (*model).deletePolicyVersion)
		}},
		{2, func(g *generator) step {
			return change("TagPolicy", iam.TagPolicyInput{PolicyARN: g.policyARN(), Tags: g.someTags()}, (*iam.Directory).TagPolicy, (*model).tagPolicy)
		}},
		{1, func(g *generator) step {
			return change("UntagPolicy", iam.UntagPolicyInput{PolicyARN: g.policyARN(), TagKeys: g.tagKeys()}, (*iam.Directory).UntagPolicy, (*model).untagPolicy)
		}},
		{1, func(g *generator) step { return listPolicyTags(g.pageSize(), g.policyARN()) }},
	}
}

func (g *generator) versionID() string { return pick(g, "v1", "v1", "v2", "v3", "v4", "v5", "latest") }

func createPolicy(in iam.CreatePolicyInput) step {
	return of("CreatePolicy", in, (*iam.Directory).CreatePolicy, (*model).createPolicy)
}

func createPolicyVersion(in iam.CreatePolicyVersionInput) step {
	return of("CreatePolicyVersion", in, (*iam.Directory).CreatePolicyVersion, (*model).createPolicyVersion)
}

func getPolicy(arn string) step {
	return of("GetPolicy", iam.PolicyInput{PolicyARN: arn}, (*iam.Directory).GetPolicy, (*model).getPolicy)
}

func getPolicyVersion(arn, version string) step {
	return of("GetPolicyVersion", iam.PolicyVersionInput{PolicyARN: arn, VersionID: version}, (*iam.Directory).GetPolicyVersion, (*model).getPolicyVersion)
}

func listPolicies(size int, in iam.ListPoliciesInput) step {
	return listed("ListPolicies", size, in, func(in *iam.ListPoliciesInput) *iam.Paging { return &in.Paging }, (*iam.Directory).ListPolicies, (*model).listPolicies)
}

func listEntities(size int, in iam.ListEntitiesForPolicyInput) step {
	return listed("ListEntitiesForPolicy", size, in, func(in *iam.ListEntitiesForPolicyInput) *iam.Paging { return &in.Paging },
		(*iam.Directory).ListEntitiesForPolicy, (*model).listEntitiesForPolicy)
}

func listPolicyVersions(size int, arn string) step {
	return listed("ListPolicyVersions", size, iam.ListByPolicyInput{PolicyARN: arn}, byPolicy, (*iam.Directory).ListPolicyVersions, (*model).listPolicyVersions)
}

func listPolicyTags(size int, arn string) step {
	return listed("ListPolicyTags", size, iam.ListByPolicyInput{PolicyARN: arn}, byPolicy, (*iam.Directory).ListPolicyTags, (*model).listPolicyTags)
}

// named puts an identity's kind into the name of an operation.
func named(template string, n iam.IdentityName) string {
	return strings.Replace(template, "%", string(n.Kind), 1)
}

func permissionCalls() []one {
	return []one{
		{9, func(g *generator) step {
			return attachPolicy(iam.AttachmentInput{IdentityName: g.identity(), PolicyARN: g.policyARN()})
		}},
		{4, func(g *generator) step {
			n := g.identity()
			return change(named("Detach%Policy", n), iam.AttachmentInput{IdentityName: n, PolicyARN: g.policyARN()}, (*iam.Directory).DetachPolicy, (*model).detachPolicy)
		}},
		{1, func(g *generator) step { return attachedPolicies(g.pageSize(), g.identity(), g.prefix()) }},
		{6, func(g *generator) step {
			return putPolicy(iam.PutPolicyInput{IdentityName: g.identity(), PolicyName: g.inlineName(), PolicyDocument: g.permissions()})
		}},
		{1, func(g *generator) step { return inlinePolicy(g.identity(), pick(g, "inline", "Inline", "other")) }},
		{1, func(g *generator) step { return inlinePolicies(g.pageSize(), g.identity()) }},
		{3, func(g *generator) step {
			n := g.identity()
			return change(named("Delete%Policy", n), iam.InlinePolicyInput{IdentityName: n, PolicyName: pick(g, "inline", "Inline", "other")},
				(*iam.Directory).DeleteInlinePolicy, (*model).deleteInlinePolicy)
		}},
		{4, func(g *generator) step {
			n := g.bearer()
			return change(named("Put%PermissionsBoundary", n), iam.BoundaryInput{IdentityName: n, PermissionsBoundary: g.policyARN()},
				(*iam.Directory).PutPermissionsBoundary, (*model).putPermissionsBoundary)
		}},
		{2, func(g *generator) step {
			n := g.bearer()
			return change(named("Delete%PermissionsBoundary", n), iam.IdentityInput{IdentityName: n}, (*iam.Directory).DeletePermissionsBoundary, (*model).deletePermissionsBoundary)
		}},
		{4, func(g *generator) step {
			n := g.bearer()
			return change(named("Tag%", n), iam.TagIdentityInput{IdentityName: n, Tags: g.someTags()}, (*iam.Directory).TagIdentity, (*model).tagIdentity)
		}},
		{2, func(g *generator) step {
			n := g.bearer()
			return change(named("Untag%", n), iam.UntagIdentityInput{IdentityName: n, TagKeys: g.tagKeys()}, (*iam.Directory).UntagIdentity, (*model).untagIdentity)
		}},
		{1, func(g *generator) step { return identityTags(g.pageSize(), g.bearer()) }},
	}
}

func attachPolicy(in iam.AttachmentInput) step {
	return change(named("Attach%Policy", in.IdentityName), in, (*iam.Directory).AttachPolicy, (*model).attachPolicy)
}

func putPolicy(in iam.PutPolicyInput) step {
	return change(named("Put%Policy", in.IdentityName), in, (*iam.Directory).PutPolicy, (*model).putPolicy)
}

func attachedPolicies(size int, n iam.IdentityName, prefix string) step {
	return listed(named("ListAttached%Policies", n), size, iam.ListAttachedInput{IdentityName: n, PathPrefix: prefix},
		func(in *iam.ListAttachedInput) *iam.Paging { return &in.Paging }, (*iam.Directory).AttachedPolicies, (*model).attachedPolicies)
}

func inlinePolicy(n iam.IdentityName, name string) step {
	return of(named("Get%Policy", n), iam.InlinePolicyInput{IdentityName: n, PolicyName: name}, (*iam.Directory).InlinePolicy, (*model).inlinePolicy)
}

func inlinePolicies(size int, n iam.IdentityName) step {
	return listed(named("List%Policies", n), size, iam.ListByIdentityInput{IdentityName: n}, byIdentity, (*iam.Directory).InlinePolicies, (*model).inlinePolicies)
}

func identityTags(size int, n iam.IdentityName) step {
	return listed(named("List%Tags", n), size, iam.ListByIdentityInput{IdentityName: n}, byIdentity, (*iam.Directory).IdentityTags, (*model).identityTags)
}

func profileCalls() []one {
	return []one{
		{4, func(g *generator) step {
			return createProfile(iam.CreateInstanceProfileInput{InstanceProfileName: g.profileName(), Path: g.path(), Tags: g.tags()})
		}},
		{1, func(g *generator) step { return getProfile(g.profileName()) }},
		{1, func(g *generator) step { return listProfiles(g.pageSize(), g.prefix()) }},
		{1, func(g *generator) step { return listProfilesForRole(g.pageSize(), g.roleName()) }},
		{3, func(g *generator) step {
			return change("DeleteInstanceProfile", iam.InstanceProfileInput{InstanceProfileName: g.profileName()}, (*iam.Directory).DeleteInstanceProfile, (*model).deleteInstanceProfile)
		}},
		{5, func(g *generator) step {
			return change("AddRoleToInstanceProfile", iam.InstanceProfileRoleInput{InstanceProfileName: g.profileName(), RoleName: g.roleName()},
				(*iam.Directory).AddRoleToInstanceProfile, (*model).addRoleToInstanceProfile)
		}},
		{3, func(g *generator) step {
			return change("RemoveRoleFromInstanceProfile", iam.InstanceProfileRoleInput{InstanceProfileName: g.profileName(), RoleName: g.roleName()},
				(*iam.Directory).RemoveRoleFromInstanceProfile, (*model).removeRoleFromInstanceProfile)
		}},
		{2, func(g *generator) step {
			return change("TagInstanceProfile", iam.TagInstanceProfileInput{InstanceProfileName: g.profileName(), Tags: g.someTags()},
				(*iam.Directory).TagInstanceProfile, (*model).tagInstanceProfile)
		}},
		{1, func(g *generator) step {
			return change("UntagInstanceProfile", iam.UntagInstanceProfileInput{InstanceProfileName: g.profileName(), TagKeys: g.tagKeys()},
				(*iam.Directory).UntagInstanceProfile, (*model).untagInstanceProfile)
		}},
		{1, func(g *generator) step { return listProfileTags(g.pageSize(), g.profileName()) }},
	}
}

func createProfile(in iam.CreateInstanceProfileInput) step {
	return of("CreateInstanceProfile", in, (*iam.Directory).CreateInstanceProfile, (*model).createInstanceProfile)
}

func getProfile(name string) step {
	return of("GetInstanceProfile", iam.InstanceProfileInput{InstanceProfileName: name}, (*iam.Directory).GetInstanceProfile, (*model).getInstanceProfile)
}

func listProfiles(size int, prefix string) step {
	return listed("ListInstanceProfiles", size, iam.ListByPathInput{PathPrefix: prefix}, byPath, (*iam.Directory).ListInstanceProfiles, (*model).listInstanceProfiles)
}

func listProfilesForRole(size int, role string) step {
	return listed("ListInstanceProfilesForRole", size, iam.ListByIdentityInput{IdentityName: iam.OfRole(role)}, byIdentity,
		(*iam.Directory).ListInstanceProfilesForRole, (*model).listInstanceProfilesForRole)
}

func listProfileTags(size int, name string) step {
	return listed("ListInstanceProfileTags", size, iam.ListInstanceProfileTagsInput{InstanceProfileName: name},
		func(in *iam.ListInstanceProfileTagsInput) *iam.Paging { return &in.Paging }, (*iam.Directory).ListInstanceProfileTags, (*model).listInstanceProfileTags)
}

func accountCalls() []one {
	alias := func(g *generator) iam.AccountAliasInput {
		return iam.AccountAliasInput{AccountAlias: pick(g, "one", "one", "another", aliasElsewhere, "-no", "No")}
	}
	return []one{
		{2, func(g *generator) step {
			return change("CreateAccountAlias", alias(g), (*iam.Directory).CreateAccountAlias, (*model).createAccountAlias)
		}},
		{2, func(g *generator) step {
			return change("DeleteAccountAlias", alias(g), (*iam.Directory).DeleteAccountAlias, (*model).deleteAccountAlias)
		}},
		{1, func(*generator) step { return listAliases() }},
		{1, func(*generator) step { return getSummary() }},
		{2, func(g *generator) step {
			var filter []string
			for _, kind := range []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"} {
				if g.IntN(3) == 0 {
					filter = append(filter, kind)
				}
			}
			return getDetails(g.pageSize(), filter)
		}},
	}
}

func listAliases() step {
	return listed("ListAccountAliases", 1, iam.ListInput{}, func(in *iam.ListInput) *iam.Paging { return &in.Paging }, (*iam.Directory).ListAccountAliases, (*model).listAccountAliases)
}

func getSummary() step {
	return of("GetAccountSummary", struct{}{}, func(d *iam.Directory, ctx context.Context, c iam.Caller, _ struct{}) (map[string]int, error) {
		return d.GetAccountSummary(ctx, c)
	}, (*model).getAccountSummary)
}

func getDetails(size int, filter []string) step {
	return listed("GetAccountAuthorizationDetails", size, iam.AuthorizationDetailsInput{Filter: filter}, func(in *iam.AuthorizationDetailsInput) *iam.Paging { return &in.Paging },
		func(d *iam.Directory, ctx context.Context, c iam.Caller, in iam.AuthorizationDetailsInput) (iam.Page[detail], error) {
			page, err := d.GetAccountAuthorizationDetails(ctx, c, in)
			return iam.Page[detail]{Items: each(page.Items, flat), IsTruncated: page.IsTruncated, Marker: page.Marker}, err
		}, (*model).getAccountAuthorizationDetails)
}

// flat is a detail in one piece.
func flat(d iam.Detail) detail {
	out := detail{Attached: d.Attached, Groups: d.Groups, Profiles: d.Profiles, Versions: d.Versions}
	switch {
	case d.User != nil:
		out.What = *d.User
	case d.Group != nil:
		out.What = *d.Group
	case d.Role != nil:
		out.What = *d.Role
	case d.Policy != nil:
		out.What = *d.Policy
	}
	return out
}
