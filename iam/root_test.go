package iam_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// active tells whether requests signed with the key are authenticated.
func (p *plane) active(key iam.AccessKey) bool {
	p.t.Helper()
	found, ok, err := p.AccessKey(p.t.Context(), key.ID)
	done(p.t, err)
	return ok && !found.Inactive && found.Secret == key.Secret
}

// TestBootstrapWith: the first start makes the operator's key the root's; later starts change nothing, whatever key they bring.
func TestBootstrapWith(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	first, second := must(iam.NewAccessKey(rand.Reader, otherAccount)), must(iam.NewAccessKey(rand.Reader, otherAccount))
	for range 2 {
		if !must(p.BootstrapWith(ctx, first)) || !p.active(first) {
			t.Fatal("the root does not have the key that it was given")
		}
	}
	if must(p.BootstrapWith(ctx, second)) || p.active(second) {
		t.Error("a later start changed the root's key")
	}
	if wrong := first; must(p.BootstrapWith(ctx, iam.AccessKey{ID: wrong.ID, Secret: second.Secret, Account: otherAccount})) {
		t.Error("a key with another secret is taken for the root's")
	}
	if got := must(p.Bootstrap(ctx, otherAccount)); got.ID != first.ID || got.Secret != first.Secret {
		t.Error("Bootstrap made another key")
	}
	p.close()
	p.open()
	if !must(p.BootstrapWith(ctx, first)) {
		t.Error("the key is gone after a restart")
	}
}

// TestBootstrapWithRefuses: a key by which nobody could be found again, or that is easy to guess, makes no account. No error tells a secret.
func TestBootstrapWithRefuses(t *testing.T) {
	p := newPlane(t)
	good := must(iam.NewAccessKey(rand.Reader, otherAccount))
	for name, key := range map[string]iam.AccessKey{
		"of another account": {ID: must(iam.NewAccessKey(rand.Reader, account)).ID, Secret: good.Secret, Account: otherAccount},
		"of AWS's examples":  {ID: "AKIAIOSFODNN7EXAMPLE", Secret: good.Secret, Account: otherAccount},
		"of a session":       {ID: "ASIA" + good.ID[4:], Secret: good.Secret, Account: otherAccount},
		"short":              {ID: good.ID, Secret: "hunter2", Account: otherAccount},
		"with a line feed":   {ID: good.ID, Secret: good.Secret + "\n", Account: otherAccount},
		"too long":           {ID: good.ID, Secret: strings.Repeat("hunter2", 19), Account: otherAccount},
		"of no account":      {ID: good.ID, Secret: good.Secret, Account: "12"},
	} {
		if _, err := p.BootstrapWith(t.Context(), key); err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), good.Secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := p.Account(t.Context(), otherAccount)
	wantCode(t, err, "NoSuchEntity")
}

// TestRootRotates by AWS's own calls: a key that another one follows may be deleted, and is no key any more at once.
func TestRootRotates(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	old := must(p.Bootstrap(ctx, account))
	fresh := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{}))
	done(t, p.DeleteAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: old.ID}))
	if p.active(old) || !p.active(fresh) {
		t.Error("the old key is still a key, or the new one is none")
	}
	wantCode(t, p.DeleteAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: fresh.ID}), "LimitExceeded")
}

// TestDisableRoot: whoever the policies let do so ends all keys of the root; a start after that makes none, and the folder's owner can.
func TestDisableRoot(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	old := must(p.Bootstrap(ctx, account))
	other := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{}))
	wantCode(t, p.DisableRoot(ctx, limited(t, "dev", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`)), "AccessDenied")
	wantCode(t, p.DisableRoot(ctx, limited(t, "users", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"openirsa:*","Resource":"arn:aws:iam::*:user/*"}]}`)), "AccessDenied")
	if !p.active(old) || !p.active(other) {
		t.Fatal("a refusal disabled the root")
	}
	by := limited(t, "admin", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"openirsa:DisableRoot","Resource":"arn:aws:iam::`+account+`:root"}]}`)
	by.Origin.RequestID = "disable"
	done(t, p.DisableRoot(ctx, by))
	if e := p.event("disable"); e.Action != "openirsa:DisableRoot" || e.ErrorCode != "" {
		t.Errorf("the trail has %+v", e)
	}
	if p.active(old) || p.active(other) {
		t.Error("the root still has a key")
	}
	p.close()
	p.open()
	if _, err := p.Bootstrap(ctx, account); !errors.Is(err, iam.ErrNoRootKey) {
		t.Errorf("a start after that: %v", err)
	}
	if must(p.BootstrapWith(ctx, old)) {
		t.Error("a start brings the root's key back")
	}
	fresh := must(p.ReplaceRootKeys(ctx, account))
	if p.active(old) || !p.active(fresh) || fresh.ID == old.ID {
		t.Error("the root has not one new key")
	}
	again := must(p.ReplaceRootKeys(ctx, account))
	if p.active(fresh) || !p.active(again) {
		t.Error("replacing leaves the key from before")
	}
	_, err := p.ReplaceRootKeys(ctx, "777788889999")
	wantCode(t, err, "NoSuchEntity")
}
