package commands

import (
	"bytes"
	"strconv"
)

// replyHead is the number in the first line of a reply, and what comes behind that
// line: the elements of a list, the bytes of a bulk string.
func replyHead(b []byte) (n int, rest []byte) {
	end := bytes.IndexByte(b, '\n')
	n, _ = strconv.Atoi(string(b[1 : end-1])) // replies are ours
	return n, b[end+1:]
}

// replyLen is the length of the reply that b begins with.
func replyLen(b []byte) int {
	at := 0
	for open := 1; open > 0; open-- {
		kind := b[at]
		line := at + bytes.IndexByte(b[at:], '\n') + 1
		n := 0
		switch kind {
		case '*', '%', '~', '>', '$', '=', '!':
			n, _ = strconv.Atoi(string(b[at+1 : line-2]))
		}
		at = line
		switch {
		case n < 0: // null
		case kind == '$' || kind == '=' || kind == '!':
			at += n + 2
		case kind == '%':
			open += 2 * n
		default:
			open += n
		}
	}
	return at
}
