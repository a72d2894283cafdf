package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
)

// The key of the store behind the plane, which no pod has.
const (
	storeKey    = "AKIASTOREEXAMPLE0001"
	storeSecret = "storestorestorestorestorestorestorestore"
)

// shimVariable names the folder of the guide's run in the processes by which this program stands for kubectl, see actAsKubectl.
const shimVariable = "OPENIRSA_E2E_KUBECTL"

// TestSelfHosting runs the blocks of docs/self-hosting.md as they are, in their order and in one shell, and looks at what they came to. What they
// leave behind is the installation that the chart's own tests look at.
//
// The operator's values are the test's, and these are not an operator's: images are this machine's programs (RunnerConfig.Images), and of kubectl
// the two commands that a kubelet has to answer are answered by actAsKubectl.
func TestSelfHosting(t *testing.T) {
	c := started(t)
	network, err := c.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Close)
	g := &guide{cluster: c, folder: t.TempDir(), store: startStore(t, network.prefix+"0.1")}
	app := namespaces(t, c, "app")[0]
	r := run(t, c, RunnerConfig{Namespaces: []string{chartNamespace, webhookNamespace, "shop", app}, Network: network,
		Images: map[string]string{"openirsa/irsa": binary(t), "amazon/aws-cli": g.awsImage(t)}})
	logAtFailure(t, c, r)
	leaveNoWebhook(t, c)
	g.prepare(t, r)
	g.follow(t)
	g.stored(t)
	chart := g.release(t, r)
	t.Run("dry run", chart.dryRun)
	t.Run("rights", chart.rights)
	t.Run("flow", chart.flow)
	t.Run("availability", chart.availability)
	t.Run("injection", func(t *testing.T) { chart.injection(t, app) })
	t.Run("events", func(t *testing.T) { chart.events(t, app) })
}

// guide is one run of the guide.
type guide struct {
	cluster *Cluster
	folder  string // where the shell is, which stands for the checkout
	store   *store
}

// awsImage is a program that stands for the image of the AWS CLI: this machine's, which may be told by its name.
func (g *guide) awsImage(t testing.TB) string {
	t.Helper()
	return g.script(t, filepath.Join(t.TempDir(), "aws"), "exec aws \"$@\"")
}

func (g *guide) script(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// prepare puts the programs that the guide names on the path of its shell, and the chart and the store's secret into its folder.
func (g *guide) prepare(t testing.TB, r *Runner) {
	t.Helper()
	programs := filepath.Join(g.folder, "programs")
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(programs, 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"programs/helm": g.cluster.Helm(), "programs/irsa": binary(t), "deploy": filepath.Join(checkout, "deploy"),
		"real-kubectl": g.cluster.Kubectl(), "logs": r.config.Folder} {
		if err := os.Symlink(to, filepath.Join(g.folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	g.script(t, filepath.Join(programs, "kubectl"), fmt.Sprintf(`case " $* " in
*" port-forward "* | *" logs "*) %s='%s' exec '%s' "$@" ;; # what a kubelet would answer
esac
exec '%s/real-kubectl' "$@"`, shimVariable, g.folder, self, g.folder))
	if err := writeFile(filepath.Join(g.folder, "store.secret"), []byte(storeSecret)); err != nil {
		t.Fatal(err)
	}
}

// follow runs the guide's blocks. The first one is the operator's to change, and the test does.
func (g *guide) follow(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile("../../docs/self-hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, match := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, match[1])
	}
	if len(blocks) < 2 || !strings.Contains(blocks[0], "STORE=") {
		t.Fatalf("the guide has %d blocks, and the first one is not the operator's values", len(blocks))
	}
	blocks[0] += fmt.Sprintf("ACCOUNT=%s REGION=%s STORE=%s STORE_KEY=%s\n", account, chartRegion, g.store.url, storeKey)
	// A block that fails ends the run, and the end of it what a block left running.
	script := "set -euo pipefail\ntrap 'kill $(jobs -p) || true' EXIT\n" + strings.Join(blocks, "")
	if err := writeFile(filepath.Join(g.folder, "guide.sh"), []byte(script)); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "guide.sh")
	command.Dir = g.folder
	command.Env = environment("HOME="+t.TempDir(), "KUBECONFIG="+adminKubeconfig(g.cluster),
		"PATH="+filepath.Join(g.folder, "programs")+string(os.PathListSeparator)+os.Getenv("PATH"))
	command.WaitDelay = 10 * time.Second
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	if err := command.Run(); err != nil {
		t.Fatalf("the guide: %v\n%s\n%s", err, out.String(), errOut.String())
	}
	g.said(t, out.String()+errOut.String())
}

// said compares what the blocks wrote with what the guide says that they do.
func (g *guide) said(t *testing.T, output string) {
	t.Helper()
	for what, want := range map[string]string{
		"the pod that may reads":          "figures\n",
		"the pod that may read writes":    "(AccessDenied) when calling the PutObject operation",
		"the pod without role reads":      "Unable to locate credentials",
		"nobody takes another's role":     "\nrefused\n",
		"the annotation of another warns": "Warning: T01: ",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("%s: there is no %q", what, want)
		}
	}
	if t.Failed() {
		t.Logf("the guide's output:\n%s", output)
	}
}

// stored looks at what is in the store itself.
func (g *guide) stored(t *testing.T) {
	t.Helper()
	bucket := filepath.Join(g.store.folder, "shop-data")
	if content, err := os.ReadFile(filepath.Join(bucket, "q1.txt")); err != nil || string(content) != "figures\n" {
		t.Errorf("the store's object is %q: %v", content, err)
	}
	if _, err := os.Stat(filepath.Join(bucket, "q2.txt")); !os.IsNotExist(err) {
		t.Errorf("what the plane refused to write is in the store: %v", err)
	}
}

// release is what the guide installed, with the rights of the administrator that it made last.
func (g *guide) release(t *testing.T, r *Runner) *release {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(g.folder, "admin.json"))
	var made struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}
	if err == nil {
		err = json.Unmarshal(content, &made)
	}
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(g.folder, "ca.crt")
	bundle, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	service, err := g.cluster.Admin.CoreV1().Services(chartNamespace).Get(t.Context(), "openirsa", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &release{cluster: g.cluster, runner: r, bundle: bundle,
		values: []string{filepath.Join(g.folder, "values.yaml"), filepath.Join(g.folder, "roles.yaml")},
		admin: []string{"AWS_ACCESS_KEY_ID=" + made.AccessKey.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + made.AccessKey.SecretAccessKey, "AWS_CA_BUNDLE=" + file,
			"AWS_ENDPOINT_URL=https://" + forward(t, service.Spec.ClusterIP+":443"), "AWS_REGION=" + chartRegion, "AWS_DEFAULT_REGION=" + chartRegion}}
}

// store is an S3 server that is not ours, where pods reach it.
type store struct{ url, folder string }

// startStore serves a folder on the machine's address, until the test ends.
func startStore(t testing.TB, address string) *store {
	t.Helper()
	program := os.Getenv("OPENIRSA_PEER_SUITE")
	if program == "" {
		t.Fatal("OPENIRSA_PEER_SUITE is not set: run these tests with `make e2e`")
	}
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	s := &store{url: "http://" + address, folder: t.TempDir()}
	p := &process{program: program, log: filepath.Join(t.TempDir(), "store.log")}
	if err := p.start(environment("ROOT_ACCESS_KEY="+storeKey, "ROOT_SECRET_KEY="+storeSecret), "-p", address, "posix", s.folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(true) })
	until(t, "the store listens", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
	return s
}

// actAsKubectl does nothing but in the processes that stand for the guide's kubectl. There it does what a kubelet has its part in, and nobody here is
// one: `-n NAMESPACE port-forward service/NAME|pod/NAME LOCAL:PORT` leads to the pod or to one of the Service's, `-n NAMESPACE logs POD` shows what the Runner kept.
func actAsKubectl() {
	folder := os.Getenv(shimVariable)
	if folder == "" {
		return
	}
	err := fmt.Errorf("kubectl %q is not the guide's", os.Args[1:])
	if len(os.Args) == 6 && os.Args[3] == "port-forward" {
		err = portForward(folder, os.Args[2], os.Args[4], os.Args[5])
	}
	if len(os.Args) == 5 && os.Args[3] == "logs" {
		var content []byte
		for _, file := range globbed(filepath.Join(folder, "logs"), os.Args[2]+"_"+os.Args[4]+"_*.log") {
			content, err = os.ReadFile(file)
			os.Stdout.Write(content)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func portForward(folder, namespace, to, ports string) error {
	local, port, _ := strings.Cut(ports, ":")
	address, err := forwarded(filepath.Join(folder, "real-kubectl"), namespace, to, port)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+local)
	if err != nil {
		return err
	}
	fmt.Printf("Forwarding from %s -> %s\n", listener.Addr(), port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go join(connection, address)
	}
}

// forwarded is the address in a pod that kubectl would forward a port to. Of a Service it takes what the selector selects and the port's target, not the
// endpoints, which come later.
func forwarded(kubectl, namespace, to, port string) (string, error) {
	get := func(into any, arguments ...string) error {
		out, err := exec.Command(kubectl, append([]string{"-n", namespace, "get", "-o", "json"}, arguments...)...).Output()
		if err != nil {
			return err
		}
		return json.Unmarshal(out, into)
	}
	name, isService := strings.CutPrefix(to, "service/")
	if !isService {
		var pod core.Pod
		err := get(&pod, to)
		return net.JoinHostPort(pod.Status.PodIP, port), err
	}
	var service core.Service
	if err := get(&service, "service", name); err != nil {
		return "", err
	}
	var pods core.PodList
	if err := get(&pods, "pods", "--selector", labels.SelectorFromSet(service.Spec.Selector).String()); err != nil {
		return "", err
	}
	for _, of := range service.Spec.Ports {
		if strconv.Itoa(int(of.Port)) != port || len(pods.Items) == 0 {
			continue
		}
		pod := pods.Items[0]
		for _, container := range pod.Spec.Containers {
			for _, named := range container.Ports {
				if named.Name == of.TargetPort.String() {
					return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(named.ContainerPort))), nil
				}
			}
		}
	}
	return "", fmt.Errorf("no pod of service %s has its port %s", name, port)
}

// flow asks the API server with the webhook's own token, and looks under which schema and level the answer was made.
func (r *release) flow(t *testing.T) {
	token, err := r.cluster.Admin.CoreV1().ServiceAccounts(webhookNamespace).CreateToken(t.Context(), "openirsa-webhook", &authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(r.cluster.admin)
	config.BearerToken = token.Status.Token
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := r.cluster.Admin.FlowcontrolV1().FlowSchemas().Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	level, err := r.cluster.Admin.FlowcontrolV1().PriorityLevelConfigurations().Get(t.Context(), "openirsa-webhook", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(r.cluster.Server + "/api/v1/serviceaccounts?limit=1")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	// https://kubernetes.io/docs/reference/debug-cluster/flow-control/
	if got := response.Header.Get("X-Kubernetes-PF-FlowSchema-UID"); response.StatusCode != http.StatusOK || got != string(schema.UID) {
		t.Errorf("%s: the schema was %s, want %s", response.Status, got, schema.UID)
	}
	if got := response.Header.Get("X-Kubernetes-PF-PriorityLevel-UID"); got != string(level.UID) {
		t.Errorf("the level was %s, want %s", got, level.UID)
	}
}
