package iam_test

import (
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestDefaultPort: an issuer that is registered with https's own port is the one without it, whose tokens name no port.
func TestDefaultPort(t *testing.T) {
	p := newPlane(t)
	for url, issuer := range map[string]string{
		"https://a.example:443/id/443": "https://a.example/id/443",
		"https://b.example:443":        "https://b.example",
		"https://c.example:8443/:443":  "https://c.example:8443/:443",
		"https://[2001:db8::1]:443/":   "https://[2001:db8::1]/",
		"https://[2001:db8::443]":      "https://[2001:db8::443]",
	} {
		made := must(p.CreateOpenIDConnectProvider(t.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: url}))
		provider, arn, ok := must(p.Account(t.Context(), account)).Provider(issuer)
		if !ok || provider.Issuer != issuer || arn != made.ARN || "https://"+made.URL != issuer {
			t.Errorf("%s is registered as %s, and %s is found: %v", url, made.ARN, issuer, ok)
		}
		for _, again := range []string{url, issuer} {
			_, err := p.CreateOpenIDConnectProvider(t.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: again})
			refused(t, err, "EntityAlreadyExists")
		}
	}
}
