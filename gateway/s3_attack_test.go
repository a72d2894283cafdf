package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// TestAdministration: the paths under which S3 servers have their administration look like objects, and would be reached with the gateway's own key.
func TestAdministration(t *testing.T) {
	p, o := newOutsidePlane(t)
	for _, r := range []rawRequest{
		{method: "GET", target: "/minio/admin/v3/info"}, {method: "PUT", target: "/minio/admin/v3/import-iam", body: "zip"},
		{method: "DELETE", target: "/minio/admin/v3/x"}, {method: "PUT", target: "/admin/metadata/user/x", body: "{}"},
		{method: "OPTIONS", target: "/minio/admin/v3/info", header: []string{"origin: http://a", "access-control-request-method: GET"}},
	} {
		response, body := p.send(t, p.root, r)
		if code, _ := refused(t, response, body); code != "InvalidBucketName" {
			t.Errorf("%s %s: %d %s", r.method, r.target, response.StatusCode, body)
		}
	}
	// Names that a server may take for others.
	for _, r := range []rawRequest{
		{method: "GET", target: "/bucket/a/../b"}, {method: "GET", target: "/bucket//a"}, {method: "GET", target: "/bucket/%2e%2e/other/key"},
		{method: "DELETE", target: "/bucket/key?uploadId=.."}, {method: "GET", target: "/bucket/key?uploadId=..%2Fother%2Fid"},
		{method: "GET", target: "/bucket/key?versionId=..%2Fx"}, {method: "GET", target: "/bucket?list-type=2&prefix=..%2F"},
		{method: "PUT", target: "/bucket/key", header: []string{"x-amz-copy-source: bucket/../other/key"}},
	} {
		response, body := p.send(t, p.root, r)
		if refused(t, response, body); response.StatusCode != 400 {
			t.Errorf("%s %s: %d %s", r.method, r.target, response.StatusCode, body)
		}
	}
	if o.count() != 0 {
		t.Errorf("%d requests reached the server", o.count())
	}
}

// soldBackend is an S3 whose every bucket changes hands after each look at it.
type soldBackend struct {
	mutex    sync.Mutex
	looks    int
	requests []*http.Request
}

func (b *soldBackend) Owner(string) (string, bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.looks++
	if b.looks == 1 {
		return account, true
	}
	return other, true
}

func (b *soldBackend) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.requests = append(b.requests, r)
}

// TestBucketChangesHands: what was decided about a bucket of one account is not done to its successor of another. A form's file may take as long as
// its sender likes between the two.
func TestBucketChangesHands(t *testing.T) {
	for _, form := range []bool{false, true} {
		sold := &soldBackend{}
		p := newPlaneWith(t, func(c *gateway.Config) { c.S3 = sold })
		var response *http.Response
		if form {
			response, _ = p.post(t, upload{fields: signForm(p.root, time.Now().Add(time.Hour), "up/a"), file: "content"})
		} else {
			response, _ = p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "content"})
		}
		if response.StatusCode >= 300 || len(sold.requests) != 1 {
			t.Fatalf("form %v: %d, %d requests", form, response.StatusCode, len(sold.requests))
		}
		got := sold.requests[0].Header
		if got.Get("X-Amz-Expected-Bucket-Owner") != account || got.Get("X-Openirsa-Account") != account {
			t.Errorf("form %v: the server is told %v", form, got)
		}
	}
}

// TestCopyNeedsTagsOfSource: whether a copy takes tags along shows at its source, not at what was there before.
func TestCopyNeedsTagsOfSource(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "plain")
	put := func(key string) {
		_, err := p.client(p.root).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Tagging: aws.String("team=a")})
		must(t, err)
	}
	put("tagged")
	put("old")
	reader := p.client(p.session(t, "reader", allow("s3:GetObject s3:PutObject s3:GetObjectTagging", "arn:aws:s3:::bucket/*")))
	bare := p.client(p.session(t, "bare", allow("s3:GetObject s3:PutObject", "arn:aws:s3:::bucket/*")))
	copyTo := func(c *s3.Client, source, key string) error {
		_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: &key, CopySource: aws.String("bucket/" + source)})
		return err
	}
	before := p.backend.count()
	wantError(t, copyTo(reader, "tagged", "new"), "AccessDenied", 403, "s3:PutObjectTagging")
	for _, r := range p.backend.requests[before:] {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s reached the backend", r.Method, r.URL)
		}
	}
	must(t, copyTo(bare, "plain", "old")) // whose tags go, with the object
}

// TestRedirect: a server that sends elsewhere has not done what it was asked.
func TestRedirect(t *testing.T) {
	p, o := newOutsidePlane(t)
	p.fill(t, p.root, "bucket")
	policy := bucketPolicy("Deny", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`)
	_, err := p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: policy})
	must(t, err)
	for _, status := range []int{301, 302, 307} {
		o.become(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://secret.example/bucket")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<Error><Code>TemporaryRedirect</Code><Message>secret</Message><Endpoint>secret.example</Endpoint></Error>")
		})
		response, body := p.send(t, p.root, rawRequest{method: "DELETE", target: "/bucket"})
		if code, _ := refused(t, response, body); code != "InternalError" || response.Header.Get("Location") != "" || strings.Contains(string(body), "secret") {
			t.Errorf("%d: the client gets %d %v %s", status, response.StatusCode, response.Header, body)
		}
	}
	response, body := p.post(t, upload{fields: signForm(p.root, time.Now().Add(time.Hour), "up/a"), file: "content"})
	if code, _ := refused(t, response, body); code != "InternalError" {
		t.Errorf("a form is answered %d %s", response.StatusCode, body)
	}
	p.logs.Reset()
	kept, err := p.directory.GetResourcePolicy(t.Context(), iam.Root("aws", account), iam.ResourcePolicyInput{Access: iam.Access{Action: "s3:GetBucketPolicy", Resource: "arn:aws:s3:::bucket"}})
	if err != nil || kept.Document == "" {
		t.Errorf("the policy of the bucket is gone: %v", err)
	}
}

// TestAnswersOfServer: what passes tells of the object, and nothing of the server.
func TestAnswersOfServer(t *testing.T) {
	p, o := newOutsidePlane(t)
	var status int
	var document string
	o.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, value := range map[string]string{"Alt-Svc": `h2="secret:1"`, "X-Minio-Deployment-Id": "secret", "Via": "secret", "Location": "http://secret/bucket",
			"Www-Authenticate": "secret", "Link": "<http://secret>", "Refresh": "0; url=http://secret", "Set-Cookie": "secret=1", "X-Amz-Meta-A": "b", "Etag": `"e"`} {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, document)
	})
	send := func(r rawRequest) (*http.Response, string) {
		t.Helper()
		response, body := p.send(t, p.root, r)
		if text := fmt.Sprint(response.Header, string(body)); strings.Contains(text, "secret") {
			t.Errorf("%s %s is answered %s", r.method, r.target, text)
		}
		return response, string(body)
	}
	complete := rawRequest{method: "POST", target: "/bucket/a%20b?uploadId=u", header: []string{"x-amz-checksum-crc32: AAAAAA=="}, body: "<CompleteMultipartUpload/>"}
	duplicate := rawRequest{method: "PUT", target: "/bucket/a", header: []string{"x-amz-copy-source: bucket/b", "x-amz-tagging-directive: REPLACE"}}

	status, document = 200, "content"
	if response, body := send(rawRequest{method: "GET", target: "/bucket/key"}); body != "content" || response.Header.Get("X-Amz-Meta-A") != "b" || response.Header.Get("Etag") != `"e"` {
		t.Errorf("an object is answered %v %s", response.Header, body)
	}
	if response, _ := send(rawRequest{method: "PUT", target: "/newbucket"}); response.StatusCode != 200 || response.Header.Get("Location") != "/newbucket" {
		t.Errorf("a new bucket is answered %v", response.Header)
	}
	document = "<CompleteMultipartUploadResult><Location>http://secret:9000/bucket/a b</Location><ETag>e</ETag></CompleteMultipartUploadResult>"
	// Its checksum is the object's, and not that of the document (Amazon S3 API Reference, CompleteMultipartUpload).
	if response, body := send(complete); response.StatusCode != 200 || !strings.Contains(body, "<Location>"+p.url+"/bucket/a%20b</Location><ETag>e</ETag>") {
		t.Errorf("an upload's end is answered %d %s", response.StatusCode, body)
	}
	// These may fail after the status has been sent (API Reference, CopyObject and CompleteMultipartUpload).
	for code, want := range map[string]int{"InternalError": 500, "SlowDown": 503, "NoSuchUpload": 404, "EntityTooSmall": 400} {
		document = " \n<Error><Code>" + code + "</Code><Message>words</Message><HostId>secret</HostId></Error>"
		for _, r := range []rawRequest{complete, duplicate} {
			response, body := send(r)
			got, _ := refused(t, response, []byte(body))
			event := p.event(t, response.Header.Get("x-amz-request-id"))
			if got != code || response.StatusCode != want || event.ErrorCode != code {
				t.Errorf("%s in a success is answered %d %s; the trail has %q", code, response.StatusCode, body, event.ErrorCode)
			}
		}
	}
	p.logs.Reset()
}

// TestNothingButRefusals sends what once made the way to the server fail, or reached it.
func TestNothingButRefusals(t *testing.T) {
	p, o := newOutsidePlane(t)
	var whole atomic.Int32
	o.become(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			whole.Add(1)
		}
	})
	host := strings.TrimPrefix(p.url, "http://")
	presigned := func(method, query string) rawRequest {
		signed := &sigv4.Request{Method: method, Path: "/bucket/key", RawQuery: query, Host: host, Header: map[string][]string{}, PayloadHash: sigv4.UnsignedPayload}
		query, err := sigv4.Presign(signed, p.root, region, "s3", time.Now(), time.Minute)
		must(t, err)
		return rawRequest{method: method, target: "/bucket/key?" + query, noSignature: true, body: "x"}
	}
	chunked := func(trailer string) rawRequest {
		return rawRequest{method: "PUT", target: "/bucket/key", hash: sigv4.StreamingUnsignedTrailer, body: "1\r\na\r\n0\r\n" + trailer + "\r\n\r\n",
			header: []string{"x-amz-decoded-content-length: 1", "x-amz-trailer: x-amz-checksum-crc32"}}
	}
	for name, c := range map[string]struct {
		request rawRequest
		code    string
	}{
		"a line in a header's name":           {presigned("PUT", "x-amz-meta-a%0D%0Ax-evil=1"), "InvalidRequest"},
		"letters of no header's name":         {presigned("PUT", "x-amz-meta-%C3%A9=1"), "InvalidRequest"},
		"a payload form in the query":         {presigned("PUT", "x-amz-content-sha256=STREAMING-UNSIGNED-PAYLOAD-TRAILER&x-amz-decoded-content-length=1"), "InvalidArgument"},
		"a carriage return in a trailer":      {chunked("x-amz-checksum-crc32:6Le+\rQw=="), "MalformedTrailerError"},
		"a trailer that is not as one writes": {chunked("x-amz-checksum-crc32:6Le+Qx=="), "InvalidRequest"},
		"S3 Control":                          {rawRequest{method: "GET", target: "/v20180820/bucket/x", header: []string{"x-amz-account-id: " + account}}, "NotImplemented"},
		"an answer's headers for a stranger":  {rawRequest{method: "GET", target: "/bucket/key?response-content-type=text%2Fhtml", noSignature: true}, "InvalidRequest"},
	} {
		response, body := p.send(t, p.root, c.request)
		if code, _ := refused(t, response, body); code != c.code || response.StatusCode == 500 {
			t.Errorf("%s: %d %s, want %s", name, response.StatusCode, body, c.code)
		}
	}
	if n := whole.Load(); n != 0 {
		t.Errorf("%d requests reached the server to their end", n)
	}
}

// TestPolicyOfAbsentBucket: who may not put a policy learns nothing of what is there, and makes the server do nothing.
func TestPolicyOfAbsentBucket(t *testing.T) {
	p, o := newOutsidePlane(t)
	nobody := p.session(t, "nobody")
	before := o.count()
	for _, r := range []rawRequest{{method: "PUT", target: "/absent?policy", body: *bucketPolicy("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::absent/*"`)}, {method: "DELETE", target: "/absent?policy"}} {
		response, body := p.send(t, nobody, r)
		if code, _ := refused(t, response, body); code != "AccessDenied" || o.count() != before {
			t.Errorf("%s: %d %s; %d requests", r.method, response.StatusCode, body, o.count()-before)
		}
		response, body = p.send(t, p.root, r)
		if code, _ := refused(t, response, body); code != "NoSuchBucket" {
			t.Errorf("%s by root: %d %s", r.method, response.StatusCode, body)
		}
		events, err := p.events.Find(t.Context(), response.Header.Get("x-amz-request-id"))
		if err != nil || !slices.ContainsFunc(events, func(e trail.Event) bool { return e.ErrorCode == "NoSuchBucket" }) {
			t.Errorf("%s by root: the trail has %+v, %v", r.method, events, err)
		}
		before = o.count()
	}
}

// TestPassRole: the role that is to replicate is passed, and one of another account cannot be.
func TestPassRoleToReplicate(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(http.ResponseWriter, *http.Request) {})
	some := p.session(t, "some", allow("s3:*", "*"), allow("iam:PassRole", "arn:aws:iam::"+account+":role/replica"), allow("iam:PassRole", "arn:aws:iam::*:role/any"))
	for role, status := range map[string]int{account + ":role/replica": 200, account + ":role/another": 403, account + ":role/any": 200,
		other + ":role/any": 403, "999999999999:role/any": 403} {
		response, body := p.send(t, some, rawRequest{method: "PUT", target: "/bucket?replication",
			body: "<ReplicationConfiguration><Role>arn:aws:iam::" + role + "</Role></ReplicationConfiguration>"})
		if response.StatusCode != status {
			t.Errorf("%s: %d %s, want %d", role, response.StatusCode, body, status)
		}
	}
}

// TestFormLimits: what stands before a form's file is bounded, the headers of its parts with it. Nobody is known yet.
func TestFormLimits(t *testing.T) {
	p := newPlane(t)
	for name, part := range map[string]string{
		"one long header":     "Content-Disposition: form-data; name=a\r\nX-Long: " + strings.Repeat("x", 1<<20) + "\r\n\r\n1\r\n--b\r\n",
		"many fields":         strings.Repeat("Content-Disposition: form-data; name=a\r\n\r\n\r\n--b\r\n", 5000),
		"a long introduction": "\r\n" + strings.Repeat("x\r\n", 1<<18),
	} {
		body := "--b\r\n" + part + "Content-Disposition: form-data; name=file\r\n\r\nx\r\n--b--\r\n"
		if name == "a long introduction" {
			body = part + body
		}
		response, document := p.wire(t, "POST", fmt.Sprintf("POST /bucket HTTP/1.1\r\nHost: s3\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		if code, _ := refused(t, response, document); code != "MaxPostPreDataLengthExceeded" {
			t.Errorf("%s: %d %s", name, response.StatusCode, document)
		}
	}
}

// TestTokenOfForm: a form whose policy has a token other than its own is refused without a word of it, to the client or in the trail.
func TestTokenOfForm(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	fields := signForm(p.root, time.Now().Add(time.Hour), "up/a", `{"x-amz-security-token": "FwoGsecret"}`)
	response, body := p.post(t, upload{fields: fields, file: "content"})
	event := p.event(t, response.Header.Get("x-amz-request-id"))
	if code, _ := refused(t, response, body); code != "AccessDenied" || strings.Contains(string(body)+fmt.Sprintf("%+v", event), "FwoGsecret") {
		t.Errorf("%d %s; %+v", response.StatusCode, body, event)
	}
}

// TestResourceAccount: each call has the owner of its own bucket for s3:ResourceAccount, in the keys that the trail keeps too.
func TestResourceAccount(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	p.fill(t, p.foreignRoot, "foreign", "key")
	_, err := p.client(p.foreignRoot).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("foreign"),
		Policy: bucketPolicy("Allow", `{"AWS":"`+account+`"}`, `"s3:GetObject"`, `"arn:aws:s3:::foreign/*"`)})
	must(t, err)
	at := func(action, account string) string {
		return `{"Effect":"Allow","Action":"` + action + `","Resource":"*","Condition":{"StringEquals":{"s3:ResourceAccount":"` + account + `"}}}`
	}
	input := &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("to"), CopySource: aws.String("foreign/key"), TaggingDirective: "REPLACE"}
	_, err = p.client(p.session(t, "right", at("s3:GetObject", other), at("s3:PutObject", account))).CopyObject(t.Context(), input)
	must(t, err)
	_, err = p.client(p.session(t, "wrong", at("s3:GetObject", account), at("s3:PutObject", account))).CopyObject(t.Context(), input)
	wantError(t, err, "AccessDenied", 403, "s3:GetObject")
}

// TestHostedLocation: the address of a new object is one at which its client finds it, in either style.
func TestHostedLocation(t *testing.T) {
	p := newPlaneWith(t, func(c *gateway.Config) { c.S3Domains = []string{"s3.test"} })
	p.backend.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><Location>x</Location></CompleteMultipartUploadResult>")
	})
	for host, target := range map[string]string{"bucket.s3.test": "/a%26b", "s3.test": "/bucket/a%26b"} {
		_, body := p.send(t, p.root, rawRequest{method: "POST", host: host, target: target + "?uploadId=u", body: "<CompleteMultipartUpload/>"})
		if want := "<Location>http://" + host + target + "</Location>"; !strings.Contains(string(body), want) {
			t.Errorf("%s: %s", host, body)
		}
	}
}

// TestReferer: bucket policies that open a bucket to the visitors of one site ask for aws:Referer (Amazon S3 User Guide, "Examples of Amazon S3 bucket
// policies", "Restricting access to specific HTTP referers").
func TestReferer(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	_, err := p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*",
		"Condition":{"StringLike":{"aws:Referer":"http://site.example/*"}}}]}`)})
	must(t, err)
	for _, c := range []struct {
		header []string
		status int
	}{
		{[]string{"Referer: http://site.example/page"}, 200}, {[]string{"Referer: http://other.example/"}, 403}, {nil, 403},
		{[]string{"Referer: http://site.example/page", "Referer: http://other.example/"}, 403},
	} {
		if response, body := p.send(t, p.root, rawRequest{method: "GET", target: "/bucket/key", noSignature: true, unsigned: c.header}); response.StatusCode != c.status {
			t.Errorf("%v: %d %s", c.header, response.StatusCode, body)
		}
	}
}

// TestBucketMadeAgain: where a server calls it a success to make a bucket that is there, what is known of the bucket stays.
func TestBucketMadeAgain(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket?tagging", body: "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>"})
	for _, body := range []string{"", "<CreateBucketConfiguration><Tags><Tag><Key>team</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>"} {
		response, document := p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket", body: body})
		tags, err := p.directory.ResourceTags(t.Context(), account, "arn:aws:s3:::bucket")
		if err != nil || response.StatusCode != 200 || tags["team"] != "a" {
			t.Errorf("%d %s; the tags are %v, %v", response.StatusCode, document, tags, err)
		}
	}
}

// TestStrangersDocument: a document of a stranger whom no policy lets in is not waited for.
func TestStrangersDocument(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	p.keepOpen = true // the document never comes
	for _, target := range []string{"/bucket?delete", "/absent?delete", "/newbucket"} {
		method := "POST"
		if target == "/newbucket" {
			method = "PUT"
		}
		response, body := p.wire(t, method, method+" "+target+" HTTP/1.1\r\nHost: s3\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n")
		if code, _ := refused(t, response, body); code != "AccessDenied" {
			t.Errorf("%s: %d %s", target, response.StatusCode, body)
		}
	}
}

// TestDeleteAnsweredByError: what a server says of the keys that it was to delete is not made up.
func TestDeleteAnsweredByError(t *testing.T) {
	p := newPlane(t)
	p.backend.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "<Error><Code>SlowDown</Code></Error>")
	})
	some := p.session(t, "some", allow("s3:DeleteObject", "arn:aws:s3:::bucket/a"))
	response, body := p.send(t, some, rawRequest{method: "POST", target: "/bucket?delete", body: "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"})
	if code, _ := refused(t, response, body); code != "InternalError" || response.StatusCode != 500 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	p.logs.Reset()
}

// TestExpectedOwnerIsNoOracle: only who may use a bucket learns whether it is the expected account's.
func TestExpectedOwnerIsNoOracle(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.foreignRoot, "foreign")
	nobody := p.session(t, "nobody")
	var answers []string
	for _, owner := range []string{other, account} {
		response, body := p.send(t, nobody, rawRequest{method: "GET", target: "/foreign?policy", header: []string{"x-amz-expected-bucket-owner: " + owner}})
		code, message := refused(t, response, body)
		answers = append(answers, code+" "+message)
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers are %q", answers)
	}
}
