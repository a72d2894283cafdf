package trail

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func refusal(requestID, source string) Event {
	e := event(requestID)
	e.Name, e.SourceIP, e.ErrorCode = "AssumeRoleWithWebIdentity", source, "InvalidIdentityToken"
	e.RequestParameters = map[string]any{"roleArn": requestID}
	return e
}

// refuse refuses n requests of a source.
func refuse(tr *Trail, source string, n int) {
	for i := range n {
		tr.Refuse(refusal(fmt.Sprintf("%s-%d", source, i), source))
	}
}

func TestRefuse(t *testing.T) {
	dir, clock := folder(t), newClock()
	tr := openTrail(t, Config{Dir: dir, Now: clock.now})
	refuse(tr, "192.0.2.1", refusalsOfSource+40)
	refuse(tr, "192.0.2.2", 3)
	// The first ones are there when Refuse returns.
	events := readTrail(t, dir)
	if len(events) != refusalsOfSource+3 || events[0].RequestID != "192.0.2.1-0" || events[0].Count != 0 || events[0].RequestParameters == nil {
		t.Fatalf("%d events, the first is %+v", len(events), events[0])
	}
	clock.advance(30 * time.Second)
	refuse(tr, "192.0.2.1", 10)
	clock.advance(30 * time.Second)
	refuse(tr, "192.0.2.2", 1)
	events = readTrail(t, dir)[len(events):]
	wantIDs(t, events, fmt.Sprintf("192.0.2.1-%d", refusalsOfSource), "192.0.2.2-0")
	if e := events[0]; e.Count != 50 || e.SourceIP != "192.0.2.1" || e.ErrorCode != "InvalidIdentityToken" || e.RequestParameters != nil {
		t.Errorf("the aggregate is %+v", e)
	}
	// A new minute is a new count.
	refuse(tr, "192.0.2.1", refusalsOfSource)
	if events := readTrail(t, dir); events[len(events)-1].Count != 0 {
		t.Errorf("the last event of a new minute is %+v", events[len(events)-1])
	}
	refuse(tr, "192.0.2.1", 7)
	if got := metric(t, tr, "openirsa_trail_aggregated_refusals_total"); got != "57" {
		t.Errorf("%s aggregated, want 57", got)
	}
	closeTrail(t, tr)
	events = readTrail(t, dir)
	if e := events[len(events)-1]; e.Count != 7 {
		t.Errorf("Close left out the aggregate: %+v", e)
	}
	total := 0
	for _, e := range events {
		total += max(e.Count, 1)
	}
	want := refusalsOfSource + 40 + 3 + 10 + 1 + refusalsOfSource + 7
	name := `openirsa_events_total{name="AssumeRoleWithWebIdentity",outcome="refused",source="sts.amazonaws.com"}`
	if got := metric(t, tr, name); total != want || got != fmt.Sprint(want) {
		t.Errorf("%d refusals in the trail, %s in the metrics, want %d", total, got, want)
	}
}

// TestRefuseFlood: neither the files nor the memory grow with the number of requests or of sources.
func TestRefuseFlood(t *testing.T) {
	dir, clock := folder(t), newClock()
	tr := openTrail(t, Config{Dir: dir, Now: clock.now})
	const sources, each = 2000, 5
	for i := range sources * each {
		e := refusal("flood", fmt.Sprintf("10.1.%d.%d", i/each/250, i/each%250))
		e.UserAgent = strings.Repeat("x", 10_000)
		tr.Refuse(e)
	}
	if n := len(readTrail(t, dir)); n != refusalsAlone {
		t.Errorf("%d events one by one, want %d", n, refusalsAlone)
	}
	kept := 0
	for _, tally := range tr.refusals.sources {
		kept += len(tally.rest.UserAgent) + len(tally.rest.RequestID)
	}
	if n := len(tr.refusals.sources); n != refusalSources+1 || kept > 1<<20 {
		t.Errorf("%d sources and %d bytes in memory, want %d and few", n, kept, refusalSources+1)
	}
	closeTrail(t, tr)
	events := readTrail(t, dir)[refusalsAlone:]
	if len(events) > refusalSources+1 {
		t.Errorf("%d aggregated events", len(events))
	}
	total, various := refusalsAlone, 0
	for _, e := range events {
		total += e.Count
		if e.SourceIP == variousSources {
			various++
		}
	}
	if total != sources*each || various != 1 {
		t.Errorf("the events stand for %d refusals, want %d; %d stand for various sources", total, sources*each, various)
	}
}

func TestSourceOf(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
		{"", "not an address", true},
	} {
		if got := sourceOf(test.a) == sourceOf(test.b); got != test.same {
			t.Errorf("%q and %q: the same source %t, want %t", test.a, test.b, got, test.same)
		}
	}
}
