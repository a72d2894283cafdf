package iam

import (
	"context"
	"iter"
	"strings"
)

// IdentityKind tells roles, users and groups apart, which IAM gives the same calls under different names.
type IdentityKind string

// The kinds, as they stand in the names of IAM's calls: PutRolePolicy, PutUserPolicy, PutGroupPolicy.
const (
	RoleKind  IdentityKind = "Role"
	UserKind  IdentityKind = "User"
	GroupKind IdentityKind = "Group"
)

// IdentityName names one role, user or group. Its members are those of AWS's inputs, of which one is set; OfRole, OfUser and OfGroup make one.
type IdentityName struct {
	Kind      IdentityKind `json:"-"`
	RoleName  string       `json:"roleName,omitempty"`
	UserName  string       `json:"userName,omitempty"`
	GroupName string       `json:"groupName,omitempty"`
}

// OfRole names a role.
func OfRole(name string) IdentityName { return IdentityName{Kind: RoleKind, RoleName: name} }

// OfUser names a user.
func OfUser(name string) IdentityName { return IdentityName{Kind: UserKind, UserName: name} }

// OfGroup names a group.
func OfGroup(name string) IdentityName { return IdentityName{Kind: GroupKind, GroupName: name} }

// named makes the name of an identity of that kind.
func (k IdentityKind) named(name string) IdentityName {
	switch k {
	case UserKind:
		return OfUser(name)
	case GroupKind:
		return OfGroup(name)
	}
	return OfRole(name)
}

// Name is the one that is set.
func (n IdentityName) Name() string { return n.RoleName + n.UserName + n.GroupName }

// identityRules are what differs between the kinds: the word for one in ARNs, how long a name may be (IAM API reference; a new role's or
// user's is 64 at most, and all others 128), and the quota of inline policies together, without white space (IAM quotas).
type identityRules struct {
	word          string
	prefix        string // of unique ids (IAM User Guide, "IAM identifiers")
	longestName   int
	maxInline     int
	maxAttached   int
	attachedQuota string // as AWS's sentence calls it
}

func (k IdentityKind) rules() identityRules {
	switch k {
	case RoleKind:
		return identityRules{"role", "AROA", 64, 10240, 10, "PoliciesPerRole"}
	case UserKind:
		return identityRules{"user", "AIDA", 128, 2048, 10, "PoliciesPerUser"}
	case GroupKind:
		return identityRules{"group", "AGPA", 128, 5120, 10, "PoliciesPerGroup"}
	}
	return identityRules{}
}

func (n IdentityName) validate(v *validator) {
	rules := n.Kind.rules()
	v.name(rules.word+"Name", n.Name(), rules.longestName)
}

// identity finds a role, user or group, or answers NoSuchEntity.
func (a *Account) identity(n IdentityName) (*identityEntry, error) {
	switch n.Kind {
	case RoleKind:
		if entry, ok := a.roles[strings.ToLower(n.RoleName)]; ok {
			return &entry.identityEntry, nil
		}
	case UserKind:
		if entry, ok := a.users[strings.ToLower(n.UserName)]; ok {
			return &entry.identityEntry, nil
		}
	case GroupKind:
		if entry, ok := a.groups[strings.ToLower(n.GroupName)]; ok {
			return &entry.identityEntry, nil
		}
	}
	return nil, noSuchIdentity(n)
}

func noSuchIdentity(n IdentityName) *Error {
	return refusef("NoSuchEntity", "The %s with name %s cannot be found.", n.Kind.rules().word, n.Name())
}

// byBoundary are the operations that AWS decides by the condition key iam:PermissionsBoundary, the boundary that the role or user has
// (Service Authorization Reference, IAM). % stands for the kind.
var byBoundary = map[string]bool{
	"Attach%Policy": true, "Detach%Policy": true, "Put%Policy": true, "Delete%Policy": true, "Delete%PermissionsBoundary": true,
}

// onIdentity is a call on one role, user or group. One that does not exist is authorized under the name that was given. In template, % stands
// for the kind.
func onIdentity(template string, in input, n IdentityName) call {
	word := n.Kind.rules().word
	// AWS's sentence names an identity without its ARN, and one that does not exist in the same way.
	shown := word + " " + n.Name()
	return call{name: strings.Replace(template, "%", string(n.Kind), 1), in: in, on: func(a *Account) target {
		entry, err := a.identity(n)
		if err != nil {
			return target{resource: a.arn(word + "/" + n.Name()), shown: shown}
		}
		t := target{resource: entry.identity.ARN, shown: shown, keys: resourceTags(entry.identity.Tags)}
		if entry.identity.BoundaryARN != "" && byBoundary[template] {
			t.keys["iam:PermissionsBoundary"] = []string{entry.identity.BoundaryARN}
		}
		return t
	}}
}

// identities are all roles, users and groups, in no order.
func (a *Account) identities() iter.Seq2[*Identity, IdentityKind] {
	return func(yield func(*Identity, IdentityKind) bool) {
		for _, entry := range a.roles {
			if !yield(entry.identity, RoleKind) {
				return
			}
		}
		for _, entry := range a.users {
			if !yield(entry.identity, UserKind) {
				return
			}
		}
		for _, entry := range a.groups {
			if !yield(entry.identity, GroupKind) {
				return
			}
		}
	}
}

// editRole, editUser and editGroup stage a changed copy of what is there.
func (tx *draft) editRole(name string, edit func(r *roleRecord) error) error {
	entry, ok := tx.roles[strings.ToLower(name)]
	if !ok {
		return noSuchIdentity(OfRole(name))
	}
	r := roleRecord{Role: entry.role, PrincipalIDs: entry.principalIDs}
	if err := edit(&r); err != nil {
		return err
	}
	return stage(tx, recordKey(tx.id, kindRole, strings.ToLower(name)), entry.revision, r)
}

func (tx *draft) editUser(name string, edit func(u *User) error) error {
	entry, ok := tx.users[strings.ToLower(name)]
	if !ok {
		return noSuchIdentity(OfUser(name))
	}
	u := entry.user
	if err := edit(&u); err != nil {
		return err
	}
	return stage(tx, recordKey(tx.id, kindUser, strings.ToLower(name)), entry.revision, u)
}

func (tx *draft) editGroup(name string, edit func(g *Group) error) error {
	entry, ok := tx.groups[strings.ToLower(name)]
	if !ok {
		return noSuchIdentity(OfGroup(name))
	}
	g := entry.group
	if err := edit(&g); err != nil {
		return err
	}
	return stage(tx, recordKey(tx.id, kindGroup, strings.ToLower(name)), entry.revision, g)
}

// changeIdentity changes what roles, users and groups have in common: edit gets a copy to change. Its slices and maps are shared with the
// snapshot, so edit replaces them.
func (d *Directory) changeIdentity(ctx context.Context, caller Caller, c call, n IdentityName, edit func(tx *draft, i *Identity) error) error {
	return d.change(ctx, caller, c, func(tx *draft) error {
		switch n.Kind {
		case UserKind:
			return tx.editUser(n.UserName, func(u *User) error { return edit(tx, &u.Identity) })
		case GroupKind:
			return tx.editGroup(n.GroupName, func(g *Group) error { return edit(tx, &g.Identity) })
		}
		return tx.editRole(n.RoleName, func(r *roleRecord) error { return edit(tx, &r.Identity) })
	})
}

// changePermissions is changeIdentity for what decides what an identity may do, which of a service-linked role is AWS's to change
// (IAM User Guide, "Using service-linked roles").
func (d *Directory) changePermissions(ctx context.Context, caller Caller, c call, n IdentityName, edit func(tx *draft, i *Identity) error) error {
	return d.changeIdentity(ctx, caller, c, n, func(tx *draft, i *Identity) error {
		if n.Kind == RoleKind {
			if role := &tx.roles[strings.ToLower(n.RoleName)].role; role.ServiceLinked != "" {
				return unmodifiable(role)
			}
		}
		return edit(tx, i)
	})
}

// readIdentity is read for the calls on one role, user or group.
func readIdentity[T any](ctx context.Context, d *Directory, caller Caller, c call, n IdentityName, show func(a *Account, i *Identity) (T, error)) (T, error) {
	return read(ctx, d, caller, c, func(a *Account) (T, error) {
		entry, err := a.identity(n)
		if err != nil {
			var none T
			return none, err
		}
		return show(a, entry.identity)
	})
}
