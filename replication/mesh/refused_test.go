package mesh_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
)

// Node 2 differs in one thing from a good member. Whoever of the two dials, both log
// one line that says so, and only one, though node 2 tries again and again.
func TestRefused(t *testing.T) {
	rows := map[string]struct {
		change func(one, two *mesh.Options)
		says   []string
	}{
		"another secret": {
			func(_, two *mesh.Options) { two.Secret = "open, barley" },
			[]string{"node 1", "node 2", "different cluster secrets"},
		},
		"no secret": {
			func(_, two *mesh.Options) { two.Secret, two.NoAuthentication = "", true },
			[]string{"node 1", "node 2", "different cluster secrets"},
		},
		"another cluster": {
			func(_, two *mesh.Options) {
				two.Self = changed(two.Self, func(i *mesh.Identity) { i.Cluster = "elsewhere" })
			},
			[]string{"node 1", "node 2", `\"the cluster\"`, `\"elsewhere\"`},
		},
		"another version": {
			func(_, two *mesh.Options) { mesh.SpeakVersion(two, 77) },
			[]string{"node 1", "node 2", "version 77", "version 2"},
		},
		"not admitted": {
			func(one, two *mesh.Options) {
				one.Admit = func(peer mesh.Identity) error { return errors.New("it was removed\nforged=line") }
				two.Admit = one.Admit
			},
			[]string{"node 1", "node 2", "does not admit", "it was removed"},
		},
		"the same id": {
			func(_, two *mesh.Options) { two.Self = changed(two.Self, func(i *mesh.Identity) { i.Node = 1 }) },
			[]string{"two processes run as node 1, at "},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *cluster) {
				one, two := c.options(1), c.options(2)
				row.change(&one, &two)
				first, n := c.start(one, nil), c.start(two, nil)
				for range 3 {
					if _, _, err := n.CallAddr(context.Background(), first.addr, kindEcho, nil); err == nil {
						t.Fatal("not refused")
					}
				}
				for _, log := range []*lines{first.log, n.log} {
					eventually(t, "a line in the log", func() bool { return strings.Contains(log.String(), "connection refused") })
					text := log.String()
					for _, want := range row.says {
						if !strings.Contains(text, want) {
							t.Errorf("no %s in the log:\n%s", want, text)
						}
					}
					if strings.Count(text, "\n") != 1 {
						t.Errorf("more than one line:\n%s", text)
					}
				}
			})
		})
	}
}

func changed(self func() mesh.Identity, change func(*mesh.Identity)) func() mesh.Identity {
	id := self()
	change(&id)
	return func() mesh.Identity { return id }
}

func TestOtherNodeAnswers(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.start(c.options(1), nil)
		c.start(c.options(2), nil)
		c.mu.Lock()
		c.addrs[3] = c.addrs[2]
		c.mu.Unlock()
		var refused *mesh.RefusedError
		_, err := c.nodes[1].Call(context.Background(), 3, kindEcho, nil)
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "node 1 dialled node 3, and node 2 answers") {
			t.Errorf("got %v", err)
		}
		_, _, err = c.nodes[1].CallAddr(context.Background(), c.nodes[1].addr, kindEcho, nil)
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "dialled itself") {
			t.Errorf("got %v", err)
		}
	})
}

func TestRunNeedsAuthentication(t *testing.T) {
	c := newCluster(t, nil)
	o := c.options(1)
	defer o.Listener.Close()
	o.Secret = ""
	m := mesh.New(o)
	if err := m.Run(context.Background()); !errors.Is(err, mesh.ErrNoSecret) {
		t.Errorf("run: %v", err)
	}
	if _, err := m.Call(context.Background(), 1, kindEcho, nil); !errors.Is(err, mesh.ErrNoSecret) {
		t.Errorf("call: %v", err)
	}
}

func TestWithoutAuthentication(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		for id := uint64(1); id <= 2; id++ {
			o := c.options(id)
			o.Secret, o.NoAuthentication = "", true
			c.start(o, func(m *mesh.Mesh) { answering(id, m) })
		}
		if out, err := c.nodes[1].Call(context.Background(), 2, kindEcho, []byte("x")); err != nil || string(out) != "x" {
			t.Errorf("%q, %v", out, err)
		}
	})
}

func TestAfterTheEnd(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, answering)
		n := c.nodes[1]
		n.stop()
		if n.Send(2, kindNumber, nil) || n.Linked(2) {
			t.Error("linked")
		}
		n.SetPeers([]uint64{2, 3})
		if _, err := n.Call(context.Background(), 2, kindEcho, nil); !errors.Is(err, mesh.ErrEnded) {
			t.Errorf("call: %v", err)
		}
		if _, _, err := n.CallAddr(context.Background(), c.nodes[2].addr, kindEcho, nil); !errors.Is(err, mesh.ErrEnded) {
			t.Errorf("call of an address: %v", err)
		}
	})
}

func TestMutualTLS(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		ours, theirs := newAuthority(t), newAuthority(t)
		got := make(chan received, 1)
		for id := uint64(1); id <= 3; id++ {
			o := c.options(id)
			o.Secret = ""
			o.TLS = ours.config(t)
			switch id {
			case 2:
				o.Secret = ""
			case 3:
				o.TLS = theirs.config(t)
				o.TLS.RootCAs = ours.pool // it trusts us, we do not trust it
			}
			c.start(o, func(m *mesh.Mesh) { answering(id, m); collect(got)(id, m) })
		}
		if out, err := c.nodes[1].Call(context.Background(), 2, kindEcho, []byte("x")); err != nil || string(out) != "x" {
			t.Errorf("%q, %v", out, err)
		}
		c.nodes[1].SetPeers([]uint64{2})
		c.nodes[1].next(t)
		c.nodes[1].Send(2, kindNumber, make([]byte, 1<<20))
		if r := expect(t, got); len(r.body) != 1<<20 {
			t.Errorf("%d bytes", len(r.body))
		}
		if _, err := c.nodes[3].Call(context.Background(), 1, kindEcho, nil); err == nil {
			t.Error("a certificate of another authority is accepted")
		}
		eventually(t, "a line in the log", func() bool { return strings.Contains(c.nodes[1].log.String(), "unknown authority") })
	})
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

func (a *authority) config(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{"millrace"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		ClientCAs:    a.pool, ServerName: "millrace",
	}
}
