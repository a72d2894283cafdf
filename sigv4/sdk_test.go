package sigv4

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// fromHTTP is what a door makes of a request.
func fromHTTP(r *http.Request, payloadHash string) *Request {
	return &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, PayloadHash: payloadHash,
	}
}

// TestSDK verifies what the AWS SDK for Go signs, and signs the same requests to the same signature.
func TestSDK(t *testing.T) {
	signer := v4.NewSigner()
	keys := aws.Credentials{AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey, SessionToken: credentials.SessionToken}
	for _, c := range []struct{ service, url string }{
		{"sts", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"},
		{"execute-api", "https://api.example/stage/a%20b/c?b=2&a=1&a=0&empty=&%C3%BC=x%2By"},
		{"s3", "https://s3.eu-west-1.amazonaws.com/bucket/a/../b//c%20d%2Be?list-type=2&prefix=a%2Fb&delimiter=%2F"},
		{"s3", "https://s3.eu-west-1.amazonaws.com/bucket/%E2%82%AC%25?versionId"},
	} {
		asIs := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = c.service == "s3" }
		request, err := http.NewRequest("GET", c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Meta-Spaced", "  a   b  ")
		request.Header.Set("User-Agent", "test")
		own := fromHTTP(request.Clone(t.Context()), hashOf(""))
		if c.service == "s3" {
			request.Header.Set("X-Amz-Content-Sha256", hashOf(""))
		}
		if err := signer.SignHTTP(t.Context(), keys, request, hashOf(""), c.service, "eu-west-1", noon, asIs); err != nil {
			t.Fatal(err)
		}
		if err := parseAndVerify(fromHTTP(request, hashOf("")), noon); err != nil {
			t.Errorf("%s: %v", c.url, err)
		}
		if err := Sign(own, credentials, "eu-west-1", c.service, noon); err != nil {
			t.Fatal(err)
		}
		if got, want := own.Header["Authorization"][0], request.Header.Get("Authorization"); got != want {
			t.Errorf("%s: signed %s, the SDK signs %s", c.url, got, want)
		}

		request, err = http.NewRequest("GET", c.url+"&X-Amz-Expires=60", nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, _, err := signer.PresignHTTP(t.Context(), keys, request, UnsignedPayload, c.service, "eu-west-1", noon, asIs)
		if err != nil {
			t.Fatal(err)
		}
		if request, err = http.NewRequest("GET", signed, nil); err != nil {
			t.Fatal(err)
		}
		if err := parseAndVerify(fromHTTP(request, UnsignedPayload), noon.Add(time.Minute)); err != nil {
			t.Errorf("presigned %s: %v", c.url, err)
		}
	}
}
