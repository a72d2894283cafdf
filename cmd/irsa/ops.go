package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// opsHandler serves health, metrics and what clients have to trust; nothing on it is secret.
type opsHandler struct {
	mux      *http.ServeMux
	draining atomic.Bool
	bundle   atomic.Pointer[[]byte] // PEM; nil where the certificate is not of an authority of the plane's own
}

func newOpsHandler(metrics http.Handler) *opsHandler {
	h := &opsHandler{mux: http.NewServeMux()}
	h.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		// The plane listens only once everything is open, so a listener that answers is ready until it drains.
		if h.draining.Load() {
			plain(w, http.StatusServiceUnavailable, "draining")
			return
		}
		plain(w, http.StatusOK, "ok")
	})
	h.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	h.mux.HandleFunc("GET /ca.crt", func(w http.ResponseWriter, r *http.Request) {
		bundle := h.bundle.Load()
		if bundle == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Write(*bundle) // a client that went away is no concern of the plane's
	})
	h.mux.Handle("GET /metrics", metrics)
	return h
}

func (h *opsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// drain has readiness fail from now on.
func (h *opsHandler) drain() { h.draining.Store(true) }

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
