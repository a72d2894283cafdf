package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

type table map[string]bool

func (t table) WildcardOnly(action string) bool { return t[strings.ToLower(action)] }

// TestSimulate has a line for each rule of simulate's contract. want is a part of the result, which must hold an error or a decision, never both.
func TestSimulate(t *testing.T) {
	const (
		user  = `"principal":"arn:aws:iam::111122223333:user/alice"`
		get   = user + `,"action":"s3:GetObject","resource":"arn:aws:s3:::b/k"`
		allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
		web   = `"principal":"arn:aws:iam::111122223333:oidc-provider/issuer.example","action":"sts:AssumeRoleWithWebIdentity","resource":"arn:aws:iam::111122223333:role/r"`
		trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/issuer.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"issuer.example:sub":"system:serviceaccount:a:app"}}}]}`
	)
	cases := []struct {
		name, line, want string
		readable         bool
	}{
		{"allowed", `{"id":"a","request":{` + get + `},"policies":{"identity":[` + allow + `]}}`,
			`{"id":"a","decision":"Allowed","reasons":[{"layer":"identity","policy":"identity[0]","statement":0,"sid":"","effect":"Allow","line":1,"column":38}]}`, true},
		{"positions are the document's own", `{"id":"a","request":{` + get + `},"policies":{"identity":[` + allow + ` , ` + allow + `],"session":` + strings.Replace(allow, "Allow", "Deny", 1) + `}}`,
			`"decision":"ExplicitlyDenied","reasons":[{"layer":"session","policy":"session","statement":0,"sid":"","effect":"Deny","line":1,"column":38}]`, true},
		{"nothing allows", `{"id":"a","request":{` + get + `}}`, `"decision":"ImplicitlyDenied","reasons":[{"layer":"identity","policy":"","statement":-1,"sid":""}]`, true},
		{"null is none", `{"request":{` + get + `,"context":null,"resourceAccount":null,"wildcardOnlyAction":null},"policies":{"identity":[` + allow + `],"resource":null,"session":null,"permissionBoundary":null,"scp":null,"rcp":null,"vpcEndpoint":null}}`, `{"id":"","decision":"Allowed"`, true},
		{"no organization", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"scp":[],"rcp":[]}}`, `"decision":"Allowed"`, true},
		{"an empty boundary allows nothing", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"permissionBoundary":[]}}`, `"decision":"ImplicitlyDenied","reasons":[{"layer":"boundary"`, true},
		{"session pieces", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"session":[{"Statement":[]},` + allow + `]}}`, `"policy":"session[1]"`, true},
		{"unknown fields beside", `{"note":[1,{}],"request":{` + get + `},"policies":{"identity":[` + allow + `]}}`, `"decision":"Allowed"`, true},
		{"trust", `{"request":{` + web + `,"context":{"Issuer.Example:SUB":"system:serviceaccount:a:app"}},"policies":{"resource":` + trust + `}}`, `"decision":"Allowed","reasons":[{"layer":"trust","policy":"resource"`, true},
		{"near miss", `{"request":{` + web + `,"context":{"issuer.example:sub":"system:serviceaccount:b:app"}},"policies":{"resource":` + trust + `}}`,
			`"failed":"Condition","operator":"StringEquals","key":"issuer.example:sub","wanted":["system:serviceaccount:a:app"],"got":["system:serviceaccount:b:app"]}`, true},
		{"an absent key", `{"request":{` + web + `},"policies":{"resource":` + trust + `}}`, `"wanted":["system:serviceaccount:a:app"],"got":[]}`, true},
		{"a trust policy says nothing of other services", `{"request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"iam:GetRole","resource":"arn:aws:iam::111122223333:role/r"},"policies":{"identity":[` + allow + `],"resource":` + trust + `}}`, `"decision":"Allowed","reasons":[{"layer":"identity"`, true},
		{"a list of one is multivalued", `{"request":{` + web + `,"context":{"issuer.example:sub":["system:serviceaccount:a:app"]}},"policies":{"resource":` + trust + `}}`, `"decision":"ImplicitlyDenied"`, true},
		{"a resource policy that says nothing", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"resource":{"Statement":[]}}}`, `"decision":"Allowed"`, true},
		{"root may do everything in its account", `{"request":{"principal":"111122223333","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"}}`, `"decision":"Allowed","reasons":[{"layer":"identity","policy":"root"`, true},
		{"but not in another", `{"request":{"principal":"111122223333","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resourceAccount":"444455556666"}}`, `"decision":"ImplicitlyDenied"`, true},
		{"wildcard only, as given", `{"request":{` + user + `,"action":"s3:ListAllMyBuckets","resource":"*","wildcardOnlyAction":true},"policies":{"identity":[{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}}]}}`, `"decision":"ImplicitlyDenied"`, true},
		{"wildcard only, from the table", `{"request":{` + user + `,"action":"S3:ListAllMyBuckets","resource":"arn:aws:s3:::b"},"policies":{"identity":[{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}}]}}`, `"decision":"ImplicitlyDenied"`, true},
		{"an anonymous caller", `{"request":{"principal":{"type":"Anonymous"},"action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"policies":{"identity":[` + allow + `]}}`, `"decision":"ImplicitlyDenied"`, true},

		{"a document that does not compile", `{"id":"a","request":{` + get + `},"policies":{"identity":[` + allow + `,{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"x","Resource":"*"}]}]}}`, `{"id":"a","error":"identity[1]:1:65: action \"x\" has no service prefix (service:Name, or \"*\")"}`, true},
		{"an unknown element in a document", `{"request":{` + get + `},"policies":{"permissionBoundary":[{"Statement":[],"Comment":""}]}}`, `"error":"permissionBoundary[0]:1:17: unknown element`, true},
		{"a name twice in a document", `{"request":{` + get + `},"policies":{"identity":[{"Statement":[],"Statement":[]}]}}`, `"error":"identity[0]:1:17: this name occurs a second time`, true},
		{"a resource policy", `{"request":{` + get + `},"policies":{"resource":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}}}`, `"decision":"Allowed","reasons":[{"layer":"resource","policy":"resource"`, true},
		{"a resource policy with a statement of a trust policy", `{"request":{` + get + `},"policies":{"resource":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Allow","Principal":"*","Action":"*"}]}}}`, `"error":"resource:1:78: missing element Resource`, true},
		{"levels", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"scp":[{"level":"r","policies":[` + allow + `]},{"level":"a","policies":[{"Statement":[]},` + allow + `]}]}}`,
			`"reasons":[{"layer":"scp","policy":"scp[0].policies[0]","statement":0,"sid":"","effect":"Allow","line":1,"column":38},{"layer":"scp","policy":"scp[1].policies[1]",`, true},
		{"a level that does not allow", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"scp":[{"level":"r","policies":[` + allow + `]},{"level":"a","policies":[]}]}}`,
			`"decision":"ImplicitlyDenied","reasons":[{"layer":"scp","policy":"scp[1]","statement":-1,"sid":""}]`, true},
		{"an SCP that names a principal", `{"request":{` + get + `},"policies":{"scp":[{"level":"r","policies":[{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}]}]}}`, `"error":"scp[0].policies[0]:1:43: Principal in a policy`, true},
		{"an RCP that names somebody", `{"request":{` + get + `},"policies":{"rcp":[{"level":"r","policies":[{"Statement":{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}]}]}}`, `"error":"rcp[0].policies[0]:1:43: Principal in a resource control policy`, true},
		{"a level of RCPs without a policy", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"rcp":[{"level":"r","policies":[]}]}}`, `"decision":"Allowed"`, true},
		{"an endpoint without policies", `{"request":{` + get + `},"policies":{"identity":[` + allow + `],"vpcEndpoint":[]}}`, `"decision":"ImplicitlyDenied","reasons":[{"layer":"vpcEndpoint","policy":"","statement":-1,"sid":""}]`, true},
		{"an unknown kind", `{"request":{` + get + `},"policies":{"acl":{}}}`, `"error":"acl: `, true},

		{"no JSON", `{"id":"a"`, `{"id":"","error":"1:10: unexpected end of text`, false},
		{"an empty line", ``, `"error":"1:1: unexpected end of text`, false},
		{"no object", `[]`, `"error":"1:1: a case must be an object`, false},
		{"no request", `{"id":"a"}`, `{"id":"a","error":"1:1: missing member request"}`, false},
		{"the id is not a string", `{"id":1,"request":{` + get + `}}`, `{"id":"","error":"1:7: id must be a string, not a number"}`, false},
		{"the id comes last", `{"request":7,"id":"z"}`, `{"id":"z","error":"1:12: request must be an object`, false},
		{"a name twice", `{"id":"a","request":{` + get + `,"action":"s3:PutObject"}}`, `this name occurs a second time`, false},
		{"a kind twice", `{"id":"a","request":{` + get + `},"policies":{"identity":[],"identity":[` + allow + `]}}`, `this name occurs a second time`, false},
		{"an unknown member of request", `{"request":{` + get + `,"region":"x"}}`, `unknown member \"region\"`, false},
		{"no principal", `{"request":{"action":"s3:GetObject","resource":"*"}}`, `missing member principal`, false},
		{"no such principal", `{"request":{"principal":"alice","action":"s3:GetObject","resource":"*"}}`, `\"alice\" is not a principal`, false},
		{"another type", `{"request":{"principal":{"type":"Role"},"action":"s3:GetObject","resource":"*"}}`, `principal must be a string or`, false},
		{"no action", `{"request":{` + user + `,"action":"GetObject","resource":"*"}}`, `not of the form service:Name`, false},
		{"no resource", `{"request":{` + user + `,"action":"s3:GetObject"}}`, `neither an ARN nor`, false},
		{"no account", `{"request":{` + get + `,"resourceAccount":"12"}}`, `is not an account id`, false},
		{"a number in the context", `{"request":{` + get + `,"context":{"aws:x":1}}}`, `must have a string or a list of strings`, false},
		{"levels that are none", `{"request":{` + get + `},"policies":{"scp":[7]}}`, `scp must be an object, not a number`, false},
		{"an unknown member of a level", `{"request":{` + get + `},"policies":{"scp":[{"name":"r"}]}}`, `unknown member \"name\" of a level`, false},
		{"a list in a list", `{"request":{` + get + `,"context":{"aws:x":[[]]}}}`, `must be a string, not a list`, false},
		{"a key in two cases", `{"request":{` + get + `,"context":{"aws:x":"1","AWS:X":"2"}}}`, `a second time in another case`, false},
		{"too long", strings.Repeat(" ", MaxLineSize) + `{}`, `1:1048577: text is longer than 1048576 bytes`, false},
	}
	simulator := NewSimulator(table{"s3:listallmybuckets": true})
	for _, c := range cases {
		result, readable := simulator.Line([]byte(c.line))
		if readable != c.readable || !strings.Contains(string(result), c.want) {
			t.Errorf("%s: %s, readable %v\nwant …%s…, readable %v", c.name, result, readable, c.want, c.readable)
		}
		checkResult(t, result)
	}
	if result, _ := NewSimulator(nil).Line([]byte(`{"request":{` + get + `},"policies":{"identity":[` + allow + `]}}`)); !strings.Contains(string(result), `"Allowed"`) {
		t.Errorf("without a table: %s", result)
	}
}

// checkResult holds a result to its shape.
func checkResult(t *testing.T, result []byte) {
	t.Helper()
	var shape struct {
		ID       *string
		Decision string
		Error    string
		Reasons  []Reason
	}
	if err := json.Unmarshal(result, &shape); err != nil || shape.ID == nil || (shape.Decision == "") == (shape.Error == "") || strings.Contains(string(result), "\n") {
		t.Errorf("not a result: %s (%v)", result, err)
	}
	if shape.Decision == "" {
		return
	}
	var decision Decision
	if err := json.Unmarshal(result, &decision); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(decision)
	if err != nil || !strings.HasSuffix(string(result), string(again[1:])) {
		t.Errorf("read and written again: %s, was %s (%v)", again, result, err)
	}
}

// TestSimulateText: a reader sees the id, the effect, and each reason with its clause underlined.
func TestSimulateText(t *testing.T) {
	const line = `{"id":"c\u001b1","request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"policies":{` +
		`"identity":[{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"}}],"scp":[{"level":"r","policies":[]}]}}`
	const want = `c 1: ImplicitlyDenied
  scp scp[0]: no statement allows anything
  identity[0] statement 0 at 1:67: Resource: wanted arn:aws:s3:::b, got arn:aws:s3:::b/k
    1 | {"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"}}
      |                                                                    ^^^^^^^^^^^^^^
      |                                                                got arn:aws:s3:::b/k
`
	simulator := NewSimulator(nil)
	if got, readable := simulator.Text([]byte(line)); got != want || !readable {
		t.Errorf("%s", got)
	}
	if got, readable := simulator.Text([]byte(`{"id":"x"}`)); got != "x: error: 1:1: missing member request\n" || readable {
		t.Errorf("%s", got)
	}
	deny := strings.Repeat(`{"Effect":"Deny","Action":"*","Resource":"*"},`, 5000)
	many := `{"id":"m","request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"policies":{"identity":[{"Statement":[` +
		deny[:len(deny)-1] + `]}]}}`
	if got, readable := simulator.Text([]byte(many)); !readable || !strings.HasSuffix(got, "\n  … and 4984 more\n") || strings.Count(got, "identity[0] statement") != 16 {
		t.Errorf("of many reasons: %.300s … %.100s", got, got[max(0, len(got)-100):])
	}
}
