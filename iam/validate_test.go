package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestValidation holds inputs against the constraints of AWS's service model, in the words of its validation.
func TestValidation(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	const valid = "1 validation error detected: "
	role := func(edit func(*iam.CreateRoleInput)) error {
		in := iam.CreateRoleInput{RoleName: "R", AssumeRolePolicyDocument: trustAnyone}
		edit(&in)
		return second(p.CreateRole(ctx, p.root, in))
	}
	provider := func(in iam.CreateOpenIDConnectProviderInput) error {
		return second(p.CreateOpenIDConnectProvider(ctx, p.root, in))
	}
	long := strings.Repeat("a", 65)
	arn := "arn:aws:iam::" + account + ":policy/P"
	cases := []struct {
		name          string
		err           error
		code, message string
	}{
		{"no role name", role(func(in *iam.CreateRoleInput) { in.RoleName = "" }), "ValidationError",
			valid + "Value at 'roleName' failed to satisfy constraint: Member must not be null"},
		{"role name", role(func(in *iam.CreateRoleInput) { in.RoleName = "a/b" }), "ValidationError",
			"The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{"long role name", role(func(in *iam.CreateRoleInput) { in.RoleName = long }), "ValidationError",
			valid + "Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"two at once", role(func(in *iam.CreateRoleInput) { in.RoleName = long; in.MaxSessionDuration = new(60) }), "ValidationError",
			"2 validation errors detected: Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64; " +
				"Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"},
		{"session duration", role(func(in *iam.CreateRoleInput) { in.MaxSessionDuration = new(43201) }), "ValidationError",
			valid + "Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"path", role(func(in *iam.CreateRoleInput) { in.Path = "/a" }), "ValidationError",
			"The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		{"tag key", role(func(in *iam.CreateRoleInput) { in.Tags = []iam.Tag{{Key: "a"}, {Key: "a*"}} }), "ValidationError",
			valid + `Value at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{"repeated tag key", role(func(in *iam.CreateRoleInput) { in.Tags = []iam.Tag{{Key: "team"}, {Key: "TEAM"}} }), "InvalidInput",
			"Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"document", role(func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = "" }), "ValidationError",
			valid + "Value at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null"},
		{"page size", second(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: iam.Paging{MaxItems: new(0)}})), "ValidationError",
			valid + "Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"marker", second(p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: iam.Paging{Marker: "*"}})), "ValidationError", "Invalid Marker."},
		{"scope", second(p.ListPolicies(ctx, p.root, iam.ListPoliciesInput{Scope: "Mine"})), "ValidationError",
			valid + "Value 'Mine' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]"},
		{"version", second(p.GetPolicyVersion(ctx, p.root, iam.PolicyVersionInput{PolicyARN: arn, VersionID: "1"})), "ValidationError",
			valid + `Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`},
		{"short ARN", second(p.GetPolicy(ctx, p.root, iam.PolicyInput{PolicyARN: "arn"})), "ValidationError",
			valid + "Value at 'policyArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"account", second(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: "12345678901x"})), "ValidationError",
			valid + `Value at 'accountId' failed to satisfy constraint: Member must satisfy regular expression pattern: \d{12}`},
		{"no scheme", provider(iam.CreateOpenIDConnectProviderInput{URL: "example.com"}), "ValidationError", "Invalid Open ID Connect Provider URL"},
		{"plain http", provider(iam.CreateOpenIDConnectProviderInput{URL: "http://example.com"}), "InvalidInput",
			"Invalid Open ID Connect Provider URL. The URL must begin with https://."},
		{"thumbprint", provider(iam.CreateOpenIDConnectProviderInput{URL: "https://example.com", ThumbprintList: []string{"abc"}}), "ValidationError",
			valid + "Value at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must have length less than or equal to 40, Member must have length greater than or equal to 40]"},
		{"six thumbprints", provider(iam.CreateOpenIDConnectProviderInput{URL: "https://example.com", ThumbprintList: slices.Repeat([]string{strings.Repeat("a", 40)}, 6)}), "InvalidInput",
			"Thumbprint list must contain fewer than 5 entries."},
		{"client id", provider(iam.CreateOpenIDConnectProviderInput{URL: "https://example.com", ClientIDList: []string{strings.Repeat("c", 256)}}), "ValidationError",
			valid + "Value at 'clientIDList' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must have length less than or equal to 255, Member must have length greater than or equal to 1]"},
		// AWS was recorded to name these three in this order.
		{"client id, thumbprint and URL", provider(iam.CreateOpenIDConnectProviderInput{URL: strings.Repeat("u", 256), ThumbprintList: []string{strings.Repeat("t", 41)},
			ClientIDList: []string{strings.Repeat("c", 256)}}), "ValidationError",
			"3 validation errors detected: Value at 'clientIDList' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must have length less than or equal to 255, Member must have length greater than or equal to 1]; " +
				"Value at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must have length less than or equal to 40, Member must have length greater than or equal to 40]; " +
				"Value at 'url' failed to satisfy constraint: Member must have length less than or equal to 255"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { expect(t, c.err, c.code, c.message) })
	}
	if roles := must(p.ListRoles(ctx, p.root, iam.ListByPathInput{})); len(roles.Items) != 0 {
		t.Errorf("refused inputs made %v", names(roles.Items))
	}
}

// TestIssuerURLs: which issuers may be registered.
func TestIssuerURLs(t *testing.T) {
	p := newPlane(t)
	for _, url := range []string{
		"https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
		"https://kubernetes.default.svc.cluster.local",
		"https://10.0.0.1:6443",
		"https://[2001:db8::1]:8443/id",
		"https://issuer.example.com/", // the slash is part of the issuer
		"https://issuer.example.com",
	} {
		if got, err := p.CreateOpenIDConnectProvider(t.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: url}); err != nil {
			t.Errorf("%s: %v", url, err)
		} else if got.URL != strings.TrimPrefix(url, "https://") {
			t.Errorf("%s is shown as %s", url, got.URL)
		}
	}
	for _, url := range []string{
		"https://", "https:///path", "https://user:secret@example.com", "https://example.com?x=1", "https://example.com#x", "https://example.com?",
		"https://exa_mple.com", "https://-a.example.com", "https://a..b", "https://example.com:0", "https://example.com:99999", "https://example.com:",
		"https://example.com/a b", "https://example.com/*", "HTTPS://example.com", "https://[fe80::1%25eth0]", "ftp://example.com", "https:example.com",
		"https://ex\u00e4mple.com", "https://example.com/\u00e4", "https://" + strings.Repeat("a.", 130) + "com",
	} {
		if _, err := p.CreateOpenIDConnectProvider(t.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: url}); err == nil {
			t.Errorf("%s was registered", url)
		}
	}
}
