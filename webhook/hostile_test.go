package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/webhook"
)

// TestUnknownFieldsSurvive: whatever a pod holds that is not added to comes out byte for byte, numbers that no float
// holds and fields of tomorrow among them.
func TestUnknownFieldsSurvive(t *testing.T) {
	parts := []string{
		`"fieldOfTomorrow" : {"n":12345678901234567890,"f":1.50,"e":1E+2,"deep":[ [ {"a":null,"a":1} ] ]}`,
		`"restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]`,
		`"text":"\u00e9\/é <&>"`,
		`{"name":"KEEP","value":"\u0041","extra": [1,  2]}`,
		`{"name":"data","emptyDir":{"sizeLimit":"1Gi","new":true}}`,
		`{"name":"data","mountPath":"/data","recursiveReadOnly":"IfPossible"}`,
		`"ephemeralContainers":[{"name":"debug","targetContainerName":"app"}]`,
		`"resources":{"claims":[{"name":"gpu","request":"one"}]}`,
	}
	pod := []byte(`{"metadata":{"name":"app",` + parts[2] + `},"spec":{` + parts[0] + `,` + parts[6] + `,"volumes":[` + parts[4] + `],
		"containers":[{"name":"app",` + parts[1] + `,"env":[` + parts[3] + `],"volumeMounts":[` + parts[5] + `],` + parts[7] + `}]},"status":{ }}`)
	for _, method := range []webhook.Method{webhook.WebIdentity, webhook.ContainerCredentials} {
		identity := webhook.Identity{Method: method, RoleARN: roleARN, Audience: "a", Expiration: 600}
		got := inject(t, pod, identity, webhook.Settings{Region: "r"}.Complete())
		for _, part := range parts {
			// The patch library writes every value without the space around it, and with HTML's characters escaped,
			// as encoding/json does.
			if !bytes.Contains(got, compact(t, part)) {
				t.Errorf("%s is lost in\n%s", part, got)
			}
		}
	}
}

// compact is a value, or a member of an object, as encoding/json passes it through.
func compact(t *testing.T, part string) []byte {
	t.Helper()
	member := part[0] == '"'
	if member {
		part = "{" + part + "}"
	}
	text := marshal(t, json.RawMessage(part))
	if member {
		text = text[1 : len(text)-1]
	}
	return text
}

func TestInjectRefuses(t *testing.T) {
	containers := func(n int) string {
		return `{"spec":{"containers":[` + strings.TrimSuffix(strings.Repeat("{},", n), ",") + `]}}`
	}
	for name, c := range map[string]struct{ pod, want string }{
		"nothing":                 {"", "line 1, column 1"},
		"not an object":           {"[]", "line 1, column 1"},
		"half":                    {`{"spec":{"containers":[{"name":"a"`, "line 1"},
		"text behind":             {`{"spec":{}} {}`, "after the end"},
		"no spec":                 {`{"metadata":{}}`, "no spec"},
		"spec null":               {`{"spec":null}`, "no spec"},
		"on the third line":       {"{\n\"spec\":{\n\"containers\":{}}}", "line 3, column 14"},
		"columns are characters":  {`{"é":"é","spec":1}`, "line 1, column 17"},
		"spec twice":              {`{"spec":{},"spec":{}}`, `"spec" appears twice`},
		"spec twice, escaped":     {`{"spec":{},"\u0073pec":{}}`, `"spec" appears twice`},
		"env twice":               {`{"spec":{"containers":[{"env":[],"env":[]}]}}`, `"env" appears twice`},
		"a name twice":            {`{"spec":{"containers":[{"env":[{"name":"A","name":"AWS_REGION"}]}]}}`, `"name" appears twice`},
		"an annotation twice":     {`{"metadata":{"annotations":{"eks.amazonaws.com/x":"1","eks.amazonaws.com/x":"2"}},"spec":{}}`, "appears twice"},
		"a container null":        {`{"spec":{"containers":[null]}}`, "an object was expected"},
		"a name that is a number": {`{"spec":{"containers":[{"name":1}]}}`, "a string was expected"},
		"env that is an object":   {`{"spec":{"containers":[{"env":{}}]}}`, "an array was expected"},
		"a variable that is text": {`{"spec":{"containers":[{"env":["AWS_REGION"]}]}}`, "an object was expected"},
		"a control character":     {"{\"spec\":{\"a\":\"\n\"}}", "control character"},
		"no such escape":          {`{"spec":{"a":"\x"}}`, "no such escape"},
		"a leading zero":          {`{"spec":{"a":01}}`, "expected"},
		"NaN":                     {`{"spec":{"a":NaN}}`, "a value was expected"},
		"a trailing comma":        {`{"spec":{"a":[1,]}}`, "a value was expected"},
		"deep":                    {`{"spec":{"a":` + strings.Repeat("[", 100_000), "deeper than 256"},
		"deep objects":            {`{"spec":{"a":` + strings.Repeat(`{"a":`, 100_000), "deeper than 256"},
		"a long name":             {`{"metadata":{"name":"` + strings.Repeat("x", 254) + `"},"spec":{}}`, `"name" has 254 bytes, of at most 253`},
		"a long account":          {`{"spec":{"serviceAccountName":"` + strings.Repeat("x", 1<<20) + `"}}`, `of at most 253`},
		"a long owner":            {`{"metadata":{"ownerReferences":[{"kind":"` + strings.Repeat("x", 254) + `"}]},"spec":{}}`, `of at most 253`},
		"too many containers":     {containers(webhook.MaxContainers + 1), "more than 2000 containers"},
		"too large":               {`{"spec":{"a":"` + strings.Repeat("x", webhook.MaxPod) + `"}}`, "of at most"},
	} {
		patch, err := webhook.Inject([]byte(c.pod), webhook.Identity{}, webhook.Settings{}.Complete())
		var positioned *webhook.SyntaxError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &positioned) || patch != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	nested := func(n int) []byte { // spec is the second level
		return []byte(`{"spec":` + strings.Repeat(`{"a":`, n-1) + "1" + strings.Repeat("}", n))
	}
	if _, err := webhook.Inject(nested(256), webhook.Identity{}, webhook.Settings{}.Complete()); err != nil {
		t.Errorf("as deep as may be: %v", err)
	}
	if _, err := webhook.Inject(nested(257), webhook.Identity{}, webhook.Settings{}.Complete()); err == nil {
		t.Error("one deeper was taken")
	}
	if _, err := webhook.Inject([]byte(containers(webhook.MaxContainers)), webhook.Identity{}, webhook.Settings{}.Complete()); err != nil {
		t.Errorf("as many containers as may be: %v", err)
	}
}

func TestParseRoles(t *testing.T) {
	roles, err := webhook.ParseRoles([]byte(` {"shop/app":{"RoleARN":"r","Audience":"a","UseRegionalSTS":true,"TokenExpiration":3600,"Later":[]},"*/x":{}} `))
	if want := (webhook.AccountRole{ARN: "r", Audience: "a", RegionalSTS: true, Expiration: 3600}); err != nil || roles["shop/app"] != want || len(roles) != 2 {
		t.Errorf("%+v, %v", roles, err)
	}
	if roles, err := webhook.ParseRoles([]byte(" \n")); err != nil || len(roles) != 0 {
		t.Errorf("empty: %v, %v", roles, err)
	}
	for text, want := range map[string]string{
		`{"app":{}}`:                           `"app" is not namespace/serviceaccount`,
		"{\n  \"a/b\": {},\n  \"c\": {}}":      "line 3, column 3",
		`{"a/b/c":{}}`:                         "is not namespace/serviceaccount",
		`{"/b":{}}`:                            "is not namespace/serviceaccount",
		`{"a/":{}}`:                            "is not namespace/serviceaccount",
		`{"a/b":null}`:                         "an object was expected",
		`{"a/b":{},"a/b":{}}`:                  `"a/b" appears twice`,
		`{"a/b":{"TokenExpiration":"3600"}}`:   "TokenExpiration holds a string",
		`{"a/b":{"RoleARN":"x"}`:               "comma or the end",
		`{} {}`:                                "after the end",
		"\x00":                                 "an object was expected",
		strings.Repeat(" ", 1<<20+1):           "of at most 1048576",
		`{"a/b":` + strings.Repeat("[", 10000): "an object was expected",
	} {
		if roles, err := webhook.ParseRoles([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || roles != nil {
			t.Errorf("%.40q: %v, %v, want %q", text, roles, err, want)
		}
	}
}

func TestParseContainerCredentials(t *testing.T) {
	accounts, err := webhook.ParseContainerCredentials([]byte(`{"version":1,"identities":[{"namespace":"shop","serviceAccount":"app","x":{}}]}`))
	if err != nil || !accounts.Has("shop", "app") || accounts.Has("shop", "other") || accounts.Has("app", "shop") {
		t.Errorf("%v, %v", accounts, err)
	}
	for _, text := range []string{"", "null", " null\n", "{}", `{"identities":null}`, `{"identities":[]}`} {
		if accounts, err := webhook.ParseContainerCredentials([]byte(text)); err != nil || len(accounts) != 0 {
			t.Errorf("%q: %v, %v", text, accounts, err)
		}
	}
	for text, want := range map[string]string{
		"\n":                                "an object was expected",
		`{"identities":[],"Identities":[]}`: "appears twice",
		`{"identities":{}}`:                 "an array was expected",
		"{\"identities\":[\n {\"namespace\":\"shop\"}]}": "line 2, column 2: an identity needs",
		`{"identities":[{"namespace":1}]}`:               "line 1, column",
		`{"identities":["shop/app"]}`:                    "an object was expected",
		`{"identities":[{"namespace":"a"}`:               "",
		strings.Repeat(" ", 16<<20+1):                    "of at most",
	} {
		if accounts, err := webhook.ParseContainerCredentials([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || accounts != nil {
			t.Errorf("%.40q: %v, %v, want %q", text, accounts, err, want)
		}
	}
}

// TestOddReviews: what no API server sends is refused where it would leave something behind, and of other resources of the name nothing is taken for a pod.
func TestOddReviews(t *testing.T) {
	k := newCluster()
	k.cache("shop", "app", map[string]string{"role-arn": roleARN})
	advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T20", Text: "no such role."}}}
	body := func(more, resource, object string) []byte {
		return []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","resource":{` + resource + `},` +
			more + `,"object":` + object + `}}`)
	}
	long := strings.Repeat("x", 254)
	for name, c := range map[string]struct{ more, resource, object, refused string }{
		"a dry run in words":      {`"namespace":"shop","dryRun":"true"`, `"resource":"pods"`, ownedPod, "true or false was expected"},
		"a dry run in numbers":    {`"namespace":"shop","dryRun":1`, `"resource":"pods"`, ownedPod, "true or false was expected"},
		"a dry run, and none":     {`"namespace":"shop","dryRun":true,"dryRun":false`, `"resource":"pods"`, ownedPod, "appears twice"},
		"a long namespace":        {`"namespace":"` + long + `"`, `"resource":"pods"`, ownedPod, "of at most 253"},
		"pods of another group":   {`"namespace":"shop"`, `"resource":"pods","group":"metrics.k8s.io"`, ownedPod, ""},
		"accounts of another":     {`"namespace":"shop"`, `"group":"x","resource":"serviceaccounts"`, `{"metadata":{"annotations":{"eks.amazonaws.com/role-arn":"app"}}}`, ""},
		"an account's long name":  {`"namespace":"shop"`, `"resource":"serviceaccounts"`, `{"metadata":{"name":"` + long + `","annotations":{"eks.amazonaws.com/role-arn":"` + roleARN + `"}}}`, ""},
		"a long UID":              {`"namespace":"shop"`, `"resource":"pods"`, strings.Replace(ownedPod, `"generateName"`, `"uid":"`+long+`","generateName"`, 1), "of at most 253"},
		"an owner that is no one": {`"namespace":"shop"`, `"resource":"pods"`, strings.Replace(ownedPod, `"uid":"r-1"`, `"uid":[]`, 1), "a string was expected"},
	} {
		for _, path := range []string{"/mutate", "/validate"} {
			h := newHandler(t, webhook.Config{ServiceAccounts: k, Events: k, Advisor: advisor, EventsAtValidation: true})
			response := post(h, path, "application/json", body(c.more, c.resource, c.object)).Body.String()
			refused := path == "/mutate" && c.refused != ""
			if strings.Contains(response, `"allowed":false`) != refused || refused && !strings.Contains(response, c.refused) ||
				strings.Contains(response, "warnings") || strings.Contains(response, "patch") {
				t.Errorf("%s: %s answers %s", name, path, response)
			}
		}
	}
	if len(k.events) > 0 || len(advisor.asked) > 0 {
		t.Errorf("Events %+v, asked %+v", k.events, advisor.asked)
	}
}

// TestPatchBounded: an annotation reaches the patch once for each container, so that a pod of three megabytes, which the API server bounds only after its
// webhooks, or an account's annotations, would ask for gigabytes.
func TestPatchBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	containers := strings.TrimSuffix(strings.Repeat("{},", webhook.MaxContainers), ",")
	annotated := `{"metadata":{"annotations":{"eks.amazonaws.com/endpoint-url":"` + long + `"}},"spec":{"containers":[` + containers + `]}}`
	plain := `{"spec":{"containers":[` + containers + `]}}`
	for name, c := range map[string]struct{ pod, role string }{"the pod's": {annotated, roleARN}, "the account's": {plain, long}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := webhook.Inject([]byte(c.pod), webhook.Identity{RoleARN: c.role}, webhook.Settings{}.Complete())
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		if err == nil || !strings.Contains(err.Error(), "patched by more than") || allocated > 64<<20 {
			t.Errorf("%s annotation: %v, after %d bytes", name, err, allocated)
		}
	}
	k := newCluster()
	k.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(t, webhook.Config{ServiceAccounts: k})
	pod := strings.Replace(annotated, `"spec":{`, `"spec":{"serviceAccountName":"app",`, 1)
	if got := review(t, h, ask{}, pod); got.Response.Allowed || len(got.Response.Patch) > 0 || !strings.Contains(got.Response.Status.Message, "patched by more") {
		t.Errorf("the pod was answered %+.300v", got)
	}
}

// TestSkipListBounded: a list of a million names to skip is one look a container, and a few warnings.
func TestSkipListBounded(t *testing.T) {
	names := make([]string, 300_000)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	var containers []string
	for i := range webhook.MaxContainers {
		containers = append(containers, `{"name":"c`+strconv.Itoa(i)+`"}`)
	}
	pod := []byte(`{"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"` + strings.Join(names, ",") + `"}},"spec":{"containers":[` +
		strings.Join(containers, ",") + `]}}`)
	begun := time.Now()
	warnings, err := webhook.LintPod(pod, webhook.Identity{}, true, webhook.Settings{}.Complete())
	if err != nil || len(warnings) == 0 || len(warnings) > 5 {
		t.Errorf("%d warnings, %v", len(warnings), err)
	}
	if took := time.Since(begun); took > 10*time.Second { // 600 million comparisons, and a list of all containers for each name, took minutes
		t.Errorf("it took %s", took)
	}
}

// TestLongQuestionsNotKept: annotations of a quarter of a megabyte, of accounts that anybody made, are not remembered by the thousand.
func TestLongQuestionsNotKept(t *testing.T) {
	advisor := &knows{role: roleARN}
	h := newHandler(t, webhook.Config{ServiceAccounts: newCluster(), Advisor: advisor})
	for _, annotations := range []string{
		`"eks.amazonaws.com/role-arn":"` + roleARN + strings.Repeat("x", 2048) + `"`,
		`"eks.amazonaws.com/role-arn":"` + roleARN + `","eks.amazonaws.com/audience":"` + strings.Repeat("x", 2049) + `"`,
	} {
		got := review(t, h, ask{path: "/validate", resource: "serviceaccounts"}, `{"metadata":{"name":"app","annotations":{`+annotations+`}}}`)
		if !got.Response.Allowed || len(advisor.asked) != 0 {
			t.Errorf("%.60s: %+v, asked %d questions", annotations, got, len(advisor.asked))
		}
	}
	review(t, h, ask{path: "/validate", resource: "serviceaccounts"}, `{"metadata":{"name":"app","annotations":{"eks.amazonaws.com/role-arn":"`+roleARN+`"}}}`)
	if len(advisor.asked) != 1 {
		t.Errorf("asked %d questions about a role", len(advisor.asked))
	}
}
