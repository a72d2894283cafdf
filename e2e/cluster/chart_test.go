package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Where the chart's release and its webhook are, as docs/self-hosting.md has them.
const (
	chartNamespace   = "openirsa"
	webhookNamespace = "openirsa-webhook"
)

// logAtFailure shows what the installation's pods wrote, should the test fail.
func logAtFailure(t *testing.T, c *Cluster, r *Runner) {
	t.Cleanup(func() {
		if t.Failed() {
			out, _, _ := kubectl(t, c, "", "get", "pods,events", "-A", "-o", "wide")
			t.Log(out)
			for _, log := range globbed(r.config.Folder, "openirsa*_*.log") {
				content, _ := os.ReadFile(log)
				t.Logf("--- %s\n%s", filepath.Base(log), content[max(0, len(content)-4000):])
			}
		}
	})
}

// leaveNoWebhook takes the installation's webhooks from the cluster at the end, before their pods end: every pod of the tests that follow would wait for them.
func leaveNoWebhook(t *testing.T, c *Cluster) {
	t.Cleanup(func() {
		kubectl(t, c, "", "delete", "--ignore-not-found", "mutatingwebhookconfiguration,validatingwebhookconfiguration", "openirsa-webhook")
	})
}

func mustKubectl(t testing.TB, c *Cluster, arguments ...string) string {
	t.Helper()
	out, errOut, code := kubectl(t, c, "", arguments...)
	if code != 0 {
		t.Fatalf("kubectl %s: %s", strings.Join(arguments, " "), errOut)
	}
	return out
}

func globbed(folder, pattern string) []string {
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil {
		panic(err) // the pattern is ours
	}
	return found
}

// release is the installed chart: what Helm rendered is what the API server took; the controllers made its pods, which run with the user, the
// read-only root and the volumes that it gives them, on a network where the API server reaches the webhook by its Service.
type release struct {
	cluster *Cluster
	runner  *Runner
	values  []string // files
	bundle  []byte   // the plane's authority
	admin   []string
}

const chartRegion = "eu-central-1"

// helm runs Helm as the administrator.
func (r *release) helm(t testing.TB, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), r.cluster.Helm(), append(arguments, "--kubeconfig", adminKubeconfig(r.cluster))...)
	command.Env = environment("HOME=" + t.TempDir())
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		t.Fatalf("helm %s: %v\n%s%s", strings.Join(arguments, " "), err, out.String(), errOut.String())
	}
	return out.String()
}

// chart is Helm's command with the values that the release has.
func (r *release) chart(t testing.TB, command string, more ...string) string {
	t.Helper()
	arguments := []string{command, "openirsa", "../../deploy/helm/openirsa", "--namespace", chartNamespace}
	for _, file := range r.values {
		arguments = append(arguments, "--values", file)
	}
	return r.helm(t, append(arguments, more...)...)
}

// forward leads a port of localhost to an address in the cluster, as kubectl port-forward does through a kubelet.
func forward(t testing.TB, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go join(connection, address)
		}
	}()
	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}

// role makes a role for a service account, with the AWS CLI.
func (r *release) role(t testing.TB, name, namespace, serviceAccount, actions string) {
	t.Helper()
	host := strings.TrimPrefix(issuer, "https://")
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:sub":"system:serviceaccount:%s:%s","%s:aud":"sts.amazonaws.com"}}}]}`,
		account, host, host, namespace, serviceAccount, host)
	r.aws(t, "iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust)
	r.aws(t, "iam", "put-role-policy", "--role-name", name, "--policy-name", "permissions", "--policy-document",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":`+actions+`,"Resource":"*"}]}`)
}

// aws runs the AWS CLI with the administrator's rights.
func (r *release) aws(t testing.TB, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "aws", arguments...)
	command.Env = environment(append(r.admin, "HOME="+t.TempDir())...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// dryRun has the API server check what Helm renders, field by field, without taking it.
func (r *release) dryRun(t *testing.T) {
	rendered := r.chart(t, "template")
	out, errOut, code := kubectl(t, r.cluster, rendered, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
	if code != 0 {
		t.Fatal(errOut)
	}
	if n := strings.Count(out, "serverside-applied (server dry run)"); n < 20 {
		t.Errorf("only %d objects were applied:\n%s", n, out)
	}
}

// rights compares what each service account may do, beyond what every account of a new cluster may, with what docs/rbac.md has for it, right for
// right.
func (r *release) rights(t *testing.T) {
	page, err := os.ReadFile("../../docs/rbac.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := rightsOf(string(page))
	for _, who := range []struct{ namespace, name string }{{webhookNamespace, "openirsa-webhook"}, {chartNamespace, "openirsa-sync"}, {chartNamespace, "openirsa"}} {
		var may []string
		everybody := r.can(t, who.namespace, "default")
		for _, right := range r.can(t, who.namespace, who.name) {
			if !slices.Contains(everybody, right) {
				may = append(may, right)
			}
		}
		if want := documented[who.name]; !slices.Equal(may, want) {
			t.Errorf("%s may\n%s\ndocs/rbac.md has\n%s", who.name, strings.Join(may, "\n"), strings.Join(want, "\n"))
		}
		// In any other namespace fewer: what is of its own alone ends there.
		for _, right := range r.can(t, "default", who.name, who.namespace) {
			if strings.HasPrefix(right, "secrets") || strings.HasPrefix(right, "configmaps") {
				t.Errorf("%s may in other namespaces: %s", who.name, right)
			}
		}
	}
	for _, namespace := range []string{chartNamespace, "kube-system"} {
		if out, _, code := kubectl(t, r.cluster, "", "auth", "can-i", "get", "secrets", "-n", namespace, "--as", "system:serviceaccount:"+webhookNamespace+":openirsa-webhook"); code == 0 {
			t.Errorf("the webhook may read Secrets of %s: %s", namespace, out)
		}
	}
}

// can is what kubectl auth can-i --list says of a service account in a namespace, sorted. home is the account's namespace, if another.
func (r *release) can(t testing.TB, namespace, name string, home ...string) (rights []string) {
	t.Helper()
	from := append(home, namespace)[0]
	out := mustKubectl(t, r.cluster, "auth", "can-i", "--list", "--no-headers", "-n", namespace, "--as", "system:serviceaccount:"+from+":"+name,
		"--as-group", "system:serviceaccounts", "--as-group", "system:authenticated")
	for line := range strings.Lines(out) {
		rights = append(rights, normalized(line))
	}
	slices.Sort(rights)
	return slices.Compact(rights)
}

// normalized is one right as "resources [URLs] [names] [verbs]" with single spaces.
func normalized(line string) string { return strings.Join(strings.Fields(line), " ") }

// rightsOf reads the page's blocks of rights: after a heading that ends with an account's name in code, the lines of the next fenced block.
func rightsOf(page string) map[string][]string {
	found := map[string][]string{}
	for _, section := range strings.Split(page, "\n## ")[1:] {
		name := regexp.MustCompile("`([a-z-]+)`").FindStringSubmatch(section[:strings.Index(section, "\n")])
		_, block, ok := strings.Cut(section, "```text\n")
		if name == nil || !ok {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			if line = normalized(line); line != "" {
				found[name[1]] = append(found[name[1]], line)
			}
		}
		slices.Sort(found[name[1]])
	}
	return found
}

// availability reads the figures of seed and design back from the API server, and evicts: of two replicas one goes, and not the other before
// the first is back.
func (r *release) availability(t *testing.T) {
	deployment, err := r.cluster.Admin.AppsV1().Deployments(webhookNamespace).Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rolling := deployment.Spec.Strategy.RollingUpdate
	if *deployment.Spec.Replicas < 2 || rolling == nil || rolling.MaxSurge.String() != "25%" || rolling.MaxUnavailable.String() != "25%" {
		t.Errorf("the webhook has %d replicas and the strategy %+v", *deployment.Spec.Replicas, deployment.Spec.Strategy)
	}
	budget, err := r.cluster.Admin.PolicyV1().PodDisruptionBudgets(webhookNamespace).Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if budget.Spec.MinAvailable.String() != "50%" {
		t.Errorf("the webhook's budget is %+v", budget.Spec)
	}
	budgets, err := r.cluster.Admin.PolicyV1().PodDisruptionBudgets(chartNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(budgets.Items) != 0 {
		t.Errorf("the plane, of one replica, has budgets: %v %v", budgets.Items, err)
	}
	until(t, "the budget allows one eviction", func() bool {
		budget, err := r.cluster.Admin.PolicyV1().PodDisruptionBudgets(webhookNamespace).Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
		return err == nil && budget.Status.DisruptionsAllowed == 1 && budget.Status.CurrentHealthy == 2
	})
	var pods *core.PodList
	until(t, "the replicas of before are gone", func() bool { // they drain before they end
		pods, err = r.cluster.Admin.CoreV1().Pods(webhookNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=webhook"})
		return err == nil && len(pods.Items) == 2
	})
	evict := func(name string) error {
		return r.cluster.Admin.PolicyV1().Evictions(webhookNamespace).Evict(t.Context(), &policy.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: webhookNamespace}})
	}
	if err := evict(pods.Items[0].Name); err != nil {
		t.Errorf("the first eviction was refused: %v", err)
	}
	if err := evict(pods.Items[1].Name); !apierrors.IsTooManyRequests(err) {
		t.Errorf("the second eviction was not refused: %v", err)
	}
	mustKubectl(t, r.cluster, "-n", webhookNamespace, "rollout", "status", "deployment/openirsa-webhook", "--timeout=60s")
}

// injection runs the pod of an annotated service account that knows nothing but the AWS CLI, where no pod may start without its role.
func (r *release) injection(t *testing.T, namespace string) {
	r.chart(t, "upgrade", "--set", "webhook.failurePolicy=Fail", "--wait", "--timeout", "120s")
	configurations, err := r.cluster.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(configurations.Webhooks) != 2 {
		t.Fatalf("there are %d entries", len(configurations.Webhooks))
	}
	for i, want := range []string{"Ignore", "Fail"} {
		if got := string(*configurations.Webhooks[i].FailurePolicy); got != want || len(configurations.Webhooks[i].ClientConfig.CABundle) == 0 {
			t.Errorf("entry %s fails by %s, want %s, with a bundle of %d bytes", configurations.Webhooks[i].Name, got, want, len(configurations.Webhooks[i].ClientConfig.CABundle))
		}
	}
	secrets, err := r.cluster.Admin.CoreV1().Secrets(webhookNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(secrets.Items) == 0 {
		t.Fatalf("no Secret holds the webhook's authority: %v", err)
	}
	for _, s := range secrets.Items {
		if s.Immutable == nil || !*s.Immutable {
			t.Errorf("the Secret %s can be changed", s.Name)
		}
	}
	r.role(t, "app", namespace, "app", `["s3:ListAllMyBuckets"]`)
	serviceAccount(t, r.cluster, namespace, "app", map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::" + account + ":role/app"})
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := writeFile(file, r.bundle); err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, r.cluster, "-n", namespace, "create", "configmap", "openirsa-ca", "--from-file=ca.crt="+file)
	p := podOf("app", "app", "aws", "sts", "get-caller-identity", "--output", "json")
	p.Spec.Containers[0].Env = []core.EnvVar{{Name: "AWS_REGION", Value: chartRegion}, {Name: "AWS_DEFAULT_REGION", Value: chartRegion}}
	create(t, r.cluster, namespace, p)
	out, phase := ended(t, r.cluster, r.runner, namespace, "app")
	var identity struct{ Arn string }
	if err := json.Unmarshal([]byte(out), &identity); err != nil || phase != core.PodSucceeded ||
		!strings.HasPrefix(identity.Arn, "arn:aws:sts::"+account+":assumed-role/app/") {
		t.Errorf("the pod %s says %s", phase, out)
	}
}
