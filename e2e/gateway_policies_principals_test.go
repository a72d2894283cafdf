package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	invalidPrincipal = "Invalid principal in policy"
	invalidSyntax    = "Invalid policy syntax."
)

// testPrincipalForms: what may stand in a principal (IAM User Guide, "AWS JSON policy elements: Principal"), and what S3 says of anything else.
func testPrincipalForms(t *testing.T, w *sessionWorld) {
	bucket, user, role := w.bucket(t), w.user(t, "/", ""), w.session(t, "", "").role
	account, roleARN := "arn:aws:iam::"+w.account+":root", w.roleARN(role)
	session := "arn:aws:sts::" + w.account + ":assumed-role/" + role + "/"
	text := func(values ...string) string { return `{"AWS":["` + strings.Join(values, `","`) + `"]}` }
	cases := map[string]string{ // principal → sentence; "": accepted
		`"*"`: "", `{"AWS":"*"}`: "", text(user.arn): "", text(roleARN): "", text(session + "any-session-name"): "", text(account): "", text(w.account): "",
		text(user.arn, roleARN): "", text(user.arn, account): "", `{"AWS":"` + user.arn + `"}`: "",
		`""`: invalidSyntax, `[]`: invalidSyntax, `["*"]`: invalidSyntax, `"` + user.arn + `"`: invalidSyntax, `["` + user.arn + `"]`: invalidSyntax,
		`{"AWS":""}`: invalidPrincipal, `{"AWS":[]}`: invalidPrincipal, `{}`: invalidPrincipal,
		text(user.arn, "arn:aws:iam::"+w.account+":user/no-such-user"): invalidPrincipal,
	}
	for _, value := range []string{user.key, "user", "not-an-arn", "arn:aws:iam::" + w.account + ":user/no-such-user", "arn:aws:iam::" + w.account + ":role/no-such-role",
		strings.TrimSuffix(session, "/"), session + "*", session + "s", session + "sess name", session + strings.Repeat("s", 65),
		"arn:aws:iam::" + w.account + ":user/*", user.arn[:len(user.arn)-2] + "*", "arn:aws:iam::*:user/someone", strings.Replace(user.arn, ":user/", ":USER/", 1),
		"arn:aws:iam::" + w.account + ":user/" + strings.ToUpper(user.arn[strings.LastIndex(user.arn, "/")+1:]), user.arn + "/", " " + user.arn, user.arn + " ",
		"arn:aws:iam:us-east-1:" + w.account + ":root", "arn:aws:iam::" + w.account + ":group/admins", "arn:aws:s3:::" + bucket,
		"arn:aws:iam::111111111111:user/someone", "arn:aws:sts::" + w.account + ":assumed-role/no-such-role/sess",
		"arn:aws:sts::" + w.account + ":assumed-role/" + strings.ToUpper(role) + "/sess"} {
		cases[text(value)] = invalidPrincipal
	}
	for principal, sentence := range cases {
		err := w.govern(t.Context(), bucket, strings.Replace(rule("Allow", "P", "s3:GetObject", "BUCKET/*", ""), `{"AWS":["P"]}`, principal, 1))
		if sentence != "" {
			wantSentence(t, err, principal, sentence)
		} else if err != nil {
			t.Errorf("%s: %v", principal, err)
		}
	}
}

// wantSentence holds a refused policy against S3's code and exactly that sentence.
func wantSentence(t *testing.T, err error, what, sentence string) {
	t.Helper()
	if got := answerOf(err); got.status != 400 || got.code != "MalformedPolicy" || got.message != sentence {
		t.Errorf("%s: %d %s %q, want %q", what, got.status, got.code, got.message, sentence)
	}
}

// testWhomPrincipalsName: whom a bucket's policy reaches by a principal.
func testWhomPrincipalsName(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	object := "arn:aws:s3:::" + bucket + "/obj"
	allow := func(principal string) error {
		return w.govern(ctx, bucket, rule("Allow", principal, "s3:GetObject", "BUCKET/*", ""))
	}
	one, other := w.user(t, "/", ""), w.user(t, "/", "")
	mustDo(t, allow(one.arn))
	mustDo(t, get(ctx, one.sdk, bucket, "obj"))
	other.denied(t, get(ctx, other.sdk, bucket, "obj"), "s3:GetObject", object, noneAllows)

	pathed := w.user(t, "/team/sub/", "") // whose path is part of the ARN
	wantSentence(t, allow(strings.Replace(pathed.arn, "/team/sub/", "/", 1)), "the ARN without its path", invalidPrincipal)
	mustDo(t, allow(pathed.arn))
	mustDo(t, get(ctx, pathed.sdk, bucket, "obj"))

	mustDo(t, allow(w.roleARN(w.session(t, "", "").role))) // a role is no user
	one.denied(t, get(ctx, one.sdk, bucket, "obj"), "s3:GetObject", object, noneAllows)
	mustDo(t, allow("*"))
	mustDo(t, get(ctx, other.sdk, bucket, "obj"))
	anonymous := w.anonymousSDK(t) // "*" is also who does not sign; the SDK then writes a space in a query as "+"
	mustDo(t, get(ctx, anonymous, bucket, "obj"))
	mustDo(t, w.govern(ctx, bucket, rule("Allow", "*", "s3:ListBucket", "BUCKET", `{"StringEquals":{"s3:prefix":"a b/"}}`)))
	for prefix, status := range map[string]int{"a b/": 0, "a+b/": 403, "a%20b/": 403} {
		_, err := anonymous.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
		if answer := answerOf(err); answer.status != status {
			t.Errorf("ListObjectsV2 of %q without a signature: %+v", prefix, answer)
		}
	}

	for _, account := range []string{"arn:aws:iam::" + w.account + ":root", w.account} { // hands on to the account's own policies, and denies all in it
		who := w.user(t, "/", "")
		mustDo(t, allow(account))
		who.denied(t, get(ctx, who.sdk, bucket, "obj"), "s3:GetObject", object, noneAllows)
		w.own(t, who, bucket, "Allow", "s3:GetObject")
		mustDo(t, get(ctx, who.sdk, bucket, "obj"))
		mustDo(t, w.govern(ctx, bucket, rule("Deny", account, "s3:GetObject", "BUCKET/*", "")))
		who.denied(t, get(ctx, who.sdk, bucket, "obj"), "s3:GetObject", object, bucketDenies)
	}

	name := aws.String(other.arn[strings.LastIndex(other.arn, "/")+1:]) // a user that is gone cannot be named any more
	_, err := w.admin.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: &other.key})
	mustDo(t, err)
	_, err = w.admin.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	mustDo(t, err)
	wantSentence(t, allow(other.arn), "a user that was deleted", invalidPrincipal)
}

// testPolicyDocuments: what S3 says of documents that it does not take, through the whole path; every sentence is tried in iam's tests.
func testPolicyDocuments(t *testing.T, w *sessionWorld) {
	bucket := w.bucket(t)
	const (
		resource = "Policy has invalid resource"
		action   = "Policy has invalid action"
		mismatch = "Action does not apply to any resource(s) in statement"
	)
	everybody := func(action, resource string) string {
		return `{"Statement":[` + rule("Allow", "*", action, resource, "") + `]}`
	}
	if1 := func(condition string) string {
		return `{"Statement":[` + rule("Allow", "*", "s3:GetObject", "BUCKET/*", condition) + `]}`
	}
	version := func(text string) string {
		return `{"Version":"` + text + `","Statement":[` + rule("Deny", "*", "s3:GetObject", "BUCKET/obj", "") + `]}`
	}
	cases := map[string]string{ // document → sentence; "": accepted
		`{}`: "Missing required field Statement", `{"Statement":[]}`: "Could not parse the policy: Statement is empty!",
		`{"Statement":[` + rule("invalid_effect", "*", "s3:*", "BUCKET", "") + `]}`: "Invalid effect: invalid_effect",
		everybody("s3:*", "arn:aws:iam:::"+bucket):                                  resource, everybody("s3:*", "arn:aws:s3:::/"+bucket): resource,
		everybody("s3:*", "arn:aws:s3:::prefix-"+bucket): resource, everybody("s3:*", "BUCKET BUCKET"): "",
		version("2008-10-17"): "", version("2012-10-17"): "", version(""): "The policy must contain a valid version string",
		version("2000-10-17"): "The policy must contain a valid version string", version("2012-10-16"): "The policy must contain a valid version string",
		if1(`{"NotARealOperator":{"aws:SourceIp":"1.2.3.4/32"}}`): "Invalid Condition type : NotARealOperator",
		if1(`{"IpAddress":{"aws:SourceIp":"not-an-ip"}}`):         "Invalid IP address in Conditions",
		if1(`{"Null":{"aws:SourceIp":"true"}}`):                   "Invalid IP address in Conditions",
		if1(`{"StringEquals":{"s3:FakeKeyDoesNotExist":"foo"}}`):  "Policy has an invalid condition key",
		if1(`{"StringEquals":{"s3:prefix":"foo"}}`):               "Conditions do not apply to combination of actions and resources in statement",
	}
	for actions, resources := range map[string]string{"s3:DeleteBucket s3:GetBucketAcl": "BUCKET", "s3:Get*": "BUCKET/*", "s3:Create*": "BUCKET BUCKET/*",
		"s3:PutBucketVersioning s3:ListMultipartUploadParts s3:ListBucket": "BUCKET BUCKET/*", "s3:*": "BUCKET BUCKET/*"} {
		cases[everybody(actions, resources)] = ""
	}
	for _, pattern := range strings.Fields("s3:GetObject s3:PutObjectTagging s3:GetObjec? s3:Abort* s3:???Object") {
		cases[everybody(pattern, "BUCKET")] = mismatch
	}
	for _, pattern := range strings.Fields("s3:ListBucket s3:GetBucketTagging s3:???BucketVersioning s3:GetBucket*") {
		cases[everybody(pattern, "BUCKET/*")] = mismatch
	}
	for _, pattern := range strings.Fields("invalid_action s3 s3: s4:GetObject ss3:ListBucket s3x:PutBucketAcl :GetObject s3GetObject s3::GetObject s3:Put-Object " +
		"s3:GetObject: s3:Put(Object) s3:*Obj??ect* s3:???? s3:*: *GetObject ???PutObject s3:Abort? s3:??Abort*") {
		cases[everybody(pattern, "BUCKET BUCKET/*")] = action
	}
	for _, empty := range []string{`""`, `[""]`, `[]`} {
		cases[strings.Replace(everybody("A", "BUCKET"), `["A"]`, empty, 1)] = action
		cases[strings.Replace(everybody("s3:*", "R"), `["R"]`, empty, 1)] = resource
	}
	for document, sentence := range cases {
		document = strings.ReplaceAll(document, "BUCKET", "arn:aws:s3:::"+bucket)
		_, err := w.admin.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &document})
		if sentence != "" {
			wantSentence(t, err, document, sentence)
		} else if err != nil {
			t.Errorf("%s: %v", document, err)
		}
	}
}
