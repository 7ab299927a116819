package commandstest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

var update = flag.Bool("update", false, "rewrite the transcripts with the replies that came")

// Target is what transcripts are played against.
type Target interface {
	// Reset empties the database and opens a connection to it.
	Reset(p wire.Proto) (Conn, error)
	// Dial opens one more; ErrNoConnections where there can be but one.
	Dial(p wire.Proto) (Conn, error)
	// Old reports that this is Redis 7.0.
	Old() bool
	// Knows reports whether there is a command of that name.
	Knows(name []byte) (bool, error)
	// Exists and SetString are what the directives of that name need.
	Exists(key []byte) (bool, error)
	SetString(key, value []byte) error
	// Advance moves the clock; false where it can't be moved.
	Advance(ms int64) bool
}

// Conn is a connection to a Target.
type Conn interface {
	// Do sends a command and returns the reply as it came; nil for none so far.
	Do(args [][]byte) ([]byte, error)
	// Receive returns the reply to a command that waited; nil for none so far.
	Receive() ([]byte, error)
	Close() error
}

// Partitioned is a Target with several partitions: it refuses commands, or
// transactions, whose keys are in more than one.
type Partitioned interface {
	// Crossed is told of each section that ends where a command was refused so, by the
	// name of the file and its own.
	Crossed(file, section string)
	// Differs says in what a section differs from one partition, "" for nothing: such a
	// one is not played.
	Differs(file, section string) string
}

const crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot"

// errCrossed ends a section whose keys are in several partitions.
var errCrossed = errors.New("keys of several partitions")

// ErrNoConnections is returned by a Target that has no connections.
var ErrNoConnections = errors.New("no connections of their own here")

// errSkip ends a section that goes on with what the target can't do.
var errSkip = errors.New("not possible here")

// PlayAll plays all transcripts of a folder against target.
func PlayAll(t *testing.T, folder string, target Target) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("transcripts in %s: %v, %v", folder, paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { Play(t, path, target) })
	}
}

// Play plays a transcript against target, in both protocols.
func Play(t *testing.T, path string, target Target) {
	transcript, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range transcript.Sections {
		for _, p := range []wire.Proto{wire.RESP2, wire.RESP3} {
			if len(s.Steps) == 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/RESP%d", s.Name, p), func(t *testing.T) {
				if why := differs(target, path, s.Name); why != "" {
					t.Skip(why)
				}
				player := player{t: t, path: path, target: target, proto: p}
				player.play(s)
			})
		}
	}
	if *update {
		if err := os.WriteFile(path, transcript.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func differs(target Target, path, section string) string {
	if p, ok := target.(Partitioned); ok {
		return p.Differs(filepath.Base(path), section)
	}
	return ""
}

type player struct {
	t      *testing.T
	path   string
	target Target
	proto  wire.Proto
	own    Conn
	named  map[string]Conn
}

func (p *player) play(s *Section) {
	own, err := p.target.Reset(p.proto)
	if err != nil {
		p.t.Fatal(err)
	}
	p.own, p.named = own, map[string]Conn{}
	defer p.close()
	for _, step := range s.Steps {
		err := p.step(step)
		if errors.Is(err, errCrossed) {
			p.target.(Partitioned).Crossed(filepath.Base(p.path), s.Name)
			return
		}
		if errors.Is(err, errSkip) || errors.Is(err, ErrNoConnections) {
			p.t.Skipf("%s:%d: %v", p.path, step.Line, err)
		}
		if err != nil {
			p.t.Fatalf("%s:%d: %s: %v", p.path, step.Line, step.Text, err)
		}
	}
}

func (p *player) close() {
	_ = p.own.Close()
	for _, c := range p.named {
		_ = c.Close()
	}
}

func (p *player) step(s *Step) error {
	switch s.Kind {
	case Directive:
		return p.direct(s)
	case Command:
		c, err := p.conn(s.Conn)
		if err != nil {
			return err
		}
		reply, err := c.Do(s.Args)
		if err != nil {
			return err
		}
		return p.compare(s, reply)
	case Receive:
		c, err := p.conn(s.Conn)
		if err != nil {
			return err
		}
		reply, err := p.receive(s, c)
		if err != nil {
			return err
		}
		return p.compare(s, reply)
	}
	return nil
}

// receive gives what should come, as a message from another connection, its time.
func (p *player) receive(s *Step, c Conn) ([]byte, error) {
	expected, _ := s.expected(p.variant())
	for deadline := time.Now().Add(replyTimeout); ; {
		reply, err := c.Receive()
		if reply != nil || err != nil || expected == waiting || time.Now().After(deadline) || *update {
			return reply, err
		}
	}
}

func (p *player) variant() variant {
	return variant{old: p.target.Old(), resp3: p.proto == wire.RESP3}
}

func (p *player) conn(name string) (Conn, error) {
	if name == "" {
		return p.own, nil
	}
	if c := p.named[name]; c != nil {
		return c, nil
	}
	c, err := p.target.Dial(p.proto)
	if err == nil {
		p.named[name] = c
	}
	return c, err
}

// compare compares a reply with the one expected, or notes it with -update.
func (p *player) compare(s *Step, reply []byte) error {
	got := waiting
	if reply != nil {
		text, rest, err := Render(reply)
		if err != nil {
			return fmt.Errorf("reply %q: %w", reply, err)
		}
		if len(rest) > 0 {
			return fmt.Errorf("reply %q is more than one", reply)
		}
		got = text
	}
	v := p.variant()
	expected, ok := s.expected(v)
	switch {
	case ok && Matches(expected, got):
	case got == crossSlot && p.partitioned():
		return errCrossed
	case *update:
		if _, known := s.want[variant{}]; !known {
			v.old = false
		}
		s.want[v] = got
	case !ok:
		return errors.New("no reply in the transcript: run with -update")
	default:
		p.t.Errorf("%s:%d: %s\n got %s\nwant %s", p.path, s.Line, s.Text, got, expected)
	}
	return nil
}

func (p *player) partitioned() bool {
	_, ok := p.target.(Partitioned)
	return ok
}

func (p *player) direct(s *Step) error {
	switch args := s.Args; {
	case len(args) == 3 && string(args[0]) == "string":
		return p.target.SetString(args[1], args[2])
	case len(args) == 3 && string(args[0]) == "exists":
		exists, err := p.target.Exists(args[1])
		if err == nil && exists != (string(args[2]) == "1") {
			p.t.Errorf("%s:%d: %s: exists is %v", p.path, s.Line, s.Text, exists)
		}
		return err
	case len(args) > 1 && string(args[0]) == "needs":
		return p.needs(args[1:])
	case len(args) > 2 && string(args[0]) == "repeat":
		n, err := strconv.Atoi(string(args[1]))
		if err != nil {
			return err
		}
		return p.repeat(n, args[2:])
	case len(args) == 2 && string(args[0]) == "clock":
		var ms int64
		if _, err := fmt.Sscanf(string(args[1]), "+%d", &ms); err != nil {
			return err
		}
		if !p.target.Advance(ms) {
			return errSkip
		}
		return nil
	}
	return fmt.Errorf("unknown directive")
}

// needs leaves the section out where one of the commands is missing.
func (p *player) needs(names [][]byte) error {
	for _, name := range names {
		if known, err := p.target.Knows(name); err != nil || !known {
			return errors.Join(err, errSkip)
		}
	}
	return nil
}

// repeat runs a command n times, with the number of the run, from 1, for %d. Its
// replies count only when they are errors.
func (p *player) repeat(n int, args [][]byte) error {
	for i := range n {
		run := make([][]byte, len(args))
		for j, a := range args {
			run[j] = bytes.ReplaceAll(a, []byte("%d"), strconv.AppendInt(nil, int64(i+1), 10))
		}
		reply, err := p.own.Do(run)
		if err != nil {
			return err
		}
		if len(reply) == 0 || reply[0] == '-' {
			return fmt.Errorf("run %d: %q", i+1, reply)
		}
	}
	return nil
}
