package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/openirsa/openirsa/gateway"
)

// bucketPolicy is a policy of one statement.
func bucketPolicy(effect, principal, action, resource string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":` + action + `,"Resource":` + resource + `}]}`)
}

// TestBucketPolicy puts, reads and deletes policies as the SDK does, before an embedded S3 and one outside, and holds callers of the bucket's account, of
// another one and of none to them.
func TestBucketPolicy(t *testing.T) {
	embedded := newPlane(t)
	outside, _ := newOutsidePlane(t)
	for name, p := range map[string]*plane{"embedded": embedded, "outside": outside} {
		t.Run(name, func(t *testing.T) { testBucketPolicy(t, p) })
	}
}

func testBucketPolicy(t *testing.T, p *plane) {
	p.fill(t, p.root, "bucket", "public/1", "private/1")
	root, foreign, ctx, bucket := p.client(p.root), p.client(p.foreignRoot), t.Context(), aws.String("bucket")
	anonymous := func(method, target string) int {
		response, body := p.send(t, p.root, rawRequest{method: method, target: target, noSignature: true})
		if response.StatusCode == 403 && !strings.Contains(string(body), "<Code>AccessDenied</Code><Message>Access Denied</Message>") {
			t.Errorf("strangers are told %s", body)
		}
		return response.StatusCode
	}
	read := func(client *s3.Client, key string) error {
		_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String(key)})
		return err
	}
	_, err := root.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	wantError(t, err, "NoSuchBucketPolicy", 404, "The bucket policy does not exist")
	if status := anonymous("GET", "/bucket/public/1"); status != 403 {
		t.Errorf("a stranger without a policy: %d", status)
	}

	public := bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::bucket/public/*"`)
	_, err = root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: public})
	must(t, err)
	got, err := root.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	must(t, err)
	if !json.Valid([]byte(aws.ToString(got.Policy))) || !strings.Contains(aws.ToString(got.Policy), "bucket/public/*") {
		t.Errorf("the policy is %s", aws.ToString(got.Policy))
	}
	status, err := root.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: bucket})
	must(t, err)
	if !aws.ToBool(status.PolicyStatus.IsPublic) {
		t.Error("the policy is said not to be public")
	}
	for _, c := range []struct {
		method, target string
		status         int
	}{
		{"GET", "/bucket/public/1", 200}, {"HEAD", "/bucket/public/1", 200}, {"GET", "/bucket/private/1", 403}, {"GET", "/bucket", 403},
		{"PUT", "/bucket/public/2", 403}, {"DELETE", "/bucket/public/1", 403}, {"GET", "/bucket?policy", 403}, {"GET", "/", 403}, {"PUT", "/mine", 403},
		{"GET", "/bucket/public/absent", 403},
	} {
		if got := anonymous(c.method, c.target); got != c.status {
			t.Errorf("a stranger's %s %s: %d, want %d", c.method, c.target, got, c.status)
		}
	}
	must(t, read(foreign, "public/1"))
	wantError(t, read(foreign, "private/1"), "AccessDenied", 403, "no resource-based policy")

	// A denial counts for the account's own, but its root can always take the policy away again.
	_, err = root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: bucketPolicy("Deny", `"*"`, `"s3:*"`, `["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`)})
	must(t, err)
	wantError(t, read(root, "public/1"), "AccessDenied", 403, "with an explicit deny in a resource-based policy")
	_, err = root.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket})
	must(t, err)
	must(t, read(root, "public/1"))
	if status := anonymous("GET", "/bucket/public/1"); status != 403 {
		t.Errorf("a stranger after the policy: %d", status)
	}

	// Cross-account writing, with the bucket's owner as the one on whose behalf it is done.
	_, err = root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: bucketPolicy("Allow", `{"AWS":"`+other+`"}`, `["s3:PutObject","s3:DeleteBucket"]`, `["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`)})
	must(t, err)
	_, err = foreign.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("theirs"), Body: strings.NewReader("x")})
	must(t, err)
	must(t, read(root, "theirs"))
	_, err = foreign.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: public})
	wantError(t, err, "AccessDenied", 403, "")
	for _, wrong := range []struct{ policy, code string }{
		{"", "MalformedPolicy"}, {"{", "MalformedPolicy"}, {"[]", "MalformedPolicy"},
		{*bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::another/*"`), "MalformedPolicy"},
		{*bucketPolicy("Allow", `{"AWS":"arn:aws:iam::`+account+`:user/nobody"}`, `"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`), "MalformedPolicy"},
		{strings.Repeat(" ", 300<<10), "MalformedPolicy"},
	} {
		_, err := root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &wrong.policy})
		wantError(t, err, wrong.code, 400, "")
	}
	_, err = root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("absent"), Policy: bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::absent/*"`)})
	wantError(t, err, "NoSuchBucket", 404, "")

	// A bucket that is deleted takes its policy with it.
	for _, key := range []string{"public/1", "private/1", "theirs"} {
		_, err := root.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String(key)})
		must(t, err)
	}
	_, err = foreign.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	must(t, err)
	p.fill(t, p.root, "bucket", "public/1")
	_, err = root.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	wantError(t, err, "NoSuchBucketPolicy", 404, "")
}

// TestEarlierBucket: the record of a bucket that was deleted past the gateway does not open its successor.
func TestEarlierBucket(t *testing.T) {
	p, o := newOutsidePlane(t)
	p.fill(t, p.root, "bucket")
	_, err := p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`)})
	must(t, err)
	p2 := *p
	p2.url = o.server.URL
	_, err = p2.client(ownKey).DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("bucket")})
	must(t, err)
	p.fill(t, p.root, "bucket", "key")
	if response, body := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key", noSignature: true}); response.StatusCode != 403 {
		t.Errorf("a stranger: %d %s", response.StatusCode, body)
	}
	// One that is still there keeps its policy, whoever asks to make it once more.
	_, err = p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`)})
	must(t, err)
	_, _ = p.client(p.root).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	if response, body := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key", noSignature: true}); response.StatusCode != 200 {
		t.Errorf("a stranger whom the policy allows: %d %s", response.StatusCode, body)
	}
}

// TestAnonymousUpload: what a policy lets strangers write, they write; what of the body they do say must be true.
func TestAnonymousUpload(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "drop")
	_, err := p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("drop"), Policy: bucketPolicy("Allow", `"*"`, `"s3:PutObject"`, `"arn:aws:s3:::drop/*"`)})
	must(t, err)
	put := func(headers ...string) rawRequest {
		return rawRequest{method: "PUT", target: "/drop/a", body: "content", noSignature: true, unsigned: headers}
	}
	for _, c := range []struct {
		name    string
		request rawRequest
		status  int
		code    string
	}{
		{"plain", put(), 200, ""},
		{"with its hash", put("x-amz-content-sha256: " + hexOf("content")), 200, ""},
		{"with another's hash", put("x-amz-content-sha256: " + emptyHash), 400, "XAmzContentSHA256Mismatch"},
		{"with another's checksum", put("x-amz-checksum-crc32: AAAAAA=="), 400, "BadDigest"},
		{"in signed chunks", put("x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length: 7"), 400, "InvalidRequest"},
		{"with a token alone", put("x-amz-security-token: token"), 200, ""},
		{"with an acl", put("x-amz-acl: public-read"), 403, "AccessDenied"},
	} {
		response, body := p.send(t, p.root, c.request)
		if response.StatusCode != c.status || !strings.Contains(string(body), c.code) {
			t.Errorf("%s: %d %s", c.name, response.StatusCode, body)
		}
	}
	event := p.event(t, lastID(t, p, put()))
	if event.UserIdentity.Type != "AWSAccount" || event.UserIdentity.AccountID != "ANONYMOUS_PRINCIPAL" || event.Name != "PutObject" || event.ErrorCode != "" {
		t.Errorf("the event is %+v", event)
	}
}

func lastID(t *testing.T, p *plane, r rawRequest) string {
	t.Helper()
	response, _ := p.send(t, p.root, r)
	return response.Header.Get("x-amz-request-id")
}

// TestVirtualHosted: a bucket in the host name, signed with it.
func TestVirtualHosted(t *testing.T) {
	p := newPlaneWith(t, func(c *gateway.Config) { c.S3Domains = []string{"s3.localhost"} })
	p.fill(t, p.root, "bucket", "key")
	session := p.session(t, "reader", allow("s3:GetObject", "arn:aws:s3:::bucket/*"))
	for _, c := range []struct {
		host, target string
		status       int
	}{
		{"bucket.s3.localhost", "/key", 200}, {"bucket.s3.localhost:4566", "/key", 200}, {"s3.localhost", "/bucket/key", 200},
		{"other.s3.localhost", "/key", 403}, {"bucket.s3.localhost", "/bucket/key", 403}, {"key.bucket.s3.localhost", "/", 403},
	} {
		response, body := p.send(t, session, rawRequest{method: "GET", target: c.target, host: c.host})
		if response.StatusCode != c.status {
			t.Errorf("%s%s: %d %s", c.host, c.target, response.StatusCode, body)
		}
	}
	// A signature for one host does not open another.
	response, body := p.send(t, session, rawRequest{method: "GET", target: "/key", host: "bucket.s3.localhost", sentHost: "other.s3.localhost"})
	if code, _ := refused(t, response, body); code != "SignatureDoesNotMatch" {
		t.Errorf("another host: %s", body)
	}
}

// TestObjectTags: a policy that asks for an object's tags decides by those that its server keeps.
func TestObjectTags(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !r.URL.Query().Has("tagging"):
			_, _ = io.WriteString(w, "content")
		case strings.HasSuffix(r.URL.Path, "/secret"):
			_, _ = io.WriteString(w, `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>class</Key><Value>secret</Value></Tag></TagSet></Tagging>`)
		case strings.HasSuffix(r.URL.Path, "/broken"):
			w.WriteHeader(500)
		default:
			http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
		}
	})
	client := p.client(p.session(t, "reader", allow("s3:GetObject", "arn:aws:s3:::bucket/*"),
		`{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"secret"}}}`))
	read := func(key string) error {
		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
		return err
	}
	must(t, read("plain"))
	wantError(t, read("secret"), "AccessDenied", 403, "explicit deny")
	wantError(t, read("broken"), "InternalError", 500, "")
	p.logs.Reset()
	before := o.count()
	_, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("secret")})
	must(t, err)
	if asked := o.count() - before; asked != 1 {
		t.Errorf("the server got %d requests for a caller whose policies ask for no tag", asked)
	}
}

// TestBucketTags: the tags that a bucket was given through the gateway count for the next request.
func TestBucketTags(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	client := p.client(p.session(t, "reader", `{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}}`))
	remove := func() error {
		_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		return err
	}
	wantError(t, remove(), "AccessDenied", 403, "")
	tag := func(value string) {
		t.Helper()
		_, err := p.client(p.root).PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: aws.String("bucket"),
			Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: &value}}}})
		must(t, err)
	}
	tag("a")
	must(t, remove())
	tag("b")
	wantError(t, remove(), "AccessDenied", 403, "")
	tag("a")
	_, err := p.client(p.root).DeleteBucketTagging(t.Context(), &s3.DeleteBucketTaggingInput{Bucket: aws.String("bucket")})
	must(t, err)
	wantError(t, remove(), "AccessDenied", 403, "")
}
