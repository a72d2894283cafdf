package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBuildFromElsewhere builds the whole image from two copies of the commit, in other folders, with caches of their own, another home and another time zone. It
// compiles everything four times, so `make full` alone runs it.
func TestBuildFromElsewhere(t *testing.T) {
	if os.Getenv("OPENIRSA_FULL") == "" {
		t.Skip("make full runs this")
	}
	var images [2][]byte
	for i, zone := range []string{"UTC", "Asia/Tokyo"} {
		folder := filepath.Join(t.TempDir(), zone, "checkout")
		check(t, os.MkdirAll(folder, 0o755))
		archive := exec.Command("git", "archive", "HEAD")
		archive.Dir = "../.."
		packed, err := archive.Output()
		check(t, err)
		unpacking := exec.Command("tar", "x")
		unpacking.Dir, unpacking.Stdin = folder, bytes.NewReader(packed)
		check(t, unpacking.Run())
		t.Setenv("GOCACHE", filepath.Join(folder, "..", "cache"))
		t.Setenv("TZ", zone)
		output := filepath.Join(folder, "image.tar")
		environment := map[string]string{"SOURCE_DATE_EPOCH": "1700000000"}
		check(t, run([]string{"-source", folder, "-o", output, "-version", "v1"}, func(name string) string { return environment[name] }, os.Stderr))
		images[i], err = os.ReadFile(output)
		check(t, err)
	}
	if !bytes.Equal(images[0], images[1]) {
		t.Error("two builds of one commit are different bytes")
	}
}
