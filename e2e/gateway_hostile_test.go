package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// recorder is a backend that answers everything and counts what reaches it.
type recorder struct {
	*httptest.Server
	whole atomic.Int32 // requests whose body arrived in full
	begun atomic.Int32
	last  atomic.Pointer[recorded]
}

// recorded is a request as the backend got it.
type recorded struct {
	method, target, body string
	header               http.Header
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.begun.Add(1)
		body, err := io.ReadAll(request.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.last.Store(&recorded{request.Method, request.RequestURI, string(body), request.Header})
		r.whole.Add(1)
		w.Header().Set("ETag", `"a"`)
	}))
	t.Cleanup(r.Close)
	return r
}

// hostile is one request that must be refused, made from a good one.
type hostile struct {
	name string
	make func(p *plane) string // the bytes on the wire
	// method of the request, which says whether the answer has a body; empty: POST.
	method string
	// streams is for bodies that stream: the backend may see their beginning, never their end.
	streams bool
	// trusted: the signature is good, and it must not be for the signature that the request is refused.
	trusted bool
	// own is HTTP's own answer, which a server gives before it has a request (RFC 9110, section 15.6): 501 to an unknown transfer coding, 505 to
	// an unknown version.
	own int
}

// good are requests that reach the backend as they are, one of each protocol.
func good() map[string]func(p *plane) *rawRequest {
	form := []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}
	return map[string]func(p *plane) *rawRequest{
		"s3 get": func(p *plane) *rawRequest { return p.rawFor("s3", "GET", "/bucket/some/key", "") },
		"s3 put": func(p *plane) *rawRequest { return p.rawFor("s3", "PUT", "/bucket/some/key", "content") },
		"ec2": func(p *plane) *rawRequest {
			return p.rawFor("ec2", "POST", "/", "Action=DescribeInstances&InstanceId.1=i-0a1b2c3d4e5f60001&Version=2016-11-15", form...)
		},
		"sns": func(p *plane) *rawRequest {
			return p.rawFor("sns", "POST", "/", "Action=Publish&Message=hello&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A"+p.account+"%3Aalerts&Version=2010-03-31", form...)
		},
		"dynamodb": func(p *plane) *rawRequest {
			return p.rawFor("dynamodb", "POST", "/", `{"TableName":"orders","Key":{"id":{"S":"1"}}}`, "Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "DynamoDB_20120810.GetItem")
		},
		"cloudwatch": func(p *plane) *rawRequest { // {"AlarmNames": ["a"]} in CBOR
			return p.rawFor("monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", "\xa1\x6aAlarmNames\x81\x61a",
				"Content-Type", "application/cbor", "Smithy-Protocol", "rpc-v2-cbor", "Accept", "application/cbor")
		},
		"lambda": func(p *plane) *rawRequest {
			return p.rawFor("lambda", "POST", "/2015-03-31/functions/report/invocations", `{"a":1}`, "Content-Type", "application/json", "X-Amz-Invocation-Type", "Event")
		},
		"route53": func(p *plane) *rawRequest {
			return p.rawFor("route53", "POST", "/2013-04-01/hostedzone/Z1D633PJN98FT9/rrset", recordSet("web.example.com"), "Content-Type", "application/xml")
		},
	}
}

func recordSet(name string) string {
	return `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>` + name +
		`</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
}

// changed is a good request with a change before it is signed.
func changed(base string, change func(r *rawRequest)) func(p *plane) string {
	return func(p *plane) string {
		r := good()[base](p)
		change(r)
		if r.hash == hexHash(good()[base](p).body) {
			r.hash = hexHash(r.body)
		}
		return r.sign().text()
	}
}

// tampered is a good request with a change after it was signed.
func tampered(base string, change func(r *rawRequest)) func(p *plane) string {
	return func(p *plane) string {
		r := good()[base](p).sign()
		change(r)
		return r.text()
	}
}

// TestGatewayHostile sends what no client would, each request otherwise good and signed by the account's root, whom everything is allowed: each is
// refused, none reaches the backend, none is answered with a server's error, and the memory that they cost is bounded.
func TestGatewayHostile(t *testing.T) {
	t.Parallel()
	backend := startRecorder(t)
	service := map[string]any{"url": backend.URL}
	p := start(t, t.TempDir(), "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": service, "*": service}}))
	testGood(t, p, backend)
	before := p.resident(t)
	cases := hostileCases()
	if len(cases) < 150 {
		t.Errorf("only %d requests", len(cases))
	}
	// What streams comes last: the backend may learn of its beginning when the client has its answer already.
	for _, streams := range []bool{false, true} {
		for _, c := range cases {
			if c.streams == streams {
				t.Run(c.name, func(t *testing.T) { testHostileCase(t, p, backend, c) })
			}
		}
	}
	t.Run("large bodies at once", func(t *testing.T) { testLargeBodies(t, p, backend) })
	if after := p.resident(t); after > before+128<<20 {
		t.Errorf("the plane had %d MiB before, and has %d MiB now", before>>20, after>>20)
	}
	testGood(t, p, backend)
	if strings.Contains(p.stderr.String(), "panic") {
		t.Error("something panicked")
	}
	p.wantNoSecrets(t)
}

// testGood: without it, all the refusals would prove nothing.
func testGood(t *testing.T, p *plane, backend *recorder) {
	t.Helper()
	for name, make := range good() {
		seen := backend.whole.Load()
		if answer, err := make(p).sign().send(t, p); err != nil || answer.status != 200 {
			t.Errorf("the good request of %s is answered %d %.300s (%v)", name, answer.status, answer.body, err)
		} else if backend.whole.Load() != seen+1 {
			t.Errorf("the good request of %s did not reach the backend", name)
		}
	}
}

func testHostileCase(t *testing.T, p *plane, backend *recorder, c hostile) {
	whole, begun := backend.whole.Load(), backend.begun.Load()
	method := c.method
	if method == "" {
		method = "POST"
	}
	began := time.Now()
	text := c.make(p)
	answer, err := p.exchangeRaw(t, text, method)
	switch {
	case err != nil && !c.streams: // a connection closed without a word is a refusal, but helps nobody
		t.Errorf("not answered: %v", err)
	case err == nil && answer.status < 400:
		t.Errorf("answered %d: %.300s", answer.status, answer.body)
	case answer.status >= 500 && answer.status != c.own:
		t.Errorf("answered %d: %.300s", answer.status, answer.body)
	}
	if c.trusted && (strings.Contains(answer.body, "SignatureDoesNotMatch") || strings.Contains(answer.body, "InvalidSignature")) {
		t.Errorf("refused for its signature: %.300s", answer.body)
	}
	if isWhole(text) && strings.Contains(answer.body, "RequestAborted") {
		t.Errorf("refused because the client closed: %.300s", answer.body)
	}
	if time.Since(began) > 20*time.Second {
		t.Errorf("answered after %v", time.Since(began))
	}
	if backend.whole.Load() != whole || !c.streams && backend.begun.Load() != begun {
		t.Error("it reached the backend")
	}
}

// testLargeBodies sends bodies above the limit, many at once.
func testLargeBodies(t *testing.T, p *plane, backend *recorder) {
	seen := backend.whole.Load()
	body := strings.Repeat("x", 8<<20)
	hash := hexHash(body)
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			r := good()["dynamodb"](p)
			r.body, r.hash = body, hash
			answer, err := p.exchangeRaw(t, r.sign().text(), "POST")
			if err == nil && (answer.status < 400 || answer.status >= 500) {
				t.Errorf("answered %d: %.200s", answer.status, answer.body)
			}
		})
	}
	group.Wait()
	if backend.whole.Load() != seen {
		t.Error("a body above the limit reached the backend")
	}
}

// resident is how much memory the plane's process has, where the kernel tells.
func (p *plane) resident(t *testing.T) int { return p.memory(t, "VmRSS") }

// peak is the most that it has had.
func (p *plane) peak(t *testing.T) int { return p.memory(t, "VmHWM") }

// memory is a field of the process's status (proc(5)), in bytes; 0 where there is none.
func (p *plane) memory(t *testing.T, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0 // not Linux
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no %s in the process's status", field)
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes << 10
}
