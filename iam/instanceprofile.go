package iam

import (
	"context"
	"slices"
	"strings"
)

// maxProfiles is a quota of IAM's, the default. A profile has one role at most, which no quota can raise.
const maxProfiles = 1000

const profilePrefix = "AIPA"

func (v *validator) profileName(name string) { v.name("instanceProfileName", name, 128) }

func (a *Account) profile(name string) (*profileEntry, error) {
	if entry, ok := a.profiles[strings.ToLower(name)]; ok {
		return entry, nil
	}
	return nil, refusef("NoSuchEntity", "Instance Profile %s cannot be found.", name)
}

// onProfile is a call on one instance profile. One that does not exist is authorized under the name that was given.
func onProfile(operation string, in input, name string) call {
	return call{name: operation, in: in, on: func(a *Account) target {
		entry, err := a.profile(name)
		if err != nil {
			return target{resource: a.arn("instance-profile/" + name)}
		}
		return target{resource: entry.profile.ARN, keys: resourceTags(entry.profile.Tags)}
	}}
}

// changeProfile changes one instance profile: edit gets a copy to change.
func (d *Directory) changeProfile(ctx context.Context, caller Caller, c call, name string, edit func(tx *draft, p *InstanceProfile) error) error {
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, err := tx.profile(name)
		if err != nil {
			return err
		}
		p := entry.profile
		if err := edit(tx, &p); err != nil {
			return err
		}
		return stage(tx, recordKey(tx.id, kindProfile, strings.ToLower(name)), entry.revision, p)
	})
}

// shownProfile is an instance profile as requests see it, with its role.
func (d *Directory) shownProfile(ctx context.Context, a *Account, entry *profileEntry) (InstanceProfile, error) {
	p := entry.profile
	if role, ok := a.roleIDs[p.RoleID]; ok {
		shown, err := d.shown(ctx, a, role)
		if err != nil {
			return InstanceProfile{}, err
		}
		p.Roles = []Role{shown}
	}
	return p, nil
}

func (in CreateInstanceProfileInput) validate(v *validator) {
	v.profileName(in.InstanceProfileName)
	v.path("path", in.Path)
	v.tags(in.Tags, exactKeys)
}

// CreateInstanceProfile makes an instance profile without a role. With tags, iam:TagInstanceProfile must be allowed as well.
func (d *Directory) CreateInstanceProfile(ctx context.Context, caller Caller, in CreateInstanceProfileInput) (InstanceProfile, error) {
	resource := "instance-profile" + orSlash(in.Path) + in.InstanceProfileName
	var out InstanceProfile
	err := d.change(ctx, caller, onNew("CreateInstanceProfile", resource, "TagInstanceProfile", in, in.Tags, ""), func(tx *draft) error {
		name := strings.ToLower(in.InstanceProfileName)
		if _, ok := tx.profiles[name]; ok {
			return refusef("EntityAlreadyExists", "Instance Profile %s already exists.", in.InstanceProfileName)
		}
		if len(tx.profiles) >= maxProfiles {
			return quota("InstanceProfilesPerAccount", maxProfiles)
		}
		id, err := d.uniqueID(profilePrefix)
		if err != nil {
			return err
		}
		out = InstanceProfile{
			Account: tx.id, ARN: tx.arn(resource), Name: in.InstanceProfileName, Path: orSlash(in.Path), ID: id, Created: tx.now, Tags: in.Tags,
		}
		return stage(tx, recordKey(tx.id, kindProfile, name), 0, out)
	})
	return out, err
}

func (in InstanceProfileInput) validate(v *validator) { v.profileName(in.InstanceProfileName) }

// GetInstanceProfile returns an instance profile with its role.
func (d *Directory) GetInstanceProfile(ctx context.Context, caller Caller, in InstanceProfileInput) (InstanceProfile, error) {
	return read(ctx, d, caller, onProfile("GetInstanceProfile", in, in.InstanceProfileName), func(a *Account) (InstanceProfile, error) {
		entry, err := a.profile(in.InstanceProfileName)
		if err != nil {
			return InstanceProfile{}, err
		}
		return d.shownProfile(ctx, a, entry)
	})
}

// pageProfiles is a page of instance profiles by name.
func (d *Directory) pageProfiles(ctx context.Context, a *Account, found []*profileEntry, paging Paging) (Page[InstanceProfile], error) {
	return pageShown(found, func(e *profileEntry) string { return e.profile.Name }, paging,
		func(e *profileEntry) (InstanceProfile, error) { return d.shownProfile(ctx, a, e) })
}

// ListInstanceProfiles lists the account's instance profiles by name.
func (d *Directory) ListInstanceProfiles(ctx context.Context, caller Caller, in ListByPathInput) (Page[InstanceProfile], error) {
	c := onList("ListInstanceProfiles", "instance-profile", in, in.PathPrefix)
	return read(ctx, d, caller, c, func(a *Account) (Page[InstanceProfile], error) {
		found := under(a.profiles, in.PathPrefix, func(e *profileEntry) string { return e.profile.Path })
		return d.pageProfiles(ctx, a, found, in.Paging)
	})
}

// ListInstanceProfilesForRole lists the instance profiles that a role is in, by name.
func (d *Directory) ListInstanceProfilesForRole(ctx context.Context, caller Caller, in ListByIdentityInput) (Page[InstanceProfile], error) {
	c := onIdentity("ListInstanceProfilesForRole", in, in.IdentityName)
	return readIdentity(ctx, d, caller, c, in.IdentityName, func(a *Account, i *Identity) (Page[InstanceProfile], error) {
		return d.pageProfiles(ctx, a, a.profilesOf(i.ID), in.Paging)
	})
}

// DeleteInstanceProfile deletes an instance profile that has no role.
func (d *Directory) DeleteInstanceProfile(ctx context.Context, caller Caller, in InstanceProfileInput) error {
	return d.change(ctx, caller, onProfile("DeleteInstanceProfile", in, in.InstanceProfileName), func(tx *draft) error {
		entry, err := tx.profile(in.InstanceProfileName)
		switch {
		case err != nil:
			return err
		case entry.profile.RoleID != "":
			return deleteConflict("must remove roles from instance profile first")
		}
		tx.remove(recordKey(tx.id, kindProfile, strings.ToLower(in.InstanceProfileName)), entry.revision)
		return nil
	})
}

func (in InstanceProfileRoleInput) validate(v *validator) {
	v.profileName(in.InstanceProfileName)
	OfRole(in.RoleName).validate(v)
}

// AddRoleToInstanceProfile puts a role into an instance profile, which gives it to instances: iam:PassRole must be allowed on the role
// (Service Authorization Reference, IAM: dependent actions). A service-linked role is its service's alone (API reference: UnmodifiableEntity).
func (d *Directory) AddRoleToInstanceProfile(ctx context.Context, caller Caller, in InstanceProfileRoleInput) error {
	c := onProfile("AddRoleToInstanceProfile", in, in.InstanceProfileName)
	c.also = []need{passRole(in.RoleName, "ec2.amazonaws.com")}
	return d.changeProfile(ctx, caller, c, in.InstanceProfileName, func(tx *draft, p *InstanceProfile) error {
		role, err := tx.identity(OfRole(in.RoleName))
		switch {
		case err != nil:
			return err
		case tx.roles[strings.ToLower(in.RoleName)].role.ServiceLinked != "":
			return unmodifiable(&tx.roles[strings.ToLower(in.RoleName)].role)
		case p.RoleID != "":
			return quota("InstanceSessionsPerInstanceProfile", 1)
		}
		p.RoleID = role.identity.ID
		return nil
	})
}

// passRole is the permission to hand a role to a service (IAM User Guide, "Granting a user permissions to pass a role to an AWS service").
func passRole(roleName, service string) need {
	return need{action: "iam:PassRole", on: func(a *Account) target {
		t := onIdentity("PassRole", nil, OfRole(roleName)).on(a)
		t.keys, t.shown = conditions(t.keys).with("iam:PassedToService", service), ""
		return t
	}}
}

// RemoveRoleFromInstanceProfile takes the role out of an instance profile.
func (d *Directory) RemoveRoleFromInstanceProfile(ctx context.Context, caller Caller, in InstanceProfileRoleInput) error {
	c := onProfile("RemoveRoleFromInstanceProfile", in, in.InstanceProfileName)
	return d.changeProfile(ctx, caller, c, in.InstanceProfileName, func(tx *draft, p *InstanceProfile) error {
		role, err := tx.identity(OfRole(in.RoleName))
		if err != nil {
			return err
		}
		if p.RoleID != role.identity.ID {
			return refusef("NoSuchEntity", "Role %s in Instance Profile %s cannot be found.", in.RoleName, in.InstanceProfileName)
		}
		p.RoleID = ""
		return nil
	})
}

func (in TagInstanceProfileInput) validate(v *validator) {
	v.profileName(in.InstanceProfileName)
	v.requiredTags(in.Tags, exactKeys)
}

// TagInstanceProfile adds or replaces tags.
func (d *Directory) TagInstanceProfile(ctx context.Context, caller Caller, in TagInstanceProfileInput) error {
	c := onProfile("TagInstanceProfile", in, in.InstanceProfileName)
	c.keys = requestTags(in.Tags)
	return d.changeProfile(ctx, caller, c, in.InstanceProfileName, func(_ *draft, p *InstanceProfile) (err error) {
		p.Tags, err = merge(p.Tags, in.Tags, exactKeys)
		return err
	})
}

func (in UntagInstanceProfileInput) validate(v *validator) {
	v.profileName(in.InstanceProfileName)
	v.tagKeys(in.TagKeys)
}

// UntagInstanceProfile removes tags.
func (d *Directory) UntagInstanceProfile(ctx context.Context, caller Caller, in UntagInstanceProfileInput) error {
	c := onProfile("UntagInstanceProfile", in, in.InstanceProfileName)
	c.keys = tagKeys(in.TagKeys)
	return d.changeProfile(ctx, caller, c, in.InstanceProfileName, func(_ *draft, p *InstanceProfile) error {
		p.Tags = without(p.Tags, in.TagKeys, exactKeys)
		return nil
	})
}

func (in ListInstanceProfileTagsInput) validate(v *validator) {
	v.profileName(in.InstanceProfileName)
	in.Paging.validate(v)
}

// ListInstanceProfileTags lists an instance profile's tags by key.
func (d *Directory) ListInstanceProfileTags(ctx context.Context, caller Caller, in ListInstanceProfileTagsInput) (Page[Tag], error) {
	return read(ctx, d, caller, onProfile("ListInstanceProfileTags", in, in.InstanceProfileName), func(a *Account) (Page[Tag], error) {
		entry, err := a.profile(in.InstanceProfileName)
		if err != nil {
			return Page[Tag]{}, err
		}
		return page(slices.Clone(entry.profile.Tags), tagKey, in.Paging), nil
	})
}
