package config_test

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

func newLive(t *testing.T) *config.Live {
	t.Helper()
	return config.NewLive(config.Default())
}

func get(t *testing.T, l *config.Live, name string) string {
	t.Helper()
	pairs := l.Match(name)
	if len(pairs) != 1 {
		t.Fatalf("Match(%q) = %v, want one pair", name, pairs)
	}
	return pairs[0][1]
}

// The texts were taken from redis-server; loglevel has "nothing" since 7.2.
func TestSetRefuses(t *testing.T) {
	failed := func(name, reason string) string {
		return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason
	}
	const notInt = "argument couldn't be parsed into an integer"
	tests := []struct {
		name, pairs, want string
	}{
		{"unknown", "nosuch=x", "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
		{"unknown after a good one", "timeout=5 nosuch=7 databases=5", "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
		{"twice", "timeout=0 timeout=1", failed("timeout", "duplicate parameter")},
		{"twice under two names", "fsync=no appendfsync=always", failed("appendfsync", "duplicate parameter")},
		{"immutable", "databases=4", failed("databases", "can't set immutable config")},
		{"immutable, as written", "DIR=/x", failed("DIR", "can't set immutable config")},
		{"immutable before a bad value", "timeout=x port=5", failed("port", "can't set immutable config")},
		{"first of two bad values", "timeout=x maxclients=y", failed("timeout", notInt)},
		{"the name comes back in lower case", "TIMEOUT=x", failed("timeout", notInt)},
		{"integer", "maxclients=abc", failed("maxclients", notInt)},
		{"integer, empty", "stream-node-max-entries=", failed("stream-node-max-entries", notInt)},
		{"integer with a zero in front", "timeout=05", failed("timeout", notInt)},
		{"integer with a plus sign", "timeout=+5", failed("timeout", notInt)},
		{"integer with a unit", "tcp-keepalive=1s", failed("tcp-keepalive", notInt)},
		{"integer too small", "maxclients=0", failed("maxclients", "argument must be between 1 and 4294967295 inclusive")},
		{"integer too large", "timeout=99999999999", failed("timeout", "argument must be between 0 and 2147483647 inclusive")},
		{"integer, negative", "stream-node-max-entries=-1", failed("stream-node-max-entries", "argument must be between 0 and 9223372036854775807 inclusive")},
		{"memory", "proto-max-bulk-len=x", failed("proto-max-bulk-len", "argument must be a memory value")},
		{"memory, negative", "stream-node-max-bytes=-1", failed("stream-node-max-bytes", "argument must be a memory value")},
		{"idempotence for no time", "stream-idmp-duration=0", failed("stream-idmp-duration", "argument must be between 1 and 2592000 inclusive")},
		{"idempotence beyond 30 days", "stream-idmp-duration=2592001", failed("stream-idmp-duration", "argument must be between 1 and 2592000 inclusive")},
		{"too many idempotent IDs", "stream-idmp-maxsize=1000001", failed("stream-idmp-maxsize", "argument must be between 1 and 1000000 inclusive")},
		{"memory too small", "client-query-buffer-limit=5", failed("client-query-buffer-limit", "argument must be between 1048576 and 9223372036854775807 inclusive")},
		{"memory beyond 64 bits", "proto-max-bulk-len=99999999999999999999", failed("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive")},
		{"yes or no", "protected-mode=true", failed("protected-mode", "argument must be 'yes' or 'no'")},
		{"words", "appendfsync=x", failed("appendfsync", "argument(s) must be one of the following: everysec, always, no")},
		{"words that Redis has for ours", "loglevel=info", failed("loglevel", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing")},
		{"our own name has our words", "log-level=notice", failed("log-level", "argument(s) must be one of the following: debug, info, warn, error")},
		{"limits: class", "client-output-buffer-limit=foo 0 0 0", failed("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
		{"limits: master is none", "client-output-buffer-limit=master 0 0 0", failed("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
		{"limits: words", "client-output-buffer-limit=normal 0 0", failed("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")},
		{"limits: size", "client-output-buffer-limit=normal x 0 0", failed("client-output-buffer-limit", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{"limits: seconds", "client-output-buffer-limit=normal 5 6 -7", failed("client-output-buffer-limit", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{"save: odd", "save=60", failed("save", "Invalid save parameters")},
		{"save: negative", "save=60 -5", failed("save", "Invalid save parameters")},
		{"save: two blanks", "save=60  1", failed("save", "Invalid save parameters")},
		{"appendonly", "appendonly=x", failed("appendonly", "argument must be 'yes' or 'no'")},
		{"fixed, other value", "maxmemory-policy=allkeys-lru", failed("maxmemory-policy", "can't set immutable config")},
		{"fixed, other size", "repl-backlog-size=1", failed("repl-backlog-size", "can't set immutable config")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLive(t)
			before := l.Match("*")
			if err := l.Set(pairs(tt.pairs)); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if after := l.Match("*"); !reflect.DeepEqual(before, after) {
				t.Error("a refused Set left a change behind")
			}
		})
	}
}

// pairs reads "a=1 b=2 3": a word without = goes on with the value before it.
func pairs(text string) [][2]string {
	var out [][2]string
	for _, word := range strings.SplitAfter(text, " ") {
		if name, value, ok := strings.Cut(word, "="); ok {
			out = append(out, [2]string{name, value})
		} else {
			out[len(out)-1][1] += word
		}
	}
	for i := range out[:len(out)-1] {
		out[i][1] = strings.TrimSuffix(out[i][1], " ")
	}
	return out
}

func TestSetThenGet(t *testing.T) {
	tests := []struct{ pairs, name, want string }{
		{"appendfsync=EVERYSEC", "appendfsync", "everysec"},
		{"appendfsync=everysec", "fsync", "everysec"},
		{"fsync=no", "appendfsync", "no"},
		{"loglevel=warning", "log-level", "warn"},
		{"loglevel=verbose", "loglevel", "notice"},
		{"log-level=error", "loglevel", "nothing"},
		{"proto-max-bulk-len=2mb", "proto-max-bulk-len", "2097152"},
		{"timeout=5", "timeout", "5"},
		{"protected-mode=NO", "protected-mode", "no"},
		{"requirepass=foobar", "requirepass", "foobar"},
		{"client-output-buffer-limit=replica 1kb 2k 3 normal 5 6 7", "client-output-buffer-limit", "normal 5 6 7 slave 1024 2000 3 pubsub 33554432 8388608 60"},
		{"client-output-buffer-limit=", "client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
		{"notify-keyspace-events=KEA", "notify-keyspace-events", "AKE"},
		{"notify-keyspace-events=tK$xgg", "notify-keyspace-events", "g$xtK"},
		{"notify-keyspace-events=mEnA", "notify-keyspace-events", "AnEm"},
		{"notify-keyspace-events=dtxezhsl$g", "notify-keyspace-events", "A"},
		{"notify-keyspace-events=", "notify-keyspace-events", ""},
		{"appendonly=no", "appendonly", "yes"},
		{"save=60 1 70 1", "save", ""},
		{"masterauth=x", "masterauth", ""},
		{"repl-backlog-size=1mb", "repl-backlog-size", "1048576"},
	}
	for _, tt := range tests {
		l := newLive(t)
		if err := l.Set(pairs(tt.pairs)); err != nil {
			t.Errorf("%s: %v", tt.pairs, err)
		} else if got := get(t, l, tt.name); got != tt.want {
			t.Errorf("%s: %s = %q, want %q", tt.pairs, tt.name, got, tt.want)
		}
	}
}

// A tool that saves all parameters and restores them must not change any
// (invariant 4).
func TestWhatGetShowsSetTakes(t *testing.T) {
	l := newLive(t)
	before := l.Match("*")
	for _, pair := range before {
		err := l.Set([][2]string{pair})
		if err != nil && !strings.HasSuffix(err.Error(), "can't set immutable config") {
			t.Errorf("%v: %v", pair, err)
		}
	}
	if after := l.Match("*"); !reflect.DeepEqual(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
}

func TestEveryWordOfOursHasOneOfRedis(t *testing.T) {
	for _, s := range config.Settings() {
		for _, value := range s.Values {
			args := []string{"--" + s.Name, value}
			if s.Name == "routing" {
				args = append(args, "--cluster-addr", "127.0.0.1:0") // redirect needs a cluster
			}
			c := load(t, args...)
			for _, redis := range s.Redis {
				name := [2]string{redis.Name, get(t, config.NewLive(c), redis.Name)}
				l := newLive(t)
				if err := l.Set([][2]string{name}); err != nil {
					t.Error(err)
				} else if got := get(t, l, s.Name); got != value {
					t.Errorf("%s %s comes back from CONFIG as %s", s.Name, value, got)
				}
			}
		}
	}
}

func TestMatch(t *testing.T) {
	l := newLive(t)
	tests := []struct {
		pattern string
		want    [][2]string
	}{
		{"TIMEOUT", [][2]string{{"TIMEOUT", "0"}}},
		{"Tim*", [][2]string{{"timeout", "0"}}},
		{"max[c]lients", [][2]string{{"maxclients", "10000"}}},
		{"nosuch", nil},
		{"nosuch*", nil},
		{"stream-node-*", [][2]string{{"stream-node-max-bytes", "4096"}, {"stream-node-max-entries", "100"}}},
		{"port", [][2]string{{"port", "6379"}}},
		{"bind", [][2]string{{"bind", "127.0.0.1"}}},
		{"appendonly", [][2]string{{"appendonly", "yes"}}},
		{"save", [][2]string{{"save", ""}}},
	}
	for _, tt := range tests {
		if got := l.Match(tt.pattern); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Match(%q) = %v, want %v", tt.pattern, got, tt.want)
		}
	}
	seen := map[string]bool{}
	for _, pair := range l.Match("*") {
		if seen[pair[0]] {
			t.Errorf("parameter %s is declared twice", pair[0])
		}
		seen[pair[0]] = true
	}
}

func TestFactsStandForTheirDefault(t *testing.T) {
	l := newLive(t)
	l.SetFact("port", "40001")
	if got := get(t, l, "port"); got != "40001" {
		t.Errorf("port = %s, want 40001", got)
	}
}

func TestHookSeesTheNewValueBeforeReadersDo(t *testing.T) {
	l := newLive(t)
	var calls int
	l.OnChange("maxclients", func(c *config.Config) error {
		calls++
		if c.MaxClients != 5 || l.Config().MaxClients != 10000 {
			t.Errorf("hook got %d, readers have %d", c.MaxClients, l.Config().MaxClients)
		}
		return nil
	})
	old := l.Config()
	for range 2 { // the second one changes nothing, so nothing is called
		if err := l.Set([][2]string{{"maxclients", "5"}, {"timeout", "7"}}); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 || l.Config().MaxClients != 5 || old.MaxClients != 10000 {
		t.Errorf("calls %d, new %d, old %d", calls, l.Config().MaxClients, old.MaxClients)
	}
}

func TestRefusingHookTakesAllBack(t *testing.T) {
	l := newLive(t)
	var seen []int
	l.OnChange("maxclients", func(c *config.Config) error { seen = append(seen, c.MaxClients); return nil })
	l.OnChange("fsync", func(*config.Config) error { return errors.New("log is read only") })
	err := l.Set([][2]string{{"maxclients", "5"}, {"appendfsync", "no"}})
	if want := "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - log is read only"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !reflect.DeepEqual(seen, []int{5, 10000}) || l.Config().MaxClients != 10000 || l.Config().Fsync != config.FsyncAlways {
		t.Errorf("hook saw %v, config has %d, %s", seen, l.Config().MaxClients, l.Config().Fsync)
	}
}

// The hook of a partition's setting waits for a log entry, whose apply adopts the
// value: it must neither deadlock nor lose what was adopted.
func TestAdoptWhileAHookRuns(t *testing.T) {
	l := newLive(t)
	l.OnChange("stream-node-max-entries", func(next *config.Config) error {
		l.Adopt(func(c *config.Config) { c.StreamNodeMaxEntries = next.StreamNodeMaxEntries; c.StreamNodeMaxBytes = 77 })
		return nil
	})
	if err := l.Set([][2]string{{"stream-node-max-entries", "2"}}); err != nil {
		t.Fatal(err)
	}
	if c := l.Config(); c.StreamNodeMaxEntries != 2 || c.StreamNodeMaxBytes != 77 {
		t.Errorf("entries %d, bytes %d, want 2, 77", c.StreamNodeMaxEntries, c.StreamNodeMaxBytes)
	}
}

func TestLogLevelChangesTheRunningLogger(t *testing.T) {
	c := config.Default()
	var out strings.Builder
	logger := c.NewLogger(&out, false)
	l := config.NewLive(c)
	logger.Debug("before")
	if err := l.Set([][2]string{{"loglevel", "debug"}}); err != nil {
		t.Fatal(err)
	}
	logger.Debug("after")
	if strings.Contains(out.String(), "before") || !strings.Contains(out.String(), `"msg":"after"`) {
		t.Errorf("log: %s", out.String())
	}
}

func TestLogFormat(t *testing.T) {
	for _, tt := range []struct {
		format   string
		terminal bool
		json     bool
	}{{"auto", true, false}, {"auto", false, true}, {"json", true, true}, {"text", false, false}} {
		c := load(t, "--log-format", tt.format)
		var out strings.Builder
		c.NewLogger(&out, tt.terminal).Info("ready", slog.String("addr", "x"))
		if got := strings.HasPrefix(out.String(), "{"); got != tt.json {
			t.Errorf("%s, terminal %t: %s", tt.format, tt.terminal, out.String())
		}
	}
}

func TestResetStatCallsAll(t *testing.T) {
	l := newLive(t)
	var calls int
	l.OnResetStat(func() { calls++ })
	l.OnResetStat(func() { calls++ })
	l.ResetStat()
	if calls != 2 {
		t.Errorf("calls = %d, want 2", calls)
	}
}
