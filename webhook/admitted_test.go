package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/openirsa/openirsa/webhook"
)

const (
	controlled = `"ownerReferences":[{"kind":"ReplicaSet","name":"app","uid":"r-1","controller":true}]`
	ownedPod   = `{"metadata":{"generateName":"app-",` + controlled + `},"spec":{"serviceAccountName":"app","containers":[{"name":"main","image":"app"}]}}`
)

// kept is a pod after the mutating review, with what the API server then gives it: a name and a UID.
func kept(t testing.TB, h http.Handler, a ask, pod string) string {
	t.Helper()
	mutated := []byte(pod)
	if patch := review(t, h, a, pod).Response.Patch; len(patch) > 0 {
		decoded, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			t.Fatal(err)
		}
		if mutated, err = decoded.Apply(mutated); err != nil {
			t.Fatal(err)
		}
	}
	return named(t, string(mutated), "app-x1", "p-1")
}

func named(t testing.TB, pod, name, uid string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(pod), &object); err != nil {
		t.Fatal(err)
	}
	metadata, _ := object["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		object["metadata"] = metadata
	}
	metadata["name"], metadata["uid"] = name, uid
	return string(marshal(t, object))
}

// told are the Events so far, once the handler is done with what it does in the background.
func (c *cluster) told(t testing.TB, want int) []event {
	t.Helper()
	for range want {
		select {
		case <-c.recorded:
		case <-time.After(20 * time.Second):
			c.mu.Lock()
			t.Fatalf("%d Events within 20 s, want %d: %+v", len(c.events), want, c.events)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.events) != want {
		t.Errorf("%d Events, want %d: %+v", len(c.events), want, c.events)
	}
	return slices.Clone(c.events)
}

// TestEventsAtValidation: an Event is on the pod as kubectl describe looks for it, once, whoever made the pod, and never of a dry run.
func TestEventsAtValidation(t *testing.T) {
	const barePod = `{"metadata":{"name":"app-x1"},"spec":{"serviceAccountName":"app","containers":[{"name":"main"}]}}`
	for name, c := range map[string]struct {
		pod      string
		owner    string
		warnings int
	}{
		"of a controller": {ownedPod, "r-1", 0},
		"of a person":     {barePod, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCluster()
			k.cache("shop", "app", map[string]string{"role-arn": roleARN})
			advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T20", Text: "no such role."}}}
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Advisor: advisor, EventsAtValidation: true})
			dry := review(t, h, ask{path: "/validate", dryRun: true}, kept(t, h, ask{dryRun: true}, c.pod))
			if len(dry.Response.Warnings) != c.warnings {
				t.Errorf("a dry run is answered %q", dry.Response.Warnings)
			}
			k.told(t, 0)
			pod := kept(t, h, ask{}, c.pod)
			got := review(t, h, ask{path: "/validate"}, pod)
			if !got.Response.Allowed || len(got.Response.Patch) > 0 || len(got.Response.Warnings) != c.warnings {
				t.Errorf("answered %+v", got.Response)
			}
			want := event{webhook.Reference{Kind: "Pod", Namespace: "shop", Name: "app-x1", UID: "p-1", Owner: c.owner}, "IRSARoleNotUsable", "T20: no such role."}
			if events := k.told(t, 1); events[0] != want {
				t.Errorf("event = %+v", events[0])
			}
			for name, a := range map[string]ask{
				"an update":       {path: "/validate", operation: "UPDATE"},
				"a status":        {path: "/validate", operation: "UPDATE", subresource: "status"},
				"ephemeral ones":  {path: "/validate", operation: "UPDATE", subresource: "ephemeralcontainers"},
				"a binding":       {path: "/validate", subresource: "binding"},
				"an eviction":     {path: "/validate", subresource: "eviction"},
				"a deletion":      {path: "/validate", operation: "DELETE"},
				"another kind":    {path: "/validate", resource: "podtemplates"},
				"a service token": {path: "/validate", resource: "serviceaccounts", subresource: "token"},
			} {
				if got := review(t, h, a, pod); !got.Response.Allowed || len(got.Response.Warnings) > 0 {
					t.Errorf("%s is answered %+v", name, got.Response)
				}
			}
			review(t, h, ask{path: "/validate", resource: "replicasets"}, workload("replicasets", c.pod))
			if k.mu.Lock(); len(k.events) != 1 {
				t.Errorf("events = %+v", k.events)
			}
			k.mu.Unlock()
		})
	}
}

// TestEventsOnce: whether both reviews come or the mutating one alone, a pod has an Event once.
func TestEventsOnce(t *testing.T) {
	for name, c := range map[string]struct {
		pod    string
		role   bool
		reason string
	}{
		"a role that will not work": {ownedPod, true, "IRSARoleNotUsable"},
		"no role": {`{"metadata":{"generateName":"app-",` + controlled +
			`},"spec":{"serviceAccountName":"app","containers":[{"name":"main","image":"aws-cli"}]}}`, false, "IRSANotInjected"},
	} {
		for at, kind := range map[bool]string{false: "ReplicaSet", true: "Pod"} {
			k := newCluster()
			k.cache("shop", "app", nil)
			if c.role {
				k.cache("shop", "app", map[string]string{"role-arn": roleARN})
			}
			advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T20", Text: "no such role."}}}
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Advisor: advisor, EventsAtValidation: at})
			review(t, h, ask{path: "/validate", resource: "deployments"}, workload("deployments", plainPod)) // so that what follows is known, and said at once
			review(t, h, ask{path: "/validate"}, kept(t, h, ask{}, c.pod))
			if events := k.told(t, 1); len(events) != 1 || events[0].object.Kind != kind || events[0].reason != c.reason {
				t.Errorf("%s, at validation %v: %+v", name, at, events)
			}
		}
	}
}

// TestAdmittedExchanges: what is asked about is what the containers will ask, wherever it comes from. How a container comes to its role and token is
// written in the AWS SDKs and Tools Reference Guide, "Assume role credential provider"; where a projected token is, in Kubernetes' "Projected Volumes".
func TestAdmittedExchanges(t *testing.T) {
	const (
		file   = `{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/var/run/secrets/aws/token"}`
		role   = `{"name":"AWS_ROLE_ARN","value":"` + roleARN + `-own"},` + file
		mount  = `"volumeMounts":[{"name":"api","mountPath":"/var/run/secrets"},{"name":"mine","mountPath":"/var/run/secrets/aws/"}]`
		volume = `{"name":"mine","projected":{"sources":[{"configMap":{"name":"x"}},{"serviceAccountToken":{"audience":"vault","path":"token"}}]}}`
		other  = `{"name":"api","projected":{"sources":[{"serviceAccountToken":{"audience":"other","path":"token"}}]}}`
	)
	pod := func(volumes, env, mounts string) string {
		return `{"metadata":{` + controlled + `},"spec":{"serviceAccountName":"app","volumes":[` + volumes + `],"containers":[{"name":"a","env":[` + env + `],` + mounts + `}]}}`
	}
	mine := func(role, audience string) []webhook.Question {
		return []webhook.Question{{RoleARN: role, Namespace: "shop", ServiceAccount: "app", Audience: audience}}
	}
	own := mine(roleARN+"-own", "vault")
	long := strings.Repeat("x", 3000)
	for name, c := range map[string]struct {
		pod  string
		want []webhook.Question
	}{
		"injected":                 {ownedPod, mine(roleARN, "sts.amazonaws.com")},
		"all of its own":           {pod(other+","+volume, role, mount), own},
		"without the role":         {pod(volume, file, mount), mine(roleARN, "sts.amazonaws.com")[:0]},
		"a role from elsewhere":    {pod(volume, `{"name":"AWS_ROLE_ARN","valueFrom":{"secretKeyRef":{"name":"x","key":"y"}}},`+file, mount), nil},
		"a composed role":          {pod(volume, `{"name":"AWS_ROLE_ARN","value":"$(ROLE)"},`+file, mount), nil},
		"a role twice":             {pod(volume, `{"name":"AWS_ROLE_ARN","value":"x"},`+role, mount), own},
		"a secret's token":         {pod(`{"name":"mine","secret":{"secretName":"x"}}`, role, mount), nil},
		"no mount":                 {pod(volume, role, `"x":1`), nil},
		"another volume's mount":   {pod(volume, role, `"volumeMounts":[{"name":"api","mountPath":"/var/run/secrets/aws"}]`), nil},
		"a prefix that is no path": {pod(volume, role, `"volumeMounts":[{"name":"mine","mountPath":"/var/run/secrets/a"}]`), nil},
		"a part of the volume": {pod(strings.Replace(volume, `"path":"token"`, `"path":"sts/token"`, 1), role,
			`"volumeMounts":[{"name":"mine","mountPath":"/var/run/secrets/aws","subPath":"sts"}]`), own},
		"a part that is composed": {pod(volume, role, `"volumeMounts":[{"name":"mine","mountPath":"/var/run/secrets/aws","subPathExpr":"$(X)"}]`), nil},
		"Windows": {pod(volume, `{"name":"AWS_ROLE_ARN","value":"`+roleARN+`-own"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"C:\\var\\run\\secrets\\aws\\token"}`,
			mount), own},
		"the API server's audience": {pod(strings.Replace(volume, `"audience":"vault",`, "", 1), role, mount), nil},
		"a role too long to ask":    {pod(volume, `{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/`+long+`"},`+file, mount), nil},
		"not a role's ARN":          {pod(volume, `{"name":"AWS_ROLE_ARN","value":"app"},`+file, mount), nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCluster()
			k.cache("shop", "app", map[string]string{"role-arn": roleARN})
			advisor := &knows{}
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Advisor: advisor, EventsAtValidation: true})
			person := strings.Replace(kept(t, h, ask{}, c.pod), `"controller":true`, `"controller":false`, 1) // is asked about before the answer
			review(t, h, ask{path: "/validate"}, person)
			if !slices.Equal(advisor.asked, c.want) {
				t.Errorf("asked %+v, want %+v", advisor.asked, c.want)
			}
		})
	}
}

// TestAdmittedBounds: a pod written to be long is asked about and told of a few times.
func TestAdmittedBounds(t *testing.T) {
	var containers []string
	for i := range 50 {
		containers = append(containers, fmt.Sprintf(`{"name":"c%d","env":[{"name":"AWS_ROLE_ARN","value":"%s-%d"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/t/token"}],
			"volumeMounts":[{"name":"t","mountPath":"/t"}]}`, i, roleARN, i), fmt.Sprintf(`{"name":"d%d","env":[{"name":"AWS_ROLE_ARN"}]}`, i))
	}
	pod := `{"metadata":{` + controlled + `},"spec":{"serviceAccountName":"app","containers":[` + strings.Join(containers, ",") + `],"volumes":[{"name":"aws-iam-token"},` +
		`{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"token","audience":"a"}}]}}]}}`
	k := newCluster()
	advisor := &knows{}
	h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Advisor: advisor, EventsAtValidation: true})
	review(t, h, ask{path: "/validate"}, named(t, pod, "x", "y"))
	k.told(t, 5)
	got := review(t, h, ask{path: "/validate", dryRun: true}, strings.Replace(named(t, pod, "x", "y"), `"controller":true`, `"controller":false`, 1))
	if len(got.Response.Warnings) != 5 {
		t.Errorf("answered %q", got.Response.Warnings)
	}
	advisor.mu.Lock()
	defer advisor.mu.Unlock()
	roles := map[string]bool{}
	for _, q := range advisor.asked {
		roles[q.RoleARN] = true
	}
	if len(roles) != 5 {
		t.Errorf("asked about %d roles", len(roles))
	}
}

// TestFindings: which Events a pod of a controller has, and which warnings the same pod of a person. The ids are those of the table of misconfigurations.
func TestFindings(t *testing.T) {
	pod := func(metadata, spec string) string {
		return `{"metadata":{` + controlled + metadata + `},"spec":{"serviceAccountName":"app",` + spec + `}}`
	}
	env := func(variables string) string { return `"containers":[{"name":"main","env":[` + variables + `]}]` }
	plain := `"containers":[{"name":"main"}]`
	annotated := map[string]string{"role-arn": roleARN}
	for name, c := range map[string]struct {
		account          map[string]string
		mutates          bool
		pod              string
		events, warnings []string
	}{
		"nothing wrong":            {annotated, true, pod("", plain), nil, nil},
		"a container that is none": {annotated, true, pod(`,"annotations":{"eks.amazonaws.com/skip-containers":"web"}`, plain), []string{"IRSASettingIgnored W03"}, []string{"W03"}},
		"half of the variables":    {annotated, true, pod("", env(`{"name":"AWS_ROLE_ARN","value":"x"}`)), []string{"IRSARoleNotUsable W05"}, []string{"W05"}},
		"another volume":           {annotated, true, pod("", plain+`,"volumes":[{"name":"aws-iam-token","emptyDir":{}}]`), []string{"IRSARoleNotUsable W06"}, []string{"W06"}},
		"an odd role":              {map[string]string{"role-arn": "app"}, true, pod("", plain), []string{"IRSARoleNotUsable A03"}, []string{"A03"}},
		"not seen":                 {annotated, false, pod("", plain), []string{"IRSANotInjected W01"}, []string{"W01"}},
		"not seen, and wants it so": {annotated, false, pod(`,"labels":{"skip-pod-identity-webhook":""}`, env(`{"name":"AWS_REGION"}`)),
			nil, nil},
		"wants a role":          {nil, true, pod("", env(`{"name":"AWS_REGION","value":"x"}`)), []string{"IRSANotInjected A01"}, []string{"A01"}},
		"wants none":            {nil, true, pod("", plain), nil, nil},
		"brings its own":        {nil, true, pod("", env(`{"name":"AWS_REGION"},{"name":"AWS_ACCESS_KEY_ID"}`)), nil, nil},
		"no account in sight":   {nil, true, `{"metadata":{` + controlled + `},"spec":{` + env(`{"name":"AWS_REGION"}`) + `}}`, nil, nil},
		"what no pod may look ": {annotated, false, `{"metadata":{` + controlled + `},"spec":{"serviceAccountName":"app","containers":{}}}`, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCluster()
			k.cache("shop", "app", c.account)
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, EventsAtValidation: true})
			admitted := c.pod
			if c.mutates {
				admitted = kept(t, h, ask{}, c.pod)
			}
			if got := review(t, h, ask{path: "/validate"}, admitted).Response; !got.Allowed || len(got.Warnings) > 0 {
				t.Errorf("a controller is answered %+v", got)
			}
			var events []string
			for _, e := range k.events { // memory knows all
				events = append(events, e.reason+" "+e.message[:3])
			}
			if !slices.Equal(events, c.events) {
				t.Errorf("Events %q, want %q", events, c.events)
			}
			person := strings.Replace(admitted, `"controller":true`, `"controller":false`, 1)
			var warnings []string
			for _, w := range review(t, h, ask{path: "/validate", dryRun: true}, person).Response.Warnings {
				warnings = append(warnings, w[:3])
			}
			if !slices.Equal(warnings, c.warnings) {
				t.Errorf("warnings %q, want %q", warnings, c.warnings)
			}
		})
	}
}

// TestUnannotatedEvents: of a cluster's many pods without a role only those have an Event that may have wanted one, however much people are warned.
func TestUnannotatedEvents(t *testing.T) {
	const wants = `{"metadata":{` + controlled + `},"spec":{"serviceAccountName":"app","containers":[{"name":"main","image":"aws-cli"}]}}`
	for mode, want := range map[webhook.Unannotated][2]int{webhook.UnannotatedOff: {0, 0}, webhook.UnannotatedIntent: {1, 0}, webhook.UnannotatedAll: {1, 0}} {
		for i, pod := range []string{wants, ownedPod} {
			k := newCluster()
			k.cache("shop", "app", nil)
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, WarnUnannotated: mode, EventsAtValidation: true})
			review(t, h, ask{path: "/validate"}, named(t, pod, "x", "y"))
			if len(k.events) != want[i] || k.reads > 0 {
				t.Errorf("%s: %d live reads, Events %+v, want %d", mode, k.reads, k.events, want[i])
			}
		}
	}
	for name, c := range map[string]struct {
		wait    time.Duration
		prepare func(*cluster)
		want    string
	}{
		"an account that memory has not heard of": {0, func(k *cluster) { k.write("shop", "app", nil) }, "A01: service account \"app\" names no role"},
		"an account that does not exist":          {0, func(k *cluster) {}, "A01: service account \"app\" does not exist"},
		"one that was waited for":                 {time.Minute, func(k *cluster) { k.at("shop", "app", nil, noon); k.sync("shop", "app") }, "A01: waited 1m0s"},
	} {
		k := newCluster()
		c.prepare(k)
		h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Wait: c.wait, EventsAtValidation: true})
		review(t, h, ask{path: "/validate"}, named(t, wants, "x", "y"))
		if events := k.told(t, 1); !strings.HasPrefix(events[0].message, c.want) {
			t.Errorf("%s: %+v", name, events)
		}
	}
}

// stuck is an Advisor and an API server that do not answer before they are let go.
type stuck struct {
	*cluster
	*knows
	answer chan struct{}
}

func (s stuck) Advise(ctx context.Context, q webhook.Question) ([]webhook.Warning, error) {
	<-s.answer
	return s.knows.Advise(ctx, q)
}

func (s stuck) Read(ctx context.Context, namespace, name string) (webhook.ServiceAccount, error) {
	<-s.answer
	return s.cluster.Read(ctx, namespace, name)
}

func dropped(t *testing.T, h *webhook.Handler) (n int) {
	t.Helper()
	metrics := httptest.NewRecorder()
	h.Metrics().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(metrics.Body.String()) {
		if text, ok := strings.CutPrefix(line, "openirsa_webhook_dropped_advice_total "); ok {
			if _, err := fmt.Sscan(text, &n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// TestEventsNeverDelay: pods of a controller are answered while nothing that they are looked at with answers; a rollout of a thousand asks one question,
// takes one place of the few, and what is too much is counted.
func TestEventsNeverDelay(t *testing.T) {
	k := newCluster()
	s := stuck{k, &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T20", Text: "no such role."}}}, make(chan struct{})}
	k.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(t, webhook.Config{ServiceAccounts: s, Events: k, Advisor: s, EventsAtValidation: true})
	pod := kept(t, h, ask{}, ownedPod)
	for range 1000 {
		review(t, h, ask{path: "/validate"}, pod)
	}
	if got := dropped(t, h); got != 1000-64 {
		t.Errorf("%d of 1000 pods were dropped, want all but 64", got)
	}
	other := strings.ReplaceAll(pod, roleARN, roleARN+"-%d")
	for i := range 20 {
		review(t, h, ask{path: "/validate"}, fmt.Sprintf(other, i))
	}
	if got := dropped(t, h); got != 1000-64+20-7 { // one of eight places is taken
		t.Errorf("%d were dropped, want 13 of 20 other roles' too", got)
	}
	for range 20 {
		review(t, h, ask{path: "/validate"}, strings.Replace(named(t, ownedPod, "x", "y"), `"serviceAccountName":"app"`, `"serviceAccountName":"gone"`, 1))
	}
	close(s.answer)
	k.told(t, 64+8) // those of one question, and eight pods without an account
	if got := dropped(t, h); got != 1000-64+20-7+20-8 {
		t.Errorf("%d were dropped, want 12 of 20 lookups too", got)
	}
	s.knows.mu.Lock()
	defer s.knows.mu.Unlock()
	if n := len(s.knows.asked); n > 8 {
		t.Errorf("asked %d times", n)
	}
}

// TestEventsFail: what cannot be found out is no concern of the pod's.
func TestEventsFail(t *testing.T) {
	k := newCluster()
	k.down = errors.New("connection refused")
	h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, EventsAtValidation: true})
	for _, pod := range []string{ownedPod, strings.Replace(ownedPod, `"controller":true`, `"controller":false`, 1)} {
		if got := review(t, h, ask{path: "/validate"}, named(t, pod, "x", "y")); !got.Response.Allowed || len(got.Response.Warnings) > 0 {
			t.Errorf("answered %+v", got)
		}
	}
	// A review that says less than an API server's: the Event is where it would have been before.
	k = newCluster()
	k.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h = newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, EventsAtValidation: true})
	review(t, h, ask{path: "/validate"}, ownedPod)
	want := webhook.Reference{Kind: "ReplicaSet", Namespace: "shop", Name: "app", UID: "r-1"}
	if events := k.told(t, 1); events[0].object != want {
		t.Errorf("event = %+v", events[0])
	}
	// Nobody takes Events.
	h = newHandler(t, webhook.Config{ServiceAccounts: k, EventsAtValidation: true})
	if got := review(t, h, ask{path: "/validate"}, named(t, ownedPod, "x", "y")); !got.Response.Allowed {
		t.Errorf("answered %+v", got)
	}
}
