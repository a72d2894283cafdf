package awsapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/openirsa/openirsa/sigv4"
)

func TestExchange(t *testing.T) {
	ctx, p := t.Context(), newPlane(t)
	p.session(t, "reader", readPolicy)
	anonymous := awssts.NewFromConfig(p.config(sigv4.Credentials{}))
	in := &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/reader"), RoleSessionName: aws.String("pod-1"),
		WebIdentityToken: aws.String(p.token(t, "reader")), DurationSeconds: aws.Int32(900), Policy: aws.String(readPolicy),
	}
	out, err := anonymous.AssumeRoleWithWebIdentity(ctx, in)
	must(t, err)
	provider := "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(issuerURL, "https://")
	if *out.SubjectFromWebIdentityToken != "system:serviceaccount:apps:reader" || *out.Audience != "sts.amazonaws.com" || *out.Provider != provider || out.SourceIdentity != nil ||
		int(*out.SessionTokenSize) != len(*out.Credentials.SessionToken) || *out.SessionTokenUtilization != 100**out.SessionTokenSize/4096+1 {
		t.Errorf("answer is %+v", out)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/reader/pod-1" || !strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":pod-1") {
		t.Errorf("session is %s, %s", *out.AssumedRoleUser.Arn, *out.AssumedRoleUser.AssumedRoleId)
	}
	if left := time.Until(*out.Credentials.Expiration); left > 15*time.Minute || left < 14*time.Minute || !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") {
		t.Errorf("credentials are %s, valid for %v", *out.Credentials.AccessKeyId, left)
	}
	session := sigv4.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
	client := awssts.NewFromConfig(p.config(session))
	identity, err := client.GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
	must(t, err)
	if *identity.Arn != *out.AssumedRoleUser.Arn || *identity.Account != account || *identity.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("identity is %+v", identity)
	}

	t.Run("signed", func(t *testing.T) {
		// What signs an exchange gives and takes nothing: AWS's model has it as authtype none.
		stranger := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "not a secret"}
		response, body := p.post(t, stranger, "sts", url.Values{
			"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {*in.RoleArn}, "RoleSessionName": {"ss"}, "WebIdentityToken": {*in.WebIdentityToken},
		})
		if response.StatusCode != http.StatusOK {
			t.Errorf("got %d: %s", response.StatusCode, body)
		}
	})
	t.Run("refused", func(t *testing.T) {
		other := *in
		other.WebIdentityToken = aws.String(p.token(t, "stranger"))
		_, err := anonymous.AssumeRoleWithWebIdentity(ctx, &other)
		wantError(t, err, "AccessDenied", 403)
		other.WebIdentityToken = aws.String("not.a.token")
		_, err = anonymous.AssumeRoleWithWebIdentity(ctx, &other)
		wantError(t, err, "InvalidIdentityToken", 400)
		other = *in
		other.DurationSeconds = aws.Int32(60)
		_, err = anonymous.AssumeRoleWithWebIdentity(ctx, &other)
		wantError(t, err, "ValidationError", 400)
		other = *in
		other.Policy = aws.String("{")
		_, err = anonymous.AssumeRoleWithWebIdentity(ctx, &other)
		wantError(t, err, "MalformedPolicyDocument", 400)
	})
}

func TestAssumeRole(t *testing.T) {
	ctx, p := t.Context(), newPlane(t)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],`+
		`"Condition":{"StringEquals":{"aws:RequestTag/team":"blue","sts:ExternalId":"42"}}}]}`, account)
	_, err := p.iam().CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("target"), AssumeRolePolicyDocument: aws.String(trust)})
	must(t, err)
	callerPolicy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`
	client := awssts.NewFromConfig(p.config(p.session(t, "caller", callerPolicy)))
	in := &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/target"), RoleSessionName: aws.String("ss"), ExternalId: aws.String("42"), SourceIdentity: aws.String("me"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}, TransitiveTagKeys: []string{"team"},
		PolicyArns: []types.PolicyDescriptorType{},
	}
	out, err := client.AssumeRole(ctx, in)
	must(t, err)
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/target/ss" || *out.SourceIdentity != "me" {
		t.Errorf("answer is %+v", out)
	}
	other := *in
	other.ExternalId = aws.String("43")
	_, err = client.AssumeRole(ctx, &other)
	wantError(t, err, "AccessDenied", 403)
	other = *in
	other.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::" + account + ":policy/missing")}}
	if _, err = client.AssumeRole(ctx, &other); err == nil {
		t.Error("a session policy that does not exist is accepted")
	}
	_, err = awssts.NewFromConfig(p.config(sigv4.Credentials{})).AssumeRole(ctx, in)
	wantError(t, err, "MissingAuthenticationToken", 403)
}

// TestPresignedIdentity sends what aws-iam-authenticator sends: GET with the call and the signature in the query.
func TestPresignedIdentity(t *testing.T) {
	p := newPlane(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
	must(t, err)
	request.Header.Set("X-K8s-Aws-Id", "cluster")
	signing := aws.Credentials{AccessKeyID: p.root.AccessKeyID, SecretAccessKey: p.root.SecretAccessKey}
	presigned, headers, err := v4.NewSigner().PresignHTTP(t.Context(), signing, request, hexSHA256(nil), "sts", region, time.Now())
	must(t, err)
	get := func(target string) (*http.Response, []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		must(t, err)
		request.Header = headers
		return do(t, request)
	}
	response, body := get(presigned)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), "<Arn>arn:aws:iam::"+account+":root</Arn>") {
		t.Errorf("got %d: %s", response.StatusCode, body)
	}
	response, body = get(strings.Replace(presigned, "GetCallerIdentity", "AssumeRole", 1))
	if got := readRefusal(t, response, body); got.Code != "SignatureDoesNotMatch" || got.Status != http.StatusForbidden {
		t.Errorf("another call under the same signature: %+v", got)
	}

	sdk, err := awssts.NewPresignClient(awssts.NewFromConfig(p.config(p.root))).PresignGetCallerIdentity(t.Context(), nil)
	must(t, err)
	headers = sdk.SignedHeader
	response, body = get(sdk.URL)
	if response.StatusCode != http.StatusOK || strings.Contains(sdk.URL, "X-Amz-Expires") {
		t.Errorf("as the SDK presigns it, %s: %d: %s", sdk.URL, response.StatusCode, body)
	}
}
