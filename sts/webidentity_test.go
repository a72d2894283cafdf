package sts_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

// Sentences as public reports and the STS model have them.
const (
	denied        = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	notJWT        = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	notValidated  = "The web identity token that was passed could not be validated by Amazon Web Services. Get a new identity token from the identity provider and then retry the request."
	wrongAudience = "Incorrect token audience"
	noKey         = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
)

func ref[T any](v T) *T { return &v }

// shop is a plane with one provider and one role that trusts one service account of it.
func shop(t testing.TB) (p *plane, good key, role iam.Role) {
	t.Helper()
	p = newPlane(t)
	good = newKey("good")
	p.provider(accountA, issuer, good)
	role = p.role(accountA, "app", trustFor(accountA, subject))
	return p, good, role
}

func TestExchange(t *testing.T) {
	p, good, role := shop(t)
	token := good.sign(p.goodClaims())
	out, event, err := p.exchange(input(role.ARN, token))
	if err != nil {
		t.Fatal(err)
	}
	provider := "arn:aws:iam::111122223333:oidc-provider/oidc.example.com:8443/id/0123"
	want := sts.WebIdentityOutput{
		Credentials:                 out.Credentials,
		AssumedRoleUser:             sts.AssumedRoleUser{Arn: "arn:aws:sts::111122223333:assumed-role/app/session-1", AssumedRoleId: role.ID + ":session-1"},
		SubjectFromWebIdentityToken: subject,
		Audience:                    audience,
		Provider:                    provider,
	}
	if out != want {
		t.Errorf("answer = %+v\nwant %+v", out, want)
	}
	if got, want := out.Credentials.Expiration, start.Add(time.Hour); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("expiration = %s, want %s", got, want)
	}
	if account, ok := iam.AccountOfAccessKeyID(out.Credentials.AccessKeyId); !ok || account != accountA || !strings.HasPrefix(out.Credentials.AccessKeyId, "ASIA") {
		t.Errorf("access key id %s is of account %q", out.Credentials.AccessKeyId, account)
	}
	identity := event.UserIdentity
	if event.Name != "AssumeRoleWithWebIdentity" || event.Source != "sts.amazonaws.com" || event.Account != accountA || event.ErrorCode != "" ||
		identity.Type != "WebIdentityUser" || identity.UserName != subject || identity.Provider != provider || event.Decision == nil || !event.Decision.Allowed() {
		t.Errorf("event = %+v", event)
	}
	if text := fmt.Sprintf("%+v", event); strings.Contains(text, token) || strings.Contains(text, out.Credentials.SecretAccessKey) || strings.Contains(text, out.Credentials.SessionToken) {
		t.Error("the event holds a secret")
	}
}

// TestMatrix is the matrix of what an exchange must check, and the rows of the error table that a token brings about.
func TestMatrix(t *testing.T) {
	p, good, role := shop(t)
	other := newKey("other")
	curve := newECKey("curve")
	p.provider(accountA, "https://other.example.com", other)
	p.provider(accountA, "https://curve.example.com", curve)
	wide := p.role(accountA, "wide", document(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/curve.example.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"curve.example.com:sub":"system:serviceaccount:shop:app"}}}`))
	now := start.Unix()
	tests := []struct {
		name          string
		token         string
		role          string // default: app
		code, message string // empty: accepted
		explanation   string // part of what only the operator is told
	}{
		{name: "good", token: good.sign(p.goodClaims())},
		{name: "aud as a string", token: good.sign(p.goodClaims().with("aud", audience))},
		{name: "elliptic curve", token: curve.sign(p.goodClaims().with("iss", "https://curve.example.com")), role: wide.ARN},
		{name: "other namespace", token: good.sign(p.goodClaims().with("sub", "system:serviceaccount:b:app")), code: "AccessDenied", message: denied},
		{name: "other service account", token: good.sign(p.goodClaims().with("sub", "system:serviceaccount:shop:b")), code: "AccessDenied", message: denied},
		{name: "wrong aud", token: good.sign(p.goodClaims().with("aud", []string{"kubernetes"})), code: "InvalidIdentityToken", message: wrongAudience,
			explanation: `aud "[kubernetes]" holds no client id of the provider; they are ["sts.amazonaws.com" "second"]`},
		{name: "wrong aud, azp is a client id", token: good.sign(p.goodClaims().with("aud", []string{"kubernetes"}).with("azp", audience)), code: "InvalidIdentityToken", message: wrongAudience},
		{name: "registered aud that the trust policy does not name", token: good.sign(p.goodClaims().with("aud", []string{"second"})), code: "AccessDenied", message: denied},
		{name: "several auds", token: good.sign(p.goodClaims().with("aud", []string{audience, "second"})), code: "InvalidIdentityToken",
			message: "Token audience contains more than one audience while authorized party is not present"},
		{name: "wrong iss", token: good.sign(p.goodClaims().with("iss", "https://elsewhere.example.com")), code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for https://elsewhere.example.com", explanation: "https://elsewhere.example.com"},
		{name: "iss with a slash more", token: good.sign(p.goodClaims().with("iss", issuer+"/")), code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + issuer + "/"},
		{name: "no iss", token: good.sign(p.goodClaims().without("iss")), code: "InvalidIdentityToken", message: "Missing a required claim: iss"},
		{name: "no sub", token: good.sign(p.goodClaims().without("sub")), code: "InvalidIdentityToken", message: "Missing a required claim: sub"},
		{name: "no aud", token: good.sign(p.goodClaims().without("aud")), code: "InvalidIdentityToken", message: "Missing a required claim: aud"},
		{name: "no exp", token: good.sign(p.goodClaims().without("exp")), code: "InvalidIdentityToken", message: "Missing a required claim: exp"},
		{name: "no iat", token: good.sign(p.goodClaims().without("iat")), code: "InvalidIdentityToken", message: "Missing a required claim: iat"},
		{name: "expired", token: good.sign(p.goodClaims().with("iat", now-7200).with("nbf", now-7200).with("exp", now-3600)), code: "ExpiredTokenException",
			message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now, now-3600), explanation: "expired"},
		{name: "nbf in the future", token: good.sign(p.goodClaims().with("nbf", now+1800)), code: "InvalidIdentityToken", message: notValidated, explanation: "nbf"},
		{name: "iat in the future", token: good.sign(p.goodClaims().with("iat", now+1800)), code: "InvalidIdentityToken", message: notValidated, explanation: "iat"},
		{name: "other key, same kid", token: other.signAs("RS256", "good", p.goodClaims()), code: "InvalidIdentityToken", message: notValidated, explanation: "signature"},
		{name: "tampered", token: tamper(good.sign(p.goodClaims())), code: "InvalidIdentityToken", message: notValidated},
		{name: "unknown kid", token: other.sign(p.goodClaims()), code: "InvalidIdentityToken", message: noKey, explanation: "other"},
		{name: "no kid", token: good.signAs("RS256", "", p.goodClaims()), code: "InvalidIdentityToken"},
		{name: "alg none", token: good.signAs("none", "good", p.goodClaims()), code: "InvalidIdentityToken", message: notJWT},
		{name: "garbage", token: "garbage", code: "InvalidIdentityToken", message: notJWT},
		{name: "three parts of garbage", token: "gar.ba.ge", code: "InvalidIdentityToken", message: notJWT},
		{name: "empty", token: "", code: "ValidationError", message: "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"},
		{name: "PS256, right key", token: good.signAs("PS256", "good", p.goodClaims()), code: "InvalidIdentityToken", message: notJWT},
		{name: "HS256, kid is the client id, empty secret", token: good.signAs("HS256", audience, p.goodClaims()), code: "InvalidIdentityToken", message: notJWT},
		{name: "key of one issuer, iss and aud of another", token: other.sign(p.goodClaims()), code: "InvalidIdentityToken", message: noKey},
		{name: "role that does not exist", token: good.sign(p.goodClaims()), role: "arn:aws:iam::111122223333:role/nobody", code: "AccessDenied", message: denied, explanation: "role/nobody"},
		{name: "role under another path", token: good.sign(p.goodClaims()), role: "arn:aws:iam::111122223333:role/team/app", code: "AccessDenied", message: denied, explanation: role.ARN},
		{name: "role of another partition", token: good.sign(p.goodClaims()), role: "arn:aws-cn:iam::111122223333:role/app", code: "AccessDenied", message: denied},
		{name: "account that does not exist", token: good.sign(p.goodClaims()), role: "arn:aws:iam::999999999999:role/app", code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + issuer, explanation: "999999999999"},
		{name: "bad token for a role that does not exist", token: other.sign(p.goodClaims()), role: "arn:aws:iam::111122223333:role/nobody", code: "InvalidIdentityToken", message: noKey},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			arn := test.role
			if arn == "" {
				arn = role.ARN
			}
			out, event, err := p.exchange(input(arn, test.token))
			if test.code == "" {
				if err != nil || out.Credentials.SessionToken == "" {
					t.Fatalf("refused: %v; %s", err, event.Explanation)
				}
				return
			}
			wantError(t, err, test.code, test.message)
			if out != (sts.WebIdentityOutput{}) {
				t.Errorf("a refusal answers %+v", out)
			}
			if event.ErrorCode != test.code || event.ResponseElements != nil || event.Decision == nil && event.Explanation == "" && test.code != "ValidationError" {
				t.Errorf("event = %+v", event)
			}
			if !strings.Contains(event.Explanation, test.explanation) {
				t.Errorf("explanation = %q, want %q in it", event.Explanation, test.explanation)
			}
			if len(test.token) > 10 && strings.Contains(fmt.Sprintf("%+v", event), test.token) {
				t.Error("the event holds the token")
			}
		})
	}
}

// tamper gives a token another subject under the same signature.
func tamper(token string) string {
	parts := strings.Split(token, ".")
	parts[1] = encode([]byte(fmt.Sprintf(`{"iss":%q,"sub":"system:serviceaccount:shop:app","aud":[%q],"iat":%d,"exp":%d}`, issuer, audience, start.Unix(), start.Add(2*time.Hour).Unix())))
	return strings.Join(parts, ".")
}

func TestDecisionOfADenial(t *testing.T) {
	p, good, role := shop(t)
	_, event, err := p.exchange(input(role.ARN, good.sign(p.goodClaims().with("sub", "system:serviceaccount:b:app"))))
	e := wantError(t, err, "AccessDenied", denied)
	if e.Decision == nil || event.Decision == nil || event.Decision.Effect != policy.ImplicitlyDenied {
		t.Fatalf("decision = %+v, the event's %+v", e.Decision, event.Decision)
	}
	reason := event.Decision.Reasons()[0]
	if reason.Failed != "Condition" || reason.Operator != "StringEquals" || !strings.HasSuffix(strings.ToLower(reason.Key), "/id/0123:sub") ||
		fmt.Sprint(reason.Wanted) != "[system:serviceaccount:shop:app]" || fmt.Sprint(reason.Got) != "[system:serviceaccount:b:app]" {
		t.Errorf("reason = %+v", reason)
	}
	if event.UserIdentity.UserName != "system:serviceaccount:b:app" || event.Resource != role.ARN || event.Action != "sts:AssumeRoleWithWebIdentity" {
		t.Errorf("event = %+v", event)
	}
}

func TestUnreachableIssuer(t *testing.T) {
	p := newPlane(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	unreachable := "https://" + listener.Addr().String()
	p.must(listener.Close())
	p.provider(accountA, unreachable)
	role := p.role(accountA, "app", trustFor(accountA, subject))
	key := newKey("good")
	_, _, err = p.exchange(input(role.ARN, key.sign(p.goodClaims().with("iss", unreachable))))
	wantError(t, err, "IDPCommunicationError", "")
	// An expired token is refused for what it is: its issuer is not even asked.
	_, _, err = p.exchange(input(role.ARN, key.sign(p.goodClaims().with("iss", unreachable).with("exp", start.Add(-time.Hour).Unix()))))
	wantError(t, err, "ExpiredTokenException", "")
}

func TestParameters(t *testing.T) {
	p, good, role := shop(t)
	long := p.role(accountA, "long", trustFor(accountA, subject), func(in *iam.CreateRoleInput) { in.MaxSessionDuration = ref(43200) })
	token := good.sign(p.goodClaims())
	const one, length = "1 validation error detected: ", " failed to satisfy constraint: Member must have length "
	tests := []struct {
		name          string
		change        func(*sts.WebIdentityInput)
		code, message string
	}{
		{"no RoleArn", func(in *sts.WebIdentityInput) { in.RoleArn = nil }, "ValidationError", one + "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"},
		{"no token", func(in *sts.WebIdentityInput) { in.WebIdentityToken = nil }, "ValidationError", one + "Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null"},
		{"empty RoleArn", func(in *sts.WebIdentityInput) { in.RoleArn = ref("") }, "ValidationError", one + "Value '' at 'roleArn'" + length + "greater than or equal to 20"},
		{"long RoleArn", func(in *sts.WebIdentityInput) { in.RoleArn = ref(role.ARN + strings.Repeat("x", 2048)) }, "ValidationError", ""},
		{"RoleArn is no ARN", func(in *sts.WebIdentityInput) { in.RoleArn = ref("nothing-valid-in-here") }, "ValidationError", "nothing-valid-in-here is invalid"},
		{"RoleArn without partition", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn::b:::something/test-role") }, "ValidationError", "arn::b:::something/test-role is invalid"},
		{"RoleArn without resource", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn:a:a::aaaaaaaaaa:") }, "ValidationError", "arn:a:a::aaaaaaaaaa: is invalid"},
		{"RoleArn of a provider", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn:aws:iam::111122223333:oidc-provider/x") }, "ValidationError", "Request ARN is invalid"},
		{"RoleArn without account", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn:aws:iam:::role/application") }, "ValidationError", "Request ARN is invalid"},
		{"RoleArn of 11 digits", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn:aws:iam::11112222333:role/app") }, "ValidationError", "Request ARN is invalid"},
		{"RoleArn without name", func(in *sts.WebIdentityInput) { in.RoleArn = ref("arn:aws:iam::111122223333:role/") }, "ValidationError", "Request ARN is invalid"},
		{"session name", func(in *sts.WebIdentityInput) { in.RoleSessionName = ref("Session1:2") }, "ValidationError",
			one + `Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"session name with a line end", func(in *sts.WebIdentityInput) { in.RoleSessionName = ref("name\n") }, "ValidationError", ""},
		{"short session name", func(in *sts.WebIdentityInput) { in.RoleSessionName = ref("x") }, "ValidationError", one + "Value 'x' at 'roleSessionName'" + length + "greater than or equal to 2"},
		{"long session name", func(in *sts.WebIdentityInput) { in.RoleSessionName = ref(strings.Repeat("x", 65)) }, "ValidationError", ""},
		{"two errors", func(in *sts.WebIdentityInput) { in.RoleSessionName, in.DurationSeconds = ref("x"), ref(60) }, "ValidationError",
			"2 validation errors detected: Value 'x' at 'roleSessionName'" + length + "greater than or equal to 2; Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"a year", func(in *sts.WebIdentityInput) { in.DurationSeconds = ref(31536000) }, "ValidationError",
			one + "Value '31536000' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"session token too long", func(in *sts.WebIdentityInput) { in.MinimumSessionTokenSize = ref(4097) }, "ValidationError",
			one + "Value '4097' at 'minimumSessionTokenSize' failed to satisfy constraint: Member must have value less than or equal to 4096"},
		{"token too long", func(in *sts.WebIdentityInput) { in.WebIdentityToken = ref(strings.Repeat("x", 20001)) }, "ValidationError", one + "Value at 'webIdentityToken'" + length + "less than or equal to 20000"},
		{"empty policy", func(in *sts.WebIdentityInput) { in.Policy = ref("") }, "ValidationError", ""},
		{"policy too long", func(in *sts.WebIdentityInput) { in.Policy = ref(strings.Repeat(" ", 2049)) }, "ValidationError", ""},
		{"11 policies", func(in *sts.WebIdentityInput) { in.PolicyArns = make([]string, 11) }, "ValidationError", ""},
		{"ProviderId", func(in *sts.WebIdentityInput) { in.ProviderId = ref("www.amazon.com") }, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for www.amazon.com"},
		{"policy that is none", func(in *sts.WebIdentityInput) {
			in.Policy = ref(`{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}`)
		}, "MalformedPolicyDocument", ""},
		{"managed policy that is not there", func(in *sts.WebIdentityInput) { in.PolicyArns = []string{"arn:aws:iam::111122223333:policy/x"} }, "MalformedPolicyDocument", ""},
		{"over the role's maximum", func(in *sts.WebIdentityInput) { in.DurationSeconds = ref(3601) }, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"over the maximum of a role that does not trust", func(in *sts.WebIdentityInput) {
			in.DurationSeconds, in.WebIdentityToken = ref(3601), ref(good.sign(p.goodClaims().with("sub", "system:serviceaccount:b:app")))
		}, "AccessDenied", denied},
		{"a minute left on the token, twelve hours asked", func(in *sts.WebIdentityInput) {
			in.RoleArn, in.DurationSeconds = &long.ARN, ref(43200)
			in.WebIdentityToken = ref(good.sign(p.goodClaims().with("exp", start.Unix()+60)))
		}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := input(role.ARN, token)
			test.change(&in)
			out, event, err := p.exchange(in)
			if test.code != "" {
				wantError(t, err, test.code, test.message)
				if event.ErrorCode != test.code {
					t.Errorf("event = %+v", event)
				}
				return
			}
			if err != nil || !out.Credentials.Expiration.Equal(start.Add(12*time.Hour)) {
				t.Errorf("until %s, %v", out.Credentials.Expiration, err)
			}
		})
	}
}

func TestAuthorizedParty(t *testing.T) {
	p, good, _ := shop(t)
	host := strings.TrimPrefix(issuer, "https://")
	role := p.role(accountA, "party", document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"%s:aud":"second","%s:azp":"second","%s:oaud":"sts.amazonaws.com"}}}`, accountA, host, host, host, host)))
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims().with("azp", "second"))))
	if err != nil || out.Audience != "second" {
		t.Errorf("audience = %q, %v", out.Audience, err)
	}
	_, _, err = p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	wantError(t, err, "AccessDenied", denied)
}

// TestExchangeContext lists the condition keys of the call, each required by a role of its own.
func TestExchangeContext(t *testing.T) {
	p, good, _ := shop(t)
	host := strings.TrimPrefix(issuer, "https://")
	for i, condition := range []string{
		`"StringEquals":{"` + host + `:sub":"` + subject + `"}`,
		`"ForAnyValue:StringEquals":{"` + host + `:amr":"pod"}`,
		`"ArnEquals":{"aws:FederatedProvider":"arn:aws:iam::111122223333:oidc-provider/` + host + `"}`,
		`"StringEquals":{"sts:RoleSessionName":"session-1"}`,
		`"NumericEquals":{"sts:DurationSeconds":"900"}`,
		`"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}`,
		`"DateEquals":{"aws:CurrentTime":"2026-03-04T05:06:07Z"}`,
		`"NumericEquals":{"aws:EpochTime":"1772600767"}`,
		`"Bool":{"aws:SecureTransport":"false"}`,
		`"StringEquals":{"aws:UserAgent":"test/1"}`,
		`"StringEquals":{"aws:RequestedRegion":"eu-central-1"}`,
		`"Null":{"aws:RequestTag/Team":"true","aws:TagKeys":"true","sts:SourceIdentity":"true"}`,
	} {
		trust := document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{%s}}`, accountA, host, condition))
		role := p.role(accountA, fmt.Sprintf("context-%d", i), trust)
		in := input(role.ARN, good.sign(p.goodClaims().with("amr", []string{"pod"})))
		in.DurationSeconds = ref(900)
		if _, event, err := p.exchange(in); err != nil {
			t.Errorf("%s: %v, %+v", condition, err, event.Decision.Reasons())
		}
	}
}

func TestRegions(t *testing.T) {
	p, good, role := shop(t)
	p.service = p.serviceWith(func(c *sts.Config) { c.Regions = []string{"eu-west-1"} })
	_, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	if e := wantError(t, err, "RegionDisabledException", ""); !errors.Is(e, sts.ErrRegionNotActive) {
		t.Errorf("cause = %v", e.Err)
	}
	p.service = p.serviceWith(func(c *sts.Config) { c.Regions = []string{"eu-west-1", "eu-central-1"} })
	if _, _, err = p.exchange(input(role.ARN, good.sign(p.goodClaims()))); err != nil {
		t.Error(err)
	}
}

// TestOneIssuerInTwoAccounts registers one issuer string with different keys in two accounts: neither takes the other's tokens, cached or not.
func TestOneIssuerInTwoAccounts(t *testing.T) {
	p := newPlane(t, accountB)
	keys := map[string]key{accountA: newKey("good"), accountB: {id: "good", rsa: newKey("other").rsa}}
	roles := map[string]iam.Role{}
	for account, key := range keys {
		p.provider(account, issuer, key)
		roles[account] = p.role(account, "app", trustFor(account, subject))
	}
	tokens := map[string]string{accountA: keys[accountA].sign(p.goodClaims()), accountB: keys[accountB].sign(p.goodClaims())}
	for range 3 { // the second time from the cache
		for account, token := range tokens {
			for target, role := range roles {
				_, _, err := p.exchange(input(role.ARN, token))
				if target == account && err != nil {
					t.Errorf("token of %s for its own role: %v", account, err)
				}
				if target != account {
					wantError(t, err, "InvalidIdentityToken", notValidated)
				}
			}
		}
	}
}

func TestProviderIsInTheRolesAccount(t *testing.T) {
	p, good, _ := shop(t)
	_, err := p.directory.Bootstrap(t.Context(), accountB)
	p.must(err)
	role := p.role(accountB, "app", trustFor(accountA, subject))
	_, _, err = p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	wantError(t, err, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer)
}

// brokenTrail cannot write.
type brokenTrail struct{ refused int }

func (*brokenTrail) Record(context.Context, trail.Event) error { return errors.New("disk full") }
func (*brokenTrail) Enqueue(trail.Event)                       {}
func (b *brokenTrail) Refuse(trail.Event)                      { b.refused++ }

func TestWhatCannotBeRecordedIsDenied(t *testing.T) {
	p, good, role := shop(t)
	broken := &brokenTrail{}
	service := p.serviceWith(func(c *sts.Config) { c.Trail = broken })
	out, err := service.AssumeRoleWithWebIdentity(t.Context(), p.origin(), input(role.ARN, good.sign(p.goodClaims())))
	if e := wantError(t, err, "InternalFailure", ""); strings.Contains(e.Message, "disk") || !strings.Contains(e.Err.Error(), "disk full") {
		t.Errorf("message = %q, cause = %v", e.Message, e.Err)
	}
	if out != (sts.WebIdentityOutput{}) {
		t.Errorf("credentials were given out: %+v", out)
	}
	_, err = service.AssumeRoleWithWebIdentity(t.Context(), p.origin(), input(role.ARN, "garbage"))
	wantError(t, err, "InvalidIdentityToken", notJWT)
	if broken.refused != 1 {
		t.Errorf("%d refusals were handed over", broken.refused)
	}
}
