package iam

import (
	"context"
	"errors"
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
		if out, err = d.newAccessKey(in.AccountID); err != nil {
			return err
		}
		return tx.createAccount(&out)
	})
	if err != nil {
		return AccessKey{}, err
	}
	return out, nil
}

func accountExists(id string) *Error {
	return refusef("EntityAlreadyExists", "Account %s already exists.", id)
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
