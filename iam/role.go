package iam

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Quotas of roles (IAM quotas, the defaults) and their session durations in seconds.
const (
	maxRoles                = 1000
	shortestSession         = 3600
	longestSession          = 43200
	maxAttachedRolePolicies = 10
)

// byBoundary are the operations on a role that AWS decides by the condition key iam:PermissionsBoundary, its present boundary
// (Service Authorization Reference, IAM).
var byBoundary = []string{"AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "DeleteRolePermissionsBoundary"}

// onRole is a call on one role. A role that does not exist is authorized under the name that was given.
func onRole(name string, in input, roleName string) call {
	return call{name: name, in: in, on: func(a *Account) target {
		entry, err := a.role(roleName)
		if err != nil {
			return target{resource: a.arn("role/" + roleName)}
		}
		t := target{resource: entry.role.ARN, keys: resourceTags(entry.role.Tags)}
		if entry.role.BoundaryARN != "" && slices.Contains(byBoundary, name) {
			t.keys["iam:PermissionsBoundary"] = []string{entry.role.BoundaryARN}
		}
		return t
	}}
}

// changeRole changes one role: edit gets a copy of the record to change. Its slices and maps are shared with the snapshot, so edit replaces them.
func (d *Directory) changeRole(ctx context.Context, caller Caller, c call, roleName string, edit func(tx *draft, r *roleRecord) error) (Role, error) {
	var out Role
	err := d.change(ctx, caller, c, func(tx *draft) error {
		entry, err := tx.role(roleName)
		if err != nil {
			return err
		}
		r := roleRecord{Role: entry.role, PrincipalIDs: entry.principalIDs}
		if err := edit(tx, &r); err != nil {
			return err
		}
		out = r.Role
		return stage(tx, recordKey(tx.id, kindRole, strings.ToLower(r.Name)), entry.revision, r)
	})
	return out, err
}

func (in CreateRoleInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.rolePath(in.Path)
	v.document("assumeRolePolicyDocument", in.AssumeRolePolicyDocument)
	v.roleDescription(in.Description)
	v.between("maxSessionDuration", in.MaxSessionDuration, shortestSession, longestSession)
	if in.PermissionsBoundary != "" {
		v.policyARN("permissionsBoundary", in.PermissionsBoundary)
	}
	v.tags(in.Tags)
}

// CreateRole makes a role. With tags, iam:TagRole must be allowed as well.
func (d *Directory) CreateRole(ctx context.Context, caller Caller, in CreateRoleInput) (Role, error) {
	path := orSlash(in.Path)
	c := call{name: "CreateRole", in: in, keys: requestTags(in.Tags), on: func(a *Account) target {
		return target{resource: a.arn("role" + path + in.RoleName)}
	}}
	if len(in.Tags) > 0 {
		c.also = "iam:TagRole"
	}
	if in.PermissionsBoundary != "" {
		c.keys = c.keys.with("iam:PermissionsBoundary", in.PermissionsBoundary)
	}
	var out Role
	err := d.change(ctx, caller, c, func(tx *draft) error {
		name := strings.ToLower(in.RoleName)
		if _, ok := tx.roles[name]; ok {
			return refusef("EntityAlreadyExists", "Role with name %s already exists.", in.RoleName)
		}
		if len(tx.roles) >= maxRoles {
			return quota("RolesPerAccount", maxRoles)
		}
		principalIDs, err := tx.checkTrust(in.AssumeRolePolicyDocument)
		if err != nil {
			return err
		}
		if err := tx.checkBoundary(in.PermissionsBoundary); err != nil {
			return err
		}
		id, err := d.uniqueID(rolePrefix)
		if err != nil {
			return err
		}
		out = Role{
			Account: tx.id, ARN: tx.arn("role" + path + in.RoleName), Name: in.RoleName, Path: path, ID: id, Description: in.Description,
			Created: tx.now, TrustPolicy: in.AssumeRolePolicyDocument, MaxSessionDuration: shortestSession * time.Second,
			BoundaryARN: in.PermissionsBoundary, Tags: in.Tags,
		}
		if in.MaxSessionDuration != nil {
			out.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
		}
		return stage(tx, recordKey(tx.id, kindRole, name), 0, roleRecord{Role: out, PrincipalIDs: principalIDs})
	})
	return out, err
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// with adds a single-valued key; c may be nil.
func (c conditions) with(key, value string) conditions {
	if c == nil {
		c = conditions{}
	}
	c[key] = []string{value}
	return c
}

func (in RoleInput) validate(v *validator) { v.roleName(in.RoleName) }

// GetRole returns a role.
func (d *Directory) GetRole(ctx context.Context, caller Caller, in RoleInput) (Role, error) {
	return read(ctx, d, caller, onRole("GetRole", in, in.RoleName), func(a *Account) (Role, error) {
		entry, err := a.role(in.RoleName)
		if err != nil {
			return Role{}, err
		}
		return d.shown(ctx, a, entry)
	})
}

func (in ListRolesInput) validate(v *validator) {
	v.pathPrefix(in.PathPrefix)
	in.Paging.validate(v)
}

// ListRoles lists the account's roles by name.
func (d *Directory) ListRoles(ctx context.Context, caller Caller, in ListRolesInput) (Page[Role], error) {
	c := call{name: "ListRoles", in: in, on: func(a *Account) target {
		return target{resource: "*", shown: a.arn("role" + orSlash(in.PathPrefix))}
	}}
	return read(ctx, d, caller, c, func(a *Account) (Page[Role], error) {
		var found []*roleEntry
		for _, entry := range a.roles {
			if strings.HasPrefix(entry.role.Path, in.PathPrefix) {
				found = append(found, entry)
			}
		}
		cut := page(found, func(e *roleEntry) string { return strings.ToLower(e.role.Name) }, in.Paging)
		out := Page[Role]{IsTruncated: cut.IsTruncated, Marker: cut.Marker}
		for _, entry := range cut.Items {
			role, err := d.shown(ctx, a, entry)
			if err != nil {
				return Page[Role]{}, err
			}
			out.Items = append(out.Items, role)
		}
		return out, nil
	})
}

func (in UpdateRoleInput) validate(v *validator) {
	v.roleName(in.RoleName)
	if in.Description != nil {
		v.roleDescription(*in.Description)
	}
	v.between("maxSessionDuration", in.MaxSessionDuration, shortestSession, longestSession)
}

// UpdateRole changes a role's description, its longest session, or both.
func (d *Directory) UpdateRole(ctx context.Context, caller Caller, in UpdateRoleInput) error {
	_, err := d.changeRole(ctx, caller, onRole("UpdateRole", in, in.RoleName), in.RoleName, func(_ *draft, r *roleRecord) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
		}
		return nil
	})
	return err
}

func (in UpdateRoleDescriptionInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.roleDescription(in.Description)
}

// UpdateRoleDescription replaces a role's description.
func (d *Directory) UpdateRoleDescription(ctx context.Context, caller Caller, in UpdateRoleDescriptionInput) (Role, error) {
	c := onRole("UpdateRoleDescription", in, in.RoleName)
	return d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		r.Description = in.Description
		return nil
	})
}

func (in UpdateAssumeRolePolicyInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.document("policyDocument", in.PolicyDocument)
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (d *Directory) UpdateAssumeRolePolicy(ctx context.Context, caller Caller, in UpdateAssumeRolePolicyInput) error {
	c := onRole("UpdateAssumeRolePolicy", in, in.RoleName)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(tx *draft, r *roleRecord) (err error) {
		r.TrustPolicy = in.PolicyDocument
		r.PrincipalIDs, err = tx.checkTrust(in.PolicyDocument)
		return err
	})
	return err
}

// DeleteRole deletes a role that has no policies left.
func (d *Directory) DeleteRole(ctx context.Context, caller Caller, in RoleInput) error {
	return d.change(ctx, caller, onRole("DeleteRole", in, in.RoleName), func(tx *draft) error {
		entry, err := tx.role(in.RoleName)
		switch {
		case err != nil:
			return err
		case len(entry.role.Attached) > 0:
			return refusef("DeleteConflict", "Cannot delete entity, must detach all policies first.")
		case len(entry.role.Inline) > 0:
			return refusef("DeleteConflict", "Cannot delete entity, must delete policies first.")
		}
		tx.remove(recordKey(tx.id, kindRole, strings.ToLower(in.RoleName)), entry.revision)
		return nil
	})
}

func (in TagRoleInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.tags(in.Tags)
}

// TagRole adds or replaces tags.
func (d *Directory) TagRole(ctx context.Context, caller Caller, in TagRoleInput) error {
	c := onRole("TagRole", in, in.RoleName)
	c.keys = requestTags(in.Tags)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) (err error) {
		r.Tags, err = merge(r.Tags, in.Tags)
		return err
	})
	return err
}

func (in UntagRoleInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.tagKeys(in.TagKeys)
}

// UntagRole removes tags.
func (d *Directory) UntagRole(ctx context.Context, caller Caller, in UntagRoleInput) error {
	c := onRole("UntagRole", in, in.RoleName)
	c.keys = tagKeys(in.TagKeys)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		r.Tags = without(r.Tags, in.TagKeys)
		return nil
	})
	return err
}

func (in ListByRoleInput) validate(v *validator) {
	v.roleName(in.RoleName)
	in.Paging.validate(v)
}

// ListRoleTags lists a role's tags by key.
func (d *Directory) ListRoleTags(ctx context.Context, caller Caller, in ListByRoleInput) (Page[Tag], error) {
	return read(ctx, d, caller, onRole("ListRoleTags", in, in.RoleName), func(a *Account) (Page[Tag], error) {
		entry, err := a.role(in.RoleName)
		if err != nil {
			return Page[Tag]{}, err
		}
		return page(slices.Clone(entry.role.Tags), tagKey, in.Paging), nil
	})
}
