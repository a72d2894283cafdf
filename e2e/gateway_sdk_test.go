package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// motoAccount owns everything in moto, unless it is told otherwise.
const motoAccount = "123456789012"

// backed is a gateway before an S3 server and moto, and a role for a pod.
type backed struct {
	*plane
	role string
}

// startBacked has the bucket "shop" and a role that may use what is its own in it, and in nine services of moto's.
func startBacked(t *testing.T, s3Backend map[string]any) *backed {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import boto3, moto.server").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no backend for other services than S3: python3 with boto3 and moto[server] 5.2 is needed (%v)\n%s", err, out)
	}
	file := gatewayFile(t, map[string]any{"s3Domains": []string{"s3.example.internal"},
		"services": map[string]any{"s3": s3Backend, "*": map[string]any{"url": startMoto(t), "account": motoAccount}}})
	p := start(t, t.TempDir(), "--account", motoAccount, "--region", "us-east-1", "--gateway", file)
	admin := p.adminSDK(t)
	b := &backed{p, admin.role(t, "app", p.trust("shop", "app"), appPolicy())}
	if _, err := admin.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}
	return b
}

// appPolicy is what the scripts and tests here need, and no more.
func appPolicy() string {
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":us-east-1:" + motoAccount + ":" + resource
	}
	const tagged, keeps = `{"StringEquals":{"aws:RequestTag/team":"web"}}`, `{"StringEquals":{"aws:ResourceTag/team":"web"}}`
	return grants(
		grantIf("s3:ListBucket", "arn:aws:s3:::shop", `{"StringLike":{"s3:prefix":"app/*"}}`),
		grant("s3:GetObject s3:PutObject s3:DeleteObject s3:PutObjectTagging s3:GetObjectTagging s3:AbortMultipartUpload s3:ListMultipartUploadParts", "arn:aws:s3:::shop/app/*"),
		grantIf("dynamodb:CreateTable dynamodb:TagResource", arn("dynamodb", "table/orders*"), tagged),
		grant("dynamodb:PutItem dynamodb:GetItem dynamodb:DescribeTable", arn("dynamodb", "table/orders*")), grantIf("dynamodb:DeleteTable", "*", keeps),
		grant("sqs:CreateQueue sqs:GetQueueUrl sqs:SendMessage sqs:ReceiveMessage", arn("sqs", "jobs")),
		grantIf("ec2:RunInstances", arn("ec2", "instance/*"), tagged),
		grant("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/* "+arn("ec2", "network-interface/*")+" "+arn("ec2", "security-group/*")+" "+arn("ec2", "subnet/*")+" "+arn("ec2", "volume/*")),
		grantIf("ec2:CreateTags", arn("ec2", "instance/*"), `{"StringEquals":{"ec2:CreateAction":"RunInstances"}}`),
		grantIf("ec2:StopInstances ec2:DeleteTags", arn("ec2", "instance/*"), keeps),
		grant("secretsmanager:CreateSecret secretsmanager:GetSecretValue", arn("secretsmanager", "secret:dev-*")),
		grant("kms:CreateKey", "*"), grant("kms:Encrypt kms:Decrypt", arn("kms", "key/*")), grant("ssm:PutParameter ssm:GetParameter", arn("ssm", "parameter/shop/*")),
		grant("sns:CreateTopic sns:Publish", arn("sns", "alerts")), grant("elasticloadbalancing:Describe* autoscaling:Describe*", "*"))
}

// denials are how the scripts' steps named "denied …" must end.
func denials() map[string]string {
	return map[string]string{
		"denied put": "s3:PutObject", "denied list": "s3:ListBucket", "denied item": "dynamodb:GetItem", "denied table": "dynamodb:CreateTable", "denied queue": "sqs:SendMessage",
		"denied stop once untagged": "ec2:StopInstances", "denied instance": "ec2:RunInstances", "denied secret": "secretsmanager:GetSecretValue", "denied key": "kms:ScheduleKeyDeletion",
		"denied parameter": "ssm:GetParameter", "denied topic": "sns:Publish", "denied balancer": "elasticloadbalancing:CreateTargetGroup", "denied group": "autoscaling:SetDesiredCapacity",
	}
}

// s3Servers are the S3 servers that are on this machine.
func s3Servers(t *testing.T) map[string]map[string]any {
	t.Helper()
	peer := startPeer(t, true)
	servers := map[string]map[string]any{"versitygw": {"url": peer.url, "region": "us-east-1", "account": motoAccount,
		"credentials": map[string]any{"accessKeyId": peerKey, "secretAccessKeyFile": secretFile(t, peerSecret)}}}
	minio := os.Getenv("OPENIRSA_MINIO") // built by bench/peers; make full sets it
	if minio == "" {
		return servers
	}
	address := freeAddress(t)
	startServer(t, "http://"+address, "env", "MINIO_ROOT_USER="+peerKey, "MINIO_ROOT_PASSWORD="+peerSecret, minio, "server", "--quiet", "--address", address,
		"--console-address", freeAddress(t), t.TempDir())
	servers["minio"] = map[string]any{"url": "http://" + address, "region": "us-east-1", "account": motoAccount,
		"credentials": map[string]any{"accessKeyId": peerKey, "secretAccessKeyFile": secretFile(t, peerSecret)}}
	return servers
}

// TestGatewaySDKs uses unmodified clients, each as a pod with a web identity, through the gateway to S3 servers and to moto.
func TestGatewaySDKs(t *testing.T) {
	t.Parallel()
	for name, server := range s3Servers(t) {
		t.Run(name, func(t *testing.T) {
			b := startBacked(t, server)
			t.Run("boto3", func(t *testing.T) { testBoto3(t, b) })
			t.Run("JavaScript", func(t *testing.T) { testJavaScriptGateway(t, b) })
			t.Run("Go", func(t *testing.T) { testGoGateway(t, b) })
			t.Run("CLI", func(t *testing.T) { testCLIGateway(t, b) })
		})
	}
}

// scriptStep is one step of a script.
type scriptStep struct {
	Step, Code, Name, Message string
	Status                    int
	Value                     json.RawMessage
}

func (s scriptStep) refusal() string { return s.Code + s.Name }

// judgeStep holds a denial against AWS's sentence, and everything else against what it must return.
func judgeStep(t *testing.T, name string, s scriptStep, wanted map[string]string) {
	t.Helper()
	if action, denied := denials()[name]; denied {
		if !strings.Contains(s.refusal(), "AccessDenied") && s.refusal() != "UnauthorizedOperation" && s.refusal() != "AuthorizationError" || !strings.Contains(s.Message, action) {
			t.Errorf("%s: %s %q (%d, %s), want a denial of %s", name, s.refusal(), s.Message, s.Status, s.Value, action)
		}
		return
	}
	if got := s.refusal() + string(s.Value); wanted[name] != "" && got != wanted[name] || wanted[name] == "" && s.refusal() != "" {
		t.Errorf("%s: %s %s, want %s", name, got, s.Message, wanted[name])
	}
}

func testBoto3(t *testing.T, b *backed) {
	command := exec.CommandContext(t.Context(), "python3", "python/gateway_sdk.py")
	command.Env = append(cleanEnvironment(), b.asPod(t, b.role, b.token(t, "shop", "app"))...)
	var errOut bytes.Buffer
	command.Stderr = &errOut
	out, err := command.Output()
	if err != nil {
		t.Errorf("%v\n%s", err, &errOut)
	}
	// S3 keeps the keys of metadata in small letters (Amazon S3 User Guide, "Working with object metadata").
	wanted := map[string]string{"get": `"figures"`, "range": `"igu"`, "head": `{"team": "web"}`, "multipart": "true", "parallel": "true", "presigned get": `[200, "figures"]`,
		"presigned put": "200", "presigned get used to delete": "403", "list": `["app/boto3", "app/large"]`, "delete several": "2", "create table": `"orders"`,
		"get item": `{"id": {"S": "1"}}`, "no such table": "ResourceNotFoundException", "delete table": `"orders"`, "create queue": `"jobs"`, "receive": `"hello"`,
		"dry run": "DryRunOperation", "stop what it made": "true", "create secret": `"dev-db"`, "get secret": `"hush"`, "encrypt": `"hush"`, "get parameter": `"hush"`, "balancers": "[]", "groups": "[]"}
	steps := 0
	for line := range strings.Lines(string(out)) {
		var s scriptStep
		decode(t, line, &s)
		judgeStep(t, s.Step, s, wanted)
		steps++
	}
	if steps != 47 {
		t.Errorf("the script made %d steps", steps)
	}
}

func testJavaScriptGateway(t *testing.T, b *backed) {
	var saw map[string]scriptStep
	decode(t, runJavaScript(t, "gateway.js", b.asPod(t, b.role, b.token(t, "shop", "app")), nil), &saw)
	wanted := map[string]string{"get": `"figures"`, "range": `"igu"`, "head": `"7"`, "stream": `"true"`, "multipart": `"true"`, "presigned get": `"200"`, "presigned put": `"200"`,
		"presigned get used to delete": `"403"`, "list": `"app/javascript,app/large,app/stream"`, "get item": `"1"`, "receive": `"hello"`}
	if len(saw) != 28 {
		t.Errorf("the script made %d steps", len(saw))
	}
	for name, s := range saw {
		judgeStep(t, name, s, wanted)
	}
}

// testGoGateway is the AWS SDK for Go v2, also with virtual-hosted addresses.
func testGoGateway(t *testing.T, b *backed) {
	ctx := t.Context()
	pod := b.podSDK(t, b.role, b.token(t, "shop", "app"))
	testGoObjects(t, pod.s3)
	testGoObjects(t, b.virtualHosted(t))
	err := put(ctx, pod, "shop", "payroll/q1")
	want(t, err, 403, "AccessDenied", "s3:PutObject")

	tables, queues := dynamodb.NewFromConfig(pod.config), sqs.NewFromConfig(pod.config)
	_, err = tables.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: aws.String("orders"), BillingMode: dynamodbtypes.BillingModePayPerRequest,
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamodbtypes.KeyTypeHash}},
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
		Tags:                 []dynamodbtypes.Tag{{Key: aws.String("team"), Value: aws.String("web")}}})
	mustDo(t, err)
	key := map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: "1"}}
	_, err = tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: key})
	mustDo(t, err)
	item, err := tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key})
	if err != nil || len(item.Item) != 1 {
		t.Errorf("GetItem: %+v %v", item, err)
	}
	_, err = tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("payroll"), Key: key})
	want(t, err, 400, "AccessDeniedException", "dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:"+motoAccount+":table/payroll")
	_, err = tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
	mustDo(t, err)

	made, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("jobs")})
	mustDo(t, err)
	_, err = queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String("hello")})
	mustDo(t, err)
	_, err = queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(strings.Replace(*made.QueueUrl, "jobs", "mail", 1)), MessageBody: aws.String("hello")})
	if got := answerOf(err); !strings.HasPrefix(got.code, "AccessDenied") || !strings.Contains(got.message, "sqs:SendMessage") {
		t.Errorf("another queue: %+v", got)
	}
}

// virtualHosted is a client that puts the bucket into the host's name, and finds the plane under any name.
func (b *backed) virtualHosted(t *testing.T) *s3.Client {
	t.Helper()
	address := strings.TrimPrefix(b.endpoint, "http://")
	_, port, err := net.SplitHostPort(address)
	mustDo(t, err)
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	})
	provider := aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(b.anonymousSDK(t).sts, b.role, literalToken(b.token(t, "shop", "app"))))
	c := newSDK(t, "http://s3.example.internal:"+port, provider).config
	c.HTTPClient = transport
	return s3.NewFromConfig(c)
}

func testGoObjects(t *testing.T, client *s3.Client) {
	t.Helper()
	ctx, bucket, key := t.Context(), aws.String("shop"), aws.String("app/go")
	large := make([]byte, 11<<20)
	rand.Read(large)
	content := func(key string, part *string) string {
		t.Helper()
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key, Range: part})
		mustDo(t, err)
		defer out.Body.Close()
		content, err := io.ReadAll(out.Body)
		mustDo(t, err)
		return string(content)
	}
	for _, algorithm := range []types.ChecksumAlgorithm{"", types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256} {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("figures"), ChecksumAlgorithm: algorithm})
		mustDo(t, err)
	}
	if got := content("app/go", nil) + " " + content("app/go", aws.String("bytes=1-3")); got != "figures igu" {
		t.Errorf("read %q", got)
	}
	// A body that cannot be read twice is sent without its hash.
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("app/stream"), Body: io.LimitReader(bytes.NewReader(large), int64(len(large))), ContentLength: aws.Int64(int64(len(large)))},
		s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware), func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	mustDo(t, err)
	if content("app/stream", nil) != string(large) {
		t.Error("the stream came back otherwise")
	}
	made, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("app/large"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	mustDo(t, err)
	var parts []types.CompletedPart
	for i, part := range [][]byte{large[:5<<20], large[5<<20:]} {
		number := aws.Int32(int32(i + 1))
		sent, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: made.Key, UploadId: made.UploadId, PartNumber: number, Body: bytes.NewReader(part)})
		mustDo(t, err)
		parts = append(parts, types.CompletedPart{PartNumber: number, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: made.Key, UploadId: made.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	mustDo(t, err)
	if content("app/large", nil) != string(large) {
		t.Error("the parts came back otherwise")
	}
	for _, key := range []string{"app/go", "app/stream", "app/large"} {
		_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key})
		mustDo(t, err)
	}
	// Who may not list the whole bucket does not learn what is not there (Amazon S3 API Reference, GetObject, "Permissions").
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	want(t, err, 403, "AccessDenied", "s3:ListBucket")
}

// testCLIGateway is the AWS CLI, with its high-level commands for S3.
func testCLIGateway(t *testing.T, b *backed) {
	pod := b.asPod(t, b.role, b.token(t, "shop", "app"))
	folder := t.TempDir()
	// Version 1 of the CLI presigns with Signature Version 2 unless it is told otherwise.
	configuration := filepath.Join(folder, "config")
	if err := os.WriteFile(configuration, []byte("[default]\ns3 =\n  signature_version = s3v4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pod = append(pod, "AWS_CONFIG_FILE="+configuration)
	file, back := filepath.Join(folder, "large"), filepath.Join(folder, "back")
	large := make([]byte, 20<<20)
	rand.Read(large)
	if err := os.WriteFile(file, large, 0o600); err != nil {
		t.Fatal(err)
	}
	mustCLI(t, pod, "s3", "cp", "--quiet", file, "s3://shop/app/cli/large")
	mustCLI(t, pod, "s3", "cp", "--quiet", "s3://shop/app/cli/large", back)
	if content, err := os.ReadFile(back); err != nil || !bytes.Equal(content, large) {
		t.Errorf("s3 cp brought back %d bytes, %v", len(content), err)
	}
	mustCLI(t, pod, "s3api", "put-object", "--bucket", "shop", "--key", "app/cli/small", "--body", file, "--checksum-algorithm", "SHA256")
	mustCLI(t, pod, "s3api", "get-object", "--bucket", "shop", "--key", "app/cli/small", "--range", "bytes=10-19", back)
	if content, err := os.ReadFile(back); err != nil || !bytes.Equal(content, large[10:20]) {
		t.Errorf("a range is %d bytes, %v", len(content), err)
	}
	url := strings.TrimSpace(mustCLI(t, pod, "s3", "presign", "s3://shop/app/cli/small"))
	if status := send(t, t.Context(), http.MethodGet, url, nil, ""); status != 200 {
		t.Errorf("a presigned URL is answered %d", status)
	}
	if got := mustCLI(t, pod, "s3", "ls", "s3://shop/app/cli/"); !strings.Contains(got, "large") || !strings.Contains(got, "small") {
		t.Errorf("s3 ls: %q", got)
	}
	wantRefusal(t, pod, "(AccessDenied)", "s3", "ls", "s3://shop/payroll/")
	mustCLI(t, pod, "s3", "rm", "--quiet", "--recursive", "s3://shop/app/cli/")
	mustCLI(t, pod, "ssm", "put-parameter", "--name", "/shop/cli", "--value", "hush", "--type", "String")
	if got := mustCLI(t, pod, "ssm", "get-parameter", "--name", "/shop/cli", "--query", "Parameter.Value", "--output", "text"); got != "hush\n" {
		t.Errorf("get-parameter: %q", got)
	}
	wantRefusal(t, pod, "(AccessDeniedException)", "ssm", "get-parameter", "--name", "/bank/cli")
	if got := mustCLI(t, pod, "elbv2", "describe-load-balancers", "--query", "LoadBalancers", "--output", "json"); strings.TrimSpace(got) != "[]" {
		t.Errorf("describe-load-balancers: %q", got)
	}
	wantRefusal(t, pod, fmt.Sprintf("arn:aws:sns:us-east-1:%s:orders", motoAccount), "sns", "publish", "--topic-arn", "arn:aws:sns:us-east-1:"+motoAccount+":orders", "--message", "fire")
}
