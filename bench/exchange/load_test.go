package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// standIn is a server that answers each request with handler. It has no process, so its CPU time is not known.
func standIn(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	return &server{name: "stand-in", address: listening.Listener.Addr().String(), roleARN: "arn:aws:iam::000000000000:role/app"}
}

func TestMeasureSendsEachTokenInTurn(t *testing.T) {
	var mutex sync.Mutex
	seen := map[string]int{}
	s := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("RoleArn") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		mutex.Lock()
		seen[r.FormValue("WebIdentityToken")]++
		mutex.Unlock()
		w.Write([]byte("<SessionToken>x</SessionToken>"))
	})
	m, err := measure(t.Context(), s, []string{"a", "b", "c"}, load{clients: 4, requests: 99, limit: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if m.requests != 99 || seen["a"] != 33 || seen["b"] != 33 || seen["c"] != 33 {
		t.Errorf("measured %d requests, the server saw %v", m.requests, seen)
	}
	if m.median <= 0 || m.median > m.p99 || m.p99 > m.elapsed {
		t.Errorf("median %v, p99 %v, elapsed %v", m.median, m.p99, m.elapsed)
	}
}

func TestMeasureStopsAtItsLimit(t *testing.T) {
	s := standIn(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<SessionToken>x</SessionToken>")) })
	m, err := measure(t.Context(), s, []string{"a", "b"}, load{clients: 1, requests: 1 << 20, limit: 20 * time.Millisecond})
	if err != nil || m.requests == 0 || m.requests == 1<<20 {
		t.Errorf("measured %d requests, %v", m.requests, err)
	}
}

func TestMeasureRefusesAnythingButCredentials(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a denial":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "AccessDenied", http.StatusForbidden) },
		"no credential": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<AssumedRoleUser/>")) },
		"no answer":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := measure(t.Context(), standIn(t, handler), []string{"a"}, load{clients: 2, requests: 10, limit: time.Minute}); err == nil {
				t.Errorf("measured %d requests", m.requests)
			}
		})
	}
}

func TestTokensDifferAndVerify(t *testing.T) {
	s, err := newSigner()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 {
		tokens, err := s.tokens(3)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			last := strings.LastIndexByte(token, '.')
			signature, err := base64.RawURLEncoding.DecodeString(token[last+1:])
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(token[:last]))
			if err := rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil || seen[token] {
				t.Errorf("verified: %v, seen before: %t", err, seen[token])
			}
			seen[token] = true
		}
	}
}

func TestReportComparesMedians(t *testing.T) {
	servers := []*server{{name: "irsa"}, {name: "peer"}}
	r := newReport(servers)
	for i, w := range workloads {
		for _, requests := range []int{100, 4000, 900 * (i + 1)} {
			r.add(w, servers[0], measurement{requests: requests, elapsed: time.Second})
		}
		for _, requests := range []int{1, 100, 1000} {
			r.add(w, servers[1], measurement{requests: requests, elapsed: time.Second})
		}
	}
	if worst, ok := r.worstRatio(); !ok || worst != 9 {
		t.Errorf("the worst ratio is %v, %t; want 9", worst, ok)
	}
	if _, ok := newReport(servers[:1]).worstRatio(); ok {
		t.Error("a ratio without a peer")
	}
}
