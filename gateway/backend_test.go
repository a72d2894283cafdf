package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// anyBackend is an S3 whose every bucket belongs to account.
type anyBackend struct{ http.HandlerFunc }

func (anyBackend) Owner(string) (string, bool) { return account, true }

// TestBackendAnswers holds what clients see of a backend that is not as it should be.
func TestBackendAnswers(t *testing.T) {
	p := newPlane(t)
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "secret")
			w.Header().Set("x-amz-request-id", "theirs")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	cases := []struct {
		name    string
		backend http.HandlerFunc
		status  int
		code    string
		logged  bool
	}{
		{"a failure with details", answer(500, "<Error><Code>Disk</Code><Message>/var/secret is full</Message></Error>"), 500, "InternalError", true},
		{"a failure in plain text", answer(502, "secret upstream"), 502, "InternalError", true},
		{"absence in plain text", answer(404, "404 page not found"), 404, "NoSuchKey", false},
		{"an error without a code", answer(416, ""), 416, "InvalidRequest", false},
		{"a long error", answer(409, "<Error><Code>Conflict</Code></Error>"+strings.Repeat(" ", 1<<20)), 409, "Conflict", false},
	}
	for _, c := range cases {
		p.backend.become(c.backend)
		response, body := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key"})
		code, _ := refused(t, response, body)
		if response.StatusCode != c.status || code != c.code || strings.Contains(string(body), "secret") || response.Header.Get("Server") != "" ||
			response.Header.Get("Access-Control-Allow-Origin") != "" || response.Header.Get("x-amz-request-id") == "theirs" {
			t.Errorf("%s: %d %s %v", c.name, response.StatusCode, body, response.Header)
		}
		if logged := strings.Contains(p.logs.String(), response.Header.Get("x-amz-request-id")); logged != c.logged {
			t.Errorf("%s was logged: %v", c.name, logged)
		}
		p.logs.Reset()
	}

	p.backend.become(answer(200, "<html><script>"))
	response, _ := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key"})
	if got := response.Header.Get("Content-Type"); got != "binary/octet-stream" || response.Header.Get("Server") != "" {
		t.Errorf("an object without a type is answered with %v", response.Header)
	}
	p.backend.become(func(http.ResponseWriter, *http.Request) {})
	if response, _ := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key"}); response.StatusCode != 200 || response.Header.Get("x-amz-request-id") == "" {
		t.Errorf("an empty answer is %d %v", response.StatusCode, response.Header)
	}
}

// TestEarlySuccess: a backend that says yes before it has seen the body's end must not make a client believe in a body that was tampered with.
func TestEarlySuccess(t *testing.T) {
	p := newPlane(t)
	p.backend.become(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", strings.NewReader("another body"))
	must(t, err)
	request.Header = p.sign(t, request, emptyHash)
	if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
		t.Errorf("the client was told %d", response.StatusCode)
	}
	p.backend.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // and does not look at the error
		w.WriteHeader(http.StatusOK)
	})
	response, body := p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "another body", hash: emptyHash})
	if code, _ := refused(t, response, body); code != "XAmzContentSHA256Mismatch" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
