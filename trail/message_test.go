package trail

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// encoder answers with one text and counts.
type encoder struct {
	text  string
	calls int
}

func (e *encoder) EncodeAuthorization(event Event) string {
	e.calls++
	return e.text
}

// TestDenialsAreEncoded: every event whose decision denies gets its message, and no other is even asked for one.
func TestDenialsAreEncoded(t *testing.T) {
	tr := openTrail(t, Config{Dir: folder(t)})
	denied := decide(t, `{"Version":"2012-10-17","Statement":[]}`)
	allowed := policy.Decision{Effect: policy.Allowed}
	for name, test := range map[string]struct {
		decision *policy.Decision
		text     string
		want     string
		calls    int
	}{
		"denied":        {&denied, "abc-_09", "abc-_09", 1},
		"allowed":       {&allowed, "abc", "", 0},
		"undecided":     {nil, "abc", "", 0},
		"too long":      {&denied, strings.Repeat("a", maxMessage+1), "", 1},
		"not base64url": {&denied, "ab\"c", "", 1},
		"longest":       {&denied, strings.Repeat("a", maxMessage), strings.Repeat("a", maxMessage), 1},
	} {
		encoder := &encoder{text: test.text}
		e := event(name)
		e.Decision, e.Encoder, e.Context = test.decision, encoder, new(policy.Context)
		if err := tr.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		found := find(t, tr, name)
		if len(found) != 1 || found[0].EncodedAuthorizationMessage != test.want || encoder.calls != test.calls || found[0].Encoder != nil || found[0].Context != nil {
			t.Errorf("%s: %d calls, %+v", name, encoder.calls, found)
		}
	}
}
