package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// The events of one request are close together: this much of the trail before one of them without another one ends
	// the search.
	findNearby = 4 << 20
	findLimit  = 1000 // events
)

// Find returns the events of one request that the trail keeps, newest first, including those that were enqueued before the
// call. It searches the files from their end, at the speed of memory where they are in the page cache, and needs no index: a
// recent event is found in the first piece read, and an unknown id costs one pass over what is kept.
func (t *Trail) Find(ctx context.Context, requestID string) ([]Event, error) {
	if err := t.awaitQueued(ctx); err != nil {
		return nil, fmt.Errorf("finding events: %w", err)
	}
	return FindIn(ctx, t.dir, requestID)
}

// awaitQueued returns when everything that is in the queue is written.
func (t *Trail) awaitQueued(ctx context.Context) error {
	written := make(chan struct{})
	if err := t.sendMark(ctx, written); err != nil {
		return err
	}
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Trail) sendMark(ctx context.Context, written chan struct{}) error {
	t.queueMu.RLock()
	defer t.queueMu.RUnlock()
	if t.queue == nil {
		close(written)
		return nil
	}
	select {
	case t.queue <- entry{written: written}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FindIn is Find in a trail's folder, whether or not a Trail has it open. It does not verify the chain. A line that holds the
// id and cannot be read is an error, which comes with the events that can.
func FindIn(ctx context.Context, dir, requestID string) ([]Event, error) {
	id, err := marshal(requestID) // as in the lines
	if err != nil || requestID == "" {
		return nil, fmt.Errorf("finding events: %q is not a request id", requestID)
	}
	firsts, err := files(dir)
	if err != nil {
		return nil, fmt.Errorf("finding events: %w", err)
	}
	f := &finder{requestID: requestID, needle: append([]byte(`"requestID":`), id...)}
	for _, first := range slices.Backward(firsts) {
		err := f.search(ctx, filepath.Join(dir, fileName(first)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // removed by a rotation meanwhile
			return f.events, fmt.Errorf("finding events: %w", err)
		}
		if f.done() {
			break
		}
	}
	return f.events, f.damage
}

// finder collects the events of one request.
type finder struct {
	requestID string
	needle    []byte
	events    []Event // newest first
	since     int     // bytes searched after the last event found
	damage    error
}

func (f *finder) done() bool {
	return len(f.events) >= findLimit || len(f.events) > 0 && f.since >= findNearby
}

func (f *finder) search(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	for p := range backward(file, info.Size()) {
		if err := errors.Join(p.err, ctx.Err()); err != nil {
			return err
		}
		f.since += len(p.lines)
		f.take(path, p.lines)
		if f.done() {
			return nil
		}
	}
	return nil
}

// take adds the events in lines, the last line first.
func (f *finder) take(path string, lines []byte) {
	var found []Event
	for {
		i := bytes.Index(lines, f.needle)
		if i < 0 {
			break
		}
		start := bytes.LastIndexByte(lines[:i], '\n') + 1
		length := bytes.IndexByte(lines[i:], '\n') // a piece ends in a line feed
		raw := lines[start : i+length]
		lines = lines[i+length:]
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil {
			f.damage = fmt.Errorf("finding events: a damaged line in %s: %w", path, err)
		} else if e.RequestID == f.requestID { // and not a parameter of that name
			found = append(found, e)
		}
	}
	if len(found) > 0 {
		f.since = 0
		slices.Reverse(found)
		f.events = append(f.events, found...)
	}
}
