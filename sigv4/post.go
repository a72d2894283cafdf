package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"
)

// maxPostPolicy bounds a form's policy in its base64 form.
const maxPostPolicy = 32 << 10

// Field is a field of an HTML form, in the order of the form; that of the file is not one of them. Names are compared without case, as S3 does.
type Field struct{ Name, Value string }

// Post is what a browser's upload claims about itself: parsed, not verified. Its Authorization has a session token where the form has one, and
// neither signed headers nor an expiry: the policy has those.
type Post struct {
	Authorization
	Policy string // as it is signed: base64
	policy *postPolicy
}

// ParsePost reads the fields that sign a form ("Authenticating Requests in Browser-Based Uploads Using POST", S3 API Reference,
// sigv4-authentication-HTTPPOST). It returns ErrUnsigned for a form that has none of them; other errors are *Error. What it returns is a claim:
// nothing is verified but its form.
func ParsePost(fields []Field) (*Post, error) {
	signing := [...]string{"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"}
	var values [len(signing)]string
	var found [len(signing)]bool
	for _, field := range fields {
		for i, name := range signing {
			switch {
			case !strings.EqualFold(field.Name, name):
			case found[i]:
				return nil, errTwice(name)
			default:
				values[i], found[i] = field.Value, true
			}
		}
	}
	if found == [len(signing)]bool{} {
		return nil, ErrUnsigned
	}
	for i, name := range signing[:5] {
		if !found[i] {
			return nil, errPostField(name)
		}
	}
	if values[1] != Algorithm {
		return nil, errPostArgument("X-Amz-Algorithm", values[1], "Only AWS4-HMAC-SHA256 is supported")
	}
	p := &Post{Policy: values[0], Authorization: Authorization{Signature: values[4], SessionToken: values[5]}}
	var err error
	p.Time, err = time.Parse(TimeFormat, values[3])
	if err != nil || len(values[3]) != len(TimeFormat) {
		return nil, errPostArgument("X-Amz-Date", values[3], "X-Amz-Date must be formated via ISO8601 Long format") // S3's spelling
	}
	if err := p.fill(values[2], "host"); err != nil {
		return nil, errPostArgument("x-amz-credential", values[2], strings.TrimPrefix(err.(*Error).S3Message, s3HeaderIntro))
	}
	p.SignedHeaders = nil
	if p.Scope.Service != "s3" {
		return nil, errPostArgument("x-amz-credential", values[2], wrongService(p.Scope.Service))
	}
	p.policy, err = parsePostPolicy(p.Policy)
	return p, err
}

// VerifyPost checks the form's signature, which is that of the policy, and that the policy has not expired. Its conditions are for Check, when the
// upload is known. Errors are *Error.
func (v *Verifier) VerifyPost(p *Post, secretAccessKey string, now time.Time) error {
	if p.Time.Format(dateFormat) != p.Scope.Date {
		return errScopeDate(&p.Authorization)
	}
	key, kept := v.key(secretAccessKey, p.Scope)
	want := p.signature(key)
	if subtle.ConstantTimeCompare(want[:], []byte(p.Signature)) != 1 {
		return errSignature(&p.Authorization, p.Policy)
	}
	if !kept {
		v.keep(secretAccessKey, p.Scope, key)
	}
	switch {
	case p.Time.After(now.Add(MaxSkew)):
		return errNotYet(&p.Authorization, now)
	case !now.Before(p.policy.expiration):
		return errPostDenied("Policy expired.")
	}
	return nil
}

// signature is the lower-case hex of the policy's signature: the string to sign is the policy in base64.
func (p *Post) signature(key Key) (out hexSignature) {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(p.Policy))
	hex.Encode(out[:], mac.Sum(nil))
	return out
}

// SignPost returns the fields that sign a form: policy, a JSON document, and the four x-amz- fields, and x-amz-security-token where c has a token. The
// policy has to have a condition for each of them but itself and x-amz-signature.
func SignPost(policy []byte, c Credentials, region string, at time.Time) []Field {
	scope := Scope{Date: at.UTC().Format(dateFormat), Region: region, Service: "s3"}
	p := Post{Policy: encodePolicy(policy)}
	signature := p.signature(SigningKey(c.SecretAccessKey, scope))
	fields := []Field{
		{"policy", p.Policy}, {"x-amz-algorithm", Algorithm}, {"x-amz-credential", c.AccessKeyID + "/" + scope.String()},
		{"x-amz-date", stamp(at)}, {"x-amz-signature", string(signature[:])},
	}
	if c.SessionToken != "" {
		fields = append(fields, Field{"x-amz-security-token", c.SessionToken})
	}
	return fields
}

func errPost(code, message string) *Error {
	return &Error{Code: incomplete, Message: message, S3Code: code, S3Message: message}
}

func errPostField(name string) *Error {
	return errPostArgument(name, "", "Bucket POST must contain a field named '"+name+"'.  If it is specified, please check the order of the fields.")
}

// errPostArgument is for a field of another value than it must have.
func errPostArgument(name, value, message string) *Error {
	e := errPost(s3Argument, message)
	e.S3Details = []Detail{{"ArgumentName", name}, {"ArgumentValue", shown(value)}}
	return e
}

// errPostPolicy is for a policy document that cannot be read.
func errPostPolicy(words string) *Error {
	return errPost("InvalidPolicyDocument", "Invalid Policy: "+words)
}

// errPostDenied is for an upload that the policy does not allow.
func errPostDenied(words string) *Error {
	return errPost(s3Denied, "Invalid according to Policy: "+words)
}
