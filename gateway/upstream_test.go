package gateway

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

var backendKey = sigv4.Credentials{AccessKeyID: "AKIDBACKEND", SecretAccessKey: "secret of the backend"}

func upstreamTo(t *testing.T, c UpstreamConfig, handler http.HandlerFunc) *Upstream {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c.URL = server.URL
	u, err := NewUpstream(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

func hashOf(body string) string { return hexSHA256([]byte(body)) }

func newRequest(method, target, body string) *http.Request {
	path, query, _ := strings.Cut(target, "?")
	decoded, _ := url.PathUnescape(path)
	return &http.Request{Method: method, URL: &url.URL{Path: decoded, RawPath: path, RawQuery: query}, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// TestUpstreamSigns: the backend receives exactly what was signed, with a signature that it can verify.
func TestUpstreamSigns(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, c := range []struct{ service, method, target, body, region, wantRegion string }{
		{"ec2", "POST", "/", "Action=DescribeInstances&Version=2016-11-15", "", "eu-central-1"},
		{"s3", "PUT", "/bucket/a%20b%2Fc//%C3%A9+?partNumber=1&uploadId=x%2B", "content", "", "eu-central-1"},
		{"lambda", "GET", "/2015-03-31/functions/a%3Ab", "", "us-west-2", "us-west-2"},
	} {
		var verified error
		var a *sigv4.Authorization
		u := upstreamTo(t, UpstreamConfig{Credentials: backendKey, Region: c.region}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			path, query, _ := strings.Cut(r.RequestURI, "?")
			if r.RequestURI != c.target || string(body) != c.body {
				t.Errorf("%s arrived as %s %q", c.target, r.RequestURI, body)
			}
			signed := &sigv4.Request{Method: r.Method, Path: path, RawQuery: query, Host: r.Host, Header: r.Header, PayloadHash: hashOf(string(body))}
			if a, verified = sigv4.Parse(signed); verified == nil {
				verified = sigv4.Verify(signed, a, backendKey.SecretAccessKey, time.Now())
			}
			for _, name := range []string{"Connection", "X-Hop", "Te", "Accept-Encoding", "Expect"} {
				if r.Header.Get(name) != "" {
					t.Errorf("%s reached the backend", name)
				}
			}
			w.Header().Set("Content-Encoding", "gzip") // not to be opened
			_, _ = io.WriteString(w, "as it is")
		})
		request := newRequest(c.method, c.target, c.body)
		request.Header.Set("Connection", "X-Hop")
		request.Header.Set("X-Hop", "1")
		request.Header.Set("Te", "trailers")
		request.Header.Set("Content-Length", "12")
		response, err := u.send(t.Context(), request, c.service, "eu-central-1", payload{hash: hashOf(c.body)})
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if verified != nil || string(answer) != "as it is" || a.Scope.Region != c.wantRegion || a.Scope.Service != c.service || a.AccessKeyID != "AKIDBACKEND" {
			t.Errorf("%s: %v %q %+v", c.service, verified, answer, a)
		}
	}
}

// TestUpstreamWithoutCredentials: a server that verifies nothing still reads service and region from the scope.
func TestUpstreamWithoutCredentials(t *testing.T) {
	var authorization string
	u := upstreamTo(t, UpstreamConfig{}, func(_ http.ResponseWriter, r *http.Request) { authorization = r.Header.Get("Authorization") })
	response, err := u.send(t.Context(), newRequest("POST", "/", ""), "sqs", "eu-west-1", payload{hash: hashOf("")})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if !strings.Contains(authorization, "Credential=none/") || !strings.Contains(authorization, "/eu-west-1/sqs/aws4_request") {
		t.Errorf("signed %q", authorization)
	}
}

func TestUpstreamRefusesURLs(t *testing.T) {
	for _, text := range []string{"", "127.0.0.1:9000", "ftp://host", "http://", "http://user:secret@host", "http://host/prefix", "http://host?a=b", "http://host#f", "http:host", "http://[::1"} {
		if _, err := NewUpstream(UpstreamConfig{URL: text}); err == nil {
			t.Errorf("%q was accepted", text)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a password: %v", err)
		}
	}
	for _, text := range []string{"http://host", "https://host:9000/"} {
		if _, err := NewUpstream(UpstreamConfig{URL: text}); err != nil {
			t.Error(err)
		}
	}
}

// TestUpstreamDoesNotFollow: a redirect is an answer. Following it would send a signed request elsewhere.
func TestUpstreamDoesNotFollow(t *testing.T) {
	var asked atomic.Int32
	u := upstreamTo(t, UpstreamConfig{}, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	response, err := u.send(t.Context(), newRequest("GET", "/", ""), "s3", "eu-west-1", payload{hash: hashOf("")})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect || asked.Load() != 1 {
		t.Errorf("%d after %d requests", response.StatusCode, asked.Load())
	}
}

// TestUpstreamSilence: a server that takes a request and says nothing, or half an answer, does not hold the client; one that takes a body slowly
// but steadily may.
func TestUpstreamSilence(t *testing.T) {
	const silence = 200 * time.Millisecond
	release := make(chan struct{})
	u := upstreamTo(t, UpstreamConfig{Silence: silence}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/half":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		case "/slow":
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil || n != 6 {
				t.Errorf("read %d, %v", n, err)
			}
			return
		}
		<-release
	})
	t.Cleanup(func() { close(release) })
	_, err := u.send(t.Context(), newRequest("POST", "/hang", "x"), "s3", "eu-west-1", payload{hash: hashOf("x")})
	if err == nil || !silent(err) || unsent(err) {
		t.Errorf("a server that hangs: %v", err)
	}
	response, err := u.send(t.Context(), newRequest("GET", "/half", ""), "s3", "eu-west-1", payload{hash: hashOf("")})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); string(body) != "half" || !silent(err) {
		t.Errorf("a server that stops: %q, %v", body, err)
	}
	response.Body.Close()

	reader, writer := io.Pipe()
	go func() {
		for range 6 {
			time.Sleep(silence / 3)
			_, _ = writer.Write([]byte("x"))
		}
		writer.Close()
	}()
	request := newRequest("PUT", "/slow", "")
	request.Body, request.ContentLength = reader, 6
	if response, err = u.send(t.Context(), request, "s3", "eu-west-1", payload{hash: sigv4.UnsignedPayload}); err != nil {
		t.Errorf("a slow body: %v", err)
	} else {
		response.Body.Close()
	}
}

// TestUpstreamRepeats: what may have been carried out is not sent again, and what ends early is an error.
func TestUpstreamRepeats(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var requests atomic.Int32
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // one answer, then silence at the second request's end
				defer connection.Close()
				buffer := make([]byte, 4096)
				for i := range 2 {
					if n, _ := connection.Read(buffer); n == 0 || !bytes.Contains(buffer[:n], []byte("\r\n\r\n")) {
						return
					}
					requests.Add(1)
					if i == 0 {
						_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			}()
		}
	}()
	u, err := NewUpstream(UpstreamConfig{URL: "http://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	response, err := u.send(t.Context(), newRequest("POST", "/", ""), "ec2", "eu-west-1", payload{hash: hashOf("")})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if _, err = u.send(t.Context(), newRequest("POST", "/", ""), "ec2", "eu-west-1", payload{hash: hashOf("")}); err == nil || requests.Load() != 2 || unsent(err) {
		t.Errorf("a POST whose answer never came was sent %d times: %v", requests.Load()-1, err)
	}
	listener.Close()
	if _, err := u.send(t.Context(), newRequest("POST", "/", ""), "ec2", "eu-west-1", payload{hash: hashOf("")}); err == nil || !unsent(err) {
		t.Errorf("nobody listens: %v", err)
	}
}
