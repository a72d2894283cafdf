package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// TestFront shows every shape of request to the door that it must go to.
func TestFront(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	signed := func(service string) func(*http.Request) {
		return func(r *http.Request) {
			request := &sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, PayloadHash: "UNSIGNED-PAYLOAD"}
			if err := sigv4.Sign(request, sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, "eu-west-1", service, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	cases := []struct {
		method, target string
		change         []func(*http.Request)
		door, region   string
	}{
		{"POST", "/", []func(*http.Request){signed("sts")}, "api", "eu-west-1"},
		{"POST", "/", []func(*http.Request){signed("iam")}, "api", "eu-west-1"},
		{"POST", "/", []func(*http.Request){signed("openirsa")}, "api", "eu-west-1"},
		{"POST", "/", []func(*http.Request){signed("cloudtrail")}, "api", "eu-west-1"},
		{"GET", "/clusters/prod", []func(*http.Request){signed("eks")}, "api", "eu-west-1"},
		{"GET", "/clusters/prod/node-groups/workers", []func(*http.Request){signed("eks")}, "gateway", "eu-west-1"},
		{"POST", "/", []func(*http.Request){signed("eks")}, "api", "eu-west-1"},
		{"GET", "/clusters/prod", []func(*http.Request){signed("s3")}, "gateway", "eu-west-1"},
		{"GET", "/clusters/prod", nil, "gateway", "us-east-1"},
		{"GET", "/bucket/key", []func(*http.Request){signed("s3")}, "gateway", "eu-west-1"},
		{"POST", "/", []func(*http.Request){header("Content-Type", form), signed("s3")}, "gateway", "eu-west-1"},
		{"POST", "/", []func(*http.Request){header("Content-Type", form), signed("ec2")}, "gateway", "eu-west-1"},
		{"GET", "/?Action=ListUsers&Version=2010-05-08", []func(*http.Request){signed("ec2")}, "api", "eu-west-1"},
		{"GET", "/?Action=GetCallerIdentity&Version=2011-06-15", []func(*http.Request){signed("s3")}, "api", "eu-west-1"},
		{"GET", "/?Action=DescribeInstances&Version=2016-11-15", []func(*http.Request){signed("ec2")}, "gateway", "eu-west-1"},
		{"GET", "/bucket?Action=ListUsers&Version=2010-05-08", []func(*http.Request){signed("s3")}, "gateway", "eu-west-1"},
		{"POST", "/", []func(*http.Request){header("Content-Type", form)}, "api", "us-east-1"},
		{"POST", "/", []func(*http.Request){header("X-Amz-Target", "OpenIRSA.CreateAccount")}, "api", "us-east-1"},
		{"GET", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15", nil, "api", "us-east-1"},
		{"GET", "/", nil, "gateway", "us-east-1"},
		{"POST", "/", []func(*http.Request){header("Content-Type", form), host("sts.eu-west-3.amazonaws.com")}, "api", "eu-west-3"},
		{"POST", "/", []func(*http.Request){host("sts.eu-west-3.amazonaws.com"), signed("sts")}, "api", "eu-west-1"},
		{"GET", "/bucket?Action=x", nil, "gateway", "us-east-1"},
		{"PUT", "/bucket/key", []func(*http.Request){header("Content-Type", form)}, "gateway", "us-east-1"},
		{"GET", "/id/abc/openid/v1/jwks", nil, "documents", ""},
		{"HEAD", "/id/abc/.well-known/openid-configuration", nil, "documents", ""},
		{"POST", "/id/abc/openid/v1/jwks", nil, "gateway", "us-east-1"},
		{"GET", "/id/abcd/openid/v1/jwks", nil, "gateway", "us-east-1"},
		{"GET", "/id/abc", nil, "gateway", "us-east-1"},
	}
	for _, c := range cases {
		var door string
		var region string
		answer := func(name string) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				door, region = name, originOf(r).Region
				if name != "documents" && (originOf(r).RequestID == "" || originOf(r).SourceIP != "192.0.2.1" || originOf(r).Time.IsZero()) {
					t.Errorf("%s %s: origin %+v", c.method, c.target, originOf(r))
				}
			})
		}
		f := &front{api: answer("api"), gateway: answer("gateway"), documents: answer("documents"), documentsPath: "/id/abc", region: "us-east-1", now: time.Now,
			hasCluster: func(method, path string) bool { return method == "GET" && path == "/clusters/prod" }}
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Header.Set("X-Forwarded-For", "127.0.0.1") // no proxy is trusted
		for _, change := range c.change {
			change(r)
		}
		f.ServeHTTP(httptest.NewRecorder(), r)
		if door != c.door || region != c.region {
			t.Errorf("%s %s went to %q in region %q, want %q in %q", c.method, c.target, door, region, c.door, c.region)
		}
	}
}

// TestReadLine keeps lines apart whatever their length.
func TestReadLine(t *testing.T) {
	const limit = 100
	long := strings.Repeat("x", 5000)
	in := "one\r\n\n" + long + "\ntwo\n" + strings.Repeat("y", limit) + "\nlast"
	reader := bufio.NewReaderSize(strings.NewReader(in), 16)
	want := []struct {
		line string
		long bool
	}{{"one", false}, {"", false}, {"", true}, {"two", false}, {strings.Repeat("y", limit), false}, {"last", false}}
	for i, w := range want {
		line, long, err := readLine(reader, limit)
		if last := i == len(want)-1; last != errors.Is(err, io.EOF) || err != nil && !last {
			t.Fatalf("line %d: %v", i, err)
		}
		if string(line) != w.line || long != w.long {
			t.Errorf("line %d: %q, %v; want %q, %v", i, line, long, w.line, w.long)
		}
	}
}

// TestAdminSocket talks over a socket in a folder whose path is longer than the kernel's field for it, and looks at its mode.
func TestAdminSocket(t *testing.T) {
	f := folder(filepath.Join(t.TempDir(), strings.Repeat("long", 30)))
	if err := f.create(); err != nil {
		t.Fatal(err)
	}
	stale := f.adminSocket()
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := listenAdmin(f)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	info, err := os.Lstat(f.adminSocket())
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("the socket is %v (%v)", info.Mode(), err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Contains(body, []byte(`"namespace":"shop"`)) {
			http.Error(w, "unexpected", http.StatusBadRequest)
			return
		}
		io.WriteString(w, `{"token":"t"}`)
	}))
	answer, err := askRunningPlane(t.Context(), f, tokenRequest{Namespace: "shop", ServiceAccount: "app"})
	if err != nil || answer.Token != "t" {
		t.Errorf("answered %+v, %v", answer, err)
	}
	left, err := filepath.Glob(filepath.Join(string(f), ".socket-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if _, err := askRunningPlane(t.Context(), folder(t.TempDir()), tokenRequest{}); !errors.Is(err, errNoPlane) {
		t.Errorf("without a socket: %v", err)
	}
}
