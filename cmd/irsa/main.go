// Command irsa runs and explains IAM Roles for Service Accounts: the plane (up), the walk along the whole path (demo), and the
// tools that share its engine (token, simulate, lint, events).
//
// This package owns flags, wiring and exit codes. It holds no rule of AWS's: those live in the packages that it joins.
//
// Streams: stdout is data, stderr is narration. Exit codes: 0 as it should be; 1 found something (a denial, a finding);
// 2 could not run or could not evaluate.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

// environment is what a command sees of its process, so that tests can give it another.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

func main() {
	os.Exit(run(commandLine(os.Args), environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}))
}

// commandLine is what was asked for. Called webhook, the binary is the webhook alone, so that a cluster's manifests that run the image of
// amazon-eks-pod-identity-webhook as /webhook keep their arguments.
func commandLine(arguments []string) []string {
	if len(arguments) > 0 && filepath.Base(arguments[0]) == "webhook" {
		return append([]string{"webhook"}, arguments[1:]...)
	}
	return arguments[min(1, len(arguments)):]
}

// run executes one command line and returns its exit code.
func run(arguments []string, env environment) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	output := outputText
	root := newRootCommand(env, &output)
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	return report(env, output, err)
}

func newRootCommand(env environment, output *outputFormat) *cobra.Command {
	root := &cobra.Command{
		Use:   "irsa",
		Short: "IAM Roles for Service Accounts, self-hosted and explained",
		Long: `irsa runs the whole path from a Kubernetes service account's token to an authorized AWS call,
on any cluster and without AWS, and says exactly why when a step refuses.`,
		Example: `  irsa demo                          # watch the whole path, and six ways it breaks
  irsa up                            # serve it to any AWS SDK
  irsa token --namespace shop --service-account app`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return &commandError{Code: "Usage", Err: err, Hint: "see `" + command.CommandPath() + " --help`"}
	})
	root.PersistentFlags().Var(output, "output", "how results and errors are printed: text or json")
	root.AddCommand(
		newDemoCommand(env),
		newUpCommand(env, output),
		newServeCommand(env, output),
		newRootCommands(env, output),
		newTokenCommand(env, output),
		newClusterCommand(env, output),
		newSimulateCommand(env),
		newDiffCommand(env, output),
		newWhoCanCommand(env, output),
		newCanCommand(env, output),
		newLintCommand(env, output),
		newEventsCommand(env, output),
		newWebhookCommand(env, output),
		newVersionCommand(env, output),
	)
	return root
}
