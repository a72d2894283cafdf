package e2e

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// rawKey is an access key and, of a session, its token.
type rawKey struct{ id, secret, token string }

// rootKey is the account root's, whom every policy allows everything.
func (p *plane) rootKey() rawKey {
	return rawKey{id: p.admin["AWS_ACCESS_KEY_ID"], secret: p.admin["AWS_SECRET_ACCESS_KEY"]}
}

// rawRequest is a request as it goes over the wire: nothing mends it. Signatures are those of the guides "Create a signed AWS API request" (IAM User
// Guide) and "Authenticating Requests: Using Query Parameters" (Amazon S3 API Reference), made without any of the product's code.
type rawRequest struct {
	method, target string // target: path and query as they are sent
	host           string
	header         []rawHeader
	body           string
	version        string // of HTTP; empty: 1.1
	length         string // Content-Length; empty: the body's, "none": no such header

	key             rawKey
	service, region string
	at              time.Time
	hash            string // what stands for the payload in the signature
	unsigned        []string
	signature       string // after sign
}

type rawHeader struct{ name, value string }

// raw is an unsigned request for a service, as an SDK would send it.
func (p *plane) rawFor(service, method, target, body string, header ...string) *rawRequest {
	endpoint, _ := url.Parse(p.endpoint)
	r := &rawRequest{method: method, target: target, host: endpoint.Host, body: body, key: p.rootKey(), service: service, region: "us-east-1", at: time.Now().UTC(),
		hash: hexHash(body)}
	for i := 0; i < len(header); i += 2 {
		r.header = append(r.header, rawHeader{header[i], header[i+1]})
	}
	return r
}

func hexHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// set replaces a header, or adds it.
func (r *rawRequest) set(name, value string) {
	r.remove(name)
	r.add(name, value)
}

func (r *rawRequest) add(name, value string) { r.header = append(r.header, rawHeader{name, value}) }

func (r *rawRequest) remove(name string) {
	r.header = slices.DeleteFunc(r.header, func(h rawHeader) bool { return strings.EqualFold(h.name, name) })
}

func (r *rawRequest) get(name string) string {
	for _, h := range r.header {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// edit changes a header's value in place.
func (r *rawRequest) edit(name, old, with string) {
	for i, h := range r.header {
		if strings.EqualFold(h.name, name) {
			r.header[i].value = strings.Replace(h.value, old, with, 1)
		}
	}
}

func (r *rawRequest) scope() string {
	return r.at.Format("20060102") + "/" + r.region + "/" + r.service + "/aws4_request"
}

// signingKey is derived from the secret for the request's scope.
func (r *rawRequest) signingKey() []byte {
	key := keyed([]byte("AWS4"+r.key.secret), r.at.Format("20060102"))
	for _, part := range []string{r.region, r.service, "aws4_request"} {
		key = keyed(key, part)
	}
	return key
}

// sign adds the headers of a signature over every header that is there, but for those in unsigned.
func (r *rawRequest) sign() *rawRequest {
	r.set("X-Amz-Content-Sha256", r.hash)
	return r.signQuietly()
}

// signQuietly does not say the body's hash beside the signature, as most SDKs do not to services other than S3.
func (r *rawRequest) signQuietly() *rawRequest {
	r.set("X-Amz-Date", r.at.Format("20060102T150405Z"))
	if r.key.token != "" {
		r.set("X-Amz-Security-Token", r.key.token)
	}
	names, values := r.signedHeaders()
	path, query, _ := strings.Cut(r.target, "?")
	r.signature = r.sum(path, query, names, values, r.hash)
	r.set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", r.key.id, r.scope(), strings.Join(names, ";"), r.signature))
	return r
}

func (r *rawRequest) signedHeaders() (names []string, values map[string]string) {
	values = map[string]string{"host": r.host}
	names = []string{"host"}
	for _, h := range r.header {
		name := strings.ToLower(h.name)
		if slices.Contains(r.unsigned, name) || name == "authorization" {
			continue
		}
		if _, again := values[name]; again {
			values[name] += "," + strings.TrimSpace(h.value)
			continue
		}
		values[name] = strings.TrimSpace(h.value)
		names = append(names, name)
	}
	slices.Sort(names)
	return names, values
}

// sum is the signature of a canonical request. S3 signs paths as they are sent, other services encode them once more.
func (r *rawRequest) sum(path, query string, names []string, values map[string]string, hash string) string {
	if r.service != "s3" {
		path = strings.ReplaceAll(path, "%", "%25")
	}
	var parameters []string
	for parameter := range strings.SplitSeq(query, "&") {
		if parameter != "" {
			name, value, _ := strings.Cut(parameter, "=")
			parameters = append(parameters, name+"="+value)
		}
	}
	slices.Sort(parameters)
	canonical := r.method + "\n" + path + "\n" + strings.Join(parameters, "&") + "\n"
	for _, name := range names {
		canonical += name + ":" + values[name] + "\n"
	}
	canonical += "\n" + strings.Join(names, ";") + "\n" + hash
	return hex.EncodeToString(keyed(r.signingKey(), "AWS4-HMAC-SHA256\n"+r.at.Format("20060102T150405Z")+"\n"+r.scope()+"\n"+hexHash(canonical)))
}

// presign puts the signature into the query.
func (r *rawRequest) presign(seconds string) *rawRequest {
	path, query, _ := strings.Cut(r.target, "?")
	names, values := r.signedHeaders()
	added := url.Values{"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {r.key.id + "/" + r.scope()}, "X-Amz-Date": {r.at.Format("20060102T150405Z")},
		"X-Amz-Expires": {seconds}, "X-Amz-SignedHeaders": {strings.Join(names, ";")}}
	if r.key.token != "" {
		added.Set("X-Amz-Security-Token", r.key.token)
	}
	query = strings.TrimPrefix(query+"&"+added.Encode(), "&")
	hash := "UNSIGNED-PAYLOAD"
	if r.service != "s3" {
		hash = hexHash("")
	}
	r.signature = r.sum(path, query, names, values, hash)
	r.target = path + "?" + query + "&X-Amz-Signature=" + r.signature
	return r
}

// text is the request on the wire.
func (r *rawRequest) text() string {
	version := r.version
	if version == "" {
		version = "1.1"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/%s\r\nHost: %s\r\n", r.method, r.target, version, r.host)
	for _, h := range r.header {
		fmt.Fprintf(&text, "%s: %s\r\n", h.name, h.value)
	}
	switch {
	case r.length == "" && r.body != "":
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(r.body))
	case r.length != "" && r.length != "none":
		fmt.Fprintf(&text, "Content-Length: %s\r\n", r.length)
	}
	return text.String() + "\r\n" + r.body
}

// rawAnswer is what came back.
type rawAnswer struct {
	status int
	header http.Header
	body   string
	cut    bool // the connection ended before the body did
}

// errNoAnswer: the server closed the connection without a word.
var errNoAnswer = errors.New("no answer")

// exchange writes bytes to the plane's socket and reads one answer. The plane may answer and close before it has read everything.
func (p *plane) exchangeRaw(t testing.TB, text string, method string) (rawAnswer, error) {
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
	connection.SetDeadline(time.Now().Add(30 * time.Second))
	go func() {
		io.WriteString(connection, text)
		if !isWhole(text) { // nothing more will come, which shows at once; a client that closes after a whole request takes it back
			connection.(*net.TCPConn).CloseWrite()
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return rawAnswer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = io.Copy(&body, io.LimitReader(response.Body, 1<<20))
	return rawAnswer{response.StatusCode, response.Header, body.String(), err != nil}, nil
}

// isWhole tells whether a request's body is as long as its header says.
func isWhole(text string) bool {
	head, body, ended := strings.Cut(text, "\r\n\r\n")
	if strings.Contains(head, "\r\nTransfer-Encoding:") {
		return false
	}
	if body == "" && !strings.Contains(head, "\r\nContent-Length:") {
		return ended
	}
	return strings.Contains(head+"\r\n", fmt.Sprintf("\r\nContent-Length: %d\r\n", len(body)))
}

// send sends r as it is.
func (r *rawRequest) send(t testing.TB, p *plane) (rawAnswer, error) {
	t.Helper()
	return p.exchangeRaw(t, r.text(), r.method)
}
