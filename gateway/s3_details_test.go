package gateway_test

import (
	"encoding/xml"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/sigv4"
)

// details are the elements of an error document.
func details(t *testing.T, document []byte) map[string]string {
	t.Helper()
	var e struct {
		Elements []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	must(t, xml.Unmarshal(document, &e))
	found := map[string]string{}
	for _, element := range e.Elements {
		found[element.XMLName.Local] = element.Text
	}
	return found
}

// TestErrorDetails: what S3's documents tell beside code and sentence, as answers of Amazon S3 that are quoted in public have it: AWSAccessKeyId and
// SignatureProvided (Amazon S3 API Reference, "Error responses"), HeadersNotSigned (github.com/soto-project/soto/issues/374), Method and ResourceType
// (github.com/mhart/aws4fetch/issues/14), ArgumentName (github.com/versity/versitygw/issues/1705). A session token is in none.
func TestErrorDetails(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket", "key")
	session := p.session(t, "reader", allow("s3:*", "*"))
	stranger := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}
	wrong := sigv4.Credentials{AccessKeyID: session.AccessKeyID, SecretAccessKey: "x", SessionToken: session.SessionToken}
	get := rawRequest{method: "GET", target: "/bucket/key"}
	for _, c := range []struct {
		name        string
		credentials sigv4.Credentials
		request     rawRequest
		want        map[string]string
	}{
		{"a key that nobody has", stranger, get, map[string]string{"Code": "InvalidAccessKeyId", "AWSAccessKeyId": stranger.AccessKeyID}},
		{"another secret", wrong, get, map[string]string{"Code": "SignatureDoesNotMatch", "AWSAccessKeyId": session.AccessKeyID}},
		{"unsigned headers", p.root, rawRequest{method: "GET", target: "/bucket/key", unsigned: []string{"x-amz-tagging: a=b", "x-amz-acl: private"}},
			map[string]string{"Code": "AccessDenied", "HeadersNotSigned": "x-amz-acl, x-amz-tagging"}},
		{"a password", sigv4.Credentials{}, rawRequest{method: "GET", target: "/bucket/key", noSignature: true, unsigned: []string{"Authorization: Basic YTpi"}},
			map[string]string{"Code": "InvalidArgument", "ArgumentName": "Authorization", "ArgumentValue": "Basic"}},
		{"a post to an object", p.root, rawRequest{method: "POST", target: "/bucket/key"},
			map[string]string{"Code": "MethodNotAllowed", "Method": "POST", "ResourceType": "OBJECT"}},
		{"no form", p.root, rawRequest{method: "POST", target: "/bucket"},
			map[string]string{"Code": "PreconditionFailed", "Condition": "Bucket POST must be of the enclosure-type multipart/form-data"}},
		{"a copy that is none", p.root, rawRequest{method: "GET", target: "/bucket/key", header: []string{"x-amz-copy-source: bucket/other"}},
			map[string]string{"Code": "InvalidArgument", "ArgumentName": "x-amz-copy-source", "ArgumentValue": "bucket/other"}},
		{"another bucket", p.root, rawRequest{method: "GET", target: "/nowhere/key"}, map[string]string{"Code": "NoSuchBucket", "BucketName": "nowhere"}},
		{"a long header", p.root, rawRequest{method: "GET", target: "/bucket/key", unsigned: []string{"a: " + strings.Repeat("a", 8<<10)}},
			map[string]string{"Code": "RequestHeaderSectionTooLarge", "MaxSizeAllowed": "8192"}},
	} {
		_, body := p.send(t, c.credentials, c.request)
		got := details(t, body)
		for name, want := range c.want {
			if got[name] != want {
				t.Errorf("%s: %s is %q, want %q: %s", c.name, name, got[name], want, body)
			}
		}
		if strings.Contains(string(body), session.SessionToken) {
			t.Errorf("%s: the session token is told: %s", c.name, body)
		}
	}
}

// TestChecksumsOfOneBody: two checksums, or one of another algorithm than is announced, are refused before any is calculated
// (Amazon S3 API Reference, PutObject, "x-amz-sdk-checksum-algorithm").
func TestChecksumsOfOneBody(t *testing.T) {
	p := newPlane(t)
	p.fill(t, p.root, "bucket")
	const multiple, invalid = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.", "Value for x-amz-sdk-checksum-algorithm header is invalid."
	for _, c := range []struct {
		name, sentence string
		headers        []string
	}{
		{"two", multiple, []string{"x-amz-checksum-crc32: " + crc32Of("content"), "x-amz-checksum-sha256: " + sha256Of("content")}},
		{"two empty ones", multiple, []string{"x-amz-checksum-crc32: ", "x-amz-checksum-sha1: "}},
		{"another than announced", invalid, []string{"x-amz-checksum-crc32: " + crc32Of("content"), "x-amz-sdk-checksum-algorithm: SHA256"}},
		{"no such algorithm", "The algorithm type you specified in x-amz-checksum- header is invalid.", []string{"x-amz-checksum-crc16: AAA="}},
		{"as announced", "", []string{"x-amz-checksum-crc32: " + crc32Of("content"), "x-amz-sdk-checksum-algorithm: CRC32"}},
	} {
		response, body := p.send(t, p.root, rawRequest{method: "PUT", target: "/bucket/key", body: "content", header: c.headers})
		if c.sentence == "" && response.StatusCode == 200 {
			continue
		}
		if code, message := refused(t, response, body); code != "InvalidRequest" || message != c.sentence {
			t.Errorf("%s: %d %s", c.name, response.StatusCode, body)
		}
	}
}

// TestChecksumThatTheServerVerifies: the trailer of an algorithm that nothing here calculates goes on to a server outside, and the embedded S3, which
// does not calculate it either, is not asked.
func TestChecksumThatTheServerVerifies(t *testing.T) {
	embedded := newPlane(t)
	away, outside := newOutsidePlane(t)
	embedded.fill(t, embedded.root, "bucket")
	away.fill(t, away.root, "bucket")
	upload := chunkedUpload{payload: sigv4.StreamingUnsignedTrailer, target: "/bucket/key", content: "abcdefg", trailer: "x-amz-checksum-xxhash64:GGCUDikCgi0="}
	upload.credentials = embedded.root
	response, body := embedded.sendChunks(t, upload)
	if code, _ := refused(t, response, body); code != "InvalidRequest" {
		t.Errorf("the embedded S3: %d %s", response.StatusCode, body)
	}
	for value, passed := range map[string]bool{"GGCUDikCgi0=": true, "GGCUDg==": false, "no": false} {
		before := len(outside.trailers)
		upload.credentials, upload.trailer = away.root, "x-amz-checksum-xxhash64:"+value
		away.sendChunks(t, upload)
		if got := outside.trailers[before:]; passed != (len(got) == 1 && got[0] == "x-amz-checksum-xxhash64="+value) {
			t.Errorf("%s reaches the server as %q", value, got)
		}
	}
}

// TestNoBucketBeforeDocument: of a bucket that is not there, whoever may list it hears that first, and nobody else.
func TestNoBucketBeforeDocument(t *testing.T) {
	p := newPlane(t)
	for action, want := range map[string]string{"s3:*": "NoSuchBucket", "s3:PutObjectLegalHold": "MalformedXML"} {
		client := p.client(p.session(t, "holder-"+strconv.Itoa(len(action)), allow(action, "*")))
		_, err := client.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: aws.String("nowhere"), Key: aws.String("key")})
		wantError(t, err, want, map[string]int{"NoSuchBucket": 404, "MalformedXML": 400}[want], "")
	}
}
