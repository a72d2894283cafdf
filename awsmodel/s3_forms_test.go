package awsmodel

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVirtualHosts: "Virtual hosting of general purpose buckets" in the S3 User Guide.
func TestVirtualHosts(t *testing.T) {
	cases := []struct{ host, path, bucket, key string }{
		{"bucket.s3.us-east-1.amazonaws.com", "/key", "bucket", "key"},
		{"Bucket.S3.us-east-1.AMAZONAWS.com:443", "/", "bucket", ""},
		{"s3.us-east-1.amazonaws.com", "/bucket/key", "bucket", "key"},
		{"www.example.com.s3.us-east-1.amazonaws.com", "/a/b", "www.example.com", "a/b"},
		{"bucket.s3.localhost:4566", "/bucket/key", "bucket", "bucket/key"},
		{"bucket.s3.localhost.", "//key", "bucket", "/key"},
		{"s3.localhost:4566", "/bucket", "bucket", ""}, // and not the bucket s3 of localhost
		{"bucket.localhost", "/key", "bucket", "key"},
		{"localhost", "/", "", ""},
		{"127.0.0.1:4566", "/bucket/key", "bucket", "key"},
		{"[::1]:4566", "/bucket/key", "bucket", "key"},
		{"", "/bucket/key", "bucket", "key"},
		{"bucket.other.example", "/first/key", "first", "key"}, // under no domain: path style
		{"nots3.localhost.evil", "/first/key", "first", "key"},
		{"xs3.localhost", "/key", "xs3", "key"}, // under localhost, not under s3.localhost
	}
	for _, c := range cases {
		o, err := ClassifyS3(Request{Method: "GET", Host: c.host, Path: c.path}, testOptions())
		if err != nil || o.Bucket != c.bucket || o.Key != c.key {
			t.Errorf("%s%s is %q %q, %v; want %q %q", c.host, c.path, o.Bucket, o.Key, err, c.bucket, c.key)
			continue
		}
		if r := o.Request(); r.Host != "" {
			t.Errorf("%s: the canonical request has the host %s", c.host, r.Host)
		}
		checkRebuild(t, o)
	}
}

// TestFraming: how a body is wrapped is told apart from what it holds
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html).
func TestFraming(t *testing.T) {
	const payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	for _, c := range []struct{ encoding, rest string }{
		{"aws-chunked", ""}, {"gzip,aws-chunked", "gzip"}, {"aws-chunked, gzip", "gzip"}, {"AWS-Chunked", ""}, {"gzip", "gzip"}, {"zstd, gzip, aws-chunked", "zstd,gzip"},
	} {
		o, err := ClassifyS3(wire("PUT /bucket/key", "Content-Encoding: "+c.encoding, "X-Amz-Content-Sha256: "+payload, "x-amz-decoded-content-length: 5",
			"x-amz-trailer: x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm: CRC32"), testOptions())
		want := Framing{Payload: payload, DecodedLength: "5", Trailer: "x-amz-checksum-crc32"}
		if err != nil || o.Framing != want || o.Header["content-encoding"] != c.rest || has(o.Header, "content-encoding") != (c.rest != "") || len(o.Header) > 2 {
			t.Errorf("%s: %+v, %v, %v", c.encoding, o.Framing, o.Header, err)
		}
	}
	o, err := ClassifyS3(wire("PUT /bucket/key", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "x-amz-decoded-content-length: 5", "Expect: 100-continue"), testOptions())
	if err != nil || o.Framing != (Framing{}) || len(o.Header) != 0 {
		t.Errorf("a plain body: %+v, %v, %v", o.Framing, o.Header, err)
	}
}

func formFields(pairs ...string) []FormField {
	var fields []FormField
	for i := 0; i+1 < len(pairs); i += 2 {
		fields = append(fields, FormField{pairs[i], pairs[i+1]})
	}
	return fields
}

// TestClassifyS3Post: "Creating an HTML form (using AWS Signature Version 4)" in the S3 API Reference, whose example form is the first row.
func TestClassifyS3Post(t *testing.T) {
	signature := []string{"policy", "p", "X-Amz-Signature", "s", "X-Amz-Credential", "c", "X-Amz-Algorithm", "AWS4-HMAC-SHA256", "X-Amz-Date", "20151229T000000Z", "x-amz-security-token", "t"}
	cases := []struct {
		fields []FormField
		file   string
		key    string
		header map[string]string
		calls  []string
	}{
		{formFields(append(signature, "key", "user/user1/${filename}", "acl", "public-read", "success_action_redirect", "http://bucket.s3.amazonaws.com/successful_upload.html",
			"Content-Type", "image/jpeg", "x-amz-meta-uuid", "14365123651274", "x-amz-server-side-encryption", "AES256", "x-amz-meta-tag", "")...), `C:\photos\MyFile.jpg`,
			"user/user1/MyFile.jpg", map[string]string{"x-amz-acl": "public-read", "content-type": "image/jpeg", "x-amz-meta-uuid": "14365123651274",
				"x-amz-server-side-encryption": "AES256", "x-amz-meta-tag": ""},
			calls("s3:PutObject arn:aws:s3:::bucket/user/user1/MyFile.jpg s3:ObjectCreationOperation=true s3:x-amz-acl=public-read s3:x-amz-server-side-encryption=AES256",
				"s3:PutObjectAcl arn:aws:s3:::bucket/user/user1/MyFile.jpg s3:x-amz-acl=public-read")},
		{formFields("bucket", "bucket", "Key", "key", "tagging", "<Tagging><TagSet><Tag><Key>a b</Key><Value>1</Value></Tag></TagSet></Tagging>", "submit", "Upload"), "",
			"key", map[string]string{"x-amz-tagging": "a%20b=1"},
			calls(written+" s3:RequestObjectTag/a b=1 s3:RequestObjectTagKeys=a b", "s3:PutObjectTagging"+onK+" s3:RequestObjectTag/a b=1 s3:RequestObjectTagKeys=a b")},
	}
	for _, c := range cases {
		o, err := ClassifyS3Post("bucket", c.fields, c.file, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(o.Calls); o.Name != "PutObject" || o.Key != c.key || !reflect.DeepEqual(o.Header, c.header) || !slices.Equal(got, c.calls) {
			t.Errorf("%v is %s of %s with %v and %q, want %s with %v and %q", c.fields, o.Name, o.Key, o.Header, got, c.key, c.header, c.calls)
		}
		checkRebuild(t, o)
	}
	refusals := []struct {
		bucket string
		fields []FormField
		code   string
	}{
		{"bucket", formFields("acl", "private"), "InvalidArgument"},
		{"bucket", formFields("key", "${filename}"), "InvalidArgument"},
		{"Bucket", formFields("key", "k"), "InvalidBucketName"},
		{"bucket", formFields("key", "k", "Key", "l"), "MalformedPOSTRequest"},
		{"bucket", formFields("key", "k", "acl", "private", "x-amz-acl", "public-read"), "InvalidRequest"},
		{"bucket", formFields("key", "k", "bucket", "other"), "MalformedPOSTRequest"},
		{"bucket", formFields("key", "k", "AWSAccessKeyId", "a", "signature", "b"), "InvalidRequest"},
		{"bucket", formFields("key", "k", "x-amz-copy-source", "other/k"), "InvalidRequest"},
		{"bucket", formFields("key", "k", "x-amz-unheard-of", "1"), "InvalidRequest"},
		{"bucket", formFields("key", "k", "x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), "MalformedPOSTRequest"},
		{"bucket", formFields("key", "k", "tagging", "<Tagging/>"), "MalformedXML"},
		{"bucket", formFields("key", "k", "tagging", "a=b"), "MalformedXML"},
		{"bucket", formFields("key", "k", "x-amz-acl", "Public-Read"), "InvalidArgument"},
		{"bucket", formFields("key", "k", "x-amz-website-redirect-location", "/a\r\nb"), "InvalidArgument"},
		{"bucket", formFields("key", strings.Repeat("k", 1025)), "KeyTooLongError"},
		{"bucket", formFields("key", "\xff"), "InvalidURI"},
		{"bucket", make([]FormField, maxFormFields+1), "MalformedPOSTRequest"},
	}
	for _, c := range refusals {
		o, err := ClassifyS3Post(c.bucket, c.fields, "", testOptions())
		if refusal, _ := err.(*Error); refusal == nil || refusal.Code != c.code {
			t.Errorf("%.90v is %s, %v; want %s", c.fields, o.Name, err, c.code)
		}
	}
}

// TestDocumentsRefused holds the documents that decide something to their forms.
func TestDocumentsRefused(t *testing.T) {
	tagging, retention, hold := wire("PUT /bucket/key?tagging"), wire("PUT /bucket/key?retention"), wire("PUT /bucket/key?legal-hold")
	replication, inventory, restore := wire("PUT /bucket?replication"), wire("PUT /bucket?inventory&id=i"), wire("POST /bucket/key?restore")
	encryption, creates := wire("PUT /bucket/key?encryption"), wire("PUT /bucket")
	tag := "<Tag><Key>a</Key><Value>1</Value></Tag>"
	cases := []struct {
		request  Request
		document string
		code     string
	}{
		{tagging, "", "MalformedXML"},
		{tagging, "<Tagging/>", "MalformedXML"},
		{tagging, "<Tagging><TagSet/><TagSet>" + tag + "</TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet/><Other/></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet>" + tag + tag + "</TagSet></Tagging>", "InvalidTag"},
		{tagging, "<Tagging><TagSet>" + tag + strings.ToUpper(tag[5:18]) + "</TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet>" + tag + "<Tag><Key>A</Key><Value>2</Value></Tag></TagSet></Tagging>", "InvalidTag"},
		{tagging, "<Tagging><TagSet><Tag><Key> env</Key><Value>2</Value></Tag></TagSet></Tagging>", "InvalidTag"},
		{tagging, "<Tagging><TagSet><Tag><Key>env</Key><Value>prod&#10;</Value></Tag></TagSet></Tagging>", "InvalidTag"},
		{tagging, "<Tagging><TagSet><Tag><Value>1</Value></Tag></TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet><Tag><Key>a</Key><Key>b</Key></Tag></TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet>text" + tag + "</TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet>" + tag + "text</TagSet></Tagging>", "MalformedXML"},
		{tagging, "<Tagging xmlns:x=\"urn:x\"><TagSet/></Tagging>", "MalformedXML"},
		{tagging, strings.Repeat("<Tagging>", 40), "MalformedXML"},
		{tagging, "<!-- --><Tagging><TagSet/></Tagging>", "MalformedXML"},
		{tagging, "<Tagging><TagSet/></Tagging><Tagging/>", "MalformedXML"},
		{retention, "<Retention><Mode>governance</Mode></Retention>", "MalformedXML"},
		{retention, "<Retention><Mode> GOVERNANCE</Mode></Retention>", "MalformedXML"},
		{retention, "<Retention><Mode>GOVERNANCE</Mode><Mode>COMPLIANCE</Mode></Retention>", "MalformedXML"},
		{retention, "<Retention><Mode></Mode></Retention>", "MalformedXML"},
		{retention, "<Retention><RetainUntilDate>tomorrow</RetainUntilDate></Retention>", "MalformedXML"},
		{retention, "<Retention><EventHold>ON</EventHold></Retention>", "MalformedXML"},
		{retention, "<LegalHold/>", "MalformedXML"},
		{hold, "<LegalHold><Status>on</Status></LegalHold>", "MalformedXML"},
		{hold, "<LegalHold/>", "MalformedXML"},
		{hold, "<LegalHold><Status>ON</Status><Status>OFF</Status></LegalHold>", "MalformedXML"},
		{replication, "<ReplicationConfiguration><Role>r</Role></ReplicationConfiguration>", "InvalidArgument"},
		{replication, "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/*</Role></ReplicationConfiguration>", "InvalidArgument"},
		{replication, "<ReplicationConfiguration><Role>arn:aws:iam::1:role/r</Role></ReplicationConfiguration>", "InvalidArgument"},
		{replication, "<ReplicationConfiguration><Role>arn:aws-cn:iam::111122223333:role/r</Role></ReplicationConfiguration>", "InvalidArgument"},
		{replication, "<ReplicationConfiguration><Role>a</Role><Role>b</Role></ReplicationConfiguration>", "MalformedXML"},
		{inventory, "<InventoryConfiguration><OptionalFields><Field> Size</Field></OptionalFields></InventoryConfiguration>", "MalformedXML"},
		{inventory, "<InventoryConfiguration><OptionalFields/><OptionalFields><Field>Size</Field></OptionalFields></InventoryConfiguration>", "MalformedXML"},
		{restore, "<RestoreRequest><Type>SELECT</Type><OutputLocation/></RestoreRequest>", "NotImplemented"},
		{restore, "<RestoreRequest><SelectParameters/></RestoreRequest>", "NotImplemented"},
		{restore, "<RestoreRequest><Other/></RestoreRequest>", "MalformedXML"},
		{encryption, "<ObjectEncryption><SSE-S3/></ObjectEncryption>", "MalformedXML"},
		{encryption, "<ObjectEncryption><SSE-KMS/></ObjectEncryption>", "MalformedXML"},
		{creates, "<CreateBucketConfiguration><LocationConstraint/><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", "MalformedXML"},
		{creates, "<CreateBucketConfiguration><Tags>" + tag + tag + "</Tags></CreateBucketConfiguration>", "InvalidTag"},
		{creates, "<CreateBucketConfiguration><Tags/><Tags>" + tag + "</Tags></CreateBucketConfiguration>", "MalformedXML"},
	}
	for _, c := range cases {
		o, err := ClassifyS3(c.request, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.WithDocument([]byte(c.document))
		if refusal, _ := err.(*Error); refusal == nil || refusal.Code != c.code || refusal.Error() == "" {
			t.Errorf("%s %.120s: %v, want %s", o.Name, c.document, err, c.code)
		}
	}
	if _, err := (S3Operation{Name: "GetObject"}).WithDocument(nil); err == nil {
		t.Error("GetObject has a document")
	}
}

// TestPlainKeys: where the backend keeps objects in a file system, the names that it would read otherwise are refused wherever a request gives one.
func TestPlainKeys(t *testing.T) {
	options := testOptions()
	options.PlainKeys = true
	for _, key := range []string{".", "..", "./", "/.", "//", "../", "/..", "../.", "/key", "a//b", "a/../b", "a/./b", "a/..", "a//"} {
		target := escape(key, true)
		deletes, err := ClassifyS3(wire("POST /bucket?delete"), options)
		if err != nil {
			t.Fatal(err)
		}
		_, deleteErr := deletes.WithDocument([]byte("<Delete><Object><Key>plain</Key></Object><Object><Key>" + key + "</Key></Object></Delete>"))
		_, getErr := ClassifyS3(wire("GET /bucket/"+target), options)
		_, copyErr := ClassifyS3(wire("PUT /bucket/key", "x-amz-copy-source: other/"+target), options)
		_, listErr := ClassifyS3(wire("GET /bucket?list-type=2&prefix="+target), options)
		_, postErr := ClassifyS3Post("bucket", formFields("key", key), "", options)
		if refusal, _ := copyErr.(*Error); refusal == nil || refusal.Code != "InvalidArgument" {
			t.Errorf("a copy of %s: %v", key, copyErr)
		}
		for _, err := range []error{deleteErr, getErr, listErr, postErr} {
			if refusal, _ := err.(*Error); refusal == nil || refusal.Code != "400" {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	for _, key := range []string{"a", "a/", "a/b/", ".a", "a.", "..a/b..", "...", "a/.../b", ".well-known/x"} {
		if _, err := ClassifyS3(wire("GET /bucket/"+key), options); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestNoClock: without the time, how long an object would be kept cannot be decided, and is not decided without.
func TestNoClock(t *testing.T) {
	options := testOptions()
	options.Now = time.Time{}
	if _, err := ClassifyS3(wire("PUT /bucket/key", "x-amz-object-lock-retain-until-date: 2026-01-11T12:00:00Z"), options); err == nil {
		t.Error("a date in a header was understood")
	}
	o, err := ClassifyS3(wire("PUT /bucket/key?retention"), options)
	if err == nil {
		_, err = o.WithDocument([]byte("<Retention><RetainUntilDate>2026-01-11T12:00:00Z</RetainUntilDate></Retention>"))
	}
	if err == nil {
		t.Error("a date in a document was understood")
	}
}
