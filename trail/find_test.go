package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func find(t *testing.T, tr *Trail, requestID string) []Event {
	t.Helper()
	events, err := tr.Find(t.Context(), requestID)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestFind(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, MaxFileSize: 4000, MaxFiles: 100})
	for i := range 60 {
		record(t, tr, fmt.Sprintf("r%d", i))
	}
	e := event("r7")
	e.Name = "again"
	e.RequestParameters = map[string]any{"requestID": "r8"} // not that request
	if err := tr.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got := find(t, tr, "r7")
	if len(got) != 2 || got[0].Name != "again" || got[0].Sequence != 61 || got[1].Sequence != 8 || len(got[1].Chain) != 64 {
		t.Errorf("r7: %+v", got)
	}
	record(t, tr, "r7")
	if got := find(t, tr, "r7"); len(got) != 3 || got[0].Sequence != 62 || got[1].Sequence != 61 {
		t.Errorf("r7 is not newest first: %+v", got)
	}
	for i := range 60 {
		if got := find(t, tr, fmt.Sprintf("r%d", i)); i != 7 && (len(got) != 1 || got[0].Sequence != uint64(i+1)) {
			t.Errorf("r%d: %+v", i, got)
		}
	}
	// A part of an id, and what JSON writes in another way.
	for _, id := range []string{"r", "7", "absent", "r6\"", "<&>\n\x00\u2028"} {
		wantIDs(t, find(t, tr, id))
	}
	record(t, tr, "<&>\n\x00\u2028")
	wantIDs(t, find(t, tr, "<&>\n\x00\u2028"), "<&>\n\x00\u2028")
	if _, err := tr.Find(t.Context(), ""); err == nil {
		t.Error("an empty request id was looked for")
	}
	// What was enqueued before is found.
	for i := range 200 {
		id := fmt.Sprintf("queued-%d", i)
		tr.Enqueue(event(id))
		wantIDs(t, find(t, tr, id), id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FindIn(ctx, dir, "r1"); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	closeTrail(t, tr)
	wantIDs(t, find(t, tr, "r7"), "r7", "r7", "r7")
	if got, err := FindIn(t.Context(), dir, "queued-199"); err != nil || len(got) != 1 {
		t.Errorf("FindIn: %v, %v", got, err)
	}
	if _, err := FindIn(t.Context(), t.TempDir()+"/absent", "r1"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("FindIn in an absent folder: %v", err)
	}
}

func TestFindInDamagedFiles(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	record(t, tr, "a", "b", "a")
	closeTrail(t, tr)
	path := paths(t, dir)[0]
	content := readFile(t, path)
	// A line that is being written is not there yet.
	writeFile(t, path, append(bytes.Clone(content), content[:200]...))
	if got, err := FindIn(t.Context(), dir, "a"); err != nil || len(got) != 2 {
		t.Errorf("with an unfinished line: %v, %v", ids(got), err)
	}
	writeFile(t, path, bytes.Replace(content, []byte(`{"sequence":1,`), []byte(`["sequence":1,`), 1))
	got, err := FindIn(t.Context(), dir, "a")
	if err == nil || !strings.Contains(err.Error(), path) || len(got) != 1 || got[0].Sequence != 3 {
		t.Errorf("with a damaged line: %v, %v", ids(got), err)
	}
}

// TestBackward: whatever the lengths of the lines, the pieces put together are the file up to its last line feed, and each
// begins a line.
func TestBackward(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		var content []byte
		for len(content) < random.IntN(4*backwardChunk) {
			content = append(content, bytes.Repeat([]byte{'x'}, random.IntN(maxLine))...)
			content = append(content, '\n')
		}
		if round == 0 {
			content = bytes.Repeat([]byte("\n"), 3*backwardChunk)
		}
		whole := len(content)
		content = append(content, bytes.Repeat([]byte{'y'}, random.IntN(3)*random.IntN(backwardChunk))...)
		end := whole
		for p := range backward(bytes.NewReader(content), int64(len(content))) {
			if p.err != nil {
				t.Fatal(p.err)
			}
			start := int(p.offset)
			if start > 0 && content[start-1] != '\n' || start+len(p.lines) != end || !bytes.Equal(p.lines, content[start:end]) {
				t.Fatalf("round %d: a piece of %d bytes at %d, before %d", round, len(p.lines), start, end)
			}
			end = start
		}
		if end != 0 {
			t.Fatalf("round %d: the first %d bytes of %d are missing", round, end, whole)
		}
	}
	var last piece
	for p := range backward(strings.NewReader(strings.Repeat("x", 8<<20)+"\n"), 8<<20+1) {
		last = p
	}
	if last.err == nil {
		t.Error("a line without end was read into memory")
	}
}

// TestFindStopsNearby: a found request does not cost a pass over the rest of the trail.
func TestFindStopsNearby(t *testing.T) {
	f := &finder{requestID: "a", needle: []byte(`"requestID":"a"`)}
	f.take("", []byte(`{"requestID":"a"}`+"\n"))
	f.since = findNearby - 1
	if f.done() {
		t.Error("done too early")
	}
	f.since++
	if !f.done() || !slices.Equal(ids(f.events), []string{"a"}) {
		t.Error("not done")
	}
}
