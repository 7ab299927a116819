package resp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp"
)

// selfSigned is a certificate for 127.0.0.1 and a pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestTLS(t *testing.T) {
	cert, roots := selfSigned(t)
	f := start(t, resp.Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}, "")
	c, err := tls.Dial("tcp", f.addr, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	value := strings.Repeat("v", 3<<20)
	go func() {
		io.WriteString(c, command("set", "a")+command("echo", value)+"get a\r\nQUIT\r\n")
		c.CloseWrite()
	}()
	want := "+OK\r\n$3145728\r\n" + value + "\r\n$3\r\n0:a\r\n+OK\r\n"
	got, err := io.ReadAll(c)
	if err != nil || string(got) != want {
		t.Errorf("got %d bytes (%v), want %d", len(got), err, len(want))
	}
	plain := f.dial() // a client that speaks no TLS harms nobody
	plain.send("PING\r\n")
	io.ReadAll(plain)
	f.awaitClients(0)
}

func TestEpollSpeaksNoTLS(t *testing.T) {
	_, err := resp.NewServer(resp.Options{Listener: resp.ListenerEpoll, TLS: &tls.Config{}}, testTable(), &fakeNode{}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("got %v", err)
	}
	if _, err = resp.NewServer(resp.Options{Listener: "gnet"}, testTable(), &fakeNode{}, nil, nil); err == nil {
		t.Error("took an unknown listener")
	}
}
