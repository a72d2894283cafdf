package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// RunnerConfig says which pods a Runner runs, and how. Every field is needed but Images, Network and Now.
type RunnerConfig struct {
	Node       string            // the name of its node
	Namespaces []string          // whose pods it binds to its node
	Folder     string            // volumes and logs
	Images     map[string]string // which program stands for an image, by the image's name without tag; containers with a command need none
	Network    *Network          // of the pods; the default is this machine's loopback, which they share
	Now        func() time.Time  // for the age of tokens alone; the default is time.Now
}

// Runner stands for the scheduler, in some namespaces, and for kubelet and container runtime of one node: it binds pods, gets their projected tokens
// with a node's rights alone (the node authorizer and NodeRestriction watch over them), starts their containers as processes, reports their state, and
// ends them when they are deleted.
//
// It runs init containers, restarts as restartPolicy says, and asks readiness probes by HTTP, HTTPS and command. Liveness and startup probes,
// sidecars and resources it leaves aside, and of security contexts all but who runs (runAsUser, runAsGroup,
// fsGroup) and whether the root can be written.
type Runner struct {
	cluster *Cluster
	config  RunnerConfig
	client  kubernetes.Interface // as the node
	cancel  context.CancelFunc
	work    sync.WaitGroup
	known   sync.Map // *pod by UID
}

// Run makes the node and runs the pods of its namespaces until Stop.
func (c *Cluster) Run(ctx context.Context, config RunnerConfig) (*Runner, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	node, err := c.As("system:node:"+config.Node, "system:nodes")
	if err != nil {
		return nil, err
	}
	r := &Runner{cluster: c, config: config}
	if r.client, err = kubernetes.NewForConfig(node); err != nil {
		return nil, err
	}
	if err := r.register(ctx); err != nil {
		return nil, fmt.Errorf("registering the node: %w", err)
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, namespace := range config.Namespaces {
		unbound := informers.NewSharedInformerFactoryWithOptions(c.Admin, 0, informers.WithNamespace(namespace), informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = "spec.nodeName="
		}))
		unbound.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { r.bind(ctx, o.(*core.Pod)) },
			UpdateFunc: func(_, o any) { r.bind(ctx, o.(*core.Pod)) },
		})
		unbound.Start(ctx.Done())
	}
	bound := informers.NewSharedInformerFactoryWithOptions(r.client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = "spec.nodeName=" + config.Node
	}))
	bound.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { r.see(ctx, o.(*core.Pod)) },
		UpdateFunc: func(_, o any) { r.see(ctx, o.(*core.Pod)) },
		DeleteFunc: func(o any) { r.gone(o) },
	})
	bound.Start(ctx.Done())
	r.work.Go(func() { r.heartbeat(ctx) })
	return r, nil
}

// Stop kills all processes of the runner and deletes its node.
func (r *Runner) Stop() {
	r.cancel()
	r.known.Range(func(_, p any) bool {
		p.(*pod).cancel()
		return true
	})
	r.work.Wait()
	r.cluster.Admin.CoreV1().Nodes().Delete(context.Background(), r.config.Node, metav1.DeleteOptions{})
}

// Output is what a container wrote so far, over all its starts.
func (r *Runner) Output(namespace, pod, container string) string {
	content, err := os.ReadFile(r.log(namespace, pod, container))
	if err != nil {
		return ""
	}
	return string(content)
}

func (r *Runner) log(namespace, pod, container string) string {
	return filepath.Join(r.config.Folder, strings.Join([]string{namespace, pod, container}, "_")+".log")
}

// Volume is the folder of a running pod's volume, as its containers see it at their mounts.
func (r *Runner) Volume(uid types.UID, volume string) string {
	return filepath.Join(r.config.Folder, "pods", string(uid), "volumes", volume)
}

func (r *Runner) register(ctx context.Context) error {
	node := &core.Node{ObjectMeta: metav1.ObjectMeta{Name: r.config.Node, Labels: map[string]string{"kubernetes.io/hostname": r.config.Node}}}
	if _, err := r.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return err
	}
	patch := `{"status":{"conditions":[{"type":"Ready","status":"True","reason":"RunnerReady"}],"nodeInfo":{"kubeletVersion":"v1.36.3"},` +
		`"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],"capacity":{"cpu":"64","memory":"64Gi","pods":"10000"},"allocatable":{"cpu":"64","memory":"64Gi","pods":"10000"}}}`
	_, err := r.client.CoreV1().Nodes().PatchStatus(ctx, r.config.Node, []byte(patch))
	return err
}

// heartbeat renews the node's lease, without which the controllers would take its pods for lost.
func (r *Runner) heartbeat(ctx context.Context) {
	leases := r.client.CoordinationV1().Leases("kube-node-lease")
	for {
		now, seconds := metav1.NowMicro(), int32(40)
		lease := &coordination.Lease{ObjectMeta: metav1.ObjectMeta{Name: r.config.Node},
			Spec: coordination.LeaseSpec{HolderIdentity: &r.config.Node, LeaseDurationSeconds: &seconds, RenewTime: &now}}
		if old, err := leases.Get(ctx, r.config.Node, metav1.GetOptions{}); err == nil {
			lease.ResourceVersion = old.ResourceVersion
			leases.Update(ctx, lease, metav1.UpdateOptions{}) // the next one makes up for one that failed
		} else {
			leases.Create(ctx, lease, metav1.CreateOptions{})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Second):
		}
	}
}

// bind does the scheduler's part: every pod fits. A pod that could not be bound is tried again with its next event, and after a second.
func (r *Runner) bind(ctx context.Context, p *core.Pod) {
	if p.Spec.NodeName != "" || p.DeletionTimestamp != nil || len(p.Spec.SchedulingGates) > 0 {
		return
	}
	binding := &core.Binding{ObjectMeta: metav1.ObjectMeta{Name: p.Name, UID: p.UID}, Target: core.ObjectReference{Kind: "Node", Name: r.config.Node}}
	r.work.Go(func() {
		for attempt := 0; attempt < 30; attempt++ {
			err := r.cluster.Admin.CoreV1().Pods(p.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
			if err == nil || !temporary(err) {
				return
			}
			if !wait(ctx, time.Second) {
				return
			}
		}
	})
}

// see starts a pod that is new to the runner, and ends one that is being deleted.
func (r *Runner) see(ctx context.Context, object *core.Pod) {
	if known, ok := r.known.Load(object.UID); ok {
		if object.DeletionTimestamp != nil {
			known.(*pod).cancel()
		}
		return
	}
	if object.Status.Phase == core.PodSucceeded || object.Status.Phase == core.PodFailed {
		return
	}
	p := newPod(ctx, r, object)
	r.known.Store(object.UID, p)
	if object.DeletionTimestamp != nil {
		p.cancel()
	}
	r.work.Go(func() { p.run(ctx) })
}

func (r *Runner) gone(o any) {
	if unknown, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = unknown.Obj
	}
	if object, ok := o.(*core.Pod); ok {
		if known, ok := r.known.Load(object.UID); ok {
			known.(*pod).cancel()
		}
	}
}

// wait lets d pass, and reports whether ctx still goes on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
