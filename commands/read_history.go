package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/resp/wire"
)

// historyBatch is how many pending entries are looked at before they are changed:
// a group must not change while it is walked.
const historyBatch = 64

// readHistory appends the consumer's own pending entries behind an ID. One that
// the stream still has is delivered once more; of one that is gone only the ID is
// left, and its count and time stay.
func (c *Call) readHistory(r *readReply, p *groupPosition, consumer groups.ConsumerID, limit int64) {
	h := openHeader(&c.Out, limit)
	n := int64(0)
	find := entryFinder{s: p.s.Stream}
	from, more := p.after.Next()
	batch := make([]groups.Pending, 0, historyBatch)
	full := false
	for more && !full && n != limit {
		batch = batch[:0]
		p.g.AscendOwner(consumer, from, func(e groups.Pending) bool {
			batch = append(batch, e)
			return len(batch) < historyBatch && n+int64(len(batch)) != limit
		})
		if len(batch) == 0 {
			break
		}
		for _, e := range batch {
			if full = !r.budget.entry(c); full {
				break
			}
			c.redeliver(p.g, &find, e)
			n++
		}
		from, more = batch[len(batch)-1].ID.Next()
	}
	h.close(&c.Out, '*', n)
}

func (c *Call) redeliver(g *groups.Group, find *entryFinder, e groups.Pending) {
	cur := find.find(e.ID)
	if cur == nil {
		c.Out = wire.AppendArray(c.Out, 2)
		c.Out = appendID(c.Out, e.ID)
		c.Out = wire.AppendNullArray(c.Out, c.Proto)
		return
	}
	c.appendEntry(cur)
	g.Put(e.Redelivered(e.Owner, c.Now))
}
