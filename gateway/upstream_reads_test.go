package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// rawServer answers each request of a connection with the bytes that talk returns for it; the connection ends after
// empty ones, and after talk's last.
type rawServer struct {
	address     string
	connections atomic.Int32
}

func newRawServer(t *testing.T, talk func(connection, request int) string) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &rawServer{address: "http://" + listener.Addr().String()}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			number := int(s.connections.Add(1))
			go func() {
				defer connection.Close()
				reader := bufio.NewReader(connection)
				for request := 1; ; request++ {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					answer := talk(number, request)
					if _, err := io.WriteString(connection, answer); err != nil || answer == "" || strings.HasSuffix(answer, endOfConnection) {
						return
					}
				}
			}()
		}
	}()
	return s
}

// endOfConnection after an answer is a space that nobody reads.
const endOfConnection = " "

const shortAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

func readsFrom(t *testing.T, s *rawServer, silence time.Duration) *Upstream {
	t.Helper()
	u, err := NewUpstream(UpstreamConfig{URL: s.address, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

// read asks once and returns what came, as text.
func read(ctx context.Context, u *Upstream, method string) (string, error) {
	response, err := u.send(ctx, newRequest(method, "/bucket/key", ""), "s3", "eu-west-1", payload{hash: emptyPayload})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return fmt.Sprint(response.StatusCode, " ", string(content)), err
}

// TestReadsKeepConnections: requests one after another share a connection, whatever ended the answer, and it is closed
// when nobody takes it.
func TestReadsKeepConnections(t *testing.T) {
	answers := []string{shortAnswer, "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + shortAnswer}
	s := newRawServer(t, func(_, request int) string { return answers[request%len(answers)] })
	u := readsFrom(t, s, 0)
	for i := range 2 * len(answers) {
		if text, err := read(t.Context(), u, "GET"); err != nil {
			t.Fatalf("answer %d: %q, %v", i+1, text, err)
		}
	}
	if n := s.connections.Load(); n != 1 || len(u.reads.idle) != 1 {
		t.Fatalf("%d connections, of which %d are idle", n, len(u.reads.idle))
	}
	kept := u.reads.idle[0]
	kept.since = time.Now().Add(-idleTime)
	u.reads.sweep()
	if _, err := kept.Conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) || len(u.reads.idle) != 0 {
		t.Errorf("a connection that nobody takes is kept: %v", err)
	}
	if text, err := read(t.Context(), u, "GET"); err != nil {
		t.Errorf("after that %q, %v", text, err)
	}
}

// TestReadsMeetClosedConnections: a server that closes idle connections without a word fails no read, once or twice in
// a row, and a connection that dies on its first request fails it without a second try.
func TestReadsMeetClosedConnections(t *testing.T) {
	s := newRawServer(t, func(connection, request int) string {
		if connection == 3 || request > 1 {
			return ""
		}
		return shortAnswer
	})
	u := readsFrom(t, s, 0)
	for range 2 {
		if text, err := read(t.Context(), u, "GET"); err != nil || text != "200 hello" {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if _, err := read(t.Context(), u, "GET"); !errors.Is(err, errGone) || s.connections.Load() != 3 {
		t.Errorf("%v on connection %d", err, s.connections.Load())
	}
}

// TestReadsTakeNoStrayAnswer: what a server says before it is asked is nobody's answer.
func TestReadsTakeNoStrayAnswer(t *testing.T) {
	stray := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
	for _, late := range []bool{false, true} {
		s := newRawServer(t, func(_, _ int) string { return shortAnswer + stray })
		was, said := make(chan struct{}), make(chan struct{}) // read by the client, and said by the server
		if late {                                             // it comes on its own
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			s.address = "http://" + listener.Addr().String()
			go func() {
				for {
					connection, err := listener.Accept()
					if err != nil {
						return
					}
					go func() {
						defer connection.Close()
						_, _ = http.ReadRequest(bufio.NewReader(connection))
						_, _ = io.WriteString(connection, shortAnswer)
						<-was
						_, _ = io.WriteString(connection, stray)
						said <- struct{}{}
						_, _ = io.Copy(io.Discard, connection)
					}()
				}
			}()
		}
		u := readsFrom(t, s, 0)
		for range 3 {
			if text, err := read(t.Context(), u, "GET"); err != nil || text != "200 hello" {
				t.Fatalf("late %v: %q, %v", late, text, err)
			}
			if late {
				was <- struct{}{}
				<-said
			}
		}
	}
}

// TestReadsAsTransport compares answers of all kinds with what net/http's own client makes of them.
func TestReadsAsTransport(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", maxAnswerHeader) + "\r\n\r\n"
	interim := "HTTP/1.1 103 Early Hints\r\n\r\n"
	for name, answer := range map[string]string{
		"length": shortAnswer, "chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"until the end": "HTTP/1.0 200 OK\r\n\r\nhello" + endOfConnection, "nothing": "", "an error": "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
		"closing": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello" + endOfConnection,
		"half":    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello" + endOfConnection, "half a header": "HTTP/1.1 200 OK\r\nContent-" + endOfConnection,
		"half a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel" + endOfConnection, "no HTTP": "SSH-2.0-x\r\n" + endOfConnection,
		"two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + endOfConnection, "a long header": long,
		"both lengths": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "interim": interim + shortAnswer,
		"interim for ever": strings.Repeat(interim, 20) + shortAnswer, "a continuation": "HTTP/1.1 100 Continue\r\n\r\n" + shortAnswer,
		"folded": "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", "a redirect": "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
		"a strange status": "HTTP/1.1 99 What\r\nContent-Length: 0\r\n\r\n", "text for a status": "HTTP/1.1 abc What\r\n\r\n" + endOfConnection,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(name+" "+method, func(t *testing.T) {
				text := answer
				if head, _, found := strings.Cut(answer, "\r\n\r\nhello"); found && method == "HEAD" {
					text = head + "\r\n\r\n"
				}
				s := newRawServer(t, func(_, _ int) string { return text })
				u := readsFrom(t, s, 2*time.Second)
				ours, oursErr := u.reads.roundTrip(plainRequest(t, method, s.address))
				theirs, theirsErr := u.transport.RoundTrip(plainRequest(t, method, s.address))
				if (oursErr == nil) != (theirsErr == nil) {
					t.Fatalf("ours %v, net/http's %v", oursErr, theirsErr)
				}
				if oursErr != nil {
					return
				}
				defer ours.Body.Close()
				defer theirs.Body.Close()
				content, oursErr := io.ReadAll(ours.Body)
				want, theirsErr := io.ReadAll(theirs.Body)
				if (oursErr == nil) != (theirsErr == nil) || string(content) != string(want) || ours.StatusCode != theirs.StatusCode ||
					ours.ContentLength != theirs.ContentLength || !maps.EqualFunc(ours.Header, theirs.Header, func(a, b []string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
					t.Errorf("ours %d %v %q %v, net/http's %d %v %q %v", ours.StatusCode, ours.Header, content, oursErr, theirs.StatusCode, theirs.Header, want, theirsErr)
				}
			})
		}
	}
}

func plainRequest(t *testing.T, method, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address+"/bucket/key", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestUpstreamSwitchesNoProtocol: nobody asks for that.
func TestUpstreamSwitchesNoProtocol(t *testing.T) {
	s := newRawServer(t, func(_, _ int) string {
		return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
	})
	u := readsFrom(t, s, time.Second)
	for _, method := range []string{"GET", "POST"} {
		if text, err := read(t.Context(), u, method); err == nil || len(u.reads.idle) != 0 {
			t.Errorf("%s: %q, %d connections are kept", method, text, len(u.reads.idle))
		}
	}
}

// TestReadsEnd: a server that is silent is waited for so long, and a client who left is not waited for.
func TestReadsEnd(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	s := newRawServer(t, func(_, request int) string {
		if request == 2 {
			<-stop
		}
		return shortAnswer
	})
	for _, kept := range []bool{false, true} {
		u := readsFrom(t, s, 300*time.Millisecond)
		if _, err := read(t.Context(), u, "GET"); err != nil {
			t.Fatal(err)
		}
		if !kept { // as if this were the connection's first request
			u.reads.idle[0].renewed = time.Time{}
		}
		if _, err := read(t.Context(), u, "GET"); err == nil || !silent(err) || errors.Is(err, errGone) {
			t.Errorf("of a silent server: %v", err)
		}
	}
	u := readsFrom(t, s, 0)
	if _, err := read(t.Context(), u, "GET"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := read(ctx, u, "GET"); err == nil || (upstreamS3{u}).unanswered(ctx, nil, err).Error() != "the client left before the backend answered" {
		t.Errorf("of a client who left: %v", err)
	}
	if n := s.connections.Load(); n != 3 {
		t.Errorf("%d connections: a request was repeated", n)
	}
}
