package iam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// onPlane is a call of ours on the plane as a whole, which belongs to the default account's callers.
func (d *Directory) onPlane(name string, in input) call {
	return call{service: "openirsa", name: name, in: in, owner: d.defaultAccount, on: func(*Account) target { return target{resource: "*"} }}
}

func (in CreateAccountInput) validate(v *validator) {
	if v.required("accountId", in.AccountID) && !policy.IsAccountID(in.AccountID) {
		v.fail("accountId", `Member must satisfy regular expression pattern: \d{12}`)
	}
}

// CreateAccount (openirsa) makes an account and its root access key, whose secret is returned this once.
func (d *Directory) CreateAccount(ctx context.Context, caller Caller, in CreateAccountInput) (AccessKey, error) {
	var out AccessKey
	err := d.change(ctx, caller, d.onPlane("CreateAccount", in), func(tx *draft) (err error) {
		switch _, err := d.store.Get(ctx, recordKey(in.AccountID, kindAccount, "")); {
		case err == nil:
			return accountExists(in.AccountID)
		case !errors.Is(err, ErrNotFound):
			return err
		}
		tx.now = d.now().UTC().Truncate(time.Second)
		out, err = tx.createAccount(in.AccountID)
		return err
	})
	if err != nil {
		return AccessKey{}, err
	}
	return out, nil
}

func accountExists(id string) *Error {
	return refusef("EntityAlreadyExists", "Account %s already exists.", id)
}

// createAccount puts a new account's records into the draft.
func (tx *draft) createAccount(id string) (AccessKey, error) {
	key, err := tx.directory.newAccessKey(id)
	if err != nil {
		return AccessKey{}, err
	}
	key.Created = tx.now
	if err := stage(tx, recordKey(id, kindAccount, ""), 0, accountRecord{Created: tx.now}); err != nil {
		return AccessKey{}, err
	}
	return key, stage(tx, recordKey(id, kindKey, key.ID), 0, keyRecord{Secret: key.Secret, Created: tx.now})
}

func (in ListAccountsInput) validate(v *validator) { in.Paging.validate(v) }

// ListAccounts (openirsa) lists the plane's accounts by id, closed ones too.
func (d *Directory) ListAccounts(ctx context.Context, caller Caller, in ListAccountsInput) (Page[AccountSummary], error) {
	return read(ctx, d, caller, d.onPlane("ListAccounts", in), func(*Account) (Page[AccountSummary], error) {
		var found []AccountSummary
		for after := ""; ; {
			// An account's own record is its first, so one step a time goes from account to account.
			records, _, err := d.store.List(ctx, accountsPrefix, after, 1)
			if err != nil {
				return Page[AccountSummary]{}, err
			}
			if len(records) == 0 {
				break
			}
			id, kind, _ := splitKey(records[0].Key)
			if kind == kindAccount {
				record, err := decode[accountRecord](records[0])
				if err != nil {
					return Page[AccountSummary]{}, err
				}
				found = append(found, AccountSummary{ID: id, Created: record.Created, Closed: record.Closed})
			}
			after = recordKey(id, "", "") + "\xff"
		}
		return page(found, func(s AccountSummary) string { return s.ID }, in.Paging), nil
	})
}

// Bootstrap makes the account with its root access key if it is not there, and returns the root's key. It is for the plane's start, not for
// requests: nobody is asked, and the trail says so. It changes nothing when the account exists.
func (d *Directory) Bootstrap(ctx context.Context, account string) (AccessKey, error) {
	if !policy.IsAccountID(account) {
		return AccessKey{}, fmt.Errorf("making account: %q is not 12 digits", account)
	}
	key, err := d.rootKey(ctx, account)
	if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Code != "NoSuchEntity" {
		return key, err
	}
	event := Root(d.partition, account).Event("openirsa.amazonaws.com", "Bootstrap")
	event.Explanation = "The plane made its default account at its first start."
	if err := d.trail.Record(ctx, event); err != nil {
		return AccessKey{}, fmt.Errorf("making account %s: %w", account, err)
	}
	tx := &draft{Account: newAccount(d.partition, account, d.aws), ctx: ctx, directory: d, now: d.now().UTC().Truncate(time.Second)}
	if key, err = tx.createAccount(account); err != nil {
		return AccessKey{}, fmt.Errorf("making account %s: %w", account, err)
	}
	if _, err := d.store.Apply(ctx, tx.conditions, tx.operations); errors.Is(err, ErrConflict) {
		return d.rootKey(ctx, account) // another replica was first
	} else if err != nil {
		return AccessKey{}, fmt.Errorf("making account %s: %w", account, err)
	}
	return key, nil
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
		return AccessKey{}, fmt.Errorf("reading root access key of account %s: there is none", account)
	}
	return keys[i], nil
}
