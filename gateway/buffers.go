package gateway

import (
	"io"
	"sync"
)

const (
	// bufferSize is what crosses at a time. Larger ones save system calls, until they no longer fit into the processor's caches.
	bufferSize = 128 << 10
	// small is as much as net/http writes to the network together with a header, about.
	small = 4 << 10
)

// buffers are what bodies are copied with: as many as there are bodies under way, whatever their length.
type buffers struct{ pool sync.Pool }

// copy is io.Copy by one of the buffers, whatever else reader and writer can do. A negative length is not known. What is small takes none of them: many
// wait for small ones at the same time.
func (b *buffers) copy(to io.Writer, from io.Reader, length int64) (int64, error) {
	if 0 <= length && length <= small {
		return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, length+1))
	}
	buffer, ok := b.pool.Get().(*[bufferSize]byte)
	if !ok {
		buffer = new([bufferSize]byte)
	}
	defer b.pool.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, buffer[:])
}
