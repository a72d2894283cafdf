package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/kube"
)

// TestSyncOfAnotherIssuer: a cluster whose API server signs for another issuer by now is told of, since no exchange of its tokens works.
func TestSyncOfAnotherIssuer(t *testing.T) {
	planeInEnvironment(t)
	api, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	runs(t, 0, "cluster", "register", "prod", "--kubeconfig", kubeconfig)
	client, err := kube.New(kube.Config{Kubeconfig: kubeconfig})
	check(t, err)
	plane, err := cloud.New(t.Context(), cloud.Config{})
	check(t, err)
	for _, c := range []struct {
		shown string
		warns bool
	}{{"https://prod.example.test", false}, {"https://new.example.test", true}} {
		api.shown = c.shown
		var log safeBuffer
		(&syncer{name: "prod", kube: client, cloud: plane, logger: slog.New(slog.NewTextHandler(&log, nil))}).step(t.Context())
		if got := log.String(); strings.Contains(got, "level=WARN") != c.warns || c.warns && !strings.Contains(got, c.shown) {
			t.Errorf("of issuer %s the log says %q", c.shown, got)
		}
	}
}

// TestPollOfGonePlane: a plane whose machine is gone neither answers nor ends connections, and is asked again.
func TestPollOfGonePlane(t *testing.T) {
	planeInEnvironment(t)
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(gone) })
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	plane, err := cloud.New(t.Context(), cloud.Config{})
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := (&syncer{name: "prod", cloud: plane, pollTime: 50 * time.Millisecond}).poll(ctx, "uid-1"); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("polled for %v: %v", ctx.Err(), err)
	}
}
