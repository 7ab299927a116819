package integration

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// relay passes connections on to a server and records what clients send.
type relay struct {
	net.Listener
	mu   sync.Mutex // guards sent
	sent bytes.Buffer
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: ln}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { r.pass(client, server) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return r
}

// pass ends with either side.
func (r *relay) pass(client net.Conn, server string) {
	defer client.Close()
	up, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(client, up)
		client.Close()
	})
	_, _ = io.Copy(up, io.TeeReader(client, r))
	up.Close()
	wg.Wait()
}

// Write records what a client sends.
func (r *relay) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent.Write(b)
}

// words is what clients have sent so far, without the lengths.
func (r *relay) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var words []string
	for line := range strings.SplitSeq(r.sent.String(), "\r\n") {
		if line != "" && line[0] != '*' && line[0] != '$' {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

// With its defaults go-redis asks for RESP3 and for maintenance notifications, which
// we do not know: in mode auto it takes the error and goes on, on the same connection.
func TestGoRedisDefaults(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		r := newRelay(t, p.Addr)
		c := redis.NewClient(&redis.Options{Addr: r.Addr().String()})
		defer c.Close()
		if o := c.Options(); o.Protocol != 3 || o.MaintNotificationsConfig.Mode != maintnotifications.ModeAuto {
			t.Fatalf("defaults of go-redis: protocol %d, maintenance notifications %s", o.Protocol, o.MaintNotificationsConfig.Mode)
		}
		pong, err := c.Ping(t.Context()).Result()
		is(t, "PING", pong, err, "PONG")
		sent := r.words()
		for _, want := range []string{"hello 3 ", "client maint_notifications on ", "client setinfo LIB-NAME ", "client setinfo LIB-VER " + redis.Version()} {
			if !strings.Contains(sent, want) {
				t.Errorf("no %q in %q", want, sent)
			}
		}
		if n := strings.Count(sent, "hello"); n != 1 {
			t.Errorf("%d handshakes: %s", n, sent)
		}
		self, err := c.ClientInfo(t.Context()).Result()
		if err != nil || self.Resp != 3 || self.LibVer != redis.Version() {
			t.Errorf("CLIENT INFO: %+v, %v", self, err)
		}
	})
}

// Who insists on maintenance notifications is told at once.
func TestGoRedisInsistingOnMaintNotifications(t *testing.T) {
	p := serve(t, t.TempDir())
	c := redis.NewClient(&redis.Options{Addr: p.Addr, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeEnabled}})
	defer c.Close()
	if err := c.Ping(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "unknown subcommand") {
		t.Errorf("PING: %v", err)
	}
	p.stop()
}
