package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openirsa/openirsa/certificate"
	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/iam"
)

// served is an `irsa serve` in this process.
type served struct {
	t             testing.TB
	folder        string
	endpoint, ops string
	key           iam.AccessKey
	log           *safeBuffer
	stop          func() error // as SIGTERM; waits for the end
	end           context.CancelFunc
	ended         chan error
}

// safeBuffer takes a log that others write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// startServe serves on folder with a configuration that ends in these lines, and waits until it does.
func startServe(t testing.TB, folder string, key iam.AccessKey, lines string) *served {
	t.Helper()
	path := filepath.Join(folder, "openirsa.yaml")
	check(t, os.WriteFile(path, fmt.Appendf(nil, "listen: 127.0.0.1:0\nops: 127.0.0.1:0\ndata: data\naccount: %q\nroot: {accessKeyId: %s, secretAccessKeyFile: secret}\n%s",
		serveAccount, key.ID, lines), 0o600))
	file, err := readServeFile(path, os.Getenv)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s := &served{t: t, folder: folder, key: key, log: &safeBuffer{}, end: cancel, ended: make(chan error, 1)}
	reader, writer := io.Pipe()
	go func() {
		err := runServe(ctx, environment{stdout: writer, stderr: s.log, getenv: os.Getenv}, outputJSON, file)
		writer.CloseWithError(errors.Join(err, io.EOF))
		s.ended <- err
	}()
	var greeting struct{ Endpoint, Ops, Account, CABundle string }
	if err := json.NewDecoder(reader).Decode(&greeting); err != nil {
		t.Fatalf("serve: %v\n%s", err, s.log)
	}
	go io.Copy(io.Discard, reader)
	s.endpoint, s.ops = greeting.Endpoint, greeting.Ops
	s.stop = sync.OnceValue(func() error { cancel(); return <-s.ended })
	t.Cleanup(func() { s.stop() })
	return s
}

// get answers a GET of the ops port.
func (s *served) get(path string) (status int, body string) {
	s.t.Helper()
	response, err := http.Get(s.ops + path)
	check(s.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	check(s.t, err)
	return response.StatusCode, string(content)
}

func pool(t testing.TB, bundle string) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM([]byte(bundle)) {
		t.Fatalf("no certificate in %q", bundle)
	}
	return p
}

// dial makes a TLS connection, reads what the server says to a request, so that session tickets have come, and tells of it.
func (s *served) dial(config *tls.Config) (tls.ConnectionState, error) {
	connection, err := tls.Dial("tcp", strings.TrimPrefix(s.endpoint, "https://"), config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if _, err := io.ReadAll(connection); err != nil {
		return tls.ConnectionState{}, err
	}
	return connection.ConnectionState(), nil
}

// TestServeOwnCertificate: clients that trust ca.crt reach the plane over TLS 1.2 and 1.3, resume their sessions, and after a restart trust it still.
func TestServeOwnCertificate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	const lines = "tls: {own: {names: [localhost, 127.0.0.1]}}\ndrain: {delay: 0s}\n"
	s := startServe(t, folder, key, lines)
	_, bundle := s.get("/ca.crt")
	written, err := os.ReadFile(filepath.Join(folder, "data", "ca.crt"))
	check(t, err)
	if bundle != string(written) {
		t.Error("the ops port and the folder have different bundles")
	}
	roots := pool(t, bundle)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		for i := range 3 {
			state, err := s.dial(config)
			check(t, err)
			if state.DidResume != (i > 0) {
				t.Errorf("%s: connection %d resumed: %v", tls.VersionName(version), i, state.DidResume)
			}
			if leaf := state.PeerCertificates[0]; leaf.PublicKeyAlgorithm != x509.ECDSA {
				t.Errorf("the certificate's key is %s", leaf.PublicKeyAlgorithm)
			}
		}
	}
	if _, err := s.dial(&tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := s.dial(&tls.Config{RootCAs: roots, ServerName: "elsewhere.example"}); err == nil {
		t.Error("the certificate is for every name")
	}
	if response, err := http.Get("http" + strings.TrimPrefix(s.endpoint, "https")); err == nil && response.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP: %s", response.Status)
	}
	check(t, s.stop())
	s = startServe(t, folder, key, lines)
	if _, err := s.dial(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

// TestServeReloads: files that are replaced are shown without a restart; a pair that does not fit is not; sessions from before are resumed.
func TestServeReloads(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	authority, err := certificate.NewAuthority(time.Now(), time.Hour)
	check(t, err)
	put := func(name string) {
		t.Helper()
		pair, err := authority.Issue([]string{name}, time.Now(), time.Hour)
		check(t, err)
		cert, private := pemOf(t, pair)
		check(t, os.WriteFile(filepath.Join(folder, "tls.crt"), cert, 0o600))
		check(t, os.WriteFile(filepath.Join(folder, "tls.key"), private, 0o600))
	}
	put("first.example")
	s := startServe(t, folder, key, "tls: {certificateFile: tls.crt, keyFile: tls.key}\ndrain: {delay: 0s}\n")
	if status, _ := s.get("/ca.crt"); status != http.StatusNotFound {
		t.Errorf("/ca.crt of files: %d", status)
	}
	roots := pool(t, string(authority.Bundle()))
	first := &tls.Config{RootCAs: roots, ServerName: "first.example", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	_, err = s.dial(first)
	check(t, err)
	put("second.example")
	second := &tls.Config{RootCAs: roots, ServerName: "second.example"}
	waitFor(t, "the new certificate", func() bool { _, err := s.dial(second); return err == nil })
	if state, err := s.dial(first); err != nil || !state.DidResume {
		t.Errorf("a session from before: resumed %v, %v", state.DidResume, err)
	}
	if _, err := s.dial(&tls.Config{RootCAs: roots, ServerName: "first.example"}); err == nil {
		t.Error("the old certificate is still shown")
	}
}

// TestServeBootstrap: the first start takes the configured root key; a later one with another key changes nothing and says so; no secret is logged.
func TestServeBootstrap(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	const lines = "tls: {plaintext: loopback}\ndrain: {delay: 0s}\nlogging: {level: debug}\n"
	s := startServe(t, folder, key, lines)
	if arn := s.identity(key); arn != "arn:aws:iam::"+serveAccount+":root" {
		t.Errorf("the key is %s's", arn)
	}
	check(t, s.stop())
	for _, name := range []string{"admin.env", "admin.sock"} {
		if _, err := os.Stat(filepath.Join(folder, "data", name)); err == nil {
			t.Errorf("serve makes %s", name)
		}
	}
	other := newRootFiles(t, folder)
	again := startServe(t, folder, other, lines)
	if again.identity(key) == "" || again.identity(other) != "" {
		t.Error("a later start changed the root's key")
	}
	if !strings.Contains(again.log.String(), "is not the root's") {
		t.Errorf("the log does not say that the key is another:\n%s", again.log)
	}
	check(t, again.stop())
	for line := range strings.Lines(s.log.String() + again.log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		if strings.Contains(line, key.Secret) || strings.Contains(line, other.Secret) {
			t.Error("the log has a secret")
		}
	}
}

// identity is who the plane says that a key is; "" if it does not know it.
func (s *served) identity(key iam.AccessKey) string {
	s.t.Helper()
	client, err := cloud.New(s.t.Context(), cloud.Config{Endpoint: s.endpoint, Region: "us-east-1", MaxAttempts: 1,
		Credentials: cloud.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}})
	check(s.t, err)
	arn, err := client.CallerIdentity(s.t.Context())
	if refusal := (*cloud.Error)(nil); err != nil && !errors.As(err, &refusal) {
		s.t.Fatal(err)
	}
	return arn
}

// TestServeDrains: readiness fails first, requests are still taken during the delay and what is in flight ends; health answers to the end.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := startServe(t, folder, newRootFiles(t, folder), "tls: {plaintext: loopback}\ndrain: {delay: 1s, timeout: 10s}\n")
	if status, body := s.get("/readyz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/readyz: %d %s", status, body)
	}
	slow, err := net.Dial("tcp", strings.TrimPrefix(s.endpoint, "http://"))
	check(t, err)
	defer slow.Close()
	fmt.Fprint(slow, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nAct")
	s.end()
	waitFor(t, "readiness to fail", func() bool { status, _ := s.get("/readyz"); return status == http.StatusServiceUnavailable })
	if status, _ := s.get("/livez"); status != http.StatusOK {
		t.Errorf("/livez while draining: %d", status)
	}
	if s.identity(s.key) == "" {
		t.Error("a request during the delay was refused")
	}
	waitFor(t, "the port to close", func() bool {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.endpoint, "http://"))
		if err == nil {
			connection.Close()
		}
		return err != nil
	})
	if status, _ := s.get("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz with a request in flight: %d", status)
	}
	fmt.Fprint(slow, "ion")
	answer, err := io.ReadAll(slow)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
		t.Errorf("the request in flight: %q, %v", answer, err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("the end: %v", err)
	}
	s.ended <- nil // for the clean-up
}

// TestFolderKinds: a folder with an issuer and one without are not each other's.
func TestFolderKinds(t *testing.T) {
	open := func(dir string, kind issuerKind) error {
		s, err := openState(t.Context(), stateConfig{Folder: folder(dir), Issuer: kind})
		if err != nil {
			return err
		}
		return s.Close()
	}
	up, serve := t.TempDir(), t.TempDir()
	check(t, open(up, embeddedIssuer))
	check(t, open(serve, noIssuer))
	check(t, open(up, anyIssuer))
	check(t, open(serve, anyIssuer))
	if err := open(up, noIssuer); err == nil || !strings.Contains(err.Error(), "made by `irsa up`") {
		t.Errorf("serve on a folder of up: %v", err)
	}
	if err := open(serve, embeddedIssuer); err == nil || !strings.Contains(err.Error(), "made by `irsa serve`") {
		t.Errorf("up on a folder of serve: %v", err)
	}
}

// waitFor asks until it is so.
func waitFor(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestServeMasterKey: with a key that is kept elsewhere the folder has none, and without that key it opens for nobody.
func TestServeMasterKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	put := func(fill byte) {
		t.Helper()
		secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32))
		check(t, os.WriteFile(filepath.Join(folder, "mounted"), []byte(secret), 0o440))
	}
	put('k')
	const lines = "masterKeyFile: mounted\ntls: {plaintext: loopback}\ndrain: {delay: 0s}\n"
	check(t, startServe(t, folder, key, lines).stop())
	if _, err := os.Stat(filepath.Join(folder, "data", "master.key")); err == nil {
		t.Error("the folder has a master key of its own")
	}
	check(t, os.Remove(filepath.Join(folder, "mounted")))
	put('x')
	file, err := readServeFile(filepath.Join(folder, "openirsa.yaml"), nil)
	check(t, err)
	err = runServe(t.Context(), environment{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv}, outputText, file)
	if told := (*commandError)(nil); !errors.As(err, &told) || !strings.Contains(told.Hint, "restore the master key") {
		t.Errorf("with another key: %v", err)
	}
	check(t, os.Remove(filepath.Join(folder, "mounted")))
	put('k')
	if startServe(t, folder, key, lines).identity(key) == "" {
		t.Error("the key brings nothing back")
	}
}

// TestServeGreeting: what serve prints of itself is JSON in folders of any name.
func TestServeGreeting(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "a\abell")
	check(t, os.Mkdir(folder, 0o700))
	s := startServe(t, folder, newRootFiles(t, folder), "tls: {own: {names: [localhost]}}\ndrain: {delay: 0s}\n") // reads it
	check(t, s.stop())
}
