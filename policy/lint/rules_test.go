package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy/lint"
)

// ruleCase is a document that has one thing wrong, and its twin that has it right. Both name all that is found in them, by id; most twins have nothing.
type ruleCase struct {
	id   string
	kind lint.Kind
	bad  string
	also string // what the bad document has beside id
	good string
	left string // what the good document still has
}

// document wraps statements; each is the inside of an object.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[{` + strings.Join(statements, "},{") + `}]}`
}

// allow and deny are a document of one statement; actions and resources are JSON without the brackets.
func allow(actions, resources string, more ...string) string {
	return document(inner("Allow", actions, resources, more...))
}

func deny(actions, resources string, more ...string) string {
	return document(inner("Deny", actions, resources, more...))
}

func inner(effect, actions, resources string, more ...string) string {
	parts := append([]string{`"Effect":"` + effect + `"`, `"Action":[` + actions + `]`}, more...)
	if resources != "" {
		parts = append(parts, `"Resource":[`+resources+`]`)
	}
	return strings.Join(parts, ",")
}

// get is an Allow of one object's reading under a condition.
func get(condition string) string {
	return allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`, `"Condition":{`+condition+`}`)
}

// bucket is a bucket's policy about reading, for principals and under conditions.
func bucket(principal string, more ...string) string {
	return allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`, append([]string{principal}, more...)...)
}

const (
	issuer   = "oidc.example/id/1"
	provider = "arn:aws:iam::111122223333:oidc-provider/" + issuer
	aud      = `"` + issuer + `:aud":"sts.amazonaws.com"`
	sub      = `"` + issuer + `:sub":"system:serviceaccount:shop:app"`
	web      = `"sts:AssumeRoleWithWebIdentity"`
)

// federated is a trust policy for one provider's identities.
func federated(provider, condition string) string {
	more := []string{`"Principal":{"Federated":"` + provider + `"}`}
	if condition != "" {
		more = append(more, `"Condition":{`+condition+`}`)
	}
	return allow(web, "", more...)
}

// claims is a trust policy for the provider above.
func claims(condition string) string { return federated(provider, condition) }

// ids are the distinct ids of findings, ascending.
func ids(findings []lint.Finding) string {
	var found []string
	for _, f := range findings {
		found = append(found, f.ID)
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

func sorted(ids ...string) string {
	all := strings.Fields(strings.Join(ids, " "))
	slices.Sort(all)
	return strings.Join(all, " ")
}

// ruleCases are all of them.
func ruleCases() []ruleCase {
	return slices.Concat(documentCases, actionCases, conditionCases, trustCases)
}

// TestRules holds every rule against its documents.
func TestRules(t *testing.T) {
	table := reference(t)
	tested := map[string]bool{"not-checked": true} // by TestWithoutReference and TestBudget
	for _, c := range ruleCases() {
		tested[c.id] = true
		if got, want := ids(lint.Source([]byte(c.bad), lint.Options{Kind: c.kind, Reference: table})), sorted(c.id, c.also); got != want {
			t.Errorf("%s: found %q, want %q in\n%s", c.id, got, want, c.bad)
		}
		if got, want := ids(lint.Source([]byte(c.good), lint.Options{Kind: c.kind, Reference: table})), sorted(c.left); got != want {
			t.Errorf("%s: found %q, want %q in the twin\n%s", c.id, got, want, c.good)
		}
	}
	for _, rule := range lint.Rules() {
		if !tested[rule.ID] {
			t.Errorf("%s has no test", rule.ID)
		}
	}
}

const object = `"arn:aws:s3:::bucket/*"`

var documentCases = []ruleCase{
	{id: "grammar", bad: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject"}]}`, good: allow(`"s3:GetObject"`, object)},
	{id: "grammar", bad: `{"Version":"2012-10-17"`, good: allow(`"s3:GetObject"`, object)},
	{id: "missing-version", bad: `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`, good: allow(`"s3:GetObject"`, object)},
	{id: "variable-in-old-version", bad: strings.Replace(allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/${aws:username}/*"`), "2012-10-17", "2008-10-17", 1),
		good: allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/${aws:username}/*"`)},
	{id: "duplicate-sid", bad: document(inner("Allow", `"s3:GetObject"`, object, `"Sid":"A"`), inner("Deny", `"s3:PutObject"`, object, `"Sid":"A"`)),
		good: document(inner("Allow", `"s3:GetObject"`, object, `"Sid":"A"`), inner("Deny", `"s3:PutObject"`, object, `"Sid":"B"`))},
	{id: "invalid-sid", bad: allow(`"s3:GetObject"`, object, `"Sid":"read all"`), good: allow(`"s3:GetObject"`, object, `"Sid":"ReadAll"`)},
	{id: "empty-sid", bad: allow(`"s3:GetObject"`, object, `"Sid":""`), good: allow(`"s3:GetObject"`, object, `"Sid":"A"`)},
	{id: "no-statements", bad: `{"Version":"2012-10-17","Statement":[]}`, good: allow(`"s3:GetObject"`, object)},
	{id: "policy-size", bad: sized(6145), good: sized(5500)},
	{id: "policy-size", kind: lint.InlineUser, bad: sized(2049), good: sized(1500)},
	{id: "policy-size", kind: lint.SCP, bad: sized(5121), good: sized(4000)},
	{id: "size-left", bad: sized(5600), good: sized(5500)},
	{id: "T25", kind: lint.Trust, bad: longTrust(2049), good: longTrust(1800)},
	{id: "placeholder", bad: allow(`"s3:GetObject"`, `"arn:aws:s3:::<BUCKET>/*"`), good: allow(`"s3:GetObject"`, object)},
	{id: "placeholder", bad: allow(`"s3:GetObject"`, `"arn:aws:s3:::${BucketName}/*"`), good: allow(`"s3:GetObject"`, object)},

	{id: "redundant-statement", bad: document(inner("Allow", `"s3:GetObject"`, object), inner("Allow", `"s3:Get*"`, `"arn:aws:s3:::*"`)),
		good: document(inner("Allow", `"s3:GetObject"`, object), inner("Allow", `"s3:PutObject"`, `"arn:aws:s3:::*"`))},
	{id: "redundant-statement", bad: document(inner("Allow", `"s3:GetObject"`, object), inner("Allow", `"s3:GetObject"`, object)),
		good: document(inner("Allow", `"s3:GetObject"`, object), inner("Allow", `"s3:Get*"`, object, `"Condition":{"Bool":{"aws:SecureTransport":"true"}}`))},
	{id: "overridden-allow", bad: document(inner("Allow", `"s3:GetObject"`, object), inner("Deny", `"s3:*"`, `"*"`)),
		good: document(inner("Allow", `"s3:GetObject"`, object), inner("Deny", `"s3:*"`, `"*"`, `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`))},
	{id: "allow-not-action", bad: document(`"Effect":"Allow","NotAction":["iam:*"],"Resource":["arn:aws:s3:::bucket/*"]`), good: document(`"Effect":"Deny","NotAction":["iam:*"],"Resource":["arn:aws:s3:::bucket/*"]`)},
	{id: "allow-not-resource", bad: document(`"Effect":"Allow","Action":["s3:GetObject"],"NotResource":["arn:aws:s3:::bucket/*"]`), good: document(`"Effect":"Deny","Action":["s3:GetObject"],"NotResource":["arn:aws:s3:::bucket/*"]`)},
	{id: "pass-role-wildcard", bad: allow(`"iam:PassRole"`, `"*"`), good: allow(`"iam:PassRole"`, `"*"`, `"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`)},
	{id: "pass-role-wildcard", bad: allow(`"iam:PassRole"`, `"arn:aws:iam::*:role/*"`), good: allow(`"iam:PassRole"`, `"arn:aws:iam::*:role/Service*"`)},
	{id: "pass-role-wildcard", bad: allow(`"iam:Pass*"`, `"*"`), good: deny(`"iam:Pass*"`, `"*"`)},
	{id: "create-slr-wildcard", bad: allow(`"iam:CreateServiceLinkedRole"`, `"*"`),
		good: allow(`"iam:CreateServiceLinkedRole"`, `"*"`, `"Condition":{"StringEquals":{"iam:AWSServiceName":"eks.amazonaws.com"}}`)},

	{id: "scp-principal", kind: lint.SCP, bad: deny(`"s3:GetObject"`, object, `"Principal":"*"`), good: deny(`"s3:GetObject"`, object)},
	{id: "rcp-principal", kind: lint.RCP, bad: deny(`"s3:GetObject"`, `"*"`, `"Principal":{"AWS":"111122223333"}`), good: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`)},
	{id: "rcp-allow", kind: lint.RCP, bad: allow(`"s3:GetObject"`, `"*"`, `"Principal":"*"`), good: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`)},
	{id: "rcp-allow", kind: lint.RCP, bad: allow(`"*"`, `"*"`, `"Principal":"*"`, `"Condition":{"Bool":{"aws:SecureTransport":"true"}}`), good: allow(`"*"`, `"*"`, `"Principal":"*"`)},
	{id: "rcp-not-action", kind: lint.RCP, bad: document(`"Effect":"Deny","Principal":"*","NotAction":["s3:GetObject"],"Resource":["*"]`), good: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`)},
	{id: "rcp-service-callers", kind: lint.RCP, bad: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`, `"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`),
		good: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`, `"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`)},
	{id: "rcp-service-callers", kind: lint.RCP, bad: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`, `"Condition":{"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-1"},"Bool":{"aws:PrincipalIsAWSService":"true"}}`),
		good: deny(`"s3:GetObject"`, `"*"`, `"Principal":"*"`, `"Condition":{"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-1"},"Bool":{"aws:PrincipalIsAWSService":"true"},"Null":{"aws:SourceAccount":"false"}}`)},

	{id: "public-principal", kind: lint.Resource, bad: bucket(`"Principal":"*"`), good: bucket(`"Principal":"*"`, `"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`)},
	{id: "allow-not-principal", kind: lint.Resource, also: "grammar", bad: bucket(`"NotPrincipal":{"AWS":"111122223333"}`), good: bucket(`"Principal":{"AWS":"111122223333"}`)},
	{id: "D09", kind: lint.Resource, bad: bucket(`"Principal":{"AWS":"AROACKCEVSQ6C2EXAMPLE"}`), good: bucket(`"Principal":{"AWS":"arn:aws:iam::111122223333:role/app"}`)},
	{id: "redundant-principal", kind: lint.Resource, bad: bucket(`"Principal":{"AWS":["arn:aws:iam::111122223333:role/team/app","arn:aws:sts::111122223333:assumed-role/app/s"]}`),
		good: bucket(`"Principal":{"AWS":["arn:aws:iam::111122223333:role/team/app","arn:aws:sts::111122223333:assumed-role/other/s"]}`)},
	{id: "federated-principal", kind: lint.Resource, bad: bucket(`"Principal":{"Federated":"` + provider + `"}`), good: bucket(`"Principal":{"AWS":"111122223333"}`)},
	{id: "service-principal-format", bad: allow(`"iam:PassRole"`, `"*"`, `"Condition":{"StringEquals":{"iam:PassedToService":"EC2"}}`),
		good: allow(`"iam:PassRole"`, `"*"`, `"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`)},
	{id: "service-principal-source", kind: lint.Resource, bad: bucket(`"Principal":{"Service":"cloudtrail.amazonaws.com"}`),
		good: bucket(`"Principal":{"Service":"cloudtrail.amazonaws.com"}`, `"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`)},
	{id: "service-principal-key", kind: lint.Resource, bad: bucket(`"Principal":{"Service":"cloudtrail.amazonaws.com"}`, `"Condition":{"Bool":{"aws:SecureTransport":"true"}}`),
		good: bucket(`"Principal":{"Service":"cloudtrail.amazonaws.com"}`, `"Condition":{"Bool":{"aws:SecureTransport":"true"},"ArnEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}`)},
}

// sized is an identity policy of that many characters without white space.
func sized(characters int) string {
	source := allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/*"`)
	return strings.Replace(source, "bucket/", "bucket/"+strings.Repeat("x", characters-len(source)), 1)
}

// longTrust is a trust policy of that many characters.
func longTrust(characters int) string {
	source := claims(`"StringEquals":{` + aud + `,"` + issuer + `:sub":"system:serviceaccount:shop:app"}`)
	return strings.Replace(source, "shop:app", "shop:app"+strings.Repeat("x", characters-len(source)), 1)
}

var actionCases = []ruleCase{
	{id: "unknown-service", bad: allow(`"s4:GetObject"`, object), good: allow(`"s3:GetObject"`, object)},
	{id: "unknown-action", bad: allow(`"s3:GetObjct"`, object), good: allow(`"S3:getobject"`, object)},
	{id: "unknown-action", bad: allow(`"s3:Fetch*"`, object), good: allow(`"s3:*Object"`, object)},
	{id: "invalid-arn-resource", also: "action-without-resource", bad: allow(`"states:StartExecution"`, `"arn:aws:states:*:*:statemachine:x"`), good: allow(`"backup:DeleteRecoveryPoint"`, `"arn:aws:backup:*:*:recovery-point:*"`)},
	{id: "redundant-action", bad: allow(`"s3:Get*","s3:GetObject"`, object), good: allow(`"s3:Get*","s3:PutObject"`, object)},
	{id: "redundant-action", bad: allow(`"s3:GetObject","s3:getobject"`, object), good: allow(`"iam:Get*","iam:*CredentialReport"`, `"*"`)},
	{id: "redundant-resource", bad: allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/*","arn:aws:s3:::bucket/a"`), good: allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket/a*","arn:aws:s3:::bucket/b"`)},
	{id: "action-without-resource", bad: allow(`"s3:ListBucket"`, object), good: allow(`"s3:ListBucket"`, `"arn:aws:s3:::bucket"`)},
	{id: "action-without-resource", bad: allow(`"s3:ListAllMyBuckets"`, `"arn:aws:s3:::bucket"`), good: allow(`"s3:ListAllMyBuckets"`, `"*"`)},
	{id: "action-without-resource", bad: allow(`"ecr:GetAuthorizationToken"`, `"arn:aws:ecr:*:*:repository/*"`), good: allow(`"s3:ListAllMyBuckets"`, `"arn:aws:s3:::*"`)},
	{id: "missing-arn-account", also: "action-without-resource", bad: allow(`"ec2:TerminateInstances"`, `"arn:aws:ec2:us-east-1::instance/*"`), good: allow(`"ssm:GetDocument"`, `"arn:aws:ssm:*::document/AWS-*"`)},
	{id: "resource-without-action", bad: allow(`"s3:GetObject"`, `"arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"`), good: allow(`"s3:GetObject","s3:ListBucket"`, `"arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"`)},
	{id: "missing-arn-field", bad: allow(`"s3:GetObject"`, `"arn:aws:s3:bucket/*"`), good: allow(`"s3:GetObject"`, object)},
	{id: "unknown-arn-service", also: "action-without-resource", bad: allow(`"s3:GetObject"`, `"arn:aws:s5:::bucket/*"`), good: allow(`"s3:GetObject"`, object)},
	{id: "arn-service-case", also: "action-without-resource", bad: allow(`"s3:GetObject"`, `"arn:aws:S3:::bucket/*"`), good: allow(`"s3:GetObject"`, object)},
	{id: "invalid-arn-account", bad: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:us-east-1:11112222333:queue"`), good: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:us-east-1:111122223333:queue"`)},
	{id: "invalid-arn-region", bad: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:us-east1:111122223333:queue"`), good: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:us-east-*:111122223333:queue"`)},
	{id: "invalid-arn-region", bad: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:cn-north-1:111122223333:queue"`), good: allow(`"sqs:SendMessage"`, `"arn:aws-cn:sqs:cn-north-1:111122223333:queue"`)},
	{id: "invalid-arn-region", bad: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:us-esat-1:111122223333:queue"`), good: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:ap-southeast-9:111122223333:queue"`)},
	{id: "arn-account-not-allowed", also: "action-without-resource", bad: allow(`"s3:GetObject"`, `"arn:aws:s3::111122223333:bucket/*"`), good: allow(`"s3:GetObject"`, object)},
	{id: "arn-region-not-allowed", also: "action-without-resource", bad: allow(`"iam:GetRole"`, `"arn:aws:iam:us-east-1:111122223333:role/app"`), good: allow(`"iam:GetRole"`, `"arn:aws:iam::111122223333:role/app"`)},
	{id: "missing-arn-account", also: "action-without-resource", bad: allow(`"iam:GetRole"`, `"arn:aws:iam:::role/app"`), good: allow(`"iam:GetRole"`, `"arn:aws:iam::*:role/app"`)},
	{id: "missing-arn-region", also: "action-without-resource", bad: allow(`"sqs:SendMessage"`, `"arn:aws:sqs::111122223333:queue"`), good: allow(`"sqs:SendMessage"`, `"arn:aws:sqs:*:111122223333:queue"`)},
	{id: "invalid-arn-resource", also: "action-without-resource", bad: allow(`"dynamodb:GetItem"`, `"arn:aws:dynamodb:us-east-1:111122223333:tabel/t"`), good: allow(`"dynamodb:GetItem"`, `"arn:aws:dynamodb:us-east-1:111122223333:table/t"`)},
}
