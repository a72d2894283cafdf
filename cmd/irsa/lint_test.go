package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
)

// TestSARIF holds a log with every kind of content against SARIF's own schema, and looks at where it says the finding is.
func TestSARIF(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a policy.json")
	// The smile is four bytes and two UTF-16 code units: the column differs from the byte's by two.
	const source = `{"Version":"2012-10-17","Id":"😀","Statement":{"Effect":"Allow","Action":"s3:GetObjct","Resource":"arn:aws:s3:::bucket/*"}}`
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env := environment{stdin: bytes.NewReader(nil), stdout: &out, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	if code := run([]string{"lint", "--output", "sarif", file, filepath.Join(t.TempDir(), "missing.json")}, env); code != exitFound {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	log, err := sarif.FromBytes(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Error(err)
	}
	results := log.Runs[0].Results
	if len(results) != 1 || len(log.Runs[0].Tool.Driver.Rules) != len(lint.Rules()) {
		t.Fatalf("%d results, %d rules", len(results), len(log.Runs[0].Tool.Driver.Rules))
	}
	place := results[0].Locations[0].PhysicalLocation
	column := bytes.Index([]byte(source), []byte(`"s3:`)) + 1 - 2
	if *results[0].RuleID != "unknown-action" || *place.Region.StartLine != 1 || *place.Region.StartColumn != column || results[0].Level != "error" ||
		results[0].PartialFingerprints["openirsa/v1"] == "" || filepath.ToSlash(filepath.Base(*place.ArtifactLocation.URI)) != "a%20policy.json" {
		t.Errorf("%s at %d:%d of %s", *results[0].RuleID, *place.Region.StartLine, *place.Region.StartColumn, *place.ArtifactLocation.URI)
	}
	if notes := log.Runs[0].Invocations[0].ToolExecutionNotifications; len(notes) != 1 {
		t.Errorf("%d notifications", len(notes))
	}
}

// TestFingerprint: the same finding in a document that grew above it is the same, one of another text is another.
func TestFingerprint(t *testing.T) {
	at := func(line int, source string) fileFinding {
		return fileFinding{Finding: lint.Finding{ID: "x", Position: policy.Position{Line: line, Column: 1}}, source: []byte(source)}
	}
	if fingerprint(at(1, "a\nb")) != fingerprint(at(2, "new\n  a\nb")) || fingerprint(at(1, "a")) == fingerprint(at(1, "b")) {
		t.Error("a fingerprint is not the line's")
	}
}

// TestLintedLink: a link to a folder stands for what is in the folder.
func TestLintedLink(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "policies", "a.json"), []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink("policies", link); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env := environment{stdin: bytes.NewReader(nil), stdout: &out, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	if code := run([]string{"lint", link}, env); code != exitFound || !bytes.Contains(out.Bytes(), []byte(filepath.Join("link", "a.json"))) {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// TestLintOwnActions: the actions that the plane has beside AWS's are known, to policies of the pages about them and in any case, and no others are.
func TestLintOwnActions(t *testing.T) {
	statement := func(action, resource, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + action + `,"Resource":"` + resource + `"` + condition + `}]}`
	}
	const cluster = "arn:aws:eks:eu-central-1:111122223333:cluster/prod"
	// Those that docs/clusters.md and docs/self-hosting.md grant, and a tag of a cluster, which its resource has.
	clean := []string{
		statement(`["openirsa:SyncCluster","openirsa:ReceiveTokenReviews","openirsa:CompleteTokenReviews"]`, cluster, ""),
		statement(`"openirsa:Preflight"`, "*", ""),
		statement(`"openirsa:PutOpenIDConnectProviderKeys"`, "arn:aws:iam::111122223333:oidc-provider/oidc.example.com", ""),
		statement(`"openirsa:DeregisterCluster"`, cluster, `,"Condition":{"StringEquals":{"aws:ResourceTag/team":"shop"}}`),
		statement(`"OpenIRSA:getevents"`, "*", ""),
		statement(`"openirsa:List*"`, "*", ""),
	}
	for i, document := range clean {
		if out, errOut, code := linted(document); code != 0 || out+errOut != "" {
			t.Errorf("document %d: exit code %d\n%s%s", i, code, out, errOut)
		}
	}
	for action, want := range map[string]string{
		"openirsa:SyncClusters": "did you mean openirsa:SyncCluster?",
		"openirsa:Delete*":      "unknown-action",
		"openirsaa:SyncCluster": "unknown-service",
	} {
		if out, _, code := linted(statement(`"`+action+`"`, "*", "")); code != exitFound || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s", action, code, want, out)
		}
	}
	if out, _, _ := linted(statement(`"openirsa:*"`, "*", "")); strings.Contains(out, "unknown") {
		t.Errorf("openirsa:* is not known:\n%s", out)
	}
}

// linted is what the command says of a document on stdin.
func linted(document string) (stdout, stderr string, code int) {
	var out, narration bytes.Buffer
	code = run([]string{"lint"}, environment{stdin: strings.NewReader(document), stdout: &out, stderr: &narration, getenv: func(string) string { return "" }})
	return out.String(), narration.String(), code
}
