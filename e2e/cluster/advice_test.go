package cluster

import (
	"fmt"
	"strings"
	"testing"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAdvice has the webhook ask the plane, which knows of mistakes that the objects do not show.
func TestAdvice(t *testing.T) {
	t.Parallel()
	c, p := started(t), startPlane(t)
	names := namespaces(t, c, "shop", "staging", "unseen")
	shop, staging, unseen := names[0], names[1], names[2]
	p.register(t, c, "kind")
	arn := p.role(t, "app", shop, "app")
	w := startWebhooksWith(t, c, p.admin, 1, "--advise", "--events-at-validation")
	w.mutate(t, "advice", admission.Fail, shop, staging)
	w.validate(t, "advice", names...)
	until(t, "the validating webhook takes effect", func() bool {
		_, errOut, _ := kubectl(t, c, podManifest("early", "default", ""), "-n", shop, "create", "--dry-run=server", "-f", "-")
		return strings.Contains(errOut, "Warning: ")
	})
	annotated := `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":%q,"annotations":{"eks.amazonaws.com/role-arn":%q}}}`
	if errOut := created(t, c, shop, fmt.Sprintf(annotated, "app", arn)); errOut != "" {
		t.Errorf("of an account that may have its role kubectl says %q", errOut)
	}
	for _, mistake := range []struct{ namespace, name, role, says string }{
		{shop, "other", arn, "Warning: T01: "},  // the trust policy names another account
		{staging, "app", arn, "Warning: T02: "}, // or another namespace
		{shop, "nobody", arn + "-none", "Warning: "},
	} {
		if errOut := created(t, c, mistake.namespace, fmt.Sprintf(annotated, mistake.name, mistake.role)); !strings.Contains(errOut, mistake.says) {
			t.Errorf("of %s/%s with %s kubectl says %q", mistake.namespace, mistake.name, mistake.role, errOut)
		}
	}
	describesMistake(t, c, shop)

	// Where the mutating webhook does not see the pods, an account's role is not theirs; by the label a pod wants it so.
	serviceAccount(t, c, unseen, "app", map[string]string{"eks.amazonaws.com/role-arn": arn})
	if errOut := created(t, c, unseen, podManifest("missed", "app", "")); !strings.Contains(errOut, "Warning: W01: ") {
		t.Errorf("of a pod that was not mutated kubectl says %q", errOut)
	}
	labelled := strings.Replace(podManifest("labelled", "app", ""), `"metadata":{`, `"metadata":{"labels":{"skip-pod-identity-webhook":""},`, 1)
	if errOut := created(t, c, unseen, labelled); errOut != "" {
		t.Errorf("of a pod that wants no role kubectl says %q", errOut)
	}
}

// describesMistake has a Deployment's pod, whose warnings nobody would read, say of itself what is wrong: once, and never on a dry run. The mistake is
// that the role of the account other trusts another.
func describesMistake(t *testing.T, c *Cluster, ns string) {
	t.Helper()
	owned := strings.Replace(podManifest("owned", "other", ""), `"metadata":{`,
		`"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"x","uid":"x","controller":true}],`, 1)
	for manifest, warned := range map[string]bool{podManifest("dry", "other", ""): true, owned: false} {
		out, errOut, code := kubectl(t, c, manifest, "-n", ns, "create", "--dry-run=server", "-f", "-")
		if code != 0 || strings.Contains(errOut, "Warning: T01: ") != warned {
			t.Errorf("of a dry run of %s kubectl says %d %s%s", manifest, code, out, errOut)
		}
	}
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"other"},"spec":{"selector":{"matchLabels":{"app":"other"}},"template":` +
		`{"metadata":{"labels":{"app":"other"}},"spec":{"serviceAccountName":"other","containers":[{"name":"main","image":"test"}]}}}}`
	if errOut := created(t, c, ns, deployment); !strings.Contains(errOut, "Warning: T01: ") {
		t.Errorf("of the Deployment kubectl says %q", errOut)
	}
	var described string
	until(t, "kubectl describe pod shows the Event", func() bool {
		described, _, _ = kubectl(t, c, "", "-n", ns, "describe", "pod", "-l", "app=other")
		return strings.Contains(described, "IRSARoleNotUsable")
	})
	_, events, _ := strings.Cut(described, "\nEvents:")
	if strings.Count(events, "Warning  IRSARoleNotUsable") != 1 || !strings.Contains(events, "openirsa-webhook  T01: ") {
		t.Errorf("kubectl describe pod says\n%s", described)
	}
	pods, err := c.Admin.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "app=other"})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	want := fmt.Sprintf("Pod/%s/%s IRSARoleNotUsable T01: ", pods.Items[0].Name, pods.Items[0].UID)
	if recorded := webhookEvents(t, c, ns); len(recorded) != 1 || !strings.HasPrefix(recorded[0], want) {
		t.Errorf("the webhook's Events are %q, want one of %q", recorded, want)
	}
}

// webhookEvents are the Events that the webhook wrote in a namespace: kind/name/UID of the object, reason and message.
func webhookEvents(t testing.TB, c *Cluster, namespace string) (lines []string) {
	t.Helper()
	events, err := c.Admin.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "source=openirsa-webhook"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		lines = append(lines, fmt.Sprintf("%s/%s/%s %s %s", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.InvolvedObject.UID, e.Reason, e.Message))
	}
	return lines
}

// events has the chart's two replicas, between them, write one Event of a Deployment's pod that wants a role and gets none, and that on the pod.
func (r *release) events(t *testing.T, namespace string) {
	serviceAccount(t, r.cluster, namespace, "plain", nil)
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"plain"},"spec":{"selector":{"matchLabels":{"app":"plain"}},"template":` +
		`{"metadata":{"labels":{"app":"plain"}},"spec":{"serviceAccountName":"plain","containers":[{"name":"main","image":"amazon/aws-cli"}]}}}}`
	if errOut := created(t, r.cluster, namespace, deployment); !strings.Contains(errOut, "Warning: A01: ") {
		t.Errorf("of the Deployment kubectl says %q", errOut)
	}
	until(t, "kubectl describe pod shows the Event", func() bool {
		return strings.Contains(mustKubectl(t, r.cluster, "-n", namespace, "describe", "pod", "-l", "app=plain"), "openirsa-webhook  A01: ")
	})
	recorded := webhookEvents(t, r.cluster, namespace)
	if len(recorded) != 1 || !strings.HasPrefix(recorded[0], "Pod/plain-") || !strings.Contains(recorded[0], " IRSANotInjected A01: ") {
		t.Errorf("the webhook's Events are %q", recorded)
	}
}
