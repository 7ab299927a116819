package resp

// White-box: what a client has been sent shows nowhere else before the next sweep.

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// openNode is a node without a password.
type openNode struct{ commands.Node }

func (openNode) NoPassword() bool { return true }

func serverWith(t *testing.T, kind ListenerKind, output OutputLimit) *Server {
	t.Helper()
	limits := DefaultLimits()
	limits.Output = output
	srv, err := NewServer(Options{Listener: kind, Loops: 1, Limits: limits}, commands.NewTable(), openNode{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.front.discard)
	return srv
}

// pipeOf is a redcon connection of srv, and its client's end.
func pipeOf(srv *Server) (*redconConn, net.Conn) {
	served, client := net.Pipe()
	return newRedconConn(srv.front.(*redconFront), served), client
}

func (s *Session) append(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, b...)
}

func (s *Session) cutOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut
}

// A client that reads all it gets is never cut off, though each sweep finds it past
// the limit: it had everything in between.
func TestSoftLimitSparesWhoReadsUpBetweenSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		output := OutputLimit{Soft: 64 << 10, SoftFor: time.Second}
		c, client := pipeOf(serverWith(t, ListenerRedcon, output))
		defer client.Close()
		message := bytes.Repeat([]byte{'x'}, 1<<20)
		got := make([]byte, len(message))
		c.session.append(message)
		go c.write()
		for range 10 {
			time.Sleep(sweepEvery) // of the bubble: no time passes outside
			c.sweep()
			if c.session.cutOff() {
				t.Fatal("cut off")
			}
			if _, err := io.ReadFull(client, got[:len(got)-1]); err != nil {
				t.Fatal(err)
			}
			c.session.append(message) // before the write of the last byte is over
			if _, err := io.ReadFull(client, got[:1]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// One that reads, but is never below the limit, is cut off when its time is over.
func TestSoftLimitCutsWhoNeverReadsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		output := OutputLimit{Soft: 64 << 10, SoftFor: time.Second}
		c, client := pipeOf(serverWith(t, ListenerRedcon, output))
		message := bytes.Repeat([]byte{'x'}, 1<<20)
		c.session.append(message)
		go c.write()
		sweeps := 0
		for ; !c.session.cutOff(); sweeps++ {
			if sweeps == 3 {
				t.Fatal("not cut off")
			}
			c.session.append(message)
			if _, err := io.ReadFull(client, make([]byte, len(message))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(sweepEvery)
			c.sweep()
		}
		if sweeps != 3 {
			t.Errorf("cut off at sweep %d", sweeps)
		}
		client.Close()
	})
}
