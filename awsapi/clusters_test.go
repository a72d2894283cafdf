package awsapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

// echo advises what it was asked, so that a test sees what reaches an advisor.
type echo struct{}

func (echo) Advise(_ context.Context, q awsapi.PreflightQuestion) ([]awsapi.PreflightWarning, error) {
	return []awsapi.PreflightWarning{{Id: "T01", Text: strings.Join([]string{q.Account, q.RoleARN, q.Issuer, q.Namespace, q.ServiceAccount, q.Audience}, " ")}}, nil
}

func TestPreflight(t *testing.T) {
	p := newPlane(t)
	const question = `{"RoleArn":"arn:aws:iam::111122223333:role/app","Issuer":"https://i.example","Namespace":"shop","ServiceAccount":"app"}`
	var out awsapi.PreflightOutput
	if got := p.openirsa(t, p.root, "Preflight", question, &out); got.Code != "" || len(out.Warnings) != 1 ||
		out.Warnings[0].Text != account+" arn:aws:iam::111122223333:role/app https://i.example shop app sts.amazonaws.com" {
		t.Errorf("Preflight: %+v, %+v", got, out)
	}
	if got := p.openirsa(t, p.session(t, "powerless", ""), "Preflight", question, nil); got.Code != "AccessDenied" {
		t.Errorf("Preflight without a policy: %+v", got)
	}
	for _, body := range []string{`{}`, strings.Replace(question, "shop", "", 1), strings.Replace(question, "shop", strings.Repeat("a", 5000), 1)} {
		if got := p.openirsa(t, p.root, "Preflight", body, nil); got.Code != "ValidationError" {
			t.Errorf("Preflight of %.80s: %+v", body, got)
		}
	}
}

// TestClusterOperations is a cluster's life through the door: registered with its keys, synchronized, listed, deregistered.
func TestClusterOperations(t *testing.T) {
	p := newPlane(t)
	foreign := newPlane(t)
	const issuer = "https://cluster.example.test"
	call := func(operation, body string, out any) refused {
		t.Helper()
		return p.openirsa(t, p.root, operation, body, out)
	}
	register := fmt.Sprintf(`{"Name":"prod","Issuer":%q,"Uid":"u-1","KeySet":%s,"TokenReview":true}`, issuer, foreign.issuer.JWKS())
	var registered awsapi.RegisterClusterOutput
	if got := call("RegisterCluster", register, &registered); got.Code != "" || registered.OpenIDConnectProviderArn != "arn:aws:iam::"+account+":oidc-provider/cluster.example.test" {
		t.Fatalf("RegisterCluster: %+v, %+v", got, registered)
	}
	var list awsapi.ListClustersOutput
	if got := call("ListClusters", `{}`, &list); got.Code != "" || len(list.Clusters) != 1 {
		t.Fatalf("ListClusters: %+v, %+v", got, list)
	}
	if c := list.Clusters[0]; c.Name != "prod" || c.Uid != "u-1" || len(c.KeyIds) != 1 || c.SyncDate == "" || !c.TokenReview || c.OpenIDConnectProviderArn != registered.OpenIDConnectProviderArn {
		t.Errorf("the cluster is %+v", c)
	}
	var synced awsapi.SyncClusterOutput
	sync := func(uid string, keys []byte) refused {
		return call("SyncCluster", fmt.Sprintf(`{"Name":"prod","Uid":%q,"KeySet":%s,"Version":"v1.36.3"}`, uid, keys), &synced)
	}
	if got := sync("u-1", p.issuer.JWKS()); got.Code != "" || !synced.TokenReview {
		t.Errorf("SyncCluster: %+v, %+v", got, synced)
	}
	if got := sync("u-2", p.issuer.JWKS()); got.Code != "EntityAlreadyExists" {
		t.Errorf("SyncCluster of another cluster: %+v", got)
	}
	if got := sync("u-1", []byte(`{"keys":[]}`)); got.Code != "InvalidInput" {
		t.Errorf("SyncCluster without keys: %+v", got)
	}
	for operation, body := range map[string]string{
		"ReceiveTokenReviews": `{"Name":"prod","Uid":"u-2"}`, "CompleteTokenReviews": `{"Name":"prod","Uid":"u-2","Results":[]}`,
	} {
		if got := call(operation, body, nil); got.Code != "InvalidInput" {
			t.Errorf("%s of another cluster: %+v", operation, got)
		}
		if got := p.openirsa(t, p.session(t, "r"+operation, ""), operation, body, nil); got.Code != "AccessDenied" {
			t.Errorf("%s without a policy: %+v", operation, got)
		}
	}
	var gone awsapi.DeregisterClusterOutput
	if got := call("DeregisterCluster", `{"Name":"prod"}`, &gone); got.Code != "" || gone.OpenIDConnectProviderArn == "" || gone.DeregisterDate == "" {
		t.Errorf("DeregisterCluster: %+v, %+v", got, gone)
	}
	if got := sync("u-1", p.issuer.JWKS()); got.Code != "NoSuchEntity" || got.Status != http.StatusNotFound {
		t.Errorf("SyncCluster afterwards: %+v", got)
	}
}

// TestTokenReview: an exchange needs the word of the cluster, which asks for what waits and answers.
func TestTokenReview(t *testing.T) {
	p := newPlane(t)
	p.session(t, "reader", "") // makes the role, its provider and a first exchange
	if got := p.openirsa(t, p.root, "RegisterCluster", fmt.Sprintf(`{"Name":"own","Issuer":%q,"Uid":"u","TokenReview":true}`, issuerURL), nil); got.Code != "" {
		t.Fatalf("RegisterCluster: %+v", got)
	}
	token := p.token(t, "reader")
	exchange := func() chan error {
		done := make(chan error, 1)
		go func() {
			_, err := awssts.NewFromConfig(p.config(sigv4.Credentials{})).AssumeRoleWithWebIdentity(t.Context(), &awssts.AssumeRoleWithWebIdentityInput{
				RoleArn: aws.String("arn:aws:iam::" + account + ":role/reader"), RoleSessionName: aws.String("s2"), WebIdentityToken: &token})
			done <- err
		}()
		return done
	}
	answer := func(good bool) {
		t.Helper()
		var out awsapi.ReceiveTokenReviewsOutput
		if got := p.openirsa(t, p.root, "ReceiveTokenReviews", `{"Name":"own","Uid":"u"}`, &out); got.Code != "" || len(out.Reviews) != 1 || out.Reviews[0].Token != token ||
			len(out.Reviews[0].Audiences) != 1 {
			t.Fatalf("ReceiveTokenReviews: %+v, %+v", got, out)
		}
		results, _ := json.Marshal([]map[string]any{{"Id": out.Reviews[0].ID, "Authenticated": good}})
		if got := p.openirsa(t, p.root, "CompleteTokenReviews", `{"Name":"own","Uid":"u","Results":`+string(results)+`}`, nil); got.Code != "" {
			t.Fatalf("CompleteTokenReviews: %+v", got)
		}
	}
	done := exchange()
	answer(true)
	must(t, <-done)
	must(t, <-exchange()) // the word counts for some seconds

	token = p.token(t, "reader")
	done = exchange()
	answer(false)
	if err := <-done; errorCode(err) != "InvalidIdentityToken" {
		t.Errorf("a token that the cluster does not vouch for: %v", err)
	}
	if text := p.logs.String(); strings.Contains(text, token) {
		t.Error("the log holds a token")
	}
}
