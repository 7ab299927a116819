package replication_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// journal is what was told and what was filled, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) emitted(to replication.Replier, caused any) {
	name := "nobody"
	switch to := to.(type) {
	case named:
		name = to.name
	case slot:
		name = "a slot"
	}
	j.note(fmt.Sprintf("%v, for %s", caused, name))
}

// named is a Replier that notes its reply.
type named struct {
	*journal
	name string
}

func (n named) Fill(b []byte) { n.note(fmt.Sprintf("%s gets %q", n.name, b)) }

func (h *harness) named(class replication.Class, name string, words ...string) *replication.Request {
	r, _ := h.request(class, words...)
	r.To = named{&h.journal, name}
	return r
}

// await waits for as many lines, and compares them.
func (h *harness) await(want ...string) {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		h.mu.Lock()
		got := slices.Clone(h.lines)
		h.mu.Unlock()
		switch {
		case slices.Equal(got, want):
			h.mu.Lock()
			h.lines = nil
			h.mu.Unlock()
			return
		case len(got) >= len(want), time.Now().After(end):
			h.t.Fatalf("\n got %q\nwant %q", got, want)
		}
	}
}

// In the order of the log, each before its reply.
func TestToldBeforeTheReply(t *testing.T) {
	h := start(t)
	h.Submit([]*replication.Request{
		h.named(replication.Log, "a", "PUSH", "l", "1"),
		h.named(replication.Log, "b", "PUSH", "l", "2"),
		h.named(replication.Read, "c", "NOTE", "x"),
		h.named(replication.Log, "d", "TAKE", "l"),
	})
	h.await("push 1, for a", `a gets ":1\r\n"`, "push 2, for b", `b gets ":2\r\n"`, "note x, for c", `c gets "+NOTED\r\n"`,
		"take 1, for d", `d gets "$1\r\n1\r\n"`)
	h.Submit([]*replication.Request{h.named(replication.Read, "a", "NOTE", "y")})
	h.await("note y, for a", `a gets "+NOTED\r\n"`)
}

func TestReadNowIsToldOf(t *testing.T) {
	h := start(t)
	for !h.ReadNow(h.named(replication.Read, "a", "NOTE", "x")) {
	}
	h.await("note x, for a", `a gets "+NOTED\r\n"`)
}

// What the commands of a transaction did goes with its own reply.
func TestTransactionIsToldOfAsAWhole(t *testing.T) {
	h := start(t)
	for _, class := range []replication.Class{replication.Log, replication.Read} {
		r := &replication.Request{Class: class, Proto: wire.RESP2, To: named{&h.journal, "exec"}, Exec: []*replication.Request{
			h.named(replication.Read, "a", "NOTE", "x"), h.named(replication.Read, "b", "NOTE", "y")}}
		want := []string{`a gets "+NOTED\r\n"`, `b gets "+NOTED\r\n"`}
		told := []string{"note x, for exec", "note y, for exec"}
		if class == replication.Log {
			r.Exec = append(r.Exec, h.named(replication.Log, "c", "PUSH", "l", "1"))
			want, told = append(want, `c gets ":1\r\n"`), append(told, "push 1, for exec")
		}
		h.Submit([]*replication.Request{r})
		h.await(append(append(want, told...), `exec gets "+OK\r\n"`)...)
	}
}

// A waiter that is served is told of as it is answered, behind what served it.
func TestServedWaiterIsToldOf(t *testing.T) {
	h := start(t)
	h.Submit([]*replication.Request{h.named(replication.Log, "taker", "TAKE", "l")})
	h.waitBlocked(1)
	h.Submit([]*replication.Request{h.named(replication.Log, "pusher", "PUSH", "l", "1")})
	h.await("push 1, for pusher", `pusher gets ":1\r\n"`, "take 1, for taker", `taker gets "$1\r\n1\r\n"`)
}

// What was applied before is run again at the start, and no news.
func TestReplayIsNotTold(t *testing.T) {
	stores := raft.NewInmemStore()
	t.Run("before", func(t *testing.T) {
		h := startOn(t, stores, 2, nil)
		h.submit(replication.Log, "PUSH", "l", "1").want(t, ":1\r\n")
		h.await("push 1, for a slot")
	})
	h := startOn(t, stores, 3, nil)
	h.submit(replication.Log, "PUSH", "l", "2").want(t, ":2\r\n")
	h.await("push 2, for a slot")
}
