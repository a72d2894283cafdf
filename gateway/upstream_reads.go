package gateway

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// reads sends requests that change nothing and have no body, over plain HTTP. http.Transport hands each request and
// each answer from one goroutine to another and back. A request with a body needs that, since the server may answer
// before it has all of it; a small object is asked for in two thirds of the processor time where the goroutine that
// wants the answer writes the request and reads on its own. What is written and read is net/http's.
//
// It is safe for concurrent use.
type reads struct {
	dialer  *net.Dialer
	address string
	silence time.Duration

	mutex    sync.Mutex
	idle     []*readConnection // the one that was used last comes last
	sweeping bool              // a timer runs that closes those that nobody takes
}

// newReads asks the server at base, whose URL is of plain HTTP.
func newReads(dialer *net.Dialer, base *url.URL, silence time.Duration) *reads {
	return &reads{dialer: dialer, address: net.JoinHostPort(base.Hostname(), cmp.Or(base.Port(), "80")), silence: silence}
}

// roundTrip sends r and returns the answer, whose body the caller closes. Where a connection that was kept ends before
// the answer's first byte, the server was about to close it: r goes out once more, on a new one (RFC 9112, 9.3.1).
func (s *reads) roundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if kept := s.take(); kept != nil {
		response, err := s.ask(ctx, kept, r)
		if !errors.Is(err, errGone) || ctx.Err() != nil {
			return response, err
		}
	}
	connection, err := s.dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, newReadConnection(connection, s.silence), r)
}

// ask sends r on the connection, which is kept once the answer's body was read to its end.
func (s *reads) ask(ctx context.Context, c *readConnection, r *http.Request) (*http.Response, error) {
	forget := context.AfterFunc(ctx, func() { _ = c.Close() })
	response, err := c.ask(r)
	if err != nil {
		forget()
		_ = c.Close()
		return nil, err
	}
	body := &readBody{ReadCloser: response.Body, end: func(whole bool) {
		if forget() && whole && !response.Close && c.reader.Buffered() == 0 {
			s.keep(c)
			return
		}
		_ = c.Close()
	}}
	if response.Body == http.NoBody {
		body.finish(true)
	}
	response.Body = body
	return response, nil
}

// take returns a connection on which the server waits for a request; nil: there is none.
func (s *reads) take() *readConnection {
	for {
		s.mutex.Lock()
		last := len(s.idle) - 1
		if last < 0 {
			s.mutex.Unlock()
			return nil
		}
		c := s.idle[last]
		s.idle[last], s.idle = nil, s.idle[:last]
		s.mutex.Unlock()
		if time.Since(c.since) < idleTime && c.quiet() {
			return c
		}
		_ = c.Close()
	}
}

func (s *reads) keep(c *readConnection) {
	c.since = time.Now()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.idle) >= idleConnections {
		_ = c.Close()
		return
	}
	s.idle = append(s.idle, c)
	if !s.sweeping {
		s.sweeping = true
		time.AfterFunc(idleTime, s.sweep)
	}
}

// sweep closes the connections that nobody took for long enough.
func (s *reads) sweep() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	old := 0
	for old < len(s.idle) && time.Since(s.idle[old].since) >= idleTime {
		_ = s.idle[old].Close()
		old++
	}
	s.idle = append([]*readConnection(nil), s.idle[old:]...)
	if s.sweeping = len(s.idle) > 0; s.sweeping {
		time.AfterFunc(idleTime, s.sweep)
	}
}

// close ends the idle connections.
func (s *reads) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, c := range s.idle {
		_ = c.Close()
	}
	s.idle = nil
}

// readBody tells once how it ended.
type readBody struct {
	io.ReadCloser
	end func(whole bool) // nil: it was told
}

// Read implements io.Reader.
func (b *readBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.finish(errors.Is(err, io.EOF))
	}
	return n, err
}

// Close implements io.Closer. What was not read by then stays so, and the connection with it.
func (b *readBody) Close() error {
	b.finish(false)
	return nil
}

func (b *readBody) finish(whole bool) {
	if b.end != nil {
		b.end(whole)
		b.end = nil
	}
}

// readConnection is a connection with one request under way at most. It fails when the server is silent for too long.
type readConnection struct {
	net.Conn
	silence  time.Duration
	renewed  time.Time // when the end of the server's silence was last put off
	header   int64     // how many bytes an answer's header may still take; negative: none is being read
	reader   *bufio.Reader
	writer   *bufio.Writer
	since    time.Time   // when it became idle
	isSilent func() bool // of an idle connection: it is open, and the server has said nothing
}

var (
	errGone       = errors.New("the server ended the connection without an answer")
	errLongHeader = fmt.Errorf("the answer's header has more than %d bytes", maxAnswerHeader)
)

func newReadConnection(connection net.Conn, silence time.Duration) *readConnection {
	c := &readConnection{Conn: connection, silence: silence, header: -1, isSilent: silenceOf(connection)}
	c.reader, c.writer = bufio.NewReader(c), bufio.NewWriter(c)
	return c
}

// quiet tells whether the connection can take a request. An answer that nobody asked for would be taken for the next
// one's.
func (c *readConnection) quiet() bool { return c.reader.Buffered() == 0 && c.isSilent() }

// ask sends r and reads the header of the answer.
func (c *readConnection) ask(r *http.Request) (*http.Response, error) {
	if err := r.Write(c.writer); err != nil {
		return nil, gone(err)
	}
	if err := c.writer.Flush(); err != nil {
		return nil, gone(err)
	}
	c.header = maxAnswerHeader
	if _, err := c.reader.Peek(1); err != nil {
		return nil, gone(err)
	}
	for { // answers of status 1xx come before the one that counts; together they are held to the size of one
		response, err := http.ReadResponse(c.reader, r)
		switch {
		case err != nil:
			return nil, err
		case response.StatusCode == http.StatusSwitchingProtocols:
			response.Close = true
		case response.StatusCode < http.StatusOK:
			continue
		}
		c.header = -1
		return response, nil
	}
}

// gone says of an error before the answer's first byte that the connection has ended, unless the server was waited for.
func gone(err error) error {
	if silent(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errGone, err)
}

// Read implements io.Reader.
func (c *readConnection) Read(p []byte) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	if c.header < 0 {
		return c.Conn.Read(p)
	}
	if c.header == 0 {
		return 0, errLongHeader
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.header)])
	c.header -= int64(n)
	return n, err
}

// Write implements io.Writer.
func (c *readConnection) Write(p []byte) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// wait puts off the end of the server's silence, though not every time, which would cost more than a small read: what
// is granted is between fifteen sixteenths of it and all.
func (c *readConnection) wait() error {
	now := time.Now()
	if now.Sub(c.renewed) < c.silence/16 {
		return nil
	}
	c.renewed = now
	return c.SetDeadline(now.Add(c.silence))
}
