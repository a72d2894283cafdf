package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func example(t testing.TB) *image {
	t.Helper()
	pem, err := roots()
	check(t, err)
	return &image{Name: "docker.io/openirsa/irsa", Version: "v1.2.3", Revision: "0123abcd", Created: time.Unix(1700000000, 0).UTC(), Roots: pem,
		Platforms: []platform{{"amd64", []byte("one binary")}, {"arm64", []byte("another binary")}}}
}

// unpack writes a tar file's members under a folder.
func unpack(t testing.TB, archive []byte, folder string) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		check(t, err)
		path := filepath.Join(folder, header.Name)
		if header.Typeflag == tar.TypeDir {
			check(t, os.MkdirAll(path, 0o755))
			continue
		}
		content, err := io.ReadAll(r)
		check(t, err)
		check(t, os.WriteFile(path, content, 0o600))
	}
}

// TestImage has another implementation of the specification read the layout, hold every digest and size against its content, and find what must be there.
func TestImage(t *testing.T) {
	var out bytes.Buffer
	check(t, example(t).Write(&out))
	folder := t.TempDir()
	unpack(t, out.Bytes(), folder)
	outer, err := ocilayout.ImageIndexFromPath(folder)
	check(t, err)
	check(t, validate.Index(outer))
	manifest, err := outer.IndexManifest()
	check(t, err)
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations["io.containerd.image.name"] != "docker.io/openirsa/irsa:v1.2.3" ||
		manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "v1.2.3" {
		t.Errorf("index.json names %+v", manifest.Manifests)
	}
	inner, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	check(t, err)
	platforms, err := inner.IndexManifest()
	check(t, err)
	if len(platforms.Manifests) != 2 {
		t.Fatalf("%d platforms", len(platforms.Manifests))
	}
	for i, want := range []struct{ platform, binary string }{{"linux/amd64", "one binary"}, {"linux/arm64", "another binary"}} {
		described := platforms.Manifests[i]
		if described.Platform.String() != want.platform {
			t.Errorf("platform %d is %s", i, described.Platform)
		}
		found, err := inner.Image(described.Digest)
		check(t, err)
		checkImage(t, found, want.platform, want.binary)
	}
}

func checkImage(t *testing.T, found v1.Image, platform, binary string) {
	t.Helper()
	config, err := found.ConfigFile()
	check(t, err)
	if config.OS+"/"+config.Architecture != platform || config.Config.User != "65532:65532" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/irsa" ||
		config.Config.Labels["org.opencontainers.image.revision"] != "0123abcd" || !config.Created.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("the configuration is %+v", config)
	}
	layers, err := found.Layers()
	check(t, err)
	if len(layers) != 1 {
		t.Fatalf("%d layers", len(layers))
	}
	plain, err := layers[0].Uncompressed()
	check(t, err)
	defer plain.Close()
	files := map[string]*tar.Header{}
	contents := map[string]string{}
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		content, err := io.ReadAll(r)
		check(t, err)
		files[header.Name], contents[header.Name] = header, string(content)
		if !header.ModTime.Equal(time.Unix(1700000000, 0)) || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s has the machine's traces: %+v", header.Name, header)
		}
		if header.Mode&0o7002 != 0 && header.Name != "tmp/" && header.Typeflag != tar.TypeSymlink {
			t.Errorf("%s has mode %o", header.Name, header.Mode)
		}
	}
	if contents["irsa"] != binary || files["irsa"].Mode != 0o755 || files["webhook"].Linkname != "irsa" || files["var/lib/openirsa/"].Uid != 65532 {
		t.Errorf("the layer has %v", files)
	}
	for name := range files {
		if strings.HasSuffix(name, "/sh") || strings.HasPrefix(name, "bin/") {
			t.Errorf("%s is in the image", name)
		}
	}
}

// TestDocker: what docker load reads names an image for each platform.
func TestDocker(t *testing.T) {
	var out bytes.Buffer
	check(t, example(t).Write(&out))
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }
	loaded, err := tarball.LoadManifest(opener)
	check(t, err)
	if len(loaded) != 2 || loaded[0].RepoTags[0] != "openirsa/irsa:v1.2.3-amd64" || loaded[1].RepoTags[0] != "openirsa/irsa:v1.2.3-arm64" {
		t.Errorf("manifest.json has %+v", loaded)
	}
}

// TestReproducible: the same content is the same bytes, and anything else is not.
func TestReproducible(t *testing.T) {
	write := func(change func(*image)) string {
		t.Helper()
		i := example(t)
		change(i)
		var out bytes.Buffer
		check(t, i.Write(&out))
		return out.String()
	}
	first := write(func(*image) {})
	if first != write(func(*image) {}) {
		t.Error("the same image is other bytes")
	}
	for name, change := range map[string]func(*image){
		"time": func(i *image) { i.Created = i.Created.Add(time.Second) }, "version": func(i *image) { i.Version = "v2" },
		"binary": func(i *image) { i.Platforms[1].Binary = []byte("x") }, "roots": func(i *image) { i.Roots = nil },
	} {
		if first == write(change) {
			t.Errorf("another %s is the same bytes", name)
		}
	}
}

// TestRoots: the authorities can be read, and are those that a client of the public web needs.
func TestRoots(t *testing.T) {
	text, err := roots()
	check(t, err)
	subjects := ""
	count := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		check(t, err)
		if !certificate.IsCA && certificate.Version == 3 {
			t.Errorf("%s is no authority", certificate.Subject)
		}
		subjects += certificate.Subject.String() + "\n"
		count++
	}
	if count < 100 || !strings.Contains(subjects, "Amazon Root CA 1") || !strings.Contains(subjects, "ISRG Root X1") {
		t.Errorf("%d authorities", count)
	}
}
