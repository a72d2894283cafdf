package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Files is a Source that follows a certificate chain and its key in two files, as an operator, cert-manager or a mounted Secret keeps them. They are read
// anew at each look, so that a rename, a symbolic link's swap and a write in place are all noticed. A pair of which one file is newer than the
// other does not fit together: that is an error, and the pair from before goes on.
type Files struct {
	Cert, Key string // paths; PEM

	cert, key []byte // of what held was made
	held      *tls.Certificate
}

// Certificate reads the files.
func (f *Files) Certificate(context.Context) (*tls.Certificate, error) {
	cert, err := readBounded(f.Cert)
	if err != nil {
		return nil, fmt.Errorf("reading the serving certificate: %w", err)
	}
	key, err := readBounded(f.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the serving key: %w", err)
	}
	if f.held != nil && bytes.Equal(cert, f.cert) && bytes.Equal(key, f.key) {
		return f.held, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("reading the pair %s and %s: %w", f.Cert, f.Key, err)
	}
	f.cert, f.key, f.held = cert, key, &pair
	return f.held, nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxPEM+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxPEM {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxPEM)
	}
	return content, nil
}

// Own is a Source that issues serving certificates from one authority, and a new one once two thirds of the last one's life are over.
type Own struct {
	Authority *Authority
	Names     []string         // DNS names and IP addresses of the server
	Lifetime  time.Duration    // of each serving certificate
	Now       func() time.Time // the clock

	issuer *Authority // of held
	held   *tls.Certificate
}

// Certificate issues one where that is due, and at once after Authority was replaced.
func (o *Own) Certificate(context.Context) (*tls.Certificate, error) {
	if o.Authority == nil {
		return nil, errors.New("there is no authority yet")
	}
	now := o.Now()
	if o.held != nil && o.issuer == o.Authority && now.Before(renewal(o.held.Leaf)) {
		return o.held, nil
	}
	issued, err := o.Authority.Issue(o.Names, now, o.Lifetime)
	if err != nil {
		return nil, err
	}
	o.issuer, o.held = o.Authority, issued
	return issued, nil
}
