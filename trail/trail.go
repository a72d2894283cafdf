// Package trail remembers: one CloudTrail-shaped event per decision, in files that show when they were tampered with,
// and metrics as a view of the same events.
//
// It owns the shape of an event, the files DIR/*.jsonl with their rotation and hash chain, the queue for events that need not
// be written before the answer, the aggregation of refusals, and /metrics. It does not decide what is recorded: package iam
// records changes, sts exchanges, the doors what reaches a backend. It writes what it is given, so what must not be read later
// (tokens, secrets, plaintexts) must not be given; no member of Event is meant for it.
//
// # Files
//
// Each file is named after the sequence number of its first line, has mode 0600, and begins anew at Config.MaxFileSize; the
// oldest beyond Config.MaxFiles are removed. A line is an event's JSON with two members around it: its sequence number, from 1
// without gaps, and a chain value, the SHA-256 of the previous line's chain value and the line. The first line of a file
// repeats the previous chain value, so that the oldest file kept can be verified, too.
//
// The chain shows that a line was changed, removed from the middle, inserted or cut. It cannot show that the newest lines were
// removed, or that everything from some line on was written anew by someone who can compute SHA-256: whoever must exclude
// that keeps the chain value of a recent line, or the lines, elsewhere.
package trail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// ErrClosed is what a closed Trail answers.
var ErrClosed = errors.New("the trail is closed")

// Config of a Trail.
type Config struct {
	Dir         string // the trail's own folder; made with mode 0700 if need be
	MaxFileSize int64  // bytes; 0: 64 MiB
	MaxFiles    int    // at least 2; 0: 16
	Sync        bool   // Record returns only after an fsync, which waiting recorders share
	Queue       int    // events waiting after Enqueue; 0: 4096
	Drop        bool   // a full queue drops and counts (true) or makes Enqueue wait (false)
	Now         func() time.Time
}

// Trail writes, keeps and finds events. All methods are safe for concurrent use.
type Trail struct {
	dir     string
	sync    bool
	drop    bool
	now     func() time.Time
	metrics *metrics

	mu  sync.Mutex // the one writer
	log *log

	flushMu sync.Mutex // held, before mu, by the one caller that flushes
	flushed uint64     // the last sequence known to be on the disk

	buffers sync.Pool // of *[]byte, for entries

	queueMu sync.RWMutex // read-locked to send, locked to close
	queue   chan entry   // nil when closed
	drained chan struct{}

	refusals *refusals
}

// entry is an event ready to be written. It has no part of the Event, which is its caller's to change again.
type entry struct {
	body    *[]byte // of Trail.buffers
	labels  labels
	count   int
	written chan<- struct{} // instead of an event: closed when everything before it is written
}

// Open goes on with the trail in c.Dir, or begins one. A line that a killed process left unfinished, and so never
// acknowledged, is cut off. Only one process at a time can have a trail open.
func Open(c Config) (*Trail, error) {
	if c.MaxFileSize <= 0 {
		c.MaxFileSize = 64 << 20
	}
	if c.MaxFiles <= 0 {
		c.MaxFiles = 16
	}
	if c.Queue <= 0 {
		c.Queue = 4096
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.MaxFiles = max(c.MaxFiles, 2)
	log, err := openLog(c)
	if err != nil {
		return nil, fmt.Errorf("opening trail %s: %w", c.Dir, err)
	}
	t := &Trail{
		dir:      c.Dir,
		sync:     c.Sync,
		drop:     c.Drop,
		now:      c.Now,
		log:      log,
		queue:    make(chan entry, c.Queue),
		drained:  make(chan struct{}),
		refusals: newRefusals(),
	}
	queue := t.queue
	t.metrics = newMetrics(func() int { return len(queue) })
	go t.drain(queue)
	return t, nil
}

// Record writes e before it returns, with write(2), so that a killed process loses nothing; with Config.Sync on the disk. The
// caller must deny what it was about to do when this fails. It fills ID and Time when empty, and keeps no reference to e.
//
// A context that has ended does not stop it: whoever hangs up is recorded all the same.
func (t *Trail) Record(_ context.Context, e Event) error {
	entry, err := t.entry(e, false)
	if err != nil {
		return fmt.Errorf("recording event: %w", err)
	}
	sequence, err := t.write(entry)
	if err == nil && t.sync {
		if err = t.flush(sequence); err != nil {
			t.metrics.failed.Inc()
		}
	}
	if err != nil {
		return fmt.Errorf("recording event: %w", err)
	}
	return nil
}

// Enqueue hands over an event that need not be written before the answer: a request to a backend, or a read. One goroutine
// writes what is queued, some milliseconds later and many together. Full, the queue makes Enqueue wait, or drop the event and count it, as Config.Drop says. A write that
// fails is counted. It fills ID and Time when empty, and keeps no reference to e.
func (t *Trail) Enqueue(e Event) {
	entry, err := t.entry(e, false)
	if err != nil {
		return // counted
	}
	t.queueMu.RLock()
	defer t.queueMu.RUnlock()
	switch {
	case t.queue == nil:
		t.dropped(entry)
	case t.drop:
		select {
		case t.queue <- entry:
		default:
			t.dropped(entry)
		}
	default:
		t.queue <- entry
	}
}

// Close writes what is queued or aggregated and closes the file. Closing twice is no error.
func (t *Trail) Close() error {
	t.queueMu.Lock()
	if t.queue != nil {
		close(t.queue)
		t.queue = nil
	}
	t.queueMu.Unlock()
	<-t.drained
	t.writeRefusals(t.refusals.end())

	t.flushMu.Lock()
	defer t.flushMu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if errors.Is(t.log.err, ErrClosed) {
		return nil
	}
	if err := t.log.close(); err != nil {
		return fmt.Errorf("closing trail: %w", err)
	}
	t.flushed = t.log.last.sequence
	return nil
}

// maxKept is the most that an entry's buffer may hold to be used again, in bytes: more than most events have.
const maxKept = 8 << 10

// entry encodes e outside every lock. An event that cannot be encoded counts as a failed write.
func (t *Trail) entry(e Event, refused bool) (entry, error) {
	buffer, ok := t.buffers.Get().(*[]byte)
	if !ok {
		buffer = new(make([]byte, 0, maxKept/4))
	}
	body, err := encode((*buffer)[:0], e, t.now())
	if err != nil {
		t.metrics.failed.Inc()
		return entry{}, err
	}
	*buffer = body
	return entry{body: buffer, labels: t.metrics.labels(&e, refused), count: max(e.Count, 1)}, nil
}

// done ends the use of entries.
func (t *Trail) done(entries ...entry) {
	for _, entry := range entries {
		if cap(*entry.body) <= maxKept {
			t.buffers.Put(entry.body)
		}
	}
}

func (t *Trail) dropped(e entry) {
	t.metrics.dropped.Inc()
	t.done(e)
}

// write appends entries, all or none, counts them, and returns the sequence number of the last. They cannot be used any more.
func (t *Trail) write(entries ...entry) (uint64, error) {
	defer t.done(entries...)
	sequence, err := t.append(entries)
	if err != nil {
		t.metrics.failed.Add(float64(len(entries)))
		return 0, err
	}
	for _, entry := range entries {
		t.metrics.count(entry.labels, entry.count)
	}
	return sequence, nil
}

func (t *Trail) append(entries []entry) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.log.append(entries); err != nil {
		return 0, err
	}
	return t.log.last.sequence, nil
}

// flush returns when the line with this sequence number is on the disk. Those who wait while one flushes are served
// together by the next flush. (fsync, not fdatasync: an append changes the length, so neither saves what the other writes.)
func (t *Trail) flush(sequence uint64) error {
	t.flushMu.Lock()
	defer t.flushMu.Unlock()
	if t.flushed >= sequence {
		return nil
	}
	t.mu.Lock()
	file, last, err := t.log.file, t.log.last.sequence, t.log.err
	t.mu.Unlock()
	if err != nil {
		return err
	}
	err = file.Sync()
	t.mu.Lock()
	defer t.mu.Unlock()
	// A file that was closed meanwhile was flushed by the rotation, which notes a failure as this does.
	if !errors.Is(err, os.ErrClosed) {
		t.log.flushed(err)
	}
	if t.log.err != nil {
		return t.log.err
	}
	t.flushed = last
	return nil
}

// drainBatch is how many queued events share a write(2).
const drainBatch = 64

// To be woken for each event costs more than the event itself, so an event waits for others, as long as nobody notices and where the queue has far more
// room than there can be events meanwhile.
const (
	linger       = 5 * time.Millisecond
	roomToLinger = 1024
)

// drain writes what is queued until the queue is closed, and meanwhile the aggregated refusals when they are due.
func (t *Trail) drain(queue <-chan entry) {
	defer close(t.drained)
	ticker := time.NewTicker(refusalWindow)
	defer ticker.Stop()
	batch := make([]entry, 0, drainBatch)
	for {
		select {
		case entry, ok := <-queue:
			if !ok {
				return
			}
			if cap(queue) >= roomToLinger && len(queue) < cap(queue)/2 {
				time.Sleep(linger)
			}
			t.drainSome(batch, entry, queue)
		case <-ticker.C:
			t.writeRefusals(t.refusals.due(t.now()))
		}
	}
}

// drainSome writes first and those that wait behind it, as many as batch, which is empty, has room for.
func (t *Trail) drainSome(batch []entry, first entry, queue <-chan entry) {
	for next, ok := first, true; ok; {
		if next.written != nil {
			t.writeCounted(batch)
			close(next.written)
			return
		}
		if batch = append(batch, next); len(batch) == cap(batch) {
			break
		}
		select {
		case next, ok = <-queue:
		default:
			ok = false
		}
	}
	t.writeCounted(batch)
}

// writeCounted writes events whose recorder does not wait: a failure is in the metrics.
func (t *Trail) writeCounted(entries []entry) {
	if len(entries) > 0 {
		_, _ = t.write(entries...)
	}
}
