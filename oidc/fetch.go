package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxDiscoverySize = 64 << 10 // bytes

// errUnreachable marks failures that may pass: no answer, or one that says to come back later.
var errUnreachable = errors.New("issuer did not answer")

// fetcher reads issuer documents: https only, no redirects, no proxy from the environment, bounded in size and time, behind the fence.
type fetcher struct {
	client  *http.Client
	timeout time.Duration // for both documents together
}

func newFetcher(c VerifierConfig) (*fetcher, error) {
	fence, err := newFence(c.AllowIssuers)
	if err != nil {
		return nil, err
	}
	return &fetcher{
		timeout: c.FetchTimeout,
		client: &http.Client{
			// A redirect is answered as what it is, a document that is not there: it would carry the trust in one URL to another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy:                  nil, // a proxy would dial for us, beyond the fence
				DialContext:            fence.dial,
				TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:    c.FetchTimeout,
				MaxResponseHeaderBytes: 64 << 10,
				DisableCompression:     true,
				MaxIdleConnsPerHost:    1,
				IdleConnTimeout:        c.FetchTimeout, // long enough for the second document
			},
		},
	}, nil
}

func (f *fetcher) close() { f.client.CloseIdleConnections() }

// jwks fetches issuer's key set by way of its discovery document, which must name exactly this issuer (OpenID Connect Discovery 1.0,
// section 4.3).
func (f *fetcher) jwks(ctx context.Context, issuer string) ([]byte, error) {
	if err := ValidateIssuerURL(issuer); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	document, err := f.get(ctx, strings.TrimSuffix(issuer, "/")+discoveryPath, maxDiscoverySize)
	if err != nil {
		return nil, fmt.Errorf("fetching discovery document: %w", err)
	}
	metadata, err := decodeObject(document)
	if err != nil {
		return nil, fmt.Errorf("reading discovery document: %w", err)
	}
	if named, _ := metadata["issuer"].(string); named != issuer {
		return nil, fmt.Errorf("reading discovery document: it is issuer %s's, not %s's", quote(named), quote(issuer))
	}
	uri, _ := metadata["jwks_uri"].(string)
	if err := checkDocumentURL(uri); err != nil {
		return nil, fmt.Errorf("reading discovery document: jwks_uri %s %w", quote(uri), err)
	}
	if document, err = f.get(ctx, uri, MaxJWKSSize); err != nil {
		return nil, fmt.Errorf("fetching key set: %w", err)
	}
	return document, nil
}

func checkDocumentURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return errors.New("is not an https URL")
	case u.User != nil:
		return errors.New("holds a user")
	}
	return nil
}

// get reads one document of at most limit bytes.
func (f *fetcher) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "openirsa")
	response, err := f.client.Do(request)
	if err != nil {
		var certificate *tls.CertificateVerificationError
		if errors.Is(err, errFenced) || errors.As(err, &certificate) {
			return nil, err // trying again changes nothing
		}
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	defer func() { _ = response.Body.Close() }() // nothing to learn from closing what was read
	switch {
	case ctx.Err() != nil: // TLS says good-bye before the connection closes, and a server may answer that
		return nil, fmt.Errorf("%w: %w", errUnreachable, ctx.Err())
	case response.StatusCode == http.StatusOK:
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("%w: %s answered %d", errUnreachable, address, response.StatusCode)
	default:
		return nil, fmt.Errorf("%s answered %d", address, response.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: reading %s: %w", errUnreachable, address, err)
	}
	if int64(len(document)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", address, limit)
	}
	return document, nil
}
