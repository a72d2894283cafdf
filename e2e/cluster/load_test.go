package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// storm creates service accounts and pods of theirs, each pod as soon as its account's annotation is acknowledged, from many clients at once.
type storm struct {
	client     kubernetes.Interface
	namespaces []string
	clients    int // per namespace

	next    atomic.Int64
	retried atomic.Int64
	stop    atomic.Bool
}

// blow creates pods until it is told to stop; the test waits for it in its end.
func (s *storm) blow(ctx context.Context, t testing.TB) *sync.WaitGroup {
	var all sync.WaitGroup
	for _, namespace := range s.namespaces {
		for range s.clients {
			all.Go(func() {
				for !s.stop.Load() && ctx.Err() == nil {
					s.one(ctx, t, namespace, fmt.Sprintf("app-%06d", s.next.Add(1)))
				}
			})
		}
	}
	return &all
}

// one makes an account and a pod. Every third account is made without a role first and annotated after, as `kubectl annotate` does, which is where a
// memory of accounts is behind.
func (s *storm) one(ctx context.Context, t testing.TB, namespace, name string) {
	role := map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::" + account + ":role/" + name}
	made := &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: role}}
	accounts := s.client.CoreV1().ServiceAccounts(namespace)
	later := strings.HasSuffix(name, "0") || strings.HasSuffix(name, "3") || strings.HasSuffix(name, "6")
	if later {
		made.Annotations = nil
	}
	s.insist(ctx, t, func() error {
		_, err := accounts.Create(ctx, made, metav1.CreateOptions{})
		return err
	})
	if later {
		s.insist(ctx, t, func() error {
			patch := fmt.Sprintf(`{"metadata":{"annotations":{"eks.amazonaws.com/role-arn":%q}}}`, role["eks.amazonaws.com/role-arn"])
			_, err := accounts.Patch(ctx, name, "application/merge-patch+json", []byte(patch), metav1.PatchOptions{})
			return err
		})
	}
	pod := podOf(name, name, "true")
	s.insist(ctx, t, func() error {
		_, err := s.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
}

// insist repeats a request that failed, as controllers do. One that failed for its client may have succeeded: that it is there already is as good.
func (s *storm) insist(ctx context.Context, t testing.TB, do func() error) {
	for deadline := time.Now().Add(2 * time.Minute); ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		err := do()
		if err == nil || errors.IsAlreadyExists(err) {
			return
		}
		if s.retried.Add(1) == 1 {
			t.Logf("the first request that failed: %v", err)
		}
		if time.Now().After(deadline) {
			t.Errorf("for two minutes: %v", err)
			return
		}
	}
}

// count reads all pods of the namespace and tells which have no role, or another account's.
func count(t testing.TB, c *Cluster, namespace string) (pods int, missed []string) {
	t.Helper()
	list, err := c.Admin.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		p := &list.Items[i]
		right := injected(p)
		for _, v := range p.Spec.Containers[0].Env {
			right = right && (v.Name != "AWS_ROLE_ARN" || strings.HasSuffix(v.Value, ":role/"+p.Name))
		}
		if !right {
			missed = append(missed, p.Name)
		}
	}
	return len(list.Items), missed
}

// TestLoad creates accounts and pods by the thousand while replicas of the webhook are killed, its certificate is replaced, and API server and etcd
// are killed. Under failurePolicy Fail every pod has its role; what is missed under Ignore is counted.
func TestLoad(t *testing.T) {
	c := started(t)
	names := namespaces(t, c, "fail", "ignore")
	fail, ignore := names[0], names[1]
	w := startWebhooks(t, c, 2)
	w.mutate(t, "load-ignore", admission.Ignore, ignore)
	w.mutate(t, "load-fail", admission.Fail, fail)
	s := &storm{client: c.Admin, namespaces: names, clients: 12}
	began := time.Now()
	all := s.blow(t.Context(), t)
	reached := func(what string) {
		t.Logf("%6v  %5d pods begun: %s", time.Since(began).Round(100*time.Millisecond), s.next.Load(), what)
	}
	// grow waits until n more pods have been begun: each disturbance meets the storm at its full strength.
	grow := func(n int64) {
		t.Helper()
		goal := s.next.Load() + n
		until(t, "more pods are begun", func() bool { return s.next.Load() >= goal })
	}
	grow(300)
	for i := range w.replicas {
		w.kill(i)
		reached("one replica of the webhook is killed")
		grow(200)
		w.start(t, i)
	}
	reached("both are back")
	old := []string{w.serial(t, 0), w.serial(t, 1)}
	w.certify(t)
	until(t, "both replicas serve another certificate", func() bool { return w.serial(t, 0) != old[0] && w.serial(t, 1) != old[1] })
	reached("their certificate is another")
	grow(200)
	w.kill(0)
	w.kill(1)
	reached("both replicas are killed")
	grow(50) // under Ignore alone: under Fail every client insists on the pod that it has begun
	w.start(t, 0)
	w.start(t, 1)
	reached("both are back")
	grow(200)
	if err := c.RestartAPIServer(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	reached("the API server was killed and is back")
	grow(200)
	if err := c.RestartEtcd(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	reached("etcd was killed and is back")
	grow(300)
	s.stop.Store(true)
	all.Wait()
	reached(fmt.Sprintf("the end; %d requests failed and were repeated", s.retried.Load()))

	pods, missed := count(t, c, fail)
	t.Logf("under Fail: %d pods, %d missed", pods, len(missed))
	if len(missed) > 0 {
		t.Errorf("missed under Fail: %v", missed)
	}
	if pods < 500 {
		t.Errorf("only %d pods under Fail", pods)
	}
	pods, missed = count(t, c, ignore)
	t.Logf("under Ignore: %d pods, %d missed: %v", pods, len(missed), missed)
	// While no replica lived, pods were created under Ignore, and only there: that they were missed shows that the counting can find what is missed.
	if len(missed) == 0 {
		t.Error("none was missed under Ignore while no webhook lived")
	}
}

// TestSameSecond creates a thousand accounts and a thousand pods within one or two seconds, without a disturbance.
func TestSameSecond(t *testing.T) {
	c := started(t)
	ns := namespaces(t, c, "burst")[0]
	w := startWebhooks(t, c, 2)
	w.mutate(t, "burst", admission.Fail, ns)
	s := &storm{client: c.Admin}
	began := time.Now()
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() { s.one(t.Context(), t, ns, fmt.Sprintf("app-%06d", i)) })
	}
	all.Wait()
	pods, missed := count(t, c, ns)
	t.Logf("%d pods in %v, %d requests repeated, %d missed", pods, time.Since(began).Round(time.Millisecond), s.retried.Load(), len(missed))
	if pods != 1000 || len(missed) > 0 {
		t.Errorf("%d pods, missed: %v", pods, missed)
	}
}
