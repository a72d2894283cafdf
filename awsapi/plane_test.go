package awsapi_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

const (
	account   = "111122223333"
	issuerURL = "https://oidc.example.test/id/0123456789abcdef0123456789abcdef"
	region    = "eu-central-1"
)

// plane is the door with the real parts behind it, on a temporary folder.
type plane struct {
	URL    string
	door   http.Handler
	root   sigv4.Credentials
	issuer *oidc.Issuer
	logs   *lockedBuffer
}

type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

func newPlane(t testing.TB) *plane {
	t.Helper()
	directory := t.TempDir()
	records, err := store.Open(store.Config{Path: filepath.Join(directory, "irsa.db"), MasterKey: make([]byte, store.MasterKeySize)})
	must(t, err)
	t.Cleanup(func() { records.Close() })
	events, err := trail.Open(trail.Config{Dir: filepath.Join(directory, "trail")})
	must(t, err)
	t.Cleanup(func() { events.Close() })
	identities, err := iam.New(t.Context(), iam.Config{Store: records, Trail: events, DefaultAccount: account})
	must(t, err)
	t.Cleanup(func() { identities.Close() })
	key, err := identities.Bootstrap(t.Context(), account)
	must(t, err)

	signingKey, err := oidc.GenerateKey("ES256")
	must(t, err)
	issuer, err := oidc.NewIssuer(issuerURL, []*oidc.Key{signingKey})
	must(t, err)
	verifier, err := oidc.NewVerifier(oidc.VerifierConfig{Embedded: map[string]func() []byte{issuerURL: issuer.JWKS}})
	must(t, err)
	t.Cleanup(func() { verifier.Close() })
	ring, err := sts.OpenRing(t.Context(), records, rand.Reader)
	must(t, err)
	service, err := sts.New(sts.Config{Directory: identities, Verifier: verifier, Ring: ring, Trail: events})
	must(t, err)

	logs := &lockedBuffer{}
	door, err := awsapi.New(awsapi.Config{
		STS: service, Inquiries: service, Reviews: service, Advisor: echo{}, Directory: identities, Trail: events, DefaultAccount: account,
		Origin: origin, Logger: slog.New(slog.NewTextHandler(logs, nil)),
	})
	must(t, err)
	server := httptest.NewUnstartedServer(door)
	server.Config.DisableGeneralOptionsHandler = true // as a plane that answers everything itself must
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if text := logs.String(); strings.Contains(text, "level=ERROR") {
			t.Errorf("the door logged a failure of its own:\n%s", text)
		}
	})
	return &plane{URL: server.URL, door: door, root: sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, issuer: issuer, logs: logs}
}

func origin(r *http.Request) trail.Origin {
	address, _, _ := strings.Cut(r.RemoteAddr, ":")
	return trail.Origin{RequestID: rand.Text(), SourceIP: address, UserAgent: r.UserAgent(), Region: region, Host: r.Host, Time: time.Now()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *plane) config(c sigv4.Credentials) aws.Config {
	config := aws.Config{Region: region, BaseEndpoint: aws.String(p.URL), RetryMaxAttempts: 1, Credentials: aws.AnonymousCredentials{}}
	if c.AccessKeyID != "" {
		config.Credentials = credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	return config
}

func (p *plane) iam() *awsiam.Client { return awsiam.NewFromConfig(p.config(p.root)) }

// token is one of the plane's issuer for a service account of namespace apps.
func (p *plane) token(t testing.TB, serviceAccount string) string {
	t.Helper()
	token, err := p.issuer.Sign(p.issuer.ServiceAccountClaims(oidc.ServiceAccountToken{
		Namespace: "apps", ServiceAccount: serviceAccount, ServiceAccountUID: "5c8d2f0e-9c1b-4d3a-8b7e-2f6a1c0d9e8f",
		Audiences: []string{"sts.amazonaws.com"}, IssuedAt: time.Now(), Lifetime: time.Hour, ID: rand.Text(),
	}))
	must(t, err)
	return token
}

// trustPolicy trusts one service account of the plane's issuer.
func trustPolicy(serviceAccount string) string {
	host := strings.TrimPrefix(issuerURL, "https://")
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},`+
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:sub":"system:serviceaccount:apps:%s"}}}]}`, account, host, host, serviceAccount)
}

const readPolicy = `{
	"Version": "2012-10-17",
	"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::café/*"}]
}`

// session makes a provider, a role named after the service account with the inline policy, and a session of it.
func (p *plane) session(t testing.TB, serviceAccount, inline string) sigv4.Credentials {
	t.Helper()
	client := p.iam()
	_, err := client.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{
		Url: aws.String(issuerURL), ClientIDList: []string{"sts.amazonaws.com"},
	})
	if err != nil && errorCode(err) != "EntityAlreadyExists" {
		t.Fatal(err)
	}
	role, err := client.CreateRole(t.Context(), &awsiam.CreateRoleInput{
		RoleName: aws.String(serviceAccount), AssumeRolePolicyDocument: aws.String(trustPolicy(serviceAccount)),
	})
	must(t, err)
	if inline != "" {
		_, err = client.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{
			RoleName: aws.String(serviceAccount), PolicyName: aws.String("inline"), PolicyDocument: aws.String(inline),
		})
		must(t, err)
	}
	out, err := awssts.NewFromConfig(p.config(sigv4.Credentials{})).AssumeRoleWithWebIdentity(t.Context(), &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: role.Role.Arn, RoleSessionName: aws.String("test"), WebIdentityToken: aws.String(p.token(t, serviceAccount)),
	})
	must(t, err)
	return sigv4.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
}

func errorCode(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	return fmt.Sprint(err)
}

// wantError checks what an SDK user sees of a refusal: code, status, and a request id.
func wantError(t testing.TB, err error, code string, status int) {
	t.Helper()
	var answered *awshttp.ResponseError
	switch {
	case err == nil:
		t.Errorf("no error, want %s", code)
	case !errors.As(err, &answered):
		t.Errorf("got %v, want an answer with %s", err, code)
	case errorCode(err) != code || answered.HTTPStatusCode() != status:
		t.Errorf("got %d %v, want %d %s", answered.HTTPStatusCode(), err, status, code)
	case answered.ServiceRequestID() == "":
		t.Errorf("%s has no request id", code)
	}
}

// refused is an answer with an error, in either protocol.
type refused struct {
	Status        int
	Code, Message string
	RequestID     string
}

// post sends a raw form, signed for service unless the credentials are empty.
func (p *plane) post(t testing.TB, c sigv4.Credentials, service string, form url.Values) (*http.Response, []byte) {
	t.Helper()
	return p.send(t, c, service, "application/x-www-form-urlencoded", nil, []byte(form.Encode()))
}

func (p *plane) send(t testing.TB, c sigv4.Credentials, service, contentType string, header http.Header, body []byte) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", bytes.NewReader(body))
	must(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", contentType)
	if c.AccessKeyID != "" {
		signed := &sigv4.Request{Method: "POST", Path: "/", Host: request.URL.Host, Header: request.Header, PayloadHash: hexSHA256(body)}
		must(t, sigv4.Sign(signed, c, region, service, time.Now()))
		request.Header = signed.Header
	}
	return do(t, request)
}

// openirsa calls one of our own operations and decodes its answer into out, unless that is nil.
func (p *plane) openirsa(t testing.TB, c sigv4.Credentials, operation, body string, out any) refused {
	t.Helper()
	response, answer := p.send(t, c, "openirsa", "application/x-amz-json-1.1", http.Header{"X-Amz-Target": {"OpenIRSA." + operation}}, []byte(body))
	if response.StatusCode != http.StatusOK {
		return readRefusal(t, response, answer)
	}
	if out != nil {
		must(t, json.Unmarshal(answer, out))
	}
	return refused{Status: http.StatusOK}
}

func do(t testing.TB, request *http.Request) (*http.Response, []byte) {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response, body
}

// readRefusal fails the test unless the answer is a refusal in AWS's shape, with one request id in header and body.
func readRefusal(t testing.TB, response *http.Response, body []byte) refused {
	t.Helper()
	got := refused{Status: response.StatusCode, RequestID: response.Header.Get("X-Amzn-RequestId")}
	switch contentType := response.Header.Get("Content-Type"); contentType {
	case "text/xml":
		var answer struct {
			XMLName             xml.Name `xml:"ErrorResponse"`
			Type, Code, Message string
			Error               struct{ Type, Code, Message string }
			RequestId           string
		}
		must(t, xml.Unmarshal(body, &answer))
		if answer.RequestId != got.RequestID || answer.Error.Type != "Sender" {
			t.Errorf("body %s does not go with request id %q", body, got.RequestID)
		}
		got.Code, got.Message = answer.Error.Code, answer.Error.Message
	case "application/x-amz-json-1.1":
		var answer struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		must(t, json.Unmarshal(body, &answer))
		got.Code, got.Message = answer.Type, answer.Message
	default:
		t.Errorf("Content-Type is %q", contentType)
	}
	if got.RequestID == "" || got.Code == "" || got.Message == "" && got.Code != "MalformedInput" && got.Code != "ReportNotPresent" {
		t.Errorf("incomplete refusal %+v: %s", got, body)
	}
	return got
}

func hexSHA256(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
