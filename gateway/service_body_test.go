package gateway_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// TestBodyMemory: bodies are held in so much memory and no more, whoever sends them; what was held is given back.
func TestBodyMemory(t *testing.T) {
	p := newServicePlaneOf(t, func(c *gateway.Config) { c.BodyMemory = 20 << 10 }) // of which an eighth is not for large ones
	list := jsonCall("dynamodb", "DynamoDB_20120810.ListTables", `{}`)
	large := jsonCall("dynamodb", "DynamoDB_20120810.ListTables", `{"ExclusiveStartTableName":"`+strings.Repeat("x", 20<<10)+`"}`)
	stranger := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "none"}
	for range 3 {
		p.call(t, stranger, large).wants(t, "a stranger's", 503, "ServiceUnavailableException")
		p.call(t, p.root, large).wants(t, "too much", 503, "ServiceUnavailableException")
		p.call(t, p.root, list).wants(t, "little", 501, "NotImplementedException")
	}
	p.logs.Reset()
	deadline := time.Now().Add(20 * time.Second)
	held := p.begin(t, p.root, large, 10<<10) // which has all that there is, unless it comes while another has its part
	for again := time.Now().Add(time.Second); p.call(t, p.root, list).status != 503; {
		switch now := time.Now(); {
		case now.After(deadline):
			t.Fatal("a body that has begun takes no memory")
		case now.After(again):
			must(t, held.Close())
			held, again = p.begin(t, p.root, large, 10<<10), now.Add(time.Second)
		}
	}
	must(t, held.Close())
	for p.call(t, p.root, list).status != 501 {
		if time.Now().After(deadline) {
			t.Fatal("a body that was broken off is held")
		}
	}
	p.logs.Reset()
}

// TestLargeBodiesLeaveRoom: many large bodies that do not come whole, of which nobody knows whose they are, keep no usual request out.
func TestLargeBodiesLeaveRoom(t *testing.T) {
	p := newServicePlaneOf(t, func(c *gateway.Config) { c.BodyMemory = 2 << 20 })
	stranger := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "none"}
	large := jsonCall("dynamodb", "DynamoDB_20120810.ListTables", `{"ExclusiveStartTableName":"`+strings.Repeat("x", 200<<10)+`"}`)
	for range 16 {
		p.begin(t, stranger, large, len(large.body)-1)
	}
	deadline := time.Now().Add(10 * time.Second)
	for p.call(t, stranger, large).status != 503 {
		if time.Now().After(deadline) {
			t.Fatal("the large bodies take no memory")
		}
	}
	for range 16 {
		p.call(t, p.root, jsonCall("dynamodb", "DynamoDB_20120810.ListTables", `{"ExclusiveStartTableName":"`+strings.Repeat("x", 6<<10)+`"}`)).
			wants(t, "a usual body", 501, "NotImplementedException")
	}
	p.logs.Reset()
}

// TestDocumentMemory: S3's documents are held in the same memory, and give it back.
func TestDocumentMemory(t *testing.T) {
	p := newPlaneWith(t, func(c *gateway.Config) { c.BodyMemory = 20 << 10 })
	p.fill(t, p.root, "bucket", "key")
	tagging := func(key string) rawRequest {
		body := `<Tagging><TagSet><Tag><Key>` + key + `</Key><Value>v</Value></Tag></TagSet></Tagging>`
		return rawRequest{method: "PUT", target: "/bucket/key?tagging", body: body}
	}
	for range 5 {
		response, body := p.send(t, p.root, tagging(strings.Repeat("k", 20<<10)))
		if code, _ := refused(t, response, body); response.StatusCode != 503 || code != "SlowDown" {
			t.Errorf("a document without room is answered %d %s", response.StatusCode, body)
		}
		if response, body = p.send(t, p.root, tagging("k")); response.StatusCode != 200 {
			t.Errorf("one with room is answered %d %s", response.StatusCode, body)
		}
	}
}

// TestStrangersBody: the body of a client that says its hash takes no memory before the signature is verified. It must be the body of that hash.
func TestStrangersBody(t *testing.T) {
	p := newServicePlaneOf(t, func(c *gateway.Config) { c.BodyMemory = 16 << 10 })
	list := jsonCall("dynamodb", "DynamoDB_20120810.ListTables", `{"ExclusiveStartTableName":"`+strings.Repeat("x", 20<<10)+`"}`)
	announce := func(r rawRequest) rawRequest {
		r.header = append(r.header[:len(r.header):len(r.header)], "x-amz-content-sha256: "+bodyHash(r.body))
		return r
	}
	p.call(t, sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "none"}, announce(list)).wants(t, "a stranger", 400, "UnrecognizedClientException")
	p.call(t, p.root, announce(list)).wants(t, "somebody", 503, "ServiceUnavailableException")
	p.logs.Reset()
	list.body = `{}`
	p.call(t, p.root, announce(list)).wants(t, "the body of the hash", 501, "NotImplementedException")
	list = announce(list)
	list.sentBody = `{ }`
	p.call(t, p.root, list).wants(t, "another body", 400, "InvalidSignatureException", "does not match what was computed")
}

// begin sends a request's head and so many bytes of its body.
func (p *plane) begin(t *testing.T, c sigv4.Credentials, r rawRequest, size int) net.Conn {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.method, p.url+r.target, strings.NewReader(r.body))
	must(t, err)
	for _, line := range r.header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	must(t, sigv4.Sign(&sigv4.Request{Method: r.method, Path: r.target, Host: request.URL.Host, Header: request.Header, PayloadHash: bodyHash(r.body)}, c, region, r.service, time.Now()))
	var wire strings.Builder
	must(t, request.Write(&wire))
	head, body, _ := strings.Cut(wire.String(), "\r\n\r\n")
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", request.URL.Host)
	must(t, err)
	t.Cleanup(func() { connection.Close() })
	must(t, connection.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = connection.Write([]byte(head + "\r\n\r\n" + body[:size]))
	must(t, err)
	return connection
}
