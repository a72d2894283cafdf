package iam_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

func TestCloseAccount(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	key := must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	other := caller(iam.Root("aws", otherAccount))
	must(p.CreateRole(ctx, other, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone}))
	close := func(by iam.Caller, id string) error {
		return p.CloseAccount(ctx, by, iam.CloseAccountInput{AccountID: id})
	}

	for id, code := range map[string]string{account: "ConstraintViolationException", "777788889999": "AccountNotFoundException", "x": "ValidationError", "": "ValidationError"} {
		wantCode(t, close(p.root, id), code)
	}
	wantCode(t, close(other, otherAccount), "AccessDenied")
	wantCode(t, close(limited(t, "dev", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`), otherAccount), "AccessDenied")

	done(t, close(p.root, otherAccount))
	closed := func(d *iam.Directory) {
		t.Helper()
		if _, ok, err := d.AccessKey(ctx, key.ID); ok || err != nil {
			t.Errorf("its root key is found: %v, %v", ok, err)
		}
		_, err := d.Account(ctx, otherAccount)
		wantCode(t, err, "NoSuchEntity")
		_, err = d.ListRoles(ctx, other, iam.ListByPathInput{})
		wantCode(t, err, "NoSuchEntity")
		_, err = d.CreateRole(ctx, other, iam.CreateRoleInput{RoleName: "S", AssumeRolePolicyDocument: trustAnyone})
		wantCode(t, err, "NoSuchEntity")
		_, err = d.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount})
		wantCode(t, err, "EntityAlreadyExists")
		wantCode(t, d.CloseAccount(ctx, p.root, iam.CloseAccountInput{AccountID: otherAccount}), "AccountAlreadyClosedException")
	}
	closed(p.Directory)
	list := must(p.ListAccounts(ctx, p.root, iam.ListAccountsInput{}))
	if len(list.Items) != 2 || !list.Items[0].Closed.IsZero() || list.Items[1].ID != otherAccount || list.Items[1].Closed.IsZero() {
		t.Errorf("accounts = %+v", list.Items)
	}
	p.close()
	p.open()
	closed(p.Directory)

	// What it held is kept.
	record, err := p.store.Get(ctx, "account/"+otherAccount+"/role/r")
	if err != nil || len(record.Value) == 0 {
		t.Errorf("its role's record: %v", err)
	}
}

// TestCloseAccountOnAnotherReplica: a replica that has the account in memory writes nothing to it any more.
func TestCloseAccountOnAnotherReplica(t *testing.T) {
	p := newPlane(t)
	replica := p.another()
	defer replica.Close()
	other := caller(iam.Root("aws", otherAccount))
	must(p.CreateAccount(t.Context(), p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	must(replica.CreateRole(t.Context(), other, iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone}))
	done(t, p.CloseAccount(t.Context(), p.root, iam.CloseAccountInput{AccountID: otherAccount}))
	_, err := replica.CreateRole(t.Context(), other, iam.CreateRoleInput{RoleName: "S", AssumeRolePolicyDocument: trustAnyone})
	wantCode(t, err, "NoSuchEntity")
}

// TestCloseAccountUnderWrites closes an account while eight writers change it: each change is acknowledged before the end, or refused.
func TestCloseAccountUnderWrites(t *testing.T) {
	p := newPlane(t)
	other := caller(iam.Root("aws", otherAccount))
	must(p.CreateAccount(t.Context(), p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	var group sync.WaitGroup
	begun := make(chan struct{}, 8)
	for writer := range 8 {
		group.Go(func() {
			for i := range 1000 {
				_, err := p.CreateRole(t.Context(), other, iam.CreateRoleInput{RoleName: fmt.Sprintf("R-%d-%d", writer, i), AssumeRolePolicyDocument: trustAnyone})
				if i == 0 {
					begun <- struct{}{}
				}
				if err != nil {
					wantCode(t, err, "NoSuchEntity")
					return
				}
			}
			t.Error("a writer came to its end before the account was closed")
		})
	}
	<-begun
	done(t, p.CloseAccount(t.Context(), p.root, iam.CloseAccountInput{AccountID: otherAccount}))
	before, _, err := p.store.List(t.Context(), "account/"+otherAccount+"/", "", 0)
	done(t, err)
	group.Wait()
	after, _, err := p.store.List(t.Context(), "account/"+otherAccount+"/", "", 0)
	done(t, err)
	if len(before) != len(after) {
		t.Errorf("%d records when the account was closed, %d afterwards", len(before), len(after))
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if refusal, ok := errors.AsType[*iam.Error](err); !ok || refusal.Code != code {
		t.Errorf("error = %v, want %s", err, code)
	}
}
