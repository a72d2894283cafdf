package oidc

import (
	"crypto"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestFence(t *testing.T) {
	everything, err := newFence([]string{"0.0.0.0/0", "::/0", "host.example"})
	if err != nil {
		t.Fatal(err)
	}
	nothing, err := newFence(nil)
	if err != nil {
		t.Fatal(err)
	}
	lists := map[reach]string{
		public: "8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 2606:4700::1111 2a00:1450::1",
		internal: `10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 127.0.0.1 127.255.255.254 100.64.0.1 100.127.255.255 192.0.0.8 198.18.0.1 203.0.113.9
			::1 fc00::1 fd12:3456::1 fec0::1 2001:db8::1 100::1 2001::1
			::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::10.0.0.1 2002:0a00:0001:: ::10.0.0.1 ::ffff:0:10.0.0.1`,
		forbidden: `169.254.0.1 169.254.169.254 169.254.170.2 169.254.170.23 0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
			100.100.100.200 168.63.129.16 192.0.0.192
			:: fe80::1 fe80::1%lo febf::1 ff02::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254
			::ffff:169.254.169.254 ::ffff:0.0.0.0 64:ff9b::169.254.169.254 64:ff9b:1::169.254.169.254 2002:a9fe:a9fe:: ::169.254.169.254 ::ffff:0:169.254.169.254 64:ff9b::224.0.0.1`,
	}
	for want, list := range lists {
		for _, text := range strings.Fields(list) {
			address := netip.MustParseAddr(text)
			if err := nothing.check("host.example", address); (err == nil) != (want == public) {
				t.Errorf("%s with nothing allowed: %v", text, err)
			}
			if err := everything.check("elsewhere.example", address); (err == nil) != (want != forbidden) {
				t.Errorf("%s with everything allowed: %v", text, err)
			}
			if err := everything.check("host.example", address); (err == nil) != (want != forbidden) {
				t.Errorf("%s of an allowed host: %v", text, err)
			}
		}
	}
	if err := nothing.check("host.example", netip.Addr{}); !errors.Is(err, errFenced) {
		t.Errorf("no address: %v", err)
	}
}

func TestFenceList(t *testing.T) {
	f, err := newFence([]string{"10.1.0.0/16", "fd00::/8", "192.168.7.7", "Kubernetes.Default.svc.", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, address string
		allowed       bool
	}{
		{"a", "10.1.255.1", true}, {"a", "10.2.0.1", false}, {"a", "::ffff:10.1.0.1", true}, {"a", "::ffff:10.2.0.1", false},
		{"a", "192.168.7.7", true}, {"a", "192.168.7.8", false}, {"a", "fd00::1", true}, {"a", "::1", true},
		{"kubernetes.default.svc", "10.96.0.1", true}, {"KUBERNETES.default.svc.", "10.96.0.1", true},
		{"kubernetes.default.svc.evil.example", "10.96.0.1", false}, {"default.svc", "10.96.0.1", false},
		{"kubernetes.default.svc", "169.254.169.254", false}, {"kubernetes.default.svc", "fd00:ec2::254", false},
	} {
		if err := f.check(c.host, netip.MustParseAddr(c.address)); (err == nil) != c.allowed {
			t.Errorf("%s at %s: %v", c.host, c.address, err)
		}
	}
	for _, bad := range []string{"", ".", "*", "*.example", "10.0.0.0/33", "https://a.example", "a.example:443", "a b", "a..b", "fe80::1%eth0", "münchen.example"} {
		if _, err := NewVerifier(VerifierConfig{AllowIssuers: []string{bad}}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestFenceSeesResolvedAddresses: a public-looking name whose answer is loopback needs permission like loopback itself, for both documents.
func TestFenceSeesResolvedAddresses(t *testing.T) {
	k := testKeys()
	issuer := newTestIssuer(t, jwk("k", &k.rsa.PublicKey))
	named := strings.Replace(issuer.url, "127.0.0.1", "localhost", 1)
	for name, c := range map[string]struct {
		url    string
		allow  []string
		fenced bool
		asked  int32
	}{
		"literal":            {issuer.url, nil, true, 0},
		"literal, allowed":   {issuer.url, []string{"127.0.0.1"}, false, 2},
		"name":               {named, nil, true, 0},
		"name, other one":    {named, []string{"otherhost"}, true, 0},
		"name, allowed":      {named, []string{"localhost"}, false, 0}, // and then fails for its certificate, which is for 127.0.0.1
		"name, CIDR allowed": {named, []string{"127.0.0.0/8", "::1/128"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			issuer.requests.Store(0)
			v := newVerifier(t, VerifierConfig{Now: (&clock{now: noon}).Now, AllowIssuers: c.allow, RootCAs: issuer.roots})
			p := issuer.provider(account)
			p.Issuer = c.url
			_, err := v.Verify(t.Context(), p, signed("RS256", "k", serviceAccount(c.url, noon), rs(k.rsa, crypto.SHA256)))
			if errors.Is(err, errFenced) != c.fenced {
				t.Errorf("error %v, want fenced %v", err, c.fenced)
			}
			if n := issuer.requests.Load(); n != c.asked {
				t.Errorf("%d requests reached the issuer, want %d", n, c.asked)
			}
		})
	}
}

// TestNoProxy: the environment's proxy would dial where the fence does not see it.
func TestNoProxy(t *testing.T) {
	f, err := newFetcher(VerifierConfig{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if f.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("the transport has a proxy function")
	}
}
