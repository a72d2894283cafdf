package awsmodel

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// testOptions are those of the tables: two domains, of which one is under the other, and a time.
func testOptions() S3Options {
	return S3Options{Partition: "aws", Domains: []string{"localhost", "s3.localhost", "s3.us-east-1.amazonaws.com"},
		Now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
}

// wire is a request in the short form of the tables below: "METHOD target" and "name: value" headers.
func wire(line string, headers ...string) Request {
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	r := Request{Method: method, Path: path, RawQuery: query, Header: map[string][]string{}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return r
}

func hosted(r Request, host string) Request {
	r.Host = host
	return r
}

// describe puts calls into one line each: the action, the resource and the condition keys in order.
func describe(calls []Call) []string {
	var lines []string
	for _, c := range calls {
		line := c.Action + " " + c.Resource
		if c.WildcardOnly {
			line += " (wildcard only)"
		}
		if c.OnlyIfTagged {
			line += " (if tagged)"
		}
		for _, key := range slices.Sorted(maps.Keys(c.Keys)) {
			line += " " + key + "=" + strings.Join(c.Keys[key], "|")
		}
		lines = append(lines, line)
	}
	return lines
}

func TestClassifyS3(t *testing.T) {
	const write = "s3:PutObject arn:aws:s3:::bucket/key s3:ObjectCreationOperation="
	cases := []struct {
		request Request
		name    string
		calls   []string
	}{
		{wire("GET /"), "ListBuckets", []string{"s3:ListAllMyBuckets arn:aws:s3:::* (wildcard only)"}},
		{wire("GET /?x-id=ListBuckets&max-buckets=5"), "ListBuckets", []string{"s3:ListAllMyBuckets arn:aws:s3:::* (wildcard only)"}},
		{wire("DELETE /bucket"), "DeleteBucket", []string{"s3:DeleteBucket arn:aws:s3:::bucket"}},
		{wire("HEAD /bucket/"), "HeadBucket", []string{"s3:ListBucket arn:aws:s3:::bucket"}},
		{wire("GET /bucket?location"), "GetBucketLocation", []string{"s3:GetBucketLocation arn:aws:s3:::bucket"}},
		{wire("GET /bucket"), "ListObjects", []string{"s3:ListBucket arn:aws:s3:::bucket"}},
		{wire("GET /bucket?prefix=&delimiter=%2F&marker=a"), "ListObjects",
			[]string{"s3:ListBucket arn:aws:s3:::bucket s3:delimiter=/ s3:prefix="}},
		{wire("GET /bucket?prefix=a+b%2Bc%20d"), "ListObjects", []string{"s3:ListBucket arn:aws:s3:::bucket s3:prefix=a b+c d"}},
		{wire("GET /bucket/?list-type=2&prefix=home%2Fbob%20b&max-keys=7&encoding-type=url&fetch-owner=true"), "ListObjectsV2",
			[]string{"s3:ListBucket arn:aws:s3:::bucket s3:max-keys=7 s3:prefix=home/bob b"}},
		{wire("GET /bucket/key?x-id=GetObject", "Range: bytes=0-1", "x-amz-checksum-mode: ENABLED"), "GetObject",
			[]string{"s3:GetObject arn:aws:s3:::bucket/key"}},
		{wire("HEAD /bucket/key"), "HeadObject", []string{"s3:GetObject arn:aws:s3:::bucket/key"}},
		{wire("PUT /bucket/key", "Content-Type: text/plain", "X-Amz-Meta-A: b"), "PutObject", []string{write + "true"}},
		{wire("PUT /bucket/key", "x-amz-acl: bucket-owner-full-control", "x-amz-storage-class: STANDARD_IA"), "PutObject",
			[]string{write + "true s3:x-amz-acl=bucket-owner-full-control s3:x-amz-storage-class=STANDARD_IA", "s3:PutObjectAcl arn:aws:s3:::bucket/key s3:x-amz-acl=bucket-owner-full-control"}},
		{wire("PUT /bucket/key", `If-Match: "e"`), "PutObject", []string{write + `true s3:if-match="e"`, "s3:GetObject arn:aws:s3:::bucket/key"}},
		{wire("PUT /bucket/key", "If-None-Match: *"), "PutObject", []string{write + "true s3:if-none-match=*"}},
		{wire("PUT /bucket/key?x-id=CopyObject", "x-amz-copy-source: /other/a%20b/%2e%2e", "x-amz-metadata-directive: REPLACE"), "CopyObject",
			[]string{"s3:GetObject arn:aws:s3:::other/a b/..", write + "true s3:x-amz-copy-source=other/a b/.. s3:x-amz-metadata-directive=REPLACE",
				"s3:GetObjectTagging arn:aws:s3:::other/a b/.. (if tagged)", "s3:PutObjectTagging arn:aws:s3:::bucket/key (if tagged)"}},
		{wire("DELETE /bucket/key"), "DeleteObject", []string{"s3:DeleteObject arn:aws:s3:::bucket/key"}},
		{wire("POST /bucket/key?uploads"), "CreateMultipartUpload", []string{write + "false"}},
		{wire("PUT /bucket/key?partNumber=10000&uploadId=u"), "UploadPart", []string{write + "false"}},
		{wire("PUT /bucket/key?partNumber=1&uploadId=u", "x-amz-copy-source: other/k", "x-amz-copy-source-range: bytes=0-9"), "UploadPartCopy",
			[]string{"s3:GetObject arn:aws:s3:::other/k", write + "false s3:x-amz-copy-source=other/k"}},
		{wire("POST /bucket/key?uploadId=u"), "CompleteMultipartUpload", []string{write + "true"}},
		{wire("DELETE /bucket/key?uploadId=u"), "AbortMultipartUpload", []string{"s3:AbortMultipartUpload arn:aws:s3:::bucket/key"}},
		{wire("GET /bucket/key?uploadId=u&max-parts=2"), "ListParts", []string{"s3:ListMultipartUploadParts arn:aws:s3:::bucket/key"}},
		{wire("GET /bucket?uploads&prefix=a"), "ListMultipartUploads", []string{"s3:ListBucketMultipartUploads arn:aws:s3:::bucket"}},
		// A presigned URL carries its signature, and headers that the signer moved, in the query.
		{wire("GET /bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=a%2Fb&x-amz-checksum-mode=ENABLED"), "GetObject",
			[]string{"s3:GetObject arn:aws:s3:::bucket/key"}},
		// Keys are text: nothing is cleaned, and decoded only once.
		{wire("GET /bucket/../other/key"), "GetObject", []string{"s3:GetObject arn:aws:s3:::bucket/../other/key"}},
		{wire("GET /bucket/%2e%2e/%252e//"), "GetObject", []string{"s3:GetObject arn:aws:s3:::bucket/../%2e//"}},
		{wire("GET /bucket//key"), "GetObject", []string{"s3:GetObject arn:aws:s3:::bucket//key"}},
		{wire("GET /bucket/a+b%3Fc%C3%A9"), "GetObject", []string{"s3:GetObject arn:aws:s3:::bucket/a+b?cé"}},
	}
	for _, c := range cases {
		o, err := ClassifyS3(c.request, testOptions())
		if err != nil {
			t.Errorf("%s %s?%s: %v", c.request.Method, c.request.Path, c.request.RawQuery, err)
			continue
		}
		if got := describe(o.Calls); o.Name != c.name || !slices.Equal(got, c.calls) {
			t.Errorf("%s %s?%s is %s %q, want %s %q", c.request.Method, c.request.Path, c.request.RawQuery, o.Name, got, c.name, c.calls)
		}
		checkRebuild(t, o)
	}
}

// checkRebuild holds that the canonical request of an operation means the same operation, to us and to a backend that reads it as
// net/url does.
func checkRebuild(t *testing.T, o S3Operation) {
	t.Helper()
	r := o.Request()
	again, err := ClassifyS3(r, testOptions())
	if err != nil {
		t.Fatalf("the canonical request %s %s?%s is not understood: %v", r.Method, r.Path, r.RawQuery, err)
	}
	o.Framing = Framing{}
	if !reflect.DeepEqual(o, again) {
		t.Fatalf("the canonical request %s %s?%s means %+v, want %+v", r.Method, r.Path, r.RawQuery, again, o)
	}
	path, err := url.PathUnescape(r.Path)
	want := "/" + o.Bucket
	if o.Key != "" {
		want += "/" + o.Key
	}
	if err != nil || path != want {
		t.Fatalf("net/url reads %q from %q (%v), want %q", path, r.Path, err, want)
	}
	values, err := url.ParseQuery(r.RawQuery)
	if err != nil || len(values) != len(o.Query) {
		t.Fatalf("net/url reads %v from %q (%v), want %v", values, r.RawQuery, err, o.Query)
	}
	for name, value := range o.Query {
		if !slices.Equal(values[name], []string{value}) {
			t.Fatalf("net/url reads %q for %s, want %q", values[name], name, value)
		}
	}
}

func TestClassifyS3Refuses(t *testing.T) {
	long := strings.Repeat("k", maxKey+1)
	cases := []struct {
		request Request
		code    string
	}{
		{wire("GET //bucket/key"), "InvalidBucketName"},
		{wire("GET //"), "InvalidBucketName"},
		{wire("GET bucket/key"), "InvalidURI"},
		{wire("GET http://bucket/key"), "InvalidURI"},
		{wire("GET /../bucket/key"), "InvalidBucketName"},
		{wire("GET /%2e%2e/bucket"), "InvalidBucketName"},
		{wire("GET /buck%65t/key"), "InvalidBucketName"},
		{wire("GET /bucket%2Fkey"), "InvalidBucketName"},
		{wire("GET /Bucket/key"), "InvalidBucketName"},
		{wire("GET /bu/key"), "InvalidBucketName"},
		{wire("GET /192.168.5.4/key"), "InvalidBucketName"},
		{wire("GET /buc..ket/key"), "InvalidBucketName"},
		{wire("GET /bucket-/key"), "InvalidBucketName"},
		{wire("GET /name--x-s3/key"), "InvalidBucketName"},
		{wire("GET /xn--name/key"), "InvalidBucketName"},
		{wire("GET /" + strings.Repeat("b", 64)), "InvalidBucketName"},
		{wire("GET /bucket/%00"), "InvalidURI"},
		{wire("GET /bucket/%ff"), "InvalidURI"},
		{wire("GET /bucket/%c0%ae"), "InvalidURI"},
		{wire("GET /bucket/%2"), "InvalidURI"},
		{wire("GET /bucket/%zz"), "InvalidURI"},
		{wire("GET /bucket/a b"), "InvalidURI"},
		{wire("GET /bucket/a#b"), "InvalidURI"},
		{wire("GET /bucket/a\\b"), "InvalidURI"},
		{wire("GET /bucket/é"), "InvalidURI"},
		{wire("GET /bucket/" + long), "KeyTooLongError"},
		{wire("GET /bucket/" + strings.Repeat(long, 9)), "KeyTooLongError"},
		// Sub-resources, parameters and headers that are not modelled.
		{wire("DELETE /bucket?location"), "InvalidRequest"},
		{wire("GET /bucket/key?Prefix=a"), "InvalidRequest"},
		{wire("GET /bucket?uploads&uploadId=u"), "InvalidRequest"},
		{wire("GET /bucket?uploads&list-type=2"), "InvalidRequest"},
		{wire("PUT /bucket/key?uploads&uploadId=u&partNumber=1"), "InvalidRequest"},
		{wire("POST /bucket/key?uploads&uploadId=u"), "InvalidRequest"},
		{wire("GET /bucket?x-id=GetObject"), "InvalidRequest"},
		{wire("GET /bucket/key?x-amz-checksum-mode=ENABLED"), "InvalidRequest"},
		{wire("GET /bucket?list-type=1"), "InvalidArgument"},
		{wire("GET /bucket?uploads=1"), "InvalidArgument"},
		{wire("GET /bucket?max-keys=-1"), "InvalidArgument"},
		{wire("GET /bucket?max-keys=%2B1"), "InvalidArgument"},
		{wire("GET /bucket?max-keys=01"), "InvalidArgument"},
		{wire("GET /bucket?max-keys="), "InvalidArgument"},
		{wire("GET /bucket?prefix=%00"), "InvalidArgument"},
		{wire("GET /bucket/key?response-content-type=a%0D%0Ab"), "InvalidArgument"},
		{wire("PUT /bucket/key?uploadId=u"), "MethodNotAllowed"},
		{wire("PUT /bucket/key?uploadId=&partNumber=1"), "InvalidArgument"},
		{wire("PUT /bucket/key?partNumber=1"), "InvalidArgument"},
		{wire("GET /bucket?prefix=a&prefix=b"), "InvalidArgument"},
		{wire("GET /bucket?prefix=a&%70refix=b"), "InvalidArgument"},
		{wire("GET /bucket?X-Amz-Signature=a&X-Amz-Signature=a"), "InvalidArgument"},
		{wire("GET /bucket?prefix=a;list-type=2"), "InvalidURI"},
		{wire("GET /bucket?prefix=%f"), "InvalidURI"},
		{wire("GET /bucket?prefix=%ff"), "InvalidURI"},
		{wire("GET /bucket?&&"), "InvalidURI"},
		{wire("GET /bucket?prefix=" + strings.Repeat("a", maxQuery)), "InvalidURI"},
		{wire("GET /bucket?prefix=" + strings.Repeat("a", maxParameter+1)), "InvalidArgument"},
		{wire("POST /bucket"), "PreconditionFailed"},
		{wire("POST /bucket/key"), "MethodNotAllowed"},
		{wire("POST /"), "MethodNotAllowed"},
		{wire("PUT /"), "MethodNotAllowed"},
		{wire("PATCH /bucket/key"), "MethodNotAllowed"},
		{wire("get /bucket/key"), "MethodNotAllowed"},
		{wire("GET /bucket/key", "x-amz-copy-source: a/b"), "InvalidArgument"},
		{wire("GET /bucket/key", "x-amz-website-redirect-location: /"), "InvalidRequest"},
		{wire("PUT /bucket/key", "x-amz-unheard-of: 1"), "InvalidRequest"},
		{wire("PUT /bucket/key", "content-range: bytes 0-1/2"), "InvalidRequest"},
		{wire("PUT /bucket/key", "if-modified-since: now"), "InvalidRequest"},
		{wire("GET /bucket/key", "if-range: e"), "InvalidRequest"},
		{wire("PUT /bucket/key", "content-encoding: gzip,aws-chunked"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-meta-a: b", "X-Amz-Meta-A: c"), "InvalidRequest"},
		{wire("GET /bucket/key", "range: bytes=0-0", "range: bytes=1-1"), "InvalidRequest"},
		{wire("GET /bucket/key?X-Amz-Signature=a&x-amz-checksum-mode=ENABLED", "x-amz-checksum-mode: ENABLED"), "InvalidRequest"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: "), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: //other/key"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other%2Fkey"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/a+b"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/%ff"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/%00"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/"+long), "InvalidArgument"},
		{wire("GET /bucket/key?X-Amz-Signature=a&x-amz-checksum-mode=ENABLED&X-Amz-Checksum-Mode=ENABLED"), "InvalidArgument"},
		{wire("PUT /bucket/key?X-Amz-Signature=a&X-Amz-Content-Sha256=0"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: arn:aws:s3:us-east-1:1:accesspoint/a/object/key"), "InvalidArgument"},
		// Two sub-resources, and sub-resources with values.
		{wire("GET /bucket?acl&policy"), "InvalidRequest"},
		{wire("GET /bucket/key?acl&tagging"), "InvalidRequest"},
		{wire("PUT /bucket?acl&versioning"), "InvalidRequest"},
		{wire("DELETE /bucket?policy&tagging"), "InvalidRequest"},
		{wire("GET /bucket?acl=1"), "InvalidArgument"},
		{wire("GET /bucket?policy=&x-id=GetBucketAcl"), "InvalidRequest"},
		{wire("GET /bucket/key?uploadId=u&versionId=v"), "InvalidRequest"},
		{wire("GET /bucket?policy&versionId=v"), "InvalidRequest"},
		{wire("GET /bucket/key?versionId=&versionId=v"), "InvalidArgument"},
		{wire("GET /bucket/key?versionId=v&versionId="), "InvalidArgument"},
		{wire("PUT /bucket/key?versionId=v"), "InvalidRequest"},
		{wire("GET /bucket?analytics&id=a&continuation-token=b"), "InvalidRequest"},
		{wire("PUT /bucket?analytics"), "InvalidArgument"},
		{wire("DELETE /bucket?inventory&id="), "InvalidArgument"},
		{wire("GET /bucket?sub-resource-of-tomorrow"), "InvalidRequest"},
		{wire("POST /bucket/key?select"), "InvalidArgument"},
		{wire("POST /bucket/key?select&select-type=1"), "InvalidArgument"},
		{wire("GET /bucket?max-keys=9223372036854775808"), "InvalidArgument"},
		// Values that a policy and a server may read differently.
		{wire("PUT /bucket/key", "x-amz-acl: Public-Read"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-acl: "), "InvalidArgument"},
		{wire("PUT /bucket/key?X-Amz-Signature=a&x-amz-acl=%20public-read"), "InvalidArgument"},
		{wire("PUT /bucket/key?X-Amz-Signature=a&x-amz-storage-class=STANDARD%09"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-grant-write: id=1"), "InvalidRequest"}, // a bucket's only
		{wire("PUT /bucket/key", "x-amz-server-side-encryption: "), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-server-side-encryption: aes256"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-storage-class: glacier"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-object-lock-mode: governance"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-object-lock-retain-until-date: tomorrow"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-object-lock-event-hold-duration-days: +7"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-object-lock-event-hold-duration-years: 7"), "InvalidRequest"},
		{wire("PUT /bucket", "x-amz-object-ownership: bucketownerenforced"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-tagging: a=1&a=2"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-tagging: a=1&A=2"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-tagging: =1"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-tagging: a%=1"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-tagging: a=%00"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key?versionId="), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key?versionId=1?versionId=2"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key?x=1"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key%3FversionId%3D1?versionId=2"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key%3FversionId%3D"), "InvalidArgument"},
		{wire("PUT /bucket/key", "x-amz-copy-source: other/key%3FVersionID%3D1"), "InvalidArgument"},
		// Bodies in chunks.
		{wire("PUT /bucket/key", "x-amz-trailer: x-amz-checksum-crc32"), "InvalidRequest"},
		{wire("PUT /bucket/key", "content-encoding: aws-chunked"), "InvalidArgument"},
		{wire("PUT /bucket/key?tagging", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER"), "InvalidRequest"},
		{wire("GET /bucket/key", "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), "InvalidRequest"},
		{wire("PUT /bucket/key", "x-amz-content-sha256: a", "X-Amz-Content-Sha256: b"), "InvalidRequest"},
		// Known, and refused whole.
		{wire("GET /?max-directory-buckets=1"), "NotImplemented"},
		{wire("GET /bucket?session"), "NotImplemented"},
		{wire("PUT /bucket/key?renameObject", "x-amz-rename-source: other"), "NotImplemented"},
		{wire("POST /bucket?metadataConfiguration"), "NotImplemented"},
		{wire("POST /bucket?metadataTable"), "NotImplemented"},
		{wire("PUT /bucket?metadataInventoryTable"), "NotImplemented"},
		{wire("PUT /bucket?metadataJournalTable"), "NotImplemented"},
		{wire("PUT /bucket?metadataAnnotationTable"), "NotImplemented"},
		{wire("POST /WriteGetObjectResponse"), "InvalidBucketName"},
		{wire("OPTIONS /"), "MethodNotAllowed"},
		{hosted(wire("GET /key"), "Buck_et.localhost"), "InvalidBucketName"},
		{hosted(wire("GET /key"), "name--x-s3.s3.localhost"), "InvalidBucketName"},
		{hosted(wire("GET key"), "bucket.localhost"), "InvalidURI"},
		{hosted(wire("POST /"), "localhost"), "MethodNotAllowed"},
	}
	for _, c := range cases {
		o, err := ClassifyS3(c.request, testOptions())
		refusal, _ := err.(*Error)
		if refusal == nil || refusal.Code != c.code {
			t.Errorf("%s %.60s?%.60s %v is %s, %v; want %s", c.request.Method, c.request.Path, c.request.RawQuery, c.request.Header, o.Name, err, c.code)
		}
	}
}

// TestS3Limits: what Amazon S3 was recorded to say of a number that it does not take (github.com/jchristn/S3Server, CHANGELOG.md, 8.0.0).
func TestS3Limits(t *testing.T) {
	const negative, number = "Argument maxKeys must be an integer between 0 and 2147483647", "Provided max-keys not an integer or within integer range"
	for query, want := range map[string]struct {
		message string
		told    []Told
	}{
		"max-keys=-1":             {negative, []Told{{"ArgumentName", "maxKeys"}, {"ArgumentValue", "-1"}}},
		"list-type=2&max-keys=-1": {negative, []Told{{"ArgumentName", "maxKeys"}, {"ArgumentValue", "-1"}}},
		"versions&max-keys=-1":    {"max-keys cannot be negative", []Told{{"ArgumentName", "max-keys"}}},
		"max-keys=abc":            {number, []Told{{"ArgumentName", "max-keys"}, {"ArgumentValue", "abc"}}},
		"max-keys=99999999999":    {number, []Told{{"ArgumentName", "max-keys"}, {"ArgumentValue", "99999999999"}}},
		"versions&max-keys=1x":    {number, []Told{{"ArgumentName", "max-keys"}, {"ArgumentValue", "1x"}}},
	} {
		_, err := ClassifyS3(wire("GET /bucket?"+query), testOptions())
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Code != "InvalidArgument" || refusal.Message != want.message || !slices.Equal(refusal.Told, want.told) {
			t.Errorf("%s: %+v, want %+v", query, err, want)
		}
	}
}

func TestWithDocument(t *testing.T) {
	deletes := wire("POST /bucket?delete", "x-amz-checksum-crc32: AAAAAA==")
	creates := wire("PUT /bucket")
	cases := []struct {
		request  Request
		document string
		calls    []string
		want     string // the canonical document
	}{
		{creates, "", []string{"s3:CreateBucket arn:aws:s3:::bucket"}, ""},
		{creates, `<?xml version="1.0"?><CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
			<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`,
			[]string{"s3:CreateBucket arn:aws:s3:::bucket s3:locationconstraint=eu-west-1"},
			"<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"},
		{deletes, `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b</Key></Object>
			<Object><Key><![CDATA[<../c>]]></Key></Object><Quiet>true</Quiet></Delete>`,
			[]string{"s3:DeleteObject arn:aws:s3:::bucket/a&b", "s3:DeleteObject arn:aws:s3:::bucket/<../c>"},
			"<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b</Key></Object><Object><Key>&lt;../c&gt;</Key></Object><Quiet>true</Quiet></Delete>"},
	}
	for _, c := range cases {
		o, err := ClassifyS3(c.request, testOptions())
		if err != nil || len(o.Calls) != 0 || o.Body != DocumentBody {
			t.Fatalf("%v: %v, with calls %v before its document", c.request, err, o.Calls)
		}
		whole, err := o.WithDocument([]byte(c.document))
		if err != nil {
			t.Errorf("%s: %v", c.document, err)
			continue
		}
		if got := describe(whole.Calls); !slices.Equal(got, c.calls) || string(whole.Document) != c.want {
			t.Errorf("%s gives %q and %s, want %q and %s", c.document, got, whole.Document, c.calls, c.want)
		}
		sum := md5.Sum(whole.Document)
		want := base64.StdEncoding.EncodeToString(sum[:])
		if has(whole.Header, "x-amz-checksum-crc32") || len(whole.Document) > 0 && whole.Header["content-md5"] != want {
			t.Errorf("the checksums are %v, want those of %s", whole.Header, whole.Document)
		}
		if len(o.Header) != len(c.request.Header) {
			t.Error("the operation without its document was changed")
		}
	}
}

func TestWithDocumentRefuses(t *testing.T) {
	deletes, _ := ClassifyS3(wire("POST /bucket?delete"), testOptions())
	creates, _ := ClassifyS3(wire("PUT /bucket"), testOptions())
	object := "<Object><Key>k</Key></Object>"
	cases := []struct {
		o        S3Operation
		document string
		code     string
	}{
		{deletes, "", "MalformedXML"},
		{deletes, "<Delete></Delete>", "MalformedXML"},
		{deletes, "<Delete><Quiet>true</Quiet></Delete>", "MalformedXML"},
		{deletes, "<Delete>" + object, "MalformedXML"},
		{deletes, "<Delete>" + object + "</Delete><Delete>" + object + "</Delete>", "MalformedXML"},
		{deletes, "<delete>" + object + "</delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key></Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>a</Key></Object><Object></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>a<b/>c</Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>a<!-- -->b</Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete><Object>text<Key>a</Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete>" + object + "<Quiet>yes</Quiet></Delete>", "MalformedXML"},
		{deletes, "<Delete>" + object + "<Quiet>true</Quiet><Quiet>false</Quiet></Delete>", "MalformedXML"},
		{deletes, `<Delete x="1">` + object + "</Delete>", "MalformedXML"},
		{deletes, `<Delete xmlns="urn:other">` + object + "</Delete>", "MalformedXML"},
		{deletes, `<!DOCTYPE Delete [<!ENTITY e "k">]><Delete><Object><Key>&e;</Key></Object></Delete>`, "MalformedXML"},
		{deletes, "<Delete><Object><Key>&e;</Key></Object></Delete>", "MalformedXML"},
		{deletes, `<?xml version="1.0" encoding="utf-16"?><Delete>` + object + "</Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>\xff</Key></Object></Delete>", "MalformedXML"},
		{deletes, "<Delete>" + strings.Repeat(object, MaxDeleteKeys+1) + "</Delete>", "MalformedXML"},
		{deletes, "<Delete><Object><Key>" + strings.Repeat("k", maxKey+1) + "</Key></Object></Delete>", "KeyTooLongError"},
		{deletes, strings.Repeat(" ", maxDeleteDocument+1), "MalformedXML"},
		{creates, "<CreateBucketConfiguration><Bucket/></CreateBucketConfiguration>", "MalformedXML"},
		{creates, "<Other/>", "MalformedXML"},
		{creates, "text", "MalformedXML"},
		{creates, "<CreateBucketConfiguration><LocationConstraint>a b</LocationConstraint></CreateBucketConfiguration>", "InvalidLocationConstraint"},
	}
	for _, c := range cases {
		_, err := c.o.WithDocument([]byte(c.document))
		if refusal, _ := err.(*Error); refusal == nil || refusal.Code != c.code {
			t.Errorf("%.90s: %v, want %s", c.document, err, c.code)
		}
	}
}

func FuzzClassifyS3(f *testing.F) {
	f.Add("GET", "", "/bucket/key", "", "range", "bytes=0-1", []byte(nil))
	f.Add("PUT", "", "/bucket/a%2Fb", "x-id=CopyObject", "x-amz-copy-source", "/o-o-o/%2e%2e?versionId=%2F", []byte(nil))
	f.Add("GET", "bucket.s3.localhost", "/", "list-type=2&prefix=a%26b", "x-amz-meta-a", "b", []byte(nil))
	f.Add("PUT", "a.b.localhost:1", "/k", "partNumber=1&uploadId=u", "content-md5", "x", []byte(nil))
	f.Add("GET", "", "/bucket/k", "X-Amz-Signature=1&x-amz-checksum-mode=ENABLED", "", "", []byte(nil))
	f.Add("PUT", "", "/bucket/k", "", "x-amz-tagging", "a+b=%2B&c", []byte(nil))
	f.Add("PUT", "", "/bucket/k", "", "x-amz-object-lock-retain-until-date", "2026-02-03T04:05:06.7+08:00", []byte(nil))
	f.Add("OPTIONS", "", "/bucket/k", "a=b&a=b", "origin", "http://a", []byte(nil))
	for _, m := range slices.Concat(bucketMeanings, objectMeanings) {
		name, value := "", ""
		for header, values := range m.request.Header {
			name, value = header, values[0]
		}
		f.Add(m.request.Method, m.request.Host, m.request.Path, m.request.RawQuery, name, value, []byte(m.document))
	}
	f.Fuzz(func(t *testing.T, method, host, path, query, name, value string, document []byte) {
		r := Request{Method: method, Host: host, Path: path, RawQuery: query, Header: map[string][]string{name: {value}}}
		o, err := ClassifyS3(r, testOptions())
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T is not an *Error", err)
			}
			return
		}
		if len(o.Calls) == 0 && o.Body != DocumentBody && !o.Preflight {
			t.Fatalf("%s has nothing to decide", o.Name)
		}
		checkRebuild(t, o)
		if o.Body != DocumentBody {
			return
		}
		whole, err := o.WithDocument(document)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T is not an *Error", err)
			}
			return
		}
		if len(document) == 0 {
			return
		}
		again, err := o.WithDocument(whole.Document)
		if err != nil || len(whole.Calls) == 0 || !reflect.DeepEqual(whole, again) {
			t.Fatalf("%q was read as %+v; its canonical form %q as %+v (%v)", document, whole, whole.Document, again, err)
		}
	})
}

func FuzzClassifyS3Post(f *testing.F) {
	f.Add("bucket", "key", "a/${filename}", "acl", "private", "f")
	f.Add("bucket", "key", "k", "tagging", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", `c:\f`)
	f.Add("bucket", "key", "k", "x-amz-meta-a", "b", "")
	f.Fuzz(func(t *testing.T, bucket, name, value, otherName, otherValue, file string) {
		o, err := ClassifyS3Post(bucket, []FormField{{name, value}, {otherName, otherValue}}, file, testOptions())
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T is not an *Error", err)
			}
			return
		}
		if o.Name != "PutObject" || len(o.Calls) == 0 {
			t.Fatalf("a form is %s with %d calls", o.Name, len(o.Calls))
		}
		checkRebuild(t, o)
	})
}
