package policy

import "testing"

// TestFederatedUser: without a session policy only a resource's policy that names the user's own ARN gives it anything (STS API Reference,
// "GetFederationToken").
func TestFederatedUser(t *testing.T) {
	caller, err := ParsePrincipal("arn:aws:sts::111122223333:federated-user/carol")
	if err != nil {
		t.Fatal(err)
	}
	bucket := func(principal string) *Policy {
		return compiled(t, `{"Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"s3:GetObject","Resource":"*"}}`, Resource)
	}
	cases := []struct {
		name     string
		policies Policies
		want     Effect
	}{
		{"no policy at all", Policies{}, ImplicitlyDenied},
		{"its user's policies alone", Policies{Identity: union(t, allowAll)}, ImplicitlyDenied},
		{"its user's and a session policy", Policies{Identity: union(t, allowAll), Session: union(t, allowAll)}, Allowed},
		{"its own ARN", Policies{Resource: bucket(`{"AWS":"arn:aws:sts::111122223333:federated-user/carol"}`)}, Allowed},
		{"another's", Policies{Resource: bucket(`{"AWS":"arn:aws:sts::111122223333:federated-user/dave"}`)}, ImplicitlyDenied},
		{"everybody", Policies{Resource: bucket(`"*"`)}, ImplicitlyDenied},
		{"everybody, and a session policy", Policies{Session: union(t, allowAll), Resource: bucket(`"*"`)}, Allowed},
		{"everybody, and policies that allow", Policies{Identity: union(t, allowAll), Session: union(t, allowAll), Resource: bucket(`"*"`)}, Allowed},
	}
	for _, c := range cases {
		if got := c.policies.Decide(&Request{Principal: caller, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}); got.Effect != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
