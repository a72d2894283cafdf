package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// TestErrorTable produces every row of AssumeRoleWithWebIdentity's error table that this plane can produce and compares code,
// status and message with what AWS answers. docs/compatibility.md lists the rows that it cannot produce.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := claims(issuerA, "shop", "app")
	token := w.keyA.token(t, good)
	expired := with(good, map[string]any{"iat": time.Now().Add(-2 * time.Hour).Unix(), "nbf": nil, "exp": time.Now().Add(-time.Hour).Unix()})
	change := func(f func(*sts.AssumeRoleWithWebIdentityInput)) func(*sts.AssumeRoleWithWebIdentityInput) { return f }
	cases := []struct {
		name, token string
		change      func(*sts.AssumeRoleWithWebIdentityInput)
		status      int
		code        string
		message     string // exact, unless it begins with ^: then a regular expression
	}{
		{"missing claim", w.keyA.token(t, with(good, map[string]any{"aud": nil})), nil, 400, "InvalidIdentityToken", "Missing a required claim: aud"},
		{"issuer not registered", w.keyA.token(t, with(good, map[string]any{"iss": "https://elsewhere.example.com"})), nil, 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://elsewhere.example.com"},
		{"account that does not exist", token, role("arn:aws:iam::999999999999:role/long"), 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for " + issuerA},
		{"audience", w.keyA.token(t, with(good, map[string]any{"aud": "other"})), nil, 400, "InvalidIdentityToken", "Incorrect token audience"},
		{"several audiences", w.keyA.token(t, with(good, map[string]any{"aud": []string{"sts.amazonaws.com", "other"}})), nil, 400, "InvalidIdentityToken", "Token audience contains more than one audience while authorized party is not present"},
		{"key absent", sign(t, w.keyA, map[string]any{"alg": "RS256", "kid": "absent"}, good, nil), nil, 400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"},
		{"expired", w.keyA.token(t, expired), nil, 400, "ExpiredTokenException", `^Token expired: current date/time \d+ must be before the expiration date/time ?\d+$`},
		{"trust policy", w.keyA.token(t, claims(issuerA, "other", "app")), nil, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"no such role", token, role("arn:aws:iam::" + w.account + ":role/nobody"), 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"session policy that is no policy", token, change(func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy = aws.String(`{"Statement": 7}`) }), 400, "MalformedPolicyDocument", ""},
		{"session name", token, change(func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String("Session1:2") }), 400, "ValidationError",
			`1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"role ARN", token, role("arn:aws:iam::role/nothing-like-it"), 400, "ValidationError", "^.*is invalid$"},
		{"duration over the role's maximum", token, change(func(in *sts.AssumeRoleWithWebIdentityInput) { role(w.shortARN)(in); duration(7200)(in) }), 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var changes []func(*sts.AssumeRoleWithWebIdentityInput)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			_, err := w.exchange(t, c.token, changes...)
			wantExactly(t, err, c.status, c.code, c.message)
			w.wantExplained(t, answerOf(err).requestID)
		})
	}
	t.Run("session policies too large", w.testPackedPolicyTooLarge)
	t.Run("role chaining beyond an hour", w.testChaining)
}

// wantExactly compares message exactly, or as a regular expression when it begins with ^.
func wantExactly(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	want(t, err, status, code, "")
	got := answerOf(err).message
	if strings.HasPrefix(message, "^") {
		if !regexp.MustCompile(message).MatchString(got) {
			t.Errorf("message %q, want it to match %s", got, message)
		}
	} else if message != "" && got != message {
		t.Errorf("message %q\nwant    %q", got, message)
	}
}

// wantExplained resolves the request id with `irsa events`, as an operator would: by the API and from the folder.
func (p *plane) wantExplained(t *testing.T, requestID string) {
	t.Helper()
	for _, way := range []struct {
		environment []string
		arguments   []string
	}{
		{p.asAdmin(), nil},
		{nil, []string{"--data", p.folder}},
	} {
		out, errOut, code := irsa(t, way.environment, nil, append([]string{"events", "--request", requestID, "--output", "json"}, way.arguments...)...)
		if code != 0 {
			t.Errorf("irsa events: exit %d\n%s%s", code, out, errOut)
			continue
		}
		var found struct {
			Events []struct {
				RequestID   string          `json:"requestID"`
				ErrorCode   string          `json:"errorCode"`
				Explanation string          `json:"explanation"`
				Decision    json.RawMessage `json:"decision"`
			} `json:"events"`
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil || len(found.Events) == 0 {
			t.Errorf("irsa events said %q (%v)", out, err)
			continue
		}
		last := found.Events[0]
		if last.RequestID != requestID || last.ErrorCode == "" ||
			last.Explanation == "" && len(last.Decision) == 0 && last.ErrorCode != "ValidationError" { // whose message says it all
			t.Errorf("the event explains nothing: %s", out)
		}
	}
}

func (w *world) testPackedPolicyTooLarge(t *testing.T) {
	noise := func(n int) string {
		b := make([]byte, n/2)
		rand.Read(b)
		return hex.EncodeToString(b)
	}
	admin := w.adminSDK(t)
	var arns []types.PolicyDescriptorType
	for range 10 {
		out, err := admin.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
			PolicyName: aws.String("p" + noise(100)), Path: aws.String("/" + noise(480) + "/"), PolicyDocument: aws.String(readWrite("shop", ""))})
		if err != nil {
			t.Fatal(err)
		}
		arns = append(arns, types.PolicyDescriptorType{Arn: out.Policy.Arn})
	}
	_, err := w.exchange(t, w.keyA.token(t, claims(issuerA, "shop", "app")), func(in *sts.AssumeRoleWithWebIdentityInput) { in.PolicyArns = arns })
	want(t, err, 400, "PackedPolicyTooLarge", "")
}

func (w *world) testChaining(t *testing.T) {
	admin := w.adminSDK(t)
	next := admin.role(t, "next", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`, w.roleARN), "")
	out, err := w.exchange(t, w.keyA.token(t, claims(issuerA, "shop", "app")))
	if err != nil {
		t.Fatal(err)
	}
	session := newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(aws.ToString(out.Credentials.AccessKeyId), aws.ToString(out.Credentials.SecretAccessKey), aws.ToString(out.Credentials.SessionToken)))
	assume := func(seconds int32) error {
		_, err := session.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &next, RoleSessionName: aws.String("chained"), DurationSeconds: &seconds})
		return err
	}
	wantExactly(t, assume(3601), 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	if err := assume(3600); err != nil {
		t.Errorf("the trust policy names the role, yet: %v", err)
	}
}

// TestFetchedKeys lets the plane fetch an issuer's keys over TLS, counts what it fetches, and takes the issuer away.
func TestFetchedKeys(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "fetched")
	var fetches atomic.Int64
	var issuer string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		switch r.URL.Path {
		case "/tenant/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`, issuer, issuer+"/keys")
		case "/tenant/keys":
			fmt.Fprint(w, jwks(t, key))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	issuer = server.URL + "/tenant"
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("fenced by default", func(t *testing.T) {
		p := startWith(t, []string{"SSL_CERT_FILE=" + authority}, t.TempDir())
		want(t, fetchedExchange(t, p, issuer, key.token(t, claims(issuer, "shop", "app"))), 400, "", "")
		if fetches.Load() != 0 {
			t.Errorf("%d requests reached a loopback issuer that nobody allowed", fetches.Load())
		}
	})
	p := startWith(t, []string{"SSL_CERT_FILE=" + authority}, t.TempDir(), "--allow-issuer", "127.0.0.0/8")
	good := claims(issuer, "shop", "app")
	before := time.Now()
	expired := with(good, map[string]any{"exp": before.Add(-time.Hour).Unix(), "iat": before.Add(-2 * time.Hour).Unix(), "nbf": nil})
	want(t, fetchedExchange(t, p, issuer, key.token(t, expired)), 400, "ExpiredTokenException", "")
	want(t, fetchedExchange(t, p, issuer, key.token(t, with(good, map[string]any{"nbf": before.Add(time.Hour).Unix()}))), 400, "InvalidIdentityToken", "")
	want(t, fetchedExchange(t, p, issuer, key.token(t, with(good, map[string]any{"iat": before.Add(time.Hour).Unix()}))), 400, "InvalidIdentityToken", "")
	if fetches.Load() != 0 {
		t.Errorf("expired and premature tokens cost %d fetches", fetches.Load())
	}
	if err := fetchedExchange(t, p, issuer, key.token(t, good)); err != nil {
		t.Fatal(err)
	}
	once := fetches.Load()
	if once != 2 {
		t.Errorf("the first exchange cost %d requests, want 2 (discovery and keys)", once)
	}
	for range 5 {
		want(t, fetchedExchange(t, p, issuer, sign(t, key, map[string]any{"alg": "RS256", "kid": "unknown"}, good, nil)), 400, "InvalidIdentityToken",
			"Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
		want(t, fetchedExchange(t, p, issuer, newSigner(t, "fetched").token(t, good)), 400, "InvalidIdentityToken", "")
	}
	if more := fetches.Load() - once; more > 2 {
		t.Errorf("five unknown key ids and five bad signatures cost %d requests, want at most one refetch", more)
	}
	server.Close()
	if err := fetchedExchange(t, p, issuer, key.token(t, claims(issuer, "shop", "app"))); err != nil {
		t.Errorf("the issuer is away and its keys are fresh, yet: %v", err)
	}
	unreachable := claims("https://127.0.0.1:1/tenant", "shop", "app")
	want(t, fetchedExchange(t, p, "https://127.0.0.1:1/tenant", key.token(t, unreachable)), 400, "IDPCommunicationError", "")
}

// fetchedExchange registers issuer without inline keys, once, with a role that trusts it, and exchanges token.
func fetchedExchange(t *testing.T, p *plane, issuer, token string) error {
	t.Helper()
	admin := p.adminSDK(t)
	name := "fetched-" + regexp.MustCompile(`[^a-z0-9]`).ReplaceAllString(issuer, "-")
	arn := "arn:aws:iam::" + p.account + ":role/" + name
	if _, err := admin.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name}); err != nil {
		if _, err := admin.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: []string{"sts.amazonaws.com"}}); err != nil {
			t.Fatal(err)
		}
		admin.role(t, name, trustOf(p.account, issuer, "shop", "app"), "")
	}
	_, err := p.anonymousSDK(t).sts.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &arn, RoleSessionName: aws.String("fetched"), WebIdentityToken: &token})
	return err
}
