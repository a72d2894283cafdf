package main

import (
	"bytes"
	"encoding/pem"
	"errors"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// roots are Mozilla's certificate authorities as PEM. Those of which Mozilla trusts only some certificates are left out: a file cannot say that, and
// to trust all of them would be more than Mozilla does.
func roots() ([]byte, error) {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	if out.Len() == 0 {
		return nil, errors.New("the bundle has no certificate authorities")
	}
	return out.Bytes(), nil
}
