//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

const (
	// aclLogMost is Redis' default of acllog-max-len.
	aclLogMost = 128
	// aclLogGroup is how long an entry takes in what is like it.
	aclLogGroup = time.Minute
	// aclLogText is how much of a name is kept.
	aclLogText = 128
)

// ACLLog keeps what was denied, newest first. The zero value is empty; all methods may
// be called from any goroutine.
type ACLLog struct {
	// mu covers what follows.
	mu      sync.Mutex
	nextID  uint64
	denials uint64
	list    []aclDenial
}

// aclDenial is an entry: Reason and what was denied, how often, when and to whom.
type aclDenial struct {
	id                     uint64
	count                  int64
	object, user, client   string
	created, lastRefreshed time.Time
}

// NoteLogin notes that command, AUTH or HELLO as it was written, named user in vain.
func (l *ACLLog) NoteLogin(command, user []byte, client ClientInfo, now time.Time) {
	var line strings.Builder
	client.appendLine(&line, now.UnixMilli())
	d := aclDenial{
		object: string(command), user: string(user[:min(len(user), aclLogText)]),
		client: strings.TrimSuffix(line.String(), "\n"), created: now, lastRefreshed: now,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.denials++
	for i, old := range l.list {
		if old.object == d.object && old.user == d.user && now.Sub(old.lastRefreshed) <= aclLogGroup {
			d.id, d.count, d.created = old.id, old.count, old.created
			copy(l.list[1:], l.list[:i])
			d.count++
			l.list[0] = d
			return
		}
	}
	d.id, d.count = l.nextID, 1
	l.nextID++
	if len(l.list) < aclLogMost {
		l.list = append(l.list, aclDenial{})
	}
	copy(l.list[1:], l.list)
	l.list[0] = d
}

// Denials is how often a login failed, ResetDenials begins anew.
func (l *ACLLog) Denials() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.denials
}

// ResetDenials is CONFIG RESETSTAT.
func (l *ACLLog) ResetDenials() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.denials = 0
}

// Reset is ACL LOG RESET.
func (l *ACLLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// append appends the newest n entries.
func (l *ACLLog) append(out []byte, p wire.Proto, n int64, now time.Time) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list[:max(0, min(n, int64(len(l.list))))]
	out = wire.AppendArray(out, len(list))
	for i := range list {
		out = list[i].append(out, p, now)
	}
	return out
}

func (d *aclDenial) append(out []byte, p wire.Proto, now time.Time) []byte {
	out = wire.AppendMap(out, p, 10)
	out = wire.AppendInt(wire.AppendBulkString(out, "count"), d.count)
	for _, pair := range [][2]string{{"reason", "auth"}, {"context", "toplevel"}, {"object", d.object}, {"username", d.user}} {
		out = wire.AppendBulkString(wire.AppendBulkString(out, pair[0]), pair[1])
	}
	age := float64(now.Sub(d.lastRefreshed).Milliseconds()) / 1000
	out = wire.AppendDouble(wire.AppendBulkString(out, "age-seconds"), p, age)
	out = wire.AppendBulkString(wire.AppendBulkString(out, "client-info"), d.client)
	out = wire.AppendInt(wire.AppendBulkString(out, "entry-id"), int64(d.id))
	out = wire.AppendInt(wire.AppendBulkString(out, "timestamp-created"), d.created.UnixMilli())
	return wire.AppendInt(wire.AppendBulkString(out, "timestamp-last-updated"), d.lastRefreshed.UnixMilli())
}

// noteFailedLogin notes a login that was refused.
func (c *ServeCall) noteFailedLogin(user []byte) {
	info := c.Session.Info()
	info.Command = c.Command.FullName() // the session knows it once it has run
	c.Node.ACLLog().NoteLogin(c.Args[0], user, info, time.Now())
}

// ACL LOG [count|RESET]: the newest first.
var aclLog = Command{
	Name: "log", Syntax: "ACL LOG [count | RESET]",
	Summary: "Lists recent security events generated due to ACL rules.",
	Since:   "6.0.0", Group: "server", Complexity: "O(N) with N being the number of entries shown.",
	Arguments: []Argument{{Name: "operation", Type: "oneof", Optional: true, Args: []Argument{
		{Name: "count", Type: "integer"}, {Name: "reset", Type: "pure-token", Token: "RESET"},
	}}},
	History: [][2]string{{"7.2.0", "Added entry ID, timestamp created, and timestamp last updated."}},
	Arity:   -2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "Only failed logins can stand there: `default` may do everything. The context is always `toplevel`.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		n := int64(10)
		switch {
		case len(c.Args) > 3:
			return wrongSubcommandShape("ACL", c.Args[1])
		case len(c.Args) == 3 && equalFold(c.Args[2], "reset"):
			c.Node.ACLLog().Reset()
			c.Out = wire.AppendSimple(c.Out, "OK")
			return nil
		case len(c.Args) == 3:
			var err error
			if n, err = parseInteger(c.Args[2]); err != nil {
				return err
			}
		}
		c.Out = c.Node.ACLLog().append(c.Out, c.Session.Proto(), n, time.Now())
		return nil
	},
}

var errNoACLFile = errors.New("ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.")

const noACLFile = "There is no ACL file, so it is always refused."

// ACL SAVE and LOAD.
var (
	aclSave = Command{
		Name: "save", Syntax: "ACL SAVE",
		Summary: "Saves the effective ACL rules in the configured ACL file.",
		Since:   "6.0.0", Group: "server", Complexity: "O(1)",
		Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
		Differences: noACLFile,
		Class:       Own,
		Serve:       func(*ServeCall) error { return errNoACLFile },
	}
	aclLoad = Command{
		Name: "load", Syntax: "ACL LOAD",
		Summary: "Reloads the rules from the configured ACL file.",
		Since:   "6.0.0", Group: "server", Complexity: "O(1)",
		Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
		Differences: noACLFile,
		Class:       Own,
		Serve:       func(*ServeCall) error { return errNoACLFile },
	}
)
