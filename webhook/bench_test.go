package webhook_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/webhook"
)

// realisticPod is a pod as a Deployment's controller sends it: probes, resources, variables, tolerations, and who
// owns which fields.
func realisticPod(containers int) []byte {
	var b strings.Builder
	b.WriteString(`{"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"web-5d4f8c9b6-","namespace":"shop","creationTimestamp":null,"labels":{
		"app.kubernetes.io/name":"web","app.kubernetes.io/instance":"web","pod-template-hash":"5d4f8c9b6"},"annotations":{"prometheus.io/scrape":"true",
		"checksum/config":"0f343b0931126a20f133d67c2b018a3b1f7c5f4c3b1bb3a40cd0b0a02a2e0c67"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
		"name":"web-5d4f8c9b6","uid":"7c8a2d5e-0b0a-4b57-9a64-0d5f0a3c1a11","controller":true,"blockOwnerDeletion":true}],"managedFields":[{
		"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-11-28T12:00:00Z","fieldsType":"FieldsV1","fieldsV1":{
		"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},
		"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}}},"f:spec":{"f:containers":{`)
	for i := range containers {
		fmt.Fprintf(&b, `%s"k:{\"name\":\"c%d\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}},
			"k:{\"name\":\"DATABASE\"}":{".":{},"f:name":{},"f:valueFrom":{}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},
			"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{},
			"f:resources":{".":{},"f:limits":{},"f:requests":{}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},"f:volumeMounts":{}}`, comma(i), i)
	}
	b.WriteString(`},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:serviceAccountName":{},
		"f:terminationGracePeriodSeconds":{},"f:volumes":{}}}}]},"spec":{"volumes":[{"name":"config","configMap":{"name":"web","defaultMode":420}},{
		"name":"kube-api-access-x7x2p","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{
		"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"defaultMode":420}}],"containers":[`)
	for i := range containers {
		fmt.Fprintf(&b, `%s{"name":"c%d","image":"registry.example.com/shop/web:1.42.0","args":["--listen=:8080","--config=/etc/web/config.yaml"],
			"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"DATABASE","valueFrom":{
			"secretKeyRef":{"name":"web","key":"database"}}},{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],
			"resources":{"limits":{"cpu":"1","memory":"512Mi"},"requests":{"cpu":"100m","memory":"256Mi"}},"volumeMounts":[{"name":"config",
			"mountPath":"/etc/web"},{"name":"kube-api-access-x7x2p","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
			"livenessProbe":{"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,
			"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent",
			"securityContext":{"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}`, comma(i), i)
	}
	b.WriteString(`],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"app","serviceAccount":"app",
		"securityContext":{"fsGroup":2000},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists",
		"effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{}}`)
	return bytes.NewBufferString(strings.NewReplacer("\n", "", "\t", "").Replace(b.String())).Bytes()
}

func comma(i int) string {
	if i > 0 {
		return ","
	}
	return ""
}

func BenchmarkInject(b *testing.B) {
	identity := webhook.Identity{Namespace: "shop", RoleARN: roleARN, Audience: "sts.amazonaws.com", Expiration: 86400, RegionalSTS: true}
	flags := webhook.Settings{Region: "eu-west-1"}.Complete()
	for _, containers := range []int{1, 10, 50} {
		pod := realisticPod(containers)
		b.Run(fmt.Sprintf("containers=%d", containers), func(b *testing.B) {
			b.SetBytes(int64(len(pod)))
			b.ReportAllocs()
			for b.Loop() {
				patch, err := webhook.Inject(pod, identity, flags)
				if err != nil || len(patch) == 0 {
					b.Fatal(len(patch), err)
				}
			}
		})
	}
}

// BenchmarkHandler is a review from its bytes to the bytes of the answer, without a network.
func BenchmarkHandler(b *testing.B) {
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(b, webhook.Config{ServiceAccounts: c, Settings: webhook.Settings{Region: "eu-west-1", RegionalSTS: true}})
	for _, containers := range []int{1, 10, 50} {
		body := []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},
			"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"shop","operation":"CREATE","userInfo":{"username":"system:serviceaccount:kube-system:replicaset-controller",
			"groups":["system:serviceaccounts","system:authenticated"]},"object":` + string(realisticPod(containers)) + `,"oldObject":null,"dryRun":false}}`)
		b.Run(fmt.Sprintf("containers=%d", containers), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequest("POST", "/mutate", bytes.NewReader(body))
				request.Header.Set("Content-Type", "application/json")
				response := httptest.NewRecorder()
				h.ServeHTTP(response, request)
				if !bytes.Contains(response.Body.Bytes(), []byte("JSONPatch")) {
					b.Fatal(response.Body)
				}
			}
		})
	}
}
