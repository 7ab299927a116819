package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// model is what the clients know of one stream and its group: what was
// acknowledged, and what was on its way when the server died.
type model struct {
	key string

	mu      sync.Mutex
	made    int               // values produced so far
	added   map[string]string // acknowledged entries: ID to value
	sent    map[string]bool   // values sent, their reply not yet seen
	entries map[string]*delivery
	reading map[string]int // consumers with an XREADGROUP on its way: most entries it may get
	last    string         // highest ID delivered
	acked   []time.Time    // when writes were acknowledged, in order
}

// delivery is what is known of an entry that was delivered.
type delivery struct {
	owner   string
	count   int64
	ackSent bool
	acked   bool
	claimer string // an XCLAIM to it is on its way
}

func newModel(key string) *model {
	return &model{
		key: key, added: map[string]string{}, sent: map[string]bool{},
		entries: map[string]*delivery{}, reading: map[string]int{},
	}
}

// produce adds entries in pipelines until the connection ends.
func (m *model) produce(ctx context.Context, c *redis.Client, _ *rand.Rand) {
	for {
		pipe := c.Pipeline()
		values := make([]string, killPipeline)
		cmds := make([]*redis.StringCmd, killPipeline)
		m.mu.Lock()
		for i := range values {
			m.made++
			values[i] = fmt.Sprint(m.key, "-value-", m.made)
			m.sent[values[i]] = true
		}
		m.mu.Unlock()
		for i, v := range values {
			cmds[i] = pipe.XAdd(ctx, &redis.XAddArgs{Stream: m.key, Values: []string{"value", v}})
		}
		_, err := pipe.Exec(ctx)
		m.mu.Lock()
		now := time.Now()
		for i, cmd := range cmds {
			if cmd.Err() == nil && cmd.Val() != "" {
				m.added[cmd.Val()] = values[i]
				delete(m.sent, values[i])
				m.acked = append(m.acked, now)
			}
		}
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// work reads new entries, acknowledges most of them, and claims some of its
// colleagues'.
func (m *model) work(ctx context.Context, c *redis.Client, rng *rand.Rand, name string) {
	var mine []string
	for {
		ids, ok := m.read(ctx, c, name, 1+rng.IntN(20))
		if !ok {
			return
		}
		mine = append(mine, ids...)
		if rng.IntN(4) == 0 && !m.claim(ctx, c, rng, name) {
			return
		}
		keep := mine[:0]
		var ack []string
		for _, id := range mine {
			if rng.IntN(3) > 0 {
				ack = append(ack, id)
			} else if len(keep) < 50 {
				keep = append(keep, id)
			}
		}
		mine = keep
		if len(ack) > 0 && !m.ack(ctx, c, ack) {
			return
		}
	}
}

func (m *model) read(ctx context.Context, c *redis.Client, name string, count int) ([]string, bool) {
	m.mu.Lock()
	m.reading[name] = count
	m.mu.Unlock()
	got, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: killGroup, Consumer: name, Streams: []string{m.key, ">"}, Count: int64(count), Block: 5 * time.Millisecond,
	}).Result()
	if err != nil && err != redis.Nil {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.reading, name)
	var ids []string
	for _, s := range got {
		for _, e := range s.Messages {
			if d := m.entries[e.ID]; d != nil {
				panic(fmt.Sprintf("%s was delivered to %s as new, and before to %s", e.ID, name, d.owner))
			}
			m.entries[e.ID] = &delivery{owner: name, count: 1}
			m.last = maxID(m.last, e.ID)
			m.acked = append(m.acked, time.Now())
			ids = append(ids, e.ID)
		}
	}
	return ids, true
}

func (m *model) ack(ctx context.Context, c *redis.Client, ids []string) bool {
	m.mu.Lock()
	for _, id := range ids {
		m.entries[id].ackSent = true
	}
	m.mu.Unlock()
	if c.XAck(ctx, m.key, killGroup, ids...).Err() != nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		m.entries[id].acked = true
		m.acked = append(m.acked, time.Now())
	}
	return true
}

// claim takes over a few entries that nobody is about to acknowledge or claim.
func (m *model) claim(ctx context.Context, c *redis.Client, rng *rand.Rand, name string) bool {
	var ids []string
	m.mu.Lock()
	for id, d := range m.entries {
		if len(ids) == 3 {
			break
		}
		if !d.ackSent && d.claimer == "" && d.owner != name && rng.IntN(2) == 0 {
			d.claimer = name
			ids = append(ids, id)
		}
	}
	m.mu.Unlock()
	if len(ids) == 0 {
		return true
	}
	got, err := c.XClaimJustID(ctx, &redis.XClaimArgs{Stream: m.key, Group: killGroup, Consumer: name, Messages: ids}).Result()
	if err != nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	claimed := map[string]bool{}
	for _, id := range got {
		claimed[id] = true
		m.acked = append(m.acked, time.Now())
	}
	for _, id := range ids {
		d := m.entries[id]
		d.claimer = ""
		if claimed[id] {
			d.owner = name // JUSTID leaves the count
		}
	}
	return true
}

// acknowledgedSince counts the writes acknowledged from then on.
func (m *model) acknowledgedSince(then time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for i := len(m.acked) - 1; i >= 0 && !m.acked[i].Before(then); i-- {
		n++
	}
	return n
}

// verify compares the server's state with the record and adopts what was on its
// way and turned out to have happened.
func (m *model) verify(t *testing.T, c *redis.Client) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.verifyEntries(t, c)
	m.verifyPending(t, c)
	clear(m.sent)
	clear(m.reading)
}

func (m *model) verifyEntries(t *testing.T, c *redis.Client) {
	t.Helper()
	all, err := c.XRange(t.Context(), m.key, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	byValue := make(map[string]string, len(all))
	last := ""
	for _, e := range all {
		value, _ := e.Values["value"].(string)
		if last != "" && maxID(last, e.ID) != e.ID {
			t.Errorf("%s: ID %s behind %s", m.key, e.ID, last)
		}
		last = e.ID
		if other, twice := byValue[value]; twice {
			t.Errorf("%s: %q is there twice, as %s and %s", m.key, value, other, e.ID)
		}
		byValue[value] = e.ID
		want, known := m.added[e.ID]
		switch {
		case known && want != value:
			t.Errorf("%s: entry %s holds %q, want %q", m.key, e.ID, value, want)
		case !known && !m.sent[value]:
			t.Errorf("%s: entry %s with %q was never sent", m.key, e.ID, value)
		case !known:
			m.added[e.ID] = value
		}
	}
	for id, value := range m.added {
		if byValue[value] != id {
			t.Errorf("%s: acknowledged entry %s (%q) is lost", m.key, id, value)
		}
	}
	if n := c.XLen(t.Context(), m.key).Val(); n != int64(len(all)) {
		t.Errorf("%s: XLEN says %d, there are %d", m.key, n, len(all))
	}
}

func (m *model) verifyPending(t *testing.T, c *redis.Client) {
	t.Helper()
	rows, err := c.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: m.key, Group: killGroup, Start: "-", End: "+", Count: 1 << 30}).Result()
	if err != nil {
		t.Fatal(err)
	}
	pending := make(map[string]redis.XPendingExt, len(rows))
	for _, row := range rows {
		pending[row.ID] = row
		if m.entries[row.ID] == nil {
			m.adopt(t, row)
		}
	}
	for id, d := range m.entries {
		m.verifyDelivery(t, id, d, pending)
	}
	groups, err := c.XInfoGroups(t.Context(), m.key).Result()
	if err != nil || len(groups) != 1 {
		t.Fatalf("%s: groups %v, %v", m.key, groups, err)
	}
	if m.last != "" && maxID(m.last, groups[0].LastDeliveredID) != groups[0].LastDeliveredID {
		t.Errorf("%s: last-delivered ID %s went back, %s was delivered", m.key, groups[0].LastDeliveredID, m.last)
	}
	m.last = maxID(m.last, groups[0].LastDeliveredID)
}

// adopt takes in an entry whose delivery was on its way when the server died.
func (m *model) adopt(t *testing.T, row redis.XPendingExt) {
	t.Helper()
	if m.reading[row.Consumer] == 0 {
		t.Errorf("%s: %s is pending for %s, which read nothing", m.key, row.ID, row.Consumer)
	}
	m.reading[row.Consumer]--
	if row.RetryCount != 1 {
		t.Errorf("%s: %s was delivered %d times by one read", m.key, row.ID, row.RetryCount)
	}
	m.entries[row.ID] = &delivery{owner: row.Consumer, count: row.RetryCount}
}

func (m *model) verifyDelivery(t *testing.T, id string, d *delivery, pending map[string]redis.XPendingExt) {
	t.Helper()
	row, isPending := pending[id]
	switch {
	case d.acked && isPending:
		t.Errorf("%s: %s was acknowledged and is pending for %s", m.key, id, row.Consumer)
	case d.acked:
	case !isPending && d.ackSent:
		d.acked = true // the XACK on its way happened
	case !isPending:
		t.Errorf("%s: %s is not pending any more, nobody acknowledged it", m.key, id)
	case row.RetryCount != d.count:
		t.Errorf("%s: delivery count of %s is %d, want %d", m.key, id, row.RetryCount, d.count)
	case row.Consumer != d.owner && row.Consumer != d.claimer:
		t.Errorf("%s: %s belongs to %s, want %s", m.key, id, row.Consumer, d.owner)
	default:
		d.owner, d.ackSent = row.Consumer, false
	}
	d.claimer = ""
}

// drain reads and acknowledges all that is left: every entry was delivered, none
// twice as new.
func (m *model) drain(t *testing.T, c *redis.Client) {
	t.Helper()
	for {
		ids, ok := m.read(t.Context(), c, "drain", 1000)
		if !ok {
			t.Fatalf("%s: drain failed", m.key)
		}
		if len(ids) == 0 {
			break
		}
	}
	for id := range m.added {
		if m.entries[id] == nil {
			t.Errorf("%s: %s was never delivered", m.key, id)
		}
	}
	var left []string
	for id, d := range m.entries {
		if !d.acked {
			left = append(left, id)
		}
	}
	if n := c.XAck(t.Context(), m.key, killGroup, append(left, "0-1")...).Val(); n != int64(len(left)) {
		t.Errorf("%s: XACK of %d pending entries says %d", m.key, len(left), n)
	}
	if p := c.XPending(t.Context(), m.key, killGroup).Val(); p == nil || p.Count != 0 {
		t.Errorf("%s: still pending: %+v", m.key, p)
	}
}

// maxID returns the higher of two IDs.
func maxID(a, b string) string {
	ams, aseq := splitID(a)
	bms, bseq := splitID(b)
	if ams > bms || ams == bms && aseq > bseq {
		return a
	}
	return b
}

func splitID(id string) (ms, seq uint64) {
	left, right, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(left, 10, 64)
	seq, _ = strconv.ParseUint(right, 10, 64)
	return ms, seq
}
