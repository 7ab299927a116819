package idmp_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// A twin is a Producers as plain lists: every rule in its simplest form, at any cost.
type twin struct {
	limits            idmp.Limits
	added, duplicates uint64
	queues            map[string][]twinRecord
}

type twinRecord struct {
	iid  string
	id   streams.ID
	dead bool
}

func newTwin(limits idmp.Limits) *twin {
	return &twin{limits: limits, queues: map[string][]twinRecord{}}
}

func (t *twin) clone() *twin {
	c := *t
	c.queues = map[string][]twinRecord{}
	for pid, q := range t.queues {
		c.queues[pid] = slices.Clone(q)
	}
	return &c
}

func (t *twin) expired(r twinRecord, now int64) bool {
	return int64(r.id.Ms)+int64(t.limits.Duration)*1000 <= now
}

func (t *twin) find(pid, iid string, now int64) (streams.ID, bool) {
	for _, r := range t.queues[pid] {
		if r.iid == iid && !r.dead && !t.expired(r, now) {
			return r.id, true
		}
	}
	return streams.ID{}, false
}

func (t *twin) record(pid, iid string, id streams.ID) {
	q := t.queues[pid]
	for i := range q {
		if q[i].iid == iid {
			q[i].dead = true
		}
	}
	q = append(q, twinRecord{iid: iid, id: id})
	for live(q) > t.limits.MaxSize {
		q = q[1:]
	}
	t.queues[pid] = q
	t.added++
}

func live(q []twinRecord) (n int) {
	for _, r := range q {
		if !r.dead {
			n++
		}
	}
	return n
}

// forget takes the producer with the oldest first record, and drops what has expired
// at the front of its queue before it goes to the next.
func (t *twin) forget(now int64, limit int) (n int) {
	for n < limit && len(t.queues) > 0 {
		pid := slices.MinFunc(slices.Collect(maps.Keys(t.queues)), func(a, b string) int {
			return cmp.Or(cmp.Compare(t.queues[a][0].id.Ms, t.queues[b][0].id.Ms), cmp.Compare(a, b))
		})
		if !t.expired(t.queues[pid][0], now) {
			break
		}
		for n < limit && len(t.queues[pid]) > 0 && t.expired(t.queues[pid][0], now) {
			t.queues[pid] = t.queues[pid][1:]
			n++
		}
		if len(t.queues[pid]) == 0 {
			delete(t.queues, pid)
		}
	}
	return n
}

func (t *twin) iids() (n int) {
	for _, q := range t.queues {
		n += live(q)
	}
	return n
}
