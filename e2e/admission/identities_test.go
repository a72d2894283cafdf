package admission

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// TestPeerIdentities rewrites the container-credentials file under both: which texts load, which clear the list and which leave it as it was. With
// some, which docs/webhook.md names, ours keeps what the peer drops.
func TestPeerIdentities(t *testing.T) {
	const known, other = `{"namespace":"shop","serviceAccount":"app"}`, `{"namespace":"shop","serviceAccount":"other"}`
	file := filepath.Join(t.TempDir(), "identities.json")
	put := func(text string) {
		mustDo(t, os.WriteFile(file+".new", []byte(text), 0o600))
		mustDo(t, os.Rename(file+".new", file))
	}
	put("{}")
	c := configuration{prefix: "eks.amazonaws.com", flags: []string{"--watch-container-credentials-config=" + file}}
	c.cluster.accounts = []core.ServiceAccount{serviceAccount("shop", "app", nil), serviceAccount("shop", "other", nil)}
	both := startPair(t, c)
	for _, entry := range []struct {
		text    string
		deviate bool
	}{
		{"", false}, {"\n", false}, {"null", false}, {"{}", false}, {"[]", false}, {"nonsense", false}, {`{"identities":null}`, false}, {`{"identities":{}}`, false},
		{`{"Identities":[` + other + `]}`, false}, {strings.ToUpper(`{"identities":[{"namespace":`) + `"shop","SERVICEACCOUNT":"other"}]}`, false},
		{`{"identities":[` + other + `]} x`, false}, {`{"identities":["x",` + other + `]}`, false}, {`{"identities":[` + other + `,` + other + `]}`, false},
		{`{"identities":[` + other + `,{}]}`, true}, {`{"identities":[` + other + `],"identities":[]}`, true},
	} {
		put(`{"identities":[` + known + `]}`)
		for deadline := time.Now().Add(startTimeout); both.ours.members() != "app" || both.peer.members() != "app"; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("ours knows %q, the peer %q", both.ours.members(), both.peer.members())
			}
		}
		put(entry.text)
		time.Sleep(1500 * time.Millisecond) // ours looks every second
		ours, peer := both.ours.members(), both.peer.members()
		switch {
		case !entry.deviate && ours != peer:
			t.Errorf("%q: ours knows %q, the peer %q", entry.text, ours, peer)
		case entry.deviate && ours != "app":
			t.Errorf("%q: ours knows %q, not what it knew", entry.text, ours)
		}
	}
}

// members are the accounts of the file, as far as they are the two of the test.
func (w webhook) members() (names string) {
	for _, name := range []string{"app", "other"} {
		o := w.review(review{namespace: "shop", pod: []byte(`{"metadata":{"name":"x"},"spec":{"serviceAccountName":"` + name + `","containers":[{"name":"main"}]}}`)})
		if len(o.response.Patch) > 0 {
			names += name
		}
	}
	return names
}
