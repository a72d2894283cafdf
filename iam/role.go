package iam

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Quotas of roles (IAM quotas, the defaults) and their session durations in seconds.
const (
	maxRoles        = 1000
	shortestSession = 3600
	longestSession  = 43200
)

// roleNamed is a call on one role, as onIdentity.
func roleNamed(name string, in input, roleName string) call {
	return onIdentity(name, in, OfRole(roleName))
}

// changeRole changes one role: edit gets a copy of the record to change. Its slices and maps are shared with the snapshot, so edit replaces them.
func (d *Directory) changeRole(ctx context.Context, caller Caller, c call, roleName string, edit func(tx *draft, r *roleRecord) error) (Role, error) {
	var out Role
	err := d.change(ctx, caller, c, func(tx *draft) error {
		return tx.editRole(roleName, func(r *roleRecord) error {
			err := edit(tx, r)
			out = r.Role
			return err
		})
	})
	return out, err
}

func (in CreateRoleInput) validate(v *validator) {
	v.name("roleName", in.RoleName, 64)
	v.path("path", in.Path)
	v.document("assumeRolePolicyDocument", in.AssumeRolePolicyDocument)
	v.roleDescription(in.Description)
	v.between("maxSessionDuration", in.MaxSessionDuration, shortestSession, longestSession)
	if in.PermissionsBoundary != "" {
		v.policyARN("permissionsBoundary", in.PermissionsBoundary)
	}
	v.tags(in.Tags, foldedKeys)
}

// onNew is a call that makes something of an account under its ARN. With tags, it must be allowed to tag it as well; with a boundary, that is a
// condition key.
func onNew(name, resource, tagging string, in input, tags []Tag, boundary string) call {
	c := call{name: name, in: in, keys: requestTags(tags), on: func(a *Account) target {
		return target{resource: a.arn(resource)}
	}}
	if len(tags) > 0 {
		c.also = []need{{action: "iam:" + tagging}}
	}
	if boundary != "" {
		c.keys = c.keys.with("iam:PermissionsBoundary", boundary)
	}
	return c
}

// CreateRole makes a role. With tags, iam:TagRole must be allowed as well.
func (d *Directory) CreateRole(ctx context.Context, caller Caller, in CreateRoleInput) (Role, error) {
	path := orSlash(in.Path)
	c := onNew("CreateRole", "role"+path+in.RoleName, "TagRole", in, in.Tags, in.PermissionsBoundary)
	var out Role
	err := d.change(ctx, caller, c, func(tx *draft) (err error) {
		out = Role{
			Identity:           Identity{Name: in.RoleName, Path: path, BoundaryARN: in.PermissionsBoundary, Tags: in.Tags},
			Description:        in.Description,
			TrustPolicy:        in.AssumeRolePolicyDocument,
			MaxSessionDuration: shortestSession * time.Second,
		}
		if in.MaxSessionDuration != nil {
			out.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
		}
		out, err = tx.createRole(out)
		return err
	})
	return out, err
}

// createRole stages a new role and completes it.
func (tx *draft) createRole(r Role) (Role, error) {
	name := strings.ToLower(r.Name)
	if r.ServiceLinked == "" && strings.HasPrefix(r.Path, linkedPrefix) {
		return r, refusef("InvalidInput", "Path prefix '%s' can only be used for AWS Service linked Roles", linkedPrefix)
	}
	if _, ok := tx.roles[name]; ok {
		return r, refusef("EntityAlreadyExists", "Role with name %s already exists.", r.Name)
	}
	if len(tx.roles) >= maxRoles {
		return r, quota("RolesPerAccount", maxRoles)
	}
	principalIDs, err := tx.checkTrust(r.TrustPolicy)
	if err != nil {
		return r, err
	}
	if err := tx.newIdentity(RoleKind, &r.Identity); err != nil {
		return r, err
	}
	return r, stage(tx, recordKey(tx.id, kindRole, name), 0, roleRecord{Role: r, PrincipalIDs: principalIDs})
}

// newIdentity checks the boundary and fills what the directory gives: the unique id, the ARN and the date.
func (tx *draft) newIdentity(kind IdentityKind, i *Identity) (err error) {
	if err := tx.checkBoundary(i.BoundaryARN); err != nil {
		return err
	}
	i.Account, i.ARN, i.Created = tx.id, tx.arn(kind.rules().word+i.Path+i.Name), tx.now
	i.ID, err = tx.directory.uniqueID(kind.rules().prefix)
	return err
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

// GetRole returns a role.
func (d *Directory) GetRole(ctx context.Context, caller Caller, in IdentityInput) (Role, error) {
	return read(ctx, d, caller, roleNamed("GetRole", in, in.RoleName), func(a *Account) (Role, error) {
		entry, ok := a.roles[strings.ToLower(in.RoleName)]
		if !ok {
			return Role{}, noSuchIdentity(in.IdentityName)
		}
		return d.shown(ctx, a, entry)
	})
}

// onList is a call that lists an account's entities of one kind by their path.
func onList(name, word string, in input, pathPrefix string) call {
	return call{name: name, in: in, on: func(a *Account) target {
		return target{resource: "*", shown: a.arn(word + orSlash(pathPrefix))}
	}}
}

// ListRoles lists the account's roles by name.
func (d *Directory) ListRoles(ctx context.Context, caller Caller, in ListByPathInput) (Page[Role], error) {
	return read(ctx, d, caller, onList("ListRoles", "role", in, in.PathPrefix), func(a *Account) (Page[Role], error) {
		found := under(a.roles, in.PathPrefix, func(e *roleEntry) string { return e.role.Path })
		return pageShown(found, func(e *roleEntry) string { return inAnyCase(e.role.Name) }, in.Paging,
			func(e *roleEntry) (Role, error) { return d.shown(ctx, a, e) })
	})
}

// under are the entries whose path begins with prefix, in no order.
func under[E any](entries map[string]*E, prefix string, path func(*E) string) []*E {
	var found []*E
	for _, entry := range entries {
		if strings.HasPrefix(path(entry), prefix) {
			found = append(found, entry)
		}
	}
	return found
}

func (in UpdateRoleInput) validate(v *validator) {
	OfRole(in.RoleName).validate(v)
	if in.Description != nil {
		v.roleDescription(*in.Description)
	}
	v.between("maxSessionDuration", in.MaxSessionDuration, shortestSession, longestSession)
}

// UpdateRole changes a role's description, its longest session, or both.
func (d *Directory) UpdateRole(ctx context.Context, caller Caller, in UpdateRoleInput) error {
	_, err := d.changeRole(ctx, caller, roleNamed("UpdateRole", in, in.RoleName), in.RoleName, func(_ *draft, r *roleRecord) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			if r.ServiceLinked != "" {
				return unmodifiable(&r.Role)
			}
			r.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
		}
		return nil
	})
	return err
}

func (in UpdateRoleDescriptionInput) validate(v *validator) {
	OfRole(in.RoleName).validate(v)
	v.roleDescription(in.Description)
}

// UpdateRoleDescription replaces a role's description.
func (d *Directory) UpdateRoleDescription(ctx context.Context, caller Caller, in UpdateRoleDescriptionInput) (Role, error) {
	c := roleNamed("UpdateRoleDescription", in, in.RoleName)
	var out Role
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(tx *draft, r *roleRecord) (err error) {
		r.Description = in.Description
		out, err = d.shown(tx.ctx, tx.Account, &roleEntry{role: r.Role, principalIDs: r.PrincipalIDs})
		return err
	})
	return out, err
}

func (in UpdateAssumeRolePolicyInput) validate(v *validator) {
	OfRole(in.RoleName).validate(v)
	v.document("policyDocument", in.PolicyDocument)
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (d *Directory) UpdateAssumeRolePolicy(ctx context.Context, caller Caller, in UpdateAssumeRolePolicyInput) error {
	c := roleNamed("UpdateAssumeRolePolicy", in, in.RoleName)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(tx *draft, r *roleRecord) (err error) {
		if r.ServiceLinked != "" {
			return unmodifiable(&r.Role)
		}
		r.TrustPolicy = in.PolicyDocument
		r.PrincipalIDs, err = tx.checkTrust(in.PolicyDocument)
		return err
	})
	return err
}

// DeleteRole deletes a role that has no policies left and is in no instance profile.
func (d *Directory) DeleteRole(ctx context.Context, caller Caller, in IdentityInput) error {
	return d.change(ctx, caller, roleNamed("DeleteRole", in, in.RoleName), func(tx *draft) error {
		entry, ok := tx.roles[strings.ToLower(in.RoleName)]
		switch {
		case !ok:
			return noSuchIdentity(in.IdentityName)
		case entry.role.ServiceLinked != "":
			return unmodifiable(&entry.role)
		case len(tx.profilesOf(entry.role.ID)) > 0:
			return deleteConflict("must remove roles from instance profile first")
		}
		if err := entry.role.checkEmpty(); err != nil {
			return err
		}
		tx.remove(recordKey(tx.id, kindRole, strings.ToLower(in.RoleName)), entry.revision)
		tx.forgetUse(entry.role.ID)
		return nil
	})
}

// checkEmpty refuses to delete a role, user or group that still has policies.
func (i *Identity) checkEmpty() error {
	switch {
	case len(i.Attached) > 0:
		return deleteConflict("must detach all policies first")
	case len(i.Inline) > 0:
		return deleteConflict("must delete policies first")
	}
	return nil
}

func deleteConflict(first string) *Error {
	return refusef("DeleteConflict", "Cannot delete entity, %s.", first)
}

// profilesOf are the instance profiles that a role is in, by name.
func (a *Account) profilesOf(roleID string) []*profileEntry {
	var found []*profileEntry
	for _, entry := range a.profiles {
		if entry.profile.RoleID == roleID {
			found = append(found, entry)
		}
	}
	slices.SortFunc(found, func(x, y *profileEntry) int {
		return strings.Compare(x.profile.Name, y.profile.Name)
	})
	return found
}
