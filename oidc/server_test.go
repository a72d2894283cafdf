package oidc

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// testIssuer is an issuer on loopback with TLS, which counts what is asked of it.
type testIssuer struct {
	url       string
	roots     *x509.CertPool
	keys      atomic.Pointer[[]byte]       // the key set that it serves
	override  atomic.Pointer[http.Handler] // answers instead, if set
	discovery atomic.Int32
	fetches   atomic.Int32 // of the key set
	requests  atomic.Int32
}

func newTestIssuer(t testing.TB, keys ...string) *testIssuer {
	t.Helper()
	i := &testIssuer{roots: x509.NewCertPool()}
	i.serve(keys...)
	server := httptest.NewTLSServer(i)
	t.Cleanup(server.Close)
	i.url = server.URL
	i.roots.AddCert(server.Certificate())
	return i
}

func (i *testIssuer) serve(keys ...string) {
	document := jwks(keys...)
	i.keys.Store(&document)
}

// answer makes handler answer everything; nil restores the issuer.
func (i *testIssuer) answer(handler http.HandlerFunc) {
	if handler == nil {
		i.override.Store(nil)
		return
	}
	var h http.Handler = handler
	i.override.Store(&h)
}

func (i *testIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.requests.Add(1)
	if h := i.override.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	i.standard(w, r)
}

func (i *testIssuer) standard(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		i.discovery.Add(1)
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.url, i.url+"/keys")
	case "/keys":
		i.fetches.Add(1)
		w.Write(*i.keys.Load())
	default:
		http.NotFound(w, r)
	}
}

// provider registers i in an account for sts.amazonaws.com.
func (i *testIssuer) provider(account string) Provider {
	return Provider{Account: account, Issuer: i.url, Revision: 1, ClientIDs: []string{"sts.amazonaws.com"}}
}

// verifier trusts i and may reach it; the clock is wound by hand.
func (i *testIssuer) verifier(t testing.TB, c *clock) *Verifier {
	t.Helper()
	return newVerifier(t, VerifierConfig{Now: c.Now, AllowIssuers: []string{"127.0.0.0/8"}, RootCAs: i.roots})
}
