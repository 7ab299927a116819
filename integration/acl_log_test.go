package integration

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Failed logins stand in ACL LOG, newest first, those that are alike together.
func TestACLLog(t *testing.T) {
	onBoth(t, []string{"--requirepass", "pw"}, func(t *testing.T, p *process) {
		const wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
		raw := dialRaw(t, p.Addr)
		raw.write("AUTH bad\r\nAUTH joe bad\r\nHELLO 3 AUTH joe bad\r\nAUTH other\r\nAUTH pw\r\n")
		raw.expect(strings.Repeat(wrong, 4)+"+OK\r\n", false, false)
		playACLLog(t, raw, true)
	})
}

func TestACLLogAgainstRedis(t *testing.T) {
	addr := startRedis(t)
	raw := dialRaw(t, addr)
	raw.write("CONFIG SET requirepass pw\r\nAUTH bad\r\nAUTH joe bad\r\nHELLO 3 AUTH joe bad\r\nAUTH other\r\n")
	const wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
	raw.expect("+OK\r\n"+strings.Repeat(wrong, 4), false, false)
	playACLLog(t, raw, false)
}

// playACLLog reads the log after AUTH bad, AUTH joe, HELLO joe, AUTH bad.
func playACLLog(t *testing.T, raw rawConn, newFields bool) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: raw.RemoteAddr().String(), Password: "pw", Protocol: 2, PoolSize: 1})
	defer c.Close()
	log := mustDo(t, c, "ACL", "LOG")
	want := []map[string]string{
		{"count": "2", "object": "AUTH", "username": "default"},
		{"count": "1", "object": "HELLO", "username": "joe"},
		{"count": "1", "object": "AUTH", "username": "joe"},
	}
	list, _ := log.([]any)
	if len(list) != len(want) {
		t.Fatalf("%d entries: %v", len(list), log)
	}
	for i, e := range list {
		entry := flat(e)
		for field, value := range want[i] {
			if entry[field] != value {
				t.Errorf("entry %d: %s is %s, want %s", i, field, entry[field], value)
			}
		}
		if entry["reason"] != "auth" || entry["context"] != "toplevel" {
			t.Errorf("entry %d: %v", i, entry)
		}
		if age, err := strconv.ParseFloat(entry["age-seconds"], 64); err != nil || age < 0 || age > 60 {
			t.Errorf("entry %d: age %s", i, entry["age-seconds"])
		}
		if info := entry["client-info"]; !strings.Contains(info, "addr="+raw.LocalAddr().String()+" ") || strings.HasSuffix(info, "\n") {
			t.Errorf("entry %d: client %q", i, info)
		}
		if newFields && (entry["entry-id"] == "" || entry["timestamp-created"] == "" || entry["timestamp-last-updated"] == "") {
			t.Errorf("entry %d: %v", i, entry)
		}
	}
	if got := mustDo(t, c, "ACL", "LOG", 1).([]any); len(got) != 1 {
		t.Errorf("ACL LOG 1: %v", got)
	}
	if got := mustDo(t, c, "ACL", "LOG", "RESET"); got != "OK" {
		t.Errorf("ACL LOG RESET: %v", got)
	}
	if got := mustDo(t, c, "ACL", "LOG").([]any); len(got) != 0 {
		t.Errorf("after a reset: %v", got)
	}
}

// flat is a RESP2 map of texts and numbers.
func flat(reply any) map[string]string {
	m := map[string]string{}
	pairs, _ := reply.([]any)
	for i := 0; i+1 < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			m[pairs[i].(string)] = v
		case int64:
			m[pairs[i].(string)] = strconv.FormatInt(v, 10)
		}
	}
	return m
}
