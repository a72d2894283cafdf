package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// TestRelease plays http.Transport, which closes a body in its own time: a client's connection is as good as before when the body was read whole, however
// late it is closed, and ends when it was not.
func TestRelease(t *testing.T) {
	for name, c := range map[string]struct {
		read  int // bytes
		late  time.Duration
		reuse bool
	}{
		"closed before the answer": {read: 1 << 20, reuse: true},
		"closed after the answer":  {read: 1 << 20, late: 2 * settleTime, reuse: true},
		"closed half way":          {read: 1 << 19},
		"read on after the answer": {read: 1 << 19, late: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent := newSentBody(w, r)
				sent.setPace(time.Minute)
				body, err := newVerifiedBody(sent, 1<<20, sigv4.UnsignedPayload, nil)
				if err != nil {
					t.Error(err)
					return
				}
				body.sent = sent
				if _, err := io.CopyN(io.Discard, body, int64(c.read)); err != nil {
					t.Error(err)
				}
				go func() {
					switch {
					case c.late > time.Minute:
						_, _ = io.Copy(io.Discard, body) // which waits for the client, unless it is stopped
					case c.late > 0:
						<-time.After(c.late)
					}
					body.Close()
				}()
				body.release()
				if c.reuse && r.Context().Err() != nil {
					t.Error("the client is taken to have left")
				}
			}))
			defer server.Close()
			var reused []bool
			for range 3 {
				trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = append(reused, info.Reused) }}
				half, finish := io.Pipe()
				content := io.MultiReader(strings.NewReader(strings.Repeat("x", c.read)), half)
				if c.reuse {
					content = strings.NewReader(strings.Repeat("x", 1<<20))
				}
				request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "PUT", server.URL, content)
				if err != nil {
					t.Fatal(err)
				}
				request.ContentLength = 1 << 20
				response, err := server.Client().Do(request)
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != 200 || response.Close == c.reuse {
					t.Errorf("answered %s, and the connection ends: %t", response.Status, response.Close)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				finish.Close()
			}
			if reused[0] || reused[1] != c.reuse || reused[2] != c.reuse {
				t.Errorf("the connection was used again: %t", reused)
			}
		})
	}
}
