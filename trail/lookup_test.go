package trail

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/policy"
)

const lookupAccount = "111122223333"

// lookedUp is an event of the account, a minute after the one before.
func lookedUp(i int) Event {
	e := event(fmt.Sprintf("r%d", i))
	e.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	e.Account = lookupAccount
	e.Time = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
	return e
}

func recordEvents(t testing.TB, tr *Trail, events ...Event) {
	t.Helper()
	for _, e := range events {
		if err := tr.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func lookUp(t testing.TB, tr *Trail, q LookupQuery) LookupPage {
	t.Helper()
	if q.Account == "" {
		q.Account = lookupAccount
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	page, err := tr.Lookup(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestLookupAttributes: each of CloudTrail's lookup attributes finds exactly the events that have it.
func TestLookupAttributes(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	session := lookedUp(1)
	session.Name, session.Source, session.ReadOnly = "CreateRole", "iam.amazonaws.com", false
	session.Resource = "arn:aws:iam::" + lookupAccount + ":role/team/app"
	session.UserIdentity = Identity{Type: "AssumedRole", PrincipalID: "AROAEXAMPLE:ci", ARN: "arn:aws:sts::" + lookupAccount + ":assumed-role/deploy/ci",
		AccountID: lookupAccount, AccessKeyID: "ASIAEXAMPLE"}
	exchange := lookedUp(2)
	exchange.Name = "AssumeRoleWithWebIdentity"
	exchange.Resource = "arn:aws:iam::" + lookupAccount + ":role/app-role"
	exchange.RequestParameters = map[string]any{"roleArn": exchange.Resource, "roleSessionName": "pod"}
	exchange.ResponseElements = map[string]any{
		"credentials":     map[string]any{"accessKeyId": "ASIANEW"},
		"assumedRoleUser": map[string]any{"arn": "arn:aws:sts::" + lookupAccount + ":assumed-role/app-role/pod", "assumedRoleId": "AROANEW:pod"},
	}
	exchange.UserIdentity = Identity{Type: "WebIdentityUser", UserName: "system:serviceaccount:shop:app", Provider: "https://oidc.example.test"}
	root := lookedUp(3)
	root.Name, root.Source = "DescribeCluster", "eks.amazonaws.com"
	root.Resource = "arn:aws:eks:eu-central-1:" + lookupAccount + ":cluster/prod"
	root.UserIdentity = Identity{Type: "Root", ARN: "arn:aws:iam::" + lookupAccount + ":root"}
	user := lookedUp(4)
	user.RequestParameters = map[string]any{"comment": "app-role and CreateRole and ASIAEXAMPLE, \"readOnly\":false"} // a mention is not a match
	user.UserIdentity = Identity{Type: "IAMUser", ARN: "arn:aws:iam::" + lookupAccount + ":user/team/alice"}
	user.Resource = "arn:aws:iam::" + lookupAccount + ":instance-profile/nodes"
	user.RequestParameters["instanceProfileName"], user.RequestParameters["roleName"] = "nodes", "node"
	foreign := lookedUp(5)
	foreign.Account = "444455556666"
	data := lookedUp(6)
	data.Category = Data
	nobodys := lookedUp(7)
	nobodys.Account = ""
	recordEvents(t, tr, session, exchange, root, user, foreign, data, nobodys)

	cases := []struct {
		attribute, value string
		want             []string
	}{
		{"", "", []string{"r4", "r3", "r2", "r1"}},
		{ByEventID, session.ID, []string{"r1"}},
		{ByEventID, foreign.ID, nil},
		{ByEventName, "CreateRole", []string{"r1"}},
		{ByEventName, "createrole", nil},
		{ByEventSource, "sts.amazonaws.com", []string{"r4", "r2"}},
		{ByReadOnly, "false", []string{"r1"}},
		{ByReadOnly, "true", []string{"r4", "r3", "r2"}},
		{ByUsername, "ci", []string{"r1"}},
		{ByUsername, "system:serviceaccount:shop:app", []string{"r2"}},
		{ByUsername, "root", []string{"r3"}},
		{ByUsername, "alice", []string{"r4"}},
		{ByUsername, "deploy", nil},
		{ByResourceType, "AWS::IAM::Role", []string{"r4", "r2", "r1"}},
		{ByResourceType, "AWS::IAM::InstanceProfile", []string{"r4"}},
		{ByResourceName, "node", []string{"r4"}},
		{ByResourceType, "AWS::EKS::Cluster", []string{"r3"}},
		{ByResourceName, "app", []string{"r1"}},
		{ByResourceName, session.Resource, []string{"r1"}},
		{ByResourceName, "app-role", []string{"r2"}},
		{ByResourceName, exchange.Resource, []string{"r2"}},
		{ByResourceName, "ASIANEW", []string{"r2"}},
		{ByResourceName, "prod", []string{"r3"}},
		{ByAccessKeyID, "ASIAEXAMPLE", []string{"r1"}},
		{ByAccessKeyID, "ASIANEW", nil},
		{ByResourceName, "quote\" and \\", nil},
	}
	for _, c := range cases {
		page := lookUp(t, tr, LookupQuery{Attribute: c.attribute, Value: c.value})
		if got := ids(page.Events); !slices.Equal(got, c.want) || page.Token != "" {
			t.Errorf("%s %q: %q, token %q, want %q", c.attribute, c.value, got, page.Token, c.want)
		}
	}
}

// TestLookupTimes: both ends of the range belong to it, a page is in the order of times, and lines far before it are not read.
func TestLookupTimes(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	for i := range 10 {
		recordEvents(t, tr, lookedUp(i))
	}
	late := lookedUp(4) // written late, as a queued read is
	late.RequestID = "late"
	recordEvents(t, tr, late)
	page := lookUp(t, tr, LookupQuery{Start: lookedUp(3).Time, End: lookedUp(6).Time})
	wantIDs(t, page.Events, "r6", "r5", "late", "r4", "r3")
	wantIDs(t, lookUp(t, tr, LookupQuery{Start: lookedUp(8).Time}).Events, "r9", "r8")
	wantIDs(t, lookUp(t, tr, LookupQuery{End: lookedUp(1).Time}).Events, "r1", "r0")
	recordEvents(t, tr, lookedUp(10*24*60))
	path := paths(t, dir)[0]
	// A lookup that ends in time never comes to the first line; one that does not finds it damaged.
	content := readFile(t, path)
	writeFile(t, path, []byte("{"+strings.Repeat("x", 20)+string(content[21:])))
	wantIDs(t, lookUp(t, tr, LookupQuery{Start: lookedUp(10 * 24 * 60).Time}).Events, "r14400")
	if _, err := tr.Lookup(t.Context(), LookupQuery{Account: lookupAccount, Limit: 50}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged line: %v", err)
	}
}

// pages reads a lookup to its end and runs between after every page but the last.
func pages(t testing.TB, tr *Trail, q LookupQuery, between func()) (events []Event) {
	t.Helper()
	for range 1000 {
		page := lookUp(t, tr, q)
		events = append(events, page.Events...)
		if q.Token = page.Token; q.Token == "" {
			return events
		}
		between()
	}
	t.Fatal("a thousand pages and no end")
	return nil
}

// TestLookupPages: pages put together are the events that there were at the first one, each once, while new ones arrive and files begin anew.
func TestLookupPages(t *testing.T) {
	const before = 57
	for _, limit := range []int{1, 7, 19, 50, 57, 60} {
		tr := openTrail(t, Config{Dir: folder(t), MaxFileSize: 5000, MaxFiles: 1000})
		var want []string
		for i := range before {
			recordEvents(t, tr, lookedUp(i))
			want = append([]string{fmt.Sprintf("r%d", i)}, want...)
		}
		next := before
		got := pages(t, tr, LookupQuery{Limit: limit}, func() {
			for range 3 {
				recordEvents(t, tr, lookedUp(next))
				next++
			}
		})
		wantIDs(t, got, want...)
	}
}

// TestLookupAfterRotation: when the place of a token is no longer kept, nothing older is, and the lookup ends.
func TestLookupAfterRotation(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, MaxFileSize: 3000, MaxFiles: 2})
	for i := range 8 {
		recordEvents(t, tr, lookedUp(i))
	}
	page := lookUp(t, tr, LookupQuery{Limit: 2})
	wantIDs(t, page.Events, "r7", "r6")
	if page.Token == "" {
		t.Fatal("no token")
	}
	kept := paths(t, dir)
	for i := 8; slices.ContainsFunc(kept, func(path string) bool { _, err := os.Stat(path); return err == nil }); i++ {
		recordEvents(t, tr, lookedUp(i))
	}
	page = lookUp(t, tr, LookupQuery{Limit: 2, Token: page.Token})
	if len(page.Events) > 0 || page.Token != "" {
		t.Errorf("after the rotation: %q, token %q", ids(page.Events), page.Token)
	}
}

// TestLookupBudget: a call reads about its budget, says so with a token, and calls that find nothing come to an end.
func TestLookupBudget(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, MaxFileSize: 1 << 20, MaxFiles: 100})
	found := lookedUp(0)
	found.Name = "DeleteRole"
	recordEvents(t, tr, found)
	padding := strings.Repeat("x", 1000)
	for i := range 4000 {
		e := lookedUp(i + 1)
		e.ErrorMessage = padding
		recordEvents(t, tr, e)
	}
	q := LookupQuery{Account: lookupAccount, Attribute: ByEventName, Value: "DeleteRole", Limit: 50}
	var events []Event
	calls := 0
	for calls = 1; ; calls++ {
		page, err := lookupIn(t.Context(), dir, q, 1<<20)
		if err != nil || calls > 50 {
			t.Fatalf("call %d: %v", calls, err)
		}
		events = append(events, page.Events...)
		if q.Token = page.Token; q.Token == "" {
			break
		}
	}
	wantIDs(t, events, "r0")
	if calls < 3 {
		t.Errorf("%d calls read some 6 MB with a budget of 1 MiB each", calls)
	}
}

// TestLookupTokens: a token is good for its own query only, and nothing else is one.
func TestLookupTokens(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	for i := range 10 {
		recordEvents(t, tr, lookedUp(i))
	}
	q := LookupQuery{Account: lookupAccount, Attribute: ByReadOnly, Value: "true", Limit: 3}
	q.Token = lookUp(t, tr, q).Token
	wantIDs(t, lookUp(t, tr, q).Events, "r6", "r5", "r4")
	larger := q
	larger.Limit = 50
	if got := lookUp(t, tr, larger); len(got.Events) != 7 || got.Token != "" {
		t.Errorf("a larger next page: %q, token %q", ids(got.Events), got.Token)
	}
	other := func(change func(*LookupQuery)) LookupQuery {
		changed := q
		change(&changed)
		return changed
	}
	for name, q := range map[string]LookupQuery{
		"another account":  other(func(q *LookupQuery) { q.Account = "444455556666" }),
		"another value":    other(func(q *LookupQuery) { q.Value = "false" }),
		"another time":     other(func(q *LookupQuery) { q.End = time.Now() }),
		"no token":         other(func(q *LookupQuery) { q.Token = "x" }),
		"not base64":       other(func(q *LookupQuery) { q.Token += "!" }),
		"inside of a line": other(func(q *LookupQuery) { q.Token = q.token(spot{1, 17}) }),
		"after the end":    other(func(q *LookupQuery) { q.Token = q.token(spot{1, 1 << 40}) }),
		"a negative offset": other(func(q *LookupQuery) {
			q.Token = base64.RawURLEncoding.EncodeToString([]byte("1.-5." + q.fingerprint()))
		}),
		"a longer spelling": other(func(q *LookupQuery) {
			q.Token = base64.RawURLEncoding.EncodeToString([]byte("1.0005." + q.fingerprint()))
		}),
	} {
		if _, err := tr.Lookup(t.Context(), q); !errors.Is(err, ErrLookupToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLookupOfEmptyTrail: nothing recorded is nothing found.
func TestLookupOfEmptyTrail(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	if page := lookUp(t, tr, LookupQuery{}); len(page.Events) > 0 || page.Token != "" {
		t.Errorf("got %+v", page)
	}
}

// TestCloudTrailRecord reads a record as a tool for CloudTrail does (CloudTrail user guide, "CloudTrail record contents").
func TestCloudTrailRecord(t *testing.T) {
	e := lookedUp(1)
	e.Resource = "arn:aws:iam::" + lookupAccount + ":role/team/app"
	e.Action = "iam:GetRole"
	e.Decision = &policy.Decision{}
	e.UserIdentity = Identity{Type: "AssumedRole", PrincipalID: "AROAEXAMPLE:ci", ARN: "arn:aws:sts::" + lookupAccount + ":assumed-role/deploy/ci", AccountID: lookupAccount}
	text, err := e.CloudTrailRecord()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"eventTime": "2026-01-02T03:01:00Z", "eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity", "awsRegion": "us-east-1",
		"sourceIPAddress": "192.0.2.1", "requestID": "r1", "eventID": e.ID, "readOnly": true, "eventType": "AwsApiCall", "managementEvent": true,
		"recipientAccountId": lookupAccount, "eventCategory": "Management", "requestParameters": nil, "responseElements": nil,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", name, value, there, want)
		}
	}
	for _, ours := range []string{"action", "resource", "decision", "sequence", "chain"} {
		if _, there := got[ours]; there {
			t.Errorf("%s is not a member of CloudTrail's records", ours)
		}
	}
	additional := got["additionalEventData"].(map[string]any)
	if additional["action"] != "iam:GetRole" || additional["decision"] == nil {
		t.Errorf("additionalEventData is %v", additional)
	}
	issuer := got["userIdentity"].(map[string]any)["sessionContext"].(map[string]any)["sessionIssuer"].(map[string]any)
	if issuer["userName"] != "deploy" || issuer["principalId"] != "AROAEXAMPLE" || issuer["type"] != "Role" {
		t.Errorf("sessionIssuer is %v", issuer)
	}
	resources := got["resources"].([]any)
	if len(resources) != 1 || resources[0].(map[string]any)["ARN"] != e.Resource || resources[0].(map[string]any)["type"] != "AWS::IAM::Role" {
		t.Errorf("resources are %v", resources)
	}
}

// FuzzLookupToken: whatever text is taken for a token is the one that its place has.
func FuzzLookupToken(f *testing.F) {
	q := LookupQuery{Account: lookupAccount}
	f.Add(q.token(spot{1, 0}))
	f.Add(q.token(spot{1 << 63, 1 << 62}))
	f.Add("MS4wLg")
	f.Fuzz(func(t *testing.T, token string) {
		asked := q
		asked.Token = token
		if from, err := asked.from(); err == nil && from != nil && (q.token(*from) != token || from.offset < 0) {
			t.Errorf("%q was taken for %+v", token, *from)
		}
	})
}
