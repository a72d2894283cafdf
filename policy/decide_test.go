package policy

import (
	"fmt"
	"strings"
	"testing"
)

// TestActionsAndResources follows IAM User Guide, "IAM JSON policy elements: Action", "NotAction", "Resource" and
// "NotResource": one Allow statement with these elements, and whether it allows the request.
func TestActionsAndResources(t *testing.T) {
	const bucket = "arn:aws:s3:::bucket"
	cases := []struct {
		elements         string
		action, resource string
		want             bool
	}{
		{`"Action":"s3:GetObject","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"Action":"S3:getobject","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"Action":"s3:GetObject","Resource":"*"`, "S3:GETOBJECT", bucket, true},
		{`"Action":"s3:GetObject","Resource":"*"`, "s3:GetObjectAcl", bucket, false},
		{`"Action":"s3:Get*","Resource":"*"`, "s3:GetObjectAcl", bucket, true},
		{`"Action":"s3:*Object","Resource":"*"`, "s3:PutObject", bucket, true},
		{`"Action":"s3:*Object*","Resource":"*"`, "s3:ListBucket", bucket, false},
		{`"Action":"s3:?etObject","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"Action":"s3:*","Resource":"*"`, "s3-object-lambda:GetObject", bucket, false},
		{`"Action":"*","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"Action":"*:*","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"Action":"*","Resource":"*"`, "GetObject", bucket, false}, // not an action
		{`"Action":"*","Resource":"*"`, "s3:Get:Object", bucket, false},
		{`"Action":["ec2:*","s3:GetObject"],"Resource":"*"`, "s3:GetObject", bucket, true},
		{`"NotAction":"s3:Delete*","Resource":"*"`, "s3:GetObject", bucket, true},
		{`"NotAction":"s3:Delete*","Resource":"*"`, "s3:DeleteObject", bucket, false},
		{`"NotAction":["iam:*","s3:*"],"Resource":"*"`, "ec2:RunInstances", "arn:aws:ec2:us-east-1:111122223333:instance/*", true},
		{`"NotAction":"*","Resource":"*"`, "s3:GetObject", bucket, false},

		{`"Action":"*","Resource":"arn:aws:s3:::bucket"`, "s3:ListBucket", bucket, true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket"`, "s3:ListBucket", bucket + "/", false},
		{`"Action":"*","Resource":"arn:aws:s3:::Bucket"`, "s3:ListBucket", bucket, false},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/*"`, "s3:GetObject", bucket + "/a/b/c", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/*"`, "s3:GetObject", bucket, false},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/*/c"`, "s3:GetObject", bucket + "/a/b/c", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/?"`, "s3:GetObject", bucket + "/a", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/?"`, "s3:GetObject", bucket + "/ab", false},
		{`"Action":"*","Resource":"arn:aws:s3:::b*:x"`, "s3:GetObject", bucket + "/a:x", true}, // the last part has colons of its own
		{`"Action":"*","Resource":"arn:aws:ec2:*:111122223333:instance/*"`, "ec2:StopInstances", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", true},
		{`"Action":"*","Resource":"arn:aws:ec2:*:instance/*"`, "ec2:StopInstances", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", true}, // a * that ends a part runs on
		{`"Action":"*","Resource":"arn:aws:ec2:*1:instance/*"`, "ec2:StopInstances", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", false},
		{`"Action":"*","Resource":"arn:aws:logs:*:log-group:app*:stream:*"`, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:apps:x:stream:y", true},
		{`"Action":"*","Resource":"arn:aws:logs:*:log-group:?pp:*"`, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:apps:stream:y", false},
		{`"Action":"*","Resource":"arn:aws:ec2:us-*:2:x:volume/*"`, "ec2:DeleteVolume", "arn:aws:ec2:us-1:1:2:x:volume/v", true},
		{`"Action":"*","Resource":"arn:aws:ec2:us-*:2:x:volume/*"`, "ec2:DeleteVolume", "arn:aws:ec2:us-1:2:2:x:y:volume/v", false},
		{`"Action":"*","Resource":"arn:aws:ec2:us-*-1:*:instance/*"`, "ec2:StopInstances", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", true},
		{`"Action":"*","Resource":"arn:*:s3:::bucket"`, "s3:ListBucket", "arn:aws-cn:s3:::bucket", true},
		{`"Action":"*","Resource":"arn:aws:s3:*"`, "s3:GetObject", bucket + "/a", true}, // a short pattern spans the rest
		{`"Action":"*","Resource":"arn:aws:iam::1111*"`, "iam:GetRole", "arn:aws:iam::111122223333:role/x", true},
		{`"Action":"*","Resource":"arn:aws:s3:*"`, "s3:GetObject", "arn:aws:s3-outposts:::x", false},
		{`"Action":"*","Resource":["arn:aws:s3:::a","arn:aws:s3:::bucket"]`, "s3:ListBucket", bucket, true},
		{`"Action":"*","NotResource":"arn:aws:s3:::bucket/*"`, "s3:GetObject", bucket + "/a", false},
		{`"Action":"*","NotResource":"arn:aws:s3:::bucket/*"`, "s3:GetObject", "arn:aws:s3:::other/a", true},
		{`"Action":"*","NotResource":"*"`, "s3:GetObject", bucket, false},

		// Actions without resource-level permissions: only a literal "*" (Service Authorization Reference).
		{`"Action":"*","Resource":"*"`, "s3:ListAllMyBuckets", "*", true},
		{`"Action":"*","Resource":"arn:aws:s3:::*"`, "s3:ListAllMyBuckets", "*", false},
		{`"Action":"*","Resource":"arn:aws:s3:*"`, "s3:ListAllMyBuckets", "*", false},
		{`"Action":"*","NotResource":"arn:aws:s3:::bucket"`, "s3:ListAllMyBuckets", "*", true},
		{`"Action":"*","NotResource":"*"`, "s3:ListAllMyBuckets", "*", false},

		// Variables ("Policy variables with no value"): literal text in, nothing matches without a value.
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, "s3:GetObject", bucket + "/alice/x", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, "s3:GetObject", bucket + "/bob/x", false},
		{`"Action":"*","Resource":"arn:*:s3:*:*:bucket/${aws:username}"`, "s3:GetObject", bucket + "/alice", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/*/${aws:username}?"`, "s3:GetObject", bucket + "/x/y/alice1", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:star}"`, "s3:GetObject", bucket + "/x", false},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:star}"`, "s3:GetObject", bucket + "/*", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:absent}*"`, "s3:GetObject", bucket + "/x", false},
		{`"Action":"*","NotResource":"arn:aws:s3:::bucket/${aws:absent}*"`, "s3:GetObject", bucket + "/x", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${aws:absent, 'all'}"`, "s3:GetObject", bucket + "/all", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${*}"`, "s3:GetObject", bucket + "/*", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/${*}"`, "s3:GetObject", bucket + "/x", false},
	}
	for _, c := range cases {
		source := `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + c.elements + `}}`
		request := &Request{Principal: alice(), Action: c.action, Resource: c.resource, WildcardOnly: c.resource == "*", Context: contextOf("aws:star=*")}
		decision := Policies{Identity: []*Policy{compiled(t, source, Identity)}}.Decide(request)
		if decision.Allowed() != c.want {
			t.Errorf("%s for %s on %s: %s, want %v", c.elements, c.action, c.resource, decision, c.want)
		}
	}
}

const (
	allowRead = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`
	allowAll  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	denyRead  = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}`
	nothing   = `{"Version":"2012-10-17","Statement":[]}`
)

func union(t *testing.T, sources ...string) []*Policy {
	t.Helper()
	policies := []*Policy{}
	for i, source := range sources {
		p := compiled(t, source, Identity)
		p.name = fmt.Sprintf("policy[%d]", i)
		policies = append(policies, p)
	}
	return policies
}

// TestLayers follows IAM User Guide, "Policy evaluation logic": unions within identity policies, boundary and session
// policies, and their intersection.
func TestLayers(t *testing.T) {
	cases := []struct {
		name     string
		policies Policies
		want     Effect
		layers   string // of the reasons
	}{
		{"nothing", Policies{}, ImplicitlyDenied, "identity"},
		{"identity", Policies{Identity: union(t, allowRead)}, Allowed, "identity"},
		{"a union", Policies{Identity: union(t, nothing, allowRead)}, Allowed, "identity"},
		{"a Deny in another policy", Policies{Identity: union(t, allowAll, denyRead)}, ExplicitlyDenied, "identity"},
		{"boundary alone", Policies{Boundary: union(t, allowAll)}, ImplicitlyDenied, "identity"},
		{"boundary allows", Policies{Identity: union(t, allowAll), Boundary: union(t, allowRead)}, Allowed, "identity boundary"},
		{"boundary does not", Policies{Identity: union(t, allowAll), Boundary: union(t, nothing)}, ImplicitlyDenied, "boundary"},
		{"boundary is empty", Policies{Identity: union(t, allowAll), Boundary: union(t)}, ImplicitlyDenied, "boundary"},
		{"boundary denies", Policies{Identity: union(t, allowAll), Boundary: union(t, allowAll, denyRead)}, ExplicitlyDenied, "boundary"},
		{"session pieces are a union", Policies{Identity: union(t, allowAll), Session: union(t, nothing, allowRead)}, Allowed, "identity session"},
		{"session is empty", Policies{Identity: union(t, allowAll), Session: union(t)}, ImplicitlyDenied, "session"},
		{"session does not", Policies{Identity: union(t, allowAll), Boundary: union(t, allowAll), Session: union(t, nothing)}, ImplicitlyDenied, "session"},
		{"none allows", Policies{Identity: union(t), Boundary: union(t), Session: union(t)}, ImplicitlyDenied, "identity boundary session"},
		{"every Deny is reported", Policies{Identity: union(t, denyRead, denyRead), Boundary: union(t, denyRead), Session: union(t, allowAll, denyRead)}, ExplicitlyDenied, "identity identity boundary session"},
	}
	for _, c := range cases {
		request := &Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
		decision := c.policies.Decide(request)
		var layers []string
		for _, reason := range decision.Reasons() {
			layers = append(layers, reason.Layer)
		}
		if got := strings.Join(layers, " "); decision.Effect != c.want || got != c.layers {
			t.Errorf("%s: %s by %s, want %s by %s", c.name, decision.Effect, got, c.want, c.layers)
		}
	}
}

const (
	here      = "111122223333"
	elsewhere = "444455556666"
	assume    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}`
)

// trustOf is a trust policy with one Allow statement for the principal.
func trustOf(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]}]}`
}

// TestTrust follows IAM User Guide, "Policy evaluation logic" (resource-based policies), "Cross-account policy evaluation
// logic" and "IAM JSON policy elements: Principal".
func TestTrust(t *testing.T) {
	user := "arn:aws:iam::" + here + ":user/staff/alice"
	session := "arn:aws:sts::" + here + ":assumed-role/app/pod"
	quoted := func(kind, name string) string { return fmt.Sprintf(`{%q:%q}`, kind, name) }
	allowed := Policies{Identity: union(t, assume)}
	bounded := Policies{Identity: union(t, assume), Boundary: union(t, nothing)}
	cases := []struct {
		name   string
		caller string
		trust  string
		own    Policies
		want   Effect
	}{
		{"the user itself needs no policy of its own", user, trustOf(quoted("AWS", user)), Policies{}, Allowed},
		{"nor does its boundary limit that", user, trustOf(quoted("AWS", user)), Policies{Boundary: union(t)}, Allowed},
		{"nor does a session policy", session, trustOf(quoted("AWS", session)), Policies{Session: union(t)}, Allowed},
		{"everybody includes the user itself", user, trustOf(`"*"`), Policies{Boundary: union(t)}, Allowed},
		{`{"AWS":"*"} is the same`, user, trustOf(`{"AWS":"*"}`), Policies{}, Allowed},
		{"a role's session by the role", session, trustOf(quoted("AWS", "arn:aws:iam::"+here+":role/app")), Policies{}, Allowed},
		{"a role with a path, by account and name", session, trustOf(quoted("AWS", "arn:aws:iam::"+here+":role/team/app")), Policies{}, Allowed},
		{"another role", session, trustOf(quoted("AWS", "arn:aws:iam::"+here+":role/app2")), allowed, ImplicitlyDenied},
		{"a role of the same name elsewhere", session, trustOf(quoted("AWS", "arn:aws:iam::"+elsewhere+":role/app")), allowed, ImplicitlyDenied},
		{"a boundary limits a role", session, trustOf(quoted("AWS", "arn:aws:iam::"+here+":role/app")), Policies{Boundary: union(t, nothing)}, ImplicitlyDenied},
		{"a session policy limits a role", session, trustOf(quoted("AWS", "arn:aws:iam::"+here+":role/app")), Policies{Session: union(t, nothing)}, ImplicitlyDenied},
		{"the strongest grant counts", session, trustOf(`{"AWS":["arn:aws:iam::` + here + `:role/app","` + session + `"]}`), Policies{Session: union(t, nothing)}, Allowed},
		{"another session", session, trustOf(quoted("AWS", session+"2")), allowed, ImplicitlyDenied},
		{"the account delegates", user, trustOf(quoted("AWS", "arn:aws:iam::"+here+":root")), Policies{}, ImplicitlyDenied},
		{"and the user's policy allows", user, trustOf(quoted("AWS", "arn:aws:iam::"+here+":root")), allowed, Allowed},
		{"an account id is the same", user, trustOf(quoted("AWS", here)), allowed, Allowed},
		{"delegation is bounded", user, trustOf(quoted("AWS", here)), bounded, ImplicitlyDenied},
		{"another account", user, trustOf(quoted("AWS", elsewhere)), allowed, ImplicitlyDenied},
		{"trust must allow, in the same account too", user, `{"Statement":[{"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, allowed, ImplicitlyDenied},
		{"no trust policy", user, "", allowed, ImplicitlyDenied},
		{"a Deny of the caller's own counts", user, trustOf(quoted("AWS", user)), Policies{Identity: union(t, assume, `{"Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}`)}, ExplicitlyDenied},
		{"a Deny in the trust policy", user, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"` + user + `"},"Action":"sts:AssumeRole"}]}`, allowed, ExplicitlyDenied},

		{"a service", "ec2.amazonaws.com", trustOf(quoted("Service", "ec2.amazonaws.com")), Policies{}, Allowed},
		{"another service", "ec2.amazonaws.com", trustOf(quoted("Service", "eks.amazonaws.com")), Policies{}, ImplicitlyDenied},
		{"an account does not name services", "ec2.amazonaws.com", trustOf(quoted("AWS", here)), Policies{}, ImplicitlyDenied},
		{"a web identity", "arn:aws:iam::" + here + ":oidc-provider/issuer.example/id/1", trustOf(quoted("Federated", "arn:aws:iam::"+here+":oidc-provider/issuer.example/id/1")), Policies{}, Allowed},
		{"of another provider", "arn:aws:iam::" + here + ":oidc-provider/issuer.example/id/1", trustOf(quoted("Federated", "arn:aws:iam::"+here+":oidc-provider/issuer.example/id/2")), Policies{}, ImplicitlyDenied},
		{"of the account's", "arn:aws:iam::" + here + ":oidc-provider/issuer.example/id/1", trustOf(quoted("AWS", here)), Policies{}, ImplicitlyDenied},
		{"a federated user", "arn:aws:sts::" + here + ":federated-user/carol", trustOf(quoted("AWS", "arn:aws:sts::"+here+":federated-user/carol")), Policies{}, Allowed},

		{"NotPrincipal spares whom it names", user, sparing(`{"AWS":["` + user + `","` + here + `"]}`), allowed, Allowed},
		{"and nobody else of the account", "arn:aws:iam::" + here + ":user/bob", sparing(`{"AWS":["` + user + `","` + here + `"]}`), allowed, ExplicitlyDenied},
		{"an account alone is spared whole", user, sparing(`{"AWS":"` + here + `"}`), allowed, Allowed},
		{"a caller with a boundary is never spared", user, sparing(`{"AWS":"` + user + `"}`), Policies{Identity: union(t, assume), Boundary: union(t, allowAll)}, ExplicitlyDenied},
		{"a session is spared by its name", session, sparing(`{"AWS":["` + session + `","arn:aws:iam::` + here + `:role/app"]}`), allowed, Allowed},
		{"and the role's others are not", session + "2", sparing(`{"AWS":["` + session + `","arn:aws:iam::` + here + `:role/app"]}`), allowed, ExplicitlyDenied},
	}
	for _, c := range cases {
		caller, err := ParsePrincipal(c.caller)
		if err != nil {
			t.Fatal(err)
		}
		policies := c.own
		if c.trust != "" {
			policies.Trust = compiled(t, c.trust, Trust)
		}
		action := "sts:AssumeRole"
		if caller.Type == WebIdentity {
			action = "sts:AssumeRoleWithWebIdentity"
		}
		decision := policies.Decide(&Request{Principal: caller, Action: action, Resource: "arn:aws:iam::" + here + ":role/target"})
		if decision.Effect != c.want {
			t.Errorf("%s: %s, want %s", c.name, decision, c.want)
		}
	}
}

// sparing is a trust policy that allows everybody and denies all but the principal.
func sparing(principal string) string {
	return `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":` + principal + `,"Action":"sts:AssumeRole"}]}`
}

// TestAcrossAccounts follows "Cross-account policy evaluation logic": both sides must allow, however the resource's names the caller.
func TestAcrossAccounts(t *testing.T) {
	caller := alice()
	for _, principal := range []string{caller.ARN, here, "*"} {
		trust := compiled(t, trustOf(`{"AWS":"`+principal+`"}`), Trust)
		request := &Request{Principal: caller, Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + elsewhere + ":role/target"}
		for _, c := range []struct {
			policies Policies
			want     Effect
		}{
			{Policies{Trust: trust}, ImplicitlyDenied},
			{Policies{Identity: union(t, assume)}, ImplicitlyDenied},
			{Policies{Identity: union(t, assume), Trust: trust}, Allowed},
			{Policies{Identity: union(t, assume), Boundary: union(t), Trust: trust}, ImplicitlyDenied},
			{Policies{Identity: union(t, assume), Session: union(t), Trust: trust}, ImplicitlyDenied},
		} {
			if decision := c.policies.Decide(request); decision.Effect != c.want {
				t.Errorf("%s: %s, want %s", principal, decision, c.want)
			}
		}
	}
	object := &Request{Principal: caller, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: elsewhere}
	if decision := (Policies{Identity: union(t, allowAll)}).Decide(object); decision.Effect != ImplicitlyDenied {
		t.Errorf("another account's bucket without a policy: %s", decision)
	}
	managed := &Request{Principal: caller, Action: "iam:GetPolicy", Resource: "arn:aws:iam::aws:policy/ReadOnlyAccess"}
	if decision := (Policies{Identity: union(t, allowAll)}).Decide(managed); !decision.Allowed() {
		t.Errorf("a policy that AWS owns: %s", decision)
	}
}

// TestPrincipalIDs follows "IAM JSON policy elements: Principal": what is deleted and made again under its old name is not what was trusted.
func TestPrincipalIDs(t *testing.T) {
	document, err := Parse([]byte(trustOf(`{"AWS":["arn:aws:iam::` + here + `:user/staff/alice","arn:aws:iam::` + here + `:role/team/app","` + elsewhere + `"]}`)))
	if err != nil {
		t.Fatal(err)
	}
	names := document.Principals()
	if len(names) != 2 || names[0].Value != alice().ARN || names[1].Position != (Position{1, 121}) {
		t.Fatalf("principals: %+v", names)
	}
	session := Principal{Type: AssumedRole, ARN: "arn:aws:sts::" + here + ":assumed-role/app/pod", Account: here, RoleARN: "arn:aws:iam::" + here + ":role/team/app", ID: "AROAAPPAPPAPPAPPAPP0", Session: "pod"}
	cases := []struct {
		name   string
		ids    map[string]string
		caller Principal
		want   bool
	}{
		{"the user that was saved", map[string]string{alice().ARN: alice().ID}, alice(), true},
		{"a user made again", map[string]string{alice().ARN: "AIDAOLDALICEOLDALIC0"}, alice(), false},
		{"a user that was not there", map[string]string{}, alice(), false},
		{"the role that was saved", map[string]string{session.RoleARN: session.ID}, session, true},
		{"a role made again", map[string]string{session.RoleARN: "AROAOLDOLDOLDOLDOLD0"}, session, false},
		{"names only", nil, session, true},
	}
	for _, c := range cases {
		trust, err := Compile("trust", document, Options{Kind: Trust, PrincipalIDs: c.ids})
		if err != nil {
			t.Fatal(err)
		}
		decision := Policies{Trust: trust}.Decide(&Request{Principal: c.caller, Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + here + ":role/target"})
		if decision.Allowed() != c.want {
			t.Errorf("%s: %s, want %v", c.name, decision, c.want)
		}
	}
	dead := compiled(t, trustOf(`{"AWS":"AROAAPPAPPAPPAPPAPP0"}`), Trust)
	if decision := (Policies{Trust: dead}).Decide(&Request{Principal: session, Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + here + ":role/target"}); !decision.Allowed() {
		t.Errorf("a unique id as AWS shows it: %s", decision)
	}
}

// TestGetCallerIdentity follows the AWS STS API Reference: no permission is needed, and a Deny does not stop it.
func TestGetCallerIdentity(t *testing.T) {
	deny := union(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	request := &Request{Principal: alice(), Action: "sts:GetCallerIdentity", Resource: "*", WildcardOnly: true}
	if decision := (Policies{Identity: deny}).Decide(request); !decision.Allowed() {
		t.Error(decision)
	}
	request.Principal = Principal{Type: Anonymous}
	if decision := (Policies{}).Decide(request); decision.Allowed() {
		t.Error("anonymous callers have no identity")
	}
}

// TestNobody: the zero Principal matches nothing, not even everybody.
func TestNobody(t *testing.T) {
	policies := Policies{Identity: union(t, allowAll), Trust: compiled(t, trustOf(`"*"`), Trust)}
	if decision := policies.Decide(&Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + here + ":role/target"}); decision.Allowed() {
		t.Error(decision)
	}
}
