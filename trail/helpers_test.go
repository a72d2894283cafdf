package trail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a Now that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// openTrail opens a trail that is closed at the test's end, if not before.
func openTrail(t testing.TB, c Config) *Trail {
	t.Helper()
	tr, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTrail(t, tr) })
	return tr
}

func closeTrail(t testing.TB, tr *Trail) {
	t.Helper()
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

func folder(t testing.TB) string { return filepath.Join(t.TempDir(), "trail") }

func event(requestID string) Event {
	return Event{
		Source: "sts.amazonaws.com", Name: "GetCallerIdentity", Region: "us-east-1", SourceIP: "192.0.2.1",
		UserAgent: "aws-cli/2.13", RequestID: requestID, Category: Management, ReadOnly: true,
	}
}

func record(t testing.TB, tr *Trail, requestIDs ...string) {
	t.Helper()
	for _, id := range requestIDs {
		if err := tr.Record(t.Context(), event(id)); err != nil {
			t.Fatal(err)
		}
	}
}

// paths lists the trail's files, oldest first.
func paths(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

var chainMemberPattern = regexp.MustCompile(`,"chain":"([0-9a-f]{64})"\}$`)

// readTrail reads every line of dir with an independent reading of the format that the package's comment describes: JSON, a
// sequence without gaps, SHA-256 of the previous value and the line without its chain member.
func readTrail(t testing.TB, dir string) []Event {
	t.Helper()
	var events []Event
	var previous []byte
	names := paths(t, dir)
	for i, path := range names {
		content := readFile(t, path)
		if len(content) == 0 && i == len(names)-1 {
			break // made by a process that was killed before it wrote to it
		}
		if !bytes.HasSuffix(content, []byte("\n")) {
			t.Fatalf("%s does not end in a line feed", path)
		}
		for i, text := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
			var e Event
			var link struct{ Previous string }
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
			if err := json.Unmarshal([]byte(text), &link); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if previous == nil {
					previous, _ = hex.DecodeString(link.Previous)
				}
				if link.Previous != hex.EncodeToString(previous) || filepath.Base(path) != fmt.Sprintf("%020d.jsonl", e.Sequence) {
					t.Fatalf("%s begins with sequence %d after %q", path, e.Sequence, link.Previous)
				}
			}
			if len(events) > 0 && e.Sequence != events[len(events)-1].Sequence+1 {
				t.Fatalf("%s:%d: sequence %d", path, i+1, e.Sequence)
			}
			sum := sha256.Sum256(append(previous, chainMemberPattern.ReplaceAllString(text, "}")...))
			if e.Chain != hex.EncodeToString(sum[:]) || chainMemberPattern.FindStringSubmatch(text)[1] != e.Chain {
				t.Fatalf("%s:%d: chain %s, want %x", path, i+1, e.Chain, sum)
			}
			previous = sum[:]
			events = append(events, e)
		}
	}
	if err := Verify(dir); err != nil {
		t.Fatal(err)
	}
	return events
}

// ids are the request ids of events.
func ids(events []Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.RequestID)
	}
	return out
}

func wantIDs(t testing.TB, events []Event, want ...string) {
	t.Helper()
	if got := ids(events); !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// metric is the value of one line of /metrics, or "" when it has none.
func metric(t testing.TB, tr *Trail, name string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	tr.Metrics().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for text := range strings.Lines(answer.Body.String()) {
		if value, ok := strings.CutPrefix(text, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
