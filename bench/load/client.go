package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

const (
	patience  = 5 * time.Minute // for one request and its answer
	readSize  = 16 << 10
	largeSize = 256 << 10 // read at a time of a body that is longer than this
	shownSize = 2 << 10   // of an answer that is not wanted
)

// Want is what an answer must be, beside a 200.
type Want struct {
	Length   int64  // of its body; negative: any
	Contains []byte // what its body must hold; nil: anything, and the body is not kept
}

// UnwantedError is an answer of another status than 200, or without what its body should hold.
type UnwantedError struct {
	Status int
	Body   string // the beginning
}

func (e *UnwantedError) Error() string { return fmt.Sprintf("answered %d: %s", e.Status, e.Body) }

// client is one keep-alive connection.
type client struct {
	connection net.Conn
	reader     *bufio.Reader
	unsent     net.Buffers
	kept       bytes.Buffer
	large      []byte
	latencies  []time.Duration
}

// dial connects, over TLS where a configuration is given.
func dial(ctx context.Context, address string, secure *tls.Config) (*client, error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if secure != nil {
		over := tls.Client(connection, secure)
		if err := over.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("connecting: %w", err), connection.Close())
		}
		connection = over
	}
	return &client{connection: connection, reader: bufio.NewReaderSize(connection, readSize)}, nil
}

// exchange sends one request and reads its whole answer.
func (c *client) exchange(request Request, want Want) error {
	if err := c.connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	sending := c.send(request)
	if err := c.read(want); err != nil {
		return errors.Join(sending, err) // a server that refuses may not read all that is sent
	}
	return sending
}

func (c *client) send(request Request) error {
	var err error
	if len(request) == 1 {
		_, err = c.connection.Write(request[0])
	} else {
		c.unsent = append(c.unsent[:0], request...)
		sent := c.unsent // WriteTo takes from the front, which would lose the array
		_, err = sent.WriteTo(c.connection)
	}
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	return nil
}

// read reads one answer and holds it against want.
func (c *client) read(want Want) error {
	status, length, err := c.head()
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if status != 200 || want.Contains != nil {
		c.kept.Reset()
		err = c.body(&c.kept, length)
	} else {
		err = c.skip(length)
	}
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer's body: %w", err)
	case status != 200, want.Contains != nil && !bytes.Contains(c.kept.Bytes(), want.Contains):
		return &UnwantedError{Status: status, Body: string(c.kept.Bytes()[:min(c.kept.Len(), shownSize)])}
	case want.Length >= 0 && length != want.Length:
		return fmt.Errorf("answered with %d bytes in place of %d", length, want.Length)
	}
	return nil
}

// head reads the status line and the header. A length of -1 stands for a chunked body. It knows the answers that these servers give
// to these requests (no 1xx, no HEAD, no trailer), and takes anything else for an error.
func (c *client) head() (status int, length int64, err error) {
	line, err := c.line()
	if err != nil {
		return 0, 0, err
	}
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 {
		return 0, 0, fmt.Errorf("no status line of HTTP/1.1: %.*q", shownSize, line)
	}
	if status, err = strconv.Atoi(string(rest[:3])); err != nil {
		return 0, 0, fmt.Errorf("reading the status: %w", err)
	}
	for {
		if line, err = c.line(); err != nil || len(line) == 0 {
			return status, length, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(name) == len("Content-Length") && strings.EqualFold(string(name), "Content-Length"):
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return 0, 0, fmt.Errorf("reading Content-Length: %w", err)
			}
		case len(name) == len("Transfer-Encoding") && strings.EqualFold(string(name), "Transfer-Encoding"):
			length = -1
		}
	}
}

// line is the next line without its end; it is good until the next read.
func (c *client) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// body copies a body.
func (c *client) body(to io.Writer, length int64) error {
	if length >= 0 {
		_, err := io.CopyN(to, c.reader, length)
		return err
	}
	if _, err := io.Copy(to, httputil.NewChunkedReader(c.reader)); err != nil {
		return err
	}
	line, err := c.line() // after the last chunk
	if err == nil && len(line) != 0 {
		err = fmt.Errorf("a trailer: %.*q", shownSize, line)
	}
	return err
}

// skip reads a body and forgets it, a long one in large pieces past the small buffer.
func (c *client) skip(length int64) error {
	if length < 0 {
		return c.body(io.Discard, length)
	}
	if length <= largeSize {
		_, err := c.reader.Discard(int(length))
		return err
	}
	if c.large == nil {
		c.large = make([]byte, largeSize)
	}
	for length > 0 {
		n, err := c.reader.Read(c.large[:min(length, largeSize)])
		if err != nil {
			return err
		}
		length -= int64(n)
	}
	return nil
}
