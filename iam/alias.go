package iam

import (
	"context"
	"errors"
	"strings"
)

// onAccount is a call on the account as such, which has no resource-level permissions.
func onAccount(name string, in input) call {
	return call{name: name, in: in, on: func(*Account) target { return target{resource: "*"} }}
}

func (in AccountAliasInput) validate(v *validator) {
	const member = "accountAlias"
	alias := in.AccountAlias
	if !v.required(member, alias) {
		return
	}
	v.length(member, alias, 3, 63)
	dashed := strings.HasPrefix(alias, "-") || strings.HasSuffix(alias, "-") || strings.Contains(alias, "--")
	if dashed || strings.Trim(alias, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		v.fail(member, `Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`)
	}
}

// CreateAccountAlias gives the account an alias in place of the one that it has. No two accounts of a plane have the same.
func (d *Directory) CreateAccountAlias(ctx context.Context, caller Caller, in AccountAliasInput) error {
	return d.change(ctx, caller, onAccount("CreateAccountAlias", in), func(tx *draft) error {
		if tx.account.Alias == in.AccountAlias {
			return nil
		}
		switch _, err := d.store.Get(ctx, aliasesPrefix+in.AccountAlias); {
		case err == nil:
			return refusef("EntityAlreadyExists", "The account alias %s already exists.", in.AccountAlias)
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if err := tx.removeAlias(); err != nil {
			return err
		}
		tx.account.Alias = in.AccountAlias
		return stage(tx, aliasesPrefix+in.AccountAlias, 0, aliasRecord{Account: tx.id})
	})
}

// removeAlias frees the alias that the account has, if any.
func (tx *draft) removeAlias() error {
	if tx.account.Alias == "" {
		return nil
	}
	held, err := tx.directory.store.Get(tx.ctx, aliasesPrefix+tx.account.Alias)
	if err != nil {
		return err
	}
	tx.remove(held.Key, held.Revision)
	tx.account.Alias = ""
	return nil
}

// DeleteAccountAlias takes the account's alias away.
func (d *Directory) DeleteAccountAlias(ctx context.Context, caller Caller, in AccountAliasInput) error {
	return d.change(ctx, caller, onAccount("DeleteAccountAlias", in), func(tx *draft) error {
		if tx.account.Alias != in.AccountAlias {
			return refusef("NoSuchEntity", "The account alias %s cannot be found.", in.AccountAlias)
		}
		return tx.removeAlias()
	})
}

func (in ListInput) validate(v *validator) { in.Paging.validate(v) }

// ListAccountAliases lists the account's alias, of which there is one at most.
func (d *Directory) ListAccountAliases(ctx context.Context, caller Caller, in ListInput) (Page[string], error) {
	return read(ctx, d, caller, onAccount("ListAccountAliases", in), func(a *Account) (Page[string], error) {
		var aliases []string
		if a.record.Alias != "" {
			aliases = append(aliases, a.record.Alias)
		}
		return page(aliases, sameName, in.Paging), nil
	})
}
