package integration

import (
	"fmt"
	"testing"
)

// SLOWLOG has the commands that a session serves itself, too, and no passwords.
func TestSlowlogOfSessionCommands(t *testing.T) {
	onBoth(t, []string{"--slowlog-log-slower-than", "0"}, func(t *testing.T, p *process) {
		raw := dialRaw(t, p.Addr)
		raw.write("CLIENT SETNAME ann\r\nPING\r\nAUTH default secret\r\nSET k v\r\nGET k\r\n" +
			"CONFIG SET requirepass secret timeout 0\r\nCONFIG SET slowlog-log-slower-than -1 requirepass \"\"\r\n")
		raw.expect("+OK\r\n+PONG\r\n+OK\r\n+OK\r\n$1\r\nv\r\n+OK\r\n+OK\r\n", false, false)
		list := mustDo(t, p.client(), "SLOWLOG", "GET", -1).([]any)
		var got []string
		for _, e := range list {
			entry := e.([]any)
			if entry[4] != raw.LocalAddr().String() {
				continue
			}
			got = append(got, fmt.Sprint(entry[3], " ", entry[5]))
		}
		// The command that ends the log may or may not stand in it.
		want := []string{
			"[CONFIG SET requirepass (redacted) timeout 0] ann", "[GET k] ann", "[SET k v] ann",
			"[AUTH (redacted) (redacted)] ann", "[PING] ann", "[CLIENT SETNAME ann] ann",
		}
		if n := len(got); n < len(want) || fmt.Sprint(got[n-len(want):]) != fmt.Sprint(want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// People try out SLOWLOG and LATENCY with DEBUG SLEEP: it counts as a command that ran
// for so long.
func TestDebugSleepIsSlow(t *testing.T) {
	options := []string{"--enable-debug-command", "yes", "--slowlog-log-slower-than", "19000", "--latency-monitor-threshold", "19"}
	onBoth(t, options, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "DEBUG", "SLEEP", "0.02")
		found := false
		for _, e := range mustDo(t, c, "SLOWLOG", "GET", -1).([]any) {
			found = found || fmt.Sprint(e.([]any)[3]) == "[DEBUG SLEEP 0.02]"
		}
		if !found {
			t.Error("SLOWLOG has no DEBUG SLEEP")
		}
		if ms := latencyMax(t, c, "command"); ms < 20 {
			t.Errorf("the slowest command took %d ms", ms)
		}
	})
}
