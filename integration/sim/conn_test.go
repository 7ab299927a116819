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
)

// opTimeout is how long a client waits for a reply.
const opTimeout = 10 * time.Second

// conn is a client's connection, RESP2.
type conn struct {
	net.Conn
	r *bufio.Reader
}

// replyError is an error reply.
type replyError string

func (e replyError) Error() string { return string(e) }

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

// do sends commands and returns the replies that came: string, int64, nil, []any or
// replyError each. The error says why not all have come.
func (c *conn) do(commands ...[]string) (replies []any, err error) {
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

// one is do for one command; an error reply is an error.
func (c *conn) one(args ...string) (any, error) {
	replies, err := c.do(args)
	if err != nil {
		return nil, err
	}
	if e, is := replies[0].(replyError); is {
		return nil, e
	}
	return replies[0], nil
}

// ask sends one command to a member, on a connection of its own.
func (w *world) ask(i int, args ...string) (any, error) {
	c, err := w.connect(i)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.one(args...)
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
		return replyError(rest), nil
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

// pairs makes a map of a list of names and values.
func pairs(reply any) map[string]any {
	list, _ := reply.([]any)
	m := make(map[string]any, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		if name, is := list[i].(string); is {
			m[name] = list[i+1]
		}
	}
	return m
}
