package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// client is a ResponseWriter that knows whether it was cut off.
type client struct {
	*httptest.ResponseRecorder
	cut     chan struct{}
	reading atomic.Bool // the body was what was cut off
}

func (c *client) SetReadDeadline(time.Time) error {
	c.reading.Store(true)
	close(c.cut)
	return nil
}

func (c *client) SetWriteDeadline(time.Time) error {
	close(c.cut)
	return nil
}

func (c *client) isCut() bool {
	select {
	case <-c.cut:
		return true
	default:
		return false
	}
}

func newRoom(limit int64) *room { return &room{limit: limit, now: time.Now} }

// mustTake takes a seat and tells how long that took.
func mustTake(t *testing.T, r *room, size int64) (*seat, *client, time.Duration) {
	t.Helper()
	c := &client{ResponseRecorder: httptest.NewRecorder(), cut: make(chan struct{})}
	began := time.Now()
	s, err := r.take(context.Background(), c, size)
	if err != nil {
		t.Fatalf("%d bytes: %v", size, err)
	}
	return s, c, time.Since(began)
}

// leaveWhenCut is what the answering of a stalled client's review does once it is cut off.
func leaveWhenCut(s *seat, c *client) {
	<-c.cut
	s.leave()
}

// TestRoom fills the room with stalled large reviews, in the time of a bubble: ordinary ones do not wait, a large one waits for the patience that is left,
// and what is decided or was given room lately is not cut off.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(64 << 20)
		deciding, decided, _ := mustTake(t, r, MaxReview)
		if !deciding.arrived() {
			t.Fatal("it was cut off")
		}
		for range 5 {
			s, c, waited := mustTake(t, r, MaxReview)
			if waited != 0 {
				t.Errorf("with room left a review waited %v", waited)
			}
			go leaveWhenCut(s, c)
		}
		time.Sleep(patience / 2)
		ordinaries := make([]*seat, 0, 128)
		for range 128 {
			s, c, waited := mustTake(t, r, ordinary)
			if waited != 0 || c.isCut() {
				t.Fatalf("an ordinary review waited %v", waited)
			}
			ordinaries = append(ordinaries, s)
		}
		late, lately, waited := mustTake(t, r, 1<<20)
		if waited < patience/2 || waited > patience {
			t.Errorf("a large review waited %v for what is cut off after %v", waited, patience/2)
		}
		if decided.isCut() || lately.isCut() {
			t.Error("a review was cut off whose client has nobody wait for it, or has for too short")
		}
		for _, s := range append(ordinaries, deciding, late) {
			s.leave()
		}
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.taken > 4*MaxReview || r.taken%MaxReview != 0 || r.waiting.Len() != 0 || r.leaving != 0 {
			t.Errorf("%d bytes are taken, %d wait", r.taken, r.waiting.Len())
		}
		r.cutOff(r.limit) // so that nobody is left
	})
}

// TestRoomPace: a client that sends at its pace is not cut off, unless that takes too long in all; one that drips is.
func TestRoomPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for paces, want := range map[time.Duration]time.Duration{patience * 2: patience, patience / 2: maxWait} { // between two paces: until it is cut off
			r := newRoom(16 << 20)
			s, c, _ := mustTake(t, r, MaxReview)
			began := time.Now()
			go func() {
				for !c.isCut() {
					time.Sleep(paces)
					s.proceed()
				}
				s.leave()
			}()
			for _, err := r.take(context.Background(), httptest.NewRecorder(), MaxReview); err != nil; {
				_, err = r.take(context.Background(), httptest.NewRecorder(), MaxReview)
			}
			if took := time.Since(began); took < want || took > want+2*patience+paces {
				t.Errorf("a client with %v between two paces kept its room for %v, want %v", paces, took, want)
			}
		}
	})
}

// TestRoomOrder expects what needs least to go first, the waiting to end in time, and its end to leave nothing behind.
func TestRoomOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(16 << 20)
		full, _, _ := mustTake(t, r, 12<<20)
		full.arrived() // it is decided, for long
		order := make(chan int64, maxWaiting)
		for i := range int64(maxWaiting) {
			go func() {
				size := MaxReview - i<<10
				s, err := r.take(context.Background(), httptest.NewRecorder(), size)
				if err != nil {
					t.Error(err)
					return
				}
				order <- size
				s.leave()
			}()
		}
		synctest.Wait()
		if _, err := r.take(context.Background(), httptest.NewRecorder(), 1<<20); !errors.Is(err, errFull) {
			t.Errorf("one more than may wait: %v", err)
		}
		full.leave()
		synctest.Wait()
		if len(order) != maxWaiting || r.taken != 0 {
			t.Fatalf("%d of %d had their turn; %d bytes are taken", len(order), maxWaiting, r.taken)
		}
		if first := <-order; first != MaxReview-(maxWaiting-1)<<10 {
			t.Errorf("the first one had %d bytes", first)
		}

		full, _, _ = mustTake(t, r, 12<<20)
		full.arrived()
		began := time.Now()
		if _, err := r.take(context.Background(), httptest.NewRecorder(), 1<<20); !errors.Is(err, errFull) || time.Since(began) != maxWait {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		gone, leave := context.WithTimeout(context.Background(), time.Second)
		defer leave()
		began = time.Now()
		if _, err := r.take(gone, httptest.NewRecorder(), 1<<20); !errors.Is(err, errFull) || time.Since(began) != time.Second {
			t.Errorf("of a client that left after a second, %v: %v", time.Since(began), err)
		}
		full.leave()
		if r.taken != 0 || r.waiting.Len() != 0 || r.idle.Len() != 0 {
			t.Errorf("%d bytes are taken, %d wait, %d are waited for", r.taken, r.waiting.Len(), r.idle.Len())
		}
	})
}

// TestRoomAnswer expects an answer that is larger than its review to need room of its own, and a client that does not read it to be cut off for others.
func TestRoomAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(16 << 20)
		s, c, _ := mustTake(t, r, 1<<10)
		s.arrived()
		if !s.answer(4<<20) || r.taken != 4<<20 {
			t.Fatalf("%d bytes are taken", r.taken)
		}
		go leaveWhenCut(s, c)
		other, _, _ := mustTake(t, r, 1<<10)
		other.arrived()
		if other.answer(10 << 20) {
			t.Error("there is no room for the answer")
		}
		other.leave()
		large, _, waited := mustTake(t, r, MaxReview+1<<10)
		if waited < patience || waited > 2*patience || !c.isCut() || c.reading.Load() {
			t.Errorf("a large review waited %v", waited)
		}
		large.leave()
	})
}

// TestRoomWithoutDeadlines: a ResponseWriter that cannot be cut off is waited for.
func TestRoomWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(16 << 20)
		if _, err := r.take(context.Background(), struct{ http.ResponseWriter }{httptest.NewRecorder()}, MaxReview); err != nil {
			t.Fatal(err)
		}
		if _, err := r.take(context.Background(), httptest.NewRecorder(), MaxReview); !errors.Is(err, errFull) {
			t.Errorf("no room, but %v", err)
		}
	})
}
