// Package kube is the adapter to a Kubernetes cluster, by client-go: what the webhook and the commands ask of its API server.
//
// It owns connections, caches of what is watched, and the translation between Kubernetes' objects and this project's values. It decides nothing:
// what is injected is webhook's, what is diagnosed doctor's.
package kube

import (
	"fmt"
	"io"
	"net/http"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Config says which cluster, as kubectl's flags do. The zero value follows KUBECONFIG and ~/.kube/config, and in a pod its service account.
type Config struct {
	Kubeconfig string // file; empty: KUBECONFIG, then ~/.kube/config, then the pod's own service account
	Context    string // of the kubeconfig; empty: its current one
	Server     string // URL of the API server, in place of the kubeconfig's
	InCluster  bool   // the pod's own service account, whatever kubeconfig there is
	UserAgent  string
	MaxAnswer  int64 // bytes that are read of one answer, whatever the API server sends; 0: any number, as watches need
}

// Client talks to one cluster. It is safe for concurrent use.
type Client struct {
	rest   *rest.Config
	client kubernetes.Interface
}

// New makes a Client. It does not connect: the first call does.
func New(c Config) (*Client, error) {
	config, err := restConfig(c)
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	config.UserAgent = c.UserAgent
	// client-go holds a client back after 5 requests a second; API servers have had priority and fairness of their own since Kubernetes 1.20.
	config.QPS = -1
	if c.MaxAnswer > 0 {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return boundedTransport{next, c.MaxAnswer} })
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's client: %w", err)
	}
	return &Client{rest: config, client: client}, nil
}

func restConfig(c Config) (*rest.Config, error) {
	if c.InCluster {
		return rest.InClusterConfig()
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.Context}
	overrides.ClusterInfo.Server = c.Server
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
}

// boundedTransport ends answers that are longer than anything that is asked for: client-go reads whole bodies into memory, of errors too.
type boundedTransport struct {
	next http.RoundTripper
	most int64
}

// RoundTrip implements http.RoundTripper.
func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err == nil {
		response.Body = &boundedBody{response.Body, t.most, t.most}
	}
	return response, err
}

// WrappedRoundTripper is what client-go looks through wrappers by.
func (t boundedTransport) WrappedRoundTripper() http.RoundTripper { return t.next }

type boundedBody struct {
	io.ReadCloser
	left, most int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the API server's answer has more than %d bytes", b.most)
	}
	return n, err
}
