package trail

import (
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The outcomes by which events are counted.
const (
	outcomeAllowed = "allowed"
	outcomeDenied  = "denied"  // by a policy
	outcomeInvalid = "invalid" // another error that the caller can mend: NoSuchEntity, MalformedPolicyDocument
	outcomeFailed  = "failed"  // an error on our side, or the issuer's
	outcomeRefused = "refused" // before authentication
)

// Labels stay few whatever a client sends. A name becomes a label when a recorded event with it was allowed, or denied by a
// policy, which only operations that exist can be; until then, and beyond maxNames, it is counted as otherName.
const (
	otherName = "other"
	maxNames  = 1024
)

// labels of one counter.
type labels struct{ source, name, outcome string }

// operation is what eventSource and eventName say together.
type operation struct{ source, name string }

// metrics are a view of the events.
type metrics struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	dropped    prometheus.Counter
	failed     prometheus.Counter
	aggregated prometheus.Counter

	mu    sync.RWMutex
	known map[operation]bool
}

func newMetrics(queued func() int) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openirsa_events_total",
			Help: "Events written to the trail, by operation and outcome.",
		}, []string{"source", "name", "outcome"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "openirsa_trail_dropped_total",
			Help: "Events lost because the trail's queue was full.",
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "openirsa_trail_failed_writes_total",
			Help: "Events that could not be encoded, written or flushed.",
		}),
		aggregated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "openirsa_trail_aggregated_refusals_total",
			Help: "Refusals before authentication that were counted into an event of many.",
		}),
		// The one operation that anybody may call, so that its refusals have its name from the first.
		known: map[operation]bool{{"sts.amazonaws.com", "AssumeRoleWithWebIdentity"}: true},
	}
	m.registry.MustRegister(m.events, m.dropped, m.failed, m.aggregated,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "openirsa_trail_queue_length",
			Help: "Events waiting to be written.",
		}, func() float64 { return float64(queued()) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Metrics serves Prometheus metrics: the events counted by operation and outcome, what was dropped, aggregated or could not be
// written, and the process. Nothing in them is secret.
func (t *Trail) Metrics() http.Handler {
	return promhttp.HandlerFor(t.metrics.registry, promhttp.HandlerOpts{})
}

// labels of an event, which is not counted yet.
func (m *metrics) labels(e *Event, refused bool) labels {
	l := labels{e.Source, e.Name, outcomeRefused}
	if !refused {
		l.outcome = outcome(e)
	}
	if !m.know(operation{e.Source, e.Name}, l.outcome == outcomeAllowed || l.outcome == outcomeDenied && e.Decision != nil) {
		l.source, l.name = otherName, otherName
	}
	return l
}

// know reports whether o may be a label, and learns that it may when it exists.
func (m *metrics) know(o operation, exists bool) bool {
	m.mu.RLock()
	known := m.known[o]
	m.mu.RUnlock()
	if known || !exists || !utf8.ValidString(o.source+o.name) { // which Prometheus panics on
		return known
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known[o] && len(m.known) < maxNames {
		m.known[o] = true
	}
	return m.known[o]
}

func (m *metrics) count(l labels, n int) {
	m.events.WithLabelValues(l.source, l.name, l.outcome).Add(float64(n))
}

// outcome classes an event by what it answered.
func outcome(e *Event) string {
	switch e.ErrorCode {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
		return outcomeDenied
	case "ServiceFailure", "InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "IDPCommunicationError":
		return outcomeFailed
	case "":
		if e.Decision != nil && !e.Decision.Allowed() {
			return outcomeDenied
		}
		return outcomeAllowed
	}
	return outcomeInvalid
}
