package iam

import (
	"context"
	"errors"
	"fmt"

	"github.com/openirsa/openirsa/policy"
)

// CloseAccountInput (openirsa) names the account to close; AccountID is 12 digits.
type CloseAccountInput struct {
	AccountID string `json:"accountId"`
}

func (in CloseAccountInput) validate(v *validator) {
	if v.required("accountId", in.AccountID) && !policy.IsAccountID(in.AccountID) {
		v.fail("accountId", `Member must satisfy regular expression pattern: \d{12}`)
	}
}

// CloseAccount (openirsa) ends everything of an account at once and for good: its keys and sessions are no longer known, nothing is exchanged for its
// roles, and none of its callers may call. Its records stay, so that nothing is lost, its number is not given out again and the trail's events keep
// their meaning; as on AWS, what other accounts' policies say about it stays as well, and matches nobody. The default account cannot be closed.
//
// Errors are those of AWS Organizations' CloseAccount: AccountNotFoundException, AccountAlreadyClosedException, ConstraintViolationException.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
func (d *Directory) CloseAccount(ctx context.Context, caller Caller, in CloseAccountInput) error {
	err := d.change(ctx, caller, d.onPlane("CloseAccount", in), func(tx *draft) error {
		if in.AccountID == d.defaultAccount {
			return refusef("ConstraintViolationException", "You attempted to close the management account.")
		}
		stored, err := d.store.Get(ctx, recordKey(in.AccountID, kindAccount, ""))
		if errors.Is(err, ErrNotFound) {
			return refusef("AccountNotFoundException", "You specified an account that doesn't exist.")
		}
		if err != nil {
			return err
		}
		record, err := decode[accountRecord](stored)
		if err != nil {
			return err
		}
		if !record.Closed.IsZero() {
			return refusef("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")
		}
		record.Closed = tx.now
		// On condition of the record's revision: a change of the account that is under way loses to this one and finds it closed.
		return stage(tx, stored.Key, stored.Revision, record)
	})
	if err != nil {
		return err
	}
	s, err := d.slot(ctx, in.AccountID)
	if err != nil {
		return fmt.Errorf("closing account %s: %w", in.AccountID, err)
	}
	s.closed.Store(true)
	return nil
}
