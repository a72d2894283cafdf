package iam_test

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// Quotas that random calls reach (IAM User Guide, "IAM and AWS STS quotas").
const (
	groupsOfAUser      = 10
	keysOfAUser        = 2
	policiesOfAnEntity = 10
	tagsOfAResource    = 50
	versionsOfAPolicy  = 5
)

func (e *entity) user() iam.User {
	return iam.User{Identity: e.identity(), GroupIDs: each(e.groups, func(g *entity) string { return g.id })}
}

func (e *entity) group() iam.Group { return iam.Group{Identity: e.identity()} }

func (m *model) createUser(in iam.CreateUserInput) (iam.User, faults) {
	var f faults
	checkName(&f, "userName", in.UserName, 64)
	checkPath(&f, in.Path)
	f.when(m.users[strings.ToLower(in.UserName)] != nil, "EntityAlreadyExists", "User with name %s already exists.", in.UserName)
	m.checkBoundary(in.PermissionsBoundary, &f)
	checkTags(&f, nil, in.Tags, strings.EqualFold)
	if len(f) > 0 {
		return iam.User{}, f
	}
	e := &entity{
		kind: iam.UserKind, name: in.UserName, path: rooted(in.Path), id: m.newID("AIDA"), created: m.now, boundary: in.PermissionsBoundary, tags: in.Tags,
	}
	m.users[strings.ToLower(e.name)] = e
	return e.user(), nil
}

func (m *model) createGroup(in iam.CreateGroupInput) (iam.Group, faults) {
	var f faults
	checkName(&f, "groupName", in.GroupName, 128)
	checkPath(&f, in.Path)
	f.when(m.groups[strings.ToLower(in.GroupName)] != nil, "EntityAlreadyExists", "Group with name %s already exists.", in.GroupName)
	if len(f) > 0 {
		return iam.Group{}, f
	}
	e := &entity{kind: iam.GroupKind, name: in.GroupName, path: rooted(in.Path), id: m.newID("AGPA"), created: m.now}
	m.groups[strings.ToLower(e.name)] = e
	return e.group(), nil
}

// getUser by no name is the caller, here the account's root, of whom AWS tells its id, its ARN and its date.
func (m *model) getUser(in iam.UserInput) (iam.User, faults) {
	if in.UserName == nil {
		root := m.offered.(iam.User)
		return iam.User{Identity: iam.Identity{Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account, Created: root.Created}}, nil
	}
	var f faults
	e := m.find(iam.OfUser(*in.UserName), &f)
	if len(f) > 0 {
		return iam.User{}, f
	}
	return e.user(), nil
}

// getGroup is a group and its users; the runner has put their pages together.
func (m *model) getGroup(in iam.ListByIdentityInput) (iam.GroupMembers, faults) {
	var f faults
	e := m.find(in.IdentityName, &f)
	if len(f) > 0 {
		return iam.GroupMembers{}, f
	}
	members := slices.DeleteFunc(sorted(m.users, ""), func(u *entity) bool { return !slices.Contains(u.groups, e) })
	return iam.GroupMembers{Group: e.group(), Page: iam.Page[iam.User]{Items: each(members, (*entity).user)}}, nil
}

func (m *model) listUsers(in iam.ListByPathInput) ([]iam.User, faults) {
	return each(sorted(m.users, in.PathPrefix), (*entity).user), nil
}

func (m *model) listGroups(in iam.ListByPathInput) ([]iam.Group, faults) {
	return each(sorted(m.groups, in.PathPrefix), (*entity).group), nil
}

func (m *model) listGroupsForUser(in iam.ListByIdentityInput) ([]iam.Group, faults) {
	var f faults
	e := m.find(in.IdentityName, &f)
	joined := slices.DeleteFunc(sorted(m.groups, ""), func(g *entity) bool { return !slices.Contains(e.groups, g) })
	return each(joined, (*entity).group), f
}

func (m *model) updateUser(in iam.UpdateUserInput) faults {
	return m.rename(iam.OfUser(in.UserName), in.NewUserName, in.NewPath, 64)
}

func (m *model) updateGroup(in iam.UpdateGroupInput) faults {
	return m.rename(iam.OfGroup(in.GroupName), in.NewGroupName, in.NewPath, 128)
}

// rename gives a user or group another name, another path, or both. Whoever points to it still does.
func (m *model) rename(n iam.IdentityName, name, path string, longest int) faults {
	var f faults
	e := m.find(n, &f)
	if name != "" {
		checkName(&f, "", name, longest)
		other := m.all(n.Kind)[strings.ToLower(name)]
		f.when(other != nil && other != e, "EntityAlreadyExists", "%s with name %s already exists.", n.Kind, name)
	}
	checkPath(&f, path)
	if len(f) > 0 {
		return f
	}
	if name != "" {
		delete(m.all(n.Kind), strings.ToLower(e.name))
		e.name = name
		m.all(n.Kind)[strings.ToLower(name)] = e
	}
	if path != "" {
		e.path = path
	}
	return nil
}

func (m *model) deleteUser(in iam.IdentityInput) faults {
	var f faults
	e := m.find(in.IdentityName, &f)
	f.when(len(m.keysOf(e)) > 0, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	f.when(len(e.groups) > 0, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	return m.deleted(e, &f)
}

func (m *model) deleteGroup(in iam.IdentityInput) faults {
	var f faults
	e := m.find(in.IdentityName, &f)
	for _, u := range m.users {
		f.when(slices.Contains(u.groups, e), "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	}
	return m.deleted(e, &f)
}

func (m *model) addUserToGroup(in iam.MembershipInput) faults {
	var f faults
	user, group := m.find(iam.OfUser(in.UserName), &f), m.find(iam.OfGroup(in.GroupName), &f)
	joined := slices.Contains(user.groups, group)
	f.when(!joined && len(user.groups) >= groupsOfAUser, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: %d", groupsOfAUser)
	if len(f) == 0 && !joined {
		user.groups = append(user.groups, group)
	}
	return f
}

// removeUserFromGroup of a user who is not in the group is no error (seen on AWS: cloud-custodian pull request 4730).
func (m *model) removeUserFromGroup(in iam.MembershipInput) faults {
	var f faults
	user, group := m.find(iam.OfUser(in.UserName), &f), m.find(iam.OfGroup(in.GroupName), &f)
	user.groups = slices.DeleteFunc(user.groups, func(g *entity) bool { return g == group })
	return f
}

func (m *model) keysOf(e *entity) []*accessKey {
	return slices.DeleteFunc(slices.Clone(m.keys), func(k *accessKey) bool { return k.owner != e })
}

// keyUser is whose keys a call is about: without a name they are the caller's, who is the account's root.
func (m *model) keyUser(name *string, f *faults) *entity {
	if name == nil {
		return m.root
	}
	return m.find(iam.OfUser(*name), f)
}

func (m *model) createAccessKey(in iam.UserInput) (iam.AccessKey, faults) {
	var f faults
	e := m.keyUser(in.UserName, &f)
	f.when(len(m.keysOf(e)) >= keysOfAUser, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", keysOfAUser)
	if len(f) > 0 {
		return iam.AccessKey{}, f
	}
	key := iam.AccessKey{ID: m.newID("AKIA"), Account: account, UserID: e.id, UserName: e.name, Created: m.now}
	if offered, ok := m.offered.(iam.AccessKey); ok {
		key.Secret = offered.Secret
	}
	if len(key.Secret) != 40 || m.spent[key.Secret] {
		m.broken = "the secret is not 40 characters that were never given before"
	}
	m.spent[key.Secret] = true
	m.keys = append(m.keys, &accessKey{AccessKey: key, owner: e})
	return key, nil
}

// key is the access key of that user and id. One of another user is not found.
func (m *model) key(in iam.AccessKeyInput, f *faults) *accessKey {
	var e *entity
	if in.UserName == "" {
		e = m.keyUser(nil, f)
	} else {
		e = m.keyUser(&in.UserName, f)
	}
	i := slices.IndexFunc(m.keys, func(k *accessKey) bool { return k.ID == in.AccessKeyID && k.owner == e })
	f.when(i < 0, "NoSuchEntity", "The Access Key with id %s cannot be found.", in.AccessKeyID)
	if i < 0 {
		return &accessKey{}
	}
	return m.keys[i]
}

const lastRootKey = "The last active access key of the account's root cannot be deleted or made inactive."

// locksOut tells whether root could sign nothing without the key.
func (m *model) locksOut(key *accessKey) bool {
	others := slices.DeleteFunc(m.keysOf(m.root), func(k *accessKey) bool { return k == key || k.Inactive })
	return key.owner == m.root && len(others) == 0
}

func (m *model) updateAccessKey(in iam.AccessKeyInput) faults {
	var f faults
	key := m.key(in, &f)
	f.when(in.Status == "Inactive" && m.locksOut(key), "LimitExceeded", lastRootKey)
	f.when(in.Status != "Active" && in.Status != "Inactive", "ValidationError", "")
	if len(f) == 0 {
		key.Inactive = in.Status == "Inactive"
	}
	return f
}

func (m *model) deleteAccessKey(in iam.AccessKeyInput) faults {
	var f faults
	key := m.key(in, &f)
	f.when(m.locksOut(key), "LimitExceeded", lastRootKey)
	if len(f) == 0 {
		m.keys = slices.DeleteFunc(m.keys, func(k *accessKey) bool { return k == key })
	}
	return f
}

func (m *model) listAccessKeys(in iam.ListByUserInput) ([]iam.AccessKey, faults) {
	var f faults
	e := m.keyUser(in.UserName, &f)
	keys := each(m.keysOf(e), func(k *accessKey) iam.AccessKey {
		shown := k.AccessKey
		shown.Secret, shown.UserName = "", e.name
		return shown
	})
	slices.SortFunc(keys, func(x, y iam.AccessKey) int { return strings.Compare(x.ID, y.ID) })
	return keys, f
}

// getAccessKeyLastUsed of a user's key that nobody used tells whose it is. Of any other nothing is told, not even to root.
func (m *model) getAccessKeyLastUsed(in iam.AccessKeyInput) (iam.AccessKeyUse, faults) {
	for _, k := range m.keys {
		if k.ID == in.AccessKeyID && k.owner != m.root {
			return iam.AccessKeyUse{UserName: k.owner.name}, nil
		}
	}
	return iam.AccessKeyUse{}, faults{{"AccessDenied",
		"User: arn:aws:iam::" + account + ":root is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key " + in.AccessKeyID}}
}
