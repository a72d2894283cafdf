package webhook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/webhook"
)

func ids(warnings []webhook.Warning) []string {
	found := []string{}
	for _, w := range warnings {
		found = append(found, w.ID)
	}
	return found
}

// TestLintAccount's ids are those of the table of misconfigurations.
func TestLintAccount(t *testing.T) {
	const p = "eks.amazonaws.com/"
	for name, c := range map[string]struct {
		annotations map[string]string
		want        []string
	}{
		"nothing":                       {nil, []string{}},
		"a role":                        {map[string]string{p + "role-arn": roleARN}, []string{}},
		"others' annotations":           {map[string]string{"meta.helm.sh/release-name": "x", "kubernetes.io/enforce-mountable-secrets": "true", p + "compute-type": "ec2"}, []string{}},
		"underscore":                    {map[string]string{p + "role_arn": roleARN}, []string{"A02"}},
		"capitals":                      {map[string]string{p + "Role-ARN": roleARN}, []string{"A02"}},
		"typo of the role":              {map[string]string{p + "rolearn": roleARN}, []string{"A02"}},
		"typo beside the role":          {map[string]string{p + "role-arn": roleARN, p + "token-expiraton": "3600"}, []string{"A02"}},
		"kube2iam":                      {map[string]string{"iam.amazonaws.com/role": "app"}, []string{"A02"}},
		"kube2iam beside the role":      {map[string]string{"iam.amazonaws.com/role": "app", p + "role-arn": roleARN}, []string{}},
		"another domain":                {map[string]string{"eks.aws.com/role-arn": roleARN}, []string{"A02"}},
		"a typo of the domain":          {map[string]string{"eks.amazonws.com/role-arn": roleARN}, []string{"A02"}},
		"not AWS's":                     {map[string]string{"example.com/role-arn": roleARN}, []string{}},
		"eleven digits":                 {map[string]string{p + "role-arn": "arn:aws:iam::11112222333:role/app"}, []string{"A03"}},
		"a name":                        {map[string]string{p + "role-arn": "app"}, []string{"A03"}},
		"a newline":                     {map[string]string{p + "role-arn": roleARN + "\n"}, []string{"A03"}},
		"quotes":                        {map[string]string{p + "role-arn": `"` + roleARN + `"`}, []string{"A03"}},
		"expiration of words":           {map[string]string{p + "token-expiration": "1h"}, []string{"A14"}},
		"expiration that is raised":     {map[string]string{p + "token-expiration": "60"}, []string{"A14"}},
		"expiration":                    {map[string]string{p + "token-expiration": "3600"}, []string{}},
		"neither true nor false":        {map[string]string{p + "sts-regional-endpoints": "regional"}, []string{""}},
		"a bundle that names too much":  {map[string]string{p + "ca-bundle-configmap": "a/b/c"}, []string{""}},
		"hostile text is shown cut off": {map[string]string{p + "role-arn": strings.Repeat("\x00", 10000)}, []string{"A03"}},
	} {
		got := webhook.LintAccount(c.annotations, webhook.Settings{}.Complete())
		if !slices.Equal(ids(got), c.want) {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
		for _, w := range got {
			if len(w.String()) > 255 {
				t.Errorf("%s: a warning of %d bytes: %s", name, len(w.String()), w)
			}
		}
	}
	custom := webhook.LintAccount(map[string]string{p + "role-arn": roleARN}, webhook.Settings{AnnotationPrefix: "iam.example.com"}.Complete())
	if len(custom) != 1 || !strings.Contains(custom[0].Text, "iam.example.com/role-arn") {
		t.Errorf("a role under the usual prefix, where another is read: %v", custom)
	}
	composed := webhook.Settings{Compose: &webhook.Compose{Partition: "aws", Account: "111122223333"}}.Complete()
	if got := webhook.LintAccount(map[string]string{p + "role-arn": "team/app"}, composed); len(got) > 0 {
		t.Errorf("a name where ARNs are composed: %v", got)
	}
}

func TestLintPod(t *testing.T) {
	const spec = `"spec":{"containers":[{"name":"app"}]}`
	annotated := func(annotation string) string {
		return `{"metadata":{"annotations":{` + annotation + `}},` + spec + `}`
	}
	withEnv := func(env string) string { return `{"spec":{"containers":[{"name":"app","env":[` + env + `]}]}}` }
	withVolume := func(source string) string { return `{"spec":{"volumes":[{"name":"aws-iam-token",` + source + `}]}}` }
	for name, c := range map[string]struct {
		pod  string
		role bool // whether the account has one
		want []string
	}{
		"plain":                            {`{` + spec + `}`, true, []string{}},
		"the role on the pod":              {annotated(`"eks.amazonaws.com/role-arn":"x"`), true, []string{"A02"}},
		"an expiration of words":           {annotated(`"eks.amazonaws.com/token-expiration":"1h"`), true, []string{"A14"}},
		"skips a container":                {annotated(`"eks.amazonaws.com/skip-containers":"app"`), true, []string{}},
		"skips no such container":          {annotated(`"eks.amazonaws.com/skip-containers":"app, web"`), true, []string{"W03"}},
		"skips what cannot be read":        {annotated(`"eks.amazonaws.com/skip-containers":"\"app"`), true, []string{"W03"}},
		"half of the variables":            {withEnv(`{"name":"AWS_ROLE_ARN","value":"x"}`), true, []string{"W05"}},
		"the other half":                   {withEnv(`{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"x"}`), true, []string{"W05"}},
		"half, and skipped":                {`{"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"app"}},` + withEnv(`{"name":"AWS_ROLE_ARN"}`)[1:], true, []string{}},
		"both":                             {withEnv(`{"name":"AWS_ROLE_ARN"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE"}`), true, []string{}},
		"half, and no role to inject":      {withEnv(`{"name":"AWS_ROLE_ARN","value":"x"}`), false, []string{}},
		"another volume of that name":      {withVolume(`"emptyDir":{}`), true, []string{"W06"}},
		"another token of that name":       {withVolume(`"projected":{"sources":[{"serviceAccountToken":{"path":"vault"}}]}`), true, []string{"W06"}},
		"the token itself":                 {withVolume(`"projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}`), true, []string{}},
		"another volume, and no role here": {withVolume(`"emptyDir":{}`), false, []string{}},
	} {
		got, err := webhook.LintPod([]byte(c.pod), webhook.Identity{}, c.role, webhook.Settings{}.Complete())
		if err != nil || !slices.Equal(ids(got), c.want) {
			t.Errorf("%s: %v, %v, want %q", name, got, err, c.want)
		}
	}
	if _, err := webhook.LintPod([]byte(`{"spec":`), webhook.Identity{}, true, webhook.Settings{}.Complete()); err == nil {
		t.Error("half a pod was taken")
	}
}

// workload is an object of that resource around a pod template.
func workload(resource, template string) string {
	switch resource {
	case "pods":
		return template
	case "cronjobs":
		return `{"spec":{"jobTemplate":{"spec":{"template":` + template + `}}}}`
	}
	return `{"metadata":{"name":"x"},"spec":{"replicas":1,"template":` + template + `}}`
}

func TestValidateWorkloads(t *testing.T) {
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN})
	advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T02", Text: "the trust policy names another namespace."}}}
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Advisor: advisor})
	half := `{"metadata":{},"spec":{"serviceAccountName":"app","containers":[{"name":"a","env":[{"name":"AWS_ROLE_ARN","value":"x"}]}]}}`
	for _, resource := range []string{"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"} {
		object, want := workload(resource, half), []string{"W05: ", "T02: "}
		if resource == "pods" { // one that is kept as it is, whose container has no exchange to fail
			object, want = kept(t, h, ask{}, half), want[:1]
		}
		r := review(t, h, ask{path: "/validate", resource: resource}, object)
		starts := func(text, with string) bool { return strings.HasPrefix(text, with) }
		if !slices.EqualFunc(r.Response.Warnings, want, starts) {
			t.Errorf("%s: %q", resource, r.Response.Warnings)
		}
		if !r.Response.Allowed || len(r.Response.Patch) > 0 {
			t.Errorf("%s: %+v", resource, r)
		}
	}
	if len(advisor.asked) != 1 {
		t.Errorf("asked %d times within seconds", len(advisor.asked))
	}
	owned := `{"metadata":{"ownerReferences":[{"kind":"ReplicaSet","name":"x","controller":true}]},` + half[len(`{"metadata":{},`):]
	replicas := `{"metadata":{"ownerReferences":[{"kind":"Deployment","name":"x","controller":true}]},"spec":{"template":` + half + `}}`
	for name, r := range map[string]reviewed{
		"a controller's replicas": review(t, h, ask{path: "/validate", resource: "replicasets"}, replicas),
		"a controller's pod":      review(t, h, ask{path: "/validate"}, owned),
		"a pod that changes":      review(t, h, ask{path: "/validate", operation: "UPDATE"}, half),
		"a scale":                 review(t, h, ask{path: "/validate", resource: "deployments", subresource: "scale"}, workload("deployments", half)),
		"no template":             review(t, h, ask{path: "/validate", resource: "deployments"}, `{"spec":{"template":null}}`),
		"an odd template":         review(t, h, ask{path: "/validate", resource: "deployments"}, `{"spec":{"template":[]}}`),
		"another resource":        review(t, h, ask{path: "/validate", resource: "services"}, `{}`),
		"a deleted one":           review(t, h, ask{path: "/validate", operation: "DELETE", resource: "deployments"}, `null`),
		"an odd account":          review(t, h, ask{path: "/validate", resource: "serviceaccounts"}, `{"metadata":{"annotations":{"a":1}}}`),
	} {
		if !r.Response.Allowed || len(r.Response.Warnings) > 0 {
			t.Errorf("%s: %+v", name, r.Response)
		}
	}
}

func TestValidateAccounts(t *testing.T) {
	c := newCluster()
	advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "P01", Text: strings.Repeat("é", 400)}}}
	now := noon
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Advisor: advisor, Clock: func() time.Time { return now }})
	account := func(annotations string) []string {
		object := `{"metadata":{"name":"app","annotations":{` + annotations + `}}}`
		return review(t, h, ask{path: "/validate", resource: "serviceaccounts", operation: "UPDATE"}, object).Response.Warnings
	}
	got := account(`"eks.amazonaws.com/role-arn":"` + roleARN + `","eks.amazonaws.com/audience":"vault"`)
	if len(got) != 1 || !strings.HasPrefix(got[0], "P01: é") || len(got[0]) > 255 || !strings.HasSuffix(got[0], "é…") {
		t.Errorf("%q", got)
	}
	if len(advisor.asked) != 1 || advisor.asked[0].Audience != "vault" || advisor.asked[0].ServiceAccount != "app" {
		t.Errorf("asked %+v", advisor.asked)
	}
	if got := account(`"eks.amazonaws.com/role-arn":"app"`); len(got) != 1 || !strings.HasPrefix(got[0], "A03: ") {
		t.Errorf("%q", got)
	}
	now = now.Add(19 * time.Second)
	account(`"eks.amazonaws.com/role-arn":"` + roleARN + `","eks.amazonaws.com/audience":"vault"`)
	if len(advisor.asked) != 1 {
		t.Errorf("asked anew within 20 seconds")
	}
	now = now.Add(2 * time.Second)
	account(`"eks.amazonaws.com/role-arn":"` + roleARN + `","eks.amazonaws.com/audience":"vault"`)
	if len(advisor.asked) != 2 {
		t.Errorf("asked %d times over 21 seconds", len(advisor.asked))
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf(`"aws%d/role-arn":"x"`, i))
	}
	if got := account(strings.Join(many, ",")); len(got) != 5 {
		t.Errorf("%d warnings", len(got))
	}
}

// TestWarnUnannotated: an account that names no role is worth a warning only where a pod looks as if it wanted one.
func TestWarnUnannotated(t *testing.T) {
	c := newCluster()
	c.cache("shop", "app", nil)
	c.cache("shop", "default", nil)
	containers := func(of string) string { return `{"spec":{"serviceAccountName":"app","containers":[` + of + `]}}` }
	pods := map[string]struct {
		pod    string
		intent bool
	}{
		"nothing of AWS":         {containers(`{"name":"a","image":"nginx","command":["nginx"]}`), false},
		"the default account":    {`{"spec":{"containers":[{"name":"a","image":"nginx"}]}}`, false},
		"a region":               {containers(`{"name":"a","env":[{"name":"AWS_REGION","value":"eu-west-1"}]}`), true},
		"a region, and keys":     {containers(`{"name":"a","env":[{"name":"AWS_REGION"},{"name":"AWS_ACCESS_KEY_ID"}]}`), false},
		"a region, and envFrom":  {containers(`{"name":"a","env":[{"name":"AWS_REGION"}],"envFrom":[{"secretRef":{"name":"keys"}}]}`), false},
		"a region, and no other": {containers(`{"name":"a","env":[{"name":"AWS_REGION"}],"envFrom":[]}`), true},
		"a role of its own":      {containers(`{"name":"a","env":[{"name":"AWS_REGION"},{"name":"AWS_ROLE_ARN"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE"}]}`), false},
		"the CLI's image":        {containers(`{"name":"a","image":"public.ecr.aws/aws-cli/aws-cli:2.31@sha256:00"}`), true},
		"the CLI":                {containers(`{"name":"a","image":"tools","command":["/usr/local/bin/aws","s3","ls"]}`), true},
		"an annotation":          {`{"metadata":{"annotations":{"eks.amazonaws.com/token-expiration":"3600"}},"spec":{"serviceAccountName":"app"}}`, true},
		"no such account":        {`{"spec":{"serviceAccountName":"gone","containers":[{"name":"a","image":"aws-cli"}]}}`, true},
	}
	for _, mode := range []webhook.Unannotated{"", webhook.UnannotatedOff, webhook.UnannotatedIntent, webhook.UnannotatedAll} {
		h := newHandler(t, webhook.Config{ServiceAccounts: c, WarnUnannotated: mode})
		for name, p := range pods {
			want := mode == webhook.UnannotatedAll || mode != webhook.UnannotatedOff && p.intent
			warnings := review(t, h, ask{path: "/validate", resource: "deployments"}, workload("deployments", p.pod)).Response.Warnings
			if got := len(warnings) == 1 && strings.HasPrefix(warnings[0], "A01: "); got != want || len(warnings) > 1 {
				t.Errorf("%q, %s: %q, want a warning: %v", mode, name, warnings, want)
			}
		}
	}
	h := newHandler(t, webhook.Config{ServiceAccounts: c, WarnUnannotated: webhook.UnannotatedAll})
	c.cache("shop", "a;reboot", nil) // no API server has it, and a command with it would be one to copy
	odd := review(t, h, ask{path: "/validate", resource: "deployments"}, workload("deployments", `{"spec":{"serviceAccountName":"a;reboot"}}`)).Response.Warnings
	if len(odd) != 1 || strings.Contains(odd[0], "kubectl") {
		t.Errorf("of an odd name: %q", odd)
	}
	if _, err := webhook.New(webhook.Config{ServiceAccounts: c, WarnUnannotated: "some"}); err == nil {
		t.Error("a mode that there is not was taken")
	}
}
