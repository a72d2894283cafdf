package awsapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

const lookupTarget = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"

// lookup is an answer of LookupEvents, as the CloudTrail API reference has it.
type lookup struct {
	Events []struct {
		EventId, EventName, ReadOnly, AccessKeyId, EventSource, Username, CloudTrailEvent string
		EventTime                                                                         float64
		Resources                                                                         []struct{ ResourceType, ResourceName string }
	}
	NextToken string
}

func (l lookup) names() (names []string) {
	for _, e := range l.Events {
		names = append(names, e.EventName)
	}
	return names
}

func (p *plane) cloudTrail(t testing.TB, c sigv4.Credentials, target, body string) (*http.Response, []byte) {
	t.Helper()
	return p.send(t, c, "cloudtrail", "application/x-amz-json-1.1", http.Header{"X-Amz-Target": {target}}, []byte(body))
}

func (p *plane) lookUp(t testing.TB, c sigv4.Credentials, body string) (found lookup) {
	t.Helper()
	response, answer := p.cloudTrail(t, c, lookupTarget, body)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("LookupEvents %s: %d %s", body, response.StatusCode, answer)
	}
	must(t, json.Unmarshal(answer, &found))
	return found
}

// TestLookupEvents finds a role's making and its exchange by every way that a guide names.
func TestLookupEvents(t *testing.T) {
	p := newPlane(t)
	p.session(t, "reader", readPolicy)
	by := func(key, value string) lookup {
		t.Helper()
		return p.lookUp(t, p.root, fmt.Sprintf(`{"LookupAttributes":[{"AttributeKey":%q,"AttributeValue":%q}]}`, key, value))
	}
	arn := "arn:aws:iam::" + account + ":role/reader"
	want := []string{"AssumeRoleWithWebIdentity", "PutRolePolicy", "CreateRole"}
	for _, name := range []string{"reader", arn} {
		if got := by("ResourceName", name).names(); !slices.Equal(got, want) {
			t.Errorf("by ResourceName %s: %q, want %q", name, got, want)
		}
	}
	exchanges := by("Username", "system:serviceaccount:apps:reader")
	if len(exchanges.Events) != 1 {
		t.Fatalf("by Username: %q", exchanges.names())
	}
	e := exchanges.Events[0]
	if e.EventName != "AssumeRoleWithWebIdentity" || e.EventSource != "sts.amazonaws.com" || e.ReadOnly != "false" && e.ReadOnly != "true" ||
		time.Since(time.Unix(int64(e.EventTime), 0)) > time.Hour {
		t.Errorf("the exchange is %+v", e)
	}
	var record struct {
		EventVersion, EventID, RecipientAccountId, EventType string
		RequestParameters                                    map[string]any
		AdditionalEventData                                  map[string]any
	}
	must(t, json.Unmarshal([]byte(e.CloudTrailEvent), &record))
	if record.EventID != e.EventId || record.RecipientAccountId != account || record.EventType != "AwsApiCall" || record.RequestParameters["roleArn"] != arn ||
		record.AdditionalEventData["decision"] == nil {
		t.Errorf("the record is %s", e.CloudTrailEvent)
	}
	if got := by("EventName", "CreateRole"); len(got.Events) != 1 || got.Events[0].Username != "root" || got.Events[0].AccessKeyId != p.root.AccessKeyID {
		t.Errorf("by EventName: %+v", got)
	}
	// The lookups themselves, as one of the account's reads.
	if got := by("EventName", "LookupEvents"); len(got.Events) < 3 || got.Events[0].ReadOnly != "true" {
		t.Errorf("the lookups: %+v", got.names())
	}

	// Pages, and a range of times that ends before everything.
	var all []string
	token := ""
	for range 100 {
		page := p.lookUp(t, p.root, fmt.Sprintf(`{"MaxResults":2,"LookupAttributes":[{"AttributeKey":"ReadOnly","AttributeValue":"false"}],"NextToken":%q}`, token))
		all = append(all, page.names()...)
		if token = page.NextToken; token == "" {
			break
		}
	}
	if all = all[:len(all):len(all)]; !slices.Contains(all, "CreateOpenIDConnectProvider") || len(all) < 4 {
		t.Errorf("page by page: %q", all)
	}
	if got := p.lookUp(t, p.root, `{"StartTime":1000000000,"EndTime":1000003600.5}`); len(got.Events) > 0 {
		t.Errorf("in 2001: %q", got.names())
	}
	if got := p.lookUp(t, p.root, fmt.Sprintf(`{"StartTime":%d}`, time.Now().Add(-time.Hour).Unix())); len(got.Events) == 0 {
		t.Error("nothing in the last hour")
	}
	if got := p.lookUp(t, p.root, `{"EventCategory":"insight"}`); len(got.Events) > 0 {
		t.Errorf("insights: %q", got.names())
	}

	// Another account sees nothing of all that.
	var created awsapi.CreateAccountOutput
	p.openirsa(t, p.root, "CreateAccount", `{"AccountId":"`+otherAccount+`"}`, &created)
	other := sigv4.Credentials{AccessKeyID: created.AccessKeyId, SecretAccessKey: created.SecretAccessKey}
	if got := p.lookUp(t, other, `{}`); len(got.Events) > 0 {
		t.Errorf("a new account sees %q", got.names())
	}
}

// TestLookupEventsRefusals: CloudTrail's codes, all with status 400, as AWS JSON 1.1 has it.
func TestLookupEventsRefusals(t *testing.T) {
	p := newPlane(t)
	session := p.session(t, "powerless", "")
	const one = `{"AttributeKey":"EventName","AttributeValue":"x"}`
	cases := []struct {
		name, body, code string
	}{
		{"two attributes", `{"LookupAttributes":[` + one + `,` + one + `]}`, "InvalidLookupAttributesException"},
		{"an unknown attribute", `{"LookupAttributes":[{"AttributeKey":"Region","AttributeValue":"x"}]}`, "InvalidLookupAttributesException"},
		{"no value", `{"LookupAttributes":[{"AttributeKey":"EventName"}]}`, "InvalidLookupAttributesException"},
		{"no results", `{"MaxResults":0}`, "InvalidMaxResultsException"},
		{"too many results", `{"MaxResults":51}`, "InvalidMaxResultsException"},
		{"an end before the start", `{"StartTime":2000000000,"EndTime":1000000000}`, "InvalidTimeRangeException"},
		{"no time", `{"StartTime":-1}`, "InvalidTimeRangeException"},
		{"a time beyond all", `{"EndTime":1e300}`, "InvalidTimeRangeException"},
		{"a token that is none", `{"NextToken":"x"}`, "InvalidNextTokenException"},
		{"another category", `{"EventCategory":"data"}`, "InvalidEventCategoryException"},
		{"an unknown member", `{"Surprise":1}`, "SerializationException"},
		{"a time as text", `{"StartTime":"2026-01-02"}`, "SerializationException"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response, body := p.cloudTrail(t, p.root, lookupTarget, c.body)
			if got := readRefusal(t, response, body); got.Code != c.code || got.Status != http.StatusBadRequest {
				t.Errorf("got %+v, want %s", got, c.code)
			}
		})
	}
	for _, c := range []struct {
		name        string
		credentials sigv4.Credentials
		target      string
		code        string
	}{
		{"no signature", sigv4.Credentials{}, lookupTarget, "MissingAuthenticationTokenException"},
		{"an unknown key", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, lookupTarget, "UnrecognizedClientException"},
		{"a wrong secret", sigv4.Credentials{AccessKeyID: p.root.AccessKeyID, SecretAccessKey: "x"}, lookupTarget, "InvalidSignatureException"},
		{"no permission", session, lookupTarget, "AccessDeniedException"},
		{"no permission, by the short target", session, "CloudTrail_20131101.LookupEvents", "AccessDeniedException"},
		{"another operation, by the short target", p.root, "CloudTrail_20131101.CreateTrail", "UnknownOperationException"},
		{"another operation", p.root, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateTrail", "UnknownOperationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, body := p.cloudTrail(t, c.credentials, c.target, `{}`)
			if got := readRefusal(t, response, body); got.Code != c.code || got.Status != http.StatusBadRequest {
				t.Errorf("got %+v, want %s", got, c.code)
			}
		})
	}
	response, body := p.send(t, p.root, "openirsa", "application/x-amz-json-1.1", http.Header{"X-Amz-Target": {lookupTarget}}, []byte(`{}`))
	if got := readRefusal(t, response, body); got.Code != "InvalidSignatureException" {
		t.Errorf("signed for openirsa: %+v", got)
	}
}
