// Package e2e runs the built binary as a user would and talks to it with the real AWS CLI and SDKs. It imports nothing of the
// product: what it expects comes from AWS's documents and from the clients' own behaviour.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// binary is the irsa under test; scripts/e2e builds it.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OPENIRSA_BINARY")
	if path == "" {
		t.Fatal("OPENIRSA_BINARY is not set: run these tests with `make e2e`")
	}
	return path
}

// plane is one running `irsa up`, or `irsa serve`.
type plane struct {
	folder   string
	endpoint string
	ops      string
	account  string
	issuer   string
	command  *exec.Cmd
	stderr   *bytes.Buffer
	admin    map[string]string // the variables of admin.env
	client   http.Client       // for what no SDK does
}

// start runs `irsa up` on free ports with its state in folder, and stops it when the test ends.
func start(t testing.TB, folder string, arguments ...string) *plane {
	t.Helper()
	return startWith(t, nil, folder, arguments...)
}

// startWith is start with more environment variables.
func startWith(t testing.TB, environment []string, folder string, arguments ...string) *plane {
	t.Helper()
	p := &plane{folder: folder}
	p.launch(t, environment, append([]string{"up", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", folder}, arguments...)...)
	p.admin = readEnv(t, filepath.Join(folder, "admin.env"))
	return p
}

// launch runs a plane, waits until it says where it is, and stops it when the test ends.
func (p *plane) launch(t testing.TB, environment []string, arguments ...string) {
	t.Helper()
	p.command, p.stderr = exec.Command(binary(t), append(arguments, "--output", "json")...), &bytes.Buffer{}
	p.command.Env = append(cleanEnvironment(), environment...)
	p.command.Stderr = p.stderr
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.command.ProcessState == nil {
			p.command.Process.Kill()
			p.command.Wait()
		}
		if t.Failed() {
			t.Logf("stderr of irsa %s:\n%s", arguments[0], p.stderr)
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		p.command.Wait()
		t.Fatalf("irsa %s said nothing: %v\n%s", arguments[0], err, p.stderr)
	}
	var greeting struct{ Endpoint, Ops, Account, Issuer string }
	if err := json.Unmarshal(line, &greeting); err != nil {
		t.Fatalf("irsa %s said %q: %v", arguments[0], line, err)
	}
	p.endpoint, p.ops, p.account, p.issuer = greeting.Endpoint, greeting.Ops, greeting.Account, greeting.Issuer
	response, err := http.Get(p.ops + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("/readyz answered %s", response.Status)
	}
}

// readEnv reads a file of `export NAME=value` lines, and insists on its mode.
func readEnv(t testing.TB, path string) map[string]string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v, want 0600", filepath.Base(path), info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !ok {
			t.Fatalf("admin.env has the line %q", line)
		}
		variables[name] = value
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		if variables[name] == "" {
			t.Errorf("admin.env does not set %s", name)
		}
	}
	return variables
}

// stop ends the plane with SIGTERM, which must drain and exit 0.
func (p *plane) stop(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Fatalf("after SIGTERM: %v\n%s", err, p.stderr)
	}
}

// kill ends the plane as a power cut of the process would.
func (p *plane) kill(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.command.Wait(); !errors.As(err, &exit) {
		t.Fatalf("after SIGKILL: %v", err)
	}
}

// irsa runs the binary and returns its streams and exit code.
func irsa(t testing.TB, environment []string, stdin io.Reader, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.Command(binary(t), arguments...)
	command.Env = append(cleanEnvironment(), environment...)
	command.Stdin = stdin
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), command.ProcessState.ExitCode()
}

// token mints a token of the embedded issuer for namespace and service account.
func (p *plane) token(t testing.TB, namespace, serviceAccount string, more ...string) string {
	t.Helper()
	out, errOut, code := irsa(t, nil, nil, append([]string{"token", "--namespace", namespace, "--service-account", serviceAccount, "--data", p.folder}, more...)...)
	if code != 0 {
		t.Fatalf("irsa token: exit %d\n%s", code, errOut)
	}
	return out // as it is: into a file it goes without a line's end
}

// cleanEnvironment is this process's, without anything that would steer an AWS client.
func cleanEnvironment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") {
			kept = append(kept, variable)
		}
	}
	// A metadata service must never be asked, and no file of the user's may take part.
	return append(kept, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
}

// asAdmin are the variables of admin.env, for a child process.
func (p *plane) asAdmin() []string {
	var variables []string
	for name, value := range p.admin {
		variables = append(variables, name+"="+value)
	}
	return variables
}

// asPod are the variables that the admission webhook gives a pod, with token in a file.
func (p *plane) asPod(t testing.TB, roleARN, token string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"HOME=" + t.TempDir(), // the CLI caches sessions there, by role and session name
		"AWS_ROLE_ARN=" + roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file, "AWS_ROLE_SESSION_NAME=e2e",
		"AWS_ENDPOINT_URL=" + p.endpoint, "AWS_REGION=" + p.admin["AWS_REGION"], "AWS_DEFAULT_REGION=" + p.admin["AWS_REGION"],
	}
}
