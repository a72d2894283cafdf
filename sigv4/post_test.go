package sigv4

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// postExample is "Example: Browser-Based Upload using HTTP POST" of the S3 API Reference (sigv4-post-example): the policy as it is encoded there, and
// its signature.
func postExample() []Field {
	const policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwN" +
		"CiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3Qi" +
		"OiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5" +
		"cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2" +
		"In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEy" +
		"MjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEy" +
		"MjlUMDAwMDAwWiIgfQ0KICBdDQp9"
	return []Field{
		{"key", "user/user1/a.png"}, {"acl", "public-read"}, {"success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
		{"Content-Type", "image/jpeg"}, {"x-amz-meta-uuid", "14365123651274"}, {"x-amz-server-side-encryption", "AES256"},
		{"X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"}, {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
		{"X-Amz-Date", "20151229T000000Z"}, {"x-amz-meta-tag", ""}, {"Policy", policy},
		{"X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"},
	}
}

var postTime = time.Date(2015, 12, 29, 1, 0, 0, 0, time.UTC)

const postSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// acceptPost does all that a server does with a form.
func acceptPost(fields []Field, now time.Time) error {
	p, err := ParsePost(fields)
	if err != nil {
		return err
	}
	if err := new(Verifier).VerifyPost(p, postSecret, now); err != nil {
		return err
	}
	return p.Check("sigv4examplebucket", fields)
}

func TestPostExample(t *testing.T) {
	if err := acceptPost(postExample(), postTime); err != nil {
		t.Fatal(err)
	}
	p, _ := ParsePost(postExample())
	if least, most := p.LengthRange(); least != 0 || most != math.MaxInt64 {
		t.Errorf("without a content-length-range: from %d to %d", least, most)
	}
	if p.AccessKeyID != "AKIAIOSFODNN7EXAMPLE" || p.Scope.Region != "us-east-1" || p.SessionToken != "" {
		t.Errorf("parsed %+v", p.Authorization)
	}
}

// set changes a field of the example, or adds it; delete leaves it out.
func setField(name, value string) func([]Field) []Field {
	return func(fields []Field) []Field {
		for i := range fields {
			if strings.EqualFold(fields[i].Name, name) {
				fields[i].Value = value
				return fields
			}
		}
		return append(fields, Field{name, value})
	}
}

func deleteField(name string) func([]Field) []Field {
	return func(fields []Field) []Field {
		return slices.DeleteFunc(fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
	}
}

func TestPostRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]Field) []Field
		now    time.Time
		code   string
	}{
		{"expired", nil, time.Date(2015, 12, 30, 12, 0, 0, 0, time.UTC), "AccessDenied"},
		{"from the future", nil, time.Date(2015, 12, 28, 23, 44, 0, 0, time.UTC), "RequestTimeTooSkewed"},
		{"another key", setField("key", "user/user2/a.png"), postTime, "AccessDenied"},
		{"another acl", setField("acl", "public-read-write"), postTime, "AccessDenied"},
		{"another type", setField("content-type", "text/html"), postTime, "AccessDenied"},
		{"one type of several", setField("content-type", "image/png, text/html"), postTime, "AccessDenied"},
		{"a field of which the policy says nothing", setField("x-amz-storage-class", "STANDARD"), postTime, "AccessDenied"},
		{"a session token of which the policy says nothing", setField("x-amz-security-token", "t"), postTime, "AccessDenied"},
		{"a field left out that has a condition", deleteField("acl"), postTime, "AccessDenied"},
		{"another bucket in the form", setField("bucket", "other"), postTime, "InvalidArgument"},
		{"a field twice", func(f []Field) []Field { return append(f, Field{"KEY", "user/user1/b"}) }, postTime, "InvalidArgument"},
		{"a policy twice", func(f []Field) []Field { return append(f, Field{"policy", ""}) }, postTime, "InvalidArgument"},
		{"another signature", setField("x-amz-signature", strings.Repeat("0", 64)), postTime, "SignatureDoesNotMatch"},
		{"a longer policy", func(f []Field) []Field { return setField("policy", f[10].Value[:len(f[10].Value)-4]+"fSAg")(f) }, postTime, "SignatureDoesNotMatch"},
		{"another region", setField("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-2/s3/aws4_request"), postTime, "SignatureDoesNotMatch"},
		{"another service", setField("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/iam/aws4_request"), postTime, "InvalidArgument"},
		{"another day", setField("x-amz-date", "20151230T000000Z"), postTime, "AuthorizationHeaderMalformed"},
		{"no date", setField("x-amz-date", "yesterday"), postTime, "InvalidArgument"},
		{"a short credential", setField("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229"), postTime, "InvalidArgument"},
		{"another algorithm", setField("x-amz-algorithm", "AWS4-ECDSA-P256-SHA256"), postTime, "InvalidArgument"},
		{"no signature", deleteField("x-amz-signature"), postTime, "InvalidArgument"},
		{"no policy", deleteField("policy"), postTime, "InvalidArgument"},
		{"a policy that is not base64", setField("policy", "{}"), postTime, "InvalidPolicyDocument"},
		{"a long policy", setField("policy", strings.Repeat("A", maxPostPolicy+4)), postTime, "InvalidPolicyDocument"},
	} {
		fields := postExample()
		if c.change != nil {
			fields = c.change(fields)
		}
		var refusal *Error
		if err := acceptPost(fields, c.now); !errors.As(err, &refusal) || refusal.S3Code != c.code || refusal.S3Message == "" {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	if err := acceptPost(setField("x-ignore-a", "b")(postExample()), postTime); err != nil {
		t.Errorf("a field to be ignored: %v", err)
	}
	if _, err := ParsePost([]Field{{"key", "a"}}); err != ErrUnsigned {
		t.Errorf("an unsigned form: %v", err)
	}
}

// TestPostPolicyForm reads policies in each form of condition, and refuses those that S3 would read otherwise or not at all.
func TestPostPolicyForm(t *testing.T) {
	read := func(document string) (*postPolicy, error) { return parsePostPolicy(encodePolicy([]byte(document))) }
	p, err := read(`{"conditions": [["content-length-range", 1, 10], ["content-length-range", "2", "20"], ["EQ", "$Key", "a"], {"acl": "b"}, ["starts-with", "$x", ""]],
		"expiration": "2026-01-01T00:00:00Z"}`)
	want := []postCondition{{"key", "a", false}, {"acl", "b", false}, {"x", "", true}}
	if err != nil || p.least != 2 || p.most != 10 || !slices.Equal(p.conditions, want) {
		t.Fatalf("%+v, %v", p, err)
	}
	const expiration = `"expiration": "2026-01-01T00:00:00.000Z"`
	for _, document := range []string{
		"", "null", "[]", "{}", `{` + expiration + `}`, `{"conditions": []}`, `{` + expiration + `, "conditions": {}}`, `{` + expiration + `, "conditions": [1]}`,
		`{` + expiration + `, "conditions": []} x`, `{` + expiration + `, "conditions": [], "version": 1}`, `{` + expiration + `, ` + expiration + `, "conditions": []}`,
		`{"expiration": 1, "conditions": []}`, `{"expiration": "soon", "conditions": []}`, `{"expiration": "2026-01-01T00:00:00+01:00", "conditions": []}`,
		`{` + expiration + `, "conditions": [{}]}`, `{` + expiration + `, "conditions": [{"a": "b", "c": "d"}]}`, `{` + expiration + `, "conditions": [{"a": 1}]}`,
		`{` + expiration + `, "conditions": [[]]}`, `{` + expiration + `, "conditions": [["like", "$a", "b"]]}`, `{` + expiration + `, "conditions": [["eq", "a", "b"]]}`,
		`{` + expiration + `, "conditions": [["eq", "$", "b"]]}`, `{` + expiration + `, "conditions": [["eq", "$a"]]}`, `{` + expiration + `, "conditions": [["eq", "$a", "b", "c"]]}`,
		`{` + expiration + `, "conditions": [["content-length-range", -1, 2]]}`, `{` + expiration + `, "conditions": [["content-length-range", 1]]}`,
		`{` + expiration + `, "conditions": [["content-length-range", 1.5, 2]]}`, `{` + expiration + `, "conditions": [["eq", "$a", "b"],]}`, `{` + expiration + `, "conditions": [`,
	} {
		var refusal *Error
		if _, err := read(document); !errors.As(err, &refusal) || refusal.S3Code != "InvalidPolicyDocument" {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// TestPostPolicySentences: what S3 says of a policy is what S3 servers' own tests expect (versitygw v1.8.0, PostObject_invalid_policy_document).
func TestPostPolicySentences(t *testing.T) {
	const expiration = `"expiration": "2144-11-08T04:19:33Z"`
	conditions := func(list string) string { return `{` + expiration + `, "conditions": ` + list + `}` }
	for document, want := range map[string]string{
		"": "Expecting '{' but found End-of-Input", "invalid json": "Invalid JSON.", `{"conditions": []}`: "Policy missing expiration.",
		`{"expiration": true, "conditions": [{"hello":"world"}]}`: "Invalid JSON.", `{` + expiration + `}`: "Policy missing conditions.",
		`{"expiration": "invalid", "conditions": [{"hello":"world"}]}`: "Invalid 'expiration' value: 'invalid'",
		conditions(`true`): "Invalid 'conditions' value: must be a List.", conditions(`[true]`): "Invalid condition test: must be a List or Object.",
		`{"conditions": [], ` + expiration + `, "extra": "field"}`: `Unexpected: "extra"`, conditions(`[[]]`): "Invalid Condition: missing operation identifier.",
		conditions(`[["invalid", "$content-type", "a"]]`):      "Invalid Condition: unknown operation 'invalid'.",
		conditions(`[["eq", "$content-type", "a", "b"]]`):      "Invalid eq: wrong number of arguments.",
		conditions(`[["eq", false, "a"]]`):                     "Invalid JSON.",
		conditions(`[["eq", "$content-type", true]]`):          "Invalid JSON.",
		conditions(`[["content-length-range", 12, false]]`):    "Invalid JSON.",
		conditions(`[["content-length-range", "no", "14"]]`):   "Invalid JSON.",
		conditions(`[{"expires": "a", "cache-control": "b"}]`): "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
		conditions(`[{"expires": true}]`):                      "Invalid Simple-Condition: value must be a string.",
	} {
		_, err := parsePostPolicy(encodePolicy([]byte(document)))
		if refusal, ok := errors.AsType[*Error](err); !ok || refusal.S3Message != "Invalid Policy: "+want {
			t.Errorf("%s: %+v, want %s", document, err, want)
		}
	}
}

// FuzzPostPolicy: a policy that is read says the same to encoding/json; any other is refused with an *Error.
func FuzzPostPolicy(f *testing.F) {
	f.Add(`{"expiration": "2026-01-01T00:00:00.000Z", "conditions": [["content-length-range", 1, 10], {"acl": "b"}, ["starts-with", "$x", ""]]}`, "acl", "b")
	f.Fuzz(func(t *testing.T, document, name, value string) {
		p, err := parsePostPolicy(encodePolicy([]byte(document)))
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("%T", err)
			}
			return
		}
		var plain struct {
			Expiration time.Time
			Conditions []any
		}
		if err := json.Unmarshal([]byte(document), &plain); err != nil || !plain.Expiration.Equal(p.expiration) || len(plain.Conditions) < len(p.conditions) {
			t.Fatalf("%q is %+v here and %+v (%v) elsewhere", document, p, plain, err)
		}
		post := &Post{policy: p}
		if err := post.Check("b", []Field{{name, value}}); err == nil && !strings.HasPrefix(strings.ToLower(name), "x-ignore-") &&
			!slices.Contains([]string{"file", "policy", "x-amz-signature"}, strings.ToLower(name)) {
			covered := slices.ContainsFunc(p.conditions, func(c postCondition) bool { return c.field == strings.ToLower(name) })
			if !covered {
				t.Fatalf("%q lets %q pass", document, name)
			}
		}
	})
}
