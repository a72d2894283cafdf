package cloud

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWebIdentityFromTheEnvironment: a pod's token is exchanged at AWS_ENDPOINT_URL, not at AWS.
func TestWebIdentityFromTheEnvironment(t *testing.T) {
	var exchanged string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		exchanged = string(body)
		io.WriteString(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>`+
			`<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
	}))
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("the-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ENDPOINT_URL_STS": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": "us-east-1",
		"AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/app", "AWS_WEB_IDENTITY_TOKEN_FILE": token} {
		t.Setenv(name, value)
	}
	c, err := New(t.Context(), Config{MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Credentials(t.Context())
	if err != nil || found.AccessKeyID != "ASIAEXAMPLE" || !strings.Contains(exchanged, "WebIdentityToken=the-token") {
		t.Errorf("credentials %q, %v, after %q", found.AccessKeyID, err, exchanged)
	}
}

// TestClusterCalls holds the requests against docs/compatibility.md's names, and what is read of the answers.
func TestClusterCalls(t *testing.T) {
	var target, body, answer string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		target, body = r.Header.Get("X-Amz-Target"), string(sent)
		io.WriteString(w, answer)
	})
	ctx := t.Context()
	cases := []struct {
		operation, body, answer string
		call                    func() (any, error)
		ok                      func(any) bool
	}{
		{"RegisterCluster", `{"Name":"a","Issuer":"https://i","Uid":"u","KeySet":{"keys":[]}}`, `{"ClusterArn":"c","OpenIDConnectProviderArn":"p"}`,
			func() (any, error) {
				return c.RegisterCluster(ctx, Registration{Name: "a", Issuer: "https://i", Uid: "u", KeySet: []byte(`{"keys":[]}`)})
			}, func(v any) bool { return v == Registered{"c", "p"} }},
		{"SyncCluster", `{"Name":"a","Uid":"u","KeySet":{"keys":[]},"Version":"v1"}`, `{"Issuer":"i","TokenReview":true}`,
			func() (any, error) { return c.SyncCluster(ctx, "a", "u", "v1", []byte(`{"keys":[]}`)) }, func(v any) bool { return v == Synced{"i", true} }},
		{"ListClusters", `{}`, `{"Clusters":[{"Name":"a","KeyIds":["k"]}]}`,
			func() (any, error) { return c.Clusters(ctx) }, func(v any) bool {
				got := v.([]Cluster)
				return len(got) == 1 && got[0].Name == "a" && len(got[0].KeyIds) == 1
			}},
		{"DeregisterCluster", `{"Name":"a"}`, `{"OpenIDConnectProviderArn":"p","DeregisterDate":"d"}`,
			func() (any, error) { return c.DeregisterCluster(ctx, "a") }, func(v any) bool { return v == Deregistered{"p", "d"} }},
		{"ReceiveTokenReviews", `{"Name":"a","Uid":"u"}`, `{"Reviews":[{"Id":"1","Token":"t","Audiences":["x"]}]}`,
			func() (any, error) { return c.ReceiveTokenReviews(ctx, "a", "u") }, func(v any) bool {
				got := v.([]TokenReview)
				return len(got) == 1 && got[0].ID == "1" && got[0].Token == "t" && got[0].Audiences[0] == "x"
			}},
		{"CompleteTokenReviews", `{"Name":"a","Uid":"u","Results":[{"Id":"1","Authenticated":true}]}`, `{}`,
			func() (any, error) {
				return nil, c.CompleteTokenReviews(ctx, "a", "u", []TokenReviewResult{{"1", true}})
			}, func(any) bool { return true }},
		{"Preflight", `{"RoleArn":"r","Issuer":"i","Namespace":"n","ServiceAccount":"s"}`, `{"Warnings":[{"Id":"T01","Text":"x"}]}`,
			func() (any, error) {
				return c.Preflight(ctx, Question{RoleArn: "r", Issuer: "i", Namespace: "n", ServiceAccount: "s"})
			}, func(v any) bool { got := v.([]Advice); return len(got) == 1 && got[0] == Advice{"T01", "x"} }},
	}
	for _, call := range cases {
		answer = call.answer
		got, err := call.call()
		if err != nil || !call.ok(got) || target != "OpenIRSA."+call.operation || body != call.body {
			t.Errorf("%s: %+v, %v\nsent %s %s", call.operation, got, err, target, body)
		}
	}
}
