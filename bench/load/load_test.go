package load

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openirsa/openirsa/bench/servers"
)

// standIn is a server that answers each request with handler. It has no process, so its CPU time is not known.
func standIn(t *testing.T, handler http.HandlerFunc) *servers.Server {
	t.Helper()
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	return &servers.Server{Name: "stand-in", Address: listening.Listener.Addr().String()}
}

// post is a request in two parts.
func post(body string) Request {
	return Request{fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: stand-in\r\nContent-Length: %d\r\n\r\n", len(body)), []byte(body)}
}

func TestMeasureSendsEachRequestInTurn(t *testing.T) {
	var mutex sync.Mutex
	seen := map[string]int{}
	s := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mutex.Lock()
		seen[string(body)]++
		mutex.Unlock()
		w.Write([]byte("good"))
	})
	requests := []Request{post("a"), post("b"), {bytes.Join(post("c"), nil)}}
	m, err := Measure(t.Context(), s, requests, Load{Clients: 4, Requests: 99, Limit: time.Minute, Want: Want{Length: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Requests != 99 || seen["a"] != 33 || seen["b"] != 33 || seen["c"] != 33 {
		t.Errorf("measured %d requests, the server saw %v", m.Requests, seen)
	}
	if m.Median <= 0 || m.Median > m.P99 || m.P99 > m.Elapsed {
		t.Errorf("median %v, p99 %v, elapsed %v", m.Median, m.P99, m.Elapsed)
	}
}

func TestMeasureStopsAtItsLimit(t *testing.T) {
	s := standIn(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("good")) })
	m, err := Measure(t.Context(), s, []Request{post("a")}, Load{Clients: 1, Requests: 1 << 20, Limit: 20 * time.Millisecond, Want: Want{Length: -1}})
	if err != nil || m.Requests == 0 || m.Requests == 1<<20 {
		t.Errorf("measured %d requests, %v", m.Requests, err)
	}
}

func TestMeasureReadsAnswersToTheirEnd(t *testing.T) {
	long := strings.Repeat("long ", 1<<18)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Want
	}{
		"longer than all buffers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			io.WriteString(w, long)
		}, Want{Length: int64(len(long))}},
		"chunked":           {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }, Want{Length: -1}},
		"chunked, searched": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long+"end") }, Want{Length: -1, Contains: []byte("end")}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Measure(t.Context(), standIn(t, c.handler), []Request{post("a")}, Load{Clients: 1, Requests: 3, Limit: time.Minute, Want: c.want})
			if err != nil || m.Requests != 3 {
				t.Errorf("measured %d requests, %v", m.Requests, err)
			}
		})
	}
}

func TestMeasureRefusesWhatIsNotWanted(t *testing.T) {
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Want
	}{
		"a denial": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "AccessDenied", http.StatusForbidden) }, Want{Length: -1}},
		"another":  {answer("<AssumedRoleUser/>"), Want{Length: -1, Contains: []byte("<SessionToken>")}},
		"shorter":  {answer("goo"), Want{Length: 4}},
		"chunked where a length is wanted": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "go")
			http.NewResponseController(w).Flush()
			io.WriteString(w, "od")
		}, Want{Length: 4}},
		"half": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			io.WriteString(w, "go")
		}, Want{Length: 4}},
		"half of the chunks": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "go")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, Want{Length: -1}},
		"none": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Want{Length: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Measure(t.Context(), standIn(t, c.handler), []Request{post("a")}, Load{Clients: 2, Requests: 10, Limit: time.Minute, Want: c.want})
			if err == nil {
				t.Errorf("measured %d requests", m.Requests)
			}
		})
	}
}
