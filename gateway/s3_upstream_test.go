package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/services"
	"github.com/openirsa/openirsa/sigv4"
)

// outside is an S3 server of its own over HTTP: the embedded one, behind a handler that trusts nothing but the server's own key.
type outside struct {
	mutex    sync.Mutex
	requests []*http.Request
	handler  http.HandlerFunc // nil: the embedded S3
	trailers []string         // values of the trailing checksums that came
	server   *httptest.Server
	objects  *services.S3
}

var ownKey = sigv4.Credentials{AccessKeyID: "AKIDOUTSIDE", SecretAccessKey: "the server's own secret"}

func newOutside(t testing.TB) *outside {
	t.Helper()
	objects, err := services.NewS3(services.S3Config{Dir: filepath.Join(t.TempDir(), "outside")})
	must(t, err)
	t.Cleanup(func() { must(t, objects.Close()) })
	o := &outside{objects: objects}
	o.server = httptest.NewServer(o)
	t.Cleanup(o.server.Close)
	return o
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mutex.Lock()
	o.requests = append(o.requests, r)
	handler := o.handler
	o.mutex.Unlock()
	if handler != nil {
		handler(w, r)
		return
	}
	if err := o.verify(r); err != nil {
		http.Error(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>"+err.Error()+"</Message></Error>", http.StatusForbidden)
		return
	}
	r.Header.Set(services.AccountHeader, account)
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	o.objects.ServeHTTP(w, r)
}

// verify checks the signature, and takes the chunks off.
func (o *outside) verify(r *http.Request) error {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	signed := &sigv4.Request{Method: r.Method, Path: path, RawQuery: query, Host: r.Host, Header: r.Header, PayloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	authorization, err := sigv4.Parse(signed)
	if err != nil {
		return err
	}
	if authorization.AccessKeyID != ownKey.AccessKeyID || authorization.SessionToken != "" {
		return errors.New("another's key")
	}
	if err := sigv4.Verify(signed, authorization, ownKey.SecretAccessKey, time.Now()); err != nil {
		return err
	}
	for _, name := range []string{"X-Openirsa-Account", "X-Amz-Expected-Bucket-Owner", "X-Forwarded-For", "X-Amz-Security-Token"} {
		if r.Header.Get(name) != "" {
			return errors.New(name + " came through")
		}
	}
	if signed.PayloadHash != sigv4.StreamingUnsignedTrailer {
		return nil
	}
	length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil {
		return err
	}
	trailers := strings.Split(r.Header.Get("X-Amz-Trailer"), ",")
	chunks, err := sigv4.NewChunkReader(r.Body, sigv4.Chunked{Payload: signed.PayloadHash, Length: length, Trailers: trailers})
	if err != nil {
		return err
	}
	content, err := io.ReadAll(chunks)
	if err != nil {
		return err
	}
	o.mutex.Lock()
	o.trailers = append(o.trailers, trailers[0]+"="+chunks.Trailer()[trailers[0]])
	o.mutex.Unlock()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(content)), length
	for _, name := range []string{"Content-Encoding", "X-Amz-Trailer", "X-Amz-Decoded-Content-Length", "X-Amz-Content-Sha256"} {
		r.Header.Del(name)
	}
	return nil
}

func (o *outside) become(handler http.HandlerFunc) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.handler = handler
}

// forget drops the requests that came.
func (o *outside) forget() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.requests = nil
}

func (o *outside) count() int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return len(o.requests)
}

// newOutsidePlane is a plane whose S3 is outside.
func newOutsidePlane(t testing.TB) (*plane, *outside) {
	t.Helper()
	return newOutsidePlaneWith(t, time.Second, func(*gateway.Config) {})
}

// newOutsidePlaneWith is newOutsidePlane, with another patience for the server (0: the usual) and another configuration of the gateway.
func newOutsidePlaneWith(t testing.TB, silence time.Duration, change func(*gateway.Config)) (*plane, *outside) {
	t.Helper()
	o := newOutside(t)
	upstream, err := gateway.NewUpstream(gateway.UpstreamConfig{URL: o.server.URL, Account: account, Credentials: ownKey, Silence: silence})
	must(t, err)
	t.Cleanup(func() { must(t, upstream.Close()) })
	return newPlaneWith(t, func(c *gateway.Config) {
		change(c)
		c.S3 = nil
		c.Services = map[string]gateway.ServiceConfig{"s3": {Upstream: upstream}}
	}), o
}

func TestUpstream(t *testing.T) {
	p, _ := newOutsidePlane(t)
	p.fill(t, p.root, "bucket", "a/1", "a/2", "b/1")
	client := p.client(p.session(t, "reader", allow("s3:GetObject s3:PutObject s3:DeleteObject", "arn:aws:s3:::bucket/a/*"),
		allow("s3:ListBucket", "arn:aws:s3:::bucket")))
	ctx, bucket := t.Context(), aws.String("bucket")
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a/1"), Range: aws.String("bytes=1-2")})
	must(t, err)
	if content, err := io.ReadAll(got.Body); err != nil || string(content) != "/1" || aws.ToString(got.ContentRange) != "bytes 1-2/3" {
		t.Errorf("a range is %q %v, %v", content, aws.ToString(got.ContentRange), err)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("a/1")})
	must(t, err)
	if aws.ToInt64(head.ContentLength) != 3 {
		t.Errorf("HEAD says %d", aws.ToInt64(head.ContentLength))
	}
	response, _ := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/a/1", header: []string{"if-none-match: " + aws.ToString(head.ETag)}})
	if response.StatusCode != http.StatusNotModified {
		t.Errorf("If-None-Match: %d", response.StatusCode)
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a/3"), Body: strings.NewReader("new")})
	must(t, err)
	out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a/2")}, {Key: aws.String("b/1")}}}})
	must(t, err)
	if len(out.Deleted) != 1 || len(out.Errors) != 1 || aws.ToString(out.Errors[0].Key) != "b/1" {
		t.Errorf("deleted %v, refused %v", out.Deleted, out.Errors)
	}
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
	must(t, err)
	if len(list.Contents) != 3 {
		t.Errorf("left are %v", list.Contents)
	}
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a/9")})
	wantError(t, err, "NoSuchKey", 404, "")
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("b/1")})
	wantError(t, err, "AccessDenied", 403, "s3:GetObject")
	_, err = p.client(p.root).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("absent"), Key: aws.String("k")})
	wantError(t, err, "NoSuchBucket", 404, "")
	// All of the server belongs to one account.
	_, err = p.client(p.foreignRoot).ListBuckets(ctx, nil)
	wantError(t, err, "AccessDenied", 403, "")
	_, err = p.client(p.foreignRoot).GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a/1")})
	wantError(t, err, "AccessDenied", 403, "no resource-based policy")
}

// TestUpstreamMultipart uploads by the SDK's steps.
func TestUpstreamMultipart(t *testing.T) {
	p, _ := newOutsidePlane(t)
	p.fill(t, p.root, "bucket")
	client, ctx, bucket, key := p.client(p.root), t.Context(), aws.String("bucket"), aws.String("large")
	created, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	must(t, err)
	var parts []types.CompletedPart
	content := bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	for n := int32(1); n <= 2; n++ {
		part, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: created.UploadId, PartNumber: aws.Int32(n), Body: bytes.NewReader(content)})
		must(t, err)
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: aws.Int32(n)})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: created.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	must(t, err)
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	must(t, err)
	if whole, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(whole, slices.Concat(content, content)) {
		t.Errorf("%d bytes, %v", len(whole), err)
	}
}

// TestUpstreamFails: a server that dies, hangs or answers half. What the client gets is S3's shape or a broken connection, nothing that changes
// something is sent twice, and the trail says what happened.
func TestUpstreamFails(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	closing := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, strings.Repeat("x", 50000))
		panic(http.ErrAbortHandler)
	}
	cases := []struct {
		name        string
		handler     http.HandlerFunc
		method      string
		status      int // 0: the connection is cut
		code        string
		explanation string
	}{
		{"closes", closing, "PUT", 500, "InternalError", "the backend ended the connection without an answer"},
		{"closes a read", closing, "GET", 500, "InternalError", "the backend ended the connection without an answer"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}, "PUT", 500, "InternalError", "did not answer in time"},
		{"answers half", half, "GET", 0, "InternalError", "broke off"},
		{"answers half a failure", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(503)
			_, _ = io.WriteString(w, "<Error>")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, "GET", 500, "InternalError", "broke off"},
		{"fails", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", http.StatusInternalServerError) }, "GET", 500, "InternalError", "the backend failed"},
		{"is busy", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>", http.StatusServiceUnavailable)
		}, "GET", 503, "SlowDown", ""},
		{"has not everything", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<Error><Code>VersioningNotConfigured</Code><Message>Not here.</Message></Error>", http.StatusNotImplemented)
		}, "GET", 501, "VersioningNotConfigured", ""},
		{"refuses the gateway", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>secret</Message></Error>", http.StatusForbidden)
		}, "GET", 500, "InternalError", "the backend failed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, o := newOutsidePlane(t)
			o.become(c.handler)
			before := o.count()
			request := rawRequest{method: c.method, target: "/bucket/key"}
			if c.method == "PUT" {
				request.body = "content"
			}
			id, status, body := p.sendBroken(t, request)
			if status != c.status || strings.Contains(body, "secret") {
				t.Errorf("%d %.300s, want %d", status, body, c.status)
			}
			if c.status != 0 && !strings.Contains(body, "<Code>"+c.code+"</Code>") {
				t.Errorf("%s, want %s", body, c.code)
			}
			event := p.event(t, id)
			if event.ErrorCode != c.code || !strings.Contains(event.Explanation, c.explanation) {
				t.Errorf("the trail has %q %q, want %q %q", event.ErrorCode, event.Explanation, c.code, c.explanation)
			}
			if sent := o.count() - before; sent != 1 {
				t.Errorf("the server got %d requests", sent)
			}
			p.logs.Reset()
		})
	}
	t.Run("is not there", func(t *testing.T) {
		p, o := newOutsidePlane(t)
		o.server.Close()
		id, status, body := p.sendBroken(t, rawRequest{method: "PUT", target: "/bucket/key", body: "content"})
		if event := p.event(t, id); status != 503 || !strings.Contains(body, "<Code>ServiceUnavailable</Code>") || !strings.Contains(event.Explanation, "could not be reached") {
			t.Errorf("%d %s; %q", status, body, event.Explanation)
		}
		p.logs.Reset()
	})
}

// sendBroken sends as root what may get no whole answer; status is 0 where the body breaks off.
func (p *plane) sendBroken(t *testing.T, r rawRequest) (id string, status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.method, p.url+r.target, strings.NewReader(r.body))
	must(t, err)
	request.Header = p.sign(t, request, hexOf(r.body))
	response, err := http.DefaultTransport.RoundTrip(request)
	must(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return response.Header.Get("x-amz-request-id"), 0, string(content)
	}
	return response.Header.Get("x-amz-request-id"), response.StatusCode, string(content)
}

// TestUpstreamAnswersEarly: a server that refuses before it has read the body; the client learns that, and nothing hangs.
func TestUpstreamAnswersEarly(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<Error><Code>InvalidDigest</Code><Message>no</Message></Error>", http.StatusBadRequest)
	})
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", nil)
	must(t, err)
	header := p.sign(t, request, "UNSIGNED-PAYLOAD")
	var text strings.Builder
	text.WriteString("PUT /bucket/key HTTP/1.1\r\nHost: " + request.URL.Host + "\r\nContent-Length: 100000000\r\n")
	must(t, header.Write(&text))
	_, err = io.WriteString(connection, text.String()+"\r\n"+strings.Repeat("x", 1<<20)) // and then waits
	must(t, err)
	answer := make([]byte, 4096)
	n, err := connection.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400") {
		t.Errorf("%v: %q", err, answer[:n])
	}
	if !strings.Contains(string(answer[:n]), "\r\nConnection: close\r\n") { // what is left of the body must not be read as a request
		t.Errorf("the connection goes on: %q", answer[:n])
	}
}

// TestUpstreamKeepsConnections: after an answer, also to a request with an empty body, the client's connection is as good as before.
func TestUpstreamKeepsConnections(t *testing.T) {
	p, _ := newOutsidePlane(t)
	p.fill(t, p.root, "bucket")
	client := p.client(p.root)
	for i := range 100 {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader(strings.Repeat("x", i%2))})
		must(t, err)
	}
}

func TestUpstreamCrossOrigin(t *testing.T) {
	p, o := newOutsidePlane(t)
	p.fill(t, p.root, "bucket", "key")
	response, _ := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key", unsigned: []string{"Origin: https://app.example"}})
	if got := response.Header.Get("Access-Control-Allow-Origin"); response.StatusCode != 200 || got != "https://app.example" {
		t.Errorf("%d, Access-Control-Allow-Origin: %q", response.StatusCode, got)
	}
	o.become(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Methods", r.Method+" "+r.URL.Path+" "+r.Header.Get("Access-Control-Request-Method"))
	})
	response, body := p.wire(t, "OPTIONS", "OPTIONS /bucket/key HTTP/1.1\r\nHost: s3\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	if got := response.Header.Get("Access-Control-Allow-Methods"); response.StatusCode != 200 || got != "OPTIONS /bucket/key PUT" {
		t.Errorf("a preflight is answered %d %q %s", response.StatusCode, got, body)
	}
}

// TestObjectTagsWithoutCase: the gateway takes no two tags that differ in nothing but case. Where a server has them all the same, none of the two is chosen
// for the decision.
func TestObjectTagsWithoutCase(t *testing.T) {
	p, o := newOutsidePlane(t)
	p.fill(t, p.root, "bucket", "key")
	denied := p.session(t, "denied", allow("s3:*", "*"),
		`{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"secret"}}}`)
	o.become(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("tagging") {
			_, _ = io.WriteString(w, `<Tagging><TagSet><Tag><Key>class</Key><Value>secret</Value></Tag><Tag><Key>CLASS</Key><Value>x</Value></Tag></TagSet></Tagging>`)
		}
	})
	for range 20 { // the keys of maps come in no order
		if response, body := p.send(t, denied, rawRequest{method: "GET", target: "/bucket/key"}); response.StatusCode != 403 || !strings.Contains(string(body), "but case") {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
	}
	if response, body := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key"}); response.StatusCode != 200 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
