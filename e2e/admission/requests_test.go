package admission

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

// TestPeerOddPods asks both about pods whose JSON is not as it should be: whether they are admitted, and what becomes of them, is the same.
func TestPeerOddPods(t *testing.T) {
	c := configuration{prefix: "eks.amazonaws.com"}
	c.cluster.accounts = []core.ServiceAccount{serviceAccount("shop", "app", map[string]string{"eks.amazonaws.com/role-arn": roleARN})}
	both := startPair(t, c)
	const pod = `{"metadata":{"name":"x"},"spec":{"serviceAccountName":"app","containers":[{"name":"main","image":"i"}]}}`
	for name, edit := range map[string][2]string{
		"as it should be":          {"", ""},
		"a string":                 {pod, `"x"`},
		"a list":                   {pod, `[]`},
		"empty":                    {pod, `{}`},
		"no spec":                  {pod, `{"metadata":{"name":"x"}}`},
		"spec null":                {pod, `{"spec":null}`},
		"containers a string":      {`[{"name":"main","image":"i"}]`, `"x"`},
		"containers null":          {`[{"name":"main","image":"i"}]`, `null`},
		"no containers":            {`,"containers":[{"name":"main","image":"i"}]`, ``},
		"image a number":           {`"image":"i"`, `"image":5`},
		"env a string":             {`"image":"i"`, `"env":"x"`},
		"env with null":            {`"image":"i"`, `"env":[null]`},
		"image twice":              {`"image":"i"`, `"image":"j","image":"i"`},
		"account null":             {`"app"`, `null`},
		"account empty":            {`"app"`, `""`},
		"escapes":                  {`"main"`, `"m\u0061in\u0000\ud800"`},
		"annotations a list":       {`"name":"x"`, `"annotations":[]`},
		"an annotation's number":   {`"name":"x"`, `"annotations":{"eks.amazonaws.com/token-expiration":600}`},
		"an annotation's null":     {`"name":"x"`, `"annotations":{"eks.amazonaws.com/token-expiration":null}`},
		"labels a string":          {`"name":"x"`, `"labels":"x"`},
		"node selector with null":  {`"containers"`, `"nodeSelector":{"kubernetes.io/os":null},"containers"`},
		"a member nobody knows":    {`"image":"i"`, `"image":"i","invented":{"a":[1]}`},
		"a volume without a name":  {`"containers"`, `"volumes":[{}],"containers"`},
		"a volume that is null":    {`"containers"`, `"volumes":[null],"containers"`},
		"ephemeral containers odd": {`"containers"`, `"ephemeralContainers":null,"containers"`},
	} {
		ours, peer := both.ask(review{namespace: "shop", pod: []byte(strings.Replace(pod, edit[0], edit[1], 1))})
		if difference := differ(ours, peer); difference != "" {
			t.Errorf("%s: %s", name, difference)
		}
	}
}

// TestPeerFlags takes every flag that the peer's help lists: a manifest of the peer's changes its image and nothing else.
func TestPeerFlags(t *testing.T) {
	peer := os.Getenv("OPENIRSA_PEER_WEBHOOK")
	if peer == "" {
		t.Skip("SKIPPED: OPENIRSA_PEER_WEBHOOK names no binary of amazon-eks-pod-identity-webhook")
	}
	help, _ := exec.Command(peer, "--help").CombinedOutput() // exits with 2
	flags := regexp.MustCompile(`(?m)^ +(?:-v, )?(--[a-z_-]+)`).FindAllSubmatch(help, -1)
	if len(flags) < 30 {
		t.Fatalf("the peer's help lists %d flags:\n%s", len(flags), help)
	}
	for _, flag := range flags {
		out, err := exec.Command(os.Getenv("OPENIRSA_BINARY"), "webhook", string(flag[1])+"=1", "--version").CombinedOutput()
		if err != nil && strings.Contains(string(out), "unknown flag") {
			t.Errorf("%s: %s", flag[1], out)
		}
	}
}
