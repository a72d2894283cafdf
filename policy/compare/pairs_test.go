package compare

import (
	"testing"

	"github.com/openirsa/openirsa/policy"
)

func parse(t testing.TB, source string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(source))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return d
}

// identity makes a document of one Allow statement, with more behind it.
func identity(action, resource, condition string, more ...string) string {
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `,"Condition":{` + condition + `}}`
	for _, other := range more {
		text += "," + other
	}
	return text + `]}`
}

func when(condition string) string { return identity(`"s3:GetObject"`, `"*"`, condition) }

func on(resource string) string { return identity(`"s3:GetObject"`, resource, "") }

func trusts(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`
}

func irsa(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/issuer.example"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{` + condition + `}}]}`
}

// What a pair of documents is to each other.
const (
	same     = "same"
	more     = "more"     // the second allows more
	less     = "less"     // the second allows less
	crossing = "crossing" // each allows what the other does not
)

// TestPairs are pairs whose answer follows from one rule of the language. The rules are those of the IAM User Guide, by the title of the page.
func TestPairs(t *testing.T) {
	for _, c := range []struct {
		rule, first, second, want string
	}{
		// IAM JSON policy elements: Action, NotAction
		{"actions are compared without case", identity(`"s3:getobject"`, `"*"`, ""), identity(`"S3:GetObject"`, `"*"`, ""), same},
		{"a pattern covers what it matches", identity(`["s3:Get*","s3:GetObject"]`, `"*"`, ""), identity(`"s3:Get*"`, `"*"`, ""), same},
		{"? is one character", identity(`"s3:GetObjec?"`, `"*"`, ""), identity(`"s3:GetObject*"`, `"*"`, ""), crossing},
		{"two patterns together are less than one", identity(`["s3:Get*","s3:*Object"]`, `"*"`, ""), identity(`["s3:*"]`, `"*"`, ""), more},
		{"everything but one service is not everything", identity(`"*"`, `"*"`, ""), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`, less},
		{"NotAction and its complement are everything", identity(`"*"`, `"*"`, ""), identity(`"iam:*"`, `"*"`, "", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), same},
		{"GetCallerIdentity needs no permission", identity(`["sts:GetCallerIdentity","s3:GetObject"]`, `"*"`, ""), identity(`"s3:GetObject"`, `"*"`, ""), same},
		{"assuming roles is granted by identity policies", identity(`"sts:AssumeRole"`, `"*"`, ""), identity(`"s3:GetObject"`, `"*"`, ""), crossing},
		{"keys are used by identity policies", identity(`"kms:Decrypt"`, `"arn:aws:kms:*:*:key/*"`, ""), identity(`"kms:Decrypt"`, `"arn:aws:kms:us-east-1:*:key/*"`, ""), less},
		// IAM JSON policy elements: Resource
		{"a bucket is not its objects", on(`"arn:aws:s3:::b"`), on(`"arn:aws:s3:::b/*"`), crossing},
		{"resources are compared with case", on(`"arn:aws:s3:::B"`), on(`"arn:aws:s3:::b"`), crossing},
		{"a short ARN stands for all that is missing", on(`"arn:aws:s3:*"`), on(`"arn:aws:s3:*:*:*"`), same},
		{"* alone also matches requests about no resource", on(`"*"`), on(`"arn:*:s3:*:*:*"`), less},
		{"* crosses colons in the last part", on(`"arn:aws:logs:::a*b"`), on(`["arn:aws:logs:::a*b","arn:aws:logs:::a:*:b"]`), same},
		{"NotResource is all but", on(`"*"`), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}]}`, less},
		{"Deny takes away as NotResource leaves out", identity(`"s3:GetObject"`, `"*"`, "", `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`),
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}]}`, same},
		{"a Deny of what is not granted takes nothing", on(`"*"`), identity(`"s3:GetObject"`, `"*"`, "", `{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}`), same},
		// IAM JSON policy elements: Condition operators
		{"values are alternatives", when(`"StringEquals":{"aws:k":["a","b"]}`), identity(`"s3:GetObject"`, `"*"`, `"StringEquals":{"aws:k":"a"}`,
			`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:k":"b"}}}`), same},
		{"keys are compared without case", when(`"StringEquals":{"AWS:K":"a"}`), when(`"StringEquals":{"aws:k":"a"}`), same},
		{"an operator and its negation are everything", on(`"*"`), identity(`"s3:GetObject"`, `"*"`, `"StringEquals":{"aws:k":"a"}`,
			`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringNotEquals":{"aws:k":"a"}}}`), less}, // several values satisfy neither
		{"IfExists holds without the key", when(`"StringEquals":{"aws:k":"a"}`), when(`"StringEqualsIfExists":{"aws:k":"a"}`), more},
		{"a negated operator holds without the key", when(`"StringNotEquals":{"aws:k":"a"}`), when(`"StringNotEqualsIfExists":{"aws:k":"a"}`), same},
		{"IgnoreCase knows every letter", when(`"StringEqualsIgnoreCase":{"aws:k":"K"}`), when(`"StringEquals":{"aws:k":["K","k","\u212a"]}`), same},
		{"StringEquals takes * literally", when(`"StringEquals":{"aws:k":"a*"}`), when(`"StringLike":{"aws:k":"a*"}`), more},
		{"StringLike without wildcards is StringEquals", when(`"StringEquals":{"aws:k":"a"}`), when(`"StringLike":{"aws:k":"a"}`), same},
		{"ArnLike stays within parts", when(`"ArnLike":{"aws:k":"arn:aws:s3:::b*:x"}`), when(`"StringLike":{"aws:k":"arn:aws:s3:*b*:x"}`), more},
		{"ArnEquals is ArnLike", when(`"ArnEquals":{"aws:k":"arn:aws:s3:::*"}`), when(`"ArnLike":{"aws:k":"arn:aws:s3:::*"}`), same},
		{"numbers lie between numbers", when(`"NumericLessThan":{"aws:k":"10"}`), when(`"NumericLessThanEquals":{"aws:k":"9"}`), less},
		{"numbers are compared as numbers", when(`"NumericEquals":{"aws:k":"10"}`), when(`"NumericEquals":{"aws:k":"10.0"}`), same},
		{"dates are points in time", when(`"DateLessThan":{"aws:k":"2024-01-01T00:00:00Z"}`), when(`"DateLessThan":{"aws:k":"1704067200"}`), same},
		{"a second is not nothing", when(`"DateLessThan":{"aws:k":"2024-01-01T00:00:00Z"}`), when(`"DateLessThanEquals":{"aws:k":"2024-01-01T00:00:00Z"}`), more},
		{"two halves are a range", when(`"IpAddress":{"aws:k":"10.0.0.0/8"}`), when(`"IpAddress":{"aws:k":["10.0.0.0/9","10.128.0.0/9"]}`), same},
		{"an address beyond a range", when(`"IpAddress":{"aws:k":"10.0.0.0/8"}`), when(`"IpAddress":{"aws:k":["10.0.0.0/9","10.128.0.0/10"]}`), less},
		{"booleans are compared without case", when(`"Bool":{"aws:k":"true"}`), when(`"StringEqualsIgnoreCase":{"aws:k":"true"}`), same},
		{"Null asks whether the key is there", when(`"Null":{"aws:k":"false"}`), when(`"StringLike":{"aws:k":"?*"}`), less},  // several values are there, too
		{"and has a value that is not null", when(`"Null":{"aws:k":"false"}`), when(`"StringLike":{"aws:k":"*"}`), crossing}, // an empty string is
		// Multivalued context keys
		{"ForAllValues holds of nothing", when(`"ForAllValues:StringEquals":{"aws:k":"a"}`), when(`"ForAnyValue:StringEquals":{"aws:k":"a"}`), crossing},
		{"ForAllValues and a key that must be there", when(`"ForAllValues:StringEquals":{"aws:k":"a"},"Null":{"aws:k":"false"}`), when(`"ForAllValues:StringEquals":{"aws:k":["a","b"]},"Null":{"aws:k":"false"}`), more},
		{"any of two is more than any of one", when(`"ForAnyValue:StringEquals":{"aws:k":"a"}`), when(`"ForAnyValue:StringEquals":{"aws:k":["a","b"]}`), more},
		{"a * that ends a part runs on across colons", on(`"arn:aws:ec2:*:*:instance/*"`), on(`["arn:aws:ec2:*:*:instance/*","arn:aws:ec2:*:a:b:instance/*"]`), same},
		{"a * within a part does not", on(`"arn:aws:ec2:a*b:*:i"`), on(`["arn:aws:ec2:a*b:*:i","arn:aws:ec2:a:b:*:i"]`), more},
		{"a part without anything", on(`"arn:aws:s3:*:*:b"`), on(`["arn:aws:s3:*:*:b","arn:aws:s3:*::b"]`), same},
		// IAM policy elements: Variables and tags
		{"a variable is less than *", on(`"arn:aws:s3:::b/*"`), on(`"arn:aws:s3:::b/${aws:username}"`), less},
		{"a narrower path under a variable", on(`"arn:aws:s3:::b/${aws:username}/*"`), on(`"arn:aws:s3:::b/${aws:username}/docs/*"`), less},
		{"a variable's name is compared without case", on(`"arn:aws:s3:::b/${aws:username}"`), on(`"arn:aws:s3:::b/${AWS:UserName}"`), same},
		{"another variable", on(`"arn:aws:s3:::b/${aws:username}"`), on(`"arn:aws:s3:::b/${aws:userid}"`), crossing},
		{"a default", on(`"arn:aws:s3:::b/${aws:username}"`), on(`"arn:aws:s3:::b/${aws:username, 'x'}"`), more},
		{"an escaped wildcard", on(`"arn:aws:s3:::b/${*}"`), on(`"arn:aws:s3:::b/*"`), more},
		{"variables in conditions", when(`"StringLike":{"s3:prefix":"home/${aws:username}/*"}`), when(`"StringLike":{"s3:prefix":["home/${aws:username}/*","home/${aws:username}/a/*"]}`), same},
		{"without a version ${ is text", `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}]}`, on(`"arn:aws:s3:::b/${$}{aws:username}"`), same},
	} {
		expect(t, c.rule, c.first, c.second, policy.Identity, c.want)
		expect(t, c.rule+", the other way round", c.second, c.first, policy.Identity, map[string]string{same: same, more: less, less: more, crossing: crossing}[c.want])
	}
	// AWS JSON policy elements: Principal
	for _, c := range []struct{ rule, first, second, want string }{
		{"everybody is more than an account", trusts(`{"AWS":"111122223333"}`), trusts(`"*"`), more},
		{"* and AWS * are the same", trusts(`"*"`), trusts(`{"AWS":"*"}`), same},
		{"an account and a user of it", trusts(`{"AWS":"111122223333"}`), trusts(`{"AWS":"arn:aws:iam::111122223333:user/a"}`), crossing}, // the user needs no policy of his own
		{"a session of a role", trusts(`{"AWS":"arn:aws:iam::111122223333:role/a"}`), trusts(`{"AWS":["arn:aws:iam::111122223333:role/a","arn:aws:sts::111122223333:assumed-role/a/s"]}`), more},
		{"another service", trusts(`{"Service":"ec2.amazonaws.com"}`), trusts(`{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]}`), more},
		{"the order of principals", trusts(`{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]}`), trusts(`{"Service":["eks.amazonaws.com","ec2.amazonaws.com"]}`), same},
		// IAM roles for service accounts: what the trust policy must say of the token
		{"any service account of a namespace", irsa(`"StringEquals":{"issuer.example:sub":"system:serviceaccount:shop:app","issuer.example:aud":"sts.amazonaws.com"}`),
			irsa(`"StringLike":{"issuer.example:sub":"system:serviceaccount:shop:*"},"StringEquals":{"issuer.example:aud":"sts.amazonaws.com"}`), more},
		{"any audience", irsa(`"StringEquals":{"issuer.example:sub":"system:serviceaccount:shop:app","issuer.example:aud":"sts.amazonaws.com"}`),
			irsa(`"StringEquals":{"issuer.example:sub":"system:serviceaccount:shop:app"}`), more},
		{"a wildcard under StringEquals", irsa(`"StringEquals":{"issuer.example:sub":"system:serviceaccount:shop:*"}`), irsa(`"StringLike":{"issuer.example:sub":"system:serviceaccount:shop:\\*"}`), crossing},
		{"two operators for one", irsa(`"StringEquals":{"issuer.example:sub":"a","issuer.example:aud":"b"}`), irsa(`"StringEquals":{"issuer.example:aud":"b"},"StringLike":{"issuer.example:sub":"a"}`), same},
	} {
		expect(t, c.rule, c.first, c.second, policy.Trust, c.want)
	}
}

func expect(t *testing.T, rule, first, second string, kind policy.Kind, want string) {
	t.Helper()
	r := diff(t, []byte(first), []byte(second), kind)
	got := same
	switch {
	case len(r.NotProven) > 0:
		t.Errorf("%s: not proven: %q", rule, r.NotProven)
	case len(r.Added) > 0 && len(r.Removed) > 0:
		got = crossing
	case len(r.Added) > 0:
		got = more
	case len(r.Removed) > 0:
		got = less
	}
	if got != want {
		t.Errorf("%s: %s, want %s\n%s\n%s", rule, got, want, first, second)
	}
}

// TestNotProven: what would take more than the comparison knows is not called the same.
func TestNotProven(t *testing.T) {
	for name, c := range map[string]struct {
		first, second string
		options       Options
	}{
		"budget":         {on(`"arn:aws:s3:::a*"`), on(`["arn:aws:s3:::a*","arn:aws:s3:::ab"]`), Options{Steps: 50}},
		"five variables": {on(`["arn:aws:s3:::${a:a}${a:b}${a:c}${a:d}${a:e}"]`), on(`["arn:aws:s3:::${a:a}${a:b}${a:c}${a:d}${a:e}","arn:aws:s3:::${a:a}${a:b}${a:c}${a:d}${a:e}"]`), Options{}},
		"unique ids":     {trusts(`{"AWS":["AIDAEXAMPLE000000001","111122223333"]}`), trusts(`{"AWS":["AIDAEXAMPLE000000002","111122223333"]}`), Options{Kind: policy.Trust}},
	} {
		r, err := Diff(parse(t, c.first), parse(t, c.second), c.options)
		if err != nil {
			t.Fatal(err)
		}
		if r.Same() || r.Different() || len(r.NotProven) == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := Diff(parse(t, on(`"*"`)), parse(t, on(`"*"`)), Options{Kind: policy.RCP}); err == nil {
		t.Error("resource control policies were compared")
	}
}
