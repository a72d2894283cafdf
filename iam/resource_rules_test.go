package iam_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
)

// withReference is the plane with the reference of actions, which policies of buckets are held against.
func (p *plane) withReference() *iam.Directory {
	p.t.Helper()
	d := must(iam.New(p.t.Context(), iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: account, Actions: must(awsmodel.NewReference())}))
	p.t.Cleanup(func() { done(p.t, d.Close()) })
	return d
}

// TestBucketPolicyDocuments: the documents and sentences are those of an S3 server's integration tests, which its authors also run against Amazon S3
// (versitygw v1.8.0, PutBucketPolicy), as far as they speak of principals that can be here.
func TestBucketPolicyDocuments(t *testing.T) {
	p := newPlane(t)
	d := p.withReference()
	p.role("app")
	sessions := "arn:aws:sts::" + account + ":assumed-role/app/"
	statement := func(action, resource string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":"*","Action":` + action + `,"Resource":` + resource + `}]}`
	}
	const (
		bucket, objects = `"` + bucketARN + `"`, `"` + bucketARN + `/*"`
		json            = "This policy contains invalid Json"
		first           = "Policies must be valid JSON and the first byte must be '{'"
		action          = "Policy has invalid action"
		resource        = "Policy has invalid resource"
		mismatch        = "Action does not apply to any resource(s) in statement"
		principal       = "Invalid principal in policy"
		syntax          = "Invalid policy syntax."
	)
	cases := map[string]string{ // document → sentence; "": accepted
		`{true}`: json, `{asdfsdaf`: json, `{"Principal": "*" `: json,
		`false`: first, `invalid_json`: first, ` {}`: first, ``: first,
		`{"Statement":[]}`: "Could not parse the policy: Statement is empty!",
		`{"Version":"2012-10-18","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":` + bucket + `}]}`: "The policy must contain a valid version string",
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":` + bucket + `}]}`:                                        "Missing required field Principal",
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}`:                                                  "Missing required field Resource",
		statement(`"invalid_action"`, bucket):                                                                                 action, statement(`"s3"`, bucket): action, statement(`"s3:"`, bucket): action, statement(`"s4:GetObject"`, bucket): action,
		statement(`"s3:GetObject:"`, bucket): action, statement(`"s3:Put(Object)"`, bucket): action, statement(`"ec2:RunInstances"`, bucket): action,
		statement(`"s3:Nothing*"`, bucket):          action,
		statement(`"s3:*"`, `"arn:aws:iam:::data"`): resource, statement(`"s3:*"`, `"arn:aws:s3:::/data"`): resource, statement(`"s3:*"`, `"arn:aws:s3:::prefix-data"`): resource,
		statement(`"s3:*"`, `"arn:aws:s3:::data2"`): resource, statement(`"s3:*"`, `"*"`): resource, statement(`"s3:*"`, `""`): resource,
		statement(`"s3:GetObject"`, bucket): mismatch, statement(`"s3:PutObjectTagging"`, bucket): mismatch, statement(`"s3:GetObjec?"`, bucket): mismatch,
		statement(`"s3:Abort*"`, bucket): mismatch, statement(`"s3:???Object"`, bucket): mismatch,
		statement(`"s3:ListBucket"`, objects): mismatch, statement(`"s3:GetBucketTagging"`, objects): mismatch, statement(`"s3:???BucketVersioning"`, objects): mismatch,
		statement(`"s3:GetBucket*"`, objects):          mismatch,
		statement(`"s3:*"`, "["+bucket+","+bucket+"]"): "", statement(`"s3:*"`, objects): "", statement(`"*"`, bucket): "", statement(`"s3:GetObject"`, `"`+bucketARN+`*"`): "",
		statement(`["s3:DeleteBucket","s3:GetBucketTagging"]`, bucket): "", statement(`"s3:getobject"`, objects): "", statement(`"s3:Get*"`, bucket): "",
		`{}`: "Missing required field Statement", bucketPolicy("invalid_effect", `"*"`): "Invalid effect: invalid_effect",
		bucketPolicy("allow", `"*"`): syntax, `{"Statement":[],"statement":[]}`: syntax,
		statement(`[]`, bucket): action, statement(`"s3:*"`, `[]`): resource,
		bucketPolicy("Allow", `{"AWS":[]}`):                                               principal,
		strings.Replace(bucketPolicy("Allow", `{"AWS":""}`), bucketARN, bucketARN+"2", 1): principal,
		// github.com/awsdocs/aws-cloudformation-user-guide/pull/1013: "when using the Principal key directly only a wildcard is valid".
		bucketPolicy("Allow", `"arn:aws:iam::`+account+`:root"`): syntax, bucketPolicy("Allow", `["*"]`): syntax,
		bucketPolicy("Allow", `{"AWS":"a_rarely_existing_user"}`):                principal,
		bucketPolicy("Allow", `{"AWS":["*","grt1"]}`):                            principal,
		bucketPolicy("Allow", `{"AWS":""}`):                                      principal,
		bucketPolicy("Allow", `{"AWS":"arn:aws:iam::`+account+`:user/nobody"}`):  principal,
		bucketPolicy("Allow", `{"AWS":"arn:aws:iam::777788889999:role/nobody"}`): principal,
		bucketPolicy("Allow", `{"AWS":"arn:aws:iam::`+account+`:user/*"}`):       principal,
		// A session's name is one that there could be (AWS STS API Reference, AssumeRole), of a role that there is.
		bucketPolicy("Allow", `{"AWS":"`+sessions+`never-assumed"}`): "", bucketPolicy("Allow", `{"AWS":"`+sessions+`s"}`): principal,
		bucketPolicy("Allow", `{"AWS":"`+sessions+`a name"}`): principal, bucketPolicy("Allow", `{"AWS":"`+sessions+strings.Repeat("s", 65)+`"}`): principal,
		bucketPolicy("Deny", `{"AWS":"`+strings.Replace(sessions, "/app/", "/App/", 1)+`name"}`):      principal,
		bucketPolicy("Deny", `{"AWS":"`+strings.Replace(sessions, "/app/", "/nobody/", 1)+`name"}`):   principal,
		bucketPolicy("Deny", `{"AWS":"`+strings.Replace(sessions, account, "777788889999", 1)+`ab"}`): principal,
		bucketPolicy("Allow", `{"AWS":"arn:aws:iam::`+account+`:root"}`):                              "",
		bucketPolicy("Deny", `{"AWS":"`+account+`"}`):                                                 "",
		bucketPolicy("Allow", `{"Service":"logging.s3.amazonaws.com"}`):                               "",
		bucketPolicy("Allow", `"*"`) + strings.Repeat(" ", 20<<10):                                    "Policy exceeds the maximum allowed document size.",
		bucketPolicy("Allow", `"*"`) + strings.Repeat(" ", 20<<10-bucketPolicySize("*")):              "",
	}
	for document, want := range cases {
		p.judgeBucketPolicy(d, document, want)
	}
}

// judgeBucketPolicy puts a document on the bucket: it is refused with that sentence or, where that is empty, kept.
func (p *plane) judgeBucketPolicy(d *iam.Directory, document, want string) {
	p.t.Helper()
	err := d.PutResourcePolicy(p.t.Context(), p.root, put("s3:PutBucketPolicy", bucketARN, document))
	switch {
	case want == "":
		if err != nil {
			p.t.Errorf("%.300s\nrefused: %v", document, err)
		}
	case err == nil:
		p.t.Errorf("%.300s\nwas accepted, want %s", document, want)
	default:
		if refusal := refused(p.t, err, "MalformedPolicy"); refusal.Message != want {
			p.t.Errorf("%.300s\n%s, want %s", document, refusal.Message, want)
		}
	}
}

// TestBucketPolicyConditions: what S3 was seen to refuse. The conditions are those of the same tests, of github.com/humanmade/S3-Uploads/issues/239 and of
// another server's notes of S3's answers (github.com/justincormack/argmin: s3:ExistingObjectTag with PutObject, DeleteObject and what object lock is about,
// s3:RequestObjectTag with PutObjectAcl, the headers of a write with GetObject beside PutObject); those that are kept are from the Amazon S3 User Guide
// ("Bucket policy examples using condition keys", "Configuring bucket policies for access points", "Tagging and access control policies").
func TestBucketPolicyConditions(t *testing.T) {
	const (
		operator = "Invalid Condition type : "
		key      = "Policy has an invalid condition key"
		mismatch = "Conditions do not apply to combination of actions and resources in statement"
		address  = "Invalid IP address in Conditions"
	)
	p := newPlane(t)
	d := p.withReference()
	for _, c := range []struct{ actions, condition, want string }{
		{"s3:GetObject", `{"NotARealOperator":{"aws:SourceIp":"1.2.3.4/32"}}`, operator + "NotARealOperator"},
		{"s3:GetObject", `{"stringequals":{"aws:UserAgent":"foo"}}`, operator + "stringequals"},
		{"s3:GetObject", `{"NullIfExists":{"aws:UserAgent":"true"}}`, operator + "NullIfExists"},
		{"s3:GetObject", `{"ForSomeValues:StringEquals":{"aws:UserAgent":"foo"}}`, operator + "ForSomeValues:StringEquals"},
		{"s3:GetObject", `{"StringEquals":{"s3:FakeKeyDoesNotExist":"foo"}}`, key},
		{"s3:*", `{"NumericEquals":{"s3:NotARealKey":"5"}}`, key},
		{"s3:GetObject", `{"IpAddress":{"aws:NotARealIpKey":"10.0.0.0/8"}}`, key},
		{"s3:PutObject", `{"StringEquals":{"s3:x-acl":"private"}}`, key},
		{"s3:GetObject", `{"IpAddress":{"aws:SourceIp":"not-an-ip"}}`, address},
		{"s3:GetObject", `{"NotIpAddress":{"aws:SourceIp":"300.1.1.1/40"}}`, address},
		{"s3:GetObject", `{"Null":{"aws:SourceIp":"true"}}`, address},
		{"s3:GetObject", `{"StringEquals":{"s3:prefix":"foo"}}`, mismatch},
		{"s3:ListBucketMultipartUploads", `{"StringEquals":{"s3:prefix":"foo"}}`, mismatch},
		{"s3:GetBucketLocation s3:ListBucket", `{"StringLike":{"s3:prefix":"*"}}`, mismatch},
		{"s3:GetObject", `{"StringEquals":{"s3:VersionId":"abc123"}}`, mismatch},
		{"s3:GetObject s3:PutObject", `{"StringEquals":{"s3:x-amz-acl":"public-read"}}`, mismatch},
		{"s3:GetObjectVersion s3:PutObject", `{"Null":{"s3:x-amz-server-side-encryption":"true"}}`, mismatch},
		{"s3:PutObject", `{"StringEquals":{"s3:ExistingObjectTag/security":"public"}}`, mismatch},
		{"s3:DeleteObjectVersion", `{"StringEquals":{"s3:ExistingObjectTag/security":"public"}}`, mismatch},
		{"s3:GetObjectLegalHold", `{"StringEquals":{"s3:ExistingObjectTag/security":"public"}}`, mismatch},
		{"s3:BypassGovernanceRetention", `{"StringEquals":{"s3:ExistingObjectTag/security":"public"}}`, mismatch},
		{"s3:PutObjectAcl s3:PutObjectTagging", `{"StringEquals":{"s3:RequestObjectTag/security":"public"}}`, mismatch},
		{"s3:GetObjectAttributes", `{"StringEquals":{"s3:ExistingObjectTag/security":"public"}}`, ""},
		{"s3:GetObject s3:GetObjectVersion", `{"StringEquals":{"s3:ExistingObjectTag/environment":"production"}}`, ""},
		{"s3:PutObjectTagging", `{"ForAllValues:StringLike":{"s3:RequestObjectTagKeys":["Owner","CreationDate"]}}`, ""},
		{"s3:ListBucket", `{"StringEquals":{"s3:prefix":"projects"},"NumericLessThanEquals":{"s3:max-keys":"10"}}`, ""},
		{"s3:PutObject s3:PutObjectAcl", `{"StringEquals":{"s3:x-amz-grant-full-control":"id=AccountA-CanonicalUserID"}}`, ""},
		{"s3:PutObject", `{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`, ""},
		{"s3:PutObject", `{"StringNotLike":{"s3:x-amz-copy-source":"src/public/*"}}`, ""},
		{"s3:GetObjectVersion", `{"StringEquals":{"s3:versionid":"AaaHbAQitwiL_h47_44lRO2DDfLlBO5e"}}`, ""},
		{"s3:PutObjectRetention", `{"NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}}`, ""},
		{"s3:*", `{"NumericLessThan":{"s3:TlsVersion":1.2}}`, ""},
		{"*", `{"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}}`, ""},
		{"s3:*", `{"StringEquals":{"s3:prefix":"foo"}}`, ""},
		{"s3:GetObject", `{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:DB8:1234:5678::/64","203.0.113.7"]}}`, ""},
		{"s3:GetObject", `{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"},"Bool":{"aws:SecureTransport":"false"}}`, ""},
		{"s3:GetObject", `{"StringLike":{"aws:Referer":["http://www.example.com/*"],"AWS:PrincipalTag/team":"web"}}`, ""},
		{"s3:GetObject", `{"StringEquals":{"oidc.example.com/id/1:sub":"system:serviceaccount:shop:app"}}`, ""},
	} {
		p.judgeBucketPolicy(d, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["`+strings.ReplaceAll(c.actions, " ", `","`)+`"],
			"Resource":["`+bucketARN+`","`+bucketARN+`/*"],"Condition":`+c.condition+`}]}`, c.want)
	}
}

func bucketPolicySize(principal string) int { return len(bucketPolicy("Allow", `"`+principal+`"`)) }

// TestResourcePolicyRules: what services say of documents that are too large or wrong, and of resources that have none.
func TestResourcePolicyRules(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	resource := func(service, name string) string {
		return "arn:aws:" + service + ":eu-central-1:" + account + ":" + name
	}
	for _, c := range []struct {
		arn, put, get            string
		size                     int
		tooLarge, wrong, missing string
		principal                string // the sentence about one that does not exist
	}{
		{keyARN, "kms:PutKeyPolicy", "kms:GetKeyPolicy", 32768, "LimitExceededException", "MalformedPolicyDocumentException", "",
			"Policy contains a statement with one or more invalid principals."},
		{secretARN, "secretsmanager:PutResourcePolicy", "secretsmanager:GetResourcePolicy", 20480, "InvalidParameterException", "MalformedPolicyDocumentException", "missing without an error",
			"This resource policy contains an unsupported principal."},
		{queueARN, "sqs:SetQueueAttributes", "sqs:GetQueueAttributes", 20480, "OverLimit", "InvalidAttributeValue", "missing without an error", "Invalid value for the parameter Policy."},
		{resource("sns", "news"), "sns:SetTopicAttributes", "sns:GetTopicAttributes", 30720, "InvalidParameter", "InvalidParameter", "missing without an error",
			"Invalid parameter: Policy Error: PrincipalNotFound"},
		{resource("ecr", "repository/app"), "ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy", 10240, "InvalidParameterException", "InvalidParameterException", "RepositoryPolicyNotFoundException",
			"Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"},
		{resource("lambda", "function:f"), "lambda:AddPermission", "lambda:GetPolicy", 20480, "PolicyLengthExceededException", "InvalidParameterValueException", "ResourceNotFoundException",
			"The provided principal was invalid. Please check the principal and try again."},
		{resource("elasticfilesystem", "file-system/fs-1"), "elasticfilesystem:PutFileSystemPolicy", "elasticfilesystem:DescribeFileSystemPolicy", 20000, "InvalidPolicyException", "InvalidPolicyException", "PolicyNotFound",
			"Policy contains invalid Principal block."},
		{resource("dynamodb", "table/t"), "dynamodb:PutResourcePolicy", "dynamodb:GetResourcePolicy", 20480, "ValidationException", "ValidationException", "PolicyNotFoundException",
			"Policy validation failed: Syntax error in policy."},
		{resource("events", "event-bus/b"), "events:PutPermission", "events:DescribeEventBus", 10240, "PolicyLengthExceededException", "ValidationException", "ResourceNotFoundException",
			"Syntax error in policy."},
		{resource("logs", "log-group:g"), "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", 5120, "LimitExceededException", "InvalidParameterException", "ResourceNotFoundException",
			"Syntax error in policy."},
		{resource("unknown", "thing"), "unknown:PutPolicy", "unknown:GetPolicy", 20000, "LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity", "Syntax error in policy."},
	} {
		document := func(principal string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"*","Resource":"*"}]}`
		}
		good := document("arn:aws:iam::" + account + ":root")
		got, err := p.GetResourcePolicy(ctx, p.root, put(c.get, c.arn, ""))
		switch c.missing {
		case "":
			if err != nil || !strings.Contains(got.Document, account+":root") {
				t.Errorf("%s without a policy: %+v, %v", c.arn, got, err)
			}
		case "missing without an error":
			if err != nil || got.Document != "" {
				t.Errorf("%s without a policy: %+v, %v", c.arn, got, err)
			}
		default:
			refused(t, err, c.missing)
		}
		wantCode(t, p.PutResourcePolicy(ctx, p.root, put(c.put, c.arn, good+strings.Repeat(" ", c.size+1-len(good)))), c.tooLarge)
		done(t, p.PutResourcePolicy(ctx, p.root, put(c.put, c.arn, good+strings.Repeat(" ", c.size-len(good)))))
		wantCode(t, p.PutResourcePolicy(ctx, p.root, put(c.put, c.arn, `{"Statement":{}}`)), c.wrong)
		expect(t, p.PutResourcePolicy(ctx, p.root, put(c.put, c.arn, document("arn:aws:iam::"+account+":user/nobody"))), c.wrong, c.principal)
		if got := must(p.GetResourcePolicy(ctx, p.root, put(c.get, c.arn, ""))); strings.TrimSpace(got.Document) != good || got.Revision == 0 {
			t.Errorf("%s has %+v", c.arn, got)
		}
	}
}

// TestPublic is Amazon S3 User Guide, "The meaning of public".
func TestPublic(t *testing.T) {
	p := newPlane(t)
	condition := func(text string) string {
		return strings.Replace(bucketPolicy("Allow", `"*"`), `"Action"`, `"Condition":`+text+`,"Action"`, 1)
	}
	for document, want := range map[string]bool{
		bucketPolicy("Allow", `"*"`): true, bucketPolicy("Allow", `{"AWS":"*"}`): true, bucketPolicy("Deny", `"*"`): false,
		bucketPolicy("Allow", `{"AWS":"`+account+`"}`): false, bucketPolicy("Allow", `{"Service":"ec2.amazonaws.com"}`): false,
		condition(`{"StringLike":{"aws:SourceVpc":"vpc-*"}}`):                                            true,
		condition(`{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}`):                                   false,
		condition(`{"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}}`):                                true,
		condition(`{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-91237329"}}`):                           true,
		condition(`{"ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-91237329"}}`):                      true,
		condition(`{"StringEquals":{"aws:PrincipalTag/a":"b"}}`):                                         true,
		condition(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.7"]}}`):                    false,
		condition(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}}`):                       true,
		condition(`{"IpAddress":{"aws:SourceIp":"64.0.0.0/7"}}`):                                         true,
		condition(`{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`):                                      false,
		condition(`{"IpAddress":{"aws:SourceIp":"2000::/31"}}`):                                          true,
		condition(`{"StringEquals":{"aws:PrincipalOrgID":"o-1"},"Bool":{"aws:SecureTransport":"true"}}`): false,
	} {
		p.putBucketPolicy(account, document)
		if got := must(p.GetResourcePolicy(t.Context(), p.root, put("s3:GetBucketPolicyStatus", bucketARN, ""))); got.Public != want {
			t.Errorf("public %v: %s", got.Public, document)
		}
	}
	in := put("secretsmanager:PutResourcePolicy", secretARN, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`)
	done(t, p.PutResourcePolicy(t.Context(), p.root, in))
	in.BlockPublic = true
	wantCode(t, p.PutResourcePolicy(t.Context(), p.root, in), "PublicPolicyException")
}

// FuzzResourcePolicy: a document is refused in the service's words, or kept and decided by.
func FuzzResourcePolicy(f *testing.F) {
	f.Add(0, bucketPolicy("Allow", `"*"`))
	f.Add(1, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"`+account+`"},"Action":"kms:*","Resource":"*"}]}`)
	f.Add(2, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::`+account+`:user/x"},"NotAction":"sqs:*","NotResource":"*"}}`)
	p := newPlane(f)
	d := p.withReference()
	arns := []string{bucketARN, keyARN, queueARN}
	puts, gets := []string{"s3:PutBucketPolicy", "kms:PutKeyPolicy", "sqs:SetQueueAttributes"}, []string{"s3:GetBucketPolicy", "kms:GetKeyPolicy", "sqs:GetQueueAttributes"}
	f.Fuzz(func(t *testing.T, which int, document string) {
		i := uint(which) % 3
		if err := d.CheckResourcePolicy(t.Context(), p.root, put(puts[i], arns[i], document)); err != nil {
			if refusal, ok := errors.AsType[*iam.Error](err); !ok || refusal.Code == "ServiceFailure" || refusal.Message == "" {
				t.Errorf("refused with %v", err)
			}
			return
		}
		done(t, d.CreateResource(t.Context(), account, arns[i], nil, document))
		decision := must(d.Decide(t.Context(), p.root, iam.Access{Action: gets[i], Resource: arns[i]}))
		got, err := d.GetResourcePolicy(t.Context(), p.root, put(gets[i], arns[i], ""))
		if decision.Allowed() != (err == nil) || err == nil && got.Document != document {
			t.Errorf("%s, but reading it answers %+v, %v", decision, got, err)
		}
	})
}
