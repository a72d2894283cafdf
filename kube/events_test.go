package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/openirsa/openirsa/webhook"
)

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func TestEvents(t *testing.T) {
	client := fake.NewClientset()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	e := (&Client{client: client}).Events("openirsa-webhook", slog.New(slog.DiscardHandler))
	e.now = func() time.Time { now = now.Add(time.Second); return now }
	pod := webhook.Reference{Kind: "Pod", Namespace: "shop", Name: "cart-1"}
	e.Warn(pod, "IRSANotInjected", "first")
	e.Warn(pod, "IRSANotInjected", "first") // the same again
	e.Warn(pod, "IRSANotInjected", strings.Repeat("é", 2000))
	e.Warn(webhook.Reference{Kind: "ReplicaSet", Namespace: "shop", Name: "cart", UID: "u"}, "IRSANotInjected", "first")
	now = now.Add(eventAgain)
	e.Warn(pod, "IRSANotInjected", "first") // the same, much later
	go e.Run(t.Context())
	var events []corev1.Event
	await(t, "four Events", func() bool {
		list, err := client.CoreV1().Events("shop").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		events = list.Items
		return len(events) == 4
	})
	for _, event := range events {
		if event.Type != "Warning" || event.Reason != "IRSANotInjected" || event.Source.Component != "openirsa-webhook" || event.FirstTimestamp.IsZero() ||
			len(event.Message) > 1024 || strings.Contains(event.Message, "\ufffd") {
			t.Errorf("event %+v", event)
		}
		o := event.InvolvedObject
		if want := map[string]string{"Pod": "v1 cart-1 ", "ReplicaSet": "apps/v1 cart u"}[o.Kind]; want != o.APIVersion+" "+o.Name+" "+string(o.UID) {
			t.Errorf("about %+v", o)
		}
	}
}

// TestEventsAlike: a thousand pods that have a mistake in common leave a few Events, for each controller anew, and again only later.
func TestEventsAlike(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	e := (&Client{client: fake.NewClientset()}).Events("openirsa-webhook", slog.New(slog.DiscardHandler))
	e.now = func() time.Time { return now }
	queued := func(owner, message string) (n int) {
		for i := range 1000 {
			e.Warn(webhook.Reference{Kind: "Pod", Namespace: "shop", Name: fmt.Sprint(owner, i), UID: fmt.Sprint(owner, i), Owner: owner}, "R", message)
		}
		for ; len(e.queue) > 0; n++ {
			<-e.queue
		}
		return n
	}
	for _, c := range []struct {
		owner, message string
		later          time.Duration
		want           int
	}{
		{"a", "m", 0, 50}, {"b", "m", 0, 50}, {"", "m", 0, 50}, {"a", "another", 0, 50},
		{"a", "m", eventAgain - time.Second, 0}, {"a", "m", time.Second, 50},
	} {
		now = now.Add(c.later)
		if got := queued(c.owner, c.message); got != c.want {
			t.Errorf("%q, %q, %s later: %d Events, want %d", c.owner, c.message, c.later, got, c.want)
		}
	}
	for range 1000 {
		e.Warn(webhook.Reference{Kind: "Pod", Namespace: "shop", Name: "again", UID: "u"}, "R", "one")
		e.Warn(webhook.Reference{Kind: "Pod", Namespace: "shop", Name: "again", UID: "v"}, "R", "one")
	}
	if len(e.queue) != 2 {
		t.Errorf("%d Events of two pods, one after the other, of one name", len(e.queue))
	}
}

// TestEventsRate: whoever makes up pods, controllers and sentences fills the API server no faster than by five Events a second.
func TestEventsRate(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	e := (&Client{client: fake.NewClientset()}).Events("openirsa-webhook", slog.New(slog.DiscardHandler))
	e.now = func() time.Time { return now }
	written := 0
	for i := range 100 * 100 { // a hundred a second
		now = now.Add(10 * time.Millisecond)
		one := fmt.Sprint(i)
		e.Warn(webhook.Reference{Kind: "Pod", Namespace: one, Name: one, UID: one, Owner: one}, "R", one)
		for ; len(e.queue) > 0; written++ {
			<-e.queue
		}
	}
	if want := 256 + 5*100; written < want-1 || written > want+1 || e.dropped != 10000-written {
		t.Errorf("%d Events in 100 s, want %d; %d dropped", written, want, e.dropped)
	}
}

// TestEventName: objects with the longest names have Events too (names are RFC 1123 subdomains of at most 253 characters).
func TestEventName(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, object := range []string{"cart", strings.Repeat("x", 253), strings.Repeat("a.", 126) + "a", "a" + strings.Repeat("-", 251) + "a"} {
		name := eventName(object, now)
		if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 || object == "cart" && name != fmt.Sprintf("cart.%x", now.UnixNano()) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestEventsNeverBlock queues more than is kept while the API server does not answer.
func TestEventsNeverBlock(t *testing.T) {
	client := fake.NewClientset()
	held := make(chan struct{})
	client.PrependReactor("create", "events", func(clienttesting.Action) (bool, runtime.Object, error) {
		<-held
		return true, nil, errors.New("away")
	})
	var log strings.Builder
	e := (&Client{client: client}).Events("openirsa-webhook", slog.New(slog.NewTextHandler(&log, nil)))
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	e.now = func() time.Time { now = now.Add(time.Millisecond * 200); return now }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.Run(ctx) }()
	for i := range 3*eventsRemembered + 1 {
		e.Warn(webhook.Reference{Kind: "Pod", Namespace: "shop", Name: fmt.Sprint(i)}, "R", fmt.Sprint("m", i))
	}
	if len(e.written) > eventsRemembered {
		t.Errorf("%d are remembered", len(e.written))
	}
	close(held)
	await(t, "the queue to be empty", func() bool { return len(e.queue) == 0 })
	cancel()
	<-done
	if !strings.Contains(log.String(), "away") || !strings.Contains(log.String(), "dropped") {
		t.Errorf("the log does not tell of it: %.300s", log.String())
	}
}
