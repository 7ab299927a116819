package cluster_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication/mesh"
)

// A node that serves is ended by nobody who has come to an address in its join: another cluster,
// another secret, another version, or who says without a proof that the node was removed.
func TestStrangersAtJoinEndNoNodeThatServes(t *testing.T) {
	rows := map[string]func(w *world, addr string){
		"another cluster": func(w *world, addr string) {
			w.node(9).addr = addr
			must(w.t, w.nodes[9].begin())
		},
		"another secret": func(w *world, addr string) {
			w.listens(addr, func(l net.Listener) {
				self := mesh.Identity{Node: 9, Boot: 1, Cluster: "cluster-1", Addr: addr}
				m := mesh.New(mesh.Options{Self: func() mesh.Identity { return self }, Secret: "guessed", Listener: l, Dial: w.network.Dial(addr),
					Resolve: func(uint64) (string, bool) { return "", false }})
				_ = m.Run(w.t.Context())
			})
		},
		"another version": func(w *world, addr string) {
			w.says(addr, greeting(77), "")
		},
		"removed, without a proof": func(w *world, addr string) {
			reason := "node " + meta.FormatID(3) + " was removed from the cluster cluster-1"
			verdict := append([]byte{1}, binary.LittleEndian.AppendUint16(nil, uint16(len(reason)))...)
			w.says(addr, greeting(2), string(verdict)+reason)
		},
	}
	for name, stranger := range rows {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				const addr = "stranger:7001"
				w.grow(3)
				n := w.nodes[3]
				n.kill()
				must(t, n.start(addr))
				w.settled(3)
				stranger(w, addr)
				w.nodes[2].kill()
				select {
				case err := <-n.ended:
					t.Fatalf("ended with %v", err)
				case <-time.After(20 * time.Second):
				}
				if _, err := n.write(0, "on"); err != nil {
					t.Error(err)
				}
				if !strings.Contains(w.log.String(), "connection refused") {
					t.Error("nobody has met the stranger")
				}
			})
		})
	}
}

// Of several addresses one that refuses keeps no other from being asked.
func TestRemovedNodeHearsItBehindAStranger(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		n := w.nodes[3]
		n.kill()
		must(t, n.start("stranger:7001", w.nodes[1].addr))
		w.settled(3)
		w.says("stranger:7001", greeting(77), "")
		for _, id := range []uint64{1, 2} {
			w.network.Cut(n.addr, w.nodes[id].addr)
		}
		w.remove(1, 3)
		w.until("it is gone", func() bool { _, there := w.nodes[1].State().Node(3); return !there })
		w.network.HealAll()
		wantRemoved(t, n.fails(), 3)
	})
}

// greeting is the hello of a node 9 of no cluster that speaks a version of the protocol.
func greeting(version uint16) string {
	body := make([]byte, 8+8+32+1+4+1+1)
	b := binary.LittleEndian.AppendUint16([]byte("millrace"), version)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
	return string(append(binary.LittleEndian.AppendUint64(b, 9), body...))
}

// says has who listens at an address say the same to everybody who connects, a second part after
// the proof of the dialling side.
func (w *world) says(addr, first, second string) {
	w.listens(addr, func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, first)
				prefix := make([]byte, 8+2+2+8)
				if _, err := io.ReadFull(conn, prefix); err != nil {
					return
				}
				rest := int64(binary.LittleEndian.Uint16(prefix[10:]))
				const proof = 1 + 2 + 32
				if _, err := io.CopyN(io.Discard, conn, rest+proof); err == nil {
					_, _ = io.WriteString(conn, second)
				}
			}()
		}
	})
}

// listens runs something behind a listener until the world ends.
func (w *world) listens(addr string, run func(net.Listener)) {
	l, err := w.network.Listen(addr)
	must(w.t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(l)
	}()
	w.halts = append(w.halts, func() {
		_ = l.Close()
		<-done
	})
}
