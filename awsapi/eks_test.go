package awsapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

// restCalls are all calls of EKS, with parameters that decode.
var restCalls = map[string]struct{ method, target, body string }{
	"ListClusters":    {"GET", "/clusters?maxResults=5", ""},
	"DescribeCluster": {"GET", "/clusters/absent", ""},
	"ListAddons":      {"GET", "/clusters/absent/addons?maxResults=5", ""},
	"CreateAddon":     {"POST", "/clusters/absent/addons", `{"addonName":"coredns"}`},
	"DescribeAddon":   {"GET", "/clusters/absent/addons/coredns", ""},
	"UpdateAddon":     {"POST", "/clusters/absent/addons/coredns/update", `{"addonVersion":"v1"}`},
	"DeleteAddon":     {"DELETE", "/clusters/absent/addons/coredns?preserve=true", ""},
}

// rest sends one request of EKS, signed for service unless the credentials are empty.
func (p *plane) rest(t testing.TB, c sigv4.Credentials, service, method, target, body string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.URL+target, strings.NewReader(body))
	must(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.AccessKeyID != "" {
		signed := &sigv4.Request{Method: method, Path: request.URL.EscapedPath(), RawQuery: request.URL.RawQuery, Host: request.URL.Host,
			Header: request.Header, PayloadHash: hexSHA256([]byte(body))}
		must(t, sigv4.Sign(signed, c, region, service, time.Now()))
		request.Header = signed.Header
	}
	return do(t, request)
}

// restRefusal fails the test unless the answer is a refusal of REST JSON.
func restRefusal(t testing.TB, response *http.Response, body []byte) refused {
	t.Helper()
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if response.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &answer) != nil {
		t.Fatalf("%d %s: %s", response.StatusCode, response.Header.Get("Content-Type"), body)
	}
	got := refused{Status: response.StatusCode, Code: response.Header.Get("X-Amzn-ErrorType"), Message: answer.Message, RequestID: response.Header.Get("X-Amzn-RequestId")}
	if got.Code != answer.Type || got.Code == "" || got.Message == "" || got.RequestID == "" {
		t.Errorf("incomplete refusal %+v: %s", got, body)
	}
	return got
}

// TestEveryCallOfEKS: without a signature, with a wrong one, for another service, without permission, and of a cluster that is not there.
func TestEveryCallOfEKS(t *testing.T) {
	p := newPlane(t)
	session := p.session(t, "powerless", "")
	var swept []string
	for name, c := range restCalls {
		swept = append(swept, name)
		send := func(credentials sigv4.Credentials, service string) refused {
			response, body := p.rest(t, credentials, service, c.method, c.target, c.body)
			return restRefusal(t, response, body)
		}
		if got := send(sigv4.Credentials{}, ""); got.Code != "MissingAuthenticationTokenException" || got.Status != http.StatusForbidden {
			t.Errorf("%s without a signature: %+v", name, got)
		}
		if got := send(sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, "eks"); got.Code != "UnrecognizedClientException" || got.Status != http.StatusForbidden {
			t.Errorf("%s with an unknown key: %+v", name, got)
		}
		wrong := sigv4.Credentials{AccessKeyID: p.root.AccessKeyID, SecretAccessKey: p.root.SecretAccessKey + "x"}
		if got := send(wrong, "eks"); got.Code != "InvalidSignatureException" || got.Status != http.StatusForbidden {
			t.Errorf("%s with a wrong secret: %+v", name, got)
		}
		if got := send(p.root, "sts"); got.Code != "InvalidSignatureException" || !strings.HasPrefix(got.Message, "Credential should be scoped to correct service: 'eks'") {
			t.Errorf("%s signed for sts: %+v", name, got)
		}
		denied := "User: arn:aws:sts::" + account + ":assumed-role/powerless/test is not authorized to perform: eks:" + name + " on resource: arn:aws:eks:" + region + ":" + account + ":"
		if got := send(session, "eks"); got.Code != "AccessDeniedException" || got.Status != http.StatusForbidden || !strings.HasPrefix(got.Message, denied) {
			t.Errorf("%s without permission: %+v", name, got)
		}
		if name == "ListClusters" {
			continue
		}
		if got := send(p.root, "eks"); got.Code != "ResourceNotFoundException" || got.Status != http.StatusNotFound || got.Message != "No cluster found for name: absent." {
			t.Errorf("%s of an absent cluster: %+v", name, got)
		}
	}
	wantSet(t, slices.Collect(maps.Keys(awsapi.ListedCalls(t)["eks"])), swept...)
}

// TestClusters registers a cluster and reads what EKS's clients read of it (EKS API reference, DescribeCluster and Addon).
func TestClusters(t *testing.T) {
	p := newPlane(t)
	var registered awsapi.RegisterClusterOutput
	if got := p.openirsa(t, p.root, "RegisterCluster", `{"Name":"prod","Issuer":"`+issuerURL+`","Version":"1.33","Tags":{"team":"a"}}`, &registered); got.Code != "" {
		t.Fatalf("RegisterCluster: %+v", got)
	}
	provider := "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(issuerURL, "https://")
	if registered.ClusterArn != "arn:aws:eks:"+region+":"+account+":cluster/prod" || registered.OpenIDConnectProviderArn != provider {
		t.Errorf("registered %+v", registered)
	}
	if got := p.openirsa(t, p.root, "RegisterCluster", `{"Name":"stage","Issuer":"`+issuerURL+`"}`, nil); got.Code != "EntityAlreadyExists" || got.Status != http.StatusConflict {
		t.Errorf("a second cluster with the issuer: %+v", got)
	}
	answer := func(method, target, body string, into any) {
		t.Helper()
		response, content := p.rest(t, p.root, "eks", method, target, body)
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s %s: %d %s", method, target, response.StatusCode, content)
		}
		must(t, json.Unmarshal(content, into))
	}
	var cluster struct {
		Cluster struct {
			Name, Arn, Version, Status string
			CreatedAt                  int64
			Identity                   struct{ Oidc struct{ Issuer string } }
			Tags                       map[string]string
		}
	}
	answer("GET", "/clusters/prod", "", &cluster)
	c := cluster.Cluster
	if c.Name != "prod" || c.Arn != registered.ClusterArn || c.Version != "1.33" || c.Status != "ACTIVE" || c.Identity.Oidc.Issuer != issuerURL || c.Tags["team"] != "a" ||
		time.Since(time.Unix(c.CreatedAt, 0)) > time.Hour {
		t.Errorf("described %+v", c)
	}
	var list struct {
		Clusters  []string
		NextToken *string
	}
	answer("GET", "/clusters", "", &list)
	if !slices.Equal(list.Clusters, []string{"prod"}) || list.NextToken != nil {
		t.Errorf("listed %+v", list)
	}
	p.session(t, "ebs", "")
	role := "arn:aws:iam::" + account + ":role/ebs"
	var addon struct {
		Addon struct {
			AddonName, ClusterName, Status, AddonArn, ServiceAccountRoleArn, AddonVersion, ConfigurationValues string
			Health                                                                                             struct{ Issues []string }
		}
	}
	answer("POST", "/clusters/prod/addons", `{"addonName":"aws-ebs-csi-driver","serviceAccountRoleArn":"`+role+`","clientRequestToken":"t","tags":{"k":"v"}}`, &addon)
	if a := addon.Addon; a.AddonName != "aws-ebs-csi-driver" || a.ClusterName != "prod" || a.Status != "ACTIVE" || a.ServiceAccountRoleArn != role || a.Health.Issues == nil {
		t.Errorf("created %+v", a)
	}
	var update struct {
		Update struct {
			ID, Status, Type string
			Params           []struct{ Type, Value string }
		}
	}
	answer("POST", "/clusters/prod/addons/aws-ebs-csi-driver/update", `{"addonVersion":"v2","configurationValues":"{}"}`, &update)
	if u := update.Update; u.ID == "" || u.Status != "Successful" || u.Type != "AddonUpdate" || len(u.Params) != 2 || u.Params[0].Type != "AddonVersion" || u.Params[0].Value != "v2" {
		t.Errorf("updated %+v", u)
	}
	var addons struct{ Addons []string }
	answer("GET", "/clusters/prod/addons", "", &addons)
	if !slices.Equal(addons.Addons, []string{"aws-ebs-csi-driver"}) {
		t.Errorf("listed %q", addons.Addons)
	}
	answer("DELETE", "/clusters/prod/addons/aws-ebs-csi-driver", "", &addon)
	if addon.Addon.Status != "DELETING" {
		t.Errorf("deleted %+v", addon.Addon)
	}
	if got := p.openirsa(t, p.root, "DeregisterCluster", `{"Name":"prod"}`, nil); got.Code != "" {
		t.Errorf("DeregisterCluster: %+v", got)
	}
	if got := p.openirsa(t, p.root, "DeregisterCluster", `{"Name":"prod"}`, nil); got.Code != "NoSuchEntity" || got.Status != http.StatusNotFound {
		t.Errorf("DeregisterCluster again: %+v", got)
	}
}

// TestHostileREST: what no SDK sends to EKS is refused in its protocol.
func TestHostileREST(t *testing.T) {
	p := newPlane(t)
	p.openirsa(t, p.root, "RegisterCluster", `{"Name":"prod","Issuer":"`+issuerURL+`"}`, nil)
	const addons = "/clusters/prod/addons"
	cases := []struct {
		name, method, target, body, code string
		status                           int
	}{
		{"another path", "GET", "/clusters/prod/nodegroups", "", "UnknownOperationException", 404},
		{"another path of the service", "GET", "/tags/x", "", "UnknownOperationException", 404},
		{"another method", "PUT", "/clusters/prod", "", "UnknownOperationException", 404},
		{"an empty name", "GET", "/clusters/", "", "UnknownOperationException", 404},
		{"two slashes", "GET", "//clusters/prod", "", "UnknownOperationException", 404},
		{"a slash in the name", "GET", "/clusters/a%2Fb", "", "InvalidParameterException", 400},
		{"dots as the name", "GET", "/clusters/%2e%2e", "", "InvalidParameterException", 400},
		{"NUL in the name", "GET", "/clusters/a%00", "", "InvalidRequestException", 400},
		{"not UTF-8", "GET", "/clusters/%ff", "", "InvalidRequestException", 400},
		{"an unknown parameter", "GET", "/clusters?maxresults=1", "", "InvalidParameterException", 400},
		{"a parameter twice", "GET", "/clusters?maxResults=1&maxResults=2", "", "InvalidRequestException", 400},
		{"a number that is none", "GET", "/clusters?maxResults=x", "", "InvalidRequestException", 400},
		{"too many results", "GET", "/clusters?maxResults=101", "", "InvalidParameterException", 400},
		{"a token that is none", "GET", "/clusters?nextToken=!", "", "InvalidParameterException", 400},
		{"GET with a body", "GET", "/clusters", "{}", "MalformedHttpRequestException", 400},
		{"an unknown member", "POST", addons, `{"addonName":"a","surprise":1}`, "SerializationException", 400},
		{"a member twice", "POST", addons, `{"addonName":"a","addonName":"b"}`, "SerializationException", 400},
		{"an array", "POST", addons, `[]`, "SerializationException", 400},
		{"a wrong type", "POST", addons, `{"addonName":1}`, "SerializationException", 400},
		{"no name", "POST", addons, `{}`, "InvalidParameterException", 400},
		{"a body as large as none", "POST", addons, strings.Repeat("x", awsapi.MaxBody+1), "RequestEntityTooLargeException", 413},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response, body := p.rest(t, p.root, "eks", c.method, c.target, c.body)
			if got := restRefusal(t, response, body); got.Code != c.code || got.Status != c.status || len(got.Message) > 1000 {
				t.Errorf("got %+v, want %d %s", got, c.status, c.code)
			}
		})
	}
	response, body := p.rest(t, p.root, "eks", "GET", "/clusters/prod/addons", "")
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"addons":[]`) {
		t.Errorf("after calls that were all refused: %d %s", response.StatusCode, body)
	}
}
