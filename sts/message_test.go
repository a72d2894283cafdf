package sts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// deniedEvent is an event whose Decision is a policy's.
func deniedEvent(t testing.TB, document string) trail.Event {
	t.Helper()
	parsed, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := policy.Compile("inline", parsed, policy.Options{Kind: policy.Identity})
	if err != nil {
		t.Fatal(err)
	}
	context := new(policy.Context)
	context.Set("aws:RequestedRegion", "us-east-1")
	context.SetList("aws:TagKeys", "a", "b")
	decision := policy.Policies{Identity: []*policy.Policy{compiled}}.Decide(&policy.Request{
		Principal: policy.Principal{Type: policy.AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/Developer/Ana", Account: "111122223333"},
		Action:    "ec2:RunInstances", Resource: "arn:aws:ec2:us-east-1:111122223333:instance/*", Context: context,
	})
	return trail.Event{
		RequestID: "r-1", Account: "111122223333", Action: "ec2:RunInstances", Resource: "arn:aws:ec2:us-east-1:111122223333:instance/*",
		UserIdentity: trail.Identity{Type: "AssumedRole", PrincipalID: "AROA123456789EXAMPLE:Ana", ARN: "arn:aws:sts::111122223333:assumed-role/Developer/Ana"},
		Decision:     &decision, Context: context,
	}
}

const visualEditor = `{"Version":"2012-10-17","Statement":[{"Sid":"VisualEditor0","Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}]}`

// TestDecodedMessage compares with the example of AWS's guide (IAM User Guide, "Use DecodeAuthorizationMessage with a CLI"), its conditions and our own
// member aside.
func TestDecodedMessage(t *testing.T) {
	ring := testRing(t, 2)
	sealer := &messages{ring: ring, rand: rand.Reader}
	plain, err := ring.openMessage(sealer.EncodeAuthorization(deniedEvent(t, visualEditor)), "111122223333")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(plain, []byte(`"conditions":{"items":[{"key":"aws:RequestedRegion","values":{"items":[{"value":"us-east-1"}]}},`+
		`{"key":"aws:TagKeys","values":{"items":[{"value":"a"},{"value":"b"}]}}]}`)) {
		t.Errorf("message = %s", plain)
	}
	var message map[string]any
	if err := json.Unmarshal(plain, &message); err != nil {
		t.Fatal(err)
	}
	ours, _ := message["openirsa"].(map[string]any)
	if ours["decision"] != "ExplicitlyDenied" || ours["requestID"] != "r-1" || len(ours["reasons"].([]any)) != 1 {
		t.Errorf("our member = %v", ours)
	}
	delete(message, "openirsa")
	message["context"].(map[string]any)["conditions"] = "…"
	got, _ := json.Marshal(message)
	var want map[string]any
	if err := json.Unmarshal([]byte(`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"VisualEditor0","effect":"DENY",
		"principals":{"items":[{"value":"AROA123456789EXAMPLE"}]},"principalGroups":{"items":[]},"actions":{"items":[{"value":"ec2:RunInstances"}]},
		"resources":{"items":[{"value":"*"}]},"conditions":{"items":[]}}]},"failures":{"items":[]},
		"context":{"principal":{"id":"AROA123456789EXAMPLE:Ana","arn":"arn:aws:sts::111122223333:assumed-role/Developer/Ana"},
		"action":"ec2:RunInstances","resource":"arn:aws:ec2:us-east-1:111122223333:instance/*","conditions":"…"}}`), &want); err != nil {
		t.Fatal(err)
	}
	if wanted, _ := json.Marshal(want); !bytes.Equal(got, wanted) {
		t.Errorf("message = %s\n   want = %s", got, wanted)
	}

	implicit := deniedEvent(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"ec2:*","Resource":"*"}]}`)
	if plain, err = ring.openMessage(sealer.EncodeAuthorization(implicit), "111122223333"); err != nil || !bytes.HasPrefix(plain, []byte(`{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]}`)) {
		t.Errorf("message = %s, %v", plain, err)
	}
	conditional := deniedEvent(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::x","Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1","x"]}}}]}`)
	plain, err = ring.openMessage(sealer.EncodeAuthorization(conditional), "111122223333")
	if err != nil || !bytes.Contains(plain, []byte(`"actions":{"items":[]},"notActions":{"items":[{"value":"s3:*"}]},"resources":{"items":[]},"notResources":{"items":[{"value":"arn:aws:s3:::x"}]},`+
		`"conditions":{"items":[{"operator":"StringEquals","key":"aws:RequestedRegion","values":{"items":[{"value":"us-east-1"},{"value":"x"}]}}]}`)) {
		t.Errorf("message = %s, %v", plain, err)
	}
}

// TestMessageLayout takes a message apart by the documented layout, without this package's opener.
func TestMessageLayout(t *testing.T) {
	ring := testRing(t, 1)
	text, err := ring.sealMessage([]byte("hello"), "111122223333", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	message, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if message[0] != 1 || !bytes.Equal(message[1:5], ring.newest[:]) {
		t.Errorf("head = %x", message[:5])
	}
	block, _ := aes.NewCipher(hkdfByDefinition(ring.keys[ring.newest], message[5:29], "openirsa authorization message", 32))
	aead, _ := cipher.NewGCM(block)
	plain, err := aead.Open(nil, make([]byte, 12), message[29:], append(bytes.Clone(message[:29]), "111122223333"...))
	if err != nil || string(plain) != "hello" {
		t.Errorf("plain = %q, %v", plain, err)
	}
}

func TestMessagesThatDoNotOpen(t *testing.T) {
	ring, other := testRing(t, 1), testRing(t, 1)
	text, err := ring.sealMessage([]byte("hello"), "111122223333", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		if _, err := ring.openMessage(base64.RawURLEncoding.EncodeToString(changed), "111122223333"); err == nil {
			t.Fatalf("a message opens with byte %d changed", i)
		}
	}
	for name, c := range map[string]struct {
		ring          *Ring
		text, account string
		err           error
	}{
		"another account": {ring, text, "444455556666", errMessageTampered},
		"no account":      {ring, text, "", errMessageTampered},
		"another plane":   {other, text, "111122223333", errMessageRing},
		"a line break":    {ring, text[:10] + "\n" + text[10:], "111122223333", errMessageMalformed},
		"padding":         {ring, text + "=", "111122223333", errMessageMalformed},
		"cut":             {ring, text[:40], "111122223333", errMessageMalformed},
		"empty":           {ring, "", "111122223333", errMessageMalformed},
		"too long":        {ring, strings.Repeat("A", maxMessageText+1), "111122223333", errMessageMalformed},
		"a session token": {ring, mustSeal(t, ring, testSession()).token, "123456789012", errMessageMalformed},
	} {
		if _, err := c.ring.openMessage(c.text, c.account); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A session token with a message's version byte has another key all the same.
	token, _ := base64.RawURLEncoding.DecodeString(mustSeal(t, ring, testSession()).token)
	token[0] = messageVersion
	if _, err := ring.openMessage(base64.RawURLEncoding.EncodeToString(token), "123456789012"); !errors.Is(err, errMessageTampered) {
		t.Errorf("a session token as a message: %v", err)
	}
}

// TestLongMessagesFit: whatever a client puts into its request, the message is one that STS takes, or there is none.
func TestLongMessagesFit(t *testing.T) {
	ring := testRing(t, 1)
	sealer := &messages{ring: ring, rand: rand.Reader}
	for _, test := range []struct {
		change       func(*trail.Event)
		has, missing string
	}{
		{func(e *trail.Event) { e.Context.Set("aws:UserAgent", strings.Repeat("\x00", 9000)) }, `"openirsa":`, "aws:RequestedRegion"},
		{func(e *trail.Event) {
			long := strings.Repeat("x", 9000)
			*e = deniedEvent(t, `{"Version":"2012-10-17","Statement":[{"Sid":"VisualEditor0","Effect":"Deny","Action":"ec2:RunInstances","Resource":["*","arn:aws:s3:::`+long+`"]}]}`)
		}, `"matchedStatements":{"items":[]}`, "VisualEditor0"},
		{func(e *trail.Event) { e.Resource = "arn:aws:s3:::" + strings.Repeat("é", 9000) }, `"resource":""`, "s3:::"},
	} {
		e := deniedEvent(t, visualEditor)
		test.change(&e)
		text := sealer.EncodeAuthorization(e)
		plain, err := ring.openMessage(text, e.Account)
		if err != nil || len(text) > 10240 || !bytes.Contains(plain, []byte(test.has)) || bytes.Contains(plain, []byte(test.missing)) {
			t.Errorf("%d characters, %v: %.300s", len(text), err, plain)
		}
	}
	e := deniedEvent(t, visualEditor)
	e.UserIdentity.ARN = strings.Repeat("x", 20000)
	if text := sealer.EncodeAuthorization(e); text != "" {
		t.Errorf("a message of %d characters", len(text))
	}
}

// TestForeignPoliciesStayHidden: a denial across accounts tells the caller's account nothing of the other account's trust policy.
func TestForeignPoliciesStayHidden(t *testing.T) {
	parsed, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Sid":"TheirSecret","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"their-id"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := policy.Compile("their trust", parsed, policy.Options{Kind: policy.Trust})
	if err != nil {
		t.Fatal(err)
	}
	caller := policy.Principal{Type: policy.User, ARN: "arn:aws:iam::111122223333:user/Ana", Account: "111122223333"}
	ring := testRing(t, 1)
	sealer := &messages{ring: ring, rand: rand.Reader}
	for account, shown := range map[string]bool{"111122223333": true, "444455556666": false} {
		role := "arn:aws:iam::" + account + ":role/r"
		decision := policy.Policies{Trust: trust}.Decide(&policy.Request{Principal: caller, Action: "sts:AssumeRole", Resource: role})
		text := sealer.EncodeAuthorization(trail.Event{Account: "111122223333", Action: "sts:AssumeRole", Resource: role, Decision: &decision, UserIdentity: trail.Identity{ARN: caller.ARN, PrincipalID: "AIDA1"}})
		plain, err := ring.openMessage(text, "111122223333")
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"TheirSecret", "their-id", "their trust"} {
			if bytes.Contains(plain, []byte(secret)) != shown {
				t.Errorf("%s: %s in %s: want %v", account, secret, plain, shown)
			}
		}
		if !bytes.Contains(plain, []byte(`"name":"Ana"`)) || !bytes.Contains(plain, []byte(`"explicitDeny":true`)) {
			t.Errorf("message = %s", plain)
		}
	}
}

// FuzzOpenMessage: nothing but what was sealed opens, and nothing panics.
func FuzzOpenMessage(f *testing.F) {
	ring := testRing(f, 1)
	text, err := ring.sealMessage([]byte("hello"), "111122223333", rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "111122223333")
	f.Add(text, "444455556666")
	f.Add(tokenEncoding.EncodeToString(append([]byte{messageVersion}, ring.newest[:]...)), "111122223333")
	f.Fuzz(func(t *testing.T, message, account string) {
		if plain, err := ring.openMessage(message, account); err == nil && (message != text || account != "111122223333") {
			t.Fatalf("%q opens for %q as %q", message, account, plain)
		}
	})
}
