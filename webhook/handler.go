package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says what a Handler injects and whom it asks. ServiceAccounts alone is needed.
type Config struct {
	Settings        Settings
	ServiceAccounts ServiceAccounts
	Advisor         Advisor // nil: no advice
	Events          Events  // nil: no events
	// EventsAtValidation records Events of pods at /validate, where a pod has its name and UID, without which kubectl
	// describe does not find them, in place of at /mutate. It is for whoever has the API server send the pods that are
	// made to both: a handler cannot know, since API servers have a connection for each path, so that of two replicas
	// one may see all of the mutating reviews and the other all of the validating.
	EventsAtValidation bool
	Log                *slog.Logger         // nil: none
	Registry           *prometheus.Registry // of the metrics; nil: one of its own

	// TrustUnannotated believes memory that an old account has no role, which saves a live read for each pod of such
	// an account, and misses a pod that is made before memory hears of its account's annotation.
	TrustUnannotated bool
	// Young is how long after its creation an account without a role is read anew, whatever TrustUnannotated says,
	// and waited for; default a minute.
	Young time.Duration
	// Wait is how long a pod waits for an account that is missing, or young and without a role; 0, the default: not.
	// It must stay under the webhook configuration's timeoutSeconds.
	Wait time.Duration
	// ReadTimeout bounds one live read; default 5 s, half of a webhook's default timeoutSeconds.
	ReadTimeout time.Duration
	// Memory bounds the bytes in which reviews and their answers are held, those of clients that stall included; default
	// 64 MiB. An ordinary pod's review has 5 to 80 KB.
	Memory int64
	// WarnUnannotated says which workloads whose account has no role get a warning; default UnannotatedIntent.
	WarnUnannotated Unannotated

	Clock  func() time.Time    // nil: the system's
	Random func(n int64) int64 // 0 to n-1, for jitter; nil: math/rand/v2, since nothing hangs on its being guessed
}

// Handler answers the API server's AdmissionReviews: POST /mutate injects, POST /validate warns, GET /healthz says
// ok. It is safe for concurrent use. What it decides is Inject's and Resolve's; it adds the live reads, the waiting
// and the counting.
type Handler struct {
	config     Config
	mux        *http.ServeMux
	metrics    *metrics
	advice     *advice
	looking    chan struct{} // one for each lookup in the background
	roles      atomic.Pointer[Roles]
	containers atomic.Pointer[ContainerAccounts]
	buffers    sync.Pool
	room       room
}

// New makes a Handler. It fails without ServiceAccounts, on settings that contradict themselves, or where Registry
// has its metrics already.
func New(c Config) (*Handler, error) {
	if c.ServiceAccounts == nil {
		return nil, errors.New("a webhook needs service accounts")
	}
	if !c.WarnUnannotated.valid() {
		return nil, fmt.Errorf("%q is none of off, intent and all", c.WarnUnannotated)
	}
	c.Settings = c.Settings.Complete()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.Young == 0 {
		c.Young = time.Minute
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 5 * time.Second
	}
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.Memory < MaxReview+c.Memory/4 {
		return nil, fmt.Errorf("a memory of %d bytes, three quarters of which do not hold a review of %d", c.Memory, MaxReview)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Int64N
	}
	counted, err := newMetrics(c.Registry)
	if err != nil {
		return nil, fmt.Errorf("registering the webhook's metrics: %w", err)
	}
	h := &Handler{config: c, metrics: counted, mux: http.NewServeMux(), advice: newAdvice(c.Advisor, c.Clock),
		looking: make(chan struct{}, maxAsking)}
	h.room.limit, h.room.now = c.Memory, c.Clock
	h.SetRoles(nil)
	h.SetContainerAccounts(nil)
	h.buffers.New = func() any { return new(bytes.Buffer) }
	h.mux.HandleFunc("POST /mutate", counted.timed("/mutate", c.Clock, h.review(&h.config.Settings, h.mutate)))
	h.mux.HandleFunc("POST /validate", counted.timed("/validate", c.Clock, h.review(nil, h.validate)))
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	return h, nil
}

// SetRoles takes effect for the reviews that follow. Whoever watches the ConfigMap keeps the old ones when a new text
// does not parse.
func (h *Handler) SetRoles(roles Roles) { h.roles.Store(&roles) }

// SetContainerAccounts is the same of the container-credentials file.
func (h *Handler) SetContainerAccounts(accounts ContainerAccounts) { h.containers.Store(&accounts) }

func (h *Handler) sources() Sources {
	return Sources{Roles: *h.roles.Load(), Containers: *h.containers.Load()}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// review reads an AdmissionReview, has decide answer it, and writes the answer. An error of decide is HTTP's 500,
// upon which the API server does what the webhook configuration's failurePolicy says: to allow would leave a pod
// silently without its identity. A review that is not understood is refused where pods are read by
// settings, and allowed where it is but warned of.
func (h *Handler) review(pods *Settings, decide func(context.Context, *review) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
			h.metrics.refused.WithLabelValues("content-type").Inc()
			http.Error(w, "Content-Type must be application/json", http.StatusUnsupportedMediaType)
			return
		}
		held, err := h.room.seat(w, r)
		if err != nil {
			h.unread(w, err)
			return
		}
		defer held.leave()
		buffer := h.buffers.Get().(*bytes.Buffer)
		defer h.release(buffer)
		if err := held.read(r, buffer); err != nil {
			h.unread(w, err)
			return
		}
		request, err := readReview(buffer.Bytes(), pods)
		a := answer{}
		if err == nil {
			a, err = decide(r.Context(), request)
			if err != nil {
				h.metrics.refused.WithLabelValues("lookup").Inc()
				h.config.Log.Error("review not answered", "namespace", request.namespace, "uid", request.uid, "error", err)
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		} else {
			a.allowed, a.message = pods == nil, err.Error()
			h.metrics.refused.WithLabelValues("undecodable").Inc()
			h.config.Log.Warn("review not understood", "error", err)
		}
		text := a.append(nil, request)
		if !held.answer(int64(len(text))) {
			h.unread(w, errFull)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		if _, err := w.Write(text); err != nil {
			h.config.Log.Debug("answer not written", "error", err)
		}
	}
}

// unread answers a review that there is no room for, or whose body could not be read to its end.
func (h *Handler) unread(w http.ResponseWriter, err error) {
	if errors.Is(err, errFull) {
		h.metrics.refused.WithLabelValues("full").Inc()
		// Upon a 5xx with a time to wait an API server tries again by itself, within the webhook configuration's timeoutSeconds: it calls
		// webhooks by client-go's rest.Request (k8s.io/client-go/rest/with_retry.go).
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	h.metrics.refused.WithLabelValues("unread").Inc()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		http.Error(w, fmt.Sprintf("a review is at most %d bytes", MaxReview), http.StatusRequestEntityTooLarge)
		return
	}
	http.Error(w, "the body could not be read", http.StatusBadRequest)
}

// release keeps a buffer for the next review, unless an unusual one made it large.
func (h *Handler) release(buffer *bytes.Buffer) {
	if buffer.Cap() <= 256<<10 {
		buffer.Reset()
		h.buffers.Put(buffer)
	}
}

// mutate answers /mutate. Whatever is not the making of a pod is allowed as it is.
func (h *Handler) mutate(ctx context.Context, r *review) (answer, error) {
	allowed := answer{allowed: true}
	if !r.isPodCreate() {
		return allowed, nil
	}
	p := r.pod
	if p == nil {
		var err error
		if p, err = readPod(r.object, &h.config.Settings); err != nil {
			return h.refuse("undecodable", "reading the pod", err), nil
		}
	}
	if p.serviceAccount == "" || !p.spec {
		return allowed, nil
	}
	sources := h.sources()
	found, err := h.find(ctx, r.namespace, p.serviceAccount, sources.Containers.Has(r.namespace, p.serviceAccount))
	if err != nil {
		return answer{}, err
	}
	identity, warnings, ok := Resolve(found.account, sources, h.config.Settings)
	if !ok && h.mayYetNameRole(found) {
		found = h.wait(ctx, found)
		identity, warnings, ok = Resolve(found.account, sources, h.config.Settings)
	}
	if !ok {
		h.missed(r, p, found)
		return allowed, nil
	}
	if len(warnings) > 0 {
		h.config.Log.Warn("odd role", "namespace", r.namespace, "serviceAccount", p.serviceAccount,
			"warning", warnings[0].String())
	}
	identity.Jitter = h.config.Random(maxJitter + 1)
	if allowed.patch, err = p.inject(identity, &h.config.Settings); err != nil {
		return h.refuse("patch", "injecting the role", err), nil
	}
	h.metrics.pods.WithLabelValues(identity.Method.String()).Inc()
	h.config.Log.Debug("pod injected", "namespace", r.namespace, "pod", p.displayName(), "serviceAccount", p.serviceAccount,
		"method", identity.Method.String(), "operations", len(allowed.patch))
	if q, ok := identity.question(p.serviceAccount); ok && !r.dryRun && h.records(false) {
		h.adviseLater(p.reference(r.namespace), q)
	}
	return allowed, nil
}

// refuse keeps a pod out, and counts it.
func (h *Handler) refuse(reason, doing string, err error) answer {
	h.metrics.refused.WithLabelValues(reason).Inc()
	return answer{message: doing + ": " + err.Error()}
}

// displayName is the pod's name, or the stem of it.
func (p *pod) displayName() string {
	if p.name != "" {
		return p.name
	}
	return p.generateName
}
