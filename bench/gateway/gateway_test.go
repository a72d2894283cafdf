package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/openirsa/openirsa/bench/load"
	"github.com/openirsa/openirsa/bench/servers"
)

// somebody has the key of AWS's examples.
var somebody = aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SessionToken: "t"}

// standIn is a contestant without a process, so that its CPU time is not known.
func standIn(t *testing.T, name string, handler http.Handler) *contestant {
	t.Helper()
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	return &contestant{Server: &servers.Server{Name: name, Address: listening.Listener.Addr().String()}, credentials: somebody}
}

func TestEveryWorkloadPassesProxyAndBackend(t *testing.T) {
	backend := standIn(t, backendName, newBackend())
	proxy := standIn(t, proxyName, newProxy(&url.URL{Scheme: "http", Host: backend.Address}))
	o := options{clients: []int{2}, requests: 30, rounds: 1, limit: 50 * time.Millisecond}
	m := match{options: o, field: []*contestant{backend, proxy}, content: newPattern()}
	r, err := m.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 * len(workloads); len(r.order) != want {
		t.Errorf("%d measurements, want %d", len(r.order), want)
	}
	var table strings.Builder
	r.print(&table, o)
	for _, w := range workloads {
		if !strings.Contains(table.String(), "| "+w.name()+" |") {
			t.Errorf("%s is not in the report:\n%s", w.name(), table.String())
		}
	}
}

func TestProofsFail(t *testing.T) {
	for name, c := range map[string]struct {
		handler  http.HandlerFunc
		verifies bool
	}{
		"other content":       {handler: func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, small)) }},
		"half of it":          {handler: func(w http.ResponseWriter, _ *http.Request) { w.Write(newPattern()[:small/2]) }},
		"a denial":            {handler: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, verifies: true},
		"anybody's signature": {handler: func(w http.ResponseWriter, _ *http.Request) { w.Write(newPattern()[:small]) }, verifies: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &contestant{Server: standIn(t, name, c.handler).Server, credentials: somebody, verifies: c.verifies}
			if err := (match{content: newPattern()}).prove(t.Context(), workloads[0], c); err == nil {
				t.Error("it passes")
			}
		})
	}
}

func TestBackendWantsWholeBodies(t *testing.T) {
	for _, c := range []struct {
		path   string
		length int
		status int
	}{
		{path(small, 3), small, http.StatusOK},
		{path(small, 3), small - 1, http.StatusBadRequest},
		{path(2*large, 3), small, http.StatusNotFound},
		{"/", small, http.StatusNotFound},
	} {
		answer := httptest.NewRecorder()
		newBackend().ServeHTTP(answer, httptest.NewRequest(http.MethodPut, c.path, bytes.NewReader(make([]byte, c.length))))
		if answer.Code != c.status {
			t.Errorf("%s with %d bytes is answered with %d, want %d", c.path, c.length, answer.Code, c.status)
		}
	}
}

func TestSignaturesDiffer(t *testing.T) {
	for _, w := range workloads {
		requests, err := w.requests(t.Context(), "127.0.0.1:1", somebody, newPattern(), min(w.distinct, keys+2))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, request := range requests {
			_, signature, _ := strings.Cut(string(request[0]), "Signature=")
			if seen[signature[:64]] {
				t.Fatalf("%s: two requests have one signature", w.name())
			}
			seen[signature[:64]] = true
		}
	}
}

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: 65 KiB of the letter a.
func TestChunksAreAsInAWSsExample(t *testing.T) {
	m := maker{credentials: somebody, content: bytes.Repeat([]byte("a"), block)}
	r := httptest.NewRequest(http.MethodPut, "/", nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
	chunks, err := m.chunks(t.Context(), r, 65<<10, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	want := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 64<<10) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1<<10) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	if got := bytes.Join(chunks, nil); string(got) != want {
		t.Errorf("%d bytes, want %d; the beginning is %.88q", len(got), len(want), got)
	}
	if got := chunkedLength(65 << 10); got != 66824 {
		t.Errorf("Content-Length %d, want 66824", got)
	}
}

func TestWithSignatureOf(t *testing.T) {
	request := func(digit string) load.Request {
		return load.Request{[]byte("Authorization: Signature=" + strings.Repeat(digit, 64) + "\r\n"), []byte("body " + digit)}
	}
	forged, err := withSignatureOf(request("1"), request("2"))
	if err != nil || !bytes.Equal(forged[0], request("2")[0]) || !bytes.Equal(forged[1], request("1")[1]) {
		t.Errorf("forged %q, %v", forged, err)
	}
	if _, err := withSignatureOf(request("1"), request("1")); err == nil {
		t.Error("a signature takes its own place")
	}
}

func TestGoals(t *testing.T) {
	for name, c := range map[string]struct {
		slower   float64 // ours, than the proxy
		cpu      time.Duration
		peak     int64 // with large bodies, where it is 40 MB with those of 1 MiB
		want     int
		expected string
	}{
		"all met": {slower: 1, cpu: 125 * time.Microsecond, peak: 60e6},
		"slow": {slower: 1.3, cpu: 125 * time.Microsecond, peak: 60e6, want: 3,
			expected: "GET 100 MiB, 16 clients: 77 % of the proxy's rate, of at least 95 %: MISSED"},
		"a bit slow": {slower: 1.2, cpu: 125 * time.Microsecond, peak: 60e6, want: 2,
			expected: "GET 1 KiB, 16 clients: 83 % of the proxy's rate, of at least 80 %: met"},
		"costly": {slower: 1, cpu: 127 * time.Microsecond, peak: 60e6, want: 1,
			expected: "27 µs of processor time beyond the proxy's, of at most 25 µs: MISSED"},
		"unknown": {slower: 1, cpu: 0, peak: 60e6, want: 1},
		"unbounded": {slower: 1, cpu: 125 * time.Microsecond, peak: 61e6, want: 3,
			expected: "61 MB at the most, 1.5 times what bodies of 1 MiB take (40 MB), of at most 1.5 times: MISSED"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReport()
			for _, w := range workloads {
				memory := int64(40e6)
				if w.size == large {
					memory = c.peak
				}
				for _, noise := range []time.Duration{1, 3, 2} { // both of a round meet the same machine
					took := noise * time.Second
					proxy := load.Measurement{Requests: 1000, Elapsed: took, ServerCPU: 100 * time.Millisecond}
					ours := load.Measurement{Requests: 1000, Elapsed: time.Duration(float64(took) * c.slower), ServerCPU: 1000 * c.cpu, Memory: memory}
					r.add(cell{w.name(), 16, proxyName}, proxy)
					r.add(cell{w.name(), 16, oursName}, ours)
				}
			}
			var text strings.Builder
			if missed := r.printGoals(&text); missed != c.want || !strings.Contains(text.String(), c.expected) {
				t.Errorf("%d goals are missed, want %d:\n%s", missed, c.want, text.String())
			}
		})
	}
}

func TestContentIsTheSameInEveryProcess(t *testing.T) {
	content := newPattern()
	if !bytes.Equal(content, newPattern()) || bytes.Equal(content[:small], content[small:2*small]) {
		t.Error("the content repeats itself, or does not")
	}
	if whole := content.all(2*block + 3); !bytes.Equal(whole[block:2*block], content) || !bytes.Equal(whole[2*block:], content[:3]) {
		t.Error("an object is not made of the pattern")
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{"16": "[16]", "16,256": "[16 256]", "": "", "0": "", "16,": "", "many": ""} {
		numbers, err := parseNumbers(text)
		if got := fmt.Sprint(numbers); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %v, %v", text, numbers, err)
		}
	}
	for number, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567.4: "1,234,567"} {
		if got := grouped(number); got != want {
			t.Errorf("%v is written %s, want %s", number, got, want)
		}
	}
}
