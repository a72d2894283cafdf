package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// maxUsers is a quota of IAM's, the default.
const maxUsers = 5000

func (in CreateUserInput) validate(v *validator) {
	v.name("userName", in.UserName, 64)
	v.path("path", in.Path)
	if in.PermissionsBoundary != "" {
		v.policyARN("permissionsBoundary", in.PermissionsBoundary)
	}
	v.tags(in.Tags, foldedKeys)
}

// CreateUser makes a user. With tags, iam:TagUser must be allowed as well.
func (d *Directory) CreateUser(ctx context.Context, caller Caller, in CreateUserInput) (User, error) {
	path := orSlash(in.Path)
	c := onNew("CreateUser", "user"+path+in.UserName, "TagUser", in, in.Tags, in.PermissionsBoundary)
	var out User
	err := d.change(ctx, caller, c, func(tx *draft) error {
		if err := tx.checkNewName(OfUser(in.UserName)); err != nil {
			return err
		}
		if len(tx.users) >= maxUsers {
			return quota("UsersPerAccount", maxUsers)
		}
		out = User{Identity: Identity{Name: in.UserName, Path: path, BoundaryARN: in.PermissionsBoundary, Tags: in.Tags}}
		if err := tx.newIdentity(UserKind, &out.Identity); err != nil {
			return err
		}
		return stage(tx, recordKey(tx.id, kindUser, strings.ToLower(in.UserName)), 0, out)
	})
	return out, err
}

// checkNewName answers EntityAlreadyExists where a user or group has the name in any case.
func (tx *draft) checkNewName(n IdentityName) error {
	if _, err := tx.identity(n); err == nil {
		return refusef("EntityAlreadyExists", "%s with name %s already exists.", n.Kind, n.Name())
	}
	return nil
}

func (in UserInput) validate(v *validator) { v.userName(in.UserName) }

// userName is a name that may be left out, which means the caller.
func (v *validator) userName(name *string) {
	if name != nil {
		v.optionalName("userName", *name, 128)
	}
}

// callersUser is the user that a call without a name means: the one whose key signed it (IAM API reference: "If you do not specify a user
// name, IAM determines the user name implicitly based on the AWS access key ID signing the request").
func (a *Account) callersUser(caller Caller, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	if caller.Principal.Type == policy.User {
		if entry, ok := a.userIDs[caller.Principal.ID]; ok {
			return entry.user.Name, nil
		}
	}
	return "", refusef("ValidationError", "Must specify userName when calling with non-User credentials")
}

// userOf is the user that a call is about: the one who is named or, without a name, the caller.
func (a *Account) userOf(caller Caller, name *string) (*User, error) {
	named, err := a.callersUser(caller, name)
	if err != nil {
		return nil, err
	}
	entry, ok := a.users[strings.ToLower(named)]
	if !ok {
		return nil, noSuchIdentity(OfUser(named))
	}
	return &entry.user, nil
}

// ownRoot tells whether a call is about the account's root, which is no user: root makes it and names nobody.
func ownRoot(caller Caller, name *string) bool {
	return name == nil && caller.Principal.Type == policy.Root
}

// onUser is a call on the named user, or on the caller.
func onUser(name string, in input, caller Caller, userName *string) call {
	c := onIdentity(name, in, OfUser(""))
	c.on = func(a *Account) target {
		if ownRoot(caller, userName) {
			return target{resource: a.arn("root")}
		}
		named, err := a.callersUser(caller, userName)
		if err != nil { // what cannot be named is refused once it is authorized
			return target{resource: a.arn("user/*")}
		}
		return onIdentity(name, in, OfUser(named)).on(a)
	}
	return c
}

// GetUser returns a user, or the caller. Of the account's root it tells what AWS does: the account's id, its ARN and the date.
func (d *Directory) GetUser(ctx context.Context, caller Caller, in UserInput) (User, error) {
	return read(ctx, d, caller, onUser("GetUser", in, caller, in.UserName), func(a *Account) (User, error) {
		if ownRoot(caller, in.UserName) {
			return User{Identity: Identity{Account: a.id, ARN: a.arn("root"), ID: a.id, Created: a.record.Created}}, nil
		}
		user, err := a.userOf(caller, in.UserName)
		if err != nil {
			return User{}, err
		}
		return *user, nil
	})
}

// ListUsers lists the account's users by name.
func (d *Directory) ListUsers(ctx context.Context, caller Caller, in ListByPathInput) (Page[User], error) {
	return read(ctx, d, caller, onList("ListUsers", "user", in, in.PathPrefix), func(a *Account) (Page[User], error) {
		found := under(a.users, in.PathPrefix, func(e *userEntry) string { return e.user.Path })
		return pageShown(found, func(e *userEntry) string { return inAnyCase(e.user.Name) }, in.Paging,
			func(e *userEntry) (User, error) { return e.user, nil })
	})
}

func (in UpdateUserInput) validate(v *validator) {
	OfUser(in.UserName).validate(v)
	if in.NewUserName != "" {
		v.optionalName("newUserName", in.NewUserName, 64)
	}
	v.path("newPath", in.NewPath)
}

// UpdateUser renames or moves a user, who keeps the unique id, and with it keys, policies and groups. It must be allowed on the user as it is
// and as it will be (IAM API reference, UpdateUser).
func (d *Directory) UpdateUser(ctx context.Context, caller Caller, in UpdateUserInput) error {
	c := onIdentity("UpdateUser", in, OfUser(in.UserName))
	c.also = []need{{action: "iam:UpdateUser", on: func(a *Account) target {
		return a.moved(OfUser(in.UserName), in.NewUserName, in.NewPath)
	}}}
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, ok := tx.users[strings.ToLower(in.UserName)]
		if !ok {
			return noSuchIdentity(OfUser(in.UserName))
		}
		u := entry.user
		if err := tx.move(&u.Identity, UserKind, in.NewUserName, in.NewPath); err != nil {
			return err
		}
		return restage(tx, kindUser, entry.user.Name, u.Name, entry.revision, u)
	})
}

// moved is what a user or group will be after it is renamed or moved.
func (a *Account) moved(n IdentityName, newName, newPath string) target {
	entry, err := a.identity(n)
	if err != nil {
		return target{resource: a.arn(n.Kind.rules().word + "/" + n.Name())}
	}
	i := *entry.identity
	if newName != "" {
		i.Name = newName
	}
	if newPath != "" {
		i.Path = newPath
	}
	return target{resource: a.arn(n.Kind.rules().word + i.Path + i.Name), keys: resourceTags(i.Tags)}
}

// move gives an identity its new name and path; what is empty stays.
func (tx *draft) move(i *Identity, kind IdentityKind, newName, newPath string) error {
	if newName != "" && !strings.EqualFold(newName, i.Name) {
		if err := tx.checkNewName(kind.named(newName)); err != nil {
			return err
		}
	}
	if newName != "" {
		i.Name = newName
	}
	if newPath != "" {
		i.Path = newPath
	}
	return nil
}

// restage writes data under its new name and takes away the record under the old one.
func restage[T any](tx *draft, kind, oldName, newName string, revision int64, data T) error {
	oldKey, newKey := recordKey(tx.id, kind, strings.ToLower(oldName)), recordKey(tx.id, kind, strings.ToLower(newName))
	if oldKey == newKey {
		return stage(tx, newKey, revision, data)
	}
	tx.remove(oldKey, revision)
	return stage(tx, newKey, 0, data)
}

// DeleteUser deletes a user that has no keys, no policies and no groups left.
func (d *Directory) DeleteUser(ctx context.Context, caller Caller, in IdentityInput) error {
	return d.change(ctx, caller, onIdentity("DeleteUser", in, in.IdentityName), func(tx *draft) error {
		entry, ok := tx.users[strings.ToLower(in.UserName)]
		switch {
		case !ok:
			return noSuchIdentity(in.IdentityName)
		case len(tx.keysOf(entry.user.ID)) > 0:
			return deleteConflict("must delete access keys first")
		case len(entry.user.GroupIDs) > 0:
			return deleteConflict("must remove users from group first")
		}
		if err := entry.user.checkEmpty(); err != nil {
			return err
		}
		tx.remove(recordKey(tx.id, kindUser, strings.ToLower(in.UserName)), entry.revision)
		return nil
	})
}

// ListGroupsForUser lists the groups that a user is in, by name.
func (d *Directory) ListGroupsForUser(ctx context.Context, caller Caller, in ListByIdentityInput) (Page[Group], error) {
	return read(ctx, d, caller, onIdentity("ListGroupsForUser", in, in.IdentityName), func(a *Account) (Page[Group], error) {
		entry, ok := a.users[strings.ToLower(in.UserName)]
		if !ok {
			return Page[Group]{}, noSuchIdentity(in.IdentityName)
		}
		return page(a.groupsOf(&entry.user), func(g Group) string { return inAnyCase(g.Name) }, in.Paging), nil
	})
}

// groupsOf are a user's groups, by name.
func (a *Account) groupsOf(u *User) []Group {
	var groups []Group
	for _, id := range u.GroupIDs {
		if entry, ok := a.groupIDs[id]; ok {
			groups = append(groups, entry.group)
		}
	}
	slices.SortFunc(groups, func(x, y Group) int { return strings.Compare(inAnyCase(x.Name), inAnyCase(y.Name)) })
	return groups
}
