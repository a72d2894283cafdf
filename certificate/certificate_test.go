package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openirsa/openirsa/certificate"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newAuthority(t testing.TB, now time.Time, lifetime time.Duration) *certificate.Authority {
	t.Helper()
	a, err := certificate.NewAuthority(now, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// pool holds what a client trusts.
func pool(bundle []byte) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(bundle)
	return p
}

// TestIssue verifies what is issued with crypto/x509's verifier, as every client of Go does, by name, address, time and use.
func TestIssue(t *testing.T) {
	a := newAuthority(t, noon, 24*time.Hour)
	issued, err := a.Issue([]string{"webhook.eks.svc", "127.0.0.1", "::1"}, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other := newAuthority(t, noon, 24*time.Hour)
	cases := []struct {
		name, host string
		roots      []byte
		at         time.Time
		use        x509.ExtKeyUsage
		good       bool
	}{
		{"name", "webhook.eks.svc", a.Bundle(), noon, x509.ExtKeyUsageServerAuth, true},
		{"address", "127.0.0.1", a.Bundle(), noon, x509.ExtKeyUsageServerAuth, true},
		{"IPv6 address", "::1", a.Bundle(), noon, x509.ExtKeyUsageServerAuth, true},
		{"a clock four minutes behind", "127.0.0.1", a.Bundle(), noon.Add(-4 * time.Minute), x509.ExtKeyUsageServerAuth, true},
		{"another name", "webhook.other.svc", a.Bundle(), noon, x509.ExtKeyUsageServerAuth, false},
		{"after its end", "webhook.eks.svc", a.Bundle(), noon.Add(61 * time.Minute), x509.ExtKeyUsageServerAuth, false},
		{"another authority", "webhook.eks.svc", other.Bundle(), noon, x509.ExtKeyUsageServerAuth, false},
		{"as a client", "webhook.eks.svc", a.Bundle(), noon, x509.ExtKeyUsageClientAuth, false},
	}
	for _, c := range cases {
		_, err := issued.Leaf.Verify(x509.VerifyOptions{DNSName: c.host, Roots: pool(c.roots), CurrentTime: c.at, KeyUsages: []x509.ExtKeyUsage{c.use}})
		if (err == nil) != c.good {
			t.Errorf("%s: %v, want good = %v", c.name, err, c.good)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	a := newAuthority(t, noon, time.Hour)
	if _, err := a.Issue(nil, noon, time.Minute); err == nil {
		t.Error("a certificate without a name was issued")
	}
	if _, err := a.Issue([]string{"x"}, noon.Add(time.Hour), time.Minute); err == nil {
		t.Error("an authority issued after its end")
	}
	late, err := a.Issue([]string{"x"}, noon.Add(50*time.Minute), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if late.Leaf.NotAfter.After(a.Expires()) {
		t.Errorf("issued until %s, past the authority's end %s", late.Leaf.NotAfter, a.Expires())
	}
}

func TestParseAuthority(t *testing.T) {
	a, b := newAuthority(t, noon, time.Hour), newAuthority(t, noon, time.Hour)
	cert, key, err := a.PEM()
	if err != nil {
		t.Fatal(err)
	}
	_, otherKey, err := b.PEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := certificate.ParseAuthority(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := again.Issue([]string{"x"}, noon, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := issued.Leaf.Verify(x509.VerifyOptions{DNSName: "x", Roots: pool(a.Bundle()), CurrentTime: noon}); err != nil {
		t.Errorf("what the parsed authority issued is not the authority's: %v", err)
	}
	leaf := certificate.Bundle(issued.Leaf)
	for name, c := range map[string]struct{ cert, key []byte }{
		"another key":      {cert, otherKey},
		"no key":           {cert, nil},
		"no certificate":   {nil, key},
		"two certificates": {append(bytes.Clone(cert), cert...), key},
		"not an authority": {leaf, key},
		"two keys":         {cert, append(bytes.Clone(key), key...)},
		"a huge key":       {cert, append(bytes.Clone(key), make([]byte, 2<<20)...)},
	} {
		_, err := certificate.ParseAuthority(c.cert, c.key)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "PRIVATE KEY-----") {
			t.Errorf("%s: the error quotes the key", name)
		}
	}
}

func TestParseBundle(t *testing.T) {
	a, b := newAuthority(t, noon, time.Hour).Bundle(), newAuthority(t, noon, time.Hour).Bundle()
	both := append(bytes.Clone(a), b...)
	for _, c := range []struct {
		name, text string
		count      int
		want       string // of the error
	}{
		{"nothing", "", 0, ""},
		{"two", string(both), 2, ""},
		{"two with room between", string(a) + "\n\n" + string(b) + "\n", 2, ""},
		{"text before", "hello\n" + string(a), 0, "line 1"},
		{"a broken second", string(a) + strings.Replace(string(b), "MII", "M!!", 1), 0, fmt.Sprintf("line %d", 1+bytes.Count(a, []byte("\n")))},
		{"an end cut off", string(a[:len(a)-10]), 0, "line 1"},
		{"another block", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0, "line 1"},
		{"huge", strings.Repeat(" ", 2<<20), 0, "more than"},
	} {
		got, err := certificate.ParseBundle([]byte(c.text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || len(got) != c.count {
			t.Errorf("%s: %d certificates, %v; want %d, %q", c.name, len(got), err, c.count, c.want)
		}
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add(newAuthority(f, noon, time.Hour).Bundle())
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		certificates, err := certificate.ParseBundle(text)
		if err != nil {
			return
		}
		again, err := certificate.ParseBundle(certificate.Bundle(certificates...))
		if err != nil || len(again) != len(certificates) {
			t.Fatalf("%d certificates became %d: %v", len(certificates), len(again), err)
		}
		for i := range again {
			if !again[i].Equal(certificates[i]) {
				t.Fatalf("certificate %d changed", i)
			}
		}
	})
}

func FuzzParseAuthority(f *testing.F) {
	cert, key, err := newAuthority(f, noon, time.Hour).PEM()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cert, key)
	f.Fuzz(func(t *testing.T, cert, key []byte) {
		if a, err := certificate.ParseAuthority(cert, key); err == nil {
			if _, _, err := a.PEM(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestOwnRenews expects a new certificate at two thirds of the old one's life and not before, however short that is, and at once under a new authority.
func TestOwnRenews(t *testing.T) {
	for _, life := range []time.Duration{30 * time.Second, 3 * time.Hour, 30 * 24 * time.Hour} {
		c := &clock{now: noon}
		own := &certificate.Own{Authority: newAuthority(t, noon, 1000*life), Names: []string{"x"}, Lifetime: life, Now: c.Now}
		serials := map[string]bool{}
		take := func() {
			t.Helper()
			pair, err := own.Certificate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			serials[pair.Leaf.SerialNumber.String()] = true
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {life / 3, 1}, {life/3 - time.Second, 1}, {2 * time.Second, 2}, {life / 3, 2}, {life, 3}} {
			c.advance(step.wait)
			if take(); len(serials) != step.want {
				t.Fatalf("life %s: %d certificates at %s, want %d", life, len(serials), c.Now(), step.want)
			}
		}
		own.Authority = newAuthority(t, c.Now(), time.Hour)
		if take(); len(serials) != 4 {
			t.Errorf("life %s: a new authority left the old certificate", life)
		}
	}
}

// write puts a pair into files in one of the orders that operators write them.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// pairPEM issues a pair and writes it as PEM, by the standard library's own marshalling.
func pairPEM(t *testing.T, a *certificate.Authority) (cert, key []byte) {
	t.Helper()
	issued, err := a.Issue([]string{"127.0.0.1"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(issued.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Bundle(issued.Leaf), encodeKey(der)
}

// TestFilesReload replaces a pair file by file while a server shows it, and looks with a TLS client at what is shown.
func TestFilesReload(t *testing.T) {
	folder := t.TempDir()
	files := &certificate.Files{Cert: filepath.Join(folder, "tls.crt"), Key: filepath.Join(folder, "tls.key")}
	keeper := certificate.New(certificate.Config{Source: files})
	if err := keeper.Refresh(t.Context()); err == nil {
		t.Error("files that are not there are no error")
	}
	a := newAuthority(t, time.Now(), time.Hour)
	oldCert, oldKey := pairPEM(t, a)
	newCert, newKey := pairPEM(t, a)
	write(t, files.Cert, oldCert)
	write(t, files.Key, oldKey)
	if err := keeper.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	address := serveTLS(t, keeper.TLS())
	roots := pool(a.Bundle())
	if got := shown(t, address, roots); !bytes.Equal(got, oldCert) {
		t.Fatal("the first pair is not shown")
	}
	write(t, files.Cert, newCert)
	if err := keeper.Refresh(t.Context()); err == nil {
		t.Error("half a pair is no error")
	}
	if got := shown(t, address, roots); !bytes.Equal(got, oldCert) {
		t.Error("half a pair replaced the old one")
	}
	write(t, files.Key, newKey)
	if err := keeper.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, address, roots); !bytes.Equal(got, newCert) {
		t.Error("the new pair is not shown")
	}
	write(t, files.Key, make([]byte, 2<<20))
	if err := keeper.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge key: %v", err)
	}
}

// TestNoCertificateYet expects a handshake to fail rather than to be answered with nothing.
func TestNoCertificateYet(t *testing.T) {
	keeper := certificate.New(certificate.Config{Source: &certificate.Own{}})
	address := serveTLS(t, keeper.TLS())
	if _, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("a handshake without a certificate succeeded")
	}
	if keeper.Leaf() != nil {
		t.Error("there is a leaf")
	}
}

// serveTLS accepts connections, completes their handshakes and closes them.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func(c net.Conn) {
				defer c.Close()
				_ = c.(*tls.Conn).HandshakeContext(context.Background())
				_, _ = c.Read(make([]byte, 1))
			}(connection)
		}
	}()
	return listener.Addr().String()
}

// shown connects as a client that trusts roots and returns the certificate that it was shown.
func shown(t *testing.T, address string, roots *x509.CertPool) []byte {
	t.Helper()
	connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return certificate.Bundle(connection.ConnectionState().PeerCertificates[0])
}

func encodeKey(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
