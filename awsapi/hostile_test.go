package awsapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

const identityForm = "Action=GetCallerIdentity&Version=2011-06-15"

// TestHostile sends requests that no SDK sends, byte for byte, and wants each refused in AWS's shape.
func TestHostile(t *testing.T) {
	p := newPlane(t)
	form := func(body string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: sts\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	}
	post := func(path, headers, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: sts\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, headers, len(body), body)
	}
	const formType = "Content-Type: application/x-www-form-urlencoded\r\n"
	cases := []struct {
		name, request, code string
		status              int
	}{
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n", "", 405},
		{"PUT", strings.Replace(form(identityForm), "POST", "PUT", 1), "MethodNotAllowed", 405},
		{"DELETE", "DELETE / HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n", "MethodNotAllowed", 405},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n", "MethodNotAllowed", 405},
		{"TRACE", "TRACE / HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n", "MethodNotAllowed", 405},
		{"method in lower case", strings.Replace(form(identityForm), "POST", "post", 1), "MethodNotAllowed", 405},
		{"another path", post("/iam", formType, identityForm), "UnknownOperationException", 404},
		{"dot segments", post("/x/..", formType, identityForm), "UnknownOperationException", 404},
		{"two slashes", post("//", formType, identityForm), "UnknownOperationException", 404},
		{"encoded slash", post("/%2F", formType, identityForm), "UnknownOperationException", 404},
		{"encoded dot", post("/%2e", formType, identityForm), "UnknownOperationException", 404},
		{"absolute form", post("http://sts/evil", formType, identityForm), "UnknownOperationException", 404},
		{"no action", form("Version=2011-06-15"), "MissingAction", 400},
		{"empty action", form("Action=&Version=2011-06-15"), "InvalidAction", 400},
		{"no body at all", post("/", "", ""), "MissingAction", 400},
		{"unknown action", form("Action=Surprise&Version=2011-06-15"), "InvalidAction", 400},
		{"action in lower case", form("Action=getcalleridentity&Version=2011-06-15"), "InvalidAction", 400},
		{"markup as action", form("Action=%3C%2FMessage%3E&Version=2011-06-15"), "InvalidAction", 400},
		{"long action", form("Action=" + strings.Repeat("A", 900_000) + "&Version=2011-06-15"), "InvalidAction", 400},
		{"no version", form("Action=GetCallerIdentity"), "InvalidAction", 400},
		{"the other service's version", form("Action=GetCallerIdentity&Version=2010-05-08"), "InvalidAction", 400},
		{"another version", form("Action=GetCallerIdentity&Version=2011-06-16"), "InvalidAction", 400},
		{"empty version", form("Action=GetCallerIdentity&Version="), "InvalidAction", 400},
		{"long version", form("Action=GetCallerIdentity&Version=" + strings.Repeat("2", 900_000)), "InvalidAction", 400},
		{"text as a form", post("/", "Content-Type: text/plain\r\n", identityForm), "MalformedHttpRequestException", 400},
		{"action in query and body", post("/?Action=GetCallerIdentity", formType, identityForm), "MalformedInput", 400},
		{"action twice", form(identityForm + "&Action=CreateRole"), "MalformedInput", 400},
		{"malformed escape", form(identityForm + "&A=%"), "MalformedInput", 400},
		{"malformed escape in the query", post("/?A=%zz", formType, identityForm), "MalformedInput", 400},
		{"NUL", form(identityForm + "&A=%00"), "MalformedInput", 400},
		{"raw NUL", form(identityForm + "&A=\x00"), "MalformedInput", 400},
		{"not UTF-8", form(identityForm + "&A=\xff"), "MalformedInput", 400},
		{"100,000 parameters", form(identityForm + strings.Repeat("&a", 100_000)), "MalformedInput", 400},
		{"JSON as a form", post("/", "Content-Type: application/json\r\n", `{"Action":"GetCallerIdentity"}`), "MalformedHttpRequestException", 400},
		{"multipart", post("/", "Content-Type: multipart/form-data; boundary=x\r\n", "--x--"), "MalformedHttpRequestException", 400},
		{"no content type", post("/", "", identityForm), "MalformedHttpRequestException", 400},
		{"two content types", post("/", formType+"Content-Type: application/json\r\n", identityForm), "MalformedHttpRequestException", 400},
		{"malformed content type", post("/", "Content-Type: ;;;\r\n", identityForm), "MalformedHttpRequestException", 400},
		{"another character set", post("/", "Content-Type: application/x-www-form-urlencoded; charset=utf-16\r\n", identityForm), "MalformedHttpRequestException", 400},
		{"compressed", post("/", formType+"Content-Encoding: gzip\r\n", identityForm), "MalformedHttpRequestException", 400},
		{"GET with a body", strings.Replace(form(identityForm), "POST", "GET", 1), "MalformedHttpRequestException", 400},
		{"target without JSON", post("/", formType+"X-Amz-Target: OpenIRSA.ListAccounts\r\n", identityForm), "MissingAuthenticationToken", 403},
		{"JSON without a target", post("/", "Content-Type: application/x-amz-json-1.1\r\n", "{}"), "UnknownOperationException", 404},
		{"JSON of another service", post("/", "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSIE.ListAccounts\r\n", "{}"), "UnknownOperationException", 404},
		{"JSON target without prefix", post("/", "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: ListAccounts\r\n", "{}"), "UnknownOperationException", 404},
		{"JSON target twice", post("/", "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: OpenIRSA.ListAccounts\r\nX-Amz-Target: OpenIRSA.GetEvents\r\n", "{}"), "MalformedHttpRequestException", 400},
		{"JSON with a query", post("/?a=b", "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: OpenIRSA.ListAccounts\r\n", "{}"), "MalformedHttpRequestException", 400},
		{"junk as authorization", post("/", formType+"Authorization: AWS4-HMAC-SHA256 ,,=,=;\r\n", identityForm), "IncompleteSignature", 400},
		{"basic authorization", post("/", formType+"Authorization: Basic YTpi\r\n", identityForm), "MissingAuthenticationToken", 403},
		{"bearer authorization", post("/", formType+"Authorization: Bearer x\r\n", identityForm), "MissingAuthenticationToken", 403},
		{"two authorizations", post("/", formType+"Authorization: AWS4-HMAC-SHA256 a\r\nAuthorization: AWS4-HMAC-SHA256 b\r\n", identityForm), "", 4},
		{"chunk sizes that are none", "POST / HTTP/1.1\r\nHost: sts\r\n" + formType + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n" + identityForm + "\r\n", "RequestAbortedException", 400},
		{"a body that ends early", strings.Replace(form(identityForm), "Content-Length: 43", "Content-Length: 99", 1), "RequestAbortedException", 400},
		{"a token that is none", form("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=ss&WebIdentityToken=a.b.c"), "InvalidIdentityToken", 400},
		{"an exchange of nothing", form("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "ValidationError", 400},
		{"a number that is none", form("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&DurationSeconds=0x10"), "MalformedInput", 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response, body := p.raw(t, c.request)
			if c.code == "" {
				if response.StatusCode != c.status && response.StatusCode/100 != c.status {
					t.Errorf("got %d: %s", response.StatusCode, body)
				}
				return
			}
			got := readRefusal(t, response, body)
			if got.Code != c.code || got.Status != c.status {
				t.Errorf("got %+v, want %d %s", got, c.status, c.code)
			}
			if len(got.Message) > 1000 {
				t.Errorf("the message has %d bytes", len(got.Message))
			}
			if c.status == http.StatusMethodNotAllowed && response.Header.Get("Allow") != "GET, POST" {
				t.Errorf("Allow is %q", response.Header.Get("Allow"))
			}
		})
	}
}

// raw sends bytes over a connection of their own.
func (p *plane) raw(t *testing.T, request string) (*http.Response, []byte) {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(connection, request)
	must(t, err)
	must(t, connection.(*net.TCPConn).CloseWrite())
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	must(t, err)
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response, body
}

// endless is a body that counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// TestHugeBodies: neither a length that is announced nor a body without one makes the door hold more than MaxBody.
func TestHugeBodies(t *testing.T) {
	p := newPlane(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, length := range []int64{awsapi.MaxBody + 1, 1 << 40, -1} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", &endless{})
		must(t, err)
		request.ContentLength = length
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Expect", "100-continue") // waits for the refusal instead of racing it
		transport := &http.Transport{ExpectContinueTimeout: time.Minute}
		if length < 0 {
			request.Header.Del("Expect")
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			// The door closed the connection before it had read everything: as good, but without an answer to look at.
			if length >= 0 {
				t.Errorf("length %d: %v", length, err)
			}
			continue
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if got := readRefusal(t, response, body); got.Code != "RequestEntityTooLargeException" || got.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("length %d: %+v", length, got)
		}
		transport.CloseIdleConnections()
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32*awsapi.MaxBody {
		t.Errorf("refusing three huge bodies allocated %d bytes", grown)
	}
}

// TestPayloadHash: the signature covers the bytes that arrived, and no header can say otherwise.
func TestPayloadHash(t *testing.T) {
	p := newPlane(t)
	sign := func(payloadHash, header string, body string) refused {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", strings.NewReader(body))
		must(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		if header != "" {
			request.Header.Set("X-Amz-Content-Sha256", header)
		}
		signed := &sigv4.Request{Method: "POST", Path: "/", Host: request.URL.Host, Header: request.Header, PayloadHash: payloadHash}
		must(t, sigv4.Sign(signed, p.root, region, "sts", time.Now()))
		request.Header = signed.Header
		response, answer := do(t, request)
		if response.StatusCode == http.StatusOK {
			return refused{Status: http.StatusOK}
		}
		return readRefusal(t, response, answer)
	}
	right := hexSHA256([]byte(identityForm))
	if got := sign(right, "", identityForm); got.Status != http.StatusOK {
		t.Errorf("signed as SDKs do: %+v", got)
	}
	if got := sign(right, right, identityForm); got.Status != http.StatusOK {
		t.Errorf("with its hash in the header: %+v", got)
	}
	for name, got := range map[string]refused{
		"unsigned payload":     sign("UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", identityForm),
		"streaming payload":    sign("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", identityForm),
		"hash of another body": sign(hexSHA256(nil), hexSHA256(nil), identityForm),
		"another body":         sign(right, right, strings.Replace(identityForm, "Action", "%41ction", 1)),
	} {
		if got.Code != "SignatureDoesNotMatch" || got.Status != http.StatusForbidden {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestChunkedBody: a body without a length is read all the same.
func TestChunkedBody(t *testing.T) {
	p := newPlane(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", io.MultiReader(bytes.NewReader([]byte("Action=GetCaller")), strings.NewReader("Identity&Version=2011-06-15")))
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, body := do(t, request)
	if got := readRefusal(t, response, body); got.Code != "MissingAuthenticationToken" {
		t.Errorf("got %+v", got)
	}
}

// TestAnswersAreWellFormed: what a caller chose comes back escaped.
func TestAnswersAreWellFormed(t *testing.T) {
	p := newPlane(t)
	response, body := p.post(t, p.root, "iam", url.Values{
		"Action": {"GetRole"}, "Version": {"2010-05-08"}, "RoleName": {`]]><Code>x</Code>&amp;"'`},
	})
	if got := readRefusal(t, response, body); got.Status/100 != 4 || got.Code == "x" {
		t.Errorf("got %+v", got)
	}
}
