package awsapi_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/openirsa/openirsa/sigv4"
)

const (
	stsNamespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	iamNamespace   = "https://iam.amazonaws.com/doc/2010-05-08/"
	faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"
)

// signedGet is a GET of query, signed in the header and then changed.
func (p *plane) signedGet(t *testing.T, service, query string, change func(*http.Request)) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/?"+query, nil)
	must(t, err)
	signed := &sigv4.Request{Method: "GET", Path: "/", RawQuery: query, Host: request.URL.Host, Header: request.Header, PayloadHash: hexSHA256(nil)}
	must(t, sigv4.Sign(signed, p.root, region, service, time.Now()))
	request.Header = signed.Header
	if change != nil {
		change(request)
	}
	return request
}

// TestRefusedSignatures: a signature at fault is refused with its own code and status, in the namespace of the service that was called, whatever
// parameters there are.
func TestRefusedSignatures(t *testing.T) {
	p := newPlane(t)
	authorization := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	today := time.Now().UTC().Format("20060102")
	cases := []struct {
		name, service, query string
		change               func(*http.Request)
		status               int
		namespace, code      string
		message              string
	}{
		{"unsigned", "sts", identityForm, func(r *http.Request) { r.Header.Del("Authorization") }, 403, stsNamespace, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"unsigned, unknown parameter", "iam", "Action=ListRoles&Version=2010-05-08&A=1", func(r *http.Request) { r.Header.Del("Authorization") }, 403, iamNamespace, "MissingAuthenticationToken", "Request is missing"},
		{"unsigned, unknown action", "iam", "Action=A&Version=2010-05-08", func(r *http.Request) { r.Header.Del("Authorization") }, 400, faultNamespace, "InvalidAction", "Could not find operation A for version 2010-05-08"},
		{"signed, no version", "iam", "Action=ListRoles", nil, 400, faultNamespace, "InvalidAction", "Could not find operation ListRoles for version NO_VERSION_SPECIFIED"},
		{"signed, empty action", "iam", "Action=&Version=2010-05-08", nil, 400, faultNamespace, "InvalidAction", "Could not find operation  for version 2010-05-08"},
		{"signed, unknown parameter", "iam", "Action=ListRoles&Version=2010-05-08&A=1", nil, 400, iamNamespace, "InvalidQueryParameter", "The parameter A is not recognized"},
		{"signed, bad number", "iam", "Action=ListRoles&Version=2010-05-08&MaxItems=a", nil, 400, iamNamespace, "MalformedInput", ""},
		{"signed, parameter twice", "iam", "Action=ListRoles&Version=2010-05-08&MaxItems=1&MaxItems=1", nil, 400, iamNamespace, "MalformedInput", "parameter 4 of the query: MaxItems is given twice"},
		{"parameter twice, unsigned", "iam", "Action=ListRoles&Version=2010-05-08&A=1&A=1", func(r *http.Request) { r.Header.Del("Authorization") }, 400, faultNamespace, "MalformedInput", "A is given twice"},
		{"another scheme", "sts", identityForm, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 403, stsNamespace, "MissingAuthenticationToken", "Request is missing"},
		{"signature version 2", "sts", identityForm, func(r *http.Request) { r.Header.Set("Authorization", "AWS a:b") }, 400, stsNamespace, "IncompleteSignature", "AWS Signature Version 2 is not supported."},
		{"no signature part", "sts", identityForm, authorization("Signature=", "A="), 400, stsNamespace, "IncompleteSignature", "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization="},
		{"credential", "iam", "Action=ListRoles&Version=2010-05-08", authorization("/iam/", "/"), 400, iamNamespace, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"},
		{"terminator", "iam", "Action=ListRoles&Version=2010-05-08", authorization("aws4_request", "aws_request"), 403, iamNamespace, "SignatureDoesNotMatch", "Credential should be scoped with a valid terminator: 'aws4_request'."},
		{"date of the scope", "iam", "Action=ListRoles&Version=2010-05-08", authorization(today, "20000101"), 403, iamNamespace, "SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."},
		{"service of the scope", "ec2", "Action=ListRoles&Version=2010-05-08", nil, 403, iamNamespace, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'iam'. "},
		{"date", "iam", "Action=ListRoles&Version=2010-05-08", func(r *http.Request) { r.Header.Set("X-Amz-Date", "03032006") }, 400, iamNamespace, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '03032006'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"host not signed", "iam", "Action=ListRoles&Version=2010-05-08", authorization("=host;", "="), 403, iamNamespace, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"secret", "iam", "Action=ListRoles&Version=2010-05-08", authorization("Signature=", "Signature=0"), 403, iamNamespace, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."},
		{"unknown key", "iam", "Action=ListRoles&Version=2010-05-08", authorization("Credential="+p.root.AccessKeyID, "Credential=AKIAIOSFODNN7EXAMPLE"), 403, iamNamespace, "InvalidClientTokenId", "The security token included in the request is invalid."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response, body := do(t, p.signedGet(t, c.service, c.query, c.change))
			var answer struct {
				XMLName xml.Name `xml:"ErrorResponse"`
			}
			must(t, xml.Unmarshal(body, &answer))
			got := readRefusal(t, response, body)
			if got.Status != c.status || got.Code != c.code || !strings.Contains(got.Message, c.message) || answer.XMLName.Space != c.namespace {
				t.Errorf("got %+v in %s, want %d %s %q in %s", got, answer.XMLName.Space, c.status, c.code, c.message, c.namespace)
			}
			if c.code == "MalformedInput" && c.message == "" && strings.Contains(string(body), "Message") {
				t.Errorf("there is a Message: %s", body)
			}
			wantBody := fmt.Sprintf("%s<ErrorResponse xmlns=%q><Error><Type>Sender</Type><Code>%s</Code>", xml.Header, c.namespace, c.code)
			if !strings.HasPrefix(string(body), wantBody) {
				t.Errorf("got %s, want it to begin with %s", body, wantBody)
			}
		})
	}
}

// TestHeadersThatSayNothing: headers that a Query call does not need can be there unsigned, but what they say does not count.
func TestHeadersThatSayNothing(t *testing.T) {
	p := newPlane(t)
	for name, value := range map[string]string{
		"Content-Type": "text/plain", "X-Amz-Content-Sha256": "invalid_sha256", "X-Amz-Copy-Source": "bucket/key", "X-Custom": "value", "Expect": "100-continue",
	} {
		response, body := do(t, p.signedGet(t, "iam", "Action=ListRoles&Version=2010-05-08", func(r *http.Request) { r.Header.Set(name, value) }))
		if response.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), xml.Header+"<ListRolesResponse xmlns=\""+iamNamespace+"\"><ListRolesResult>") {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
	for name, value := range map[string]string{"X-Amz-Security-Token": "x", "X-Amz-Target": "OpenIRSA.ListAccounts"} {
		response, body := do(t, p.signedGet(t, "iam", "Action=ListRoles&Version=2010-05-08", func(r *http.Request) { r.Header.Set(name, value) }))
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("an unsigned %s: %d %s", name, response.StatusCode, body)
		}
	}
}

// TestExpectContinue: a client that waits for 100 Continue before its body, for longer than the test may take, is served.
func TestExpectContinue(t *testing.T) {
	p := newPlane(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", strings.NewReader(identityForm))
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Expect", "100-continue")
	signed := &sigv4.Request{Method: "POST", Path: "/", Host: request.URL.Host, Header: request.Header, PayloadHash: hexSHA256([]byte(identityForm))}
	must(t, sigv4.Sign(signed, p.root, region, "sts", time.Now()))
	transport := &http.Transport{ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}

// TestClusterToken presigns GetCallerIdentity as aws-iam-authenticator and "aws eks get-token" do: for 60 seconds, with the cluster's name in a signed
// header, which the API server adds when it asks who the bearer is.
// https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
func TestClusterToken(t *testing.T) {
	const header, cluster = "X-K8s-Aws-Id", "shop-cluster"
	p := newPlane(t)
	for name, caller := range map[string]struct {
		credentials sigv4.Credentials
		arn         string
	}{
		"root":    {p.root, "arn:aws:iam::" + account + ":root"},
		"session": {p.session(t, "app", ""), "arn:aws:sts::" + account + ":assumed-role/app/test"},
	} {
		client := awssts.NewPresignClient(awssts.NewFromConfig(p.config(caller.credentials)))
		presigned, err := client.PresignGetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{}, func(o *awssts.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, awssts.WithAPIOptions(
				smithyhttp.AddHeaderValue(header, cluster), smithyhttp.AddHeaderValue("X-Amz-Expires", "60")))
		})
		must(t, err)
		query, err := url.Parse(presigned.URL)
		must(t, err)
		if signed := query.Query(); signed.Get("X-Amz-SignedHeaders") != "host;x-k8s-aws-id" || signed.Get("X-Amz-Expires") != "60" {
			t.Fatalf("%s: presigned %s", name, presigned.URL)
		}
		get := func(address string, clusters ...string) (*http.Response, []byte) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			must(t, err)
			for _, c := range clusters {
				request.Header.Add(header, c)
			}
			return do(t, request)
		}
		if response, body := get(presigned.URL, cluster); response.StatusCode != http.StatusOK || !strings.Contains(string(body), "<Arn>"+caller.arn+"</Arn>") {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
		refusals := map[string]refused{}
		refuse := func(what, address string, clusters ...string) {
			response, body := get(address, clusters...)
			if response.StatusCode == http.StatusOK {
				t.Errorf("%s, %s: accepted", name, what)
				return
			}
			refusals[what] = readRefusal(t, response, body)
		}
		refuse("without the header", presigned.URL)
		refuse("for another cluster", presigned.URL, "other-cluster")
		refuse("for two clusters", presigned.URL, cluster, "other-cluster")
		refuse("for longer", strings.Replace(presigned.URL, "X-Amz-Expires=60", "X-Amz-Expires=900", 1), cluster)
		refuse("with the header unsigned", strings.Replace(presigned.URL, "host%3Bx-k8s-aws-id", "host", 1), cluster)
		for what, got := range refusals {
			want := "SignatureDoesNotMatch"
			if what == "without the header" {
				want = "IncompleteSignature"
			}
			if got.Code != want {
				t.Errorf("%s, %s: %+v", name, what, got)
			}
		}
	}
}

// TestPresignedFaults: what is wrong with a presigned query is told in the service's namespace.
func TestPresignedFaults(t *testing.T) {
	p := newPlane(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/?"+identityForm, nil)
	must(t, err)
	signed := &sigv4.Request{Method: "GET", Path: "/", RawQuery: identityForm, Host: request.URL.Host, PayloadHash: hexSHA256(nil)}
	query, err := sigv4.Presign(signed, p.root, region, "sts", time.Now(), time.Minute)
	must(t, err)
	values, err := url.ParseQuery(query)
	must(t, err)
	cases := []struct {
		name, value   string // of the parameter that is changed; an empty value removes it
		status        int
		code, message string
	}{
		{"X-Amz-Algorithm", "", 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256", 403, "MissingAuthenticationToken", "Missing Authentication Token"},
		{"X-Amz-Credential", "", 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Credential'. Re-examine the query-string parameters."},
		{"X-Amz-Credential", "access/hello/world", 400, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'access/hello/world'"},
		{"X-Amz-Date", "", 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"X-Amz-Date", "03032006", 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '03032006'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"X-Amz-SignedHeaders", "", 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
		{"X-Amz-Signature", "", 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."},
		{"X-Amz-Security-Token", "my_token", 403, "InvalidClientTokenId", "The security token included in the request is invalid."},
		{"ExtraParam", "value", 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
	}
	for _, c := range cases {
		changed := url.Values{}
		for name := range values {
			changed.Set(name, values.Get(name))
		}
		changed.Set(c.name, c.value)
		if c.value == "" {
			changed.Del(c.name)
		}
		request.URL.RawQuery = changed.Encode()
		response, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		body, err := io.ReadAll(response.Body)
		must(t, err)
		response.Body.Close()
		got := readRefusal(t, response, body)
		if got.Status != c.status || got.Code != c.code || got.Message != c.message || !strings.Contains(string(body), `xmlns="`+stsNamespace+`"`) {
			t.Errorf("%s=%s: %s", c.name, c.value, body)
		}
	}
}
