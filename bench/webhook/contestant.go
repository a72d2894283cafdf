package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/openirsa/openirsa/bench/servers"
)

// readyWithin bounds how long a contestant may take to be ready.
const readyWithin = 2 * time.Minute

// contestant is a webhook to run.
type contestant struct {
	name, binary string
	arguments    []string // before the flags
	ours         bool     // it says on its metrics port that it is ready; the peer's health says nothing of what it knows
}

// certificatePair are the files that the contestants serve with.
type certificatePair struct {
	certificate       []byte // PEM
	certFile, keyFile string
}

// start runs the contestant against the API server and waits until it is ready: ours says so, the peer is once it injects a pod of the account that was
// listed last. (Ours would inject that one before it has the list, by a read.)
func (c contestant) start(ctx context.Context, cluster *apiServer, pair certificatePair) (*servers.Server, error) {
	address, err := servers.FreeAddress()
	if err != nil {
		return nil, err
	}
	metrics, err := servers.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	_, metricsPort, _ := net.SplitHostPort(metrics)
	began := time.Now()
	server, _, err := servers.Launch(c.name, c.binary, nil, false, append(c.arguments, "--in-cluster=false", "--kube-api="+cluster.URL,
		"--tls-cert="+pair.certFile, "--tls-key="+pair.keyFile, "--port="+port, "--metrics-port="+metricsPort)...)
	if err != nil {
		return nil, err
	}
	server.Address = "127.0.0.1:" + port
	request := probe{http.MethodGet, "http://127.0.0.1:" + metricsPort + "/readyz", nil, ""}
	if !c.ours {
		last, err := json.Marshal(review(0, len(cluster.accounts)-1, 1))
		if err != nil {
			return nil, server.Fail(err)
		}
		request = probe{http.MethodPost, "https://127.0.0.1:" + port + "/mutate", last, `"patch":"`}
	}
	if err := awaitReady(ctx, request); err != nil {
		return nil, server.Fail(fmt.Errorf("starting %s: %w", c.name, err))
	}
	server.Ready = time.Since(began)
	return server, nil
}

// probe is a request that is repeated until its answer holds a text.
type probe struct {
	method, url string
	body        []byte
	want        string
}

func awaitReady(ctx context.Context, p probe) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // whether it answers, not who it is; the load verifies
	}}
	for {
		request, err := http.NewRequestWithContext(ctx, p.method, p.url, bytes.NewReader(p.body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err == nil {
			answer, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err == nil && response.StatusCode == http.StatusOK && bytes.Contains(answer, []byte(p.want)) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer 200 with %q within %s", p.url, p.want, readyWithin)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// writeCertificate makes a certificate for localhost that signs itself.
func writeCertificate(folder string) (certificatePair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificatePair{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return certificatePair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificatePair{}, err
	}
	pair := certificatePair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		certFile:    filepath.Join(folder, "tls.crt"), keyFile: filepath.Join(folder, "tls.key"),
	}
	if err := os.WriteFile(pair.certFile, pair.certificate, 0o600); err != nil {
		return certificatePair{}, err
	}
	return pair, os.WriteFile(pair.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
}
