package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const (
	discoveryPath = "/.well-known/openid-configuration" // OpenID Connect Discovery 1.0, section 4
	jwksPath      = "/openid/v1/jwks"                   // where kube-apiserver serves its keys
)

// Issuer publishes discovery and keys and signs tokens. It is immutable and safe for concurrent use.
type Issuer struct {
	url       string
	path      string // of url, without a trailing slash
	signer    jose.Signer
	discovery []byte
	jwks      []byte
}

// discoveryDocument has the members that kube-apiserver publishes, in its order.
type discoveryDocument struct {
	Issuer        string   `json:"issuer"`
	JWKSURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// NewIssuer makes the issuer whose string is url (see ValidateIssuerURL). keys[0] signs; all are published, so that tokens of a key that
// was replaced are still verified.
func NewIssuer(issuerURL string, keys []*Key) (*Issuer, error) {
	if err := ValidateIssuerURL(issuerURL); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("an issuer needs a signing key")
	}
	parsed, err := url.Parse(issuerURL)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: keys[0].algorithm,
		Key:       jose.JSONWebKey{Key: keys[0].private, KeyID: keys[0].id},
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing signing key: %w", err)
	}
	i := &Issuer{url: issuerURL, path: strings.TrimSuffix(parsed.Path, "/"), signer: signer}
	return i, i.render(keys)
}

// render prepares the two documents.
func (i *Issuer) render(keys []*Key) error {
	discovery := discoveryDocument{
		Issuer:        i.url,
		JWKSURI:       strings.TrimSuffix(i.url, "/") + jwksPath,
		ResponseTypes: []string{"id_token"},
		SubjectTypes:  []string{"public"},
	}
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: k.Algorithm(), Use: "sig"})
		discovery.Algorithms = append(discovery.Algorithms, k.Algorithm())
	}
	slices.Sort(discovery.Algorithms)
	discovery.Algorithms = slices.Compact(discovery.Algorithms)
	var err error
	if i.discovery, err = json.Marshal(discovery); err != nil {
		return fmt.Errorf("rendering discovery document: %w", err)
	}
	if i.jwks, err = json.Marshal(set); err != nil {
		return fmt.Errorf("rendering key set: %w", err)
	}
	return nil
}

// URL is the issuer string.
func (i *Issuer) URL() string { return i.url }

// JWKS is the published key set. The bytes are shared: do not change them.
func (i *Issuer) JWKS() []byte { return i.jwks }

// Sign signs claims (a value that marshals to a JSON object) as a compact JWT whose header holds alg and kid, as Kubernetes' tokens have it.
func (i *Issuer) Sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	signed, err := i.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing token: %w", err)
	}
	return signed.CompactSerialize()
}

// Handler serves the two documents under the issuer URL's path, with kube-apiserver's media types and lifetime, to GET and HEAD only;
// anything else is 404, or 405 for another method.
func (i *Issuer) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var document []byte
		var mediaType string
		switch r.URL.Path {
		case i.path + discoveryPath:
			document, mediaType = i.discovery, "application/json"
		case i.path + jwksPath:
			document, mediaType = i.jwks, "application/jwk-set+json"
		default:
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Content-Length", strconv.Itoa(len(document)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(document) // a client that went away is no error of ours
		}
	})
}
