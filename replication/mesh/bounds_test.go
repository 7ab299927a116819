package mesh_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

// Who says nothing, or not what a node says, is out after a few seconds, and keeps
// nobody else out for longer.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.start(c.options(1), func(m *mesh.Mesh) { answering(1, m) })
		c.start(c.options(2), nil)
		dial := network.Dial("stranger")
		silent := make([]net.Conn, 128)
		for i := range silent {
			conn, err := dial(context.Background(), c.nodes[1].addr)
			if err != nil {
				t.Fatal(err)
			}
			silent[i] = conn
		}
		synctest.Wait()
		began := time.Now()
		if _, err := c.nodes[2].Call(context.Background(), 1, kindEcho, nil); err == nil {
			t.Error("more than 128 connections in their handshake")
		}
		for _, conn := range silent {
			if _, err := io.Copy(io.Discard, conn); err != nil && time.Since(began) == 0 {
				t.Error(err)
			}
		}
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("closed after %v", d)
		}
		if _, err := c.nodes[2].Call(context.Background(), 1, kindEcho, nil); err != nil {
			t.Error(err)
		}
		conn, err := dial(context.Background(), c.nodes[1].addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n")); err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(conn); len(got) > 0 {
			t.Errorf("a client of Redis is answered %q", got)
		}
	})
}

func TestDisconnect(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, nil)
		c.nodes[1].Disconnect(2)
		for _, n := range []*node{c.nodes[1], c.nodes[2]} {
			if e := n.next(t); e.up {
				t.Error("up")
			}
			if e := n.next(t); !e.up {
				t.Error("down")
			}
		}
	})
}

func TestCallBodiesAreBounded(t *testing.T) {
	c := newCluster(t, nil)
	c.linked(2, answering)
	ctx := context.Background()
	large := make([]byte, 64<<20)
	if out, err := c.nodes[1].Call(ctx, 2, kindEcho, large); err != nil || !bytes.Equal(out, large) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := c.nodes[1].Call(ctx, 2, kindEcho, append(large, 0)); err == nil {
		t.Error("a larger call is sent")
	}
}
