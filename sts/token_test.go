package sts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
)

func testRing(t testing.TB, keys int) *Ring {
	t.Helper()
	r := &Ring{keys: map[ringID][]byte{}}
	for range keys {
		key := make([]byte, ringKeySize)
		rand.Read(key)
		rand.Read(r.newest[:])
		r.keys[r.newest] = key
	}
	return r
}

func testSession() session {
	return session{
		Kind:           roleSession,
		Account:        "123456789012",
		PrincipalID:    "AROAEXAMPLEEXAMPLE123",
		Name:           "app@cluster",
		Issuer:         "https://oidc.example.com:8443/id/0123",
		Subject:        "system:serviceaccount:shop:app",
		Audience:       "sts.amazonaws.com",
		AMR:            []string{"authenticated"},
		Tags:           []sessionTag{{Key: "Team", Value: "größe ✓", Transitive: true}, {Key: "empty"}},
		SourceIdentity: "someone",
		Policy:         `{"Version":"2012-10-17","Statement":[]}`,
		PolicyARNs:     []string{"arn:aws:iam::123456789012:policy/p"},
		ChainDepth:     2,
		Issued:         time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix(),
		Expires:        time.Date(2026, 1, 2, 4, 4, 5, 0, time.UTC).Unix(),
	}
}

func mustSeal(t testing.TB, r *Ring, s session) *sealed {
	t.Helper()
	made, err := r.seal(s, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestOpenBringsBackWhatWasSealed(t *testing.T) {
	ring := testRing(t, 1)
	made := mustSeal(t, ring, testSession())
	opened, err := ring.open(made.token)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(opened.record, testSession()) {
		t.Errorf("record = %+v, want %+v", opened.record, testSession())
	}
	if opened.secretAccessKey != made.secretAccessKey || opened.accessKeyID != made.accessKeyID {
		t.Error("opening derives other keys than sealing")
	}
	if len(made.secretAccessKey) != 40 || len(made.accessKeyID) != 20 || !strings.HasPrefix(made.accessKeyID, "ASIA") {
		t.Errorf("keys have the shapes %q, %d characters", made.accessKeyID, len(made.secretAccessKey))
	}
	account, ok := iam.AccountOfAccessKeyID(made.accessKeyID)
	if !ok || account != "123456789012" {
		t.Errorf("the access key id says account %q", account)
	}
}

// hkdf is RFC 5869 by its definition, for at most one block of output.
func hkdfByDefinition(key, salt []byte, info string, size int) []byte {
	extract := hmac.New(sha256.New, salt)
	extract.Write(key)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte(info))
	expand.Write([]byte{1})
	return expand.Sum(nil)[:size]
}

// TestTokenLayout takes a token apart by the documented layout, without this package's opener: what replicas and later versions must go on reading.
func TestTokenLayout(t *testing.T) {
	ring := testRing(t, 1)
	made := mustSeal(t, ring, testSession())
	token, err := base64.RawURLEncoding.DecodeString(made.token)
	if err != nil {
		t.Fatal(err)
	}
	if token[0] != 2 || !bytes.Equal(token[1:5], ring.newest[:]) {
		t.Errorf("head = %x", token[:5])
	}
	id, key := token[5:29], ring.keys[ring.newest]
	block, _ := aes.NewCipher(hkdfByDefinition(key, id, "openirsa session token", 32))
	aead, _ := cipher.NewGCM(block)
	plain, err := aead.Open(nil, make([]byte, 12), token[29:], token[:29])
	if err != nil {
		t.Fatal(err)
	}
	var record session
	if _, err := asn1.Unmarshal(plain, &record); err != nil || record.Subject != testSession().Subject {
		t.Errorf("record = %+v, %v", record, err)
	}
	if want := base64.StdEncoding.EncodeToString(hkdfByDefinition(key, id, "openirsa secret access key", 30)); made.secretAccessKey != want {
		t.Error("the secret access key is not the HKDF of ring key and session id")
	}
}

// TestEveryFlippedBitIsRefused flips each bit of the binary token, and replaces each character of its text.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	ring := testRing(t, 2)
	text := mustSeal(t, ring, testSession()).token
	token, err := tokenEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(token) {
		altered := bytes.Clone(token)
		altered[i/8] ^= 1 << (i % 8)
		if _, err := ring.open(tokenEncoding.EncodeToString(altered)); err == nil {
			t.Fatalf("bit %d can be flipped", i)
		}
	}
	for i := range len(text) {
		for _, c := range []byte{'A', 'B', '_', '=', '\n', ' '} {
			if altered := text[:i] + string(c) + text[i+1:]; altered != text {
				if _, err := ring.open(altered); err == nil {
					t.Fatalf("character %d can be %q", i, c)
				}
			}
		}
	}
	for _, altered := range []string{"", text[:len(text)-1], text + "A", text + "\n", "\n" + text, text + "==", text[:40] + "\r\n" + text[40:], text + text} {
		if _, err := ring.open(altered); err == nil {
			t.Errorf("%q opens", altered)
		}
	}
}

// TestPartsOfTwoTokensDoNotFit makes sure that the clear part is bound to the sealed one.
func TestPartsOfTwoTokensDoNotFit(t *testing.T) {
	ring := testRing(t, 1)
	a, _ := tokenEncoding.DecodeString(mustSeal(t, ring, testSession()).token)
	b, _ := tokenEncoding.DecodeString(mustSeal(t, ring, testSession()).token)
	mixed := append(bytes.Clone(a[:clearSize]), b[clearSize:]...)
	if _, err := ring.open(tokenEncoding.EncodeToString(mixed)); !errors.Is(err, errTokenTampered) {
		t.Errorf("error = %v, want %v", err, errTokenTampered)
	}
}

func TestRings(t *testing.T) {
	old := testRing(t, 1)
	token := mustSeal(t, old, testSession()).token
	if _, err := testRing(t, 1).open(token); !errors.Is(err, errTokenRing) {
		t.Errorf("another ring: %v", err)
	}
	sameID := &Ring{newest: old.newest, keys: map[ringID][]byte{old.newest: make([]byte, ringKeySize)}}
	if _, err := sameID.open(token); !errors.Is(err, errTokenTampered) {
		t.Errorf("another key under the same id: %v", err)
	}
	rotated := testRing(t, 1)
	rotated.keys[old.newest] = old.keys[old.newest]
	if _, err := rotated.open(token); err != nil {
		t.Errorf("an older key of the ring: %v", err)
	}
	if _, err := old.open(mustSeal(t, rotated, testSession()).token); !errors.Is(err, errTokenRing) {
		t.Errorf("the newest key does not seal: %v", err)
	}
}

func TestSessionsShareNothing(t *testing.T) {
	ring := testRing(t, 1)
	a, b := mustSeal(t, ring, testSession()), mustSeal(t, ring, testSession())
	if a.token == b.token || a.secretAccessKey == b.secretAccessKey || a.accessKeyID == b.accessKeyID {
		t.Error("two sessions share a token or a key")
	}
}

// TestMinimumTokenSize: a token is as long as was asked for, or a byte more where base64 has no text of that length, and opens to the same session.
func TestMinimumTokenSize(t *testing.T) {
	ring := testRing(t, 1)
	shortest := len(mustSeal(t, ring, testSession()).token)
	for minimum := range MaxSessionToken + 1 {
		made, err := ring.seal(testSession(), minimum, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if size := len(made.token); size < minimum || size > max(shortest, minimum+1) || size > MaxSessionToken {
			t.Errorf("a token of at least %d bytes has %d", minimum, size)
		}
		if opened, err := ring.open(made.token); err != nil || !reflect.DeepEqual(opened.record, testSession()) {
			t.Fatalf("a token of %d bytes: %v", len(made.token), err)
		}
	}
}

func TestTokenSize(t *testing.T) {
	ring := testRing(t, 1)
	record := testSession()
	fits := func(n int) (string, error) {
		record.Policy = strings.Repeat("p", n)
		made, err := ring.seal(record, 0, rand.Reader)
		if err != nil {
			return "", err
		}
		return made.token, nil
	}
	largest := 0
	for n := range 4096 {
		if token, err := fits(n); err == nil {
			largest = n
			if len(token) > 4096 {
				t.Fatalf("a policy of %d bytes makes a token of %d", n, len(token))
			}
		} else if !errors.Is(err, errTokenTooLarge) {
			t.Fatal(err)
		}
	}
	token, _ := fits(largest)
	if len(token) < 4090 { // nothing of the 4 KiB is given away
		t.Errorf("the largest token is only %d long", len(token))
	}
	if _, err := ring.open(token); err != nil {
		t.Errorf("the largest token does not open: %v", err)
	}
	for n, tooLarge := range map[int]bool{largest: false, largest + 1: true} {
		record.Policy = strings.Repeat("p", n)
		percent, err := packedSize(record)
		if err != nil || percent > 100 != tooLarge {
			t.Errorf("packed size of a policy of %d bytes = %d %%, %v", n, percent, err)
		}
	}
}

func TestParseRingRefuses(t *testing.T) {
	id, key := `"AAAAAA=="`, `"`+base64.StdEncoding.EncodeToString(make([]byte, 32))+`"`
	entry := fmt.Sprintf(`{"id":%s,"key":%s}`, id, key)
	if _, err := parseRing([]byte(`{"version":1,"keys":[` + entry + `]}`)); err != nil {
		t.Fatalf("a good ring: %v", err)
	}
	for name, document := range map[string]string{
		"no JSON":        `ring`,
		"later version":  `{"version":2,"keys":[` + entry + `]}`,
		"no keys":        `{"version":1,"keys":[]}`,
		"short key":      `{"version":1,"keys":[{"id":` + id + `,"key":"AAAA"}]}`,
		"long id":        `{"version":1,"keys":[{"id":"AAAAAAAA","key":` + key + `}]}`,
		"one id twice":   `{"version":1,"keys":[` + entry + `,` + entry + `]}`,
		"null as a ring": `null`,
	} {
		if _, err := parseRing([]byte(document)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c sessionCache
	var hash [sha256.Size]byte
	first := &heldSession{}
	c.put(hash, first)
	for i := 1; i <= 10*generation; i++ {
		binary.BigEndian.PutUint64(hash[:], uint64(i))
		c.put(hash, &heldSession{})
		if i%(generation/2) == 0 { // used now and then: stays
			if held, ok := c.get([sha256.Size]byte{}); !ok || held != first {
				t.Fatalf("after %d others, an entry in use is gone", i)
			}
		}
	}
	if n := len(c.younger) + len(c.older); n > 2*generation {
		t.Errorf("%d entries are kept", n)
	}
	binary.BigEndian.PutUint64(hash[:], 1)
	if _, ok := c.get(hash); ok {
		t.Error("an entry that nobody used is still there")
	}
}

// FuzzOpenToken holds that nothing but what the ring sealed opens, and that a token has one text.
func FuzzOpenToken(f *testing.F) {
	ring := testRing(f, 2)
	good := mustSeal(f, ring, testSession()).token
	f.Add(good)
	f.Add(good[:60])
	f.Add(mustSeal(f, testRing(f, 1), testSession()).token)
	f.Add(tokenEncoding.EncodeToString(append([]byte{tokenVersion}, ring.newest[:]...)))
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := ring.open(text)
		if err == nil && text != good {
			t.Fatalf("%q opens as %+v", text, opened.record)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Fatal("the error holds the token")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	ring, record := testRing(b, 1), testSession()
	b.ReportAllocs()
	for b.Loop() {
		mustSeal(b, ring, record)
	}
}

func BenchmarkOpen(b *testing.B) {
	ring := testRing(b, 1)
	token := mustSeal(b, ring, testSession()).token
	b.Run("sealed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ring.open(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		s := &Service{ring: ring}
		s.opened.put(sha256.Sum256([]byte(token)), &heldSession{})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.openSession(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
