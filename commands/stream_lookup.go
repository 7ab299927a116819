package commands

import (
	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
)

// streamToChange looks up a stream for a Log command that may also run as a read,
// when Quiet has found that it will change nothing. What it returns may be
// changed only while c.Applying.
func (c *Call) streamToChange(name []byte) (*keyspace.Key, *keyspace.StreamValue, error) {
	if c.Applying {
		return c.StreamForWrite(name)
	}
	k, err := c.keyToChange(c.DB, name)
	if err != nil || k == nil {
		return nil, nil, err
	}
	s, err := k.Stream()
	return k, s, err
}

// streamOrMiss is streamToChange for a command of which Redis has it that it reads,
// though it changes groups: the look-up is counted, and a key that is not there was
// missed.
func (c *Call) streamOrMiss(name []byte) (*keyspace.Key, *keyspace.StreamValue, error) {
	k, s, err := c.streamToChange(name)
	if err == nil || k != nil {
		c.count(k)
	}
	if s == nil && err == nil {
		c.miss(name)
	}
	return k, s, err
}

// groupToChange looks up a group of s under the same rule as streamToChange. It
// returns nil when there is no such stream or group.
func (c *Call) groupToChange(s *keyspace.StreamValue, name []byte) *groups.Group {
	switch {
	case s == nil:
		return nil
	case c.Applying:
		return s.GroupForWrite(name)
	}
	return s.Group(name)
}

// quietStream looks up a stream for Quiet. known is false when the key has to go
// first, because it is past its deadline. A key of another type counts as
// missing: the command answers with an error, and that changes nothing either.
func (c *Call) quietStream(name []byte) (s *keyspace.StreamValue, known bool) {
	k, expired := c.DB.Get(name, c.Now)
	if expired {
		return nil, false
	}
	if k == nil {
		return nil, true
	}
	s, err := k.Stream()
	if err != nil {
		return nil, true
	}
	return s, true
}

// quietGroup looks up a group for Quiet, as quietStream does a stream.
func (c *Call) quietGroup(key, group []byte) (s *keyspace.StreamValue, g *groups.Group, known bool) {
	s, known = c.quietStream(key)
	if s == nil {
		return nil, nil, known
	}
	return s, s.Group(group), known
}

// signalKey is Signal for a key at hand: it keeps the key's own name, where Signal
// would have to copy it.
func (c *Call) signalKey(k *keyspace.Key, name []byte) {
	switch {
	case c.effects == nil:
	case k == nil: // the command has just created it
		c.Signal(name)
	default:
		c.effects.Ready = append(c.effects.Ready, blocking.Key{DB: c.DBIndex, Name: k.Name()})
	}
}
