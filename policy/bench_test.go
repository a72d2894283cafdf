package policy

import (
	"fmt"
	"strings"
	"testing"
)

// manyStatements is a policy in which statement i allows reading bucket i, so that the last one answers for the last bucket.
func manyStatements(count int) string {
	statements := make([]string, count)
	for i := range statements {
		statements[i] = fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::bucket-%d/*"}`, i, i)
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func benchmarkRequest(count int) *Request {
	return &Request{
		Principal: Principal{Type: AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/app/pod", Account: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/app", ID: "AROAEXAMPLEEXAMPLE00", Session: "pod"},
		Action:    "s3:GetObject",
		Resource:  fmt.Sprintf("arn:aws:s3:::bucket-%d/folder/object", count-1),
		Context:   benchmarkContext(),
	}
}

func benchmarkContext() *Context {
	c := &Context{}
	c.Set("aws:SourceIp", "10.1.2.3")
	c.Set("aws:CurrentTime", "2025-06-01T12:00:00Z")
	c.Set("aws:EpochTime", "1748779200")
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:UserAgent", "aws-sdk-go-v2/1.36")
	c.Set("aws:RequestedRegion", "us-east-1")
	c.Set("aws:PrincipalTag/team", "blue")
	c.Set("aws:TokenIssueTime", "2025-06-01T11:30:00Z")
	return c
}

// BenchmarkDecide is the allow path: the last of n statements allows.
func BenchmarkDecide(b *testing.B) {
	for _, count := range []int{5, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("statements=%d", count), func(b *testing.B) {
			policies := Policies{Identity: []*Policy{compiled(b, manyStatements(count), Identity)}}
			request := benchmarkRequest(count)
			b.ReportAllocs()
			for b.Loop() {
				if !policies.Decide(request).Allowed() {
					b.Fatal("denied")
				}
			}
		})
	}
}

// BenchmarkDecideConditions adds the conditions and variables that policies in the wild have.
func BenchmarkDecideConditions(b *testing.B) {
	policies := Policies{Identity: []*Policy{compiled(b, conditionalPolicy, Identity)}}
	request := benchmarkRequest(1)
	request.Resource = "arn:aws:s3:::bucket/blue/object"
	b.ReportAllocs()
	for b.Loop() {
		if !policies.Decide(request).Allowed() {
			b.Fatal("denied")
		}
	}
}

// BenchmarkDecideExtended is a decision with the condition keys of a session, of a request and of a call made one on top of the other, as doors make them.
func BenchmarkDecideExtended(b *testing.B) {
	policies := Policies{Identity: []*Policy{compiled(b, conditionalPolicy, Identity)}}
	request := benchmarkRequest(1)
	request.Resource = "arn:aws:s3:::bucket/blue/object"
	session := (*Context)(nil).Extend(8)
	session.Set("aws:PrincipalTag/team", "blue")
	session.Set("aws:TokenIssueTime", "2025-06-01T11:30:00Z")
	session.Set("oidc.example.com:sub", "system:serviceaccount:shop:cart")
	b.ReportAllocs()
	for b.Loop() {
		keys := session.Extend(8)
		keys.Set("aws:CurrentTime", "2025-06-01T12:00:00Z")
		keys.Set("aws:EpochTime", "1748779200")
		keys.Set("aws:SecureTransport", "true")
		keys.Set("aws:SourceIp", "10.1.2.3")
		keys.Set("aws:UserAgent", "aws-sdk-go-v2/1.36")
		keys.Set("aws:RequestedRegion", "us-east-1")
		request.Context = keys.Extend(2)
		request.Context.Set("s3:ResourceAccount", "111122223333")
		request.Context.Set("aws:ResourceAccount", "111122223333")
		if !policies.Decide(request).Allowed() {
			b.Fatal("denied")
		}
	}
}

const conditionalPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*","Condition":{
		"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]},
		"Bool":{"aws:SecureTransport":"true"},
		"DateGreaterThan":{"aws:CurrentTime":"2024-01-01T00:00:00Z"},
		"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app"},
		"NumericLessThan":{"aws:EpochTime":"4102444800"},
		"StringLike":{"aws:UserAgent":"aws-sdk-*"}}},
	{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}}]}`

// BenchmarkDecideDenied is an implicit denial with its explanation.
func BenchmarkDecideDenied(b *testing.B) {
	for _, count := range []int{5, 10000} {
		b.Run(fmt.Sprintf("statements=%d", count), func(b *testing.B) {
			policies := Policies{Identity: []*Policy{compiled(b, manyStatements(count), Identity)}}
			request := benchmarkRequest(count + 1)
			b.ReportAllocs()
			for b.Loop() {
				if policies.Decide(request).Allowed() {
					b.Fatal("allowed")
				}
			}
		})
	}
}

// BenchmarkCompile parses and compiles; time must grow with the document's length only.
func BenchmarkCompile(b *testing.B) {
	for _, count := range []int{5, 100, 10000} {
		source := []byte(manyStatements(count))
		b.Run(fmt.Sprintf("statements=%d", count), func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				document, err := Parse(source)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Compile("p", document, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestDecideAllocatesNothing holds the allow path to its promise, with conditions, variables and every kind of policy.
func TestDecideAllocatesNothing(t *testing.T) {
	everything := compiled(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, Identity)
	conditional := compiled(t, conditionalPolicy, Identity)
	request := benchmarkRequest(1)
	request.Resource = "arn:aws:s3:::bucket/blue/object"
	cases := map[string]Policies{
		"one statement":        {Identity: []*Policy{everything}},
		"conditions":           {Identity: []*Policy{conditional}},
		"boundary and session": {Identity: []*Policy{conditional}, Boundary: []*Policy{everything}, Session: []*Policy{conditional}},
		"many statements":      {Identity: []*Policy{compiled(t, manyStatements(1000), Identity), conditional}},
	}
	for name, policies := range cases {
		t.Run(name, func(t *testing.T) {
			if decision := policies.Decide(request); !decision.Allowed() {
				t.Fatal(decision)
			}
			if allocations := testing.AllocsPerRun(100, func() { policies.Decide(request) }); allocations != 0 {
				t.Errorf("%v allocations", allocations)
			}
		})
	}
}

// compiled is a policy that must compile.
func compiled(t testing.TB, source string, kind Kind) *Policy {
	t.Helper()
	document, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile("policy", document, Options{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
