package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openirsa/openirsa/bench/load"
)

// match is everything that one measurement needs.
type match struct {
	options
	field   []*contestant
	content pattern
}

// measure runs every workload with every number of clients on every contestant in turns.
func (m match) measure(ctx context.Context) (*report, error) {
	r := newReport()
	for _, w := range workloads {
		if !strings.Contains(w.name(), m.only) {
			continue
		}
		on := w.on(m.field)
		for _, c := range on {
			if err := m.prove(ctx, w, c); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.Name, w.name(), err)
			}
		}
		for _, clients := range m.clients {
			for range m.rounds {
				for _, c := range on {
					measured, err := m.once(ctx, w, c, clients)
					if err != nil {
						return nil, fmt.Errorf("%s, %s, %d clients: %w", c.Name, w.name(), clients, err)
					}
					r.add(cell{w.name(), clients, c.Name}, measured)
				}
			}
		}
	}
	return r, nil
}

// once is one run. Its requests are signed anew, since a signature is good for 15 minutes.
func (m match) once(ctx context.Context, w workload, c *contestant, clients int) (load.Measurement, error) {
	count := w.count(clients, m.requests)
	requests, err := w.requests(ctx, c.Address, c.credentials, m.content, min(count, w.distinct))
	if err != nil {
		return load.Measurement{}, err
	}
	return load.Measure(ctx, c.Server, requests, load.Load{Clients: clients, Requests: count, Limit: m.limit, WarmUp: w.warmUp(clients),
		Want: load.Want{Length: w.answered()}, Behind: c.behind})
}

// prove shows before anything is measured that a contestant does what is to be measured: it answers with the whole object, and refuses a
// request with another one's signature where it is to look.
func (m match) prove(ctx context.Context, w workload, c *contestant) error {
	requests, err := w.requests(ctx, c.Address, c.credentials, m.content, 2)
	if err != nil {
		return err
	}
	once := load.Load{Clients: 1, Requests: 1, Limit: time.Minute, Want: load.Want{Length: w.answered()}}
	if w.method == http.MethodGet {
		once.Want.Contains = m.content.all(w.size)
	}
	if _, err := load.Measure(ctx, c.Server, requests[:1], once); err != nil {
		return err
	}
	if !c.verifies {
		return nil
	}
	forged, err := withSignatureOf(requests[0], requests[1])
	if err != nil {
		return err
	}
	_, err = load.Measure(ctx, c.Server, []load.Request{forged}, once)
	var answer *load.UnwantedError
	if errors.As(err, &answer) && answer.Status == http.StatusForbidden {
		return nil
	}
	return fmt.Errorf("a request with another one's signature is not refused: %w", err)
}
