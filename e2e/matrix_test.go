package e2e

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	issuerA = "https://oidc.example.com/id/AAAA"
	issuerB = "https://oidc.example.com/id/BBBB"
)

// world is a plane with two registered issuers whose keys the test holds, and a role for shop:app of issuer A.
type world struct {
	*plane
	keyA, keyB *signer
	curveA     *signer // issuer A's second key, ECDSA
	roleARN    string  // MaxSessionDuration 12 h
	shortARN   string  // MaxSessionDuration 1 h
	client     *sts.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{plane: start(t, t.TempDir()), keyA: newSigner(t, "key-a"), keyB: newSigner(t, "key-b"), curveA: newECSigner(t, "curve-a")}
	admin := w.adminAccount(t)
	w.provider(t, admin, issuerA, jwks(t, w.keyA, w.curveA), "sts.amazonaws.com")
	w.provider(t, admin, issuerB, jwks(t, w.keyB), "sts.amazonaws.com")
	w.roleARN = admin.sdk.role(t, "long", trustOf(w.account, issuerA, "shop", "app"), "")
	if _, err := admin.sdk.iam.UpdateRole(t.Context(), &iam.UpdateRoleInput{RoleName: aws.String("long"), MaxSessionDuration: aws.Int32(43200)}); err != nil {
		t.Fatal(err)
	}
	w.shortARN = admin.sdk.role(t, "short", trustOf(w.account, issuerA, "shop", "app"), "")
	w.client = w.anonymousSDK(t).sts
	return w
}

// exchange calls AssumeRoleWithWebIdentity for w's long role with changes.
func (w *world) exchange(t *testing.T, token string, changes ...func(*sts.AssumeRoleWithWebIdentityInput)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	t.Helper()
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &w.roleARN, RoleSessionName: aws.String("matrix"), WebIdentityToken: &token}
	for _, change := range changes {
		change(in)
	}
	return w.client.AssumeRoleWithWebIdentity(t.Context(), in)
}

func duration(seconds int32) func(*sts.AssumeRoleWithWebIdentityInput) {
	return func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = &seconds }
}

func role(arn string) func(*sts.AssumeRoleWithWebIdentityInput) {
	return func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleArn = &arn }
}

// TestTokenMatrix tries every token that an exchange must accept or refuse, through the Go SDK.
func TestTokenMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := claims(issuerA, "shop", "app")
	now := time.Now()
	header := func(algorithm, kid string) map[string]any {
		return map[string]any{"alg": algorithm, "kid": kid, "typ": "JWT"}
	}
	goodToken := w.keyA.token(t, good)
	parts := strings.Split(goodToken, ".")
	tampered := []byte(parts[2])
	tampered[20] ^= 1
	otherClaims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"` + issuerA + `"}`))
	impostor := newSigner(t, w.keyA.id)

	const invalid, denied = "InvalidIdentityToken", "AccessDenied"
	cases := []struct {
		name    string
		token   string
		status  int // 0: accept
		code    string
		message string
		change  func(*sts.AssumeRoleWithWebIdentityInput)
	}{
		{name: "good token", token: goodToken},
		{name: "good token of an ECDSA key", token: w.curveA.token(t, good)},
		{name: "ES256 under the RSA key's id", token: sign(t, w.curveA, header("ES256", "key-a"), good, nil), status: 400, code: invalid},
		{name: "aud as a string", token: w.keyA.token(t, with(good, map[string]any{"aud": "sts.amazonaws.com"}))},
		{name: "other namespace", token: w.keyA.token(t, claims(issuerA, "staging", "app")), status: 403, code: denied, message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{name: "other service account", token: w.keyA.token(t, claims(issuerA, "shop", "api")), status: 403, code: denied, message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{name: "wrong aud", token: w.keyA.token(t, with(good, map[string]any{"aud": []string{"kubernetes.default.svc"}})), status: 400, code: invalid, message: "Incorrect token audience"},
		{name: "wrong aud with azp = client id", token: w.keyA.token(t, with(good, map[string]any{"aud": []string{"kubernetes.default.svc"}, "azp": "sts.amazonaws.com"})), status: 400, code: invalid, message: "Incorrect token audience"},
		{name: "wrong iss", token: w.keyA.token(t, with(good, map[string]any{"iss": "https://oidc.example.com/id/CCCC"})), status: 400, code: invalid, message: "No OpenIDConnect provider found in your account for https://oidc.example.com/id/CCCC"},
		{name: "no iss", token: w.keyA.token(t, with(good, map[string]any{"iss": nil})), status: 400, code: invalid, message: "Missing a required claim: iss"},
		{name: "expired", token: w.keyA.token(t, with(good, map[string]any{"iat": now.Add(-2 * time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()})), status: 400, code: "ExpiredTokenException", message: "Token expired: current date/time"},
		{name: "nbf in the future", token: w.keyA.token(t, with(good, map[string]any{"nbf": now.Add(30 * time.Minute).Unix()})), status: 400, code: invalid},
		{name: "iat in the future", token: w.keyA.token(t, with(good, map[string]any{"iat": now.Add(30 * time.Minute).Unix()})), status: 400, code: invalid},
		{name: "no exp", token: w.keyA.token(t, with(good, map[string]any{"exp": nil})), status: 400, code: invalid, message: "Missing a required claim: exp"},
		{name: "no exp but a DurationSeconds", token: w.keyA.token(t, with(good, map[string]any{"exp": nil})), status: 400, code: invalid, change: duration(3600)},
		{name: "no sub", token: w.keyA.token(t, with(good, map[string]any{"sub": nil})), status: 400, code: invalid, message: "Missing a required claim: sub"},
		{name: "no aud", token: w.keyA.token(t, with(good, map[string]any{"aud": nil})), status: 400, code: invalid, message: "Missing a required claim: aud"},
		{name: "other key with the same kid", token: impostor.token(t, good), status: 400, code: invalid},
		{name: "tampered signature", token: parts[0] + "." + parts[1] + "." + string(tampered), status: 400, code: invalid},
		{name: "tampered claims", token: parts[0] + "." + otherClaims + "." + parts[2], status: 400, code: invalid},
		{name: "unknown kid", token: sign(t, w.keyA, header("RS256", "elsewhere"), good, nil), status: 400, code: invalid},
		{name: "no kid", token: sign(t, w.keyA, map[string]any{"alg": "RS256"}, good, nil), status: 400, code: invalid},
		{name: "alg none", token: sign(t, nil, header("none", "key-a"), good, nil), status: 400, code: invalid},
		{name: "alg none without a kid", token: sign(t, nil, map[string]any{"alg": "none"}, good, nil), status: 400, code: invalid},
		{name: "garbage", token: "not.a.token", status: 400, code: invalid},
		{name: "empty", token: "", status: 400, code: "ValidationError"},
		{name: "PS256 with the right key", token: sign(t, w.keyA, header("PS256", "key-a"), good, nil), status: 400, code: invalid},
		{name: "HS256 with kid = client id and an empty secret", token: sign(t, nil, header("HS256", "sts.amazonaws.com"), good, nil), status: 400, code: invalid},
		{name: "HS256 with the public modulus as secret", token: sign(t, nil, header("HS256", "key-a"), good, w.keyA.rsa.N.Bytes()), status: 400, code: invalid},
		{name: "key of issuer A, iss and aud of issuer B", token: w.keyA.token(t, claims(issuerB, "shop", "app")), status: 400, code: invalid},
		{name: "the same with issuer B's kid", token: sign(t, w.keyA, header("RS256", "key-b"), claims(issuerB, "shop", "app"), nil), status: 400, code: invalid},
		{name: "registered issuer that the role does not trust", token: w.keyB.token(t, claims(issuerB, "shop", "app")), status: 403, code: denied},
		{name: "60 s left and DurationSeconds 43200", token: w.keyA.token(t, with(good, map[string]any{"exp": now.Add(time.Minute).Unix()})), change: duration(43200)},
		{name: "the same beyond the role's MaxSessionDuration", token: w.keyA.token(t, with(good, map[string]any{"exp": now.Add(time.Minute).Unix()})), status: 400, code: "ValidationError",
			message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
			change:  func(in *sts.AssumeRoleWithWebIdentityInput) { role(w.shortARN)(in); duration(43200)(in) }},
		{name: "DurationSeconds 31536000", token: goodToken, status: 400, code: "ValidationError", change: duration(31536000)},
		{name: "DurationSeconds 60", token: goodToken, status: 400, code: "ValidationError", change: duration(60)},
		{name: "role that does not exist", token: goodToken, status: 403, code: denied, message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", change: role("arn:aws:iam::" + w.account + ":role/nobody")},
		{name: "role under another path", token: goodToken, status: 403, code: denied, change: role("arn:aws:iam::" + w.account + ":role/team/long")},
		{name: "no RoleArn", token: goodToken, status: 400, code: "ValidationError", change: role("")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var changes []func(*sts.AssumeRoleWithWebIdentityInput)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			out, err := w.exchange(t, c.token, changes...)
			if c.status != 0 {
				want(t, err, c.status, c.code, c.message)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w.wantSession(t, out)
		})
	}
	// What was refused before is still refused once the good token is in every cache.
	for _, c := range cases {
		if c.status != 0 && c.change == nil {
			if _, err := w.exchange(t, c.token); err == nil {
				t.Errorf("%s: accepted the second time", c.name)
			}
		}
	}
}

func (w *world) wantSession(t *testing.T, out *sts.AssumeRoleWithWebIdentityOutput) {
	t.Helper()
	if id := aws.ToString(out.Credentials.AccessKeyId); !strings.HasPrefix(id, "ASIA") || len(id) != 20 {
		t.Errorf("the access key id is %q", id)
	}
	if got, want := aws.ToString(out.AssumedRoleUser.Arn), "arn:aws:sts::"+w.account+":assumed-role/long/matrix"; got != want {
		t.Errorf("the session is %s, want %s", got, want)
	}
	if id := aws.ToString(out.AssumedRoleUser.AssumedRoleId); !strings.HasPrefix(id, "AROA") || !strings.HasSuffix(id, ":matrix") {
		t.Errorf("AssumedRoleId is %q", id)
	}
	if got := aws.ToString(out.SubjectFromWebIdentityToken); got != "system:serviceaccount:shop:app" {
		t.Errorf("the subject is %q", got)
	}
	if got := aws.ToString(out.Audience); got != "sts.amazonaws.com" {
		t.Errorf("the audience is %q", got)
	}
	if got, want := aws.ToString(out.Provider), "arn:aws:iam::"+w.account+":oidc-provider/oidc.example.com/id/AAAA"; got != want {
		t.Errorf("the provider is %q, want %q", got, want)
	}
}

// TestTwoAccounts registers one issuer URL with different keys in two accounts: neither may accept the other's tokens, whatever
// was verified and cached before.
func TestTwoAccounts(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	one, two := p.adminAccount(t), p.createAccount(t, "222222222222")
	keyOne, keyTwo := newSigner(t, "shared-kid"), newSigner(t, "shared-kid")
	p.provider(t, one, issuerA, jwks(t, keyOne), "sts.amazonaws.com")
	p.provider(t, two, issuerA, jwks(t, keyTwo), "sts.amazonaws.com")
	roleOne := one.sdk.role(t, "app", trustOf(one.id, issuerA, "shop", "app"), "")
	roleTwo := two.sdk.role(t, "app", trustOf(two.id, issuerA, "shop", "app"), "")
	tokenOne, tokenTwo := keyOne.token(t, claims(issuerA, "shop", "app")), keyTwo.token(t, claims(issuerA, "shop", "app"))
	client := p.anonymousSDK(t).sts
	exchange := func(role, token string) error {
		_, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("two"), WebIdentityToken: &token})
		return err
	}
	for round := range 3 {
		want(t, exchange(roleOne, tokenTwo), 400, "InvalidIdentityToken", "")
		want(t, exchange(roleTwo, tokenOne), 400, "InvalidIdentityToken", "")
		for _, err := range []error{exchange(roleOne, tokenOne), exchange(roleTwo, tokenTwo)} {
			if err != nil {
				t.Errorf("round %d: an account refused its own token: %v", round, err)
			}
		}
	}
	// A role of one account cannot be had through the other's ARN, and one root has no say in the other account.
	if _, err := one.sdk.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("app")}); err != nil {
		t.Error(err)
	}
	_, err := two.sdk.iam.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: aws.String("arn:aws:iam::" + one.id + ":oidc-provider/oidc.example.com/id/AAAA")})
	if err == nil {
		t.Error("account two deleted account one's provider")
	}
	if err := exchange(roleOne, tokenOne); err != nil {
		t.Errorf("account one's provider is gone: %v", err)
	}
}
