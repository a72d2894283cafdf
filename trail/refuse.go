package trail

import (
	"net/netip"
	"sync"
	"time"
)

// Whoever can reach the port can cause refusals. These bounds keep a flood from filling the memory or turning the files over:
// at most refusalsAlone + refusalSources + 1 events a minute, whatever arrives.
const (
	refusalWindow    = time.Minute
	refusalsOfSource = 120 // recorded one by one, per source and window
	refusalsAlone    = 600 // recorded one by one, of all sources, per window
	refusalSources   = 256 // told apart per window; all others share one tally
)

// variousSources stands for the address in the event of the sources that share a tally.
const variousSources = "various"

// Refuse records a failure before authentication. The first ones of a source in a minute are written one by one before Refuse
// returns, so that they can be found at once; the rest become one event, written when the minute is over or at Close, which
// has the first one's members, without its parameters, and their number as Count. A source is an IPv4 address or an IPv6 /64.
func (t *Trail) Refuse(e Event) {
	now := t.now()
	if e.Time.IsZero() {
		e.Time = now
	}
	e.Count = 0
	alone, due := t.refusals.add(e, now)
	t.writeRefusals(due)
	if !alone {
		t.metrics.aggregated.Inc()
		return
	}
	t.writeRefusals([]Event{e})
}

// writeRefusals writes refusals. Nobody waits to hear how that went: a failure is in the metrics.
func (t *Trail) writeRefusals(events []Event) {
	var entries []entry
	for _, e := range events {
		if entry, err := t.entry(e, true); err == nil {
			entries = append(entries, entry)
		}
	}
	t.writeCounted(entries)
}

// refusals counts per source in windows of the clock.
type refusals struct {
	mu      sync.Mutex
	window  time.Time
	alone   int
	sources map[netip.Prefix]*tally
}

// tally of one source in one window.
type tally struct {
	alone int
	rest  Event // the first not recorded alone, and in its Count their number
}

func newRefusals() *refusals { return &refusals{sources: map[netip.Prefix]*tally{}} }

// add counts e. It says whether e is to be recorded alone, and hands out what an earlier window left.
func (r *refusals) add(e Event, now time.Time) (alone bool, due []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	due = r.turn(now)
	source := sourceOf(e.SourceIP)
	t := r.sources[source]
	if t == nil {
		if len(r.sources) >= refusalSources {
			source = netip.Prefix{}
			t = r.sources[source]
		}
		if t == nil {
			t = &tally{}
			r.sources[source] = t
		}
	}
	if t.alone < refusalsOfSource && r.alone < refusalsAlone {
		t.alone++
		r.alone++
		return true, due
	}
	if t.rest.Count == 0 {
		clipStrings(&e)
		e.RequestParameters, e.ResponseElements, e.Decision = nil, nil, nil
		if !source.IsValid() {
			e.SourceIP = variousSources
		}
		t.rest = e
	}
	t.rest.Count++
	return false, due
}

// due hands out what windows before now's left.
func (r *refusals) due(now time.Time) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turn(now)
}

// end hands out everything.
func (r *refusals) end() []Event { return r.due(time.Time{}) }

func (r *refusals) turn(now time.Time) []Event {
	window := now.Truncate(refusalWindow)
	if window.Equal(r.window) {
		return nil
	}
	var due []Event
	for _, t := range r.sources {
		if t.rest.Count > 0 {
			due = append(due, t.rest)
		}
	}
	r.window, r.alone = window, 0
	clear(r.sources)
	return due
}

// sourceOf is the smallest network that one host is sure to be alone in: an IPv4 address, or an IPv6 /64, of which a host has
// every address. The zero value is for what is no address.
func sourceOf(text string) netip.Prefix {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := 64
	if address.Is4() {
		bits = 32
	}
	source, _ := address.Prefix(bits) // fails only for more bits than there are
	return source
}
