package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/openirsa/openirsa/bench/servers"
)

// Names in the report.
const (
	backendName  = "the backend alone"
	proxyName    = "ReverseProxy"
	oursName     = "irsa"
	embeddedName = "irsa, embedded S3"
	minioName    = "MinIO"
)

// contestant is a server with what its requests need.
type contestant struct {
	*servers.Server
	credentials aws.Credentials // of a session
	behind      *servers.Server // that it asks in turn; may be nil
	verifies    bool            // signatures
	keeps       bool            // objects itself: it stands beside the comparison, and has small ones only
}

// start returns the contestants that run, also when it fails: they are to be stopped. What stands behind another comes first.
func start(ctx context.Context, o options, folder string, content pattern) (field []*contestant, err error) {
	signer, err := servers.NewSigner()
	if err != nil {
		return nil, err
	}
	backend, err := startChild(backendName, "backend")
	if err != nil {
		return nil, err
	}
	field = append(field, &contestant{Server: backend})
	proxy, err := startChild(proxyName, "proxy", "http://"+backend.Address)
	if err != nil {
		return field, err
	}
	field = append(field, &contestant{Server: proxy, behind: backend})
	configuration, err := writeConfiguration(folder, backend.Address)
	if err != nil {
		return field, err
	}
	ours, err := startOurs(ctx, o, oursName, filepath.Join(folder, "gateway"), signer, "--gateway", configuration)
	if err != nil {
		return field, err
	}
	field = append(field, ours)
	ours.behind = backend
	// Nobody asks whose signature the backend and the proxy see, but theirs are as long as ours.
	field[0].credentials, field[1].credentials = ours.credentials, ours.credentials

	embedded, err := startOurs(ctx, o, embeddedName, filepath.Join(folder, "embedded"), signer)
	if err != nil {
		return field, err
	}
	embedded.keeps = true
	field = append(field, embedded)
	if err := embedded.fill(ctx, content); err != nil {
		return field, err
	}
	if _, err := os.Stat(o.minio); err != nil {
		fmt.Fprintln(os.Stderr, "no peer beside: run bench/peers first")
		return field, nil
	}
	minio, err := startMinIO(ctx, o, filepath.Join(folder, "minio"), signer)
	if err != nil {
		return field, err
	}
	field = append(field, minio)
	return field, minio.fill(ctx, content)
}

// writeConfiguration has the gateway take the backend for S3.
func writeConfiguration(folder, backend string) (path string, err error) {
	path = filepath.Join(folder, "gateway.yaml")
	content := fmt.Sprintf("services:\n  s3:\n    url: http://%s\n    region: %s\n", backend, servers.Region)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("configuring the gateway: %w", err)
	}
	return path, nil
}

func startOurs(ctx context.Context, o options, name, folder string, signer *servers.Signer, arguments ...string) (*contestant, error) {
	server, err := servers.IRSA{Name: name, Binary: o.irsa, Folder: folder, Actions: []string{"s3:GetObject", "s3:PutObject"}, Arguments: arguments}.Start(ctx, signer)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return withSession(ctx, server, signer)
}

func startMinIO(ctx context.Context, o options, folder string, signer *servers.Signer) (*contestant, error) {
	server, err := servers.StartMinIO(ctx, o.minio, folder, signer)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", minioName, err)
	}
	server.Name = minioName
	c, err := withSession(ctx, server, signer)
	if err != nil {
		return nil, err
	}
	c.keeps = true
	return c, nil
}

// withSession asks a server for a session of its role, as a pod would.
func withSession(ctx context.Context, server *servers.Server, signer *servers.Signer) (*contestant, error) {
	credentials, err := server.Session(ctx, signer)
	if err != nil {
		return nil, server.Fail(err)
	}
	return &contestant{Server: server, credentials: credentials, verifies: true}, nil
}

// fill puts the small objects into a server that keeps them.
func (c *contestant) fill(ctx context.Context, content pattern) error {
	if err := c.Do(ctx, servers.Call{Method: http.MethodPut, Path: "/" + bucket, Service: "s3"}); err != nil {
		return fmt.Errorf("filling %s: %w", c.Name, err)
	}
	for number := range keys {
		if err := c.Do(ctx, servers.Call{Method: http.MethodPut, Path: path(small, number), Service: "s3", Body: content.all(small)}); err != nil {
			return fmt.Errorf("filling %s: %w", c.Name, err)
		}
	}
	return nil
}
