package oidc

import (
	"strings"
	"testing"
)

func TestValidateIssuerURL(t *testing.T) {
	long := "https://a.example/" + strings.Repeat("x", 255-len("https://a.example/"))
	for _, good := range []string{
		"https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF", "https://token.actions.githubusercontent.com", "https://a.example:8443/x",
		"https://tenant.eu.auth0.com/", "https://127.0.0.1:6443", "https://[::1]:6443/a", "https://a.example/~user/a.b/c%20d", long,
	} {
		if err := ValidateIssuerURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "a.example", "http://a.example", "HTTPS://a.example", "https:a.example", "https://", "https:///path", "https://:443/", "https://a.example:", "https://a.example:0",
		"https://a.example:65536", "https://a.example:x", "https://user@a.example", "https://user:word@a.example", "https://a.example?", "https://a.example?x=1",
		"https://a.example#", "https://a.example/#x", "https://a.example/a b", "https://a.example/*", "https://a.example/${x}", "https://a.example/\\", "https://a.example/é",
		"https://a.example/\x00", "https://a.example/../b", "https://a.example/./b", "https://a.example/%2e%2e/b", "https://a.example/%zz", "https://[::1", long + "x",
	} {
		if err := ValidateIssuerURL(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestProviderHostPath(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://oidc.eks.eu-west-1.amazonaws.com/id/0123": "oidc.eks.eu-west-1.amazonaws.com/id/0123",
		"https://a.example:8443/":                          "a.example:8443/",
	} {
		if got := ProviderHostPath(issuer); got != want {
			t.Errorf("%s: %s, want %s", issuer, got, want)
		}
	}
}
