package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// authorityRights are those that docs/rbac.md gives a webhook that keeps its own certificates, beside webhookAccount's.
const authorityRights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: authority, namespace: NAMESPACE}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create, list, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: authority, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: authority}
subjects: [{kind: ServiceAccount, name: webhook, namespace: NAMESPACE}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAMESPACE-authority}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations], resourceNames: [NAMESPACE], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAMESPACE-authority}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAMESPACE-authority}
subjects: [{kind: ServiceAccount, name: webhook, namespace: NAMESPACE}]
`

// startSharing starts replicas that keep their own certificates, behind a Service, in a namespace whose name is their webhook configuration's too.
func startSharing(t *testing.T, c *Cluster, replicas int, failure admission.FailurePolicyType, namespace string, arguments ...string) *webhooks {
	t.Helper()
	kubeconfig := webhookAccount(t, c)
	own := strings.ToLower(t.Name()) + "-openirsa" // made by webhookAccount
	if out, errOut, code := kubectl(t, c, strings.ReplaceAll(authorityRights, "NAMESPACE", own), "apply", "-f", "-"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	w := &webhooks{folder: t.TempDir(), cluster: c, balancer: newBalancer(t, reachable(t))}
	w.expose(t, own, "hook")
	w.configure(t, own, failure, namespace)
	w.arguments = append([]string{"webhook", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1", "--drain-delay", "500ms",
		"--namespace", own, "--service-name", "hook", "--tls-secret", "hook", "--webhook-configuration", own}, arguments...)
	w.replicate(t, replicas)
	w.effective(t, []string{namespace})
	return w
}

// reachable gives this machine an address that is none of loopback's, which no endpoint of a Service may have (EndpointSlice), until the test ends.
func reachable(t *testing.T) string {
	t.Helper()
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	// Of the addresses for benchmarks of networks (RFC 2544), which lead nowhere.
	address, err := netlink.ParseAddr(fmt.Sprintf("198.18.%d.%d/32", os.Getpid()/250%250, 1+os.Getpid()%250))
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(loopback, address); err != nil {
		t.Fatalf("adding an address, for which these tests must run as root: %v", err)
	}
	t.Cleanup(func() { netlink.AddrDel(loopback, address) })
	return address.IP.String()
}

// expose makes a Service of the replicas' address.
func (w *webhooks) expose(t *testing.T, namespace, name string) {
	t.Helper()
	ip := w.balancer.listener.Addr().(*net.TCPAddr).IP.String()
	port, https, yes, tcp := int32(w.balancer.listener.Addr().(*net.TCPAddr).Port), "https", true, core.ProtocolTCP
	w.service = &admission.ServiceReference{Namespace: namespace, Name: name, Port: &port}
	service := &core.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: core.ServiceSpec{ClusterIP: core.ClusterIPNone,
		Ports: []core.ServicePort{{Name: https, Port: port}}}}
	slice := &discovery.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{discovery.LabelServiceName: name}},
		AddressType: discovery.AddressTypeIPv4, Ports: []discovery.EndpointPort{{Name: &https, Port: &port, Protocol: &tcp}},
		Endpoints: []discovery.Endpoint{{Addresses: []string{ip}, Conditions: discovery.EndpointConditions{Ready: &yes}}}}
	if _, err := w.cluster.Admin.CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cluster.Admin.DiscoveryV1().EndpointSlices(namespace).Create(t.Context(), slice, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// bundle is what the API server is told to trust.
func (w *webhooks) bundle(t *testing.T) []byte {
	configuration, err := w.cluster.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), w.service.Namespace, metav1.GetOptions{})
	if err != nil {
		t.Error(err)
		return nil
	}
	return configuration.Webhooks[0].ClientConfig.CABundle
}

// versions are the names of the Secrets that hold the authority.
func (w *webhooks) versions(t *testing.T) (names []string) {
	list, err := w.cluster.Admin.CoreV1().Secrets(w.service.Namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Error(err)
		return nil
	}
	for _, s := range list.Items {
		names = append(names, s.Name)
		if s.Immutable == nil || !*s.Immutable {
			t.Errorf("the Secret %s can be changed", s.Name)
		}
	}
	return names
}

// shake connects to an address as the API server does that trusts bundle, and returns the name of the authority that signed the certificate.
func (w *webhooks) shake(address string, bundle []byte) (string, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", address,
		&tls.Config{RootCAs: roots, ServerName: w.service.Name + "." + w.service.Namespace + ".svc"})
	if err != nil {
		return "", err
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].Issuer.CommonName, nil
}

// authorityOf is the authority by which a replica serves.
func (w *webhooks) authorityOf(t *testing.T, i int) string {
	t.Helper()
	name, err := w.shake(fmt.Sprintf("127.0.0.1:%d", w.replicas[i].ports[0]), w.bundle(t))
	if err != nil {
		t.Errorf("replica %d: %v", i, err)
	}
	return name
}

// sightings are what a client sees who reads what to trust and connects, again and again.
type sightings struct {
	mutex                      sync.Mutex
	authorities, bundles, kept map[string]bool
	handshakes, most           int
	failures                   []string
}

// watch looks until the test tells it to stop.
func (s *sightings) watch(t *testing.T, w *webhooks, stop <-chan struct{}) {
	s.authorities, s.bundles, s.kept = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for {
		versions, bundle := w.versions(t), w.bundle(t)
		authority, err := w.shake(w.balancer.address(), bundle)
		s.mutex.Lock()
		s.handshakes++
		s.most = max(s.most, len(versions))
		s.bundles[string(bundle)] = true
		for _, name := range versions {
			s.kept[name] = true
		}
		if err != nil {
			s.failures = append(s.failures, err.Error())
		} else {
			s.authorities[authority] = true
		}
		s.mutex.Unlock()
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// signed are the authorities that have been seen to sign.
func (s *sightings) signed() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Collect(maps.Keys(s.authorities))
}

// TestAuthorityRotation lets the webhook's own authority, which two replicas share in Secrets, live for seconds in place of a year while pods are created that
// may not start without their role: two successors are made, trusted and used, one replica is replaced meanwhile, and no request fails.
func TestAuthorityRotation(t *testing.T) {
	c := started(t)
	ns := namespaces(t, c, "fail")[0]
	w := startSharing(t, c, 2, admission.Fail, ns,
		"--authority-lifetime", "15s", "--certificate-lifetime", "12s", "--authority-overlap", "2s")
	began := time.Now()
	var watching, creating sync.WaitGroup
	stop, seen := make(chan struct{}), &sightings{}
	watching.Go(func() { seen.watch(t, w, stop) })
	s := &storm{client: c.Admin, namespaces: []string{ns}, clients: 3}
	creating.Go(func() { s.blow(t.Context(), t).Wait() })
	end := sync.OnceFunc(func() {
		s.stop.Store(true)
		close(stop)
		creating.Wait()
		watching.Wait()
	})
	defer end()

	reached := func(what string) {
		t.Logf("%6v  %5d pods begun: %s", time.Since(began).Round(100*time.Millisecond), s.next.Load(), what)
	}
	until(t, "a second authority signs", func() bool { return len(seen.signed()) == 2 })
	reached("the second authority signs")
	before := seen.signed()
	w.retire(0)
	reached("one replica is gone")
	w.start(t, 0)
	reached("it is back")
	if authority := w.authorityOf(t, 0); !slices.Contains(before, authority) {
		t.Errorf("the replica came back with the authority %q, not one of %q", authority, before)
	}
	until(t, "a third authority signs, for both replicas", func() bool {
		authority := w.authorityOf(t, 0)
		return len(seen.signed()) >= 3 && !slices.Contains(before, authority) && authority == w.authorityOf(t, 1)
	})
	reached("the third authority signs")
	until(t, "the first two versions are removed", func() bool {
		versions := w.versions(t)
		return !slices.Contains(versions, "hook-1") && !slices.Contains(versions, "hook-2")
	})
	end()
	reached("the end")

	t.Logf("%d handshakes; authorities %q, Secrets %q, %d at once, %d bundles", seen.handshakes, seen.signed(), slices.Sorted(maps.Keys(seen.kept)), seen.most, len(seen.bundles))
	if len(seen.failures) > 0 {
		t.Errorf("%d handshakes failed, the first: %s", len(seen.failures), seen.failures[0])
	}
	if n := s.retried.Load(); n > 0 {
		t.Errorf("%d requests failed", n)
	}
	pods, missed := count(t, c, ns)
	if len(missed) > 0 || pods < 100 {
		t.Errorf("of %d pods missed: %v", pods, missed)
	}
	// One bundle of each version alone, one of each pair while they overlap.
	if len(seen.bundles) < 5 || seen.most > 2 || len(seen.kept) < 3 {
		t.Errorf("%d bundles, %d Secrets at once, %d in all", len(seen.bundles), seen.most, len(seen.kept))
	}
	for i := range w.replicas {
		log, err := os.ReadFile(filepath.Join(w.folder, fmt.Sprintf("webhook-%d.log", i)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "could not be kept up") {
				t.Logf("replica %d: %s", i, line)
			}
		}
	}
}
