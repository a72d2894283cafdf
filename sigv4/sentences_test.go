package sigv4

import (
	"errors"
	"strings"
	"testing"
)

// TestHeadersThatMustBeSigned: S3 and the services whose headers carry parameters need every x-amz-* header signed; IAM and STS, as they are
// known to behave, none that they do not read.
func TestHeadersThatMustBeSigned(t *testing.T) {
	for _, service := range []string{"sts", "iam", "s3", "openirsa", "eks", "IAM"} {
		for _, name := range []string{"X-Amz-Acl", "x-amz-content-sha256", "X-Amz-Copy-Source"} {
			r := signedRequest(t, service)
			if name == "x-amz-content-sha256" && service == "s3" {
				continue // it is signed
			}
			r.Header[name] = []string{"x"}
			err := parseAndVerify(r, noon)
			if parametersOnly := service == "sts" || service == "iam"; (err == nil) != parametersOnly {
				t.Errorf("%s with an unsigned %s: %v", service, name, err)
			}
			var refusal *Error
			if err != nil && (!errors.As(err, &refusal) || refusal.Message != "'"+strings.ToLower(name)+"' must be a 'SignedHeader' in the AWS Authorization.") {
				t.Errorf("%s with an unsigned %s: %v", service, name, err)
			}
		}
	}
}

// TestSentencesOfS3: what S3 is known to answer where its words are others than those of IAM and STS.
func TestSentencesOfS3(t *testing.T) {
	const intro = "The authorization header is malformed; "
	cases := []struct{ old, new, message string }{
		{"/20261123/", "/3223423234/", intro + `incorrect date format "3223423234". This date in the credential must be in the format "yyyyMMdd".`},
		{"/20261123/", "/20261122/", intro + `Invalid credential date "20261122". This date is not the same as X-Amz-Date: "20261123".`},
		{"Signature=", "Signature", intro + `the authorization component "Signature`},
		{"Signature=", "A=", intro + "missing Signature."},
		{"Signature=", "A=1,B=", intro + "the authorization header requires three components: Credential, SignedHeaders, and Signature."},
		{"aws4_request", "aws_request", intro + `incorrect terminal "aws_request". This endpoint uses "aws4_request".`},
		{"/20261123/eu-west-1/s3/", "/1123/eu-west-1/ec2/", intro + `incorrect service "ec2". This endpoint belongs to "s3".`},
	}
	for _, c := range cases {
		r := signedRequest(t, "s3")
		edit(c.old, c.new)(r)
		var refusal *Error
		if err := parseAndVerify(r, noon); !errors.As(err, &refusal) || refusal.S3Code != "AuthorizationHeaderMalformed" || !strings.HasPrefix(refusal.S3Message, c.message) {
			t.Errorf("%s for %s: %#v", c.new, c.old, err)
		}
	}
}
