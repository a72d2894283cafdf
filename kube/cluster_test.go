package kube

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/openirsa/openirsa/oidc"
)

// answering is a client of an API server that answers paths with documents.
func answering(t *testing.T, documents map[string]string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, ok := documents[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, document)
	}))
	t.Cleanup(server.Close)
	client, err := New(Config{Kubeconfig: "/dev/null", Server: server.URL, MaxAnswer: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// documents of an API server that is in order.
func documents(t *testing.T) map[string]string {
	t.Helper()
	key, err := oidc.GenerateKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := oidc.NewIssuer("https://i.example", []*oidc.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"/.well-known/openid-configuration": `{"issuer":"https://i.example","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","id_token_signing_alg_values_supported":["RS256"]}`,
		"/openid/v1/jwks":                   string(issuer.JWKS()),
		"/api/v1/namespaces/kube-system":    `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u-1"}}`,
		"/version":                          `{"gitVersion":"v1.36.3"}`,
	}
}

func TestCluster(t *testing.T) {
	good := documents(t)
	got, err := answering(t, good).Cluster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != "https://i.example" || got.UID != "u-1" || got.Version != "v1.36.3" || len(got.KeyIDs) != 1 || string(got.KeySet) != good["/openid/v1/jwks"] ||
		got.JWKSURI != "https://10.0.0.1:6443/openid/v1/jwks" || got.Endpoint != "" {
		t.Errorf("got %+v", got)
	}
	for path, document := range map[string]string{
		"/.well-known/openid-configuration": `{"issuer":"x"`,
		"/openid/v1/jwks":                   `{"keys":[]}`,
		"/version":                          "no JSON",
		"/api/v1/namespaces/kube-system":    `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system"}}`,
	} {
		broken := documents(t)
		broken[path] = document
		if _, err := answering(t, broken).Cluster(t.Context()); err == nil {
			t.Errorf("%s of %s was taken", document, path)
		}
	}
	for path := range good {
		lacking := documents(t)
		delete(lacking, path)
		if _, err := answering(t, lacking).Cluster(t.Context()); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(path, "/api/v1/namespaces/")) {
			t.Errorf("without %s: %v", path, err)
		}
	}
	silent := documents(t)
	silent["/.well-known/openid-configuration"] = `{}`
	if _, err := answering(t, silent).Cluster(t.Context()); !errors.Is(err, ErrNoIssuer) {
		t.Errorf("without an issuer: %v", err)
	}
	large := documents(t)
	large["/openid/v1/jwks"] = fmt.Sprintf(`{"keys":[%s{}]}`, strings.Repeat(" ", oidc.MaxJWKSSize))
	if _, err := answering(t, large).Cluster(t.Context()); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a key set that is too large: %v", err)
	}
}

// TestEndlessAnswers: an API server that does not stop talking costs no more memory than is asked for.
func TestEndlessAnswers(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		sent := make(chan int, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			n := 0
			for ; n < 1<<30; n += 1 << 20 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					break
				}
			}
			sent <- n
		}))
		client, err := New(Config{Kubeconfig: "/dev/null", Server: server.URL, MaxAnswer: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Cluster(t.Context()); err == nil {
			t.Errorf("an endless answer %d was taken", status)
		}
		if n := <-sent; n == 1<<30 {
			t.Errorf("of an endless answer %d all %d bytes were read", status, n)
		}
		server.Close()
	}
}

// TestReviewToken: only a token that is good for the audiences asked about is good.
func TestReviewToken(t *testing.T) {
	cases := []struct {
		name   string
		status authenticationv1.TokenReviewStatus
		good   bool
	}{
		{"good", authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"sts.amazonaws.com"}}, true},
		{"not authenticated", authenticationv1.TokenReviewStatus{Audiences: []string{"sts.amazonaws.com"}}, false},
		{"good for others", authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"kubernetes"}}, false},
		{"an answer that knows no audiences", authenticationv1.TokenReviewStatus{Authenticated: true}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := fake.NewClientset()
			var asked authenticationv1.TokenReviewSpec
			server.PrependReactor("create", "tokenreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
				asked = action.(clienttesting.CreateAction).GetObject().(*authenticationv1.TokenReview).Spec
				return true, &authenticationv1.TokenReview{ObjectMeta: metav1.ObjectMeta{}, Status: c.status}, nil
			})
			good, err := (&Client{client: server}).ReviewToken(t.Context(), "the-token", []string{"sts.amazonaws.com"}, "1")
			if err != nil || good != c.good {
				t.Errorf("good %v, %v", good, err)
			}
			if asked.Token != "the-token" || len(asked.Audiences) != 2 || asked.Audiences[0] != "sts.amazonaws.com" || asked.Audiences[1] != "openirsa-review-1" {
				t.Errorf("asked %q", asked.Audiences)
			}
		})
	}
}
