package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestKill kills the plane during 200 IAM writes, 20 times over: every write that it acknowledged is there after a restart.
func TestKill(t *testing.T) {
	t.Parallel()
	const rounds, writes, writers = 20, 200, 8
	acknowledgedAtAll := 0
	for round := range rounds {
		folder := t.TempDir()
		p := start(t, folder)
		admin := p.adminSDK(t)
		// Each round lets another number of writes through before the kill; the rest are in flight or refused.
		after := 5 + round*(writes-10)/rounds
		var mutex sync.Mutex
		var acknowledged []string
		reached := make(chan struct{})
		names := make(chan string)
		var group sync.WaitGroup
		for range writers {
			group.Go(func() {
				for name := range names {
					_, err := admin.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(p.trust("shop", name))})
					if err != nil {
						continue // the plane is gone
					}
					mutex.Lock()
					acknowledged = append(acknowledged, name)
					if len(acknowledged) == after {
						close(reached)
					}
					mutex.Unlock()
				}
			})
		}
		group.Go(func() {
			<-reached
			p.kill(t)
		})
		for i := range writes {
			names <- fmt.Sprintf("role-%03d", i)
		}
		close(names)
		group.Wait()
		acknowledgedAtAll += len(acknowledged)

		p = start(t, folder)
		kept := map[string]bool{}
		// The SDK sometimes closes a connection under a large answer that it is reading, whoever the server is, and then tries again.
		patient := iam.New(p.adminSDK(t).iam.Options(), func(o *iam.Options) { o.Retryer = retry.AddWithMaxAttempts(retry.NewStandard(), 10) })
		pages := iam.NewListRolesPaginator(patient, &iam.ListRolesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			for _, role := range page.Roles {
				kept[aws.ToString(role.RoleName)] = true
			}
		}
		for _, name := range acknowledged {
			if !kept[name] {
				t.Errorf("round %d: %s was acknowledged and is lost", round, name)
			}
		}
		p.stop(t)
	}
	t.Logf("%d acknowledged writes survived %d kills", acknowledgedAtAll, rounds)
}

// TestRestart goes on with the state that the folder has: roles, root key, issuer, sessions.
func TestRestart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := start(t, folder)
	arn := p.adminSDK(t).role(t, "app", p.trust("shop", "app"), readWrite("shop", ""))
	pod := p.podSDK(t, arn, p.token(t, "shop", "app"))
	session, err := pod.config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := *p
	if _, errOut, code := irsa(t, nil, nil, "up", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", folder); code != 2 || !strings.Contains(errOut, "error: ") || !strings.Contains(errOut, "hint: ") {
		t.Errorf("a second plane on the same folder: exit %d\n%s", code, errOut)
	}
	p.stop(t)

	// The issuer's key is in the folder, so a token can be had while no plane runs.
	offline := p.token(t, "shop", "app")
	if _, err := os.Stat(folder + "/admin.sock"); !os.IsNotExist(err) {
		t.Errorf("admin.sock outlives its plane: %v", err)
	}
	p = start(t, folder)
	if p.issuer != first.issuer || p.admin["AWS_SECRET_ACCESS_KEY"] != first.admin["AWS_SECRET_ACCESS_KEY"] {
		t.Error("issuer or root key changed over a restart")
	}
	if _, err := p.podSDK(t, arn, offline).sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Error(err)
	}
	old := newSDK(t, p.endpoint, aws.CredentialsProviderFunc(pod.config.Credentials.Retrieve))
	if _, err := old.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("the session %s died with the process: %v", session.AccessKeyID, err)
	}
	// A recreated role is another role.
	admin := p.adminSDK(t)
	if _, err := admin.iam.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("app"), PolicyName: aws.String("permissions")}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	admin.role(t, "app", p.trust("shop", "app"), readWrite("shop", ""))
	_, err = old.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	want(t, err, 403, "InvalidClientTokenId", "")

	for _, flags := range [][]string{{"--account", "111111111111"}, {"--issuer-url", "https://other.example.com/id/abcdef"}} {
		p.stopIfRunning(t)
		_, errOut, code := irsa(t, nil, nil, append([]string{"up", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", folder}, flags...)...)
		if code != 2 || !strings.Contains(errOut, "hint: ") {
			t.Errorf("up %v on a folder that has another: exit %d\n%s", flags, code, errOut)
		}
	}
}

func (p *plane) stopIfRunning(t testing.TB) {
	t.Helper()
	if p.command.ProcessState == nil {
		p.stop(t)
	}
}

// TestIssuerDocuments reads discovery and keys where the provider's URL says they are.
func TestIssuerDocuments(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	path := p.issuer[strings.Index(p.issuer, "/id/"):]
	for _, document := range []string{"/.well-known/openid-configuration", "/openid/v1/jwks"} {
		response, err := http.Get(p.endpoint + path + document)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 || !strings.Contains(response.Header.Get("Content-Type"), "json") {
			t.Errorf("%s: %s %s", document, response.Status, response.Header.Get("Content-Type"))
		}
	}
	for _, other := range []string{path, path + "/", path + "/openid/v1/jwks/more", "/id/0000/openid/v1/jwks"} {
		response, err := http.Get(p.endpoint + other)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 || response.StatusCode >= 500 {
			t.Errorf("GET %s: %s", other, response.Status)
		}
	}
	metrics, err := http.Get(p.ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	metrics.Body.Close()
	if metrics.StatusCode != 200 {
		t.Errorf("/metrics: %s", metrics.Status)
	}
}

// TestDemo runs the walk twice: it succeeds, fits 100 columns, has no colour codes in a pipe, and tells the same story both times.
func TestDemo(t *testing.T) {
	t.Parallel()
	var stories []string
	for range 2 {
		began := time.Now()
		out, errOut, code := irsa(t, nil, nil, "demo")
		if code != 0 {
			t.Fatalf("exit %d\n%s%s", code, out, errOut)
		}
		t.Logf("took %v", time.Since(began).Round(time.Millisecond))
		for i, line := range strings.Split(out, "\n") {
			if utf8.RuneCountInString(line) > 100 {
				t.Errorf("line %d has %d columns: %s", i+1, utf8.RuneCountInString(line), line)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Error("escape codes in a pipe")
		}
		for _, says := range []string{
			"Not authorized to perform sts:AssumeRoleWithWebIdentity", "Incorrect token audience", "No OpenIDConnect provider found in your account for",
			"Token expired: current date/time", "is not authorized to perform: s3:", "InvalidIdentityToken", "AccessDenied", "ExpiredTokenException", "^",
		} {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), says) { // it may be wrapped
				t.Errorf("the demo does not show %q", says)
			}
		}
		// What differs from run to run: times, ports, ids, keys.
		story := regexp.MustCompile(`key "[\w-]+"|\d+(\.\d+)? ?(ms|s)\b|\d+|[0-9a-f]{8,}|(AROA|ASIA|AKIA)\w*|[0-9a-f]+-[0-9a-f-]+`).ReplaceAllString(out, "#")
		stories = append(stories, regexp.MustCompile(`[# a-f]+`).ReplaceAllString(story, "#"))
	}
	if stories[0] != stories[1] {
		a, b := strings.Split(stories[0], "\n"), strings.Split(stories[1], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("the demo tells two stories, first at line %d:\n%s\n%s", i+1, a[i], b[i])
				break
			}
		}
	}
	if out, _, code := irsa(t, nil, nil, "demo", "--help"); code != 0 || !strings.Contains(out, "Examples:") {
		t.Errorf("demo --help: exit %d\n%s", code, out)
	}
}

// TestTokenClaims looks into a minted token: what kube-apiserver would have put there, and the flags.
func TestTokenClaims(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	payload := tokenPayload(t, p.token(t, "shop", "app", "--pod", "app-7c9d", "--audience", "one", "--audience", "two", "--expires-in", "10m"))
	kubernetes, _ := payload["kubernetes.io"].(map[string]any)
	account, _ := kubernetes["serviceaccount"].(map[string]any)
	pod, _ := kubernetes["pod"].(map[string]any)
	if payload["sub"] != "system:serviceaccount:shop:app" || payload["iss"] != p.issuer || kubernetes["namespace"] != "shop" ||
		account["name"] != "app" || account["uid"] == "" || pod["name"] != "app-7c9d" || pod["uid"] == "" || payload["jti"] == "" {
		t.Errorf("the claims are %v", payload)
	}
	audiences, _ := payload["aud"].([]any)
	if !slices.Equal(audiences, []any{"one", "two"}) {
		t.Errorf("aud is %v", payload["aud"])
	}
	if lifetime := payload["exp"].(float64) - payload["iat"].(float64); lifetime != 600 {
		t.Errorf("it lives %v s", lifetime)
	}
	expired := tokenPayload(t, p.token(t, "shop", "app", "--expires-in", "-1h"))
	if exp := int64(expired["exp"].(float64)); exp >= time.Now().Unix() || expired["iat"].(float64) > expired["exp"].(float64) {
		t.Errorf("an expired token has iat %v and exp %v", expired["iat"], expired["exp"])
	}
	for _, bad := range [][]string{{"--namespace", "Shop", "--service-account", "app"}, {"--namespace", "shop"}, {"--namespace", "shop", "--service-account", "a:b"}, {"--namespace", "shop", "--service-account", "app", "--expires-in", "soon"}} {
		_, errOut, code := irsa(t, nil, nil, append([]string{"token", "--data", p.folder}, bad...)...)
		if code != 2 || !strings.HasPrefix(errOut, "error: ") {
			t.Errorf("token %v: exit %d\n%s", bad, code, errOut)
		}
	}
}
