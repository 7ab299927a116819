package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// Conn is a connection to a server that speaks RESP2.
type Conn struct {
	net.Conn
	r *bufio.Reader
	w *bufio.Writer
}

// Dial connects.
func Dial(addr string) (*Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: nc, r: bufio.NewReaderSize(nc, 16<<10), w: bufio.NewWriterSize(nc, 16<<10)}, nil
}

// DialMany opens n connections.
func DialMany(addr string, n int) ([]*Conn, error) { return DialSpread([]string{addr}, n) }

// DialSpread opens n connections, to the addresses in turn.
func DialSpread(addrs []string, n int) ([]*Conn, error) {
	conns := make([]*Conn, 0, n)
	for i := range n {
		c, err := Dial(addrs[i%len(addrs)])
		if err != nil {
			CloseAll(conns)
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// CloseAll closes connections.
func CloseAll(conns []*Conn) {
	for _, c := range conns {
		_ = c.Close() // nothing is expected from it any more
	}
}

// Command is a command as it goes over the wire.
func Command(args ...string) []byte {
	b := append([]byte{'*'}, strconv.Itoa(len(args))...)
	b = append(b, '\r', '\n')
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, '\r', '\n')
		b = append(b, a...)
		b = append(b, '\r', '\n')
	}
	return b
}

// Send buffers a command that Command has made; Flush sends what is buffered.
func (c *Conn) Send(command []byte) error {
	_, err := c.w.Write(command)
	return err
}

// Flush sends what is buffered.
func (c *Conn) Flush() error { return c.w.Flush() }

// Do sends a command and waits for its reply.
func (c *Conn) Do(args ...string) (Reply, error) { return c.Call(Command(args...)) }

// Call is Do for a command that Command has made.
func (c *Conn) Call(command []byte) (Reply, error) {
	if err := c.Send(command); err != nil {
		return Reply{}, err
	}
	if err := c.Flush(); err != nil {
		return Reply{}, err
	}
	return c.Receive()
}

// Reply is a reply in RESP2. Text holds simple and bulk strings; a null is a bulk
// or an array with Null set.
type Reply struct {
	Kind  byte // '+', ':', '$' or '*'
	Text  string
	Int   int64
	Elems []Reply
	Null  bool
}

// ServerError is an error reply.
type ServerError string

func (e ServerError) Error() string { return string(e) }

var errReply = errors.New("not a reply")

// Receive reads the next reply; an error reply is a ServerError.
func (c *Conn) Receive() (Reply, error) { return readReply(c.r) }

func readReply(r *bufio.Reader) (Reply, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return Reply{}, err
	}
	if len(line) < 3 {
		return Reply{}, fmt.Errorf("%w: %q", errReply, line)
	}
	kind, text := line[0], line[1:len(line)-2]
	switch kind {
	case '+':
		return Reply{Kind: kind, Text: string(text)}, nil
	case '-':
		return Reply{}, ServerError(text)
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: %q", errReply, line)
	}
	switch {
	case kind == ':':
		return Reply{Kind: kind, Int: n}, nil
	case kind == '$' && n >= 0:
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return Reply{}, err
		}
		return Reply{Kind: kind, Text: string(b[:n])}, nil
	case kind == '*' && n >= 0:
		return readArray(r, n)
	case kind == '$' || kind == '*':
		return Reply{Kind: kind, Null: true}, nil
	}
	return Reply{}, fmt.Errorf("%w: it begins with %q", errReply, kind)
}

func readArray(r *bufio.Reader, n int64) (Reply, error) {
	a := Reply{Kind: '*', Elems: make([]Reply, 0, min(n, 1024))}
	for range n {
		e, err := readReply(r)
		if err != nil {
			return Reply{}, err
		}
		a.Elems = append(a.Elems, e)
	}
	return a, nil
}

// Skip sends a command and reads its reply without keeping it, however long it is.
func (c *Conn) Skip(args ...string) error {
	if err := c.Send(Command(args...)); err != nil {
		return err
	}
	if err := c.Flush(); err != nil {
		return err
	}
	return skipReply(c.r)
}

func skipReply(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if line[0] == '-' {
		return ServerError(line[1 : len(line)-2])
	}
	if line[0] != '$' && line[0] != '*' {
		return nil
	}
	n, err := strconv.Atoi(string(line[1 : len(line)-2]))
	if err != nil {
		return fmt.Errorf("%w: %q", errReply, line)
	}
	if line[0] == '$' {
		if n < 0 {
			return nil
		}
		_, err := r.Discard(n + 2)
		return err
	}
	for range n {
		if err := skipReply(r); err != nil {
			return err
		}
	}
	return nil
}
