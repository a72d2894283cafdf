package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	core "k8s.io/api/core/v1"
)

// syncRights are those that docs/clusters.md gives the account of `irsa cluster sync`.
const syncRights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAMESPACE}
rules:
- {apiGroups: [""], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}
- {apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAMESPACE}
subjects: [{kind: ServiceAccount, name: sync, namespace: NAMESPACE}]
`

// TestTokenReview runs `irsa cluster sync` in a pod that has its AWS credentials as any pod does, and takes a copy of another pod's token: it is good
// while that pod lives, and ten seconds after its deletion no more, long before it expires.
func TestTokenReview(t *testing.T) {
	t.Parallel()
	c, p := started(t), startPlane(t)
	names := namespaces(t, c, "openirsa", "shop")
	own, shop := names[0], names[1]
	serviceAccount(t, c, own, "sync", nil)
	serviceAccount(t, c, shop, "app", nil)
	if out, errOut, code := kubectl(t, c, strings.ReplaceAll(syncRights, "NAMESPACE", own), "apply", "-f", "-"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	r := run(t, c, RunnerConfig{Namespaces: names, Images: map[string]string{"openirsa": binary(t)}})
	p.register(t, c, "kind", "--token-review", "--sync-service-account", own+"/sync")
	arn := p.role(t, "sync", own, "sync")
	may := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"arn:aws:eks:us-east-1:%s:cluster/kind",
		"Action":["openirsa:SyncCluster","openirsa:ReceiveTokenReviews","openirsa:CompleteTokenReviews"]}]}`, account)
	if _, err := p.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("sync"), PolicyName: aws.String("sync"), PolicyDocument: &may}); err != nil {
		t.Fatal(err)
	}
	arnOfApp := p.role(t, "app", shop, "app")
	sync := p.asRole(podOf("sync", "sync"), arn, 86400)
	sync.Spec.Containers[0].Image, sync.Spec.Containers[0].Args = "openirsa", []string{"cluster", "sync", "kind", "--region", "us-east-1"}
	create(t, c, own, sync)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("irsa cluster sync said:\n%s", r.Output(own, "sync", "main"))
		}
	})

	victim := create(t, c, shop, p.asRole(podOf("app", "app", "sleep", "600"), arnOfApp, 86400))
	token := tokenOf(t, r, victim.UID)
	assume := func() (string, int) {
		out, errOut, code := p.cli(t, "sts", "assume-role-with-web-identity", "--role-arn", arnOfApp, "--role-session-name", "copy",
			"--web-identity-token", token, "--query", "AssumedRoleUser.Arn", "--output", "text", "--no-sign-request")
		return out + errOut, code
	}
	said := ""
	until(t, "the cluster gives its word for the token", func() bool {
		var code int
		said, code = assume()
		return code == 0
	})
	if want := "arn:aws:sts::" + account + ":assumed-role/app/copy"; strings.TrimSpace(said) != want {
		t.Errorf("the copy is %s", said)
	}
	if out, errOut, code := kubectl(t, c, "", "-n", shop, "delete", "pod/app", "--grace-period=1", "--timeout=30s"); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	time.Sleep(10 * time.Second)
	if out, code := assume(); code == 0 || !strings.Contains(out, "(InvalidIdentityToken)") {
		t.Errorf("ten seconds after the pod's deletion the copy is told %s", out)
	}
	// Another pod of the same account is as good as ever.
	create(t, c, shop, p.asRole(podOf("next", "app", askWhoAmI...), arnOfApp, 600))
	if out, phase := ended(t, c, r, shop, "next"); phase != core.PodSucceeded {
		t.Errorf("the next pod is told %s: %s", phase, out)
	}
}
