package webhook

import (
	"bytes"
	queue "container/list"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// defaultMemory bounds the bytes in which reviews and their answers are held, unless configured.
	defaultMemory = 64 << 20
	// ordinary is the size up to which a review is an ordinary one: with fifty containers a pod's has some 80 KB.
	ordinary = 128 << 10
	// patience is how long the client of a review may take for the next pace of its body, or to read the answer, while others wait for its room. An API
	// server sends a review whole, and reads the answer. A webhook that has too little processor time must not take its own slowness for its clients'.
	patience = 500 * time.Millisecond
	pace     = 16 << 10
	// buffered is what net/http takes of an answer without its client.
	buffered = 2 << 10
	// maxWait bounds the waiting for room: half of a webhook's default timeoutSeconds, as ReadTimeout.
	maxWait = 5 * time.Second
	// maxQueued bounds how many wait for room, since each holds what net/http has read of its body.
	maxQueued = 64
)

// errFull is told to whoever sends a review that there is no room for.
var errFull = errors.New("the webhook holds as many reviews as it can; try again")

// room is the memory for reviews and answers in flight. Who sends them may be anybody who reaches the port, so a client that stalls keeps its seat only
// while nobody else needs it: then the one whose client has been waited for the longest is cut off, once that is longer than patience. A quarter is for
// ordinary reviews alone, which never wait for what large ones hold; and what needs least goes first, so that nobody is kept waiting by the largest that
// there may be. What is decided is never cut off.
type room struct {
	limit int64
	now   func() time.Time

	mu      sync.Mutex
	taken   int64
	leaving int64      // of taken, what was cut off
	idle    queue.List // of *seat, whose client is waited for; the one that is for the longest first
	waiting queue.List // of *waiter, what needs least first, and of these the first to come
}

// seat is the room that one review has. Its methods are for the goroutine that answers the review, and leave must be its last one.
type seat struct {
	room   *room
	client http.ResponseWriter
	size   int64

	// Guarded by room.mu.
	place   *queue.Element // in idle; nil: nobody waits for the client
	began   time.Time
	since   time.Time // of waiting for the client
	writing bool      // what is waited for is that it reads
	cut     bool
}

type waiter struct {
	size    int64
	granted chan struct{} // closed once its room is taken
}

// seat gives a request's review its room: that of its length, or as much as it may become. It may wait, and returns errFull or an *http.MaxBytesError.
func (r *room) seat(w http.ResponseWriter, request *http.Request) (*seat, error) {
	size := request.ContentLength
	switch {
	case size > MaxReview:
		return nil, &http.MaxBytesError{Limit: MaxReview}
	case size < 0:
		size = MaxReview
	}
	return r.take(request.Context(), w, size)
}

// take is a seat of size bytes.
func (r *room) take(ctx context.Context, client http.ResponseWriter, size int64) (*seat, error) {
	r.mu.Lock()
	if r.left(size) < 0 {
		err := r.wait(ctx, size) // unlocks meanwhile
		if err != nil {
			r.mu.Unlock()
			return nil, err
		}
	} else {
		r.taken += size
	}
	s := &seat{room: r, client: client, size: size, began: r.now()}
	s.awaitClient()
	r.mu.Unlock()
	return s, nil
}

// left is what there is more than size bytes need; negative: what is lacking. The caller holds r.mu.
func (r *room) left(size int64) int64 {
	left := r.limit - r.taken - size
	if size > ordinary {
		left -= r.limit / 4
	}
	return left
}

// wait waits for room and takes it. The caller holds r.mu, which is free meanwhile.
func (r *room) wait(ctx context.Context, size int64) error {
	if r.waiting.Len() >= maxQueued {
		return errFull
	}
	w := &waiter{size: size, granted: make(chan struct{})}
	place := r.enqueue(w)
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for ticker := time.NewTicker(patience / 2); ; {
		r.cutOff(size)
		r.mu.Unlock()
		over := false
		select {
		case <-w.granted:
		case <-ticker.C:
		case <-ctx.Done():
			over = true
		}
		r.mu.Lock()
		select {
		case <-w.granted:
			ticker.Stop()
			return nil
		default:
		}
		if over {
			ticker.Stop()
			r.waiting.Remove(place)
			return errFull
		}
	}
}

// cutOff ends the waiting for clients that stall, those first that do for longest, until there will be room for size bytes. The caller holds r.mu.
func (r *room) cutOff(size int64) {
	now := r.now()
	for first := r.idle.Front(); first != nil && r.left(size)+r.leaving < 0; first = r.idle.Front() {
		s := first.Value.(*seat)
		if now.Sub(s.since) < patience {
			return
		}
		r.leaving += s.size
		s.cut = true
		s.clientAwaited()
		// A ResponseWriter without deadlines waits for its client.
		long := time.Unix(1, 0)
		if s.writing {
			_ = http.NewResponseController(s.client).SetWriteDeadline(long)
		} else {
			_ = http.NewResponseController(s.client).SetReadDeadline(long)
		}
	}
}

// enqueue puts w in its place among those that wait. The caller holds r.mu.
func (r *room) enqueue(w *waiter) *queue.Element {
	for place := r.waiting.Back(); place != nil; place = place.Prev() {
		if place.Value.(*waiter).size <= w.size {
			return r.waiting.InsertAfter(w, place)
		}
	}
	return r.waiting.PushFront(w)
}

// grant gives room to those that wait for it. The caller holds r.mu.
func (r *room) grant() {
	for place := r.waiting.Front(); place != nil; place = r.waiting.Front() {
		w := place.Value.(*waiter)
		if r.left(w.size) < 0 {
			return
		}
		r.taken += w.size
		r.waiting.Remove(place)
		close(w.granted)
	}
}

// awaitClient begins a waiting for the client. The caller holds room.mu.
func (s *seat) awaitClient() { s.since, s.place = s.room.now(), s.room.idle.PushBack(s) }

// clientAwaited ends it. The caller holds room.mu.
func (s *seat) clientAwaited() {
	if s.place != nil {
		s.room.idle.Remove(s.place)
		s.place = nil
	}
}

// read reads the body into the buffer, to which it gives all the room at once that the length needs.
func (s *seat) read(request *http.Request, buffer *bytes.Buffer) error {
	if request.ContentLength > 0 {
		buffer.Grow(int(request.ContentLength) + bytes.MinRead)
	}
	_, err := buffer.ReadFrom(&paced{http.MaxBytesReader(s.client, request.Body, MaxReview), s, 0})
	if s.arrived() {
		return err
	}
	if request.ProtoMajor == 1 {
		s.client.Header().Set("Connection", "close") // what is left of the body is never read
	}
	return errFull
}

// paced tells a seat of each pace of its body.
type paced struct {
	io.Reader
	seat *seat
	read int
}

// Read implements io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if p.read += n; p.read >= pace {
		p.read = 0
		p.seat.proceed()
	}
	return n, err
}

// proceed begins the waiting for the client anew, as one that sends; but in all no longer than others wait for room.
func (s *seat) proceed() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if now := s.room.now(); s.place != nil && now.Sub(s.began) < maxWait {
		s.since = now
		s.room.idle.MoveToBack(s.place)
	}
}

// arrived ends the reading of the body. It is false where that was cut off, perhaps in this moment: the connection is of no use any more.
func (s *seat) arrived() bool {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.clientAwaited()
	return !s.cut
}

// answer begins the writing of an answer of size bytes, which may need more room than the review did. It is false where there is none: nobody waits for
// it here, since the answer is held by whoever waits.
func (s *seat) answer(size int64) bool {
	if size <= min(s.size, buffered) {
		return true
	}
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if more := size - s.size; more > 0 {
		if s.room.left(more) < 0 {
			s.room.cutOff(more) // the next one finds room
			return false
		}
		s.room.taken += more
		s.size = size
	}
	s.writing = true
	s.awaitClient()
	return true
}

// leave gives the room back.
func (s *seat) leave() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.clientAwaited()
	s.room.taken -= s.size
	if s.cut {
		s.room.leaving -= s.size
	}
	s.room.grant()
}
