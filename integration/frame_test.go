package integration

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/commands/commandstest"
)

// frame is a reply, or a push, as it came.
type frame struct {
	kind byte
	text string // of anything but arrays
	null bool   // $-1 or *-1
	list []*frame
}

// readFrame reads one frame with all its elements.
func readFrame(r *bufio.Reader) (*frame, error) {
	f, n, err := readHead(r)
	if err != nil {
		return nil, err
	}
	for range n {
		e, err := readFrame(r)
		if err != nil {
			return nil, err
		}
		f.list = append(f.list, e)
	}
	return f, nil
}

// readHead reads a frame without its elements, and how many those are.
func readHead(r *bufio.Reader) (*frame, int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, 0, err
	}
	if len(line) < 3 {
		return nil, 0, fmt.Errorf("reply %q", line)
	}
	f := &frame{kind: line[0], text: line[1 : len(line)-2]}
	switch f.kind {
	case '+', '-', ':', '_', ',', '#', '(':
		return f, 0, nil
	case '$', '=', '*', '~', '>', '%':
	default:
		return nil, 0, fmt.Errorf("reply %q", line)
	}
	n, err := strconv.Atoi(f.text)
	f.text = ""
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("reply %q: %w", line, err)
	case n < 0:
		f.null = true
		return f, 0, nil
	case f.kind == '%':
		return f, 2 * n, nil
	case f.kind != '$' && f.kind != '=':
		return f, n, nil
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, 0, err
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return nil, 0, errors.New("a bulk string that is longer than announced")
	}
	f.text = string(b[:n])
	return f, 0, nil
}

func (f *frame) array() bool { return strings.IndexByte("*~>%", f.kind) >= 0 && !f.null }

// String is the frame as transcripts have it.
func (f *frame) String() string {
	text, rest, err := commandstest.Render(f.append(nil))
	if err != nil || len(rest) > 0 {
		return fmt.Sprintf("%q (%v)", f.append(nil), err)
	}
	return text
}

func (f *frame) append(b []byte) []byte {
	b = append(b, f.kind)
	switch {
	case f.null:
		b = append(b, "-1"...)
	case f.array():
		n := len(f.list)
		if f.kind == '%' {
			n /= 2
		}
		b = append(strconv.AppendInt(b, int64(n), 10), "\r\n"...)
		for _, e := range f.list {
			b = e.append(b)
		}
		return b
	case f.kind == '$' || f.kind == '=':
		b = append(strconv.AppendInt(b, int64(len(f.text)), 10), "\r\n"...)
		b = append(b, f.text...)
	default:
		b = append(b, f.text...)
	}
	return append(b, "\r\n"...)
}

// each calls fn for the frame and all that is in it.
func (f *frame) each(fn func(*frame)) {
	fn(f)
	for _, e := range f.list {
		e.each(fn)
	}
}

// word is the text of an element, "" where there is none.
func (f *frame) word(i int) string {
	if i >= len(f.list) {
		return ""
	}
	return f.list[i].text
}

// message reports whether this is a message of pub/sub, which comes unasked.
func (f *frame) message() bool {
	if f.kind != '>' && f.kind != '*' {
		return false
	}
	switch f.word(0) {
	case "message", "smessage":
		return len(f.list) == 3
	case "pmessage":
		return len(f.list) == 4
	}
	return false
}
