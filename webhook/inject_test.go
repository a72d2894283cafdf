package webhook_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	jsonpatch "gopkg.in/evanphx/json-patch.v4" // the implementation by which the API server applies patches

	"github.com/openirsa/openirsa/webhook"
)

// example is one file of testdata/inject: inputs, and the pod that the API server must hold afterwards.
type example struct {
	Rule     string // the sentence that it shows
	Settings settings
	Sources  struct { // the texts of the file and of the ConfigMap
		ContainerCredentials string `yaml:"containerCredentials"`
		Roles                string
	}
	Account struct {
		Namespace, Name string
		Annotations     map[string]string // without the prefix
	}
	Jitter   int64
	Pod      any
	Expected any      // nil: nobody, so that nothing is injected
	Warns    []string // ids
}

// settings are flags as a file writes them.
type settings struct {
	AnnotationPrefix     string `yaml:"annotation-prefix"`
	Audience             string `yaml:"token-audience"`
	MountPath            string `yaml:"token-mount-path"`
	Expiration           int64  `yaml:"token-expiration"`
	Region               string `yaml:"aws-default-region"`
	RegionalSTS          bool   `yaml:"sts-regional-endpoint"`
	Compose              *webhook.Compose
	ContainerCredentials struct {
		Audience   string `yaml:"audience"`
		MountPath  string `yaml:"token-mount-path"`
		VolumeName string `yaml:"token-volume-name"`
		TokenPath  string `yaml:"token-path"`
		FullURI    string `yaml:"full-uri"`
	} `yaml:"container-credentials"`
	EndpointURL    string `yaml:"endpoint-url"`
	STSEndpointURL string `yaml:"sts-endpoint-url"`
	CABundle       string `yaml:"ca-bundle-configmap"`
	SessionName    bool   `yaml:"role-session-name"`
}

func (s settings) complete(t testing.TB) webhook.Settings {
	t.Helper()
	bundle, err := webhook.ParseBundle(s.CABundle)
	if err != nil {
		t.Fatal(err)
	}
	return webhook.Settings{
		AnnotationPrefix:     s.AnnotationPrefix,
		Audience:             s.Audience,
		TokenMountPath:       s.MountPath,
		Expiration:           s.Expiration,
		Region:               s.Region,
		RegionalSTS:          s.RegionalSTS,
		Compose:              s.Compose,
		ContainerCredentials: webhook.ContainerSettings(s.ContainerCredentials),
		Extras: webhook.Extras{
			EndpointURL: s.EndpointURL, STSEndpointURL: s.STSEndpointURL, CABundle: bundle, SessionName: s.SessionName,
		},
	}.Complete()
}

// TestInjectExamples holds Resolve and Inject against testdata/inject, whose expected pods were written from the
// reference and not from output.
func TestInjectExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/inject/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var e example
			decoder := yaml.NewDecoder(bytes.NewReader(text))
			decoder.KnownFields(true)
			if err := decoder.Decode(&e); err != nil {
				t.Fatal(err)
			}
			e.check(t)
		})
	}
}

func (e *example) check(t *testing.T) {
	t.Helper()
	flags := e.Settings.complete(t)
	containers, err := webhook.ParseContainerCredentials([]byte(e.Sources.ContainerCredentials))
	if err != nil {
		t.Fatal(err)
	}
	roles, err := webhook.ParseRoles([]byte(e.Sources.Roles))
	if err != nil {
		t.Fatal(err)
	}
	account := webhook.ServiceAccount{Namespace: e.Account.Namespace, Name: e.Account.Name, Annotations: e.Account.Annotations}
	identity, warnings, ok := webhook.Resolve(account, webhook.Sources{Containers: containers, Roles: roles}, flags)
	var ids []string
	for _, w := range warnings {
		ids = append(ids, w.ID)
	}
	if !reflect.DeepEqual(ids, e.Warns) {
		t.Errorf("warnings = %v, want the ids %q", warnings, e.Warns)
	}
	if !ok || e.Expected == nil {
		if ok || e.Expected != nil {
			t.Errorf("Resolve = %+v, %v; expected a pod: %v", identity, ok, e.Expected != nil)
		}
		return
	}
	identity.Jitter = e.Jitter
	pod, expected := marshal(t, e.Pod), marshal(t, e.Expected)
	got := inject(t, pod, identity, flags)
	if !equal(t, got, expected) {
		t.Errorf("%s\ngot  %s\nwant %s", e.Rule, got, expected)
	}
	if again := inject(t, got, identity, flags); !bytes.Equal(again, got) {
		t.Errorf("applied twice:\n%s\nonce:\n%s", again, got)
	}
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// inject applies what Inject answers.
func inject(t testing.TB, pod []byte, identity webhook.Identity, flags webhook.Settings) []byte {
	t.Helper()
	operations, err := webhook.Inject(pod, identity, flags)
	if err != nil {
		t.Fatalf("Inject(%s): %v", pod, err)
	}
	text := operations.AppendJSON(nil)
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatalf("%s is no patch: %v", text, err)
	}
	if len(operations) == 0 {
		return pod
	}
	patched, err := patch.Apply(pod)
	if err != nil {
		t.Fatalf("applying %s to %s: %v", text, pod, err)
	}
	return patched
}

// equal compares two JSON texts by what they say, numbers by how they are written.
func equal(t testing.TB, a, b []byte) bool {
	t.Helper()
	return reflect.DeepEqual(decode(t, a), decode(t, b))
}

func decode(t testing.TB, text []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}
