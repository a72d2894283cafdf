// Package cluster runs a real Kubernetes on loopback for end-to-end tests: etcd, kube-apiserver and kube-controller-manager as scripts/kubernetes
// built them, and in place of kubelet and container runtime a Runner that starts the pods' containers as plain processes.
//
// Tokens, admission, authorization and garbage collection are Kubernetes' own. What there is not: a scheduler (a Runner binds the pods of its
// namespaces to its node), images, limits of resources, and any other network of pods than Network.
package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ServiceRange is where Services get their addresses from; nothing answers there.
const ServiceRange = "10.96.0.0/16"

// startTimeout is for one component to become ready, on a machine that compiles or fuzzes beside it.
const startTimeout = 90 * time.Second

// Config says what to run. Every field is needed.
type Config struct {
	Programs string // folder with kube-apiserver, kube-controller-manager, kubectl, etcd and Helm
	Folder   string // state, certificates, kubeconfigs and logs
	Issuer   string // --service-account-issuer; nothing needs to answer at the URL
}

// Cluster is a running control plane. Its methods may be called concurrently, but for those that restart a component.
type Cluster struct {
	Issuer string
	Server string // URL of the API server; it survives a restart
	Admin  kubernetes.Interface

	programs   string
	folder     string
	ca         *authority
	admin      *rest.Config
	apiserver  *process
	etcd       *process
	controller *process
	keys       []string // files of service account keys: the last one signs, each one verifies
}

// Start starts a control plane and returns when it serves and the default namespace has its service account.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	c := &Cluster{Issuer: config.Issuer, programs: config.Programs, folder: config.Folder}
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("preparing the cluster: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, start := range []func(context.Context) error{c.startEtcd, c.startAPIServer, c.startController} {
		if err := start(ctx); err != nil {
			c.Stop()
			return nil, fmt.Errorf("%w\n%s", err, c.Logs())
		}
	}
	return c, nil
}

// prepare makes what the components read: certificates, a signing key, ports, kubeconfigs.
func (c *Cluster) prepare() error {
	var err error
	if c.ca, err = newAuthority(c.path("ca.crt"), c.path("ca.key")); err != nil {
		return err
	}
	if err := c.ca.server(c.path("apiserver.crt"), c.path("apiserver.key")); err != nil {
		return err
	}
	if err := c.addKey(); err != nil {
		return err
	}
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	c.Server = fmt.Sprintf("https://127.0.0.1:%d", ports[0])
	c.etcd = c.component("etcd", ports[1], ports[2])
	c.apiserver = c.component("kube-apiserver", ports[0])
	c.controller = c.component("kube-controller-manager", ports[3])
	admin, err := c.Kubeconfig("admin", "system:masters")
	if err != nil {
		return err
	}
	if c.admin, err = clientcmd.BuildConfigFromFlags("", admin); err != nil {
		return err
	}
	c.admin.QPS = -1
	c.Admin, err = kubernetes.NewForConfig(c.admin)
	return err
}

func (c *Cluster) path(name string) string { return filepath.Join(c.folder, name) }

func (c *Cluster) component(name string, ports ...int) *process {
	return &process{program: filepath.Join(c.programs, name), log: c.path(name + ".log"), ports: ports}
}

func (c *Cluster) startEtcd(ctx context.Context) error {
	client, peer := fmt.Sprintf("http://127.0.0.1:%d", c.etcd.ports[0]), fmt.Sprintf("http://127.0.0.1:%d", c.etcd.ports[1])
	return c.etcd.start(nil,
		"--data-dir", c.path("etcd"), "--unsafe-no-fsync", // tests kill processes, not machines
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
}

// startAPIServer has the authorizers and admission of kubeadm's clusters.
func (c *Cluster) startAPIServer(ctx context.Context) error {
	arguments := []string{
		"--etcd-servers", fmt.Sprintf("http://127.0.0.1:%d", c.etcd.ports[0]),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.apiserver.ports[0]), "--service-cluster-ip-range", ServiceRange,
		"--tls-cert-file", c.path("apiserver.crt"), "--tls-private-key-file", c.path("apiserver.key"), "--client-ca-file", c.path("ca.crt"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--enable-aggregator-routing", // webhooks behind a Service are called at its pods' addresses: nothing makes the Service's own lead anywhere
		"--service-account-issuer", c.Issuer, "--api-audiences", c.Issuer,
		"--service-account-signing-key-file", c.keys[len(c.keys)-1],
	}
	for _, key := range c.keys {
		arguments = append(arguments, "--service-account-key-file", key)
	}
	if err := c.apiserver.start(nil, arguments...); err != nil {
		return err
	}
	return c.apiserver.until(ctx, func(ctx context.Context) error {
		answer, err := c.Admin.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil && string(answer) != "ok" {
			err = fmt.Errorf("/readyz says %q", answer)
		}
		return err
	})
}

func (c *Cluster) startController(ctx context.Context) error {
	kubeconfig, err := c.Kubeconfig("system:kube-controller-manager")
	if err != nil {
		return err
	}
	if err := c.controller.start(nil,
		"--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig, "--authorization-kubeconfig", kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.controller.ports[0]), "--leader-elect=false",
		"--use-service-account-credentials", "--root-ca-file", c.path("ca.crt"),
		// Signed by the first key, which every later API server still takes.
		"--service-account-private-key-file", c.keys[0],
		"--cluster-signing-cert-file", c.path("ca.crt"), "--cluster-signing-key-file", c.path("ca.key")); err != nil {
		return err
	}
	return c.controller.until(ctx, func(ctx context.Context) error {
		_, err := c.Admin.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// RestartAPIServer ends the API server, as a crash would if kill is set, and starts it again on the same port and data.
func (c *Cluster) RestartAPIServer(ctx context.Context, kill bool) error {
	c.apiserver.stop(kill)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return c.startAPIServer(ctx)
}

// RestartEtcd ends etcd, as a crash would if kill is set, starts it again on the same port and data, and waits until the API server is ready.
func (c *Cluster) RestartEtcd(ctx context.Context, kill bool) error {
	c.etcd.stop(kill)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.startEtcd(ctx); err != nil {
		return err
	}
	return c.etcd.until(ctx, func(ctx context.Context) error {
		_, err := c.Admin.CoreV1().Namespaces().List(ctx, metav1.ListOptions{Limit: 1}) // read from etcd
		return err
	})
}

// RotateSigningKey has a new key sign service accounts' tokens, as an operator does: the API server restarts with the new key, and still verifies by
// and publishes the old ones.
func (c *Cluster) RotateSigningKey(ctx context.Context) error {
	if err := c.addKey(); err != nil {
		return err
	}
	return c.RestartAPIServer(ctx, true) // told to end, it would wait for its watchers
}

func (c *Cluster) addKey() error {
	file := c.path(fmt.Sprintf("service-accounts-%d.key", len(c.keys)))
	if err := writeRSAKey(file); err != nil {
		return err
	}
	c.keys = append(c.keys, file)
	return nil
}

// Stop ends all of it. State and logs stay in the folder.
func (c *Cluster) Stop() {
	for _, p := range []*process{c.controller, c.apiserver, c.etcd} {
		p.stop(true)
	}
}

// Logs are the last lines that each component wrote, for a failed test.
func (c *Cluster) Logs() string {
	var all strings.Builder
	for _, p := range []*process{c.etcd, c.apiserver, c.controller} {
		fmt.Fprintf(&all, "--- %s\n%s", filepath.Base(p.program), p.tail(12))
	}
	return all.String()
}

// Kubeconfig writes a kubeconfig by which a client is user in groups, by a certificate of the cluster's authority, and returns its path.
func (c *Cluster) Kubeconfig(user string, groups ...string) (string, error) {
	certificate, key, err := c.ca.client(user, groups)
	if err != nil {
		return "", err
	}
	return c.writeKubeconfig(user, login{certificate: certificate, key: key})
}

// KubeconfigOf writes a kubeconfig that reads a service account's token anew from the file each minute, as pods do, and returns its path.
func (c *Cluster) KubeconfigOf(name, tokenFile string) (string, error) {
	return c.writeKubeconfig(name, login{tokenFile: tokenFile})
}

// As is the configuration of a client that is user in groups.
func (c *Cluster) As(user string, groups ...string) (*rest.Config, error) {
	file, err := c.Kubeconfig(user, groups...)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // the API server has priority and fairness of its own
	return config, nil
}

// CA is the file of the certificate that the API server's own follows from.
func (c *Cluster) CA() string { return c.path("ca.crt") }

// Kubectl is the program.
func (c *Cluster) Kubectl() string { return filepath.Join(c.programs, "kubectl") }

// Helm is the program that installs charts, built with the same Kubernetes.
func (c *Cluster) Helm() string { return filepath.Join(c.programs, "helm") }

// Folder is where the cluster keeps what it keeps.
func (c *Cluster) Folder() string { return c.folder }

func writeFile(path string, content []byte) error { return os.WriteFile(path, content, 0o600) }
