package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runJavaScript runs a script of javascript/ with the SDK's modules, and returns what it prints.
func runJavaScript(t *testing.T, name string, environment []string, input any) string {
	t.Helper()
	modules := os.Getenv("OPENIRSA_NODE_MODULES")
	if modules == "" {
		t.Fatal("OPENIRSA_NODE_MODULES is not set: run these tests with `make e2e`")
	}
	folder := t.TempDir()
	script, err := os.ReadFile(filepath.Join("javascript", name))
	if err != nil {
		t.Fatal(err)
	}
	// Node resolves modules from the script's folder upwards, and knows a module by its suffix.
	file := filepath.Join(folder, strings.TrimSuffix(name, ".js")+".mjs")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", file)
	command.Env = append(cleanEnvironment(), environment...)
	command.Stdin = bytes.NewReader(text)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, &out, &errOut)
	}
	return out.String()
}

// TestJavaScriptSDK walks the path with the AWS SDK for JavaScript v3: javascript/path.js makes the calls and prints what it saw.
func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	out := runJavaScript(t, "path.js", p.asAdmin(), map[string]string{
		"trust": p.trust("shop", "app"), "permissions": readWrite("shop", "reports/"),
		"token": p.token(t, "shop", "app"), "otherToken": p.token(t, "staging", "app"), "expiredToken": p.token(t, "shop", "app", "--expires-in", "-1h"),
	})
	var saw map[string]struct {
		Value, Name, Message string
		Status               int
	}
	decode(t, out, &saw)
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
