package commands_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// What is restored from Redis is a value as any other: our own DUMP of it is read
// back, with all checks, and gives the same dump again.
func TestRestoredFromRedisIsSound(t *testing.T) {
	files, err := filepath.Glob("../rdb/testdata/*.dump")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := commandstest.NewCore().Reset(wire.RESP2)
		if err != nil {
			t.Fatal(err)
		}
		do := func(args ...[]byte) []byte {
			reply, err := conn.Do(args)
			if err != nil {
				t.Fatal(err)
			}
			return reply
		}
		if reply := do([]byte("RESTORE"), []byte("a"), []byte("0"), payload); string(reply) != "+OK\r\n" {
			t.Fatalf("%s: %q", file, reply)
		}
		dump := bulkOf(t, do([]byte("DUMP"), []byte("a")))
		if _, err := keyspace.ParseDump(dump); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		do([]byte("RESTORE"), []byte("b"), []byte("0"), dump)
		if again := bulkOf(t, do([]byte("DUMP"), []byte("b"))); !bytes.Equal(dump, again) {
			t.Errorf("%s: another dump after a second round", file)
		}
	}
}

// bulkOf is what a bulk string holds.
func bulkOf(t *testing.T, reply []byte) []byte {
	t.Helper()
	_, rest, ok := bytes.Cut(reply, []byte("\r\n"))
	if !ok || reply[0] != '$' {
		t.Fatalf("no bulk string: %q", reply)
	}
	return bytes.TrimSuffix(rest, []byte("\r\n"))
}
