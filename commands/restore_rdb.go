package commands

import (
	"errors"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/rdb"
	"github.com/millrace-io/millrace/streams"
)

// restored is the value of a RESTORE, read and checked.
type restored struct {
	dumped *keyspace.Dumped // by DUMP of ours; nil: by Redis'
	redis  rdb.Value
}

// parseRestored reads what DUMP gave, ours or Redis'. The error is the reply.
func parseRestored(payload []byte) (v restored, err error) {
	if v.dumped, err = keyspace.ParseDump(payload); errors.Is(err, keyspace.ErrNotADump) {
		v.redis, err = rdb.Parse(payload)
	}
	switch {
	case errors.Is(err, rdb.ErrChecksum):
		return v, errDumpChecksum
	case err != nil:
		return v, errDumpFormat
	}
	return v, nil
}

// put puts the value under a name, with a deadline in Unix ms or 0.
func (v restored) put(c *Call, name []byte, deadline int64) {
	switch {
	case v.dumped != nil:
		c.DB.PutDumped(name, v.dumped, deadline)
		return
	case v.redis.Stream == nil:
		c.DB.PutString(name, v.redis.Text)
	default:
		putRedisStream(c.DB.PutStream(name), v.redis.Stream)
	}
	if deadline != 0 {
		c.DB.SetDeadline(c.DB.GetForWrite(name, c.Now), deadline)
	}
}

// putRedisStream fills an empty stream. Nodes stay as they were in Redis, whatever
// their bounds here, so trimming goes on as it would have there.
func putRedisStream(to *keyspace.StreamValue, from *rdb.Stream) {
	var deleted []streams.ID
	from.EachEntry(func(e rdb.Entry) {
		bounds := streams.Limits{} // none: the entry goes to the node before it
		if e.First {
			bounds.MaxEntries = 1
		}
		to.Append(e.ID, e.Fields, bounds)
		if e.Deleted {
			deleted = append(deleted, e.ID)
		}
	})
	for _, id := range deleted {
		to.Delete(id)
	}
	to.SetID(from.LastID)
	to.SetEntriesAdded(from.EntriesAdded)
	to.SetMaxDeletedID(from.MaxDeletedID)
	for _, g := range from.Groups {
		to.CreateGroup(g.Name, redisGroup(to, g))
	}
}

func redisGroup(s *keyspace.StreamValue, from rdb.Group) *groups.Group {
	g := groups.New(from.LastID, from.Read)
	if from.Estimated {
		g.SetEntriesRead(groups.EntriesUpTo(s.Stream, from.LastID))
	}
	ids := make([]groups.ConsumerID, len(from.Consumers))
	for i, c := range from.Consumers {
		ids[i] = g.CreateConsumer(c.Name, c.Seen)
		g.SetActive(ids[i], c.Active)
	}
	for _, p := range from.Pending {
		g.Put(groups.Pending{ID: p.ID, Owner: ids[p.Consumer], Time: p.Time, Count: p.Count})
	}
	return g
}
