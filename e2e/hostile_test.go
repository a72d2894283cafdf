package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestHostile sends what no client would: each request gets a clear refusal, none a 5xx, and the plane goes on as if nothing had been.
func TestHostile(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	form := "application/x-www-form-urlencoded"
	exchange := "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::" + p.account + ":role/app&RoleSessionName=x&WebIdentityToken="
	scope := func(service string) string {
		return "AWS4-HMAC-SHA256 Credential=" + p.admin["AWS_ACCESS_KEY_ID"] + "/" + time.Now().UTC().Format("20060102") + "/us-east-1/" + service +
			"/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + strings.Repeat("0", 64)
	}
	date := "X-Amz-Date: " + time.Now().UTC().Format("20060102T150405Z")
	hash := "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"
	many := &strings.Builder{}
	for i := range 20000 {
		fmt.Fprintf(many, "&Tags.member.%d.Key=k", i)
	}
	cases := []struct {
		name, method, target string
		headers              []string
		body                 string
	}{
		{"root without anything", "GET", "/", nil, ""},
		{"an object without a signature", "GET", "/bucket/key", nil, ""},
		{"a put without a signature", "PUT", "/bucket/key", nil, "content"},
		{"unknown action", "POST", "/", []string{"Content-Type: " + form}, "Action=Nothing&Version=2011-06-15"},
		{"no action", "POST", "/", []string{"Content-Type: " + form}, "Version=2011-06-15"},
		{"action twice", "POST", "/", []string{"Content-Type: " + form}, "Action=GetCallerIdentity&Action=AssumeRoleWithWebIdentity&Version=2011-06-15"},
		{"action in query and body", "POST", "/?Action=GetCallerIdentity&Version=2011-06-15", []string{"Content-Type: " + form}, exchange + "x.y.z"},
		{"wrong version", "POST", "/", []string{"Content-Type: " + form}, "Action=AssumeRoleWithWebIdentity&Version=1999-01-01"},
		{"unsigned IAM", "POST", "/", []string{"Content-Type: " + form}, "Action=ListRoles&Version=2010-05-08"},
		{"unsigned GetCallerIdentity", "POST", "/", []string{"Content-Type: " + form}, "Action=GetCallerIdentity&Version=2011-06-15"},
		{"exchange by GET with a broken token", "GET", "/?" + exchange + "a.b.c", nil, ""},
		{"broken escapes", "POST", "/", []string{"Content-Type: " + form}, exchange + "%zz"},
		{"a NUL in a name", "POST", "/", []string{"Content-Type: " + form}, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=%00"},
		{"invalid UTF-8", "POST", "/", []string{"Content-Type: " + form}, exchange + "%ff%fe%fd"},
		{"twenty thousand parameters", "POST", "/", []string{"Content-Type: " + form}, exchange + "abcd" + many.String()},
		{"a body of 2 MiB", "POST", "/", []string{"Content-Type: " + form}, exchange + strings.Repeat("a", 2<<20)},
		{"a token of dots", "POST", "/", []string{"Content-Type: " + form}, exchange + strings.Repeat(".", 19000)},
		{"a token of braces", "POST", "/", []string{"Content-Type: " + form}, exchange + "e30.e30." + strings.Repeat("e30", 6000)},
		{"JSON where a form belongs", "POST", "/", []string{"Content-Type: application/json"}, `{"Action":"AssumeRoleWithWebIdentity"}`},
		{"multipart form", "POST", "/", []string{"Content-Type: multipart/form-data; boundary=x"}, "--x\r\n\r\n--x--"},
		{"openirsa without a signature", "POST", "/", []string{"Content-Type: application/x-amz-json-1.1", "X-Amz-Target: OpenIRSA.CreateAccount"}, `{}`},
		{"openirsa with a zero signature", "POST", "/", []string{"Content-Type: application/x-amz-json-1.1", "X-Amz-Target: OpenIRSA.CreateAccount", date, hash, "Authorization: " + scope("openirsa")}, `{}`},
		{"IAM with a zero signature", "POST", "/", []string{"Content-Type: " + form, date, hash, "Authorization: " + scope("iam")}, "Action=ListRoles&Version=2010-05-08"},
		{"S3 with a zero signature", "GET", "/bucket/key", []string{date, hash, "Authorization: " + scope("s3")}, ""},
		{"a service that is not here", "POST", "/", []string{date, hash, "Authorization: " + scope("ec2"), "Content-Type: " + form}, "Action=DescribeInstances&Version=2016-11-15"},
		{"a service that does not exist", "GET", "/anything", []string{date, hash, "Authorization: " + scope("nothing")}, ""},
		{"two Authorization headers", "GET", "/bucket/key", []string{date, hash, "Authorization: " + scope("s3"), "Authorization: " + scope("iam")}, ""},
		{"Basic authorization", "GET", "/bucket/key", []string{"Authorization: Basic cm9vdDpyb290"}, ""},
		{"Bearer authorization", "POST", "/", []string{"Authorization: Bearer abc", "Content-Type: " + form}, "Action=ListRoles&Version=2010-05-08"},
		{"Signature Version 2", "GET", "/bucket/key", []string{"Authorization: AWS AKIDEXAMPLE:c2lnbmF0dXJl"}, ""},
		{"Signature Version 2 in the query", "GET", "/bucket/key?AWSAccessKeyId=AKIDEXAMPLE&Expires=9999999999&Signature=c2lnbmF0dXJl", nil, ""},
		{"an empty credential", "GET", "/bucket/key", []string{"Authorization: AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature="}, ""},
		{"a credential of slashes", "GET", "/bucket/key", []string{"Authorization: AWS4-HMAC-SHA256 Credential=////////, SignedHeaders=host, Signature=00"}, ""},
		{"sigv4a", "GET", "/bucket/key", []string{"Authorization: AWS4-ECDSA-P256-SHA256 Credential=A/20260101/s3/aws4_request, SignedHeaders=host, Signature=00"}, ""},
		{"a presigned query without a signature", "GET", "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A", nil, ""},
		{"presigned for ever", "GET", "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=99999999999999999999&X-Amz-SignedHeaders=host&X-Amz-Signature=00", nil, ""},
		{"dot segments", "GET", "/bucket/../../etc/passwd", nil, ""},
		{"encoded dot segments", "GET", "/bucket/%2e%2e/%2e%2e/etc/passwd", nil, ""},
		{"an encoded NUL", "GET", "/bucket/%00", nil, ""},
		{"double slashes", "GET", "//bucket//key", nil, ""},
		{"an absolute target", "GET", "http://elsewhere.example.com/bucket/key", nil, ""},
		{"a bucket of control characters", "GET", "/%01%02%03/key", nil, ""},
		{"a long path", "GET", "/bucket/" + strings.Repeat("a", 5000), nil, ""},
		{"a long query", "GET", "/bucket?prefix=" + strings.Repeat("a", 20000), nil, ""},
		{"headers of 100 KiB", "GET", "/bucket/key", []string{"X-Amz-Meta-A: " + strings.Repeat("a", 100<<10)}, ""},
		{"an account header of the client's", "GET", "/bucket/key", []string{"X-Openirsa-Account: 000000000000"}, ""},
		{"a forwarded address", "GET", "/bucket/key", []string{"X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1"}, ""},
		{"a form upload", "POST", "/bucket", []string{"Content-Type: multipart/form-data; boundary=x"}, "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--x--\r\n"},
		{"PATCH", "PATCH", "/bucket/key", nil, ""},
		{"OPTIONS", "OPTIONS", "/bucket/key", nil, ""},
		{"TRACE", "TRACE", "/", nil, ""},
		{"CONNECT", "CONNECT", "/", nil, ""},
		{"a made-up method", "BREW", "/", nil, ""},
		{"the issuer's documents by POST", "POST", p.issuer[strings.Index(p.issuer, "/id/"):] + "/openid/v1/jwks", nil, ""},
		{"beside the issuer's documents", "GET", p.issuer[strings.Index(p.issuer, "/id/"):] + "/../../secret", nil, ""},
		{"pprof", "GET", "/debug/pprof/", nil, ""},
		{"metrics on the AWS port", "GET", "/metrics", nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, body := p.raw(t, c.method, c.target, c.headers, c.body)
			if status < 400 || status >= 500 {
				t.Errorf("answered %d: %.300s", status, body)
			}
			if c.method != "HEAD" && status != 431 && len(strings.TrimSpace(body)) == 0 {
				t.Errorf("answered %d and no word why", status)
			}
		})
	}
	t.Run("what is not HTTP", func(t *testing.T) { p.testGarbage(t) })
	if _, err := p.adminSDK(t).sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("after all that: %v", err)
	}
	if strings.Contains(p.stderr.String(), "panic") {
		t.Error("something panicked")
	}
	if secret := p.admin["AWS_SECRET_ACCESS_KEY"]; strings.Contains(p.stderr.String(), secret) {
		t.Error("the secret access key was logged")
	}
	p.wantNoSecrets(t)
}

// wantNoSecrets looks for the root's secret key in every file of the trail.
func (p *plane) wantNoSecrets(t *testing.T) {
	t.Helper()
	files, err := os.ReadDir(p.folder + "/trail")
	if err != nil || len(files) == 0 {
		t.Fatalf("the trail has %d files (%v)", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(p.folder + "/trail/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(p.admin["AWS_SECRET_ACCESS_KEY"])) {
			t.Errorf("%s holds the secret access key", file.Name())
		}
	}
}

// raw writes a request to the socket as it is: no client library gets to mend it.
func (p *plane) raw(t *testing.T, method, target string, headers []string, body string) (status int, answer string) {
	t.Helper()
	endpoint, err := url.Parse(p.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", endpoint.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, target, endpoint.Host)
	for _, header := range headers {
		request += header + "\r\n"
	}
	if body != "" {
		request += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	// The plane may answer and close before it has read everything; then writing fails and the answer is what counts.
	io.WriteString(connection, request+"\r\n"+body)
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(content)
}

// testGarbage opens connections and sends noise; the plane only has to survive it.
func (p *plane) testGarbage(t *testing.T) {
	endpoint, err := url.Parse(p.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, noise := range []string{"\x16\x03\x01\x02\x00\x01\x00\x01", "\x00\x00\x00", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"} {
		connection, err := net.Dial("tcp", endpoint.Host)
		if err != nil {
			t.Fatal(err)
		}
		connection.SetDeadline(time.Now().Add(15 * time.Second))
		io.WriteString(connection, noise)
		connection.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(connection)
		connection.Close()
		// 505 is HTTP's own answer to a version that does not exist (RFC 9110, section 15.6.6).
		if bytes.HasPrefix(answer, []byte("HTTP/1.1 2")) || bytes.HasPrefix(answer, []byte("HTTP/1.1 5")) && !bytes.HasPrefix(answer, []byte("HTTP/1.1 505")) {
			t.Errorf("%q was answered %.40q", noise, answer)
		}
	}
}
