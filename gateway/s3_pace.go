package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// uploadPatience is how long an upload may take to bring its next pace, unless configured. Amazon S3 waits about as long on an idle connection.
	uploadPatience = 20 * time.Second
	// pace is far below what any line carries in that time, and far above what it costs a client to hold a connection.
	pace = 8 << 10
)

// errStopped: nobody needs the rest of the upload. It is no fault of the client's.
var errStopped = errors.New("the rest of the request's body is not read")

// sentBody is a request's body as it comes from the client. Until it is paced, it has to arrive before the server's own deadline. From then on it takes
// as long as it needs, as long as every patience brings another pace: neither a client that stalls nor one that drips holds a connection for longer, and
// an upload over a slow line is never cut. Only the time counts in which the client is waited for, not that which a backend takes.
//
// Once it has ended, no deadline is left: net/http goes on to read from the connection, to notice a client that leaves.
type sentBody struct {
	source io.Reader
	client http.ResponseWriter

	mutex   sync.Mutex // of what follows: a backend may read in a goroutine of its own
	paced   time.Duration
	left    time.Duration // of the patience
	arrived int           // since it began
	ended   bool
	stopped bool
}

// newSentBody is the body of r.
func newSentBody(w http.ResponseWriter, r *http.Request) *sentBody {
	return &sentBody{source: r.Body, client: w, ended: r.ContentLength == 0}
}

// setPace lifts the server's deadline. That of the next pace stands for what is never read: net/http reads a part of that before it answers.
func (b *sentBody) setPace(patience time.Duration) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.paced, b.left = patience, patience
	if b.ended {
		b.setDeadline(time.Time{})
		return
	}
	b.setDeadline(time.Now().Add(patience))
}

// setDeadline is of reading; a ResponseWriter without deadlines waits for its client.
func (b *sentBody) setDeadline(at time.Time) {
	_ = http.NewResponseController(b.client).SetReadDeadline(at)
}

// Read implements io.Reader.
func (b *sentBody) Read(p []byte) (int, error) {
	began := time.Now()
	if err := b.begin(began); err != nil {
		return 0, err
	}
	n, err := b.source.Read(p)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.arrived += n
	if b.left -= time.Since(began); b.arrived >= pace {
		b.left, b.arrived = b.paced, 0
	}
	switch {
	case errors.Is(err, io.EOF):
		b.ended = true
		b.setDeadline(time.Time{})
	case err != nil && b.stopped:
		err = errStopped
	}
	return n, err
}

func (b *sentBody) begin(now time.Time) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.stopped {
		return errStopped
	}
	if b.paced > 0 && !b.ended {
		b.setDeadline(now.Add(b.left))
	}
	return nil
}

// stop ends a reading that waits for the client, and all later ones, unless the body has ended. The client's connection ends with the answer, also where the
// rest arrives in this moment: net/http takes the deadline for the client's leaving, and would cancel what the client asks next.
func (b *sentBody) stop() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.ended || b.stopped {
		return
	}
	b.stopped = true
	b.client.Header().Set("Connection", "close")
	b.setDeadline(time.Unix(1, 0))
}
