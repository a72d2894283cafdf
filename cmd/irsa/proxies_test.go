package main

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"testing"
)

func TestClientBehindProxies(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name      string
		proxies   proxies
		peer      string
		forwarded []string
		proto     []string
		tls       bool
		address   string
		secure    bool
	}{
		{"nobody is trusted", nil, "10.0.0.1:5", []string{"203.0.113.7"}, []string{"https"}, false, "10.0.0.1", false},
		{"a stranger writes the header", trusted, "198.51.100.9:5", []string{"203.0.113.7"}, []string{"https"}, false, "198.51.100.9", false},
		{"one proxy", trusted, "10.0.0.1:5", []string{"203.0.113.7"}, []string{"https"}, false, "203.0.113.7", true},
		{"what the client sent stands left", trusted, "10.0.0.1:5", []string{"127.0.0.1, 203.0.113.7"}, []string{"https, http"}, true, "203.0.113.7", false},
		{"two proxies in two lines", trusted, "10.0.0.1:5", []string{"192.0.2.1, 203.0.113.7", "10.0.0.2"}, nil, false, "203.0.113.7", false},
		{"only proxies", trusted, "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, nil, false, "10.0.0.3", false},
		{"not an address", trusted, "10.0.0.1:5", []string{"203.0.113.7, unknown"}, nil, true, "10.0.0.1", true},
		{"no header", trusted, "10.0.0.1:5", nil, nil, true, "10.0.0.1", true},
		{"ports", trusted, "[fd00::1]:5", []string{"[2001:db8::7]:4711"}, nil, false, "2001:db8::7", false},
		{"mapped addresses", trusted, "[::ffff:10.0.0.1]:5", []string{"::ffff:203.0.113.7"}, nil, false, "203.0.113.7", false},
		{"zones", trusted, "[fe80::1%eth0]:5", nil, nil, false, "fe80::1", false},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != nil {
			r.Header["X-Forwarded-For"] = c.forwarded
		}
		if c.proto != nil {
			r.Header["X-Forwarded-Proto"] = c.proto
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if address, secure := c.proxies.client(r); address != c.address || secure != c.secure {
			t.Errorf("%s: %s %v", c.name, address, secure)
		}
	}
}
