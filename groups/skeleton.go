// Package groups holds consumer groups.
package groups

import "github.com/millrace-io/millrace/streams"

type ConsumerID uint32

const NoOwner ConsumerID = 0

type Group struct {
	last        streams.ID
	entriesRead int64
}

func New(last streams.ID, entriesRead int64) *Group {
	return &Group{last: last, entriesRead: entriesRead}
}
func (g *Group) Clone() *Group                                                        { c := *g; return &c }
func (g *Group) LastID() streams.ID                                                   { return g.last }
func (g *Group) SetLastID(id streams.ID)                                              { g.last = id }
func (g *Group) EntriesRead() int64                                                   { return g.entriesRead }
func (g *Group) SetEntriesRead(n int64)                                               { g.entriesRead = n }
func (g *Group) Consumer(name []byte) (ConsumerID, bool)                              { return 0, false }
func (g *Group) CreateConsumer(name []byte, nowMs int64) ConsumerID                   { return 0 }
func (g *Group) DeleteConsumer(id ConsumerID) (dropped int)                           { return 0 }
func (g *Group) Consumers() int                                                       { return 0 }
func (g *Group) Name(id ConsumerID) string                                            { return "" }
func (g *Group) SeenTime(id ConsumerID) int64                                         { return 0 }
func (g *Group) ActiveTime(id ConsumerID) int64                                       { return -1 }
func (g *Group) Touch(id ConsumerID, seen int64)                                      {}
func (g *Group) SetActive(id ConsumerID, t int64)                                     {}
func (g *Group) PendingOf(id ConsumerID) int                                          { return 0 }
func (g *Group) Nacked() int                                                          { return 0 }
func (g *Group) EachConsumer(fn func(ConsumerID) bool)                                {}
func (g *Group) Len() int                                                             { return 0 }
func (g *Group) Get(id streams.ID) (Pending, bool)                                    { return Pending{}, false }
func (g *Group) Ack(id streams.ID) bool                                               { return false }
func (g *Group) Put(p Pending)                                                        {}
func (g *Group) MinPending() (streams.ID, bool)                                       { return streams.ID{}, false }
func (g *Group) MaxPending() (streams.ID, bool)                                       { return streams.ID{}, false }
func (g *Group) Ascend(from streams.ID, fn func(Pending) bool)                        {}
func (g *Group) AscendOwner(owner ConsumerID, from streams.ID, fn func(Pending) bool) {}
func (g *Group) AscendTime(fn func(Pending) bool)                                     {}
func (g *Group) Deliver(s *streams.Stream, id streams.ID)                             {}
func (g *Group) DeliverN(s *streams.Stream, first, last streams.ID, n int)            {}
func (g *Group) Lag(s *streams.Stream) (lag int64, known bool)                        { return 0, false }
func (g *Group) Bytes() int64                                                         { return 0 }
func (g *Group) AppendHeader(b []byte) []byte                                         { return b }
func (g *Group) ForEachBlock(fn func(block []byte) error) error                       { return nil }
func NewFromHeader(b []byte) (*Group, error)                                          { return New(streams.ID{}, -1), nil }
func (g *Group) AddBlock(b []byte) error                                              { return nil }
func (g *Group) Complete() error                                                      { return nil }
