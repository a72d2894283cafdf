package awsapi

import (
	"context"
	"maps"
	"slices"

	"github.com/openirsa/openirsa/iam"
)

// profileOperations are IAM's calls on instance profiles, version 2010-05-08.
func profileOperations(d *iam.Directory) map[string]operation {
	role := identityKind{"Role", iam.OfRole}
	return map[string]operation{
		"CreateInstanceProfile": query(func(f *form) iam.CreateInstanceProfileInput {
			return iam.CreateInstanceProfileInput{InstanceProfileName: decodeProfileName(f), Path: f.text("Path"), Tags: f.tags("Tags")}
		}, d.CreateInstanceProfile, encodeNewProfile),
		"GetInstanceProfile":            query(decodeProfile, d.GetInstanceProfile, encodeProfile),
		"ListInstanceProfiles":          query(decodeByPath, d.ListInstanceProfiles, encodeProfiles),
		"ListInstanceProfilesForRole":   query(role.decodeList, d.ListInstanceProfilesForRole, encodeProfiles),
		"DeleteInstanceProfile":         change(decodeProfile, d.DeleteInstanceProfile),
		"AddRoleToInstanceProfile":      change(decodeProfileRole, d.AddRoleToInstanceProfile),
		"RemoveRoleFromInstanceProfile": change(decodeProfileRole, d.RemoveRoleFromInstanceProfile),
		"TagInstanceProfile": change(func(f *form) iam.TagInstanceProfileInput {
			return iam.TagInstanceProfileInput{InstanceProfileName: decodeProfileName(f), Tags: f.tags("Tags")}
		}, d.TagInstanceProfile),
		"UntagInstanceProfile": change(func(f *form) iam.UntagInstanceProfileInput {
			return iam.UntagInstanceProfileInput{InstanceProfileName: decodeProfileName(f), TagKeys: f.list("TagKeys")}
		}, d.UntagInstanceProfile),
		"ListInstanceProfileTags": query(func(f *form) iam.ListInstanceProfileTagsInput {
			return iam.ListInstanceProfileTagsInput{InstanceProfileName: decodeProfileName(f), Paging: decodePaging(f)}
		}, d.ListInstanceProfileTags, encodeTags),
	}
}

func decodeProfileName(f *form) string { return f.required("InstanceProfileName") }

func decodeProfile(f *form) iam.InstanceProfileInput {
	return iam.InstanceProfileInput{InstanceProfileName: decodeProfileName(f)}
}

func decodeProfileRole(f *form) iam.InstanceProfileRoleInput {
	return iam.InstanceProfileRoleInput{InstanceProfileName: decodeProfileName(f), RoleName: f.required("RoleName")}
}

// profileElement is the InstanceProfile data type (https://docs.aws.amazon.com/IAM/latest/APIReference/API_InstanceProfile.html).
type profileElement struct {
	Path                string
	InstanceProfileName string
	InstanceProfileId   string
	Arn                 string
	CreateDate          string
	Roles               members[roleElement]
	Tags                *members[tagElement]
}

// newListedProfile is an instance profile as lists show it: without Tags (IAM API reference, ListInstanceProfiles).
func newListedProfile(p iam.InstanceProfile) profileElement {
	return profileElement{p.Path, p.Name, p.ID, p.ARN, timestamp(p.Created), listOf(p.Roles, newProfileRole), nil}
}

// newProfileRole is the role of an instance profile, of which AWS shows neither the description nor the longest session.
func newProfileRole(r iam.Role) roleElement {
	element := newListedRole(r)
	element.Description, element.MaxSessionDuration = "", 0
	return element
}

// encodeProfile has Tags also where there are none, encodeNewProfile only where some were given.
func encodeProfile(p iam.InstanceProfile) any {
	element := newListedProfile(p)
	element.Tags = new(listOf(p.Tags, newTagElement))
	return struct{ InstanceProfile profileElement }{element}
}

func encodeNewProfile(p iam.InstanceProfile) any {
	element := newListedProfile(p)
	element.Tags = optionalTags(p.Tags)
	return struct{ InstanceProfile profileElement }{element}
}

func encodeProfiles(p iam.Page[iam.InstanceProfile]) any {
	return struct {
		InstanceProfiles members[profileElement]
		pageElement
	}{listOf(p.Items, newListedProfile), newPage(p)}
}

// accountOperations are IAM's calls on an account as a whole, and on service-linked roles.
func accountOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"CreateAccountAlias": change(decodeAlias, d.CreateAccountAlias),
		"DeleteAccountAlias": change(decodeAlias, d.DeleteAccountAlias),
		"ListAccountAliases": query(func(f *form) iam.ListInput { return iam.ListInput{Paging: decodePaging(f)} }, d.ListAccountAliases, encodeAliases),
		"GetAccountSummary": query(decodeNothing, func(ctx context.Context, caller iam.Caller, _ struct{}) (map[string]int, error) {
			return d.GetAccountSummary(ctx, caller)
		}, encodeSummary),
		"GetAccountAuthorizationDetails": query(func(f *form) iam.AuthorizationDetailsInput {
			return iam.AuthorizationDetailsInput{Filter: f.list("Filter"), Paging: decodePaging(f)}
		}, d.GetAccountAuthorizationDetails, encodeDetails),
		"CreateServiceLinkedRole": query(func(f *form) iam.CreateServiceLinkedRoleInput {
			return iam.CreateServiceLinkedRoleInput{
				AWSServiceName: f.required("AWSServiceName"), Description: f.emptyOr("Description"), CustomSuffix: f.text("CustomSuffix"),
			}
		}, d.CreateServiceLinkedRole, encodeCreatedRole),
		"DeleteServiceLinkedRole": query(identityKind{"Role", iam.OfRole}.decodeOne, d.DeleteServiceLinkedRole,
			func(id string) any { return struct{ DeletionTaskId string }{id} }),
		"GetServiceLinkedRoleDeletionStatus": query(func(f *form) iam.DeletionTaskInput {
			return iam.DeletionTaskInput{DeletionTaskID: f.required("DeletionTaskId")}
		}, d.GetServiceLinkedRoleDeletionStatus, func(status string) any { return struct{ Status string }{status} }),
	}
}

func decodeAlias(f *form) iam.AccountAliasInput {
	return iam.AccountAliasInput{AccountAlias: f.required("AccountAlias")}
}

func encodeAliases(p iam.Page[string]) any {
	return struct {
		AccountAliases members[string]
		pageElement
	}{members[string]{p.Items}, newPage(p)}
}

// encodeSummary writes a map as the Query protocol does: entries of a key and a value.
func encodeSummary(counts map[string]int) any {
	type entry struct {
		Key   string `xml:"key"`
		Value int    `xml:"value"`
	}
	var out struct {
		SummaryMap struct {
			Entries []entry `xml:"entry"`
		}
	}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		out.SummaryMap.Entries = append(out.SummaryMap.Entries, entry{key, counts[key]})
	}
	return out
}

// The data types of GetAccountAuthorizationDetails (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html).
type (
	policyDetailElement struct{ PolicyName, PolicyDocument string }
	userDetailElement   struct {
		userElement
		UserPolicyList          *members[policyDetailElement]
		GroupList               members[string]
		AttachedManagedPolicies members[attachedElement]
	}
	groupDetailElement struct {
		groupElement
		GroupPolicyList         members[policyDetailElement]
		AttachedManagedPolicies members[attachedElement]
	}
	roleDetailElement struct {
		roleElement
		InstanceProfileList     members[profileElement]
		RolePolicyList          members[policyDetailElement]
		AttachedManagedPolicies members[attachedElement]
	}
	managedPolicyDetailElement struct {
		policyElement
		PolicyVersionList members[policyVersionElement]
	}
)

func inlinePolicies(i iam.Identity) members[policyDetailElement] {
	return listOf(slices.Sorted(maps.Keys(i.Inline)), func(name string) policyDetailElement {
		return policyDetailElement{name, urlEncoded(i.Inline[name])}
	})
}

// encodeDetails has Tags of users and roles also where there are none. Of the lists of policies, AWS leaves out an empty one of a user's only.
func encodeDetails(p iam.Page[iam.Detail]) any {
	var out struct {
		UserDetailList  members[userDetailElement]
		GroupDetailList members[groupDetailElement]
		RoleDetailList  members[roleDetailElement]
		Policies        members[managedPolicyDetailElement]
		pageElement
	}
	out.pageElement = newPage(p)
	for _, d := range p.Items {
		attached := listOf(d.Attached, newAttached)
		switch {
		case d.User != nil:
			element := userDetailElement{newUser(*d.User), nil, members[string]{d.Groups}, attached}
			element.Tags = new(listOf(d.User.Tags, newTagElement))
			if len(d.User.Inline) > 0 {
				element.UserPolicyList = new(inlinePolicies(d.User.Identity))
			}
			out.UserDetailList.Member = append(out.UserDetailList.Member, element)
		case d.Group != nil:
			out.GroupDetailList.Member = append(out.GroupDetailList.Member, groupDetailElement{newGroup(*d.Group), inlinePolicies(d.Group.Identity), attached})
		case d.Role != nil:
			element := roleDetailElement{
				newDetailedRole(*d.Role), listOf(d.Profiles, newListedProfile), inlinePolicies(d.Role.Identity), attached}
			element.Tags = new(listOf(d.Role.Tags, newTagElement))
			out.RoleDetailList.Member = append(out.RoleDetailList.Member, element)
		case d.Policy != nil:
			element := managedPolicyDetailElement{policyElement: newListedPolicy(*d.Policy), PolicyVersionList: listOf(d.Versions, newDocumentedVersion)}
			element.Description = d.Policy.Description
			out.Policies.Member = append(out.Policies.Member, element)
		}
	}
	return out
}
