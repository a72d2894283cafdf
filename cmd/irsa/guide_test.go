package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// blocks are the fenced blocks of a language in a guide.
func blocks(t *testing.T, guide, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", guide))
	check(t, err)
	var found []string
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatalf("docs/%s has no %s", guide, language)
	}
	return found
}

// TestServeGuides: the configurations that the guides show are read, and docs/serve.md shows every member.
func TestServeGuides(t *testing.T) {
	folder := t.TempDir()
	key := newRootFiles(t, folder)
	check(t, os.WriteFile(filepath.Join(folder, "id"), []byte(key.ID), 0o600))
	files := regexp.MustCompile(`(accessKeyIdFile: )[^,}\s]+|(secretAccessKeyFile: )[^,}\s]+`)
	read := func(text string) *serveFile {
		t.Helper()
		text = files.ReplaceAllStringFunc(text, func(member string) string {
			if strings.HasPrefix(member, "accessKeyIdFile") {
				return "accessKeyIdFile: id"
			}
			return "secretAccessKeyFile: secret"
		})
		path := filepath.Join(folder, "openirsa.yaml")
		check(t, os.WriteFile(path, []byte(text), 0o600))
		file, err := readServeFile(path, nil)
		check(t, err)
		return file
	}
	example := blocks(t, "serve.md", "yaml")[0]
	if file := read(example); file.root.AccessKeyID != key.ID || len(file.gateway.services) != 1 || file.tls.node == nil {
		t.Errorf("read %+v", file)
	}
	var r serveReader
	for member := range r.scalars(newServeFile()) {
		if !strings.Contains(example, "\n"+member+": ") && !strings.HasPrefix(example, member+": ") {
			t.Errorf("docs/serve.md does not show %s", member)
		}
	}
	if file := read(blocks(t, "self-hosting.md", "yaml")[0]); file.ops != "127.0.0.1:8080" {
		t.Errorf("read %+v", file)
	}
}

// TestSelfHostingCommands: what operators are told to run is shell.
func TestSelfHostingCommands(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, block := range blocks(t, "self-hosting.md", "sh") {
		command := exec.Command(shell, "-n")
		command.Stdin = strings.NewReader(block)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, block)
		}
	}
}

// TestWebhookGuideFlags: every flag that docs/webhook.md names is the webhook's, and it names every flag that decides what is injected and when.
func TestWebhookGuideFlags(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhook.md"))
	check(t, err)
	all, deciding := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	(&webhookOptions{}).register(all)
	(&webhookOptions{}).registerInjection(deciding)
	named := map[string]bool{}
	for _, match := range regexp.MustCompile("--([a-z][a-z-]*)").FindAllStringSubmatch(string(text), -1) {
		named[match[1]] = true
		if match[1] != "help" && all.Lookup(match[1]) == nil {
			t.Errorf("docs/webhook.md names --%s, which there is not", match[1])
		}
	}
	deciding.VisitAll(func(f *pflag.Flag) {
		if !named[f.Name] {
			t.Errorf("docs/webhook.md does not name --%s", f.Name)
		}
	})
}
