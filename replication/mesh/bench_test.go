package mesh_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/replication/mesh"
)

// A message there, and one back when it has arrived.
func BenchmarkMessageRoundTrip(b *testing.B) {
	for _, size := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("value=%dB", size), func(b *testing.B) {
			c := newCluster(b, nil)
			back := make(chan struct{}, 1)
			c.linked(2, func(id uint64, m *mesh.Mesh) {
				m.Handle(kindNumber, func(_ mesh.Identity, body []byte) {
					if id == 1 {
						back <- struct{}{}
						return
					}
					m.Send(1, kindNumber, body)
				})
			})
			body := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c.nodes[1].Send(2, kindNumber, body)
				<-back
			}
		})
	}
}

// As many messages as the link takes, until the last has arrived.
func BenchmarkSend(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("value=%dB", size), func(b *testing.B) {
			c := newCluster(b, nil)
			last := make(chan struct{})
			c.linked(2, func(_ uint64, m *mesh.Mesh) {
				m.Handle(kindNumber, func(mesh.Identity, []byte) {})
				m.Handle(kindEcho, func(mesh.Identity, []byte) { close(last) })
			})
			body := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for !c.nodes[1].Send(2, kindNumber, body) {
					time.Sleep(100 * time.Microsecond)
				}
			}
			for !c.nodes[1].Send(2, kindEcho) {
				time.Sleep(100 * time.Microsecond)
			}
			<-last
		})
	}
}

func BenchmarkCall(b *testing.B) {
	c := newCluster(b, nil)
	c.linked(2, answering)
	body := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.nodes[1].Call(context.Background(), 2, kindEcho, body); err != nil {
			b.Fatal(err)
		}
	}
}

// What Raft's requests take over the mesh, and over the library's own TCP transport.
func BenchmarkAppendEntries(b *testing.B) {
	for _, size := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("entry=%dB/via=mesh", size), func(b *testing.B) {
			c := newCluster(b, nil)
			c.linked(2, nil)
			appendEntries(b, size, c.nodes[1].Transport(1), c.nodes[2].Transport(1), "2")
		})
		b.Run(fmt.Sprintf("entry=%dB/via=tcp", size), func(b *testing.B) {
			var ends [2]*raft.NetworkTransport
			for i := range ends {
				t, err := raft.NewTCPTransportWithLogger("127.0.0.1:0", nil, 2, 5*time.Second, hclog.NewNullLogger())
				if err != nil {
					b.Fatal(err)
				}
				defer t.Close()
				defer t.CloseStreams()
				ends[i] = t
			}
			appendEntries(b, size, ends[0], ends[1], ends[1].LocalAddr())
		})
	}
}

func appendEntries(b *testing.B, size int, from, to raft.Transport, addr raft.ServerAddress) {
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case rpc := <-to.Consumer():
				rpc.Respond(&raft.AppendEntriesResponse{Success: true}, nil)
			case <-ended:
				return
			}
		}
	}()
	req := &raft.AppendEntriesRequest{Term: 1, PrevLogEntry: 1, PrevLogTerm: 1, Entries: []*raft.Log{{Data: make([]byte, size)}}}
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := from.AppendEntries("2", addr, req, &raft.AppendEntriesResponse{}); err != nil {
			b.Fatal(err)
		}
	}
}
