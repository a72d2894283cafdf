package cluster

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// askWhoAmI is the real AWS CLI in a pod, which finds role and token by its environment alone.
var askWhoAmI = []string{"aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"}

// asRole is what a pod without a webhook spells out itself to have a role: a projected token and the variables that name it and the role
// (https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html).
func (p *plane) asRole(made *core.Pod, arn string, seconds int64) *core.Pod {
	withToken(made, "sts.amazonaws.com", seconds)
	for i := range made.Spec.Containers {
		c := &made.Spec.Containers[i]
		c.Env = append(c.Env, core.EnvVar{Name: "AWS_ROLE_ARN", Value: arn}, core.EnvVar{Name: "AWS_WEB_IDENTITY_TOKEN_FILE", Value: "/var/run/secrets/test/token"},
			core.EnvVar{Name: "AWS_ENDPOINT_URL", Value: p.endpoint}, core.EnvVar{Name: "AWS_DEFAULT_REGION", Value: "us-east-1"})
	}
	return made
}

// TestExchange has pods of a registered cluster exchange their tokens: the role's own account does, and no other does; and none when the cluster is
// removed.
func TestExchange(t *testing.T) {
	t.Parallel()
	c, p := started(t), startPlane(t)
	names := namespaces(t, c, "shop", "staging")
	shop, staging := names[0], names[1]
	for _, a := range [][2]string{{shop, "app"}, {shop, "other"}, {staging, "app"}} {
		serviceAccount(t, c, a[0], a[1], nil)
	}
	r := run(t, c, RunnerConfig{Namespaces: names})
	p.register(t, c, "kind")
	arn := p.role(t, "app", shop, "app")
	ask := func(name, namespace, account string) (string, core.PodPhase) {
		t.Helper()
		create(t, c, namespace, p.asRole(podOf(name, account, askWhoAmI...), arn, 600))
		return ended(t, c, r, namespace, name)
	}
	if out, phase := ask("right", shop, "app"); phase != core.PodSucceeded || !strings.HasPrefix(out, "arn:aws:sts::"+account+":assumed-role/app/") {
		t.Errorf("the role's own account is told %s: %s", phase, out)
	}
	for _, other := range [][2]string{{shop, "other"}, {staging, "app"}} {
		out, phase := ask("wrong", other[0], other[1])
		if phase != core.PodFailed || !strings.Contains(out, "(AccessDenied)") || !strings.Contains(out, "Not authorized to perform sts:AssumeRoleWithWebIdentity") {
			t.Errorf("%s/%s is told %s: %s", other[0], other[1], phase, out)
		}
	}
	if out, errOut, code := p.irsa(t, "cluster", "remove", "kind"); code != 0 {
		t.Fatalf("irsa cluster remove: exit %d\n%s%s", code, out, errOut)
	}
	if out, phase := ask("late", shop, "app"); phase != core.PodFailed || !strings.Contains(out, "(InvalidIdentityToken)") || !strings.Contains(out, "No OpenIDConnect provider found in your account") {
		t.Errorf("after the cluster's removal a pod is told %s: %s", phase, out)
	}
}

// TestExpiry moves the plane's clock to where a pod's token of 600 s, the shortest there is, is expired by more than the five minutes that a clock may
// be wrong, and the token that the runner renews it to, half a minute younger, is not.
func TestExpiry(t *testing.T) {
	t.Parallel()
	const age = 30 * time.Second
	c, p := started(t), startPlane(t)
	ns := namespaces(t, c, "shop")[0]
	serviceAccount(t, c, ns, "app", nil)
	shifted := make(chan struct{})
	now := func() time.Time {
		select {
		case <-shifted:
			return time.Now().Add(10 * time.Minute)
		default:
			return time.Now()
		}
	}
	r := run(t, c, RunnerConfig{Namespaces: []string{ns}, Now: now})
	p.register(t, c, "kind")
	arn := p.role(t, "app", ns, "app")
	made := create(t, c, ns, p.asRole(podOf("app", "app", "sleep", "600"), arn, 600))
	old := tokenOf(t, r, made.UID)
	_, claimed := read(t, old)
	assume := func(token string) (string, int) {
		out, errOut, code := p.cli(t, "sts", "assume-role-with-web-identity", "--role-arn", arn, "--role-session-name", "app",
			"--web-identity-token", token, "--query", "AssumedRoleUser.Arn", "--output", "text", "--no-sign-request")
		return out + errOut, code
	}
	if out, code := assume(old); code != 0 {
		t.Fatalf("a fresh token is told %s", out)
	}
	time.Sleep(time.Until(time.Unix(claimed.Iat, 0).Add(age)))
	p.start(t, "--clock-offset", (600*time.Second + 5*time.Minute - age + 2*time.Second).String())
	if out, code := assume(old); code == 0 || !strings.Contains(out, "(ExpiredTokenException)") {
		t.Errorf("an expired token is told %s", out)
	}
	close(shifted)
	until(t, "the token is renewed", func() bool { return tokenOf(t, r, made.UID) != old })
	if out, code := assume(tokenOf(t, r, made.UID)); code != 0 || strings.TrimSpace(out) != "arn:aws:sts::"+account+":assumed-role/app/app" {
		t.Errorf("the renewed token is told %s", out)
	}
}

// TestRotation rotates the cluster's signing key while `irsa cluster sync` runs: pods' tokens are exchanged before and after.
func TestRotation(t *testing.T) {
	c, p := started(t), startPlane(t)
	ns := namespaces(t, c, "shop")[0]
	serviceAccount(t, c, ns, "app", nil)
	r := run(t, c, RunnerConfig{Namespaces: []string{ns}})
	p.register(t, c, "kind")
	arn := p.role(t, "app", ns, "app")
	exchanges := func(name string) {
		t.Helper()
		create(t, c, ns, p.asRole(podOf(name, "app", askWhoAmI...), arn, 600))
		if out, phase := ended(t, c, r, ns, name); phase != core.PodSucceeded {
			t.Errorf("pod %s is told %s: %s", name, phase, out)
		}
	}
	sync := &process{program: binary(t), log: filepath.Join(t.TempDir(), "sync.log")}
	if err := sync.start(environment(p.admin...), "cluster", "sync", "kind", "--interval", "5s", "--kubeconfig", adminKubeconfig(c)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sync.stop(true)
		if t.Failed() {
			t.Logf("irsa cluster sync said:\n%s", sync.tail(40))
		}
	})
	exchanges("before")
	if err := c.RotateSigningKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := ""
	until(t, "the plane has the new key", func() bool {
		if key == "" {
			token, _, code := kubectl(t, c, "", "-n", ns, "create", "token", "app")
			if code != 0 {
				return false
			}
			key, _ = read(t, token)
		}
		out, _, _ := p.irsa(t, "cluster", "list", "--output", "json")
		return strings.Contains(out, key)
	})
	exchanges("after")
}
