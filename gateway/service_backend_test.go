package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// TestBackendFails: a backend that dies, hangs or answers half is the protocol's failure to the client, and the trail tells what is known.
func TestBackendFails(t *testing.T) {
	p := newServicePlane(t, "sqs", "ec2", "logs")
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	send := jsonCall("sqs", "AmazonSQS.SendMessage", `{"QueueUrl":"https://sqs.`+region+`.amazonaws.com/`+account+`/q","MessageBody":"b"}`)
	for _, c := range []struct {
		name    string
		request rawRequest
		answer  http.HandlerFunc
		status  int
		code    string
		why     string
	}{
		{"it dies", send, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 503, "ServiceUnavailableException", "ended the connection"},
		{"it dies, EC2", ec2Call("DescribeInstances"), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 503, "ServiceUnavailable", "ended the connection"},
		{"it hangs", send, func(http.ResponseWriter, *http.Request) { <-hang }, 503, "ServiceUnavailableException", "did not answer in time"},
		{"half an answer", send, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"half"`)
		}, 500, "InternalFailure", "broke off"},
		{"a page", send, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<h1>secret</h1>", http.StatusBadGateway) }, 500, "InternalFailure", "in no form of the service's"},
		{"a redirect", ec2Call("DescribeInstances"), func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://secret/", http.StatusFound) }, 500, "InternalError", "in no form"},
		{"its own failure", send, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"__type":"ServiceUnavailable","message":"its own"}`)
		}, 503, "ServiceUnavailable", "the backend refused"},
	} {
		p.backend.does(c.answer)
		before := p.backend.count()
		got := p.call(t, p.root, c.request)
		got.wants(t, c.name, c.status, c.code)
		if strings.Contains(got.body, "secret") {
			t.Errorf("%s: the client is told %s", c.name, got.body)
		}
		if asked := p.backend.count() - before; asked != 1 {
			t.Errorf("%s: the backend was asked %d times", c.name, asked)
		}
		if event := p.event(t, got.requestID); !strings.Contains(event.Explanation, c.why) || event.ErrorCode == "" || event.Decision == nil || !event.Decision.Allowed() {
			t.Errorf("%s: the event is %q %q", c.name, event.ErrorCode, event.Explanation)
		}
	}
	p.logs.Reset()
}

// TestHalfStream: an answer that streams and breaks off does not look complete.
func TestHalfStream(t *testing.T) {
	p := newServicePlane(t, "logs")
	p.backend.does(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		for range 4 {
			_, _ = w.Write(bytes.Repeat([]byte("a"), 64<<10))
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	})
	request, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/", strings.NewReader("{}"))
	must(t, err)
	signRequest(t, request, p.root, "logs", "{}", map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.DescribeLogGroups"})
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err == nil || response.StatusCode != 200 || len(body) < 64<<10 {
		t.Errorf("read %d bytes of %d, %v", len(body), response.StatusCode, err)
	}
	if event := p.event(t, response.Header.Get("X-Amzn-Requestid")); event.ErrorCode != "InternalFailure" || !strings.Contains(event.Explanation, "broke off") {
		t.Errorf("the event is %q %q", event.ErrorCode, event.Explanation)
	}
}

func signRequest(t *testing.T, request *http.Request, c sigv4.Credentials, service, body string, header map[string]string) {
	t.Helper()
	for name, value := range header {
		request.Header.Set(name, value)
	}
	signed := &sigv4.Request{Method: request.Method, Path: request.URL.EscapedPath(), RawQuery: request.URL.RawQuery, Host: request.URL.Host,
		Header: request.Header, PayloadHash: bodyHash(body)}
	must(t, sigv4.Sign(signed, c, region, service, time.Now()))
}

// TestSlowBody: who does not send its body in time is refused, and not waited for.
func TestSlowBody(t *testing.T) {
	p := newServicePlane(t, "sqs")
	signed := &sigv4.Request{Method: "POST", Path: "/", Host: "h", Header: map[string][]string{"X-Amz-Target": {"AmazonSQS.ListQueues"}}, PayloadHash: bodyHash("{}")}
	must(t, sigv4.Sign(signed, p.root, region, "sqs", time.Now()))
	var text strings.Builder
	fmt.Fprint(&text, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n")
	for name, values := range signed.Header {
		fmt.Fprintf(&text, "%s: %s\r\n", name, values[0])
	}
	response, body := p.wire(t, "POST", text.String()+"\r\n{")
	read(t, response, body).wants(t, "half a body", 400, "RequestTimeoutException")
	if p.backend.count() != 0 {
		t.Error("something reached the backend")
	}
}

// TestBodyLimits: what is larger than its service accepts is refused, and costs no more memory than that.
func TestBodyLimits(t *testing.T) {
	p := newServicePlane(t, "sqs", "ec2")
	large := ec2Call("DescribeInstances", "Filter.1.Name="+strings.Repeat("a", 1<<20))
	p.call(t, p.root, large).wants(t, "a large body", 413, "RequestEntityTooLarge")
	large = jsonCall("sqs", "AmazonSQS.SendMessage", `{"QueueUrl":"`+strings.Repeat("a", 1<<20)+`"}`)
	p.call(t, p.root, large).wants(t, "a large JSON body", 413, "RequestEntityTooLargeException")
	// A length that is not told, and a body without end.
	connection, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer connection.Close()
	signed := &sigv4.Request{Method: "POST", Path: "/", Host: "h", Header: map[string][]string{"X-Amz-Target": {"AmazonSQS.SendMessage"}}, PayloadHash: emptyHash}
	must(t, sigv4.Sign(signed, p.root, region, "sqs", time.Now()))
	fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n")
	for name, values := range signed.Header {
		fmt.Fprintf(connection, "%s: %s\r\n", name, values[0])
	}
	fmt.Fprint(connection, "\r\n")
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat("a", 64<<10))
	sent := 0
	for ; sent < 64<<20; sent += 64 << 10 {
		if _, err := io.WriteString(connection, chunk); err != nil {
			break
		}
	}
	if sent >= 64<<20 {
		t.Error("a body without end was read")
	}
	if p.backend.count() != 0 {
		t.Error("something reached the backend")
	}
}
