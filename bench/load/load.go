// Package load presses a server with requests that were made beforehand, and measures what it does: the rate, the latency, the
// processor time and the memory. It shares the machine's cores with the server, so it costs as little as it can: whole requests go
// to the socket as they are, and of an answer only what says where it ends is read. It does not sign, and it judges nothing.
package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openirsa/openirsa/bench/servers"
)

// Request is a whole HTTP/1.1 request in parts, which may be other requests' too. Nobody changes them.
type Request [][]byte

// Load is how hard a run presses, and what it wants.
type Load struct {
	Clients  int // connections, each with one request in flight
	Requests int // at most
	Limit    time.Duration
	WarmUp   int             // requests before what is measured
	Want     Want            // of every answer
	TLS      *tls.Config     // of the connections; nil: in clear
	Behind   *servers.Server // that the server asks in turn, whose processor time is told too; may be nil
}

// Measurement is one run of a load on one server.
type Measurement struct {
	Requests    int
	Elapsed     time.Duration
	Median, P99 time.Duration // from the first byte sent to the last byte read
	ServerCPU   time.Duration // 0 where it is not known
	BehindCPU   time.Duration // likewise
	OwnCPU      time.Duration
	Memory      int64 // bytes that the server had resident at the most; 0 where it is not known
}

// Rate is the requests in a second.
func (m Measurement) Rate() float64 { return float64(m.Requests) / m.Elapsed.Seconds() }

// CPU is the server's processor time for one request; 0 where it is not known.
func (m Measurement) CPU() time.Duration { return m.ServerCPU / time.Duration(m.Requests) }

// Share is the load generator's part of the processor time that all took; 0 where it is not known.
func (m Measurement) Share() float64 {
	if m.ServerCPU == 0 {
		return 0
	}
	return m.OwnCPU.Seconds() / (m.OwnCPU + m.ServerCPU + m.BehindCPU).Seconds()
}

// Measure sends requests in turn. An answer that is not wanted ends it with an error.
func Measure(ctx context.Context, s *servers.Server, requests []Request, l Load) (Measurement, error) {
	clients := make([]*client, l.Clients)
	for i := range clients {
		c, err := dial(ctx, s.Address, l.TLS)
		if err != nil {
			return Measurement{}, err
		}
		defer c.connection.Close()
		clients[i] = c
	}
	for i := range l.WarmUp {
		if err := clients[i%len(clients)].exchange(requests[i%len(requests)], l.Want); err != nil {
			return Measurement{}, err
		}
	}
	if err := s.ForgetPeak(); err != nil {
		return Measurement{}, err
	}
	before := usage(s, l.Behind)
	began := time.Now()
	err := drive(ctx, clients, requests, l, began.Add(l.Limit))
	m := Measurement{Elapsed: time.Since(began), Memory: s.PeakMemory()}
	after := usage(s, l.Behind)
	m.ServerCPU, m.BehindCPU, m.OwnCPU = after[0]-before[0], after[1]-before[1], after[2]-before[2]
	var latencies []time.Duration
	for _, c := range clients {
		latencies = append(latencies, c.latencies...)
	}
	if len(latencies) == 0 {
		return m, errors.Join(err, errors.New("no request was answered"))
	}
	slices.Sort(latencies)
	m.Requests, m.Median, m.P99 = len(latencies), latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	return m, err
}

// usage is the processor time so far: the server's, of the one behind it, our own.
func usage(s, behind *servers.Server) (times [3]time.Duration) {
	times[0], _ = s.CPU()
	if behind != nil {
		times[1], _ = behind.CPU()
	}
	times[2] = servers.OwnCPU()
	return times
}

// drive has the clients send l.Requests between them, or as many as the deadline lets begin.
func drive(ctx context.Context, clients []*client, requests []Request, l Load, deadline time.Time) error {
	var next atomic.Int64
	var failed atomic.Bool
	failures := make([]error, len(clients))
	var group sync.WaitGroup
	for i, c := range clients {
		c.latencies = make([]time.Duration, 0, 2*l.Requests/len(clients))
		group.Go(func() {
			for ctx.Err() == nil && !failed.Load() {
				number := int(next.Add(1)) - 1
				sent := time.Now()
				if number >= l.Requests || sent.After(deadline) {
					return
				}
				if err := c.exchange(requests[number%len(requests)], l.Want); err != nil {
					failed.Store(true)
					failures[i] = fmt.Errorf("client %d: %w", i+1, err)
					return
				}
				c.latencies = append(c.latencies, time.Since(sent))
			}
		})
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return err // the others fail for the same reason, at length
		}
	}
	return ctx.Err()
}
