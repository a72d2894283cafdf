package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// models are what awsmodel knows, as the gateway asks for it. They are made once: tests only read them.
var models = sync.OnceValue(func() classifier {
	table, err := awsmodel.NewModels()
	if err != nil {
		panic(err)
	}
	reference, err := awsmodel.NewReference()
	if err != nil {
		panic(err)
	}
	return classifier{awsmodel.NewClassifier(table, reference), table}
})

type classifier struct {
	*awsmodel.Classifier
	table *awsmodel.Models
}

func (c classifier) Services(signingName string) []*awsmodel.Service {
	return c.table.ByName(signingName)
}

// servicePlane is a plane whose gateway has one backend for some services, over HTTP.
type servicePlane struct {
	*plane
	backend *serviceBackend
	broken  atomic.Bool // what is known of resources cannot be read

	classified atomic.Pointer[awsmodel.Operation] // the last that was
}

// remembering is a classifier that leaves what it says for a test.
type remembering struct {
	classifier
	last *atomic.Pointer[awsmodel.Operation]
}

func (r remembering) Classify(signingName string, request awsmodel.Request, place awsmodel.Place) (*awsmodel.Operation, error) {
	operation, err := r.classifier.Classify(signingName, request, place)
	r.last.Store(operation)
	return operation, err
}

// ResourceTags implements gateway.ResourceRecords.
func (p *servicePlane) ResourceTags(ctx context.Context, account, arn string) (map[string]string, error) {
	if p.broken.Load() {
		return nil, errors.New("the store is gone")
	}
	return p.directory.ResourceTags(ctx, account, arn)
}

// MatchingResources implements gateway.ResourceRecords.
func (p *servicePlane) MatchingResources(ctx context.Context, account, pattern string) ([]string, error) {
	if p.broken.Load() {
		return nil, errors.New("the store is gone")
	}
	return p.directory.MatchingResources(ctx, account, pattern)
}

// serviceBackend remembers what reached it, and answers as a test wants.
type serviceBackend struct {
	mutex    sync.Mutex
	answer   http.HandlerFunc
	requests []receivedRequest
}

type receivedRequest struct {
	*http.Request
	body string
}

func (b *serviceBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mutex.Lock()
	b.requests = append(b.requests, receivedRequest{r, string(body)})
	answer := b.answer
	b.mutex.Unlock()
	answer(w, r)
}

func (b *serviceBackend) count() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.requests)
}

func (b *serviceBackend) last() receivedRequest {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.requests[len(b.requests)-1]
}

// answers makes the backend answer so from now on.
func (b *serviceBackend) answers(status int, contentType, body string) {
	b.does(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (b *serviceBackend) does(answer http.HandlerFunc) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.answer = answer
}

const backendSilence = 300 * time.Millisecond

// newServicePlane serves the services named by one backend, and others by none.
func newServicePlane(t testing.TB, served ...string) *servicePlane {
	t.Helper()
	return newServicePlaneOf(t, func(*gateway.Config) {}, served...)
}

func newServicePlaneOf(t testing.TB, change func(*gateway.Config), served ...string) *servicePlane {
	t.Helper()
	p := &servicePlane{plane: newPlane(t), backend: &serviceBackend{}}
	backend := p.backend
	backend.answers(200, "application/x-amz-json-1.1", "{}")
	behind := httptest.NewServer(backend)
	t.Cleanup(behind.Close)
	upstream, err := gateway.NewUpstream(gateway.UpstreamConfig{URL: behind.URL, Account: account, Silence: backendSilence,
		Credentials: sigv4.Credentials{AccessKeyID: "AKIDBACKEND", SecretAccessKey: "of the backend"}})
	must(t, err)
	t.Cleanup(func() { must(t, upstream.Close()) })
	services := map[string]gateway.ServiceConfig{}
	for _, name := range served {
		services[name] = gateway.ServiceConfig{Upstream: upstream, BodyTime: backendSilence}
	}
	config := gateway.Config{Authenticate: p.sts, Trail: p.events, Origin: origin, S3: p.plane.backend, Logger: slog.New(slog.NewTextHandler(p.logs, nil)),
		Classifier: remembering{models(), &p.classified}, Directory: p.directory, Policies: p.directory, Roles: p.directory, Services: services,
		Attributes: gateway.Configured{ByARN: configured, Otherwise: gateway.Learned{Records: p}}}
	change(&config)
	door, err := gateway.New(config)
	must(t, err)
	server := httptest.NewServer(door)
	t.Cleanup(server.Close)
	p.url, p.keepOpen = server.URL, true
	return p
}

var configured = map[string]gateway.Resource{
	arnOf("ec2", "instance/i-0123456789abcdef0"):                                                               {Tags: map[string]string{"env": "prod"}},
	arnOf("ec2", "instance/i-0aaaaaaaaaaaaa001"):                                                               {Tags: map[string]string{"aws:autoscaling:groupName": "workers"}},
	arnOf("ec2", "subnet/subnet-0123456789abcdef0"):                                                            {Keys: map[string][]string{"ec2:Vpc": {arnOf("ec2", "vpc/vpc-0123456789abcdef0")}}},
	arnOf("secretsmanager", "secret:known-AbCdEf"):                                                             {Tags: map[string]string{"team": "blue"}},
	arnOf("secretsmanager", "secret:twice-AbCdEf"):                                                             {Tags: map[string]string{"team": "blue"}},
	arnOf("secretsmanager", "secret:twice-GhIjKl"):                                                             {Tags: map[string]string{"team": "blue"}},
	arnOf("autoscaling", "autoScalingGroup:2b0c8e5d-0000-4000-8000-000000000001:autoScalingGroupName/workers"): {Tags: map[string]string{"team": "blue"}},
}

// queryCall is a request of the Query protocols.
func queryCall(service, version, action string, parameters ...string) rawRequest {
	return rawRequest{method: "POST", target: "/", service: service, header: []string{"content-type: application/x-www-form-urlencoded; charset=utf-8"},
		body: strings.Join(append([]string{"Action=" + action, "Version=" + version}, parameters...), "&")}
}

func ec2Call(action string, parameters ...string) rawRequest {
	return queryCall("ec2", "2016-11-15", action, parameters...)
}

// jsonCall is a request of AWS JSON.
func jsonCall(service, target, body string) rawRequest {
	return rawRequest{method: "POST", target: "/", service: service, body: body,
		header: []string{"content-type: application/x-amz-json-1.1", "x-amz-target: " + target}}
}

// answered is an answer's error, in whatever protocol it came.
type answered struct {
	status        int
	code, message string
	body          string
	requestID     string
}

func (p *servicePlane) call(t testing.TB, c sigv4.Credentials, r rawRequest) answered {
	t.Helper()
	response, body := p.send(t, c, r)
	return read(t, response, body)
}

func read(t testing.TB, response *http.Response, body []byte) answered {
	t.Helper()
	a := answered{status: response.StatusCode, body: string(body), requestID: response.Header.Get("X-Amzn-Requestid")}
	if a.requestID == "" {
		t.Errorf("%d %s has no request id", response.StatusCode, body)
	}
	if a.status < 300 {
		return a
	}
	if bytes.HasPrefix(body, []byte("<")) || bytes.HasPrefix(body, []byte("<?xml")) {
		a.code, a.message = between(a.body, "<Code>", "</Code>"), between(a.body, "<Message>", "</Message>")
		return a
	}
	var document struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Errorf("%d %q is no error of a service: %v", response.StatusCode, body, err)
	}
	a.code, a.message = document.Type, document.Message
	if kind := response.Header.Get("X-Amzn-Errortype"); kind != "" {
		a.code = kind
	}
	return a
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	inside, _, _ := strings.Cut(rest, to)
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(inside)
}

// wants checks an answer; a status of 501 stands for "allowed", where there is no backend.
func (a answered) wants(t testing.TB, name string, status int, code string, parts ...string) {
	t.Helper()
	if a.status != status || a.code != code {
		t.Errorf("%s: %d %s %q, want %d %s", name, a.status, a.code, a.body, status, code)
	}
	for _, part := range parts {
		if !strings.Contains(a.message+a.body, part) {
			t.Errorf("%s: %q does not hold %q", name, a.message, part)
		}
	}
}

func bodyHash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}
