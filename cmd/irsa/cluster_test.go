package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/doctor"
	"github.com/openirsa/openirsa/kube"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/webhook"
)

// apiServer is what `irsa cluster` asks of a cluster: discovery, keys, a namespace, a version, token reviews.
type apiServer struct {
	mu     sync.Mutex
	issuer *oidc.Issuer
	shown  string // the issuer in the discovery document; empty: the real one
	uid    string
	gone   bool // the objects that tokens are bound to
	asked  []string
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	shown := a.issuer.URL()
	if a.shown != "" {
		shown = a.shown
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","id_token_signing_alg_values_supported":["ES256"]}`, shown)
	case "/openid/v1/jwks":
		w.Write(a.issuer.JWKS())
	case "/api/v1/namespaces/kube-system":
		fmt.Fprintf(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":%q}}`, a.uid)
	case "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.36.3"}`)
	case "/apis/authentication.k8s.io/v1/tokenreviews":
		body, err := io.ReadAll(r.Body) // protobuf, in which texts stand as they are
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a.asked = append(a.asked, string(body))
		fmt.Fprintf(w, `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":{"authenticated":%v,"audiences":["sts.amazonaws.com"]}}`, !a.gone)
	default:
		http.NotFound(w, r)
	}
}

// kubernetes starts an API server with an issuer and returns it with a kubeconfig.
func kubernetes(t *testing.T, issuer, uid string) (a *apiServer, kubeconfig string) {
	t.Helper()
	a = &apiServer{issuer: newIssuer(t, issuer), uid: uid}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
		"clusters":[{"name":"c","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}]}`, server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return a, kubeconfig
}

func newIssuer(t *testing.T, url string) *oidc.Issuer {
	t.Helper()
	key, err := oidc.GenerateKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := oidc.NewIssuer(url, []*oidc.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// planeInEnvironment opens a plane and has the environment name it.
func planeInEnvironment(t *testing.T) *plane {
	t.Helper()
	p, err := openPlane(t.Context(), planeConfig{State: stateConfig{Folder: folder(t.TempDir())}, Region: "eu-central-1", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.aws)
	t.Cleanup(func() { server.Close(); p.Close() })
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": p.root.ID, "AWS_SECRET_ACCESS_KEY": p.root.Secret,
		"AWS_REGION": "eu-central-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	return p
}

// runs runs a command line and holds its exit code.
func runs(t *testing.T, code int, arguments ...string) (stdout, stderr string) {
	t.Helper()
	var out, narration bytes.Buffer
	if got := run(arguments, environment{stdin: strings.NewReader(""), stdout: &out, stderr: &narration, getenv: os.Getenv}); got != code {
		t.Fatalf("irsa %s: exit code %d, want %d\n%s%s", strings.Join(arguments, " "), got, code, out.String(), narration.String())
	}
	return out.String(), narration.String()
}

const clusterTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/prod.example.test"},
	"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"prod.example.test:sub":"system:serviceaccount:shop:app","prod.example.test:aud":"sts.amazonaws.com"}}}]}`

// exchange sends a token that the cluster signs for shop/app.
func (a *apiServer) exchange(t *testing.T) (cloud.Exchange, error) {
	t.Helper()
	a.mu.Lock()
	token, err := a.issuer.Sign(a.issuer.ServiceAccountClaims(oidc.ServiceAccountToken{Namespace: "shop", ServiceAccount: "app", ServiceAccountUID: "u",
		Audiences: []string{"sts.amazonaws.com"}, IssuedAt: time.Now(), Lifetime: time.Hour, ID: rand.Text()}))
	a.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloud.New(t.Context(), cloud.Config{MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return client.AssumeRoleWithWebIdentity(t.Context(), "arn:aws:iam::000000000000:role/app", "session", token)
}

func role(t *testing.T, trust string) *cloud.Client {
	t.Helper()
	client, err := cloud.New(t.Context(), cloud.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateRole(t.Context(), "app", trust); err != nil {
		t.Fatal(err)
	}
	return client
}

// TestCluster is a cluster's life by commands: registered, its keys rotated, removed with its sessions.
func TestCluster(t *testing.T) {
	planeInEnvironment(t)
	api, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	out, _ := runs(t, 0, "cluster", "register", "prod", "--kubeconfig", kubeconfig)
	for _, want := range []string{"arn:aws:eks:eu-central-1:000000000000:cluster/prod", "arn:aws:iam::000000000000:oidc-provider/prod.example.test"} {
		if !strings.Contains(out, want) {
			t.Errorf("register says %q, not %q", out, want)
		}
	}
	client := role(t, clusterTrust)
	session, err := api.exchange(t)
	if err != nil {
		t.Fatal(err)
	}

	// Rotated: the new key's tokens are taken from the next push on.
	api.mu.Lock()
	api.issuer = newIssuer(t, "https://prod.example.test")
	api.mu.Unlock()
	if _, err := api.exchange(t); err == nil {
		t.Error("a token of a key that nobody pushed was exchanged")
	}
	runs(t, 0, "cluster", "sync", "prod", "--once", "--kubeconfig", kubeconfig)
	if _, err := api.exchange(t); err != nil {
		t.Error(err)
	}

	// Another cluster, of the same name and issuer, and of the same issuer alone.
	_, other := kubernetes(t, "https://prod.example.test", "uid-2")
	runs(t, 2, "cluster", "sync", "prod", "--once", "--kubeconfig", other)
	for name, hint := range map[string]string{"prod": "irsa cluster remove prod", "stage": "--service-account-issuer"} {
		if _, said := runs(t, 2, "cluster", "register", name, "--kubeconfig", other); !strings.Contains(said, "hint: ") || !strings.Contains(said, hint) {
			t.Errorf("register %s says %q", name, said)
		}
	}

	listed := struct {
		Clusters []clusterJSON `json:"clusters"`
	}{}
	out, _ = runs(t, 0, "cluster", "list", "--output", "json")
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed.Clusters) != 2 || listed.Clusters[1].UID != "uid-1" || len(listed.Clusters[1].KeyIDs) != 1 || listed.Clusters[1].LastSync == "" {
		t.Errorf("list says %s, %v", out, err)
	}

	as, err := cloud.New(t.Context(), cloud.Config{Credentials: session.Credentials})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutRolePolicy(t.Context(), "app", "list", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	if _, err := as.RoleTrusts(t.Context()); err != nil {
		t.Errorf("the session before: %v", err)
	}
	out, _ = runs(t, 0, "cluster", "remove", "prod", "--revoke")
	if !strings.Contains(out, "revoked   arn:aws:iam::000000000000:role/app") {
		t.Errorf("remove says %q", out)
	}
	if _, err := api.exchange(t); err == nil {
		t.Error("a token of a cluster that was removed was exchanged")
	}
	if _, err := as.RoleTrusts(t.Context()); err == nil || !strings.Contains(err.Error(), "explicit deny") {
		t.Errorf("the session afterwards: %v", err)
	}
	runs(t, 2, "cluster", "remove", "prod")
}

func TestClusterIssuer(t *testing.T) {
	planeInEnvironment(t)
	api, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	for _, shown := range []string{"http://prod.example.test", "kubernetes/serviceaccount"} {
		api.shown = shown
		if _, said := runs(t, 2, "cluster", "register", "prod", "--kubeconfig", kubeconfig); !strings.Contains(said, "--service-account-issuer") {
			t.Errorf("of issuer %s register says %q", shown, said)
		}
	}
	api.shown = kubeadmIssuer
	if _, said := runs(t, 0, "cluster", "register", "prod", "--kubeconfig", kubeconfig); !strings.Contains(said, "warning: ") {
		t.Errorf("of kubeadm's issuer register says %q", said)
	}
	if _, said := runs(t, 2, "cluster", "register", "prod", "--kubeconfig", filepath.Join(t.TempDir(), "none")); !strings.Contains(said, "--kubeconfig") {
		t.Errorf("without a kubeconfig register says %q", said)
	}
}

// TestClusterJWKS: what is written is a discovery document whose jwks_uri is the other file, and a key set that verifies.
func TestClusterJWKS(t *testing.T) {
	api, kubeconfig := kubernetes(t, "https://prod.example.test/a", "uid-1")
	folder := filepath.Join(t.TempDir(), "site")
	runs(t, 0, "cluster", "jwks", "--kubeconfig", kubeconfig, "--out", folder, "--issuer-url", "https://prod.example.test/a")
	document, err := os.ReadFile(filepath.Join(folder, ".well-known", "openid-configuration"))
	if err != nil {
		t.Fatal(err)
	}
	var d discoveryDocument
	if err := json.Unmarshal(document, &d); err != nil || d.Issuer != "https://prod.example.test/a" || d.JWKSURI != "https://prod.example.test/a/openid/v1/jwks" {
		t.Errorf("document %s, %v", document, err)
	}
	keys, err := os.ReadFile(filepath.Join(folder, "openid", "v1", "jwks"))
	if err != nil || !bytes.Equal(keys, api.issuer.JWKS()) {
		t.Errorf("keys %s, %v", keys, err)
	}
	runs(t, 2, "cluster", "jwks", "--kubeconfig", kubeconfig, "--out", folder, "--issuer-url", "https://prod.example.test")
	out, _ := runs(t, 0, "cluster", "jwks", "--kubeconfig", kubeconfig)
	if !json.Valid([]byte(out)) || !strings.Contains(out, "keySet") {
		t.Errorf("jwks prints %s", out)
	}
}

func TestDiscoveryOf(t *testing.T) {
	for uri, want := range map[string]string{
		"https://10.0.0.1:6443/openid/v1/jwks":               "/openid/v1/jwks",
		"https://i.example/keys.json":                        "/keys.json",
		"https://i.example/../keys.json":                     "",
		"https://i.example//etc/keys.json":                   "",
		"https://i.example/k?x":                              "",
		"https://i.example/.well-known/openid-configuration": "",
	} {
		_, below, err := discoveryOf(kube.Cluster{Issuer: "https://i.example", JWKSURI: uri})
		if (err == nil) != (want != "") || err == nil && below != want {
			t.Errorf("%s: %q, %v", uri, below, err)
		}
	}
}

// TestClusterReview: while sync runs in the cluster, exchanges are the cluster's to allow.
func TestClusterReview(t *testing.T) {
	planeInEnvironment(t)
	api, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	runs(t, 0, "cluster", "register", "prod", "--kubeconfig", kubeconfig, "--token-review")
	role(t, clusterTrust)
	ctx, stop := context.WithCancel(t.Context())
	output := outputText
	o := &clusterOptions{env: environment{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv}, output: &output, kube: kube.Config{Kubeconfig: kubeconfig}}
	ended := make(chan error, 1)
	go func() { ended <- o.sync(ctx, "prod", time.Minute, false, "") }()
	if _, err := api.exchange(t); err != nil {
		t.Fatal(err)
	}
	api.mu.Lock()
	if len(api.asked) != 1 || !strings.Contains(api.asked[0], "sts.amazonaws.com") || !strings.Contains(api.asked[0], "openirsa-review-") {
		t.Errorf("the API server was asked %q", api.asked)
	}
	api.gone = true
	api.mu.Unlock()
	if _, err := api.exchange(t); err == nil || !strings.Contains(err.Error(), "InvalidIdentityToken") {
		t.Errorf("a token whose pod is gone: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestClusterHelp demands of each command what TestHelp does of the first level's.
func TestClusterHelp(t *testing.T) {
	output := outputText
	commands := newClusterCommand(environment{}, &output).Commands()
	if len(commands) != 5 {
		t.Errorf("found %d commands", len(commands))
	}
	for _, command := range commands {
		if command.Short == "" || command.Long == "" || !strings.Contains(command.Example, "irsa cluster "+command.Name()) {
			t.Errorf("%s: no summary, or no example of it", command.CommandPath())
		}
	}
}

// TestAdvisors: the webhook hears the same of the doctor in the plane's process and through the door.
func TestAdvisors(t *testing.T) {
	p := planeInEnvironment(t)
	_, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	runs(t, 0, "cluster", "register", "prod", "--kubeconfig", kubeconfig)
	role(t, clusterTrust)
	cluster, err := kube.New(kube.Config{Kubeconfig: kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	near := clusterAdvisor{doctor: doctor.New(p.exchange), directory: p.directory, issuer: "https://prod.example.test"}
	client, err := cloud.New(t.Context(), cloud.Config{})
	if err != nil {
		t.Fatal(err)
	}
	asks := &webhookOptions{advisor: func(issuer string) webhook.Advisor { return remoteAdvisor{client, issuer} }}
	far := (&webhookServer{options: asks, client: cluster}).advisor()
	if nobody := (&webhookServer{options: &webhookOptions{}, client: cluster}).advisor(); nobody != nil {
		t.Errorf("a webhook that is not to ask has an advisor: %v", nobody)
	}
	for _, c := range []struct{ role, namespace, id string }{
		{"arn:aws:iam::000000000000:role/app", "shop", "none"},
		{"arn:aws:iam::000000000000:role/app", "store", "T02"},
		{"arn:aws:iam::000000000000:role/other", "shop", "T20"},
		{"arn:aws:iam::999999999999:role/app", "shop", ""},
	} {
		q := webhook.Question{RoleARN: c.role, Namespace: c.namespace, ServiceAccount: "app", Audience: "sts.amazonaws.com"}
		for name, advisor := range map[string]webhook.Advisor{"near": near, "far": far} {
			got, err := advisor.Advise(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if c.id == "none" && len(got) > 0 || c.id != "none" && (len(got) != 1 || got[0].ID != c.id || got[0].Text == "") {
				t.Errorf("%s, of %s in %s: %q, want %q", name, c.role, c.namespace, got, c.id)
			}
		}
	}
	elsewhere := clusterAdvisor{doctor: doctor.New(p.exchange), directory: p.directory, issuer: "https://another.example.test"}
	got, err := elsewhere.Advise(t.Context(), webhook.Question{RoleARN: "arn:aws:iam::000000000000:role/app", Namespace: "shop", ServiceAccount: "app", Audience: "sts.amazonaws.com"})
	if err != nil || len(got) != 1 || got[0].ID != "" {
		t.Errorf("of a cluster that the account has not registered: %q, %v", got, err)
	}
}

// TestClusterSyncServiceAccount: the account that is exempt from review is changed by its flag alone, and stays without it.
func TestClusterSyncServiceAccount(t *testing.T) {
	p := planeInEnvironment(t)
	_, kubeconfig := kubernetes(t, "https://prod.example.test", "uid-1")
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--token-review"}, "system:serviceaccount:openirsa:openirsa-sync"},
		{[]string{"--sync-service-account", "other/sync"}, "system:serviceaccount:other:sync"},
		{nil, "system:serviceaccount:other:sync"},
		{[]string{"--token-review"}, "system:serviceaccount:other:sync"},
	} {
		runs(t, 0, append([]string{"cluster", "register", "prod", "--kubeconfig", kubeconfig}, c.flags...)...)
		account, err := p.directory.Account(t.Context(), "000000000000")
		check(t, err)
		if found, _ := account.ClusterNamed("eu-central-1", "prod"); !found.TokenReview || found.SyncSubject != c.want {
			t.Errorf("%v: %+v, want %s", c.flags, found, c.want)
		}
	}
	runs(t, 2, "cluster", "register", "prod", "--kubeconfig", kubeconfig, "--sync-service-account", "other")
}
