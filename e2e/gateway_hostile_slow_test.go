package e2e

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// slow is a client that begins a request and then stalls, or drips.
type slow struct {
	name string
	make func(p *plane) string // the whole request
	sent func(text string) int // how much of it is sent at once
	// drips: a byte every second follows.
	drips bool
	// code of the refusal; empty: the connection ends without an answer, since there is no request yet.
	code string
	// within is how long the client may hold its connection.
	within time.Duration
}

// slowClients: the deadlines are 10 seconds for a header, 30 for the body of a service, 20 for each 8 KiB of an upload, and a minute for a document that
// has to be read before anything is decided. Each gets 15 more, for a busy machine.
func slowClients() []slow {
	const grace = 15 * time.Second
	head := func(text string) int { return strings.Index(text, "\r\n\r\n") }
	half := func(text string) int { return head(text) + (len(text)-head(text))/2 }
	body := func(text string) int { return head(text) + 4 }
	last := func(text string) int { return len(text) - 1 }
	table := func(sign func(r *rawRequest) *rawRequest) func(p *plane) string {
		return func(p *plane) string {
			r := good()["dynamodb"](p)
			r.body = `{"TableName":"stalled","Key":{"id":{"S":"` + strings.Repeat("1", 1<<20-100) + `"}}}`
			r.hash = hexHash(r.body)
			return sign(r).text()
		}
	}
	object := func(p *plane) string {
		return p.rawFor("s3", "PUT", "/bucket/stalled", strings.Repeat("0123456789abcdef", 1<<20/16)).sign().text()
	}
	chunks := func(p *plane) string {
		c := inChunks(p, signedChunks)
		c.request.target = "/bucket/stalled"
		c.request.sign()
		previous := c.request.signature
		c.pieces = nil
		for _, data := range []string{strings.Repeat("0123456789abcdef", chunkSize/16), strings.Repeat("0123456789abcdef", chunkSize/16), strings.Repeat("0123456789abcdef", chunkSize/32), ""} {
			previous = c.chunk(data, previous)
		}
		return c.text()
	}
	document := func(p *plane) string {
		return p.rawFor("s3", "PUT", "/bucket/stalled?tagging", "<Tagging><TagSet></TagSet></Tagging>").sign().text()
	}
	const service, upload = 30 * time.Second, 20 * time.Second
	return []slow{
		{name: "a header stalls", make: object, sent: func(text string) int { return head(text) - 10 }, within: 10*time.Second + grace},
		{name: "a header drips", make: object, sent: func(string) int { return 10 }, drips: true, within: 10*time.Second + grace},
		{name: "a service's body stalls", make: table((*rawRequest).signQuietly), sent: last, code: "RequestTimeout", within: service + grace},
		{name: "a service's body stalls, whose hash is known", make: table((*rawRequest).sign), sent: half, code: "RequestTimeout", within: service + grace},
		{name: "a service's body drips", make: table((*rawRequest).signQuietly), sent: body, drips: true, code: "RequestTimeout", within: service + grace},
		{name: "an upload does not begin", make: object, sent: body, code: "RequestTimeout", within: upload + grace},
		{name: "an upload stalls", make: object, sent: half, code: "RequestTimeout", within: upload + grace},
		{name: "an upload stalls before its last byte", make: object, sent: last, code: "RequestTimeout", within: upload + grace},
		{name: "an upload drips", make: object, sent: body, drips: true, code: "RequestTimeout", within: upload + grace},
		{name: "a chunk stalls", make: chunks, sent: half, code: "RequestTimeout", within: upload + grace},
		{name: "a chunk's header drips", make: chunks, sent: func(text string) int { return body(text) + 20 }, drips: true, code: "RequestTimeout", within: upload + grace},
		{name: "a document stalls", make: document, sent: half, code: "RequestTimeout", within: time.Minute + grace},
	}
}

// TestGatewaySlow has more than 200 clients stall or drip at once. Each is refused in its time and none reaches the backend, while others are answered
// as if they were alone, an upload over a slow line arrives, and the plane's memory stays bounded.
func TestGatewaySlow(t *testing.T) {
	t.Parallel()
	var stalled atomic.Int32
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if strings.Contains(r.RequestURI, "stalled") || strings.Contains(string(body), "stalled") {
			stalled.Add(1)
		}
		w.Header().Set("ETag", `"`+hexHash(string(body))+`"`)
	}))
	t.Cleanup(backend.Close)
	service := map[string]any{"url": backend.URL}
	p := start(t, t.TempDir(), "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": service, "*": service}}))
	p.wantPrompt(t)
	before := p.peak(t)

	var clients sync.WaitGroup
	for _, c := range slowClients() {
		for range 18 {
			clients.Go(func() { p.stall(t, c) })
		}
	}
	clients.Go(func() { p.sendSlowly(t) })
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for going := true; going; {
		select {
		case <-done:
			going = false
		case <-tick.C:
			p.wantPrompt(t)
		}
	}
	// Of 54 bodies of a service, each held in up to 2 MiB while it grows, and 162 others, with the garbage that they leave.
	if after := p.peak(t); after > before+256<<20 {
		t.Errorf("the plane had %d MiB at most before, and %d MiB since", before>>20, after>>20)
	} else {
		t.Logf("the plane had %d MiB at most before, and %d MiB since", before>>20, after>>20)
	}
	if n := stalled.Load(); n > 0 {
		t.Errorf("%d slow requests reached the backend whole", n)
	}
	if strings.Contains(p.stderr.String(), "panic") {
		t.Error("something panicked")
	}
}

// stall sends c's beginning and waits for the refusal.
func (p *plane) stall(t *testing.T, c slow) {
	text := c.make(p)
	connection := p.dial(t)
	defer connection.Close()
	began := time.Now()
	connection.SetDeadline(began.Add(c.within))
	sent := c.sent(text)
	if _, err := io.WriteString(connection, text[:sent]); err != nil {
		t.Errorf("%s: %v", c.name, err)
		return
	}
	if c.drips {
		go func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for ; sent < len(text)-1; sent++ {
				if _, err := io.WriteString(connection, text[sent:sent+1]); err != nil {
					return
				}
				<-tick.C
			}
		}()
	}
	answers := bufio.NewReader(connection)
	response, err := http.ReadResponse(answers, &http.Request{Method: "PUT"})
	if c.code == "" {
		if errors.Is(err, os.ErrDeadlineExceeded) || err == nil && response.StatusCode >= 500 {
			t.Errorf("%s: after %v, %v", c.name, time.Since(began), err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: not answered after %v: %v", c.name, time.Since(began), err)
		return
	}
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != 400 || !strings.Contains(string(body), c.code) {
		t.Errorf("%s: answered %d %s", c.name, response.StatusCode, body)
	}
	if _, err := answers.ReadByte(); errors.Is(err, os.ErrDeadlineExceeded) { // nothing may come of the rest
		t.Errorf("%s: the connection goes on after %v", c.name, time.Since(began))
	}
}

func (p *plane) dial(t *testing.T) net.Conn {
	endpoint, err := url.Parse(p.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", endpoint.Host)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

// sendSlowly uploads for longer than any deadline that is not put off.
func (p *plane) sendSlowly(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 75*2048/16)
	text := p.rawFor("s3", "PUT", "/bucket/slow", content).sign().text()
	connection := p.dial(t)
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(3 * time.Minute))
	sent := len(text) - len(content)
	if _, err := io.WriteString(connection, text[:sent]); err != nil {
		t.Error(err)
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ; sent < len(text); sent += 2048 {
		<-tick.C
		if _, err := io.WriteString(connection, text[sent:sent+2048]); err != nil {
			t.Errorf("a slow upload is cut after %d bytes: %v", sent, err)
			return
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: "PUT"})
	if err != nil {
		t.Errorf("a slow upload: %v", err)
		return
	}
	if body, _ := io.ReadAll(response.Body); response.StatusCode != 200 || response.Header.Get("ETag") != `"`+hexHash(content)+`"` {
		t.Errorf("a slow upload is answered %d %s", response.StatusCode, body)
	}
}

// wantPrompt has the good requests answered, and each soon.
func (p *plane) wantPrompt(t *testing.T) {
	t.Helper()
	for name, make := range good() {
		began := time.Now()
		answer, err := make(p).sign().send(t, p)
		if took := time.Since(began); err != nil || answer.status != 200 || took > 5*time.Second {
			t.Errorf("a good request of %s is answered %d after %v: %.300s (%v)", name, answer.status, took, answer.body, err)
		}
	}
}
