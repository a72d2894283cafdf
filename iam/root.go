package iam

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// ErrNoRootKey says that an account is there and that its root has no active access key.
var ErrNoRootKey = errors.New("the account's root has no active access key")

// Lengths of a secret access key that somebody brings along: AWS's have 40 characters.
const (
	minSecret = 40
	maxSecret = 128
)

// createAccount puts a new account's records, with its root's key, into the draft, and dates the key.
func (tx *draft) createAccount(key *AccessKey) error {
	key.Created = tx.now
	if err := stage(tx, recordKey(key.Account, kindAccount, ""), 0, accountRecord{Created: tx.now}); err != nil {
		return err
	}
	return stage(tx, recordKey(key.Account, kindKey, key.ID), 0, keyRecord{Secret: key.Secret, Created: tx.now})
}

// Bootstrap makes the account with its root access key if it is not there, and returns the root's key. It is for the plane's start, not for
// requests: nobody is asked, and the trail says so. It changes nothing when the account exists; ErrNoRootKey if its root has none.
func (d *Directory) Bootstrap(ctx context.Context, account string) (AccessKey, error) {
	if !policy.IsAccountID(account) {
		return AccessKey{}, fmt.Errorf("making account: %q is not 12 digits", account)
	}
	key, err := d.rootKey(ctx, account)
	if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Code != "NoSuchEntity" {
		return key, err
	}
	if key, err = d.newAccessKey(account); err != nil {
		return AccessKey{}, fmt.Errorf("making account %s: %w", account, err)
	}
	if err := d.bootstrap(ctx, &key); errors.Is(err, ErrConflict) {
		return d.rootKey(ctx, account) // another replica was first
	} else if err != nil {
		return AccessKey{}, err
	}
	return key, nil
}

// BootstrapWith is Bootstrap with a root key that the operator brings along, and tells whether that key is active now. Where the account exists nothing
// changes: its root may have another key since, or none.
func (d *Directory) BootstrapWith(ctx context.Context, key AccessKey) (active bool, err error) {
	if err := key.checkRoot(key.Account); err != nil {
		return false, err
	}
	a, err := d.Account(ctx, key.Account)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "NoSuchEntity" {
		if err = d.bootstrap(ctx, &key); err == nil || !errors.Is(err, ErrConflict) {
			return err == nil, err
		}
		a, err = d.Account(ctx, key.Account) // another replica was first
	}
	if err != nil {
		return false, err
	}
	entry, ok := a.keys[key.ID]
	return ok && entry.key.UserID == "" && !entry.key.Inactive && subtle.ConstantTimeCompare([]byte(entry.key.Secret), []byte(key.Secret)) == 1, nil
}

// CheckRootKey says what keeps a key that an operator brings along from being that of the account's root. Its errors do not tell the secret.
func CheckRootKey(account string, key AccessKey) error { return key.checkRoot(account) }

func (k AccessKey) checkRoot(account string) error {
	of, ok := AccountOfAccessKeyID(k.ID)
	switch {
	case !ok || !strings.HasPrefix(k.ID, accessKeyPrefix):
		return fmt.Errorf("%q is not an access key id: %s and 16 characters that hold the account's number", k.ID, accessKeyPrefix)
	case of != account:
		return fmt.Errorf("access key id %s is of account %s, not of %s", k.ID, of, account)
	case len(k.Secret) < minSecret || len(k.Secret) > maxSecret || strings.ContainsFunc(k.Secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("the secret access key does not have %d to %d printable characters", minSecret, maxSecret)
	}
	return nil
}

// bootstrap writes an account that is not there, with this key of its root's.
func (d *Directory) bootstrap(ctx context.Context, key *AccessKey) error {
	event := d.ownEvent(key.Account, "Bootstrap", "The plane made its default account at its first start.")
	if err := d.trail.Record(ctx, event); err != nil {
		return fmt.Errorf("making account %s: %w", key.Account, err)
	}
	tx := &draft{Account: newAccount(d.partition, key.Account, d.aws), ctx: ctx, directory: d, now: d.now().UTC().Truncate(time.Second)}
	err := tx.createAccount(key)
	if err == nil {
		_, err = d.store.Apply(ctx, tx.conditions, tx.operations)
	}
	if err != nil {
		return fmt.Errorf("making account %s: %w", key.Account, err)
	}
	return nil
}

// ownEvent is one of what nobody asks for by a request.
func (d *Directory) ownEvent(account, name, explanation string) trail.Event {
	event := Root(d.partition, account).Event("openirsa.amazonaws.com", name)
	event.Explanation = explanation
	return event
}

// rootKey is the oldest active access key of the root of an account that exists.
func (d *Directory) rootKey(ctx context.Context, account string) (AccessKey, error) {
	a, err := d.Account(ctx, account)
	if err != nil {
		return AccessKey{}, err
	}
	keys := a.keysOf("")
	i := slices.IndexFunc(keys, func(k AccessKey) bool { return !k.Inactive })
	if i < 0 {
		return AccessKey{}, fmt.Errorf("reading the root's access key of account %s: %w", account, ErrNoRootKey)
	}
	return keys[i], nil
}

// ReplaceRootKeys gives an account's root a new access key and deletes all others. It is for whoever owns the data folder and has stopped the plane, not
// for requests: nobody is asked, and the trail says so.
func (d *Directory) ReplaceRootKeys(ctx context.Context, account string) (AccessKey, error) {
	s, err := d.slot(ctx, account)
	if err != nil {
		return AccessKey{}, fmt.Errorf("replacing the root's keys of account %s: %w", account, err)
	}
	key, err := d.newAccessKey(account)
	if err != nil {
		return AccessKey{}, err
	}
	event := d.ownEvent(account, "ReplaceRootKeys", "The data folder's owner replaced the root's access keys while the plane was stopped.")
	if err := d.trail.Record(ctx, event); err != nil {
		return AccessKey{}, fmt.Errorf("replacing the root's keys of account %s: %w", account, err)
	}
	err = d.write(ctx, s, func(tx *draft) error {
		tx.removeRootKeys()
		key.Created = tx.now
		return stage(tx, recordKey(account, kindKey, key.ID), 0, keyRecord{Secret: key.Secret, Created: tx.now})
	})
	if err != nil {
		return AccessKey{}, fmt.Errorf("replacing the root's keys of account %s: %w", account, err)
	}
	return key, nil
}

func (tx *draft) removeRootKeys() {
	for _, key := range tx.keysOf("") {
		tx.remove(recordKey(tx.id, kindKey, key.ID), tx.keys[key.ID].revision)
		tx.forgetUse(key.ID)
	}
}

// DisableRoot (openirsa) deletes every access key of the root of the caller's account. Users and roles go on; what was given out to the root before,
// sessions of at most an hour, lives to its end, as on AWS. ReplaceRootKeys brings the root back. AWS has the like for the accounts of an organization
// (IAM User Guide, "Centralize root access for member accounts").
func (d *Directory) DisableRoot(ctx context.Context, caller Caller) error {
	c := call{service: "openirsa", name: "DisableRoot", on: func(a *Account) target { return target{resource: a.arn("root")} }}
	return d.change(ctx, caller, c, func(tx *draft) error {
		tx.removeRootKeys()
		return nil
	})
}
