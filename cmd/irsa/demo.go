package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/cmd/irsa/demo"
)

func newDemoCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Walk the whole path with a real AWS SDK, and break it in six ways",
		Long: `demo starts a plane on free loopback ports in a temporary folder and walks the path that a pod walks: a service account's token
becomes temporary credentials, an S3 call is allowed, another denied. Then it shows six ways in which the path commonly breaks: what
AWS answers, and the reason that only OpenIRSA tells. Nothing stays behind.

Exit code 0 only if every step came out as it must, 1 if one did not.`,
		Example: "  irsa demo\n  NO_COLOR=1 irsa demo | less",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			folder, err := os.MkdirTemp("", "irsa-demo-")
			if err != nil {
				return fmt.Errorf("making a temporary folder: %w", err)
			}
			defer os.RemoveAll(folder)
			err = demo.Run(command.Context(), demo.Config{Out: env.stdout, Color: isTerminal(env.stdout) && env.getenv("NO_COLOR") == "", Folder: folder, Start: startDemoPlane})
			if err != nil {
				return &commandError{Code: "DemoStep", Err: err, Hint: "this is a defect of OpenIRSA's or of its surroundings; please report the output above", Exit: exitFound}
			}
			return nil
		},
	}
}

// startDemoPlane runs a plane as `irsa up` does, in this process.
func startDemoPlane(ctx context.Context, directory string) (*demo.Plane, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	p, err := openPlane(ctx, planeConfig{State: stateConfig{Folder: folder(directory)}, Region: "us-east-1", Logger: logger})
	if err != nil {
		listener.Close()
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- serve(serving, logger, drain{timeout: drainTime}, service{name: "AWS", listener: listener, handler: p.aws})
	}()
	return &demo.Plane{
		Endpoint:  "http://" + listener.Addr().String(),
		Account:   p.settings.Account,
		IssuerURL: p.settings.IssuerURL,
		Root:      cloud.Credentials{AccessKeyID: p.root.ID, SecretAccessKey: p.root.Secret},
		Mint: func(ctx context.Context, t demo.Token) (string, error) {
			answer, err := p.mint(ctx, tokenRequest{Namespace: t.Namespace, ServiceAccount: t.ServiceAccount, Audiences: []string{t.Audience}, ExpiresIn: t.ExpiresIn}, time.Now())
			return answer.Token, err
		},
		Close: func() error {
			stop()
			return errors.Join(<-served, p.Close())
		},
	}, nil
}

// isTerminal reports whether w is a character device, which is where colour helps and does no harm.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
