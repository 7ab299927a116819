package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// spreadNames are streams in different partitions of four.
func spreadNames(t *testing.T) []string {
	t.Helper()
	table := newSlotTable(4)
	names := make([]string, 4)
	for i, missing := 0, 4; missing > 0; i++ {
		name := fmt.Sprint("stream", i)
		if p := table.ofKey([]byte(name)); names[p] == "" {
			names[p] = name
			missing--
		}
	}
	return names
}

func groupsOn(t *testing.T, c *client, names []string) {
	t.Helper()
	for _, name := range names {
		c.must(t, "XGROUP CREATE "+name+" g 0 MKSTREAM")
	}
}

func sendAll(t *testing.T, c *client, commands ...string) {
	t.Helper()
	if err := c.send(commands...); err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, c *client, want any) {
	t.Helper()
	if got, err := c.receive(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// A reader of streams in several partitions waits once, gets what comes first in any of
// them, and is free for the next command.
func TestReaderWaitsInAllPartitions(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	names := spreadNames(t)
	c, w := dial(t, p), dial(t, p)
	groupsOn(t, c, names)
	all := strings.Join(names, " ")
	for i, name := range names {
		for _, read := range []string{
			"XREAD BLOCK 0 STREAMS " + all + " $ $ $ $",
			"XREADGROUP GROUP g c BLOCK 0 STREAMS " + all + " > > > >",
		} {
			sendAll(t, w, read, "ECHO next")
			p.blocked(t, 1)
			id := fmt.Sprint(i+1, "-1")
			if strings.HasPrefix(read, "XREADGROUP") {
				id = fmt.Sprint(i+1, "-2")
				// What the plain reader got is new to the group.
				c.must(t, "XGROUP SETID "+name+" g $")
			} else {
				for _, n := range names {
					c.must(t, "XGROUP SETID "+n+" g $")
				}
			}
			c.must(t, "XADD "+name+" "+id+" f v")
			wants(t, w, []any{entries(name, id, "v")})
			wants(t, w, "next")
			c.must(t, "XGROUP SETID "+name+" g $")
			p.blocked(t, 0)
		}
	}
}

// Entries come once, to one of many that wait in several partitions, and in the end each
// is acknowledged.
func TestEntriesOfSeveralPartitionsAreDeliveredOnce(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	names := spreadNames(t)
	c := dial(t, p)
	groupsOn(t, c, names)
	const workers, rounds = 8, 40
	got := make(chan string, workers*rounds*len(names))
	for i := range workers {
		w := dial(t, p)
		read := fmt.Sprint("XREADGROUP GROUP g w", i, " COUNT 1 BLOCK 0 STREAMS ", strings.Join(names, " "), " > > > >")
		go func() {
			for w.send(read) == nil {
				v, err := w.receive()
				if err != nil {
					return
				}
				for _, id := range idsOf(v) {
					got <- id
				}
			}
		}()
	}
	want := map[string]bool{}
	for i := range rounds {
		for _, name := range names {
			id := fmt.Sprint(i+1, "-0")
			c.must(t, "XADD "+name+" "+id+" f v")
			want[name+" "+id] = true
		}
	}
	for len(want) > 0 {
		e := <-got // the test's own deadline ends a wait for what never comes
		if !want[e] {
			t.Fatalf("%s came twice", e)
		}
		delete(want, e)
	}
	p.blocked(t, workers)
	for _, name := range names {
		pending := c.must(t, "XPENDING "+name+" g").([]any)
		if pending[0] != int64(rounds) {
			t.Errorf("%s: %v pending, want %d", name, pending[0], rounds)
		}
	}
}

// The ways in which a wait ends without an entry.
func TestWaitInSeveralPartitionsEnds(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	names := spreadNames(t)
	c, w := dial(t, p), dial(t, p)
	groupsOn(t, c, names)
	all := strings.Join(names, " ")
	id := w.must(t, "CLIENT ID")
	for _, read := range []string{"XREAD BLOCK %d STREAMS " + all + " $ $ $ $", "XREADGROUP GROUP g c BLOCK %d STREAMS " + all + " > > > >"} {
		forEver := fmt.Sprintf(read, 0)
		if v := w.must(t, fmt.Sprintf(read, 20)); v != nil {
			t.Errorf("timeout: %v", v)
		}
		sendAll(t, w, forEver)
		p.blocked(t, 1)
		if v := c.must(t, fmt.Sprint("CLIENT UNBLOCK ", id)); v != int64(1) {
			t.Errorf("CLIENT UNBLOCK: %v", v)
		}
		wants(t, w, nil)
		sendAll(t, w, forEver)
		p.blocked(t, 1)
		if v := c.must(t, fmt.Sprint("CLIENT UNBLOCK ", id, " ERROR")); v != int64(1) {
			t.Errorf("CLIENT UNBLOCK ERROR: %v", v)
		}
		wants(t, w, errReply("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
		if v := c.must(t, fmt.Sprint("CLIENT UNBLOCK ", id)); v != int64(0) {
			t.Errorf("CLIENT UNBLOCK of one that does not wait: %v", v)
		}
		gone := dial(t, p)
		sendAll(t, gone, forEver)
		p.blocked(t, 1)
		gone.Close()
		p.blocked(t, 0)
	}
	sendAll(t, w, "XREADGROUP GROUP g c BLOCK 0 STREAMS "+all+" > > > >")
	p.blocked(t, 1)
	c.must(t, "XGROUP DESTROY "+names[2]+" g")
	wants(t, w, errReply("NOGROUP No such key '"+names[2]+"' or consumer group 'g' in XREADGROUP with GROUP option"))
	p.blocked(t, 0)
	waiting := &p.router.(*slotRouter).waiting
	waiting.mu.Lock()
	defer waiting.mu.Unlock()
	if left := len(waiting.all); left != 0 {
		t.Errorf("%d spread requests are still known", left)
	}
}

// An error of one partition comes before another delivers anything, or makes a consumer.
func TestErrorComesBeforeDelivery(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	names := spreadNames(t)
	c := dial(t, p)
	groupsOn(t, c, names[:3])
	for _, name := range names {
		c.must(t, "XADD "+name+" 1-1 f v")
	}
	missing := func(name string) errReply {
		return errReply("NOGROUP No such key '" + name + "' or consumer group 'g' in XREADGROUP with GROUP option")
	}
	all := " STREAMS " + strings.Join(names, " ") + " > > > >"
	for _, options := range []string{"", " BLOCK 0", " MAXCOUNT 1", " MAXCOUNT 1 BLOCK 0"} {
		if got := c.do(t, "XREADGROUP GROUP g c"+options+all); got != missing(names[3]) {
			t.Errorf("%s: %v", options, got)
		}
	}
	for _, name := range names[:3] {
		if got := c.must(t, "XINFO CONSUMERS "+name+" g"); len(got.([]any)) != 0 {
			t.Errorf("%s has consumers %v", name, got)
		}
	}
	c.must(t, "XGROUP DESTROY "+names[1]+" g")
	if got := c.do(t, "XREADGROUP GROUP g c STREAMS "+names[3]+" "+names[0]+" "+names[1]+" > > >"); got != missing(names[3]) {
		t.Errorf("of two errors the reply is %v", got)
	}
	c.must(t, "XGROUP CREATE "+names[1]+" g 0")
	c.must(t, "XGROUP CREATE "+names[3]+" g 0")
	if got := c.must(t, "XREADGROUP GROUP g c MAXCOUNT 3"+all); len(got.([]any)) != 3 {
		t.Errorf("three of four: %v", got)
	}
}

// Readers that wait in several partitions are served by one of them, however much comes
// to all at the same time: so limits hold, and nothing comes twice or not at all.
func TestLimitsHoldForReadersOfSeveralPartitions(t *testing.T) {
	p := start(t, newDisk(), partitions(4))
	names := spreadNames(t)
	c := dial(t, p)
	groupsOn(t, c, names)
	const workers, rounds = 5, 60
	got := make(chan []string, workers*rounds*len(names))
	for i := range workers {
		w := dial(t, p)
		read := fmt.Sprint("XREADGROUP GROUP g w", i, " MAXCOUNT 1 BLOCK 0 STREAMS ", strings.Join(names, " "), " > > > >")
		go func() {
			for w.send(read) == nil {
				v, err := w.receive()
				if err != nil {
					return
				}
				got <- idsOf(v)
			}
		}()
	}
	missing := map[string]bool{}
	for i := range rounds {
		var pipe []string
		for _, name := range names {
			pipe = append(pipe, fmt.Sprint("XADD ", name, " ", i+1, "-0 f v"))
			missing[fmt.Sprint(name, " ", i+1, "-0")] = true
		}
		c.pipe(t, pipe)
	}
	for len(missing) > 0 {
		ids := <-got // the test's own deadline ends a wait for what never comes
		if len(ids) != 1 {
			t.Fatalf("MAXCOUNT 1 brought %v", ids)
		}
		if !missing[ids[0]] {
			t.Fatalf("%s came twice", ids[0])
		}
		delete(missing, ids[0])
	}
	p.blocked(t, workers)
}

// idsOf are the entries of a reply of XREADGROUP.
func idsOf(v any) (ids []string) {
	list, _ := v.([]any)
	for _, s := range list {
		s := s.([]any)
		for _, e := range s[1].([]any) {
			ids = append(ids, fmt.Sprint(s[0], " ", e.([]any)[0]))
		}
	}
	return ids
}
