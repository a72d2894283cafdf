package kube

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/openirsa/openirsa/webhook"
)

const (
	// eventQueue is how many Events wait to be written; more are dropped, and counted in the log with the next that is written.
	eventQueue = 256
	// eventRate is how many may be written a second, beside eventQueue at once: a tenth of a kubelet's (--event-qps). Whoever reaches the webhook can have
	// it write Events, and an hour of them, for which API servers keep them, must not fill etcd.
	eventRate = 5
	// eventAgain is for how long an Event that says the same of the same object is not written again. API servers forget Events after an hour.
	eventAgain = 10 * time.Minute
	// eventsAlike is how many pods of one controller, or of none in one namespace, have an Event of one mistake within eventAgain: whoever describes one
	// of a thousand replicas finds it described at others, and the API server keeps fifty Events instead of a thousand.
	eventsAlike = 50
	// eventsRemembered bounds what is remembered for that.
	eventsRemembered = 4096
	// maxEventMessage is what the API server takes (validation of core/v1 Events), in bytes.
	maxEventMessage = 1024
	maxEventName    = 253
	eventTimeout    = 10 * time.Second
)

// Events writes warnings as Events of the cluster and satisfies webhook.Events. It is safe for concurrent use.
type Events struct {
	client kubernetes.Interface
	source string
	log    *slog.Logger
	now    func() time.Time
	queue  chan *corev1.Event

	mu      sync.Mutex
	written map[uint64]said // by the hash of object, reason and message, and of a pod's controller, reason and message
	dropped int
	spent   float64 // of eventQueue, at the time of spentAt
	spentAt time.Time
}

// said is when something was said first, and of how many since.
type said struct {
	at time.Time
	of int
}

// Events makes a writer under the name of its source; Run writes.
func (c *Client) Events(source string, log *slog.Logger) *Events {
	return &Events{client: c.client, source: source, log: log, now: time.Now, queue: make(chan *corev1.Event, eventQueue), written: map[uint64]said{}}
}

// Warn queues an Event, unless it was written lately or the queue is full.
func (e *Events) Warn(object webhook.Reference, reason, message string) {
	if len(message) > maxEventMessage {
		message = strings.ToValidUTF8(message[:maxEventMessage], "")
	}
	now := e.now()
	if !e.remember(object, reason, message, now) {
		return
	}
	stamp := metav1.NewTime(now)
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: eventName(object.Name, now), Namespace: object.Namespace},
		InvolvedObject: corev1.ObjectReference{Kind: object.Kind, APIVersion: apiVersion(object.Kind), Namespace: object.Namespace,
			Name: object.Name, UID: types.UID(object.UID)},
		Reason: reason, Message: message, Type: corev1.EventTypeWarning, Count: 1,
		FirstTimestamp: stamp, LastTimestamp: stamp,
		Source: corev1.EventSource{Component: e.source}, ReportingController: e.source,
	}
	select {
	case e.queue <- event:
	default:
		e.mu.Lock()
		e.dropped++
		e.mu.Unlock()
	}
}

// eventName is the object's name and the time's, as client-go's recorder makes it, cut to what the API server takes as a name.
func eventName(object string, now time.Time) string {
	at := fmt.Sprintf(".%x", now.UnixNano())
	return strings.TrimRight(object[:min(len(object), maxEventName-len(at))], "-.") + at
}

// remember says whether an Event is new, and its object not one of many.
func (e *Events) remember(object webhook.Reference, reason, message string, now time.Time) bool {
	one := hashed(object.Kind, object.Namespace, object.Name, object.UID, reason, message)
	alike := hashed("pods", object.Namespace, object.Owner, reason, message)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lately(one, now).of > 0 {
		return false
	}
	if object.Kind == "Pod" && e.lately(alike, now).of >= eventsAlike {
		return false
	}
	if !e.afford(now) {
		e.dropped++
		return false
	}
	if len(e.written)+2 > eventsRemembered {
		clear(e.written) // the price is a few Events twice
	}
	e.again(one, now)
	if object.Kind == "Pod" {
		e.again(alike, now)
	}
	return true
}

// afford takes one Event from what may be written.
func (e *Events) afford(now time.Time) bool {
	e.spent = max(0, e.spent-eventRate*now.Sub(e.spentAt).Seconds())
	e.spentAt = now
	if e.spent > eventQueue-1 {
		return false
	}
	e.spent++
	return true
}

// lately is what was said under a key, if that was not long ago.
func (e *Events) lately(key uint64, now time.Time) said {
	if before, ok := e.written[key]; ok && now.Sub(before.at) < eventAgain {
		return before
	}
	return said{at: now}
}

func (e *Events) again(key uint64, now time.Time) {
	before := e.lately(key, now)
	e.written[key] = said{before.at, before.of + 1}
}

func hashed(parts ...string) uint64 {
	hash := fnv.New64a()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hash.Sum64()
}

// Run writes what is queued until ctx ends. What cannot be written is lost: an Event is a help for people, not a record.
func (e *Events) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-e.queue:
			e.write(ctx, event)
		}
	}
}

func (e *Events) write(ctx context.Context, event *corev1.Event) {
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	_, err := e.client.CoreV1().Events(event.Namespace).Create(ctx, event, metav1.CreateOptions{})
	// A namespace that is being removed takes no Events, and nobody would read them.
	if err != nil && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		e.log.Warn("an Event could not be written", "namespace", event.Namespace, "object", event.InvolvedObject.Name, "reason", event.Reason, "error", err)
	}
	e.mu.Lock()
	dropped := e.dropped
	e.dropped = 0
	e.mu.Unlock()
	if dropped > 0 {
		e.log.Warn("Events were dropped because there were too many", "count", dropped)
	}
}

// apiVersion returns the group and version of the kinds that webhook speaks of, without which kubectl describe does not show an Event.
func apiVersion(kind string) string {
	switch kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet":
		return "apps/v1"
	case "Job", "CronJob":
		return "batch/v1"
	case "Pod", "ServiceAccount", "ReplicationController":
		return "v1"
	}
	return ""
}
