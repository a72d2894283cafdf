package sigv4

import (
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// TestVerifier: a key that is kept verifies what the derived one does, and refuses what that does; the cache stays bounded and keeps no key of a
// request that failed.
func TestVerifier(t *testing.T) {
	var v Verifier
	r := signedRequest(t, "s3")
	a, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	var refusal *Error
	if _, err := v.Verify(r, a, "another secret", noon); !errors.As(err, &refusal) || len(v.younger) != 0 {
		t.Fatalf("another secret: %v, and %d keys", err, len(v.younger))
	}
	for range 2 {
		key, err := v.Verify(r, a, credentials.SecretAccessKey, noon)
		if err != nil || key != SigningKey(credentials.SecretAccessKey, a.Scope) || len(v.younger) != 1 {
			t.Fatalf("%v, and %d keys", err, len(v.younger))
		}
	}
	tampered := *r
	tampered.Path = "/other"
	if _, err := v.Verify(&tampered, a, credentials.SecretAccessKey, noon); !errors.As(err, &refusal) || refusal.Code != "SignatureDoesNotMatch" {
		t.Errorf("another path: %v", err)
	}
	if _, err := v.Verify(r, a, "another secret", noon); !errors.As(err, &refusal) {
		t.Errorf("another secret, after the right one: %v", err)
	}
	if _, err := v.Verify(r, a, credentials.SecretAccessKey, noon.Add(time.Hour)); !errors.As(err, &refusal) {
		t.Errorf("an hour later: %v", err)
	}
	for i := range 3 * keyGeneration {
		one := getRequest()
		if err := Sign(one, credentials, "region-"+strconv.Itoa(i), "s3", noon); err != nil {
			t.Fatal(err)
		}
		a, err := Parse(one)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(one, a, credentials.SecretAccessKey, noon); err != nil {
			t.Fatal(err)
		}
	}
	if len(v.younger) > keyGeneration || len(v.older) > keyGeneration {
		t.Errorf("%d and %d keys are kept", len(v.younger), len(v.older))
	}
	if _, err := v.Verify(r, a, credentials.SecretAccessKey, noon); err != nil {
		t.Errorf("a key that was dropped: %v", err)
	}
}

// TestSigner: what is signed by a key that is kept is what the derived one signs, whatever was signed before; the cache stays bounded.
func TestSigner(t *testing.T) {
	var s Signer
	another := Credentials{AccessKeyID: credentials.AccessKeyID, SecretAccessKey: "another secret"}
	for i := range 3 * keyGeneration {
		c, region, at := credentials, "region-"+strconv.Itoa(i/3), noon.Add(time.Duration(i%2)*24*time.Hour)
		if i%3 == 2 {
			c = another
		}
		for range 2 {
			got, want := getRequest(), getRequest()
			if err := errors.Join(s.Sign(got, c, region, "s3", at), Sign(want, c, region, "s3", at)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("request %d has %v, want %v", i, got.Header, want.Header)
			}
		}
	}
	if len(s.keys.younger) > keyGeneration || len(s.keys.older) > keyGeneration {
		t.Errorf("%d and %d keys are kept", len(s.keys.younger), len(s.keys.older))
	}
}
