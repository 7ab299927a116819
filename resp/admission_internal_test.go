package resp

// White-box: a peer from another machine is hard to come by.

import (
	"net"
	"testing"

	"github.com/millrace-io/millrace/commands"
)

type bareNode struct {
	commands.Node
	noPassword bool
}

func (n bareNode) NoPassword() bool { return n.noPassword }

func TestProtectedMode(t *testing.T) {
	for _, row := range []struct {
		name       string
		peer       string
		mode       bool
		noPassword bool
		refused    bool
	}{
		{"stranger", "192.0.2.1:5", true, true, true},
		{"stranger, IPv6", "[2001:db8::1]:5", true, true, true},
		{"loopback", "127.0.0.1:5", true, true, false},
		{"loopback net", "127.1.2.3:5", true, true, false},
		{"loopback, IPv6", "[::1]:5", true, true, false},
		{"loopback, mapped", "[::ffff:127.0.0.1]:5", true, true, false},
		{"mode off", "192.0.2.1:5", false, true, false},
		{"password set", "192.0.2.1:5", true, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := DefaultLimits()
			l.ProtectedMode = row.mode
			srv, err := NewServer(Options{Limits: l, Listener: ListenerRedcon}, commands.NewTableOf(nil), bareNode{noPassword: row.noPassword}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			peer, err := net.ResolveTCPAddr("tcp", row.peer)
			if err != nil {
				t.Fatal(err)
			}
			got := srv.admit(srv.newSession(nil, &pool{}, srv.homes[0], peer, &net.TCPAddr{}), peer)
			if (got == protectedMode) != row.refused || got != "" && !row.refused {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Whoever can reach a unix socket is on this machine.
func TestProtectedModeOfUnixSocket(t *testing.T) {
	srv, err := NewServer(Options{Limits: DefaultLimits(), Listener: ListenerRedcon}, commands.NewTableOf(nil), bareNode{noPassword: true}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	peer, own := &net.UnixAddr{Net: "unix"}, &net.UnixAddr{Net: "unix", Name: "/m.sock"}
	s := srv.newSession(nil, &pool{}, srv.homes[0], peer, own)
	if got := srv.admit(s, peer); got != "" {
		t.Errorf("got %q", got)
	}
	if s.remote != "/m.sock:0" {
		t.Errorf("addr %s", s.remote)
	}
}
