//go:build linux

package trail

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk lets files grow only to a limit, so that writes fail in the middle of a line as on a full disk.
func TestFullDisk(t *testing.T) {
	dir := folder(t)
	tr := openTrail(t, Config{Dir: dir, MaxFiles: 2})
	record(t, tr, "1")
	size := tr.log.size
	var unlimited syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		t.Fatal(err)
	}
	limit := func(bytes uint64) {
		t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: unlimited.Max}); err != nil {
			t.Fatal(err)
		}
	}
	defer limit(unlimited.Cur)
	for i := range 3 {
		limit(uint64(size) + 100)
		if err := tr.Record(t.Context(), event("lost")); !errors.Is(err, syscall.EFBIG) {
			t.Fatalf("Record on a full disk: %v", err)
		}
		tr.Enqueue(event("lost too"))
		find(t, tr, "none") // waits for the queue
		limit(unlimited.Cur)
		wantIDs(t, readTrail(t, dir), strings.Split("1 2 3 4", " ")[:i+1]...)
		record(t, tr, fmt.Sprint(i+2))
		size = tr.log.size
	}
	if got := metric(t, tr, "openirsa_trail_failed_writes_total"); got != "6" {
		t.Errorf("%s failed writes, want 6", got)
	}
	// What a failed write left could not be cut off at once: the next record does it.
	if _, err := tr.log.file.WriteString(`{"sequence":5,"ev`); err != nil {
		t.Fatal(err)
	}
	tr.log.torn = true
	record(t, tr, "5")
	size = tr.log.size
	wantIDs(t, readTrail(t, dir), "1", "2", "3", "4", "5")
	// A new file cannot get its first line: the old one stays to go on from.
	tr.log.maxSize = size
	limit(100)
	for range 3 {
		if err := tr.Record(t.Context(), event("lost")); err == nil {
			t.Fatal("Record on a full disk succeeded")
		}
	}
	limit(unlimited.Cur)
	closeTrail(t, tr)
	tr = openTrail(t, Config{Dir: dir, MaxFiles: 2})
	record(t, tr, "6")
	closeTrail(t, tr)
	wantIDs(t, readTrail(t, dir), "1", "2", "3", "4", "5", "6")
}
