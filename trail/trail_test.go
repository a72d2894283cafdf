package trail

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	dir := folder(t)
	clock := newClock()
	tr := openTrail(t, Config{Dir: dir, Now: clock.now})
	full := Event{
		Sequence: 77, Chain: "not mine",
		ID: "11111111-2222-4333-8444-555555555555", Time: time.Date(2025, 12, 1, 2, 3, 4, 5, time.FixedZone("", 3600)),
		Source: "iam.amazonaws.com", Name: "CreateRole", Region: "eu-west-1", SourceIP: "2001:db8::1",
		UserAgent: "evil\n{\"eventID\":\"forged\"}\x00<&>", RequestID: "request", Account: "123456789012",
		UserIdentity:      Identity{Type: "AssumedRole", PrincipalID: "AROA:s", ARN: "arn", AccountID: "1", AccessKeyID: "ASIA", UserName: "sub", Provider: "https://issuer"},
		RequestParameters: map[string]any{"roleName": "app", "tags": []any{"a", "b"}},
		ResponseElements:  map[string]any{"role": map[string]any{"arn": "x"}},
		ErrorCode:         "EntityAlreadyExists", ErrorMessage: "it exists", Category: Management,
		Action: "iam:CreateRole", Resource: "arn:aws:iam::123456789012:role/app", Explanation: "because", Count: 3,
	}
	if err := tr.Record(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	record(t, tr, "second")
	// Written, though the trail is still open: this is what a killed process leaves.
	events := readTrail(t, dir)
	wantIDs(t, events, "request", "second")
	if !strings.Contains(string(readFile(t, paths(t, dir)[0])), `\u0000<&>"`) {
		t.Error("the line is not as readable as it could be")
	}
	full.Sequence, full.Chain, full.Time = 1, events[0].Chain, full.Time.UTC()
	if !reflect.DeepEqual(events[0], full) {
		t.Errorf("got  %+v\nwant %+v", events[0], full)
	}
	if len(events[1].ID) != 36 || events[1].ID == events[0].ID || !events[1].Time.Equal(clock.now()) {
		t.Errorf("ID %q and Time %v were not filled", events[1].ID, events[1].Time)
	}
	for _, path := range append(paths(t, dir), dir) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	// What cannot be encoded is an error, and leaves nothing behind.
	bad := event("bad")
	bad.RequestParameters = map[string]any{"x": func() {}}
	if err := tr.Record(t.Context(), bad); err == nil {
		t.Error("an event that cannot be encoded was recorded")
	}
	tr.Enqueue(bad)
	if got := metric(t, tr, "openirsa_trail_failed_writes_total"); got != "2" {
		t.Errorf("%s failed writes, want 2", got)
	}
	closeTrail(t, tr)
	if err := tr.Record(t.Context(), event("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("Record on a closed trail: %v, want ErrClosed", err)
	}
	tr.Enqueue(event("late"))
	tr.Refuse(event("late"))
	closeTrail(t, tr)
	wantIDs(t, readTrail(t, dir), "request", "second")
}

func TestReopenGoesOn(t *testing.T) {
	dir := folder(t)
	for i := range 3 {
		tr := openTrail(t, Config{Dir: dir})
		if _, err := Open(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("a second writer: %v", err)
		}
		record(t, tr, fmt.Sprint(i))
		closeTrail(t, tr)
	}
	wantIDs(t, readTrail(t, dir), "0", "1", "2")
}

func TestRotation(t *testing.T) {
	dir := folder(t)
	writeFile := func(name string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"notes.jsonl", "1.jsonl", "00000000000000000001.json", "00000000000000000000.jsonl", "99999999999999999999.jsonl"} {
		writeFile(name) // of no concern to the trail
	}
	others := len(paths(t, dir))
	config := Config{Dir: dir, MaxFileSize: 2000, MaxFiles: 3}
	tr := openTrail(t, config)
	var all []string
	for i := range 40 {
		if i%7 == 0 {
			closeTrail(t, tr)
			tr = openTrail(t, config)
		}
		all = append(all, fmt.Sprint(i))
		record(t, tr, all[i])
	}
	closeTrail(t, tr)
	for _, name := range []string{"notes.jsonl", "1.jsonl", "00000000000000000000.jsonl", "99999999999999999999.jsonl"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if others != 4 {
		t.Fatal("the other files were not seen")
	}
	files := paths(t, dir)
	if len(files) != 3 {
		t.Fatalf("%d files, want 3", len(files))
	}
	for _, path := range files {
		if size := len(readFile(t, path)); size > 2000 || size < 500 {
			t.Errorf("%s has %d bytes", path, size)
		}
	}
	kept := readTrail(t, dir)
	wantIDs(t, kept, all[len(all)-len(kept):]...)
	if kept[0].Sequence == 1 || kept[len(kept)-1].Sequence != 40 {
		t.Errorf("kept %d to %d", kept[0].Sequence, kept[len(kept)-1].Sequence)
	}
}

// TestUnfinishedLine: whatever part of the last line a killed process wrote, the lines before it stay and the trail goes on.
func TestUnfinishedLine(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	record(t, tr, "1", "2", "3")
	closeTrail(t, tr)
	path := paths(t, dir)[0]
	content := readFile(t, path)
	lines := slices.Collect(strings.Lines(string(content)))
	last := lines[2]
	for cut := 1; cut < len(last); cut += 7 {
		writeFile(t, path, content[:len(content)-cut])
		if err := Verify(dir); err == nil || !strings.Contains(err.Error(), ":3:") {
			t.Fatalf("Verify of a line cut by %d bytes: %v", cut, err)
		}
		tr := openTrail(t, Config{Dir: dir})
		wantIDs(t, readTrail(t, dir), "1", "2")
		record(t, tr, "4")
		closeTrail(t, tr)
		wantIDs(t, readTrail(t, dir), "1", "2", "4")
	}
	// Not even one line is whole; and a tail of zeros, as a loss of power leaves, longer than a line may be.
	for _, tail := range []string{last[:50], strings.Repeat("\x00", 3<<20)} {
		for before, want := range map[string][]string{"": {"5"}, lines[0]: {"1", "5"}} {
			writeFile(t, path, []byte(before+tail))
			closeTrail(t, openTrail(t, Config{Dir: dir}))
			tr := openTrail(t, Config{Dir: dir})
			record(t, tr, "5")
			closeTrail(t, tr)
			wantIDs(t, readTrail(t, dir), want...)
		}
	}
}

// TestEmptyNewestFile: the process died between making a file and writing to it.
func TestEmptyNewestFile(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	record(t, tr, "1", "2")
	closeTrail(t, tr)
	first := paths(t, dir)[0]
	empty := filepath.Join(dir, fileName(3))
	writeFile(t, empty, nil)
	if err := Verify(dir); err != nil {
		t.Fatal(err)
	}
	tr = openTrail(t, Config{Dir: dir})
	record(t, tr, "3")
	closeTrail(t, tr)
	wantIDs(t, readTrail(t, dir), "1", "2", "3")

	// Without the lines before it there is nothing to go on from; nor after a gap.
	writeFile(t, empty, nil)
	if err := os.Rename(first, first+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "begin a new trail") {
		t.Errorf("Open without the lines before: %v", err)
	}
	if err := errors.Join(os.Rename(first+".away", first), os.Rename(empty, filepath.Join(dir, fileName(4)))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: dir}); err == nil {
		t.Error("Open went on after a gap")
	}
}

func TestDamagedLastLine(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir})
	record(t, tr, "1", "2")
	closeTrail(t, tr)
	path := paths(t, dir)[0]
	content := append(readFile(t, path), "garbage\n"...)
	writeFile(t, path, content)
	if _, err := Open(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open went on after a damaged line: %v", err)
	}
	if string(readFile(t, path)) != string(content) {
		t.Error("the damaged file was changed")
	}
}

func TestEnqueue(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, Queue: 8})
	var want []string
	var group sync.WaitGroup
	for w := range 8 {
		for i := range 100 {
			want = append(want, fmt.Sprintf("%d-%d", w, i))
		}
		group.Go(func() {
			for i := range 100 {
				tr.Enqueue(event(fmt.Sprintf("%d-%d", w, i)))
			}
		})
	}
	group.Wait()
	closeTrail(t, tr) // with a part still queued
	got := ids(readTrail(t, dir))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d of %d events arrived", len(got), len(want))
	}
	if dropped := metric(t, tr, "openirsa_trail_dropped_total"); dropped != "0" {
		t.Errorf("dropped %s", dropped)
	}
}

// TestFullQueue holds the writer up, and sees a full queue drop or block.
func TestFullQueue(t *testing.T) {
	for _, drop := range []bool{true, false} {
		dir := folder(t)
		tr := openTrail(t, Config{Dir: dir, Queue: 4, Drop: drop})
		tr.mu.Lock()
		// The drainer may already have taken some; more than a batch, it cannot.
		sent := make(chan bool)
		go func() {
			for i := range 4 + drainBatch + 10 {
				tr.Enqueue(event(fmt.Sprint(i)))
			}
			close(sent)
		}()
		if drop {
			<-sent // it does not wait
			if dropped := metric(t, tr, "openirsa_trail_dropped_total"); dropped == "0" {
				t.Error("nothing was dropped")
			}
		}
		tr.mu.Unlock()
		<-sent
		closeTrail(t, tr)
		events := len(readTrail(t, dir))
		var dropped int
		fmt.Sscan(metric(t, tr, "openirsa_trail_dropped_total"), &dropped)
		if events+dropped != 4+drainBatch+10 || drop == (dropped == 0) {
			t.Errorf("drop %t: %d written, %d dropped", drop, events, dropped)
		}
	}
}

// TestSync has many recorders share flushes, over rotations.
func TestSync(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, Sync: true, MaxFileSize: 20_000, MaxFiles: 100})
	var group sync.WaitGroup
	for w := range 16 {
		group.Go(func() {
			for i := range 20 {
				if err := tr.Record(t.Context(), event(fmt.Sprintf("%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if tr.flushed != 320 {
		t.Errorf("flushed up to %d, want 320", tr.flushed)
	}
	closeTrail(t, tr)
	if events := readTrail(t, dir); len(events) != 320 || len(paths(t, dir)) < 3 {
		t.Errorf("%d events in %d files", len(events), len(paths(t, dir)))
	}
}

// TestFlushFails: once a flush failed, be it a recorder's or a rotation's, nothing is acknowledged any more.
func TestFlushFails(t *testing.T) {
	for _, rotation := range []bool{false, true} {
		testFlushFails(t, rotation)
	}
}

func testFlushFails(t *testing.T, rotation bool) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, Sync: true})
	record(t, tr, "1")
	if rotation {
		tr.log.maxSize = 1
	}
	read, write, err := os.Pipe() // which cannot be flushed
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	file := tr.log.file
	tr.log.file = write
	if err := tr.Record(t.Context(), event("2")); err == nil {
		t.Error("an event that was not flushed was acknowledged")
	}
	tr.log.file = file
	for range 2 {
		if err := tr.Record(t.Context(), event("3")); err == nil || !strings.Contains(err.Error(), "opened again") {
			t.Errorf("after a failed flush: %v", err)
		}
	}
	write.Close()
	if err := tr.Close(); err == nil {
		t.Error("Close does not tell that events may be lost")
	}
	wantIDs(t, readTrail(t, dir), "1")
}
