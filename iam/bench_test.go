package iam_test

import (
	"fmt"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// large is an account of a thousand roles, each with an inline and a managed policy.
func large(b *testing.B) *plane {
	p := newPlane(b)
	arn := p.policy("P").ARN
	for i := range 990 {
		name := fmt.Sprint("role-", i)
		p.role(name)
		if i%10 == 0 {
			p.attach(name, arn)
			done(b, p.PutPolicy(b.Context(), p.root, iam.PutPolicyInput{IdentityName: iam.OfRole(name), PolicyName: "i", PolicyDocument: allowPut}))
		}
	}
	return p
}

// BenchmarkLookup is what an exchange asks of the directory: account, role, provider, trust policy, identity policies.
func BenchmarkLookup(b *testing.B) {
	p := large(b)
	must(p.CreateOpenIDConnectProvider(b.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com/id/ABC"}))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a := must(p.Account(b.Context(), account))
			role, ok := a.RoleByName("role-500")
			if !ok {
				b.Fatal("no role")
			}
			if _, _, ok := a.Provider("https://oidc.example.com/id/ABC"); !ok {
				b.Fatal("no provider")
			}
			must(a.Trust(role))
			must(a.Policies(role))
		}
	})
}

// BenchmarkWrite is one write to an account of a thousand roles, as it goes to disk.
func BenchmarkWrite(b *testing.B) {
	p := large(b)
	b.ResetTimer()
	for i := range b.N {
		done(b, p.UpdateRole(b.Context(), p.root, iam.UpdateRoleInput{RoleName: "role-500", Description: new(fmt.Sprint(i))}))
	}
}

// BenchmarkLoad reads that account from the store, as after a start.
func BenchmarkLoad(b *testing.B) {
	p := large(b)
	for b.Loop() {
		d := p.another()
		must(d.Account(b.Context(), account))
		done(b, d.Close())
	}
}
