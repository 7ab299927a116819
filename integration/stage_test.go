package integration

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// stage is a server with the connections of a scenario.
type stage struct {
	addr     string
	target   *commandstest.TCP // empties the server between scenarios
	control  *speaker
	protos   []wire.Proto
	speakers []*speaker
}

func newStage(addr string) (*stage, error) {
	s := &stage{addr: addr}
	var err error
	if s.target, err = commandstest.DialTarget(addr); err == nil {
		s.control, err = newSpeaker(addr, wire.RESP2)
	}
	return s, err
}

func (s *stage) close() {
	for _, sp := range s.speakers {
		sp.Close()
	}
	s.control.Close()
	s.target.Close()
}

// reset closes the connections, empties the server and opens new ones.
func (s *stage) reset(protos []wire.Proto) error {
	for _, sp := range s.speakers {
		sp.Close()
	}
	s.speakers = nil
	conn, err := s.target.Reset(wire.RESP2)
	if err != nil {
		return err
	}
	conn.Close()
	s.protos = protos
	for _, proto := range protos {
		sp, err := newSpeaker(s.addr, proto)
		if err != nil {
			return err
		}
		s.speakers = append(s.speakers, sp)
	}
	return nil
}

// speak writes a pipeline in its pieces and returns what comes back: a line for each
// reply, and the messages that the connection had got behind them.
func (s *stage) speak(t turn) (lines []string, err error) {
	sp := s.speakers[t.conn]
	if sp.ended {
		if sp, err = newSpeaker(s.addr, s.protos[t.conn]); err != nil {
			return nil, err
		}
		s.speakers[t.conn] = sp
	}
	if err := s.write(sp, t); err != nil {
		return nil, err
	}
	for _, u := range t.cmds {
		frames, err := s.hear(sp, u)
		for _, f := range frames {
			if u.args != nil {
				f = normalised(u.args, f)
			}
			lines = append(lines, fmt.Sprintf("%.200q: %v", u.args, f))
		}
		if err != nil {
			return lines, fmt.Errorf("%q: %w", u.args, err)
		}
		if sp.waits != nil {
			lines = append(lines, "...")
		}
	}
	return s.withMessages(sp, lines)
}

// withMessages appends the messages that a connection has got. One that a connection
// sends itself comes behind the reply, in 7.0 ahead of it (server.md 1.2); so messages
// are compared by themselves, with a PING behind the last of them. In a transaction
// that can't be: they are kept for later.
func (s *stage) withMessages(sp *speaker, lines []string) ([]string, error) {
	if sp.multi || sp.waits != nil {
		return lines, nil
	}
	if sp.subscribed() && !sp.ended {
		if _, err := sp.ask("PING"); err != nil {
			return lines, err
		}
	}
	sortMatches(sp.messages)
	for _, m := range sp.messages {
		lines = append(lines, m.String())
	}
	sp.messages = nil
	return lines, nil
}

func (s *stage) write(sp *speaker, t turn) error {
	ids := make([]string, len(s.speakers))
	for i, other := range s.speakers {
		ids[i] = other.id
	}
	text := ""
	for _, u := range t.cmds {
		text += u.bytes(ids)
	}
	from := 0
	for _, part := range append(slices.Clone(t.write), 1) {
		to := int(part * float64(len(text)))
		if to > from {
			if _, err := io.WriteString(sp, text[from:to]); err != nil {
				return nil // closed; what is read tells
			}
		}
		from = max(from, to)
	}
	return nil
}

func (s *stage) hear(sp *speaker, u utterance) ([]*frame, error) {
	switch {
	case u.ends:
		return sp.hearEnd()
	case u.args == nil:
		return nil, nil // an empty request
	}
	waiting := 1
	for _, other := range s.speakers {
		if other.waits != nil {
			waiting++
		}
	}
	return sp.hear(u.args, func() (bool, error) {
		n, err := s.blockedClients()
		return n == waiting, err
	})
}

func (s *stage) blockedClients() (n int, err error) {
	f, err := s.control.ask("INFO", "clients")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(f.text, "\nblocked_clients:")
	_, err = fmt.Sscan(rest, &n)
	return n, err
}

// others takes the replies of the connections that waited: each has got its reply,
// or the server says that it goes on waiting.
func (s *stage) others() (lines []string, err error) {
	for end := time.Now().Add(patience); ; {
		waiting, some := 0, false
		for i, sp := range s.speakers {
			if sp.waits == nil {
				continue
			}
			some = true
			f, err := sp.arrived()
			if err != nil {
				return lines, fmt.Errorf("connection %c: %w", 'A'+i, err)
			}
			if f == nil {
				waiting++
				continue
			}
			lines = append(lines, fmt.Sprintf("%c< %v", 'A'+i, normalised(sp.waits, f)))
			sp.waits = nil
		}
		if !some {
			break
		}
		n, err := s.blockedClients()
		if err != nil {
			return lines, err
		}
		if n == waiting {
			break
		}
		if time.Now().After(end) {
			return lines, fmt.Errorf("%d connections wait, the server says %d", waiting, n)
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// apart makes a turn of every command while somebody waits: who does not stand right
// behind an XADD that is sure to add sees the state behind a whole entry of the log,
// and what a pipeline changes may be one (docs/architecture.md, "Blocking reads"),
// where Redis looks behind every command.
func (s *stage) apart(t turn) []turn {
	if !slices.ContainsFunc(s.speakers, func(sp *speaker) bool { return sp.waits != nil }) {
		return []turn{t}
	}
	var all []turn
	for _, u := range t.cmds {
		all = append(all, turn{conn: t.conn, cmds: []utterance{u}, write: t.write})
	}
	return all
}
