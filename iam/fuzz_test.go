package iam

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// FuzzIssuer: whatever issuer is accepted makes an ARN with exactly its host and path, and a record key of its account.
func FuzzIssuer(f *testing.F) {
	for _, seed := range []string{
		"https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF", "https://10.0.0.1:6443", "https://[2001:db8::1]/x",
		"https://user@example.com", "https://a.example/%2f..", "http://example.com", "https://example.com:65536", "https://*.example.com",
		"https://a.example/@",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v validator
		CreateOpenIDConnectProviderInput{URL: text}.validate(&v)
		if v.err() != nil {
			return
		}
		a := newAccount("aws", "111122223333", nil)
		name := strings.TrimPrefix(text, "https://")
		arn, err := policy.ParseARN(a.arn("oidc-provider/" + name))
		if err != nil || arn.Resource != "oidc-provider/"+name || arn.Account != a.id {
			t.Errorf("%q has ARN %v, %v", text, arn, err)
		}
		if host, _, _ := strings.Cut(name, "/"); strings.Contains(host, "@") || strings.ContainsAny(text, "*?# \\") || !strings.HasPrefix(text, "https://") || len(text) > 255 {
			t.Errorf("%q was accepted", text)
		}
		if account, kind, key := splitKey(recordKey(a.id, kindProvider, providerName(text))); account != a.id || kind != kindProvider || key != strings.ToLower(name) {
			t.Errorf("%q is kept as %s %s %s", text, account, kind, key)
		}
	})
}

// FuzzAccessKeyID: an id says the account that it was made for; a foreign text says none, or one of 12 digits.
func FuzzAccessKeyID(f *testing.F) {
	f.Add("ASIAQNZGKIQY56JQ7WML", []byte("12345"))
	f.Add("AKIA", []byte{})
	f.Fuzz(func(t *testing.T, text string, random []byte) {
		account, ok := AccountOfAccessKeyID(text)
		if !ok {
			return
		}
		if !isAccountID(account) {
			t.Fatalf("%q is of account %q", text, account)
		}
		if id := AccessKeyID(text[:4], account, random); len(random) >= 5 {
			if again, ok := AccountOfAccessKeyID(id); !ok || again != account {
				t.Errorf("%q of account %s is of account %s", id, account, again)
			}
		}
	})
}

// FuzzMarker: no marker makes a listing fail or repeat itself; a page begins after what its marker says.
func FuzzMarker(f *testing.F) {
	f.Add("", 1)
	f.Add(marker("beta"), 2)
	f.Fuzz(func(t *testing.T, marker string, size int) {
		paging := Paging{Marker: marker, MaxItems: &size}
		var v validator
		if paging.validate(&v); v.err() != nil {
			return
		}
		items := []string{"gamma", "alpha", "delta", "beta"}
		got := page(items, sameName, paging)
		if len(got.Items) > size || got.IsTruncated != (got.Marker != "") {
			t.Errorf("page = %+v", got)
		}
		if !got.IsTruncated {
			return
		}
		next := page([]string{"gamma", "alpha", "delta", "beta"}, sameName, Paging{Marker: got.Marker})
		if len(next.Items) == 0 || next.Items[0] <= got.Items[len(got.Items)-1] {
			t.Errorf("%v comes after %v", next.Items, got.Items)
		}
	})
}
