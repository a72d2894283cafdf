package cluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pod is one pod of the runner's node.
type pod struct {
	runner  *Runner
	object  *core.Pod
	folder  string
	home    string
	address string
	network string            // namespace; empty: the machine's own
	mounts  map[string]string // folder by volume
	tokens  []*projection
	going   context.Context // ends when the pod is deleted or the runner stops
	cancel  context.CancelFunc

	mutex  sync.Mutex // guards what follows
	status core.PodStatus
}

func newPod(ctx context.Context, r *Runner, object *core.Pod) *pod {
	p := &pod{runner: r, object: object, folder: filepath.Join(r.config.Folder, "pods", string(object.UID)), address: "127.0.0.1"} // unless the runner has a network
	p.home = filepath.Join(p.folder, "home")                                                                                       // what is kept at home is kept in an image's file system, which no two containers share
	p.going, p.cancel = context.WithCancel(ctx)
	p.status = core.PodStatus{Phase: core.PodPending, HostIP: "127.0.0.1", PodIP: p.address, PodIPs: []core.PodIP{{IP: p.address}}}
	for i := range object.Spec.InitContainers {
		p.status.InitContainerStatuses = append(p.status.InitContainerStatuses, waiting(&object.Spec.InitContainers[i]))
	}
	for i := range object.Spec.Containers {
		p.status.ContainerStatuses = append(p.status.ContainerStatuses, waiting(&object.Spec.Containers[i]))
	}
	return p
}

func waiting(c *core.Container) core.ContainerStatus {
	return core.ContainerStatus{Name: c.Name, Image: c.Image, State: core.ContainerState{Waiting: &core.ContainerStateWaiting{Reason: "ContainerCreating"}}}
}

// run lives as long as the pod: it starts the containers, waits for their end or the pod's, and confirms the deletion. ctx is the runner's.
func (p *pod) run(ctx context.Context) {
	defer p.cancel()
	if p.prepare() {
		var all sync.WaitGroup
		renewing, stop := context.WithCancel(p.going)
		all.Go(func() { p.renew(renewing) })
		p.containers()
		stop()
		all.Wait()
	}
	<-p.going.Done()
	if p.network != "" {
		p.runner.config.Network.detach(p.network)
	}
	if ctx.Err() != nil {
		return // the runner stops; the pod stays
	}
	none := int64(0)
	options := metav1.DeleteOptions{GracePeriodSeconds: &none, Preconditions: &metav1.Preconditions{UID: &p.object.UID}}
	p.insist(ctx, func() error {
		return p.runner.client.CoreV1().Pods(p.object.Namespace).Delete(ctx, p.object.Name, options)
	})
}

// prepare fills the volumes. What is missing may come later, as with kubelet: it tries until the pod is deleted.
func (p *pod) prepare() bool {
	for {
		err := errors.Join(os.MkdirAll(p.home, 0o700), p.connect())
		if err == nil {
			p.tokens = nil
			p.mounts, err = p.volumes(p.going)
		}
		if err == nil {
			err = p.own()
		}
		if err == nil {
			return true
		}
		for i := range p.status.ContainerStatuses {
			p.change(func() { p.status.ContainerStatuses[i].State.Waiting.Message = err.Error() })
		}
		p.report()
		if !wait(p.going, 300*time.Millisecond) {
			return false
		}
	}
}

// renew keeps the projected tokens young, looking at them each second.
func (p *pod) renew(ctx context.Context) {
	for wait(ctx, time.Second) {
		for _, t := range p.tokens {
			if p.runner.config.Now().Before(t.renew) {
				continue
			}
			if p.token(ctx, t) == nil { // a failure leaves the old token for the next second
				p.own()
			}
		}
	}
}

// containers runs the init containers one after the other, then the others at once, until all have ended for good or the pod has.
func (p *pod) containers() {
	spec := &p.object.Spec
	for i := range spec.InitContainers {
		if !p.keep(&spec.InitContainers[i], &p.status.InitContainerStatuses[i], true) {
			p.finish(core.PodFailed)
			return
		}
	}
	p.change(func() { p.status.Phase = core.PodRunning })
	var all sync.WaitGroup
	succeeded := make([]bool, len(spec.Containers))
	for i := range spec.Containers {
		all.Go(func() { succeeded[i] = p.keep(&spec.Containers[i], &p.status.ContainerStatuses[i], false) })
	}
	all.Wait()
	for _, well := range succeeded {
		if !well {
			p.finish(core.PodFailed)
			return
		}
	}
	p.finish(core.PodSucceeded)
}

func (p *pod) finish(phase core.PodPhase) {
	if p.going.Err() == nil {
		p.change(func() { p.status.Phase = phase })
		p.report()
	}
}

// keep runs a container, again and again as the pod's restart policy says, and reports whether it ended well.
func (p *pod) keep(c *core.Container, s *core.ContainerStatus, initial bool) bool {
	policy := p.object.Spec.RestartPolicy
	for {
		code := p.once(c, s)
		if p.going.Err() != nil {
			return false
		}
		if code == 0 && (initial || policy != core.RestartPolicyAlways) {
			return true
		}
		if policy == core.RestartPolicyNever {
			return false
		}
		if !wait(p.going, time.Second) {
			return false
		}
		p.change(func() { s.RestartCount++ })
	}
}

// once runs a container until it ends and returns its exit code.
func (p *pod) once(c *core.Container, s *core.ContainerStatus) int32 {
	started := metav1.Now()
	running, err := p.start(p.going, c, nil)
	if err != nil {
		p.change(func() {
			s.State = core.ContainerState{Waiting: &core.ContainerStateWaiting{Reason: "CreateContainerError", Message: err.Error()}}
		})
		p.report()
		return 128
	}
	yes := true
	p.change(func() {
		s.State, s.Started = core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: started}}, &yes
		s.ContainerID = fmt.Sprintf("process://%d", running.command.Process.Pid)
		s.Ready = c.ReadinessProbe == nil
	})
	p.report()
	probing, stop := context.WithCancel(p.going)
	defer stop()
	if c.ReadinessProbe != nil {
		go p.probe(probing, c, s)
	}
	select {
	case <-running.done:
	case <-p.going.Done():
		running.end(time.Duration(*p.object.Spec.TerminationGracePeriodSeconds) * time.Second)
	}
	stop()
	code := int32(running.command.ProcessState.ExitCode())
	if status, ok := running.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int32(status.Signal())
	}
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	p.change(func() {
		no := false
		s.Ready, s.Started = false, &no
		s.State = core.ContainerState{Terminated: &core.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: started, FinishedAt: metav1.Now()}}
	})
	p.report()
	return code
}

// probe asks the readiness probe, more often than it says until it is first well.
func (p *pod) probe(ctx context.Context, c *core.Container, s *core.ContainerStatus) {
	period, failures, ready := time.Duration(max(1, c.ReadinessProbe.PeriodSeconds))*time.Second, int32(0), false
	for {
		well := p.ask(ctx, c) == nil
		if ctx.Err() != nil {
			return
		}
		failures++
		if well {
			failures = 0
		}
		if ready != well && (well || failures >= c.ReadinessProbe.FailureThreshold) {
			ready = well
			p.change(func() { s.Ready = well })
			p.report()
		}
		pause := period
		if !ready {
			pause = 200 * time.Millisecond
		}
		if !wait(ctx, pause) {
			return
		}
	}
}

func (p *pod) ask(ctx context.Context, c *core.Container) error {
	probe := c.ReadinessProbe
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(1, probe.TimeoutSeconds))*time.Second)
	defer cancel()
	switch {
	case probe.Exec != nil:
		asked, err := p.start(ctx, c, probe.Exec.Command)
		if err != nil {
			return err
		}
		select {
		case <-asked.done:
		case <-ctx.Done():
			asked.end(0)
		}
		if code := asked.command.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("exit code %d", code)
		}
		return nil
	case probe.HTTPGet != nil:
		return p.get(ctx, c, probe.HTTPGet)
	}
	return fmt.Errorf("this runner knows no probe of that kind")
}

func (p *pod) get(ctx context.Context, c *core.Container, get *core.HTTPGetAction) error {
	port := get.Port.String()
	for _, named := range c.Ports {
		if named.Name == port {
			port = fmt.Sprint(named.ContainerPort)
		}
	}
	url := strings.ToLower(string(get.Scheme)) + "://" + net.JoinHostPort(p.address, port) + get.Path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// kubelet verifies no certificate of a probe either.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		return fmt.Errorf("%s", response.Status)
	}
	return nil
}

func (p *pod) change(f func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	f()
}

// report tells the API server how the pod is, until it has heard or the pod is gone.
func (p *pod) report() {
	p.insist(p.going, func() error {
		p.mutex.Lock()
		defer p.mutex.Unlock() // so that reports arrive in order
		p.conditions()
		patch, err := json.Marshal(map[string]any{"status": p.status})
		if err != nil {
			return err
		}
		_, err = p.runner.client.CoreV1().Pods(p.object.Namespace).Patch(p.going, p.object.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		return err
	})
}

// conditions follow from the containers' states.
func (p *pod) conditions() {
	ready, initialized := core.ConditionTrue, core.ConditionTrue
	for _, s := range p.status.ContainerStatuses {
		if !s.Ready {
			ready = core.ConditionFalse
		}
	}
	if p.status.Phase == core.PodPending {
		initialized = core.ConditionFalse
	}
	now := metav1.Now()
	if p.status.StartTime == nil {
		p.status.StartTime = &now
	}
	p.status.Conditions = nil
	for kind, status := range map[core.PodConditionType]core.ConditionStatus{core.PodReady: ready, core.ContainersReady: ready, core.PodInitialized: initialized} {
		p.status.Conditions = append(p.status.Conditions, core.PodCondition{Type: kind, Status: status, LastTransitionTime: now})
	}
}

// insist does what the API server must come to know, again where that server is out of reach.
func (p *pod) insist(ctx context.Context, do func() error) {
	for {
		err := do()
		if err == nil || !temporary(err) || !wait(ctx, 300*time.Millisecond) {
			return
		}
	}
}

// temporary reports whether an error may pass: the API server has not refused the request for what it is. A node's rights follow from the pods bound
// to it, and its authorizer learns of these a moment later: forbidden may pass too.
func temporary(err error) bool {
	return !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) && !apierrors.IsAlreadyExists(err)
}
