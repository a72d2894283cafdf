package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks of reverse proxies whose forwarding headers are believed. Without any, a client is the connection's other end.
type proxies []netip.Prefix

// client is the address that a request came from, and whether it came over TLS. X-Forwarded-For is read from the right, as far as trusted proxies
// wrote it: what stands further left, anybody may have sent. X-Forwarded-Proto counts as the nearest proxy wrote it.
func (p proxies) client(r *http.Request) (address string, secure bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, r.TLS != nil
	}
	current, secure := peer.Addr().Unmap().WithZone(""), r.TLS != nil
	if !p.trusts(current) {
		return current.String(), secure
	}
	if protocols := list(r.Header["X-Forwarded-Proto"]); len(protocols) > 0 {
		secure = strings.EqualFold(protocols[len(protocols)-1], "https")
	}
	for _, entry := range slices.Backward(list(r.Header["X-Forwarded-For"])) {
		next, ok := addressOf(entry)
		if !ok {
			break // what is not an address ends what is known
		}
		if current = next; !p.trusts(current) {
			break
		}
	}
	return current.String(), secure
}

func (p proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// list is a header's comma-separated values, of all its lines.
func list(lines []string) []string {
	var values []string
	for _, line := range lines {
		for value := range strings.SplitSeq(line, ",") {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// addressOf reads an entry of X-Forwarded-For, which some proxies give a port.
func addressOf(entry string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(entry); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(entry, "[]"))
	return address.Unmap().WithZone(""), err == nil
}
