package awsapi

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openirsa/openirsa/sigv4"
)

// FuzzREST: whatever request finds an operation of EKS has its labels in the path, as text, and decodes or is refused.
func FuzzREST(f *testing.F) {
	f.Add("GET", "/clusters/prod", "", "")
	f.Add("POST", "/clusters/a%2Fb/addons", "", `{"addonName":"x","tags":{"a":"b"},"podIdentityAssociations":[]}`)
	f.Add("DELETE", "/clusters/a/addons/b", "preserve=true", "")
	f.Add("POST", "/clusters/a/addons/b/update", "", `{"configurationValues":"{}"}`)
	f.Add("GET", "/clusters//addons", "maxResults=1&nextToken=x", "")
	p := restProtocol{routes: eksRoutes(nil)}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		header := map[string][]string{"Content-Type": {restContentType}}
		q := &request{body: []byte(body), signed: &sigv4.Request{Method: method, Path: path, RawQuery: query, Header: header}}
		op, err := p.route(q, &answer{})
		if op.service != "eks" {
			t.Fatalf("%s %s is a call of %q", method, path, op.service)
		}
		if err != nil {
			return
		}
		if !isClusterPath(path) || strings.Count(path, "/") > 5 || op.name == "" || method != http.MethodPost && body != "" {
			t.Errorf("%s %s is %s", method, path, op.name)
		}
		for _, label := range q.labels {
			if label == "" || !utf8.ValidString(label) || strings.ContainsRune(label, 0) {
				t.Errorf("%s has the label %q", path, label)
			}
		}
		if _, err := op.bind(q); err == nil {
			for name := range q.form.values {
				if !q.form.taken[name] && !strings.HasPrefix(name, "X-Amz-") {
					t.Errorf("%s took no notice of %s", op.name, name)
				}
			}
		}
	})
}

// FuzzLookupEvents: whatever body is accepted is a query within CloudTrail's limits, of the caller's account.
func FuzzLookupEvents(f *testing.F) {
	f.Add([]byte(`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"}],"StartTime":1.7e9,"EndTime":1700000001.25,"MaxResults":50}`))
	f.Add([]byte(`{"StartTime":1e400}`))
	f.Add([]byte(`{"EventCategory":"insight","NextToken":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in lookupInput
		if decodeJSON(body, &in) != nil {
			return
		}
		in.parameters()
		q, err := in.query("111122223333")
		if err != nil {
			return
		}
		if q.Account != "111122223333" || q.Limit < 1 || q.Limit > 50 || (q.Attribute == "") != (q.Value == "") || q.Start.Year() > 9999 || q.End.Year() > 9999 ||
			in.StartTime != nil && in.EndTime != nil && q.Start.After(q.End) {
			t.Errorf("%s is the query %+v", body, q)
		}
	})
}
