package iam_test

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

const (
	bucketARN = "arn:aws:s3:::data"
	objectARN = bucketARN + "/k"
	denyGet   = `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}`
)

// bucketPolicy is a policy of the bucket with one statement for s3:GetObject.
func bucketPolicy(effect, principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"` + bucketARN + `/*"}]}`
}

// putBucketPolicy puts a policy on the bucket as the root of its owner, or takes it away when it is "".
func (p *plane) putBucketPolicy(owner, document string) {
	p.t.Helper()
	root := caller(iam.Root("aws", owner))
	in := iam.ResourcePolicyInput{Access: iam.Access{Action: "s3:PutBucketPolicy", Resource: bucketARN, Account: owner}, Document: document}
	if document == "" {
		in.Action = "s3:DeleteBucketPolicy"
		done(p.t, p.DeleteResourcePolicy(p.t.Context(), root, in))
		return
	}
	done(p.t, p.PutResourcePolicy(p.t.Context(), root, in))
}

// get decides whether the caller may read an object in the owner's bucket.
func (p *plane) get(c iam.Caller, owner string) policy.Decision {
	p.t.Helper()
	return must(p.Decide(p.t.Context(), c, iam.Access{Action: "s3:GetObject", Resource: objectARN, Holder: bucketARN, Account: owner}))
}

// grantee is a caller and the ways in which a policy can name it. Those that there are not are "".
type grantee struct {
	caller                        iam.Caller
	itself, role, account, nobody string
}

// grantees are one caller of each kind, without policies of their own.
func (p *plane) grantees() map[string]grantee {
	alice, app := p.user("alice"), p.role("app")
	bob := p.user("bob")
	root := `{"AWS":"arn:aws:iam::` + account + `:root"}`
	nobody := `{"AWS":"` + bob.ARN + `"}`
	session := "arn:aws:sts::" + account + ":assumed-role/app/pod"
	return map[string]grantee{
		"user": {caller(iam.Caller{Principal: policy.Principal{Type: policy.User, ARN: alice.ARN, Account: account, ID: alice.ID}}),
			`{"AWS":"` + alice.ARN + `"}`, "", root, nobody},
		"session": {caller(iam.Caller{Principal: policy.Principal{Type: policy.AssumedRole, ARN: session, Account: account, RoleARN: app.ARN, ID: app.ID, Session: "pod"}}),
			`{"AWS":"` + session + `"}`, `{"AWS":"` + app.ARN + `"}`, root, nobody},
		"root":      {caller(iam.Root("aws", account)), "", "", root, nobody},
		"anonymous": {iam.Anonymous(p.root.Origin), "", "", root, nobody},
	}
}

// TestResourcePolicyMatrix is IAM User Guide, "Policy evaluation logic": for a caller with an identity policy that allows, says nothing or denies, who is
// allowed (+) when the resource's policy names itself, its role, its account, everybody, or somebody else, has nothing to say, or denies everybody.
// Within an account either side is enough, but for a policy that names the account, which only delegates; across accounts both must allow. An
// explicit Deny wins. The root has all permissions of its own account, and an anonymous caller no policy but the resource's.
func TestResourcePolicyMatrix(t *testing.T) {
	const (
		itself = iota
		role
		accountRoot
		everybody
		somebodyElse
		none
		denied
	)
	want := map[string]string{ // in the order of the constants; a space: there is no such principal, or AWS does not say
		"user allow same":      "+ ++++-",
		"user none same":       "+ -+---",
		"user deny same":       "- -----",
		"user allow cross":     "+ ++---",
		"user none cross":      "- -----",
		"user deny cross":      "- -----",
		"session allow same":   "++++++-",
		"session none same":    "++-+---",
		"session deny same":    "-------",
		"session allow cross":  "++++---",
		"session none cross":   "-------",
		"session deny cross":   "-------",
		"root allow same":      "  ++++-",
		"root allow cross":     "  ++---",
		"anonymous none same":  "  -+---",
		"anonymous none cross": "  -+---",
		// A boundary that does not allow limits what a policy grants to a role, and not what it grants to a user or a session itself (IAM User Guide,
		// "Permissions boundaries for IAM entities").
		"bounded user allow same":    "+ - ---",
		"bounded user none same":     "+ - ---",
		"bounded session allow same": "+-- ---",
		"bounded session none same":  "+-- ---",
		"bounded user allow cross":   "- - ---",
	}
	p := newPlane(t)
	must(p.CreateAccount(t.Context(), p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	grantees := p.grantees()
	identity := map[string]policy.Policies{
		"allow": {Identity: []*policy.Policy{compiled(t, allowGet)}},
		"none":  {Identity: []*policy.Policy{}},
		"deny":  {Identity: []*policy.Policy{compiled(t, allowGet), compiled(t, denyGet)}},
	}
	for name, row := range want {
		words := strings.Fields(strings.TrimPrefix(name, "bounded "))
		g := grantees[words[0]]
		if g.caller.Principal.Type != policy.Root && g.caller.Principal.Type != policy.Anonymous {
			g.caller.Policies = identity[words[1]]
		}
		if strings.HasPrefix(name, "bounded ") {
			g.caller.Policies.Boundary = []*policy.Policy{compiled(t, allowPut)}
		}
		owner := map[string]string{"same": account, "cross": otherAccount}[words[2]]
		for column, document := range map[int]string{
			itself: bucketPolicy("Allow", g.itself), role: bucketPolicy("Allow", g.role), accountRoot: bucketPolicy("Allow", g.account),
			everybody: bucketPolicy("Allow", `"*"`), somebodyElse: bucketPolicy("Allow", g.nobody), none: "", denied: bucketPolicy("Deny", `"*"`),
		} {
			if row[column] == ' ' {
				continue
			}
			p.putBucketPolicy(owner, document)
			if got := p.get(g.caller, owner); got.Allowed() != (row[column] == '+') {
				t.Errorf("%s, column %d: %s", name, column, got)
			}
		}
	}
}
