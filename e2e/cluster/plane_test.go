package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"k8s.io/client-go/tools/clientcmd"
)

// account is the AWS account of every plane here.
const account = "123456789012"

// binary is the irsa under test; scripts/e2e builds it.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OPENIRSA_BINARY")
	if path == "" {
		t.Fatal("OPENIRSA_BINARY is not set: run these tests with `make e2e`")
	}
	return path
}

// plane is `irsa up`, which can be ended and started again on the same folder and port.
type plane struct {
	folder   string
	endpoint string
	process  *process
	admin    []string // the variables of admin.env
	iam      *iam.Client
}

func startPlane(t testing.TB, arguments ...string) *plane {
	t.Helper()
	ports, err := freePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	p := &plane{folder: t.TempDir(), endpoint: fmt.Sprintf("http://127.0.0.1:%d", ports[0])}
	p.process = &process{program: binary(t), log: filepath.Join(t.TempDir(), "plane.log"), ports: ports}
	t.Cleanup(func() {
		p.process.stop(true)
		if t.Failed() {
			t.Logf("irsa up said:\n%s", p.process.tail(40))
		}
	})
	p.start(t, arguments...)
	content, err := os.ReadFile(filepath.Join(p.folder, "admin.env"))
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for line := range strings.Lines(string(content)) {
		variable := strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
		p.admin = append(p.admin, variable)
	}
	c, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(variables["AWS_REGION"]), config.WithBaseEndpoint(p.endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], "")))
	if err != nil {
		t.Fatal(err)
	}
	p.iam = iam.NewFromConfig(c)
	return p
}

// start starts the plane, again if it ran before.
func (p *plane) start(t testing.TB, arguments ...string) {
	t.Helper()
	p.process.stop(false)
	ops := fmt.Sprintf("127.0.0.1:%d", p.process.ports[1])
	arguments = append([]string{"up", "--listen", strings.TrimPrefix(p.endpoint, "http://"), "--ops", ops, "--data", p.folder, "--account", account}, arguments...)
	if err := p.process.start(environment(), arguments...); err != nil {
		t.Fatal(err)
	}
	if err := p.process.until(t.Context(), answers("http://"+ops+"/readyz", http.DefaultClient)); err != nil {
		t.Fatalf("%v\n%s", err, p.process.tail(40))
	}
}

// answers asks a URL for a 200.
func answers(url string, client *http.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	}
}

// environment is this process's, without anything that would steer an AWS or Kubernetes client.
func environment(more ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "KUBE") {
			kept = append(kept, variable)
		}
	}
	return append(append(kept, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"), more...)
}

// irsa runs the binary with the account root's rights.
func (p *plane) irsa(t testing.TB, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary(t), arguments...)
	command.Env = environment(p.admin...)
	return finished(t, command)
}

// register registers the cluster under a name, as its administrator would.
func (p *plane) register(t testing.TB, c *Cluster, name string, arguments ...string) {
	t.Helper()
	arguments = append([]string{"cluster", "register", name, "--kubeconfig", adminKubeconfig(c)}, arguments...)
	if out, errOut, code := p.irsa(t, arguments...); code != 0 {
		t.Fatalf("irsa cluster register: exit %d\n%s%s", code, out, errOut)
	}
}

func adminKubeconfig(c *Cluster) string { return filepath.Join(c.Folder(), "admin.kubeconfig") }

// role makes a role that the service account may assume, and returns its ARN.
func (p *plane) role(t testing.TB, name, namespace, serviceAccount string) string {
	t.Helper()
	host := strings.TrimPrefix(issuer, "https://")
	// The trust policy of AWS's guide: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:sub":"system:serviceaccount:%s:%s","%s:aud":"sts.amazonaws.com"}}}]}`,
		account, host, host, namespace, serviceAccount, host)
	made, err := p.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(made.Role.Arn)
}

// tokenKubeconfig is a kubeconfig with the rights of a service account, by a token of an hour, as a component outside the cluster has one.
func tokenKubeconfig(t testing.TB, c *Cluster, namespace, name string) string {
	t.Helper()
	token, errOut, code := kubectl(t, c, "", "-n", namespace, "create", "token", name, "--duration=1h")
	if code != 0 {
		t.Fatal(errOut)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := writeFile(file, []byte(strings.TrimSpace(token))); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := c.KubeconfigOf(namespace+"-"+name, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clientcmd.BuildConfigFromFlags("", kubeconfig); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// cli runs the AWS CLI against the plane with the account root's rights.
func (p *plane) cli(t testing.TB, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "aws", arguments...)
	command.Env = environment(append(p.admin, "HOME="+t.TempDir())...)
	return finished(t, command)
}
