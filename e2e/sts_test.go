package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// as is the SDK with a session's credentials.
func (p *plane) as(t testing.TB, c *types.Credentials) *sdk {
	t.Helper()
	return newSDK(t, p.endpoint, credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
}

func (s *sdk) whoAmI(t testing.TB) string {
	t.Helper()
	out, err := s.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Arn + " " + *out.UserId + " " + *out.Account
}

// encodedMessage is what the event of a request holds for sts:DecodeAuthorizationMessage.
func (p *plane) encodedMessage(t testing.TB, as aws.CredentialsProvider, requestID string) string {
	t.Helper()
	var out struct {
		Events []struct{ EncodedAuthorizationMessage string }
	}
	if err := p.operate(t, as, "GetEvents", map[string]string{"RequestId": requestID}, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Events) != 1 || out.Events[0].EncodedAuthorizationMessage == "" {
		t.Fatalf("events of %s: %+v", requestID, out.Events)
	}
	return out.Events[0].EncodedAuthorizationMessage
}

// TestSTS calls everything of STS with the SDK, errors included.
func TestSTS(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	t.Run("GetSessionToken", p.testGetSessionToken)
	t.Run("GetSessionToken of a user", p.testGetSessionTokenOfUser)
	t.Run("GetFederationToken", p.testGetFederationToken)
	t.Run("GetAccessKeyInfo", p.testGetAccessKeyInfo)
	t.Run("AssumeRole", p.testAssumeRole)
	t.Run("DecodeAuthorizationMessage", p.testDecodeAuthorizationMessage)
	t.Run("not offered", p.testOtherCallsOfSTS)
	t.Run("accounts", p.testAccounts)
}

func (p *plane) testGetSessionToken(t *testing.T) {
	admin := p.adminSDK(t)
	out, err := admin.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(*out.Credentials.Expiration); left > time.Hour || left < 50*time.Minute {
		t.Errorf("the root's session lasts %s", left)
	}
	session := p.as(t, out.Credentials)
	if who := session.whoAmI(t); who != admin.whoAmI(t) {
		t.Errorf("the session is of %s", who)
	}
	_, err = session.iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	want(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	_, err = session.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	want(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = session.sts.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("Bob")})
	want(t, err, 403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
	_, err = admin.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(60)})
	want(t, err, 400, "ValidationError", "Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	_, err = admin.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::000000000000:mfa/x"), TokenCode: aws.String("123456")})
	want(t, err, 403, "AccessDenied", "MultiFactorAuthentication failed")
}

func (p *plane) testGetSessionTokenOfUser(t *testing.T) {
	admin := p.adminSDK(t)
	name := aws.String("alice")
	user, err := admin.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets","iam:*"],"Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	key, err := admin.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	alice := newSDK(t, p.endpoint, credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	out, err := alice.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(*out.Credentials.Expiration); left > 12*time.Hour || left < 11*time.Hour {
		t.Errorf("the session lasts %s", left)
	}
	session := p.as(t, out.Credentials)
	if who := session.whoAmI(t); who != *user.User.Arn+" "+*user.User.UserId+" 000000000000" {
		t.Errorf("the session is of %s", who)
	}
	if _, err := session.s3.ListBuckets(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, err = session.iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	want(t, err, 403, "InvalidClientTokenId", "")
}

func (p *plane) testGetFederationToken(t *testing.T) {
	admin := p.adminSDK(t)
	out, err := admin.sts.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{
		Name: aws.String("Bob"), Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`),
		Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}, DurationSeconds: aws.Int32(900), MinimumSessionTokenSize: aws.Int32(4096),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.FederatedUser.Arn != "arn:aws:sts::000000000000:federated-user/Bob" || *out.FederatedUser.FederatedUserId != "000000000000:Bob" ||
		len(*out.Credentials.SessionToken) != 4096 || *out.SessionTokenSize != 4096 || *out.SessionTokenUtilization != 100 {
		t.Errorf("federated user = %s %s", *out.FederatedUser.Arn, *out.FederatedUser.FederatedUserId)
	}
	bob := p.as(t, out.Credentials)
	if who := bob.whoAmI(t); who != "arn:aws:sts::000000000000:federated-user/Bob 000000000000:Bob 000000000000" {
		t.Errorf("the session is of %s", who)
	}
	if _, err := bob.s3.ListBuckets(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, err = bob.iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	want(t, err, 403, "InvalidClientTokenId", "")
	_, err = bob.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/none"), RoleSessionName: aws.String("x1")})
	want(t, err, 403, "AccessDenied", "federated-user/Bob is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::000000000000:role/none")
	none, err := admin.sts.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("Bob")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.as(t, none.Credentials).s3.ListBuckets(t.Context(), nil)
	want(t, err, 403, "AccessDenied", "because no session policy allows the s3:ListAllMyBuckets action")
	_, err = admin.sts.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("Bob"), Policy: aws.String(`{"Version":"1"}`)})
	want(t, err, 400, "MalformedPolicyDocument", "")
}

func (p *plane) testGetAccessKeyInfo(t *testing.T) {
	admin := p.adminSDK(t)
	for id, account := range map[string]string{p.admin["AWS_ACCESS_KEY_ID"]: p.account, "ASIAQNZGKIQY56JQ7WML": "029608264753"} {
		out, err := admin.sts.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *out.Account != account {
			t.Errorf("%s: %v, want account %s", id, err, account)
		}
	}
	_, err := admin.sts.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIA-NOT-AN-ACCESS-KEY")})
	want(t, err, 400, "ValidationError", `Member must satisfy regular expression pattern: [\w]*`)
}

// testAssumeRole has a third party's role session assume a role of another account, by an external id, and chain on from there with tags.
func (p *plane) testAssumeRole(t *testing.T) {
	const all = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"*"}]}`
	third := p.createAccount(t, "999988887777")
	admin := p.adminSDK(t)
	admin.role(t, "broker", p.trust("third", "party"), all)
	broker := p.podSDK(t, "arn:aws:iam::000000000000:role/broker", p.token(t, "third", "party"))
	customer := third.sdk.role(t, "customer", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},
		"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":"ticket/7"}}}]}`, all)
	next := third.sdk.role(t, "next", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+customer+`"},
		"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"shop"}}}]}`, "")

	in := &sts.AssumeRoleInput{RoleArn: &customer, RoleSessionName: aws.String("audit")}
	_, err := broker.sts.AssumeRole(t.Context(), in)
	want(t, err, 403, "AccessDenied", "User: arn:aws:sts::000000000000:assumed-role/broker/e2e is not authorized to perform: sts:AssumeRole on resource: "+customer)
	in.ExternalId, in.DurationSeconds = aws.String("ticket/7"), aws.Int32(3601)
	_, err = broker.sts.AssumeRole(t.Context(), in)
	want(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	in.DurationSeconds = nil
	in.Tags, in.TransitiveTagKeys = []types.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}, []string{"Team"}
	out, err := broker.sts.AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	session := p.as(t, out.Credentials)
	if who := session.whoAmI(t); !strings.HasPrefix(who, "arn:aws:sts::999988887777:assumed-role/customer/audit ") {
		t.Errorf("the session is of %s", who)
	}
	if _, err := session.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &next, RoleSessionName: aws.String("chained")}); err != nil {
		t.Error(err)
	}
	_, err = session.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &next, RoleSessionName: aws.String("chained"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}})
	want(t, err, 400, "InvalidParameterValue", "it conflicts with a transitive tag key from the calling session")
	_, err = admin.sts.AssumeRole(t.Context(), in)
	want(t, err, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
	_, err = broker.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(strings.Replace(customer, "arn:aws:", "arn:aws-cn:", 1)), RoleSessionName: aws.String("audit"), ExternalId: in.ExternalId})
	want(t, err, 403, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: arn:aws-cn:iam::999988887777:role/customer")
}

func (p *plane) testDecodeAuthorizationMessage(t *testing.T) {
	admin := p.adminSDK(t)
	arn := admin.role(t, "denied", p.trust("shop", "denied"), `{"Version":"2012-10-17","Statement":[{"Sid":"NoRoles","Effect":"Deny","Action":"iam:GetRole","Resource":"*"}]}`)
	pod := p.podSDK(t, arn, p.token(t, "shop", "denied"))
	_, err := pod.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("denied")})
	want(t, err, 403, "AccessDenied", "with an explicit deny in an identity-based policy")
	if strings.Contains(err.Error(), "Encoded authorization failure message") {
		t.Errorf("IAM does not answer with encoded messages: %v", err)
	}
	message := p.encodedMessage(t, admin.config.Credentials, answerOf(err).requestID)

	out, err := admin.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	if err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		Allowed           bool
		ExplicitDeny      bool
		MatchedStatements struct {
			Items []struct{ StatementID, Effect string }
		}
		Context struct {
			Principal        struct{ ID, ARN string }
			Action, Resource string
		}
	}
	decode(t, *out.DecodedMessage, &decoded)
	if decoded.Allowed || !decoded.ExplicitDeny || len(decoded.MatchedStatements.Items) != 1 || decoded.MatchedStatements.Items[0].StatementID != "NoRoles" ||
		decoded.MatchedStatements.Items[0].Effect != "DENY" || decoded.Context.Action != "iam:GetRole" || decoded.Context.Resource != arn || !strings.HasPrefix(decoded.Context.Principal.ID, "AROA") {
		t.Errorf("decoded = %s", *out.DecodedMessage)
	}

	_, err = pod.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	want(t, err, 403, "AccessDenied", "is not authorized to perform: sts:DecodeAuthorizationMessage on resource: *")
	_, err = p.createAccount(t, "111100001111").sdk.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	want(t, err, 400, "InvalidAuthorizationMessageException", "")
	_, err = admin.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(message[:len(message)/2])})
	want(t, err, 400, "InvalidAuthorizationMessageException", "")
}

func (p *plane) testOtherCallsOfSTS(t *testing.T) {
	admin := p.adminSDK(t)
	_, err := admin.sts.AssumeRoot(t.Context(), &sts.AssumeRootInput{TargetPrincipal: aws.String("000000000000"), TaskPolicyArn: &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")}})
	want(t, err, 400, "InvalidAction", "Could not find operation AssumeRoot for version 2011-06-15")
	_, err = admin.sts.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/none"), PrincipalArn: aws.String("arn:aws:iam::000000000000:saml-provider/x"), SAMLAssertion: aws.String("AAAA")})
	want(t, err, 400, "InvalidAction", "")
}

func (p *plane) testAccounts(t *testing.T) {
	admin := p.adminSDK(t).config.Credentials
	closing := p.createAccount(t, "222200002222")
	session, err := closing.sdk.sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.operate(t, closing.root, "CloseAccount", map[string]string{"AccountId": p.account}, nil); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("another account closes the default one: %v", err)
	}
	if err := p.operate(t, admin, "CloseAccount", map[string]string{"AccountId": p.account}, nil); err == nil || !strings.Contains(err.Error(), "ConstraintViolationException") {
		t.Errorf("the default account is closed: %v", err)
	}
	if err := p.operate(t, admin, "CloseAccount", map[string]string{"AccountId": closing.id}, nil); err != nil {
		t.Fatal(err)
	}
	for _, credentials := range []*sdk{closing.sdk, p.as(t, session.Credentials)} {
		_, err := credentials.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		want(t, err, 403, "InvalidClientTokenId", "")
	}
	var list struct {
		Accounts []struct{ AccountId, Status string }
	}
	if err := p.operate(t, admin, "ListAccounts", map[string]string{}, &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, account := range list.Accounts {
		found[account.AccountId] = account.Status
	}
	if found[closing.id] != "CLOSED" || found[p.account] != "ACTIVE" {
		t.Errorf("accounts = %v", found)
	}
	if err := p.operate(t, admin, "CreateAccount", map[string]string{"AccountId": closing.id}, nil); err == nil || !strings.Contains(err.Error(), "EntityAlreadyExists") {
		t.Errorf("the closed account is made anew: %v", err)
	}
}

// TestSTSWithCLI has the unmodified AWS CLI make the calls that people type.
func TestSTSWithCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	admin := p.asAdmin()
	var session struct {
		Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	}
	decode(t, mustCLI(t, admin, "sts", "get-session-token", "--duration-seconds", "900"), &session)
	var identity, info struct{ Arn, Account string }
	decode(t, mustCLI(t, append(admin, "AWS_ACCESS_KEY_ID="+session.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY="+session.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN="+session.Credentials.SessionToken), "sts", "get-caller-identity"), &identity)
	if identity.Arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("the session is of %s", identity.Arn)
	}
	decode(t, mustCLI(t, admin, "sts", "get-access-key-info", "--access-key-id", session.Credentials.AccessKeyId), &info)
	if info.Account != "000000000000" {
		t.Errorf("the key is of account %s", info.Account)
	}

	sdk := p.adminSDK(t)
	broker := sdk.role(t, "broker", p.trust("shop", "broker"), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`)
	guarded := sdk.role(t, "guarded", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"ticket/7"}}}]}`, "")
	pod := p.asPod(t, broker, p.token(t, "shop", "broker"))
	mustCLI(t, pod, "sts", "assume-role", "--role-arn", guarded, "--role-session-name", "audit", "--external-id", "ticket/7")
	wantRefusal(t, pod, "AccessDenied", "sts", "assume-role", "--role-arn", guarded, "--role-session-name", "audit", "--external-id", "ticket/8")

	_, err := p.podSDK(t, broker, p.token(t, "shop", "broker")).iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	want(t, err, 403, "AccessDenied", "")
	message := p.encodedMessage(t, sdk.config.Credentials, answerOf(err).requestID)
	var decoded struct{ DecodedMessage string }
	decode(t, mustCLI(t, pod, "sts", "decode-authorization-message", "--encoded-message", message), &decoded)
	if !json.Valid([]byte(decoded.DecodedMessage)) || !strings.Contains(decoded.DecodedMessage, `"action":"iam:ListRoles"`) {
		t.Errorf("decoded = %s", decoded.DecodedMessage)
	}
	wantRefusal(t, admin, "InvalidAuthorizationMessageException", "sts", "decode-authorization-message", "--encoded-message", "x"+message)
}

// TestPartition walks an exchange on a plane of AWS's Chinese partition.
func TestPartition(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := start(t, folder, "--region", "cn-north-1")
	if p.admin["AWS_REGION"] != "cn-north-1" {
		t.Errorf("admin.env names region %s", p.admin["AWS_REGION"])
	}
	inChina := func(s *sdk) *sdk {
		return &sdk{config: s.config, iam: iam.New(s.iam.Options(), func(o *iam.Options) { o.Region = "cn-north-1" }), sts: sts.New(s.sts.Options(), func(o *sts.Options) { o.Region = "cn-north-1" })}
	}
	admin := inChina(p.adminSDK(t))
	if who := admin.whoAmI(t); !strings.HasPrefix(who, "arn:aws-cn:iam::000000000000:root ") {
		t.Errorf("the root is %s", who)
	}
	_, err := p.adminSDK(t).sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	want(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region")
	arn := admin.role(t, "app", strings.ReplaceAll(p.trust("shop", "app"), "arn:aws:", "arn:aws-cn:"), "")
	if arn != "arn:aws-cn:iam::000000000000:role/app" {
		t.Errorf("the role is %s", arn)
	}
	exchange := func(role string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return inChina(p.anonymousSDK(t)).sts.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("e2e"), WebIdentityToken: aws.String(p.token(t, "shop", "app"))})
	}
	out, err := exchange(arn)
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws-cn:sts::000000000000:assumed-role/app/e2e" || !strings.HasPrefix(*out.Provider, "arn:aws-cn:iam::000000000000:oidc-provider/") {
		t.Errorf("answer = %s, %s", *out.AssumedRoleUser.Arn, *out.Provider)
	}
	_, err = exchange(strings.Replace(arn, "arn:aws-cn:", "arn:aws:", 1))
	want(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = admin.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("node"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com.cn"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		t.Error(err)
	}

	p.stop(t)
	_, errOut, code := irsa(t, nil, nil, "up", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", folder, "--region", "us-east-1")
	if code != 2 || !strings.Contains(errOut, "error: region us-east-1 is in partition aws, but the data folder is of aws-cn") || !strings.Contains(errOut, "hint: ") {
		t.Errorf("exit %d\n%s", code, errOut)
	}
	p = start(t, folder)
	if p.admin["AWS_REGION"] != "cn-northwest-1" {
		t.Errorf("admin.env names region %s", p.admin["AWS_REGION"])
	}
}
