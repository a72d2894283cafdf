package iam

import (
	"context"
	"slices"
	"strings"
)

// Quotas of groups (IAM quotas, the defaults).
const (
	maxGroups        = 300
	maxGroupsPerUser = 10
)

func (in CreateGroupInput) validate(v *validator) {
	OfGroup(in.GroupName).validate(v)
	v.path("path", in.Path)
}

// CreateGroup makes a group.
func (d *Directory) CreateGroup(ctx context.Context, caller Caller, in CreateGroupInput) (Group, error) {
	path := orSlash(in.Path)
	var out Group
	err := d.change(ctx, caller, onNew("CreateGroup", "group"+path+in.GroupName, "", in, nil, ""), func(tx *draft) error {
		if err := tx.checkNewName(OfGroup(in.GroupName)); err != nil {
			return err
		}
		if len(tx.groups) >= maxGroups {
			return quota("GroupsPerAccount", maxGroups)
		}
		out = Group{Identity{Name: in.GroupName, Path: path}}
		if err := tx.newIdentity(GroupKind, &out.Identity); err != nil {
			return err
		}
		return stage(tx, recordKey(tx.id, kindGroup, strings.ToLower(in.GroupName)), 0, out)
	})
	return out, err
}

// GroupMembers is a group and a page of its users.
type GroupMembers struct {
	Group Group
	Page[User]
}

// GetGroup returns a group and its users by name.
func (d *Directory) GetGroup(ctx context.Context, caller Caller, in ListByIdentityInput) (GroupMembers, error) {
	return read(ctx, d, caller, onIdentity("GetGroup", in, in.IdentityName), func(a *Account) (GroupMembers, error) {
		entry, ok := a.groups[strings.ToLower(in.GroupName)]
		if !ok {
			return GroupMembers{}, noSuchIdentity(in.IdentityName)
		}
		members := page(a.members(entry.group.ID), func(u User) string { return inAnyCase(u.Name) }, in.Paging)
		return GroupMembers{Group: entry.group, Page: members}, nil
	})
}

// members are the users in a group, in no order.
func (a *Account) members(groupID string) []User {
	var members []User
	for _, entry := range a.users {
		if slices.Contains(entry.user.GroupIDs, groupID) {
			members = append(members, entry.user)
		}
	}
	return members
}

// ListGroups lists the account's groups by name.
func (d *Directory) ListGroups(ctx context.Context, caller Caller, in ListByPathInput) (Page[Group], error) {
	return read(ctx, d, caller, onList("ListGroups", "group", in, in.PathPrefix), func(a *Account) (Page[Group], error) {
		found := under(a.groups, in.PathPrefix, func(e *groupEntry) string { return e.group.Path })
		return pageShown(found, func(e *groupEntry) string { return inAnyCase(e.group.Name) }, in.Paging,
			func(e *groupEntry) (Group, error) { return e.group, nil })
	})
}

func (in UpdateGroupInput) validate(v *validator) {
	OfGroup(in.GroupName).validate(v)
	if in.NewGroupName != "" {
		v.optionalName("newGroupName", in.NewGroupName, 128)
	}
	v.path("newPath", in.NewPath)
}

// UpdateGroup renames or moves a group, which keeps its users. It must be allowed on the group as it is and as it will be (IAM API reference,
// UpdateGroup).
func (d *Directory) UpdateGroup(ctx context.Context, caller Caller, in UpdateGroupInput) error {
	c := onIdentity("UpdateGroup", in, OfGroup(in.GroupName))
	c.also = []need{{action: "iam:UpdateGroup", on: func(a *Account) target {
		return a.moved(OfGroup(in.GroupName), in.NewGroupName, in.NewPath)
	}}}
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, ok := tx.groups[strings.ToLower(in.GroupName)]
		if !ok {
			return noSuchIdentity(OfGroup(in.GroupName))
		}
		g := entry.group
		if err := tx.move(&g.Identity, GroupKind, in.NewGroupName, in.NewPath); err != nil {
			return err
		}
		return restage(tx, kindGroup, entry.group.Name, g.Name, entry.revision, g)
	})
}

// DeleteGroup deletes a group that has no users and no policies left.
func (d *Directory) DeleteGroup(ctx context.Context, caller Caller, in IdentityInput) error {
	return d.change(ctx, caller, onIdentity("DeleteGroup", in, in.IdentityName), func(tx *draft) error {
		entry, ok := tx.groups[strings.ToLower(in.GroupName)]
		switch {
		case !ok:
			return noSuchIdentity(in.IdentityName)
		case len(tx.members(entry.group.ID)) > 0:
			return deleteConflict("must remove users from group first")
		}
		if err := entry.group.checkEmpty(); err != nil {
			return err
		}
		tx.remove(recordKey(tx.id, kindGroup, strings.ToLower(in.GroupName)), entry.revision)
		return nil
	})
}

func (in MembershipInput) validate(v *validator) {
	OfGroup(in.GroupName).validate(v)
	OfUser(in.UserName).validate(v)
}

// AddUserToGroup puts a user into a group. One that is in it already stays.
func (d *Directory) AddUserToGroup(ctx context.Context, caller Caller, in MembershipInput) error {
	return d.changeMembership(ctx, caller, "AddUserToGroup", in, func(u *User, groupID string) error {
		switch {
		case slices.Contains(u.GroupIDs, groupID):
			return nil
		case len(u.GroupIDs) >= maxGroupsPerUser:
			return quota("GroupsPerUser", maxGroupsPerUser)
		}
		u.GroupIDs = append(slices.Clone(u.GroupIDs), groupID)
		return nil
	})
}

// RemoveUserFromGroup takes a user out of a group. One that is not in it is out already.
func (d *Directory) RemoveUserFromGroup(ctx context.Context, caller Caller, in MembershipInput) error {
	return d.changeMembership(ctx, caller, "RemoveUserFromGroup", in, func(u *User, groupID string) error {
		u.GroupIDs = slices.DeleteFunc(slices.Clone(u.GroupIDs), func(id string) bool { return id == groupID })
		return nil
	})
}

func (d *Directory) changeMembership(ctx context.Context, caller Caller, name string, in MembershipInput, edit func(u *User, groupID string) error) error {
	return d.change(ctx, caller, onIdentity(name, in, OfGroup(in.GroupName)), func(tx *draft) error {
		return tx.editUser(in.UserName, func(u *User) error { // AWS looks for the user first
			group, err := tx.identity(OfGroup(in.GroupName))
			if err != nil {
				return err
			}
			return edit(u, group.identity.ID)
		})
	})
}
