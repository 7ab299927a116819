package commands_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// The code of docs/locks.md begins here.

// lock takes the lock for a time and returns the token that unlocks it; false when
// somebody else has it.
func lock(ctx context.Context, rdb *redis.Client, name string, ttl time.Duration) (token string, ok bool, err error) {
	token = rand.Text()
	err = rdb.SetArgs(ctx, name, token, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return token, err == nil, err
}

// extend holds on to the lock; false when it has run out.
func extend(ctx context.Context, rdb *redis.Client, name, token string, ttl time.Duration) (bool, error) {
	err := rdb.SetArgs(ctx, name, token, redis.SetArgs{Mode: "IFEQ", MatchValue: token, TTL: ttl}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// unlock frees the lock; false when it had run out.
func unlock(ctx context.Context, rdb *redis.Client, name, token string) (bool, error) {
	n, err := rdb.DelExArgs(ctx, name, redis.DelExArgs{Mode: "IFEQ", MatchValue: token}).Result()
	return n == 1, err
}

// The code of docs/locks.md ends here.

func TestLocksPageShowsTheCodeTested(t *testing.T) {
	source, err := os.ReadFile("locks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/locks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "begins here.\n\n")
	code, _, found := strings.Cut(code, "\n// The code of")
	if !found || !strings.Contains(string(page), "```go\n"+code+"```\n") {
		t.Error("docs/locks.md does not show the code of locks_test.go")
	}
}

func TestLock(t *testing.T) {
	ctx := t.Context()
	core := commandstest.NewCore()
	rdb := redis.NewClient(&redis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) { return dialCore(t, core) }, PoolSize: 1,
	})
	defer rdb.Close()
	token, ok, err := lock(ctx, rdb, "l", time.Minute)
	if !ok || err != nil {
		t.Fatalf("lock: %v, %v", ok, err)
	}
	if _, ok, err := lock(ctx, rdb, "l", time.Minute); ok || err != nil {
		t.Errorf("lock of a locked one: %v, %v", ok, err)
	}
	if ok, err := unlock(ctx, rdb, "l", "not the token"); ok || err != nil {
		t.Errorf("unlock by somebody else: %v, %v", ok, err)
	}
	if ok, err := extend(ctx, rdb, "l", token, time.Hour); !ok || err != nil {
		t.Errorf("extend: %v, %v", ok, err)
	}
	if ttl := rdb.TTL(ctx, "l").Val(); ttl != time.Hour {
		t.Errorf("lasts %v after extend", ttl)
	}
	core.Advance(time.Hour.Milliseconds())
	if ok, err := extend(ctx, rdb, "l", token, time.Hour); ok || err != nil {
		t.Errorf("extend of what has run out: %v, %v", ok, err)
	}
	second, ok, err := lock(ctx, rdb, "l", time.Minute)
	if !ok || err != nil {
		t.Fatalf("lock of what has run out: %v, %v", ok, err)
	}
	if ok, err := unlock(ctx, rdb, "l", token); ok || err != nil {
		t.Errorf("unlock by the first holder: %v, %v", ok, err)
	}
	if ok, err := unlock(ctx, rdb, "l", second); !ok || err != nil {
		t.Errorf("unlock: %v, %v", ok, err)
	}
}

// dialCore connects to the commands in process.
func dialCore(t *testing.T, core *commandstest.Core) (net.Conn, error) {
	conn, err := core.Reset(wire.RESP2)
	if err != nil {
		return nil, err
	}
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		serveCore(server, conn)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return client, nil
}

// serveCore answers one command after the other until the connection ends.
func serveCore(server net.Conn, conn commandstest.Conn) {
	r := bufio.NewReader(server)
	// A pipeline is written whole before its replies are read: they have a writer of
	// their own. The channel is closed here.
	replies := make(chan []byte, 100)
	defer close(replies)
	go func() {
		for reply := range replies {
			_, _ = server.Write(reply)
		}
	}()
	for {
		args, err := readRequest(r)
		if err != nil {
			return
		}
		reply, err := conn.Do(args)
		if err != nil {
			reply = wire.AppendError(nil, "ERR "+err.Error())
		}
		replies <- append([]byte(nil), reply...)
	}
}

// readRequest reads an array of bulk strings.
func readRequest(r *bufio.Reader) (args [][]byte, err error) {
	n, err := readLength(r)
	for range n {
		size, err := readLength(r)
		if err != nil {
			return nil, err
		}
		arg := make([]byte, size+2)
		if _, err := io.ReadFull(r, arg); err != nil {
			return nil, err
		}
		args = append(args, arg[:size])
	}
	return args, err
}

func readLength(r *bufio.Reader) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(line)[1:])
}
