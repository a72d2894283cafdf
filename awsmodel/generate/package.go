package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// maxUnpacked bounds the package's content, in bytes.
const maxUnpacked = 256 << 20

// npmPackage is a package as npm names it, pinned.
type npmPackage struct{ name, version, integrity string }

func (p npmPackage) String() string { return p.name + " " + p.version }

// fetch returns the package's tarball, from archive or else from npm, after its hash was found to be the pinned one.
func (p npmPackage) fetch(ctx context.Context, archive string) ([]byte, error) {
	if archive == "" {
		folder, err := os.MkdirTemp("", "generate-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)
		if archive, err = p.pack(ctx, folder); err != nil {
			return nil, fmt.Errorf("fetching %s with npm: %w", p, err)
		}
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(content)
	if integrity := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); integrity != p.integrity {
		return nil, fmt.Errorf("the integrity of %s is %s, not the pinned %s", p, integrity, p.integrity)
	}
	return content, nil
}

// pack has npm download the package into folder, which is empty.
func (p npmPackage) pack(ctx context.Context, folder string) (string, error) {
	command := exec.CommandContext(ctx, "npm", "pack", "--silent", "--ignore-scripts", p.name+"@"+p.version)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm left %d tarballs (%v)", len(found), err)
	}
	return found[0], nil
}

// unpack returns the files of a package by their paths within it.
func unpack(tarball []byte) (map[string][]byte, error) {
	decompressed, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(io.LimitReader(decompressed, maxUnpacked))
	files := map[string][]byte{}
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(header.Name, "package/")] = content
	}
}
