package gateway_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/services"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

const (
	account = "111122223333"
	other   = "444455556666"
	region  = "eu-central-1"
	issuer  = "https://oidc.example.test/id/0123456789abcdef0123456789abcdef"
)

// plane is the gateway with the real parts around it, on a temporary folder.
type plane struct {
	url         string
	http        *http.Client // of the SDK's clients; nil: the SDK's own
	door        *gateway.Gateway
	root        sigv4.Credentials // of account
	foreignRoot sigv4.Credentials // of other
	directory   *iam.Directory
	issuer      *oidc.Issuer
	sts         *sts.Service
	events      *trail.Trail
	backend     *countingBackend
	logs        *bytes.Buffer // a test that expects a failure empties it
	keepOpen    bool          // connections are not closed for writing after a request, which a server takes for a client that leaves
}

// countingBackend remembers what reached the backend, which a test may exchange while the server still ends an earlier request.
type countingBackend struct {
	mutex    sync.Mutex
	backend  gateway.Backend
	requests []*http.Request
}

func (b *countingBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mutex.Lock()
	b.requests = append(b.requests, r)
	backend := b.backend
	b.mutex.Unlock()
	backend.ServeHTTP(w, r)
}

func (b *countingBackend) Owner(bucket string) (string, bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.backend.Owner(bucket)
}

// become puts handler in the backend's place: an S3 whose every bucket belongs to account.
func (b *countingBackend) become(handler http.HandlerFunc) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.backend = anyBackend{handler}
}

func (b *countingBackend) count() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.requests)
}

func (b *countingBackend) last() *http.Request {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.requests[len(b.requests)-1]
}

func newPlane(t testing.TB) *plane { return newPlaneWith(t, func(*gateway.Config) {}) }

// newPlaneWith is newPlane with another configuration of the gateway.
func newPlaneWith(t testing.TB, change func(*gateway.Config)) *plane {
	t.Helper()
	folder := t.TempDir()
	records, err := store.Open(store.Config{Path: filepath.Join(folder, "irsa.db"), MasterKey: make([]byte, store.MasterKeySize)})
	must(t, err)
	t.Cleanup(func() { records.Close() })
	events, err := trail.Open(trail.Config{Dir: filepath.Join(folder, "trail")})
	must(t, err)
	t.Cleanup(func() { events.Close() })
	directory, err := iam.New(t.Context(), iam.Config{Store: records, Trail: events, DefaultAccount: account})
	must(t, err)
	t.Cleanup(func() { directory.Close() })
	signingKey, err := oidc.GenerateKey("ES256")
	must(t, err)
	tokens, err := oidc.NewIssuer(issuer, []*oidc.Key{signingKey})
	must(t, err)
	verifier, err := oidc.NewVerifier(oidc.VerifierConfig{Embedded: map[string]func() []byte{issuer: tokens.JWKS}})
	must(t, err)
	t.Cleanup(func() { verifier.Close() })
	ring, err := sts.OpenRing(t.Context(), records, rand.Reader)
	must(t, err)
	service, err := sts.New(sts.Config{Directory: directory, Verifier: verifier, Ring: ring, Trail: events})
	must(t, err)
	objects, err := services.NewS3(services.S3Config{Dir: filepath.Join(folder, "s3")})
	must(t, err)
	t.Cleanup(func() { must(t, objects.Close()) })
	backend := &countingBackend{backend: objects}

	logs := new(bytes.Buffer)
	config := gateway.Config{Authenticate: service, Trail: events, Origin: origin, Directory: directory, Policies: directory,
		Attributes: gateway.Learned{Records: directory}, S3: backend, Logger: slog.New(slog.NewTextHandler(logs, nil))}
	change(&config)
	door, err := gateway.New(config)
	must(t, err)
	server := httptest.NewUnstartedServer(door)
	server.Config.DisableGeneralOptionsHandler = true
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if logs.Len() > 0 {
			t.Errorf("the gateway logged a failure of its own:\n%s", logs.String())
		}
	})
	p := &plane{url: server.URL, door: door, directory: directory, issuer: tokens, sts: service, events: events, backend: backend, logs: logs}
	p.root, p.foreignRoot = p.bootstrap(t, account), p.bootstrap(t, other)
	_, err = directory.CreateOpenIDConnectProvider(t.Context(), iam.Root("aws", account),
		iam.CreateOpenIDConnectProviderInput{URL: issuer, ClientIDList: []string{"sts.amazonaws.com"}})
	must(t, err)
	return p
}

func (p *plane) bootstrap(t testing.TB, account string) sigv4.Credentials {
	t.Helper()
	key, err := p.directory.Bootstrap(t.Context(), account)
	must(t, err)
	return sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
}

func origin(r *http.Request) trail.Origin {
	address, _, _ := strings.Cut(r.RemoteAddr, ":")
	return trail.Origin{RequestID: rand.Text(), SourceIP: address, UserAgent: r.UserAgent(), Region: region, Host: r.Host, Time: time.Now()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// session makes a role of account with the statements as its only policy, and a session of it.
func (p *plane) session(t testing.TB, role string, statements ...string) sigv4.Credentials {
	t.Helper()
	root := iam.Root("aws", account)
	host := strings.TrimPrefix(issuer, "https://")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/` + host + `"},
		"Condition":{"StringEquals":{"` + host + `:sub":"system:serviceaccount:apps:` + role + `"}}}]}`
	created, err := p.directory.CreateRole(t.Context(), root, iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: trust})
	must(t, err)
	if len(statements) > 0 {
		document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
		must(t, p.directory.PutPolicy(t.Context(), root, iam.PutPolicyInput{IdentityName: iam.OfRole(role), PolicyName: "inline", PolicyDocument: document}))
	}
	token, err := p.issuer.Sign(p.issuer.ServiceAccountClaims(oidc.ServiceAccountToken{
		Namespace: "apps", ServiceAccount: role, ServiceAccountUID: "5c8d2f0e-9c1b-4d3a-8b7e-2f6a1c0d9e8f",
		Audiences: []string{"sts.amazonaws.com"}, IssuedAt: time.Now(), Lifetime: time.Hour, ID: rand.Text(),
	}))
	must(t, err)
	out, err := p.sts.AssumeRoleWithWebIdentity(t.Context(), trail.Origin{RequestID: rand.Text(), Time: time.Now()},
		sts.WebIdentityInput{RoleArn: &created.ARN, RoleSessionName: aws.String("test"), WebIdentityToken: &token})
	must(t, err)
	return sigv4.Credentials{AccessKeyID: out.Credentials.AccessKeyId, SecretAccessKey: out.Credentials.SecretAccessKey, SessionToken: out.Credentials.SessionToken}
}

// allow is a statement without conditions.
func allow(actions, resource string) string {
	return `{"Effect":"Allow","Action":["` + strings.ReplaceAll(actions, " ", `","`) + `"],"Resource":"` + resource + `"}`
}

func (p *plane) client(c sigv4.Credentials) *s3.Client {
	config := aws.Config{Region: region, BaseEndpoint: aws.String(p.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)}
	if p.http != nil {
		config.HTTPClient = p.http
	}
	return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
}

// fill makes a bucket of the account that owns c, with objects whose content is their key.
func (p *plane) fill(t testing.TB, c sigv4.Credentials, bucket string, keys ...string) {
	t.Helper()
	client := p.client(c)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	must(t, err)
	for _, key := range keys {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(key)})
		must(t, err)
	}
}

// wantDenied checks AWS's sentence and status, and that nothing reached the backend since before.
func (p *plane) wantDenied(t *testing.T, err error, before int, sentence string) {
	t.Helper()
	wantError(t, err, "AccessDenied", http.StatusForbidden, sentence)
	if after := p.backend.count(); after != before {
		t.Errorf("%d requests reached the backend", after-before)
	}
}

// wantError checks what an SDK's user sees; the message must hold part.
func wantError(t *testing.T, err error, code string, status int, part string) {
	t.Helper()
	var answered *awshttp.ResponseError
	var refused smithy.APIError
	if !errors.As(err, &answered) || !errors.As(err, &refused) {
		t.Errorf("got %v, want an answer with %s", err, code)
		return
	}
	if refused.ErrorCode() != code || answered.HTTPStatusCode() != status || !strings.Contains(refused.ErrorMessage(), part) {
		t.Errorf("got %v, want %d %s with %q", err, status, code, part)
	}
	if answered.ServiceRequestID() == "" {
		t.Errorf("%s has no request id", code)
	}
}

// event is the one event of a request.
func (p *plane) event(t *testing.T, requestID string) trail.Event {
	t.Helper()
	found, err := p.events.Find(t.Context(), requestID)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("request %s left %d events: %+v", requestID, len(found), found)
	}
	return found[0]
}

// rawRequest is one request byte for byte.
type rawRequest struct {
	method, target string
	header         []string // signed
	unsigned       []string // added after the signature
	body           string
	hash           string // x-amz-content-sha256; empty: the body's; "absent": no header
	service        string // empty: s3
	noSignature    bool
	host           string // that is signed; empty: the plane's
	sentHost       string // empty: that
	// What is sent in place of what was signed; empty: that.
	sentMethod, sentTarget, sentBody string
	edit                             func(header map[string][]string) // after the signature
	at                               time.Time                        // of the signature; zero: now
}

// send signs the request as it stands, sends it over a connection of its own and returns the answer.
func (p *plane) send(t testing.TB, c sigv4.Credentials, r rawRequest) (*http.Response, []byte) {
	t.Helper()
	host := cmp.Or(r.host, strings.TrimPrefix(p.url, "http://"))
	header := map[string][]string{}
	for _, line := range r.header {
		name, value, _ := strings.Cut(line, ": ")
		header[name] = append(header[name], value)
	}
	if !r.noSignature {
		hash := r.hash
		if hash == "" {
			sum := sha256.Sum256([]byte(r.body))
			hash = hex.EncodeToString(sum[:])
		}
		path, query, _ := strings.Cut(r.target, "?")
		signed := &sigv4.Request{Method: r.method, Path: path, RawQuery: query, Host: host, Header: header, PayloadHash: hash}
		service := r.service
		if service == "" {
			service = "s3"
		}
		if r.at.IsZero() {
			r.at = time.Now()
		}
		must(t, sigv4.Sign(signed, c, region, service, r.at))
		header = signed.Header
		if hash == "absent" {
			delete(header, "X-Amz-Content-Sha256") // which Sign adds
		}
	}
	if r.edit != nil {
		r.edit(header)
	}
	r.method, r.target, r.body = cmp.Or(r.sentMethod, r.method), cmp.Or(r.sentTarget, r.target), cmp.Or(r.sentBody, r.body)
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.method, r.target, cmp.Or(r.sentHost, host))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fmt.Fprintf(&text, "%s: %s\r\n", name, value)
		}
	}
	for _, line := range r.unsigned {
		text.WriteString(line + "\r\n")
	}
	if !strings.Contains(strings.ToLower(text.String()), "\r\ntransfer-encoding:") && !strings.Contains(strings.ToLower(text.String()), "\r\ncontent-length:") {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(r.body))
	}
	return p.wire(t, r.method, text.String()+"\r\n"+r.body)
}

// wire sends bytes as they are. A request whose body may be shorter than it says ends with the connection's half, which others must not: to net/http
// the client is gone then.
func (p *plane) wire(t testing.TB, method, text string) (*http.Response, []byte) {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(connection, text)
	must(t, err)
	if head, body, _ := strings.Cut(text, "\r\n\r\n"); !p.keepOpen && !strings.Contains(head, fmt.Sprintf("\r\nContent-Length: %d", len(body))) {
		must(t, connection.(*net.TCPConn).CloseWrite())
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	must(t, err)
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response, body
}

// refused reads an error in S3's shape, and fails the test for anything else.
func refused(t *testing.T, response *http.Response, body []byte) (code, message string) {
	t.Helper()
	var e struct {
		XMLName                                    xml.Name `xml:"Error"`
		Code, Message, Resource, RequestId, HostId string
	}
	if err := xml.Unmarshal(body, &e); err != nil {
		t.Fatalf("%d %q is no S3 error: %v", response.StatusCode, body, err)
	}
	if e.XMLName.Space != "" || e.RequestId == "" || e.RequestId != response.Header.Get("x-amz-request-id") || e.HostId == "" ||
		response.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("%s with header %v has not S3's shape", body, response.Header)
	}
	return e.Code, e.Message
}

func readAll(t testing.TB, response *http.Response) []byte {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return body
}

// sign gives request's header with root's signature over hash.
func (p *plane) sign(t testing.TB, request *http.Request, hash string) http.Header {
	t.Helper()
	signed := &sigv4.Request{Method: request.Method, Path: request.URL.EscapedPath(), Host: request.URL.Host,
		Header: map[string][]string{"X-Amz-Content-Sha256": {hash}}, PayloadHash: hash}
	must(t, sigv4.Sign(signed, p.root, region, "s3", time.Now()))
	return signed.Header
}

func hexOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// serveTLS has the plane listen with TLS as well, and its clients use that.
func (p *plane) serveTLS(t testing.TB) {
	t.Helper()
	server := httptest.NewTLSServer(p.door)
	t.Cleanup(server.Close)
	p.url, p.http = server.URL, server.Client()
}
