package policy_test

import (
	"encoding/json"
	"strings"
)

// generator makes cases of irsa simulate from a vocabulary in which most things nearly match. Equal choices make equal cases.
type generator struct {
	choices
	literal bool // the document at hand is of a version without variables
}

// choices is where a generator's decisions come from: a seeded source, or the fuzzer.
type choices interface{ IntN(n int) int }

// bytesChoices reads decisions from a fuzzer's bytes, and takes the first choice when they are used up.
type bytesChoices struct{ data []byte }

func (c *bytesChoices) IntN(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	first := int(c.data[0])
	c.data = c.data[1:]
	return first % n
}

type object = map[string]any

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// some is one choice, or a list of up to three.
func some[T any](g generator, from ...T) any {
	if g.IntN(2) == 0 {
		return pick(g, from...)
	}
	values := []any{}
	for range 1 + g.IntN(3) {
		values = append(values, pick(g, from...))
	}
	return values
}

const (
	accountA = "111122223333"
	accountB = "444455556666"
	provider = "arn:aws:iam::111122223333:oidc-provider/issuer.example"
)

var (
	generatedPrincipals = []any{
		"arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/team/alice", "arn:aws:iam::444455556666:user/bob", "arn:aws:iam::111122223333:role/app",
		"arn:aws:sts::111122223333:assumed-role/app/pod", "arn:aws:sts::111122223333:assumed-role/app/pod", "arn:aws:sts::444455556666:assumed-role/app/pod", "arn:aws:sts::111122223333:federated-user/carol",
		"arn:aws:iam::111122223333:root", "444455556666", "ec2.amazonaws.com", object{"type": "Anonymous"}, "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
	}
	generatedActions = []string{"s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "ec2:RunInstances", "s3:getobject"}
	actionPatterns   = []string{"*", "s3:*", "s3:Get*", "S3:GETOBJECT", "s3:*Object", "ec2:*", "s3:?etObject", "s3:ListBucket", "*:*", "ec2:Run*s", "kms:*", "sts:*"}
	resources        = []string{"arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/alice/x", "arn:aws:s3:::b/*", "arn:aws:ec2:us-east-1:111122223333:instance/i-1", "arn:aws:s3:::b/a:b"}
	coverings        = []string{"arn:aws:s3:::b/*", "arn:aws:s3:::*", "arn:aws:s3:::b/alice/*", "arn:aws:s3:::b/?", "arn:aws:s3:::?*?/k", "arn:aws:s3:::b/*:b", "arn:aws:s3:::b*", "arn:aws:s3:::b/k",
		"arn:aws:ec2:us-east-1:111122223333:instance/*", "arn:aws:ec2:us-*:111122223333:instance/i-?", "arn:aws:ec2:us-east-1:444455556666:*", "*"}
	resourcePatterns = []string{"*", "*", "arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:t}/*", "arn:aws:s3:::b/${aws:t}*", "arn:aws:s3:::b/${aws:t, 'k'}", "arn:aws:s3:*", "arn:aws:ec2:*:*:instance/*",
		"arn:aws:s3:::b/${*}", "arn:aws:s3:::?/k", "arn:*:s3:::b/*", "arn:aws:s3:::b/${aws:none}", "arn:aws:s3:::*/x", "arn:aws:ec2:us-*:1111*:instance/i-?", "arn:aws:s3:::b/*b", "arn:aws:s3:::b/${aws:username}/?",
		"arn:aws:s3:*:*:*/${aws:t, 'alice'}/?", "arn:aws:kms:*:*:key/*", "arn:aws:iam::*:role/*", "arn:aws:ec2:*:instance/*"}
	namedAWS = []any{"*", accountA, accountB, "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/path/app", "arn:aws:iam::444455556666:role/app",
		"arn:aws:sts::111122223333:assumed-role/app/pod", "arn:aws:sts::111122223333:assumed-role/app/other", "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::444455556666:user/bob", "arn:aws:sts::111122223333:federated-user/carol"}
	keys = []string{"aws:t", "AWS:T", "aws:l", "aws:n", "aws:d", "aws:ip", "aws:b", "aws:arn", "aws:k", "aws:none", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:username", "aws:userid", "aws:ResourceAccount", "aws:FederatedProvider"}

	operatorNames = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan",
		"NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool",
		"BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}
	// families are what operators of one type compare: the values of requests, the key that mostly has such a value, and the operands of documents.
	families = map[string]struct {
		key      string
		values   []string
		operands []any
	}{
		"String":  {"aws:t", []string{"alice", "alice", "alice", "b", "", "", "Alice", "a*", "k", "B", "é", "É"}, []any{"alice", "é", "alice", "alice", "ALICE", "a*", "?", "b", "", "${aws:t}", "${aws:t}x", "${aws:t}", "${aws:none}", "${aws:l}", "${aws:none, 'b'}", "${*}", "al${aws:none, 'ice'}", "*l*e", true, json.Number("10"), "User", accountA}},
		"Numeric": {"aws:n", []string{"10", "10.0", "-3", "9007199254740993", "0", "x"}, []any{"10", json.Number("10.00"), "-3", "9007199254740992", "0.5", "+10"}},
		"Date":    {"aws:d", []string{"2024-01-01T00:00:00Z", "1704067200", "2024", "2023-12-31", "2024-01-01T00:00:00.5Z", "yesterday"}, []any{"2024-01-01T00:00:00Z", "1704067200", "2024", "2024-01", "2023-12-31T23:59:59.5Z", "2024-01-01T01:00+01:00", json.Number("1704067201")}},
		"Bool":    {"aws:b", []string{"true", "FALSE", "false", "yes"}, []any{"true", "false", true, false, "${aws:b}", "${aws:none, 'true'}"}},
		"Binary":  {"aws:k", []string{"QQ==", "Qg==", "?"}, []any{"QQ==", "Qg=="}},
		"Ip":      {"aws:ip", []string{"10.0.0.1", "::1", "::ffff:10.0.0.1", "192.168.1.1", "host"}, []any{"10.0.0.0/8", "10.0.0.1", "::1", "::/0", "0.0.0.0/0", "192.168.0.0/16"}},
		"Arn":     {"aws:arn", []string{"arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:iam::111122223333:role/app", "b"}, []any{"arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:*:*:*:*", "arn:aws:s3:::${aws:t}", "arn:aws:iam::*:role/*", "arn:aws:s3:::b/${aws:none, 'k'}", "arn:aws:iam::111122223333:*"}},
	}
)

func familyOf(operator string) string {
	for name := range families {
		if strings.HasPrefix(strings.TrimPrefix(operator, "Not"), name) {
			return name
		}
	}
	return ""
}

// condition has up to two operators; mostly on a key that has a value of their type.
func (g generator) condition() object {
	block := object{}
	for range pick(g, 0, 0, 1, 1, 1, 2) {
		base := pick(g, operatorNames...)
		family := families[familyOf(base)]
		key := pick(g, family.key, family.key, family.key, pick(g, keys...))
		if g.IntN(12) == 0 {
			block["Null"] = object{key: some[any](g, "true", "false", true)}
			continue
		}
		operands := family.operands
		if g.literal && base == "Bool" {
			operands = operands[:4] // a variable would be a text that is neither true nor false
		}
		block[pick(g, "", "", "ForAllValues:", "ForAnyValue:")+base+pick(g, "", "", "IfExists")] = object{key: some(g, operands...)}
	}
	return block
}

// context has most keys, each with one value of its type or a list of them.
func (g generator) context() object {
	context := object{}
	for _, name := range []string{"String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn"} {
		family := families[name]
		switch g.IntN(5) {
		case 0:
		case 1, 2:
			context[family.key] = pick(g, family.values...)
		default:
			values := []any{}
			for range g.IntN(3) {
				values = append(values, pick(g, family.values...))
			}
			if context[family.key] = values; len(values) == 1 && g.IntN(2) == 0 {
				context[family.key] = values[0]
			}
		}
	}
	if g.IntN(4) == 0 {
		context["aws:l"] = []any{"alice", pick(g, families["String"].values...)}
	}
	return context
}

// principal is a Principal element of a resource's policy.
func (g generator) principal() any {
	switch g.IntN(8) {
	case 0:
		return "*"
	case 1:
		return object{"Service": some(g, "ec2.amazonaws.com", "lambda.amazonaws.com"), "AWS": pick(g, namedAWS...)}
	case 2:
		return object{"Federated": provider}
	}
	return object{"AWS": some(g, namedAWS...)}
}
