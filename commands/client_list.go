package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
)

// CLIENT LIST [TYPE type] [ID id ...]: a line for each connection.
var clientList = Command{
	Name: "list", Syntax: "CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
	Summary: "Lists open connections.",
	Since:   "2.4.0", Group: "connection", Complexity: "O(N) where N is the number of client connections.",
	Differences: "Lines end with `io-thread`, `tot-net-in`, `tot-net-out` and `tot-cmds`, as in Redis 8. " +
		"Fields of what is not there are constant.",
	Arguments: []Argument{
		{Name: "client-type", Type: "oneof", Token: "TYPE", Optional: true, Since: "5.0.0", Args: []Argument{
			{Name: "normal", Type: "pure-token", Token: "NORMAL"},
			{Name: "master", Type: "pure-token", Token: "MASTER"},
			{Name: "replica", Type: "pure-token", Token: "REPLICA"},
			{Name: "pubsub", Type: "pure-token", Token: "PUBSUB"},
		}},
		{Name: "client-id", Type: "integer", Token: "ID", Optional: true, Multiple: true, Since: "6.2.0"},
	},
	Arity: -2, Flags: Admin | clientFlags, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,
	Tips:  []string{"nondeterministic_output"},
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		wanted, err := parseClientList(c.Args)
		if err != nil {
			return err
		}
		var b strings.Builder
		now := time.Now().UnixMilli()
		c.Node.EachClient(func(i ClientInfo) {
			if wanted(i) {
				i.appendLine(&b, now)
			}
		})
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), b.String())
		return nil
	},
}

// CLIENT INFO: the connection's own line.
var clientInfo = Command{
	Name: "info", Syntax: "CLIENT INFO",
	Summary: "Returns information about the connection.",
	Since:   "6.2.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Tips:  []string{"nondeterministic_output"},
	Class: Own,
	Serve: func(c *ServeCall) error {
		var b strings.Builder
		info := c.Session.Info()
		info.appendLine(&b, time.Now().UnixMilli())
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), b.String())
		return nil
	},
}

var errClientID = errors.New("ERR Invalid client ID")

func parseClientList(args [][]byte) (wanted func(ClientInfo) bool, err error) {
	switch {
	case len(args) == 2:
		return func(ClientInfo) bool { return true }, nil
	case len(args) == 4 && equalFold(args[2], "type"):
		kind, err := parseClientKind(args[3])
		if err != nil {
			return nil, err
		}
		return func(i ClientInfo) bool { return i.kind() == kind }, nil
	case len(args) > 3 && equalFold(args[2], "id"):
		var ids []uint64
		for _, a := range args[3:] {
			id, err := parseIntOr(a, errClientID)
			if err != nil {
				return nil, errClientID
			}
			ids = append(ids, uint64(id))
		}
		return func(i ClientInfo) bool { return slices.Contains(ids, i.ID) }, nil
	}
	return nil, errSyntax
}

// kind is the client's TYPE.
func (i *ClientInfo) kind() string {
	if i.Subscriptions.Any() {
		return "pubsub"
	}
	return "normal"
}

// flags are the letters of CLIENT LIST, in Redis' order.
func (i *ClientInfo) flags() string {
	flags := ""
	for _, f := range []struct {
		on     bool
		letter string
	}{
		{i.Monitor, "O"}, {i.Subscriptions.Any(), "P"}, {i.Queued >= 0, "x"}, {i.Blocked, "b"},
		{i.Tracking.On, "t"}, {i.Tracking.Broken, "R"}, {i.Tracking.BCast, "B"}, {i.Closing, "c"}, {i.Unix, "U"}, {i.ReadOnly, "r"}, {i.NoEvict, "e"}, {i.NoTouch, "T"},
	} {
		if f.on {
			flags += f.letter
		}
	}
	if flags == "" {
		return "N"
	}
	return flags
}

// appendLine writes the line of CLIENT LIST: the fields of Redis 7.4, and behind
// them those that Redis 8 added.
func (i *ClientInfo) appendLine(b *strings.Builder, now int64) {
	command := i.Command
	if command == "" {
		command = "NULL"
	}
	events := "r"
	if i.ReplyBytes > 0 {
		events = "rw"
	}
	fmt.Fprintf(b, "id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d multi=%d watch=%d "+
		"qbuf=%d qbuf-free=%d argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=%d oll=%d omem=%d tot-mem=%d events=%s cmd=%s user=%s redir=%d resp=%d "+
		"lib-name=%s lib-ver=%s io-thread=0 tot-net-in=%d tot-net-out=%d tot-cmds=%d\n",
		i.ID, i.Addr, i.LocalAddr, i.FD, i.Name, (now-i.Created)/1000, (now-i.LastUsed)/1000, i.flags(), i.DB,
		i.Subscriptions[pubsub.Channel], i.Subscriptions[pubsub.Pattern], i.Subscriptions[pubsub.Shard], i.Queued, i.Watched,
		i.QueryBytes, i.QueryFree, i.ReplyBytes, i.ReplySlots, i.ReplyBytes, i.QueryBytes+i.QueryFree+i.ReplyBytes, events, command, i.User, redirection(i.Tracking), i.Proto,
		i.LibName, i.LibVer, i.NetIn, i.NetOut, i.Commands)
}
