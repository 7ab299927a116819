package resp_test

import (
	"testing"

	"github.com/millrace-io/millrace/resp"
)

// READONLY holds for what is read behind it, until READWRITE or RESET; changes never go
// to this node's replica alone.
func TestReadOnlyMarksReads(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("get a\r\nreadonly\r\nget a\r\nset a\r\nget a\r\nreadwrite\r\nget a\r\nreadonly\r\nget a\r\nRESET\r\nget a\r\n")
		c.expect("$3\r\n0:a\r\n+OK\r\n+LOCAL\r\n+OK\r\n+LOCAL\r\n+OK\r\n$3\r\n0:a\r\n+OK\r\n+LOCAL\r\n+RESET\r\n$3\r\n0:a\r\n")
	})
}
