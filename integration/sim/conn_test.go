package sim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/workload"
)

// opTimeout is how long a client waits for a reply.
const opTimeout = 10 * time.Second

// conn is a client's connection, RESP2.
type conn struct {
	net.Conn
	r *bufio.Reader
}

// connect opens a connection to a member.
func (w *world) connect(i int) (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	c, err := w.network.Dial(clientAddr)(ctx, w.members[i].addr)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, r: bufio.NewReader(c)}, nil
}

// Do implements workload.Conn.
func (c *conn) Do(commands ...[]string) (replies []any, err error) {
	if err := c.SetDeadline(time.Now().Add(opTimeout)); err != nil {
		return nil, err
	}
	var b []byte
	for _, args := range commands {
		b = fmt.Appendf(b, "*%d\r\n", len(args))
		for _, a := range args {
			b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	for range commands {
		r, err := c.read()
		if err != nil {
			return replies, err
		}
		replies = append(replies, r)
	}
	return replies, nil
}

// ask sends one command to a member, on a connection of its own.
func (w *world) ask(i int, args ...string) (any, error) {
	c, err := w.connect(i)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return workload.One(c, args...)
}

func (c *conn) read() (any, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, errors.New("an empty line for a reply")
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '+':
		return rest, nil
	case '-':
		return workload.Error(rest), nil
	case ':':
		return strconv.ParseInt(rest, 10, 64)
	case '$':
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return nil, err
		}
		b := make([]byte, n+2)
		_, err = io.ReadFull(c.r, b)
		return string(b[:n]), err
	case '*':
		return c.readArray(rest)
	}
	return nil, fmt.Errorf("reply %q", line)
}

func (c *conn) readArray(length string) (any, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return nil, err
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = c.read(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
