package commandstest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

const (
	// replyTimeout is how long a reply may take: only what is broken takes it.
	replyTimeout = 5 * time.Second
	// silence is how long a connection that should wait is listened to.
	silence = 5 * time.Millisecond
)

// TCP is a server, or a real Redis, as a Target. It empties the server's database
// over and over.
type TCP struct {
	addr    string
	control *tcpConn
	old     bool
	waiting int // connections that wait
}

// DialTarget connects to a server.
func DialTarget(addr string) (*TCP, error) {
	s := &TCP{addr: addr}
	control, err := s.dial(wire.RESP2)
	if err != nil {
		return nil, err
	}
	s.control = control
	info, err := s.info("server")
	s.old = strings.Contains(info, "redis_version:7.0.") && !strings.Contains(info, "millrace")
	return s, err
}

// Close closes the connection that the target itself has.
func (s *TCP) Close() error { return s.control.Close() }

// Old implements Target.
func (s *TCP) Old() bool { return s.old }

// Reset implements Target.
func (s *TCP) Reset(p wire.Proto) (Conn, error) {
	// Whoever waits from the section before has gone; the server may not know yet.
	if err := s.settle(); err != nil {
		return nil, err
	}
	if err := s.forgotten(); err != nil {
		return nil, err
	}
	s.waiting = 0
	if _, err := s.control.roundTrip("FLUSHALL"); err != nil {
		return nil, err
	}
	return s.Dial(p)
}

// Dial implements Target.
func (s *TCP) Dial(p wire.Proto) (Conn, error) { return s.dial(p) }

func (s *TCP) dial(p wire.Proto) (*tcpConn, error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	c := &tcpConn{s: s, conn: conn, r: bufio.NewReader(conn)}
	if p == wire.RESP3 {
		if _, err := c.roundTrip("HELLO", "3"); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Knows implements Target.
func (s *TCP) Knows(name []byte) (bool, error) {
	reply, err := s.control.roundTrip("COMMAND", "INFO", string(name))
	return !bytes.HasPrefix(reply, []byte("*1\r\n*-1")) && !bytes.HasPrefix(reply, []byte("*1\r\n$-1")), err
}

// Exists implements Target.
func (s *TCP) Exists(key []byte) (bool, error) {
	reply, err := s.control.roundTrip("EXISTS", string(key))
	return string(reply) == ":1\r\n", err
}

// SetString implements Target.
func (s *TCP) SetString(key, value []byte) error {
	reply, err := s.control.roundTrip("SET", string(key), string(value))
	if bytes.HasPrefix(reply, []byte("-ERR unknown command")) {
		return errSkip
	}
	if err == nil && string(reply) != "+OK\r\n" {
		err = fmt.Errorf("SET: %q", reply)
	}
	return err
}

// Advance implements Target: a server has the time that it is.
func (s *TCP) Advance(int64) bool { return false }

func (s *TCP) info(section string) (string, error) {
	reply, err := s.control.roundTrip("INFO", section)
	return string(reply), err
}

// blockedClients is the line of INFO that counts that many waiting connections.
func blockedClients(n int) string { return fmt.Sprintf("blocked_clients:%d\r\n", n) }

// settle waits until no connection waits.
func (s *TCP) settle() error {
	deadline := time.Now().Add(replyTimeout)
	for {
		info, err := s.info("clients")
		if err != nil || strings.Contains(info, blockedClients(0)) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("clients that wait: %s", info)
		}
	}
}

// forgotten waits until the server has dropped the subscriptions of connections that
// were closed.
func (s *TCP) forgotten() error {
	deadline := time.Now().Add(replyTimeout)
	for {
		info, err := s.info("stats")
		none := true
		for _, field := range []string{"pubsub_channels", "pubsub_patterns", "pubsubshard_channels"} {
			none = none && (strings.Contains(info, field+":0\r\n") || !strings.Contains(info, field+":"))
		}
		if err != nil || none {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("subscriptions of nobody: %s", info)
		}
	}
}

type tcpConn struct {
	s         *TCP
	conn      net.Conn
	r         *bufio.Reader
	waiting   bool
	off, skip bool // silent by CLIENT REPLY: for good, for one command
}

// Close implements Conn.
func (c *tcpConn) Close() error { return c.conn.Close() }

// Do implements Conn.
func (c *tcpConn) Do(args [][]byte) ([]byte, error) {
	request := wire.AppendArray(nil, len(args))
	for _, a := range args {
		request = wire.AppendBulk(request, a)
	}
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	switch {
	case c.silenced(args):
		return c.read(silence)
	case !mayWait(args):
		return c.read(replyTimeout)
	}
	reply, err := c.replyOrWait(c.s.waiting + 1)
	if reply == nil && err == nil {
		c.waiting = true
		c.s.waiting++
	}
	return reply, err
}

// replyOrWait returns a reply, or nil once the server counts that many connections
// that wait. Both are looked for in turn: a reply may leave the server after this
// connection was listened to, and then the count never comes.
func (c *tcpConn) replyOrWait(waiting int) ([]byte, error) {
	want := blockedClients(waiting)
	for deadline := time.Now().Add(replyTimeout); ; {
		if reply, err := c.read(silence); reply != nil || err != nil {
			return reply, err
		}
		info, err := c.s.info("clients")
		if err != nil || strings.Contains(info, want) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("neither a reply nor %d blocked clients: %s", waiting, info)
		}
	}
}

// silenced reports whether CLIENT REPLY has seen to it that this command gets no
// reply.
func (c *tcpConn) silenced(args [][]byte) bool {
	mode := ""
	switch {
	case len(args) == 3 && bytes.EqualFold(args[0], []byte("client")) && bytes.EqualFold(args[1], []byte("reply")):
		mode = strings.ToLower(string(args[2]))
	case len(args) == 1 && bytes.EqualFold(args[0], []byte("reset")):
		mode = "on"
	}
	silent := c.off || c.skip
	c.skip = false
	switch mode {
	case "on":
		c.off = false
		return false
	case "off":
		c.off = true
		return true
	case "skip":
		c.skip = !c.off
		return true
	}
	return silent
}

// shortWait is the shortest wait, in ms, that a transcript sees as one. What waits
// for less is waited for like any reply.
const shortWait = 1000

// mayWait reports whether a command may wait: for ever, or for long.
func mayWait(args [][]byte) bool {
	for i, a := range args {
		if bytes.EqualFold(a, []byte("block")) && i+1 < len(args) {
			ms, err := strconv.Atoi(string(args[i+1]))
			return err == nil && (ms == 0 || ms >= shortWait)
		}
	}
	return false
}

// Receive implements Conn.
func (c *tcpConn) Receive() ([]byte, error) {
	if !c.waiting {
		return c.read(silence)
	}
	reply, err := c.replyOrWait(c.s.waiting)
	if reply != nil {
		c.waiting = false
		c.s.waiting--
	}
	return reply, err
}

func (c *tcpConn) roundTrip(args ...string) ([]byte, error) {
	list := make([][]byte, len(args))
	for i, a := range args {
		list[i] = []byte(a)
	}
	return c.Do(list)
}

// read reads one reply; nil for none within the time.
func (c *tcpConn) read(timeout time.Duration) ([]byte, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := c.r.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) && timeout == silence {
		return nil, nil
	}
	if err := c.conn.SetReadDeadline(time.Now().Add(replyTimeout)); err != nil {
		return nil, err
	}
	return readReply(c.r, nil)
}

// readReply appends one whole reply to b.
func readReply(r *bufio.Reader, b []byte) ([]byte, error) {
	head, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	b = append(b, head...)
	n, numeric := 0, false
	if len(head) > 3 {
		n, err = strconv.Atoi(string(head[1 : len(head)-2]))
		numeric = err == nil && n >= 0
	}
	if !numeric {
		return b, nil
	}
	switch head[0] {
	case '$', '=':
		value := make([]byte, n+2)
		if _, err := io.ReadFull(r, value); err != nil {
			return nil, err
		}
		return append(b, value...), nil
	case '%':
		n *= 2
	case '*', '~', '>':
	default:
		return b, nil
	}
	for range n {
		if b, err = readReply(r, b); err != nil {
			return nil, err
		}
	}
	return b, nil
}
