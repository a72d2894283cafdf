package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/openirsa/openirsa/webhook"
)

const (
	roleARN  = "arn:aws:iam::111122223333:role/app"
	plainPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app"},"spec":{"serviceAccountName":"app","containers":[{"name":"app","image":"app"}]}}`
)

// cluster is a cluster's service accounts in memory: what the API server has, and what of it the cache has heard of.
type cluster struct {
	mu           sync.Mutex
	live, cached map[string]webhook.ServiceAccount
	down         error // what every live read answers, if set
	reads        int
	events       []event
	recorded     chan event
}

type event struct {
	object          webhook.Reference
	reason, message string
}

func newCluster() *cluster {
	return &cluster{live: map[string]webhook.ServiceAccount{}, cached: map[string]webhook.ServiceAccount{}, recorded: make(chan event, 100)}
}

func (c *cluster) Cached(namespace, name string) (webhook.ServiceAccount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	account, ok := c.cached[namespace+"/"+name]
	return account, ok
}

func (c *cluster) Read(_ context.Context, namespace, name string) (webhook.ServiceAccount, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	if c.down != nil {
		return webhook.ServiceAccount{}, c.down
	}
	account, ok := c.live[namespace+"/"+name]
	if !ok {
		return account, webhook.ErrNoServiceAccount
	}
	return account, nil
}

func (c *cluster) Warn(object webhook.Reference, reason, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := event{object, reason, message}
	c.events = append(c.events, e)
	c.recorded <- e
}

// write makes an account on the API server, an hour old; cache makes it and lets the cache hear.
func (c *cluster) write(namespace, name string, annotations map[string]string) {
	c.at(namespace, name, annotations, noon.Add(-time.Hour))
}

func (c *cluster) at(namespace, name string, annotations map[string]string, created time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[namespace+"/"+name] = webhook.ServiceAccount{Namespace: namespace, Name: name, Annotations: annotations, Created: created}
}

func (c *cluster) sync(namespace, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cached[namespace+"/"+name] = c.live[namespace+"/"+name]
}

func (c *cluster) cache(namespace, name string, annotations map[string]string) {
	c.write(namespace, name, annotations)
	c.sync(namespace, name)
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func newHandler(t testing.TB, c webhook.Config) *webhook.Handler {
	t.Helper()
	if c.Clock == nil {
		c.Clock = func() time.Time { return noon }
	}
	h, err := webhook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func post(h http.Handler, path, contentType string, body []byte) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	request.Header.Set("Content-Type", contentType)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response
}

// reviewed is an answered AdmissionReview, as the API server reads it.
type reviewed struct {
	APIVersion, Kind string
	Response         struct {
		UID       string
		Allowed   bool
		Status    struct{ Message string }
		Patch     []byte
		PatchType *string
		Warnings  []string
	}
}

// ask is what a request of the API server holds beside its object.
type ask struct {
	path, version, operation, resource, subresource, uid string
	dryRun                                               bool
}

func review(t testing.TB, h http.Handler, a ask, object string) reviewed {
	t.Helper()
	for _, d := range []struct {
		field *string
		value string
	}{{&a.path, "/mutate"}, {&a.version, "v1"}, {&a.operation, "CREATE"}, {&a.resource, "pods"}, {&a.uid, "u-1"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	body := fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/%s","request":{"uid":%q,"kind":{"group":"","version":"v1","kind":"X"},
		"resource":{"group":"","version":"v1","resource":%q},"subResource":%q,"namespace":"shop","operation":%q,"userInfo":{"username":"u"},
		"object":%s,"oldObject":null,"dryRun":%v,"options":{"kind":"CreateOptions"}}}`, a.version, a.uid, a.resource, a.subresource, a.operation, object, a.dryRun)
	response := post(h, a.path, "application/json", []byte(body))
	if response.Code != http.StatusOK || response.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s answered %d %s: %s", a.path, response.Code, response.Header(), response.Body)
	}
	var r reviewed
	if err := json.Unmarshal(response.Body.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, response.Body)
	}
	if r.Kind != "AdmissionReview" || r.APIVersion != "admission.k8s.io/"+a.version || r.Response.UID != a.uid {
		t.Errorf("the answer does not echo the review: %+v", r)
	}
	if (r.Response.PatchType != nil) != (len(r.Response.Patch) > 0) || r.Response.PatchType != nil && *r.Response.PatchType != "JSONPatch" {
		t.Errorf("patch %q of type %v", r.Response.Patch, r.Response.PatchType)
	}
	return r
}

// injected tells whether the answer allows and gives the pod a role.
func (r reviewed) injected(t testing.TB) bool {
	t.Helper()
	if !r.Response.Allowed {
		t.Errorf("not allowed: %s", r.Response.Status.Message)
	}
	if len(r.Response.Patch) == 0 {
		return false
	}
	patch, err := jsonpatch.DecodePatch(r.Response.Patch)
	if err != nil {
		t.Fatal(err)
	}
	pod, err := patch.Apply([]byte(plainPod))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(pod), roleARN)
}

func TestMutate(t *testing.T) {
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(t, webhook.Config{ServiceAccounts: c})
	for _, version := range []string{"v1", "v1beta1"} {
		if !review(t, h, ask{version: version}, plainPod).injected(t) {
			t.Errorf("%s: not injected", version)
		}
	}
	for name, a := range map[string]ask{
		"delete":         {operation: "DELETE"},
		"update":         {operation: "UPDATE"},
		"connect":        {operation: "CONNECT"},
		"another":        {resource: "deployments"},
		"a subresource":  {subresource: "status"},
		"an odd quote":   {operation: "UPDATE", uid: `"\`},
		"ephemeral ones": {operation: "UPDATE", subresource: "ephemeralcontainers"},
	} {
		if r := review(t, h, a, plainPod); r.injected(t) || !r.Response.Allowed {
			t.Errorf("%s: %+v", name, r)
		}
	}
	reordered := `{"request":{"object":` + plainPod + `,"resource":{"resource":"pods"},"operation":"CREATE","namespace":"shop"},
		"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}`
	if response := post(h, "/mutate", "application/json", []byte(reordered)); !strings.Contains(response.Body.String(), "JSONPatch") {
		t.Errorf("members in another order: %s", response.Body)
	}
	if r := review(t, h, ask{operation: "DELETE"}, "null"); !r.Response.Allowed || len(r.Response.Patch) > 0 {
		t.Errorf("no object: %+v", r)
	}
	if r := review(t, h, ask{}, `{"spec":{"containers":[]}}`); r.injected(t) {
		t.Error("a pod without a service account was injected")
	}
	if c.reads != 0 {
		t.Errorf("%d live reads, where memory knew", c.reads)
	}
	metrics := httptest.NewRecorder()
	h.Metrics().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{`pod_identity_webhook_pod_count{method="sts_web_identity"} 3`, "pod_identity_webhook_missing_sa_count 0",
		`openirsa_webhook_request_duration_seconds_bucket{path="/mutate",le="5e-05"}`} {
		if !strings.Contains(metrics.Body.String(), line) {
			t.Errorf("the metrics have no %s:\n%s", line, metrics.Body)
		}
	}
}

func TestNotReviews(t *testing.T) {
	h := newHandler(t, webhook.Config{ServiceAccounts: newCluster()})
	for name, c := range map[string]struct {
		method, path, contentType, body string
		code                            int
		allowed                         string // part of the answer
	}{
		"health":          {"GET", "/healthz", "", "", 200, "ok"},
		"a form":          {"POST", "/mutate", "text/plain", "{}", 415, ""},
		"no type":         {"POST", "/mutate", "", "{}", 415, ""},
		"empty":           {"POST", "/mutate", "application/json", "", 200, `"allowed":false`},
		"garbage":         {"POST", "/mutate", "application/json", "{]", 200, "line 1, column 2"},
		"only warned of":  {"POST", "/validate", "application/json", "{]", 200, `"allowed":true`},
		"a pod":           {"POST", "/mutate", "application/json", plainPod, 200, "is not an AdmissionReview"},
		"a later version": {"POST", "/mutate", "application/json", `{"apiVersion":"admission.k8s.io/v2","kind":"AdmissionReview","request":{}}`, 200, "is not an AdmissionReview"},
		"of no version":   {"POST", "/mutate", "application/json", `{"request":{"uid":"u-9","operation":"CREATE","kind":{"kind":"Pod"},"object":{"spec":{}}}}`, 200, `"uid":"u-9","allowed":true`},
		"nothing":         {"POST", "/mutate", "application/json", `{}`, 200, "is not an AdmissionReview"},
		"no request":      {"POST", "/mutate", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 200, "has no request"},
		"an odd pod":      {"POST", "/mutate", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-9","object":{"spec":[]}}}`, 200, `"uid":"u-9","allowed":false`},
		"an odd pod, said to be one": {"POST", "/mutate", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
			"request":{"uid":"u-9","resource":{"resource":"pods"},"operation":"CREATE","object":{"spec":[]}}}`, 200, `line 2, column 96`},
		"a pod too large": {"POST", "/mutate", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
			"request":{"uid":"u-9","resource":{"resource":"pods"},"operation":"CREATE","object":{"a":"` +
			strings.Repeat("x", webhook.MaxPod) + `"}}}`, 200, `of at most 3145728`},
		"too large": {"POST", "/mutate", "application/json", strings.Repeat(" ", webhook.MaxReview+1), 413, ""},
		"GET":       {"GET", "/mutate", "application/json", "", 405, ""},
		"elsewhere": {"POST", "/", "application/json", "", 404, ""},
	} {
		request := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		request.Header.Set("Content-Type", c.contentType)
		response := httptest.NewRecorder()
		h.ServeHTTP(response, request)
		if response.Code != c.code || !strings.Contains(response.Body.String(), c.allowed) {
			t.Errorf("%s: %d %s", name, response.Code, response.Body)
		}
	}
}

// TestLookup holds the promise that a pod is not missed whose account's annotation was acknowledged, and what that
// costs.
func TestLookup(t *testing.T) {
	annotated := map[string]string{"role-arn": roleARN}
	for name, c := range map[string]struct {
		prepare func(*cluster)
		trust   bool
		want    bool
		reads   int
	}{
		"known with a role":    {func(c *cluster) { c.cache("shop", "app", annotated) }, false, true, 0},
		"not in memory yet":    {func(c *cluster) { c.write("shop", "app", annotated) }, false, true, 1},
		"annotated since":      {func(c *cluster) { c.cache("shop", "app", nil); c.write("shop", "app", annotated) }, false, true, 1},
		"without a role":       {func(c *cluster) { c.cache("shop", "app", nil) }, false, false, 1},
		"trusted to have none": {func(c *cluster) { c.cache("shop", "app", nil); c.write("shop", "app", annotated) }, true, false, 0},
		"too young to be trusted": {func(c *cluster) {
			c.at("shop", "app", nil, noon.Add(-30*time.Second))
			c.sync("shop", "app")
			c.write("shop", "app", annotated)
		}, true, true, 1},
		"trust does not settle what is missing": {func(c *cluster) { c.write("shop", "app", annotated) }, true, true, 1},
		"nowhere":                               {func(*cluster) {}, false, false, 1},
		"deleted since":                         {func(c *cluster) { c.cache("shop", "app", nil); delete(c.live, "shop/app") }, false, false, 1},
		"another namespace":                     {func(c *cluster) { c.cache("other", "app", annotated) }, false, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			accounts := newCluster()
			c.prepare(accounts)
			h := newHandler(t, webhook.Config{ServiceAccounts: accounts, TrustUnannotated: c.trust})
			if got := review(t, h, ask{}, plainPod).injected(t); got != c.want {
				t.Errorf("injected = %v", got)
			}
			if accounts.reads != c.reads {
				t.Errorf("%d live reads, want %d", accounts.reads, c.reads)
			}
		})
	}
}

// TestLookupDown: what cannot be read leaves the decision to the webhook configuration's failurePolicy, unless memory
// knows a role, or is trusted to know that there is none.
func TestLookupDown(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*cluster)
		trust   bool
		want    int
	}{
		"nothing known":               {func(*cluster) {}, false, http.StatusInternalServerError},
		"known without a role":        {func(c *cluster) { c.cache("shop", "app", nil) }, false, http.StatusInternalServerError},
		"known without a role, trust": {func(c *cluster) { c.cache("shop", "app", nil) }, true, http.StatusOK},
		"too young to be trusted":     {func(c *cluster) { c.at("shop", "app", nil, noon); c.sync("shop", "app") }, true, http.StatusInternalServerError},
		"known with a role":           {func(c *cluster) { c.cache("shop", "app", map[string]string{"role-arn": roleARN}) }, false, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			accounts := newCluster()
			c.prepare(accounts)
			accounts.down = errors.New("connection refused")
			h := newHandler(t, webhook.Config{ServiceAccounts: accounts, TrustUnannotated: c.trust})
			body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","namespace":"shop","object":` + plainPod + `}}`
			if response := post(h, "/mutate", "application/json", []byte(body)); response.Code != c.want {
				t.Errorf("answered %d %s", response.Code, response.Body)
			}
			if response := post(h, "/validate", "application/json", []byte(body)); response.Code != http.StatusOK {
				t.Errorf("/validate answered %d %s", response.Code, response.Body)
			}
		})
	}
}

func TestWait(t *testing.T) {
	annotated := map[string]string{"role-arn": roleARN}
	t.Run("a late annotation", func(t *testing.T) {
		c := newCluster()
		c.at("shop", "app", nil, noon)
		h := newHandler(t, webhook.Config{ServiceAccounts: c, Events: c, Wait: time.Minute})
		answered := make(chan reviewed)
		go func() { answered <- review(t, h, ask{}, plainPod) }()
		c.cache("shop", "app", annotated)
		if !(<-answered).injected(t) || len(c.events) > 0 {
			t.Errorf("not injected, or events %v", c.events)
		}
	})
	t.Run("in vain", func(t *testing.T) {
		c := newCluster()
		c.at("shop", "app", nil, noon)
		h := newHandler(t, webhook.Config{ServiceAccounts: c, Events: c, Wait: time.Millisecond})
		if review(t, h, ask{dryRun: true}, plainPod).injected(t) || len(c.events) > 0 {
			t.Errorf("a dry run has side effects: %v", c.events)
		}
		if review(t, h, ask{}, plainPod).injected(t) {
			t.Error("injected")
		}
		want := webhook.Reference{Kind: "Pod", Namespace: "shop", Name: "app"}
		if len(c.events) != 1 || c.events[0].reason != "IRSANotInjected" || c.events[0].object != want {
			t.Errorf("events = %+v", c.events)
		}
	})
	t.Run("never for an old account", func(t *testing.T) {
		c := newCluster()
		c.cache("shop", "app", nil)
		h := newHandler(t, webhook.Config{ServiceAccounts: c, Events: c, Wait: time.Hour})
		if review(t, h, ask{}, plainPod).injected(t) || c.reads != 1 || len(c.events) > 0 {
			t.Errorf("%d reads, events %v", c.reads, c.events)
		}
	})
	t.Run("nor where a ConfigMap names the role", func(t *testing.T) {
		c := newCluster()
		c.at("shop", "app", nil, noon)
		h := newHandler(t, webhook.Config{ServiceAccounts: c, Wait: time.Hour})
		roles, err := webhook.ParseRoles([]byte(`{"shop/app":{"RoleARN":"` + roleARN + `"}}`))
		if err != nil {
			t.Fatal(err)
		}
		h.SetRoles(roles)
		if !review(t, h, ask{}, plainPod).injected(t) {
			t.Error("not injected")
		}
	})
}

func TestSources(t *testing.T) {
	c := newCluster()
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Random: func(n int64) int64 { return n - 1 }})
	accounts, err := webhook.ParseContainerCredentials([]byte(`{"identities":[{"namespace":"shop","serviceAccount":"app"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	h.SetContainerAccounts(accounts)
	patch := string(review(t, h, ask{}, plainPod).Response.Patch)
	if !strings.Contains(patch, `"expirationSeconds":79200`) || !strings.Contains(patch, "AWS_CONTAINER_CREDENTIALS_FULL_URI") || c.reads != 0 {
		t.Errorf("%d reads, patch %s", c.reads, patch)
	}
	h.SetContainerAccounts(nil)
	if review(t, h, ask{}, plainPod).injected(t) {
		t.Error("a cleared list still counts")
	}
}

// TestConcurrent is for the race detector: reviews while accounts and sources change.
func TestConcurrent(t *testing.T) {
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Advisor: &knows{}, Events: c})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if !review(t, h, ask{}, plainPod).injected(t) {
					t.Error("not injected")
				}
				review(t, h, ask{path: "/validate", resource: "deployments"}, workload("deployments", plainPod))
				h.SetRoles(webhook.Roles{"shop/other": {}})
				h.SetContainerAccounts(nil)
				c.cache("shop", "app", map[string]string{"role-arn": roleARN})
			}
		})
	}
	group.Wait()
}
