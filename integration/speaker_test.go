package integration

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
	"syscall"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// speaker is a connection of the differential test. It follows what is said so far
// as it has to in order to know how many frames answer a command.
type speaker struct {
	net.Conn
	r  *bufio.Reader
	id string // CLIENT ID

	multi     bool
	queue     [][][]byte // commands of a transaction
	watched   [][]byte   // names, ever
	off, skip bool       // silent by CLIENT REPLY
	subs      map[string]map[string]bool
	waits     [][]byte // the command that has not been answered, since it blocks
	ended     bool
	messages  []*frame // that came since they were last taken
}

// patience is how long a reply may take: only what is broken takes it.
const patience = time.Minute

func newSpeaker(addr string, proto wire.Proto) (*speaker, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &speaker{Conn: conn, r: bufio.NewReader(conn), subs: map[string]map[string]bool{}}
	id, err := s.ask("CLIENT", "ID")
	if err != nil {
		return nil, err
	}
	s.id = id.text
	if proto == wire.RESP3 {
		_, err = s.ask("HELLO", "3")
	}
	return s, err
}

// ask sends a command and returns its one reply.
func (s *speaker) ask(words ...string) (*frame, error) {
	if _, err := io.WriteString(s, command(words...)); err != nil {
		return nil, err
	}
	return s.next()
}

// next returns the next frame that is no message; those it keeps.
func (s *speaker) next() (*frame, error) {
	for {
		if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return nil, err
		}
		f, err := readFrame(s.r)
		if err != nil || !f.message() {
			return f, err
		}
		s.messages = append(s.messages, f)
	}
}

// hear returns the frames that answer a command, none while it blocks.
func (s *speaker) hear(args [][]byte, blocked func() (bool, error)) ([]*frame, error) {
	if s.silenced(args) {
		return nil, nil
	}
	if mayBlock(args) && !s.multi {
		switch waits, err := s.pending(blocked); {
		case err != nil:
			return nil, err
		case waits:
			s.waits = args
			return nil, nil
		}
	}
	if strings.EqualFold(string(args[0]), "exec") && s.multi {
		return s.hearExec()
	}
	return s.answer(args)
}

// answer reads the frames that answer a command.
func (s *speaker) answer(args [][]byte) ([]*frame, error) {
	f, err := s.next()
	if err != nil {
		return nil, err
	}
	frames := []*frame{f}
	for n := s.note(args, f); n > 1; n-- {
		if f, err = s.next(); err != nil {
			return frames, err
		}
		s.noteSubscription(f)
		frames = append(frames, f)
	}
	return frames, nil
}

// pending waits until either a reply is there or the server says that the command
// blocks.
func (s *speaker) pending(blocked func() (bool, error)) (bool, error) {
	for end := time.Now().Add(patience); ; {
		if s.readable() {
			b, err := s.r.Peek(1)
			if err != nil || b[0] != '>' {
				return false, err
			}
			f, err := readFrame(s.r) // a message, that was sent while it waited
			if err != nil {
				return false, err
			}
			s.messages = append(s.messages, f)
		}
		switch waits, err := blocked(); {
		case err != nil:
			return false, err
		case waits:
			return true, nil
		case time.Now().After(end):
			return false, errors.New("neither a reply nor a wait")
		}
	}
}

// readable reports whether something has come.
func (s *speaker) readable() bool {
	_ = s.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := s.r.Peek(1)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}

// arrived returns a frame that has come and is no message, nil for none.
func (s *speaker) arrived() (*frame, error) {
	for s.readable() {
		if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return nil, err
		}
		f, err := readFrame(s.r)
		if err != nil || !f.message() {
			return f, err
		}
		s.messages = append(s.messages, f)
	}
	return nil, nil
}

// hearExec reads the reply of EXEC: a null, an error, or as many frames as its
// commands have, which may be more than the header says. 7.0 puts a message that the
// connection sent itself between them.
func (s *speaker) hearExec() ([]*frame, error) {
	queue := s.queue
	s.multi, s.queue = false, nil
	head, n, err := s.nextHead()
	if err != nil || n == 0 {
		return []*frame{head}, err
	}
	all := []*frame{{kind: ':', text: strconv.Itoa(n)}}
	for i, args := range queue {
		frames, err := s.answer(args)
		for _, f := range frames {
			all = append(all, normalised(args, f))
		}
		if err != nil {
			return all, fmt.Errorf("reply %d in EXEC: %w", i, err)
		}
	}
	return all, nil
}

// nextHead returns the next frame that is no message, without its elements.
func (s *speaker) nextHead() (*frame, int, error) {
	for {
		if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return nil, 0, err
		}
		b, err := s.r.Peek(1)
		if err != nil {
			return nil, 0, err
		}
		if b[0] != '>' { // in RESP2 no message can be on its way here
			return readHead(s.r)
		}
		f, err := readFrame(s.r)
		if err != nil {
			return nil, 0, err
		}
		s.messages = append(s.messages, f)
	}
}

// note takes in what a command did to the connection, and returns how many frames
// it is answered with.
func (s *speaker) note(args [][]byte, f *frame) int {
	name := strings.ToLower(string(args[0]))
	switch {
	case f.kind == '-':
		if name == "exec" {
			s.multi, s.queue = false, nil
		}
		return 1
	case s.multi && f.kind == '+' && f.text == "QUEUED":
		s.queue = append(s.queue, args)
		return 1
	}
	switch name {
	case "multi":
		s.multi = true
	case "watch":
		s.watched = append(s.watched, args[1:]...)
	case "discard":
		s.multi, s.queue = false, nil
	case "reset":
		s.multi, s.queue, s.subs = false, nil, map[string]map[string]bool{}
	case "subscribe", "psubscribe", "ssubscribe":
		s.noteSubscription(f)
		return len(args) - 1
	case "unsubscribe", "punsubscribe", "sunsubscribe":
		n := max(1, len(s.subs[strings.TrimSuffix(name, "unsubscribe")]))
		s.noteSubscription(f)
		if len(args) > 1 {
			n = len(args) - 1
		}
		return n
	}
	return 1
}

func (s *speaker) noteSubscription(f *frame) {
	kind, found := strings.CutSuffix(f.word(0), "unsubscribe")
	if found {
		delete(s.subs[kind], f.word(1))
		return
	}
	kind = strings.TrimSuffix(kind, "subscribe")
	if s.subs[kind] == nil {
		s.subs[kind] = map[string]bool{}
	}
	s.subs[kind][f.word(1)] = true
}

func (s *speaker) subscribed() bool {
	return len(s.subs[""])+len(s.subs["p"])+len(s.subs["s"]) > 0
}

// silenced reports whether CLIENT REPLY has seen to it that this command gets no
// reply.
func (s *speaker) silenced(args [][]byte) bool {
	silent := s.off || s.skip
	if s.multi {
		return silent
	}
	s.skip = false
	if len(args) == 3 && strings.EqualFold(string(args[0]), "client") && strings.EqualFold(string(args[1]), "reply") {
		switch strings.ToLower(string(args[2])) {
		case "on":
			s.off = false
			return false
		case "off":
			s.off = true
			return true
		case "skip":
			s.skip = !s.off
			return true
		}
	}
	if bytes.EqualFold(args[0], []byte("reset")) && len(args) == 1 {
		s.off = false
		return false
	}
	return silent
}

func mayBlock(args [][]byte) bool {
	name := strings.ToLower(string(args[0]))
	if name != "xread" && name != "xreadgroup" {
		return false
	}
	for i, a := range args {
		if bytes.EqualFold(a, []byte("block")) && i+1 < len(args) && string(args[i+1]) == "0" {
			return true
		}
	}
	return false
}

// hearEnd reads what comes to the end of the connection.
func (s *speaker) hearEnd() (frames []*frame, err error) {
	for {
		f, err := s.next()
		switch {
		case err == io.EOF || errors.Is(err, syscall.ECONNRESET):
			s.ended = true
			return frames, nil
		case err != nil:
			return frames, err
		}
		frames = append(frames, f)
	}
}
