package main

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/iam"
)

const serveAccount = "111122223333"

// newRootFiles writes a new root key's secret into folder/secret and returns the key.
func newRootFiles(t testing.TB, folder string) iam.AccessKey {
	t.Helper()
	key, err := iam.NewAccessKey(rand.Reader, serveAccount)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(folder, "secret"), []byte(key.Secret+"\n"), 0o600))
	return key
}

// TestServeFile reads a file with every member, as docs/serve.md has them.
func TestServeFile(t *testing.T) {
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	path := filepath.Join(folder, "openirsa.yaml")
	check(t, os.WriteFile(path, []byte(`
listen: 0.0.0.0:8443
ops: "[::1]:8080"
data: state
masterKeyFile: /run/secrets/master/key
account: "111122223333"
region: eu-central-1
tls:
  own:
    names: [openirsa.openirsa.svc, "*.example.internal", 10.0.0.7]
    lifetime: 720h
    authorityLifetime: 8760h
root:
  accessKeyId: `+key.ID+`
  secretAccessKeyFile: secret
issuers:
  allow: [10.0.0.0/8, idp.example.internal]
  maxStale: 1h
trail: {sync: true, fileSize: 16MiB, files: 4, queue: 100, whenFull: drop}
logging: {level: warn}
drain: {delay: 10s, timeout: 1m}
gateway:
  trustedProxies: [10.0.0.0/8]
  services:
    s3: {url: "https://minio.example.internal"}
`), 0o600))
	f, err := readServeFile(path, nil)
	check(t, err)
	if f.listen != "0.0.0.0:8443" || f.ops != "[::1]:8080" || string(f.data) != filepath.Join(folder, "state") || f.masterKey != "/run/secrets/master/key" {
		t.Errorf("read %+v", f)
	}
	if f.account != serveAccount || f.region != "eu-central-1" || f.root.AccessKeyID != key.ID || f.root.SecretAccessKey != key.Secret {
		t.Errorf("read account %s, region %s, root %s", f.account, f.region, f.root.AccessKeyID)
	}
	if s := f.tls; !slices.Equal(s.names, []string{"openirsa.openirsa.svc", "*.example.internal", "10.0.0.7"}) || s.lifetime != 720*time.Hour || s.authorityLifetime != 8760*time.Hour {
		t.Errorf("read tls %+v", s)
	}
	if f.maxStale != time.Hour || len(f.allow) != 2 || f.level != slog.LevelWarn || f.delay != 10*time.Second || f.timeout != time.Minute {
		t.Errorf("read %+v", f)
	}
	if c := f.planeConfig(nil).State.Trail; !c.Sync || !c.Drop || c.MaxFileSize != 16<<20 || c.MaxFiles != 4 || c.Queue != 100 {
		t.Errorf("read trail %+v", c)
	}
	if len(f.gateway.proxies) != 1 || f.gateway.services["s3"].upstream.URL == "" {
		t.Errorf("read gateway %+v", f.gateway)
	}

	check(t, os.WriteFile(path, []byte("data: /d\ntls: {certificateFile: tls.crt, keyFile: tls.key}\n"), 0o600))
	if f, err = readServeFile(path, nil); err != nil || f.listen != ":8443" || f.ops != ":8080" || f.delay != 5*time.Second || f.timeout != 20*time.Second ||
		f.maxStale != 24*time.Hour || f.level != slog.LevelInfo || f.tls.certificate != filepath.Join(folder, "tls.crt") {
		t.Errorf("read %+v, %v", f, err)
	}
}

// TestServeFileRefuses: what is not understood is refused, at its place. No error tells a secret.
func TestServeFileRefuses(t *testing.T) {
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	check(t, os.WriteFile(filepath.Join(folder, "short"), []byte("hunter2"), 0o600))
	path := filepath.Join(folder, "openirsa.yaml")
	const minimal = "data: d\ntls: {own: {names: [a]}}\n" // two lines
	for _, c := range []struct {
		content      string
		line, column int
		message      string
	}{
		{"tls: {own: {names: [a]}}", 1, 1, "data is missing"},
		{"data: d", 1, 1, "tls is missing"},
		{"data: ''\ntls: {own: {names: [a]}}", 1, 7, "a path is expected"},
		{minimal + "lisen: x", 3, 1, `unknown field "lisen"`},
		{minimal + "webhook: {}", 3, 10, "flags is missing"},
		{minimal + "webhook: {port: 1}", 3, 11, `unknown field "port"`},
		{minimal + "webhook: {flags: [port=1]}", 3, 19, "is not a flag of irsa webhook"},
		{minimal + "webhook: {flags: [--prot=1]}", 3, 19, "unknown flag: --prot"},
		{minimal + "webhook: {flags: [--advise]}", 3, 18, "have no place here"},
		{minimal + "listen: 8443", 3, 9, "is not HOST:PORT"},
		{minimal + "data: e", 3, 1, "twice"},
		{minimal + "account: 12", 3, 10, "12 digits"},
		{minimal + "region: EU", 3, 9, "is not a region"},
		{"data: d\ntls: {}", 2, 6, "exactly one of"},
		{"data: d\ntls: {own: {names: [a]}, plaintext: loopback}", 2, 6, "exactly one of"},
		{"data: d\ntls: {certificateFile: a}", 2, 6, "come together"},
		{"data: d\ntls: {own: {lifetime: 1h}}", 2, 12, "names are missing"},
		{"data: d\ntls: {own: {names: [\"a b\"]}}", 2, 21, "neither a DNS name nor an IP address"},
		{"data: d\ntls: {own: {names: [a], lifetime: 10}}", 2, 35, "is not a time"},
		{"data: d\ntls: {own: {names: [a], lifetime: 2h, authorityLifetime: 1h}}", 2, 12, "below that of its certificates"},
		{"data: d\ntls: {plaintext: yes}", 2, 18, "neither loopback nor behind-proxy"},
		{"data: d\ntls: {plaintext: loopback}", 2, 6, "listen is :8443"},
		{"data: d\nlisten: 0.0.0.0:80\ntls: {plaintext: loopback}", 3, 6, "say plaintext: behind-proxy"},
		{minimal + "root: {accessKeyId: a, secretAccessKeyFile: secret}", 3, 7, "account is missing"},
		{minimal + "account: \"111122223333\"\nroot: {accessKeyId: AKIA, secretAccessKeyFile: secret}", 4, 7, "is not an access key id"},
		{minimal + "account: \"444455556666\"\nroot: {accessKeyId: " + key.ID + ", secretAccessKeyFile: secret}", 4, 7, "of account 111122223333, not of 444455556666"},
		{minimal + "account: \"111122223333\"\nroot: {accessKeyId: " + key.ID + ", secretAccessKeyFile: short}", 4, 7, "printable characters"},
		{minimal + "account: \"111122223333\"\nroot: {accessKeyId: a, secretAccessKey: hunter2}", 4, 24, "unknown field"},
		{minimal + "root: {accessKeyId: a, secretAccessKeyFile: none}", 3, 45, "no such file"},
		{minimal + "issuers: {allow: [\"10.0.0.0/99\"]}", 3, 19, "10.0.0.0/99"},
		{minimal + "issuers: {maxStale: 1}", 3, 21, "is not a time"},
		{minimal + "trail: {sync: yes}", 3, 15, "neither true nor false"},
		{minimal + "trail: {files: 1}", 3, 16, "is not a number from 2"},
		{minimal + "trail: {fileSize: 1KiB}", 3, 19, "at least 1MiB"},
		{minimal + "trail: {whenFull: wait}", 3, 19, "neither block nor drop"},
		{minimal + "logging: {level: INFO}", 3, 18, "is none of"},
		{minimal + "drain: {delay: -1s}", 3, 16, "is not a time"},
		{minimal + "gateway: {services: {ec2: {urll: x}}}", 3, 28, `unknown field "urll"`},
		{"- data", 1, 1, "a mapping"},
		{"data: d\n---\ndata: d", 1, 1, "more than one document"},
	} {
		check(t, os.WriteFile(path, []byte(c.content), 0o600))
		_, err := readServeFile(path, nil)
		var told *commandError
		if !errors.As(err, &told) || told.File != path || told.Line != c.line || told.Column != c.column || !strings.Contains(told.Err.Error(), c.message) || told.Hint == "" {
			t.Errorf("%q: %v, want %d:%d %s", c.content, err, c.line, c.column, c.message)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), key.Secret) {
			t.Errorf("%q: %v tells a secret", c.content, err)
		}
	}
	check(t, os.WriteFile(path, []byte("# nothing\n"), 0o600))
	if _, err := readServeFile(path, nil); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty file: %v", err)
	}
}

func FuzzServeFile(f *testing.F) {
	f.Add("data: d\ntls: {own: {names: [a]}}\ntrail: {sync: true}\n")
	f.Add("data: d\nlisten: 127.0.0.1:0\ntls: {plaintext: loopback}\nissuers: {allow: [10.0.0.0/8]}\ndrain: {delay: 1s}")
	f.Fuzz(func(t *testing.T, content string) {
		r := serveReader{fileReader{folder: "/nowhere", getenv: func(string) string { return "x" }}}
		file := newServeFile()
		err := readYAML([]byte(content), func(n *yaml.Node) error { return r.document(file, n) })
		if complaint := (*positioned)(nil); err != nil && !errors.As(err, &complaint) {
			t.Errorf("an error without a position: %v", err)
		}
		if err == nil && file.data != "" && file.tls.plaintext == plaintextLoopback && !isLoopback(file.listen) {
			t.Errorf("plaintext on %s", file.listen)
		}
	})
}
