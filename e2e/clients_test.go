package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// sdk is the AWS SDK for Go configured for one endpoint and one set of credentials.
type sdk struct {
	config aws.Config
	iam    *iam.Client
	sts    *sts.Client
	s3     *s3.Client
}

func newSDK(t testing.TB, endpoint string, provider aws.CredentialsProvider) *sdk {
	t.Helper()
	c, err := config.LoadDefaultConfig(t.Context(), config.WithBaseEndpoint(endpoint), config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(provider), config.WithRetryer(onlyClosed),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
		// A transport of its own: httptest closes the default one's connections under other tests' feet.
		config.WithHTTPClient(awshttp.NewBuildableClient()))
	if err != nil {
		t.Fatal(err)
	}
	return &sdk{config: c, iam: iam.NewFromConfig(c), sts: sts.NewFromConfig(c),
		s3: s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })}
}

// onlyClosed tries again where the SDK itself closed the connection under the answer that it was reading, which it does to any server on a busy
// machine. Whatever a server answers is the answer.
func onlyClosed() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.RateLimiter = 4, ratelimit.None
		o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary { return aws.BoolTernary(errors.Is(err, net.ErrClosed)) })}
	})
}

func (p *plane) adminSDK(t testing.TB) *sdk {
	t.Helper()
	return newSDK(t, p.endpoint, credentials.NewStaticCredentialsProvider(p.admin["AWS_ACCESS_KEY_ID"], p.admin["AWS_SECRET_ACCESS_KEY"], ""))
}

// anonymousSDK calls AssumeRoleWithWebIdentity, which AWS defines as unsigned.
func (p *plane) anonymousSDK(t testing.TB) *sdk {
	t.Helper()
	return newSDK(t, p.endpoint, aws.AnonymousCredentials{})
}

// podSDK exchanges token as the SDK does in a pod.
func (p *plane) podSDK(t testing.TB, roleARN, token string) *sdk {
	t.Helper()
	return newSDK(t, p.endpoint, aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(p.anonymousSDK(t).sts, roleARN, literalToken(token),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "e2e" })))
}

// literalToken is a token "file" in memory.
type literalToken string

func (l literalToken) GetIdentityToken() ([]byte, error) { return []byte(l), nil }

// role makes a role with a trust policy and one inline policy.
func (s *sdk) role(t testing.TB, name, trust, permissions string) (arn string) {
	t.Helper()
	out, err := s.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	if permissions != "" {
		_, err = s.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("permissions"), PolicyDocument: &permissions})
		if err != nil {
			t.Fatal(err)
		}
	}
	return aws.ToString(out.Role.Arn)
}

// answer is what a client sees of a refusal.
type answer struct {
	code, message string
	status        int
	requestID     string
}

func answerOf(err error) answer {
	var a answer
	if api := smithy.APIError(nil); errors.As(err, &api) {
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		a.status, a.requestID = response.HTTPStatusCode(), response.ServiceRequestID()
	}
	return a
}

func want(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	if err == nil {
		t.Errorf("it succeeded, want %d %s", status, code)
		return
	}
	got := answerOf(err)
	if got.status != status || code != "" && got.code != code || message != "" && !strings.Contains(got.message, message) {
		t.Errorf("got %d %s %q, want %d %s %q (%v)", got.status, got.code, got.message, status, code, message, err)
	}
}

// TestGoSDK walks the path with the AWS SDK for Go v2.
func TestGoSDK(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.adminSDK(t)
	arn := admin.role(t, "app", p.trust("shop", "app"), "")
	created, err := admin.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("app"), PolicyDocument: aws.String(readWrite("shop", "reports/"))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.iam.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("app"), PolicyArn: created.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}

	pod := p.podSDK(t, arn, p.token(t, "shop", "app"))
	identity, err := pod.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := aws.ToString(identity.Arn), "arn:aws:sts::"+p.account+":assumed-role/app/e2e"; got != want {
		t.Errorf("the pod is %s, want %s", got, want)
	}
	put := func(key string) error {
		_, err := pod.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("shop"), Key: &key, Body: strings.NewReader("figures")})
		return err
	}
	if err := put("reports/q1"); err != nil {
		t.Fatal(err)
	}
	want(t, put("payroll/q1"), 403, "AccessDenied", "because no identity-based policy allows the s3:PutObject action")
	object, err := pod.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("shop"), Key: aws.String("reports/q1")})
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(object.Body)
	object.Body.Close()
	if err != nil || string(content) != "figures" {
		t.Errorf("read %q, %v", content, err)
	}
	list := func(in *s3.ListObjectsV2Input) error {
		in.Bucket = aws.String("shop")
		_, err := pod.s3.ListObjectsV2(t.Context(), in)
		return err
	}
	if err := list(&s3.ListObjectsV2Input{Prefix: aws.String("reports/"), MaxKeys: aws.Int32(5)}); err != nil {
		t.Error(err)
	}
	want(t, list(&s3.ListObjectsV2Input{}), 403, "AccessDenied", "s3:ListBucket")
	want(t, list(&s3.ListObjectsV2Input{Prefix: aws.String("payroll/")}), 403, "AccessDenied", "s3:ListBucket")
	_, err = pod.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("shop"), Key: aws.String("payroll/q1")})
	if got := answerOf(err); got.status != 403 || got.message != "" && got.code != "Forbidden" {
		t.Errorf("HeadObject: %v, want a bodiless 403", err)
	}
	if _, err := pod.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("shop"), Key: aws.String("reports/q1")}); err != nil {
		t.Error(err)
	}
	testPresigned(t, pod)
}

// testPresigned reads and writes through URLs that the SDK signed, with a plain HTTP client.
func testPresigned(t *testing.T, pod *sdk) {
	t.Helper()
	presigner := s3.NewPresignClient(pod.s3)
	signed, err := presigner.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("shop"), Key: aws.String("reports/presigned")})
	if err != nil {
		t.Fatal(err)
	}
	if status := send(t, t.Context(), signed.Method, signed.URL, signed.SignedHeader, "by url"); status != 200 {
		t.Errorf("presigned PUT: %d", status)
	}
	read, err := presigner.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("shop"), Key: aws.String("reports/presigned")})
	if err != nil {
		t.Fatal(err)
	}
	if status := send(t, t.Context(), read.Method, read.URL, read.SignedHeader, ""); status != 200 {
		t.Errorf("presigned GET: %d", status)
	}
	if status := send(t, t.Context(), read.Method, strings.Replace(read.URL, "reports/presigned", "payroll/presigned", 1), read.SignedHeader, ""); status != 403 {
		t.Errorf("presigned GET with another key: %d, want 403", status)
	}
	if status := send(t, t.Context(), http.MethodDelete, read.URL, read.SignedHeader, ""); status != 403 {
		t.Errorf("presigned GET used as DELETE: %d, want 403", status)
	}
}

func send(t *testing.T, ctx context.Context, method, url string, header http.Header, body string) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		if name != "Host" {
			request.Header[name] = values
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode
}
