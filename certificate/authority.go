// Package certificate makes, keeps and rotates the certificates that this project's servers show: a certificate authority of our own, serving
// certificates that it issues, pairs of files that others keep, and the authority that replicas of one server share (docs/decisions/0011).
//
// It owns neither listeners nor the place where an authority is kept. Keys are ECDSA on P-256 (FIPS 186-5), which every TLS client of Kubernetes
// and AWS takes; certificates follow RFC 5280.
package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// backdate is how much earlier than now a certificate begins, so that a client whose clock is a little behind takes it.
const backdate = 5 * time.Minute

// maxPEM bounds what is parsed: a bundle of a hundred authorities is far smaller.
const maxPEM = 1 << 20

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS #8, RFC 5958
)

// Authority is a certificate authority that signs serving certificates and nothing else. It is immutable.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority that is valid from now for lifetime. Each has a name of its own, so that clients which trust several tell them apart.
func NewAuthority(now time.Time, lifetime time.Duration) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the authority's key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"OpenIRSA"}, CommonName: fmt.Sprintf("OpenIRSA authority %.8x", serial.Bytes())},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs servers, never another authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the new authority: %w", err)
	}
	return &Authority{certificate: certificate, key: key}, nil
}

// ParseAuthority reads an authority as PEM writes it. A key that is not the certificate's, or a certificate that may not sign, is an error.
func ParseAuthority(certificatePEM, keyPEM []byte) (*Authority, error) {
	certificates, err := ParseBundle(certificatePEM)
	if err != nil {
		return nil, err
	}
	if len(certificates) != 1 {
		return nil, fmt.Errorf("an authority is one certificate, and there are %d", len(certificates))
	}
	certificate := certificates[0]
	if !certificate.IsCA || certificate.KeyUsage&x509.KeyUsageCertSign == 0 {
		return nil, errors.New("the certificate is not an authority's")
	}
	block, rest := pem.Decode(bounded(keyPEM))
	if block == nil || block.Type != keyBlock || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the authority's key is not one PEM block " + keyBlock)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the authority's key is not in PKCS #8") // the cause might quote the key
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("the key is not the authority's")
	}
	return &Authority{certificate: certificate, key: key}, nil
}

// PEM returns the authority's certificate and its private key, which is a secret.
func (a *Authority) PEM() (certificatePEM, keyPEM []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the authority's key: %w", err)
	}
	return a.Bundle(), pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), nil
}

// Bundle returns what a client has to trust, as PEM.
func (a *Authority) Bundle() []byte { return Bundle(a.certificate) }

// Expires returns when the authority ends.
func (a *Authority) Expires() time.Time { return a.certificate.NotAfter }

// renewal returns when two thirds of the life of a certificate of ours are over: a third is left to notice that a renewal does not succeed.
func renewal(c *x509.Certificate) time.Time {
	made := c.NotBefore.Add(backdate)
	return made.Add(c.NotAfter.Sub(made) / 3 * 2)
}

// Issue makes a serving certificate for names, which are DNS names or IP addresses, valid from now for lifetime but no longer than the authority.
func (a *Authority) Issue(names []string, now time.Time, lifetime time.Duration) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, errors.New("a serving certificate needs a name")
	}
	expires := now.Add(lifetime)
	if a.Expires().Before(expires) {
		expires = a.Expires()
	}
	if !now.Before(expires) {
		return nil, fmt.Errorf("the authority ended at %s", a.Expires().UTC().Format(time.RFC3339))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a serving key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"OpenIRSA"}}, // names are in the alternative names alone, RFC 9525 section 2
		NotBefore:             now.Add(-backdate),
		NotAfter:              expires,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("signing a serving certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the new serving certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// Bundle writes certificates as PEM.
func Bundle(certificates ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})...)
	}
	return out
}

// ParseBundle reads certificates from PEM. An empty input is an empty bundle; anything but certificates is an error.
func ParseBundle(text []byte) ([]*x509.Certificate, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("certificates of more than %d bytes", maxPEM)
	}
	var certificates []*x509.Certificate
	for rest := bytes.TrimSpace(text); len(rest) > 0; {
		line := 1 + bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
		var block *pem.Block
		// pem.Decode skips what stands before a block; here that would be a block that it could not read.
		if !bytes.HasPrefix(rest, []byte("-----BEGIN "+certificateBlock+"-----")) {
			return nil, fmt.Errorf("line %d: not a PEM block %s", line, certificateBlock)
		}
		next := bytes.Index(rest[1:], []byte("-----BEGIN "))
		one := rest
		if next >= 0 {
			one = rest[:next+1]
		}
		block, after := pem.Decode(one)
		if block == nil || len(bytes.TrimSpace(after)) > 0 {
			return nil, fmt.Errorf("line %d: a PEM block that is broken", line)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		certificates = append(certificates, c)
		rest = rest[len(one):]
	}
	return certificates, nil
}

// bounded returns nothing in place of more than maxPEM bytes.
func bounded(text []byte) []byte {
	if len(text) > maxPEM {
		return nil
	}
	return text
}

// serialNumber draws 127 bits, of which RFC 5280 section 4.1.2.2 allows up to 20 octets and the CA/Browser Forum wants at least 64 bits.
func serialNumber() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil
}
