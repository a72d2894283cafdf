package policy

import (
	"fmt"
	"strings"
	"testing"
)

// conditionCase is a Condition block under an Allow statement of version 2012-10-17, and whether it lets the request pass.
// context is written key=value, or key=[a,b] for a multivalued key, parted by spaces.
type conditionCase struct {
	block   string
	context string
	want    bool
}

func (c conditionCase) run(t *testing.T, version string) {
	t.Helper()
	source := fmt.Sprintf(`{"Version":%q,"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%s}}]}`, version, c.block)
	policies := Policies{Identity: []*Policy{compiled(t, source, Identity)}}
	request := &Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: contextOf(c.context)}
	decision := policies.Decide(request)
	if decision.Allowed() != c.want {
		t.Errorf("%s with %q: %s, want %v", c.block, c.context, decision, c.want)
	}
	if c.want == (decision.Effect == ImplicitlyDenied) {
		t.Errorf("%s with %q: effect %s", c.block, c.context, decision.Effect)
	}
}

func alice() Principal {
	return Principal{Type: User, ARN: "arn:aws:iam::111122223333:user/staff/alice", Account: "111122223333", ID: "AIDAALICEALICEALICE0"}
}

func contextOf(text string) *Context {
	c := &Context{}
	for _, pair := range strings.Fields(text) {
		key, value, _ := strings.Cut(pair, "=")
		value = strings.ReplaceAll(value, "␣", " ")
		if list, ok := strings.CutPrefix(value, "["); ok {
			list = strings.TrimSuffix(list, "]")
			if list == "" {
				c.SetList(key)
			} else {
				c.SetList(key, strings.Split(list, ",")...)
			}
		} else {
			c.Set(key, value)
		}
	}
	return c
}

// TestConditions goes through IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context
// keys"; each group names its section there.
func TestConditions(t *testing.T) {
	groups := map[string][]conditionCase{
		"String condition operators": {
			{`"StringEquals":{"aws:x":"a"}`, `aws:x=a`, true},
			{`"StringEquals":{"aws:x":"a"}`, `aws:x=A`, false},
			{`"StringEquals":{"aws:x":"a*"}`, `aws:x=ab`, false},
			{`"StringEquals":{"aws:x":"a*"}`, `aws:x=a*`, true},
			{`"StringEquals":{"aws:x":["b","a"]}`, `aws:x=a`, true},
			{`"StringEquals":{"AWS:X":"a"}`, `aws:x=a`, true},
			{`"StringEquals":{"aws:x":[]}`, `aws:x=a`, false},
			{`"StringEquals":{"aws:x":""}`, `aws:x=`, true},
			{`"StringEquals":{"aws:x":123}`, `aws:x=123`, true},
			{`"StringEquals":{"aws:x":true}`, `aws:x=true`, true},
			{`"StringNotEquals":{"aws:x":"a"}`, `aws:x=b`, true},
			{`"StringNotEquals":{"aws:x":["a","b"]}`, `aws:x=b`, false},
			{`"StringNotEquals":{"aws:x":["a","b"]}`, `aws:x=c`, true},
			{`"StringEqualsIgnoreCase":{"aws:x":"äB"}`, `aws:x=ÄB`, true},
			{`"StringEqualsIgnoreCase":{"aws:x":"a*"}`, `aws:x=AB`, false},
			{`"StringEqualsIgnoreCase":{"aws:x":"${aws:y}"}`, "aws:x=k aws:y=\u212a", true}, // one byte and three
			{`"StringNotEqualsIgnoreCase":{"aws:x":"a"}`, `aws:x=A`, false},
			{`"StringNotEqualsIgnoreCase":{"aws:x":"a"}`, `aws:x=B`, true},
			{`"StringLike":{"aws:x":"a*c"}`, `aws:x=abbc`, true},
			{`"StringLike":{"aws:x":"a?c"}`, `aws:x=abbc`, false},
			{`"StringLike":{"aws:x":"a?c"}`, `aws:x=aéc`, true},
			{`"StringLike":{"aws:x":"A*"}`, `aws:x=abc`, false},
			{`"StringLike":{"aws:x":"*"}`, `aws:x=`, true},
			{`"StringLike":{"aws:x":"arn:aws:s3:*:key"}`, `aws:x=arn:aws:s3:::b:key`, true}, // spans colons, as ArnLike may not
			{`"StringNotLike":{"aws:x":["a*","b*"]}`, `aws:x=bc`, false},
			{`"StringNotLike":{"aws:x":["a*","b*"]}`, `aws:x=cb`, true},
		},
		"Numeric condition operators": {
			{`"NumericEquals":{"aws:n":"10"}`, `aws:n=10.0`, true},
			{`"NumericEquals":{"aws:n":10}`, `aws:n=+010`, true},
			{`"NumericEquals":{"aws:n":0}`, `aws:n=-0.0`, true},
			{`"NumericEquals":{"aws:n":"9007199254740993"}`, `aws:n=9007199254740992`, false},
			{`"NumericEquals":{"aws:n":"10"}`, `aws:n=ten`, false},
			{`"NumericEquals":{"aws:n":"10"}`, `aws:n=1e1`, false},
			{`"NumericEquals":{"aws:n":"10"}`, `aws:n=`, false},
			{`"NumericNotEquals":{"aws:n":"10"}`, `aws:n=11`, true},
			{`"NumericNotEquals":{"aws:n":["10","11"]}`, `aws:n=11`, false},
			{`"NumericNotEquals":{"aws:n":"10"}`, `aws:n=ten`, false}, // what cannot be read satisfies neither form
			{`"NumericLessThan":{"aws:n":"10"}`, `aws:n=9.99`, true},
			{`"NumericLessThan":{"aws:n":"10"}`, `aws:n=10`, false},
			{`"NumericLessThan":{"aws:n":["1","10"]}`, `aws:n=5`, true},
			{`"NumericLessThan":{"aws:n":"-1"}`, `aws:n=-2`, true},
			{`"NumericLessThan":{"aws:n":"-0.5"}`, `aws:n=-0.45`, false},
			{`"NumericLessThanEquals":{"aws:n":"10"}`, `aws:n=10`, true},
			{`"NumericGreaterThan":{"aws:n":"10"}`, `aws:n=99999999999999999999`, true},
			{`"NumericGreaterThan":{"aws:n":"0.5"}`, `aws:n=0.45`, false},
			{`"NumericGreaterThanEquals":{"aws:n":"10"}`, `aws:n=10`, true},
			{`"NumericGreaterThanEquals":{"aws:n":"10"}`, `aws:n=9`, false},
		},
		"Date condition operators": {
			{`"DateEquals":{"aws:d":"2024-02-29T12:00:00Z"}`, `aws:d=2024-02-29T13:00:00+01:00`, true},
			{`"DateEquals":{"aws:d":"2024"}`, `aws:d=2024-01-01T00:00:00Z`, true},
			{`"DateEquals":{"aws:d":"2024-02"}`, `aws:d=2024-02-01`, true},
			{`"DateEquals":{"aws:d":1704067200}`, `aws:d=2024-01-01T00:00Z`, true},
			{`"DateEquals":{"aws:d":"2024-01-01T00:00:00.5Z"}`, `aws:d=1704067200.5`, true},
			{`"DateNotEquals":{"aws:d":"2024-01-01"}`, `aws:d=2024-01-02`, true},
			{`"DateNotEquals":{"aws:d":"2024-01-01"}`, `aws:d=yesterday`, false},
			{`"DateLessThan":{"aws:d":"2024-01-01T00:00:00Z"}`, `aws:d=2023-12-31T23:59:59Z`, true},
			{`"DateLessThan":{"aws:d":"2024-01-01T00:00:00Z"}`, `aws:d=2024-01-01T00:00:00Z`, false},
			{`"DateLessThanEquals":{"aws:d":"2024-01-01T00:00:00Z"}`, `aws:d=2024-01-01T00:00:00Z`, true},
			{`"DateGreaterThan":{"aws:d":"2024-01-01T00:00:00Z"}`, `aws:d=1704067201`, true},
			{`"DateGreaterThanEquals":{"aws:d":"2024-01-01T00:00:00Z"}`, `aws:d=1704067199`, false},
			{`"DateGreaterThan":{"aws:d":"2023"}`, `aws:d=2024-02-30`, false}, // there is no such day
			{`"DateGreaterThan":{"aws:d":"2023"}`, `aws:d=10000-01-01`, false},
			{`"DateNotEquals":{"aws:d":"2023"}`, `aws:d=2024-01-01T`, false},
			{`"DateGreaterThan":{"aws:d":"2023"}`, `aws:d=2024-02-28T1:00:00Z`, false},
		},
		"Boolean condition operators": {
			{`"Bool":{"aws:b":"true"}`, `aws:b=true`, true},
			{`"Bool":{"aws:b":true}`, `aws:b=TRUE`, true},
			{`"Bool":{"aws:b":"False"}`, `aws:b=false`, true},
			{`"Bool":{"aws:b":"false"}`, `aws:b=true`, false},
			{`"Bool":{"aws:b":"false"}`, ``, false},
			{`"Bool":{"aws:b":"false"}`, `aws:b=0`, false},
			{`"BoolIfExists":{"aws:b":"true"}`, ``, true},
		},
		"Binary condition operators": {
			{`"BinaryEquals":{"aws:k":"QmluYXJ5"}`, `aws:k=QmluYXJ5`, true},
			{`"BinaryEquals":{"aws:k":"QmluYXJ5"}`, `aws:k=QmluYXJ6`, false},
			{`"BinaryEquals":{"aws:k":"QmluYXJ5"}`, `aws:k=QmluYXJ`, false},
		},
		"IP address condition operators": {
			{`"IpAddress":{"aws:ip":"203.0.113.0/24"}`, `aws:ip=203.0.113.9`, true},
			{`"IpAddress":{"aws:ip":"203.0.113.7/24"}`, `aws:ip=203.0.113.9`, true},
			{`"IpAddress":{"aws:ip":"203.0.113.0/24"}`, `aws:ip=203.0.114.9`, false},
			{`"IpAddress":{"aws:ip":"203.0.113.9"}`, `aws:ip=203.0.113.9`, true},
			{`"IpAddress":{"aws:ip":"2001:DB8::/32"}`, `aws:ip=2001:db8:0:1::1`, true},
			{`"IpAddress":{"aws:ip":"2001:db8::1"}`, `aws:ip=2001:0db8:0::0001`, true},
			{`"IpAddress":{"aws:ip":"0.0.0.0/0"}`, `aws:ip=::1`, false}, // families never match each other
			{`"IpAddress":{"aws:ip":"::/0"}`, `aws:ip=10.0.0.1`, false},
			{`"IpAddress":{"aws:ip":"10.0.0.0/8"}`, `aws:ip=::ffff:10.0.0.1`, true}, // mapped is the address itself
			{`"NotIpAddress":{"aws:ip":["10.0.0.0/8","192.168.0.0/16"]}`, `aws:ip=192.168.3.4`, false},
			{`"NotIpAddress":{"aws:ip":["10.0.0.0/8","192.168.0.0/16"]}`, `aws:ip=8.8.8.8`, true},
			{`"NotIpAddress":{"aws:ip":"10.0.0.0/8"}`, `aws:ip=nowhere`, false},
		},
		"ARN condition operators": {
			{`"ArnEquals":{"aws:a":"arn:aws:s3:::b"}`, `aws:a=arn:aws:s3:::b`, true},
			{`"ArnEquals":{"aws:a":"arn:aws:s3:::b*"}`, `aws:a=arn:aws:s3:::bucket`, true}, // behaves as ArnLike
			{`"ArnLike":{"aws:a":"arn:aws:iam::*:role/*"}`, `aws:a=arn:aws:iam::111122223333:role/a/b`, true},
			{`"ArnLike":{"aws:a":"arn:aws:s3:*:*:key"}`, `aws:a=arn:aws:s3:::x:key`, false}, // * stays within its part
			{`"ArnLike":{"aws:a":"arn:aws:s3:::b"}`, `aws:a=ARN:aws:s3:::b`, false},
			{`"ArnLike":{"aws:a":"arn:*:*:*:*:*"}`, `aws:a=something`, false},
			{`"ArnLike":{"aws:a":"arn:aws:sns:us-?ast-1:*:t:*"}`, `aws:a=arn:aws:sns:us-east-1:1:t:x`, true},
			{`"ArnNotEquals":{"aws:a":"arn:aws:s3:::b"}`, `aws:a=arn:aws:s3:::c`, true},
			{`"ArnNotLike":{"aws:a":["arn:aws:s3:::b*","arn:aws:s3:::c*"]}`, `aws:a=arn:aws:s3:::cc`, false},
			{`"ArnNotLike":{"aws:a":"arn:aws:s3:::b*"}`, `aws:a=something`, false},
		},
		"Condition operator to check existence of condition keys": {
			{`"Null":{"aws:x":"true"}`, ``, true},
			{`"Null":{"aws:x":"true"}`, `aws:x=a`, false},
			{`"Null":{"aws:x":false}`, `aws:x=a`, true},
			{`"Null":{"aws:x":"false"}`, ``, false},
			{`"Null":{"aws:x":["true","false"]}`, ``, true},
			{`"Null":{"aws:x":"false"}`, `aws:x=[a]`, true},
			{`"Null":{"aws:x":"true"}`, `aws:x=[]`, true},
			{`"Null":{"aws:username":"false"}`, ``, true}, // derived keys exist
		},
		"...IfExists condition operators": {
			{`"StringEqualsIfExists":{"aws:x":"a"}`, ``, true},
			{`"StringEqualsIfExists":{"aws:x":"a"}`, `aws:x=b`, false},
			{`"StringNotEqualsIfExists":{"aws:x":"a"}`, ``, true},
			{`"NumericLessThanIfExists":{"aws:x":"1"}`, ``, true},
			{`"ArnLikeIfExists":{"aws:x":"arn:aws:s3:::b"}`, ``, true},
			{`"IpAddressIfExists":{"aws:x":"10.0.0.0/8"}`, ``, true},
			{`"BinaryEqualsIfExists":{"aws:x":"QQ=="}`, ``, true},
		},
		"Missing keys": {
			{`"StringEquals":{"aws:x":"a"}`, ``, false},
			{`"StringLike":{"aws:x":"*"}`, ``, false},
			{`"NumericLessThan":{"aws:x":"1"}`, ``, false},
			{`"DateLessThan":{"aws:x":"2024"}`, ``, false},
			{`"IpAddress":{"aws:x":"0.0.0.0/0"}`, ``, false},
			{`"ArnLike":{"aws:x":"arn:aws:s3:::b"}`, ``, false},
			{`"BinaryEquals":{"aws:x":"QQ=="}`, ``, false},
			{`"StringNotEquals":{"aws:x":"a"}`, ``, true},
			{`"StringNotLike":{"aws:x":"*"}`, ``, true},
			{`"StringNotEqualsIgnoreCase":{"aws:x":"a"}`, ``, true},
			{`"NumericNotEquals":{"aws:x":"1"}`, ``, true},
			{`"DateNotEquals":{"aws:x":"2024"}`, ``, true},
			{`"NotIpAddress":{"aws:x":"10.0.0.0/8"}`, ``, true},
			{`"ArnNotLike":{"aws:x":"arn:aws:s3:::b"}`, ``, true},
		},
		"Multivalued context keys": {
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=[a]`, true},
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=[a,c]`, false},
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, ``, true},
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=[]`, true},
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=`, true}, // a null data set
			{`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=a`, true},
			{`"ForAllValues:StringNotLike":{"aws:TagKeys":["a*"]}`, `aws:TagKeys=[b,c]`, true},
			{`"ForAllValues:StringNotLike":{"aws:TagKeys":["a*"]}`, `aws:TagKeys=[b,ab]`, false},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=[c,b]`, true},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}`, `aws:TagKeys=[c]`, false},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}`, ``, false},
			{`"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":["a"]}`, ``, false},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":""}`, `aws:TagKeys=`, false},
			{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}`, `aws:TagKeys=[a,b]`, true},
			{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}`, `aws:TagKeys=[a]`, false},
			{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}`, ``, false},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}`, `aws:TagKeys=a`, true},
			{`"ForAllValues:NumericLessThan":{"aws:x":"5"}`, `aws:x=[1,two]`, false},
			{`"StringEquals":{"aws:TagKeys":"a"}`, `aws:TagKeys=[a]`, false}, // needs a set operator
			{`"StringNotEquals":{"aws:TagKeys":"a"}`, `aws:TagKeys=[b]`, false},
			{`"StringEqualsIfExists":{"aws:TagKeys":"a"}`, `aws:TagKeys=[a]`, false},
		},
		"Conditions with multiple keys or values": {
			{`"StringEquals":{"aws:x":"a","aws:y":"b"}`, `aws:x=a aws:y=b`, true},
			{`"StringEquals":{"aws:x":"a","aws:y":"b"}`, `aws:x=a aws:y=c`, false},
			{`"StringEquals":{"aws:x":"a"},"Bool":{"aws:b":"true"}`, `aws:x=a aws:b=true`, true},
			{`"StringEquals":{"aws:x":"a"},"Bool":{"aws:b":"true"}`, `aws:x=a`, false},
			{``, ``, true},
			{`"StringEquals":{}`, ``, true},
		},
		"Policy variables": {
			{`"StringEquals":{"aws:x":"${aws:username}"}`, `aws:x=alice`, true},
			{`"StringEquals":{"aws:x":"${AWS:UserName}"}`, `aws:x=alice`, true},
			{`"StringEquals":{"aws:x":"a${aws:y}c"}`, `aws:x=abc aws:y=b`, true},
			{`"StringLike":{"aws:x":"${aws:y}/*"}`, `aws:x=*/k aws:y=*`, true}, // a value is literal text
			{`"StringLike":{"aws:x":"${aws:y}/*"}`, `aws:x=b/k aws:y=*`, false},
			{`"StringLike":{"aws:x":"${*}/*"}`, `aws:x=*/k`, true},
			{`"StringLike":{"aws:x":"${*}/*"}`, `aws:x=b/k`, false},
			{`"StringEquals":{"aws:x":"${$}{aws:y}${?}"}`, `aws:x=${aws:y}?`, true},
			{`"StringEquals":{"aws:x":"${aws:y, 'any one'}"}`, `aws:x=any␣one`, true},
			{`"StringEquals":{"aws:x":"${aws:y, 'any one'}"}`, `aws:x=b aws:y=b`, true},
			{`"StringEquals":{"aws:x":"${aws:y, ''}"}`, `aws:x=`, true},
			{`"StringLike":{"aws:x":"${aws:y, '*'}"}`, `aws:x=b`, false},
			{`"StringEquals":{"aws:x":"${aws:y}"}`, `aws:x=b`, false}, // no value
			{`"StringNotEquals":{"aws:x":"${aws:y}"}`, `aws:x=b`, true},
			{`"StringNotLike":{"aws:x":"${aws:y}"}`, `aws:x=b`, true},
			{`"StringEquals":{"aws:x":"${aws:y}"}`, `aws:x=a aws:y=[a]`, false}, // single-valued keys only
			{`"StringEquals":{"aws:x":["${aws:y}","b"]}`, `aws:x=b`, true},
			{`"StringEqualsIgnoreCase":{"aws:x":"x${aws:y}"}`, `aws:x=XB aws:y=b`, true},
			{`"ArnLike":{"aws:x":"arn:aws:s3:::${aws:y}/*"}`, `aws:x=arn:aws:s3:::b/k aws:y=b`, true},
			{`"ArnEquals":{"aws:x":"${aws:PrincipalArn}"}`, `aws:x=arn:aws:iam::111122223333:user/staff/alice`, true},
			{`"ArnNotEquals":{"aws:x":"${aws:PrincipalArn}"}`, `aws:x=arn:aws:iam::111122223333:user/bob`, true},
			{`"ArnLike":{"aws:x":"arn:aws:${aws:y}:::b"}`, `aws:x=arn:aws:s3:::b aws:y=*`, false},
			{`"Bool":{"aws:b":"${aws:c}"}`, `aws:b=true aws:c=TRUE`, true},
			{`"Bool":{"aws:b":"${aws:c}"}`, `aws:b=true`, false},
			{`"ForAnyValue:StringEquals":{"aws:TagKeys":"${aws:username}"}`, `aws:TagKeys=[bob,alice]`, true},
			{`"StringEquals":{"aws:x":"$100"}`, `aws:x=$100`, true},
		},
		"aws:RequestTag and its like": {
			{`"StringEquals":{"aws:RequestTag/Team":"blue"}`, `aws:requesttag/team=blue`, true},
			{`"StringEquals":{"aws:RequestTag/Team":"Blue"}`, `aws:RequestTag/Team=blue`, false},
			{`"StringEquals":{"aws:x":"${aws:PrincipalTag/Cost Center}"}`, `aws:x=b`, false},
		},
	}
	for section, cases := range groups {
		t.Run(section, func(t *testing.T) {
			for _, c := range cases {
				c.run(t, version2012)
			}
		})
	}
}

// TestVariablesNeedVersion2012 follows "IAM JSON policy elements: Version": before it, ${…} is literal text.
func TestVariablesNeedVersion2012(t *testing.T) {
	for _, c := range []conditionCase{
		{`"StringEquals":{"aws:x":"${aws:username}"}`, `aws:x=alice`, false},
		{`"StringEquals":{"aws:x":"${aws:username}"}`, `aws:x=${aws:username}`, true},
		{`"StringLike":{"aws:x":"${*}"}`, `aws:x=${anything}`, true},
		{`"StringEquals":{"aws:x":"${unclosed"}`, `aws:x=${unclosed`, true},
	} {
		c.run(t, version2008)
	}
}

// TestDerivedKeys follows IAM User Guide, "IAM policy elements: Variables and tags": the table of principal key values.
func TestDerivedKeys(t *testing.T) {
	session := Principal{Type: AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/app/pod", Account: "111122223333",
		RoleARN: "arn:aws:iam::111122223333:role/team/app", ID: "AROAAPPAPPAPPAPPAPP0", Session: "pod"}
	root, _ := ParsePrincipal("111122223333")
	federated, _ := ParsePrincipal("arn:aws:sts::111122223333:federated-user/carol")
	web, _ := ParsePrincipal("arn:aws:iam::111122223333:oidc-provider/issuer.example")
	service, _ := ParsePrincipal("ec2.amazonaws.com")
	cases := []struct {
		name      string
		principal Principal
		want      map[string]string
	}{
		{"user", alice(), map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:user/staff/alice", "aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType": "User", "aws:userid": "AIDAALICEALICEALICE0", "aws:username": "alice", "aws:PrincipalIsAWSService": "false"}},
		{"session", session, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:role/team/app", "aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType": "AssumedRole", "aws:userid": "AROAAPPAPPAPPAPPAPP0:pod", "aws:PrincipalIsAWSService": "false"}},
		{"root", root, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:root", "aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType": "Account", "aws:userid": "111122223333", "aws:PrincipalIsAWSService": "false"}},
		{"federated user", federated, map[string]string{"aws:PrincipalArn": "arn:aws:sts::111122223333:federated-user/carol", "aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType": "FederatedUser", "aws:userid": "111122223333:carol", "aws:PrincipalIsAWSService": "false"}},
		{"web identity", web, map[string]string{"aws:FederatedProvider": "arn:aws:iam::111122223333:oidc-provider/issuer.example"}},
		{"service", service, map[string]string{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "ec2.amazonaws.com"}},
		{"anonymous", Principal{Type: Anonymous}, map[string]string{"aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": "anonymous", "aws:userid": "anonymous"}},
	}
	keys := []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:userid", "aws:username", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName",
		"aws:FederatedProvider"}
	for _, c := range cases {
		var e evaluation
		e.prepare(&Policies{}, &Request{Principal: c.principal, Action: "s3:GetObject", Resource: "*"})
		for _, key := range keys {
			has := e.lookup(newContextKey(key))
			if want, ok := c.want[key]; has.ok != ok || has.value != want {
				t.Errorf("%s: %s = %q, %v; want %q, %v", c.name, key, has.value, has.ok, want, ok)
			}
		}
	}
	given := contextOf("AWS:userid=given")
	var e evaluation
	e.prepare(&Policies{}, &Request{Principal: alice(), Context: given})
	if has := e.lookup(newContextKey("aws:userid")); has.value != "given" {
		t.Errorf("a given key was overridden by %q", has.value)
	}
}
