package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

const dialTimeout = 5 * time.Second

// errFenced refuses an address that issuer documents may not come from.
var errFenced = errors.New("address is fenced off")

// fence decides which addresses may be dialled. It is asked for each address that a name resolves to, at the moment of connecting, so
// that neither jwks_uri nor a name whose answer changes leads past it. Its rules are the operator's; no IAM caller can alter them.
type fence struct {
	hosts    map[string]bool // lower case, without a trailing dot
	prefixes []netip.Prefix
}

// newFence reads the operator's list: CIDRs, addresses and host names (exact, without a port).
func newFence(allow []string) (*fence, error) {
	f := &fence{hosts: map[string]bool{}}
	for _, entry := range allow {
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			f.prefixes = append(f.prefixes, prefix.Masked())
			continue
		}
		if address, err := netip.ParseAddr(entry); err == nil && address.Zone() == "" {
			address = address.Unmap()
			f.prefixes = append(f.prefixes, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		name := hostName(entry)
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Contains(name, "..") {
			return nil, fmt.Errorf("allowed issuer %q is neither a host name nor a CIDR", entry)
		}
		f.hosts[name] = true
	}
	return f, nil
}

func hostName(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// dial connects as net.Dialer does and refuses each resolved address that host may not have.
func (f *fence) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{
		Timeout: dialTimeout,
		ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return fmt.Errorf("%w: %q cannot be read", errFenced, resolved)
			}
			return f.check(host, to.Addr())
		},
	}
	return dialer.DialContext(ctx, network, address)
}

// check says whether host may be reached at address.
func (f *fence) check(host string, address netip.Addr) error {
	switch classify(address) {
	case public:
		return nil
	case internal:
		plain := address.Unmap().WithZone("")
		if f.hosts[hostName(host)] || slices.ContainsFunc(f.prefixes, func(p netip.Prefix) bool { return p.Contains(plain) }) {
			return nil
		}
		return fmt.Errorf("%w: %s (of %s) is not a public address and no allowed issuer covers it", errFenced, address, quote(host))
	default:
		return fmt.Errorf("%w: %s (of %s) is a link-local, metadata, multicast or unspecified address", errFenced, address, quote(host))
	}
}

// reach classifies addresses.
type reach int

const (
	forbidden reach = iota // refused always
	internal               // refused unless the operator allows it
	public
)

// forbiddenPrefixes hold what no issuer is ever served from and what an attacker wants most: metadata services.
var forbiddenPrefixes = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", // this network, link-local (and most clouds' metadata), multicast, reserved and broadcast
	"::/128", "fe80::/10", "ff00::/8",
	"fd00:ec2::/32",      // AWS: fd00:ec2::254 and its neighbours
	"fd20:ce::254/128",   // Google Cloud
	"100.100.100.200/32", // Alibaba Cloud
	"168.63.129.16/32",   // Azure's host
	"192.0.0.192/32",     // Oracle Cloud
)

// internalPrefixes are the networks of the IANA special-purpose registries (RFC 6890) that are not reached across the Internet.
var internalPrefixes = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"::1/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fec0::/10",
)

// carriers are the IPv6 ranges whose addresses stand for an IPv4 address, and where in their 16 bytes it is.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},   // mapped (RFC 4291)
	{netip.MustParsePrefix("::/96"), 12},           // compatible (RFC 4291)
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // translated (RFC 2765)
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64 (RFC 6052)
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},  // local-use NAT64 (RFC 8215), in its usual form of a /96
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4 (RFC 3056)
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// classify looks through the ways in which an IPv6 address can carry an IPv4 one: what is forbidden stays so inside another address, and
// all the rest of them need the operator's word, because where they lead depends on the network.
func classify(address netip.Addr) reach {
	if !address.IsValid() {
		return forbidden
	}
	address = address.WithZone("")
	if inner, ok := embedded(address); ok {
		return min(classify(inner), internal)
	}
	contains := func(p netip.Prefix) bool { return p.Contains(address) }
	switch {
	case slices.ContainsFunc(forbiddenPrefixes, contains):
		return forbidden
	case slices.ContainsFunc(internalPrefixes, contains):
		return internal
	}
	return public
}

// embedded returns the IPv4 address inside an IPv6 address that stands for one.
func embedded(address netip.Addr) (netip.Addr, bool) {
	if !address.Is6() || address == netip.IPv6Loopback() || address == netip.IPv6Unspecified() {
		return netip.Addr{}, false
	}
	bytes := address.As16()
	for _, carrier := range carriers {
		if carrier.prefix.Contains(address) {
			return netip.AddrFrom4([4]byte(bytes[carrier.at:])), true
		}
	}
	return netip.Addr{}, false
}
