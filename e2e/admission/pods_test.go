package admission

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const roleARN = "arn:aws:iam::111122223333:role/app"

// Values that annotations and variables take: such as are right, such as are not, and such as only one of two parsers might take.
var (
	expirations = []string{"600", "599", "3600", "86400", "86401", "0", "-1", "+700", "9223372036854775807", "9223372036854775808", "1e4", "3600.0",
		" 3600", "3600s", "0x1000", "007200", "1_000", "", "soon"}
	bools     = []string{"true", "false", "1", "0", "t", "F", "TRUE", "True", "yes", "no", "", " true", "tRUE", "2"}
	audiences = []string{"sts.amazonaws.com", "vault", "", "https://kubernetes.default.svc", "a\"b\\c", "日本"}
	roles     = []string{roleARN, roleARN, roleARN, "arn:aws-cn:iam::111122223333:role/a/b/c", "app", "", " ", "arn:aws:iam::1:user/<x>&y", "arn:aws:iam::111122223333:role/ü\t"}
	skips     = []string{"main-0", "main-0,main-1", "init-0", `"main-0"`, `"main-0","init-1"`, "main-0, main-1", ` "main-0"`, `"main-0`, `main"0`, "", ",", "main-0\nmain-1",
		"\nmain-1", "main-0,", "\"main-0\"\"\"", "'main-0'", "main-0;main-1", "*", "MAIN-0", "\"main\n0\",main-1", "main-0\r\nmain-1", "main-0,main-0"}
	variables = []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "aws_region", "AWS_REGION_", "PATH"}
	volumes = []string{"aws-iam-token", "eks-pod-identity-token", "own-token", "data", "aws-ca-bundle"}
)

// generator makes accounts and pods of a seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func (g generator) one(of []string) string { return of[g.IntN(len(of))] }

// chance is true once in n times.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func serviceAccount(namespace, name string, annotations map[string]string) core.ServiceAccount {
	return core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: "1", Annotations: annotations,
		CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}}
}

// accounts are 20 in each of three namespaces, app-0 to app-19.
func (g generator) accounts(prefix string) (all []core.ServiceAccount) {
	for _, namespace := range namespaces {
		for _, name := range appNames(20) {
			annotations := map[string]string{}
			note := func(n int, name string, values []string) {
				if !g.chance(n) {
					annotations[g.prefix(prefix)+"/"+name] = g.one(values)
				}
			}
			note(6, "role-arn", roles)
			note(2, "audience", audiences)
			note(2, "sts-regional-endpoints", bools)
			note(2, "token-expiration", expirations)
			note(8, "skip-containers", skips) // of pods alone
			all = append(all, serviceAccount(namespace, name, annotations))
		}
	}
	return all
}

func appNames(number int) (names []string) {
	for i := range number {
		names = append(names, fmt.Sprintf("app-%d", i))
	}
	return names
}

var namespaces = []string{"shop", "kube-system", "a-b"}

// prefix is nearly always the one that is read.
func (g generator) prefix(prefix string) string {
	if g.chance(30) {
		return g.one([]string{"eks.amazonaws.com", "irsa.example", "Eks.amazonaws.com", "eks.amazonaws.com/"})
	}
	return prefix
}

// review is of a random pod.
func (g generator) review(prefix string) review {
	object := map[string]any{"kind": "Pod", "apiVersion": "v1", "metadata": g.metadata(prefix), "spec": g.spec(), "status": map[string]any{}}
	text, err := json.Marshal(object)
	if err != nil {
		panic(err) // maps of strings
	}
	r := review{namespace: g.one(namespaces), pod: text, dryRun: g.chance(5)}
	if g.chance(5) {
		r.version = "admission.k8s.io/v1beta1"
	}
	return r
}

func (g generator) metadata(prefix string) map[string]any {
	metadata := map[string]any{"creationTimestamp": nil}
	switch g.IntN(4) {
	case 0:
		metadata["name"] = "pod"
	case 1:
		metadata["generateName"] = "pod-"
	case 2:
		metadata["name"], metadata["generateName"] = "pod-x1", "pod-"
	}
	if g.chance(2) {
		metadata["namespace"] = g.one(append(namespaces, "elsewhere"))
	}
	annotations := map[string]any{}
	if g.chance(2) {
		annotations[g.prefix(prefix)+"/skip-containers"] = g.one(skips)
	}
	if g.chance(2) {
		annotations[g.prefix(prefix)+"/token-expiration"] = g.one(expirations)
	}
	for _, name := range []string{"role-arn", "audience", "sts-regional-endpoints"} { // of accounts alone
		if g.chance(6) {
			annotations[prefix+"/"+name] = "true"
		}
	}
	g.put(metadata, "annotations", annotations, len(annotations) == 0)
	labels := map[string]any{}
	if g.chance(2) {
		labels["app"] = "shop"
	}
	if g.chance(6) {
		labels["eks.amazonaws.com/pod-identity"] = g.one([]string{"enabled", "disabled", ""})
	}
	g.put(metadata, "labels", labels, len(labels) == 0)
	return metadata
}

// put sets a member; an empty one may be null or missing as well.
func (g generator) put(into map[string]any, name string, value any, empty bool) {
	switch {
	case !empty:
		into[name] = value
	case g.chance(3):
		into[name] = value
	case g.chance(3):
		into[name] = nil
	}
}

func (g generator) spec() map[string]any {
	spec := map[string]any{"dnsPolicy": "ClusterFirst", "securityContext": map[string]any{}, "nodeName": "n"}
	switch name := fmt.Sprintf("app-%d", g.IntN(20)); {
	case g.chance(20):
	case g.chance(20):
		spec["serviceAccountName"] = g.one([]string{"", "missing", "APP-1", "app-1/", "..", "only-in-map"})
	default:
		spec["serviceAccountName"], spec["serviceAccount"] = name, name
	}
	if g.chance(3) {
		selector := map[string]any{}
		for _, key := range []string{"kubernetes.io/os", "beta.kubernetes.io/os", "kubernetes.io/arch"} {
			if g.chance(2) {
				selector[key] = g.one([]string{"windows", "linux", "Windows", ""})
			}
		}
		g.put(spec, "nodeSelector", selector, len(selector) == 0)
	}
	var all []any
	for range g.IntN(3) {
		all = append(all, g.volume())
	}
	g.put(spec, "volumes", nonNil(all), len(all) == 0)
	for _, kind := range []string{"main", "init", "ephemeral"} {
		containers := []any{}
		for i := range g.IntN(5) {
			containers = append(containers, g.container(kind, i))
		}
		member := map[string]string{"main": "containers", "init": "initContainers", "ephemeral": "ephemeralContainers"}[kind]
		if kind == "main" {
			spec[member] = containers
		} else {
			g.put(spec, member, containers, len(containers) == 0)
		}
	}
	return spec
}

func nonNil(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func (g generator) volume() map[string]any {
	name := g.one(volumes)
	token := func(audience string) map[string]any {
		return map[string]any{"name": name, "projected": map[string]any{"sources": []any{map[string]any{
			"serviceAccountToken": map[string]any{"audience": audience, "expirationSeconds": 7200, "path": "token"}}}}}
	}
	switch g.IntN(4) {
	case 0:
		return map[string]any{"name": name, "emptyDir": map[string]any{}}
	case 1:
		return token("vault")
	case 2:
		return token("sts.amazonaws.com")
	}
	return map[string]any{"name": name}
}

func (g generator) container(kind string, number int) map[string]any {
	c := map[string]any{"name": fmt.Sprintf("%s-%d", kind, number), "image": "registry.example/" + kind}
	if g.chance(15) {
		c["name"] = g.one([]string{"", "main-0", " main-0", "main\n0", "main-0,main-1", `main-0"`, "*"})
	}
	if kind == "init" && g.chance(3) {
		c["restartPolicy"] = "Always"
	}
	env := []any{}
	for range g.IntN(5) {
		entry := map[string]any{"name": g.one(variables)}
		switch g.IntN(4) {
		case 0:
			entry["valueFrom"] = map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name"}}
		case 1:
			entry["value"] = ""
		case 2:
			entry["value"] = "set"
		}
		env = append(env, entry)
	}
	g.put(c, "env", env, len(env) == 0)
	mounts := []any{}
	for range g.IntN(3) {
		mounts = append(mounts, map[string]any{"name": g.one(volumes), "mountPath": "/" + strings.Repeat("m", 1+g.IntN(3))})
	}
	g.put(c, "volumeMounts", mounts, len(mounts) == 0)
	if g.chance(4) {
		c["resources"] = map[string]any{"limits": map[string]any{"memory": "1Gi"}}
	}
	if g.chance(4) {
		c["readinessProbe"] = map[string]any{"grpc": map[string]any{"port": 5000}}
	}
	return c
}

// identities is a container-credentials file with some of the accounts. They exist: of others the peer takes neither flags nor its defaults from the
// same place (docs/webhook.md, "Other than the peer").
func (g generator) identities() string {
	all := []map[string]string{}
	for _, namespace := range append(namespaces, "*") {
		for _, name := range appNames(20) {
			if g.chance(3) {
				all = append(all, map[string]string{"namespace": namespace, "serviceAccount": name})
			}
		}
	}
	return asJSON(map[string]any{"identities": all})
}

// roleMap is a ConfigMap's text with some of the accounts.
func (g generator) roleMap() string {
	all := map[string]any{}
	for _, namespace := range append(namespaces, "*") {
		for _, name := range append(appNames(8), "missing", "only-in-map") {
			if g.chance(2) {
				continue
			}
			entry := map[string]any{"RoleARN": g.one(roles)}
			if g.chance(2) {
				entry["Audience"] = g.one(audiences)
			}
			if g.chance(2) {
				entry["UseRegionalSTS"] = g.chance(2)
			}
			if g.chance(2) {
				entry["TokenExpiration"] = []int{0, 600, 599, 3600, 86400, -1, 100000}[g.IntN(7)]
			}
			all[namespace+"/"+name] = entry
		}
	}
	return asJSON(all)
}
