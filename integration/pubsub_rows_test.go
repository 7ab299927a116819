package integration

import (
	"strings"
	"testing"
)

// wireFrame is a list of bulk strings, and of integers where a word begins with ':'.
func wireFrame(kind string, words ...string) string {
	text := command(words...)
	for _, w := range words {
		if n, ok := strings.CutPrefix(w, ":"); ok {
			text = strings.Replace(text, command(w)[4:], ":"+n+"\r\n", 1)
		}
	}
	return kind + text[1:]
}

func reply(words ...string) string { return wireFrame("*", words...) }
func push(words ...string) string  { return wireFrame(">", words...) }

// hello3 is the reply to HELLO 3.
const (
	hello3 = "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:<int>\r\n" +
		"$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
	onlyInSubscribed = "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
)

// pubSubRows are pipelines in one write, or byte by byte.
var pubSubRows = []row{
	{name: "SUBSCRIBE a a", send: "SUBSCRIBE a a\r\n", want: reply("subscribe", "a", ":1") + reply("subscribe", "a", ":1")},
	{name: "ping", send: "SUBSCRIBE a\r\nPING\r\nPING m\r\n", want: reply("subscribe", "a", ":1") + reply("pong", "") + reply("pong", "m")},
	{name: "another command", send: "SUBSCRIBE a\r\nEXISTS a\r\nPUBLISH a m\r\nHELLO 3\r\nCLIENT ID\r\n",
		want: reply("subscribe", "a", ":1") + "-ERR Can't execute 'exists" + onlyInSubscribed + "-ERR Can't execute 'publish" + onlyInSubscribed +
			"-ERR Can't execute 'hello" + onlyInSubscribed + "-ERR Can't execute 'client|id" + onlyInSubscribed},
	{name: "three kinds", send: "SUBSCRIBE a\r\nSSUBSCRIBE a\r\nPSUBSCRIBE a\r\n",
		want: reply("subscribe", "a", ":1") + reply("ssubscribe", "a", ":1") + reply("psubscribe", "a", ":2")},
	{name: "the mode ends", send: "SUBSCRIBE a b\r\nUNSUBSCRIBE b a\r\nTYPE a\r\n",
		want: reply("subscribe", "a", ":1") + reply("subscribe", "b", ":2") + reply("unsubscribe", "b", ":1") + reply("unsubscribe", "a", ":0") + "+none\r\n"},
	{name: "the mode ends with the last of any kind", send: "SUBSCRIBE a\r\nSSUBSCRIBE a\r\nUNSUBSCRIBE\r\nTYPE a\r\nSUNSUBSCRIBE\r\nTYPE a\r\n",
		want: reply("subscribe", "a", ":1") + reply("ssubscribe", "a", ":1") + reply("unsubscribe", "a", ":0") +
			"-ERR Can't execute 'type" + onlyInSubscribed + reply("sunsubscribe", "a", ":0") + "+none\r\n"},
	{name: "reset", send: "SUBSCRIBE a\r\nRESET\r\nPING\r\n", want: reply("subscribe", "a", ":1") + "+RESET\r\n+PONG\r\n"},
	{name: "unsubscribe from nothing", send: "UNSUBSCRIBE\r\n", want: "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"},
	{name: "subscribe in MULTI", send: "MULTI\r\nSUBSCRIBE c\r\nEXEC\r\n", want: "+OK\r\n+QUEUED\r\n*1\r\n" + reply("subscribe", "c", ":1")},
	{name: "several in MULTI", send: "MULTI\r\nSUBSCRIBE c d\r\nEXEC\r\n",
		want: "+OK\r\n+QUEUED\r\n*1\r\n" + reply("subscribe", "c", ":1") + reply("subscribe", "d", ":2")},
	{name: "behind changes", send: "XADD k 1-0 f v\r\nSUBSCRIBE a\r\nPING\r\n", want: "$3\r\n1-0\r\n" + reply("subscribe", "a", ":1") + reply("pong", "")},
	{name: "replies off", send: "CLIENT REPLY OFF\r\nSUBSCRIBE a\r\nPING\r\nPING\r\nRESET\r\n", want: reply("subscribe", "a", ":1") + "+RESET\r\n", old: "-"},
	{name: "replies skipped", send: "CLIENT REPLY SKIP\r\nSUBSCRIBE a\r\nPING\r\n", want: reply("subscribe", "a", ":1") + reply("pong", "")},
	{name: "own message", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nPUBLISH a m\r\nPING\r\nPUBLISH a n\r\nPUBLISH b n\r\n",
		want: hello3 + push("subscribe", "a", ":1") + ":1\r\n" + push("message", "a", "m") + "+PONG\r\n:1\r\n" + push("message", "a", "n") + ":0\r\n"},
	{name: "own messages of channel and patterns", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nPSUBSCRIBE a* ?\r\nPUBLISH a m\r\nECHO x\r\n",
		want: hello3 + push("subscribe", "a", ":1") + push("psubscribe", "a*", ":2") + push("psubscribe", "?", ":3") + ":3\r\n" +
			push("message", "a", "m") + push("pmessage", "a*", "a", "m") + push("pmessage", "?", "a", "m") + "$1\r\nx\r\n"},
	{name: "own message behind a change", old: "-", send: "HELLO 3\r\nSSUBSCRIBE a\r\nXADD k2 1-0 f v\r\nSPUBLISH a m\r\nXLEN k2\r\n",
		want: hello3 + push("ssubscribe", "a", ":1") + "$3\r\n1-0\r\n:1\r\n" + push("smessage", "a", "m") + ":1\r\n"},
	{name: "own message behind EXEC", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nMULTI\r\nPUBLISH a m\r\nPING\r\nPUBLISH a n\r\nEXEC\r\nPING\r\n",
		want: hello3 + push("subscribe", "a", ":1") + "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:1\r\n+PONG\r\n:1\r\n" +
			push("message", "a", "m") + push("message", "a", "n") + "+PONG\r\n"},
	{name: "subscribed and published in one EXEC", old: "-", send: "HELLO 3\r\nMULTI\r\nSUBSCRIBE a\r\nPUBLISH a m\r\nEXEC\r\nPING\r\n",
		want: hello3 + "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" + push("subscribe", "a", ":1") + ":1\r\n" + push("message", "a", "m") + "+PONG\r\n"},
	{name: "own message while replies are off", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nCLIENT REPLY OFF\r\nPUBLISH a m\r\nPING\r\nCLIENT REPLY ON\r\n",
		want: hello3 + push("subscribe", "a", ":1") + push("message", "a", "m") + "+OK\r\n"},
	{name: "own message, then reset", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nPUBLISH a m\r\nRESET\r\nPUBLISH a m\r\n",
		want: hello3 + push("subscribe", "a", ":1") + ":1\r\n" + push("message", "a", "m") + "+RESET\r\n:0\r\n"},
	{name: "own message, then RESP2", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nPUBLISH a m\r\nHELLO 2\r\nPING\r\n",
		want: hello3 + push("subscribe", "a", ":1") + ":1\r\n" + push("message", "a", "m") +
			strings.Replace(strings.Replace(hello3, "%7", "*14", 1), ":3", ":2", 1) + reply("pong", "")},
	{name: "unsubscribed, then published", old: "-", send: "HELLO 3\r\nSUBSCRIBE a\r\nUNSUBSCRIBE\r\nPUBLISH a m\r\n",
		want: hello3 + push("subscribe", "a", ":1") + push("unsubscribe", "a", ":0") + ":0\r\n"},
}

// ended is a row that quits: what came is all.
func (r row) ended() row {
	r.send += "QUIT\r\n"
	r.want += "+OK\r\n"
	r.closes = true
	return r
}

func TestPubSubRows(t *testing.T) {
	onBoth(t, []string{"--redis-version", "7.4.0"}, func(t *testing.T, p *process) { playEnded(t, p, pubSubRows) })
}

// playEnded plays each row to its end, on an empty server, in one piece and byte by
// byte.
func playEnded(t *testing.T, p *process, rows []row) {
	t.Helper()
	for _, r := range rows {
		r = r.ended()
		t.Run(r.name, func(t *testing.T) {
			mustDo(t, p.client(), "FLUSHALL")
			r.play(t, p.Addr, "", false)
		})
		t.Run(r.name+", byte by byte", func(t *testing.T) {
			mustDo(t, p.client(), "FLUSHALL")
			r.playSplit(t, p.Addr, "")
		})
	}
}

func TestPubSubRowsAgainstRedis(t *testing.T) {
	addr := startRedis(t)
	for _, r := range pubSubRows {
		t.Run(r.name, func(t *testing.T) {
			if r.old == "-" {
				t.Skip("Redis 7.0 sends a message ahead of the publisher's own reply")
			}
			r.ended().play(t, addr, "", true)
		})
	}
}
