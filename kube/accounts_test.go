package kube_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/kube"
	"github.com/openirsa/openirsa/webhook"
)

const accountsPath = "/api/v1/serviceaccounts"

// await polls for what another goroutine brings about.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func follow(t *testing.T, s *apiServer) *kube.Accounts {
	t.Helper()
	accounts := s.client(t).Accounts(kube.AccountsConfig{Prefix: "eks.amazonaws.com"})
	if accounts.Ready() {
		t.Error("ready before anything was read")
	}
	go accounts.Run(t.Context())
	await(t, "the first list", accounts.Ready)
	await(t, "the first watch", func() bool { return accounts.Away() == 0 })
	return accounts
}

func role(arn string) map[string]string { return map[string]string{"eks.amazonaws.com/role-arn": arn} }

func has(a *kube.Accounts, namespace, name, arn string) func() bool {
	return func() bool {
		got, ok := a.Cached(namespace, name)
		return ok && got.Annotations["role-arn"] == arn
	}
}

func TestAccountsCached(t *testing.T) {
	s := newAPIServer(t, accountsPath)
	s.put("shop", "cart", nil, map[string]string{
		"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/cart", "eks.amazonaws.com/audience": "", "other/role-arn": "no",
		"eks.amazonaws.com/\u00e9\x00": strings.Repeat("long ", 100),
	}, false)
	s.put("shop", "plain", nil, nil, false)
	a := follow(t, s)
	got, ok := a.Cached("shop", "cart")
	want := map[string]string{"role-arn": "arn:aws:iam::111122223333:role/cart", "audience": "", "\u00e9\x00": strings.Repeat("long ", 100)}
	if !ok || got.Namespace != "shop" || got.Name != "cart" || !maps.Equal(got.Annotations, want) ||
		!got.Created.Equal(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("cached %+v, %v", got, ok)
	}
	if got, ok := a.Cached("shop", "plain"); !ok || got.HasRole() {
		t.Errorf("cached %+v, %v", got, ok)
	}
	if _, ok := a.Cached("cart", "shop"); ok {
		t.Error("an account that is not there is cached")
	}
}

// TestAccountsWatch changes accounts while a watch is open, while it is interrupted, and while its place is lost.
func TestAccountsWatch(t *testing.T) {
	s := newAPIServer(t, accountsPath)
	s.put("shop", "old", nil, role("1"), false)
	a := follow(t, s)
	s.put("shop", "new", nil, role("1"), false)
	await(t, "an account made", has(a, "shop", "new", "1"))
	s.put("shop", "new", nil, role("2"), false)
	await(t, "an account changed", has(a, "shop", "new", "2"))
	s.remove("shop", "new", false)
	await(t, "an account removed", func() bool { _, ok := a.Cached("shop", "new"); return !ok })

	s.mu.Lock()
	s.gone, s.refuse = true, 3
	s.mu.Unlock()
	s.cut()
	s.remove("shop", "old", true) // no watch tells of these two
	s.put("shop", "newer", nil, role("3"), true)
	await(t, "an account of the second list", has(a, "shop", "newer", "3"))
	await(t, "an account gone from the second list", func() bool { _, ok := a.Cached("shop", "old"); return !ok })
	await(t, "a watch again", func() bool { return a.Away() == 0 })
	s.mu.Lock()
	lists := fmt.Sprintf("%q", s.lists)
	s.mu.Unlock()
	if lists != `["0" ""]` {
		t.Errorf("lists asked for %s: the second must not be older than the first", lists)
	}
	s.put("shop", "newest", nil, role("4"), false)
	await(t, "an account of the second watch", has(a, "shop", "newest", "4"))
}

// TestAccountsExpiring: an API server whose versions are gone as soon as they are listed is not asked for list upon list.
func TestAccountsExpiring(t *testing.T) {
	s := newAPIServer(t, accountsPath)
	s.expires = true
	go s.client(t).Accounts(kube.AccountsConfig{Prefix: "eks.amazonaws.com"}).Run(t.Context())
	time.Sleep(3 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lists); n < 2 || n > 8 { // 100, 200, 400, 800 and 1600 ms between them at least
		t.Errorf("%d lists in three seconds", n)
	}
}

// TestAccountsAway expects the time without a watch to be told, and what is remembered to stay.
func TestAccountsAway(t *testing.T) {
	s := newAPIServer(t, accountsPath)
	s.put("shop", "cart", nil, role("1"), false)
	a := follow(t, s)
	s.mu.Lock()
	s.refuse = 2
	s.mu.Unlock()
	s.cut()
	await(t, "the watch to be missed", func() bool { return a.Away() > 0 })
	if !has(a, "shop", "cart", "1")() || !a.Ready() {
		t.Error("what was remembered is gone with the watch")
	}
	await(t, "the watch", func() bool { return a.Away() == 0 })
}

func TestAccountsRead(t *testing.T) {
	s := newAPIServer(t, accountsPath)
	s.put("shop", "cart", nil, role("1"), false)
	a := s.client(t).Accounts(kube.AccountsConfig{Prefix: "eks.amazonaws.com"})
	got, err := a.Read(t.Context(), "shop", "cart")
	if err != nil || got.Annotations["role-arn"] != "1" || got.Created.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range []string{"none", "cart/", "..", "100%"} {
		if _, err := a.Read(t.Context(), "shop", name); !errors.Is(err, webhook.ErrNoServiceAccount) {
			t.Errorf("%s: %v, want that there is no such account", name, err)
		}
	}
	s.mu.Lock()
	s.refuse = 100
	s.mu.Unlock()
	if _, err := a.Read(t.Context(), "shop", "cart"); err == nil || errors.Is(err, webhook.ErrNoServiceAccount) {
		t.Errorf("%v, want an error that says nothing of the account", err)
	}
}
