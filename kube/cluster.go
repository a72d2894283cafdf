package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiversion "k8s.io/apimachinery/pkg/version"

	"github.com/openirsa/openirsa/oidc"
)

// Paths of the service account issuer discovery (Kubernetes documentation, "Configure Service Accounts for Pods", "Service account issuer discovery") and of
// the version, and the most that is taken of their documents, in bytes.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keySetPath    = "/openid/v1/jwks"
	versionPath   = "/version"
	maxDiscovery  = 64 << 10
)

// Cluster is what a cluster says of itself to whoever takes its tokens.
type Cluster struct {
	UID                  string // of its kube-system namespace: it lives as long as the cluster, and no other cluster has it
	Issuer               string // exactly as its discovery document has it; of several issuers the first, which signs
	JWKSURI              string // where that document says that the keys are
	KeySet               []byte // a JWK set, compact
	KeyIDs               []string
	Algorithms           []string // that the keys sign with, as the document has them
	Version              string   // v1.36.3
	Endpoint             string   // of the API server, as this client reaches it; empty unless it is https
	CertificateAuthority string   // base64 of PEM, as a kubeconfig has it; empty: the system's
}

// ErrNoIssuer means that the API server does not publish its issuer.
var ErrNoIssuer = errors.New("the API server does not publish its service account issuer")

// discovery is the part of the discovery document that is read (OpenID Connect Discovery 1.0, section 3).
type discovery struct {
	Issuer     string   `json:"issuer"`
	JWKSURI    string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
}

// Cluster reads what the cluster says of itself through its API server, as `kubectl get --raw` does: no public URL is asked. It needs the rights of the
// ClusterRole system:service-account-issuer-discovery, and to get the namespace kube-system.
func (c *Client) Cluster(ctx context.Context) (Cluster, error) {
	var out Cluster
	d, err := c.discovery(ctx)
	if err != nil {
		return out, err
	}
	out.Issuer, out.JWKSURI, out.Algorithms = d.Issuer, d.JWKSURI, d.Algorithms
	if out.KeySet, out.KeyIDs, err = c.keySet(ctx); err != nil {
		return out, err
	}
	namespace, err := c.client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return out, fmt.Errorf("reading namespace %s: %w", metav1.NamespaceSystem, err)
	}
	if out.UID = string(namespace.UID); out.UID == "" { // by which another cluster of its issuer is known
		return out, fmt.Errorf("reading namespace %s: it has no UID", metav1.NamespaceSystem)
	}
	if out.Version, err = c.version(ctx); err != nil {
		return out, err
	}
	if strings.HasPrefix(c.rest.Host, "https://") {
		out.Endpoint = strings.TrimSuffix(c.rest.Host, "/")
	}
	out.CertificateAuthority, err = c.certificateAuthority()
	return out, err
}

// Issuer reads the issuer alone, exactly as the discovery document has it.
func (c *Client) Issuer(ctx context.Context) (string, error) {
	d, err := c.discovery(ctx)
	return d.Issuer, err
}

// discovery reads the issuer's discovery document.
func (c *Client) discovery(ctx context.Context) (d discovery, err error) {
	document, err := c.raw(ctx, discoveryPath, maxDiscovery)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return d, fmt.Errorf("reading %s of the API server: %w", discoveryPath, err)
	}
	if d.Issuer == "" {
		return d, ErrNoIssuer
	}
	return d, nil
}

// version reads what the API server runs.
func (c *Client) version(ctx context.Context) (string, error) {
	document, err := c.raw(ctx, versionPath, maxDiscovery)
	if err != nil {
		return "", err
	}
	var told apiversion.Info
	if err := json.Unmarshal(document, &told); err != nil {
		return "", fmt.Errorf("reading %s of the API server: %w", versionPath, err)
	}
	return told.GitVersion, nil
}

// keySet reads the keys that verify the cluster's tokens.
func (c *Client) keySet(ctx context.Context) (set []byte, ids []string, err error) {
	document, err := c.raw(ctx, keySetPath, oidc.MaxJWKSSize)
	if err != nil {
		return nil, nil, err
	}
	if ids, err = oidc.ParseJWKS(document); err != nil {
		return nil, nil, fmt.Errorf("reading %s of the API server: %w", keySetPath, err)
	}
	return slices.Clone(document), ids, nil
}

// raw gets a path of the API server.
func (c *Client) raw(ctx context.Context, path string, most int) ([]byte, error) {
	document, err := c.client.Discovery().RESTClient().Get().AbsPath(path).Do(ctx).Raw()
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s of the API server: %w", path, err)
	case len(document) > most:
		return nil, fmt.Errorf("reading %s of the API server: it has %d bytes; at most %d are taken", path, len(document), most)
	}
	return document, nil
}

// certificateAuthority is what this client verifies the API server by.
func (c *Client) certificateAuthority() (string, error) {
	pem := c.rest.CAData
	if len(pem) == 0 && c.rest.CAFile != "" {
		var err error
		if pem, err = os.ReadFile(c.rest.CAFile); err != nil {
			return "", fmt.Errorf("reading the cluster's certificate authority: %w", err)
		}
	}
	return base64.StdEncoding.EncodeToString(pem), nil
}

// ReviewToken asks the API server whether a token for these audiences is good now: signed by it, not expired, and bound to objects that there are.
//
// The API server remembers for ten seconds that a token was good, by the token and the audiences that are asked about
// (k8s.io/apiserver/pkg/authentication/token/cache). unique, which no other review has, is asked about beside them, so that the answer is of now.
func (c *Client) ReviewToken(ctx context.Context, token string, audiences []string, unique string) (authenticated bool, err error) {
	asked := append(slices.Clone(audiences), "openirsa-review-"+unique)
	answer, err := c.client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: asked},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("reviewing a token: %w", err)
	}
	if !answer.Status.Authenticated {
		return false, nil
	}
	for _, audience := range audiences {
		if !slices.Contains(answer.Status.Audiences, audience) {
			return false, nil
		}
	}
	return true, nil
}
