package cluster

import (
	"context"
	"fmt"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// inCluster is the webhook as a cluster has it: a Deployment behind a Service, with the rights of docs/rbac.md and an authority of its own, whose
// certificate it puts into the configuration itself.
const inCluster = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: webhook, namespace: NAMESPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAMESPACE}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [list, watch, get]}
- {apiGroups: [""], resources: [events], verbs: [create]}
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations], resourceNames: [NAMESPACE], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAMESPACE}
subjects: [{kind: ServiceAccount, name: webhook, namespace: NAMESPACE}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: webhook, namespace: NAMESPACE}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list, create, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: webhook, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: webhook}
subjects: [{kind: ServiceAccount, name: webhook, namespace: NAMESPACE}]
---
apiVersion: v1
kind: Service
metadata: {name: webhook, namespace: NAMESPACE}
spec:
  selector: {app: webhook}
  ports: [{port: 443, targetPort: https}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: webhook, namespace: NAMESPACE}
spec:
  replicas: 1
  selector: {matchLabels: {app: webhook}}
  template:
    metadata: {labels: {app: webhook}}
    spec:
      serviceAccountName: webhook
      containers:
      - name: main
        image: openirsa
        args: [webhook, --namespace=NAMESPACE, --service-name=webhook, --webhook-configuration=NAMESPACE, --port=PORT, --metrics-port=OPS]
        ports: [{name: https, containerPort: PORT}, {name: ops, containerPort: OPS}]
        readinessProbe: {httpGet: {path: /readyz, port: ops}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: NAMESPACE}
webhooks:
- name: incluster.openirsa.example
  clientConfig: {service: {namespace: NAMESPACE, name: webhook, path: /mutate}}
  failurePolicy: Fail
  sideEffects: NoneOnDryRun
  admissionReviewVersions: [v1]
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: SHOP}}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
`

// TestInCluster has the controllers make the webhook's pod, which finds the API server and its rights as pods do and makes its own certificates; then
// the API server calls it through its Service.
func TestInCluster(t *testing.T) {
	t.Parallel()
	if machineAddress() == "127.0.0.1" {
		t.Skip("this machine has no address but loopback, which no Service can lead to")
	}
	c := started(t)
	names := namespaces(t, c, "openirsa", "shop")
	ns, shop := names[0], names[1]
	r := run(t, c, RunnerConfig{Namespaces: names, Images: map[string]string{"openirsa": binary(t)}})
	t.Cleanup(func() { // before the runner ends the webhook
		c.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), ns, metav1.DeleteOptions{})
		c.Admin.AppsV1().Deployments(ns).Delete(context.Background(), "webhook", metav1.DeleteOptions{})
	})
	ports, err := freePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	manifest := strings.NewReplacer("NAMESPACE", ns, "SHOP", shop, "PORT", fmt.Sprint(ports[0]), "OPS", fmt.Sprint(ports[1])).Replace(inCluster)
	if out, errOut, code := kubectl(t, c, manifest, "apply", "-f", "-"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	if out, errOut, code := kubectl(t, c, "", "-n", ns, "rollout", "status", "deployment/webhook", "--timeout=60s"); code != 0 {
		pods, _, _ := kubectl(t, c, "", "-n", ns, "get", "pods", "-o", "yaml")
		t.Fatalf("%s%s%s\n%s", out, errOut, pods, outputs(t, c, r, ns))
	}
	configuration, err := c.Admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), ns, metav1.GetOptions{})
	if err != nil || len(configuration.Webhooks[0].ClientConfig.CABundle) == 0 {
		t.Fatalf("ready, and no caBundle: %v", err)
	}
	secrets, err := c.Admin.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(secrets.Items) == 0 {
		t.Fatalf("no Secret holds the authority: %v", err)
	}
	for _, s := range secrets.Items {
		if s.Immutable == nil || !*s.Immutable {
			t.Errorf("the Secret %s can be changed", s.Name)
		}
	}
	arn := "arn:aws:iam::" + account + ":role/app"
	serviceAccount(t, c, shop, "app", map[string]string{"eks.amazonaws.com/role-arn": arn})
	var made *core.Pod
	until(t, "the API server calls the webhook", func() bool {
		made, err = c.Admin.CoreV1().Pods(shop).Create(t.Context(), podOf("app", "app", "sh", "-c", "echo $AWS_ROLE_ARN; cat $AWS_WEB_IDENTITY_TOKEN_FILE"), metav1.CreateOptions{})
		return err == nil
	})
	if !injected(made) {
		t.Fatalf("admitted without a role: %+v", made.Spec)
	}
	out, phase := ended(t, c, r, shop, "app")
	lines := strings.Fields(out)
	if phase != core.PodSucceeded || len(lines) != 2 || lines[0] != arn {
		t.Fatalf("%s: %s", phase, out)
	}
	if _, got := read(t, lines[1]); got.Sub != "system:serviceaccount:"+shop+":app" || got.Kubernetes.Pod.UID != string(made.UID) || got.Exp-got.Iat < 86400 {
		t.Errorf("the token says %+v", got)
	}
}

// outputs is what the pods of a namespace wrote.
func outputs(t testing.TB, c *Cluster, r *Runner, namespace string) string {
	t.Helper()
	list, err := c.Admin.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, p := range list.Items {
		for _, container := range p.Spec.Containers {
			fmt.Fprintf(&all, "--- %s %s\n%s", p.Name, container.Name, r.Output(namespace, p.Name, container.Name))
		}
	}
	return all.String()
}
