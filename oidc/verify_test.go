package oidc

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const account = "111122223333"

// tokenCase is one row of the token matrix. kind 0 means that the token is accepted. first and again count fetches of the key set: by a
// verifier that knows no keys yet, and by one that knows them and whose cool-down is over.
type tokenCase struct {
	name         string
	token        string
	kind         ErrorKind
	claim        string
	first, again int32
}

// TestTokenMatrix runs every kind of token past a provider whose keys are fetched.
func TestTokenMatrix(t *testing.T) {
	keys := testKeys()
	issuer := newTestIssuer(t, jwk("rsa", &keys.rsa.PublicKey, `"use":"sig"`, `"alg":"RS256"`), jwk("any-rsa", &keys.rsa.PublicKey),
		jwk("p256", &keys.p256.PublicKey), jwk("p384", &keys.p384.PublicKey), jwk("p521", &keys.p521.PublicKey))
	good := serviceAccount(issuer.url, noon)
	var cases []tokenCase
	for _, group := range [][]tokenCase{goodTokens(good), foreignClaims(good), brokenClaims(good), wrongSignatures(good), oddHeaders(good)} {
		cases = append(cases, group...)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			issuer.fetches.Store(0)
			now := &clock{now: noon}
			v := issuer.verifier(t, now)
			claims, err := v.Verify(t.Context(), issuer.provider(account), c.token)
			checkOutcome(t, c, claims, err)
			if got := issuer.fetches.Load(); got != c.first {
				t.Errorf("a verifier without keys fetched %d times, want %d", got, c.first)
			}
			if _, err := v.Verify(t.Context(), issuer.provider(account), signed("RS256", "rsa", good, rs(keys.rsa, crypto.SHA256))); err != nil {
				t.Fatalf("good token: %v", err)
			}
			issuer.fetches.Store(0)
			now.Advance(DefaultCoolDown)
			claims, err = v.Verify(t.Context(), issuer.provider(account), c.token)
			checkOutcome(t, c, claims, err)
			if got := issuer.fetches.Load(); got != c.again {
				t.Errorf("a verifier with keys fetched %d times, want %d", got, c.again)
			}
		})
	}
}

func checkOutcome(t *testing.T, c tokenCase, claims *Claims, err error) {
	t.Helper()
	if c.kind == 0 {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if claims.Subject != "system:serviceaccount:shop:cart" {
			t.Errorf("subject = %q", claims.Subject)
		}
		return
	}
	var refusal *Error
	if !errors.As(err, &refusal) || claims != nil {
		t.Fatalf("claims %v, error %v, want an *Error", claims, err)
	}
	if refusal.Kind != c.kind || refusal.Claim != c.claim {
		t.Errorf("refused as %s %q (%v), want %s %q", refusal.Kind, refusal.Claim, err, c.kind, c.claim)
	}
	if i := strings.LastIndex(c.token, "."); i > 0 && len(c.token) > i+20 && strings.Contains(err.Error(), c.token[i+1:i+20]) {
		t.Errorf("the error holds the token: %v", err)
	}
}

func goodTokens(good claimSet) []tokenCase {
	k := testKeys()
	rs256 := func(c claimSet) string { return signed("RS256", "rsa", c, rs(k.rsa, crypto.SHA256)) }
	return []tokenCase{
		{name: "RS256", token: rs256(good), first: 1},
		{name: "RS384", token: signed("RS384", "any-rsa", good, rs(k.rsa, crypto.SHA384)), first: 1},
		{name: "RS512", token: signed("RS512", "any-rsa", good, rs(k.rsa, crypto.SHA512)), first: 1},
		{name: "ES256", token: signed("ES256", "p256", good, es(k.p256, crypto.SHA256)), first: 1},
		{name: "ES384", token: signed("ES384", "p384", good, es(k.p384, crypto.SHA384)), first: 1},
		{name: "ES512", token: signed("ES512", "p521", good, es(k.p521, crypto.SHA512)), first: 1},
		{name: "aud as a string", token: rs256(good.with("aud", "sts.amazonaws.com")), first: 1},
		{name: "no nbf", token: rs256(good.with("nbf", nil)), first: 1},
		{name: "60 s left", token: rs256(good.with("exp", noon.Unix()+60)), first: 1},
		{name: "expired within the leeway", token: rs256(good.with("exp", noon.Unix()-280)), first: 1},
		{name: "nbf within the leeway", token: rs256(good.with("nbf", noon.Unix()+300)), first: 1},
		{name: "iat within the leeway", token: rs256(good.with("iat", noon.Unix()+300)), first: 1},
		{name: "azp and aud are client ids", token: rs256(good.with("azp", "sts.amazonaws.com")), first: 1},
		{name: "several aud and azp", token: rs256(good.with("aud", []string{"a", "sts.amazonaws.com"}).with("azp", "sts.amazonaws.com")), first: 1},
		{name: "claims nobody uses", token: rs256(good.with("x", []any{1.5, nil, map[string]any{"y": true}}).with("ISS", 7)), first: 1},
	}
}

func foreignClaims(good claimSet) []tokenCase {
	rs256 := func(c claimSet) string { return signed("RS256", "rsa", c, rs(testKeys().rsa, crypto.SHA256)) }
	return []tokenCase{
		{name: "wrong aud", token: rs256(good.with("aud", []string{"vault"})), kind: WrongAudience},
		{name: "wrong aud, azp is a client id", token: rs256(good.with("aud", []string{"vault"}).with("azp", "sts.amazonaws.com")), kind: WrongAudience},
		{name: "right aud, azp is none", token: rs256(good.with("azp", "vault")), kind: WrongAudience},
		{name: "aud in other case", token: rs256(good.with("aud", "STS.amazonaws.com")), kind: WrongAudience},
		{name: "several aud, no azp", token: rs256(good.with("aud", []string{"sts.amazonaws.com", "vault"})), kind: SeveralAudiences},
		{name: "several aud, azp is none", token: rs256(good.with("aud", []string{"sts.amazonaws.com", "a"}).with("azp", "a")), kind: WrongAudience},
		{name: "wrong iss", token: rs256(good.with("iss", "https://elsewhere.example")), kind: WrongIssuer},
		{name: "iss with a slash more", token: rs256(good.with("iss", good["iss"].(string)+"/")), kind: WrongIssuer},
		{name: "no iss", token: rs256(good.with("iss", nil)), kind: MissingClaim, claim: "iss"},
		{name: "no aud", token: rs256(good.with("aud", nil)), kind: MissingClaim, claim: "aud"},
		{name: "aud is an empty list", token: rs256(good.with("aud", []string{})), kind: MissingClaim, claim: "aud"},
		{name: "no sub", token: rs256(good.with("sub", nil)), kind: MissingClaim, claim: "sub"},
		{name: "empty sub", token: rs256(good.with("sub", "")), kind: MissingClaim, claim: "sub"},
		{name: "SUB in capitals only", token: rs256(good.with("sub", nil).with("SUB", "system:serviceaccount:shop:cart")), kind: MissingClaim, claim: "sub"},
		{name: "no exp", token: rs256(good.with("exp", nil)), kind: MissingClaim, claim: "exp"},
		{name: "no iat", token: rs256(good.with("iat", nil)), kind: MissingClaim, claim: "iat"},
		{name: "expired", token: rs256(good.with("exp", noon.Unix()-300)), kind: Expired},
		{name: "expired long ago", token: rs256(good.with("exp", 0)), kind: Expired},
		{name: "nbf in the future", token: rs256(good.with("nbf", noon.Unix()+400)), kind: NotYetValid, claim: "nbf"},
		{name: "iat in the future", token: rs256(good.with("iat", noon.Unix()+400)), kind: NotYetValid, claim: "iat"},
	}
}

// rawClaims is a payload that no map can hold.
type rawClaims string

func (r rawClaims) String() string { return string(r) }

func brokenClaims(good claimSet) []tokenCase {
	sign := rs(testKeys().rsa, crypto.SHA256)
	text := good.String()
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	payloads := map[string]string{
		"duplicate sub":           strings.Replace(text, "{", `{"sub":"system:serviceaccount:admin:root",`, 1),
		"duplicate sub, escaped":  strings.Replace(text, "{", `{"s\u0075b":"system:serviceaccount:admin:root",`, 1),
		"duplicate, nested":       good.with("kubernetes.io", nil).String()[:len(text)-1] + `,"x":{"a":1,"a":2}}`,
		"sub is a number":         good.with("sub", 7).String(),
		"sub is a list":           good.with("sub", []string{"a"}).String(),
		"iss is an object":        good.with("iss", map[string]any{}).String(),
		"aud is a number":         good.with("aud", 7).String(),
		"aud holds a number":      good.with("aud", []any{"sts.amazonaws.com", 7}).String(),
		"aud is nested":           good.with("aud", []any{[]string{"sts.amazonaws.com"}}).String(),
		"azp is a list":           good.with("azp", []string{"sts.amazonaws.com"}).String(),
		"amr is a string":         good.with("amr", "pwd").String(),
		"jti is a number":         good.with("jti", 1).String(),
		"exp is a string":         good.with("exp", "1893456000").String(),
		"exp has a fraction":      good.with("exp", 1893456000.5).String(),
		"exp in scientific form":  strings.Replace(good.with("exp", 77).String(), "77", "1.893456e9", 1),
		"exp is 1e400":            strings.Replace(good.with("exp", 77).String(), "77", "1e400", 1),
		"unused claim is 1e400":   strings.Replace(good.with("x", 77).String(), "77", "1e400", 1),
		"exp is negative":         good.with("exp", -1).String(),
		"1e400 in a list":         strings.Replace(good.with("x", []int{77}).String(), "77", "1e400", 1),
		"exp after the year 9999": good.with("exp", int64(253402300800)).String(),
		"exp beyond int64":        strings.Replace(good.with("exp", 77).String(), "77", "9223372036854775808", 1),
		"exp is true":             good.with("exp", true).String(),
		"nbf is a string":         good.with("nbf", "0").String(),
		"iat is a list":           good.with("iat", []int{0}).String(),
		"nested too deeply":       good.String()[:len(text)-1] + `,"x":` + deep + "}",
		"not UTF-8":               strings.Replace(text, "cart", "cart\xff", 1),
		"payload is a list":       "[" + text + "]",
		"payload is null":         "null",
		"payload is a string":     `"x"`,
		"something follows":       text + "{}",
		"truncated":               text[:len(text)-1],
		"tags is a list":          good.with(claimTags, []string{}).String(),
		"tag has two values":      good.with(claimTags, map[string]any{"principal_tags": map[string]any{"a": []string{"1", "2"}}}).String(),
		"tag is a number":         good.with(claimTags, map[string]any{"principal_tags": map[string]any{"a": 1}}).String(),
		"tags has another member": good.with(claimTags, map[string]any{"tags": map[string]any{}}).String(),
		"tags in both spellings":  good.with(claimTags, map[string]any{"principal_tags": map[string]any{"a": []string{"1"}}}).with(claimFlatTag+"b", "2").String(),
		"source identity, number": good.with(claimSourceIdentity, 1).String(),
	}
	var cases []tokenCase
	for name, payload := range payloads {
		cases = append(cases, tokenCase{name: name, token: signed("RS256", "rsa", rawClaims(payload), sign), kind: Malformed})
	}
	return cases
}

func wrongSignatures(good claimSet) []tokenCase {
	k := testKeys()
	rs256 := rs(k.rsa, crypto.SHA256)
	token := signed("RS256", "rsa", good, rs256)
	parts := strings.Split(token, ".")
	der, err := x509.MarshalPKIXPublicKey(&k.rsa.PublicKey)
	if err != nil {
		panic(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	none := func([]byte) []byte { return nil }
	flipped := []byte(parts[2])
	if flipped[10] = 'A'; parts[2][10] == 'A' {
		flipped[10] = 'B'
	}
	return []tokenCase{
		{name: "other key, same kid", token: signed("RS256", "rsa", good, rs(k.otherRSA, crypto.SHA256)), kind: BadSignature, first: 1},
		{name: "tampered payload", token: parts[0] + "." + b64([]byte(good.with("sub", "system:serviceaccount:kube-system:admin").String())) + "." + parts[2], kind: BadSignature, first: 1},
		{name: "tampered header", token: b64([]byte(`{"alg":"RS256","kid":"rsa","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2], kind: BadSignature, first: 1},
		{name: "tampered signature", token: parts[0] + "." + parts[1] + "." + string(flipped), kind: BadSignature, first: 1},
		{name: "signature cut short", token: signed("RS256", "rsa", good, func(input []byte) []byte { return rs256(input)[:255] }), kind: BadSignature, first: 1},
		{name: "unknown kid", token: signed("RS256", "unknown", good, rs256), kind: KeyUnavailable, first: 1, again: 1},
		{name: "no kid", token: compact(`{"alg":"RS256"}`, good.String(), rs256), kind: KeyUnavailable},
		{name: "alg none, no signature", token: compact(`{"alg":"none","kid":"rsa"}`, good.String(), none), kind: Malformed},
		{name: "alg none, RSA signature", token: signed("none", "rsa", good, rs256), kind: Malformed},
		{name: "alg None", token: signed("None", "rsa", good, rs256), kind: Malformed},
		{name: "no alg", token: compact(`{"kid":"rsa"}`, good.String(), rs256), kind: Malformed},
		{name: "PS256 with the right key", token: signed("PS256", "any-rsa", good, ps256(k.rsa)), kind: Malformed},
		{name: "PSS signature called RS256", token: signed("RS256", "rsa", good, ps256(k.rsa)), kind: BadSignature, first: 1},
		{name: "HS256 with the public key as PEM", token: signed("HS256", "rsa", good, hs256(text)), kind: Malformed},
		{name: "HS256 with the public key as DER", token: signed("HS256", "rsa", good, hs256(der)), kind: Malformed},
		{name: "HS256, empty secret, kid = client id", token: signed("HS256", "sts.amazonaws.com", good, hs256(nil)), kind: Malformed},
		{name: "RS384 with a key for RS256", token: signed("RS384", "rsa", good, rs(k.rsa, crypto.SHA384)), kind: BadSignature, first: 1},
		{name: "ES256 header, RSA key", token: signed("ES256", "rsa", good, rs256), kind: BadSignature, first: 1},
		{name: "RS256 header, EC key", token: signed("RS256", "p256", good, es(k.p256, crypto.SHA256)), kind: BadSignature, first: 1},
		{name: "ES256 on P-384", token: signed("ES256", "p384", good, es(k.p384, crypto.SHA256)), kind: BadSignature, first: 1},
		{name: "ES256 signature of zeros", token: signed("ES256", "p256", good, func([]byte) []byte { return make([]byte, 64) }), kind: BadSignature, first: 1},
		{name: "ES256 signature in ASN.1", token: signed("ES256", "p256", good, func([]byte) []byte { return make([]byte, 70) }), kind: BadSignature, first: 1},
	}
}

func oddHeaders(good claimSet) []tokenCase {
	k := testKeys()
	attacker := rs(k.otherRSA, crypto.SHA256)
	header := func(extra string) string { return `{"alg":"RS256","kid":"rsa",` + extra + `}` }
	own := jwk("rsa", &k.otherRSA.PublicKey)
	token := signed("RS256", "rsa", good, rs(k.rsa, crypto.SHA256))
	return []tokenCase{
		{name: "jwk of the attacker", token: compact(header(`"jwk":`+own), good.String(), attacker), kind: BadSignature, first: 1},
		{name: "jwk of the attacker, his kid", token: compact(`{"alg":"RS256","kid":"evil","jwk":`+own+`}`, good.String(), attacker), kind: KeyUnavailable, first: 1, again: 1},
		{name: "jwk that is private", token: compact(header(`"jwk":{"kty":"oct","k":"AAAA"}`), good.String(), attacker), kind: Malformed},
		{name: "jku of the attacker", token: compact(header(`"jku":"https://127.0.0.1:1/keys"`), good.String(), attacker), kind: BadSignature, first: 1},
		{name: "x5u of the attacker", token: compact(header(`"x5u":"https://127.0.0.1:1/certificate"`), good.String(), attacker), kind: BadSignature, first: 1},
		{name: "jku and x5u beside a good signature", token: compact(header(`"jku":"https://a.example","x5u":"https://b.example","typ":"JWT"`), good.String(), rs(k.rsa, crypto.SHA256)), first: 1},
		{name: "crit", token: compact(header(`"crit":["exp"],"exp":1`), good.String(), rs(k.rsa, crypto.SHA256)), kind: Malformed},
		{name: "crit is null", token: compact(header(`"crit":null`), good.String(), rs(k.rsa, crypto.SHA256)), kind: Malformed},
		{name: "b64", token: compact(header(`"b64":false,"crit":["b64"]`), good.String(), rs(k.rsa, crypto.SHA256)), kind: Malformed},
		{name: "duplicate alg", token: compact(`{"alg":"none","alg":"RS256","kid":"rsa"}`, good.String(), rs(k.rsa, crypto.SHA256)), kind: Malformed},
		{name: "kid is a number", token: compact(`{"alg":"RS256","kid":1}`, good.String(), rs(k.rsa, crypto.SHA256)), kind: Malformed},
		{name: "empty", token: "", kind: Malformed},
		{name: "three characters", token: "a.b", kind: Malformed},
		{name: "garbage", token: "not a token at all", kind: Malformed},
		{name: "dots", token: "....", kind: Malformed},
		{name: "two parts", token: token[:strings.LastIndex(token, ".")], kind: Malformed},
		{name: "four parts", token: token + ".AAAA", kind: Malformed},
		{name: "line break in the signature", token: token[:len(token)-9] + "\n" + token[len(token)-9:], kind: Malformed},
		{name: "padded", token: token + "==", kind: Malformed},
		{name: "leading space", token: " " + token, kind: Malformed},
		{name: "JSON serialization", token: fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, strings.Split(token, ".")[1], strings.Split(token, ".")[0], strings.Split(token, ".")[2]), kind: Malformed},
		{name: "one character too many", token: token + strings.Repeat("A", MaxTokenLength+1-len(token)), kind: Malformed},
	}
}

// TestLastCharacter replaces a signature's last character, whose low bits carry nothing, by every other one.
func TestLastCharacter(t *testing.T) {
	k := testKeys()
	p := Provider{Account: account, Issuer: "https://issuer.example", ClientIDs: []string{"sts.amazonaws.com"},
		JWKS: jwks(jwk("rsa", &k.rsa.PublicKey), jwk("p256", &k.p256.PublicKey))}
	v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now})
	good := serviceAccount(p.Issuer, noon)
	for _, token := range []string{signed("RS256", "rsa", good, rs(k.rsa, crypto.SHA256)), signed("ES256", "p256", good, es(k.p256, crypto.SHA256))} {
		accepted := 0
		for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			if _, err := v.Verify(t.Context(), p, token[:len(token)-1]+string(last)); err == nil {
				accepted++
			}
		}
		if accepted != 1 {
			t.Errorf("%d spellings of one token are accepted", accepted)
		}
	}
}

func TestClaims(t *testing.T) {
	k := testKeys()
	p := Provider{Account: account, Issuer: "https://issuer.example/a", ClientIDs: []string{"x", "sts.amazonaws.com"}, JWKS: jwks(jwk("p256", &k.p256.PublicKey))}
	want := Claims{
		Issuer: p.Issuer, Subject: "someone", Audience: []string{"x", "y"}, AuthorizedParty: "x", ID: "id-1",
		IssuedAt: noon, NotBefore: noon.Add(-time.Second), ExpiresAt: noon.Add(time.Hour), AMR: []string{"authenticated", "mfa"},
		Tags: map[string]string{"Team": "blue", "Cost": "7"}, TransitiveTagKeys: []string{"Team"}, SourceIdentity: "alice",
	}
	base := claimSet{
		"iss": p.Issuer, "sub": "someone", "aud": []string{"x", "y"}, "azp": "x", "jti": "id-1",
		"iat": noon.Unix(), "nbf": noon.Unix() - 1, "exp": noon.Unix() + 3600, "amr": []string{"authenticated", "mfa"},
		"https://aws.amazon.com/source_identity": "alice",
	}
	spellings := map[string]claimSet{
		"nested": base.with("https://aws.amazon.com/tags", map[string]any{
			"principal_tags":      map[string]any{"Team": []string{"blue"}, "Cost": []string{"7"}},
			"transitive_tag_keys": []string{"Team"},
		}),
		"flat": base.with("https://aws.amazon.com/tags/principal_tags/Team", "blue").
			with("https://aws.amazon.com/tags/principal_tags/Cost", []string{"7"}).
			with("https://aws.amazon.com/tags/transitive_tag_keys", []string{"Team"}),
	}
	for name, claims := range spellings {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now})
			token := signed("ES256", "p256", claims, es(k.p256, crypto.SHA256))
			for _, visit := range []string{"verified", "cached"} {
				got, err := v.Verify(t.Context(), p, token)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(*got, want) {
					t.Errorf("%s claims = %+v\nwant %+v", visit, *got, want)
				}
			}
			peeked, err := Peek(token)
			if err != nil || !reflect.DeepEqual(peeked, want) {
				t.Errorf("Peek = %+v, %v", peeked, err)
			}
		})
	}
}

func TestPeek(t *testing.T) {
	forged := func(c claimSet) string { return signed("RS256", "any", c, hs256(nil)) }
	good := serviceAccount("https://issuer.example", noon)
	if claims, err := Peek(forged(good.with("exp", 1).with("sub", nil))); err != nil || claims.Issuer != "https://issuer.example" {
		t.Errorf("Peek = %+v, %v: it looks at iss only", claims, err)
	}
	var refusal *Error
	if _, err := Peek(forged(good.with("iss", nil))); !errors.As(err, &refusal) || refusal.Kind != MissingClaim || refusal.Claim != "iss" {
		t.Errorf("without iss: %v", err)
	}
	if _, err := Peek("garbage"); !errors.As(err, &refusal) || refusal.Kind != Malformed {
		t.Errorf("garbage: %v", err)
	}
}

// TestErrorText: every kind has a name and a sentence of its own.
func TestErrorText(t *testing.T) {
	seen := map[string]bool{}
	for kind := Malformed; kind <= Unreachable; kind++ {
		text := (&Error{Kind: kind, Claim: "nbf", Now: noon, At: noon.Add(time.Hour)}).Error()
		if seen[text] || strings.Contains(kind.String(), "(") || strings.Contains(text, "refused (") {
			t.Errorf("%s: %q", kind, text)
		}
		seen[text] = true
	}
	if text := (&Error{Kind: Expired, Now: noon, At: noon.Add(-time.Hour)}).Error(); text != "token expired at 2026-07-01T11:00:00Z, it is now 2026-07-01T12:00:00Z" {
		t.Errorf("expired: %q", text)
	}
}
