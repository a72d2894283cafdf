package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// sessionWorld is a gateway before a peer's S3 server, whose objects sessions of web identities use. The peer's own suite has 27 cases for such sessions
// (`versitygw test … s3-iam-session`), which skip themselves outside of one company's CI; these are those cases.
type sessionWorld struct {
	*plane
	admin  *sdk
	number atomic.Int32
}

// webSession is a session of a role made for it.
type webSession struct {
	*sdk
	role, arn        string
	key, secret, old string // old: its session token
}

func newSessionWorld(t *testing.T) *sessionWorld {
	t.Helper()
	p := start(t, t.TempDir(), "--gateway", startPeer(t, true).behind(t))
	return &sessionWorld{plane: p, admin: p.adminSDK(t)}
}

// bucket makes a bucket with the object "obj".
func (w *sessionWorld) bucket(t *testing.T, changes ...func(*s3.CreateBucketInput)) (name string) {
	t.Helper()
	name = fmt.Sprintf("sessions-%d", w.number.Add(1))
	in := &s3.CreateBucketInput{Bucket: &name}
	for _, change := range changes {
		change(in)
	}
	if _, err := w.admin.s3.CreateBucket(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	mustDo(t, put(t.Context(), w.admin, name, "obj"))
	return name
}

// session makes a role with one policy, unless it is empty, and a session of it.
func (w *sessionWorld) session(t *testing.T, permissions, sessionPolicy string) *webSession {
	t.Helper()
	name := fmt.Sprintf("session-%d", w.number.Add(1))
	w.admin.role(t, name, w.trust("shop", name), permissions)
	return w.another(t, name, sessionPolicy)
}

// another is one more session of a role.
func (w *sessionWorld) another(t *testing.T, role, sessionPolicy string) *webSession {
	t.Helper()
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(w.roleARN(role)), RoleSessionName: aws.String(fmt.Sprintf("pod-%d", w.number.Add(1))),
		WebIdentityToken: aws.String(w.token(t, "shop", role))}
	if sessionPolicy != "" {
		in.Policy = &sessionPolicy
	}
	out, err := w.anonymousSDK(t).sts.AssumeRoleWithWebIdentity(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	return &webSession{sdk: newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)),
		role: role, arn: *out.AssumedRoleUser.Arn, key: *c.AccessKeyId, secret: *c.SecretAccessKey, old: *c.SessionToken}
}

func (w *sessionWorld) roleARN(role string) string {
	return "arn:aws:iam::" + w.account + ":role/" + role
}

// grantBucket sets a bucket's policy to one statement.
func (w *sessionWorld) grantBucket(t *testing.T, bucket, effect, principal string, actions ...string) error {
	t.Helper()
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":{"AWS":%q},"Action":["%s"],"Resource":"arn:aws:s3:::%s/*"}]}`,
		effect, principal, strings.Join(actions, `","`), bucket)
	_, err := w.admin.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &document})
	return err
}

func get(ctx context.Context, s *sdk, bucket, key string) error {
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err == nil {
		out.Body.Close()
	}
	return err
}

func put(ctx context.Context, s *sdk, bucket, key string) error {
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(key)})
	return err
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Why S3 denies, in its sentence's words (Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors").
const (
	noneAllows     = "because no identity-based policy allows the %s action"
	identityDenies = "with an explicit deny in an identity-based policy"
	sessionDenies  = "with an explicit deny in a session policy"
	noSessionAllow = "because no session policy allows the %s action"
	bucketDenies   = "with an explicit deny in a resource-based policy"
)

// denied holds a refusal against S3's sentence about the session.
func (s *webSession) denied(t *testing.T, err error, action, resource, why string) {
	t.Helper()
	if strings.Contains(why, "%s") {
		why = fmt.Sprintf(why, action)
	}
	want(t, err, 403, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %q %s", s.arn, action, resource, why))
}

// objects is a policy about every object of a bucket: statements of an effect and an action.
func objects(bucket string, effectsAndActions ...string) string {
	var statements []string
	for i := 0; i < len(effectsAndActions); i += 2 {
		statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}`, effectsAndActions[i], effectsAndActions[i+1], bucket, bucket))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// TestSessionsThroughGateway is what sessions of web identities may do with a bucket, by their role, their session policy and the bucket's policy.
func TestSessionsThroughGateway(t *testing.T) {
	t.Parallel()
	w := newSessionWorld(t)
	for name, test := range map[string]func(*testing.T, *sessionWorld){
		"role's policy": testRolePolicies, "session policy": testSessionPolicies, "bucket policy": testBucketPolicies, "bucket policy's principals": testBucketPrincipals,
		"token": testSessionToken, "role's end": testDeletedRole, "create a bucket": testCreateBucket, "governance": testGovernance, "delete several": testDeleteSeveral,
		"condition keys": testIdentityKeys, "last used": testLastUsed,
	} {
		t.Run(name, func(t *testing.T) { test(t, w) })
	}
}

func testRolePolicies(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	object := "arn:aws:s3:::" + bucket + "/"

	all := w.session(t, objects(bucket, "Allow", "s3:*"), "")
	mustDo(t, put(ctx, all.sdk, bucket, "new"))
	mustDo(t, get(ctx, all.sdk, bucket, "new"))
	_, err := all.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	mustDo(t, err)

	none := w.session(t, "", "")
	none.denied(t, get(ctx, none.sdk, bucket, "obj"), "s3:GetObject", object+"obj", noneAllows)
	identity, err := none.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}) // S3 and STS agree on who this is
	if err != nil || aws.ToString(identity.Arn) != none.arn {
		t.Errorf("GetCallerIdentity: %v %v, want %s", identity, err, none.arn)
	}

	denied := w.session(t, objects(bucket, "Allow", "s3:*", "Deny", "s3:GetObject"), "")
	mustDo(t, put(ctx, denied.sdk, bucket, "new"))
	denied.denied(t, get(ctx, denied.sdk, bucket, "new"), "s3:GetObject", object+"new", identityDenies)

	scoped := w.session(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"`+object+`allowed/*"}]}`, "")
	mustDo(t, put(ctx, scoped.sdk, bucket, "allowed/obj"))
	scoped.denied(t, put(ctx, scoped.sdk, bucket, "denied/obj"), "s3:PutObject", object+"denied/obj", noneAllows)
}

func testSessionPolicies(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	object := "arn:aws:s3:::" + bucket + "/"
	all, read := objects(bucket, "Allow", "s3:*"), objects(bucket, "Allow", "s3:GetObject")

	narrowed := w.session(t, all, read)
	mustDo(t, get(ctx, narrowed.sdk, bucket, "obj"))
	narrowed.denied(t, put(ctx, narrowed.sdk, bucket, "other"), "s3:PutObject", object+"other", noSessionAllow)

	notWidened := w.session(t, read, all)
	mustDo(t, get(ctx, notWidened.sdk, bucket, "obj"))
	notWidened.denied(t, put(ctx, notWidened.sdk, bucket, "other"), "s3:PutObject", object+"other", noneAllows)

	byDenied := w.session(t, all, objects(bucket, "Allow", "s3:*", "Deny", "s3:GetObject"))
	byDenied.denied(t, get(ctx, byDenied.sdk, bucket, "obj"), "s3:GetObject", object+"obj", sessionDenies)

	overridden := w.session(t, objects(bucket, "Allow", "s3:*", "Deny", "s3:GetObject"), all)
	overridden.denied(t, get(ctx, overridden.sdk, bucket, "obj"), "s3:GetObject", object+"obj", identityDenies)

	alone := w.session(t, "", all)
	alone.denied(t, get(ctx, alone.sdk, bucket, "obj"), "s3:GetObject", object+"obj", noneAllows)
}

func testBucketPolicies(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	object := "arn:aws:s3:::" + bucket + "/"

	named := w.session(t, "", "")
	mustDo(t, w.grantBucket(t, bucket, "Allow", w.roleARN(named.role), "s3:GetObject"))
	mustDo(t, get(ctx, named.sdk, bucket, "obj"))
	named.denied(t, put(ctx, named.sdk, bucket, "other"), "s3:PutObject", object+"other", noneAllows)
	mustDo(t, get(ctx, w.another(t, named.role, "").sdk, bucket, "obj")) // a role's ARN stands for each of its sessions, later ones too

	// A grant to the role is an identity's for session policies: they filter it (IAM User Guide, "Session policies").
	filtered := w.session(t, "", objects(bucket, "Allow", "s3:GetObject"))
	mustDo(t, w.grantBucket(t, bucket, "Allow", w.roleARN(filtered.role), "s3:GetObject", "s3:PutObject"))
	mustDo(t, get(ctx, filtered.sdk, bucket, "obj"))
	filtered.denied(t, put(ctx, filtered.sdk, bucket, "other"), "s3:PutObject", object+"other", noSessionAllow)

	refused := w.session(t, objects(bucket, "Allow", "s3:*"), "")
	mustDo(t, w.grantBucket(t, bucket, "Deny", w.roleARN(refused.role), "s3:GetObject"))
	refused.denied(t, get(ctx, refused.sdk, bucket, "obj"), "s3:GetObject", object+"obj", bucketDenies)
}

func testBucketPrincipals(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	object, root := "arn:aws:s3:::"+bucket+"/obj", "arn:aws:iam::"+w.account+":root"

	one := w.session(t, "", "")
	other := w.another(t, one.role, "")
	mustDo(t, w.grantBucket(t, bucket, "Allow", one.arn, "s3:GetObject"))
	mustDo(t, get(ctx, one.sdk, bucket, "obj"))
	other.denied(t, get(ctx, other.sdk, bucket, "obj"), "s3:GetObject", object, noneAllows)

	// The account as principal hands on to its own policies; in a Deny it is everyone in it.
	mustDo(t, w.grantBucket(t, bucket, "Allow", root, "s3:GetObject"))
	one.denied(t, get(ctx, one.sdk, bucket, "obj"), "s3:GetObject", object, noneAllows)
	_, err := w.admin.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &one.role, PolicyName: aws.String("later"), PolicyDocument: aws.String(objects(bucket, "Allow", "s3:GetObject"))})
	mustDo(t, err)
	mustDo(t, get(ctx, one.sdk, bucket, "obj"))
	mustDo(t, w.grantBucket(t, bucket, "Deny", root, "s3:GetObject"))
	one.denied(t, get(ctx, one.sdk, bucket, "obj"), "s3:GetObject", object, bucketDenies)

	session := "arn:aws:sts::" + w.account + ":assumed-role/" + one.role + "/"
	mustDo(t, w.grantBucket(t, bucket, "Allow", session+"never-assumed", "s3:GetObject"))
	for name, principal := range map[string]string{
		"an access key id": one.key, "any session": session + "*",
		"a session of iam": strings.Replace(session, ":sts:", ":iam:", 1) + "pod", "a role of sts": strings.Replace(w.roleARN(one.role), ":iam:", ":sts:", 1),
	} {
		if answer := answerOf(w.grantBucket(t, bucket, "Allow", principal, "s3:GetObject")); answer.code != "MalformedPolicy" || !strings.Contains(answer.message, "Invalid principal in policy") {
			t.Errorf("a policy for %s is answered %+v", name, answer)
		}
	}
}

func testSessionToken(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	s := w.session(t, objects(bucket, "Allow", "s3:GetObject"), "")
	stranger := w.session(t, "", "")
	for name, c := range map[string]struct{ token, code string }{
		"no token": {"", "InvalidAccessKeyId"}, "no session's token": {"not-the-real-session-token", "InvalidToken"}, "another session's token": {stranger.old, "InvalidToken"},
	} {
		wrong := newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(s.key, s.secret, c.token))
		if answer := answerOf(get(ctx, wrong, bucket, "obj")); answer.status < 400 || answer.status > 403 || answer.code != c.code {
			t.Errorf("with %s: %+v, want %s", name, answer, c.code)
		}
	}
	signed, err := s3.NewPresignClient(s.s3).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("obj")})
	mustDo(t, err)
	if !strings.Contains(signed.URL, "X-Amz-Security-Token=") {
		t.Error("the presigned URL has no token")
	}
	if status := send(t, ctx, http.MethodGet, signed.URL, signed.SignedHeader, ""); status != 200 {
		t.Errorf("the presigned URL is answered %d", status)
	}
}

func testDeletedRole(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	s := w.session(t, objects(bucket, "Allow", "s3:*"), "")
	mustDo(t, get(ctx, s.sdk, bucket, "obj"))
	_, err := w.admin.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &s.role, PolicyName: aws.String("permissions")})
	mustDo(t, err)
	_, err = w.admin.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &s.role})
	mustDo(t, err)
	// The peer's server still takes the credentials and denies; with us a role's end is its sessions' end.
	if answer := answerOf(get(ctx, s.sdk, bucket, "obj")); answer.code != "InvalidToken" && answer.code != "InvalidAccessKeyId" {
		t.Errorf("a session of a role that is no more is answered %+v", answer)
	}
}

func testCreateBucket(t *testing.T, w *sessionWorld) {
	s := w.session(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::sessions-allowed"}]}`, "")
	_, err := s.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("sessions-allowed")})
	mustDo(t, err)
	_, err = s.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("sessions-denied")})
	s.denied(t, err, "s3:CreateBucket", "arn:aws:s3:::sessions-denied", noneAllows)
}

func testGovernance(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t, func(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(true) }), t.Context()
	lock := func(key string) (version *string) {
		t.Helper()
		out, err := w.admin.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x"), ObjectLockMode: types.ObjectLockModeGovernance,
			ObjectLockRetainUntilDate: aws.Time(time.Now().Add(time.Hour))})
		mustDo(t, err)
		return out.VersionId
	}
	remove := func(s *webSession, key string, version *string) error {
		_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: version, BypassGovernanceRetention: aws.Bool(true)})
		return err
	}
	bypass := objects(bucket, "Allow", "s3:DeleteObjectVersion", "Allow", "s3:BypassGovernanceRetention")
	withheld := w.session(t, bypass, objects(bucket, "Allow", "s3:DeleteObjectVersion"))
	withheld.denied(t, remove(withheld, "withheld", lock("withheld")), "s3:BypassGovernanceRetention", "arn:aws:s3:::"+bucket+"/withheld", noSessionAllow)
	mustDo(t, remove(w.session(t, bypass, ""), "granted", lock("granted")))
}

func testDeleteSeveral(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	mustDo(t, put(ctx, w.admin, bucket, "allowed/one"))
	mustDo(t, put(ctx, w.admin, bucket, "denied/two"))
	s := w.session(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::`+bucket+`/allowed/*"}]}`, "")
	out, err := s.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("allowed/one")}, {Key: aws.String("denied/two")}}}})
	mustDo(t, err)
	if len(out.Deleted) != 1 || aws.ToString(out.Deleted[0].Key) != "allowed/one" || len(out.Errors) != 1 || aws.ToString(out.Errors[0].Key) != "denied/two" ||
		aws.ToString(out.Errors[0].Code) != "AccessDenied" || !strings.Contains(aws.ToString(out.Errors[0].Message), "s3:DeleteObject on resource: \"arn:aws:s3:::"+bucket+"/denied/two\" because no identity-based") {
		t.Errorf("deleted %+v, errors %+v", out.Deleted, out.Errors)
	}
	if answer := answerOf(get(ctx, w.admin, bucket, "allowed/one")); answer.status != 404 {
		t.Errorf("allowed/one is answered %+v", answer)
	}
	mustDo(t, get(ctx, w.admin, bucket, "denied/two"))
}

// testIdentityKeys: aws:PrincipalArn is the role's ARN, the sentence of a denial names the session, aws:userid is the role's id and the session's name
// (IAM User Guide, "AWS global condition context keys").
func testIdentityKeys(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	for _, c := range []struct {
		name, condition string // ROLE, SESSION and NAME stand for the session's
		allowed         bool
	}{
		{"the role's ARN", `{"StringEquals":{"aws:PrincipalArn":"ROLE"}}`, true},
		{"the session's ARN", `{"StringEquals":{"aws:PrincipalArn":"SESSION"}}`, false},
		{"the type", `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, true},
		{"the session's name", `{"StringLike":{"aws:userid":"AROA*:NAME"}}`, true},
		{"another session's ARN", `{"StringEquals":{"aws:PrincipalArn":"arn:aws:sts::000000000000:assumed-role/other/other"}}`, false},
		{"a user's name", `{"Null":{"aws:username":"false"}}`, false},
	} {
		s := w.session(t, "", "")
		condition := strings.NewReplacer("ROLE", w.roleARN(s.role), "SESSION", s.arn, "NAME", s.arn[strings.LastIndex(s.arn, "/")+1:]).Replace(c.condition)
		document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*","Condition":%s}]}`, bucket, condition)
		_, err := w.admin.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &s.role, PolicyName: aws.String("condition"), PolicyDocument: &document})
		mustDo(t, err)
		if err := get(ctx, s.sdk, bucket, "obj"); !c.allowed {
			s.denied(t, err, "s3:GetObject", "arn:aws:s3:::"+bucket+"/obj", noneAllows)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// testLastUsed: becoming a role is not using it (IAM API reference, RoleLastUsed); a call of STS is, and a request to S3.
func testLastUsed(t *testing.T, w *sessionWorld) {
	bucket, ctx := w.bucket(t), t.Context()
	for name, use := range map[string]func(*webSession) error{
		"sts": func(s *webSession) error {
			_, err := s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		},
		"s3": func(s *webSession) error { return get(ctx, s.sdk, bucket, "obj") },
	} {
		s := w.session(t, objects(bucket, "Allow", "s3:GetObject"), "")
		role := func() *iam.GetRoleOutput {
			t.Helper()
			out, err := w.admin.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &s.role})
			mustDo(t, err)
			return out
		}
		if used := role().Role.RoleLastUsed; used != nil && used.LastUsedDate != nil {
			t.Errorf("%s: the role was used before its first call: %+v", name, used)
		}
		before := time.Now().Add(-2 * time.Second)
		mustDo(t, use(s))
		if used := role().Role.RoleLastUsed; used == nil || used.LastUsedDate == nil || used.LastUsedDate.Before(before) || aws.ToString(used.Region) != "us-east-1" {
			t.Errorf("%s: the role was last used %+v", name, used)
		}
	}
	list, err := w.admin.iam.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1000)})
	mustDo(t, err)
	for _, role := range list.Roles {
		if role.RoleLastUsed != nil {
			t.Errorf("ListRoles has RoleLastUsed of %s", aws.ToString(role.RoleName))
		}
	}
}
