package iam_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
)

func sameText(a, b string) bool { return a == b }

// checkTags: keys are between 1 and 128 characters, none begins with aws:, none is given twice, and a resource has 50 at most. Whether keys that
// differ in case are the same depends on the resource (IAM User Guide, "Rules for tagging in IAM and AWS STS").
func checkTags(f *faults, tags, added []iam.Tag, same func(a, b string) bool) []iam.Tag {
	for i, tag := range added {
		f.when(tag.Key == "" || len(tag.Key) > 128 || len(tag.Value) > 256, "ValidationError", "")
		f.when(strings.HasPrefix(strings.ToLower(tag.Key), "aws:"), "InvalidInput", "")
		f.when(slices.ContainsFunc(added[:i], func(t iam.Tag) bool { return same(t.Key, tag.Key) }), "InvalidInput", "")
	}
	merged := slices.Clone(tags)
	for _, tag := range added {
		i := slices.IndexFunc(merged, func(t iam.Tag) bool { return same(t.Key, tag.Key) })
		if i < 0 {
			merged = append(merged, tag)
		} else {
			merged[i] = tag
		}
	}
	f.when(len(merged) > tagsOfAResource, "LimitExceeded", "The number of tags has reached the maximum limit.")
	return merged
}

func untagged(tags []iam.Tag, keys []string, same func(a, b string) bool) []iam.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t iam.Tag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return same(key, t.Key) })
	})
}

// byKey is the order in which tags are listed (API reference: sorted by tag key).
func byKey(tags []iam.Tag) []iam.Tag {
	tags = slices.Clone(tags)
	slices.SortFunc(tags, func(x, y iam.Tag) int { return strings.Compare(x.Key, y.Key) })
	return tags
}

// byLength is the order in which a managed policy's tags are listed: AWS was recorded in 2026 to list them as a, b, z, abc.
func byLength(tags []iam.Tag) []iam.Tag {
	tags = slices.Clone(tags)
	slices.SortFunc(tags, func(x, y iam.Tag) int { return cmp.Or(len(x.Key)-len(y.Key), strings.Compare(x.Key, y.Key)) })
	return tags
}

func (m *model) tagIdentity(in iam.TagIdentityInput) faults {
	var f faults
	e := m.find(in.IdentityName, &f)
	if tags := checkTags(&f, e.tags, in.Tags, strings.EqualFold); len(f) == 0 {
		e.tags = tags
	}
	return f
}

func (m *model) untagIdentity(in iam.UntagIdentityInput) faults {
	var f faults
	e := m.find(in.IdentityName, &f)
	e.tags = untagged(e.tags, in.TagKeys, strings.EqualFold)
	return f
}

func (m *model) identityTags(in iam.ListByIdentityInput) ([]iam.Tag, faults) {
	var f faults
	return byKey(m.find(in.IdentityName, &f).tags), f
}

func (m *model) tagPolicy(in iam.TagPolicyInput) faults {
	var f faults
	p := m.changeable(in.PolicyARN, notFound, &f)
	if tags := checkTags(&f, p.Tags, in.Tags, sameText); len(f) == 0 {
		p.Tags = tags
	}
	return f
}

func (m *model) untagPolicy(in iam.UntagPolicyInput) faults {
	var f faults
	p := m.changeable(in.PolicyARN, notFound, &f)
	if len(f) == 0 {
		p.Tags = untagged(p.Tags, in.TagKeys, sameText)
	}
	return f
}

func (m *model) listPolicyTags(in iam.ListByPolicyInput) ([]iam.Tag, faults) {
	var f faults
	return byLength(m.subject(in.PolicyARN, notFound, &f).Tags), f
}

func (m *model) profile(name string, f *faults) *profile {
	checkName(f, "instanceProfileName", name, 128)
	p := m.profiles[strings.ToLower(name)]
	f.when(p == nil, "NoSuchEntity", "Instance Profile %s cannot be found.", name)
	if p == nil {
		return &profile{}
	}
	return p
}

func (p *profile) shown() iam.InstanceProfile {
	out := p.InstanceProfile
	if p.role != nil {
		out.RoleID, out.Roles = p.role.id, []iam.Role{p.role.role()}
	}
	return out
}

func (m *model) createInstanceProfile(in iam.CreateInstanceProfileInput) (iam.InstanceProfile, faults) {
	var f faults
	checkName(&f, "instanceProfileName", in.InstanceProfileName, 128)
	checkPath(&f, in.Path)
	f.when(m.profiles[strings.ToLower(in.InstanceProfileName)] != nil, "EntityAlreadyExists", "Instance Profile %s already exists.", in.InstanceProfileName)
	checkTags(&f, nil, in.Tags, sameText)
	if len(f) > 0 {
		return iam.InstanceProfile{}, f
	}
	p := &profile{InstanceProfile: iam.InstanceProfile{
		Account: account, ARN: arnOf("instance-profile", rooted(in.Path), in.InstanceProfileName), Name: in.InstanceProfileName, Path: rooted(in.Path),
		ID: m.newID("AIPA"), Created: m.now, Tags: in.Tags,
	}}
	m.profiles[strings.ToLower(p.Name)] = p
	return p.InstanceProfile, nil
}

func (m *model) getInstanceProfile(in iam.InstanceProfileInput) (iam.InstanceProfile, faults) {
	var f faults
	p := m.profile(in.InstanceProfileName, &f)
	if len(f) > 0 {
		return iam.InstanceProfile{}, f
	}
	return p.shown(), nil
}

// profilesOf are the instance profiles under a path that hold the role (nil: all), by name.
func (m *model) profilesOf(prefix string, role *entity) []iam.InstanceProfile {
	var found []iam.InstanceProfile
	for _, p := range m.profiles {
		if strings.HasPrefix(p.Path, prefix) && (role == nil || p.role == role) {
			found = append(found, p.shown())
		}
	}
	slices.SortFunc(found, func(x, y iam.InstanceProfile) int {
		return strings.Compare(x.Name, y.Name)
	})
	return found
}

func (m *model) listInstanceProfiles(in iam.ListByPathInput) ([]iam.InstanceProfile, faults) {
	return m.profilesOf(in.PathPrefix, nil), nil
}

func (m *model) listInstanceProfilesForRole(in iam.ListByIdentityInput) ([]iam.InstanceProfile, faults) {
	var f faults
	return m.profilesOf("", m.find(in.IdentityName, &f)), f
}

func (m *model) deleteInstanceProfile(in iam.InstanceProfileInput) faults {
	var f faults
	p := m.profile(in.InstanceProfileName, &f)
	f.when(p.role != nil, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	if len(f) == 0 {
		delete(m.profiles, strings.ToLower(p.Name))
	}
	return f
}

// addRoleToInstanceProfile: a profile has one role at most. What comes of adding the same role again is not documented.
func (m *model) addRoleToInstanceProfile(in iam.InstanceProfileRoleInput) faults {
	var f faults
	p, role := m.profile(in.InstanceProfileName, &f), m.find(iam.OfRole(in.RoleName), &f)
	role.protected(&f)
	f.when(p.role != nil, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	f.when(p.role == role, "EntityAlreadyExists", "")
	if len(f) == 0 {
		p.role = role
	}
	return f
}

func (m *model) removeRoleFromInstanceProfile(in iam.InstanceProfileRoleInput) faults {
	var f faults
	p, role := m.profile(in.InstanceProfileName, &f), m.find(iam.OfRole(in.RoleName), &f)
	role.protected(&f)
	f.when(p.role != role, "NoSuchEntity", "")
	if len(f) == 0 {
		p.role = nil
	}
	return f
}

func (m *model) tagInstanceProfile(in iam.TagInstanceProfileInput) faults {
	var f faults
	p := m.profile(in.InstanceProfileName, &f)
	if tags := checkTags(&f, p.Tags, in.Tags, sameText); len(f) == 0 {
		p.Tags = tags
	}
	return f
}

func (m *model) untagInstanceProfile(in iam.UntagInstanceProfileInput) faults {
	var f faults
	p := m.profile(in.InstanceProfileName, &f)
	p.Tags = untagged(p.Tags, in.TagKeys, sameText)
	return f
}

func (m *model) listInstanceProfileTags(in iam.ListInstanceProfileTagsInput) ([]iam.Tag, faults) {
	var f faults
	return byKey(m.profile(in.InstanceProfileName, &f).Tags), f
}

func checkAlias(f *faults, alias string) {
	bad := len(alias) < 3 || len(alias) > 63 || strings.Trim(alias, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
	f.when(bad || strings.HasPrefix(alias, "-") || strings.HasSuffix(alias, "-") || strings.Contains(alias, "--"), "ValidationError", "")
}

// createAccountAlias replaces the alias that the account has. To take the same one again is not documented, so either answer will do.
func (m *model) createAccountAlias(in iam.AccountAliasInput) faults {
	var f faults
	checkAlias(&f, in.AccountAlias)
	f.when(in.AccountAlias == m.elsewhere, "EntityAlreadyExists", "The account alias %s already exists.", in.AccountAlias)
	if len(f) == 0 {
		m.alias = in.AccountAlias
	}
	return f
}

func (m *model) deleteAccountAlias(in iam.AccountAliasInput) faults {
	var f faults
	checkAlias(&f, in.AccountAlias)
	f.when(in.AccountAlias != m.alias, "NoSuchEntity", "The account alias %s cannot be found.", in.AccountAlias)
	if len(f) == 0 {
		m.alias = ""
	}
	return f
}

func (m *model) listAccountAliases(iam.ListInput) ([]string, faults) {
	if m.alias == "" {
		return nil, nil
	}
	return []string{m.alias}, nil
}

// services are those whose service-linked roles are asked for, with the roles' names (the services' guides).
var services = map[string]string{"eks.amazonaws.com": "AWSServiceRoleForAmazonEKS", "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling"}

func (m *model) createServiceLinkedRole(in iam.CreateServiceLinkedRoleInput) (iam.Role, faults) {
	var f faults
	name := services[in.AWSServiceName]
	f.when(name == "", "InvalidInput", "")
	f.when(m.roles[strings.ToLower(name)] != nil, "InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	if len(f) > 0 {
		return iam.Role{}, f
	}
	e := &entity{
		kind: iam.RoleKind, name: name, path: serviceRolePath + in.AWSServiceName + "/", id: m.newID("AROA"), created: m.now,
		description: in.Description, longest: time.Hour, linked: in.AWSServiceName,
		trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + in.AWSServiceName + `"},"Action":"sts:AssumeRole"}]}`,
	}
	if in.AWSServiceName == "eks.amazonaws.com" {
		e.attached = []string{serviceRolePolicy}
	}
	m.roles[strings.ToLower(name)] = e
	return e.role(), nil
}

// deleteServiceLinkedRole deletes with the policies that AWS attached. The task's id tells the role (API reference, GetServiceLinkedRoleDeletionStatus).
func (m *model) deleteServiceLinkedRole(in iam.IdentityInput) (string, faults) {
	var f faults
	e := m.find(in.IdentityName, &f)
	f.when(e.name != "" && e.linked == "", "NoSuchEntity", "")
	if len(f) > 0 {
		return "", f
	}
	e.gone = true
	delete(m.roles, strings.ToLower(e.name))
	return "task" + e.path + e.name + "/" + e.id, nil
}

func (m *model) getAccountSummary(struct{}) (map[string]int, faults) {
	versions := 0
	for _, p := range m.policies {
		versions += len(p.versions)
	}
	return map[string]int{
		"Users": len(m.users), "Groups": len(m.groups), "Roles": len(m.roles), "InstanceProfiles": len(m.profiles), "Policies": len(m.policies),
		"PolicyVersionsInUse": versions, "Providers": len(m.providers), "AccountAccessKeysPresent": 1,
		"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "InstanceProfilesQuota": 1000, "PoliciesQuota": 1500, "PolicyVersionsInUseQuota": 10000,
		"GroupsPerUserQuota": groupsOfAUser, "AccessKeysPerUserQuota": keysOfAUser, "VersionsPerPolicyQuota": versionsOfAPolicy,
		"AttachedPoliciesPerUserQuota": policiesOfAnEntity, "AttachedPoliciesPerGroupQuota": policiesOfAnEntity, "AttachedPoliciesPerRoleQuota": policiesOfAnEntity,
		"PolicySizeQuota": 6144, "UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120, "RolePolicySizeQuota": 10240, "AssumeRolePolicySizeQuota": 2048,
		"SigningCertificatesPerUserQuota": 2, "ServerCertificates": 0, "ServerCertificatesQuota": 20, "MFADevices": 0, "MFADevicesInUse": 0,
		"AccountMFAEnabled": 0, "AccountPasswordPresent": 0, "AccountSigningCertificatesPresent": 0, "GlobalEndpointTokenVersion": 1,
	}, nil
}

// getAccountAuthorizationDetails tells of everything at once what the single calls tell.
func (m *model) getAccountAuthorizationDetails(in iam.AuthorizationDetailsInput) ([]detail, faults) {
	wanted := func(filter string) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, filter) }
	var all []detail
	if wanted("User") {
		all = append(all, each(sorted(m.users, ""), func(e *entity) detail {
			groups, _ := m.listGroupsForUser(iam.ListByIdentityInput{IdentityName: iam.OfUser(e.name)})
			return detail{What: e.user(), Attached: m.attachments(e, ""), Groups: each(groups, func(g iam.Group) string { return g.Name })}
		})...)
	}
	if wanted("Group") {
		all = append(all, each(sorted(m.groups, ""), func(e *entity) detail { return detail{What: e.group(), Attached: m.attachments(e, "")} })...)
	}
	if wanted("Role") {
		all = append(all, each(sorted(m.roles, ""), func(e *entity) detail {
			return detail{What: e.role(), Attached: m.attachments(e, ""), Profiles: m.profilesOf("", e)}
		})...)
	}
	var policies []*managed
	if wanted("LocalManagedPolicy") {
		policies = slices.AppendSeq(policies, maps.Values(m.policies))
	}
	if wanted("AWSManagedPolicy") {
		for _, p := range m.aws {
			if attached, bounded := m.usersOf(p.ARN); len(attached)+len(bounded) > 0 {
				policies = append(policies, p)
			}
		}
	}
	slices.SortFunc(policies, func(x, y *managed) int { return strings.Compare(x.ARN, y.ARN) })
	return append(all, each(policies, func(p *managed) detail { return detail{What: m.shown(p), Versions: p.listed()} })...), nil
}
