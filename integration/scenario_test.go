package integration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// scenario is what several connections say to an empty server: one after the other,
// each a pipeline that is written in pieces.
type scenario struct {
	protos []wire.Proto // of the connections
	turns  []turn
}

// turn is a pipeline of one connection.
type turn struct {
	conn  int
	cmds  []utterance
	write []float64 // where the bytes are cut, as parts of their number
}

// utterance is one command, or bytes that are none.
type utterance struct {
	args [][]byte
	raw  string // in the place of args as an array: an inline command, or what is against the protocol
	ends bool   // the server closes the connection
}

// clientHole stands for the ID of a client in an argument: the server gives it.
const clientHole = "%client"

// bytes is the utterance as it goes over the wire; ids are those of the connections.
func (u utterance) bytes(ids []string) string {
	if u.raw != "" {
		return u.raw
	}
	b := wire.AppendArray(nil, len(u.args))
	for _, a := range u.args {
		if n, ok := strings.CutPrefix(string(a), clientHole); ok {
			a = []byte(ids[int(n[0]-'0')%len(ids)])
		}
		b = wire.AppendBulk(b, a)
	}
	return string(b)
}

// diffHoles fill the shapes: few names, so that commands meet.
var diffHoles = map[byte][]string{
	'k': {"a", "a", "b", "c", "s", "s", "t"}, 's': {"s", "s", "s", "t", "a"},
	'v': commandstest.KeyHoles['v'], 'n': commandstest.KeyHoles['n'], 'f': commandstest.KeyHoles['f'],
	'd': {"0", "0", "1", "1", "2", "16", "-1", "x"},
	'g': {"g", "g", "h", "nog"}, 'o': {"x", "x", "y"},
	'i': {"0", "1", "1-0", "1-1", "2-0", "2-1", "3", "3-2", "5-0", "7", "7-7", "9-9", "12-0"}, 'r': {"-", "+", "(3", "2", "5-0", "(1-1"},
	'm': {"0", "1", "2", "3", "5", "100", "-1"},
	'N': {"0", "-1", "x", "", "1.5", "9223372036854775807", "-9223372036854775808"}, 'M': {"1", "2", "3", "5"}, 'h': {"ch", "ch", "news", "n"}, 'p': {"ch*", "n*", "*", "[cn]*", "news"},
	'C': {clientHole + "0", clientHole + "1", clientHole + "2", clientHole + "3"},
}

func grammar(shapes ...string) *commandstest.Grammar {
	return &commandstest.Grammar{Shapes: shapes, Holes: diffHoles, Cut: 60, Odd: 40}
}

// uncut is for commands that with fewer words tell of the server.
func uncut(shapes ...string) *commandstest.Grammar {
	g := grammar(shapes...)
	g.Cut = 0
	return g
}

// family is a group of commands, and how often one of it is drawn.
type family struct {
	often int
	*commandstest.Grammar
}

// families are the commands that Millrace shares with Redis 7.0. What depends on the clock or on chance is left out, or blanked by the
// rules in differences_test.go.
var families = []family{
	{30, &commandstest.Grammar{Shapes: commandstest.KeyShapes, Holes: diffHoles, Cut: 60, Odd: 60}},
	{30, grammar("XADD %s %i f v", "XADD %s %i f v g w", "XADD %s * f v", "XADD %s 5-* f v", "XADD %s NOMKSTREAM MAXLEN %M %i f v", "XADD %s MAXLEN = %M %i f v", "XADD %s MINID %i %i f v",
		"XLEN %s", "XRANGE %s %r %r", "XRANGE %s %r %r COUNT %m", "XREVRANGE %s %r %r COUNT %m", "XDEL %s %i", "XDEL %s %i %i", "XTRIM %s MAXLEN %m", "XTRIM %s MINID %i",
		"XREAD COUNT %m STREAMS %s %s %i %i", "XREAD STREAMS %s %i", "XREAD STREAMS %s $", "XSETID %s 20-0 ENTRIESADDED 30 MAXDELETEDID 2-0")},
	{30, grammar("XGROUP CREATE %s %g %i", "XGROUP CREATE %s %g 0 MKSTREAM", "XGROUP CREATE %s %g $ MKSTREAM ENTRIESREAD %m", "XGROUP SETID %s %g %i", "XGROUP DESTROY %s %g",
		"XGROUP CREATECONSUMER %s %g %o", "XGROUP DELCONSUMER %s %g %o", "XREADGROUP GROUP %g %o COUNT %m STREAMS %s >", "XREADGROUP GROUP %g %o STREAMS %s %s > >",
		"XREADGROUP GROUP %g %o NOACK STREAMS %s >", "XREADGROUP GROUP %g %o STREAMS %s %i", "XREADGROUP GROUP %g %o COUNT 2 STREAMS %s 0", "XACK %s %g %i", "XACK %s %g %i %i",
		"XPENDING %s %g", "XPENDING %s %g %r %r %m", "XPENDING %s %g - + 10 %o", "XPENDING %s %g IDLE 9999999 - + 10", "XCLAIM %s %g %o 0 %i %i", "XCLAIM %s %g %o 0 %i FORCE", "XCLAIM %s %g %o 0 %i JUSTID",
		"XCLAIM %s %g %o 0 %i RETRYCOUNT %m LASTID %i", "XCLAIM %s %g %o 9999999 %i", "XAUTOCLAIM %s %g %o 0 %i COUNT %m", "XAUTOCLAIM %s %g %o 0 0 JUSTID", "XAUTOCLAIM %s %g %o 9999999 0",
		"XINFO GROUPS %s", "XINFO CONSUMERS %s %g", "XINFO STREAM %s", "XINFO STREAM %s FULL", "XINFO STREAM %s FULL COUNT %m")},
	{10, grammar("EXPIRE %k 500000", "EXPIRE %k 500000 NX", "EXPIRE %k 500000 XX", "PEXPIRE %k 500000000", "SET %k %v EX 500000", "SETEX %k 500000 %v", "PSETEX %k 500000000 %v", "GETEX %k PX 500000000",
		"TTL %k", "PTTL %k", "EXPIRETIME %k", "EXPIRE %k -1", "EXPIREAT %k 1", "EXPIRE %k %N", "PEXPIREAT %k %n GT", "EXPIREAT %k 4000000000 %v", "EXPIREAT %k 4000000000 NX GT", "EXPIREAT %k 4000000000 XX GT",
		"SET %k %v PXAT 1", "RESTORE %k 0 x ABSTTL", "RESTORE %k -1 x")},
	{25, grammar("MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD", "WATCH %k", "WATCH %k", "WATCH %k %k %s", "UNWATCH", "EXEC x", "MULTI x", "DISCARD x", "WATCH")},
	{10, grammar("SUBSCRIBE %h", "SUBSCRIBE %h %h", "PSUBSCRIBE %p", "PSUBSCRIBE %p %p", "SSUBSCRIBE %h", "UNSUBSCRIBE", "UNSUBSCRIBE %h", "PUNSUBSCRIBE", "PUNSUBSCRIBE %p", "SUNSUBSCRIBE %h %h", "SUNSUBSCRIBE",
		"RESET", "RESET", "RESET", "PUBSUB CHANNELS", "PUBSUB CHANNELS %p", "PUBSUB NUMSUB %h %h", "PUBSUB NUMPAT", "PUBSUB SHARDNUMSUB %h", "PUBSUB SHARDCHANNELS", "PUBSUB FOO", "PING", "PING m")},
	{12, grammar("PUBLISH %h %v", "PUBLISH %h %v", "PUBLISH %h %v", "SPUBLISH %h %v")},
	{10, grammar("SELECT %d", "SELECT 0", "SELECT 0", "SWAPDB %d %d", "MOVE %k %d", "COPY %k %k DB %d", "FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC", "FLUSHDB FOO", "KEYS *", "KEYS %p", "SCAN 0 COUNT 1000", "SCAN 0 COUNT 1000 MATCH ?",
		"SCAN 0 COUNT 1000 TYPE stream", "SCAN x", "SCAN 0 COUNT 0", "RANDOMKEY", "TYPE %k", "TOUCH %k %k", "OBJECT ENCODING %k", "OBJECT REFCOUNT %k", "OBJECT FREQ %k", "OBJECT FOO %k", "OBJECT IDLETIME %k")},
	{8, uncut("CLIENT ID", "CLIENT SETNAME %h", "CLIENT SETNAME %v", "CLIENT GETNAME", "CLIENT UNBLOCK %C", "CLIENT UNBLOCK %C ERROR", "CLIENT UNBLOCK %C TIMEOUT", "CLIENT UNBLOCK %v", "CLIENT FOO", "CLIENT", "CLIENT NO-EVICT on",
		"CLIENT GETREDIR", "CLIENT REPLY FOO", "CLIENT KILL ID 0", "CLIENT PAUSE -1", "PING", "PING %v", "ECHO %v", "ECHO", "HELLO 3", "HELLO 2", "HELLO 4", "HELLO x", "HELLO 3 FOO", "HELLO 3 SETNAME %h", "HELLO", "AUTH x", "AUTH default x",
		"RESET", "COMMAND GETKEYS SET a b", "COMMAND INFO GET x", "WAIT 0 0", "WAIT x 0", "WAIT 0 -1", "NOSUCH %v %v", "GET|x", "QUITE", "CONFIG GET nosuch", "CONFIG GET databases", "CONFIG SET nosuch x", "LASTSAVE x", "DEBUG", "TIME x",
		"SLOWLOG FOO", "SLOWLOG GET -2", "MEMORY USAGE nosuch", "MEMORY USAGE nosuch SAMPLES -1", "LATENCY FOO", "ACL WHOAMI", "ACL CAT foo", "READONLY", "CLUSTER INFO", "SAVE x", "BGSAVE FOO", "INFO nosuch")},
}

// blocking are commands that may wait for another connection. None names a key twice:
// 7.0 waits with the first of its IDs alone, 7.2 runs the whole command again.
var blocking = grammar("XREAD BLOCK 0 STREAMS %s $", "XREAD BLOCK 0 COUNT 1 STREAMS s t %i $", "XREADGROUP GROUP %g %o BLOCK 0 STREAMS %s >", "XREADGROUP GROUP %g %o BLOCK 0 COUNT 2 STREAMS t s > >",
	"XREAD BLOCK 1 STREAMS %s $", "XREADGROUP GROUP %g %o BLOCK 1 STREAMS %s >", "XREAD BLOCK -1 STREAMS %s $", "XREAD BLOCK x STREAMS %s $", "XREADGROUP GROUP %g %o BLOCK 0 STREAMS %s 0")

// inlines are requests of another kind; the second part of the protocol's errors end
// the connection.
var inlines = []string{"PING\r\n", "  GET   a\n", "set b \"x y\"\r\n", "\r\n", "*0\r\n", "*-1\r\n", "GET 'a'\r\n", "ECHO \"\\x41\\n\"\r\n"}

var endings = []string{"*x\r\n", "*1\r\nPING\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*01\r\n", "*1\r\n$600000000\r\n", "GET \"a\r\n", "*2147483648\r\n", severed[0], severed[1], "QUIT\r\n", "*3\r\n$3\r\nSET\r\n+a\r\n"}

// severed end the connection at once, with replies on their way that may get lost.
var severed = []string{"POST / HTTP/1.1\r\n", "Host: a\r\n"}

// drawScenario makes about n commands.
func drawScenario(r *rand.Rand, from []family, n int) *scenario {
	sc := &scenario{}
	for range 3 + r.IntN(3) {
		sc.protos = append(sc.protos, []wire.Proto{wire.RESP2, wire.RESP3}[r.IntN(2)])
	}
	for n > 0 {
		t := turn{conn: r.IntN(len(sc.protos)), cmds: drawPipeline(r, from)}
		for range r.IntN(6) {
			t.write = append(t.write, r.Float64())
		}
		slices.Sort(t.write)
		n -= len(t.cmds)
		sc.turns = append(sc.turns, t)
	}
	return sc
}

func drawPipeline(r *rand.Rand, from []family) (cmds []utterance) {
	if r.IntN(40) == 0 {
		return drawSilence(r, from[0])
	}
	for range 1 + r.IntN(8) {
		cmds = append(cmds, utterance{args: drawCommand(r, from)})
	}
	switch n := r.IntN(100); {
	case n < 10:
		// The last, since what stands behind a command that waits waits, too.
		cmds = append(cmds, utterance{args: shareable(func() [][]byte { return blocking.Draw(r) })})
	case n < 14:
		i := r.IntN(len(cmds) + 1)
		cmds = slices.Insert(cmds, i, drawInline(r))
	case n < 16:
		end := utterance{raw: endings[r.IntN(len(endings))], ends: true}
		if slices.Contains(severed, end.raw) {
			return []utterance{end}
		}
		cmds = append(cmds, end)
	}
	return cmds
}

func drawInline(r *rand.Rand) utterance {
	raw := inlines[r.IntN(len(inlines))]
	args, err := commandstest.SplitArgs(strings.ReplaceAll(strings.TrimSpace(raw), "'", `"`))
	if err != nil {
		panic(fmt.Sprintf("%q: %v", raw, err))
	}
	if len(args) > 0 && args[0][0] == '*' {
		args = nil
	}
	return utterance{raw: raw, args: args}
}

// drawSilence is a pipeline with replies turned off, for one command or for many, on
// a connection that was reset: in a transaction, replies could not be told apart.
func drawSilence(r *rand.Rand, plain family) []utterance {
	words := func(s string) utterance {
		args, _ := commandstest.SplitArgs(s)
		return utterance{args: args}
	}
	if r.IntN(2) == 0 {
		return []utterance{words("RESET"), words("CLIENT REPLY SKIP"), {args: plain.Draw(r)}, {args: plain.Draw(r)}}
	}
	cmds := []utterance{words("RESET"), words("CLIENT REPLY OFF")}
	for range r.IntN(5) {
		cmds = append(cmds, utterance{args: plain.Draw(r)})
	}
	return append(cmds, words("CLIENT REPLY ON"), words("HELLO 3"))
}

type newerForm struct {
	why     string
	matches func(name string, args [][]byte) bool
}

// newer are forms of commands that Redis 7.0 does not have or has wrong, and why it is
// Millrace that is right: they are not drawn.
var newer = []newerForm{
	{"streams.md: XREAD takes + for the last entry since 7.4", func(name string, args [][]byte) bool {
		return name == "xread" && slices.ContainsFunc(args, func(a []byte) bool { return string(a) == "+" })
	}},
	{"server.md 5.1: SCAN refuses a negative cursor and an unknown type since 7.4", func(name string, args [][]byte) bool {
		return name == "scan" && len(args) > 1 && strings.HasPrefix(string(args[1]), "-")
	}},
	{"in Redis the pattern * does not match the empty name of a channel, only as a whole pattern of KEYS", func(name string, args [][]byte) bool {
		return (strings.HasSuffix(name, "subscribe") || strings.HasSuffix(name, "publish")) && slices.ContainsFunc(args, func(a []byte) bool { return len(a) == 0 })
	}},
}

// shareable draws until it gets a command that is not of a newer form.
func shareable(draw func() [][]byte) [][]byte {
	for {
		args := draw()
		name := strings.ToLower(string(args[0]))
		if !slices.ContainsFunc(newer, func(n newerForm) bool { return n.matches(name, args) }) {
			return args
		}
	}
}

func drawCommand(r *rand.Rand, from []family) [][]byte {
	return shareable(func() [][]byte { return drawAny(r, from) })
}

func drawAny(r *rand.Rand, from []family) [][]byte {
	sum := 0
	for _, f := range from {
		sum += f.often
	}
	n := r.IntN(sum)
	for _, f := range from {
		if n < f.often {
			return f.Draw(r)
		}
		n -= f.often
	}
	panic("unreachable")
}

// shared are the families without the shapes that only one of two servers knows the
// command of.
func shared(a, b *speaker) (both []family, err error) {
	for _, f := range families {
		g := *f.Grammar
		g.Shapes = nil
		for _, shape := range f.Shapes {
			var known [2]string
			for i, s := range []*speaker{a, b} {
				if known[i], err = s.knows(strings.Fields(shape)); err != nil {
					return nil, err
				}
			}
			if known[0] == known[1] {
				g.Shapes = append(g.Shapes, shape)
			}
		}
		both = append(both, family{f.often, &g})
	}
	return both, nil
}

// knows says whether a server has a command, and the subcommand that it may be.
func (s *speaker) knows(words []string) (string, error) {
	names := []string{"COMMAND", "INFO", words[0]}
	if len(words) > 1 {
		names = append(names, words[0]+"|"+words[1])
	}
	f, err := s.ask(names...)
	if err != nil {
		return "", err
	}
	known := ""
	for _, c := range f.list {
		known += fmt.Sprint(!c.null)
	}
	return known, nil
}
