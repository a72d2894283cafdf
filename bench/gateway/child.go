package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/openirsa/openirsa/bench/servers"
)

// childCommand is the first argument with which this program is one of its own servers.
const childCommand = "serve"

// startChild runs this program as a server, with the collector's target that `irsa up` sets itself, so that neither wins by it.
func startChild(name string, arguments ...string) (*servers.Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for this program: %w", err)
	}
	child, stdout, err := servers.Launch(name, self, []string{"GOGC=400"}, true, append([]string{childCommand}, arguments...)...)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, child.Fail(fmt.Errorf("starting %s: %w", name, err))
	}
	child.Address = strings.TrimSpace(line)
	return child, nil
}

// runChild serves on a free port, whose address it prints, until it is told to end.
func runChild(ctx context.Context, arguments []string) error {
	var handler http.Handler
	switch {
	case len(arguments) == 1 && arguments[0] == "backend":
		handler = newBackend()
	case len(arguments) == 2 && arguments[0] == "proxy":
		target, err := url.Parse(arguments[1])
		if err != nil {
			return fmt.Errorf("reading the backend's URL: %w", err)
		}
		handler = newProxy(target)
	default:
		return errors.New("want: serve backend, or serve proxy URL")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newProxy passes everything on, as little as httputil.ReverseProxy can be made to do: buffers come back, and no connection that
// 256 clients need is closed.
func newProxy(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true},
		BufferPool: &buffers{size: 32 << 10},
	}
}

// backend answers as S3 does: an object of any size that its key begins with can be read and written. It keeps nothing, asks nobody
// who they are, and does as little as it can.
type backend struct {
	content pattern
	buffers *buffers
}

func newBackend() *backend {
	return &backend{content: newPattern(), buffers: &buffers{size: 256 << 10}}
}

// ServeHTTP implements http.Handler.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	field := strings.Split(r.URL.Path, "/")
	size, err := strconv.Atoi(field[min(2, len(field)-1)])
	if err != nil || size < 1 || size > large {
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
		return
	}
	header := w.Header()
	header.Set("ETag", `"9bb58f26192e4ba00f01e2e7b136bbd8"`)
	header.Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
	switch r.Method {
	case http.MethodGet:
		header.Set("Accept-Ranges", "bytes")
		header.Set("Content-Type", "binary/octet-stream")
		header.Set("Last-Modified", "Wed, 12 Oct 2022 17:50:00 GMT")
		header.Set("Content-Length", strconv.Itoa(size))
		for _, piece := range b.content.pieces(size, block) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	case http.MethodPut:
		// What is chunked is longer than the object.
		if read, err := b.drain(r.Body); err != nil || read < int64(size) {
			http.Error(w, "<Error><Code>IncompleteBody</Code></Error>", http.StatusBadRequest)
		}
	default:
		http.Error(w, "<Error><Code>MethodNotAllowed</Code></Error>", http.StatusMethodNotAllowed)
	}
}

// drain reads to the end in larger pieces than io.Discard does.
func (b *backend) drain(body io.Reader) (read int64, err error) {
	buffer := b.buffers.Get()
	defer b.buffers.Put(buffer)
	for {
		n, err := body.Read(buffer)
		read += int64(n)
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return read, err
		}
	}
}

// buffers keeps buffers of one size. It is an httputil.BufferPool.
type buffers struct {
	size int
	pool sync.Pool
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, b.size)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
