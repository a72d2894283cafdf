package admission

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestPeerFixtures has both answer the pods of the peer's own tests. What the pods' annotations (testing.eks.amazonaws.com/…) say of the account and of
// the handler becomes an account and flags; what they say of the patch is the third opinion.
func TestPeerFixtures(t *testing.T) {
	folder := os.Getenv("OPENIRSA_PEER_FIXTURES")
	if folder == "" {
		t.Skip("SKIPPED: OPENIRSA_PEER_FIXTURES names no folder with the peer's fixtures")
	}
	var files []string
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		mustDo(t, err)
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no fixtures", folder)
	}
	for _, file := range files {
		name, _ := filepath.Rel(folder, file)
		t.Run(strings.TrimSuffix(name, ".pod.yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			mustDo(t, err)
			pod, err := yaml.YAMLToJSON(text)
			mustDo(t, err)
			var said core.Pod
			mustDo(t, json.Unmarshal(pod, &said))
			checkFixture(t, fixture(said.Annotations), pod)
		})
	}
}

// fixture are a fixture's annotations.
type fixture map[string]string

func (f fixture) of(name string) string { return f["testing.eks.amazonaws.com/"+name] }

// configuration is what a fixture says that both shall be started with.
func (f fixture) configuration() configuration {
	annotations, flags := map[string]string{}, []string{}
	for annotation, name := range map[string]string{"role-arn": "roleArn", "audience": "audience", "sts-regional-endpoints": "sts-regional-endpoints",
		"token-expiration": "token-expiration"} {
		if value := f.of("serviceAccount/" + name); value != "" {
			annotations["eks.amazonaws.com/"+annotation] = value
		}
	}
	for flag, name := range map[string]string{"token-mount-path": "handler/mountPath", "token-expiration": "handler/expiration",
		"aws-default-region": "handler/region", "sts-regional-endpoint": "handler/injectSTS",
		"container-credentials-full-uri": "containercredentials/uri", "container-credentials-audience": "containercredentials/audience",
		"container-credentials-token-mount-path":  "containercredentials/mountPath",
		"container-credentials-token-volume-name": "containercredentials/volumeName",
		"container-credentials-token-path":        "containercredentials/tokenPath"} {
		if value := f.of(name); value != "" {
			flags = append(flags, "--"+flag+"="+value)
		}
	}
	c := configuration{prefix: "eks.amazonaws.com", flags: flags}
	c.cluster.accounts = []core.ServiceAccount{serviceAccount("default", "default", annotations)}
	if f.of("containercredentials/uri") != "" {
		c.identities = `{"identities":[{"namespace":"default","serviceAccount":"default"}]}`
	}
	return c
}

func checkFixture(t *testing.T, f fixture, pod []byte) {
	t.Helper()
	if f.of("handler/baseArn") != "" {
		t.Skip("SKIPPED: the handler has no base ARN any more; --compose-role-arn took its place")
	}
	text := f.of("expectedPatch")
	c := f.configuration()
	ours, peer := startPair(t, c).ask(review{namespace: "default", pod: pod})
	c.deviate(review{namespace: "default", pod: pod}, ours, &peer)
	if difference := differ(ours, peer); difference != "" {
		t.Errorf("both: %s", difference)
	}
	expected := ours
	expected.response.Patch = []byte(text)
	expected.pod, expected.err = apply(pod, expected.response.Patch)
	if ours.pod.Labels["eks.amazonaws.com/pod-identity"] == "enabled" && !strings.Contains(text, "/metadata/labels") {
		expected.pod.Labels = ours.pod.Labels // the fixture is from before the label
	}
	forgetJitter(&expected.pod)
	c.deviate(review{namespace: "default", pod: pod}, ours, &expected)
	if difference := differ(ours, expected); difference != "" {
		t.Errorf("ours, and as \"the peer\" the fixture: %s", difference)
	}
}
