package iam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestRefusals holds every refusal that depends on what exists against AWS's code and sentence for it. The sentences are those of AWS's
// answers in public reports.
func TestRefusals(t *testing.T) {
	p := newPlane(t)
	p.role("Reader")
	inUse, free, boundary := p.policy("InUse").ARN, p.policy("Free").ARN, p.policy("Boundary").ARN
	p.attach("Reader", inUse)
	ctx := t.Context()
	done(t, p.PutPermissionsBoundary(ctx, p.root, iam.BoundaryInput{IdentityName: iam.OfRole("Reader"), PermissionsBoundary: boundary}))
	versions := p.policy("Versions").ARN
	must(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: versions, PolicyDocument: allowPut}))
	p.role("Inline")
	done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("Inline"), PolicyName: "one", PolicyDocument: allowGet}))
	issuer := "https://oidc.example.com/id/ABC"
	provider := must(p.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: issuer})).ARN
	missing := "arn:aws:iam::" + account + ":policy/Missing"
	elsewhere := "arn:aws:iam::" + otherAccount + ":policy/Missing"
	unknownProvider := "arn:aws:iam::" + account + ":oidc-provider/nowhere.example.com"
	if want := "arn:aws:iam::" + account + ":oidc-provider/oidc.example.com/id/ABC"; provider != want {
		t.Errorf("provider's ARN is %s, want %s", provider, want)
	}

	role := func(name string) iam.IdentityInput { return iam.IdentityInput{IdentityName: iam.OfRole(name)} }
	attachment := func(role, arn string) iam.AttachmentInput {
		return iam.AttachmentInput{IdentityName: iam.OfRole(role), PolicyARN: arn}
	}
	version := func(arn, id string) iam.PolicyVersionInput {
		return iam.PolicyVersionInput{PolicyARN: arn, VersionID: id}
	}
	cases := []struct {
		name          string
		call          func(ctx context.Context, c iam.Caller) error
		code, message string
	}{
		{"get a role", func(ctx context.Context, c iam.Caller) error { return second(p.GetRole(ctx, c, role("X"))) },
			"NoSuchEntity", "The role with name X cannot be found."},
		{"delete a role", func(ctx context.Context, c iam.Caller) error { return p.DeleteRole(ctx, c, role("X")) },
			"NoSuchEntity", "The role with name X cannot be found."},
		{"create a role in other case", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreateRole(ctx, c, iam.CreateRoleInput{RoleName: "READER", AssumeRolePolicyDocument: trustAnyone}))
		}, "EntityAlreadyExists", "Role with name READER already exists."},
		{"delete a role with attachments", func(ctx context.Context, c iam.Caller) error { return p.DeleteRole(ctx, c, role("Reader")) },
			"DeleteConflict", "Cannot delete entity, must detach all policies first."},
		{"delete a role with inline policies", func(ctx context.Context, c iam.Caller) error { return p.DeleteRole(ctx, c, role("Inline")) },
			"DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"create a role under an unknown boundary", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreateRole(ctx, c, iam.CreateRoleInput{RoleName: "New", AssumeRolePolicyDocument: trustAnyone, PermissionsBoundary: missing}))
		}, "NoSuchEntity", "Scope ARN: " + missing + " does not exist or is not attachable."},
		{"get a policy", func(ctx context.Context, c iam.Caller) error {
			return second(p.GetPolicy(ctx, c, iam.PolicyInput{PolicyARN: missing}))
		}, "NoSuchEntity", "Policy " + missing + " was not found."},
		{"delete an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return p.DeletePolicy(ctx, c, iam.PolicyInput{PolicyARN: missing})
		}, "NoSuchEntity", "Policy " + missing + " was not found."},
		{"tag an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return p.TagPolicy(ctx, c, iam.TagPolicyInput{PolicyARN: missing, Tags: []iam.Tag{{Key: "k", Value: "v"}}})
		}, "NoSuchEntity", "Policy " + missing + " was not found."},
		{"untag an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return p.UntagPolicy(ctx, c, iam.UntagPolicyInput{PolicyARN: missing, TagKeys: []string{"k"}})
		}, "NoSuchEntity", "Policy " + missing + " was not found."},
		{"list the entities of an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return second(p.ListEntitiesForPolicy(ctx, c, iam.ListEntitiesForPolicyInput{PolicyARN: missing}))
		}, "NoSuchEntity", "Policy " + missing + " does not exist or is not attachable."},
		{"attach an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return p.AttachPolicy(ctx, c, attachment("Reader", missing))
		}, "NoSuchEntity", "Policy " + missing + " does not exist or is not attachable."},
		{"attach another account's policy", func(ctx context.Context, c iam.Caller) error {
			return p.AttachPolicy(ctx, c, attachment("Reader", elsewhere))
		}, "NoSuchEntity", "Policy " + elsewhere + " does not exist or is not attachable."},
		{"attach a policy in other case", func(ctx context.Context, c iam.Caller) error {
			return p.AttachPolicy(ctx, c, attachment("Reader", strings.Replace(free, "Free", "FREE", 1)))
		}, "NoSuchEntity", "Policy " + strings.Replace(free, "Free", "FREE", 1) + " does not exist or is not attachable."},
		{"attach what is no ARN", func(ctx context.Context, c iam.Caller) error {
			return p.AttachPolicy(ctx, c, attachment("Reader", "longpolicynamebutnoarn"))
		}, "ValidationError", "ARN longpolicynamebutnoarn is not valid."},
		{"a boundary that is no policy", func(ctx context.Context, c iam.Caller) error {
			return p.PutPermissionsBoundary(ctx, c, iam.BoundaryInput{IdentityName: iam.OfRole("Reader"), PermissionsBoundary: strings.Replace(missing, ":policy/", ":not_a_policy/", 1)})
		}, "InvalidInput", "ARN " + strings.Replace(missing, ":policy/", ":not_a_policy/", 1) + " is not valid."},
		{"detach what is not attached", func(ctx context.Context, c iam.Caller) error {
			return p.DetachPolicy(ctx, c, attachment("Reader", free))
		}, "NoSuchEntity", "Policy " + free + " was not found."},
		{"create a policy in other case", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreatePolicy(ctx, c, iam.CreatePolicyInput{PolicyName: "inuse", Path: "/other/", PolicyDocument: allowGet}))
		}, "EntityAlreadyExists", "A policy called inuse already exists. Duplicate names are not allowed."},
		{"delete an attached policy", func(ctx context.Context, c iam.Caller) error {
			return p.DeletePolicy(ctx, c, iam.PolicyInput{PolicyARN: inUse})
		}, "DeleteConflict", "Cannot delete a policy attached to entities."},
		{"delete a boundary", func(ctx context.Context, c iam.Caller) error {
			return p.DeletePolicy(ctx, c, iam.PolicyInput{PolicyARN: boundary})
		}, "DeleteConflict", "Cannot delete a policy attached to entities."},
		{"delete a policy with versions", func(ctx context.Context, c iam.Caller) error {
			return p.DeletePolicy(ctx, c, iam.PolicyInput{PolicyARN: versions})
		}, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."},
		{"delete the default version", func(ctx context.Context, c iam.Caller) error {
			return p.DeletePolicyVersion(ctx, c, version(versions, "v1"))
		}, "DeleteConflict", "Cannot delete the default version of a policy."},
		{"get an unknown version", func(ctx context.Context, c iam.Caller) error {
			return second(p.GetPolicyVersion(ctx, c, version(versions, "v9")))
		}, "NoSuchEntity", "Policy " + versions + " version v9 does not exist or is not attachable."},
		{"default to an unknown version", func(ctx context.Context, c iam.Caller) error {
			return p.SetDefaultPolicyVersion(ctx, c, version(versions, "v9"))
		}, "NoSuchEntity", "Policy " + versions + " version v9 does not exist or is not attachable."},
		{"get a version of an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return second(p.GetPolicyVersion(ctx, c, version(missing, "v1")))
		}, "NoSuchEntity", "Policy " + missing + " version v1 does not exist or is not attachable."},
		{"default to a version of an unknown policy", func(ctx context.Context, c iam.Caller) error {
			return p.SetDefaultPolicyVersion(ctx, c, version(missing, "v1"))
		}, "NoSuchEntity", "Policy " + missing + " version v1 does not exist or is not attachable."},
		{"get an inline policy", func(ctx context.Context, c iam.Caller) error {
			return second(p.InlinePolicy(ctx, c, iam.InlinePolicyInput{IdentityName: iam.OfRole("Inline"), PolicyName: "two"}))
		}, "NoSuchEntity", "The role policy with name two cannot be found."},
		{"delete an inline policy", func(ctx context.Context, c iam.Caller) error {
			return p.DeleteInlinePolicy(ctx, c, iam.InlinePolicyInput{IdentityName: iam.OfRole("Inline"), PolicyName: "two"})
		}, "NoSuchEntity", "The role policy with name two cannot be found."},
		{"get a provider", func(ctx context.Context, c iam.Caller) error {
			return second(p.GetOpenIDConnectProvider(ctx, c, iam.ProviderInput{OpenIDConnectProviderARN: unknownProvider}))
		}, "NoSuchEntity", "OpenIDConnect Provider not found for arn " + unknownProvider},
		{"delete a provider", func(ctx context.Context, c iam.Caller) error {
			return p.DeleteOpenIDConnectProvider(ctx, c, iam.ProviderInput{OpenIDConnectProviderARN: unknownProvider})
		}, "NoSuchEntity", "OpenId connect Provider " + unknownProvider + " cannot be found."},
		{"register an issuer twice", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreateOpenIDConnectProvider(ctx, c, iam.CreateOpenIDConnectProviderInput{URL: issuer}))
		}, "EntityAlreadyExists", "Provider with url " + issuer + " already exists."},
		{"register an issuer in other case", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreateOpenIDConnectProvider(ctx, c, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com/id/abc"}))
		}, "EntityAlreadyExists", "Provider with url https://oidc.example.com/id/abc already exists."},
		{"create an account twice", func(ctx context.Context, c iam.Caller) error {
			return second(p.CreateAccount(ctx, c, iam.CreateAccountInput{AccountID: account}))
		}, "EntityAlreadyExists", "Account " + account + " already exists."},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			from := p.root
			from.Origin.RequestID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
			expect(t, c.call(t.Context(), from), c.code, c.message)
		})
	}

	// What AWS's documentation calls idempotent is not refused.
	for range 2 {
		id := iam.ProviderClientIDInput{OpenIDConnectProviderARN: provider, ClientID: "sts.amazonaws.com"}
		done(t, p.AddClientIDToOpenIDConnectProvider(ctx, p.root, id))
	}
	done(t, p.RemoveClientIDFromOpenIDConnectProvider(ctx, p.root, iam.ProviderClientIDInput{OpenIDConnectProviderARN: provider, ClientID: "none"}))
	if got := must(p.GetOpenIDConnectProvider(ctx, p.root, iam.ProviderInput{OpenIDConnectProviderARN: provider})); len(got.ClientIDs) != 1 || got.URL != "oidc.example.com/id/ABC" {
		t.Errorf("provider = %+v", got)
	}
}

// TestQuotas goes up to each quota and one further.
func TestQuotas(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")

	t.Run("trust policy", func(t *testing.T) {
		const head, tail = `{"Version":"2012-10-17","Statement":[{"Sid":"`, `","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`
		trust := func(size int) string {
			return head + strings.Repeat("a", size-len(head)-len(tail)) + tail + strings.Repeat(" \n", 500)
		}
		done(t, p.UpdateAssumeRolePolicy(ctx, p.root, iam.UpdateAssumeRolePolicyInput{RoleName: "R", PolicyDocument: trust(2048)}))
		expect(t, p.UpdateAssumeRolePolicy(ctx, p.root, iam.UpdateAssumeRolePolicyInput{RoleName: "R", PolicyDocument: trust(2049)}),
			"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
		_, err := p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: "R2", AssumeRolePolicyDocument: trust(2049)})
		expect(t, err, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	})
	t.Run("managed policy", func(t *testing.T) {
		_, err := p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "big", PolicyDocument: padded(6145)})
		expect(t, err, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
		arn := must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "big", PolicyDocument: padded(6144)})).ARN
		for range 4 {
			must(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: arn, PolicyDocument: allowGet}))
		}
		_, err = p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: arn, PolicyDocument: allowGet})
		expect(t, err, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
		done(t, p.DeletePolicyVersion(ctx, p.root, iam.PolicyVersionInput{PolicyARN: arn, VersionID: "v5"}))
		if v := must(p.CreatePolicyVersion(ctx, p.root, iam.CreatePolicyVersionInput{PolicyARN: arn, PolicyDocument: allowGet})); v.VersionID != "v6" {
			t.Errorf("after v5 was deleted comes %s, want v6: numbers are not used again", v.VersionID)
		}
	})
	t.Run("inline policies", func(t *testing.T) {
		put := func(name string, size int) error {
			return p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: name, PolicyDocument: padded(size)})
		}
		done(t, put("a", 5120))
		done(t, put("b", 5120))
		expect(t, put("c", 200), "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role R")
		done(t, put("b", 4000)) // replaces
		done(t, put("c", 200))
	})
	t.Run("white space", func(t *testing.T) {
		document := allowGet + strings.Repeat("\n", 131072-len(allowGet))
		var err error
		for i := range 100 {
			if err = p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: fmt.Sprint("w", i), PolicyDocument: document}); err != nil {
				break
			}
		}
		expect(t, err, "LimitExceeded", "Cannot exceed quota for the stored size of one entity, white space included: 786432")
	})
	t.Run("attachments", func(t *testing.T) {
		for i := range 11 {
			arn := p.policy(fmt.Sprint("P", i)).ARN
			err := p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: arn})
			if i < 10 {
				done(t, err)
			} else {
				expect(t, err, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
			}
		}
	})
	t.Run("tags", func(t *testing.T) {
		tag := func(from, to int) (tags []iam.Tag) {
			for i := from; i < to; i++ {
				tags = append(tags, iam.Tag{Key: fmt.Sprint("k", i), Value: "v"})
			}
			return tags
		}
		done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: tag(0, 50)}))
		done(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: tag(0, 50)})) // replaces
		expect(t, p.TagIdentity(ctx, p.root, iam.TagIdentityInput{IdentityName: iam.OfRole("R"), Tags: tag(50, 51)}),
			"LimitExceeded", "The number of tags has reached the maximum limit.")
	})
	t.Run("client ids", func(t *testing.T) {
		in := iam.CreateOpenIDConnectProviderInput{URL: "https://many.example.com"}
		for i := range 100 {
			in.ClientIDList = append(in.ClientIDList, fmt.Sprint("client-", i))
		}
		arn := must(p.CreateOpenIDConnectProvider(ctx, p.root, in)).ARN
		err := p.AddClientIDToOpenIDConnectProvider(ctx, p.root, iam.ProviderClientIDInput{OpenIDConnectProviderARN: arn, ClientID: "one more"})
		expect(t, err, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
	})
}

// TestMalformedDocuments: AWS's sentence for the caller, the position for the operator.
func TestMalformedDocuments(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")
	unknown := "arn:aws:iam::" + account + ":role/Nobody"
	cases := []struct{ name, document, message string }{
		{"no JSON", `{"Version":`, "This policy contains invalid Json"},
		{"a resource in a trust policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`, "Has prohibited field Resource"},
		{"another service's action", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{"an unknown role", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + unknown + `"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "AWS":"` + unknown + `"`},
		{"a role of an unknown account", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:role/X"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "AWS":"arn:aws:iam::999999999999:role/X"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, err := range []error{
				p.UpdateAssumeRolePolicy(ctx, p.root, iam.UpdateAssumeRolePolicyInput{RoleName: "R", PolicyDocument: c.document}),
				second(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: "New", AssumeRolePolicyDocument: c.document})),
			} {
				refusal := refused(t, err, "MalformedPolicyDocument")
				if refusal.Message != c.message {
					t.Errorf("message = %s, want %s", refusal.Message, c.message)
				}
				if refusal.Err == nil || !strings.Contains(refusal.Err.Error(), ":") {
					t.Errorf("the operator is told %v, without a position", refusal.Err)
				}
			}
		})
	}
	if got := must(p.GetRole(ctx, p.root, iam.IdentityInput{IdentityName: iam.OfRole("R")})).TrustPolicy; got != trustAnyone {
		t.Errorf("a refused document left %s", got)
	}
	const sentence = "Policy document should not specify a principal."
	_, err := p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "P", PolicyDocument: trustAnyone})
	expect(t, err, "MalformedPolicyDocument", sentence)
	expect(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: iam.OfRole("R"), PolicyName: "P", PolicyDocument: trustAnyone}), "MalformedPolicyDocument", sentence)
}

func second(_ any, err error) error { return err }
