package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// maxAccessKeys of a user (IAM quotas).
const maxAccessKeys = 2

// The states of an access key, as requests name them.
const (
	keyActive   = "Active"
	keyInactive = "Inactive"
)

// keysOf are a user's access keys, oldest first.
func (a *Account) keysOf(userID string) []AccessKey {
	var keys []AccessKey
	for _, entry := range a.keys {
		if entry.key.UserID == userID {
			keys = append(keys, entry.key)
		}
	}
	slices.SortFunc(keys, func(x, y AccessKey) int {
		if c := x.Created.Compare(y.Created); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return keys
}

// keyHolder is the user whose keys a call is about. An account's root has keys too, and is no user: it has neither id nor name (IAM API reference,
// CreateAccessKey: "you can use this operation to manage AWS account root user credentials").
func (a *Account) keyHolder(caller Caller, userName *string) (*User, error) {
	if ownRoot(caller, userName) {
		return &User{}, nil
	}
	return a.userOf(caller, userName)
}

// CreateAccessKey makes an access key for a user, or for the caller. Its secret is returned this once.
func (d *Directory) CreateAccessKey(ctx context.Context, caller Caller, in UserInput) (AccessKey, error) {
	var out AccessKey
	err := d.changeKeys(ctx, caller, onUser("CreateAccessKey", in, caller, in.UserName), in.UserName, func(tx *draft, u *User) (err error) {
		if len(tx.keysOf(u.ID)) >= maxAccessKeys {
			return quota("AccessKeysPerUser", maxAccessKeys)
		}
		if out, err = d.newAccessKey(tx.id); err != nil {
			return err
		}
		out.UserID, out.UserName, out.Created = u.ID, u.Name, tx.now
		return stage(tx, recordKey(tx.id, kindKey, out.ID), 0, keyRecord{Secret: out.Secret, UserID: u.ID, Created: tx.now})
	})
	if err != nil {
		return AccessKey{}, err
	}
	return out, nil
}

// changeKeys changes the access keys of a user, or of the caller.
func (d *Directory) changeKeys(ctx context.Context, caller Caller, c call, userName *string, edit func(tx *draft, u *User) error) error {
	return d.change(ctx, caller, c, func(tx *draft) error {
		holder, err := tx.keyHolder(caller, userName)
		if err != nil {
			return err
		}
		return edit(tx, holder)
	})
}

func (in AccessKeyInput) validate(v *validator) {
	v.userName(in.user())
	v.accessKeyID(in.AccessKeyID)
	v.oneOf("status", in.Status, keyActive, keyInactive)
}

func (in AccessKeyInput) user() *string {
	if in.UserName == "" {
		return nil
	}
	return &in.UserName
}

func (v *validator) accessKeyID(id string) {
	v.length("accessKeyId", id, 16, 128)
	if strings.IndexFunc(id, func(r rune) bool { return !isWord(r) }) >= 0 {
		v.refuse("ValidationError", "The specified value for accessKeyId is invalid. It must contain only alphanumeric characters.")
	}
}

func noSuchAccessKey(id string) *Error {
	return refusef("NoSuchEntity", "The Access Key with id %s cannot be found.", id)
}

// key finds a user's access key. One of another user is not found either.
func (a *Account) key(u *User, id string) (*keyEntry, error) {
	if entry, ok := a.keys[id]; ok && entry.key.UserID == u.ID {
		return entry, nil
	}
	return nil, noSuchAccessKey(id)
}

// lastOfRoot tells whether a key is the only one that the account's root can sign with.
func (a *Account) lastOfRoot(key *AccessKey) bool {
	return key.UserID == "" && !slices.ContainsFunc(a.keysOf(""), func(k AccessKey) bool { return k.ID != key.ID && !k.Inactive })
}

// rootNeedsKey is ours, with a code that the calls have: AWS's root has a password to sign in with, and here nobody could administer the account any more.
func rootNeedsKey() *Error {
	return refusef("LimitExceeded", "The last active access key of the account's root cannot be deleted or made inactive.")
}

// UpdateAccessKey makes a user's or the caller's access key inactive, so that nothing signed with it is authenticated, or active again.
func (d *Directory) UpdateAccessKey(ctx context.Context, caller Caller, in AccessKeyInput) error {
	return d.changeKeys(ctx, caller, onUser("UpdateAccessKey", in, caller, in.user()), in.user(), func(tx *draft, u *User) error {
		entry, err := tx.key(u, in.AccessKeyID)
		if err != nil {
			return err
		}
		key := entry.key
		if in.Status == keyInactive && tx.lastOfRoot(&key) {
			return rootNeedsKey()
		}
		return stage(tx, recordKey(tx.id, kindKey, key.ID), entry.revision,
			keyRecord{Secret: key.Secret, UserID: key.UserID, Created: key.Created, Inactive: in.Status == keyInactive})
	})
}

// DeleteAccessKey deletes a user's or the caller's access key.
func (d *Directory) DeleteAccessKey(ctx context.Context, caller Caller, in AccessKeyInput) error {
	return d.changeKeys(ctx, caller, onUser("DeleteAccessKey", in, caller, in.user()), in.user(), func(tx *draft, u *User) error {
		entry, err := tx.key(u, in.AccessKeyID)
		if err != nil {
			return err
		}
		if tx.lastOfRoot(&entry.key) {
			return rootNeedsKey()
		}
		tx.remove(recordKey(tx.id, kindKey, in.AccessKeyID), entry.revision)
		tx.forgetUse(in.AccessKeyID)
		return nil
	})
}

func (in ListByUserInput) validate(v *validator) {
	v.userName(in.UserName)
	in.Paging.validate(v)
}

// ListAccessKeys lists a user's or the caller's access keys, without their secrets.
func (d *Directory) ListAccessKeys(ctx context.Context, caller Caller, in ListByUserInput) (Page[AccessKey], error) {
	return read(ctx, d, caller, onUser("ListAccessKeys", in, caller, in.UserName), func(a *Account) (Page[AccessKey], error) {
		holder, err := a.keyHolder(caller, in.UserName)
		if err != nil {
			return Page[AccessKey]{}, err
		}
		keys := a.keysOf(holder.ID)
		for i := range keys {
			keys[i].Secret, keys[i].UserName = "", holder.Name
		}
		return page(keys, func(k AccessKey) string { return k.ID }, in.Paging), nil
	})
}

// AccessKeyUse is when an access key was last used, and whose it is.
type AccessKeyUse struct {
	UserName string
	LastUsed LastUse
}

// GetAccessKeyLastUsed tells when an access key of the account's users was last used. Of any other key AWS answers everybody that it may not be
// asked about, whatever the caller's policies say: whether it exists is nobody's to know.
func (d *Directory) GetAccessKeyLastUsed(ctx context.Context, caller Caller, in AccessKeyInput) (AccessKeyUse, error) {
	owner := func(a *Account) (*userEntry, bool) {
		entry, ok := a.keys[in.AccessKeyID]
		if !ok {
			return nil, false
		}
		user, ok := a.userIDs[entry.key.UserID]
		return user, ok
	}
	c := call{name: "GetAccessKeyLastUsed", in: in, on: func(a *Account) target {
		t := target{resource: a.arn("user/*")}
		if user, ok := owner(a); ok {
			t = onIdentity("GetAccessKeyLastUsed", in, OfUser(user.user.Name)).on(a)
		}
		t.shown = "access key " + in.AccessKeyID // also where it exists: whose it is, is not told to who may not ask
		return t
	}}
	return read(ctx, d, caller, c, func(a *Account) (AccessKeyUse, error) {
		user, ok := owner(a)
		if !ok {
			return AccessKeyUse{}, &Error{
				Code: "AccessDenied",
				Message: fmt.Sprintf("User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s",
					caller.Principal.ARN, in.AccessKeyID),
				Decision: &policy.Decision{},
			}
		}
		return AccessKeyUse{UserName: user.user.Name, LastUsed: d.lastUse(ctx, in.AccessKeyID)}, nil
	})
}
