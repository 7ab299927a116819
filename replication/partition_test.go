package replication_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lists is a small state machine: PUSH list value, LEN list, TAKE list (waits for a
// value), TIMED list (the same, for 10 ms), BOOM (panics), HALF (panics behind a
// change), NOTE (is told of, when read and when applied), CALL (calls a function of the
// test's own; may be a read). A PUSH and a TAKE that got something are told of. LAY is
// a PUSH that wakes nobody, AGED list ms takes a value that has been there for so long.
// GONE is a read of a key past its deadline.
type lists struct {
	values  map[string][]string
	call    func()
	since   map[string][]int64 // of values
	now     int64
	applied int
	ready   []blocking.Key
	changed bool
	index   uint64
	entries int
	noted   atomic.Pointer[replication.Request] // by a replica that does not lead

	restored int // how often the state was replaced by a snapshot
}

func (l *lists) Begin(index uint64, now int64) { l.index, l.now = index, now; l.entries++ }

func (l *lists) Apply(r *replication.Request, _ uint32, out []byte) ([]byte, *blocking.Wait) {
	l.changed = false
	r.Caused = nil
	l.applied++
	switch word(r, 0) {
	case "PUSH", "LAY":
		l.changed = true
		r.Caused = "push " + word(r, 2)
		l.values[word(r, 1)] = append(l.values[word(r, 1)], word(r, 2))
		l.since[word(r, 1)] = append(l.since[word(r, 1)], l.now)
		if word(r, 0) == "PUSH" {
			l.ready = append(l.ready, blocking.Key{Name: word(r, 1)})
		}
		return wire.AppendInt(out, int64(len(l.values[word(r, 1)]))), nil
	case "TAKE", "TIMED", "AGED":
		vs := l.values[word(r, 1)]
		if !l.has(r, l.now) {
			return out, l.wait(r, l.now)
		}
		l.values[word(r, 1)] = vs[1:]
		l.since[word(r, 1)] = l.since[word(r, 1)][1:]
		r.Caused = "take " + vs[0]
		return wire.AppendBulkString(out, vs[0]), nil
	case "CALL":
		l.call()
		return wire.AppendSimple(out, "OK"), nil
	case "GONE":
		return wire.AppendNull(out, r.Proto), nil
	case "HALF":
		l.changed = true
		panic("half way")
	}
	panic("boom")
}

func (l *lists) has(r *replication.Request, now int64) bool {
	since := l.since[word(r, 1)]
	return len(since) > 0 && (word(r, 0) != "AGED" || now-since[0] >= age(r))
}

func age(r *replication.Request) int64 {
	n, _ := strconv.ParseInt(word(r, 2), 10, 64)
	return n
}

func (l *lists) wait(r *replication.Request, now int64) *blocking.Wait {
	w := &blocking.Wait{Keys: []blocking.Key{{Name: word(r, 1)}}, Group: "g"}
	switch word(r, 0) {
	case "TIMED":
		w.Timeout = 10 * time.Millisecond
	case "AGED":
		w.Claim, w.Taker, w.MinIdle, w.LookAt = true, true, age(r), now+age(r)
		if since := l.since[word(r, 1)]; len(since) > 0 {
			w.LookAt = since[0] + age(r)
		}
	}
	return w
}

func word(r *replication.Request, i int) string { return string(r.Args[i]) }

func (l *lists) Unchanged(w *replication.Watched, _ int64) bool {
	return w.Index == uint64(len(l.values[string(w.Key)]))
}

func (l *lists) Changed() bool { return l.changed }
func (l *lists) Ready() ([]blocking.Key, bool) {
	r := l.ready
	l.ready = nil
	return r, false
}

func (l *lists) Read(r *replication.Request, now int64, riding bool, out []byte) ([]byte, *blocking.Wait, replication.ReadOutcome) {
	r.Caused = nil
	switch word(r, 0) {
	case "NOTE":
		r.Caused = "note " + word(r, 1)
		return wire.AppendSimple(out, "NOTED"), nil, replication.ReadDone
	case "LEN":
		return wire.AppendInt(out, int64(len(l.values[word(r, 1)]))), nil, replication.ReadDone
	case "CALL":
		l.call()
		return wire.AppendSimple(out, "OK"), nil, replication.ReadDone
	case "LONG":
		return out, nil, replication.ReadLong
	case "GONE":
		if !riding {
			return out, nil, replication.ReadExpired
		}
		return wire.AppendNull(out, r.Proto), nil, replication.ReadDone
	}
	return out, l.wait(r, now), replication.ReadDone
}

func (l *lists) Quiet(r *replication.Request, now int64) bool {
	if r.Exec != nil {
		return false
	}
	switch word(r, 0) {
	case "TAKE", "TIMED", "AGED":
		return !l.has(r, now)
	}
	return false
}

func (l *lists) Adds(r *replication.Request) (blocking.Key, bool) {
	return blocking.Key{Name: word(r, min(1, len(r.Args)-1))}, word(r, 0) == "PUSH"
}

func (l *lists) Upkeep(_ int64, leads bool) *replication.Request {
	if leads {
		return nil
	}
	return l.noted.Swap(nil)
}

func (l *lists) NextUpkeep(leads bool) int64 {
	if leads || l.noted.Load() == nil {
		return 0
	}
	return 1
}

func (l *lists) View() replication.View {
	v := listsView{map[string][]string{}, map[string][]int64{}}
	for k := range l.values {
		v.Values[k], v.Since[k] = slices.Clone(l.values[k]), slices.Clone(l.since[k])
	}
	return v
}
func (l *lists) Clear() { panic("not asked for") }

func (l *lists) Restore(r replication.SectionReader) error {
	_, b, err := r.Next()
	if err != nil {
		return err
	}
	var v listsView
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	l.values, l.since = v.Values, v.Since
	l.restored++
	return nil
}

// listsView is also what a snapshot holds, as JSON.
type listsView struct {
	Values map[string][]string
	Since  map[string][]int64
}

func (v listsView) Snapshot(w replication.SectionWriter) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.Section(1, b)
}

func (v listsView) Read(r *replication.Request, _ int64, out []byte) []byte {
	return wire.AppendBulkString(out, strings.Join(v.Values[word(r, 1)], ","))
}

// slot waits for one reply.
type slot struct{ reply chan string }

func (s slot) Fill(b []byte) { s.reply <- string(b) }

type harness struct {
	*replication.Partition
	t     *testing.T
	lists *lists
	fatal chan error
	journal

	flushes atomic.Int64
}

func start(t *testing.T) *harness { return startOn(t, raft.NewInmemStore(), 2, nil) }

// startAt is start with a wall clock.
func startAt(t *testing.T, wall func() time.Time) *harness {
	return startOn(t, raft.NewInmemStore(), 2, wall)
}

func startOn(t *testing.T, stores *raft.InmemStore, boot uint64, wall func() time.Time) *harness {
	h := &harness{t: t, lists: &lists{values: map[string][]string{}, since: map[string][]int64{}}, fatal: make(chan error, 1)}
	h.Partition = replication.New(h.lists, replication.Options{
		Origin: replication.Origin{Node: 1, Boot: boot},
		Flush:  func() { h.flushes.Add(1) },
		Emit:   h.emitted,
		Refuse: func(int64) error { return nil },
		Fatal:  func(err error) { h.fatal <- err },
		Wall:   wall,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	if err := h.Start(ctx, replication.Stores{Log: stores, Stable: stores, Snapshots: raft.NewInmemSnapshotStore()}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, h.Stop()); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *harness) request(class replication.Class, words ...string) (*replication.Request, slot) {
	s := slot{make(chan string, 1)}
	r := &replication.Request{Class: class, Proto: wire.RESP2, To: s}
	for _, w := range words {
		r.Args = append(r.Args, []byte(w))
	}
	return r, s
}

func (h *harness) submit(class replication.Class, words ...string) slot {
	r, s := h.request(class, words...)
	h.Submit([]*replication.Request{r})
	return s
}

func (s slot) want(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.reply:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("no reply, want %q", want)
	}
}

func (h *harness) waitBlocked(n int) {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		if got, _ := h.Blocked(); got == n {
			return
		} else if time.Now().After(end) {
			h.t.Fatalf("%d requests wait, want %d", got, n)
		}
	}
}

func TestOrderWithinOneSubmit(t *testing.T) {
	h := start(t)
	var reqs []*replication.Request
	var slots []slot
	for i := range 100 {
		r, s := h.request(replication.Log, "PUSH", "l", fmt.Sprint(i))
		reqs, slots = append(reqs, r), append(slots, s)
		r, s = h.request(replication.Read, "LEN", "l")
		reqs, slots = append(reqs, r), append(slots, s)
	}
	h.Submit(reqs)
	for i := range 100 {
		want := fmt.Sprintf(":%d\r\n", i+1)
		slots[2*i].want(t, want)
		slots[2*i+1].want(t, want)
	}
}

func TestManySubmitters(t *testing.T) {
	h := start(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			list := fmt.Sprint("l", i)
			for n := range 50 {
				h.submit(replication.Log, "PUSH", list, "v").want(t, fmt.Sprintf(":%d\r\n", n+1))
			}
		})
	}
	wg.Wait()
}

func TestReadNow(t *testing.T) {
	h := start(t)
	h.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
	for {
		// The reply may come before Apply gives the lock back.
		r, s := h.request(replication.Read, "LEN", "l")
		if h.ReadNow(r) {
			s.want(t, ":1\r\n")
			return
		}
	}
}

func TestLongReadSeesWhatStandsBeforeIt(t *testing.T) {
	h := start(t)
	a, sa := h.request(replication.Log, "PUSH", "l", "a")
	long, sl := h.request(replication.Read, "LONG", "l")
	b, sb := h.request(replication.Log, "PUSH", "l", "b")
	h.Submit([]*replication.Request{a, long, b})
	sa.want(t, ":1\r\n")
	sb.want(t, ":2\r\n")
	sl.want(t, "$1\r\na\r\n")
}

func TestWaiterIsServedInTheEntryThatServesIt(t *testing.T) {
	h := start(t)
	taken := h.submit(replication.Log, "TAKE", "l")
	h.waitBlocked(1)
	var before int
	h.Inspect(func(replication.StateMachine, int64) { before = h.lists.entries })
	h.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
	taken.want(t, "$1\r\nv\r\n")
	h.waitBlocked(0)
	h.Inspect(func(replication.StateMachine, int64) {
		if n := h.lists.entries - before; n != 1 {
			t.Errorf("push and take took %d entries", n)
		}
	})
}

func TestWaitersAreServedFirstComeFirstServed(t *testing.T) {
	h := start(t)
	var slots []slot
	for i := range 5 {
		slots = append(slots, h.submit(replication.Log, "TAKE", "l"))
		h.waitBlocked(i + 1)
	}
	var reqs []*replication.Request
	for i := range 3 {
		r, _ := h.request(replication.Log, "PUSH", "l", fmt.Sprint(i))
		reqs = append(reqs, r)
	}
	h.Submit(reqs)
	for i := range 3 {
		slots[i].want(t, fmt.Sprintf("$1\r\n%d\r\n", i))
	}
	h.waitBlocked(2)
	for i := 3; i < 5; i++ {
		h.submit(replication.Log, "PUSH", "l", fmt.Sprint(i))
		slots[i].want(t, fmt.Sprintf("$1\r\n%d\r\n", i))
	}
}

func TestTimeout(t *testing.T) {
	h := start(t)
	h.submit(replication.Log, "TIMED", "l").want(t, "*-1\r\n")
	h.waitBlocked(0)
}

func TestUnblock(t *testing.T) {
	h := start(t)
	for _, withError := range []bool{false, true} {
		r, s := h.request(replication.Log, "TAKE", "l")
		h.Submit([]*replication.Request{r})
		h.waitBlocked(1)
		answer := make(chan bool, 1)
		h.Unblock(r, withError, func(b bool) { answer <- b })
		if withError {
			s.want(t, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")
		} else {
			s.want(t, "*-1\r\n")
		}
		if !<-answer {
			t.Error("UNBLOCK says that it did not wait")
		}
	}
}

func TestCancelledWaiterIsNotServed(t *testing.T) {
	h := start(t)
	r, s := h.request(replication.Log, "TAKE", "l")
	h.Submit([]*replication.Request{r})
	h.waitBlocked(1)
	h.Cancel(r)
	<-s.reply
	h.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
	h.submit(replication.Log, "TAKE", "l").want(t, "$1\r\nv\r\n")
}

func TestPanicBeforeAChangeFailsTheCommandAlone(t *testing.T) {
	h := start(t)
	boom, sb := h.request(replication.Log, "BOOM")
	push, sp := h.request(replication.Log, "PUSH", "l", "v")
	h.Submit([]*replication.Request{boom, push})
	sb.want(t, "-ERR internal error\r\n")
	sp.want(t, ":1\r\n")
}
