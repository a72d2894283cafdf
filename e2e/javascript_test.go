package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestJavaScriptSDK walks the path with the AWS SDK for JavaScript v3: javascript/path.js makes the calls and prints what it saw.
func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	modules := os.Getenv("OPENIRSA_NODE_MODULES")
	if modules == "" {
		t.Fatal("OPENIRSA_NODE_MODULES is not set: run these tests with `make e2e`")
	}
	p := start(t, t.TempDir())
	folder := t.TempDir()
	script, err := os.ReadFile("javascript/path.js")
	if err != nil {
		t.Fatal(err)
	}
	// Node resolves modules from the script's folder upwards.
	if err := os.WriteFile(filepath.Join(folder, "path.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]string{
		"trust": p.trust("shop", "app"), "permissions": readWrite("shop", "reports/"),
		"token": p.token(t, "shop", "app"), "otherToken": p.token(t, "staging", "app"), "expiredToken": p.token(t, "shop", "app", "--expires-in", "-1h"),
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "path.mjs"))
	command.Env = append(cleanEnvironment(), p.asAdmin()...)
	command.Stdin = bytes.NewReader(input)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, &out, &errOut)
	}
	var saw map[string]struct {
		Value, Name, Message string
		Status               int
	}
	if err := json.Unmarshal(out.Bytes(), &saw); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	session := "arn:aws:sts::" + p.account + ":assumed-role/app/javascript"
	denied := "User: " + session + ` is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::shop/payroll/q1" because no identity-based policy allows the s3:PutObject action`
	for _, c := range []struct {
		step, value, name, message string
		status                     int
	}{
		{step: "caller", value: session},
		{step: "put"}, {step: "get", value: "figures"}, {step: "multipart"}, {step: "list", value: "reports/multi,reports/q1"}, {step: "delete"},
		{step: "presigned", value: "figures"},
		{step: "denied", name: "AccessDenied", message: denied, status: 403},
		{step: "deniedRole", name: "AccessDenied", status: 403},
		{step: "otherNamespace", name: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", status: 403},
		{step: "expired", name: "ExpiredTokenException", status: 400},
		{step: "noSuchRole", name: "NoSuchEntityException", message: "The role with name nobody cannot be found.", status: 404},
	} {
		got, there := saw[c.step]
		if !there || got.Value != c.value || got.Name != c.name || got.Status != c.status || c.message != "" && got.Message != c.message {
			t.Errorf("%s: got %+v, want %+v", c.step, got, c)
		}
	}
}
