// Command image builds the project's container image as one OCI image layout in a tar file, for linux/amd64 and linux/arm64, without a daemon.
//
// It owns what is in the image (docs/image.md) and the form of the file. The same commit gives the same bytes, wherever and whenever it is built with the
// same version of Go: nothing of the machine, its clock or its user goes in.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Getenv, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(2)
	}
}

// options are the command's flags.
type options struct {
	source, output string
	image          image
}

func run(arguments []string, getenv func(string) string, stderr io.Writer) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o options
	flags.StringVar(&o.source, "source", "../..", "root of the checkout to build")
	flags.StringVar(&o.output, "o", "", "file to write (required)")
	flags.StringVar(&o.image.Name, "name", "docker.io/openirsa/irsa", "name that the image gets where it is loaded")
	flags.StringVar(&o.image.Version, "version", "development", "version: the image's tag and what `irsa version` says")
	flags.StringVar(&o.image.Revision, "revision", "", "commit that it is built of")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if o.output == "" || flags.NArg() > 0 {
		return errors.New("go run . -o FILE [-source DIR] [-name NAME] [-version VERSION] [-revision COMMIT]")
	}
	seconds, err := strconv.ParseInt("0"+getenv("SOURCE_DATE_EPOCH"), 10, 64) // reproducible-builds.org: seconds since 1970
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	o.image.Created = time.Unix(seconds, 0).UTC()
	if o.image.Roots, err = roots(); err != nil {
		return err
	}
	if err := o.build(stderr); err != nil {
		return err
	}
	return o.write()
}

// build compiles the binary for each platform into the image.
func (o *options) build(stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "openirsa-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	for _, architecture := range []string{"amd64", "arm64"} {
		file := filepath.Join(folder, architecture)
		// No C library, no paths, no state of version control, no build id: what remains is the source and the compiler.
		command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.linkedVersion="+o.image.Version, "-o", file, "./cmd/irsa")
		command.Dir, command.Stderr = o.source, stderr
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=")
		if err := command.Run(); err != nil {
			return fmt.Errorf("building for %s: %w", architecture, err)
		}
		binary, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		o.image.Platforms = append(o.image.Platforms, platform{architecture, binary})
	}
	return nil
}

// write puts the file in its place when it is whole.
func (o *options) write() error {
	if err := os.MkdirAll(filepath.Dir(o.output), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(o.output), ".image-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = o.image.Write(file)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), o.output)
}
