package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/millrace-io/millrace/server/config"
)

// loadClusterTLS reads the certificates for TLS between nodes, if there are to be any, and tries
// them as the other nodes will: what they would refuse ends the start.
func (n *Node) loadClusterTLS(c *config.Config) error {
	if !c.ClusterTLS() {
		return nil
	}
	authorities, err := readAuthorities(c.ClusterTLSCA)
	if err != nil {
		return fmt.Errorf("cluster-tls-ca-cert-file: %w", err)
	}
	cert, err := readCertificate(c.ClusterTLSCert, c.ClusterTLSKey)
	if err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(c.ClusterAddress(n.bus.Addr().String()))
	if err := tryCertificate(&cert, authorities, host); err != nil {
		return fmt.Errorf("cluster-tls-cert-file: %s: other nodes would refuse it: %w", c.ClusterTLSCert, err)
	}
	n.tls = &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: authorities, ClientCAs: authorities, MinVersion: tls.VersionTLS13}
	return nil
}

func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return pool, nil
}

func readCertificate(certPath, keyPath string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certPath)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cluster-tls-cert-file: %w", err)
	}
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cluster-tls-key-file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("cluster-tls-cert-file %s with cluster-tls-key-file %s: %w", certPath, keyPath, err)
	}
	return pair, nil
}

// tryCertificate is why a node that dials this one, or that this one dials, would not take
// its certificate. host is where it is dialled.
func tryCertificate(cert *tls.Certificate, authorities *x509.CertPool, host string) error {
	between := x509.NewCertPool()
	for _, der := range cert.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		_, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: authorities, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage}})
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage {
			return errors.New("its extended key usage must be both serverAuth and clientAuth, as each node dials the others")
		}
		if err != nil {
			return err
		}
	}
	return cert.Leaf.VerifyHostname(host)
}
