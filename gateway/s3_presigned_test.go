package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/sigv4"
)

func TestPresigned(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "a/1", "b/1")
	presigner := s3.NewPresignClient(p.client(p.session(t, "signer", allow("s3:GetObject s3:PutObject", "arn:aws:s3:::bucket/a/*"))))
	do := func(r *v4.PresignedHTTPRequest, err error, body string, change func(*http.Request)) (*http.Response, []byte) {
		t.Helper()
		must(t, err)
		request, err := http.NewRequestWithContext(t.Context(), r.Method, r.URL, strings.NewReader(body))
		must(t, err)
		for name, values := range r.SignedHeader {
			request.Header[name] = values
		}
		if change != nil {
			change(request)
		}
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		must(t, err)
		return response, content
	}
	get := func(key string) (*v4.PresignedHTTPRequest, error) {
		return presigner.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String(key)})
	}
	put := func(key string) (*v4.PresignedHTTPRequest, error) {
		return presigner.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String(key)})
	}

	request, err := put("a/2")
	if response, body := do(request, err, "by URL", nil); response.StatusCode != 200 {
		t.Fatalf("PUT: %d %s", response.StatusCode, body)
	}
	request, err = get("a/2")
	if response, body := do(request, err, "", nil); response.StatusCode != 200 || string(body) != "by URL" {
		t.Errorf("GET: %d %s", response.StatusCode, body)
	}
	before := p.backend.count()
	changes := []struct {
		name, code string
		change     func(*http.Request)
	}{
		{"another key", "SignatureDoesNotMatch", func(r *http.Request) { r.URL.Path = "/bucket/a/1" }},
		{"another parameter", "SignatureDoesNotMatch", func(r *http.Request) { r.URL.RawQuery += "&response-content-type=text%2Fhtml" }},
		{"a longer life", "SignatureDoesNotMatch", func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=900", "X-Amz-Expires=90000", 1)
		}},
		{"an unsigned header", "AccessDenied", func(r *http.Request) { r.Header.Set("x-amz-acl", "public-read") }},
		{"a second signature", "InvalidArgument", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a") }},
		{"a method", "SignatureDoesNotMatch", func(r *http.Request) { r.Method = "DELETE" }},
	}
	for _, c := range changes {
		request, err := get("a/2")
		response, body := do(request, err, "", c.change)
		if code, _ := refused(t, response, body); code != c.code || response.StatusCode >= 500 {
			t.Errorf("%s: %d %s, want %s", c.name, response.StatusCode, body, c.code)
		}
	}
	request, err = get("b/1")
	if response, _ := do(request, err, "", nil); response.StatusCode != 403 {
		t.Errorf("a URL of what its signer may not read: %d", response.StatusCode)
	}
	if after := p.backend.count(); after != before {
		t.Errorf("%d requests reached the backend", after-before)
	}
}

func TestRequestKeys(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	credentials := p.session(t, "conditions", allow("s3:*", "*"),
		`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-content-sha256":"UNSIGNED-PAYLOAD","s3:authType":"REST-HEADER"}}}`,
		`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceAccount":"`+account+`"}}}`,
		`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"s3:ResourceAccount":"`+account+`"}}}`,
		`{"Effect":"Deny","Action":"s3:PutObject","Resource":"*","Condition":{"Null":{"s3:if-none-match":"true"}}}`)
	client := p.client(credentials)
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	must(t, err)
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("made-here")})
	must(t, err)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), IfNoneMatch: aws.String("*")})
	must(t, err)
	before := p.backend.count()
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")})
	p.wantDenied(t, err, before, "with an explicit deny in an identity-based policy")
	response, body := p.send(t, credentials, rawRequest{method: "GET", target: "/bucket/key", hash: "UNSIGNED-PAYLOAD"})
	if code, _ := refused(t, response, body); code != "AccessDenied" {
		t.Errorf("an unsigned payload: %s", body)
	}
	if p.backend.count() != before {
		t.Error("a denied request reached the backend")
	}
}

// TestPresignedKeys: a role that may use young presigned URLs and nothing else.
func TestPresignedKeys(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	input := &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}
	for _, c := range []struct {
		role, condition string
		status          int
	}{
		{"young", `{"StringEquals":{"s3:authType":"REST-QUERY-STRING"},"NumericLessThan":{"s3:signatureAge":"600000"}}`, 200},
		{"younger", `{"StringEquals":{"s3:authType":"REST-QUERY-STRING"},"NumericLessThan":{"s3:signatureAge":"0"}}`, 403},
		{"unsigned", `{"StringEquals":{"s3:x-amz-content-sha256":"UNSIGNED-PAYLOAD","s3:signatureversion":"AWS4-HMAC-SHA256"}}`, 200},
	} {
		client := p.client(p.session(t, c.role, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":`+c.condition+`}`))
		presigned, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), input)
		must(t, err)
		response, err := http.Get(presigned.URL)
		must(t, err)
		if body := readAll(t, response); response.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.role, response.StatusCode, body)
		}
		before := p.backend.count()
		_, err = client.GetObject(t.Context(), input)
		p.wantDenied(t, err, before, "s3:GetObject")
	}
}

// TestPresignedPayloadHash: a presigned URL signs no payload, so one that says it does is not understood.
func TestPresignedPayloadHash(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	before := p.backend.count()
	host := strings.TrimPrefix(p.url, "http://")
	signed := &sigv4.Request{Method: "PUT", Path: "/bucket/key", Host: host, Header: map[string][]string{"X-Amz-Content-Sha256": {emptyHash}}, PayloadHash: emptyHash}
	query, err := sigv4.Presign(signed, p.root, region, "s3", time.Now(), time.Minute)
	must(t, err)
	response, body := p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket/key?" + query, noSignature: true, unsigned: []string{"x-amz-content-sha256: " + emptyHash}})
	if code, _ := refused(t, response, body); code != "InvalidArgument" || p.backend.count() != before {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
