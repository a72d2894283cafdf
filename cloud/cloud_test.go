package cloud

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// client calls a server that answers everything with answer.
func client(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	endpoint := ""
	if answer != nil {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		endpoint = server.URL
	}
	c, err := New(t.Context(), Config{Endpoint: endpoint, Region: "us-east-1", MaxAttempts: 1,
		Credentials: Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestError reads a refusal of STS's, in the shape that its API reference gives, into the one error of this package.
func TestError(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-amzn-RequestId", "request-1")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error><RequestId>request-1</RequestId></ErrorResponse>`)
	})
	_, err := c.AssumeRoleWithWebIdentity(t.Context(), "arn:aws:iam::111122223333:role/app", "session", "a.b.c")
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v", err)
	}
	want := Error{Operation: "STS AssumeRoleWithWebIdentity", Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", Status: 403, RequestID: "request-1"}
	if *refusal != want {
		t.Errorf("got %+v, want %+v", *refusal, want)
	}
}

// TestEvents checks the form of our own operations, their answers and their refusals.
func TestEvents(t *testing.T) {
	var refuse bool
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("X-Amz-Target") != "OpenIRSA.GetEvents" ||
			!strings.Contains(r.Header.Get("Authorization"), "/us-east-1/openirsa/aws4_request") || string(body) != `{"RequestId":"r"}` {
			t.Errorf("sent %s %s %v %s", r.Method, r.URL, r.Header, body)
		}
		if refuse {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"__type":"AccessDenied","message":"no"}`)
			return
		}
		io.WriteString(w, `{"Events":[{"eventName":"GetObject","requestID":"r"}]}`)
	})
	events, err := c.Events(t.Context(), "r")
	if err != nil || len(events) != 1 || events[0].Name != "GetObject" {
		t.Errorf("got %+v, %v", events, err)
	}
	refuse = true
	var refusal *Error
	if _, err := c.Events(t.Context(), "r"); !errors.As(err, &refusal) || refusal.Code != "AccessDenied" || refusal.Status != 403 {
		t.Errorf("got %v", err)
	}
}

// TestEventsWithoutEndpoint: AWS has no such operation, so without an endpoint nothing is sent anywhere.
func TestEventsWithoutEndpoint(t *testing.T) {
	if _, err := client(t, nil).Events(t.Context(), "r"); !errors.Is(err, ErrNoEndpoint) {
		t.Errorf("got %v", err)
	}
}

// TestNotOpenIRSA: something else that answers on the endpoint is not taken for a plane.
func TestNotOpenIRSA(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) })
	_, err := c.Events(t.Context(), "r")
	if refusal := (*Error)(nil); err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "HTTP 502") {
		t.Errorf("got %v", err)
	}
}

// TestAuthorizationDetails reads every page, in the names of the API.
func TestAuthorizationDetails(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		const page = `<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult>`
		if strings.Contains(string(body), "Marker=next") {
			io.WriteString(w, page+`<IsTruncated>false</IsTruncated><RoleDetailList><member><RoleName>second</RoleName></member></RoleDetailList></GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`)
			return
		}
		io.WriteString(w, page+`<IsTruncated>true</IsTruncated><Marker>next</Marker><UserDetailList><member><UserName>first</UserName><UserPolicyList><member><PolicyName>p</PolicyName><PolicyDocument>%7B%7D</PolicyDocument></member></UserPolicyList></member></UserDetailList></GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`)
	})
	pages, err := c.AuthorizationDetails(t.Context())
	if err != nil || len(pages) != 2 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for i, want := range []string{`"PolicyDocument":"%7B%7D"`, `"RoleName":"second"`} {
		if !strings.Contains(string(pages[i]), want) {
			t.Errorf("page %d is %s", i, pages[i])
		}
	}
}
