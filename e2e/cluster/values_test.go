package cluster

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChartValues renders the chart with values that operators may well write. Those that would make something else than what they say are refused; of the
// others every name and argument arrives as the text that it is, and the NetworkPolicies leave the ways open that the values need.
func TestChartValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		flags   []string
		refused string   // part of the error; "": it renders
		has     []string // lines, without the space around them
	}{
		{"numbers for names", []string{"--namespace", "123", "--set-string", "webhook.namespace=1e3,plane.rootSecret=1,planeCAConfigMap=12"}, "",
			[]string{`namespace: "123"`, `namespace: "1e3"`, `secret: {secretName: "1", defaultMode: 0440}`, `configMap: {name: "12"}`, `app.kubernetes.io/instance: "77"`}},
		{"text that YAML reads otherwise", []string{"--set-string", `webhook.tokenAudience=a: b #c,webhook.defaultRegion=x"y`}, "",
			[]string{`- "--token-audience=a: b #c"`, `- "--aws-default-region=x\"y"`}},
		{"Secrets with long names and dots", []string{"--set", "plane.gatewaySecrets={my.secret," + strings.Repeat("a", 70) + "}"}, "",
			[]string{`- {name: gateway-0, mountPath: "/etc/openirsa-secrets/my.secret", readOnly: true}`, "- name: gateway-1"}},
		{"no dynamic storage", []string{"--set-string", "plane.storage.storageClassName="}, "", []string{`storageClassName: ""`}},
		{"an account that is a number", []string{"--set-json", "plane.account=111122223333"}, "plane.account is 12 digits", nil},
		{"the webhook beside the root's Secret", []string{"--namespace", "irsa", "--set", "webhook.namespace=irsa"}, "webhook.namespace must not be", nil},
		{"the webhook in the release's namespace, without a plane", []string{"--namespace", "irsa", "--set", "webhook.namespace=irsa,plane.enabled=false,planeURL=https://irsa.example"}, "", nil},
		{"nowhere to push to", []string{"--set", "plane.enabled=false"}, "planeURL is needed", nil},
		{"no plane and nothing that needs one", []string{"--set", "plane.enabled=false,sync.enabled=false"}, "", nil},
		{"a plane elsewhere", []string{"--set", "plane.enabled=false,planeURL=https://irsa.example:9443"}, "", []string{"- {port: 9443, protocol: TCP}"}},
		{"a plane elsewhere, on HTTPS's port", []string{"--set", "plane.enabled=false,planeURL=https://[fd00::1],networkPolicy.apiServerPorts={6443}"}, "",
			[]string{"- {port: 443, protocol: TCP}"}},
		{"no port of the API server", []string{"--set-json", "networkPolicy.apiServerPorts=[]"}, "networkPolicy.apiServerPorts is empty", nil},
		{"reviews by two", []string{"--set", "sync.tokenReview=true,sync.replicas=2"}, "", []string{"replicas: 2", "name: 77-openirsa-sync"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), filepath.Join(programs(t), "helm"), append([]string{"template", "77", "../../deploy/helm/openirsa", "--set",
				"cluster.name=prod,plane.rootSecret=root,sync.roleARN=arn:aws:iam::111122223333:role/sync"}, c.flags...)...)
			command.Env = environment("HOME=" + t.TempDir())
			out, err := command.CombinedOutput()
			if (err != nil) != (c.refused != "") || !strings.Contains(string(out), c.refused) {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := map[string]bool{}
			for line := range strings.Lines(string(out)) {
				lines[strings.TrimSpace(line)] = true
			}
			for _, want := range c.has {
				if !lines[want] {
					t.Errorf("no line is %s", want)
				}
			}
		})
	}
}
