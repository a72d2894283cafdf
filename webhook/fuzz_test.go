package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/openirsa/openirsa/webhook"
)

// dice makes pods, identities and settings that are near the rules: of names that count, and of the shapes that a
// list may have.
type dice struct{ *rand.Rand }

func (d dice) one(of ...any) any        { return of[d.IntN(len(of))] }
func (d dice) text(of ...string) string { return of[d.IntN(len(of))] }
func (d dice) often() bool              { return d.IntN(3) > 0 }

// list is absent (false), null, or of up to most elements.
func (d dice) list(object map[string]any, key string, most int, element func() any) {
	switch d.IntN(6) {
	case 0:
	case 1:
		object[key] = nil
	default:
		elements := []any{}
		for range d.IntN(most + 1) {
			elements = append(elements, element())
		}
		object[key] = elements
	}
}

func (d dice) env() any {
	name := d.text("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
		"AWS_CA_BUNDLE", "AWS_ROLE_SESSION_NAME", "AWS_PROFILE", "PATH", "aws_region", "AWS_", "")
	env := map[string]any{"name": name}
	switch d.IntN(3) {
	case 0:
		env["value"] = d.text("", "x", "\"\\\u2028é", "$(AWS_ROLE_ARN)")
	case 1:
		env["valueFrom"] = map[string]any{"secretKeyRef": map[string]any{"name": "AWS_REGION", "key": "name"}}
	}
	return env
}

func (d dice) volume() any {
	return map[string]any{
		"name":                                d.text("aws-iam-token", "eks-pod-identity-token", "aws-ca-bundle", "data", "custom", ""),
		d.text("emptyDir", "hostPath", "new"): map[string]any{"name": "aws-iam-token", "n": 1.5},
	}
}

func (d dice) container() any {
	c := map[string]any{"name": d.text("a", "b", "c d", "é\"/~", ""), "image": d.text("app", "amazon/aws-cli:2"), "unknown": []any{nil, true}}
	d.list(c, "env", 5, d.env)
	d.list(c, "volumeMounts", 3, func() any {
		m := d.volume().(map[string]any)
		m["mountPath"] = "/x"
		return m
	})
	if d.IntN(4) == 0 {
		c["restartPolicy"] = "Always"
	}
	if d.IntN(4) == 0 {
		c["command"] = []any{"sh", "-c", "echo \\\" {[ ]}"}
	}
	return c
}

func (d dice) annotations(prefix string) map[string]any {
	annotations := map[string]any{"other": "x", prefix: "x", prefix + "x/token-expiration": "1"}
	for name, values := range map[string][]any{
		"token-expiration":    {"700", "599", "86400", "-1", "1e3", "", "9223372036854775808"},
		"skip-containers":     {"a", "a,b", "\"c d\",b", "\"a", "", "a\nb", " a", "é\"/~"},
		"endpoint-url":        {"https://pod", ""},
		"sts-endpoint-url":    {"https://pod-sts", ""},
		"ca-bundle-configmap": {"roots", "roots/x.pem", "", "/", "a/b/c"},
		"role-session-name":   {"true", "0", "maybe"},
	} {
		if d.IntN(4) == 0 {
			annotations[prefix+"/"+name] = d.one(values...)
		}
	}
	return annotations
}

func (d dice) pod(prefix string) map[string]any {
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "status": map[string]any{"containers": []any{}}}
	switch d.IntN(8) {
	case 0:
	case 1:
		pod["metadata"] = nil
	default:
		metadata := map[string]any{d.text("name", "generateName"): d.text("web-", "web-5d4f8-x7x2p", "a:b", "")}
		if d.often() {
			metadata["annotations"] = d.annotations(prefix)
		}
		metadata["labels"] = d.one(nil, map[string]any{}, map[string]any{"a": "b"},
			map[string]any{"eks.amazonaws.com/pod-identity": "enabled"}, map[string]any{"eks.amazonaws.com/pod-identity": "no"})
		pod["metadata"] = metadata
	}
	spec := map[string]any{"serviceAccountName": "app", "dnsConfig": map[string]any{"options": []any{map[string]any{"name": "ndots"}}}}
	d.list(spec, "volumes", 3, d.volume)
	d.list(spec, "initContainers", 2, d.container)
	d.list(spec, "containers", 3, d.container)
	spec["nodeSelector"] = d.one(nil, map[string]any{}, map[string]any{"kubernetes.io/os": "windows"},
		map[string]any{"beta.kubernetes.io/os": "windows", "kubernetes.io/os": "linux"}, map[string]any{"os": "windows"})
	pod["spec"] = spec
	return pod
}

func (d dice) settings() webhook.Settings {
	s := webhook.Settings{
		AnnotationPrefix: d.text("", "iam.example.com"),
		Region:           d.text("", "eu-west-1"),
		TokenMountPath:   d.text("", "/t/", "relative"),
	}
	s.ContainerCredentials.VolumeName = d.text("", "custom", "data")
	return s.Complete()
}

func (d dice) identity() webhook.Identity {
	identity := webhook.Identity{
		Method:      webhook.Method(d.IntN(2)),
		Namespace:   d.text("shop", "s"),
		RoleARN:     d.text("arn:aws:iam::111122223333:role/app", "odd \" role"),
		Audience:    d.text("sts.amazonaws.com", ""),
		Expiration:  d.one(int64(600), int64(86400)).(int64),
		RegionalSTS: d.often(),
		Jitter:      d.Int64N(7201),
	}
	if d.often() {
		identity.Extras = webhook.Extras{
			EndpointURL: d.text("", "https://aws"), STSEndpointURL: d.text("", "https://sts"),
			CABundle:    d.one(webhook.Bundle{}, webhook.Bundle{ConfigMap: "c", Key: "k"}).(webhook.Bundle),
			SessionName: d.often(),
		}
	}
	return identity
}

// checkAgainstNaive compares Inject with the naive model on what one throw of dice makes.
func checkAgainstNaive(t *testing.T, seed uint64) {
	d := dice{rand.New(rand.NewPCG(seed, 6))}
	flags, identity := d.settings(), d.identity()
	pod := marshal(t, d.pod(flags.AnnotationPrefix))
	var expected map[string]any
	if err := json.Unmarshal(pod, &expected); err != nil {
		t.Fatal(err)
	}
	naive(expected, identity, flags)
	got := inject(t, pod, identity, flags)
	if want := marshal(t, expected); !equal(t, got, want) {
		t.Fatalf("seed %d\npod      %s\nidentity %+v\ngot      %s\nwant     %s", seed, pod, identity, got, want)
	}
	if again := inject(t, got, identity, flags); !bytes.Equal(again, got) {
		t.Fatalf("seed %d, applied twice\n%s\nonce\n%s", seed, again, got)
	}
}

func TestInjectAgainstNaive(t *testing.T) {
	for seed := range uint64(3_000) {
		checkAgainstNaive(t, seed)
	}
}

func FuzzInjectAgainstNaive(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed)
	}
	f.Fuzz(checkAgainstNaive)
}

// FuzzInject feeds Inject any text: it must refuse it or answer a patch that applies, changes nothing the second
// time, and leaves whatever is outside what it adds.
func FuzzInject(f *testing.F) {
	for seed := range uint64(8) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		f.Add(marshal(f, d.pod("eks.amazonaws.com")), false)
	}
	f.Add([]byte(`{"spec":{"containers":[{"env":[{"name":"\u0041WS_REGION"}]}]},"spec":{}}`), true)
	f.Add([]byte(`{"metadata":{"labels":{}},"spec":{"volumes":[null],"containers":[{}]}}`), true)
	f.Fuzz(func(t *testing.T, pod []byte, containers bool) {
		identity := webhook.Identity{RoleARN: "r", Audience: "a", Expiration: 600, Extras: webhook.Extras{CABundle: webhook.Bundle{ConfigMap: "c", Key: "k"}}}
		if containers {
			identity.Method = webhook.ContainerCredentials
		}
		flags := webhook.Settings{}.Complete()
		if _, err := webhook.Inject(pod, identity, flags); err != nil {
			return
		}
		if !json.Valid(pod) {
			t.Fatalf("%q is not JSON, and Inject took it", pod)
		}
		got := inject(t, pod, identity, flags)
		if again := inject(t, got, identity, flags); !bytes.Equal(again, got) {
			t.Fatalf("applied twice\n%s\nonce\n%s", again, got)
		}
	})
}

// FuzzParseRoles and FuzzParseContainerCredentials look for panics, and for a text that is taken though it is not JSON.
func FuzzParseRoles(f *testing.F) {
	f.Add([]byte(`{"shop/app": {"RoleARN": "arn:aws:iam::111122223333:role/app", "TokenExpiration": 3600}, "*/app": {}}`))
	f.Add([]byte(`{"app": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		roles, err := webhook.ParseRoles(text)
		if err == nil && len(bytes.TrimSpace(text)) > 0 && !json.Valid(text) {
			t.Fatalf("%q is not JSON, and was read as %v", text, roles)
		}
	})
}

func FuzzParseContainerCredentials(f *testing.F) {
	f.Add([]byte(`{"identities": [{"namespace": "shop", "serviceAccount": "app"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		accounts, err := webhook.ParseContainerCredentials(text)
		if err == nil && len(bytes.TrimSpace(text)) > 0 && !json.Valid(text) {
			t.Fatalf("%q is not JSON, and was read as %v", text, accounts)
		}
	})
}

// bounded takes any Event that an API server would take.
type bounded struct{ t testing.TB }

func (b bounded) Warn(object webhook.Reference, reason, message string) {
	if len(object.Name) > 253 || len(object.UID) > 253 || len(object.Kind) > 253 || reason == "" || len(message) > 255 {
		b.t.Errorf("an Event of %+v: %s %s", object, reason, message)
	}
}

// FuzzReview feeds the handler any body.
func FuzzReview(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
		"namespace":"shop","resource":{"resource":"pods"},"object":%s}}`, plainPod)))
	cluster := newCluster()
	cluster.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(f, webhook.Config{ServiceAccounts: cluster, Events: bounded{f}, Advisor: &knows{}, EventsAtValidation: true})
	f.Add([]byte(fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
		"namespace":"shop","resource":{"resource":"pods"},"object":%s}}`, kept(f, h, ask{}, ownedPod))))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/mutate", "/validate"} {
			response := post(h, path, "application/json", body)
			if response.Code != 200 && response.Code != 413 {
				t.Fatalf("%s answered %d: %s", path, response.Code, response.Body)
			}
			if response.Code == 200 && !json.Valid(response.Body.Bytes()) {
				t.Fatalf("%s answered %s", path, response.Body)
			}
		}
	})
}
