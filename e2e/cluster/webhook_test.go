package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// webhooks are replicas of `irsa webhook` behind one address, as a Service puts them.
type webhooks struct {
	folder    string // of the serving certificate that they share
	cluster   *Cluster
	balancer  *balancer
	replicas  []*process
	arguments []string
	variables []string // credentials for the plane, where it is asked

	service *admission.ServiceReference // by which the API server knows the replicas; nil: by their address and the certificate in folder
}

// startWebhooks starts replicas with the rights of a service account of their own, those of docs/rbac.md for a webhook whose certificate is in files.
func startWebhooks(t testing.TB, c *Cluster, replicas int, arguments ...string) *webhooks {
	t.Helper()
	return startWebhooksWith(t, c, nil, replicas, arguments...)
}

// startWebhooksWith is startWebhooks with more environment variables.
func startWebhooksWith(t testing.TB, c *Cluster, variables []string, replicas int, arguments ...string) *webhooks {
	t.Helper()
	w := &webhooks{folder: t.TempDir(), cluster: c, variables: variables}
	w.certify(t)
	kubeconfig := webhookAccount(t, c)
	w.balancer = newBalancer(t, "127.0.0.1")
	w.arguments = append([]string{"webhook", "--in-cluster=false", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1",
		"--tls-cert", filepath.Join(w.folder, "tls.crt"), "--tls-key", filepath.Join(w.folder, "tls.key"), "--warn-unannotated", "all"}, arguments...)
	w.replicate(t, replicas)
	return w
}

// replicate starts the replicas, each with a log and ports of its own.
func (w *webhooks) replicate(t testing.TB, replicas int) {
	t.Helper()
	for i := range replicas {
		ports, err := freePorts(2)
		if err != nil {
			t.Fatal(err)
		}
		r := &process{program: binary(t), log: filepath.Join(w.folder, fmt.Sprintf("webhook-%d.log", i)), ports: ports}
		w.replicas = append(w.replicas, r)
		t.Cleanup(func() {
			r.stop(true)
			if t.Failed() {
				t.Logf("irsa webhook said:\n%s", r.tail(30))
			}
		})
		w.start(t, i)
	}
}

// start starts a replica and puts it behind the address once it is ready.
func (w *webhooks) start(t testing.TB, i int) {
	t.Helper()
	r := w.replicas[i]
	if err := r.start(environment(w.variables...), append(w.arguments, "--port", fmt.Sprint(r.ports[0]), "--metrics-port", fmt.Sprint(r.ports[1]))...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := r.until(ctx, answers(fmt.Sprintf("http://127.0.0.1:%d/readyz", r.ports[1]), http.DefaultClient)); err != nil {
		t.Fatalf("%v\n%s", err, r.tail(30))
	}
	w.balancer.add(fmt.Sprintf("127.0.0.1:%d", r.ports[0]))
}

// retire ends a replica as a rollout does: no more connections lead to it, and it answers what it has.
func (w *webhooks) retire(i int) {
	w.balancer.remove(fmt.Sprintf("127.0.0.1:%d", w.replicas[i].ports[0]))
	w.replicas[i].stop(false)
}

// kill ends a replica as a lost machine would: the address still leads to it until the balancer finds nobody there.
func (w *webhooks) kill(i int) { w.replicas[i].stop(true) }

// certify gives the replicas another serving certificate, by replacing the files as cert-manager does.
func (w *webhooks) certify(t testing.TB) {
	t.Helper()
	made := t.TempDir()
	if err := w.cluster.ca.server(filepath.Join(made, "tls.crt"), filepath.Join(made, "tls.key")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tls.key", "tls.crt"} {
		if err := copyFile(filepath.Join(made, name), filepath.Join(w.folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// serial is the serial number of the certificate that a replica serves.
func (w *webhooks) serial(t testing.TB, i int) string {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.cluster.ca.pem)
	connection, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", w.replicas[i].ports[0]), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// mutate has the API server ask the replicas about the pods of namespaces, until the test ends.
func (w *webhooks) mutate(t testing.TB, name string, failure admission.FailurePolicyType, namespaces ...string) {
	t.Helper()
	w.configure(t, name, failure, namespaces...)
	w.effective(t, namespaces)
}

// configure tells the API server of the replicas; they need not be there yet.
func (w *webhooks) configure(t testing.TB, name string, failure admission.FailurePolicyType, namespaces ...string) {
	t.Helper()
	configuration := &admission.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admission.MutatingWebhook{{
		Name: name + ".openirsa.example", ClientConfig: w.client("/mutate"), FailurePolicy: &failure, NamespaceSelector: only(namespaces),
		SideEffects: sideEffects(admission.SideEffectClassNoneOnDryRun), AdmissionReviewVersions: []string{"v1"},
		Rules: []admission.RuleWithOperations{rule("", "pods")},
	}}}
	api := w.cluster.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations()
	if _, err := api.Create(t.Context(), configuration, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { api.Delete(context.Background(), name, metav1.DeleteOptions{}) })
}

// validate registers the replicas for warnings.
func (w *webhooks) validate(t testing.TB, name string, namespaces ...string) {
	t.Helper()
	ignore := admission.Ignore
	configuration := &admission.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admission.ValidatingWebhook{{
		Name: name + ".openirsa.example", ClientConfig: w.client("/validate"), FailurePolicy: &ignore, NamespaceSelector: only(namespaces),
		SideEffects: sideEffects(admission.SideEffectClassNoneOnDryRun), AdmissionReviewVersions: []string{"v1"},
		Rules: []admission.RuleWithOperations{rule("", "pods", "serviceaccounts"), rule("apps", "deployments")},
	}}}
	api := w.cluster.Admin.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := api.Create(t.Context(), configuration, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { api.Delete(context.Background(), name, metav1.DeleteOptions{}) })
}

// effective waits until the API server, which learns of configurations by a watch, asks the webhook about the namespaces' pods.
func (w *webhooks) effective(t testing.TB, namespaces []string) {
	t.Helper()
	ns := namespaces[len(namespaces)-1]
	serviceAccount(t, w.cluster, ns, "effective", map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::" + account + ":role/effective"})
	probe := podOf("effective", "effective", "true")
	until(t, "the webhook takes effect", func() bool {
		made, err := w.cluster.Admin.CoreV1().Pods(ns).Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil && injected(made)
	})
}

func (w *webhooks) client(path string) admission.WebhookClientConfig {
	if w.service != nil {
		service := *w.service
		service.Path = &path
		return admission.WebhookClientConfig{Service: &service} // the replicas say whom to trust
	}
	url := "https://" + w.balancer.address() + path
	return admission.WebhookClientConfig{URL: &url, CABundle: w.cluster.ca.pem}
}

func only(namespaces []string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpIn, Values: namespaces},
	}}
}

func rule(group string, resources ...string) admission.RuleWithOperations {
	return admission.RuleWithOperations{Operations: []admission.OperationType{admission.Create}, Rule: admission.Rule{
		APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources}}
}

func sideEffects(class admission.SideEffectClass) *admission.SideEffectClass { return &class }

// injected reports whether each container has a role's ARN and the token's file, and the pod the token's volume.
func injected(p *core.Pod) bool {
	for _, c := range p.Spec.Containers {
		has := map[string]bool{}
		for _, v := range c.Env {
			has[v.Name] = v.Value != ""
		}
		if !has["AWS_ROLE_ARN"] || !has["AWS_WEB_IDENTITY_TOKEN_FILE"] {
			return false
		}
	}
	for _, v := range p.Spec.Volumes {
		if v.Name == "aws-iam-token" && v.Projected != nil {
			return true
		}
	}
	return false
}

// webhookAccount makes the webhook's service account and returns a kubeconfig with its rights.
func webhookAccount(t testing.TB, c *Cluster) string {
	t.Helper()
	ns := namespaces(t, c, "openirsa")[0]
	serviceAccount(t, c, ns, "webhook", nil)
	role := &rbac.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: ns}, Rules: []rbac.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"}},
	}}
	binding := &rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: ns}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: ns},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Namespace: ns, Name: "webhook"}}}
	if _, err := c.Admin.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Admin.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return tokenKubeconfig(t, c, ns, "webhook")
}

// balancer passes connections on to the first of its targets that takes them, in turn, as a Service's address does.
type balancer struct {
	listener net.Listener
	next     atomic.Uint64
	mutex    sync.Mutex
	targets  []string
}

func newBalancer(t testing.TB, address string) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	b := &balancer{listener: listener}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go b.pass(connection)
		}
	}()
	return b
}

func (b *balancer) address() string { return b.listener.Addr().String() }

func (b *balancer) add(target string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, t := range b.targets {
		if t == target {
			return
		}
	}
	b.targets = append(b.targets, target)
}

func (b *balancer) remove(target string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.targets = slices.DeleteFunc(slices.Clone(b.targets), func(t string) bool { return t == target })
}

func (b *balancer) pass(client net.Conn) {
	defer client.Close()
	b.mutex.Lock()
	targets := b.targets
	b.mutex.Unlock()
	for range targets {
		server, err := net.DialTimeout("tcp", targets[b.next.Add(1)%uint64(len(targets))], time.Second)
		if err != nil {
			continue
		}
		defer server.Close()
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
		io.Copy(client, server)
		return
	}
}

// TestStory is the whole path in one: a service account is annotated, a pod that knows nothing of AWS's tokens is created, and the AWS CLI in it is
// told who it is.
func TestStory(t *testing.T) {
	t.Parallel()
	c, p := started(t), startPlane(t)
	names := namespaces(t, c, "shop", "staging")
	shop, staging := names[0], names[1]
	w := startWebhooks(t, c, 1, "--aws-endpoint-url", p.endpoint, "--aws-default-region", "us-east-1")
	w.mutate(t, "story", admission.Fail, names...)
	w.validate(t, "story", names...)
	r := run(t, c, RunnerConfig{Namespaces: names})
	p.register(t, c, "kind")
	arn := p.role(t, "app", shop, "app")
	for _, a := range [][2]string{{shop, "app"}, {shop, "other"}, {staging, "app"}} {
		serviceAccount(t, c, a[0], a[1], map[string]string{"eks.amazonaws.com/role-arn": arn})
	}
	serviceAccount(t, c, shop, "plain", nil)

	create(t, c, shop, podOf("right", "app", askWhoAmI...))
	out, phase := ended(t, c, r, shop, "right")
	if phase != core.PodSucceeded || !strings.HasPrefix(out, "arn:aws:sts::"+account+":assumed-role/app/") {
		t.Errorf("the role's own account is told %s: %s", phase, out)
	}
	for _, other := range [][2]string{{shop, "other"}, {staging, "app"}} {
		create(t, c, other[0], podOf("wrong", other[1], askWhoAmI...))
		out, phase := ended(t, c, r, other[0], "wrong")
		if phase != core.PodFailed || !strings.Contains(out, "(AccessDenied)") || !strings.Contains(out, "Not authorized to perform sts:AssumeRoleWithWebIdentity") {
			t.Errorf("%s/%s is told %s: %s", other[0], other[1], phase, out)
		}
	}

	// Without the annotation: no injection, and whoever creates the pod is told.
	if errOut := created(t, c, shop, podManifest("plain", "plain", "")); !strings.Contains(errOut, "Warning: A01: ") {
		t.Errorf("for a pod whose account has no role kubectl says %q", errOut)
	}
	if out, phase := ended(t, c, r, shop, "plain"); phase != core.PodSucceeded || strings.Contains(out, "AWS_") {
		t.Errorf("a pod whose account has no role is %s with\n%s", phase, out)
	}
	if out, errOut, code := p.irsa(t, "cluster", "remove", "kind"); code != 0 {
		t.Fatalf("irsa cluster remove: exit %d\n%s%s", code, out, errOut)
	}
	create(t, c, shop, podOf("late", "app", askWhoAmI...))
	if out, phase := ended(t, c, r, shop, "late"); phase != core.PodFailed || !strings.Contains(out, "(InvalidIdentityToken)") {
		t.Errorf("after the cluster's removal a pod is told %s: %s", phase, out)
	}
}

// TestWarnings reads what people see of mistakes that need no plane: kubectl's warnings, and an Event on a pod that seems to want a role.
func TestWarnings(t *testing.T) {
	t.Parallel()
	c := started(t)
	ns := namespaces(t, c, "shop")[0]
	w := startWebhooks(t, c, 1)
	w.mutate(t, "warnings", admission.Fail, ns)
	w.validate(t, "warnings", ns)
	serviceAccount(t, c, ns, "plain", nil)
	until(t, "the validating webhook takes effect", func() bool {
		_, errOut, _ := kubectl(t, c, podManifest("early", "plain", ""), "-n", ns, "create", "--dry-run=server", "-f", "-")
		return strings.Contains(errOut, "Warning: ")
	})
	annotated := `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":%q,"annotations":{%q:%q}}}`
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"app"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":` +
		`{"metadata":{"labels":{"a":"b"}},"spec":{"serviceAccountName":"nobody","containers":[{"name":"main","image":"test"}]}}}}`
	// The ids are those of docs/webhook.md's table.
	for _, mistake := range []struct{ id, manifest string }{
		{"A03", fmt.Sprintf(annotated, "name-alone", "eks.amazonaws.com/role-arn", "app")},
		{"A02", fmt.Sprintf(annotated, "typo", "eks.amazonaws.com/role_arn", "arn:aws:iam::"+account+":role/app")},
		{"A14", fmt.Sprintf(annotated, "short", "eks.amazonaws.com/token-expiration", "60")},
		{"A01", deployment},
	} {
		if errOut := created(t, c, ns, mistake.manifest); !strings.Contains(errOut, "Warning: "+mistake.id+": ") {
			t.Errorf("of %s kubectl says %q", mistake.manifest, errOut)
		}
	}
	// One that is right is created without a word.
	if errOut := created(t, c, ns, fmt.Sprintf(annotated, "right", "eks.amazonaws.com/role-arn", "arn:aws:iam::"+account+":role/app")); errOut != "" {
		t.Errorf("of an account without a mistake kubectl says %q", errOut)
	}
	created(t, c, ns, podManifest("wants", "plain", `"env":[{"name":"AWS_REGION","value":"eu-west-1"}],`))
	// Though both reviews come, the webhook was not told so, and records at the first, which has no UID.
	until(t, "an Event says that the pod went without a role", func() bool {
		return strings.Contains(strings.Join(webhookEvents(t, c, ns), ""), "Pod/wants/ IRSANotInjected A01: ")
	})
	if events := webhookEvents(t, c, ns); len(events) != 1 {
		t.Errorf("the Events are %q", events)
	}
}

// podManifest is a pod that prints its environment; more goes into its container.
func podManifest(name, account, more string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q},"spec":{"serviceAccountName":%q,"restartPolicy":"Never",`+
		`"containers":[{%s"name":"main","image":"test","command":["env"]}]}}`, name, account, more)
}

// created has kubectl create an object, and returns its warnings.
func created(t testing.TB, c *Cluster, namespace, manifest string) string {
	t.Helper()
	out, errOut, code := kubectl(t, c, manifest, "-n", namespace, "create", "-f", "-")
	if code != 0 {
		t.Errorf("kubectl create: exit %d\n%s%s", code, out, errOut)
	}
	return errOut
}
