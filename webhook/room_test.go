package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/webhook"
)

const leastMemory = webhook.MaxReview * 4 / 3

// reviewServer is a handler of little memory behind TLS, with the HTTP/2 windows of `irsa webhook`.
func reviewServer(t *testing.T, version int) (*httptest.Server, *cluster) {
	t.Helper()
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN})
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Memory: leastMemory, Clock: time.Now})
	s := httptest.NewUnstartedServer(h)
	s.Listener = narrow{s.Listener}
	s.EnableHTTP2 = version == 2
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 8 << 20}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, c
}

// narrow is a listener for whose connections the kernel keeps little of what is written and not read.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	connection, err := n.Listener.Accept()
	if err == nil {
		err = connection.(*net.TCPConn).SetWriteBuffer(16 << 10)
	}
	return connection, err
}

// newClient is one with connections of its own.
func newClient(t *testing.T, s *httptest.Server, version int) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}, ForceAttemptHTTP2: version == 2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// podReview is a review of a pod with an annotation of that many bytes.
func podReview(padding int) []byte {
	pod := strings.Replace(plainPod, `"name":"app"}`, `"name":"app","annotations":{"padding":"`+strings.Repeat("x", padding)+`"}}`, 1)
	return fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},
		"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"shop","operation":"CREATE","object":%s}}`, pod)
}

// send posts a review and returns what is wrong with the answer.
func send(client *http.Client, s *httptest.Server, body []byte) error {
	answer, err := client.Post(s.URL+"/mutate", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("JSONPatch"))) {
		err = fmt.Errorf("%s: %.200s", answer.Status, text)
	}
	return err
}

// insist is send by a client that tries again when it is told to, as API servers do.
func insist(client *http.Client, s *httptest.Server, body []byte) error {
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		err := send(client, s, body)
		if err == nil || !strings.Contains(err.Error(), "503") || time.Since(began) > time.Minute {
			return err
		}
	}
}

// stalled is a body that announces length bytes, yields all but the last, and stalls until it is closed.
type stalled struct {
	left   int64
	sent   *atomic.Int64
	closed chan struct{}
	once   sync.Once
}

func (s *stalled) Read(p []byte) (int, error) {
	if s.left <= 1 {
		<-s.closed
		return 0, io.ErrUnexpectedEOF
	}
	n := min(int64(len(p)), s.left-1)
	clear(p[:n])
	s.left -= n
	s.sent.Add(n)
	return int(n), nil
}

func (s *stalled) Close() error { s.once.Do(func() { close(s.closed) }); return nil }

// strangers send reviews of length bytes without their ends, each again once it was answered, until the test ends.
func strangers(t *testing.T, s *httptest.Server, version, number int, length int64) (sent *atomic.Int64) {
	t.Helper()
	sent = &atomic.Int64{}
	var done atomic.Bool
	var all sync.WaitGroup
	var open sync.Map
	var client *http.Client
	for i := range number {
		if version == 1 || i%25 == 0 { // or streams of one connection
			client = newClient(t, s, version)
		}
		client := client
		all.Go(func() {
			for !done.Load() {
				body := &stalled{left: length, sent: sent, closed: make(chan struct{})}
				open.Store(body, true)
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/mutate", body)
				if err != nil {
					t.Error(err)
					return
				}
				request.ContentLength = length
				request.Header.Set("Content-Type", "application/json")
				if answer, err := client.Do(request); err == nil {
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
				body.Close()
				open.Delete(body)
			}
		})
	}
	t.Cleanup(func() {
		done.Store(true)
		s.CloseClientConnections()
		open.Range(func(body, _ any) bool { body.(*stalled).Close(); return true })
		all.Wait()
	})
	return sent
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestStalledStrangers has many strangers send the largest reviews without their ends, while an API server's ordinary reviews are answered, a large one
// too, and what is held stays within the memory that there is. TestRoom has the times.
func TestStalledStrangers(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP/%d", version), func(t *testing.T) {
			s, _ := reviewServer(t, version)
			before := heap()
			sent := strangers(t, s, version, 8, webhook.MaxReview)
			for deadline := time.Now().Add(30 * time.Second); sent.Load() < webhook.MaxReview/2; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("strangers sent %d bytes", sent.Load())
				}
			}
			client := newClient(t, s, version)
			for range 30 {
				if err := send(client, s, podReview(4<<10)); err != nil {
					t.Fatalf("an ordinary review: %v", err)
				}
			}
			held := int64(heap()) - int64(before)
			if held > 4*leastMemory { // 8 strangers' reviews are 64 MB
				t.Errorf("%d bytes are held, %d of them for reviews", held, leastMemory)
			}
			t.Logf("%d MB held; strangers sent %d MB", held>>20, sent.Load()>>20)
			if err := insist(client, s, podReview(1<<20)); err != nil {
				t.Errorf("a large review: %v", err)
			}
		})
	}
}

// TestStalledOrdinary is the same of strangers whose reviews are ordinary ones, which fill the memory that is for these alone.
func TestStalledOrdinary(t *testing.T) {
	s, _ := reviewServer(t, 2)
	strangers(t, s, 2, 100, 120<<10) // 12 MB, of 11
	client := newClient(t, s, 2)
	for range 5 {
		if err := insist(client, s, podReview(4<<10)); err != nil {
			t.Error(err)
		}
	}
}

// TestLargeBurst expects many honest large reviews at once to be answered, though they do not fit into the memory together.
func TestLargeBurst(t *testing.T) {
	s, _ := reviewServer(t, 2)
	client := newClient(t, s, 2)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := insist(client, s, podReview(1<<20)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestUnreadAnswers has strangers ask for the largest patches, from small reviews, and read none of them.
func TestUnreadAnswers(t *testing.T) {
	s, _ := reviewServer(t, 1)
	containers := strings.TrimSuffix(strings.Repeat("{},", webhook.MaxContainers), ",")
	pod := `{"metadata":{"annotations":{"eks.amazonaws.com/endpoint-url":"` + strings.Repeat("x", 1024) + `"}},"spec":{"serviceAccountName":"app","containers":[` + containers + `]}}`
	body := fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","resource":{"version":"v1","resource":"pods"},
		"namespace":"shop","operation":"CREATE","object":%s}}`, pod)
	if err := send(newClient(t, s, 1), s, body); err != nil {
		t.Fatalf("the strangers' review: %v", err)
	}
	before := heap()
	var all sync.WaitGroup
	for range 16 {
		client := newClient(t, s, 1)
		client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil {
				err = connection.(*net.TCPConn).SetReadBuffer(16 << 10)
			}
			return connection, err
		}
		all.Go(func() {
			answer, err := client.Post(s.URL+"/mutate", "application/json", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { answer.Body.Close() })
		})
	}
	all.Wait()
	client := newClient(t, s, 1)
	for range 20 {
		if err := send(client, s, podReview(4<<10)); err != nil {
			t.Errorf("an ordinary review: %v", err)
		}
	}
	if held := int64(heap()) - int64(before); held > 4*leastMemory { // 16 answers are 64 MB
		t.Errorf("%d bytes are held, %d of them for reviews", held, leastMemory)
	} else {
		t.Logf("%d MB held", held>>20)
	}
}
