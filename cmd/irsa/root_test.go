package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/iam"
)

// as sets the environment of the AWS SDK: this plane, this key, and nothing of the machine's.
func (s *served) as(t *testing.T, key iam.AccessKey) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": s.endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": key.Secret, "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(name, value)
	}
}

// irsa runs a command in this process.
func irsa(arguments ...string) (stdout, stderr string, code int) {
	var out, errOut bytes.Buffer
	code = run(arguments, environment{stdin: strings.NewReader(""), stdout: &out, stderr: &errOut, getenv: os.Getenv})
	return out.String(), errOut.String(), code
}

// newKey reads what a command printed of a key.
func newKey(t *testing.T, stdout string) iam.AccessKey {
	t.Helper()
	var key rootKey
	if err := json.Unmarshal([]byte(stdout), &key); err != nil || key.Account != serveAccount {
		t.Fatalf("the command printed %q", stdout)
	}
	return iam.AccessKey{ID: key.AccessKeyID, Secret: key.SecretAccessKey, Account: key.Account}
}

// TestRootCommands: rotated online, disabled, brought back offline, as docs/serve.md says.
func TestRootCommands(t *testing.T) {
	folder := t.TempDir()
	first := newRootFiles(t, folder)
	const lines = "tls: {plaintext: loopback}\ndrain: {delay: 0s}\n"
	s := startServe(t, folder, first, lines)
	s.as(t, first)
	out, errOut, code := irsa("root", "rotate", "--output", "json")
	if code != 0 {
		t.Fatalf("rotate: exit %d\n%s", code, errOut)
	}
	second := newKey(t, out)
	if s.identity(first) != "" || s.identity(second) == "" {
		t.Error("the old key goes on, or the new one is none")
	}
	if strings.Contains(errOut, second.Secret) {
		t.Error("the secret is on stderr")
	}
	if _, errOut, code = irsa("root", "rotate"); code != exitFailed || !strings.Contains(errOut, "InvalidClientTokenId") {
		t.Errorf("rotate with the old key: exit %d\n%s", code, errOut)
	}

	s.as(t, second)
	if _, errOut, code = irsa("root", "disable"); code != exitFailed || !strings.Contains(errOut, "nobody of the account") || !strings.Contains(errOut, "--yes") {
		t.Errorf("disable without --yes: exit %d\n%s", code, errOut)
	}
	if s.identity(second) == "" {
		t.Fatal("the root was disabled without --yes")
	}
	if _, errOut, code = irsa("root", "rotate", "--data", filepath.Join(folder, "data")); code != exitFailed || !strings.Contains(errOut, "another process has it open") {
		t.Errorf("rotate the folder of a running plane: exit %d\n%s", code, errOut)
	}
	if _, errOut, code = irsa("root", "disable", "--yes"); code != 0 {
		t.Fatalf("disable: exit %d\n%s", code, errOut)
	}
	if s.identity(second) != "" {
		t.Error("the root's key goes on")
	}
	check(t, s.stop())

	s = startServe(t, folder, first, lines) // goes on without a root
	if s.identity(first) != "" || s.identity(second) != "" {
		t.Error("a start brought the root back")
	}
	check(t, s.stop())
	out, errOut, code = irsa("root", "rotate", "--config", filepath.Join(folder, "openirsa.yaml"), "--output", "json")
	if code != 0 {
		t.Fatalf("rotate the folder: exit %d\n%s", code, errOut)
	}
	third := newKey(t, out)
	s = startServe(t, folder, first, lines)
	if s.identity(first) != "" || s.identity(second) != "" || s.identity(third) == "" {
		t.Error("the root does not have the one new key")
	}
}

// TestRootAdministrators: before the root ends, those are named who can still change what roles may do, and a key beside the one in use is not ended unseen.
func TestRootAdministrators(t *testing.T) {
	folder := t.TempDir()
	first := newRootFiles(t, folder)
	s := startServe(t, folder, first, "tls: {plaintext: loopback}\ndrain: {delay: 0s}\n")
	s.as(t, first)
	p := cloudClient(t)
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}`
	for role, document := range map[string]string{
		"Admin":   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		"Reader":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}]}`,
		"OfOne":   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::111122223333:role/x"}]}`,
		"Bounded": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:Put*","Resource":"*"}]}`,
	} {
		_, err := p.CreateRole(t.Context(), role, trust)
		check(t, err)
		check(t, p.PutRolePolicy(t.Context(), role, "p", document))
	}
	_, errOut, code := irsa("root", "disable")
	if code != exitFailed || !strings.Contains(errOut, "can still change what roles may do:\n  arn:aws:iam::111122223333:role/Admin\n") {
		t.Errorf("disable: exit %d\n%s", code, errOut)
	}
	other, err := p.CreateOwnAccessKey(t.Context())
	check(t, err)
	if _, errOut, code := irsa("root", "rotate"); code != exitFailed || !strings.Contains(errOut, other.ID) {
		t.Errorf("rotate with another key: exit %d\n%s", code, errOut)
	}
	if s.identity(first) == "" || s.identity(iam.AccessKey{ID: other.ID, Secret: other.Secret}) == "" {
		t.Error("a refused rotation ended a key")
	}
}

// TestRootNeverAtAWS: without an endpoint the commands would work on a real account's root.
func TestRootNeverAtAWS(t *testing.T) {
	s := &served{}
	s.as(t, iam.AccessKey{ID: "AKIDEXAMPLE", Secret: "secret"})
	t.Setenv("AWS_ENDPOINT_URL", "")
	for _, arguments := range [][]string{{"root", "rotate"}, {"root", "disable", "--yes"}} {
		if _, errOut, code := irsa(arguments...); code != exitFailed || !strings.Contains(errOut, "no endpoint is configured") {
			t.Errorf("%v: exit %d\n%s", arguments, code, errOut)
		}
	}
}

func cloudClient(t *testing.T) *cloud.Client {
	t.Helper()
	client, err := cloud.New(t.Context(), cloud.Config{})
	check(t, err)
	return client
}
