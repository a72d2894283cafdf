package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// badBackend is a server that ends each exchange as told: after it has read a request's header it is given the connection.
type badBackend struct {
	url      string
	requests atomic.Int32 // whose header arrived in full
	behave   atomic.Pointer[func(connection net.Conn, request *http.Request)]
}

// startBad serves on a loopback port until the test ends.
func startBad(t *testing.T) *badBackend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &badBackend{url: "http://" + listener.Addr().String()}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go b.serve(connection)
		}
	}()
	return b
}

func (b *badBackend) serve(connection net.Conn) {
	defer connection.Close()
	request, err := http.ReadRequest(bufio.NewReader(connection))
	if err != nil {
		return
	}
	b.requests.Add(1)
	(*b.behave.Load())(connection, request)
}

// answers is a behaviour: read the body, say this, and close.
func answers(text string) func(net.Conn, *http.Request) {
	return func(connection net.Conn, request *http.Request) {
		io.Copy(io.Discard, request.Body)
		io.WriteString(connection, text)
	}
}

// badCase is a way in which a backend fails, and what a client must see of it.
type badCase struct {
	name   string
	behave func(net.Conn, *http.Request)
	// cut: the answer had begun, so that only its end can say that something is wrong.
	cut bool
}

func badCases() []badCase {
	const half = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nETag: \"a\"\r\n"
	return []badCase{
		{name: "closes at once", behave: func(net.Conn, *http.Request) {}},
		{name: "resets", behave: func(connection net.Conn, _ *http.Request) { connection.(*net.TCPConn).SetLinger(0) }},
		{name: "hangs", behave: func(connection net.Conn, _ *http.Request) { io.Copy(io.Discard, connection) }},
		{name: "hangs within the header", behave: func(connection net.Conn, _ *http.Request) {
			io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-")
			io.Copy(io.Discard, connection)
		}},
		{name: "closes within the header", behave: answers("HTTP/1.1 200 OK\r\nContent-")},
		{name: "answers what is not HTTP", behave: answers("SSH-2.0-OpenSSH_9.9\r\n")},
		{name: "answers a header without an end", behave: func(connection net.Conn, _ *http.Request) {
			for line := "HTTP/1.1 200 OK\r\n"; ; line = "X-Filler: " + strings.Repeat("x", 4000) + "\r\n" {
				if _, err := io.WriteString(connection, line); err != nil {
					return
				}
			}
		}},
		{name: "answers half", behave: answers(half + "Content-Length: 100000\r\n\r\n" + strings.Repeat("x", 50000)), cut: true},
		{name: "answers half of its chunks", behave: answers(half + "Transfer-Encoding: chunked\r\n\r\n1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n"), cut: true},
		{name: "answers a chunk that is none", behave: answers(half + "Transfer-Encoding: chunked\r\n\r\nzzzz\r\n"), cut: true},
		{name: "hangs within the body", behave: func(connection net.Conn, _ *http.Request) {
			io.WriteString(connection, half+"Content-Length: 100000\r\n\r\n"+strings.Repeat("x", 50000))
			io.Copy(io.Discard, connection)
		}, cut: true},
	}
}

// TestBadBackend puts the gateway before servers that die, hang and answer half. Clients see AWS's error shape and never half an answer as a whole;
// what may have had an effect is not sent again; the trail says what happened.
func TestBadBackend(t *testing.T) {
	t.Parallel()
	b := startBad(t)
	service := map[string]any{"url": b.url, "timeout": "1s"}
	p := start(t, t.TempDir(), "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": service, "*": service}}))
	client := p.adminSDK(t).s3
	for _, c := range badCases() {
		t.Run(c.name, func(t *testing.T) {
			b.behave.Store(&c.behave)
			p.testBadRead(t, b, client, c.cut)
			p.testBadWrite(t, b, client, c.cut)
			for _, call := range unsafeCalls() {
				p.testBadCall(t, b, call, c.cut)
			}
		})
	}
	t.Run("is not there", func(t *testing.T) { testDeadBackend(t) })
	t.Run("dies while it is sent to", func(t *testing.T) { p.testUploadCut(t, b, client) })
}

// testBadRead reads an object: the only kind of request that may be sent twice, since nothing changes by it.
func (p *plane) testBadRead(t *testing.T, b *badBackend, client *s3.Client, cut bool) {
	t.Helper()
	b.requests.Store(0)
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	if err == nil {
		defer out.Body.Close()
		if content, err := io.ReadAll(out.Body); !cut || err == nil {
			t.Errorf("GetObject: %d bytes, %v: half an answer looks whole", len(content), err)
		}
	} else if got := answerOf(err); !cut || got.code != "" {
		p.wantUnavailable(t, "GetObject", got)
	}
	if n := b.requests.Load(); n < 1 || n > 2 {
		t.Errorf("GetObject was sent %d times", n)
	}
}

// testBadWrite writes an object, which may have been written when the answer is lost.
func (p *plane) testBadWrite(t *testing.T, b *badBackend, client *s3.Client, cut bool) {
	t.Helper()
	b.requests.Store(0)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("content")})
	if err == nil && !cut { // an SDK reads nothing of the body of PutObject's answer
		t.Error("PutObject succeeded")
	} else if got := answerOf(err); err != nil && got.code != "" {
		p.wantUnavailable(t, "PutObject", got)
	}
	if n := b.requests.Load(); n != 1 {
		t.Errorf("PutObject was sent %d times", n)
	}
}

// wantUnavailable holds an answer against S3's two words for what is not the client's fault (Amazon S3 API Reference, "Error responses").
func (p *plane) wantUnavailable(t *testing.T, call string, got answer) {
	t.Helper()
	if got.code == "" || got.status != 500 && got.status != 503 || got.requestID == "" {
		t.Errorf("%s: answered %+v", call, got)
		return
	}
	p.wantToldInTrail(t, call, got.requestID)
}

// wantToldInTrail asks `irsa events` what became of a request.
func (p *plane) wantToldInTrail(t *testing.T, call, requestID string) {
	t.Helper()
	out, errOut, code := irsa(t, p.asAdmin(), nil, "events", "--request", requestID, "--output", "json")
	var told struct {
		Events []struct {
			EventName, ErrorCode, Explanation string
			Decision                          struct{ Decision string }
		}
	}
	if code != 0 {
		t.Errorf("%s: irsa events: %s", call, errOut)
		return
	}
	decode(t, out, &told)
	if len(told.Events) != 1 || told.Events[0].EventName != call || told.Events[0].ErrorCode == "" || told.Events[0].Decision.Decision != "Allowed" ||
		!strings.Contains(told.Events[0].Explanation, "backend") {
		t.Errorf("%s: the trail says %s", call, out)
	}
}

// badCall is a request of another protocol than S3's that must not be sent twice.
type badCall struct {
	name, service, target, contentType, body string
	header                                   map[string]string
	shape                                    string // what every error of the protocol has in it
}

func unsafeCalls() []badCall {
	return []badCall{
		{name: "PutItem", service: "dynamodb", target: "/", contentType: "application/x-amz-json-1.0", header: map[string]string{"X-Amz-Target": "DynamoDB_20120810.PutItem"},
			body: `{"TableName":"orders","Item":{"id":{"S":"1"}}}`, shape: `"__type"`},
		{name: "RunInstances", service: "ec2", target: "/", contentType: "application/x-www-form-urlencoded; charset=utf-8",
			body: "Action=RunInstances&Version=2016-11-15&ImageId=ami-0a1b2c3d4e5f60001&InstanceType=t3.micro&MinCount=1&MaxCount=1", shape: "<Response><Errors><Error><Code>"},
		{name: "CreateTopic", service: "sns", target: "/", contentType: "application/x-www-form-urlencoded; charset=utf-8", body: "Action=CreateTopic&Version=2010-03-31&Name=alerts", shape: "<ErrorResponse"},
		{name: "CreateFunction", service: "lambda", target: "/2015-03-31/functions", contentType: "application/json",
			body: `{"FunctionName":"report","Role":"arn:aws:iam::000000000000:role/functions","Code":{"S3Bucket":"code","S3Key":"a.zip"}}`, shape: `"message"`},
		{name: "CreateInvalidation", service: "cloudfront", target: "/2020-05-31/distribution/EDFDVBD632BHDS5/invalidation", contentType: "application/xml",
			body:  `<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths><CallerReference>one</CallerReference></InvalidationBatch>`,
			shape: "<ErrorResponse"},
	}
}

// testBadCall sends one request as it is.
func (p *plane) testBadCall(t *testing.T, b *badBackend, call badCall, cut bool) {
	t.Helper()
	b.requests.Store(0)
	answer, err := p.call(t, call)
	switch {
	case cut && (err != nil || answer.cut): // the client learns it by the connection's end
	case err != nil || answer.status != 500 && answer.status != 503 || !strings.Contains(answer.body, call.shape):
		t.Errorf("%s: answered %d %.300s (%v)", call.name, answer.status, answer.body, err)
	default:
		p.wantToldInTrail(t, call.name, requestIDOf(answer.header))
	}
	if n := b.requests.Load(); n != 1 {
		t.Errorf("%s was sent %d times", call.name, n)
	}
}

// call sends a call as the account's root.
func (p *plane) call(t *testing.T, call badCall) (rawAnswer, error) {
	t.Helper()
	r := p.rawFor(call.service, "POST", call.target, call.body, "Content-Type", call.contentType)
	for name, value := range call.header {
		r.set(name, value)
	}
	return r.sign().send(t, p)
}

// requestIDOf is the request id of an answer, whatever its service calls it.
func requestIDOf(header http.Header) string {
	return cmp.Or(header.Get("X-Amzn-Requestid"), header.Get("X-Amz-Request-Id"))
}

// testDeadBackend: nobody listens.
func testDeadBackend(t *testing.T) {
	service := map[string]any{"url": "http://" + freeAddress(t)}
	p := start(t, t.TempDir(), "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": service, "*": service}}))
	client := p.adminSDK(t).s3
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	p.wantUnavailable(t, "GetObject", answerOf(err))
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("content")})
	p.wantUnavailable(t, "PutObject", answerOf(err))
	for _, call := range unsafeCalls() {
		if answer, err := p.call(t, call); err != nil || answer.status != 503 || !strings.Contains(answer.body, call.shape) {
			t.Errorf("%s: answered %d %.300s (%v)", call.name, answer.status, answer.body, err)
		}
	}
}

// testUploadCut: the server takes a part of a large object and dies. The object is not sent again.
func (p *plane) testUploadCut(t *testing.T, b *badBackend, client *s3.Client) {
	dies := func(connection net.Conn, request *http.Request) { io.CopyN(io.Discard, request.Body, 1<<20) }
	b.behave.Store(&dies)
	b.requests.Store(0)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: bytes.NewReader(make([]byte, 16<<20))})
	if err == nil {
		t.Error("PutObject succeeded")
	} else if got := answerOf(err); got.code != "" {
		p.wantUnavailable(t, "PutObject", got)
	} else if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "connection reset") && !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("PutObject: %v", fmt.Errorf("neither an answer nor a closed connection: %w", err))
	}
	if n := b.requests.Load(); n != 1 {
		t.Errorf("PutObject was sent %d times", n)
	}
}
