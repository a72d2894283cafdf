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

// start returns the contestants that run, also when it fails: they are to be stopped.
func start(ctx context.Context, o options, folder string, content pattern) ([]*contestant, error) {
	signer, err := servers.NewSigner()
	if err != nil {
		return nil, err
	}
	field, err := startCompared(ctx, o, folder, signer)
	if err != nil {
		return field, err
	}
	beside, err := startBeside(ctx, o, folder, signer, content)
	return append(field, beside...), err
}

// startCompared starts the backend and the two before it.
func startCompared(ctx context.Context, o options, folder string, signer *servers.Signer) (field []*contestant, err error) {
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
	ours.behind = backend
	for _, c := range field { // they ask nobody who signed, but are sent as much
		c.credentials = ours.credentials
	}
	return append(field, ours), nil
}

// startBeside starts the servers that keep their objects.
func startBeside(ctx context.Context, o options, folder string, signer *servers.Signer, content pattern) (field []*contestant, err error) {
	embedded, err := startOurs(ctx, o, embeddedName, filepath.Join(folder, "embedded"), signer)
	if err != nil {
		return nil, err
	}
	field = append(field, embedded)
	if _, err := os.Stat(o.minio); err != nil {
		fmt.Fprintln(os.Stderr, "no peer beside: run bench/peers first")
	} else {
		minio, err := startMinIO(ctx, o, filepath.Join(folder, "minio"), signer)
		if err != nil {
			return field, err
		}
		field = append(field, minio)
	}
	for _, c := range field {
		c.keeps = true
		if err := c.fill(ctx, content); err != nil {
			return field, fmt.Errorf("filling %s: %w", c.Name, err)
		}
	}
	return field, nil
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
	irsa := servers.IRSA{Name: name, Binary: o.irsa, Folder: folder, Actions: []string{"s3:GetObject", "s3:PutObject"}, Arguments: arguments}
	server, err := irsa.Start(ctx, signer)
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
	return withSession(ctx, server, signer)
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
		return err
	}
	for number := range keys {
		if err := c.Do(ctx, servers.Call{Method: http.MethodPut, Path: path(small, number), Service: "s3", Body: content.all(small)}); err != nil {
			return err
		}
	}
	return nil
}
