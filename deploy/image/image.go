package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// user is who the image runs as, by number, so that Kubernetes' runAsNonRoot can tell. Nobody else has it: it is the number that distroless images use.
const user = 65532

// image is what the file will hold.
type image struct {
	Name, Version, Revision string
	Created                 time.Time // of every file and of the image; 1970 where nothing is known
	Roots                   []byte    // PEM
	Platforms               []platform
}

// platform is one binary for linux on an architecture, in Go's words, which are OCI's.
type platform struct {
	Architecture string
	Binary       []byte
}

// Media types of the OCI image specification 1.1.
const (
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// descriptor points to a blob (OCI image specification, descriptor.md).
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *osArchitecture   `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type osArchitecture struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// index lists manifests (image-index.md); manifest lists layers (manifest.md).
type index struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Manifests     []descriptor      `json:"manifests"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// configuration is how a container of the image runs (config.md).
type configuration struct {
	Created string `json:"created"`
	osArchitecture
	Config  runConfig `json:"config"`
	RootFS  rootFS    `json:"rootfs"`
	History []history `json:"history"`
}

type runConfig struct {
	User       string            `json:"User"`
	Env        []string          `json:"Env"`
	Entrypoint []string          `json:"Entrypoint"`
	WorkingDir string            `json:"WorkingDir"`
	Labels     map[string]string `json:"Labels"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   string `json:"created"`
	CreatedBy string `json:"created_by"`
}

// dockerManifest is one entry of manifest.json, which docker load reads where it does not know OCI layouts, and which knows no platforms: hence a tag each.
type dockerManifest struct {
	Config   string   `json:"Config"`
	RepoTags []string `json:"RepoTags"`
	Layers   []string `json:"Layers"`
}

// layout gathers the blobs of an OCI image layout (image-layout.md).
type layout struct {
	blobs  map[string][]byte // by path in the archive
	docker []dockerManifest
}

// put keeps a blob and points to it.
func (l *layout) put(mediaType string, content []byte) descriptor {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	l.blobs["blobs/sha256/"+name] = content
	return descriptor{MediaType: mediaType, Digest: "sha256:" + name, Size: len(content)}
}

// putJSON keeps a value. Maps are written in the order of their keys, so that equal values are equal bytes.
func (l *layout) putJSON(mediaType string, value any) (descriptor, error) {
	encoded, err := json.Marshal(value)
	return l.put(mediaType, encoded), err
}

// path is where a descriptor's blob lies in the archive.
func (d descriptor) path() string { return "blobs/sha256/" + strings.TrimPrefix(d.Digest, "sha256:") }

// Write writes the image as a tar file of an OCI image layout: one index under the image's name, with a manifest for each platform.
func (i *image) Write(w io.Writer) error {
	if len(i.Platforms) == 0 {
		return errors.New("the image has no platform")
	}
	l := &layout{blobs: map[string][]byte{}}
	all := index{SchemaVersion: 2, MediaType: mediaIndex, Annotations: i.annotations()}
	for _, p := range i.Platforms {
		described, err := i.platform(l, p)
		if err != nil {
			return err
		}
		all.Manifests = append(all.Manifests, described)
	}
	named, err := l.putJSON(mediaIndex, all)
	if err != nil {
		return err
	}
	// containerd names what it imports by the first of these, skopeo and podman by the second.
	named.Annotations = map[string]string{"io.containerd.image.name": i.Name + ":" + i.Version, "org.opencontainers.image.ref.name": i.Version}
	if l.blobs["index.json"], err = json.Marshal(index{SchemaVersion: 2, MediaType: mediaIndex, Manifests: []descriptor{named}}); err != nil {
		return err
	}
	if l.blobs["manifest.json"], err = json.Marshal(l.docker); err != nil {
		return err
	}
	l.blobs["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	return l.write(w, i.Created)
}

// platform adds one platform's layer, configuration and manifest.
func (i *image) platform(l *layout, p platform) (descriptor, error) {
	plain, err := i.layer(p)
	if err != nil {
		return descriptor{}, err
	}
	compressed, err := compress(plain)
	if err != nil {
		return descriptor{}, err
	}
	where := osArchitecture{p.Architecture, "linux"}
	created := i.Created.Format(time.RFC3339)
	sum := sha256.Sum256(plain)
	config, err := l.putJSON(mediaConfig, configuration{
		Created: created, osArchitecture: where,
		Config: runConfig{User: "65532:65532", Env: []string{"PATH=/", "HOME=/var/lib/openirsa"}, Entrypoint: []string{"/irsa"}, WorkingDir: "/", Labels: i.annotations()},
		RootFS: rootFS{"layers", []string{"sha256:" + hex.EncodeToString(sum[:])}}, History: []history{{created, "deploy/image"}},
	})
	if err != nil {
		return descriptor{}, err
	}
	layer := l.put(mediaLayer, compressed)
	l.docker = append(l.docker, dockerManifest{config.path(), []string{strings.TrimPrefix(i.Name, "docker.io/") + ":" + i.Version + "-" + p.Architecture}, []string{layer.path()}})
	described, err := l.putJSON(mediaManifest, manifest{SchemaVersion: 2, MediaType: mediaManifest, Config: config, Layers: []descriptor{layer}, Annotations: i.annotations()})
	described.Platform = &where
	return described, err
}

// annotations are the predefined ones (annotations.md); a configuration has them as labels.
func (i *image) annotations() map[string]string {
	all := map[string]string{
		"org.opencontainers.image.created":     i.Created.Format(time.RFC3339),
		"org.opencontainers.image.title":       "OpenIRSA",
		"org.opencontainers.image.description": "IAM Roles for Service Accounts, self-hosted",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     i.Version,
	}
	if i.Revision != "" {
		all["org.opencontainers.image.revision"] = i.Revision
	}
	return all
}

// layer is the image's whole file system.
func (i *image) layer(p platform) ([]byte, error) {
	const passwd = "root:x:0:0:root:/:/sbin/nologin\nopenirsa:x:65532:65532:OpenIRSA:/var/lib/openirsa:/sbin/nologin\n"
	folder := func(name string, mode int64, owner int) tar.Header {
		return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, Uid: owner, Gid: owner}
	}
	file := func(name string, mode int64, content []byte) entry {
		return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}, content}
	}
	return archive(i.Created, []entry{
		{folder("etc/", 0o755, 0), nil},
		file("etc/group", 0o644, []byte("root:x:0:\nopenirsa:x:65532:\n")),
		file("etc/passwd", 0o644, []byte(passwd)),
		{folder("etc/ssl/", 0o755, 0), nil},
		{folder("etc/ssl/certs/", 0o755, 0), nil},
		file("etc/ssl/certs/ca-certificates.crt", 0o644, i.Roots),
		file("irsa", 0o755, p.Binary),
		{folder("tmp/", 0o1777, 0), nil},
		{folder("var/", 0o755, 0), nil},
		{folder("var/lib/", 0o755, 0), nil},
		{folder("var/lib/openirsa/", 0o700, user), nil}, // a volume that is mounted here takes its owner from it
		// The name that amazon-eks-pod-identity-webhook's manifests run; the binary knows by it what it is.
		{tar.Header{Typeflag: tar.TypeSymlink, Name: "webhook", Linkname: "irsa", Mode: 0o777}, nil},
	})
}

// entry is one member of a tar file.
type entry struct {
	tar.Header
	content []byte
}

// archive writes a tar file of which every member is of that time.
func archive(at time.Time, entries []entry) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.ModTime, e.Format = at, tar.FormatUSTAR
		if err := w.WriteHeader(&e.Header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// compress writes gzip whose header has neither name nor time.
func compress(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// write writes the layout as a tar file.
func (l *layout) write(w io.Writer, at time.Time) error {
	names := make([]string, 0, len(l.blobs))
	for name := range l.blobs {
		names = append(names, name)
	}
	slices.Sort(names)
	entries := []entry{
		{tar.Header{Typeflag: tar.TypeDir, Name: "blobs/", Mode: 0o755}, nil},
		{tar.Header{Typeflag: tar.TypeDir, Name: "blobs/sha256/", Mode: 0o755}, nil},
	}
	for _, name := range names {
		content := l.blobs[name]
		entries = append(entries, entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}, content})
	}
	packed, err := archive(at, entries)
	if err != nil {
		return err
	}
	_, err = w.Write(packed)
	return err
}
