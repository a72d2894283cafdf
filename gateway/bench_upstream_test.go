package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openirsa/openirsa/sigv4"
)

// BenchmarkGatewayUpstreamGet is a session's GetObject of 1 KiB over the network, through the gateway to a server outside and through Go's proxy to the
// same server. Client, server and both are in this process, and CPU-ns/op is the processor time of all: what the rows differ by, the gateway adds.
func BenchmarkGatewayUpstreamGet(b *testing.B) {
	p, o := newOutsidePlane(b)
	content := make([]byte, 1024)
	o.become(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	backend, err := url.Parse(o.server.URL)
	must(b, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(backend) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, BufferPool: new(proxyBuffers)})
	b.Cleanup(proxy.Close)
	credentials := p.session(b, "reader", allow("s3:GetObject", "arn:aws:s3:::bucket/*"))
	for name, address := range map[string]string{"gateway": p.url, "proxy": proxy.URL} {
		b.Run(name, func(b *testing.B) {
			host := strings.TrimPrefix(address, "http://")
			signed := &sigv4.Request{Method: "GET", Path: "/bucket/some/key", Host: host, PayloadHash: emptyHash}
			must(b, sigv4.Sign(signed, credentials, region, "s3", time.Now()))
			var text strings.Builder
			text.WriteString("GET /bucket/some/key HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: bench\r\n")
			must(b, http.Header(signed.Header).Write(&text))
			request := text.String() + "\r\n"
			b.ReportAllocs()
			b.SetParallelism(8)
			began := processorTime(b)
			b.RunParallel(func(pb *testing.PB) {
				connection, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", host)
				if err != nil {
					b.Error(err)
					return
				}
				defer connection.Close()
				for reader := bufio.NewReader(connection); pb.Next(); {
					if err := get(connection, reader, request); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(processorTime(b)-began)/float64(b.N), "CPU-ns/op")
			o.forget()
		})
	}
}

// proxyBuffers is an httputil.BufferPool.
type proxyBuffers struct{ pool sync.Pool }

func (p *proxyBuffers) Get() []byte {
	if buffer, ok := p.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, 32<<10)
}

func (p *proxyBuffers) Put(buffer []byte) { p.pool.Put(&buffer) }

// get sends a request and reads the whole answer.
func get(connection net.Conn, reader *bufio.Reader, request string) error {
	if _, err := io.WriteString(connection, request); err != nil {
		return err
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != 1024 || response.StatusCode != http.StatusOK {
		return &net.AddrError{Err: response.Status}
	}
	return nil
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
