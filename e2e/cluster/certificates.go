package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// authority signs the certificates of one cluster.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(certificateFile, keyFile string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a.certificate = template // it signs itself
	certificate, keyPEM, err := a.sign(template, key)
	if err != nil {
		return nil, err
	}
	a.pem = certificate
	block, _ := pem.Decode(certificate)
	if a.certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, err
	}
	if err := writeFile(certificateFile, certificate); err != nil {
		return nil, err
	}
	return a, writeFile(keyFile, keyPEM)
}

// sign completes template and returns certificate and key in PEM.
func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (certificate, keyPEM []byte, err error) {
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), nil
}

// server writes the API server's certificate, for the names that pods know it by and the first address of ServiceRange.
func (a *authority) server(certificateFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, keyPEM, err := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
	}, key)
	if err != nil {
		return err
	}
	if err := writeFile(certificateFile, certificate); err != nil {
		return err
	}
	return writeFile(keyFile, keyPEM)
}

// client makes a certificate by which the API server knows a user and groups: common name and organizations.
func (a *authority) client(user string, groups []string) (certificate, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	return a.sign(&x509.Certificate{
		Subject:  pkix.Name{CommonName: user, Organization: groups},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, key)
}

// writeRSAKey makes a key for service accounts' tokens of the kind that kubeadm makes.
func writeRSAKey(file string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return writeFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// login is how a kubeconfig authenticates: a certificate or a token's file.
type login struct {
	certificate, key []byte
	tokenFile        string
}

func (c *Cluster) writeKubeconfig(name string, user login) (string, error) {
	config := api.NewConfig()
	config.Clusters["cluster"] = &api.Cluster{Server: c.Server, CertificateAuthorityData: c.ca.pem}
	config.AuthInfos["user"] = &api.AuthInfo{ClientCertificateData: user.certificate, ClientKeyData: user.key, TokenFile: user.tokenFile}
	config.Contexts["context"] = &api.Context{Cluster: "cluster", AuthInfo: "user"}
	config.CurrentContext = "context"
	file := c.path(strings.NewReplacer(":", "-", "/", "-").Replace(name) + ".kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}
