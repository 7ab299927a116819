package integration

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What replies may differ in, and nothing else: what depends on the time or on
// chance, and where Millrace follows a Redis that is newer than the 7.0 that it is
// compared with. Each difference is a rule with its reason.

// The times to live and the deadlines that the random commands use, in seconds:
// replies near them depend on the clock, nothing else does.
const (
	farTTL      = 500_000
	farDeadline = 4_000_000_000 // a point in time; deadlines are at most seconds behind it
)

type rule struct {
	why   string
	names string // of the commands, or "" for all
	apply func(args [][]byte, f *frame)
}

var rules = []rule{
	{"the clock: what is left of a relative time to live, and when it ends", "ttl pttl expiretime pexpiretime", blankTTL},
	{"the clock: IDs that the server drew", "", blankClockIDs},
	{"the clock: idle times", "xpending", blankIdle},
	{"the clock: seen, active and delivery times", "xinfo", blankXinfoTimes},
	{"the clock: idle times of keys; and Redis shares small numbers, but not those that COPY made", "object", blankObject},
	{"chance: which key", "randomkey", blankString},
	{"server.md 5.1: order is free", "keys scan pubsub", sortStrings},
	{"server.md 2.1: version and client ID are the server's own", "hello", blankHello},
	{"IDs of clients are the server's own", "client", blankClientID},
	{"server.md 7: in what order a client's subscriptions end when it names none is free", "unsubscribe punsubscribe sunsubscribe", blankNames},
	{"streams.md 8: 7.2 changed what the lag is computed from, and knows inactive and active-time; 8.6 what producers are remembered; 8.8 nacked-count", "xinfo", blankNewerXinfo},
	{"streams.md 7: since 7.2 naming a consumer makes it, before that only when it gets something", "xinfo xgroup", blankIdleConsumers},
}

// errorTexts are what 7.0 said and what a newer Redis says instead, as beginnings of
// errors: one for the other is no difference.
var errorTexts = []struct{ why, old, now string }{
	{"streams.md: 7.4 has another text", "ERR Unbalanced XREAD list", "ERR Unbalanced 'xread"},
	{"streams.md: since 7.2 a reader whose key has gone runs its command again", "UNBLOCKED the stream key no longer", "NOGROUP No such key"},
	{"the same", "UNBLOCKED the stream key no longer", "WRONGTYPE Operation"},
	{"the same", "NOGROUP the consumer group this client was", "NOGROUP No such key"},
	{"streams.md: 7.4 names + as it does $", "ERR Invalid stream ID specified", "ERR The + ID is meaningless"},
	{"streams.md: 7.2 has another text", "ERR Elements are too large to be stored", "ERR The ID specified in XADD"},
}

// same reports whether a line of ours is as good as one of Redis.
func same(ours, theirs string) bool {
	if ours == theirs {
		return true
	}
	for _, e := range errorTexts {
		before, old, found := strings.Cut(theirs, "-"+e.old)
		now, ok := strings.CutPrefix(ours, before+"-"+e.now)
		if found && ok && !strings.Contains(old+now, "\n") {
			return true
		}
	}
	return false
}

// normalised is a reply with everything blanked that may differ.
func normalised(args [][]byte, f *frame) *frame {
	name := strings.ToLower(string(args[0]))
	for _, r := range rules {
		if r.names == "" || slices.Contains(strings.Fields(r.names), name) {
			r.apply(args, f)
		}
	}
	return f
}

func blankTTL(_ [][]byte, f *frame) {
	n, err := strconv.ParseInt(f.text, 10, 64)
	if f.kind != ':' || err != nil {
		return
	}
	now := time.Now().Unix()
	for unit, mark := range map[int64]string{1: "<seconds>", 1000: "<milliseconds>"} {
		for _, want := range []int64{farTTL, now + farTTL, farDeadline - now} {
			if d := n - want*unit; -120*unit < d && d <= unit {
				f.kind, f.text = '+', mark
			}
		}
	}
}

var clockID = regexp.MustCompile(`^1[6-9]\d{11}-\d+$`)

func blankClockIDs(_ [][]byte, f *frame) {
	f.each(func(e *frame) {
		if e.kind == '$' && clockID.MatchString(e.text) {
			e.text = "<id>"
		}
	})
}

func blankIdle(_ [][]byte, f *frame) {
	for _, row := range f.list {
		if len(row.list) == 4 && row.list[2].kind == ':' {
			row.list[2].text = "<idle>"
		}
	}
}

// blankXinfoTimes blanks fields by their names, and the rows of pending entries.
func blankXinfoTimes(_ [][]byte, f *frame) {
	f.each(func(m *frame) {
		for i := 0; i+1 < len(m.list); i++ {
			v := m.list[i+1]
			switch m.list[i].text {
			case "idle", "seen-time":
				v.text = "<time>"
			case "pel", "pending":
				for _, row := range v.list {
					if n := len(row.list); n >= 3 {
						row.list[n-2].text = "<time>"
					}
				}
			}
		}
	})
}

func blankNewerXinfo(_ [][]byte, f *frame) {
	f.each(func(m *frame) {
		for i := 0; i+1 < len(m.list); i++ {
			switch m.list[i].text {
			case "lag", "entries-read":
				m.list[i+1] = &frame{kind: '+', text: "<n>"}
			case "inactive", "active-time", "nacked-count",
				"idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked", "iids-added", "iids-duplicates":
				m.list = slices.Delete(m.list, i, i+2)
				i--
			}
		}
	})
}

func blankIdleConsumers(args [][]byte, f *frame) {
	if len(args) > 1 && strings.EqualFold(string(args[1]), "createconsumer") && f.kind == ':' {
		f.text = "<n>"
		return
	}
	f.each(func(l *frame) {
		l.list = slices.DeleteFunc(l.list, func(consumer *frame) bool {
			first, n := consumer.word(0), len(consumer.list)
			for i := 0; i+1 < n && first == "name"; i++ {
				if w := consumer.list[i].text; (w == "pending" || w == "pel-count") && consumer.list[i+1].text == "0" {
					return !slices.ContainsFunc(consumer.list, func(e *frame) bool { return e.text == "last-delivered-id" })
				}
			}
			return false
		})
		for i := 0; i+1 < len(l.list); i++ {
			if l.list[i].text == "consumers" && l.list[i+1].kind == ':' {
				l.list[i+1].text = "<n>"
			}
		}
	})
}

// parting are replies of 7.0 behind which the two are not alike any more, by a
// difference that is known: the scenario ends.
var parting = []struct {
	why  string
	line *regexp.Regexp
}{
	{"streams.md 9: before 7.2 an XREAD that waited was given an empty list when its stream had been emptied at once", regexp.MustCompile(`^[A-Z]< [\[{].*"\w"[,:] \[\]`)},
}

func parted(theirs []string) bool {
	for _, p := range parting {
		if slices.ContainsFunc(theirs, p.line.MatchString) {
			return true
		}
	}
	return false
}

func blankObject(args [][]byte, f *frame) {
	if len(args) > 1 && f.kind == ':' {
		f.text = "<n>"
	}
}

func blankString(_ [][]byte, f *frame) {
	if f.kind == '$' && !f.null {
		f.text = "<any>"
	}
}

func sortStrings(args [][]byte, f *frame) {
	if len(args) > 1 && strings.EqualFold(string(args[1]), "numsub") {
		return
	}
	f.each(func(l *frame) {
		if !slices.ContainsFunc(l.list, func(e *frame) bool { return e.kind != '$' }) {
			slices.SortFunc(l.list, func(a, b *frame) int { return strings.Compare(a.text, b.text) })
		}
	})
}

func blankHello(_ [][]byte, f *frame) {
	for i, e := range f.list {
		if e.text == "version" || e.text == "id" {
			f.list[i+1].text = "<" + e.text + ">"
		}
	}
}

func blankClientID(args [][]byte, f *frame) {
	if len(args) == 2 && strings.EqualFold(string(args[1]), "id") && f.kind == ':' {
		f.text = "<id>"
	}
}

func blankNames(args [][]byte, f *frame) {
	if len(args) == 1 && len(f.list) == 3 && f.list[1].kind == '$' && !f.list[1].null {
		f.list[1].text = "<name>"
	}
}

// sortMatches sorts the messages that one PUBLISH gave a client for several
// patterns: server.md 7 has the order of its node's list, which in Redis is one of a
// hash table.
func sortMatches(messages []*frame) {
	same := func(a, b *frame) bool {
		return len(a.list) == 4 && len(b.list) == 4 && a.word(2) == b.word(2) && a.word(3) == b.word(3)
	}
	for i := 0; i < len(messages); {
		j := i + 1
		for j < len(messages) && same(messages[i], messages[j]) {
			j++
		}
		slices.SortFunc(messages[i:j], func(a, b *frame) int { return strings.Compare(a.word(1), b.word(1)) })
		i = j
	}
}
