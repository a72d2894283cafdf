package iam

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Quotas of managed policies (IAM quotas, the defaults).
const (
	maxPolicies = 1500
	maxVersions = 5
)

// onPolicy is a call on one managed policy. One that does not exist is authorized under the ARN that was given.
func onPolicy(name string, in input, arn string) call {
	return call{name: name, in: in, on: func(a *Account) target {
		t := target{resource: arn, shown: "policy " + arn}
		if entry, err := a.policy(arn); err == nil {
			t.keys = resourceTags(entry.policy.Tags)
		}
		return t
	}}
}

// managed finds the managed policy that a call is about. AWS's sentence about one that does not exist differs from call to call (its answers as
// recorded in 2026; of DeletePolicy, localstack pull request 4298).
func (a *Account) managed(c call, arn string) (*policyEntry, error) {
	entry, err := a.policy(arn)
	if err == nil {
		return entry, nil
	}
	switch c.name {
	case "GetPolicy", "DeletePolicy", "TagPolicy", "UntagPolicy", "ListPolicyTags":
		return nil, refusef("NoSuchEntity", "Policy %s was not found.", arn)
	}
	if in, ok := c.in.(PolicyVersionInput); ok {
		return nil, noSuchVersion(arn, in.VersionID)
	}
	return nil, err
}

// changePolicy changes one managed policy: edit gets a copy of the record to change. Its slices are shared with the snapshot, so edit replaces them.
func (d *Directory) changePolicy(ctx context.Context, caller Caller, c call, arn string, edit func(tx *draft, r *policyRecord) error) error {
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, err := tx.ownPolicy(caller, c, arn)
		if err != nil {
			return err
		}
		r := policyRecord{ManagedPolicy: entry.policy, Versions: entry.versions, Next: entry.next}
		if err := edit(tx, &r); err != nil {
			return err
		}
		return stage(tx, recordKey(tx.id, kindPolicy, strings.ToLower(r.Name)), entry.revision, r)
	})
}

// ownPolicy finds a managed policy that the account may change. AWS's belong to nobody here, whatever a caller's policies say.
func (a *Account) ownPolicy(caller Caller, c call, arn string) (*policyEntry, error) {
	entry, err := a.managed(c, arn)
	if err == nil && entry.policy.Account == awsAccount {
		return nil, Denied(caller, c.action(), "policy "+arn, policy.Decision{})
	}
	return entry, err
}

// described is a managed policy with its numbers of uses.
func (a *Account) described(entry *policyEntry) ManagedPolicy {
	p := entry.policy
	used := a.usage()[p.ARN]
	p.AttachmentCount, p.PermissionsBoundaryUsageCount = used.attachments, used.boundaries
	return p
}

func (in CreatePolicyInput) validate(v *validator) {
	v.policyName(in.PolicyName)
	v.policyPath("path", in.Path)
	v.document("policyDocument", in.PolicyDocument)
	v.length("description", in.Description, 0, 1000)
	v.tags(in.Tags, exactKeys)
}

// CreatePolicy makes a managed policy with version v1. With tags, iam:TagPolicy must be allowed as well.
func (d *Directory) CreatePolicy(ctx context.Context, caller Caller, in CreatePolicyInput) (ManagedPolicy, error) {
	path := orSlash(in.Path)
	c := onNew("CreatePolicy", "policy"+path+in.PolicyName, "TagPolicy", in, in.Tags, "")
	var out ManagedPolicy
	err := d.change(ctx, caller, c, func(tx *draft) error {
		name := strings.ToLower(in.PolicyName)
		if _, ok := tx.policies[name]; ok {
			return refusef("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
		}
		if len(tx.policies) >= maxPolicies {
			return quota("PoliciesPerAccount", maxPolicies)
		}
		if err := checkManaged(in.PolicyName, in.PolicyDocument); err != nil {
			return err
		}
		id, err := d.uniqueID(policyPrefix)
		if err != nil {
			return err
		}
		out = ManagedPolicy{
			Account: tx.id, ARN: tx.arn("policy" + path + in.PolicyName), Name: in.PolicyName, Path: path, ID: id, Description: in.Description,
			Created: tx.now, Updated: tx.now, DefaultVersionID: "v1", Tags: in.Tags,
		}
		return stage(tx, recordKey(tx.id, kindPolicy, name), 0, policyRecord{
			ManagedPolicy: out, Versions: []PolicyVersion{{VersionID: "v1", Document: in.PolicyDocument, Created: tx.now}}, Next: 2,
		})
	})
	return out, err
}

// checkManaged checks a managed policy's document and its size. A managed policy must be of the newer version of the language, which IAM tells
// after faults of syntax and before all others; the inline policies of roles, users and groups, which are older, need not be.
func checkManaged(name, source string) error {
	document, err := parseDocument(policy.Identity, source)
	if err != nil {
		return err
	}
	if document.Version() != "2012-10-17" {
		return refusef("MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.")
	}
	if err := compileIdentity(name, document); err != nil {
		return err
	}
	if document.Size() > maxManagedPolicy {
		return quota("PolicySize", maxManagedPolicy)
	}
	return nil
}

func (in PolicyInput) validate(v *validator) { v.policyARN("policyArn", in.PolicyARN) }

// GetPolicy returns a managed policy.
func (d *Directory) GetPolicy(ctx context.Context, caller Caller, in PolicyInput) (ManagedPolicy, error) {
	c := onPolicy("GetPolicy", in, in.PolicyARN)
	return read(ctx, d, caller, c, func(a *Account) (ManagedPolicy, error) {
		entry, err := a.managed(c, in.PolicyARN)
		if err != nil {
			return ManagedPolicy{}, err
		}
		return a.described(entry), nil
	})
}

func (in ListPoliciesInput) validate(v *validator) {
	v.oneOf("scope", in.Scope, "All", "AWS", "Local")
	v.policyPath("pathPrefix", in.PathPrefix)
	v.oneOf("policyUsageFilter", in.PolicyUsageFilter, "PermissionsPolicy", "PermissionsBoundary")
	in.Paging.validate(v)
}

// ListPolicies lists managed policies by name: the account's own and AWS's, or those of one scope.
func (d *Directory) ListPolicies(ctx context.Context, caller Caller, in ListPoliciesInput) (Page[ManagedPolicy], error) {
	c := call{name: "ListPolicies", in: in, on: func(*Account) target {
		return target{resource: "*", shown: "policy path " + orSlash(in.PathPrefix)}
	}}
	return read(ctx, d, caller, c, func(a *Account) (Page[ManagedPolicy], error) {
		var found []ManagedPolicy
		for entry := range a.managedPolicies(in.Scope) {
			p := a.described(entry)
			attached := p.AttachmentCount > 0 && in.PolicyUsageFilter != "PermissionsBoundary" ||
				p.PermissionsBoundaryUsageCount > 0 && in.PolicyUsageFilter != "PermissionsPolicy"
			wanted := attached || !in.OnlyAttached && in.PolicyUsageFilter == ""
			if wanted && strings.HasPrefix(p.Path, in.PathPrefix) {
				found = append(found, p)
			}
		}
		return page(found, func(p ManagedPolicy) string { return p.Name + " " + p.ARN }, in.Paging), nil
	})
}

// managedPolicies are those of a scope: AWS, Local, or All, which "" is too.
func (a *Account) managedPolicies(scope string) iter.Seq[*policyEntry] {
	return func(yield func(*policyEntry) bool) {
		if scope != "AWS" {
			for _, entry := range a.policies {
				if !yield(entry) {
					return
				}
			}
		}
		if scope != "Local" {
			for _, entry := range a.aws {
				if !yield(entry) {
					return
				}
			}
		}
	}
}

// DeletePolicy deletes a managed policy that is used nowhere and has no version left but the default one.
func (d *Directory) DeletePolicy(ctx context.Context, caller Caller, in PolicyInput) error {
	c := onPolicy("DeletePolicy", in, in.PolicyARN)
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, err := tx.ownPolicy(caller, c, in.PolicyARN)
		switch {
		case err != nil:
			return err
		case tx.usage()[in.PolicyARN] != usage{}:
			return refusef("DeleteConflict", "Cannot delete a policy attached to entities.")
		case len(entry.versions) > 1:
			return refusef("DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		tx.remove(recordKey(tx.id, kindPolicy, strings.ToLower(entry.policy.Name)), entry.revision)
		return nil
	})
}

func (in TagPolicyInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	v.requiredTags(in.Tags, exactKeys)
}

// TagPolicy adds or replaces tags.
func (d *Directory) TagPolicy(ctx context.Context, caller Caller, in TagPolicyInput) error {
	c := onPolicy("TagPolicy", in, in.PolicyARN)
	c.keys = requestTags(in.Tags)
	return d.changePolicy(ctx, caller, c, in.PolicyARN, func(_ *draft, r *policyRecord) (err error) {
		r.Tags, err = merge(r.Tags, in.Tags, exactKeys)
		return err
	})
}

func (in UntagPolicyInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	v.tagKeys(in.TagKeys)
}

// UntagPolicy removes tags.
func (d *Directory) UntagPolicy(ctx context.Context, caller Caller, in UntagPolicyInput) error {
	c := onPolicy("UntagPolicy", in, in.PolicyARN)
	c.keys = tagKeys(in.TagKeys)
	return d.changePolicy(ctx, caller, c, in.PolicyARN, func(_ *draft, r *policyRecord) error {
		r.Tags = without(r.Tags, in.TagKeys, exactKeys)
		return nil
	})
}

func (in ListByPolicyInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	in.Paging.validate(v)
}

// policyTagKey is what a managed policy's tags are listed by: AWS was recorded in 2026 to list a, b, z, abc. Of no other resource it was recorded to
// depart from the order of the keys, which its documents promise.
func policyTagKey(tag Tag) string { return fmt.Sprintf("%03d", len(tag.Key)) + tag.Key }

// ListPolicyTags lists a managed policy's tags by key, shorter keys first.
func (d *Directory) ListPolicyTags(ctx context.Context, caller Caller, in ListByPolicyInput) (Page[Tag], error) {
	c := onPolicy("ListPolicyTags", in, in.PolicyARN)
	return read(ctx, d, caller, c, func(a *Account) (Page[Tag], error) {
		entry, err := a.managed(c, in.PolicyARN)
		if err != nil {
			return Page[Tag]{}, err
		}
		return page(slices.Clone(entry.policy.Tags), policyTagKey, in.Paging), nil
	})
}

func (in ListEntitiesForPolicyInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	v.oneOf("entityFilter", in.EntityFilter, "User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")
	v.pathPrefix(in.PathPrefix)
	v.oneOf("policyUsageFilter", in.PolicyUsageFilter, "PermissionsPolicy", "PermissionsBoundary")
	in.Paging.validate(v)
}

// ListEntitiesForPolicy lists the roles, users and groups that use a managed policy, attached or as their boundary.
func (d *Directory) ListEntitiesForPolicy(ctx context.Context, caller Caller, in ListEntitiesForPolicyInput) (Page[PolicyEntity], error) {
	c := onPolicy("ListEntitiesForPolicy", in, in.PolicyARN)
	return read(ctx, d, caller, c, func(a *Account) (Page[PolicyEntity], error) {
		if _, err := a.policy(in.PolicyARN); err != nil {
			return Page[PolicyEntity]{}, err
		}
		var found []PolicyEntity
		for identity, kind := range a.identities() {
			uses := slices.Contains(identity.Attached, in.PolicyARN) && in.PolicyUsageFilter != "PermissionsBoundary" ||
				identity.BoundaryARN == in.PolicyARN && in.PolicyUsageFilter != "PermissionsPolicy"
			if uses && (in.EntityFilter == "" || in.EntityFilter == string(kind)) && strings.HasPrefix(identity.Path, in.PathPrefix) {
				found = append(found, PolicyEntity{Kind: kind, Name: identity.Name, ID: identity.ID})
			}
		}
		return page(found, func(e PolicyEntity) string { return string(e.Kind) + " " + e.Name }, in.Paging), nil
	})
}

func (in CreatePolicyVersionInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	v.document("policyDocument", in.PolicyDocument)
}

// CreatePolicyVersion adds a version.
func (d *Directory) CreatePolicyVersion(ctx context.Context, caller Caller, in CreatePolicyVersionInput) (PolicyVersion, error) {
	var out PolicyVersion
	c := onPolicy("CreatePolicyVersion", in, in.PolicyARN)
	err := d.changePolicy(ctx, caller, c, in.PolicyARN, func(tx *draft, r *policyRecord) error {
		if err := checkManaged(r.Name, in.PolicyDocument); err != nil {
			return err
		}
		if len(r.Versions) >= maxVersions {
			return refusef("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		out = PolicyVersion{VersionID: fmt.Sprintf("v%d", r.Next), Document: in.PolicyDocument, IsDefault: in.SetAsDefault, Created: tx.now}
		r.Versions = append(slices.Clone(r.Versions), out)
		r.Next++
		r.Updated = tx.now
		if in.SetAsDefault {
			r.DefaultVersionID = out.VersionID
		}
		return nil
	})
	return out, err
}

func (in PolicyVersionInput) validate(v *validator) {
	v.policyARN("policyArn", in.PolicyARN)
	v.versionID(in.VersionID)
}

// version finds a version's place in the list.
func (e *policyEntry) version(id string) (int, error) {
	i := slices.IndexFunc(e.versions, func(v PolicyVersion) bool { return v.VersionID == id })
	if i < 0 {
		return 0, noSuchVersion(e.policy.ARN, id)
	}
	return i, nil
}

// GetPolicyVersion returns a version with its document.
func (d *Directory) GetPolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) (PolicyVersion, error) {
	c := onPolicy("GetPolicyVersion", in, in.PolicyARN)
	return read(ctx, d, caller, c, func(a *Account) (PolicyVersion, error) {
		entry, err := a.managed(c, in.PolicyARN)
		if err != nil {
			return PolicyVersion{}, err
		}
		i, err := entry.version(in.VersionID)
		if err != nil {
			return PolicyVersion{}, err
		}
		return entry.versions[i], nil
	})
}

// ListPolicyVersions lists a managed policy's versions, newest first, as the example of IAM's API reference does: scripts that make room for
// another one delete the last.
func (d *Directory) ListPolicyVersions(ctx context.Context, caller Caller, in ListByPolicyInput) (Page[PolicyVersion], error) {
	return read(ctx, d, caller, onPolicy("ListPolicyVersions", in, in.PolicyARN), func(a *Account) (Page[PolicyVersion], error) {
		entry, err := a.policy(in.PolicyARN)
		if err != nil {
			return Page[PolicyVersion]{}, err
		}
		return page(slices.Clone(entry.versions), newestFirst, in.Paging), nil
	})
}

// newestFirst is a key that versions are sorted by: the greater the number, the earlier it comes. Numbers have nine digits at most.
func newestFirst(v PolicyVersion) string {
	number, err := strconv.Atoi(strings.TrimPrefix(v.VersionID, "v"))
	if err != nil {
		return v.VersionID // one of AWS's policies may call its only version anything
	}
	return fmt.Sprintf("%09d", 999_999_999-number)
}

// SetDefaultPolicyVersion makes a version the one that is in force.
func (d *Directory) SetDefaultPolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) error {
	c := onPolicy("SetDefaultPolicyVersion", in, in.PolicyARN)
	return d.changePolicy(ctx, caller, c, in.PolicyARN, func(tx *draft, r *policyRecord) error {
		if !slices.ContainsFunc(r.Versions, func(v PolicyVersion) bool { return v.VersionID == in.VersionID }) {
			return noSuchVersion(in.PolicyARN, in.VersionID)
		}
		r.DefaultVersionID, r.Updated = in.VersionID, tx.now
		return nil
	})
}

// DeletePolicyVersion deletes a version that is not the default.
func (d *Directory) DeletePolicyVersion(ctx context.Context, caller Caller, in PolicyVersionInput) error {
	c := onPolicy("DeletePolicyVersion", in, in.PolicyARN)
	return d.changePolicy(ctx, caller, c, in.PolicyARN, func(tx *draft, r *policyRecord) error {
		if in.VersionID == r.DefaultVersionID {
			return refusef("DeleteConflict", "Cannot delete the default version of a policy.")
		}
		kept := slices.DeleteFunc(slices.Clone(r.Versions), func(v PolicyVersion) bool { return v.VersionID == in.VersionID })
		if len(kept) == len(r.Versions) {
			return noSuchVersion(in.PolicyARN, in.VersionID)
		}
		r.Versions, r.Updated = kept, tx.now
		return nil
	})
}
