package webhook

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The outcomes by which live reads are counted.
const (
	readRole     = "role"    // the account has a role that memory did not know of
	readNoRole   = "no-role" // it has none
	readNotFound = "not-found"
	readFailed   = "failed"
)

// metrics counts what the handler does. The first two have the names that amazon-eks-pod-identity-webhook's
// dashboards know.
type metrics struct {
	pods      *prometheus.CounterVec
	missing   prometheus.Counter
	reads     *prometheus.CounterVec
	gaveUp    prometheus.Counter
	refused   *prometheus.CounterVec
	dropped   prometheus.Counter
	durations *prometheus.HistogramVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pods: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pod_identity_webhook_pod_count",
			Help: "Pods that were given an identity, by how they come to credentials.",
		}, []string{"method"}),
		missing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pod_identity_webhook_missing_sa_count",
			Help: "Pods whose service account was found neither in memory nor on the API server.",
		}),
		reads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openirsa_webhook_live_reads_total",
			Help: "Service accounts that were read from the API server because memory did not settle them, by outcome.",
		}, []string{"outcome"}),
		gaveUp: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "openirsa_webhook_gave_up_total",
			Help: "Pods admitted without an identity after waiting for their service account's annotation.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openirsa_webhook_errors_total",
			Help: "Reviews that could not be answered as they should be, by reason.",
		}, []string{"reason"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "openirsa_webhook_dropped_advice_total",
			Help: "Pods that were not looked at for warnings because too many were.",
		}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "openirsa_webhook_request_duration_seconds",
			Help:    "Time to answer a review, from its first byte to the last of the answer.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 2, 18), // 50 µs to 6.6 s
		}, []string{"path"}),
	}
	for _, c := range []prometheus.Collector{m.pods, m.missing, m.reads, m.gaveUp, m.refused, m.dropped, m.durations} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// timed measures a handler.
func (m *metrics) timed(path string, now func() time.Time, handler http.HandlerFunc) http.HandlerFunc {
	durations := m.durations.WithLabelValues(path)
	return func(w http.ResponseWriter, r *http.Request) {
		start := now()
		handler(w, r)
		durations.Observe(now().Sub(start).Seconds())
	}
}

// Metrics serves the handler's Prometheus metrics, and whatever else Config.Registry holds. Nothing in them is secret.
func (h *Handler) Metrics() http.Handler {
	return promhttp.HandlerFor(h.config.Registry, promhttp.HandlerOpts{})
}
