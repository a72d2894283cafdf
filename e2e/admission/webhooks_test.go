package admission

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4" // the implementation by which the API server applies patches
	admission "k8s.io/api/admission/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// startTimeout bounds how long a webhook may take until it injects.
const startTimeout = time.Minute

// webhook is a running process.
type webhook struct {
	name, url string
	client    *http.Client
}

// pair are ours and the peer, started alike.
type pair struct{ ours, peer webhook }

// configuration is what both are started with.
type configuration struct {
	name       string
	flags      []string
	prefix     string // of annotations; that of the flags
	identities string // the container-credentials file; empty: none
	cluster    apiServer
}

// startPair starts both webhooks with the same flags against the same cluster, and returns when both inject.
func startPair(t *testing.T, c configuration) pair {
	t.Helper()
	peer := os.Getenv("OPENIRSA_PEER_WEBHOOK")
	if peer == "" {
		t.Skip("SKIPPED: OPENIRSA_PEER_WEBHOOK names no binary of amazon-eks-pod-identity-webhook")
	}
	binary := os.Getenv("OPENIRSA_BINARY")
	if binary == "" {
		t.Fatal("OPENIRSA_BINARY is not set: run these tests with `make e2e`")
	}
	probe := c.probe()
	flags := append([]string{"--kube-api=" + c.cluster.start(t)}, c.flags...)
	if c.identities != "" {
		file := filepath.Join(t.TempDir(), "identities.json")
		mustDo(t, os.WriteFile(file, []byte(c.identities), 0o600))
		flags = append(flags, "--watch-container-credentials-config="+file)
	}
	return pair{startWebhook(t, "ours", probe, binary, append([]string{"webhook"}, flags...)...), startWebhook(t, "the peer", probe, peer, flags...)}
}

// probe adds an account for each of a cluster's sources, and returns reviews that are answered with a patch once all sources are read: the peer says that
// it is well before it knows any account.
func (c *configuration) probe() []review {
	names := []string{"probe-annotation"}
	c.cluster.accounts = append(c.cluster.accounts, serviceAccount("probe", names[0], map[string]string{c.prefix + "/role-arn": roleARN}))
	if c.identities != "" {
		names = append(names, "probe-container")
		c.cluster.accounts = append(c.cluster.accounts, serviceAccount("probe", "probe-container", nil))
		c.identities = strings.Replace(c.identities, "[", `[{"namespace":"probe","serviceAccount":"probe-container"},`, 1)
	}
	if c.cluster.roles != "" {
		names = append(names, "probe-map")
		c.cluster.accounts = append(c.cluster.accounts, serviceAccount("probe", "probe-map", nil))
		c.cluster.roles = strings.Replace(c.cluster.roles, "{", `{"probe/probe-map":{"RoleARN":"`+roleARN+`"},`, 1)
	}
	var reviews []review
	for _, name := range names {
		pod := fmt.Sprintf(`{"metadata":{"name":"probe"},"spec":{"serviceAccountName":%q,"containers":[{"name":"main"}]}}`, name)
		reviews = append(reviews, review{namespace: "probe", pod: []byte(pod)})
	}
	return reviews
}

func startWebhook(t *testing.T, name string, probe []review, program string, arguments ...string) webhook {
	t.Helper()
	folder := t.TempDir()
	client := certify(t, folder)
	address, metrics := freeAddress(t), freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	_, metricsPort, _ := net.SplitHostPort(metrics)
	command := exec.Command(program, append(arguments, "--in-cluster=false", "--tls-cert="+filepath.Join(folder, "tls.crt"),
		"--tls-key="+filepath.Join(folder, "tls.key"), "--port="+port, "--metrics-port="+metricsPort)...)
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	mustDo(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGKILL)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, log.Bytes()[max(0, log.Len()-4000):])
		}
	})
	w := webhook{name: name, url: "https://" + address, client: client}
	for deadline := time.Now().Add(startTimeout); !w.injects(probe); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not inject within %s", name, startTimeout)
		}
	}
	return w
}

// certify writes a serving certificate for 127.0.0.1 into the folder, and returns a client that trusts it alone.
func certify(t *testing.T, folder string) *http.Client {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer server.Close()
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	mustDo(t, err)
	mustDo(t, os.WriteFile(filepath.Join(folder, "tls.crt"), encodePEM("CERTIFICATE", certificate.Certificate[0]), 0o600))
	mustDo(t, os.WriteFile(filepath.Join(folder, "tls.key"), encodePEM("PRIVATE KEY", key), 0o600))
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

func (w webhook) injects(reviews []review) bool {
	for _, r := range reviews {
		if o := w.review(r); o.err != nil || len(o.response.Patch) == 0 {
			return false
		}
	}
	return true
}

// review is one request, as API servers send it.
type review struct {
	namespace string
	pod       []byte // as JSON
	version   string // of AdmissionReview; empty: v1
	dryRun    bool
}

func (r review) body() []byte {
	version := r.version
	if version == "" {
		version = "admission.k8s.io/v1"
	}
	return fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":%q,"request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",`+
		`"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"namespace":%q,`+
		`"operation":"CREATE","userInfo":{"username":"admin"},"object":%s,"oldObject":null,"dryRun":%t,"options":null}}`,
		version, r.namespace, r.pod, r.dryRun)
}

// outcome is what a webhook answered, and the pod that the API server then has.
type outcome struct {
	kind, version string
	response      admission.AdmissionResponse
	pod           core.Pod
	err           error // no answer, or one that the API server could not use
}

func (w webhook) review(r review) (o outcome) {
	answer, err := w.client.Post(w.url+"/mutate?timeout=10s", "application/json", bytes.NewReader(r.body()))
	if err != nil {
		return outcome{err: err}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return outcome{err: fmt.Errorf("%s, %v: %s", answer.Status, err, text)}
	}
	var reviewed admission.AdmissionReview
	if err := json.Unmarshal(text, &reviewed); err != nil || reviewed.Response == nil {
		return outcome{err: fmt.Errorf("%v: %s is no answer", err, text)}
	}
	o.kind, o.version, o.response = reviewed.Kind, reviewed.APIVersion, *reviewed.Response
	o.pod, o.err = apply(r.pod, o.response.Patch)
	return o
}

// apply is what the API server does with a pod and a patch.
func apply(pod, text []byte) (patched core.Pod, err error) {
	if len(text) > 0 && string(text) != "null" {
		patch, err := jsonpatch.DecodePatch(text)
		if err != nil {
			return core.Pod{}, fmt.Errorf("%s is no patch: %w", text, err)
		}
		if pod, err = patch.Apply(pod); err != nil {
			return core.Pod{}, fmt.Errorf("applying %s: %w", text, err)
		}
	}
	err = json.Unmarshal(pod, &patched)
	return patched, err
}

// differ says how two answers differ in what they mean, and "" if they do not. What a message says of a refusal is each webhook's own.
func differ(ours, peer outcome) string {
	switch {
	case (ours.err == nil) != (peer.err == nil):
		return fmt.Sprintf("ours: %v; the peer: %v", ours.err, peer.err)
	case ours.err != nil:
		return ""
	case ours.kind != peer.kind || ours.version != peer.version || ours.response.UID != peer.response.UID:
		return fmt.Sprintf("ours is a %s of %s for %q; the peer's a %s of %s for %q", ours.kind, ours.version, ours.response.UID, peer.kind, peer.version, peer.response.UID)
	case ours.response.Allowed != peer.response.Allowed:
		return fmt.Sprintf("allowed: ours %t, the peer %t", ours.response.Allowed, peer.response.Allowed)
	case !equality.Semantic.DeepEqual(ours.pod, peer.pod):
		return strings.Join(places("", decoded(ours.pod), decoded(peer.pod)), "\n")
	}
	return ""
}

// forgetJitter sets the expirations that an account without one gets at random with container credentials (79,200 to 86,400 seconds) to one value.
// Nothing that is generated asks for one between.
func forgetJitter(pod *core.Pod) {
	for _, volume := range pod.Spec.Volumes {
		if volume.Projected == nil || pod.Labels["eks.amazonaws.com/pod-identity"] != "enabled" {
			continue
		}
		for _, source := range volume.Projected.Sources {
			token := source.ServiceAccountToken
			if token != nil && token.ExpirationSeconds != nil && *token.ExpirationSeconds >= 79200 && *token.ExpirationSeconds <= 86400 {
				*token.ExpirationSeconds = 86400
			}
		}
	}
}

// ask has both answer one review.
func (p pair) ask(r review) (ours, peer outcome) {
	ours, peer = p.ours.review(r), p.peer.review(r)
	forgetJitter(&ours.pod)
	forgetJitter(&peer.pod)
	return ours, peer
}

func decoded(value any) (tree any) {
	_ = json.Unmarshal([]byte(asJSON(value)), &tree)
	return tree
}

// places are where two JSON texts differ.
func places(at string, ours, peer any) (all []string) {
	switch a := ours.(type) {
	case map[string]any:
		if b, ok := peer.(map[string]any); ok {
			for key := range union(a, b) {
				all = append(all, places(at+"/"+key, a[key], b[key])...)
			}
			return all
		}
	case []any:
		if b, ok := peer.([]any); ok && len(a) == len(b) {
			for i := range a {
				all = append(all, places(fmt.Sprintf("%s/%d", at, i), a[i], b[i])...)
			}
			return all
		}
	}
	if reflect.DeepEqual(ours, peer) {
		return nil
	}
	return []string{fmt.Sprintf("%s: ours %s, the peer %s", at, strings.TrimSpace(asJSON(ours)), strings.TrimSpace(asJSON(peer)))}
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
