package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestAllowedAndDenied(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "a/1", "b/1")
	client := p.client(p.session(t, "reader", allow("s3:GetObject s3:PutObject s3:DeleteObject", "arn:aws:s3:::bucket/a/*")))
	ctx := t.Context()

	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/1")})
	must(t, err)
	if content, err := io.ReadAll(got.Body); err != nil || string(content) != "a/1" {
		t.Errorf("read %q, %v", content, err)
	}
	requestID, _ := middleware.GetRequestIDMetadata(got.ResultMetadata)
	event := p.event(t, requestID)
	if event.Name != "GetObject" || event.Category != "Data" || event.ErrorCode != "" || event.Decision == nil || !event.Decision.Allowed() ||
		event.RequestParameters["bucketName"] != "bucket" || event.RequestParameters["key"] != "a/1" || fmt.Sprint(event.ResponseElements["status"]) != "200" ||
		event.UserIdentity.Type != "AssumedRole" || event.Action != "s3:GetObject" || event.Resource != "arn:aws:s3:::bucket/a/1" {
		t.Errorf("the event is %+v", event)
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/2"), Body: strings.NewReader("new")})
	must(t, err)
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/2")})
	must(t, err)

	before := p.backend.count()
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("b/1")})
	p.wantDenied(t, err, before, "User: arn:aws:sts::"+account+":assumed-role/reader/test is not authorized to perform: s3:GetObject on resource: "+
		`"arn:aws:s3:::bucket/b/1"`+" because no identity-based policy allows the s3:GetObject action")
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("b/2"), Body: strings.NewReader("x")})
	p.wantDenied(t, err, before, "s3:PutObject")
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("b/1")})
	p.wantDenied(t, err, before, "s3:DeleteObject")
	_, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	p.wantDenied(t, err, before, `s3:ListBucket on resource: "arn:aws:s3:::bucket" because`)
	_, err = client.ListBuckets(ctx, nil)
	p.wantDenied(t, err, before, "s3:ListAllMyBuckets because no identity-based policy")
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("another")})
	p.wantDenied(t, err, before, "s3:CreateBucket")
	_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("bucket")})
	p.wantDenied(t, err, before, "s3:DeleteBucket")
	_, err = client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("bucket")})
	p.wantDenied(t, err, before, "s3:GetBucketLocation")
}

func TestDenialIsRecorded(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	response, body := p.send(t, p.session(t, "nobody"), rawRequest{method: "GET", target: "/bucket/key"})
	code, _ := refused(t, response, body)
	event := p.event(t, response.Header.Get("x-amz-request-id"))
	if code != "AccessDenied" || response.StatusCode != 403 || event.ErrorCode != "AccessDenied" || event.Decision == nil || event.Decision.Allowed() ||
		fmt.Sprint(event.ResponseElements["status"]) != "403" {
		t.Errorf("%d %s left %+v", response.StatusCode, body, event)
	}
	// The event alone holds the encoded message: S3 does not answer with one.
	if event.EncodedAuthorizationMessage == "" || strings.Contains(string(body), event.EncodedAuthorizationMessage) {
		t.Errorf("%s left %+v", body, event)
	}
}

func TestListConditions(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "home/bob/1", "home/bob/2", "home/eve/1")
	list := func(condition string) string {
		return `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket","Condition":` + condition + `}`
	}
	prefixed := p.client(p.session(t, "prefix", list(`{"StringEquals":{"s3:prefix":["","home/bob/"],"s3:delimiter":"/"}}`)))
	few := p.client(p.session(t, "few", list(`{"NumericLessThanEquals":{"s3:max-keys":"10"}}`)))
	text := aws.String
	cases := []struct {
		client *s3.Client
		input  s3.ListObjectsV2Input
		keys   int // -1: denied
	}{
		{prefixed, s3.ListObjectsV2Input{Prefix: text("home/bob/"), Delimiter: text("/")}, 2},
		{prefixed, s3.ListObjectsV2Input{Prefix: text(""), Delimiter: text("/")}, 0},
		{prefixed, s3.ListObjectsV2Input{Delimiter: text("/")}, -1}, // an absent prefix is not an empty one
		{prefixed, s3.ListObjectsV2Input{Prefix: text("home/bob/")}, -1},
		{prefixed, s3.ListObjectsV2Input{Prefix: text("home/bo"), Delimiter: text("/")}, -1},
		{prefixed, s3.ListObjectsV2Input{Prefix: text("home/eve/"), Delimiter: text("/")}, -1},
		{few, s3.ListObjectsV2Input{MaxKeys: aws.Int32(2)}, 2},
		{few, s3.ListObjectsV2Input{MaxKeys: aws.Int32(11)}, -1},
		{few, s3.ListObjectsV2Input{}, -1},
	}
	for i, c := range cases {
		before := p.backend.count()
		c.input.Bucket = text("bucket")
		out, err := c.client.ListObjectsV2(t.Context(), &c.input)
		if c.keys < 0 {
			p.wantDenied(t, err, before, "s3:ListBucket")
			continue
		}
		if err != nil || len(out.Contents) != c.keys {
			t.Errorf("case %d: %v %v, want %d keys", i, out, err, c.keys)
		}
	}
}

func TestAbsentObject(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "there")
	lister := p.client(p.session(t, "lister", allow("s3:GetObject s3:PutObject", "arn:aws:s3:::bucket/*"), allow("s3:ListBucket", "arn:aws:s3:::bucket")))
	reader := p.client(p.session(t, "reader", allow("s3:GetObject s3:PutObject", "arn:aws:s3:::*")))
	input := &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("absent")}

	_, err := lister.GetObject(t.Context(), input)
	wantError(t, err, "NoSuchKey", 404, "")
	_, err = reader.GetObject(t.Context(), input)
	wantError(t, err, "AccessDenied", 403, `is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::bucket" because`)
	_, err = reader.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("to"), CopySource: aws.String("bucket/absent")})
	wantError(t, err, "AccessDenied", 403, "s3:ListBucket")
	_, err = reader.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("no-such-bucket"), Key: aws.String("absent")})
	wantError(t, err, "NoSuchBucket", 404, "")

	reads := p.session(t, "bare", allow("s3:GetObject", "arn:aws:s3:::bucket/*"))
	for _, c := range []struct {
		target string
		status int
	}{{"/bucket/absent", 403}, {"/bucket/there", 200}, {"/bucket", 403}, {"/no-such-bucket/key", 403}} {
		response, body := p.send(t, reads, rawRequest{method: "HEAD", target: c.target})
		if response.StatusCode != c.status || len(body) > 0 || response.Header.Get("x-amz-request-id") == "" {
			t.Errorf("HEAD %s: %d %q %v", c.target, response.StatusCode, body, response.Header)
		}
	}
}

func TestForeignBucket(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.foreignRoot, "foreign", "key")
	p.fill(t, p.root, "bucket", "key")
	client := p.client(p.root)
	before := p.backend.count()
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("foreign"), Key: aws.String("key")})
	p.wantDenied(t, err, before, "User: arn:aws:iam::"+account+`:root is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::foreign/key" `+
		"because no resource-based policy allows the s3:GetObject action")
	_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("foreign")})
	p.wantDenied(t, err, before, "no resource-based policy")
	_, err = client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), CopySource: aws.String("foreign/key")})
	p.wantDenied(t, err, before, "arn:aws:s3:::foreign/key")
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), ExpectedBucketOwner: aws.String(other)})
	p.wantDenied(t, err, before, "Access Denied")
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), ExpectedBucketOwner: aws.String(account)})
	must(t, err)
}

func TestCopy(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "from/a b+c", "secret")
	client := p.client(p.session(t, "copier", allow("s3:GetObject", "arn:aws:s3:::bucket/from/*"), allow("s3:PutObject", "arn:aws:s3:::bucket/to/*")))
	input := func(source, to string) *s3.CopyObjectInput {
		return &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: &to, CopySource: &source}
	}
	_, err := client.CopyObject(t.Context(), input("bucket/from/a%20b%2Bc", "to/x"))
	must(t, err)
	got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("to/x")})
	must(t, err)
	if content, _ := io.ReadAll(got.Body); string(content) != "from/a b+c" {
		t.Errorf("copied %q", content)
	}
	before := p.backend.count()
	_, err = client.CopyObject(t.Context(), input("bucket/secret", "to/y"))
	p.wantDenied(t, err, before, `s3:GetObject on resource: "arn:aws:s3:::bucket/secret"`)
	_, err = client.CopyObject(t.Context(), input("bucket/from%2F..%2Fsecret", "elsewhere"))
	p.wantDenied(t, err, before, `s3:PutObject on resource: "arn:aws:s3:::bucket/elsewhere"`)
}

func TestMultipart(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	client := p.client(p.session(t, "uploader", allow("s3:PutObject", "arn:aws:s3:::bucket/up/*")))
	ctx, bucket, key := t.Context(), aws.String("bucket"), aws.String("up/big")
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	must(t, err)
	var parts []types.CompletedPart
	content := [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("end")}
	for i, part := range content {
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload.UploadId,
			PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(part)})
		must(t, err)
		parts = append(parts, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	before := p.backend.count()
	_, err = client.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: upload.UploadId})
	p.wantDenied(t, err, before, "s3:ListMultipartUploadParts")
	_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId})
	p.wantDenied(t, err, before, "s3:AbortMultipartUpload")
	_, err = client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	p.wantDenied(t, err, before, "s3:ListBucketMultipartUploads")
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	must(t, err)
	head, err := p.client(p.root).HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
	if err != nil || *head.ContentLength != 5<<20+3 {
		t.Errorf("the object is %v, %v", head, err)
	}
}

func TestDeleteObjects(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "a/1", "a/2", "b/1")
	client := p.client(p.session(t, "deleter", allow("s3:DeleteObject", "arn:aws:s3:::bucket/a/*")))
	input := func(keys ...string) *s3.DeleteObjectsInput {
		d := &types.Delete{}
		for _, key := range keys {
			d.Objects = append(d.Objects, types.ObjectIdentifier{Key: aws.String(key)})
		}
		return &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: d}
	}
	out, err := client.DeleteObjects(t.Context(), input("a/1", "b/1", "a/2"))
	must(t, err)
	if len(out.Deleted) != 2 || *out.Deleted[0].Key != "a/1" || *out.Deleted[1].Key != "a/2" || len(out.Errors) != 1 || *out.Errors[0].Key != "b/1" ||
		*out.Errors[0].Code != "AccessDenied" || !strings.Contains(*out.Errors[0].Message, `s3:DeleteObject on resource: "arn:aws:s3:::bucket/b/1"`) {
		t.Errorf("deleted %v, errors %v", out.Deleted, out.Errors)
	}
	requestID, _ := middleware.GetRequestIDMetadata(out.ResultMetadata)
	if event := p.event(t, requestID); event.ErrorCode != "AccessDenied" || event.Resource != "arn:aws:s3:::bucket/b/1" || event.Decision.Allowed() {
		t.Errorf("the event is %+v", event)
	}
	listed, err := p.client(p.root).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	if err != nil || len(listed.Contents) != 1 || *listed.Contents[0].Key != "b/1" {
		t.Errorf("left are %v, %v", listed, err)
	}
	before := p.backend.count()
	gone := input("b/1")
	gone.Bucket = aws.String("no-such-bucket")
	_, err = p.client(p.root).DeleteObjects(t.Context(), gone)
	wantError(t, err, "NoSuchBucket", 404, "")
	out, err = client.DeleteObjects(t.Context(), input("b/1", "b/2"))
	if err != nil || len(out.Deleted) != 0 || len(out.Errors) != 2 || p.backend.count() != before {
		t.Errorf("deleted %v, errors %v, %v", out.Deleted, out.Errors, err)
	}
}

func TestTamperedBody(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	sum := sha256.Sum256([]byte("what was signed"))
	signed := hex.EncodeToString(sum[:])
	cases := []struct {
		name, code string
		request    rawRequest
	}{
		{"another body", "XAmzContentSHA256Mismatch", rawRequest{body: "what was Signed", hash: signed}},
		{"an empty body", "XAmzContentSHA256Mismatch", rawRequest{hash: signed}},
		{"a long body", "XAmzContentSHA256Mismatch", rawRequest{body: strings.Repeat("x", 1<<20), hash: signed}},
		{"a short body", "IncompleteBody", rawRequest{body: "what was", hash: signed, unsigned: []string{"Content-Length: 15"}}},
		{"Content-MD5", "BadDigest", rawRequest{body: "x", header: []string{"Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg=="}}},
		{"malformed Content-MD5", "InvalidDigest", rawRequest{body: "x", header: []string{"Content-MD5: AAAA"}}},
		{"crc32", "BadDigest", rawRequest{body: "x", hash: "UNSIGNED-PAYLOAD", header: []string{"x-amz-checksum-crc32: AAAAAA=="}}},
		{"crc64nvme", "BadDigest", rawRequest{body: "x", hash: "UNSIGNED-PAYLOAD", header: []string{"x-amz-checksum-crc64nvme: AAAAAAAAAAA="}}},
	}
	for _, c := range cases {
		c.request.method, c.request.target = "PUT", "/bucket/key"
		response, body := p.send(t, p.root, c.request)
		if code, _ := refused(t, response, body); code != c.code || response.StatusCode != 400 {
			t.Errorf("%s: %d %s, want %s", c.name, response.StatusCode, body, c.code)
		}
	}
	listed, err := p.client(p.root).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	if err != nil || len(listed.Contents) != 0 {
		t.Errorf("an object was left: %v, %v", listed, err)
	}
	response, body := p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "what was signed", hash: signed})
	if response.StatusCode != 200 {
		t.Errorf("the signed body: %d %s", response.StatusCode, body)
	}
}

func TestForwardedRequest(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	credentials := p.session(t, "writer", allow("s3:PutObject", "*"))
	response, body := p.send(t, credentials, rawRequest{method: "PUT", target: "/bucket/a%2fb/../%2e?x-id=PutObject", body: "x",
		header: []string{"content-type: text/plain", "x-amz-meta-a: b"},
		unsigned: []string{"X-Openirsa-Account: " + other, "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil", "Forwarded: for=1.2.3.4",
			"X-HTTP-Method-Override: DELETE", "X-Original-URL: /foreign", "Cookie: a=b", "Trailer: x-amz-acl", "Origin: http://evil"}})
	if response.StatusCode != 200 {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	for name := range response.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("the answer has %s", name)
		}
	}
	r := p.backend.last()
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"Content-Length", "Content-Type", "X-Amz-Expected-Bucket-Owner", "X-Amz-Meta-A", "X-Openirsa-Account"}; !slices.Equal(names, want) {
		t.Errorf("the backend got the headers %v, want %v", names, want)
	}
	if r.Header.Get("X-Openirsa-Account") != account || r.URL.Path != "/bucket/a/b/../." || r.URL.RawQuery != "" || r.Method != "PUT" {
		t.Errorf("the backend got %s %s?%s %v", r.Method, r.URL.Path, r.URL.RawQuery, r.Header)
	}
}

func TestUnservedService(t *testing.T) {
	p := newPlane(t)
	before := p.backend.count()
	for _, c := range []struct{ service, contentType, want string }{
		{"dynamodb", "application/x-amz-json-1.0", `"__type":"AccessDeniedException"`},
		{"sqs", "application/x-www-form-urlencoded; charset=utf-8", "<Code>AccessDenied</Code>"},
		{"lambda", "", "The service lambda is not served here."},
		{"s3express", "", "The service s3express is not served here."},
		{strings.Repeat("x", 40), "", "The service unknown is not served here."},
	} {
		response, body := p.send(t, p.root, rawRequest{method: "POST", target: "/", service: c.service, header: []string{"content-type: " + c.contentType}, body: "{}"})
		if response.StatusCode != 403 || !strings.Contains(string(body), c.want) || response.Header.Get("x-amzn-requestid") == "" {
			t.Errorf("%s: %d %s %v", c.service, response.StatusCode, body, response.Header)
		}
		p.event(t, response.Header.Get("x-amzn-requestid"))
	}
	if p.backend.count() != before {
		t.Error("a request reached the backend")
	}
}

func TestRegions(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	for _, name := range []string{"us-east-1", "ap-south-2"} {
		out, err := p.client(p.root).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")},
			func(o *s3.Options) { o.Region = name })
		must(t, err)
		requestID, _ := middleware.GetRequestIDMetadata(out.ResultMetadata)
		if event := p.event(t, requestID); event.Region != name || time.Since(event.Time) > time.Minute {
			t.Errorf("the event is %+v", event)
		}
	}
}

// TestDeadlines: the server's deadlines, here over before anything is read, are lifted for those who may send or fetch an object, and for nobody else.
func TestDeadlines(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "shop")
	server := httptest.NewUnstartedServer(p.door)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout, server.Config.WriteTimeout = time.Minute, time.Nanosecond, time.Nanosecond
	server.Start()
	defer server.Close()
	q := *p
	q.url = server.URL
	content := strings.Repeat("x", 1<<20) // more than a server reads ahead
	put := &s3.PutObjectInput{Bucket: aws.String("shop"), Key: aws.String("k"), Body: strings.NewReader(content)}
	_, err := q.client(p.root).PutObject(t.Context(), put)
	must(t, err)
	out, err := q.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: put.Bucket, Key: put.Key})
	must(t, err)
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); err != nil || string(got) != content {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	reader := q.client(p.session(t, "reader", allow("s3:GetObject", "*")))
	put.Body = strings.NewReader(content)
	if _, err = reader.PutObject(t.Context(), put); err == nil || strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("who may not write is answered after the deadline: %v", err)
	}
}

// TestListBucketsOnAllBuckets: a statement on arn:aws:s3:::* speaks of s3:ListAllMyBuckets, to grant it (S3 User Guide, "Controlling access to a bucket with
// user policies") as to deny it (ceph's s3-tests, test_deny_bucket_actions_in_user_policy). One on a bucket does not.
func TestListBucketsOnAllBuckets(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	_, err := p.client(p.session(t, "granted", allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"))).ListBuckets(ctx, nil)
	must(t, err)
	for role, statements := range map[string][]string{
		"denied":    {allow("s3:*", "*"), `{"Effect":"Deny","Action":"s3:ListAllMyBuckets","Resource":"arn:aws:s3:::*"}`},
		"of-bucket": {allow("s3:*", "arn:aws:s3:::bucket")},
		"elsewhere": {allow("s3:*", "arn:aws-cn:s3:::*")},
	} {
		client := p.client(p.session(t, role, statements...))
		before := p.backend.count()
		_, err := client.ListBuckets(ctx, nil)
		p.wantDenied(t, err, before, "s3:ListAllMyBuckets ")
	}
}
