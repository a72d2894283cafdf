package awsapi

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/quick"

	"github.com/openirsa/openirsa/iam"
)

// TestQueryAnswers compares with answers as the STS and IAM API references print them, without the space between elements.
func TestQueryAnswers(t *testing.T) {
	sts := queryProtocol{action: "GetCallerIdentity", namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}
	got, err := sts.success(callerIdentityResult{Arn: "arn:aws:iam::123456789012:user/Alice", UserId: "AIDA", Account: "123456789012"}, "01234567-89ab-cdef-0123-456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	want := xml.Header + `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	list := queryProtocol{action: "ListRoles", namespace: "https://iam.amazonaws.com/doc/2010-05-08/"}
	if got, err = list.success(encodeRoles(iam.Page[iam.Role]{}), "7a62c49f"); err != nil {
		t.Fatal(err)
	}
	want = xml.Header + `<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult><Roles></Roles><IsTruncated>false</IsTruncated></ListRolesResult><ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata></ListRolesResponse>`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	deletion := queryProtocol{action: "DeleteRole", namespace: "https://iam.amazonaws.com/doc/2010-05-08/"}
	if got, err = deletion.success(nil, "5a1c3e0f"); err != nil {
		t.Fatal(err)
	}
	want = xml.Header + `<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>5a1c3e0f</RequestId></ResponseMetadata></DeleteRoleResponse>`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	if got, err = sts.failure(&iam.Error{Code: "AccessDenied", Message: "a <b> & \"c\""}, http.StatusForbidden, "4f5a"); err != nil {
		t.Fatal(err)
	}
	want = xml.Header + `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>a &lt;b&gt; &amp; &#34;c&#34;</Message></Error><RequestId>4f5a</RequestId></ErrorResponse>`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRefusalWithoutMessage: AWS's MalformedInput of a number that is none has no Message element.
func TestRefusalWithoutMessage(t *testing.T) {
	got, err := queryProtocol{namespace: faultNamespace}.failure(&iam.Error{Code: "MalformedInput"}, http.StatusBadRequest, "4f5a")
	want := xml.Header + `<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>MalformedInput</Code></Error><RequestId>4f5a</RequestId></ErrorResponse>`
	if err != nil || string(got) != want {
		t.Errorf("got\n%s (%v)\nwant\n%s", got, err, want)
	}
}

func TestURLEncoded(t *testing.T) {
	const document = `{"Sid": "a+b~c_d.e-f*", "é": "%2F"}`
	// Python: urllib.parse.quote(document, safe='')
	const want = `%7B%22Sid%22%3A%20%22a%2Bb~c_d.e-f%2A%22%2C%20%22%C3%A9%22%3A%20%22%252F%22%7D`
	if got := urlEncoded(document); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	roundTrip := func(s string) bool {
		back, err := url.PathUnescape(urlEncoded(s))
		return err == nil && back == s
	}
	if err := quick.Check(roundTrip, nil); err != nil {
		t.Error(err)
	}
}

func TestRefusal(t *testing.T) {
	secret := errors.New("disk of node 7")
	cases := []struct {
		name   string
		err    error
		code   string
		status int
	}{
		{"known code", &iam.Error{Code: "NoSuchEntity", Message: "m"}, "NoSuchEntity", 404},
		{"wrapped", fmt.Errorf("calling: %w", &iam.Error{Code: "DeleteConflict", Message: "m"}), "DeleteConflict", 409},
		{"unknown code", &iam.Error{Code: "Surprise", Message: "disk of node 7"}, "InternalFailure", 500},
		{"another error", secret, "InternalFailure", 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			told, status := refusal(c.err)
			if told.Code != c.code || status != c.status {
				t.Errorf("told %s with %d, want %s with %d", told.Code, status, c.code, c.status)
			}
			if told.Message == secret.Error() {
				t.Errorf("the client is told %q", told.Message)
			}
		})
	}
}
