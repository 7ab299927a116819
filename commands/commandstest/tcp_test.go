package commandstest_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// lateServer blocks every XREAD. The reply to one leaves as late as can be: only when
// the client that waits for it has been listened to in vain, and INFO has told that
// nobody waits any more.
type lateServer struct {
	net.Listener
	mu      sync.Mutex
	blocked net.Conn
	waiting int
}

func (s *lateServer) run() {
	for {
		conn, err := s.Accept()
		if err != nil {
			return
		}
		go s.client(conn)
	}
}

func (s *lateServer) client(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		s.mu.Lock()
		switch strings.TrimSpace(line) {
		case "XREAD":
			s.blocked, s.waiting = conn, 1
		case "INFO":
			info := fmt.Sprintf("blocked_clients:%d\r\n", s.waiting)
			fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(info), info)
			if s.waiting == 0 && s.blocked != nil {
				fmt.Fprint(s.blocked, "+late\r\n")
				s.blocked = nil
			}
		}
		s.mu.Unlock()
	}
}

// On a busy machine a reply is late, and so is not there when its connection is
// listened to, though the server does not count it among those who wait any more.
func TestLateReplyIsNoWait(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	server := &lateServer{Listener: ln}
	go server.run()
	target, err := commandstest.DialTarget(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	c, err := target.Dial(wire.RESP2)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	args := [][]byte{[]byte("XREAD"), []byte("BLOCK"), []byte("0"), []byte("STREAMS"), []byte("k"), []byte("$")}
	if reply, err := c.Do(args); reply != nil || err != nil {
		t.Fatalf("a read that waits: %q, %v", reply, err)
	}
	if reply, err := c.Receive(); reply != nil || err != nil {
		t.Fatalf("nothing came yet: %q, %v", reply, err)
	}
	server.mu.Lock()
	server.waiting = 0
	server.mu.Unlock()
	if reply, err := c.Receive(); string(reply) != "+late\r\n" || err != nil {
		t.Fatalf("the late reply: %q, %v", reply, err)
	}
}
