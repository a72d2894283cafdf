package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/cloud"
)

// BenchmarkDemo is the whole walk, as `irsa demo` runs it in a process that has started.
func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		var out, errOut bytes.Buffer
		env := environment{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errOut, getenv: func(string) string { return "" }}
		if code := run([]string{"demo"}, env); code != 0 {
			b.Fatalf("exit %d\n%s%s", code, out.String(), errOut.String())
		}
	}
}

// BenchmarkStart opens and closes a plane: on a folder of its own, which costs an RSA key and the first records, and on one that has
// been used.
func BenchmarkStart(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			closePlane(b, openBenchmarkPlane(b, b.TempDir()))
		}
	})
	b.Run("again", func(b *testing.B) {
		directory := b.TempDir()
		closePlane(b, openBenchmarkPlane(b, directory))
		for b.Loop() {
			closePlane(b, openBenchmarkPlane(b, directory))
		}
	})
}

// BenchmarkSimulate is `irsa simulate` in a process that has started: with nothing to do, and with one case, which asks the Service
// Authorization Reference of one action. awsmodel's BenchmarkWhole is what decoding all of that would cost.
func BenchmarkSimulate(b *testing.B) {
	const one = `{"request":{"principal":"arn:aws:iam::123456789012:user/Alice","action":"s3:ListAllMyBuckets","resource":"*"},
"policies":{"identity":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}}}`
	for _, c := range []struct{ name, input, want string }{{"nothing", "", ""}, {"one", strings.ReplaceAll(one, "\n", ""), `"Allowed"`}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if err := simulate(strings.NewReader(c.input), &out, false); err != nil || !strings.Contains(out.String(), c.want) {
					b.Fatalf("%v\n%s", err, out.String())
				}
			}
		})
	}
}

// BenchmarkExchange is AssumeRoleWithWebIdentity over HTTP on loopback, the trail on, with as many connections as GOMAXPROCS times
// 8. It is here to be profiled (-cpuprofile): the profile holds the client too. bench/exchange measures the built binary.
func BenchmarkExchange(b *testing.B) {
	p := openBenchmarkPlane(b, b.TempDir())
	defer closePlane(b, p)
	server := httptest.NewServer(p.aws)
	defer server.Close()
	role := benchmarkRole(b, p, server.URL)
	for _, distinct := range []int{1, 1000} {
		requests := exchanges(b, p, role, distinct)
		b.Run(fmt.Sprintf("tokens=%d", distinct), func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				connection, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer connection.Close()
				reader := bufio.NewReader(connection)
				for i := 0; pb.Next(); i++ {
					if err := roundTrip(connection, reader, requests[i%distinct]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// benchmarkRole makes a role that one service account of the embedded issuer may assume, and returns its ARN.
func benchmarkRole(b *testing.B, p *plane, endpoint string) string {
	b.Helper()
	admin, err := cloud.New(b.Context(), cloud.Config{Endpoint: endpoint, Region: "us-east-1", MaxAttempts: 1,
		Credentials: cloud.Credentials{AccessKeyID: p.root.ID, SecretAccessKey: p.root.Secret}})
	if err != nil {
		b.Fatal(err)
	}
	provider := strings.TrimPrefix(p.settings.IssuerURL, "https://")
	role, err := admin.CreateRole(b.Context(), "app", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Federated":"arn:aws:iam::%[1]s:oidc-provider/%[2]s"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"%[2]s:aud":"sts.amazonaws.com","%[2]s:sub":"system:serviceaccount:shop:app"}}}]}`, p.settings.Account, provider))
	if err != nil {
		b.Fatal(err)
	}
	return role
}

// exchanges are whole HTTP requests for the role, each with a token of its own.
func exchanges(b *testing.B, p *plane, role string, count int) [][]byte {
	b.Helper()
	requests := make([][]byte, count)
	for i := range requests {
		answer, err := p.mint(b.Context(), tokenRequest{Namespace: "shop", ServiceAccount: "app", Pod: fmt.Sprint("app-", i),
			Audiences: []string{"sts.amazonaws.com"}, ExpiresIn: time.Hour}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {"bench"},
			"WebIdentityToken": {answer.Token}}.Encode()
		requests[i] = fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
			"Content-Length: %d\r\n\r\n%s", len(form), form)
	}
	return requests
}

func roundTrip(connection net.Conn, reader *bufio.Reader, request []byte) error {
	if _, err := connection.Write(request); err != nil {
		return err
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return err
}

func openBenchmarkPlane(b *testing.B, directory string) *plane {
	b.Helper()
	p, err := openPlane(b.Context(), planeConfig{State: stateConfig{Folder: folder(directory)}, Region: "us-east-1",
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func closePlane(b *testing.B, p *plane) {
	b.Helper()
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
}
