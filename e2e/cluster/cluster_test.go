package cluster

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// issuer is the cluster's. No such host exists: whoever verifies its tokens has its keys from the API server.
const issuer = "https://issuer.cluster.example"

func TestMain(m *testing.M) {
	EnterContainer()
	actAsKubectl()
	code := m.Run()
	if shared.cluster != nil {
		shared.cluster.Stop()
		if code != 0 {
			fmt.Fprint(os.Stderr, shared.cluster.Logs())
		}
	}
	os.RemoveAll(shared.folder)
	os.Exit(code)
}

// shared is the cluster of all tests: each has namespaces of its own. Tests that restart its components restart them for all, which all must bear.
var shared struct {
	once    sync.Once
	folder  string
	cluster *Cluster
	err     error
}

// programs is the folder of Kubernetes' programs and Helm.
func programs(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("OPENIRSA_KUBERNETES")
	if folder == "" {
		t.Fatal("OPENIRSA_KUBERNETES is not set: run these tests with `make e2e`")
	}
	return folder
}

func started(t testing.TB) *Cluster {
	t.Helper()
	programs := programs(t)
	shared.once.Do(func() {
		began := time.Now()
		if shared.folder, shared.err = os.MkdirTemp("", "openirsa-cluster-"); shared.err == nil {
			shared.cluster, shared.err = Start(context.Background(), Config{Programs: programs, Folder: shared.folder, Issuer: issuer})
		}
		t.Logf("the cluster started in %v", time.Since(began).Round(time.Millisecond))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

// namespaces makes namespaces that the test has to itself, and service accounts in each. The API server must know each namespace's root certificate
// before a pod can start there, which the controllers see to.
func namespaces(t testing.TB, c *Cluster, names ...string) []string {
	t.Helper()
	prefix := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	for i, name := range names {
		names[i] = prefix + "-" + name
		namespace := &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: names[i]}}
		if _, err := c.Admin.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func serviceAccount(t testing.TB, c *Cluster, namespace, name string, annotations map[string]string) {
	t.Helper()
	account := &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
	if _, err := c.Admin.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// run starts a Runner for the namespaces, which ends with the test.
func run(t testing.TB, c *Cluster, config RunnerConfig) *Runner {
	t.Helper()
	config.Folder = t.TempDir()
	config.Node = strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	r, err := c.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// podOf is a pod that runs a command once.
func podOf(name, account string, command ...string) *core.Pod {
	return &core.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: core.PodSpec{
		ServiceAccountName: account, RestartPolicy: core.RestartPolicyNever,
		Containers: []core.Container{{Name: "main", Image: "test", Command: command}},
	}}
}

// withToken adds a projected token to the pod, at /var/run/secrets/test/token.
func withToken(p *core.Pod, audience string, seconds int64) *core.Pod {
	p.Spec.Volumes = append(p.Spec.Volumes, core.Volume{Name: "test", VolumeSource: core.VolumeSource{Projected: &core.ProjectedVolumeSource{Sources: []core.VolumeProjection{
		{ServiceAccountToken: &core.ServiceAccountTokenProjection{Audience: audience, ExpirationSeconds: &seconds, Path: "token"}},
	}}}})
	for i := range p.Spec.Containers {
		c := &p.Spec.Containers[i]
		c.VolumeMounts = append(c.VolumeMounts, core.VolumeMount{Name: "test", MountPath: "/var/run/secrets/test"})
	}
	return p
}

func create(t testing.TB, c *Cluster, namespace string, p *core.Pod) *core.Pod {
	t.Helper()
	made, err := c.Admin.CoreV1().Pods(namespace).Create(t.Context(), p, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// until asks until is says yes, for a minute.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("for a minute it did not become so: %s", what)
		}
	}
}

// ended waits until the pod has run, and returns what it wrote and its phase.
func ended(t testing.TB, c *Cluster, r *Runner, namespace, name string) (string, core.PodPhase) {
	t.Helper()
	var phase core.PodPhase
	deadline := time.Now().Add(time.Minute)
	for phase != core.PodSucceeded && phase != core.PodFailed {
		p, err := c.Admin.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
		if err == nil {
			phase = p.Status.Phase
		}
		if time.Now().After(deadline) {
			t.Fatalf("pod %s/%s has not ended: %v %+v", namespace, name, err, p.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return r.Output(namespace, name, "main"), phase
}

// kubectl runs it as the administrator.
func kubectl(t testing.TB, c *Cluster, stdin string, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(context.WithoutCancel(t.Context()), c.Kubectl(), append([]string{"--kubeconfig", filepath.Join(c.Folder(), "admin.kubeconfig")}, arguments...)...)
	command.Stdin = strings.NewReader(stdin)
	return finished(t, command)
}

// finished runs a command to its end, whatever that is.
func finished(t testing.TB, command *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), command.ProcessState.ExitCode()
}

type claims struct {
	Iss, Sub   string
	Aud        []string
	Iat, Exp   int64
	Kubernetes struct {
		Namespace                 string
		Node, Pod, ServiceAccount struct{ Name, UID string }
	} `json:"kubernetes.io"`
}

// read reads a token's header and claims. Whether they are signed is not asked here: the plane does.
func read(t testing.TB, token string) (keyID string, c claims) {
	t.Helper()
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %d parts", len(parts))
	}
	var header struct{ Kid string }
	for part, into := range map[int]any{0: &header, 1: &c} {
		content, err := base64.RawURLEncoding.DecodeString(parts[part])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, into); err != nil {
			t.Fatal(err)
		}
	}
	return header.Kid, c
}

// TestPod looks at a pod from its creation to its end: its files, its token, its state, its deletion.
func TestPod(t *testing.T) {
	t.Parallel()
	c := started(t)
	ns := namespaces(t, c, "a")[0]
	serviceAccount(t, c, ns, "app", nil)
	r := run(t, c, RunnerConfig{Namespaces: []string{ns}})

	p := withToken(podOf("once", "app", "sh", "-c", "cat $(FILE); echo; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo; echo $POD; ls /var/run/secrets"),
		"sts.amazonaws.com", 7200)
	p.Spec.Containers[0].Env = []core.EnvVar{
		{Name: "FILE", Value: "/var/run/secrets/test/token"},
		{Name: "POD", ValueFrom: &core.EnvVarSource{FieldRef: &core.ObjectFieldSelector{FieldPath: "metadata.name"}}},
	}
	made := create(t, c, ns, p)
	out, phase := ended(t, c, r, ns, "once")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if phase != core.PodSucceeded || len(lines) != 5 || !slices.Equal(lines[1:], []string{ns, "once", "kubernetes.io", "test"}) {
		t.Fatalf("%s\n%s", phase, out)
	}
	_, got := read(t, lines[0])
	var want claims
	want.Iss, want.Sub, want.Aud = issuer, "system:serviceaccount:"+ns+":app", []string{"sts.amazonaws.com"}
	want.Kubernetes.Namespace = ns
	want.Kubernetes.Pod.Name, want.Kubernetes.Pod.UID = "once", string(made.UID)
	account, err := c.Admin.CoreV1().ServiceAccounts(ns).Get(t.Context(), "app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want.Kubernetes.ServiceAccount.Name, want.Kubernetes.ServiceAccount.UID = "app", string(account.UID)
	node, err := c.Admin.CoreV1().Nodes().Get(t.Context(), r.config.Node, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want.Kubernetes.Node.Name, want.Kubernetes.Node.UID = node.Name, string(node.UID)
	want.Iat, want.Exp = got.Iat, got.Iat+7200
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the token says\n%+v, want\n%+v", got, want)
	}

	// One that stays: it becomes ready by its probe, and its process ends with it.
	p = podOf("stays", "app", "sh", "-c", "trap 'echo ended; exit 0' TERM; sleep 1; touch /probe/ready; while :; do sleep 0.1; done")
	p.Spec.Volumes = []core.Volume{{Name: "probe", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}}
	p.Spec.Containers[0].VolumeMounts = []core.VolumeMount{{Name: "probe", MountPath: "/probe"}}
	p.Spec.Containers[0].ReadinessProbe = &core.Probe{ProbeHandler: core.ProbeHandler{Exec: &core.ExecAction{Command: []string{"test", "-e", "/probe/ready"}}}}
	create(t, c, ns, p)
	if out, errOut, code := kubectl(t, c, "", "-n", ns, "wait", "--for=condition=Ready", "--timeout=30s", "pod/stays"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	if out, errOut, code := kubectl(t, c, "", "-n", ns, "delete", "--timeout=30s", "pod/stays"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	if out := r.Output(ns, "stays", "main"); out != "ended\n" {
		t.Errorf("the process said %q at its end", out)
	}
	create(t, c, ns, podOf("fails", "app", "false"))
	if _, phase := ended(t, c, r, ns, "fails"); phase != core.PodFailed {
		t.Errorf("a pod whose process fails is %s", phase)
	}
}

// TestTokenRenewal shifts the runner's clock: at 80% of its life a token is replaced by one for the same pod.
func TestTokenRenewal(t *testing.T) {
	t.Parallel()
	c := started(t)
	ns := namespaces(t, c, "a")[0]
	serviceAccount(t, c, ns, "app", nil)
	var shift sync.Map
	now := func() time.Time {
		d, _ := shift.Load("by")
		by, _ := d.(time.Duration)
		return time.Now().Add(by)
	}
	r := run(t, c, RunnerConfig{Namespaces: []string{ns}, Now: now})
	made := create(t, c, ns, withToken(podOf("app", "app", "sleep", "600"), "sts.amazonaws.com", 600))
	first := tokenOf(t, r, made.UID)
	shift.Store("by", 470*time.Second) // not yet 480
	time.Sleep(2500 * time.Millisecond)
	if tokenOf(t, r, made.UID) != first {
		t.Error("the token was renewed before 80% of its life was over")
	}
	shift.Store("by", 481*time.Second)
	until(t, "the token is another", func() bool { return tokenOf(t, r, made.UID) != first })
	_, a := read(t, first)
	_, b := read(t, tokenOf(t, r, made.UID))
	if b.Kubernetes != a.Kubernetes || b.Sub != a.Sub || b.Exp-b.Iat != 600 || b.Iat <= a.Iat {
		t.Errorf("renewed from %+v to %+v", a, b)
	}
}

// tokenOf reads the token that withToken added, once it is there.
func tokenOf(t testing.TB, r *Runner, uid types.UID) string {
	t.Helper()
	var content []byte
	until(t, "there is a token", func() bool {
		var err error
		content, err = os.ReadFile(filepath.Join(r.Volume(uid, "test"), "token"))
		return err == nil
	})
	return string(content)
}

// TestRestarts has pods run before, between and after restarts of the API server and etcd by kill, and a rotation of the signing key.
func TestRestarts(t *testing.T) {
	c := started(t)
	ns := namespaces(t, c, "a")[0]
	serviceAccount(t, c, ns, "app", nil)
	r := run(t, c, RunnerConfig{Namespaces: []string{ns}})
	sound := func(name string) string {
		t.Helper()
		create(t, c, ns, withToken(podOf(name, "app", "cat", "/var/run/secrets/test/token"), "sts.amazonaws.com", 600))
		out, phase := ended(t, c, r, ns, name)
		if phase != core.PodSucceeded {
			t.Fatalf("%s is %s: %s", name, phase, out)
		}
		return out
	}
	before, _ := read(t, sound("before"))
	if err := c.RestartAPIServer(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	sound("after-apiserver")
	if err := c.RestartEtcd(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	after, _ := read(t, sound("after-etcd"))
	if before != after {
		t.Errorf("the signing key changed from %s to %s over restarts", before, after)
	}
	if err := c.RotateSigningKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	rotated, _ := read(t, sound("after-rotation"))
	keys, err := c.Admin.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rotated == before || !bytes.Contains(keys, []byte(rotated)) || !bytes.Contains(keys, []byte(before)) {
		t.Errorf("tokens were signed by %s and are by %s; the cluster publishes %s", before, rotated, keys)
	}
}
