package commands

import (
	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/keyspace"
)

// keyToChange looks up a key for a Log command that may also run as a read, when
// Quiet has found that it will change nothing. What it returns may be changed only
// while c.Applying.
func (c *Call) keyToChange(db *keyspace.DB, name []byte) (*keyspace.Key, error) {
	if c.Applying {
		return db.GetForWrite(name, c.Now), nil
	}
	k, expired := db.Get(name, c.Now)
	if expired && !c.riding {
		return nil, ErrExpired
	}
	return k, nil
}

// textToChange is keyToChange for a command on strings: ErrWrongType when the key
// holds something else. text is nil when the key is missing.
func (c *Call) textToChange(name []byte) (k *keyspace.Key, text []byte, err error) {
	if k, err = c.keyToChange(c.DB, name); err != nil || k == nil {
		return nil, nil, err
	}
	text, err = k.String()
	return k, text, err
}

// textOrMiss is textToChange for a command that answers with what the key holds: it
// is a read too, and a key that is not there was missed.
func (c *Call) textOrMiss(name []byte) (k *keyspace.Key, text []byte, err error) {
	if k, err = c.keyToChange(c.DB, name); err != nil {
		return nil, nil, err
	}
	text, err = c.read(k, name)
	return k, text, err
}

// read is what a command that changes a key answers with: the string that the key
// holds, nil and a miss when it is not there.
func (c *Call) read(k *keyspace.Key, name []byte) ([]byte, error) {
	c.count(k)
	if k == nil {
		c.miss(name)
		return nil, nil
	}
	return k.String()
}

// text looks up a string for reading: nil when the key is missing, ErrWrongType when
// it holds something else.
func (c *Call) text(name []byte) ([]byte, error) {
	k, err := c.Reader(name)
	if err != nil || k == nil {
		return nil, err
	}
	return k.String()
}

// quietKey looks up a key for Quiet. known is false when the key has to go first,
// because it is past its deadline.
func (c *Call) quietKey(db *keyspace.DB, name []byte) (k *keyspace.Key, known bool) {
	k, expired := db.Get(name, c.Now)
	return k, !expired
}

// isMissing is the Quiet of commands that do nothing to a missing key.
func isMissing(c *Call) bool {
	k, known := c.quietKey(c.DB, c.Args[1])
	return k == nil && known
}

// setString sets a key to a string and takes its deadline away, unless it is kept.
// Those who wait for a stream under the name are told when it goes. value is copied.
func (c *Call) setString(name, value []byte, keepDeadline bool) *keyspace.Key {
	k := c.DB.GetForWrite(name, c.Now)
	if k != nil && k.Kind() == keyspace.StringKind {
		c.DB.SetString(k, value, keyspace.Plain)
		if !keepDeadline && k.Deadline() != 0 {
			c.DB.SetDeadline(k, 0)
		}
		return k
	}
	var deadline int64
	if k != nil {
		deadline = k.Deadline()
		c.Signal(name)
	}
	put := c.DB.PutString(name, value)
	if keepDeadline && deadline != 0 {
		c.DB.SetDeadline(put, deadline)
	}
	return put
}

// remove deletes a key; those who wait for it are told.
func (c *Call) remove(name []byte) {
	if c.DB.Delete(name) {
		c.Signal(name)
		c.Notify(EventGeneric, "del", name)
	}
}

// signalIn is Signal for a key of another database.
func (c *Call) signalIn(db int, name []byte) {
	if c.effects != nil {
		c.effects.Ready = append(c.effects.Ready, blocking.Key{DB: db, Name: string(name)})
	}
}
