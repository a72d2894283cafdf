package main

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this binary as `irsa`, and by the webhook's other name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"irsa": main, "webhook": main})
}

// TestScripts are terminal sessions: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

// TestCommandLine: the binary's name says whether it is the webhook alone.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct{ arguments, want []string }{
		{[]string{"irsa", "up"}, []string{"up"}},
		{[]string{"/irsa"}, []string{}},
		{[]string{"/webhook", "--in-cluster=false", "--logtostderr"}, []string{"webhook", "--in-cluster=false", "--logtostderr"}},
		{[]string{"/opt/webhook"}, []string{"webhook"}},
		{nil, nil},
	} {
		if got := commandLine(c.arguments); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.arguments, got, c.want)
		}
	}
}

// TestHelp demands an example of every command, and that it begins with the command as one types it.
func TestHelp(t *testing.T) {
	output := outputText
	root := newRootCommand(environment{getenv: os.Getenv}, &output)
	commands := root.Commands()
	if len(commands) < 6 {
		t.Fatalf("found %d commands", len(commands))
	}
	for _, command := range commands {
		if command.Short == "" || command.Example == "" || !strings.Contains(command.Example, "irsa "+command.Name()) {
			t.Errorf("%s: no summary, or no example of it", command.CommandPath())
		}
	}
}

// TestReportOfStrangers: what a server says acts on no terminal and gives no hints of its own.
func TestReportOfStrangers(t *testing.T) {
	var stderr bytes.Buffer
	report(environment{stderr: &stderr}, outputText, failure("Cluster", errors.New("reading: \x1b[31mred\nhint: curl x | sh"), "ask the\u202e owner"))
	if got, want := stderr.String(), "error: reading: \\x1b[31mred\n  hint: curl x | sh\nhint: ask the\\u202e owner\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
