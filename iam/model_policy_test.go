package iam_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// serviceRolePath is that of AWS's policies for service-linked roles, which nobody else can attach (API reference, PolicyNotAttachable).
const serviceRolePath = "/aws-service-role/"

// What is said of a managed policy that does not exist (AWS's answers as recorded in 2026).
const (
	notAttachable = "Policy %s does not exist or is not attachable."
	notFound      = "Policy %s was not found."
)

func noVersion(id string) string {
	return "Policy %s version " + id + " does not exist or is not attachable."
}

// policy is the account's or AWS's managed policy of that ARN; absent is what the call says where there is none.
func (m *model) policy(arn, absent string, f *faults) *managed {
	f.when(!strings.HasPrefix(arn, "arn:aws:iam::") || !strings.Contains(arn, ":policy/"), "InvalidInput", "")
	for _, p := range append(slices.Collect(maps.Values(m.policies)), m.aws...) {
		if p.ARN == arn {
			return p
		}
	}
	f.when(true, "NoSuchEntity", absent, arn)
	return &managed{}
}

// subject is policy for the calls that are about the policy itself. Who asks about another account's needs a permission that only that account
// could give.
func (m *model) subject(arn, absent string, f *faults) *managed {
	f.when(strings.HasPrefix(arn, "arn:aws:iam::"+otherAccount), "AccessDenied", "")
	return m.policy(arn, absent, f)
}

// changeable is subject for the calls that change it. AWS's policies are not the account's to change.
func (m *model) changeable(arn, absent string, f *faults) *managed {
	p := m.subject(arn, absent, f)
	f.when(p.Account == "aws", "AccessDenied", "")
	return p
}

// users of a policy are those that it is attached to and those that it is the boundary of.
func (m *model) usersOf(arn string) (attached, bounded []*entity) {
	for _, kind := range []iam.IdentityKind{iam.GroupKind, iam.RoleKind, iam.UserKind} {
		for _, e := range sorted(m.all(kind), "") {
			if slices.Contains(e.attached, arn) {
				attached = append(attached, e)
			}
			if e.boundary == arn {
				bounded = append(bounded, e)
			}
		}
	}
	return attached, bounded
}

func (m *model) shown(p *managed) iam.ManagedPolicy {
	attached, bounded := m.usersOf(p.ARN)
	out := p.ManagedPolicy
	out.AttachmentCount, out.PermissionsBoundaryUsageCount = len(attached), len(bounded)
	return out
}

func checkManagedDocument(text string, f *faults) {
	d := documentOf(text)
	f.when(d.identity != "", "MalformedPolicyDocument", "%s", d.identity)
	f.when(d.size > 6144, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
}

func (m *model) createPolicy(in iam.CreatePolicyInput) (iam.ManagedPolicy, faults) {
	var f faults
	checkName(&f, "policyName", in.PolicyName, 128)
	checkPath(&f, in.Path)
	f.when(m.policies[strings.ToLower(in.PolicyName)] != nil, "EntityAlreadyExists",
		"A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
	checkManagedDocument(in.PolicyDocument, &f)
	checkTags(&f, nil, in.Tags, sameText)
	if len(f) > 0 {
		return iam.ManagedPolicy{}, f
	}
	p := &managed{made: 1, ManagedPolicy: iam.ManagedPolicy{
		Account: account, ARN: arnOf("policy", rooted(in.Path), in.PolicyName), Name: in.PolicyName, Path: rooted(in.Path), ID: m.newID("ANPA"),
		Description: in.Description, Created: m.now, Updated: m.now, DefaultVersionID: "v1", Tags: in.Tags,
	}}
	p.versions = []iam.PolicyVersion{{VersionID: "v1", Document: in.PolicyDocument, IsDefault: true, Created: m.now}}
	m.policies[strings.ToLower(p.Name)] = p
	return p.ManagedPolicy, nil
}

func (m *model) getPolicy(in iam.PolicyInput) (iam.ManagedPolicy, faults) {
	var f faults
	p := m.subject(in.PolicyARN, notFound, &f)
	if len(f) > 0 {
		return iam.ManagedPolicy{}, f
	}
	return m.shown(p), nil
}

func (m *model) listPolicies(in iam.ListPoliciesInput) ([]iam.ManagedPolicy, faults) {
	var all []*managed
	if in.Scope != "AWS" {
		all = slices.AppendSeq(all, maps.Values(m.policies))
	}
	if in.Scope != "Local" {
		all = append(all, m.aws...)
	}
	shown := slices.DeleteFunc(each(all, m.shown), func(p iam.ManagedPolicy) bool {
		permissions, boundary := p.AttachmentCount > 0, p.PermissionsBoundaryUsageCount > 0
		switch {
		case !strings.HasPrefix(p.Path, in.PathPrefix):
			return true
		case in.PolicyUsageFilter == "PermissionsPolicy":
			return !permissions
		case in.PolicyUsageFilter == "PermissionsBoundary":
			return !boundary
		}
		return in.OnlyAttached && !permissions && !boundary
	})
	slices.SortFunc(shown, func(x, y iam.ManagedPolicy) int {
		return strings.Compare(x.Name, y.Name)
	})
	return shown, nil
}

func (m *model) deletePolicy(in iam.PolicyInput) faults {
	var f faults
	p := m.changeable(in.PolicyARN, notFound, &f)
	attached, bounded := m.usersOf(in.PolicyARN)
	f.when(len(attached)+len(bounded) > 0, "DeleteConflict", "Cannot delete a policy attached to entities.")
	f.when(len(p.versions) > 1, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	if len(f) == 0 {
		delete(m.policies, strings.ToLower(p.Name))
	}
	return f
}

func (m *model) listEntitiesForPolicy(in iam.ListEntitiesForPolicyInput) ([]iam.PolicyEntity, faults) {
	var f faults
	m.subject(in.PolicyARN, notAttachable, &f)
	attached, bounded := m.usersOf(in.PolicyARN)
	switch in.PolicyUsageFilter {
	case "PermissionsPolicy":
		bounded = nil
	case "PermissionsBoundary":
		attached = nil
	}
	found := slices.Clone(attached)
	for _, e := range bounded {
		if !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	found = slices.DeleteFunc(found, func(e *entity) bool {
		return in.EntityFilter != "" && in.EntityFilter != string(e.kind) || !strings.HasPrefix(e.path, in.PathPrefix)
	})
	entities := each(found, func(e *entity) iam.PolicyEntity { return iam.PolicyEntity{Kind: e.kind, Name: e.name, ID: e.id} })
	slices.SortFunc(entities, func(x, y iam.PolicyEntity) int {
		return strings.Compare(string(x.Kind)+x.Name, string(y.Kind)+y.Name)
	})
	return entities, f
}

func (m *model) createPolicyVersion(in iam.CreatePolicyVersionInput) (iam.PolicyVersion, faults) {
	var f faults
	p := m.changeable(in.PolicyARN, notAttachable, &f)
	checkManagedDocument(in.PolicyDocument, &f)
	f.when(len(p.versions) >= versionsOfAPolicy, "LimitExceeded",
		"A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	if len(f) > 0 {
		return iam.PolicyVersion{}, f
	}
	p.made++
	p.Updated = m.now
	made := iam.PolicyVersion{VersionID: fmt.Sprint("v", p.made), Document: in.PolicyDocument, Created: m.now}
	p.versions = append(slices.Clone(p.versions), made)
	if in.SetAsDefault {
		p.setDefault(made.VersionID)
	}
	return p.versions[len(p.versions)-1], nil
}

func (p *managed) setDefault(id string) {
	p.DefaultVersionID = id
	p.versions = each(p.versions, func(v iam.PolicyVersion) iam.PolicyVersion {
		v.IsDefault = v.VersionID == id
		return v
	})
}

// version is the place of a version in its policy.
func (p *managed) version(in iam.PolicyVersionInput, f *faults) int {
	i := slices.IndexFunc(p.versions, func(v iam.PolicyVersion) bool { return v.VersionID == in.VersionID })
	f.when(!strings.HasPrefix(in.VersionID, "v"), "ValidationError", "")
	f.when(i < 0, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", in.PolicyARN, in.VersionID)
	return i
}

func (m *model) getPolicyVersion(in iam.PolicyVersionInput) (iam.PolicyVersion, faults) {
	var f faults
	p := m.subject(in.PolicyARN, noVersion(in.VersionID), &f)
	i := p.version(in, &f)
	if len(f) > 0 {
		return iam.PolicyVersion{}, f
	}
	return p.versions[i], nil
}

// listed are the versions, newest first (API reference, the example of ListPolicyVersions).
func (p *managed) listed() []iam.PolicyVersion {
	versions := slices.Clone(p.versions)
	slices.Reverse(versions)
	return versions
}

func (m *model) listPolicyVersions(in iam.ListByPolicyInput) ([]iam.PolicyVersion, faults) {
	var f faults
	return m.subject(in.PolicyARN, notAttachable, &f).listed(), f
}

func (m *model) setDefaultPolicyVersion(in iam.PolicyVersionInput) faults {
	var f faults
	p := m.changeable(in.PolicyARN, noVersion(in.VersionID), &f)
	p.version(in, &f)
	if len(f) == 0 {
		p.setDefault(in.VersionID)
		p.Updated = m.now
	}
	return f
}

func (m *model) deletePolicyVersion(in iam.PolicyVersionInput) faults {
	var f faults
	p := m.changeable(in.PolicyARN, noVersion(in.VersionID), &f)
	i := p.version(in, &f)
	f.when(in.VersionID == p.DefaultVersionID, "DeleteConflict", "Cannot delete the default version of a policy.")
	if len(f) == 0 {
		p.versions = slices.Delete(slices.Clone(p.versions), i, i+1)
		p.Updated = m.now
	}
	return f
}

// checkBoundary: a boundary is a managed policy, but none of a service-linked role's.
func (m *model) checkBoundary(arn string, f *faults) {
	if arn == "" {
		return
	}
	var found faults
	p := m.policy(arn, notAttachable, &found)
	for _, fault := range found {
		f.when(fault.code == "NoSuchEntity", "NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
		f.when(fault.code != "NoSuchEntity", fault.code, "%s", fault.message)
	}
	f.when(p.Path == serviceRolePath, "PolicyNotAttachable", "")
}

// permitted is find for the calls that change what an identity may do.
func (m *model) permitted(n iam.IdentityName, f *faults) *entity {
	e := m.find(n, f)
	e.protected(f)
	return e
}

func (m *model) putPermissionsBoundary(in iam.BoundaryInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	m.checkBoundary(in.PermissionsBoundary, &f)
	if len(f) == 0 {
		e.boundary = in.PermissionsBoundary
	}
	return f
}

func (m *model) deletePermissionsBoundary(in iam.IdentityInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	if len(f) == 0 {
		e.boundary = ""
	}
	return f
}

func (m *model) putPolicy(in iam.PutPolicyInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	checkName(&f, "policyName", in.PolicyName, 128)
	d := documentOf(in.PolicyDocument)
	f.when(d.identity != "", "MalformedPolicyDocument", "%s", d.identity)
	size := d.size
	for name, text := range e.inline {
		if name != in.PolicyName {
			size += documentOf(text).size
		}
	}
	limit := map[iam.IdentityKind]int{iam.RoleKind: 10240, iam.UserKind: 2048, iam.GroupKind: 5120}[in.Kind]
	f.when(size > limit, "LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s", limit, e.word(), e.name)
	if len(f) == 0 {
		e.inline = maps.Clone(e.inline)
		if e.inline == nil {
			e.inline = map[string]string{}
		}
		e.inline[in.PolicyName] = in.PolicyDocument
	}
	return f
}

func (e *entity) inlinePolicy(name string, f *faults) string {
	text, ok := e.inline[name]
	f.when(!ok, "NoSuchEntity", "The %s policy with name %s cannot be found.", e.word(), name)
	return text
}

func (m *model) inlinePolicy(in iam.InlinePolicyInput) (iam.InlinePolicy, faults) {
	var f faults
	e := m.find(in.IdentityName, &f)
	text := e.inlinePolicy(in.PolicyName, &f)
	if len(f) > 0 {
		return iam.InlinePolicy{}, f
	}
	name := map[iam.IdentityKind]func(string) iam.IdentityName{iam.RoleKind: iam.OfRole, iam.UserKind: iam.OfUser, iam.GroupKind: iam.OfGroup}[in.Kind](e.name)
	return iam.InlinePolicy{IdentityName: name, PolicyName: in.PolicyName, PolicyDocument: text}, nil
}

func (m *model) inlinePolicies(in iam.ListByIdentityInput) ([]string, faults) {
	var f faults
	return slices.Sorted(maps.Keys(m.find(in.IdentityName, &f).inline)), f
}

func (m *model) deleteInlinePolicy(in iam.InlinePolicyInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	e.inlinePolicy(in.PolicyName, &f)
	if len(f) == 0 {
		e.inline = maps.Clone(e.inline)
		delete(e.inline, in.PolicyName)
	}
	return f
}

func (m *model) attachPolicy(in iam.AttachmentInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	p := m.policy(in.PolicyARN, notAttachable, &f)
	f.when(p.Path == serviceRolePath, "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	already := slices.Contains(e.attached, in.PolicyARN)
	f.when(!already && len(e.attached) >= policiesOfAnEntity, "LimitExceeded", "Cannot exceed quota for PoliciesPer%s: %d", in.Kind, policiesOfAnEntity)
	if len(f) == 0 && !already {
		e.attached = append(slices.Clone(e.attached), in.PolicyARN)
	}
	return f
}

func (m *model) detachPolicy(in iam.AttachmentInput) faults {
	var f faults
	e := m.permitted(in.IdentityName, &f)
	m.policy(in.PolicyARN, notAttachable, &f)
	i := slices.Index(e.attached, in.PolicyARN)
	f.when(i < 0, "NoSuchEntity", "Policy %s was not found.", in.PolicyARN)
	if len(f) == 0 {
		e.attached = slices.Delete(slices.Clone(e.attached), i, i+1)
	}
	return f
}

// attachments are the managed policies of an entity by name.
func (m *model) attachments(e *entity, prefix string) []iam.AttachedPolicy {
	var found []iam.AttachedPolicy
	for _, arn := range e.attached {
		if p := m.policy(arn, notAttachable, new(faults)); strings.HasPrefix(p.Path, prefix) {
			found = append(found, iam.AttachedPolicy{PolicyName: p.Name, PolicyARN: arn})
		}
	}
	slices.SortFunc(found, func(x, y iam.AttachedPolicy) int {
		return strings.Compare(x.PolicyName, y.PolicyName)
	})
	return found
}

func (m *model) attachedPolicies(in iam.ListAttachedInput) ([]iam.AttachedPolicy, faults) {
	var f faults
	return m.attachments(m.find(in.IdentityName, &f), in.PathPrefix), f
}
