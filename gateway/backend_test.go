package gateway_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"github.com/openirsa/openirsa/gateway"
)

// memoryS3 remembers who made each bucket.
type memoryS3 struct {
	http.Handler
	owners sync.Map
}

func newBackend(testing.TB, string) gateway.Backend {
	return &memoryS3{Handler: gofakes3.New(s3mem.New()).Server()}
}

func (m *memoryS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.Handler.ServeHTTP(w, r)
	if r.Method == "PUT" {
		m.owners.LoadOrStore(r.URL.Path[1:], r.Header.Get("X-Openirsa-Account"))
	}
}

func (m *memoryS3) Owner(bucket string) (string, bool) {
	owner, ok := m.owners.Load(bucket)
	if !ok {
		return "", false
	}
	return owner.(string), true
}
