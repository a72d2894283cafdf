package kube_test

import (
	"log/slog"
	"testing"
	"time"
)

// TestFollowConfigMap makes, changes, removes and makes again, with and without a watch that tells of it.
func TestFollowConfigMap(t *testing.T) {
	s := newAPIServer(t, "/api/v1/namespaces/eks/configmaps")
	texts := make(chan string, 10)
	next := func(want string) {
		t.Helper()
		select {
		case got := <-texts:
			if got != want {
				t.Fatalf("told %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("not told %q within 20 s", want)
		}
	}
	config := func(text string) map[string]any { return map[string]any{"data": map[string]string{"config": text}} }
	go s.client(t).FollowConfigMap(t.Context(), "eks", "pod-identity-webhook", "config", slog.New(slog.DiscardHandler), func(text string) { texts <- text })
	next("") // there is none
	await(t, "a watch", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.watches == 1 })
	s.put("eks", "pod-identity-webhook", config("one"), nil, false)
	next("one")
	s.put("eks", "pod-identity-webhook", config("one"), map[string]string{"another": "annotation"}, false) // tells nothing new
	s.put("eks", "pod-identity-webhook", config("two"), nil, false)
	next("two")
	s.put("eks", "pod-identity-webhook", map[string]any{"data": map[string]string{"other": "key"}}, nil, false)
	next("")
	s.put("eks", "pod-identity-webhook", config("three"), nil, false)
	next("three")
	s.remove("eks", "pod-identity-webhook", false)
	next("")
	s.put("eks", "pod-identity-webhook", config("four"), nil, false)
	next("four")
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.cut()
	s.remove("eks", "pod-identity-webhook", true) // only the list anew tells
	next("")
}
