package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openirsa/openirsa/certificate"
)

// stubCluster lists one annotated account, watches it in silence, and knows no other.
func stubCluster(t *testing.T) string {
	const account = `{"metadata":{"name":"cart","namespace":"shop","resourceVersion":"6","creationTimestamp":"2026-11-28T12:00:00Z",` +
		`"annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/cart"}}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/api/v1/serviceaccounts" && r.URL.Query().Get("watch") == "true":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case r.URL.Path == "/api/v1/serviceaccounts":
			fmt.Fprintf(w, `{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[%s]}`, account)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// runningWebhook is `irsa webhook` in this process.
type runningWebhook struct {
	ops, hook string
	lines     chan map[string]any // of the log
	exit      chan int
}

func startWebhook(t *testing.T, arguments ...string) *runningWebhook {
	t.Helper()
	read, write := io.Pipe()
	r := &runningWebhook{lines: make(chan map[string]any, 1000), exit: make(chan int, 1)}
	go func() {
		defer close(r.lines)
		for scanner := bufio.NewScanner(read); scanner.Scan(); {
			var line map[string]any
			if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
				line = map[string]any{"msg": "not JSON: " + scanner.Text()}
			}
			r.lines <- line
		}
	}()
	arguments = append([]string{"webhook", "--bind-address", "127.0.0.1", "--port", "0", "--metrics-port", "0", "--in-cluster=false"}, arguments...)
	env := environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: write, getenv: func(string) string { return "" }}
	go func() {
		r.exit <- run(arguments, env)
		write.Close()
	}()
	line := r.logged(t, "listening")
	r.ops, r.hook = "http://"+line["ops"].(string), "https://"+line["webhook"].(string)
	return r
}

// logged reads the log until a message.
func (r *runningWebhook) logged(t *testing.T, message string) map[string]any {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line, open := <-r.lines:
			if !open {
				t.Fatalf("the log ended before %q", message)
			}
			if line["msg"] == message {
				return line
			}
		case <-deadline:
			t.Fatalf("the log did not say %q within 20 s", message)
		}
	}
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

// servingPair writes a pair into a folder and returns its files and a client that trusts it.
func servingPair(t *testing.T) (cert, key string, client *http.Client) {
	t.Helper()
	a, err := certificate.NewAuthority(time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := a.Issue([]string{"127.0.0.1"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(issued.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	for path, content := range map[string][]byte{cert: certificate.Bundle(issued.Leaf), key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.Bundle())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return cert, key, &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// review is an AdmissionReview of a pod of the account cart.
func admissionReview(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	const body = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","kind":{"group":"","version":"v1","kind":"Pod"},` +
		`"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"shop","operation":"CREATE","object":` +
		`{"metadata":{"name":"p","namespace":"shop"},"spec":{"serviceAccountName":"cart","containers":[{"name":"app","image":"x"}]}}}}`
	response, err := client.Post(url+"/mutate", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var review struct {
		Response struct {
			UID     string
			Allowed bool
			Patch   []byte
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil || review.Response.UID != "u1" || !review.Response.Allowed {
		t.Fatalf("%+v, %v", review, err)
	}
	return string(review.Response.Patch)
}

// TestWebhook runs the command against a stub of the API server from its start to the end of its drain.
func TestWebhook(t *testing.T) {
	cert, key, client := servingPair(t)
	containers := filepath.Join(t.TempDir(), "containers.json")
	r := startWebhook(t, "--kube-api", stubCluster(t), "--tls-cert", cert, "--tls-key", key, "--drain-delay", "300ms", "--logtostderr", "-v", "4",
		"--vmodule=*=5", "--enable-debugging-handlers", "--watch-container-credentials-config", containers, "--aws-default-region", "eu-central-1")
	until(t, "readiness", func() bool { status, _ := get(t, http.DefaultClient, r.ops+"/readyz"); return status == http.StatusOK })
	if status, body := get(t, client, r.hook+"/healthz"); status != http.StatusOK || body != "ok" {
		t.Errorf("/healthz: %d %s", status, body)
	}
	patch := admissionReview(t, client, r.hook)
	for _, want := range []string{"arn:aws:iam::111122223333:role/cart", "AWS_WEB_IDENTITY_TOKEN_FILE", "eu-central-1"} {
		if !strings.Contains(patch, want) {
			t.Errorf("the patch %s lacks %s", patch, want)
		}
	}
	var metrics string
	until(t, "a watch, which comes after readiness", func() bool {
		_, metrics = get(t, http.DefaultClient, r.ops+"/metrics")
		return strings.Contains(metrics, "openirsa_webhook_watch_away_seconds 0\n")
	})
	for _, want := range []string{`pod_identity_webhook_pod_count{method="sts_web_identity"} 1`, "openirsa_webhook_service_accounts 1\n",
		"openirsa_webhook_certificate_expiry_timestamp_seconds 1.", "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if _, dump := get(t, http.DefaultClient, r.ops+"/debug/alpha/cache"); !strings.Contains(dump, `"serviceAccount":"cart"`) {
		t.Errorf("/debug/alpha/cache: %s", dump)
	}
	if err := os.WriteFile(containers, []byte(`{"identities":[{"namespace":"shop","serviceAccount":"cart"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "container credentials", func() bool {
		return strings.Contains(admissionReview(t, client, r.hook), "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	})

	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, "readiness to fail", func() bool {
		status, _ := get(t, http.DefaultClient, r.ops+"/readyz")
		return status == http.StatusServiceUnavailable
	})
	admissionReview(t, client, r.hook) // still answered
	client.CloseIdleConnections()
	if code := <-r.exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWebhookDebuggingOff expects nothing of what is remembered to be shown unasked, and a stubborn certificate to fail the start.
// TestWebhookLives expects lives to be refused in which not every step of a rotation has its turn: with looks ten seconds apart a version is made, read
// back and used within thirty seconds and the overlap.
func TestWebhookLives(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		authority, overlap, certificate time.Duration
		every                           time.Duration // 0: refused
	}{
		{year, time.Minute, year / 12, 10 * time.Second},
		{year, year/3 - 31*time.Second, year / 12, 10 * time.Second},
		{year, year/3 - 30*time.Second, year / 12, 0},
		{year, -time.Second, year / 12, 0},
		{15 * time.Second, 2 * time.Second, 12 * time.Second, 400 * time.Millisecond},
		{15 * time.Second, 4 * time.Second, 12 * time.Second, 0},
		{9 * time.Second, 0, time.Hour, 0},
		{time.Hour, time.Second, 9 * time.Second, 0},
	} {
		o := &webhookOptions{authorityLifetime: c.authority, authorityOverlap: c.overlap, certificateLifetime: c.certificate}
		err := o.checkLives()
		if (err == nil) != (c.every > 0) || err == nil && o.lookEvery() != c.every {
			t.Errorf("%+v: a look every %s, %v", c, o.lookEvery(), err)
		}
	}
}

func TestWebhookDebuggingOff(t *testing.T) {
	cert, key, _ := servingPair(t)
	r := startWebhook(t, "--kube-api", stubCluster(t), "--tls-cert", cert, "--tls-key", key, "--drain-delay", "0s")
	if status, _ := get(t, http.DefaultClient, r.ops+"/debug/alpha/cache"); status != http.StatusNotFound {
		t.Errorf("/debug/alpha/cache: %d", status)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := <-r.exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestFollowFile changes a file in place, by rename, by a swap of symbolic links as Kubernetes mounts do, and removes it.
func TestFollowFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	type change struct {
		content string
		failed  bool
	}
	changes := make(chan change, 10)
	go followFile(t.Context(), path, time.Millisecond, func(content []byte, err error) { changes <- change{string(content), err != nil} })
	next := func(want change) {
		t.Helper()
		select {
		case got := <-changes:
			if got != want {
				t.Fatalf("told %+v, want %+v", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("not told %+v within 20 s", want)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	next(change{}) // there is none
	must(os.Mkdir(path, 0o700))
	next(change{failed: true})
	must(os.Remove(path))
	next(change{})
	for i, content := range []string{"a", "b"} { // the same length and, perhaps, the same time
		target := filepath.Join(folder, fmt.Sprint("target", i))
		must(os.WriteFile(target, []byte(content), 0o600))
		must(os.Symlink(target, filepath.Join(folder, "next")))
		must(os.Rename(filepath.Join(folder, "next"), path))
		next(change{content: content})
	}
	must(os.WriteFile(filepath.Join(folder, "plain"), []byte("c"), 0o600))
	must(os.Rename(filepath.Join(folder, "plain"), path))
	next(change{content: "c"})
	must(os.Remove(path))
	next(change{})
	must(os.WriteFile(filepath.Join(folder, "huge"), bytes.Repeat([]byte("x"), maxFollowedFile+1), 0o600))
	must(os.Rename(filepath.Join(folder, "huge"), path))
	next(change{failed: true})
}

// TestHeadroom: what may be left behind is the same whatever is held, within the collector's sensible targets.
func TestHeadroom(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 1000, 1 << 20: 1000, 4 << 20: 400, headroom: 100, 10 * headroom: 100} {
		if got := headroomPercent(live); got != want {
			t.Errorf("with %d bytes held: %d, want %d", live, got, want)
		}
	}
}

// TestWebhookStreams reads from a connection's first frame (RFC 9113, section 6.5) what one client may have open, and send before it is read.
func TestWebhookStreams(t *testing.T) {
	cert, key, client := servingPair(t)
	r := startWebhook(t, "--kube-api", stubCluster(t), "--tls-cert", cert, "--tls-key", key, "--drain-delay", "0s")
	config := client.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"h2"}
	connection, err := tls.Dial("tcp", strings.TrimPrefix(r.hook, "https://"), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 9)
	if _, err := io.ReadFull(connection, head); err != nil || head[3] != 4 {
		t.Fatalf("the first frame begins with % x: %v", head, err)
	}
	settings := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	if _, err := io.ReadFull(connection, settings); err != nil {
		t.Fatal(err)
	}
	found := map[uint16]uint32{}
	for ; len(settings) >= 6; settings = settings[6:] {
		found[binary.BigEndian.Uint16(settings)] = binary.BigEndian.Uint32(settings[2:])
	}
	if found[3] != 100 || found[4] != 64<<10 { // SETTINGS_MAX_CONCURRENT_STREAMS, SETTINGS_INITIAL_WINDOW_SIZE
		t.Errorf("settings %v", found)
	}
	connection.Close()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := <-r.exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
