package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// drainTime is how long requests in flight may take after SIGTERM, unless the operator says otherwise.
const drainTime = 20 * time.Second

// collectAt is the garbage collector's target (GOGC) while the plane serves, unless the operator sets one. An exchange leaves some
// 50 KB of garbage and little lives long, so that Go's default would collect a hundred times a second (docs/performance.md).
const collectAt = 400

func tuneCollector(env environment) {
	if env.getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

// headroom is what the webhook leaves behind before the garbage collector runs. A review leaves some 20 KB of garbage and keeps nothing, so that with Go's
// default, which goes by what is held, a webhook of few accounts would collect fifteen times a second; a higher target for all would have one of many
// accounts hold as much garbage again and again as it holds accounts (docs/performance.md).
const headroom = 16 << 20

// keepHeadroom sets the collector's target (GOGC) by what is held, now and then, until ctx ends, unless the operator sets one.
func keepHeadroom(ctx context.Context, env environment) {
	if env.getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for ticker := time.NewTicker(2 * time.Second); ; {
		if metrics.Read(live); live[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(headroomPercent(live[0].Value.Uint64()))
		}
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
	}
}

// headroomPercent is never below Go's default.
func headroomPercent(live uint64) int {
	return int(max(100, min(1000, 100*headroom/max(live, 1))))
}

// service is one listener and what answers on it.
type service struct {
	name     string
	listener net.Listener
	handler  http.Handler
	tune     func(*http.Server) // what it has otherwise than serve does; nil: nothing
}

// drain says how services stop.
type drain struct {
	begin   func()        // readiness fails from then on; nil: nobody asks
	delay   time.Duration // from then on, while load balancers notice and requests still come
	timeout time.Duration // that requests in flight may take after that
}

// serve answers on every listener until ctx ends, then drains them in their order.
func serve(ctx context.Context, logger *slog.Logger, d drain, services ...service) error {
	failures := make(chan error, len(services))
	servers := make([]*http.Server, len(services))
	for i, s := range services {
		servers[i] = &http.Server{
			Handler:           s.handler,
			ReadHeaderTimeout: 10 * time.Second,
			// Of a whole request and its answer. The gateway lifts both where an object is to cross, for those who may.
			ReadTimeout:  time.Minute,
			WriteTimeout: 2 * time.Minute,
			// The doors answer OPTIONS * themselves.
			DisableGeneralOptionsHandler: true,
			IdleTimeout:                  2 * time.Minute,
			MaxHeaderBytes:               64 << 10,
			ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		}
		if s.tune != nil {
			s.tune(servers[i])
		}
		go func() { failures <- fmt.Errorf("serving the %s port: %w", s.name, servers[i].Serve(s.listener)) }()
	}
	var err error
	select {
	case <-ctx.Done():
		err = d.announce(logger, failures)
	case err = <-failures:
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.timeout)
	defer cancel()
	for _, server := range servers {
		if shutdownErr := server.Shutdown(draining); shutdownErr != nil {
			// Somebody is slower than the drain allows; that is no failure of ours.
			logger.Warn("requests were cut off", "after", d.timeout.String(), "error", shutdownErr)
			server.Close()
		}
	}
	return err
}

// announce has readiness fail and waits for whoever asks it, unless a service fails meanwhile.
func (d drain) announce(logger *slog.Logger, failures <-chan error) error {
	if d.begin != nil {
		d.begin()
	}
	if d.delay == 0 {
		return nil
	}
	logger.Info("draining", "delay", d.delay.String(), "timeout", d.timeout.String())
	select {
	case <-time.After(d.delay):
		return nil
	case err := <-failures:
		return err
	}
}
