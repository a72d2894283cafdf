package awsapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

const otherAccount = "444455556666"

func TestAccounts(t *testing.T) {
	p := newPlane(t)
	var created awsapi.CreateAccountOutput
	if got := p.openirsa(t, p.root, "CreateAccount", `{"AccountId":"`+otherAccount+`"}`, &created); got.Code != "" {
		t.Fatalf("CreateAccount: %+v", got)
	}
	other := sigv4.Credentials{AccessKeyID: created.AccessKeyId, SecretAccessKey: created.SecretAccessKey}
	identity, err := awssts.NewFromConfig(p.config(other)).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	must(t, err)
	if *identity.Arn != "arn:aws:iam::"+otherAccount+":root" {
		t.Errorf("the new account's key is %s", *identity.Arn)
	}
	var list awsapi.ListAccountsOutput
	if got := p.openirsa(t, p.root, "ListAccounts", `{}`, &list); got.Code != "" || len(list.Accounts) != 2 || list.IsTruncated {
		t.Errorf("ListAccounts: %+v, %+v", got, list)
	}
	if got := p.openirsa(t, p.root, "CreateAccount", `{"AccountId":"`+otherAccount+`"}`, nil); got.Code != "EntityAlreadyExists" || got.Status != http.StatusConflict {
		t.Errorf("the same account again: %+v", got)
	}
	if got := p.openirsa(t, other, "CreateAccount", `{"AccountId":"777788889999"}`, nil); got.Code != "AccessDenied" || got.Status != http.StatusForbidden {
		t.Errorf("an account made by another than the default one: %+v", got)
	}
	if got := p.openirsa(t, p.session(t, "powerless", ""), "ListAccounts", `{}`, nil); got.Code != "AccessDenied" {
		t.Errorf("ListAccounts without a policy: %+v", got)
	}

	for id, code := range map[string]string{account: "ConstraintViolationException", "777788889999": "AccountNotFoundException"} {
		if got := p.openirsa(t, p.root, "CloseAccount", `{"AccountId":"`+id+`"}`, nil); got.Code != code || got.Status != http.StatusBadRequest {
			t.Errorf("closing %s: %+v", id, got)
		}
	}
	if got := p.openirsa(t, other, "CloseAccount", `{"AccountId":"`+otherAccount+`"}`, nil); got.Code != "AccessDenied" {
		t.Errorf("an account closed by itself: %+v", got)
	}
	if got := p.openirsa(t, other, "DisableRoot", `{"AccountId":"`+otherAccount+`"}`, nil); got.Code != "SerializationException" {
		t.Errorf("DisableRoot of a named account: %+v", got)
	}
	if got := p.openirsa(t, other, "DisableRoot", `{}`, nil); got.Code != "" {
		t.Errorf("DisableRoot: %+v", got)
	}
	if got := p.openirsa(t, other, "DisableRoot", `{}`, nil); got.Code != "InvalidClientTokenId" || got.Status != http.StatusForbidden {
		t.Errorf("DisableRoot again: %+v", got)
	}
	if got := p.openirsa(t, p.root, "CloseAccount", `{"AccountId":"`+otherAccount+`"}`, nil); got.Code != "" {
		t.Errorf("CloseAccount: %+v", got)
	}
	if _, err := awssts.NewFromConfig(p.config(other)).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{}); errorCode(err) != "InvalidClientTokenId" {
		t.Errorf("the closed account's key: %v", err)
	}
	if got := p.openirsa(t, p.root, "ListAccounts", `{}`, &list); got.Code != "" || list.Accounts[0].Status != "ACTIVE" || list.Accounts[1].Status != "CLOSED" {
		t.Errorf("ListAccounts: %+v, %+v", got, list)
	}
}

// TestInlineKeys: two accounts register one issuer with different keys, and neither takes the other's tokens.
func TestInlineKeys(t *testing.T) {
	p := newPlane(t)
	p.session(t, "reader", "")
	arn := "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(issuerURL, "https://")
	exchange := func() error {
		_, err := awssts.NewFromConfig(p.config(sigv4.Credentials{})).AssumeRoleWithWebIdentity(t.Context(), &awssts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::" + account + ":role/reader"), RoleSessionName: aws.String("s2"), WebIdentityToken: aws.String(p.token(t, "reader")),
		})
		return err
	}
	put := func(keys string) refused {
		return p.openirsa(t, p.root, "PutOpenIDConnectProviderKeys", fmt.Sprintf(`{"OpenIDConnectProviderArn":%q,"KeySet":%s}`, arn, keys), &struct{}{})
	}
	must(t, exchange())
	foreign := newPlane(t).issuer.JWKS()
	if got := put(string(foreign)); got.Code != "" {
		t.Fatalf("putting keys: %+v", got)
	}
	if err := exchange(); errorCode(err) != "InvalidIdentityToken" {
		t.Errorf("a token under keys that are no longer there: %v", err)
	}
	if got := put(string(p.issuer.JWKS())); got.Code != "" {
		t.Fatalf("putting keys: %+v", got)
	}
	must(t, exchange())
	if got := put(`null`); got.Code != "" {
		t.Fatalf("removing keys: %+v", got)
	}
	must(t, exchange())
	for _, keys := range []string{`{}`, `"x"`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`} {
		if got := put(keys); got.Status != http.StatusBadRequest {
			t.Errorf("keys %s: %+v", keys, got)
		}
	}
	if got := p.openirsa(t, p.root, "PutOpenIDConnectProviderKeys", fmt.Sprintf(`{"OpenIDConnectProviderArn":%q}`, arn), nil); got.Code != "ValidationError" {
		t.Errorf("no keys: %+v", got)
	}
	if got := p.openirsa(t, p.root, "PutOpenIDConnectProviderKeys", fmt.Sprintf(`{"OpenIDConnectProviderArn":"%sx","KeySet":null}`, arn), nil); got.Code != "NoSuchEntity" {
		t.Errorf("keys of no provider: %+v", got)
	}
}

func TestGetEvents(t *testing.T) {
	p := newPlane(t)
	var created awsapi.CreateAccountOutput
	p.openirsa(t, p.root, "CreateAccount", `{"AccountId":"`+otherAccount+`"}`, &created)
	other := sigv4.Credentials{AccessKeyID: created.AccessKeyId, SecretAccessKey: created.SecretAccessKey}
	events := func(c sigv4.Credentials, requestID string) []string {
		var out awsapi.GetEventsOutput
		if got := p.openirsa(t, c, "GetEvents", fmt.Sprintf(`{"RequestId":%q}`, requestID), &out); got.Code != "" {
			t.Fatalf("GetEvents: %+v", got)
		}
		var names []string
		for _, e := range out.Events {
			if e.RequestID != requestID {
				t.Errorf("asked for %s, got an event of %s", requestID, e.RequestID)
			}
			names = append(names, e.Name+" "+e.ErrorCode)
		}
		return names
	}

	// A change in the other account.
	otherIAM := awsiam.NewFromConfig(p.config(other))
	_, err := otherIAM.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String("{")})
	wantError(t, err, "MalformedPolicyDocument", 400)
	denied := p.session(t, "powerless", "")
	response, body := p.post(t, denied, "iam", calls()["ListRoles"])
	mine := readRefusal(t, response, body).RequestID
	wantSet(t, events(p.root, mine), "ListRoles AccessDenied")
	wantSet(t, events(other, mine))

	// Requests of nobody: the plane's default account sees them, others do not.
	response, body = p.post(t, sigv4.Credentials{}, "", calls()["ListRoles"])
	nobodys := readRefusal(t, response, body).RequestID
	if got := events(p.root, nobodys); len(got) != 1 || !strings.HasSuffix(got[0], "MissingAuthenticationToken") {
		t.Errorf("an unsigned request's events are %q", got)
	}
	wantSet(t, events(other, nobodys))
	response, body = p.send(t, sigv4.Credentials{}, "", "application/x-www-form-urlencoded", nil, []byte("Action=%zz"))
	malformed := readRefusal(t, response, body).RequestID
	wantSet(t, events(p.root, malformed), " MalformedInput")
	response, body = p.post(t, p.root, "s3", calls()["ListRoles"])
	wantSet(t, events(p.root, readRefusal(t, response, body).RequestID), "ListRoles SignatureDoesNotMatch")

	wantSet(t, events(p.root, "no-such-request"))
	for _, c := range []struct {
		credentials sigv4.Credentials
		body, code  string
	}{
		{denied, `{"RequestId":"` + mine + `"}`, "AccessDenied"},
		{sigv4.Credentials{}, `{"RequestId":"` + mine + `"}`, "MissingAuthenticationToken"},
		{p.root, `{}`, "ValidationError"},
		{p.root, `{"RequestId":"../../etc"}`, "ValidationError"},
		{p.root, `{"RequestID":"a","RequestId":"b"}`, "SerializationException"},
	} {
		if got := p.openirsa(t, c.credentials, "GetEvents", c.body, nil); got.Code != c.code {
			t.Errorf("GetEvents %s: %+v, want %s", c.body, got, c.code)
		}
	}
}
