package e2e

import (
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The key of a peer's S3 server that stands behind the gateway: only the gateway has it.
const (
	peerKey    = "AKIAPEEREXAMPLE00001"
	peerSecret = "peerpeerpeerpeerpeerpeerpeerpeerpeerpeer"
)

// peerServer is versitygw on a folder: S3 with versioning and object lock, for which the embedded S3 has no room.
type peerServer struct {
	url    string
	folder string
}

// startPeer serves S3 on a free loopback port until the test ends. Options are those of the whole server; its users are kept in a folder, unless they
// say otherwise.
func startPeer(t testing.TB, versioning bool, options ...string) *peerServer {
	t.Helper()
	server := &peerServer{url: "http://" + freeAddress(t), folder: t.TempDir()}
	for _, folder := range []string{"data", "iam", "versions"} {
		if err := os.Mkdir(filepath.Join(server.folder, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if len(options) == 0 {
		options = []string{"--iam-dir", filepath.Join(server.folder, "iam")}
	}
	arguments := slices.Concat([]string{"-p", strings.TrimPrefix(server.url, "http://"), "-a", peerKey, "-s", peerSecret}, options, []string{"posix"})
	if versioning {
		arguments = append(arguments, "--versioning-dir", filepath.Join(server.folder, "versions"))
	}
	startServer(t, server.url, peerSuite(t), append(arguments, filepath.Join(server.folder, "data"))...)
	return server
}

// startPeerIAM is the peer's IAM service, and its S3 server with that for its users.
func startPeerIAM(t testing.TB) (server *peerServer, iamURL string) {
	t.Helper()
	folder := t.TempDir()
	socket := filepath.Join(folder, "iam.sock")
	iamURL = "http://" + freeAddress(t)
	startServer(t, iamURL, peerSuite(t), "-p", strings.TrimPrefix(iamURL, "http://"), "-a", peerKey, "-s", peerSecret, "iam", "--dir", folder, "--private-ports", socket)
	return startPeer(t, false, "--iam-standalone-endpoint", socket), iamURL
}

// peerSuite is versitygw, which is both the server and the suite.
func peerSuite(t testing.TB) string {
	t.Helper()
	suite := os.Getenv("OPENIRSA_PEER_SUITE")
	if suite == "" {
		t.Fatal("OPENIRSA_PEER_SUITE is not set: run these tests with `make e2e`")
	}
	return suite
}

// freeAddress is a loopback port that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startServer runs a server until the test ends, and returns when it takes connections.
func startServer(t testing.TB, url, program string, arguments ...string) {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Env = cleanEnvironment()
	command.Dir = t.TempDir()
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-retry.C {
		if connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
			connection.Close()
			return
		}
	}
	t.Fatalf("%s does not listen\n%s", filepath.Base(program), output.String())
}

// behind is the configuration of a gateway with server as its S3.
func (s *peerServer) behind(t testing.TB) string {
	t.Helper()
	return gatewayFile(t, map[string]any{"services": map[string]any{"s3": map[string]any{
		"url": s.url, "region": "us-east-1", "credentials": map[string]any{"accessKeyId": peerKey, "secretAccessKeyFile": secretFile(t, peerSecret)}}}})
}

// secretFile holds a backend's secret key as the gateway wants it: readable by its user alone.
func secretFile(t testing.TB, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// peerGroups are parts of the suite, with the number of their cases; a few run twice under one name.
var peerGroups = []struct {
	name       string
	versioning bool
	cases      int
	arguments  []string
}{
	{"identity policies", false, 47, []string{"s3-iam"}},
	{"with versioning", true, 761, []string{"full-flow", "--versioning-enabled", "--parallel"}},
	{"without versioning", false, 683, []string{"full-flow", "--parallel"}},
}

// TestPeerThroughGateway runs a peer's S3 suite through the gateway to the peer's own server, which passes all its cases alone. What fails is exactly
// what docs/compatibility.md lists.
func TestPeerThroughGateway(t *testing.T) {
	t.Parallel()
	failed := map[string]string{}
	for _, group := range peerGroups {
		server := startPeer(t, group.versioning)
		p := start(t, t.TempDir(), "--account", "000000000000", "--gateway", server.behind(t)) // the account that the suite's expectations name
		passes, fails := runSuite(t, p.admin["AWS_ACCESS_KEY_ID"], p.admin["AWS_SECRET_ACCESS_KEY"], p.endpoint, p.endpoint, group.arguments...)
		if len(passes)+len(fails) != group.cases {
			t.Errorf("%s: %d cases passed and %d failed, of %d", group.name, len(passes), len(fails), group.cases)
		}
		t.Logf("%s: %d of %d cases pass", group.name, len(passes), group.cases)
		maps.Copy(failed, fails)
	}
	if out := os.Getenv("OPENIRSA_PEER_FAILURES"); out != "" { // to bring the page up to date
		mustDo(t, os.WriteFile(out, []byte(asJSON(t, failed)), 0o600))
	}
	listed := listedCases(t, "A peer's S3 suite, through the gateway")
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		if !slices.Contains(listed, name) {
			t.Errorf("%s fails: %s", name, failed[name])
		}
	}
	for _, name := range listed {
		if failed[name] == "" {
			t.Errorf("%s is listed in docs/compatibility.md and does not fail", name)
		}
	}
}

// TestPeerAlone runs the suite against the peer's servers without us: that they pass it is what the gateway is held to. It is part of `make full`.
func TestPeerAlone(t *testing.T) {
	if os.Getenv("OPENIRSA_FULL") == "" {
		t.Skip("SKIPPED: the peer's suite against the peer alone is part of `make full`")
	}
	for _, group := range peerGroups {
		var server *peerServer
		var iamURL string
		if group.arguments[0] == "s3-iam" {
			server, iamURL = startPeerIAM(t)
		} else {
			server = startPeer(t, group.versioning)
			iamURL = server.url
		}
		passes, fails := runSuite(t, peerKey, peerSecret, server.url, iamURL, group.arguments...)
		for name, why := range fails {
			t.Errorf("%s: %s fails: %s", group.name, name, why)
		}
		if len(passes) != group.cases {
			t.Errorf("%s: %d of %d cases pass", group.name, len(passes), group.cases)
		}
	}
}

// runSuite runs a part of the peer's suite, and returns the cases that passed, and those that failed with the reason.
func runSuite(t *testing.T, key, secret, endpoint, iamEndpoint string, arguments ...string) (passes, fails map[string]string) {
	t.Helper()
	suite := peerSuite(t)
	folder := t.TempDir()
	if err := os.Symlink(suite, filepath.Join(folder, "versitygw")); err != nil { // by which the suite makes its users
		t.Fatal(err)
	}
	command := exec.Command(suite, append([]string{"test", "-a", key, "-s", secret, "-e", endpoint, "--iam-endpoint", iamEndpoint}, arguments...)...)
	command.Env = cleanEnvironment()
	command.Dir = folder
	output, _ := command.CombinedOutput() // exits with an error when a case fails
	passes, fails = map[string]string{}, map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)\x1b\[\d+m(PASS|FAIL) *\x1b\[0m(\w+)(?:: (.*))?$`).FindAllStringSubmatch(string(output), -1) {
		if found[1] == "PASS" {
			passes[found[2]] = "passed"
		} else {
			fails[found[2]] = found[3] + " "
		}
	}
	for name := range fails { // of two runs under one name, the worse counts
		delete(passes, name)
	}
	// A case that passes may leave its bucket: the peer's server keeps what it got of an unsigned body that was cut short, after that was answered
	// (docs/compatibility.md, "S3"). The suite writes that without an end of the line, and no PASS.
	for _, left := range regexp.MustCompile(`\x1b\[31m(\w+): failed to delete the bucket: ([^\x1b\n]*)`).FindAllStringSubmatch(string(output), -1) {
		if fails[left[1]] == "" {
			passes[left[1]] = "passed"
			t.Logf("%s passes and leaves its bucket: %s", left[1], left[2])
		}
	}
	for _, begun := range regexp.MustCompile(`(?m)\x1b\[\d+mRUN *\x1b\[0m(\w+)$`).FindAllStringSubmatch(string(output), -1) {
		if passes[begun[1]] == "" && fails[begun[1]] == "" {
			t.Errorf("%s neither passes nor fails", begun[1])
		}
	}
	if len(passes) == 0 {
		t.Fatalf("no case passed:\n%.2000s", output)
	}
	return passes, fails
}

// listedCases are the names in a section's table of docs/compatibility.md, those of its first column.
func listedCases(t *testing.T, heading string) (names []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/compatibility.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
			for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(cell, -1) {
				names = append(names, name[1])
			}
		}
	}
	return names
}
