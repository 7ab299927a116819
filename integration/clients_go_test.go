package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// library is what the scenario asks of a Go client. Calls return what the library
// returned: that it comes back after a kill is its own affair.
type library interface {
	name() string
	createGroup(ctx context.Context, stream string) error
	add(ctx context.Context, stream, n string) (id string, err error)
	// read returns new entries for a consumer of the group. It waits for so long for
	// them; 0: for ever, negative: not at all.
	read(ctx context.Context, stream, consumer string, count int, wait time.Duration) ([]delivered, error)
	ack(ctx context.Context, stream, id string) error
	autoClaim(ctx context.Context, stream, consumer, from string) (next string, ids []string, err error)
	// transact adds amount to total and an entry to the ledger, if total does not
	// change meanwhile; between the WATCH and the EXEC it calls meanwhile.
	transact(ctx context.Context, amount int, meanwhile func()) (total int64, id string, refused bool, err error)
	increment(ctx context.Context, key string) error
	// subscribe returns once the subscription is confirmed. What comes is sent to the
	// channel, also after a kill.
	subscribe(ctx context.Context, channel string) (<-chan string, error)
	close()
}

type delivered struct{ id, n string }

// goProgram runs a Go library through the scenario, in this process.
func goProgram(connect func(addr string) (library, error)) program {
	return func(ctx context.Context, t *testing.T, addr string) *dialogue {
		in, answers := io.Pipe()
		out, said := io.Pipe()
		d := &dialogue{said: make(chan string), answers: answers}
		go func() {
			err := runLibrary(ctx, connect, addr, &script{ctx: ctx, in: bufio.NewReader(in), out: said})
			if err != nil {
				d.setTrouble(err.Error())
			}
			said.Close()
			in.CloseWithError(fmt.Errorf("the client has ended: %w", io.ErrClosedPipe))
		}()
		go func() {
			d.read(ctx, out)
			close(d.said)
		}()
		return d
	}
}

func runLibrary(ctx context.Context, connect func(addr string) (library, error), addr string, s *script) error {
	lib, err := connect(addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer lib.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends what subscribe started
	s.ctx, s.lib, s.got.Library = ctx, lib, lib.name()
	for i, step := range []func() error{
		s.start, s.addUntilStopped, s.share, s.timeOut, s.wait, s.listen, s.transactions, // before the kills
		s.addUntilStopped, s.wait, s.receive, s.claim, s.drain, s.transactions,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	line, err := json.Marshal(s.got)
	if err != nil {
		return err
	}
	return s.say("RESULT", string(line))
}

// script is one library on its way through the scenario.
type script struct {
	ctx   context.Context // of the whole run
	lib   library
	in    *bufio.Reader
	out   io.Writer
	news  <-chan string
	added int
	got   result
}

func (s *script) say(words ...string) error {
	_, err := fmt.Fprintln(s.out, strings.Join(words, " "))
	return err
}

// again calls until it goes well: what a program does whose server is away.
func (s *script) again(call func() error) error {
	for {
		err := call()
		if err == nil || s.ctx.Err() != nil {
			return err
		}
		pause(s.ctx)
	}
}

// pause keeps a program whose server is away from turning in a circle.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Millisecond):
	}
}

// pass hands a message on, unless nobody takes it any more.
func pass(ctx context.Context, texts chan<- string, text string) {
	select {
	case texts <- text:
	case <-ctx.Done():
	}
}

func (s *script) start() error {
	if err := s.lib.createGroup(s.ctx, "jobs"); err != nil {
		return err
	}
	return s.lib.createGroup(s.ctx, "wake")
}

func (s *script) addUntilStopped() error {
	for {
		n, id := fmt.Sprint(s.added+1), ""
		err := s.again(func() (err error) {
			id, err = s.lib.add(s.ctx, "jobs", n)
			return err
		})
		if err != nil {
			return err
		}
		s.added++
		if err := s.say("ADDED", n, id); err != nil {
			return err
		}
		if answer, err := s.in.ReadString('\n'); err != nil || answer == "STOP\n" {
			return err
		}
	}
}

// share gives ann and bob four entries each, of which they acknowledge two.
func (s *script) share() error {
	for _, consumer := range []string{"ann", "bob"} {
		entries, err := s.lib.read(s.ctx, "jobs", consumer, 4, -1)
		if err != nil || len(entries) != 4 {
			return fmt.Errorf("%s read %v: %w", consumer, entries, err)
		}
		for _, entry := range entries[:2] {
			if err := s.ack("jobs", entry.id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *script) timeOut() error {
	entries, err := s.lib.read(s.ctx, "wake", "ann", 1, 20*time.Millisecond)
	s.got.TimedOut = len(entries) == 0
	return err
}

func (s *script) wait() error {
	if err := s.say("BLOCKING"); err != nil {
		return err
	}
	var entries []delivered
	err := s.again(func() (err error) {
		entries, err = s.lib.read(s.ctx, "wake", "ann", 1, 0)
		return err
	})
	for _, entry := range entries {
		s.got.Woken = append(s.got.Woken, entry.n)
		if err := s.ack("wake", entry.id); err != nil {
			return err
		}
	}
	return err
}

func (s *script) ack(stream, id string) error {
	return s.again(func() error { return s.lib.ack(s.ctx, stream, id) })
}

func (s *script) listen() (err error) {
	if s.news, err = s.lib.subscribe(s.ctx, "news"); err != nil {
		return err
	}
	return s.receive()
}

func (s *script) receive() error {
	if err := s.say("LISTENING"); err != nil {
		return err
	}
	select {
	case text := <-s.news:
		s.got.Heard = append(s.got.Heard, text)
		return nil
	case <-s.ctx.Done():
		return fmt.Errorf("no message: %w", s.ctx.Err())
	}
}

// transactions makes one that goes through and one that is refused. A library may
// notice only now that a connection did not outlive the kill; that is at the WATCH.
func (s *script) transactions() error {
	round, refused := tx{}, false
	err := s.again(func() (err error) {
		round.Total, round.ID, refused, err = s.lib.transact(s.ctx, 10, func() {})
		return err
	})
	if err != nil || refused {
		return fmt.Errorf("transaction: refused %v, %w", refused, err)
	}
	var conflict error
	err = s.again(func() (err error) {
		_, _, round.Refused, err = s.lib.transact(s.ctx, 100, func() { conflict = s.lib.increment(s.ctx, "total") })
		return err
	})
	s.got.Transactions = append(s.got.Transactions, round)
	return errors.Join(err, conflict)
}

// claim takes over what ann and bob left.
func (s *script) claim() error {
	for from := "0-0"; ; {
		var next string
		var ids []string
		err := s.again(func() (err error) {
			next, ids, err = s.lib.autoClaim(s.ctx, "jobs", "cid", from)
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.ack("jobs", id); err != nil {
				return err
			}
		}
		s.got.Claimed = append(s.got.Claimed, ids...)
		if from = next; from == "0-0" {
			return nil
		}
	}
}

// drain works on what is left until there is nothing.
func (s *script) drain() error {
	for {
		var entries []delivered
		err := s.again(func() (err error) {
			entries, err = s.lib.read(s.ctx, "jobs", "cid", 7, -1)
			return err
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, entry := range entries {
			if err := s.ack("jobs", entry.id); err != nil {
				return err
			}
			s.got.Processed = append(s.got.Processed, entry.id)
		}
	}
}
