package gateway

import (
	"io"
	"sync"
)

// bufferSize is what crosses at a time. Larger ones save system calls, until they no longer fit into the processor's caches.
const bufferSize = 128 << 10

// buffers are what bodies are copied with: as many as there are bodies under way, whatever their length.
type buffers struct{ pool sync.Pool }

// copy is io.Copy by one of the buffers, whatever else reader and writer can do.
func (b *buffers) copy(to io.Writer, from io.Reader) (int64, error) {
	buffer, ok := b.pool.Get().(*[bufferSize]byte)
	if !ok {
		buffer = new([bufferSize]byte)
	}
	defer b.pool.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, buffer[:])
}
