package trail

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

func TestMetrics(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	count := func(source, name, code string, decision *policy.Decision) {
		t.Helper()
		e := event("1")
		e.Source, e.Name, e.ErrorCode, e.Decision = source, name, code, decision
		if err := tr.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	denied := &policy.Decision{}
	count("iam.amazonaws.com", "CreateRole", "", nil)
	count("iam.amazonaws.com", "CreateRole", "", nil)
	count("iam.amazonaws.com", "CreateRole", "AccessDenied", denied)
	count("iam.amazonaws.com", "CreateRole", "EntityAlreadyExists", nil)
	count("iam.amazonaws.com", "CreateRole", "ServiceFailure", nil)
	count("s3.amazonaws.com", "PutObject", "AccessDenied", denied)
	count("s3.amazonaws.com", "NoSuchThing", "InvalidAction", nil)
	count("s3.amazonaws.com", "\xff", "", nil)
	tr.Refuse(refusal("1", "192.0.2.1"))
	forged := refusal("2", "192.0.2.1")
	forged.Name = "x\"} 1\nforged"
	tr.Refuse(forged)

	for labels, want := range map[string]string{
		`name="CreateRole",outcome="allowed",source="iam.amazonaws.com"`:                "2",
		`name="CreateRole",outcome="denied",source="iam.amazonaws.com"`:                 "1",
		`name="CreateRole",outcome="invalid",source="iam.amazonaws.com"`:                "1",
		`name="CreateRole",outcome="failed",source="iam.amazonaws.com"`:                 "1",
		`name="PutObject",outcome="denied",source="s3.amazonaws.com"`:                   "1",
		`name="other",outcome="invalid",source="other"`:                                 "1",
		`name="other",outcome="allowed",source="other"`:                                 "1",
		`name="AssumeRoleWithWebIdentity",outcome="refused",source="sts.amazonaws.com"`: "1",
		`name="other",outcome="refused",source="other"`:                                 "1",
	} {
		if got := metric(t, tr, "openirsa_events_total{"+labels+"}"); got != want {
			t.Errorf("%s: %q, want %s", labels, got, want)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "openirsa_trail_queue_length", "openirsa_trail_dropped_total"} {
		if metric(t, tr, name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestMetricsStayFew: no number of names makes more than maxNames series.
func TestMetricsStayFew(t *testing.T) {
	m := newMetrics(func() int { return 3 })
	for i := range 3 * maxNames {
		e := event("1")
		e.Name = fmt.Sprintf("operation-%d", i)
		m.count(m.labels(&e, false), 1)
	}
	answer := httptest.NewRecorder()
	(&Trail{metrics: m}).Metrics().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(answer.Result().Body)
	if n := strings.Count(string(body), "openirsa_events_total{"); n != maxNames {
		t.Errorf("%d series, want %d", n, maxNames)
	}
	if !strings.Contains(string(body), "openirsa_trail_queue_length 3\n") {
		t.Error("the queue's length is not told")
	}
}
