package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/certificate"
)

// shelf is a Vault in memory with one client, which learns what to trust only lag after it was told.
type shelf struct {
	mu       sync.Mutex
	clock    *clock
	lag      time.Duration
	kept     map[int][2][]byte
	told     []telling
	away     error // what every call fails with
	noClient bool
}

type telling struct {
	at     time.Time
	bundle []byte
}

func newShelf(c *clock, lag time.Duration) *shelf {
	return &shelf{clock: c, lag: lag, kept: map[int][2][]byte{}, told: []telling{{}}}
}

func (s *shelf) Versions(context.Context) ([]certificate.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var versions []certificate.Version
	for number, pair := range s.kept {
		a, _ := certificate.ParseAuthority(pair[0], pair[1])
		versions = append(versions, certificate.Version{Number: number, Authority: a})
	}
	return versions, s.away
}

func (s *shelf) Create(_ context.Context, v certificate.Version) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.kept[v.Number]; taken {
		return certificate.ErrTaken
	}
	cert, key, err := v.Authority.PEM()
	s.kept[v.Number] = [2][]byte{cert, key}
	return errors.Join(err, s.away)
}

func (s *shelf) Remove(_ context.Context, number int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, number)
	return s.away
}

func (s *shelf) Trust(ctx context.Context, wanted func(context.Context) ([]byte, error)) ([][]byte, error) {
	if s.away != nil {
		return nil, s.away
	}
	if s.noClient {
		return nil, nil
	}
	s.mu.Lock()
	revision := len(s.told)
	found := s.told[revision-1].bundle
	s.mu.Unlock()
	bundle, err := wanted(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(found, bundle) {
		return [][]byte{found}, nil
	}
	if len(s.told) != revision {
		return nil, errors.New("somebody else was first")
	}
	s.told = append(s.told, telling{s.clock.Now(), bundle})
	return [][]byte{found}, nil
}

// trusts returns what the client trusts now: what it was told lag ago, and the first telling at once, without which nothing could begin.
func (s *shelf) trusts() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.told[min(1, len(s.told)-1)].bundle
	for _, t := range s.told[1:] {
		if !t.at.Add(s.lag).After(s.clock.Now()) {
			known = t.bundle
		}
	}
	return known
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

func newShared(s *shelf, overlap time.Duration) *certificate.Shared {
	return &certificate.Shared{Vault: s, Names: []string{"127.0.0.1"}, Lifetime: 30 * time.Minute, Life: 3 * time.Hour, Overlap: overlap, Now: s.clock.Now}
}

// rotate lets two replicas live for long, in steps of the keeper's period while a client connects to them without pause. It returns how many
// handshakes there were, the errors of those that failed, and how many serving certificates and authorities were seen.
func rotate(t *testing.T, long, overlap, lag time.Duration) (handshakes int64, failures []string, leaves, authorities int) {
	t.Helper()
	c := &clock{now: noon}
	vault := newShelf(c, lag)
	keepers := []*certificate.Keeper{
		certificate.New(certificate.Config{Source: newShared(vault, overlap)}),
		certificate.New(certificate.Config{Source: newShared(vault, overlap)}),
	}
	var addresses []string
	for _, k := range keepers {
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, serveTLS(t, k.TLS()))
	}
	var done atomic.Bool
	var moving sync.RWMutex // the clock stands while somebody connects: on a busy machine hours would pass between a look at the bundle and a handshake
	var mu sync.Mutex
	var clients sync.WaitGroup
	shown, issuers := map[string]bool{}, map[string]bool{}
	connect := func(address string) {
		moving.RLock()
		defer moving.RUnlock()
		config := &tls.Config{RootCAs: pool(vault.trusts()), Time: c.Now}
		connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", address, config)
		mu.Lock()
		defer mu.Unlock()
		handshakes++
		if err != nil {
			failures = append(failures, err.Error())
			return
		}
		leaf := connection.ConnectionState().PeerCertificates[0]
		shown[leaf.SerialNumber.String()], issuers[leaf.Issuer.String()] = true, true
		connection.Close()
	}
	for _, address := range addresses {
		clients.Go(func() {
			for !done.Load() {
				connect(address)
			}
		})
	}
	const step = time.Minute
	for elapsed := time.Duration(0); elapsed < long; elapsed += step {
		moving.Lock()
		c.advance(step)
		moving.Unlock()
		for i, k := range keepers {
			if err := k.Refresh(t.Context()); err != nil && !strings.Contains(err.Error(), "somebody else was first") {
				t.Fatal(err)
			}
			if elapsed%(10*step) == 0 {
				connect(addresses[i]) // at known moments too, however fast the clock runs against the clients
			}
		}
	}
	done.Store(true)
	clients.Wait()
	return handshakes, failures, len(shown), len(issuers)
}

// TestRotationUnderLoad lets authorities and serving certificates rotate for nine hours of the clock under a client that never fails.
func TestRotationUnderLoad(t *testing.T) {
	handshakes, failures, leaves, authorities := rotate(t, 9*time.Hour, 3*time.Minute, 2*time.Minute)
	if len(failures) > 0 {
		t.Errorf("%d of %d handshakes failed, the first: %s", len(failures), handshakes, failures[0])
	}
	// Authorities of 3 hours are followed by the next after 2: 9 hours see 5 of them. Certificates of 30 minutes are replaced after 20, by both replicas.
	if authorities < 5 || leaves < 40 {
		t.Errorf("%d authorities and %d certificates were seen in %d handshakes", authorities, leaves, handshakes)
	}
	t.Logf("%d handshakes, %d authorities, %d certificates", handshakes, authorities, leaves)
}

// TestRotationTooEarly shows that the test above can fail: where a version signs before clients have learnt of it, they do.
func TestRotationTooEarly(t *testing.T) {
	handshakes, failures, _, _ := rotate(t, 5*time.Hour, 0, 20*time.Minute)
	if len(failures) == 0 {
		t.Errorf("none of %d handshakes failed", handshakes)
	}
}

// TestSharedStartsLate starts a replica in each of the last seconds of a version, and expects no certificate that ends before the next look at it, which is
// ten seconds later.
func TestSharedStartsLate(t *testing.T) {
	for left := time.Second; left < 4*time.Minute; left += 7 * time.Second {
		c := &clock{now: noon}
		vault := newShelf(c, 0)
		first := newShared(vault, time.Minute)
		look := func(s *certificate.Shared) *x509.Certificate {
			pair, err := s.Certificate(t.Context())
			if err != nil {
				t.Fatalf("%v left: %v", left, err)
			}
			return pair.Leaf
		}
		look(first)
		c.advance(2*time.Hour + time.Minute) // the next version is made
		look(first)
		c.advance(59*time.Minute - left)
		look(first)
		second := newShared(vault, time.Minute)
		for range 30 {
			leaf := look(second)
			if c.advance(10 * time.Second); !c.Now().Before(leaf.NotAfter) {
				t.Fatalf("%v before the end of a version a replica starts, and at %v serves a certificate that ended at %v", left, c.Now(), leaf.NotAfter)
			}
			look(first)
		}
	}
}

// TestSharedRemovesEnded expects ended versions to be removed, and two at most to be kept.
func TestSharedRemovesEnded(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	shared := newShared(vault, time.Minute)
	most := 0
	for range 48 * 4 {
		if _, err := shared.Certificate(t.Context()); err != nil {
			t.Fatal(err)
		}
		most = max(most, vault.count())
		c.advance(15 * time.Minute)
	}
	if most != 2 {
		t.Errorf("at most %d versions were kept, want 2", most)
	}
	bundle, err := certificate.ParseBundle(vault.trusts())
	if err != nil || len(bundle) > 2 {
		t.Errorf("%d authorities are trusted: %v", len(bundle), err)
	}
}

// TestSharedWithoutVault expects certificates to be renewed while the API server is away, and the error to be told.
func TestSharedWithoutVault(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	shared := newShared(vault, time.Minute)
	first, err := shared.Certificate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	vault.away = errors.New("connection refused")
	c.advance(90 * time.Minute)
	second, err := shared.Certificate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("the error is %v", err)
	}
	if second == nil || second.Leaf.Equal(first.Leaf) {
		t.Error("the certificate was not renewed")
	}
}

// TestSharedNobodyTrusts expects no certificate while there is no client that could verify it, and one as soon as there is.
func TestSharedNobodyTrusts(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	vault.noClient = true
	shared := newShared(vault, time.Minute)
	if pair, err := shared.Certificate(t.Context()); pair != nil || err == nil {
		t.Fatalf("issued %v, %v", pair, err)
	}
	vault.noClient = false
	if _, err := shared.Certificate(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSharedVersionTaken expects replicas that begin at once to agree on one version.
func TestSharedVersionTaken(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	var replicas sync.WaitGroup
	issuers := make([]string, 8)
	for i := range issuers {
		replicas.Go(func() {
			shared := newShared(vault, time.Minute)
			for range 100 {
				if pair, err := shared.Certificate(t.Context()); err == nil {
					issuers[i] = pair.Leaf.Issuer.String()
					return
				}
			}
		})
	}
	replicas.Wait()
	for _, issuer := range issuers {
		if issuer == "" || issuer != issuers[0] {
			t.Fatalf("issuers %q", issuers)
		}
	}
	if vault.count() != 1 {
		t.Errorf("%d versions", vault.count())
	}
}

// TestSharedTampered expects a version that cannot be read to be told and its number to be left alone, and a removed authority to be replaced at once.
func TestSharedTampered(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	vault.kept[7] = [2][]byte{[]byte("nonsense"), nil}
	shared := newShared(vault, time.Minute)
	first, err := shared.Certificate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "version 7") || first == nil {
		t.Fatalf("%v, %v", first, err)
	}
	if len(vault.kept) != 2 || string(vault.kept[7][0]) != "nonsense" {
		t.Fatalf("%d versions, and 7 is %q", len(vault.kept), vault.kept[7][0])
	}
	clear(vault.kept) // as an operator does whose authority's key was stolen
	c.advance(time.Second)
	second, err := shared.Certificate(t.Context())
	if err != nil || second.Leaf.Issuer.String() == first.Leaf.Issuer.String() {
		t.Errorf("still signed by the removed authority: %v", err)
	}
	if _, err := first.Leaf.Verify(x509.VerifyOptions{Roots: pool(vault.trusts()), CurrentTime: c.Now()}); err == nil {
		t.Error("the removed authority is still trusted")
	}
}

// TestSharedPlanted expects versions that somebody else put there, with the highest numbers that there are, to be told and to stop no rotation.
func TestSharedPlanted(t *testing.T) {
	c := &clock{now: noon}
	theirs, err := certificate.NewAuthority(noon, 1000*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := theirs.PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, planted := range map[string]map[int][2][]byte{
		"unreadable, the highest integer": {math.MaxInt: {}},
		"unreadable, the highest number":  {1_000_000: {}},
		"unreadable, the next ones":       {2: {}, 3: {}, 5: {}},
		"readable, the highest integer":   {math.MaxInt: {cert, key}},
		"readable, beyond the numbers":    {1_000_001: {cert, key}},
	} {
		vault := newShelf(c, 0)
		maps.Copy(vault.kept, planted)
		shared := newShared(vault, time.Minute)
		issuers := map[string]bool{}
		for range 10 * 4 {
			pair, err := shared.Certificate(t.Context())
			if pair == nil || err == nil || !strings.Contains(err.Error(), "of the authority") {
				t.Fatalf("%s: %v, %v", name, pair, err)
			}
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool(vault.trusts()), CurrentTime: c.Now()}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			issuers[pair.Leaf.Issuer.String()] = true
			if bundle := string(vault.trusts()); strings.Contains(bundle, string(cert)) {
				t.Errorf("%s: clients are told to trust it", name)
			}
			if vault.count() > 2+len(planted) {
				t.Fatalf("%s: %d versions", name, vault.count())
			}
			c.advance(15 * time.Minute)
		}
		if len(issuers) < 5 { // the next is made after two hours
			t.Errorf("%s: in ten hours %d authorities signed", name, len(issuers))
		}
		for number := range planted {
			if _, ok := vault.kept[number]; !ok {
				t.Errorf("%s: it is gone", name)
			}
		}
	}
}

// TestSharedNoNumberLeft expects no version to be made where none could be read, however often it is tried.
func TestSharedNoNumberLeft(t *testing.T) {
	c := &clock{now: noon}
	vault := newShelf(c, 0)
	last, err := certificate.NewAuthority(noon, 3*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Create(t.Context(), certificate.Version{Number: 1_000_000, Authority: last}); err != nil {
		t.Fatal(err)
	}
	shared := newShared(vault, time.Minute)
	c.advance(150 * time.Minute)
	for range 3 {
		if _, err := shared.Certificate(t.Context()); err == nil || !strings.Contains(err.Error(), "no number") {
			t.Errorf("the error is %v", err)
		}
	}
	if vault.count() != 1 {
		t.Errorf("%d versions", vault.count())
	}
}
