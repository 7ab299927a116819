package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// CLIENT PAUSE WRITE holds back what changes keys or is published, wherever it stands
// in a pipeline; when it ends all of it is run, each client's in order.
func TestPauseWriteHoldsChangesBack(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "SET", "k", "0")
		reader := dialRaw(t, p.Addr)
		reader.write(command("XREAD", "BLOCK", "0", "STREAMS", "s", "0"))
		p.blocked(c, 1)
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		mustDo(t, c, "CLIENT", "PAUSE", "1", "WRITE") // the later end holds
		writers := []struct{ send, early, late string }{
			{command("PING") + command("SET", "k", "1") + command("GET", "k"), "+PONG\r\n", "+OK\r\n$1\r\n1\r\n"},
			{command("GET", "k") + command("PUBLISH", "c", "m") + command("PING"), "$1\r\n0\r\n", ":0\r\n+PONG\r\n"},
			{command("SPUBLISH", "c", "m"), "", ":0\r\n"},
			{command("XADD", "s", "1-1", "a", "b"), "", "$3\r\n1-1\r\n"},
			{command("MULTI") + command("GET", "k") + command("SET", "l", "1"), "+OK\r\n+QUEUED\r\n", "+QUEUED\r\n"},
			{command("FOO") + command("SET") + command("DEL", "none"),
				"-ERR unknown command 'FOO', with args beginning with: \r\n-ERR wrong number of arguments for 'set' command\r\n", ":0\r\n"},
		}
		var conns []rawConn
		for _, w := range writers {
			conn := dialRaw(t, p.Addr)
			conn.write(w.send)
			conn.expectOne(w.early)
			conns = append(conns, conn)
		}
		p.blocked(c, 1+len(writers))
		is(t, "GET while writes are held back", mustDo(t, c, "GET", "k"), nil, any("0"))
		mustDo(t, c, "CLIENT", "UNPAUSE")
		for i, w := range writers {
			conns[i].expectOne(w.late)
		}
		reader.expectOne("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n")
		p.blocked(c, 0)
	})
}

// An EXEC is a write when one of its commands is. Those queued before the pause count.
func TestPauseWriteHoldsTransactionsBack(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c, writer, looker := p.client(), dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		writer.write(command("MULTI") + command("SET", "k", "1"))
		writer.expectOne("+OK\r\n+QUEUED\r\n")
		looker.write(command("MULTI") + command("GET", "k"))
		looker.expectOne("+OK\r\n+QUEUED\r\n")
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		writer.write(command("EXEC"))
		p.blocked(c, 1)
		looker.write(command("EXEC"))
		looker.expectOne("*1\r\n$-1\r\n")
		mustDo(t, c, "CLIENT", "UNPAUSE")
		writer.expectOne("*1\r\n+OK\r\n")
	})
}

// Without a mode everything is held back, CLIENT UNPAUSE too, and the time ends it.
func TestPauseAllEndsByTime(t *testing.T) {
	const pause = 400 * time.Millisecond
	onBoth(t, nil, func(t *testing.T, p *process) {
		c, quits := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		others := []rawConn{dialRaw(t, p.Addr), dialRaw(t, p.Addr)}
		began := time.Now()
		c.write(command("CLIENT", "PAUSE", fmt.Sprint(pause.Milliseconds())))
		c.expectOne("+OK\r\n")
		others[0].write(command("PING") + command("CLIENT", "UNPAUSE") + command("PING"))
		others[1].write(command("FOO") + command("CLIENT", "UNPAUSE"))
		quits.write(command("QUIT", "x"))
		quits.expect("+OK\r\n", true, false)
		others[1].expectOne("-ERR unknown command 'FOO', with args beginning with: \r\n")
		others[0].expectOne("+PONG\r\n+OK\r\n+PONG\r\n")
		others[1].expectOne("+OK\r\n")
		if took := time.Since(began); took < pause {
			t.Errorf("went on after %s of %s", took, pause)
		}
	})
}

// While writes are paused no key goes; one past its deadline does not show.
func TestPauseStopsExpiry(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		mustDo(t, c, "CLIENT", "UNPAUSE")
		mustDo(t, c, "SET", "k", "1", "PX", "100")
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		eventually(t, "the key does not show", func() bool { return c.Exists(t.Context(), "k").Val() == 0 })
		for range 10 {
			is(t, "GET", c.Get(t.Context(), "k").Err(), nil, error(redis.Nil))
			is(t, "DBSIZE", c.DBSize(t.Context()).Val(), nil, int64(1))
		}
		mustDo(t, c, "CLIENT", "UNPAUSE")
		eventually(t, "the key is gone", func() bool { return c.DBSize(t.Context()).Val() == 0 })
	})
}

// A client that is held back may send as much as it likes: it is not read.
func TestPausedClientIsNotRead(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c, writer := p.client(), dialRaw(t, p.Addr)
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		line := command("SET", "k", string(make([]byte, 64<<10)))
		const most = 1000 // 64 MB
		sent := writeUntilHeld(t, writer, line, most)
		if sent == most {
			t.Error("the server has read all of it")
		}
		mustDo(t, c, "CLIENT", "UNPAUSE")
	})
}

// A client that is killed while it is held back is gone with what it has sent.
func TestPausedClientIsKilled(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c, writer := p.client(), dialRaw(t, p.Addr)
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		writer.write(command("CLIENT", "SETNAME", "w") + command("SET", "k", "1"))
		writer.expectOne("+OK\r\n")
		p.blocked(c, 1)
		id := clientField(t, c, "w", "id")
		is(t, "flags", clientField(t, c, "w", "flags"), nil, "b")
		is(t, "cmd", clientField(t, c, "w", "cmd"), nil, "set")
		mustDo(t, c, "CLIENT", "KILL", "ID", id)
		p.blocked(c, 0)
		mustDo(t, c, "CLIENT", "UNPAUSE")
		is(t, "GET", c.Get(t.Context(), "k").Err(), nil, error(redis.Nil))
	})
}

// A client that hangs up while it is held back is gone with what it has sent: whoever
// waited for the reply does not learn that it is run later.
func TestPausedClientHangsUp(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c, writer, both := p.client(), dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		mustDo(t, c, "CLIENT", "PAUSE", "600000", "WRITE")
		writer.write(command("PING") + command("SET", "k", "1") + command("SET", "l", "1"))
		writer.expectOne("+PONG\r\n")
		p.blocked(c, 1)
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		both.write(command("SET", "m", "1"))
		if err := both.Close(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "both are gone", func() bool {
			info := allInfo(t, c)
			return info["blocked_clients"] == "0" && info["connected_clients"] == "1"
		})
		mustDo(t, c, "CLIENT", "UNPAUSE")
		is(t, "EXISTS", mustDo(t, c, "EXISTS", "k", "l", "m"), nil, any(int64(0)))
	})
}
