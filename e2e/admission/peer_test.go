package admission

import (
	"os"
	"strconv"
	"testing"
)

// podsOfEach is how many pods each configuration is asked about.
const podsOfEach = 1500

// TestPeerRandomPods asks both about random pods. OPENIRSA_PEER_SEED repeats a run.
func TestPeerRandomPods(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("OPENIRSA_PEER_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		mustDo(t, err)
	}
	t.Logf("OPENIRSA_PEER_SEED=%d", seed)
	for i, c := range configurations(seed) {
		t.Run(c.name, func(t *testing.T) {
			both := startPair(t, c)
			g := newGenerator(seed*100 + uint64(i))
			injected, deviated := 0, map[string]int{}
			for n := range podsOfEach {
				r := g.review(c.prefix)
				ours, peer := both.ask(r)
				if len(ours.response.Patch) > 0 && len(peer.response.Patch) > 0 {
					injected++
				}
				if differ(ours, peer) == "" {
					continue
				}
				for _, name := range c.deviate(r, ours, &peer) {
					deviated[name]++
				}
				if difference := differ(ours, peer); difference != "" {
					t.Errorf("pod %d in %s: %s\n%s", n, r.namespace, r.pod, difference)
				}
			}
			if injected < podsOfEach/3 {
				t.Errorf("only %d of %d pods are injected by both", injected, podsOfEach)
			}
			t.Logf("%d pods, %d injected by both; deviations: %v", podsOfEach, injected, deviated)
		})
	}
}

// configurations are what both run with: flags alone, container credentials, the ConfigMap, and all together.
func configurations(seed uint64) []configuration {
	g := newGenerator(seed)
	const eks, other = "eks.amazonaws.com", "irsa.example"
	flags := []string{"--aws-default-region=eu-central-1", "--sts-regional-endpoint=true", "--token-expiration=7200", "--token-audience=flag.example",
		"--token-mount-path=/var/run/tokens//aws/"}
	containers := []string{"--container-credentials-audience=flag.example", "--container-credentials-token-mount-path=/run/own/",
		"--container-credentials-token-volume-name=own-token", "--container-credentials-token-path=own", "--container-credentials-full-uri=http://127.0.0.1/own"}
	watch := []string{"--watch-config-map", "--namespace=eks"}
	all := []configuration{
		{name: "defaults", prefix: eks},
		{name: "flags", prefix: eks, flags: flags},
		{name: "prefix and low expiration", prefix: other, flags: []string{"--annotation-prefix=" + other, "--token-expiration=300", "--aws-default-region=x"}},
		{name: "container credentials", prefix: eks, identities: g.identities()},
		{name: "container credentials and flags", prefix: eks, identities: g.identities(), flags: append(containers, flags...)},
		{name: "ConfigMap", prefix: eks, flags: watch},
		{name: "all", prefix: other, identities: g.identities(), flags: append(append(append([]string{"--annotation-prefix=" + other}, watch...), containers...), flags...)},
	}
	for i := range all {
		all[i].cluster.accounts = g.accounts(all[i].prefix)
	}
	all[5].cluster.roles, all[6].cluster.roles = g.roleMap(), g.roleMap()
	return all
}
