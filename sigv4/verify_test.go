package sigv4

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"
)

var (
	noon        = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	credentials = Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret/secret", SessionToken: "token+/="}
)

func getRequest() *Request {
	return &Request{
		Method: "GET", Path: "/", RawQuery: "Action=GetCallerIdentity&Version=2011-06-15", Host: "sts.amazonaws.com",
		Header:      map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Amz-Target": {"a"}},
		PayloadHash: hashOf(""),
	}
}

func signedRequest(t testing.TB, service string) *Request {
	t.Helper()
	r := getRequest()
	if err := Sign(r, credentials, "eu-west-1", service, noon); err != nil {
		t.Fatal(err)
	}
	return r
}

func presignedRequest(t testing.TB, service string) *Request {
	t.Helper()
	r := getRequest()
	query, err := Presign(r, credentials, "eu-west-1", service, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r.RawQuery = query
	return r
}

func parseAndVerify(r *Request, now time.Time) error {
	a, err := Parse(r)
	if err != nil {
		return err
	}
	return Verify(r, a, credentials.SecretAccessKey, now)
}

// edit replaces text in the Authorization header.
func edit(old, new string) func(*Request) {
	return func(r *Request) {
		r.Header["Authorization"][0] = strings.Replace(r.Header["Authorization"][0], old, new, 1)
	}
}

// editQuery replaces text in the query.
func editQuery(old, new string) func(*Request) {
	return func(r *Request) { r.RawQuery = strings.Replace(r.RawQuery, old, new, 1) }
}

func header(name string, values ...string) func(*Request) {
	return func(r *Request) { r.Header[name] = values }
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", maxAuthorization)
	cases := []struct {
		name         string
		presigned    bool
		change       func(*Request)
		code, s3Code string
		message      string // part of Message
	}{
		{"no signature", false, func(r *Request) { delete(r.Header, "Authorization") }, "MissingAuthenticationToken", "AccessDenied", "Request is missing Authentication Token"},
		{"another algorithm", false, edit("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "MissingAuthenticationToken", "InvalidArgument", "Request is missing Authentication Token"},
		{"asymmetric", false, edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "MissingAuthenticationToken", "InvalidArgument", "Request is missing Authentication Token"},
		{"algorithm in lower case", false, edit("AWS4-HMAC-SHA256", "aws4-hmac-sha256"), "MissingAuthenticationToken", "InvalidArgument", "Request is missing Authentication Token"},
		{"basic authentication", false, header("Authorization", "Basic eA=="), "MissingAuthenticationToken", "InvalidArgument", "Request is missing Authentication Token"},
		{"empty authorization", false, header("Authorization", ""), "MissingAuthenticationToken", "InvalidArgument", "Request is missing Authentication Token"},
		{"signature version 2", false, header("Authorization", "AWS AKIDEXAMPLE:c2lnbmF0dXJl"), "IncompleteSignature", "InvalidRequest", "AWS Signature Version 2 is not supported."},
		// The hashes are those of sha256sum and base64.
		{"nothing but the algorithm", false, header("Authorization", Algorithm), "IncompleteSignature", "AuthorizationHeaderMalformed",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
				"(Hashed with SHA-256 and encoded with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0="},
		{"nothing but the algorithm, and no date", false, func(r *Request) {
			delete(r.Header, "X-Amz-Date")
			header("Authorization", Algorithm)(r)
		}, "IncompleteSignature", "AuthorizationHeaderMalformed",
			"'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256"},
		{"no date", false, func(r *Request) { delete(r.Header, "X-Amz-Date") }, "IncompleteSignature", "AccessDenied",
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="},
		{"empty date", false, header("X-Amz-Date", ""), "IncompleteSignature", "AccessDenied", "existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"empty date beside another", false, func(r *Request) {
			header("X-Amz-Date", "")(r)
			header("Date", "20261123T120000Z")(r)
		}, "IncompleteSignature", "AccessDenied", "existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"date with a fraction", false, header("X-Amz-Date", "20261123T120000.5Z"), "IncompleteSignature", "AccessDenied",
			"Date must be in ISO-8601 'basic format'. Got '20261123T120000.5Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"part without a value", false, header("Authorization", Algorithm+" Credential"), "IncompleteSignature", "AuthorizationHeaderMalformed",
			"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'KfSoC26UaBDGXxo5AUFS45c1cmAbyLKDOxOTKcZYWt4='."},
		{"part of another name", false, edit("Signature=", "Signatures="), "IncompleteSignature", "AuthorizationHeaderMalformed", "requires 'Signature' parameter. (Hashed"},
		{"part too many", false, edit("Signature=", "Signatures=x, Signature="), "IncompleteSignature", "AuthorizationHeaderMalformed", "'Signatures' is not a parameter"},
		{"part given twice", false, edit("Signature=", "Credential=x, Signature="), "IncompleteSignature", "InvalidArgument", "'Credential' must be given only once."},
		{"short credential", false, edit("/eu-west-1", ""), "IncompleteSignature", "AuthorizationHeaderMalformed", "exactly 5 slash-delimited elements"},
		{"long credential", false, edit("/eu-west-1", "/eu-west-1/x"), "IncompleteSignature", "AuthorizationHeaderMalformed", "exactly 5 slash-delimited elements"},
		{"empty region", false, edit("/eu-west-1/", "//"), "IncompleteSignature", "AuthorizationHeaderMalformed", "exactly 5"},
		{"scope date is none", false, edit("/20261123/", "/20261323/"), "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."},
		{"terminator", false, edit("aws4_request", "aws5_request"), "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
			"Credential should be scoped with a valid terminator: 'aws4_request'."},
		{"scope of another day", false, edit("/20261123/", "/20261122/"), "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."},
		{"scope of another region", false, edit("/eu-west-1/", "/us-east-1/"), "SignatureDoesNotMatch", "SignatureDoesNotMatch", "The request signature we calculated"},
		{"signed headers out of order", false, edit("content-type;host", "host;content-type"), "IncompleteSignature", "AuthorizationHeaderMalformed", "ascending"},
		{"signed header twice", false, edit("host;", "host;host;"), "IncompleteSignature", "AuthorizationHeaderMalformed", "each once"},
		{"signed headers in capitals", false, edit("host;", "Host;"), "IncompleteSignature", "AuthorizationHeaderMalformed", "lower-case"},
		{"host not signed", false, edit("host;", ""), "SignatureDoesNotMatch", "AccessDenied", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"date not signed", false, edit(";x-amz-date", ""), "SignatureDoesNotMatch", "AccessDenied", "'x-amz-date' must be a 'SignedHeader'"},
		{"session token not signed", false, edit(";x-amz-security-token", ""), "SignatureDoesNotMatch", "AccessDenied", "'x-amz-security-token' must be"},
		{"session token not signed, in lower case", false, func(r *Request) {
			edit(";x-amz-security-token", "")(r)
			r.Header["x-amz-security-token"] = r.Header["X-Amz-Security-Token"]
			delete(r.Header, "X-Amz-Security-Token")
		}, "SignatureDoesNotMatch", "AccessDenied", "'x-amz-security-token' must be"},
		{"target not signed", false, edit(";x-amz-target", ""), "SignatureDoesNotMatch", "AccessDenied", "'x-amz-target' must be a 'SignedHeader'"},
		{"signed header gone", false, func(r *Request) { delete(r.Header, "Content-Type") }, "IncompleteSignature", "AuthorizationHeaderMalformed", "'content-type'"},
		{"signed header in two spellings", false, header("x-amz-target", "b"), "IncompleteSignature", "InvalidArgument", "'x-amz-target' must be given only once."},
		{"date only in an unsigned Date header", false, func(r *Request) {
			delete(r.Header, "X-Amz-Date")
			edit("x-amz-date;", "")(r)
			r.Header["Date"] = []string{"20261123T120000Z"}
		}, "SignatureDoesNotMatch", "AccessDenied", "'date' must be a 'SignedHeader'"},
		{"two Authorization headers", false, func(r *Request) {
			r.Header["Authorization"] = append(r.Header["Authorization"], r.Header["Authorization"][0])
		},
			"IncompleteSignature", "InvalidArgument", "'Authorization' must be given only once."},
		{"Authorization in two spellings", false, func(r *Request) { r.Header["authorization"] = r.Header["Authorization"] },
			"IncompleteSignature", "InvalidArgument", "must be given only once."},
		{"two dates", false, func(r *Request) { r.Header["X-Amz-Date"] = append(r.Header["X-Amz-Date"], "20261123T120000Z") }, "IncompleteSignature", "InvalidArgument", "only once"},
		{"two session tokens", false, func(r *Request) {
			r.Header["X-Amz-Security-Token"] = append(r.Header["X-Amz-Security-Token"], "b")
		}, "IncompleteSignature", "InvalidArgument", "only once"},
		{"header and query", false, editQuery("Version", "X-Amz-Signature=00&Version"), "IncompleteSignature", "InvalidArgument", "Only one of"},
		{"header and query in lower case", false, editQuery("Version", "x-amz-credential=00&Version"), "IncompleteSignature", "InvalidArgument", "must be spelled X-Amz-Credential"},
		{"long Authorization", false, header("Authorization", long+"x"), "IncompleteSignature", "RequestHeaderSectionTooLarge", "too long"},
		{"long query", false, func(r *Request) { r.RawQuery = strings.Repeat("x", maxQuery+1) }, "IncompleteSignature", "RequestHeaderSectionTooLarge", "too long"},
		{"signature in capitals", false, func(r *Request) {
			before, after, _ := strings.Cut(r.Header["Authorization"][0], "Signature=")
			r.Header["Authorization"][0] = before + "Signature=" + strings.ToUpper(after)
		}, "SignatureDoesNotMatch", "SignatureDoesNotMatch", "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{"broken percent-encoding", false, editQuery("Version", "V%zzersion"), "IncompleteSignature", "InvalidURI", "percent-encoding"},

		{"presigned: another algorithm", true, editQuery("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), "MissingAuthenticationToken", "AuthorizationQueryParametersError", "Missing Authentication Token"},
		{"presigned: asymmetric", true, editQuery("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "MissingAuthenticationToken", "AuthorizationQueryParametersError", "Missing Authentication Token"},
		{"presigned: no algorithm", true, editQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), "MissingAuthenticationToken", "AuthorizationQueryParametersError", "Request is missing Authentication Token"},
		{"presigned: no algorithm and no signature", true, func(r *Request) {
			editQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "")(r)
			editQuery("X-Amz-Signature=", "A=")(r)
		}, "MissingAuthenticationToken", "AuthorizationQueryParametersError", "Request is missing Authentication Token"},
		{"presigned: another date", true, editQuery("X-Amz-Date=20261123T120000Z", "X-Amz-Date=03032006"), "IncompleteSignature", "AuthorizationQueryParametersError",
			"Date must be in ISO-8601 'basic format'. Got '03032006'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"presigned: parameters missing", true, editQuery("X-Amz-Date=20261123T120000Z&", ""), "IncompleteSignature", "AuthorizationQueryParametersError",
			"AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"presigned: expires missing", true, editQuery("X-Amz-Expires=3600&", ""), "IncompleteSignature", "AuthorizationQueryParametersError", "'X-Amz-Expires'"},
		{"presigned: expires zero", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=0"), "IncompleteSignature", "AuthorizationQueryParametersError", "at least 1"},
		{"presigned: expires negative", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=-1"), "IncompleteSignature", "AuthorizationQueryParametersError", "non-negative"},
		{"presigned: expires beyond a week", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=604801"), "IncompleteSignature", "AuthorizationQueryParametersError", "less than a week"},
		{"presigned: expires overflows", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=9223372036854775807"), "IncompleteSignature", "AuthorizationQueryParametersError", "a number"},
		{"presigned: expires is no number", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=1h"), "IncompleteSignature", "AuthorizationQueryParametersError", "a number"},
		{"presigned: expires longer than signed", true, editQuery("X-Amz-Expires=3600", "X-Amz-Expires=3601"), "SignatureDoesNotMatch", "SignatureDoesNotMatch", "we calculated"},
		{"presigned: parameter twice", true, editQuery("X-Amz-Date", "X-Amz-Expires=3600&X-Amz-Date"), "IncompleteSignature", "InvalidArgument", "'X-Amz-Expires' must be given only once."},
		{"presigned: parameter twice in another case", true, editQuery("X-Amz-Date", "x-amz-expires=3600&X-Amz-Date"), "IncompleteSignature", "InvalidArgument", "must be spelled X-Amz-Expires"},
		{"presigned: signature in another spelling", true, editQuery("X-Amz-Signature", "X-Amz-signature"), "IncompleteSignature", "InvalidArgument", "must be spelled X-Amz-Signature"},
		{"presigned: parameter twice, encoded", true, editQuery("X-Amz-Date", "X%2DAmz-Expires=3600&X-Amz-Date"), "IncompleteSignature", "InvalidArgument", "only once"},
		{"presigned: two signatures", true, func(r *Request) { r.RawQuery += "&X-Amz-Signature=00" }, "IncompleteSignature", "InvalidArgument", "only once"},
		{"presigned: token in the header too", true, header("X-Amz-Security-Token", "x"), "IncompleteSignature", "InvalidArgument", "only once"},
		{"presigned: and Authorization", true, header("Authorization", "Basic eA=="), "IncompleteSignature", "InvalidArgument", "Only one of"},
		{"presigned: HTTP date", true, editQuery("X-Amz-Date=20261123T120000Z", "X-Amz-Date=Mon,%2023%20Nov%202026%2012:00:00%20GMT"), "IncompleteSignature", "AuthorizationQueryParametersError", "ISO-8601"},
		{"presigned: x-amz header added", true, header("X-Amz-Acl", "public-read"), "SignatureDoesNotMatch", "AccessDenied", "'x-amz-acl'"},
		{"presigned: other parameter", true, editQuery("GetCallerIdentity", "GetSessionToken"), "SignatureDoesNotMatch", "SignatureDoesNotMatch", "we calculated"},
		{"presigned: other host", true, func(r *Request) { r.Host = "evil.example" }, "SignatureDoesNotMatch", "SignatureDoesNotMatch", "we calculated"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := signedRequest(t, "sts")
			if c.presigned {
				r = presignedRequest(t, "s3")
			}
			if err := parseAndVerify(r, noon); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			c.change(r)
			err := parseAndVerify(r, noon)
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("error %v, want an *Error", err)
			}
			if refusal.Code != c.code || refusal.S3Code != c.s3Code || !strings.Contains(refusal.Message, c.message) || refusal.S3Message == "" {
				t.Errorf("refused with %+v", *refusal)
			}
			if strings.Contains(refusal.Message+refusal.S3Message, credentials.SessionToken) {
				t.Errorf("the refusal holds the session token: %+v", *refusal)
			}
		})
	}
}

func TestUnsigned(t *testing.T) {
	if _, err := Parse(getRequest()); err != ErrUnsigned {
		t.Errorf("Parse of an unsigned request: %v", err)
	}
	r := getRequest()
	r.RawQuery += "&X-Amz-Date=20261123T120000Z&X-Amz-Security-Token=x" // neither signs anything
	if _, err := Parse(r); err != ErrUnsigned {
		t.Errorf("Parse: %v", err)
	}
}

func TestWindow(t *testing.T) {
	cases := []struct {
		name      string
		presigned bool
		offset    time.Duration // of the server's clock from the request's
		message   string        // empty: accepted
		s3Code    string
	}{
		{"same time", false, 0, "", ""},
		{"oldest", false, 15 * time.Minute, "", ""},
		{"too old", false, 15*time.Minute + time.Second,
			"Signature expired: 20261123T120000Z is now earlier than 20261123T120001Z (20261123T121501Z - 15 min.)", "RequestTimeTooSkewed"},
		{"newest", false, -15 * time.Minute, "", ""},
		{"too new", false, -15*time.Minute - time.Second,
			"Signature not yet current: 20261123T120000Z is still later than 20261123T115959Z (20261123T114459Z + 15 min.)", "RequestTimeTooSkewed"},
		{"presigned, last second", true, time.Hour, "", ""},
		{"presigned, expired", true, time.Hour + time.Second,
			"Signature expired: 20261123T120000Z is now earlier than 20261123T120001Z (20261123T130001Z - 60 min.)", "AccessDenied"},
		{"presigned, from the near future", true, -15 * time.Minute, "", ""},
		{"presigned, from the future", true, -15*time.Minute - time.Second,
			"Signature not yet current: 20261123T120000Z is still later than 20261123T115959Z (20261123T114459Z + 15 min.)", "AccessDenied"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := signedRequest(t, "s3")
			if c.presigned {
				r = presignedRequest(t, "s3")
			}
			err := parseAndVerify(r, noon.Add(c.offset))
			if c.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Message != c.message || refusal.S3Code != c.s3Code {
				t.Errorf("%v, want %s", err, c.message)
			}
		})
	}
}

// TestPresignedWindow: services other than S3 ignore X-Amz-Expires, whatever it says; aws-iam-authenticator and `aws eks get-token` send 60,
// the SDKs' PresignGetCallerIdentity nothing.
func TestPresignedWindow(t *testing.T) {
	for _, edit := range []func(*Request){
		func(*Request) {},
		editQuery("&X-Amz-Expires=3600", ""),
		editQuery("X-Amz-Expires=3600", "X-Amz-Expires=1"),
		editQuery("X-Amz-Expires=3600", "X-Amz-Expires=604801"),
		editQuery("X-Amz-Expires=3600", "X-Amz-Expires="),
		editQuery("X-Amz-Expires=3600", "X-Amz-Expires=soon"),
	} {
		r := presignedRequest(t, "sts")
		edit(r)
		resign(t, r)
		for offset, accepted := range map[time.Duration]bool{
			-15*time.Minute - time.Second: false, -15 * time.Minute: true, 0: true, 15 * time.Minute: true, 15*time.Minute + time.Second: false,
		} {
			err := parseAndVerify(r, noon.Add(offset))
			if refusal := (*Error)(nil); accepted != (err == nil) || !accepted && (!errors.As(err, &refusal) || refusal.Code != "SignatureDoesNotMatch") {
				t.Errorf("%s after %v: %v", r.RawQuery, offset, err)
			}
		}
	}
}

// resign replaces the signature of a presigned request whose query was edited.
func resign(t *testing.T, r *Request) {
	t.Helper()
	a, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	values, err := signedValues(r, a.SignedHeaders, true, rules{})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := signature(r, a.SignedHeaders, values, stamp(a.Time), a.Scope, SigningKey(credentials.SecretAccessKey, a.Scope), true, rulesOf(a.Scope.Service))
	if err != nil {
		t.Fatal(err)
	}
	r.RawQuery = strings.Replace(r.RawQuery, a.Signature, string(sum[:]), 1)
}

// TestDateHeader: a request may be dated by Date in either format, as long as it is signed.
func TestDateHeader(t *testing.T) {
	for _, date := range []string{"20261123T120000Z", "Mon, 23 Nov 2026 12:00:00 GMT"} {
		r := getRequest()
		r.Header["Date"] = []string{date}
		scope := Scope{"20261123", "eu-west-1", "sts"}
		names, values, err := headersToSign(r)
		if err != nil {
			t.Fatal(err)
		}
		hex, err := signature(r, names, values, "20261123T120000Z", scope, SigningKey(credentials.SecretAccessKey, scope), false, rules{})
		if err != nil {
			t.Fatal(err)
		}
		r.Header["Authorization"] = []string{Algorithm + " Credential=A/" + scope.String() + ",SignedHeaders=" + strings.Join(names, ";") + ",Signature=" + string(hex[:])}
		if err := parseAndVerify(r, noon); err != nil {
			t.Errorf("%s: %v", date, err)
		}
	}
}

// TestPath holds the two path rules against the documents: S3 encodes once and keeps everything, other services normalise and encode twice.
func TestPath(t *testing.T) {
	cases := []struct{ wire, s3, other string }{
		{"", "/", "/"},
		{"/", "/", "/"},
		{"/a/../b", "/a/../b", "/b"},
		{"/../a", "/../a", "/a"},
		{"//a//b//", "//a//b//", "/a/b/"},
		{"/a/.", "/a/.", "/a/"},
		{"/a/..", "/a/..", "/"},
		{"/a/b/..", "/a/b/..", "/a/"},
		{"/a%20b", "/a%20b", "/a%2520b"},
		{"/a+b", "/a%2Bb", "/a%2Bb"},
		{"/a%2fb", "/a/b", "/a%252fb"},
		{"/%41(~)", "/A%28~%29", "/%2541%28~%29"},
		{"/ü", "/%C3%BC", "/%C3%BC"},
	}
	for _, c := range cases {
		for service, want := range map[string]string{"s3": c.s3, "execute-api": c.other} {
			if got, err := appendPath(nil, c.wire, rulesOf(service)); err != nil || string(got) != want {
				t.Errorf("%s %q: %q, %v, want %q", service, c.wire, got, err, want)
			}
		}
	}
	if _, err := appendPath(nil, "/a%2", rulesOf("s3")); err == nil {
		t.Error("accepted a broken percent-encoding")
	}
}

// TestSignAgain: signing again replaces what the first signature set, in whatever case it stands.
func TestSignAgain(t *testing.T) {
	r := signedRequest(t, "s3")
	first := maps.Clone(r.Header)
	r.Header["x-amz-security-token"] = []string{"old"}
	if err := Sign(r, credentials, "eu-west-1", "s3", noon); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(r.Header, first, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
		t.Errorf("signed again: %v, first %v", r.Header, first)
	}
}

func TestSignRefuses(t *testing.T) {
	for name, sign := range map[string]func(*Request) error{
		"no secret":        func(r *Request) error { return Sign(r, Credentials{AccessKeyID: "A"}, "eu-west-1", "sts", noon) },
		"no access key id": func(r *Request) error { return Sign(r, Credentials{SecretAccessKey: "s"}, "eu-west-1", "sts", noon) },
		"slash in region":  func(r *Request) error { return Sign(r, credentials, "eu/west", "sts", noon) },
		"no payload hash": func(r *Request) error {
			r.PayloadHash = ""
			return Sign(r, credentials, "eu-west-1", "sts", noon)
		},
		"one header twice": func(r *Request) error {
			r.Header["x-amz-target"] = []string{"b"}
			return Sign(r, credentials, "eu-west-1", "sts", noon)
		},
		"eight days": func(r *Request) error {
			_, err := Presign(r, credentials, "eu-west-1", "sts", noon, 8*24*time.Hour)
			return err
		},
		"half a second": func(r *Request) error {
			_, err := Presign(r, credentials, "eu-west-1", "sts", noon, 1500*time.Millisecond)
			return err
		},
		"presigned already": func(r *Request) error {
			r.RawQuery = "X-Amz-Signature=x"
			_, err := Presign(r, credentials, "eu-west-1", "sts", noon, time.Hour)
			return err
		},
	} {
		if err := sign(getRequest()); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

// TestEveryBit flips each bit of what carries the signature. Only the access key id of the header form is outside it: whoever looks up the
// secret by that id then verifies with another secret.
func TestEveryBit(t *testing.T) {
	r := signedRequest(t, "sts")
	authorization := r.Header["Authorization"][0]
	for i := range 8 * len(authorization) {
		b := []byte(authorization)
		b[i/8] ^= 1 << (i % 8)
		r.Header["Authorization"][0] = string(b)
		a, err := Parse(r)
		if err == nil {
			err = Verify(r, a, credentials.SecretAccessKey, noon)
		}
		if err == nil && a.AccessKeyID == credentials.AccessKeyID {
			t.Errorf("accepted %q", b)
		}
	}
	r = presignedRequest(t, "sts")
	query := r.RawQuery
	for i := range 8 * len(query) {
		b := []byte(query)
		b[i/8] ^= 1 << (i % 8)
		r.RawQuery = string(b)
		// %2f is %2F, and a parameter's name is signed as it is spelled but found in any case: neither says anything else.
		if err := parseAndVerify(r, noon); err == nil && !strings.EqualFold(r.RawQuery, query) {
			t.Errorf("accepted %q", b)
		}
	}
}
