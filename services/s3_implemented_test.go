package services

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestNotImplemented: what this S3 does not do is refused, and not done halfway: a version that was asked for is not the current object,
// an encryption is not left out, a condition is not ignored.
func TestNotImplemented(t *testing.T) {
	s := start(t)
	c := s.bucket("data")
	store(t, c, "data", "k", "content")
	cases := []struct {
		line, header, body string
		status             int
		code               string
	}{
		{"GET /data/k?versionId=1", "", "", 501, "NotImplemented"},
		{"DELETE /data/k?versionId=1", "", "", 501, "NotImplemented"},
		{"DELETE /data/k", "If-Match: e", "", 501, "NotImplemented"},
		{"DELETE /data/k", "X-Amz-If-Match-Size: 1", "", 501, "NotImplemented"},
		{"DELETE /data/k", "X-Amz-Bypass-Governance-Retention: true", "", 501, "NotImplemented"},
		{"DELETE /data/k", "X-Amz-Mfa: 1 2", "", 501, "NotImplemented"},
		{"GET /data?acl", "", "", 501, "NotImplemented"},
		{"GET /data?policyStatus", "", "", 501, "NotImplemented"},
		{"GET /data/k?cors", "", "", 501, "NotImplemented"},
		{"DELETE /data?cors", "", "", 501, "NotImplemented"},
		{"GET /data?cors", "", "", 404, "NoSuchCORSConfiguration"},
		{"GET /data?lifecycle", "", "", 404, "NoSuchLifecycleConfiguration"},
		{"GET /data?tagging", "", "", 404, "NoSuchTagSet"},
		{"PUT /data?versioning", "", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 501, "NotImplemented"},
		{"PUT /data?tagging", "", "<Tagging><TagSet/></Tagging>", 501, "NotImplemented"},
		{"PUT /data?policy", "", "{}", 501, "NotImplemented"},
		{"PUT /data?sub-resource-of-tomorrow", "", "", 501, "NotImplemented"},
		{"PUT /data/k?acl", "", "", 501, "NotImplemented"},
		{"PUT /data/k?retention", "", "<Retention/>", 501, "NotImplemented"},
		{"PUT /data/k?legal-hold", "", "<LegalHold/>", 501, "NotImplemented"},
		{"POST /data/k?restore", "", "", 501, "NotImplemented"},
		{"POST /data/k?select&select-type=2", "", "", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Server-Side-Encryption: AES256", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Server-Side-Encryption-Customer-Algorithm: AES256", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Object-Lock-Mode: GOVERNANCE", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Object-Lock-Legal-Hold: ON", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Grant-Read: id=1", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Website-Redirect-Location: /x", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Write-Offset-Bytes: 7", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Checksum-Sha512: x", "x", 501, "NotImplemented"},
		{"PUT /data/k", "X-Amz-Acl: public-read", "x", 400, "AccessControlListNotSupported"},
		{"PUT /data/k", "X-Amz-Storage-Class: GLACIER", "x", 400, "InvalidStorageClass"},
		{"PUT /data/k2", "X-Amz-Copy-Source: data/k?versionId=1", "", 501, "NotImplemented"},
		{"PUT /more", "X-Amz-Acl: public-read", "", 400, "AccessControlListNotSupported"},
		{"PUT /more", "X-Amz-Object-Ownership: ObjectWriter", "", 501, "NotImplemented"},
		{"PUT /more", "X-Amz-Bucket-Object-Lock-Enabled: true", "", 501, "NotImplemented"},
		{"PUT /more", "", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>", 501, "NotImplemented"},
		{"POST /data?delete", "", "<Delete><Object><Key>k</Key><VersionId>1</VersionId></Object></Delete>", 501, "NotImplemented"},
		{"POST /data?delete", "", "<Delete><Object><Key>k</Key><ETag>e</ETag></Object></Delete>", 501, "NotImplemented"},
		{"POST /data?delete", "", `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>k</Key><Size>1</Size></Object></Delete>`, 501, "NotImplemented"},
	}
	for _, c := range cases {
		method, target, _ := strings.Cut(c.line, " ")
		request, err := http.NewRequestWithContext(t.Context(), method, s.http.URL+target, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			request.Header.Set(name, value)
		}
		response, err := door{account}.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != c.status || !strings.Contains(string(body), "<Code>"+c.code+"</Code>") {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.line, c.header, c.body, response.StatusCode, body, c.status, c.code)
		}
	}
	versions, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("data")})
	if err != nil || len(versions.Versions) != 1 || *versions.Versions[0].VersionId != "null" {
		t.Errorf("the versions are %+v, %v", versions, err)
	}
	if got := read(t, c, "data", "k"); got != "content" {
		t.Errorf("the object is now %q", got)
	}
	if _, exists := s.s3.Owner("more"); exists {
		t.Error("a bucket was made")
	}
}
