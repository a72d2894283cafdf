package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// measurement is one run of a workload on one server.
type measurement struct {
	requests    int
	elapsed     time.Duration
	median, p99 time.Duration // from the first byte sent to the last byte read
	serverCPU   time.Duration // 0 where it is not known
	ownCPU      time.Duration
}

func (m measurement) rate() float64 { return float64(m.requests) / m.elapsed.Seconds() }

// load is how hard a run presses.
type load struct {
	clients  int // connections, each with one request in flight
	requests int // at most
	limit    time.Duration
}

// warmUp is how many exchanges go before a run with one token. A run with more begins cold: there the first use of a token is
// what is measured.
const warmUp = 64

// measure exchanges tokens in turn. Any answer but credentials ends it with an error. It writes requests that were made beforehand
// on the sockets, because it shares the machine's cores with the server.
func measure(ctx context.Context, s *server, tokens []string, l load) (measurement, error) {
	requests := make([][]byte, len(tokens))
	for i, token := range tokens {
		requests[i] = s.request(token)
	}
	clients := make([]*client, l.clients)
	for i := range clients {
		c, err := dial(ctx, s.address)
		if err != nil {
			return measurement{}, err
		}
		defer c.connection.Close()
		clients[i] = c
	}
	for i := 0; len(requests) == 1 && i < warmUp; i++ {
		if err := clients[i%len(clients)].exchange(requests[0]); err != nil {
			return measurement{}, err
		}
	}
	cpu, known := s.cpu()
	own := ownCPU()
	began := time.Now()
	err := drive(ctx, clients, requests, l.requests, began.Add(l.limit))
	m := measurement{elapsed: time.Since(began), ownCPU: ownCPU() - own}
	if after, ok := s.cpu(); ok && known {
		m.serverCPU = after - cpu
	}
	var latencies []time.Duration
	for _, c := range clients {
		latencies = append(latencies, c.latencies...)
	}
	if len(latencies) == 0 {
		return m, errors.Join(err, errors.New("no request was answered"))
	}
	slices.Sort(latencies)
	m.requests, m.median, m.p99 = len(latencies), latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	return m, err
}

// drive has the clients send total requests between them, or as many as the deadline allows.
func drive(ctx context.Context, clients []*client, requests [][]byte, total int, deadline time.Time) error {
	var next atomic.Int64
	failures := make([]error, len(clients))
	var group sync.WaitGroup
	for i, c := range clients {
		c.latencies = make([]time.Duration, 0, total)
		group.Go(func() {
			for ctx.Err() == nil {
				number := int(next.Add(1)) - 1
				sent := time.Now()
				if number >= total || sent.After(deadline) {
					return
				}
				if failures[i] = c.exchange(requests[number%len(requests)]); failures[i] != nil {
					return
				}
				c.latencies = append(c.latencies, time.Since(sent))
			}
		})
	}
	group.Wait()
	return errors.Join(append(failures, ctx.Err())...)
}

// request is the whole HTTP request for one exchange.
func (s *server) request(token string) []byte {
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {s.roleARN},
		"RoleSessionName": {"bench"}, "WebIdentityToken": {token}}.Encode()
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nUser-Agent: irsa-bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		s.address, len(form), form)
}

// client is one keep-alive connection.
type client struct {
	connection net.Conn
	reader     *bufio.Reader
	body       bytes.Buffer
	latencies  []time.Duration
}

func dial(ctx context.Context, address string) (*client, error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return &client{connection: connection, reader: bufio.NewReaderSize(connection, 16<<10)}, nil
}

// exchange sends one request and reads its whole answer, which must hold credentials.
func (c *client) exchange(request []byte) error {
	if err := c.connection.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := c.connection.Write(request); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	defer response.Body.Close()
	c.body.Reset()
	if _, err := io.Copy(&c.body, response.Body); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(c.body.Bytes(), []byte("<SessionToken>")) {
		return fmt.Errorf("answered %s: %s", response.Status, c.body.Bytes())
	}
	return nil
}
