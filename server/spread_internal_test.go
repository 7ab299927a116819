package server

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// answer is where one reply goes.
type answer chan string

func (a answer) Fill(reply []byte) { a <- string(reply) }

// CLIENT UNBLOCK may come when one partition has the request wait and others have not
// seen it yet: the client is told that nothing came, and stays connected.
func TestUnblockWhileOnlyOnePartitionWaits(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	r := p.router.(*slotRouter)
	for _, row := range []struct {
		withError bool
		want      string
	}{{false, "*-1\r\n"}, {true, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"}} {
		var args [][]byte
		for _, a := range strings.Fields("XREAD BLOCK 0 STREAMS " + strings.Join(spreadNames(t), " ") + " $ $ $ $") {
			args = append(args, []byte(a))
		}
		cmd, err := p.table.Find(args)
		if err != nil {
			t.Fatal(err)
		}
		to := make(answer, 1)
		q := &replication.Request{Op: cmd, Class: replication.Read, Args: args, Proto: wire.RESP2, To: to}
		s := r.spreadByKeys(q, cmd, cmd.KeyIndexes(args))
		submit := func(i int) { s.parts[i].at.Submit([]*replication.Request{&s.parts[i].req}) }
		submit(1)
		eventually(t, "one part waits", s.waits)
		done := make(chan bool, 1)
		s.unblock(row.withError, func(ended bool) { done <- ended })
		if !<-done {
			t.Error("nothing waited")
		}
		for _, i := range []int{0, 2, 3} {
			submit(i)
		}
		select {
		case got := <-to:
			if got != row.want {
				t.Errorf("with error %v: the reply is %q", row.withError, got)
			}
		case <-time.After(patience):
			t.Fatal("no reply")
		}
	}
}
