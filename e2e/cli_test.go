package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// awsCLI finds an AWS CLI that reads AWS_ENDPOINT_URL: 1.29 or 2.13, and later. It looks once: asking the CLI for its version takes as long as a call.
var awsCLI = sync.OnceValues(func() (path string, err error) {
	path, err = exec.LookPath("aws")
	if err != nil {
		return "", errors.New("no AWS CLI: install version 1.29 or 2.13, or later")
	}
	out, err := exec.Command(path, "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("aws --version: %w\n%s", err, out)
	}
	found := regexp.MustCompile(`aws-cli/(\d+)\.(\d+)`).FindSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("aws --version says %q", out)
	}
	major, _ := strconv.Atoi(string(found[1]))
	minor, _ := strconv.Atoi(string(found[2]))
	if major == 1 && minor < 29 || major == 2 && minor < 13 {
		return "", fmt.Errorf("this AWS CLI (%s) does not know AWS_ENDPOINT_URL: 1.29 or 2.13 is needed, or later", found[0])
	}
	return path, nil
})

// cli runs one command of the AWS CLI with nothing but the given variables.
func cli(t *testing.T, environment []string, arguments ...string) (output string, ok bool) {
	t.Helper()
	path, err := awsCLI()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, arguments...)
	command.Env = append(cleanEnvironment(), environment...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err == nil
}

func mustCLI(t *testing.T, environment []string, arguments ...string) string {
	t.Helper()
	output, ok := cli(t, environment, arguments...)
	if !ok {
		t.Fatalf("aws %s:\n%s", strings.Join(arguments, " "), output)
	}
	return output
}

func wantRefusal(t *testing.T, environment []string, says string, arguments ...string) {
	t.Helper()
	output, ok := cli(t, environment, arguments...)
	if ok {
		t.Errorf("aws %s succeeded:\n%s", strings.Join(arguments, " "), output)
	} else if !strings.Contains(output, says) {
		t.Errorf("aws %s said %q, want it to say %q", strings.Join(arguments, " "), output, says)
	}
}

// TestAWSCLI follows the guides with the unmodified CLI: role, policy, attachment, token, and the calls of a pod.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.asAdmin()
	files := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}

	var identity struct{ Arn string }
	decode(t, mustCLI(t, admin, "sts", "get-caller-identity", "--output", "json"), &identity)
	if want := "arn:aws:iam::" + p.account + ":root"; identity.Arn != want {
		t.Errorf("the admin is %s, want %s", identity.Arn, want)
	}
	var role struct{ Role struct{ Arn string } }
	decode(t, mustCLI(t, admin, "iam", "create-role", "--role-name", "app", "--output", "json",
		"--assume-role-policy-document", "file://"+write("trust.json", p.trust("shop", "app"))), &role)
	var managed struct{ Policy struct{ Arn string } }
	decode(t, mustCLI(t, admin, "iam", "create-policy", "--policy-name", "app-reports", "--output", "json",
		"--policy-document", "file://"+write("policy.json", readWrite("shop", "reports/"))), &managed)
	mustCLI(t, admin, "iam", "attach-role-policy", "--role-name", "app", "--policy-arn", managed.Policy.Arn)
	mustCLI(t, admin, "s3", "mb", "s3://shop")

	pod := p.asPod(t, role.Role.Arn, p.token(t, "shop", "app"))
	decode(t, mustCLI(t, pod, "sts", "get-caller-identity", "--output", "json"), &identity)
	if want := "arn:aws:sts::" + p.account + ":assumed-role/app/e2e"; identity.Arn != want {
		t.Errorf("the pod is %s, want %s", identity.Arn, want)
	}

	content := strings.Repeat("quarter by quarter\n", 1000)
	source := write("report.txt", content)
	mustCLI(t, pod, "s3", "cp", source, "s3://shop/reports/q1.txt")
	if listing := mustCLI(t, pod, "s3", "ls", "s3://shop/reports/"); !strings.Contains(listing, "q1.txt") {
		t.Errorf("the listing is %q", listing)
	}
	back := filepath.Join(files, "back.txt")
	mustCLI(t, pod, "s3", "cp", "s3://shop/reports/q1.txt", back)
	if got, _ := os.ReadFile(back); string(got) != content {
		t.Errorf("read back %d bytes, wrote %d", len(got), len(content))
	}

	caller := "User: arn:aws:sts::" + p.account + ":assumed-role/app/e2e is not authorized to perform: "
	wantRefusal(t, pod, "(AccessDenied)", "s3", "cp", source, "s3://shop/payroll/q1.txt")
	wantRefusal(t, pod, caller+`s3:PutObject on resource: "arn:aws:s3:::shop/payroll/q1.txt" because no identity-based policy allows the s3:PutObject action`,
		"s3", "cp", source, "s3://shop/payroll/q1.txt")
	wantRefusal(t, pod, "because no identity-based policy allows the s3:ListBucket action", "s3", "ls", "s3://shop/payroll/")
	wantRefusal(t, pod, "because no identity-based policy allows the s3:ListAllMyBuckets action", "s3", "ls")
	wantRefusal(t, pod, "because no identity-based policy allows the iam:CreateRole action", "iam", "create-role", "--role-name", "other",
		"--assume-role-policy-document", "file://"+filepath.Join(files, "trust.json"))
	// A download asks with HEAD first, and a HEAD's refusal has no body, as on AWS.
	wantRefusal(t, pod, "(403)", "s3", "cp", "s3://shop/payroll/q1.txt", back)
	mustCLI(t, pod, "s3", "rm", "s3://shop/reports/q1.txt")
	wantRefusal(t, pod, "because no identity-based policy allows the s3:DeleteObject action", "s3", "rm", "s3://shop/payroll/q1.txt")

	// Two parts and a copy on the server's side: what `aws s3` does with files above 8 MiB.
	large := filepath.Join(files, "large.bin")
	if err := os.WriteFile(large, bytes.Repeat([]byte("0123456789abcdef"), 9<<20/16), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCLI(t, pod, "s3", "cp", large, "s3://shop/reports/large.bin")
	mustCLI(t, pod, "s3", "cp", "s3://shop/reports/large.bin", "s3://shop/reports/copy.bin")
	mustCLI(t, pod, "s3", "cp", "s3://shop/reports/copy.bin", back)
	wantSame(t, large, back)

	wantRefusal(t, p.asPod(t, role.Role.Arn, p.token(t, "staging", "app")),
		"An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity",
		"sts", "get-caller-identity")
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decoding %q: %v", text, err)
	}
}

func wantSame(t *testing.T, a, b string) {
	t.Helper()
	first, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("%s and %s differ (%d and %d bytes)", filepath.Base(a), filepath.Base(b), len(first), len(second))
	}
}
