package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// Sizes of objects.
const (
	small = 1 << 10
	block = 1 << 20
	large = 100 << 20
)

const (
	bucket = "shop"
	keys   = 64 // objects of each size
)

// payload says how a body is signed.
type payload string

const (
	noPayload payload = ""
	signed    payload = "signed payload"   // its SHA-256 in x-amz-content-sha256
	unsigned  payload = "UNSIGNED-PAYLOAD" // which SDKs send over TLS, where they have not been told otherwise
	chunked   payload = "signed chunks"    // aws-chunked, 64 KiB each
)

// workload is one kind of request.
type workload struct {
	method   string
	size     int
	payload  payload
	distinct int     // signatures in one run, at most
	goal     float64 // the least part of the proxy's rate; 0: none is set, because what the gateway hashes the proxy does not
	memory   bool    // whether peak memory must be as with bodies of 1 MiB
	anywhere bool    // measured on servers that keep their objects, too
}

var workloads = []workload{
	{method: http.MethodGet, size: small, distinct: 4096, goal: 0.8, anywhere: true},
	{method: http.MethodPut, size: block, payload: signed, distinct: 128},
	{method: http.MethodPut, size: block, payload: chunked, distinct: 128},
	{method: http.MethodPut, size: block, payload: unsigned, distinct: 128},
	{method: http.MethodGet, size: large, distinct: 256, goal: 0.95, memory: true},
	{method: http.MethodPut, size: large, payload: unsigned, distinct: 256, goal: 0.95, memory: true},
	{method: http.MethodPut, size: large, payload: signed, distinct: 256, memory: true},
}

func (w workload) name() string {
	name := fmt.Sprintf("%s %d KiB", w.method, w.size>>10)
	if w.size >= block {
		name = fmt.Sprintf("%s %d MiB", w.method, w.size/block)
	}
	if w.payload != noPayload {
		name += ", " + string(w.payload)
	}
	return name
}

// on is where a workload is measured.
func (w workload) on(field []*contestant) []*contestant {
	var chosen []*contestant
	for _, c := range field {
		if w.anywhere || !c.keeps {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// count is how many requests make one run. Large objects go once over each connection, and more often where there are few.
func (w workload) count(clients, requests int) int {
	switch w.size {
	case small:
		return requests
	case block:
		return max(requests/10, clients)
	}
	return max(clients, 48)
}

// warmUp is how many requests go before a run. Connections, the server's own too, are made by them; a large object makes no difference.
func (w workload) warmUp(clients int) int {
	if w.size == large {
		return 0
	}
	return 2 * clients
}

// answered is the length of the answer's body.
func (w workload) answered() int64 {
	if w.method == http.MethodGet {
		return int64(w.size)
	}
	return 0
}

// path is that of one of the objects of a size, which it begins with: the backend answers with as much.
func path(size, number int) string {
	return "/" + bucket + "/" + strconv.Itoa(size) + "/" + strconv.Itoa(number)
}

// pattern is what objects are made of: 1 MiB that is the same in every process.
type pattern []byte

func newPattern() pattern {
	p := make(pattern, block)
	rand.NewChaCha8([32]byte{}).Read(p) // never fails
	return p
}

// pieces is the content of an object of a size in pieces that are at most atMost bytes long, out of the one pattern: what is sent over
// and over stays in the processor's caches, and costs those little who are not measured.
func (p pattern) pieces(size, atMost int) [][]byte {
	var pieces [][]byte
	for at := 0; at < size; {
		from := at % len(p)
		length := min(atMost, size-at, len(p)-from)
		pieces = append(pieces, p[from:from+length])
		at += length
	}
	return pieces
}

// all is the whole content of an object of a size.
func (p pattern) all(size int) []byte { return bytes.Join(p.pieces(size, block), nil) }
