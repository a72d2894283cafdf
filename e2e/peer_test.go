package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// peerCases is how many cases the peer's suite has for IAM and STS, at the version that scripts/e2e installs.
const peerCases = 480

// byChance are cases whose names are random: seldom are they in the same order by their bytes and by their letters.
var byChance = map[string]bool{"IAMListRoles_pagination": true, "IAMListUsers_pagination": true}

// TestPeerSuite runs a peer's black-box suite against the plane. What fails is exactly what docs/compatibility.md lists with the text of AWS's
// that decides it: a case that begins to fail is a fault, and one that begins to pass belongs off the page.
func TestPeerSuite(t *testing.T) {
	t.Parallel()
	suite := os.Getenv("OPENIRSA_PEER_SUITE")
	if suite == "" {
		t.Fatal("OPENIRSA_PEER_SUITE is not set: run these tests with `make e2e`")
	}
	p := start(t, t.TempDir(), "--account", "000000000000") // the account that the suite's expectations name
	command := exec.Command(suite, "test", "-a", p.admin["AWS_ACCESS_KEY_ID"], "-s", p.admin["AWS_SECRET_ACCESS_KEY"],
		"-e", p.endpoint, "--iam-endpoint", p.endpoint, "iam")
	command.Env = cleanEnvironment()
	output, err := command.CombinedOutput() // exits with an error when a case fails
	passed, failed := map[string]bool{}, map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^\x1b\[\d+m(PASS|FAIL) *\x1b\[0m(\w+)(?:: (.*))?$`).FindAllStringSubmatch(string(output), -1) {
		if found[1] == "PASS" {
			passed[found[2]] = true
		} else {
			failed[found[2]] = found[3]
		}
	}
	if len(passed)+len(failed) != peerCases {
		t.Fatalf("%d cases passed and %d failed, of %d: %v\n%s", len(passed), len(failed), peerCases, err, output)
	}
	listed := listedPeerCases(t)
	for name, why := range failed {
		if !slices.Contains(listed, name) {
			t.Errorf("%s fails: %s", name, why)
		}
	}
	for _, name := range listed {
		if failed[name] == "" && !byChance[name] {
			t.Errorf("%s is listed in docs/compatibility.md and does not fail", name)
		}
	}
	t.Logf("%d of %d cases pass", len(passed), peerCases)
}

// listedPeerCases are the names in the page's table of the peer's suite.
func listedPeerCases(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## A peer's suite\n")
	if !ok {
		t.Fatal("docs/compatibility.md has no section about the peer's suite")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var names []string
	for line := range strings.Lines(section) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
			for _, name := range regexp.MustCompile("`(IAM\\w+)`").FindAllStringSubmatch(cell, -1) {
				names = append(names, name[1])
			}
		}
	}
	return names
}
