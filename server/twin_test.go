package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// twin is what one stream and its group should be, by the plainest means. A twin
// is the state after some of a worker's commands.
type twin struct {
	exists, expires bool
	added           []*added // since the key was made, in order
	deleted         map[*added]bool
	next            int // of added: what the group gets next
	pending         map[*added]owned
}

// added is an entry; its ID is unknown until its reply has come.
type added struct{ id, value string }

type owned struct {
	by    string
	count int64
}

func newTwin() *twin { return &twin{deleted: map[*added]bool{}, pending: map[*added]owned{}} }

func (w *twin) clone() *twin {
	c := *w
	c.added, c.deleted, c.pending = slices.Clone(w.added), maps.Clone(w.deleted), maps.Clone(w.pending)
	return &c
}

func (w *twin) create() { w.exists = true }

func (w *twin) add(e *added) {
	w.exists = true
	w.added = append(w.added, e)
}

func (w *twin) read(consumer string, count int) {
	for ; w.next < len(w.added) && count > 0; w.next++ {
		if e := w.added[w.next]; !w.deleted[e] {
			w.pending[e] = owned{consumer, 1}
			count--
		}
	}
}

func (w *twin) ack(e *added) { delete(w.pending, e) }

func (w *twin) claim(e *added, consumer string) {
	switch p, ok := w.pending[e]; {
	case !ok:
	case w.deleted[e]:
		delete(w.pending, e)
	default:
		w.pending[e] = owned{consumer, p.count + 1}
	}
}

func (w *twin) remove(e *added) {
	if slices.Contains(w.added, e) {
		w.deleted[e] = true
	}
}

func (w *twin) drop() { *w = *newTwin() }

// entry is an entry as a server shows it.
type entry struct{ id, value string }

// seen is what a server shows of a stream and its group.
type seen struct {
	exists, expires bool
	entries         []entry
	addedEver       int64
	last, delivered string // IDs
	pending         map[string]owned
}

// look asks a server for everything that a twin knows.
func look(t testing.TB, c *client, key string) seen {
	t.Helper()
	if err := c.send("EXISTS "+key, "XRANGE "+key+" - +", "XINFO STREAM "+key, "XINFO GROUPS "+key,
		"XPENDING "+key+" g - + 100000", "TTL "+key); err != nil {
		t.Fatal(err)
	}
	replies := make([]any, 6)
	for i := range replies {
		var err error
		if replies[i], err = c.receive(); err != nil {
			t.Fatalf("look at %s: %v", key, err)
		}
	}
	s := seen{exists: replies[0] == int64(1), pending: map[string]owned{}}
	if !s.exists {
		return s
	}
	s.expires = replies[5].(int64) > 0
	for _, r := range replies[1].([]any) {
		e := r.([]any)
		s.entries = append(s.entries, entry{e[0].(string), e[1].([]any)[1].(string)})
	}
	info := pairs(replies[2])
	s.addedEver, s.last = info["entries-added"].(int64), info["last-generated-id"].(string)
	for _, g := range replies[3].([]any) {
		s.delivered = pairs(g)["last-delivered-id"].(string)
	}
	if list, ok := replies[4].([]any); ok {
		for _, r := range list {
			p := r.([]any)
			s.pending[p[0].(string)] = owned{p[1].(string), p[3].(int64)}
		}
	}
	return s
}

func pairs(v any) map[string]any {
	m := map[string]any{}
	for p := range slices.Chunk(v.([]any), 2) {
		m[p[0].(string)] = p[1]
	}
	return m
}

// differs says where the server is not what the twin is; "" for nowhere. IDs that
// nobody was told are found by position, and noted in ids.
func (w *twin) differs(s seen, ids map[*added]string) string {
	if w.exists != s.exists {
		return fmt.Sprintf("exists: %v, want %v", s.exists, w.exists)
	}
	if !w.exists {
		return ""
	}
	if w.expires != s.expires {
		return fmt.Sprintf("expires: %v, want %v", s.expires, w.expires)
	}
	if int64(len(w.added)) != s.addedEver {
		return fmt.Sprintf("%d entries were added, want %d", s.addedEver, len(w.added))
	}
	if why := w.entriesDiffer(s, ids); why != "" {
		return why
	}
	if n := len(w.added); n > 0 && s.last != ids[w.added[n-1]] {
		return fmt.Sprintf("last ID %s, want %s", s.last, ids[w.added[n-1]])
	}
	want := "0-0"
	if w.next > 0 {
		want = ids[w.added[w.next-1]]
	}
	if s.delivered != "" && s.delivered != want && !w.deletedBetween(s.delivered, want, ids) {
		return fmt.Sprintf("last delivered %s, want %s", s.delivered, want)
	}
	pending := map[string]owned{}
	for e, p := range w.pending {
		pending[ids[e]] = p
	}
	if !maps.Equal(pending, s.pending) {
		return fmt.Sprintf("pending %v, want %v", s.pending, pending)
	}
	return ""
}

func (w *twin) entriesDiffer(s seen, ids map[*added]string) string {
	at := 0
	for _, e := range w.added {
		ids[e] = e.id
		if w.deleted[e] {
			continue
		}
		if at == len(s.entries) {
			return fmt.Sprintf("entry %s %s is missing", e.id, e.value)
		}
		got := s.entries[at]
		at++
		if e.id == "" {
			ids[e] = got.id
		}
		if got != (entry{ids[e], e.value}) {
			return fmt.Sprintf("entry %v, want %s %s", got, e.id, e.value)
		}
	}
	if at < len(s.entries) {
		return fmt.Sprintf("entry %v is too many", s.entries[at])
	}
	return ""
}

// deletedBetween allows for entries that were deleted before the group came to
// them: passing them is not a delivery.
func (w *twin) deletedBetween(got, want string, ids map[*added]string) bool {
	for i := w.next - 1; i >= 0; i-- {
		e := w.added[i]
		if ids[e] == got {
			return true
		}
		if !w.deleted[e] {
			return false
		}
	}
	return strings.HasPrefix(got, "0-0") && want != ""
}
