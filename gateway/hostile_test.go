package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// TestHostile sends what no SDK sends, or what a client must not get away with. Most of it is signed by the account's root, which may do
// everything: only the gateway's own strictness can refuse it. Nothing may reach the backend, and nothing may be the server's fault.
func TestHostile(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	p.fill(t, p.foreignRoot, "foreign", "key")
	before := p.backend.count()

	wrongSecret := p.root
	wrongSecret.SecretAccessKey = strings.Repeat("A", 40)
	session := p.session(t, "session", allow("s3:*", "*"))
	cutToken, noToken, otherToken := session, session, p.root
	cutToken.SessionToken = session.SessionToken[:len(session.SessionToken)-4]
	noToken.SessionToken = ""
	otherToken.SessionToken = session.SessionToken
	get := func(target string) rawRequest { return rawRequest{method: "GET", target: target} }
	with := func(r rawRequest, header ...string) rawRequest { r.header = header; return r }
	put := rawRequest{method: "PUT", target: "/bucket/key", body: "x"}
	remove := "<Delete><Object><Key>key</Key></Object></Delete>"

	cases := []struct {
		name        string
		credentials sigv4.Credentials
		request     rawRequest
		code        string
		status      int
	}{
		// Who signed.
		{"unsigned", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", noSignature: true}, "AccessDenied", 403},
		{"unsigned write", sigv4.Credentials{}, rawRequest{method: "PUT", target: "/bucket/key", body: "x", noSignature: true}, "AccessDenied", 403},
		{"basic authorization", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", noSignature: true, unsigned: []string{"Authorization: Basic YTpi"}}, "InvalidRequest", 400},
		{"version 2 signature", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", noSignature: true, unsigned: []string{"Authorization: AWS AKIA:sig"}}, "InvalidRequest", 400},
		{"version 2 query", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key?AWSAccessKeyId=a&Signature=b&Expires=9999999999", noSignature: true}, "InvalidRequest", 400},
		{"junk authorization", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", noSignature: true, unsigned: []string{"Authorization: AWS4-HMAC-SHA256 ,=;"}}, "AuthorizationHeaderMalformed", 400},
		{"unknown key id", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, get("/bucket/key"), "InvalidAccessKeyId", 403},
		{"wrong secret", wrongSecret, get("/bucket/key"), "SignatureDoesNotMatch", 403},
		{"cut session token", cutToken, get("/bucket/key"), "InvalidToken", 400},
		{"no session token", noToken, get("/bucket/key"), "InvalidAccessKeyId", 403},
		{"another's session token", otherToken, get("/bucket/key"), "InvalidToken", 400},
		{"account header", p.root, rawRequest{method: "GET", target: "/foreign/key", unsigned: []string{"X-Openirsa-Account: " + other}}, "AccessDenied", 403},

		// What is signed.
		{"unsigned x-amz header", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", unsigned: []string{"x-amz-meta-a: b"}}, "AccessDenied", 403},
		{"unsigned copy source", p.root, rawRequest{method: "PUT", target: "/bucket/key", unsigned: []string{"x-amz-copy-source: foreign/key"}}, "AccessDenied", 403},
		{"unsigned second header", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", header: []string{"x-amz-meta-a: b"}, unsigned: []string{"x-amz-meta-a: c"}}, "SignatureDoesNotMatch", 403},
		{"second payload hash", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", unsigned: []string{"x-amz-content-sha256: UNSIGNED-PAYLOAD"}}, "InvalidArgument", 400},
		{"two authorizations", p.root, rawRequest{method: "GET", target: "/bucket/key", unsigned: []string{"Authorization: AWS4-HMAC-SHA256 a"}}, "InvalidArgument", 400},
		{"no payload hash", p.root, rawRequest{method: "GET", target: "/bucket/key", hash: "absent"}, "InvalidRequest", 400},
		{"payload hash of another kind", p.root, rawRequest{method: "GET", target: "/bucket/key", hash: "deadbeef"}, "InvalidArgument", 400},
		{"payload hash in upper case", p.root, rawRequest{method: "GET", target: "/bucket/key", hash: strings.ToUpper(emptyHash)}, "InvalidArgument", 400},
		{"chunked signature", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "0\r\n\r\n", hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", header: []string{"x-amz-decoded-content-length: 0"}}, "IncompleteBody", 400},
		{"chunked trailer", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "0\r\n\r\n", hash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", header: []string{"x-amz-trailer: x-amz-checksum-crc32"}}, "MissingContentLength", 411},
		{"chunked without more", p.root, rawRequest{method: "PUT", target: "/bucket/key", hash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "MissingContentLength", 411},
		{"hash of no body with none", p.root, rawRequest{method: "GET", target: "/bucket/key", hash: strings.Repeat("0", 64)}, "XAmzContentSHA256Mismatch", 400},

		// A signature for something else.
		{"replayed as another method", p.root, rawRequest{method: "GET", target: "/bucket/key", sentMethod: "DELETE"}, "SignatureDoesNotMatch", 403},
		{"replayed on another key", p.root, rawRequest{method: "GET", target: "/bucket/key", sentTarget: "/bucket/other"}, "SignatureDoesNotMatch", 403},
		{"replayed with another query", p.root, rawRequest{method: "GET", target: "/bucket?list-type=2&prefix=a", sentTarget: "/bucket?list-type=2&prefix=b"}, "SignatureDoesNotMatch", 403},
		{"replayed with one parameter more", p.root, rawRequest{method: "DELETE", target: "/bucket/key", sentTarget: "/bucket/key?versionId=null"}, "SignatureDoesNotMatch", 403},
		{"replayed at another host", p.root, rawRequest{method: "GET", target: "/bucket/key", host: "s3.example", sentHost: "s3.other"}, "SignatureDoesNotMatch", 403},
		{"replayed at another port", p.root, rawRequest{method: "GET", target: "/bucket/key", host: "s3.example:1", sentHost: "s3.example:2"}, "SignatureDoesNotMatch", 403},
		{"replayed with another body", p.root, rawRequest{method: "POST", target: "/bucket?delete", body: remove, sentBody: strings.Replace(remove, "key", "kez", 1)}, "XAmzContentSHA256Mismatch", 400},
		{"replayed in another region", p.root, rawRequest{method: "GET", target: "/bucket/key", edit: inAuthorization("/"+region+"/", "/us-east-1/")}, "SignatureDoesNotMatch", 403},
		{"replayed on another day", p.root, rawRequest{method: "GET", target: "/bucket/key", edit: func(h map[string][]string) { h["X-Amz-Date"] = []string{"20200101T000000Z"} }}, "AuthorizationHeaderMalformed", 400},
		{"replayed too late", p.root, rawRequest{method: "GET", target: "/bucket/key", at: time.Now().Add(-16 * time.Minute)}, "RequestTimeTooSkewed", 403},
		{"signed for later", p.root, rawRequest{method: "GET", target: "/bucket/key", at: time.Now().Add(16 * time.Minute)}, "RequestTimeTooSkewed", 403},
		{"a header left out of the signature", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", header: []string{"x-amz-meta-a: b"}, edit: inAuthorization(";x-amz-meta-a", "")}, "AccessDenied", 403},
		{"the host left out of the signature", p.root, rawRequest{method: "GET", target: "/bucket/key", edit: inAuthorization("host;", "")}, "AccessDenied", 403},
		{"a signed header left out", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", header: []string{"x-amz-meta-a: b"}, edit: func(h map[string][]string) { delete(h, "x-amz-meta-a") }}, "AuthorizationHeaderMalformed", 400},
		{"another's key id", p.root, rawRequest{method: "GET", target: "/bucket/key", edit: inAuthorization(p.root.AccessKeyID, p.foreignRoot.AccessKeyID)}, "SignatureDoesNotMatch", 403},
		{"a payload hash changed to none", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "x", edit: func(h map[string][]string) { h["X-Amz-Content-Sha256"] = []string{"UNSIGNED-PAYLOAD"} }}, "SignatureDoesNotMatch", 403},
		{"an asymmetric signature", p.root, rawRequest{method: "GET", target: "/bucket/key", edit: inAuthorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")}, "InvalidRequest", 400},

		// Strangers.
		{"unsigned with a query that signs", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key?X-Amz-Expires=60", noSignature: true}, "AccessDenied", 403},
		{"unsigned list of buckets", sigv4.Credentials{}, rawRequest{method: "GET", target: "/", noSignature: true}, "AccessDenied", 403},
		{"unsigned bucket", sigv4.Credentials{}, rawRequest{method: "PUT", target: "/mine", noSignature: true}, "AccessDenied", 403},
		{"unsigned copy", sigv4.Credentials{}, rawRequest{method: "PUT", target: "/bucket/to", unsigned: []string{"x-amz-copy-source: bucket/key"}, noSignature: true}, "AccessDenied", 403},
		{"unsigned policy", sigv4.Credentials{}, rawRequest{method: "PUT", target: "/bucket?policy", body: "{}", noSignature: true}, "AccessDenied", 403},
		{"unsigned with an account", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", unsigned: []string{"X-Openirsa-Account: " + account}, noSignature: true}, "AccessDenied", 403},
		{"unsigned for a bucket that is not there", sigv4.Credentials{}, rawRequest{method: "GET", target: "/absent/key", noSignature: true}, "AccessDenied", 403},

		// Paths.
		{"two slashes first", p.root, get("//bucket/key"), "InvalidBucketName", 400},
		{"dot segments before the bucket", p.root, get("/../bucket/key"), "InvalidBucketName", 400},
		{"encoded dot segments", p.root, get("/%2e%2e/bucket/key"), "InvalidBucketName", 400},
		{"encoded slash after the bucket", p.root, get("/bucket%2fkey"), "InvalidBucketName", 400},
		{"encoded bucket", p.root, get("/buck%65t/key"), "InvalidBucketName", 400},
		{"doubly encoded bucket", p.root, get("/bucket%252fkey"), "InvalidBucketName", 400},
		{"bucket in upper case", p.root, get("/Bucket/key"), "InvalidBucketName", 400},
		{"address as bucket", p.root, get("/127.0.0.1/key"), "InvalidBucketName", 400},
		{"NUL", p.root, get("/bucket/key%00"), "InvalidURI", 400},
		{"not UTF-8", p.root, get("/bucket/%ff"), "InvalidURI", 400},
		{"overlong dot", p.root, get("/bucket/%c0%ae%c0%ae/key"), "InvalidURI", 400},
		{"fragment", p.root, get("/bucket/key#x"), "InvalidURI", 400},
		{"backslash", p.root, get("/bucket\\..\\foreign/key"), "InvalidBucketName", 400},
		{"long key", p.root, get("/bucket/" + strings.Repeat("k", 1025)), "KeyTooLongError", 400},
		{"very long key", p.root, get("/bucket/" + strings.Repeat("k", 8000)), "KeyTooLongError", 400},

		// Operations, parameters and headers that are not modelled.
		{"both selectors", p.root, get("/bucket/key?uploads&uploadId=u"), "InvalidRequest", 400},
		{"empty upload id", p.root, get("/bucket/key?uploads&uploadId="), "InvalidArgument", 400},
		{"duplicate parameter", p.root, get("/bucket?list-type=2&prefix=a&prefix=b"), "InvalidArgument", 400},
		{"parameter in another case", p.root, get("/bucket?Prefix=a"), "InvalidRequest", 400},
		{"semicolon", p.root, get("/bucket?prefix=a;delete"), "InvalidURI", 400},
		{"delete by location", p.root, rawRequest{method: "DELETE", target: "/bucket?location"}, "InvalidRequest", 400},
		{"another operation's name", p.root, get("/bucket/key?x-id=ListParts"), "InvalidRequest", 400},
		{"browser form", p.root, rawRequest{method: "POST", target: "/bucket", header: []string{"content-type: multipart/form-data; boundary=x"}, body: "--x--"}, "MethodNotAllowed", 405},
		{"post to an object", p.root, rawRequest{method: "POST", target: "/bucket/key", body: "x"}, "MethodNotAllowed", 405},
		{"options", p.root, rawRequest{method: "OPTIONS", target: "/bucket/key", header: []string{"origin: http://evil", "access-control-request-method: PUT"}}, "AccessForbidden", 403},
		{"trace", p.root, rawRequest{method: "TRACE", target: "/bucket/key"}, "MethodNotAllowed", 405},
		{"method in lower case", p.root, rawRequest{method: "put", target: "/bucket/key"}, "MethodNotAllowed", 405},
		{"unheard-of header", p.root, with(put, "x-amz-future: 1"), "InvalidRequest", 400},
		{"copy source twice", p.root, with(put, "x-amz-copy-source: bucket/key", "x-amz-copy-source: foreign/key"), "InvalidRequest", 400},
		{"copy with an encoded slash", p.root, rawRequest{method: "PUT", target: "/bucket/to", header: []string{"x-amz-copy-source: foreign%2Fkey"}}, "InvalidArgument", 400},
		{"copy from above", p.root, rawRequest{method: "PUT", target: "/bucket/to", header: []string{"x-amz-copy-source: ../foreign/key"}}, "InvalidArgument", 400},
		{"copy from another account", p.root, rawRequest{method: "PUT", target: "/bucket/to", header: []string{"x-amz-copy-source: foreign/key"}}, "AccessDenied", 403},
		{"part copy from another account", p.root, rawRequest{method: "PUT", target: "/bucket/to?partNumber=1&uploadId=u", header: []string{"x-amz-copy-source: foreign/key"}}, "AccessDenied", 403},

		// Bodies.
		{"get with a body", p.root, rawRequest{method: "GET", target: "/bucket/key", body: "x"}, "UnexpectedContent", 400},
		{"copy with a body", p.root, rawRequest{method: "PUT", target: "/bucket/to", body: "x", header: []string{"x-amz-copy-source: bucket/key"}}, "UnexpectedContent", 400},
		{"no length", p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "1\r\nx\r\n0\r\n\r\n", hash: "UNSIGNED-PAYLOAD", unsigned: []string{"Transfer-Encoding: chunked"}}, "MissingContentLength", 411},
		{"huge", p.root, rawRequest{method: "PUT", target: "/bucket/key", hash: "UNSIGNED-PAYLOAD", unsigned: []string{"Content-Length: 9000000000000"}}, "EntityTooLarge", 400},
		{"huge document", p.root, rawRequest{method: "POST", target: "/bucket?delete", hash: "UNSIGNED-PAYLOAD", unsigned: []string{"Content-Length: 90000000"}}, "EntityTooLarge", 400},
		{"document of another hash", p.root, rawRequest{method: "POST", target: "/bucket?delete", body: remove, hash: emptyHash}, "XAmzContentSHA256Mismatch", 400},
		{"document cut short", p.root, rawRequest{method: "POST", target: "/bucket?delete", body: remove, unsigned: []string{"Content-Length: 200"}}, "IncompleteBody", 400},
		{"no document", p.root, rawRequest{method: "POST", target: "/bucket?delete"}, "MalformedXML", 400},
		{"two documents", p.root, rawRequest{method: "POST", target: "/bucket?delete", body: remove + remove}, "MalformedXML", 400},
		{"entity", p.root, rawRequest{method: "POST", target: "/bucket?delete", body: `<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>`}, "MalformedXML", 400},
		{"bucket of another kind", p.root, rawRequest{method: "PUT", target: "/newbucket", body: "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>"}, "MalformedXML", 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response, body := p.send(t, c.credentials, c.request)
			code, message := refused(t, response, body)
			if code != c.code || response.StatusCode != c.status || message == "" || len(message) > 600 {
				t.Errorf("%d %s, want %d %s", response.StatusCode, body, c.status, c.code)
			}
			p.event(t, response.Header.Get("x-amz-request-id"))
		})
	}
	if len(cases) < 40 {
		t.Errorf("only %d requests", len(cases))
	}
	if after := p.backend.count(); after != before {
		t.Errorf("%d requests reached the backend", after-before)
	}
}

// inAuthorization replaces text in the header that signs.
func inAuthorization(old, new string) func(map[string][]string) {
	return func(header map[string][]string) {
		header["Authorization"] = []string{strings.Replace(header["Authorization"][0], old, new, 1)}
	}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestHostileWire sends request lines that net/http takes and S3 does not.
func TestHostileWire(t *testing.T) {
	p := newPlane(t)
	for _, c := range []struct{ method, target, code string }{
		{"GET", "http://bucket/key", "InvalidURI"},
		{"GET", "http://evil@bucket/key", "InvalidURI"},
		{"OPTIONS", "*", "InvalidURI"},
		{"CONNECT", "bucket:80", "InvalidURI"},
		{"GET", "/bucket/key?X-Amz-Signature=1", "AuthorizationQueryParametersError"},
		{"GET", "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=%zz", "InvalidURI"},
	} {
		response, body := p.wire(t, c.method, c.method+" "+c.target+" HTTP/1.1\r\nHost: s3\r\nConnection: close\r\n\r\n")
		if code, _ := refused(t, response, body); code != c.code || response.StatusCode != 400 {
			t.Errorf("%s %s: %d %s, want %s", c.method, c.target, response.StatusCode, body, c.code)
		}
	}
	if p.backend.count() != 0 {
		t.Error("a request reached the backend")
	}
}

func TestSkewedClock(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	before := p.backend.count()
	for _, off := range []time.Duration{-16 * time.Minute, 16 * time.Minute} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/bucket/key", nil)
		must(t, err)
		request.Header.Set("X-Amz-Content-Sha256", emptyHash)
		signed := &sigv4.Request{Method: "GET", Path: "/bucket/key", Host: request.URL.Host, Header: request.Header, PayloadHash: emptyHash}
		must(t, sigv4.Sign(signed, p.root, region, "s3", time.Now().Add(off)))
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		body := readAll(t, response)
		if code, _ := refused(t, response, body); code != "RequestTimeTooSkewed" || response.StatusCode != 403 {
			t.Errorf("%v off: %d %s", off, response.StatusCode, body)
		}
	}
	if p.backend.count() != before {
		t.Error("a request reached the backend")
	}
}
