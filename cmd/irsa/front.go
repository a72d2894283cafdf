package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// front stands on the AWS port and shows each request to its door: the service that the signature's credential scope names, or,
// for an unsigned request, the shape of an STS call. It decides where a request goes, never whether it may; whatever it cannot
// place goes to the gateway, which refuses what it does not serve.
type front struct {
	api           http.Handler
	hasCluster    func(method, path string) bool // whether a request of EKS is the API door's; the gateway knows the others
	gateway       http.Handler
	documents     http.Handler // of the embedded issuer; nil when they are published elsewhere
	documentsPath string       // "/id/<hex>"
	region        string       // of requests that name none
	proxies       proxies
	now           func() time.Time
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.documents != nil && strings.HasPrefix(r.URL.Path, f.documentsPath+"/") && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		f.documents.ServeHTTP(w, r)
		return
	}
	address, secure := f.proxies.client(r)
	origin := trail.Origin{
		RequestID: newRequestID(), SourceIP: address, UserAgent: r.UserAgent(), Region: f.region, Host: r.Host,
		SecureTransport: secure, Time: f.now().UTC(),
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	authorization, err := sigv4.Parse(&sigv4.Request{Method: r.Method, Path: path, RawQuery: query, Host: r.Host, Header: r.Header})
	if err == nil {
		origin.Region = authorization.Scope.Region
	} else if region, ok := regionOfHost(r.Host); ok && errors.Is(err, sigv4.ErrUnsigned) {
		origin.Region = region
	}
	r = r.WithContext(context.WithValue(r.Context(), arrivalKey{}, &arrival{origin, authorization, err}))
	if f.isAPI(r, authorization, err) {
		f.api.ServeHTTP(w, r)
		return
	}
	f.gateway.ServeHTTP(w, r)
}

// isAPI tells the API door from the gateway. A request whose signature cannot be read goes where its shape says,
// so that it is refused in the words of the protocol that the client speaks.
func (f *front) isAPI(r *http.Request, authorization *sigv4.Authorization, err error) bool {
	if err == nil {
		switch authorization.Scope.Service {
		case "sts", "iam", "cloudtrail", "openirsa":
			return true
		case "eks":
			return r.URL.Path == "/" || f.hasCluster(r.Method, r.URL.EscapedPath())
		}
		return isQuery(r)
	}
	if r.URL.Path != "/" {
		return false
	}
	if !errors.Is(err, sigv4.ErrUnsigned) && r.Method != http.MethodPost {
		return r.URL.Query().Has("Action")
	}
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && (contentType == "application/x-www-form-urlencoded" || r.Header.Get("X-Amz-Target") != "") ||
		r.URL.Query().Has("Action")
}

// isQuery knows a call of STS or IAM by its URL, whatever service it was signed for: the door tells such a client that its scope is wrong. What
// a body says is not read here.
func isQuery(r *http.Request) bool {
	if r.URL.Path != "/" || r.Method != http.MethodGet {
		return false
	}
	query := r.URL.Query()
	version := query.Get("Version")
	return query.Has("Action") && (version == "2011-06-15" || version == "2010-05-08")
}

// arrival is what front finds out about a request for the doors.
type arrival struct {
	origin        trail.Origin
	authorization *sigv4.Authorization
	err           error // why there is no authorization
}

// arrivalKey is the context key under which front leaves it.
type arrivalKey struct{}

// originOf is the doors' view of where a request came from: resolved once, by front.
func originOf(r *http.Request) trail.Origin {
	if a, ok := r.Context().Value(arrivalKey{}).(*arrival); ok {
		return a.origin
	}
	return trail.Origin{}
}

// authorizationOf is what the request claims about its signature: read once, by front.
func authorizationOf(r *http.Request) (*sigv4.Authorization, error) {
	if a, ok := r.Context().Value(arrivalKey{}).(*arrival); ok {
		return a.authorization, a.err
	}
	return nil, errors.New("reading a signature: the request did not come through the front")
}

// newRequestID is a random UUID (RFC 9562, version 4), as STS and IAM answer.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails: crypto/rand's documentation
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	text := make([]byte, 0, 36)
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
