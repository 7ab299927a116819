package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/server/config"
)

// authority signs certificates; all of its files are in one folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// sign makes name.pem and name.key, good for a node on 127.0.0.1 but for what change does.
func (a *authority) sign(name string, change func(*x509.Certificate)) {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", der)
	if der, err = x509.MarshalECPrivateKey(key); err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".key", "EC PRIVATE KEY", der)
}

// certified has a node show a certificate.
func (a *authority) certified(name string) func(*config.Config) {
	return func(c *config.Config) {
		c.ClusterTLSCert, c.ClusterTLSKey, c.ClusterTLSCA = a.path(name+".pem"), a.path(name+".key"), a.path("ca.pem")
	}
}

func withoutSecret(c *config.Config) { c.ClusterSecret = "" }

func TestClusterOverTLS(t *testing.T) {
	ca := newAuthority(t)
	ca.sign("node", nil)
	for name, secret := range map[string]func(*config.Config){"in place of the secret": withoutSecret, "with the secret": func(*config.Config) {}} {
		t.Run(name, func(t *testing.T) {
			first := start(t, newDisk(), clustered(nil), ca.certified("node"), secret)
			second := start(t, newDisk(), clustered(first), ca.certified("node"), secret)
			waitFor(t, "both are voters", func() bool { return first.votersEverywhere(2) })
			dial(t, second).must(t, "XADD k * f v")
			if n := dial(t, first).must(t, "XLEN k"); n != int64(1) {
				t.Errorf("%v entries", n)
			}
		})
	}
}

// heard is a log that tells when it has been told something.
type heard struct {
	mu   sync.Mutex // covers text
	text strings.Builder
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) has(words string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.text.String(), words)
}

// Who has no certificate of the cluster's authority stays outside, even with the secret,
// and its log says why.
func TestStrangersAreNotLetInOverTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	ours.sign("node", nil)
	theirs.sign("node", nil)
	first := start(t, newDisk(), clustered(nil), ours.certified("node"))
	for name, row := range map[string]struct {
		set  func(*config.Config)
		says string
	}{
		"another authority": {theirs.certified("node"), "certificate signed by unknown authority"},
		"no TLS":            {func(*config.Config) {}, "no node of the cluster answers"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &heard{}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				n, err := open(ctx, Outside{FS: newDisk()}, testConfig(clustered(first), row.set), slog.New(slog.NewTextHandler(log, nil)))
				if err == nil {
					err = errors.Join(errors.New("let in"), n.Close())
				}
				ended <- err
			}()
			waitFor(t, "it says why it can't join", func() bool { return log.has(row.says) })
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if nodes := first.place.State().Nodes(); len(nodes) != 1 {
				t.Errorf("let in: %v", nodes)
			}
		})
	}
}

// What the other nodes would refuse is found at the start, and named.
func TestCertificatesThatWillNotDo(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	ca.sign("node", nil)
	ca.sign("second", nil)
	ca.sign("old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	ca.sign("elsewhere", func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} })
	ca.sign("server", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	if err := os.WriteFile(ca.path("text"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		cert, key, ca string
		says          []string
	}{
		"no certificate":       {"missing", "node.key", ca.path("ca.pem"), []string{"cluster-tls-cert-file", ca.path("missing"), "no such file"}},
		"no key":               {"node.pem", "missing", ca.path("ca.pem"), []string{"cluster-tls-key-file", ca.path("missing"), "no such file"}},
		"no authority":         {"node.pem", "node.key", ca.path("missing"), []string{"cluster-tls-ca-cert-file", ca.path("missing"), "no such file"}},
		"not in PEM":           {"text", "node.key", ca.path("ca.pem"), []string{"cluster-tls-cert-file", ca.path("text")}},
		"authority not in PEM": {"node.pem", "node.key", ca.path("text"), []string{"cluster-tls-ca-cert-file", ca.path("text"), "holds no certificate in PEM"}},
		"key of another":       {"node.pem", "second.key", ca.path("ca.pem"), []string{ca.path("node.pem"), ca.path("second.key"), "private key does not match"}},
		"of another authority": {"node.pem", "node.key", other.path("ca.pem"), []string{"cluster-tls-cert-file", "other nodes would refuse it", "unknown authority"}},
		"expired":              {"old.pem", "old.key", ca.path("ca.pem"), []string{ca.path("old.pem"), "expired"}},
		"names another host":   {"elsewhere.pem", "elsewhere.key", ca.path("ca.pem"), []string{ca.path("elsewhere.pem"), "127.0.0.1", "10.0.0.1"}},
		"is not for clients":   {"server.pem", "server.key", ca.path("ca.pem"), []string{ca.path("server.pem"), "both serverAuth and clientAuth"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, newDisk(), testConfig(clustered(nil), func(c *config.Config) {
				c.ClusterTLSCert, c.ClusterTLSKey, c.ClusterTLSCA = ca.path(row.cert), ca.path(row.key), row.ca
			}))
			err := p.wait(t)
			if err == nil {
				t.Fatal("the node has started")
			}
			for _, want := range row.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
		})
	}
}
