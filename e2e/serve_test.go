package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

const serveAccount = "111122223333"

// startServe runs `irsa serve` with its state in folder, a certificate of its own, and the root key that is in folder/root.env.
func startServe(t *testing.T, folder string) *plane {
	t.Helper()
	configuration := filepath.Join(folder, "openirsa.yaml")
	writeFile(t, configuration, fmt.Sprintf(`
listen: 127.0.0.1:0
ops: 127.0.0.1:0
data: data
account: %q
region: eu-central-1
tls:
  own:
    names: [localhost, 127.0.0.1]
root:
  accessKeyIdFile: AWS_ACCESS_KEY_ID
  secretAccessKeyFile: AWS_SECRET_ACCESS_KEY
trail: {sync: true}
drain: {delay: 200ms}
`, serveAccount))
	p := &plane{folder: filepath.Join(folder, "data")}
	p.launch(t, nil, "serve", "--config", configuration)
	bundle, err := os.ReadFile(filepath.Join(p.folder, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	p.client = http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return p
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newRoot has the binary make a root key and puts it where a mounted Secret would be.
func newRoot(t *testing.T, folder string) map[string]string {
	t.Helper()
	out, errOut, code := irsa(t, nil, nil, "root", "new", "--account", serveAccount)
	if code != 0 {
		t.Fatalf("irsa root new: exit %d\n%s", code, errOut)
	}
	key := variables(t, out)
	for name, value := range key {
		writeFile(t, filepath.Join(folder, name), value)
	}
	return key
}

// variables reads NAME=value lines.
func variables(t *testing.T, text string) map[string]string {
	t.Helper()
	key := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		key[name] = value
	}
	if len(key) != 2 || key["AWS_ACCESS_KEY_ID"] == "" || key["AWS_SECRET_ACCESS_KEY"] == "" {
		t.Fatalf("no key in %q", text)
	}
	return key
}

// over is the environment of a client of the plane: https, and whom to trust.
func (p *plane) over(key map[string]string) []string {
	environment := []string{"AWS_ENDPOINT_URL=" + p.endpoint, "AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1", "AWS_CA_BUNDLE=" + filepath.Join(p.folder, "ca.crt"),
		"AWS_MAX_ATTEMPTS=1"}
	for name, value := range key {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// TestServe walks production's path with the AWS CLI over TLS: root from a Secret, a cluster's issuer with its keys, a role that only TLS may use, a pod's
// exchange and its S3, the root's key rotated, and the end by SIGTERM.
func TestServe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key := newRoot(t, folder)
	p := startServe(t, folder)
	admin := p.over(key)
	if out := mustCLI(t, admin, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"); strings.TrimSpace(out) != "arn:aws:iam::111122223333:root" {
		t.Errorf("the root is %s", out)
	}
	trusting := func(variable string) bool { return strings.HasPrefix(variable, "AWS_CA_BUNDLE=") }
	wantRefusal(t, slices.DeleteFunc(p.over(key), trusting), "CERTIFICATE_VERIFY_FAILED", "sts", "get-caller-identity")
	wantRefusal(t, append(p.over(key), "AWS_ENDPOINT_URL="+strings.Replace(p.endpoint, "https:", "http:", 1)), "", "sts", "get-caller-identity")

	const issuer = "https://kubernetes.default.svc.prod.example"
	cluster := newECSigner(t, "k1")
	root := credentials.NewStaticCredentialsProvider(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"], "")
	var registered struct{ OpenIDConnectProviderArn string }
	if err := p.operate(t, root, "RegisterCluster", map[string]string{"Name": "prod", "Issuer": issuer}, &registered); err != nil {
		t.Fatal(err)
	}
	if err := p.operate(t, root, "PutOpenIDConnectProviderKeys", map[string]any{"OpenIDConnectProviderArn": registered.OpenIDConnectProviderArn, "KeySet": json.RawMessage(jwks(t, cluster))}, nil); err != nil {
		t.Fatal(err)
	}
	arn := strings.TrimSpace(mustCLI(t, admin, "iam", "create-role", "--role-name", "app", "--assume-role-policy-document", trustOf(serveAccount, issuer, "shop", "app"),
		"--query", "Role.Arn", "--output", "text"))
	mustCLI(t, admin, "iam", "put-role-policy", "--role-name", "app", "--policy-name", "p", "--policy-document", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::shop-data/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`)
	mustCLI(t, admin, "s3", "mb", "s3://shop-data")

	p.admin = map[string]string{"AWS_REGION": "eu-central-1"}
	pod := append(p.asPod(t, arn, cluster.token(t, claims(issuer, "shop", "app"))), p.over(nil)...)
	if out := mustCLI(t, pod, "sts", "get-caller-identity"); !strings.Contains(out, "arn:aws:sts::111122223333:assumed-role/app/e2e") {
		t.Errorf("the pod is %s", out)
	}
	file := filepath.Join(folder, "figures")
	writeFile(t, file, "figures")
	mustCLI(t, pod, "s3", "cp", file, "s3://shop-data/q1.txt")
	if out := mustCLI(t, pod, "s3", "cp", "s3://shop-data/q1.txt", "-"); out != "figures" {
		t.Errorf("the object is %q", out)
	}
	wantRefusal(t, append(p.asPod(t, arn, cluster.token(t, claims(issuer, "staging", "app"))), p.over(nil)...), "AccessDenied", "sts", "get-caller-identity")
	if _, errOut, code := irsa(t, nil, nil, "token", "--namespace", "shop", "--service-account", "app", "--data", p.folder); code != 2 {
		t.Errorf("irsa token for a plane of production: exit %d\n%s", code, errOut)
	}

	out, errOut, code := irsa(t, admin, nil, "root", "rotate")
	if code != 0 {
		t.Fatalf("irsa root rotate: exit %d\n%s", code, errOut)
	}
	rotated := variables(t, out)
	wantRefusal(t, admin, "InvalidClientTokenId", "sts", "get-caller-identity")
	mustCLI(t, p.over(rotated), "sts", "get-caller-identity")
	p.stop(t)

	p = startServe(t, folder) // with the old key in its configuration
	mustCLI(t, p.over(rotated), "sts", "get-caller-identity")
	wantRefusal(t, p.over(key), "InvalidClientTokenId", "sts", "get-caller-identity")
	p.stop(t)
	for _, secret := range []string{key["AWS_SECRET_ACCESS_KEY"], rotated["AWS_SECRET_ACCESS_KEY"]} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}
