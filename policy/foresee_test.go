package policy_test

import (
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// TestForesee: what a condition on a key that is not known decides is not said, and what it does not decide is.
func TestForesee(t *testing.T) {
	const federated = `"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/i.example"},"Action":"sts:AssumeRoleWithWebIdentity"`
	allow := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + federated + `,"Condition":` + condition + `}]}`
	}
	deny := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + federated + `},{"Effect":"Deny",` + federated + `,"Condition":` + condition + `}]}`
	}
	cases := []struct {
		name, document  string
		allowed, denied bool
	}{
		{"no condition", allow(`{}`), true, false},
		{"a known key that matches", allow(`{"StringEquals":{"i.example:sub":"s"}}`), true, false},
		{"a known key that does not", allow(`{"StringEquals":{"i.example:sub":"t"}}`), false, true},
		{"a key that is known to be absent", allow(`{"StringEquals":{"sts:ExternalId":"x"}}`), false, true},
		{"an address to allow from", allow(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false, false},
		{"an address, and a subject that does not match", allow(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringEquals":{"i.example:sub":"t"}}`), false, true},
		{"an address to deny", deny(`{"IpAddress":{"AWS:sourceIP":"10.0.0.0/8"}}`), false, false},
		{"an address to deny others from", deny(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringEquals":{"i.example:sub":"t"}}`), true, false},
		{"a variable whose value is not known", allow(`{"StringLike":{"i.example:sub":"${aws:SourceIp}"}}`), false, false},
		{"absence of a key that is not known", allow(`{"Null":{"aws:SourceIp":"true"}}`), false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document, err := policy.Parse([]byte(c.document))
			if err != nil {
				t.Fatal(err)
			}
			trust, err := policy.Compile("trust", document, policy.Options{Kind: policy.Trust})
			if err != nil {
				t.Fatal(err)
			}
			request := &policy.Request{
				Principal: policy.Principal{Type: policy.WebIdentity, ARN: "arn:aws:iam::111122223333:oidc-provider/i.example", Account: "111122223333"},
				Action:    "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:iam::111122223333:role/r", Context: new(policy.Context),
			}
			request.Context.Set("i.example:sub", "s")
			f := policy.Policies{Trust: trust}.Foresee(request, func(key string) bool { return key == "aws:sourceip" })
			if f.Allowed() != c.allowed || f.Denied() != c.denied {
				t.Errorf("allowed %v, denied %v; want %v, %v", f.Allowed(), f.Denied(), c.allowed, c.denied)
			}
			for _, address := range []string{"", "10.1.2.3", "192.0.2.1"} {
				known := *request
				if known.Context = request.Context.Extend(1); address != "" {
					known.Context.Set("aws:SourceIp", address)
				}
				if d := (policy.Policies{Trust: trust}).Decide(&known); f.Allowed() && !d.Allowed() || f.Denied() && d.Allowed() {
					t.Errorf("from %q it is %s", address, d.Effect)
				}
			}
		})
	}
}
