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
		if !policy.IsAccountID(account) {
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

// FuzzSimulation: whatever is accepted is decided, by statements of the document where there are any, and each is told where it stands.
func FuzzSimulation(f *testing.F) {
	const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:x":"${aws:y}"}}},` + "\r\n" +
		`{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}]}`
	f.Add(allow, "", "s3:GetObject", "arn:aws:s3:::b/k", "aws:x", "stringList", "a")
	f.Add(`{"Id":"é","Statement":{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::b/*"}}`, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`,
		"sts:AssumeRole", "arn:aws:iam::111122223333:role/r", "aws:CurrentTime", "date", "2035")
	f.Fuzz(func(t *testing.T, document, resourcePolicy, action, resource, key, kind, value string) {
		in := SimulateCustomPolicyInput{PolicyInputList: []string{document}, SimulationInput: SimulationInput{
			ActionNames: []string{action}, ResourceARNs: []string{resource}, ResourcePolicy: resourcePolicy, CallerARN: "arn:aws:iam::111122223333:user/alice",
			ContextEntries: []ContextEntry{{ContextKeyName: key, ContextKeyType: kind, ContextKeyValues: []string{value}}},
		}}
		var v validator
		if in.validate(&v); v.err() != nil {
			return
		}
		s := newSimulation(nil, newAccount("aws", "111122223333", nil), in.SimulationInput)
		s.addInputs(in.PolicyInputList)
		s.setCaller(in.CallerARN)
		page, err := s.run("SimulateCustomPolicy")
		if err != nil {
			if asError(err).Code != "InvalidInput" {
				t.Errorf("%v", err)
			}
			return
		}
		verdict := page.Items[0].Verdict
		if implicit := verdict.Effect == policy.ImplicitlyDenied; implicit == (len(verdict.Matched) > 0) && !strings.EqualFold(action, "sts:GetCallerIdentity") {
			t.Errorf("%s by %v", verdict.Effect, verdict.Matched)
		}
		for _, m := range verdict.Matched {
			source := document
			if m.SourcePolicyID == "ResourcePolicy" {
				source = resourcePolicy
			}
			if begin, end := offsetOf(source, m.Start), offsetOf(source, m.End); begin < 0 || end <= begin || source[end-1] != '}' {
				t.Errorf("a statement at %s-%s of %q", m.Start, m.End, source)
			}
		}
	})
}

// offsetOf walks to a line and column, character by character; -1 if there is none.
func offsetOf(text string, at policy.Position) int {
	line, column := 1, 1
	for i, c := range text + " " {
		if line == at.Line && column == at.Column {
			return i
		}
		column++
		if c == '\n' || c == '\r' && !strings.HasPrefix(text[i+1:], "\n") {
			line, column = line+1, 1
		}
	}
	return -1
}
